//! Region files of DS9.
//!
//! Understood are point, circle, ellipse, box, annulus, elliptic and box annuli with one pair of sizes, and polygon, in the systems
//! `icrs`, `fk5` and `j2000` (taken as ICRS), `galactic` and `image` (pixels counted from 1). Regions that are excluded (`-`) and
//! other shapes are refused by name. Attributes after `#` are passed over.

use super::{PixelRegion, Shape, SkyRegion};
use crate::{Error, Frame, SkyCoord};

/// A region of a file: on the sky or in an image.
#[derive(Debug, Clone, PartialEq)]
pub enum Ds9Region {
    /// On the sky.
    Sky(SkyRegion),
    /// In pixels.
    Pixel(PixelRegion),
}

/// Coordinate system of regions.
#[derive(Clone, Copy, PartialEq)]
enum System {
    Sky(Frame),
    Image,
}

impl System {
    fn of_name(name: &str) -> Option<Self> {
        match name {
            "icrs" | "fk5" | "j2000" => Some(System::Sky(Frame::Icrs)),
            "galactic" => Some(System::Sky(Frame::Galactic)),
            "image" => Some(System::Image),
            _ => None,
        }
    }
}

/// Systems that are known but not understood.
const OTHER_SYSTEMS: [&str; 8] =
    ["fk4", "b1950", "ecliptic", "physical", "amplifier", "detector", "linear", "wcs"];

/// A number with its unit.
#[derive(Clone, Copy)]
struct Number {
    value: f64,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    None,
    Degrees,
    Hours,
    Radians,
    Pixels,
}

/// Reads the regions of a text, in their order.
///
/// # Errors
/// Where a line is not understood; it names the line.
pub fn parse_ds9(text: &str) -> Result<Vec<Ds9Region>, Error> {
    let mut system = None;
    let mut regions = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        for command in line.split(';').map(str::trim).filter(|command| !command.is_empty()) {
            let lower = command.to_ascii_lowercase();
            let whole = lower.as_str();
            if let Some(found) = System::of_name(whole) {
                system = Some(found);
            } else if OTHER_SYSTEMS.contains(&whole) {
                let what = format!("line {}", at + 1);
                return Err(Error::unsupported(what, format!("coordinate system {whole}")));
            } else if !whole.starts_with("global") {
                regions.push(region(whole, system, at + 1)?);
            }
        }
    }
    Ok(regions)
}

/// One region.
fn region(command: &str, system: Option<System>, line: usize) -> Result<Ds9Region, Error> {
    let what = format!("line {line}");
    let wrong = |reason: String| Error::malformed(what.clone(), reason);
    if command.starts_with('-') {
        return Err(Error::unsupported(what, "a region that is excluded"));
    }
    let command = command.trim_start_matches('+').trim_end_matches("||").trim();
    let split = command.find(|c: char| c == '(' || c.is_whitespace()).unwrap_or(command.len());
    let (name, rest) = command.split_at(split);
    let rest = rest.trim().trim_start_matches('(');
    let rest = rest.split(')').next().unwrap_or_default();
    let words = rest.split(|c: char| c == ',' || c.is_whitespace());
    let numbers: Result<Vec<_>, _> = words
        .filter(|word| !word.is_empty())
        .map(|word| number(word).ok_or_else(|| wrong(format!("expected a number, found {word}"))))
        .collect();
    let numbers = numbers?;
    let Some(system) = system else {
        return Err(wrong(format!("{name} before any coordinate system")));
    };
    let values = in_system(&numbers, name, system)
        .ok_or_else(|| wrong(format!("{name} with units that don't fit")))?;
    if name == "polygon" {
        return polygon(&values, system).ok_or_else(|| {
            wrong(format!("expected three pairs or more, found {} values", values.len()))
        });
    }
    let [x, y, sizes @ ..] = values.as_slice() else {
        return Err(wrong(format!("expected a position, found {} values", values.len())));
    };
    let shape = shape(name, sizes).ok_or_else(|| {
        Error::unsupported(what.clone(), format!("{name} with {} values", values.len()))
    })?;
    if let Some(size) = shape.sizes().into_iter().find(|size| *size < 0.0) {
        return Err(wrong(format!("{name} with a size of {size}")));
    }
    Ok(match system {
        System::Image => Ds9Region::Pixel(PixelRegion::Simple { center: [*x, *y], shape }),
        System::Sky(frame) => {
            Ds9Region::Sky(SkyRegion::Simple { center: position(*x, *y, frame)?, shape })
        }
    })
}

