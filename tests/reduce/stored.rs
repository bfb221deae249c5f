//! Stored results of the peer.

use std::io::Read;

use serde_json::Value;
use tierline_tests::data::shared;

/// A file of results; `None` if there are none.
pub(super) fn json(name: &str) -> Option<Value> {
    let path = shared(&format!("golden/reduce/{name}"))?;
    let mut text = String::new();
    let packed = std::fs::File::open(&path).unwrap();
    flate2::read::MultiGzDecoder::new(packed).read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// A number; those that are not finite are texts.
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        other => other.as_f64().unwrap_or_else(|| panic!("no number: {other}")),
    }
}

/// Numbers of a list.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}
