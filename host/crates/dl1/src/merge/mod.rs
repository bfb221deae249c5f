//! Several files of DL1 data to one: those of ctapipe's format, or those of dl1-data-handler's, of any maker.
//!
//! Tables are copied row by row as they are, whatever their columns mean: images, parameters, waveforms, showers, what
//! later stages add. All files must have the same telescopes, the same version of the data model, the same tables and
//! columns. Rows follow each other in the order of the files, but for
//!
//! | table | rows |
//! |--|--|
//! | configuration/instrument/…, the atmosphere | those of the first file |
//! | configuration/…, simulation/service/…, monitoring/… | as often as they occur, but equal ones once |
//! | …/service/…_statistics | one, with the sum of the counts |
//! | Array_Information, Telescope_Type_Information | those of the first file |
//! | Events, and images by telescope type | all, counted on from file to file |

mod check;
mod copy;
mod ctaml;
mod ctapipe;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tierline_h5::pytables::{FileWriter, Value};
use tierline_h5::tree::Reader;
use tierline_h5::{Filters, Stats};
use tierline_report::{AtomicOutput, Progress};

use crate::duplicates::Duplicates;
use crate::reader::{Attributes, Cells};
use crate::{Error, Place};
use plan::Plan;

/// Bytes of rows that wait in memory, about, if all tables have full chunks.
const MAX_WAITING: usize = 256 << 20;
/// Sizes of a chunk.
const CHUNK_BYTES: std::ops::RangeInclusive<usize> = 16 << 10..=256 << 10;

/// Merges files.
#[derive(Debug, Clone, Default)]
pub struct Merge {
    /// Whether files may be parts of one observation. Else an observation that is in several of them is refused.
    pub single_ob: bool,
    /// Whether the output is replaced.
    pub overwrite: bool,
    /// Whether no progress is shown.
    pub quiet: bool,
    /// Threads and memory.
    pub file: tierline_h5::Options,
}

/// What was merged.
#[derive(Debug, Default)]
pub struct Merged {
    /// Events of each input.
    pub events: Vec<u64>,
    /// Rows of each table of the output.
    pub rows: BTreeMap<String, u64>,
    /// What a user should know.
    pub notes: Vec<String>,
    /// Events that had occurred before, by the numbers of the observation and the event.
    pub duplicates: u64,
    /// What was written.
    pub stats: Stats,
}

/// Whose format it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ctapipe,
    Ctaml,
}

impl Kind {
    fn of(path: &Path) -> Result<Self, Error> {
        let file = crate::reader::open(path)?;
        let version = Attributes::of(&file, "/")?.text("CTA PRODUCT DATA MODEL VERSION");
        if version.is_some() {
            return Ok(Kind::Ctapipe);
        }
        match file.has_table("/Events") && file.has_table("/Telescope_Type_Information") {
            true => Ok(Kind::Ctaml),
            false => {
                let reason = "this is no file of DL1 data of ctapipe or dl1-data-handler";
                Err(Error::malformed(path, Place::File, reason))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Ctapipe => "ctapipe",
            Kind::Ctaml => "dl1-data-handler",
        }
    }

    /// The table of events, which has their numbers.
    fn events(self) -> &'static str {
        match self {
            Kind::Ctapipe => "/dl1/event/subarray/trigger",
            Kind::Ctaml => "/Events",
        }
    }
}

