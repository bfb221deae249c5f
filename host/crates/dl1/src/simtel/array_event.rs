//! Events of the array (type 2010): the trigger (2009), the telescopes' events (2200…), where telescopes looked
//! (2100…), and perhaps sim_telarray's own reconstruction (2015).
//!
//! [`ArrayEventParts`] finds the objects without decoding them; [`ArrayEvent`] decodes them all.

use super::adc_samples::AdcSamples;
use super::adc_sums::AdcSums;
use super::aux_traces::AuxTraces;
use super::image::{ImageParameters, Stereo};
use super::kind;
use super::pixel_lists::{PixelCalibrated, PixelList, PixelTriggerTimes};
use super::pixel_timing::PixelTiming;
use super::telescope::TelescopeHeader;
use super::tracking::TrackingPosition;
use super::trigger::{Trigger, TriggeredTelescope};
use crate::eventio::{Object, ObjectError};
use crate::instrument::TelId;

/// Objects of an event.
#[derive(Debug, Clone)]
pub struct ArrayEventParts<'a> {
    /// The trigger.
    pub trigger: Trigger,
    /// Telescopes' events, in the file's order.
    pub telescopes: Vec<TelescopeParts<'a>>,
    /// Where telescopes looked.
    pub tracking: Vec<TrackingPosition>,
    /// Reconstruction.
    pub stereo: Option<Object<'a>>,
    /// What is wrong with objects that were left out.
    pub flaws: Vec<ObjectError>,
}

/// Objects of a telescope's event.
#[derive(Debug, Clone)]
pub struct TelescopeParts<'a> {
    /// Telescope.
    pub tel_id: TelId,
    /// Header.
    pub header: Object<'a>,
    /// Waveforms.
    pub samples: Option<Object<'a>>,
    /// Sums of waveforms.
    pub sums: Option<Object<'a>>,
    /// Lists of pixels.
    pub lists: Vec<Object<'a>>,
    /// Everything else.
    pub others: Vec<Object<'a>>,
}

/// What the headers inside an event tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Number of the event: the trigger's, or if that is 0 the event's own.
    pub event_id: i32,
    /// Telescopes with data, in the file's order.
    pub telescopes: Vec<TelId>,
}

fn first_is_trigger<'a>(event: &Object<'a>) -> Result<Object<'a>, ObjectError> {
    let first = event.objects().next().transpose()?;
    first.filter(|object| object.header.kind == kind::TRIGGER).ok_or_else(|| {
        let found =
            first.map_or("nothing".into(), |object| format!("object {}", object.header.kind));
        let reason = format!("an event begins with its trigger, object 2009, but {found} is there");
        ObjectError::malformed(&event.header, reason)
    })
}

impl Outline {
    /// Reads the headers of the objects of an event.
    pub fn parse(event: &Object<'_>) -> Result<Self, ObjectError> {
        let id = first_is_trigger(event)?.header.id;
        let event_id = if id != 0 { id } else { event.header.id };
        let tel_ids = event.objects().map_while(Result::ok);
        let telescopes =
            tel_ids.filter_map(|object| kind::telescope_event_tel(object.header.kind)).collect();
        Ok(Outline { event_id, telescopes })
    }
}

impl<'a> ArrayEventParts<'a> {
    /// Finds the objects of an event. `wanted` says which telescopes are; of others nothing is looked at.
    ///
    /// # Errors
    /// Where there is no trigger. A telescope's event that can't be read is left out, and [`Self::flaws`] says
    /// why.
    pub fn parse(event: &Object<'a>, wanted: impl Fn(TelId) -> bool) -> Result<Self, ObjectError> {
        let mut trigger = Trigger::parse(&first_is_trigger(event)?)?;
        if !trigger.has_lists {
            // Whatever was read out has triggered in the days of version 0.
            let kinds = event.objects().map_while(Result::ok).map(|object| object.header.kind);
            let tel_ids = kinds.filter_map(kind::telescope_event_tel);
            let tel_ids = tel_ids.filter_map(|tel_id| i16::try_from(tel_id).ok());
            trigger.triggered = tel_ids.map(|id| TriggeredTelescope::new(id, 0.0)).collect();
        }
        let (telescopes, tracking, flaws) = (Vec::new(), Vec::new(), Vec::new());
        let mut parts = ArrayEventParts { trigger, telescopes, tracking, stereo: None, flaws };
        for object in event.objects().skip(1) {
            let object = match object {
                Ok(object) => object,
                Err(flaw) => {
                    parts.flaws.push(flaw);
                    break;
                }
            };
            if let Err(flaw) = parts.add(object, &wanted) {
                parts.flaws.push(flaw);
            }
        }
        Ok(parts)
    }

    fn add(
        &mut self,
        object: Object<'a>,
        wanted: impl Fn(TelId) -> bool,
    ) -> Result<(), ObjectError> {
        let kind = object.header.kind;
        if kind == kind::STEREO {
            self.stereo = Some(object);
        } else if let Some(tel_id) = kind::telescope_event_tel(kind).filter(|&t| wanted(t)) {
            if self.telescopes.iter().any(|known| known.tel_id == tel_id) {
                let reason = format!("telescope {tel_id} is in the event twice");
                return Err(ObjectError::malformed(&object.header, reason));
            }
            self.telescopes.push(TelescopeParts::parse(tel_id, &object)?);
        } else if kind::tracking_tel(kind).is_some_and(wanted) {
            self.tracking.push(TrackingPosition::parse(&object)?);
        }
        Ok(())
    }

