//! Two passes: where the light of the image's main island arrived tells where to look in the other pixels
//! (Holder et al. 2006, Astropart. Phys. 25, 361).

use super::correction::{Correction, integration_correction};
use super::window::Window;
use super::{Extractor, ExtractorKind, Scratch, Signals};
use crate::Error;
use crate::calib::average_invalid;
use crate::clean::{Thresholds, tailcuts};
use crate::event::Image;
use crate::instrument::CameraReadout;
use crate::parameters::{Axis, Islands, Pixels, TimingFit, hillas};
use crate::random::Pairs;
use crate::settings::TelescopeSettings;

const NAME: &str = "TwoPassWindowSum";
/// Window of the first pass, and of the second where it lies within the waveform.
const MIDDLE: Window = Window { width: 5, shift: 2 };
/// Window of the second pass where it would begin before the waveform.
const BEFORE: Window = Window { width: 5, shift: 0 };
/// Window of the second pass where it would end after the waveform.
const AFTER: Window = Window { width: 6, shift: 4 };
/// Pixels of an island of which a gradient is fitted.
const MIN_ISLAND: usize = 3;

pub(super) const KIND: ExtractorKind = ExtractorKind {
    name: NAME,
    settings: &[
        "core_threshold",
        "disable_second_pass",
        "apply_integration_correction",
        "invalid_pixel_handler_type",
    ],
    prepare: |settings, readout| Ok(Box::new(TwoPassWindowSum::new(settings, readout)?)),
};

struct TwoPassWindowSum {
    core_threshold: f64,
    second_pass: bool,
    average_invalid: bool,
    /// Factors of the windows in the middle, before and after.
    corrections: [Correction; 3],
}

/// What the first pass leaves for the second.
#[derive(Debug, Clone, PartialEq)]
pub struct FirstPass {
    charge: Vec<f64>,
    island: Vec<bool>,
    axis: Axis,
    fit: TimingFit,
}

impl FirstPass {
    /// Points for which [pairs](crate::random::Random::pairs) are to be drawn.
    pub fn n_points(&self) -> usize {
        self.fit.n_points()
    }
}

impl TwoPassWindowSum {
    fn new(settings: &TelescopeSettings<'_>, readout: &CameraReadout) -> Result<Self, Error> {
        let correction = |window: Window| {
            let factors = || integration_correction(readout, window.width, window.shift);
            Correction::new(NAME, settings, factors)
        };
        let average = match settings.text("invalid_pixel_handler_type", "NeighborAverage")? {
            None => false,
            Some("NeighborAverage") => true,
            Some(other) => {
                let reason = format!("there is no {other}, but NeighborAverage");
                return Err(settings.refused("invalid_pixel_handler_type", reason));
            }
        };
        let default = match &settings.description {
            description if description.starts_with("MST") => 8.0,
            description if description.starts_with("SST") => 4.0,
            _ => 6.0,
        };
        Ok(TwoPassWindowSum {
            core_threshold: settings.float("core_threshold", default)?,
            second_pass: !settings.boolean("disable_second_pass", false)?,
            average_invalid: average,
            corrections: [correction(MIDDLE)?, correction(BEFORE)?, correction(AFTER)?],
        })
    }

    /// Charges (not rounded) and times of all pixels, by themselves.
    fn first_pass(&self, signals: &Signals<'_>, image: &mut Image) -> Result<Vec<f64>, Error> {
        let factors = self.factors(signals, 0)?;
        let rate = signals.camera.readout.sampling_rate_ghz;
        let mut charges = Vec::with_capacity(signals.waveforms.n_pixels);
        for pixel in 0..signals.waveforms.n_pixels {
            let waveform = signals.waveforms.row(0, pixel);
            let (charge, time) = MIDDLE.sum(waveform, search(waveform) as i64, rate);
            charges.push(f64::from(charge) * factor(factors, signals, pixel));
            image.peak_time.push(time);
        }
        Ok(charges)
    }

    fn factors(&self, signals: &Signals<'_>, window: usize) -> Result<Option<&[f64]>, Error> {
        let selected = signals.waveforms.selected_gain.iter().flatten().max();
        self.corrections[window].factors(selected.map_or(1, |most| usize::from(*most) + 1))
    }

    /// The brightest island of a first cleaning and the gradient of its times; `None` if it is too small.
    fn main_island(
        &self,
        signals: &Signals<'_>,
        charge: Vec<f64>,
        peak_time: &[f32],
    ) -> Option<FirstPass> {
        let graph = &signals.camera.graph;
        let thresholds = Thresholds {
            picture: self.core_threshold,
            boundary: self.core_threshold / 2.0,
            keep_isolated: false,
            min_picture_neighbors: 1,
        };
        let mask = tailcuts(&charge, &thresholds, graph);
        let islands = Islands::find(&mask, &graph.neighbours);
        let island = islands.mask(islands.brightest(&charge));
        let chosen: Vec<usize> = (0..island.len()).filter(|pixel| island[*pixel]).collect();
        // Thresholds below zero may have let in what can't be weighted.
        if chosen.len() < MIN_ISLAND || chosen.iter().any(|pixel| charge[*pixel] < 0.0) {
            return None;
        }
        let frame = &signals.camera.camera_frame;
        let of = |values: &[f64]| chosen.iter().map(|pixel| values[*pixel]).collect();
        let pixels = Pixels {
            x: of(&frame.x),
            y: of(&frame.y),
            area: of(&frame.area),
            width: of(&frame.width),
            charge: of(&charge),
        };
        let (_, axis) = hillas(&pixels);
        let transform = axis.transform();
        let along = pixels.x.iter().zip(&pixels.y).map(|(x, y)| transform(*x, *y).0).collect();
        let times = chosen.iter().map(|pixel| f64::from(peak_time[*pixel])).collect();
        let fit = TimingFit::new(along, times);
        (fit.n_points() >= 2).then_some(FirstPass { charge, island, axis, fit })
    }
}

