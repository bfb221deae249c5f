//! Pole-zero deconvolution of pulses with an exponential tail, and what it does to a camera's own pulse.

use super::window::first_maximum;
use crate::instrument::CameraReadout;
use crate::parameters::pairwise_sum;

/// Points of a reference pulse, at most: they are convolved with one another.
const MAX_POINTS: usize = 1 << 14;

/// How waveforms are deconvolved, and what the result is calibrated for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deconvolution {
    /// Points for each sample.
    pub upsampling: usize,
    /// Points of the integration window.
    pub window_width: i64,
    /// Points of it before the peak.
    pub window_shift: i64,
    /// Whether the time is that of the rising edge.
    pub leading_edge: bool,
    /// Share of the peak at which the edge ends.
    pub descend_limit: f64,
    /// Standard deviation of the arrival times of the light, in ns; 0 for light that comes at once.
    pub time_profile_std_ns: f64,
}

/// What deconvolution does to the pulse of a gain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeconvolutionParameters {
    /// Decay of the tail from sample to sample.
    pub pole_zero: f64,
    /// Share of the pulse's integral that the window holds.
    pub gain: f64,
    /// What the time is late, in ns.
    pub time_shift_ns: f64,
    /// Points from the edge's peak to the pulse's.
    pub edge_shift: f64,
}

impl Deconvolution {
    /// Finds the parameters of every gain of a camera.
    pub fn parameters(
        &self,
        readout: &CameraReadout,
    ) -> Result<Vec<DeconvolutionParameters>, String> {
        let step = readout.reference_pulse_sample_width_ns;
        let sample = 1.0 / readout.sampling_rate_ghz;
        let phases = (sample / step).round_ties_even();
        if !(step > 0.0 && sample >= step && phases <= MAX_POINTS as f64) {
            return Err(format!(
                "no reference pulse in steps of {step} ns for samples of {sample} ns"
            ));
        }
        let phases = phases as usize;
        let of = |pulse: &Vec<f64>| {
            if pulse.len() > MAX_POINTS {
                return Err(format!("a reference pulse of {} points is too long", pulse.len()));
            }
            let pole_zero = pole_zero(pulse, phases)?;
            self.calibrate(pulse, pole_zero, phases, step, sample)
        };
        readout.reference_pulse_shape.iter().map(of).collect()
    }

    fn calibrate(
        &self,
        pulse: &[f64],
        pole_zero: f64,
        phases: usize,
        step: f64,
        sample: f64,
    ) -> Result<DeconvolutionParameters, String> {
        let widened = self.widened(pulse, step);
        let integral = pairwise_sum(&widened) * step / sample;
        let highest = first_maximum(&widened, f64::NEG_INFINITY) as f64;
        let (mut gains, mut shifts, mut edges) = (Vec::new(), Vec::new(), Vec::new());
        let (mut deconvolved, mut edge, mut spare) = (Vec::new(), Vec::new(), Vec::new());
        for phase in 0..phases {
            let samples: Vec<f64> = widened.iter().copied().skip(phase).step_by(phases).collect();
            deconvolve(&samples, self.upsampling, pole_zero, &mut deconvolved, &mut spare);
            let peak = first_maximum(&deconvolved, f64::NEG_INFINITY);
            let start = (peak as i64).saturating_sub(self.window_shift);
            let end = start.saturating_add(self.window_width);
            if deconvolved.is_empty() || start < 0 || end > deconvolved.len() as i64 {
                continue;
            }
            let time = if self.leading_edge {
                deconvolve(&samples, self.upsampling, 1.0, &mut edge, &mut spare);
                let edge_peak = first_maximum(&edge, f64::NEG_INFINITY);
                edges.push(peak as f64 - edge_peak as f64);
                let position = centroid(&edge, edge_peak, self.descend_limit);
                f64::from(position / self.upsampling as f32 * phases as f32)
            } else {
                peak as f64 / self.upsampling as f64 * phases as f64
            };
            shifts.push((time - highest) * step);
            gains.push(pairwise_sum(&deconvolved[start as usize..end as usize]) / integral);
        }
        if gains.is_empty() {
            return Err("the peak of the reference pulse is not well inside of it".into());
        }
        let mean = |values: &[f64]| pairwise_sum(values) / values.len() as f64;
        Ok(DeconvolutionParameters {
            pole_zero,
            gain: mean(&gains),
            time_shift_ns: mean(&shifts),
            edge_shift: if edges.is_empty() { 0.0 } else { mean(&edges) },
        })
    }

