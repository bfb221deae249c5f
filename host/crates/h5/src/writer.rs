//! Writing a file of chunked datasets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_table::{DType, Scalar};

use crate::piece::{Cut, Piece};
use crate::pipeline::{Pipeline, RECYCLED};
use crate::pool::Pool;
use crate::pytables::{Schema, Value};
use crate::sink::{Attr, Element, Layout, Pairs, Place, Step};
use crate::trial::Trial;
use crate::{Chunk, Compression, Error, Filters, Options, Stats};

/// Elements of a stripe, about. Rows repeat within reach of deflate's window of 32 KiB if there are
/// fewer than 128 between them.
const STRIPE: usize = 256;

/// HDF5 stores the size of a chunk in 32 bits.
const MAX_CHUNK: usize = u32::MAX as usize;

/// A dataset of a [`Writer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DatasetId(usize);

struct Dataset {
    path: String,
    layout: Layout,
    row_bytes: usize,
    rows: usize,
    cut_rows: usize,
    /// Rows gathered before they are cut into chunks.
    block_rows: usize,
    /// Elements to the stripe, if stripes are tried.
    stripe: Option<usize>,
    /// Whether a short dataset gets a chunk of its size.
    shrinks: bool,
    partial: Vec<u8>,
    attrs: Option<Pairs>,
}

impl Dataset {
    fn block_bytes(&self) -> usize {
        self.block_rows * self.row_bytes
    }

    fn cut(&self) -> Cut {
        let width = self.layout.stripe.map_or(self.row_bytes, |n| n * self.layout.element.size());
        Cut { rows: self.layout.chunk_rows, width }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Group,
    /// A group whose LH5 type is not `struct`: nobody adds children to its list.
    Typed,
    Leaf,
}

/// Writes a file of chunked, compressed, extendible datasets.
///
/// Everything happens in the file in the order of the calls, whatever the number of threads. A
/// dataset is created when its first rows are cut into chunks or at the end, so that a short one
/// gets a chunk of its size. Without [`finish`](Self::finish) the file is incomplete.
pub struct Writer {
    path: PathBuf,
    filters: Filters,
    trial: Trial,
    pipeline: Pipeline,
    datasets: Vec<Dataset>,
    kinds: HashMap<String, Kind>,
    structs: BTreeMap<String, BTreeSet<String>>,
    raw_bytes: u64,
}

impl Writer {
    /// Creates a file, or truncates it.
    pub fn create(path: &Path, options: Options) -> Result<Self, Error> {
        let threads = match options.compression {
            Compression::None => 1,
            Compression::Gzip(_) => options.threads,
        };
        if let Compression::Gzip(level @ (0 | 10..)) = options.compression {
            return Err(Error::parameter(path, "/", format!("gzip level {level} is not in 1..9")));
        }
        let pool = Pool::new(threads);
        Ok(Writer {
            path: path.to_path_buf(),
            filters: options.compression.into(),
            trial: Trial::new(),
            pipeline: Pipeline::new(path, pool, &options)?,
            datasets: Vec::new(),
            kinds: HashMap::new(),
            structs: BTreeMap::new(),
            raw_bytes: 0,
        })
    }

    /// The file being written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes held in memory: unfinished chunks and those on their way through the filters.
    pub fn buffered_bytes(&self) -> usize {
        let partial: usize = self.datasets.iter().map(|dataset| dataset.partial.capacity()).sum();
        self.pipeline.pending() + partial
    }

    /// Declares a dataset of rows of shape `row_shape`, stored `chunk_rows` rows to the chunk.
    /// Groups above it are created. `attrs` are name and text.
    pub fn dataset(
        &mut self,
        path: &str,
        dtype: DType,
        row_shape: &[usize],
        chunk_rows: usize,
        attrs: &[(&str, &str)],
    ) -> Result<DatasetId, Error> {
        let chunk = Chunk::Rows(chunk_rows);
        self.dataset_with(path, dtype, row_shape, chunk, attrs, self.filters)
    }

    /// Filters of datasets that have no other ones.
    pub fn filters(&self) -> Filters {
        self.filters
    }

