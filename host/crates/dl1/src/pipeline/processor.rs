//! What is done with one event, in three steps: all that needs no random numbers, drawing them in the order of
//! the file, and the fits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::settings::{ProcessSettings, TimingSeed};
use crate::Error;
use crate::calib::{CameraCalibrator, GainSelector, Pending, Waveforms, pixel_status};
use crate::clean::{Cleaner, Picture, cleaner};
use crate::event::{
    ArrayEvent, Calibration, Decoding, Dl1Event, Dl1Telescope, EventType, Image, Samples, Shower,
    TelescopeEvent,
};
use crate::extract::{self, extractor};
use crate::instrument::{Camera, PixelFrame, Subarray, TelId};
use crate::parameters::{Charge, Described, describe, describe_true, selected};
use crate::random::{Pairs, Random};

/// A telescope prepared for processing.
struct Telescope {
    position_m: [f32; 3],
    gain_selector: GainSelector,
    camera: Camera,
    calibrator: CameraCalibrator,
    cleaner: Box<dyn Cleaner>,
}

/// How many images there were, and how many of them had charge and pixels enough to be described.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImageCounts {
    /// Images, true ones included.
    pub total: u64,
    /// Images with charge.
    pub with_charge: u64,
    /// Images of at least two pixels.
    pub with_pixels: u64,
    /// Images with both.
    pub with_both: u64,
}

impl ImageCounts {
    /// Adds those of other images.
    pub fn add(&mut self, other: ImageCounts) {
        self.total += other.total;
        self.with_charge += other.with_charge;
        self.with_pixels += other.with_pixels;
        self.with_both += other.with_both;
    }

    fn count<C: Charge>(&mut self, image: &[C], mask: &[bool]) {
        let charges = selected(image, mask);
        let with_charge = C::sum_to_f64(C::sum(&charges)) > 0.0;
        let with_pixels = charges.len() >= 2;
        self.total += 1;
        self.with_charge += u64::from(with_charge);
        self.with_pixels += u64::from(with_pixels);
        self.with_both += u64::from(with_charge && with_pixels);
    }
}

/// Waveforms of one telescope that are to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptWaveforms {
    /// Telescope.
    pub tel_id: TelId,
    /// Gain channels, pixels and samples as digitized, and the counts `[gain][pixel][sample]`.
    pub r0: Option<([usize; 3], Vec<u16>)>,
    /// Calibrated waveforms, and what is stored of each pixel, by R1's bits.
    pub r1: Option<(Waveforms, Vec<u8>)>,
}

/// An event of which everything is known but what needs random numbers.
pub(super) struct HalfEvent {
    event: Dl1Event,
    telescopes: Vec<HalfTelescope>,
    /// Telescopes that could not be processed, and why.
    failed: Vec<Error>,
    counts: ImageCounts,
}

struct HalfTelescope {
    dl1: Dl1Telescope,
    kept: Option<KeptWaveforms>,
    /// The image is of its first pass.
    waiting: Option<Waiting>,
    /// Parameters that lack the time gradient.
    described: Option<(Described, Pairs)>,
}

struct Waiting {
    waveforms: Waveforms,
    pending: Pending,
    calibration: Arc<Calibration>,
}

/// A processed event.
pub(super) struct Done {
    pub(super) event: Dl1Event,
    /// Whether the event passes the cuts.
    pub(super) passes: bool,
    /// Images that don't pass the cuts, and are left out.
    pub(super) images_cut: u64,
    pub(super) waveforms: Vec<KeptWaveforms>,
    pub(super) failed: Vec<Error>,
    pub(super) counts: ImageCounts,
}

/// Memory of a thread.
#[derive(Default)]
pub(super) struct Scratch {
    waveforms: Waveforms,
    extract: extract::Scratch,
    decoding: Decoding,
}

/// Buffers of samples that a thread keeps at most.
const SPARE: usize = 16;

