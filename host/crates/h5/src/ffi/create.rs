//! Creating files, groups, datasets and attributes, and writing chunks.

use std::ffi::{CString, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hdf5::globals as g;
use hdf5::sync::sync;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::{h5a, h5ac, h5d, h5f, h5g, h5i, h5l, h5p, h5s, h5z};
use tierline_table::DType;

use crate::Filters;
use crate::sink::Element;

use super::compound::row_type;
use super::{Handle, Result, c_string, check, text_type, type_of};

/// Half the entries of a node of a dataset's chunk index. Every dataset has at least one node, and
/// the library's default of 32 costs 2 KB for each of the thousands of small columns.
const INDEX_FANOUT: u32 = 8;

/// Bytes of metadata that the library keeps in memory, as counted in the file.
const METADATA_CACHE: usize = 2 << 20;

/// Layout of a chunked dataset; the first extent is unlimited.
pub(crate) struct Chunked<'a> {
    pub(crate) element: &'a Element,
    pub(crate) row_shape: &'a [usize],
    pub(crate) chunk_rows: usize,
    pub(crate) stripe: Option<usize>,
    pub(crate) filters: Filters,
}

/// Creates or truncates a file that HDF5 1.8 and later can read, without object times.
pub(crate) fn create_file(path: &Path) -> Result<Handle> {
    let name = CString::new(path.as_os_str().as_bytes())
        .map_err(|_| hdf5::Error::from("file name contains a NUL character"))?;
    sync(|| {
        let access = plist(*g::H5P_FILE_ACCESS)?;
        let create = plist(*g::H5P_FILE_CREATE)?;
        let (low, high) = (h5f::H5F_LIBVER_EARLIEST, h5f::H5F_LIBVER_V18);
        // SAFETY: both property lists have the class that the calls expect.
        unsafe {
            check(h5p::H5Pset_libver_bounds(access.id(), low, high))?;
            check(h5p::H5Pset_cache(access.id(), 0, 0, 0, 0.0))?;
            check(h5p::H5Pset_obj_track_times(create.id(), 0))?;
            check(h5p::H5Pset_istore_k(create.id(), INDEX_FANOUT))?;
        }
        limit_metadata(&access)?;
        let flags = h5f::H5F_ACC_TRUNC;
        // SAFETY: `name` is NUL-terminated and the property lists are valid.
        Handle::new(unsafe { h5f::H5Fcreate(name.as_ptr(), flags, create.id(), access.id()) })
    })
}

/// Bounds what the library keeps of object headers and chunk indices, which take several times
/// their size in the file. The default of 32 MB costs 150 MB with thousands of datasets.
fn limit_metadata(access: &Handle) -> Result<()> {
    let mut config = h5ac::H5AC_cache_config_t {
        version: h5ac::H5AC__CURR_CACHE_CONFIG_VERSION,
        ..Default::default()
    };
    // SAFETY: `config` names its version, and `access` is a file access list.
    unsafe {
        check(h5p::H5Pget_mdc_config(access.id(), &raw mut config))?;
        config.set_initial_size = 1;
        config.initial_size = METADATA_CACHE;
        config.min_size = METADATA_CACHE;
        config.max_size = METADATA_CACHE;
        check(h5p::H5Pset_mdc_config(access.id(), &raw const config))
    }
}

/// Creates a group, whose parent exists.
pub(crate) fn create_group(file: &Handle, path: &str) -> Result<Handle> {
    let name = c_string(path)?;
    sync(|| {
        let create = plist(*g::H5P_GROUP_CREATE)?;
        // SAFETY: a group creation list has this property; `name` is NUL-terminated.
        Handle::new(unsafe {
            check(h5p::H5Pset_obj_track_times(create.id(), 0))?;
            h5g::H5Gcreate2(file.id(), name.as_ptr(), H5P_DEFAULT, create.id(), H5P_DEFAULT)
        })
    })
}

/// Opens a group or a dataset, for its attributes.
pub(crate) fn open_object(file: &Handle, path: &str) -> Result<Handle> {
    let name = c_string(path)?;
    // SAFETY: `file` is valid and `name` is NUL-terminated.
    sync(|| Handle::new(unsafe { hdf5_sys::h5o::H5Oopen(file.id(), name.as_ptr(), H5P_DEFAULT) }))
}

/// Creates an empty dataset.
pub(crate) fn create_dataset(file: &Handle, path: &str, layout: &Chunked) -> Result<Handle> {
    create_dataset_filtered(file, path, layout, None)
}

