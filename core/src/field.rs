//! A column as a decoder declares it: name, type, shape, unit and description, all constants.

/// Element type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DType {
    /// Boolean, one byte 0 or 1.
    Bool,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 16-bit integer.
    U16,
    /// Unsigned 32-bit integer.
    U32,
    /// Unsigned 64-bit integer.
    U64,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer.
    I64,
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Text of at most this many bytes, NUL padded.
    Text(u16),
}

impl DType {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            DType::Bool | DType::U8 => 1,
            DType::U16 => 2,
            DType::U32 | DType::I32 | DType::F32 => 4,
            DType::U64 | DType::I64 | DType::F64 => 8,
            DType::Text(n) => n as usize,
        }
    }
}

/// What one row holds in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Shape {
    /// One value.
    One,
    /// A fixed number of values.
    Fixed(u32),
    /// Samples; their number is the run-time length of this slot, declared with the table.
    Samples(u8),
    /// Any number of values: a vector of vectors.
    Any,
}

/// One column. Names with a `/` nest: `waveform/values` is column `values` of the table `waveform`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Field {
    /// Column name.
    pub name: &'static str,
    /// Element type.
    pub dtype: DType,
    /// Values per row.
    pub shape: Shape,
    /// Unit, or an empty string.
    pub units: &'static str,
    /// Description attribute; `None` where the column has no such attribute.
    pub description: Option<&'static str>,
}

impl Field {
    /// A column of single values.
    pub const fn one(name: &'static str, dtype: DType) -> Self {
        Self { name, dtype, shape: Shape::One, units: "", description: None }
    }

    /// A vector-of-vectors column.
    pub const fn any(name: &'static str, dtype: DType) -> Self {
        Self { name, dtype, shape: Shape::Any, units: "", description: None }
    }

    /// A column of `n` values per row.
    pub const fn fixed(name: &'static str, dtype: DType, n: u32) -> Self {
        Self { name, dtype, shape: Shape::Fixed(n), units: "", description: None }
    }

    /// 16-bit samples whose number is the table's run-time length `slot`.
    pub const fn samples(name: &'static str, slot: u8) -> Self {
        Self { name, dtype: DType::U16, shape: Shape::Samples(slot), units: "", description: None }
    }

    /// The same column with a unit.
    pub const fn units(mut self, units: &'static str) -> Self {
        self.units = units;
        self
    }

    /// The same column with a description.
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }
}

/// Sampling period of a waveform.
pub const DT: Field = Field::one("waveform/dt", DType::F32).units("ns");
/// Time of a waveform's first sample.
pub const T0: Field = Field::one("waveform/t0", DType::F32).units("ns");
/// Samples of a waveform: those of slot 0.
pub const VALUES: Field = Field::samples("waveform/values", 0);

/// A value on its way into a cell. Arrays are little-endian bytes, borrowed from the stream where possible.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Value<'a> {
    /// Boolean.
    Bool(bool),
    /// Unsigned 8-bit integer.
    U8(u8),
    /// Unsigned 16-bit integer.
    U16(u16),
    /// Unsigned 32-bit integer.
    U32(u32),
    /// Unsigned 64-bit integer.
    U64(u64),
    /// Signed 32-bit integer.
    I32(i32),
    /// Signed 64-bit integer.
    I64(i64),
    /// 32-bit float.
    F32(f32),
    /// 64-bit float.
    F64(f64),
    /// Consecutive elements of this type, little-endian; appended to a vector, or the whole of a fixed-size cell.
    Array(DType, &'a [u8]),
    /// Element `.0` of a text array.
    Label(u32, &'a [u8]),
    /// Text.
    Text(&'a str),
    /// A struct, which may stay empty.
    Struct,
    /// The text configuration itself, rendered by the host.
    Document,
}
