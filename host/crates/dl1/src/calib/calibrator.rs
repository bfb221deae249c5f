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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::extractor;
    use crate::instrument::camera_tests::camera;
    use crate::settings::{Settings, Value};

    /// A camera, its waveforms with a pulse at sample 10 + the pixel's number modulo 3, and shifts of as much.
    fn signals() -> (Camera, Waveforms, Calibration) {
        let camera = camera(2);
        let (n_pixels, n_samples) = (camera.n_pixels(), 40);
        let data = (0..n_pixels * n_samples)
            .map(|at| if at % n_samples == 10 + at / n_samples % 3 { 1.0 } else { 0.0 })
            .collect();
        let selected_gain = Some((0..n_pixels).map(|pixel| u8::from(pixel == 4)).collect());
        let waveforms = Waveforms { n_channels: 1, n_pixels, n_samples, data, selected_gain };
        let mut time_shift_ns: Vec<f32> = (0..2 * n_pixels).map(|at| (at % 3) as f32).collect();
        (time_shift_ns[n_pixels + 4], time_shift_ns[4]) = (1.0, 99.0);
        let mut broken = vec![false; 2 * n_pixels];
        broken[7] = true;
        let nothing = vec![0.0; 2 * n_pixels];
        let pedestal = nothing.clone();
        (camera, waveforms, Calibration { pedestal, dc_to_pe: nothing, time_shift_ns, broken })
    }

    fn calibrator() -> CameraCalibrator {
        let mut settings = Settings::default();
        settings.set("apply_integration_correction", Value::Bool(false));
        let readout = camera(2).readout;
        let extractor = extractor("LocalPeakWindowSum", &settings, 1, "LST", &readout);
        CameraCalibrator::new(extractor.unwrap())
    }

    fn run(calibrator: &CameraCalibrator) -> Image {
        let (camera, mut waveforms, calibration) = signals();
        let mut image = Image::default();
        let with = (&mut Scratch::default(), &mut Random::default());
        calibrator.run(&mut waveforms, &calibration, &camera, with, &mut image).unwrap();
        image
    }

    #[test]
    fn late_pixels_are_no_longer_late() {
        let mut calibrator = calibrator();
        let image = run(&calibrator);
        assert_eq!(image.image, [1.0; 19]);
        assert!(image.peak_time.iter().all(|time| (time - 10.0).abs() < 1e-5));
        calibrator.apply_waveform_time_shift = true;
        let image = run(&calibrator);
        assert!(image.peak_time.iter().all(|time| (time - 10.0).abs() < 1e-5));
        calibrator.apply_peak_time_shift = false;
        assert!((run(&calibrator).peak_time[4] - 11.0).abs() < 1e-5);
        calibrator.apply_waveform_time_shift = false;
        calibrator.average_invalid = false;
        assert_eq!(run(&calibrator).peak_time[8], 12.0);
    }

    #[test]
    fn sums_are_images() {
        let (camera, mut waveforms, calibration) = signals();
        waveforms.n_samples = 1;
        waveforms.data = (0_u8..19).map(f32::from).collect();
        let mut image = Image::default();
        let with = (&mut Scratch::default(), &mut Random::default());
        calibrator().run(&mut waveforms, &calibration, &camera, with, &mut image).unwrap();
        assert_eq!((image.image[3], image.peak_time[3]), (3.0, 0.0));
        let around: Vec<f32> =
            camera.graph.neighbours.of(7).iter().map(|pixel| *pixel as f32).collect();
        assert_eq!(image.image[7], around.iter().sum::<f32>() / around.len() as f32);
    }

    #[test]
    fn too_few_shifts_are_an_error() {
        let (camera, mut waveforms, mut calibration) = signals();
        calibration.time_shift_ns.truncate(20);
        let with = (&mut Scratch::default(), &mut Random::default());
        let mut image = Image::default();
        let done = calibrator().run(&mut waveforms, &calibration, &camera, with, &mut image);
        assert!(done.unwrap_err().to_string().contains("20 are too few"));
    }
}
