//! Cells: the parts of one packet, as a record carries them.
//!
//! A cell is a part with everything but what its record says of the packet; integers are LEB128:
//!
//! | field | |
//! |--|--|
//! | stage | u8: stage in bits 0 to 2; bits 3 and 4: what is left out, below; bit 5: the part goes on in the next record's first cell; bit 6: bytes lie around the part; bit 7: the packet ends here |
//! | tag, frame, index, first | integers |
//! | before, after | integers, only with bit 6: bytes of the source before and after those of the part |
//! | n | integer: bytes of the part |
//! | coded | integer, only where the part has samples: 4 times the bytes of it that follow, and their codec |
//! | bytes | those before, the part's in that codec, those after |
//!
//! Most parts are like the one before, and many are tiny. Bits 3 and 4 say so of the cell before in the same record:
//!
//! | bits | frame | index | tag, first, before, after | n |
//! |--|--|--|--|--|
//! | 0 | follows | follows | follow | follows |
//! | 1 | the same | one more | the same | the same |
//! | 2 | one more | one more | the same | the same |
//! | 3 | one more | one more | the same | follows |
//!
//! Bit 6 is 0 where something is left out: what it says is as before, too. One more than 2^32 - 1 is 0.
//!
//! Traces have samples if they are whole 16-bit words. In a whole packet the codec begins where its samples do (`first`, if it
//! is not 0); what is before them stays as it is.
//!
//! What lies around a part (lengths and marks that its framer read) goes along, so that every byte of the source arrives.
//!
//! Samples (and other bulk fields of whole 16-bit words) are encoded if that makes them shorter; the codec's predictor runs
//! on through a packet's pieces, also from one record to the next. Pieces of a part longer than a record stay as they are.

use core::slice::IterMut;

use crate::codec::{Codec, Predictor};
use crate::error::{Error, Kind, Result};
use crate::part::{Part, Stage};
use crate::record::{Bytes, Parts};

/// Bytes of a cell beside its samples, at most.
pub const OVERHEAD: usize = 1 + 3 + 6 * 5 + 4;

const STAGES: [Stage; 7] =
    [Stage::Begin, Stage::Whole, Stage::Head, Stage::Trace, Stage::Tail, Stage::Text, Stage::End];
const STAGE: u8 = 0x07;
const LAST: u8 = 0x80;
const AROUND: u8 = 0x40;
const MORE: u8 = 0x20;
/// Says what is left out: one of those below, or nothing.
const LEFT_OUT: u8 = 0x18;
const NEXT_INDEX: u8 = 0x08;
const NEXT_FRAME: u8 = 0x10;
const NEXT_FRAME_OF_N: u8 = 0x18;

/// Bits of `coded` that are the codec's.
const CODEC: u32 = 2;
/// Two bytes hold `coded` for a part shorter than this, four for one shorter than `LONG`; some of them may be empty. Two would
/// hold more, but with four the cells of long traces' pieces mostly begin with 12 bytes: what was aligned is copied aligned.
const SHORT: usize = 512;
const LONG: usize = 1 << (28 - CODEC);

fn put_integer(mut value: u32, out: &mut IterMut<'_, u8>) -> Option<()> {
    while value > 0x7F {
        *out.next()? = value as u8 | 0x80;
        value >>= 7;
    }
    *out.next()? = value as u8;
    Some(())
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

fn take<'b>(bytes: &'b [u8], n: usize, at: &mut usize) -> Option<&'b [u8]> {
    let end = at.checked_add(n)?;
    let taken = bytes.get(*at..end)?;
    *at = end;
    Some(taken)
}

/// What a cell says of its part beside the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Fields {
    tag: u16,
    frame: u32,
    index: u32,
    first: u32,
    before: u32,
    after: u32,
    n: u32,
}

