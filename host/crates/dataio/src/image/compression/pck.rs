//! PCK, the packing of CCP4 that Mar345 files have: differences to a prediction in blocks of equal width.
//!
//! A stream of bits, the lowest bit of a byte first, without alignment. Each block has a head and
//! 2ⁿ values of equal width in two's complement:
//!
//! | version | head | n | widths by the rest of the head |
//! |---|---|---|---|
//! | 1 | 6 bits | low 3 bits | 0 4 5 6 7 8 16 32 |
//! | 2 | 8 bits | low 4 bits | 0 4 5 6 7 8 9 10 11 12 13 14 15 16 32 |
//!
//! All sums are of 16 bit and wrap. The first row and one pixel of the second are predicted by the pixel
//! before, all others by (west + north-east + north + north-west + 2) / 4, cut towards zero.

/// A version of the packing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Heads of 6 bits.
    V1,
    /// Heads of 8 bits.
    V2,
}

const WIDTHS_1: &[u32] = &[0, 4, 5, 6, 7, 8, 16, 32];
const WIDTHS_2: &[u32] = &[0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 32];
/// Largest block of version 1.
const LARGEST: usize = 128;

impl Version {
    /// Bits of a head, those of them that tell the number of values, and the widths.
    fn head(self) -> (u32, u32, &'static [u32]) {
        match self {
            Version::V1 => (6, 3, WIDTHS_1),
            Version::V2 => (8, 4, WIDTHS_2),
        }
    }
}

/// Decodes up to `count` pixels of rows of `width`. Fewer where the stream ends or is no such stream.
pub fn decode(packed: &[u8], version: Version, width: usize, count: usize) -> Vec<u16> {
    let mut pixels = differences(packed, version, count);
    for i in 1..pixels.len() {
        let at = |place: usize| i32::from(pixels[place] as i16);
        let prediction = if i <= width {
            at(i - 1)
        } else {
            (at(i - 1)
                + at(i - width + 1) * i32::from(width > 1)
                + at(i - width)
                + at(i - width - 1)
                + 2)
                / 4
        };
        pixels[i] = pixels[i].wrapping_add(prediction as u16);
    }
    pixels
}

/// The values of a stream, by their low 16 bits.
fn differences(packed: &[u8], version: Version, count: usize) -> Vec<u16> {
    let (head_bits, count_bits, widths) = version.head();
    let mut bits = Bits { packed, at: 0, value: 0, count: 0 };
    // Blocks of zeros take no bits: the count is the caller's bound.
    let mut values = Vec::with_capacity(count.min(packed.len().saturating_mul(2)));
    while values.len() < count {
        let Some(head) = bits.take(head_bits) else { break };
        let block = (1_usize << (head & ((1 << count_bits) - 1))).min(count - values.len());
        let Some(width) = widths.get((head >> count_bits) as usize) else { break };
        if *width == 0 {
            values.resize(values.len() + block, 0);
            continue;
        }
        let unused = 32 - width;
        for _ in 0..block {
            let Some(value) = bits.take(*width) else { return values };
            // Moved to the top and back, the sign fills what is unused.
            values.push(((value << unused) as i32 >> unused) as u16);
        }
    }
    values
}

/// Reads a stream of bits.
struct Bits<'a> {
    packed: &'a [u8],
    at: usize,
    /// Bits that are read and not taken, and their number.
    value: u64,
    count: u32,
}

impl Bits<'_> {
    /// Takes up to 32 bits.
    fn take(&mut self, bits: u32) -> Option<u32> {
        if self.count < bits {
            if let Some(four) = self.packed.get(self.at..).and_then(|rest| rest.first_chunk::<4>())
            {
                self.value |= u64::from(u32::from_le_bytes(*four)) << self.count;
                self.count += 32;
                self.at += 4;
            } else {
                while self.count < bits {
                    self.value |= u64::from(*self.packed.get(self.at)?) << self.count;
                    self.count += 8;
                    self.at += 1;
                }
            }
        }
        let taken = self.value & ((1 << bits) - 1);
        self.value >>= bits;
        self.count -= bits;
        Some(taken as u32)
    }
}

