//! EDF, the ESRF data format: blocks of an ASCII header and a binary blob, one or more to a file.
//!
//! | part | content |
//! |---|---|
//! | `{` | after white space only |
//! | header | `key = value ;` pairs; a semicolon always ends a pair, line ends mean nothing |
//! | `}` | with `\n` or `\r\n` behind it: the blob begins right there |
//! | blob | `Size` or `EDF_BinarySize` bytes, else as many as the extents ask for |
//!
//! | key | meaning |
//! |---|---|
//! | `Dim_1`, `Dim_2`, … | extents, the fastest first |
//! | `DataType` | type of the elements, see [`header::data_type`]; 16 bit unsigned if absent |
//! | `ByteOrder` | `LowByteFirst`, `HighByteFirst` |
//! | `Compression` | of the blob: none, gzip, bzip2, zlib, byte offset |
//! | `EDF_BinaryFileName`, `…Position`, `…Size` | the data are in another file of the same folder |
//! | `EDF_DataFormatVersion` | the block is no frame: its keys are defaults of the frames after it |
//!
//! Keys that start with `EDF_` are sensitive to case, the others are not. The layout is that of
//! fabio's reader and writer. 128-bit floats are not supported.

pub mod header;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use write::{EDF_WRITER, EdfWriter};

use super::super::{Codec, Encoder, Hint, Image, Source};
use crate::Error;

/// The format.
#[derive(Debug)]
pub struct Edf;

impl Codec for Edf {
    fn name(&self) -> &'static str {
        "edf"
    }

    fn description(&self) -> &'static str {
        "European Synchrotron Radiation Facility data format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["edf", "cor"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let line_ends = hint.head.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (before, head) = hint.head.split_at(line_ends);
        let plain = [&b""[..], b"\n", b"\r"].contains(&before) && head.starts_with(b"{");
        plain || before == b"\r\n" && head.starts_with(b"{\r\nEDF")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(read::EdfImage::open(source)?))
    }

    fn reserved_keys(&self) -> &'static [&'static str] {
        &["headerid", "image", "byteorder", "datatype", "dim_1", "dim_2", "dim_3", "size"]
    }

    fn has_mnemonics(&self) -> bool {
        true
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&EDF_WRITER)
    }
}
