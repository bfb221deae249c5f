//! HEALPix pixels (Gorski et al. 2005): their numbers in both orders and where they are.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::Error;
use crate::frame::{Frame, SkyCoord, angle_between, unit_vector};

/// Order of pixel numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// By rings of equal latitude.
    Ring,
    /// By squares within squares.
    Nested,
}

impl Order {
    /// `RING` or `NESTED`.
    pub fn name(self) -> &'static str {
        match self {
            Order::Ring => "RING",
            Order::Nested => "NESTED",
        }
    }

    /// The order of a name.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        match name.trim().to_ascii_uppercase().as_str() {
            "RING" => Ok(Order::Ring),
            "NESTED" | "NEST" => Ok(Order::Nested),
            other => {
                Err(Error::malformed("ORDERING", format!("expected RING or NESTED, found {other}")))
            }
        }
    }
}

/// Largest resolution whose pixel numbers are exact everywhere.
const MAX_NSIDE: u64 = 1 << 29;

/// Rows, in units of nside, of the southernmost corner of the twelve faces.
const ROW: [i64; 12] = [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4];
/// Twice their columns.
const COLUMN: [i64; 12] = [1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7];

/// A partition of the sphere into 12 nside² pixels of equal area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Healpix {
    nside: i64,
    order: Order,
}

/// Which face, and where on it: x to the north-east, y to the north-west.
#[derive(Clone, Copy)]
struct OnFace {
    face: i64,
    x: i64,
    y: i64,
}

/// A ring: its number from the north, the first pixel, the number of pixels, and whether the first is half a pixel off longitude 0.
struct Ring {
    first: i64,
    pixels: i64,
    shifted: bool,
}

/// Spreads the bits of a number over the even ones.
fn spread(value: i64) -> i64 {
    (0..29).fold(0, |sum, bit| sum | ((value >> bit) & 1) << (2 * bit))
}

/// Puts the even bits of a number together.
fn gather(value: i64) -> i64 {
    (0..29).fold(0, |sum, bit| sum | ((value >> (2 * bit)) & 1) << bit)
}

impl Healpix {
    /// A partition; `nside` is a power of two for nested pixels.
    ///
    /// # Errors
    /// Where it is not, or not between 1 and 2²⁹.
    pub fn new(nside: u64, order: Order) -> Result<Self, Error> {
        if !(1..=MAX_NSIDE).contains(&nside) {
            let reason = format!("expected 1 to {MAX_NSIDE}, found {nside}");
            return Err(Error::parameter("NSIDE", reason));
        }
        if order == Order::Nested && !nside.is_power_of_two() {
            let reason = format!("expected a power of two for nested pixels, found {nside}");
            return Err(Error::parameter("NSIDE", reason));
        }
        Ok(Healpix { nside: nside as i64, order })
    }

    /// Pixels along a side of a face.
    pub fn nside(&self) -> u64 {
        self.nside as u64
    }

    /// Order of pixel numbers.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Pixels on the sphere.
    pub fn n_pixels(&self) -> u64 {
        12 * self.nside() * self.nside()
    }

    /// Solid angle of a pixel in sr.
    pub fn solid_angle(&self) -> f64 {
        4.0 * PI / self.n_pixels() as f64
    }

    /// Pixels in the rings of the northern cap.
    fn cap(&self) -> i64 {
        2 * self.nside * (self.nside - 1)
    }

    /// The ring of a number, from 1 in the north to 4 nside − 1.
    fn ring(&self, ring: i64) -> Ring {
        let n = self.nside;
        let total = 12 * n * n;
        if ring < n {
            Ring { first: 2 * ring * (ring - 1), pixels: 4 * ring, shifted: true }
        } else if ring <= 3 * n {
            let first = self.cap() + (ring - n) * 4 * n;
            Ring { first, pixels: 4 * n, shifted: (ring - n) % 2 == 0 }
        } else {
            let from_south = 4 * n - ring;
            let first = total - 2 * from_south * (from_south + 1);
            Ring { first, pixels: 4 * from_south, shifted: true }
        }
    }

