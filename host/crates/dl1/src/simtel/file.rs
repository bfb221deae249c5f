//! A file of sim_telarray as a row of events.
//!
//! First come history, metaparameters and the headers of the run, then the settings of each telescope
//! ([`Header`]); with the last of these the file is open. Then the objects of events, which a state machine puts
//! together:
//!
//! | object | does |
//! |---|---|
//! | 2020 | begins a shower |
//! | 1205, not inside another | particles on the ground of this shower |
//! | 2021 | ends the event and begins another use of the shower |
//! | 1204, 2026, 2010 | are parts of the event; 2010 before any shower is a calibration event |
//! | 2022, 2023, 2033 | change what is known of a telescope |
//! | 2034 | photo-electrons of the next calibration event |
//! | 2028 | ends the event and begins a calibration event |
//! | 100 | ends the event |
//!
//! Where files were put together, headers occur again; what is different then is refused or noted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_report::Limits;

use super::array_event::Outline;
use super::calibration::{LaserCalibration, PixelMonitoring};
use super::camera_monitoring::CameraMonitoring;
use super::event::{EventKind, SimtelEvent, TelescopeState, inside_calibration};
use super::history::{self, HistoryLine};
use super::kind;
use super::mc::{McEvent, McShower, PeSum};
use super::run::McRunHeader;
use crate::Error;
use crate::eventio::histograms::{self, Histogram};
use crate::eventio::iact;
use crate::eventio::{Fault, Input, Object, ObjectError, ObjectReader, OwnedObject};
use crate::instrument::TelId;

mod header;

pub use header::{Header, TelescopeSettings};

/// What of a file is wanted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Telescopes that are wanted; `None`: all.
    pub allowed_tels: Option<BTreeSet<TelId>>,
    /// Whether calibration events are passed over.
    pub skip_calibration: bool,
    /// Whether events without data of a wanted telescope are yielded, too.
    pub keep_non_triggered: bool,
    /// Largest sizes.
    pub limits: Limits,
}

impl Options {
    fn allows(&self, tel_id: TelId) -> bool {
        self.allowed_tels.as_ref().is_none_or(|allowed| allowed.contains(&tel_id))
    }
}

/// A file of sim_telarray: its header, and an iterator over its events.
///
/// A file that ends early yields the events that are whole, the last one as far as it is there, then
/// [`Error::Truncated`], then nothing more. Objects that can't be read are left out and noted.
pub struct SimtelFile {
    reader: ObjectReader<Input>,
    path: Arc<PathBuf>,
    options: Options,
    header: Header,
    histograms: Option<Vec<Histogram>>,
    states: BTreeMap<TelId, Arc<TelescopeState>>,
    shower: Option<Arc<McShower>>,
    particles: Option<Arc<OwnedObject>>,
    calibration_pe: Option<OwnedObject>,
    current: Option<SimtelEvent>,
    complete: Vec<SimtelEvent>,
    failure: Option<Error>,
    notes: Vec<Error>,
    unsupported: BTreeSet<(u16, u16)>,
    done: bool,
}

