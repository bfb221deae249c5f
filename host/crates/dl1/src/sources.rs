//! What events are read from: told by its content.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::camera_file::CameraFile;
use crate::eventio::Input;
use crate::eventio::header::{ByteOrder, MARKER_LEN};
use crate::instrument::Subarray;
use crate::observation::{AtmosphereProfile, Observation, ShowerDistribution, SimulationRun};
use crate::pipeline::{EventSource, SimulatedEvent, Undecoded};
use crate::raw_tables::{self, RawTableSource, RawTables};
use crate::simtel::source::{SimtelEventSource, SourceOptions, describe_shower};

/// Opens a recording of a data acquisition as tables of its rows; `None` for files that are none.
pub type OpenRecording = dyn Fn(&Path) -> Result<Option<RawTables>, Error> + Send + Sync;

/// What opens recordings, for which this crate has no decoders.
#[derive(Clone)]
pub struct Recordings(pub Arc<OpenRecording>);

impl std::fmt::Debug for Recordings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recordings")
    }
}

/// A source of events of any kind.
pub(crate) enum Source {
    /// A file of sim_telarray, and its showers, if they are wanted.
    Simtel(Box<SimtelEventSource>, Option<Vec<SimulatedEvent>>),
    /// Raw-tier tables.
    Tables(Box<RawTableSource>),
}

impl Source {
    /// Opens a file: of sim_telarray by its first bytes, of raw-tier tables if it is HDF5, else a recording.
    pub(crate) fn open(
        path: &Path,
        camera: Option<&(PathBuf, CameraFile)>,
        recordings: Option<&Recordings>,
        options: SourceOptions,
    ) -> Result<Self, Error> {
        let tables = tables(path, recordings, &options)?;
        if let Some(tables) = tables {
            let Some((camera_path, camera)) = camera else {
                let reason = format!("{} needs a camera description file", path.display());
                return Err(Error::parameter("camera", reason));
            };
            let camera = (camera_path.as_path(), camera.clone());
            let source = RawTableSource::new(path, tables, camera, &options)?;
            return Ok(Source::Tables(Box::new(source)));
        }
        let simulated = options.keep_non_triggered.then(Vec::new);
        Ok(Source::Simtel(Box::new(SimtelEventSource::open(path, options)?), simulated))
    }

    pub(crate) fn is_simulation(&self) -> bool {
        matches!(self, Source::Simtel(..))
    }

    pub(crate) fn subarray(&self) -> &Arc<Subarray> {
        match self {
            Source::Simtel(source, _) => source.subarray(),
            Source::Tables(source) => source.subarray(),
        }
    }

    pub(crate) fn observation(&self) -> Option<Observation> {
        match self {
            Source::Simtel(source, _) => Some(source.observation().clone()),
            Source::Tables(source) => source.observation(),
        }
    }

    fn simtel(&self) -> Option<&SimtelEventSource> {
        match self {
            Source::Simtel(source, _) => Some(source),
            Source::Tables(_) => None,
        }
    }

    pub(crate) fn simulation_run(&self) -> Option<&SimulationRun> {
        self.simtel()?.simulation_run()
    }

    pub(crate) fn atmosphere(&self) -> Option<&AtmosphereProfile> {
        self.simtel()?.atmosphere()
    }

    pub(crate) fn shower_distribution(&self) -> Option<ShowerDistribution> {
        self.simtel()?.shower_distribution()
    }
}

/// The tables of a file, if it is one of tables or a recording. What comes through a pipe is neither.
fn tables(
    path: &Path,
    recordings: Option<&Recordings>,
    options: &SourceOptions,
) -> Result<Option<RawTables>, Error> {
    let metadata = std::fs::metadata(path).map_err(|e| Error::io(path, "open it", e))?;
    if !metadata.is_file() {
        return Ok(None);
    }
    if raw_tables::is_hdf5(path)? {
        return raw_tables::open(path).map(Some);
    }
    match recordings {
        Some(recordings) if !is_eventio(path, options)? => (recordings.0)(path),
        _ => Ok(None),
    }
}

/// Whether a file, decompressed, begins as one of eventio.
fn is_eventio(path: &Path, options: &SourceOptions) -> Result<bool, Error> {
    let mut first = Vec::new();
    let input = Input::open(path, &options.limits)?;
    // What can't be decompressed here may be known to who opens recordings.
    let read = input.take(MARKER_LEN as u64).read_to_end(&mut first);
    let marker = read.ok().and_then(|_| first.try_into().ok());
    Ok(marker.is_some_and(|marker| ByteOrder::of_marker(marker).is_some()))
}

impl EventSource for Source {
    fn next_event(&mut self) -> Result<Option<Undecoded>, Error> {
        let (source, simulated) = match self {
            Source::Tables(source) => return source.next_event(),
            Source::Simtel(source, simulated) => (source, simulated),
        };
        let event = loop {
            let Some(event) = source.next().transpose()? else { return Ok(None) };
            if let (Some(simulated), Some(shower), Some(mc)) =
                (&mut *simulated, &event.shower, &event.mc_event)
            {
                let (obs_id, event_id) = (source.obs_id(), event.event_id);
                let shower = describe_shower(shower, mc);
                simulated.push(SimulatedEvent { obs_id, event_id, shower });
            }
            if event.is_triggered() {
                break event;
            }
        };
        let converter = source.converter().clone();
        Ok(Some(Box::new(move |decoding| {
            converter
                .convert_with(&event, decoding)
                .map(|converted| (converted.event, converted.notes))
        })))
    }

    fn take_notes(&mut self) -> Vec<Error> {
        match self {
            Source::Simtel(source, _) => source.take_notes(),
            Source::Tables(source) => source.take_notes(),
        }
    }

    fn take_simulated(&mut self) -> Vec<SimulatedEvent> {
        match self {
            Source::Simtel(_, Some(simulated)) => std::mem::take(simulated),
            _ => Vec::new(),
        }
    }

    fn offset(&self) -> u64 {
        match self {
            Source::Simtel(source, _) => source.offset(),
            Source::Tables(source) => source.offset(),
        }
    }
}
