//! Compound types, rows of them, and attributes of fixed size.

use std::ffi::{CStr, CString};

use hdf5::globals as g;
use hdf5::sync::sync;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::{h5, h5a, h5d, h5i, h5s, h5t};
use tierline_table::DType;

use crate::pytables::{Column, Schema, Value};

use super::create::scalar_space;
use super::{Handle, Result, c_string, check, string_type, type_of};

/// Columns of one table.
const MAX_COLUMNS: usize = 10_000;
/// Extents that HDF5 allows.
const MAX_RANK: usize = 32;

/// The type of an element of a column: truth values are bit fields, texts end with NUL.
fn element(dtype: DType) -> Result<Handle> {
    match dtype {
        // SAFETY: the source is one of the library's own types.
        DType::Bool => Handle::new(unsafe { h5t::H5Tcopy(*g::H5T_STD_B8LE) }),
        DType::Text(width) => string_type(usize::from(width), h5t::H5T_STR_NULLTERM, false),
        _ => type_of(dtype),
    }
}

/// The type of a column: of one element, or of an array.
fn column_type(column: &Column) -> Result<Handle> {
    let element = element(column.dtype)?;
    if column.shape.is_empty() {
        return Ok(element);
    }
    let extents: Vec<u64> = column.shape.iter().map(|extent| *extent as u64).collect();
    let rank = extents.len() as u32;
    // SAFETY: `extents` has `rank` elements; the library checks their values.
    Handle::new(unsafe { h5t::H5Tarray_create2(element.id(), rank, extents.as_ptr()) })
}

/// The type of a row.
pub(super) fn row_type(schema: &Schema) -> Result<Handle> {
    // SAFETY: the class is a constant of the library, which checks the size.
    let row = Handle::new(unsafe { h5t::H5Tcreate(h5t::H5T_COMPOUND, schema.row_bytes()) })?;
    for column in schema.columns() {
        let (name, kind) = (c_string(&column.name)?, column_type(column)?);
        // SAFETY: `row` is a compound type; `name` is NUL-terminated; the library checks the place.
        check(unsafe { h5t::H5Tinsert(row.id(), name.as_ptr(), column.offset, kind.id()) })?;
    }
    Ok(row)
}

/// The columns of a dataset of rows that have types known here; `None` if its elements are no rows.
pub(crate) fn schema_of(dataset: &hdf5::Dataset) -> Result<Option<Schema>> {
    sync(|| {
        // SAFETY: the dataset is open.
        let row = Handle::new(unsafe { h5d::H5Dget_type(dataset.id()) })?;
        // SAFETY: the type is valid.
        let (class, bytes, count) = unsafe {
            let id = row.id();
            (h5t::H5Tget_class(id), h5t::H5Tget_size(id), h5t::H5Tget_nmembers(id))
        };
        if class != h5t::H5T_COMPOUND || bytes == 0 {
            return Ok(None);
        }
        let count = usize::try_from(count).unwrap_or(0).min(MAX_COLUMNS);
        let mut columns = Vec::new();
        for index in 0..count as u32 {
            columns.extend(member(&row, index, bytes)?);
        }
        Ok(Some(Schema::found(columns, bytes)))
    })
}

