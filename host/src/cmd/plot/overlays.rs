//! Lines around regions and masks, on images of the sky.

use std::path::Path;

use anyhow::{Context, bail};
use tierline::plot::{Mark, Outline, contour};
use tierline::reduce::geom::Geom;
use tierline::reduce::mask_file::read_mask_image;
use tierline::reduce::region_file::{RegionUse, read_ds9, read_region_tables};
use tierline::report::Limits;
use tierline::sky::region::Ds9Region;
use tierline::sky::{PixelRegion, Shape, SkyRegion, WcsGeom};

use super::Args;
use super::panels::count;

/// Points of a circle.
const ROUND: usize = 96;
/// Regions of a file that are drawn.
const MOST: usize = 10_000;

/// All that is to be drawn on an image.
pub(super) fn outlines(args: &Args, geom: &WcsGeom) -> anyhow::Result<Vec<Outline>> {
    let mut all = Vec::new();
    if let Some(path) = &args.exclusion {
        let lines = match is_ds9(path) {
            true => ds9_lines(path, geom)?,
            false => mask_lines(path, geom)?,
        };
        all.push(Outline { label: "exclusion".into(), mark: Mark::Excluded, lines });
    }
    for (number, path) in args.region.iter().enumerate() {
        all.extend(of_file(path, geom, number)?);
    }
    Ok(all)
}

fn is_ds9(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("reg"))
}

/// The regions of a file.
fn of_file(path: &Path, geom: &WcsGeom, number: usize) -> anyhow::Result<Vec<Outline>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if is_ds9(path) {
        let lines = ds9_lines(path, geom)?;
        return Ok(vec![Outline { label: name, mark: Mark::Other(number), lines }]);
    }
    let regions = read_region_tables(path, &Limits::default())?;
    let found: Vec<(RegionUse, &SkyRegion)> =
        regions.iter().map(|one| (one.usage, &one.region)).collect();
    of_uses(&found, geom, (&name, number))
}

/// Regions by what is taken in them; the off regions come first, so that the on region is above.
pub(super) fn of_uses(
    regions: &[(RegionUse, &SkyRegion)],
    geom: &WcsGeom,
    (name, number): (&str, usize),
) -> anyhow::Result<Vec<Outline>> {
    let mut all = Vec::new();
    for usage in [RegionUse::Off, RegionUse::On, RegionUse::Unknown] {
        let parts: Vec<&SkyRegion> = regions
            .iter()
            .filter(|one| one.0 == usage)
            .flat_map(|(_, region)| region.parts())
            .collect();
        if parts.is_empty() {
            continue;
        }
        let (label, mark) = match usage {
            RegionUse::On => ("on region".to_owned(), Mark::On),
            RegionUse::Off => (count(parts.len() as u64, "off region"), Mark::Off),
            RegionUse::Unknown => (name.to_owned(), Mark::Other(number)),
        };
        let pixel = parts.iter().map(|part| part.to_pixel(geom.wcs()));
        let lines = drawable(pixel, name)?;
        all.push(Outline { label, mark, lines });
    }
    Ok(all)
}

/// Lines around the regions of a DS9 file.
fn ds9_lines(path: &Path, geom: &WcsGeom) -> anyhow::Result<Vec<Vec<(f64, f64)>>> {
    let regions = read_ds9(path)?;
    let pixel = regions.into_iter().map(|region| match region {
        Ds9Region::Sky(region) => region.to_pixel(geom.wcs()),
        Ds9Region::Pixel(region) => Ok(region),
    });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    drawable(pixel, &name)
}

/// Lines around those regions that are in the projection; tells of others.
fn drawable<E>(
    regions: impl Iterator<Item = Result<PixelRegion, E>>,
    name: &str,
) -> anyhow::Result<Vec<Vec<(f64, f64)>>> {
    let (mut all, mut left_out) = (Vec::new(), 0);
    for (number, region) in regions.enumerate() {
        if number == MOST {
            bail!("{name}: more than {MOST} regions are too many to tell apart");
        }
        match region {
            Ok(region) => all.extend(lines(&region)),
            Err(_) => left_out += 1,
        }
    }
    if left_out > 0 {
        let regions = count(left_out, "region");
        eprintln!("tierline: warning: {name}: {regions} outside of the projection, left out");
    }
    Ok(all)
}

/// Lines around a region; a point has one of a single point.
pub(super) fn lines(region: &PixelRegion) -> Vec<Vec<(f64, f64)>> {
    match region {
        PixelRegion::Simple { center, shape } => shape_lines(*center, *shape),
        PixelRegion::Polygon { vertices } => {
            let points = vertices.iter().chain(vertices.first());
            vec![points.map(|at| (at[0], at[1])).collect()]
        }
        PixelRegion::Union(regions) => regions.iter().flat_map(lines).collect(),
    }
}

