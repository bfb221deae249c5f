//! A tree as text, the way silx's `h5ls` lists it: links followed, a tabulator for every level.
//!
//! ```text
//! +entry
//!     <HDF5 dataset "data": shape (540, 640), type "<u2">
//! ```

use std::io::{self, Write};
use std::sync::Arc;

use super::{DatasetInfo, Element, Group, Link, MAX_DEPTH, Node, Tree, walk};
use crate::{Error, Place};

/// Lines of one listing; links may show one group any number of times.
const MAX_LINES: usize = 1_000_000;

/// Lists everything below a group. A group that a link leads back into is named, not entered again.
pub fn h5ls(out: &mut dyn Write, tree: &Tree, path: &str) -> Result<(), Error> {
    let failed = |error| Error::io(tree.path(), "list", error);
    let (path, node) = walk::resolve(tree, path, true)?;
    let Node::Group(group) = node else {
        return Err(Error::missing(tree.path(), format!("group {path}")));
    };
    let mut levels = vec![Level::new(group, path)?];
    let mut lines = 0;
    while let Some(level) = levels.last_mut() {
        let Some(name) = level.names.next() else {
            levels.pop();
            continue;
        };
        lines += 1;
        let path = format!("{}/{name}", level.path.trim_end_matches('/'));
        if lines > MAX_LINES {
            let reason = format!("a listing has {MAX_LINES} lines at most");
            return Err(Error::malformed(tree.path(), Place::Object(path), reason));
        }
        let Some(node) = level.group.child(&name)? else { continue };
        let (real, node) = match node {
            Node::Link(_) => match walk::resolve(tree, &path, true) {
                Ok(found) => found,
                Err(_) => (path, node),
            },
            node => (path, node),
        };
        for _ in 1..levels.len() {
            out.write_all(b"\t").map_err(failed)?;
        }
        match node {
            Node::Group(group) => {
                writeln!(out, "+{name}").map_err(failed)?;
                let above = |level: &Level| {
                    let same = level.token.is_some() && level.token == group.token();
                    same || level.path == real
                };
                if !levels.iter().any(above) && levels.len() < MAX_DEPTH {
                    levels.push(Level::new(group, real)?);
                }
            }
            Node::Dataset(dataset) => {
                dataset_line(out, tree, &name, &dataset.info()?).map_err(failed)?
            }
            Node::Link(Link::Soft(target)) => {
                writeln!(out, "<link \"{name}\" to \"{target}\">").map_err(failed)?;
            }
            Node::Link(Link::External { file, path }) => {
                writeln!(out, "<link \"{name}\" to \"{path}\" of \"{file}\">").map_err(failed)?;
            }
            Node::Other(what) => writeln!(out, "<{what} \"{name}\">").map_err(failed)?,
        }
    }
    Ok(())
}

/// A group whose children are being listed.
struct Level {
    group: Arc<dyn Group>,
    token: Option<super::Token>,
    /// Its path without links.
    path: String,
    names: std::vec::IntoIter<String>,
}

impl Level {
    fn new(group: Arc<dyn Group>, path: String) -> Result<Self, Error> {
        let (names, token) = (group.names()?.into_iter(), group.token());
        Ok(Level { group, token, path, names })
    }
}

fn dataset_line(
    out: &mut dyn Write,
    tree: &Tree,
    name: &str,
    info: &DatasetInfo,
) -> io::Result<()> {
    let kind = if tree.is_hdf5() { "HDF5" } else { "HDF5-like" };
    let (shape, dtype) = (tuple(&info.shape), numpy_type(info));
    writeln!(out, "<{kind} dataset \"{name}\": shape {shape}, type \"{dtype}\">")
}

/// Extents as Python shows a tuple.
fn tuple(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        all => {
            let all: Vec<String> = all.iter().map(usize::to_string).collect();
            format!("({})", all.join(", "))
        }
    }
}

/// The type as numpy abbreviates it, `<f4`; for types that numpy has no such name for, in HDF5's words.
pub fn numpy_type(info: &DatasetInfo) -> String {
    match &info.element {
        Element::Text { .. } => "|O".into(),
        Element::Other(what) => what.clone(),
        Element::Plain(dtype) => {
            dtype.descr(info.storage.as_ref().is_some_and(|storage| storage.big_endian))
        }
    }
}
