//! Beamline files read, shown, converted and corrected: detector images ([`image`]), Spec files, HDF5,
//! and one tree that shows all of them alike.
//!
//! The words are those of fabio and silx: a [`Codec`](image::Codec) is one format, an
//! [`Image`](image::Image) an open file of it, whose [`Frame`](image::Frame)s have pixels and a
//! [`Header`](image::Header).

pub mod convert;
mod error;
pub mod flatfield;
pub mod image;
pub mod spec;
pub mod tree;
pub mod url;

pub use error::{Error, Place};
