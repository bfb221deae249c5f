//! The calls into libhdf5. The only unsafe code of this crate; everything here is safe to call.

mod compound;
mod create;
mod edit;
mod read;

pub(crate) use compound::*;
pub(crate) use create::*;
pub(crate) use edit::*;
pub(crate) use read::*;

use std::ffi::CString;

use hdf5::globals as g;
use hdf5::sync::sync;
use hdf5_sys::{h5, h5i, h5t};
use tierline_table::DType;

pub(crate) type Result<T> = std::result::Result<T, hdf5::Error>;

/// An identifier of the library, released when dropped.
#[derive(Debug)]
pub(crate) struct Handle(h5i::hid_t);

impl Handle {
    fn id(&self) -> h5i::hid_t {
        self.0
    }

    fn new(id: h5i::hid_t) -> Result<Self> {
        if id < 0 { Err(last_error()) } else { Ok(Handle(id)) }
    }

    /// Releases the identifier and tells whether the library could write what was pending.
    pub(crate) fn close(self) -> Result<()> {
        let id = self.0;
        std::mem::forget(self);
        // SAFETY: `id` is valid and owned; `self` was forgotten, so it is released once.
        sync(|| check(unsafe { h5i::H5Idec_ref(id) }))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the identifier is valid and owned by this handle, which ends here.
        sync(|| unsafe { h5i::H5Idec_ref(self.0) });
    }
}

fn check(status: h5::herr_t) -> Result<()> {
    if status < 0 { Err(last_error()) } else { Ok(()) }
}

fn last_error() -> hdf5::Error {
    match hdf5::Error::query() {
        Ok(error) => error,
        Err(error) => error,
    }
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| hdf5::Error::from("text contains a NUL character"))
}

/// A type of the library's own, which lives as long as the library; `None` where there is none for it.
fn library_type(dtype: DType) -> Option<h5i::hid_t> {
    Some(match dtype {
        DType::Bool | DType::U8 => *g::H5T_STD_U8LE,
        DType::I8 => *g::H5T_STD_I8LE,
        DType::U16 => *g::H5T_STD_U16LE,
        DType::I16 => *g::H5T_STD_I16LE,
        DType::U32 => *g::H5T_STD_U32LE,
        DType::I32 => *g::H5T_STD_I32LE,
        DType::U64 => *g::H5T_STD_U64LE,
        DType::I64 => *g::H5T_STD_I64LE,
        DType::F32 => *g::H5T_IEEE_F32LE,
        DType::F64 => *g::H5T_IEEE_F64LE,
        DType::Text(_) => return None,
    })
}

/// The library's type of an element in the file and in memory (both little-endian).
fn type_of(dtype: DType) -> Result<Handle> {
    if let DType::Text(width) = dtype {
        return string_type(usize::from(width), h5t::H5T_STR_NULLPAD, false);
    }
    let id = library_type(dtype).ok_or_else(|| hdf5::Error::from("HDF5 has no such type"))?;
    // SAFETY: `id` is one of the library's own types, which live as long as the library.
    Handle::new(unsafe { h5t::H5Tcopy(id) })
}

fn string_type(size: usize, padding: h5t::H5T_str_t, utf8: bool) -> Result<Handle> {
    let charset = if utf8 { h5t::H5T_CSET_UTF8 } else { h5t::H5T_CSET_ASCII };
    // SAFETY: the source is the library's own string type.
    let handle = Handle::new(unsafe { h5t::H5Tcopy(*g::H5T_C_S1) })?;
    // SAFETY: `handle` is a modifiable string type; the library checks the values.
    unsafe {
        check(h5t::H5Tset_size(handle.id(), size))?;
        check(h5t::H5Tset_strpad(handle.id(), padding))?;
        check(h5t::H5Tset_cset(handle.id(), charset))?;
    }
    Ok(handle)
}

fn text_type(utf8: bool) -> Result<Handle> {
    string_type(h5t::H5T_VARIABLE, h5t::H5T_STR_NULLTERM, utf8)
}
