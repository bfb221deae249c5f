//! Reading what the peer made.

use serde_json::Value;

pub(super) use super::stored::number;

/// A file of stored results; `None` if there are none.
pub(super) fn open(name: &str) -> Option<Value> {
    super::stored::json(&format!("{name}.json.gz"))
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
