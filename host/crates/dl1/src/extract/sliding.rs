//! The window with the largest sum.

use super::correction::{Correction, sliding_window_correction};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;

const NAME: &str = "SlidingWindowMaxSum";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &["window_width", "apply_integration_correction"],
    prepare: |settings, readout| {
        let width = settings.int_from("window_width", 7, 1)?;
        let factors = || sliding_window_correction(readout, width);
        let correction = Correction::new(NAME, settings, factors)?;
        Ok(Box::new(SlidingWindowMaxSum { width, correction }))
    },
};

struct SlidingWindowMaxSum {
    width: i64,
    correction: Correction,
}

impl Extractor for SlidingWindowMaxSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.begin(image);
        let n_samples = signals.waveforms.n_samples;
        let width = usize::try_from(self.width).unwrap_or(usize::MAX);
        if width > n_samples {
            let reason = format!("a window of {width} samples in waveforms of {n_samples}");
            return Err(Error::parameter(NAME, reason));
        }
        let rate = signals.camera.readout.sampling_rate_ghz;
        for waveform in signals.waveforms.data.chunks_exact(n_samples) {
            let (charge, time) = largest(waveform, width, &mut scratch.sums);
            image.image.push(charge);
            image.peak_time.push((f64::from(time) / rate) as f32);
        }
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}

/// Largest sum of `width` samples, and their time in samples.
fn largest(waveform: &[f32], width: usize, cumulated: &mut Vec<f64>) -> (f32, f32) {
    cumulated.clear();
    cumulated.push(0.0);
    let mut total = 0.0_f64;
    for sample in waveform {
        total += f64::from(*sample);
        cumulated.push(total);
    }
    let sums = cumulated[width..].iter().zip(cumulated.iter());
    let sums = sums.map(|(after, before)| *after - *before);
    let (mut start, mut most) = (0, f64::NEG_INFINITY);
    for (at, sum) in sums.enumerate() {
        if sum > most {
            (start, most) = (at, sum);
        }
    }
    let (mut weighted, mut positive) = (0.0, 0.0);
    for (at, sample) in waveform.iter().enumerate().skip(start).take(width) {
        if *sample > 0.0 {
            weighted += f64::from(*sample) * at as f64;
            positive += f64::from(*sample);
        }
    }
    let middle = start as f64 + 0.5 * width as f64;
    (most as f32, if positive > 0.0 { weighted / positive } else { middle } as f32)
}
