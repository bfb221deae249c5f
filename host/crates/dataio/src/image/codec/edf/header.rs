//! EDF headers: their pairs, and what they say of the blob.

use tierline_table::DType;

use super::super::super::{Header, Value};

/// Most extents of an array.
const MOST_EXTENTS: usize = 64;

/// The pairs of a header's text, and how many were dropped for not being ASCII.
pub(super) fn parse(text: &[u8]) -> (Header, usize) {
    let mut dropped = 0;
    let pairs = text.split(|byte| *byte == b';').filter_map(|piece| {
        let equal = piece.iter().position(|byte| *byte == b'=')?;
        match (clean(&piece[..equal]), clean(&piece[equal + 1..])) {
            (Some(key), Some(value)) => Some((key, value)),
            _ => {
                dropped += 1;
                None
            }
        }
    });
    let header = pairs.collect();
    (header, dropped)
}

/// Text without white space and NUL around it, if it is ASCII.
fn clean(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    Some(text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c', '\0']))
}

/// An integer, which may be written as a float: `30.0`.
pub(super) fn integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let value: f64 = text.parse().ok()?;
        (value.abs() < 9e18).then_some(value as i64)
    })
}

/// The keys of a general block, which are defaults for frames.
#[derive(Debug)]
pub(super) struct General {
    /// All pairs that may be defaults.
    header: Header,
    /// Those of them that a blob's layout may depend on.
    structural: Vec<(String, String)>,
}

impl General {
    pub(super) fn new(header: &Header) -> Self {
        let is_default = |key: &str| {
            !key.starts_with("EDF_")
                && !["SIZE", "IMAGE", "HEADERID"].iter().any(|own| key.eq_ignore_ascii_case(own))
        };
        let pairs = header.iter().filter(|(key, _)| is_default(key));
        let header: Header = pairs.map(|(key, value)| (key, value.clone())).collect();
        let structural =
            texts(&header).filter(|(key, _)| is_structural(key)).map(|(k, v)| (k.into(), v.into()));
        General { structural: structural.collect(), header }
    }

    /// Adds to a frame's header what it doesn't have.
    pub(super) fn complete(&self, own: Header) -> Header {
        let more: Vec<(String, Value)> = {
            let keys: std::collections::HashSet<&str> = own.iter().map(|(key, _)| key).collect();
            let missing = self.header.iter().filter(|(key, _)| !keys.contains(key));
            missing.map(|(key, value)| (key.to_owned(), value.clone())).collect()
        };
        own.iter().map(|(key, value)| (key.to_owned(), value.clone())).chain(more).collect()
    }
}

fn texts(header: &Header) -> impl Iterator<Item = (&str, &str)> {
    header.iter().filter_map(|(key, value)| match value {
        Value::Text(text) => Some((key, text.as_str())),
        _ => None,
    })
}

fn is_structural(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    key.starts_with("DIM_") || ["DATATYPE", "BYTEORDER", "COMPRESSION"].contains(&key.as_str())
}

/// How a blob is packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Bzip2,
    Zlib,
    ByteOffset,
    /// Unknown: taken as it is.
    Unknown(String),
}

impl Compression {
    fn of(text: &str) -> Self {
        let upper = text.to_ascii_uppercase();
        match upper.as_str() {
            text if text.contains("OFFSET") => Compression::ByteOffset,
            text if text.starts_with("NO") => Compression::None,
            text if text.contains("GZIP") => Compression::Gzip,
            text if text.contains("BZ") => Compression::Bzip2,
            text if text.contains('Z') => Compression::Zlib,
            _ => Compression::Unknown(upper),
        }
    }
}

/// A part of another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct External {
    /// The file's name, without folders.
    pub(super) name: String,
    /// Offset of the data in it.
    pub(super) position: u64,
    /// Bytes there, if it says so.
    pub(super) size: Option<u64>,
}

/// What a header says of its blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Extents, slowest first.
    pub(super) shape: Vec<usize>,
    /// Type of the elements.
    pub(super) dtype: DType,
    /// Whether the high byte comes first.
    pub(super) big_endian: bool,
    /// How the blob is packed.
    pub(super) compression: Compression,
    /// Where the data are, if not in the blob.
    pub(super) external: Option<External>,
    /// What was guessed.
    pub(super) guesses: Vec<&'static str>,
}

impl Layout {
    /// Bytes of the pixels, if that is a number.
    pub(super) fn size(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(self.dtype.size() as u64, |n, extent| n.checked_mul(*extent as u64))
    }

