//! Byte shuffle and deflate: what HDF5's `shuffle` and `gzip` filters do, done here so that several
//! chunks can be compressed at the same time.

use libdeflater::{CompressionLvl, Compressor};

/// The bit of the deflate filter in a chunk's mask of skipped filters (shuffle is filter 0).
pub(crate) const DEFLATE_SKIPPED: u32 = 0b10;

/// Shuffles and deflates chunks; keeps its scratch memory.
pub struct Encoder {
    compressor: Compressor,
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
    /// An encoder for a zlib level from 1 to 12; levels outside are moved to the nearest.
    pub fn new(level: u8) -> Self {
        let level = CompressionLvl::new(i32::from(level.clamp(1, 12))).unwrap_or_default();
        Encoder { compressor: Compressor::new(level), scratch: Vec::new() }
    }

    /// Filters a chunk into `out`. A chunk that deflate would enlarge stays shuffled only.
    pub fn encode(&mut self, chunk: &[u8], item: usize, out: &mut Vec<u8>) -> Encoded {
        self.scratch.resize(chunk.len(), 0);
        shuffle(chunk, &mut self.scratch, item);
        out.resize(chunk.len(), 0);
        match self.compressor.zlib_compress(&self.scratch, out) {
            Ok(length) if length < chunk.len() => Encoded { length, skipped: 0 },
            _ => {
                std::mem::swap(out, &mut self.scratch);
                Encoded { length: chunk.len(), skipped: DEFLATE_SKIPPED }
            }
        }
    }
}

/// Gathers the first bytes of all items, then the second bytes, and so on. Bytes after the last
/// whole item are copied. Both slices have the same length.
pub fn shuffle(from: &[u8], to: &mut [u8], item: usize) {
    match item {
        2 => shuffle_items::<2>(from, to),
        4 => shuffle_items::<4>(from, to),
        8 => shuffle_items::<8>(from, to),
        0 | 1 => to.copy_from_slice(from),
        _ => shuffle_any(from, to, item),
    }
}

/// Items per block: its shuffled bytes stay in the first-level cache.
const BLOCK: usize = 64;

/// With the item size known, the compiler turns the inner loop over a block into vector code.
fn shuffle_items<const ITEM: usize>(from: &[u8], to: &mut [u8]) {
    let count = from.len() / ITEM;
    let whole = count / BLOCK * BLOCK;
    let mut block = [[0u8; BLOCK]; ITEM];
    for first in (0..whole).step_by(BLOCK) {
        let (items, _) = from[first * ITEM..(first + BLOCK) * ITEM].as_chunks::<ITEM>();
        for (byte, lane) in block.iter_mut().enumerate() {
            for (out, item) in lane.iter_mut().zip(items) {
                *out = item[byte];
            }
        }
        for (byte, lane) in block.iter().enumerate() {
            to[byte * count + first..][..BLOCK].copy_from_slice(lane);
        }
    }
    for index in whole..count {
        for byte in 0..ITEM {
            to[byte * count + index] = from[index * ITEM + byte];
        }
    }
    to[count * ITEM..].copy_from_slice(&from[count * ITEM..]);
}

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
        let encoded = Encoder::new(4).encode(&from, 2, &mut buffer);
        assert_eq!(encoded.skipped, 0);
        assert!(encoded.length < from.len() / 4);
        let mut inflated = vec![0; from.len()];
        let length = libdeflater::Decompressor::new()
            .zlib_decompress(&buffer[..encoded.length], &mut inflated)
            .unwrap();
        assert_eq!((length, inflated), (from.len(), shuffled));
    }

    #[test]
    fn noise_stays_uncompressed() {
        let from = noise(5000);
        let mut shuffled = vec![0; from.len()];
        shuffle(&from, &mut shuffled, 4);
        let mut buffer = Vec::new();
        let encoded = Encoder::new(1).encode(&from, 4, &mut buffer);
        assert_eq!(encoded, Encoded { length: 5000, skipped: DEFLATE_SKIPPED });
        assert_eq!(buffer, shuffled);
    }
}
