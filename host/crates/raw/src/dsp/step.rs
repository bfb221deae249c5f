//! The steps of a compiled chain.

use tierline_table::{Array, DType};

use super::elementwise::{self, Test};
use super::frame::{Frame, MAX_OUT};
use super::processors::Processor;
use super::store::{Float, Kind, Slot, Store, wrap};
use super::variable::Part;
use tierline_table::expression::Op;

/// One step; slots are those of the plan's store.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads an input column.
    Load { part: Part, to: Slot },
    /// Changes what the values are held as. `dtype` is what they become.
    Cast { from: Slot, to: Slot, dtype: DType },
    /// `to = from * scale + shift + sum(slot * factor)`
    Affine { from: Slot, to: Slot, scale: f64, shift: f64, plus: Vec<(Slot, f64)> },
    /// Takes every `step`th element from `start` on.
    Slice { from: Slot, to: Slot, start: usize, step: usize },
    /// An operator; both operands are held alike.
    Operate { op: Op, dtype: DType, a: Slot, b: Slot, to: Slot },
    /// A truth value about each element.
    Test { test: Test, from: Slot, to: Slot },
    /// Rounds to multiples.
    Round { mode: elementwise::Rounding, from: Slot, nearest: f64, to: Slot },
    /// One of two, by a condition.
    Select { condition: Slot, a: Slot, b: Slot, to: Slot },
    /// A processor.
    Process(Box<Process>),
}

/// A processor with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    pub(crate) entry: String,
    pub(crate) processor: &'static Processor,
    pub(crate) double: bool,
    pub(crate) inputs: Vec<Slot>,
    pub(crate) floats: Vec<Slot>,
    pub(crate) ints: Vec<Slot>,
}

/// What a processor refused, and why.
pub(crate) struct Refused<'a> {
    pub(crate) process: &'a Process,
    pub(crate) reason: &'static str,
}

/// The input columns, and which rows of them are in the block.
pub(crate) struct Block<'a> {
    pub(crate) columns: &'a [&'a Array],
    pub(crate) first: usize,
    pub(crate) count: usize,
}

impl Step {
    /// The slots that are read and those that are written.
    pub(crate) fn slots(&self) -> (Vec<Slot>, Vec<Slot>) {
        match self {
            Step::Load { to, .. } => (Vec::new(), vec![*to]),
            Step::Cast { from, to, .. }
            | Step::Slice { from, to, .. }
            | Step::Test { from, to, .. }
            | Step::Round { from, to, .. } => (vec![*from], vec![*to]),
            Step::Affine { from, to, plus, .. } => {
                (plus.iter().map(|p| p.0).chain([*from]).collect(), vec![*to])
            }
            Step::Operate { a, b, to, .. } => (vec![*a, *b], vec![*to]),
            Step::Select { condition, a, b, to } => (vec![*condition, *a, *b], vec![*to]),
            Step::Process(process) => {
                (process.inputs.clone(), [&process.floats[..], &process.ints[..]].concat())
            }
        }
    }

    /// Works on the rows of a block.
    pub(crate) fn run<'s>(
        &'s self,
        store: &mut Store,
        block: &Block<'_>,
        scratch: &mut Vec<f64>,
    ) -> Result<(), Refused<'s>> {
        let rows = block.count;
        match self {
            Step::Load { part, to } => load(store, block, *part, *to),
            Step::Cast { from, to, dtype } => cast(store, *from, *to, *dtype, rows),
            Step::Affine { from, to, scale, shift, plus } => {
                affine(store, *from, *to, (*scale, *shift), plus, rows);
            }
            Step::Slice { from, to, start, step } => {
                slice(store, *from, *to, *start, *step, rows);
            }
            Step::Operate { op, dtype, a, b, to } => {
                elementwise::operate(store, *op, *dtype, [*a, *b], *to, rows);
            }
            Step::Test { test, from, to } => elementwise::test(store, *test, *from, *to, rows),
            Step::Round { mode, from, nearest, to } => {
                elementwise::round(store, *mode, *from, *nearest, *to, rows);
            }
            Step::Select { condition, a, b, to } => {
                elementwise::select(store, *condition, [*a, *b], *to, rows);
            }
            Step::Process(process) => {
                let done = if process.double {
                    call::<f64>(process, process.processor.double, store, rows, scratch)
                } else {
                    call::<f32>(process, process.processor.single, store, rows, scratch)
                };
                done.map_err(|reason| Refused { process, reason })?;
            }
        }
        Ok(())
    }
}

