//! Datasets: what was counted, what is expected of the background, and the responses, on one geometry.

mod create;
mod cutout;
mod info;
mod stack;

pub use create::{Axes, default_migra_axis, default_rad_axis};
pub use info::Info;

use tierline_sky::{MapAxis, SkyCoord};

use crate::data::Gti;
use crate::fit::PowerLawNorm;
use crate::geom::Geom;
use crate::map::{Map, Mask, axis};
use crate::{Error, stats};

/// A response as a map, and the exposure it was averaged with.
#[derive(Debug, Clone, PartialEq)]
pub struct IrfMap {
    /// The response. Axes: rad, energy_true for a point spread function; energy or migra, energy_true for an energy dispersion.
    pub map: Map,
    /// Exposure in m2 s, the first axis of one bin.
    pub exposure: Map,
}

impl IrfMap {
    /// Whether it is a matrix of energies: its first axis is the reconstructed energy.
    pub fn is_kernel(&self) -> bool {
        self.map.geom.axes().first().is_some_and(|axis| axis.name() == "energy")
    }
}

/// Counts of other places or phases, from which the background is estimated.
#[derive(Debug, Clone, PartialEq)]
pub struct OnOff {
    /// Counts; `None` where there is no place to count. Those of a spectrum are on the union of the off regions.
    pub counts_off: Option<Map>,
    /// Relative acceptance of the counts.
    pub acceptance: Map,
    /// Relative acceptance of the other places.
    pub acceptance_off: Option<Map>,
}

/// A factor on the background, as it was fitted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackgroundModel {
    /// The factor by energy in TeV.
    pub model: PowerLawNorm,
    /// Error of the norm; NaN if it is not known.
    pub norm_error: f64,
    /// Error of the tilt; NaN if it is not known.
    pub tilt_error: f64,
}

/// What is told of an observation in a dataset's table.
#[derive(Debug, Clone, PartialEq)]
pub struct MetaRow {
    /// `TELESCOP`.
    pub telescope: String,
    /// `OBS_ID`.
    pub obs_id: String,
    /// `OBS_MODE`.
    pub obs_mode: String,
    /// Pointing: right ascension and declination in degrees.
    pub pointing: [f64; 2],
}

/// A dataset of maps, or of spectra where the geometry is a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Name.
    pub name: String,
    /// Counts.
    pub counts: Map,
    /// Exposure in m2 s over true energy.
    pub exposure: Option<Map>,
    /// Seconds of the exposure.
    pub livetime_s: Option<f64>,
    /// Expected background; `None` for datasets with [`OnOff`] counts.
    pub background: Option<Map>,
    /// Factor on the background.
    pub model: Option<BackgroundModel>,
    /// Point spread function.
    pub psf: Option<IrfMap>,
    /// Energy dispersion.
    pub edisp: Option<IrfMap>,
    /// Cells that are safe to use; `None`: all.
    pub mask_safe: Option<Mask>,
    /// Cells that are to be fitted; `None`: all.
    pub mask_fit: Option<Mask>,
    /// Counts of other places.
    pub off: Option<OnOff>,
    /// Times.
    pub gti: Option<Gti>,
    /// Whether the responses are for a point source.
    pub is_pointlike: bool,
    /// Observations.
    pub meta: Vec<MetaRow>,
}

impl Dataset {
    /// Geometry of the counts.
    pub fn geom(&self) -> &Geom {
        &self.counts.geom
    }

    /// Axis of reconstructed energy.
    ///
    /// # Errors
    /// Where there is none.
    pub fn energy_axis(&self) -> Result<&MapAxis, Error> {
        axis(self.geom(), "energy")
    }

    /// Whether it is on a region, not a map.
    pub fn is_spectrum(&self) -> bool {
        matches!(self.geom(), Geom::Region(_))
    }

    /// Middle of the map or region.
    ///
    /// # Errors
    /// Where that is outside the projection.
    pub fn center(&self) -> Result<SkyCoord, Error> {
        Ok(self.geom().center_skydir()?)
    }

