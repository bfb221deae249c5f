//! ORSIS3302DecoderForEnergy: one trace of a Struck SIS3302 (10 ns per sample).
//!
//! | word | bits | field |
//! |--|--|--|
//! | 1 | 21-24, 16-20, 8-15, 0 | crate, card, channel, buffer_wrap |
//! | 2, 3 | | waveform and energy waveform length, words |
//! | 4 | 16-31 | timestamp\[47:32\] |
//! | 5 | | timestamp\[31:0\] |
//! | 6, 7 | | only if wrapped; w7 + 1 is the first sample of the ring |
//! | then | | 2 w2 u16 samples, w3 words of energy samples |
//! | -4, -3, -2, -1 | | energy, energy_first, extra, 0xDEADBEEF |

use super::header::struck_key;
use super::{MAX_SAMPLES, Piece, Shape};
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink, TableId};
use crate::error::{Error, Kind, Result};
use crate::field::{DT, DType, Field, T0, VALUES, Value};
use crate::part::{Key, Part, Stage};

const TRAILER: u32 = 0xDEAD_BEEF;
const FOOTER: usize = 16;
const SAMPLE_NS: f32 = 10.0;
const WAVEFORM: usize = 9;

/// Columns.
pub(super) const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("energy", DType::U32).units("adc"),
    Field::one("energy_first", DType::U32),
    Field::one("timestamp", DType::U64).units("clock_ticks"),
    Field::one("crate", DType::U8),
    Field::one("card", DType::U8),
    Field::one("channel", DType::U8),
    DT,
    T0,
    VALUES,
];

/// Crate, card and channel of word 1, and the key they make.
pub(super) fn place(w1: u32) -> ([u32; 3], u32) {
    let (c, card, channel) = (w1 >> 21 & 0xF, w1 >> 16 & 0x1F, w1 >> 8 & 0xFF);
    ([c, card, channel], struck_key(c, card, channel))
}

/// Head, samples, and the rest.
pub(super) fn cut(shape: &mut Shape, at: usize, window: &[u8], len: usize) -> Result<Piece> {
    if at == 0 {
        let (Some(w1), Some(w2)) = (u32_at(window, 4), u32_at(window, 8)) else {
            return Ok(Piece::Need(16));
        };
        let Some(w3) = u32_at(window, 12) else { return Ok(Piece::Need(16)) };
        shape.head = if w1 & 1 == 1 { 32 } else { 24 };
        let words = u64::from(w2) + u64::from(w3);
        if words * 4 + (shape.head + FOOTER) as u64 != len as u64 {
            let found = words as i64 + (shape.head + FOOTER) as i64 / 4;
            return Err(Error::malformed("waveform lengths", found, len as i64 / 4));
        }
        if w2 > MAX_SAMPLES / 2 {
            let found = i64::from(w2).saturating_mul(2);
            return Err(Error::new(Kind::Limit, "samples", found, MAX_SAMPLES.into()));
        }
        shape.trace = w2 as usize * 4;
        shape.sure = true;
        return Ok(Piece::Fields(Stage::Head, shape.head, 0));
    }
    let first = at.saturating_sub(shape.head);
    if first < shape.trace {
        return Ok(Piece::Samples(shape.trace.saturating_sub(first), 0, first as u32));
    }
    if len.saturating_sub(at) > FOOTER {
        // Energy samples are skipped, as they always were.
        let left = len.saturating_sub(at).saturating_sub(FOOTER);
        return Ok(Piece::Samples(left, 1, (first.saturating_sub(shape.trace)) as u32));
    }
    Ok(Piece::Fields(Stage::Tail, FOOTER, 0))
}

/// A trace on its way in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trace {
    row: Option<Row>,
    /// Samples in the packet, and the sample at which the ring starts.
    samples: u32,
    start: u32,
    /// Samples of a row.
    length: u32,
}

impl Trace {
    /// The fields before the samples: opens the row.
    pub(super) fn head<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        table: TableId,
        sink: &mut S,
    ) -> Result<()> {
        let word = |i: usize| u32_at(part.bytes, 4 * i).unwrap_or(0);
        let (ids, key) = place(word(1));
        let samples = word(2).wrapping_mul(2);
        let start = if word(1) & 1 == 1 { word(7).wrapping_add(1) } else { 0 };
        if start > samples {
            return Err(Error::malformed("start of the ring", start.into(), samples.into()));
        }
        let key = Key::channel(key.into());
        let length = sink.resize(table, key, 0, samples);
        if length != samples {
            sink.notice("waveform length differs from the table's", samples.into());
        }
        let row = sink.begin(table, key);
        *self = Trace { row: Some(row), samples, start, length };
        sink.put(row, 0, Value::U32(part.packet as u32));
        let ticks = u64::from(word(4) >> 16) << 32 | u64::from(word(5));
        sink.put(row, 3, Value::U64(ticks));
        for (i, id) in ids.into_iter().enumerate() {
            sink.put(row, 4 + i, Value::U8(id as u8));
        }
        sink.put(row, 7, Value::F32(SAMPLE_NS));
        Ok(())
    }

    /// A piece of the samples, put where the unrolled ring has it.
    pub(super) fn samples<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) {
        let Some(row) = self.row.filter(|_| part.index == 0) else { return };
        let first = part.first / 2;
        let n = part.bytes.len() as u32 / 2;
        // Samples before `start` come after the others.
        let early = self.start.saturating_sub(first).min(n) as usize * 2;
        let (before, after) = part.bytes.split_at_checked(early).unwrap_or((part.bytes, &[]));
        let shift = self.samples.wrapping_sub(self.start);
        self.copy(row, first.wrapping_add(shift), before, sink);
        let first = first.wrapping_add(early as u32 / 2);
        self.copy(row, first.wrapping_sub(self.start), after, sink);
    }

    fn copy<S: RowSink>(&self, row: Row, first: u32, bytes: &[u8], sink: &mut S) {
        let room = self.length.saturating_sub(first) as usize * 2;
        let bytes = bytes.get(..room).unwrap_or(bytes);
        if !bytes.is_empty() {
            sink.samples(row, WAVEFORM, first, bytes);
        }
    }

    /// The footer.
    pub(super) fn tail<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        let Some(row) = self.row else { return Ok(()) };
        let word = |i: usize| u32_at(part.bytes, 4 * i).unwrap_or(0);
        if word(3) != TRAILER {
            return Err(Error::malformed("last word", word(3).into(), TRAILER.into()));
        }
        sink.put(row, 1, Value::U32(word(0)));
        sink.put(row, 2, Value::U32(word(1)));
        Ok(())
    }
}
