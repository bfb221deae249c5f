//! Blocks, their directory, checkpoints and the tail, as bytes (the byte table is that of [`super`]).

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tierline_core::Fate;

use super::varint::{self, signed, unsigned};
use crate::stream::{Place, Stretch};

/// First and last bytes of an index.
pub(super) const MAGIC: [u8; 8] = *b"\x89TLX\r\n\x1a\n";
/// Version of the layout, and of what the assemblers save.
pub(super) const VERSION: u32 = 1;
/// Bytes before the first block: magic, version, zeros.
pub(super) const HEAD: u64 = 16;
/// Bytes after the tail.
pub(super) const TRAILER: usize = 32;
/// Packet numbers of a block.
pub(super) const BLOCK: u64 = 4096;
/// Entries of a page of the directory.
pub(super) const PAGE: u64 = 1024;
/// Bytes of a directory entry.
pub(super) const ENTRY: usize = 32;
/// No block, checkpoint or tail is longer, bytes.
pub(super) const MOST: u64 = 32 << 20;
/// Headers, stretches of garbage and checkpoints that are kept at most.
pub(super) const MANY: usize = 1 << 16;
/// Bytes at either end of the recording that tell it from others.
pub(super) const ENDS: u64 = 64 << 10;

/// What packets have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Class {
    pub(super) kind: u32,
    pub(super) decoder: u8,
    /// 0 rows, 1 header, 2 skipped, 3 garbage.
    fate: u8,
}

impl Class {
    pub(super) fn new(kind: u32, decoder: u8, fate: Option<Fate>) -> Self {
        let fate = match fate {
            Some(Fate::Rows) => 0,
            Some(Fate::Header) => 1,
            Some(Fate::Skipped) => 2,
            None => 3,
        };
        Class { kind, decoder, fate }
    }

    pub(super) fn fate(&self) -> Option<Fate> {
        [Fate::Rows, Fate::Header, Fate::Skipped].get(usize::from(self.fate)).copied()
    }
}

/// A packet of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) class: u32,
}

/// What the entries of a block are told apart from.
#[derive(Debug, Default)]
struct Expected {
    number: u64,
    offset: u64,
    /// Size of the last packet of each class.
    sizes: Vec<u64>,
}

impl Expected {
    fn size(&self, class: u32) -> u64 {
        self.sizes.get(class as usize).copied().unwrap_or(0)
    }

    fn next(&mut self, entry: &Entry) {
        let class = entry.class as usize;
        if self.sizes.len() <= class {
            self.sizes.resize(class + 1, 0);
        }
        if let Some(size) = self.sizes.get_mut(class) {
            *size = entry.bytes;
        }
        self.number = entry.number.wrapping_add(1);
        self.offset = entry.offset.wrapping_add(entry.bytes);
    }
}

/// A block on its way.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) entries: u32,
    /// Where its first packet starts.
    pub(super) start: u64,
    expected: Expected,
}

impl Block {
    /// The block of number `block`, whose first packet starts at `start`.
    pub(super) fn new(block: u64, start: u64) -> Self {
        let expected = Expected { number: block * BLOCK, offset: start, sizes: Vec::new() };
        Block { bytes: Vec::new(), entries: 0, start, expected }
    }

    pub(super) fn push(&mut self, entry: &Entry) {
        let gap = entry.offset.wrapping_sub(self.expected.offset);
        let step = entry.number.wrapping_sub(self.expected.number);
        let odd = (gap, step) != (0, 0);
        varint::write(u64::from(entry.class) << 1 | u64::from(odd), &mut self.bytes);
        if odd {
            varint::write(step, &mut self.bytes);
            varint::write(gap, &mut self.bytes);
        }
        let size = entry.bytes.wrapping_sub(self.expected.size(entry.class)) as i64;
        varint::write(unsigned(size), &mut self.bytes);
        self.expected.next(entry);
        self.entries += 1;
    }
}

