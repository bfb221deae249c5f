//! `tierline info`: what a file is and holds.

mod daq;
mod dataio;
mod gamma;
mod telescopes;
mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tierline::dl1::summary::{dl1_format, sniff_eventio};
use tierline::report::Status;

use super::Usage;

/// Say what a file is and what it holds.
///
/// DAQ recordings: format, header, packets by record type, rows by channel, time span, garbage. LH5 and other HDF5 files:
/// the tree with types, shapes and units. Detector images: format, frames, shape. Spec files: scans. Files of sim_telarray and
/// CORSIKA, compressed or not: run, telescopes, and of small ones the events. DL1 files: model, telescopes, tables. Folders and index
/// files of gamma-ray observations (DL3): the observations, and which files are not there. FITS files: events, responses and their axes,
/// datasets (GADF, OGIP, lists of them) and their numbers, maps, or the HDUs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of gamma-ray observations.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON: one object per file, or per packet with --packets.
    #[arg(long)]
    json: bool,
    /// List every packet of a DAQ recording.
    #[arg(long)]
    packets: bool,
    /// List every packet with its first bytes in hexadecimal.
    #[arg(long, value_name = "BYTES")]
    hex: Option<usize>,
    /// A listing begins with this packet.
    #[arg(long, value_name = "N", default_value_t = 0)]
    first_packet: u64,
    /// A listing has so many packets at most.
    #[arg(long, value_name = "M")]
    count: Option<u64>,
    /// Count events: of a file of sim_telarray or CORSIKA, however large it is; of a folder of gamma-ray observations, whose files are
    /// opened.
    #[arg(long)]
    events: bool,
    /// List every object of a file of sim_telarray or CORSIKA, with the checksum of its content.
    #[arg(long)]
    objects: bool,
    /// Read a DAQ recording as if it had no index beside it.
    #[arg(long)]
    no_index: bool,
    /// What a DAQ recording is: FlashCam, ORCA, LlamaDaq, Compass [default: found out].
    #[arg(short = 't', long, value_name = "TYPE")]
    stream_type: Option<String>,
}

/// The first bytes of an HDF5 file (without a user block).
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

fn is_hdf5(path: &Path) -> anyhow::Result<bool> {
    let mut first = Vec::new();
    let file =
        std::fs::File::open(path).with_context(|| format!("{}: cannot open", path.display()))?;
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return Ok(false);
    }
    file.take(HDF5.len() as u64)
        .read_to_end(&mut first)
        .with_context(|| format!("{}: cannot read", path.display()))?;
    Ok(first == HDF5)
}

/// Whether looking at the first bytes takes nothing away, as it would of a pipe.
fn is_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file())
}

fn one(args: &Args, path: &Path) -> anyhow::Result<Status> {
    if is_hdf5(path)? {
        if let Some(format) = dl1_format(path).ok().flatten() {
            return telescopes::dl1(path, format, args.json).map(|()| Status::Clean);
        }
        return tree::show(path, args.json).map(|()| Status::Clean);
    }
    let daq_asked = args.stream_type.is_some() || args.packets || args.hex.is_some();
    if !daq_asked
        && !args.objects
        && (is_file(path) || path.is_dir())
        && let Some(kind) = tierline::reduce::summary::kind(path)?
    {
        return gamma::show(path, kind, args.events, args.json);
    }
    if !daq_asked
        && is_file(path)
        && let Ok(Some(compression)) = sniff_eventio(path)
    {
        return telescopes::eventio(args, path, compression);
    }
    if args.events || args.objects {
        let text = format!("{}: this is no file of sim_telarray or CORSIKA", path.display());
        return Err(Usage(text).into());
    }
    // What a beamline wrote, unless it is a recording by its first bytes.
    if !daq_asked && !daq::is_recording(path) {
        let kind = tierline::dataio::tree::kind(path, tierline::report::Limits::default());
        if let Ok(kind) = kind {
            return dataio::show(path, kind, args.json).map(|()| Status::Clean);
        }
    }
    daq::show(args, path)
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let listing = args.packets || args.hex.is_some();
    if !listing && (args.first_packet > 0 || args.count.is_some()) {
        return Err(Usage("--first-packet and --count are for --packets or --hex".into()).into());
    }
    let mut status = Status::Clean;
    for path in &args.files {
        match one(args, path) {
            Ok(Status::Clean) => {}
            Ok(other) if status == Status::Clean => status = other,
            Ok(_) => {}
            Err(error) if args.files.len() == 1 => return Err(error),
            Err(error) => {
                eprintln!("tierline: error: {error:#}");
                status = Status::Failed;
            }
        }
    }
    Ok(status)
}
