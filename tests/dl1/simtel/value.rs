//! Values that can be compared with the peer's description: numbers, texts, and arrays with their checksums.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

/// A value. Numbers of all types are kept as f8, which is exact for all that occur.
pub(super) enum Value {
    Null,
    Number(f64),
    Bool(bool),
    Text(String),
    Array(Vec<usize>, Vec<f64>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Value::Number(value as f64)
            }
        }

        impl From<&Vec<$type>> for Value {
            fn from(values: &Vec<$type>) -> Self {
                Value::Array(vec![values.len()], values.iter().map(|&v| v as f64).collect())
            }
        }

        impl<const N: usize> From<[$type; N]> for Value {
            fn from(values: [$type; N]) -> Self {
                Value::from(&values.to_vec())
            }
        }
    )*};
}

numbers!(i16, i32, i64, u8, u16, u32, usize, f32, f64);

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl Value {
    pub(super) fn shaped(self, shape: &[usize]) -> Self {
        match self {
            Value::Array(_, values) => Value::Array(shape.to_vec(), values),
            other => other,
        }
    }
}

pub(super) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
}

/// Compares, and collects what is different.
#[derive(Default)]
pub(super) struct Checker {
    pub(super) leaves: usize,
    pub(super) differences: Vec<String>,
}

impl Checker {
    pub(super) fn report(&self) -> String {
        let first: Vec<_> = self.differences.iter().take(20).cloned().collect();
        format!("{} differences\n{}", self.differences.len(), first.join("\n"))
    }

    fn equal(&mut self, equal: bool, path: &str, ours: impl std::fmt::Display, golden: &Json) {
        self.leaves += 1;
        if !equal {
            let golden: String = golden.to_string().chars().take(200).collect();
            let ours: String = ours.to_string().chars().take(200).collect();
            self.differences.push(format!("{path}: {ours}, the peer has {golden}"));
        }
    }

    pub(super) fn check(&mut self, ours: &Value, golden: &Json, path: &str) {
        match (ours, golden) {
            (Value::Null, Json::Null) => self.equal(true, path, "", golden),
            (Value::Number(a), golden) => self.equal(is_number(*a, golden), path, a, golden),
            (Value::Bool(a), golden) => self.equal(golden == &Json::Bool(*a), path, a, golden),
            (Value::Text(a), Json::Object(summary)) => {
                let same = summary["len"] == a.len() && summary["sha256_16"] == sha(a.as_bytes());
                self.equal(same, path, a, golden);
            }
            (Value::Text(a), golden) => self.equal(golden == a, path, a, golden),
            (Value::Array(shape, values), Json::Object(summary)) => {
                self.summary(shape, values, summary, path, golden);
            }
            (Value::Array(shape, values), Json::Array(_)) => {
                let mut flat = Vec::new();
                let found = flatten(golden, &mut flat, 0);
                let sizes = found == shape.iter().product::<usize>();
                let same = sizes
                    && flat.len() == values.len()
                    && values.iter().zip(&flat).all(|(a, b)| is_number(*a, b));
                self.equal(same, path, format!("{shape:?} {values:?}"), golden);
            }
            (Value::List(ours), Json::Array(golden)) => {
                if ours.len() != golden.len() {
                    let found = format!("{} elements", ours.len());
                    self.equal(false, path, found, &Json::from(golden.len()));
                }
                for (n, (ours, golden)) in ours.iter().zip(golden).enumerate() {
                    self.check(ours, golden, &format!("{path}/{n}"));
                }
            }
            (Value::Map(ours), Json::Object(entries)) => {
                for (key, golden) in entries {
                    let path = format!("{path}/{key}");
                    match ours.get(key) {
                        Some(ours) => self.check(ours, golden, &path),
                        None => self.equal(false, &path, "nothing", golden),
                    }
                }
                // Where the peer describes only some, ours has a further entry that says so.
                let by_number = entries.keys().all(|key| key.parse::<i64>().is_ok())
                    && !ours.contains_key("any");
                if by_number && ours.len() != entries.len() {
                    self.equal(false, path, format!("{} elements", ours.len()), golden);
                }
            }
            _ => self.equal(false, path, "another kind of value", golden),
        }
    }

