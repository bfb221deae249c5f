//! Variance of the samples of every waveform.

use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;
use crate::parameters::pairwise_sum;

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: "VarianceExtractor",
    settings: &[],
    prepare: |_, _| Ok(Box::new(VarianceExtractor)),
};

/// The population's variance, in f32, of the samples that are numbers; there are no times.
struct VarianceExtractor;

impl Extractor for VarianceExtractor {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.begin(image);
        let samples = &mut scratch.samples;
        for waveform in signals.waveforms.data.chunks_exact(signals.waveforms.n_samples) {
            samples.clear();
            samples.extend(waveform.iter().map(|x| if x.is_nan() { 0.0 } else { *x }));
            let count = waveform.iter().filter(|sample| !sample.is_nan()).count() as f64;
            let mean = (f64::from(pairwise_sum(samples)) / count) as f32;
            for (square, sample) in samples.iter_mut().zip(waveform) {
                let offset = if sample.is_nan() { 0.0 } else { sample - mean };
                *square = offset * offset;
            }
            image.image.push((f64::from(pairwise_sum(samples)) / count) as f32);
        }
        image.is_valid = image.image.iter().any(|variance| variance.is_finite());
        Ok(None)
    }
}
