//! Writing TIFF: low byte first, one strip to an image, not packed.
//!
//! A file is its start, and for each image the directory, its texts (each with its NUL), the bits of
//! the samples if there are several, and the pixels.

use tierline_table::DType;

use super::super::super::{Encoder, Frame, Frames, Header, Output, Pixels, Target};
use crate::{Error, Place};

/// Keys of a TIFF header that describe the file, not the image.
const STRUCTURE: [&str; 16] = [
    "nRows",
    "nColumns",
    "nBits",
    "compression",
    "compression_type",
    "imageDescription",
    "stripOffsets",
    "rowsPerStrip",
    "stripByteCounts",
    "software",
    "date",
    "colormap",
    "sampleFormat",
    "photometricInterpretation",
    "model",
    "info",
];

/// Writes images of one, three or four samples. Floats of 64 bit are cast to 32.
#[derive(Debug)]
pub(in super::super) struct TifWriter;

pub(in super::super) static TIF_WRITER: TifWriter = TifWriter;

impl Encoder for TifWriter {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut output = Output::create(target)?;
        output.put(b"II*\0\x08\0\0\0")?;
        let mut offset = 8;
        let mut frames = frames.enumerate().peekable();
        while let Some((index, frame)) = frames.next() {
            let Frame { mut pixels, header } = frame?;
            if pixels.dtype == DType::F64 {
                pixels = pixels.cast(DType::F32);
            }
            let parts = directory(&header, &pixels, offset, frames.peek().is_some());
            let (head, end) = parts
                .map_err(|reason| Error::unsupported(target.name, Place::Frame(index), reason))?;
            output.put(&head)?;
            output.put(&pixels.data)?;
            output.put(&[0][..pixels.data.len() % 2])?;
            offset = end;
        }
        if offset == 8 {
            return Err(Error::unsupported(
                target.name,
                Place::File,
                "a TIFF file without an image",
            ));
        }
        output.finish()
    }
}

/// One entry of a directory: tag, type and values.
enum Entry {
    Short(u16, u16),
    Shorts(u16, Vec<u16>),
    Long(u16, u32),
    Text(u16, String),
}

/// The directory of an image at an offset with its texts, and the offset behind its pixels.
fn directory(
    header: &Header,
    pixels: &Pixels,
    at: u32,
    more: bool,
) -> Result<(Vec<u8>, u32), String> {
    let (rows, columns, samples) = match *pixels.shape.as_slice() {
        [columns] => (1, columns, 1),
        [rows, columns] => (rows, columns, 1),
        [rows, columns, samples @ (3 | 4)] => (rows, columns, samples),
        _ => return Err(format!("TIFF holds images of 1, 3 or 4 samples, not {:?}", pixels.shape)),
    };
    let dtype = pixels.dtype;
    let format = match dtype {
        DType::U8 | DType::U16 | DType::U32 | DType::U64 | DType::Bool => 1,
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 2,
        DType::F32 | DType::F64 => 3,
        DType::Text(_) => return Err(format!("TIFF holds no {}", dtype.name())),
    };
    let long =
        |size: usize| u32::try_from(size).map_err(|_| "TIFF holds no more than 4 GiB".to_owned());
    let bits = dtype.size() as u16 * 8;
    let several = |value: u16| vec![value; samples];
    let mut entries = vec![
        Entry::Long(256, long(columns)?),
        Entry::Long(257, long(rows)?),
        if samples == 1 { Entry::Short(258, bits) } else { Entry::Shorts(258, several(bits)) },
        Entry::Short(259, 1),
        Entry::Short(262, if samples == 1 { 1 } else { 2 }),
        Entry::Text(270, description(header)),
        Entry::Long(273, 0),
        Entry::Short(277, samples as u16),
        Entry::Long(278, long(rows)?),
        Entry::Long(279, long(pixels.data.len())?),
        Entry::Text(305, format!("tierline {}", env!("CARGO_PKG_VERSION"))),
    ];
    if samples == 4 {
        entries.push(Entry::Short(338, 0));
    }
    entries.push(if samples == 1 {
        Entry::Short(339, format)
    } else {
        Entry::Shorts(339, several(format))
    });
    let size = 2 + entries.len() * 12 + 4;
    let texts: usize = entries.iter().map(Entry::outside).sum();
    let data = long(at as usize + size + texts)?;
    let end = long(data as usize + pixels.data.len() + pixels.data.len() % 2)?;
    let mut head = Vec::with_capacity(size + texts);
    let mut tail = Vec::with_capacity(texts);
    head.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for entry in &mut entries {
        if let Entry::Long(273, offset) = entry {
            *offset = data;
        }
        entry.put(&mut head, &mut tail, at + size as u32);
    }
    head.extend_from_slice(&if more { end } else { 0 }.to_le_bytes());
    head.append(&mut tail);
    Ok((head, end))
}

impl Entry {
    /// Bytes of the values, which are outside the directory where they are more than four. Even, so that
    /// what follows is at an even offset.
    fn outside(&self) -> usize {
        let size = match self {
            Entry::Short(..) | Entry::Long(..) => 0,
            Entry::Shorts(_, values) => values.len() * 2,
            Entry::Text(_, text) => text.len() + 1,
        };
        if size > 4 { size + size % 2 } else { 0 }
    }

    /// Adds the entry, and what is outside; `start` is the offset of the first byte outside.
    fn put(&self, head: &mut Vec<u8>, tail: &mut Vec<u8>, start: u32) {
        let (tag, kind, count, mut value): (u16, u16, usize, Vec<u8>) = match self {
            Entry::Short(tag, value) => (*tag, 3, 1, value.to_le_bytes().to_vec()),
            Entry::Shorts(tag, values) => (
                *tag,
                3,
                values.len(),
                values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            ),
            Entry::Long(tag, value) => (*tag, 4, 1, value.to_le_bytes().to_vec()),
            Entry::Text(tag, text) => (*tag, 2, text.len() + 1, [text.as_bytes(), &[0]].concat()),
        };
        head.extend_from_slice(&tag.to_le_bytes());
        head.extend_from_slice(&kind.to_le_bytes());
        head.extend_from_slice(&(count as u32).to_le_bytes());
        let outside = self.outside();
        if outside == 0 {
            value.resize(4, 0);
            head.append(&mut value);
        } else {
            head.extend_from_slice(&(start + tail.len() as u32).to_le_bytes());
            value.resize(outside, 0);
            tail.append(&mut value);
        }
    }
}

/// The description: the header's own, if it has one, and a line `key=value` for each other key.
fn description(header: &Header) -> String {
    let own = header.text("imageDescription").filter(|text| !text.trim().is_empty());
    let mut text = own.map_or_else(String::new, |own| own.trim_end_matches('\n').to_owned() + "\n");
    for (key, value) in header.iter().filter(|(key, _)| !STRUCTURE.contains(key)) {
        text.push_str(&format!("{key}={value}\n"));
    }
    text.retain(|c| c != '\0');
    while text.len() < 4 {
        text.push(' ');
    }
    text
}
