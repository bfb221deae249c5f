//! Looking at HDF5 files of any maker: what is in them, and rows of numbers.

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5::types::{FloatSize, IntSize, TypeDescriptor, VarLenAscii, VarLenUnicode};
use tierline_table::{Array, Attrs, DType, VectorOfVectors};

use crate::{Error, ffi};

/// Groups nested deeper than this are not looked into.
const MAX_DEPTH: usize = 64;
/// Objects of one file that are listed.
const MAX_OBJECTS: usize = 1_000_000;

/// The type of a dataset's elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementType {
    /// A type that arrays can hold.
    Plain(DType),
    /// Text of any length.
    Text,
    /// Anything else, in HDF5's words.
    Other(String),
}

/// How a dataset is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetInfo {
    /// Type of the elements.
    pub element: ElementType,
    /// Extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// Extents of a chunk, if it is chunked.
    pub chunk: Option<Vec<usize>>,
    /// Names of the filters in the order in which they were applied.
    pub filters: Vec<String>,
    /// Bytes in the file.
    pub stored_bytes: u64,
}

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// A group.
    Group,
    /// A group that is listed above already, or is nested too deep; it is not looked into.
    Ancestor,
    /// A dataset.
    Dataset(DatasetInfo),
    /// A link that leads nowhere, or an object of another kind.
    Unknown,
}

/// An object of a file, with those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Name in the group above; empty for the root.
    pub name: String,
    /// Path from the root, for example `/ch0/raw`.
    pub path: String,
    /// What it is.
    pub kind: NodeKind,
    /// The LH5 type, if there is one.
    pub datatype: Option<String>,
    /// Units, description and all other attributes that are text or numbers.
    pub attrs: Attrs,
    /// Objects below, sorted by name.
    pub children: Vec<Node>,
}

impl Node {
    /// The node at a path below this one.
    pub fn find(&self, path: &str) -> Option<&Node> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(self, |node, name| node.children.iter().find(|child| child.name == name))
    }

    /// What a dataset is stored like; `None` for groups.
    pub fn dataset(&self) -> Option<&DatasetInfo> {
        match &self.kind {
            NodeKind::Dataset(info) => Some(info),
            _ => None,
        }
    }
}

/// An HDF5 file open for reading.
#[derive(Clone)]
pub struct Reader {
    pub(crate) path: PathBuf,
    pub(crate) file: hdf5::File,
    /// Largest number of bytes that one call reads.
    pub max_allocation: u64,
}

impl Reader {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // What the system says of a file that is not there is clearer than what the library makes of it.
        std::fs::File::open(path).map_err(|source| Error::Open { path: path.into(), source })?;
        let file = hdf5::File::open(path).map_err(Error::hdf5(path, "/", "open"))?;
        Ok(Reader { path: path.to_path_buf(), file, max_allocation: 1 << 30 })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An object by its path, with those below it. A path leads to the same object as in
    /// [`tree`](Self::tree), whose other objects are not looked at.
    pub fn node(&self, path: &str) -> Result<Node, Error> {
        let path = path.trim_matches('/');
        let mut walk = Walk { reader: self, above: Vec::new(), objects: 0 };
        let root = self.file.as_group().map_err(self.hdf5("/", "open"))?;
        let Some((above, name)) =
            path.rsplit_once('/').or((!path.is_empty()).then_some(("", path)))
        else {
            return walk.group(&root, "", "/");
        };
        let parent = match above {
            "" => root,
            _ => root.group(above).map_err(|_| self.missing(path))?,
        };
        if !parent.link_exists(name) {
            return Err(self.missing(path));
        }
        walk.member(&parent, name.to_owned(), &format!("/{above}"))
    }

    /// Everything in the file.
    pub fn tree(&self) -> Result<Node, Error> {
        let root = self.file.as_group().map_err(self.hdf5("/", "open"))?;
        Walk { reader: self, above: Vec::new(), objects: 0 }.group(&root, "", "/")
    }

