//! Regions of the sky and of images.
//!
//! A region of the sky is one of the plane next to it: its membership is decided in the pixels of some WCS, into which it is taken
//! with the scale and orientation at its centre.

mod ds9;
mod geom;
mod pixel;
mod shape;
mod table;

pub use ds9::{Ds9Region, ds9_text, parse_ds9};
pub use geom::RegionGeom;
pub use pixel::{PixelBox, PixelRegion};
pub use shape::Shape;
pub use table::{RegionRow, regions_from_rows, rows_of_region};

use crate::{Error, SkyCoord, Wcs};

/// A region of the sky; sizes are in degrees.
#[derive(Debug, Clone, PartialEq)]
pub enum SkyRegion {
    /// A shape around a centre.
    Simple {
        /// Centre.
        center: SkyCoord,
        /// Shape; its angle is counted from the longitude axis.
        shape: Shape,
    },
    /// A polygon.
    Polygon {
        /// Its corners.
        vertices: Vec<SkyCoord>,
    },
    /// All that is in at least one of several.
    Union(Vec<SkyRegion>),
}

/// Scale and orientation of an image at a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Local {
    /// The position's pixel coordinate.
    pub(crate) pix: [f64; 2],
    /// Degrees per pixel towards north.
    pub(crate) deg_per_pix: f64,
    /// Direction of north in degrees from x to y.
    pub(crate) north_deg: f64,
}

impl Local {
    /// From the pixels of the position and of a point 1 arcsec north of it.
    pub(crate) fn new(at: &SkyCoord, wcs: &Wcs) -> Result<Self, Error> {
        const STEP: f64 = 1.0 / 3600.0;
        let outside = || {
            let (lon, lat) = (at.lon_deg, at.lat_deg);
            Error::parameter("region", format!("({lon}, {lat}) is outside the projection"))
        };
        let pix = wcs.coord_to_pix(at).ok_or_else(outside)?;
        let north = wcs.coord_to_pix(&at.offset_by(0.0, STEP)).ok_or_else(outside)?;
        let (dx, dy) = (north[0] - pix[0], north[1] - pix[1]);
        let deg_per_pix = STEP / dx.hypot(dy);
        if !deg_per_pix.is_finite() {
            return Err(outside());
        }
        Ok(Local { pix, deg_per_pix, north_deg: dy.atan2(dx).to_degrees() })
    }
}

impl SkyRegion {
    /// A point.
    pub fn point(center: SkyCoord) -> Self {
        SkyRegion::Simple { center, shape: Shape::Point }
    }

    /// A circle with a radius in degrees.
    pub fn circle(center: SkyCoord, radius_deg: f64) -> Self {
        SkyRegion::Simple { center, shape: Shape::Circle { radius: radius_deg } }
    }

    /// Those it is a union of, or itself.
    pub fn parts(&self) -> Vec<&SkyRegion> {
        match self {
            SkyRegion::Union(regions) => regions.iter().flat_map(SkyRegion::parts).collect(),
            one => vec![one],
        }
    }

    /// Whether it consists of points only.
    pub fn is_point(&self) -> bool {
        self.parts()
            .iter()
            .all(|part| matches!(part, SkyRegion::Simple { shape: Shape::Point, .. }))
    }

    /// The region in the pixels of an image.
    ///
    /// # Errors
    /// Where its centre or a corner is outside the projection, or a size is not positive.
    pub fn to_pixel(&self, wcs: &Wcs) -> Result<PixelRegion, Error> {
        match self {
            SkyRegion::Simple { center, shape } => {
                if let Some(size) = shape.sizes().iter().find(|s| !(s.is_finite() && **s >= 0.0)) {
                    return Err(Error::parameter("region", format!("{size} is no size")));
                }
                let local = Local::new(center, wcs)?;
                let shape = shape.scaled(local.deg_per_pix.recip(), local.north_deg - 90.0);
                Ok(PixelRegion::Simple { center: local.pix, shape })
            }
            SkyRegion::Polygon { vertices } => {
                let pix = |at: &SkyCoord| {
                    wcs.coord_to_pix(at).ok_or_else(|| {
                        let reason = "a corner of a polygon is outside the projection";
                        Error::parameter("region", reason)
                    })
                };
                let vertices = vertices.iter().map(pix).collect::<Result<_, _>>()?;
                Ok(PixelRegion::Polygon { vertices })
            }
            SkyRegion::Union(regions) => {
                let all = regions.iter().map(|region| region.to_pixel(wcs));
                Ok(PixelRegion::Union(all.collect::<Result<_, _>>()?))
            }
        }
    }