/// Looks for a packet in the bytes of a block; the error says that they are none. `classes`: how many there are.
pub(super) fn find(
    mut bytes: &[u8],
    at: &Slot,
    block: u64,
    number: u64,
    classes: usize,
) -> Result<Option<Entry>, ()> {
    let first = block * BLOCK;
    let mut expected = Expected { number: first, offset: at.start, sizes: Vec::new() };
    let mut next = || -> Option<Entry> {
        let head = varint::read(&mut bytes)?;
        let class = u32::try_from(head >> 1).ok().filter(|class| (*class as usize) < classes)?;
        let mut entry = Entry { number: expected.number, offset: expected.offset, bytes: 0, class };
        if head & 1 == 1 {
            entry.number = entry.number.checked_add(varint::read(&mut bytes)?)?;
            entry.offset = entry.offset.checked_add(varint::read(&mut bytes)?)?;
        }
        let size = signed(varint::read(&mut bytes)?);
        entry.bytes = expected.size(class).wrapping_add(size as u64);
        expected.next(&entry);
        Some(entry)
    };
    for _ in 0..at.entries {
        let entry = next().ok_or(())?;
        if entry.number == number {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

/// An entry of the directory: where a block is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) position: u64,
    pub(super) start: u64,
    pub(super) length: u32,
    pub(super) entries: u32,
    pub(super) crc: u32,
}

impl Slot {
    pub(super) fn to_bytes(self) -> [u8; ENTRY] {
        let mut out = [0; ENTRY];
        let fields = self.position.to_le_bytes().into_iter().chain(self.start.to_le_bytes());
        let words = [self.length, self.entries, self.crc];
        let fields = fields.chain(words.into_iter().flat_map(u32::to_le_bytes));
        out.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        let crc = crc32fast::hash(out.get(..28).unwrap_or(&[]));
        out.iter_mut().skip(28).zip(crc.to_le_bytes()).for_each(|(to, from)| *to = from);
        out
    }

    pub(super) fn parse(bytes: &[u8; ENTRY]) -> Option<Self> {
        let u32_at = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let u64_at = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        if u32_at(28)? != crc32fast::hash(bytes.get(..28)?) {
            return None;
        }
        Some(Slot {
            position: u64_at(0)?,
            start: u64_at(8)?,
            length: u32_at(16)?,
            entries: u32_at(20)?,
            crc: u32_at(24)?,
        })
    }
}

/// Where a piece of the index is.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Piece {
    pub(super) position: u64,
    pub(super) length: u64,
    pub(super) crc: u32,
}

/// Where a checkpoint is, in the recording and in the index.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) packet: u64,
    pub(super) offset: u64,
    pub(super) piece: Piece,
}

/// The account at a place of the recording.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Account {
    /// Packets, broken ones included.
    pub(super) packets: u64,
    pub(super) garbage: u64,
    /// Packets and bytes of each class.
    pub(super) classes: Vec<(u64, u64)>,
    /// Text, count and first value.
    pub(super) notices: Vec<(String, u64, i64)>,
}

/// A checkpoint.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) account: Account,
    pub(super) history: Vec<u8>,
}

/// What tells a recording from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) bytes: u64,
    /// SHA-256 of its first and of its last 64 KiB.
    pub(super) first: [u8; 32],
    pub(super) last: [u8; 32],
}

/// Everything that is small.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Tail {
    /// Version of the program that made the index.
    pub(super) program: String,
    pub(super) format: String,
    pub(super) fingerprint: Fingerprint,
    /// Start of the run, from the name of the recording.
    pub(super) start: Option<f64>,
    pub(super) classes: Vec<Class>,
    /// Positions of the pages of the directory.
    pub(super) pages: Vec<u64>,
    pub(super) blocks: u64,
    pub(super) headers: Vec<Place>,
    pub(super) stretches: Vec<Stretch>,
    /// Reading the headers again gives what they gave.
    pub(super) headers_complete: bool,
    pub(super) marks: Vec<Mark>,
    /// Of the whole recording.
    pub(super) account: Account,
    /// Rows: decoder, channel, number.
    pub(super) channels: Vec<(String, String, u64)>,
    pub(super) time: Option<(f64, f64)>,
    /// Stretches of garbage, kept here or not.
    pub(super) garbage: u64,
}

/// Decodes the whole of some bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}
