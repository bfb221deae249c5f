//! Geometries of HEALPix pixels, as the GADF sky maps have them.

mod keywords;
mod pixel;
mod region;

pub use keywords::HpxKeywords;
pub use pixel::{Healpix, Order};
pub use region::HpxRegion;

use crate::geom::{axes_close, check_names};
use crate::{Error, Frame, MapAxis, SkyCoord};

/// Most pixels of the whole sky.
const MAX_PIXELS: u64 = 1 << 32;
/// Most pixels of which a list is made.
const MAX_LISTED: u64 = 1 << 27;

/// A map's pixels: HEALPix of one resolution, or of one for each plane, of the whole sky or a region.
#[derive(Debug, Clone, PartialEq)]
pub struct HpxGeom {
    partitions: Vec<Healpix>,
    frame: Frame,
    region: Option<HpxRegion>,
    /// Pixels of each partition, rising; none for the whole sky.
    pixels: Vec<Vec<u64>>,
    axes: Vec<MapAxis>,
}

impl HpxGeom {
    /// A geometry; `nside` is one for all planes, or as many as there are, in the order of bands (the first axis fastest).
    ///
    /// # Errors
    /// Where their number is another, one is not possible, or there are too many pixels.
    pub fn new(
        nside: &[u64],
        order: Order,
        frame: Frame,
        region: Option<HpxRegion>,
        axes: Vec<MapAxis>,
    ) -> Result<Self, Error> {
        let most = if region.is_some() { MAX_LISTED } else { MAX_PIXELS };
        Self::with_limit(nside, order, frame, region, axes, most)
    }

