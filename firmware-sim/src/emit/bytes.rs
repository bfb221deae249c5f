//! Little-endian writing into a byte vector.

/// Append 16-bit words.
pub fn put_u16(out: &mut Vec<u8>, values: &[u16]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Append 32-bit words.
pub fn put_u32(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Append signed 32-bit words.
pub fn put_i32(out: &mut Vec<u8>, values: &[i32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Append 64-bit words.
pub fn put_u64(out: &mut Vec<u8>, values: &[u64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Append single precision numbers.
pub fn put_f32(out: &mut Vec<u8>, values: &[f32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Append double precision numbers.
pub fn put_f64(out: &mut Vec<u8>, values: &[f64]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

/// Two 16-bit samples per word, the earlier one in the low half; an odd sample is padded with 0.
pub fn pair_samples(samples: &[u16]) -> Vec<u32> {
    let word = |pair: &[u16]| {
        u32::from(pair[0]) | pair.get(1).map_or(0, |second| u32::from(*second) << 16)
    };
    samples.chunks(2).map(word).collect()
}

/// FNV-1a hash of 64 bits, for golden checksums of emitted streams.
pub fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_little_endian() {
        let mut out = Vec::new();
        put_u16(&mut out, &[0x0102]);
        put_i32(&mut out, &[-2]);
        put_f32(&mut out, &[1.0]);
        assert_eq!(out, [2, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0x80, 0x3F]);
        assert_eq!(pair_samples(&[1, 2, 3]), [0x2_0001, 3]);
    }

    #[test]
    fn checksum_is_fnv1a() {
        assert_eq!(checksum(b""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(checksum(b"a"), 0xAF63_DC4C_8601_EC8C);
    }
}
