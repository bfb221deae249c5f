//! Reading EDF: an index of blocks, which grows as frames are asked for.

use std::ffi::OsString;
use std::io::Read;
use std::sync::Arc;

use libdeflater::Decompressor;
use tierline_table::DType;

use super::super::super::{Frame, Header, Image, Pixels, Source, Warnings};
use super::header::{Compression, External, General, Layout, parse, stored_size};
use crate::image::compression::byte_offset;
use crate::{Error, Place};

/// A header is read in steps of this many bytes.
const STEP: u64 = 512;
/// Most bytes of a header that does not tell its size.
const MOST_HEADER: u64 = 512 * STEP;

/// An open file.
pub(super) struct EdfImage {
    source: Source,
    blocks: Vec<Block>,
    general: Option<Arc<General>>,
    /// Where the next block is; `None` after the last one.
    next: Option<u64>,
    incomplete: bool,
    warnings: Warnings,
}

/// A frame, by where it is.
struct Block {
    /// Offset and bytes of the header's text.
    text: (u64, u64),
    general: Option<Arc<General>>,
    layout: Result<Layout, String>,
    /// Offset and bytes of the blob.
    blob: (u64, u64),
}

/// A header as it is found.
enum Found {
    /// Offset of its text, the text, and the offset behind it.
    Header { start: u64, text: Vec<u8>, end: u64 },
    /// The file ends.
    End,
    /// It is none; why.
    Bad(String),
}

impl EdfImage {
    /// Reads up to the first frame.
    pub(super) fn open(source: Source) -> Result<Self, Error> {
        let mut image = EdfImage {
            source,
            blocks: Vec::new(),
            general: None,
            next: Some(0),
            incomplete: false,
            warnings: Warnings::default(),
        };
        if let Some(reason) = image.source.broken() {
            image.incomplete = true;
            image.warnings.add(format!("the compression breaks off: {reason}"));
        }
        image.index(1)?;
        if image.blocks.is_empty() {
            return Err(image
                .source
                .malformed(Place::File, "there is no frame: the file is empty"));
        }
        Ok(image)
    }

    /// Reads headers until there are `count` frames or no more.
    fn index(&mut self, count: usize) -> Result<(), Error> {
        while self.blocks.len() < count {
            let Some(offset) = self.next else { break };
            self.next = match find_header(&self.source, offset)? {
                Found::Header { start, text, end } => self.block(start, &text, end),
                Found::End => None,
                Found::Bad(reason) if self.blocks.is_empty() => {
                    let reason = format!("no valid first header: {reason}");
                    return Err(self.source.malformed(Place::Byte(offset), reason));
                }
                Found::Bad(reason) => {
                    self.incomplete = true;
                    self.warnings
                        .add(format!("byte {offset}: {reason}; nothing is read from here"));
                    None
                }
            };
        }
        Ok(())
    }

    /// Takes a block in; returns where the next one is.
    fn block(&mut self, start: u64, text: &[u8], end: u64) -> Option<u64> {
        let (header, dropped) = parse(text);
        let frame = self.blocks.len();
        if dropped > 0 {
            self.warnings.add(format!("frame {frame}: {dropped} pairs are not ASCII and dropped"));
        }
        let size = if header.get("EDF_DataFormatVersion").is_some() {
            if self.general.is_some() {
                self.warnings
                    .add(format!("byte {start}: another general block replaces the first"));
            }
            self.general = Some(Arc::new(General::new(&header)));
            let size = header.text("EDF_BinarySize").and_then(|size| size.parse().ok());
            size.unwrap_or(0)
        } else {
            let general = self.general.clone();
            let layout = Layout::of(&header, general.as_deref());
            let size = stored_size(&header).unwrap_or_else(|| match &layout {
                Ok(layout) if layout.compression == Compression::None => {
                    layout.size().unwrap_or(u64::MAX)
                }
                Ok(_) | Err(_) => {
                    self.warnings
                        .add(format!("frame {frame}: no size of the blob: taken as the last"));
                    self.source.len().saturating_sub(end)
                }
            });
            self.guesses(frame, &layout, size);
            let text = (start, text.len() as u64);
            self.blocks.push(Block { text, general, layout, blob: (end, size) });
            size
        };
        let next = end.saturating_add(size);
        if next > self.source.len() {
            self.incomplete = true;
            let there = self.source.len().saturating_sub(end);
            self.warnings
                .add(format!("byte {end}: the blob has {size} bytes, the file {there} of them"));
            return None;
        }
        Some(next)
    }

