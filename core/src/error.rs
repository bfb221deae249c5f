//! What can go wrong: an error is `Copy`, says which kind, where in the stream, and what was found.

use core::fmt;

/// The six kinds of trouble, the same in every tierline crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// The stream ends inside a packet.
    Truncated = 1,
    /// Bytes that belong to no packet; the framer looks for the next one.
    Resync = 2,
    /// A field contradicts the layout or another field.
    Malformed = 3,
    /// Well formed, but nothing here decodes it.
    Unsupported = 4,
    /// A size or count above what this build accepts.
    Limit = 5,
}

impl Kind {
    /// The name used in messages and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Truncated => "truncated",
            Kind::Resync => "resync",
            Kind::Malformed => "malformed",
            Kind::Unsupported => "unsupported",
            Kind::Limit => "limit",
        }
    }
}

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Scope {
    /// This packet is garbage; the stream goes on.
    Packet,
    /// Nothing after this point can be trusted: the run ends.
    Stream,
}

/// An error at a place in the stream. Offsets count bytes from the start of the (decompressed) stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// Which kind of trouble.
    pub kind: Kind,
    /// Whether the packet or the whole stream is lost.
    pub scope: Scope,
    /// Byte offset of the packet in the stream.
    pub offset: u64,
    /// Number of the packet in the stream, from 0.
    pub packet: u64,
    /// The field in question, by its name in the format's byte table.
    pub field: &'static str,
    /// The value found.
    pub found: i64,
    /// The value expected (or the largest one accepted).
    pub expected: i64,
}

impl Error {
    /// A packet-level error without a place yet; the framer or the caller adds it with [`Error::at`].
    pub const fn new(kind: Kind, field: &'static str, found: i64, expected: i64) -> Self {
        Self { kind, scope: Scope::Packet, offset: 0, packet: 0, field, found, expected }
    }

    /// Shorthand for a [`Kind::Malformed`] packet.
    pub const fn malformed(field: &'static str, found: i64, expected: i64) -> Self {
        Self::new(Kind::Malformed, field, found, expected)
    }

    /// The same error at a packet number and byte offset.
    pub const fn at(mut self, packet: u64, offset: u64) -> Self {
        self.packet = packet;
        self.offset = offset;
        self
    }

    /// The same error, but ending the stream.
    pub const fn fatal(mut self) -> Self {
        self.scope = Scope::Stream;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} is {}, expected {} (packet {} at byte {})",
            self.kind.name(),
            self.field,
            self.found,
            self.expected,
            self.packet,
            self.offset
        )
    }
}

impl core::error::Error for Error {}

/// `Result` with the [`Error`] of this crate.
pub type Result<T> = core::result::Result<T, Error>;