impl SimtelFile {
    /// Opens a file, compressed or not, and reads its header.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let input = Input::open(path, &options.limits)?;
        Self::read(input, path, options)
    }

    /// Reads the header of a stream. `path` names it in errors.
    pub fn read(input: Input, path: &Path, options: Options) -> Result<Self, Error> {
        let reader = ObjectReader::new(input, path, options.limits);
        let mut file = SimtelFile {
            reader,
            path: Arc::new(path.to_path_buf()),
            options,
            header: Header::default(),
            histograms: None,
            states: BTreeMap::new(),
            shower: None,
            particles: None,
            calibration_pe: None,
            current: None,
            complete: Vec::new(),
            failure: None,
            notes: Vec::new(),
            unsupported: BTreeSet::new(),
            done: false,
        };
        let mut payload = Vec::new();
        while !file.header.is_complete() {
            match file.reader.next_in(&mut payload) {
                Ok(Some(object)) => file.in_header(&object)?,
                Ok(None) => return Err(file.header.incomplete(path)),
                Err(error) => return Err(error),
            }
        }
        file.header.close();
        Ok(file)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file says before its first event. History that comes later is added.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Histograms, which are behind the last event.
    pub fn histograms(&self) -> Option<&[Histogram]> {
        self.histograms.as_deref()
    }

    /// Bytes of the decompressed file that were read.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// What was left out until now and why; each unsupported version once.
    pub fn take_notes(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.notes)
    }

    fn in_header(&mut self, object: &Object<'_>) -> Result<(), Error> {
        let found = object.header.kind;
        if matches!(
            found,
            kind::MC_SHOWER | kind::MC_EVENT | kind::ARRAY_EVENT | kind::CALIBRATION_EVENT
        ) {
            return Err(self.header.too_early(&self.path, &object.header));
        }
        match self.header.take(object) {
            Err(flaw) if header::is_needed(found) => return Err(flaw.at(&self.path)),
            Err(flaw) => self.note(Err(flaw)),
            Ok(true) => {}
            Ok(false) if is_known(found) => {
                let handled = self.take(object.to_owned());
                self.note(handled);
            }
            Ok(false) => {}
        }
        Ok(())
    }

    /// Next event; `None` at the end.
    fn advance(&mut self) -> Option<Result<SimtelEvent, Error>> {
        loop {
            if !self.complete.is_empty() {
                let event = self.complete.remove(0);
                if self.is_wanted(&event) {
                    return Some(Ok(event));
                }
            } else if let Some(error) = self.failure.take() {
                return Some(Err(error));
            } else if self.done {
                return None;
            } else {
                self.read_one();
            }
        }
    }

    fn is_wanted(&self, event: &SimtelEvent) -> bool {
        match event.kind {
            EventKind::Data => self.options.keep_non_triggered || !event.telescopes.is_empty(),
            EventKind::Calibration(_) => !self.options.skip_calibration,
        }
    }

    fn read_one(&mut self) {
        let header = match self.reader.next_header() {
            Ok(Some(header)) => header,
            Ok(None) => return self.end(None),
            Err(error) => return self.end(Some(error)),
        };
        if !is_known(header.kind) {
            return;
        }
        if header.kind == kind::CALIBRATION_EVENT && self.options.skip_calibration {
            self.close();
            self.calibration_pe = None;
            return;
        }
        let mut payload = Vec::new();
        if let Err(error) = self.reader.read_payload(&mut payload) {
            return self.end(Some(error));
        }
        let handled = self.take(OwnedObject { header, payload });
        self.note(handled);
    }

    fn end(&mut self, error: Option<Error>) {
        self.close();
        self.failure = error;
        self.done = true;
    }

    fn note(&mut self, handled: Result<(), ObjectError>) {
        if let Err(flaw) = handled {
            let version = (flaw.header.kind, flaw.header.version);
            if flaw.fault != Fault::Unsupported || self.unsupported.insert(version) {
                self.notes.push(flaw.at(&self.path));
            }
        }
    }

    /// Puts an object of the events' part where it belongs.
    fn take(&mut self, object: OwnedObject) -> Result<(), ObjectError> {
        let view = object.view();
        match object.header.kind {
            kind::MC_SHOWER => {
                // A shower that can't be read must not leave its events with the one before.
                self.shower = None;
                self.particles = None;
                self.shower = Some(Arc::new(McShower::parse(&view)?));
            }
            kind::MC_EVENT => {
                self.close();
                let mc_event = McEvent::parse(&view)?;
                self.begin(EventKind::Data, mc_event.event_id, Some(mc_event));
            }
            kind::PE_SUM => {
                let sum = PeSum::parse(&view)?;
                self.current_for(&view)?.pe_sum = Some(sum);
            }
            iact::TELESCOPE_DATA => self.current_for(&view)?.telescope_data.push(object),
            iact::PHOTONS => self.particles = Some(Arc::new(object)),
            kind::ARRAY_EVENT => self.take_array_event(object)?,
            kind::CALIBRATION_EVENT => {
                self.close();
                let inner = inside_calibration(&view)?;
                self.begin(EventKind::Calibration(Some(object.header.id)), inner.header.id, None);
                self.calibration_pe_for_current();
                self.fill(inner)?;
            }
            kind::CALIBRATION_PE => self.calibration_pe = Some(object),
            kind::CAMERA_MONITORING | kind::LASER_CALIBRATION | kind::PIXEL_MONITORING => {
                self.take_monitoring(&view)?;
            }
            histograms::KIND => {
                self.close();
                self.histograms = Some(Histogram::parse(&view)?);
            }
            _ => self.take_again(&view)?,
        }
        Ok(())
    }

    /// Objects of the header that occur behind it.
    fn take_again(&mut self, object: &Object<'_>) -> Result<(), ObjectError> {
        match object.header.kind {
            kind::HISTORY => {
                let lines: Vec<HistoryLine> = history::parse_history(object)?;
                self.header.history.extend(lines);
                Ok(())
            }
            kind::MC_RUN_HEADER => {
                self.header.mc_runs.push(McRunHeader::parse(object)?);
                Ok(())
            }
            _ => self.header.compare(object),
        }
    }

    fn begin(&mut self, kind: EventKind, event_id: i32, mc_event: Option<McEvent>) {
        let data = kind == EventKind::Data;
        self.current = Some(SimtelEvent {
            path: Arc::clone(&self.path),
            kind,
            event_id: event_id.into(),
            shower: if data { self.shower.clone() } else { None },
            mc_event,
            pe_sum: None,
            telescopes: Vec::new(),
            array_event: None,
            telescope_data: Vec::new(),
            calibration_pe: None,
            particles: if data { self.particles.clone() } else { None },
            states: Vec::new(),
        });
    }

    fn close(&mut self) {
        self.complete.extend(self.current.take());
    }

    fn calibration_pe_for_current(&mut self) {
        if let Some(current) = &mut self.current {
            current.calibration_pe = self.calibration_pe.take();
        }
    }

    fn current_for(&mut self, object: &Object<'_>) -> Result<&mut SimtelEvent, ObjectError> {
        self.current.as_mut().ok_or_else(|| {
            ObjectError::malformed(&object.header, "it belongs to an event, but none has begun")
        })
    }

    fn take_array_event(&mut self, object: OwnedObject) -> Result<(), ObjectError> {
        if self.shower.is_none() && self.current.as_ref().is_none_or(|e| e.mc_event.is_none()) {
            self.close();
            self.begin(EventKind::Calibration(None), object.header.id, None);
        } else if self.current.as_ref().is_none_or(|current| current.array_event.is_some()) {
            let mc_event = self.current.as_ref().and_then(|current| current.mc_event);
            self.close();
            self.begin(EventKind::Data, object.header.id, mc_event);
        }
        self.fill(object)
    }

    /// Adds an event of the array to the current event, and what is known of its telescopes now.
    fn fill(&mut self, object: OwnedObject) -> Result<(), ObjectError> {
        let Some(current) = &mut self.current else { return Ok(()) };
        let outline = Outline::parse(&object.view())?;
        current.event_id = outline.event_id.into();
        current.telescopes =
            outline.telescopes.into_iter().filter(|&tel| self.options.allows(tel)).collect();
        let state = |tel: &TelId| Some((*tel, Arc::clone(self.states.get(tel)?)));
        current.states = current.telescopes.iter().filter_map(state).collect();
        current.array_event = Some(object);
        Ok(())
    }

    fn take_monitoring(&mut self, object: &Object<'_>) -> Result<(), ObjectError> {
        let id = object.header.id;
        let tel_id = match object.header.kind {
            kind::CAMERA_MONITORING => Some(kind::packed_tel(id)),
            _ => kind::plain_tel(id),
        };
        let tel_id = tel_id
            .ok_or_else(|| ObjectError::malformed(&object.header, format!("telescope {id}")))?;
        let earlier = self.states.entry(tel_id).or_default();
        let mut state = earlier.renewed();
        match object.header.kind {
            kind::CAMERA_MONITORING => {
                let mut camera = CameraMonitoring::parse(object)?;
                if let Some(earlier) = &earlier.camera {
                    camera.keep(earlier);
                }
                state.camera = Some(Arc::new(camera));
            }
            kind::LASER_CALIBRATION => {
                state.laser = Some(Arc::new(LaserCalibration::parse(object)?));
            }
            _ => state.pixels = Some(Arc::new(PixelMonitoring::parse(object)?)),
        }
        *earlier = Arc::new(state);
        Ok(())
    }
}

impl Iterator for SimtelFile {
    type Item = Result<SimtelEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance()
    }
}

/// Whether the events' part has a use for objects of a type; others are passed over without being read.
fn is_known(found: u16) -> bool {
    matches!(
        found,
        kind::MC_SHOWER
            | kind::MC_EVENT
            | kind::PE_SUM
            | iact::TELESCOPE_DATA
            | iact::PHOTONS
            | kind::ARRAY_EVENT
            | kind::CALIBRATION_EVENT
            | kind::CALIBRATION_PE
            | kind::CAMERA_MONITORING
            | kind::LASER_CALIBRATION
            | kind::PIXEL_MONITORING
            | histograms::KIND
            | kind::HISTORY
            | kind::MC_RUN_HEADER
    ) || header::is_compared(found)
}