fn call<T: Float>(
    process: &Process,
    kernel: super::processors::Kernel<T>,
    store: &mut Store,
    rows: usize,
    scratch: &mut Vec<f64>,
) -> Result<(), &'static str> {
    let mut floats: [Vec<T>; MAX_OUT] = Default::default();
    let mut ints: [Vec<i64>; MAX_OUT] = Default::default();
    for (out, slot) in floats.iter_mut().zip(&process.floats) {
        *out = std::mem::take(&mut T::slots_mut(store)[slot.index]);
    }
    for (out, slot) in ints.iter_mut().zip(&process.ints) {
        *out = std::mem::take(&mut store.ints[slot.index]);
    }
    let mut frame = Frame {
        store,
        inputs: &process.inputs,
        row: 0,
        rows: 1,
        floats: &mut floats,
        float_slots: &process.floats,
        ints: &mut ints,
        int_slots: &process.ints,
        scratch,
    };
    let whole = rows == super::store::BLOCK && process.processor.whole_block;
    let (calls, each) = if whole { (1, rows) } else { (rows, 1) };
    frame.rows = each;
    let done = (0..calls).try_for_each(|row| {
        frame.row = row;
        kernel(&mut frame)
    });
    for (out, slot) in floats.iter_mut().zip(&process.floats) {
        T::slots_mut(store)[slot.index] = std::mem::take(out);
    }
    for (out, slot) in ints.iter_mut().zip(&process.ints) {
        store.ints[slot.index] = std::mem::take(out);
    }
    done
}

fn load(store: &mut Store, block: &Block<'_>, part: Part, to: Slot) {
    let Some(array) = block.columns.get(part.column) else { return };
    let (bytes, size) = (array.row_bytes(), array.dtype.size());
    for row in 0..block.count {
        let start = (block.first + row) * bytes + part.start * size;
        let end = (block.first + row + 1) * bytes;
        let (from, at) = (&array.data[start.min(end)..end], to.range(row));
        let from = Elements { bytes: from, dtype: array.dtype, step: part.step };
        match to.kind {
            Kind::Single => from.read(&mut store.singles[to.index][at]),
            Kind::Double => from.read(&mut store.doubles[to.index][at]),
            Kind::Int => from.read_ints(&mut store.ints[to.index][at]),
        }
    }
}

/// Every `step`th of some little-endian numbers.
struct Elements<'a> {
    bytes: &'a [u8],
    dtype: DType,
    step: usize,
}

impl Elements<'_> {
    fn each<const N: usize, T>(&self, to: &mut [T], convert: impl Fn([u8; N]) -> T) {
        let (elements, _) = self.bytes.as_chunks::<N>();
        if self.step == 1 {
            to.iter_mut().zip(elements).for_each(|(to, element)| *to = convert(*element));
        } else {
            let elements = elements.iter().step_by(self.step);
            to.iter_mut().zip(elements).for_each(|(to, element)| *to = convert(*element));
        }
    }

    fn read<T: Float>(&self, to: &mut [T]) {
        match self.dtype {
            DType::U16 => self.each(to, |b| T::of(f64::from(u16::from_le_bytes(b)))),
            DType::I16 => self.each(to, |b| T::of(f64::from(i16::from_le_bytes(b)))),
            DType::U32 => self.each(to, |b| T::of(f64::from(u32::from_le_bytes(b)))),
            DType::I32 => self.each(to, |b| T::of(f64::from(i32::from_le_bytes(b)))),
            DType::U64 => self.each(to, |b| T::of(u64::from_le_bytes(b) as f64)),
            DType::I64 => self.each(to, |b| T::of(i64::from_le_bytes(b) as f64)),
            DType::F32 => self.each(to, |b| T::of(f64::from(f32::from_le_bytes(b)))),
            DType::F64 => self.each(to, |b| T::of(f64::from_le_bytes(b))),
            DType::I8 => self.each(to, |b| T::of(f64::from(i8::from_le_bytes(b)))),
            DType::Bool | DType::U8 => self.each(to, |[b]| T::of(f64::from(b))),
            DType::Text(_) => {}
        }
    }

    fn read_ints(&self, to: &mut [i64]) {
        match self.dtype {
            DType::U16 => self.each(to, |b| i64::from(u16::from_le_bytes(b))),
            DType::I16 => self.each(to, |b| i64::from(i16::from_le_bytes(b))),
            DType::U32 => self.each(to, |b| i64::from(u32::from_le_bytes(b))),
            DType::I32 => self.each(to, |b| i64::from(i32::from_le_bytes(b))),
            DType::U64 | DType::I64 => self.each(to, i64::from_le_bytes),
            DType::I8 => self.each(to, |b| i64::from(i8::from_le_bytes(b))),
            DType::Bool | DType::U8 => self.each(to, |[b]| i64::from(b)),
            DType::F32 | DType::F64 | DType::Text(_) => {}
        }
    }
}

