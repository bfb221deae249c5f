//! Real recordings, which are not part of the repository.

use std::path::{Path, PathBuf};

/// A recording below `data` of the shared folder: `TIERLINE_DATA`, else `../shared` beside the repository.
///
/// `None`, with a line that says so, where there is no shared folder.
///
/// # Panics
/// Where `TIERLINE_DATA` is set and the file is not there.
pub fn recording(name: &str) -> Option<Vec<u8>> {
    let set = std::env::var_os("TIERLINE_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = set.clone().unwrap_or(beside).join("data").join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if set.is_some() => panic!("{}: {error}", path.display()),
        Err(_) => {
            eprintln!("SKIPPED: no recording {name} (set TIERLINE_DATA)");
            None
        }
    }
}
