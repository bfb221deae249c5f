//! Where observations come from.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;

use super::cards::Cards;
use super::events::EventList;
use super::gti::Gti;
use super::index::{self, HduRow, HduType, ObservationRow, ObservationTable};
use super::observation::{Observation, RequiredIrf, correct_alignment, facts};
use super::response::{ResponseReader, responses};
use crate::Error;
use crate::open::open;

/// Names that a folder's index files may have.
const HDU_INDEX: [&str; 2] = ["hdu-index.fits.gz", "hdu-index.fits"];
const OBS_INDEX: [&str; 2] = ["obs-index.fits.gz", "obs-index.fits"];

/// Variables that folders in index files may name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Environment(std::env::vars_os().filter_map(text).collect())
    }

    /// With one variable set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Puts values in the place of `$NAME` and `${NAME}`.
    ///
    /// # Errors
    /// Where one is not set.
    pub fn expand(&self, text: &str) -> Result<String, Error> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !is_letter(c)).unwrap_or(after.len());
            let (name, after) = braced.unwrap_or_else(|| after.split_at(end));
            let value = self.0.get(name).ok_or_else(|| {
                Error::parameter(
                    format!("folder {text}"),
                    format!("the variable {name} is not set"),
                )
            })?;
            out.push_str(value);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// Observations and where their HDUs are.
#[derive(Debug, Clone)]
pub struct DataStore {
    /// The observations, where there is an index of them.
    pub observations: ObservationTable,
    /// The HDUs of all observations.
    pub hdus: Vec<HduRow>,
    base: PathBuf,
    environment: Environment,
    limits: Limits,
    /// What was noticed on the way.
    pub warnings: Vec<String>,
}

/// Observations, and what was left out or noticed.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The observations.
    pub observations: Vec<Observation>,
    /// What was left out, and what was noticed.
    pub warnings: Vec<String>,
}

impl DataStore {
    /// The observations of a folder: by its index files, or by the events in its files where there is no index.
    ///
    /// # Errors
    /// Where the folder or an index can't be read.
    pub fn open(folder: &Path, environment: Environment, limits: &Limits) -> Result<Self, Error> {
        match find(folder, HDU_INDEX) {
            Some(hdus) => {
                Self::from_index(&hdus, obs_index(folder).as_deref(), environment, limits)
            }
            None => {
                let files: Vec<PathBuf> = event_files(folder)?;
                if files.is_empty() {
                    let reason = format!("no {} and no FITS files", HDU_INDEX[0]);
                    return Err(Error::parameter(format!("folder {}", folder.display()), reason));
                }
                Self::from_files(&files, None, environment, limits)
            }
        }
    }

    /// The observations of index files.
    ///
    /// # Errors
    /// Where an index can't be read.
    pub fn from_index(
        hdu_index: &Path,
        obs_index: Option<&Path>,
        environment: Environment,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut warnings = Vec::new();
        let hdus = index::read_hdu_index(hdu_index, limits, &mut warnings)?;
        let observations = match obs_index {
            Some(path) => ObservationTable::read_with(path, limits, &mut warnings)?,
            None => ObservationTable::default(),
        };
        let base = index::folder(hdu_index);
        Ok(DataStore { observations, hdus, base, environment, limits: *limits, warnings })
    }

    /// The observations of files of events. Responses are in the same files, in `responses` (of one file for all, or one for each), or
    /// where `CALDB` and `IRF` of the header lead to below the variable `CALDB`. A file without events is left out.
    ///
    /// # Errors
    /// Where a file can't be read or is one too many.
    pub fn from_files(
        events: &[PathBuf],
        responses: Option<&[PathBuf]>,
        environment: Environment,
        limits: &Limits,
    ) -> Result<Self, Error> {
        let mut store = DataStore {
            observations: ObservationTable::default(),
            hdus: Vec::new(),
            base: PathBuf::new(),
            environment,
            limits: *limits,
            warnings: Vec::new(),
        };
        if let Some(responses) = responses
            && responses.len() != 1
            && responses.len() != events.len()
        {
            let reason = format!("{} for {} files of events", responses.len(), events.len());
            return Err(Error::parameter("files of responses", reason));
        }
        for (at, path) in events.iter().enumerate() {
            let response = responses.and_then(|all| all.get(at).or(all.first()));
            store.add_file(path, response.map(PathBuf::as_path))?;
        }
        Ok(store)
    }