/// Above which counts of the high gain any telescope needs the low one; `None` if it may always.
fn low_gain_above<'a>(
    settings: &ProcessSettings,
    telescopes: impl Iterator<Item = &'a Telescope>,
) -> Option<f64> {
    if settings.keep_r0 || settings.select_gain == Some(false) {
        return None;
    }
    telescopes
        .map(|telescope| telescope.gain_selector.low_gain_above())
        .try_fold(f64::INFINITY, |least, threshold| threshold.map(|threshold| least.min(threshold)))
}

/// Processes events of one array.
pub struct Processor {
    settings: ProcessSettings,
    telescopes: HashMap<TelId, Telescope>,
    /// Where counts of the low gain are used.
    low_gain_above: Option<f64>,
}

impl Processor {
    /// Prepares all telescopes of an array; `path` names the file that describes them.
    pub fn new(path: &Path, subarray: &Subarray, settings: ProcessSettings) -> Result<Self, Error> {
        let mut telescopes = HashMap::new();
        for telescope in &subarray.telescopes {
            let (tel_id, description) = (telescope.tel_id, &telescope.description);
            let Some(camera) = subarray.cameras.get(telescope.camera) else {
                return Err(Error::parameter(format!("telescope {tel_id}"), "it has no camera"));
            };
            let camera = Camera::new(path, camera, telescope.focal_length_m)?;
            let name = settings.extractor.get(tel_id, description).ok_or_else(|| {
                let reason = format!("no rule is for telescope {tel_id} ({description})");
                Error::parameter("CameraCalibrator.image_extractor_type", reason)
            })?;
            let defaults = Default::default();
            let own = settings.extractors.get(name.as_str()).unwrap_or(&defaults);
            let extractor = extractor(name, own, tel_id, description, &camera.readout)?;
            let own = settings.cleaners.get(settings.cleaner.as_str()).unwrap_or(&defaults);
            let cleaner = cleaner(&settings.cleaner, own, tel_id, description)?;
            let calibrator = CameraCalibrator {
                extractor,
                apply_waveform_time_shift: settings.apply_waveform_time_shift,
                apply_peak_time_shift: settings.apply_peak_time_shift,
                average_invalid: settings.average_invalid,
            };
            let gain_selector =
                settings.gain_selector.get(tel_id, description).ok_or_else(|| {
                    let reason = format!("no rule is for telescope {tel_id} ({description})");
                    Error::parameter("gain selector", reason)
                })?;
            let prepared = Telescope {
                position_m: telescope.position_m,
                gain_selector: *gain_selector,
                camera,
                calibrator,
                cleaner,
            };
            telescopes.insert(tel_id, prepared);
        }
        let low_gain_above = low_gain_above(&settings, telescopes.values());
        Ok(Processor { settings, telescopes, low_gain_above })
    }

