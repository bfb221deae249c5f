//! Normalisation of a background to counts, by the most likely power law.
//!
//! The model of a pixel is `background norm (energy / reference)^(-tilt) + other`, the energy that of its plane. What is minimised is
//! Cash's statistic; errors are from its curvature there.

use crate::Error;
use crate::stats::{TRUNCATION, cash};

/// Steps, at most.
const MAX_STEPS: usize = 200;

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
        let step = newton_step(slope, curve, damping, is_tilt_free);
        let gain = -(step[0] * slope[0] + step[1] * slope[1]);
        // What the step is expected to gain, far below what the statistic can tell.
        if damping == 0.0 && gain.abs() <= 1e-13 * (1.0 + stat.abs()) && stat.is_finite() {
            let next = [at[0] + step[0], at[1] + step[1]];
            let is_better = next[0] > 0.0 && sums.stat(next) <= stat;
            return (if is_better { next } else { at }, true);
        }
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
