//! Raw buffers: the rows of a table on their way from the decoder to the file.

use tierline_core::{DType, Field, Shape, Value};
use tierline_table::{self as table, Array, Attrs, Column, Table, VectorOfVectors};

use crate::error::{Error, Result};

/// Bytes of a wide column that make a batch; one chunk of the file.
const BATCH_BYTES: usize = 256 * 1024;
/// Rows of a batch of narrow columns.
const BATCH_ROWS: usize = 8192;

/// Bytes of all vectors of a table that make a batch.
const BATCH_VECTORS: usize = 1 << 20;

/// How a column keeps its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Not in this table.
    Absent,
    /// So many bytes to the row, zeroed ahead.
    Cells(usize),
    /// So many bytes of samples to the row, appended.
    Samples(usize),
    /// Any number of bytes to the row.
    Vectors,
}

#[derive(Debug)]
struct Col {
    kind: Kind,
    data: Vec<u8>,
    ends: Vec<i64>,
    size: usize,
}

/// Rows of one table.
#[derive(Debug)]
pub struct RawBuffer {
    /// Path of the table in its file.
    pub name: String,
    /// Number of the file.
    pub file: u32,
    /// Entry of the output specification.
    pub entry: Option<usize>,
    present: u64,
    fields: &'static [Field],
    /// Run-time lengths as they were declared, and as they are.
    declared: Vec<u32>,
    lengths: Vec<u32>,
    columns: Vec<Col>,
    /// Columns that are vectors.
    vectors: Vec<usize>,
    /// Rows of a batch at most.
    most: usize,
    /// Rows that are complete.
    rows: usize,
    /// Rows of the present packet.
    open: usize,
    /// Rows for which cells are zeroed.
    ready: usize,
    batch: usize,
    /// Rows handed over so far.
    flushed: u64,
    batches: Table,
}

const fn dtype(dtype: DType) -> table::DType {
    match dtype {
        DType::Bool => table::DType::Bool,
        DType::U8 => table::DType::U8,
        DType::U16 => table::DType::U16,
        DType::U32 => table::DType::U32,
        DType::U64 => table::DType::U64,
        DType::I32 => table::DType::I32,
        DType::I64 => table::DType::I64,
        DType::F32 => table::DType::F32,
        DType::F64 => table::DType::F64,
        DType::Text(n) => table::DType::Text(n),
    }
}

impl RawBuffer {
    /// An empty buffer of a table with these columns, as a stream declares it.
    pub fn new(name: String, fields: &'static [Field], present: u64, lengths: &[u32]) -> Self {
        let column = |i: usize| Col {
            kind: if i < 64 && present >> i & 1 == 0 { Kind::Absent } else { Kind::Vectors },
            data: Vec::new(),
            ends: Vec::new(),
            size: 0,
        };
        let mut buffer = RawBuffer {
            name,
            file: 0,
            entry: None,
            present,
            fields,
            declared: lengths.to_vec(),
            lengths: lengths.to_vec(),
            columns: (0..fields.len()).map(column).collect(),
            vectors: Vec::new(),
            most: BATCH_ROWS,
            rows: 0,
            open: 0,
            ready: 0,
            batch: 1,
            flushed: 0,
            batches: Table::new(),
        };
        buffer.lay_out();
        buffer
    }

    /// The same with at most so many rows to the batch.
    pub fn with_rows(mut self, rows: usize) -> Self {
        self.most = rows.max(1);
        self.lay_out();
        self
    }

    /// Whether rows with these columns fit into the table.
    pub fn same_layout(&self, fields: &'static [Field], present: u64, lengths: &[u32]) -> bool {
        std::ptr::eq(self.fields, fields) && self.present == present && self.declared == lengths
    }

