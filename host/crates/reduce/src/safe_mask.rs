//! Ranges of energy that are safe to use: thresholds from effective area, energy dispersion and background.
//!
//! Thresholds are in true energy and are applied to reconstructed energy.

use tierline_sky::{Interp, MapAxis};

use crate::Error;
use crate::irf::{Background, EffectiveArea};

/// Samples between which a root is looked for, less one.
const SAMPLES: usize = 100;

/// Values tabulated over energy, linear in logarithms of both; beyond the ends the line goes on.
#[derive(Debug, Clone)]
pub struct Template {
    energies: Vec<f64>,
    values: Vec<f64>,
}

impl Template {
    /// From values at rising energies. Values that are not above zero count as the smallest normal number.
    ///
    /// # Errors
    /// Where there are none, or as many values as energies, or these don't rise from above zero.
    pub fn new(energies: &[f64], values: &[f64]) -> Result<Self, Error> {
        let rise = energies.windows(2).all(|pair| pair[0] < pair[1]);
        if energies.is_empty() || energies.len() != values.len() || !rise || energies[0] <= 0.0 {
            let reason = format!("{} values at {} energies", values.len(), energies.len());
            return Err(Error::parameter("values over rising energies", reason));
        }
        let log = |value: &f64| Interp::Log.scale(*value);
        let values = values.iter().map(log).collect();
        Ok(Template { energies: energies.iter().map(log).collect(), values })
    }

    /// The value at an energy.
    pub fn evaluate(&self, energy: f64) -> f64 {
        let n = self.energies.len();
        if n == 1 {
            return self.values[0].exp();
        }
        let at = energy.ln();
        let low = self.energies.partition_point(|e| *e < at).saturating_sub(1).min(n - 2);
        let weight = (at - self.energies[low]) / (self.energies[low + 1] - self.energies[low]);
        let value = (self.values[low] * (1.0 - weight) + self.values[low + 1] * weight).exp();
        if value <= 2.0 * f64::MIN_POSITIVE { 0.0 } else { value }
    }

    /// The energy of the first crossing of `value` between two energies, looked for between samples at equal steps of the logarithm.
    pub fn first_root(&self, value: f64, [from, to]: [f64; 2]) -> Option<f64> {
        let (from, to) = (from.ln(), to.ln());
        let sample = |k: usize| (from + (to - from) * k as f64 / SAMPLES as f64).exp();
        let above = |energy: f64| self.evaluate(energy) - value;
        let mut low = (sample(0), above(sample(0)));
        for k in 1..=SAMPLES {
            let high = (sample(k), above(sample(k)));
            if sign(low.1) != sign(high.1) {
                return bisect(above, low, high);
            }
            low = high;
        }
        None
    }
}

/// -1, 0 or 1.
fn sign(value: f64) -> i8 {
    i8::from(value > 0.0) - i8::from(value < 0.0)
}

/// The root between two points of different sign, to the last digit.
fn bisect(above: impl Fn(f64) -> f64, low: (f64, f64), high: (f64, f64)) -> Option<f64> {
    for (at, value) in [low, high] {
        if value == 0.0 {
            return Some(at);
        }
    }
    if low.1.is_nan() || high.1.is_nan() {
        return None;
    }
    let (mut a, mut b) = (low.0, high.0);
    // Halving reaches neighbouring numbers long before.
    for _ in 0..200 {
        let middle = 0.5 * (a + b);
        if middle <= a || middle >= b {
            break;
        }
        match sign(above(middle)) {
            0 => return Some(middle),
            same if same == sign(low.1) => a = middle,
            _ => b = middle,
        }
    }
    Some(0.5 * (a + b))
}

/// `aeff-max`: the energy above which the effective area is more than `percent` of its largest, from its values at the centres of
/// true energy. `None` where it is zero throughout: then no energy is safe.
///
/// # Errors
/// Where there is not one value per rising energy.
pub fn aeff_max_energy(energies: &[f64], aeff: &[f64], percent: f64) -> Result<Option<f64>, Error> {
    let template = Template::new(energies, aeff)?;
    let Some(first) = aeff.iter().position(|aeff| *aeff > 0.0) else {
        return Ok(None);
    };
    let max = aeff.iter().copied().fold(0.0, f64::max);
    let range = [energies[first], energies[energies.len() - 1]];
    let threshold = percent / 100.0 * max;
    Ok(Some(template.first_root(threshold, range).unwrap_or(energies[first])))
}

impl EffectiveArea {
    /// `aeff-max` of the response itself: the lowest edge of true energy at which it is more than `percent` of its largest value at
    /// edges, at one offset.
    ///
    /// # Errors
    /// Where it is zero throughout.
    pub fn max_energy(&self, offset: f64, percent: f64) -> Result<f64, Error> {
        let table = self.interpolator()?;
        let edges = self.table.axis("energy_true")?.edges();
        let values: Vec<f64> = edges.iter().map(|edge| table.at(&[*edge, offset])).collect();
        let threshold = percent * values.iter().copied().fold(0.0, f64::max) / 100.0;
        let first = values.iter().position(|value| *value > threshold);
        first.map(|at| edges[at]).ok_or_else(|| {
            Error::parameter("aeff-max", format!("no effective area at an offset of {offset} deg"))
        })
    }
}

