//! Regions as rows of a FITS region table (ASC-FITS-REGION): SHAPE, X, Y, R, ROTANG.

use super::{PixelRegion, Shape};
use crate::Error;

/// A row. Coordinates are pixels counted from 0, as the `regions` package writes them, though the convention has them from 1.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionRow {
    /// Name of the shape; `!` before it leaves the region out.
    pub shape: String,
    /// X of the centre or of the corners.
    pub x: Vec<f64>,
    /// Y of the same.
    pub y: Vec<f64>,
    /// Sizes in pixels: radius or radii; semi-axes of an ellipse; full sizes of a rectangle; of an elliptic annulus the full
    /// widths, inner and outer, then the heights.
    pub r: Vec<f64>,
    /// Angle in degrees.
    pub rotang: f64,
}

/// The rows of a region: one, or one for each part of a union.
///
/// # Errors
/// Where there is no shape for it in such tables.
pub fn rows_of_region(region: &PixelRegion) -> Result<Vec<RegionRow>, Error> {
    let (center, shape) = match region {
        PixelRegion::Union(regions) => {
            let rows: Result<Vec<_>, _> = regions.iter().map(rows_of_region).collect();
            return Ok(rows?.concat());
        }
        PixelRegion::Polygon { vertices } => {
            let (x, y) = vertices.iter().map(|at| (at[0], at[1])).unzip();
            return Ok(vec![RegionRow {
                shape: "polygon".into(),
                x,
                y,
                r: vec![0.0],
                rotang: 0.0,
            }]);
        }
        PixelRegion::Simple { center, shape } => (center, shape),
    };
    let (name, r) = match *shape {
        Shape::Point => ("point", vec![0.0]),
        Shape::Circle { radius } => ("circle", vec![radius]),
        Shape::Ellipse { size, .. } => ("ellipse", size.map(|one| one / 2.0).to_vec()),
        Shape::Rectangle { size, .. } => ("rotbox", size.to_vec()),
        Shape::CircleAnnulus { inner, outer } => ("annulus", vec![inner, outer]),
        Shape::EllipseAnnulus { inner, outer, .. } => {
            ("elliptannulus", vec![inner[0], outer[0], inner[1], outer[1]])
        }
        Shape::RectangleAnnulus { .. } => {
            return Err(Error::unsupported("region table", "it has no rectangular annulus"));
        }
    };
    let (x, y) = (vec![center[0]], vec![center[1]]);
    Ok(vec![RegionRow { shape: name.into(), x, y, r, rotang: shape.angle() }])
}

/// The region of a row.
fn region_of_row(row: &RegionRow) -> Result<PixelRegion, Error> {
    let name = row.shape.trim().to_ascii_lowercase();
    let wrong = |reason: String| Error::malformed(format!("region {name}"), reason);
    let value = |column: &str, values: &[f64], at: usize| {
        values.get(at).copied().filter(|value| value.is_finite()).ok_or_else(|| {
            wrong(format!("expected {} or more values of {column}, found {values:?}", at + 1))
        })
    };
    let x = |at| value("X", &row.x, at);
    let y = |at| value("Y", &row.y, at);
    let r = |at| {
        value("R", &row.r, at).and_then(|size| {
            if size < 0.0 { Err(wrong(format!("a size of {size}"))) } else { Ok(size) }
        })
    };
    let angle = if name.contains("annulus") && name != "elliptannulus" { 0.0 } else { row.rotang };
    let shape = match name.as_str() {
        "" | "point" => Shape::Point,
        "circle" => Shape::Circle { radius: r(0)? },
        "ellipse" => Shape::Ellipse { size: [2.0 * r(0)?, 2.0 * r(1)?], angle },
        "annulus" => Shape::CircleAnnulus { inner: r(0)?, outer: r(1)? },
        "elliptannulus" => {
            Shape::EllipseAnnulus { inner: [r(0)?, r(2)?], outer: [r(1)?, r(3)?], angle }
        }
        "box" => Shape::Rectangle { size: [r(0)?, r(1)?], angle: 0.0 },
        "rotbox" => Shape::Rectangle { size: [r(0)?, r(1)?], angle },
        "rectangle" | "rotrectangle" => {
            let angle = if name == "rectangle" { 0.0 } else { angle };
            let ([x0, x1], [y0, y1]) = ([x(0)?, x(1)?], [y(0)?, y(1)?]);
            let size = [(x1 - x0).abs(), (y1 - y0).abs()];
            let center = [0.5 * (x0 + x1), 0.5 * (y0 + y1)];
            return Ok(PixelRegion::Simple { center, shape: Shape::Rectangle { size, angle } });
        }
        "polygon" => return polygon(row).ok_or_else(|| wrong("expected three corners".into())),
        _ => return Err(Error::unsupported(format!("region {name}"), "no such shape")),
    };
    if !angle.is_finite() {
        return Err(wrong(format!("ROTANG of {angle}")));
    }
    Ok(PixelRegion::Simple { center: [x(0)?, y(0)?], shape })
}

/// A polygon; rows of several lengths are filled up with zeros at their end.
fn polygon(row: &RegionRow) -> Option<PixelRegion> {
    let pairs = row.x.iter().zip(&row.y).map(|(x, y)| [*x, *y]);
    let mut vertices: Vec<_> = pairs.collect();
    while vertices.last() == Some(&[0.0; 2]) {
        vertices.pop();
    }
    let fine = vertices.len() >= 3 && vertices.iter().flatten().all(|one| one.is_finite());
    fine.then_some(PixelRegion::Polygon { vertices })
}

/// The region of rows: that of the only one, or the union of several.
///
/// # Errors
/// Where there are none, or one is not understood.
pub fn regions_from_rows(rows: &[RegionRow]) -> Result<PixelRegion, Error> {
    let regions: Result<Vec<_>, _> = rows.iter().map(region_of_row).collect();
    let mut regions = regions?;
    match regions.len() {
        0 => Err(Error::malformed("region table", "no rows")),
        1 => Ok(regions.remove(0)),
        _ => Ok(PixelRegion::Union(regions)),
    }
}
