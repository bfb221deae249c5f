//! Objects of a file of any maker, each looked at when it is asked for.
//!
//! Paths here lead through hard links only; soft and external links are shown by [`Item::members`].

use hdf5::types::{TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{IndexType, IterationOrder, LinkType, LocationType};
use tierline_table::DType;

use crate::Error;
use crate::ffi::{self, Places};
use crate::tree::{ElementType, Reader, element_type};

/// How a name of a group leads on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// To an object.
    Hard,
    /// To a path of the file.
    Soft(String),
    /// To a path of another file.
    External {
        /// The file.
        file: String,
        /// The path in it.
        path: String,
    },
}

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A group.
    Group,
    /// A dataset.
    Dataset,
    /// A stored type, or what a later HDF5 brings.
    Other,
}

/// Type of elements, with what arrays do not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The type.
    pub kind: ElementType,
    /// Text is declared as UTF-8.
    pub utf8: bool,
    /// Numbers are stored with the high byte first.
    pub big_endian: bool,
}

/// Layout of a dataset in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// Inside the object's header.
    Compact,
    /// One block.
    Contiguous,
    /// Chunks of these extents.
    Chunked(Vec<usize>),
    /// Put together from other datasets.
    Virtual,
}

/// A dataset without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Type of the elements.
    pub element: Element,
    /// Extents, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// Largest extents; `None` is without limit.
    pub maxshape: Vec<Option<usize>>,
    /// Layout.
    pub layout: Layout,
    /// Registered numbers and parameters of the filters, in the order of writing.
    pub filters: Vec<(i32, Vec<u32>)>,
    /// Bytes in the file.
    pub stored_bytes: u64,
}

/// Elements that were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elements {
    /// Numbers, truth values or texts of fixed width, little-endian.
    Plain(DType, Vec<u8>),
    /// Texts of any length.
    Texts(Vec<String>),
    /// What can't be read, and what it is.
    Other(String),
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// Extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// Value.
    pub elements: Elements,
    /// Text is declared as UTF-8, not as ASCII.
    pub utf8: bool,
}

/// An object that stays open while several things are asked of it.
#[derive(Clone)]
pub struct Item {
    reader: Reader,
    path: String,
    opened: Opened,
    identity: Option<String>,
    attributes: usize,
}

#[derive(Clone)]
enum Opened {
    Group(hdf5::Group),
    Dataset(hdf5::Dataset),
    Other,
}

impl Reader {
    /// The object at a path.
    pub fn item(&self, path: &str) -> Result<Item, Error> {
        let root = self.file.as_group().map_err(self.hdf5("/", "open"))?;
        let name = if path.is_empty() { "/" } else { path };
        Item::open(self, &root, name, path.to_owned())
    }
}

impl Item {
    fn open(reader: &Reader, above: &hdf5::Group, name: &str, path: String) -> Result<Self, Error> {
        let failed = || reader.hdf5(&path, "open");
        let info = above.loc_info_by_name(name).map_err(failed())?;
        let opened = match info.loc_type {
            LocationType::Group => Opened::Group(above.group(name).map_err(failed())?),
            LocationType::Dataset => Opened::Dataset(above.dataset(name).map_err(failed())?),
            _ => Opened::Other,
        };
        let identity = (info.num_links > 1).then(|| format!("{} {:?}", info.fileno, info.token));
        Ok(Item { reader: reader.clone(), path, opened, identity, attributes: info.num_attrs })
    }

    /// The file and the object's path in it.
    pub fn place(&self) -> (&std::path::Path, &str) {
        (self.reader.path(), &self.path)
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match self.opened {
            Opened::Group(_) => Kind::Group,
            Opened::Dataset(_) => Kind::Dataset,
            Opened::Other => Kind::Other,
        }
    }

    /// Equal for the names of one object; `None` if it has one name only.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Names in a group, sorted, and where they lead.
    pub fn members(&self) -> Result<Vec<(String, Link)>, Error> {
        let group = self.group()?;
        let links = group.links(IndexType::Name, IterationOrder::Increasing);
        let links = links.map_err(self.hdf5("list"))?;
        let member = |(name, info): (String, hdf5::LinkInfo)| {
            if info.link_type == LinkType::Hard {
                return Ok((name, Link::Hard));
            }
            let value = ffi::link_value(group, &name).map_err(self.hdf5("follow"))?;
            let text = |bytes: &[u8]| {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                String::from_utf8_lossy(&bytes[..end]).into_owned()
            };
            if info.link_type == LinkType::Soft {
                return Ok((name, Link::Soft(text(&value))));
            }
            // A byte of version and flags, the file, NUL, the path, NUL.
            let file = value.get(1..).unwrap_or_default();
            let end = file.iter().position(|byte| *byte == 0).unwrap_or(file.len());
            let inside = text(file.get(end + 1..).unwrap_or_default());
            Ok((name, Link::External { file: text(file), path: inside }))
        };
        links.into_iter().map(member).collect()
    }

