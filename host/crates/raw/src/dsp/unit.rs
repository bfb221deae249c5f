//! Units of time and of frequency, and numbers that carry them. All other units are only labels.

/// Units of time by name, with their size in seconds and in ns.
const TIMES: [(&str, f64, f64); 19] = [
    ("ps", 1e-12, 1e-3),
    ("picosecond", 1e-12, 1e-3),
    ("ns", 1e-9, 1.0),
    ("nanosecond", 1e-9, 1.0),
    ("nanoseconds", 1e-9, 1.0),
    ("us", 1e-6, 1e3),
    ("µs", 1e-6, 1e3),
    ("μs", 1e-6, 1e3),
    ("microsecond", 1e-6, 1e3),
    ("microseconds", 1e-6, 1e3),
    ("ms", 1e-3, 1e6),
    ("millisecond", 1e-3, 1e6),
    ("milliseconds", 1e-3, 1e6),
    ("s", 1.0, 1e9),
    ("sec", 1.0, 1e9),
    ("second", 1.0, 1e9),
    ("seconds", 1.0, 1e9),
    ("min", 60.0, 6e10),
    ("minute", 60.0, 6e10),
];

/// Units of frequency by name, with their size in Hz and in GHz.
const RATES: [(&str, f64, f64); 5] = [
    ("Hz", 1.0, 1e-9),
    ("hertz", 1.0, 1e-9),
    ("kHz", 1e3, 1e-6),
    ("MHz", 1e6, 1e-3),
    ("GHz", 1e9, 1.0),
];

/// Size of a unit of time in ns; `None` if the text is no unit of time.
pub(crate) fn time_ns(text: &str) -> Option<f64> {
    TIMES.iter().find(|(name, ..)| *name == text).map(|(_, _, ns)| *ns)
}

/// A number with a unit of time: `value` times `ns` nanoseconds to the power `power`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) ns: f64,
    /// The unit in seconds. Quotients go by this, as the peer's do: 3 us / 16 ns is a little less
    /// than 187.5 and is rounded to 187.
    seconds: f64,
    /// 1 for times, -1 for frequencies.
    pub(crate) power: i32,
    /// The unit as it is written in attributes.
    pub(crate) symbol: String,
}

impl Quantity {
    /// One of a unit; `None` if there is no such unit.
    pub(crate) fn unit(text: &str) -> Option<Quantity> {
        let named = |list: &[(&str, f64, f64)]| list.iter().position(|(name, ..)| *name == text);
        let time = named(&TIMES).map(|at| (TIMES[at], 1));
        let ((_, seconds, ns), power) = time.or(named(&RATES).map(|at| (RATES[at], -1)))?;
        let symbol = if power > 0 { symbol(seconds) } else { text };
        Some(Quantity { value: 1.0, ns, seconds, power, symbol: symbol.into() })
    }

    /// A time in a unit of time.
    pub(crate) fn time(value: f64, unit: &str) -> Option<Quantity> {
        Quantity::unit(unit).filter(|unit| unit.power == 1).map(|unit| unit.with(value))
    }

    /// In nanoseconds (to the power of this quantity).
    pub(crate) fn in_ns(&self) -> f64 {
        self.value * self.ns
    }

    /// The same unit with another value.
    pub(crate) fn with(&self, value: f64) -> Quantity {
        Quantity { value, ..self.clone() }
    }

    /// Product; a plain number if the units cancel.
    pub(crate) fn times(&self, other: &Quantity) -> Result<f64, Quantity> {
        self.combine(other, 1)
    }

    /// Quotient; a plain number if the units cancel.
    pub(crate) fn over(&self, other: &Quantity) -> Result<f64, Quantity> {
        self.combine(other, -1)
    }

    fn combine(&self, other: &Quantity, sign: i32) -> Result<f64, Quantity> {
        let power = self.power + sign * other.power;
        let (value, ns, seconds, sep) = if sign > 0 {
            (self.value * other.value, self.ns * other.ns, self.seconds * other.seconds, "*")
        } else {
            (self.value / other.value, self.ns / other.ns, self.seconds / other.seconds, "/")
        };
        if power == 0 {
            return Ok(value * seconds);
        }
        let symbol = format!("{}{sep}{}", self.symbol, other.symbol);
        Err(Quantity { value, ns, seconds, power, symbol })
    }

    /// A number divided by this.
    pub(crate) fn inverse(&self, number: f64) -> Quantity {
        Quantity {
            value: number / self.value,
            ns: 1.0 / self.ns,
            seconds: 1.0 / self.seconds,
            power: -self.power,
            symbol: format!("1/{}", self.symbol),
        }
    }
}

/// The short form that goes into attributes.
fn symbol(seconds: f64) -> &'static str {
    let short = TIMES.iter().find(|(_, size, _)| *size == seconds).map_or("s", |(name, ..)| *name);
    if short == "us" { "µs" } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_samples() {
        let period = Quantity::time(16.0, "ns").unwrap();
        let time = Quantity::unit("us").unwrap().with(10.0);
        assert!((time.over(&period).unwrap() - 625.0).abs() < 1e-9);
        let half = Quantity::time(3.0, "us").unwrap().over(&period).unwrap();
        assert_eq!(half.round_ties_even(), 187.0);
        let rate = Quantity::unit("us").unwrap().inverse(1.0);
        assert_eq!((rate.power, rate.symbol.as_str()), (-1, "1/µs"));
        assert!((rate.times(&period).unwrap() - 0.016).abs() < 1e-15);
        assert!((Quantity::unit("MHz").unwrap().times(&period).unwrap() - 0.016).abs() < 1e-15);
        assert!(Quantity::unit("keV").is_none());
        assert_eq!(time_ns("µs"), Some(1e3));
        assert_eq!(time_ns("MHz"), None);
    }
}
