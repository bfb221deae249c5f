//! Writing files object by object: groups, datasets of any shape, links, attributes; also into files that
//! exist. [`Writer`](crate::Writer) is for tables that grow; this is for trees that are converted.

mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_table::DType;

pub use rows::RowWriter;

use crate::Error;
use crate::ffi::{self, Content, Handle, Lists, Open};

/// A filter by its registered number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterSpec {
    /// The number: 1 deflate, 2 shuffle, 3 fletcher32, others by plugin.
    pub id: i32,
    /// Its parameters.
    pub parameters: Vec<u32>,
}

impl FilterSpec {
    /// Deflate, with a level as parameter.
    pub const DEFLATE: i32 = 1;
    /// Byte shuffle.
    pub const SHUFFLE: i32 = 2;
    /// Checksums.
    pub const FLETCHER32: i32 = 3;

    /// A filter by its number.
    pub fn new(id: i32, parameters: &[u32]) -> Self {
        FilterSpec { id, parameters: parameters.to_vec() }
    }

    /// Whether the HDF5 library at hand can apply it.
    pub fn is_known(&self) -> bool {
        ffi::filter_is_known(self.id)
    }
}

/// How a dataset is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storage {
    /// Extents of a chunk; one block if there are none.
    pub chunk: Option<Vec<usize>>,
    /// Filters in the order of writing; they need chunks.
    pub filters: Vec<FilterSpec>,
}

/// Elements to be written.
#[derive(Debug, Clone, Copy)]
pub enum Elements<'a> {
    /// Numbers, or text of fixed width, little-endian.
    Plain(DType, &'a [u8]),
    /// UTF-8 texts of any length; what follows a NUL is cut off.
    Texts(&'a [String]),
}

impl<'a> From<Elements<'a>> for Content<'a> {
    fn from(elements: Elements<'a>) -> Self {
        match elements {
            Elements::Plain(dtype, bytes) => Content::Plain(dtype, bytes),
            Elements::Texts(texts) => Content::Texts(texts),
        }
    }
}

/// A file that is written object by object.
pub struct Editor {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    lists: Lists,
    file: Handle,
}

impl Shared {
    fn error<'a>(
        &'a self,
        object: &'a str,
        action: &'static str,
    ) -> impl FnOnce(hdf5::Error) -> Error + 'a {
        Error::hdf5(&self.path, object, action)
    }
}

impl Editor {
    /// Creates a file, or truncates it. `in_memory`: it is built in memory and written when it is closed,
    /// which is faster where there are many small objects.
    pub fn create(path: &Path, in_memory: bool) -> Result<Self, Error> {
        Self::new(path, if in_memory { Open::CreateInMemory } else { Open::Create })
    }

    /// Opens a file to change it.
    pub fn edit(path: &Path) -> Result<Self, Error> {
        Self::new(path, Open::Edit)
    }

    fn new(path: &Path, how: Open) -> Result<Self, Error> {
        let failed = |error| Error::hdf5(path, "/", "open for writing")(error);
        let (file, lists) = (ffi::open_file(path, how).map_err(failed)?, Lists::new());
        let lists = lists.map_err(failed)?;
        Ok(Editor { shared: Arc::new(Shared { path: path.to_path_buf(), lists, file }) })
    }

    /// The root group.
    pub fn root(&self) -> Result<Folder, Error> {
        let root =
            ffi::open_group(&self.shared.file, "/").map_err(self.shared.error("/", "open"))?;
        match root {
            Some(handle) => {
                let (shared, path) = (self.shared.clone(), String::new());
                Ok(Folder { shared, path, handle, is_new: false })
            }
            None => Err(Error::malformed(&self.shared.path, "/", "the root is no group")),
        }
    }

    /// Closes the file. Folders and datasets of it must be gone.
    pub fn finish(self) -> Result<(), Error> {
        match Arc::try_unwrap(self.shared) {
            Ok(Shared { path, file, .. }) => file.close().map_err(Error::hdf5(&path, "/", "close")),
            Err(shared) => Err(Error::Incomplete { path: shared.path.clone() }),
        }
    }
}

