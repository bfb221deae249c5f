//! eventio: the container of CORSIKA's and sim_telarray's files.
//!
//! A file is a row of objects, each with a header that tells type, version, number and length; objects may
//! hold objects. The layouts are those of the eventio library's and hessio's documentation.
//!
//! | module | is |
//! |---|---|
//! | [`input`] | plain, gzip and zstd files as one stream |
//! | [`header`] | headers of objects |
//! | [`reader`] | objects of a stream, one after the other |
//! | [`object`] | an object in memory and the objects inside it |
//! | [`cursor`] | numbers, texts and arrays of an object's content |
//! | [`differential`] | arrays stored as differences, which is what waveforms are |
//! | [`listing`] | every object of a file, with a checksum |
//! | [`histograms`], [`iact`] | objects that are not sim_telarray's |

pub mod cursor;
pub mod differential;
#[cfg(test)]
pub(crate) mod emit;
mod error;
pub mod header;
pub mod histograms;
pub mod iact;
pub mod input;
pub mod listing;
pub mod object;
pub mod reader;
#[cfg(test)]
mod stream_tests;

pub use cursor::Cursor;
pub use error::{Fault, ObjectError};
pub use header::{ByteOrder, ObjectHeader};
pub use input::Input;
pub use listing::{Listed, Listing, list_objects};
pub use object::{Object, Objects, OwnedObject};
pub use reader::{End, ObjectReader, Skip};
