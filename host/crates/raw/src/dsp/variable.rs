//! Variables of a chain: what is known about them before there are rows.

use tierline_table::DType;

use super::store::Slot;
use super::unit::{Quantity, time_ns};

/// Where the samples of a waveform are in time.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    /// Time between samples.
    pub(crate) period: Quantity,
    /// Time of the first sample.
    pub(crate) offset: Offset,
}

/// A time: the value of a slot of one `f64` in ns, if there is one, plus a fixed one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Offset {
    pub(crate) slot: Option<Slot>,
    pub(crate) shift_ns: f64,
}

impl Offset {
    /// A fixed time in ns.
    pub(crate) fn fixed(shift_ns: f64) -> Offset {
        Offset { slot: None, shift_ns }
    }

    /// Later by so many ns.
    pub(crate) fn later(self, ns: f64) -> Offset {
        Offset { shift_ns: self.shift_ns + ns, ..self }
    }
}

impl Grid {
    /// Whether the sample times are the same.
    pub(crate) fn same(&self, other: &Grid) -> bool {
        let (a, b) = (self.offset, other.offset);
        self.same_period(other)
            && a.slot == b.slot
            && (a.shift_ns == b.shift_ns || a.shift_ns.is_nan() && b.shift_ns.is_nan())
    }

    /// Whether the periods are the same; all unknown ones are.
    pub(crate) fn same_period(&self, other: &Grid) -> bool {
        let (a, b) = (self.period.in_ns(), other.period.in_ns());
        a == b || a.is_nan() && b.is_nan()
    }
}

/// Where the values of a variable come from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    /// A slot.
    Slot(Slot),
    /// A part of an input column that is not read yet.
    Column(Part),
}

/// Elements of an input column: every `step`th from `start` on, `len` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Part {
    /// Number of the column in the plan.
    pub(crate) column: usize,
    pub(crate) start: usize,
    pub(crate) step: usize,
    pub(crate) len: usize,
}

/// A variable.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) dtype: DType,
    /// Whether each row is a vector.
    pub(crate) vector: bool,
    pub(crate) grid: Option<Grid>,
    pub(crate) unit: Option<String>,
    /// Whether the values are indices on `grid` or, without one, times in `unit`.
    pub(crate) coord: bool,
    pub(crate) source: Source,
    /// How many elements of a row count.
    pub(crate) lengths: Option<Slot>,
}

impl Variable {
    /// A variable of which nothing but its values is known.
    pub(crate) fn plain(dtype: DType, vector: bool, slot: Slot) -> Variable {
        Variable {
            dtype,
            vector,
            grid: None,
            unit: None,
            coord: false,
            source: Source::Slot(slot),
            lengths: None,
        }
    }

    /// Elements to the row.
    pub(crate) fn len(&self) -> usize {
        match self.source {
            Source::Slot(slot) => slot.len,
            Source::Column(part) => part.len,
        }
    }

    /// Its grid, if it is a waveform.
    pub(crate) fn samples(&self) -> Option<&Grid> {
        self.grid.as_ref().filter(|_| self.vector && !self.coord)
    }

    /// Whether its unit is one of time.
    pub(crate) fn in_time(&self) -> bool {
        self.unit.as_deref().and_then(time_ns).is_some()
    }
}

/// The number type of a numpy name or type character.
pub(crate) fn dtype_named(name: &str) -> Option<DType> {
    Some(match name {
        "?" | "bool" => DType::Bool,
        "B" | "uint8" | "u1" => DType::U8,
        "b" | "int8" | "i1" => DType::I8,
        "H" | "uint16" | "u2" => DType::U16,
        "h" | "int16" | "i2" => DType::I16,
        "I" | "uint32" | "u4" => DType::U32,
        "i" | "int32" | "i4" => DType::I32,
        "L" | "Q" | "uint64" | "u8" | "uint" => DType::U64,
        "l" | "q" | "int64" | "i8" | "int" => DType::I64,
        "f" | "float32" | "f4" => DType::F32,
        "d" | "float64" | "f8" | "float" => DType::F64,
        _ => return None,
    })
}

/// Whether every value of one type is a value of the other, by numpy's table (`int64` counts as
/// fitting into `float64`).
pub(crate) fn fits(from: DType, to: DType) -> bool {
    let signed = |d| matches!(d, DType::I8 | DType::I16 | DType::I32 | DType::I64);
    let float = |d| matches!(d, DType::F32 | DType::F64);
    match (from, to) {
        _ if from == to => true,
        (DType::Text(_), _) | (_, DType::Text(_) | DType::Bool) => false,
        (DType::Bool, _) => true,
        (_, DType::F64) => true,
        (_, DType::F32) => !float(from) && from.size() < 4,
        _ if float(from) => false,
        _ => match (signed(from), signed(to)) {
            (true, false) => false,
            (false, true) => from.size() < to.size(),
            _ => from.size() <= to.size(),
        },
    }
}

/// The first type, in numpy's order, that all fit into.
pub(crate) fn common(types: &[DType]) -> Option<DType> {
    use DType::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    let order = [Bool, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64];
    order.into_iter().find(|to| types.iter().all(|from| fits(*from, *to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_numpys() {
        assert_eq!(common(&[DType::U16, DType::I32]), Some(DType::I32));
        assert_eq!(common(&[DType::U16, DType::F32]), Some(DType::F32));
        assert_eq!(common(&[DType::U32, DType::F32]), Some(DType::F64));
        assert_eq!(common(&[DType::U16, DType::I16]), Some(DType::I32));
        assert_eq!(common(&[DType::U64, DType::I64]), Some(DType::F64));
        assert!(!fits(DType::U32, DType::F32) && fits(DType::U16, DType::F32));
        assert_eq!(dtype_named("f"), Some(DType::F32));
        assert_eq!(dtype_named("void"), None);
    }
}
