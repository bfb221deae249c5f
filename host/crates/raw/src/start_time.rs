//! The start of a run, from the name of its recording: the last `YYYYMMDD-HHMMSS` or `YYYYMMDDTHHMMSS`, with `Z` in UTC,
//! without it in local time.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Unix seconds of the start that a file name tells.
pub fn start_time(name: &str) -> Option<f64> {
    let bytes = name.as_bytes();
    let at = (0..bytes.len().checked_sub(14)?).rev().find(|&at| stamp(bytes, at).is_some())?;
    let [year, month, day, hour, minute, second] = stamp(bytes, at)?;
    let narrow = |n: u32| i8::try_from(n).ok();
    let time = DateTime::new(
        i16::try_from(year).ok()?,
        narrow(month)?,
        narrow(day)?,
        narrow(hour)?,
        narrow(minute)?,
        narrow(second)?,
        0,
    )
    .ok()?;
    let zone = if bytes.get(at + 15) == Some(&b'Z') { TimeZone::UTC } else { TimeZone::system() };
    Some(time.to_zoned(zone).ok()?.timestamp().as_second() as f64)
}

/// Unix seconds as text, UTC, to the millisecond.
pub fn utc(seconds: f64) -> Option<String> {
    let millis = (seconds * 1e3).round();
    if !millis.is_finite() {
        return None;
    }
    let time = jiff::Timestamp::from_millisecond(millis as i64).ok()?;
    Some(time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S.%3f UTC").to_string())
}

fn number(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    bytes
        .get(at..at + digits)?
        .iter()
        .try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

fn stamp(bytes: &[u8], at: usize) -> Option<[u32; 6]> {
    if !matches!(bytes.get(at + 8), Some(b'-' | b'T')) {
        return None;
    }
    Some([
        number(bytes, at, 4)?,
        number(bytes, at + 4, 2)?,
        number(bytes, at + 6, 2)?,
        number(bytes, at + 9, 2)?,
        number(bytes, at + 11, 2)?,
        number(bytes, at + 13, 2)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_time_in_the_name_counts() {
        assert_eq!(start_time("20241218-150158Z-pulser.bin"), Some(1734534118.0));
        assert_eq!(start_time("a20200101T000000Z_20241218T150158Z"), Some(1734534118.0));
        assert_eq!(start_time("pulser.bin"), None);
        assert_eq!(start_time("20241399-150158Z"), None);
        assert_eq!(start_time(""), None);
        assert_eq!(utc(1734534118.25).unwrap(), "2024-12-18 15:01:58.250 UTC");
        assert_eq!(utc(f64::NAN), None);
    }
}