    /// As [`new`](Self::new), where there may only be about so many pixels in all bands, which is looked at before they are listed.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limit(
        nside: &[u64],
        order: Order,
        frame: Frame,
        region: Option<HpxRegion>,
        axes: Vec<MapAxis>,
        most: u64,
    ) -> Result<Self, Error> {
        let partitions = partitions(nside, order, &axes)?;
        let expected = partitions.iter().map(|partition| match &region {
            Some(HpxRegion::Disk { lon_lat_radius: [_, _, radius], inclusive }) => {
                let share = 0.5 * (1.0 - radius.min(180.0).to_radians().cos());
                let finer = inclusive.unwrap_or(1).pow(2) as f64;
                (share * finer * partition.n_pixels() as f64) as u64
            }
            Some(HpxRegion::Pixel { partition: large, .. }) => {
                partition.n_pixels() / large.n_pixels()
            }
            None => partition.n_pixels(),
        });
        let all = expected.fold(0u64, u64::saturating_add);
        let finer = match &region {
            Some(HpxRegion::Disk { inclusive: Some(factor), .. }) => factor.pow(2),
            _ => 1,
        };
        let possible = if region.is_some() { MAX_LISTED } else { MAX_PIXELS };
        let most = most.saturating_mul(finer).min(possible);
        if all > most {
            let reason = format!("{all} pixels, at most {most} are possible");
            return Err(Error::parameter("NSIDE", reason));
        }
        let pixels = match &region {
            None => Vec::new(),
            Some(region) => {
                let lists = partitions.iter().map(|partition| region.pixels(partition));
                lists.collect::<Result<_, _>>()?
            }
        };
        Ok(HpxGeom { partitions, frame, region, pixels, axes })
    }

    /// The pixels of a list, which must rise, the same in all planes; `region` is how they are called, if they have a name.
    ///
    /// # Errors
    /// Where a pixel is none of the sphere, or not above the one before it.
    pub fn of_pixels(
        nside: u64,
        order: Order,
        frame: Frame,
        region: Option<HpxRegion>,
        pixels: Vec<u64>,
        axes: Vec<MapAxis>,
    ) -> Result<Self, Error> {
        let partitions = partitions(&[nside], order, &axes)?;
        let all = Healpix::new(nside, order)?.n_pixels();
        let falls = pixels.windows(2).find(|pair| pair[0] >= pair[1]).map(|pair| pair[1]);
        if let Some(pixel) = falls.or(pixels.last().copied().filter(|pixel| *pixel >= all)) {
            let reason = format!("expected rising numbers below {all}, found {pixel}");
            return Err(Error::parameter("PIX", reason));
        }
        if pixels.is_empty() {
            return Err(Error::parameter("PIX", "there are no pixels"));
        }
        Ok(HpxGeom { partitions, frame, region, pixels: vec![pixels], axes })
    }

    /// Whether it is the whole sky.
    pub fn is_whole_sky(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Whether all planes have the same pixels.
    pub fn is_regular(&self) -> bool {
        self.partitions.len() == 1
    }

    /// Pixels along a face: of all planes, or of each.
    pub fn nside(&self) -> Vec<u64> {
        self.partitions.iter().map(Healpix::nside).collect()
    }

    /// Order of pixel numbers.
    pub fn order(&self) -> Order {
        self.partitions.first().map_or(Order::Ring, Healpix::order)
    }

    /// The same part of the sky, without axes, in the pixels whose size is nearest to so many degrees.
    ///
    /// # Errors
    /// Where there would be too many pixels, or pixels are of a list that has no name.
    pub fn to_binsz(&self, binsz_deg: f64) -> Result<Self, Error> {
        if self.region.is_none() && !self.is_whole_sky() {
            return Err(Error::unsupported("pixels of a list", "larger or smaller ones"));
        }
        let size = |nside: u64| (std::f64::consts::PI / 3.0).sqrt().to_degrees() / nside as f64;
        let away = |nside: &u64| (size(*nside) - binsz_deg).abs();
        let sizes = (1..=14).map(|order| 1u64 << order);
        let nside = sizes.min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(1);
        Self::new(&[nside], self.order(), self.frame, self.region, Vec::new())
    }

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Axes.
    pub fn axes(&self) -> &[MapAxis] {
        &self.axes
    }

    /// The region; none for the whole sky, and for pixels of a list.
    pub fn region(&self) -> Option<&HpxRegion> {
        self.region.as_ref()
    }

    /// The same pixels with other axes; only where all planes have one resolution.
    ///
    /// # Errors
    /// Where they have not, or two axes have one name.
    pub fn with_axes(&self, axes: Vec<MapAxis>) -> Result<Self, Error> {
        check_names(&axes)?;
        if self.partitions.len() != 1 {
            return Err(Error::unsupported("axes", "of planes with pixels of several sizes"));
        }
        Ok(HpxGeom { axes, ..self.clone() })
    }

    fn at<T>(list: &[T], band: usize) -> Option<&T> {
        if list.len() == 1 { list.first() } else { list.get(band) }
    }

    /// The partition of a band.
    ///
    /// # Errors
    /// Where there is no such band.
    pub fn partition(&self, band: usize) -> Result<&Healpix, Error> {
        let found = Self::at(&self.partitions, band);
        found.ok_or_else(|| Error::parameter("band", format!("there is no band {band}")))
    }

    /// Pixels of the largest band.
    pub fn max_pixels(&self) -> u64 {
        let all = (0..self.partitions.len()).filter_map(|band| self.n_pixels(band).ok());
        all.max().unwrap_or(0)
    }

    /// Pixels of a band.
    ///
    /// # Errors
    /// Where there is no such band.
    pub fn n_pixels(&self, band: usize) -> Result<u64, Error> {
        let partition = self.partition(band)?;
        Ok(Self::at(&self.pixels, band).map_or(partition.n_pixels(), |list| list.len() as u64))
    }

    /// Shape of the data: the axes in reverse, then the pixels of the largest band.
    ///
    /// # Errors
    /// None, of geometries that exist.
    pub fn shape(&self) -> Result<Vec<usize>, Error> {
        let axes = self.axes.iter().rev().map(MapAxis::n_bins);
        Ok(axes.chain([self.max_pixels() as usize]).collect())
    }

    /// The number, on the whole sphere, of a pixel of the geometry; `None` where there is none.
    pub fn global_pixel(&self, band: usize, local: usize) -> Option<u64> {
        match Self::at(&self.pixels, band) {
            Some(list) => list.get(local).copied(),
            None => Some(local as u64).filter(|pixel| {
                Self::at(&self.partitions, band).is_some_and(|p| *pixel < p.n_pixels())
            }),
        }
    }

    /// The place in the geometry of a pixel of the sphere; `None` where it is outside.
    pub fn local_pixel(&self, band: usize, pixel: u64) -> Option<usize> {
        match Self::at(&self.pixels, band) {
            Some(list) => list.binary_search(&pixel).ok(),
            None => Self::at(&self.partitions, band)
                .filter(|partition| pixel < partition.n_pixels())
                .map(|_| pixel as usize),
        }
    }

    /// The place in the geometry of the pixel of a position of its frame in degrees; `None` outside.
    pub fn coord_to_idx(&self, band: usize, lon_deg: f64, lat_deg: f64) -> Option<usize> {
        let pixel = Self::at(&self.partitions, band)?.ang2pix(lon_deg, lat_deg)?;
        self.local_pixel(band, pixel)
    }

    /// Longitudes and latitudes of the pixels of a band in degrees.
    ///
    /// # Errors
    /// Where there is no such band.
    pub fn coords(&self, band: usize) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let partition = self.partition(band)?;
        let all = 0..self.n_pixels(band)? as usize;
        let position = |local: usize| {
            let pixel = self.global_pixel(band, local).and_then(|pixel| partition.pix2ang(pixel));
            pixel.map_or((f64::NAN, f64::NAN), |[lon, lat]| (lon, lat))
        };
        Ok(all.map(position).unzip())
    }

    /// Solid angle of a pixel of a band in sr.
    ///
    /// # Errors
    /// Where there is no such band.
    pub fn solid_angle(&self, band: usize) -> Result<f64, Error> {
        Ok(self.partition(band)?.solid_angle())
    }

    /// Whether pixels and axes are the same.
    pub fn is_close(&self, other: &HpxGeom) -> bool {
        self.partitions == other.partitions
            && self.frame == other.frame
            && self.pixels == other.pixels
            && axes_close(&self.axes, &other.axes)
    }

    /// Middle of the region, or of the pixels of a list; longitude and latitude 0 for the whole sky.
    pub fn center_skydir(&self) -> SkyCoord {
        let [lon, lat] = match &self.region {
            None if !self.is_whole_sky() => {
                let partition = self.partitions.first();
                let vectors = self.pixels.iter().flatten().filter_map(|pixel| {
                    partition.and_then(|partition| partition.pixel_to_vector(*pixel))
                });
                let sum =
                    vectors.fold([0.0; 3], |sum, vector| [0, 1, 2].map(|k| sum[k] + vector[k]));
                return SkyCoord::from_vector(sum, self.frame);
            }
            None => [0.0, 0.0],
            Some(HpxRegion::Disk { lon_lat_radius: [lon, lat, _], .. }) => [*lon, *lat],
            Some(HpxRegion::Pixel { partition, pixel }) => {
                partition.pix2ang(*pixel).unwrap_or([0.0, 0.0])
            }
        };
        SkyCoord::new(lon, lat, self.frame)
    }
}

/// Partitions of one resolution for all planes, or of one for each.
fn partitions(nside: &[u64], order: Order, axes: &[MapAxis]) -> Result<Vec<Healpix>, Error> {
    check_names(axes)?;
    let planes: usize = axes.iter().map(MapAxis::n_bins).product();
    if nside.len() != 1 && nside.len() != planes {
        let reason = format!("expected 1 or {planes} values, found {}", nside.len());
        return Err(Error::parameter("NSIDE", reason));
    }
    nside.iter().map(|n| Healpix::new(*n, order)).collect()
}

#[cfg(test)]
mod tests;
