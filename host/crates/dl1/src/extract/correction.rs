//! What a window of samples leaves of a pulse, and the factor that makes up for it.

use super::Signals;
use crate::Error;
use crate::event::Image;
use crate::instrument::CameraReadout;
use crate::parameters::pairwise_sum;
use crate::settings::TelescopeSettings;

/// Points of a histogram, at most: no camera's pulse has more.
const MAX_POINTS: f64 = 1e6;

/// Factors on the charge, one per gain channel.
///
/// For each reference pulse: the inverse of the share of its integral that lies in `window_width` samples of
/// the camera from `window_shift` before the peak. The pulse is summed into samples first. 1 where the window
/// lies outside. Fails where sampling rates are no positive numbers.
pub fn integration_correction(
    readout: &CameraReadout,
    window_width: i64,
    window_shift: i64,
) -> Result<Vec<f64>, String> {
    let step = readout.reference_pulse_sample_width_ns;
    let sample = 1.0 / readout.sampling_rate_ghz;
    let factor = |pulse: &Vec<f64>| {
        let density = sampled_density(pulse, step, sample)?;
        let first = super::window::first_maximum(&density, f64::NEG_INFINITY) as i64;
        let first = first.saturating_sub(window_shift).max(0);
        let end = first.saturating_add(window_width).min(density.len() as i64);
        if first >= end {
            return Ok(1.0);
        }
        let inside: Vec<f64> =
            density[first as usize..end as usize].iter().map(|value| value * sample).collect();
        Ok(1.0 / pairwise_sum(&inside))
    };
    readout.reference_pulse_shape.iter().map(factor).collect()
}

/// Density of a pulse in samples of the camera, of which the first starts at 0. Points past the last whole
/// sample are left out, and do not count.
fn sampled_density(pulse: &[f64], step: f64, sample: f64) -> Result<Vec<f64>, String> {
    let duration = pulse.len() as f64 * step;
    let count = |width: f64| {
        let points = (duration / width).ceil();
        // False for what is no number, too.
        if width > 0.0 && points <= MAX_POINTS {
            return Ok(points as usize);
        }
        Err(format!(
            "a pulse of {} points of {step} ns can't be put into samples of {sample} ns",
            pulse.len()
        ))
    };
    let (n_points, n_edges) = (count(step)?.min(pulse.len()), count(sample)?);
    let mut cumulated = vec![0.0];
    for value in &pulse[..n_points] {
        cumulated.push(cumulated[cumulated.len() - 1] + value);
    }
    let edge = |k: usize| k as f64 * sample;
    // Number of points below an edge, or up to the last one.
    let mut points = 0;
    let mut counts = Vec::with_capacity(n_edges);
    for k in 0..n_edges {
        let last = k + 1 == n_edges;
        let inside = |at: usize| {
            let time = at as f64 * step;
            time < edge(k) || (last && time == edge(k))
        };
        while points < n_points && inside(points) {
            points += 1;
        }
        counts.push(cumulated[points]);
    }
    let sums: Vec<f64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let total = pairwise_sum(&sums);
    let width = |k: usize| edge(k + 1) - edge(k);
    Ok(sums.iter().enumerate().map(|(k, sum)| sum / width(k) / total).collect())
}

/// Factors on the charge, one per gain channel, for a window that slides to the largest sum: the integral of
/// the reference pulse by its largest part of `window_width` samples.
pub fn sliding_window_correction(
    readout: &CameraReadout,
    window_width: i64,
) -> Result<Vec<f64>, String> {
    let step = readout.reference_pulse_sample_width_ns;
    let points = (window_width as f64 / readout.sampling_rate_ghz / step).round_ties_even();
    let factor = |pulse: &Vec<f64>| {
        if !(points >= 1.0 && points <= pulse.len() as f64) {
            let n = pulse.len();
            return Err(format!("a window of {points} points does not fit a pulse of {n}"));
        }
        let mut cumulated = vec![0.0];
        for value in pulse {
            cumulated.push(cumulated[cumulated.len() - 1] + value);
        }
        let after = &cumulated[points as usize..];
        let sums = after.iter().zip(&cumulated).map(|(after, before)| after - before);
        Ok(pairwise_sum(pulse) / sums.fold(f64::NEG_INFINITY, f64::max))
    };
    readout.reference_pulse_shape.iter().map(factor).collect()
}

/// Factors of an extractor's charges, if it applies them: per gain, or why there are none.
pub(super) struct Correction {
    name: &'static str,
    factors: Option<Result<Vec<f64>, String>>,
}

impl Correction {
    /// The factors, if settings do not switch them off. That there are none is no error until they are used:
    /// cameras without waveforms need no pulse.
    pub(super) fn new(
        name: &'static str,
        settings: &TelescopeSettings<'_>,
        factors: impl FnOnce() -> Result<Vec<f64>, String>,
    ) -> Result<Self, Error> {
        let applied = settings.boolean("apply_integration_correction", true)?;
        Ok(Correction { name, factors: applied.then(factors) })
    }

    /// The factors of at least `gains` gains.
    pub(super) fn factors(&self, gains: usize) -> Result<Option<&[f64]>, Error> {
        let fail = |reason: String| Err(Error::parameter(self.name, reason));
        match &self.factors {
            None => Ok(None),
            Some(Ok(factors)) if factors.len() >= gains => Ok(Some(factors)),
            Some(Ok(factors)) => fail(format!(
                "there are reference pulses of {} gains, but waveforms of {gains}",
                factors.len()
            )),
            Some(Err(reason)) => fail(reason.clone()),
        }
    }

    /// Applies the factors to the charges of an image.
    pub(super) fn apply(&self, signals: &Signals<'_>, image: &mut Image) -> Result<(), Error> {
        let waveforms = signals.waveforms;
        let selected = waveforms.selected_gain.iter().flatten().max();
        let gains = selected.map_or(waveforms.n_channels, |most| usize::from(*most) + 1);
        let Some(factors) = self.factors(gains)? else { return Ok(()) };
        let channels = image.image.chunks_mut(waveforms.n_pixels.max(1));
        for (channel, charges) in channels.enumerate() {
            for (pixel, charge) in charges.iter_mut().enumerate() {
                *charge = (f64::from(*charge) * factors[waveforms.gain(channel, pixel)]) as f32;
            }
        }
        Ok(())
    }
}
