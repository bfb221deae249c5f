//! Writing files of tables.

use std::collections::HashSet;
use std::path::Path;

use tierline_table::{Array, DType, Scalar};

use super::{Schema, Value};
use crate::{DatasetId, Error, Filters, Options, Stats, Writer};

/// A table of a [`FileWriter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableId(DatasetId);

/// Writes a file of tables that grow side by side.
///
/// Rows wait in memory until they are a chunk: as many bytes as [`chunk_bytes`](Self::chunk_bytes) says,
/// for each table that has rows.
pub struct FileWriter {
    writer: Writer,
    filters: Filters,
    /// Value of the attribute FILTERS of groups.
    packed: Option<i64>,
    groups: HashSet<String>,
    tables: Vec<DatasetId>,
    /// Bytes of a chunk, about. At least one row is in each.
    pub chunk_bytes: usize,
}

impl FileWriter {
    /// Creates a file, or truncates it. `filters` are those of the tables; with `inherit` groups tell them
    /// to PyTables, for what it adds to the file.
    pub fn create(
        path: &Path,
        options: Options,
        filters: Filters,
        inherit: bool,
    ) -> Result<Self, Error> {
        let writer = Writer::create(path, options)?;
        let packed = inherit.then(|| packed_filters(filters));
        let (groups, tables) = (HashSet::new(), Vec::new());
        let mut file =
            FileWriter { writer, filters, packed, groups, tables, chunk_bytes: 128 << 10 };
        let mut values = file.group_values("");
        values.push(("PYTABLES_FORMAT_VERSION".to_owned(), "2.1".into()));
        file.writer.values("/", values)?;
        Ok(file)
    }

    /// The file being written.
    pub fn path(&self) -> &Path {
        self.writer.path()
    }

    /// Creates a group and those above it, if they are not there.
    pub fn group(&mut self, path: &str) -> Result<(), Error> {
        let path = path.trim_matches('/').to_owned();
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        for end in ends.filter(|end| *end > 0) {
            let group = &path[..end];
            if self.groups.insert(group.to_owned()) {
                self.writer.group(group, &[])?;
                let values = self.group_values("");
                self.writer.values(group, values)?;
            }
        }
        Ok(())
    }

    fn group_values(&self, title: &str) -> Vec<(String, Value)> {
        let mut values: Vec<(String, Value)> = vec![
            ("CLASS".to_owned(), "GROUP".into()),
            ("TITLE".to_owned(), title.into()),
            ("VERSION".to_owned(), "1.0".into()),
        ];
        values.extend(self.packed.map(|packed| ("FILTERS".to_owned(), packed.into())));
        values
    }

    /// Creates a table, and the groups above it. `values` are its attributes besides those of PyTables.
    pub fn table(
        &mut self,
        path: &str,
        title: &str,
        schema: &Schema,
        values: Vec<(String, Value)>,
    ) -> Result<TableId, Error> {
        if let Some((group, _)) = path.trim_matches('/').rsplit_once('/') {
            self.group(group)?;
        }
        if schema.row_bytes() == 0 || schema.columns().iter().any(|column| column.bytes() == 0) {
            let reason = "a table needs columns, and each of them bytes";
            return Err(self.writer.parameter(path, reason));
        }
        let rows = (self.chunk_bytes / schema.row_bytes()).max(1);
        let mut all = table_values(title, schema);
        all.extend(values);
        let id = self.writer.compound(path, schema, rows, all, self.filters)?;
        self.tables.push(id);
        Ok(TableId(id))
    }

    /// Creates an array that grows along its first axis, and the groups above it; rows are appended as those of tables are.
    pub fn array(
        &mut self,
        path: &str,
        title: &str,
        dtype: DType,
        row_shape: &[usize],
    ) -> Result<TableId, Error> {
        if let Some((group, _)) = path.trim_matches('/').rsplit_once('/') {
            self.group(group)?;
        }
        let bytes = row_shape.iter().fold(dtype.size(), |bytes, n| bytes.saturating_mul(*n));
        let rows = (self.chunk_bytes / bytes.max(1)).max(1);
        let id = self.writer.dataset(path, dtype, row_shape, rows, &[])?;
        self.writer.values(
            path,
            vec![
                ("CLASS".to_owned(), "EARRAY".into()),
                ("EXTDIM".to_owned(), Value::Scalar(Scalar::I32(0))),
                ("TITLE".to_owned(), title.into()),
                ("VERSION".to_owned(), "1.1".into()),
            ],
        )?;
        Ok(TableId(id))
    }

    /// Writes attributes of a group or a table that was created.
    pub fn attributes(&mut self, path: &str, values: Vec<(String, Value)>) -> Result<(), Error> {
        self.writer.values(path, values)
    }

    /// Appends whole rows of packed little-endian columns.
    pub fn append(&mut self, table: TableId, rows: &[u8]) -> Result<(), Error> {
        self.writer.append(table.0, rows)
    }

    /// Rows of a table so far.
    pub fn rows(&self, table: TableId) -> usize {
        self.writer.rows(table.0)
    }

    /// Bytes held in memory.
    pub fn buffered_bytes(&self) -> usize {
        self.writer.buffered_bytes()
    }

    /// Bytes of rows that were appended.
    pub fn raw_bytes(&self) -> u64 {
        self.writer.raw_bytes()
    }

    /// Waits until all full chunks are in the file and tells how many bytes they have there.
    pub fn settle(&mut self) -> Result<u64, Error> {
        self.writer.settle()
    }

    /// Writes what is left and closes the file.
    pub fn finish(mut self) -> Result<Stats, Error> {
        for id in std::mem::take(&mut self.tables) {
            self.writer.count_rows(id, "NROWS")?;
        }
        self.writer.finish()
    }
}

/// The attributes of a table by PyTables, but for the number of rows.
fn table_values(title: &str, schema: &Schema) -> Vec<(String, Value)> {
    let mut values: Vec<(String, Value)> = vec![
        ("CLASS".to_owned(), "TABLE".into()),
        ("VERSION".to_owned(), "2.7".into()),
        ("TITLE".to_owned(), title.into()),
    ];
    for (n, column) in schema.columns().iter().enumerate() {
        values.push((format!("FIELD_{n}_NAME"), column.name.as_str().into()));
        values.push((format!("FIELD_{n}_FILL"), fill(column.dtype)));
    }
    values
}

/// The value of a column where nothing was written.
fn fill(dtype: DType) -> Value {
    Value::Scalar(match dtype {
        DType::Bool => Scalar::Bool(false),
        DType::U8 => Scalar::U8(0),
        DType::I8 => Scalar::I8(0),
        DType::U16 => Scalar::U16(0),
        DType::I16 => Scalar::I16(0),
        DType::U32 => Scalar::U32(0),
        DType::I32 => Scalar::I32(0),
        DType::U64 => Scalar::U64(0),
        DType::I64 => Scalar::I64(0),
        DType::F32 => Scalar::F32(0.0),
        DType::F64 => Scalar::F64(0.0),
        DType::Text(_) => return Value::Ascii(vec![0]),
    })
}

/// Filters in PyTables' packing: level, shuffle (bit 0 of the second byte), checksum (bit 1), and in the
/// bytes above the number of the library, zlib being 1.
pub fn packed_filters(filters: Filters) -> i64 {
    let flags = i64::from(filters.shuffle) | i64::from(filters.fletcher32) << 1;
    flags << 8 | filters.deflate.map_or(0, |level| i64::from(level) | 1 << 16)
}

impl From<&[f32]> for Value {
    fn from(values: &[f32]) -> Self {
        Value::Array(Array::from_f32(values))
    }
}
