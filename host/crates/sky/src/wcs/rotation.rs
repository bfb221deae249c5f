//! From native to celestial directions (FITS WCS paper II, section 2.4).

use crate::Error;
use crate::frame::wrap_360;

/// Celestial position of the native pole and the matrix that goes with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rotation {
    /// Celestial direction = matrix · native direction; by rows.
    pub(crate) matrix: [[f64; 3]; 3],
    /// Celestial latitude of the native pole: what LATPOLE becomes, in degrees.
    pub(crate) pole_lat_deg: f64,
}

/// LONPOLE where a header has none.
pub(crate) fn default_lonpole(crval_lat_deg: f64, theta0_deg: f64) -> f64 {
    if crval_lat_deg >= theta0_deg { 0.0 } else { 180.0 }
}

/// Sine and cosine of an angle in degrees; exact for multiples of 90.
fn sin_cos_deg(angle: f64) -> (f64, f64) {
    match angle.rem_euclid(360.0) {
        0.0 => (0.0, 1.0),
        90.0 => (1.0, 0.0),
        180.0 => (0.0, -1.0),
        270.0 => (-1.0, 0.0),
        other => other.to_radians().sin_cos(),
    }
}

impl Rotation {
    /// For a reference point at native (0, θ0).
    pub(crate) fn new(
        [lon0, lat0]: [f64; 2],
        theta0: f64,
        lonpole: f64,
        latpole: f64,
    ) -> Result<Self, Error> {
        let (pole_lon, pole_lat) = if theta0 == 90.0 {
            (lon0, lat0)
        } else {
            let lat = pole_latitude(lat0, lonpole, latpole)?;
            (pole_longitude(lon0, lat0, lat, lonpole), lat)
        };
        let (sin_a, cos_a) = sin_cos_deg(pole_lon);
        let (sin_d, cos_d) = sin_cos_deg(pole_lat);
        let (sin_p, cos_p) = sin_cos_deg(lonpole);
        // About the native pole by LONPOLE, then tilted, then turned to the pole's longitude.
        let tilted = [
            [-sin_d * cos_p, -sin_d * sin_p, cos_d],
            [sin_p, -cos_p, 0.0],
            [cos_d * cos_p, cos_d * sin_p, sin_d],
        ];
        let turned = |k: usize| {
            let [x, y, z] = [tilted[0][k], tilted[1][k], tilted[2][k]];
            [x * cos_a - y * sin_a, x * sin_a + y * cos_a, z]
        };
        let columns = [turned(0), turned(1), turned(2)];
        let row = |k: usize| [columns[0][k], columns[1][k], columns[2][k]];
        Ok(Rotation { matrix: [row(0), row(1), row(2)], pole_lat_deg: pole_lat })
    }
}

/// Latitude of the native pole for a reference point on the native equator (equation 8): of two solutions the one next to LATPOLE.
fn pole_latitude(lat0: f64, lonpole: f64, latpole: f64) -> Result<f64, Error> {
    let (_, cos_p) = sin_cos_deg(lonpole);
    let wrong = || {
        Error::parameter(
            "LONPOLE",
            format!("no native pole is consistent with LONPOLE {lonpole} and CRVAL2 {lat0}"),
        )
    };
    let candidates = if cos_p.abs() == 1.0 {
        let middle = if cos_p > 0.0 { 0.0 } else { 180.0 };
        [middle + (90.0 - lat0), middle - (90.0 - lat0)]
    } else if cos_p == 0.0 || cos_p.abs() < 1e-15 {
        // Any latitude will do, if the reference point is on the equator.
        if lat0 != 0.0 {
            return Err(wrong());
        }
        return Ok(latpole.clamp(-90.0, 90.0));
    } else {
        let (scale, sin) = (cos_p.abs(), lat0.to_radians().sin());
        let under = (scale - sin) * (scale + sin);
        if under < -1e-13 {
            return Err(wrong());
        }
        let middle = if cos_p > 0.0 { 0.0 } else { 180.0 };
        let off = under.max(0.0).sqrt().atan2(sin).to_degrees();
        [middle + off, middle - off]
    };
    let in_range = candidates.map(|lat| if lat > 180.0 { lat - 360.0 } else { lat });
    let valid = in_range.iter().copied().filter(|lat| lat.abs() <= 90.0 + 1e-11);
    valid
        .min_by(|a, b| (a - latpole).abs().total_cmp(&(b - latpole).abs()))
        .map(|lat| lat.clamp(-90.0, 90.0))
        .ok_or_else(wrong)
}

/// Longitude of the native pole (equations 9 and 10), θ0 = 0.
fn pole_longitude(lon0: f64, lat0: f64, pole_lat: f64, lonpole: f64) -> f64 {
    let lon = if pole_lat >= 90.0 {
        lon0 + lonpole - 180.0
    } else if pole_lat <= -90.0 {
        lon0 - lonpole
    } else if lat0.abs() >= 90.0 {
        lon0
    } else {
        let (sin_p, _) = sin_cos_deg(lonpole);
        let (sin_0, cos_0) = sin_cos_deg(lat0);
        let (sin_d, cos_d) = sin_cos_deg(pole_lat);
        if sin_p == 0.0 {
            // Only the sign of the cosine matters.
            if sin_d * sin_0 > 0.0 { lon0 - 180.0 } else { lon0 }
        } else {
            let sine = sin_p / cos_0;
            let cosine = -sin_d * sin_0 / (cos_d * cos_0);
            lon0 - sine.atan2(cosine).to_degrees()
        }
    };
    wrap_360(lon)
}
