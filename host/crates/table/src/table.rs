//! Tables of named columns.

use std::fmt;

use crate::{Array, Attrs, DecodedSize, EncodedVectors, VectorOfVectors};

/// The values of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Rows of equal shape.
    Array(Array),
    /// Rows of differing length.
    Vectors(VectorOfVectors),
    /// Waveforms in encoded form.
    Encoded(EncodedVectors),
    /// Several columns under one name, for example a waveform.
    Table(Table),
}

impl Column {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Column::Array(array) => array.rows(),
            Column::Vectors(vectors) => vectors.rows(),
            Column::Encoded(encoded) => encoded.rows(),
            Column::Table(table) => table.rows,
        }
    }
}

impl From<Array> for Column {
    fn from(array: Array) -> Self {
        Column::Array(array)
    }
}

impl From<VectorOfVectors> for Column {
    fn from(vectors: VectorOfVectors) -> Self {
        Column::Vectors(vectors)
    }
}

impl From<EncodedVectors> for Column {
    fn from(encoded: EncodedVectors) -> Self {
        Column::Encoded(encoded)
    }
}

impl From<Table> for Column {
    fn from(table: Table) -> Self {
        Column::Table(table)
    }
}

/// A column with its name and attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedColumn {
    /// Name within the table.
    pub name: String,
    /// Units and description.
    pub attrs: Attrs,
    /// Values.
    pub column: Column,
}

/// Columns of equal length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns in the order in which they were declared.
    pub columns: Vec<NamedColumn>,
    /// Number of rows of every column.
    pub rows: usize,
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column. The first one sets the number of rows.
    pub fn push(
        &mut self,
        name: impl Into<String>,
        attrs: Attrs,
        column: impl Into<Column>,
    ) -> Result<(), LayoutError> {
        let (name, column) = (name.into(), column.into());
        if self.columns.iter().any(|present| present.name == name) {
            return Err(LayoutError::Duplicate { name });
        }
        if self.columns.is_empty() {
            self.rows = column.rows();
        }
        check_rows(&name, &column, self.rows)?;
        self.columns.push(NamedColumn { name, attrs, column });
        Ok(())
    }

    /// The column at a path such as `energy` or `waveform/values`.
    pub fn column(&self, path: &str) -> Option<&NamedColumn> {
        let (name, rest) = split(path);
        let found = self.columns.iter().find(|column| column.name == name)?;
        match (rest, &found.column) {
            (None, _) => Some(found),
            (Some(rest), Column::Table(table)) => table.column(rest),
            (Some(_), _) => None,
        }
    }

    /// The column at a path, to be changed.
    pub fn column_mut(&mut self, path: &str) -> Option<&mut NamedColumn> {
        let (name, rest) = split(path);
        let found = self.columns.iter_mut().find(|column| column.name == name)?;
        let Some(rest) = rest else { return Some(found) };
        match &mut found.column {
            Column::Table(table) => table.column_mut(rest),
            _ => None,
        }
    }

    /// The array at a path; `None` if there is none or it is no array.
    pub fn array(&self, path: &str) -> Option<&Array> {
        match &self.column(path)?.column {
            Column::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The vector of vectors at a path; `None` if there is none or it is something else.
    pub fn vectors(&self, path: &str) -> Option<&VectorOfVectors> {
        match &self.column(path)?.column {
            Column::Vectors(vectors) => Some(vectors),
            _ => None,
        }
    }

    /// Verifies that every column has the table's number of rows.
    pub fn check(&self) -> Result<(), LayoutError> {
        for named in &self.columns {
            check_rows(&named.name, &named.column, self.rows)?;
            if let Column::Table(table) = &named.column {
                table.check()?;
            }
        }
        Ok(())
    }

    /// Removes all rows and keeps columns and allocations.
    pub fn clear(&mut self) {
        self.rows = 0;
        for named in &mut self.columns {
            match &mut named.column {
                Column::Array(array) => array.data.clear(),
                Column::Vectors(vectors) => {
                    vectors.flattened.data.clear();
                    vectors.cumulative_length.clear();
                }
                Column::Encoded(encoded) => encoded.clear(),
                Column::Table(table) => table.clear(),
            }
        }
    }

    /// Bytes of all values.
    pub fn bytes(&self) -> usize {
        self.columns
            .iter()
            .map(|named| match &named.column {
                Column::Array(array) => array.data.len(),
                Column::Vectors(v) => v.flattened.data.len() + v.cumulative_length.len() * 8,
                Column::Encoded(encoded) => encoded.bytes(),
                Column::Table(table) => table.bytes(),
            })
            .sum()
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    }
}

fn check_rows(name: &str, column: &Column, rows: usize) -> Result<(), LayoutError> {
    let found = match column {
        Column::Array(array) if array.row_bytes() == 0 && array.data.is_empty() => rows,
        Column::Array(array) if !array.data.len().is_multiple_of(array.row_bytes().max(1)) => {
            let bytes = array.data.len();
            return Err(LayoutError::Ragged {
                name: name.into(),
                bytes,
                row_bytes: array.row_bytes(),
            });
        }
        Column::Encoded(encoded) => match &encoded.decoded_size {
            DecodedSize::PerRow(sizes) if sizes.len() != encoded.rows() => sizes.len(),
            _ => encoded.rows(),
        },
        other => other.rows(),
    };
    if found != rows {
        return Err(LayoutError::Rows { name: name.into(), found, expected: rows });
    }
    Ok(())
}

/// Waveforms: a table of `dt` (sampling period), `t0` (time of the first sample) and `values`.
#[derive(Debug, Clone)]
pub struct WaveformTable {
    /// Time of the first sample, one per row.
    pub t0: Array,
    /// Units of `t0`.
    pub t0_units: String,
    /// Sampling period, one per row.
    pub dt: Array,
    /// Units of `dt`.
    pub dt_units: String,
    /// Samples: an array of vectors, or a vector of vectors.
    pub values: Column,
    /// Units and description of the samples.
    pub values_attrs: Attrs,
}

impl WaveformTable {
    /// Waveforms with times in ns and samples in ADC counts.
    pub fn new(t0: Array, dt: Array, values: impl Into<Column>) -> Self {
        WaveformTable {
            t0,
            t0_units: "ns".into(),
            dt,
            dt_units: "ns".into(),
            values: values.into(),
            values_attrs: Attrs::with_units("ADC"),
        }
    }

    /// The same as a plain table.
    pub fn into_table(self) -> Result<Table, LayoutError> {
        let mut table = Table::new();
        table.push("t0", Attrs::with_units(self.t0_units), self.t0)?;
        table.push("dt", Attrs::with_units(self.dt_units), self.dt)?;
        table.push("values", self.values_attrs, self.values)?;
        Ok(table)
    }
}

/// Columns that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutError {
    /// A name was used twice.
    Duplicate {
        /// The name.
        name: String,
    },
    /// A column has another number of rows than the table.
    Rows {
        /// Column.
        name: String,
        /// Its rows.
        found: usize,
        /// The table's rows.
        expected: usize,
    },
    /// The bytes of a column are no whole number of rows.
    Ragged {
        /// Column.
        name: String,
        /// Its bytes.
        bytes: usize,
        /// Bytes of one row.
        row_bytes: usize,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::Duplicate { name } => write!(f, "column '{name}' occurs twice"),
            LayoutError::Rows { name, found, expected } => {
                write!(f, "column '{name}' has {found} rows, the table has {expected}")
            }
            LayoutError::Ragged { name, bytes, row_bytes } => {
                write!(f, "column '{name}' has {bytes} bytes, not a multiple of {row_bytes}")
            }
        }
    }
}

