//! A geometry of whichever kind.

use super::WcsGeom;
use crate::frame::unit_vector;
use crate::hpx::HpxGeom;
use crate::region::RegionGeom;
use crate::{Error, Frame, MapAxis, SkyCoord};

/// Where the cells of a map are.
#[derive(Debug, Clone, PartialEq)]
pub enum Geom {
    /// In the pixels of an image.
    Wcs(WcsGeom),
    /// In one region.
    Region(RegionGeom),
    /// In HEALPix pixels.
    Hpx(HpxGeom),
}

impl From<WcsGeom> for Geom {
    fn from(geom: WcsGeom) -> Self {
        Geom::Wcs(geom)
    }
}

impl From<RegionGeom> for Geom {
    fn from(geom: RegionGeom) -> Self {
        Geom::Region(geom)
    }
}

impl From<HpxGeom> for Geom {
    fn from(geom: HpxGeom) -> Self {
        Geom::Hpx(geom)
    }
}

impl Geom {
    /// Axes, the first of which runs fastest after the position.
    pub fn axes(&self) -> &[MapAxis] {
        match self {
            Geom::Wcs(geom) => geom.axes(),
            Geom::Region(geom) => geom.axes(),
            Geom::Hpx(geom) => geom.axes(),
        }
    }

    /// The axis of a name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn axis(&self, name: &str) -> Result<&MapAxis, Error> {
        let found = self.axes().iter().find(|axis| axis.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| super::no_axis(name, self.axes()))
    }

    /// The same positions with other axes.
    ///
    /// # Errors
    /// Where two have one name, or there would be too many cells.
    pub fn with_axes(&self, axes: Vec<MapAxis>) -> Result<Self, Error> {
        Ok(match self {
            Geom::Wcs(geom) => Geom::Wcs(geom.with_axes(axes)?),
            Geom::Region(geom) => Geom::Region(geom.with_axes(axes)?),
            Geom::Hpx(geom) => Geom::Hpx(geom.with_axes(axes)?),
        })
    }

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        match self {
            Geom::Wcs(geom) => geom.frame(),
            Geom::Region(geom) => geom.frame(),
            Geom::Hpx(geom) => geom.frame(),
        }
    }

    /// Whether it is a region.
    pub fn is_region(&self) -> bool {
        matches!(self, Geom::Region(_))
    }

    /// Shape of the data: the axes in reverse, then y and x (1 and 1 for a region) or the pixels.
    ///
    /// # Errors
    /// None, of geometries that exist.
    pub fn shape(&self) -> Result<Vec<usize>, Error> {
        match self {
            Geom::Wcs(geom) => Ok(geom.shape()),
            Geom::Region(geom) => Ok(geom.shape()),
            Geom::Hpx(geom) => geom.shape(),
        }
    }

    /// Planes of positions: the product of the axes' bins.
    pub fn n_planes(&self) -> usize {
        self.axes().iter().map(MapAxis::n_bins).product()
    }

    /// Positions of a plane; of HEALPix those of the largest band.
    pub fn n_image_pixels(&self) -> usize {
        match self {
            Geom::Wcs(geom) => geom.n_image_pixels(),
            Geom::Region(_) => 1,
            Geom::Hpx(geom) => geom.max_pixels() as usize,
        }
    }

    /// Its middle.
    ///
    /// # Errors
    /// Where there is none: for an image whose middle is outside the projection, or a region nobody knows.
    pub fn center_skydir(&self) -> Result<SkyCoord, Error> {
        match self {
            Geom::Wcs(geom) => geom.center_skydir(),
            Geom::Region(geom) => geom.center_skydir(),
            Geom::Hpx(geom) => Ok(geom.center_skydir()),
        }
    }

    /// Longitudes and latitudes in degrees of the positions of a plane, in the order of the data; NaN outside the projection.
    ///
    /// # Errors
    /// As for [`center_skydir`](Self::center_skydir).
    pub fn coords(&self) -> Result<(Vec<f64>, Vec<f64>), Error> {
        match self {
            Geom::Wcs(geom) => Ok(geom.coords()),
            Geom::Region(geom) => {
                let center = geom.center_skydir()?.to(geom.frame());
                Ok((vec![center.lon_deg], vec![center.lat_deg]))
            }
            Geom::Hpx(geom) => geom.coords(0),
        }
    }

    /// Directions of the positions of a plane in its frame, in the order of the data; NaN outside the projection.
    ///
    /// # Errors
    /// As for [`center_skydir`](Self::center_skydir).
    pub fn vectors(&self) -> Result<Vec<[f64; 3]>, Error> {
        Ok(match self {
            Geom::Wcs(geom) => geom.vectors(),
            Geom::Region(geom) => vec![geom.center_skydir()?.vector_in(geom.frame())],
            Geom::Hpx(geom) => {
                let (lon, lat) = geom.coords(0)?;
                lon.into_iter().zip(lat).map(|(lon, lat)| unit_vector(lon, lat)).collect()
            }
        })
    }

    /// Distances in degrees of the positions of a plane from one.
    ///
    /// # Errors
    /// As for [`center_skydir`](Self::center_skydir).
    pub fn separation(&self, from: &SkyCoord) -> Result<Vec<f64>, Error> {
        match self {
            Geom::Wcs(geom) => Ok(geom.separation(from)),
            Geom::Region(geom) => Ok(vec![geom.separation(from)?]),
            Geom::Hpx(geom) => {
                let (lon, lat) = geom.coords(0)?;
                let from = crate::Separation::from(from, geom.frame());
                Ok(lon.iter().zip(&lat).map(|(lon, lat)| from.to(*lon, *lat)).collect())
            }
        }
    }

    /// Solid angles in sr of the positions of a plane, in the order of the data.
    ///
    /// # Errors
    /// Where it is a region nobody knows.
    pub fn solid_angle(&self) -> Result<Vec<f64>, Error> {
        match self {
            Geom::Wcs(geom) => Ok(geom.solid_angle()),
            Geom::Region(geom) => Ok(vec![geom.solid_angle()?]),
            Geom::Hpx(geom) => {
                let omega = geom.solid_angle(0)?;
                Ok(vec![omega; geom.n_pixels(0)? as usize])
            }
        }
    }

    /// Pixel coordinate `[x, y]` of a position: 0, 0 for all that is inside a region; `None` where there is none.
    ///
    /// # Errors
    /// Where it is a region nobody knows, or of HEALPix pixels, which have no such coordinates.
    pub fn coord_to_pix(&self, position: &SkyCoord) -> Result<Option<[f64; 2]>, Error> {
        match self {
            Geom::Wcs(geom) => Ok(geom.wcs().coord_to_pix(position)),
            Geom::Region(geom) => Ok(geom.contains(position)?.then_some([0.0; 2])),
            Geom::Hpx(_) => Err(Error::unsupported("pixel coordinates", "of HEALPix pixels")),
        }
    }

    /// Place, in a plane of the data, of a position; `None` outside.
    ///
    /// # Errors
    /// Where it is a region nobody knows.
    pub fn coord_to_idx(&self, position: &SkyCoord) -> Result<Option<usize>, Error> {
        let at = position.to(self.frame());
        Ok(match self {
            Geom::Wcs(geom) => {
                let nx = geom.image_shape()[1];
                geom.coord_to_idx(at.lon_deg, at.lat_deg).map(|[y, x]| y * nx + x)
            }
            Geom::Region(geom) => geom.contains(position)?.then_some(0),
            Geom::Hpx(geom) => geom.coord_to_idx(0, at.lon_deg, at.lat_deg),
        })
    }

    /// Place, in a plane of the data, of a position; `None` outside, and for a region nobody knows.
    pub fn image_index(&self, position: &SkyCoord) -> Option<usize> {
        self.coord_to_idx(position).ok().flatten()
    }

    /// Whether a position is inside.
    ///
    /// # Errors
    /// Where it is a region nobody knows.
    pub fn contains(&self, position: &SkyCoord) -> Result<bool, Error> {
        Ok(self.coord_to_idx(position)?.is_some())
    }

    /// Whether positions and axes are the same, within 1e-6.
    pub fn is_close(&self, other: &Geom) -> bool {
        match (self, other) {
            (Geom::Wcs(a), Geom::Wcs(b)) => a.is_close(b),
            (Geom::Region(a), Geom::Region(b)) => a.is_close(b),
            (Geom::Hpx(a), Geom::Hpx(b)) => a.is_close(b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Healpix, Projection, Size, SkyRegion};

    #[test]
    fn all_kinds_answer() {
        let center = SkyCoord::icrs(83.63, 22.01);
        let size = Size::Width([2.0, 1.0]);
        let image =
            WcsGeom::create(&center, size, [0.1; 2], Projection::Tan, Frame::Icrs, Vec::new());
        let region = RegionGeom::new(SkyRegion::circle(center, 0.3), Vec::new());
        let disk = crate::hpx::HpxRegion::parse("DISK(83.63,22.01,3)").unwrap();
        let order = crate::hpx::Order::Nested;
        let hpx = HpxGeom::new(&[64], order, Frame::Icrs, Some(disk), Vec::new());
        let all: [Geom; 3] = [image.unwrap().into(), region.unwrap().into(), hpx.unwrap().into()];
        for geom in &all {
            let n = geom.n_image_pixels();
            let (lon, lat) = geom.coords().unwrap();
            assert_eq!([lon.len(), lat.len()], [n; 2]);
            assert_eq!(geom.solid_angle().unwrap().len(), n);
            assert_eq!(geom.shape().unwrap().iter().product::<usize>(), n);
            assert!(geom.center_skydir().unwrap().separation_deg(&center) < 0.06);
            assert!(geom.contains(&center).unwrap());
            assert!(!geom.contains(&SkyCoord::icrs(0.0, 0.0)).unwrap());
            let away = geom.separation(&center).unwrap();
            let vectors = geom.vectors().unwrap();
            match (geom, geom.coord_to_pix(&center)) {
                (Geom::Wcs(_), pix) => assert!((pix.unwrap().unwrap()[0] - 9.5).abs() < 1e-9),
                (Geom::Region(_), pix) => assert_eq!(pix, Ok(Some([0.0; 2]))),
                (Geom::Hpx(_), pix) => assert!(pix.is_err()),
            }
            for at in 0..n {
                let position = SkyCoord::icrs(lon[at], lat[at]);
                assert_eq!(geom.image_index(&position), Some(at));
                let turned = SkyCoord::from_vector(vectors[at], geom.frame());
                assert!(turned.separation_deg(&position) < 1e-9);
                assert!((away[at] - position.separation_deg(&center)).abs() < 1e-9);
            }
            let axis = crate::MapAxis::from_energy_bounds("energy", "TeV", [1.0, 10.0], 3, false);
            let cube = geom.with_axes(vec![axis.unwrap()]).unwrap();
            assert_eq!((cube.n_planes(), cube.axis("energy").is_ok()), (3, true));
            assert!(cube.is_close(&cube.clone()) && !cube.is_close(geom));
            assert!(cube.axis("rad").is_err());
        }
        assert!(!all[0].is_close(&all[1]));
        assert!(Healpix::new(0, order).is_err());
    }
}
