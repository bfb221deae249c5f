//! Parts as C sees them: the bytes of one are a place in the window that was handed in.

use tierline_core::{Part, Stage};

use crate::memory::Checked;
use crate::status::TIERLINE_ARGUMENT;

/// A record begins; no content.
pub const TIERLINE_STAGE_BEGIN: u8 = 0;
/// The whole packet.
pub const TIERLINE_STAGE_WHOLE: u8 = 1;
/// Fields before the samples.
pub const TIERLINE_STAGE_HEAD: u8 = 2;
/// Samples, or a slice of another bulk field.
pub const TIERLINE_STAGE_TRACE: u8 = 3;
/// Fields after the samples.
pub const TIERLINE_STAGE_TAIL: u8 = 4;
/// A piece of a text header.
pub const TIERLINE_STAGE_TEXT: u8 = 5;
/// The record is complete; no content.
pub const TIERLINE_STAGE_END: u8 = 6;

/// No decoder of the format handles this packet.
pub const TIERLINE_NO_DECODER: u8 = 255;
const _: () = assert!(TIERLINE_NO_DECODER == tierline_core::part::NO_DECODER);

const STAGES: [Stage; 7] =
    [Stage::Begin, Stage::Whole, Stage::Head, Stage::Trace, Stage::Tail, Stage::Text, Stage::End];

/// A piece of a packet.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartC {
    /// Number of the packet in the stream, from 0.
    pub packet: u64,
    /// Byte offset of the packet's first byte in the stream.
    pub offset: u64,
    /// Place of the bytes in the window.
    pub at: usize,
    /// Number of bytes.
    pub len: usize,
    /// Record tag or data id as the stream has it.
    pub kind: u32,
    /// Number of the data frame or field group within the record.
    pub frame: u32,
    /// Number of the trace, card or event within the packet.
    pub index: u32,
    /// Byte offset of this piece within its trace or frame; in a whole packet, where its samples begin, 0 where it has none.
    pub first: u32,
    /// Record tag inside a packet that wraps another format's record.
    pub tag: u16,
    /// Which of the format's decoders handles it, or TIERLINE_NO_DECODER.
    pub decoder: u8,
    /// TIERLINE_STAGE_...: where in the packet.
    pub stage: u8,
    /// This part ends the packet.
    pub last: bool,
}

impl PartC {
    /// A part of this window.
    pub(crate) fn of(part: &Part<'_>, window: &[u8]) -> Self {
        let at = part.bytes.as_ptr().addr().checked_sub(window.as_ptr().addr());
        let end = |at: &usize| at.checked_add(part.bytes.len());
        // Empty bytes may lie anywhere.
        let at = at.filter(|at| end(at).is_some_and(|end| end <= window.len()));
        Self {
            packet: part.packet,
            offset: part.offset,
            at: at.unwrap_or(0),
            len: if at.is_some() { part.bytes.len() } else { 0 },
            kind: part.kind,
            frame: part.frame,
            index: part.index,
            first: part.first,
            tag: part.tag,
            decoder: part.decoder,
            stage: part.stage as u8,
            last: part.last,
        }
    }

    /// The part again, from the window that it lies in.
    pub(crate) fn within<'w>(&self, window: &'w [u8]) -> Checked<Part<'w>> {
        let end = self.at.checked_add(self.len).ok_or(TIERLINE_ARGUMENT)?;
        Ok(Part {
            packet: self.packet,
            offset: self.offset,
            kind: self.kind,
            decoder: self.decoder,
            tag: self.tag,
            stage: *STAGES.get(usize::from(self.stage)).ok_or(TIERLINE_ARGUMENT)?,
            frame: self.frame,
            index: self.index,
            first: self.first,
            last: self.last,
            bytes: window.get(self.at..end).ok_or(TIERLINE_ARGUMENT)?,
        })
    }
}