    /// The same with chunks and filters of its own. Rows of one extent can be cut, others are whole.
    pub fn dataset_with(
        &mut self,
        path: &str,
        dtype: DType,
        row_shape: &[usize],
        chunk: Chunk,
        attrs: &[(&str, &str)],
        filters: Filters,
    ) -> Result<DatasetId, Error> {
        self.declare(path, Element::Plain(dtype), row_shape, chunk, owned(attrs), filters)
    }

    /// Declares a dataset of rows of several columns, stored `chunk_rows` rows to the chunk.
    pub(crate) fn compound(
        &mut self,
        path: &str,
        schema: &Schema,
        chunk_rows: usize,
        values: Vec<(String, Value)>,
        filters: Filters,
    ) -> Result<DatasetId, Error> {
        let element = Element::Row(Arc::new(schema.clone()));
        self.declare(path, element, &[], Chunk::Rows(chunk_rows), fixed(values), filters)
    }

    /// Writes an attribute that tells the number of rows that were appended.
    pub(crate) fn count_rows(&mut self, id: DatasetId, name: &str) -> Result<(), Error> {
        let dataset = &mut self.datasets[id.0];
        let rows = Value::from(dataset.rows as i64);
        let attrs = fixed(vec![(name.to_owned(), rows)]);
        match &mut dataset.attrs {
            Some(waiting) => waiting.extend(attrs),
            None => {
                let path = dataset.path.clone();
                self.pipeline.step(Step::Attributes { path, attrs })?;
            }
        }
        Ok(())
    }

    fn declare(
        &mut self,
        path: &str,
        element: Element,
        row_shape: &[usize],
        chunk: Chunk,
        attrs: Pairs,
        filters: Filters,
    ) -> Result<DatasetId, Error> {
        let path = self.claim(path, Kind::Leaf)?;
        let (chunk_rows, stripe) = self.cuts(&path, row_shape, &chunk)?;
        let row_bytes =
            row_shape.iter().try_fold(element.size(), |bytes, length| bytes.checked_mul(*length));
        let fits = row_bytes.and_then(|bytes| bytes.checked_mul(chunk_rows));
        let (Some(row_bytes), Some(0..=MAX_CHUNK)) = (row_bytes, fits) else {
            return Err(self.parameter(&path, "a chunk of this shape is above 4 GiB"));
        };
        if element.size() == 0 {
            return Err(self.parameter(&path, "text of width 0 cannot be stored"));
        }
        if let Some(level @ 10..) = filters.deflate {
            return Err(self.parameter(&path, format!("gzip level {level} is not in 0..9")));
        }
        let layout = Layout { element, row_shape: row_shape.to_vec(), chunk_rows, stripe, filters };
        self.datasets.push(Dataset {
            path,
            layout,
            row_bytes,
            rows: 0,
            cut_rows: 0,
            block_rows: chunk_rows,
            stripe: None,
            shrinks: matches!(chunk, Chunk::Rows(_)),
            partial: Vec::new(),
            attrs: Some(attrs),
        });
        Ok(DatasetId(self.datasets.len() - 1))
    }

    /// Rows to the chunk, and elements of each row where rows are cut.
    fn cuts(
        &self,
        path: &str,
        row_shape: &[usize],
        chunk: &Chunk,
    ) -> Result<(usize, Option<usize>), Error> {
        let extents = match chunk {
            Chunk::Rows(rows) => return Ok(((*rows).max(1), None)),
            Chunk::Exact(extents) => extents,
        };
        let refuse =
            |reason: &str| Err(self.parameter(path, format!("chunks of {extents:?}: {reason}")));
        let [rows, inner @ ..] = extents.as_slice() else { return refuse("they have no rows") };
        if extents.contains(&0) {
            return refuse("extents are 1 or more");
        }
        if inner.len() != row_shape.len() {
            return refuse(&format!("the column has {} extents", 1 + row_shape.len()));
        }
        match (inner, row_shape) {
            _ if inner == row_shape => Ok((*rows, None)),
            ([elements], [all]) if elements < all => Ok((*rows, Some(*elements))),
            ([_], _) => refuse("they are larger than the rows"),
            _ => refuse("rows of several extents are not cut"),
        }
    }

