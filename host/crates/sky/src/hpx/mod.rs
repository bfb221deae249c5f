//! Geometries of HEALPix pixels, as the GADF sky maps have them.

mod pixel;

pub use pixel::{Healpix, Order};

use crate::geom::{axes_close, check_names};
use crate::header::{Keyword, Lookup, text, whole};
use crate::{Error, Frame, MapAxis, SkyCoord};

/// Most pixels of the whole sky.
const MAX_PIXELS: u64 = 1 << 32;
/// Most pixels of which a list is made.
const MAX_LISTED: u64 = 1 << 27;

/// Which part of the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum HpxRegion {
    /// All pixels whose centres are within a radius of a position.
    Disk {
        /// Longitude, latitude and radius in degrees.
        lon_lat_radius: [f64; 3],
        /// For all pixels that may have something of the disk in them: how many times finer the test is, a power of two.
        inclusive: Option<u64>,
    },
    /// All in one larger pixel.
    Pixel {
        /// The partition of the larger pixel.
        partition: Healpix,
        /// Its number.
        pixel: u64,
    },
}

impl HpxRegion {
    /// Reads `DISK(lon,lat,radius)`, `DISK_INC(lon,lat,radius,factor)` or `HPX_PIXEL(ordering,nside,pixel)`.
    ///
    /// # Errors
    /// Where it is none of these.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::malformed("HPX_REG", format!("'{}' is no region", text.trim()));
        let (name, rest) = text.trim().split_once('(').ok_or_else(wrong)?;
        let inner = rest.trim().strip_suffix(')').ok_or_else(wrong)?;
        let words: Vec<_> = inner.split(',').map(str::trim).collect();
        let real = |word: &&str| word.parse().ok().filter(|value: &f64| value.is_finite());
        match (name.trim().to_ascii_uppercase().as_str(), words.as_slice()) {
            (kind @ ("DISK" | "DISK_INC"), [a, b, c, rest @ ..]) => {
                let values = [real(a), real(b), real(c)].map(|value| value.ok_or_else(wrong));
                let [lon, lat, radius] = values;
                let lon_lat_radius = [lon?, lat?, radius?];
                let inclusive = match (kind, rest) {
                    ("DISK", []) => None,
                    ("DISK_INC", []) => Some(4),
                    ("DISK_INC", [factor]) => Some(factor.parse().map_err(|_| wrong())?),
                    _ => return Err(wrong()),
                };
                let factor: u64 = inclusive.unwrap_or(1);
                let fine = factor.is_power_of_two() && factor <= 64;
                if lon_lat_radius[1].abs() > 90.0 || lon_lat_radius[2] < 0.0 || !fine {
                    return Err(wrong());
                }
                Ok(HpxRegion::Disk { lon_lat_radius, inclusive })
            }
            ("HPX_PIXEL", [order, nside, pixel]) => {
                let order = Order::of_name(order)?;
                let partition = Healpix::new(nside.parse().map_err(|_| wrong())?, order)?;
                let pixel = pixel.parse().map_err(|_| wrong())?;
                if pixel >= partition.n_pixels() {
                    return Err(wrong());
                }
                Ok(HpxRegion::Pixel { partition, pixel })
            }
            _ => Err(wrong()),
        }
    }

    /// The text of it.
    pub fn text(&self) -> String {
        match self {
            HpxRegion::Disk { lon_lat_radius: [lon, lat, radius], inclusive: None } => {
                format!("DISK({lon},{lat},{radius})")
            }
            HpxRegion::Disk { lon_lat_radius: [lon, lat, radius], inclusive: Some(factor) } => {
                format!("DISK_INC({lon},{lat},{radius},{factor})")
            }
            HpxRegion::Pixel { partition, pixel } => {
                format!("HPX_PIXEL({},{},{pixel})", partition.order().name(), partition.nside())
            }
        }
    }

    /// Pixels of a partition, rising.
    fn pixels(&self, partition: &Healpix) -> Result<Vec<u64>, Error> {
        // Regions are in the frame of the map, whichever that is.
        let frame = Frame::Icrs;
        match self {
            HpxRegion::Disk { lon_lat_radius: [lon, lat, radius], inclusive } => {
                let center = SkyCoord::new(*lon, *lat, frame);
                let Some(factor) = inclusive else {
                    return Ok(partition.disk(&center, frame, *radius));
                };
                overlapping(partition, &center, *radius, *factor)
            }
            HpxRegion::Pixel { partition: large, pixel } => {
                let inside = |found: &u64| {
                    let vector = partition.pixel_to_vector(*found);
                    vector.and_then(|vector| large.vector_to_pixel(vector)) == Some(*pixel)
                };
                let center = large.pixel_to_vector(*pixel).unwrap_or([1.0, 0.0, 0.0]);
                let center = SkyCoord::from_vector(center, frame);
                // All there can be in it, and then those that are.
                let radius = 1.01 * large.max_pixel_radius_deg();
                let near = partition.disk(&center, frame, radius);
                Ok(near.into_iter().filter(inside).collect())
            }
        }
    }
}

