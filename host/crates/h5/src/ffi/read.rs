//! Reading parts of datasets, attributes, and where links lead.

use std::ffi::{CStr, c_char};

use hdf5::sync::sync;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::H5S_SELECT_SET;
use hdf5_sys::{h5a, h5d, h5l, h5s, h5t};
use tierline_table::DType;

use super::{Handle, Result, c_string, check, string_type, text_type, type_of};

/// Longest text of a link, which is held in a message of 64 KB.
const MAX_LINK: usize = 1 << 16;

/// Equally spaced places on every axis of a dataset; empty for a scalar.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) start: &'a [u64],
    pub(crate) count: &'a [u64],
    pub(crate) step: &'a [u64],
}

/// Reads part of a dataset into `bytes`, converted to `dtype`; an empty `count` reads a scalar.
pub(crate) fn read_part(
    dataset: &hdf5::Dataset,
    dtype: DType,
    start: &[u64],
    count: &[u64],
    bytes: &mut [u8],
) -> Result<()> {
    let elements: u64 = count.iter().product();
    let rank = dataset.ndim();
    if elements.checked_mul(dtype.size() as u64) != Some(bytes.len() as u64)
        || start.len() != rank
        || count.len() != rank
    {
        return Err(hdf5::Error::from("selection and buffer differ in size"));
    }
    if elements == 0 {
        return Ok(());
    }
    sync(|| {
        let element = type_of(dtype)?;
        let (memory, file) = spaces(dataset, start, count, None)?;
        let data = bytes.as_mut_ptr().cast();
        // SAFETY: the selection has as many elements of `element` as `data` has room for.
        check(unsafe {
            h5d::H5Dread(dataset.id(), element.id(), memory.id(), file.id(), H5P_DEFAULT, data)
        })
    })
}

/// Reads numbers or texts of fixed width into `bytes`, converted to `dtype`.
pub(crate) fn read_places(
    dataset: &hdf5::Dataset,
    dtype: DType,
    utf8: bool,
    places: Places<'_>,
    bytes: &mut [u8],
) -> Result<()> {
    let elements = selected(dataset, places)?;
    if elements.checked_mul(dtype.size()) != Some(bytes.len()) {
        return Err(hdf5::Error::from("selection and buffer differ in size"));
    }
    if bytes.is_empty() {
        return Ok(());
    }
    sync(|| {
        let element = element_type(dtype, utf8)?;
        let (memory, file) = spaces(dataset, places.start, places.count, Some(places.step))?;
        let data = bytes.as_mut_ptr().cast();
        // SAFETY: the selection has as many elements of `element` as `data` has room for.
        check(unsafe {
            h5d::H5Dread(dataset.id(), element.id(), memory.id(), file.id(), H5P_DEFAULT, data)
        })
    })
}

/// Reads texts of any length.
pub(crate) fn read_texts(
    dataset: &hdf5::Dataset,
    utf8: bool,
    places: Places<'_>,
) -> Result<Vec<String>> {
    let elements = selected(dataset, places)?;
    if elements == 0 {
        return Ok(Vec::new());
    }
    sync(|| {
        let element = text_type(utf8)?;
        let (memory, file) = spaces(dataset, places.start, places.count, Some(places.step))?;
        let mut pointers: Vec<*mut c_char> = vec![std::ptr::null_mut(); elements];
        let data = pointers.as_mut_ptr().cast();
        // SAFETY: the selection has as many texts as there are pointers, which are null so far.
        let read = check(unsafe {
            h5d::H5Dread(dataset.id(), element.id(), memory.id(), file.id(), H5P_DEFAULT, data)
        });
        let texts = pointers.iter().map(|text| copied(*text)).collect();
        let data = pointers.as_mut_ptr().cast();
        // SAFETY: the pointers are null or what the library allocated for this type and space.
        let freed = check(unsafe {
            #[allow(deprecated, reason = "its successor came with HDF5 1.12")]
            h5d::H5Dvlen_reclaim(element.id(), memory.id(), H5P_DEFAULT, data)
        });
        read.and(freed).map(|()| texts)
    })
}

/// A copy of a text of the library; empty for none.
fn copied(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: texts of variable length that the library has read end with NUL.
    String::from_utf8_lossy(unsafe { CStr::from_ptr(text) }.to_bytes()).into_owned()
}

/// Reads an attribute of numbers or texts of fixed width, converted to `dtype`.
pub(crate) fn read_attribute(
    attribute: &hdf5::Attribute,
    dtype: DType,
    utf8: bool,
    bytes: &mut [u8],
) -> Result<()> {
    if attribute.size().checked_mul(dtype.size()) != Some(bytes.len()) {
        return Err(hdf5::Error::from("attribute and buffer differ in size"));
    }
    if bytes.is_empty() {
        return Ok(());
    }
    sync(|| {
        let element = element_type(dtype, utf8)?;
        // SAFETY: the attribute has as many elements of `element` as `bytes` has room for.
        check(unsafe { h5a::H5Aread(attribute.id(), element.id(), bytes.as_mut_ptr().cast()) })
    })
}

