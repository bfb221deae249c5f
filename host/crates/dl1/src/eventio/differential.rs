//! Numbers of variable length, and arrays of their differences.
//!
//! | first byte | bytes | bits of the value |
//! |---|---|---|
//! | `0xxxxxxx` | 1 | 7 |
//! | `10xxxxxx` | 2 | 14 |
//! | `110xxxxx` | 3 | 21 |
//! | `1110xxxx` | 4 | 28 |
//! | `11110xxx` | 5 | 35 |
//! | `111110xx` | 6 | 42 |
//! | `1111110x` | 7 | 49 |
//! | `11111110` | 8 | 56 |
//! | `11111111` | 9 | 64 |
//!
//! Values are stored most significant byte first. Signed ones are folded: 0, −1, 1, −2, … are 0, 1, 2, 3, ….
//! An array of differences starts from 0; sums are kept in 32 bits and wrap.
//!
//! Waveforms are mostly codes of one byte, so these are decoded four at a time: a byte's difference plus 64 fits
//! into 7 bits, the sums of four of them into 9, and one multiplication makes the four sums in lanes of 16 bits.

/// An unsigned number at the front of `bytes`, and how many bytes it takes.
pub fn unsigned_varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let more = first.leading_ones() as usize;
    let rest = bytes.get(1..1 + more)?;
    let head = if more >= 7 { 0 } else { u64::from(first) & (0x7f >> more) };
    let value = rest.iter().fold(head, |value, &byte| (value << 8) | u64::from(byte));
    Some((value, 1 + more))
}

/// The signed number that an unsigned one stands for.
pub fn signed(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// A difference at the front of `bytes`, in 32 bits, and how many bytes it takes. Only 1 to 5 bytes occur.
fn difference(bytes: &[u8]) -> Option<(u32, usize)> {
    let (value, used) = unsigned_varint(bytes)?;
    if used > 5 {
        return None;
    }
    Some((signed(value & 0xffff_ffff) as u32, used))
}

/// Decodes an array of differences. Returns how many bytes were used.
///
/// # Errors
/// The position in `bytes` where they end or are damaged.
pub fn decode_u32(bytes: &[u8], values: &mut [u32]) -> Result<usize, usize> {
    let mut at = 0;
    let mut sum = 0u32;
    for value in values {
        let (step, used) = match bytes.get(at) {
            Some(&byte) if byte < 0x80 => (signed(u64::from(byte)) as u32, 1),
            _ => difference(bytes.get(at..).unwrap_or_default()).ok_or(at)?,
        };
        at += used;
        sum = sum.wrapping_add(step);
        *value = sum;
    }
    Ok(at)
}

/// Decodes consecutive arrays of `n` values, each starting from 0 again, keeping the lower 16 bits of the sums.
/// Returns how many bytes were used.
///
/// # Errors
/// The position in `bytes` where they end or are damaged.
pub fn decode_u16(bytes: &[u8], values: &mut [u16], n: usize) -> Result<usize, usize> {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(vectors::Decode { simd, bytes, values, n });
    }
    decode_arrays(bytes, values, n, short_codes)
}

/// As [`decode_u16`], with a fast way for codes of one byte.
#[inline(always)]
fn decode_arrays(
    bytes: &[u8],
    values: &mut [u16],
    n: usize,
    fast: impl Fn(&[u8], &mut [u16], &mut u16) -> usize,
) -> Result<usize, usize> {
    let mut at = 0;
    for array in values.chunks_mut(n.max(1)) {
        at += decode_one(&bytes[at..], array, &fast).map_err(|inner| at + inner)?;
    }
    Ok(at)
}

/// Codes of one byte, eight at a time.
#[cfg(target_arch = "x86_64")]
mod vectors {
    use pulp::x86::V3;

    pub(super) struct Decode<'a> {
        pub(super) simd: V3,
        pub(super) bytes: &'a [u8],
        pub(super) values: &'a mut [u16],
        pub(super) n: usize,
    }

    impl pulp::NullaryFnOnce for Decode<'_> {
        type Output = Result<usize, usize>;

        #[inline(always)]
        fn call(self) -> Self::Output {
            let Decode { simd, bytes, values, n } = self;
            super::decode_arrays(bytes, values, n, |bytes, array, sum| {
                let eight = short_codes(simd, bytes, array, sum);
                eight + super::short_codes(&bytes[eight..], &mut array[eight..], sum)
            })
        }
    }

    /// Decodes codes of one byte in groups of eight, as long as there are such; returns how many.
    #[inline(always)]
    fn short_codes(simd: V3, bytes: &[u8], array: &mut [u16], sum: &mut u16) -> usize {
        let sse = simd.sse2;
        let (groups, _) = bytes.as_chunks::<8>();
        let (outputs, _) = array.as_chunks_mut::<8>();
        let (one, zero) = (sse._mm_set1_epi16(1), sse._mm_setzero_si128());
        let last = sse._mm_set1_epi16(0x0f0e);
        let mut carry = sse._mm_set1_epi16(*sum as i16);
        let mut n = 0;
        for (group, output) in groups.iter().zip(outputs) {
            let codes = u64::from_le_bytes(*group);
            if codes & 0x8080_8080_8080_8080 != 0 {
                break;
            }
            let codes = sse._mm_unpacklo_epi8(sse._mm_set_epi64x(0, codes as i64), zero);
            // The lowest bit is the sign: 0, -1, 1, -2 ...
            let sign = sse._mm_sub_epi16(zero, sse._mm_and_si128(codes, one));
            let mut sums = sse._mm_xor_si128(sse._mm_srli_epi16::<1>(codes), sign);
            sums = sse._mm_add_epi16(sums, sse._mm_slli_si128::<2>(sums));
            sums = sse._mm_add_epi16(sums, sse._mm_slli_si128::<4>(sums));
            sums = sse._mm_add_epi16(sums, sse._mm_slli_si128::<8>(sums));
            sums = sse._mm_add_epi16(sums, carry);
            carry = simd.ssse3._mm_shuffle_epi8(sums, last);
            *output = pulp::cast(sums);
            *sum = output[7];
            n += 8;
        }
        n
    }
}

