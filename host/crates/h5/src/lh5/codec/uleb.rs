//! ULEB128 of zigzag differences.
//!
//! The first sample is a difference from 0. A difference `d` becomes `d << 1 ^ d >> 31`, whose
//! groups of 7 bits are stored lowest first; bit 7 of a byte says that another one follows.
//! Differences are those of 32-bit integers and wrap.

use super::{Fault, fault};

/// Samples that are looked at together: most differ by less than 64 from the one before, which is
/// one byte each.
const BLOCK: usize = 16;
/// Samples between two copies to the output.
const RUN: usize = 64 * BLOCK;
/// Bytes of the longest difference.
const LONGEST: usize = 5;

#[inline]
fn zigzag(difference: i32) -> u32 {
    (difference << 1 ^ difference >> 31) as u32
}

#[inline]
fn unzigzag(value: u32) -> i32 {
    (value >> 1) as i32 ^ -((value & 1) as i32)
}

/// Appends the encoded trace, whose samples `sample` reads.
#[inline]
pub(super) fn encode<const N: usize>(
    trace: &[u8],
    sample: impl Fn([u8; N]) -> i32 + Copy,
    out: &mut Vec<u8>,
) {
    let items = trace.as_chunks::<N>().0;
    let Some((first, _)) = items.split_first() else { return };
    let mut bytes = [0; RUN * LONGEST + 8];
    let length = put(&mut bytes, 0, zigzag(sample(*first)));
    out.extend_from_slice(&bytes[..length]);
    let (before, now) = (&items[..items.len() - 1], &items[1..]);
    for (before, now) in before.chunks(RUN).zip(now.chunks(RUN)) {
        let mut at = 0;
        let (before, before_rest) = before.as_chunks::<BLOCK>();
        let (now, now_rest) = now.as_chunks::<BLOCK>();
        for (before, now) in before.iter().zip(now) {
            let values = block(before, now, sample);
            if values.iter().fold(0, |all, value| all | value) < 0x80 {
                bytes[at..at + BLOCK].copy_from_slice(&values.map(|value| value as u8));
                at += BLOCK;
            } else {
                at = values.iter().fold(at, |at, value| put(&mut bytes, at, *value));
            }
        }
        for (before, now) in before_rest.iter().zip(now_rest) {
            at = put(&mut bytes, at, zigzag(sample(*now).wrapping_sub(sample(*before))));
        }
        out.extend_from_slice(&bytes[..at]);
    }
}

#[inline]
fn block<const N: usize>(
    before: &[[u8; N]; BLOCK],
    now: &[[u8; N]; BLOCK],
    sample: impl Fn([u8; N]) -> i32,
) -> [u32; BLOCK] {
    let mut values = [0; BLOCK];
    for (value, (before, now)) in values.iter_mut().zip(before.iter().zip(now)) {
        *value = zigzag(sample(*now).wrapping_sub(sample(*before)));
    }
    values
}

/// Stores a value of any size without branches; returns where the next one goes.
#[inline]
fn put(bytes: &mut [u8], at: usize, value: u32) -> usize {
    let wide = u64::from(value);
    let spread = wide & 0x7f
        | (wide & 0x7f << 7) << 1
        | (wide & 0x7f << 14) << 2
        | (wide & 0x7f << 21) << 3
        | (wide & 0x7f << 28) << 4;
    let more = (31 - (value | 1).leading_zeros()) / 7;
    let follow = 0x80_8080_8080 & ((1u64 << (8 * more)) - 1);
    bytes[at..at + 8].copy_from_slice(&(spread | follow).to_le_bytes());
    at + more as usize + 1
}

/// Appends the samples that `bytes` hold.
pub(super) fn decode(bytes: &[u8], samples: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
    if samples > bytes.len() {
        return Err(fault(
            bytes.len(),
            format!("ends early: {samples} samples take as many bytes"),
        ));
    }
    let start = out.len();
    out.resize(start + 4 * samples, 0);
    let mut left = out[start..].as_chunks_mut::<4>().0;
    let (mut at, mut sample) = (0, 0i32);
    while !left.is_empty() {
        if let (Some(short), Some(to)) = (short(bytes, at), left.first_chunk_mut::<8>()) {
            for (to, value) in to.iter_mut().zip(short) {
                sample = sample.wrapping_add(unzigzag(u32::from(value)));
                *to = sample.to_le_bytes();
            }
            left = &mut left[8..];
            at += 8;
            continue;
        }
        // At least one of the next eight samples takes more than a byte.
        let eight = left.len().min(8);
        let (to, rest) = left.split_at_mut(eight);
        for to in to {
            let (value, next) = take(bytes, at)?;
            sample = sample.wrapping_add(unzigzag(value));
            *to = sample.to_le_bytes();
            at = next;
        }
        left = rest;
    }
    match bytes.len() - at {
        0 => Ok(()),
        more => Err(fault(at, format!("{more} bytes after the last of {samples} samples"))),
    }
}

/// The next eight bytes, if each is a value.
#[inline]
fn short(bytes: &[u8], at: usize) -> Option<[u8; 8]> {
    let eight = *bytes.get(at..)?.first_chunk::<8>()?;
    (u64::from_le_bytes(eight) & 0x8080_8080_8080_8080 == 0).then_some(eight)
}

/// The value at a place, and where the next one is.
#[inline]
fn take(bytes: &[u8], at: usize) -> Result<(u32, usize), Fault> {
    let mut value = 0u64;
    for (index, byte) in bytes.get(at..).unwrap_or_default().iter().take(LONGEST).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return match u32::try_from(value) {
                Ok(value) => Ok((value, at + index + 1)),
                Err(_) => Err(fault(at + index, "a difference of more than 32 bits")),
            };
        }
    }
    match bytes.len() - at {
        LONGEST.. => Err(fault(at + LONGEST - 1, "a difference of more than 32 bits")),
        _ => Err(fault(bytes.len(), "ends inside a difference")),
    }
}
