//! Config (tag 1): twelve data frames, the last two of which old writers omit.
//!
//! | frame | bytes | field | meaning |
//! |--|--|--|--|
//! | 0 | 4 | i32 adcs | ADC traces |
//! | 1 | 4 | i32 triggers | trigger traces (12-bit firmware) |
//! | 2 | 4 | i32 eventsamples | samples per trace |
//! | 3 | 4 | i32 blprecision | FPGA baseline unit is 1/blprecision LSB |
//! | 4 | 4 | i32 sumlength | FPGA integrator length, samples |
//! | 5 | 4 | i32 adcbits | 12: 250 MHz, 4 ns per sample; 16: 62.5 MHz, 16 ns |
//! | 6 | 4 | i32 mastercards | |
//! | 7 | 4 | i32 triggercards | |
//! | 8 | 4 | i32 adccards | |
//! | 9 | 4 | i32 gps | 0: no external clock; else allowed drift in us |
//! | 10 | 4 n | u32 tracemap\[n\] | (card address << 16) + input |
//! | 11 | 4 | i32 streamid | |

use crate::bytes::{i32_at, u32_at};
use crate::field::{DType, Field};

/// Columns of the configuration, as a table and as a struct (without `packet_id`).
pub const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32).describe(PACKET_ID_TEXT),
    Field::one("nsamples", DType::I32).describe("samples per channel"),
    Field::one("nadcs", DType::I32).describe("number of adc channels"),
    Field::one("ntriggers", DType::I32).describe("number of triggertraces"),
    Field::one("streamid", DType::I32).describe("id of stream"),
    Field::one("adcbits", DType::I32).describe("bit range of the adc channels"),
    Field::one("sumlength", DType::I32).describe("length of the fpga integrator"),
    Field::one("blprecision", DType::I32).describe("precision of the fpga baseline"),
    Field::one("mastercards", DType::I32).describe("number of attached mastercards"),
    Field::one("triggercards", DType::I32).describe("number of attached triggercards"),
    Field::one("adccards", DType::I32).describe("number of attached fadccards"),
    Field::one("gps", DType::I32).describe("gps mode (0: not used, >0: external pps and 10MHz)"),
    Field::any("tracemap", DType::U32).describe(""),
];

/// Description of the packet counter.
pub(crate) const PACKET_ID_TEXT: &str = "The index of this decoded packet in the file.";

/// Column of the trace map.
pub(super) const TRACEMAP: usize = 12;

/// The scalars of a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// ADC traces.
    pub adcs: u32,
    /// Trigger traces.
    pub triggers: u32,
    /// Samples per trace.
    pub samples: u32,
    /// FPGA baseline unit is 1/this LSB.
    pub blprecision: i32,
    /// FPGA integrator length, samples.
    pub sumlength: i32,
    /// 12 or 16.
    pub adcbits: i32,
    /// Number of master cards.
    pub mastercards: i32,
    /// Number of trigger cards.
    pub triggercards: i32,
    /// Number of ADC cards.
    pub adccards: i32,
    /// External clock: 0 none, else allowed drift in us.
    pub gps: i32,
    /// Stream id.
    pub streamid: i32,
}

impl Config {
    /// All traces, ADC and trigger.
    pub const fn traces(&self) -> usize {
        self.adcs.wrapping_add(self.triggers) as usize
    }

    /// The `fcid`: low 16 bits of the stream id.
    pub const fn fcid(&self) -> u16 {
        self.streamid as u16
    }

    /// Takes a data frame.
    pub(super) fn read(&mut self, frame: u32, bytes: &[u8]) {
        let value = i32_at(bytes, 0).unwrap_or(0);
        match frame {
            0 => self.adcs = value as u32,
            1 => self.triggers = value as u32,
            2 => self.samples = value as u32,
            3 => self.blprecision = value,
            4 => self.sumlength = value,
            5 => self.adcbits = value,
            6 => self.mastercards = value,
            7 => self.triggercards = value,
            8 => self.adccards = value,
            9 => self.gps = value,
            11 => self.streamid = value,
            _ => {}
        }
    }

    /// Values of the columns between `packet_id` and `tracemap`.
    pub(super) fn columns(&self) -> [i32; 11] {
        [
            self.samples as i32,
            self.adcs as i32,
            self.triggers as i32,
            self.streamid,
            self.adcbits,
            self.sumlength,
            self.blprecision,
            self.mastercards,
            self.triggercards,
            self.adccards,
            self.gps,
        ]
    }
}

/// Reads a trace map into `out`; returns the number of entries.
pub(super) fn read_tracemap(bytes: &[u8], out: &mut [u32]) -> usize {
    let mut n = 0;
    for slot in out.iter_mut() {
        let Some(word) = u32_at(bytes, n * 4) else { break };
        *slot = word;
        n += 1;
    }
    n
}
