//! Sum of a window at a place that is the same for all pixels.

use super::correction::{Correction, integration_correction};
use super::window::{Window, sum_windows};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;

const NAME: &str = "FixedWindowSum";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &["peak_index", "window_width", "window_shift", "apply_integration_correction"],
    prepare: |settings, readout| {
        let window = Window::new(settings, 0)?;
        let factors = || integration_correction(readout, window.width, window.shift);
        Ok(Box::new(FixedWindowSum {
            peak: settings.int("peak_index", 0)?,
            window,
            correction: Correction::new(NAME, settings, factors)?,
        }))
    },
};

struct FixedWindowSum {
    peak: i64,
    window: Window,
    correction: Correction,
}

impl Extractor for FixedWindowSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        _: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        sum_windows(signals, self.window, |_| self.peak, image);
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}
