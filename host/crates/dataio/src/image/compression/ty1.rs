//! Differences of Oxford Diffraction: `TY1` and `TY5`.
//!
//! Both store each pixel as the difference from the one before.
//!
//! | | one byte | two bytes | four bytes | first of a row |
//! |---|---|---|---|---|
//! | `TY1` | difference + 127 | byte 254, value in a list of i16 behind all bytes | byte 255, list of i32 behind that | differs from the last of the row above |
//! | `TY5` | difference + 127 | byte 254, then an i16 | byte 255, then an i32 | differs from 0 |
//!
//! All is little-endian.

const SHORT: u8 = 254;
const LONG: u8 = 255;
const ZERO: i64 = 127;

/// The three parts of a `TY1` image.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ty1 {
    /// A byte to a pixel.
    pub bytes: Vec<u8>,
    /// Differences that need 16 bits.
    pub shorts: Vec<u8>,
    /// Differences that need 32 bits.
    pub longs: Vec<u8>,
}

/// Decodes `TY1`; `None` if there are fewer long differences than asked for.
pub fn decode_ty1(bytes: &[u8], shorts: &[u8], longs: &[u8]) -> Option<Vec<i64>> {
    let mut shorts = shorts.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes));
    let mut longs = longs.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes));
    let mut sum = 0i64;
    let next = |byte: &u8| {
        // At most 2^33 pixels of 32 bits: no overflow.
        sum += match *byte {
            SHORT => i64::from(shorts.next()?),
            LONG => i64::from(longs.next()?),
            byte => i64::from(byte) - ZERO,
        };
        Some(sum)
    };
    bytes.iter().map(next).collect()
}

/// Encodes integers; `None` where neighbours differ by more than 32 bits.
pub fn encode_ty1(values: impl Iterator<Item = i64>) -> Option<Ty1> {
    let mut out = Ty1::default();
    let mut last = 0i64;
    for value in values {
        let difference = i32::try_from(value.checked_sub(last)?).ok()?;
        last = value;
        if (-126..=126).contains(&difference) {
            out.bytes.push((difference + ZERO as i32) as u8);
        } else if let Ok(short) = i16::try_from(difference) {
            out.bytes.push(SHORT);
            out.shorts.extend_from_slice(&short.to_le_bytes());
        } else {
            out.bytes.push(LONG);
            out.longs.extend_from_slice(&difference.to_le_bytes());
        }
    }
    Some(out)
}

/// Decodes `TY5` rows of so many columns; `None` if there are too few bytes.
pub fn decode_ty5(bytes: &[u8], rows: usize, columns: usize) -> Option<Vec<i32>> {
    let mut out = Vec::with_capacity(rows * columns);
    let mut rest = bytes;
    for _ in 0..rows {
        let mut sum = 0i32;
        for _ in 0..columns {
            let (byte, behind) = rest.split_first()?;
            rest = behind;
            let difference = match *byte {
                SHORT => {
                    let (value, behind) = rest.split_first_chunk()?;
                    rest = behind;
                    i32::from(i16::from_le_bytes(*value))
                }
                LONG => {
                    let (value, behind) = rest.split_first_chunk()?;
                    rest = behind;
                    i32::from_le_bytes(*value)
                }
                byte => i32::from(byte) - ZERO as i32,
            };
            sum = sum.wrapping_add(difference);
            out.push(sum);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sizes_of_differences_return() {
        let values =
            [0, 126, 0, 127, -1, 32766, -1, 32767, 0, -32768, 0, 70000, 2_147_483_647, 0, -5];
        let coded = encode_ty1(values.into_iter()).unwrap();
        assert_eq!(coded.bytes.len(), values.len());
        assert_eq!(decode_ty1(&coded.bytes, &coded.shorts, &coded.longs).unwrap(), values);
        assert!(decode_ty1(&coded.bytes, &coded.shorts, &[]).is_none());
        assert!(encode_ty1([i64::from(i32::MIN), i64::from(i32::MAX)].into_iter()).is_none());
    }

    #[test]
    fn rows_start_at_zero_in_ty5() {
        let bytes = [128, 129, 254, 0, 1, 126, 255, 0, 0, 1, 0, 127];
        assert_eq!(decode_ty5(&bytes, 3, 2).unwrap(), [1, 3, 256, 255, 65536, 65536]);
        for length in 0..bytes.len() {
            assert!(decode_ty5(&bytes[..length], 3, 2).is_none());
        }
    }
}
