//! FlashCam streams: FCIO records in TMIO frames.
//!
//! A frame is an `i32` and what it announces: `-1000000001` a protocol name of 64 bytes, other
//! negative numbers a record tag, numbers from 0 on that many bytes of data.
//!
//! | tag | record | written by |
//! |--|--|--|
//! | 1 | Config | [`Stream::config`] |
//! | 3 | Event | [`Stream::event`], [`Stream::event_of`] |
//! | 4 | Status | [`Stream::status`] |
//! | 5 | RecEvent | [`Stream::rec_event`] |
//! | 6 | SparseEvent | [`Stream::sparse_event`], [`Stream::sparse_event_of`], [`Stream::card_event`] |
//! | 7 | EventHeader | [`Stream::event_header`] |
//! | 8, 9, 10 | FSPConfig, FSPEvent, FSPStatus | [`Stream::fsp_config`], `fsp_event`, `fsp_status` |

mod event;
mod fsp;
mod run;
pub mod showers;
mod status;
#[cfg(test)]
mod tests;

pub use fsp::{FspFlags, FspLayout};
pub use status::STATUS_SIZE;

use super::bytes::{put_f32, put_i32, put_u16, put_u32};
use super::pulse::Channel;
use super::rng::Rng;

/// Ticks of the 250 MHz clock in one second.
const TICKS: u64 = 250_000_000;
/// Unix time of the start of the simulated runs: 2026-01-01 12:00:00 UTC.
pub(in crate::emit) const RUN_START: i32 = 1_767_268_800;
/// Seconds from the reset of the master clock to the start of the run.
const SINCE_RESET: i32 = 5;

/// What the channels see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detector {
    /// Gamma rays in germanium detectors.
    Germanium,
    /// Single photo electrons in silicon photomultipliers.
    Photomultiplier,
    /// Air showers in the camera of a Cherenkov telescope.
    Camera,
}

/// Parameters of a FlashCam stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitter {
    /// Seed of everything random.
    pub seed: u64,
    /// What the channels see.
    pub detector: Detector,
    /// Number of ADC traces.
    pub adcs: u16,
    /// Number of trigger traces (12-bit firmware).
    pub triggers: u16,
    /// Samples per trace.
    pub samples: u16,
    /// 16 (6 channels per card, 16 ns) or 12 (24 channels per card, 4 ns).
    pub adcbits: u8,
    /// Steps of the firmware baseline per ADC count.
    pub blprecision: i32,
    /// Samples the firmware integrates.
    pub sumlength: i32,
    /// Allowed clock drift in µs with an external clock, 0 without one.
    pub gps: i32,
    /// Stream identifier; the low 16 bits are the `fcid`.
    pub stream_id: i32,
    /// Frames of the Config record: 12, 11 (no stream id) or 10 (no trace map either).
    pub config_frames: usize,
    /// Entries of the timestamp array, 5 or 10.
    pub timestamp_entries: usize,
    /// Entries of the dead-region array, 5 or 10.
    pub deadregion_entries: usize,
    /// Mean time between events in µs.
    pub interval_us: f64,
    /// Share of events before which the front end was dead for a while.
    pub dead_share: f64,
    /// End every event record with a frame that readers do not know.
    pub surplus: bool,
}

impl Default for Emitter {
    /// One card of germanium detectors read with the 16-bit firmware.
    fn default() -> Self {
        Self {
            seed: 1,
            detector: Detector::Germanium,
            adcs: 6,
            triggers: 0,
            samples: 800,
            adcbits: 16,
            blprecision: 1,
            sumlength: 1,
            gps: 0,
            stream_id: 0x1_0001,
            config_frames: 12,
            timestamp_entries: 5,
            deadregion_entries: 5,
            interval_us: 4000.0,
            dead_share: 0.1,
            surplus: false,
        }
    }
}

impl Emitter {
    /// A part of a Cherenkov camera read with the 12-bit firmware: three cards with a trigger
    /// card each, and a GPS clock.
    pub fn camera(seed: u64) -> Self {
        Self {
            seed,
            detector: Detector::Camera,
            adcs: 72,
            triggers: 3,
            samples: 32,
            adcbits: 12,
            blprecision: 16,
            sumlength: 8,
            gps: 20,
            timestamp_entries: 10,
            deadregion_entries: 10,
            interval_us: 900.0,
            ..Self::default()
        }
    }

    /// Channels per ADC card of the chosen firmware.
    pub fn channels_per_card(&self) -> u16 {
        if self.adcbits == 12 { 24 } else { 6 }
    }

    /// Number of ADC cards.
    pub fn cards(&self) -> u16 {
        self.adcs.div_ceil(self.channels_per_card())
    }

    /// Number of traces: ADC and trigger.
    pub fn traces(&self) -> u16 {
        self.adcs + self.triggers
    }

    /// Sampling period in ns.
    pub fn period_ns(&self) -> f64 {
        if self.adcbits == 12 { 4.0 } else { 16.0 }
    }

    /// Address of an ADC card.
    pub fn card_address(card: u16) -> u16 {
        0x100 + 0x10 * card
    }

    /// The trace map: card address and input of every trace.
    pub fn trace_map(&self) -> Vec<u32> {
        let per_card = self.channels_per_card();
        let adc = |trace: u16| {
            u32::from(Self::card_address(trace / per_card)) << 16 | u32::from(trace % per_card)
        };
        let trigger = |card: u16| u32::from(0x800 + card) << 16;
        (0..self.adcs).map(adc).chain((0..self.triggers).map(trigger)).collect()
    }

