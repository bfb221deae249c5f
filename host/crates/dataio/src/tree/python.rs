//! Values as Python and numpy print them.

use tierline_table::DType;

use super::{Data, Values};

/// Columns of a line of an array.
const LINE_WIDTH: usize = 75;

/// How an array is printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Digits after the point.
    pub(super) precision: usize,
    /// Arrays with more elements are abbreviated to three at each end.
    pub(super) threshold: usize,
}

/// Text in quotes, as Python's `repr`.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// Bytes in quotes, as Python's `repr`.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            byte if char::from(*byte) == quote => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
    out
}

/// A number as Python's `repr` shows a float: the fewest digits that give it back.
fn float(value: f64, single: bool) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    let magnitude = value.abs();
    let plain = 1e-4..if single { 1e8 } else { 1e16 };
    if magnitude != 0.0 && !plain.contains(&magnitude) {
        let text = if single { format!("{:e}", value as f32) } else { format!("{value:e}") };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{mantissa}{}", exponent_text(exponent));
    }
    let text = if single { (value as f32).to_string() } else { value.to_string() };
    format!("{text}{}", if text.contains('.') { "" } else { ".0" })
}

fn not_finite(value: f64) -> &'static str {
    match (value.is_nan(), value.is_sign_negative()) {
        (true, _) => "nan",
        (false, true) => "-inf",
        (false, false) => "inf",
    }
}

fn exponent_text(exponent: &str) -> String {
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs())
}

/// One element as numpy's `repr` shows it, with its type: `np.int64(3)`.
pub(super) fn scalar_repr(values: &Values) -> String {
    let text = scalar(values);
    match &values.data {
        Data::Texts(texts) => texts.first().map_or_else(String::new, |text| quoted(text)),
        Data::Plain { dtype: DType::Text(_), .. } => format!("np.bytes_({text})"),
        Data::Plain { dtype: DType::Bool, .. } => format!("np.{text}_"),
        Data::Plain { dtype, .. } => format!("np.{dtype}({text})"),
        Data::Other(what) => what.clone(),
    }
}

/// One element as it is printed; texts as the bytes they are.
pub(super) fn scalar(values: &Values) -> String {
    elements(values).into_iter().next().unwrap_or_default()
}

/// All elements, each by itself.
fn elements(values: &Values) -> Vec<String> {
    match &values.data {
        Data::Other(what) => vec![what.clone()],
        Data::Texts(texts) => texts.iter().map(|text| quoted_bytes(text.as_bytes())).collect(),
        Data::Plain { dtype, bytes } => {
            let count = bytes.len().checked_div(dtype.size()).unwrap_or(0);
            let one = |index: usize| match dtype {
                DType::Bool => {
                    if values.get_i64(index) == Some(0) { "False" } else { "True" }.into()
                }
                DType::Text(width) => {
                    let width = usize::from(*width);
                    let text = bytes.get(index * width..(index + 1) * width).unwrap_or_default();
                    let end = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                    quoted_bytes(&text[..end])
                }
                DType::F32 | DType::F64 => {
                    float(values.get_f64(index).unwrap_or(f64::NAN), *dtype == DType::F32)
                }
                DType::U64 => {
                    let at = index * 8;
                    let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
                    u64::from_le_bytes(bytes.unwrap_or_default()).to_string()
                }
                _ => values.get_i64(index).unwrap_or_default().to_string(),
            };
            (0..count).map(one).collect()
        }
    }
}

/// Elements of an array as numpy aligns them.
fn aligned(values: &Values, precision: usize) -> Vec<String> {
    match &values.data {
        Data::Plain { dtype: DType::F32 | DType::F64, .. } => {
            let single = values.element() == super::Element::Plain(DType::F32);
            let numbers: Vec<f64> = (0..values.len()).filter_map(|i| values.get_f64(i)).collect();
            floats(&numbers, single, precision)
        }
        Data::Plain { dtype: DType::Text(_), .. } | Data::Texts(_) | Data::Other(_) => {
            elements(values)
        }
        Data::Plain { .. } => {
            let mut texts = elements(values);
            let width = texts.iter().map(String::len).max().unwrap_or(0);
            texts.iter_mut().for_each(|text| *text = format!("{text:>width$}"));
            texts
        }
    }
}

