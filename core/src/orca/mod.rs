//! ORCA: a run file of packets of 32-bit little-endian words, the first of which is a property list in XML.
//!
//! Word 0 of a packet:
//!
//! | bit 31 | kind | length, words | data id |
//! |--|--|--|--|
//! | 1 | short | 1 | `w0 & 0xFC000000` |
//! | 0 | long, `w0 & 0x3FFFF` not 0 | `w0 & 0x3FFFF` | `w0 & 0xFFFC0000` |
//! | 0 | extended, `w0 & 0x3FFFF` 0 | word 1 | as long; payload from word 2 |
//!
//! Header packet: data id 0, word 1 the XML's length in bytes, XML zero padded to a word. Its `dataDescription` maps the
//! data ids of this file to decoders. Each card is a file here and a line in the list of cards below.

mod assemble;
mod fcio;
mod flashcam;
mod frame;
mod header;
mod listener;
mod run;
mod scan;
mod sis3302;
mod sis3316;

pub use assemble::OrcaAssembler;
pub use frame::OrcaFramer;
pub use header::Setup;
pub use scan::IdMap;

use crate::bytes::u32_at;
use crate::error::Result;
use crate::format::{Format, FormatInfo, Sniff};
use crate::frame::FrameLimits;
use crate::part::Stage;

/// Row layouts; those up to 7 are the records of an embedded FCIO stream.
pub mod layout {
    /// Run start, stop and heartbeat.
    pub const RUN: u8 = 8;
    /// FlashCam listener configuration.
    pub const LISTENER_CONFIG: u8 = 9;
    /// FlashCam listener status.
    pub const LISTENER_STATUS: u8 = 10;
    /// FlashCam waveforms, 10-bit channel field.
    pub const ADC_WAVEFORM: u8 = 11;
    /// FlashCam waveforms, 9-bit channel field.
    pub const WAVEFORM: u8 = 12;
    /// Struck SIS3302.
    pub const SIS3302: u8 = 13;
    /// Struck SIS3316.
    pub const SIS3316: u8 = 14;
    /// Software-trigger decisions that precede event headers.
    pub const FSP_EVENT_HEADER: u8 = 15;
}

/// Most samples of a trace.
const MAX_SAMPLES: u32 = 1 << 17;

/// How the payload of a packet is cut: `(bytes from the packet's start, the window from there on, its whole length)`.
type Cut = fn(&mut Shape, usize, &[u8], usize) -> Result<Piece>;

/// What a card's packet looks like, as far as its first words say. Bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    /// Fields before the samples of each event.
    head: usize,
    /// Samples of each event.
    trace: usize,
    /// Fields before the first event.
    lead: usize,
    /// Events in the packet.
    events: usize,
    /// The content accounts for the packet's length: a damaged length word would have been noticed.
    sure: bool,
}

/// The next piece of a packet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    /// So many bytes are needed, from here, to say.
    Need(usize),
    /// A piece that must arrive whole.
    Fields(Stage, usize, u32),
    /// Samples of an event, which may be cut anywhere: `(bytes left, event, bytes before)`.
    Samples(usize, u32, u32),
}

/// What handles the packets of a decoder.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    /// Cut by this function.
    Card(Cut),
    /// Three words, then FCIO records.
    Fcio,
}

/// A card or record type of ORCA.
pub(crate) struct Card {
    /// Name in the header's `dataDescription`.
    pub(crate) decoder: &'static str,
    pub(crate) handler: Handler,
}

const fn card(decoder: &'static str, cut: Cut) -> Card {
    Card { decoder, handler: Handler::Card(cut) }
}

const fn wrapped(decoder: &'static str) -> Card {
    Card { decoder, handler: Handler::Fcio }
}

