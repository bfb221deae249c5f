//! Charge and time within a window of samples.

use super::Signals;
use crate::Error;
use crate::event::Image;
use crate::settings::TelescopeSettings;

/// Samples around a peak: `width` of them, from `shift` before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) width: i64,
    pub(super) shift: i64,
}

impl Window {
    /// A window as settings name it.
    pub(super) fn new(settings: &TelescopeSettings<'_>, shift: i64) -> Result<Self, Error> {
        Ok(Window {
            width: settings.int_from("window_width", 7, 0)?,
            shift: settings.int("window_shift", shift)?,
        })
    }

    /// Sum of the samples of a window around `peak`, and their time in ns, each rounded to f32.
    ///
    /// The window ends with the waveform. The time is the mean position of the samples above zero, weighted by
    /// them, or that of the peak if there are none; it is rounded before it is divided by the rate, and after.
    #[inline]
    pub(super) fn sum<T: Copy + Into<f64>>(
        self,
        waveform: &[T],
        peak: i64,
        rate_ghz: f64,
    ) -> (f32, f32) {
        let start = peak.saturating_sub(self.shift);
        let end = start.saturating_add(self.width).clamp(0, waveform.len() as i64) as usize;
        let start = start.clamp(0, end as i64) as usize;
        let (mut sum, mut weighted, mut positive) = (0.0, 0.0, 0.0);
        for (at, sample) in waveform[start..end].iter().enumerate() {
            let sample: f64 = (*sample).into();
            let above = if sample > 0.0 { sample } else { 0.0 };
            sum += sample;
            weighted += above * (start + at) as f64;
            positive += above;
        }
        let position = if positive > 0.0 { weighted / positive } else { peak as f64 } as f32;
        (sum as f32, (f64::from(position) / rate_ghz) as f32)
    }
}

/// Sums the windows around the peaks of all waveforms, which are counted by channel and pixel.
pub(super) fn sum_windows(
    signals: &Signals<'_>,
    window: Window,
    peak: impl Fn(usize) -> i64,
    image: &mut Image,
) {
    signals.begin(image);
    let rate = signals.camera.readout.sampling_rate_ghz;
    let n_samples = signals.waveforms.n_samples;
    for (at, waveform) in signals.waveforms.data.chunks_exact(n_samples).enumerate() {
        let (charge, time) = window.sum(waveform, peak(at), rate);
        image.image.push(charge);
        image.peak_time.push(time);
    }
}

/// Values that are compared at once.
const LANES: usize = 8;

/// Position of the first of the largest values; 0 if there is none. What is no number is no maximum.
#[inline(always)]
pub(super) fn first_maximum<T: Copy + PartialOrd>(values: &[T], least: T) -> usize {
    let larger = |a: T, b: T| if b > a { b } else { a };
    let chunks = values.chunks_exact(LANES);
    let mut most = chunks.remainder().iter().fold(least, |most, value| larger(most, *value));
    let mut lanes = [least; LANES];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = larger(*lane, *value);
        }
    }
    for lane in lanes {
        most = larger(most, lane);
    }
    let holds = |chunk: &[T]| chunk.iter().fold(false, |found, value| found | (*value == most));
    let chunk = values.chunks(LANES).position(holds).unwrap_or(0) * LANES;
    values[chunk..].iter().position(|value| *value == most).map_or(0, |at| chunk + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_maxima_counts() {
        let first = |values: &[f32]| first_maximum(values, f32::NEG_INFINITY);
        assert_eq!(first(&[]), 0);
        assert_eq!(first(&[1.0, 3.0, f32::NAN, 3.0]), 1);
        assert_eq!(first(&[f32::NAN; 20]), 0);
        for at in 0..21 {
            let mut values = [-2.0; 21];
            values[at] = -1.0;
            values[20] = -1.0;
            assert_eq!(first(&values), at);
        }
    }
}
