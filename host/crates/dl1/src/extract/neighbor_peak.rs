//! Sum of a window around the peak of the neighbours' waveforms.

use super::correction::{Correction, integration_correction};
use super::window::{Window, first_maximum, sum_windows};
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::calib::Waveforms;
use crate::event::Image;
use crate::instrument::{CameraReadout, Neighbours};
use crate::parameters::pairwise_sum;
use crate::settings::TelescopeSettings;

const NAME: &str = "NeighborPeakWindowSum";
const BASELINE_NAME: &str = "BaselineSubtractedNeighborPeakWindowSum";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &["window_width", "window_shift", "local_weight", "apply_integration_correction"],
    prepare: |settings, readout| Ok(Box::new(NeighborPeakWindowSum::new(NAME, settings, readout)?)),
};

pub(super) const BASELINE_KIND: ExtractorKind = ExtractorKind {
    name: BASELINE_NAME,
    settings: &[
        "baseline_start",
        "baseline_end",
        "window_width",
        "window_shift",
        "local_weight",
        "apply_integration_correction",
    ],
    prepare: |settings, readout| {
        Ok(Box::new(BaselineSubtracted {
            start: settings.int_from("baseline_start", 0, 0)? as usize,
            end: settings.int_from("baseline_end", 10, 0)? as usize,
            then: NeighborPeakWindowSum::new(BASELINE_NAME, settings, readout)?,
        }))
    },
};

struct NeighborPeakWindowSum {
    window: Window,
    local_weight: i64,
    correction: Correction,
}

impl NeighborPeakWindowSum {
    fn new(
        name: &'static str,
        settings: &TelescopeSettings<'_>,
        readout: &CameraReadout,
    ) -> Result<Self, Error> {
        let window = Window::new(settings, 3)?;
        let factors = || integration_correction(readout, window.width, window.shift);
        Ok(NeighborPeakWindowSum {
            window,
            local_weight: settings.int("local_weight", 0)?,
            correction: Correction::new(name, settings, factors)?,
        })
    }
}

impl Extractor for NeighborPeakWindowSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.broken_rows(&mut scratch.broken);
        let waveforms = signals.waveforms;
        let n_pixels = waveforms.n_pixels;
        let Scratch { broken, peaks, sums, rows, .. } = scratch;
        peaks.clear();
        for channel in 0..waveforms.n_channels {
            let mut search = NeighbourSearch {
                neighbours: &signals.camera.graph.neighbours,
                broken: &broken[channel * n_pixels..][..n_pixels],
                n_samples: waveforms.n_samples,
                local_weight: self.local_weight as f64,
                sums: &mut *sums,
                rows: &mut *rows,
            };
            search.peaks(waveforms.channel(channel), peaks);
        }
        sum_windows(signals, self.window, |row| peaks[row] as i64, image);
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}

/// Samples that are summed at once.
const LANES: usize = 8;

/// Looks for the peak of the waveforms around every pixel.
pub(super) struct NeighbourSearch<'a> {
    pub(super) neighbours: &'a Neighbours,
    pub(super) broken: &'a [bool],
    pub(super) n_samples: usize,
    /// Weight of the pixel itself; that of a neighbour is 1.
    pub(super) local_weight: f64,
    pub(super) sums: &'a mut Vec<f64>,
    pub(super) rows: &'a mut Vec<usize>,
}

impl NeighbourSearch<'_> {
    /// Appends the peak of every pixel of a channel: the first maximum of the weighted pixel and of its
    /// neighbours that are not broken, summed in f64 in this order. 0 if there is nothing to sum.
    pub(super) fn peaks<T: Copy + Into<f64>>(&mut self, channel: &[T], peaks: &mut Vec<usize>) {
        let n = self.n_samples;
        let weight = self.local_weight;
        let (sums, rows) = (&mut *self.sums, &mut *self.rows);
        sums.clear();
        sums.resize(n, 0.0);
        for pixel in 0..self.broken.len() {
            rows.clear();
            let working = self.neighbours.of(pixel).iter().map(|index| *index as usize);
            rows.extend(working.filter(|at| !self.broken[*at]).map(|at| at * n));
            let own = (weight != 0.0).then_some((weight, pixel * n));
            let mut blocks = sums.chunks_exact_mut(LANES);
            let mut first = 0;
            for block in blocks.by_ref() {
                block.copy_from_slice(&sum_lanes::<T, LANES>(channel, own, rows, first));
                first += LANES;
            }
            for sum in blocks.into_remainder() {
                [*sum] = sum_lanes::<T, 1>(channel, own, rows, first);
                first += 1;
            }
            peaks.push(first_maximum(sums, f64::NEG_INFINITY));
        }
    }
}

/// Sums of `N` samples from `first` on: the weighted row of the pixel itself, if it counts, and those of its
/// neighbours.
#[inline]
fn sum_lanes<T: Copy + Into<f64>, const N: usize>(
    channel: &[T],
    own: Option<(f64, usize)>,
    rows: &[usize],
    first: usize,
) -> [f64; N] {
    let mut sums = [0.0; N];
    if let Some((weight, row)) = own {
        for (sum, sample) in sums.iter_mut().zip(&channel[row + first..][..N]) {
            *sum = weight * (*sample).into();
        }
    }
    for row in rows {
        for (sum, sample) in sums.iter_mut().zip(&channel[row + first..][..N]) {
            *sum += (*sample).into();
        }
    }
    sums
}

/// As [`NeighborPeakWindowSum`], after the mean of some samples is taken off every waveform.
struct BaselineSubtracted {
    start: usize,
    end: usize,
    then: NeighborPeakWindowSum,
}

impl Extractor for BaselineSubtracted {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        let n_samples = signals.waveforms.n_samples;
        let (start, end) = (self.start.min(n_samples), self.end.min(n_samples));
        if start >= end {
            let reason = format!(
                "no baseline from sample {} to {} in waveforms of {n_samples}",
                self.start, self.end
            );
            return Err(Error::parameter(BASELINE_NAME, reason));
        }
        let mut data = std::mem::take(&mut scratch.samples);
        data.clear();
        for waveform in signals.waveforms.data.chunks_exact(n_samples) {
            let sum = pairwise_sum(&waveform[start..end]);
            let mean = (f64::from(sum) / (end - start) as f64) as f32;
            data.extend(waveform.iter().map(|sample| sample - mean));
        }
        let waveforms = Waveforms {
            data,
            selected_gain: signals.waveforms.selected_gain.clone(),
            ..*signals.waveforms
        };
        let signals = Signals { waveforms: &waveforms, ..*signals };
        let done = self.then.extract(&signals, scratch, image);
        scratch.samples = waveforms.data;
        done
    }
}
