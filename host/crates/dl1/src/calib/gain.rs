//! Which gain of a pixel to use.

use crate::event::{Samples, TelescopeEvent};

/// A gain channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GainChannel {
    /// High gain, channel 0.
    High,
    /// Low gain, channel 1.
    Low,
}

/// How to select the gain of a pixel with more than one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GainSelector {
    /// Low gain where a sample of the high gain is above this many ADC counts.
    Threshold(f64),
    /// Always the same.
    Manual(GainChannel),
}

impl Default for GainSelector {
    fn default() -> Self {
        GainSelector::Threshold(4000.0)
    }
}

impl GainSelector {
    /// Selects the gain of every pixel. The event's sizes must fit.
    pub(super) fn select(&self, event: &TelescopeEvent, selected: &mut Vec<u8>) {
        selected.clear();
        if event.n_channels <= 1 {
            selected.resize(event.n_pixels, 0);
            return;
        }
        match self {
            GainSelector::Manual(channel) => {
                selected.resize(event.n_pixels, u8::from(*channel == GainChannel::Low));
            }
            GainSelector::Threshold(threshold) => match &event.samples {
                Samples::Adc(adc) => {
                    let highest = |row: &[u16]| row.iter().copied().max().map_or(0.0, f64::from);
                    let rows = adc.chunks_exact(event.n_samples.max(1)).take(event.n_pixels);
                    selected.extend(rows.map(|row| u8::from(highest(row) > *threshold)));
                }
                Samples::Sums(sums) => {
                    let sums = sums.iter().take(event.n_pixels);
                    selected.extend(sums.map(|sum| u8::from(f64::from(*sum) > *threshold)));
                }
            },
        }
        // Pixels without samples have none above.
        selected.resize(event.n_pixels, 0);
    }
}
