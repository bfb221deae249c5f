//! A part: a borrowed piece of a packet, in stream order. What a front end can hold and send.

/// Where in its packet a part lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stage {
    /// A record begins; carries no content of its own (formats whose records end only where the next begins).
    Begin,
    /// The whole packet.
    Whole,
    /// Fields before the samples.
    Head,
    /// Samples, or a slice of another bulk field.
    Trace,
    /// Fields after the samples.
    Tail,
    /// A piece of a text header.
    Text,
    /// The record is complete; carries no content.
    End,
}

/// No decoder of the format handles this packet.
pub const NO_DECODER: u8 = u8::MAX;

/// A piece of a packet.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Part<'a> {
    /// Number of the packet in the stream, from 0, headers and unknown packets included.
    pub packet: u64,
    /// Byte offset of the packet's first byte.
    pub offset: u64,
    /// Record tag or data id as the stream has it.
    pub kind: u32,
    /// Which of the format's decoders handles it, or [`NO_DECODER`].
    pub decoder: u8,
    /// Record tag inside a packet that wraps another format's record.
    pub tag: u16,
    /// Where in the packet.
    pub stage: Stage,
    /// Number of the data frame or field group within the record.
    pub frame: u32,
    /// Number of the trace (or card, or event) within the packet.
    pub index: u32,
    /// Byte offset of this piece within its trace or frame. In a whole packet: where its samples begin, which go to its end; 0
    /// where it has none.
    pub first: u32,
    /// This part ends the packet.
    pub last: bool,
    /// The bytes, as they lie in the stream.
    pub bytes: &'a [u8],
}

/// Identifies the buffer a row goes to within a decoder: a channel, or a named stream of housekeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Key {
    /// Naming scheme; 0 is a plain channel number. The format's `write_key` gives the text.
    pub space: u8,
    /// Channel number, or id of the stream.
    pub id: u64,
    /// Second number, where the scheme has one.
    pub sub: u32,
}

impl Key {
    /// A plain channel number.
    pub const fn channel(id: u64) -> Self {
        Self { space: 0, id, sub: 0 }
    }
}
