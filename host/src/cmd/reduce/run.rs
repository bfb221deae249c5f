//! `tierline reduce run`: what gammapy's analysis configuration describes.

use std::path::PathBuf;

use tierline::reduce::config::AnalysisConfig;
use tierline::reduce::datasets::write_datasets;
use tierline::report::Status;

use super::super::Common;

/// Reduce as a configuration file of `gammapy analysis` says.
///
/// All keys of data reduction are used: observations, datasets, general. Those of later steps (fit, flux_points, …) may be there.
/// Writes a list of datasets (YAML) and a FITS file of each beside it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(value_name = "CONFIG.yaml", required_unless_present = "filename")]
    config: Option<PathBuf>,
    /// The configuration, as gammapy's command has it.
    #[arg(long, value_name = "CONFIG.yaml", conflicts_with = "config")]
    filename: Option<PathBuf>,
    /// List of the datasets [default: general.datasets_file, else "datasets.yaml" in general.outdir].
    #[arg(short, long, visible_alias = "output", value_name = "FILE")]
    out: Option<PathBuf>,
    /// Threads [default: general.n_jobs].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Status> {
    let Some(path) = args.config.as_ref().or(args.filename.as_ref()) else {
        return Err(super::usage("a configuration is needed".into()));
    };
    let mut config = AnalysisConfig::read(path)?;
    if let Some(threads) = args.threads {
        config.general.n_jobs = threads.max(1);
    }
    let out = args.out.clone().or(config.general.datasets_file.clone());
    let out = out.unwrap_or_else(|| config.general.outdir.join("datasets.yaml"));
    let check = || super::refuse_existing(&out, args.common.overwrite);
    super::reduce(("reduce run", &config, 1), &args.common, &out, check, |reduced| {
        write_datasets(&out, &reduced.datasets, args.common.overwrite)?;
        Ok(vec![out.clone()])
    })
}