/// Encodes pixels of rows of `width`, by version 1.
pub fn encode(pixels: &[u16], width: usize) -> Vec<u8> {
    let at = |place: usize| i32::from(pixels[place] as i16);
    let difference = |i: usize| {
        if i == 0 {
            at(0)
        } else if i <= width {
            at(i) - at(i - 1)
        } else {
            let north_east = if width > 1 { at(i - width + 1) } else { 0 };
            let sum = at(i - 1) + north_east + at(i - width) + at(i - width - 1) + 2;
            i32::from((at(i) - sum / 4) as i16)
        }
    };
    let values: Vec<i32> = (0..pixels.len()).map(difference).collect();
    let mut packed = Packed { bytes: Vec::with_capacity(pixels.len()), value: 0, count: 0 };
    let mut rest = values.as_slice();
    while !rest.is_empty() {
        let (count, place) = block(rest);
        packed.put(count.ilog2() | (place as u32) << 3, 6);
        let (values, more) = rest.split_at(count);
        values.iter().for_each(|value| packed.put(*value as u32, WIDTHS_1[place]));
        rest = more;
    }
    packed.finish()
}

/// Size of the next block and the place of its width: it doubles as long as that takes fewer bits than
/// two blocks.
fn block(values: &[i32]) -> (usize, usize) {
    let mut count = 1;
    let mut place = width_place(&values[..1]);
    while count < LARGEST && 2 * count <= values.len() {
        let next = width_place(&values[count..2 * count]);
        let (own, other) = (WIDTHS_1[place] as usize * count, WIDTHS_1[next] as usize * count);
        if 2 * own.max(other) >= own + other + 6 {
            break;
        }
        count *= 2;
        place = place.max(next);
    }
    (count, place)
}

/// The place of the width that values need.
fn width_place(values: &[i32]) -> usize {
    match values.iter().map(|value| value.unsigned_abs()).max().unwrap_or(0) {
        0 => 0,
        1..8 => 1,
        8..16 => 2,
        16..32 => 3,
        32..64 => 4,
        64..128 => 5,
        128..32768 => 6,
        _ => 7,
    }
}

/// Writes a stream of bits.
struct Packed {
    bytes: Vec<u8>,
    value: u64,
    count: u32,
}

impl Packed {
    /// Puts the lowest bits of a value, up to 32.
    fn put(&mut self, value: u32, bits: u32) {
        self.value |= (u64::from(value) & ((1 << bits) - 1)) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.value as u8);
            self.value >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.value as u8);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Vec<u16> {
        let pixel = |i: u32| match i {
            0..400 => (i * i / 50) as u16,
            400..700 => 7,
            700..900 => (i * 7919 % 65536) as u16,
            _ => 1000 + (i % 3) as u16,
        };
        (0..1600).map(pixel).collect()
    }

    #[test]
    fn what_is_packed_comes_back() {
        for width in [1, 2, 3, 40, 1600, 2000] {
            let packed = encode(&image(), width);
            assert!(decode(&packed, Version::V1, width, 1600) == image(), "{width}");
            for length in (0..packed.len()).step_by(37) {
                let cut = decode(&packed[..length], Version::V1, width, 1600);
                assert!(image().starts_with(&cut) && cut.len() < 1600);
            }
        }
        assert!(decode(&[0; 30], Version::V1, 40, 1_000_000).len() <= 40);
        assert!(encode(&[], 4).is_empty());
    }

    #[test]
    fn version_2_has_wider_heads() {
        // 2 values of 9 bits: -1, 100; then 4 zeros; then no known width.
        let mut packed = Packed { bytes: Vec::new(), value: 0, count: 0 };
        packed.put(1 | 6 << 4, 8);
        packed.put(-1_i32 as u32, 9);
        packed.put(100, 9);
        packed.put(2, 8);
        packed.put(0xff, 8);
        let bytes = packed.finish();
        assert_eq!(decode(&bytes, Version::V2, 10, 100), [65535, 99, 99, 99, 99, 99]);
    }
}
