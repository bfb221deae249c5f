//! `tierline convert`: beamline files to HDF5, images to images.

mod images;
mod tree;

use std::path::{Path, PathBuf};

use tierline::dataio::convert::{LinkKind, Mode, Pattern};
use tierline::report::{Report, Status};

use super::{Common, Usage};

/// Convert beamline files to HDF5, or detector images to another image format.
///
/// To HDF5 (-o OUT.h5, OUT.h5::/group): Spec files, images and HDF5 files, as groups of one file. Several images are one stack, unless
/// each input gets a group of its own. To an image format (-F, or the extension of OUT): every frame of every input.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, or shell patterns of some.
    #[arg(value_name = "IN")]
    inputs: Vec<String>,
    /// Files of a series instead, by numbers in their names: `scan_%04d.edf`, `%d` for any number.
    #[arg(long, value_name = "PATTERN", conflicts_with = "inputs")]
    file_pattern: Option<String>,
    /// First number of a series, one for each in the pattern.
    #[arg(
        long,
        value_name = "N[,N]",
        value_delimiter = ',',
        requires = "file_pattern",
        allow_hyphen_values = true
    )]
    begin: Vec<i64>,
    /// Last number of a series.
    #[arg(
        long,
        value_name = "N[,N]",
        value_delimiter = ',',
        requires = "file_pattern",
        allow_hyphen_values = true
    )]
    end: Vec<i64>,
    /// The output: an HDF5 file, a group of one (`OUT.h5::/entry/scan`), an image, or a folder of images.
    #[arg(short, long, value_name = "OUT[::/GROUP]")]
    output: Option<String>,
    /// Format of images: `edf`, `cbf`, `tif`, … (--list names all).
    #[arg(short = 'F', long, value_name = "FORMAT")]
    format: Option<String>,
    /// List the image formats, and which can be written.
    #[arg(short, long)]
    list: bool,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    hdf5: Hdf5,
    #[command(flatten)]
    images: images::Existing,
    /// Threads that compress [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// How HDF5 is written.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "HDF5")]
struct Hdf5 {
    /// An output that exists is refused (w-), replaced (w, as with -w), added to (r+), or added to if it is there (a).
    #[arg(short, long, value_name = "MODE", default_value = "w-", value_parser = parse_mode)]
    mode: Mode,
    /// Put each input into a group of its file name.
    #[arg(long)]
    add_root_group: bool,
    /// Replace datasets, links and attributes that exist.
    #[arg(long)]
    overwrite_data: bool,
    /// Datasets of fewer elements get neither chunks nor filters.
    #[arg(long, value_name = "N", default_value_t = 500)]
    min_size: usize,
    /// Extents of chunks, as `1,512,512` or `(1, 512, 512)`, for datasets with as many extents; found from the shape without a value.
    #[arg(long, value_name = "EXTENTS", num_args = 0..=1, default_missing_value = "auto")]
    chunks: Option<String>,
    /// Compression: gzip, or the number of a filter; gzip without a value.
    #[arg(long, value_name = "FILTER", num_args = 0..=1, default_missing_value = "gzip")]
    compression: Option<String>,
    /// Level of gzip [default: 4], or the first parameter of another filter.
    #[arg(long, value_name = "0-9")]
    compression_opts: Option<u32>,
    /// Shuffle bytes before the compression.
    #[arg(long)]
    shuffle: bool,
    /// Add checksums.
    #[arg(long)]
    fletcher32: bool,
    /// Links of the output: to a path (soft), or second names (hard).
    #[arg(long, value_name = "KIND", default_value = "soft", value_parser = parse_link)]
    link_type: LinkKind,
    /// Take Spec files by their rules where silx does not: NaN and infinities, the last number of a file, motors by their places,
    /// dates with two digits.
    #[arg(long)]
    strict: bool,
    /// Write columns and positions of Spec files as 64-bit floats.
    #[arg(long)]
    double: bool,
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    match text {
        "w-" | "x" => Ok(Mode::New),
        "w" => Ok(Mode::Replace),
        "r+" => Ok(Mode::Edit),
        "a" => Ok(Mode::Append),
        _ => Err("a mode is w-, w, r+ or a".into()),
    }
}

fn parse_link(text: &str) -> Result<LinkKind, String> {
    match text {
        "soft" => Ok(LinkKind::Soft),
        "hard" => Ok(LinkKind::Hard),
        _ => Err("links are soft or hard".into()),
    }
}

/// Extensions of HDF5 files.
const HDF5: [&str; 6] = ["h5", "hdf5", "hdf", "nxs", "nx", "nexus"];

/// Whether a file is HDF5 by its name.
pub(crate) fn is_hdf5(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    HDF5.iter().any(|other| extension.eq_ignore_ascii_case(other))
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.list {
        return images::list();
    }
    let inputs = inputs(args)?;
    let mut report = Report::new("convert", env!("CARGO_PKG_VERSION"));
    let file = args.output.as_deref().map(|output| output.split("::").next().unwrap_or(output));
    let has_group = args.output.as_deref().is_some_and(|output| output.contains("::"));
    match (&args.format, file) {
        (None, Some(file)) if has_group || is_hdf5(Path::new(file)) => {
            tree::run(args, &inputs, &mut report)?
        }
        (None, None) => {
            let why = "an output is needed: -o OUT.h5, or a format of images: -F FORMAT";
            return Err(Usage(why.into()).into());
        }
        _ => return images::run(args, &inputs, report),
    }
    args.common.write(&report)?;
    Ok(Status::Clean)
}

/// The input files: those that are named, or of a pattern.
fn inputs(args: &Args) -> anyhow::Result<Vec<PathBuf>> {
    let usage = |text: String| anyhow::Error::from(Usage(text));
    if let Some(pattern) = &args.file_pattern {
        let pattern = Pattern::new(pattern).map_err(usage)?;
        for (name, bounds) in [("begin", &args.begin), ("end", &args.end)] {
            if !bounds.is_empty() && bounds.len() != pattern.numbers() {
                let (have, want) = (bounds.len(), pattern.numbers());
                return Err(usage(format!("--{name} has {have} numbers, the pattern {want}")));
            }
        }
        return Ok(pattern.files(&args.begin, &args.end)?);
    }
    if args.inputs.is_empty() {
        return Err(usage("no input: name files, or --file-pattern".into()));
    }
    let mut all = Vec::new();
    for input in &args.inputs {
        let is_pattern = input.contains(['*', '?', '[']) && !Path::new(input).exists();
        if !is_pattern {
            all.push(PathBuf::from(input));
            continue;
        }
        let found = glob::glob(input).map_err(|error| usage(format!("{input}: {error}")))?;
        let before = all.len();
        all.extend(found.filter_map(Result::ok));
        if all.len() == before {
            anyhow::bail!("{input}: there is no such file");
        }
        all[before..].sort();
    }
    Ok(all)
}
