//! The pixels of a TIFF image.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tierline_table::DType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use super::super::super::{Pixels, Source};
use super::directory::{Layout, Tags};
use crate::{Error, Place};

/// Reads strips, plain or by PackBits; returns the bytes that are missing too.
pub(super) fn strips(
    source: &Source,
    layout: Layout,
    tags: &Tags,
    index: usize,
) -> Result<(Pixels, u64), Error> {
    let unsupported =
        |reason: String| Err(Error::unsupported(source.path(), Place::Frame(index), reason));
    let bits = tags.bits[0];
    if tags.bits.iter().any(|other| *other != bits) {
        return unsupported(format!("samples of {:?} bits", tags.bits));
    }
    let Some(dtype) = element_type(tags.sample_format, bits) else {
        return unsupported(format!("{bits} bits of sample format {}", tags.sample_format));
    };
    if tags.rows_per_strip == 0 {
        return Err(source.malformed(Place::Frame(index), "no rows in a strip"));
    }
    // A plane is a part of the image whose rows are together.
    let (planes, samples) = if tags.planes { (tags.samples, 1) } else { (1, tags.samples) };
    source.size("the image", &[tags.rows, tags.columns, tags.samples], dtype.size())?;
    let row = source.size("a row", &[tags.columns, samples], bits as usize)?.div_ceil(8);
    let size = source.size("the strips", &[planes, tags.rows, row], 1)?;
    let mut data = vec![0; size];
    let found = read_strips(source, tags, row, &mut data)?;
    let missing = (size - found) as u64;
    if bits < 8 {
        data = unpack_bits(&data, row, tags.columns * samples, bits, tags.low_bit_first);
    }
    if planes > 1 {
        data = together(&data, planes, dtype.size());
    }
    let mut shape = vec![tags.rows, tags.columns];
    if tags.samples > 1 || tags.bits.len() > 1 {
        shape.push(tags.samples);
    }
    let pixels = Pixels::from_file(dtype, shape, data, layout.big_endian);
    let pixels = match &tags.colormap {
        Some(map) if tags.photometric == 3 && tags.samples == 1 => colored(source, pixels, map)
            .map_err(|value| {
            let reason = format!("pixel {value}, the colormap has {}", map.len());
            source.malformed(Place::Frame(index), reason)
        })??,
        _ => pixels,
    };
    Ok((pixels, missing))
}

/// Reads the strips of rows of `row` bytes; returns the bytes found.
fn read_strips(source: &Source, tags: &Tags, row: usize, data: &mut [u8]) -> Result<usize, Error> {
    if data.is_empty() {
        return Ok(0);
    }
    let per_strip = usize::try_from(tags.rows_per_strip).unwrap_or(usize::MAX).min(tags.rows);
    let strips =
        data.chunks_exact_mut(tags.rows * row).flat_map(|plane| plane.chunks_mut(per_strip * row));
    let places = tags.offsets.iter().zip(&tags.counts);
    let mut found = 0;
    for (out, (offset, count)) in strips.zip(places) {
        found += if tags.compression == 1 {
            // A count that is too small is bogus where there is only one strip.
            let count = if tags.offsets.len() == 1 { out.len() as u64 } else { *count };
            let there = count.min(out.len() as u64) as usize;
            source.read_at(*offset, &mut out[..there])?
        } else {
            let most = out.len() as u64 * 2 + 128;
            pack_bits(&source.bytes(*offset, (*count).min(most))?, out)
        };
    }
    Ok(found)
}

fn element_type(sample_format: u64, bits: u64) -> Option<DType> {
    Some(match (sample_format, bits) {
        (1 | 4, 1 | 2 | 4 | 8) => DType::U8,
        (1 | 4, 16) => DType::U16,
        (1 | 4, 32) => DType::U32,
        (1 | 4, 64) => DType::U64,
        (2, 8) => DType::I8,
        (2, 16) => DType::I16,
        (2, 32) => DType::I32,
        (2, 64) => DType::I64,
        (3, 32) => DType::F32,
        (3, 64) => DType::F64,
        _ => return None,
    })
}

/// Unpacks PackBits into a strip; returns the bytes found. A byte n ≥ 0 is followed by n+1 bytes, n < 0
/// by one byte to be repeated 1-n times, -128 by nothing.
fn pack_bits(packed: &[u8], out: &mut [u8]) -> usize {
    let mut at = 0;
    let mut done = 0;
    while let Some(head) = packed.get(at) {
        at += 1;
        let head = *head as i8;
        if head >= 0 {
            let from = &packed[at..(at + head as usize + 1).min(packed.len())];
            let count = from.len().min(out.len() - done);
            out[done..done + count].copy_from_slice(&from[..count]);
            done += count;
            at += from.len();
        } else if head != i8::MIN {
            let Some(byte) = packed.get(at) else { break };
            let count = (1 - isize::from(head)) as usize;
            let count = count.min(out.len() - done);
            out[done..done + count].fill(*byte);
            done += count;
            at += 1;
        }
    }
    done
}

