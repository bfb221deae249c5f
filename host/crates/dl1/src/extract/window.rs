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
    let n_samples = signals.waveforms.n_samples.max(1);
    for (at, waveform) in signals.waveforms.data.chunks_exact(n_samples).enumerate() {
        let (charge, time) = window.sum(waveform, peak(at), rate);
        image.image.push(charge);
        image.peak_time.push(time);
    }
}

/// Position of the first of the largest values; 0 if there is none. What is no number is no maximum.
#[inline]
pub(super) fn first_maximum<T: Copy + PartialOrd>(values: &[T], least: T) -> usize {
    let most = values.iter().fold(least, |most, value| if *value > most { *value } else { most });
    values.iter().position(|value| *value == most).unwrap_or(0)
}
