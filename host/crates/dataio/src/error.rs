//! What can be wrong with a file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where in a file something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A byte of it (of its content, where it is compressed).
    Byte(u64),
    /// A line, counted from 1.
    Line(u64),
    /// A frame, counted from 0.
    Frame(usize),
    /// An object by its path.
    Object(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => Ok(()),
            Place::Byte(offset) => write!(f, ": byte {offset}"),
            Place::Line(line) => write!(f, ": line {line}"),
            Place::Frame(frame) => write!(f, ": frame {frame}"),
            Place::Object(path) => write!(f, ": {path}"),
        }
    }
}

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system refused.
    #[error("{}: cannot {action}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The bytes are not what the format asks for.
    #[error("{}{place}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What was expected and found.
        reason: String,
    },
    /// The file is fine, but this is not implemented.
    #[error("{}{place}: not supported: {reason}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// What is not.
        reason: String,
    },
    /// No codec knows the file.
    #[error("{}: {reason}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Why no format was found, or which ones fit.
        reason: String,
    },
    /// There is no such frame, scan, object or column.
    #[error("{}: there is no {what}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What was asked for.
        what: String,
    },
    /// A thread of ours has failed: a fault of the program.
    #[error("{}: a thread failed while working on it", path.display())]
    Thread {
        /// The file.
        path: PathBuf,
    },
    /// A size is above its limit.
    #[error(transparent)]
    Report(#[from] tierline_report::Error),
    /// HDF5 refused.
    #[error(transparent)]
    H5(#[from] tierline_h5::Error),
}

impl Error {
    /// The system refused.
    pub fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Error::Io { path: path.to_path_buf(), action, source }
    }

    /// The bytes are not what the format asks for.
    pub fn malformed(path: &Path, place: Place, reason: impl Into<String>) -> Self {
        Error::Malformed { path: path.to_path_buf(), place, reason: reason.into() }
    }

    /// This is not implemented.
    pub fn unsupported(path: &Path, place: Place, reason: impl Into<String>) -> Self {
        Error::Unsupported { path: path.to_path_buf(), place, reason: reason.into() }
    }

    /// There is no such thing in the file.
    pub fn missing(path: &Path, what: impl Into<String>) -> Self {
        Error::Missing { path: path.to_path_buf(), what: what.into() }
    }
}
