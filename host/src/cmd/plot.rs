//! `tierline plot`: pictures of what LH5 files hold, and camera images of DL1 files.

mod camera;
mod choose;
mod panels;
mod read;
mod spectrum;
mod to_json;
mod trend;
mod waves;

use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context;
use tierline::dl1::summary::dl1_format;
use tierline::h5::tree::Reader;
use tierline::plot::{Picture, Size, render};
use tierline::report::{AtomicOutput, Status};

use super::rows::Rows;
use super::{Messages, Usage};

/// Draw what an LH5 file holds, or camera images of a DL1 file, as PNG or SVG.
///
/// Without TABLE: the first waveforms of the first table that has any, and the spectrum of its energies. Waveforms are drawn one over
/// the other, numbers as a histogram; --kind and --versus draw them otherwise. Numbers that are NaN or infinite are counted and left
/// out.
///
/// DL1 files: the charge of every pixel of an event's telescopes, a line around those that the cleaning has selected, and the
/// ellipse of the parameters with twice its length and width as half axes (2 σ); without --event of the first event with parameters.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An LH5 file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A table, or a column of it: `ch0/raw`, `ch0/raw/energy`; with --each a pattern: `ch*/raw/energy`.
    #[arg(value_name = "TABLE[/COLUMN]")]
    table: Option<String>,
    /// DL1: events by their numbers [default: the first with parameters].
    #[arg(
        long,
        value_name = "N",
        value_delimiter = ',',
        allow_hyphen_values = true,
        conflicts_with = "table"
    )]
    event: Vec<i64>,
    /// DL1: the observation, where several have such an event.
    #[arg(long, value_name = "N")]
    obs: Option<i32>,
    /// DL1: telescopes by their numbers [default: all with an image].
    #[arg(long, value_name = "N", value_delimiter = ',', conflicts_with = "table")]
    tel: Vec<u16>,
    /// DL1: draw the true image, too.
    #[arg(long = "true")]
    truth: bool,
    /// DL1: draw the times of the pulses in the selected pixels, too.
    #[arg(long)]
    peak_time: bool,
    /// Rows: the first ones (`10`), or from one to before another (`5:20`, `5:`), from the end if negative (`-5:`)
    /// [default: 10 waveforms, all rows otherwise].
    #[arg(value_name = "ROWS", allow_hyphen_values = true)]
    rows: Option<Rows>,
    /// The picture; its extension tells the format, PNG or SVG [default: FILE.png, beside FILE; none with --json].
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What to draw [default: waveforms of arrays, the spectrum of numbers].
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Draw the column over another one of its table, as --kind trend does [default: its timestamps, or the rows].
    #[arg(long, value_name = "COLUMN", requires = "table")]
    versus: Option<String>,
    /// Draw all tables or columns whose path matches a shell pattern: spectra one over the other, anything else in panels.
    #[arg(long, requires = "table")]
    each: bool,
    /// Bins of a spectrum [default: by the number of entries]; integers share bins evenly, which may take fewer.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    bins: Option<u32>,
    /// Values to show, in the column's units [default: all; of a spectrum without the outermost 0.1 % if they lie far out].
    #[arg(long, value_name = "FROM:TO", allow_hyphen_values = true)]
    range: Option<Limits>,
    /// Count on a logarithmic axis.
    #[arg(long)]
    log: bool,
    /// Subtract from each waveform the mean of the first eighth of its samples, of the first half of those before time 0 if these
    /// are fewer, or the value of a column of its table.
    #[arg(long, value_name = "COLUMN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    baseline_subtract: Option<String>,
    /// Size of the picture in pixels [default: 960x560, or 720x420 per panel].
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    size: Option<Size>,
    /// Title instead of the names of file and table.
    #[arg(long)]
    title: Option<String>,
    /// Print the numbers that are drawn as JSON.
    #[arg(long)]
    json: bool,
    /// Replace an existing picture.
    #[arg(short = 'w', long)]
    overwrite: bool,
    /// Say what was chosen.
    #[arg(short, long)]
    verbose: bool,
}

/// Ways to draw columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Rows of arrays, one over the other.
    Waveforms,
    /// How often rows of arrays are where, as an oscilloscope's persistence.
    Persistence,
    /// A histogram.
    Spectrum,
    /// A column over another one.
    Trend,
    /// The pixels of a camera.
    #[value(skip)]
    Camera,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Waveforms => "waveforms",
            Kind::Persistence => "persistence",
            Kind::Spectrum => "spectrum",
            Kind::Trend => "trend",
            Kind::Camera => "camera",
        }
    }
}

/// From one value to another.
#[derive(Debug, Clone, PartialEq)]
struct Limits(Range<f64>);

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        let (from, to) = text.split_once(':').ok_or("expected FROM:TO")?;
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from < to => Ok(Limits(from..to)),
            _ => Err("expected two numbers, the smaller one first".into()),
        }
    }
}

