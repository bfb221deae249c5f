//! Units of time and of frequency, and numbers that carry them. All other units are only labels.

/// Units by name, with their size in ns and whether they are frequencies.
const UNITS: [(&str, f64, bool); 24] = [
    ("ps", 1e-3, false),
    ("picosecond", 1e-3, false),
    ("ns", 1.0, false),
    ("nanosecond", 1.0, false),
    ("nanoseconds", 1.0, false),
    ("us", 1e3, false),
    ("µs", 1e3, false),
    ("μs", 1e3, false),
    ("microsecond", 1e3, false),
    ("microseconds", 1e3, false),
    ("ms", 1e6, false),
    ("millisecond", 1e6, false),
    ("milliseconds", 1e6, false),
    ("s", 1e9, false),
    ("sec", 1e9, false),
    ("second", 1e9, false),
    ("seconds", 1e9, false),
    ("min", 6e10, false),
    ("minute", 6e10, false),
    ("Hz", 1e-9, true),
    ("kHz", 1e-6, true),
    ("MHz", 1e-3, true),
    ("GHz", 1.0, true),
    ("hertz", 1e-9, true),
];

/// Size of a unit of time in ns; `None` if the text is no unit of time.
pub(crate) fn time_ns(text: &str) -> Option<f64> {
    UNITS.iter().find(|(name, _, rate)| *name == text && !rate).map(|(_, ns, _)| *ns)
}

/// A number with a unit of time: `value` times `ns` nanoseconds to the power `power`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) ns: f64,
    /// 1 for times, -1 for frequencies.
    pub(crate) power: i32,
    /// The unit as it is written in attributes.
    pub(crate) symbol: String,
}

impl Quantity {
    /// One of a unit; `None` if there is no such unit.
    pub(crate) fn unit(text: &str) -> Option<Quantity> {
        let (_, ns, rate) = UNITS.iter().find(|(name, ..)| *name == text)?;
        Some(Quantity::new(1.0, *ns, if *rate { -1 } else { 1 }, symbol(text, *ns, *rate)))
    }

    fn new(value: f64, ns: f64, power: i32, symbol: impl Into<String>) -> Quantity {
        Quantity { value, ns, power, symbol: symbol.into() }
    }

    /// A time in a unit of time.
    pub(crate) fn time(value: f64, ns: f64, unit: &str) -> Quantity {
        Quantity::new(value, ns, 1, symbol(unit, ns, false))
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
        let (value, ns, sep) = if sign > 0 {
            (self.value * other.value, self.ns * other.ns, "*")
        } else {
            (self.value / other.value, self.ns / other.ns, "/")
        };
        if power == 0 {
            // 10 us / 16 ns is exactly 625 this way round.
            let (a, b) = (self.in_ns(), other.in_ns());
            return Ok(if sign > 0 { a * b } else { a / b });
        }
        Err(Quantity::new(value, ns, power, format!("{}{sep}{}", self.symbol, other.symbol)))
    }

    /// A number divided by this.
    pub(crate) fn inverse(&self, number: f64) -> Quantity {
        let symbol = format!("1/{}", self.symbol);
        Quantity::new(number / self.value, 1.0 / self.ns, -self.power, symbol)
    }
}

/// The short form that goes into attributes.
fn symbol(text: &str, ns: f64, rate: bool) -> String {
    let short = UNITS.iter().find(|(_, size, is_rate)| *size == ns && *is_rate == rate);
    match short.map_or(text, |(name, ..)| *name) {
        "us" => "µs".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_samples() {
        let period = Quantity::time(16.0, 1.0, "ns");
        let time = Quantity::unit("us").unwrap().with(10.0);
        assert_eq!(time.over(&period), Ok(625.0));
        let rate = Quantity::unit("us").unwrap().inverse(1.0);
        assert_eq!((rate.power, rate.symbol.as_str()), (-1, "1/µs"));
        assert!((rate.times(&period).unwrap() - 0.016).abs() < 1e-15);
        assert_eq!(Quantity::unit("MHz").unwrap().times(&period), Ok(0.016));
        assert!(Quantity::unit("keV").is_none());
        assert_eq!(time_ns("µs"), Some(1e3));
        assert_eq!(time_ns("MHz"), None);
    }
}
