//! Netpbm's PBM, PGM and PPM.
//!
//! | magic | samples | pixels |
//! |---|---|---|
//! | `P1` | text: `0` or `1`, blanks between them may be left out | u8, 1 is black |
//! | `P2` | text: numbers up to the largest value | u8, u16 or u32 |
//! | `P3` | the same, three to a pixel | `[rows, columns, 3]` |
//! | `P4` | bits, first in the highest, rows padded to bytes | u8, 1 is black |
//! | `P5` | 1, 2 or 4 bytes big-endian, by the largest value: below 256, 65536, 2^31 | u8, u16 or u32 |
//! | `P6` | the same, three to a pixel | `[rows, columns, 3]` |
//!
//! The header is `magic width height [largest]` with any white space between, `#` begins a comment up to the
//! end of the line, and one white space stands before binary samples. Netpbm itself stops at 2 bytes.
//! PAM (`P7`) is not read. fabio ends the header of `P5` with a blank and a newline, one too many: that is
//! understood where the length of the file tells it. Written is `P5` as Netpbm wants it, which fabio reads.

use tierline_table::DType;

use crate::image::plain::{only, plane, put, single};
use crate::image::{
    Codec, Encoder, Endian, Frames, Header, Hint, Image, Pixels, Source, Target, Value,
};
use crate::{Error, Place};

/// Longest header that is looked at, in bytes.
const MAX_HEADER: u64 = 65536;

/// Netpbm's PBM, PGM and PPM.
pub struct Pnm;

impl Codec for Pnm {
    fn name(&self) -> &'static str {
        "pnm"
    }

    fn description(&self) -> &'static str {
        "PNM file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["pnm", "pgm", "pbm"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let [b'P', b'1'..=b'6', behind, ..] = hint.head else { return false };
        behind.is_ascii_whitespace() || *behind == b'#'
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let (layout, header) = Layout::read(&source)?;
        Ok(single(source, header, Vec::new(), move |source, _| layout.pixels(source)))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Pnm)
    }
}

/// What the header tells.
#[derive(Clone, Copy)]
struct Layout {
    /// The digit of the magic.
    kind: u8,
    columns: usize,
    rows: usize,
    largest: u64,
    /// Where the samples begin.
    offset: u64,
}

impl Layout {
    fn read(source: &Source) -> Result<(Layout, Header), Error> {
        let head = source.bytes(0, MAX_HEADER)?;
        let kind = match head.as_slice() {
            [b'P', kind @ b'1'..=b'6', ..] => *kind,
            [b'P', b'7', ..] => {
                return Err(Error::unsupported(source.path(), Place::Byte(0), "PAM (P7)"));
            }
            _ => return Err(source.malformed(Place::Byte(0), "expected P1 to P6")),
        };
        let mut place = 2;
        let mut header = Header::new();
        header.set("SUBFORMAT", Value::Bytes(head[..2].to_vec()));
        let mut number = |key: &str| {
            let token = token(&head, &mut place);
            let value = parse(token).filter(|value| *value > 0);
            let value = value.ok_or_else(|| {
                source.malformed(Place::Byte(place as u64), format!("expected {key} above 0"))
            })?;
            header.set(key, Value::Bytes(token.to_vec()));
            Ok::<u64, Error>(value)
        };
        let (columns, rows) = (number("WIDTH")?, number("HEIGHT")?);
        let largest = match kind {
            b'1' | b'4' => 1,
            _ => number("MAXVAL")?,
        };
        if largest >= 1 << 31 {
            let reason = format!("expected a largest value below 2^31, found {largest}");
            return Err(source.malformed(Place::Byte(place as u64), reason));
        }
        // One white space ends the header.
        let offset = place as u64 + 1;
        let (columns, rows) = (columns as usize, rows as usize);
        let mut layout = Layout { kind, columns, rows, largest, offset };
        let size = source.size("pixels", &[rows, columns], layout.dtype().size())? as u64;
        let blank_and_newline = head[place..].starts_with(b" \n");
        if kind == b'5' && blank_and_newline && offset + 1 + size == source.len() {
            layout.offset += 1;
        }
        Ok((layout, header))
    }

