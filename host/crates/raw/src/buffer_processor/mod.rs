//! What is done to the rows of a table before they are written: the steps of a `proc_spec`.
//!
//! In this order, as legend-daq2lh5's `buffer_processor`:
//!
//! | step | |
//! |--|--|
//! | `window` | `[input, start, end, output]`: a slice of every row of a two-dimensional column; of a waveform, whose `t0` moves by start periods (as it is written: a negative start moves it back) |
//! | `dsp_config` | a processing chain over the columns as they were read, see [`crate::dsp`]; its outputs become columns |
//! | `dtype_conv` | columns in other types, as numpy's `astype` |
//! | `drop` | columns that are left out |
//! | `compression` | columns encoded by a waveform codec |
//! | `hdf5_settings` | how columns are stored |
//!
//! `window` does nothing where its input is missing; `dtype_conv` and `drop` end at the first column that is not there; a column
//! that is missing in `compression` or `hdf5_settings` is an error, but for the tables of `"*"`.

mod convert;
mod spec;

use crate::dsp::{Chain, ChainError};
use serde_json::Value as Json;
use tierline_h5::lh5::TableSettings;
use tierline_h5::lh5::codec::encode_column;
use tierline_table::{Array, Attrs, Codec, Column, DType, NamedColumn, Table};

pub use spec::{ProcSpec, Window, column_settings};

/// Where a column of the result comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Column of the input.
    Input(usize),
    /// The slice of this column of the input.
    Window(usize),
    /// Output of the processing chain.
    Chain(usize),
}

/// A column of the result.
#[derive(Debug)]
struct Output {
    name: String,
    origin: Origin,
    /// Types of the column, or of columns within it.
    conversions: Vec<(String, DType)>,
    /// Codecs, the same.
    codecs: Vec<(String, Codec)>,
}

/// The steps for tables of one layout.
#[derive(Debug)]
pub struct BufferProcessor {
    window: Option<Window>,
    chain: Option<Chain>,
    outputs: Vec<Output>,
    /// How columns of the result are stored.
    pub settings: TableSettings,
    /// What the user should know: steps that do nothing here.
    pub notes: Vec<String>,
}

/// The first name of a path, and what is below it.
fn head(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

/// The column at a path below a column; the empty path is the column itself.
fn below<'c>(column: &'c Column, path: &str) -> Option<&'c Column> {
    match (column, path) {
        (column, "") => Some(column),
        (Column::Table(table), path) => table.column(path).map(|named| &named.column),
        _ => None,
    }
}

/// The column at a path below a column, with its attributes.
fn named_below<'c>(named: &'c mut NamedColumn, path: &str) -> Option<&'c mut NamedColumn> {
    if path.is_empty() {
        return Some(named);
    }
    match &mut named.column {
        Column::Table(table) => table.column_mut(path),
        _ => None,
    }
}

impl BufferProcessor {
    /// The steps of `spec` for tables of this layout; a first row, if there is one, tells the sampling period, on which the form of a
    /// chain's outputs may depend. `lenient`: a chain's inputs, and columns to be encoded or stored in some way, need not be there.
    ///
    /// # Errors
    /// Where a step can't be done with these columns, in words.
    pub fn new(
        spec: &ProcSpec,
        layout: &Table,
        database: &Json,
        lenient: bool,
    ) -> Result<Self, String> {
        let mut notes = Vec::new();
        let mut outputs: Vec<Output> = Vec::new();
        for (i, named) in layout.columns.iter().enumerate() {
            put(&mut outputs, &named.name, Origin::Input(i));
        }
        let mut window = None;
        if let Some(wanted) = &spec.window {
            match layout.columns.iter().position(|c| c.name == wanted.input) {
                Some(i) => {
                    put(&mut outputs, &wanted.output, Origin::Window(i));
                    window = Some(wanted.clone());
                }
                None => notes.push(format!("window: there is no column '{}'", wanted.input)),
            }
        }
        let mut chain = None;
        if let Some(config) = &spec.dsp_config {
            match Chain::build(config, layout, database) {
                Ok(built) => {
                    for (i, output) in built.outputs().iter().enumerate() {
                        put(&mut outputs, &output.name, Origin::Chain(i));
                    }
                    chain = Some(built);
                }
                Err(error @ ChainError::Name { .. }) if lenient => {
                    notes.push(format!("dsp_config: {error}"));
                }
                Err(error) => return Err(format!("dsp_config: {error}")),
            }
        }
        let settings = TableSettings::new();
        let mut processor = BufferProcessor { window, chain, outputs, settings, notes };
        for (path, to) in &spec.dtype_conv {
            let (name, rest) = head(path);
            let Some(column) = processor.column(layout, path)? else {
                processor.notes.push(format!("dtype_conv: there is no column '{path}'"));
                break;
            };
            if !matches!(&column, Column::Array(array) if !matches!(array.dtype, DType::Text(_))) {
                return Err(format!("dtype_conv: '{path}' is no array of numbers"));
            }
            let output = processor.outputs.iter_mut().find(|o| o.name == name);
            if let Some(output) = output {
                output.conversions.push((rest.to_owned(), *to));
            }
        }
        for name in &spec.drop {
            let Some(at) = processor.outputs.iter().position(|o| o.name == *name) else {
                processor.notes.push(format!("drop: there is no column '{name}'"));
                break;
            };
            processor.outputs.remove(at);
        }
        processor.storage(spec, layout, lenient)?;
        Ok(processor)
    }

