//! Cells: the parts of one packet, as a record carries them.
//!
//! A cell is a part with everything but what its record says of the packet; integers are LEB128:
//!
//! | field | |
//! |--|--|
//! | stage | u8: stage in the low bits; bit 5: the part goes on in the next record's first cell; bit 6: bytes lie around the part; bit 7: the packet ends here |
//! | tag, frame, index, first | integers |
//! | before, after | integers, only with bit 6: bytes of the source before and after those of the part |
//! | codec | u8 |
//! | n | integer: bytes of the part |
//! | len | integer: bytes of it that follow |
//! | bytes | those before, the part's in that codec, those after |
//!
//! In a whole packet the codec begins where its samples do (`first`); what is before them stays as it is.
//!
//! What lies around a part (lengths and marks that its framer read) goes along, so that every byte of the source arrives.
//!
//! Samples (and other bulk fields of whole 16-bit words) are encoded if that makes them shorter; the codec's predictor runs
//! on through a packet's pieces, also from one record to the next.

use crate::codec::{Codec, Predictor};
use crate::error::{Error, Kind, Result};
use crate::part::{Part, Stage};
use crate::record::{Bytes, Parts};

/// Bytes of a cell beside its samples, at most.
pub const OVERHEAD: usize = 1 + 3 + 5 * 5 + 1 + 2 * 5;

const STAGES: [Stage; 7] =
    [Stage::Begin, Stage::Whole, Stage::Head, Stage::Trace, Stage::Tail, Stage::Text, Stage::End];
const LAST: u8 = 0x80;
const AROUND: u8 = 0x40;
const MORE: u8 = 0x20;

fn put_integer(mut value: u64, out: &mut [u8], at: &mut usize) -> Option<()> {
    loop {
        let more = value >> 7 != 0;
        *out.get_mut(*at)? = (value as u8 & 0x7F) | if more { 0x80 } else { 0 };
        *at = at.wrapping_add(1);
        value >>= 7;
        if !more {
            return Some(());
        }
    }
}

fn integer(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u64;
    for shift in [0u32, 7, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at = at.wrapping_add(1);
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).ok();
        }
    }
    None
}

/// Where in a part of so many bytes the samples begin (or other bulk of whole 16-bit words), which are encoded and move the
/// predictor. Those before them, in a whole packet, stay as they are.
fn samples(stage: Stage, first: u32, bytes: usize) -> Option<usize> {
    let from = match stage {
        Stage::Trace => 0,
        Stage::Whole if first > 0 => first as usize,
        _ => return None,
    };
    bytes.checked_sub(from)?.is_multiple_of(2).then_some(from)
}

/// What of `source` lies before and after `bytes`, which is a piece of it.
pub(crate) fn around<'s>(source: &'s [u8], bytes: &[u8]) -> Option<(&'s [u8], &'s [u8])> {
    if bytes.is_empty() {
        return Some((source, &[]));
    }
    let at = bytes.as_ptr().addr().checked_sub(source.as_ptr().addr())?;
    Some((source.get(..at)?, source.get(at.checked_add(bytes.len())?..)?))
}

fn put(bytes: &[u8], out: &mut [u8], at: &mut usize) -> Option<()> {
    let end = at.checked_add(bytes.len())?;
    out.get_mut(*at..end)?.copy_from_slice(bytes);
    *at = end;
    Some(())
}

fn take<'b>(bytes: &'b [u8], n: usize, at: &mut usize) -> Option<&'b [u8]> {
    let end = at.checked_add(n)?;
    let taken = bytes.get(*at..end)?;
    *at = end;
    Some(taken)
}

/// Puts the parts of a packet into the cells of a record.
#[derive(Debug)]
pub struct CellWriter<'o> {
    out: &'o mut [u8],
    at: usize,
    codec: Codec,
}

impl<'o> CellWriter<'o> {
    /// Cells in `out`, samples in `codec` where that is shorter.
    pub fn new(out: &'o mut [u8], codec: Codec) -> Self {
        CellWriter { out, at: 0, codec }
    }

