//! Maps of the sky.

use std::ops::Range;

use anyhow::bail;
use tierline::plot::{Axis, Content, Panel, Size, SkyMap, Stretch};
use tierline::reduce::gadf::MapFile;
use tierline::reduce::geom::Geom;
use tierline::reduce::map::{Map, n_planes};
use tierline::sky::hpx::HpxRegion;
use tierline::sky::{self, HpxGeom, MapAxis, NodeType, Projection, SkyCoord, WcsGeom};

use super::fits::{is_healpix, short, stretch, title};
use super::panels::Drawn;
use super::{Args, Kind, overlays};
use crate::cmd::Usage;

/// Members that are added up over energy; so are masks and predicted counts.
const SUMMED: [&str; 6] =
    ["COUNTS", "COUNTS_OFF", "BACKGROUND", "EXCESS", "ACCEPTANCE", "ACCEPTANCE_OFF"];
/// Pixels in a row of an image of HEALPix pixels, at most.
const MOST_SAMPLES: f64 = 900.0;
/// Pixels of the picture from one line of coordinates to the next, at least.
const APART: [u32; 2] = [85, 60];

/// What is drawn, and how large.
pub(super) fn panels(args: &Args, file: &mut MapFile) -> anyhow::Result<(Vec<Drawn>, Size)> {
    let member = member(args, file)?;
    let plane = plane(args, file, &member)?;
    let (geom, values) = match &member.map.geom {
        Geom::Wcs(geom) => (geom.to_image(), plane.values),
        Geom::Hpx(geom) => sampled(geom, &plane.values)?,
        Geom::Region(_) => bail!("{}: {} is no map", args.file.display(), member.name),
    };
    let size = size(args, &geom);
    let units = Some(member.map.unit.trim().to_owned()).filter(|unit| !unit.is_empty());
    let scale = Axis { label: member.name.to_lowercase(), units };
    let mut map = SkyMap::new(&geom, values, scale, stretch(args), lines(args, size))?;
    map.total = plane.total;
    if let Some(range) = &args.range {
        if map.stretch == Stretch::Log && range.0.start <= 0.0 {
            bail!(Usage("--range: logarithmic colours begin above 0".into()));
        }
        map.range = (range.0.start, range.0.end);
    }
    map.outlines = overlays::outlines(args, &geom)?;
    let object = member.name.to_lowercase();
    let content = Content::Sky(Box::new(map));
    let panel = Panel {
        title: title(args, &object),
        note: plane.note,
        ..Panel::new(Axis::new(""), Axis::new(""), content)
    };
    Ok((vec![Drawn { kind: Kind::Map, objects: vec![object], panel }], size))
}

/// A size for an image, unless one is asked for.
pub(super) fn size(args: &Args, geom: &WcsGeom) -> Size {
    let [width, height] = geom.width();
    args.size.unwrap_or(Size::for_sky(height / width))
}

/// How many lines of longitude and latitude there is room for.
pub(super) fn lines(args: &Args, default: Size) -> [usize; 2] {
    let size = args.size.unwrap_or(default);
    let fit = |length: u32, apart: u32| (length.saturating_sub(190) / apart).clamp(2, 9) as usize;
    [fit(size.width, APART[0]), fit(size.height, APART[1])]
}

/// A member of a dataset, or any other map.
struct Member {
    name: String,
    map: Map,
}

impl Member {
    /// Whether its values are added up over energy.
    fn is_summed(&self) -> bool {
        SUMMED.contains(&self.name.as_str())
            || self.name.starts_with("MASK")
            || self.name.starts_with("NPRED")
    }
}

