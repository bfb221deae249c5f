//! Real recordings, which are not part of the repository.

use std::path::{Path, PathBuf};

/// A file below the shared folder: `TIERLINE_DATA`, else `../shared` beside the repository.
///
/// `None`, with a line that says so, where there is no shared folder.
///
/// # Panics
/// Where `TIERLINE_DATA` is set and the file is not there.
pub fn shared(name: &str) -> Option<PathBuf> {
    let set = std::env::var_os("TIERLINE_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = set.clone().unwrap_or(beside).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(set.is_none(), "{}: not there, but TIERLINE_DATA is set", path.display());
    eprintln!("SKIPPED: no {name} (set TIERLINE_DATA)");
    None
}

/// The bytes of a recording below `data` of the shared folder; `None` as for [`shared`].
///
/// # Panics
/// As [`shared`], and where the file can't be read.
pub fn recording(name: &str) -> Option<Vec<u8>> {
    let path = shared(&format!("data/{name}"))?;
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}
