//! MRC and CCP4 maps.
//!
//! | offset | type | what |
//! |---|---|---|
//! | 0, 4, 8 | i32 | `NX`, `NY`, `NZ`: columns, rows, frames |
//! | 12 | i32 | `MODE`: 0 i8, 1 i16, 2 f32, 6 u16, 12 f16 (read as f32); complex numbers (3, 4) are not read |
//! | 16, 20, 24 | i32 | `NXSTART`, `NYSTART`, `NZSTART` |
//! | 28, 32, 36 | i32 | `MX`, `MY`, `MZ`: intervals of the cell |
//! | 40, 52 | 3 f32 each | cell in angstrom, its angles in degrees |
//! | 64, 68, 72 | i32 | `MAPC`, `MAPR`, `MAPS`: axes of columns, rows, frames |
//! | 76, 80, 84 | f32 | `DMIN`, `DMAX`, `DMEAN` |
//! | 88 | i32 | `ISPG`: space group |
//! | 92 | i32 | `NSYMBT`: bytes of the extended header |
//! | 196 | 3 f32 | origin |
//! | 208 | 4 bytes | `MAP ` |
//! | 212 | 4 bytes | `44 44` or `44 41` little-endian, `11 11` big-endian |
//! | 216 | f32 | `RMS` |
//! | 220 | i32 | `NLABL`: labels in use, of 10 of 80 characters from 224 on |
//! | 1024 | | extended header, then the frames |

use tierline_table::DType;

use crate::image::cast::halves;
use crate::image::plain::Item::{Bytes, F32, I32};
use crate::image::plain::{Item, RawFrames, extent, fields, integer};
use crate::image::{Codec, Endian, Frame, Header, Hint, Image, Pixels, Source};
use crate::{Error, Place};

const HEADER: u64 = 1024;
const MAP: usize = 208;
const STAMP: usize = 212;
const LABELS: usize = 224;
const LABEL: usize = 80;

const FIELDS: &[(&str, Item)] = &[
    ("NX", I32),
    ("NY", I32),
    ("NZ", I32),
    ("MODE", I32),
    ("NXSTART", I32),
    ("NYSTART", I32),
    ("NZSTART", I32),
    ("MX", I32),
    ("MY", I32),
    ("MZ", I32),
    ("CELL_A", F32),
    ("CELL_B", F32),
    ("CELL_C", F32),
    ("CELL_ALPHA", F32),
    ("CELL_BETA", F32),
    ("CELL_GAMMA", F32),
    ("MAPC", I32),
    ("MAPR", I32),
    ("MAPS", I32),
    ("DMIN", F32),
    ("DMAX", F32),
    ("DMEAN", F32),
    ("ISPG", I32),
    ("NSYMBT", I32),
    ("EXTRA", Bytes(100)),
    ("ORIGIN_X", F32),
    ("ORIGIN_Y", F32),
    ("ORIGIN_Z", F32),
    ("MAP", Bytes(4)),
    ("MACHST", Bytes(4)),
    ("RMS", F32),
    ("NLABL", I32),
];

/// MRC and CCP4 maps.
pub struct Mrc;

impl Codec for Mrc {
    fn name(&self) -> &'static str {
        "mrc"
    }

    fn description(&self) -> &'static str {
        "MRC or CCP4 map"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mrc", "map", "fei"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.get(MAP..MAP + 4) == Some(b"MAP ")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.exact(0, HEADER, "header")?;
        let endian = byte_order(&head);
        let mut header = fields(&head, FIELDS, endian);
        header.set("MAP", String::from_utf8_lossy(&head[MAP..MAP + 4]).into_owned());
        for (number, label) in head[LABELS..].chunks_exact(LABEL).enumerate() {
            header.set(
                format!("LABEL_{number:02}"),
                String::from_utf8_lossy(label).trim_matches(['\0', ' ']),
            );
        }
        let (dtype, half) = match integer(&header, "MODE") {
            Some(0) => (DType::I8, false),
            Some(1) => (DType::I16, false),
            Some(2) => (DType::F32, false),
            Some(6) => (DType::U16, false),
            Some(12) => (DType::U16, true),
            mode => {
                let reason = format!("MODE {}", mode.unwrap_or(-1));
                return Err(Error::unsupported(source.path(), Place::Byte(12), reason));
            }
        };
        let [columns, rows, count] = ["NX", "NY", "NZ"].map(|key| extent(&source, &header, key));
        let (shape, count) = (vec![rows?, columns?], count?);
        let stride = source.size("frame", &shape, dtype.size())? as u64;
        let extended = extent(&source, &header, "NSYMBT")? as u64;
        let warnings = Vec::new();
        let offset = HEADER + extended;
        let raw =
            RawFrames { source, header, dtype, endian, shape, offset, stride, count, warnings };
        Ok(Box::new(Map { raw, half }))
    }
}

/// By the machine stamp, else by which order makes the mode a small number.
fn byte_order(head: &[u8]) -> Endian {
    match head[STAMP] {
        0x44 => Endian::Little,
        0x11 => Endian::Big,
        _ if head[12..14] == [0, 0] && head[15] != 0 => Endian::Big,
        _ => Endian::Little,
    }
}

struct Map {
    raw: RawFrames,
    /// The pixels are 16-bit floating-point numbers.
    half: bool,
}

impl Image for Map {
    fn frames(&mut self) -> Result<usize, Error> {
        self.raw.frames()
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let Frame { mut pixels, header } = self.raw.frame(index)?;
        if self.half {
            pixels = Pixels { dtype: DType::F32, data: halves(&pixels.data), ..pixels };
        }
        Ok(Frame { pixels, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.raw.header(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, open_bytes, truncated};

    fn map(mode: i32, big: bool, data: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER as usize];
        for (at, value) in [(0, 2), (4, 1), (8, 2), (12, mode), (92, 8)] {
            let value: i32 = value;
            let value = if big { value.to_be_bytes() } else { value.to_le_bytes() };
            bytes[at..at + 4].copy_from_slice(&value);
        }
        bytes[MAP..MAP + 4].copy_from_slice(b"MAP ");
        bytes[STAMP] = if big { 0x11 } else { 0x44 };
        bytes.extend_from_slice(&[9; 8]);
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn both_byte_orders_and_halves() {
        let last = |bytes| {
            let mut image = open_bytes(&Mrc, bytes).unwrap();
            assert_eq!(image.frames().unwrap(), 2);
            image.frame(1).unwrap().pixels.floats()
        };
        let data = [0, 0, 0, 0, 1, 0, 0, 2];
        assert_eq!(last(map(1, false, &data)), [1.0, 512.0]);
        assert_eq!(last(map(1, true, &data)), [256.0, 2.0]);
        assert_eq!(last(map(12, true, &[0, 0, 0, 0, 0x3c, 0, 0xc0, 0])), [1.0, -2.0]);
        assert!(open_bytes(&Mrc, map(4, false, &data)).is_err());
        let one = map(0, false, &[1, 2]);
        truncated(&Mrc, &one);
        damaged(&Mrc, &one);
    }
}
