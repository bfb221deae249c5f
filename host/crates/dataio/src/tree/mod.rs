//! One tree of groups and datasets for HDF5, Spec and image files.
//!
//! A [`Tree`] has a root [`Group`]; a group has [`Attr`]ibutes and children by name, in order; a child is
//! a [`Node`]: a group, a [`Dataset`], a [`Link`] or something that can't be shown. Nothing is read before
//! it is asked for. [`Tree::get`] follows links, [`Tree::node`] leaves the last one, [`Tree::walk`] visits
//! everything once.
//!
//! Trees that are no HDF5 file are built from [`Branch`]es and [`Leaf`]s.

mod branch;
mod frames;
mod glance;
mod h5ls;
mod hdf5;
mod image;
mod metadata;
mod numpy;
mod open;
mod page;
mod python;
mod select;
mod spec;
mod values;
mod walk;
mod warnings;

pub use branch::{Branch, Leaf};
pub use frames::Frames;
pub use glance::{GlanceOptions, glance};
pub use h5ls::{h5ls, numpy_type};
pub use hdf5::hdf5;
pub use image::{DATA, DETECTOR, image_tree, open_images};
pub use numpy::numpy;
pub use open::{Kind, default_path, kind, open, open_as};
pub use page::page;
pub use python::text_of;
pub use select::{Pick, Selection, Span};
pub use spec::{SpecOptions, spec};
pub use tierline_h5::browse::Layout;
pub use values::{Data, Values};
pub use walk::{Step, Visit};
pub use warnings::Warnings;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_table::DType;

use crate::Error;

/// Groups nested deeper than this are refused.
pub const MAX_DEPTH: usize = 256;

/// When a file was changed last, in local time: trees show it as the time of the file.
fn file_time(path: &Path) -> String {
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| jiff::Timestamp::try_from(time).ok());
    let local = changed.map(|time| time.to_zoned(jiff::tz::TimeZone::system()));
    local.map_or(String::new(), |time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// What shows a file.
pub(crate) const CREATOR: &str = concat!("tierline ", env!("CARGO_PKG_VERSION"));

/// Links that one path may lead through.
pub const MAX_LINKS: usize = 64;

/// Type of the elements of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// Numbers, truth values, or text of fixed width.
    Plain(DType),
    /// Text of any length; whether it is declared as UTF-8 (else ASCII).
    Text {
        /// Declared as UTF-8.
        utf8: bool,
    },
    /// Anything else, in HDF5's words; can't be read.
    Other(String),
}

/// A filter that chunks pass through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its registered number: 1 deflate, 2 shuffle, 3 fletcher32, 32008 bitshuffle, …
    pub id: i32,
    /// Its parameters.
    pub parameters: Vec<u32>,
}

/// How a real HDF5 dataset is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Layout.
    pub layout: Layout,
    /// Largest extents; `None` is without limit.
    pub maxshape: Vec<Option<usize>>,
    /// Filters in the order of writing.
    pub filters: Vec<Filter>,
    /// Bytes in the file.
    pub stored_bytes: u64,
    /// Whether the numbers are stored with the high byte first. They are always read as little-endian.
    pub big_endian: bool,
    /// Whether text of fixed width is declared as UTF-8.
    pub utf8: bool,
}

/// What a dataset is, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInfo {
    /// Type of the elements.
    pub element: Element,
    /// Extents, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// How it is stored; `None` where there is no HDF5 file behind it.
    pub storage: Option<Storage>,
}

/// Identity of an object: equal where two names lead to one object.
pub type Token = String;

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attr {
    /// Name.
    pub name: String,
    /// Value; [`Data::Other`] where the type can't be read.
    pub value: Values,
}

impl Attr {
    /// An attribute of one text.
    pub fn text(name: &str, value: &str) -> Self {
        Attr { name: name.to_owned(), value: Values::text(value) }
    }
}

/// A group.
pub trait Group: Send + Sync {
    /// Names of the children, in order.
    fn names(&self) -> Result<Vec<String>, Error>;

    /// A child by its name; `None` where there is none. Links are not followed.
    fn child(&self, name: &str) -> Result<Option<Node>, Error>;

    /// Attributes, in order.
    fn attrs(&self) -> Result<Vec<Attr>, Error>;

    /// Identity, where several names may lead to one group.
    fn token(&self) -> Option<Token> {
        None
    }
}

