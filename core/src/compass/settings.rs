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
        let length = parameter(board, "SRV_PARAM_RECLEN").and_then(|t| t.trim().parse().ok());
        let Some(length) = length.map(|ns: f64| ns * rate) else {
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
