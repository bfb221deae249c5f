//! FCIO: the FlashCam stream, framed by TMIO. All integers little-endian, unaligned.
//!
//! A stream is a sequence of frames, each starting with one `i32` *h*:
//!
//! | h | meaning | bytes that follow |
//! |--|--|--|
//! | -1000000001 | protocol frame, first of every stream | 64: NUL-padded name, `FlashCamV1` |
//! | -1 ... -1000000000 | a record begins, its tag is -h | none |
//! | >= 0 | data frame: one field of the record | h |
//!
//! A record is a tag and the data frames up to the next tag or protocol frame. Trailing frames may be missing (old
//! writers) or surplus (new ones). The layout of each record is the byte table of its own file here:
//! [`config`], [`event`], [`event_header`], [`status`], [`rec_event`], [`fsp`].

mod clock;
pub mod config;
mod dead;
pub mod event;
pub mod event_header;
mod frame;
pub mod fsp;
pub mod rec_event;
mod record;
mod setup;
pub mod status;
mod stream;

use core::fmt;

pub use frame::Framer;
pub use stream::{Outlet, Stream};

use crate::assemble::{Assembler, Fate};
use crate::decoder::{RowSink, TableDef, TableId};
use crate::error::Result;
use crate::field::Field;
use crate::format::{Format, FormatInfo, Sniff};
use crate::frame::FrameLimits;
use crate::history::History;
use crate::part::{Key, Part, Stage};

/// First word of a protocol frame.
pub const PROTOCOL: i32 = -1_000_000_001;
/// Name in the protocol frame.
pub const PROTOCOL_NAME: &[u8] = b"FlashCamV1";
/// Bytes of a protocol frame: word and name.
pub const PROTOCOL_SIZE: usize = 68;
/// Most traces of a stream (ADC and trigger).
pub const MAX_TRACES: usize = 2400;
/// Most samples of a trace.
pub const MAX_SAMPLES: u32 = 32768;
/// Most cards of a status record.
pub const MAX_CARDS: u32 = 256;
/// Most pulses of a reconstructed event.
pub const MAX_PULSES: u32 = 2400 * 11000;

/// Record tags.
pub mod tag {
    /// Protocol frame (not a record; listed as tag 0).
    pub const PROTOCOL: u32 = 0;
    /// Configuration.
    pub const CONFIG: u32 = 1;
    /// All traces of an event.
    pub const EVENT: u32 = 3;
    /// Status of all cards.
    pub const STATUS: u32 = 4;
    /// Reconstructed pulses.
    pub const REC_EVENT: u32 = 5;
    /// Some traces of an event.
    pub const SPARSE_EVENT: u32 = 6;
    /// An event without samples.
    pub const EVENT_HEADER: u32 = 7;
    /// Software-trigger configuration; belongs to the Config that follows.
    pub const FSP_CONFIG: u32 = 8;
    /// Software-trigger decision; belongs to the event that follows.
    pub const FSP_EVENT: u32 = 9;
    /// Software-trigger statistics; belongs to the Status that follows.
    pub const FSP_STATUS: u32 = 10;
}

/// Name of a record tag.
pub const fn tag_name(tag: u32) -> &'static str {
    match tag {
        tag::PROTOCOL => "protocol",
        tag::CONFIG => "Config",
        2 => "Calib",
        tag::EVENT => "Event",
        tag::STATUS => "Status",
        tag::REC_EVENT => "RecEvent",
        tag::SPARSE_EVENT => "SparseEvent",
        tag::EVENT_HEADER => "EventHeader",
        tag::FSP_CONFIG => "FSPConfig",
        tag::FSP_EVENT => "FSPEvent",
        tag::FSP_STATUS => "FSPStatus",
        _ => "unknown",
    }
}

