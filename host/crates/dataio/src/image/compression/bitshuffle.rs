//! The filters of HDF5 that fast detectors use: bitshuffle with LZ4 (32008), and LZ4 alone (32004).
//!
//! Both begin with two big-endian numbers: the bytes of the chunk (u64) and the bytes of a block (u32). A block
//! is its compressed size (u32, big-endian) and LZ4's block format.
//!
//! Bitshuffle works on blocks of a number of elements that is a multiple of 8: it stores the lowest bits of the
//! lowest bytes of all elements, then the next bits, and so on. The last block has the multiple of 8 that is
//! left; up to 7 elements behind it are stored as they are. Without LZ4 there is no head and blocks are stored bare.
//! In LZ4 alone a block that did not shrink is stored as it is.

/// Bytes of a bitshuffle block by default.
const BLOCK: usize = 8192;
/// Least number of elements in it.
const LEAST: usize = 128;
/// Bytes before the blocks.
const HEAD: usize = 12;

/// Elements of a bitshuffle block by default.
fn default_block(item: usize) -> usize {
    (BLOCK / item.max(1) / 8 * 8).max(LEAST)
}

/// Transposes 8 x 8 bits: bit b of byte i becomes bit i of byte b.
fn transpose(mut bits: u64) -> u64 {
    for (shift, mask) in
        [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0xf0f0_f0f0)]
    {
        let swapped = (bits ^ (bits >> shift)) & mask;
        bits ^= swapped ^ (swapped << shift);
    }
    bits
}

/// Undoes the shuffle of a block of a multiple of 8 elements.
fn unshuffle(block: &[u8], item: usize, out: &mut [u8]) {
    let groups = block.len() / item / 8;
    for byte in 0..item {
        let planes = &block[byte * 8 * groups..(byte + 1) * 8 * groups];
        for group in 0..groups {
            let rows = std::array::from_fn(|bit| planes[bit * groups + group]);
            let elements = transpose(u64::from_le_bytes(rows)).to_le_bytes();
            for (element, value) in elements.into_iter().enumerate() {
                out[(group * 8 + element) * item + byte] = value;
            }
        }
    }
}

/// Shuffles a block of a multiple of 8 elements.
fn shuffle(block: &[u8], item: usize, out: &mut [u8]) {
    let groups = block.len() / item / 8;
    for byte in 0..item {
        for group in 0..groups {
            let elements =
                std::array::from_fn(|element| block[(group * 8 + element) * item + byte]);
            let rows = transpose(u64::from_le_bytes(elements)).to_le_bytes();
            for (bit, value) in rows.into_iter().enumerate() {
                out[(byte * 8 + bit) * groups + group] = value;
            }
        }
    }
}

/// Bytes of the chunk and of a block, and what is behind.
fn head(bytes: &[u8]) -> Option<(u64, usize, &[u8])> {
    let (total, rest) = bytes.split_first_chunk()?;
    let (block, rest) = rest.split_first_chunk()?;
    let block = u32::from_be_bytes(*block) as usize;
    (block > 0).then_some((u64::from_be_bytes(*total), block, rest))
}

/// The next block, compressed.
fn next_block<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (size, behind) = rest.split_first_chunk()?;
    let (block, behind) = behind.split_at_checked(u32::from_be_bytes(*size) as usize)?;
    *rest = behind;
    Some(block)
}

/// Decodes a chunk of bitshuffle with LZ4 (or without) that must have `size` bytes of elements of `item` bytes.
/// `block`: elements of a block, 0 for the default; with LZ4 the head of the chunk tells it.
pub fn decode_bitshuffle(
    bytes: &[u8],
    item: usize,
    size: usize,
    lz4: bool,
    block: usize,
) -> Option<Vec<u8>> {
    if item == 0 || !size.is_multiple_of(item) || (!lz4 && bytes.len() < size) {
        return None;
    }
    let (block, mut rest) = match lz4 {
        true => {
            let (total, block, rest) = head(bytes)?;
            (if total == size as u64 { block } else { return None }, rest)
        }
        false => (if block == 0 { default_block(item) } else { block }.checked_mul(item)?, bytes),
    };
    if !block.is_multiple_of(8 * item) {
        return None;
    }
    let mut out = vec![0; size];
    let end = size / (8 * item) * 8 * item;
    let mut scratch = vec![0; block.min(end)];
    for out in out[..end].chunks_mut(block) {
        let shuffled = &mut scratch[..out.len()];
        if lz4 {
            let packed = next_block(&mut rest)?;
            if lz4_flex::block::decompress_into(packed, shuffled).ok()? != out.len() {
                return None;
            }
        } else {
            let (plain, behind) = rest.split_at_checked(out.len())?;
            shuffled.copy_from_slice(plain);
            rest = behind;
        }
        unshuffle(shuffled, item, out);
    }
    let left = size - end;
    out[end..].copy_from_slice(rest.get(..left)?);
    Some(out)
}

