//! Parts of the sky as files name them.

use super::{Healpix, Order};
use crate::{Error, Frame, SkyCoord};

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
    pub(super) fn pixels(&self, partition: &Healpix) -> Result<Vec<u64>, Error> {
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
