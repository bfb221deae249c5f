//! The channel table of a llamaDAQ file: 88 bytes per open channel.
//!
//! | offset | type | name || offset | type | name |
//! |--|--|--|--|--|--|--|
//! | 0 | u32 | fadc index || 48 | u32 | avg_mode |
//! | 4 | u32 | channel index || 52 | u32 | sample_length, samples |
//! | 8 | u32 | flags: bit 0 14_bit_flag, bit 1 open || 56 | u32 | avg_sample_length |
//! | 12 | u32 | adc_offset || 60 | u32 | maw_buffer_length |
//! | 16 | f64 | sample_freq, MHz || 64 | u32 | event_length, words |
//! | 24 | f64 | gain || 68 | u32 | event_header_length |
//! | 32 | u32 | format_bits || 72 | u32 | accum6_offset |
//! | 36 | u32 | sample_start_index || 76 | u32 | accum2_offset |
//! | 40 | u32 | sample_pretrigger || 80 | u32 | maw3_offset |
//! | 44 | u32 | avg_sample_pretrigger || 84 | u32 | energy_offset |

use crate::bytes::Cursor;
use crate::decoder::RowSink;
use crate::field::Value;

/// Bytes of a channel's entry.
pub const ENTRY: usize = 88;
/// Name of the header object.
pub(super) const TABLE: &str = "LLAMAHeader";

/// An open channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Channel {
    /// `(fadc << 4) + channel`
    pub id: u32,
    /// Bit 0: 14 bit; bit 1: open.
    pub flags: u32,
    /// Offset of the ADC.
    pub adc_offset: u32,
    /// Sampling frequency, MHz.
    pub sample_freq: f64,
    /// Volts per LSB.
    pub gain: f64,
    /// Which groups events have.
    pub format_bits: u32,
    /// First sample of the raw waveform.
    pub sample_start_index: u32,
    /// Raw samples before the trigger.
    pub sample_pretrigger: u32,
    /// Averaged samples before the trigger.
    pub avg_sample_pretrigger: u32,
    /// Averaged samples hold 2^(avg_mode + 1) raw ones.
    pub avg_mode: u32,
    /// Raw samples.
    pub sample_length: u32,
    /// Averaged samples.
    pub avg_sample_length: u32,
    /// Words from `maw_buffer_length` to `energy_offset`.
    pub rest: [u32; 7],
}

impl Channel {
    /// Reads an entry of [`ENTRY`] bytes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(bytes);
        let (fadc, channel) = (c.u32()?, c.u32()?);
        let mut entry = Channel {
            id: (fadc << 4).wrapping_add(channel),
            flags: c.u32()?,
            adc_offset: c.u32()?,
            sample_freq: c.f64()?,
            gain: c.f64()?,
            format_bits: c.u32()?,
            sample_start_index: c.u32()?,
            sample_pretrigger: c.u32()?,
            avg_sample_pretrigger: c.u32()?,
            avg_mode: c.u32()?,
            sample_length: c.u32()?,
            avg_sample_length: c.u32()?,
            rest: [0; 7],
        };
        for word in &mut entry.rest {
            *word = c.u32()?;
        }
        Some(entry)
    }

    /// Words of an event.
    pub const fn event_length(&self) -> u32 {
        self.rest[1]
    }

    /// Averaged samples of an event; without averaging there are none, whatever the table says.
    pub const fn averaged_length(&self) -> u32 {
        if self.avg_mode > 0 { self.avg_sample_length } else { 0 }
    }

    /// Nanoseconds per raw sample.
    pub fn raw_ns(&self) -> f64 {
        1000.0 / self.sample_freq
    }

    /// Nanoseconds per averaged sample.
    pub fn averaged_ns(&self) -> f64 {
        let factor = 1u64.checked_shl(self.avg_mode.saturating_add(1)).unwrap_or(0);
        self.raw_ns() * factor as f64
    }

    /// Channels of the same geometry share a table.
    pub(super) const fn geometry(&self) -> (u32, u32, u32) {
        (self.sample_length, self.avg_sample_length, self.avg_mode)
    }

    /// Puts the entry into the header object.
    pub(super) fn put<S: RowSink>(&self, sink: &mut S) {
        let [maw, length, header, accum6, accum2, maw3, energy] = self.rest;
        let words = [
            ("14_bit_flag", self.flags & 1),
            ("adc_offset", self.adc_offset),
            ("format_bits", self.format_bits),
            ("sample_start_index", self.sample_start_index),
            ("sample_pretrigger", self.sample_pretrigger),
            ("avg_sample_pretrigger", self.avg_sample_pretrigger),
            ("avg_mode", self.avg_mode),
            ("sample_length", self.sample_length),
            ("avg_sample_length", self.avg_sample_length),
            ("maw_buffer_length", maw),
            ("event_length", length),
            ("event_header_length", header),
            ("accum6_offset", accum6),
            ("accum2_offset", accum2),
            ("maw3_offset", maw3),
            ("energy_offset", energy),
        ];
        let id = self.id;
        for (name, word) in words {
            sink.header(TABLE, format_args!("fch_{id:02}/{name}"), Value::U32(word));
        }
        for (name, value) in [("sample_freq", self.sample_freq), ("gain", self.gain)] {
            sink.header(TABLE, format_args!("fch_{id:02}/{name}"), Value::F64(value));
        }
    }
}
