//! What can be wrong with a file of events, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where in a file something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    File,
    /// A byte of it (of its content, where it is compressed).
    Byte(u64),
    /// An eventio object: its type and version, and the byte of the content at which its header starts.
    Object {
        /// Type.
        kind: u16,
        /// Version.
        version: u16,
        /// Offset of its header.
        offset: u64,
    },
    /// An event by its number.
    Event(i64),
    /// A table, group, key or entry by its path or name.
    Entry(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => Ok(()),
            Place::Byte(offset) => write!(f, ": byte {offset}"),
            Place::Object { kind, version, offset } => {
                write!(f, ": object {kind} version {version} at byte {offset}")
            }
            Place::Event(event) => write!(f, ": event {event}"),
            Place::Entry(name) => write!(f, ": {name}"),
        }
    }
}

/// Why a file could not be read, processed or written.
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
    /// The file ends early.
    #[error("{}{place}: the file ends early: {reason}", path.display())]
    Truncated {
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
    /// An option or a configuration asks for what can't be.
    #[error("{name}: {reason}")]
    Parameter {
        /// The option or the key.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What opens recordings refused.
    #[error(transparent)]
    Recording(Box<dyn std::error::Error + Send + Sync>),
    /// Someone wants the run to end.
    #[error("stopped by a signal; there is no output")]
    Interrupted,
    /// A thread of ours has failed: a fault of the program.
    #[error("a thread failed while working on an event")]
    Thread,
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

    /// The file ends early.
    pub fn truncated(path: &Path, place: Place, reason: impl Into<String>) -> Self {
        Error::Truncated { path: path.to_path_buf(), place, reason: reason.into() }
    }

    /// This is not implemented.
    pub fn unsupported(path: &Path, place: Place, reason: impl Into<String>) -> Self {
        Error::Unsupported { path: path.to_path_buf(), place, reason: reason.into() }
    }

    /// An option or a key asks for what can't be.
    pub fn parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Parameter { name: name.into(), reason: reason.into() }
    }
}
