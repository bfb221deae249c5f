//! Regions of images.

use std::ops::Range;

use super::shape::{in_polygon, polygon_area};
use super::{Local, Shape, SkyRegion};
use crate::{Error, SkyCoord, Wcs};

/// A region of an image; sizes and coordinates are in pixels, from 0 at the centre of the first.
#[derive(Debug, Clone, PartialEq)]
pub enum PixelRegion {
    /// A shape around a centre.
    Simple {
        /// Centre in x and y.
        center: [f64; 2],
        /// Shape.
        shape: Shape,
    },
    /// A polygon.
    Polygon {
        /// Its corners in x and y.
        vertices: Vec<[f64; 2]>,
    },
    /// All that is in at least one of several.
    Union(Vec<PixelRegion>),
}

/// Whole pixels in x and y.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelBox {
    /// In x.
    pub x: Range<i64>,
    /// In y.
    pub y: Range<i64>,
}

/// Pixels from one coordinate to another. What is an edge between pixels but for rounding errors is taken for one.
fn pixels(from: f64, to: f64) -> Range<i64> {
    let edge = |value: f64, off: f64| {
        let near = value.round();
        if (value - near).abs() < 5e-12 { near as i64 } else { off as i64 }
    };
    let (from, to) = (from + 0.5, to + 0.5);
    edge(from, from.floor())..edge(to, to.ceil())
}

impl PixelBox {
    /// The smallest box around both.
    #[must_use]
    pub fn union(&self, other: &PixelBox) -> Self {
        let join = |a: &Range<i64>, b: &Range<i64>| a.start.min(b.start)..a.end.max(b.end);
        PixelBox { x: join(&self.x, &other.x), y: join(&self.y, &other.y) }
    }

    /// Its middle in x and y.
    pub fn center(&self) -> [f64; 2] {
        [&self.x, &self.y].map(|range| 0.5 * (range.start as f64 + range.end as f64 - 1.0))
    }

    /// Pixels in x and y.
    pub fn size(&self) -> [f64; 2] {
        [&self.x, &self.y].map(|range| range.end as f64 - range.start as f64)
    }
}

/// A range within the first `n` pixels.
fn clipped(range: &Range<i64>, n: usize) -> Range<usize> {
    let clip = |at: i64| usize::try_from(at.max(0)).unwrap_or(n).min(n);
    clip(range.start)..clip(range.end)
}

impl PixelRegion {
    /// A circle.
    pub fn circle(center: [f64; 2], radius: f64) -> Self {
        PixelRegion::Simple { center, shape: Shape::Circle { radius } }
    }

    /// Whether a pixel coordinate is inside. Nothing is in a point.
    pub fn contains(&self, x: f64, y: f64) -> bool {
        match self {
            PixelRegion::Simple { center, shape } => shape.contains([x - center[0], y - center[1]]),
            PixelRegion::Polygon { vertices } => in_polygon(vertices, [x, y]),
            PixelRegion::Union(regions) => regions.iter().any(|region| region.contains(x, y)),
        }
    }

    /// Area in pixels; that of a union is counted by pixel centres.
    pub fn area(&self) -> f64 {
        match self {
            PixelRegion::Simple { shape, .. } => shape.area(),
            PixelRegion::Polygon { vertices } => polygon_area(vertices),
            PixelRegion::Union(_) => self.count() as f64,
        }
    }

    /// Pixels whose centres are inside.
    fn count(&self) -> usize {
        let all = self.bounding_box();
        // What is larger than any image is not counted through.
        let rows = all.y.start..all.y.end.min(all.y.start.saturating_add(1 << 16));
        let row = |y: i64| {
            let columns = all.x.start..all.x.end.min(all.x.start.saturating_add(1 << 16));
            columns.filter(|x| self.contains(*x as f64, y as f64)).count()
        };
        rows.map(row).sum()
    }

    /// The whole pixels around it.
    pub fn bounding_box(&self) -> PixelBox {
        match self {
            PixelRegion::Simple { center: [x, y], shape } => {
                let [dx, dy] = shape.half_box();
                PixelBox { x: pixels(x - dx, x + dx), y: pixels(y - dy, y + dy) }
            }
            PixelRegion::Polygon { vertices } => {
                let range = |k: usize| {
                    let all = vertices.iter().map(|vertex| vertex[k]);
                    let (lo, hi) =
                        (all.clone().fold(f64::NAN, f64::min), all.fold(f64::NAN, f64::max));
                    pixels(lo, hi)
                };
                PixelBox { x: range(0), y: range(1) }
            }
            PixelRegion::Union(regions) => {
                let boxes = regions.iter().map(PixelRegion::bounding_box);
                boxes.reduce(|a, b| a.union(&b)).unwrap_or(PixelBox { x: 0..0, y: 0..0 })
            }
        }
    }

