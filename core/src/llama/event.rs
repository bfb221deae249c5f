//! Events of a llamaDAQ file, in words:
//!
//! | word | bits | field |
//! |--|--|--|
//! | 0 | 0-3, 4-15, 16-31 | format bits, channel id, timestamp\[47:32\] |
//! | 1 | | timestamp\[31:0\], ticks of the sampling clock |
//! | format bit 0: 7 words | | peak value (low 16), index (high 16); sum 1, whose top byte is the information byte; sums 2-6 |
//! | format bit 1: 2 words | | sums 7, 8 |
//! | format bit 2: 3 words | | MAW maximum, before and after the trigger |
//! | format bit 3: 2 words | | start energy, maximum energy |
//! | status | 0-25, 26, 27, 28-31 | raw length (words), status flag, MAW test (refused), 0xE or 0xA: averaged data follow |
//! | averaged | 0-15, 16-23, 28-31 | averaged length (words), samples already in the first average, 0xE |
//! | then | | raw samples, averaged samples, two per word |
//!
//! The reference converter reads the six sums one word late (its `cumsum_1` is sum 2, its `cumsum_6` whatever follows the
//! group); here `cumsum_k` is sum k, the first without its information byte.

use heapless::Vec;

use super::MAX_CHANNELS;
use super::frame::{FILE_HEADER, group_words};
use super::header::{Channel, TABLE};
use crate::assemble::{Assembler, Fate, Source};
use crate::bytes::{u16_at, u32_at};
use crate::decoder::{Row, RowSink, TableDef, TableId};
use crate::error::{Error, Kind, Result};
use crate::field::{DType, Field, Value};
use crate::history::History;
use crate::part::{Key, Part, Stage};

const fn adc(name: &'static str) -> Field {
    Field::one(name, DType::U32).units("adc")
}

const RAW: usize = 6;
const AVERAGED: usize = 9;
/// First column of each group, and its number of columns.
const GROUPS: [(usize, usize); 4] = [(12, 9), (21, 2), (23, 3), (26, 2)];

/// Columns.
pub const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("fadc_channel_id", DType::U32),
    Field::one("time_since_run_start", DType::F64).units("s"),
    Field::one("unixtime", DType::F64).units("s"),
    Field::one("unixtime_accuracy", DType::F64).units("s"),
    Field::one("fadc_status_bits", DType::U32),
    Field::one("waveform_windowed/dt", DType::F64).units("ns"),
    Field::one("waveform_windowed/t0", DType::F32).units("ns"),
    Field::samples("waveform_windowed/values", 0),
    Field::one("waveform_presummed/dt", DType::F64).units("ns"),
    Field::one("waveform_presummed/t0", DType::F32).units("ns"),
    Field::samples("waveform_presummed/values", 1),
    adc("wf_max_sample_value"),
    adc("wf_max_sample_idx"),
    Field::one("info_bits", DType::U32),
    adc("cumsum_1"),
    adc("cumsum_2"),
    adc("cumsum_3"),
    adc("cumsum_4"),
    adc("cumsum_5"),
    adc("cumsum_6"),
    adc("cumsum_7"),
    adc("cumsum_8"),
    adc("maw_max"),
    adc("maw_before"),
    adc("maw_after"),
    adc("start_energy"),
    adc("max_energy"),
];

/// Seconds by which the start of a run is known: it comes from the file name.
const START_ACCURACY: f64 = 1.0;

/// Turns the events of a llamaDAQ file into rows.
#[derive(Debug, Default)]
pub struct LlamaAssembler {
    channels: Vec<(Channel, u16), MAX_CHANNELS>,
    start: f64,
    row: Option<Row>,
}

impl LlamaAssembler {
    /// A file of which nothing is known yet.
    pub const fn new() -> Self {
        Self { channels: Vec::new(), start: 0.0, row: None }
    }

