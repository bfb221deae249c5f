//! Numbers from columns, a few rows at a time.

use std::ops::Range;

use tierline::h5;
use tierline::h5::lh5::{TableReader, Waveforms};
use tierline::h5::tree::Reader;
use tierline::table::{Array, Column, DType, NamedColumn, Table};

use crate::cmd::rows::Rows;

/// Bytes of rows that are read at a time.
const BATCH: usize = 4 << 20;

/// A table or column, opened.
pub(super) struct Source {
    /// Path from the root, without a slash at its start.
    pub(super) path: String,
    pub(super) reader: TableReader,
}

impl Source {
    pub(super) fn open(reader: &Reader, path: &str) -> Result<Self, h5::Error> {
        let path = path.trim_matches('/').to_owned();
        let reader = TableReader::new(reader.clone(), &path, Waveforms::Decoded)?;
        Ok(Source { path, reader })
    }

    /// The path of what this is a column of.
    pub(super) fn above(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(above, _)| above)
    }

    /// The rows that are meant, by default the first `most`. None at all is an error.
    pub(super) fn rows(&self, rows: Option<Rows>, most: usize) -> anyhow::Result<Range<usize>> {
        let total = self.reader.rows();
        let range = rows.map_or(0..total.min(most), |rows| rows.of(total));
        anyhow::ensure!(total > 0, "'{}' has no rows", self.path);
        anyhow::ensure!(
            !range.is_empty(),
            "there are no such rows of '{}': {total} rows",
            self.path
        );
        Ok(range)
    }

    /// Hands over some rows in batches, with the number of the first one.
    pub(super) fn batches(
        &self,
        rows: Range<usize>,
        mut take: impl FnMut(usize, &Table) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let step = self.reader.batch_rows(BATCH)?;
        for start in rows.clone().step_by(step) {
            let batch = self.reader.read(start..rows.end.min(start.saturating_add(step)))?;
            take(start, &batch)?;
        }
        Ok(())
    }

    /// Hands over all numbers of the only column, in order.
    pub(super) fn numbers(
        &self,
        rows: Range<usize>,
        mut take: impl FnMut(f64),
    ) -> anyhow::Result<()> {
        let mut values = Vec::new();
        self.batches(rows, |_, batch| {
            for row in 0..batch.rows {
                values.clear();
                if let Some(named) = batch.columns.first() {
                    cell(&named.column, row, &mut values);
                }
                values.iter().for_each(|value| take(*value));
            }
            Ok(())
        })
    }

    /// The only column, or that of a table with this name.
    pub(super) fn column(&self, name: &str) -> Option<&NamedColumn> {
        let layout = self.reader.layout();
        layout.column(name).or_else(|| layout.columns.first())
    }
}

/// Whether the elements are whole numbers; `None` if they are no numbers.
pub(super) fn integers(named: &NamedColumn) -> Option<bool> {
    let dtype = match &named.column {
        Column::Array(array) => array.dtype,
        Column::Vectors(vectors) => vectors.flattened.dtype,
        Column::Encoded(_) | Column::Table(_) => return None,
    };
    match dtype {
        DType::F32 | DType::F64 => Some(false),
        DType::Text(_) => None,
        _ => Some(true),
    }
}

/// Appends the numbers of a row.
pub(super) fn cell(column: &Column, row: usize, out: &mut Vec<f64>) {
    match column {
        Column::Array(array) => {
            let length = array.row_len();
            elements(array, row * length..(row + 1) * length, out);
        }
        Column::Vectors(vectors) => {
            let length = vectors.flattened.row_len();
            let range = vectors.range(row).unwrap_or_default();
            elements(&vectors.flattened, range.start * length..range.end * length, out);
        }
        Column::Encoded(_) | Column::Table(_) => {}
    }
}

fn elements(array: &Array, range: Range<usize>, out: &mut Vec<f64>) {
    let size = array.dtype.size();
    let bytes = array.data.get(range.start * size..range.end * size).unwrap_or_default();
    match array.dtype {
        DType::Bool | DType::U8 => all(bytes, |b| f64::from(u8::from_le_bytes(b)), out),
        DType::I8 => all(bytes, |b| f64::from(i8::from_le_bytes(b)), out),
        DType::U16 => all(bytes, |b| f64::from(u16::from_le_bytes(b)), out),
        DType::I16 => all(bytes, |b| f64::from(i16::from_le_bytes(b)), out),
        DType::U32 => all(bytes, |b| f64::from(u32::from_le_bytes(b)), out),
        DType::I32 => all(bytes, |b| f64::from(i32::from_le_bytes(b)), out),
        DType::U64 => all(bytes, |b| u64::from_le_bytes(b) as f64, out),
        DType::I64 => all(bytes, |b| i64::from_le_bytes(b) as f64, out),
        DType::F32 => all(bytes, |b| f64::from(f32::from_le_bytes(b)), out),
        DType::F64 => all(bytes, f64::from_le_bytes, out),
        DType::Text(_) => {}
    }
}

fn all<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64, out: &mut Vec<f64>) {
    let (elements, _) = bytes.as_chunks::<N>();
    out.extend(elements.iter().map(|element| number(*element)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use tierline::table::VectorOfVectors;

    #[test]
    fn cells_are_numbers_as_the_array_has_them() {
        let arrays = [
            Array::from_bool(&[true, false, true, true]),
            Array::from_u8(&[1, 2, 3, 255]),
            Array::from_i16(&[1, -2, 3, -32768]),
            Array::from_u32(&[1, 2, 3, u32::MAX]),
            Array::from_i64(&[1, -2, 3, i64::MIN]),
            Array::from_u64(&[1, 2, 3, u64::MAX]),
            Array::from_f32(&[1.5, -2.0, 3.0, 1e30]),
            Array::from_f64(&[1.5, -2.0, 3.0, 1e300]),
        ];
        for array in arrays {
            let expected: Vec<f64> = array.iter_f64().skip(2).collect();
            let mut out = Vec::new();
            cell(&array.reshaped(&[2]).into(), 1, &mut out);
            assert_eq!(out, expected);
        }
        let mut vectors = VectorOfVectors::new(DType::U16);
        vectors.push_row(&[1, 0, 2, 0]);
        vectors.push_row(&[3, 1]);
        let mut out = Vec::new();
        cell(&vectors.into(), 1, &mut out);
        assert_eq!(out, [259.0]);
    }
}
