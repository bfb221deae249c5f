//! An object in memory, and the objects inside it.

use super::cursor::Cursor;
use super::error::ObjectError;
use super::header::{EXTENSION_LEN, ObjectHeader, WORDS_LEN};

/// An object with its content, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    /// Header.
    pub header: ObjectHeader,
    /// Content, in the file's order of bytes.
    pub payload: &'a [u8],
}

/// An object with its content, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedObject {
    /// Header.
    pub header: ObjectHeader,
    /// Content, in the file's order of bytes.
    pub payload: Vec<u8>,
}

impl OwnedObject {
    /// Borrows it.
    pub fn view(&self) -> Object<'_> {
        Object { header: self.header, payload: &self.payload }
    }
}

impl<'a> Object<'a> {
    /// Reads the content from its start.
    pub fn cursor(&self) -> Cursor<'a> {
        Cursor::new(self.header, self.payload)
    }

    /// The objects inside, if the content is nothing but objects; none otherwise.
    pub fn objects(&self) -> Objects<'a> {
        let rest = if self.header.only_sub_objects { self.payload } else { &[] };
        Objects { outer: self.header, rest, offset: self.header.content_offset, unfinished: None }
    }

    /// A copy.
    pub fn to_owned(&self) -> OwnedObject {
        OwnedObject { header: self.header, payload: self.payload.to_vec() }
    }

    /// Refuses versions that are not in the list.
    pub fn check_version(&self, name: &str, versions: &[u16]) -> Result<(), ObjectError> {
        if versions.contains(&self.header.version) {
            return Ok(());
        }
        let reason = format!("{name} is read in the versions {versions:?} only");
        Err(ObjectError::unsupported(&self.header, reason))
    }
}

/// The objects inside another, one after the other.
///
/// After an error there are no more: without a length the next one can't be found.
#[derive(Debug, Clone)]
pub struct Objects<'a> {
    outer: ObjectHeader,
    rest: &'a [u8],
    offset: u64,
    unfinished: Option<Object<'a>>,
}

impl<'a> Objects<'a> {
    /// After an error, what there is of an object whose content ends early.
    pub fn unfinished(&self) -> Option<Object<'a>> {
        self.unfinished
    }

    /// Objects in the rest of a content that begins with other things.
    pub(crate) fn in_rest(outer: ObjectHeader, rest: &'a [u8]) -> Self {
        let before = (outer.length).saturating_sub(rest.len() as u64);
        let offset = outer.content_offset.saturating_add(before);
        Objects { outer, rest, offset, unfinished: None }
    }

    fn take(&mut self) -> Result<Object<'a>, ObjectError> {
        let short = |found: usize| {
            let reason = format!("{found} bytes remain, too few for the header of an object");
            ObjectError::truncated(&self.outer, reason)
        };
        let order = self.outer.order;
        let (words, rest) =
            self.rest.split_first_chunk::<WORDS_LEN>().ok_or_else(|| short(self.rest.len()))?;
        let (extension, rest) = if ObjectHeader::is_extended(order, words) {
            let (extension, rest) =
                rest.split_first_chunk::<EXTENSION_LEN>().ok_or_else(|| short(self.rest.len()))?;
            (Some(*extension), rest)
        } else {
            (None, rest)
        };
        let header = ObjectHeader::parse(order, words, extension, false, self.offset);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let (payload, rest) = rest.split_at_checked(length).ok_or_else(|| {
            self.unfinished = Some(Object { header, payload: rest });
            let found = rest.len();
            let outer = self.outer.kind;
            let reason =
                format!("{length} bytes of content, but object {outer} has only {found} more");
            ObjectError::truncated(&header, reason)
        })?;
        self.rest = rest;
        self.offset = header.content_offset.saturating_add(header.length);
        Ok(Object { header, payload })
    }
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, ObjectError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let object = self.take();
        if object.is_err() {
            self.rest = &[];
        }
        Some(object)
    }
}