    /// Pixels of the image that are safe in any energy.
    pub fn mask_safe_image(&self) -> Option<Vec<bool>> {
        self.mask_safe.as_ref().map(Mask::image)
    }

    /// Ratio of the acceptances; 0 where it is no number.
    ///
    /// # Errors
    /// Where the dataset has no other places.
    pub fn alpha(&self) -> Result<Vec<f64>, Error> {
        let off = self.off.as_ref().ok_or_else(|| {
            Error::parameter(format!("dataset {}", self.name), "it has no off counts")
        })?;
        let n = off.acceptance.values.len();
        let Some(acceptance_off) = &off.acceptance_off else { return Ok(vec![0.0; n]) };
        let alpha = |at: usize| {
            let alpha = off.acceptance.values.get(at) / acceptance_off.values.get(at);
            if alpha.is_nan() { 0.0 } else { alpha }
        };
        Ok((0..n).map(alpha).collect())
    }

    /// The scaled off counts; `None` without any.
    ///
    /// # Errors
    /// As [`alpha`](Self::alpha).
    pub fn scaled_off(&self) -> Result<Option<Map>, Error> {
        let Some(counts_off) = self.off.as_ref().and_then(|off| off.counts_off.as_ref()) else {
            return Ok(None);
        };
        let alpha = self.alpha()?;
        let values = alpha.iter().enumerate().map(|(at, alpha)| alpha * counts_off.values.get(at));
        Ok(Some(Map::new(self.counts.geom.clone(), "", values.collect())?))
    }

    /// Expected background: that of the responses with its factor, or with off counts the most likely one; `None` without either.
    ///
    /// # Errors
    /// Where there is no energy axis.
    pub fn npred_background(&self) -> Result<Option<Map>, Error> {
        if let Some(OnOff { counts_off, .. }) = &self.off {
            let Some(counts_off) = counts_off else { return Ok(None) };
            let alpha = self.alpha()?;
            let values = alpha.iter().enumerate().map(|(at, alpha)| {
                let (on, off) = (self.counts.values.get(at), counts_off.values.get(at));
                alpha * stats::wstat_mu_bkg(on, off, *alpha, 0.0)
            });
            return Ok(Some(Map::new(self.counts.geom.clone(), "", values.collect())?));
        }
        let (Some(background), Some(model)) = (&self.background, &self.model) else {
            return Ok(self.background.clone());
        };
        let n = background.geom.n_image_pixels();
        let factors = model.factors(axis(&background.geom, "energy")?);
        let mut values = background.values.to_f64();
        for (plane, factor) in values.chunks_exact_mut(n.max(1)).zip(factors) {
            plane.iter_mut().for_each(|value| *value *= factor);
        }
        Ok(Some(Map::new(background.geom.clone(), "", values)?))
    }

    /// The statistic of the counts without a source, summed over the safe cells that are fitted: cash, or wstat with off counts.
    ///
    /// # Errors
    /// As [`npred_background`](Self::npred_background).
    pub fn stat_sum(&self) -> Result<f64, Error> {
        let used = |at: usize| {
            self.mask_safe.as_ref().is_none_or(|mask| mask.values[at])
                && self.mask_fit.as_ref().is_none_or(|mask| mask.values[at])
        };
        let cells = (0..self.counts.values.len()).filter(|at| used(*at));
        let counts = |at: usize| self.counts.values.get(at);
        if let Some(off) = &self.off {
            let alpha = self.alpha()?;
            let n_off = |at: usize| off.counts_off.as_ref().map_or(0.0, |off| off.values.get(at));
            return Ok(cells.map(|at| stats::wstat(counts(at), n_off(at), alpha[at], 0.0)).sum());
        }
        let npred = self.npred_background()?;
        let expected = |at: usize| npred.as_ref().map_or(0.0, |npred| npred.values.get(at));
        Ok(cells.map(|at| stats::cash(counts(at), expected(at))).sum())
    }
}

impl BackgroundModel {
    /// Factors at the centres of an axis of energies in TeV.
    pub fn factors(&self, energy: &MapAxis) -> Vec<f64> {
        energy.centers().into_iter().map(|energy| self.model.evaluate(energy)).collect()
    }
}
