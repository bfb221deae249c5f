//! Data stores: folders and index files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;
use tierline_sky::Scale;

use super::Noticed;
use crate::Error;
use crate::data::{
    Cards, DataStore, Environment, Gti, HduRow, HduType, ObservationTable, RequiredIrf, Time,
};
use crate::open::open;

/// An observation of a store.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StoredObservation {
    /// Its number.
    pub obs_id: i64,
    /// What was looked at.
    pub object: String,
    /// Right ascension and declination in deg.
    pub pointing_deg: Option<[f64; 2]>,
    /// Start and stop as ISO text in UTC.
    pub time_utc: Option<[String; 2]>,
    /// Live time in s: that of the index, or where files are opened that of the events.
    pub livetime_s: Option<f64>,
    /// Events, where the index tells or files are opened.
    pub events: Option<u64>,
    /// What the index lists, by classes: events, gti, aeff_2d, …
    pub hdus: Vec<String>,
    /// What a full analysis needs and the index does not list.
    pub missing: Vec<&'static str>,
    /// Files, and where these are opened HDUs, that are listed and not there.
    pub lost: Vec<String>,
}

/// A store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoreSummary {
    /// Whether it has an index; else its files were looked at.
    pub has_index: bool,
    /// The observations, by their numbers.
    pub observations: Vec<StoredObservation>,
}

/// Whether a folder has index files or FITS files.
pub(super) fn is_store(folder: &Path) -> Result<bool, Error> {
    Ok(crate::data::has_index(folder) || !crate::data::event_files(folder)?.is_empty())
}

