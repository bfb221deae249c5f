//! Sum of a window around the peak of the neighbours' waveforms.

use pulp::{Arch, Simd, WithSimd};

use super::correction::{Correction, integration_correction};
use super::window::{Window, sum_windows};
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
        let Scratch { broken, peaks, wide, rows, .. } = scratch;
        peaks.clear();
        for channel in 0..waveforms.n_channels {
            let search = NeighbourSearch {
                neighbours: &signals.camera.graph.neighbours,
                broken: &broken[channel * n_pixels..][..n_pixels],
                n_samples: waveforms.n_samples,
                local_weight: self.local_weight as f64,
                wide: &mut *wide,
                rows: &mut *rows,
            };
            search.peaks(waveforms.channel(channel), peaks);
        }
        sum_windows(signals, self.window, |row| peaks[row] as i64, image);
        self.correction.apply(signals, image)?;
        Ok(None)
    }
}

/// Looks for the peak of the waveforms around every pixel.
pub(super) struct NeighbourSearch<'a> {
    pub(super) neighbours: &'a Neighbours,
    pub(super) broken: &'a [bool],
    pub(super) n_samples: usize,
    /// Weight of the pixel itself; that of a neighbour is 1.
    pub(super) local_weight: f64,
    pub(super) wide: &'a mut Vec<f64>,
    pub(super) rows: &'a mut Vec<usize>,
}

/// Waveforms are padded to a multiple of so many samples, that of every vector's.
const LANES: usize = 8;

impl NeighbourSearch<'_> {
    /// Appends the peak of every pixel of a channel: the first maximum of the weighted pixel and of its
    /// neighbours that are not broken, summed in f64 in this order. 0 if there is nothing to sum.
    pub(super) fn peaks<T: Copy + Into<f64>>(self, channel: &[T], peaks: &mut Vec<usize>) {
        let padded = self.n_samples.next_multiple_of(LANES);
        self.wide.clear();
        self.wide.resize(self.broken.len() * padded, 0.0);
        Arch::new().dispatch(Peaks { search: self, channel, padded, peaks });
    }
}

/// The search within one channel, as one function to compile for each kind of vectors; the sums are the same.
struct Peaks<'a, 'b, T> {
    search: NeighbourSearch<'a>,
    channel: &'b [T],
    /// Samples of a row of `search.wide`.
    padded: usize,
    peaks: &'b mut Vec<usize>,
}

impl<T: Copy + Into<f64>> WithSimd for Peaks<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Peaks { search, channel, padded, peaks } = self;
        let NeighbourSearch { neighbours, broken, n_samples, local_weight, wide, rows } = search;
        let channel = channel.chunks_exact(n_samples.max(1));
        for (wide, row) in wide.chunks_exact_mut(padded.max(1)).zip(channel) {
            let (wide, padding) = wide.split_at_mut(n_samples);
            for (wide, sample) in wide.iter_mut().zip(row) {
                *wide = (*sample).into();
            }
            // Their sum is no number, and no maximum.
            padding.fill(f64::NAN);
        }
        let (samples, _) = S::as_simd_f64s(wide);
        let lanes =
            simd.partial_load_f64s(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0][..S::F64_LANES]);
        let vectors = padded / S::F64_LANES;
        let weight = simd.splat_f64s(local_weight);
        let none = simd.splat_f64s(f64::NEG_INFINITY);
        for pixel in 0..broken.len() {
            rows.clear();
            let working = neighbours.of(pixel).iter().map(|index| *index as usize);
            rows.extend(working.filter(|at| !broken[*at]).map(|at| at * vectors));
            let (mut most, mut places) = (none, simd.splat_f64s(0.0));
            for vector in 0..vectors {
                let mut sum = simd.splat_f64s(0.0);
                if local_weight != 0.0 {
                    sum = simd.mul_f64s(weight, samples[pixel * vectors + vector]);
                }
                for row in &*rows {
                    sum = simd.add_f64s(sum, samples[row + vector]);
                }
                let larger = simd.less_than_f64s(most, sum);
                let place = simd.splat_f64s((vector * S::F64_LANES) as f64);
                most = simd.select_f64s(larger, sum, most);
                places = simd.select_f64s(larger, simd.add_f64s(place, lanes), places);
            }
            let largest = simd.splat_f64s(simd.reduce_max_f64s(most));
            let is_largest = simd.equal_f64s(most, largest);
            let far = simd.splat_f64s(padded as f64);
            let first = simd.reduce_min_f64s(simd.select_f64s(is_largest, places, far));
            peaks.push(first as usize);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::window::first_maximum;
    use super::*;
    use crate::instrument::Neighbours;

    #[test]
    fn peaks_are_those_of_plain_sums() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 29
        };
        let lists = [vec![1, 2], vec![0, 3], vec![0, 3, 1], vec![]];
        let neighbours = Neighbours::from_lists(&lists);
        let broken = [false, true, false, false];
        for n in 0..40 {
            for local_weight in [0.0, 1.0, -2.0] {
                let mut channel: Vec<f32> = (0..4 * n).map(|_| noise() as f32).collect();
                if n > 3 {
                    channel[n + 2] = f32::NAN;
                    channel[2 * n + 1] = f32::NAN;
                }
                let plain: Vec<usize> = (0..4)
                    .map(|pixel| {
                        let sum = |at: usize| {
                            let own = f64::from(channel[pixel * n + at]) * local_weight;
                            let start = if local_weight == 0.0 { 0.0 } else { own };
                            let working =
                                lists[pixel].iter().filter(|pixel| !broken[**pixel as usize]);
                            working.fold(start, |sum, pixel| {
                                sum + f64::from(channel[*pixel as usize * n + at])
                            })
                        };
                        let sums: Vec<f64> = (0..n).map(sum).collect();
                        first_maximum(&sums, f64::NEG_INFINITY)
                    })
                    .collect();
                let (mut wide, mut rows, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
                let (wide, rows) = (&mut wide, &mut rows);
                let search = NeighbourSearch {
                    neighbours: &neighbours,
                    broken: &broken,
                    n_samples: n,
                    local_weight,
                    wide,
                    rows,
                };
                search.peaks(&channel, &mut peaks);
                assert_eq!(peaks, plain, "{n} samples, weight {local_weight}");
            }
        }
    }
}
