//! From a file's event to an event of this crate, on whichever thread.

use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use super::super::adc_samples::AdcSamples;
use super::super::adc_sums::AdcSums;
use super::super::array_event::{ArrayEventParts, TelescopeParts};
use super::super::event::{EventKind, SimtelEvent, TelescopeState};
use super::super::mc::{McEvent, McShower};
use super::super::tracking::TrackingPosition;
use super::super::trigger::Trigger;
use crate::event::{
    ArrayEvent, Calibration, Decoding, EventType, Pointing, Samples, Shower, TelescopeEvent,
    TelescopeTrigger, Time,
};
use crate::eventio::iact::PhotoElectrons;
use crate::eventio::{Object, ObjectError};
use crate::instrument::TelId;
use crate::{Error, Place};

/// Telescopes with more photo-electrons than this but without a true image were cut off by the simulation.
const TRUNCATED_ABOVE: i32 = 1_000_000;

/// What the conversion must know of a telescope.
#[derive(Debug, Clone)]
pub(super) struct TelescopeFacts {
    /// Position in the run's header.
    pub(super) index: usize,
    /// Pixels.
    pub(super) n_pixels: usize,
    /// Pixels without voltage.
    pub(super) hv_disabled: Vec<i32>,
}

/// Turns [`SimtelEvent`]s into [`ArrayEvent`]s, which decodes them. It is shared between threads.
#[derive(Debug)]
pub struct EventConverter {
    pub(super) obs_id: i32,
    pub(super) has_true_images: bool,
    /// Wanted telescopes.
    pub(super) telescopes: BTreeMap<TelId, TelescopeFacts>,
    /// All telescopes of the run's header.
    pub(super) known: BTreeSet<i16>,
}

/// An event, and what was left out of it.
#[derive(Debug)]
pub struct Converted {
    /// The event.
    pub event: ArrayEvent,
    /// Why something was left out.
    pub notes: Vec<Error>,
}

/// Altitudes slightly above π/2 are π/2: in 4 bytes, π/2 is rounded up.
pub fn clip_altitude(altitude: f64) -> f64 {
    let close = altitude.abs() > FRAC_PI_2 && altitude.abs() < (1.0 + 1e-6) * FRAC_PI_2;
    if close { FRAC_PI_2.copysign(altitude) } else { altitude }
}

impl EventConverter {
    /// Decodes an event.
    ///
    /// # Errors
    /// Where the event has no trigger or it can't be read. A telescope that can't be read is left out and noted.
    pub fn convert(&self, event: &SimtelEvent) -> Result<Converted, Error> {
        self.convert_with(event, &mut Decoding::default())
    }

    /// As [`convert`](Self::convert), without what is not wanted.
    pub fn convert_with(
        &self,
        event: &SimtelEvent,
        decoding: &mut Decoding,
    ) -> Result<Converted, Error> {
        let mut notes = Vec::new();
        let parts = match event.parts() {
            Some(parts) => parts.map_err(|flaw| flaw.at(event.path()))?,
            None => {
                let reason = "no telescope was read out, so there is no trigger";
                return Err(Error::malformed(event.path(), Place::Event(event.event_id), reason));
            }
        };
        notes.extend(parts.flaws.iter().map(|flaw| flaw.clone().at(event.path())));
        let true_images = true_images(event, &mut notes);
        let mut converted = self.without_telescopes(event, &parts, &mut notes);
        let low_gain_above = decoding.low_gain_above;
        if converted.event_type != EventType::SUBARRAY {
            decoding.low_gain_above = None;
        }
        for telescope in &parts.telescopes {
            match self.telescope(event, &parts, telescope, &true_images, decoding) {
                Ok(telescope) => converted.telescopes.push(telescope),
                Err(error) => notes.push(error),
            }
        }
        decoding.low_gain_above = low_gain_above;
        Ok(Converted { event: converted, notes })
    }

