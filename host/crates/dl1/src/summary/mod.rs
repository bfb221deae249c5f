//! What files of telescope events are and hold, found without reading more of them than that takes.

mod corsika;
mod dl1;
mod simtel;

use std::io::Read;
use std::path::Path;

use serde::Serialize;
use tierline_report::Limits;

pub use corsika::{Corsika, summarize_corsika};
pub use dl1::{Dl1, Dl1Format, dl1_format, summarize_dl1};
pub use simtel::{Simtel, summarize_simtel};

use crate::Error;
use crate::eventio::header::{ByteOrder, MARKER_LEN};
use crate::eventio::{End, Input, ObjectReader, iact};
use crate::simtel::kind;

/// Objects in which what an eventio file is must be told.
const LOOK: usize = 1000;

/// Compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// None.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// What a file of eventio is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventioKind {
    /// Output of sim_telarray.
    SimTelArray,
    /// Output of CORSIKA for arrays of telescopes.
    Corsika,
    /// Something else.
    Other,
}

/// A telescope type of a file, with the telescopes that are of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TelescopeType {
    /// Name of the type.
    pub name: String,
    /// Camera.
    pub camera: String,
    /// Numbers of the telescopes.
    pub tel_ids: Vec<u16>,
    /// Pixels.
    pub n_pixels: usize,
    /// Form of the pixels, if it is told.
    pub pixels: Option<&'static str>,
    /// Gain channels; 0 if not known.
    pub n_channels: usize,
    /// Samples of a waveform; 0 if not known.
    pub n_samples: usize,
    /// Samples per ns; NaN if not known.
    pub sampling_rate_ghz: f64,
}

/// What was counted in a file that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Counted {
    /// Events of the array.
    pub events: u64,
    /// Of these, calibration events.
    pub calibration_events: u64,
    /// Telescopes in all events.
    pub telescope_events: u64,
    /// Simulated showers.
    pub showers: u64,
    /// Uses of showers.
    pub uses: u64,
    /// Smallest and largest energy of a shower, in TeV.
    pub energy_range_tev: Option<[f64; 2]>,
    /// Primary particles, by CORSIKA's numbers in a file of CORSIKA, by sim_telarray's in its files.
    pub primaries: Vec<i64>,
    /// Objects that are not inside others.
    pub objects: u64,
    /// Bytes of the file, decompressed.
    pub content_bytes: u64,
    /// Whether the file ends early.
    pub truncated: bool,
    /// Why it ends early, or could not be read on.
    pub error: Option<String>,
}

impl Counted {
    fn energy(&mut self, tev: f64) {
        let [least, most] = self.energy_range_tev.unwrap_or([tev, tev]);
        self.energy_range_tev = Some([least.min(tev), most.max(tev)]);
    }

    fn primary(&mut self, primary: i64) {
        if self.primaries.len() < 256
            && let Err(at) = self.primaries.binary_search(&primary)
        {
            self.primaries.insert(at, primary);
        }
    }

    fn finish(&mut self, reader: &ObjectReader<Input>, error: Option<Error>) {
        self.content_bytes = reader.offset();
        let end = reader.end();
        self.truncated = matches!(end, Some(End::TruncatedBetween | End::TruncatedInside));
        self.error = error.map(|error| error.to_string());
    }
}

/// How a file is compressed, if its content is eventio's; `None` if it is not.
pub fn sniff_eventio(path: &Path) -> Result<Option<Compression>, Error> {
    let mut input = Input::open(path, &Limits::default())?;
    let compression = match input {
        Input::Gzip(_) => Compression::Gzip,
        Input::Zstd(_) => Compression::Zstd,
        _ => Compression::None,
    };
    let mut marker = [0; MARKER_LEN];
    // What can't be decompressed is no file of ours either.
    let is_ours = input.read_exact(&mut marker).is_ok() && ByteOrder::of_marker(marker).is_some();
    Ok(is_ours.then_some(compression))
}

/// What a file of eventio is, by its first objects.
pub fn eventio_kind(path: &Path) -> Result<EventioKind, Error> {
    let mut reader = ObjectReader::open(path, Limits::default())?;
    for _ in 0..LOOK {
        let Ok(Some(header)) = reader.next_header() else { break };
        match header.kind {
            kind::HISTORY | kind::META | kind::RUN_HEADER | kind::MC_RUN_HEADER => {
                return Ok(EventioKind::SimTelArray);
            }
            iact::RUN_HEADER | iact::EVENT_HEADER => return Ok(EventioKind::Corsika),
            _ => {}
        }
    }
    Ok(EventioKind::Other)
}

/// A form of pixels in words.
fn form(shape: crate::instrument::PixelShape) -> &'static str {
    match shape {
        crate::instrument::PixelShape::Circle => "circles",
        crate::instrument::PixelShape::Hexagon => "hexagons",
        crate::instrument::PixelShape::Square => "squares",
    }
}

/// The telescope types of a subarray.
fn types(subarray: &crate::instrument::Subarray) -> Vec<TelescopeType> {
    let mut types: Vec<TelescopeType> = Vec::new();
    let mut cameras = Vec::new();
    for telescope in &subarray.telescopes {
        let Some(camera) = subarray.cameras.get(telescope.camera) else { continue };
        let known = types.iter().zip(&cameras).position(|(one, camera)| {
            one.name == telescope.description && *camera == telescope.camera
        });
        let at = known.unwrap_or_else(|| {
            cameras.push(telescope.camera);
            types.push(TelescopeType {
                name: telescope.description.clone(),
                camera: camera.geometry.name.clone(),
                tel_ids: Vec::new(),
                n_pixels: camera.geometry.n_pixels(),
                pixels: Some(form(camera.geometry.pix_type)),
                n_channels: camera.readout.n_channels,
                n_samples: camera.readout.n_samples,
                sampling_rate_ghz: camera.readout.sampling_rate_ghz,
            });
            types.len() - 1
        });
        types[at].tel_ids.push(telescope.tel_id);
    }
    types
}
