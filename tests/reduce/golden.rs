//! Reading what the peer made.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::Value;
use tierline_tests::data::shared;

/// A file of stored results; `None` if there are none.
pub(super) fn open(name: &str) -> Option<Value> {
    let path = shared(&format!("golden/reduce/{name}.json.gz"))?;
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// A number; those that aren't finite are stored as text.
pub(super) fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap(),
        value => value.as_f64().unwrap_or_else(|| panic!("{value}: no number")),
    }
}

/// Numbers of a list, however deep.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![number(value)],
    }
}

/// The largest difference, relative where the wanted value is above `floor`, else over `floor`; at most `tolerance`.
pub(super) fn compare(
    what: &str,
    found: &[f64],
    wanted: &[f64],
    tolerance: f64,
    floor: f64,
) -> f64 {
    assert_eq!(found.len(), wanted.len(), "{what}: lengths");
    let mut worst = (0.0, 0);
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        if found == wanted || (found.is_nan() && wanted.is_nan()) {
            continue;
        }
        let difference = (found - wanted).abs() / wanted.abs().max(floor);
        if difference.is_nan() || difference > worst.0 {
            worst = (if difference.is_nan() { f64::INFINITY } else { difference }, at);
        }
    }
    let (difference, at) = worst;
    if difference > 0.0 {
        println!("{what}: {difference:.2e} at {at}: {:e} for {:e}", found[at], wanted[at]);
    }
    assert!(
        difference <= tolerance,
        "{what}: {difference:.3e} at {at}: found {:e}, wanted {:e}",
        found[at],
        wanted[at]
    );
    difference
}
