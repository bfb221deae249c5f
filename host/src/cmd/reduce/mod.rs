//! `tierline reduce`: gamma-ray events to binned datasets.

mod map;
mod run;
mod significance;
mod spectrum;
pub(super) mod stack;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tierline::reduce::Error;
use tierline::reduce::analysis::{Analysis, Reduced};
use tierline::reduce::config::AnalysisConfig;
use tierline::reduce::dataset::Dataset;
use tierline::report::{Limits, Output, Progress, Report, Status};

use super::{Common, Messages, grouped, stop_on_signals};

/// Reduce gamma-ray events (DL3) to maps and spectra that gammapy reads.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    Map(Box<map::Args>),
    Spectrum(Box<spectrum::Args>),
    Stack(stack::Args),
    Significance(significance::Args),
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    match &args.command {
        Command::Run(args) => run::run(args),
        Command::Map(args) => map::run(args),
        Command::Spectrum(args) => spectrum::run(args),
        Command::Stack(args) => stack::run(args),
        Command::Significance(args) => significance::run(args),
    }
}

/// What maps and spectra are made of.
#[derive(Debug, clap::Args)]
struct Source {
    /// Folder with index files (hdu-index.fits.gz), or of files with events and responses.
    #[arg(value_name = "DATASTORE")]
    datastore: PathBuf,
    /// Observations, by their numbers [default: all].
    #[arg(long, value_name = "N", value_delimiter = ',')]
    obs_id: Vec<i64>,
    /// Only observations that point less than so far away from the position.
    #[arg(long, value_name = "ANGLE")]
    cone: Option<String>,
    /// Responses that must be there: full-enclosure, point-like, all-optional, or a list of aeff, edisp, psf, bkg.
    #[arg(long, value_name = "NAMES", default_value = "full-enclosure")]
    required_irf: String,
    /// Position as LON,LAT in degrees.
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    position: String,
    /// Frame of the position and of the result: icrs or galactic.
    #[arg(long, value_name = "FRAME", default_value = "icrs")]
    frame: String,
    /// Axis of energy.
    #[arg(long, value_name = "MIN,MAX,BINS", default_value = "1 TeV,10 TeV,5")]
    energy: String,
    /// Axis of true energy.
    #[arg(long, value_name = "MIN,MAX,BINS", default_value = "0.5 TeV,20 TeV,16")]
    energy_true: String,
    /// Conditions of the safe mask: offset-max, aeff-default, aeff-max, edisp-bias, bkg-peak; "" for none.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "aeff-default")]
    safe_mask: Vec<String>,
    /// Percent of the largest effective area that is needed (aeff-max).
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    aeff_percent: f64,
    /// Percent of bias that is too much (edisp-bias).
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    bias_percent: f64,
    /// Where the background must not be taken from: a FITS image, above 0 where it may, or DS9 regions (.reg) where it may not.
    #[arg(long, value_name = "FILE")]
    exclusion: Option<PathBuf>,
    /// Threads [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

impl Source {
    /// What is common to maps and spectra as a configuration.
    fn configuration(&self) -> anyhow::Result<AnalysisConfig> {
        let mut config = AnalysisConfig::default();
        config.general.n_jobs = threads(self.threads);
        let observations = &mut config.observations;
        observations.datastore = self.datastore.clone();
        observations.obs_ids = self.obs_id.clone();
        let names: Vec<String> = self.required_irf.split(',').map(|n| n.trim().into()).collect();
        observations.required_irf = tierline::reduce::config::RequiredIrf::List(names);
        let (lon, lat) = pair(&self.position, "--position")?;
        let circle = tierline::reduce::config::Circle {
            frame: Some(self.frame.clone()),
            lon: Some(format!("{lon} deg")),
            lat: Some(format!("{lat} deg")),
            radius: None,
        };
        if let Some(radius) = &self.cone {
            observations.obs_cone = circle.clone();
            observations.obs_cone.radius = Some(angle(radius));
        }
        let datasets = &mut config.datasets;
        datasets.geom.wcs.skydir = circle.clone();
        datasets.on_region = circle;
        datasets.geom.axes.energy = axis(&self.energy, "--energy")?;
        datasets.geom.axes.energy_true = axis(&self.energy_true, "--energy-true")?;
        datasets.background.exclusion = self.exclusion.clone();
        let methods = self.safe_mask.iter().filter(|name| !name.is_empty());
        datasets.safe_mask.methods = methods.cloned().collect();
        let parameters = &mut datasets.safe_mask.parameters;
        parameters.insert("aeff_percent".into(), self.aeff_percent.into());
        parameters.insert("bias_percent".into(), self.bias_percent.into());
        Ok(config)
    }
}

fn threads(wanted: Option<usize>) -> usize {
    let all = std::thread::available_parallelism().map_or(1, usize::from);
    wanted.unwrap_or(all).max(1)
}

fn usage(text: String) -> anyhow::Error {
    super::Usage(text).into()
}

/// A plain number is one of degrees.
fn angle(text: &str) -> String {
    match text.trim().parse::<f64>() {
        Ok(_) => format!("{} deg", text.trim()),
        Err(_) => text.into(),
    }
}

fn pair(text: &str, option: &str) -> anyhow::Result<(f64, f64)> {
    let numbers = text
        .split_once(',')
        .and_then(|(a, b)| Some((a.trim().parse::<f64>().ok()?, b.trim().parse::<f64>().ok()?)));
    numbers.ok_or_else(|| usage(format!("{option}: expected two numbers, found '{text}'")))
}

/// An axis as `MIN,MAX,BINS`; plain numbers are TeV.
fn axis(text: &str, option: &str) -> anyhow::Result<tierline::reduce::config::AxisConfig> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let wrong = || usage(format!("{option}: expected MIN,MAX,BINS, found '{text}'"));
    let [min, max, bins] = parts.as_slice() else { return Err(wrong()) };
    let energy = |text: &str| match text.parse::<f64>() {
        Ok(_) => format!("{text} TeV"),
        Err(_) => text.to_owned(),
    };
    Ok(tierline::reduce::config::AxisConfig {
        min: Some(energy(min)),
        max: Some(energy(max)),
        nbins: Some(bins.parse().map_err(|_| wrong())?),
    })
}

