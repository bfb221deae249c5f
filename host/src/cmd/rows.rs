//! Rows of a table as they are named on the command line.

use std::ops::Range;
use std::str::FromStr;

/// Rows as a user names them; negative ones count from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rows {
    start: Option<i64>,
    end: Option<i64>,
}

impl FromStr for Rows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| match text {
            "" => Ok(None),
            _ => text.parse().map(Some).map_err(|_| format!("'{text}' is no number of a row")),
        };
        match text.split_once(':') {
            Some((start, end)) => Ok(Rows { start: number(start)?, end: number(end)? }),
            None => match number(text)? {
                Some(rows @ 0..) => Ok(Rows { start: None, end: Some(rows) }),
                _ => Err("expected a number of rows, or FROM:TO".into()),
            },
        }
    }
}

impl Rows {
    /// The rows of a table of `total` rows.
    pub(crate) fn of(self, total: usize) -> Range<usize> {
        let place = |row: i64| match usize::try_from(row) {
            Ok(row) => row.min(total),
            Err(_) => total.saturating_sub(row.unsigned_abs().try_into().unwrap_or(usize::MAX)),
        };
        let start = self.start.map_or(0, place);
        start..self.end.map_or(total, place).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_named_as_in_python() {
        let of = |text: &str| text.parse::<Rows>().unwrap().of(100);
        for (text, range) in [
            ("10", 0..10),
            ("0", 0..0),
            ("1000", 0..100),
            (":", 0..100),
            ("5:20", 5..20),
            ("95:", 95..100),
            ("-5:", 95..100),
            (":-95", 0..5),
            ("-1000:3", 0..3),
            ("-5:-2", 95..98),
            ("20:5", 20..20),
            ("-9223372036854775808:1", 0..1),
        ] {
            assert_eq!(of(text), range, "{text}");
        }
        for text in ["", "-5", "x", "1:2:3", "1.5", "1:x"] {
            assert!(text.parse::<Rows>().is_err(), "{text}");
        }
    }
}
