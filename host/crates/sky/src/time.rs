//! Times in two parts, and their scales.

use crate::Error;

/// A time scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Terrestrial time.
    Tt,
    /// International atomic time: TT less 32.184 s.
    Tai,
    /// Coordinated universal time: TAI less whole seconds, from 1972 on.
    Utc,
}

impl Scale {
    /// `tt`, `tai` or `utc`.
    pub fn name(self) -> &'static str {
        match self {
            Scale::Tt => "tt",
            Scale::Tai => "tai",
            Scale::Utc => "utc",
        }
    }

    /// The scale of a name, in capital letters or not.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        match name.trim().to_ascii_lowercase().as_str() {
            "tt" => Ok(Scale::Tt),
            "tai" => Ok(Scale::Tai),
            "utc" => Ok(Scale::Utc),
            _ => Err(Error::unsupported(
                "time scale",
                format!("expected tt, tai or utc, found {}", name.trim()),
            )),
        }
    }
}

/// TT less TAI in seconds.
const TT_TAI: f64 = 32.184;
const DAY: f64 = 86_400.0;
/// Days that are taken for times: thirty thousand years.
const MAX_DAYS: f64 = 1e7;

/// MJD of the days from which on TAI less UTC is so many seconds (IERS Bulletin C; complete to the end of 2026).
const LEAP_SECONDS: [(i64, i64); 28] = [
    (41317, 10),
    (41499, 11),
    (41683, 12),
    (42048, 13),
    (42413, 14),
    (42778, 15),
    (43144, 16),
    (43509, 17),
    (43874, 18),
    (44239, 19),
    (44786, 20),
    (45151, 21),
    (45516, 22),
    (46247, 23),
    (47161, 24),
    (47892, 25),
    (48257, 26),
    (48804, 27),
    (49169, 28),
    (49534, 29),
    (50083, 30),
    (50630, 31),
    (51179, 32),
    (53736, 33),
    (54832, 34),
    (56109, 35),
    (57204, 36),
    (57754, 37),
];

/// TAI less UTC on a day of UTC; `None` before 1972.
fn tai_utc(day: i64) -> Option<f64> {
    let at = LEAP_SECONDS.partition_point(|(from, _)| *from <= day).checked_sub(1)?;
    LEAP_SECONDS.get(at).map(|(_, seconds)| *seconds as f64)
}

fn before_1972(day: i64) -> Error {
    Error::unsupported("UTC", format!("MJD {day}, times before 1972"))
}

/// An instant: days and seconds of TT, precise to a nanosecond for as long as there have been days.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Time {
    /// MJD.
    day: i64,
    /// In [0, 86400).
    seconds: f64,
}

impl Time {
    /// From a day of TT and seconds, of which there may be more than in a day.
    fn normal(day: f64, seconds: f64) -> Result<Self, Error> {
        let carry = (seconds / DAY).floor();
        let mut whole = day + carry;
        let mut rest = seconds - carry * DAY;
        if rest >= DAY {
            whole += 1.0;
            rest -= DAY;
        }
        if !(whole.abs() <= MAX_DAYS && (0.0..=DAY).contains(&rest)) {
            return Err(Error::parameter("time", format!("MJD {day} and {seconds} s")));
        }
        Ok(Time { day: whole as i64, seconds: rest })
    }

    /// From a modified Julian date in two parts, the first of which need not be whole.
    ///
    /// # Errors
    /// Where it is out of all range, or UTC before 1972.
    pub fn from_mjd(scale: Scale, first: f64, second: f64) -> Result<Self, Error> {
        if !(first.abs() <= MAX_DAYS && second.abs() <= MAX_DAYS) {
            return Err(Error::parameter("time", format!("MJD {first} and {second}")));
        }
        let (day_1, day_2) = (first.floor(), second.floor());
        let fraction = (first - day_1) + (second - day_2);
        let extra = fraction.floor();
        Self::from_day(scale, day_1 + day_2 + extra, fraction - extra)
    }