/// Encodes a chunk of elements of `item` bytes with bitshuffle and LZ4, in blocks of the default size.
pub fn encode_bitshuffle(data: &[u8], item: usize) -> Vec<u8> {
    let block = default_block(item) * item;
    let mut out = (data.len() as u64).to_be_bytes().to_vec();
    out.extend_from_slice(&(block as u32).to_be_bytes());
    let end = data.len() / (8 * item) * 8 * item;
    let mut scratch = vec![0; block.min(end)];
    for block in data[..end].chunks(block) {
        let shuffled = &mut scratch[..block.len()];
        shuffle(block, item, shuffled);
        let packed = lz4_flex::block::compress(shuffled);
        out.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        out.extend_from_slice(&packed);
    }
    out.extend_from_slice(&data[end..]);
    out
}

/// Decodes a chunk of LZ4 alone that must have `size` bytes.
pub fn decode_lz4(bytes: &[u8], size: usize) -> Option<Vec<u8>> {
    if bytes.len() < HEAD {
        return None;
    }
    let (total, block, mut rest) = head(bytes)?;
    if total != size as u64 {
        return None;
    }
    let mut out = vec![0; size];
    for out in out.chunks_mut(block) {
        let packed = next_block(&mut rest)?;
        if packed.len() == out.len() {
            out.copy_from_slice(packed);
        } else if lz4_flex::block::decompress_into(packed, out).ok()? != out.len() {
            return None;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, item: usize) -> Vec<u8> {
        (0..count * item).map(|i| (i * i / 7 % 251) as u8).collect()
    }

    #[test]
    fn all_sizes_return() {
        for item in [1, 2, 4, 8] {
            for count in [0, 1, 7, 8, 9, 1000, 4096, 4100, 9001] {
                let data = numbers(count, item);
                let coded = encode_bitshuffle(&data, item);
                assert!(decode_bitshuffle(&coded, item, data.len(), true, 0).unwrap() == data);
                for length in (0..coded.len()).step_by(coded.len() / 50 + 1) {
                    assert!(
                        decode_bitshuffle(&coded[..length], item, data.len(), true, 0).is_none()
                    );
                }
            }
        }
    }

    #[test]
    fn bits_of_one_kind_lie_together() {
        let data: Vec<u8> = (0..16u16).flat_map(|i| (i % 2 * 0x8001).to_le_bytes()).collect();
        let mut shuffled = vec![0; 32];
        shuffle(&data, 2, &mut shuffled);
        assert_eq!((&shuffled[..2], &shuffled[30..]), (&[0xaa, 0xaa][..], &[0xaa, 0xaa][..]));
        assert!(shuffled[2..30].iter().all(|byte| *byte == 0));
        assert_eq!(decode_bitshuffle(&shuffled, 2, 32, false, 16).unwrap(), data);
    }

    #[test]
    fn lz4_blocks_may_be_stored() {
        let data = numbers(40, 1);
        let packed = lz4_flex::block::compress(&[7; 30]);
        let mut bytes = 70u64.to_be_bytes().to_vec();
        bytes.extend_from_slice(&40u32.to_be_bytes());
        bytes.extend_from_slice(&40u32.to_be_bytes());
        bytes.extend_from_slice(&data);
        bytes.extend_from_slice(&(packed.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&packed);
        assert_eq!(decode_lz4(&bytes, 70).unwrap(), [data, vec![7; 30]].concat());
        for length in 0..bytes.len() {
            assert!(decode_lz4(&bytes[..length], 70).is_none());
        }
        assert!(decode_lz4(&bytes, 71).is_none());
    }
}
