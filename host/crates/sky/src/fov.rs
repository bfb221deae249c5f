//! Frames of the field of view: offsets from a pointing.

use crate::frame::{dot, unit_vector};
use crate::{AltAz, Error, Frame, SkyCoord};

/// To what a field of view is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FovAlignment {
    /// Right ascension and declination (ICRS).
    RaDec,
    /// The same with the sign of the longitude reversed.
    ReverseLonRaDec,
    /// Azimuth and altitude.
    AltAz,
}

impl FovAlignment {
    /// `RADEC`, `REVERSE_LON_RADEC` or `ALTAZ`, as FOVALIGN has it.
    pub fn name(self) -> &'static str {
        match self {
            FovAlignment::RaDec => "RADEC",
            FovAlignment::ReverseLonRaDec => "REVERSE_LON_RADEC",
            FovAlignment::AltAz => "ALTAZ",
        }
    }

    /// The alignment of a name.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        let all = [FovAlignment::RaDec, FovAlignment::ReverseLonRaDec, FovAlignment::AltAz];
        let found = all.into_iter().find(|one| one.name().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| {
            let names = all.map(FovAlignment::name).join(", ");
            Error::malformed("FOVALIGN", format!("expected one of {names}, found {}", name.trim()))
        })
    }
}

/// The field of view of a pointing, with its alignment.
#[derive(Debug, Clone)]
pub struct FieldOfView {
    frame: FovFrame,
    altaz: Option<AltAz>,
    sign: f64,
}

impl FieldOfView {
    /// Around a pointing. `altaz`, for its place and time, is needed for that alignment only.
    ///
    /// # Errors
    /// Where it is needed and not there.
    pub fn new(
        alignment: FovAlignment,
        pointing: &SkyCoord,
        altaz: Option<&AltAz>,
    ) -> Result<Self, Error> {
        let sign = if alignment == FovAlignment::ReverseLonRaDec { -1.0 } else { 1.0 };
        if alignment != FovAlignment::AltAz {
            let at = pointing.to(Frame::Icrs);
            let frame = FovFrame::new(at.lon_deg, at.lat_deg);
            return Ok(FieldOfView { frame, altaz: None, sign });
        }
        let Some(altaz) = altaz else {
            let reason = "it needs the place and time of the observation";
            return Err(Error::parameter("alignment ALTAZ", reason));
        };
        let [azimuth, altitude] = altaz.of(pointing);
        let frame = FovFrame::new(azimuth, altitude);
        Ok(FieldOfView { frame, altaz: Some(altaz.clone()), sign })
    }

    /// Longitude in [-180, 180] and latitude, in degrees, of a direction of the ICRS.
    #[inline]
    pub fn of_icrs_vector(&self, icrs: [f64; 3]) -> [f64; 2] {
        let [lon, lat] = match &self.altaz {
            None => self.frame.of_vector(icrs),
            Some(altaz) => {
                let [azimuth, altitude] = altaz.of_vector(icrs);
                self.frame.of(azimuth, altitude)
            }
        };
        [self.sign * lon, lat]
    }

    /// Longitude in [-180, 180] and latitude, in degrees, of a position.
    pub fn of(&self, position: &SkyCoord) -> [f64; 2] {
        self.of_icrs_vector(position.vector_in(Frame::Icrs))
    }
}

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

    #[test]
    fn alignments_differ_by_sign_and_turn() {
        let pointing = SkyCoord::galactic(184.5, -5.8);
        let position = pointing.offset_by(40.0, 1.0);
        let new = |alignment, altaz: Option<&AltAz>| FieldOfView::new(alignment, &pointing, altaz);
        let [lon, lat] = new(FovAlignment::RaDec, None).unwrap().of(&position);
        let reversed = new(FovAlignment::ReverseLonRaDec, None).unwrap().of(&position);
        assert_eq!(reversed, [-lon, lat]);
        assert!(new(FovAlignment::AltAz, None).is_err());
        let place = crate::EarthLocation::geodetic(16.5, -23.27, 1800.0).unwrap();
        let time = crate::Time::from_iso(crate::Scale::Utc, "2004-12-04T22:08:00").unwrap();
        let altaz = AltAz::new(&place, &time).unwrap();
        let turned = new(FovAlignment::AltAz, Some(&altaz)).unwrap().of(&position);
        // The distance stays, but for aberration.
        let distance = |[lon, lat]: [f64; 2]| {
            crate::frame::angle_between(unit_vector(lon, lat), [1.0, 0.0, 0.0])
        };
        assert!((distance([lon, lat]) - 1.0).abs() < 1e-12);
        assert!((distance(turned) - 1.0).abs() < 2e-4);
        for name in ["RADEC", "ALTAZ", "REVERSE_LON_RADEC"] {
            assert_eq!(FovAlignment::of_name(name).unwrap().name(), name);
        }
        assert!(FovAlignment::of_name("DETXY").is_err());
    }
}