    fn summary(
        &mut self,
        shape: &[usize],
        values: &[f64],
        summary: &serde_json::Map<String, Json>,
        path: &str,
        golden: &Json,
    ) {
        if !summary.contains_key("dtype") {
            // A list of lists of which only the length is told.
            let same = summary["len"] == shape[0];
            return self.equal(same, path, shape[0], golden);
        }
        let dtype = summary["dtype"].as_str().unwrap();
        let bytes: Vec<u8> = values.iter().flat_map(|&value| encode(value, dtype)).collect();
        let numbers = || values.iter().copied().filter(|value| !value.is_nan());
        let (min, max) = (numbers().fold(f64::NAN, f64::min), numbers().fold(f64::NAN, f64::max));
        let (sum, size) = (numbers().sum::<f64>(), numbers().map(f64::abs).sum::<f64>());
        let theirs = summary["sum"].as_f64().unwrap_or(f64::NAN);
        let same = summary["shape"] == Json::from(shape)
            && (summary["sha256_16"] == sha(&bytes))
            && (is_number(min, &summary["min"]) && is_number(max, &summary["max"]))
            && ((sum - theirs).abs() <= 1e-6 * size || !sum.is_finite() || theirs.is_nan());
        let ours = format!("{shape:?} sum {sum} min {min} max {max} sha256 {}", sha(&bytes));
        self.equal(same, path, ours, golden);
    }
}

/// Number of values in nested lists.
fn flatten(golden: &Json, flat: &mut Vec<Json>, depth: usize) -> usize {
    match golden {
        Json::Array(list) if depth < 4 => {
            list.iter().map(|inner| flatten(inner, flat, depth + 1)).sum()
        }
        other => {
            flat.push(other.clone());
            1
        }
    }
}

fn is_number(ours: f64, golden: &Json) -> bool {
    match golden {
        // JSON numbers are read to the last place only nearly; two numbers of 4 bytes differ by far more.
        Json::Number(number) => {
            number.as_f64().is_some_and(|n| n == ours || (n - ours).abs() <= 1e-14 * ours.abs())
        }
        Json::String(text) if text == "inf" => ours == f64::INFINITY,
        Json::String(text) if text == "-inf" => ours == f64::NEG_INFINITY,
        Json::Null => ours.is_nan(),
        Json::String(text) if text == "nan" => ours.is_nan(),
        _ => false,
    }
}

fn encode(value: f64, dtype: &str) -> Vec<u8> {
    match dtype {
        "uint8" => (value as u8).to_le_bytes().to_vec(),
        "int16" => (value as i16).to_le_bytes().to_vec(),
        "uint16" => (value as u16).to_le_bytes().to_vec(),
        "int32" => (value as i32).to_le_bytes().to_vec(),
        "uint32" => (value as u32).to_le_bytes().to_vec(),
        "int64" => (value as i64).to_le_bytes().to_vec(),
        "float16" => narrow(value).to_le_bytes().to_vec(),
        "float32" => (value as f32).to_le_bytes().to_vec(),
        "float64" => value.to_le_bytes().to_vec(),
        other => panic!("{other}"),
    }
}

/// The number of 2 bytes that has exactly this value.
fn narrow(value: f64) -> u16 {
    let half = |bits: u16| f64::from(tierline::dl1::eventio::cursor::half(bits));
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let (mut low, mut high) = (0u16, 0x7c00);
    while low < high {
        let middle = low.midpoint(high);
        if half(middle) < value.abs() { low = middle + 1 } else { high = middle }
    }
    assert_eq!(half(low), value.abs());
    low | sign
}

fn sha(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
