//! What can be wrong with a FITS file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// A header and data unit: its number, from 0, and its name if it has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hdu {
    /// Number; `None`: the file as a whole.
    pub number: Option<usize>,
    /// `EXTNAME`.
    pub name: String,
}

impl fmt::Display for Hdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.name.is_empty()) {
            (None, true) => Ok(()),
            (None, false) => write!(f, ": HDU {}", self.name),
            (Some(number), true) => write!(f, ": HDU {number}"),
            (Some(number), false) => write!(f, ": HDU {number} ({})", self.name),
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
    #[error("{}{hdu}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        hdu: Hdu,
        /// What was expected and found.
        reason: String,
    },
    /// The file ends early.
    #[error("{}{hdu}: the file ends early: {reason}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where.
        hdu: Hdu,
        /// What was expected and found.
        reason: String,
    },
    /// The file is fine, but this is not implemented.
    #[error("{}{hdu}: not supported: {reason}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Where.
        hdu: Hdu,
        /// What.
        reason: String,
    },
    /// More memory would be needed than is allowed.
    #[error("{}{hdu}: {reason}", path.display())]
    Limit {
        /// The file.
        path: PathBuf,
        /// Where.
        hdu: Hdu,
        /// What was asked for and allowed.
        reason: String,
    },
    /// Something that was asked for does not fit, or is not there.
    #[error("{}{hdu}: {reason}", path.display())]
    Parameter {
        /// The file.
        path: PathBuf,
        /// Where.
        hdu: Hdu,
        /// What was expected and found.
        reason: String,
    },
    /// An output could not be made.
    #[error(transparent)]
    Output(#[from] tierline_report::Error),
}

/// A value of a header or table that is not what was asked for; [`at`](Self::at) says in which file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct Mismatch {
    /// Keyword or column.
    pub what: String,
    /// What was expected and found.
    pub reason: String,
}

impl Mismatch {
    pub(crate) fn keyword(key: &str, reason: impl Into<String>) -> Self {
        Mismatch { what: format!("keyword {key}"), reason: reason.into() }
    }

    pub(crate) fn column(name: &str, reason: impl Into<String>) -> Self {
        Mismatch { what: format!("column {name}"), reason: reason.into() }
    }

    /// As the error of a file and HDU.
    pub fn at(self, path: &Path, hdu: &Hdu) -> Error {
        Error::Malformed { path: path.into(), hdu: hdu.clone(), reason: self.to_string() }
    }
}

/// A file and HDU, for errors.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) hdu: Hdu,
}

impl Place {
    pub(crate) fn file(path: &Path) -> Self {
        Place { path: path.into(), hdu: Hdu::default() }
    }

    pub(crate) fn hdu(path: &Path, number: usize, name: &str) -> Self {
        Place { path: path.into(), hdu: Hdu { number: Some(number), name: name.into() } }
    }

    pub(crate) fn io(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::Io { path: self.path.clone(), action, source }
    }

    pub(crate) fn malformed(&self, reason: impl Into<String>) -> Error {
        Error::Malformed { path: self.path.clone(), hdu: self.hdu.clone(), reason: reason.into() }
    }

    pub(crate) fn truncated(&self, reason: impl Into<String>) -> Error {
        Error::Truncated { path: self.path.clone(), hdu: self.hdu.clone(), reason: reason.into() }
    }

    pub(crate) fn unsupported(&self, reason: impl Into<String>) -> Error {
        Error::Unsupported { path: self.path.clone(), hdu: self.hdu.clone(), reason: reason.into() }
    }

    pub(crate) fn parameter(&self, reason: impl Into<String>) -> Error {
        Error::Parameter { path: self.path.clone(), hdu: self.hdu.clone(), reason: reason.into() }
    }

    /// Compares a size in bytes with what one buffer may have.
    pub(crate) fn check(
        &self,
        limits: &tierline_report::Limits,
        kind: tierline_report::LimitKind,
        what: &str,
        bytes: u64,
    ) -> Result<(), Error> {
        limits.check(kind, what, bytes).map_err(|error| Error::Limit {
            path: self.path.clone(),
            hdu: self.hdu.clone(),
            reason: error.to_string(),
        })
    }
}