/// Pixels that have a pixel `factor` times finer within a radius in degrees, with margin: all that overlap the disk, and maybe a few more.
fn overlapping(
    partition: &Healpix,
    center: &SkyCoord,
    radius: f64,
    factor: u64,
) -> Result<Vec<u64>, Error> {
    let fine = Healpix::new(partition.nside().saturating_mul(factor), Order::Ring)?;
    let margin = radius + fine.max_pixel_radius_deg();
    let centers = fine.disk(center, center.frame, margin);
    let parents = centers.into_iter().filter_map(|pixel| {
        fine.pixel_to_vector(pixel).and_then(|vector| partition.vector_to_pixel(vector))
    });
    let mut pixels: Vec<_> = parents.collect();
    pixels.sort_unstable();
    pixels.dedup();
    Ok(pixels)
}

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
        check_names(&axes)?;
        let planes: usize = axes.iter().map(MapAxis::n_bins).product();
        if nside.len() != 1 && nside.len() != planes {
            let reason = format!("expected 1 or {planes} values, found {}", nside.len());
            return Err(Error::parameter("NSIDE", reason));
        }
        let partitions: Result<Vec<_>, _> = nside.iter().map(|n| Healpix::new(*n, order)).collect();
        let partitions = partitions?;
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
        let most = if region.is_some() { MAX_LISTED } else { MAX_PIXELS };
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

    /// Frame of the sky coordinates.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Axes.
    pub fn axes(&self) -> &[MapAxis] {
        &self.axes
    }

    /// The region; none for the whole sky.
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
        let mut most = 0;
        for band in 0..self.partitions.len() {
            most = most.max(self.n_pixels(band)?);
        }
        let axes = self.axes.iter().rev().map(MapAxis::n_bins);
        Ok(axes.chain([most as usize]).collect())
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
            && self.region == other.region
            && axes_close(&self.axes, &other.axes)
    }

    /// Middle of the region; longitude and latitude 0 for the whole sky.
    pub fn center_skydir(&self) -> SkyCoord {
        let [lon, lat] = match &self.region {
            None => [0.0, 0.0],
            Some(HpxRegion::Disk { lon_lat_radius: [lon, lat, _], .. }) => [*lon, *lat],
            Some(HpxRegion::Pixel { partition, pixel }) => {
                partition.pix2ang(*pixel).unwrap_or([0.0, 0.0])
            }
        };
        SkyCoord::new(lon, lat, self.frame)
    }

    /// The keywords that describe it, where all planes have one resolution, besides those of the table.
    pub fn keywords(&self) -> Vec<Keyword> {
        let order = self.partitions.first().map_or(Order::Ring, Healpix::order);
        let system = if self.frame == Frame::Galactic { "GAL" } else { "CEL" };
        let scheme = if self.region.is_some() { "EXPLICIT" } else { "IMPLICIT" };
        let mut out = vec![
            Keyword::new("PIXTYPE", "HEALPIX", "Pixels of equal area"),
            Keyword::new("ORDERING", order.name(), "Order of pixel numbers"),
            Keyword::new("COORDSYS", system, "Frame of the pixels"),
            Keyword::new("INDXSCHM", scheme, "How pixels are numbered"),
        ];
        if let [partition] = self.partitions.as_slice() {
            out.push(Keyword::new("NSIDE", partition.nside() as i64, "Pixels along a face"));
        }
        if let Some(region) = &self.region {
            out.push(Keyword::new("HPX_REG", region.text().as_str(), "Region of the sky"));
        }
        out
    }

    /// Reads ORDERING, COORDSYS, NSIDE and HPX_REG; `nside` replaces NSIDE where the bands have their own.
    ///
    /// # Errors
    /// Where a keyword is missing or not understood.
    pub fn from_keywords(
        lookup: &Lookup<'_>,
        nside: Option<&[u64]>,
        axes: Vec<MapAxis>,
    ) -> Result<Self, Error> {
        if let Some(kind) = text(lookup, "PIXTYPE")?.filter(|kind| kind != "HEALPIX") {
            return Err(Error::malformed("PIXTYPE", format!("expected HEALPIX, found {kind}")));
        }
        let order = Order::of_name(&text(lookup, "ORDERING")?.unwrap_or_default())?;
        let system = text(lookup, "COORDSYS")?.unwrap_or_default();
        let frame = match system.to_ascii_uppercase().as_str() {
            "CEL" | "C" | "EQU" | "Q" => Frame::Icrs,
            "GAL" | "G" => Frame::Galactic,
            other => {
                return Err(Error::unsupported(
                    "COORDSYS",
                    format!("expected CEL or GAL, found {other}"),
                ));
            }
        };
        let region = text(lookup, "HPX_REG")?;
        let region = region.filter(|region| !region.is_empty());
        let region = region.as_deref().map(HpxRegion::parse).transpose()?;
        let one = match nside {
            Some(nside) => nside.to_vec(),
            None => {
                let found = whole(lookup, "NSIDE")?;
                let nside = found.and_then(|n| u64::try_from(n).ok());
                let wrong =
                    || Error::malformed("NSIDE", format!("expected a number, found {found:?}"));
                vec![nside.ok_or_else(wrong)?]
            }
        };
        Self::new(&one, order, frame, region, axes)
    }
}

#[cfg(test)]
mod tests;
