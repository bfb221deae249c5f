//! Writing curves as a Spec file.

use std::io::{self, Write};

/// Curves over one abscissa.
#[derive(Debug, Clone, Copy)]
pub struct Curves<'a> {
    /// The number of the scan.
    pub number: i64,
    /// Name of the abscissa and its values.
    pub x: (&'a str, &'a [f64]),
    /// Names of the curves and their values, as many as the abscissa has.
    pub y: &'a [(&'a str, &'a [f64])],
    /// Significant digits: 7 as silx writes, 17 to keep every bit.
    pub digits: usize,
}

/// Writes a scan. `file` is the name for the file header; `None` leaves that out, for scans after the
/// first. `date` is a date as C's `ctime` gives it.
///
/// # Errors
/// What the output says; and [`io::ErrorKind::InvalidInput`] for curves of another length than the
/// abscissa, and for names that would break the line or hold two blanks.
pub fn write(
    out: &mut dyn Write,
    file: Option<&str>,
    date: &str,
    curves: &Curves<'_>,
) -> io::Result<()> {
    let (x_name, x) = curves.x;
    let invalid = |reason: String| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    for (name, values) in std::iter::once(&curves.x).chain(curves.y) {
        if values.len() != x.len() {
            return invalid(format!(
                "'{name}' has {} values, '{x_name}' {}",
                values.len(),
                x.len()
            ));
        }
        if name.is_empty()
            || name.trim() != *name
            || name.contains("  ")
            || name.contains(['\n', '\r'])
        {
            return invalid(format!("{name:?} is no name for a column"));
        }
    }
    if file.unwrap_or_default().contains('\n') || date.contains('\n') {
        return invalid("a header line has no line break".to_owned());
    }
    if let Some(file) = file {
        write!(out, "#F {file}\n#D {date}\n")?;
    }
    let command = curves.y.first().map_or(x_name, |(name, _)| name);
    write!(
        out,
        "\n#S {} {command}\n#D {date}\n#N {}\n#L {x_name}",
        curves.number,
        curves.y.len() + 1
    )?;
    for (name, _) in curves.y {
        write!(out, "  {name}")?;
    }
    out.write_all(b"\n")?;
    for (row, value) in x.iter().enumerate() {
        out.write_all(general(*value, curves.digits).as_bytes())?;
        for (_, values) in curves.y {
            write!(out, "  {}", general(values[row], curves.digits))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A number as C's `%.<digits>g` shows it.
pub(crate) fn general(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        let sign = if value.is_sign_negative() && !value.is_nan() { "-" } else { "" };
        return format!("{sign}{}", if value.is_nan() { "nan" } else { "inf" });
    }
    let digits = digits.clamp(1, 100);
    // Rounding may carry into another digit, so the exponent is taken from the rounded number.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..digits as i32).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent) as usize;
        return short(&format!("{value:.decimals$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", short(mantissa), exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_c() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (123_456.789, "123456.8"),
            (1_234_567.0, "1234567"),
            (9_999_999.9, "1e+07"),
            (12_345_678.0, "1.234568e+07"),
            (0.0001, "0.0001"),
            (0.000_012_3, "1.23e-05"),
            (-1e300, "-1e+300"),
            (1e-310, "1e-310"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
            (0.99999999, "1"),
        ];
        for (value, expected) in cases {
            assert_eq!(general(value, 7), expected, "{value:e}");
        }
        assert_eq!(general(0.1, 17), "0.10000000000000001");
    }

    #[test]
    fn curves_are_written_as_silx_writes_them() {
        let curves = Curves {
            number: 3,
            x: ("X", &[1.0, 2.5]),
            y: &[("Y", &[0.1, 1e-7]), ("Z z", &[3.0, f64::NAN])],
            digits: 7,
        };
        let mut out = Vec::new();
        write(&mut out, Some("a.dat"), "Thu Jan  1 00:00:00 1970", &curves).unwrap();
        let expected = "#F a.dat\n#D Thu Jan  1 00:00:00 1970\n\n#S 3 Y\n#D Thu Jan  1 00:00:00 1970\n\
                        #N 3\n#L X  Y  Z z\n1  0.1  3\n2.5  1e-07  nan\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let wrong = Curves { y: &[("Y", &[1.0])], ..curves };
        let error = write(&mut Vec::new(), None, "", &wrong).unwrap_err();
        assert_eq!(error.to_string(), "'Y' has 1 values, 'X' 2");
        let wrong = Curves { x: ("two  blanks", &[1.0, 2.0]), ..curves };
        assert!(write(&mut Vec::new(), None, "", &wrong).is_err());
    }
}