impl Fields {
    /// Those of the cell behind, as far as they are left out there.
    const fn next(&self, left_out: u8) -> Fields {
        let frame = self.frame.wrapping_add((left_out != NEXT_INDEX) as u32);
        Fields { frame, index: self.index.wrapping_add(1), ..*self }
    }

    /// What can be left out of the next cell.
    fn left_out(&self, next: &Fields) -> u8 {
        let around = self.before == next.before && self.after == next.after;
        let same = around && self.tag == next.tag && self.first == next.first;
        if !same || self.index.wrapping_add(1) != next.index {
            return 0;
        }
        match (next.frame.wrapping_sub(self.frame), self.n == next.n) {
            (0, true) => NEXT_INDEX,
            (1, true) => NEXT_FRAME,
            (1, false) => NEXT_FRAME_OF_N,
            _ => 0,
        }
    }

    /// Those of the cell at `at`, behind its first byte `head`.
    fn read(cells: &[u8], at: &mut usize, head: u8, last: Option<&Fields>) -> Option<Self> {
        let left_out = head & LEFT_OUT;
        let mut fields = if left_out != 0 {
            last.filter(|_| head & AROUND == 0)?.next(left_out)
        } else {
            let tag = u16::try_from(integer(cells, at)?).ok()?;
            let (frame, index) = (integer(cells, at)?, integer(cells, at)?);
            let first = integer(cells, at)?;
            let (mut before, mut after) = (0, 0);
            if head & AROUND != 0 {
                before = integer(cells, at)?;
                after = integer(cells, at)?;
            }
            Fields { tag, frame, index, first, before, after, n: 0 }
        };
        if left_out == 0 || left_out == NEXT_FRAME_OF_N {
            fields.n = integer(cells, at)?;
        }
        Some(fields)
    }

    /// Puts what isn't left out, behind the first byte.
    fn put(&self, head: u8, left_out: u8, out: &mut IterMut<'_, u8>) -> Option<()> {
        let around = self.before != 0 || self.after != 0;
        *out.next()? = head | left_out | if around && left_out == 0 { AROUND } else { 0 };
        if left_out == 0 {
            for value in [self.tag.into(), self.frame, self.index, self.first] {
                put_integer(value, out)?;
            }
            if around {
                put_integer(self.before, out)?;
                put_integer(self.after, out)?;
            }
        }
        if left_out == 0 || left_out == NEXT_FRAME_OF_N {
            put_integer(self.n, out)?;
        }
        Some(())
    }
}

/// Puts the parts of a packet into the cells of a record, whose memory is the caller's: the same at every call.
#[derive(Debug)]
pub struct CellWriter {
    codec: Codec,
    at: usize,
    last: Option<Fields>,
}

impl CellWriter {
    /// No cells yet, samples in `codec` where that is shorter.
    pub const fn new(codec: Codec) -> Self {
        CellWriter { codec, at: 0, last: None }
    }

