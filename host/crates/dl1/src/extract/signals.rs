//! What an extractor works on.

use crate::Error;
use crate::calib::Waveforms;
use crate::event::Image;
use crate::instrument::Camera;

/// Waveforms with the camera they are of.
#[derive(Debug, Clone, Copy)]
pub struct Signals<'a> {
    /// Waveforms.
    pub waveforms: &'a Waveforms,
    /// Pixels that don't work, `[gain][pixel]`.
    pub broken: &'a [bool],
    /// The camera.
    pub camera: &'a Camera,
}

/// Memory that extractors use again.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    pub(super) broken: Vec<bool>,
    pub(super) peaks: Vec<usize>,
    pub(super) sums: Vec<f64>,
    pub(super) wide: Vec<f64>,
    pub(super) samples: Vec<f32>,
    pub(super) rows: Vec<usize>,
    pub(super) deconvolved: [Vec<f64>; 4],
}

impl Signals<'_> {
    /// Fails where the sizes of waveforms, flags and camera do not fit.
    pub fn check(&self) -> Result<(), Error> {
        self.waveforms.check().map_err(|reason| Error::parameter("waveforms", reason))?;
        let (found, expected) = (self.waveforms.n_pixels, self.camera.n_pixels());
        if found != expected {
            let reason = format!("{found} pixels, but the camera has {expected}");
            return Err(Error::parameter("waveforms", reason));
        }
        if self.waveforms.n_samples == 0 {
            return Err(Error::parameter("waveforms", "they have no samples"));
        }
        let selected = self.waveforms.selected_gain.iter().flatten().max();
        let gains = selected.map_or(self.waveforms.n_channels, |most| usize::from(*most) + 1);
        if self.broken.len() < gains * expected {
            let reason = format!(
                "flags of {} pixels, but there are {gains} gains of {expected} pixels",
                self.broken.len()
            );
            return Err(Error::parameter("broken pixels", reason));
        }
        Ok(())
    }

    /// Whether each waveform is of a broken pixel, `[channel][pixel]`.
    pub(super) fn broken_rows(&self, broken: &mut Vec<bool>) {
        let n_pixels = self.waveforms.n_pixels;
        broken.clear();
        for channel in 0..self.waveforms.n_channels {
            let flag = |pixel| self.broken[self.waveforms.gain(channel, pixel) * n_pixels + pixel];
            broken.extend((0..n_pixels).map(flag));
        }
    }

    /// Empties an image, for one charge and one time per waveform.
    pub(super) fn begin(&self, image: &mut Image) {
        let n = self.waveforms.n_channels * self.waveforms.n_pixels;
        image.image.clear();
        image.image.reserve(n);
        image.peak_time.clear();
        image.peak_time.reserve(n);
        image.is_valid = true;
    }
}