    fn dtype(&self) -> DType {
        match self.largest {
            ..256 => DType::U8,
            256..65536 => DType::U16,
            _ => DType::U32,
        }
    }

    fn pixels(&self, source: &Source) -> Result<Pixels, Error> {
        let dtype = self.dtype();
        let mut shape = vec![self.rows, self.columns];
        if matches!(self.kind, b'3' | b'6') {
            shape.push(3);
        }
        let size = source.size("pixels", &shape, dtype.size())?;
        let data = match self.kind {
            b'1' => self.bits_text(source, size)?,
            b'2' | b'3' => self.numbers_text(source, size, dtype)?,
            b'4' => self.bits(source, size)?,
            _ => {
                let mut data = source.exact(self.offset, size as u64, "pixels")?;
                Endian::Big.to_little(&mut data, dtype.size());
                data
            }
        };
        Ok(Pixels { dtype, shape, data })
    }

    /// Text of the samples; a sample has at least one character.
    fn text(&self, source: &Source, samples: usize) -> Result<Vec<u8>, Error> {
        let text = source.bytes(self.offset - 1, u64::MAX)?;
        match text.len() > samples {
            true => Ok(text),
            false => Err(self.short(source, text.len(), samples)),
        }
    }

    fn short(&self, source: &Source, found: usize, needed: usize) -> Error {
        let reason = format!("expected {needed} samples, found {found}");
        source.malformed(Place::Byte(self.offset), reason)
    }

    fn bits_text(&self, source: &Source, samples: usize) -> Result<Vec<u8>, Error> {
        let text = self.text(source, samples)?;
        let mut data = Vec::with_capacity(samples);
        let mut place = 0;
        while data.len() < samples {
            skip_blanks(&text, &mut place);
            match text.get(place) {
                Some(bit @ (b'0' | b'1')) => data.push(bit - b'0'),
                Some(_) => return Err(self.bad(source, place)),
                None => return Err(self.short(source, data.len(), samples)),
            }
            place += 1;
        }
        Ok(data)
    }

    fn numbers_text(&self, source: &Source, size: usize, dtype: DType) -> Result<Vec<u8>, Error> {
        let samples = size / dtype.size();
        let text = self.text(source, samples)?;
        let mut data = Vec::with_capacity(size);
        let mut place = 0;
        while data.len() < size {
            let token = token(&text, &mut place);
            if token.is_empty() && place >= text.len() {
                return Err(self.short(source, data.len() / dtype.size(), samples));
            }
            let value = parse(token).filter(|value| *value <= self.largest);
            let value = value.ok_or_else(|| self.bad(source, place))?;
            data.extend_from_slice(&value.to_le_bytes()[..dtype.size()]);
        }
        Ok(data)
    }

    fn bad(&self, source: &Source, place: usize) -> Error {
        let reason = format!("expected a number from 0 to {}", self.largest);
        source.malformed(Place::Byte(self.offset - 1 + place as u64), reason)
    }

    fn bits(&self, source: &Source, size: usize) -> Result<Vec<u8>, Error> {
        let width = self.columns.div_ceil(8);
        let packed = source.exact(self.offset, (width * self.rows) as u64, "pixels")?;
        let mut data = Vec::with_capacity(size);
        for row in packed.chunks_exact(width) {
            data.extend((0..self.columns).map(|x| row[x / 8] >> (7 - x % 8) & 1));
        }
        Ok(data)
    }
}

/// Skips white space and comments.
fn skip_blanks(text: &[u8], place: &mut usize) {
    while let Some(byte) = text.get(*place) {
        if *byte == b'#' {
            let end = memchr::memchr2(b'\n', b'\r', &text[*place..]);
            *place = end.map_or(text.len(), |end| *place + end);
        } else if byte.is_ascii_whitespace() {
            *place += 1;
        } else {
            return;
        }
    }
}

