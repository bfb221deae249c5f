//! FITS files.

use std::path::Path;

use serde::Serialize;
use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;

use super::{Content, Noticed, dataset, hdu, store};
use crate::Error;
use crate::data::{Cards, Environment, EventList, Gti, Pointing, facts, has_reversed_longitude};
use crate::open::open;

/// What the header of events tells, and what they span.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObservationSummary {
    /// Its number, if it is told.
    pub obs_id: Option<i64>,
    /// What was looked at.
    pub object: String,
    /// Telescope.
    pub telescope: String,
    /// Mode.
    pub mode: String,
    /// Right ascension and declination in deg; `None` in drift mode.
    pub pointing_deg: Option<[f64; 2]>,
    /// Start and stop as ISO text in UTC.
    pub time_utc: Option<[String; 2]>,
    /// Sum of the good time intervals in s.
    pub ontime_s: Option<f64>,
    /// The part of it in which events could be taken.
    pub livetime_s: Option<f64>,
    /// Events.
    pub events: usize,
    /// Least and largest energy in TeV.
    pub energy_range_tev: Option<[f64; 2]>,
}

/// What a FITS file holds.
pub(super) fn summarize(
    path: &Path,
    events: bool,
    environment: Environment,
    limits: &Limits,
    noticed: &mut Noticed,
) -> Result<Content, Error> {
    let mut file = open(path, limits, &mut noticed.warnings)?;
    if let Some(is_hdus) = index_kind(&file)? {
        return store::of_index(path, is_hdus, events, environment, limits, noticed)
            .map(Content::Store);
    }
    if is_dataset(&file)? {
        match dataset::of_file(path, limits, noticed) {
            Ok(dataset) => {
                return Ok(Content::Datasets { datasets: vec![dataset], is_list: false });
            }
            Err(error) => noticed.problems.push(error.to_string()),
        }
    }
    let mut hdus = hdu::all(&mut file, noticed)?;
    let has_events = hdus.iter().find(|hdu| hdu.class.as_deref() == Some("events"));
    let is_response = |hdu: &hdu::HduSummary| !hdu.axes.is_empty();
    if has_events.is_none() && !hdus.iter().any(is_response) {
        return Ok(Content::Fits { hdus });
    }
    let observation = match has_events.map(|hdu| observation(&mut file, hdu.number, noticed)) {
        Some(Ok((observation, is_reversed))) => {
            if is_reversed {
                hdu::reverse_longitude(&mut hdus);
            }
            Some(Box::new(observation))
        }
        Some(Err(error)) => {
            noticed.problems.push(error.to_string());
            None
        }
        None => None,
    };
    Ok(Content::Dl3 { observation, hdus })
}

/// Whether a file is an index of HDUs, or of observations; `None` if it is neither.
fn index_kind(file: &FitsFile) -> Result<Option<bool>, Error> {
    for (number, info) in file.hdus().iter().enumerate() {
        if info.kind != HduKind::BinaryTable {
            continue;
        }
        let cards = Cards::of(file, number)?;
        let class = [cards.text("HDUCLAS1"), cards.text("HDUCLAS2")].map(str::to_ascii_uppercase);
        let has = |name: &str| info.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
        let is_index = class[0] == "INDEX" || info.hdu.name.ends_with("_INDEX");
        if is_index && has("OBS_ID") {
            return Ok(Some(has("HDU_TYPE")));
        }
    }
    Ok(None)
}

/// Whether it has counts and another member of a dataset, or is a spectrum other than a background.
fn is_dataset(file: &FitsFile) -> Result<bool, Error> {
    const OTHERS: [&str; 7] =
        ["EXPOSURE", "BACKGROUND", "MASK_SAFE", "PSF", "EDISP", "ACCEPTANCE", "GTI"];
    let has = |name: &str| file.find(name).is_some();
    if let Some(number) = file.find("SPECTRUM") {
        let cards = Cards::of(file, number)?;
        let area = cards.text("ANCRFILE");
        let has_area = !area.is_empty() && !area.eq_ignore_ascii_case("none");
        return Ok(has_area && !cards.text("HDUCLAS2").eq_ignore_ascii_case("BKG"));
    }
    Ok(has("COUNTS") && OTHERS.iter().any(|name| has(name)))
}

/// What is told of the observation, and whether its background's longitude is reversed.
fn observation(
    file: &mut FitsFile,
    number: usize,
    noticed: &mut Noticed,
) -> Result<(ObservationSummary, bool), Error> {
    let (pointing, info) = facts(file, number, &mut noticed.warnings)?;
    let is_reversed = has_reversed_longitude(&info);
    let obs_id = Cards::of(file, number)?.integer("OBS_ID")?;
    let events = EventList::read(file, number)?;
    let gti = match file.find("GTI") {
        Some(number) => Some(Gti::read(file, number)?),
        None => None,
    };
    let ontime_s = gti.map(|gti| gti.time_sum());
    let finite = events.energy.iter().copied().filter(|energy| energy.is_finite());
    let energy_range_tev = finite.fold(None, |range: Option<[f64; 2]>, energy| {
        let [least, most] = range.unwrap_or([energy; 2]);
        Some([energy.min(least), energy.max(most)])
    });
    let observation = ObservationSummary {
        obs_id,
        object: info.object,
        telescope: info.telescope,
        mode: info.mode,
        pointing_deg: match pointing {
            Pointing::Icrs { ra, dec } => Some([ra, dec]),
            Pointing::AltAz { .. } => None,
        },
        time_utc: info.time.and_then(store::in_utc),
        ontime_s,
        livetime_s: ontime_s.map(|ontime| ontime * info.deadc),
        events: events.len(),
        energy_range_tev,
    };
    Ok((observation, is_reversed))
}