    /// The pulse of light whose arrival times are spread: convolved with their density, cut to the same points.
    fn widened(&self, pulse: &[f64], step: f64) -> Vec<f64> {
        let std = self.time_profile_std_ns;
        if std == 0.0 {
            return pulse.to_vec();
        }
        let n = pulse.len();
        let density = |k: usize| {
            let sigmas = (k as f64 - n as f64 / 2.0) * step / std;
            (-sigmas * sigmas / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / std
        };
        let profile: Vec<f64> = (0..n).map(density).collect();
        // Far from the middle the density is 0: those terms are left out.
        let first = profile.iter().position(|value| *value > 0.0).unwrap_or(n);
        let last = profile.iter().rposition(|value| *value > 0.0).map_or(first, |last| last + 1);
        let middle = n.saturating_sub(1) / 2;
        let point = |at: usize| {
            let total = at + middle;
            let from = first.max((total + 1).saturating_sub(n));
            let to = last.min(total + 1);
            (from..to).map(|k| profile[k] * pulse[total - k]).sum()
        };
        (0..n).map(point).collect()
    }
}

/// Mean decay from the steepest fall of a pulse to the sample after, over the phases of sampling.
fn pole_zero(pulse: &[f64], phases: usize) -> Result<f64, String> {
    let mut decays = Vec::with_capacity(phases);
    for phase in 0..phases {
        let samples: Vec<f64> = pulse.iter().copied().skip(phase).step_by(phases).collect();
        let falls: Vec<f64> = samples.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let steepest = first_maximum(&falls, f64::NEG_INFINITY) + 1;
        let Some([before, after]) = samples.get(steepest..steepest + 2) else {
            return Err("the reference pulse does not decay".into());
        };
        decays.push(after / before);
    }
    Ok(pairwise_sum(&decays) / decays.len() as f64)
}

/// Takes the tail off a waveform and smooths it into `upsampling` points for each sample, in f64.
///
/// `y[j] = x[j] - pole_zero * x[j - 1]`, 0 at the start; each is repeated and the points are averaged over
/// `upsampling` of them, forwards and backwards, the ends being repeated.
pub(super) fn deconvolve<T: Copy + Into<f64>>(
    waveform: &[T],
    upsampling: usize,
    pole_zero: f64,
    deconvolved: &mut Vec<f64>,
    spare: &mut Vec<f64>,
) {
    let before = waveform.iter().map(|sample| (*sample).into());
    let differences =
        before.clone().skip(1).zip(before).map(|(sample, before)| sample - pole_zero * before);
    deconvolved.clear();
    let first = waveform.first().map(|_| 0.0);
    if upsampling <= 1 {
        deconvolved.extend(first.into_iter().chain(differences));
        return;
    }
    spare.clear();
    for value in first.into_iter().chain(differences) {
        spare.extend(std::iter::repeat_n(value, upsampling));
    }
    // Of an even number of points one more lies after the middle than before, backwards one more before.
    let (less, more) = ((upsampling - 1) / 2, upsampling / 2);
    smooth(spare, (less, more), true, deconvolved);
    smooth(deconvolved, (more, less), false, spare);
    std::mem::swap(spare, deconvolved);
}

/// Mean of every point with `before` points before and `after` points after it. The sum begins at the last
/// point if `forward`, else at the first one. `values` are weighted and extended in their place.
fn smooth(
    values: &mut Vec<f64>,
    (before, after): (usize, usize),
    forward: bool,
    smoothed: &mut Vec<f64>,
) {
    smoothed.clear();
    let (Some(&first), Some(&last)) = (values.first(), values.last()) else { return };
    let n = values.len();
    values.splice(..0, std::iter::repeat_n(first, before));
    values.extend(std::iter::repeat_n(last, after));
    let weight = 1.0 / (before + after + 1) as f64;
    values.iter_mut().for_each(|value| *value *= weight);
    let others = before + after;
    let begin = if forward { others } else { 0 };
    smoothed.extend_from_slice(&values[begin..][..n]);
    for at in 0..others {
        let offset = if forward { at } else { others - at };
        for (sum, value) in smoothed.iter_mut().zip(&values[offset..]) {
            *sum += value;
        }
    }
}

/// Mean position, weighted, of the points around a peak that are above a share of it; the peak if it is below
/// zero.
pub(super) fn centroid(values: &[f64], peak: usize, descend_limit: f64) -> f32 {
    let height = values.get(peak).copied().unwrap_or(-1.0);
    if height < 0.0 {
        return peak as f32;
    }
    let limit = descend_limit * height;
    let (mut sum, mut weighted) = (0.0, 0.0);
    let mut add = |(at, value): (usize, &f64)| {
        sum += value;
        weighted += at as f64 * value;
    };
    let points = || values.iter().enumerate();
    points().take(peak + 1).rev().take_while(|(_, value)| **value > limit).for_each(&mut add);
    points().skip(peak + 1).take_while(|(_, value)| **value > limit).for_each(&mut add);
    if sum == 0.0 { peak as f32 } else { (weighted / sum) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_taken_off() {
        let (mut deconvolved, mut spare) = (Vec::new(), Vec::new());
        deconvolve(&[0.0, 8.0, 4.0, 2.0_f32], 1, 0.5, &mut deconvolved, &mut spare);
        assert_eq!(deconvolved, [0.0, 8.0, 0.0, 0.0]);
        deconvolve::<f64>(&[], 4, 0.5, &mut deconvolved, &mut spare);
        assert!(deconvolved.is_empty());
        deconvolve(&[0.0, 8.0, 4.0_f64], 2, 0.5, &mut deconvolved, &mut spare);
        assert_eq!(deconvolved, [0.0, 2.0, 6.0, 6.0, 2.0, 0.0]);
    }

    #[test]
    fn the_centroid_stops_at_the_limit() {
        assert_eq!(centroid(&[9.0, 0.0, 1.0, 2.0, 1.0, 0.0, 9.0], 3, 0.05), 3.0);
        assert_eq!(centroid(&[1.0, 3.0], 1, 0.05), 0.75);
        assert_eq!(centroid(&[-1.0, -2.0], 1, 0.05), 1.0);
        assert_eq!(centroid(&[0.0, 0.0], 1, 0.05), 1.0);
        assert_eq!(centroid(&[], 0, 0.05), 0.0);
    }
}