/// Floats with their points below each other, or all with exponents.
fn floats(numbers: &[f64], single: bool, precision: usize) -> Vec<String> {
    let sizes = numbers.iter().map(|value| value.abs());
    let sizes: Vec<f64> = sizes.filter(|size| size.is_finite() && *size != 0.0).collect();
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let smallest = sizes.iter().copied().fold(f64::INFINITY, f64::min);
    let exponents =
        !sizes.is_empty() && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000.0);
    // Integral part with sign, decimals, exponent.
    let part = |value: &f64| -> Option<(String, String, String)> {
        if !value.is_finite() {
            return None;
        }
        let (digits, exponent) = if exponents {
            let text = if single { format!("{:e}", *value as f32) } else { format!("{value:e}") };
            let shortest = text.split_once('e').map_or(0, |(mantissa, _)| decimals(mantissa));
            let text = format!("{value:.*e}", shortest.min(precision));
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            (mantissa.to_owned(), exponent_text(exponent))
        } else {
            let text = if single { (*value as f32).to_string() } else { value.to_string() };
            (format!("{value:.*}", decimals(&text).min(precision)), String::new())
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        Some((whole.to_owned(), fraction.trim_end_matches('0').to_owned(), exponent))
    };
    let parts: Vec<_> = numbers.iter().map(part).collect();
    let left = parts.iter().flatten().map(|part| part.0.len()).max().unwrap_or(0);
    let right = parts.iter().flatten().map(|part| part.1.len()).max().unwrap_or(0);
    let tail = parts.iter().flatten().map(|part| part.2.len()).max().unwrap_or(0);
    let special = numbers.iter().filter(|value| !value.is_finite());
    let special = special.map(|value| not_finite(*value).len()).max().unwrap_or(0);
    // Where nothing is finite there is no point to align.
    let point = usize::from(parts.iter().any(Option::is_some));
    let left = left.max(special.saturating_sub(point + right + tail));
    let one = |(value, part): (&f64, &Option<(String, String, String)>)| match part {
        None => format!("{:>1$}", not_finite(*value), left + point + right + tail),
        Some((whole, fraction, exponent)) if exponents => {
            let (sign, digits) = exponent.split_at(exponent.len().min(2));
            let wide = tail.saturating_sub(2);
            format!("{whole:>left$}.{fraction:0<right$}{sign}{digits:0>wide$}")
        }
        Some((whole, fraction, _)) => format!("{whole:>left$}.{fraction:<right$}"),
    };
    numbers.iter().zip(&parts).map(one).collect()
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// Values as numpy prints them; of a long line of them only both ends, unless `full`.
pub fn text_of(values: &Values, full: bool) -> String {
    let threshold = if full { usize::MAX } else { 1000 };
    array(values, Style { precision: 8, threshold })
}

/// An array with brackets, as numpy prints it.
pub(super) fn array(values: &Values, style: Style) -> String {
    if values.shape.is_empty() {
        return scalar(values);
    }
    if values.is_empty() {
        return "[]".to_owned();
    }
    let short = values.len() > style.threshold && values.shape.len() == 1;
    let count = values.len();
    let kept = |index: usize| !short || index < 3 || index + 3 >= count;
    let shown = if short {
        let indices: Vec<usize> = (0..count).filter(|index| kept(*index)).collect();
        aligned(&picked(values, &indices), style.precision)
    } else {
        aligned(values, style.precision)
    };
    let mut printer = Printer { words: shown.into_iter(), short };
    printer.axes(&values.shape, " ", LINE_WIDTH)
}

/// Some elements of an array of one axis.
fn picked(values: &Values, indices: &[usize]) -> Values {
    let data = match &values.data {
        Data::Plain { dtype, bytes } => {
            let size = dtype.size();
            let one =
                |index: &usize| bytes.get(index * size..(index + 1) * size).unwrap_or_default();
            Data::Plain { dtype: *dtype, bytes: indices.iter().flat_map(one).copied().collect() }
        }
        Data::Texts(texts) => {
            Data::Texts(indices.iter().filter_map(|index| texts.get(*index).cloned()).collect())
        }
        Data::Other(what) => Data::Other(what.clone()),
    };
    Values { shape: vec![indices.len()], data }
}

struct Printer {
    words: std::vec::IntoIter<String>,
    /// Only three words at each end of the axis.
    short: bool,
}

impl Printer {
    fn axes(&mut self, shape: &[usize], indent: &str, width: usize) -> String {
        let [length, inner @ ..] = shape else { return self.words.next().unwrap_or_default() };
        if inner.is_empty() {
            return self.line(*length, indent, width.saturating_sub(1));
        }
        let deeper = format!("{indent} ");
        let parts: Vec<String> =
            (0..*length).map(|_| self.axes(inner, &deeper, width.saturating_sub(1))).collect();
        let between = format!("{}{indent}", "\n".repeat(inner.len()));
        format!("[{}]", parts.join(&between))
    }

    /// The innermost axis, broken where a line is full.
    fn line(&mut self, length: usize, indent: &str, width: usize) -> String {
        let words: Vec<String> = if self.short {
            let mut words: Vec<String> = self.words.by_ref().collect();
            words.insert(3, "...".to_owned());
            words
        } else {
            self.words.by_ref().take(length).collect()
        };
        let (mut lines, mut line) = (String::new(), indent.to_owned());
        for (i, word) in words.iter().enumerate() {
            if line.len() + word.len() > width && line.len() > indent.len() {
                lines.push_str(line.trim_end());
                lines.push('\n');
                line = indent.to_owned();
            }
            line.push_str(word);
            if i + 1 < words.len() {
                line.push(' ');
            }
        }
        lines.push_str(&line);
        format!("[{}]", &lines[indent.len()..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(values: &Values) -> String {
        array(values, Style { precision: 8, threshold: usize::MAX })
    }

    fn f64s(numbers: &[f64]) -> String {
        printed(&Values::f64(&[numbers.len()], numbers.iter().copied()))
    }

    #[test]
    fn arrays_look_as_in_numpy() {
        assert_eq!(f64s(&[0.0, 0.5, 1.0]), "[0.  0.5 1. ]");
        assert_eq!(f64s(&[-1.25, 10.0]), "[-1.25 10.  ]");
        assert_eq!(f64s(&[1e-5, 1.0]), "[1.e-05 1.e+00]");
        assert_eq!(f64s(&[1.5e10, 2.0]), "[1.5e+10 2.0e+00]");
        assert_eq!(f64s(&[1.0, f64::NAN, f64::NEG_INFINITY]), "[  1.  nan -inf]");
        assert_eq!(f64s(&[f64::NAN, 1.0]), "[nan  1.]");
        assert_eq!(f64s(&[1.0 / 3.0]), "[0.33333333]");
        assert_eq!(f64s(&[0.1, 100.1]), "[1.000e-01 1.001e+02]");
        assert_eq!(f64s(&[f64::NAN; 2]), "[nan nan]");
        assert_eq!(f64s(&[1e-300, 1.0]), "[1.e-300 1.e+000]");
        assert_eq!(f64s(&[123_456.789, 1.0]), "[1.23456789e+05 1.00000000e+00]");
        assert_eq!(f64s(&[-0.0, 1e-4]), "[-0.      0.0001]");
        assert_eq!(f64s(&[99_999_999.0, 1e6]), "[99999999.  1000000.]");
        assert_eq!(f64s(&[1e10, f64::NAN]), "[1.e+10    nan]");
        assert_eq!(f64s(&[]), "[]");
        assert_eq!(printed(&Values::f32(&[2], [0.1, 3.0])), "[0.1 3. ]");
        assert_eq!(printed(&Values::i64(&[2, 2], [1, -20, 300, 4])), "[[  1 -20]\n [300   4]]");
        let deep = printed(&Values::i64(&[2, 1, 2], [1, 2, 3, 4]));
        assert_eq!(deep, "[[[1 2]]\n\n [[3 4]]]");
        let long = printed(&Values::i64(&[30], 100..130));
        assert_eq!(long.lines().map(str::len).collect::<Vec<_>>(), [72, 49]);
        let short = array(&Values::i64(&[12], 0..12), Style { precision: 5, threshold: 10 });
        assert_eq!(short, "[ 0  1  2 ...  9 10 11]");
    }

    #[test]
    fn single_values_look_as_in_python() {
        let repr = |values| scalar_repr(&values);
        assert_eq!(repr(Values::text("it's")), "\"it's\"");
        assert_eq!(repr(Values::text("a\n\\'\"")), "'a\\n\\\\\\'\"'");
        assert_eq!(repr(Values::i64(&[], [3])), "np.int64(3)");
        assert_eq!(repr(Values::f64(&[], [1e16])), "np.float64(1e+16)");
        assert_eq!(repr(Values::f64(&[], [1e-5])), "np.float64(1e-05)");
        assert_eq!(repr(Values::f64(&[], [100.0])), "np.float64(100.0)");
        assert_eq!(repr(Values::f32(&[], [0.1])), "np.float32(0.1)");
        assert_eq!(repr(Values::f32(&[], [1e8])), "np.float32(1e+08)");
        assert_eq!(repr(Values::plain(DType::Text(3), &[], b"a\0\0".to_vec())), "np.bytes_(b'a')");
        assert_eq!(repr(Values::plain(DType::Bool, &[], vec![1])), "np.True_");
        assert_eq!(scalar(&Values::plain(DType::U64, &[], vec![255; 8])), u64::MAX.to_string());
    }
}
