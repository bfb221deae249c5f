//! Differences as variable-length bytes.

use super::{Predictor, Sample, short};
use crate::error::{Error, Result};

#[inline(never)]
pub(super) fn encode(
    samples: &[Sample],
    predictor: &mut Predictor,
    out: &mut [u8],
) -> Option<usize> {
    let room = out.len();
    let mut slots = out.iter_mut();
    for sample in samples {
        let mut z = predictor.difference(*sample);
        while z >= 0x80 {
            *slots.next()? = z as u8 | 0x80;
            z >>= 7;
        }
        *slots.next()? = z as u8;
    }
    Some(room - slots.len())
}

pub(super) fn decode(
    bytes: &[u8],
    predictor: &mut Predictor,
    samples: &mut [Sample],
) -> Result<()> {
    let mut rest = bytes.iter();
    for sample in samples {
        let Some(&first) = rest.next() else { return Err(short(bytes)) };
        let mut z = u32::from(first & 0x7f);
        let (mut byte, mut shift) = (first, 7);
        while byte & 0x80 != 0 {
            let Some(&next) = rest.next() else { return Err(short(bytes)) };
            if shift == 21 {
                return Err(Error::malformed("bytes of a difference", 4, 3));
            }
            z |= u32::from(next & 0x7f) << shift;
            (byte, shift) = (next, shift + 7);
        }
        let Ok(z) = u16::try_from(z) else {
            return Err(Error::malformed("difference", z.into(), 0xffff));
        };
        *sample = predictor.sample(z);
    }
    match rest.len() {
        0 => Ok(()),
        n => Err(Error::malformed("bytes after the last sample", n as i64, 0)),
    }
}