impl std::error::Error for LayoutError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn waveforms() -> Table {
        let values = Array::from_u16(&[1, 2, 3, 4, 5, 6]).reshaped(&[3]);
        WaveformTable::new(Array::from_f64(&[0.0, 0.0]), Array::from_f64(&[16.0, 16.0]), values)
            .into_table()
            .unwrap()
    }

    #[test]
    fn paths_reach_nested_columns() {
        let mut table = Table::new();
        table.push("channel", Attrs::new(), Array::from_u16(&[4, 5])).unwrap();
        table.push("waveform", Attrs::new(), waveforms()).unwrap();
        assert_eq!(table.array("waveform/values").unwrap().rows(), 2);
        assert_eq!(table.column("waveform/dt").unwrap().attrs.units.as_deref(), Some("ns"));
        assert!(table.column("channel/x").is_none());
        assert!(table.array("waveform").is_none());
        assert_eq!(table.bytes(), 4 + 12 + 32);
        table.clear();
        assert_eq!((table.rows, table.bytes()), (0, 0));
        assert!(table.check().is_ok());
    }

    #[test]
    fn unequal_columns_are_refused() {
        let mut table = Table::new();
        table.push("a", Attrs::new(), Array::from_u16(&[4, 5])).unwrap();
        let again = table.push("a", Attrs::new(), Array::from_u16(&[4, 5]));
        assert!(matches!(again, Err(LayoutError::Duplicate { .. })));
        let short = table.push("b", Attrs::new(), Array::from_u16(&[4]));
        assert_eq!(short.unwrap_err().to_string(), "column 'b' has 1 rows, the table has 2");
        let mut ragged = Array::from_u16(&[4, 5]);
        ragged.data.pop();
        assert!(matches!(table.push("c", Attrs::new(), ragged), Err(LayoutError::Ragged { .. })));
        let empty_rows = Array::new(crate::DType::U16, &[0]);
        assert!(table.push("d", Attrs::new(), empty_rows).is_ok());
    }
}