    /// Adds how columns are encoded and stored.
    fn storage(&mut self, spec: &ProcSpec, layout: &Table, lenient: bool) -> Result<(), String> {
        let mut empty = layout.clone();
        empty.clear();
        let layout = &empty;
        for (path, codec) in &spec.compression {
            let Some(column) = self.column(layout, path)? else {
                self.missing("compression", path, lenient)?;
                continue;
            };
            // What can't be encoded is said before there are rows.
            encode_column(&column, codec).map_err(|e| format!("compression: '{path}': {e}"))?;
            let (name, rest) = head(path);
            if let Some(output) = self.outputs.iter_mut().find(|o| o.name == name) {
                output.codecs.push((rest.to_owned(), *codec));
            }
        }
        for (path, settings) in &spec.hdf5_settings {
            match self.column(layout, path)? {
                Some(_) => drop(self.settings.insert(path.clone(), settings.clone())),
                None => self.missing("hdf5_settings", path, lenient)?,
            }
        }
        Ok(())
    }

    fn missing(&mut self, step: &str, path: &str, lenient: bool) -> Result<(), String> {
        let text = format!("{step}: there is no column '{path}'");
        if !lenient {
            return Err(text);
        }
        self.notes.push(text);
        Ok(())
    }

    /// The column at a path of the result, without rows.
    fn column(&self, layout: &Table, path: &str) -> Result<Option<Column>, String> {
        let (name, rest) = head(path);
        let Some(output) = self.outputs.iter().find(|o| o.name == name) else { return Ok(None) };
        let computed = self.chain.as_ref().map_or(&[][..], Chain::outputs);
        let made = self.make(output, layout, computed)?;
        Ok(below(&made.column, rest).cloned())
    }

    /// Columns after all steps, without rows.
    ///
    /// # Errors
    /// As [`Self::process`].
    pub fn layout(&self, table: &Table) -> Result<Table, String> {
        let mut empty = table.clone();
        empty.clear();
        let computed = self.chain.as_ref().map_or(&[][..], Chain::outputs);
        let columns = self.outputs.iter().map(|output| self.make(output, &empty, computed));
        Ok(Table { columns: columns.collect::<Result<_, _>>()?, rows: 0 })
    }

    /// Whether nothing is to be done.
    pub fn is_idle(&self) -> bool {
        let untouched = |(i, output): (usize, &Output)| {
            output.origin == Origin::Input(i)
                && output.conversions.is_empty()
                && output.codecs.is_empty()
        };
        self.outputs.iter().enumerate().all(untouched)
    }

    /// The rows after all steps.
    ///
    /// # Errors
    /// Where a step fails, in words.
    pub fn process(&self, table: &Table) -> Result<Table, String> {
        let mut out = Table { columns: Vec::with_capacity(self.outputs.len()), rows: table.rows };
        let computed = self.chain.as_ref().map(|chain| chain.run(table)).transpose();
        let computed = computed.map_err(|e| format!("dsp_config: {e}"))?.unwrap_or_default();
        for output in &self.outputs {
            out.columns.push(self.make(output, table, &computed)?);
        }
        Ok(out)
    }

