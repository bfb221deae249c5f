//! CBF, the Crystallographic Binary File: a CIF text with one binary section.
//!
//! | part | content |
//! |---|---|
//! | `###CBF: VERSION` | first line |
//! | CIF | `_key value` pairs and loops, see [`cif`] |
//! | `--CIF-BINARY-FORMAT-SECTION--` | in the text field of `_array_data.data`, at any offset |
//! | MIME | lines `Key: value`, and `conversions="…"`, up to an empty line |
//! | `0C 1A 04 D5` | start of the data |
//! | data | `X-Binary-Size` bytes |
//! | `--CIF-BINARY-FORMAT-SECTION----` | end |
//!
//! | MIME key | meaning |
//! |---|---|
//! | `conversions` | `x-CBF_BYTE_OFFSET` (see [`byte_offset`]); absent: not packed |
//! | `X-Binary-Element-Type` | `signed 32-bit integer` and the like; 32 bit signed if absent |
//! | `X-Binary-Size-Fastest-Dimension`, `-Second-`, `-Third-` | columns, rows, images |
//! | `Content-MD5` | of the data as stored, base64 |
//!
//! Without dimensions the pixels are one line. `x-CBF_PACKED` and `x-CBF_CANONICAL` are not supported.

pub mod cif;
pub mod pilatus;
#[cfg(test)]
mod tests;
mod write;

use md5::{Digest as _, Md5};
use memchr::memmem;
use tierline_report::LimitKind;
use tierline_table::DType;

use super::super::{Codec, Encoder, Frame, Header, Hint, Image, Pixels, Source, Value, Warnings};
use crate::image::compression::byte_offset;
use crate::{Error, Place};

const MARKER: &[u8] = b"--CIF-BINARY-FORMAT-SECTION--";
const STARTER: [u8; 4] = [0x0c, 0x1a, 0x04, 0xd5];
/// Bytes read at first to find the data.
const FIRST: u64 = 16 << 10;
/// Data of fewer bytes are not worth a thread for their checksum.
const WORTH_A_THREAD: usize = 1 << 16;

/// The format.
#[derive(Debug)]
pub struct Cbf;

impl Codec for Cbf {
    fn name(&self) -> &'static str {
        "cbf"
    }

    fn description(&self) -> &'static str {
        "Cif Binary Files format (used by the Pilatus detectors and others)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["cbf"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"###CBF: VERSION")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(CbfImage::open(source)?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&write::CbfWriter)
    }
}

/// The names of the element types.
const TYPES: [(&str, DType); 10] = [
    ("signed 8-bit integer", DType::I8),
    ("signed 16-bit integer", DType::I16),
    ("signed 32-bit integer", DType::I32),
    ("signed 64-bit integer", DType::I64),
    ("unsigned 8-bit integer", DType::U8),
    ("unsigned 16-bit integer", DType::U16),
    ("unsigned 32-bit integer", DType::U32),
    ("unsigned 64-bit integer", DType::U64),
    ("signed 32-bit real IEEE", DType::F32),
    ("signed 64-bit real IEEE", DType::F64),
];

/// An open file: the header is read, the data are not.
struct CbfImage {
    source: Source,
    header: Header,
    /// Offset of the data, and bytes of them.
    data: (u64, u64),
    dtype: DType,
    /// Extents, slowest first.
    shape: Vec<usize>,
    byte_offset: bool,
    incomplete: bool,
    warnings: Warnings,
}

impl CbfImage {
    fn open(source: Source) -> Result<Self, Error> {
        let (text, marker, start) = find_data(&source)?;
        let mut warnings = Warnings::default();
        let mut header: Header = cif::parse(&text[..marker]).collect();
        for (key, value) in mime(&text[marker..start]) {
            header.set(key, value);
        }
        let malformed = |reason| source.malformed(Place::Byte(marker as u64), reason);
        let byte_offset = match header.text("conversions") {
            Some("x-CBF_BYTE_OFFSET") => true,
            None | Some("x-CBF_NONE") => false,
            Some(other) => {
                let reason = format!("conversion {other}");
                return Err(Error::unsupported(source.path(), Place::Byte(marker as u64), reason));
            }
        };
        if let Some(encoding) = header.text("Content-Transfer-Encoding")
            && !encoding.eq_ignore_ascii_case("BINARY")
        {
            let reason = format!("transfer encoding {encoding}");
            return Err(Error::unsupported(source.path(), Place::Byte(marker as u64), reason));
        }
        let dtype = header
            .text("X-Binary-Element-Type")
            .and_then(|text| TYPES.iter().find(|(name, _)| *name == text).map(|(_, dtype)| *dtype));
        let dtype = dtype.unwrap_or_else(|| {
            warnings.add("no known X-Binary-Element-Type: taken as signed 32-bit integer");
            DType::I32
        });
        let start = (start + STARTER.len()) as u64;
        let there = source.len().saturating_sub(start);
        let size = number(&header, "X-Binary-Size").map_err(malformed)?.unwrap_or_else(|| {
            warnings.add("no X-Binary-Size: the data are all that follows");
            there
        });
        let incomplete = size > there;
        if incomplete {
            warnings.add(format!("byte {start}: {size} bytes of data, the file has {there}"));
        }
        let shape = shape(&header, size, dtype).map_err(malformed)?;
        let data = (start, size.min(there));
        Ok(CbfImage { source, header, data, dtype, shape, byte_offset, incomplete, warnings })
    }