    /// Reads rows of a dataset of numbers or of text of fixed width. A scalar has one row. Rows
    /// past the end are left out.
    pub fn array(&self, path: &str, rows: Range<usize>) -> Result<Array, Error> {
        let dataset = self.dataset(path)?;
        let ElementType::Plain(dtype) = element_type_of(&dataset) else {
            return Err(Error::unsupported(&self.path, path, "the elements are no numbers"));
        };
        let shape = dataset.shape();
        let row_shape = shape.get(1..).unwrap_or_default();
        let total = shape.first().copied().unwrap_or(1);
        let first = rows.start.min(total);
        let count = rows.end.clamp(first, total) - first;
        let mut array = Array::new(dtype, row_shape);
        let bytes = row_shape
            .iter()
            .try_fold(dtype.size(), |bytes, length| bytes.checked_mul(*length))
            .and_then(|bytes| bytes.checked_mul(count))
            .ok_or_else(|| self.limit(path, u64::MAX))?;
        // The library takes memory for a whole chunk, whatever is read of it.
        let chunk = dataset.chunk().unwrap_or_default();
        let chunk = chunk.iter().fold(dtype.size(), |bytes, n| bytes.saturating_mul(*n));
        let largest = bytes.max(chunk) as u64;
        if largest > self.max_allocation {
            return Err(self.limit(path, largest));
        }
        let (mut start, mut counts) = (vec![0; shape.len()], Vec::with_capacity(shape.len()));
        if let Some(start) = start.first_mut() {
            *start = first as u64;
            counts.push(count as u64);
            counts.extend(row_shape.iter().map(|length| *length as u64));
        }
        if shape.is_empty() && count == 0 {
            return Ok(array);
        }
        array.data = vec![0; bytes];
        ffi::read_part(&dataset, dtype, &start, &counts, &mut array.data)
            .map_err(self.hdf5(path, "read"))?;
        Ok(array)
    }

    /// Reads rows of a vector of vectors. The lengths count from the first row read.
    pub fn vectors(&self, path: &str, rows: Range<usize>) -> Result<VectorOfVectors, Error> {
        let before = rows.start.min(1);
        let ends_path = format!("{path}/cumulative_length");
        let ends = self.array(&ends_path, rows.start - before..rows.end)?;
        let mut ends: Vec<i64> = (0..ends.rows()).map_while(|i| ends.get_i64(i)).collect();
        let first = if before == 1 && !ends.is_empty() { ends.remove(0) } else { 0 };
        let last = ends.last().copied().unwrap_or(first);
        let rising = std::iter::once(&first).chain(&ends).is_sorted();
        let (Ok(start), Ok(end), true) = (usize::try_from(first), usize::try_from(last), rising)
        else {
            return Err(Error::malformed(&self.path, &ends_path, "the row ends do not rise"));
        };
        let flattened = self.array(&format!("{path}/flattened_data"), start..end)?;
        if flattened.rows() != end - start && flattened.row_bytes() > 0 {
            return Err(Error::malformed(&self.path, path, "rows end after the data"));
        }
        let cumulative_length = ends.iter().map(|end| end - first).collect();
        Ok(VectorOfVectors { flattened, cumulative_length })
    }

    /// Reads a dataset that holds one text.
    pub fn text(&self, path: &str) -> Result<String, Error> {
        let dataset = self.dataset(path)?;
        if dataset.shape().iter().any(|extent| *extent != 1) {
            return Err(Error::unsupported(&self.path, path, "this is not one text"));
        }
        match element_type_of(&dataset) {
            ElementType::Text => one_text(&dataset).map_err(self.hdf5(path, "read")),
            ElementType::Plain(DType::Text(_)) => {
                Ok(self.array(path, 0..1)?.get_text(0).unwrap_or_default())
            }
            _ => Err(Error::unsupported(&self.path, path, "this is no text")),
        }
    }

    /// Reads rows of a dataset of texts of any length. Rows past the end are left out.
    pub fn texts(&self, path: &str, rows: Range<usize>) -> Result<Vec<String>, Error> {
        let dataset = self.dataset(path)?;
        let (&[total], ElementType::Text) = (&dataset.shape()[..], element_type_of(&dataset))
        else {
            return Err(Error::unsupported(&self.path, path, "these are no rows of text"));
        };
        let rows = rows.start.min(total)..rows.end.min(total);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let descriptor = dataset.dtype().and_then(|dtype| dtype.to_descriptor());
        let read = match descriptor.map_err(self.hdf5(path, "read"))? {
            TypeDescriptor::VarLenAscii => dataset
                .read_slice_1d::<VarLenAscii, _>(rows)
                .map(|all| all.iter().map(|one| text(one.as_bytes())).collect()),
            _ => dataset
                .read_slice_1d::<VarLenUnicode, _>(rows)
                .map(|all| all.iter().map(|one| text(one.as_bytes())).collect()),
        };
        read.map_err(self.hdf5(path, "read"))
    }

