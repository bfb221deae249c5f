//! Bytes and rows per second of framer and assembler, per format: over emitted streams, and over real recordings where
//! `TIERLINE_DATA` has them. Run with `cargo bench -p tierline-core`.

use std::fmt;
use std::path::PathBuf;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use tierline_core::{
    Assembler, DType, Error, Format, FrameLimits, Framer, Key, Result, Row, RowSink, Shape, Step,
    TableDef, TableId, Value, WithFormat, with_format,
};
use tierline_firmware_sim::emit::EXAMPLES;

#[path = "../../tests/support/plist.rs"]
#[expect(unreachable_pub, reason = "public where the tests have it")]
mod property_list;
use property_list::Plist;

fn main() {
    divan::main();
}

/// Rows of a table.
const ROWS: usize = 32;

/// Columns as a host has them: bytes of fixed width per row, one copy per cell; begun afresh when a table is full.
#[derive(Default)]
struct Columns {
    tables: Vec<Table>,
    /// Table and row of each open row.
    open: Vec<(usize, usize)>,
    /// Rows begun since the last packet.
    rows: u64,
}

struct Table {
    id: TableId,
    lengths: Vec<u32>,
    columns: Vec<Column>,
    rows: usize,
}

struct Column {
    width: usize,
    any: bool,
    bytes: Vec<u8>,
}

impl Table {
    fn widths(&mut self, fields: &[tierline_core::Field]) {
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.width = field.dtype.size()
                * match field.shape {
                    Shape::One | Shape::Any => 1,
                    Shape::Fixed(n) => n as usize,
                    Shape::Samples(slot) => {
                        self.lengths.get(usize::from(slot)).map_or(0, |n| *n as usize)
                    }
                };
            column.any = field.shape == Shape::Any || matches!(field.dtype, DType::Text(_));
        }
    }
}

impl Columns {
    fn cell(&mut self, row: Row, field: usize) -> Option<(&mut Column, usize)> {
        let (table, row) = *self.open.get(row.0 as usize)?;
        Some((self.tables.get_mut(table)?.columns.get_mut(field)?, row))
    }
}

impl RowSink for Columns {
    fn declare(&mut self, def: &TableDef<'_>) -> Result<()> {
        let columns =
            def.fields.iter().map(|_| Column { width: 0, any: false, bytes: Vec::new() }).collect();
        let mut table = Table { id: def.id, lengths: def.lengths.to_vec(), columns, rows: 0 };
        table.widths(def.fields);
        for column in table.columns.iter_mut().filter(|c| !c.any) {
            column.bytes.resize(ROWS * column.width, 0);
        }
        self.tables.push(table);
        Ok(())
    }
    fn header(&mut self, _: &'static str, _: fmt::Arguments<'_>, _: Value<'_>) {}
    fn resize(&mut self, id: TableId, _: Key, slot: u8, samples: u32) -> u32 {
        let table = self.tables.iter().find(|t| t.id == id);
        table.and_then(|t| t.lengths.get(usize::from(slot)).copied()).unwrap_or(samples)
    }
    #[inline]
    fn begin(&mut self, id: TableId, _: Key) -> Row {
        let place = self.tables.iter().position(|t| t.id == id).unwrap_or(usize::MAX);
        let row = match self.tables.get_mut(place) {
            Some(table) => {
                table.rows += 1;
                table.rows % ROWS
            }
            None => 0,
        };
        if row == 0
            && let Some(table) = self.tables.get_mut(place)
        {
            for column in table.columns.iter_mut().filter(|c| c.any) {
                column.bytes.clear();
            }
        }
        self.open.push((place, row));
        Row(self.open.len() as u32 - 1)
    }
    #[inline]
    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        let Some((column, row)) = self.cell(row, field) else { return };
        let at = if column.any { column.bytes.len() } else { row * column.width };
        let mut set = |bytes: &[u8]| {
            if column.any {
                column.bytes.extend_from_slice(bytes);
            } else if let Some(cell) = column.bytes.get_mut(at..at + bytes.len()) {
                cell.copy_from_slice(bytes);
            }
        };
        match value {
            Value::Bool(v) => set(&[v.into()]),
            Value::U8(v) => set(&[v]),
            Value::U16(v) => set(&v.to_le_bytes()),
            Value::U32(v) => set(&v.to_le_bytes()),
            Value::U64(v) => set(&v.to_le_bytes()),
            Value::I32(v) => set(&v.to_le_bytes()),
            Value::I64(v) => set(&v.to_le_bytes()),
            Value::F32(v) => set(&v.to_le_bytes()),
            Value::F64(v) => set(&v.to_le_bytes()),
            Value::Array(_, bytes) => set(bytes),
            _ => {}
        }
    }
    #[inline]
    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        let Some((column, row)) = self.cell(row, field) else { return };
        let at = (2 * first as usize).min(column.width);
        let n = bytes.len().min(column.width - at);
        let at = row * column.width + at;
        if let (Some(to), Some(from)) = (column.bytes.get_mut(at..at + n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
    }
    fn notice(&mut self, _: &'static str, _: i64) {}
    fn commit(&mut self) {
        self.rows += self.open.len() as u64;
        self.open.clear();
    }
    fn abort(&mut self) {
        self.open.clear();
    }
}

/// Decodes a stream into columns; gives the number of rows.
struct Decode<'a> {
    input: &'a [u8],
    document: Option<&'a Plist>,
}

impl WithFormat for Decode<'_> {
    type Out = Result<u64>;

