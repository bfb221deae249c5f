//! `tierline reduce stack`: datasets to one.

use std::path::PathBuf;
use std::time::Instant;

use tierline::reduce::dataset::Dataset;
use tierline::reduce::datasets::read_any;
use tierline::reduce::gadf::write_dataset;
use tierline::reduce::ogip::{Variant, write_ogip};
use tierline::report::{Input, Limits, Output, Report, Status};

use super::super::Common;

/// Stack datasets: maps on the same pixels, or spectra with the same axes. Only what is safe of each counts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Datasets (.fits) or OGIP spectra (pha_*.fits).
    #[arg(required = true, value_name = "DATASET")]
    input: Vec<PathBuf>,
    /// The stack; OGIP files if the name starts with pha.
    #[arg(short, long, value_name = "OUT.fits")]
    output: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Status> {
    let start = Instant::now();
    let mut messages = args.common.messages()?;
    super::refuse_existing(&args.output, args.common.overwrite)?;
    let mut report = Report::new("reduce stack", env!("CARGO_PKG_VERSION"));
    let mut stacked: Option<Dataset> = None;
    for path in &args.input {
        let dataset = read_any(path, &Limits::default())?;
        match &mut stacked {
            None => stacked = Some(dataset.to_masked("stacked")?),
            Some(stacked) => stacked.stack(&dataset)?,
        }
        let size = std::fs::metadata(path).map_or(0, |found| found.len());
        report.inputs.push(Input { path: path.clone(), size, digest: None, seconds: 0.0 });
    }
    let Some(stacked) = stacked else { return Ok(Status::Clean) };
    let name = args.output.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("pha") {
        write_ogip(&args.output, &stacked, Variant::Ogip, args.common.overwrite)?;
    } else {
        write_dataset(&args.output, &stacked, args.common.overwrite)?;
    }
    args.common.tell(&mut messages, &super::line(&stacked)?);
    let size = std::fs::metadata(&args.output).map_or(0, |found| found.len());
    report.outputs.push(Output { path: args.output.clone(), size, rows: Default::default() });
    report.seconds = start.elapsed().as_secs_f64();
    args.common.write(&report)?;
    Ok(Status::Clean)
}