fn shape_lines(center: [f64; 2], shape: Shape) -> Vec<Vec<(f64, f64)>> {
    let ellipse = |size: [f64; 2], angle: f64| {
        let point = |k: usize| {
            let (sin, cos) = (std::f64::consts::TAU * k as f64 / ROUND as f64).sin_cos();
            turned(center, [0.5 * size[0] * cos, 0.5 * size[1] * sin], angle)
        };
        (0..=ROUND).map(point).collect::<Vec<_>>()
    };
    let rectangle = |size: [f64; 2], angle: f64| {
        let corners = [(1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (1.0, 1.0)];
        let corner =
            |(x, y): (f64, f64)| turned(center, [0.5 * size[0] * x, 0.5 * size[1] * y], angle);
        corners.map(corner).to_vec()
    };
    match shape {
        Shape::Point => vec![vec![(center[0], center[1])]],
        Shape::Circle { radius } => vec![ellipse([2.0 * radius; 2], 0.0)],
        Shape::Ellipse { size, angle } => vec![ellipse(size, angle)],
        Shape::Rectangle { size, angle } => vec![rectangle(size, angle)],
        Shape::CircleAnnulus { inner, outer } => {
            [inner, outer].map(|radius| ellipse([2.0 * radius; 2], 0.0)).to_vec()
        }
        Shape::EllipseAnnulus { inner, outer, angle } => {
            [inner, outer].map(|size| ellipse(size, angle)).to_vec()
        }
        Shape::RectangleAnnulus { inner, outer, angle } => {
            [inner, outer].map(|size| rectangle(size, angle)).to_vec()
        }
    }
}

/// An offset from a centre, turned counter-clockwise.
fn turned(center: [f64; 2], [dx, dy]: [f64; 2], angle_deg: f64) -> (f64, f64) {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    (center[0] + dx * cos - dy * sin, center[1] + dx * sin + dy * cos)
}

/// Lines around what a mask leaves out, in pixels of another image.
fn mask_lines(path: &Path, geom: &WcsGeom) -> anyhow::Result<Vec<Vec<(f64, f64)>>> {
    let mask = read_mask_image(path, &Limits::default())?;
    let Geom::Wcs(own) = &mask.geom else {
        return Err(anyhow::anyhow!("{}: the mask is no image", path.display()));
    };
    let is_out: Vec<bool> = mask.values.iter().map(|is_used| !is_used).collect();
    let found = contour(&is_out, own.image_shape()).with_context(|| path.display().to_string())?;
    let far = 0.25 * geom.image_shape().iter().copied().max().unwrap_or(1) as f64;
    let mut lines = Vec::new();
    for line in found {
        let mut part: Vec<(f64, f64)> = Vec::new();
        for (x, y) in line {
            let at = own.wcs().pix_to_coord(x, y).and_then(|at| geom.wcs().coord_to_pix(&at));
            let at = at.map(|[x, y]| (x, y));
            let jumps = match (part.last(), at) {
                (Some(from), Some(to)) => (to.0 - from.0).hypot(to.1 - from.1) > far.max(2.0),
                (_, to) => to.is_none(),
            };
            if jumps && !part.is_empty() {
                lines.push(std::mem::take(&mut part));
            }
            part.extend(at);
        }
        lines.push(part);
    }
    lines.retain(|line| line.len() > 1);
    Ok(lines)
}

/// An image around regions, in the frame of the one in which the first is kept: with some room at all sides.
pub(super) fn image_around(
    regions: &[(RegionUse, &SkyRegion)],
    kept_in: &WcsGeom,
) -> anyhow::Result<WcsGeom> {
    let pixel: Result<Vec<PixelRegion>, _> =
        regions.iter().map(|(_, region)| region.to_pixel(kept_in.wcs())).collect();
    let pixel = pixel.context("the regions don't fit one plane")?;
    let points = pixel.iter().flat_map(lines).flatten();
    let none = [f64::INFINITY, f64::NEG_INFINITY];
    let [x, y] = points.fold([none, none], |[x, y], at| {
        [[x[0].min(at.0), x[1].max(at.0)], [y[0].min(at.1), y[1].max(at.1)]]
    });
    let middle = kept_in.wcs().pix_to_coord((x[0] + x[1]) / 2.0, (y[0] + y[1]) / 2.0);
    let middle = middle.context("the regions are outside of their projection")?;
    let [sx, sy] = kept_in.pixel_scales();
    let width = ((x[1] - x[0]) * sx).max((y[1] - y[0]) * sy) * 1.3;
    // A point has no extent.
    let width = if width > 0.0 { width } else { 1.0 };
    let (size, binsz) = (tierline::sky::Size::Npix([400; 2]), [width / 400.0; 2]);
    let (projection, frame) = (tierline::sky::Projection::Tan, kept_in.frame());
    Ok(WcsGeom::create(&middle, size, binsz, projection, frame, Vec::new())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_regions_do() {
        let center = [10.0, 20.0];
        for shape in [
            Shape::Circle { radius: 3.0 },
            Shape::Ellipse { size: [6.0, 2.0], angle: 30.0 },
            Shape::Rectangle { size: [6.0, 2.0], angle: 30.0 },
            Shape::CircleAnnulus { inner: 1.0, outer: 2.0 },
            Shape::EllipseAnnulus { inner: [2.0, 1.0], outer: [4.0, 2.0], angle: -20.0 },
            Shape::RectangleAnnulus { inner: [2.0, 1.0], outer: [4.0, 2.0], angle: -20.0 },
        ] {
            let region = PixelRegion::Simple { center, shape };
            for line in lines(&region) {
                assert_eq!(line.first().map(|at| at.0.round()), line.last().map(|at| at.0.round()));
                for (x, y) in line {
                    let off = |factor: f64| {
                        let (dx, dy) = (x - center[0], y - center[1]);
                        region.contains(center[0] + factor * dx, center[1] + factor * dy)
                    };
                    assert_ne!(off(0.999), off(1.001), "{shape:?}");
                }
            }
        }
        let point = PixelRegion::Simple { center, shape: Shape::Point };
        let vertices = vec![[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        let union = PixelRegion::Union(vec![point, PixelRegion::Polygon { vertices }]);
        assert_eq!(lines(&union).iter().map(Vec::len).collect::<Vec<_>>(), [1, 4]);
    }
}
