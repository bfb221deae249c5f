//! Types of header values, found from their text: one value to the frame, one array to the key.
//!
//! Integers take the smallest type that holds them, other numbers are `f64`, values with blanks in between
//! are lists; an array has the common type of its frames. What is no number in some frame is text in all.

use tierline_report::{LimitKind, Limits};
use tierline_table::DType;

use super::values::{Data, Values};
use crate::Error;
use crate::image::Value;

/// How small the types of an array may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// As small as the values allow.
    Smallest,
    /// At least 32 bits, and signed: for motors and counters.
    Signed,
}

/// A value of one frame.
#[derive(Debug, Clone, PartialEq)]
enum Typed {
    Int(i128),
    Float(f64),
    /// Numbers, and the type that they have at least.
    List(Vec<Typed>, Option<DType>),
    Text,
}

/// The array of a key: the value of each frame, `None` where the frame has none. Fails where it is above the
/// limit: one long value makes room for such in every frame.
pub(super) fn array(
    values: &[Option<Value>],
    width: Width,
    limits: &Limits,
) -> Result<Values, Error> {
    let there = |v: &&Value| **v != Value::None;
    let typed: Vec<Option<Typed>> =
        values.iter().map(|v| v.as_ref().filter(there).map(typed)).collect();
    if typed.iter().all(Option::is_none) {
        return Ok(Values::plain(DType::I8, &[values.len()], vec![0; values.len()]));
    }
    let mut lengths = typed.iter().flatten().map(|value| match value {
        Typed::List(list, _) => Some(list.len()),
        _ => None,
    });
    let length = lengths.next().flatten();
    let equal = lengths.all(|other| other == length);
    let dtype = typed.iter().flatten().try_fold(None, |common, value| {
        let own = dtype_of(value)?;
        Some(Some(common.map_or(own, |common| promoted(common, own))))
    });
    match dtype.flatten() {
        Some(dtype) if equal => {
            let dtype = if width == Width::Signed { signed(dtype) } else { dtype };
            check(limits, &[values.len(), length.unwrap_or(1), dtype.size()])?;
            let mut bytes = Vec::new();
            for value in &typed {
                match value {
                    Some(Typed::List(list, _)) => {
                        list.iter().for_each(|value| push(value, dtype, &mut bytes));
                    }
                    Some(value) => push(value, dtype, &mut bytes),
                    None => (0..length.unwrap_or(1))
                        .for_each(|_| push(&missing(dtype), dtype, &mut bytes)),
                }
            }
            let shape: Vec<usize> = std::iter::once(values.len()).chain(length).collect();
            Ok(Values::plain(dtype, &shape, bytes))
        }
        _ => {
            let text = |v: &Option<Value>| v.as_ref().map_or(String::new(), Value::to_string);
            texts(values.iter().map(text), limits)
        }
    }
}

/// Compares the size of an array, as a product that may overflow, with its limit.
pub(super) fn check(limits: &Limits, extents: &[usize]) -> Result<(), Error> {
    let size = extents.iter().try_fold(1u64, |size, extent| size.checked_mul(*extent as u64));
    let what = "values of a key in the headers of all frames";
    Ok(limits.check(LimitKind::Allocation, what, size.unwrap_or(u64::MAX))?)
}

/// Texts as they are stored: of fixed width where they are ASCII. Fails where that is above the limit.
pub(super) fn texts(texts: impl Iterator<Item = String>, limits: &Limits) -> Result<Values, Error> {
    let texts: Vec<String> = texts.collect();
    let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
    match u16::try_from(width) {
        Ok(width) if texts.iter().all(|text| text.is_ascii()) => {
            check(limits, &[texts.len(), width.into()])?;
            let mut bytes = vec![0; texts.len() * usize::from(width)];
            for (text, room) in texts.iter().zip(bytes.chunks_exact_mut(width.into())) {
                room[..text.len()].copy_from_slice(text.as_bytes());
            }
            Ok(Values::plain(DType::Text(width), &[texts.len()], bytes))
        }
        _ => Ok(Values { shape: vec![texts.len()], data: Data::Texts(texts) }),
    }
}