/// The same with a further filter, by number and parameters, that the library need not have.
pub(crate) fn create_dataset_filtered(
    file: &Handle,
    path: &str,
    layout: &Chunked,
    filter: Option<(i32, &[u32])>,
) -> Result<Handle> {
    let name = c_string(path)?;
    let mut extent = dims(0, layout.row_shape, false);
    let mut limits = extent.clone();
    let mut chunk = dims(layout.chunk_rows, layout.row_shape, true);
    if let (Some(stripe), [_, elements]) = (layout.stripe, chunk.as_mut_slice()) {
        *elements = stripe as u64;
    }
    extent[0] = 0;
    limits[0] = h5s::H5S_UNLIMITED;
    let rank = extent.len() as i32;
    sync(|| {
        let element = match layout.element {
            Element::Plain(dtype) => type_of(*dtype)?,
            Element::Row(schema) => row_type(schema)?,
        };
        // SAFETY: both slices have `rank` elements.
        let space =
            Handle::new(unsafe { h5s::H5Screate_simple(rank, extent.as_ptr(), limits.as_ptr()) })?;
        let create = plist(*g::H5P_DATASET_CREATE)?;
        // SAFETY: `create` is a dataset creation list and `chunk` has `rank` elements.
        unsafe {
            check(h5p::H5Pset_obj_track_times(create.id(), 0))?;
            check(h5p::H5Pset_chunk(create.id(), rank, chunk.as_ptr()))?;
        }
        set_filters(&create, layout.filters)?;
        if let Some((id, parameters)) = filter {
            // Optional: else the library refuses what it does not have.
            let (flags, count) = (h5z::H5Z_FLAG_OPTIONAL, parameters.len());
            // SAFETY: `create` is a dataset creation list; `parameters` has `count` elements.
            check(unsafe {
                h5p::H5Pset_filter(create.id(), id, flags, count, parameters.as_ptr())
            })?;
        }
        make_dataset(file, &name, &element, &space, &create)
    })
}

/// Gives an object a second name.
pub(crate) fn link(file: &Handle, object: &str, path: &str) -> Result<()> {
    let (object, path) = (c_string(object)?, c_string(path)?);
    let (id, from, to, default) = (file.id(), object.as_ptr(), path.as_ptr(), H5P_DEFAULT);
    // SAFETY: `file` is valid and both names are NUL-terminated.
    sync(|| check(unsafe { h5l::H5Lcreate_hard(id, from, id, to, default, default) }))
}

/// Sets the filters of a dataset creation list, in the order in which chunks go through them.
fn set_filters(create: &Handle, filters: Filters) -> Result<()> {
    if filters.shuffle {
        // SAFETY: a dataset creation list has filters.
        check(unsafe { h5p::H5Pset_shuffle(create.id()) })?;
    }
    if let Some(level) = filters.deflate {
        // SAFETY: as above; the library checks the level.
        check(unsafe { h5p::H5Pset_deflate(create.id(), u32::from(level)) })?;
    }
    if filters.fletcher32 {
        // SAFETY: as above.
        check(unsafe { h5p::H5Pset_fletcher32(create.id()) })?;
    }
    Ok(())
}

/// Creates a dataset without extents and writes its only element, given as bytes.
pub(crate) fn write_scalar(
    file: &Handle,
    path: &str,
    dtype: DType,
    bytes: &[u8],
) -> Result<Handle> {
    let name = c_string(path)?;
    if bytes.len() != dtype.size() {
        return Err(hdf5::Error::from("scalar of the wrong size"));
    }
    sync(|| {
        let (element, space, create) = (type_of(dtype)?, scalar_space()?, untimed()?);
        let dataset = make_dataset(file, &name, &element, &space, &create)?;
        let data = bytes.as_ptr().cast();
        // SAFETY: the dataset has one element of the size that `bytes` was checked to have.
        check(unsafe { h5d::H5Dwrite(dataset.id(), element.id(), 0, 0, H5P_DEFAULT, data) })?;
        Ok(dataset)
    })
}

/// Creates a dataset that holds one UTF-8 text of any length.
pub(crate) fn write_text(file: &Handle, path: &str, text: &str) -> Result<Handle> {
    let (name, text) = (c_string(path)?, c_string(text)?);
    sync(|| {
        let (element, space, create) = (text_type(true)?, scalar_space()?, untimed()?);
        let dataset = make_dataset(file, &name, &element, &space, &create)?;
        let pointer = text.as_ptr();
        let data = (&raw const pointer).cast();
        // SAFETY: one variable-length string is read through a pointer to a valid C string.
        check(unsafe { h5d::H5Dwrite(dataset.id(), element.id(), 0, 0, H5P_DEFAULT, data) })?;
        Ok(dataset)
    })
}

