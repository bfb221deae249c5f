//! What can go wrong with a picture.

use std::io;
use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file name does not tell a format this crate writes.
    #[error("cannot write {path}: name it .png or .svg")]
    Unsupported {
        /// The file name.
        path: PathBuf,
    },
    /// A parameter makes no picture.
    #[error("{what}")]
    Parameter {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The picture would be too large.
    #[error("a picture of {width} x {height} pixels is too large: {limit} each way at most")]
    Limit {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Largest width and height in pixels.
        limit: u32,
    },
    /// Drawing failed.
    #[error("drawing failed: {0}")]
    Draw(String),
    /// The PNG encoder failed.
    #[error("PNG encoder: {0}")]
    Encode(#[from] png::EncodingError),
    /// The file could not be written.
    #[error("cannot write {path}")]
    Io {
        /// The file name.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}
