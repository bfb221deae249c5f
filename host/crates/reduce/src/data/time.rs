//! Times with the scale in which they are told.

use tierline_sky::{Scale, Time as Instant};

use crate::Error;

/// How time is counted.
pub type TimeScale = Scale;

/// A time and the scale in which it is told. Seconds between times are those of the SI, whatever the scales.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    instant: Instant,
    scale: TimeScale,
}

impl Time {
    /// A time from a modified Julian date in two parts, in days.
    ///
    /// # Errors
    /// Where it is none that a calendar has, or UTC before 1972.
    pub fn from_mjd(days: i64, fraction: f64, scale: TimeScale) -> Result<Self, Error> {
        Ok(Time { instant: Instant::from_mjd(scale, days as f64, fraction)?, scale })
    }

    /// A time as ISO text, `2004-12-04T22:08:08`.
    ///
    /// # Errors
    /// Where it is none.
    pub fn from_iso(text: &str, scale: TimeScale) -> Result<Self, Error> {
        Ok(Time { instant: Instant::from_iso(scale, text.trim())?, scale })
    }

    /// The time some seconds later; as it is where that is no time.
    #[must_use]
    pub fn plus(self, seconds: f64) -> Self {
        let instant = self.instant.plus_seconds(seconds).unwrap_or(self.instant);
        Time { instant, scale: self.scale }
    }

    /// Seconds from another time to this one.
    pub fn since(&self, other: &Time) -> f64 {
        self.instant.seconds_since(&other.instant)
    }

    /// The modified Julian date in days of its scale, in two parts.
    ///
    /// # Errors
    /// Where it is UTC before 1972.
    pub fn mjd(&self) -> Result<[f64; 2], Error> {
        Ok(self.instant.mjd(self.scale)?)
    }

    /// The instant.
    pub fn instant(&self) -> Instant {
        self.instant
    }

    /// Its scale.
    pub fn scale(&self) -> TimeScale {
        self.scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_kept_across_scales() {
        let reference = Time::from_mjd(51910, 0.000742870370370241, TimeScale::Tt).unwrap();
        let time = reference.plus(123890826.000001);
        assert!((time.since(&reference) - 123890826.000001).abs() < 1e-8);
        let [day, part] = time.mjd().unwrap();
        assert!((day + part - 53343.92234009).abs() < 1e-6);
        assert_eq!(time.plus(-1.0).since(&time), -1.0);
        assert_eq!(time.plus(f64::NAN), time);
        // 32 leap seconds, and TT is 32.184 s ahead of TAI.
        let utc = Time::from_mjd(53343, 0.0, TimeScale::Utc).unwrap();
        let tt = Time::from_mjd(53343, 0.0, TimeScale::Tt).unwrap();
        assert!((utc.since(&tt) - 64.184).abs() < 1e-9);
        assert_eq!(utc.mjd().unwrap(), [53343.0, 0.0]);
    }
}
