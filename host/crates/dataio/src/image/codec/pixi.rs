//! Pixi, a pixel detector of Paul Scherrer Institute's kind with 512 rows of 476 pixels.
//!
//! Frames follow each other, each with 24 bytes before its pixels, of which the first four are the little-endian
//! number of u16 that come behind them in the frame (243720); then the pixels, u16, little-endian.

use tierline_table::DType;

use crate::image::plain::RawFrames;
use crate::image::{Codec, Endian, Header, Hint, Image, Source};
use crate::{Error, Place};

const COLUMNS: usize = 476;
const ROWS: usize = 512;
const BEFORE: usize = 24;
const FRAME: usize = BEFORE + 2 * ROWS * COLUMNS;
const MAGIC: [u8; 4] = (((FRAME - 4) / 2) as u32).to_le_bytes();

/// Pixi.
pub struct Pixi;

impl Codec for Pixi {
    fn name(&self) -> &'static str {
        "pixi"
    }

    fn description(&self) -> &'static str {
        "Pixi"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(&MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        if source.exact(0, 4, "size of the frame")? != MAGIC {
            return Err(source.malformed(Place::Byte(0), "expected the size of the frame, 243720"));
        }
        let mut header = Header::new();
        header.set("framesize", i64::from(u32::from_le_bytes(MAGIC)));
        header.set("width", COLUMNS as i64);
        header.set("height", ROWS as i64);
        header.set("offset", BEFORE as i64);
        let count = source.len() / FRAME as u64;
        let mut warnings = Vec::new();
        if !source.len().is_multiple_of(FRAME as u64) {
            warnings.push(format!("the last {} bytes are no frame", source.len() % FRAME as u64));
        }
        Ok(Box::new(RawFrames {
            source,
            header,
            dtype: DType::U16,
            endian: Endian::Little,
            shape: vec![ROWS, COLUMNS],
            offset: BEFORE as u64,
            stride: FRAME as u64,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            warnings,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::open_bytes;

    #[test]
    fn frames_follow_each_other() {
        assert_eq!(MAGIC, [0x0a, 0xb8, 3, 0]);
        let mut bytes = vec![0; 2 * FRAME + 1];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[FRAME + BEFORE] = 9;
        let mut image = open_bytes(&Pixi, bytes).unwrap();
        assert_eq!((image.frames().unwrap(), image.warnings().len()), (2, 1));
        assert_eq!(image.frame(1).unwrap().pixels.data[0], 9);
        assert_eq!(open_bytes(&Pixi, MAGIC.to_vec()).unwrap().frames().unwrap(), 0);
        assert!(open_bytes(&Pixi, vec![1; 9]).is_err());
    }
}