    /// Works out the kinds of the columns and the rows of a batch.
    fn lay_out(&mut self) {
        let mut widest = 1;
        for (field, col) in self.fields.iter().zip(&mut self.columns) {
            let size = field.dtype.size();
            col.size = size;
            if col.kind == Kind::Absent {
                continue;
            }
            col.kind = match field.shape {
                Shape::One => Kind::Cells(size),
                Shape::Fixed(n) => Kind::Cells(size * n as usize),
                Shape::Any => Kind::Vectors,
                Shape::Samples(slot) => {
                    let samples = self.lengths.get(usize::from(slot)).copied().unwrap_or(0);
                    Kind::Samples(size * samples as usize)
                }
            };
            if let Kind::Cells(n) | Kind::Samples(n) = col.kind {
                widest = widest.max(n);
            }
        }
        let rows = (BATCH_BYTES / widest).clamp(1, BATCH_ROWS);
        self.batch = (1 << rows.ilog2()).min(self.most);
        let kinds = self.columns.iter().enumerate();
        self.vectors = kinds.filter(|(_, c)| c.kind == Kind::Vectors).map(|(i, _)| i).collect();
    }

    /// Changes the run-time length of a sample slot while there are no rows. Returns the length in force.
    pub fn resize(&mut self, slot: u8, samples: u32) -> u32 {
        let empty = self.rows + self.open == 0 && self.flushed == 0;
        let Some(length) = self.lengths.get_mut(usize::from(slot)) else { return 0 };
        if empty && *length != samples {
            *length = samples;
            self.lay_out();
        }
        self.lengths.get(usize::from(slot)).copied().unwrap_or(0)
    }

    /// Rows, complete ones and those of the present packet not counted apart.
    pub fn total(&self) -> u64 {
        self.flushed + self.rows as u64
    }

    /// Whether a batch is complete: rows enough, or vectors of enough bytes.
    pub fn is_full(&self) -> bool {
        let vectors = || self.vectors.iter().filter_map(|&i| Some(self.columns.get(i)?.data.len()));
        self.rows >= self.batch || vectors().sum::<usize>() > BATCH_VECTORS
    }

    /// Opens a row; returns its number within the buffer.
    #[inline]
    pub fn begin(&mut self) -> u32 {
        let row = self.rows + self.open;
        self.open += 1;
        if row >= self.ready {
            self.make_ready(row);
        }
        for &i in &self.vectors {
            if let Some(col) = self.columns.get_mut(i) {
                let end = col.ends.last().copied().unwrap_or(0);
                col.ends.push(end);
            }
        }
        row as u32
    }

    #[cold]
    fn make_ready(&mut self, row: usize) {
        self.ready = (row + 1).max(self.ready * 2).max(16);
        for col in &mut self.columns {
            if let Kind::Cells(size) = col.kind {
                col.data.resize(self.ready * size, 0);
            }
        }
    }

    /// Puts bytes into a cell.
    #[inline(always)]
    pub fn put_bytes(&mut self, row: u32, field: usize, bytes: &[u8]) {
        let Some(col) = self.columns.get_mut(field) else { return };
        match col.kind {
            Kind::Cells(size) => {
                let at = row as usize * size;
                if let Some(cell) = col.data.get_mut(at..at + bytes.len().min(size)) {
                    debug_assert!(bytes.len() <= size);
                    cell.copy_from_slice(bytes.get(..cell.len()).unwrap_or(bytes));
                }
            }
            Kind::Vectors => {
                col.data.extend_from_slice(bytes);
                if let Some(end) = col.ends.last_mut() {
                    *end += (bytes.len() / col.size.max(1)) as i64;
                }
            }
            Kind::Samples(_) | Kind::Absent => {}
        }
    }

    /// Puts element `i` of a text cell.
    pub fn put_label(&mut self, row: u32, field: usize, i: u32, text: &[u8]) {
        let Some(col) = self.columns.get_mut(field) else { return };
        let Kind::Cells(cell) = col.kind else { return };
        let at = row as usize * cell + i as usize * col.size;
        let n = text.len().min(col.size);
        if let (Some(to), Some(from)) = (col.data.get_mut(at..at + n), text.get(..n))
            && (i as usize + 1) * col.size <= cell
        {
            to.copy_from_slice(from);
        }
    }

    /// Puts samples, which arrive in order.
    #[inline]
    pub fn samples(&mut self, row: u32, field: usize, first: u32, bytes: &[u8]) {
        let Some(col) = self.columns.get_mut(field) else { return };
        let Kind::Samples(stride) = col.kind else { return };
        let at = row as usize * stride + 2 * first as usize;
        let room = stride.saturating_sub(2 * first as usize);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        if at > col.data.len() {
            col.data.resize(at, 0);
        }
        if at == col.data.len() {
            col.data.extend_from_slice(bytes);
            return;
        }
        let end = at + bytes.len();
        if end > col.data.len() {
            col.data.resize(end, 0);
        }
        if let Some(cell) = col.data.get_mut(at..end) {
            cell.copy_from_slice(bytes);
        }
    }