/// Passes over an array of `n` values. Returns how many bytes it has.
///
/// # Errors
/// As [`decode_u16`].
pub fn skip_u16(bytes: &[u8], n: usize) -> Result<usize, usize> {
    let (mut at, mut done) = (0, 0);
    while done < n {
        let (groups, _) = bytes[at..].as_chunks::<8>();
        let short = |group: &&[u8; 8]| u64::from_le_bytes(**group) & 0x8080_8080_8080_8080 == 0;
        let fast = 8 * groups.iter().take((n - done) / 8).take_while(short).count();
        at += fast;
        done += fast;
        // The fast way stops at a longer code or near the end: pass over some values the general way.
        for _ in 0..(n - done).min(8) {
            let (_, used) = short_difference(&bytes[at..]).ok_or(at)?;
            at += used;
            done += 1;
        }
    }
    Ok(at)
}

#[inline(always)]
fn decode_one(
    bytes: &[u8],
    array: &mut [u16],
    fast: impl Fn(&[u8], &mut [u16], &mut u16) -> usize,
) -> Result<usize, usize> {
    let mut at = 0;
    let mut sum = 0u16;
    let mut done = 0;
    while done < array.len() {
        if array.len() - done >= 4 {
            let short = fast(&bytes[at..], &mut array[done..], &mut sum);
            at += short;
            done += short;
        }
        // The fast way stops at a longer code or near an end: take one value the general way.
        let Some(value) = array.get_mut(done) else { break };
        let (step, used) = short_difference(&bytes[at..]).ok_or(at)?;
        at += used;
        done += 1;
        sum = sum.wrapping_add(step as u16);
        *value = sum;
    }
    Ok(at)
}

/// As [`difference`], first trying the codes of one and two bytes, which are nearly all.
#[inline]
fn short_difference(bytes: &[u8]) -> Option<(u32, usize)> {
    match *bytes {
        [first @ 0..0x80, ..] => Some((signed(u64::from(first)) as u32, 1)),
        [first @ 0x80..0xc0, second, ..] => {
            let value = (u64::from(first & 0x3f) << 8) | u64::from(second);
            Some((signed(value) as u32, 2))
        }
        _ => difference(bytes),
    }
}

/// Decodes codes of one byte in groups of four, as long as there are such; returns how many.
#[inline]
fn short_codes(bytes: &[u8], array: &mut [u16], sum: &mut u16) -> usize {
    let (groups, _) = bytes.as_chunks::<4>();
    let (outputs, _) = array.as_chunks_mut::<4>();
    let mut n = 0;
    for (group, output) in groups.iter().zip(outputs) {
        let codes = u32::from_le_bytes(*group);
        if codes & 0x8080_8080 != 0 {
            break;
        }
        let sums = add_lanes(lane_sums(codes), *sum);
        *output = [sums as u16, (sums >> 16) as u16, (sums >> 32) as u16, (sums >> 48) as u16];
        *sum = output[3];
        n += 4;
    }
    n
}

/// A number with 1 in each lane of 16 bits.
const ONES: u64 = 0x0001_0001_0001_0001;
/// A number with the highest bit of each lane of 16 bits.
const TOP: u64 = 0x8000 * ONES;

/// Adds a number to each lane of 16 bits, without carries between them.
#[inline]
fn add_lanes(lanes: u64, number: u16) -> u64 {
    let numbers = u64::from(number) * ONES;
    ((lanes & !TOP) + (numbers & !TOP)) ^ ((lanes ^ numbers) & TOP)
}

