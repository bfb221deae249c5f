//! `tierline images`: DL1 images on square grids, for neural networks.

use std::path::PathBuf;
use std::time::Instant;

use tierline::dl1::images::{Channel, Made, MakeImages};
use tierline::dl1::mapping::MapperKind;
use tierline::report::{Input, Output, Report, Status};

use super::{Common, Messages, Usage, grouped};

/// Write DL1 images as an array on square grids, with labels: for machine learning.
///
/// Reads ctapipe's and dl1-data-handler's DL1 files; the ways onto the grid are dl1-data-handler's. OUT.npy is a NumPy array of
/// images, rows, columns and channels, with OUT.labels.csv beside it; OUT.h5 has both, as /images and /labels: numbers of the
/// event, the shower, parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// DL1 files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The images; .npy or .h5.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// How pixels come onto the grid: Square, Axial, Shifting, Oversampling, NearestNeighbor, Bilinear, Bicubic, Rebin, each with
    /// Mapper behind it or without [default: Square of square pixels, Bilinear of hexagons].
    #[arg(long, value_name = "NAME")]
    mapper: Option<String>,
    /// Extent of the grid in cells, where the way onto it leaves a choice [default: two cells to a pixel].
    #[arg(long, value_name = "N")]
    shape: Option<usize>,
    /// Channels of the grid: image, peak_time, image_mask, true_image.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "image")]
    channels: Vec<String>,
    /// Set charges and times of pixels to 0 that the cleaning has not selected.
    #[arg(long)]
    cleaned: bool,
    /// Telescope types or cameras, also with * and ? [default: all].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    tel_type: Vec<String>,
    /// Telescopes by their numbers [default: all].
    #[arg(short = 't', long, value_name = "N", value_delimiter = ',')]
    tel: Vec<u16>,
    /// Images for which this is true, for example 'hillas_intensity > 50 and true_energy < 1'.
    #[arg(long, value_name = "EXPR")]
    select: Option<String>,
    /// Images at most.
    #[arg(long, value_name = "N")]
    max_images: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.files.contains(&args.output) {
        let text = format!("{} would be written over itself", args.output.display());
        return Err(Usage(text).into());
    }
    let make = args.make()?;
    let mut report = Report::new("images", env!("CARGO_PKG_VERSION"));
    report.set("mapper", &args.mapper);
    report.set("channels", &args.channels);
    report.set("select", &args.select);
    let mut messages = args.common.messages()?;
    messages.say_stale(&args.output);
    let start = Instant::now();
    let result = make.run(&args.files, &args.output);
    report.seconds = start.elapsed().as_secs_f64();
    args.common.conclude(result, (report, messages), |made, to| tell(args, made, to))
}

impl Args {
    fn make(&self) -> anyhow::Result<MakeImages> {
        let usage = |error: tierline::dl1::Error| Usage(error.to_string());
        let channels = self.channels.iter().map(|name| Channel::parse(name));
        Ok(MakeImages {
            mapper: self.mapper.as_deref().map(MapperKind::parse).transpose().map_err(usage)?,
            shape: self.shape,
            channels: channels.collect::<Result<_, _>>().map_err(usage)?,
            cleaned: self.cleaned,
            tel_types: self.tel_type.clone(),
            tel_ids: self.tel.clone(),
            select: self.select.clone(),
            max_images: self.max_images,
            overwrite: self.common.overwrite,
            ..MakeImages::default()
        })
    }
}

fn tell(args: &Args, made: &Made, (report, messages): (&mut Report, &mut Messages)) {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
    for path in &args.files {
        report.inputs.push(Input {
            path: path.clone(),
            size: size(path),
            digest: None,
            seconds: 0.0,
        });
    }
    for path in &made.files {
        let rows = [("images".to_owned(), made.shape[0] as u64)].into();
        report.outputs.push(Output { path: path.clone(), size: size(path), rows });
    }
    let [images, rows, columns, channels] = made.shape;
    let (images, seen) = (grouped(images as u64), grouped(made.seen));
    let types = made.tel_types.join(", ");
    let line = format!(
        "{images} of {seen} images of {types}, {rows} x {columns} x {channels} by {} -> {}",
        made.mapper,
        args.output.display()
    );
    args.common.tell(messages, &line);
    if made.shape[0] == 0 {
        let text = format!("{}: there is no image", args.output.display());
        messages.say(&format!("tierline: warning: {text}"));
        report.warn(text);
    }
}
