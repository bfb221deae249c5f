//! What stands beside tables in a file.

use crate::{Array, Attrs, DType, Table};

/// One number or truth value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs, reason = "the variants are the element types of `DType`")]
pub enum Scalar {
    Bool(bool),
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64),
}

impl Scalar {
    /// Type of the value.
    pub fn dtype(self) -> DType {
        self.to_array().dtype
    }

    /// The value as an array of one row.
    pub fn to_array(self) -> Array {
        match self {
            Scalar::Bool(value) => Array::from_bool(&[value]),
            Scalar::U8(value) => Array::from_u8(&[value]),
            Scalar::I8(value) => {
                Array { dtype: DType::I8, row_shape: Vec::new(), data: value.to_le_bytes().into() }
            }
            Scalar::U16(value) => Array::from_u16(&[value]),
            Scalar::I16(value) => Array::from_i16(&[value]),
            Scalar::U32(value) => Array::from_u32(&[value]),
            Scalar::I32(value) => Array::from_i32(&[value]),
            Scalar::U64(value) => Array::from_u64(&[value]),
            Scalar::I64(value) => Array::from_i64(&[value]),
            Scalar::F32(value) => Array::from_f32(&[value]),
            Scalar::F64(value) => Array::from_f64(&[value]),
        }
    }
}

/// Anything an LH5 file holds under a name.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// One value.
    Scalar(Scalar),
    /// One text.
    Text(String),
    /// An array.
    Array(Array),
    /// Columns of equal length.
    Table(Table),
    /// Named objects.
    Struct(Vec<(String, Attrs, Object)>),
}