/// The map that is asked for: an HDU, or the excess of a dataset without one.
fn member(args: &Args, file: &mut MapFile) -> anyhow::Result<Member> {
    let path = args.file.display();
    let images = file.images();
    let name = match &args.table {
        Some(name) => name.trim().to_ascii_uppercase(),
        None => match ["SQRT_TS", "COUNTS"].iter().find(|name| file.fits().find(name).is_some()) {
            Some(name) => (*name).to_owned(),
            None => {
                if let (true, Some(name)) = (images.is_empty(), healpix_name(file)) {
                    return named(file, name);
                }
                let Some((number, name)) = images.first() else {
                    bail!("{path}: no sky map and no spectrum, but {}", hdu_names(file));
                };
                let name = if name.is_empty() { "image".to_owned() } else { name.clone() };
                return Ok(Member { map: file.image(*number)?, name: name.to_ascii_uppercase() });
            }
        },
    };
    if !name.is_empty() && file.fits().find(&name).is_some() {
        return named(file, name);
    }
    if name == "EXCESS" && file.fits().find("COUNTS").is_some() {
        return Ok(Member { map: excess(args, file)?, name });
    }
    bail!("{path}: no member {}, but {}", name.to_lowercase(), hdu_names(file))
}

/// The map of an HDU that is there.
fn named(file: &mut MapFile, name: String) -> anyhow::Result<Member> {
    let number = file.fits().require(&name)?;
    let is_healpix = is_healpix(file.fits(), number);
    let map = file.map(&name).map_err(|error| match is_healpix {
        true => anyhow::Error::from(error).context("this map of HEALPix pixels can't be drawn"),
        false => error.into(),
    })?;
    match map {
        Some(map) => Ok(Member { name, map }),
        None => bail!("{}: no HDU {name}", file.fits().path().display()),
    }
}

/// The first HDU of HEALPix pixels.
fn healpix_name(file: &MapFile) -> Option<String> {
    let hdus = file.fits().hdus().iter().enumerate();
    let names = hdus.filter(|(number, _)| is_healpix(file.fits(), *number));
    let mut names = names.map(|(_, info)| info.hdu.name.to_ascii_uppercase());
    names.find(|name| !name.is_empty())
}

fn hdu_names(file: &MapFile) -> String {
    let hdus = file.fits().hdus().iter();
    let names = hdus.map(|info| info.hdu.name.to_lowercase()).filter(|name| !name.is_empty());
    let names: Vec<String> = names.filter(|name| !name.ends_with("_bands")).collect();
    if names.is_empty() { "HDUs without names".to_owned() } else { names.join(", ") }
}

/// Counts without background: the expected one, or that of off counts.
fn excess(args: &Args, file: &mut MapFile) -> anyhow::Result<Map> {
    let path = args.file.display();
    let mut need = |name: &str| -> anyhow::Result<Option<Vec<f64>>> {
        Ok(file.map(name)?.map(|map| map.values.to_f64()))
    };
    let background = need("BACKGROUND")?;
    let off = (need("COUNTS_OFF")?, need("ACCEPTANCE")?, need("ACCEPTANCE_OFF")?);
    let background = match (background, off) {
        (_, (Some(off), Some(on), Some(acceptance))) => {
            let cells = off.iter().zip(&on).zip(&acceptance);
            let of_cell = |((off, on), acceptance): ((&f64, &f64), &f64)| {
                let alpha = on / acceptance;
                if alpha.is_finite() { alpha * off } else { 0.0 }
            };
            cells.map(of_cell).collect()
        }
        (Some(background), _) => background,
        _ => bail!("{path}: no background, and so no excess"),
    };
    let Some(counts) = file.map("COUNTS")? else { bail!("{path}: no counts, and so no excess") };
    let values = counts.values.to_f64();
    if values.len() != background.len() {
        let (found, expected) = (background.len(), values.len());
        bail!("{path}: {found} values of background for {expected} of counts");
    }
    let values = values.iter().zip(&background).map(|(n, expected)| n - expected).collect();
    Ok(Map::new(counts.geom.clone(), &counts.unit, values)?)
}

/// Values of an image: of one plane, or added up.
struct Plane {
    values: Vec<f64>,
    total: Option<f64>,
    note: String,
}

/// The axis of which bins are chosen: the only one of several bins.
fn chosen_axis<'a>(args: &Args, member: &'a Member) -> anyhow::Result<Option<&'a MapAxis>> {
    let axes = member.map.geom.axes();
    let mut wide = axes.iter().filter(|axis| axis.n_bins() > 1);
    let first = wide.next();
    if wide.next().is_some() {
        let names: Vec<&str> = axes.iter().map(MapAxis::name).collect();
        bail!(
            "{}: {} has the axes {}; maps of one axis are drawn",
            args.file.display(),
            member.name.to_lowercase(),
            names.join(", ")
        );
    }
    Ok(first.or(axes.first()))
}

