//! Which observations are reduced, and which times of them.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tierline_sky::{Scale, SkyCoord};

use crate::Error;
use crate::config::Observations;
use crate::data::{DataStore, Time};

/// What is reduced: observations, or the parts of them in ranges of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// The observation.
    pub(super) id: i64,
    /// The range; none: all of it.
    pub(super) time: Option<[Time; 2]>,
    /// What is added to the name of its dataset.
    pub(super) suffix: String,
}

/// Which parts of observations are wanted: those of the first range of time in the order of the index, then those of the next. An
/// observation that is in several ranges comes as often.
pub(super) fn parts(
    config: &Observations,
    store: &DataStore,
    place: &dyn Fn(&Path) -> Result<PathBuf, Error>,
) -> Result<Vec<Part>, Error> {
    let ids = observation_ids(config, store, place)?;
    let times = time_ranges(config)?;
    if times.is_empty() {
        let part = |id| Part { id, time: None, suffix: String::new() };
        return Ok(ids.into_iter().map(part).collect());
    }
    let table = store.observations.select_ids(&ids);
    if table.rows.is_empty() && !ids.is_empty() {
        let reason = "times need an index of observations";
        return Err(Error::parameter("observations", reason));
    }
    let mut parts = Vec::new();
    for (at, range) in times.iter().enumerate() {
        let within = table.select_time(*range, true)?.ids();
        let suffix = if times.len() > 1 { format!("_{}", at + 1) } else { String::new() };
        let ids = ids.iter().filter(|id| within.contains(id));
        parts.extend(ids.map(|id| Part { id: *id, time: Some(*range), suffix: suffix.clone() }));
    }
    Ok(parts)
}

/// Which observations are wanted, in the order of the index.
fn observation_ids(
    config: &Observations,
    store: &DataStore,
    place: &dyn Fn(&Path) -> Result<PathBuf, Error>,
) -> Result<Vec<i64>, Error> {
    if !config.obs_ids.is_empty() && config.obs_file.is_some() {
        let reason = "obs_ids and obs_file exclude each other";
        return Err(Error::parameter("observations", reason));
    }
    let mut ids = match &config.obs_file {
        Some(path) => read_ids(&place(path)?)?,
        None => config.obs_ids.clone(),
    };
    let all = store.ids();
    if ids.is_empty() {
        ids = all;
    } else if let Some(id) = ids.iter().find(|id| !all.contains(id)) {
        return Err(Error::parameter("observations", format!("{id} is not in the index")));
    }
    let Some(center) = config.obs_cone.center("obs_cone")? else { return Ok(ids) };
    let radius = config.obs_cone.radius_deg("obs_cone")?;
    let radius = radius.ok_or_else(|| Error::parameter("obs_cone", "radius is missing"))?;
    if store.observations.rows.is_empty() {
        let reason = "a cone needs an index of observations";
        return Err(Error::parameter("observations", reason));
    }
    let center: SkyCoord = center.to(tierline_sky::Frame::Icrs);
    let table = store.observations.select_ids(&ids);
    let kept = table.select_cone([center.lon_deg, center.lat_deg], radius).ids();
    // In the order in which they were asked for.
    ids.retain(|id| kept.contains(id));
    Ok(ids)
}

/// Numbers of a file, one per line.
fn read_ids(path: &Path) -> Result<Vec<i64>, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
        path: path.into(),
        action: "read",
        source,
    })?;
    let lines = text.lines().enumerate();
    let wanted = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    wanted
        .map(|(at, line)| {
            line.trim().parse().map_err(|_| {
                let place = format!(": line {}", at + 1);
                Error::malformed(path, place, format!("expected a number, found '{line}'"))
            })
        })
        .collect()
}

/// Ranges of times, as ISO text in UTC.
fn time_ranges(config: &Observations) -> Result<Vec<[Time; 2]>, Error> {
    let times = |value: &Option<Value>| -> Result<Vec<Time>, Error> {
        let texts = match value {
            None => return Ok(Vec::new()),
            Some(Value::Array(texts)) => texts.clone(),
            Some(one) => vec![one.clone()],
        };
        texts
            .iter()
            .map(|text| {
                let wrong =
                    || Error::parameter("obs_time", format!("expected a date, found {text}"));
                Time::from_iso(text.as_str().ok_or_else(wrong)?, Scale::Utc)
            })
            .collect()
    };
    let (start, stop) = (times(&config.obs_time.start)?, times(&config.obs_time.stop)?);
    if start.len() != stop.len() {
        return Err(Error::parameter("obs_time", "as many starts as stops are needed"));
    }
    Ok(start.into_iter().zip(stop).map(|(start, stop)| [start, stop]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_time() {
        let ranges = |text: &str| {
            let text = format!("observations: {{obs_time: {text}}}");
            let config = crate::config::AnalysisConfig::parse(&text).unwrap();
            time_ranges(&config.observations)
        };
        assert!(ranges("{}").unwrap().is_empty());
        let one = ranges("{start: '2004-12-04', stop: '2004-12-05'}").unwrap();
        assert_eq!(one[0][1].since(&one[0][0]), 86_400.0);
        let two =
            "{start: ['2004-12-04', '2004-12-06T12:00:00'], stop: ['2004-12-05', '2004-12-07']}";
        let two = ranges(two).unwrap();
        assert_eq!((two.len(), two[0], two[1][1].since(&two[1][0])), (2, one[0], 43_200.0));
        assert!(ranges("{start: '2004-12-04'}").is_err());
        assert!(ranges("{start: ['2004-12-04'], stop: ['2004-12-05', '2004-12-06']}").is_err());
        assert!(ranges("{start: 5, stop: 6}").is_err());
    }
}
