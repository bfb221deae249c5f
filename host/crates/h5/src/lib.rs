//! HDF5 and LH5 files.
//!
//! [`Writer`] creates a file of chunked datasets: chunks are filled in memory, shuffled and
//! deflated by several threads, and stored in order by the calling one, so that the bytes of the
//! file do not depend on the number of threads. [`lh5`] writes tables, scalars and structs the
//! way LEGEND's readers expect them, [`pytables`] tables of rows the way PyTables does. [`tree`]
//! looks at files of any maker, [`browse`] at one object of them after the other.
//!
//! Files are readable by HDF5 1.8 and later without plugins, and hold no times.
//!
//! ```
//! use tierline_h5::lh5::{ChunkPolicy, TableWriter};
//! use tierline_h5::{Options, Writer};
//! use tierline_table::{Array, Attrs, Table};
//!
//! # let dir = tempfile::tempdir()?;
//! let mut table = Table::new();
//! table.push("energy", Attrs::with_units("keV"), Array::from_f64(&[511.0, 1460.8]))?;
//! let mut writer = Writer::create(&dir.path().join("run.lh5"), Options::default())?;
//! let mut output = TableWriter::create(&mut writer, "ch0/raw", &table, ChunkPolicy::default())?;
//! output.append(&mut writer, &table)?;
//! writer.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod browse;
pub mod chunk;
pub mod edit;
mod error;
mod ffi;
pub mod lh5;
mod options;
mod piece;
mod pipeline;
mod pool;
pub mod pytables;
pub mod raw;
mod sink;
#[cfg(test)]
mod tests;
pub mod tree;
mod trial;
mod writeback;
mod writer;

pub use error::Error;
pub use options::{Chunk, Compression, Filters, Options, Stats};
pub use writer::{DatasetId, Writer};
