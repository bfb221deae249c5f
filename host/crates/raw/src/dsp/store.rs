//! The values of a few rows while the chain works on them.

use tierline_table::DType;

/// Rows that go through the chain together.
pub(crate) const BLOCK: usize = 4;

/// What the elements of a slot are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// `f32`
    Single,
    /// `f64`
    Double,
    /// Integers and truth values.
    Int,
}

impl Kind {
    /// What values of a type are held as.
    pub(crate) fn of(dtype: DType) -> Kind {
        match dtype {
            DType::F32 => Kind::Single,
            DType::F64 => Kind::Double,
            _ => Kind::Int,
        }
    }
}

/// Where a variable's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    pub(crate) kind: Kind,
    pub(crate) index: usize,
    /// Elements to the row.
    pub(crate) len: usize,
    /// One value for all rows.
    pub(crate) constant: bool,
    /// Never NaN, because it was made of integers.
    pub(crate) finite: bool,
}

impl Slot {
    /// Where the elements of a row of the block are.
    pub(crate) fn range(&self, row: usize) -> std::ops::Range<usize> {
        let row = if self.constant { 0 } else { row };
        row * self.len..(row + 1) * self.len
    }
}

/// All slots.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    pub(crate) singles: Vec<Vec<f32>>,
    pub(crate) doubles: Vec<Vec<f64>>,
    pub(crate) ints: Vec<Vec<i64>>,
}

impl Store {
    /// A new slot of zeros.
    pub(crate) fn add(&mut self, kind: Kind, len: usize, constant: bool) -> Slot {
        let total = len * if constant { 1 } else { BLOCK };
        let index = match kind {
            Kind::Single => push(&mut self.singles, vec![0.0; total]),
            Kind::Double => push(&mut self.doubles, vec![0.0; total]),
            Kind::Int => push(&mut self.ints, vec![0; total]),
        };
        Slot { kind, index, len, constant, finite: kind == Kind::Int }
    }

    /// Element `i` of a row as a number.
    pub(crate) fn number(&self, slot: Slot, row: usize, i: usize) -> f64 {
        let at = slot.range(row).start + i;
        match slot.kind {
            Kind::Single => f64::from(self.singles[slot.index][at]),
            Kind::Double => self.doubles[slot.index][at],
            Kind::Int => self.ints[slot.index][at] as f64,
        }
    }

    /// Element `i` of a row as an integer; fractions are cut off.
    pub(crate) fn int(&self, slot: Slot, row: usize, i: usize) -> i64 {
        match slot.kind {
            Kind::Int => self.ints[slot.index][slot.range(row).start + i],
            _ => self.number(slot, row, i) as i64,
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T) -> usize {
    list.push(item);
    list.len() - 1
}

/// What an integer becomes in a narrower type.
pub(crate) fn wrap(value: i64, dtype: DType) -> i64 {
    match dtype {
        DType::Bool => i64::from(value != 0),
        DType::U8 => i64::from(value as u8),
        DType::I8 => i64::from(value as i8),
        DType::U16 => i64::from(value as u16),
        DType::I16 => i64::from(value as i16),
        DType::U32 => i64::from(value as u32),
        DType::I32 => i64::from(value as i32),
        _ => value,
    }
}

/// `f32` or `f64`: what a processor computes in.
pub(crate) trait Float:
    Copy
    + Default
    + PartialOrd
    + std::fmt::Debug
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Rem<Output = Self>
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
    + std::ops::SubAssign
    + std::ops::MulAssign
    + 'static
{
    const NAN: Self;
    const ZERO: Self;
    const ONE: Self;
    fn of(value: f64) -> Self;
    fn f64(self) -> f64;
    fn slots(store: &Store) -> &[Vec<Self>];
    fn slots_mut(store: &mut Store) -> &mut [Vec<Self>];
    fn is_nan(self) -> bool;
    fn floor(self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn of_index(index: usize) -> Self {
        Self::of(index as f64)
    }
}

impl Float for f32 {
    const NAN: f32 = f32::NAN;
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    fn of(value: f64) -> f32 {
        value as f32
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
    fn slots(store: &Store) -> &[Vec<f32>] {
        &store.singles
    }
    fn slots_mut(store: &mut Store) -> &mut [Vec<f32>] {
        &mut store.singles
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn floor(self) -> f32 {
        self.floor()
    }
    fn sqrt(self) -> f32 {
        self.sqrt()
    }
    fn abs(self) -> f32 {
        self.abs()
    }
}

impl Float for f64 {
    const NAN: f64 = f64::NAN;
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    fn of(value: f64) -> f64 {
        value
    }
    fn f64(self) -> f64 {
        self
    }
    fn slots(store: &Store) -> &[Vec<f64>] {
        &store.doubles
    }
    fn slots_mut(store: &mut Store) -> &mut [Vec<f64>] {
        &mut store.doubles
    }
    fn is_nan(self) -> bool {
        self.is_nan()
    }
    fn floor(self) -> f64 {
        self.floor()
    }
    fn sqrt(self) -> f64 {
        self.sqrt()
    }
    fn abs(self) -> f64 {
        self.abs()
    }
}