/// Row layouts of the format; ORCA reuses those of the records it wraps.
pub mod layout {
    /// Configuration, where it is a table.
    pub const CONFIG: u8 = 0;
    /// One row per card of a Status record.
    pub const STATUS: u8 = 1;
    /// One row per trace.
    pub const EVENT: u8 = 2;
    /// One row per EventHeader.
    pub const EVENT_HEADER: u8 = 3;
    /// Software-trigger configuration, where it is a table.
    pub const FSP_CONFIG: u8 = 4;
    /// Software-trigger decision.
    pub const FSP_EVENT: u8 = 5;
    /// Software-trigger statistics.
    pub const FSP_STATUS: u8 = 6;
    /// Reconstructed pulses.
    pub const REC_EVENT: u8 = 7;
}

/// Key spaces beside 0, the channel number `fcid * 1000000 + card_address * 100 + input`.
pub mod space {
    /// `fcid_F/config`
    pub const CONFIG: u8 = 1;
    /// `fcid_F/evt_hdr`
    pub const EVENT_HEADER: u8 = 2;
    /// `fcid_F/status/cardN`
    pub const STATUS: u8 = 3;
    /// `swtid_F/config`
    pub const FSP_CONFIG: u8 = 4;
    /// `swtid_F/event`
    pub const FSP_EVENT: u8 = 5;
    /// `swtid_F/evt_hdr`
    pub const FSP_EVENT_HEADER: u8 = 6;
    /// `swtid_F/status`
    pub const FSP_STATUS: u8 = 7;
    /// `fcid_F/rec_evt`
    pub const REC_EVENT: u8 = 8;
}

/// The key of an ADC channel.
pub const fn channel_key(fcid: u16, board: u16, input: u16) -> Key {
    Key::channel(fcid as u64 * 1_000_000 + board as u64 * 100 + input as u64)
}

/// The key of a named stream of this `fcid`.
pub const fn named_key(space: u8, fcid: u16, sub: u32) -> Key {
    Key { space, id: fcid as u64, sub }
}

/// Writes a key as the field writes it.
///
/// # Errors
/// Those of the writer.
pub fn write_key(key: Key, out: &mut dyn fmt::Write) -> fmt::Result {
    match key.space {
        space::CONFIG => write!(out, "fcid_{}/config", key.id),
        space::EVENT_HEADER => write!(out, "fcid_{}/evt_hdr", key.id),
        space::STATUS => write!(out, "fcid_{}/status/card{}", key.id, key.sub),
        space::FSP_CONFIG => write!(out, "swtid_{}/config", key.id),
        space::FSP_EVENT => write!(out, "swtid_{}/event", key.id),
        space::FSP_EVENT_HEADER => write!(out, "swtid_{}/evt_hdr", key.id),
        space::FSP_STATUS => write!(out, "swtid_{}/status", key.id),
        space::REC_EVENT => write!(out, "fcid_{}/rec_evt", key.id),
        _ => write!(out, "{}", key.id),
    }
}

/// Decoder names and row layouts of a stream that is not wrapped in another format.
const TABLES: [(&str, u8, &[Field]); 6] = [
    ("FCStatusDecoder", layout::STATUS, status::FIELDS),
    ("FCEventDecoder", layout::EVENT, event::FIELDS),
    ("FCEventHeaderDecoder", layout::EVENT_HEADER, event_header::FIELDS),
    ("FSPEventDecoder", layout::FSP_EVENT, fsp::EVENT_FIELDS),
    ("FSPStatusDecoder", layout::FSP_STATUS, fsp::STATUS_FIELDS),
    ("FCRecEventDecoder", layout::REC_EVENT, rec_event::FIELDS),
];

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Fcio;

impl Format for Fcio {
    const INFO: FormatInfo = FormatInfo {
        name: "FCIO",
        stream_type: "FlashCam",
        extensions: &["fcio"],
        sniff,
        kind_name: tag_name,
        decoder_name,
        settings: false,
        unit: 1,
    };
    type Framer = Framer;
    type Assembler = Fc<MAX_TRACES>;