/// Pixels of 1, 2 or 4 bits as bytes. `row` is the bytes of a row, `columns` its pixels.
fn unpack_bits(data: &[u8], row: usize, columns: usize, bits: u64, low_first: bool) -> Vec<u8> {
    let bits = bits as usize;
    let per_byte = 8 / bits;
    let mask = (1_u16 << bits) as u8 - 1;
    let pixel = |row: &[u8], i: usize| {
        let place = i % per_byte;
        let shift = if low_first { place } else { per_byte - 1 - place };
        row[i / per_byte] >> (shift * bits) & mask
    };
    let rows = data.chunks_exact(row.max(1));
    rows.flat_map(|row| (0..columns).map(move |i| pixel(row, i))).collect()
}

/// The samples of a pixel together, which came plane by plane.
fn together(data: &[u8], planes: usize, size: usize) -> Vec<u8> {
    let plane = data.len() / planes;
    let mut out = Vec::with_capacity(data.len());
    for start in (0..plane).step_by(size) {
        for i in 0..planes {
            let start = i * plane + start;
            out.extend_from_slice(&data[start..start + size]);
        }
    }
    out
}

/// The colors of pixels, `[rows, columns, 3]`; the value that has none, if any.
fn colored(source: &Source, pixels: Pixels, map: &[[u8; 3]]) -> Result<Result<Pixels, Error>, i64> {
    let size = match source.size("the colors", &pixels.shape, 3 * pixels.dtype.size()) {
        Ok(size) => size,
        Err(error) => return Ok(Err(error)),
    };
    let mut data = Vec::with_capacity(size / pixels.dtype.size());
    for value in pixels.integers() {
        let color = usize::try_from(value).ok().and_then(|value| map.get(value)).ok_or(value)?;
        data.extend_from_slice(color);
    }
    let mut shape = pixels.shape;
    shape.push(3);
    Ok(Ok(Pixels { dtype: DType::U8, shape, data }.cast(pixels.dtype)))
}

/// Reads an image with the `tiff` crate: tiles and other compressions.
pub(super) fn by_library(source: &Source, tags: &Tags, index: usize) -> Result<Pixels, Error> {
    let failed = |error: tiff::TiffError| match error {
        tiff::TiffError::UnsupportedError(error) => {
            Error::unsupported(source.path(), Place::Frame(index), error.to_string())
        }
        other => source.malformed(Place::Frame(index), other.to_string()),
    };
    if tags.planes {
        let reason = "packed strips or tiles in planes".to_owned();
        return Err(Error::unsupported(source.path(), Place::Frame(index), reason));
    }
    source.size(
        "the image",
        &[tags.rows, tags.columns, tags.samples],
        tags.bits[0].div_ceil(8) as usize,
    )?;
    let mut limits = Limits::default();
    let most = usize::try_from(source.limits().max_allocation).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    limits.ifd_value_size = most;
    let reader = BufReader::new(Reader { source, offset: 0 });
    let mut decoder = Decoder::new(reader).map_err(failed)?.with_limits(limits);
    decoder.seek_to_image(index).map_err(failed)?;
    let (columns, rows) = decoder.dimensions().map_err(failed)?;
    let decoded = decoder.read_image().map_err(failed)?;
    let (dtype, data): (DType, Vec<u8>) = match decoded {
        DecodingResult::U8(data) => (DType::U8, data),
        DecodingResult::I8(data) => (DType::I8, flat(&data, i8::to_le_bytes)),
        DecodingResult::U16(data) => (DType::U16, flat(&data, u16::to_le_bytes)),
        DecodingResult::I16(data) => (DType::I16, flat(&data, i16::to_le_bytes)),
        DecodingResult::U32(data) => (DType::U32, flat(&data, u32::to_le_bytes)),
        DecodingResult::I32(data) => (DType::I32, flat(&data, i32::to_le_bytes)),
        DecodingResult::U64(data) => (DType::U64, flat(&data, u64::to_le_bytes)),
        DecodingResult::I64(data) => (DType::I64, flat(&data, i64::to_le_bytes)),
        DecodingResult::F32(data) => (DType::F32, flat(&data, f32::to_le_bytes)),
        DecodingResult::F64(data) => (DType::F64, flat(&data, f64::to_le_bytes)),
        DecodingResult::F16(data) => {
            (DType::F32, flat(&data, |value| value.to_f32().to_le_bytes()))
        }
    };
    let (rows, columns) = (rows as usize, columns as usize);
    let samples = data.len() / (rows * columns * dtype.size()).max(1);
    let mut shape = vec![rows, columns];
    if samples > 1 {
        shape.push(samples);
    }
    if shape.iter().product::<usize>() * dtype.size() != data.len() {
        let reason = format!("{} bytes of pixels for {shape:?} of {}", data.len(), dtype.name());
        return Err(Error::unsupported(source.path(), Place::Frame(index), reason));
    }
    Ok(Pixels { dtype, shape, data })
}

/// The bytes of values.
fn flat<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|value| bytes(*value)).collect()
}

/// A source as the crate wants it.
struct Reader<'a> {
    source: &'a Source,
    offset: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read_at(self.offset, buffer).map_err(io::Error::other)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
        };
        self.offset = offset.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}
