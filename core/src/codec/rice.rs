//! Differences in Rice codes, with a parameter for each block.

use super::bits::{BitReader, BitWriter};
use super::{Predictor, Sample, short};
use crate::error::{Error, Result};

/// Samples in a block.
const BLOCK: usize = 32;
/// Bits of a block's parameter.
const PARAMETER: u32 = 4;
/// As many one-bits say that the whole difference follows.
const ESCAPE: u32 = 15;

// By itself, as are the other codecs: beside them in one function there are too few registers.
#[inline(never)]
pub(super) fn encode(
    samples: &[Sample],
    predictor: &mut Predictor,
    out: &mut [u8],
) -> Option<usize> {
    let mut bits = BitWriter::new(out);
    let (blocks, last) = samples.as_chunks::<BLOCK>();
    for block in blocks {
        let mut differences = [0; BLOCK];
        let mut sum = 0;
        for (z, sample) in differences.iter_mut().zip(block) {
            *z = predictor.difference(*sample);
            sum += u32::from(*z);
        }
        let k = parameter(sum, BLOCK);
        bits.push(k, PARAMETER)?;
        for [a, b, c, d] in differences.as_chunks::<4>().0 {
            push(*a, k, &mut bits)?;
            push(*b, k, &mut bits)?;
            push(*c, k, &mut bits)?;
            push(*d, k, &mut bits)?;
        }
    }
    encode_last(last, predictor, bits)
}

/// The last block, which is shorter, and the end of the stream of bits. By itself too.
#[inline(never)]
fn encode_last(
    samples: &[Sample],
    predictor: &mut Predictor,
    mut bits: BitWriter<'_>,
) -> Option<usize> {
    if !samples.is_empty() {
        let mut here = *predictor;
        let sum = samples.iter().map(|sample| u32::from(here.difference(*sample))).sum();
        let k = parameter(sum, samples.len());
        bits.push(k, PARAMETER)?;
        let mut here = *predictor;
        for sample in samples {
            push(here.difference(*sample), k, &mut bits)?;
        }
        *predictor = here;
    }
    bits.finish()
}

/// Writes a difference.
#[inline(always)]
fn push(z: u16, k: u32, bits: &mut BitWriter<'_>) -> Option<()> {
    // One bit more, which is set: shifted up by q, less 1, it makes q ones and a zero below the low bits of z.
    let (z, k) = (u32::from(z) << 1 | 1, k + 1);
    let q = z >> k;
    if q < ESCAPE {
        let low = z & ((1 << k) - 1);
        bits.push((low << q) - 1, q + k)
    } else {
        bits.push(z << (ESCAPE - 1) | ((1 << (ESCAPE - 1)) - 1), ESCAPE + 16)
    }
}

/// The parameter of a block: that of its mean.
fn parameter(sum: u32, n: usize) -> u32 {
    let mean = (sum * 3 / 4).checked_div(n as u32).unwrap_or(0);
    mean.checked_ilog2().unwrap_or(0).min(15)
}

pub(super) fn decode(
    bytes: &[u8],
    predictor: &mut Predictor,
    samples: &mut [Sample],
) -> Result<()> {
    let mut bits = BitReader::new(bytes);
    for block in samples.chunks_mut(BLOCK) {
        bits.refill();
        let k = bits.peek() as u32 & ((1 << PARAMETER) - 1);
        bits.skip(PARAMETER).ok_or_else(|| short(bytes))?;
        let mask = !(u32::MAX << k);
        for sample in block {
            bits.refill();
            let code = bits.peek();
            let q = code.trailing_ones();
            let (z, len) = if q < ESCAPE {
                (q << k | (code >> (q + 1)) as u32 & mask, q + 1 + k)
            } else {
                ((code >> ESCAPE) as u32 & 0xffff, ESCAPE + 16)
            };
            bits.skip(len).ok_or_else(|| short(bytes))?;
            let Ok(z) = u16::try_from(z) else {
                return Err(Error::malformed("difference", z.into(), 0xffff));
            };
            *sample = predictor.sample(z);
        }
    }
    bits.finish()
}
