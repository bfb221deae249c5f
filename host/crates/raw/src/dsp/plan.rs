//! A compiled chain: what to do with every block of rows.

use tierline_table::{Array, Attrs, Column, DType, NamedColumn, Table, VectorOfVectors};

use super::error::ChainError;
use super::step::{Block, Step};
use super::store::{BLOCK, Kind, Slot, Store};

/// Steps, the slots they work on, and what comes out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub(crate) store: Store,
    /// Steps that give the same for all rows.
    pub(crate) once: Vec<Step>,
    pub(crate) steps: Vec<Step>,
    /// Input columns that are read.
    pub(crate) columns: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
}

/// A column that is read, as the layout has it.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) path: String,
    pub(crate) dtype: DType,
    pub(crate) row_len: usize,
}

impl Input {
    /// The column of a table, if it is as expected.
    fn find<'t>(&self, table: &'t Table) -> Result<&'t Array, ChainError> {
        let array = table.array(&self.path);
        let wrong = match array {
            None => "the table does not have it",
            Some(array) if array.dtype != self.dtype => "its type has changed",
            Some(array) if array.row_len() != self.row_len => "its length has changed",
            Some(array) if array.rows() != table.rows && self.row_len > 0 => "rows are missing",
            Some(array) => return Ok(array),
        };
        Err(ChainError::Layout { column: self.path.clone(), reason: wrong.into() })
    }
}

/// One output column.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) attrs: Attrs,
    pub(crate) form: Form,
}

/// What an output column is made of.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A column of the input as it is.
    Copy,
    /// Numbers, or vectors of numbers.
    Array { values: Slot, dtype: DType, vector: bool },
    /// Vectors of which only the first elements count.
    Vectors { values: Slot, dtype: DType, lengths: Slot },
    /// A table of `t0`, `dt` and `values`; times in the unit given.
    Waveform { values: Slot, dtype: DType, t0: Slot, dt: f32, unit: String },
}

impl Output {
    /// The column without rows.
    pub(crate) fn empty(&self, layout: &Table) -> Result<NamedColumn, ChainError> {
        let layout_error = |reason: &str| ChainError::Layout {
            column: self.name.clone(),
            reason: reason.to_owned(),
        };
        let column = match &self.form {
            Form::Copy => {
                let mut table = Table { columns: Vec::new(), rows: layout.rows };
                let column = layout.column(&self.name).ok_or_else(|| layout_error("not there"))?;
                table.columns.push(column.clone());
                table.clear();
                return table.columns.pop().ok_or_else(|| layout_error("not there"));
            }
            Form::Array { values, dtype, vector } => {
                let shape = [values.len];
                Column::Array(Array::new(*dtype, if *vector { &shape } else { &[] }))
            }
            Form::Vectors { dtype, .. } => Column::Vectors(VectorOfVectors::new(*dtype)),
            Form::Waveform { values, dtype, unit, .. } => {
                let mut table = Table::new();
                let time = || Array::new(DType::F32, &[]);
                let columns = [("t0", time()), ("dt", time())];
                for (name, array) in columns {
                    let pushed = table.push(name, Attrs::with_units(unit.clone()), array);
                    pushed.map_err(|e| layout_error(&e.to_string()))?;
                }
                let array = Array::new(*dtype, &[values.len]);
                let pushed = table.push("values", self.attrs.clone(), array);
                pushed.map_err(|e| layout_error(&e.to_string()))?;
                Column::Table(table)
            }
        };
        Ok(NamedColumn { name: self.name.clone(), attrs: self.attrs.clone(), column })
    }
}

impl Plan {
    /// Works on rows `first..end` of a table and appends to the outputs.
    pub(crate) fn run(
        &self,
        table: &Table,
        first: usize,
        end: usize,
        outputs: &mut [NamedColumn],
    ) -> Result<(), ChainError> {
        let columns = self.columns.iter().map(|input| input.find(table));
        let columns: Vec<&Array> = columns.collect::<Result<_, _>>()?;
        let mut store = self.store.clone();
        let mut scratch = Vec::new();
        let fatal = |refused: super::step::Refused<'_>| ChainError::Fatal {
            entry: refused.process.entry.clone(),
            function: refused.process.processor.name.to_owned(),
            reason: refused.reason,
        };
        let mut block = Block { columns: &columns, first, count: 1 };
        for step in &self.once {
            step.run(&mut store, &block, &mut scratch).map_err(fatal)?;
        }
        while block.first < end {
            block.count = (end - block.first).min(BLOCK);
            for step in &self.steps {
                step.run(&mut store, &block, &mut scratch).map_err(fatal)?;
            }
            for (output, to) in self.outputs.iter().zip(outputs.iter_mut()) {
                append(&store, output, &mut to.column, block.count);
            }
            block.first += block.count;
        }
        Ok(())
    }
}

fn append(store: &Store, output: &Output, to: &mut Column, rows: usize) {
    match (&output.form, to) {
        (Form::Array { values, dtype, .. }, Column::Array(array)) => {
            write_rows(store, *values, *dtype, rows, &mut array.data);
        }
        (Form::Vectors { values, dtype, lengths }, Column::Vectors(vectors)) => {
            for row in 0..rows {
                let length = usize::try_from(store.int(*lengths, row, 0)).unwrap_or(0);
                let start = values.range(row).start;
                let range = start..start + length.min(values.len);
                write(store, *values, *dtype, range, &mut vectors.flattened.data);
                vectors.end_row();
            }
        }
        (Form::Waveform { values, dtype, t0, dt, .. }, Column::Table(table)) => {
            table.rows += rows;
            for (i, column) in table.columns.iter_mut().enumerate() {
                let Column::Array(array) = &mut column.column else { continue };
                match i {
                    0 => write_rows(store, *t0, DType::F32, rows, &mut array.data),
                    1 => (0..rows).for_each(|_| array.data.extend(dt.to_le_bytes())),
                    _ => write_rows(store, *values, *dtype, rows, &mut array.data),
                }
            }
        }
        _ => {}
    }
}

fn write_rows(store: &Store, slot: Slot, dtype: DType, rows: usize, to: &mut Vec<u8>) {
    if slot.constant {
        (0..rows).for_each(|_| write(store, slot, dtype, 0..slot.len, to));
    } else {
        write(store, slot, dtype, 0..slot.len * rows, to);
    }
}

/// Appends elements as little-endian numbers of a type.
fn write(store: &Store, slot: Slot, dtype: DType, range: std::ops::Range<usize>, to: &mut Vec<u8>) {
    match slot.kind {
        Kind::Single => put(&store.singles[slot.index][range], to, f32::to_le_bytes),
        Kind::Double => put(&store.doubles[slot.index][range], to, f64::to_le_bytes),
        Kind::Int => {
            let values = &store.ints[slot.index][range];
            match dtype.size() {
                1 => put(values, to, |x| [x as u8]),
                2 => put(values, to, |x| (x as u16).to_le_bytes()),
                4 => put(values, to, |x| (x as u32).to_le_bytes()),
                _ => put(values, to, i64::to_le_bytes),
            }
        }
    }
}

fn put<T: Copy, const N: usize>(values: &[T], to: &mut Vec<u8>, bytes: impl Fn(T) -> [u8; N]) {
    let start = to.len();
    to.resize(start + values.len() * N, 0);
    let (room, _) = to[start..].as_chunks_mut::<N>();
    for (to, value) in room.iter_mut().zip(values) {
        *to = bytes(*value);
    }
}
