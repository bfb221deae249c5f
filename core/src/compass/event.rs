//! Events of CoMPASS list mode: one row each, all in one table.

use super::settings::{self, Board};
use super::{FILE_HEADER, Layout};
use crate::assemble::{Assembler, Fate};
use crate::bytes::Cursor;
use crate::decoder::{Row, RowSink, TableDef, TableId};
use crate::error::{Error, Result};
use crate::field::{DT, DType, Field, T0, VALUES, Value};
use crate::history::History;
use crate::part::{Key, Part, Stage};
use crate::text::Node;
use heapless::Vec;

/// Boards of a settings file.
const BOARDS: usize = 16;
/// Value of the `dt` column, ns: fixed, as the field's own software has it.
const SAMPLE_NS: f32 = 16.0;
const WAVEFORM: usize = 11;
const TABLE: TableId = TableId::first(0);

/// Columns.
const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("board", DType::U32),
    Field::one("channel", DType::U32),
    Field::one("timestamp", DType::F64).units("ps"),
    Field::one("energy", DType::U32),
    Field::one("energy_calibrated", DType::F64),
    Field::one("energy_short", DType::U32),
    Field::one("flags", DType::U32),
    Field::one("num_samples", DType::I64),
    DT,
    T0,
    VALUES,
];

/// Turns the events of a CoMPASS stream into rows.
#[derive(Debug, Default)]
pub struct CompassAssembler {
    boards: Vec<Board, BOARDS>,
    declared: bool,
    row: Option<Row>,
}

impl CompassAssembler {
    /// A stream of which nothing is known yet.
    pub const fn new() -> Self {
        Self { boards: Vec::new(), declared: false, row: None }
    }

    /// The first event tells the number of samples of all.
    fn declare<S: RowSink>(&mut self, layout: Layout, samples: u32, sink: &mut S) -> Result<()> {
        self.declared = true;
        if let Some(board) = self.boards.iter().find(|board| board.samples != samples) {
            let error = Error::malformed("num_samples", samples.into(), board.samples.into());
            return Err(error.fatal());
        }
        if self.boards.is_empty() {
            settings::put_unknown(samples, sink);
        }
        let flags = [
            ("energy_channels", Layout::CHANNELS),
            ("energy_calibrated", Layout::CALIBRATED),
            ("energy_short", Layout::SHORT),
            ("waveform_samples", Layout::SAMPLES),
            ("header_present", Layout::HEADER),
        ];
        for (name, bit) in flags {
            let value = Value::I64(layout.has(bit).into());
            sink.header(settings::TABLE, format_args!("{name}"), value);
        }
        sink.declare(&TableDef {
            id: TABLE,
            decoder: "CompassEventDecoder",
            lists: 1,
            position: 0,
            single: None,
            fields: FIELDS,
            present: u64::MAX,
            lengths: &[samples],
        })
    }

    fn head<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Option<Result<()>> {
        let layout = Layout(part.kind as u8);
        let mut c = Cursor::new(part.bytes);
        let (board, channel, time) = (c.u16()?, c.u16()?, c.u64()?);
        let energy = if layout.has(Layout::CHANNELS) { c.u16()? } else { 0 };
        let calibrated = if layout.has(Layout::CALIBRATED) { c.f64()? } else { 0.0 };
        let short = if layout.has(Layout::SHORT) { c.u16()? } else { 0 };
        let (flags, _code, samples) = (c.u32()?, c.u8()?, c.u32()?);
        if !self.declared
            && let Err(error) = self.declare(layout, samples, sink)
        {
            return Some(Err(error));
        }
        let key = Key::channel((u64::from(board) << 9) + u64::from(channel & 0xF));
        let row = sink.begin(TABLE, key);
        self.row = Some(row);
        let values = [
            Value::U32(part.packet as u32),
            Value::U32(board.into()),
            Value::U32(channel.into()),
            Value::F64(time as f64),
            Value::U32(energy.into()),
            Value::F64(calibrated),
            Value::U32(short.into()),
            Value::U32(flags),
            Value::I64(samples.into()),
            Value::F32(SAMPLE_NS),
        ];
        for (i, value) in values.into_iter().enumerate() {
            sink.put(row, i, value);
        }
        Some(Ok(()))
    }
}

impl Assembler for CompassAssembler {
    /// All there is comes from the settings, the header, and the event that declares the table.
    fn history<H: History>(&mut self, _: &mut H) -> bool {
        true
    }

    fn document<N: Node, S: RowSink>(&mut self, node: &N, sink: &mut S) -> Result<()> {
        settings::read(node, &mut self.boards, sink)
    }

    fn part<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<Fate> {
        if part.kind & FILE_HEADER != 0 {
            return Ok(Fate::Header);
        }
        match part.stage {
            Stage::Trace => {
                if let Some(row) = self.row {
                    sink.samples(row, WAVEFORM, part.first / 2, part.bytes);
                }
            }
            _ => {
                let short = Error::malformed("event header", part.bytes.len() as i64, 21);
                let done = self.head(part, sink).unwrap_or(Err(short));
                done.map_err(|e| e.at(part.packet, part.offset))?;
                let samples = part.bytes.get(part.first as usize..).filter(|_| part.first > 0);
                if let (Some(row), Some(samples)) = (self.row, samples) {
                    sink.samples(row, WAVEFORM, 0, samples);
                }
            }
        }
        Ok(Fate::Rows)
    }
}