    /// Where a telescope looked.
    pub fn tracking(&self, tel_id: TelId) -> Option<&TrackingPosition> {
        self.tracking.iter().find(|position| position.tel_id == tel_id)
    }
}

impl<'a> TelescopeParts<'a> {
    fn parse(tel_id: TelId, event: &Object<'a>) -> Result<Self, ObjectError> {
        let mut objects = event.objects();
        let first = objects.next().transpose()?;
        let header =
            first.filter(|o| o.header.kind == kind::TELESCOPE_HEADER).ok_or_else(|| {
                let reason =
                    "a telescope's event begins with its header, object 2011, which is missing";
                ObjectError::malformed(&event.header, reason)
            })?;
        let (lists, others) = (Vec::new(), Vec::new());
        let mut parts = TelescopeParts { tel_id, header, samples: None, sums: None, lists, others };
        for object in objects {
            let object = object?;
            match object.header.kind {
                kind::ADC_SAMPLES => parts.samples = Some(object),
                kind::ADC_SUMS => parts.sums = Some(object),
                kind::PIXEL_LIST => parts.lists.push(object),
                _ => parts.others.push(object),
            }
        }
        Ok(parts)
    }

    /// Number of pixels that triggered, if they are listed.
    pub fn n_trigger_pixels(&self) -> Option<Result<usize, ObjectError>> {
        let list = self.lists.iter().rfind(|list| PixelList::code_of(list) == 0);
        list.map(PixelList::parse_len)
    }
}

/// A telescope's event, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeEvent {
    /// Telescope.
    pub tel_id: TelId,
    /// Header.
    pub header: Option<TelescopeHeader>,
    /// Waveforms.
    pub samples: Option<AdcSamples>,
    /// Sums of waveforms.
    pub sums: Option<AdcSums>,
    /// Parameters of the image.
    pub image: Option<ImageParameters>,
    /// Times of pulses.
    pub timing: Option<PixelTiming>,
    /// Calibrated amplitudes.
    pub calibrated: Option<PixelCalibrated>,
    /// Lists of pixels.
    pub lists: Vec<PixelList>,
    /// Times at which pixels triggered.
    pub trigger_times: Option<PixelTriggerTimes>,
    /// Auxiliary digital traces.
    pub digital: Vec<AuxTraces<u16>>,
    /// Auxiliary analogue traces.
    pub analog: Vec<AuxTraces<f32>>,
}

impl TelescopeEvent {
    /// Decodes all objects that are known. What is wrong with those left out goes to `flaws`.
    pub fn parse(parts: &TelescopeParts<'_>, flaws: &mut Vec<ObjectError>) -> Self {
        let mut event = TelescopeEvent {
            tel_id: parts.tel_id,
            header: keep(TelescopeHeader::parse(&parts.header), flaws),
            samples: parts.samples.as_ref().and_then(|o| keep(AdcSamples::parse(o), flaws)),
            sums: parts.sums.as_ref().and_then(|o| keep(AdcSums::parse(o), flaws)),
            image: None,
            timing: None,
            calibrated: None,
            lists: Vec::new(),
            trigger_times: None,
            digital: Vec::new(),
            analog: Vec::new(),
        };
        event.lists.extend(parts.lists.iter().filter_map(|o| keep(PixelList::parse(o), flaws)));
        for o in &parts.others {
            match o.header.kind {
                kind::IMAGE_PARAMETERS => event.image = keep(ImageParameters::parse(o), flaws),
                kind::PIXEL_TIMING => event.timing = keep(PixelTiming::parse(o), flaws),
                kind::PIXEL_CALIBRATED => {
                    event.calibrated = keep(PixelCalibrated::parse(o), flaws);
                }
                kind::PIXEL_TRIGGER_TIMES => {
                    event.trigger_times = keep(PixelTriggerTimes::parse(o), flaws);
                }
                kind::AUX_DIGITAL => {
                    event.digital.extend(keep(AuxTraces::parse_digital(o), flaws));
                }
                kind::AUX_ANALOG => event.analog.extend(keep(AuxTraces::parse_analog(o), flaws)),
                _ => {}
            }
        }
        event
    }
}

fn keep<T>(parsed: Result<T, ObjectError>, flaws: &mut Vec<ObjectError>) -> Option<T> {
    parsed.map_err(|flaw| flaws.push(flaw)).ok()
}

/// An event of the array, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayEvent {
    /// The trigger.
    pub trigger: Trigger,
    /// Telescopes' events, in the file's order.
    pub telescopes: Vec<TelescopeEvent>,
    /// Where telescopes looked.
    pub tracking: Vec<TrackingPosition>,
    /// Reconstruction.
    pub stereo: Option<Stereo>,
    /// What is wrong with objects that were left out.
    pub flaws: Vec<ObjectError>,
}

impl ArrayEvent {
    /// Decodes everything of an event that is known, for the wanted telescopes.
    pub fn parse(event: &Object<'_>, wanted: impl Fn(TelId) -> bool) -> Result<Self, ObjectError> {
        let ArrayEventParts { trigger, telescopes, tracking, stereo, mut flaws } =
            ArrayEventParts::parse(event, wanted)?;
        let telescopes =
            telescopes.iter().map(|parts| TelescopeEvent::parse(parts, &mut flaws)).collect();
        let stereo = stereo.and_then(|object| keep(Stereo::parse(&object), &mut flaws));
        Ok(ArrayEvent { trigger, telescopes, tracking, stereo, flaws })
    }
}