/// A position, if it is one.
fn position(lon: f64, lat: f64, frame: Frame) -> Result<SkyCoord, Error> {
    if lat.abs() > 90.0 {
        return Err(Error::malformed("region", format!("expected a latitude, found {lat}")));
    }
    Ok(SkyCoord::new(lon, lat, frame))
}

fn polygon(values: &[f64], system: System) -> Option<Ds9Region> {
    let (pairs, rest) = values.as_chunks::<2>();
    if pairs.len() < 3 || !rest.is_empty() {
        return None;
    }
    Some(match system {
        System::Image => Ds9Region::Pixel(PixelRegion::Polygon { vertices: pairs.to_vec() }),
        System::Sky(frame) => {
            let all = pairs.iter().map(|[lon, lat]| position(*lon, *lat, frame));
            let vertices = all.collect::<Result<_, _>>().ok()?;
            Ds9Region::Sky(SkyRegion::Polygon { vertices })
        }
    })
}

/// The shape of a name and the values after its position.
fn shape(name: &str, values: &[f64]) -> Option<Shape> {
    let twice = |a: f64, b: f64| [2.0 * a, 2.0 * b];
    Some(match (name, values) {
        // A size of the symbol may follow.
        ("point", _) => Shape::Point,
        ("circle", [radius]) => Shape::Circle { radius: *radius },
        ("annulus", [inner, outer]) => Shape::CircleAnnulus { inner: *inner, outer: *outer },
        ("ellipse", [a, b]) => Shape::Ellipse { size: twice(*a, *b), angle: 0.0 },
        ("ellipse", [a, b, angle]) => Shape::Ellipse { size: twice(*a, *b), angle: *angle },
        ("ellipse", [a, b, c, d, angle]) => {
            let (inner, outer) = (twice(*a, *b), twice(*c, *d));
            Shape::EllipseAnnulus { inner, outer, angle: *angle }
        }
        ("box", [a, b]) => Shape::Rectangle { size: [*a, *b], angle: 0.0 },
        ("box", [a, b, angle]) => Shape::Rectangle { size: [*a, *b], angle: *angle },
        ("box", [a, b, c, d, angle]) => {
            Shape::RectangleAnnulus { inner: [*a, *b], outer: [*c, *d], angle: *angle }
        }
        _ => return None,
    })
}

/// Values in degrees, or pixels from 0; `None` where a unit does not fit.
fn in_system(numbers: &[Number], name: &str, system: System) -> Option<Vec<f64>> {
    let coordinates = if name == "polygon" { numbers.len() } else { 2 };
    let last = numbers.len().saturating_sub(1);
    let has_angle = matches!((name, numbers.len()), ("ellipse" | "box", 5 | 7));
    let convert = |(at, number): (usize, &Number)| {
        let Number { value, unit } = *number;
        let angle = has_angle && at == last;
        match (system, unit) {
            (_, Unit::Radians) if angle => Some(value.to_degrees()),
            (_, Unit::None | Unit::Degrees) if angle => Some(value),
            (System::Image, Unit::None | Unit::Pixels) if at < coordinates => Some(value - 1.0),
            (System::Image, Unit::None | Unit::Pixels) => Some(value),
            (System::Image, _) | (_, Unit::Pixels) => None,
            (System::Sky(_), Unit::Radians) => Some(value.to_degrees()),
            // Colons are hours in right ascension, degrees else.
            (System::Sky(Frame::Icrs), Unit::Hours) if at < coordinates && at % 2 == 0 => {
                Some(value * 15.0)
            }
            (System::Sky(_), _) => Some(value),
        }
    };
    numbers.iter().enumerate().map(convert).collect()
}

