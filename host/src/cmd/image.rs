//! `tierline image`: what a detector image holds, and a picture of it.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};
use tierline::dataio::image::{Frame, Source, Statistics, Value, detect};
use tierline::dataio::tree::{self, Pick};
use tierline::dataio::url::DataUrl;
use tierline::plot::{self, ColourMap, Contrast, limits};
use tierline::report::{AtomicOutput, Limits, Status};

use super::Usage;

/// Show a detector image: shape, type, statistics and header, and draw it as PNG.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An image file; a frame of it by number (`FILE?slice=3`); or a dataset of an HDF5 file (`FILE::/path`).
    #[arg(value_name = "FILE")]
    file: String,
    /// The frame, from 0 on.
    #[arg(long, value_name = "N")]
    frame: Option<usize>,
    /// A line of statistics for each frame.
    #[arg(long, conflicts_with_all = ["frame", "png"])]
    all: bool,
    /// Leave the header out.
    #[arg(long)]
    no_header: bool,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
    /// Draw the frame, a pixel to the pixel.
    #[arg(long, value_name = "OUT.png")]
    png: Option<PathBuf>,
    /// From the smallest to the largest value, by the logarithm, or without the outermost values.
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = parse_contrast)]
    contrast: Contrast,
    /// Values that are darkest and lightest, instead of those found.
    #[arg(long, value_name = "LOW:HIGH", allow_hyphen_values = true, value_parser = parse_range)]
    range: Option<(f32, f32)>,
    /// Colours: grey or viridis.
    #[arg(long, value_name = "MAP", default_value = "grey", value_parser = parse_colours)]
    colormap: ColourMap,
    /// Replace an existing picture.
    #[arg(short = 'w', long, requires = "png")]
    overwrite: bool,
}

fn parse_contrast(text: &str) -> Result<Contrast, String> {
    match text {
        "linear" => Ok(Contrast::Linear),
        "log" => Ok(Contrast::Log),
        "auto" => Ok(Contrast::Auto),
        _ => Err("the contrast is linear, log or auto".into()),
    }
}

fn parse_colours(text: &str) -> Result<ColourMap, String> {
    match text {
        "grey" | "gray" => Ok(ColourMap::Grey),
        "viridis" => Ok(ColourMap::Viridis),
        _ => Err("the colours are grey or viridis".into()),
    }
}

fn parse_range(text: &str) -> Result<(f32, f32), String> {
    let bad = || format!("'{text}' is no range: LOW:HIGH");
    let (low, high) = text.split_once(':').ok_or_else(bad)?;
    let range = low.trim().parse().ok().zip(high.trim().parse().ok());
    range.filter(|(low, high): &(f32, f32)| low < high).ok_or_else(bad)
}

/// Characters of a list that is shown as text.
const LONG: usize = 200;

