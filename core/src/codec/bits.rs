//! Streams of bits, the first one lowest in its byte.

use core::slice::IterMut;

use crate::error::{Error, Result};

/// Bytes of a machine word: a writer gathers as many bits as a register holds.
const WORD: usize = size_of::<usize>();
const _: () = assert!(WORD >= 4, "a code of 31 bits must fit a word");

/// Writes bits into a slice.
pub(super) struct BitWriter<'a> {
    words: IterMut<'a, [u8; WORD]>,
    /// Room for less than a word after these.
    rest: &'a mut [u8],
    room: usize,
    word: usize,
    fill: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        let room = out.len();
        let (words, rest) = out.as_chunks_mut();
        Self { words: words.iter_mut(), rest, room, word: 0, fill: 0 }
    }

    /// Writes `len` bits, at most 31; the others of `code` are zero. `None` where they do not fit.
    #[inline(always)]
    pub(super) fn push(&mut self, code: u32, len: u32) -> Option<()> {
        self.word |= (code as usize) << self.fill;
        self.fill += len;
        if self.fill >= usize::BITS {
            *self.words.next()? = self.word.to_le_bytes();
            // The same as a subtraction, which would not tell the compiler that shifts by it need no care.
            self.fill &= usize::BITS - 1;
            self.word = (code as usize) >> (len - self.fill);
        }
        Some(())
    }

    /// Writes what is left, and zeros to the end of the word if there is room; returns the number of bytes without these.
    pub(super) fn finish(mut self) -> Option<usize> {
        let n = self.fill.div_ceil(8) as usize;
        let full = self.room - self.rest.len() - self.words.len() * WORD;
        let word = self.word.to_le_bytes();
        match self.words.next() {
            Some(whole) => *whole = word,
            None => self.rest.get_mut(..n)?.copy_from_slice(word.get(..n)?),
        }
        Some(full + n)
    }
}

/// Reads bits from a slice.
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    word: u64,
    fill: u32,
}

impl<'a> BitReader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, word: 0, fill: 0 }
    }

    /// Sees to it that 56 bits can be looked at, or all that are left.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        if let Some((head, _)) = self.rest.split_first_chunk::<8>() {
            // Bits above the whole bytes counted here are read again with the next word, equal.
            self.word |= u64::from_le_bytes(*head) << self.fill;
            let whole = (63 - self.fill) / 8;
            self.rest = self.rest.get(whole as usize..).unwrap_or(&[]);
            self.fill += whole * 8;
        } else {
            self.refill_last();
        }
    }

    /// [`BitReader::refill`] where fewer than eight bytes are left.
    fn refill_last(&mut self) {
        while self.fill < 56 {
            let Some((byte, rest)) = self.rest.split_first() else { return };
            self.word |= u64::from(*byte) << self.fill;
            self.fill += 8;
            self.rest = rest;
        }
    }

    /// The next bits, the first one lowest. Those after the last that [`BitReader::refill`] got have no meaning.
    #[inline(always)]
    pub(super) const fn peek(&self) -> u64 {
        self.word
    }

    /// Drops `len` bits, at most 63; `None` where there are not as many.
    #[inline(always)]
    pub(super) const fn skip(&mut self, len: u32) -> Option<()> {
        let Some(fill) = self.fill.checked_sub(len) else { return None };
        self.fill = fill;
        self.word >>= len;
        Some(())
    }

    /// Checks that the last sample was in the last byte or the one before, and that zeros follow it.
    pub(super) fn finish(self) -> Result<()> {
        let here = self.word & !(u64::MAX << self.fill);
        let bits = u64::from(self.fill) + 8 * self.rest.len() as u64;
        if bits >= 16 {
            return Err(Error::malformed("bits after the last sample", bits as i64, 15));
        }
        let zeros = here == 0 && self.rest.iter().all(|byte| *byte == 0);
        if zeros { Ok(()) } else { Err(Error::malformed("bit after the last sample", 1, 0)) }
    }
}