    /// The object that a hard link of a group leads to.
    pub fn member(&self, name: &str) -> Result<Item, Error> {
        let path = format!("{}/{name}", self.path.trim_end_matches('/'));
        Item::open(&self.reader, self.group()?, name, path)
    }

    /// Type, extents and layout of a dataset.
    pub fn details(&self) -> Result<Details, Error> {
        let dataset = self.dataset()?;
        let space = dataset.space().map_err(self.hdf5("open"))?;
        let created = dataset.dcpl().map_err(self.hdf5("open"))?;
        let layout = match created.layout() {
            hdf5::dataset::Layout::Compact => Layout::Compact,
            hdf5::dataset::Layout::Contiguous => Layout::Contiguous,
            hdf5::dataset::Layout::Chunked => {
                created.chunk().map_or(Layout::Virtual, Layout::Chunked)
            }
            _ => Layout::Virtual,
        };
        let mut element = element_of(dataset);
        if space.is_null() {
            element.kind = ElementType::Other("empty".into());
        }
        let filters = match layout {
            Layout::Chunked(_) => created.filters().iter().map(filter).collect(),
            _ => Vec::new(),
        };
        Ok(Details {
            element,
            shape: space.shape(),
            maxshape: space.maxdims(),
            layout,
            filters,
            stored_bytes: dataset.storage_size(),
        })
    }

    /// Attributes of a group or a dataset, sorted by name. Of what can't be read it is told what it is.
    pub fn attributes(&self) -> Result<Vec<Attribute>, Error> {
        let location: &hdf5::Location = match &self.opened {
            _ if self.attributes == 0 => return Ok(Vec::new()),
            Opened::Group(group) => group,
            Opened::Dataset(dataset) => dataset,
            Opened::Other => return Ok(Vec::new()),
        };
        let names = location.attr_names().map_err(self.hdf5("list"))?;
        let attribute = |name: String| match location.attr(&name) {
            Ok(attribute) => Attribute {
                shape: attribute.shape(),
                elements: self.value(&attribute),
                utf8: element_of(&attribute).utf8,
                name,
            },
            Err(error) => {
                let elements = Elements::Other(error.to_string());
                Attribute { name, shape: Vec::new(), elements, utf8: false }
            }
        };
        Ok(names.into_iter().map(attribute).collect())
    }

    fn value(&self, attribute: &hdf5::Attribute) -> Elements {
        let element = element_of(attribute);
        let other = |error: hdf5::Error| Elements::Other(error.to_string());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let size = |dtype: DType| attribute.size().saturating_mul(dtype.size());
        if attribute.space().is_ok_and(|space| space.is_null()) {
            return Elements::Other("empty".into());
        }
        match element.kind {
            ElementType::Other(what) => Elements::Other(what),
            ElementType::Plain(dtype) if size(dtype) as u64 > self.reader.max_allocation => {
                Elements::Other(format!("{} bytes", size(dtype)))
            }
            ElementType::Plain(dtype) => {
                let mut bytes = vec![0; size(dtype)];
                match ffi::read_attribute(attribute, dtype, element.utf8, &mut bytes) {
                    Ok(()) => Elements::Plain(dtype, bytes),
                    Err(error) => other(error),
                }
            }
            ElementType::Text if element.utf8 => {
                let texts = attribute.read_raw::<VarLenUnicode>();
                let texts = texts.map(|all| all.iter().map(|one| text(one.as_bytes())).collect());
                texts.map_or_else(other, Elements::Texts)
            }
            ElementType::Text => {
                let texts = attribute.read_raw::<VarLenAscii>();
                let texts = texts.map(|all| all.iter().map(|one| text(one.as_bytes())).collect());
                texts.map_or_else(other, Elements::Texts)
            }
        }
    }

