//! Where the ticks of an axis are, and what stands at them.

use std::ops::Range;

/// Numbers from here on are divided by a power of ten that stands with the units.
const LARGE: f64 = 1e6;
/// Numbers below are multiplied likewise.
const SMALL: f64 = 1e-2;

/// The ticks of an axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ticks {
    /// Values with their labels, rising.
    pub(crate) marks: Vec<(f64, String)>,
    /// Values with a small tick and no label.
    pub(crate) minor: Vec<f64>,
    /// What was taken off all labels.
    offset: f64,
    /// Power of ten by which the labels were divided.
    exponent: i32,
}

impl Ticks {
    /// At most so many ticks, and at least two of them, at steps of 1, 2 or 5 times a power of ten.
    pub(crate) fn linear(range: &Range<f64>, most: usize) -> Self {
        let span = range.end - range.start;
        if !(span > 0.0 && span.is_finite()) {
            return Self::default();
        }
        let offset = offset(range);
        let step = step(span / most.max(2) as f64);
        let (start, end) = (range.start - offset, range.end - offset);
        let exponent = exponent(start.abs().max(end.abs()));
        let unit = 10_f64.powi(exponent);
        let digits = decimals(step / unit);
        let slack = 1e-9 * span;
        let steps = |from: f64| {
            let count = ((end + slack) / from).floor() - ((start - slack) / from).ceil();
            let first = ((start - slack) / from).ceil();
            (0..=count.clamp(0.0, 1000.0) as u32).map(move |k| (first + f64::from(k)) * from)
        };
        let marks = steps(step).map(|v| (v + offset, number(v / unit, digits))).collect();
        Ticks { marks, minor: Vec::new(), offset, exponent }
    }

    /// A tick at one.
    pub(crate) fn one() -> Self {
        Ticks { marks: vec![(1.0, number(1.0, 0))], ..Ticks::default() }
    }

    /// At most so many powers of ten, or of a thousand and so on; 2 and 5 times them where there are few.
    pub(crate) fn logarithmic(range: &Range<f64>, most: usize) -> Self {
        let (low, high) = (range.start.log10(), range.end.log10());
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Self::default();
        }
        let (first, last) = (low.floor() as i32, high.ceil() as i32);
        let decades = (high - low).ceil() as usize;
        let every = decades.div_ceil(most.max(2)).max(1) as i32;
        let mut ticks = Self::default();
        for power in first..=last {
            let ten = 10_f64.powi(power);
            for factor in 1..10_u8 {
                let value = ten * f64::from(factor);
                let shown = match factor {
                    1 => power.rem_euclid(every) == 0,
                    2 | 5 => high - low < 2.0,
                    _ => false,
                };
                if !range.contains(&value) {
                    continue;
                }
                match shown {
                    true => ticks.marks.push((value, power_label(value, factor, power))),
                    false => ticks.minor.push(value),
                }
            }
        }
        ticks
    }

    /// The label of the axis: what it shows, what was taken off, and in which units.
    pub(crate) fn label(&self, what: &str, units: Option<&str>) -> String {
        let mut text = what.to_owned();
        if self.offset != 0.0 {
            let sign = if self.offset < 0.0 { '+' } else { '\u{2212}' };
            text = format!("{text} {sign} {}", number(self.offset.abs(), 0));
        }
        let power = match self.exponent {
            0 => String::new(),
            exponent => format!("10{}", superscript(exponent)),
        };
        let units = units.map(str::trim).filter(|units| !matches!(*units, "" | "none" | "None"));
        let bracket = [power.as_str(), units.unwrap_or_default()].join(" ");
        match bracket.trim() {
            "" => text,
            bracket => format!("{text} ({bracket})").trim_start().to_owned(),
        }
    }
}

