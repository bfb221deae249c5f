//! ORSIS3316Waveform: several events of one channel of a Struck SIS3316 (8 ns per sample).
//!
//! Ten words of ORCA header: w1 place as for the SIS3302; w2 events in this packet; w3 words per event; w4 records in the
//! FIFO; w5 data-header length, words; w6-9 spare. Event i starts at word 10 + w3 i:
//!
//! | word | bits | field |
//! |--|--|--|
//! | 0 | 0-3, 4-15, 16-31 | format bits, channel id, timestamp\[47:32\] |
//! | 1 | | timestamp\[31:0\] |
//! | format bit 0: 7 words | | peak value (low 16), index (high 16); gate-1 sum (24 bits), information (8); sums 2-6 |
//! | format bit 1: 2 words | | sums 7, 8 |
//! | format bit 2: 3 words | | MAW maximum, before and after the trigger |
//! | format bit 3: 2 words | | start energy, maximum energy |
//! | next | 0-25, 26, 27 | raw samples / 2, status flag, MAW test flag |
//! | w5... | | u16 samples to the end of the event |
//!
//! The reference converter reads sums from 6 on one word early and never fills `packet_id`; here they are decoded by the
//! layout. Absent values are 0xFFFFFFFF.

use super::sis3302::place;
use super::{MAX_SAMPLES, Piece, Shape};
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink, TableId};
use crate::error::{Error, Kind, Result};
use crate::field::{DT, DType, Field, T0, VALUES, Value};
use crate::part::{Key, Part, Stage};

const LEAD: usize = 40;
const SAMPLE_NS: f32 = 8.0;
const ABSENT: u32 = u32::MAX;
const TIMESTAMP: usize = 19;
const WAVEFORM: usize = 25;

const fn adc(name: &'static str) -> Field {
    Field::one(name, DType::U32).units("adc")
}

/// Columns.
pub(super) const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    adc("energy"),
    adc("peakHighValue"),
    adc("peakHighIndex"),
    adc("accSum1"),
    Field::one("information", DType::U32),
    adc("accSum2"),
    adc("accSum3"),
    adc("accSum4"),
    adc("accSum5"),
    adc("accSum6"),
    adc("accSum7"),
    adc("accSum8"),
    adc("mawMax"),
    adc("mawBefore"),
    adc("mawAfter"),
    adc("startEnergy"),
    adc("maxEnergy"),
    Field::one("energy_first", DType::U32),
    Field::one("timestamp", DType::U64).units("clock_ticks"),
    Field::one("crate", DType::U8),
    Field::one("card", DType::U8),
    Field::one("channel", DType::U8),
    DT,
    T0,
    VALUES,
];

/// ORCA's words, then head and samples of each event.
pub(super) fn cut(shape: &mut Shape, at: usize, window: &[u8], len: usize) -> Result<Piece> {
    if at == 0 {
        let words = (u32_at(window, 8), u32_at(window, 12), u32_at(window, 20));
        let (Some(events), Some(longs), Some(head)) = words else { return Ok(Piece::Need(24)) };
        let all =
            (u64::from(events) * u64::from(longs)).saturating_mul(4).saturating_add(LEAD as u64);
        if all > len as u64 || head < 3 || head > longs.max(3) {
            return Err(Error::malformed("words per event", longs.into(), len as i64 / 4));
        }
        shape.sure = all == len as u64;
        if longs.saturating_sub(head) > MAX_SAMPLES / 2 {
            let found = longs.saturating_sub(head).saturating_mul(2).into();
            return Err(Error::new(Kind::Limit, "samples", found, MAX_SAMPLES.into()));
        }
        let events = if longs == 0 { 0 } else { events };
        shape.lead = LEAD;
        shape.events = events as usize;
        shape.head = head as usize * 4;
        shape.trace = (longs.saturating_sub(head)) as usize * 4;
        return Ok(Piece::Fields(Stage::Head, LEAD, 0));
    }
    let size = shape.head.wrapping_add(shape.trace).max(1);
    let (event, inside) = (at.saturating_sub(LEAD) / size, at.saturating_sub(LEAD) % size);
    if event >= shape.events {
        return Ok(Piece::Fields(Stage::Tail, len.saturating_sub(at), 0));
    }
    if inside < shape.head {
        return Ok(Piece::Fields(Stage::Head, shape.head.saturating_sub(inside), event as u32 + 1));
    }
    let first = inside.saturating_sub(shape.head);
    Ok(Piece::Samples(shape.trace.saturating_sub(first), event as u32 + 1, first as u32))
}

