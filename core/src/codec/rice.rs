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

pub(super) fn encode(
    samples: &[Sample],
    predictor: &mut Predictor,
    out: &mut [u8],
) -> Option<usize> {
    let mut bits = BitWriter::new(out);
    let (blocks, last) = samples.as_chunks::<BLOCK>();
    for block in blocks {
        encode_block(block, predictor, &mut bits)?;
    }
    if !last.is_empty() {
        encode_block(last, predictor, &mut bits)?;
    }
    bits.finish()
}

#[inline(always)]
fn encode_block(
    samples: &[Sample],
    predictor: &mut Predictor,
    bits: &mut BitWriter<'_>,
) -> Option<()> {
    let mut differences = [0; BLOCK];
    let mut sum = 0;
    for (z, sample) in differences.iter_mut().zip(samples) {
        *z = predictor.difference(*sample);
        sum += u32::from(*z);
    }
    let k = parameter(sum, samples.len());
    bits.push(k, PARAMETER)?;
    for (z, _) in differences.iter().zip(samples) {
        let z = u32::from(*z);
        let q = z >> k;
        if q < ESCAPE {
            let ones = (1 << q) - 1;
            let low = z ^ (q << k);
            bits.push(ones | low << (q + 1), q + 1 + k)?;
        } else {
            bits.push(((1 << ESCAPE) - 1) | z << ESCAPE, ESCAPE + 16)?;
        }
    }
    Some(())
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
