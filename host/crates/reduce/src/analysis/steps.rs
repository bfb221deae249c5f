//! Steps of a reduction from their parameters.

use std::path::{Path, PathBuf};

use serde_json::{Map as Object, Value};
use tierline_sky::{Scale, SkyCoord};

use crate::Error;
use crate::config::{Background, Observations, SafeMask, nearest, value_in};
use crate::data::{DataStore, Time};
use crate::makers::{
    FovBackgroundMaker, FovMethod, Maker, ReflectedRegionsBackgroundMaker, RegionsFinder,
    RingBackgroundMaker, SafeIrfs, SafeMaskMaker, SafeMethod,
};
use crate::map::Mask;

/// Parameters that are taken one by one; what is left at the end is a mistake.
struct Parameters<'a> {
    what: &'a str,
    left: Object<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Parameters<'a> {
    fn new(what: &'a str, parameters: &Object<String, Value>) -> Self {
        Parameters { what, left: parameters.clone(), known: Vec::new() }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).filter(|value| !value.is_null())
    }

    fn place(&self, name: &str) -> String {
        format!("{}.parameters.{name}", self.what)
    }

    fn number(&mut self, name: &'static str, unit: &str) -> Result<Option<f64>, Error> {
        let place = self.place(name);
        self.take(name).map(|value| value_in(&place, &value, unit)).transpose()
    }

    fn text(&mut self, name: &'static str) -> Result<Option<String>, Error> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(Error::parameter(self.place(name), format!("expected a name, found {other}")))
            }
        }
    }

    fn finish(self) -> Result<(), Error> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => {
                let hint = nearest(name, self.known.iter().copied());
                Err(Error::parameter(self.place(name), format!("is no parameter; {hint}")))
            }
        }
    }
}

/// The safe mask of its methods and parameters.
pub(super) fn safe_mask(config: &SafeMask) -> Result<SafeMaskMaker, Error> {
    let methods = config.methods.iter().map(|name| SafeMethod::of_name(name));
    let methods = methods.collect::<Result<Vec<_>, _>>()?;
    let mut maker = SafeMaskMaker { methods, ..SafeMaskMaker::default() };
    let mut from = Parameters::new("datasets.safe_mask", &config.parameters);
    maker.aeff_percent = from.number("aeff_percent", "")?.unwrap_or(maker.aeff_percent);
    maker.bias_percent = from.number("bias_percent", "")?.unwrap_or(maker.bias_percent);
    maker.offset_max_deg = from.number("offset_max", "deg")?.unwrap_or(maker.offset_max_deg);
    maker.fixed_offset_deg = from.number("fixed_offset", "deg")?;
    maker.irfs = match from.text("irfs")?.as_deref() {
        None | Some("DL4") => SafeIrfs::Dl4,
        Some("DL3") => SafeIrfs::Dl3,
        Some(other) => {
            let reason = format!("expected DL3 or DL4, found {other}");
            return Err(Error::parameter(from.place("irfs"), reason));
        }
    };
    from.finish()?;
    Ok(maker)
}

/// The background's step of maps, if there is one.
pub(super) fn background_of_maps(
    config: &Background,
    exclusion: Option<Mask>,
    n_bins: usize,
) -> Result<Option<Maker>, Error> {
    let mut from = Parameters::new("datasets.background", &config.parameters);
    let maker = match config.method.as_deref() {
        None => None,
        Some("fov_background") => {
            let method = match from.text("method")?.as_deref() {
                None | Some("scale") => FovMethod::Scale,
                Some("fit") => FovMethod::Fit,
                Some(other) => {
                    let reason = format!("expected scale or fit, found {other}");
                    return Err(Error::parameter(from.place("method"), reason));
                }
            };
            let min_counts = from.number("min_counts", "")?.unwrap_or(0.0);
            let min_npred_background = from.number("min_npred_background", "")?.unwrap_or(0.0);
            Some(Maker::Fov(FovBackgroundMaker {
                method,
                exclusion,
                min_counts,
                min_npred_background,
                ..FovBackgroundMaker::default()
            }))
        }
        Some("ring") => {
            if n_bins > 1 {
                let reason = format!("a ring needs one bin of energy, there are {n_bins}");
                return Err(Error::parameter("datasets.geom.axes.energy", reason));
            }
            let mut needed = |name: &'static str| {
                let place = from.place(name);
                from.number(name, "deg")?.ok_or_else(|| Error::parameter(place, "is needed"))
            };
            let (r_in_deg, width_deg) = (needed("r_in")?, needed("width")?);
            Some(Maker::Ring(RingBackgroundMaker { r_in_deg, width_deg, exclusion }))
        }
        Some("reflected") => {
            let reason = "reflected regions are for spectra (type: 1d)";
            return Err(Error::parameter("datasets.background.method", reason));
        }
        Some(other) => return Err(unknown_background(other)),
    };
    from.finish()?;
    Ok(maker)
}

