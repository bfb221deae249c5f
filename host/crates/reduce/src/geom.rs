//! Geometries of datasets: images of pixels, or regions.

use tierline_sky::{Frame, MapAxis, RegionGeom, SkyCoord, WcsGeom};

use crate::Error;

/// A geometry.
#[derive(Debug, Clone, PartialEq)]
pub enum Geom {
    /// An image of pixels.
    Wcs(WcsGeom),
    /// One cell on the sky.
    Region(RegionGeom),
}

impl Geom {
    /// Its axes.
    pub fn axes(&self) -> &[MapAxis] {
        match self {
            Geom::Wcs(geom) => geom.axes(),
            Geom::Region(geom) => geom.axes(),
        }
    }

    /// Pixels of an image; 1 of a region.
    pub fn n_image_pixels(&self) -> usize {
        match self {
            Geom::Wcs(geom) => geom.n_image_pixels(),
            Geom::Region(_) => 1,
        }
    }

    /// The same with other axes.
    ///
    /// # Errors
    /// Where two have one name, or there are too many cells.
    pub fn with_axes(&self, axes: Vec<MapAxis>) -> Result<Self, Error> {
        Ok(match self {
            Geom::Wcs(geom) => Geom::Wcs(geom.with_axes(axes)?),
            Geom::Region(geom) => Geom::Region(geom.with_axes(axes)?),
        })
    }

    /// Middle of an image, or of the box around a region.
    ///
    /// # Errors
    /// Where it is outside the projection, or there is no region.
    pub fn center_skydir(&self) -> Result<SkyCoord, Error> {
        Ok(match self {
            Geom::Wcs(geom) => geom.center_skydir()?,
            Geom::Region(geom) => geom.center_skydir()?,
        })
    }

    /// Solid angles of the pixels in sr.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn solid_angle(&self) -> Result<Vec<f64>, Error> {
        Ok(match self {
            Geom::Wcs(geom) => geom.solid_angle(),
            Geom::Region(geom) => vec![geom.solid_angle()?],
        })
    }

    /// Directions of the pixels in its frame.
    ///
    /// # Errors
    /// Where there is no region.
    pub fn vectors(&self) -> Result<Vec<[f64; 3]>, Error> {
        Ok(match self {
            Geom::Wcs(geom) => geom.vectors(),
            Geom::Region(geom) => vec![geom.center_skydir()?.vector_in(geom.frame())],
        })
    }

    /// Frame of its coordinates.
    pub fn frame(&self) -> Frame {
        match self {
            Geom::Wcs(geom) => geom.frame(),
            Geom::Region(geom) => geom.frame(),
        }
    }

    /// The pixel of a position; `None` outside.
    pub fn image_index(&self, position: &SkyCoord) -> Option<usize> {
        match self {
            Geom::Wcs(geom) => {
                let at = position.to(geom.frame());
                let [y, x] = geom.coord_to_idx(at.lon_deg, at.lat_deg)?;
                Some(y * geom.image_shape()[1] + x)
            }
            Geom::Region(geom) => geom.contains(position).ok()?.then_some(0),
        }
    }
}
