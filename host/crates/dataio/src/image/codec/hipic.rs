//! Hamamatsu's HiPic (`.img`).
//!
//! | offset | type | what |
//! |---|---|---|
//! | 0 | 2 bytes | `IM` |
//! | 2 | u16 | length of the comment in bytes |
//! | 4, 6 | u16 | columns, rows |
//! | 8, 10 | u16 | offsets of the image on the chip, in pixels |
//! | 12 | u16 | type |
//! | 14 | 50 bytes | not used |
//! | 64 | text | comment: lines of `key=value` with commas between, up to the first NUL |
//! | behind | u16 | pixels |
//!
//! All is little-endian. Values lose the quotes around them.

use tierline_table::DType;

use crate::image::plain::RawFrames;
use crate::image::{Codec, Endian, Header, Hint, Image, Source};
use crate::{Error, Place};

const MAGIC: &[u8] = b"IM";
const COMMENT: u64 = 64;

/// Hamamatsu's HiPic.
pub struct Hipic;

impl Codec for Hipic {
    fn name(&self) -> &'static str {
        "hipic"
    }

    fn description(&self) -> &'static str {
        "Hamamatsu HiPic"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["img"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.exact(0, COMMENT, "header")?;
        if !head.starts_with(MAGIC) {
            return Err(source.malformed(Place::Byte(0), "expected IM"));
        }
        let number = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let length = u64::from(number(2));
        let comment = source.exact(COMMENT, length, "comment")?;
        let mut header = Header::new();
        header.set("Image_tag", "IM");
        for (key, at) in [("Dim_1", 4), ("Dim_2", 6), ("Dim_1_offset", 8), ("Dim_2_offset", 10)] {
            header.set(key, i64::from(number(at)));
        }
        let end = memchr::memchr(0, &comment).unwrap_or(comment.len());
        let comment = String::from_utf8_lossy(&comment[..end]);
        for (key, value) in comment
            .split("\r\n")
            .flat_map(|line| line.split(','))
            .filter_map(|pair| pair.split_once('='))
        {
            header.set(key.trim(), value.trim_matches('"'));
        }
        let (columns, rows) = (usize::from(number(4)), usize::from(number(6)));
        Ok(Box::new(RawFrames {
            source,
            header,
            dtype: DType::U16,
            endian: Endian::Little,
            shape: vec![rows, columns],
            offset: COMMENT + length,
            stride: 0,
            count: 1,
            warnings: Vec::new(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes, truncated};

    #[test]
    fn comments_are_taken_apart() {
        let mut bytes = vec![0; 64];
        bytes[..8].copy_from_slice(b"IM\x14\0\x02\0\x01\0");
        bytes.extend_from_slice(b"[A],b=\"c d\",\r\ne =f\0\0");
        bytes[2] = bytes.len() as u8 - 64;
        bytes.extend_from_slice(&[1, 0, 2, 0]);
        let frame = read_bytes(&Hipic, bytes.clone()).unwrap();
        assert_eq!((frame.header.text("b"), frame.header.text("e")), (Some("c d"), Some("f")));
        assert_eq!(frame.pixels.data, [1, 0, 2, 0]);
        truncated(&Hipic, &bytes);
        damaged(&Hipic, &bytes);
    }
}