    /// The ring of a pixel in ring order.
    fn ring_of(&self, pixel: i64) -> i64 {
        let (n, total) = (self.nside, 12 * self.nside * self.nside);
        if pixel < self.cap() {
            (1 + (1 + 2 * pixel).isqrt()) / 2
        } else if pixel < total - self.cap() {
            (pixel - self.cap()) / (4 * n) + n
        } else {
            4 * n - (1 + (2 * (total - pixel) - 1).isqrt()) / 2
        }
    }

    /// Sine and cosine of the latitude of a ring.
    fn ring_latitude(&self, ring: i64) -> [f64; 2] {
        let n = self.nside as f64;
        let polar = |ring: i64| {
            let below = (ring as f64 / n).powi(2) / 3.0;
            [1.0 - below, (below * (2.0 - below)).sqrt()]
        };
        if ring < self.nside {
            polar(ring)
        } else if ring <= 3 * self.nside {
            let z = (2 * self.nside - ring) as f64 * 2.0 / (3.0 * n);
            [z, ((1.0 - z) * (1.0 + z)).sqrt()]
        } else {
            let [z, cos] = polar(4 * self.nside - ring);
            [-z, cos]
        }
    }

    /// Direction of the centre of a pixel in ring order.
    fn ring_vector(&self, pixel: i64) -> [f64; 3] {
        let number = self.ring_of(pixel);
        let ring = self.ring(number);
        let [z, cos] = self.ring_latitude(number);
        let at = (pixel - ring.first) as f64 + if ring.shifted { 0.5 } else { 0.0 };
        let (sin_phi, cos_phi) = (at * 2.0 * PI / ring.pixels as f64).sin_cos();
        [cos * cos_phi, cos * sin_phi, z]
    }

    /// Direction of the centre of a pixel; `None` where there is no such pixel.
    pub fn pixel_to_vector(&self, pixel: u64) -> Option<[f64; 3]> {
        (pixel < self.n_pixels()).then(|| match self.order {
            Order::Ring => self.ring_vector(pixel as i64),
            Order::Nested => self.ring_vector(self.face_to_ring(self.nested_to_face(pixel as i64))),
        })
    }

    /// Longitude and latitude of the centre of a pixel in degrees; `None` where there is no such pixel.
    pub fn pix2ang(&self, pixel: u64) -> Option<[f64; 2]> {
        self.pixel_to_vector(pixel).map(crate::frame::lon_lat)
    }

    /// The pixel of a longitude and latitude in degrees; `None` for what is no position.
    pub fn ang2pix(&self, lon_deg: f64, lat_deg: f64) -> Option<u64> {
        if !lon_deg.is_finite() || lat_deg.is_nan() || lat_deg.abs() > 90.0 {
            return None;
        }
        let (z, cos) = lat_deg.to_radians().sin_cos();
        let turn = (lon_deg.rem_euclid(360.0) / 90.0).min(4.0);
        Some(self.locate(if turn >= 4.0 { 0.0 } else { turn }, z, cos))
    }

    /// The pixel of a direction; `None` for what is none.
    pub fn vector_to_pixel(&self, vector: [f64; 3]) -> Option<u64> {
        let size = crate::frame::dot(vector, vector).sqrt();
        if !(size > 0.0 && size.is_finite()) {
            return None;
        }
        let [x, y, z] = vector.map(|one| one / size);
        let turn = y.atan2(x) / FRAC_PI_2;
        let turn = if turn < 0.0 { turn + 4.0 } else { turn };
        Some(self.locate(if turn >= 4.0 { 0.0 } else { turn }, z, x.hypot(y)))
    }