    /// Lets a dataset of long rows choose between chunks of whole rows and stripes of some elements
    /// of up to `block_rows` rows: `block_rows` rows are gathered, and what compresses better on a
    /// sample of the first block is used for all. Rows that resemble each other element by element
    /// (or repeat) are smaller in stripes, smooth ones in whole rows.
    pub fn try_stripes(&mut self, id: DatasetId, block_rows: usize) {
        let dataset = &mut self.datasets[id.0];
        let [elements] = dataset.layout.row_shape[..] else { return };
        let filtered = dataset.layout.filters.deflate.is_some();
        if !filtered || !dataset.shrinks || elements < 2 * STRIPE || dataset.rows > 0 {
            return;
        }
        let whole = dataset.layout.chunk_rows;
        dataset.block_rows = (block_rows / whole).max(1) * whole;
        dataset.stripe = Some(elements.div_ceil(elements.div_ceil(STRIPE)));
    }

    /// Appends whole rows, given as little-endian bytes.
    pub fn append(&mut self, id: DatasetId, mut data: &[u8]) -> Result<(), Error> {
        let chunk_bytes = self.count(id, data.len())?;
        while !data.is_empty() {
            let dataset = &mut self.datasets[id.0];
            if dataset.partial.capacity() == 0 && chunk_bytes >= RECYCLED {
                dataset.partial = self.pipeline.buffer(chunk_bytes);
            }
            let room = chunk_bytes - dataset.partial.len();
            let (head, tail) = data.split_at(room.min(data.len()));
            reserve(&mut dataset.partial, head.len(), chunk_bytes);
            dataset.partial.extend_from_slice(head);
            data = tail;
            if dataset.partial.len() == chunk_bytes {
                let buffer = std::mem::take(&mut dataset.partial);
                self.cut(id.0, buffer)?;
            }
        }
        Ok(())
    }

    /// Appends whole rows and returns an empty buffer to be filled next. Rows that are exactly
    /// one chunk are not copied.
    pub fn append_vec(&mut self, id: DatasetId, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        let dataset = &self.datasets[id.0];
        let chunk_bytes = dataset.block_bytes();
        if dataset.partial.is_empty() && data.len() == chunk_bytes && chunk_bytes >= RECYCLED {
            self.count(id, data.len())?;
            self.cut(id.0, data)?;
            return Ok(self.pipeline.buffer(chunk_bytes));
        }
        self.append(id, &data)?;
        data.clear();
        Ok(data)
    }

    /// Appends rows that have no bytes, of a dataset whose row shape contains 0.
    pub fn append_empty(&mut self, id: DatasetId, rows: usize) -> Result<(), Error> {
        let dataset = &mut self.datasets[id.0];
        if dataset.row_bytes == 0 {
            dataset.rows += rows;
        }
        Ok(())
    }

    /// An empty buffer, one that was used before if there is any.
    pub fn take_buffer(&mut self) -> Vec<u8> {
        self.pipeline.any_buffer()
    }

    /// Rows appended to a dataset.
    pub fn rows(&self, id: DatasetId) -> usize {
        self.datasets[id.0].rows
    }

    /// Creates a group and those above it. A group that exists only gets the attributes.
    pub fn group(&mut self, path: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        let normal = self.normal(path)?;
        if self.kinds.get(&normal) != Some(&Kind::Group) && !normal.is_empty() {
            self.claim(path, Kind::Group)?;
            self.pipeline.step(Step::Group { path: normal.clone() })?;
        }
        if attrs.is_empty() { Ok(()) } else { self.attributes(&normal, attrs) }
    }

    /// Writes attributes of an object that exists and does not have them yet.
    pub fn attributes(&mut self, path: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        self.attach(path, owned(attrs))
    }

    /// Writes attributes of fixed size of an object that exists and does not have them yet.
    pub(crate) fn values(&mut self, path: &str, values: Vec<(String, Value)>) -> Result<(), Error> {
        self.attach(path, fixed(values))
    }

    /// Waits until all chunks are in the file and tells how many bytes they have.
    pub(crate) fn settle(&mut self) -> Result<u64, Error> {
        self.pipeline.settle()
    }

