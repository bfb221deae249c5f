//! Units as files write them: products, quotients and powers.

use crate::Error;

/// Dimensions: length, time, energy, angle, counts, transits.
const DIMENSIONS: usize = 6;
/// Joule per electron volt, exact in the SI.
const ELECTRON_VOLT: f64 = 1.602176634e-19;
/// Highest power that a unit may have.
const MOST: i32 = 99;
/// Deepest nesting of parentheses.
const DEEPEST: usize = 8;

/// A unit: powers of dimensions with a factor.
///
/// ```
/// use tierline_reduce::Unit;
/// let per_mev = Unit::parse("s^-1 MeV^-1 sr^-1")?;
/// let per_tev = Unit::parse("1/(TeV s sr)")?;
/// assert_eq!(per_mev.factor_to(&per_tev)?, 1e6);
/// # Ok::<(), tierline_reduce::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    text: String,
    size: Size,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Size {
    dimensions: [i32; DIMENSIONS],
    /// Power of ten, kept apart so that decimal factors stay exact.
    decimal: i32,
    factor: f64,
}

impl Size {
    const ONE: Size = Size { dimensions: [0; DIMENSIONS], decimal: 0, factor: 1.0 };

    fn times(self, other: Size, sign: i32) -> Size {
        let dimensions = std::array::from_fn(|i| {
            self.dimensions[i].saturating_add(sign.saturating_mul(other.dimensions[i]))
        });
        let factor = if sign > 0 { self.factor * other.factor } else { self.factor / other.factor };
        let decimal = self.decimal.saturating_add(sign.saturating_mul(other.decimal));
        Size { dimensions, decimal, factor }
    }

    fn power(self, power: i32) -> Size {
        Size {
            dimensions: self.dimensions.map(|n| n.saturating_mul(power)),
            decimal: self.decimal.saturating_mul(power),
            factor: self.factor.powi(power),
        }
    }
}

impl Unit {
    /// Reads a unit; an empty text is that of plain numbers.
    ///
    /// # Errors
    /// Where it is none that is known.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parser = Parser { rest: text.trim() };
        let size = parser.product(0).filter(|_| parser.rest.is_empty());
        match size {
            Some(size) => Ok(Unit { text: text.trim().to_owned(), size }),
            None => Err(Error::parameter(format!("unit {text:?}"), "is not known")),
        }
    }

    /// What values in this unit are multiplied by to be in another.
    ///
    /// # Errors
    /// Where they measure different things.
    pub fn factor_to(&self, other: &Unit) -> Result<f64, Error> {
        if self.size.dimensions != other.size.dimensions {
            return Err(Error::parameter(
                format!("unit {:?}", self.text),
                format!("can't be converted to {:?}", other.text),
            ));
        }
        let factor = self.size.factor / other.size.factor;
        let decimal = self.size.decimal.saturating_sub(other.size.decimal);
        Ok(match decimal {
            0.. => factor * 10_f64.powi(decimal),
            _ => factor / 10_f64.powi(decimal.saturating_neg()),
        })
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// What values are multiplied by to go from one unit to another, both as texts.
///
/// # Errors
/// As [`Unit::parse`] and [`Unit::factor_to`].
pub fn factor(from: &str, to: &str) -> Result<f64, Error> {
    Unit::parse(from)?.factor_to(&Unit::parse(to)?)
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Terms with `*`, `.` or a blank between them, or `/` before one; up to the end or a parenthesis.
    fn product(&mut self, depth: usize) -> Option<Size> {
        let mut size = Size::ONE;
        loop {
            self.skip();
            if self.rest.is_empty() || self.rest.starts_with(')') {
                return Some(size);
            }
            let sign = if self.take("/") { -1 } else { 1 };
            if sign > 0 && !self.take("*") {
                self.take(".");
            }
            self.skip();
            size = size.times(self.term(depth)?, sign);
        }
    }

    fn term(&mut self, depth: usize) -> Option<Size> {
        let base = if self.take("(") {
            if depth == DEEPEST {
                return None;
            }
            let inner = self.product(depth + 1)?;
            self.take(")").then_some(inner)?
        } else if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            self.number()?
        } else {
            self.name()?
        };
        Some(base.power(self.exponent()?))
    }

    /// A factor: a number, of which powers of ten are kept exact.
    fn number(&mut self) -> Option<Size> {
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let end = self.rest.find(|c| !is_digit(c)).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        let is_ten = digits == "10";
        let factor: f64 = digits.parse().ok().filter(|factor| *factor > 0.0)?;
        Some(Size {
            decimal: i32::from(is_ten),
            factor: if is_ten { 1.0 } else { factor },
            ..Size::ONE
        })
    }

    fn name(&mut self) -> Option<Size> {
        let end = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        named(name)
    }

    /// A power: behind `^` or `**`, in parentheses or braces or not, or a number right behind.
    fn exponent(&mut self) -> Option<i32> {
        let is_marked = self.take("**") || self.take("^");
        let close = match () {
            () if is_marked && self.take("{") => Some("}"),
            () if self.rest.starts_with("(") => {
                let inside = self.rest.strip_prefix('(')?;
                let is_power =
                    inside.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
                if !is_marked && !is_power {
                    return Some(1);
                }
                self.rest = inside;
                Some(")")
            }
            () => None,
        };
        let sign = if self.take("-") { -1 } else { 1 };
        if sign > 0 {
            self.take("+");
        }
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        if digits.is_empty() && !is_marked && close.is_none() && sign > 0 {
            return Some(1);
        }
        self.rest = rest;
        let power: i32 = digits.parse().ok().filter(|power| *power <= MOST)?;
        if let Some(close) = close
            && !self.take(close)
        {
            return None;
        }
        Some(sign * power)
    }
}

