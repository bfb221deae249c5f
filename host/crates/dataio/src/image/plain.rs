//! What many formats have in common: frames stored as plain numbers, and files of a single frame.

use std::path::Path;

use tierline_table::DType;

use super::{Frame, Frames, Header, Image, Output, Pixels, Source, Target, Value, swap_bytes};
use crate::{Error, Place};

/// Which byte of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endian {
    /// The least significant.
    Little,
    /// The most significant.
    Big,
}

impl Endian {
    /// Turns elements of `item` bytes from this order into little-endian.
    pub(crate) fn to_little(self, data: &mut [u8], item: usize) {
        if self == Endian::Big {
            swap_bytes(data, item);
        }
    }
}

/// Frames of one shape, uncompressed, at equal distances.
pub(crate) struct RawFrames {
    /// The file.
    pub(crate) source: Source,
    /// The header of every frame.
    pub(crate) header: Header,
    /// Type of the elements.
    pub(crate) dtype: DType,
    /// Their byte order.
    pub(crate) endian: Endian,
    /// Extents of a frame, slowest first.
    pub(crate) shape: Vec<usize>,
    /// Where the first frame begins, in bytes.
    pub(crate) offset: u64,
    /// From the start of a frame to the next, in bytes.
    pub(crate) stride: u64,
    /// Frames.
    pub(crate) count: usize,
    /// What was found wrong.
    pub(crate) warnings: Vec<String>,
}

impl RawFrames {
    /// Frames that there are: of those without pixels one at most, as any number would fit a file.
    pub(crate) fn there(&self) -> usize {
        if self.shape.contains(&0) { self.count.min(1) } else { self.count }
    }

    /// The pixels of a frame.
    pub(crate) fn pixels(&self, index: usize) -> Result<Pixels, Error> {
        let size = self.source.size("frame", &self.shape, self.dtype.size())?;
        let start = self.stride.saturating_mul(index as u64).saturating_add(self.offset);
        let mut data = self.source.exact(start, size as u64, "frame")?;
        self.endian.to_little(&mut data, self.dtype.size());
        Ok(Pixels { dtype: self.dtype, shape: self.shape.clone(), data })
    }
}

impl Image for RawFrames {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(self.there())
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        Ok(Frame { header: self.header(index)?, pixels: self.pixels(index)? })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        within(self.source.path(), index, self.there())?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Decodes the pixels of a single frame; may add warnings.
type Decode = Box<dyn FnMut(&Source, &mut Vec<String>) -> Result<Pixels, Error> + Send>;

/// A file of one frame: its header was read, its pixels are decoded when asked for.
struct Single {
    source: Source,
    header: Header,
    decode: Decode,
    warnings: Vec<String>,
    /// How many of them are about the header.
    early: usize,
}

/// A file of one frame with what decodes its pixels.
pub(crate) fn single(
    source: Source,
    header: Header,
    warnings: Vec<String>,
    decode: impl FnMut(&Source, &mut Vec<String>) -> Result<Pixels, Error> + Send + 'static,
) -> Box<dyn Image> {
    let early = warnings.len();
    Box::new(Single { source, header, decode: Box::new(decode), warnings, early })
}

impl Image for Single {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(1)
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let header = self.header(index)?;
        self.warnings.truncate(self.early);
        let pixels = (self.decode)(&self.source, &mut self.warnings)?;
        Ok(Frame { pixels, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        within(self.source.path(), index, 1)?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Refuses a frame that is not there.
pub(crate) fn within(path: &Path, index: usize, count: usize) -> Result<(), Error> {
    match index < count {
        true => Ok(()),
        false => Err(Error::missing(path, format!("frame {index}: there are {count}"))),
    }
}

/// The one frame of a format that holds no more.
pub(crate) fn only(frames: Frames<'_>, target: Target<'_>) -> Result<Frame, Error> {
    let frame =
        frames.next().ok_or_else(|| Error::missing(target.name, "frame to be written"))??;
    match frames.next() {
        None => Ok(frame),
        Some(_) => {
            let reason = "a second frame: this format holds one";
            Err(Error::unsupported(target.name, Place::Frame(1), reason))
        }
    }
}

/// Rows and columns of a frame to be written; a single row may have one extent.
pub(crate) fn plane(pixels: &Pixels, target: Target<'_>) -> Result<(usize, usize), Error> {
    pixels.rows_columns().ok_or_else(|| {
        let reason = format!("shape {:?}: this format holds two extents", pixels.shape);
        Error::unsupported(target.name, Place::File, reason)
    })
}

/// Writes the content of a file, piece by piece.
pub(crate) fn put(target: Target<'_>, pieces: &[&[u8]]) -> Result<(), Error> {
    let mut output = Output::create(target)?;
    pieces.iter().try_for_each(|piece| output.put(piece))?;
    output.finish()
}

/// How a field of a binary header is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    /// So many bytes.
    Bytes(usize),
    /// Unsigned, 16 bit.
    U16,
    /// Unsigned, 32 bit.
    U32,
    /// Signed, 32 bit.
    I32,
    /// IEEE 754, 32 bit.
    F32,
    /// IEEE 754, 64 bit.
    F64,
}

impl Item {
    fn size(self) -> usize {
        match self {
            Item::Bytes(length) => length,
            Item::U16 => 2,
            Item::U32 | Item::I32 | Item::F32 => 4,
            Item::F64 => 8,
        }
    }

    fn value(self, bytes: &[u8], endian: Endian) -> Value {
        if let Item::Bytes(_) = self {
            return Value::Bytes(bytes.to_vec());
        }
        let mut wide = [0; 8];
        let size = bytes.len().min(8);
        wide[..size].copy_from_slice(&bytes[..size]);
        endian.to_little(&mut wide[..size], size);
        let bits = u64::from_le_bytes(wide);
        match self {
            Item::I32 => Value::Int(i64::from(bits as i32)),
            Item::F32 => Value::Float(f64::from(f32::from_bits(bits as u32))),
            Item::F64 => Value::Float(f64::from_bits(bits)),
            _ => Value::Int(bits as i64),
        }
    }
}

/// Fields that follow each other, as a header. Bytes that are not there are taken for zeros.
pub(crate) fn fields(bytes: &[u8], table: &[(&str, Item)], endian: Endian) -> Header {
    let mut header = Header::new();
    let mut padded = bytes.to_vec();
    padded.resize(bytes.len().max(table.iter().map(|(_, item)| item.size()).sum()), 0);
    let mut rest = padded.as_slice();
    for (name, item) in table {
        let (own, behind) = rest.split_at(item.size());
        header.set(*name, item.value(own, endian));
        rest = behind;
    }
    header
}

/// An integer of a header.
pub(crate) fn integer(header: &Header, key: &str) -> Option<i64> {
    match header.get(key) {
        Some(Value::Int(value)) => Some(*value),
        Some(Value::Text(text)) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A size that a header says, up to 2^31; `key` is named in the error.
pub(crate) fn extent(source: &Source, header: &Header, key: &str) -> Result<usize, Error> {
    let value = integer(header, key).and_then(|value| i32::try_from(value).ok()?.try_into().ok());
    value.ok_or_else(|| {
        let found = header.get(key).map_or("nothing".to_owned(), Value::to_string);
        let found: String = found.chars().take(40).collect();
        source.malformed(Place::File, format!("{key}: expected a size, found {found}"))
    })
}