    /// From a whole day and the elapsed part of it.
    fn from_day(scale: Scale, day: f64, fraction: f64) -> Result<Self, Error> {
        match scale {
            Scale::Tt => Self::normal(day, fraction * DAY),
            Scale::Tai => Self::normal(day, fraction * DAY + TT_TAI),
            Scale::Utc => Self::from_utc(day, fraction * day_length(day as i64)),
        }
    }

    /// From a day of UTC and seconds of it, of which there may be 86401.
    fn from_utc(day: f64, seconds: f64) -> Result<Self, Error> {
        let leap = tai_utc(day as i64).ok_or_else(|| before_1972(day as i64))?;
        Self::normal(day, seconds + (leap + TT_TAI))
    }

    /// From seconds after a reference, as in GADF files: MJDREFI and MJDREFF, in days of TIMESYS. Seconds are those of the SI.
    ///
    /// # Errors
    /// As [`from_mjd`](Self::from_mjd).
    pub fn from_reference(scale: Scale, mjdref: [f64; 2], seconds: f64) -> Result<Self, Error> {
        Self::from_mjd(scale, mjdref[0], mjdref[1])?.plus_seconds(seconds)
    }

    /// The time so many SI seconds later.
    ///
    /// # Errors
    /// Where it is out of all range.
    pub fn plus_seconds(&self, seconds: f64) -> Result<Self, Error> {
        // Whole days apart, so that nothing of the rest is lost.
        let days = (seconds / DAY).trunc();
        let rest = seconds - days * DAY;
        Self::normal(self.day as f64 + days, self.seconds + rest)
    }

    /// SI seconds since another time.
    pub fn seconds_since(&self, other: &Time) -> f64 {
        (self.day - other.day) as f64 * DAY + (self.seconds - other.seconds)
    }

    /// The time in the middle of two.
    ///
    /// # Errors
    /// None, of times that exist.
    pub fn midpoint(&self, other: &Time) -> Result<Self, Error> {
        self.plus_seconds(0.5 * other.seconds_since(self))
    }

    /// Whole day (MJD) and seconds of it. A day of UTC with a leap second has 86401 of them.
    ///
    /// # Errors
    /// For UTC before 1972.
    pub fn day_and_seconds(&self, scale: Scale) -> Result<(i64, f64), Error> {
        let shifted = |by: f64| {
            let seconds = self.seconds - by;
            if seconds < 0.0 { (self.day - 1, seconds + DAY) } else { (self.day, seconds) }
        };
        match scale {
            Scale::Tt => Ok((self.day, self.seconds)),
            Scale::Tai => Ok(shifted(TT_TAI)),
            Scale::Utc => {
                // Of the days that come into question the last that has begun.
                for day in [self.day, self.day - 1] {
                    let leap = tai_utc(day).ok_or_else(|| before_1972(day))?;
                    let seconds = self.seconds - (leap + TT_TAI) + (self.day - day) as f64 * DAY;
                    if seconds >= 0.0 {
                        return Ok((day, seconds));
                    }
                }
                Err(before_1972(self.day))
            }
        }
    }

    /// Modified Julian date as whole day and part of the day.
    ///
    /// # Errors
    /// For UTC before 1972.
    pub fn mjd(&self, scale: Scale) -> Result<[f64; 2], Error> {
        let (day, seconds) = self.day_and_seconds(scale)?;
        let length = if scale == Scale::Utc { day_length(day) } else { DAY };
        Ok([day as f64, seconds / length])
    }

    /// Modified Julian date in one number, precise to a microsecond.
    ///
    /// # Errors
    /// For UTC before 1972.
    pub fn mjd_f64(&self, scale: Scale) -> Result<f64, Error> {
        let [day, part] = self.mjd(scale)?;
        Ok(day + part)
    }