/// Writes an attribute that is one text, as the peers do: variable length, ASCII if it is ASCII.
pub(crate) fn write_attribute(object: &Handle, name: &str, text: &str) -> Result<()> {
    let utf8 = !text.is_ascii();
    let (name, text) = (c_string(name)?, c_string(text)?);
    sync(|| {
        let element = text_type(utf8)?;
        let pointer = text.as_ptr();
        let data = (&raw const pointer).cast();
        // SAFETY: one variable-length string is read from a valid C string.
        unsafe { attribute(object, &name, &element, data) }
    })
}

/// Writes an attribute that is one number.
pub(crate) fn write_number(object: &Handle, name: &str, value: f64) -> Result<()> {
    let name = c_string(name)?;
    let bytes = value.to_le_bytes();
    sync(|| {
        let element = type_of(DType::F64)?;
        // SAFETY: one element of eight bytes is read.
        unsafe { attribute(object, &name, &element, bytes.as_ptr().cast()) }
    })
}

/// # Safety
/// `data` points to one element of the type.
unsafe fn attribute(
    object: &Handle,
    name: &CString,
    element: &Handle,
    data: *const c_void,
) -> Result<()> {
    let space = scalar_space()?;
    let (id, name, default) = (object.id(), name.as_ptr(), H5P_DEFAULT);
    // SAFETY: valid handles; the caller vouches for `data`.
    unsafe {
        let created = h5a::H5Acreate2(id, name, element.id(), space.id(), default, default);
        let attribute = Handle::new(created)?;
        check(h5a::H5Awrite(attribute.id(), element.id(), data))
    }
}

/// Opens a dataset for writing chunks.
pub(crate) fn open_dataset(file: &Handle, path: &str) -> Result<Handle> {
    let name = c_string(path)?;
    sync(|| {
        let access = uncached()?;
        // SAFETY: `file` is valid, `name` is NUL-terminated, `access` is a dataset access list.
        Handle::new(unsafe { h5d::H5Dopen2(file.id(), name.as_ptr(), access.id()) })
    })
}

/// Sets the number of rows.
pub(crate) fn set_rows(dataset: &Handle, rows: usize, row_shape: &[usize]) -> Result<()> {
    let extent = dims(rows, row_shape, false);
    // SAFETY: `extent` has as many elements as the dataset was created with.
    sync(|| check(unsafe { h5d::H5Dset_extent(dataset.id(), extent.as_ptr()) }))
}

/// Stores a chunk that went through the filters already, except those in `skipped`. `offset`: its
/// first element, an index per extent.
pub(crate) fn write_chunk(
    dataset: &Handle,
    offset: &[u64],
    skipped: u32,
    bytes: &[u8],
) -> Result<()> {
    let (id, length, data) = (dataset.id(), bytes.len(), bytes.as_ptr().cast());
    sync(|| {
        // SAFETY: `offset` has the dataset's rank; `data` points to `length` readable bytes.
        check(unsafe {
            h5d::H5Dwrite_chunk(id, H5P_DEFAULT, skipped, offset.as_ptr(), length, data)
        })
    })
}

fn make_dataset(
    file: &Handle,
    name: &CString,
    element: &Handle,
    space: &Handle,
    create: &Handle,
) -> Result<Handle> {
    let access = uncached()?;
    // SAFETY: all handles are valid and of the classes that the call expects.
    Handle::new(unsafe {
        h5d::H5Dcreate2(
            file.id(),
            name.as_ptr(),
            element.id(),
            space.id(),
            H5P_DEFAULT,
            create.id(),
            access.id(),
        )
    })
}

fn dims(rows: usize, row_shape: &[usize], chunk: bool) -> Vec<u64> {
    let least = u64::from(chunk);
    std::iter::once(rows).chain(row_shape.iter().copied()).map(|n| (n as u64).max(least)).collect()
}

pub(super) fn plist(class: h5i::hid_t) -> Result<Handle> {
    // SAFETY: `class` is one of the library's own classes.
    Handle::new(unsafe { h5p::H5Pcreate(class) })
}

fn untimed() -> Result<Handle> {
    let create = plist(*g::H5P_DATASET_CREATE)?;
    // SAFETY: `create` is an object creation list.
    check(unsafe { h5p::H5Pset_obj_track_times(create.id(), 0) })?;
    Ok(create)
}

fn uncached() -> Result<Handle> {
    let access = plist(*g::H5P_DATASET_ACCESS)?;
    // SAFETY: `access` is a dataset access list.
    check(unsafe { h5p::H5Pset_chunk_cache(access.id(), 0, 0, 0.0) })?;
    Ok(access)
}

pub(super) fn scalar_space() -> Result<Handle> {
    // SAFETY: the class is a constant of the library.
    Handle::new(unsafe { h5s::H5Screate(h5s::H5S_SCALAR) })
}