    /// Goes on behind the first `at` bytes of cells in `out`; `None` where `out` is shorter.
    pub fn resume(out: &'o mut [u8], at: usize, codec: Codec) -> Option<Self> {
        (at <= out.len()).then_some(CellWriter { out, at, codec })
    }

    /// Adds a part. `None` where it does not fit: then nothing is changed.
    ///
    /// `source`: the bytes of the stream that the framer used for it, those of the part among them.
    pub fn push(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        predictor: &mut Predictor,
    ) -> Option<()> {
        let from = samples(part.stage, part.first, part.bytes.len()).unwrap_or(part.bytes.len());
        self.put_cell(part, source, (from, false), predictor)
    }

    /// Adds a piece of a part that is longer than a record; `more`: not the last one. Pieces go as they are.
    pub fn push_piece(&mut self, piece: &Part<'_>, source: &[u8], more: bool) -> Option<()> {
        self.put_cell(piece, source, (piece.bytes.len(), more), &mut Predictor::new())
    }

    /// Adds a cell, whose samples begin at byte `from`.
    fn put_cell(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        (from, more): (usize, bool),
        predictor: &mut Predictor,
    ) -> Option<()> {
        let (before, after) = around(source, part.bytes)?;
        let bare = before.is_empty() && after.is_empty();
        let mut at = self.at;
        let last = if part.last { LAST } else { 0 };
        let more = if more { MORE } else { 0 };
        *self.out.get_mut(at)? = part.stage as u8 | last | more | if bare { 0 } else { AROUND };
        at = at.wrapping_add(1);
        for value in [part.tag.into(), part.frame, part.index, part.first] {
            put_integer(value.into(), self.out, &mut at)?;
        }
        if !bare {
            put_integer(before.len() as u64, self.out, &mut at)?;
            put_integer(after.len() as u64, self.out, &mut at)?;
        }
        let codec_at = at;
        at = at.wrapping_add(1);
        put_integer(part.bytes.len() as u64, self.out, &mut at)?;
        // The length comes before the bytes: three bytes are kept for it, of which some may be empty.
        let len_at = at;
        at = at.checked_add(LENGTH)?;
        put(before, self.out, &mut at)?;
        let data = self.out.get_mut(at..)?;
        let mut next = *predictor;
        let (plain, bulk) = part.bytes.split_at_checked(from)?;
        let (to, data) = data.split_at_mut_checked(from)?;
        to.copy_from_slice(plain);
        let (codec, len) = match bulk {
            [] => (Codec::Raw, 0),
            bulk => self.codec.encode_or_raw(bulk, &mut next, data)?,
        };
        let len = from.checked_add(len)?;
        if len >> (7 * LENGTH) != 0 {
            return None;
        }
        at = at.checked_add(len)?;
        put(after, self.out, &mut at)?;
        *self.out.get_mut(codec_at)? = codec.id();
        for (i, slot) in self.out.get_mut(len_at..)?.iter_mut().take(LENGTH).enumerate() {
            let more = if i + 1 < LENGTH { 0x80 } else { 0 };
            *slot = ((len >> (7 * i)) as u8 & 0x7F) | more;
        }
        *predictor = next;
        self.at = at;
        Some(())
    }

    /// Whether there is nothing yet.
    pub const fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// Bytes of the cells so far.
    pub const fn len(&self) -> usize {
        self.at
    }

    /// The cells.
    pub fn finish(self) -> &'o [u8] {
        let CellWriter { out, at, .. } = self;
        out.get(..at).unwrap_or(&[])
    }
}

/// Bytes of the length of a cell's data.
const LENGTH: usize = 3;

/// A part with what lay around it in the source.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cell<'p> {
    /// The part.
    pub part: Part<'p>,
    /// Bytes of the source before those of the part.
    pub before: &'p [u8],
    /// Bytes of the source after those of the part.
    pub after: &'p [u8],
    /// The part goes on in the next record's first cell.
    pub more: bool,
}

impl Cell<'_> {
    /// Bytes of the source.
    pub const fn used(&self) -> usize {
        self.before.len() + self.part.bytes.len() + self.after.len()
    }
}

