//! What can be wrong with an object, before it is known of which file it is.

use std::fmt;
use std::path::Path;

use super::header::ObjectHeader;
use crate::{Error, Place};

/// Kind of an [`ObjectError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The content is not what the format asks for.
    Malformed,
    /// The content ends early.
    Truncated,
    /// A version or a mode that is not implemented.
    Unsupported,
}

/// Why an object could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectError {
    /// What kind of reason.
    pub fault: Fault,
    /// The object.
    pub header: ObjectHeader,
    /// What was expected and found.
    pub reason: String,
}

impl ObjectError {
    /// The content is not what the format asks for.
    pub fn malformed(header: &ObjectHeader, reason: impl Into<String>) -> Self {
        ObjectError { fault: Fault::Malformed, header: *header, reason: reason.into() }
    }

    /// The content ends early.
    pub fn truncated(header: &ObjectHeader, reason: impl Into<String>) -> Self {
        ObjectError { fault: Fault::Truncated, header: *header, reason: reason.into() }
    }

    /// A version or a mode that is not implemented.
    pub fn unsupported(header: &ObjectHeader, reason: impl Into<String>) -> Self {
        ObjectError { fault: Fault::Unsupported, header: *header, reason: reason.into() }
    }

    /// The same, of a file.
    pub fn at(self, path: &Path) -> Error {
        let place = self.header.place();
        match self.fault {
            // The object is there, so its content contradicts itself; the file doesn't end early.
            Fault::Malformed | Fault::Truncated => Error::malformed(path, place, self.reason),
            Fault::Unsupported => Error::unsupported(path, place, self.reason),
        }
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place::Object { kind, version, offset } = self.header.place() else {
            return f.write_str(&self.reason);
        };
        write!(f, "object {kind} version {version} at byte {offset}: {}", self.reason)
    }
}

impl std::error::Error for ObjectError {}
