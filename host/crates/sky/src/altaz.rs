//! Altitude and azimuth: from the ICRS by way of the SOFA routines (aberration, light deflection by the Sun, precession and nutation
//! of IAU 2006/2000A, rotation of the Earth, motion of the pole, diurnal aberration), without refraction.

use sofars::astro::IauAstrom;

use crate::earth::orientation;
use crate::frame::{Frame, SkyCoord, lon_lat, wrap_360};
use crate::time::Scale;
use crate::{Error, Time};

/// Julian date of MJD 0.
const JD_MJD: f64 = 2_400_000.5;
const ARCSEC: f64 = std::f64::consts::PI / 648_000.0;
const DAY: f64 = 86_400.0;

/// A place on the Earth, on the WGS84 ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarthLocation {
    lon_rad: f64,
    lat_rad: f64,
    height_m: f64,
}

impl EarthLocation {
    /// From geodetic longitude (east) and latitude in degrees and height above the ellipsoid in metres.
    ///
    /// # Errors
    /// Where these are none.
    pub fn geodetic(lon_deg: f64, lat_deg: f64, height_m: f64) -> Result<Self, Error> {
        if !(lon_deg.abs() <= 720.0 && lat_deg.abs() <= 90.0 && height_m.abs() <= 1e7) {
            let reason = format!("longitude {lon_deg}, latitude {lat_deg}, height {height_m} m");
            return Err(Error::parameter("location", reason));
        }
        let (lon_rad, lat_rad) = (lon_deg.to_radians(), lat_deg.to_radians());
        Ok(EarthLocation { lon_rad, lat_rad, height_m })
    }

    /// From geocentric coordinates in metres.
    ///
    /// # Errors
    /// Where these are nowhere near the Earth.
    pub fn geocentric(xyz_m: [f64; 3]) -> Result<Self, Error> {
        let wrong = || Error::parameter("location", format!("geocentric {xyz_m:?} m"));
        if !xyz_m.iter().all(|one| one.abs() < 2e7) {
            return Err(wrong());
        }
        let found = sofars::coords::gc2gd(1, xyz_m);
        let (lon_rad, lat_rad, height_m) = found.map_err(|_| wrong())?;
        Self::geodetic(lon_rad.to_degrees(), lat_rad.to_degrees(), height_m)
    }

    /// Geodetic longitude and latitude in degrees and height in metres.
    pub fn to_geodetic(&self) -> [f64; 3] {
        [self.lon_rad.to_degrees(), self.lat_rad.to_degrees(), self.height_m]
    }
}

/// Altitude and azimuth at a place and a time.
#[derive(Debug, Clone)]
pub struct AltAz {
    astrom: IauAstrom,
    is_extrapolated: bool,
}

impl AltAz {
    /// For a place and a time.
    ///
    /// # Errors
    /// Where the time is too far from the present for the Earth's orbit to be known.
    pub fn new(location: &EarthLocation, time: &Time) -> Result<Self, Error> {
        let tt = time.mjd(Scale::Tt)?;
        let tt = [JD_MJD + tt[0], tt[1]];
        let earth = orientation(time);
        let (day, seconds) = time.day_and_seconds(Scale::Tai)?;
        let ut1 = [JD_MJD + day as f64, (seconds + earth.ut1_tai) / DAY];
        let (heliocentric, barycentric) = sofars::eph::epv00(tt[0], tt[1]).ok_or_else(|| {
            let reason = format!("JD {} is outside 1900 to 2100", tt[0] + tt[1]);
            Error::parameter("time", reason)
        })?;
        let (x, y, s) = sofars::pnp::xys06a(tt[0], tt[1]);
        let mut astrom = IauAstrom::default();
        sofars::astro::apco(
            tt[0],
            tt[1],
            &barycentric,
            &heliocentric[0],
            x,
            y,
            s,
            sofars::erst::era00(ut1[0], ut1[1]),
            location.lon_rad,
            location.lat_rad,
            location.height_m,
            earth.pole[0] * ARCSEC,
            earth.pole[1] * ARCSEC,
            sofars::pnp::sp00(tt[0], tt[1]),
            0.0,
            0.0,
            &mut astrom,
        );
        Ok(AltAz { astrom, is_extrapolated: !earth.is_known })
    }

    /// Whether the rotation of the Earth was not known for the time: the result is then off by some arcseconds for each year.
    pub fn is_extrapolated(&self) -> bool {
        self.is_extrapolated
    }

    /// Azimuth (east of north) in [0, 360) and altitude of a position, in degrees.
    pub fn of(&self, position: &SkyCoord) -> [f64; 2] {
        self.of_vector(position.vector_in(Frame::Icrs))
    }

    /// Azimuth in [0, 360) and altitude of a direction of the ICRS, in degrees.
    pub fn of_vector(&self, icrs: [f64; 3]) -> [f64; 2] {
        let [ra, dec] = lon_lat(icrs).map(f64::to_radians);
        let mut astrom = self.astrom;
        let (ri, di) = sofars::astro::atciqz(ra, dec, &mut astrom);
        let (azimuth, zenith, ..) = sofars::astro::atioq(ri, di, &astrom);
        [wrap_360(azimuth.to_degrees()), 90.0 - zenith.to_degrees()]
    }

    /// The position of an azimuth and an altitude in degrees.
    pub fn to_icrs(&self, azimuth_deg: f64, altitude_deg: f64) -> SkyCoord {
        let mut astrom = self.astrom;
        let zenith = (90.0 - altitude_deg).to_radians();
        let (ri, di) = sofars::astro::atoiq("A", azimuth_deg.to_radians(), zenith, &astrom);
        let (ra, dec) = sofars::astro::aticq(ri, di, &mut astrom);
        SkyCoord::icrs(ra.to_degrees(), dec.to_degrees())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let place = EarthLocation::geodetic(16.5, -23.27, 1800.0).unwrap();
        let time = Time::from_iso(Scale::Utc, "2004-12-04T22:08:00").unwrap();
        let frame = AltAz::new(&place, &time).unwrap();
        assert!(!frame.is_extrapolated());
        for position in [SkyCoord::icrs(83.63, 22.01), SkyCoord::galactic(0.0, 0.0)] {
            let [azimuth, altitude] = frame.of(&position);
            let back = frame.to_icrs(azimuth, altitude);
            assert!(back.separation_deg(&position) < 1e-8);
        }
        let later = Time::from_iso(Scale::Utc, "2040-01-01").unwrap();
        assert!(AltAz::new(&place, &later).unwrap().is_extrapolated());
        let far = Time::from_iso(Scale::Tt, "9999-01-01").unwrap();
        assert!(AltAz::new(&place, &far).is_err());
    }

    #[test]
    fn places_are_checked() {
        let place = EarthLocation::geodetic(16.5, -23.27, 1800.0).unwrap();
        assert_eq!(place.to_geodetic().map(f64::round), [17.0, -23.0, 1800.0]);
        assert!(EarthLocation::geodetic(f64::NAN, 0.0, 0.0).is_err());
        assert!(EarthLocation::geodetic(0.0, 91.0, 0.0).is_err());
        assert!(EarthLocation::geocentric([f64::INFINITY, 0.0, 0.0]).is_err());
        assert!(EarthLocation::geocentric([6_378_137.0, 0.0, 0.0]).is_ok());
    }
}