    /// Date and time of day as text, `2004-12-04T22:08:58.184`, with so many decimals, at most nine, rounded.
    ///
    /// # Errors
    /// For UTC before 1972.
    pub fn iso(&self, scale: Scale, decimals: usize) -> Result<String, Error> {
        let decimals = decimals.min(9);
        let (mut day, seconds) = self.day_and_seconds(scale)?;
        let unit = 10f64.powi(decimals as i32);
        let length = if scale == Scale::Utc { day_length(day) } else { DAY };
        let mut ticks = (seconds * unit).round();
        if ticks >= length * unit {
            day += 1;
            ticks = 0.0;
        }
        let per_second = unit as u64;
        let (whole, part) = (ticks as u64 / per_second, ticks as u64 % per_second);
        let (hour, minute) = ((whole / 3600).min(23), whole / 60);
        // The 86401st second is the 61st of its minute.
        let minute = (minute - hour * 60).min(59);
        let second = whole - hour * 3600 - minute * 60;
        let [year, month, date] = date_of_mjd(day);
        let mut text = format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}");
        if decimals > 0 {
            text.push_str(&format!(".{part:0decimals$}"));
        }
        Ok(text)
    }

    /// Reads date and time of day: `2004-12-04`, `2004-12-04T22:08`, `2004-12-04 22:08:58.184`; a `Z` at the end is passed over.
    ///
    /// # Errors
    /// Where it is not of that form or no date.
    pub fn from_iso(scale: Scale, text: &str) -> Result<Self, Error> {
        let wrong =
            || Error::malformed("time", format!("expected a date, found '{}'", text.trim()));
        let trimmed = text.trim().trim_end_matches(['Z', 'z']);
        let (date, clock) = trimmed.split_once(['T', 't', ' ']).unwrap_or((trimmed, "00:00"));
        let mut parts = date.splitn(3, '-');
        let mut whole = |digits: usize| -> Option<i64> {
            let part = parts.next()?;
            let fine = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| fine)
        };
        let date = whole(4).zip(whole(2)).zip(whole(2));
        let ((year, month), day) = date.ok_or_else(wrong)?;
        let mjd = mjd_of_date(year, month, day).ok_or_else(wrong)?;
        let length = if scale == Scale::Utc { day_length(mjd) } else { DAY };
        let seconds = seconds_of_clock(clock.trim(), length).ok_or_else(wrong)?;
        match scale {
            Scale::Tt => Self::normal(mjd as f64, seconds),
            Scale::Tai => Self::normal(mjd as f64, seconds + TT_TAI),
            Scale::Utc => Self::from_utc(mjd as f64, seconds),
        }
    }
}

/// Seconds of a day of UTC.
fn day_length(day: i64) -> f64 {
    match (tai_utc(day), tai_utc(day.saturating_add(1))) {
        (Some(today), Some(tomorrow)) => DAY + (tomorrow - today),
        _ => DAY,
    }
}

/// Seconds of `hh:mm` or `hh:mm:ss.s`.
fn seconds_of_clock(clock: &str, length: f64) -> Option<f64> {
    let mut parts = clock.splitn(3, ':');
    let two = |part: &str| -> Option<f64> {
        let fine = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| fine)
    };
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let second = match parts.next() {
        None => 0.0,
        Some(part) => {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            let value: f64 = part.parse().ok().filter(|_| plain)?;
            (value < 61.0).then_some(value)?
        }
    };
    if hour > 23.0 || minute > 59.0 {
        return None;
    }
    let seconds = hour * 3600.0 + minute * 60.0 + second;
    // A second past 59 is there at the end of some days only.
    let fine = second < 60.0 || (hour == 23.0 && minute == 59.0 && seconds < length);
    fine.then_some(seconds)
}

/// MJD of a date of the Gregorian calendar.
fn mjd_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) {
        return None;
    }
    // Years from March on, so that the leap day is the last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let of_year = (153 * m + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 678_881)
}