/// Positions in [`CARDS`] that the code needs; 4 is the other waveform, 6 and 7 the other FCIO records.
pub(crate) mod id {
    pub(crate) const RUN: u8 = 0;
    pub(crate) const LISTENER_CONFIG: u8 = 1;
    pub(crate) const LISTENER_STATUS: u8 = 2;
    pub(crate) const ADC_WAVEFORM: u8 = 3;
    pub(crate) const FCIO_CONFIG: u8 = 5;
    pub(crate) const FCIO_EVENT: u8 = 8;
    pub(crate) const SIS3302: u8 = 9;
    pub(crate) const SIS3316: u8 = 10;
    /// The header packet.
    pub(crate) const HEADER: u8 = 254;
}

/// The cards, in the order of [`id`].
pub(crate) static CARDS: [Card; 11] = [
    card("ORRunDecoderForRun", run::cut),
    card("ORFlashCamListenerConfigDecoder", listener::cut_config),
    card("ORFlashCamListenerStatusDecoder", listener::cut_status),
    card("ORFlashCamADCWaveformDecoder", flashcam::cut),
    card("ORFlashCamWaveformDecoder", flashcam::cut),
    wrapped("ORFCIOConfigDecoder"),
    wrapped("ORFCIOStatusDecoder"),
    wrapped("ORFCIOEventHeaderDecoder"),
    wrapped("ORFCIOEventDecoder"),
    card("ORSIS3302DecoderForEnergy", sis3302::cut),
    card("ORSIS3316WaveformDecoder", sis3316::cut),
];

/// Name of the decoder at a position of the list.
fn decoder_name(decoder: u8) -> &'static str {
    match CARDS.get(usize::from(decoder)) {
        Some(card) => card.decoder,
        None if decoder == id::HEADER => "OrcaHeaderDecoder",
        None => "",
    }
}

/// First words of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word0 {
    /// Data id as the header lists it (unshifted).
    pub(crate) id: u32,
    /// A packet of one word.
    pub(crate) short: bool,
    /// Length in words; 0: in the next word.
    pub(crate) words: u32,
}

impl Word0 {
    pub(crate) fn new(word: u32) -> Self {
        if word >> 31 == 1 {
            Self { id: word & 0xFC00_0000, short: true, words: 1 }
        } else {
            Self { id: word & 0xFFFC_0000, short: false, words: word & 0x3_FFFF }
        }
    }

    /// The id as a small number.
    pub(crate) fn shifted(&self) -> u32 {
        if self.short { self.id >> 26 } else { self.id >> 18 }
    }
}

/// The format.
#[derive(Clone, Copy, Debug)]
pub struct Orca;

impl Format for Orca {
    const INFO: FormatInfo = FormatInfo {
        name: "ORCA",
        stream_type: "ORCA",
        extensions: &["orca"],
        sniff,
        kind_name,
        decoder_name,
        settings: false,
        unit: 4,
    };
    type Framer = OrcaFramer;
    type Assembler = OrcaAssembler;

    fn framer(limits: FrameLimits) -> OrcaFramer {
        OrcaFramer::new(limits)
    }

    fn assembler() -> OrcaAssembler {
        OrcaAssembler::new()
    }
}

/// Data ids differ from file to file: they have no names of their own.
fn kind_name(_: u32) -> &'static str {
    ""
}

/// Bytes of XML from words 0 and 1, if they can be those of a header packet.
pub(crate) fn header_lengths(bytes: &[u8]) -> Option<(u32, u32)> {
    let word = Word0::new(u32_at(bytes, 0)?);
    let (words, xml) = (word.words, u32_at(bytes, 4)?);
    let surplus = (i64::from(words) * 4).wrapping_sub(8).wrapping_sub(xml.into());
    (word.id == 0 && !word.short && (0..=3).contains(&surplus)).then_some((words, xml))
}

fn sniff(bytes: &[u8]) -> Sniff {
    if header_lengths(bytes).is_some() && bytes.get(8..12) == Some(b"<?xm") {
        Sniff::Magic
    } else {
        Sniff::No
    }
}
