//! From an observation to a dataset of a region.

use tierline_sky::{RegionGeom, Shape, SkyCoord, SkyRegion};

use super::from_maps;
use super::map::{
    MapMaker, Selection, begin, bin_of, edisp_map, energy_unit, exposure_values, make_counts,
    make_exposure, missing, pointing,
};
use crate::Error;
use crate::data::Observation;
use crate::dataset::{Dataset, IrfMap};
use crate::geom::Geom;
use crate::irf::RadMax;
use crate::map::{Map, MapValues, axis};
use crate::unit;

/// Points of a pixel along x and y that are asked whether they are in the region.
const SUBPIXELS: usize = 10;

/// Makes the spectrum of a region: counts in it, and responses at its centre or averaged over it.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumMaker {
    /// What is made, and how the background is integrated.
    pub map: MapMaker,
    /// Whether the exposure is multiplied with the share of a point source's events in a circle.
    pub containment_correction: bool,
    /// Whether responses are those at the centre of the region; else exposure and background are averaged over its pixels.
    pub use_region_center: bool,
}

impl Default for SpectrumMaker {
    fn default() -> Self {
        let selection = Selection { psf: false, ..Selection::default() };
        SpectrumMaker {
            map: MapMaker { selection, ..MapMaker::default() },
            containment_correction: false,
            use_region_center: true,
        }
    }
}

/// The region of a spectrum.
fn region_of(reference: &Dataset) -> Result<&RegionGeom, Error> {
    match reference.geom() {
        Geom::Region(geom) => Ok(geom),
        Geom::Wcs(_) | Geom::Hpx(_) => {
            let reason = "a spectrum is made on a region, this is a map";
            Err(Error::parameter(format!("dataset {}", reference.name), reason))
        }
    }
}

impl SpectrumMaker {
    /// Makes the spectrum. All bins are safe.
    ///
    /// # Errors
    /// As [`MapMaker::run`], and where a containment can't be corrected.
    pub fn run(&self, reference: &Dataset, observation: &Observation) -> Result<Dataset, Error> {
        let region = region_of(reference)?;
        let geom = reference.geom();
        let selection = self.map.selection;
        let mut dataset = begin(reference, observation)?;
        if selection.counts {
            dataset.counts = counts_of(geom, observation)?;
        }
        if let (true, Some(exposure)) = (selection.exposure, &reference.exposure) {
            dataset.exposure = Some(self.exposure(&exposure.geom, region, observation)?);
            // The time that is in a map is not told.
            let is_map = observation.responses.maps.aeff.is_some();
            dataset.livetime_s = (!is_map).then(|| observation.livetime());
        }
        if selection.background {
            dataset.background = Some(self.background(geom, region, observation)?);
        }
        if let (true, Some(edisp), Some(own)) =
            (selection.edisp, &reference.edisp, &observation.responses.maps.edisp)
        {
            dataset.edisp = Some(from_maps::response(edisp, own)?);
        } else if let (true, Some(edisp)) = (selection.edisp, &reference.edisp) {
            let response = &observation.responses.edisp;
            let response = response.as_ref().ok_or_else(|| missing(observation, "edisp"))?;
            let offset = [region.separation(&pointing(observation)?)?];
            let map = edisp_map(&edisp.map.geom, &offset, response)?;
            let exposure = make_exposure(&edisp.exposure.geom, &offset, observation)?;
            dataset.edisp = Some(IrfMap { map, exposure });
        }
        Ok(dataset)
    }

    fn exposure(
        &self,
        geom: &Geom,
        region: &RegionGeom,
        observation: &Observation,
    ) -> Result<Map, Error> {
        if let Some(map) = &observation.responses.maps.aeff {
            let mut exposure = from_maps::exposure(geom, map, observation)?;
            if self.containment_correction {
                let shares = self.containment(geom, region, observation)?;
                let values = exposure.values.to_f64().into_iter().zip(shares);
                exposure.values = MapValues::F64(values.map(|(v, share)| v * share).collect());
            }
            return Ok(exposure);
        }
        let (coords, weights) = self.places(region)?;
        let from = pointing(observation)?;
        let offset = |at: &SkyCoord| from.separation_deg(at);
        let offsets: Vec<f64> = coords.iter().map(offset).collect();
        let wide = exposure_values(geom, &offsets, observation)?;
        let total: f64 = weights.iter().sum();
        let mean = |plane: &[f64]| -> f64 {
            plane.iter().zip(&weights).map(|(value, weight)| value * weight).sum::<f64>() / total
        };
        let mut values: Vec<f64> = wide.chunks_exact(offsets.len().max(1)).map(mean).collect();
        if self.containment_correction {
            let shares = self.containment(geom, region, observation)?;
            values.iter_mut().zip(shares).for_each(|(value, share)| *value *= share);
        }
        Map::new(geom.clone(), "m2 s", values)
    }

