//! The HDF5 format of ctapipe's DL1 data.
//!
//! | path | rows |
//! |---|---|
//! | configuration/instrument/… | telescopes, optics, pixels and pulses of the cameras |
//! | configuration/observation/…, configuration/simulation/run | runs |
//! | configuration/telescope/pointing/tel_*NNN* | where a telescope looks, for simulated runs |
//! | dl1/event/subarray/trigger, dl1/event/telescope/trigger | events; telescopes in their trigger |
//! | dl1/event/telescope/{images,parameters}/tel_*NNN* | images and what describes them, by telescope |
//! | dl1/monitoring/telescope/pointing/tel_*NNN* | where a telescope looked, for observed runs |
//! | simulation/event/… | showers, distances of their axes, true images and what describes them |
//! | simulation/service/…, dl1/service/image_statistics | atmosphere, simulated showers, counts of images |
//! | r0, r1/event/telescope/tel_*NNN* | waveforms |
//!
//! Columns tell their units, times and enumerations in attributes CTAFIELD_*n*_…, the file its origin in
//! attributes of the root. [`Reader`](crate::reader::ctapipe::Reader) reads all of it but waveforms.

mod events;
pub(crate) mod fields;
mod fixed_point;
mod header;
mod instrument;
mod run;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod waveforms;

use std::path::Path;

use tierline_h5::pytables::FileWriter;
use tierline_h5::{Filters, Stats};

pub use fixed_point::FixedPoint;
pub use header::{Metadata, Model};
pub(crate) use instrument::{geodetic, reflector_name, size_name};
pub use waveforms::R1Waveform;

use crate::Error;
use crate::event::Dl1Event;
use crate::instrument::{Subarray, TelId};
use crate::writer::{Row, RunData};
use events::Events;
use header::Facts;
use waveforms::Waveforms;

/// Bytes of rows that wait in memory, about, if all telescopes have full chunks.
const MAX_WAITING: usize = 256 << 20;
/// Tables of images and parameters that each telescope has.
const TABLES: usize = 5;
/// Sizes of a chunk: below, tables of parameters compress badly; above, nothing is gained.
const CHUNK_BYTES: std::ops::RangeInclusive<usize> = 16 << 10..=256 << 10;

/// What is written, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Version of the data model.
    pub model: Model,
    /// Whether images are written, true ones included.
    pub images: bool,
    /// Whether parameters and masks are written.
    pub parameters: bool,
    /// Whether waveforms as digitized are written, which are given by [`Dl1Writer::write_r0`].
    pub r0_waveforms: bool,
    /// Whether calibrated waveforms are written, which are given by [`Dl1Writer::write_r1`].
    pub r1_waveforms: bool,
    /// Whether this is a simulation.
    pub is_simulation: bool,
    /// Whether parameters are in the frame of the camera instead of that of the telescope.
    pub camera_frame: bool,
    /// Whether charges are written as whole numbers, and how.
    pub transform_image: Option<FixedPoint>,
    /// Whether peak times are written as whole numbers, and how.
    pub transform_peak_time: Option<FixedPoint>,
    /// Threads and memory.
    pub file: tierline_h5::Options,
    /// Filters of the tables.
    pub filters: Filters,
    /// Where the data come from. What is not known yet can be replaced by [`Dl1Writer::metadata`].
    pub metadata: Metadata,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            model: Model::default(),
            images: false,
            parameters: true,
            r0_waveforms: false,
            r1_waveforms: false,
            is_simulation: true,
            camera_frame: false,
            transform_image: None,
            transform_peak_time: None,
            file: tierline_h5::Options::default(),
            filters: Filters {
                shuffle: true,
                deflate: Some(1),
                fletcher32: true,
                store_noise: true,
            },
            metadata: Metadata::default(),
        }
    }
}

/// Which event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventIndex {
    /// Number of the run.
    pub obs_id: i32,
    /// Number of the event.
    pub event_id: i64,
}

impl From<&Dl1Event> for EventIndex {
    fn from(event: &Dl1Event) -> Self {
        EventIndex { obs_id: event.obs_id, event_id: event.event_id }
    }
}

