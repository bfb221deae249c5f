//! Malformed inputs of our own making, one folder per format: each fixed bug leaves one.

use std::path::{Path, PathBuf};

/// The inputs of a format, with their names, in alphabetical order.
pub fn inputs(format: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bad").join(format.to_lowercase());
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_none_or(|e| e != "md"))
        .collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.iter().filter_map(|p| Some((name(p), std::fs::read(p).ok()?))).collect()
}