    /// Which pixel centres of an image of `[ny, nx]` pixels are inside, y by y.
    pub fn mask(&self, [ny, nx]: [usize; 2]) -> Vec<bool> {
        let mut out = vec![false; ny.saturating_mul(nx)];
        self.add_to_mask(&mut out, [ny, nx]);
        out
    }

    /// Sets those pixels of a mask whose centres are inside.
    pub fn add_to_mask(&self, mask: &mut [bool], [ny, nx]: [usize; 2]) {
        if let PixelRegion::Union(regions) = self {
            regions.iter().for_each(|region| region.add_to_mask(mask, [ny, nx]));
            return;
        }
        let all = self.bounding_box();
        let columns = clipped(&all.x, nx);
        for y in clipped(&all.y, ny) {
            let Some(row) = mask.get_mut(y * nx..(y + 1) * nx) else { return };
            let Some(row) = row.get_mut(columns.clone()) else { return };
            for (at, x) in row.iter_mut().zip(columns.clone()) {
                *at |= self.contains(x as f64, y as f64);
            }
        }
    }

    /// The same turned, counter-clockwise in x and y, about a pixel coordinate.
    #[must_use]
    pub fn rotate(&self, angle_deg: f64, about: [f64; 2]) -> Self {
        let (sin, cos) = angle_deg.to_radians().sin_cos();
        let turn = |at: &[f64; 2]| {
            let (dx, dy) = (at[0] - about[0], at[1] - about[1]);
            [about[0] + (dx * cos - dy * sin), about[1] + (dx * sin + dy * cos)]
        };
        match self {
            PixelRegion::Simple { center, shape } => {
                let shape = shape.scaled(1.0, angle_deg);
                PixelRegion::Simple { center: turn(center), shape }
            }
            PixelRegion::Polygon { vertices } => {
                PixelRegion::Polygon { vertices: vertices.iter().map(turn).collect() }
            }
            PixelRegion::Union(regions) => {
                let all = regions.iter().map(|region| region.rotate(angle_deg, about));
                PixelRegion::Union(all.collect())
            }
        }
    }

    /// The same with shapes larger by a factor about their centres; polygons stay.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        match self {
            PixelRegion::Simple { center, shape } => {
                PixelRegion::Simple { center, shape: shape.scaled(factor, 0.0) }
            }
            PixelRegion::Union(regions) => {
                let all = regions.into_iter().map(|region| region.scaled(factor));
                PixelRegion::Union(all.collect())
            }
            polygon => polygon,
        }
    }

    /// The region of the sky, with the scale at its centre.
    ///
    /// # Errors
    /// Where the centre or a corner is outside the projection.
    pub fn to_sky(&self, wcs: &Wcs) -> Result<SkyRegion, Error> {
        let outside = |[x, y]: [f64; 2]| {
            Error::parameter("region", format!("pixel ({x}, {y}) is outside the projection"))
        };
        let sky = |at: &[f64; 2]| -> Result<SkyCoord, Error> {
            wcs.pix_to_coord(at[0], at[1]).ok_or_else(|| outside(*at))
        };
        Ok(match self {
            PixelRegion::Simple { center, shape: Shape::Point } => {
                SkyRegion::Simple { center: sky(center)?, shape: Shape::Point }
            }
            PixelRegion::Simple { center, shape } => {
                let center = sky(center)?;
                let local = Local::new(&center, wcs)?;
                let shape = shape.scaled(local.deg_per_pix, 90.0 - local.north_deg);
                SkyRegion::Simple { center, shape }
            }
            PixelRegion::Polygon { vertices } => {
                let vertices = vertices.iter().map(sky).collect::<Result<_, _>>()?;
                SkyRegion::Polygon { vertices }
            }
            PixelRegion::Union(regions) => {
                let all = regions.iter().map(|region| region.to_sky(wcs));
                SkyRegion::Union(all.collect::<Result<_, _>>()?)
            }
        })
    }
}
