//! Writing EDF, byte for byte as fabio does.

use tierline_table::DType;

use super::super::super::{Encoder, Frame, Frames, Header, Output, Pixels, Target};
use super::header::type_name;
use crate::{Error, Place};

/// A header fills blocks of this many bytes.
const BLOCK: usize = 512;

/// How EDF is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EdfWriter {
    /// Counts images from 1, as Fit2D does.
    pub fit2d: bool,
    /// Casts the pixels to this type.
    pub force_type: Option<DType>,
}

/// The writer without options.
pub static EDF_WRITER: EdfWriter = EdfWriter { fit2d: false, force_type: None };

impl Encoder for EdfWriter {
    fn many(&self) -> bool {
        true
    }

    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut output = Output::create(target)?;
        for (index, frame) in frames.enumerate() {
            let Frame { pixels, header } = frame?;
            let pixels = match self.force_type {
                Some(dtype) => pixels.cast(dtype),
                None => pixels,
            };
            let number = index + usize::from(self.fit2d);
            let text = header_text(&header, &pixels, number)
                .map_err(|reason| Error::unsupported(target.name, Place::Frame(index), reason))?;
            output.put(text.as_bytes())?;
            output.put(&pixels.data)?;
        }
        output.finish()
    }
}

/// The header of a frame of this number, filled up to whole blocks.
fn header_text(header: &Header, pixels: &Pixels, number: usize) -> Result<String, String> {
    let shape = pixels.shape.as_slice();
    let (rows, columns) = pixels
        .rows_columns()
        .ok_or_else(|| format!("EDF holds images and lines, not {shape:?}"))?;
    let dtype = pixels.dtype;
    let data_type = type_name(dtype).ok_or_else(|| format!("EDF holds no {}", dtype.name()))?;
    let size = pixels.data.len().to_string();
    let mut block_id = None;
    let mut user = Vec::new();
    for (key, value) in header.iter() {
        // Readers take the spaces off, also those that were hidden between bytes that are left out.
        let (key, value) = (clean(key).trim().to_owned(), clean(&value.to_string()));
        if key.eq_ignore_ascii_case("EDF_DataBlockID") {
            block_id = Some(value);
        } else if !is_own(&key) {
            user.push((key, value));
        }
    }
    let mut pairs = vec![
        ("ByteOrder".to_owned(), "LowByteFirst".to_owned()),
        ("DataType".to_owned(), data_type.to_owned()),
        ("Dim_1".to_owned(), columns.to_string()),
        ("Dim_2".to_owned(), rows.to_string()),
        ("Image".to_owned(), number.to_string()),
        ("HeaderID".to_owned(), format!("EH:{number:06}:000000:000000")),
        ("Size".to_owned(), size.clone()),
    ];
    pairs.append(&mut user);
    // What fabio counts: a block ID only if it is given, and not the two sizes.
    let given = block_id.iter().map(|value| 7 + "EDF_DataBlockID".len() + value.len());
    let counted = pairs.iter().map(|(key, value)| 7 + key.len() + value.len()).chain(given);
    let approximate = whole_blocks(100 + counted.sum::<usize>());
    let block_id = block_id.unwrap_or_else(|| format!("{number}.Image.Psd"));

    let before = format!("EDF_DataBlockID = {block_id} ;\nEDF_BinarySize = {size} ;\n");
    let line = |size: usize| format!("EDF_HeaderSize = {size:5} ;\n");
    let after: String = pairs.iter().map(|(key, value)| format!("{key} = {value} ;\n")).collect();
    let length = |line: &str| 4 + before.len() + line.len() + after.len();
    let mut header_size = approximate;
    while length(&line(header_size)) > header_size {
        header_size = whole_blocks(length(&line(header_size)));
    }
    let line = line(header_size);
    let fill = " ".repeat(header_size - length(&line));
    Ok(format!("{{\n{before}{line}{after}{fill}}}\n"))
}

/// More than the size, by whole blocks.
fn whole_blocks(size: usize) -> usize {
    BLOCK * (size / BLOCK + 1)
}

/// Text without what would end a pair or a header, or is not printable ASCII.
fn clean(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, ';' | '{' | '}')).collect()
}

/// Whether a key is written anew.
fn is_own(key: &str) -> bool {
    const OWN: [&str; 7] =
        ["SIZE", "EDF_BINARYSIZE", "EDF_HEADERSIZE", "BYTEORDER", "DATATYPE", "HEADERID", "IMAGE"];
    let key = key.to_ascii_uppercase();
    key.contains("DIM_") || OWN.contains(&key.as_str())
}
