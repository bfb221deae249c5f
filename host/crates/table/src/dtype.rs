//! Element types of arrays.

use std::fmt;

/// The type of one element. All are little-endian; `Bool` is one byte, 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    /// Truth value in one byte.
    Bool,
    /// Unsigned, 8 bit.
    U8,
    /// Signed, 8 bit.
    I8,
    /// Unsigned, 16 bit.
    U16,
    /// Signed, 16 bit.
    I16,
    /// Unsigned, 32 bit.
    U32,
    /// Signed, 32 bit.
    I32,
    /// Unsigned, 64 bit.
    U64,
    /// Signed, 64 bit.
    I64,
    /// IEEE 754, 32 bit.
    F32,
    /// IEEE 754, 64 bit.
    F64,
    /// Text of at most this many bytes, padded with NUL.
    Text(u16),
}

impl DType {
    /// Bytes of one element.
    pub fn size(self) -> usize {
        match self {
            DType::Bool | DType::U8 | DType::I8 => 1,
            DType::U16 | DType::I16 => 2,
            DType::U32 | DType::I32 | DType::F32 => 4,
            DType::U64 | DType::I64 | DType::F64 => 8,
            DType::Text(width) => usize::from(width),
        }
    }

    /// NumPy's code without the byte order: `u2`, `f8`, `b1`, `S8`.
    pub fn code(self) -> String {
        let letter = match self {
            DType::Bool => 'b',
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => 'i',
            DType::F32 | DType::F64 => 'f',
            DType::Text(_) => 'S',
        };
        format!("{letter}{}", self.size())
    }

    /// NumPy's description of stored elements: `<u2`, `>f8` if the high byte comes first, `|S8`.
    pub fn descr(self, big_endian: bool) -> String {
        let order = match self {
            DType::Bool | DType::U8 | DType::I8 | DType::Text(_) => '|',
            _ if big_endian => '>',
            _ => '<',
        };
        format!("{order}{}", self.code())
    }

    /// The type of numbers that a code of NumPy names; `None` for text and all others.
    pub fn from_code(code: &str) -> Option<Self> {
        use DType::{Bool, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let all = [Bool, U8, I8, U16, I16, U32, I32, U64, I64, F32, F64];
        all.into_iter().find(|dtype| dtype.code() == code)
    }

    /// Name as numpy writes it, for example `uint16`, `float64`, `S8`.
    pub fn name(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DType::Bool => "bool",
            DType::U8 => "uint8",
            DType::I8 => "int8",
            DType::U16 => "uint16",
            DType::I16 => "int16",
            DType::U32 => "uint32",
            DType::I32 => "int32",
            DType::U64 => "uint64",
            DType::I64 => "int64",
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::Text(width) => return write!(f, "S{width}"),
        })
    }
}
