//! Deconvolution, then a window around the peak of the neighbours: for FlashCam's slow pulses.

use super::deconvolution::{Deconvolution, DeconvolutionParameters, centroid, deconvolve};
use super::neighbor_peak::NeighbourSearch;
use super::window::Window;
use super::{Extractor, ExtractorKind, FirstPass, Scratch, Signals};
use crate::Error;
use crate::event::Image;
use crate::instrument::CameraReadout;
use crate::settings::TelescopeSettings;

const NAME: &str = "FlashCamExtractor";

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &[
        "upsampling",
        "window_width",
        "window_shift",
        "local_weight",
        "effective_time_profile_std",
        "neighbour_sum_clipping",
        "leading_edge_timing",
        "leading_edge_rel_descend_limit",
    ],
    prepare: |settings, readout| Ok(Box::new(FlashCamExtractor::new(settings, readout)?)),
};

/// Points for each sample, at most.
const MAX_UPSAMPLING: i64 = 64;

struct FlashCamExtractor {
    deconvolution: Deconvolution,
    window: Window,
    local_weight: i64,
    /// Level above which a neighbour counts less and less; 0 or infinity for none.
    clipping: f64,
    /// Parameters of the first gain, or why there are none.
    parameters: Result<DeconvolutionParameters, String>,
}

impl FlashCamExtractor {
    fn new(settings: &TelescopeSettings<'_>, readout: &CameraReadout) -> Result<Self, Error> {
        let window = Window {
            width: settings.int_from("window_width", 7, 1)?,
            shift: settings.int("window_shift", 3)?,
        };
        let upsampling = settings.int_from("upsampling", 4, 1)?;
        if upsampling > MAX_UPSAMPLING {
            let reason = format!("{upsampling} is more than {MAX_UPSAMPLING}");
            return Err(settings.refused("upsampling", reason));
        }
        let time_profile_std_ns = settings.float("effective_time_profile_std", 2.0)?;
        if !(time_profile_std_ns >= 0.0 && time_profile_std_ns.is_finite()) {
            let reason = format!("{time_profile_std_ns} ns is no deviation");
            return Err(settings.refused("effective_time_profile_std", reason));
        }
        let descend_limit = settings.float("leading_edge_rel_descend_limit", 0.05)?;
        if !(0.0..=1.0).contains(&descend_limit) {
            let reason = format!("{descend_limit} is no share");
            return Err(settings.refused("leading_edge_rel_descend_limit", reason));
        }
        let deconvolution = Deconvolution {
            upsampling: upsampling as usize,
            window_width: window.width,
            window_shift: window.shift,
            leading_edge: settings.boolean("leading_edge_timing", true)?,
            descend_limit,
            time_profile_std_ns,
        };
        let first = |all: Vec<DeconvolutionParameters>| all.first().copied();
        let parameters = deconvolution.parameters(readout).and_then(|all| {
            first(all).ok_or_else(|| "the camera has no reference pulse".to_owned())
        });
        Ok(FlashCamExtractor {
            deconvolution,
            window,
            local_weight: settings.int("local_weight", 0)?,
            clipping: settings.float("neighbour_sum_clipping", 5.0)?,
            parameters,
        })
    }

    /// Deconvolved waveforms of all rows, `[row][point]`.
    fn deconvolved(
        &self,
        signals: &Signals<'_>,
        pole_zero: f64,
        one: (&mut Vec<f64>, &mut Vec<f64>),
        all: &mut Vec<f64>,
    ) {
        all.clear();
        for waveform in signals.waveforms.data.chunks_exact(signals.waveforms.n_samples) {
            deconvolve(waveform, self.deconvolution.upsampling, pole_zero, one.0, one.1);
            all.extend_from_slice(one.0);
        }
    }

    /// Makes loud pixels count less: soft above the level, none below zero.
    fn clip(&self, deconvolved: &[f64], clipped: &mut Vec<f64>) {
        clipped.clear();
        if self.clipping == 0.0 || self.clipping.is_infinite() {
            clipped.extend_from_slice(deconvolved);
            return;
        }
        clipped.extend(deconvolved.iter().map(|value| {
            let scaled = value / self.clipping;
            (scaled / (1.0 + scaled.abs())).max(0.0)
        }));
    }

    /// Peaks of the neighbours' clipped waveforms, for all rows.
    fn peaks(&self, signals: &Signals<'_>, clipped: &[f64], scratch: &mut Scratch) {
        let waveforms = signals.waveforms;
        let n_pixels = waveforms.n_pixels;
        let n_points = waveforms.n_samples * self.deconvolution.upsampling;
        scratch.peaks.clear();
        for (channel, clipped) in clipped.chunks_exact((n_pixels * n_points).max(1)).enumerate() {
            // The flags of the first gain are used for a selected one.
            let broken = &signals.broken[channel * n_pixels..][..n_pixels];
            let search = NeighbourSearch {
                neighbours: &signals.camera.graph.neighbours,
                broken,
                n_samples: n_points,
                local_weight: self.local_weight as f64,
                wide: &mut scratch.wide,
                rows: &mut scratch.rows,
            };
            search.peaks(clipped, &mut scratch.peaks);
        }
    }
}

impl Extractor for FlashCamExtractor {
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.begin(image);
        let parameters =
            self.parameters.as_ref().map_err(|reason| Error::parameter(NAME, reason.clone()))?;
        let n_points = signals.waveforms.n_samples * self.deconvolution.upsampling;
        let [mut all, mut clipped, mut one, mut spare] = std::mem::take(&mut scratch.deconvolved);
        self.deconvolved(signals, parameters.pole_zero, (&mut one, &mut spare), &mut all);
        self.clip(&all, &mut clipped);
        self.peaks(signals, &clipped, scratch);
        let rate = signals.camera.readout.sampling_rate_ghz * self.deconvolution.upsampling as f64;
        for (waveform, peak) in all.chunks_exact(n_points).zip(&scratch.peaks) {
            let (charge, time) = self.window.sum(waveform, *peak as i64, rate);
            image.image.push(charge);
            image.peak_time.push(time);
        }
        if self.deconvolution.leading_edge {
            self.deconvolved(signals, 1.0, (&mut one, &mut spare), &mut all);
            let edges = all.chunks_exact(n_points).zip(&scratch.peaks);
            for ((waveform, peak), time) in edges.zip(&mut image.peak_time) {
                let edge = (*peak as f64 - parameters.edge_shift).round_ties_even();
                let edge = edge.clamp(0.0, (n_points - 1) as f64) as usize;
                let position = centroid(waveform, edge, self.deconvolution.descend_limit);
                *time = (f64::from(position) / rate) as f32;
            }
        }
        if parameters.gain != 0.0 {
            for charge in &mut image.image {
                *charge = (f64::from(*charge) / parameters.gain) as f32;
            }
        }
        for time in &mut image.peak_time {
            *time = (f64::from(*time) - parameters.time_shift_ns) as f32;
        }
        scratch.deconvolved = [all, clipped, one, spare];
        Ok(None)
    }
}
