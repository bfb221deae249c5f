//! Which gain of a pixel to use.

use pulp::{Arch, NullaryFnOnce};

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
    /// Above which counts of the high gain the low one is selected; `None`: everywhere.
    pub fn low_gain_above(&self) -> Option<f64> {
        match self {
            GainSelector::Threshold(threshold) => Some(*threshold),
            GainSelector::Manual(GainChannel::High) => Some(f64::INFINITY),
            GainSelector::Manual(GainChannel::Low) => None,
        }
    }

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
                    let high = &adc[..event.n_pixels * event.n_samples];
                    rows_above(high, event.n_samples, *threshold, selected);
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

/// Appends for every row whether a count is above a threshold.
pub fn rows_above(counts: &[u16], n_samples: usize, threshold: f64, above: &mut Vec<u8>) {
    Arch::new().dispatch(RowsAbove { counts, n_samples, threshold, above });
}

/// The comparison of all rows, as one function to compile for the processor's widest vectors.
struct RowsAbove<'a> {
    counts: &'a [u16],
    n_samples: usize,
    threshold: f64,
    above: &'a mut Vec<u8>,
}

impl NullaryFnOnce for RowsAbove<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let RowsAbove { counts, n_samples, threshold, above } = self;
        for row in counts.chunks_exact(n_samples.max(1)) {
            let highest = row.iter().fold(0, |highest, count| (*count).max(highest));
            above.push(u8::from(f64::from(highest) > threshold));
        }
    }
}
