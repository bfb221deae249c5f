//! Times between UTC, as events have them, and TAI, as DL1 files have them.
//!
//! Leap seconds are those of the IERS' Bulletin C; there was none after 2017 when this was written.

use crate::event::Time;

/// The time now, UTC, as DL1 files write it: `YYYY-MM-DD hh:mm:ss.sss`.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Seconds since 1970 (UTC) at which TAI − UTC becomes so many seconds.
const LEAP_SECONDS: [(i64, i64); 28] = [
    (63_072_000, 10),
    (78_796_800, 11),
    (94_694_400, 12),
    (126_230_400, 13),
    (157_766_400, 14),
    (189_302_400, 15),
    (220_924_800, 16),
    (252_460_800, 17),
    (283_996_800, 18),
    (315_532_800, 19),
    (362_793_600, 20),
    (394_329_600, 21),
    (425_865_600, 22),
    (489_024_000, 23),
    (567_993_600, 24),
    (631_152_000, 25),
    (662_688_000, 26),
    (709_948_800, 27),
    (741_484_800, 28),
    (773_020_800, 29),
    (820_454_400, 30),
    (867_715_200, 31),
    (915_148_800, 32),
    (1_136_073_600, 33),
    (1_230_768_000, 34),
    (1_341_100_800, 35),
    (1_435_708_800, 36),
    (1_483_228_800, 37),
];

/// Modified Julian date of 1970-01-01.
const EPOCH_MJD: f64 = 40587.0;
const DAY: i64 = 86_400;
const QUARTERS: f64 = 4e9;

/// TAI − UTC, in s. The ten seconds of 1972 are taken for all times before.
fn leap_seconds(utc: i64) -> i64 {
    let after = LEAP_SECONDS.partition_point(|(from, _)| *from <= utc);
    LEAP_SECONDS[after.max(1) - 1].1
}

/// UTC, in s, of a time that is TAI.
fn utc_of(tai: i64) -> i64 {
    let after = LEAP_SECONDS.partition_point(|(from, leap)| from.saturating_add(*leap) <= tai);
    tai.saturating_sub(LEAP_SECONDS[after.max(1) - 1].1)
}

/// Seconds since 1970-01-01 TAI and quarters of a nanosecond. Times before 1970 are 0, those after 2106 the
/// largest number of seconds.
pub(crate) fn high_resolution(time: Time) -> [u32; 2] {
    let whole = (time.nanoseconds / 1e9).floor();
    let whole = if whole.is_finite() { whole } else { 0.0 };
    let rest = time.nanoseconds - whole * 1e9;
    let mut quarters = (rest * 4.0).round();
    let mut seconds = time.seconds.saturating_add(whole as i64);
    seconds = seconds.saturating_add(leap_seconds(seconds));
    if quarters >= QUARTERS {
        quarters -= QUARTERS;
        seconds = seconds.saturating_add(1);
    }
    [seconds.clamp(0, u32::MAX.into()) as u32, quarters as u32]
}

/// The time of seconds and quarters of a nanosecond.
pub(crate) fn from_high_resolution([seconds, quarters]: [u32; 2]) -> Time {
    Time { seconds: utc_of(seconds.into()), nanoseconds: f64::from(quarters) / 4.0 }
}

/// Modified Julian date, TAI, of seconds since 1970, UTC.
pub(crate) fn mjd(utc: i64) -> f64 {
    let tai = utc.saturating_add(leap_seconds(utc));
    EPOCH_MJD + tai.div_euclid(DAY) as f64 + tai.rem_euclid(DAY) as f64 / DAY as f64
}

/// Seconds since 1970, UTC, of a modified Julian date, TAI.
pub(crate) fn from_mjd(mjd: f64) -> i64 {
    utc_of(((mjd - EPOCH_MJD) * DAY as f64).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_becomes_tai_and_comes_back() {
        let time = Time { seconds: 1_569_847_999, nanoseconds: 557_891_000.0 };
        assert_eq!(high_resolution(time), [1_569_848_036, 2_231_564_000]);
        assert_eq!(from_high_resolution([1_569_848_036, 2_231_564_000]), time);
        let late = Time { seconds: 10, nanoseconds: 1_999_999_999.95 };
        assert_eq!(high_resolution(late), [22, 0]);
        let early = Time { seconds: 100, nanoseconds: -0.25 };
        assert_eq!(high_resolution(early), [109, 3_999_999_999]);
        for (from, leap) in LEAP_SECONDS {
            for utc in [from - 1, from, from + 1] {
                let expected = if utc < from { leap - 1 } else { leap };
                assert_eq!(leap_seconds(utc), expected.max(10));
                assert_eq!(from_mjd(mjd(utc)), utc);
            }
        }
        for seconds in [i64::MIN, -5, 0, i64::MAX] {
            for nanoseconds in [f64::NAN, f64::INFINITY, -1e300, 0.0] {
                high_resolution(Time { seconds, nanoseconds });
            }
        }
        from_mjd(f64::NAN);
        from_mjd(1e300);
    }
}
