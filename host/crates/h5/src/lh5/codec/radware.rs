//! radware-sigcompress.
//!
//! Words of 16 bits, big-endian. The first is the number of samples; then come sections:
//!
//! | word | of samples | of differences |
//! |--|--|--|
//! | 0 | samples in the section | the same |
//! | 1 | bits `n` to the value (0 to 16) | `n` + 32 |
//! | 2 | smallest sample | first sample |
//! | 3 | values ... | smallest difference |
//! | 4 | | values ... |
//!
//! Values are counted from the smallest one and packed from the highest bit of a word down; a
//! section ends on a whole word. The last section is followed by a word 0 where the number of
//! words is odd otherwise.

use super::{Fault, fault};

/// Largest number of samples: decoders take the first word as signed.
pub(super) const MOST: usize = i16::MAX as usize;
/// Samples that decide how a section is stored.
const FIRST: usize = 48;
/// Largest number of samples in a section.
const LONGEST: usize = 128;
/// Added to the number of bits where a section holds differences.
const DIFFERENCES: u16 = 32;
/// Where the smallest and the largest difference start from, reversed.
const FAR: i16 = 16_000;
/// Samples that are looked at together.
const BLOCK: usize = 16;

/// Samples and their differences, which are `i16` where all fit and `i32` elsewhere.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    samples: Vec<i16>,
    steps: Vec<i16>,
    wide_steps: Vec<i32>,
}

impl Scratch {
    /// Sets the samples of a trace.
    #[inline]
    pub(super) fn fill<const N: usize>(&mut self, trace: &[u8], sample: impl Fn([u8; N]) -> i16) {
        self.samples.clear();
        self.samples.extend(trace.as_chunks::<N>().0.iter().map(|bytes| sample(*bytes)));
    }

    /// Appends the encoded trace.
    pub(super) fn encode(&mut self, out: &mut Vec<u8>) {
        let Scratch { samples, steps, wide_steps } = self;
        let start = out.len();
        out.extend_from_slice(&(samples.len() as u16).to_be_bytes());
        let pairs = || samples.iter().zip(samples.get(1..).unwrap_or_default());
        steps.clear();
        steps.push(0);
        steps.extend(pairs().map(|(before, sample)| sample.saturating_sub(*before)));
        let (least, most) = extremes(steps, (0, 0));
        if least > i16::MIN && most < i16::MAX {
            sections(samples, steps, out);
        } else {
            wide_steps.clear();
            wide_steps.push(0);
            wide_steps.extend(pairs().map(|(a, b)| i32::from(*b) - i32::from(*a)));
            sections(samples, wide_steps, out);
        }
        if !(out.len() - start).is_multiple_of(4) {
            out.extend_from_slice(&[0; 2]);
        }
    }
}

/// A sample or a difference.
trait Number: Copy + Ord + Into<i32> + From<i16> {
    /// The lower 16 bits.
    fn low(self) -> u16;
}

impl Number for i16 {
    #[inline]
    fn low(self) -> u16 {
        self as u16
    }
}

impl Number for i32 {
    #[inline]
    fn low(self) -> u16 {
        self as u16
    }
}

fn sections<D: Number>(samples: &[i16], steps: &[D], out: &mut Vec<u8>) {
    let end = samples.len();
    let mut j = 0;
    while j < end {
        let (first, last) = (end.min(j + FIRST), end.min(j + LONGEST));
        let heights = extremes(&samples[j..first], (i16::MAX, i16::MIN));
        let slopes = extremes(&steps[j + 1..first], (FAR.into(), (-FAR).into()));
        j = if width(heights) <= width(slopes) {
            let bits = bits(width(heights));
            let (next, least) = extend(samples, first, last, heights, bits);
            let head = [(next - j) as u16, bits as u16, least.low()];
            section(&head, &samples[j..next], least, bits, out);
            next
        } else {
            let bits = bits(width(slopes));
            let (next, least) = extend(steps, first, last, slopes, bits);
            let kind = bits as u16 + DIFFERENCES;
            let head = [(next - j) as u16, kind, samples[j].low(), least.low()];
            section(&head, &steps[j + 1..next], least, bits, out);
            next
        };
    }
}

/// The smallest and the largest of `start` and the values.
#[inline]
fn extremes<T: Number>(values: &[T], start: (T, T)) -> (T, T) {
    values.iter().fold(start, |(least, most), value| (least.min(*value), most.max(*value)))
}

#[inline]
fn width<T: Number>((least, most): (T, T)) -> i32 {
    most.into() - least.into()
}

/// Bits that numbers up to `width` take, at least 2.
fn bits(width: i32) -> u32 {
    (32 - width.max(0).leading_zeros()).max(2)
}