/// A member of a compound type; `None` if its type is not known here.
fn member(row: &Handle, index: u32, row_bytes: usize) -> Result<Option<Column>> {
    // SAFETY: `index` is below the number of members.
    let (name, kind, offset) = unsafe {
        let name = h5t::H5Tget_member_name(row.id(), index);
        let kind = Handle::new(h5t::H5Tget_member_type(row.id(), index));
        (name, kind, h5t::H5Tget_member_offset(row.id(), index))
    };
    if name.is_null() {
        return Ok(None);
    }
    // SAFETY: the library gives text that ends with NUL.
    let text = String::from_utf8_lossy(unsafe { CStr::from_ptr(name) }.to_bytes()).into_owned();
    // SAFETY: the library allocated it and asks for it to be given back; nothing points to it any more.
    unsafe { h5::H5free_memory(name.cast()) };
    let mut kind = kind?;
    let mut shape = Vec::new();
    // SAFETY: the type is valid.
    if unsafe { h5t::H5Tget_class(kind.id()) } == h5t::H5T_ARRAY {
        let Some(extents) = array_extents(&kind)? else { return Ok(None) };
        shape = extents;
        // SAFETY: an array type has a base.
        kind = Handle::new(unsafe { h5t::H5Tget_super(kind.id()) })?;
    }
    let Some((dtype, big_endian)) = known(kind)? else { return Ok(None) };
    let bytes = shape.iter().try_fold(dtype.size(), |bytes, extent| bytes.checked_mul(*extent));
    let end = bytes.and_then(|bytes| bytes.checked_add(offset));
    if end.is_none_or(|end| end > row_bytes) {
        return Ok(None);
    }
    Ok(Some(Column { name: text, dtype, shape, offset, big_endian }))
}

fn array_extents(kind: &Handle) -> Result<Option<Vec<usize>>> {
    let mut extents = [0u64; MAX_RANK];
    // SAFETY: the type is an array.
    let rank = unsafe { h5t::H5Tget_array_ndims(kind.id()) };
    let Some(extents) = usize::try_from(rank).ok().and_then(|rank| extents.get_mut(..rank)) else {
        return Ok(None);
    };
    // SAFETY: as above; `extents` has as many elements as the array type.
    check(unsafe { h5t::H5Tget_array_dims2(kind.id(), extents.as_mut_ptr()) })?;
    Ok(extents.iter().map(|extent| usize::try_from(*extent).ok()).collect())
}

/// The type of an element, and whether the high byte comes first.
fn known(mut kind: Handle) -> Result<Option<(DType, bool)>> {
    // SAFETY: the type is valid.
    let (mut class, size) = unsafe { (h5t::H5Tget_class(kind.id()), h5t::H5Tget_size(kind.id())) };
    if class == h5t::H5T_ENUM {
        // SAFETY: an enumeration has a base.
        kind = Handle::new(unsafe { h5t::H5Tget_super(kind.id()) })?;
        class = h5t::H5T_INTEGER;
    }
    if class == h5t::H5T_STRING {
        // SAFETY: the type is a string.
        let variable = unsafe { h5t::H5Tis_variable_str(kind.id()) } != 0;
        let width = u16::try_from(size).ok().filter(|width| !variable && *width > 0);
        return Ok(width.map(|width| (DType::Text(width), false)));
    }
    let is = |id: h5i::hid_t| {
        // SAFETY: both types are valid.
        unsafe { h5t::H5Tequal(kind.id(), id) > 0 }
    };
    let found = match (class, size) {
        (h5t::H5T_BITFIELD, 1) => Some((DType::Bool, false)),
        (h5t::H5T_INTEGER | h5t::H5T_FLOAT, _) => {
            let little = numbers().into_iter().find(|(_, little, _)| is(*little));
            let big = numbers().into_iter().find(|(_, _, big)| is(*big));
            little.map(|(dtype, ..)| (dtype, false)).or(big.map(|(dtype, ..)| (dtype, true)))
        }
        _ => None,
    };
    Ok(found)
}

/// Numbers with the low and with the high byte first.
fn numbers() -> [(DType, h5i::hid_t, h5i::hid_t); 10] {
    [
        (DType::U8, *g::H5T_STD_U8LE, *g::H5T_STD_U8BE),
        (DType::I8, *g::H5T_STD_I8LE, *g::H5T_STD_I8BE),
        (DType::U16, *g::H5T_STD_U16LE, *g::H5T_STD_U16BE),
        (DType::I16, *g::H5T_STD_I16LE, *g::H5T_STD_I16BE),
        (DType::U32, *g::H5T_STD_U32LE, *g::H5T_STD_U32BE),
        (DType::I32, *g::H5T_STD_I32LE, *g::H5T_STD_I32BE),
        (DType::U64, *g::H5T_STD_U64LE, *g::H5T_STD_U64BE),
        (DType::I64, *g::H5T_STD_I64LE, *g::H5T_STD_I64BE),
        (DType::F32, *g::H5T_IEEE_F32LE, *g::H5T_IEEE_F32BE),
        (DType::F64, *g::H5T_IEEE_F64LE, *g::H5T_IEEE_F64BE),
    ]
}

