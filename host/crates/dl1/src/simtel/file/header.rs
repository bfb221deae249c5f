//! What a file says before its first event.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::camera::{CameraOrganization, CameraSettings};
use super::super::history::{self, HistoryLine, Metaparameters};
use super::super::kind;
use super::super::pixels::{CameraSoftware, DisabledPixels, PixelSettings};
use super::super::run::{McRunHeader, RunHeader};
use super::super::tracking::{PointingCorrection, TrackingSetup};
use crate::eventio::iact::{self, Atmosphere, InputCard};
use crate::eventio::{Object, ObjectError, ObjectHeader};
use crate::instrument::TelId;
use crate::observation::AtmosphereProfile;
use crate::{Error, Place};

/// Settings of a telescope.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TelescopeSettings {
    /// Camera and mirrors.
    pub camera: Option<CameraSettings>,
    /// Modules of the camera.
    pub organization: Option<CameraOrganization>,
    /// Pixels.
    pub pixels: Option<PixelSettings>,
    /// Disabled pixels.
    pub disabled: Option<DisabledPixels>,
    /// Software of the camera.
    pub software: Option<CameraSoftware>,
    /// Correction of pointing.
    pub pointing: Option<PointingCorrection>,
    /// Drive.
    pub tracking: Option<TrackingSetup>,
}

impl TelescopeSettings {
    /// The first of the seven objects that is not there.
    fn missing(&self) -> Option<u16> {
        let there = [
            (self.camera.is_some(), kind::CAMERA_SETTINGS),
            (self.organization.is_some(), kind::CAMERA_ORGANIZATION),
            (self.pixels.is_some(), kind::PIXEL_SETTINGS),
            (self.disabled.is_some(), kind::PIXEL_DISABLE),
            (self.software.is_some(), kind::CAMERA_SOFTWARE),
            (self.pointing.is_some(), kind::POINTING_CORRECTION),
            (self.tracking.is_some(), kind::TRACKING_SETUP),
        ];
        there.into_iter().find(|(there, _)| !there).map(|(_, kind)| kind)
    }

    fn take(&mut self, object: &Object<'_>) -> Result<(), ObjectError> {
        match object.header.kind {
            kind::CAMERA_SETTINGS => self.camera = Some(CameraSettings::parse(object)?),
            kind::CAMERA_ORGANIZATION => {
                self.organization = Some(CameraOrganization::parse(object)?);
            }
            kind::PIXEL_SETTINGS => self.pixels = Some(PixelSettings::parse(object)?),
            kind::PIXEL_DISABLE => self.disabled = Some(DisabledPixels::parse(object)?),
            kind::CAMERA_SOFTWARE => self.software = Some(CameraSoftware::parse(object)?),
            kind::POINTING_CORRECTION => self.pointing = Some(PointingCorrection::parse(object)?),
            _ => self.tracking = Some(TrackingSetup::parse(object)?),
        }
        Ok(())
    }
}

/// Whether objects of a type must not change behind the header.
pub(super) fn is_compared(found: u16) -> bool {
    found == kind::RUN_HEADER || is_settings(found)
}

/// Whether a file can't be read if an object of a type can't be.
pub(super) fn is_needed(found: u16) -> bool {
    is_compared(found)
}

fn is_settings(found: u16) -> bool {
    (kind::CAMERA_SETTINGS..=kind::TRACKING_SETUP).contains(&found)
}

/// What a file says before its first event.
#[derive(Debug, Clone, Default)]
pub struct Header {
    /// Command lines and configurations of the programs that made the file.
    pub history: Vec<HistoryLine>,
    /// Metaparameters.
    pub meta: Metaparameters,
    /// Header of the run; there once a file is open.
    pub run: Option<RunHeader>,
    /// Headers of simulated runs; several in merged files.
    pub mc_runs: Vec<McRunHeader>,
    /// Input of CORSIKA.
    pub input_cards: Vec<InputCard>,
    /// Profiles of the atmosphere.
    pub atmospheres: Vec<AtmosphereProfile>,
    /// Settings of telescopes.
    pub telescopes: BTreeMap<TelId, TelescopeSettings>,
    /// Whether images of photo-electrons should be in the file.
    pub has_true_images: bool,
    checksums: BTreeMap<(u16, i32), u32>,
}

impl Header {
    pub(super) fn is_complete(&self) -> bool {
        self.run.is_some() && self.missing().is_none()
    }

