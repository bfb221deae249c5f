//! The `proc_spec` of a table, as it is written.

use serde_json::{Map, Value as Json};
use tierline_h5::lh5::{ColumnSettings, Setting};
use tierline_table::{Codec, DType, UnknownCodec};

/// A slice of the rows of a two-dimensional column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The column, or waveform.
    pub input: String,
    /// First element; negative: from the end.
    pub start: i64,
    /// One behind the last element; negative: from the end.
    pub end: i64,
    /// What it is called then; the same name replaces it.
    pub output: String,
}

impl Window {
    /// The elements of a row of `n`, as Python's slices have it.
    pub fn range(&self, n: usize) -> std::ops::Range<usize> {
        let place = |i: i64| {
            let from_end = n.saturating_sub(usize::try_from(i.unsigned_abs()).unwrap_or(n));
            if i < 0 { from_end } else { usize::try_from(i).unwrap_or(n).min(n) }
        };
        let (start, end) = (place(self.start), place(self.end));
        start..end.max(start)
    }
}

/// What is done to the rows of a table before they are written, in this order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcSpec {
    /// A slice.
    pub window: Option<Window>,
    /// A processing chain, see [`crate::dsp`].
    pub dsp_config: Option<Json>,
    /// Columns that get another type.
    pub dtype_conv: Vec<(String, DType)>,
    /// Columns that are left out.
    pub drop: Vec<String>,
    /// Columns that are encoded.
    pub compression: Vec<(String, Codec)>,
    /// How columns are stored.
    pub hdf5_settings: Vec<(String, ColumnSettings)>,
}

impl Eq for ProcSpec {}

/// A type by the name numpy gives it.
fn dtype(name: &str) -> Option<DType> {
    let name = name.trim_start_matches(['<', '=', '|']);
    Some(match name {
        "bool" | "?" | "b1" => DType::Bool,
        "uint8" | "u1" | "B" | "ubyte" => DType::U8,
        "int8" | "i1" | "b" | "byte" => DType::I8,
        "uint16" | "u2" | "H" | "ushort" => DType::U16,
        "int16" | "i2" | "h" | "short" => DType::I16,
        "uint32" | "u4" | "I" | "uintc" => DType::U32,
        "int32" | "i4" | "i" | "intc" => DType::I32,
        "uint64" | "u8" | "L" | "uint" => DType::U64,
        "int64" | "i8" | "l" | "int" => DType::I64,
        "float32" | "f4" | "f" | "single" => DType::F32,
        "float64" | "f8" | "d" | "double" | "float" => DType::F64,
        _ => return None,
    })
}

/// The codec that `Name(argument=value, ...)` is.
fn codec(text: &str) -> Result<Codec, String> {
    // The peer's arguments are floating point numbers.
    text.replace(".0)", ")").parse().map_err(|e: UnknownCodec| e.to_string())
}

fn window(value: &Json) -> Result<Window, String> {
    let bad = || format!("{value}: expected [input, start, end, output]");
    let Json::Array(items) = value else { return Err(bad()) };
    let [Json::String(input), start, end, Json::String(output)] = items.as_slice() else {
        return Err(bad());
    };
    let whole = |value: &Json| match value {
        Json::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    let (start, end) = whole(start).zip(whole(end)).ok_or_else(bad)?;
    if input.is_empty() || output.is_empty() || output.contains('/') {
        return Err(bad());
    }
    Ok(Window { input: input.clone(), start, end, output: output.clone() })
}

fn map<T>(
    value: &Json,
    parse: impl Fn(&Json) -> Result<T, String>,
) -> Result<Vec<(String, T)>, String> {
    let Json::Object(map) = value else {
        return Err(format!("{value}: expected an object of columns"));
    };
    let item = |(path, value): (&String, &Json)| match parse(value) {
        Ok(parsed) => Ok((path.trim_matches('/').to_owned(), parsed)),
        Err(why) => Err(format!("{path}: {why}")),
    };
    map.iter().map(item).collect()
}

fn text(value: &Json) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("expected a text, found {value}"))
}

fn names(value: &Json) -> Result<Vec<String>, String> {
    let Json::Array(items) = value else {
        return Err(format!("{value}: expected a list of names"));
    };
    items.iter().map(|item| text(item).map(str::to_owned)).collect()
}

fn object(value: &Json) -> Result<&Map<String, Json>, String> {
    value.as_object().ok_or_else(|| format!("expected an object, found {value}"))
}

