//! Tables, columns, keys and values as C sees them.

use core::ffi::c_void;
use core::slice;

use tierline_core::field::{DType, Field, Shape, Value};
use tierline_core::{Key, TableDef, TableId};

use crate::memory::{Checked, answer, input, output};
use crate::status::{TIERLINE_ARGUMENT, TIERLINE_ITEM, Text};

/// Boolean, one byte 0 or 1.
pub const TIERLINE_TYPE_BOOL: u8 = 0;
/// Unsigned 8-bit integer.
pub const TIERLINE_TYPE_U8: u8 = 1;
/// Unsigned 16-bit integer.
pub const TIERLINE_TYPE_U16: u8 = 2;
/// Unsigned 32-bit integer.
pub const TIERLINE_TYPE_U32: u8 = 3;
/// Unsigned 64-bit integer.
pub const TIERLINE_TYPE_U64: u8 = 4;
/// Signed 32-bit integer.
pub const TIERLINE_TYPE_I32: u8 = 5;
/// Signed 64-bit integer.
pub const TIERLINE_TYPE_I64: u8 = 6;
/// 32-bit float.
pub const TIERLINE_TYPE_F32: u8 = 7;
/// 64-bit float.
pub const TIERLINE_TYPE_F64: u8 = 8;
/// Text.
pub const TIERLINE_TYPE_TEXT: u8 = 9;
/// Only of values: consecutive elements, little-endian; appended to a vector, or the whole of a fixed-size cell.
pub const TIERLINE_TYPE_ARRAY: u8 = 10;
/// Only of values: one element of a text array.
pub const TIERLINE_TYPE_LABEL: u8 = 11;
/// Only of values: a struct, which may stay empty.
pub const TIERLINE_TYPE_STRUCT: u8 = 12;
/// Only of values: the text configuration itself.
pub const TIERLINE_TYPE_DOCUMENT: u8 = 13;

/// One value per row.
pub const TIERLINE_SHAPE_ONE: u8 = 0;
/// A fixed number of values.
pub const TIERLINE_SHAPE_FIXED: u8 = 1;
/// Samples; their number is one of the table's lengths.
pub const TIERLINE_SHAPE_SAMPLES: u8 = 2;
/// Any number of values.
pub const TIERLINE_SHAPE_ANY: u8 = 3;

/// A table of a format: the row layout, and which of the decoder's key lists. Both are the largest number for rows of a
/// channel that the configuration says is off.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableIdC {
    /// Number of the key list.
    pub list: u16,
    /// Number of the row layout.
    pub layout: u8,
}

/// Identifies the buffer that a row goes to: a channel, or a named stream of housekeeping.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyC {
    /// Channel number, or id of the stream.
    pub id: u64,
    /// Second number, where the scheme has one.
    pub sub: u32,
    /// Naming scheme; 0 is a plain channel number.
    pub space: u8,
}

/// A table, valid during the call that it is handed to.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TableC {
    /// Which table.
    pub id: TableIdC,
    /// Number of key lists the decoder has in this stream, empty ones included.
    pub lists: u16,
    /// Position of this list among them.
    pub position: u16,
    /// The list has exactly one key.
    pub has_single: bool,
    /// That key.
    pub single: KeyC,
    /// Name of the decoder, as the field knows it.
    pub decoder: Text,
    /// Number of columns.
    pub columns: usize,
    /// Bit i set: column i is present in this table.
    pub present: u64,
    /// Run-time lengths of the sample slots, in samples.
    pub lengths: *const u32,
    /// Number of these.
    pub slots: usize,
    /// For tierline_table_column.
    pub fields: *const c_void,
}

/// A column; its texts live for ever. Names with a `/` nest: `waveform/values` is column `values` of the table `waveform`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ColumnC {
    /// Name.
    pub name: Text,
    /// Unit, or empty.
    pub units: Text,
    /// Description, or empty.
    pub description: Text,
    /// Bytes of an element.
    pub size: u32,
    /// Fixed number of values, or the slot of the samples' number.
    pub count: u32,
    /// TIERLINE_TYPE_...
    pub dtype: u8,
    /// TIERLINE_SHAPE_...
    pub shape: u8,
}

/// A number, in the member that the value's type tells.
#[repr(C)]
#[derive(Clone, Copy)]
pub union NumberC {
    /// Booleans and unsigned integers.
    pub u: u64,
    /// Signed integers.
    pub i: i64,
    /// Floats.
    pub f: f64,
}

/// A value on its way into a cell, valid during the call that it is handed to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ValueC {
    /// The number, of types that are one.
    pub number: NumberC,
    /// Bytes of text and arrays.
    pub bytes: *const u8,
    /// Number of bytes.
    pub len: usize,
    /// Of a label: which element of the text array.
    pub label: u32,
    /// TIERLINE_TYPE_...
    pub dtype: u8,
    /// TIERLINE_TYPE_... of an array's elements.
    pub element: u8,
}

impl From<TableId> for TableIdC {
    fn from(id: TableId) -> Self {
        Self { list: id.list, layout: id.layout }
    }
}

impl From<Key> for KeyC {
    fn from(key: Key) -> Self {
        Self { id: key.id, sub: key.sub, space: key.space }
    }
}

