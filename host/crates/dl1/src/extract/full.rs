//! Sum of the whole waveform.

use super::window::{Window, sum_windows};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: "FullWaveformSum",
    settings: &[],
    prepare: |_, _| Ok(Box::new(FullWaveformSum)),
};

struct FullWaveformSum;

impl Extractor for FullWaveformSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        _: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        let window = Window { width: signals.waveforms.n_samples as i64, shift: 0 };
        sum_windows(signals, window, |_| 0, image);
        Ok(None)
    }
}