/// A dataset.
pub trait Dataset: Send + Sync {
    /// Type, shape, storage. May read the file.
    fn info(&self) -> Result<DatasetInfo, Error>;

    /// The elements of a selection, as many axes as the dataset has.
    fn read(&self, selection: &Selection) -> Result<Values, Error>;

    /// All elements.
    fn read_all(&self) -> Result<Values, Error> {
        self.read(&Selection::all(&self.info()?.shape))
    }

    /// Attributes, in order.
    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        Ok(Vec::new())
    }

    /// Identity, where several names may lead to one dataset.
    fn token(&self) -> Option<Token> {
        None
    }
}

/// A link by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To a path of the same file: absolute, or relative to the group that holds the link.
    Soft(String),
    /// To a path of another file.
    External {
        /// The file, relative to the folder of the one with the link.
        file: String,
        /// The path in it.
        path: String,
    },
}

/// A child of a group.
#[derive(Clone)]
pub enum Node {
    /// A group.
    Group(Arc<dyn Group>),
    /// A dataset.
    Dataset(Arc<dyn Dataset>),
    /// A soft or external link.
    Link(Link),
    /// Neither, for example a stored type.
    Other(String),
}

impl Node {
    /// Attributes; none for links.
    pub fn attrs(&self) -> Result<Vec<Attr>, Error> {
        match self {
            Node::Group(group) => group.attrs(),
            Node::Dataset(dataset) => dataset.attrs(),
            Node::Link(_) | Node::Other(_) => Ok(Vec::new()),
        }
    }

    /// Identity.
    pub fn token(&self) -> Option<Token> {
        match self {
            Node::Group(group) => group.token(),
            Node::Dataset(dataset) => dataset.token(),
            Node::Link(_) | Node::Other(_) => None,
        }
    }
}

/// The tree of a file.
#[derive(Clone)]
pub struct Tree {
    path: PathBuf,
    root: Arc<dyn Group>,
    hdf5: bool,
    warnings: Warnings,
}

impl Tree {
    /// A tree that shows a file which is no HDF5.
    pub fn new(path: &Path, root: Arc<dyn Group>) -> Self {
        Tree { path: path.to_path_buf(), root, hdf5: false, warnings: Warnings::default() }
    }

    /// The same with a list that its groups add to.
    #[must_use]
    pub fn with_warnings(mut self, warnings: Warnings) -> Self {
        self.warnings = warnings;
        self
    }

    /// What was found wrong in what was read so far and could be lived with.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The root.
    pub fn root(&self) -> &Arc<dyn Group> {
        &self.root
    }

    /// Whether this is a real HDF5 file.
    pub fn is_hdf5(&self) -> bool {
        self.hdf5
    }

    /// The object at a path, with all links followed. `.` and `..` are understood. A link to another file
    /// is refused by name.
    pub fn get(&self, path: &str) -> Result<Node, Error> {
        Ok(walk::resolve(self, path, true)?.1)
    }

    /// The object at a path; where the last name is a link, the link.
    pub fn node(&self, path: &str) -> Result<Node, Error> {
        Ok(walk::resolve(self, path, false)?.1)
    }

    /// The path without links, `.` and `..` that leads to the same object. Fails where a link leads to
    /// another file.
    pub fn real_path(&self, path: &str) -> Result<String, Error> {
        Ok(walk::resolve(self, path, true)?.0)
    }

    /// The dataset at a path.
    pub fn dataset(&self, path: &str) -> Result<Arc<dyn Dataset>, Error> {
        match self.get(path)? {
            Node::Dataset(dataset) => Ok(dataset),
            _ => Err(Error::missing(&self.path, format!("dataset {path}"))),
        }
    }

    /// The group at a path.
    pub fn group(&self, path: &str) -> Result<Arc<dyn Group>, Error> {
        match self.get(path)? {
            Node::Group(group) => Ok(group),
            _ => Err(Error::missing(&self.path, format!("group {path}"))),
        }
    }

    /// Visits the object at a path and everything below it, parents first, children in order. Links are
    /// shown, not followed; what was seen before under another name is shown, not entered.
    pub fn walk(
        &self,
        path: &str,
        visit: &mut dyn FnMut(&Step<'_>) -> Result<Visit, Error>,
    ) -> Result<(), Error> {
        walk::walk(self, path, visit)
    }
}
