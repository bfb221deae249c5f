//! Objects of a stream, one after the other.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tierline_report::{LimitKind, Limits};

use super::header::{ByteOrder, EXTENSION_LEN, MARKER_LEN, ObjectHeader, WORDS_LEN};
use super::input::Input;
use super::object::{Object, OwnedObject};
use crate::{Error, Place};

/// A stream in which bytes can be passed over.
pub trait Skip: Read + Sized {
    /// Passes over up to `n` bytes, fewer only where the stream ends. Returns how many.
    fn skip(&mut self, n: u64) -> io::Result<u64> {
        io::copy(&mut self.by_ref().take(n), &mut io::sink())
    }
}

impl Skip for &[u8] {}

impl<T: AsRef<[u8]>> Skip for io::Cursor<T> {}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After a whole object.
    Clean,
    /// The compressed stream breaks off, but behind a whole object.
    TruncatedBetween,
    /// Inside an object.
    TruncatedInside,
    /// Something else than an object follows, or the compressed data are damaged.
    Damaged,
}

/// Reads the objects of a stream that are not inside others, from front to back.
///
/// [`next_header`](Self::next_header) finds the next one, then [`read_payload`](Self::read_payload) reads its
/// content, [`enter`](Self::enter) goes on with the objects inside it, or nothing does and it is passed over.
/// After an error there are no more objects.
pub struct ObjectReader<R> {
    stream: R,
    path: PathBuf,
    limits: Limits,
    offset: u64,
    pending: Option<ObjectHeader>,
    /// Objects that were entered: where they end, and their order of bytes.
    inside: Vec<(u64, ByteOrder)>,
    end: Option<End>,
}

impl ObjectReader<Input> {
    /// Opens a file, compressed or not.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        Ok(Self::new(Input::open(path, &limits)?, path, limits))
    }
}

impl<R: Skip> ObjectReader<R> {
    /// Reads a stream. `path` names it in errors.
    pub fn new(stream: R, path: &Path, limits: Limits) -> Self {
        ObjectReader {
            stream,
            path: path.to_path_buf(),
            limits,
            offset: 0,
            pending: None,
            inside: Vec::new(),
            end: None,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the decompressed stream that were read or passed over.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// How the stream ended, if it has.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Header of the next object; `None` at a clean end.
    ///
    /// # Errors
    /// [`Error::Truncated`] where the stream ends early (see [`end`](Self::end)), [`Error::Malformed`] where
    /// something else follows.
    pub fn next_header(&mut self) -> Result<Option<ObjectHeader>, Error> {
        if let Some(header) = self.pending.take() {
            self.pass(&header)?;
        }
        if self.end.is_some() {
            return Ok(None);
        }
        let start = self.offset;
        while self.inside.pop_if(|(end, _)| *end <= start).is_some() {}
        if let Some((end, order)) = self.inside.last().copied() {
            return self.header_inside(start, end, order).map(Some);
        }
        let mut marker = [0; MARKER_LEN];
        match self.fill(&mut marker) {
            Ok(MARKER_LEN) => {}
            Ok(0) => {
                self.end = Some(End::Clean);
                return Ok(None);
            }
            Ok(n) => return Err(self.ends_inside(start, format!("{n} bytes of a marker"))),
            Err(error) if self.offset == start => {
                return Err(self.broken(start, error, End::TruncatedBetween));
            }
            Err(error) => return Err(self.broken(start, error, End::TruncatedInside)),
        }
        let Some(order) = ByteOrder::of_marker(marker) else {
            self.end = Some(End::Damaged);
            let reason =
                format!("{marker:02x?} where an object of eventio begins with 37 8a 1f d4");
            return Err(Error::malformed(&self.path, Place::Byte(start), reason));
        };
        let header = self.words(order, true, start)?;
        self.pending = Some(header);
        Ok(Some(header))
    }

    /// Goes into the object that [`next_header`](Self::next_header) found: the next ones are those inside it.
    pub fn enter(&mut self) {
        if let Some(header) = self.pending.take() {
            self.inside.push((self.offset.saturating_add(header.length), header.order));
        }
    }

    /// How many objects are around the next ones.
    pub fn depth(&self) -> usize {
        self.inside.len()
    }

    /// Header of an object inside another one, which ends at `end`.
    fn header_inside(
        &mut self,
        start: u64,
        end: u64,
        order: ByteOrder,
    ) -> Result<ObjectHeader, Error> {
        let header = self.words(order, false, start)?;
        if self.offset.saturating_add(header.length) > end {
            self.end = Some(End::Damaged);
            let (length, room) = (header.length, end.saturating_sub(self.offset));
            let reason = format!("{length} bytes of content in an object that has {room} left");
            return Err(Error::malformed(&self.path, header.place(), reason));
        }
        self.pending = Some(header);
        Ok(header)
    }

    fn words(&mut self, order: ByteOrder, top: bool, start: u64) -> Result<ObjectHeader, Error> {
        let mut words = [0; WORDS_LEN];
        self.fill_all(&mut words, start)?;
        let mut extension = None;
        if ObjectHeader::is_extended(order, &words) {
            let mut bytes = [0; EXTENSION_LEN];
            self.fill_all(&mut bytes, start)?;
            extension = Some(bytes);
        }
        Ok(ObjectHeader::parse(order, &words, extension, top, start))
    }

    /// Content of the object that [`next_header`](Self::next_header) found, in place of what is in `payload`.
    /// Without such an object, nothing.
    ///
    /// # Errors
    /// [`Error::Truncated`] where the stream ends early; `payload` has then what there is.
    pub fn read_payload(&mut self, payload: &mut Vec<u8>) -> Result<(), Error> {
        payload.clear();
        let Some(header) = self.pending.take() else { return Ok(()) };
        let what = format!("{}: object {}", self.path.display(), header.kind);
        if let Err(error) = self.limits.check(LimitKind::Packet, &what, header.length) {
            self.end = Some(End::Damaged);
            return Err(error.into());
        }
        // What the length claims is taken in advance only up to a size that does not matter.
        payload.reserve(usize::try_from(header.length).unwrap_or(0).min(1 << 24));
        let read = self.stream.by_ref().take(header.length).read_to_end(payload);
        self.offset = self.offset.saturating_add(payload.len() as u64);
        match read {
            Ok(n) if n as u64 == header.length => Ok(()),
            Ok(n) => Err(self.short(&header, n as u64)),
            Err(error) => {
                Err(self.broken_at(header.place(), header.offset(), error, End::TruncatedInside))
            }
        }
    }

    /// The next object with its content; `None` at a clean end.
    pub fn next_object(&mut self) -> Result<Option<OwnedObject>, Error> {
        let Some(header) = self.next_header()? else { return Ok(None) };
        let mut payload = Vec::new();
        self.read_payload(&mut payload)?;
        Ok(Some(OwnedObject { header, payload }))
    }

    /// The next object with its content in memory that is used again; `None` at a clean end.
    pub fn next_in<'a>(&mut self, payload: &'a mut Vec<u8>) -> Result<Option<Object<'a>>, Error> {
        let Some(header) = self.next_header()? else { return Ok(None) };
        self.read_payload(payload)?;
        Ok(Some(Object { header, payload }))
    }

