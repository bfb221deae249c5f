//! Frames of the field of view: offsets from a pointing.

use crate::frame::{dot, unit_vector};

/// A frame whose origin is a pointing.
///
/// Its longitude rises towards falling longitude of the sky and its latitude with that of the sky, so that the field is seen from
/// inside: with right ascension and declination, or azimuth (east of north) and altitude, alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FovFrame {
    /// From the sky, by rows.
    matrix: [[f64; 3]; 3],
}

impl FovFrame {
    /// Around a pointing, in degrees of whatever frame the positions will be in.
    pub fn new(lon_deg: f64, lat_deg: f64) -> Self {
        let (sin_a, cos_a) = lon_deg.to_radians().sin_cos();
        let (sin_d, cos_d) = lat_deg.to_radians().sin_cos();
        let matrix = [
            [cos_d * cos_a, cos_d * sin_a, sin_d],
            [sin_a, -cos_a, 0.0],
            [-sin_d * cos_a, -sin_d * sin_a, cos_d],
        ];
        FovFrame { matrix }
    }

    /// Longitude in (-180, 180] and latitude of a direction, in degrees.
    #[inline]
    pub fn of_vector(&self, vector: [f64; 3]) -> [f64; 2] {
        let [x, y, z] = self.matrix.map(|row| dot(row, vector));
        [y.atan2(x).to_degrees(), z.atan2(x.hypot(y)).to_degrees()]
    }

    /// Longitude in (-180, 180] and latitude of a position, in degrees.
    #[inline]
    pub fn of(&self, lon_deg: f64, lat_deg: f64) -> [f64; 2] {
        self.of_vector(unit_vector(lon_deg, lat_deg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointing_is_the_origin() {
        let frame = FovFrame::new(83.63, 22.01);
        let [lon, lat] = frame.of(83.63, 22.01);
        assert!(lon.abs() < 1e-13 && lat.abs() < 1e-13);
        let [lon, _] = frame.of(84.63, 22.01);
        assert!(lon < -0.9);
        let [lon, lat] = frame.of(83.63, 21.0);
        assert!(lon.abs() < 1e-13 && (lat + 1.01).abs() < 1e-12);
    }
}