    /// Reads equally spaced places of a dataset: on every axis `count` of them from `start` on, `step`
    /// apart. All must lie inside.
    pub fn select(&self, start: &[u64], count: &[u64], step: &[u64]) -> Result<Elements, Error> {
        let dataset = self.dataset()?;
        let (element, places) = (element_of(dataset), Places { start, count, step });
        let size = match element.kind {
            ElementType::Plain(dtype) => dtype.size(),
            _ => size_of::<String>(),
        };
        let product = |extents: &[u64]| {
            extents.iter().fold(size as u64, |bytes, extent| bytes.saturating_mul(*extent))
        };
        // The library takes memory for a whole chunk, whatever is read of it.
        let chunk = dataset.chunk().unwrap_or_default();
        let chunk: Vec<u64> = chunk.iter().map(|extent| *extent as u64).collect();
        let largest = product(count).max(product(&chunk));
        if largest > self.reader.max_allocation {
            return Err(self.reader.limit(&self.path, largest));
        }
        match element.kind {
            ElementType::Plain(dtype) => {
                let mut bytes = vec![0; product(count) as usize];
                ffi::read_places(dataset, dtype, element.utf8, places, &mut bytes)
                    .map_err(self.hdf5("read"))?;
                Ok(Elements::Plain(dtype, bytes))
            }
            ElementType::Text => ffi::read_texts(dataset, element.utf8, places)
                .map(Elements::Texts)
                .map_err(self.hdf5("read")),
            ElementType::Other(what) => Ok(Elements::Other(what)),
        }
    }

    fn group(&self) -> Result<&hdf5::Group, Error> {
        match &self.opened {
            Opened::Group(group) => Ok(group),
            _ => Err(self.hdf5("enter")(hdf5::Error::from("it is no group"))),
        }
    }

    fn dataset(&self) -> Result<&hdf5::Dataset, Error> {
        match &self.opened {
            Opened::Dataset(dataset) => Ok(dataset),
            _ => Err(self.hdf5("read")(hdf5::Error::from("it is no dataset"))),
        }
    }

    fn hdf5<'a>(&'a self, action: &'static str) -> impl FnOnce(hdf5::Error) -> Error + 'a {
        self.reader.hdf5(&self.path, action)
    }
}

fn element_of(container: &hdf5::Container) -> Element {
    let dtype = container.dtype().ok();
    let big_endian = dtype
        .as_ref()
        .is_some_and(|dtype| dtype.byte_order() == hdf5::datatype::ByteOrder::BigEndian);
    let size = dtype.as_ref().map_or(0, hdf5::Datatype::size);
    let descriptor = dtype.as_ref().and_then(|dtype| dtype.to_descriptor().ok());
    let (kind, utf8) = match descriptor {
        Some(TypeDescriptor::FixedUnicode(width)) if width <= usize::from(u16::MAX) => {
            (ElementType::Plain(DType::Text(width as u16)), true)
        }
        Some(TypeDescriptor::VarLenUnicode) => (ElementType::Text, true),
        Some(other) => match element_type(&other) {
            ElementType::Other(_) => (ElementType::Other(described(&other)), false),
            known => (known, false),
        },
        None => (ElementType::Other(format!("{size}-byte type")), false),
    };
    Element { kind, utf8, big_endian }
}

/// A type in words, as h5glance puts it.
fn described(descriptor: &TypeDescriptor) -> String {
    match descriptor {
        TypeDescriptor::Compound(compound) => {
            let field = |field: &hdf5::types::CompoundField| {
                format!("{}: {}", field.name, described(&field.ty))
            };
            let fields: Vec<String> = compound.fields.iter().map(field).collect();
            format!("({})", fields.join(", "))
        }
        TypeDescriptor::VarLenArray(inner) => format!("vlen array of {}", described(inner)),
        TypeDescriptor::FixedArray(inner, length) => {
            format!("{length} array of {}", described(inner))
        }
        TypeDescriptor::FixedAscii(width) => format!("{width}-byte ASCII string"),
        TypeDescriptor::FixedUnicode(width) => format!("{width}-byte UTF-8 string"),
        TypeDescriptor::VarLenAscii => "ASCII string".to_owned(),
        TypeDescriptor::VarLenUnicode => "UTF-8 string".to_owned(),
        other => other.to_string(),
    }
}

/// A filter's registered number and its parameters.
pub(crate) fn filter(filter: &hdf5::filters::Filter) -> (i32, Vec<u32>) {
    use hdf5::filters::Filter;
    match filter {
        Filter::Deflate(level) => (1, vec![u32::from(*level)]),
        Filter::Shuffle => (2, Vec::new()),
        Filter::Fletcher32 => (3, Vec::new()),
        Filter::SZip(..) => (4, Vec::new()),
        Filter::NBit => (5, Vec::new()),
        Filter::ScaleOffset(_) => (6, Vec::new()),
        Filter::User(id, parameters) => (*id, parameters.clone()),
        #[allow(unreachable_patterns, reason = "features of the library add filters")]
        _ => (0, Vec::new()),
    }
}

#[cfg(test)]
#[path = "browse_tests.rs"]
mod tests;
