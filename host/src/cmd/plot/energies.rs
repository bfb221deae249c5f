//! Spectra: counts, background and excess in bins of energy, and the regions that they are of.

use anyhow::bail;
use tierline::plot::{
    Axis, Content, EnergySpectrum, Panel, Series, SeriesForm, Size, SkyMap, Stretch,
};
use tierline::reduce::dataset::Dataset;
use tierline::reduce::datasets::read_any;
use tierline::reduce::map::axis;
use tierline::reduce::region_file::read_region_tables;
use tierline::report::Limits;
use tierline::sky::MapAxis;

use super::fits::title;
use super::map::{lines, rounded, size};
use super::panels::Drawn;
use super::{Args, Kind, overlays};
use crate::cmd::Usage;

/// What is drawn of a spectrum, and how large.
pub(super) fn panels(args: &Args) -> anyhow::Result<(Vec<Drawn>, Size)> {
    let member = args.table.as_ref().map(|name| name.trim().to_ascii_lowercase());
    if member.as_deref() == Some("regions") {
        return regions(args);
    }
    fitting(args)?;
    let dataset = read_any(&args.file, &Limits::default())?;
    let drawn = match member.as_deref() {
        None => vec![counts(args, &dataset)?, excess(args, &dataset)?],
        Some("counts") => vec![counts(args, &dataset)?],
        Some("excess") => vec![excess(args, &dataset)?],
        Some("exposure") => vec![exposure(args, &dataset)?],
        Some(other) => bail!(
            "{}: of a spectrum counts, excess, exposure or regions are drawn, not {other}",
            args.file.display()
        ),
    };
    let size = super::default_size(drawn.len());
    Ok((drawn, size))
}

/// Refuses options that are for maps.
fn fitting(args: &Args) -> Result<(), Usage> {
    let why = match () {
        () if args.energy.is_some() || args.all_bins => "--energy and --all-bins are for sky maps",
        () if args.stretch.is_some() => "--stretch is for sky maps; --log draws a logarithmic axis",
        () if !args.region.is_empty() || args.exclusion.is_some() => {
            "--region and --exclusion are for sky maps, and for the regions of a spectrum"
        }
        () => return Ok(()),
    };
    Err(Usage(format!("{}: {why}", args.file.display())))
}

/// Expected counts, with their standard deviations where they come from off counts.
struct Background {
    label: &'static str,
    values: Vec<f64>,
    errors: Vec<f64>,
}

fn background(dataset: &Dataset) -> anyhow::Result<Option<Background>> {
    if let Some(off) = dataset.off.as_ref().and_then(|off| off.counts_off.as_ref()) {
        let cells = dataset.alpha()?.into_iter().zip(off.values.to_f64());
        let (values, errors) = cells.map(|(alpha, n)| (alpha * n, alpha * n.sqrt())).unzip();
        return Ok(Some(Background { label: "α × off", values, errors }));
    }
    let expected = dataset.npred_background()?.map(|map| Background {
        label: "background",
        values: map.values.to_f64(),
        errors: Vec::new(),
    });
    Ok(expected)
}

fn counts(args: &Args, dataset: &Dataset) -> anyhow::Result<Drawn> {
    let on = dataset.counts.values.to_f64();
    let label = if dataset.off.is_some() { "on" } else { "counts" };
    let errors = on.iter().map(|n| n.sqrt()).collect();
    let mut notes = vec![format!("{label} {}", rounded(safe_sum(dataset, &on)))];
    let mut series =
        vec![Series { label: label.into(), form: SeriesForm::Dots, values: on, errors }];
    if let Some(background) = background(dataset)? {
        let sum = rounded(safe_sum(dataset, &background.values));
        notes.push(format!("{} {sum}", background.label));
        let (form, errors) = (SeriesForm::Steps, background.errors);
        let label = background.label.into();
        series.push(Series { label, form, values: background.values, errors });
    }
    drawn(args, dataset, "counts", (notes, series))
}

fn excess(args: &Args, dataset: &Dataset) -> anyhow::Result<Drawn> {
    let on = dataset.counts.values.to_f64();
    let Some(background) = background(dataset)? else {
        bail!("{}: no off counts and no background, and so no excess", args.file.display());
    };
    let values: Vec<f64> = on.iter().zip(&background.values).map(|(n, b)| n - b).collect();
    let error = |(bin, n): (usize, &f64)| {
        n.sqrt().hypot(background.errors.get(bin).copied().unwrap_or(0.0))
    };
    let errors: Vec<f64> = on.iter().enumerate().map(error).collect();
    let variances: Vec<f64> = errors.iter().map(|error| error * error).collect();
    let (sum, error) = (safe_sum(dataset, &values), safe_sum(dataset, &variances).sqrt());
    let notes = vec![format!("{} ± {error:.1}", rounded(sum))];
    let series = Series { label: String::new(), form: SeriesForm::Dots, values, errors };
    drawn(args, dataset, "excess", (notes, vec![series]))
}