    /// Bytes appended to datasets.
    pub(crate) fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    fn attach(&mut self, path: &str, attrs: Pairs) -> Result<(), Error> {
        let normal = self.normal(path)?;
        let leaf = self.kinds.get(&normal) == Some(&Kind::Leaf);
        let datasets = if leaf { self.datasets.as_mut_slice() } else { &mut [] };
        let waiting = datasets
            .iter_mut()
            .rev()
            .find(|dataset| dataset.path == normal)
            .and_then(|dataset| dataset.attrs.as_mut());
        match waiting {
            Some(pairs) => pairs.extend(attrs),
            None => self.pipeline.step(Step::Attributes { path: normal, attrs })?,
        }
        Ok(())
    }

    /// Writes a dataset of one value.
    pub fn scalar(
        &mut self,
        path: &str,
        value: Scalar,
        attrs: &[(&str, &str)],
    ) -> Result<(), Error> {
        let path = self.claim(path, Kind::Leaf)?;
        let (array, attrs) = (value.to_array(), owned(attrs));
        self.pipeline.step(Step::Scalar { path, dtype: array.dtype, bytes: array.data, attrs })
    }

    /// Writes a dataset of one text: UTF-8, of variable length. It must not contain NUL.
    pub fn text(&mut self, path: &str, text: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        let path = self.claim(path, Kind::Leaf)?;
        if text.contains('\0') {
            return Err(self.parameter(&path, "text contains a NUL character"));
        }
        self.pipeline.step(Step::Text { path, text: text.to_owned(), attrs: owned(attrs) })
    }

    /// Writes what is left, closes the file and tells how much it was.
    pub fn finish(mut self) -> Result<Stats, Error> {
        for index in 0..self.datasets.len() {
            self.finish_dataset(index)?;
        }
        for (group, children) in std::mem::take(&mut self.structs) {
            let names: Vec<&str> = children.iter().map(String::as_str).collect();
            let datatype = format!("struct{{{}}}", names.join(","));
            self.group(&group, &[("datatype", &datatype)])?;
        }
        let stats = self.pipeline.finish()?;
        Ok(Stats { raw_bytes: self.raw_bytes, ..stats })
    }

    fn finish_dataset(&mut self, index: usize) -> Result<(), Error> {
        let dataset = &mut self.datasets[index];
        let partial = std::mem::take(&mut dataset.partial);
        if dataset.cut_rows == 0 && dataset.rows > 0 && dataset.shrinks {
            dataset.layout.chunk_rows = dataset.layout.chunk_rows.min(dataset.rows);
        }
        if !partial.is_empty() {
            return self.cut(index, partial);
        }
        self.create_dataset(index)?;
        let rows = self.datasets[index].rows;
        self.pipeline.step(Step::Rows { index, rows })
    }

    /// Checks the size of what is to be appended and counts it; returns the bytes of a block.
    fn count(&mut self, id: DatasetId, bytes: usize) -> Result<usize, Error> {
        let dataset = &mut self.datasets[id.0];
        let row_bytes = dataset.row_bytes;
        if bytes > 0 && (row_bytes == 0 || !bytes.is_multiple_of(row_bytes)) {
            let path = dataset.path.clone();
            let reason = format!("{bytes} bytes are no whole rows of {row_bytes} bytes");
            return Err(self.parameter(&path, reason));
        }
        dataset.rows += bytes / row_bytes.max(1);
        self.raw_bytes += bytes as u64;
        Ok(dataset.block_bytes())
    }

    /// Cuts a block of rows into chunks and sends these through the filters.
    fn cut(&mut self, index: usize, block: Vec<u8>) -> Result<(), Error> {
        let dataset = &mut self.datasets[index];
        let rows = block.len() / dataset.row_bytes.max(1);
        let block = Arc::new(block);
        if dataset.cut_rows == 0
            && let Some(stripe) = dataset.stripe
        {
            let item = dataset.layout.element.size();
            let striped = Cut { rows: rows.min(dataset.block_rows), width: stripe * item };
            let kind = (item, dataset.layout.filters);
            if self.trial.is_smaller(&block, dataset.row_bytes, kind, striped, dataset.cut()) {
                dataset.layout.chunk_rows = striped.rows;
                dataset.layout.stripe = Some(stripe);
            }
        }
        self.create_dataset(index)?;
        let dataset = &mut self.datasets[index];
        let (cut, row_bytes, base) = (dataset.cut(), dataset.row_bytes, dataset.cut_rows);
        dataset.cut_rows += rows;
        let (item, filters) = (dataset.layout.element.size(), dataset.layout.filters);
        for row in (0..rows).step_by(cut.rows) {
            let end = rows.min(row + cut.rows);
            for first in (0..row_bytes.max(1)).step_by(cut.width.max(1)) {
                let first_element = first / item;
                let place = Place { index, first_row: base + row, first_element, rows: base + end };
                let piece = Piece { block: block.clone(), row_bytes, rows: row..end, first, cut };
                self.pipeline.chunk(place, piece, item, filters)?;
            }
        }
        Ok(())
    }

