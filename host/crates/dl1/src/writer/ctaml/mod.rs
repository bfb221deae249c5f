//! The format of dl1-data-handler 0.7 and 0.8, for machine learning (CTA-ML).
//!
//! Everything lies in the root group. *T* is the name of a telescope type.
//!
//! | table | columns |
//! |---|---|
//! | Array_Information | id, type, x, y, z: a row per telescope |
//! | Telescope_Type_Information | camera, num_pixels, optics, pixel_positions, type: a row per type |
//! | Events | the shower, event_id, obs_id, and per type *T*_indices, *T*_multiplicity |
//! | MC_Events (0.8, if asked for) | the shower, event_id, obs_id of simulated events |
//! | *T* | charge, event_index, peak_time (0.7: peakpos): a row per image |
//!
//! The first row of *T* is a blank image, so that index 0 means that there is none. *T*_indices has a place for
//! each telescope of the type, by rising number. Attributes of the root tell the settings of the simulation
//! and the names of the input files. PyTables' indexes of columns are not written; no reader needs them.

mod header;
mod pickle;
mod tables;

use std::path::{Path, PathBuf};

use tierline_h5::{Filters, Stats};
use tierline_report::AtomicOutput;

pub use header::Header;
pub(crate) use header::{NUMBERS, Number};
pub(crate) use pickle::{pickle_texts, unpickle_texts};
use tables::{File, Types};

use crate::Error;
use crate::event::{Dl1Event, Shower};
use crate::instrument::Subarray;

/// Whose format is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// dl1-data-handler 0.7: types are `LST_LSTCam`, times `peakpos`.
    V0_7,
    /// dl1-data-handler 0.8: types are `LST_LST_LSTCam`, times `peak_time`.
    V0_8,
}

/// What is written, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose format.
    pub variant: Variant,
    /// Whether there is a table of simulated events.
    pub mc_events: bool,
    /// Most events of a file.
    pub events_per_file: Option<usize>,
    /// Bytes of a file above which the next event begins another one.
    pub output_file_size: Option<u64>,
    /// Version of dl1-data-handler that the file names.
    pub handler_version: String,
    /// Version of ctapipe that the file names.
    pub ctapipe_version: String,
    /// Threads and memory.
    pub file: tierline_h5::Options,
    /// Filters of the tables.
    pub filters: Filters,
    /// Whether files are replaced.
    pub overwrite: bool,
}

impl Options {
    /// The usual ones of a variant: one file of up to 10 GiB.
    pub fn new(variant: Variant) -> Self {
        let (handler, ctapipe) = match variant {
            Variant::V0_7 => ("0.7.3", "0.6.2"),
            Variant::V0_8 => ("0.8.3", "0.8.0"),
        };
        Options {
            variant,
            mc_events: false,
            events_per_file: None,
            output_file_size: Some(10 << 30),
            handler_version: handler.to_owned(),
            ctapipe_version: ctapipe.to_owned(),
            file: tierline_h5::Options::default(),
            filters: Filters {
                shuffle: true,
                deflate: Some(1),
                fletcher32: false,
                store_noise: true,
            },
            overwrite: false,
        }
    }
}

/// The file that is being written, and what it has been told.
struct Current {
    file: File,
    header: Header,
    inputs: Vec<String>,
}

/// Writes events of one or several inputs to one or several files.
pub struct CtamlWriter {
    options: Options,
    target: PathBuf,
    /// The input being read: its name, telescopes and settings.
    input: Option<(String, Types, Header)>,
    current: Option<Current>,
    is_full: bool,
    written: Vec<AtomicOutput>,
    stats: Stats,
}

impl CtamlWriter {
    /// Prepares writing to a file. It is created with the first input.
    pub fn create(target: &Path, options: Options) -> Result<Self, Error> {
        if options.events_per_file == Some(0) {
            return Err(Error::parameter("events_per_file", "it is 0"));
        }
        Ok(CtamlWriter {
            options,
            target: target.to_path_buf(),
            input: None,
            current: None,
            is_full: false,
            written: Vec::new(),
            stats: Stats::default(),
        })
    }

