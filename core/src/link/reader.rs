//! Records found in the bytes of a link.

use super::{CRC, Checksum, Framing, HEAD, MAGIC, crc32, framed_max};
use crate::bytes::u32_at;

/// Undoes COBS in place; `bytes` without the 0x00 at the end. Returns the number of bytes.
fn unstuff(bytes: &mut [u8]) -> Option<usize> {
    let (mut from, mut to) = (0usize, 0usize);
    while let Some(&code) = bytes.get(from) {
        if code == 0 {
            return None;
        }
        from = from.wrapping_add(1);
        for _ in 1..code {
            let byte = *bytes.get(from)?;
            *bytes.get_mut(to)? = byte;
            (from, to) = (from.wrapping_add(1), to.wrapping_add(1));
        }
        if code != 0xFF && from < bytes.len() {
            *bytes.get_mut(to)? = 0;
            to = to.wrapping_add(1);
        }
    }
    Some(to)
}

/// The record of a body whose checksum is right.
fn checked(body: &[u8], checksum: Checksum) -> Option<&[u8]> {
    let end = body.len().checked_sub(CRC)?;
    let record = body.get(..end)?;
    (u32_at(body, end) == Some(checksum(0, record))).then_some(record)
}

/// What a reader makes of its window.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Framed<'w> {
    /// The first `used` bytes are done with; they hold this record.
    Record {
        /// Bytes to drop from the window.
        used: usize,
        /// The record, not parsed yet.
        record: &'w [u8],
    },
    /// The first `used` bytes are damaged, or idle (`damaged` false).
    Skip {
        /// Bytes to drop from the window.
        used: usize,
        /// Something was there that can't be read.
        damaged: bool,
    },
    /// The window must hold at least this many bytes.
    Need(usize),
}

/// Finds records in a window of bytes from a link; COBS is undone in place.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    framing: Framing,
    /// No record is longer, bytes.
    longest: usize,
    /// The bytes before the window's start were damaged and have been counted.
    lost: bool,
    checksum: Checksum,
}

impl Reader {
    /// A reader at the start of a session.
    pub const fn new(framing: Framing, longest: usize) -> Self {
        Reader { framing, longest, lost: false, checksum: crc32 }
    }

    /// From here on no record is longer than so many bytes: a damaged length is seen earlier.
    pub const fn limit(&mut self, longest: usize) {
        self.longest = longest;
    }

    /// The same with another way to work out the same checksum.
    pub const fn with_checksum(self, checksum: Checksum) -> Self {
        Reader { checksum, ..self }
    }

    /// Looks at the window. `eof`: nothing comes after it; then the answer is never [`Framed::Need`] but for 0 bytes.
    pub fn next<'w>(&mut self, window: &'w mut [u8], eof: bool) -> Framed<'w> {
        match self.framing {
            Framing::Cobs => self.cobs(window, eof),
            Framing::Length => self.length(window, eof),
        }
    }

    fn cobs<'w>(&mut self, window: &'w mut [u8], eof: bool) -> Framed<'w> {
        let most = framed_max(Framing::Cobs, self.longest);
        let Some(end) = window.iter().take(most).position(|&byte| byte == 0) else {
            if window.len() >= most {
                // Longer than any record: its end is not looked for any further.
                let fresh = !core::mem::replace(&mut self.lost, true);
                return Framed::Skip { used: most, damaged: fresh };
            }
            if !eof {
                return Framed::Need(window.len().saturating_add(1));
            }
            let damaged = !window.is_empty() && !self.lost;
            return Framed::Skip { used: window.len(), damaged };
        };
        let used = end.saturating_add(1);
        if core::mem::take(&mut self.lost) {
            // The rest of something whose beginning was given up.
            return Framed::Skip { used, damaged: false };
        }
        if end == 0 {
            return Framed::Skip { used, damaged: false };
        }
        let body = window.get_mut(..end).unwrap_or(&mut []);
        let most = self.longest.saturating_add(CRC);
        let found = unstuff(body)
            .filter(|n| *n <= most)
            .and_then(|n| checked(body.get(..n)?, self.checksum));
        match found {
            Some(record) => Framed::Record { used, record },
            None => Framed::Skip { used, damaged: true },
        }
    }

    fn length<'w>(&mut self, window: &'w [u8], eof: bool) -> Framed<'w> {
        let mut at = 0usize;
        while let Some(rest) = window.get(at..) {
            match self.record_at(rest, eof) {
                Framed::Record { used, record } if at == 0 => {
                    self.lost = false;
                    return Framed::Record { used, record };
                }
                Framed::Need(n) if at == 0 => return Framed::Need(n),
                // Something may start here: what is before it goes first.
                Framed::Record { .. } | Framed::Need(_) => break,
                Framed::Skip { .. } if rest.is_empty() => break,
                Framed::Skip { .. } => at = at.saturating_add(1),
            }
        }
        let fresh = at > 0 && !core::mem::replace(&mut self.lost, true);
        Framed::Skip { used: at, damaged: fresh }
    }

    /// Whether an intact record starts the bytes.
    fn record_at<'w>(&self, bytes: &'w [u8], eof: bool) -> Framed<'w> {
        let no = Framed::Skip { used: 1, damaged: true };
        let short = |n| if eof { Framed::Skip { used: 1, damaged: true } } else { Framed::Need(n) };
        let magic = MAGIC.to_le_bytes();
        let known = bytes.len().min(magic.len());
        if bytes.get(..known) != magic.get(..known) {
            return no;
        }
        let Some(len) = u32_at(bytes, 4) else { return short(HEAD) };
        if len as usize > self.longest {
            return no;
        }
        let used = (len as usize).saturating_add(HEAD + CRC);
        let Some(body) = bytes.get(HEAD..used) else { return short(used) };
        match checked(body, self.checksum) {
            Some(record) => Framed::Record { used, record },
            None => no,
        }
    }
}
