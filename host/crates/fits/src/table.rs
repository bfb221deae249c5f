//! Binary tables.

use crate::Header;

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