    fn pass(&mut self, header: &ObjectHeader) -> Result<(), Error> {
        match self.stream.skip(header.length) {
            Ok(n) => {
                self.offset = self.offset.saturating_add(n);
                if n == header.length { Ok(()) } else { Err(self.short(header, n)) }
            }
            Err(error) => {
                Err(self.broken_at(header.place(), header.offset(), error, End::TruncatedInside))
            }
        }
    }

    fn short(&mut self, header: &ObjectHeader, found: u64) -> Error {
        self.end = Some(End::TruncatedInside);
        let reason = format!("{} bytes of content wanted, {found} there", header.length);
        Error::truncated(&self.path, header.place(), reason)
    }

    fn ends_inside(&mut self, start: u64, reason: String) -> Error {
        self.end = Some(End::TruncatedInside);
        Error::truncated(&self.path, Place::Byte(start), format!("{reason} of an object there"))
    }

    fn broken(&mut self, start: u64, error: io::Error, end: End) -> Error {
        self.broken_at(Place::Byte(start), start, error, end)
    }

    fn broken_at(&mut self, place: Place, start: u64, error: io::Error, end: End) -> Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                self.end = Some(end);
                let whole = if end == End::TruncatedBetween { "whole objects" } else { "content" };
                let reason = format!("compressed data break off behind {start} bytes of {whole}");
                Error::truncated(&self.path, place, reason)
            }
            io::ErrorKind::InvalidData => {
                self.end = Some(End::Damaged);
                Error::malformed(&self.path, place, format!("compressed data are damaged: {error}"))
            }
            _ => {
                self.end = Some(End::Damaged);
                Error::io(&self.path, "read it", error)
            }
        }
    }

    fn fill_all(&mut self, bytes: &mut [u8], start: u64) -> Result<(), Error> {
        match self.fill(bytes) {
            Ok(n) if n == bytes.len() => Ok(()),
            Ok(_) => Err(self.ends_inside(start, "a part of the header".into())),
            Err(error) => Err(self.broken(start, error, End::TruncatedInside)),
        }
    }

    /// Reads until `bytes` are full or the stream ends.
    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < bytes.len() {
            match self.stream.read(&mut bytes[done..]) {
                Ok(0) => break,
                Ok(n) => {
                    done += n;
                    self.offset = self.offset.saturating_add(n as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}
