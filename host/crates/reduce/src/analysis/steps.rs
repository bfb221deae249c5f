//! Steps of a reduction from their parameters.

use serde_json::{Map as Object, Value};
use tierline_sky::region::{Ds9Region, parse_ds9};
use tierline_sky::{Shape, SkyCoord, SkyRegion};

use crate::Error;
use crate::config::{Background, Circle, SafeMask, nearest, quantity, value_in};
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

    /// An angle in degrees, whose unit must be told: without one the peer takes radians.
    fn angle(&mut self, name: &'static str) -> Result<Option<f64>, Error> {
        let place = self.place(name);
        let Some(value) = self.take(name) else { return Ok(None) };
        match &value {
            Value::String(text) => quantity(&place, text, "deg").map(Some),
            other => Err(Error::parameter(
                place,
                format!("expected an angle with its unit, as '0.5 deg', found {other}"),
            )),
        }
    }

    /// A position: frame, lon and lat as elsewhere in a configuration, or a point as DS9 writes it.
    fn position(&mut self, name: &'static str) -> Result<Option<SkyCoord>, Error> {
        let place = self.place(name);
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => point(&place, &text).map(Some),
            Some(Value::Object(parts)) => {
                let known = ["frame", "lon", "lat"];
                if let Some(other) = parts.keys().find(|key| !known.contains(&key.as_str())) {
                    let hint = nearest(other, known.into_iter());
                    return Err(Error::parameter(place, format!("{other} is no key; {hint}")));
                }
                let circle: Circle = serde_json::from_value(Value::Object(parts))
                    .map_err(|wrong| Error::parameter(&place, wrong.to_string()))?;
                let center = circle.center(&place)?;
                let missing = || Error::parameter(&place, "frame, lon and lat are needed");
                center.ok_or_else(missing).map(Some)
            }
            Some(other) => Err(not_a_position(&place, &other.to_string())),
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

fn not_a_position(place: &str, found: &str) -> Error {
    let expected = "{frame: icrs, lon: 83.63 deg, lat: 22.01 deg} or 'icrs;point(83.63, 22.01)'";
    Error::parameter(place, format!("expected {expected}, found {found}"))
}

/// The position of a point as DS9 writes it.
fn point(place: &str, text: &str) -> Result<SkyCoord, Error> {
    match parse_ds9(text).as_deref() {
        Ok([Ds9Region::Sky(SkyRegion::Simple { center, shape: Shape::Point })]) => Ok(*center),
        _ => Err(not_a_position(place, &format!("'{text}'"))),
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
    maker.fixed_offset_deg = from.angle("fixed_offset")?;
    maker.position = from.position("position")?;
    maker.irfs = match from.text("irfs")?.as_deref() {
        None | Some("DL4") => SafeIrfs::Dl4,
        Some("DL3") => SafeIrfs::Dl3,
        Some(other) => {
            let reason = format!("expected DL3 or DL4, found {other}");
            return Err(Error::parameter(from.place("irfs"), reason));
        }
    };
    if maker.position.is_some() && maker.fixed_offset_deg.is_some() {
        let reason = "position and fixed_offset exclude each other";
        return Err(Error::parameter("datasets.safe_mask.parameters", reason));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(parameters: &str) -> Result<SafeMaskMaker, Error> {
        let text = format!("datasets: {{safe_mask: {{parameters: {parameters}}}}}");
        let config = crate::config::AnalysisConfig::parse(&text).unwrap();
        safe_mask(&config.datasets.safe_mask)
    }

    #[test]
    fn where_the_safe_mask_looks() {
        let crab = SkyCoord::icrs(83.63, 22.01);
        for text in [
            "{position: {frame: icrs, lon: 83.63 deg, lat: 22.01 deg}}",
            "{position: 'icrs;point(83.63, 22.01)'}",
        ] {
            let found = mask(text).unwrap();
            assert_eq!((found.position, found.fixed_offset_deg), (Some(crab), None));
        }
        let found = mask("{fixed_offset: 30 arcmin, irfs: DL3, aeff_percent: 20}").unwrap();
        assert_eq!((found.irfs, found.aeff_percent), (SafeIrfs::Dl3, 20.0));
        assert!((found.fixed_offset_deg.unwrap() - 0.5).abs() < 1e-12);
        for (text, word) in [
            ("{position: 83.63d 22.01d}", "expected {frame"),
            ("{position: 'icrs;circle(83.63, 22.01, 0.1)'}", "expected {frame"),
            ("{position: [83.63, 22.01]}", "expected {frame"),
            ("{position: {lon: 1 deg, lat: 2 deg}}", "frame is missing"),
            ("{position: {frame: icrs}}", "are needed"),
            ("{position: {frame: icrs, ra: 1 deg, lat: 2 deg}}", "ra is no key"),
            ("{fixed_offset: 0.5}", "with its unit"),
            ("{fixed_offset: 1 deg, position: 'icrs;point(83, 22)'}", "exclude each other"),
            ("{irfs: DL5}", "DL3 or DL4"),
            ("{offset: 1 deg}", "is no parameter"),
        ] {
            let error = mask(text).unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