    fn header<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        if part.index == 0 {
            let names = ["version_patch", "version_minor", "version_major", "length_econf"];
            for (i, name) in names.into_iter().enumerate() {
                let value = u16_at(part.bytes, 4 + 2 * i).unwrap_or(0);
                sink.header(TABLE, format_args!("{name}"), Value::U16(value));
            }
            let open = u32_at(part.bytes, 12).unwrap_or(0);
            sink.header(TABLE, format_args!("number_chOpen"), Value::U32(open));
            let times =
                [("initial_timestamp", self.start), ("initial_timestamp_accuracy", START_ACCURACY)];
            for (name, value) in times {
                sink.header(TABLE, format_args!("{name}"), Value::F64(value));
            }
            return Ok(());
        }
        let channel = Channel::parse(part.bytes).unwrap_or_default();
        channel.put(sink);
        if channel.flags & 2 == 0 {
            sink.notice("channel in the table is not open", channel.id.into());
        }
        let same = self.channels.iter().find(|(c, _)| c.geometry() == channel.geometry());
        let list = match same {
            Some((_, list)) => *list,
            None => self.channels.iter().map(|(_, list)| list.wrapping_add(1)).max().unwrap_or(0),
        };
        let full = Error::new(Kind::Limit, "channels", part.index.into(), MAX_CHANNELS as i64);
        self.channels.push((channel, list)).map_err(|_| full.fatal())?;
        if part.last { self.declare(sink) } else { Ok(()) }
    }

    fn declare<S: RowSink>(&self, sink: &mut S) -> Result<()> {
        let lists = self.channels.iter().map(|(_, list)| list.wrapping_add(1)).max().unwrap_or(0);
        for list in 0..lists {
            let mut members = self.channels.iter().filter(|(_, l)| *l == list).map(|(c, _)| c);
            let Some(first) = members.next() else { continue };
            let (mut format, mut single) = (first.format_bits, Some(Key::channel(first.id.into())));
            for other in members {
                format |= other.format_bits;
                single = None;
            }
            sink.declare(&TableDef {
                id: TableId { layout: 0, list },
                decoder: "LLAMAEventDecoder",
                lists,
                position: list,
                single,
                fields: FIELDS,
                present: present(first, format),
                lengths: &[first.sample_length, first.averaged_length()],
            })?;
        }
        Ok(())
    }

    fn head<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        let Some((channel, list)) = self.channels.iter().find(|(c, _)| c.id == part.kind) else {
            return Err(Error::malformed("channel id", part.kind.into(), -1));
        };
        let word = |i: usize| u32_at(part.bytes, 4 * i).unwrap_or(0);
        let row = sink.begin(TableId { layout: 0, list: *list }, Key::channel(channel.id.into()));
        self.row = Some(row);
        let format = word(0) & 0xF;
        let status = word(2 + group_words(format));
        let ticks = u64::from(word(0) >> 16) << 32 | u64::from(word(1));
        let raw_ns = channel.raw_ns();
        let since = ticks as f64 * raw_ns * 1e-9;
        sink.put(row, 0, Value::U32(part.packet as u32));
        sink.put(row, 1, Value::U32(channel.id));
        sink.put(row, 2, Value::F64(since));
        sink.put(row, 3, Value::F64(since + self.start));
        sink.put(row, 4, Value::F64(START_ACCURACY));
        sink.put(row, 5, Value::U32(status >> 26 & 1));
        let start = i64::from(channel.sample_start_index) - i64::from(channel.sample_pretrigger);
        sink.put(row, RAW, Value::F64(raw_ns));
        sink.put(row, RAW + 1, Value::F32((start as f64 * raw_ns) as f32));
        let averaged = if status >> 28 == 0xA { word(3 + group_words(format)) } else { 0 };
        let dt = channel.averaged_ns();
        let t0 = -f64::from(channel.sample_pretrigger) * raw_ns
            - f64::from(channel.avg_sample_pretrigger) * dt
            + f64::from(averaged >> 16 & 0xFF) * raw_ns;
        sink.put(row, AVERAGED, Value::F64(dt));
        sink.put(row, AVERAGED + 1, Value::F32(t0 as f32));
        put_groups(format, word, row, sink);
        Ok(())
    }
}

/// Bit mask of the columns that a table has.
fn present(channel: &Channel, format: u32) -> u64 {
    let mut mask = 0b11_1111;
    if channel.sample_length > 0 {
        mask |= 0b111 << RAW;
    }
    if channel.averaged_length() > 0 {
        mask |= 0b111 << AVERAGED;
    }
    for (bit, (first, columns)) in GROUPS.into_iter().enumerate() {
        if format >> bit & 1 == 1 {
            mask |= ((1u64 << columns) - 1) << first;
        }
    }
    mask
}

fn put_groups<S: RowSink>(format: u32, word: impl Fn(usize) -> u32, row: Row, sink: &mut S) {
    let mut at = 2;
    if format & 1 == 1 {
        let values = [word(2) & 0xFFFF, word(2) >> 16, word(3) >> 24, word(3) & 0xFF_FFFF];
        let sums = (4..9).map(&word);
        for (i, value) in values.into_iter().chain(sums).enumerate() {
            sink.put(row, GROUPS[0].0 + i, Value::U32(value));
        }
        at += 7;
    }
    for (bit, (first, columns)) in GROUPS.into_iter().enumerate().skip(1) {
        if format >> bit & 1 == 1 {
            for i in 0..columns {
                sink.put(row, first + i, Value::U32(word(at + i)));
            }
            at += columns;
        }
    }
}

impl Assembler for LlamaAssembler {
    /// All there is comes from the header.
    fn history<H: History>(&mut self, _: &mut H) -> bool {
        true
    }

    fn source(&mut self, source: Source) {
        self.start = source.start.unwrap_or(0.0);
    }

    fn part<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<Fate> {
        if part.kind == FILE_HEADER {
            return self.header(part, sink).map(|()| Fate::Header);
        }
        match part.stage {
            Stage::Trace => {
                if let Some(row) = self.row {
                    let column = if part.index == 0 { RAW + 2 } else { AVERAGED + 2 };
                    sink.samples(row, column, part.first / 2, part.bytes);
                }
            }
            _ => self.head(part, sink).map_err(|e| e.at(part.packet, part.offset))?,
        }
        Ok(Fate::Rows)
    }
}
