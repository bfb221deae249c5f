//! Comparing frames and header values with their JSON description.

use std::fmt::Write as _;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use tierline::dataio::image::{Header, Pixels, Value};

/// The hash of bytes as the goldens have it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How pixels differ from shape, dtype and hash; `None` if they don't.
pub(super) fn pixels(own: &Pixels, golden: &Json) -> Option<String> {
    let shape: Vec<usize> = serde_json::from_value(golden["shape"].clone()).unwrap();
    if own.shape != shape {
        return Some(format!("shape {:?}, not {shape:?}", own.shape));
    }
    if own.dtype.name() != golden["dtype"] {
        return Some(format!("dtype {}, not {}", own.dtype.name(), golden["dtype"]));
    }
    let size = shape.iter().product::<usize>() * own.dtype.size();
    if own.data.len() != size {
        return Some(format!("{} bytes, not {size}", own.data.len()));
    }
    (sha256(&own.data) != golden["sha256"]).then(|| "pixels differ".to_owned())
}

/// How a header differs in keys, order and values, leaving out the keys in `but`; `None` if it doesn't.
pub(super) fn header(own: &Header, golden: &Json, but: &[&str]) -> Option<String> {
    let golden = golden.as_object().unwrap();
    let own_keys: Vec<&str> = own.iter().map(|(key, _)| key).collect();
    let keys: Vec<&str> = golden.keys().map(String::as_str).collect();
    for key in &keys {
        if !own_keys.contains(key) && !but.contains(key) {
            return Some(format!("no key {key:?} among {}", cut(&format!("{own_keys:?}"))));
        }
    }
    for (key, value) in own.iter().filter(|(key, _)| !but.contains(key)) {
        let Some(golden) = golden.get(key) else {
            return Some(format!("key {key:?} = {} is too many", cut(&value.to_string())));
        };
        if !equal(value, golden) {
            let (own, golden) = (format!("{value:?}"), golden.to_string());
            return Some(format!("{key:?} is {}, not {}", cut(&own), cut(&golden)));
        }
    }
    let same = |key: &&&str| !but.contains(*key);
    let ordered = own_keys.iter().filter(same).eq(keys.iter().filter(same));
    (!ordered).then(|| format!("keys in another order: {}", cut(&format!("{own_keys:?}"))))
}

fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}

/// Whether a value is what the golden says: `{"bytes": hex}` is Python's bytes, which may be text here;
/// floats to 1e-6; names of a map may be Python's bytes.
fn equal(own: &Value, golden: &Json) -> bool {
    match (own, golden) {
        (Value::Text(own), Json::String(golden)) => own == golden,
        (Value::Int(own), Json::Number(golden)) => golden.as_i64() == Some(*own),
        (Value::Float(own), Json::Number(golden)) => {
            let golden = golden.as_f64().unwrap();
            (own - golden).abs() <= 1e-6 * golden.abs()
        }
        (Value::Bool(own), Json::Bool(golden)) => own == golden,
        (Value::None, Json::Null) => true,
        (Value::Bytes(own), Json::Object(golden)) => bytes(golden).is_some_and(|golden| {
            // Long ones are only hashed.
            *golden == hex(own) || *golden == format!("sha256:{}", sha256(own))
        }),
        (Value::Text(own), Json::Object(golden)) => bytes(golden) == Some(&hex(own.as_bytes())),
        (Value::List(own), Json::Array(golden)) => {
            own.len() == golden.len()
                && own.iter().zip(golden).all(|(own, golden)| equal(own, golden))
        }
        (Value::Map(own), Json::Object(golden)) => {
            own.len() == golden.len()
                && own.iter().zip(golden).all(|((own_key, own), (key, golden))| {
                    (own_key == key || format!("b'{own_key}'") == *key) && equal(own, golden)
                })
        }
        _ => false,
    }
}

fn bytes(golden: &serde_json::Map<String, Json>) -> Option<&String> {
    match golden.get("bytes") {
        Some(Json::String(hex)) if golden.len() == 1 => Some(hex),
        _ => None,
    }
}
