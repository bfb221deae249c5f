//! The settings file of a CoMPASS run (XML): `configuration/board`, one or several, each with `modelName`, `adcBitCount`,
//! `parameters/entry` {key, value/value} and `channel` {index, values/entry {key\[, value\]}}.
//!
//! A channel with fewer than two entries is off. An entry without a value has the board parameter's.

use heapless::Vec;

use crate::decoder::RowSink;
use crate::error::{Error, Kind, Result};
use crate::field::Value;
use crate::text::Node;

/// Name of the header object.
pub(super) const TABLE: &str = "CompassHeader";
/// Boards and channels listed where there is no settings file.
const UNKNOWN: (u32, u32) = (2, 8);

/// What decoding needs of a board.
#[derive(Clone, Copy, Debug)]
pub(super) struct Board {
    /// Samples per event.
    pub(super) samples: u32,
}

/// Samples per ns of a digitizer model.
fn sample_rate(model: &str) -> Option<f64> {
    match model {
        "DT5730" => Some(0.5),
        "DT5725" => Some(0.25),
        _ => None,
    }
}

/// A number such as `2000`, `2000.0` or `1.0E7`. (The standard library's parser holds code that can panic.)
fn decimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.trim().split_once(['e', 'E']).unwrap_or((text.trim(), "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut value = 0u64;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    let scale = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let mut power = 1.0;
    for _ in 0..scale.unsigned_abs().min(30) {
        power *= 10.0;
    }
    let value = value as f64;
    (!digits.is_empty()).then_some(if scale < 0 { value / power } else { value * power })
}

fn text<'n, N: Node>(node: &'n N, name: &str) -> &'n str {
    node.get(name).and_then(Node::text).unwrap_or("")
}

fn named<'n, N: Node>(node: &'n N, name: &'static str) -> impl Iterator<Item = &'n N> {
    node.children().filter(move |(n, _)| *n == name).map(|(_, child)| child)
}

/// The value of a board parameter.
fn parameter<'n, N: Node>(board: &'n N, key: &str) -> Option<&'n str> {
    let entries = named(board.get("parameters")?, "entry");
    entries.filter(|e| text(*e, "key") == key).last()?.find(&["value", "value"])?.text()
}

/// Reads all boards and puts the header object.
pub(super) fn read<N: Node, S: RowSink, const B: usize>(
    root: &N,
    boards: &mut Vec<Board, B>,
    sink: &mut S,
) -> Result<()> {
    let root = root.get("configuration").unwrap_or(root);
    for (i, board) in named(root, "board").enumerate() {
        let model = text(board, "modelName");
        let bad = |field, found| Err(Error::new(Kind::Unsupported, field, found, 0).fatal());
        let Some(rate) = sample_rate(model) else {
            return bad("sample rate of this board model (settings file, board)", i as i64);
        };
        let length = parameter(board, "SRV_PARAM_RECLEN").and_then(decimal);
        let Some(length) = length.map(|ns| ns * rate) else {
            return bad("SRV_PARAM_RECLEN (settings file, board)", i as i64);
        };
        if boards.push(Board { samples: length as u32 }).is_err() {
            return bad("boards of the settings file", i as i64 + 1);
        }
        let mut put = |name, value| sink.header(TABLE, format_args!("boards/{i}/{name}"), value);
        put("modelName", Value::Text(model));
        put("adcBitCount", Value::Text(text(board, "adcBitCount")));
        put("sample_rate", Value::F64(rate));
        put("wf_len", Value::F64(length));
        put("channels", Value::Struct);
        put_channels(i, board, sink);
    }
    if boards.is_empty() {
        return Err(Error::malformed("configuration/board (settings file)", 0, 1).fatal());
    }
    Ok(())
}

fn put_channels<N: Node, S: RowSink>(i: usize, board: &N, sink: &mut S) {
    for channel in named(board, "channel") {
        let Some(values) = channel.get("values") else { continue };
        if named(values, "entry").nth(1).is_none() {
            continue;
        }
        let index = text(channel, "index");
        for entry in named(values, "entry") {
            let key = text(entry, "key");
            let value = entry.get("value").and_then(Node::text).or_else(|| parameter(board, key));
            let path = format_args!("boards/{i}/channels/{index}/{key}");
            sink.header(TABLE, path, Value::Text(value.unwrap_or("")));
        }
    }
}

/// The header object where there is no settings file: the number of samples, and NaN for what isn't known.
pub(super) fn put_unknown<S: RowSink>(samples: u32, sink: &mut S) {
    for board in 0..UNKNOWN.0 {
        for name in ["modelName", "adcBitCount", "sample_rate"] {
            sink.header(TABLE, format_args!("boards/{board}/{name}"), Value::F64(f64::NAN));
        }
        let path = format_args!("boards/{board}/wf_len");
        sink.header(TABLE, path, Value::F64(samples.into()));
        for channel in 0..UNKNOWN.1 {
            let path = format_args!("boards/{board}/channels/{channel}");
            sink.header(TABLE, path, Value::F64(f64::NAN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_as_settings_files_have_them() {
        assert_eq!(decimal(" 2000 "), Some(2000.0));
        assert_eq!(decimal("2000.0"), Some(2000.0));
        assert_eq!(decimal("1992.25"), Some(1992.25));
        assert_eq!(decimal("1.024E7"), Some(1.024e7));
        assert_eq!(decimal("0.1"), Some(0.1));
        for bad in ["", "-1", "x", "1.2.3", "1e", "99999999999999999999999"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }
}
