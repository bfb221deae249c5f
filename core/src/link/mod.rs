//! Links: how records travel. Two framings of the same body, which is a record followed by its CRC-32 (that of zlib),
//! little-endian.
//!
//! | framing | for | bytes |
//! |--|--|--|
//! | COBS | byte links that may lose bytes (a UART) | COBS of the body, then 0x00; a lone 0x00 starts a session |
//! | length | files, pipes, TCP, semihosting | u32 magic, u32 length of the record, body |
//!
//! A reader skips what is damaged: to the next 0x00, or to the next magic that is followed by an intact body. It never
//! trusts a length that doesn't check.

mod reader;
mod sender;
#[cfg(test)]
mod tests;

use crc::{CRC_32_ISO_HDLC, Crc, Table};

pub use reader::{Framed, Reader};
pub use sender::Sender;

/// First word of a record in length framing.
pub const MAGIC: u32 = 0x4C52_4954;
/// Bytes before the record in length framing.
pub const HEAD: usize = 8;
/// Bytes after the record.
pub const CRC: usize = 4;

/// The checksum of bodies and of sources.
pub static CRC32: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// How records are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Framing {
    /// For links that may lose bytes.
    Cobs,
    /// For links that don't.
    Length,
}

impl Framing {
    /// How often a front end says that its source is over. What comes after the last record that arrives can't be known to be
    /// missing: where frames may be lost, the end is said so often that not all of them are.
    pub const fn ends(self) -> u32 {
        match self {
            Framing::Cobs => 16,
            Framing::Length => 1,
        }
    }
}

/// Bytes that a record of `len` bytes takes at most.
pub const fn framed_max(framing: Framing, len: usize) -> usize {
    match framing {
        Framing::Cobs => {
            let body = len.saturating_add(CRC);
            body.saturating_add(body / 254).saturating_add(2)
        }
        Framing::Length => len.saturating_add(HEAD + CRC),
    }
}

/// Works out the CRC-32 of bytes that follow others, whose CRC-32 is given (0 at the start), as zlib's `crc32` does.
pub type Checksum = fn(u32, &[u8]) -> u32;

/// The [`Checksum`] that needs least memory: a table of 1 KiB. It takes a word at a time from the bytes.
pub fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    let [table] = CRC32.table();
    let step = |crc: u32| (crc >> 8) ^ table[usize::from(crc as u8)];
    let (words, rest) = bytes.as_chunks::<4>();
    let mut crc = !crc;
    for word in words {
        crc = step(step(step(step(crc ^ u32::from_le_bytes(*word)))));
    }
    for byte in rest {
        crc = step(crc ^ u32::from(*byte));
    }
    !crc
}

/// Frames a record; returns the number of bytes, or `None` where they don't fit.
pub fn frame(framing: Framing, record: &[u8], out: &mut [u8]) -> Option<usize> {
    match Sender::new(framing, crc32).fill(record, out) {
        (n, true) => Some(n),
        (_, false) => None,
    }
}
