//! Numbers in rows of text.

/// How the numbers and names of a Spec file are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// As silx takes them: `nan` and `inf` are 0; the carriage return of a DOS file is a part of names;
    /// names end after 255 bytes; a number at the end of the file without a newline is left out; blanks at
    /// the end of `#O` and `#P` lines are motors without name or at 0, which may shift positions.
    #[default]
    Compatible,
    /// As they are meant: none of that.
    Strict,
}

/// Whether a byte stands between numbers.
fn separates(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'\\')
}

/// Calls with every number of a text and whether any digit stood there. Stops when told to.
pub(super) fn each(text: &[u8], reading: Reading, take: &mut dyn FnMut(f64, bool)) {
    let mut rest = text;
    loop {
        let Some(start) = rest.iter().position(|byte| !separates(*byte)) else { return };
        rest = &rest[start..];
        if let Ok((value, length)) = fast_float2::parse_partial::<f64, _>(rest)
            && rest.get(length).is_none_or(|byte| separates(*byte))
            && (reading == Reading::Strict || value.is_finite())
        {
            take(value, true);
            rest = &rest[length..];
            continue;
        }
        let end = rest.iter().position(|byte| separates(*byte)).unwrap_or(rest.len());
        let (value, any) = cleaned(&rest[..end]);
        take(value, any);
        rest = &rest[end..];
    }
}

/// The number that is left of a word without the characters that no number has; 0 if none is left.
fn cleaned(word: &[u8]) -> (f64, bool) {
    let keep = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'e' | b'E' | b'.');
    let kept: Vec<u8> = word.iter().copied().filter(keep).collect();
    (prefix(&kept), !kept.is_empty())
}

/// The number a word begins with; 0 if none.
pub(super) fn prefix(word: &[u8]) -> f64 {
    fast_float2::parse_partial::<f64, _>(word).map_or(0.0, |(value, _)| value)
}

/// The integer a text begins with, after blanks, as C's `atol`; 0 if none, and cut at the ends of its type.
pub(super) fn integer(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (sign, digits) = match text.split_first() {
        Some((b'-', rest)) => (-1, rest),
        Some((b'+', rest)) => (1, rest),
        _ => (1, text),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    digits
        .fold(0_i64, |n, digit| n.saturating_mul(10).saturating_add(sign * i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, reading: Reading) -> Vec<f64> {
        let mut found = Vec::new();
        each(text.as_bytes(), reading, &mut |value, _| found.push(value));
        found
    }

    #[test]
    fn odd_words_are_taken_as_silx_takes_them() {
        let text =
            "1.2.3 4D5 0x1F 1e --1 +5 1,2 -e5 1e+400 1e-400 1E5 1-2 12abc34 .5 5. nan -inf x\r";
        let expected = [
            1.2,
            45.0,
            1.0,
            1.0,
            0.0,
            5.0,
            12.0,
            0.0,
            f64::INFINITY,
            0.0,
            1e5,
            1.0,
            1234.0,
            0.5,
            5.0,
            0.0,
            0.0,
            0.0,
        ];
        assert_eq!(all(text, Reading::Compatible), expected);
    }

    #[test]
    fn strictly_nan_and_infinity_are_numbers() {
        let found = all("nan -Inf 1 infinity 1e400", Reading::Strict);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [f64::NEG_INFINITY, 1.0, f64::INFINITY, f64::INFINITY]);
    }

    #[test]
    fn integers_end_where_digits_do() {
        assert_eq!(integer(b"  12 x"), 12);
        assert_eq!(integer(b"-6k"), -6);
        assert_eq!(integer(b"x"), 0);
        assert_eq!(integer(b"99999999999999999999"), i64::MAX);
        assert_eq!(integer(b"-99999999999999999999"), i64::MIN);
    }
}
