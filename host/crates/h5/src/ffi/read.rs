//! Reading rows of numbers.

use hdf5::sync::sync;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::h5s::H5S_SELECT_SET;
use hdf5_sys::{h5d, h5s};
use tierline_table::DType;

use super::{Handle, Result, check, type_of};

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
        let (memory, file) = spaces(dataset, start, count)?;
        let data = bytes.as_mut_ptr().cast();
        // SAFETY: the selection has as many elements of `element` as `data` has room for.
        check(unsafe {
            h5d::H5Dread(dataset.id(), element.id(), memory.id(), file.id(), H5P_DEFAULT, data)
        })
    })
}

fn spaces(dataset: &hdf5::Dataset, start: &[u64], count: &[u64]) -> Result<(Handle, Handle)> {
    // SAFETY: the dataset is open.
    let file = Handle::new(unsafe { h5d::H5Dget_space(dataset.id()) })?;
    let none = std::ptr::null();
    let rank = count.len() as i32;
    if rank == 0 {
        // SAFETY: the class is a constant of the library.
        return Ok((Handle::new(unsafe { h5s::H5Screate(h5s::H5S_SCALAR) })?, file));
    }
    // SAFETY: `start` and `count` have the rank of the dataset; null means defaults.
    unsafe {
        let (id, op) = (file.id(), H5S_SELECT_SET);
        check(h5s::H5Sselect_hyperslab(id, op, start.as_ptr(), none, count.as_ptr(), none))?;
        let memory = Handle::new(h5s::H5Screate_simple(rank, count.as_ptr(), none))?;
        Ok((memory, file))
    }
}