    /// The pixel of a longitude, in quarters of a turn, and the sine and cosine of a latitude.
    fn locate(&self, turn: f64, z: f64, cos: f64) -> u64 {
        let n = self.nside as f64;
        let pixel = if z.abs() <= 2.0 / 3.0 {
            let (a, b) = (n * (0.5 + turn), n * z * 0.75);
            // Lines that rise and fall to the right.
            let (falling, rising) = ((a - b).floor() as i64, (a + b).floor() as i64);
            match self.order {
                Order::Ring => self.equatorial_ring(falling, rising),
                Order::Nested => self.equatorial_nested(falling, rising),
            }
        } else {
            let quarter = (turn.floor() as i64).min(3);
            let part = turn - quarter as f64;
            let off = n * cos / ((1.0 + z.abs()) / 3.0).sqrt();
            let last = self.nside - 1;
            let a = ((part * off) as i64).min(last);
            let b = (((1.0 - part) * off) as i64).min(last);
            match self.order {
                Order::Ring => {
                    let ring = a + b + 1;
                    let at = ((turn * ring as f64) as i64).min(4 * ring - 1);
                    if z > 0.0 {
                        2 * ring * (ring - 1) + at
                    } else {
                        12 * self.nside * self.nside - 2 * ring * (ring + 1) + at
                    }
                }
                Order::Nested if z > 0.0 => {
                    self.face_to_nested(OnFace { face: quarter, x: last - b, y: last - a })
                }
                Order::Nested => self.face_to_nested(OnFace { face: quarter + 8, x: a, y: b }),
            }
        };
        pixel as u64
    }

    fn equatorial_ring(&self, falling: i64, rising: i64) -> i64 {
        let n = self.nside;
        let ring = n + 1 + falling - rising;
        let shift = 1 - (ring & 1);
        let at = (falling + rising - n + shift + 1 + 8 * n) / 2;
        self.cap() + (ring - 1) * 4 * n + at.rem_euclid(4 * n)
    }

    fn equatorial_nested(&self, falling: i64, rising: i64) -> i64 {
        let n = self.nside;
        let (p, m) = (falling / n, rising / n);
        let face = match p.cmp(&m) {
            std::cmp::Ordering::Equal => p | 4,
            std::cmp::Ordering::Less => p,
            std::cmp::Ordering::Greater => m + 8,
        };
        self.face_to_nested(OnFace { face, x: rising % n, y: n - falling % n - 1 })
    }

    fn face_to_nested(&self, at: OnFace) -> i64 {
        at.face * self.nside * self.nside + spread(at.x) + 2 * spread(at.y)
    }

    fn nested_to_face(&self, pixel: i64) -> OnFace {
        let per_face = self.nside * self.nside;
        let on_face = pixel % per_face;
        OnFace { face: pixel / per_face, x: gather(on_face), y: gather(on_face >> 1) }
    }

    fn face_to_ring(&self, at: OnFace) -> i64 {
        let n = self.nside;
        let face = at.face as usize;
        let (row, column) = (ROW.get(face).unwrap_or(&0), COLUMN.get(face).unwrap_or(&0));
        let number = row * n - at.x - at.y - 1;
        let ring = self.ring(number);
        let width = ring.pixels / 4;
        let shift = i64::from(!ring.shifted);
        let phi = (column * width + at.x - at.y + 1 + shift) / 2;
        ring.first + (phi - 1).rem_euclid(ring.pixels)
    }

    fn ring_to_face(&self, pixel: i64) -> OnFace {
        let n = self.nside;
        let number = self.ring_of(pixel);
        let ring = self.ring(number);
        let (width, phi) = (ring.pixels / 4, pixel - ring.first + 1);
        let face = if number < n {
            (phi - 1) / width
        } else if number > 3 * n {
            8 + (phi - 1) / width
        } else {
            let row = number - n;
            let m = (phi - (row + 1) / 2 + n - 1) / n;
            let p = (phi - (2 * n + 1 - row) / 2 + n - 1) / n;
            match p.cmp(&m) {
                std::cmp::Ordering::Equal => p | 4,
                std::cmp::Ordering::Less => p,
                std::cmp::Ordering::Greater => m + 8,
            }
        };
        let (row, column) =
            (ROW.get(face as usize).unwrap_or(&0), COLUMN.get(face as usize).unwrap_or(&0));
        let shift = i64::from(!ring.shifted);
        let down = number - row * n + 1;
        let right = 2 * phi - column * width - shift - 1;
        let right = if right >= 2 * n { right - 8 * n } else { right };
        OnFace { face, x: (right - down) >> 1, y: (-right - down) >> 1 }
    }