/// Year, month and day of an MJD.
fn date_of_mjd(mjd: i64) -> [i64; 3] {
    let days = mjd + 678_881;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let date = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    [year + era * 400 + i64::from(month <= 2), month, date]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_differ_by_what_they_should() {
        let time = Time::from_iso(Scale::Utc, "2004-12-04T22:07:54.000").unwrap();
        assert_eq!(time.iso(Scale::Tai, 3).unwrap(), "2004-12-04T22:08:26.000");
        assert_eq!(time.iso(Scale::Tt, 3).unwrap(), "2004-12-04T22:08:58.184");
        assert_eq!(time.iso(Scale::Utc, 0).unwrap(), "2004-12-04T22:07:54");
        let tt = time.mjd_f64(Scale::Tt).unwrap();
        assert!((tt - 53343.92289_f64).abs() < 1e-5, "{tt}");
    }

    #[test]
    fn leap_seconds_are_there() {
        let before = Time::from_iso(Scale::Utc, "2016-12-31T23:59:59").unwrap();
        let leap = before.plus_seconds(1.0).unwrap();
        assert_eq!(leap.iso(Scale::Utc, 1).unwrap(), "2016-12-31T23:59:60.0");
        assert_eq!(Time::from_iso(Scale::Utc, "2016-12-31 23:59:60").unwrap(), leap);
        let after = Time::from_iso(Scale::Utc, "2017-01-01").unwrap();
        assert!((after.seconds_since(&before) - 2.0).abs() < 1e-10);
        assert_eq!(leap.iso(Scale::Utc, 0).unwrap().len(), 19);
        let [day, part] = leap.mjd(Scale::Utc).unwrap();
        assert_eq!((day, part), (57753.0, 86_400.0 / 86_401.0));
        assert!(Time::from_iso(Scale::Utc, "2015-12-31T23:59:60").is_err());
        assert!(Time::from_iso(Scale::Tt, "2016-12-31T23:59:60").is_err());
    }

    #[test]
    fn nanoseconds_stay() {
        let time = Time::from_reference(Scale::Tt, [51910.0, 0.000_742_870_370_370_4], 0.0);
        let time = time.unwrap().plus_seconds(123_456_789.123_456_79).unwrap();
        let later = time.plus_seconds(1e-9).unwrap();
        assert!((later.seconds_since(&time) - 1e-9).abs() < 2e-11);
        for scale in [Scale::Tt, Scale::Tai, Scale::Utc] {
            let [day, part] = later.mjd(scale).unwrap();
            let back = Time::from_mjd(scale, day, part).unwrap();
            assert!(back.seconds_since(&later).abs() < 1e-10);
        }
    }

    #[test]
    fn dates_go_round() {
        for mjd in (-700_000..700_000).step_by(37) {
            let [year, month, day] = date_of_mjd(mjd);
            assert_eq!(mjd_of_date(year, month, day), Some(mjd));
        }
        assert_eq!(mjd_of_date(2000, 1, 1), Some(51544));
        assert_eq!(mjd_of_date(1858, 11, 17), Some(0));
        assert_eq!(date_of_mjd(60_369), [2024, 2, 29]);
    }

    #[test]
    fn bad_times_are_refused() {
        for text in [
            "",
            "2004",
            "2004-13-01",
            "2004-02-30",
            "2004-1-1",
            "2004-01-01T24:00",
            "+004-01-01",
            "2004-01-01T1:00",
            "2004-01-01T10:00:61",
            "2004-01-01T10:00:-1",
            "é004-01-01",
            "2004-01-01T10:00:nan",
            "1960-01-01",
        ] {
            assert!(Time::from_iso(Scale::Utc, text).is_err(), "{text}");
        }
        for bad in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert!(Time::from_mjd(Scale::Tt, bad, 0.0).is_err());
            assert!(Time::from_mjd(Scale::Tt, 0.0, bad).is_err());
            assert!(Time::from_reference(Scale::Tt, [51910.0, 0.0], bad).is_err());
        }
        assert!(Scale::of_name("UTC").is_ok() && Scale::of_name("local").is_err());
    }
}