    fn without_telescopes(
        &self,
        event: &SimtelEvent,
        parts: &ArrayEventParts<'_>,
        notes: &mut Vec<Error>,
    ) -> ArrayEvent {
        let trigger = &parts.trigger;
        let event_type = event_type(event.kind);
        let shower = match (&event.shower, &event.mc_event) {
            (Some(shower), Some(mc)) if event_type == EventType::SUBARRAY => {
                Some(describe_shower(shower, mc))
            }
            _ => None,
        };
        ArrayEvent {
            obs_id: self.obs_id,
            event_id: event.event_id,
            event_type,
            time: time(trigger.gps_time, 0.0),
            triggers: self.triggers(event, parts, notes),
            shower,
            telescopes: Vec::with_capacity(parts.telescopes.len()),
        }
    }

    fn triggers(
        &self,
        event: &SimtelEvent,
        parts: &ArrayEventParts<'_>,
        notes: &mut Vec<Error>,
    ) -> Vec<TelescopeTrigger> {
        let mut triggers: Vec<TelescopeTrigger> = Vec::new();
        for telescope in &parts.trigger.triggered {
            let id = telescope.tel_id;
            let wanted = TelId::try_from(id).ok().filter(|id| self.telescopes.contains_key(id));
            let twice = triggers.iter().any(|trigger| Some(trigger.tel_id) == wanted);
            if twice || !self.known.contains(&id) {
                let what = if twice { "twice" } else { "but not in the run's header" };
                let reason = format!("telescope {id} is in the list of triggers, {what}");
                let place = Place::Event(event.event_id);
                notes.push(Error::malformed(event.path(), place, reason));
                continue;
            }
            let Some(tel_id) = wanted else { continue };
            let data = parts.telescopes.iter().find(|parts| parts.tel_id == tel_id);
            let n_trigger_pixels = match data.and_then(TelescopeParts::n_trigger_pixels) {
                Some(Ok(n)) => n as i64,
                Some(Err(flaw)) => {
                    notes.push(flaw.at(event.path()));
                    -1
                }
                None => -1,
            };
            triggers.push(TelescopeTrigger {
                tel_id,
                time: time(parts.trigger.gps_time, f64::from(telescope.time_ns)),
                event_type: telescope.event_type(),
                n_trigger_pixels,
            });
        }
        triggers
    }

    fn telescope(
        &self,
        event: &SimtelEvent,
        parts: &ArrayEventParts<'_>,
        telescope: &TelescopeParts<'_>,
        true_images: &BTreeMap<i32, Object<'_>>,
        decoding: &mut Decoding,
    ) -> Result<TelescopeEvent, Error> {
        let tel_id = telescope.tel_id;
        let refuse = |reason: &str| {
            let reason = format!("telescope {tel_id} is left out: {reason}");
            Error::malformed(event.path(), Place::Event(event.event_id), reason)
        };
        if !is_triggered(&parts.trigger, tel_id) {
            return Err(refuse("it has data, but is not in the list of those that triggered"));
        }
        let facts = self.telescopes.get(&tel_id);
        let facts = facts.ok_or_else(|| refuse("it is not in the header of the run"))?;
        let position = parts.tracking(tel_id).and_then(pointing);
        let pointing = position.ok_or_else(|| refuse("missing tracking position"))?;
        let raw = decode(telescope, decoding).map_err(|flaw| flaw.at(event.path()))?;
        let raw = raw.ok_or_else(|| refuse("neither waveforms nor sums are there"))?;
        if raw.n_pixels != facts.n_pixels {
            let (found, expected) = (raw.n_pixels, facts.n_pixels);
            return Err(refuse(&format!("{found} pixels, its camera has {expected}")));
        }
        let state = event.state(tel_id).ok_or_else(|| refuse("it was never calibrated"))?;
        let calibration = calibration(state, facts, raw.n_channels).map_err(|r| refuse(&r))?;
        let sums = event.pe_sum.as_ref();
        let true_image_sum = sums.and_then(|sum| sum.n_pe.get(facts.index).copied());
        let true_image = match true_images.get(&(i32::from(tel_id) - 1)) {
            Some(object) => {
                let image = PhotoElectrons::parse_counts(object);
                Some(image.map_err(|flaw| flaw.at(event.path()))?.1)
            }
            None => self.missing_image(true_image_sum, raw.n_pixels).map_err(refuse)?,
        };
        if true_image.as_ref().is_some_and(|image| image.len() != raw.n_pixels) {
            return Err(refuse("its true image has another number of pixels"));
        }
        Ok(TelescopeEvent {
            tel_id,
            n_channels: raw.n_channels,
            n_pixels: raw.n_pixels,
            n_samples: raw.n_samples,
            samples: raw.samples,
            calibration,
            pointing,
            true_image,
            true_image_sum,
        })
    }
}

