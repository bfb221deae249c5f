//! Blosc, version 1: blocks that were shuffled and compressed one by one.
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 1 | version of the format: 2 |
//! | 1 | 1 | version of the codec's format |
//! | 2 | 1 | flags: 1 shuffled by bytes, 2 stored, 4 shuffled by bits, 16 blocks are not split; codec << 5 |
//! | 3 | 1 | bytes of an element |
//! | 4 | u4 | bytes of the content |
//! | 8 | u4 | bytes of a block |
//! | 12 | u4 | bytes of all of this |
//! | 16 | u4 per block | where the block starts |
//!
//! A block is one part, or as many as an element has bytes; each is its length (u4) and so many bytes, as
//! they are if they are as many as they stand for. Codecs: 0 BloscLZ, 1 LZ4, 2 Snappy, 3 zlib, 4 Zstandard.

use libdeflater::Decompressor;

const HEADER: usize = 16;
const SHUFFLED: u8 = 1;
const STORED: u8 = 2;
const BITS_SHUFFLED: u8 = 4;
const NOT_SPLIT: u8 = 16;
/// Elements have to be so small, and so many, for a block to be split.
const SPLIT_ITEM: usize = 16;
const SPLIT_ELEMENTS: usize = 128;

/// Why a chunk can't be read.
pub(crate) type Refused = String;

/// Reads the content into `out`, which has exactly its size.
pub(crate) fn decode(frame: &[u8], out: &mut Vec<u8>, size: usize) -> Result<(), Refused> {
    let header = Header::new(frame)?;
    if header.bytes != size {
        return Err(format!("Blosc content of {} bytes, not {size}", header.bytes));
    }
    if header.flags & STORED != 0 {
        let content = frame.get(HEADER..HEADER + size).ok_or("a Blosc frame ends early")?;
        out.clear();
        out.extend_from_slice(content);
        return Ok(());
    }
    if header.flags & BITS_SHUFFLED != 0 {
        return Err("Blosc with shuffled bits is not supported".to_owned());
    }
    out.clear();
    out.resize(size, 0);
    let (mut codec, mut scratch) = (Codec::new(header.flags >> 5)?, Vec::new());
    for (index, block) in out.chunks_mut(header.block).enumerate() {
        let at = HEADER + 4 * index;
        let start = usize::try_from(word(frame, at)?).unwrap_or(usize::MAX);
        let content = frame.get(start..).ok_or("a Blosc block starts after its frame")?;
        if header.flags & SHUFFLED != 0 && header.item > 1 {
            scratch.clear();
            scratch.resize(block.len(), 0);
            header.parts(content, &mut scratch, &mut codec)?;
            super::decode::unshuffle(&scratch, block, header.item);
        } else {
            header.parts(content, block, &mut codec)?;
        }
    }
    Ok(())
}

struct Header {
    flags: u8,
    item: usize,
    bytes: usize,
    block: usize,
}

impl Header {
    fn new(frame: &[u8]) -> Result<Self, Refused> {
        let Some([version, _, flags, item, ..]) = frame.get(..HEADER) else {
            return Err(format!("a Blosc frame of {} bytes", frame.len()));
        };
        if *version != 2 {
            return Err(format!("Blosc format version {version}, not 2"));
        }
        let (bytes, block) = (word(frame, 4)? as usize, word(frame, 8)? as usize);
        if block == 0 && bytes > 0 {
            return Err("Blosc blocks of no bytes".to_owned());
        }
        Ok(Header { flags: *flags, item: usize::from(*item), bytes, block: block.max(1) })
    }

    /// Reads the parts of a block.
    fn parts(&self, mut content: &[u8], out: &mut [u8], codec: &mut Codec) -> Result<(), Refused> {
        let whole = out.len() == self.block;
        let split = self.flags & NOT_SPLIT == 0
            && whole
            && (2..=SPLIT_ITEM).contains(&self.item)
            && self.block / self.item >= SPLIT_ELEMENTS
            && self.block.is_multiple_of(self.item);
        let part = if split { out.len() / self.item } else { out.len() };
        for out in out.chunks_mut(part.max(1)) {
            let length = word(content, 0)? as usize;
            let bytes = content.get(4..).and_then(|rest| rest.get(..length));
            let bytes = bytes.ok_or("a Blosc block ends after its frame")?;
            content = &content[4 + length..];
            match length == out.len() {
                true => out.copy_from_slice(bytes),
                false => codec.decode(bytes, out)?,
            }
        }
        Ok(())
    }
}

fn word(bytes: &[u8], at: usize) -> Result<u32, Refused> {
    let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    word.map(|word| u32::from_le_bytes(*word)).ok_or_else(|| "a Blosc frame ends early".to_owned())
}

enum Codec {
    Lz4,
    Zlib(Decompressor),
    Zstd(zstd::bulk::Decompressor<'static>),
}

impl Codec {
    fn new(number: u8) -> Result<Self, Refused> {
        match number {
            1 => Ok(Codec::Lz4),
            3 => Ok(Codec::Zlib(Decompressor::new())),
            4 => {
                zstd::bulk::Decompressor::new().map(Codec::Zstd).map_err(|error| error.to_string())
            }
            0 => Err("Blosc with BloscLZ is not supported".to_owned()),
            2 => Err("Blosc with Snappy is not supported".to_owned()),
            _ => Err(format!("Blosc codec {number} is not known")),
        }
    }

    fn decode(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<(), Refused> {
        let length = match self {
            Codec::Lz4 => {
                lz4_flex::block::decompress_into(bytes, out).map_err(|error| error.to_string())?
            }
            Codec::Zlib(zlib) => {
                zlib.zlib_decompress(bytes, out).map_err(|error| error.to_string())?
            }
            Codec::Zstd(zstd) => {
                zstd.decompress_to_buffer(bytes, &mut *out).map_err(|error| error.to_string())?
            }
        };
        match length == out.len() {
            true => Ok(()),
            false => Err(format!("a Blosc block of {length} bytes, not {}", out.len())),
        }
    }
}
