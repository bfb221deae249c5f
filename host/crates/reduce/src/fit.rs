//! Normalisation of a background to counts, by the most likely power law.
//!
//! The model of a pixel is `background norm (energy / reference)^(-tilt) + other`, the energy that of its plane. What is minimised is
//! Cash's statistic; errors are from its curvature there.

use crate::Error;
use crate::stats::{TRUNCATION, cash};

/// Steps, at most.
const MAX_STEPS: usize = 200;

/// What a step gains at most where the minimum is so near that further ones need not be watched.
const NEAR: f64 = 1e-6;

/// The model's parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLawNorm {
    /// Factor at the reference energy.
    pub norm: f64,
    /// Exponent, with a minus.
    pub tilt: f64,
    /// Reference energy, in the unit of the planes' energies.
    pub reference: f64,
}

impl Default for PowerLawNorm {
    fn default() -> Self {
        PowerLawNorm { norm: 1.0, tilt: 0.0, reference: 1.0 }
    }
}

impl PowerLawNorm {
    /// The factor at an energy.
    pub fn evaluate(&self, energy: f64) -> f64 {
        self.norm * (energy / self.reference).powf(-self.tilt)
    }
}

/// What is fitted: planes of pixels, the energy varying slowest.
#[derive(Debug, Clone, Copy)]
pub struct Data<'a> {
    /// Energy of each plane.
    pub energies: &'a [f64],
    /// Counts.
    pub counts: &'a [f64],
    /// Background before it is normalised.
    pub background: &'a [f64],
    /// Other expected counts, if any.
    pub other: Option<&'a [f64]>,
    /// Which pixels to use.
    pub mask: &'a [bool],
}

/// The most likely parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The parameters.
    pub model: PowerLawNorm,
    /// Error of the norm.
    pub norm_error: f64,
    /// Error of the tilt; 0 where it is not free.
    pub tilt_error: f64,
    /// Statistic summed over the pixels used.
    pub stat_sum: f64,
    /// Whether the minimum was found.
    pub has_converged: bool,
}

/// Counts and background of a plane where nothing else is expected: sums are enough.
#[derive(Debug, Clone, Copy, Default)]
struct Plane {
    log_energy: f64,
    n: f64,
    background: f64,
    /// Sum of `n ln background`.
    n_log: f64,
}

/// A pixel where something else is expected.
#[derive(Debug, Clone, Copy)]
struct Pixel {
    log_energy: f64,
    n: f64,
    background: f64,
    other: f64,
}

/// The data as far as the statistic needs them.
#[derive(Debug, Default)]
struct Sums {
    planes: Vec<Plane>,
    pixels: Vec<Pixel>,
    /// Statistic of pixels without any background, which no parameter changes.
    rest: f64,
}

impl Sums {
    fn new(data: &Data<'_>, reference: f64) -> Result<Self, Error> {
        let n = data.counts.len();
        let n_pixels = n / data.energies.len().max(1);
        let sizes = [data.background.len(), data.mask.len(), n_pixels * data.energies.len()];
        if sizes.iter().any(|size| *size != n) || data.other.is_some_and(|all| all.len() != n) {
            let reason = format!("{n} counts, others and planes times pixels {sizes:?}");
            return Err(Error::parameter("data to fit", reason));
        }
        let mut sums = Sums::default();
        for (k, energy) in data.energies.iter().enumerate() {
            let log_energy = (energy / reference).ln();
            if !log_energy.is_finite() {
                let reason = format!("energy {energy} with reference {reference}");
                return Err(Error::parameter("data to fit", reason));
            }
            let mut plane = Plane { log_energy, ..Plane::default() };
            for at in k * n_pixels..(k + 1) * n_pixels {
                if data.mask[at] {
                    let other = data.other.map_or(0.0, |all| all[at]);
                    sums.take(&mut plane, [data.counts[at], data.background[at], other])?;
                }
            }
            sums.planes.push(plane);
        }
        Ok(sums)
    }

