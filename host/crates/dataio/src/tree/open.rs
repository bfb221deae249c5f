//! Which files are shown as which tree.

use std::fmt;
use std::path::Path;

use tierline_report::Limits;

use super::{Node, SpecOptions, Tree, hdf5, numpy, open_images, spec};
use crate::image::{CODECS, HEAD, Hint, Source, detect};
use crate::spec::is_spec;
use crate::{Error, Place};

/// First bytes of a NumPy array, and of a zip archive, which may hold some.
const NUMPY: [&[u8]; 2] = [b"\x93NUMPY", b"PK\x03\x04"];
/// First bytes of an HDF5 file without a user block.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// How a file is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An HDF5 file as it is.
    Hdf5,
    /// NumPy arrays by name.
    Numpy,
    /// A detector image.
    Image,
    /// Scans of a Spec file.
    Spec,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Hdf5 => "an HDF5 file",
            Kind::Numpy => "a NumPy file",
            Kind::Image => "an image file",
            Kind::Spec => "a Spec file",
        })
    }
}

/// What a file is: NumPy and HDF5 by their first bytes, then images by theirs, Spec files, and images by
/// their name.
pub fn kind(path: &Path, limits: Limits) -> Result<Kind, Error> {
    let source = Source::open(path, limits)?;
    let head = source.bytes(0, HEAD as u64)?;
    if head.starts_with(HDF5) {
        return Ok(Kind::Hdf5);
    }
    if NUMPY.iter().any(|magic| head.starts_with(magic)) {
        return Ok(Kind::Numpy);
    }
    let hint = Hint { path, head: &head };
    if CODECS.iter().any(|codec| codec.sniff(&hint)) {
        return Ok(Kind::Image);
    }
    if is_spec(&head) {
        return Ok(Kind::Spec);
    }
    match detect(&source) {
        Ok(_) => Ok(Kind::Image),
        Err(_) if source.is_empty() => Err(Error::malformed(path, Place::File, "it is empty")),
        Err(_) => {
            let reason = "it is neither HDF5, NumPy, a known image nor a Spec file".to_owned();
            Err(Error::Unknown { path: path.to_path_buf(), reason })
        }
    }
}

/// The tree of a file of any kind.
pub fn open(path: &Path, limits: Limits) -> Result<Tree, Error> {
    open_as(path, kind(path, limits)?, limits)
}

/// The tree of a file that is taken as one of a kind.
pub fn open_as(path: &Path, kind: Kind, limits: Limits) -> Result<Tree, Error> {
    match kind {
        Kind::Image => open_images(&[path.to_path_buf()], limits),
        Kind::Spec => spec(path, SpecOptions::default(), limits),
        Kind::Hdf5 => hdf5(path, limits),
        Kind::Numpy => numpy(path, limits),
    }
}

/// The path of what a file wants to be shown by default: where the attributes `default` lead, and `signal`
/// there; the pixels of an image; a dataset that is the only one of its file.
pub fn default_path(tree: &Tree) -> Result<String, Error> {
    let text = |attrs: Vec<super::Attr>, name: &str| {
        attrs.into_iter().find(|attr| attr.name == name).and_then(|attr| attr.value.get_text(0))
    };
    let mut path = String::new();
    for _ in 0..super::MAX_LINKS {
        let Node::Group(group) = tree.get(&format!("/{path}"))? else { break };
        let attrs = group.attrs()?;
        let next = text(attrs.clone(), "default").or_else(|| text(attrs, "signal"));
        let only = || match group.names().ok()?.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        let Some(next) = next.or_else(only) else { break };
        path = match next.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{path}/{next}").trim_start_matches('/').to_owned(),
        };
    }
    match tree.get(&format!("/{path}"))? {
        Node::Dataset(_) => Ok(format!("/{path}")),
        _ => Err(Error::missing(tree.path(), "default plot: name a path (FILE::/path)")),
    }
}
