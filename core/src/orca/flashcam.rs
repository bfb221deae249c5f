//! ORFlashCamADCWaveform and ORFlashCamWaveform: one trace per packet (readout before FCIO was embedded).
//!
//! | word | bits | field |
//! |--|--|--|
//! | 1 | 28-31 | H: ORCA header length, words (3) |
//! | 1 | 22-27 | F: FCIO header length, words (17) |
//! | 1 | 6-21 | wf_samples |
//! | 1 | 0-4 | event_type |
//! | 2 | 27-31, 22-26 | crate, slot |
//! | 2 | 14-21 | board_id, in units of 16 |
//! | 2 | 9-13 (ADC: 10-13) | fc_input |
//! | 2 | 0-8 (ADC: 0-9) | channel |
//! | H...H+6 | | i32 timeoffset |
//! | H+7...H+11 | | i32 deadregion |
//! | H+12...H+15 | | i32 timestamp: event number, PPS, ticks, maximum ticks |
//! | H+F-1 | 0-15, 16-31 | baseline, daqenergy |
//! | H+F... | | u16 samples |

use super::header::Setup;
use super::listener::ChannelMap;
use super::{Piece, Shape, layout};
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink, TableId};
use crate::error::{Error, Result};
use crate::fcio::channel_key;
use crate::fcio::event::{self as e, col, with_counters};
use crate::field::{DT, DType, Field, T0, VALUES, Value};
use crate::part::{Key, Part, Stage};

const CRATE: usize = 35;
const SLOT: usize = 36;

/// Columns: those of an FCIO trace, with narrower ids and the card's place.
pub(super) const FIELDS: &[Field] = &with_counters([
    e::PACKET_ID,
    Field::one("fcid", DType::U8),
    Field::one("board_id", DType::U16),
    Field::one("fc_input", DType::U8),
    e::EVENTNUMBER,
    Field::one("event_type", DType::U8),
    e::TIMESTAMP,
    e::RUNTIME,
    e::LIFETIME,
    e::DEADTIME,
    e::DEADINTERVAL,
    e::NUMTRACES,
    e::BASELINE,
    e::DAQENERGY,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::DR_CH_IDX,
    e::DR_CH_LEN,
    e::CHANNEL,
    DT,
    T0,
    VALUES,
    Field::one("crate", DType::U8),
    Field::one("slot", DType::U8),
]);

/// Nanoseconds per sample.
const SAMPLE_NS: f32 = 16.0;

/// Head of H + F words, then samples.
pub(super) fn cut(shape: &mut Shape, at: usize, window: &[u8], len: usize) -> Result<Piece> {
    if at == 0 {
        let Some(word) = u32_at(window, 4) else { return Ok(Piece::Need(8)) };
        let words = (word >> 28).wrapping_add(word >> 22 & 0x3F);
        shape.head = words as usize * 4;
        if shape.head > len || words < 17 {
            return Err(Error::malformed("header lengths", words.into(), len as i64 / 4));
        }
        let samples = (word >> 6 & 0xFFFF) as usize * 2;
        let content = shape.head.saturating_add(samples.next_multiple_of(4));
        if content > len {
            return Err(Error::malformed("wf_samples", samples as i64 / 2, len as i64 / 2));
        }
        shape.sure = content == len;
        return Ok(Piece::Fields(Stage::Head, shape.head, 0));
    }
    let first = at.saturating_sub(shape.head);
    Ok(Piece::Samples(len.saturating_sub(at), 0, first as u32))
}

/// A trace on its way in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trace {
    row: Option<Row>,
    /// Bytes of samples that the packet announces and the table takes.
    bytes: usize,
}

struct Head<'a> {
    bytes: &'a [u8],
    orca: usize,
}

impl Head<'_> {
    fn word(&self, i: usize) -> u32 {
        u32_at(self.bytes, 4 * i).unwrap_or(0)
    }

    /// Word `i` after ORCA's own.
    fn fcio(&self, i: usize) -> i32 {
        self.word(self.orca.wrapping_add(i)) as i32
    }
}

