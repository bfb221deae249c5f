//! Byte offset: differences to the pixel before, in as few bytes as they need.
//!
//! A difference `d` is stored little-endian as
//!
//! | bytes | where |
//! |---|---|
//! | `i8` | -127 ≤ d ≤ 127 |
//! | `80`, `i16` | -32767 ≤ d ≤ 32767 |
//! | `80`, `00 80`, `i32` | \|d\| < 2³¹ |
//! | `80`, `00 80`, `00 00 00 80`, `i64` | else |
//!
//! The first difference is to 0. Sums wrap at the size of an element.

/// How far a decoding came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// Elements decoded.
    pub elements: usize,
    /// Bytes they took.
    pub bytes: usize,
}

/// Decodes as many elements of `item` bytes (1, 2, 4 or 8) as `data` has room for, little-endian. Fewer
/// where the stream ends; the rest of `data` is left as it is.
pub fn decode(packed: &[u8], data: &mut [u8], item: usize) -> Decoded {
    match item {
        1 => decode_as(packed, data, |sum| (sum as i8).to_le_bytes()),
        2 => decode_as(packed, data, |sum| (sum as i16).to_le_bytes()),
        4 => decode_as(packed, data, |sum| (sum as i32).to_le_bytes()),
        8 => decode_as(packed, data, i64::to_le_bytes),
        _ => Decoded { elements: 0, bytes: 0 },
    }
}

/// Elements that are tried at a time: only differences of one byte there, mostly.
const RUN: usize = 16;

fn decode_as<const N: usize>(
    packed: &[u8],
    data: &mut [u8],
    bytes_of: impl Fn(i64) -> [u8; N],
) -> Decoded {
    let (elements, _) = data.as_chunks_mut::<N>();
    let mut sum = 0_i64;
    let mut at = 0;
    let mut done = 0;
    while done < elements.len() {
        while let (Some(run), Some(out)) =
            (packed.get(at..at + RUN), elements.get_mut(done..done + RUN))
        {
            if run.contains(&0x80) {
                break;
            }
            for (byte, out) in run.iter().zip(out) {
                sum = sum.wrapping_add(i64::from(*byte as i8));
                *out = bytes_of(sum);
            }
            at += RUN;
            done += RUN;
        }
        // Until a difference of more bytes is through, or a few at the end.
        for _ in 0..RUN {
            let Some(out) = elements.get_mut(done) else { break };
            let Some((difference, length)) = difference(&packed[at..]) else {
                return Decoded { elements: done, bytes: at };
            };
            sum = sum.wrapping_add(difference);
            *out = bytes_of(sum);
            at += length;
            done += 1;
        }
    }
    Decoded { elements: done, bytes: at }
}

/// The difference at the start of a stream and its bytes.
#[inline]
fn difference(packed: &[u8]) -> Option<(i64, usize)> {
    let first = *packed.first()? as i8;
    if first != i8::MIN {
        return Some((i64::from(first), 1));
    }
    let second = i16::from_le_bytes(*packed.get(1..)?.first_chunk()?);
    if second != i16::MIN {
        return Some((i64::from(second), 3));
    }
    let third = i32::from_le_bytes(*packed.get(3..)?.first_chunk()?);
    if third != i32::MIN {
        return Some((i64::from(third), 7));
    }
    Some((i64::from_le_bytes(*packed.get(7..)?.first_chunk()?), 15))
}

/// Encodes elements.
pub fn encode(elements: impl Iterator<Item = i64>) -> Vec<u8> {
    let mut packed = Vec::with_capacity(elements.size_hint().0);
    let mut last = 0_i64;
    for element in elements {
        let difference = element.wrapping_sub(last);
        last = element;
        match difference {
            -0x7f..=0x7f => packed.push(difference as u8),
            -0x7fff..=0x7fff => {
                packed.push(0x80);
                packed.extend_from_slice(&(difference as i16).to_le_bytes());
            }
            -0x7fff_ffff..=0x7fff_ffff => {
                packed.extend_from_slice(&[0x80, 0, 0x80]);
                packed.extend_from_slice(&(difference as i32).to_le_bytes());
            }
            _ => {
                packed.extend_from_slice(&[0x80, 0, 0x80, 0, 0, 0, 0x80]);
                packed.extend_from_slice(&difference.to_le_bytes());
            }
        }
    }
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(values: &[i64], item: usize) -> Vec<u8> {
        let packed = encode(values.iter().copied());
        let mut data = vec![0xee; values.len() * item];
        let decoded = decode(&packed, &mut data, item);
        assert_eq!(decoded, Decoded { elements: values.len(), bytes: packed.len() });
        data
    }

    #[test]
    fn differences_of_every_size_come_back() {
        let steps = [1, 127, 128, 32767, 32768, i64::from(i32::MAX), 1 << 31, i64::MAX];
        let mut values = vec![0; 40];
        for step in steps {
            values.extend([step, 0, -step, 5, 5, 5]);
        }
        values.push(i64::MIN);
        let data = round_trip(&values, 8);
        let expected: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert!(data == expected);
        let data = round_trip(&values, 4);
        let expected: Vec<u8> = values.iter().flat_map(|v| (*v as i32).to_le_bytes()).collect();
        assert!(data == expected);
        assert!(round_trip(&values, 1).len() == values.len());
    }

    #[test]
    fn the_bytes_are_those_of_the_table() {
        let packed = encode([1, 129, -32638, i64::from(i32::MIN)].into_iter());
        let expected: &[u8] = &[1, 0x80, 128, 0, 0x80, 1, 0x80, 0x80, 0, 0x80, 0x7e, 0x7f, 0, 0x80];
        assert_eq!(packed, expected);
    }

    #[test]
    fn a_cut_stream_ends_with_its_last_element() {
        let values: Vec<i64> = (0..60).map(|i| i * i * i * 1000).collect();
        let packed = encode(values.iter().copied());
        for length in 0..packed.len() {
            let mut data = vec![0; values.len() * 4];
            let decoded = decode(&packed[..length], &mut data, 4);
            assert!(decoded.elements < values.len() && decoded.bytes <= length);
        }
    }
}