impl From<&TableDef<'_>> for TableC {
    fn from(table: &TableDef<'_>) -> Self {
        Self {
            id: table.id.into(),
            lists: table.lists,
            position: table.position,
            has_single: table.single.is_some(),
            single: table.single.map(KeyC::from).unwrap_or_default(),
            decoder: Text::new(table.decoder),
            columns: table.fields.len(),
            present: table.present,
            lengths: table.lengths.as_ptr(),
            slots: table.lengths.len(),
            fields: table.fields.as_ptr().cast(),
        }
    }
}

impl From<&Field> for ColumnC {
    fn from(field: &Field) -> Self {
        let (shape, count) = match field.shape {
            Shape::One => (TIERLINE_SHAPE_ONE, 1),
            Shape::Fixed(n) => (TIERLINE_SHAPE_FIXED, n),
            Shape::Samples(slot) => (TIERLINE_SHAPE_SAMPLES, slot.into()),
            Shape::Any => (TIERLINE_SHAPE_ANY, 0),
        };
        Self {
            name: Text::new(field.name),
            units: Text::new(field.units),
            description: Text::new(field.description.unwrap_or("")),
            size: field.dtype.size() as u32,
            count,
            dtype: type_of(field.dtype),
            shape,
        }
    }
}

const fn type_of(dtype: DType) -> u8 {
    match dtype {
        DType::Bool => TIERLINE_TYPE_BOOL,
        DType::U8 => TIERLINE_TYPE_U8,
        DType::U16 => TIERLINE_TYPE_U16,
        DType::U32 => TIERLINE_TYPE_U32,
        DType::U64 => TIERLINE_TYPE_U64,
        DType::I32 => TIERLINE_TYPE_I32,
        DType::I64 => TIERLINE_TYPE_I64,
        DType::F32 => TIERLINE_TYPE_F32,
        DType::F64 => TIERLINE_TYPE_F64,
        DType::Text(_) => TIERLINE_TYPE_TEXT,
    }
}

impl ValueC {
    const fn number(dtype: u8, number: NumberC) -> Self {
        Self { number, bytes: [].as_ptr(), len: 0, label: 0, dtype, element: dtype }
    }

    const fn unsigned(dtype: u8, u: u64) -> Self {
        Self::number(dtype, NumberC { u })
    }

    const fn signed(dtype: u8, i: i64) -> Self {
        Self::number(dtype, NumberC { i })
    }

    const fn float(dtype: u8, f: f64) -> Self {
        Self::number(dtype, NumberC { f })
    }

    const fn bytes(dtype: u8, element: u8, label: u32, bytes: &[u8]) -> Self {
        let (at, len) = (bytes.as_ptr(), bytes.len());
        Self { number: NumberC { u: 0 }, bytes: at, len, label, dtype, element }
    }
}

impl From<Value<'_>> for ValueC {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Bool(v) => Self::unsigned(TIERLINE_TYPE_BOOL, v.into()),
            Value::U8(v) => Self::unsigned(TIERLINE_TYPE_U8, v.into()),
            Value::U16(v) => Self::unsigned(TIERLINE_TYPE_U16, v.into()),
            Value::U32(v) => Self::unsigned(TIERLINE_TYPE_U32, v.into()),
            Value::U64(v) => Self::unsigned(TIERLINE_TYPE_U64, v),
            Value::I32(v) => Self::signed(TIERLINE_TYPE_I32, v.into()),
            Value::I64(v) => Self::signed(TIERLINE_TYPE_I64, v),
            Value::F32(v) => Self::float(TIERLINE_TYPE_F32, v.into()),
            Value::F64(v) => Self::float(TIERLINE_TYPE_F64, v),
            Value::Array(dtype, b) => Self::bytes(TIERLINE_TYPE_ARRAY, type_of(dtype), 0, b),
            Value::Label(n, b) => Self::bytes(TIERLINE_TYPE_LABEL, TIERLINE_TYPE_TEXT, n, b),
            Value::Text(t) => Self::bytes(TIERLINE_TYPE_TEXT, TIERLINE_TYPE_TEXT, 0, t.as_bytes()),
            Value::Struct => Self::unsigned(TIERLINE_TYPE_STRUCT, 0),
            Value::Document => Self::unsigned(TIERLINE_TYPE_DOCUMENT, 0),
        }
    }
}

/// Describes column `i` of a table; TIERLINE_ARGUMENT where it has no such column.
///
/// # Safety
/// `table` is what a `declare` callback was handed, or a copy of it. `column` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_table_column(
    table: *const TableC,
    i: usize,
    column: *mut ColumnC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { table_column(table, i, column) })
}

/// # Safety
/// As for `tierline_table_column`.
unsafe fn table_column(table: *const TableC, i: usize, column: *mut ColumnC) -> Checked<i32> {
    // SAFETY: as the caller promises; the columns of a table are constants.
    let fields: &[Field] = unsafe {
        let table = input(table)?;
        if table.fields.is_null() {
            return Err(TIERLINE_ARGUMENT);
        }
        slice::from_raw_parts(table.fields.cast(), table.columns)
    };
    let field = fields.get(i).ok_or(TIERLINE_ARGUMENT)?;
    // SAFETY: as the caller promises.
    unsafe { output(column, ColumnC::from(field))? };
    Ok(TIERLINE_ITEM)
}
