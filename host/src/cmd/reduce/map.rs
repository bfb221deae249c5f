//! `tierline reduce map`: a dataset of maps.

use std::path::PathBuf;

use tierline::reduce::config::Kind;
use tierline::reduce::datasets::write_datasets;
use tierline::reduce::gadf::write_dataset;
use tierline::report::Status;

use super::super::Common;
use super::{Source, angle, pair, usage};

/// Make maps of counts, exposure, background and responses, of all observations stacked.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    source: Source,
    /// The dataset (.fits, .fits.gz); with --each a list of them (.yaml), which are written beside it.
    #[arg(short, long, value_name = "OUT.fits")]
    output: PathBuf,
    /// A dataset of each observation instead of a stack.
    #[arg(long)]
    each: bool,
    /// Width of the map in degrees, or WIDTH,HEIGHT.
    #[arg(long, value_name = "WIDTH", default_value = "5")]
    width: String,
    /// Size of pixels.
    #[arg(long, value_name = "ANGLE", default_value = "0.02 deg")]
    binsz: String,
    /// HEALPix pixels of this nside (nested order) in a disk of the width, instead of an image.
    #[arg(long, value_name = "NSIDE", conflicts_with = "binsz")]
    hpx: Option<u64>,
    /// Size of the pixels of responses.
    #[arg(long, value_name = "ANGLE", default_value = "0.2 deg")]
    binsz_irf: String,
    /// Largest distance from the pointing: of the cutouts, and of the safe mask's offset-max.
    #[arg(long, value_name = "ANGLE", default_value = "2.5 deg")]
    offset_max: String,
    /// What is made: counts, exposure, background, psf, edisp.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    selection: Vec<String>,
    /// Parts of a bin of energy over which the background is integrated.
    #[arg(long, value_name = "N", default_value_t = 1)]
    background_oversampling: usize,
    /// Background: none as the responses tell, fov scaled to the counts, or from a ring.
    #[arg(long, value_name = "HOW", default_value = "none", value_parser = ["none", "fov", "fov-fit", "ring"])]
    background: String,
    /// Inner radius and width of the ring in degrees.
    #[arg(long, value_name = "R_IN,WIDTH", default_value = "0.5,0.3")]
    ring: String,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Status> {
    let mut config = args.source.configuration()?;
    let datasets = &mut config.datasets;
    (datasets.kind, datasets.stack) = (Kind::Maps, !args.each);
    let (width, height) = args.width.split_once(',').unwrap_or((&args.width, &args.width));
    datasets.geom.wcs.width.width = angle(width);
    datasets.geom.wcs.width.height = angle(height);
    datasets.geom.wcs.binsize = angle(&args.binsz);
    datasets.geom.hpx_nside = args.hpx;
    datasets.geom.wcs.binsize_irf = angle(&args.binsz_irf);
    datasets.geom.selection.offset_max = angle(&args.offset_max);
    datasets.safe_mask.parameters.insert("offset_max".into(), angle(&args.offset_max).into());
    if !args.selection.is_empty() {
        datasets.map_selection = args.selection.clone();
    }
    let background = &mut datasets.background;
    background.method = match args.background.as_str() {
        "none" => None,
        "ring" => {
            let (r_in, width) = pair(&args.ring, "--ring")?;
            background.parameters.insert("r_in".into(), format!("{r_in} deg").into());
            background.parameters.insert("width".into(), format!("{width} deg").into());
            Some("ring".into())
        }
        fov => {
            let method = if fov == "fov-fit" { "fit" } else { "scale" };
            background.parameters.insert("method".into(), method.into());
            Some("fov_background".into())
        }
    };
    if background.exclusion.is_some() && background.method.is_none() {
        return Err(usage("--exclusion is for a background: --background fov or ring".into()));
    }
    if args.hpx.is_some() && args.background == "ring" {
        return Err(usage("--background ring is for images, not for --hpx".into()));
    }
    let overwrite = args.common.overwrite;
    let check = || super::refuse_existing(&args.output, overwrite);
    let plan = ("reduce map", &config, args.background_oversampling);
    super::reduce(plan, &args.common, &args.output, check, |reduced| {
        match reduced.datasets.as_slice() {
            [one] if !args.each => write_dataset(&args.output, one, overwrite)?,
            all => write_datasets(&args.output, all, overwrite)?,
        }
        Ok(vec![args.output.clone()])
    })
}
