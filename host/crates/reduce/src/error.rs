//! What can be wrong with observations, responses and datasets.

use std::path::PathBuf;

/// Why something could not be read, made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A FITS file could not be read or written.
    #[error(transparent)]
    Fits(#[from] tierline_fits::Error),
    /// Coordinates, axes or regions do not fit.
    #[error(transparent)]
    Sky(#[from] tierline_sky::Error),
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
    /// The content of a file is not what the format asks for.
    #[error("{}{place}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// HDU, keyword, column or entry, from ": " on; empty for the file.
        place: String,
        /// What was expected and found.
        reason: String,
    },
    /// It is fine, but not implemented.
    #[error("{what}: not supported: {reason}")]
    Unsupported {
        /// What.
        what: String,
        /// Why.
        reason: String,
    },
    /// A value does not fit, or something is not there.
    #[error("{what}: {reason}")]
    Parameter {
        /// The parameter, observation or dataset.
        what: String,
        /// What was expected and found.
        reason: String,
    },
    /// An observation can't be reduced.
    #[error("observation {id}")]
    Observation {
        /// Its number.
        id: i64,
        /// Why not.
        source: Box<Error>,
    },
}

impl Error {
    /// The same of an observation.
    pub(crate) fn of_observation(self, id: i64) -> Self {
        Error::Observation { id, source: Box::new(self) }
    }

    /// A value that does not fit.
    pub fn parameter(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Parameter { what: what.into(), reason: reason.into() }
    }

    /// Something that is not implemented.
    pub fn unsupported(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Unsupported { what: what.into(), reason: reason.into() }
    }

    /// Content that is not what the format asks for.
    pub fn malformed(
        path: impl Into<PathBuf>,
        place: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        let (path, place, reason) = (path.into(), place.into(), reason.into());
        Error::Malformed { path, place, reason }
    }
}
