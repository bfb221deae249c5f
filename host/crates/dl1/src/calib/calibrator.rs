//! From calibrated waveforms to an image: time shifts, extraction, invalid pixels.

use std::borrow::Cow;

use super::{Waveforms, average_invalid_pixels, shift_peak_times, shift_waveforms};
use crate::Error;
use crate::event::{Calibration, Image};
use crate::extract::{Extractor, FirstPass, Scratch, Signals};
use crate::instrument::Camera;
use crate::random::{Pairs, Random};

/// Makes images of one telescope's waveforms.
pub struct CameraCalibrator {
    /// The extractor.
    pub extractor: Box<dyn Extractor>,
    /// Whether waveforms are shifted by what pixels are late, in whole samples.
    pub apply_waveform_time_shift: bool,
    /// Whether what remains is taken off the times.
    pub apply_peak_time_shift: bool,
    /// Whether invalid pixels get the mean of their neighbours.
    pub average_invalid: bool,
}

/// An image on the way: complete, or waiting for the random numbers of its second pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    first: Option<FirstPass>,
    /// Shifts in ns that remain for the times.
    remaining: Vec<f64>,
}

impl Pending {
    /// Points for which [pairs](Random::pairs) are to be drawn; 0 if none are needed.
    pub fn n_points(&self) -> usize {
        self.first.as_ref().map_or(0, FirstPass::n_points)
    }
}

impl CameraCalibrator {
    /// An extractor with the usual steps around it.
    pub fn new(extractor: Box<dyn Extractor>) -> Self {
        CameraCalibrator {
            extractor,
            apply_waveform_time_shift: false,
            apply_peak_time_shift: true,
            average_invalid: true,
        }
    }

    /// Makes the image, in one go.
    pub fn run(
        &self,
        waveforms: &mut Waveforms,
        calibration: &Calibration,
        camera: &Camera,
        (scratch, random): (&mut Scratch, &mut Random),
        image: &mut Image,
    ) -> Result<(), Error> {
        let pending = self.begin(waveforms, calibration, camera, scratch, image)?;
        let pairs = random.pairs(pending.n_points());
        self.finish(waveforms, calibration, camera, (pending, &pairs), image)
    }

    /// Makes the image up to where random numbers are needed. Waveforms are shifted, if they are to be.
    ///
    /// Waveforms of one sample are sums: they are the charges, and all times are 0.
    pub fn begin(
        &self,
        waveforms: &mut Waveforms,
        calibration: &Calibration,
        camera: &Camera,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Pending, Error> {
        let broken = &calibration.broken[..];
        Signals { waveforms, broken, camera }.check()?;
        if waveforms.n_samples == 1 {
            image.image.clone_from(&waveforms.data);
            image.peak_time.clear();
            image.peak_time.resize(image.image.len(), 0.0);
            image.is_valid = true;
            return Ok(Pending { first: None, remaining: Vec::new() });
        }
        let shifts = row_shifts(waveforms, &calibration.time_shift_ns)?;
        let remaining = if self.apply_waveform_time_shift {
            shift_waveforms(waveforms, &shifts, camera.readout.sampling_rate_ghz)
        } else {
            shifts.iter().map(|shift| f64::from(*shift)).collect()
        };
        let signals = Signals { waveforms, broken, camera };
        let first = self.extractor.extract(&signals, scratch, image)?;
        Ok(Pending { first, remaining })
    }

    /// Completes the image with pairs drawn for the points of what [`begin`](Self::begin) left.
    pub fn finish(
        &self,
        waveforms: &Waveforms,
        calibration: &Calibration,
        camera: &Camera,
        (pending, pairs): (Pending, &Pairs),
        image: &mut Image,
    ) -> Result<(), Error> {
        let signals = Signals { waveforms, broken: &calibration.broken, camera };
        if let Some(first) = pending.first {
            self.extractor.finish(&signals, first, pairs, image)?;
        }
        if self.apply_peak_time_shift {
            shift_peak_times(&mut image.peak_time, &pending.remaining);
        }
        if self.average_invalid {
            average_invalid_pixels(image, &calibration.broken, &camera.graph);
        }
        Ok(())
    }
}

/// What each waveform is late, of shifts `[gain][pixel]`.
fn row_shifts<'a>(waveforms: &Waveforms, shifts: &'a [f32]) -> Result<Cow<'a, [f32]>, Error> {
    let n_pixels = waveforms.n_pixels;
    let Some(selected) = &waveforms.selected_gain else {
        let found = shifts.get(..waveforms.n_channels * n_pixels);
        return found.map(Cow::Borrowed).ok_or_else(|| too_few(shifts.len(), n_pixels));
    };
    let of = |(pixel, gain): (usize, &u8)| shifts.get(usize::from(*gain) * n_pixels + pixel);
    let found: Option<Vec<f32>> = selected.iter().enumerate().map(|at| of(at).copied()).collect();
    found.map(Cow::Owned).ok_or_else(|| too_few(shifts.len(), n_pixels))
}

fn too_few(found: usize, n_pixels: usize) -> Error {
    Error::parameter("time shifts", format!("{found} are too few for {n_pixels} pixels and gains"))
}
