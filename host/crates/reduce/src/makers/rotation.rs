//! The field of view turns about its pointing while it follows the sky: steps of time over which a rate aligned with the horizon is
//! averaged.

use tierline_sky::frame::transform;
use tierline_sky::{AltAz, EarthLocation, FovFrame, Frame, SkyCoord};

use super::map::pointing;
use crate::Error;
use crate::data::{Observation, Time};

/// Seconds of the shortest step.
const MIN_STEP_S: f64 = 1.0;
/// Steps, at most.
const MAX_STEPS: usize = 100_000;
/// Degrees by which the Earth turns in a second, with a turn to the day of 86400 s, as in the peer.
const EARTH_DEG_PER_S: f64 = 360.0 / 86_400.0;

/// An observation in the frame of the horizon.
pub(crate) struct Rotation {
    pointing: SkyCoord,
    location: EarthLocation,
    start: Time,
    duration_s: f64,
}

impl Rotation {
    /// From the start of the observation on, for its time on the target.
    ///
    /// # Errors
    /// Where its pointing is not fixed on the sky, or it has no times or no place.
    pub(crate) fn new(observation: &Observation) -> Result<Self, Error> {
        let wrong = |reason: &str| {
            Error::parameter(format!("observation {}", observation.id), reason.to_owned())
        };
        let place = observation.info.location.ok_or_else(|| {
            wrong("its place (GEOLON, GEOLAT, ALTITUDE) is needed for a background aligned with the horizon")
        })?;
        let start = observation.start().ok_or_else(|| wrong("it has no good time"))?;
        let duration_s = observation.ontime();
        if !(duration_s > 0.0 && duration_s.is_finite()) {
            return Err(wrong(&format!("its good time is {duration_s} s")));
        }
        let location = EarthLocation::geodetic(place.lon, place.lat, place.height)?;
        Ok(Rotation { pointing: pointing(observation)?, location, start, duration_s })
    }

    /// Altitude and azimuth some seconds after the start.
    fn horizon(&self, seconds: f64) -> Result<AltAz, Error> {
        Ok(AltAz::new(&self.location, &self.start.plus(seconds).instant())?)
    }

    /// Seconds from the start, its end included, between which the field turns by about `step_deg`.
    ///
    /// # Errors
    /// Where the step is not positive, there are too many, or the time is too far from the present.
    pub(crate) fn steps(&self, step_deg: f64) -> Result<Vec<f64>, Error> {
        if step_deg.is_nan() || step_deg <= 0.0 {
            let reason = format!("expected a positive angle, found {step_deg} deg");
            return Err(Error::parameter("fov_rotation_step", reason));
        }
        let [_, latitude, _] = self.location.to_geodetic();
        let mut steps = vec![0.0];
        let mut now = 0.0;
        while now < self.duration_s {
            if steps.len() > MAX_STEPS {
                let reason = format!("more than {MAX_STEPS} steps of {step_deg} deg");
                return Err(Error::parameter("fov_rotation_step", reason));
            }
            let [azimuth, altitude] = self.horizon(now)?.of(&self.pointing);
            let speed =
                EARTH_DEG_PER_S * latitude.to_radians().cos() * azimuth.to_radians().cos().abs();
            let step = step_deg * altitude.to_radians().cos() / speed;
            now = (now + step.max(MIN_STEP_S)).min(self.duration_s);
            steps.push(now);
        }
        Ok(steps)
    }

    /// Weights of the steps in the mean over time by the trapezoidal rule; their sum is 1.
    pub(crate) fn weights(&self, steps: &[f64]) -> Vec<f64> {
        let span = |a: usize, b: usize| steps[b.min(steps.len() - 1)] - steps[a];
        let weight = |k: usize| 0.5 * span(k.saturating_sub(1), k + 1) / self.duration_s;
        (0..steps.len()).map(weight).collect()
    }

    /// Longitudes and latitudes in the field of view, some seconds after the start, of directions of the ICRS.
    ///
    /// # Errors
    /// Where the time is too far from the present.
    pub(crate) fn fov_coords(
        &self,
        seconds: f64,
        icrs: &[[f64; 3]],
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let horizon = self.horizon(seconds)?;
        let [azimuth, altitude] = horizon.of(&self.pointing);
        let field = FovFrame::new(azimuth, altitude);
        let coords = |vector: &[f64; 3]| {
            if !vector[0].is_finite() {
                return (f64::NAN, f64::NAN);
            }
            let [azimuth, altitude] = horizon.of_vector(*vector);
            let [lon, lat] = field.of(azimuth, altitude);
            (lon, lat)
        };
        Ok(icrs.iter().map(coords).unzip())
    }
}

/// Directions of a frame in the ICRS.
pub(crate) fn to_icrs(frame: Frame, vectors: &[[f64; 3]]) -> Vec<[f64; 3]> {
    vectors.iter().map(|vector| transform(*vector, frame, Frame::Icrs)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::TimeScale;

    fn rotation(duration_s: f64) -> Rotation {
        Rotation {
            pointing: SkyCoord::icrs(83.63, 22.51),
            location: EarthLocation::geodetic(16.5, -23.27, 1835.0).unwrap(),
            start: Time::from_mjd(53343, 0.92234, TimeScale::Tt).unwrap(),
            duration_s,
        }
    }

    #[test]
    fn steps_and_weights_fill_the_time() {
        let rotation = rotation(1687.0);
        let steps = rotation.steps(1.0).unwrap();
        assert!(steps.len() > 5 && steps.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((steps[0], steps[steps.len() - 1]), (0.0, 1687.0));
        let weights = rotation.weights(&steps);
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((weights[0] - 0.5 * steps[1] / 1687.0).abs() < 1e-15);
        assert_eq!(rotation.steps(f64::INFINITY).unwrap(), [0.0, 1687.0]);
        assert!(rotation.steps(0.0).is_err() && rotation.steps(f64::NAN).is_err());
        let (lon, lat) =
            rotation.fov_coords(9.0, &[rotation.pointing.vector(), [f64::NAN; 3]]).unwrap();
        assert!(lon[0].abs() < 1e-9 && lat[0].abs() < 1e-9 && lon[1].is_nan());
    }

    #[test]
    fn there_is_a_limit_to_steps() {
        assert!(rotation(1e6).steps(1e-9).is_err());
    }
}
