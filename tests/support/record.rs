//! A row sink that keeps every cell, and is strict about how it is called.

use std::collections::BTreeMap;
use std::fmt;

use tierline_core::{DType, Field, Key, Result, Row, RowSink, Shape, TableDef, TableId, Value};

/// A table as it was declared, with the sample lengths now in force.
#[derive(Clone, Debug)]
pub struct Table {
    /// Columns.
    pub fields: &'static [Field],
    /// Name of the decoder.
    pub decoder: &'static str,
    /// Run-time lengths of the sample slots.
    pub lengths: Vec<u32>,
    rows: usize,
}

/// A committed row.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Byte offset of the packet that the row comes from.
    pub packet: u64,
    /// Table.
    pub table: TableId,
    /// Key.
    pub key: Key,
    /// Little-endian bytes of the cells that were put, by column.
    pub cells: BTreeMap<usize, Vec<u8>>,
}

/// The sink.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// Declared tables, by layout and list.
    pub tables: BTreeMap<(u8, u16), Table>,
    /// Committed rows.
    pub rows: Vec<Record>,
    /// Header values, as text.
    pub headers: Vec<String>,
    /// Rows committed to tables that are off.
    pub off: usize,
    /// Notices.
    pub notices: Vec<(&'static str, i64)>,
    /// Offset of the packet whose rows are open.
    pub packet: u64,
    open: Vec<Record>,
    resized: Vec<(u8, u16)>,
}

impl Recorder {
    fn open(&mut self, row: Row) -> (&mut Record, Option<&Table>) {
        let open = self.open.len();
        let Some(record) = self.open.get_mut(row.0 as usize) else {
            panic!("row {} of {open} open ones", row.0);
        };
        let table = self.tables.get(&(record.table.layout, record.table.list));
        (record, table)
    }

    /// Name of a column.
    pub fn column(&self, table: TableId, column: usize) -> &'static str {
        let table = self.tables.get(&(table.layout, table.list));
        table.and_then(|t| t.fields.get(column)).map_or("", |field| field.name)
    }
}

/// Type of a value and its bytes, least significant first.
fn bytes_of(value: &Value<'_>) -> Option<(DType, Vec<u8>)> {
    Some(match *value {
        Value::Bool(v) => (DType::Bool, vec![u8::from(v)]),
        Value::U8(v) => (DType::U8, vec![v]),
        Value::U16(v) => (DType::U16, v.to_le_bytes().into()),
        Value::U32(v) => (DType::U32, v.to_le_bytes().into()),
        Value::U64(v) => (DType::U64, v.to_le_bytes().into()),
        Value::I32(v) => (DType::I32, v.to_le_bytes().into()),
        Value::I64(v) => (DType::I64, v.to_le_bytes().into()),
        Value::F32(v) => (DType::F32, v.to_le_bytes().into()),
        Value::F64(v) => (DType::F64, v.to_le_bytes().into()),
        Value::Array(dtype, bytes) => (dtype, bytes.into()),
        Value::Label(..) | Value::Text(_) | Value::Struct | Value::Document => return None,
    })
}

impl RowSink for Recorder {
    fn declare(&mut self, def: &TableDef<'_>) -> Result<()> {
        for field in def.fields {
            if let Shape::Samples(slot) = field.shape {
                assert!(usize::from(slot) < def.lengths.len(), "{}: no length", field.name);
            }
        }
        let table = Table {
            fields: def.fields,
            decoder: def.decoder,
            lengths: def.lengths.to_vec(),
            rows: 0,
        };
        let known = self.tables.insert((def.id.layout, def.id.list), table);
        assert!(known.is_none(), "{} is declared twice", def.decoder);
        Ok(())
    }

    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>) {
        self.headers.push(format!("{table}/{path} = {value:?}"));
    }

    fn resize(&mut self, id: TableId, _: Key, slot: u8, samples: u32) -> u32 {
        let Some(table) = self.tables.get_mut(&(id.layout, id.list)) else { return samples };
        let Some(length) = table.lengths.get_mut(usize::from(slot)) else { return samples };
        let open = self.open.iter().any(|row| row.table == id);
        if *length != samples && table.rows == 0 && !open {
            *length = samples;
            self.resized.push((id.layout, id.list));
        }
        *length
    }

    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let known = table == TableId::OFF || self.tables.contains_key(&(table.layout, table.list));
        assert!(known, "{table:?} is not declared");
        let packet = self.packet;
        self.open.push(Record { packet, table, key, cells: BTreeMap::new() });
        Row(self.open.len() as u32 - 1)
    }

    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        let (record, table) = self.open(row);
        let Some(table) = table else { return };
        let Some(column) = table.fields.get(field) else {
            panic!("{}: no column {field}", table.decoder);
        };
        let cell = record.cells.entry(field).or_default();
        if let (Value::Label(i, text), DType::Text(width)) = (value, column.dtype) {
            let at = i as usize * usize::from(width);
            cell.resize(cell.len().max(at + usize::from(width)), 0);
            assert!(text.len() <= usize::from(width), "{}: long label", column.name);
            cell[at..at + text.len()].copy_from_slice(text);
            return;
        }
        let Some((dtype, bytes)) = bytes_of(&value) else { panic!("{}: {value:?}", column.name) };
        assert_eq!(dtype, column.dtype, "{}/{}", table.decoder, column.name);
        assert_eq!(bytes.len() % dtype.size(), 0, "{}/{}", table.decoder, column.name);
        match column.shape {
            Shape::One => {
                assert_eq!(bytes.len(), dtype.size(), "{}/{}", table.decoder, column.name);
                *cell = bytes;
            }
            Shape::Fixed(n) => {
                assert!(bytes.len() <= n as usize * dtype.size(), "{}", column.name);
                *cell = bytes;
            }
            Shape::Any => cell.extend(bytes),
            Shape::Samples(_) => panic!("{}: samples as a value", column.name),
        }
    }

    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        let (record, table) = self.open(row);
        let Some(table) = table else { return };
        let column = table.fields.get(field);
        let Some(Shape::Samples(slot)) = column.map(|column| column.shape) else {
            panic!("{}: column {field} has no samples", table.decoder);
        };
        let room = table.lengths[usize::from(slot)] as usize * 2;
        let cell = record.cells.entry(field).or_insert_with(|| vec![0; room]);
        let at = (first as usize * 2).min(room);
        let end = (at + bytes.len()).min(room);
        cell[at..end].copy_from_slice(&bytes[..end - at]);
    }

    fn notice(&mut self, what: &'static str, value: i64) {
        self.notices.push((what, value));
    }

    fn commit(&mut self) {
        for record in self.open.drain(..) {
            match self.tables.get_mut(&(record.table.layout, record.table.list)) {
                Some(table) => {
                    table.rows += 1;
                    self.rows.push(record);
                }
                None => self.off += 1,
            }
        }
    }

    fn abort(&mut self) {
        self.open.clear();
    }
}