    /// What decoding may leave out, with the memory of a thread.
    pub(super) fn decoding<'a>(&self, scratch: &'a mut Scratch) -> &'a mut Decoding {
        scratch.decoding.low_gain_above = self.low_gain_above;
        &mut scratch.decoding
    }

    /// Everything that needs no random numbers, and all if each event has its own.
    pub(super) fn begin(&self, event: ArrayEvent, scratch: &mut Scratch) -> HalfEvent {
        let ArrayEvent { obs_id, event_id, event_type, time, triggers, shower, telescopes } = event;
        let mut half = HalfEvent {
            event: Dl1Event {
                obs_id,
                event_id,
                event_type,
                time,
                triggers,
                shower,
                telescopes: Vec::new(),
            },
            telescopes: Vec::with_capacity(telescopes.len()),
            failed: Vec::new(),
            counts: ImageCounts::default(),
        };
        for telescope in telescopes {
            let tel_id = telescope.tel_id;
            match self.begin_telescope(&mut half, telescope, scratch) {
                Ok(one) => half.telescopes.push(one),
                Err(error) => half.failed.push(in_event(event_id, tel_id, error)),
            }
        }
        if self.settings.timing_seed == TimingSeed::Event {
            for at in 0..half.telescopes.len() {
                let tel_id = half.telescopes[at].dl1.tel_id;
                let mut random = Random::for_event(obs_id, event_id, tel_id);
                self.second_pass(&mut half, at, &mut random);
                draw_pairs(&mut half.telescopes[at], &mut random);
            }
        }
        half
    }

    /// Draws what an event needs, in the order of ctapipe: for the images of all telescopes, then for their
    /// parameters. Nothing is drawn if each event has its own stream.
    pub(super) fn draw(&self, half: &mut HalfEvent, random: &mut Random) {
        if self.settings.timing_seed == TimingSeed::Event {
            return;
        }
        for at in 0..half.telescopes.len() {
            self.second_pass(half, at, random);
        }
        for telescope in &mut half.telescopes {
            draw_pairs(telescope, random);
        }
    }

    /// The fits.
    pub(super) fn finish(&self, half: HalfEvent) -> Done {
        let HalfEvent { mut event, telescopes, failed, counts } = half;
        let mut waveforms = Vec::new();
        for telescope in telescopes {
            let HalfTelescope { mut dl1, kept, waiting: None, described } = telescope else {
                continue;
            };
            if let Some((described, pairs)) = described {
                dl1.parameters = Some(described.finish(&pairs));
            }
            waveforms.extend(kept);
            event.telescopes.push(dl1);
        }
        let images_cut = self.settings.cuts.cut_images(&mut event);
        waveforms.retain(|kept| event.telescopes.iter().any(|one| one.tel_id == kept.tel_id));
        let passes = self.settings.cuts.passes(&event);
        Done { event, passes, images_cut, waveforms, failed, counts }
    }

    fn begin_telescope(
        &self,
        half: &mut HalfEvent,
        event: TelescopeEvent,
        scratch: &mut Scratch,
    ) -> Result<HalfTelescope, Error> {
        let known = self.telescopes.get(&event.tel_id);
        let telescope = known.ok_or_else(|| Error::parameter("telescope", "it has no camera"))?;
        let shown = half.event.event_type == EventType::SUBARRAY;
        let select = self.settings.select_gain.unwrap_or(shown);
        let selector = select.then_some(&telescope.gain_selector);
        let waveforms = &mut scratch.waveforms;
        self.settings.r1.run(&event, selector, waveforms)?;
        let (calibration, camera) = (&event.calibration, &telescope.camera);
        let kept = self.keep(&event, waveforms);
        match event.samples {
            Samples::Adc(samples) if scratch.decoding.spare.len() < SPARE => {
                scratch.decoding.spare.push(samples);
            }
            _ => {}
        }
        let mut image = Image::default();
        let pending = telescope.calibrator.begin(
            waveforms,
            calibration,
            camera,
            &mut scratch.extract,
            &mut image,
        )?;
        let mut waiting = None;
        if pending.n_points() > 0 {
            let (waveforms, calibration) = (std::mem::take(waveforms), event.calibration.clone());
            waiting = Some(Waiting { waveforms, pending, calibration });
        } else {
            let pairs = (pending, &Pairs::default());
            telescope.calibrator.finish(waveforms, calibration, camera, pairs, &mut image)?;
        }
        let mut dl1 = Dl1Telescope {
            tel_id: event.tel_id,
            pointing: event.pointing,
            image,
            image_mask: None,
            parameters: None,
            true_impact_m: half.event.shower.map(|shower| impact(&shower, telescope.position_m)),
            true_image_sum: event.true_image_sum,
            true_image: event.true_image,
            true_parameters: None,
        };
        let described = match waiting {
            None => self.clean(telescope, &mut dl1, &mut half.counts)?,
            Some(_) => None,
        };
        let described = described.map(|it| (it, Pairs::default()));
        Ok(HalfTelescope { dl1, kept, waiting, described })
    }

    /// Waveforms that are to be written. Sums are no waveforms.
    fn keep(&self, event: &TelescopeEvent, waveforms: &Waveforms) -> Option<KeptWaveforms> {
        let ProcessSettings { keep_r0, keep_r1, .. } = self.settings;
        if !keep_r0 && !keep_r1 {
            return None;
        }
        let extents = [event.n_channels, event.n_pixels, event.n_samples];
        let r0 = match &event.samples {
            Samples::Adc(adc) if keep_r0 => Some((extents, adc.clone())),
            _ => None,
        };
        let r1 = keep_r1
            .then(|| (waveforms.clone(), pixel_status(waveforms, &event.calibration.broken)));
        Some(KeptWaveforms { tel_id: event.tel_id, r0, r1 })
    }

    /// Completes an image that waits for random numbers.
    fn second_pass(&self, half: &mut HalfEvent, at: usize, random: &mut Random) {
        let HalfEvent { event, telescopes, failed, counts } = half;
        let one = &mut telescopes[at];
        let (Some(waiting), Some(telescope)) =
            (one.waiting.take(), self.telescopes.get(&one.dl1.tel_id))
        else {
            return;
        };
        let Waiting { waveforms, pending, calibration } = waiting;
        let pairs = random.pairs(pending.n_points());
        let (image, camera) = (&mut one.dl1.image, &telescope.camera);
        let pending = (pending, &pairs);
        let done = telescope
            .calibrator
            .finish(&waveforms, &calibration, camera, pending, image)
            .and_then(|()| self.clean(telescope, &mut one.dl1, counts));
        match done {
            Ok(described) => one.described = described.map(|it| (it, Pairs::default())),
            Err(error) => failed.push(in_event(event.event_id, one.dl1.tel_id, error)),
        }
    }

    /// Cleans an image and describes it, and the true one beside it, if parameters are wanted. Images of several
    /// gains have none.
    fn clean(
        &self,
        telescope: &Telescope,
        dl1: &mut Dl1Telescope,
        counts: &mut ImageCounts,
    ) -> Result<Option<Described>, Error> {
        let Telescope { camera, cleaner, .. } = telescope;
        if !self.settings.parameters || dl1.image.image.len() != camera.n_pixels() {
            return Ok(None);
        }
        let frame = self.frame(camera);
        let mask = cleaner.clean(&Picture::new(&dl1.image, &camera.graph))?;
        let image = &dl1.image.image;
        let times = match dl1.image.peak_time.is_empty() {
            true => Cow::Owned(vec![f32::NAN; image.len()]),
            false => Cow::Borrowed(&dl1.image.peak_time[..]),
        };
        counts.count(image, &mask);
        let described = describe(image, &times, &mask, frame, &camera.graph)?;
        dl1.image_mask = Some(mask);
        if let Some(true_image) = &dl1.true_image {
            let mask: Vec<bool> = true_image.iter().map(|count| *count > 0).collect();
            counts.count(true_image, &mask);
            dl1.true_parameters = Some(describe_true(true_image, frame, &camera.graph)?);
        }
        Ok(Some(described))
    }

    fn frame<'a>(&self, camera: &'a Camera) -> &'a PixelFrame {
        if self.settings.use_telescope_frame {
            &camera.telescope_frame
        } else {
            &camera.camera_frame
        }
    }
}

fn draw_pairs(telescope: &mut HalfTelescope, random: &mut Random) {
    if let Some((described, pairs)) = &mut telescope.described {
        *pairs = random.pairs(described.n_points());
    }
}

/// Distance of a place from a shower's axis, in m.
fn impact(shower: &Shower, position_m: [f32; 3]) -> f64 {
    let (sin_alt, cos_alt) = shower.altitude.sin_cos();
    let (sin_az, cos_az) = shower.azimuth.sin_cos();
    let d = [cos_alt * cos_az, -cos_alt * sin_az, sin_alt];
    let [x, y, z] = position_m.map(f64::from);
    let p = [x - shower.core_x_m, y - shower.core_y_m, z];
    let cross = |i: usize, j: usize| p[i] * d[j] - p[j] * d[i];
    let norm = |v: [f64; 3]| (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
    norm([cross(1, 2), cross(2, 0), cross(0, 1)]) / norm(d)
}

fn in_event(event: i64, tel_id: TelId, error: Error) -> Error {
    Error::parameter(format!("event {event}, telescope {tel_id}"), error.to_string())
}