impl Extractor for TwoPassWindowSum {
    fn extract(
        &self,
        signals: &Signals<'_>,
        _: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error> {
        signals.check()?;
        signals.begin(image);
        if signals.waveforms.selected_gain.is_none() {
            return Err(Error::parameter(NAME, "the gain must be selected"));
        }
        if signals.waveforms.n_samples < 5 {
            let reason =
                format!("waveforms of {} samples are too short", signals.waveforms.n_samples);
            return Err(Error::parameter(NAME, reason));
        }
        let mut charge = self.first_pass(signals, image)?;
        if self.second_pass && self.average_invalid {
            let invalid = &signals.broken[..charge.len()];
            let neighbours = &signals.camera.graph.neighbours;
            average_invalid(&mut charge, invalid, neighbours);
            average_invalid(&mut image.peak_time, invalid, neighbours);
        }
        image.image.extend(charge.iter().map(|charge| *charge as f32));
        image.is_valid = !self.second_pass;
        if !self.second_pass {
            return Ok(None);
        }
        Ok(self.main_island(signals, charge, &image.peak_time))
    }

    fn finish(
        &self,
        signals: &Signals<'_>,
        first: FirstPass,
        pairs: &Pairs,
        image: &mut Image,
    ) -> Result<(), Error> {
        signals.check()?;
        let timing = first.fit.run(pairs);
        let n_pixels = signals.waveforms.n_pixels;
        if timing.slope.is_nan() || first.charge.len() != n_pixels {
            return Ok(());
        }
        let rate = signals.camera.readout.sampling_rate_ghz;
        let n_samples = signals.waveforms.n_samples as i64;
        let factors =
            [self.factors(signals, 0)?, self.factors(signals, 1)?, self.factors(signals, 2)?];
        let frame = &signals.camera.camera_frame;
        let transform = first.axis.transform();
        for pixel in 0..n_pixels {
            if first.island[pixel] && first.charge[pixel] >= self.core_threshold {
                continue;
            }
            let along = transform(frame.x[pixel], frame.y[pixel]).0;
            let time = timing.slope * along + timing.intercept;
            let (peak, which) = place((time * rate).round_ties_even() as i64, n_samples);
            let window = [MIDDLE, BEFORE, AFTER][which];
            let (charge, time) = window.sum(signals.waveforms.row(0, pixel), peak, rate);
            image.image[pixel] =
                (f64::from(charge) * factor(factors[which], signals, pixel)) as f32;
            image.peak_time[pixel] = time;
        }
        image.is_valid = true;
        Ok(())
    }
}

/// The sample to which a predicted one is moved so that its window lies in the waveform, and which window that
/// is.
fn place(predicted: i64, n_samples: i64) -> (i64, usize) {
    let start = predicted.saturating_sub(MIDDLE.shift);
    let which =
        if start.saturating_add(MIDDLE.width) > n_samples - 1 { 2 } else { usize::from(start < 0) };
    let peak = if predicted < 2 {
        0
    } else if predicted > n_samples - 3 {
        n_samples - 1
    } else {
        predicted
    };
    (peak, which)
}

fn factor(factors: Option<&[f64]>, signals: &Signals<'_>, pixel: usize) -> f64 {
    factors.map_or(1.0, |factors| factors[signals.waveforms.gain(0, pixel)])
}

/// Middle of the three samples with the largest sum, which is not one of the first or last two.
fn search(waveform: &[f32]) -> usize {
    let (mut peak, mut most) = (2, f32::NEG_INFINITY);
    for at in 2..waveform.len() - 2 {
        let [before, middle, after] = [at - 1, at, at + 1].map(|at| f64::from(waveform[at]));
        let sum = (middle + (before + after)) as f32;
        if sum > most {
            (peak, most) = (at, sum);
        }
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_kept_within_the_waveform() {
        assert_eq!(place(20, 40), (20, 0));
        assert_eq!(place(1, 40), (0, 1));
        assert_eq!(place(2, 40), (2, 0));
        assert_eq!(place(36, 40), (36, 0));
        assert_eq!(place(37, 40), (37, 2));
        assert_eq!(place(38, 40), (39, 2));
        assert_eq!(place(i64::MIN, 40), (0, 1));
        assert_eq!(place(i64::MAX, 40), (39, 2));
    }

    #[test]
    fn the_search_keeps_off_the_ends() {
        assert_eq!(search(&[9.0, 0.0, 0.0, 0.0, 1.0, 0.0, 9.0]), 3);
        assert_eq!(search(&[0.0, 0.0, 0.0, 0.0, 0.0]), 2);
        assert_eq!(search(&[0.0, 0.0, 1.0, 2.0, 1.0, 0.0, 0.0]), 3);
    }
}