fn plane(args: &Args, file: &mut MapFile, member: &Member) -> anyhow::Result<Plane> {
    let axis = chosen_axis(args, member)?;
    let (n, planes) = (member.map.geom.n_image_pixels(), n_planes(&member.map.geom));
    let (found, expected) = (member.map.values.len(), n.saturating_mul(planes));
    if found != expected {
        let (file, name) = (args.file.display(), member.name.to_lowercase());
        bail!("{file}: {name}: {found} values for {planes} planes of {n} pixels");
    }
    let is_summed = member.is_summed();
    let bins = match args.energy {
        None if is_summed => 0..planes,
        None => planes / 2..planes / 2 + 1,
        Some(bins) => bins.from..bins.to.unwrap_or(planes),
    };
    if bins.start >= planes || bins.end > planes || bins.is_empty() {
        bail!(Usage(format!("--energy: the bins are 0 to {}", planes.saturating_sub(1))));
    }
    if bins.len() > 1 && !is_summed {
        let name = member.name.to_lowercase();
        bail!(Usage(format!("--energy: {name} is not added up over energy: choose one bin")));
    }
    let safe = safe_cells(args, file, member)?;
    let values = added_up(&member.map, n, bins.clone(), safe.as_deref());
    let mut notes = axis.map_or_else(Vec::new, |axis| bin_notes(axis, &bins));
    let total = is_summed.then(|| values.iter().filter(|value| value.is_finite()).sum::<f64>());
    notes.extend(total.map(|total| format!("{} in all", rounded(total))));
    if safe.is_some() {
        notes.push("safe bins only".into());
    }
    Ok(Plane { values, total, note: notes.join(" · ") })
}

/// Which bins of an axis are drawn, and from where to where they are.
fn bin_notes(axis: &MapAxis, bins: &Range<usize>) -> Vec<String> {
    let (edges, n, name) = (axis.edges(), axis.n_bins(), axis.name());
    let has_edges = axis.node_type() == NodeType::Edges;
    let mut notes = Vec::new();
    let ends = edges.get(bins.start).zip(edges.get(bins.end)).filter(|_| has_edges);
    if let Some((low, high)) = ends {
        let text = format!("{name} {} to {} {}", short(*low), short(*high), axis.unit());
        notes.push(text.trim_end().to_owned());
    }
    match bins.len() {
        all if all == n => {}
        1 if has_edges => notes.push(format!("bin {} of {n}", bins.start)),
        1 => notes.push(format!("{name} {} of {n}", bins.start)),
        _ => notes.push(format!("bins {} to {} of {n}", bins.start, bins.end - 1)),
    }
    notes
}

/// A sum with its thousands apart, and a digit behind the point if it is not whole.
pub(super) fn rounded(value: f64) -> String {
    let text = match value.fract().abs() < 1e-6 {
        true => format!("{:.0}", value.abs()),
        false => format!("{:.1}", value.abs()),
    };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let whole = whole.parse().map_or(whole.to_owned(), crate::cmd::grouped);
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    format!("{}{whole}{rest}", if value < 0.0 && !is_zero { "\u{2212}" } else { "" })
}

/// Which cells are safe, if the file tells and only these are to be added up.
fn safe_cells(
    args: &Args,
    file: &mut MapFile,
    member: &Member,
) -> anyhow::Result<Option<Vec<bool>>> {
    let asked = member.is_summed() && !member.name.starts_with("MASK") && !args.all_bins;
    if !asked {
        return Ok(None);
    }
    let mask = file.mask("MASK_SAFE")?.map(|mask| mask.values);
    Ok(mask.filter(|mask| mask.len() == member.map.values.len()))
}

/// The sum of some planes; NaN in pixels of which nothing is safe, or nothing is a number.
fn added_up(map: &Map, n: usize, bins: Range<usize>, safe: Option<&[bool]>) -> Vec<f64> {
    let mut image = vec![f64::NAN; n];
    for plane in bins {
        for (pixel, sum) in image.iter_mut().enumerate() {
            let at = plane * n + pixel;
            let value = map.values.get(at);
            if safe.is_none_or(|safe| safe[at]) && !value.is_nan() {
                *sum = if sum.is_nan() { value } else { *sum + value };
            }
        }
    }
    image
}

