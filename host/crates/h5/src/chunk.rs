//! Byte shuffle, deflate and checksum: what HDF5's `shuffle`, `gzip` and `fletcher32` filters do, done
//! here so that several chunks can be compressed at the same time.

use libdeflater::{CompressionLvl, Compressor};

use crate::Filters;

/// Filters chunks; keeps its scratch memory.
#[derive(Default)]
pub struct Encoder {
    /// By level, as they were needed.
    compressors: Vec<(u8, Compressor)>,
    scratch: Vec<u8>,
}

/// A chunk after the filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoded {
    /// Bytes in use at the start of the buffer.
    pub length: usize,
    /// Mask of filters that were not applied.
    pub skipped: u32,
}

impl Encoder {
    /// An encoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Filters a chunk of elements of `item` bytes into the start of `out`, which grows if need be (what
    /// it held costs nothing to keep). What deflate would enlarge goes on as it is.
    pub fn encode(
        &mut self,
        chunk: &[u8],
        item: usize,
        filters: Filters,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let mut encoded = match filters.deflate {
            Some(level) => self.deflate(chunk, item, level, filters, out),
            None => {
                grow(out, chunk.len());
                let out = &mut out[..chunk.len()];
                shuffle(chunk, out, if filters.shuffle { item } else { 1 });
                Encoded { length: chunk.len(), skipped: 0 }
            }
        };
        if filters.fletcher32 {
            let sum = fletcher32(&out[..encoded.length]);
            let end = encoded.length + sum.len();
            grow(out, end);
            out[encoded.length..end].copy_from_slice(&sum);
            encoded.length = end;
        }
        encoded
    }

    fn deflate(
        &mut self,
        chunk: &[u8],
        item: usize,
        level: u8,
        filters: Filters,
        out: &mut Vec<u8>,
    ) -> Encoded {
        let place = self.compressors.iter().position(|(own, _)| *own == level);
        let place = place.unwrap_or_else(|| {
            let wanted = CompressionLvl::new(i32::from(level.min(12))).unwrap_or_default();
            self.compressors.push((level, Compressor::new(wanted)));
            self.compressors.len() - 1
        });
        let shuffled = match filters.shuffle {
            true => {
                grow(&mut self.scratch, chunk.len());
                let scratch = &mut self.scratch[..chunk.len()];
                shuffle(chunk, scratch, item);
                scratch
            }
            false => chunk,
        };
        grow(out, chunk.len());
        let out = &mut out[..chunk.len()];
        let compressor = &mut self.compressors[place].1;
        let length = match level {
            0..=FAST_LEVELS if filters.store_noise => {
                match stored_prefix(compressor, shuffled, out) {
                    0 => compressor.zlib_compress(shuffled, out).ok(),
                    stored => zlib_with_prefix(compressor, shuffled, stored, out),
                }
            }
            _ => compressor.zlib_compress(shuffled, out).ok(),
        };
        match length {
            Some(length) if length < chunk.len() => Encoded { length, skipped: 0 },
            _ => {
                out.copy_from_slice(shuffled);
                Encoded { length: chunk.len(), skipped: filters.deflate_bit() }
            }
        }
    }
}

/// Levels up to this ask for speed: they don't spend time on bytes that hardly deflate.
const FAST_LEVELS: u8 = 4;

/// Parts into which a chunk is cut to look where it begins to deflate.
const PARTS: usize = 32;

/// Bytes of a sample at least, so that the description of its codes hardly counts.
const SAMPLE: usize = 2048;

/// How many bytes at the start are not worth deflating: a sample of every part of them shrinks by less than a sixth.
/// `spare` is as long as the bytes and is written to.
///
/// Shuffled numbers begin with the bytes of their last digits, which are noise in most measured quantities.
fn stored_prefix(compressor: &mut Compressor, bytes: &[u8], spare: &mut [u8]) -> usize {
    let part = bytes.len() / PARTS;
    let sample = (part / 8).max(SAMPLE);
    if part < sample {
        return 0;
    }
    let hardly = |part: &&[u8]| {
        let middle = (part.len() - sample) / 2;
        compressor
            .deflate_compress(&part[middle..][..sample], &mut spare[..sample - sample / 6])
            .is_err()
    };
    let parts = bytes.chunks_exact(part).take_while(hardly).count();
    if parts == PARTS { bytes.len() } else { parts * part }
}