    fn take(&mut self, plane: &mut Plane, [n, background, other]: [f64; 3]) -> Result<(), Error> {
        if !(n.is_finite() && background.is_finite() && other.is_finite()) {
            let reason = format!("counts {n}, background {background}, other {other} in the mask");
            return Err(Error::parameter("data to fit", reason));
        }
        if background <= TRUNCATION {
            self.rest += cash(n, other);
        } else if other == 0.0 {
            plane.n += n;
            plane.background += background;
            plane.n_log += n * background.ln();
        } else {
            let log_energy = plane.log_energy;
            self.pixels.push(Pixel { log_energy, n, background, other });
        }
        Ok(())
    }

    /// The statistic.
    fn stat(&self, [norm, tilt]: [f64; 2]) -> f64 {
        let mut sum = self.rest;
        for plane in &self.planes {
            let factor = norm * (-tilt * plane.log_energy).exp();
            sum += 2.0 * (factor * plane.background - plane.n * factor.ln() - plane.n_log);
        }
        for pixel in &self.pixels {
            let factor = norm * (-tilt * pixel.log_energy).exp();
            sum += cash(pixel.n, factor * pixel.background + pixel.other);
        }
        sum
    }

    /// First and second derivatives by norm and tilt: norm, tilt; norm norm, norm tilt, tilt tilt.
    fn derivatives(&self, [norm, tilt]: [f64; 2]) -> ([f64; 2], [f64; 3]) {
        let (mut first, mut second) = ([0.0; 2], [0.0; 3]);
        let mut add = |log_energy: f64, slope: f64, curve: f64, mu: f64| {
            // With mu of the background alone: by norm mu / norm, by tilt -mu ln(energy / reference).
            let (a, b) = (mu / norm, -mu * log_energy);
            first[0] += slope * a;
            first[1] += slope * b;
            second[0] += curve * a * a;
            second[1] += curve * a * b - slope * a * log_energy;
            second[2] += curve * b * b + slope * mu * log_energy * log_energy;
        };
        for plane in &self.planes {
            let mu = norm * (-tilt * plane.log_energy).exp() * plane.background;
            if plane.background > 0.0 {
                add(plane.log_energy, 2.0 * (1.0 - plane.n / mu), 2.0 * plane.n / (mu * mu), mu);
            }
        }
        for pixel in &self.pixels {
            let mu = norm * (-tilt * pixel.log_energy).exp() * pixel.background;
            let all = (mu + pixel.other).max(TRUNCATION);
            add(pixel.log_energy, 2.0 * (1.0 - pixel.n / all), 2.0 * pixel.n / (all * all), mu);
        }
        (first, second)
    }
}

/// Fits the norm, and the tilt where `is_tilt_free`, from the values of `start` on.
///
/// # Errors
/// Where sizes don't fit, values in the mask are not finite, or the start has no norm above 0.
pub fn fit_background(
    data: &Data<'_>,
    start: PowerLawNorm,
    is_tilt_free: bool,
) -> Result<Fit, Error> {
    if !(start.norm > 0.0 && start.norm.is_finite() && start.tilt.is_finite()) {
        let reason = format!("expected a norm above 0 and a number, found {start:?}");
        return Err(Error::parameter("start of the fit", reason));
    }
    let sums = Sums::new(data, start.reference)?;
    let (at, has_converged) = minimise(&sums, [start.norm, start.tilt], is_tilt_free);
    let (_, curve) = sums.derivatives(at);
    // Twice the inverse of the second derivatives, as the statistic is twice the logarithm of the likelihood.
    let (norm_error, tilt_error) = if is_tilt_free {
        let determinant = curve[0] * curve[2] - curve[1] * curve[1];
        ((2.0 * curve[2] / determinant).sqrt(), (2.0 * curve[0] / determinant).sqrt())
    } else {
        ((2.0 / curve[0]).sqrt(), 0.0)
    };
    let is_known = norm_error.is_finite() && tilt_error.is_finite();
    Ok(Fit {
        model: PowerLawNorm { norm: at[0], tilt: at[1], reference: start.reference },
        norm_error,
        tilt_error,
        stat_sum: sums.stat(at),
        has_converged: has_converged && is_known,
    })
}