    /// Whether kinds are the same, and positions, sizes and angles in degrees within `tolerance`.
    pub fn is_close(&self, other: &SkyRegion, tolerance: f64) -> bool {
        let near = |a: &SkyCoord, b: &SkyCoord| a.separation_deg(b) <= tolerance;
        match (self, other) {
            (
                SkyRegion::Simple { center: a, shape: shape_a },
                SkyRegion::Simple { center: b, shape: shape_b },
            ) => near(a, b) && shape_a.is_close(*shape_b, tolerance),
            (SkyRegion::Polygon { vertices: a }, SkyRegion::Polygon { vertices: b }) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b))
            }
            (SkyRegion::Union(a), SkyRegion::Union(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_close(b, tolerance))
            }
            _ => false,
        }
    }

    /// Its centre: that of a polygon is the centroid of the flat figure of its longitudes and latitudes; that of a union the
    /// position from which the sum of distances to the parts' centres is least.
    ///
    /// # Errors
    /// Where it has no parts or corners.
    pub fn center(&self) -> Result<SkyCoord, Error> {
        match self {
            SkyRegion::Simple { center, .. } => Ok(*center),
            SkyRegion::Polygon { vertices } => centroid(vertices),
            SkyRegion::Union(_) => {
                let all: Result<Vec<_>, _> =
                    self.parts().iter().map(|part| part.center()).collect();
                median(&all?)
            }
        }
    }
}

/// Centroid of a polygon of longitudes and latitudes.
fn centroid(vertices: &[SkyCoord]) -> Result<SkyCoord, Error> {
    let Some(first) = vertices.first() else {
        return Err(Error::parameter("region", "a polygon without corners"));
    };
    // Relative to the first corner, across the wrap of longitude.
    let flat = |at: &SkyCoord| {
        let at = at.to(first.frame);
        let lon = (at.lon_deg - first.lon_deg + 180.0).rem_euclid(360.0) - 180.0;
        [lon, at.lat_deg - first.lat_deg]
    };
    let points: Vec<_> = vertices.iter().map(flat).collect();
    let (mut area, mut sum) = (0.0, [0.0; 2]);
    for (a, b) in points.iter().zip(points.iter().cycle().skip(1)) {
        let twice = a[0] * b[1] - b[0] * a[1];
        area += twice;
        sum = [sum[0] + twice * (a[0] + b[0]) / 3.0, sum[1] + twice * (a[1] + b[1]) / 3.0];
    }
    if area == 0.0 || !area.is_finite() {
        return Err(Error::parameter("region", "a polygon without area"));
    }
    let lat = first.lat_deg + sum[1] / area;
    Ok(SkyCoord::new(first.lon_deg + sum[0] / area, lat, first.frame))
}

/// The position with the least sum of distances, by Weiszfeld's iteration from the mean; in the frame of the first.
fn median(centers: &[SkyCoord]) -> Result<SkyCoord, Error> {
    let Some(first) = centers.first() else {
        return Err(Error::parameter("region", "a union of no regions"));
    };
    if centers.len() == 1 {
        return Ok(*first);
    }
    let vectors: Vec<_> = centers.iter().map(|at| at.vector_in(first.frame)).collect();
    let weighted = |weight: &dyn Fn(&[f64; 3]) -> f64| {
        let mut sum = [0.0; 3];
        for vector in &vectors {
            let w = weight(vector);
            sum = [sum[0] + w * vector[0], sum[1] + w * vector[1], sum[2] + w * vector[2]];
        }
        let size = crate::frame::dot(sum, sum).sqrt();
        sum.map(|one| one / size)
    };
    let mut at = weighted(&|_| 1.0);
    for _ in 0..200 {
        let next = weighted(&|vector| crate::frame::angle_between(at, *vector).max(1e-9).recip());
        let step = crate::frame::angle_between(at, next);
        at = next;
        if step.is_nan() || step < 1e-12 {
            break;
        }
    }
    if at.iter().any(|one| !one.is_finite()) {
        return Err(Error::parameter("region", "the parts of a union have no middle"));
    }
    Ok(SkyCoord::from_vector(at, first.frame))
}

#[cfg(test)]
mod tests;
