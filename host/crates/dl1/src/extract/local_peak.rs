//! Sum of a window around the peak of every pixel.

use super::correction::{Correction, integration_correction};
use super::window::{Window, first_maximum, sum_windows};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;

const NAME: &str = "LocalPeakWindowSum";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &["window_width", "window_shift", "apply_integration_correction"],
    prepare: |settings, readout| {
        let window = Window::new(settings, 3)?;
        let factors = || integration_correction(readout, window.width, window.shift);
        let correction = Correction::new(NAME, settings, factors)?;
        Ok(Box::new(LocalPeakWindowSum { window, correction }))
    },
};

struct LocalPeakWindowSum {
    window: Window,
    correction: Correction,
}

impl Extractor for LocalPeakWindowSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        _: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        let n_samples = signals.waveforms.n_samples;
        let data = &signals.waveforms.data;
        let peak = |row: usize| {
            first_maximum(&data[row * n_samples..][..n_samples], f32::NEG_INFINITY) as i64
        };
        sum_windows(signals, self.window, peak, image);
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}