/// The next word; the place is behind it then.
fn token<'a>(text: &'a [u8], place: &mut usize) -> &'a [u8] {
    skip_blanks(text, place);
    let start = *place;
    let rest = &text[start..];
    let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'#');
    *place = start + end.unwrap_or(rest.len());
    &text[start..*place]
}

fn parse(token: &[u8]) -> Option<u64> {
    let digits = !token.is_empty() && token.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(token).ok().filter(|_| digits)?.parse().ok()
}

/// Integers of one or two bytes keep their width; wider ones need four and must be below 2^31.
impl Encoder for Pnm {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let frame = only(frames, target)?;
        let (rows, columns) = plane(&frame.pixels, target)?;
        let values: Vec<i64> = frame.pixels.integers().collect();
        let smallest = values.iter().copied().min().unwrap_or(0);
        let largest = values.iter().copied().max().unwrap_or(0).max(1);
        if smallest < 0 || largest >= 1 << 31 || frame.pixels.is_float() {
            let reason = format!(
                "{} from {smallest} to {largest}: PGM holds integers from 0 to 2^31 - 1",
                frame.pixels.dtype
            );
            return Err(Error::unsupported(target.name, Place::File, reason));
        }
        let width = match largest {
            ..256 => 1,
            256..65536 => 2,
            _ => 4,
        };
        let head = format!("P5\n{columns} {rows}\n{largest}\n");
        let mut data = Vec::with_capacity(values.len() * width);
        values.iter().for_each(|value| data.extend_from_slice(&value.to_be_bytes()[8 - width..]));
        put(target, &[head.as_bytes(), &data])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, picture, read_bytes, truncated, write_frames};

    fn read(bytes: &[u8]) -> Pixels {
        read_bytes(&Pnm, bytes.to_vec()).unwrap().pixels
    }

    #[test]
    fn the_six_kinds() {
        assert_eq!(read(b"P1\n# a\n3 2\n1 0 1\n011\n").data, [1, 0, 1, 0, 1, 1]);
        assert_eq!(read(b"P2 3 1 # b\n300\n1 2 300 ").data, [1, 0, 2, 0, 44, 1]);
        assert_eq!(read(b"P3\n1 2 9 1 2 3\n4 5 6").shape, [2, 1, 3]);
        assert_eq!(read(b"P4 9 2 \x80\x80\x01\x00").data[8..17], [1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(read(b"P5 2 1 255\n\x07\x08").data, [7, 8]);
        assert_eq!(read(b"P5 1 1 70000\n\x00\x01\x02\x03").data, [3, 2, 1, 0]);
        assert_eq!(read(b"P5 \n1 1 255 \n\x07").data, [7]);
        assert_eq!(read(b"P6 1 1 255\nabc").data, b"abc");
    }

    #[test]
    fn bad_files_are_refused() {
        for bytes in
            [&b"P7\n"[..], b"P5 0 1 255\n", b"P5 1 1 4294967296\n", b"P2 1 1 9 10 ", b"P1 2 1 2 2 "]
        {
            assert!(read_bytes(&Pnm, bytes.to_vec()).is_err());
        }
        truncated(&Pnm, b"P5 3 2 300\n123456789012");
        truncated(&Pnm, b"P1 2 3 1 1 0 1 1 1");
        damaged(&Pnm, b"P2 3 2 300\n1 2 3 4 5 6\n");
        damaged(&Pnm, b"P5 3 2 300\n123456789012");
    }

    #[test]
    fn what_is_written_is_read() {
        for dtype in [DType::U8, DType::U16] {
            let mut frame = picture(dtype, 7, 9, 3);
            if dtype == DType::U16 {
                frame.pixels.data[1] = 1;
            }
            let bytes = write_frames(&Pnm, std::slice::from_ref(&frame)).unwrap();
            assert_eq!(read_bytes(&Pnm, bytes).unwrap().pixels, frame.pixels);
        }
        assert!(write_frames(&Pnm, &[picture(DType::F32, 7, 9, 3)]).is_err());
    }
}