    /// Number in nested order of a pixel in ring order; `None` where there is none, or nside is no power of two.
    pub fn ring_to_nested(&self, pixel: u64) -> Option<u64> {
        let fine = self.nside().is_power_of_two() && pixel < self.n_pixels();
        fine.then(|| self.face_to_nested(self.ring_to_face(pixel as i64)) as u64)
    }

    /// Number in ring order of a pixel in nested order; `None` where there is none, or nside is no power of two.
    pub fn nested_to_ring(&self, pixel: u64) -> Option<u64> {
        let fine = self.nside().is_power_of_two() && pixel < self.n_pixels();
        fine.then(|| self.face_to_ring(self.nested_to_face(pixel as i64)) as u64)
    }

    /// Largest distance in degrees of a corner from the centre of its pixel.
    pub fn max_pixel_radius_deg(&self) -> f64 {
        // Of the pixels next to the edge of the polar caps.
        let n = self.nside as f64;
        let corner = (1.0 - 1.0 / n).powi(2) / 3.0;
        let north = 1.0 - corner;
        let flat = |z: f64, phi: f64| {
            let cos = ((1.0 - z) * (1.0 + z)).sqrt();
            [cos * phi.cos(), cos * phi.sin(), z]
        };
        angle_between(flat(2.0 / 3.0, PI / (4.0 * n)), flat(north, 0.0))
    }

    /// Pixels whose centres are within a radius in degrees of a position, rising; the position is taken in `frame`.
    pub fn disk(&self, center: &SkyCoord, frame: Frame, radius_deg: f64) -> Vec<u64> {
        let center = center.to(frame);
        let (lon, lat) = (center.lon_deg, center.lat_deg);
        let axis = unit_vector(lon, lat);
        let mut found = Vec::new();
        if !(radius_deg >= 0.0 && lat.is_finite() && lon.is_finite()) {
            return found;
        }
        let radius = radius_deg.min(180.0);
        for number in self.rings_between(lat - radius, lat + radius) {
            let ring = self.ring(number);
            let [z, cos] = self.ring_latitude(number);
            let half = half_width(z, cos, lat, radius);
            let shift = if ring.shifted { 0.5 } else { 0.0 };
            let scale = ring.pixels as f64 / 360.0;
            let first = ((lon - half) * scale - shift).floor() as i64 - 1;
            let last = ((lon + half) * scale - shift).ceil() as i64 + 1;
            let last = last.min(first + ring.pixels - 1);
            for at in first..=last {
                let pixel = ring.first + at.rem_euclid(ring.pixels);
                if angle_between(axis, self.ring_vector(pixel)) <= radius {
                    found.push(pixel as u64);
                }
            }
        }
        if self.order == Order::Nested {
            found = found.into_iter().filter_map(|pixel| self.ring_to_nested(pixel)).collect();
        }
        found.sort_unstable();
        found
    }

    /// Rings between two latitudes in degrees, and one beyond on either side.
    fn rings_between(&self, south: f64, north: f64) -> std::ops::RangeInclusive<i64> {
        let ring_at = |lat: f64| {
            let ring = Healpix { nside: self.nside, order: Order::Ring };
            let pixel = ring.ang2pix(0.0, lat.clamp(-90.0, 90.0)).unwrap_or(0);
            self.ring_of(pixel as i64)
        };
        let last = 4 * self.nside - 1;
        (ring_at(north) - 1).max(1)..=(ring_at(south) + 1).min(last)
    }
}

/// Half the width in longitude, in degrees, of a disk at a latitude.
fn half_width(z: f64, cos: f64, lat: f64, radius: f64) -> f64 {
    let (sin_0, cos_0) = lat.to_radians().sin_cos();
    let cosine = (radius.to_radians().cos() - z * sin_0) / (cos * cos_0);
    if cosine.is_nan() || cosine <= -1.0 {
        180.0
    } else {
        // A little more, against rounding.
        cosine.min(1.0).acos().to_degrees() + 1e-6
    }
}
