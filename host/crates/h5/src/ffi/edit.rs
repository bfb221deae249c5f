//! Writing object by object, into new files and into those that exist.

use std::ffi::{CString, c_char, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use hdf5::globals as g;
use hdf5::sync::sync;
use hdf5_sys::h5p::H5P_DEFAULT;
use hdf5_sys::{h5a, h5d, h5f, h5g, h5i, h5l, h5o, h5p, h5s, h5z};
use tierline_table::DType;

use crate::edit::{FilterSpec, Storage};

use super::create::{plist, scalar_space};
use super::{Handle, Result, c_string, check, library_type, text_type, type_of};

/// Bytes by which a file in memory grows.
const GROWTH: usize = 4 << 20;

/// Bytes of texts of any length (16 each) that are converted together. The library clears a buffer of this
/// size for each dataset, by default a megabyte.
const CONVERTED: usize = 8 << 10;

/// Property lists that every object needs.
pub(crate) struct Lists {
    group: Handle,
    dataset: Handle,
    text: Handle,
    scalar: Handle,
    transfer: Handle,
}

impl Lists {
    /// Lists for objects without times, and what else many objects have in common.
    pub(crate) fn new() -> Result<Self> {
        sync(|| {
            let (group, dataset) = (plist(*g::H5P_GROUP_CREATE)?, plist(*g::H5P_DATASET_CREATE)?);
            // SAFETY: both are object creation lists.
            unsafe {
                check(h5p::H5Pset_obj_track_times(group.id(), 0))?;
                check(h5p::H5Pset_obj_track_times(dataset.id(), 0))?;
            }
            let transfer = plist(*g::H5P_DATASET_XFER)?;
            let null = std::ptr::null_mut();
            // SAFETY: a transfer list; without buffers of ours the library takes its own.
            check(unsafe { h5p::H5Pset_buffer(transfer.id(), CONVERTED, null, null) })?;
            let (text, scalar) = (text_type(true)?, scalar_space()?);
            Ok(Lists { group, dataset, text, scalar, transfer })
        })
    }

    fn element(&self, content: Content<'_>) -> Result<Shared<'_>> {
        match content {
            Content::Texts(_) => Ok(Shared::Kept(&self.text)),
            Content::Plain(dtype, _) | Content::Later(dtype) => match library_type(dtype) {
                Some(id) => Ok(Shared::Library(id)),
                None => Ok(Shared::Own(type_of(dtype)?)),
            },
        }
    }

    fn space(&self, shape: &[usize]) -> Result<Shared<'_>> {
        match shape {
            [] => Ok(Shared::Kept(&self.scalar)),
            _ => Ok(Shared::Own(space_of(shape)?)),
        }
    }
}

/// A type or space that is used once or by many.
enum Shared<'a> {
    /// The library's own.
    Library(h5i::hid_t),
    /// One that is kept.
    Kept(&'a Handle),
    /// One that is released after use.
    Own(Handle),
}

impl Shared<'_> {
    fn id(&self) -> h5i::hid_t {
        match self {
            Shared::Library(id) => *id,
            Shared::Kept(handle) => handle.id(),
            Shared::Own(handle) => handle.id(),
        }
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// Anew; what was there is lost.
    Create,
    /// Anew, in memory until it is closed.
    CreateInMemory,
    /// As it is.
    Edit,
}

pub(crate) fn open_file(path: &Path, how: Open) -> Result<Handle> {
    let name = c_string_of(path)?;
    sync(|| {
        let access = plist(*g::H5P_FILE_ACCESS)?;
        let create = plist(*g::H5P_FILE_CREATE)?;
        let (low, high) = (h5f::H5F_LIBVER_EARLIEST, h5f::H5F_LIBVER_V18);
        // SAFETY: both property lists have the class that the calls expect; `name` is NUL-terminated.
        unsafe {
            if how == Open::CreateInMemory {
                check(h5p::H5Pset_fapl_core(access.id(), GROWTH, 1))?;
            }
            if how == Open::Edit {
                return Handle::new(h5f::H5Fopen(name.as_ptr(), h5f::H5F_ACC_RDWR, access.id()));
            }
            check(h5p::H5Pset_libver_bounds(access.id(), low, high))?;
            check(h5p::H5Pset_obj_track_times(create.id(), 0))?;
            let flags = h5f::H5F_ACC_TRUNC;
            Handle::new(h5f::H5Fcreate(name.as_ptr(), flags, create.id(), access.id()))
        }
    })
}

fn c_string_of(path: &Path) -> Result<CString> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| hdf5::Error::from("file name contains a NUL character"))
}