    fn pixels(&mut self) -> Result<Pixels, Error> {
        let item = self.dtype.size();
        let size = self.source.size("pixels", &self.shape, item)?;
        let packed = self.source.bytes(self.data.0, self.data.1)?;
        let expected = self.header.text("Content-MD5");
        let byte_offset = self.byte_offset;
        let decode = || {
            if byte_offset {
                let mut data = vec![0; size];
                let decoded = byte_offset::decode(&packed, &mut data, item);
                (data, decoded.elements * item)
            } else {
                let mut data = packed.clone();
                data.resize(size, 0);
                (data, packed.len().min(size))
            }
        };
        let digest = || data_encoding::BASE64.encode(&Md5::digest(&packed));
        let ((data, count), found) = if expected.is_some() && packed.len() >= WORTH_A_THREAD {
            std::thread::scope(|scope| {
                let digest = scope.spawn(digest);
                (decode(), digest.join().ok())
            })
        } else {
            (decode(), expected.map(|_| digest()))
        };
        if let (Some(expected), Some(found)) = (expected, found)
            && expected != found
        {
            self.warnings.add(format!("Content-MD5 is {expected}, that of the data {found}"));
        }
        if count < size {
            self.warnings.add(format!("{count} bytes of pixels of {size}: the rest is zero"));
        }
        let order = self.header.text("X-Binary-Element-Byte-Order").unwrap_or_default();
        let big_endian = !byte_offset && order.eq_ignore_ascii_case("BIG_ENDIAN");
        Ok(Pixels::from_file(self.dtype, self.shape.clone(), data, big_endian))
    }
}

impl Image for CbfImage {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(1)
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let header = self.header(index)?;
        Ok(Frame { pixels: self.pixels()?, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.source.only_frame(index)?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete
    }
}

/// The text up to the data, the offset of the marker, and that of the starter.
fn find_data(source: &Source) -> Result<(Vec<u8>, usize, usize), Error> {
    let mut length = FIRST;
    loop {
        let text = source.bytes(0, length)?;
        let marker = memmem::find(&text, MARKER);
        if let Some(marker) = marker
            && let Some(more) = memmem::find(&text[marker..], &STARTER)
        {
            return Ok((text, marker, marker + more));
        }
        if (text.len() as u64) < length {
            let what = if marker.is_some() { "start of the data" } else { "binary section" };
            return Err(source.malformed(Place::File, format!("there is no {what}")));
        }
        length *= 4;
        source.limits().check(LimitKind::Header, &source.path().display().to_string(), length)?;
    }
}

/// The MIME pairs of a binary section, from its marker on.
fn mime(section: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(section);
    let mut pairs: Vec<(String, String)> = Vec::new();
    let trim = |text: &str| text.trim_matches([' ', '"', '\n', '\r', '\t']).to_owned();
    for line in text.lines().skip(1).take_while(|line| !line.trim().is_empty()) {
        let Some((key, value)) = line.split_once(':').or_else(|| line.split_once('=')) else {
            continue;
        };
        pairs.push((key.trim().to_owned(), trim(value)));
    }
    // The conversion may stand in the line of the content type.
    if !pairs.iter().any(|(key, _)| key == "conversions") {
        let kind = pairs.iter().find(|(key, _)| key == "Content-Type");
        let conversion = kind.and_then(|(_, value)| value.split_once("conversions="));
        if let Some((_, value)) = conversion {
            pairs.push(("conversions".to_owned(), trim(value)));
        }
    }
    pairs
}

fn number(header: &Header, key: &str) -> Result<Option<u64>, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{key} is '{text}'"));
    header.text(key).map(number).transpose()
}

/// Extents, slowest first; one, where the header has none.
fn shape(header: &Header, size: u64, dtype: DType) -> Result<Vec<usize>, String> {
    let extent = |name: &str| -> Result<Option<usize>, String> {
        let extent = number(header, &format!("X-Binary-Size-{name}-Dimension"))?;
        extent.map(|n| usize::try_from(n).map_err(|error| error.to_string())).transpose()
    };
    let shape = match (extent("Third")?, extent("Second")?, extent("Fastest")?) {
        (None | Some(0 | 1), Some(rows), Some(columns)) => vec![rows, columns],
        (Some(images), Some(rows), Some(columns)) => vec![images, rows, columns],
        _ => {
            let elements = number(header, "X-Binary-Number-of-Elements")?;
            vec![elements.unwrap_or(size / dtype.size() as u64) as usize]
        }
    };
    Ok(shape)
}

/// A value as the header shows it: without blanks and quotes around it.
fn shown(text: &[u8]) -> Value {
    match std::str::from_utf8(text) {
        Ok(text) => text.trim_matches([' ', '"', '\n', '\r', '\t']).into(),
        Err(_) => Value::Bytes(text.to_vec()),
    }
}
