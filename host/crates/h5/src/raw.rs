//! Chunks as they are stored, for filters that the library does not have.
//!
//! [`Reader::raw_dataset`] tells how a dataset is cut and filtered, [`Reader::raw_chunk`] gives a chunk as
//! it lies in the file; [`RawWriter`] writes files of datasets whose chunks the caller has filtered.

use std::path::{Path, PathBuf};

use tierline_table::{DType, Scalar};

use crate::ffi::{self, Handle, StoredChunk};
use crate::sink::Element;
use crate::tree::{ElementType, Reader, element_type_of};
use crate::{Error, Filters, browse};

/// A filter by its registered number, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFilter {
    /// The number: 1 deflate, 2 shuffle, 3 Fletcher's checksum, above 255 those of others.
    pub id: i32,
    /// Parameters of the filter.
    pub parameters: Vec<u32>,
}

/// How a dataset of numbers is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDataset {
    /// Type of the elements.
    pub dtype: DType,
    /// Whether their first byte in the file is the most significant.
    pub big_endian: bool,
    /// Extents; empty for a scalar.
    pub shape: Vec<usize>,
    /// Extents of a chunk, if it is chunked.
    pub chunk: Option<Vec<usize>>,
    /// Filters in the order in which they were applied.
    pub filters: Vec<RawFilter>,
}

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawChunk {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// A bit for each filter, the first lowest, that it did not go through.
    pub skipped: u32,
}

impl Reader {
    /// How a dataset of numbers is stored.
    pub fn raw_dataset(&self, path: &str) -> Result<RawDataset, Error> {
        let dataset = self.dataset(path)?;
        let ElementType::Plain(dtype) = element_type_of(&dataset) else {
            return Err(Error::unsupported(self.path(), path, "the elements are no numbers"));
        };
        let order = dataset.dtype().map_err(self.hdf5(path, "read"))?.byte_order();
        let filters = self.filters_of(&dataset);
        Ok(RawDataset {
            dtype,
            big_endian: order == hdf5::datatype::ByteOrder::BigEndian,
            shape: dataset.shape(),
            chunk: dataset.chunk(),
            filters,
        })
    }

    /// The filters of a dataset, in the order in which they were applied.
    pub(crate) fn filters_of(&self, dataset: &hdf5::Dataset) -> Vec<RawFilter> {
        let filters = dataset.filters();
        let filters = filters.iter().map(browse::filter);
        filters.map(|(id, parameters)| RawFilter { id, parameters }).collect()
    }

    pub(crate) fn chunk_of(
        &self,
        dataset: &hdf5::Dataset,
        path: &str,
        offset: &[usize],
    ) -> Result<Option<RawChunk>, Error> {
        let offset: Vec<u64> = offset.iter().map(|index| *index as u64).collect();
        let read = ffi::read_chunk(dataset, &offset, self.max_allocation);
        match read.map_err(self.hdf5(path, "read a chunk of"))? {
            StoredChunk::Missing => Ok(None),
            StoredChunk::TooLarge(size) => Err(self.limit(path, size)),
            StoredChunk::Bytes(bytes, skipped) => Ok(Some(RawChunk { bytes, skipped })),
        }
    }

    /// A chunk as it is stored; `None` if it was never written. `offset`: its first element, an index per
    /// extent.
    pub fn raw_chunk(&self, path: &str, offset: &[usize]) -> Result<Option<RawChunk>, Error> {
        let dataset = self.dataset(path)?;
        self.chunk_of(&dataset, path, offset)
    }

    /// Names of the objects in a group, sorted; empty if it is none.
    pub fn names(&self, path: &str) -> Vec<String> {
        let group = match path.trim_matches('/') {
            "" => self.as_group().ok(),
            _ => self.group(path).ok(),
        };
        let mut names = group.and_then(|group| group.member_names().ok()).unwrap_or_default();
        names.sort_unstable();
        names
    }

    /// An attribute of a group or dataset as text, if there is one that is text or a number.
    pub fn attribute(&self, path: &str, name: &str) -> Option<String> {
        let text = |place: &hdf5::Location| crate::tree::attribute_text(&place.attr(name).ok()?);
        match path.trim_matches('/') {
            "" => text(&*self.as_group().ok()?),
            _ => match self.group(path) {
                Ok(group) => text(&group),
                Err(_) => text(&*self.dataset(path).ok()?),
            },
        }
    }
}

/// Writes a file of datasets whose chunks the caller has filtered. What is created has parents.
pub struct RawWriter {
    path: PathBuf,
    file: Handle,
}

/// A dataset of a [`RawWriter`]: chunks of one row.
pub struct RawRows {
    path: String,
    dataset: Handle,
    row_shape: Vec<usize>,
    rows: usize,
}

