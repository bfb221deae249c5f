//! Background from rings around every pixel.

use crate::Error;
use crate::convolve::Kernel;
use crate::dataset::{Dataset, OnOff};
use crate::geom::Geom;
use crate::makers::fov::project_mask;
use crate::map::{Map, MapValues, Mask};
use crate::ring::{AdaptiveMethod, adaptive_ring};

/// Counts in a ring of one size around each pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct RingBackgroundMaker {
    /// Inner radius in degrees.
    pub r_in_deg: f64,
    /// Width in degrees.
    pub width_deg: f64,
    /// Pixels that may be used; none is outside of it.
    pub exclusion: Option<Mask>,
}

/// Counts in the smallest ring around each pixel that has background enough.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveRingBackgroundMaker {
    /// Smallest inner radius in degrees.
    pub r_in_deg: f64,
    /// Largest outer radius in degrees.
    pub r_out_max_deg: f64,
    /// Width, or the smallest one, in degrees.
    pub width_deg: f64,
    /// Step in degrees.
    pub stepsize_deg: f64,
    /// Largest ratio of the acceptances of pixel and ring.
    pub threshold_alpha: f64,
    /// What grows.
    pub method: AdaptiveMethod,
    /// Pixels that may be used; none is outside of it.
    pub exclusion: Option<Mask>,
}

impl AdaptiveRingBackgroundMaker {
    /// Rings from an inner to an outer radius, with a first width, in degrees.
    pub fn new(r_in_deg: f64, r_out_max_deg: f64, width_deg: f64) -> Self {
        AdaptiveRingBackgroundMaker {
            r_in_deg,
            r_out_max_deg,
            width_deg,
            stepsize_deg: 0.02,
            threshold_alpha: 0.1,
            method: AdaptiveMethod::FixedWidth,
            exclusion: None,
        }
    }
}

/// What rings are summed over: counts and background outside the exclusion, plane by plane.
struct Planes {
    shape: [usize; 2],
    scale_deg: f64,
    background: Map,
    counts: Vec<f64>,
    acceptance: Vec<f64>,
}

impl Planes {
    fn new(dataset: &Dataset, exclusion: Option<&Mask>) -> Result<Self, Error> {
        let name = || format!("dataset {}", dataset.name);
        let Geom::Wcs(geom) = dataset.geom() else {
            return Err(Error::unsupported(name(), "rings on what is no map of pixels"));
        };
        let background = dataset.npred_background()?;
        let background =
            background.ok_or_else(|| Error::parameter(name(), "it has no background"))?;
        let used = match exclusion {
            Some(mask) => Some(project_mask(mask, dataset.geom(), false)?),
            None => None,
        };
        let masked = |map: &Map| -> Vec<f64> {
            let value = |at: usize| match &used {
                Some(used) if !used[at] => 0.0,
                _ => map.values.get(at),
            };
            (0..map.values.len()).map(value).collect()
        };
        let (counts, acceptance) = (masked(&dataset.counts), masked(&background));
        let (shape, scale_deg) = (geom.image_shape(), geom.pixel_scales()[0]);
        Ok(Planes { shape, scale_deg, background, counts, acceptance })
    }

    /// Sums over a ring of these sizes in degrees.
    fn sums(&self, values: &[f64], [r_in, width]: [f64; 2], out: &mut [f64]) -> Result<(), Error> {
        let kernel = Kernel::ring(r_in / self.scale_deg, width / self.scale_deg)?;
        let n = self.shape[0] * self.shape[1];
        for (plane, out) in values.chunks_exact(n.max(1)).zip(out.chunks_exact_mut(n.max(1))) {
            kernel.convolve(plane, self.shape, out)?;
        }
        Ok(())
    }
}

/// Replaces the background of a dataset by off counts; cells without any acceptance of them are not safe.
fn set_off(dataset: &mut Dataset, acceptance: Map, counts: Vec<f64>, acceptance_off: Vec<f64>) {
    let geom = dataset.geom().clone();
    let mut mask = dataset.mask_safe.take().unwrap_or_else(|| Mask::filled(geom.clone(), true));
    for (cell, off) in mask.values.iter_mut().zip(&acceptance_off) {
        // What is no number stays safe, as the peer has it.
        *cell &= off.is_nan() || *off > 0.0;
    }
    let map = |values: Vec<f64>| {
        let values = MapValues::F32(values.into_iter().map(|value| value as f32).collect());
        Map { geom: geom.clone(), unit: String::new(), values }
    };
    let (counts_off, acceptance_off) = (Some(map(counts)), Some(map(acceptance_off)));
    dataset.off = Some(OnOff { counts_off, acceptance, acceptance_off });
    (dataset.background, dataset.model) = (None, None);
    dataset.mask_safe = Some(mask);
}

impl RingBackgroundMaker {
    /// Replaces the background by the counts of a ring around each pixel.
    ///
    /// # Errors
    /// Where the dataset is no map with a background, or the exclusion doesn't fit.
    pub fn run(&self, dataset: &mut Dataset) -> Result<(), Error> {
        let planes = Planes::new(dataset, self.exclusion.as_ref())?;
        let mut off = [vec![0.0; planes.counts.len()], vec![0.0; planes.counts.len()]];
        let ring = [self.r_in_deg, self.width_deg];
        planes.sums(&planes.counts, ring, &mut off[0])?;
        planes.sums(&planes.acceptance, ring, &mut off[1])?;
        let [counts, acceptance] = off;
        set_off(dataset, planes.background, counts, acceptance);
        Ok(())
    }
}

impl AdaptiveRingBackgroundMaker {
    /// Replaces the background of a dataset of one energy by the counts of the first ring around each pixel whose acceptance is large
    /// enough beside the pixel's. Where none is, counts and acceptances are no numbers.
    ///
    /// # Errors
    /// Where the dataset has several energies or isn't a map with a background, or there are no rings.
    pub fn run(&self, dataset: &mut Dataset) -> Result<(), Error> {
        let planes = Planes::new(dataset, self.exclusion.as_ref())?;
        let n = planes.shape[0] * planes.shape[1];
        if planes.counts.len() != n {
            let bins = planes.counts.len() / n.max(1);
            let reason = format!("{bins} bins of energy, rings that adapt need one");
            return Err(Error::parameter(format!("dataset {}", dataset.name), reason));
        }
        let [r_in, r_out_max, width, stepsize] =
            [self.r_in_deg, self.r_out_max_deg, self.width_deg, self.stepsize_deg]
                .map(|size| size / planes.scale_deg);
        let kernels = self.method.kernels(r_in, r_out_max, width, stepsize)?;
        if kernels.is_empty() {
            return Err(Error::parameter("adaptive ring", "no ring fits between its radii"));
        }
        let Planes { shape, background, counts, acceptance, .. } = planes;
        let own = background.values.to_f64();
        let maps =
            adaptive_ring(&kernels, shape, &counts, &acceptance, &own, self.threshold_alpha)?;
        let geom = dataset.geom().clone();
        let acceptance = Map::new(geom, "", maps.acceptance)?;
        set_off(dataset, acceptance, maps.counts_off, maps.acceptance_off);
        Ok(())
    }
}
