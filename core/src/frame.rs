//! Framing: from a window of bytes to the next part. Sans-I/O and resumable at any byte.

use crate::error::{Error, Result};
use crate::part::Part;

/// Settings of a framer.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameLimits {
    /// Bulk fields are cut into parts of at most this many bytes (rounded down to whole elements).
    pub piece: usize,
    /// The largest window the caller can offer, in bytes: nothing larger is ever asked for.
    pub window: usize,
}

impl FrameLimits {
    /// Whole traces, as on a host.
    pub const HOST: FrameLimits = FrameLimits { piece: 256 * 1024, window: 4 * 1024 * 1024 };

    /// The same with pieces that the window can hold, together with a header before them.
    pub(crate) const fn consistent(self) -> Self {
        let most = self.window.saturating_sub(16) & !7;
        Self { piece: if self.piece > most { most } else { self.piece }, window: self.window }
    }
}

/// What the framer makes of the window.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step<'w> {
    /// The first `used` bytes are done with; they hold this part.
    Part {
        /// Bytes to drop from the window.
        used: usize,
        /// The part, borrowed from the window.
        part: Part<'w>,
    },
    /// The first `used` bytes belong to no packet, or to one that broke off.
    Garbage {
        /// Bytes to drop from the window.
        used: usize,
        /// Why; its offset and packet say where the garbage starts.
        error: Error,
        /// Parts of this packet were already handed out: they must be undone.
        abort: bool,
    },
    /// The window must hold at least this many bytes, counted from its present start.
    Need(usize),
    /// The stream is over.
    End,
}

/// Finds the parts of a stream.
pub trait Framer {
    /// Looks at the window, whose first byte follows the last byte used so far. `eof`: nothing comes after it.
    ///
    /// With `eof` the answer is never [`Step::Need`].
    ///
    /// # Errors
    /// Only where the stream as a whole can't be read (its header is broken).
    fn step<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>>;

    /// The next window begins at byte `offset` of the stream, where the packet number `packet` starts. What earlier packets have
    /// told about the stream stays known.
    fn jump(&mut self, packet: u64, offset: u64);
}