    /// The present packet's rows count; those beyond the first `keep` of them are forgotten.
    pub fn commit(&mut self, keep: usize) {
        let drop = self.open.saturating_sub(keep);
        self.forget(drop);
        self.rows += self.open;
        self.open = 0;
        for col in &mut self.columns {
            if let Kind::Samples(stride) = col.kind
                && col.data.len() != self.rows * stride
            {
                col.data.resize(self.rows * stride, 0);
            }
        }
    }

    /// The present packet's rows are forgotten.
    pub fn abort(&mut self) {
        self.forget(self.open);
    }

    /// Forgets the last `n` open rows.
    fn forget(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        let last = self.rows + self.open;
        self.open -= n;
        let left = self.rows + self.open;
        for col in &mut self.columns {
            match col.kind {
                Kind::Cells(size) => {
                    if let Some(cells) = col.data.get_mut(left * size..last * size) {
                        cells.fill(0);
                    }
                }
                Kind::Samples(stride) => col.data.truncate(left * stride),
                Kind::Vectors => {
                    col.ends.truncate(left);
                    let end = col.ends.last().copied().unwrap_or(0).max(0) as usize;
                    col.data.truncate(end * col.size);
                }
                Kind::Absent => {}
            }
        }
    }

    /// Rows that are complete and not handed over yet.
    pub fn complete_rows(&self) -> usize {
        self.rows
    }

    /// Rows opened by the present packet.
    pub fn open_rows(&self) -> usize {
        self.open
    }

    /// A table of the buffer's layout without rows.
    ///
    /// # Errors
    /// Where two columns have one name.
    pub fn layout(&self) -> Result<Table> {
        let mut table = Table::new();
        let mut nested: Vec<(String, Table)> = Vec::new();
        for (field, col) in self.fields.iter().zip(&self.columns) {
            if col.kind == Kind::Absent {
                continue;
            }
            let attrs = Attrs {
                units: (!field.units.is_empty()).then(|| field.units.to_owned()),
                description: field.description.map(str::to_owned),
                ..Attrs::default()
            };
            let (outer, name) = match field.name.split_once('/') {
                Some((outer, name)) => (Some(outer), name),
                None => (None, field.name),
            };
            let column = self.empty_column(field, col);
            match outer {
                None => table.push(name, attrs, column).map_err(|e| self.layout_error(e))?,
                Some(outer) => {
                    let place = match nested.iter().position(|(n, _)| n == outer) {
                        Some(place) => place,
                        None => {
                            nested.push((outer.to_owned(), Table::new()));
                            nested.len() - 1
                        }
                    };
                    if let Some((_, inner)) = nested.get_mut(place) {
                        inner.push(name, attrs, column).map_err(|e| self.layout_error(e))?;
                    }
                }
            }
        }
        for (name, inner) in nested {
            table.push(name, Attrs::new(), inner).map_err(|e| self.layout_error(e))?;
        }
        Ok(table)
    }

    fn layout_error(&self, source: table::LayoutError) -> Error {
        Error::Layout { table: self.name.clone(), source }
    }

    fn empty_column(&self, field: &Field, col: &Col) -> Column {
        let element = dtype(field.dtype);
        match (field.shape, col.kind) {
            (Shape::Any, _) => VectorOfVectors::new(element).into(),
            (Shape::One, _) => Array::new(element, &[]).into(),
            (_, Kind::Cells(bytes) | Kind::Samples(bytes)) => {
                Array::new(element, &[bytes / field.dtype.size().max(1)]).into()
            }
            _ => Array::new(element, &[]).into(),
        }
    }