/// An error where a signal has come.
fn going(stop: &AtomicBool) -> Result<(), Error> {
    match stop.load(Ordering::Relaxed) {
        true => Err(Error::parameter("reduction", "stopped by a signal; there is no output")),
        false => Ok(()),
    }
}

/// What is reduced: the command's name, the configuration, parts of a bin over which the background is integrated.
type Plan<'a> = (&'a str, &'a AnalysisConfig, usize);

/// Reduces, tells what happened, and leaves the rest to `write`, which returns the outputs.
fn reduce(
    plan: Plan<'_>,
    common: &Common,
    output: &Path,
    check: impl FnOnce() -> anyhow::Result<()>,
    write: impl FnOnce(&Reduced) -> anyhow::Result<Vec<PathBuf>>,
) -> anyhow::Result<Status> {
    let start = Instant::now();
    let mut messages = common.messages()?;
    check()?;
    messages.say_stale(output);
    let mut report = Report::new(plan.0, env!("CARGO_PKG_VERSION"));
    report.set("threads", plan.1.general.n_jobs);
    let made = make(plan, common).and_then(|(reduced, stop)| {
        going(&stop)?;
        Ok((write(&reduced)?, reduced))
    });
    report.seconds = start.elapsed().as_secs_f64();
    let (files, reduced) = match made {
        Ok(made) => made,
        Err(error) => return Err(common.fail(error, (report, messages))),
    };
    report.set("observations", &reduced.used);
    report.set("left_out", &reduced.left_out);
    for warning in &reduced.warnings {
        messages.say(&format!("tierline: warning: {warning}"));
        report.warn(warning);
    }
    // Observations that were asked for and are not in the result are losses.
    report.lost_packets = reduced.left_out.len() as u64;
    tell(&reduced, &files, common, (&mut report, &mut messages))?;
    let status = report.settle(common.max_garbage);
    common.write(&report)?;
    Ok(status)
}

/// Reduces all observations, with a line of progress; the flag is set by signals.
fn make(
    (name, config, oversampling): Plan<'_>,
    common: &Common,
) -> anyhow::Result<(Reduced, Arc<AtomicBool>)> {
    let stop = stop_on_signals()?;
    let analysis = Analysis::new(config, Path::new(""), &Limits::default())?;
    let analysis = analysis.with_background_oversampling(oversampling);
    let line = Progress::of_things(name, analysis.ids().len() as u64, common.quiet);
    let mut progress = |_| {
        line.add(1);
        going(&stop)
    };
    let reduced = analysis.run(&mut progress)?;
    Ok((reduced, stop))
}

fn tell(
    reduced: &Reduced,
    files: &[PathBuf],
    common: &Common,
    (report, messages): (&mut Report, &mut Messages),
) -> anyhow::Result<()> {
    for dataset in &reduced.datasets {
        common.tell(messages, &line(dataset)?);
    }
    for path in files {
        let size = std::fs::metadata(path).map_or(0, |found| found.len());
        report.outputs.push(Output { path: path.clone(), size, rows: Default::default() });
        common.tell(messages, &format!("{}: {}", path.display(), super::size(size)));
    }
    Ok(())
}

/// A dataset in a line.
fn line(dataset: &Dataset) -> anyhow::Result<String> {
    let info = dataset.info()?;
    let counts = grouped(info.counts.unsigned_abs());
    // Nothing has no sign.
    let [background, excess, sqrt_ts] = [info.background, info.excess, info.sqrt_ts]
        .map(|value| (value * 10.0).round() / 10.0 + 0.0);
    Ok(format!(
        "{}: {counts} counts, background {background:.1}, excess {excess:.1}, sqrt_ts {sqrt_ts:.1}, livetime {:.0} s",
        info.name, info.livetime_s
    ))
}

/// Refuses an output that exists before any work is done.
fn refuse_existing(path: &Path, overwrite: bool) -> anyhow::Result<()> {
    if overwrite || !path.exists() {
        return Ok(());
    }
    anyhow::bail!("{}: exists already; replace it with --overwrite", path.display())
}
