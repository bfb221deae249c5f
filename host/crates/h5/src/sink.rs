//! The file itself: executes what the writer decided, in that order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use tierline_table::DType;

use crate::ffi::{self, Handle};
use crate::pytables::{Schema, Value};
use crate::{Error, Filters};

/// Datasets that are open at the same time.
const MAX_OPEN: usize = 256;

/// Attributes by name.
pub(crate) type Pairs = Vec<(String, Attr)>;

/// What an attribute holds.
#[derive(Debug, Clone)]
pub(crate) enum Attr {
    /// Text of variable length.
    Variable(String),
    /// A value of fixed size.
    Fixed(Value),
}

/// What rows are made of.
#[derive(Debug, Clone)]
pub(crate) enum Element {
    /// Numbers or texts of one type.
    Plain(DType),
    /// Columns of several types.
    Row(Arc<Schema>),
}

impl Element {
    /// Bytes that are shuffled together.
    pub(crate) fn size(&self) -> usize {
        match self {
            Element::Plain(dtype) => dtype.size(),
            Element::Row(schema) => schema.row_bytes(),
        }
    }
}

/// Where a chunk belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) index: usize,
    pub(crate) first_row: usize,
    /// First element of each row.
    pub(crate) first_element: usize,
    /// Rows of the dataset with this chunk.
    pub(crate) rows: usize,
}

/// One step of writing the file, except chunks.
pub(crate) enum Step {
    Group { path: String },
    Dataset { index: usize, path: String, layout: Layout, attrs: Pairs },
    Rows { index: usize, rows: usize },
    Scalar { path: String, dtype: DType, bytes: Vec<u8>, attrs: Pairs },
    Text { path: String, text: String, attrs: Pairs },
    Attributes { path: String, attrs: Pairs },
    Number { path: String, name: &'static str, value: f64 },
}

/// How a dataset is stored.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) element: Element,
    pub(crate) row_shape: Vec<usize>,
    pub(crate) chunk_rows: usize,
    /// Elements of each row to the chunk, where rows are cut into stripes (rows of one extent only).
    pub(crate) stripe: Option<usize>,
    pub(crate) filters: Filters,
}

struct Created {
    path: String,
    row_shape: Vec<usize>,
    rows: usize,
}

/// The open file.
pub(crate) struct Sink {
    path: PathBuf,
    open: HashMap<usize, (u64, Handle)>,
    created: HashMap<usize, Created>,
    clock: u64,
    // Last, so that it is released after the datasets.
    file: Handle,
}

