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
