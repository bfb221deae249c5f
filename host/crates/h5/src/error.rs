//! Errors of this crate.

use std::path::{Path, PathBuf};

/// What can go wrong with an HDF5 file. Every message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be opened at all.
    #[error("{}: cannot open", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The HDF5 library refused.
    #[error("{}: cannot {action} '{object}'", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
        /// What was attempted.
        action: &'static str,
        /// What the library says.
        source: hdf5::Error,
    },
    /// The caller asked for something that cannot be stored.
    #[error("{}: '{object}': {reason}", path.display())]
    Parameter {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
        /// Why not.
        reason: String,
    },
    /// The file holds something that this reader does not understand.
    #[error("{}: '{object}': {reason}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
        /// What it is.
        reason: String,
    },
    /// The file contradicts itself.
    #[error("{}: '{object}' is damaged: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
        /// How.
        reason: String,
    },
    /// There is no object of this name.
    #[error("{}: there is no '{object}'", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
    },
    /// A size in the file is above the limit.
    #[error("{}: '{object}': {found} is above the limit of {limit}", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// Path of the object in the file.
        object: String,
        /// What was found.
        found: u64,
        /// What is allowed.
        limit: u64,
    },
    /// A compression thread ended early, which is a fault of this program.
    #[error("{}: a compression thread failed; please report this", path.display())]
    Worker {
        /// The file.
        path: PathBuf,
    },
    /// An earlier error left the file incomplete.
    #[error("{}: incomplete because of an earlier error", path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
    },
}

impl Error {
    pub(crate) fn hdf5<'a>(
        path: &'a Path,
        object: &'a str,
        action: &'static str,
    ) -> impl FnOnce(hdf5::Error) -> Error + 'a {
        move |source| Error::Hdf5 { path: path.into(), object: object.into(), action, source }
    }

    pub(crate) fn parameter(path: &Path, object: &str, reason: impl Into<String>) -> Self {
        Error::Parameter { path: path.into(), object: object.into(), reason: reason.into() }
    }

    /// An object that is not supported, and why.
    pub fn unsupported(path: &Path, object: &str, reason: impl Into<String>) -> Self {
        Error::Unsupported { path: path.into(), object: object.into(), reason: reason.into() }
    }

    pub(crate) fn malformed(path: &Path, object: &str, reason: impl Into<String>) -> Self {
        Error::Malformed { path: path.into(), object: object.into(), reason: reason.into() }
    }
}