/// What a soft or external link holds, with NUL after it.
pub(crate) fn link_value(group: &hdf5::Group, name: &str) -> Result<Vec<u8>> {
    let name = c_string(name)?;
    let mut value = vec![0_u8; MAX_LINK + 2];
    sync(|| {
        let data = value.as_mut_ptr().cast();
        // SAFETY: `name` ends with NUL, and `data` has room for more than the bytes asked for.
        check(unsafe { h5l::H5Lget_val(group.id(), name.as_ptr(), data, MAX_LINK, H5P_DEFAULT) })
    })?;
    Ok(value)
}

fn element_type(dtype: DType, utf8: bool) -> Result<Handle> {
    match dtype {
        DType::Text(width) => string_type(usize::from(width), h5t::H5T_STR_NULLPAD, utf8),
        _ => type_of(dtype),
    }
}

/// Number of selected elements; fails where the axes are not those of the dataset.
fn selected(dataset: &hdf5::Dataset, places: Places<'_>) -> Result<usize> {
    let rank = dataset.ndim();
    let ranks = [places.start.len(), places.count.len(), places.step.len()];
    if ranks != [rank; 3] {
        return Err(hdf5::Error::from("selection and dataset differ in rank"));
    }
    let product = places.count.iter().try_fold(1_u64, |n, count| n.checked_mul(*count));
    product
        .and_then(|product| usize::try_from(product).ok())
        .ok_or_else(|| hdf5::Error::from("the selection is too large"))
}

pub(super) fn spaces(
    dataset: &hdf5::Dataset,
    start: &[u64],
    count: &[u64],
    step: Option<&[u64]>,
) -> Result<(Handle, Handle)> {
    // SAFETY: the dataset is open.
    let file = Handle::new(unsafe { h5d::H5Dget_space(dataset.id()) })?;
    let none = std::ptr::null();
    let rank = count.len() as i32;
    if rank == 0 {
        // SAFETY: the class is a constant of the library.
        return Ok((Handle::new(unsafe { h5s::H5Screate(h5s::H5S_SCALAR) })?, file));
    }
    let step = step.map_or(none, <[u64]>::as_ptr);
    // SAFETY: `start`, `count` and `step` have the rank of the dataset; null means defaults.
    unsafe {
        let (id, op) = (file.id(), H5S_SELECT_SET);
        check(h5s::H5Sselect_hyperslab(id, op, start.as_ptr(), step, count.as_ptr(), none))?;
        let memory = Handle::new(h5s::H5Screate_simple(rank, count.as_ptr(), none))?;
        Ok((memory, file))
    }
}

/// A chunk in the file.
pub(crate) enum StoredChunk {
    /// It was never written.
    Missing,
    /// It has so many bytes, more than allowed.
    TooLarge(u64),
    /// Its bytes, and the mask of the filters it did not go through.
    Bytes(Vec<u8>, u32),
}

/// Reads a chunk of up to `most` bytes as it is stored. `offset`: its first element, an index per extent.
pub(crate) fn read_chunk(
    dataset: &hdf5::Dataset,
    offset: &[u64],
    most: u64,
) -> Result<StoredChunk> {
    if offset.len() != dataset.ndim() || !dataset.is_chunked() {
        return Err(hdf5::Error::from("there are no chunks of this rank"));
    }
    sync(|| {
        let (id, mut size, mut skipped, mut address) = (dataset.id(), 0, 0, 0);
        let (first, mask, place, bytes) =
            (offset.as_ptr(), &raw mut skipped, &raw mut address, &raw mut size);
        // SAFETY: `offset` has as many elements as the dataset extents; the library checks their values.
        check(unsafe { h5d::H5Dget_chunk_info_by_coord(id, first, mask, place, bytes) })?;
        if size == 0 {
            return Ok(StoredChunk::Missing);
        }
        if size > most {
            return Ok(StoredChunk::TooLarge(size));
        }
        let mut bytes = vec![0u8; size as usize];
        let data = bytes.as_mut_ptr().cast();
        // SAFETY: as above; `data` has room for the size of the chunk, just asked for under the same lock.
        check(unsafe {
            h5d::H5Dread_chunk1(id, H5P_DEFAULT, offset.as_ptr(), &raw mut skipped, data)
        })?;
        Ok(StoredChunk::Bytes(bytes, skipped))
    })
}
