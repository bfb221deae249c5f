//! CoMPASS list mode (`.BIN`).
//!
//! File header, absent in continuation files: u16, high byte 0xCA; low byte, bits: 0 energy in ADC channels, 1 energy
//! calibrated, 2 short energy, 3 waveform samples. Then events, all with the same number of samples:
//!
//! | bytes | type | field | present |
//! |--|--|--|--|
//! | 2 | u16 | board | |
//! | 2 | u16 | channel | |
//! | 8 | u64 | timestamp, ps | |
//! | 2 | u16 | energy, ADC channels | bit 0 |
//! | 8 | f64 | energy, calibrated | bit 1 |
//! | 2 | u16 | energy_short | bit 2 |
//! | 4 | u32 | flags | |
//! | 1 | u8 | waveform code | |
//! | 4 | u32 | num_samples | |
//! | 2 n | u16 | samples | |

mod event;
mod frame;
mod settings;

pub use event::CompassAssembler;
pub use frame::CompassFramer;

use crate::bytes::u32_at;
use crate::format::{Format, FormatInfo, Sniff};
use crate::frame::FrameLimits;

/// Most samples of an event.
pub(crate) const MAX_SAMPLES: u32 = 1 << 21;

/// Record kinds: the parts of a file header have this kind, those of events their layout.
pub(crate) const FILE_HEADER: u32 = 0x100;

/// Which optional fields the events of a stream have: the low bits of the file header, and whether there was one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout(pub(crate) u8);

impl Layout {
    pub(crate) const CHANNELS: u8 = 1;
    pub(crate) const CALIBRATED: u8 = 2;
    pub(crate) const SHORT: u8 = 4;
    pub(crate) const SAMPLES: u8 = 8;
    pub(crate) const HEADER: u8 = 16;

    pub(crate) fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// Bytes before the samples.
    pub(crate) fn head(self) -> usize {
        let part = |bit, size| if self.has(bit) { size } else { 0 };
        21 + part(Self::CHANNELS, 2) + part(Self::CALIBRATED, 8) + part(Self::SHORT, 2)
    }

    /// `num_samples` of the event that starts `at` this byte.
    pub(crate) fn samples(self, bytes: &[u8], at: usize) -> Option<u32> {
        u32_at(bytes, at.wrapping_add(self.head()).wrapping_sub(4))
    }
}

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Compass;

impl Format for Compass {
    const INFO: FormatInfo = FormatInfo {
        name: "CoMPASS",
        stream_type: "Compass",
        extensions: &["bin"],
        sniff: frame::sniff,
        kind_name,
        decoder_name,
        settings: true,
        unit: 1,
    };
    type Framer = CompassFramer;
    type Assembler = CompassAssembler;

    fn framer(limits: FrameLimits) -> CompassFramer {
        CompassFramer::new(limits)
    }

    fn assembler() -> CompassAssembler {
        CompassAssembler::new()
    }
}

fn kind_name(kind: u32) -> &'static str {
    if kind & FILE_HEADER != 0 { "header" } else { "event" }
}

fn decoder_name(decoder: u8) -> &'static str {
    if decoder == 0 { "CompassHeaderDecoder" } else { "CompassEventDecoder" }
}

/// What the first bytes say without more of the stream.
pub(crate) fn weak_or(bytes: &[u8], sure: bool) -> Sniff {
    match (sure, bytes.get(1)) {
        (true, Some(0xCA)) => Sniff::Magic,
        (true, _) | (_, Some(0xCA)) => Sniff::Weak,
        _ => Sniff::No,
    }
}
