//! Binary tables.

use crate::{Header, Mismatch};

/// Cells of a column, row by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// `L`.
    Logical(Vec<bool>),
    /// `X`, bit by bit.
    Bits(Vec<bool>),
    /// `B`.
    U8(Vec<u8>),
    /// `I`.
    I16(Vec<i16>),
    /// `J`.
    I32(Vec<i32>),
    /// `K`.
    I64(Vec<i64>),
    /// `E`.
    F32(Vec<f32>),
    /// `D`, and scaled integers.
    F64(Vec<f64>),
    /// `C`, as real and imaginary parts.
    C32(Vec<[f32; 2]>),
    /// `M`, as real and imaginary parts.
    C64(Vec<[f64; 2]>),
    /// `A`, a string per cell or, with dimensions, several; without trailing blanks.
    Text(Vec<String>),
    /// `P` and `Q`: cells of their own lengths; cell i has the values from `starts[i]` to `starts[i + 1]`.
    Variable {
        /// Where each cell starts, and the end of the last.
        starts: Vec<usize>,
        /// The values of all cells, of one of the other kinds.
        values: Box<Cells>,
    },
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// `TTYPEn`.
    pub name: String,
    /// `TUNITn`; empty if there is none.
    pub unit: String,
    /// Shape of a cell in C order (`TDIMn` reversed); empty for a single value.
    pub shape: Vec<usize>,
    /// `TNULLn`.
    pub null: Option<i64>,
    /// The values of all rows.
    pub cells: Cells,
}

/// A binary table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// `EXTNAME`.
    pub name: String,
    /// Other cards.
    pub header: Header,
    /// Rows.
    pub rows: usize,
    /// Columns in their order.
    pub columns: Vec<Column>,
}

impl Cells {
    /// Values of all rows together.
    pub fn len(&self) -> usize {
        match self {
            Cells::Logical(v) | Cells::Bits(v) => v.len(),
            Cells::U8(v) => v.len(),
            Cells::I16(v) => v.len(),
            Cells::I32(v) => v.len(),
            Cells::I64(v) => v.len(),
            Cells::F32(v) => v.len(),
            Cells::F64(v) => v.len(),
            Cells::C32(v) => v.len(),
            Cells::C64(v) => v.len(),
            Cells::Text(v) => v.len(),
            Cells::Variable { values, .. } => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some rows of `n` values each.
    fn take(&self, rows: &[usize], n: usize) -> Self {
        fn pick<T: Clone>(values: &[T], rows: &[usize], n: usize) -> Vec<T> {
            rows.iter().flat_map(|row| &values[row * n..(row + 1) * n]).cloned().collect()
        }
        match self {
            Cells::Logical(v) => Cells::Logical(pick(v, rows, n)),
            Cells::Bits(v) => Cells::Bits(pick(v, rows, n)),
            Cells::U8(v) => Cells::U8(pick(v, rows, n)),
            Cells::I16(v) => Cells::I16(pick(v, rows, n)),
            Cells::I32(v) => Cells::I32(pick(v, rows, n)),
            Cells::I64(v) => Cells::I64(pick(v, rows, n)),
            Cells::F32(v) => Cells::F32(pick(v, rows, n)),
            Cells::F64(v) => Cells::F64(pick(v, rows, n)),
            Cells::C32(v) => Cells::C32(pick(v, rows, n)),
            Cells::C64(v) => Cells::C64(pick(v, rows, n)),
            Cells::Text(v) => Cells::Text(pick(v, rows, n)),
            Cells::Variable { starts, values } => {
                let mut new = vec![0];
                let mut inner = Vec::new();
                for row in rows {
                    inner.extend(starts[*row]..starts[row + 1]);
                    new.push(inner.len());
                }
                Cells::Variable { starts: new, values: Box::new(values.take(&inner, 1)) }
            }
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Cells::Logical(_) => "logicals",
            Cells::Bits(_) => "bits",
            Cells::U8(_) | Cells::I16(_) | Cells::I32(_) | Cells::I64(_) => "integers",
            Cells::F32(_) | Cells::F64(_) => "real numbers",
            Cells::C32(_) | Cells::C64(_) => "complex numbers",
            Cells::Text(_) => "strings",
            Cells::Variable { .. } => "cells of different lengths",
        }
    }
}

/// A real number without a fraction as an integer, if it is one.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let fits =
        value.fract() == 0.0 && (-9223372036854775808.0..9223372036854775808.0).contains(&value);
    fits.then_some(value as i64)
}

/// An integer as a real number, if it is one exactly.
fn exact(value: i64) -> Option<f64> {
    let real = value as f64;
    (whole(real) == Some(value)).then_some(real)
}

impl Column {
    /// A column of one value per row.
    pub fn new(name: &str, unit: &str, cells: Cells) -> Self {
        Column { name: name.into(), unit: unit.into(), shape: Vec::new(), null: None, cells }
    }

    /// The column of some of the rows, in the order given.
    ///
    /// # Panics
    /// Where there is no such row.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        let per_row = self.shape.iter().product();
        Column { shape: self.shape.clone(), ..self.with(self.cells.take(rows, per_row)) }
    }

