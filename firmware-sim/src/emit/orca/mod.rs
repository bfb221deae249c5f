//! ORCA files: packets of 32-bit words behind a property list that describes them.
//!
//! | word 0 | packet |
//! |--|--|
//! | bit 31 set | short: this word alone, id in bits 26-31 |
//! | length in bits 0-17 | long, id in bits 18-31 |
//! | length field 0 | extended: the length is in word 1 |
//!
//! | packet | written by |
//! |--|--|
//! | header | [`Stream::header`] |
//! | run start, stop, heartbeat | [`Stream::run_record`] |
//! | FlashCam listener config, waveforms | [`Stream::flashcam_config`], `flashcam_waveforms` |
//! | FCIO inside ORCA | [`Stream::fcio_config`], `fcio_record` |
//! | Struck digitizers | [`Stream::sis3302`], [`Stream::sis3316`] |
//! | a type no reader knows, a short packet, bytes of no packet | [`Stream::unknown`], `short`, `foreign` |

mod flashcam;
mod header;
pub mod plist;
mod sis;
#[cfg(test)]
mod tests;

pub use flashcam::Record;
pub use sis::{Sis3302, Sis3316};

use super::bytes::put_u32;
use super::fcio::{self, FspLayout, RUN_START};
use super::pulse::Channel;
use super::rng::Rng;

/// Data ids as they stand in word 0.
pub mod id {
    /// Run start, stop and heartbeat.
    pub const RUN: u32 = 1 << 18;
    /// FlashCam listener config.
    pub const FLASHCAM_CONFIG: u32 = 2 << 18;
    /// FlashCam waveform.
    pub const FLASHCAM_WAVEFORM: u32 = 3 << 18;
    /// FCIO Config.
    pub const FCIO_CONFIG: u32 = 4 << 18;
    /// FCIO Event or SparseEvent.
    pub const FCIO_EVENT: u32 = 5 << 18;
    /// FCIO EventHeader.
    pub const FCIO_EVENT_HEADER: u32 = 6 << 18;
    /// FCIO Status.
    pub const FCIO_STATUS: u32 = 7 << 18;
    /// Struck SIS3302.
    pub const SIS3302: u32 = 8 << 18;
    /// Struck SIS3316.
    pub const SIS3316: u32 = 9 << 18;
    /// A type no reader knows.
    pub const UNKNOWN: u32 = 10 << 18;
    /// The short packet.
    pub const SHORT: u32 = 0x8400_0000;
}

/// How FlashCam data are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlashCam {
    /// One `ORFlashCamADCWaveformDecoder` packet per trace (2022 and before).
    AdcWaveform,
    /// One `ORFlashCamWaveformDecoder` packet per trace: more inputs per card.
    Waveform,
    /// FCIO records as they are, with the records of the software trigger if a layout is given.
    Fcio(Option<FspLayout>),
}

/// Parameters of an ORCA file.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitter {
    /// Seed of everything random but FlashCam, which has its own.
    pub seed: u64,
    /// Run number.
    pub run_number: i32,
    /// A FlashCam listener and how its data are packed.
    pub flashcam: Option<(fcio::Emitter, FlashCam)>,
    /// A SIS3302 card.
    pub sis3302: Option<Sis3302>,
    /// A SIS3316 card.
    pub sis3316: Option<Sis3316>,
    /// Describe the short packet in the header.
    pub short_records: bool,
}

impl Default for Emitter {
    /// No hardware: run records only.
    fn default() -> Self {
        let (flashcam, sis3302, sis3316) = (None, None, None);
        Self { seed: 1, run_number: 42, flashcam, sis3302, sis3316, short_records: false }
    }
}

impl Emitter {
    /// FlashCam, two cards of germanium detectors.
    pub fn flashcam(seed: u64, packing: FlashCam) -> Self {
        let embedded = matches!(packing, FlashCam::Fcio(_));
        let (adcs, samples) = if embedded { (6, 400) } else { (12, 1000) };
        let setup = fcio::Emitter { seed, adcs, samples, gps: 50_000, ..fcio::Emitter::default() };
        let setup = fcio::Emitter { timestamp_entries: 5, ..setup };
        Self { seed, flashcam: Some((setup, packing)), ..Self::default() }
    }

