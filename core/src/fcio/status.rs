//! Status (tag 4): one row per card.
//!
//! Frames: 0 i32 status; 1 i32 statustime\[10\] (0, 1 master s, us; 2, 3 server unix s, us; 5, 6 run start s, us);
//! 2 i32 cards; 3 i32 size; then `cards` frames of `size` bytes:
//!
//! | offset | type | name |
//! |--|--|--|
//! | 0 | u32 | reqid: 0 master, 0x1000+i trigger, 0x2000+i ADC, 0x4000+i submaster |
//! | 4 | u32 | status |
//! | 8 | u32 | eventno |
//! | 12, 16, 20 | u32 | pps, ticks (4 ns), maxticks |
//! | 24, 28, 32 | u32 | numenv, numctilinks, numlinks |
//! | 40, 44, 48, 52 | u32 | totalerrors, enverrors, ctierrors, linkerrors |
//! | 56 | u32\[5\] | othererrors |
//! | 76 | i32\[16\] | environment: 0-4 temperatures mC, 5-10 voltages mV, 11 current mA, 12 humidity permille, 13-14 ADC daughter boards mC |
//! | 140 | u32\[4\] | ctilinks |
//! | 156 | u32\[256\] | linkstates |

use super::clock::Words;
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink};
use crate::field::{DType, Field, Value};

mod field {
    pub(super) const REQID: usize = 0;
    pub(super) const EVENTNO: usize = 8;
    pub(super) const PPS: usize = 12;
    pub(super) const TICKS: usize = 16;
    pub(super) const NUMENV: usize = 24;
    pub(super) const NUMCTILINKS: usize = 28;
    pub(super) const NUMLINKS: usize = 32;
    pub(super) const TOTALERRORS: usize = 40;
    pub(super) const OTHERERRORS: usize = 56;
    pub(super) const ENVIRONMENT: usize = 76;
    pub(super) const CTILINKS: usize = 140;
    pub(super) const LINKSTATES: usize = 156;
    pub(super) const SIZE: usize = 1180;
}

const fn u32_field(name: &'static str, text: &'static str) -> Field {
    Field::one(name, DType::U32).describe(text)
}

/// Columns of a table of card status.
pub const FIELDS: &[Field] = &[
    u32_field("packet_id", "Packet index in file."),
    Field::one("status", DType::Bool)
        .describe("True: Ok, False: Errors occurred, check card-wise status."),
    Field::one("fpga_time", DType::F32)
        .units("s")
        .describe("The clock in the fpga of the highest-level card."),
    Field::one("server_time", DType::F64)
        .units("s")
        .describe("The server time when the status was checked."),
    Field::one("fpga_start_time", DType::F64).units("s").describe("The start time of the run."),
    u32_field("id", "The card id (reqid) when checking the status. Don't confuse with the card address."),
    u32_field("eventnumber", "The eventcounter when the status was requested."),
    u32_field("fpga_time_nsec", "The clock in the fpga of the highest-level card.").units("ns"),
    u32_field("n_total_errors", "The sum of all error counter of all cards."),
    u32_field("n_environment_errors", "The sum of all environment sensor errors."),
    u32_field("n_cti_errors", "The sum of all CTI connection errors."),
    u32_field("n_link_errors", "The sum of all trigger link errors."),
    Field::fixed("n_other_errors", DType::U32, 5).describe("The sum of other errors."),
    Field::fixed("mb_temps", DType::I32, 5)
        .units("mC")
        .describe("The temperatures measured by sensors on the motherboard."),
    Field::fixed("mb_voltages", DType::I32, 6)
        .units("mV")
        .describe("The supply voltages of the motherboard."),
    Field::one("mb_current", DType::I32)
        .units("mA")
        .describe("The current draw of the motherboard."),
    Field::one("mb_humidity", DType::I32)
        .units("o/oo")
        .describe("The humidity in permille measured on the motherboard."),
    Field::any("adc_temps", DType::I32).units("mC").describe(
        "If the card has adc daughter (piggy) boards mounted, each daughter has a temperature sensor.",
    ),
    Field::any("cti_links", DType::U32).describe("CTI debugging values, for experts only."),
    Field::any("link_states", DType::U32)
        .describe("Trigger link debugging values, for experts only."),
];

/// What the frames before the cards say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    pub(super) status: i32,
    pub(super) time: Words,
}

impl Head {
    fn seconds(&self, i: usize) -> f64 {
        self.time.column(i) as f64 + 1e-6 * f64::from(self.time.column(i + 1))
    }
}

/// A card's status; a short one reads as zeros beyond its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Card<'a>(pub(super) &'a [u8]);

impl<'a> Card<'a> {
    fn u32(&self, at: usize) -> u32 {
        u32_at(self.0, at).unwrap_or(0)
    }

    /// Up to `n` of the words at `at`, as far as the layout and the bytes reach.
    fn words(&self, at: usize, n: u32, most: u32) -> &'a [u8] {
        let room = self.0.len().min(field::SIZE).saturating_sub(at) / 4;
        let end = at.wrapping_add(4 * room.min(n.min(most) as usize));
        self.0.get(at..end).unwrap_or(&[])
    }

    pub(super) fn reqid(&self) -> u32 {
        self.u32(field::REQID)
    }

    /// FPGA time in ns, low 32 bits as the field stores it.
    fn time_nsec(&self) -> u32 {
        let ns = 1_000_000_000u64.wrapping_mul(self.u32(field::PPS).into());
        ns.wrapping_add(4u64.wrapping_mul(self.u32(field::TICKS).into())) as u32
    }

    pub(super) fn decode<S: RowSink>(&self, head: &Head, packet_id: u32, row: Row, sink: &mut S) {
        sink.put(row, 0, Value::U32(packet_id));
        sink.put(row, 1, Value::Bool(head.status != 0));
        sink.put(row, 2, Value::F32(head.seconds(0) as f32));
        sink.put(row, 3, Value::F64(head.seconds(2)));
        sink.put(row, 4, Value::F64(head.seconds(5)));
        sink.put(row, 5, Value::U32(self.reqid()));
        sink.put(row, 6, Value::U32(self.u32(field::EVENTNO)));
        sink.put(row, 7, Value::U32(self.time_nsec()));
        for i in 0..4 {
            sink.put(row, 8 + i, Value::U32(self.u32(field::TOTALERRORS + 4 * i)));
        }
        let env = |i: usize| self.u32(field::ENVIRONMENT + 4 * i) as i32;
        sink.put(row, 12, Value::Array(DType::U32, self.words(field::OTHERERRORS, 5, 5)));
        sink.put(row, 13, Value::Array(DType::I32, self.words(field::ENVIRONMENT, 5, 5)));
        sink.put(row, 14, Value::Array(DType::I32, self.words(field::ENVIRONMENT + 20, 6, 6)));
        sink.put(row, 15, Value::I32(env(11)));
        sink.put(row, 16, Value::I32(env(12)));
        let daughters = self.u32(field::NUMENV).saturating_sub(13);
        sink.put(
            row,
            17,
            Value::Array(DType::I32, self.words(field::ENVIRONMENT + 52, daughters, 3)),
        );
        let links = self.u32(field::NUMCTILINKS);
        sink.put(row, 18, Value::Array(DType::U32, self.words(field::CTILINKS, links, 4)));
        let states = self.u32(field::NUMLINKS);
        sink.put(row, 19, Value::Array(DType::U32, self.words(field::LINKSTATES, states, 256)));
    }
}
