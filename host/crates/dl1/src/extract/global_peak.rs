//! Sum of a window around the peak of the mean waveform.

use super::correction::{Correction, integration_correction};
use super::window::{Window, first_maximum, sum_windows};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;

const NAME: &str = "GlobalPeakWindowSum";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &["window_width", "window_shift", "pixel_fraction", "apply_integration_correction"],
    prepare: |settings, readout| {
        let window = Window::new(settings, 3)?;
        let factors = || integration_correction(readout, window.width, window.shift);
        let pixel_fraction = settings.float("pixel_fraction", 1.0)?;
        if !(0.0..=1.0).contains(&pixel_fraction) {
            return Err(settings.refused("pixel_fraction", format!("{pixel_fraction} is no share")));
        }
        Ok(Box::new(GlobalPeakWindowSum {
            window,
            pixel_fraction,
            correction: Correction::new(NAME, settings, factors)?,
        }))
    },
};

struct GlobalPeakWindowSum {
    window: Window,
    /// Share of the pixels, the brightest ones, of which the mean is made.
    pixel_fraction: f64,
    correction: Correction,
}

impl GlobalPeakWindowSum {
    /// Peak of the mean over pixels that are not broken.
    fn peak_of_all(signals: &Signals<'_>, channel: usize, scratch: &mut Scratch) -> usize {
        let n_pixels = signals.waveforms.n_pixels;
        let broken = &scratch.broken[channel * n_pixels..][..n_pixels];
        let working = (0..n_pixels).filter(|pixel| !broken[*pixel]);
        peak_of_mean(signals, channel, working, &mut scratch.samples)
    }

    /// The brightest pixels, which are those with the largest maximum, in the first channel.
    fn brightest(&self, signals: &Signals<'_>, broken: &[bool]) -> Vec<usize> {
        let n_pixels = signals.waveforms.n_pixels;
        let highest = |pixel: usize| {
            if broken[pixel] {
                return f32::NEG_INFINITY;
            }
            signals.waveforms.row(0, pixel).iter().copied().fold(f32::NEG_INFINITY, f32::max)
        };
        let mut order: Vec<(f32, usize)> = (0..n_pixels).map(|p| (highest(p), p)).collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        order.truncate((self.pixel_fraction * n_pixels as f64) as usize);
        order.into_iter().map(|(_, pixel)| pixel).collect()
    }
}

/// Peak of the mean waveform of some pixels, which is made in f32.
fn peak_of_mean(
    signals: &Signals<'_>,
    channel: usize,
    pixels: impl Iterator<Item = usize>,
    sums: &mut Vec<f32>,
) -> usize {
    sums.clear();
    sums.resize(signals.waveforms.n_samples, 0.0);
    let mut count = 0_u32;
    for pixel in pixels {
        count += 1;
        for (sum, sample) in sums.iter_mut().zip(signals.waveforms.row(channel, pixel)) {
            *sum += sample;
        }
    }
    for sum in sums.iter_mut() {
        *sum = (f64::from(*sum) / f64::from(count)) as f32;
    }
    first_maximum(sums, f32::NEG_INFINITY)
}

impl Extractor for GlobalPeakWindowSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.broken_rows(&mut scratch.broken);
        let waveforms = signals.waveforms;
        let brightest = match self.pixel_fraction < 1.0 {
            true if waveforms.n_channels > 0 => Some(self.brightest(signals, &scratch.broken)),
            _ => None,
        };
        let peaks: Vec<usize> = (0..waveforms.n_channels)
            .map(|channel| match &brightest {
                Some(pixels) => {
                    peak_of_mean(signals, channel, pixels.iter().copied(), &mut scratch.samples)
                }
                None => Self::peak_of_all(signals, channel, scratch),
            })
            .collect();
        let n_pixels = waveforms.n_pixels;
        sum_windows(signals, self.window, |row| peaks[row / n_pixels] as i64, image);
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}
