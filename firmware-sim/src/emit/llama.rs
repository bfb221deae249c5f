//! llamaDAQ files: hits of a Struck SIS3316.
//!
//! | bytes | what |
//! |--|--|
//! | 16 | magic `LArI`, version, size of a channel entry, number of channels |
//! | 88 each | channel table |
//! | 4 · event length | hit: header words (see [`super::sis3316`]), status word, word for averaged data, raw and averaged samples |

use super::bytes::{pair_samples, put_f64, put_u16, put_u32};
use super::pulse::{Channel, Spectrum};
use super::rng::Rng;
use super::sis3316;

/// One entry of the channel table: what the channel records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Number of the digitizer.
    pub fadc: u32,
    /// Channel of the digitizer, 0 to 15.
    pub channel: u32,
    /// The channel is open (else readers warn).
    pub open: bool,
    /// Sampling frequency in MHz.
    pub sample_freq: f64,
    /// Groups of accumulators in the hit, one bit each.
    pub format_bits: u32,
    /// First raw sample written, counted from the start of the buffer.
    pub sample_start_index: u32,
    /// Raw samples before the trigger in the buffer.
    pub sample_pretrigger: u32,
    /// Averaged samples before the raw buffer.
    pub avg_sample_pretrigger: u32,
    /// Averaging over `2^(avg_mode + 1)` samples; 0 for none.
    pub avg_mode: u32,
    /// Raw samples (even; 0 for none).
    pub sample_length: u32,
    /// Averaged samples (even; 0 for none).
    pub avg_sample_length: u32,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            fadc: 0,
            channel: 0,
            open: true,
            sample_freq: 250.0,
            format_bits: 3,
            sample_start_index: 100,
            sample_pretrigger: 400,
            avg_sample_pretrigger: 0,
            avg_mode: 2,
            sample_length: 600,
            avg_sample_length: 500,
        }
    }
}

impl Input {
    /// Averaged samples are written.
    pub fn averages(&self) -> bool {
        self.avg_mode > 0 && self.avg_sample_length > 0
    }

    /// Words of a hit before its samples.
    pub fn header_words(&self) -> u32 {
        3 + sis3316::group_words(self.format_bits) as u32 + u32::from(self.averages())
    }

    /// Words of a hit.
    pub fn event_words(&self) -> u32 {
        let averaged = if self.averages() { self.avg_sample_length / 2 } else { 0 };
        self.header_words() + self.sample_length / 2 + averaged
    }
}

/// Parameters of a llamaDAQ file.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitter {
    /// Seed of everything random.
    pub seed: u64,
    /// Version of the file format: major, minor, patch.
    pub version: [u16; 3],
    /// The channel table.
    pub inputs: Vec<Input>,
    /// Mean time between hits in µs.
    pub interval_us: f64,
}

impl Default for Emitter {
    /// Two channels of equal geometry, one that averages longer, one with raw samples only.
    fn default() -> Self {
        let first = Input::default();
        let slow = Input { avg_mode: 3, avg_sample_length: 800, ..first };
        let raw = Input { avg_mode: 0, avg_sample_length: 0, ..first };
        let inputs = vec![
            first,
            Input { channel: 4, ..first },
            Input { fadc: 1, format_bits: 0xF, ..slow },
            Input { fadc: 1, channel: 2, format_bits: 0, sample_length: 1000, ..raw },
        ];
        Self { seed: 1, version: [2, 0, 0], inputs, interval_us: 50_000.0 }
    }
}

impl Emitter {
    /// The file at its start, nothing written.
    pub fn stream(&self) -> Stream {
        let mut rng = Rng::new(self.seed);
        let period = |input: &Input| 1000.0 / input.sample_freq;
        let make = |input| sis3316::channel(&mut rng, period(input));
        let channels = self.inputs.iter().map(make).collect();
        Stream { setup: self.clone(), ticks: 1_000_000, rng, channels }
    }

    /// A whole file.
    pub fn run(&self, events: u32) -> Vec<u8> {
        let mut stream = self.stream();
        let mut out = Vec::new();
        stream.header(&mut out);
        for _ in 0..events {
            let index = stream.rng.below(self.inputs.len() as u64) as usize;
            stream.event(&mut out, index);
        }
        out
    }
}

/// A file in the making: every function appends one piece.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The parameters.
    pub setup: Emitter,
    /// Time of the last hit in clock ticks (48 bits are written).
    pub ticks: u64,
    rng: Rng,
    channels: Vec<Channel>,
}

impl Stream {
    /// File header and channel table.
    pub fn header(&self, out: &mut Vec<u8>) {
        let [major, minor, patch] = self.setup.version;
        out.extend_from_slice(b"LArI");
        put_u16(out, &[patch, minor, major, 88]);
        put_u32(out, &[self.setup.inputs.len() as u32]);
        for input in &self.setup.inputs {
            put_input(out, input);
        }
    }