    /// A SIS3302 card.
    pub fn sis3302(seed: u64) -> Self {
        Self { seed, sis3302: Some(Sis3302::default()), ..Self::default() }
    }

    /// A SIS3316 card.
    pub fn sis3316(seed: u64) -> Self {
        Self { seed, sis3316: Some(Sis3316::default()), ..Self::default() }
    }

    /// The file at its start, nothing written.
    pub fn stream(&self) -> Stream {
        let mut rng = Rng::new(self.seed);
        let sis = (0..16).map(|_| Channel::germanium(&mut rng, 14, 10.0)).collect();
        let fcio = self.flashcam.as_ref().map(|(setup, _)| setup.stream());
        Stream { setup: self.clone(), fcio, ticks: 1_000_000, seconds: 0, rng, sis }
    }

    /// A whole run: header, run start, data of all hardware in turn, heartbeats, run stop.
    pub fn run(&self, events: u32) -> Vec<u8> {
        let mut stream = self.stream();
        let mut out = Vec::new();
        stream.header(&mut out);
        stream.run_record(&mut out, Run::Start);
        stream.flashcam_start(&mut out);
        for event in 0..events {
            stream.flashcam_event(&mut out, event);
            stream.sis_event(&mut out, event);
            if event % 16 == 15 {
                stream.run_record(&mut out, Run::Heartbeat);
                stream.unknown(&mut out, 5);
            }
        }
        stream.run_record(&mut out, Run::Stop);
        out
    }
}

/// Kinds of run records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Start of the run.
    Start,
    /// End of the run.
    Stop,
    /// Sign of life every 30 s.
    Heartbeat,
    /// Start of the next sub-run.
    StartSubRun,
}

/// A file in the making: every function appends one packet.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The parameters.
    pub setup: Emitter,
    /// The FlashCam stream, if there is one.
    pub fcio: Option<fcio::Stream>,
    /// Clock of the Struck cards in ticks (48 bits are written).
    pub ticks: u64,
    seconds: i32,
    rng: Rng,
    sis: Vec<Channel>,
}

impl Stream {
    /// The header packet: length of the property list in bytes, then the list.
    pub fn header(&self, out: &mut Vec<u8>) {
        let mut text = plist::document(&header::header(&self.setup)).into_bytes();
        let bytes = text.len() as u32;
        text.resize(text.len().next_multiple_of(4), 0);
        put_u32(out, &[text.len() as u32 / 4 + 2, bytes]);
        out.append(&mut text);
    }

    /// A run record.
    pub fn run_record(&mut self, out: &mut Vec<u8>, kind: Run) {
        self.seconds += 30;
        let number = self.setup.run_number as u32;
        let (flags, second) = match kind {
            Run::Start => (0x21, number),
            Run::Stop => (0x20, number),
            Run::Heartbeat => (0x08, 30),
            Run::StartSubRun => (0x1_0020, number),
        };
        long(out, id::RUN, &[flags, second, (RUN_START + self.seconds) as u32]);
    }

    /// A packet of a type the header describes but no reader knows, with so many words.
    pub fn unknown(&mut self, out: &mut Vec<u8>, words: usize) {
        let payload: Vec<u32> = (1..words).map(|_| self.rng.next_u32()).collect();
        long(out, id::UNKNOWN, &payload);
    }

    /// A short packet with 26 bits of data.
    pub fn short(&self, out: &mut Vec<u8>, data: u32) {
        put_u32(out, &[id::SHORT | data & 0x03FF_FFFF]);
    }

    /// Bytes that belong to no packet.
    pub fn foreign(&mut self, out: &mut Vec<u8>, bytes: usize) {
        out.extend((0..bytes).map(|_| self.rng.below(256) as u8));
    }
}

/// A long packet, extended if it is too long for the length field.
fn long(out: &mut Vec<u8>, data_id: u32, payload: &[u32]) {
    let words = payload.len() as u32 + 1;
    if words < 1 << 18 {
        put_u32(out, &[data_id | words]);
    } else {
        put_u32(out, &[data_id, words + 1]);
    }
    put_u32(out, payload);
}