    pub(crate) fn missing(&self, path: &str) -> Error {
        Error::Missing { path: self.path.clone(), object: path.into() }
    }

    pub(crate) fn as_group(&self) -> Result<hdf5::Group, hdf5::Error> {
        self.file.as_group()
    }

    pub(crate) fn group(&self, path: &str) -> Result<hdf5::Group, hdf5::Error> {
        self.file.group(path)
    }

    pub(crate) fn dataset(&self, path: &str) -> Result<hdf5::Dataset, Error> {
        self.file.dataset(path).map_err(self.hdf5(path, "open"))
    }

    pub(crate) fn hdf5<'a>(
        &'a self,
        object: &'a str,
        action: &'static str,
    ) -> impl FnOnce(hdf5::Error) -> Error + 'a {
        Error::hdf5(&self.path, object, action)
    }

    pub(crate) fn limit(&self, object: &str, found: u64) -> Error {
        let limit = self.max_allocation;
        Error::Limit { path: self.path.clone(), object: object.into(), found, limit }
    }
}

/// The way down from the root.
struct Walk<'a> {
    reader: &'a Reader,
    above: Vec<hdf5::LocationToken>,
    objects: usize,
}

impl Walk<'_> {
    fn group(&mut self, group: &hdf5::Group, name: &str, path: &str) -> Result<Node, Error> {
        let hdf5 = |action| self.reader.hdf5(path, action);
        let token = group.loc_info().map_err(hdf5("open"))?.token;
        let (datatype, attrs) = attributes(group);
        let (name, path) = (name.to_owned(), path.to_owned());
        let (mut kind, mut children) = (NodeKind::Group, Vec::new());
        if self.above.contains(&token) || self.above.len() == MAX_DEPTH {
            kind = NodeKind::Ancestor;
            return Ok(Node { name, path, kind, datatype, attrs, children });
        }
        let mut names = group.member_names().map_err(self.reader.hdf5(&path, "list"))?;
        names.sort_unstable();
        self.above.push(token);
        for name in names {
            children.push(self.member(group, name, &path)?);
        }
        self.above.pop();
        Ok(Node { name, path, kind, datatype, attrs, children })
    }

    fn member(&mut self, group: &hdf5::Group, name: String, parent: &str) -> Result<Node, Error> {
        let path = format!("{}/{name}", parent.trim_end_matches('/'));
        self.objects += 1;
        if self.objects > MAX_OBJECTS {
            let (found, limit) = (self.objects as u64, MAX_OBJECTS as u64);
            return Err(Error::Limit {
                path: self.reader.path.clone(),
                object: path,
                found,
                limit,
            });
        }
        match group.loc_type_by_name(&name) {
            Ok(hdf5::LocationType::Group) => {
                let inner = group.group(&name).map_err(self.reader.hdf5(&path, "open"))?;
                self.group(&inner, &name, &path)
            }
            Ok(hdf5::LocationType::Dataset) => self.dataset(group, name, path),
            _ => {
                let (kind, attrs, children) = (NodeKind::Unknown, Attrs::new(), Vec::new());
                Ok(Node { name, path, kind, datatype: None, attrs, children })
            }
        }
    }

    fn dataset(&self, group: &hdf5::Group, name: String, path: String) -> Result<Node, Error> {
        let dataset = group.dataset(&name).map_err(self.reader.hdf5(&path, "open"))?;
        let (datatype, attrs) = attributes(&dataset);
        let kind = NodeKind::Dataset(DatasetInfo {
            element: element_type_of(&dataset),
            shape: dataset.shape(),
            chunk: dataset.chunk(),
            filters: dataset.filters().iter().map(filter_name).collect(),
            stored_bytes: dataset.storage_size(),
        });
        Ok(Node { name, path, kind, datatype, attrs, children: Vec::new() })
    }
}