/// Newton steps, damped while they don't lead down; the norm stays above 0.
fn minimise(sums: &Sums, mut at: [f64; 2], is_tilt_free: bool) -> ([f64; 2], bool) {
    let mut stat = sums.stat(at);
    let mut damping = 0.0;
    for _ in 0..MAX_STEPS {
        let (slope, curve) = sums.derivatives(at);
        let step = newton_step(slope, curve, 0.0, is_tilt_free);
        // What it is expected to gain, to first order.
        let gain = -(step[0] * slope[0] + step[1] * slope[1]);
        if (0.0..=NEAR).contains(&gain) && at[0] + step[0] > 0.0 {
            return (polish(sums, at, is_tilt_free), true);
        }
        let step = newton_step(slope, curve, damping, is_tilt_free);
        let next = [(at[0] + step[0]).max(at[0] * 0.1), at[1] + step[1]];
        let next_stat = sums.stat(next);
        if next_stat < stat {
            (at, stat) = (next, next_stat);
            damping = if damping < 1e-6 { 0.0 } else { damping * 0.1 };
        } else {
            damping = if damping == 0.0 { 1e-3 } else { damping * 10.0 };
        }
        if damping > 1e12 {
            return (at, false);
        }
    }
    (at, false)
}

/// A few more steps from near the minimum, where the statistic itself can't tell the last digits.
fn polish(sums: &Sums, mut at: [f64; 2], is_tilt_free: bool) -> [f64; 2] {
    for _ in 0..4 {
        let (slope, curve) = sums.derivatives(at);
        let step = newton_step(slope, curve, 0.0, is_tilt_free);
        at = [at[0] + step[0], at[1] + step[1]];
    }
    at
}