fn cast(store: &mut Store, from: Slot, to: Slot, dtype: DType, rows: usize) {
    let total = to.len * rows;
    match to.kind {
        Kind::Single => {
            let mut out = std::mem::take(&mut store.singles[to.index]);
            cast_floats(store, from, &mut out[..total]);
            store.singles[to.index] = out;
        }
        Kind::Double => {
            let mut out = std::mem::take(&mut store.doubles[to.index]);
            cast_floats(store, from, &mut out[..total]);
            store.doubles[to.index] = out;
        }
        Kind::Int => {
            let mut out = std::mem::take(&mut store.ints[to.index]);
            for (i, out) in out[..total].iter_mut().enumerate() {
                let (row, element) = (i / to.len, i % to.len);
                *out = match (dtype, from.kind) {
                    (DType::Bool, _) => i64::from(store.number(from, row, element) != 0.0),
                    _ => wrap(store.int(from, row, element), dtype),
                };
            }
            store.ints[to.index] = out;
        }
    }
}

fn cast_floats<T: Float>(store: &Store, from: Slot, out: &mut [T]) {
    match from.kind {
        Kind::Single => {
            for (to, from) in out.iter_mut().zip(&store.singles[from.index]) {
                *to = T::of(f64::from(*from));
            }
        }
        Kind::Double => {
            for (to, from) in out.iter_mut().zip(&store.doubles[from.index]) {
                *to = T::of(*from);
            }
        }
        Kind::Int => {
            for (to, from) in out.iter_mut().zip(&store.ints[from.index]) {
                *to = T::of(*from as f64);
            }
        }
    }
}

fn affine(
    store: &mut Store,
    from: Slot,
    to: Slot,
    (scale, shift): (f64, f64),
    plus: &[(Slot, f64)],
    rows: usize,
) {
    for row in 0..if to.constant { 1 } else { rows } {
        let more: f64 = plus.iter().map(|(slot, f)| store.number(*slot, row, 0) * f).sum();
        for i in 0..to.len {
            let value = store.number(from, row, i) * scale + shift + more;
            let at = to.range(row).start + i;
            match to.kind {
                Kind::Single => store.singles[to.index][at] = value as f32,
                Kind::Double => store.doubles[to.index][at] = value,
                Kind::Int => store.ints[to.index][at] = value.round_ties_even() as i64,
            }
        }
    }
}

fn slice(store: &mut Store, from: Slot, to: Slot, start: usize, step: usize, rows: usize) {
    match to.kind {
        Kind::Single => take(&mut store.singles, from, to, start, step, rows),
        Kind::Double => take(&mut store.doubles, from, to, start, step, rows),
        Kind::Int => take(&mut store.ints, from, to, start, step, rows),
    }
}

fn take<T: Copy>(
    slots: &mut [Vec<T>],
    from: Slot,
    to: Slot,
    start: usize,
    step: usize,
    rows: usize,
) {
    let mut out = std::mem::take(&mut slots[to.index]);
    for row in 0..if to.constant { 1 } else { rows } {
        let source = &slots[from.index][from.range(row)];
        let target = &mut out[to.range(row)];
        if step == 1 {
            target.copy_from_slice(&source[start..start + to.len]);
        } else {
            for (to, from) in
                target.iter_mut().zip(source[start.min(source.len())..].iter().step_by(step))
            {
                *to = *from;
            }
        }
    }
    slots[to.index] = out;
}