/// Writes a file of DL1 data event by event.
///
/// A table of a telescope is created with its first row, which settles what columns it has.
pub struct Dl1Writer {
    file: FileWriter,
    subarray: Subarray,
    options: Options,
    events: Events,
    waveforms: Waveforms,
}

impl Dl1Writer {
    /// Creates a file, or truncates it, and writes the instrument.
    pub fn create(path: &Path, subarray: &Subarray, options: Options) -> Result<Self, Error> {
        let mut file = FileWriter::create(path, options.file, options.filters, true)?;
        let tables = subarray.telescopes.len().max(1) * TABLES;
        file.chunk_bytes = (MAX_WAITING / tables).clamp(*CHUNK_BYTES.start(), *CHUNK_BYTES.end());
        instrument::write(&mut file, subarray, options.model)?;
        let events = Events::create(&mut file, subarray, &options)?;
        let waveforms = Waveforms::new(subarray.telescopes.len());
        Ok(Dl1Writer { file, subarray: subarray.clone(), options, events, waveforms })
    }

    /// Where the data come from, to be completed.
    pub fn metadata(&mut self) -> &mut Metadata {
        &mut self.options.metadata
    }

    /// Writes an event. Of telescopes without parameters there is no row of these: readers that count on one
    /// for each image need parameters of all.
    pub fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        self.events.write(&mut self.file, &self.subarray, &self.options, event)
    }

    /// Writes waveforms of a telescope as digitized, `[gain][pixel][sample]`.
    pub fn write_r0(
        &mut self,
        event: EventIndex,
        tel_id: TelId,
        extents: [usize; 3],
        waveform: &[u16],
    ) -> Result<(), Error> {
        let at = self.telescope(event, tel_id)?;
        let version = self.options.model.ctapipe_version();
        self.waveforms.r0(&mut self.file, version, at, event, tel_id, extents, waveform)
    }

    /// Writes calibrated waveforms of a telescope.
    pub fn write_r1(
        &mut self,
        event: EventIndex,
        tel_id: TelId,
        waveform: &R1Waveform<'_>,
    ) -> Result<(), Error> {
        let at = self.telescope(event, tel_id)?;
        let version = self.options.model.ctapipe_version();
        self.waveforms.r1(&mut self.file, version, at, event, tel_id, waveform)
    }

    fn telescope(&self, event: EventIndex, tel_id: TelId) -> Result<usize, Error> {
        self.subarray.index(tel_id).ok_or_else(|| unknown_telescope(event.event_id, tel_id))
    }

    /// Bytes of rows that were written so far.
    pub fn raw_bytes(&self) -> u64 {
        self.file.raw_bytes()
    }

    /// Writes what is known of the run, what is left of the events, and closes the file.
    pub fn finish(mut self, run: &RunData) -> Result<Stats, Error> {
        run::write(&mut self.file, run, self.options.model, self.options.is_simulation)?;
        let options = &self.options;
        let levels = [
            (options.images, "DL1_IMAGES"),
            (options.parameters, "DL1_PARAMETERS"),
            (options.r0_waveforms, "R0"),
            (options.r1_waveforms, "R1"),
        ];
        let levels: Vec<&str> =
            levels.iter().filter(|(is, _)| *is).map(|(_, level)| *level).collect();
        let observations: Vec<String> =
            run.observations.iter().map(|one| one.obs_id.to_string()).collect();
        let facts = Facts {
            model: options.model,
            is_simulation: options.is_simulation,
            levels: levels.join(","),
            observations: observations.join(","),
            subarray: &self.subarray.name,
        };
        self.file.attributes("/", header::root_values(&options.metadata, &facts))?;
        Ok(self.file.finish()?)
    }
}

/// A telescope of an event that the layout does not have.
fn unknown_telescope(event_id: i64, tel_id: TelId) -> Error {
    Error::parameter(
        format!("event {event_id}"),
        format!("telescope {tel_id} is not in the layout"),
    )
}

/// Begins a row of a telescope's table.
fn index(row: &mut Row, event: EventIndex, tel_id: TelId) {
    row.clear().i32(event.obs_id).i64(event.event_id).i16(tel_id as i16);
}