/// Type of the elements of a dataset or an attribute.
pub(crate) fn element_type_of(container: &hdf5::Container) -> ElementType {
    match container.dtype().and_then(|dtype| dtype.to_descriptor()) {
        Ok(descriptor) => element_type(&descriptor),
        Err(error) => ElementType::Other(error.to_string()),
    }
}

pub(crate) fn element_type(descriptor: &TypeDescriptor) -> ElementType {
    match descriptor {
        TypeDescriptor::Unsigned(size) => integer(*size, false),
        TypeDescriptor::Integer(size) => integer(*size, true),
        TypeDescriptor::Enum(kind) => integer(kind.size, kind.signed),
        TypeDescriptor::Float(FloatSize::U4) => ElementType::Plain(DType::F32),
        TypeDescriptor::Float(FloatSize::U8) => ElementType::Plain(DType::F64),
        TypeDescriptor::Boolean => ElementType::Plain(DType::Bool),
        TypeDescriptor::FixedAscii(width) if *width <= usize::from(u16::MAX) => {
            ElementType::Plain(DType::Text(*width as u16))
        }
        TypeDescriptor::VarLenAscii | TypeDescriptor::VarLenUnicode => ElementType::Text,
        other => ElementType::Other(other.to_string()),
    }
}

fn integer(size: IntSize, signed: bool) -> ElementType {
    ElementType::Plain(match (size, signed) {
        (IntSize::U1, false) => DType::U8,
        (IntSize::U2, false) => DType::U16,
        (IntSize::U4, false) => DType::U32,
        (IntSize::U8, false) => DType::U64,
        (IntSize::U1, true) => DType::I8,
        (IntSize::U2, true) => DType::I16,
        (IntSize::U4, true) => DType::I32,
        (IntSize::U8, true) => DType::I64,
    })
}

fn one_text(container: &hdf5::Container) -> Result<String, hdf5::Error> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match container.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenAscii => text(container.read_scalar::<VarLenAscii>()?.as_bytes()),
        _ => text(container.read_scalar::<VarLenUnicode>()?.as_bytes()),
    })
}

/// The LH5 type and all other attributes that can be shown as text.
fn attributes(location: &hdf5::Location) -> (Option<String>, Attrs) {
    let mut attrs = Attrs::new();
    let mut datatype = None;
    for name in location.attr_names().unwrap_or_default() {
        let Some(text) = location.attr(&name).ok().and_then(|attr| attribute_text(&attr)) else {
            continue;
        };
        match name.as_str() {
            "datatype" => datatype = Some(text),
            "units" => attrs.units = Some(text),
            "description" => attrs.description = Some(text),
            _ => attrs.other.push((name, text)),
        }
    }
    attrs.other.sort_unstable();
    (datatype, attrs)
}

pub(crate) fn attribute_text(attr: &hdf5::Attribute) -> Option<String> {
    if !attr.is_scalar() {
        return None;
    }
    match element_type_of(attr) {
        ElementType::Text => one_text(attr).ok(),
        ElementType::Plain(DType::Text(_)) => fixed_text(attr),
        ElementType::Plain(DType::F32 | DType::F64) => {
            attr.read_scalar::<f64>().ok().map(|value| value.to_string())
        }
        ElementType::Plain(DType::U64) => {
            attr.read_scalar::<u64>().ok().map(|value| value.to_string())
        }
        ElementType::Plain(_) => attr.read_scalar::<i64>().ok().map(|value| value.to_string()),
        ElementType::Other(_) => None,
    }
}

/// Text of fixed width; what is longer than the widest of these sizes is not shown.
fn fixed_text(attr: &hdf5::Attribute) -> Option<String> {
    use hdf5::types::FixedAscii;
    let text = attr.read_scalar::<FixedAscii<4096>>().ok()?;
    Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
}

fn filter_name(filter: &hdf5::filters::Filter) -> String {
    match filter {
        hdf5::filters::Filter::Deflate(level) => format!("gzip {level}"),
        hdf5::filters::Filter::Shuffle => "shuffle".into(),
        hdf5::filters::Filter::Fletcher32 => "fletcher32".into(),
        other => format!("{other:?}"),
    }
}
