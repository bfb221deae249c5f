//! What an input is: by order, by its bytes, by its name.

use std::path::Path;

use tierline_core::{FORMATS, FormatInfo, Sniff};

use crate::error::{Error, Result};

/// Bytes looked at.
pub const LOOK: usize = 4096;

/// Extensions of packed files, which say nothing of the content.
const PACKED: [&str; 4] = ["gz", "bz2", "zst", "zstd"];

/// The format that a stream type (or a format's name) means.
///
/// # Errors
/// Where there is none of that name.
pub fn by_name(name: &str) -> Result<&'static FormatInfo> {
    let same = |f: &&&FormatInfo| {
        f.stream_type.eq_ignore_ascii_case(name) || f.name.eq_ignore_ascii_case(name)
    };
    FORMATS.iter().find(same).copied().ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|f| f.stream_type).collect();
        let reason = format!("'{name}' is no stream type; known are {}", known.join(", "));
        Error::Parameter { name: "--stream-type", reason }
    })
}

/// The format that a file name tells, below `.gz` and the like.
pub fn by_extension(path: &Path) -> Option<&'static FormatInfo> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let mut parts: Vec<&str> = name.split('.').skip(1).collect();
    if parts.last().is_some_and(|last| PACKED.contains(last)) {
        parts.pop();
    }
    let extension = parts.pop()?;
    FORMATS.iter().find(|f| f.extensions.contains(&extension)).copied()
}

/// The format of an input, from its first bytes and its name. `settings`: a settings file comes with it.
///
/// # Errors
/// Where nothing, or nothing unambiguous, says what it is.
pub fn sniff(path: &Path, first: &[u8], settings: bool) -> Result<&'static FormatInfo> {
    if first.is_empty() {
        return Err(Error::Empty { path: path.to_path_buf() });
    }
    let of = |wanted: Sniff| FORMATS.iter().filter(move |f| (f.sniff)(first) == wanted);
    if let Some(format) = of(Sniff::Magic).next() {
        return Ok(format);
    }
    if settings && let Some(format) = FORMATS.iter().find(|f| f.settings) {
        return Ok(format);
    }
    if let Some(format) = by_extension(path) {
        return Ok(format);
    }
    let mut weak = of(Sniff::Weak);
    match (weak.next(), weak.next()) {
        (Some(format), None) => Ok(format),
        _ => Err(Error::UnknownFormat {
            path: path.to_path_buf(),
            first: first.get(..first.len().min(8)).unwrap_or(first).to_vec(),
            known: FORMATS.iter().map(|f| f.name).collect::<Vec<_>>().join(", "),
        }),
    }
}
