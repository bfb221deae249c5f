//! Members of a dataset from responses that are maps, such as instruments with a wide field of view have them.

use super::map::missing;
use crate::Error;
use crate::data::Observation;
use crate::dataset::IrfMap;
use crate::geom::Geom;
use crate::map::{Map, axis};
use crate::unit;

/// Seconds of a sidereal day, in which the sky makes one transit.
const TRANSIT_S: f64 = 86_164.090_53;

/// What values in a unit are multiplied with: the first unit of a list that fits, and the factor it comes with.
fn factor_of(what: &str, found: &str, known: &[(&str, f64)]) -> Result<f64, Error> {
    let fits = known.iter().find_map(|(to, by)| Some(unit::factor(found, to).ok()? * by));
    fits.ok_or_else(|| {
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        Error::unsupported(what, format!("unit '{found}'; expected one as {known:?}"))
    })
}

/// Exposure in m2 s from a map of exposure, of effective area, or of exposure per transit.
pub(crate) fn exposure(geom: &Geom, map: &Map, observation: &Observation) -> Result<Map, Error> {
    let seconds = observation.ontime();
    let known = [("m2 s", 1.0), ("m2 s transit-1", seconds / TRANSIT_S), ("m2", seconds)];
    let factor = factor_of("effective area map", &map.unit, &known)?;
    let mut values = map.interp_to_geom(geom)?;
    values.iter_mut().for_each(|value| *value *= factor);
    Map::new(geom.clone(), "m2 s", values)
}

/// Background from a map of counts, or of counts per energy and solid angle, of all the time, per transit, or per time.
pub(crate) fn background(geom: &Geom, map: &Map, observation: &Observation) -> Result<Map, Error> {
    if unit::factor(&map.unit, "").is_ok() {
        return Map::new(geom.clone(), "", map.interp_counts_to_geom(geom)?);
    }
    let seconds = observation.ontime();
    let known = [
        ("TeV-1 sr-1", 1.0),
        ("TeV-1 sr-1 transit-1", seconds / TRANSIT_S),
        ("TeV-1 sr-1 s-1", seconds),
    ];
    let factor = factor_of("background map", &map.unit, &known)?;
    let energy = axis(geom, "energy")?;
    let scale = factor * unit::factor(energy.unit(), "TeV")?;
    let widths: Vec<f64> = energy.edges().windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut values = map.interp_to_geom(geom)?;
    let omega = geom.solid_angle()?;
    let planes = values.chunks_exact_mut(omega.len().max(1));
    for (plane, width) in planes.zip(widths.iter().cycle()) {
        let pixels = plane.iter_mut().zip(&omega);
        pixels.for_each(|(value, omega)| *value *= omega * width * scale);
    }
    Map::new(geom.clone(), "", values)
}

/// A response of a reference's geometry from one that is a map, with its exposure.
pub(crate) fn response(reference: &IrfMap, own: &IrfMap) -> Result<IrfMap, Error> {
    let on = |map: &Map, geom: &Geom| Map::new(geom.clone(), &map.unit, map.interp_to_geom(geom)?);
    Ok(IrfMap {
        map: on(&own.map, &reference.map.geom)?,
        exposure: on(&own.exposure, &reference.exposure.geom)?,
    })
}

/// The error where a response is needed as a table over offset, but there is none, or it is a map.
pub(crate) fn no_table(observation: &Observation, what: &str) -> Error {
    let maps = &observation.responses.maps;
    let is_map = match what {
        "aeff" => maps.aeff.is_some(),
        "bkg" => maps.bkg.is_some(),
        "psf" => maps.psf.is_some(),
        "edisp" => maps.edisp.is_some(),
        _ => false,
    };
    match is_map {
        false => missing(observation, what),
        true => {
            let reason = format!("its {what} is a map, where a table over offset is needed");
            Error::parameter(format!("observation {}", observation.id), reason)
        }
    }
}