/// Running sums of four codes of 7 bits, in lanes of 16 bits.
#[inline]
fn lane_sums(codes: u32) -> u64 {
    /// 64, 128, 192 and 256.
    const BIAS: u64 = 0x0100_00c0_0080_0040;
    let wide = u64::from(codes);
    let wide = (wide | (wide << 16)) & 0x0000_ffff_0000_ffff;
    let wide = (wide | (wide << 8)) & 0x00ff_00ff_00ff_00ff;
    let sign = wide & ONES;
    let size = (wide >> 1) & (0x3f * ONES);
    // 64 + difference: size | 64 where positive, 63 - size where negative.
    let biased = (size ^ (sign * 0x3f)) | ((sign ^ ONES) << 6);
    let sums = biased.wrapping_mul(ONES);
    // Take the 64s off the lanes again, without borrowing between them.
    ((sums | TOP) - BIAS) ^ TOP
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The shortest code of a number.
    fn encode(value: u64) -> Vec<u8> {
        for more in 0..7 {
            if value < 1 << (7 * (more + 1)) {
                let mut bytes = value.to_be_bytes()[7 - more..].to_vec();
                bytes[0] |= !(0xffu16 >> more) as u8;
                return bytes;
            }
        }
        if value < 1 << 56 {
            let mut bytes = value.to_be_bytes().to_vec();
            bytes[0] = 0xfe;
            return bytes;
        }
        let mut bytes = vec![0xff];
        bytes.extend(value.to_be_bytes());
        bytes
    }

    fn fold(value: i32) -> u64 {
        u64::from(((value << 1) ^ (value >> 31)) as u32)
    }

    fn differences(values: &[u16]) -> Vec<u8> {
        let mut last = 0i32;
        let mut bytes = Vec::new();
        for &value in values {
            bytes.extend(encode(fold(i32::from(value) - last)));
            last = i32::from(value);
        }
        bytes
    }

    #[test]
    fn codes_of_every_length() {
        let lengths = [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (1 << 21, 4)];
        let longer = [(1 << 28, 5), (1 << 35, 6), (1 << 42, 7), (1 << 49, 8), (1 << 56, 9)];
        for (value, length) in lengths.into_iter().chain(longer).chain([(u64::MAX, 9)]) {
            let bytes = encode(value);
            assert_eq!(bytes.len(), length, "{value}");
            assert_eq!(unsigned_varint(&bytes), Some((value, length)));
            for cut in 0..length {
                assert_eq!(unsigned_varint(&bytes[..cut]), None);
            }
        }
        assert_eq!([0, 1, 2, 3, 4].map(signed), [0, -1, 1, -2, 2]);
        assert_eq!(signed(u64::MAX), i64::MIN);
    }

    #[test]
    fn differences_of_more_than_5_bytes_are_refused() {
        let bytes = encode(1 << 36);
        assert_eq!(decode_u32(&bytes, &mut [0]), Err(0));
        assert_eq!(decode_u16(&bytes, &mut [0], 1), Err(0));
    }

    #[test]
    fn short_codes_in_lanes_equal_a_loop() {
        for codes in [[0u8, 0, 0, 0], [127, 127, 127, 127], [126, 126, 126, 126], [1, 2, 3, 125]] {
            let sums = lane_sums(u32::from_le_bytes(codes));
            let mut sum = 0u16;
            for (lane, code) in codes.into_iter().enumerate() {
                sum = sum.wrapping_add(signed(u64::from(code)) as u16);
                assert_eq!((sums >> (16 * lane)) as u16, sum);
            }
        }
    }

    proptest! {
        #[test]
        fn numbers_come_back(value: u64) {
            let bytes = encode(value);
            prop_assert_eq!(unsigned_varint(&bytes), Some((value, bytes.len())));
        }

        #[test]
        fn waveforms_come_back(
            n in 1usize..50,
            steps in prop::collection::vec(prop_oneof![9 => -60i32..60, 1 => -4000i32..4000], 1..400),
        ) {
            let mut level = 300i32;
            let values: Vec<u16> = steps
                .iter()
                .map(|step| {
                    level = (level + step).clamp(0, 65_535);
                    level as u16
                })
                .collect();
            let bytes: Vec<u8> = values.chunks(n).flat_map(differences).collect();
            let mut back = vec![0; values.len()];
            prop_assert_eq!(decode_u16(&bytes, &mut back, n), Ok(bytes.len()));
            prop_assert_eq!(&back, &values);
            let mut plain = vec![0; values.len()];
            prop_assert_eq!(decode_arrays(&bytes, &mut plain, n, short_codes), Ok(bytes.len()));
            prop_assert_eq!(&plain, &values);
            let mut passed = 0;
            for array in values.chunks(n) {
                passed += skip_u16(&bytes[passed..], array.len()).unwrap();
            }
            prop_assert_eq!(passed, bytes.len());
            let mut wide = vec![0; values.len()];
            let bytes = differences(&values);
            prop_assert_eq!(decode_u32(&bytes, &mut wide), Ok(bytes.len()));
            prop_assert!(wide.iter().zip(&values).all(|(a, b)| *a == u32::from(*b)));
            for cut in 0..bytes.len() {
                prop_assert!(decode_u32(&bytes[..cut], &mut wide).is_err());
                let error = decode_u16(&bytes[..cut], &mut back, values.len());
                prop_assert!(error.is_err());
                let plain = decode_arrays(&bytes[..cut], &mut back, values.len(), short_codes);
                prop_assert_eq!(plain, error);
                prop_assert_eq!(skip_u16(&bytes[..cut], values.len()), error);
            }
        }
    }
}