/// How far a section goes on from `k` with values that differ by what `bits` can tell apart, and
/// the smallest value then.
fn extend<T: Number>(
    values: &[T],
    mut k: usize,
    end: usize,
    mut range: (T, T),
    bits: u32,
) -> (usize, T) {
    let most = (1 << bits) - 1;
    while let Some(block) = values[k..end].first_chunk::<BLOCK>() {
        let wider = extremes(block, range);
        if width(wider) > most {
            break;
        }
        range = wider;
        k += BLOCK;
    }
    while k < end {
        let wider = extremes(&values[k..=k], range);
        if width(wider) > most {
            break;
        }
        range = wider;
        k += 1;
    }
    (k, range.0)
}

/// Bytes of the longest section, and as many as one store of the packer reaches beyond.
const ROOM: usize = 2 * (4 + LONGEST) + 8;

fn section<T: Number>(head: &[u16], values: &[T], least: T, bits: u32, out: &mut Vec<u8>) {
    let mut bytes = [0; ROOM];
    for (to, word) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(head) {
        *to = word.to_be_bytes();
    }
    let start = 2 * head.len();
    let length = pack(values, least.low(), bits, &mut bytes[start..]);
    out.extend_from_slice(&bytes[..start + length]);
}

/// Packs values, two at a time; returns the bytes of the words that they fill.
fn pack<T: Number>(values: &[T], least: u16, bits: u32, out: &mut [u8]) -> usize {
    let value = |number: &T| u64::from(number.low().wrapping_sub(least));
    let (mut waiting, mut used, mut at) = (0u64, 0, 0);
    let (pairs, rest) = values.as_chunks::<2>();
    let mut store = |values: u64, length: u32| {
        used += length;
        waiting |= values << (64 - used);
        out[at..at + 8].copy_from_slice(&waiting.to_be_bytes());
        let whole = used / 32;
        at += 4 * whole as usize;
        waiting <<= 32 * whole;
        used %= 32;
    };
    for [first, second] in pairs {
        store(value(first) << bits | value(second), 2 * bits);
    }
    for last in rest {
        store(value(last), bits);
    }
    at + 2 * used.div_ceil(16) as usize
}

/// Appends the samples that `bytes` hold, less `shift`.
pub(super) fn decode(
    bytes: &[u8],
    samples: usize,
    shift: i32,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let word = |at: usize| {
        let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
        found.map(|word| u16::from_be_bytes(*word)).ok_or_else(|| fault(bytes.len(), "ends early"))
    };
    let count = usize::from(word(0)?);
    if count != samples {
        return Err(fault(0, format!("{count} samples, the column says {samples}")));
    }
    let start = out.len();
    out.resize(start + 4 * samples, 0);
    let mut left = out[start..].as_chunks_mut::<4>().0;
    let mut at = 2;
    while !left.is_empty() {
        let length = usize::from(word(at)?);
        if length == 0 || length > left.len() {
            return Err(fault(at, format!("section of {length} samples, {} are left", left.len())));
        }
        let (to, rest) = left.split_at_mut(length);
        left = rest;
        let kind = word(at + 2)?;
        let differences = kind >= DIFFERENCES;
        let bits = usize::from(kind % DIFFERENCES);
        if bits > 16 || kind > DIFFERENCES + 16 {
            return Err(fault(at + 2, format!("no section of kind {kind}")));
        }
        let head = word(at + 4)? as i16;
        let least = if differences { word(at + 6)? } else { head as u16 };
        at += if differences { 8 } else { 6 };
        let values = length - usize::from(differences);
        let end = at + 2 * (values * bits).div_ceil(16);
        if end > bytes.len() {
            return Err(fault(bytes.len(), format!("a section ends at byte {end}")));
        }
        let values = Unpack { bytes, bit: 8 * at, bits };
        at = end;
        if differences {
            let mut sample = head;
            to[0] = (i32::from(sample).wrapping_sub(shift)).to_le_bytes();
            for (index, to) in to[1..].iter_mut().enumerate() {
                let step = values.at(index).wrapping_add(least);
                sample = sample.wrapping_add_unsigned(step);
                *to = (i32::from(sample).wrapping_sub(shift)).to_le_bytes();
            }
        } else {
            for (index, to) in to.iter_mut().enumerate() {
                let sample = values.at(index).wrapping_add(least) as i16;
                *to = (i32::from(sample).wrapping_sub(shift)).to_le_bytes();
            }
        }
    }
    match bytes.len() - at {
        0 | 2 => Ok(()),
        more => Err(fault(at, format!("{more} bytes after the last sample"))),
    }
}

/// Values of a section.
#[derive(Clone, Copy)]
struct Unpack<'a> {
    bytes: &'a [u8],
    bit: usize,
    bits: usize,
}

impl Unpack<'_> {
    /// A value, which the caller knows to be there; bits after the end are 0.
    #[inline]
    fn at(self, index: usize) -> u16 {
        let bit = self.bit + index * self.bits;
        let rest = self.bytes.get(bit / 8..).unwrap_or_default();
        let word = match rest.first_chunk::<4>() {
            Some(word) => u32::from_be_bytes(*word),
            None => {
                rest.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
                    << (8 * (4 - rest.len())).min(31)
            }
        };
        let value = u64::from(word << (bit % 8)) << self.bits >> 32;
        value as u16
    }
}
