//! Packets of the Struck digitizers SIS3302 and SIS3316.

use super::{Stream, id, long};
use crate::emit::bytes::pair_samples;
use crate::emit::pulse::{Spectrum, baseline_and_height};
use crate::emit::sis3316;

/// A SIS3302 card (100 MHz).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sis3302 {
    /// Slot in crate 0.
    pub slot: u8,
    /// Enabled channels, one bit each (8).
    pub enabled: u8,
    /// Samples per waveform (even).
    pub samples: u32,
    /// Words of the energy waveform.
    pub energy_words: u32,
}

impl Default for Sis3302 {
    fn default() -> Self {
        Self { slot: 4, enabled: 0b0010_0101, samples: 1024, energy_words: 16 }
    }
}

/// A SIS3316 card (125 MHz).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sis3316 {
    /// Slot in crate 0.
    pub slot: u8,
    /// Enabled channels, one bit each (16).
    pub enabled: u16,
    /// Samples per waveform (even).
    pub samples: u32,
    /// Groups of accumulators in every event, one bit each.
    pub format_bits: u32,
}

impl Default for Sis3316 {
    fn default() -> Self {
        Self { slot: 5, enabled: 0b11, samples: 600, format_bits: 0xF }
    }
}

impl Stream {
    /// A SIS3302 packet; a wrapped one was cut out of a ring buffer that began anywhere.
    pub fn sis3302(&mut self, out: &mut Vec<u8>, channel: u32, wrapped: bool) {
        let Some(card) = self.setup.sis3302 else { return };
        let mut trace = self.sis_trace(channel, card.samples);
        let (_, height) = baseline_and_height(&trace, trace.len() / 4);
        let high = (self.ticks >> 32) as u32;
        let place = u32::from(card.slot) << 16 | channel << 8;
        let mut words = vec![place | u32::from(wrapped), card.samples / 2, card.energy_words];
        words.extend([high << 16, self.ticks as u32]);
        if wrapped && !trace.is_empty() {
            let last = self.rng.below(trace.len() as u64 - 1) as usize;
            trace.rotate_right(last + 1);
            words.extend([0, last as u32]);
        }
        words.extend(pair_samples(&trace));
        let energy = (height * 16.0) as u32;
        let rise = |word| energy * (word + 1) / card.energy_words.max(1);
        words.extend((0..card.energy_words).map(rise));
        words.extend([energy, energy / 20, 0, 0xDEAD_BEEF]);
        long(out, id::SIS3302, &words);
    }

    /// A SIS3316 packet with several events of a channel, all with the given format bits.
    pub fn sis3316(&mut self, out: &mut Vec<u8>, channel: u32, events: u32, format_bits: u32) {
        let Some(card) = self.setup.sis3316 else { return };
        let header = 3 + sis3316::group_words(format_bits) as u32;
        let place = u32::from(card.slot) << 16 | channel << 8;
        let mut words = vec![place, events, header + card.samples / 2, events, header, 0, 0, 0, 0];
        for _ in 0..events {
            let trace = self.sis_trace(channel, card.samples);
            let id = u32::from(card.slot) << 4 | channel;
            words.extend(sis3316::head(format_bits, id, self.ticks));
            words.extend(sis3316::groups(format_bits, &trace));
            words.push(0xE << 28 | (card.samples / 2));
            words.extend(pair_samples(&trace));
        }
        long(out, id::SIS3316, &words);
    }

    /// One event of a typical run.
    pub(super) fn sis_event(&mut self, out: &mut Vec<u8>, event: u32) {
        if let Some(card) = self.setup.sis3302 {
            let channel = self.enabled(u16::from(card.enabled));
            self.sis3302(out, channel, event % 3 == 2);
        }
        if let Some(card) = self.setup.sis3316 {
            let channel = self.enabled(card.enabled);
            self.sis3316(out, channel, 1 + event % 3, card.format_bits);
        }
    }

    /// An enabled channel (0 if none is).
    fn enabled(&mut self, mask: u16) -> u32 {
        let channels: Vec<u32> = (0..16).filter(|bit| mask >> bit & 1 == 1).collect();
        let index = self.rng.below(channels.len() as u64) as usize;
        channels.get(index).copied().unwrap_or(0)
    }

    fn sis_trace(&mut self, channel: u32, samples: u32) -> Vec<u16> {
        self.ticks += 200_000 + (400_000.0 * self.rng.exponential()) as u64;
        let source = self.sis[channel as usize % self.sis.len()];
        let samples = samples as usize;
        let foot = samples as f64 * 0.4;
        let pulses = Spectrum::default().pulses(&mut self.rng, &source, foot, samples);
        source.trace(&mut self.rng, samples, &pulses)
    }
}
