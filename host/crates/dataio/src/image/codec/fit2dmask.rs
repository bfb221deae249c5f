//! Masks of Fit2D (`.msk`).
//!
//! Little-endian. A header of 1024 bytes: `M`, `A`, `S`, `K` as 32-bit numbers at 0, 4, 8 and 12, columns at
//! 16, rows at 20, and 1 at 24 in what is written. Then the rows, each of whole 32-bit words, the first pixel
//! in the lowest bit. Pixels are u8: 1 is masked.

use tierline_table::DType;

use crate::Error;
use crate::Place;
use crate::image::plain::{only, plane, put, single};
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Pixels, Source, Target};

const MAGIC: &[u8; 16] = b"M\0\0\0A\0\0\0S\0\0\0K\0\0\0";
const COLUMNS: usize = 16;
const ROWS: usize = 20;
const ONE: usize = 24;
const HEADER: usize = 1024;

/// Masks of Fit2D.
pub struct Fit2dMask;

impl Codec for Fit2dMask {
    fn name(&self) -> &'static str {
        "fit2dmask"
    }

    fn description(&self) -> &'static str {
        "Fit2d mask file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["msk"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.exact(0, HEADER as u64, "header of the mask")?;
        if !head.starts_with(MAGIC) {
            return Err(source.malformed(Place::Byte(0), "expected M, A, S, K"));
        }
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (columns, rows) = (number(COLUMNS) as usize, number(ROWS) as usize);
        Ok(single(source, Header::new(), Vec::new(), move |source, _| {
            pixels(source, rows, columns)
        }))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Fit2dMask)
    }
}

/// Bytes of a row.
fn row_bytes(columns: usize) -> usize {
    columns.div_ceil(32) * 4
}

fn pixels(source: &Source, rows: usize, columns: usize) -> Result<Pixels, Error> {
    let size = source.size("mask", &[rows, columns], 1)?;
    let width = row_bytes(columns);
    let packed = source.size("packed mask", &[rows, width], 1)?;
    let packed = source.exact(HEADER as u64, packed as u64, "mask")?;
    let mut data = Vec::with_capacity(size);
    for row in packed.chunks_exact(width.max(1)) {
        data.extend((0..columns).map(|x| row[x / 8] >> (x % 8) & 1));
    }
    Ok(Pixels { dtype: DType::U8, shape: vec![rows, columns], data })
}

/// What is not zero is masked.
impl Encoder for Fit2dMask {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let frame = only(frames, target)?;
        let (rows, columns) = plane(&frame.pixels, target)?;
        let too_many = |_| {
            let reason = format!("{rows} rows of {columns}");
            Error::unsupported(target.name, Place::File, reason)
        };
        let mut head = vec![0; HEADER];
        head[..MAGIC.len()].copy_from_slice(MAGIC);
        head[COLUMNS..ROWS]
            .copy_from_slice(&u32::try_from(columns).map_err(too_many)?.to_le_bytes());
        head[ROWS..ONE].copy_from_slice(&u32::try_from(rows).map_err(too_many)?.to_le_bytes());
        head[ONE] = 1;
        let masked: Vec<u8> = match frame.pixels.is_float() {
            true => frame.pixels.floats().iter().map(|value| u8::from(*value != 0.0)).collect(),
            false => frame.pixels.integers().map(|value| u8::from(value != 0)).collect(),
        };
        let width = row_bytes(columns);
        let mut packed = vec![0u8; width * rows];
        for (row, out) in
            masked.chunks_exact(columns.max(1)).zip(packed.chunks_exact_mut(width.max(1)))
        {
            row.iter().enumerate().for_each(|(x, value)| out[x / 8] |= value << (x % 8));
        }
        put(target, &[&head, &packed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, picture, read_bytes, truncated, write_frames};

    #[test]
    fn what_is_written_is_read() {
        for (rows, columns) in [(3, 31), (2, 32), (5, 77)] {
            let frame = picture(DType::F32, rows, columns, 1);
            let bytes = write_frames(&Fit2dMask, std::slice::from_ref(&frame)).unwrap();
            let read = read_bytes(&Fit2dMask, bytes).unwrap().pixels;
            assert_eq!(read.shape, [rows, columns]);
            assert!(
                read.data == frame.pixels.integers().map(|v| (v != 0) as u8).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let bytes = write_frames(&Fit2dMask, &[picture(DType::U8, 2, 40, 1)]).unwrap();
        truncated(&Fit2dMask, &bytes);
        damaged(&Fit2dMask, &bytes);
    }
}
