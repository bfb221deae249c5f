//! Values of rows and attributes.

use std::collections::HashMap;

use tierline_h5::browse::Elements;
use tierline_h5::pytables::{Column, Table};
use tierline_h5::tree::Reader;
use tierline_table::{Array, DType};

use crate::{Error, Place};

/// A table's columns, by their names.
pub(crate) struct Cells {
    table: Table,
    /// Row that [`Cells::value`] and its like look at.
    row: Vec<u8>,
}

impl Cells {
    /// Opens a table.
    pub(crate) fn open(file: &Reader, path: &str) -> Result<Self, Error> {
        Ok(Cells { table: file.table(path)?, row: Vec::new() })
    }

    /// Opens a table if it is there.
    pub(crate) fn find(file: &Reader, path: &str) -> Result<Option<Self>, Error> {
        match file.has_table(path) {
            true => Ok(Some(Self::open(file, path)?)),
            false => Ok(None),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.table.rows()
    }

    pub(crate) fn path(&self) -> &str {
        self.table.path()
    }

    /// A column, by its name.
    pub(crate) fn find_column(&self, name: &str) -> Option<Column> {
        self.table.schema().column(name).cloned()
    }

    /// A column that must be there.
    pub(crate) fn column(&self, file: &Reader, name: &str) -> Result<Column, Error> {
        self.find_column(name).ok_or_else(|| {
            let place = Place::Entry(self.path().to_owned());
            Error::malformed(file.path(), place, format!("there is no column {name}"))
        })
    }

    /// Position of a column.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.table.schema().columns().iter().position(|column| column.name == name)
    }

    /// Goes to a row.
    pub(crate) fn go(&mut self, row: usize) -> Result<&[u8], Error> {
        self.row.clear();
        self.row.extend_from_slice(self.table.row(row)?);
        Ok(&self.row)
    }

    /// The row that was gone to.
    pub(crate) fn row(&self) -> &[u8] {
        &self.row
    }

    /// A number of this row; NaN if there is no such column.
    pub(crate) fn number(&self, name: &str) -> f64 {
        let column = self.table.schema().column(name);
        column.map_or(f64::NAN, |column| number(column, &self.row))
    }

    /// A whole number of this row; 0 if there is no such column.
    pub(crate) fn integer(&self, name: &str) -> i64 {
        self.table.schema().column(name).map_or(0, |column| integer(column, &self.row))
    }

    /// A text of this row; empty if there is no such column.
    pub(crate) fn text(&self, name: &str) -> String {
        let column = self.table.schema().column(name);
        let bytes = column.map_or(&[][..], |column| column.of(&self.row));
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    }

    /// Numbers of a column in all rows.
    pub(crate) fn all(&mut self, name: &str) -> Result<Vec<f64>, Error> {
        let array = self.table.column(name, 0..usize::MAX)?;
        Ok((0..array.len()).map(|n| array.get_f64(n).unwrap_or(f64::NAN)).collect())
    }
}

/// The first element of a column as a number; NaN if it is text.
pub(crate) fn number(column: &Column, row: &[u8]) -> f64 {
    let bytes = column.of(row);
    match (column.dtype, bytes) {
        (DType::F64, bytes) => bytes.first_chunk().map_or(f64::NAN, |b| f64::from_le_bytes(*b)),
        (DType::F32, bytes) => {
            bytes.first_chunk().map_or(f64::NAN, |b| f64::from(f32::from_le_bytes(*b)))
        }
        (DType::Text(_), _) => f64::NAN,
        (DType::U64, _) => integer(column, row) as u64 as f64,
        _ => integer(column, row) as f64,
    }
}

/// The first element of a column as a whole number; fractions are cut off, text is 0.
pub(crate) fn integer(column: &Column, row: &[u8]) -> i64 {
    let bytes = column.of(row);
    let value = match column.dtype {
        DType::Bool | DType::U8 => bytes.first().map(|byte| i64::from(*byte)),
        DType::I8 => bytes.first().map(|byte| i64::from(*byte as i8)),
        DType::U16 => bytes.first_chunk().map(|b| u16::from_le_bytes(*b).into()),
        DType::I16 => bytes.first_chunk().map(|b| i16::from_le_bytes(*b).into()),
        DType::U32 => bytes.first_chunk().map(|b| u32::from_le_bytes(*b).into()),
        DType::I32 => bytes.first_chunk().map(|b| i32::from_le_bytes(*b).into()),
        DType::U64 => bytes.first_chunk().map(|b| u64::from_le_bytes(*b) as i64),
        DType::I64 => bytes.first_chunk().map(|b| i64::from_le_bytes(*b)),
        DType::F32 => bytes.first_chunk().map(|b| f32::from_le_bytes(*b) as i64),
        DType::F64 => bytes.first_chunk().map(|b| f64::from_le_bytes(*b) as i64),
        DType::Text(_) => None,
    };
    value.unwrap_or(0)
}

/// All elements of a column as numbers of single precision.
pub(crate) fn f32s(column: &Column, row: &[u8]) -> Vec<f32> {
    let bytes = column.of(row);
    match column.dtype {
        DType::F32 => bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        _ => f64s(column, row).into_iter().map(|value| value as f32).collect(),
    }
}

/// All elements of a column.
pub(crate) fn f64s(column: &Column, row: &[u8]) -> Vec<f64> {
    let mut array = Array::new(column.dtype, &[]);
    array.data = column.of(row).to_vec();
    (0..array.len()).map(|n| array.get_f64(n).unwrap_or(f64::NAN)).collect()
}

/// All elements of a column as whole numbers.
pub(crate) fn i32s(column: &Column, row: &[u8]) -> Vec<i32> {
    let bytes = column.of(row);
    match column.dtype {
        DType::I32 => bytes.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b)).collect(),
        _ => f64s(column, row).into_iter().map(|value| value as i32).collect(),
    }
}

/// All elements of a column as truth values.
pub(crate) fn bools(column: &Column, row: &[u8]) -> Vec<bool> {
    let size = column.dtype.size().max(1);
    column.of(row).chunks_exact(size).map(|value| value.iter().any(|byte| *byte != 0)).collect()
}

/// The attributes of an object.
pub(crate) struct Attributes(HashMap<String, Elements>);

impl Attributes {
    /// Reads them.
    pub(crate) fn of(file: &Reader, path: &str) -> Result<Self, Error> {
        let all = file.item(path)?.attributes()?;
        Ok(Attributes(all.into_iter().map(|one| (one.name, one.elements)).collect()))
    }

    /// Names, in any order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// An attribute as text; empty text has no elements in the file.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Elements::Plain(DType::Text(_), bytes) => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
            }
            Elements::Texts(texts) => texts.first().cloned(),
            Elements::Other(what) if what == "empty" => Some(String::new()),
            _ => None,
        }
    }

    /// An attribute as numbers.
    pub(crate) fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        match self.0.get(name)? {
            Elements::Plain(DType::Text(_), _) => None,
            Elements::Plain(dtype, bytes) => {
                let mut array = Array::new(*dtype, &[]);
                array.data = bytes.clone();
                (0..array.len()).map(|n| array.get_f64(n)).collect()
            }
            _ => None,
        }
    }

    /// An attribute as a number.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.numbers(name)?.first().copied()
    }
}