    /// Begins an input. In 0.8, settings and telescopes must be those of the inputs before that went to the
    /// same file; in 0.7, the settings of the last input are written.
    pub fn begin_input(
        &mut self,
        name: &str,
        subarray: &Subarray,
        header: &Header,
    ) -> Result<(), Error> {
        let types = Types::new(subarray, self.options.variant)?;
        if let Some(current) = &mut self.current {
            if *current.file.types() != types {
                return Err(Error::parameter(name, "its telescopes are not those of the output"));
            }
            current.inputs.push(name.to_owned());
            pickle::check(&current.inputs)?;
            match self.options.variant {
                Variant::V0_7 => current.header = header.clone(),
                Variant::V0_8 => current.header.join(name, header)?,
            }
        }
        self.input = Some((name.to_owned(), types, header.clone()));
        match self.current {
            Some(_) => Ok(()),
            None => self.open(),
        }
    }

    /// Writes an event.
    pub fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        self.next_if_full()?;
        let current = self.current.as_mut().ok_or_else(no_input)?;
        current.file.event(event)?;
        let full = |most: usize| current.file.events() >= most;
        self.is_full = self.options.events_per_file.is_some_and(full)
            || match self.options.output_file_size {
                Some(most) => current.file.is_larger(most)?,
                None => false,
            };
        Ok(())
    }

    /// Writes a simulated event, triggered or not, if these are asked for.
    pub fn write_mc_event(
        &mut self,
        obs_id: i32,
        event_id: i64,
        shower: &Shower,
    ) -> Result<(), Error> {
        let current = self.current.as_mut().ok_or_else(no_input)?;
        current.file.mc_event(obs_id, event_id, shower)
    }

    /// Closes the last file; returns all of them, to be committed, and what was written.
    pub fn finish(mut self) -> Result<(Vec<AtomicOutput>, Stats), Error> {
        self.close()?;
        Ok((self.written, self.stats))
    }

    fn next_if_full(&mut self) -> Result<(), Error> {
        if !self.is_full {
            return Ok(());
        }
        self.close()?;
        self.open()
    }

    fn open(&mut self) -> Result<(), Error> {
        let (name, types, header) = self.input.as_ref().ok_or_else(no_input)?;
        let path = match self.written.len() {
            0 => self.target.clone(),
            count => numbered(&self.target, count + 1),
        };
        let part = AtomicOutput::create(&path, self.options.overwrite)?;
        let file = File::create(part.path(), types.clone(), &self.options)?;
        self.written.push(part);
        self.is_full = false;
        let inputs = vec![name.clone()];
        pickle::check(&inputs)?;
        self.current = Some(Current { file, header: header.clone(), inputs });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let Some(Current { file, header, inputs }) = self.current.take() else { return Ok(()) };
        let stats = file.finish(header.values(&self.options, &inputs))?;
        self.stats.raw_bytes += stats.raw_bytes;
        self.stats.stored_bytes += stats.stored_bytes;
        self.stats.chunks += stats.chunks;
        self.stats.deflate_seconds += stats.deflate_seconds;
        Ok(())
    }
}

fn no_input() -> Error {
    Error::parameter("input", "no input was begun")
}

/// Name of the file that a target goes on in: a number at the end of what is before the first point is
/// replaced, else one is appended.
pub fn numbered(target: &Path, number: usize) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let (stem, rest) = match name.split_once('.') {
        Some((stem, rest)) => (stem, format!(".{rest}")),
        None => (name.as_str(), String::new()),
    };
    let base = match stem.rsplit_once('_') {
        Some((base, digits))
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            base
        }
        _ => stem,
    };
    target.with_file_name(format!("{base}_{number}{rest}"))
}

#[cfg(test)]
mod tests;