    pub(super) fn close(&mut self) {
        self.has_true_images = history::has_true_images(&self.history);
    }

    /// Telescope and type of the first object that is not there.
    fn missing(&self) -> Option<(TelId, u16)> {
        let run = self.run.as_ref()?;
        run.tel_id.iter().find_map(|&tel| {
            let tel_id = TelId::try_from(tel).ok()?;
            let missing = match self.telescopes.get(&tel_id) {
                Some(settings) => settings.missing(),
                None => Some(kind::CAMERA_SETTINGS),
            };
            missing.map(|kind| (tel_id, kind))
        })
    }

    fn what_is_missing(&self) -> String {
        match self.missing() {
            Some((tel_id, kind)) => format!("object {kind} of telescope {tel_id} is missing"),
            None => "object 2000, the header of the run, is missing".into(),
        }
    }

    pub(super) fn incomplete(&self, path: &Path) -> Error {
        let reason = "the settings of the telescopes are not all there: ".to_string();
        Error::truncated(path, Place::File, reason + &self.what_is_missing())
    }

    pub(super) fn too_early(&self, path: &Path, header: &ObjectHeader) -> Error {
        let reason = "an event before the settings of all telescopes: ".to_string();
        Error::malformed(path, header.place(), reason + &self.what_is_missing())
    }

    /// Takes an object of the header; false if it is none.
    pub(super) fn take(&mut self, object: &Object<'_>) -> Result<bool, ObjectError> {
        let id = object.header.id;
        match object.header.kind {
            kind::HISTORY => self.history.extend(history::parse_history(object)?),
            kind::META => {
                let meta = history::parse_meta(object)?;
                match kind::plain_tel(id) {
                    Some(tel_id) => {
                        self.meta.telescopes.insert(tel_id, meta);
                    }
                    None => self.meta.global = meta,
                }
            }
            kind::RUN_HEADER => {
                if self.run.is_some() {
                    self.compare(object)?;
                }
                self.run = Some(parse_run(object)?);
                self.remember(object);
            }
            kind::MC_RUN_HEADER => self.mc_runs.push(McRunHeader::parse(object)?),
            iact::INPUT_CARD => self.input_cards.push(InputCard::parse(object)?),
            iact::ATMOSPHERE => self.atmospheres.push(Atmosphere::parse(object)?),
            found if is_settings(found) => {
                let tel_id = kind::plain_tel(id).ok_or_else(|| {
                    ObjectError::malformed(&object.header, format!("telescope {id}"))
                })?;
                self.telescopes.entry(tel_id).or_default().take(object)?;
                self.remember(object);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn remember(&mut self, object: &Object<'_>) {
        let key = (object.header.kind, object.header.id);
        self.checksums.insert(key, crc32fast::hash(object.payload));
    }

    /// Refuses an object of the header that occurs again and is different.
    pub(super) fn compare(&self, object: &Object<'_>) -> Result<(), ObjectError> {
        let refuse = |what: String| Err(ObjectError::unsupported(&object.header, what));
        if object.header.kind == kind::RUN_HEADER {
            let (run, first) = (parse_run(object)?, self.run.as_ref());
            if first
                .is_some_and(|first| (&first.tel_id, &first.tel_pos) != (&run.tel_id, &run.tel_pos))
            {
                return refuse(format!("run {} has other telescopes than the first", run.run));
            }
            if first.is_some_and(|first| first.run != run.run) {
                return refuse(format!("run {} follows; it is counted to the first", run.run));
            }
            return Ok(());
        }
        let known = self.checksums.get(&(object.header.kind, object.header.id));
        if known.is_none_or(|&known| known != crc32fast::hash(object.payload)) {
            let id = object.header.id;
            return refuse(format!("other settings of telescope {id}; the first ones are used"));
        }
        Ok(())
    }
}

fn parse_run(object: &Object<'_>) -> Result<RunHeader, ObjectError> {
    let run = RunHeader::parse(object)?;
    let mut seen = std::collections::BTreeSet::new();
    for &tel_id in &run.tel_id {
        if tel_id < 0 || !seen.insert(tel_id) {
            let reason = format!("telescope {tel_id} in the list of telescopes, or twice there");
            return Err(ObjectError::malformed(&object.header, reason));
        }
    }
    Ok(run)
}
