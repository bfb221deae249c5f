//! llamaDAQ files of the Struck SIS3316.
//!
//! File header, 16 bytes:
//!
//! | offset | type | field |
//! |--|--|--|
//! | 0 | u32 | magic 0x4972414C |
//! | 4, 6, 8 | u16 | version: patch, minor, major |
//! | 10 | u16 | length_econf: 88 |
//! | 12 | u32 | number_chOpen |
//!
//! Then the channel table ([`header`]) and events ([`event`]).

pub mod event;
mod frame;
pub mod header;

pub use event::LlamaAssembler;
pub use frame::LlamaFramer;

use crate::bytes::u32_at;
use crate::format::{Format, FormatInfo, Sniff};
use crate::frame::FrameLimits;

/// First word of a file.
pub(crate) const MAGIC: u32 = 0x4972_414C;
/// Bytes of the file header.
pub(crate) const HEADER: usize = 16;
/// Most open channels.
pub(crate) const MAX_CHANNELS: usize = 512;

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Llama;

impl Format for Llama {
    const INFO: FormatInfo = FormatInfo {
        name: "LLAMA",
        stream_type: "LlamaDaq",
        extensions: &["llamadaq"],
        sniff,
        kind_name,
        decoder_name,
        settings: false,
        unit: 4,
    };
    type Framer = LlamaFramer;
    type Assembler = LlamaAssembler;

    fn framer(limits: FrameLimits) -> LlamaFramer {
        LlamaFramer::new(limits)
    }

    fn assembler() -> LlamaAssembler {
        LlamaAssembler::new()
    }
}

fn kind_name(kind: u32) -> &'static str {
    if kind == frame::FILE_HEADER { "header" } else { "event" }
}

fn decoder_name(decoder: u8) -> &'static str {
    if decoder == 0 { "LLAMAHeaderDecoder" } else { "LLAMAEventDecoder" }
}

fn sniff(bytes: &[u8]) -> Sniff {
    if u32_at(bytes, 0) == Some(MAGIC) { Sniff::Magic } else { Sniff::No }
}