    fn add_file(&mut self, path: &Path, response: Option<&Path>) -> Result<(), Error> {
        let file = FitsFile::open(path, &self.limits)?;
        let Some(number) = find_table(&file, "EVENTS", "EVENTS")? else {
            self.warnings.extend_from_slice(file.warnings());
            self.warnings.push(format!("{}: no events, left out", path.display()));
            return Ok(());
        };
        let cards = Cards::of(&file, number)?;
        let obs_id = cards.require_integer("OBS_ID")?;
        if self.hdus.iter().any(|row| row.obs_id == obs_id) {
            let what = format!("{}: observation {obs_id} was before it, left out", path.display());
            self.warnings.push(what);
            return Ok(());
        }
        let (pointing, info) = facts(&file, number, &mut self.warnings)?;
        let pointing = match pointing {
            super::Pointing::Icrs { ra, dec } => Some([ra, dec]),
            super::Pointing::AltAz { .. } => None,
        };
        let (time, object) = (info.time, info.object);
        self.observations.rows.push(ObservationRow { obs_id, pointing, time, object });
        self.add_row(&file, obs_id, number, HduType::Events, "events")?;
        if let Some(number) = find_table(&file, "GTI", "GTI")? {
            self.add_row(&file, obs_id, number, HduType::Gti, "gti")?;
        }
        let calibration = match response {
            Some(path) => Some(path.to_path_buf()),
            None => self.calibration(&cards)?,
        };
        let other = calibration.map(|path| FitsFile::open(&path, &self.limits)).transpose()?;
        let file = other.as_ref().unwrap_or(&file);
        for (number, kind, class) in responses(file, &mut self.warnings)? {
            self.add_row(file, obs_id, number, kind, &class)?;
        }
        Ok(())
    }

    fn add_row(
        &mut self,
        file: &FitsFile,
        obs_id: i64,
        number: usize,
        hdu_type: HduType,
        class: &str,
    ) -> Result<(), Error> {
        let (path, info) = (file.path(), file.info(number)?);
        let text = |text: Option<&std::ffi::OsStr>| {
            text.and_then(|text| text.to_str()).map(str::to_owned).ok_or_else(|| {
                Error::unsupported(path.display().to_string(), "file names other than of UTF-8")
            })
        };
        self.hdus.push(HduRow {
            obs_id,
            hdu_type,
            hdu_class: class.to_owned(),
            // Names of files that were given have no variables.
            file_dir: text(Some(index::folder(path).as_os_str()))?.replace('$', "${DOLLAR}"),
            file_name: text(path.file_name())?,
            hdu_name: info.hdu.name.clone(),
        });
        Ok(())
    }

    /// The file of responses that `TELESCOP`, `CALDB` and `IRF` name, below the variable `CALDB`: the first one of its folder.
    fn calibration(&self, cards: &Cards<'_>) -> Result<Option<PathBuf>, Error> {
        let (caldb, irf) = (cards.text("CALDB"), cards.text("IRF"));
        if caldb.is_empty() || irf.is_empty() {
            return Ok(None);
        }
        let telescope = cards.text("TELESCOP").to_lowercase();
        let folder = self.environment.expand("$CALDB")?;
        let folder =
            PathBuf::from(folder).join("data").join(telescope).join(caldb).join("bcf").join(irf);
        let first = files(&folder)?.into_iter().next();
        first
            .map(Some)
            .ok_or_else(|| cards.wrong(format!("CALDB, IRF: no file in {}", folder.display())))
    }

