//! Calibrated waveforms of a camera.

/// Waveforms in photo-electrons per sample, `[channel][pixel][sample]`; the memory is used again for the next
/// event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waveforms {
    /// Channels: 1 if a gain was selected, else those of the camera.
    pub n_channels: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Samples.
    pub n_samples: usize,
    /// Values.
    pub data: Vec<f32>,
    /// Gain of every pixel, if one was selected.
    pub selected_gain: Option<Vec<u8>>,
}

impl Waveforms {
    /// Waveforms of one channel, `[pixel][sample]`.
    pub fn channel(&self, channel: usize) -> &[f32] {
        let size = self.n_pixels * self.n_samples;
        &self.data[channel * size..][..size]
    }

    /// One waveform.
    pub fn row(&self, channel: usize, pixel: usize) -> &[f32] {
        &self.data[(channel * self.n_pixels + pixel) * self.n_samples..][..self.n_samples]
    }

    /// Gain of the waveform of a channel and a pixel.
    #[inline]
    pub fn gain(&self, channel: usize, pixel: usize) -> usize {
        self.selected_gain.as_ref().map_or(channel, |selected| usize::from(selected[pixel]))
    }

    /// Whether all sizes fit: an error's words if not.
    pub(crate) fn check(&self) -> Result<(), String> {
        let expected =
            self.n_channels.checked_mul(self.n_pixels).and_then(|n| n.checked_mul(self.n_samples));
        if expected != Some(self.data.len()) {
            let (found, sizes) =
                (self.data.len(), [self.n_channels, self.n_pixels, self.n_samples]);
            return Err(format!("{found} values for channels, pixels and samples {sizes:?}"));
        }
        match &self.selected_gain {
            Some(selected) if selected.len() != self.n_pixels || self.n_channels != 1 => {
                Err(format!(
                    "gains of {} pixels were selected, there are {} pixels and {} channels",
                    selected.len(),
                    self.n_pixels,
                    self.n_channels
                ))
            }
            _ => Ok(()),
        }
    }
}
