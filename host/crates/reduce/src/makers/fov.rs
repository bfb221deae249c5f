//! Background of the field of view, scaled to what was counted.

use tierline_sky::SkyCoord;

use crate::Error;
use crate::dataset::{BackgroundModel, Dataset};
use crate::fit::{Data, PowerLawNorm, fit_background};
use crate::geom::Geom;
use crate::map::{Mask, n_planes};
use crate::unit;

/// How the factor is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FovMethod {
    /// The ratio of the sums.
    Scale,
    /// The most likely norm.
    Fit,
    /// The most likely norm and tilt.
    FitTilt,
}

/// Scales the background to the counts outside an exclusion.
#[derive(Debug, Clone, PartialEq)]
pub struct FovBackgroundMaker {
    /// How.
    pub method: FovMethod,
    /// Cells that may be used: an image, or with the dataset's axes. Outside of it nothing may.
    pub exclusion: Option<Mask>,
    /// Where the norm starts, and the tilt and reference that stay where they aren't free.
    pub start: PowerLawNorm,
    /// Counts that are needed.
    pub min_counts: f64,
    /// Background that is needed.
    pub min_npred_background: f64,
}

impl Default for FovBackgroundMaker {
    fn default() -> Self {
        FovBackgroundMaker {
            method: FovMethod::Scale,
            exclusion: None,
            start: PowerLawNorm::default(),
            min_counts: 0.0,
            min_npred_background: 0.0,
        }
    }
}

/// A mask at the centres of another geometry's cells: that of the nearest pixel, and `outside` beyond it. A mask without axes is for
/// all planes.
///
/// # Errors
/// Where it has other planes.
pub fn project_mask(mask: &Mask, geom: &Geom, outside: bool) -> Result<Vec<bool>, Error> {
    let (planes, own) = (n_planes(geom), n_planes(&mask.geom));
    if own != 1 && own != planes {
        let reason = format!("a mask of {own} planes for {planes}");
        return Err(Error::parameter("exclusion mask", reason));
    }
    let (n, n_own) = (geom.n_image_pixels(), mask.geom.n_image_pixels());
    let index = |vector| mask.geom.image_index(&SkyCoord::from_vector(vector, geom.frame()));
    let pixels: Vec<Option<usize>> = geom.vectors()?.into_iter().map(index).collect();
    let mut values = Vec::with_capacity(planes * n);
    for plane in 0..planes {
        let start = if own == 1 { 0 } else { plane * n_own };
        let value = |pixel: &Option<usize>| pixel.map_or(outside, |at| mask.values[start + at]);
        values.extend(pixels.iter().map(value));
    }
    Ok(values)
}

impl FovBackgroundMaker {
    /// Gives the dataset the factor on its background. Where it can't be found, no cell is safe any more, and a warning tells why.
    ///
    /// # Errors
    /// Where the dataset is of a region or has no background, or the exclusion doesn't fit.
    pub fn run(&self, dataset: &mut Dataset) -> Result<Vec<String>, Error> {
        let name = format!("dataset {}", dataset.name);
        if dataset.is_spectrum() {
            let reason = "the background of a field of view can't be scaled on a region";
            return Err(Error::parameter(name, reason));
        }
        let Some(background) = &dataset.background else {
            return Err(Error::parameter(name, "it has no background"));
        };
        let geom = dataset.geom();
        let mut mask = match &self.exclusion {
            Some(exclusion) => project_mask(exclusion, geom, false)?,
            None => vec![true; dataset.counts.values.len()],
        };
        let (counts, background) = (dataset.counts.values.to_f64(), background.values.to_f64());
        for (at, cell) in mask.iter_mut().enumerate() {
            *cell &= dataset.mask_safe.as_ref().is_none_or(|mask| mask.values[at])
                && dataset.mask_fit.as_ref().is_none_or(|mask| mask.values[at])
                && !background[at].is_nan();
        }
        let energy = dataset.energy_axis()?;
        let scale = unit::factor(energy.unit(), "TeV")?;
        let energies: Vec<f64> = energy.centers().iter().map(|energy| energy * scale).collect();
        let data = Data {
            energies: &energies,
            counts: &counts,
            background: &background,
            other: None,
            mask: &mask,
        };
        match self.model(&data)? {
            Ok(model) => {
                dataset.model = Some(model);
                Ok(Vec::new())
            }
            Err(reason) => {
                dataset.mask_safe = Some(Mask::filled(dataset.geom().clone(), false));
                Ok(vec![format!("{name}: the background isn't scaled, nothing is safe: {reason}")])
            }
        }
    }

    /// The factor, or why there is none.
    fn model(&self, data: &Data<'_>) -> Result<Result<BackgroundModel, String>, Error> {
        let masked = |values: &[f64]| -> f64 {
            values.iter().zip(data.mask).filter(|(_, used)| **used).map(|(value, _)| *value).sum()
        };
        let (counts, background) = (masked(data.counts), masked(data.background));
        let (least_counts, least_background) = (self.min_counts, self.min_npred_background);
        if background.is_nan() || background <= least_background {
            return Ok(Err(format!(
                "a background of {background}, more than {least_background} is needed"
            )));
        }
        if counts <= least_counts {
            return Ok(Err(format!("{counts} counts, more than {least_counts} are needed")));
        }
        if self.method == FovMethod::Scale {
            let model = PowerLawNorm { norm: counts / background, ..self.start };
            let norm_error = counts.sqrt() / background;
            return Ok(Ok(BackgroundModel { model, norm_error, tilt_error: f64::NAN }));
        }
        let fit = fit_background(data, self.start, self.method == FovMethod::FitTilt)?;
        if !fit.has_converged {
            return Ok(Err("the fit did not converge".into()));
        }
        let (norm_error, tilt_error) = (fit.norm_error, fit.tilt_error);
        Ok(Ok(BackgroundModel { model: fit.model, norm_error, tilt_error }))
    }
}