impl EventConverter {
    /// What stands for a true image that is not there.
    fn missing_image(
        &self,
        sum: Option<i32>,
        n_pixels: usize,
    ) -> Result<Option<Vec<i32>>, &'static str> {
        match sum {
            _ if !self.has_true_images => Ok(None),
            Some(sum) if sum > TRUNCATED_ABOVE => {
                Err("its true image is lost, it is so bright that data may be, too")
            }
            _ => Ok(Some(vec![-1; n_pixels])),
        }
    }
}

fn is_triggered(trigger: &Trigger, tel_id: TelId) -> bool {
    trigger.triggered.iter().any(|telescope| TelId::try_from(telescope.tel_id) == Ok(tel_id))
}

fn event_type(kind: EventKind) -> EventType {
    match kind {
        EventKind::Data => EventType::SUBARRAY,
        EventKind::Calibration(Some(0)) => EventType::DARK_PEDESTAL,
        EventKind::Calibration(Some(1)) => EventType::SKY_PEDESTAL,
        EventKind::Calibration(Some(2)) => EventType::SINGLE_PE,
        EventKind::Calibration(Some(3)) => EventType::FLATFIELD,
        EventKind::Calibration(_) => EventType::OTHER_CALIBRATION,
    }
}

/// A time and some nanoseconds.
fn time([seconds, nanoseconds]: [i32; 2], more_ns: f64) -> Time {
    let nanoseconds = f64::from(nanoseconds) + more_ns;
    let carry = (nanoseconds / 1e9).floor();
    if !carry.is_finite() {
        return Time { seconds: seconds.into(), nanoseconds };
    }
    Time {
        seconds: i64::from(seconds).saturating_add(carry as i64),
        nanoseconds: nanoseconds - carry * 1e9,
    }
}

/// The shower of a simulated event.
pub fn describe_shower(shower: &McShower, mc: &McEvent) -> Shower {
    Shower {
        energy_tev: shower.energy.into(),
        altitude: clip_altitude(shower.altitude.into()),
        azimuth: shower.azimuth.into(),
        core_x_m: mc.xcore.into(),
        core_y_m: mc.ycore.into(),
        h_first_int_m: shower.h_first_int.into(),
        x_max: shower.xmax.into(),
        starting_grammage: shower.depth_start.map_or(f64::NAN, f64::from),
        primary_id: shower.primary_id.into(),
    }
}

/// The corrected position, or where it is missing or no number, the one that was read.
fn pointing(position: &TrackingPosition) -> Option<Pointing> {
    let nan = [f32::NAN; 2];
    if position.raw.is_none() && position.corrected.is_none() {
        return None;
    }
    let (raw, corrected) = (position.raw.unwrap_or(nan), position.corrected.unwrap_or(nan));
    let choose =
        |at: usize| f64::from(if corrected[at].is_nan() { raw[at] } else { corrected[at] });
    Some(Pointing { azimuth: choose(0), altitude: clip_altitude(choose(1)) })
}

struct Raw {
    n_channels: usize,
    n_pixels: usize,
    n_samples: usize,
    samples: Samples,
}

