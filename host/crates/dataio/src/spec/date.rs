//! Dates of Spec files.

use super::Reading;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A date `Thu Feb 11 09:54:35 2016` or `Sat 2015/03/14 03:53:50`, with or without `+01:00` after the time,
/// as ISO 8601; `None` for other text. What follows is not looked at. A day of one digit keeps its blank
/// where that is how silx writes it.
pub fn iso8601(text: &str, reading: Reading) -> Option<String> {
    let (day_name, rest) = text.split_once(' ')?;
    if !DAYS.contains(&day_name) {
        return None;
    }
    let mut rest = rest.as_bytes();
    let (year, month, day, time, zone);
    if let Some(place) = MONTHS.iter().position(|name| rest.starts_with(name.as_bytes())) {
        rest = rest[3..].strip_prefix(b" ")?;
        month = format!("{:02}", place + 1);
        day = two(&mut rest, b"0123 ")?;
        rest = rest.strip_prefix(b" ")?;
        time = clock(&mut rest)?;
        zone = offset(&mut rest);
        rest = rest.strip_prefix(b" ")?;
        year = four(&mut rest)?;
    } else {
        year = four(&mut rest)?;
        rest = rest.strip_prefix(b"/")?;
        month = two(&mut rest, b"01")?;
        rest = rest.strip_prefix(b"/")?;
        day = two(&mut rest, b"0123 ")?;
        rest = rest.strip_prefix(b" ")?;
        time = clock(&mut rest)?;
        zone = offset(&mut rest);
    }
    let day = match reading {
        Reading::Compatible => day,
        Reading::Strict => day.replace(' ', "0"),
    };
    Some(format!("{year}-{month}-{day}T{time}{zone}"))
}

/// Two characters: one of `first` and a digit.
fn two(rest: &mut &[u8], first: &[u8]) -> Option<String> {
    let [a, b, tail @ ..] = *rest else { return None };
    if !first.contains(a) || !b.is_ascii_digit() {
        return None;
    }
    *rest = tail;
    Some([char::from(*a), char::from(*b)].iter().collect())
}

fn four(rest: &mut &[u8]) -> Option<String> {
    const ANY: &[u8] = b"0123456789";
    Some(two(rest, ANY)? + &two(rest, ANY)?)
}

/// `hh:mm:ss`.
fn clock(rest: &mut &[u8]) -> Option<String> {
    let hours = two(rest, b"012")?;
    *rest = rest.strip_prefix(b":")?;
    let minutes = two(rest, b"012345")?;
    *rest = rest.strip_prefix(b":")?;
    Some(format!("{hours}:{minutes}:{}", two(rest, b"012345")?))
}

/// `+hh:mm`, or nothing.
fn offset(rest: &mut &[u8]) -> String {
    match *rest {
        [b'+' | b'-', a, b, b':', c, d, tail @ ..]
            if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) =>
        {
            let text = rest[..6].iter().map(|byte| char::from(*byte)).collect();
            *rest = tail;
            text
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_iso_8601() {
        for (text, expected) in [
            ("Thu Feb 11 09:54:35 2016", Some("2016-02-11T09:54:35")),
            ("Sun Sep  9 01:47:00 2001\r", Some("2001-09- 9T01:47:00")),
            ("Thu Feb 11 09:54:35-02:00 2016 x", Some("2016-02-11T09:54:35-02:00")),
            ("Sat 2015/03/14 03:53:50", Some("2015-03-14T03:53:50")),
            ("Sat 2015/03/14 03:53:50+01:00", Some("2015-03-14T03:53:50+01:00")),
            ("Sat 2015/03/14 03:53:50+1:00", Some("2015-03-14T03:53:50")),
            ("Sat 2015/23/14 03:53:50", None),
            ("thu Feb 11 09:54:35 2016", None),
            ("Thu feb 11 09:54:35 2016", None),
            ("Thu Feb 11 09:54:35 16", None),
            ("Thu Feb 11 09:64:35 2016", None),
            ("yesterday", None),
            ("", None),
            ("Thu é", None),
        ] {
            assert_eq!(iso8601(text, Reading::Compatible).as_deref(), expected, "{text}");
        }
        let strict = iso8601("Sun Sep  9 01:47:00 2001", Reading::Strict);
        assert_eq!(strict.as_deref(), Some("2001-09-09T01:47:00"));
    }
}
