//! Differences in as many bits as the largest of a block needs.

use super::bits::{BitReader, BitWriter};
use super::{Predictor, Sample, short};
use crate::error::{Error, Result};

/// Samples in a block.
const BLOCK: usize = 16;
/// Bits of a block's width.
const WIDTH: u32 = 5;

#[inline(never)]
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
    let mut all = 0;
    for (z, sample) in differences.iter_mut().zip(samples) {
        *z = predictor.difference(*sample);
        all |= *z;
    }
    let width = u16::BITS - all.leading_zeros();
    bits.push(width, WIDTH)?;
    for (z, _) in differences.iter().zip(samples) {
        bits.push((*z).into(), width)?;
    }
    Some(())
}

pub(super) fn decode(
    bytes: &[u8],
    predictor: &mut Predictor,
    samples: &mut [Sample],
) -> Result<()> {
    let mut bits = BitReader::new(bytes);
    for block in samples.chunks_mut(BLOCK) {
        bits.refill();
        let width = bits.peek() as u32 & ((1 << WIDTH) - 1);
        bits.skip(WIDTH).ok_or_else(|| short(bytes))?;
        if width > u16::BITS {
            return Err(Error::malformed("width", width.into(), u16::BITS.into()));
        }
        let mask = !(u32::MAX << width);
        for sample in block {
            bits.refill();
            let z = bits.peek() as u32 & mask;
            bits.skip(width).ok_or_else(|| short(bytes))?;
            *sample = predictor.sample(z as u16);
        }
    }
    bits.finish()
}