fn typed(value: &Value) -> Typed {
    match value {
        Value::Int(value) => Typed::Int((*value).into()),
        Value::Bool(value) => Typed::Int((*value).into()),
        Value::Float(value) => Typed::Float(*value),
        Value::List(values) => {
            let list: Vec<Typed> = values.iter().map(typed).collect();
            let float = list.iter().any(|value| matches!(value, Typed::Float(_)));
            let numbers = list.iter().all(|v| matches!(v, Typed::Int(_) | Typed::Float(_)));
            match numbers && !list.is_empty() {
                true => Typed::List(list, Some(if float { DType::F64 } else { DType::I64 })),
                false => Typed::Text,
            }
        }
        Value::Text(text) if text.contains(' ') => {
            let list: Vec<Typed> = text.split(' ').map(scalar).collect();
            if list.contains(&Typed::Text) { Typed::Text } else { Typed::List(list, None) }
        }
        Value::Text(text) => scalar(text),
        Value::None | Value::Bytes(_) | Value::Map(_) => Typed::Text,
    }
}

/// One number as Python reads it, or text.
fn scalar(text: &str) -> Typed {
    let text = text.trim();
    let Some(plain) = without_underscores(text) else { return Typed::Text };
    let is_integer = plain.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit());
    if is_integer && let Ok(value) = plain.parse::<i128>() {
        let fits = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
        return if fits { Typed::Int(value) } else { Typed::Text };
    }
    if is_integer {
        return Typed::Text;
    }
    let lower = plain.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let special = matches!(lower.as_str(), "nan" | "inf" | "infinity");
    let number = lower.bytes().all(|b| b.is_ascii_digit() || b".e+-".contains(&b));
    match plain.parse::<f64>() {
        Ok(value) if special || number => Typed::Float(value),
        _ => Typed::Text,
    }
}

/// Underscores between digits are allowed; `None` where they are elsewhere, or there is nothing.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    let bad =
        |(i, byte): (usize, &u8)| *byte == b'_' && !(digit(i.checked_sub(1)) && digit(Some(i + 1)));
    if bytes.is_empty() || bytes.iter().enumerate().any(bad) {
        return None;
    }
    Some(text.replace('_', ""))
}

/// The smallest type of a value; `None` for text.
fn dtype_of(value: &Typed) -> Option<DType> {
    Some(match value {
        Typed::Text => return None,
        Typed::Float(_) => DType::F64,
        Typed::Int(value) => smallest(*value),
        Typed::List(list, least) => list.iter().try_fold(*least, |common, value| {
            let own = dtype_of(value)?;
            Some(Some(common.map_or(own, |common| promoted(common, own))))
        })??,
    })
}

fn smallest(value: i128) -> DType {
    const UNSIGNED: [(u64, DType); 3] =
        [(u8::MAX as u64, DType::U8), (u16::MAX as u64, DType::U16), (u32::MAX as u64, DType::U32)];
    const SIGNED: [(i64, DType); 3] =
        [(i8::MIN as i64, DType::I8), (i16::MIN as i64, DType::I16), (i32::MIN as i64, DType::I32)];
    if value < 0 {
        let fits = SIGNED.iter().find(|(least, _)| value >= i128::from(*least));
        return fits.map_or(DType::I64, |(_, dtype)| *dtype);
    }
    let fits = UNSIGNED.iter().find(|(most, _)| value <= i128::from(*most));
    fits.map_or(DType::U64, |(_, dtype)| *dtype)
}

/// The common type of two, as numpy promotes them.
pub(super) fn promoted(a: DType, b: DType) -> DType {
    if a == b {
        return a;
    }
    let bits = |dtype: DType| dtype.size() * 8;
    let unsigned = |dtype| matches!(dtype, DType::U8 | DType::U16 | DType::U32 | DType::U64);
    let float = |dtype| matches!(dtype, DType::F32 | DType::F64);
    match (a, b) {
        (DType::Bool, other) | (other, DType::Bool) => other,
        _ if float(a) || float(b) => {
            let narrow = |dtype: DType| dtype == DType::F32 || !float(dtype) && bits(dtype) <= 16;
            if narrow(a) && narrow(b) { DType::F32 } else { DType::F64 }
        }
        _ if unsigned(a) == unsigned(b) => {
            if bits(a) > bits(b) {
                a
            } else {
                b
            }
        }
        _ => {
            let (u, i) = if unsigned(a) { (a, b) } else { (b, a) };
            match bits(i).max(2 * bits(u)) {
                16 => DType::I16,
                32 => DType::I32,
                64 => DType::I64,
                _ => DType::F64,
            }
        }
    }
}