fn parse_size(text: &str) -> Result<Size, String> {
    let parts = text.split_once(['x', 'X', '×']);
    let (width, height) = parts.ok_or("expected WIDTHxHEIGHT, for example 1200x800")?;
    let pixels = |text: &str| text.trim().parse().map_err(|_| format!("'{text}' is no length"));
    Ok(Size { width: pixels(width)?, height: pixels(height)? })
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let target = target(args)?;
    let mut messages = Messages::new(!args.verbose, None)?;
    if let Some(format) = dl1_format(&args.file).ok().flatten() {
        let drawn = camera::panels(args, format, &mut messages)?;
        let size = Size::for_cameras(drawn.len());
        return finish(args, target, &drawn, size, &mut messages);
    }
    if !args.event.is_empty() || !args.tel.is_empty() || args.truth || args.peak_time {
        let text = format!("{}: events are drawn of DL1 files", args.file.display());
        return Err(Usage(text).into());
    }
    let reader = Reader::open(&args.file)?;
    let choice = choose::choose(args, &reader)?;
    fitting(args, &choice)?;
    let drawn = panels::panels(args, &reader, &choice, &mut messages)?;
    let size = default_size(drawn.len());
    finish(args, target, &drawn, size, &mut messages)
}

/// Writes the picture, and prints its numbers if they are wanted.
fn finish(
    args: &Args,
    target: Option<(PathBuf, Picture)>,
    drawn: &[panels::Drawn],
    size: Size,
    messages: &mut Messages,
) -> anyhow::Result<Status> {
    if let Some((path, format)) = &target {
        let panels: Vec<_> = drawn.iter().map(|drawn| drawn.panel.clone()).collect();
        let size = args.size.unwrap_or(size);
        let bytes = render(&panels, size, *format).map_err(|error| match error {
            tierline::plot::Error::Parameter { .. } | tierline::plot::Error::Limit { .. } => {
                anyhow::Error::from(Usage(error.to_string()))
            }
            other => other.into(),
        })?;
        let output = AtomicOutput::create(path, args.overwrite)?;
        let failed = || format!("{}: cannot write", output.path().display());
        std::fs::write(output.path(), bytes).with_context(failed)?;
        output.commit()?;
        messages.say(&format!("{} -> {}", args.file.display(), path.display()));
    }
    if args.json {
        let picture = target.as_ref().map(|(path, _)| path.as_path());
        writeln!(io::stdout().lock(), "{}", to_json::picture(&args.file, picture, drawn))?;
    }
    Ok(Status::Clean)
}

/// Refuses options that nothing of what is drawn has a use for.
fn fitting(args: &Args, choice: &[choose::Choice]) -> Result<(), Usage> {
    let any = |kinds: &[Kind]| choice.iter().any(|choice| kinds.contains(&choice.kind));
    let waves = any(&[Kind::Waveforms, Kind::Persistence]);
    let spectra = any(&[Kind::Spectrum]);
    let why = match () {
        () if args.bins.is_some() && !spectra => "--bins is for spectra",
        () if args.log && !spectra => "--log is for spectra: colours are logarithmic anyway",
        () if args.baseline_subtract.is_some() && !waves => "--baseline-subtract is for waveforms",
        () if args.range.is_some() && spectra && waves => "say of which column --range is",
        () => return Ok(()),
    };
    Err(Usage(why.into()))
}

fn default_size(panels: usize) -> Size {
    if panels == 1 { Size { width: 960, height: 560 } } else { Size::for_panels(panels) }
}

/// Where the picture goes, which must be possible before anything is read.
fn target(args: &Args) -> anyhow::Result<Option<(PathBuf, Picture)>> {
    let path = match &args.output {
        Some(path) => path.clone(),
        None if args.json => return Ok(None),
        None => args.file.with_extension("png"),
    };
    let format = Picture::of(&path).map_err(|error| Usage(error.to_string()))?;
    if same_file(&path, &args.file) {
        let file = args.file.display();
        anyhow::bail!(Usage(format!("{file} would be written over itself")));
    }
    // It goes away again, so that an interrupted run leaves nothing.
    drop(AtomicOutput::create(&path, args.overwrite)?);
    Ok(Some((path, format)))
}

fn same_file(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    one == other || (canonical(one).is_some() && canonical(one) == canonical(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_limits_are_read_as_people_write_them() {
        assert_eq!(parse_size("1200x800"), Ok(Size { width: 1200, height: 800 }));
        assert!(["", "x", "12", "ax5", "-3x5"].iter().all(|text| parse_size(text).is_err()));
        assert_eq!("-5:1e3".parse(), Ok(Limits(-5.0..1000.0)));
        for text in ["", "5", "5:", "5:5", "6:5", "nan:5", "0:inf"] {
            assert!(text.parse::<Limits>().is_err(), "{text}");
        }
    }
}