/// A number with a unit: none, `d`, `r`, `p`, `i`, `'`, `"`; or `1:2:3`, `1h2m3s`, `1d2m3s`.
fn number(word: &str) -> Option<Number> {
    let plain = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    if let Some(value) = plain(word) {
        return Some(Number { value, unit: Unit::None });
    }
    let parts = |text: &str| -> Option<f64> {
        let mut sum = 0.0;
        let mut scale = 1.0;
        let digits = text.trim_start_matches(['-', '+']);
        let pieces = digits.split([':', 'h', 'd', 'm', 's']).filter(|piece| !piece.is_empty());
        for (at, piece) in pieces.enumerate() {
            if at > 2 {
                return None;
            }
            sum += plain(piece).filter(|value| *value >= 0.0)? * scale;
            scale /= 60.0;
        }
        Some(if text.starts_with('-') { -sum } else { sum })
    };
    if word.contains(':') || word.contains('h') {
        return Some(Number { value: parts(word)?, unit: Unit::Hours });
    }
    if word.contains('d') && word.contains('m') {
        return Some(Number { value: parts(word)?, unit: Unit::Degrees });
    }
    let unit = word.chars().last()?;
    let value = plain(word.strip_suffix(unit)?)?;
    let (value, unit) = match unit {
        'd' | '°' => (value, Unit::Degrees),
        '\'' => (value / 60.0, Unit::Degrees),
        '"' => (value / 3600.0, Unit::Degrees),
        'r' => (value, Unit::Radians),
        'p' | 'i' => (value, Unit::Pixels),
        _ => return None,
    };
    Some(Number { value, unit })
}

/// A region file. Values have eight decimals.
///
/// # Errors
/// Where a region has no parts.
pub fn ds9_text(regions: &[Ds9Region]) -> Result<String, Error> {
    let mut out = String::from("# Region file format: DS9\n");
    for region in regions {
        match region {
            Ds9Region::Sky(region) => sky_lines(region, &mut out)?,
            Ds9Region::Pixel(region) => pixel_lines(region, &mut out)?,
        }
    }
    Ok(out)
}

fn empty() -> Error {
    Error::parameter("region", "a polygon without corners")
}

fn sky_lines(region: &SkyRegion, out: &mut String) -> Result<(), Error> {
    let (frame, text) = match region {
        SkyRegion::Union(regions) => {
            return regions.iter().try_for_each(|region| sky_lines(region, out));
        }
        SkyRegion::Simple { center, shape } => {
            (center.frame, line(&[center.lon_deg, center.lat_deg], Some(*shape)))
        }
        SkyRegion::Polygon { vertices } => {
            let frame = vertices.first().ok_or_else(empty)?.frame;
            let corners = vertices.iter().map(|at| at.to(frame));
            let values: Vec<_> = corners.flat_map(|at| [at.lon_deg, at.lat_deg]).collect();
            (frame, line(&values, None))
        }
    };
    out.push_str(&format!("{}; {text}\n", frame.name()));
    Ok(())
}

fn pixel_lines(region: &PixelRegion, out: &mut String) -> Result<(), Error> {
    let text = match region {
        PixelRegion::Union(regions) => {
            return regions.iter().try_for_each(|region| pixel_lines(region, out));
        }
        PixelRegion::Simple { center, shape } => line(&center.map(|at| at + 1.0), Some(*shape)),
        PixelRegion::Polygon { vertices } => {
            let values: Vec<_> = vertices.iter().flatten().map(|at| at + 1.0).collect();
            line(&values, None)
        }
    };
    out.push_str(&format!("image; {text}\n"));
    Ok(())
}

/// A region with its values; that without a shape is a polygon.
fn line(position: &[f64], shape: Option<Shape>) -> String {
    let half = |sizes: Vec<f64>| sizes.into_iter().map(|size| size / 2.0).collect::<Vec<_>>();
    let (name, rest) = match shape {
        None => ("polygon", Vec::new()),
        Some(shape) => {
            let (name, mut sizes) = match shape {
                Shape::Point => ("point", Vec::new()),
                Shape::Circle { .. } => ("circle", shape.sizes()),
                Shape::CircleAnnulus { .. } => ("annulus", shape.sizes()),
                Shape::Ellipse { .. } | Shape::EllipseAnnulus { .. } => {
                    ("ellipse", half(shape.sizes()))
                }
                Shape::Rectangle { .. } | Shape::RectangleAnnulus { .. } => ("box", shape.sizes()),
            };
            if matches!(name, "ellipse" | "box") {
                sizes.push(shape.angle());
            }
            (name, sizes)
        }
    };
    let values = position.iter().chain(&rest).map(|value| format!("{value:.8}"));
    format!("{name}({})", values.collect::<Vec<_>>().join(","))
}