    /// Takes the cells of the present packet's rows out of the columns.
    fn split_open(&mut self) -> Vec<(Vec<u8>, Vec<i64>)> {
        let (rows, last) = (self.rows, self.rows + self.open);
        let split = |col: &mut Col| match col.kind {
            Kind::Cells(size) => {
                col.data.truncate(last * size);
                (col.data.split_off((rows * size).min(col.data.len())), Vec::new())
            }
            Kind::Samples(stride) => {
                (col.data.split_off((rows * stride).min(col.data.len())), Vec::new())
            }
            Kind::Vectors => {
                let before =
                    rows.checked_sub(1).and_then(|i| col.ends.get(i)).copied().unwrap_or(0);
                let ends = col.ends.split_off(rows.min(col.ends.len()));
                let at = (before.max(0) as usize * col.size).min(col.data.len());
                (col.data.split_off(at), ends.iter().map(|end| end - before).collect())
            }
            Kind::Absent => (Vec::new(), Vec::new()),
        };
        self.columns.iter_mut().map(split).collect()
    }

    /// Moves the complete rows into a table, hands it to `take`, and gets the memory back. Those of the present packet stay,
    /// and are the buffer's first then.
    ///
    /// # Errors
    /// Those of `take`, and of the layout.
    pub fn flush(&mut self, take: impl FnOnce(&mut Table) -> Result<()>) -> Result<()> {
        if self.batches.columns.is_empty() {
            self.batches = self.layout()?;
        }
        let rows = self.rows;
        let open = if self.open > 0 { self.split_open() } else { Vec::new() };
        let mut table = std::mem::take(&mut self.batches);
        set_rows(&mut table, rows);
        for (field, col) in self.fields.iter().zip(&mut self.columns) {
            let Some(named) = table.column_mut(field.name) else { continue };
            match &mut named.column {
                Column::Array(array) => {
                    if let Kind::Cells(size) = col.kind {
                        col.data.truncate(rows * size);
                    }
                    std::mem::swap(&mut array.data, &mut col.data);
                }
                Column::Vectors(vectors) => {
                    std::mem::swap(&mut vectors.flattened.data, &mut col.data);
                    std::mem::swap(&mut vectors.cumulative_length, &mut col.ends);
                }
                Column::Encoded(_) | Column::Table(_) => {}
            }
        }
        let done = take(&mut table);
        self.flushed += rows as u64;
        self.rows = 0;
        self.ready = 0;
        for (field, col) in self.fields.iter().zip(&mut self.columns) {
            let Some(named) = table.column_mut(field.name) else { continue };
            match &mut named.column {
                Column::Array(array) => std::mem::swap(&mut array.data, &mut col.data),
                Column::Vectors(vectors) => {
                    std::mem::swap(&mut vectors.flattened.data, &mut col.data);
                    std::mem::swap(&mut vectors.cumulative_length, &mut col.ends);
                }
                Column::Encoded(_) | Column::Table(_) => {}
            }
            col.data.clear();
            col.ends.clear();
        }
        table.clear();
        self.batches = table;
        for (col, (data, ends)) in self.columns.iter_mut().zip(open) {
            (col.data, col.ends) = (data, ends);
            self.ready = self.open;
        }
        done
    }

    /// Another file begins: rows written to the last one don't count.
    pub fn restart(&mut self) {
        self.flushed = 0;
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|col| col.data.capacity() + 8 * col.ends.capacity()).sum()
    }
}

fn set_rows(table: &mut Table, rows: usize) {
    table.rows = rows;
    for named in &mut table.columns {
        if let Column::Table(inner) = &mut named.column {
            set_rows(inner, rows);
        }
    }
}

/// A value as little-endian bytes, handed to `f`.
#[inline(always)]
pub fn with_bytes(value: Value<'_>, f: impl FnOnce(&[u8])) {
    match value {
        Value::Bool(v) => f(&[u8::from(v)]),
        Value::U8(v) => f(&[v]),
        Value::U16(v) => f(&v.to_le_bytes()),
        Value::U32(v) => f(&v.to_le_bytes()),
        Value::U64(v) => f(&v.to_le_bytes()),
        Value::I32(v) => f(&v.to_le_bytes()),
        Value::I64(v) => f(&v.to_le_bytes()),
        Value::F32(v) => f(&v.to_le_bytes()),
        Value::F64(v) => f(&v.to_le_bytes()),
        Value::Array(_, bytes) => f(bytes),
        Value::Text(text) => f(text.as_bytes()),
        Value::Label(..) | Value::Struct | Value::Document => {}
    }
}
