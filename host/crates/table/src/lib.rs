//! The columns that every tier of tierline exchanges.
//!
//! A [`Table`] is a list of named columns of equal length; a column is an [`Array`], a
//! [`VectorOfVectors`], [`EncodedVectors`] or a nested table (a waveform is a table of `dt`, `t0`
//! and `values`).
//! [`Object`] adds what stands beside tables in an LH5 file: scalars, strings and structs.
//! Numbers are held as little-endian bytes, the way they are stored, so that a row is copied
//! once on its way from a packet to a file.
//!
//! ```
//! use tierline_table::{Array, Attrs, Table};
//!
//! let mut table = Table::new();
//! table.push("energy", Attrs::with_units("keV"), Array::from_f64(&[511.0, 1460.8]))?;
//! assert_eq!(table.rows, 2);
//! assert_eq!(table.array("energy").and_then(|a| a.get_f64(1)), Some(1460.8));
//! # Ok::<(), tierline_table::LayoutError>(())
//! ```
#![forbid(unsafe_code)]

mod array;
mod attrs;
mod dtype;
mod encoded;
pub mod expression;
mod object;
mod table;
mod vectors;

pub use array::Array;
pub use attrs::Attrs;
pub use dtype::DType;
pub use encoded::{Codec, DecodedSize, EncodedVectors, UnknownCodec};
pub use object::{Object, Scalar};
pub use table::{Column, LayoutError, NamedColumn, Table, WaveformTable};
pub use vectors::VectorOfVectors;
