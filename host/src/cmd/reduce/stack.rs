//! `tierline reduce stack`: datasets to one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::reduce::dataset::Dataset;
use tierline::reduce::datasets::read_any_with;
use tierline::reduce::gadf::write_dataset;
use tierline::reduce::ogip::{Variant, write_ogip};
use tierline::report::{Input, Limits, Output, Progress, Report, Status};

use super::super::{Common, Messages, is_same, stop_on_signals};

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
    stack("reduce stack", &args.input, &args.output, &args.common)
}

/// Stacks the datasets of files into one, and tells of it under the command's name.
pub(crate) fn stack(
    name: &str,
    inputs: &[PathBuf],
    output: &Path,
    common: &Common,
) -> anyhow::Result<Status> {
    let start = Instant::now();
    let mut messages = common.messages()?;
    if let Some(same) = inputs.iter().find(|input| is_same(input, output)) {
        return Err(super::usage(format!("{} is an input and the output", same.display())));
    }
    super::refuse_existing(output, common.overwrite)?;
    messages.say_stale(output);
    let mut report = Report::new(name, env!("CARGO_PKG_VERSION"));
    let made = make(name, inputs, common, (&mut report, &mut messages))
        .and_then(|stacked| write(output, &stacked, common.overwrite).map(|()| stacked));
    report.seconds = start.elapsed().as_secs_f64();
    let stacked = match made {
        Ok(stacked) => stacked,
        Err(error) => return Err(common.fail(error, (report, messages))),
    };
    common.tell(&mut messages, &super::line(&stacked)?);
    let size = std::fs::metadata(output).map_or(0, |found| found.len());
    report.outputs.push(Output { path: output.into(), size, rows: Default::default() });
    let status = report.settle(common.max_garbage);
    common.write(&report)?;
    Ok(status)
}

/// The stack; a signal ends it.
fn make(
    name: &str,
    inputs: &[PathBuf],
    common: &Common,
    (report, messages): (&mut Report, &mut Messages),
) -> anyhow::Result<Dataset> {
    let stop = stop_on_signals()?;
    let line = Progress::of_things(name, inputs.len() as u64, common.quiet);
    let mut stacked: Option<Dataset> = None;
    let mut warnings = Vec::new();
    for path in inputs {
        let dataset = read_any_with(path, &Limits::default(), &mut warnings)?;
        let done = match &mut stacked {
            None => dataset.to_masked("stacked").map(|first| stacked = Some(first)),
            Some(stacked) => stacked.stack(&dataset),
        };
        done.map_err(|error| anyhow::Error::new(error).context(path.display().to_string()))?;
        let size = std::fs::metadata(path).map_or(0, |found| found.len());
        report.inputs.push(Input { path: path.clone(), size, digest: None, seconds: 0.0 });
        line.add(1);
        super::going(&stop)?;
    }
    drop(line);
    for warning in warnings {
        messages.say(&format!("tierline: warning: {warning}"));
        report.warn(warning);
    }
    stacked.ok_or_else(|| super::usage("there are no datasets".into()))
}

fn write(output: &Path, stacked: &Dataset, overwrite: bool) -> anyhow::Result<()> {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    match name.starts_with("pha") {
        true => write_ogip(output, stacked, Variant::Ogip, overwrite)?,
        false => write_dataset(output, stacked, overwrite)?,
    }
    Ok(())
}
