//! The bytes of a file: in place, or unpacked in memory.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use tierline_report::{LimitKind, Limits};

use crate::Error;
use crate::error::Place;

/// Files up to this size are read as a whole.
const SMALL: u64 = 16 << 20;

/// Where bytes come from.
#[derive(Debug)]
pub(super) enum Source {
    Memory(Vec<u8>),
    Disk(File, u64),
}

impl Source {
    /// Opens a file; what is packed by gzip, bzip2 or Zstandard, as its first bytes tell, is unpacked.
    pub(super) fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let place = Place::file(path);
        let mut file = File::open(path).map_err(|error| place.io("open it", error))?;
        let about = file.metadata().map_err(|error| place.io("look at it", error))?;
        if !about.is_file() {
            return Err(place.parameter("is not a file"));
        }
        let mut start = Vec::new();
        let read = |error| place.io("read it", error);
        (&mut file).take(4).read_to_end(&mut start).map_err(read)?;
        file.seek(SeekFrom::Start(0)).map_err(read)?;
        let packed = Packed::of(&start);
        if packed.is_none() && about.len() > SMALL {
            return Ok(Source::Disk(file, about.len()));
        }
        place.check(limits, LimitKind::Allocation, "file", about.len())?;
        let mut bytes = Vec::with_capacity(about.len() as usize);
        file.take(limits.max_allocation).read_to_end(&mut bytes).map_err(read)?;
        Self::of_bytes(bytes, &place, limits)
    }

    /// Bytes in memory, unpacked if they are packed.
    pub(super) fn of_bytes(bytes: Vec<u8>, place: &Place, limits: &Limits) -> Result<Self, Error> {
        Ok(Source::Memory(match Packed::of(&bytes) {
            None => bytes,
            Some(packed) => packed.unpack(&bytes, place, limits)?,
        }))
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::Disk(_, length) => *length,
        }
    }

    /// Bytes from an offset on, fewer at the end of the file. The caller has compared the size with the limits.
    pub(super) fn read(&mut self, from: u64, count: u64, place: &Place) -> Result<Cow<'_>, Error> {
        let count = count.min(self.len().saturating_sub(from));
        match self {
            Source::Memory(bytes) => {
                let from = (from as usize).min(bytes.len());
                Ok(Cow::Borrowed(&bytes[from..from + count as usize]))
            }
            Source::Disk(file, _) => {
                let mut bytes = Vec::with_capacity(count as usize);
                file.seek(SeekFrom::Start(from))
                    .and_then(|_| file.take(count).read_to_end(&mut bytes))
                    .map_err(|error| place.io("read it", error))?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// Whether a file is one of FITS, packed or not, by its first bytes.
///
/// # Errors
/// Where it can't be read.
pub fn is_fits(path: &Path) -> Result<bool, Error> {
    /// What a file starts with.
    const START: &[u8] = b"SIMPLE  =";
    let place = Place::file(path);
    let mut file = File::open(path).map_err(|error| place.io("open it", error))?;
    let about = file.metadata().map_err(|error| place.io("look at it", error))?;
    if !about.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    let read = |error| place.io("read it", error);
    (&mut file).take(START.len() as u64).read_to_end(&mut start).map_err(read)?;
    let Some(packed) = Packed::of(&start) else { return Ok(start == START) };
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let mut unpacked = [0; START.len()];
    let file = std::io::BufReader::new(file);
    let done = match packed {
        Packed::Gzip => flate2::bufread::GzDecoder::new(file).read_exact(&mut unpacked),
        Packed::Bzip2 => bzip2::bufread::BzDecoder::new(file).read_exact(&mut unpacked),
        Packed::Zstd => zstd::stream::read::Decoder::with_buffer(file)
            .and_then(|mut decoder| decoder.read_exact(&mut unpacked)),
    };
    Ok(done.is_ok() && unpacked == START)
}

pub(super) type Cow<'a> = std::borrow::Cow<'a, [u8]>;

#[derive(Debug, Clone, Copy)]
enum Packed {
    Gzip,
    Bzip2,
    Zstd,
}

impl Packed {
    fn of(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Packed::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Packed::Bzip2),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packed::Zstd),
            _ => None,
        }
    }

    fn unpack(self, packed: &[u8], place: &Place, limits: &Limits) -> Result<Vec<u8>, Error> {
        if let Packed::Gzip = self
            && let Some(bytes) = one_member(packed, limits)
        {
            return Ok(bytes);
        }
        match self {
            Packed::Gzip => {
                take_all(flate2::bufread::MultiGzDecoder::new(packed), "gzip", place, limits)
            }
            Packed::Bzip2 => {
                take_all(bzip2::bufread::MultiBzDecoder::new(packed), "bzip2", place, limits)
            }
            Packed::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(Cursor::new(packed))
                    .map_err(|error| place.io("unpack it as Zstandard", error))?;
                take_all(decoder, "Zstandard", place, limits)
            }
        }
    }
}

/// The content of a gzip file of one member, as nearly all are; its length is in the last four bytes.
fn one_member(packed: &[u8], limits: &Limits) -> Option<Vec<u8>> {
    /// Deflate packs no better than this.
    const MOST_PACKED: u64 = 1032;
    let length = u32::from_le_bytes(*packed.last_chunk()?);
    let sum = u32::from_le_bytes(*packed[..packed.len() - 4].last_chunk()?);
    let most = (packed.len() as u64).saturating_mul(MOST_PACKED).min(limits.max_allocation);
    if u64::from(length) > most {
        return None;
    }
    let mut bytes = vec![0; length as usize];
    let count = libdeflater::Decompressor::new().gzip_decompress(packed, &mut bytes).ok()?;
    // The first of several members would have another length or sum, but by chance.
    (count == bytes.len() && libdeflater::crc32(&bytes) == sum).then_some(bytes)
}

fn take_all(from: impl Read, what: &str, place: &Place, limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = from.take(limits.max_allocation.saturating_add(1)).read_to_end(&mut bytes);
    place.check(limits, LimitKind::Allocation, "unpacked file", bytes.len() as u64)?;
    match read {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Err(place.truncated(format!("{what}: {error}")))
        }
        Err(error) => Err(place.malformed(format!("{what}: {error}"))),
    }
}