/// A group of an [`Editor`].
pub struct Folder {
    shared: Arc<Shared>,
    /// Path without the last slash; empty for the root.
    path: String,
    handle: Handle,
    is_new: bool,
}

impl Folder {
    /// Whether it was made when it was asked for: nothing is in it but what was put there since.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Its path.
    pub fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    /// Its attributes.
    pub fn attrs(&self) -> Attributes<'_> {
        let (path, is_new) = (self.path(), self.is_new);
        Attributes { shared: &self.shared, handle: &self.handle, path, is_new }
    }

    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    /// Whether there is something of this name, a link that leads nowhere included.
    pub fn contains(&self, name: &str) -> Result<bool, Error> {
        ffi::exists(&self.handle, name).map_err(self.shared.error(&self.below(name), "look for"))
    }

    /// The group of a name, made if there is none. Fails where something else has the name.
    pub fn group(&self, name: &str) -> Result<Folder, Error> {
        let path = self.below(name);
        let (shared, lists) = (self.shared.clone(), &self.shared.lists);
        // Most are missing, and it takes as long to see that as to make them.
        let failed = match ffi::create_group_in(lists, &self.handle, name) {
            Ok(handle) => return Ok(Folder { shared, path, handle, is_new: true }),
            Err(error) => error,
        };
        if !self.contains(name)? {
            return Err(self.shared.error(&path, "create")(failed));
        }
        match ffi::open_group(&self.handle, name).map_err(self.shared.error(&path, "open"))? {
            Some(handle) => Ok(Folder { shared, path, handle, is_new: false }),
            None => {
                let reason = "it exists and is no group";
                Err(Error::parameter(&self.shared.path, &path, reason))
            }
        }
    }

    /// Removes what has a name.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        ffi::remove(&self.handle, name).map_err(self.shared.error(&self.below(name), "remove"))
    }

    /// Creates a dataset with its content, which has as many elements as the shape.
    pub fn write(
        &self,
        name: &str,
        shape: &[usize],
        elements: Elements<'_>,
        storage: &Storage,
    ) -> Result<Stored, Error> {
        self.create(name, shape, elements.into(), storage)
    }

    /// Creates a dataset of numbers to be filled by rows along its first axis, some at a time.
    pub fn rows(
        &self,
        name: &str,
        dtype: DType,
        shape: &[usize],
        storage: &Storage,
        threads: usize,
    ) -> Result<RowWriter, Error> {
        let dataset = self.create(name, shape, Content::Later(dtype), storage)?;
        RowWriter::new(dataset, dtype, shape, storage, threads)
    }

    fn create(
        &self,
        name: &str,
        shape: &[usize],
        content: Content<'_>,
        storage: &Storage,
    ) -> Result<Stored, Error> {
        let path = self.below(name);
        let lists = &self.shared.lists;
        let handle = ffi::create_in(lists, &self.handle, name, shape, content, storage)
            .map_err(self.shared.error(&path, "write"))?;
        Ok(Stored { shared: self.shared.clone(), path, handle })
    }

    /// Creates a soft link.
    pub fn soft_link(&self, name: &str, target: &str) -> Result<(), Error> {
        ffi::soft_link(&self.handle, name, target)
            .map_err(self.shared.error(&self.below(name), "link"))
    }

    /// Creates a second name for the object at an absolute path.
    pub fn hard_link(&self, name: &str, target: &str) -> Result<(), Error> {
        ffi::hard_link(&self.shared.file, target, &self.handle, name)
            .map_err(self.shared.error(&self.below(name), "link"))
    }
}

/// The attributes of a group or dataset.
pub struct Attributes<'a> {
    shared: &'a Shared,
    handle: &'a Handle,
    path: &'a str,
    is_new: bool,
}

impl Attributes<'_> {
    /// Whether the object was made just now, and has no attributes but those that were set since.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether there is one of this name.
    pub fn contains(&self, name: &str) -> Result<bool, Error> {
        ffi::has_attribute(self.handle, name).map_err(self.shared.error(self.path, "look at"))
    }

    /// Writes one; what had the name is replaced.
    pub fn set(&self, name: &str, shape: &[usize], elements: Elements<'_>) -> Result<(), Error> {
        let (lists, content) = (&self.shared.lists, elements.into());
        let create = || ffi::create_attribute(lists, self.handle, name, shape, content);
        let first = create();
        let done = match first {
            // Only where it failed is it worth while to look whether there was one.
            Err(_) if self.contains(name)? => {
                ffi::remove_attribute(self.handle, name).and_then(|()| create())
            }
            first => first,
        };
        done.map_err(self.shared.error(self.path, "write an attribute of"))
    }
}

