//! TIFF: directories of tags, each of which describes one image.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 2 | `II` (low byte first) or `MM` |
//! | 2 | 2 | 42, or 43 for BigTIFF |
//! | 4 | 4 | offset of the first directory (BigTIFF: 8, 0 at 4, and 8 bytes at 8) |
//!
//! A directory is the number of its entries (2 bytes; BigTIFF 8), the entries (tag 2, type 2, count 4 or
//! 8, value or its offset 4 or 8), and the offset of the next directory, 0 after the last.
//!
//! Strips that are not packed or by PackBits are read here: 1 to 64 bit, unsigned, signed or float,
//! samples of a pixel together or in planes, with or without colormap. Tiles, LZW, deflate, zstd and
//! JPEG are decoded by the `tiff` crate. The keys of the header are those of fabio.

mod directory;
mod pixels;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashSet;

use directory::{Layout, Tags};
pub(super) use write::TIF_WRITER;

use super::super::{Codec, Encoder, Frame, Header, Hint, Image, Source, Warnings};
use crate::{Error, Place};

/// The format.
#[derive(Debug)]
pub struct Tif;

impl Codec for Tif {
    fn name(&self) -> &'static str {
        "tif"
    }

    fn description(&self) -> &'static str {
        "Tagged image file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["tif", "tiff"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        [b"MM\0*", b"MM\0+", b"MM+\0", b"II*\0", b"II+\0"]
            .iter()
            .any(|magic| hint.head.starts_with(*magic))
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(TifImage::open(source, Box::new(|header| header))?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&TIF_WRITER)
    }
}

/// What a kind of TIFF makes of the header of its tags.
pub(super) type MakeHeader = Box<dyn Fn(Header) -> Header + Send>;

/// An open file: directories are looked for as frames are asked for.
pub(super) struct TifImage {
    source: Source,
    layout: Layout,
    make_header: MakeHeader,
    /// Offsets of the directories.
    directories: Vec<u64>,
    known: HashSet<u64>,
    /// Offset of the next directory; 0 after the last.
    next: u64,
    incomplete: bool,
    warnings: Warnings,
}

impl TifImage {
    pub(super) fn open(source: Source, make_header: MakeHeader) -> Result<Self, Error> {
        let (layout, next) = Layout::read(&source)?;
        let mut image = TifImage {
            source,
            layout,
            make_header,
            directories: Vec::new(),
            known: HashSet::new(),
            next,
            incomplete: false,
            warnings: Warnings::default(),
        };
        if next == 0 {
            return Err(image.source.malformed(Place::Byte(4), "there is no directory"));
        }
        image.tags(0)?;
        Ok(image)
    }

    /// Looks for directories until there are `count` or no more.
    fn index(&mut self, count: usize) -> Result<(), Error> {
        while self.next != 0 && self.directories.len() < count {
            let offset = self.next;
            if !self.known.insert(offset) {
                self.end(offset, "a directory comes again");
                break;
            }
            match self.layout.next_directory(&self.source, offset) {
                Ok(next) => {
                    self.directories.push(offset);
                    self.next = next;
                }
                Err(error) if self.directories.is_empty() => return Err(error),
                Err(error @ (Error::Io { .. } | Error::Report(_))) => return Err(error),
                Err(_) => self.end(offset, "the file ends within a directory"),
            }
        }
        Ok(())
    }

    fn end(&mut self, offset: u64, why: &str) {
        self.next = 0;
        self.incomplete = true;
        self.warnings.add(format!("byte {offset}: {why}"));
    }

    fn tags(&mut self, index: usize) -> Result<Tags, Error> {
        self.index(index.saturating_add(1))?;
        let Some(offset) = self.directories.get(index) else {
            let what = format!("frame {index}: the file has {}", self.directories.len());
            return Err(Error::missing(self.source.path(), what));
        };
        Tags::read(&self.source, self.layout, *offset, index)
    }

    /// The header of a frame.
    fn header_of(&mut self, index: usize, tags: &Tags) -> Result<Header, Error> {
        let count = if tags.description.is_none() { self.frames()? } else { 0 };
        Ok((self.make_header)(tags.header(index, count)))
    }
}

impl Image for TifImage {
    fn frames(&mut self) -> Result<usize, Error> {
        self.index(usize::MAX)?;
        Ok(self.directories.len())
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let tags = self.tags(index)?;
        let header = self.header_of(index, &tags)?;
        let pixels = if tags.is_own() {
            let (pixels, missing) = pixels::strips(&self.source, self.layout, &tags, index)?;
            if missing > 0 {
                self.incomplete = true;
                self.warnings.add(format!("frame {index}: {missing} bytes are missing and zero"));
            }
            pixels
        } else {
            pixels::by_library(&self.source, &tags, index)?
        };
        Ok(Frame { pixels, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        let tags = self.tags(index)?;
        self.header_of(index, &tags)
    }

    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete
    }
}
