//! What `tierline raw` takes.

use std::path::PathBuf;
use std::time::Duration;

use tierline::raw::{BuildRaw, Compression, GarbageTo};

use super::super::Common;

/// What goes with an output specification.
#[derive(Debug, clap::Args)]
pub(crate) struct SpecArgs {
    /// Variables of the output specification as a JSON object; also compass_config_file, hdf5_settings, db_dict.
    #[arg(short, long, value_name = "JSON")]
    pub(crate) keywords: Option<String>,
    /// A variable of the output specification.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// How datasets are stored, as h5py's create_dataset takes it: compression, compression_opts, shuffle, fletcher32, chunks.
    #[arg(long, value_name = "JSON")]
    pub(crate) hdf5_settings: Option<String>,
}

/// Convert DAQ recordings (FCIO, ORCA, LLAMA, CoMPASS) to LH5.
///
/// The format is found out from the content; .gz, .bz2 and .zst are read as they are. Exit code 3: converted, but some
/// bytes made no sense (they are in the table `garbage`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings, each to its own file; - for standard input, pipes, tcp://HOST:PORT, tcp-listen://HOST:PORT (also
    /// tcp://connect/PORT/HOST, tcp://listen/PORT), unix://PATH, serial://DEVICE?baud=N.
    #[arg(required = true, value_name = "IN")]
    pub(super) inputs: Vec<String>,
    /// Output file, or (.json, .yaml) output specification [default: the input's name with its last extension replaced by .lh5].
    #[arg(short, long = "out-spec", visible_alias = "output", value_name = "OUT.lh5|SPEC.json")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) spec: SpecArgs,
    /// What the input is: FlashCam, ORCA, LlamaDaq, Compass [default: found out].
    #[arg(short = 't', long, value_name = "TYPE")]
    pub(super) stream_type: Option<String>,
    /// Rows that a buffer holds at most before it is written.
    #[arg(short, long, value_name = "ROWS", default_value_t = 8192)]
    pub(super) buffer_size: usize,
    /// Stop after this many rows, in packet order, over all tables but headers.
    #[arg(short = 'n', long, value_name = "ROWS")]
    pub(super) max_rows: Option<u64>,
    /// Stop after this many packets that are no headers.
    #[arg(long, value_name = "N")]
    pub(super) max_packets: Option<u64>,
    /// Leave out rows of packets before this one (as `info --packets` counts); headers are read all the same.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) first_packet: u64,
    /// Read from the start even where an index beside the recording tells where that packet is.
    #[arg(long)]
    pub(super) no_index: bool,
    /// Write all inputs into one output, one after the other; their configurations must agree.
    #[arg(long)]
    pub(super) concat: bool,
    /// Go on reading a file that grows, until --idle or a signal.
    #[arg(long)]
    pub(super) follow: bool,
    /// End where nothing came for so long (10s, 2min), with --follow and links.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) idle: Option<Duration>,
    /// Open a link again when it closes.
    #[arg(long)]
    pub(super) reconnect: bool,
    /// On SIGINT or SIGTERM, keep what has come up to the last complete packet; else nothing is written.
    #[arg(long)]
    pub(super) keep_partial: bool,
    /// Bytes that make no sense: table (of the output), none, or a file of their own.
    #[arg(long, value_name = "table|none|FILE.lh5", default_value = "table", value_parser = parse_garbage)]
    pub(super) garbage: GarbageTo,
    /// Write a recording of the headers, the first packet, N more, and the last, instead of tables.
    #[arg(long, value_name = "N", conflicts_with_all = ["concat", "follow", "first_packet", "max_packets", "max_rows"])]
    pub(super) skim: Option<u64>,
    /// Settings file (XML) of a CoMPASS run.
    #[arg(long, value_name = "FILE")]
    pub(super) compass_config: Option<PathBuf>,
    /// Compression of the output: none, gzip, or gzip:LEVEL (1 to 9).
    #[arg(long, value_name = "HOW", default_value = "gzip", value_parser = parse_compression)]
    pub(super) compression: Compression,
    /// Threads that compress [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    #[command(flatten)]
    pub(super) common: Common,
}

pub(crate) fn parse_compression(text: &str) -> Result<Compression, String> {
    match text.split_once(':') {
        None if text == "none" => Ok(Compression::None),
        None if text == "gzip" => Ok(BuildRaw::default().compression),
        Some(("gzip", level)) => match level.parse() {
            Ok(level @ 1..=9) => Ok(Compression::Gzip(level)),
            _ => Err(format!("'{level}' is no level from 1 to 9")),
        },
        _ => Err("expected none, gzip, or gzip:LEVEL".into()),
    }
}

/// A time as `90s`, `10min`, `1h`, `200ms`.
pub(crate) fn parse_time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "ms" => 1e-3,
        "" | "s" | "sec" => 1.0,
        "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("'{unit}' is no unit of time: ms, s, min, h")),
    };
    let time = number.parse::<f64>().ok().map(|number| number * seconds);
    time.and_then(|time| Duration::try_from_secs_f64(time).ok())
        .ok_or_else(|| format!("'{text}' is no time"))
}

fn parse_garbage(text: &str) -> Result<GarbageTo, String> {
    match text {
        "table" => Ok(GarbageTo::Table),
        "none" => Ok(GarbageTo::Nowhere),
        "" => Err("expected table, none, or a file".into()),
        file => Ok(GarbageTo::File(file.into())),
    }
}