/// Events on their way in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    place: [u32; 3],
    key: u32,
    samples: u32,
    length: u32,
    row: Option<Row>,
}

impl Events {
    pub(super) const fn new() -> Self {
        Self { place: [0; 3], key: 0, samples: 0, length: 0, row: None }
    }

    /// Key of the channel, from the packet's head.
    pub(super) fn lead(&mut self, part: &Part<'_>) {
        let word = |i: usize| u32_at(part.bytes, 4 * i).unwrap_or(0);
        (self.place, self.key) = place(word(1));
        self.samples = word(3).saturating_sub(word(5)).wrapping_mul(2);
        self.row = None;
    }

    pub(super) fn key(&self) -> u32 {
        self.key
    }

    /// An event's head: opens its row.
    pub(super) fn head<S: RowSink>(&mut self, part: &Part<'_>, table: TableId, sink: &mut S) {
        let key = Key::channel(self.key.into());
        self.length = sink.resize(table, key, 0, self.samples);
        if self.length != self.samples {
            sink.notice("waveform length differs from the table's", self.samples.into());
        }
        let row = sink.begin(table, key);
        self.row = Some(row);
        let mut at = 2;
        let word = |i: usize| u32_at(part.bytes, 4 * i).unwrap_or(ABSENT);
        let e0 = word(0);
        let mut group = |bit: u32, n: usize| {
            let present = e0 >> bit & 1 == 1;
            let first = at;
            at += if present { n } else { 0 };
            move |i: usize| if present { word(first + i) } else { ABSENT }
        };
        let (sums, more, maw, energy) = (group(0, 7), group(1, 2), group(2, 3), group(3, 2));
        let part_of = |value: u32, shift: u32, mask: u32| {
            if e0 & 1 == 1 { value >> shift & mask } else { ABSENT }
        };
        let values = [
            part.packet as u32,
            ABSENT,
            part_of(sums(0), 0, 0xFFFF),
            part_of(sums(0), 16, 0xFFFF),
            part_of(sums(1), 0, 0xFF_FFFF),
            part_of(sums(1), 24, 0xFF),
            sums(2),
            sums(3),
            sums(4),
            sums(5),
            sums(6),
            more(0),
            more(1),
            maw(0),
            maw(1),
            maw(2),
            energy(0),
            energy(1),
            ABSENT,
        ];
        for (i, value) in values.into_iter().enumerate() {
            sink.put(row, i, Value::U32(value));
        }
        let ticks = u64::from(e0 >> 16) << 32 | u64::from(word(1));
        sink.put(row, TIMESTAMP, Value::U64(ticks));
        for (i, id) in self.place.into_iter().enumerate() {
            sink.put(row, TIMESTAMP + 1 + i, Value::U8(id as u8));
        }
        sink.put(row, TIMESTAMP + 4, Value::F32(SAMPLE_NS));
    }

    /// A piece of an event's samples.
    pub(super) fn samples<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) {
        let Some(row) = self.row else { return };
        let room = (2 * self.length).saturating_sub(part.first) as usize;
        let bytes = part.bytes.get(..room).unwrap_or(part.bytes);
        sink.samples(row, WAVEFORM, part.first / 2, bytes);
    }
}