/// Whether a group has a link of this name, wherever it leads.
pub(crate) fn exists(group: &Handle, name: &str) -> Result<bool> {
    let name = c_string(name)?;
    // SAFETY: `group` is valid, `name` is NUL-terminated.
    sync(|| match unsafe { h5l::H5Lexists(group.id(), name.as_ptr(), H5P_DEFAULT) } {
        found if found < 0 => Err(super::last_error()),
        found => Ok(found > 0),
    })
}

/// Opens a member; `None` if it is no group.
pub(crate) fn open_group(group: &Handle, name: &str) -> Result<Option<Handle>> {
    let name = c_string(name)?;
    sync(|| {
        // SAFETY: as above.
        let object = Handle::new(unsafe { h5o::H5Oopen(group.id(), name.as_ptr(), H5P_DEFAULT) })?;
        // SAFETY: the identifier is valid.
        let kind = unsafe { h5i::H5Iget_type(object.id()) };
        Ok((kind == h5i::H5I_GROUP).then_some(object))
    })
}

pub(crate) fn create_group_in(lists: &Lists, group: &Handle, name: &str) -> Result<Handle> {
    let name = c_string(name)?;
    sync(|| {
        // SAFETY: valid handles of the classes that the call expects.
        Handle::new(unsafe {
            let (id, create) = (group.id(), lists.group.id());
            h5g::H5Gcreate2(id, name.as_ptr(), H5P_DEFAULT, create, H5P_DEFAULT)
        })
    })
}

pub(crate) fn remove(group: &Handle, name: &str) -> Result<()> {
    let name = c_string(name)?;
    // SAFETY: as above.
    sync(|| check(unsafe { h5l::H5Ldelete(group.id(), name.as_ptr(), H5P_DEFAULT) }))
}

pub(crate) fn soft_link(group: &Handle, name: &str, target: &str) -> Result<()> {
    let (name, target) = (c_string(name)?, c_string(target)?);
    let (id, default) = (group.id(), H5P_DEFAULT);
    sync(|| {
        // SAFETY: both texts are NUL-terminated.
        check(unsafe { h5l::H5Lcreate_soft(target.as_ptr(), id, name.as_ptr(), default, default) })
    })
}

/// A second name for the object at an absolute path.
pub(crate) fn hard_link(file: &Handle, target: &str, group: &Handle, name: &str) -> Result<()> {
    let (name, target) = (c_string(name)?, c_string(target)?);
    let (from, to, default) = (file.id(), group.id(), H5P_DEFAULT);
    sync(|| {
        // SAFETY: both texts are NUL-terminated.
        check(unsafe {
            h5l::H5Lcreate_hard(from, target.as_ptr(), to, name.as_ptr(), default, default)
        })
    })
}

