//! `tierline flatfield`: images corrected by dark and flat fields.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::dataio::flatfield::{self, Correction, Flats, Layout, RawImage, Zeros, plane};
use tierline::dataio::image::{Target, writable};
use tierline::dataio::tree;
use tierline::dataio::url::DataUrl;
use tierline::report::{AtomicOutput, Input, Limits, Output, Report, Status};

use super::{Common, Usage, grouped};

/// Correct images: (raw - dark) / (flat - dark).
///
/// Each of them is a file, or a part of one: FILE::/path to a dataset or to a group of datasets, a stack of images, a frame of a file
/// (FILE?path=/scan_0/instrument/detector_0/data&slice=3). Without a path: the file's default plot, or its frames. With two flat fields
/// the one at an image's index is interpolated between them. Everything is cast to 32-bit floats first; nothing is clipped.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Images to correct; a group has one in each dataset, by whose name they are indexed.
    #[arg(required = true, value_name = "RAW")]
    raw: Vec<String>,
    /// The image without beam.
    #[arg(short, long, value_name = "DARK")]
    dark: String,
    /// The image of the beam alone; twice: the ones between which is interpolated.
    #[arg(short, long, value_name = "FLAT", required = true, num_args = 1..=2)]
    flat: Vec<String>,
    /// The result: HDF5, or an image format that holds floats (.edf).
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Indices of the images [default: the numbers that their names are, else 0, 1, 2, …].
    #[arg(long, value_name = "N,N,…", value_delimiter = ',', allow_hyphen_values = true)]
    index: Vec<f64>,
    /// Indices of two flat fields [default: the numbers that their names are].
    #[arg(long, value_name = "A,B", value_delimiter = ',', allow_hyphen_values = true)]
    flat_index: Vec<f64>,
    /// One dataset of all results, instead of one to the image.
    #[arg(long)]
    stack: bool,
    /// Put a value where the result is infinite or no number.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    fill: Option<f32>,
    /// Threads [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let start = Instant::now();
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let mut raws: Vec<RawImage> = Vec::new();
    let mut single = args.raw.len() == 1;
    for raw in &args.raw {
        let (images, one) = read(raw)?;
        single &= one;
        raws.extend(images);
    }
    if args.raw.len() > 1 {
        number(&args.raw, &mut raws);
    }
    if !args.index.is_empty() {
        if args.index.len() != raws.len() {
            let (have, want) = (args.index.len(), raws.len());
            return Err(usage(format!("--index has {have} numbers for {want} images")));
        }
        raws.iter_mut().zip(&args.index).for_each(|(raw, index)| raw.index = *index);
    }
    let dark = only(&args.dark)?;
    let flats = flats(args)?;
    let correction = Correction { dark: plane(dark.read()?), flats, fill: args.fill };
    for (name, shape) in [("dark field", dark.shape)] {
        if let Some(raw) = raws.iter().find(|raw| raw.shape != shape) {
            let ([a, b], [c, d]) = (raw.shape, shape);
            anyhow::bail!("{}: an image of {a} x {b}, the {name} has {c} x {d}", raw.origin);
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.unwrap_or(threads).max(1);
    let mut messages = args.common.messages()?;
    messages.say_stale(&args.output);
    let part = AtomicOutput::create(&args.output, args.common.overwrite)?;
    let extension = args.output.extension().and_then(|e| e.to_str()).unwrap_or("");
    let zeros = if super::convert::is_hdf5(Path::new(&args.output)) {
        let layout = if args.stack { Layout::Stack } else { Layout::Each };
        flatfield::to_hdf5(&correction, &raws, single, layout, threads, part.path())?
    } else {
        let (_, encoder) = writable(extension).map_err(usage)?;
        let target = Target { path: part.path(), name: &args.output };
        flatfield::to_image(&correction, &raws, threads, encoder, target)?
    };
    part.commit()?;
    let mut report = Report::new("flatfield", env!("CARGO_PKG_VERSION"));
    report.set("threads", threads);
    report.set("stack", args.stack);
    report.set("fill", args.fill);
    for name in args.raw.iter().chain([&args.dark]).chain(&args.flat) {
        let path = PathBuf::from(DataUrl::parse(name).file_path);
        let size = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        report.inputs.push(Input { path, size, digest: None, seconds: 0.0 });
    }
    let bytes = std::fs::metadata(&args.output).map_or(0, |metadata| metadata.len());
    let rows = [("images".to_owned(), raws.len() as u64)].into();
    report.outputs.push(Output { path: args.output.clone(), size: bytes, rows });
    tell(args, &zeros, raws.len(), &mut report, &mut messages);
    report.seconds = start.elapsed().as_secs_f64();
    args.common.write(&report)?;
    Ok(Status::Clean)
}

fn tell(
    args: &Args,
    zeros: &Zeros,
    images: usize,
    report: &mut Report,
    messages: &mut super::Messages,
) {
    if zeros.pixels > 0 {
        let (pixels, some) = (grouped(zeros.pixels), zeros.images.len());
        let text = format!(
            "{pixels} pixels of {some} images have a flat field equal to the dark field: the result is not finite \
             there"
        );
        messages.say(&format!("tierline: warning: {text}"));
        report.warn(text);
        for (name, pixels) in &zeros.images {
            report.warn(format!("{name}: {pixels} zero denominators"));
        }
    }
    let line = format!("{}: {} images", args.output.display(), grouped(images as u64));
    args.common.tell(messages, &line);
}

/// The images of an address, and whether it is a single one.
fn read(text: &str) -> anyhow::Result<(Vec<RawImage>, bool)> {
    let url = DataUrl::parse(text);
    url.check().map_err(|reason| Usage(format!("{text}: {reason}")))?;
    let tree = tree::open(Path::new(&url.file_path), Limits::default())?;
    let path = match &url.data_path {
        Some(path) => path.clone(),
        None => tree::default_path(&tree)?,
    };
    let mut images = flatfield::images(&tree, &path)?;
    if let Some(slice) = &url.slice {
        images =
            flatfield::slice(images, slice).map_err(|reason| Usage(format!("{text}: {reason}")))?;
    }
    let single = images.len() == 1;
    Ok((images, single))
}

/// The only image of an address.
fn only(text: &str) -> anyhow::Result<RawImage> {
    let (mut images, _) = read(text)?;
    match images.len() {
        1 => Ok(images.remove(0)),
        count => {
            anyhow::bail!("{text}: {count} images where one is wanted: name one (FILE::/path)")
        }
    }
}

/// Files of one image each are named by their file, and indexed by the last number of its name.
fn number(names: &[String], raws: &mut [RawImage]) {
    if names.len() != raws.len() {
        return;
    }
    for (place, (name, raw)) in names.iter().zip(raws).enumerate() {
        let path = DataUrl::parse(name).file_path;
        let stem = Path::new(&path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let digits = stem.trim_end_matches(|c: char| !c.is_ascii_digit());
        let start = digits.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |place| place + 1);
        raw.index = digits[start..].parse().unwrap_or(place as f64);
        raw.name = stem;
    }
}

fn flats(args: &Args) -> anyhow::Result<Flats> {
    let mut all = Vec::new();
    for flat in &args.flat {
        all.extend(read(flat)?.0);
    }
    match all.as_slice() {
        [one] => Ok(Flats::One(plane(one.read()?))),
        [first, second] => {
            let named = |image: &RawImage| image.name.parse::<i64>().ok().map(|n| n as f64);
            let at = match (args.flat_index.as_slice(), named(first), named(second)) {
                ([a, b], ..) => (*a, *b),
                ([], Some(a), Some(b)) if args.flat.len() == 1 || a != b => (a, b),
                _ => {
                    let why = "two flat fields need their indices: --flat-index A,B";
                    return Err(Usage(why.into()).into());
                }
            };
            if at.0 == at.1 {
                return Err(Usage("both flat fields have the same index".into()).into());
            }
            let (first, second) = (plane(first.read()?), plane(second.read()?));
            Ok(Flats::Two { first, second, at })
        }
        many => anyhow::bail!("{} flat fields: there are one or two", many.len()),
    }
}
