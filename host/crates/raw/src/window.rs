//! The sliding window over a stream: always contiguous, and holding on to the present packet where it can, so that the
//! bytes of a broken one can be kept.

use crate::error::{Error, Result};
use crate::input::{Input, Packing};

/// Bytes asked for at a time.
const READ: usize = 256 * 1024;
/// Largest window the framer may ask for, bytes.
pub const REACH: usize = 4 * 1024 * 1024;
/// A remainder of at most this many bytes is moved to the front at once: small windows stay in the processor's cache.
const CHEAP: usize = 32 * 1024;

/// A window over an input.
#[derive(Debug)]
pub struct Window {
    input: Input,
    buffer: Vec<u8>,
    held: usize,
    start: usize,
    end: usize,
    /// Offset of `start` in the stream.
    offset: u64,
    eof: bool,
    /// Why the stream ended early, if it did.
    broken: Option<String>,
}

impl Window {
    /// A window at the start of an input.
    pub fn new(input: Input) -> Self {
        let buffer = vec![0; 2 * READ];
        Window { input, buffer, held: 0, start: 0, end: 0, offset: 0, eof: false, broken: None }
    }

    /// The bytes not used yet.
    pub fn data(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// Whether nothing follows [`Self::data`].
    pub fn eof(&self) -> bool {
        self.eof
    }

    /// Offset of the first byte of [`Self::data`] in the stream.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The input below.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Why the stream ended before its end (a damaged compressed file).
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Marks the first `n` bytes as used.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.end);
        self.offset += n as u64;
    }

    /// Goes to byte `offset` of the stream, back or on.
    ///
    /// # Errors
    /// Where the input is no plain file.
    pub fn seek(&mut self, offset: u64) -> Result<()> {
        let path = &self.input.path.clone();
        let io = |source| Error::Io { path: path.clone(), action: "read", offset, source };
        self.input.seek(offset).map_err(io)?;
        (self.held, self.start, self.end) = (0, 0, 0);
        (self.offset, self.eof) = (offset, false);
        Ok(())
    }

    /// From here on bytes are held, as far as there is room.
    pub fn hold(&mut self) {
        self.held = self.start;
    }

    /// The used bytes from stream offset `from` on, as far as they are still held, then those of the window up to `n`
    /// bytes in all.
    pub fn since(&self, from: u64, n: u64) -> &[u8] {
        let back = self.offset.saturating_sub(from) as usize;
        let first = self.start.saturating_sub(back).max(self.held.min(self.start));
        let skipped = back.saturating_sub(self.start - first) as u64;
        let end = (first as u64).saturating_add(n.saturating_sub(skipped)).min(self.end as u64);
        self.buffer.get(first..end as usize).unwrap_or(&[])
    }

    /// Reads until the window holds `need` bytes or the input ends.
    ///
    /// # Errors
    /// Where reading fails. A compressed file that is cut or damaged ends the stream instead.
    pub fn fill(&mut self, need: usize) -> Result<()> {
        while self.end - self.start < need && !self.eof {
            self.make_room(need);
            let Some(room) = self.buffer.get_mut(self.end..) else { break };
            let most = room.len().min(READ.max(need));
            match self.input.read(room.get_mut(..most).unwrap_or(&mut [])) {
                Ok(0) => {
                    self.eof = true;
                    self.broken = self.input.broke();
                }
                Ok(n) => self.end += n,
                Err(source) if self.input.packing != Packing::Plain => {
                    self.eof = true;
                    self.broken = Some(format!("the compressed file is damaged or cut: {source}"));
                }
                Err(source) => {
                    let offset = self.offset + (self.end - self.start) as u64;
                    let path = self.input.path.clone();
                    return Err(Error::Io { path, action: "read", offset, source });
                }
            }
        }
        Ok(())
    }

    /// Makes room for a read, and for `need` bytes from the start.
    fn make_room(&mut self, need: usize) {
        let keep = self.end - self.held;
        if self.held > 0 && (keep <= CHEAP || self.end + READ > self.buffer.len()) {
            self.shift(self.held);
        }
        if self.end + READ <= self.buffer.len() && self.start + need <= self.buffer.len() {
            return;
        }
        let wanted = (self.start + need).max(self.end + READ);
        if wanted <= REACH + 2 * READ {
            self.buffer.resize(wanted.next_power_of_two().min(REACH + 2 * READ).max(wanted), 0);
            return;
        }
        // The packet is longer than the window: what was used of it can't be held any longer.
        self.held = self.start;
        self.shift(self.start);
        let wanted = need.max(self.end + READ);
        if wanted > self.buffer.len() {
            self.buffer.resize(wanted, 0);
        }
    }

    fn shift(&mut self, by: usize) {
        self.buffer.copy_within(by..self.end, 0);
        self.held -= by;
        self.start -= by;
        self.end -= by;
    }
}