/// At least 32 bits and signed: what promotion with `u32`, then to signed makes of a type.
fn signed(dtype: DType) -> DType {
    match dtype {
        DType::F32 | DType::F64 => dtype,
        DType::U64 => DType::F64,
        _ => DType::I64,
    }
}

/// What stands for a value that a frame does not have.
fn missing(dtype: DType) -> Typed {
    match dtype {
        DType::F32 | DType::F64 => Typed::Float(f64::NAN),
        _ => Typed::Int(0),
    }
}

fn push(value: &Typed, dtype: DType, bytes: &mut Vec<u8>) {
    let (int, float) = match value {
        Typed::Int(value) => (*value, *value as f64),
        Typed::Float(value) => (*value as i128, *value),
        Typed::List(..) | Typed::Text => (0, 0.0),
    };
    match dtype {
        DType::F32 => bytes.extend((float as f32).to_le_bytes()),
        DType::F64 => bytes.extend(float.to_le_bytes()),
        _ => bytes.extend_from_slice(&int.to_le_bytes()[..dtype.size()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(values: &[Option<Value>], width: Width) -> Values {
        array(values, width, &Limits::default()).unwrap()
    }

    #[test]
    fn one_long_value_is_not_multiplied_without_end() {
        let limits = Limits { max_allocation: 10_000, ..Limits::default() };
        let long = "1 ".repeat(100) + "1";
        for long in [long.as_str(), &"x".repeat(100)] {
            let mut values = vec![None; 1000];
            values[7] = Some(Value::from(long));
            let error = array(&values, Width::Smallest, &limits).unwrap_err().to_string();
            assert!(error.contains("above the limit"), "{error}");
        }
    }

    fn of(texts: &[&str]) -> Values {
        let values: Vec<_> = texts.iter().map(|text| Some(Value::from(*text))).collect();
        all(&values, Width::Smallest)
    }

    fn dtype(values: &Values) -> DType {
        match values.data {
            Data::Plain { dtype, .. } => dtype,
            _ => panic!("no numbers"),
        }
    }

    #[test]
    fn types_are_the_smallest_common_ones() {
        for (texts, want) in [
            (&["255", "0"][..], DType::U8),
            (&["256"], DType::U16),
            (&["-1", "200"], DType::I16),
            (&["-1", "4000000000"], DType::I64),
            (&["-1", "18446744073709551615"], DType::F64),
            (&["1", "1.5"], DType::F64),
            (&["nan"], DType::F64),
            (&["1_000"], DType::U16),
            (&["1__0"], DType::Text(4)),
            (&["0x10"], DType::Text(4)),
            (&["18446744073709551616"], DType::Text(20)),
            (&["1", "a"], DType::Text(1)),
            (&[""], DType::Text(1)),
        ] {
            assert_eq!(dtype(&of(texts)), want, "{texts:?}");
        }
    }

    #[test]
    fn blanks_make_lists() {
        let values = of(&["1 2.5 -3", "4 5 6"]);
        assert_eq!((values.shape.as_slice(), dtype(&values)), (&[2, 3][..], DType::F64));
        assert_eq!(values.get_f64(2), Some(-3.0));
        assert_eq!(of(&["1 2", "1 2 3"]).shape, [2]);
        assert_eq!(dtype(&of(&["1  2"])), DType::Text(4));
    }

    #[test]
    fn missing_values_are_nan_zero_or_empty() {
        let some = |text: &str| Some(Value::from(text));
        let floats = all(&[some("1.5"), None], Width::Smallest);
        assert!(floats.get_f64(1).unwrap().is_nan());
        let counts = all(&[None, some("7")], Width::Signed);
        assert_eq!((dtype(&counts), counts.get_i64(0)), (DType::I64, Some(0)));
        assert_eq!(all(&[None, some("x")], Width::Smallest).get_text(0).as_deref(), Some(""));
        assert_eq!(dtype(&all(&[None, None], Width::Smallest)), DType::I8);
    }
}