impl Trace {
    /// The fields before the samples: opens the row.
    pub(super) fn head<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        adc: bool,
        setup: &Setup,
        map: &ChannelMap,
        sink: &mut S,
    ) -> Result<()> {
        let h =
            Head { bytes: part.bytes, orca: (u32_at(part.bytes, 4).unwrap_or(0) >> 28) as usize };
        let (w1, w2) = (h.word(1), h.word(2));
        let (crate_number, slot) = (w2 >> 27, w2 >> 22 & 0x1F);
        let (input, channel) =
            if adc { (w2 >> 10 & 0xF, w2 & 0x3FF) } else { (w2 >> 9 & 0x1F, w2 & 0x1FF) };
        let Some(card) = setup.card(crate_number, slot) else {
            return Err(Error::malformed("crate and slot", w2.into(), 0));
        };
        let list = usize::from(card.listener);
        let Some(listener) = setup.listeners.get(list) else {
            return Err(Error::malformed("listener", list as i64, 0));
        };
        let mut board = ((w2 & 0x3F_C000) >> 10) as u16;
        if board == (card.address << 4) & 0xFFF {
            board = card.address;
        } else if board != card.address {
            sink.notice("board id differs from the header's card address", board.into());
        }
        let key = channel_key(listener.fcid, board, input as u16);
        if let Some((mapped, mapped_input)) = map.get(list, channel)
            && channel_key(listener.fcid, mapped, mapped_input) != key
        {
            sink.notice("key differs from the configuration's channel map", key.id as i64);
            board = mapped;
        }
        let layout = if adc { layout::ADC_WAVEFORM } else { layout::WAVEFORM };
        let table = TableId { layout, list: list as u16 };
        let row = self.open(table, key, w1 >> 6 & 0xFFFF, sink);
        sink.put(row, col::PACKET_ID, Value::U32(part.packet as u32));
        sink.put(row, col::FCID, Value::U8(listener.fcid as u8));
        sink.put(row, col::BOARD_ID, Value::U16(board));
        sink.put(row, col::FC_INPUT, Value::U8(input as u8));
        sink.put(row, col::EVENT_TYPE, Value::U8((w1 & 0x1F) as u8));
        sink.put(row, col::CHANNEL, Value::U16(channel as u16));
        sink.put(row, CRATE, Value::U8(crate_number as u8));
        sink.put(row, SLOT, Value::U8(slot as u8));
        sink.put(row, col::DR_CH_LEN, Value::U16(listener.enabled as u16));
        put_counters(&h, row, listener.gps, sink);
        let last = u32_at(part.bytes, part.bytes.len().saturating_sub(4)).unwrap_or(0);
        sink.put(row, col::BASELINE, Value::U16(last as u16));
        sink.put(row, col::DAQENERGY, Value::U16((last >> 16) as u16));
        Ok(())
    }

    fn open<S: RowSink>(&mut self, table: TableId, key: Key, samples: u32, sink: &mut S) -> Row {
        let length = sink.resize(table, key, 0, samples);
        if samples > length {
            sink.notice("waveform is longer than the table's; its end is dropped", samples.into());
        } else if samples < length {
            sink.notice("waveform is shorter than the table's; padded with zeros", samples.into());
        }
        let row = sink.begin(table, key);
        *self = Trace { row: Some(row), bytes: 2 * samples.min(length) as usize };
        sink.put(row, col::NUMTRACES, Value::I32(1));
        sink.put(row, col::DT, Value::F32(SAMPLE_NS));
        row
    }

    /// A piece of the samples.
    pub(super) fn samples<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        let Some(row) = self.row else { return Ok(()) };
        let room = self.bytes.saturating_sub(part.first as usize);
        let bytes = part.bytes.get(..room).unwrap_or(part.bytes);
        sink.samples(row, col::VALUES, part.first / 2, bytes);
        let end = (part.first as usize).wrapping_add(part.bytes.len());
        if part.last && end < self.bytes {
            return Err(Error::malformed("wf_samples", self.bytes as i64 / 2, end as i64 / 2));
        }
        Ok(())
    }
}

/// Counters, and the times that follow from them.
fn put_counters<S: RowSink>(h: &Head<'_>, row: Row, gps: Option<i32>, sink: &mut S) {
    for i in 0..7 {
        sink.put(row, col::MU_OFFSET_SEC + i, Value::I32(h.fcio(i)));
    }
    for i in 0..5 {
        sink.put(row, col::DR_START_PPS + i, Value::I32(h.fcio(7 + i)));
    }
    sink.put(row, col::EVENTNUMBER, Value::I32(h.fcio(12)));
    for i in 0..3 {
        sink.put(row, col::TS_PPS + i, Value::I32(h.fcio(13 + i)));
    }
    let pps = f64::from(h.fcio(9).wrapping_sub(h.fcio(7)));
    let ticks = f64::from(h.fcio(10).wrapping_sub(h.fcio(8)));
    sink.put(row, col::DEADTIME, Value::F64(pps + ticks / f64::from(h.fcio(11))));
    let full = f64::from(h.fcio(15).wrapping_add(1));
    let runtime = f64::from(h.fcio(13) as u32) + f64::from(h.fcio(14) as u32) / full;
    sink.put(row, col::RUNTIME, Value::F64(runtime));
    if gps.is_none() {
        sink.notice("waveform before its listener's configuration: no external clock assumed", 0);
    }
    let offset = match gps.unwrap_or(0) {
        0 => f64::from(h.fcio(0)) + f64::from(h.fcio(1)) * 1e-6,
        drift => {
            if h.fcio(4) >= drift {
                sink.notice("clock drift above the listener's allowance, us", h.fcio(4).into());
            }
            f64::from(h.fcio(2))
        }
    };
    sink.put(row, col::TIMESTAMP, Value::F64(runtime + offset));
}