    /// Adds a part to the cells in `out`. `None` where it does not fit: then nothing is changed.
    ///
    /// `source`: the bytes of the stream that the framer used for it, those of the part among them.
    pub fn push(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Option<()> {
        self.put_cell(part, source, (self.codec, part.stage as u8), predictor, out)
    }

    /// Adds a piece of a part that is longer than a record; `more`: not the last one. Pieces go as they are.
    pub fn push_piece(
        &mut self,
        piece: &Part<'_>,
        source: &[u8],
        more: bool,
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Option<()> {
        let stage = piece.stage as u8 | if more { MORE } else { 0 };
        self.put_cell(piece, source, (Codec::Raw, stage), predictor, out)
    }

    fn put_cell(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        (codec, stage): (Codec, u8),
        predictor: &mut Predictor,
        out: &mut [u8],
    ) -> Option<()> {
        let (before, after) = around(source, part.bytes)?;
        let fields = Fields {
            tag: part.tag,
            frame: part.frame,
            index: part.index,
            first: part.first,
            before: u32::try_from(before.len()).ok()?,
            after: u32::try_from(after.len()).ok()?,
            n: u32::try_from(part.bytes.len()).ok()?,
        };
        let left_out = self.last.as_ref().map_or(0, |last| last.left_out(&fields));
        let mut cell = out.get_mut(self.at..)?.iter_mut();
        let head = stage | if part.last { LAST } else { 0 };
        fields.put(head, left_out, &mut cell)?;
        let left = match samples(part.stage, part.first, part.bytes.len()) {
            Some(from) => {
                let (plain, rest) = source.split_at_checked(before.len().checked_add(from)?)?;
                let samples = rest.get(..rest.len().checked_sub(after.len())?)?;
                Sampled { plain, from, samples, after }.put(codec, predictor, cell.into_slice())?
            }
            None => put(source, cell.into_slice())?.len(),
        };
        self.last = Some(fields);
        self.at = out.len().checked_sub(left)?;
        Some(())
    }

    /// Whether there is nothing yet.
    pub const fn is_empty(&self) -> bool {
        self.at == 0
    }

    /// The cells, of the memory that they were put into.
    pub fn cells<'o>(&self, out: &'o [u8]) -> &'o [u8] {
        out.get(..self.at).unwrap_or(&[])
    }

    /// Begins with another record's.
    pub const fn clear(&mut self) {
        (self.at, self.last) = (0, None);
    }
}

/// The bytes of a cell whose part has samples.
struct Sampled<'s> {
    /// Bytes before the samples.
    plain: &'s [u8],
    /// As many of these are the part's.
    from: usize,
    samples: &'s [u8],
    after: &'s [u8],
}

impl Sampled<'_> {
    /// Puts them, with what is said of their codec; returns how many bytes are left of `out`.
    #[inline(always)]
    fn put(&self, codec: Codec, predictor: &mut Predictor, out: &mut [u8]) -> Option<usize> {
        // What follows is not longer than the part.
        let short = self.from.checked_add(self.samples.len())? < SHORT;
        let (coded, out) = out.split_at_mut_checked(if short { 2 } else { 4 })?;
        let out = put(self.plain, out)?;
        let mut next = *predictor;
        let (codec, len) = codec.encode_or_raw(self.samples, &mut next, out)?;
        let out = put(self.after, out.get_mut(len..)?)?;
        let len = self.from.wrapping_add(len);
        if len >= LONG {
            return None;
        }
        let value = len << CODEC | usize::from(codec.id());
        let group = |shift: u32| (value >> shift) as u8 | 0x80;
        match coded {
            [a, b] => (*a, *b) = (group(0), group(7) & 0x7F),
            [a, b, c, d] => (*a, *b, *c, *d) = (group(0), group(7), group(14), group(21) & 0x7F),
            _ => return None,
        }
        *predictor = next;
        Some(out.len())
    }
}

/// Puts bytes; returns what is left of `out`.
fn put<'o>(bytes: &[u8], out: &'o mut [u8]) -> Option<&'o mut [u8]> {
    let (to, out) = out.split_at_mut_checked(bytes.len())?;
    if !bytes.is_empty() {
        to.copy_from_slice(bytes);
    }
    Some(out)
}

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
    last: Option<Fields>,
}

impl<'r> CellReader<'r> {
    /// The parts of a record.
    pub const fn new(parts: Parts<'r>) -> Self {
        CellReader { parts, at: 0, last: None }
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
        let raw = Encoded::read(cells, &mut at, self.last.as_ref()).ok_or(bad)?;
        (self.at, self.last) = (at, Some(raw.fields));
        let Encoded { stage, last, more, fields, codec, before, data, after } = raw;
        let Fields { tag, frame, index, first, n, .. } = fields;
        let n = n as usize;
        let from = samples(stage, first, n);
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
        let part =
            Part { packet, offset, kind, decoder, tag, stage, frame, index, first, last, bytes };
        Ok(Some(Cell { part, before, after, more }))
    }
}

