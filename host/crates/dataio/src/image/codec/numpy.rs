//! NumPy's `.npy`.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 6 | `93 4E 55 4D 50 59` |
//! | 6 | 2 | version: 1.0, 2.0 or 3.0 |
//! | 8 | 2 (version 1) or 4 | length of the text, little-endian |
//! | 10 or 12 | so many | `{'descr': '<u2', 'fortran_order': False, 'shape': (64, 96), }` |
//! | behind | items | C or Fortran order |
//!
//! One extent is one row; of more than three extents all but the last two count frames. Numbers of
//! 16-bit floating point become 32-bit ones. Structures, texts, objects and complex numbers are not read.

use std::fs::File;
use std::os::unix::fs::FileExt;

use tierline_report::LimitKind;
use tierline_table::DType;

use crate::image::cast::halves;
use crate::image::plain::{RawFrames, within};
use crate::image::{Codec, Encoder, Endian, Frame, Frames, Header, Hint, Image, Pixels, Source};
use crate::image::{Output, Target};
use crate::{Error, Place};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Bytes before the items of what is written: room for every shape.
const WRITTEN: usize = 128;

/// NumPy's `.npy`.
pub struct Numpy;

impl Codec for Numpy {
    fn name(&self) -> &'static str {
        "numpy"
    }

    fn description(&self) -> &'static str {
        "Numpy array file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["npy"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(Npy::open(source)?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Numpy)
    }
}

struct Npy {
    raw: RawFrames,
    /// The items are 16-bit floating-point numbers.
    half: bool,
    /// All extents, where the first varies fastest.
    fortran: Option<Vec<usize>>,
}

impl Npy {
    fn open(source: Source) -> Result<Self, Error> {
        let (text, offset) = text(&source)?;
        let bad = |reason: String| source.malformed(Place::Byte(10), reason);
        let descr = value(&text, "descr").ok_or_else(|| bad("no 'descr'".into()))?;
        let (endian, kind) = descr_type(descr).ok_or_else(|| {
            let reason = format!("items of type {}", descr.chars().take(60).collect::<String>());
            Error::unsupported(source.path(), Place::Byte(10), reason)
        })?;
        let shape = value(&text, "shape").and_then(parse_shape);
        let shape = shape.ok_or_else(|| bad("no 'shape' of numbers".into()))?;
        let fortran = match value(&text, "fortran_order") {
            Some(order) if order.starts_with("False") => false,
            Some(order) if order.starts_with("True") => true,
            _ => return Err(bad("'fortran_order' is neither True nor False".into())),
        };
        let all = match shape.as_slice() {
            [] => vec![1, 1],
            [columns] => vec![1, *columns],
            _ => shape,
        };
        let (frames, plane) = all.split_at(all.len() - 2);
        source.size("array", &all, kind.size())?;
        let count = frames.iter().product();
        let stride = source.size("frame", plane, kind.size())? as u64;
        let half = kind == Item::Half;
        let raw = RawFrames {
            source,
            header: Header::new(),
            dtype: kind.dtype(),
            endian,
            shape: plane.to_vec(),
            offset,
            stride,
            count,
            warnings: Vec::new(),
        };
        Ok(Npy { raw, half, fortran: fortran.then_some(all) })
    }

    /// A frame of an array whose first extent varies fastest.
    fn gather(&self, index: usize, extents: &[usize]) -> Result<Pixels, Error> {
        let raw = &self.raw;
        let item = raw.dtype.size();
        let size = raw.source.size("array", extents, item)?;
        let mut all = raw.source.exact(raw.offset, size as u64, "array")?;
        raw.endian.to_little(&mut all, item);
        let (frames, plane) = extents.split_at(extents.len() - 2);
        let (rows, columns) = (plane[0], plane[1]);
        // The place of the frame among the leading extents, of which the last varies fastest.
        let (mut rest, mut base) = (index, 0);
        let mut step: usize = frames.iter().product();
        let (row_step, column_step) = (step, step * rows);
        for extent in frames.iter().rev() {
            step /= extent;
            base += rest % extent * step;
            rest /= extent;
        }
        let mut data = Vec::with_capacity(rows * columns * item);
        for row in 0..rows {
            for column in 0..columns {
                let at = (base + row * row_step + column * column_step) * item;
                data.extend_from_slice(&all[at..at + item]);
            }
        }
        Ok(Pixels { dtype: raw.dtype, shape: raw.shape.clone(), data })
    }
}

