//! What can be wrong with coordinates, axes and regions.

/// Why something could not be made or computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text or a set of keywords is not what the format asks for.
    #[error("{what}: {reason}")]
    Malformed {
        /// Keyword, line or entry.
        what: String,
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
    /// A value does not fit.
    #[error("{what}: {reason}")]
    Parameter {
        /// The parameter.
        what: String,
        /// What was expected and found.
        reason: String,
    },
}

impl Error {
    /// A value that does not fit.
    pub fn parameter(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Parameter { what: what.into(), reason: reason.into() }
    }

    /// A text that is not what the format asks for.
    pub fn malformed(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Malformed { what: what.into(), reason: reason.into() }
    }

    /// Something that is not implemented.
    pub fn unsupported(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Unsupported { what: what.into(), reason: reason.into() }
    }
}
