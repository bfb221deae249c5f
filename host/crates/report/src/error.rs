//! Errors of this crate.

use std::io;
use std::path::{Path, PathBuf};

use crate::LimitKind;

/// What can go wrong with outputs, reports and limits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The output is there already.
    #[error("{}: exists already; give --overwrite to replace it", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The output is a directory, a device or a pipe.
    #[error("{}: is no regular file and is not replaced; choose another output", path.display())]
    NotAFile {
        /// The output.
        path: PathBuf,
    },
    /// Two outputs of one command have the same name.
    #[error("{}: two outputs would get this name; choose different names", path.display())]
    Collision {
        /// The output.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// A report could not be expressed as JSON.
    #[error("{}: cannot write the report", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },
    /// A size in a file is above the limit.
    #[error("{what}: size {found} is above the limit of {limit} bytes ({kind})")]
    Limit {
        /// What has the size.
        what: String,
        /// Which limit.
        kind: LimitKind,
        /// The size, in bytes.
        found: u64,
        /// The limit, in bytes.
        limit: u64,
    },
}

impl Error {
    pub(crate) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        Error::Io { path: path.to_path_buf(), action, source }
    }
}