/// A cell as it lies in its record.
struct Encoded<'r> {
    stage: Stage,
    last: bool,
    more: bool,
    fields: Fields,
    codec: Codec,
    before: &'r [u8],
    data: &'r [u8],
    after: &'r [u8],
}

impl<'r> Encoded<'r> {
    /// The cell at `at`, which moves behind it; `None` where there is none. `last`: what the one before said.
    fn read(cells: &'r [u8], at: &mut usize, last: Option<&Fields>) -> Option<Self> {
        let head = *cells.get(*at)?;
        *at = at.checked_add(1)?;
        let stage = *STAGES.get(usize::from(head & STAGE))?;
        let fields = Fields::read(cells, at, head, last)?;
        let Fields { first, before, after, n, .. } = fields;
        let (codec, len) = match samples(stage, first, n as usize) {
            Some(_) => {
                let coded = integer(cells, at)?;
                (Codec::from_id(coded as u8 & ((1 << CODEC) - 1))?, coded >> CODEC)
            }
            None => (Codec::Raw, n),
        };
        let before = take(cells, before as usize, at)?;
        let data = take(cells, len as usize, at)?;
        let after = take(cells, after as usize, at)?;
        let (last, more) = (head & LAST != 0, head & MORE != 0);
        Some(Encoded { stage, last, more, fields, codec, before, data, after })
    }
}

