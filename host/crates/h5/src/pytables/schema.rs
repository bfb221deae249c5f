//! The columns of a table and how they lie in its rows.

use tierline_table::DType;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Type of the elements, little-endian. A truth value is a bit field of one byte.
    pub dtype: DType,
    /// Extents of the array in each row; empty for a single value.
    pub shape: Vec<usize>,
    /// First byte in the row.
    pub offset: usize,
    /// Whether the elements lie in the file with the high byte first; rows as read are little-endian.
    pub big_endian: bool,
}

impl Column {
    /// Elements in each row.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |count: usize, extent| count.saturating_mul(*extent))
    }

    /// Whether rows have no elements of it.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes in each row.
    pub fn bytes(&self) -> usize {
        self.len().saturating_mul(self.dtype.size())
    }

    /// Its bytes in a row of the table; empty if the row is none of it.
    pub fn of<'a>(&self, row: &'a [u8]) -> &'a [u8] {
        row.get(self.offset..self.offset.saturating_add(self.bytes())).unwrap_or_default()
    }
}

/// The columns of a table, packed one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
    row_bytes: usize,
}

impl Schema {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a column of one value per row.
    pub fn push(&mut self, name: impl Into<String>, dtype: DType) {
        self.push_array(name, dtype, &[]);
    }

    /// Appends a column of an array per row. What does not fit into memory is refused when the table is
    /// created.
    pub fn push_array(&mut self, name: impl Into<String>, dtype: DType, shape: &[usize]) {
        let (name, offset, big_endian) = (name.into(), self.row_bytes, false);
        let bytes = shape.iter().fold(dtype.size(), |bytes, extent| bytes.saturating_mul(*extent));
        self.row_bytes = self.row_bytes.saturating_add(bytes);
        self.columns.push(Column { name, dtype, shape: shape.to_vec(), offset, big_endian });
    }

    /// Columns as they were found in a file, which need not be packed.
    pub(crate) fn found(columns: Vec<Column>, row_bytes: usize) -> Self {
        Schema { columns, row_bytes }
    }

    /// The columns in their order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }
}