impl Image for Npy {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(self.raw.there())
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        within(self.raw.source.path(), index, self.raw.there())?;
        let mut pixels = match &self.fortran {
            None => self.raw.pixels(index)?,
            Some(extents) => self.gather(index, extents)?,
        };
        if self.half {
            let data = halves(&pixels.data);
            pixels = Pixels { dtype: DType::F32, data, ..pixels };
        }
        Ok(Frame { pixels, header: Header::new() })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.raw.header(index)
    }
}

/// The text of the header and where the items begin.
fn text(source: &Source) -> Result<(String, u64), Error> {
    let fixed = source.exact(0, 10, "NumPy header")?;
    if !fixed.starts_with(MAGIC) {
        return Err(source.malformed(Place::Byte(0), "expected \\x93NUMPY"));
    }
    let (start, length) = match fixed[6] {
        1 => (10, u64::from(u16::from_le_bytes([fixed[8], fixed[9]]))),
        2 | 3 => {
            let more = source.exact(8, 4, "length of the header")?;
            (12, u64::from(u32::from_le_bytes([more[0], more[1], more[2], more[3]])))
        }
        other => {
            let reason = format!("version {other} of the format");
            return Err(Error::unsupported(source.path(), Place::Byte(6), reason));
        }
    };
    let what = source.path().display().to_string();
    source.limits().check(LimitKind::Header, &what, length)?;
    let text = source.exact(start, length, "header")?;
    Ok((String::from_utf8_lossy(&text).into_owned(), start + length))
}

/// What stands behind a key of the header.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let behind = quoted.iter().find_map(|key| Some(text.split_once(key.as_str())?.1))?;
    Some(behind.trim_start().strip_prefix(':')?.trim_start())
}

fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split_once(')')?.0;
    let parts = inside.split(',').map(str::trim).filter(|part| !part.is_empty());
    // Python 2 wrote long integers with an L.
    parts.map(|part| part.trim_end_matches('L').parse().ok()).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Item {
    Plain(DType),
    Half,
}

impl Item {
    fn size(self) -> usize {
        self.dtype().size()
    }

    /// What is read; 16-bit floating-point numbers are converted afterwards.
    fn dtype(self) -> DType {
        match self {
            Item::Plain(dtype) => dtype,
            Item::Half => DType::U16,
        }
    }
}

fn descr_type(descr: &str) -> Option<(Endian, Item)> {
    let quote = descr.chars().next().filter(|first| matches!(first, '\'' | '"'))?;
    let name = descr[1..].split_once(quote)?.0;
    let (endian, name) = match name.split_at_checked(1)? {
        ("<" | "|" | "=", name) => (Endian::Little, name),
        (">", name) => (Endian::Big, name),
        _ => return None,
    };
    if name == "f2" {
        return Some((endian, Item::Half));
    }
    let dtype = DType::from_code(name)?;
    Some((endian, Item::Plain(dtype)))
}

/// Several frames become one array with their number as the first extent; they must be alike.
impl Encoder for Numpy {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let Some(first) = frames.next() else {
            return Err(Error::missing(target.name, "frame to be written"));
        };
        let Pixels { dtype, shape, data } = first?.pixels;
        let mut output = Output::create(target)?;
        output.put(&header_text(target, dtype, &shape)?)?;
        output.put(&data)?;
        let mut count = 1;
        for frame in frames {
            let pixels = frame?.pixels;
            if pixels.dtype != dtype || pixels.shape != shape {
                let reason = "frames of different type or shape in one array";
                return Err(Error::unsupported(target.name, Place::Frame(count), reason));
            }
            output.put(&pixels.data)?;
            count += 1;
        }
        output.finish()?;
        match count {
            1 => Ok(()),
            _ => state_frames(target, dtype, &[&[count], shape.as_slice()].concat()),
        }
    }
}

/// Puts the number of frames, known at the end, into the header.
fn state_frames(target: Target<'_>, dtype: DType, shape: &[usize]) -> Result<(), Error> {
    if matches!(target.name.extension().and_then(|text| text.to_str()), Some("gz" | "bz2")) {
        let reason = "several frames in a compressed file: their number is not known at its start";
        return Err(Error::unsupported(target.name, Place::Frame(1), reason));
    }
    let failed = |error| Error::io(target.name, "write", error);
    let file = File::options().write(true).open(target.path).map_err(failed)?;
    file.write_all_at(&header_text(target, dtype, shape)?, 0).map_err(failed)
}