/// Reads rows through the library: the columns of the schema, in their places and little-endian; bytes
/// between them stay as they are.
pub(crate) fn read_rows(
    dataset: &hdf5::Dataset,
    schema: &Schema,
    first: usize,
    bytes: &mut [u8],
) -> Result<()> {
    if dataset.ndim() != 1 || !bytes.len().is_multiple_of(schema.row_bytes().max(1)) {
        return Err(hdf5::Error::from("selection and buffer differ in size"));
    }
    let (start, count) = ([first as u64], [(bytes.len() / schema.row_bytes().max(1)) as u64]);
    if bytes.is_empty() || schema.columns().is_empty() {
        return Ok(());
    }
    sync(|| {
        let row = row_type(schema)?;
        let (memory, file) = super::read::spaces(dataset, &start, &count, None)?;
        let data = bytes.as_mut_ptr().cast();
        // SAFETY: `data` has room for the selected rows of the size of `row`, which holds no pointers.
        check(unsafe {
            h5d::H5Dread(dataset.id(), row.id(), memory.id(), file.id(), H5P_DEFAULT, data)
        })
    })
}

/// Writes an attribute of fixed size.
pub(crate) fn write_value(object: &Handle, name: &str, value: &Value) -> Result<()> {
    let name = c_string(name)?;
    let text = |bytes: &[u8], utf8| {
        string_type(bytes.len().max(1), h5t::H5T_STR_NULLTERM, utf8).map(|kind| (kind, None))
    };
    sync(|| {
        let array;
        let ((kind, count), bytes) = match value {
            Value::Text(own) => (text(own.as_bytes(), true)?, own.as_bytes()),
            Value::Ascii(own) => (text(own, false)?, own.as_slice()),
            Value::Scalar(scalar) => {
                array = scalar.to_array();
                ((element(array.dtype)?, None), array.data.as_slice())
            }
            Value::Array(own) => {
                ((element(own.dtype)?, Some(own.len() as u64)), own.data.as_slice())
            }
        };
        attribute(object, &name, &kind, count, bytes)
    })
}

/// Writes an attribute of one element or, with a count, of several along one axis; of none without bytes.
fn attribute(
    object: &Handle,
    name: &CString,
    kind: &Handle,
    count: Option<u64>,
    bytes: &[u8],
) -> Result<()> {
    let space = match count {
        // SAFETY: the class is a constant of the library.
        _ if bytes.is_empty() => Handle::new(unsafe { h5s::H5Screate(h5s::H5S_NULL) })?,
        None => scalar_space()?,
        Some(count) => {
            let none = std::ptr::null();
            // SAFETY: one extent is read.
            Handle::new(unsafe { h5s::H5Screate_simple(1, &raw const count, none) })?
        }
    };
    // SAFETY: the type is valid.
    let size = unsafe { h5t::H5Tget_size(kind.id()) };
    if !bytes.is_empty() && Some(bytes.len()) != size.checked_mul(count.unwrap_or(1) as usize) {
        return Err(hdf5::Error::from("attribute and value differ in size"));
    }
    let (id, name, default) = (object.id(), name.as_ptr(), H5P_DEFAULT);
    // SAFETY: valid handles; `bytes` has as many elements of the type as the space.
    unsafe {
        let created = h5a::H5Acreate2(id, name, kind.id(), space.id(), default, default);
        let attribute = Handle::new(created)?;
        match bytes.is_empty() {
            true => Ok(()),
            false => check(h5a::H5Awrite(attribute.id(), kind.id(), bytes.as_ptr().cast())),
        }
    }
}
