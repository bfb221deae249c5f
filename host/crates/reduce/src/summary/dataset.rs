//! Datasets.

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use tierline_report::Limits;

use super::geometry::GeometrySummary;
use super::{Content, Noticed, store};
use crate::Error;
use crate::data::Gti;
use crate::dataset::{Dataset, Info};
use crate::datasets::{kind_of, read_any_with, read_datasets_with};
use crate::map::{Map, MapValues, Mask};

/// Bytes of a list by which it is known.
const LOOK: u64 = 1 << 16;

/// A map of a dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberSummary {
    /// Name.
    pub name: &'static str,
    /// Unit; empty for numbers.
    pub unit: String,
    /// Type of its values.
    pub dtype: &'static str,
    /// Where its cells are.
    pub geometry: GeometrySummary,
    /// Sum of its values; of a mask how many are set. `None` for responses.
    pub sum: Option<f64>,
}

/// Good times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GtiSummary {
    /// Intervals.
    pub intervals: usize,
    /// Their sum in s.
    pub time_s: f64,
    /// From the first start to the last stop, as ISO text in UTC.
    pub time_utc: Option<[String; 2]>,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetSummary {
    /// Name.
    pub name: String,
    /// Kind: MapDataset, MapDatasetOnOff, SpectrumDataset, SpectrumDatasetOnOff.
    pub kind: &'static str,
    /// Where its counts are.
    pub geometry: GeometrySummary,
    /// What it has.
    pub members: Vec<MemberSummary>,
    /// Its numbers over the safe cells.
    pub info: Info,
    /// Cells that are safe.
    pub n_safe_bins: usize,
    /// Good times.
    pub gti: Option<GtiSummary>,
    /// Observations, by their numbers.
    pub observations: Vec<String>,
}

/// Whether a file is a list of datasets: a mapping in YAML whose `datasets` is a list.
pub(super) fn is_list(path: &Path) -> Result<bool, Error> {
    let io = |source| Error::Io { path: path.into(), action: "read it", source };
    let file = std::fs::File::open(path).map_err(io)?;
    if !file.metadata().is_ok_and(|about| about.is_file()) {
        return Ok(false);
    }
    let mut start = Vec::new();
    file.take(LOOK).read_to_end(&mut start).map_err(io)?;
    // A letter may be cut at the end of what is looked at.
    let text = match std::str::from_utf8(&start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Ok(false),
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with("datasets:"));
    let Some(first) = lines.next() else { return Ok(false) };
    let rest = first.trim_start_matches("datasets:").trim();
    let is_item = |line: &str| line.trim_start().starts_with('-');
    let next = lines.find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    Ok(rest.starts_with('[') || (rest.is_empty() && next.is_some_and(is_item)))
}

/// The datasets of a list.
pub(super) fn of_list(
    path: &Path,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<Content, Error> {
    let datasets = read_datasets_with(path, limits, &mut noticed.warnings)?;
    let datasets = datasets.iter().map(summarize).collect::<Result<_, _>>()?;
    Ok(Content::Datasets { datasets, is_list: true })
}

/// The dataset of a file.
pub(super) fn of_file(
    path: &Path,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<DatasetSummary, Error> {
    // What is noticed of the file itself is known already.
    let known = noticed.warnings.len();
    let mut warnings = Vec::new();
    let dataset = read_any_with(path, limits, &mut warnings)?;
    let new = |warning: &String| !noticed.warnings[..known].contains(warning);
    let new: Vec<String> = warnings.into_iter().filter(new).collect();
    noticed.warnings.extend(new);
    summarize(&dataset)
}

fn summarize(dataset: &Dataset) -> Result<DatasetSummary, Error> {
    let mask = dataset.mask_safe.as_ref();
    Ok(DatasetSummary {
        name: dataset.name.clone(),
        kind: kind_of(dataset),
        geometry: GeometrySummary::from(dataset.geom()),
        members: members(dataset),
        info: dataset.info()?,
        n_safe_bins: mask.map_or(dataset.counts.values.len(), Mask::count),
        gti: dataset.gti.as_ref().map(gti),
        observations: dataset.meta.iter().map(|row| row.obs_id.clone()).collect(),
    })
}

fn members(dataset: &Dataset) -> Vec<MemberSummary> {
    let mut members = Vec::new();
    let off = dataset.off.as_ref();
    let irf = |irf: &Option<crate::dataset::IrfMap>| irf.as_ref().map(|irf| irf.map.clone());
    let maps = [
        ("counts", Some(&dataset.counts)),
        ("counts_off", off.and_then(|off| off.counts_off.as_ref())),
        ("acceptance", off.map(|off| &off.acceptance)),
        ("acceptance_off", off.and_then(|off| off.acceptance_off.as_ref())),
        ("background", dataset.background.as_ref()),
        ("exposure", dataset.exposure.as_ref()),
    ];
    let maps = maps.into_iter().filter_map(|(name, map)| Some((name, map?)));
    members.extend(maps.map(|(name, map)| {
        let sum = (name != "exposure").then(|| map.sum());
        member(name, map, sum)
    }));
    for (name, map) in [("psf", irf(&dataset.psf)), ("edisp", irf(&dataset.edisp))] {
        members.extend(map.map(|map| member(name, &map, None)));
    }
    for (name, mask) in [("mask_safe", &dataset.mask_safe), ("mask_fit", &dataset.mask_fit)] {
        members.extend(mask.as_ref().map(|mask| MemberSummary {
            name,
            unit: String::new(),
            dtype: "bool",
            geometry: GeometrySummary::from(&mask.geom),
            sum: Some(mask.count() as f64),
        }));
    }
    members
}

fn member(name: &'static str, map: &Map, sum: Option<f64>) -> MemberSummary {
    MemberSummary {
        name,
        unit: map.unit.clone(),
        dtype: match map.values {
            MapValues::F32(_) => "f32",
            MapValues::F64(_) => "f64",
        },
        geometry: GeometrySummary::from(&map.geom),
        sum,
    }
}

fn gti(gti: &Gti) -> GtiSummary {
    let starts = gti.intervals.iter().map(|[start, _]| *start).reduce(f64::min);
    let stops = gti.intervals.iter().map(|[_, stop]| *stop).reduce(f64::max);
    let span = starts.zip(stops);
    GtiSummary {
        intervals: gti.intervals.len(),
        time_s: gti.time_sum(),
        time_utc: span.and_then(|(start, stop)| {
            store::in_utc([gti.reference.plus(start), gti.reference.plus(stop)])
        }),
    }
}
