//! Frames of the sky and positions in them.

use std::f64::consts::TAU;

use crate::Error;

/// A celestial frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Frame {
    /// International celestial reference system: right ascension and declination.
    Icrs,
    /// Galactic longitude and latitude (IAU 1958, placed in the ICRS by way of FK5).
    Galactic,
}

/// Galactic x, y, z in the ICRS, by rows.
const GALACTIC: [[f64; 3]; 3] = [
    [-0.05487565771259163, -0.8734370519556159, -0.48383507361671546],
    [0.4941094371927268, -0.4448297212232952, 0.7469821839866676],
    [-0.8676661375596576, -0.19807633727300053, 0.4559838136873016],
];

impl Frame {
    /// `icrs` or `galactic`.
    pub fn name(self) -> &'static str {
        match self {
            Frame::Icrs => "icrs",
            Frame::Galactic => "galactic",
        }
    }

    /// The frame of a name.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        match name.trim().to_ascii_lowercase().as_str() {
            "icrs" => Ok(Frame::Icrs),
            "galactic" => Ok(Frame::Galactic),
            _ => Err(Error::malformed(
                "frame",
                format!("expected icrs or galactic, found {}", name.trim()),
            )),
        }
    }
}

/// Product of a matrix, by rows, with a vector.
#[inline]
pub(crate) fn rotate(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| dot(row, vector))
}

/// Product of the transpose of a matrix, by rows, with a vector.
#[inline]
pub(crate) fn rotate_back(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    let column = |k: usize| [matrix[0][k], matrix[1][k], matrix[2][k]];
    [dot(column(0), vector), dot(column(1), vector), dot(column(2), vector)]
}

#[inline]
pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline]
pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Direction of a longitude and latitude in degrees.
#[inline]
pub fn unit_vector(lon_deg: f64, lat_deg: f64) -> [f64; 3] {
    let (sin_lon, cos_lon) = lon_deg.to_radians().sin_cos();
    let (sin_lat, cos_lat) = lat_deg.to_radians().sin_cos();
    [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat]
}

/// Longitude in [0, 360) and latitude of a direction, in degrees.
#[inline]
pub fn lon_lat(vector: [f64; 3]) -> [f64; 2] {
    let [x, y, z] = vector;
    [wrap_360(y.atan2(x).to_degrees()), z.atan2(x.hypot(y)).to_degrees()]
}

/// Angle between two directions in degrees.
#[inline]
pub fn angle_between(a: [f64; 3], b: [f64; 3]) -> f64 {
    let across = cross(a, b);
    dot(across, across).sqrt().atan2(dot(a, b)).to_degrees()
}

/// An angle in [0, 360) degrees.
#[inline]
pub(crate) fn wrap_360(angle: f64) -> f64 {
    if (0.0..360.0).contains(&angle) {
        return angle;
    }
    let wrapped = angle.rem_euclid(360.0);
    // A tiny negative angle comes out as 360 itself.
    if wrapped >= 360.0 { 0.0 } else { wrapped }
}

/// A direction of one frame expressed in another.
#[inline]
pub fn transform(vector: [f64; 3], from: Frame, to: Frame) -> [f64; 3] {
    match (from, to) {
        (Frame::Icrs, Frame::Galactic) => rotate(&GALACTIC, vector),
        (Frame::Galactic, Frame::Icrs) => rotate_back(&GALACTIC, vector),
        _ => vector,
    }
}

/// A position on the sky.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkyCoord {
    /// Longitude (right ascension, galactic longitude) in degrees.
    pub lon_deg: f64,
    /// Latitude (declination, galactic latitude) in degrees.
    pub lat_deg: f64,
    /// Frame of both.
    pub frame: Frame,
}

impl SkyCoord {
    /// A position; the longitude is brought to [0, 360).
    pub fn new(lon_deg: f64, lat_deg: f64, frame: Frame) -> Self {
        SkyCoord { lon_deg: wrap_360(lon_deg), lat_deg, frame }
    }

    /// A position by right ascension and declination in degrees.
    pub fn icrs(ra_deg: f64, dec_deg: f64) -> Self {
        Self::new(ra_deg, dec_deg, Frame::Icrs)
    }

    /// A position by galactic longitude and latitude in degrees.
    pub fn galactic(l_deg: f64, b_deg: f64) -> Self {
        Self::new(l_deg, b_deg, Frame::Galactic)
    }

    /// The position of a direction.
    pub fn from_vector(vector: [f64; 3], frame: Frame) -> Self {
        let [lon_deg, lat_deg] = lon_lat(vector);
        SkyCoord { lon_deg, lat_deg, frame }
    }

    /// The same position in another frame.
    pub fn to(&self, frame: Frame) -> Self {
        if frame == self.frame {
            return *self;
        }
        Self::from_vector(self.vector_in(frame), frame)
    }

