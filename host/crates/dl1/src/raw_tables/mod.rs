//! Raw-tier tables of a FlashCam camera as an event source.
//!
//! A row is a trace: its number and where it was digitized, the firmware's baseline, when the event was triggered, and
//! samples. Rows of an event follow one another. Tables come from memory in batches ([`RawTables`] is made by whoever has
//! them), or from an LH5 file ([`open`]); [`RawTableSource`] gathers the rows of an event and gives each pixel its trace as
//! a camera description file says.
//!
//! | column | is |
//! |---|---|
//! | `packet_id`, `eventnumber` | the event |
//! | `event_type` | 1 air showers, 2 calibration |
//! | `channel` | number of the trace |
//! | `board_id`, `fc_input` | address of the card and its input |
//! | `baseline` | the firmware's baseline, in whole counts: parts of a count are cut off |
//! | `timestamp` | unix time, s |
//! | `ts_pps`, `ts_ticks` | seconds, and ticks of 4 ns since the last one |
//! | `mu_offset_sec`, `mu_offset_usec`, `to_master_sec` | from these seconds to unix time |
//! | `waveform/dt`, `waveform/values` | ns of a sample, samples |

mod convert;
mod gather;
mod lh5;
mod rows;
mod source;
#[cfg(test)]
mod tests;

use std::path::Path;

use tierline_table::{Object, Scalar, Table};

use crate::{Error, Place};

pub use lh5::{is_hdf5, open};
pub use source::RawTableSource;

/// Name of the table of traces.
pub const TABLE: &str = "FCEvent";
/// Name of the camera's configuration beside it.
pub const CONFIG: &str = "FCConfig";

/// What a recording says of itself before its first event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordingConfig {
    /// Traces of pixels. Those of triggers have numbers from here on.
    pub adcs: u64,
    /// Traces of triggers.
    pub triggers: u64,
    /// Samples of a trace.
    pub samples: u64,
    /// Steps of the firmware's baseline to a count.
    pub baseline_precision: i64,
    /// Whether an external clock drives the camera's.
    pub gps: bool,
    /// Address of the card and its input of each trace; empty where the recording does not tell.
    pub trace_map: Vec<(u16, u16)>,
}

impl RecordingConfig {
    /// Takes the values of `FCConfig`.
    ///
    /// # Errors
    /// Where one is missing; `path` names the recording.
    pub fn from_object(path: &Path, object: &Object) -> Result<Self, Error> {
        let Object::Struct(fields) = object else {
            return Err(wrong(path, CONFIG, "this is no struct"));
        };
        let find = |name: &str| fields.iter().find(|(known, ..)| known == name).map(|f| &f.2);
        Self::from_values(path, |name| match find(name)? {
            Object::Scalar(Scalar::I32(value)) => Some((*value).into()),
            Object::Scalar(scalar) => scalar.to_array().get_i64(0),
            _ => None,
        })
        .map(|config| match find("tracemap") {
            Some(Object::Array(map)) => config.with_map(map),
            _ => config,
        })
    }

    fn from_values(
        path: &Path,
        value: impl Fn(&'static str) -> Option<i64>,
    ) -> Result<Self, Error> {
        let place = |name: &str| format!("{CONFIG}/{name}");
        let get = |name| value(name).ok_or_else(|| wrong(path, &place(name), "it is missing"));
        let count = |name| {
            let found = get(name)?;
            let reason = || format!("expected a number from 0 on, found {found}");
            u64::try_from(found).map_err(|_| wrong(path, &place(name), reason()))
        };
        Ok(RecordingConfig {
            adcs: count("nadcs")?,
            triggers: count("ntriggers")?,
            samples: count("nsamples")?,
            baseline_precision: get("blprecision")?,
            gps: get("gps")? != 0,
            trace_map: Vec::new(),
        })
    }

    fn with_map(mut self, map: &tierline_table::Array) -> Self {
        let words = (0..map.len()).map_while(|at| map.get_i64(at));
        self.trace_map = words.map(|word| ((word >> 16) as u16, word as u16)).collect();
        self
    }
}

/// The tables of a recording.
pub struct RawTables {
    /// What it says of itself.
    pub config: RecordingConfig,
    /// Rows in the order of the recording, in batches. [`Error::Truncated`] as the last one says that it ends early,
    /// other errors end it for good.
    pub batches: Batches,
}

/// What comes of a recording, in its order.
pub type Batches = Box<dyn Iterator<Item = Result<Batch, Error>> + Send>;

/// A part of what comes of a recording.
#[derive(Debug)]
pub enum Batch {
    /// Rows.
    Rows(Table),
    /// Something was left out, and why.
    Note(Error),
}

impl std::fmt::Debug for RawTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawTables").field("config", &self.config).finish_non_exhaustive()
    }
}

fn wrong(path: &Path, entry: &str, reason: impl Into<String>) -> Error {
    Error::malformed(path, Place::Entry(entry.into()), reason)
}
