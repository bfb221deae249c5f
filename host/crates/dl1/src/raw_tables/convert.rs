//! From gathered traces to an event of pixels, on whichever thread.

use std::path::PathBuf;
use std::sync::Arc;

use super::gather::RawEvent;
use crate::camera_file::{CameraFile, Pedestal};
use crate::event::{
    ArrayEvent, Calibration, EventType, Pointing, Samples, TelescopeEvent, TelescopeTrigger,
};
use crate::{Error, Place};

/// What all events share.
pub(super) struct Converter {
    pub(super) path: PathBuf,
    pub(super) camera: CameraFile,
    /// Photo-electrons per count.
    pub(super) dc_to_pe: Vec<f32>,
    /// Steps of the firmware's baseline to a count.
    pub(super) precision: f64,
    pub(super) n_samples: usize,
    /// Traces from here on are those of triggers.
    pub(super) adcs: u64,
    pub(super) obs_id: i32,
}

/// Pixels and traces that a message lists.
const LISTED: usize = 8;
/// Type of a calibration event.
pub(super) const CALIBRATION: i64 = 2;

/// What an event is.
pub(super) fn event_type(recorded: i64) -> EventType {
    match recorded {
        CALIBRATION => EventType::OTHER_CALIBRATION,
        _ => EventType::SUBARRAY,
    }
}

impl Converter {
    /// Gives pixels their traces. Pixels without a trace are broken in this event, which is noted.
    pub(super) fn convert(&self, raw: RawEvent) -> Result<(ArrayEvent, Vec<Error>), Error> {
        let number = raw.key.number;
        let note = |reason: String| Error::malformed(&self.path, Place::Event(number), reason);
        let mut notes: Vec<Error> = raw.flaws.iter().cloned().map(note).collect();
        let (n_pixels, n_samples) = (self.camera.n_pixels(), self.n_samples);
        let mut samples = vec![0; n_pixels * n_samples];
        let mut pedestal = vec![0.0; n_pixels];
        let mut present = vec![false; n_pixels];
        let (mut unknown, mut twice) = (Vec::new(), Vec::new());
        for (trace, waveform) in raw.traces.iter().zip(raw.samples.chunks_exact(n_samples)) {
            if u64::from(trace.channel) >= self.adcs {
                continue;
            }
            let map = &self.camera.trace_map;
            let pixel = match map.pixel(trace.channel, trace.card, trace.input) {
                Some(Some(pixel)) => pixel as usize,
                Some(None) => continue,
                None => {
                    unknown.push(u32::from(trace.channel));
                    continue;
                }
            };
            if std::mem::replace(&mut present[pixel], true) {
                twice.push(pixel as u32);
                continue;
            }
            samples[pixel * n_samples..][..n_samples].copy_from_slice(waveform);
            pedestal[pixel] = self.pedestal(trace.baseline, waveform);
        }
        let broken = &self.camera.broken;
        let missing = (0..n_pixels).filter(|&pixel| !present[pixel] && !broken[pixel]);
        let missing: Vec<u32> = missing.map(|pixel| pixel as u32).collect();
        if !present.contains(&true) {
            return Err(note("no trace of it is one of a pixel".into()));
        }
        for (what, list) in [
            ("traces that the camera file's trace_map does not know", unknown),
            ("pixels with more than one trace, of which the first is taken", twice),
            ("pixels without a trace, which are taken as broken", missing),
        ] {
            if !list.is_empty() {
                notes.push(note(format!("{} {what}: {}", list.len(), listed(&list))));
            }
        }
        let broken = present.iter().zip(broken).map(|(present, broken)| !present || *broken);
        let calibration = Calibration {
            pedestal,
            dc_to_pe: self.dc_to_pe.clone(),
            time_shift_ns: self.camera.time_shift_ns.clone(),
            broken: broken.collect(),
        };
        Ok((self.event(&raw, samples, calibration), notes))
    }

    /// Mean of a sample without light.
    fn pedestal(&self, baseline: u16, waveform: &[u16]) -> f32 {
        match self.camera.pedestal {
            // Tables have the whole counts of it: what they have cut off is half a count on the average.
            Pedestal::Firmware => {
                (f64::from(baseline) + (self.precision - 1.0) / (2.0 * self.precision)) as f32
            }
            Pedestal::FirstSamples(n) => {
                let sum: u64 = waveform.iter().take(n).map(|sample| u64::from(*sample)).sum();
                (sum as f64 / n as f64) as f32
            }
        }
    }

    fn event(&self, raw: &RawEvent, samples: Vec<u16>, calibration: Calibration) -> ArrayEvent {
        let tel_id = self.camera.tel_id;
        let event_type = event_type(raw.event_type);
        let unknown = Pointing { azimuth: f64::NAN, altitude: f64::NAN };
        let telescope = TelescopeEvent {
            tel_id,
            n_channels: 1,
            n_pixels: self.camera.n_pixels(),
            n_samples: self.n_samples,
            samples: Samples::Adc(samples),
            calibration: Arc::new(calibration),
            pointing: self.camera.pointing.unwrap_or(unknown),
            true_image: None,
            true_image_sum: None,
        };
        let trigger = TelescopeTrigger { tel_id, time: raw.time, event_type, n_trigger_pixels: -1 };
        ArrayEvent {
            obs_id: self.obs_id,
            event_id: raw.key.number,
            event_type,
            time: raw.time,
            triggers: vec![trigger],
            shower: None,
            telescopes: vec![telescope],
        }
    }
}

fn listed(numbers: &[u32]) -> String {
    let first = numbers.iter().take(LISTED).map(u32::to_string).collect::<Vec<_>>().join(", ");
    if numbers.len() > LISTED { format!("{first}, ...") } else { first }
}