/// The step to where the slope vanishes, shortened by damping.
fn newton_step(slope: [f64; 2], curve: [f64; 3], damping: f64, is_tilt_free: bool) -> [f64; 2] {
    let more = |value: f64| value.abs() * (1.0 + damping) + f64::MIN_POSITIVE;
    let (a, c) = (more(curve[0]), more(curve[2]));
    if !is_tilt_free {
        return [-slope[0] / a, 0.0];
    }
    let determinant = a * c - curve[1] * curve[1];
    if determinant <= 0.0 {
        // Along each on its own.
        return [-slope[0] / a, -slope[1] / c];
    }
    let norm = (c * slope[0] - curve[1] * slope[1]) / determinant;
    let tilt = (a * slope[1] - curve[1] * slope[0]) / determinant;
    [-norm, -tilt]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENERGIES: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

    fn background() -> Vec<f64> {
        (0..40).map(|k| 2.0 + (k % 7) as f64).collect()
    }

    /// Expected counts as counts: the model is the minimum.
    fn exact(model: PowerLawNorm, other: f64) -> Vec<f64> {
        let background = background();
        let plane = |k: usize| model.evaluate(ENERGIES[k / 10]);
        (0..40).map(|k| plane(k) * background[k] + other).collect()
    }

    #[test]
    fn the_norm_alone_is_the_ratio_of_sums() {
        let background = background();
        let counts: Vec<f64> = (0..40).map(|k| (k % 5) as f64).collect();
        let mask: Vec<bool> = (0..40).map(|k| k % 3 != 0).collect();
        let sum = |all: &[f64]| -> f64 {
            all.iter().zip(&mask).filter(|(_, is_in)| **is_in).map(|(v, _)| v).sum()
        };
        let data = Data {
            energies: &ENERGIES,
            counts: &counts,
            background: &background,
            other: None,
            mask: &mask,
        };
        let fit = fit_background(&data, PowerLawNorm::default(), false).unwrap();
        let ratio = sum(&counts) / sum(&background);
        assert!(fit.has_converged);
        assert!((fit.model.norm / ratio - 1.0).abs() < 1e-12, "{fit:?}");
        let error = sum(&counts).sqrt() / sum(&background);
        assert!((fit.norm_error / error - 1.0).abs() < 1e-10);
        let stat: f64 = (0..40)
            .filter(|k| mask[*k])
            .map(|k| cash(counts[k], fit.model.norm * background[k]))
            .sum();
        assert!((fit.stat_sum - stat).abs() < 1e-9);
        assert_eq!((fit.model.tilt, fit.tilt_error), (0.0, 0.0));
    }

    #[test]
    fn norm_and_tilt_come_back() {
        for other in [0.0, 1.5] {
            for (norm, tilt) in [(0.8, -0.15), (3.0, 0.9), (0.02, -2.0)] {
                let model = PowerLawNorm { norm, tilt, reference: 1.0 };
                let (counts, background) = (exact(model, other), background());
                let others = vec![other; 40];
                let data = Data {
                    energies: &ENERGIES,
                    counts: &counts,
                    background: &background,
                    other: Some(&others),
                    mask: &[true; 40],
                };
                let fit = fit_background(&data, PowerLawNorm::default(), true).unwrap();
                assert!(fit.has_converged, "{model:?}");
                assert!((fit.model.norm / norm - 1.0).abs() < 1e-6, "{fit:?}");
                assert!((fit.model.tilt - tilt).abs() < 1e-6, "{fit:?}");
                assert!(fit.norm_error > 0.0 && fit.tilt_error > 0.0);
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_statistic() {
        let counts: Vec<f64> = (0..40).map(|k| (k % 6) as f64).collect();
        let (background, others) =
            (background(), (0..40).map(|k| (k % 2) as f64).collect::<Vec<_>>());
        let data = Data {
            energies: &ENERGIES,
            counts: &counts,
            background: &background,
            other: Some(&others),
            mask: &[true; 40],
        };
        let sums = Sums::new(&data, 1.5).unwrap();
        let (at, h) = ([0.7, 0.3], 1e-5);
        let (first, second) = sums.derivatives(at);
        for k in 0..2 {
            let (mut up, mut down) = (at, at);
            (up[k], down[k]) = (at[k] + h, at[k] - h);
            let slope = (sums.stat(up) - sums.stat(down)) / (2.0 * h);
            assert!((slope - first[k]).abs() < 1e-5 * (1.0 + slope.abs()), "{k}: {slope}");
            let (above, below) = (sums.derivatives(up).0, sums.derivatives(down).0);
            for other in 0..2 {
                let curve = (above[other] - below[other]) / (2.0 * h);
                let wanted = second[k + other];
                assert!((curve - wanted).abs() < 1e-5 * (1.0 + curve.abs()), "{k} {other}");
            }
        }
    }

    #[test]
    fn pixels_without_background_count_but_do_not_matter() {
        let mut background = background();
        background[3] = 0.0;
        background[17] = 1e-38;
        let counts = vec![2.0; 40];
        let data = Data {
            energies: &ENERGIES,
            counts: &counts,
            background: &background,
            other: None,
            mask: &[true; 40],
        };
        let fit = fit_background(&data, PowerLawNorm::default(), false).unwrap();
        let ratio = 76.0 / background.iter().sum::<f64>();
        assert!((fit.model.norm / ratio - 1.0).abs() < 1e-12);
        assert!(fit.stat_sum > 4.0 * 2.0 * 57.0);
    }

    #[test]
    fn what_is_no_data_is_refused() {
        let data = Data {
            energies: &ENERGIES,
            counts: &[1.0; 40],
            background: &[1.0; 39],
            other: None,
            mask: &[true; 40],
        };
        assert!(fit_background(&data, PowerLawNorm::default(), true).is_err());
        let data = Data { background: &[f64::NAN; 40], ..data };
        assert!(fit_background(&data, PowerLawNorm::default(), true).is_err());
        let data = Data { background: &[1.0; 40], energies: &[0.0, 1.0, 2.0, 3.0], ..data };
        assert!(fit_background(&data, PowerLawNorm::default(), true).is_err());
        let start = PowerLawNorm { norm: 0.0, ..PowerLawNorm::default() };
        let data = Data { energies: &ENERGIES, ..data };
        assert!(fit_background(&data, start, true).is_err());
        // No counts: no minimum above zero, no panic.
        let fit =
            fit_background(&Data { counts: &[0.0; 40], ..data }, PowerLawNorm::default(), true);
        assert!(!fit.unwrap().has_converged);
    }
}
