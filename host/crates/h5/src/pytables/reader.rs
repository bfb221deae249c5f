//! Reading tables.

use std::ops::Range;

use tierline_table::Array;

use super::{Column, Schema, decode};
use crate::raw::RawFilter;
use crate::tree::Reader;
use crate::{Error, ffi};

/// A table of a file of any maker. Columns of types that are not known here are left out.
pub struct Table {
    reader: Reader,
    dataset: hdf5::Dataset,
    path: String,
    schema: Schema,
    rows: usize,
    /// Rows of a chunk and its filters, where chunks are decoded here.
    chunks: Option<(usize, Vec<RawFilter>)>,
    /// The chunk that was read last, by its first row, or rows that the library has read.
    held: (Range<usize>, Vec<u8>),
    swapped: Vec<Column>,
}

/// Bytes that are read together where the library does it.
const BLOCK: usize = 1 << 20;

impl Reader {
    /// Opens a table.
    pub fn table(&self, path: &str) -> Result<Table, Error> {
        let dataset = self.dataset(path)?;
        let schema = ffi::schema_of(&dataset).map_err(self.hdf5(path, "open"))?;
        let (Some(schema), &[rows]) = (schema, &dataset.shape()[..]) else {
            return Err(Error::unsupported(self.path(), path, "this is no table"));
        };
        if schema.row_bytes() as u64 > self.max_allocation {
            return Err(self.limit(path, schema.row_bytes() as u64));
        }
        let filters = self.filters_of(&dataset);
        let chunks = match dataset.chunk().as_deref() {
            Some(&[chunk]) if chunk > 0 && decode::is_known(&filters) => Some((chunk, filters)),
            _ => None,
        };
        let held =
            chunks.as_ref().map_or(BLOCK, |(rows, _)| rows.saturating_mul(schema.row_bytes()));
        if held as u64 > self.max_allocation {
            return Err(self.limit(path, held as u64));
        }
        let swapped = schema.columns().iter().filter(|column| column.big_endian).cloned().collect();
        Ok(Table {
            reader: self.clone(),
            dataset,
            path: path.to_owned(),
            schema,
            rows,
            chunks,
            held: (0..0, Vec::new()),
            swapped,
        })
    }

    /// Whether there is a dataset of rows at a path.
    pub fn has_table(&self, path: &str) -> bool {
        let item = self.item(path);
        item.is_ok_and(|item| item.kind() == crate::browse::Kind::Dataset)
            && self.table(path).is_ok()
    }
}

impl Table {
    /// Its columns.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Its path in the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// A row: little-endian columns in their places.
    pub fn row(&mut self, row: usize) -> Result<&[u8], Error> {
        if row >= self.rows {
            let reason = format!("there is no row {row} but {} rows", self.rows);
            return Err(Error::parameter(self.reader.path(), &self.path, reason));
        }
        if !self.held.0.contains(&row) {
            self.hold(row)?;
        }
        let at = (row - self.held.0.start) * self.schema.row_bytes();
        Ok(&self.held.1[at..at + self.schema.row_bytes()])
    }

    /// Rows of a column by its name. Rows past the end are left out.
    pub fn column(&mut self, name: &str, rows: Range<usize>) -> Result<Array, Error> {
        let Some(column) = self.schema.column(name).cloned() else {
            let object = format!("{}/{name}", self.path);
            return Err(Error::Missing { path: self.reader.path().into(), object });
        };
        let rows = rows.start.min(self.rows)..rows.end.min(self.rows);
        let bytes = rows.len().saturating_mul(column.bytes());
        if bytes as u64 > self.reader.max_allocation {
            return Err(self.reader.limit(&self.path, bytes as u64));
        }
        let mut array = Array::new(column.dtype, &column.shape);
        for row in rows {
            let row = self.row(row)?;
            array.data.extend_from_slice(column.of(row));
        }
        Ok(array)
    }

    /// Reads the chunk or block that a row lies in.
    fn hold(&mut self, row: usize) -> Result<(), Error> {
        let row_bytes = self.schema.row_bytes();
        self.held.0 = 0..0;
        if let Some((rows, filters)) = &self.chunks {
            let first = row / rows * rows;
            let path = self.reader.path();
            let damaged = |reason: String| Error::malformed(path, &self.path, reason);
            let chunk = self.reader.chunk_of(&self.dataset, &self.path, &[first])?;
            let chunk = chunk.ok_or_else(|| damaged(format!("row {first} was never written")))?;
            let bytes = decode::decode(chunk, filters, *rows, row_bytes)
                .map_err(|reason| damaged(format!("rows from {first} on: {reason}")))?;
            self.held = (first..first + rows, bytes);
            let swapped = self.swapped.iter();
            swapped.for_each(|column| swap(column, &mut self.held.1, row_bytes));
        } else {
            let block = (BLOCK / row_bytes).max(1);
            let first = row / block * block;
            let count = block.min(self.rows - first);
            let mut bytes = vec![0; count * row_bytes];
            ffi::read_rows(&self.dataset, &self.schema, first, &mut bytes)
                .map_err(self.reader.hdf5(&self.path, "read"))?;
            self.held = (first..first + count, bytes);
        }
        Ok(())
    }
}

/// Turns the elements of a column to little-endian.
pub(super) fn swap(column: &Column, rows: &mut [u8], row_bytes: usize) {
    for row in rows.chunks_exact_mut(row_bytes) {
        let own = row.get_mut(column.offset..column.offset + column.bytes()).unwrap_or_default();
        own.chunks_exact_mut(column.dtype.size()).for_each(<[u8]>::reverse);
    }
}
