//! `tierline reduce significance`: where there is more than background.

use std::path::PathBuf;
use std::time::Instant;

use tierline::reduce::config::quantity;
use tierline::reduce::datasets::read_any_with;
use tierline::reduce::estimate::ExcessMapEstimator;
use tierline::reduce::gadf::write_maps;
use tierline::reduce::map::Map;
use tierline::report::{Input, Limits, Output, Report, Status};

use super::super::{Common, is_same};
use super::{angle, usage};

/// Make maps of excess and significance of a dataset: SQRT_TS, TS, NPRED_EXCESS and COUNTS of the disk around each pixel.
///
/// With off counts the significance is that of Li and Ma, else Cash's for the expected background.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A dataset of maps.
    #[arg(value_name = "DATASET.fits")]
    input: PathBuf,
    /// The maps.
    #[arg(short, long, value_name = "OUT.fits")]
    output: PathBuf,
    /// Radius of the disk.
    #[arg(long, value_name = "ANGLE", default_value = "0.1 deg")]
    radius: String,
    /// Energies in TeV between which counts are summed [default: all].
    #[arg(long, value_name = "E,E,…", value_delimiter = ',')]
    energy_edges: Vec<f64>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Status> {
    let start = Instant::now();
    let mut messages = args.common.messages()?;
    if is_same(&args.input, &args.output) {
        let same = args.output.display();
        return Err(usage(format!("{same} is the input and the output")));
    }
    super::refuse_existing(&args.output, args.common.overwrite)?;
    messages.say_stale(&args.output);
    let energy_edges = match args.energy_edges.as_slice() {
        [] => None,
        [_] => return Err(usage("--energy-edges: two edges at least".into())),
        edges => Some(edges.to_vec()),
    };
    let correlation_radius_deg = quantity("--radius", &angle(&args.radius), "deg")?;
    let estimator = ExcessMapEstimator {
        correlation_radius_deg,
        energy_edges,
        ..ExcessMapEstimator::default()
    };
    let mut report = Report::new("reduce significance", env!("CARGO_PKG_VERSION"));
    let mut warnings = Vec::new();
    let dataset = read_any_with(&args.input, &Limits::default(), &mut warnings)?;
    for warning in warnings {
        messages.say(&format!("tierline: warning: {warning}"));
        report.warn(warning);
    }
    let found = estimator.run(&dataset)?;
    let maps: [(&str, &Map); 4] = [
        ("SQRT_TS", &found.sqrt_ts),
        ("TS", &found.ts),
        ("NPRED_EXCESS", &found.npred_excess),
        ("COUNTS", &found.counts),
    ];
    write_maps(&args.output, &maps, args.common.overwrite)?;
    let most = found.sqrt_ts.values.to_f64().into_iter().fold(f64::NAN, f64::max);
    let line = format!("{}: at most {most:.1} sigma", args.output.display());
    args.common.tell(&mut messages, &line);
    report.set("radius_deg", correlation_radius_deg);
    report.set("largest_sqrt_ts", most);
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
    let input = args.input.clone();
    report.inputs.push(Input { size: size(&input), path: input, digest: None, seconds: 0.0 });
    let path = args.output.clone();
    report.outputs.push(Output { size: size(&path), path, rows: Default::default() });
    report.seconds = start.elapsed().as_secs_f64();
    args.common.write(&report)?;
    Ok(Status::Clean)
}