    /// Warns of what is guessed or too small in a layout.
    fn guesses(&mut self, frame: usize, layout: &Result<Layout, String>, size: u64) {
        match layout {
            Ok(layout) => {
                for guess in &layout.guesses {
                    self.warnings.add(format!("frame {frame}: {guess}"));
                }
                let plain = layout.compression == Compression::None && layout.external.is_none();
                let needed = layout.size().unwrap_or(u64::MAX);
                if plain && size < needed {
                    let why = "what is missing is zero";
                    self.warnings.add(format!("frame {frame}: {size} bytes for {needed}: {why}"));
                }
            }
            Err(reason) => self.warnings.add(format!("frame {frame}: {reason}")),
        }
    }

    /// Indexes up to a frame.
    fn find(&mut self, index: usize) -> Result<(), Error> {
        self.index(index.saturating_add(1))?;
        if index < self.blocks.len() {
            return Ok(());
        }
        let what = format!("frame {index}: the file has {}", self.blocks.len());
        Err(Error::missing(self.source.path(), what))
    }

    /// The pixels of an indexed frame.
    fn pixels(&mut self, index: usize) -> Result<Pixels, Error> {
        let block = &self.blocks[index];
        let layout = block.layout.as_ref().map_err(|reason| {
            Error::malformed(self.source.path(), Place::Frame(index), reason.as_str())
        })?;
        let size =
            self.source.size(&format!("frame {index}"), &layout.shape, layout.dtype.size())?;
        let external;
        let (source, (offset, stored)) = match &layout.external {
            None => (&self.source, block.blob),
            Some(part) => {
                external = open_external(&self.source, part)?;
                (&external, (part.position, part.size.unwrap_or(size as u64)))
            }
        };
        let read = match &layout.compression {
            Compression::None | Compression::Unknown(_) => {
                let mut data = source.bytes(offset, stored.min(size as u64))?;
                let count = data.len();
                data.resize(size, 0);
                Unpacked { data, count }
            }
            packing => {
                let packed = source.bytes(offset, stored)?;
                unpack(packing, &packed, size, layout.dtype.size())
            }
        };
        if read.count < size {
            let count = read.count;
            self.warnings.add(format!("frame {index}: {count} bytes of {size}: the rest is zero"));
        }
        if let Compression::Unknown(name) = &layout.compression {
            self.warnings.add(format!("frame {index}: Compression '{name}' is taken as none"));
        }
        Ok(Pixels::from_file(layout.dtype, layout.shape.clone(), read.data, layout.big_endian))
    }
}

