//! What can be wrong with a FITS file, and where.

use std::fmt;
use std::path::PathBuf;

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