    fn create_dataset(&mut self, index: usize) -> Result<(), Error> {
        let dataset = &mut self.datasets[index];
        let Some(attrs) = dataset.attrs.take() else { return Ok(()) };
        let (path, layout) = (dataset.path.clone(), dataset.layout.clone());
        self.pipeline.step(Step::Dataset { index, path, layout, attrs })
    }

    /// Creates a group that must not exist yet and has an LH5 type of its own.
    pub(crate) fn typed_group(&mut self, path: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        let path = self.claim(path, Kind::Typed)?;
        self.pipeline.step(Step::Group { path: path.clone() })?;
        self.pipeline.step(Step::Attributes { path, attrs: owned(attrs) })
    }

    /// Writes an attribute that is a number, of a group that exists.
    pub(crate) fn number(
        &mut self,
        path: &str,
        name: &'static str,
        value: f64,
    ) -> Result<(), Error> {
        let path = self.normal(path)?;
        self.pipeline.step(Step::Number { path, name, value })
    }

    /// Whether a struct may be at this path.
    pub(crate) fn may_be_struct(&self, path: &str) -> bool {
        matches!(self.kinds.get(path), None | Some(Kind::Group))
    }

    /// Records that a struct group has a child; its list is written at the end.
    pub(crate) fn child(&mut self, parent: &str, child: Option<&str>) {
        let children = self.structs.entry(parent.to_owned()).or_default();
        children.extend(child.map(str::to_owned));
    }

    /// Reserves a path, and creates the groups above it.
    fn claim(&mut self, path: &str, kind: Kind) -> Result<String, Error> {
        let normal = self.normal(path)?;
        if normal.is_empty() || self.kinds.contains_key(&normal) {
            return Err(self.parameter(path, "an object of this name exists already"));
        }
        for (end, _) in normal.match_indices('/') {
            let parent = &normal[..end];
            match self.kinds.get(parent) {
                Some(Kind::Group | Kind::Typed) => {}
                Some(Kind::Leaf) => {
                    return Err(self.parameter(path, format!("'{parent}' is no group")));
                }
                None => {
                    self.kinds.insert(parent.to_owned(), Kind::Group);
                    self.pipeline.step(Step::Group { path: parent.to_owned() })?;
                }
            }
        }
        self.kinds.insert(normal.clone(), kind);
        Ok(normal)
    }

    /// A path without slashes at its ends; empty for the root.
    pub(crate) fn normal(&self, path: &str) -> Result<String, Error> {
        let normal = path.trim_matches('/');
        let bad = |part: &str| part.is_empty() || part == "." || part.contains('\0');
        if !normal.is_empty() && normal.split('/').any(bad) {
            return Err(self.parameter(path, "a name is empty, '.', or contains NUL"));
        }
        Ok(normal.to_owned())
    }

    pub(crate) fn parameter(&self, object: &str, reason: impl Into<String>) -> Error {
        Error::parameter(&self.path, object, reason)
    }
}

fn owned(attrs: &[(&str, &str)]) -> Pairs {
    let attr = |(name, text): &(&str, &str)| (name.to_string(), Attr::Variable(text.to_string()));
    attrs.iter().map(attr).collect()
}

fn fixed(values: Vec<(String, Value)>) -> Pairs {
    values.into_iter().map(|(name, value)| (name, Attr::Fixed(value))).collect()
}

/// Doubles the buffer like a vector does, but never beyond one chunk.
fn reserve(buffer: &mut Vec<u8>, more: usize, chunk_bytes: usize) {
    let needed = buffer.len() + more;
    if needed > buffer.capacity() {
        let target = needed.max(buffer.capacity() * 2).min(chunk_bytes);
        buffer.reserve_exact(target - buffer.len());
    }
}