    /// The stream at its start, nothing written.
    pub fn stream(&self) -> Stream {
        let mut rng = Rng::new(self.seed);
        let bits = u32::from(self.adcbits);
        let channels = (0..self.traces())
            .map(|_| match self.detector {
                Detector::Germanium => Channel::germanium(&mut rng, bits, self.period_ns()),
                Detector::Photomultiplier | Detector::Camera => {
                    Channel::photomultiplier(&mut rng, bits, self.period_ns())
                }
            })
            .collect();
        Stream {
            setup: self.clone(),
            rng,
            channels,
            ticks: SINCE_RESET as u64 * TICKS + TICKS / 1000,
            event_number: 0,
            event_type: 1,
            dead: [0, 0, 0, 0, TICKS as i32 - 1, 0, i32::from(self.traces()), 0, 0, 0],
            cards_seen: vec![false; usize::from(self.cards())],
        }
    }

    /// A whole run: protocol, Config and a mix of records with the given number of events.
    pub fn run(&self, events: u32) -> Vec<u8> {
        run::run(self, events)
    }
}

/// A stream in the making: every function appends one record.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The parameters.
    pub setup: Emitter,
    /// Clock of the master card in ticks of 4 ns since its reset.
    pub ticks: u64,
    /// Number of the next event.
    pub event_number: i32,
    /// Type of the next events: 1 shared trigger, 2 calibration, 3 simulated.
    pub event_type: i32,
    /// Dead region as it will be written: start (s, ticks), stop (s, ticks), largest tick,
    /// first trace, number of traces, reserved.
    pub dead: [i32; 10],
    pub(in crate::emit) rng: Rng,
    channels: Vec<Channel>,
    cards_seen: Vec<bool>,
}

impl Stream {
    /// The protocol frame every stream starts with.
    pub fn protocol(&self, out: &mut Vec<u8>) {
        put_i32(out, &[-1_000_000_001]);
        let mut name = [0; 64];
        name[..10].copy_from_slice(b"FlashCamV1");
        out.extend_from_slice(&name);
    }

    /// The Config record, with as many frames as the parameters say.
    pub fn config(&self, out: &mut Vec<u8>) {
        let setup = &self.setup;
        tag(out, 1);
        let (adcs, triggers) = (i32::from(setup.adcs), i32::from(setup.triggers));
        let geometry = [adcs, triggers, i32::from(setup.samples)];
        let firmware = [setup.blprecision, setup.sumlength, i32::from(setup.adcbits)];
        let masters = 1 + i32::from(setup.triggers > 0);
        let cards = [masters, triggers, i32::from(setup.cards()), setup.gps];
        for value in geometry.into_iter().chain(firmware).chain(cards) {
            ints(out, &[value]);
        }
        if setup.config_frames > 10 {
            frame(out, |data| put_u32(data, &setup.trace_map()));
        }
        if setup.config_frames > 11 {
            ints(out, &[setup.stream_id]);
        }
    }

    /// Let the clock run on to the next event. Now and then (not before the first one) a part of
    /// the time was dead.
    pub fn advance(&mut self) {
        let step = if self.setup.adcbits == 12 { 1 } else { 4 };
        let mean = self.setup.interval_us * 250.0 / step as f64;
        let length = f64::from(self.setup.samples) * self.setup.period_ns() / 4.0;
        let gap = (length + mean * self.rng.exponential()) as u64 * step;
        let before = self.ticks;
        self.ticks += gap.max(step);
        if self.event_number > 0 && self.rng.chance(self.setup.dead_share) {
            let start = before + self.rng.below(gap / 4);
            let length = 1 + self.rng.below(gap);
            self.set_dead(start, start + length);
        }
    }

    /// Declare the time between two clock readings (in ticks) dead.
    pub fn set_dead(&mut self, start: u64, stop: u64) {
        let ((start_s, start_tick), (stop_s, stop_tick)) = (split(start), split(stop));
        self.dead[..4].copy_from_slice(&[start_s, start_tick, stop_s, stop_tick]);
    }

    /// A record readers do not know: two frames, one of them empty.
    pub fn unknown(&mut self, out: &mut Vec<u8>, record_tag: i32) {
        tag(out, record_tag);
        frame(out, |data| data.extend_from_slice(b"a record of the future"));
        frame(out, |_| ());
    }

    pub(in crate::emit) fn time_offset(&self) -> [i32; 10] {
        let reset = RUN_START - SINCE_RESET;
        let drift = self.event_number % 50 - 25;
        [reset, 1234, reset + 1, drift, drift.abs(), SINCE_RESET, 250, 0, 0, 0]
    }

    pub(in crate::emit) fn timestamp(&self) -> [i32; 10] {
        let (seconds, ticks) = split(self.ticks);
        [self.event_number, seconds, ticks, TICKS as i32 - 1, 0, 0, 0, 0, 0, 0]
    }
}

/// A clock reading as seconds and ticks.
fn split(ticks: u64) -> (i32, i32) {
    ((ticks / TICKS) as i32, (ticks % TICKS) as i32)
}

/// A tag frame.
pub(super) fn tag(out: &mut Vec<u8>, tag: i32) {
    put_i32(out, &[-tag]);
}

/// A data frame with what `fill` writes.
pub(super) fn frame(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut data = Vec::new();
    fill(&mut data);
    put_i32(out, &[data.len() as i32]);
    out.append(&mut data);
}

fn ints(out: &mut Vec<u8>, values: &[i32]) {
    frame(out, |data| put_i32(data, values));
}

fn floats(out: &mut Vec<u8>, values: &[f32]) {
    frame(out, |data| put_f32(data, values));
}

fn shorts(out: &mut Vec<u8>, values: &[u16]) {
    frame(out, |data| put_u16(data, values));
}