/// A unit by its name, with or without a prefix.
fn named(name: &str) -> Option<Size> {
    if let Some(size) = plain(name) {
        return Some(size);
    }
    let mut letters = name.chars();
    let power = match letters.next()? {
        'n' => -9,
        'u' | 'µ' => -6,
        'm' => -3,
        'c' => -2,
        'k' => 3,
        'M' => 6,
        'G' => 9,
        'T' => 12,
        'P' => 15,
        'E' => 18,
        _ => return None,
    };
    let base = letters.as_str();
    if !matches!(base, "m" | "s" | "eV" | "J" | "rad") {
        return None;
    }
    let mut size = plain(base)?;
    size.decimal += power;
    Some(size)
}

fn plain(name: &str) -> Option<Size> {
    let of = |dimension: usize, power: i32, factor: f64, decimal: i32| {
        let mut dimensions = [0; DIMENSIONS];
        dimensions[dimension] = power;
        Some(Size { dimensions, decimal, factor })
    };
    let degree = std::f64::consts::PI / 180.0;
    match name {
        "m" => of(0, 1, 1.0, 0),
        "s" | "sec" | "second" | "seconds" => of(1, 1, 1.0, 0),
        "min" => of(1, 1, 60.0, 0),
        "h" | "hr" | "hour" => of(1, 1, 3600.0, 0),
        "d" | "day" => of(1, 1, 86400.0, 0),
        "eV" => of(2, 1, 1.0, 0),
        "J" => of(2, 1, 1.0 / (ELECTRON_VOLT * 1e19), 19),
        "erg" => of(2, 1, 1.0 / (ELECTRON_VOLT * 1e19), 12),
        "rad" => of(3, 1, 1.0, 0),
        "deg" | "degree" | "degrees" => of(3, 1, degree, 0),
        "arcmin" => of(3, 1, degree / 60.0, 0),
        "arcsec" => of(3, 1, degree / 3600.0, 0),
        "sr" => of(3, 2, 1.0, 0),
        "ct" | "count" | "counts" | "ph" | "photon" | "event" | "events" => of(4, 1, 1.0, 0),
        "transit" => of(5, 1, 1.0, 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_files_are_the_same() {
        let expected = Unit::parse("s-1 MeV-1 sr-1").unwrap();
        for text in [
            "1/s/MeV/sr",
            "MeV-1 s-1 sr-1",
            "s^-1 MeV^-1 sr^-1",
            "s**-1 MeV**(-1) sr^(-1)",
            "1 / (s MeV sr)",
            "s-1.MeV-1.sr-1",
            "s-1*MeV-1 * sr-1",
            " s^{-1} MeV^{-1} sr^{-1} ",
            "(s MeV sr)-1",
        ] {
            let unit = Unit::parse(text).unwrap();
            assert_eq!(unit.factor_to(&expected).unwrap(), 1.0, "{text}");
        }
    }

    #[test]
    fn factors() {
        for (from, to, expected) in [
            ("m2", "cm2", 1e4),
            ("m**2", "m^2", 1.0),
            ("cm2", "m2", 1e-4),
            ("TeV", "MeV", 1e6),
            ("MeV", "TeV", 1e-6),
            ("keV", "TeV", 1e-9),
            ("h", "s", 3600.0),
            ("d", "min", 1440.0),
            ("deg-2", "sr-1", 3282.806350011744),
            ("arcmin", "deg", 1.0 / 60.0),
            ("m2 s", "cm2 h", 1e4 / 3600.0),
            ("erg", "TeV", 0.6241509074460763),
            ("10**-12 TeV", "eV", 1.0),
            ("1", "", 1.0),
            ("1 / transit", "transit-1", 1.0),
        ] {
            let found = factor(from, to).unwrap();
            assert!((found / expected - 1.0).abs() < 3e-16, "{from} to {to}: {found}");
        }
    }

    #[test]
    fn others_are_refused_by_name() {
        let refused = |text: &str| Unit::parse(text).unwrap_err().to_string();
        assert_eq!(refused("m2 furlong"), "unit \"m2 furlong\": is not known");
        for text in [
            "m^", "m^-", "/", "m//s", "m^(2", "(m", "m)", "m2)", "s^999", "m^x", "0 m", "é",
            "1..2", "-m", "m^{2)",
        ] {
            assert!(Unit::parse(text).is_err(), "{text}");
        }
        assert!(Unit::parse(&"(".repeat(100_000)).is_err());
        let error = factor("m2", "s").unwrap_err().to_string();
        assert_eq!(error, "unit \"m2\": can't be converted to \"s\"");
    }
}