/// The background's step of spectra, if there is one.
pub(super) fn background_of_spectra(
    config: &Background,
    exclusion: Option<Mask>,
) -> Result<Option<ReflectedRegionsBackgroundMaker>, Error> {
    let mut from = Parameters::new("datasets.background", &config.parameters);
    let maker = match config.method.as_deref() {
        None => None,
        Some("reflected") => {
            let mut finder = RegionsFinder::default();
            if let RegionsFinder::Reflected {
                angle_increment,
                min_distance,
                min_distance_input,
                max_region_number,
                binsz,
            } = &mut finder
            {
                *angle_increment =
                    from.number("angle_increment", "rad")?.unwrap_or(*angle_increment);
                *min_distance = from.number("min_distance", "rad")?.unwrap_or(*min_distance);
                *min_distance_input =
                    from.number("min_distance_input", "rad")?.unwrap_or(*min_distance_input);
                *binsz = from.number("binsz", "deg")?.unwrap_or(*binsz);
                if let Some(most) = from.number("max_region_number", "")? {
                    *max_region_number = most as usize;
                }
            }
            Some(ReflectedRegionsBackgroundMaker { finder, exclusion })
        }
        Some(other @ ("fov_background" | "ring")) => {
            let reason = format!("{other} is for maps (type: 3d)");
            return Err(Error::parameter("datasets.background.method", reason));
        }
        Some(other) => return Err(unknown_background(other)),
    };
    from.finish()?;
    Ok(maker)
}

fn unknown_background(name: &str) -> Error {
    let hint = nearest(name, ["reflected", "fov_background", "ring"].into_iter());
    Error::parameter("datasets.background.method", format!("{name} is none; {hint}"))
}

/// Which observations are wanted, in the order of the index.
pub(super) fn observation_ids(
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
    let cone = (config.obs_cone.center("obs_cone")?, config.obs_cone.radius_deg("obs_cone")?);
    let times = time_ranges(config)?;
    if cone.0.is_none() && times.is_empty() {
        return Ok(ids);
    }
    if store.observations.rows.is_empty() {
        let reason = "a cone or times need an index of observations";
        return Err(Error::parameter("observations", reason));
    }
    let mut table = store.observations.select_ids(&ids);
    if let (Some(center), Some(radius)) = cone {
        let center: SkyCoord = center.to(tierline_sky::Frame::Icrs);
        table = table.select_cone([center.lon_deg, center.lat_deg], radius);
    } else if cone.0.is_some() {
        return Err(Error::parameter("obs_cone", "radius is missing"));
    }
    let mut kept = table.ids();
    if !times.is_empty() {
        let mut within = Vec::new();
        for range in times {
            within.extend(table.select_time(range, true)?.ids());
        }
        kept.retain(|id| within.contains(id));
    }
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
pub(super) fn time_ranges(config: &Observations) -> Result<Vec<[Time; 2]>, Error> {
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
    if start.len() > 1 {
        let reason = "several ranges of time, which would split observations";
        return Err(Error::unsupported("obs_time", reason));
    }
    Ok(start.into_iter().zip(stop).map(|(start, stop)| [start, stop]).collect())
}