/// Bytes of a stored block at most.
const STORED: usize = 0xffff;

/// A zlib stream of which the first `stored` bytes are in blocks that are not compressed. `None` if it doesn't fit.
fn zlib_with_prefix(
    compressor: &mut Compressor,
    bytes: &[u8],
    stored: usize,
    out: &mut [u8],
) -> Option<usize> {
    let (prefix, rest) = bytes.split_at_checked(stored)?;
    let mut at = 0;
    let mut put = |out: &mut [u8], part: &[u8]| {
        out.get_mut(at..at + part.len())?.copy_from_slice(part);
        at += part.len();
        Some(at)
    };
    // A window of 32 KiB, the fastest way of compression.
    put(out, &[0x78, 0x01])?;
    for block in prefix.chunks(STORED) {
        let length = block.len() as u16;
        put(out, &[0])?;
        put(out, &length.to_le_bytes())?;
        put(out, &(!length).to_le_bytes())?;
        put(out, block)?;
    }
    let start = put(out, &[])?;
    let end = start + compressor.deflate_compress(rest, &mut out[start..]).ok()?;
    let sum = libdeflater::adler32(bytes).to_be_bytes();
    out.get_mut(end..end + sum.len())?.copy_from_slice(&sum);
    Some(end + sum.len())
}

/// Makes room for so many bytes without touching those that are there.
fn grow(buffer: &mut Vec<u8>, bytes: usize) {
    if buffer.len() < bytes {
        buffer.resize(bytes, 0);
    }
}

/// Words between two reductions, so that the sums do not overflow.
const WORDS: usize = 360;

/// The checksum of HDF5, Fletcher's of big-endian words, as it is stored.
pub fn fletcher32(bytes: &[u8]) -> [u8; 4] {
    let (mut sum, mut sums) = (0u32, 0u32);
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (words, rest) = bytes.as_chunks::<2>();
    for words in words.chunks(WORDS) {
        for word in words {
            sum += u32::from(u16::from_be_bytes(*word));
            sums += sum;
        }
        (sum, sums) = (fold(sum), fold(sums));
    }
    for byte in rest {
        sum += u32::from(*byte) << 8;
        sums += sum;
        (sum, sums) = (fold(sum), fold(sums));
    }
    (fold(sums) << 16 | fold(sum)).to_le_bytes()
}

/// Gathers the first bytes of all items, then the second bytes, and so on. Bytes after the last
/// whole item are copied. Both slices have the same length.
pub fn shuffle(from: &[u8], to: &mut [u8], item: usize) {
    match item {
        2 => shuffle_u16(from, to),
        4 => shuffle_u32(from, to),
        8 => shuffle_u64(from, to),
        0 | 1 => to.copy_from_slice(from),
        _ => shuffle_any(from, to, item),
    }
}

/// Shuffles items as integers, lane by lane: shifts and narrowing become vector code, and a chunk is
/// small enough to be read from the cache again for each lane.
macro_rules! shuffle_integers {
    ($name:ident, $integer:ty) => {
        fn $name(from: &[u8], to: &mut [u8]) {
            const ITEM: usize = size_of::<$integer>();
            let (items, rest) = from.as_chunks::<ITEM>();
            let (lanes, end) = to.split_at_mut(ITEM * items.len());
            for (byte, lane) in lanes.chunks_exact_mut(items.len().max(1)).enumerate() {
                for (out, item) in lane.iter_mut().zip(items) {
                    *out = (<$integer>::from_le_bytes(*item) >> (8 * byte)) as u8;
                }
            }
            end.copy_from_slice(rest);
        }
    };
}

