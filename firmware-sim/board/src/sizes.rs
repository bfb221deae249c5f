//! How the memory of the board is shared out, bytes.

use tierline_core::{FrameLimits, RecordRing, SlideBuffer};

const SMALL: bool = cfg!(feature = "lm3s6965");
const KIB: usize = 1024;

/// One read of the source.
pub const READ: usize = if SMALL { 2 * KIB } else { 4 * KIB };
/// The parser's window.
pub const WINDOW: usize = if SMALL { 16 * KIB } else { 24 * KIB };
/// The queue of finished records.
pub const RING: usize = if SMALL { 8 * KIB } else { 32 * KIB };
/// The cells of one record.
pub const CELLS: usize = if SMALL { 3840 } else { 12 * KIB };
/// The front end, whatever its format.
pub const FRONT_END: usize = 5 * KIB;
/// Bytes that wait for one write to a file.
pub const WRITE: usize = if SMALL { KIB } else { 4 * KIB };

/// What the framers are asked for.
pub const LIMITS: FrameLimits = FrameLimits { piece: 2 * KIB, window: FRAME };
const FRAME: usize = if SMALL { Window::WINDOW } else { 16 * KIB };

/// The parser's window.
pub type Window = SlideBuffer<WINDOW>;
/// The queue of finished records.
pub type Ring = RecordRing<RING>;

const _: () = assert!(FRAME + 2 * READ <= WINDOW || SMALL, "the window is too small");
const _: () = assert!(CELLS + tierline_core::record::OVERHEAD <= Ring::LARGEST, "no record fits");