/// How a column is stored: what h5py's `create_dataset` takes.
///
/// # Errors
/// What is wrong with it, in words.
pub fn column_settings(value: &Json) -> Result<ColumnSettings, String> {
    let mut out = ColumnSettings::default();
    for (name, value) in object(value)? {
        let integers: Vec<i64>;
        let bad = || format!("{name}: {value} is no setting");
        let setting = match value {
            Json::Null => Setting::Null,
            Json::Bool(on) => Setting::Bool(*on),
            Json::Number(n) => Setting::Integer(n.as_i64().ok_or_else(bad)?),
            Json::String(text) => Setting::Text(text),
            Json::Array(items) => {
                let all: Option<Vec<i64>> = items.iter().map(Json::as_i64).collect();
                integers = all.ok_or_else(bad)?;
                Setting::Integers(&integers)
            }
            Json::Object(_) => return Err(bad()),
        };
        out.set(name, &setting).map_err(|e| e.to_string())?;
    }
    Ok(out)
}

impl ProcSpec {
    /// Reads a `proc_spec`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn compile(spec: &Json) -> Result<Self, String> {
        let Json::Object(spec) = spec else {
            return Err(format!("expected an object, found {spec}"));
        };
        let mut out = ProcSpec::default();
        for (step, value) in spec {
            let done = match step.as_str() {
                "window" => window(value).map(|window| out.window = Some(window)),
                "dsp_config" => object(value).map(|c| out.dsp_config = Some(c.clone().into())),
                "dtype_conv" => map(value, |value| {
                    let name = text(value)?;
                    dtype(name).ok_or_else(|| format!("unknown type '{name}'"))
                })
                .map(|list| out.dtype_conv = list),
                "drop" => names(value).map(|list| out.drop = list),
                "compression" => map(value, |v| codec(text(v)?)).map(|list| out.compression = list),
                "hdf5_settings" => map(value, column_settings).map(|list| out.hdf5_settings = list),
                _ => {
                    Err("unknown step (known: window, dsp_config, dtype_conv, drop, compression, \
                          hdf5_settings)"
                        .into())
                }
            };
            done.map_err(|why| format!("{step}: {why}"))?;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn windows_are_pythons_slices() {
        // Each line is what Python's slice gives of a list of ten.
        for (start, end, want) in [
            (2, 5, 2..5),
            (1, -1, 1..9),
            (-3, -1, 7..9),
            (-20, 4, 0..4),
            (5, 99, 5..10),
            (7, 3, 7..7),
        ] {
            let window = Window { input: "w".into(), start, end, output: "w".into() };
            assert_eq!(window.range(10), want, "[{start}:{end}]");
        }
    }

    #[test]
    fn steps_are_read_and_mistakes_are_named() {
        let spec = ProcSpec::compile(&json!({
            "window": ["waveform", 100, -100, "windowed"],
            "drop": ["waveform"],
            "dtype_conv": {"energy": "uint16", "/windowed/values": "<i4"},
            "compression": {"windowed/values": "RadwareSigcompress(codec_shift=-32768)"},
        }))
        .unwrap();
        assert_eq!(spec.dtype_conv[1], ("windowed/values".into(), DType::I32));
        assert_eq!(spec.compression[0].1, Codec::RadwareSigcompress { shift: -32768 });
        for (bad, why) in [
            (json!({"windows": []}), "windows: unknown step"),
            (json!({"window": ["waveform", 1, "out"]}), "window: "),
            (
                json!({"window": ["waveform", 1.5, 2, "out"]}),
                "expected [input, start, end, output]",
            ),
            (json!({"drop": "waveform"}), "drop: "),
            (json!({"dtype_conv": {"a": "uint12"}}), "dtype_conv: a: unknown type 'uint12'"),
            (json!({"compression": {"w": "Zip()"}}), "compression: w: there is no codec 'Zip()'"),
            (json!({"compression": {"w": "RadwareSigcompress(x=1)"}}), "there is no codec"),
            (json!({"hdf5_settings": {"w": {"compression": "lzf"}}}), "w: compression 'lzf'"),
            (json!({"hdf5_settings": {"w": {"compression_opts": 11}}}), "a level from 0 to 9"),
            (json!({"hdf5_settings": {"w": {"chunks": [0.5]}}}), "chunks: [0.5] is no setting"),
            (json!([]), "expected an object"),
        ] {
            let error = ProcSpec::compile(&bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
