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
/// Of an object that is not whole, what is there of it is listed, and checksums are of that. A container with
/// content that is no objects ends the walk into it, and is the error.
pub fn list_objects(path: &Path, limits: Limits) -> Result<Listing, Error> {
    let mut reader = ObjectReader::open(path, limits)?;
    let mut payload = Vec::new();
    let mut objects = Vec::new();
    let mut error = None;
    loop {
        let header = match reader.next_header() {
            Ok(Some(header)) => header,
            Ok(None) => break,
            Err(flaw) => {
                error = Some(flaw);
                break;
            }
        };
        let read = reader.read_payload(&mut payload);
        let walked = walk(&Object { header, payload: &payload }, 0, &mut objects);
        match (read, walked) {
            (Err(flaw), _) => {
                error = Some(flaw);
                break;
            }
            (Ok(()), walked) => error = error.or(walked.err().map(|flaw| flaw.at(path))),
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
        let mut inner = object.objects();
        while let Some(found) = inner.next() {
            match found {
                Ok(found) => walk(&found, depth + 1, objects)?,
                Err(flaw) => {
                    if let Some(part) = inner.unfinished() {
                        walk(&part, depth + 1, objects)?;
                    }
                    return Err(flaw);
                }
            }
        }
    }
    Ok(())
}