/// Reads the parts of a record.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CellReader<'r> {
    parts: Parts<'r>,
    at: usize,
}

impl<'r> CellReader<'r> {
    /// The parts of a record.
    pub const fn new(parts: Parts<'r>) -> Self {
        CellReader { parts, at: 0 }
    }

    /// The next part; its bytes lie in the record, or decoded in `scratch`. `None` at the end.
    ///
    /// # Errors
    /// `Malformed` where the cells are none, `Limit` where `scratch` is too small.
    pub fn next<'p>(
        &mut self,
        predictor: &mut Predictor,
        scratch: &'p mut [u8],
    ) -> Result<Option<Cell<'p>>>
    where
        'r: 'p,
    {
        let Bytes(cells) = self.parts.cells;
        if self.at >= cells.len() {
            return Ok(None);
        }
        let start = Error::malformed("cell", self.at as i64, cells.len() as i64);
        let bad = start.at(self.parts.number, self.parts.offset);
        let mut at = self.at;
        let raw = Encoded::read(cells, &mut at).ok_or(bad)?;
        self.at = at;
        let Encoded { before, data, after, n, codec, .. } = raw;
        let from = samples(raw.stage, raw.first, n);
        let bytes = if codec == Codec::Raw {
            if n != data.len() {
                return Err(bad);
            }
            // A raw piece moves the predictor too.
            predictor.follow(from.and_then(|from| data.get(from..)).unwrap_or(&[]));
            data
        } else {
            let (plain, coded) = data.split_at_checked(from.ok_or(bad)?).ok_or(bad)?;
            let room = scratch.get_mut(..n).ok_or(room(n))?;
            let (to, bulk) = room.split_at_mut_checked(plain.len()).ok_or(bad)?;
            to.copy_from_slice(plain);
            codec.decode(coded, bulk.len() / 2, predictor, bulk)?;
            &*room
        };
        let Parts { number: packet, offset, kind, decoder, .. } = self.parts;
        let Encoded { tag, stage, frame, index, first, last, .. } = raw;
        let part =
            Part { packet, offset, kind, decoder, tag, stage, frame, index, first, last, bytes };
        Ok(Some(Cell { part, before, after, more: raw.more }))
    }
}

/// A cell as it lies in its record.
struct Encoded<'r> {
    stage: Stage,
    last: bool,
    more: bool,
    tag: u16,
    frame: u32,
    index: u32,
    first: u32,
    codec: Codec,
    /// Bytes of the part.
    n: usize,
    before: &'r [u8],
    data: &'r [u8],
    after: &'r [u8],
}

impl<'r> Encoded<'r> {
    /// The cell at `at`, which moves behind it; `None` where there is none.
    fn read(cells: &'r [u8], at: &mut usize) -> Option<Self> {
        let head = *cells.get(*at)?;
        *at = at.checked_add(1)?;
        let stage = *STAGES.get(usize::from(head & !(LAST | AROUND | MORE)))?;
        let tag = u16::try_from(integer(cells, at)?).ok()?;
        let (frame, index) = (integer(cells, at)?, integer(cells, at)?);
        let first = integer(cells, at)?;
        let (mut before, mut after) = (0, 0);
        if head & AROUND != 0 {
            before = integer(cells, at)? as usize;
            after = integer(cells, at)? as usize;
        }
        let codec = Codec::from_id(*cells.get(*at)?)?;
        *at = at.checked_add(1)?;
        let n = integer(cells, at)? as usize;
        let len = integer(cells, at)? as usize;
        let before = take(cells, before, at)?;
        let data = take(cells, len, at)?;
        let after = take(cells, after, at)?;
        let (last, more) = (head & LAST != 0, head & MORE != 0);
        Some(Encoded { stage, last, more, tag, frame, index, first, codec, n, before, data, after })
    }
}

/// A part is longer than the reader's memory.
const fn room(n: usize) -> Error {
    Error::new(Kind::Limit, "bytes of a part", n as i64, 0)
}