    /// What a frame's header, completed by a general block, says.
    pub(super) fn of(own: &Header, general: Option<&General>) -> Result<Self, String> {
        let mut keys = Structure::default();
        for (key, value) in texts(own) {
            keys.add(key, value)?;
        }
        for (key, value) in general.iter().flat_map(|general| &general.structural) {
            if own.get(key).is_none() {
                keys.add(key, value)?;
            }
        }
        let mut guesses = Vec::new();
        let dtype = match keys.data_type {
            Some(text) => data_type(text)?,
            None => {
                guesses.push("no DataType: taken as UnsignedShort");
                DType::U16
            }
        };
        let big_endian = match keys.byte_order {
            Some(text) if text.contains("Low") => false,
            Some(text) if text.contains("High") => true,
            _ => {
                guesses.push("no known ByteOrder: taken as LowByteFirst");
                false
            }
        };
        let external = own.text("EDF_BinaryFileName").map(|name| External::of(own, name));
        let rank = keys.extents.iter().rposition(Option::is_some).map_or(0, |place| place + 1);
        let extent = |i: usize| keys.extents[i].unwrap_or(usize::from(i > 0));
        Ok(Layout {
            shape: (0..rank).rev().map(extent).collect(),
            dtype,
            big_endian,
            compression: keys.compression.map_or(Compression::None, Compression::of),
            external: external.transpose()?,
            guesses,
        })
    }
}

/// The keys of a layout as they come; the later of two spellings stays.
struct Structure<'a> {
    extents: [Option<usize>; MOST_EXTENTS],
    data_type: Option<&'a str>,
    byte_order: Option<&'a str>,
    compression: Option<&'a str>,
}

impl Default for Structure<'_> {
    fn default() -> Self {
        let extents = [None; MOST_EXTENTS];
        Structure { extents, data_type: None, byte_order: None, compression: None }
    }
}

impl<'a> Structure<'a> {
    fn add(&mut self, key: &str, value: &'a str) -> Result<(), String> {
        match key.len() {
            8 if key.eq_ignore_ascii_case("DataType") => self.data_type = Some(value),
            9 if key.eq_ignore_ascii_case("ByteOrder") => self.byte_order = Some(value),
            11 if key.eq_ignore_ascii_case("Compression") => self.compression = Some(value),
            _ if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("Dim_")) => {
                if key[4..].is_empty() || !key[4..].bytes().all(|byte| byte.is_ascii_digit()) {
                    return Ok(());
                }
                let number = key[4..].parse().unwrap_or(usize::MAX);
                let extent = integer(value).and_then(|extent| usize::try_from(extent).ok());
                match number {
                    0 => {}
                    1..=MOST_EXTENTS => {
                        let extent = extent.ok_or_else(|| format!("{key} is '{value}'"))?;
                        self.extents[number - 1] = Some(extent);
                    }
                    _ => return Err(format!("{key}: more than {MOST_EXTENTS} extents")),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl External {
    fn of(own: &Header, name: &str) -> Result<Self, String> {
        let number = |key: &str| match own.text(key) {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| format!("{key} is '{text}'")),
        };
        let base = name.rsplit('/').next().unwrap_or_default();
        if matches!(base, "" | "." | "..") {
            return Err(format!("EDF_BinaryFileName is '{name}'"));
        }
        Ok(External {
            name: base.to_owned(),
            position: number("EDF_BinaryFilePosition")?.unwrap_or(0),
            size: number("EDF_BinaryFileSize")?,
        })
    }
}

/// The size of a blob that a frame's header tells: `Size`, else `EDF_BinarySize`.
pub(super) fn stored_size(own: &Header) -> Option<u64> {
    let size = texts(own).filter(|(key, _)| key.eq_ignore_ascii_case("Size")).last();
    let size = size.and_then(|(_, text)| integer(text)).and_then(|size| u64::try_from(size).ok());
    size.or_else(|| own.text("EDF_BinarySize")?.parse().ok())
}

/// The element type of a `DataType`, sensitive to case. `Long` has 32 bits.
pub fn data_type(text: &str) -> Result<DType, String> {
    Ok(match text {
        "SignedByte" | "Signed8" => DType::I8,
        "UnsignedByte" | "Unsigned8" => DType::U8,
        "SignedShort" | "Signed16" => DType::I16,
        "UnsignedShort" | "Unsigned16" | "UnsignedShortInteger" => DType::U16,
        "SignedInteger" | "Signed32" | "SignedLong" => DType::I32,
        "UnsignedInteger" | "Unsigned32" | "UnsignedLong" => DType::U32,
        "Signed64" => DType::I64,
        "Unsigned64" => DType::U64,
        "FloatValue" | "FLOATVALUE" | "FLOAT" | "Float" | "FloatIEEE32" | "Float32" => DType::F32,
        "Double" | "DoubleValue" | "FloatIEEE64" | "DoubleIEEE64" => DType::F64,
        "FloatIEEE128" | "DoubleIEEE128" | "QuadrupleValue" => {
            return Err(format!("DataType {text}: floats of 128 bit are not supported"));
        }
        other => return Err(format!("DataType '{other}' is not known")),
    })
}

/// The `DataType` of an element type, as fabio writes it.
pub(super) fn type_name(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::I8 => "SignedByte",
        DType::U8 | DType::Bool => "UnsignedByte",
        DType::I16 => "SignedShort",
        DType::U16 => "UnsignedShort",
        DType::I32 => "SignedInteger",
        DType::U32 => "UnsignedInteger",
        DType::I64 => "Signed64",
        DType::U64 => "Unsigned64",
        DType::F32 => "FloatValue",
        DType::F64 => "DoubleValue",
        DType::Text(_) => return None,
    })
}