fn power_label(value: f64, factor: u8, power: i32) -> String {
    match power {
        0..4 => number(value, 0),
        -3..0 => number(value, power.unsigned_abs() as usize),
        _ if factor == 1 => format!("10{}", superscript(power)),
        _ => format!("{factor}·10{}", superscript(power)),
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below the given length.
pub(crate) fn step(length: f64) -> f64 {
    let ten = 10_f64.powf(length.log10().floor());
    let nice = [1.0, 2.0, 5.0].into_iter().find(|factor| ten * factor >= length * (1.0 - 1e-9));
    ten * nice.unwrap_or(10.0)
}

/// What is taken off large numbers that differ by little.
fn offset(range: &Range<f64>) -> f64 {
    let (span, largest) = (range.end - range.start, range.start.abs().max(range.end.abs()));
    if largest < 1e5 || largest < 2e3 * span {
        return 0.0;
    }
    let round = 10_f64.powf(span.log10().ceil() + 1.0);
    (range.start / round).floor() * round
}

fn exponent(largest: f64) -> i32 {
    match largest {
        v if v >= LARGE || (v > 0.0 && v < SMALL) => 3 * (v.log10() / 3.0).floor() as i32,
        _ => 0,
    }
}

/// Digits behind the point that steps of this length need.
pub(crate) fn decimals(step: f64) -> usize {
    (0..12).find(|digits| step * 10_f64.powi(*digits) > 0.99).unwrap_or(12) as usize
}

/// A number with a true minus sign, and its thousands apart from five digits on.
pub(crate) fn number(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('\u{2212}');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && whole.len() > 4 && (whole.len() - index).is_multiple_of(3) {
            out.push('\u{2009}');
        }
        out.push(digit);
    }
    out + rest
}

fn superscript(power: i32) -> String {
    let small = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        _ => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    };
    power.to_string().chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.marks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_and_have_the_digits_they_need() {
        let of = |range, most| Ticks::linear(&range, most);
        assert_eq!(labels(&of(0.0..10.0, 6)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(&of(-0.3..0.3, 4)), ["\u{2212}0.2", "0.0", "0.2"]);
        assert_eq!(labels(&of(0.0..25_000.0, 4)), ["0", "10\u{2009}000", "20\u{2009}000"]);
        assert_eq!(labels(&of(1.0..1.0, 4)), [""; 0]);
        for range in [0.0..1e-30, -1e300..1e300, 3.0..3.1, 1e18..1e18 + 4096.0] {
            let ticks = of(range.clone(), 6);
            assert!((2..=7).contains(&ticks.marks.len()), "{ticks:?}");
            assert!(ticks.marks.iter().all(|(v, _)| (range.start..=range.end).contains(v)));
        }
    }

    #[test]
    fn large_numbers_are_shortened_in_the_label() {
        let ticks = Ticks::linear(&(0.0..4e6), 5);
        assert_eq!(labels(&ticks), ["0", "1", "2", "3", "4"]);
        assert_eq!(ticks.label("energy", Some("ADC")), "energy (10⁶ ADC)");
        let ticks = Ticks::linear(&(1_690_316_547.0..1_690_316_549.0), 4);
        assert_eq!(labels(&ticks), ["47.0", "47.5", "48.0", "48.5", "49.0"]);
        let label = "timestamp \u{2212} 1\u{2009}690\u{2009}316\u{2009}500 (s)";
        assert_eq!(ticks.label("timestamp", Some("s")), label);
        assert_eq!(Ticks::linear(&(0.0..1.0), 5).label("x", Some("none")), "x");
    }

    #[test]
    fn powers_of_ten_are_labelled() {
        assert_eq!(
            labels(&Ticks::logarithmic(&(0.5..20_000.0), 6)),
            ["1", "10", "100", "1000", "10⁴"]
        );
        let few = Ticks::logarithmic(&(0.5..8.0), 6);
        assert_eq!(labels(&few), ["0.5", "1", "2", "5"]);
        let many = Ticks::logarithmic(&(1.0..1e13), 5);
        assert_eq!(labels(&many), ["1", "1000", "10⁶", "10⁹", "10¹²"]);
        assert_eq!(Ticks::logarithmic(&(0.0..1.0), 5), Ticks::default());
    }
}
