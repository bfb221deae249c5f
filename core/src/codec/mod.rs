//! Lossless codecs of 16-bit samples, for links and memories too narrow for raw traces.
//!
//! Samples are little-endian `u16`, as they lie in a packet. All arithmetic on them wraps, so every sequence is lossless.
//! With `x` the samples and `x[-1] = 0` before a packet's first one:
//!
//! ```text
//! d[i] = x[i] - x[i-1]                       as i16
//! z[i] = (d[i] << 1) ^ (d[i] >> 15)          as u16; the second shift is arithmetic
//! ```
//!
//! | id | codec | bytes of a piece of n samples |
//! |--|--|--|
//! | 0 | [`Codec::Raw`] | n samples as they are |
//! | 1 | [`Codec::Uleb`] | each z in 1 to 3 bytes of 7 bits, low ones first; bit 7: more follow |
//! | 2 | [`Codec::Pack16`] | blocks of 16 samples (the last may be shorter): width w, 0 to 16, in 5 bits; each z in w bits |
//! | 3 | [`Codec::Rice32`] | blocks of 32 samples (the last may be shorter): k in 4 bits; each z as below |
//!
//! Rice32, q = z >> k: if q < 15, q one-bits, a zero-bit and the low k bits of z; else 15 one-bits and 16 bits of z. Any k
//! decodes; the encoder takes that of the block's mean: m = (sum(z) * 3 / 4) / n, k = floor(log2(m)), at most 15, and 0 for
//! m = 0. Bits fill bytes from the lowest one; what is left of the last byte is zero.
//!
//! A trace may come in pieces: blocks begin anew with each, the [`Predictor`] runs on.
//!
//! ```
//! use tierline_core::{Codec, Predictor};
//!
//! let samples = [0x10, 0x27, 0x11, 0x27, 0x0f, 0x27, 0x10, 0x27];
//! let (mut packed, mut back) = ([0; 8], [0; 8]);
//! let (codec, len) =
//!     Codec::Rice32.encode_or_raw(&samples, &mut Predictor::new(), &mut packed).unwrap();
//! codec.decode(&packed[..len], 4, &mut Predictor::new(), &mut back)?;
//! assert_eq!(back, samples);
//! # Ok::<(), tierline_core::Error>(())
//! ```

mod bits;
mod pack;
mod rice;
#[cfg(test)]
mod tests;
mod uleb;

use crate::bytes::u16_at;
use crate::error::{Error, Kind, Result};

/// A sample as it lies in a packet, little-endian.
type Sample = [u8; 2];

/// A way to write samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Codec {
    /// As they are.
    Raw = 0,
    /// Differences as variable-length bytes: least work.
    Uleb = 1,
    /// Differences in as many bits as the largest of 16 needs.
    Pack16 = 2,
    /// Differences in Rice codes with a parameter for 32: smallest.
    Rice32 = 3,
}

impl Codec {
    /// All codecs, by id.
    pub const ALL: [Codec; 4] = [Codec::Raw, Codec::Uleb, Codec::Pack16, Codec::Rice32];

    /// The number in a record.
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// The codec of a number in a record.
    pub const fn from_id(id: u8) -> Option<Codec> {
        match id {
            0 => Some(Codec::Raw),
            1 => Some(Codec::Uleb),
            2 => Some(Codec::Pack16),
            3 => Some(Codec::Rice32),
            _ => None,
        }
    }

