//! Cells: the parts of one packet, as a record carries them.
//!
//! A cell is a part with everything but what its record says of the packet; integers are LEB128:
//!
//! | field | |
//! |--|--|
//! | stage | u8: stage in the low bits, bit 7: the packet ends here |
//! | tag, frame, index, first | integers |
//! | codec | u8 |
//! | n | integer: bytes of the part |
//! | len | integer: bytes that follow |
//! | bytes | the part's, in that codec |
//!
//! Samples (and other bulk fields of whole 16-bit words) are encoded if that makes them shorter; the codec's predictor runs
//! on through a packet's pieces, also from one record to the next.

use crate::codec::{Codec, Predictor};
use crate::error::{Error, Kind, Result};
use crate::part::{Part, Stage};
use crate::record::{Bytes, Parts};

/// Bytes of a cell beside its samples, at most.
pub const OVERHEAD: usize = 1 + 3 + 3 * 5 + 1 + 2 * 5;

const STAGES: [Stage; 7] =
    [Stage::Begin, Stage::Whole, Stage::Head, Stage::Trace, Stage::Tail, Stage::Text, Stage::End];
const LAST: u8 = 0x80;

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
    pub fn push(&mut self, part: &Part<'_>, predictor: &mut Predictor) -> Option<()> {
        let mut at = self.at;
        let last = if part.last { LAST } else { 0 };
        *self.out.get_mut(at)? = part.stage as u8 | last;
        at = at.wrapping_add(1);
        for value in [part.tag.into(), part.frame, part.index, part.first] {
            put_integer(value.into(), self.out, &mut at)?;
        }
        let codec_at = at;
        at = at.wrapping_add(1);
        put_integer(part.bytes.len() as u64, self.out, &mut at)?;
        // The length comes before the bytes: five bytes are kept for it, of which some may be empty.
        let len_at = at;
        let data = self.out.get_mut(len_at.checked_add(LENGTH)?..)?;
        let wanted = match part.stage {
            Stage::Trace if part.bytes.len().is_multiple_of(2) => self.codec,
            _ => Codec::Raw,
        };
        let (codec, len) = match wanted {
            Codec::Raw => {
                for (to, from) in data.get_mut(..part.bytes.len())?.iter_mut().zip(part.bytes) {
                    *to = *from;
                }
                (Codec::Raw, part.bytes.len())
            }
            codec => codec.encode_or_raw(part.bytes, predictor, data)?,
        };
        *self.out.get_mut(codec_at)? = codec.id();
        for (i, slot) in self.out.get_mut(len_at..)?.iter_mut().take(LENGTH).enumerate() {
            let more = if i + 1 < LENGTH { 0x80 } else { 0 };
            *slot = ((len >> (7 * i)) as u8 & 0x7F) | more;
        }
        self.at = len_at.checked_add(LENGTH)?.checked_add(len)?;
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

/// Reads the parts of a record.
#[derive(Clone, Copy, Debug)]
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
    ) -> Result<Option<Part<'p>>>
    where
        'r: 'p,
    {
        let Bytes(cells) = self.parts.cells;
        if self.at >= cells.len() {
            return Ok(None);
        }
        let bad = |field| Error::malformed(field, self.at as i64, cells.len() as i64);
        let bad = |field| bad(field).at(self.parts.packet, self.parts.offset);
        let mut at = self.at;
        let head = cells.get(at).copied().unwrap_or(0);
        at = at.wrapping_add(1);
        let Some(&stage) = STAGES.get(usize::from(head & !LAST)) else { return Err(bad("stage")) };
        let mut values = [0u32; 4];
        for value in &mut values {
            *value = integer(cells, &mut at).ok_or(bad("cell"))?;
        }
        let [tag, frame, index, first] = values;
        let tag = u16::try_from(tag).map_err(|_| bad("tag"))?;
        let codec = cells.get(at).copied().and_then(Codec::from_id).ok_or(bad("codec"))?;
        at = at.wrapping_add(1);
        let n = integer(cells, &mut at).ok_or(bad("cell"))? as usize;
        let len = integer(cells, &mut at).ok_or(bad("cell"))? as usize;
        let end = at.checked_add(len).ok_or(bad("length"))?;
        let data = cells.get(at..end).ok_or(bad("length"))?;
        let bytes = if codec == Codec::Raw {
            if n != len {
                return Err(bad("length"));
            }
            if stage == Stage::Trace && n.is_multiple_of(2) {
                // A raw piece moves the predictor too.
                let room = scratch.get_mut(..n).ok_or(room(n))?;
                codec.decode(data, n / 2, predictor, room)?;
                &*room
            } else {
                data
            }
        } else {
            if !n.is_multiple_of(2) {
                return Err(bad("length"));
            }
            let room = scratch.get_mut(..n).ok_or(room(n))?;
            codec.decode(data, n / 2, predictor, room)?;
            &*room
        };
        self.at = end;
        Ok(Some(Part {
            packet: self.parts.packet,
            offset: self.parts.offset,
            kind: self.parts.kind,
            decoder: self.parts.decoder,
            tag,
            stage,
            frame,
            index,
            first,
            last: head & LAST != 0,
            bytes,
        }))
    }
}

/// A part is longer than the reader's memory.
const fn room(n: usize) -> Error {
    Error::new(Kind::Limit, "bytes of a part", n as i64, 0)
}