    fn with<F: Format>(self) -> Result<u64> {
        let mut framer = F::framer(FrameLimits::HOST);
        let mut assembler = Box::new(F::assembler());
        let mut sink = Columns::default();
        if let Some(document) = self.document {
            assembler.document(document, &mut sink)?;
        }
        let mut at = 0;
        loop {
            let window = self.input.get(at..).unwrap_or(&[]);
            match framer.step(window, true)? {
                Step::Part { used, part } => {
                    assembler.part(&part, &mut sink)?;
                    if part.last {
                        sink.commit();
                    }
                    at += used;
                }
                Step::Garbage { used, .. } => at += used,
                Step::Need(_) | Step::End => return Ok(black_box(sink.rows)),
            }
        }
    }
}

/// Finds the parts and drops them.
struct Frames<'a>(&'a [u8]);

impl WithFormat for Frames<'_> {
    type Out = Result<u64>;

    fn with<F: Format>(self) -> Result<u64> {
        let (mut framer, mut at, mut parts) = (F::framer(FrameLimits::HOST), 0, 0);
        loop {
            match framer.step(self.0.get(at..).unwrap_or(&[]), true)? {
                Step::Part { used, part } => {
                    black_box(part.bytes);
                    (at, parts) = (at + used, parts + 1);
                }
                Step::Garbage { used, .. } => at += used,
                Step::Need(_) | Step::End => return Ok(parts),
            }
        }
    }
}

const RECORDINGS: [(&str, &str, &str); 8] = [
    ("fcio-p06", "FCIO", "l200-p06-r007-cal-20230725T202227Z.fcio"),
    ("fcio-sipm", "FCIO", "L200-comm-20211130-phy-spms.fcio"),
    ("fcio-camera", "FCIO", "synth_camera12.fcio"),
    ("orca-p13", "ORCA", "l200-p13-r007-aph-20250101T003931Z.orca"),
    ("orca-geds", "ORCA", "L200-comm-20220519-phy-geds.orca"),
    ("orca-sis3302", "ORCA", "synth_sis3302.orca"),
    ("llama", "LLAMA", "20241218-150158-pulser.bin"),
    ("compass", "CoMPASS", "compass_test_data.BIN"),
];

fn recordings() -> Vec<&'static str> {
    match std::env::var_os("TIERLINE_DATA") {
        Some(_) => RECORDINGS.iter().map(|r| r.0).collect(),
        None => Vec::new(),
    }
}

fn examples() -> Vec<&'static str> {
    EXAMPLES.iter().map(|e| e.name).collect()
}

/// Format and bytes of an example or recording.
fn input(name: &str) -> Option<(&'static str, Vec<u8>)> {
    if let Some(e) = EXAMPLES.iter().find(|e| e.name == name) {
        let info = tierline_core::FORMATS.iter().find(|i| i.stream_type == e.stream_type)?;
        return Some((info.name, (e.make)(1, e.events)));
    }
    let (_, format, file) = RECORDINGS.iter().find(|r| r.0 == name)?;
    let folder = PathBuf::from(std::env::var_os("TIERLINE_DATA")?).join("data/daq");
    Some((format, std::fs::read(folder.join(file)).ok()?))
}

fn header_of(format: &str, bytes: &[u8]) -> Option<Plist> {
    if format != "ORCA" {
        return None;
    }
    let length = u32::from_le_bytes(*bytes.get(4..)?.first_chunk()?) as usize;
    let text = bytes.get(8..8 + length)?;
    Plist::parse(text)
}

fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let Some((format, bytes)) = input(name) else { return };
    let document = header_of(format, &bytes);
    let run = || {
        let what = Decode { input: &bytes, document: document.as_ref() };
        with_format(format, what).unwrap_or(Err(Error::malformed("format", 0, 0)))
    };
    let rows = run().unwrap_or_else(|error| panic!("{name}: {error}"));
    bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(rows)).bench_local(run);
}

/// Into columns, one copy of each sample.
#[divan::bench(args = examples())]
fn emitted(bencher: Bencher<'_, '_>, name: &str) {
    decode(bencher, name);
}

/// Into columns, one copy of each sample.
#[divan::bench(args = recordings())]
fn recorded(bencher: Bencher<'_, '_>, name: &str) {
    decode(bencher, name);
}

/// Framing alone.
#[divan::bench(args = recordings())]
fn framed(bencher: Bencher<'_, '_>, name: &str) {
    let Some((format, bytes)) = input(name) else { return };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| with_format(format, Frames(&bytes)));
}