/// `bkg-peak`: the lower edge of the bin with the largest background, the first of several.
///
/// # Errors
/// Where there is not one value per bin.
pub fn bkg_peak_energy(energy: &MapAxis, background: &[f64]) -> Result<f64, Error> {
    if background.len() != energy.n_bins() {
        let reason = format!("{} values for {} bins", background.len(), energy.n_bins());
        return Err(Error::parameter("bkg-peak", reason));
    }
    let mut peak = 0;
    for (at, value) in background.iter().enumerate() {
        // What is no number counts as largest, as it does for a sum that holds it.
        if *value > background[peak] || (value.is_nan() && !background[peak].is_nan()) {
            peak = at;
        }
    }
    Ok(energy.edges()[peak])
}

impl Background {
    /// `bkg-peak` of the response itself.
    ///
    /// # Errors
    /// As [`offset_integral`](Self::offset_integral).
    pub fn peak_energy(&self) -> Result<f64, Error> {
        bkg_peak_energy(self.table().axis("energy")?, &self.offset_integral()?)
    }
}

/// Which bins lie entirely between two energies; `None` is no limit.
///
/// The edges are those after the way through the scale of the axis, so that a limit that came the same way is met exactly.
pub fn energy_mask(energy: &MapAxis, min: Option<f64>, max: Option<f64>) -> Vec<bool> {
    let inside = |edges: &[f64]| {
        min.is_none_or(|min| edges[0] >= min) && max.is_none_or(|max| edges[1] <= max)
    };
    energy.edges().windows(2).map(inside).collect()
}

/// Sets to false what of a mask, planes of energy, has a background that is no number, or that isn't above zero where
/// `needs_background`.
///
/// # Errors
/// Where they differ in length.
pub fn mask_invalid_background(
    mask: &mut [bool],
    background: &[f64],
    needs_background: bool,
) -> Result<(), Error> {
    if mask.len() != background.len() {
        let reason = format!("{} values for a mask of {}", background.len(), mask.len());
        return Err(Error::parameter("background", reason));
    }
    for (mask, value) in mask.iter_mut().zip(background) {
        *mask &= value.is_finite() && (*value > 0.0 || !needs_background);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tierline_sky::NodeType;

    use super::*;

    #[test]
    fn roots_of_a_power_law() {
        let energies = [0.1, 1.0, 10.0, 100.0];
        let template = Template::new(&energies, &energies.map(|e| e * e)).unwrap();
        assert!((template.evaluate(5.0) / 25.0 - 1.0).abs() < 1e-14);
        let root = template.first_root(25.0, [0.1, 100.0]).unwrap();
        assert!((root / 5.0 - 1.0).abs() < 1e-14, "{root}");
        assert_eq!(template.first_root(1e9, [0.1, 100.0]), None);
        assert!(Template::new(&energies, &[1.0; 3]).is_err());
        assert!(Template::new(&[1.0, 1.0], &[1.0; 2]).is_err());
        assert!(Template::new(&[], &[]).is_err());
        assert!((Template::new(&[1.0], &[3.0]).unwrap().evaluate(7.0) - 3.0).abs() < 1e-14);
    }

    #[test]
    fn effective_area_of_a_share_of_the_largest() {
        let energies = [0.1, 1.0, 10.0, 100.0, 1000.0];
        let of = |aeff: &[f64]| aeff_max_energy(&energies, aeff, 10.0).unwrap();
        assert_eq!(of(&[0.0; 5]), None);
        // Above from the first energy with any.
        assert_eq!(of(&[0.0, 20.0, 100.0, 100.0, 50.0]), Some(1.0));
        let found = of(&[0.1, 1.0, 100.0, 100.0, 50.0]).unwrap();
        assert!((found / 10.0_f64.powf(0.5) - 1.0).abs() < 1e-12, "{found}");
    }

    #[test]
    fn bins_between_two_energies() {
        let edges = vec![0.1, 1.0, 10.0, 100.0];
        let axis = MapAxis::new("energy", "TeV", Interp::Log, NodeType::Edges, edges).unwrap();
        assert_eq!(energy_mask(&axis, None, None), [true; 3]);
        assert_eq!(energy_mask(&axis, Some(1.0), None), [false, true, true]);
        assert_eq!(energy_mask(&axis, Some(1.01), Some(axis.edges()[3])), [false, false, true]);
        // The edge came back a little above.
        assert!(axis.edges()[2] > 10.0);
        assert_eq!(energy_mask(&axis, None, Some(10.0)), [true, false, false]);
        assert_eq!(bkg_peak_energy(&axis, &[1.0, 3.0, 3.0]).unwrap(), axis.edges()[1]);
        assert!(bkg_peak_energy(&axis, &[1.0]).is_err());
    }

    #[test]
    fn background_that_is_none() {
        let background = [1.0, 0.0, f64::NAN, 1e-38];
        let mut mask = [true; 4];
        mask_invalid_background(&mut mask, &background, false).unwrap();
        assert_eq!(mask, [true, true, false, true]);
        mask_invalid_background(&mut mask, &background, true).unwrap();
        assert_eq!(mask, [true, false, false, true]);
        assert!(mask_invalid_background(&mut mask, &background[1..], true).is_err());
    }
}
