//! Tables as PyTables writes and reads them.
//!
//! A table is a dataset of one axis whose elements are rows: packed little-endian columns, each a number,
//! a truth value (a bit field of one byte), a text of fixed size, or an array of those. [`FileWriter`]
//! writes many tables side by side through the crate's [`Writer`](crate::Writer); [`Reader::table`]
//! reads those of any maker.
//!
//! | object | attribute | value |
//! |---|---|---|
//! | root | PYTABLES_FORMAT_VERSION | `2.1` |
//! | group | CLASS, VERSION, TITLE, FILTERS | `GROUP`, `1.0`, text, packed filters of what is created below |
//! | table | CLASS, VERSION, TITLE, NROWS | `TABLE`, `2.7`, text, number of rows |
//! | column *n* | FIELD_*n*_NAME, FIELD_*n*_FILL | name, default value |
//!
//! Texts of attributes have a fixed size; an empty one is a dataspace without elements.
//!
//! Read are chunks that went through deflate, shuffle, Fletcher's checksum, and Blosc (version 1) with
//! Zstandard, LZ4 or zlib; what HDF5 itself can read otherwise; no LZO, bzip2, BloscLZ or Snappy.
//!
//! ```
//! use tierline_h5::pytables::{FileWriter, Schema};
//! use tierline_h5::tree::Reader;
//! use tierline_h5::{Filters, Options};
//! use tierline_table::DType;
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("events.h5");
//! let mut schema = Schema::new();
//! schema.push("event_id", DType::I64);
//! schema.push_array("image", DType::F32, &[2]);
//! let mut file = FileWriter::create(&path, Options::default(), Filters::NONE, false)?;
//! let table = file.table("/dl1/images", "Images of a telescope", &schema, Vec::new())?;
//! let row = [&7_i64.to_le_bytes()[..], &0.5_f32.to_le_bytes(), &1.5_f32.to_le_bytes()].concat();
//! file.append(table, &row)?;
//! file.finish()?;
//!
//! let mut table = Reader::open(&path)?.table("/dl1/images")?;
//! assert_eq!(table.column("image", 0..table.rows())?.get_f64(1), Some(1.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Reader::table`]: crate::tree::Reader::table

mod blosc;
mod decode;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod value;
mod writer;

pub use reader::Table;
pub use schema::{Column, Schema};
pub use value::Value;
pub use writer::{FileWriter, TableId, packed_filters};