    /// All values as real numbers, rows one behind the other; nulls become NaN.
    ///
    /// # Errors
    /// Where they are no numbers, or an integer is too large to be exact.
    pub fn f64s(&self) -> Result<Vec<f64>, Mismatch> {
        let null = self.null;
        let integer = |value: i64| match null {
            Some(null) if null == value => Ok(f64::NAN),
            _ => exact(value)
                .ok_or_else(|| self.wrong(format!("{value} is not exact as a real number"))),
        };
        match &self.cells {
            Cells::U8(v) => v.iter().map(|value| integer(i64::from(*value))).collect(),
            Cells::I16(v) => v.iter().map(|value| integer(i64::from(*value))).collect(),
            Cells::I32(v) => v.iter().map(|value| integer(i64::from(*value))).collect(),
            Cells::I64(v) => v.iter().map(|value| integer(*value)).collect(),
            Cells::F32(v) => Ok(v.iter().map(|value| f64::from(*value)).collect()),
            Cells::F64(v) => Ok(v.clone()),
            Cells::Variable { values, .. } => self.with((**values).clone()).f64s(),
            other => Err(self.wrong(format!("expected numbers, found {}", other.kind()))),
        }
    }

    /// All values as integers, rows one behind the other.
    ///
    /// # Errors
    /// Where they are no numbers, a number has a fraction, or is null.
    pub fn i64s(&self) -> Result<Vec<i64>, Mismatch> {
        let real = |value: f64| {
            whole(value).ok_or_else(|| self.wrong(format!("expected whole numbers, found {value}")))
        };
        let values: Vec<i64> = match &self.cells {
            Cells::U8(v) => v.iter().map(|value| i64::from(*value)).collect(),
            Cells::I16(v) => v.iter().map(|value| i64::from(*value)).collect(),
            Cells::I32(v) => v.iter().map(|value| i64::from(*value)).collect(),
            Cells::I64(v) => v.clone(),
            Cells::F32(v) => return v.iter().map(|value| real(f64::from(*value))).collect(),
            Cells::F64(v) => return v.iter().map(|value| real(*value)).collect(),
            Cells::Variable { values, .. } => return self.with((**values).clone()).i64s(),
            other => return Err(self.wrong(format!("expected numbers, found {}", other.kind()))),
        };
        match self.null.filter(|null| values.contains(null)) {
            Some(null) => Err(self.wrong(format!("expected numbers, found the null {null}"))),
            None => Ok(values),
        }
    }

    /// All strings.
    ///
    /// # Errors
    /// Where there are none.
    pub fn texts(&self) -> Result<&[String], Mismatch> {
        match &self.cells {
            Cells::Text(texts) => Ok(texts),
            Cells::Variable { values, .. } => match &**values {
                Cells::Text(texts) => Ok(texts),
                other => Err(self.wrong(format!("expected strings, found {}", other.kind()))),
            },
            other => Err(self.wrong(format!("expected strings, found {}", other.kind()))),
        }
    }

    /// All logicals or bits.
    ///
    /// # Errors
    /// Where there are none.
    pub fn logicals(&self) -> Result<&[bool], Mismatch> {
        match &self.cells {
            Cells::Logical(values) | Cells::Bits(values) => Ok(values),
            other => Err(self.wrong(format!("expected logicals, found {}", other.kind()))),
        }
    }

    fn with(&self, cells: Cells) -> Self {
        Column { null: self.null, ..Column::new(&self.name, &self.unit, cells) }
    }

    fn wrong(&self, reason: impl Into<String>) -> Mismatch {
        Mismatch::column(&self.name, reason)
    }
}

impl Table {
    /// A column by name; capital or small letters are the same.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// A column that must be there.
    ///
    /// # Errors
    /// Where it is not.
    pub fn require(&self, name: &str) -> Result<&Column, Mismatch> {
        self.column(name).ok_or_else(|| Mismatch::column(name, "is not there"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_exact_or_refused() {
        let column = |cells| Column::new("X", "", cells);
        assert_eq!(column(Cells::I16(vec![1, -2])).f64s().unwrap(), [1.0, -2.0]);
        assert_eq!(column(Cells::F32(vec![3.0])).i64s().unwrap(), [3]);
        assert!(column(Cells::F64(vec![0.5])).i64s().is_err());
        assert!(column(Cells::F64(vec![f64::NAN])).i64s().is_err());
        assert!(column(Cells::F64(vec![9.3e18])).i64s().is_err());
        assert!(column(Cells::I64(vec![(1 << 53) + 1])).f64s().is_err());
        assert!(column(Cells::I64(vec![i64::MAX])).f64s().is_err());
        assert_eq!(column(Cells::I64(vec![i64::MIN])).f64s().unwrap(), [i64::MIN as f64]);
        let with_null = Column { null: Some(-1), ..column(Cells::I32(vec![-1, 4])) };
        assert!(with_null.f64s().unwrap()[0].is_nan());
        assert_eq!(
            with_null.i64s().unwrap_err().to_string(),
            "column X: expected numbers, found the null -1"
        );
        assert!(column(Cells::Text(vec!["a".into()])).f64s().is_err());
        let values = Box::new(Cells::I16(vec![5, 6]));
        let variable = column(Cells::Variable { starts: vec![0, 0, 2], values });
        assert_eq!(variable.i64s().unwrap(), [5, 6]);
        let taken = variable.take(&[1, 0, 1]);
        assert_eq!(taken.i64s().unwrap(), [5, 6, 5, 6]);
        assert!(matches!(&taken.cells, Cells::Variable { starts, .. } if *starts == [0, 2, 2, 4]));
        let pairs = Column { shape: vec![2], ..column(Cells::U8(vec![1, 2, 3, 4])) };
        assert_eq!(pairs.take(&[1]).cells, Cells::U8(vec![3, 4]));
    }
}