shuffle_integers!(shuffle_u16, u16);
shuffle_integers!(shuffle_u32, u32);
shuffle_integers!(shuffle_u64, u64);

fn shuffle_any(from: &[u8], to: &mut [u8], item: usize) {
    let count = from.len() / item;
    for (index, bytes) in from.chunks_exact(item).enumerate() {
        for (byte, value) in bytes.iter().enumerate() {
            to[byte * count + index] = *value;
        }
    }
    to[count * item..].copy_from_slice(&from[count * item..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Compression;

    fn gzip(level: u8) -> Filters {
        Compression::Gzip(level).into()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1u32;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect()
    }

    #[test]
    fn every_item_size_agrees_with_the_plain_version() {
        for item in [1, 2, 3, 4, 7, 8] {
            for length in [0, 1, 7, 64, 127, 128, 129, 1000, 4103] {
                let from = noise(length);
                let (mut fast, mut plain) = (vec![0; length], vec![0; length]);
                shuffle(&from, &mut fast, item);
                shuffle_any(&from, &mut plain, item);
                assert_eq!(fast, plain, "item {item} length {length}");
            }
        }
    }

    #[test]
    fn chunks_inflate_to_their_shuffle() {
        let from: Vec<u8> = (0..10_000u16).flat_map(|n| (n / 3).to_le_bytes()).collect();
        let mut shuffled = vec![0; from.len()];
        shuffle(&from, &mut shuffled, 2);
        let mut buffer = Vec::new();
        let encoded = Encoder::new().encode(&from, 2, gzip(4), &mut buffer);
        assert_eq!(encoded.skipped, 0);
        assert!(encoded.length < from.len() / 4);
        let mut inflated = vec![0; from.len()];
        let length = libdeflater::Decompressor::new()
            .zlib_decompress(&buffer[..encoded.length], &mut inflated)
            .unwrap();
        assert_eq!((length, inflated), (from.len(), shuffled));
    }

    #[test]
    fn noise_before_what_deflates_is_stored() {
        for (noisy, length) in
            [(90_000, 200_000), (199_000, 200_000), (1000, 200_000), (70_000, 70_100)]
        {
            let mut from = noise(length);
            for (at, byte) in from[noisy..].iter_mut().enumerate() {
                *byte = (at / 100) as u8;
            }
            let mut buffer = Vec::new();
            let filters = Filters { store_noise: true, ..gzip(1) };
            let encoded = Encoder::new().encode(&from, 1, filters, &mut buffer);
            let whole = Encoder::new().encode(&from, 1, gzip(6), &mut Vec::new());
            assert!(encoded.length < whole.length + length / 20, "{noisy}: {encoded:?}, {whole:?}");
            let mut inflated = vec![0; length];
            if encoded.skipped == 0 {
                let read = libdeflater::Decompressor::new()
                    .zlib_decompress(&buffer[..encoded.length], &mut inflated);
                assert_eq!(read, Ok(length));
                assert_eq!(inflated, from);
            } else {
                assert_eq!(buffer, from);
            }
        }
    }

    #[test]
    fn noise_that_repeats_is_found_unless_noise_is_stored() {
        let from = noise(5000).repeat(40);
        let mut buffer = Vec::new();
        let encoded = Encoder::new().encode(&from, 1, gzip(1), &mut buffer);
        assert!(encoded.length < from.len() / 20, "{encoded:?}");
        let filters = Filters { store_noise: true, ..gzip(1) };
        let encoded = Encoder::new().encode(&from, 1, filters, &mut buffer);
        assert_eq!(encoded, Encoded { length: from.len(), skipped: 0b10 });
    }

    #[test]
    fn noise_stays_uncompressed() {
        let from = noise(5000);
        let mut shuffled = vec![0; from.len()];
        shuffle(&from, &mut shuffled, 4);
        let mut buffer = Vec::new();
        let encoded = Encoder::new().encode(&from, 4, gzip(1), &mut buffer);
        assert_eq!(encoded, Encoded { length: 5000, skipped: 0b10 });
        assert_eq!(buffer, shuffled);
    }
}