    /// Numbers of all observations that have HDUs, in rising order.
    pub fn ids(&self) -> Vec<i64> {
        let ids: std::collections::BTreeSet<i64> = self.hdus.iter().map(|row| row.obs_id).collect();
        ids.into_iter().collect()
    }

    /// The HDU of a type of an observation; of several the first, with a warning.
    pub fn hdu(&self, obs_id: i64, kind: HduType, warnings: &mut Vec<String>) -> Option<&HduRow> {
        let mut rows = self.hdus.iter().filter(|row| row.obs_id == obs_id && row.hdu_type == kind);
        let first = rows.next();
        if rows.next().is_some() {
            warnings.push(format!(
                "observation {obs_id}: several HDUs of {}, the first is taken",
                kind.name()
            ));
        }
        first
    }

    /// The file of an HDU.
    ///
    /// # Errors
    /// Where a variable is not set.
    pub fn path(&self, row: &HduRow) -> Result<PathBuf, Error> {
        let environment = self.environment.clone().with("DOLLAR", "$");
        Ok(self.base.join(environment.expand(&row.file_dir)?).join(&row.file_name))
    }

    /// Reads an observation; what was noticed is added to the warnings.
    ///
    /// # Errors
    /// Where it is not in the index, a required HDU is not there, or something can't be read.
    pub fn observation(
        &self,
        obs_id: i64,
        required: &RequiredIrf,
        warnings: &mut Vec<String>,
    ) -> Result<Observation, Error> {
        self.read(obs_id, required, warnings).map_err(Refused::error)
    }

    /// Reads several observations, or all. Those without a required HDU or file are left out, and told in the warnings.
    ///
    /// # Errors
    /// Where a number is not in the index and `skip_missing` is not set, or something is there but can't be read.
    pub fn observations(
        &self,
        ids: Option<&[i64]>,
        required: &RequiredIrf,
        skip_missing: bool,
    ) -> Result<Loaded, Error> {
        let mut loaded = Loaded::default();
        for obs_id in ids.map_or_else(|| self.ids(), <[i64]>::to_vec) {
            match self.read(obs_id, required, &mut loaded.warnings) {
                Ok(observation) => loaded.observations.push(observation),
                Err(Refused::Unknown(error)) if !skip_missing => return Err(error),
                Err(Refused::Unknown(error) | Refused::Incomplete(error)) => {
                    loaded.warnings.push(format!("{error}; observation {obs_id} is left out"));
                }
                Err(Refused::Failed(error)) => return Err(error),
            }
        }
        Ok(loaded)
    }

    fn read(
        &self,
        obs_id: i64,
        required: &RequiredIrf,
        warnings: &mut Vec<String>,
    ) -> Result<Observation, Refused> {
        let what = || format!("observation {obs_id}");
        if !self.hdus.iter().any(|row| row.obs_id == obs_id) {
            return Err(Refused::Unknown(Error::parameter(what(), "is not in the index")));
        }
        let rows: Vec<&HduRow> =
            HduType::ALL.iter().filter_map(|kind| self.hdu(obs_id, *kind, warnings)).collect();
        let is_there = |kind: &HduType| rows.iter().any(|row| row.hdu_type == *kind);
        let missing: Vec<&str> =
            required.types().filter(|kind| !is_there(kind)).map(HduType::name).collect();
        if !missing.is_empty() {
            let reason = format!("has no {}", missing.join(", "));
            return Err(Refused::Incomplete(Error::parameter(what(), reason)));
        }
        let mut parts = Parts::default();
        for row in rows {
            parts.read(&self.path(row)?, row, &self.limits, warnings)?;
        }
        parts.finish(obs_id, warnings)
    }
}

/// Why an observation can't be had.
enum Refused {
    /// It is not in the index.
    Unknown(Error),
    /// A required HDU or a file is not there.
    Incomplete(Error),
    Failed(Error),
}

impl Refused {
    fn error(self) -> Error {
        match self {
            Refused::Unknown(error) | Refused::Incomplete(error) | Refused::Failed(error) => error,
        }
    }
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Fits(tierline_fits::Error::Io { path, action, source })
                if source.kind() == ErrorKind::NotFound =>
            {
                Refused::Incomplete(tierline_fits::Error::Io { path, action, source }.into())
            }
            error => Refused::Failed(error),
        }
    }
}

