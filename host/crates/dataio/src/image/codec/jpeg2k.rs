//! JPEG 2000, decoded by OpenJPEG (through `jpeg2k`), as Pillow does.
//!
//! One component is `[rows, columns]`, more are `[rows, columns, components]`; u8 up to 8 bits, else u16; signed
//! ones are shifted to be unsigned. The header has the comment of the codestream, as Pillow tells it.

use tierline_table::DType;

use crate::image::plain::single;
use crate::image::{Codec, Header, Hint, Image, Pixels, Source, Value};
use crate::{Error, Place};

const BOX: &[u8] = b"\0\0\0\x0cjP  \r\n\x87\n";
const CODESTREAM: &[u8] = b"\xff\x4f\xff\x51";

/// JPEG 2000.
pub struct Jpeg2k;

impl Codec for Jpeg2k {
    fn name(&self) -> &'static str {
        "jpeg2k"
    }

    fn description(&self) -> &'static str {
        "JPEG 2000"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jp2", "jpx", "j2k", "jpf", "jpg2"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(BOX) || hint.head.starts_with(CODESTREAM)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let bytes = source.all()?;
        let size = Size::read(&source, &bytes)?;
        let mut header = Header::new();
        if let Some(comment) = comment(&bytes[size.start..]) {
            header.set("comment", Value::Bytes(comment.to_vec()));
        }
        Ok(single(source, header, Vec::new(), move |source, _| size.pixels(source)))
    }
}

/// What the codestream's `SIZ` segment tells.
struct Size {
    /// Where the codestream begins.
    start: usize,
    shape: Vec<usize>,
    bits: u8,
}

impl Size {
    fn read(source: &Source, bytes: &[u8]) -> Result<Size, Error> {
        let bad = |reason: &str| source.malformed(Place::File, reason.to_owned());
        let start = codestream(bytes).ok_or_else(|| bad("expected a codestream"))?;
        let siz = bytes.get(start + 4..).unwrap_or_default();
        let long = |at: usize| siz.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        let read = || {
            let columns = long(4)?.checked_sub(long(12)?)? as usize;
            let rows = long(8)?.checked_sub(long(16)?)? as usize;
            let components = usize::from(u16::from_be_bytes(*siz.get(36..)?.first_chunk()?));
            let depths = siz.get(38..38 + 3 * components)?.chunks_exact(3);
            let same = depths.clone().all(|depth| depth == &siz[38..41]);
            Some((
                rows,
                columns,
                components,
                (siz.get(38)? & 0x7f) + 1,
                same && siz[39] == 1 && siz[40] == 1,
            ))
        };
        let (rows, columns, components, bits, same) =
            read().ok_or_else(|| bad("the SIZ segment is damaged"))?;
        if !same || bits > 16 || components == 0 {
            let reason = format!("{components} components of different size or of {bits} bits");
            return Err(Error::unsupported(source.path(), Place::File, reason));
        }
        let mut shape = vec![rows, columns];
        if components > 1 {
            shape.push(components);
        }
        // The decoder takes four bytes to a sample, and as much for its wavelets.
        source.size("samples", &shape, 8)?;
        Ok(Size { start, shape, bits })
    }

    fn pixels(&self, source: &Source) -> Result<Pixels, Error> {
        let bytes = source.all()?;
        let image = jpeg2k::Image::from_bytes(&bytes)
            .map_err(|error| source.malformed(Place::File, error.to_string()))?;
        let components = image.components();
        let (rows, columns) = (self.shape[0], self.shape[1]);
        let count = self.shape.get(2).copied().unwrap_or(1);
        let fits = |data: &[i32]| data.len() == rows * columns;
        if components.len() != count || !components.iter().all(|component| fits(component.data())) {
            let reason =
                format!("the decoder gives {} components, not {:?}", components.len(), self.shape);
            return Err(source.malformed(Place::File, reason));
        }
        let dtype = if self.bits <= 8 { DType::U8 } else { DType::U16 };
        let mut data = Vec::with_capacity(rows * columns * count * dtype.size());
        for pixel in 0..rows * columns {
            for component in components {
                let shift = if component.is_signed() { 1i32 << (self.bits - 1) } else { 0 };
                let value = component.data()[pixel].wrapping_add(shift);
                data.extend_from_slice(&value.to_le_bytes()[..dtype.size()]);
            }
        }
        Ok(Pixels { dtype, shape: self.shape.clone(), data })
    }
}

/// Where the codestream begins: at once, or in the box `jp2c`.
fn codestream(bytes: &[u8]) -> Option<usize> {
    let mut at = 0usize;
    while !bytes.get(at..)?.starts_with(CODESTREAM) {
        let head = bytes.get(at..at + 8)?;
        let length = match u32::from_be_bytes(*head.first_chunk()?) {
            0 => 0,
            1 => u64::from_be_bytes(*bytes.get(at + 8..)?.first_chunk()?),
            length => u64::from(length),
        };
        let wide = head[..4] == [0, 0, 0, 1];
        if &head[4..] == b"jp2c" {
            at += if wide { 16 } else { 8 };
            return bytes.get(at..)?.starts_with(CODESTREAM).then_some(at);
        }
        if length < 8 {
            return None;
        }
        at = at.checked_add(usize::try_from(length).ok()?)?;
    }
    Some(at)
}

/// The comment of the main header of a codestream.
fn comment(codestream: &[u8]) -> Option<&[u8]> {
    let mut rest = codestream.get(2..)?;
    while let [0xff, marker, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(2)?;
        let (segment, next) = behind.split_at_checked(length)?;
        match marker {
            // Two bytes tell what kind of text it is.
            0x64 => return segment.get(2..),
            0x90 => return None,
            _ => rest = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::open_bytes;

    #[test]
    fn codestreams_are_found() {
        let boxes = [BOX, &[0, 0, 0, 9], b"abcd.", &[0, 0, 0, 0], b"jp2c", CODESTREAM].concat();
        assert_eq!(codestream(&boxes), Some(boxes.len() - 4));
        assert_eq!(codestream(CODESTREAM), Some(0));
        assert_eq!(codestream(&[0, 0, 0, 2, 1, 1, 1, 1, 1]), None);
        assert_eq!(comment(b"\xff\x4f\xff\x51\0\x03.\xff\x64\0\x06\0\x01hi"), Some(&b"hi"[..]));
        for length in 0..boxes.len() {
            assert!(open_bytes(&Jpeg2k, boxes[..length].to_vec()).is_err());
        }
    }

    #[test]
    fn sizes_are_checked_before_decoding() {
        let mut bytes = CODESTREAM.to_vec();
        bytes.extend_from_slice(&[0, 41, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bytes.resize(40, 0);
        bytes.extend_from_slice(&[0, 1, 7, 1, 1]);
        assert!(open_bytes(&Jpeg2k, bytes).is_err());
    }
}