impl Sink {
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let file = ffi::create_file(path).map_err(Error::hdf5(path, "/", "create"))?;
        let (open, created) = (HashMap::new(), HashMap::new());
        Ok(Sink { path: path.to_path_buf(), open, created, clock: 0, file })
    }

    pub(crate) fn run(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Group { path } => {
                ffi::create_group(&self.file, &path).map_err(Error::hdf5(
                    &self.path,
                    &path,
                    "create group",
                ))?;
                Ok(())
            }
            Step::Dataset { index, path, layout, attrs } => {
                self.create_dataset(index, path, &layout, &attrs)
            }
            Step::Rows { index, rows } => self.set_rows(index, rows),
            Step::Scalar { path, dtype, bytes, attrs } => {
                let dataset = ffi::write_scalar(&self.file, &path, dtype, &bytes)
                    .map_err(Error::hdf5(&self.path, &path, "write"))?;
                self.attributes(&dataset, &path, &attrs)
            }
            Step::Text { path, text, attrs } => {
                let dataset = ffi::write_text(&self.file, &path, &text)
                    .map_err(Error::hdf5(&self.path, &path, "write"))?;
                self.attributes(&dataset, &path, &attrs)
            }
            Step::Attributes { path, attrs } => {
                let name = if path.is_empty() { "/" } else { &path };
                let object = self.object(name)?;
                self.attributes(&object, name, &attrs)
            }
            Step::Number { path, name, value } => {
                let object = self.object(&path)?;
                ffi::write_number(&object, name, value).map_err(Error::hdf5(
                    &self.path,
                    &path,
                    "write an attribute of",
                ))
            }
        }
    }

    fn object(&self, path: &str) -> Result<Handle, Error> {
        ffi::open_object(&self.file, path).map_err(Error::hdf5(&self.path, path, "open"))
    }

    fn create_dataset(
        &mut self,
        index: usize,
        path: String,
        layout: &Layout,
        attrs: &Pairs,
    ) -> Result<(), Error> {
        self.make_room()?;
        let chunked = ffi::Chunked {
            element: &layout.element,
            row_shape: &layout.row_shape,
            chunk_rows: layout.chunk_rows,
            stripe: layout.stripe,
            filters: layout.filters,
        };
        let dataset = ffi::create_dataset(&self.file, &path, &chunked)
            .map_err(Error::hdf5(&self.path, &path, "create"))?;
        self.attributes(&dataset, &path, attrs)?;
        self.clock += 1;
        self.open.insert(index, (self.clock, dataset));
        self.created.insert(index, Created { path, row_shape: layout.row_shape.clone(), rows: 0 });
        Ok(())
    }

    fn attributes(&self, object: &Handle, path: &str, attrs: &Pairs) -> Result<(), Error> {
        for (name, attr) in attrs {
            let written = match attr {
                Attr::Variable(text) => ffi::write_attribute(object, name, text),
                Attr::Fixed(value) => ffi::write_value(object, name, value),
            };
            written.map_err(Error::hdf5(&self.path, path, "write an attribute of"))?;
        }
        Ok(())
    }

    fn set_rows(&mut self, index: usize, rows: usize) -> Result<(), Error> {
        let dataset = self.dataset(index)?;
        let (open, created) = (&self.open, &mut self.created);
        let (Some((_, handle)), Some(created)) = (open.get(&dataset), created.get_mut(&index))
        else {
            return Err(self.incomplete());
        };
        if rows > created.rows {
            ffi::set_rows(handle, rows, &created.row_shape).map_err(Error::hdf5(
                &self.path,
                &created.path,
                "extend",
            ))?;
            created.rows = rows;
        }
        Ok(())
    }

    /// Stores a filtered chunk; the dataset then has as many rows as its place says.
    pub(crate) fn chunk(&mut self, place: Place, skipped: u32, bytes: &[u8]) -> Result<(), Error> {
        let index = place.index;
        self.set_rows(index, place.rows)?;
        let (Some((_, handle)), Some(created)) = (self.open.get(&index), self.created.get(&index))
        else {
            return Err(self.incomplete());
        };
        let mut offset = vec![0; created.row_shape.len() + 1];
        for (to, from) in offset.iter_mut().zip([place.first_row, place.first_element]) {
            *to = from as u64;
        }
        ffi::write_chunk(handle, &offset, skipped, bytes).map_err(Error::hdf5(
            &self.path,
            &created.path,
            "write a chunk of",
        ))
    }

    /// Makes sure that a dataset is open and marks it as used last.
    fn dataset(&mut self, index: usize) -> Result<usize, Error> {
        self.clock += 1;
        if let Some((used, _)) = self.open.get_mut(&index) {
            *used = self.clock;
            return Ok(index);
        }
        self.make_room()?;
        let Some(created) = self.created.get(&index) else { return Err(self.incomplete()) };
        let handle = ffi::open_dataset(&self.file, &created.path).map_err(Error::hdf5(
            &self.path,
            &created.path,
            "open",
        ))?;
        self.open.insert(index, (self.clock, handle));
        Ok(index)
    }

    /// Closes the dataset that has not been used for longest, if too many are open.
    fn make_room(&mut self) -> Result<(), Error> {
        if self.open.len() < MAX_OPEN {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, (used, _))| *used).map(|(index, _)| *index);
        oldest.map_or(Ok(()), |index| self.close_dataset(index))
    }

    fn close_dataset(&mut self, index: usize) -> Result<(), Error> {
        let Some((_, handle)) = self.open.remove(&index) else { return Ok(()) };
        let name = self.created.get(&index).map_or("", |created| created.path.as_str());
        handle.close().map_err(Error::hdf5(&self.path, name, "close"))
    }

    fn incomplete(&self) -> Error {
        Error::Incomplete { path: self.path.clone() }
    }

    pub(crate) fn close(mut self) -> Result<(), Error> {
        let mut open: Vec<usize> = self.open.keys().copied().collect();
        open.sort_unstable();
        open.into_iter().try_for_each(|index| self.close_dataset(index))?;
        let Sink { path, file, .. } = self;
        file.close().map_err(Error::hdf5(&path, "/", "close"))
    }
}