/// Waveforms, or where there are none, sums as one sample.
fn decode(
    telescope: &TelescopeParts<'_>,
    decoding: &mut Decoding,
) -> Result<Option<Raw>, ObjectError> {
    if let Some(object) = &telescope.samples {
        let AdcSamples { n_gains, n_pixels, n_samples, samples } =
            AdcSamples::parse_into(object, decoding)?;
        let samples = Samples::Adc(samples);
        return Ok(Some(Raw { n_channels: n_gains, n_pixels, n_samples, samples }));
    }
    let Some(object) = &telescope.sums else { return Ok(None) };
    let AdcSums { n_gains, n_pixels, sums } = AdcSums::parse(object)?;
    let samples = Samples::Sums(sums);
    Ok(Some(Raw { n_channels: n_gains, n_pixels, n_samples: 1, samples }))
}

/// Objects with true images, by their telescope, which counts from 0.
fn true_images<'a>(event: &'a SimtelEvent, notes: &mut Vec<Error>) -> BTreeMap<i32, Object<'a>> {
    let mut images = BTreeMap::new();
    for object in event.photo_electron_objects() {
        match object.check_version("photo-electrons", &[1, 2, 3]) {
            Ok(()) => {
                images.insert(object.header.id.rem_euclid(1000), object);
            }
            Err(flaw) => notes.push(flaw.at(event.path())),
        }
    }
    images
}

/// Calibration of a telescope: pedestals of a sample in 4 bytes, as ctapipe has them, and factors. It is made
/// once for each change of what is known of the telescope.
fn calibration(
    state: &TelescopeState,
    facts: &TelescopeFacts,
    n_channels: usize,
) -> Result<Arc<Calibration>, String> {
    let n = n_channels * facts.n_pixels;
    let made = match state.derived.get() {
        Some(made) => made,
        None => {
            let made = Arc::new(derive(state, facts)?);
            state.derived.get_or_init(|| made)
        }
    };
    let found = [made.pedestal.len(), made.dc_to_pe.len(), made.time_shift_ns.len()];
    if found != [n; 3] {
        return Err(format!("calibration of {found:?} channels, the event has {n}"));
    }
    Ok(Arc::clone(made))
}

fn derive(state: &TelescopeState, facts: &TelescopeFacts) -> Result<Calibration, String> {
    let pedestals = state.camera.as_ref().and_then(|camera| camera.pedestals.as_ref());
    let pedestals = pedestals.ok_or("no pedestals (object 2022)")?;
    let laser = state.laser.as_ref().ok_or("no calibration (object 2023)")?;
    if pedestals.n_ped_slices == 0 {
        return Err("pedestals of 0 samples".into());
    }
    let slices = f32::from(pedestals.n_ped_slices);
    let n = laser.calib.len();
    let mut broken = vec![false; n];
    let channels = n.checked_div(facts.n_pixels).unwrap_or(0);
    for &pixel in &facts.hv_disabled {
        let pixel = usize::try_from(pixel).ok().filter(|&pixel| pixel < facts.n_pixels);
        let pixel = pixel.ok_or("a disabled pixel that does not exist")?;
        for channel in 0..channels {
            broken[channel * facts.n_pixels + pixel] = true;
        }
    }
    Ok(Calibration {
        pedestal: pedestals.pedestal.iter().map(|sum| sum / slices).collect(),
        dc_to_pe: laser.calib.clone(),
        // Before version 2 no pixel was late.
        time_shift_ns: laser.tm_calib.clone().unwrap_or_else(|| vec![0.0; n]),
        broken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn altitudes_above_the_zenith_by_rounding() {
        let up = f64::from(std::f32::consts::FRAC_PI_2);
        assert!(up > FRAC_PI_2);
        assert_eq!(clip_altitude(up), FRAC_PI_2);
        assert_eq!(clip_altitude(-up), -FRAC_PI_2);
        assert_eq!(clip_altitude(1.58), 1.58);
        assert_eq!(clip_altitude(1.2), 1.2);
    }

    #[test]
    fn times_carry_into_seconds() {
        let at = |ns, more| time([10, ns], more);
        assert_eq!(at(5, 2.5), Time { seconds: 10, nanoseconds: 7.5 });
        assert_eq!(at(999_999_999, 2.0), Time { seconds: 11, nanoseconds: 1.0 });
        assert_eq!(at(0, -1.0), Time { seconds: 9, nanoseconds: 999_999_999.0 });
    }
}