impl Merge {
    /// Merges files into one. What does not fit together is found before the output is created.
    pub fn run(&self, inputs: &[PathBuf], output: &Path) -> Result<Merged, Error> {
        let kind = check_names(inputs, output)?;
        let (plan, attributes, mut notes) = match kind {
            Kind::Ctapipe => ctapipe::plan(inputs, self.single_ob)?,
            Kind::Ctaml => ctaml::plan(inputs)?,
        };
        let part = AtomicOutput::create(output, self.overwrite)?;
        let filters = match kind {
            Kind::Ctapipe => {
                Filters { shuffle: true, deflate: Some(1), fletcher32: true, store_noise: true }
            }
            Kind::Ctaml => {
                Filters { shuffle: true, deflate: Some(1), fletcher32: false, store_noise: true }
            }
        };
        let inherit = kind == Kind::Ctapipe;
        let mut file = FileWriter::create(part.path(), self.file, filters, inherit)?;
        let share = MAX_WAITING / plan.tables.len().max(1);
        file.chunk_bytes = share.clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end());
        let merged = self.copy(kind, &plan, inputs, &mut file)?;
        file.attributes("/", attributes.finish())?;
        let stats = file.finish()?;
        part.commit()?;
        notes.extend(merged.notes);
        Ok(Merged { notes, stats, ..merged })
    }

    fn copy(
        &self,
        kind: Kind,
        plan: &Plan,
        inputs: &[PathBuf],
        file: &mut FileWriter,
    ) -> Result<Merged, Error> {
        let mut copier = copy::Copier::create(plan, file)?;
        let mut duplicates = Duplicates::with_room(MAX_KNOWN);
        let mut merged = Merged::default();
        for input in inputs {
            let name = input.file_name().map(|name| name.to_string_lossy().into_owned());
            let size = std::fs::metadata(input).map_err(|e| Error::io(input, "open", e))?.len();
            let progress = Progress::start(&name.unwrap_or_default(), Some(size), self.quiet);
            let source = crate::reader::open(input)?;
            look_for_duplicates(&mut duplicates, &source, kind.events())?;
            let before = copier.rows(file, kind.events());
            copier.input(&source, file, &progress)?;
            merged.events.push(copier.rows(file, kind.events()) - before);
        }
        copier.finish(file)?;
        merged.rows = copier.all_rows(file);
        merged.notes = copier.take_notes();
        merged.notes.extend(duplicates.note());
        merged.duplicates = duplicates.count;
        Ok(merged)
    }
}

/// Events that are looked at for repeated numbers: about 150 MB.
const MAX_KNOWN: usize = 1 << 22;

/// Looks at the events of a file.
fn look_for_duplicates(
    duplicates: &mut Duplicates,
    file: &Reader,
    path: &str,
) -> Result<(), Error> {
    let Some(mut cells) = Cells::find(file, path)? else { return Ok(()) };
    for row in 0..cells.rows() {
        if duplicates.is_full() {
            break;
        }
        cells.go(row)?;
        duplicates.see(cells.integer("obs_id"), cells.integer("event_id"), file.path());
    }
    Ok(())
}

/// Attributes of the root of the output, which are known when all has been looked at.
struct RootValues(Vec<(String, Value)>);

impl RootValues {
    /// Puts the times and identifiers of now where there are such.
    fn finish(mut self) -> Vec<(String, Value)> {
        let now = crate::time::now();
        for (name, value) in &mut self.0 {
            match name.as_str() {
                "CTA PRODUCT CREATION TIME" | "CTA ACTIVITY STOP TIME" => {
                    *value = now.as_str().into();
                }
                _ => {}
            }
        }
        self.0
    }
}

/// Checks that each input is named once and is not the output; tells the format that all have.
fn check_names(inputs: &[PathBuf], output: &Path) -> Result<Kind, Error> {
    let Some(first) = inputs.first() else {
        return Err(Error::parameter("inputs", "there are none"));
    };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut seen = vec![real(output)];
    for input in inputs {
        let own = real(input);
        if own == seen[0] {
            let name = input.display().to_string();
            return Err(Error::parameter(name, "it would be written over itself"));
        }
        if seen.contains(&own) {
            return Err(Error::parameter(input.display().to_string(), "it is given twice"));
        }
        seen.push(own);
    }
    let kind = Kind::of(first)?;
    for input in &inputs[1..] {
        let own = Kind::of(input)?;
        if own != kind {
            let reason = format!(
                "its format is that of {}, that of {} is {}'s",
                own.name(),
                first.display(),
                kind.name()
            );
            return Err(Error::malformed(input, Place::File, reason));
        }
    }
    Ok(kind)
}
