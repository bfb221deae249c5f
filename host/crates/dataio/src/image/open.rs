//! Finding the format of a file: by its first bytes, then by its name.

use std::path::Path;

use tierline_report::Limits;

use super::{CODECS, Codec, FileName, HEAD, Hint, Image, Source};
use crate::Error;

/// Opens an image file of any known format.
pub fn open(path: &Path) -> Result<Box<dyn Image>, Error> {
    open_with(path, Limits::default())
}

/// The same with bounds of its own.
pub fn open_with(path: &Path, limits: Limits) -> Result<Box<dyn Image>, Error> {
    let source = Source::open(path, limits)?;
    detect(&source)?.open(source)
}

/// The format of a file: the first codec whose magic fits, else the only one with such names.
pub fn detect(source: &Source) -> Result<&'static dyn Codec, Error> {
    let mut head = vec![0; HEAD];
    let count = source.read_at(0, &mut head)?;
    let hint = Hint { path: source.path(), head: &head[..count] };
    if let Some(codec) = CODECS.iter().find(|codec| codec.sniff(&hint)) {
        return Ok(*codec);
    }
    let unknown = |reason| Error::Unknown { path: source.path().to_path_buf(), reason };
    let names = FileName::parse(source.path()).codecs;
    let found: Vec<&&dyn Codec> =
        CODECS.iter().filter(|codec| names.contains(&codec.name())).collect();
    match found.as_slice() {
        [one] => Ok(**one),
        [] => Err(unknown("no image format has these first bytes or this name".to_owned())),
        many => {
            let names: Vec<&str> = many.iter().map(|codec| codec.name()).collect();
            Err(unknown(format!("by its name this may be {}", names.join(", "))))
        }
    }
}