fn exposure(args: &Args, dataset: &Dataset) -> anyhow::Result<Drawn> {
    let Some(map) = &dataset.exposure else {
        bail!("{}: there is no exposure", args.file.display());
    };
    let axis = axis(&map.geom, "energy_true")?;
    let values = map.values.to_f64();
    let series =
        Series { label: String::new(), form: SeriesForm::Steps, values, errors: Vec::new() };
    let livetime = dataset.livetime_s.map(|seconds| format!("livetime {seconds:.0} s"));
    let note = livetime.unwrap_or_default();
    panel(args, axis, (Axis::in_units("exposure", map.unit.trim()), note), vec![series], Vec::new())
}

/// Sum of the safe bins.
fn safe_sum(dataset: &Dataset, values: &[f64]) -> f64 {
    let is_safe = |at: &usize| {
        dataset.mask_safe.as_ref().is_none_or(|mask| mask.values.get(*at) == Some(&true))
    };
    (0..values.len()).filter(is_safe).map(|at| values[at]).filter(|value| value.is_finite()).sum()
}

fn drawn(
    args: &Args,
    dataset: &Dataset,
    what: &str,
    (mut notes, series): (Vec<String>, Vec<Series>),
) -> anyhow::Result<Drawn> {
    let shaded: Vec<bool> = match &dataset.mask_safe {
        Some(mask) => mask.values.iter().map(|safe| !safe).collect(),
        None => Vec::new(),
    };
    if shaded.contains(&true) {
        notes.push("in safe bins, the others are shaded".into());
    }
    let axis = dataset.energy_axis()?;
    panel(args, axis, (Axis::new(what), notes.join(" · ")), series, shaded)
}

fn panel(
    args: &Args,
    energy: &MapAxis,
    (y, note): (Axis, String),
    series: Vec<Series>,
    shaded: Vec<bool>,
) -> anyhow::Result<Drawn> {
    let bins = energy.n_bins();
    if let Some(wrong) = series.iter().find(|one| one.values.len() != bins) {
        let (file, found) = (args.file.display(), wrong.values.len());
        bail!("{file}: {found} values of {} for {bins} bins of energy", y.label);
    }
    let what = y.label.clone();
    let content = Content::Energies(EnergySpectrum { edges: energy.edges(), series, shaded });
    let x = Axis::in_units(energy.name().replace('_', " "), energy.unit().trim());
    let panel = Panel {
        title: title(args, &what),
        note,
        y_range: args.range.as_ref().map(|limits| limits.0.clone()),
        log: args.log,
        ..Panel::new(x, y, content)
    };
    Ok(Drawn { kind: Kind::Energies, objects: vec![what], panel })
}

/// On and off regions on the sky, without an image below.
fn regions(args: &Args) -> anyhow::Result<(Vec<Drawn>, Size)> {
    let has_colours =
        args.range.is_some() || args.log || args.stretch.is_some() || args.energy.is_some();
    if has_colours || args.all_bins {
        let why = "--range, --log, --stretch, --energy and --all-bins have no use for regions";
        bail!(Usage(format!("{}: {why}", args.file.display())));
    }
    let found = read_region_tables(&args.file, &Limits::default())?;
    let regions: Vec<_> = found.iter().map(|one| (one.usage, &one.region)).collect();
    let Some(first) = found.first() else {
        bail!("{}: there is no table of a region", args.file.display());
    };
    let geom = overlays::image_around(&regions, &first.image)?;
    let size = size(args, &geom);
    let scale = Axis::default();
    let mut map = SkyMap::new(&geom, Vec::new(), scale, Stretch::Linear, lines(args, size))?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    map.outlines = overlays::outlines(args, &geom)?;
    map.outlines.extend(overlays::of_uses(&regions, &geom, (&name, 0))?);
    let content = Content::Sky(Box::new(map));
    let title = title(args, "regions");
    let panel = Panel { title, ..Panel::new(Axis::new(""), Axis::new(""), content) };
    let drawn = Drawn { kind: Kind::Map, objects: vec!["regions".into()], panel };
    Ok((vec![drawn], size))
}