/// A part is longer than the reader's memory.
const fn room(n: usize) -> Error {
    Error::new(Kind::Limit, "bytes of a part", n as i64, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;
    use std::vec;
    use std::vec::Vec;

    const SOURCE: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

    fn part(stage: Stage, frame: u32, index: u32, bytes: &[u8]) -> Part<'_> {
        Part {
            packet: 0,
            offset: 0,
            kind: 3,
            decoder: 3,
            tag: 3,
            stage,
            frame,
            index,
            first: 0,
            last: stage == Stage::End,
            bytes,
        }
    }

    /// Parts, each with what lies before and after it, and their cells for ever.
    fn golden() -> [(Part<'static>, (usize, usize), &'static str); 9] {
        let at = |range: core::ops::Range<usize>| SOURCE.get(range).unwrap();
        let index = u32::MAX;
        [
            (part(Stage::Begin, 0, 0, &[]), (4, 0), "40 03 00 00 00 04 00 00 00010203"),
            (
                part(Stage::Head, 0, index, at(4..8)),
                (4, 0),
                "42 03 00 ffffffff0f 00 04 00 04 0001020304050607",
            ),
            (part(Stage::Head, 1, 0, at(4..8)), (4, 0), "12 0001020304050607"),
            (part(Stage::Head, 2, 1, at(4..6)), (4, 0), "1a 02 000102030405"),
            (
                part(Stage::Trace, 3, 2, at(4..8)),
                (4, 2),
                "43 03 03 02 00 04 02 04 9000 00010203 04050607 0809",
            ),
            (part(Stage::Trace, 3, 3, at(4..8)), (4, 2), "0b 9000 00010203 04050607 0809"),
            (part(Stage::Trace, 4, 4, at(4..8)), (4, 2), "13 9000 00010203 04050607 0809"),
            (
                part(Stage::Trace, 4, 5, at(4..7)),
                (4, 2),
                "43 03 04 05 00 04 02 03 00010203 040506 0708",
            ),
            (part(Stage::End, 5, 0, &[]), (0, 0), "86 03 05 00 00 00"),
        ]
    }

    fn source<'s>(part: &Part<'_>, (before, after): (usize, usize)) -> &'s [u8] {
        let used = before + part.bytes.len() + after;
        SOURCE[if used == 0 { 0..0 } else { 4 - before..4 + part.bytes.len() + after }].as_ref()
    }

    fn read(cells: &[u8]) -> Result<Vec<(u32, u32, Vec<u8>)>> {
        let cells = Bytes(cells);
        let parts = Parts { packet: 0, index: 0, number: 0, offset: 0, kind: 3, decoder: 3, cells };
        let (mut reader, mut predictor) = (CellReader::new(parts), Predictor::new());
        let (mut scratch, mut all) = ([0; 4096], Vec::new());
        while let Some(cell) = reader.next(&mut predictor, &mut scratch)? {
            let bytes = [cell.before, cell.part.bytes, cell.after].concat();
            all.push((cell.part.frame, cell.part.index, bytes));
        }
        Ok(all)
    }

    #[test]
    fn the_bytes_of_every_kind_of_cell_are_frozen() {
        let (mut writer, mut predictor) = (CellWriter::new(Codec::Raw), Predictor::new());
        let (mut out, mut at, mut want) = ([0; 256], 0, Vec::new());
        for (part, around, hex) in golden() {
            let source = source(&part, around);
            writer.push(&part, source, &mut predictor, &mut out).unwrap();
            let cells = writer.cells(&out);
            let got: String = cells[at..].iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(got, hex.replace(' ', ""), "{part:?}");
            at = cells.len();
            want.push((part.frame, part.index, source.to_vec()));
            assert_eq!(read(cells).unwrap(), want);
        }
        for end in 0..at {
            // At a cell's end nothing is missing.
            assert!(read(&out[..end]).map_or(true, |cells| want.starts_with(&cells)), "{end}");
        }
    }

    #[test]
    fn what_finds_no_room_changes_nothing() {
        let samples: Vec<u8> = (0..200u16).flat_map(|i| (i * 7 % 32).to_le_bytes()).collect();
        for codec in Codec::ALL {
            let (mut writer, mut predictor) = (CellWriter::new(codec), Predictor::new());
            let mut out = [0; 1024];
            for index in 0..2 {
                let part = part(Stage::Trace, 0, index, &samples);
                let (len, before) = (writer.cells(&out).len(), predictor);
                for room in len.. {
                    let room = &mut out[..room];
                    if writer.push(&part, &samples, &mut predictor, room).is_some() {
                        break;
                    }
                    assert_eq!((writer.cells(room).len(), predictor), (len, before), "{codec:?}");
                }
            }
            let want: Vec<_> = (0..2).map(|index| (0, index, samples.clone())).collect();
            assert_eq!(read(writer.cells(&out)).unwrap(), want, "{codec:?}");
        }
    }

    #[test]
    fn nothing_can_be_left_out_of_the_first_cell() {
        for left_out in [NEXT_INDEX, NEXT_FRAME, NEXT_FRAME_OF_N] {
            assert!(read(&[Stage::End as u8 | left_out, 0]).is_err());
            let end = [Stage::End as u8, 3, 0, 0, 0, 0];
            let behind = [&end[..], &[Stage::End as u8 | left_out, 0]].concat();
            assert!(read(&behind[..if left_out == NEXT_FRAME_OF_N { 8 } else { 7 }]).is_ok());
            let around = [&end[..], &[Stage::End as u8 | left_out | AROUND, 0]].concat();
            assert!(read(&around).is_err());
        }
    }

    #[test]
    fn samples_behind_a_part_in_pieces_follow_on_from_it() {
        let samples: Vec<u8> = (1000..1100u16).flat_map(u16::to_le_bytes).collect();
        let (first, second) = samples.split_at(100);
        for codec in Codec::ALL {
            let (mut writer, mut predictor) = (CellWriter::new(codec), Predictor::new());
            let mut out = [0; 1024];
            let parts = [part(Stage::Trace, 0, 0, first), part(Stage::Trace, 0, 0, second)];
            writer.push_piece(&parts[0], first, false, &mut predictor, &mut out).unwrap();
            writer.push(&parts[1], second, &mut predictor, &mut out).unwrap();
            let want = vec![(0, 0, first.to_vec()), (0, 0, second.to_vec())];
            assert_eq!(read(writer.cells(&out)).unwrap(), want, "{codec:?}");
        }
    }
}