/// The observations of a folder.
pub(super) fn of_folder(
    folder: &Path,
    events: bool,
    environment: Environment,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<StoreSummary, Error> {
    let store = DataStore::open(folder, environment, limits)?;
    let index = crate::data::obs_index(folder);
    let has_index = crate::data::has_index(folder);
    if !has_index && store.hdus.is_empty() {
        let reason = "no index of observations, and no events in its FITS files";
        return Err(Error::parameter(format!("folder {}", folder.display()), reason));
    }
    summarize(&store, index.as_deref(), has_index, events, (limits, noticed))
}

/// The observations of an index file. That of observations is read with an HDU index, if it is one.
pub(super) fn of_index(
    path: &Path,
    is_hdus: bool,
    events: bool,
    environment: Environment,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<StoreSummary, Error> {
    if is_hdus {
        let store = DataStore::from_index(path, None, environment, limits)?;
        return summarize(&store, None, true, events, (limits, noticed));
    }
    let table = ObservationTable::read(path, limits)?;
    let mut all = BTreeMap::new();
    add_table(&table, &mut all);
    add_columns(path, limits, &mut all)?;
    Ok(StoreSummary { has_index: true, observations: all.into_values().collect() })
}

fn summarize(
    store: &DataStore,
    index: Option<&Path>,
    has_index: bool,
    events: bool,
    (limits, noticed): (&Limits, &mut Noticed),
) -> Result<StoreSummary, Error> {
    noticed.warnings.extend(store.warnings.iter().cloned());
    let mut all = BTreeMap::new();
    add_table(&store.observations, &mut all);
    if let Some(index) = index {
        add_columns(index, limits, &mut all)?;
    }
    let mut rows: BTreeMap<i64, Vec<&HduRow>> = BTreeMap::new();
    for row in &store.hdus {
        rows.entry(row.obs_id).or_default().push(row);
    }
    for (obs_id, rows) in &mut rows {
        rows.sort_by_key(|row| row.hdu_type);
        let one = all.entry(*obs_id).or_insert_with(|| new(*obs_id));
        let needed = RequiredIrf::full_enclosure();
        let listed = |kind: &HduType| rows.iter().any(|row| row.hdu_type == *kind);
        one.hdus = rows.iter().map(|row| row.hdu_class.clone()).collect();
        one.missing = needed.types().filter(|kind| !listed(kind)).map(HduType::name).collect();
        look(store, rows, events, one, (limits, noticed));
    }
    // What is only in the index of observations lacks everything.
    for one in all.values_mut().filter(|one| !rows.contains_key(&one.obs_id)) {
        one.missing = RequiredIrf::full_enclosure().types().map(HduType::name).collect();
    }
    Ok(StoreSummary { has_index, observations: all.into_values().collect() })
}

fn new(obs_id: i64) -> StoredObservation {
    StoredObservation { obs_id, ..StoredObservation::default() }
}

fn add_table(table: &ObservationTable, all: &mut BTreeMap<i64, StoredObservation>) {
    for row in &table.rows {
        let time_utc = row.time.and_then(in_utc);
        let one = StoredObservation {
            object: row.object.trim().to_owned(),
            pointing_deg: row.pointing,
            time_utc,
            ..new(row.obs_id)
        };
        all.insert(row.obs_id, one);
    }
}

/// Live times and numbers of events, which an index of observations may have.
fn add_columns(
    path: &Path,
    limits: &Limits,
    all: &mut BTreeMap<i64, StoredObservation>,
) -> Result<(), Error> {
    let mut file = FitsFile::open(path, limits)?;
    let is_table = |number: &usize| file.hdus()[*number].kind == HduKind::BinaryTable;
    let first = file.find("OBS_INDEX").or_else(|| (0..file.hdus().len()).find(is_table));
    let Some(number) = first else { return Ok(()) };
    let table = file.table(number, None)?;
    let reals = |name: &str| table.column(name).and_then(|column| column.f64s().ok());
    let (Some(ids), livetimes) = (reals("OBS_ID"), reals("LIVETIME")) else { return Ok(()) };
    let counts = reals("EVENT_COUNT");
    for (at, obs_id) in ids.iter().enumerate() {
        let Some(one) = all.get_mut(&(*obs_id as i64)) else { continue };
        let value = |values: &Option<Vec<f64>>| values.as_ref()?.get(at).copied();
        one.livetime_s = value(&livetimes).filter(|time| time.is_finite());
        one.events = value(&counts).filter(|count| *count >= 0.0).map(|count| count as u64);
    }
    Ok(())
}

/// Whether the files of an observation are there; with `events` they are opened.
fn look(
    store: &DataStore,
    rows: &[&HduRow],
    events: bool,
    one: &mut StoredObservation,
    (limits, noticed): (&Limits, &mut Noticed),
) {
    let mut paths: Vec<(PathBuf, Vec<&HduRow>)> = Vec::new();
    for row in rows {
        match store.path(row) {
            Ok(path) => match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, rows)) => rows.push(row),
                None => paths.push((path, vec![row])),
            },
            Err(error) => {
                let lost = error.to_string();
                if !one.lost.contains(&lost) {
                    one.lost.push(lost);
                }
            }
        }
    }
    for (path, rows) in paths {
        if !path.is_file() {
            one.lost.push(path.display().to_string());
        } else if events && let Err(error) = count(&path, &rows, one, limits, noticed) {
            noticed.problems.push(error.to_string());
        }
    }
}

/// Looks for the HDUs of a file, and counts events and live time.
fn count(
    path: &Path,
    rows: &[&HduRow],
    one: &mut StoredObservation,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<(), Error> {
    let mut file = open(path, limits, &mut noticed.warnings)?;
    let (mut ontime, mut deadc) = (None, None);
    for row in rows {
        let Some(number) = file.find(&row.hdu_name) else {
            one.lost.push(format!("{}: HDU {}", path.display(), row.hdu_name));
            continue;
        };
        match row.hdu_type {
            HduType::Events => {
                one.events = Some(file.info(number)?.rows as u64);
                deadc = Some(Cards::of(&file, number)?.real("DEADC")?.unwrap_or(1.0));
            }
            HduType::Gti => ontime = Some(Gti::read(&mut file, number)?.time_sum()),
            _ => {}
        }
    }
    if let (Some(ontime), Some(deadc)) = (ontime, deadc) {
        one.livetime_s = Some(ontime * deadc);
    }
    Ok(())
}

/// Two times as ISO text; `None` before UTC.
pub(super) fn in_utc([start, stop]: [Time; 2]) -> Option<[String; 2]> {
    let text = |time: Time| time.instant().iso(Scale::Utc, 0).ok();
    Some([text(start)?, text(stop)?])
}