/// What has been read of an observation; each file is opened once.
#[derive(Default)]
struct Parts {
    files: Vec<FitsFile>,
    events: Option<(EventList, super::Pointing, super::ObservationInfo)>,
    gti: Option<Gti>,
    responses: ResponseReader,
}

impl Parts {
    fn read(
        &mut self,
        path: &Path,
        row: &HduRow,
        limits: &Limits,
        warnings: &mut Vec<String>,
    ) -> Result<(), Error> {
        let at = match self.files.iter().position(|file| file.path() == path) {
            Some(at) => at,
            None => {
                self.files.push(open(path, limits, warnings)?);
                self.files.len() - 1
            }
        };
        let file = &mut self.files[at];
        let number = file.require(&row.hdu_name)?;
        match row.hdu_type {
            HduType::Events => {
                let events = EventList::read(file, number)?;
                let (pointing, info) = facts(file, number, warnings)?;
                let cards = Cards::of(file, number)?;
                if let Some(found) = cards.integer("OBS_ID")?.filter(|found| *found != row.obs_id) {
                    let path = path.display();
                    warnings
                        .push(format!("{path}: OBS_ID {found}, but {} in the index", row.obs_id));
                }
                self.events = Some((events, pointing, info));
            }
            HduType::Gti => self.gti = Some(Gti::read(file, number)?),
            kind => self.responses.read(file, number, kind, &row.hdu_class)?,
        }
        Ok(())
    }

    fn finish(self, obs_id: i64, warnings: &mut Vec<String>) -> Result<Observation, Refused> {
        let (Some((events, pointing, info)), Some(gti)) = (self.events, self.gti) else {
            let error = Error::parameter(format!("observation {obs_id}"), "has no events or gti");
            return Err(Refused::Incomplete(error));
        };
        let (mut responses, more) = self.responses.finish();
        warnings.extend(more);
        correct_alignment(&info, &mut responses);
        Ok(Observation { id: obs_id, events, gti, pointing, info, responses, live_fraction: 1.0 })
    }
}

/// The number of a table by its name, else by `HDUCLAS1`.
fn find_table(file: &FitsFile, name: &str, class: &str) -> Result<Option<usize>, Error> {
    if let Some(number) = file.find(name) {
        return Ok(Some(number));
    }
    for (number, info) in file.hdus().iter().enumerate() {
        let is_class = Cards::of(file, number)?.text("HDUCLAS1").eq_ignore_ascii_case(class);
        if info.kind == HduKind::BinaryTable && is_class {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

fn find(folder: &Path, names: [&str; 2]) -> Option<PathBuf> {
    names.map(|name| folder.join(name)).into_iter().find(|path| path.is_file())
}

/// Whether a folder has an index of HDUs.
pub(crate) fn has_index(folder: &Path) -> bool {
    find(folder, HDU_INDEX).is_some()
}

/// The index of observations of a folder.
pub(crate) fn obs_index(folder: &Path) -> Option<PathBuf> {
    find(folder, OBS_INDEX)
}

/// Files of a folder by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Io { path: folder.into(), action: "list it", source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn event_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let is_fits = |path: &PathBuf| {
        let name = path.to_string_lossy().to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        name.ends_with(".fits") || name.ends_with(".fit")
    };
    Ok(files(folder)?.into_iter().filter(is_fits).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let environment = Environment::default().with("CALDB", "/c").with("A_1", "x");
        assert_eq!(environment.expand("$CALDB/data/${A_1}b").unwrap(), "/c/data/xb");
        assert_eq!(environment.expand("plain").unwrap(), "plain");
        let error = environment.expand("$CALDBX/data").unwrap_err().to_string();
        assert_eq!(error, "folder $CALDBX/data: the variable CALDBX is not set");
        assert!(environment.expand("$").is_err());
    }
}