    /// Shares of a point source's events in the region, by true energy.
    fn containment(
        &self,
        geom: &Geom,
        region: &RegionGeom,
        observation: &Observation,
    ) -> Result<Vec<f64>, Error> {
        let Some(SkyRegion::Simple { shape: Shape::Circle { radius }, .. }) = region.region()
        else {
            let reason = "it is corrected for circles only";
            return Err(Error::parameter("containment", reason));
        };
        if observation.responses.aeff.as_ref().is_some_and(|aeff| aeff.is_pointlike) {
            let reason = "responses for a point source have it in them";
            return Err(Error::parameter("containment", reason));
        }
        let psf = &observation.responses.psf;
        let psf = psf.as_ref().ok_or_else(|| from_maps::no_table(observation, "psf"))?;
        let evaluator = psf.evaluator()?;
        let energy = axis(geom, "energy_true")?;
        let scale = unit::factor(energy.unit(), energy_unit(psf)?)?;
        let offset = region.separation(&pointing(observation)?)?;
        let share = |energy: f64| evaluator.containment(energy * scale, offset, *radius);
        Ok(energy.centers().into_iter().map(share).collect())
    }

    fn background(
        &self,
        geom: &Geom,
        region: &RegionGeom,
        observation: &Observation,
    ) -> Result<Map, Error> {
        if let Some(map) = &observation.responses.maps.bkg {
            return from_maps::background(geom, map, observation);
        }
        let bkg = observation.responses.bkg.as_ref().ok_or_else(|| missing(observation, "bkg"))?;
        let frame = geom.frame();
        let (coords, weights) = self.places(region)?;
        let vectors: Vec<[f64; 3]> = coords.iter().map(|at| at.vector_in(frame)).collect();
        let solid_angles = match self.use_region_center {
            true => geom.solid_angle()?,
            false => {
                let pixels = region.to_wcs_geom()?.to_image();
                let all = pixels.solid_angle();
                let nx = pixels.image_shape()[1];
                let own = coords.iter().zip(&weights).map(|(at, weight)| {
                    let at = at.to(pixels.frame());
                    let index = pixels.coord_to_idx(at.lon_deg, at.lat_deg);
                    index.map_or(0.0, |[y, x]| all[y * nx + x] * weight)
                });
                own.collect()
            }
        };
        let counts = self.map.background_counts(geom, &vectors, &solid_angles, bkg, observation)?;
        let sums = counts.chunks_exact(vectors.len().max(1)).map(|plane| plane.iter().sum());
        Map::new(geom.clone(), "", sums.collect())
    }

    /// Where responses are looked at, and how much each place counts.
    fn places(&self, region: &RegionGeom) -> Result<(Vec<SkyCoord>, Vec<f64>), Error> {
        match self.use_region_center {
            true => Ok((vec![region.center_skydir()?], vec![1.0])),
            false => Ok(region.wcs_coords_and_weights(SUBPIXELS)?),
        }
    }
}

/// Counts of a geometry; those of a point are within the radius of a point-like response.
pub(crate) fn counts_of(geom: &Geom, observation: &Observation) -> Result<Map, Error> {
    match geom {
        Geom::Region(region) if region.region().is_some_and(SkyRegion::is_point) => {
            let rad_max = &observation.responses.rad_max;
            let rad_max = rad_max.as_ref().ok_or_else(|| missing(observation, "rad_max"))?;
            counts_in_rad_max(geom, &[region.center_skydir()?], rad_max, observation)
        }
        _ => make_counts(geom, observation),
    }
}

/// Counts within the radius of a point-like response around any of several points: that at the event's energy and the distance of the
/// point from the pointing. An event near two points counts twice.
pub(crate) fn counts_in_rad_max(
    geom: &Geom,
    points: &[SkyCoord],
    rad_max: &RadMax,
    observation: &Observation,
) -> Result<Map, Error> {
    let energy = axis(geom, "energy")?;
    let scale = unit::factor("TeV", energy.unit())?;
    let to_response = unit::factor("TeV", rad_max.table.axis("energy")?.unit())?;
    let radii = rad_max.interpolator()?;
    let mut counts = vec![0.0_f32; energy.n_bins()];
    let events = &observation.events;
    for point in points {
        let offset = pointing(observation)?.separation_deg(point);
        let positions = events.ra.iter().zip(&events.dec);
        for ((ra, dec), value) in positions.zip(&events.energy) {
            let Some(bin) = bin_of(energy, value * scale) else { continue };
            let radius = radii.evaluate_nearest(&[value * to_response, offset])?;
            if SkyCoord::icrs(*ra, *dec).separation_deg(point) <= radius {
                counts[bin] += 1.0;
            }
        }
    }
    Ok(Map { geom: geom.clone(), unit: String::new(), values: MapValues::F32(counts) })
}