/// The header, as long for every shape.
fn header_text(target: Target<'_>, dtype: DType, shape: &[usize]) -> Result<Vec<u8>, Error> {
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let (descr, extents) = (dtype.descr(false), extents.join(", "));
    let order = "'fortran_order': False";
    let text = format!("{{'descr': '{descr}', {order}, 'shape': ({extents}{comma}), }}");
    let length = (WRITTEN as u16 - 10).to_le_bytes();
    let mut bytes = [MAGIC, &[1, 0], &length, text.as_bytes()].concat();
    if bytes.len() >= WRITTEN || matches!(dtype, DType::Text(_)) {
        let reason = format!("{dtype} of {} extents", shape.len());
        return Err(Error::unsupported(target.name, Place::File, reason));
    }
    bytes.resize(WRITTEN - 1, b' ');
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{open_bytes, round_trip, truncated};

    fn file(descr: &str, order: &str, shape: &str, items: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
        [MAGIC, &[1, 0], &(text.len() as u16).to_le_bytes(), text.as_bytes(), items].concat()
    }

    #[test]
    fn fortran_order_is_turned() {
        // Frame f, row r, column c holds 100 f + 10 r + c; the first extent varies fastest.
        let mut items = Vec::new();
        for column in 0..4u8 {
            for row in 0..3u8 {
                for frame in 0..2u8 {
                    items.push(100 * frame + 10 * row + column);
                }
            }
        }
        let bytes = file("'|u1'", "True", "(2, 3, 4)", &items);
        let mut image = open_bytes(&Numpy, bytes).unwrap();
        assert_eq!(image.frames().unwrap(), 2);
        let frame = image.frame(1).unwrap();
        assert_eq!(frame.pixels.shape, [3, 4]);
        let expected = [100, 101, 102, 103, 110, 111, 112, 113, 120, 121, 122, 123];
        assert_eq!(frame.pixels.data, expected);
    }

    #[test]
    fn frames_without_pixels_are_not_without_number() {
        for (shape, frames) in [
            ("(9999999999999, 0, 5)", Some(1)),
            ("(0, 9, 9)", Some(0)),
            ("(0, 9999999999, 9999999999)", None),
            ("(9999999999, 9999999999, 0)", None),
        ] {
            for order in ["False", "True"] {
                let image = open_bytes(&Numpy, file("'<u2'", order, shape, b""));
                assert_eq!(image.ok().map(|mut image| image.frames().unwrap()), frames, "{shape}");
            }
        }
    }

    #[test]
    fn big_endian_and_half() {
        let mut image = open_bytes(&Numpy, file("'>i2'", "False", "(2,)", &[1, 2, 3, 4])).unwrap();
        let pixels = image.frame(0).unwrap().pixels;
        assert_eq!(
            (pixels.shape.as_slice(), pixels.data.as_slice()),
            (&[1, 2][..], &[2, 1, 4, 3][..])
        );
        let mut image = open_bytes(&Numpy, file("'<f2'", "False", "()", &[0, 0x3c])).unwrap();
        assert_eq!(image.frame(0).unwrap().pixels.floats(), [1.0]);
    }

    #[test]
    fn bad_headers_are_refused() {
        let refused = |bytes| assert!(open_bytes(&Numpy, bytes).is_err());
        refused(file("'<c8'", "False", "(2,)", &[0; 16]));
        refused(file("[('a', '<i4')]", "False", "(2,)", &[0; 8]));
        refused(file("'<u2'", "Maybe", "(2,)", &[0; 4]));
        refused(file("'<u2'", "False", "(99999999999, 99999999999)", &[0; 4]));
        refused(file("'<u2'", "False", "(-1,)", &[0; 4]));
    }

    #[test]
    fn truncated_files_are_refused() {
        truncated(&Numpy, &file("'<u2'", "False", "(2, 2)", &[7; 8]));
    }

    #[test]
    fn what_is_written_is_read() {
        round_trip(&Numpy, &[DType::Bool, DType::U8, DType::I16, DType::U32, DType::I64], 1);
        round_trip(&Numpy, &[DType::F32, DType::F64, DType::U64], 3);
    }
}