/// Frames of one format.
struct Opened {
    format: String,
    count: usize,
    warnings: Vec<String>,
    read: Box<dyn FnMut(usize) -> anyhow::Result<Frame>>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let url = DataUrl::parse(&args.file);
    url.check().map_err(|reason| Usage(format!("{}: {reason}", args.file)))?;
    let mut opened = open(&url)?;
    let picked = match url.slice.as_deref() {
        None => args.frame,
        Some([Pick::Index(index)]) if *index >= 0 => Some(*index as usize),
        Some(_) => return Err(Usage("an image is one frame: FILE?slice=3".into()).into()),
    };
    if let Some(frame) = picked.filter(|frame| *frame >= opened.count) {
        anyhow::bail!("{}: no frame {frame}: there are {}", args.file, opened.count);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let frames =
        if args.all { 0..opened.count } else { picked.unwrap_or(0)..picked.unwrap_or(0) + 1 };
    let mut described = Vec::new();
    for index in frames {
        let frame = (opened.read)(index)?;
        let statistics = frame.pixels.statistics();
        if args.json {
            described.push(to_json(args, index, &frame, &statistics));
        } else if args.all {
            line(&mut out, index, &frame, &statistics)?;
        } else {
            text(args, &mut out, &opened, index, &frame, &statistics)?;
        }
        if let Some(path) = &args.png {
            draw(args, &frame, path)?;
        }
    }
    if args.json {
        let whole = json!({
            "file": args.file, "format": opened.format, "frames": opened.count, "warnings": opened.warnings,
            "images": described,
        });
        writeln!(out, "{whole:#}")?;
    }
    out.flush()?;
    for warning in &opened.warnings {
        eprintln!("tierline: warning: {}: {warning}", args.file);
    }
    Ok(Status::Clean)
}

/// Frames of an image file, or of a dataset.
fn open(url: &DataUrl) -> anyhow::Result<Opened> {
    let path = Path::new(&url.file_path);
    if let (None, Ok(tree::Kind::Image)) = (&url.data_path, tree::kind(path, Limits::default())) {
        let source = Source::open(path, Limits::default())?;
        let codec = detect(&source)?;
        let mut image = codec.open(source)?;
        let count = image.frames()?;
        let format = format!("{}, {}", codec.name(), codec.description());
        let warnings = image.warnings().to_vec();
        let read = Box::new(move |index| Ok(image.frame(index)?));
        return Ok(Opened { format, count, warnings, read });
    }
    let tree = tree::open(path, Limits::default())?;
    let inner = url.data_path.clone().map_or_else(|| tree::default_path(&tree), Ok)?;
    let images = tierline::dataio::flatfield::images(&tree, &inner)?;
    let format = format!("dataset {inner}");
    let count = images.len();
    let read = move |index: usize| {
        let raw = images.get(index).ok_or_else(|| anyhow::anyhow!("there is no image {index}"))?;
        Ok(Frame { pixels: raw.read()?, header: Default::default() })
    };
    Ok(Opened { format, count, warnings: Vec::new(), read: Box::new(read) })
}

fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

fn line(out: &mut impl Write, index: usize, frame: &Frame, s: &Statistics) -> io::Result<()> {
    let (shape, dtype) = (shape_text(&frame.pixels.shape), frame.pixels.dtype.name());
    writeln!(
        out,
        "{index:>5}  {shape} {dtype}  min {} max {} mean {:.6} std {:.6}",
        s.min, s.max, s.mean, s.std
    )
}

fn text(
    args: &Args,
    out: &mut impl Write,
    opened: &Opened,
    index: usize,
    frame: &Frame,
    s: &Statistics,
) -> io::Result<()> {
    writeln!(out, "{}: {}", args.file, opened.format)?;
    if opened.count > 1 {
        writeln!(out, "  frame      {index} of {}", opened.count)?;
    }
    writeln!(out, "  shape      {}", shape_text(&frame.pixels.shape))?;
    writeln!(out, "  type       {}", frame.pixels.dtype.name())?;
    writeln!(out, "  min, max   {}, {}", s.min, s.max)?;
    writeln!(out, "  mean, std  {:.6}, {:.6}", s.mean, s.std)?;
    writeln!(out, "  sum        {}", s.sum)?;
    if s.not_finite > 0 {
        writeln!(out, "  not finite {} pixels", s.not_finite)?;
    }
    if !args.no_header && !frame.header.is_empty() {
        writeln!(out, "  header")?;
        let width =
            frame.header.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0).min(28);
        for (key, value) in frame.header.iter() {
            let value = match value {
                Value::List(list) if value.to_string().len() > LONG => {
                    format!("[{} entries; shown by --json]", list.len())
                }
                value => value.to_string().replace("\r\n", "\n"),
            };
            let mut lines = value.lines();
            writeln!(out, "    {key:<width$}  {}", lines.next().unwrap_or_default())?;
            for line in lines {
                writeln!(out, "    {:<width$}  {line}", "")?;
            }
        }
    }
    Ok(())
}

fn to_json(args: &Args, index: usize, frame: &Frame, s: &Statistics) -> Json {
    let number = |value: f64| if value.is_finite() { json!(value) } else { Json::Null };
    let mut one = json!({
        "frame": index, "shape": frame.pixels.shape, "dtype": frame.pixels.dtype.name(), "min": number(s.min),
        "max": number(s.max), "mean": number(s.mean), "std": number(s.std), "sum": number(s.sum),
        "not_finite": s.not_finite,
    });
    if !args.no_header {
        let header: Map<String, Json> =
            frame.header.iter().map(|(key, value)| (key.to_owned(), value_json(value))).collect();
        one["header"] = Json::Object(header);
    }
    one
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) if value.is_finite() => json!(value),
        Value::List(values) => values.iter().map(value_json).collect(),
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| (key.to_string(), value_json(value))).collect()
        }
        Value::Float(_) | Value::Text(_) | Value::Bytes(_) => json!(value.to_string()),
    }
}

/// Draws a frame of rows and columns.
fn draw(args: &Args, frame: &Frame, path: &Path) -> anyhow::Result<()> {
    let Some((_, columns)) = frame.pixels.rows_columns() else {
        let shape = shape_text(&frame.pixels.shape);
        anyhow::bail!("{}: {shape} is no image of rows and columns", args.file);
    };
    let values: Vec<f32> = frame.pixels.iter_f64().map(|value| value as f32).collect();
    let range = args.range.or_else(|| limits(&values, args.contrast));
    let image = plot::Image { columns, values: &values };
    let png = plot::image(image, args.contrast, args.colormap, range)?;
    let part = AtomicOutput::create(path, args.overwrite)?;
    std::fs::write(part.path(), png)?;
    Ok(part.commit()?)
}
