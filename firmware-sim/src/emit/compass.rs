//! CoMPASS list-mode files.
//!
//! | bytes | field |
//! |--|--|
//! | 2 | file header: `0xCA` in the high byte, content flags in the low one |
//! | 2, 2, 8 | board, channel, timestamp in ps |
//! | 2 | energy in ADC channels (flag 0) |
//! | 8 | calibrated energy, `f64` (flag 1) |
//! | 2 | energy of the short gate (flag 2) |
//! | 4, 1, 4 | flags, waveform code, number of samples |
//! | 2 each | samples (flag 3; else the number is 0) |

use super::bytes::{put_f64, put_u16, put_u32, put_u64};
use super::pulse::{Channel, Spectrum, baseline_and_height};
use super::rng::Rng;

/// Parameters of a CoMPASS file.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitter {
    /// Seed of everything random.
    pub seed: u64,
    /// Write the two bytes of file header (continuation files have none).
    pub file_header: bool,
    /// Energy in ADC channels (flag 0).
    pub energy_channels: bool,
    /// Calibrated energy (flag 1).
    pub energy_calibrated: bool,
    /// Energy of the short gate (flag 2).
    pub energy_short: bool,
    /// Waveform samples (flag 3).
    pub waveform: bool,
    /// Samples per waveform.
    pub samples: u32,
    /// Number of boards.
    pub boards: u16,
    /// Channels per board.
    pub channels: u16,
    /// Mean time between events in µs.
    pub interval_us: f64,
}

impl Default for Emitter {
    fn default() -> Self {
        Self {
            seed: 1,
            file_header: true,
            energy_channels: true,
            energy_calibrated: false,
            energy_short: true,
            waveform: true,
            samples: 1000,
            boards: 1,
            channels: 2,
            interval_us: 800.0,
        }
    }
}

impl Emitter {
    /// The file header; bits 5 to 7 of the flags are set as real files have them.
    pub fn flags(&self) -> u16 {
        0xCAE0
            | u16::from(self.energy_channels)
            | u16::from(self.energy_calibrated) << 1
            | u16::from(self.energy_short) << 2
            | u16::from(self.waveform) << 3
    }

    /// The file at its start, nothing written.
    pub fn stream(&self) -> Stream {
        let mut rng = Rng::new(self.seed);
        let count = self.boards * self.channels;
        let channels = (0..count).map(|_| Channel::germanium(&mut rng, 14, 2.0)).collect();
        Stream { setup: self.clone(), time_ps: 1_000_000_000, rng, channels }
    }

    /// A whole file.
    pub fn run(&self, events: u32) -> Vec<u8> {
        let mut stream = self.stream();
        let mut out = Vec::new();
        stream.header(&mut out);
        for _ in 0..events {
            let board = stream.rng.below(u64::from(self.boards)) as u16;
            let channel = stream.rng.below(u64::from(self.channels)) as u16;
            stream.event(&mut out, board, channel);
        }
        out
    }
}

/// A file in the making: every function appends one piece.
#[derive(Debug, Clone)]
pub struct Stream {
    /// The parameters.
    pub setup: Emitter,
    /// Time of the last event in ps.
    pub time_ps: u64,
    rng: Rng,
    channels: Vec<Channel>,
}

impl Stream {
    /// The file header, if the parameters ask for it.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.setup.file_header {
            put_u16(out, &[self.setup.flags()]);
        }
    }

    /// One event of the given channel.
    pub fn event(&mut self, out: &mut Vec<u8>, board: u16, channel: u16) {
        let gap_ps = self.setup.interval_us * 1e6 * self.rng.exponential();
        self.time_ps += 2000 * (1 + (gap_ps / 2000.0) as u64);
        let samples = self.setup.samples as usize;
        let source = self.channels[usize::from(board * self.setup.channels + channel)];
        let pulses =
            Spectrum::default().pulses(&mut self.rng, &source, samples as f64 * 0.3, samples);
        let trace = source.trace(&mut self.rng, samples, &pulses);
        let (_, height) = baseline_and_height(&trace, samples / 4);
        put_u16(out, &[board, channel]);
        put_u64(out, &[self.time_ps]);
        if self.setup.energy_channels {
            put_u16(out, &[height as u16]);
        }
        if self.setup.energy_calibrated {
            put_f64(out, &[height / source.gain]);
        }
        if self.setup.energy_short {
            put_u16(out, &[(0.8 * height) as u16]);
        }
        let saturated = u32::from(trace.contains(&source.full_scale())) << 7;
        put_u32(out, &[0x4000 | saturated]);
        out.push(1);
        let trace = if self.setup.waveform { &trace[..] } else { &[] };
        put_u32(out, &[trace.len() as u32]);
        put_u16(out, trace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::bytes::checksum;

    fn all_combinations() -> impl Iterator<Item = Emitter> {
        (0..32_u32).map(|bits| Emitter {
            energy_channels: bits & 1 != 0,
            energy_calibrated: bits & 2 != 0,
            energy_short: bits & 4 != 0,
            waveform: bits & 8 != 0,
            file_header: bits & 16 != 0,
            samples: 20,
            boards: 2,
            ..Emitter::default()
        })
    }

    #[test]
    fn every_combination_has_its_size_and_counts() {
        for setup in all_combinations() {
            let bytes = setup.run(5);
            let flags = setup.flags();
            let energies = 2 * (flags & 1) + 8 * (flags >> 1 & 1) + 2 * (flags >> 2 & 1);
            let at = 16 + usize::from(energies);
            let samples = if setup.waveform { 20 } else { 0 };
            let size = at + 5 + 2 * samples;
            let head = if setup.file_header { 2 } else { 0 };
            assert_eq!(bytes.len(), head + 5 * size);
            for event in bytes[head..].chunks(size) {
                let count = u32::from_le_bytes(event[at + 1..at + 5].try_into().unwrap());
                assert_eq!(count as usize, samples);
                assert!(event[0] < 2 && event[2] < 2);
            }
        }
    }

    #[test]
    fn same_seed_same_bytes() {
        let run = |seed| Emitter { seed, ..Emitter::default() }.run(9);
        assert_eq!(run(5), run(5));
        assert_ne!(run(5), run(6));
        assert_eq!(checksum(&run(1)), 0xF639_7210_3BD6_C67C, "golden checksum");
    }
}