    fn framer(limits: FrameLimits) -> Framer {
        Framer::new(limits)
    }

    fn assembler() -> Self::Assembler {
        Fc::new()
    }
}

/// Name of the decoder of a record tag.
fn decoder_name(decoder: u8) -> &'static str {
    match u32::from(decoder) {
        tag::CONFIG => "FCConfigDecoder",
        tag::EVENT | tag::SPARSE_EVENT => "FCEventDecoder",
        tag::STATUS => "FCStatusDecoder",
        tag::REC_EVENT => "FCRecEventDecoder",
        tag::EVENT_HEADER => "FCEventHeaderDecoder",
        tag::FSP_CONFIG => "FSPConfigDecoder",
        tag::FSP_EVENT => "FSPEventDecoder",
        tag::FSP_STATUS => "FSPStatusDecoder",
        _ => "",
    }
}

fn sniff(bytes: &[u8]) -> Sniff {
    match (crate::bytes::i32_at(bytes, 0), bytes.get(4..4 + PROTOCOL_NAME.len())) {
        (Some(PROTOCOL), Some(PROTOCOL_NAME)) => Sniff::Magic,
        _ => Sniff::No,
    }
}

/// The assembler of a plain FCIO stream of up to `N` traces.
#[derive(Debug)]
pub struct Fc<const N: usize> {
    stream: Stream<N>,
    /// Records since the first Config; a software-trigger record and its partner count as one.
    packet_id: u32,
    declared: bool,
}

impl<const N: usize> Fc<N> {
    /// A stream of which nothing is known yet.
    pub const fn new() -> Self {
        Self { stream: Stream::new(), packet_id: 0, declared: false }
    }

    fn outlet(&self) -> Outlet {
        Outlet {
            packet_id: self.packet_id,
            config: None,
            fsp_config: None,
            status: TableId::first(layout::STATUS),
            event: TableId::first(layout::EVENT),
            event_header: TableId::first(layout::EVENT_HEADER),
            fsp_event: TableId::first(layout::FSP_EVENT),
            fsp_event_header: TableId::first(layout::FSP_EVENT),
            fsp_status: TableId::first(layout::FSP_STATUS),
            rec_event: TableId::first(layout::REC_EVENT),
            sample_ns: self.stream.sample_ns(),
        }
    }

    fn declare<S: RowSink>(&mut self, sink: &mut S) -> Result<()> {
        self.declared = true;
        let lengths = [self.stream.config().samples];
        for (decoder, layout, fields) in TABLES {
            sink.declare(&TableDef {
                id: TableId::first(layout),
                decoder,
                lists: 1,
                position: 0,
                single: None,
                fields,
                present: u64::MAX,
                lengths: &lengths,
            })?;
        }
        Ok(())
    }
}

impl<const N: usize> Default for Fc<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Assembler for Fc<N> {
    fn part<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<Fate> {
        let fsp = matches!(part.kind, tag::FSP_CONFIG | tag::FSP_EVENT | tag::FSP_STATUS);
        if part.stage == Stage::Begin && self.declared && !fsp {
            self.packet_id = self.packet_id.wrapping_add(1);
        }
        let mut outlet = self.outlet();
        if fsp && self.declared {
            outlet.packet_id = outlet.packet_id.wrapping_add(1);
        }
        let fate = self.stream.part(part.kind, part, &outlet, sink)?;
        if part.kind == tag::CONFIG && part.stage == Stage::End && !self.declared {
            self.declare(sink)?;
        }
        Ok(fate)
    }

    fn abort(&mut self) {
        self.stream.abort();
    }

    fn history<H: History>(&mut self, history: &mut H) -> bool {
        history.u32(&mut self.packet_id);
        self.stream.history(history)
    }

    fn write_key(key: Key, out: &mut dyn fmt::Write) -> fmt::Result {
        write_key(key, out)
    }
}
