//! An event as a [`SimtelFile`](super::SimtelFile) yields it: small things decoded, large ones as bytes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::array_event::{ArrayEvent, ArrayEventParts};
use super::calibration::{LaserCalibration, PixelMonitoring};
use super::camera_monitoring::CameraMonitoring;
use super::kind;
use super::mc::{McEvent, McShower, PeSum};
use crate::event::Calibration;
use crate::eventio::iact::{PHOTO_ELECTRONS, PHOTONS, PhotoElectrons, Photons, TELESCOPE_DATA};
use crate::eventio::{Object, ObjectError, OwnedObject};
use crate::instrument::TelId;

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// An air shower.
    Data,
    /// A calibration event, and its kind if known: 0 dark, 1 pedestal, 2 light in the lid, 3 and more laser.
    Calibration(Option<i32>),
}

/// What was last known of a telescope when an event was read out.
#[derive(Debug, Default)]
pub struct TelescopeState {
    /// Monitoring of its camera.
    pub camera: Option<Arc<CameraMonitoring>>,
    /// Its calibration.
    pub laser: Option<Arc<LaserCalibration>>,
    /// Monitoring of its pixels.
    pub pixels: Option<Arc<PixelMonitoring>>,
    /// The calibration that follows from these, once it was asked for.
    pub(super) derived: OnceLock<Arc<Calibration>>,
}

impl TelescopeState {
    /// The same, about to be changed.
    pub(super) fn renewed(&self) -> Self {
        TelescopeState {
            camera: self.camera.clone(),
            laser: self.laser.clone(),
            pixels: self.pixels.clone(),
            derived: OnceLock::new(),
        }
    }
}

/// An event. It can be sent to another thread, which decodes the rest.
#[derive(Debug, Clone)]
pub struct SimtelEvent {
    /// The file, for errors.
    pub path: Arc<PathBuf>,
    /// What it is.
    pub kind: EventKind,
    /// Number of the event, as the file tells.
    pub event_id: i64,
    /// The shower, of simulated showers.
    pub shower: Option<Arc<McShower>>,
    /// The use of the shower, of simulated showers.
    pub mc_event: Option<McEvent>,
    /// Photo-electrons of each telescope.
    pub pe_sum: Option<PeSum>,
    /// Telescopes that have data and are wanted, in the file's order.
    pub telescopes: Vec<TelId>,
    /// The event of the array (type 2010); `None` if nothing triggered.
    pub array_event: Option<OwnedObject>,
    /// Photons and photo-electrons (type 1204), each object one part of them.
    pub telescope_data: Vec<OwnedObject>,
    /// Photo-electrons of a calibration event (type 2034).
    pub calibration_pe: Option<OwnedObject>,
    /// Particles on the ground (type 1205), of the shower.
    pub particles: Option<Arc<OwnedObject>>,
    /// What was last known of each telescope with data.
    pub states: Vec<(TelId, Arc<TelescopeState>)>,
}

impl SimtelEvent {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a wanted telescope has data.
    pub fn is_triggered(&self) -> bool {
        self.array_event.is_some() && !self.telescopes.is_empty()
    }

    /// What was last known of a telescope.
    pub fn state(&self, tel_id: TelId) -> Option<&Arc<TelescopeState>> {
        self.states.iter().find(|(found, _)| *found == tel_id).map(|(_, state)| state)
    }

    /// Finds the objects of the telescopes' events, of wanted telescopes only.
    pub fn parts(&self) -> Option<Result<ArrayEventParts<'_>, ObjectError>> {
        let wanted = |tel_id| self.telescopes.contains(&tel_id);
        Some(ArrayEventParts::parse(&self.array_event.as_ref()?.view(), wanted))
    }

    /// Decodes everything of the telescopes' events, of wanted telescopes only.
    pub fn parse(&self) -> Option<Result<ArrayEvent, ObjectError>> {
        let wanted = |tel_id| self.telescopes.contains(&tel_id);
        Some(ArrayEvent::parse(&self.array_event.as_ref()?.view(), wanted))
    }

    /// Objects with photo-electrons of a camera (type 1208).
    pub fn photo_electron_objects(&self) -> Vec<Object<'_>> {
        self.telescope_objects(PHOTO_ELECTRONS)
    }

    /// Decodes the photo-electrons of all cameras.
    pub fn photo_electrons(&self) -> Result<Vec<PhotoElectrons>, ObjectError> {
        self.photo_electron_objects().iter().map(PhotoElectrons::parse).collect()
    }

    /// Decodes the photons at all telescopes.
    pub fn photons(&self) -> Result<Vec<Photons>, ObjectError> {
        self.telescope_objects(PHOTONS).iter().map(Photons::parse).collect()
    }

    fn telescope_objects(&self, kind: u16) -> Vec<Object<'_>> {
        let calibration = self.calibration_pe.iter().flat_map(|object| object.view().objects());
        let calibration =
            calibration.map_while(Result::ok).filter(|object| object.header.kind == TELESCOPE_DATA);
        let data = self.telescope_data.iter().map(OwnedObject::view).chain(calibration);
        data.flat_map(|object| object.objects().map_while(Result::ok))
            .filter(|object| object.header.kind == kind)
            .collect()
    }
}

/// The event of the array inside a calibration event.
pub(super) fn inside_calibration(object: &Object<'_>) -> Result<OwnedObject, ObjectError> {
    match object.objects().next() {
        Some(Ok(inner)) if inner.header.kind == kind::ARRAY_EVENT => Ok(inner.to_owned()),
        Some(Err(flaw)) => Err(flaw),
        _ => Err(ObjectError::malformed(&object.header, "an event, object 2010, is not inside")),
    }
}