    /// Its direction in its own frame.
    pub fn vector(&self) -> [f64; 3] {
        unit_vector(self.lon_deg, self.lat_deg)
    }

    /// Its direction in a frame.
    pub fn vector_in(&self, frame: Frame) -> [f64; 3] {
        transform(self.vector(), self.frame, frame)
    }

    /// Angle to another position in degrees, by Vincenty's formula.
    pub fn separation_deg(&self, other: &SkyCoord) -> f64 {
        let other = other.to(self.frame);
        let (sin_1, cos_1) = self.lat_deg.to_radians().sin_cos();
        let (sin_2, cos_2) = other.lat_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = (other.lon_deg - self.lon_deg).to_radians().sin_cos();
        let across = (cos_2 * sin_d).hypot(cos_1 * sin_2 - sin_1 * cos_2 * cos_d);
        across.atan2(sin_1 * sin_2 + cos_1 * cos_2 * cos_d).to_degrees()
    }

    /// Angle from north through east of another position, in [0, 360) degrees.
    pub fn position_angle_deg(&self, other: &SkyCoord) -> f64 {
        let other = other.to(self.frame);
        let (sin_1, cos_1) = self.lat_deg.to_radians().sin_cos();
        let (sin_2, cos_2) = other.lat_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = (other.lon_deg - self.lon_deg).to_radians().sin_cos();
        let angle = (sin_d * cos_2).atan2(sin_2 * cos_1 - sin_1 * cos_2 * cos_d);
        (if angle < 0.0 { angle + TAU } else { angle }).to_degrees()
    }

    /// The position at an angle from north through east, and a distance, both in degrees.
    pub fn offset_by(&self, pa_deg: f64, separation_deg: f64) -> Self {
        let (sin_lon, cos_lon) = self.lon_deg.to_radians().sin_cos();
        let (sin_lat, cos_lat) = self.lat_deg.to_radians().sin_cos();
        let (sin_pa, cos_pa) = pa_deg.to_radians().sin_cos();
        let (sin_s, cos_s) = separation_deg.to_radians().sin_cos();
        let here = [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat];
        let north = [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat];
        let east = [-sin_lon, cos_lon, 0.0];
        let step = |k: usize| here[k] * cos_s + sin_s * (cos_pa * north[k] + sin_pa * east[k]);
        Self::from_vector([step(0), step(1), step(2)], self.frame)
    }
}

/// A position from which many separations are asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separation {
    vector: [f64; 3],
    frame: Frame,
}

impl Separation {
    /// From `center`, for positions of `frame`.
    pub fn from(center: &SkyCoord, frame: Frame) -> Self {
        Separation { vector: center.vector_in(frame), frame }
    }

    /// Frame of the positions it is asked for.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// Degrees to a position of its frame.
    #[inline]
    pub fn to(&self, lon_deg: f64, lat_deg: f64) -> f64 {
        angle_between(self.vector, unit_vector(lon_deg, lat_deg))
    }

    /// Degrees to a direction of its frame.
    #[inline]
    pub fn to_vector(&self, vector: [f64; 3]) -> f64 {
        angle_between(self.vector, vector)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_galactic_centre_is_where_it_should() {
        let centre = SkyCoord::galactic(0.0, 0.0).to(Frame::Icrs);
        assert!((centre.lon_deg - 266.40498829).abs() < 1e-8);
        assert!((centre.lat_deg + 28.93617776).abs() < 1e-8);
        let back = centre.to(Frame::Galactic);
        assert!(back.separation_deg(&SkyCoord::galactic(0.0, 0.0)) < 1e-12);
    }

    #[test]
    fn offsets_and_separations_agree() {
        for (lon, lat) in [(83.63, 22.01), (0.0, 89.9999), (359.99, -45.0), (10.0, 0.0)] {
            let from = SkyCoord::icrs(lon, lat);
            for pa in [0.0, 33.0, 90.0, 200.0, 359.0] {
                let to = from.offset_by(pa, 1.5);
                assert!((from.separation_deg(&to) - 1.5).abs() < 1e-12);
                assert!((from.position_angle_deg(&to) - pa).abs() < 1e-9, "{lon} {lat} {pa}");
                let quick = Separation::from(&from, Frame::Icrs).to(to.lon_deg, to.lat_deg);
                assert!((quick - 1.5).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn longitudes_are_wrapped() {
        assert_eq!(wrap_360(-1e-18), 0.0);
        assert_eq!(wrap_360(360.0), 0.0);
        assert_eq!(wrap_360(-90.0), 270.0);
        assert!(wrap_360(f64::NAN).is_nan());
        assert!(SkyCoord::icrs(f64::INFINITY, 0.0).lon_deg.is_nan());
    }
}
