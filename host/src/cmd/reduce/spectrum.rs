//! `tierline reduce spectrum`: spectra with off counts.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tierline::reduce::config::Kind;
use tierline::reduce::ogip::{Variant, write_ogip};
use tierline::report::Status;

use super::super::Common;
use super::{Source, angle, usage};

/// Make spectra of a circle, with off counts from reflected regions, as OGIP files (PHA, ARF, RMF, BKG).
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// Folder for pha_obsN.fits and the files that belong to it, made if need be, or with --stack the name of the one.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Radius of the circle.
    #[arg(long, value_name = "ANGLE", default_value = "0.11 deg")]
    radius: String,
    /// One spectrum of all observations.
    #[arg(long)]
    stack: bool,
    /// Do not correct the exposure for events that leave the circle.
    #[arg(long)]
    no_containment_correction: bool,
    /// Energies in keV and areas in cm2, as Sherpa has them.
    #[arg(long)]
    sherpa: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Status> {
    let mut config = args.source.configuration()?;
    let datasets = &mut config.datasets;
    (datasets.kind, datasets.stack) = (Kind::Spectra, args.stack);
    datasets.on_region.radius = Some(angle(&args.radius));
    datasets.containment_correction = !args.no_containment_correction;
    datasets.background.method = Some("reflected".into());
    let overwrite = args.common.overwrite;
    let is_folder = args.output.is_dir();
    if args.stack && is_folder {
        let reason = "with --stack, the output is a file";
        return Err(usage(format!("{}: {reason}", args.output.display())));
    }
    let check = || match args.stack {
        true => super::refuse_existing(&args.output, overwrite),
        false => folder(&args.output),
    };
    let variant = if args.sherpa { Variant::Sherpa } else { Variant::Ogip };
    let plan = ("reduce spectrum", &config, 1);
    super::reduce(plan, &args.common, &args.output, check, |reduced| {
        let mut files = Vec::new();
        if !args.stack && !args.output.is_dir() {
            let failed = || format!("{}: cannot make this folder", args.output.display());
            std::fs::create_dir(&args.output).with_context(failed)?;
        }
        for dataset in &reduced.datasets {
            let path = match args.stack {
                true => args.output.clone(),
                false => args.output.join(format!("pha_obs{}.fits", dataset.name)),
            };
            write_ogip(&path, dataset, variant, overwrite)?;
            files.push(path);
        }
        Ok(files)
    })
}

/// Refuses what can be no folder of spectra: it is there, or will be in one that is there.
fn folder(output: &Path) -> anyhow::Result<()> {
    let above = output.parent().filter(|above| !above.as_os_str().is_empty());
    let is_file = output.extension().is_some_and(|extension| extension == "fits");
    if output.is_dir() || (!output.exists() && !is_file && above.is_none_or(Path::is_dir)) {
        return Ok(());
    }
    Err(usage(format!("{}: expected a folder, or with --stack a file", output.display())))
}