impl RawWriter {
    /// Creates a file, or truncates it.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = ffi::create_file(path).map_err(Error::hdf5(path, "/", "create"))?;
        Ok(RawWriter { path: path.to_path_buf(), file })
    }

    /// Creates a group.
    pub fn group(&mut self, path: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        ffi::create_group(&self.file, path).map_err(Error::hdf5(&self.path, path, "create"))?;
        self.attributes(path, attrs)
    }

    /// Writes attributes of an object that does not have them yet.
    pub fn attributes(&mut self, path: &str, attrs: &[(&str, &str)]) -> Result<(), Error> {
        let object =
            ffi::open_object(&self.file, path).map_err(Error::hdf5(&self.path, path, "open"))?;
        for (name, text) in attrs {
            ffi::write_attribute(&object, name, text).map_err(Error::hdf5(
                &self.path,
                path,
                "write an attribute of",
            ))?;
        }
        Ok(())
    }

    /// Writes a dataset of one text.
    pub fn text(&mut self, path: &str, text: &str) -> Result<(), Error> {
        ffi::write_text(&self.file, path, text).map_err(Error::hdf5(&self.path, path, "write"))?;
        Ok(())
    }

    /// Writes a dataset of one number.
    pub fn scalar(&mut self, path: &str, value: Scalar) -> Result<(), Error> {
        let array = value.to_array();
        ffi::write_scalar(&self.file, path, array.dtype, &array.data)
            .map_err(Error::hdf5(&self.path, path, "write"))?;
        Ok(())
    }

    /// Gives an object a second path.
    pub fn link(&mut self, object: &str, path: &str) -> Result<(), Error> {
        ffi::link(&self.file, object, path).map_err(Error::hdf5(&self.path, path, "link"))
    }

    /// Creates a dataset of rows of a shape, a row to the chunk, which go through one filter that readers
    /// need.
    pub fn rows(
        &mut self,
        path: &str,
        dtype: DType,
        row_shape: &[usize],
        filter: &RawFilter,
    ) -> Result<RawRows, Error> {
        let element = Element::Plain(dtype);
        let layout = ffi::Chunked {
            element: &element,
            row_shape,
            chunk_rows: 1,
            stripe: None,
            filters: Filters::NONE,
        };
        let own = Some((filter.id, filter.parameters.as_slice()));
        let dataset = ffi::create_dataset_filtered(&self.file, path, &layout, own)
            .map_err(Error::hdf5(&self.path, path, "create"))?;
        Ok(RawRows { path: path.to_owned(), dataset, row_shape: row_shape.to_vec(), rows: 0 })
    }

    /// Appends a row that went through the filter already.
    pub fn append(&mut self, to: &mut RawRows, bytes: &[u8]) -> Result<(), Error> {
        let mut offset = vec![0; to.row_shape.len() + 1];
        offset[0] = to.rows as u64;
        ffi::set_rows(&to.dataset, to.rows + 1, &to.row_shape)
            .and_then(|()| ffi::write_chunk(&to.dataset, &offset, 0, bytes))
            .map_err(Error::hdf5(&self.path, &to.path, "write a chunk of"))?;
        to.rows += 1;
        Ok(())
    }

    /// Closes a dataset.
    pub fn close(&mut self, rows: RawRows) -> Result<(), Error> {
        rows.dataset.close().map_err(Error::hdf5(&self.path, &rows.path, "close"))
    }

    /// Closes the file.
    pub fn finish(self) -> Result<(), Error> {
        self.file.close().map_err(Error::hdf5(&self.path, "/", "close"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_unknown_filters_return_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("raw.h5");
        let filter = RawFilter { id: 32_008, parameters: vec![0, 4, 2, 0, 2] };
        let mut writer = RawWriter::create(&path).unwrap();
        writer.group("/entry", &[("NX_class", "NXentry")]).unwrap();
        let mut rows = writer.rows("/entry/data", DType::U16, &[2, 3], &filter).unwrap();
        writer.append(&mut rows, b"first").unwrap();
        writer.append(&mut rows, b"second one").unwrap();
        writer.close(rows).unwrap();
        writer.link("/entry/data", "/again").unwrap();
        writer.scalar("/entry/count", Scalar::I32(2)).unwrap();
        writer.text("/entry/title", "a title").unwrap();
        writer.finish().unwrap();

        let reader = Reader::open(&path).unwrap();
        let info = reader.raw_dataset("/again").unwrap();
        assert_eq!((info.dtype, info.big_endian), (DType::U16, false));
        assert_eq!((info.shape, info.chunk), (vec![2, 2, 3], Some(vec![1, 2, 3])));
        assert_eq!(info.filters, [filter]);
        let chunk = reader.raw_chunk("/entry/data", &[1, 0, 0]).unwrap().unwrap();
        assert_eq!((chunk.bytes.as_slice(), chunk.skipped), (&b"second one"[..], 0));
        assert_eq!(reader.attribute("/entry", "NX_class").as_deref(), Some("NXentry"));
        assert_eq!(reader.names("/"), ["again", "entry"]);
        assert!(reader.raw_chunk("/entry/data", &[0, 0]).is_err());
        let mut small = reader.clone();
        small.max_allocation = 4;
        assert!(small.raw_chunk("/entry/data", &[0, 0, 0]).is_err());
    }
}
