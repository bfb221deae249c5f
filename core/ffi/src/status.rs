//! What calls answer: 0 and above where they did their work, below 0 where they could not.

use core::ffi::c_char;

use tierline_core::{Error, Kind, Scope};

/// Done; of a parser: here is a part.
pub const TIERLINE_ITEM: i32 = 0;
/// More bytes are needed; how many is in the answer.
pub const TIERLINE_NEED: i32 = 1;
/// The stream is over.
pub const TIERLINE_END: i32 = 2;
/// Bytes that belong to no packet, or to one that broke off.
pub const TIERLINE_GARBAGE: i32 = 3;

/// The stream ends inside a packet.
pub const TIERLINE_TRUNCATED: i32 = -1;
/// Bytes that belong to no packet.
pub const TIERLINE_RESYNC: i32 = -2;
/// A field contradicts the layout or another field.
pub const TIERLINE_MALFORMED: i32 = -3;
/// Well formed, but nothing here decodes it.
pub const TIERLINE_UNSUPPORTED: i32 = -4;
/// A size or count above what is accepted.
pub const TIERLINE_LIMIT: i32 = -5;

/// A pointer is NULL that must not be.
pub const TIERLINE_NULL: i32 = -16;
/// The memory handed in is too small.
pub const TIERLINE_ROOM: i32 = -17;
/// The memory handed in is not aligned to TIERLINE_ALIGN bytes.
pub const TIERLINE_ALIGNMENT: i32 = -18;
/// The object was never made, or is of another kind.
pub const TIERLINE_STATE: i32 = -19;
/// An argument has no meaning: an unknown number, bytes outside the window, memory that overlaps.
pub const TIERLINE_ARGUMENT: i32 = -20;

/// The error reaches this packet only.
pub const TIERLINE_SCOPE_PACKET: u8 = 0;
/// Nothing after this point can be trusted: the stream is over.
pub const TIERLINE_SCOPE_STREAM: u8 = 1;

/// Text: `len` bytes of UTF-8, no NUL after them.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// The first byte.
    pub at: *const c_char,
    /// Number of bytes.
    pub len: usize,
}

impl Text {
    /// A piece of text; in C valid as long as `text` is.
    pub const fn new(text: &str) -> Self {
        Self { at: text.as_ptr().cast(), len: text.len() }
    }
}

/// An error at a place in the stream.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StreamError {
    /// Which kind of trouble: TIERLINE_TRUNCATED to TIERLINE_LIMIT.
    pub status: i32,
    /// TIERLINE_SCOPE_...: whether the packet or the whole stream is lost.
    pub scope: u8,
    /// Byte offset of the packet in the stream.
    pub offset: u64,
    /// Number of the packet in the stream, from 0.
    pub packet: u64,
    /// The field in question; the text lives for ever.
    pub field: Text,
    /// The value found.
    pub found: i64,
    /// The value expected, or the largest one accepted.
    pub expected: i64,
}

impl StreamError {
    /// No error.
    pub const NONE: StreamError = StreamError {
        status: TIERLINE_ITEM,
        scope: TIERLINE_SCOPE_PACKET,
        offset: 0,
        packet: 0,
        field: Text::new(""),
        found: 0,
        expected: 0,
    };
}

impl From<Error> for StreamError {
    fn from(error: Error) -> Self {
        Self {
            status: status(error.kind),
            scope: match error.scope {
                Scope::Packet => TIERLINE_SCOPE_PACKET,
                Scope::Stream => TIERLINE_SCOPE_STREAM,
            },
            offset: error.offset,
            packet: error.packet,
            field: Text::new(error.field),
            found: error.found,
            expected: error.expected,
        }
    }
}

/// The status of a kind of error.
pub const fn status(kind: Kind) -> i32 {
    match kind {
        Kind::Truncated => TIERLINE_TRUNCATED,
        Kind::Resync => TIERLINE_RESYNC,
        Kind::Malformed => TIERLINE_MALFORMED,
        Kind::Unsupported => TIERLINE_UNSUPPORTED,
        Kind::Limit => TIERLINE_LIMIT,
    }
}