/// HEALPix pixels as an image: of the whole sky, or around a disk; in each pixel the value of the one below its centre.
fn sampled(hpx: &HpxGeom, values: &[f64]) -> anyhow::Result<(WcsGeom, Vec<f64>)> {
    let fine = hpx.solid_angle(0)?.sqrt().to_degrees() / 8.0;
    let frame = hpx.frame();
    let geom = match hpx.region() {
        Some(HpxRegion::Disk { lon_lat_radius: [_, _, radius], .. }) if *radius < 40.0 => {
            let width = (2.2 * radius).max(16.0 * fine);
            let binsz = fine.max(width / MOST_SAMPLES);
            let (size, center) = (sky::Size::Width([width; 2]), hpx.center_skydir());
            WcsGeom::create(&center, size, [binsz; 2], Projection::Tan, frame, Vec::new())?
        }
        _ => {
            let binsz = fine.clamp(360.0 / MOST_SAMPLES, 5.0);
            let (size, center) = (sky::Size::Width([360.0, 180.0]), SkyCoord::new(0.0, 0.0, frame));
            WcsGeom::create(&center, size, [binsz; 2], Projection::Ait, frame, Vec::new())?
        }
    };
    let (lons, lats) = geom.coords();
    let value = |(lon, lat): (f64, f64)| {
        let at = if lon.is_finite() { hpx.coord_to_idx(0, lon, lat) } else { None };
        at.and_then(|at| values.get(at).copied()).unwrap_or(f64::NAN)
    };
    let image = lons.into_iter().zip(lats).map(value).collect();
    Ok((geom, image))
}

#[cfg(test)]
mod tests {
    use tierline::reduce::map::MapValues;
    use tierline::sky::Frame;
    use tierline::sky::hpx::Order;

    use super::*;

    #[test]
    fn only_safe_cells_are_added_up() {
        let size = sky::Size::Npix([3, 1]);
        let center = SkyCoord::icrs(10.0, 0.0);
        let axis = MapAxis::from_energy_bounds("energy", "TeV", [1.0, 10.0], 2, false);
        let projection = Projection::Car;
        let geom =
            WcsGeom::create(&center, size, [1.0; 2], projection, Frame::Icrs, vec![axis.unwrap()]);
        let values = MapValues::F32(vec![1.0, 2.0, 3.0, 10.0, f32::NAN, 30.0]);
        let map = Map { geom: Geom::Wcs(geom.unwrap()), unit: String::new(), values };
        assert_eq!(added_up(&map, 3, 0..2, None), [11.0, 2.0, 33.0]);
        let safe = [true, false, false, true, true, false];
        let sum = added_up(&map, 3, 0..2, Some(&safe));
        assert!(sum[0] == 11.0 && sum[1].is_nan() && sum[2].is_nan());
        assert_eq!(added_up(&map, 3, 1..2, None)[2], 30.0);
    }

    #[test]
    fn healpix_pixels_are_sampled() {
        let hpx = HpxGeom::new(&[4], Order::Ring, Frame::Galactic, None, Vec::new()).unwrap();
        let values: Vec<f64> = (0..192).map(f64::from).collect();
        let (geom, image) = sampled(&hpx, &values).unwrap();
        assert_eq!(geom.projection(), Projection::Ait);
        let [ny, nx] = geom.image_shape();
        assert!(image[0].is_nan() && image[ny / 2 * nx + nx / 2] > 50.0);
        let mut seen: Vec<i64> =
            image.iter().filter(|v| !v.is_nan()).map(|value| *value as i64).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 192, "every pixel is seen");
    }

    #[test]
    fn sums_are_legible() {
        assert_eq!(rounded(1234.0), "1 234");
        assert_eq!(rounded(-1234.56), "\u{2212}1 234.6");
        assert_eq!((rounded(0.0).as_str(), rounded(-0.001).as_str()), ("0", "0.0"));
    }
}
