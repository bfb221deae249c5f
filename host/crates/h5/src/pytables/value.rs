//! Values of attributes as PyTables writes them.

use tierline_table::{Array, Scalar};

/// An attribute's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text: UTF-8 of fixed size, ended by NUL or its size. Empty text is a dataspace without elements.
    Text(String),
    /// Bytes that are declared as ASCII text, for example a pickled object of protocol 0.
    Ascii(Vec<u8>),
    /// A number or truth value.
    Scalar(Scalar),
    /// Numbers along one axis.
    Array(Array),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Scalar(Scalar::I64(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Scalar(Scalar::F64(value))
    }
}

impl From<f32> for Value {
    fn from(value: f32) -> Self {
        Value::Scalar(Scalar::F32(value))
    }
}