impl Image for EdfImage {
    fn frames(&mut self) -> Result<usize, Error> {
        self.index(usize::MAX)?;
        Ok(self.blocks.len())
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let header = self.header(index)?;
        Ok(Frame { pixels: self.pixels(index)?, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.find(index)?;
        let block = &self.blocks[index];
        let text = self.source.exact(block.text.0, block.text.1, "the header")?;
        let (own, _) = parse(&text);
        Ok(match &block.general {
            None => own,
            Some(general) => general.complete(own),
        })
    }

    fn layout(&mut self, index: usize) -> Result<(DType, Vec<usize>), Error> {
        self.find(index)?;
        let layout = self.blocks[index].layout.as_ref().map_err(|reason| {
            Error::malformed(self.source.path(), Place::Frame(index), reason.as_str())
        })?;
        Ok((layout.dtype, layout.shape.clone()))
    }

    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete
    }
}

/// The other file of a frame: the name, else with `.gz`, in the folder of the first.
fn open_external(source: &Source, part: &External) -> Result<Source, Error> {
    let path = source.path().with_file_name(&part.name);
    if !path.exists() {
        let mut packed = OsString::from(&part.name);
        packed.push(".gz");
        let packed = source.path().with_file_name(packed);
        if packed.exists() {
            return Source::open(&packed, *source.limits());
        }
    }
    Source::open(&path, *source.limits())
}

/// Pixels as bytes, zero behind the first `count`.
struct Unpacked {
    data: Vec<u8>,
    count: usize,
}

/// Unpacks `size` bytes of elements of `item` bytes; what is too many is left out.
fn unpack(packing: &Compression, packed: &[u8], size: usize, item: usize) -> Unpacked {
    let mut data = vec![0; size];
    let whole = match packing {
        Compression::Gzip => Decompressor::new().gzip_decompress(packed, &mut data).ok(),
        Compression::Zlib => Decompressor::new().zlib_decompress(packed, &mut data).ok(),
        Compression::ByteOffset => {
            let count = byte_offset::decode(packed, &mut data, item).elements * item;
            return Unpacked { data, count };
        }
        Compression::None | Compression::Unknown(_) | Compression::Bzip2 => None,
    };
    if let Some(count) = whole.filter(|count| *count == size) {
        return Unpacked { data, count };
    }
    // Broken, longer than needed, padded or of several members: as far as it goes.
    let mut stream: Box<dyn Read> = match packing {
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
        Compression::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(packed)),
        _ => Box::new(bzip2::bufread::MultiBzDecoder::new(packed)),
    };
    data.fill(0);
    let mut count = 0;
    while count < size {
        match stream.read(&mut data[count..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => count += more,
        }
    }
    data[count..].fill(0);
    Unpacked { data, count }
}

/// Looks for a header at an offset.
fn find_header(source: &Source, offset: u64) -> Result<Found, Error> {
    let mut text = source.bytes(offset, STEP)?;
    if text.is_empty() {
        return Ok(Found::End);
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let Some(start) = text.iter().position(|byte| *byte == b'{') else {
        let is_end = (text.len() as u64) < STEP && text.iter().all(blank);
        return Ok(if is_end {
            Found::End
        } else {
            Found::Bad("a header begins with '{', there is none".to_owned())
        });
    };
    if !text[..start].iter().all(blank) {
        return Ok(Found::Bad("there is something else before the '{' of a header".to_owned()));
    }
    let mut from = start + 1;
    let mut most = MOST_HEADER;
    loop {
        if let Some((close, end)) = find_end(&text, from) {
            text.truncate(close);
            text.drain(..=start);
            return Ok(Found::Header {
                start: offset + start as u64 + 1,
                text,
                end: offset + end as u64,
            });
        }
        if from == start + 1 {
            let claimed = claimed_size(&text[from..]).unwrap_or(0);
            most = most.max(claimed.min(source.limits().max_header));
        }
        // The end may be cut: `}` or `}\r` are looked at again.
        from = text.len().saturating_sub(2).max(start + 1);
        let more = source.bytes(offset + text.len() as u64, STEP)?;
        if more.is_empty() {
            return Ok(Found::Bad("a header has no end".to_owned()));
        }
        if text.len() as u64 + more.len() as u64 > most {
            return Ok(Found::Bad(format!("a header has no end within {most} bytes")));
        }
        text.extend_from_slice(&more);
    }
}

/// Where a header's text ends, and its block: at `}`, with `\n` or `\r\n`.
fn find_end(text: &[u8], from: usize) -> Option<(usize, usize)> {
    memchr::memchr_iter(b'}', &text[from..]).find_map(|place| {
        let close = from + place;
        match text.get(close + 1..)? {
            [b'\n', ..] => Some((close, close + 2)),
            [b'\r', b'\n', ..] => Some((close, close + 3)),
            _ => None,
        }
    })
}

/// The size that a header's first step tells.
fn claimed_size(text: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"EDF_HeaderSize";
    let after = &text[memchr::memmem::find(text, KEY)? + KEY.len()..];
    let after = &after[memchr::memchr(b'=', after)? + 1..];
    let value = &after[..memchr::memchr(b';', after)?];
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}