/// What a new dataset or attribute holds.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    /// Numbers, or text of fixed width, little-endian.
    Plain(DType, &'a [u8]),
    /// UTF-8 of any length.
    Texts(&'a [String]),
    /// Nothing yet.
    Later(DType),
}

/// Creates a dataset and writes all of it, or nothing. The content has as many elements as the shape.
pub(crate) fn create_in(
    lists: &Lists,
    group: &Handle,
    name: &str,
    shape: &[usize],
    content: Content<'_>,
    storage: &Storage,
) -> Result<Handle> {
    let name = c_string(name)?;
    let pointers = Pointers::new(shape, content)?;
    sync(|| {
        let own;
        let create = match storage.chunk.is_some() || !storage.filters.is_empty() {
            true => {
                own = stored(shape, storage)?;
                &own
            }
            false => &lists.dataset,
        };
        let (element, space) = (lists.element(content)?, lists.space(shape)?);
        let (id, default) = (group.id(), H5P_DEFAULT);
        // SAFETY: valid handles of the classes that the call expects.
        let dataset = Handle::new(unsafe {
            let (element, space, create) = (element.id(), space.id(), create.id());
            h5d::H5Dcreate2(id, name.as_ptr(), element, space, default, create, default)
        })?;
        if let Some(data) = pointers.data() {
            // SAFETY: `data` has as many elements of the type as the dataset (`Pointers::new`).
            check(unsafe {
                h5d::H5Dwrite(dataset.id(), element.id(), 0, 0, lists.transfer.id(), data)
            })?;
        }
        Ok(dataset)
    })
}

/// Creates an attribute.
pub(crate) fn create_attribute(
    lists: &Lists,
    object: &Handle,
    name: &str,
    shape: &[usize],
    content: Content<'_>,
) -> Result<()> {
    let name = c_string(name)?;
    let pointers = Pointers::new(shape, content)?;
    sync(|| {
        let (element, space) = (lists.element(content)?, lists.space(shape)?);
        let (id, default) = (object.id(), H5P_DEFAULT);
        // SAFETY: valid handles; `data` has as many elements of the type as the space.
        unsafe {
            let created =
                h5a::H5Acreate2(id, name.as_ptr(), element.id(), space.id(), default, default);
            let attribute = Handle::new(created)?;
            match pointers.data() {
                Some(data) => check(h5a::H5Awrite(attribute.id(), element.id(), data)),
                None => Ok(()),
            }
        }
    })
}

pub(crate) fn has_attribute(object: &Handle, name: &str) -> Result<bool> {
    let name = c_string(name)?;
    // SAFETY: `object` is valid, `name` is NUL-terminated.
    sync(|| match unsafe { h5a::H5Aexists(object.id(), name.as_ptr()) } {
        found if found < 0 => Err(super::last_error()),
        found => Ok(found > 0),
    })
}

pub(crate) fn remove_attribute(object: &Handle, name: &str) -> Result<()> {
    let name = c_string(name)?;
    // SAFETY: as above.
    sync(|| check(unsafe { h5a::H5Adelete(object.id(), name.as_ptr()) }))
}

/// Writes rows along the first axis of a dataset whose other extents are `inner`.
pub(crate) fn write_rows(
    dataset: &Handle,
    dtype: DType,
    first: usize,
    inner: &[usize],
    bytes: &[u8],
) -> Result<()> {
    let row: usize = inner.iter().product::<usize>() * dtype.size();
    if row == 0 || bytes.is_empty() {
        return Ok(());
    }
    if !bytes.len().is_multiple_of(row) {
        return Err(hdf5::Error::from("these are no whole rows"));
    }
    let count: Vec<u64> = std::iter::once(bytes.len() / row)
        .chain(inner.iter().copied())
        .map(|extent| extent as u64)
        .collect();
    let mut start = vec![0; count.len()];
    start[0] = first as u64;
    sync(|| {
        let element = type_of(dtype)?;
        // SAFETY: the dataset is open.
        let file = Handle::new(unsafe { h5d::H5Dget_space(dataset.id()) })?;
        // SAFETY: the identifier is valid.
        if unsafe { h5s::H5Sget_simple_extent_ndims(file.id()) } != count.len() as i32 {
            return Err(hdf5::Error::from("the dataset has another number of extents"));
        }
        let (none, op, data) = (std::ptr::null(), h5s::H5S_SELECT_SET, bytes.as_ptr().cast());
        // SAFETY: `start` and `count` have the dataset's rank; `data` has as many elements as are selected.
        unsafe {
            let (start, extents) = (start.as_ptr(), count.as_ptr());
            check(h5s::H5Sselect_hyperslab(file.id(), op, start, none, extents, none))?;
            let memory = Handle::new(h5s::H5Screate_simple(count.len() as i32, extents, none))?;
            let (id, default) = (dataset.id(), H5P_DEFAULT);
            check(h5d::H5Dwrite(id, element.id(), memory.id(), file.id(), default, data))
        }
    })
}

/// Whether the library can apply a filter.
pub(crate) fn filter_is_known(id: i32) -> bool {
    // SAFETY: any number may be asked for.
    sync(|| unsafe { h5z::H5Zfilter_avail(id) > 0 })
}

/// A creation list with chunks and filters.
fn stored(shape: &[usize], storage: &Storage) -> Result<Handle> {
    let create = plist(*g::H5P_DATASET_CREATE)?;
    let chunk: Option<Vec<u64>> =
        storage.chunk.as_ref().map(|chunk| chunk.iter().map(|extent| *extent as u64).collect());
    if chunk.as_ref().is_some_and(|chunk| chunk.len() != shape.len()) {
        return Err(hdf5::Error::from("chunks have another number of extents than the dataset"));
    }
    // SAFETY: `create` is a dataset creation list; `chunk` has as many extents as is said.
    unsafe {
        check(h5p::H5Pset_obj_track_times(create.id(), 0))?;
        if let Some(chunk) = &chunk {
            check(h5p::H5Pset_chunk(create.id(), chunk.len() as i32, chunk.as_ptr()))?;
        }
        for FilterSpec { id, parameters } in &storage.filters {
            let flags = if *id == FilterSpec::FLETCHER32 { 0 } else { h5z::H5Z_FLAG_OPTIONAL };
            let (count, values) = (parameters.len(), parameters.as_ptr());
            check(h5p::H5Pset_filter(create.id(), *id, flags, count, values))?;
        }
    }
    Ok(create)
}

fn space_of(shape: &[usize]) -> Result<Handle> {
    let extents: Vec<u64> = shape.iter().map(|extent| *extent as u64).collect();
    let (rank, none) = (extents.len() as i32, std::ptr::null());
    // SAFETY: `extents` has `rank` elements.
    Handle::new(unsafe { h5s::H5Screate_simple(rank, extents.as_ptr(), none) })
}

/// What the library reads the elements from; keeps C strings alive.
struct Pointers<'a> {
    plain: Option<&'a [u8]>,
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl<'a> Pointers<'a> {
    fn new(shape: &[usize], content: Content<'a>) -> Result<Self> {
        let count = shape.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
        let wrong = || Err(hdf5::Error::from("shape and content differ in size"));
        let mut new = Pointers { plain: None, _texts: Vec::new(), pointers: Vec::new() };
        match content {
            Content::Later(_) => {}
            Content::Plain(dtype, bytes) => {
                if count.and_then(|n| n.checked_mul(dtype.size())) != Some(bytes.len()) {
                    return wrong();
                }
                new.plain = Some(bytes).filter(|bytes| !bytes.is_empty());
            }
            Content::Texts(texts) => {
                if count != Some(texts.len()) {
                    return wrong();
                }
                // HDF5 ends text at NUL: what follows one is lost to every reader.
                let c = |text: &String| c_string(text.split('\0').next().unwrap_or_default());
                new._texts = texts.iter().map(c).collect::<Result<_>>()?;
                new.pointers = new._texts.iter().map(|text| text.as_ptr()).collect();
            }
        }
        Ok(new)
    }

    fn data(&self) -> Option<*const c_void> {
        match (self.plain, self.pointers.is_empty()) {
            (Some(bytes), _) => Some(bytes.as_ptr().cast()),
            (None, false) => Some(self.pointers.as_ptr().cast()),
            (None, true) => None,
        }
    }
}