    /// A column of the result. `computed`: the outputs of the chain.
    fn make(
        &self,
        output: &Output,
        table: &Table,
        computed: &[NamedColumn],
    ) -> Result<NamedColumn, String> {
        let of = |columns: &'_ [NamedColumn], i: usize| {
            let found = columns.get(i).cloned();
            found.ok_or_else(|| format!("column '{}': the table has another layout", output.name))
        };
        let input = |i: usize| of(&table.columns, i);
        let mut named = match (output.origin, &self.window) {
            (Origin::Window(i), Some(window)) => slice(table.columns.get(i), window)?,
            (Origin::Input(i) | Origin::Window(i), _) => input(i)?,
            (Origin::Chain(i), _) => of(computed, i)?,
        };
        named.name.clone_from(&output.name);
        for (path, to) in &output.conversions {
            let column = named_below(&mut named, path).map(|named| &mut named.column);
            let Some(Column::Array(array)) = column else { continue };
            if let Some(converted) = convert::convert(array, *to) {
                *array = converted;
            }
        }
        for (path, codec) in &output.codecs {
            let name = named.name.clone();
            let Some(column) = named_below(&mut named, path) else { continue };
            let encoded = encode_column(&column.column, codec);
            column.column = encoded.map_err(|e| format!("compression: '{name}/{path}': {e}"))?;
            // The peer's encoded arrays have the codec's attributes and no others.
            column.attrs = Attrs::new();
        }
        Ok(named)
    }
}

/// Replaces a column, or adds it.
fn put(outputs: &mut Vec<Output>, name: &str, origin: Origin) {
    match outputs.iter_mut().find(|o| o.name == name) {
        Some(present) => present.origin = origin,
        None => {
            let name = name.to_owned();
            let (conversions, codecs) = (Vec::new(), Vec::new());
            outputs.push(Output { name, origin, conversions, codecs });
        }
    }
}

/// A slice of every row.
fn slice(named: Option<&NamedColumn>, window: &Window) -> Result<NamedColumn, String> {
    let bad = || format!("window: '{}' is no column of rows of equal length", window.input);
    let named = named.ok_or_else(bad)?;
    let column = match &named.column {
        Column::Array(array) => slice_rows(array, window).ok_or_else(bad)?.into(),
        Column::Table(waveform) => {
            let values = waveform.array("values").ok_or_else(bad)?;
            let values = slice_rows(values, window).ok_or_else(bad)?;
            let (t0, dt) = waveform.column("t0").zip(waveform.column("dt")).ok_or_else(bad)?;
            let mut out = Table { columns: Vec::new(), rows: waveform.rows };
            let moved = move_t0(&t0.column, &dt.column, window.start).ok_or_else(bad)?;
            out.columns.push(NamedColumn { column: moved.into(), ..t0.clone() });
            out.columns.push(dt.clone());
            // The peer's have no units here.
            let (name, attrs) = ("values".to_owned(), Attrs::new());
            out.columns.push(NamedColumn { name, attrs, column: values.into() });
            out.into()
        }
        _ => return Err(bad()),
    };
    Ok(NamedColumn { name: window.output.clone(), attrs: named.attrs.clone(), column })
}

fn slice_rows(array: &Array, window: &Window) -> Option<Array> {
    let [n, inner @ ..] = array.row_shape.as_slice() else { return None };
    let range = window.range(*n);
    let item = array.dtype.size() * inner.iter().product::<usize>();
    let mut shape = array.row_shape.clone();
    *shape.first_mut()? = range.len();
    let mut out = Array::new(array.dtype, &shape);
    let row_bytes = array.row_bytes();
    if row_bytes == 0 {
        return Some(out);
    }
    out.data.reserve(array.rows() * range.len() * item);
    for row in array.data.chunks_exact(row_bytes) {
        out.data.extend_from_slice(row.get(range.start * item..range.end * item)?);
    }
    Some(out)
}

/// `t0 + start * dt`, in the type of `t0`.
fn move_t0(t0: &Column, dt: &Column, start: i64) -> Option<Array> {
    let (Column::Array(t0), Column::Array(dt)) = (t0, dt) else { return None };
    let mut out = Array::new(t0.dtype, &[]);
    for (t0, dt_at) in t0.iter_f64().zip(0..) {
        let period = dt.get_f64(dt_at)?;
        // Numbers of 32 bits are added as such.
        let shift = match dt.dtype {
            DType::F32 => f64::from(start as f32 * period as f32),
            _ => start as f64 * period,
        };
        match out.dtype {
            DType::F32 if dt.dtype == DType::F32 => {
                out.data.extend_from_slice(&(t0 as f32 + shift as f32).to_le_bytes());
            }
            DType::F32 => out.data.extend_from_slice(&((t0 + shift) as f32).to_le_bytes()),
            DType::F64 => out.data.extend_from_slice(&(t0 + shift).to_le_bytes()),
            _ => return None,
        }
    }
    Some(out)
}
