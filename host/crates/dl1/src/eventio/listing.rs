//! Every object of a file, with a checksum of its content.

use std::path::Path;

use tierline_report::Limits;

use super::header::ObjectHeader;
use super::object::Object;
use super::reader::{End, ObjectReader};
use crate::Error;

/// Deeper objects are not looked into.
pub const MAX_DEPTH: usize = 16;

/// An object of a [`Listing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// How many objects it is inside of.
    pub depth: usize,
    /// Its header.
    pub header: ObjectHeader,
    /// Checksum (CRC-32 of zlib) of its content; `None` if that is objects.
    pub crc32: Option<u32>,
}

/// Objects of a file, in its order; objects inside others follow these.
#[derive(Debug)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<Listed>,
    /// How the file ends.
    pub end: End,
    /// Why it ends there, if not cleanly.
    pub error: Option<Error>,
}

/// Lists the objects of a file, down to those that are no containers.
///
/// Of an object that is not whole, nothing is listed. A container with content that is no objects ends the walk
/// into it, and is the error.
pub fn list_objects(path: &Path, limits: Limits) -> Result<Listing, Error> {
    let mut reader = ObjectReader::open(path, limits)?;
    let mut payload = Vec::new();
    let mut objects = Vec::new();
    let mut error = None;
    loop {
        match reader.next_in(&mut payload) {
            Ok(Some(object)) => {
                let walked = walk(&object, 0, &mut objects);
                error = error.or(walked.err().map(|flaw| flaw.at(path)));
            }
            Ok(None) => break,
            Err(flaw) => {
                error = Some(flaw);
                break;
            }
        }
    }
    let end = match (reader.end(), &error) {
        (Some(End::Clean) | None, Some(_)) => End::Damaged,
        (Some(end), _) => end,
        (None, None) => End::Clean,
    };
    Ok(Listing { objects, end, error })
}

fn walk(
    object: &Object<'_>,
    depth: usize,
    objects: &mut Vec<Listed>,
) -> Result<(), super::ObjectError> {
    let header = object.header;
    let leaf = !header.only_sub_objects;
    let crc32 = leaf.then(|| crc32fast::hash(object.payload));
    objects.push(Listed { depth, header, crc32 });
    if depth < MAX_DEPTH {
        for inner in object.objects() {
            walk(&inner?, depth + 1, objects)?;
        }
    }
    Ok(())
}