    /// A hit of the channel with the given position in the table.
    pub fn event(&mut self, out: &mut Vec<u8>, index: usize) {
        let input = self.setup.inputs[index];
        let gap_us = self.setup.interval_us * self.rng.exponential();
        self.ticks += 10_000 + (gap_us * input.sample_freq) as u64;
        let late = if input.averages() { self.rng.below(2 << input.avg_mode) as u32 } else { 0 };
        let (raw, averaged) = self.samples(index, late);
        let id = input.fadc << 4 | input.channel;
        put_u32(out, &sis3316::head(input.format_bits, id, self.ticks));
        put_u32(out, &sis3316::groups(input.format_bits, &raw));
        let kind: u32 = if input.averages() { 0xA } else { 0xE };
        let pile_up = u32::from(self.rng.chance(0.1)) << 26;
        put_u32(out, &[kind << 28 | pile_up | (input.sample_length / 2)]);
        if input.averages() {
            put_u32(out, &[0xE << 28 | late << 16 | (input.avg_sample_length / 2)]);
        }
        put_u32(out, &pair_samples(&raw));
        put_u32(out, &pair_samples(&averaged));
    }

    /// Raw and averaged samples of one signal; the averaged ones begin `late` raw samples after
    /// their nominal start.
    fn samples(&mut self, index: usize, late: u32) -> (Vec<u16>, Vec<u16>) {
        let input = self.setup.inputs[index];
        let step = 2_usize << input.avg_mode;
        let before = input.avg_sample_pretrigger as usize * step;
        let trigger = input.sample_pretrigger as usize + before;
        let raw_start = input.sample_start_index as usize + before;
        let averaged = if input.averages() { input.avg_sample_length as usize } else { 0 };
        let late = late as usize;
        let length = (raw_start + input.sample_length as usize).max(late + averaged * step);
        let channel = self.channels[index];
        let pulses = Spectrum::default().pulses(&mut self.rng, &channel, trigger as f64, length);
        let trace = channel.trace(&mut self.rng, length, &pulses);
        let mean = |chunk: &[u16]| {
            let sum: u32 = chunk.iter().map(|sample| u32::from(*sample)).sum();
            (sum / chunk.len() as u32) as u16
        };
        let raw = trace[raw_start..raw_start + input.sample_length as usize].to_vec();
        (raw, trace[late..].chunks(step).take(averaged).map(mean).collect())
    }
}

/// 88 bytes of the channel table.
fn put_input(out: &mut Vec<u8>, input: &Input) {
    let groups = |below: u32| 2 + sis3316::group_words(input.format_bits & below) as u32;
    put_u32(out, &[input.fadc, input.channel, 0b101 | u32::from(input.open) << 1, 8191]);
    put_f64(out, &[input.sample_freq, 0.000_122_077_763_535_372_03]);
    put_u32(out, &[input.format_bits, input.sample_start_index]);
    put_u32(out, &[input.sample_pretrigger, input.avg_sample_pretrigger, input.avg_mode]);
    put_u32(out, &[input.sample_length, input.avg_sample_length, 0]);
    put_u32(out, &[input.event_words(), input.header_words()]);
    put_u32(out, &[groups(0), groups(1), groups(3), groups(7)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::bytes::checksum;

    fn word(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[4 * at..4 * at + 4].try_into().unwrap())
    }

    /// Walks the hits by the channel table alone: (id, words) of each.
    fn walk(bytes: &[u8]) -> Vec<(u32, usize)> {
        assert_eq!(&bytes[..4], b"LArI");
        let channels = word(bytes, 3) as usize;
        let entry = |index: usize| &bytes[16 + 88 * index..16 + 88 * (index + 1)];
        let table: Vec<(u32, usize)> = (0..channels)
            .map(entry)
            .map(|entry| (word(entry, 0) << 4 | word(entry, 1), word(entry, 16) as usize))
            .collect();
        let mut rest = &bytes[16 + 88 * channels..];
        let mut hits = Vec::new();
        while !rest.is_empty() {
            let id = word(rest, 0) >> 4 & 0xFFF;
            let hit = *table.iter().find(|entry| entry.0 == id).unwrap();
            hits.push(hit);
            rest = &rest[4 * hit.1..];
        }
        hits
    }

    #[test]
    fn hits_follow_the_table_in_every_format() {
        for format_bits in 0..16 {
            for (avg_mode, sample_length) in [(0, 20), (1, 20), (3, 0)] {
                let first = Input { format_bits, avg_mode, sample_length, ..Input::default() };
                let inputs = vec![first, Input { channel: 3, sample_length: 40, ..first }];
                let setup = Emitter { inputs, ..Emitter::default() };
                assert_eq!(walk(&setup.run(6)).len(), 6);
            }
        }
    }

    #[test]
    fn status_word_names_the_samples() {
        let setup = Emitter::default();
        let mut out = Vec::new();
        setup.stream().event(&mut out, 0);
        assert_eq!(word(&out, 11) & 0xF3FF_FFFF, 0xA000_0000 | 300);
        assert_eq!(word(&out, 12) & 0xFF00_FFFF, 0xE000_0000 | 250);
        assert_eq!(out.len(), 4 * (13 + 300 + 250));
        out.clear();
        setup.stream().event(&mut out, 3);
        assert_eq!(word(&out, 2) & 0xF3FF_FFFF, 0xE000_0000 | 500);
    }

    #[test]
    fn same_seed_same_bytes() {
        let run = |seed| Emitter { seed, ..Emitter::default() }.run(9);
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
        assert_eq!(checksum(&run(1)), 0xF817_A8F4_06A1_10BC, "golden checksum");
    }
}
