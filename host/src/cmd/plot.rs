//! `tierline plot`: pictures of what LH5 files hold, camera images of DL1 files, and sky maps and spectra of FITS files.

mod camera;
mod choose;
mod energies;
mod fits;
mod map;
mod overlays;
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

/// Draw what an LH5 file holds, camera images of a DL1 file, or sky maps and spectra of a FITS file, as PNG or SVG.
///
/// Without TABLE: the first waveforms of the first table that has any, and the spectrum of its energies. Waveforms are drawn one over
/// the other, numbers as a histogram; --kind and --versus draw them otherwise. Numbers that are NaN or infinite are counted and left
/// out.
///
/// DL1 files: the charge of every pixel of an event's telescopes, a line around those that the cleaning has selected, and the
/// ellipse of the parameters with twice its length and width as half axes (2 σ); without --event of the first event with parameters.
///
/// FITS files: TABLE is a member of a dataset (counts, background, excess, exposure, mask_safe, …) or the name of any image of the sky;
/// without it sqrt_ts, else the counts, else the first image. Counts, background and excess are summed over the safe bins of energy,
/// pixels without any of these are grey; of other members one plane is drawn, the middle one without --energy. Lines of coordinates are
/// in degrees, in the frame of the map. Of spectra: counts and excess with their errors, bins that are not safe shaded; `counts`,
/// `excess`, `exposure`, or `regions` for the on and off regions.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An LH5 or DL1 file, or a FITS file of maps or spectra.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A table, or a column of it: `ch0/raw`, `ch0/raw/energy`; with --each a pattern: `ch*/raw/energy`. FITS: a member, or an HDU.
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
    /// Sky maps: bins of energy, one by its number from 0 (`2`) or from one to before another (`2:5`, `2:`) [default: all of counts,
    /// background and excess; else the middle one].
    #[arg(long, value_name = "BINS")]
    energy: Option<Bins>,
    /// Sky maps: add up counts in bins that are not safe, too.
    #[arg(long)]
    all_bins: bool,
    /// Sky maps: how values become colours [default: linear; --log is the same as log].
    #[arg(long, value_enum, conflicts_with = "log")]
    stretch: Option<StretchName>,
    /// Sky maps: draw the regions of a DS9 file (.reg) or of FITS tables; of a spectrum's file its on and off regions. Repeatable.
    #[arg(long, value_name = "FILE")]
    region: Vec<PathBuf>,
    /// Sky maps: draw a line around what an exclusion mask leaves out: a FITS image, 0 where it does, or DS9 regions (.reg).
    #[arg(long, value_name = "FILE")]
    exclusion: Option<PathBuf>,
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
    /// Values to show, in the column's units, of maps those of the colours [default: all; of a spectrum without the outermost 0.1 % if they
    /// lie far out].
    #[arg(long, value_name = "FROM:TO", allow_hyphen_values = true)]
    range: Option<Limits>,
    /// Count on a logarithmic axis; of maps logarithmic colours.
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
    /// An image of the sky.
    #[value(skip)]
    Map,
    /// A spectrum in bins of energy.
    #[value(skip)]
    Energies,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Waveforms => "waveforms",
            Kind::Persistence => "persistence",
            Kind::Spectrum => "spectrum",
            Kind::Trend => "trend",
            Kind::Camera => "camera",
            Kind::Map => "map",
            Kind::Energies => "energies",
        }
    }
}

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StretchName {
    /// As they are.
    Linear,
    /// By the square root.
    Sqrt,
    /// By the logarithm; what is not positive is darkest.
    Log,
}

/// Bins of an axis: from one to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bins {
    from: usize,
    to: Option<usize>,
}

impl FromStr for Bins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let parsed: Result<usize, _> = text.trim().parse();
            parsed.map_err(|_| format!("'{text}' is no number of a bin"))
        };
        let bins = match text.split_once(':') {
            None => {
                let from = number(text)?;
                Bins { from, to: from.checked_add(1) }
            }
            Some((from, to)) => Bins {
                from: if from.trim().is_empty() { 0 } else { number(from)? },
                to: if to.trim().is_empty() { None } else { Some(number(to)?) },
            },
        };
        match bins.to {
            Some(to) if to <= bins.from => Err("expected one bin at least".into()),
            _ => Ok(bins),
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
    if fits::is_fits(&args.file) {
        let (drawn, size) = fits::panels(args, &mut messages)?;
        return finish(args, target, &drawn, size, &mut messages);
    }
    let of_maps = [
        args.energy.is_some(),
        args.all_bins,
        args.stretch.is_some(),
        !args.region.is_empty(),
        args.exclusion.is_some(),
    ];
    if of_maps.contains(&true) {
        let options = "--energy, --all-bins, --stretch, --region and --exclusion";
        return Err(Usage(format!("{options} are for FITS files of sky maps")).into());
    }
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
        assert_eq!("3".parse(), Ok(Bins { from: 3, to: Some(4) }));
        assert_eq!(":2".parse(), Ok(Bins { from: 0, to: Some(2) }));
        assert_eq!("2:".parse(), Ok(Bins { from: 2, to: None }));
        for text in ["", "-1", "2:2", "3:2", "a", "1:b", "99999999999999999999"] {
            assert!(text.parse::<Bins>().is_err(), "{text}");
        }
        for text in ["", "5", "5:", "5:5", "6:5", "nan:5", "0:inf"] {
            assert!(text.parse::<Limits>().is_err(), "{text}");
        }
    }
}