    /// Encodes the next piece of a packet's samples; returns the number of bytes.
    ///
    /// `None` where they do not fit into `out`, or where `samples` ends within a sample: then the predictor stays as it was,
    /// and `out` holds nothing of use.
    pub fn encode(
        self,
        samples: &[u8],
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Option<usize> {
        let (pieces, half) = samples.as_chunks::<2>();
        if !half.is_empty() {
            return None;
        }
        let mut next = *predictor;
        let len = match self {
            Codec::Raw => {
                out.get_mut(..samples.len())?.copy_from_slice(samples);
                next.follow(samples);
                samples.len()
            }
            Codec::Uleb => uleb::encode(pieces, &mut next, out)?,
            Codec::Pack16 => pack::encode(pieces, &mut next, out)?,
            Codec::Rice32 => rice::encode(pieces, &mut next, out)?,
        };
        *predictor = next;
        Some(len)
    }

    /// As [`Codec::encode`], but raw where that is shorter; returns the codec used and the number of bytes, which is at most
    /// that of the samples.
    ///
    /// `None` where `out` is shorter than the samples and than what the codec makes of them, or where `samples` ends within a
    /// sample.
    pub fn encode_or_raw(
        self,
        samples: &[u8],
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Option<(Codec, usize)> {
        let room = out.len().min(samples.len());
        let (room, _) = out.split_at_mut_checked(room)?;
        if let Some(len) = self.encode(samples, predictor, room) {
            return Some((self, len));
        }
        let len = Codec::Raw.encode(samples, predictor, room)?;
        Some((Codec::Raw, len))
    }

    /// Decodes a piece of `n` samples into the first `2 * n` bytes of `out`.
    ///
    /// # Errors
    /// `Limit` where `out` is too short, `Truncated` where `bytes` ends before `n` samples, `Malformed` where a value is out
    /// of range or something follows the last sample. Then the predictor stays as it was, and `out` holds nothing of use.
    pub fn decode(
        self,
        bytes: &[u8],
        n: usize,
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Result<()> {
        let room = out.len() / 2;
        let Some(out) = out.as_chunks_mut::<2>().0.get_mut(..n) else {
            return Err(Error::new(Kind::Limit, "samples", n as i64, room as i64));
        };
        let mut next = *predictor;
        match self {
            Codec::Raw => raw(bytes, &mut next, out)?,
            Codec::Uleb => uleb::decode(bytes, &mut next, out)?,
            Codec::Pack16 => pack::decode(bytes, &mut next, out)?,
            Codec::Rice32 => rice::decode(bytes, &mut next, out)?,
        }
        *predictor = next;
        Ok(())
    }
}

/// What runs on from one piece of a packet's samples to the next: the last sample. A packet begins with a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Predictor {
    previous: u16,
}

impl Predictor {
    /// At the start of a packet.
    pub const fn new() -> Self {
        Self { previous: 0 }
    }

    /// The difference to the next sample, its sign in the lowest bit.
    #[inline]
    fn difference(&mut self, sample: Sample) -> u16 {
        let sample = u16::from_le_bytes(sample);
        let d = sample.wrapping_sub(self.previous) as i16;
        self.previous = sample;
        ((d << 1) ^ (d >> 15)) as u16
    }

    /// The next sample, from the difference to it.
    #[inline]
    fn sample(&mut self, z: u16) -> Sample {
        let d = (z >> 1) ^ 0u16.wrapping_sub(z & 1);
        self.previous = self.previous.wrapping_add(d);
        self.previous.to_le_bytes()
    }

    /// Moves to the end of samples that were copied.
    pub(crate) fn follow(&mut self, samples: &[u8]) {
        let last = samples.len().checked_sub(2).and_then(|at| u16_at(samples, at));
        self.previous = last.unwrap_or(self.previous);
    }
}

fn raw(bytes: &[u8], predictor: &mut Predictor, out: &mut [Sample]) -> Result<()> {
    let out = out.as_flattened_mut();
    if bytes.len() < out.len() {
        return Err(short(bytes));
    }
    if bytes.len() > out.len() {
        return Err(Error::malformed("length", bytes.len() as i64, out.len() as i64));
    }
    out.copy_from_slice(bytes);
    predictor.follow(bytes);
    Ok(())
}

/// The bytes of a piece end before its last sample.
#[cold]
fn short(bytes: &[u8]) -> Error {
    let len = bytes.len() as i64;
    Error::new(Kind::Truncated, "samples", len, len.saturating_add(1))
}