/// A dataset of an [`Editor`].
pub struct Stored {
    shared: Arc<Shared>,
    path: String,
    handle: Handle,
}

impl Stored {
    /// Its attributes.
    pub fn attrs(&self) -> Attributes<'_> {
        Attributes { shared: &self.shared, handle: &self.handle, path: &self.path, is_new: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Reader;

    #[test]
    fn chunks_of_any_shape_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.h5");
        let data: Vec<u8> =
            (0..5 * 7 * 9u16).flat_map(|i| (i.wrapping_mul(i) % 97).to_le_bytes()).collect();
        let editor = Editor::create(&path, false).unwrap();
        let root = editor.root().unwrap();
        let gzip = |chunk: &[usize]| Storage {
            chunk: Some(chunk.to_vec()),
            filters: vec![
                FilterSpec::new(FilterSpec::SHUFFLE, &[]),
                FilterSpec::new(FilterSpec::DEFLATE, &[4]),
                FilterSpec::new(FilterSpec::FLETCHER32, &[]),
            ],
        };
        let storages = [
            gzip(&[1, 7, 9]),
            gzip(&[2, 3, 4]),
            gzip(&[5, 7, 1]),
            Storage::default(),
            gzip(&[3, 7, 5]),
        ];
        for (i, storage) in storages.iter().enumerate() {
            for threads in [1, 2] {
                let name = format!("{i}-{threads}");
                let mut rows = root.rows(&name, DType::U16, &[5, 7, 9], storage, threads).unwrap();
                rows.push(&data[..7 * 9 * 2]).unwrap();
                rows.push(&data[7 * 9 * 2..]).unwrap();
                assert!(rows.push(&data[..7 * 9 * 2]).is_err());
                rows.finish().unwrap();
            }
        }
        drop(root);
        editor.finish().unwrap();
        let reader = Reader::open(&path).unwrap();
        for i in 0..storages.len() {
            for threads in [1, 2] {
                let have = reader.array(&format!("{i}-{threads}"), 0..5).unwrap();
                assert_eq!(have.data, data, "{i} {threads}");
            }
        }
    }

    #[test]
    fn files_are_edited() {
        let folder = tempfile::tempdir().unwrap();
        for memory in [false, true] {
            let path = folder.path().join(format!("{memory}.h5"));
            let editor = Editor::create(&path, memory).unwrap();
            let root = editor.root().unwrap();
            let group = root.group("g").unwrap().group("inner").unwrap();
            let three = [1.0f32, 2.0, 3.0].map(f32::to_le_bytes).concat();
            let x = Elements::Plain(DType::F32, &three);
            group.write("x", &[3], x, &Storage::default()).unwrap();
            root.soft_link("soft", "/g/inner/x").unwrap();
            root.hard_link("hard", "/g/inner/x").unwrap();
            let texts = ["größer".to_owned(), String::new()];
            let text = root.write("t", &[2], Elements::Texts(&texts), &Storage::default()).unwrap();
            text.attrs().set("a", &[], Elements::Texts(&texts[..1])).unwrap();
            text.attrs().set("a", &[], Elements::Texts(&texts[1..])).unwrap();
            assert!(root.group("t").is_err());
            drop((root, group, text));
            editor.finish().unwrap();

            let editor = Editor::edit(&path).unwrap();
            let root = editor.root().unwrap();
            assert!(root.contains("soft").unwrap() && !root.contains("none").unwrap());
            root.remove("t").unwrap();
            drop(root);
            editor.finish().unwrap();
            let reader = Reader::open(&path).unwrap();
            for name in ["soft", "hard", "g/inner/x"] {
                assert_eq!(reader.array(name, 0..3).unwrap().data, three, "{name}");
            }
            assert!(reader.node("t").is_err());
        }
    }
}
