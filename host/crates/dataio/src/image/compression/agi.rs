//! `AGI_BITFIELD` of Agilent's Esperanto.
//!
//! A u32 of the size of the rows, the rows, and a u32 to a row of where it begins; all little-endian. A row:
//!
//! 1. its first pixel, as a single value;
//! 2. for each 16 differences a byte (lower half: bits of the first 8, upper half: bits of the others), the two
//!    fields, then what did not fit into the first field, then into the second;
//! 3. the differences left over, as single values.
//!
//! A single value is a byte, value + 127, or 254 and an i16, or 255 and an i32. A field of n bits (1 to 8) is n
//! bytes: 8 values, each with 2^(n-1) - 1 added, from the lowest bits on. Only with 8 bits 254 and 255 have the
//! same meaning as in a single value; the i16 or i32 stands behind the fields.

const SHORT: u8 = 254;
const LONG: u8 = 255;
const GROUP: usize = 16;
const FIELD: usize = 8;

/// Decodes rows of so many columns; `None` where the bytes end too early or a field has no or more than 8 bits.
/// The places of the rows are not looked at.
pub fn decode(bytes: &[u8], rows: usize, columns: usize) -> Option<Vec<i32>> {
    let mut reader = Reader { rest: bytes.get(4..)? };
    let mut out = Vec::with_capacity(rows * columns);
    for _ in 0..rows {
        let start = out.len();
        reader.row(columns, &mut out)?;
        let mut sum = 0i32;
        for value in &mut out[start..] {
            sum = sum.wrapping_add(*value);
            *value = sum;
        }
    }
    Some(out)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// What stands for a byte of 8 bits.
    fn value(&mut self, byte: u8) -> Option<i32> {
        Some(match byte {
            SHORT => i16::from_le_bytes(self.take()?).into(),
            LONG => i32::from_le_bytes(self.take()?),
            byte => i32::from(byte) - 127,
        })
    }

    fn row(&mut self, columns: usize, out: &mut Vec<i32>) -> Option<()> {
        let Some(differences) = columns.checked_sub(1) else { return Some(()) };
        let [first] = self.take()?;
        out.push(self.value(first)?);
        for _ in 0..differences / GROUP {
            let [widths] = self.take()?;
            let (a, b) = (widths & 15, widths >> 4);
            let (a, b) = ((a, self.field(a)?), (b, self.field(b)?));
            for (width, field) in [a, b] {
                for byte in field {
                    out.push(match width {
                        8 => self.value(byte)?,
                        _ => i32::from(byte) - (1 << (width - 1)) + 1,
                    });
                }
            }
        }
        for _ in 0..differences % GROUP {
            let [byte] = self.take()?;
            out.push(self.value(byte)?);
        }
        Some(())
    }

    /// The 8 values of a field, as they are stored.
    fn field(&mut self, width: u8) -> Option<[u8; FIELD]> {
        if !(1..=8).contains(&width) {
            return None;
        }
        let (packed, rest) = self.rest.split_at_checked(width.into())?;
        self.rest = rest;
        let mut bytes = [0; FIELD];
        bytes[..packed.len()].copy_from_slice(packed);
        let bits = u64::from_le_bytes(bytes);
        let mask = (1u64 << width) - 1;
        Some(std::array::from_fn(|i| (bits >> (i as u32 * u32::from(width)) & mask) as u8))
    }
}

/// Encodes rows of so many columns; `None` if the rows need more than a u32 can count.
pub fn encode(values: &[i32], columns: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; 4];
    let mut places = Vec::new();
    for row in values.chunks(columns.max(1)) {
        places.push(u32::try_from(out.len() - 4).ok()?);
        encode_row(row, &mut out);
    }
    let size = u32::try_from(out.len() - 4).ok()?;
    out[..4].copy_from_slice(&size.to_le_bytes());
    places.iter().for_each(|place| out.extend_from_slice(&place.to_le_bytes()));
    Some(out)
}

fn encode_row(row: &[i32], out: &mut Vec<u8>) {
    let mut behind = Vec::new();
    if let Some(first) = row.first() {
        single(*first, out);
    }
    let differences: Vec<i32> = row.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
    let (groups, rest) = differences.as_chunks::<GROUP>();
    for group in groups {
        let (a, b) = group.split_at(FIELD);
        let (a_width, b_width) = (width(a), width(b));
        out.push((b_width << 4 | a_width) as u8);
        behind.clear();
        put_field(a, a_width, out, &mut behind);
        put_field(b, b_width, out, &mut behind);
        out.extend_from_slice(&behind);
    }
    rest.iter().for_each(|value| single(*value, out));
}

/// A value as one byte, if it needs no more, and what stands behind.
fn split(value: i32, behind: &mut Vec<u8>) -> u8 {
    if (-127..127).contains(&value) {
        return (value + 127) as u8;
    }
    match i16::try_from(value) {
        Ok(short) => {
            behind.extend_from_slice(&short.to_le_bytes());
            SHORT
        }
        Err(_) => {
            behind.extend_from_slice(&value.to_le_bytes());
            LONG
        }
    }
}

fn single(value: i32, out: &mut Vec<u8>) {
    let place = out.len();
    out.push(0);
    out[place] = split(value, out);
}

fn put_field(values: &[i32], width: u32, out: &mut Vec<u8>, behind: &mut Vec<u8>) {
    if width == 8 {
        values.iter().for_each(|value| out.push(split(*value, behind)));
        return;
    }
    let offset = (1i32 << (width - 1)) - 1;
    let bits =
        values.iter().rev().fold(0u64, |bits, value| bits << width | (value + offset) as u64);
    out.extend_from_slice(&bits.to_le_bytes()[..width as usize]);
}

/// Bits that hold all values: n bits hold from 1 - 2^(n-1) to 2^(n-1).
fn width(values: &[i32]) -> u32 {
    let low = values.iter().copied().min().unwrap_or(0);
    let high = values.iter().copied().max().unwrap_or(0);
    (1..8).find(|width| low > -(1 << (width - 1)) && high <= 1 << (width - 1)).unwrap_or(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_returns() {
        let mut values = Vec::new();
        for bound in
            [1i32, 2, 3, 4, 8, 9, 16, 32, 63, 64, 65, 127, 128, 254, 40_000, 1 << 20, i32::MAX]
        {
            values.extend((0..17).map(|i| if i % 3 == 0 { bound } else { 0 }));
            values.extend((0..17).map(|i| if i % 3 == 0 { -bound } else { 0 }));
        }
        values.extend([i32::MIN, i32::MAX, 0, 1]);
        for columns in [1, 2, 16, 17, 18, 40] {
            let rows = values.len() / columns;
            let values = &values[..rows * columns];
            let coded = encode(values, columns).unwrap();
            assert!(decode(&coded, rows, columns).unwrap() == values, "{columns} columns");
            let size = u32::from_le_bytes([coded[0], coded[1], coded[2], coded[3]]) as usize;
            assert_eq!(coded.len(), 4 + size + 4 * rows);
            for length in 0..4 + size {
                assert!(decode(&coded[..length], rows, columns).is_none());
            }
        }
    }

    #[test]
    fn widths_are_the_smallest() {
        let cases = [
            (&[0, 1][..], 1),
            (&[2], 2),
            (&[-1], 2),
            (&[-2], 3),
            (&[-4], 4),
            (&[64], 7),
            (&[-63], 7),
            (&[-64], 8),
        ];
        for (values, bits) in cases {
            assert_eq!(width(values), bits, "{values:?}");
        }
    }
}
