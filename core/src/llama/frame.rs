//! Framing of llamaDAQ files: the length of an event is that of its channel.

use heapless::Vec;

use super::header::{Channel, ENTRY};
use super::{HEADER, MAGIC, MAX_CHANNELS};
use crate::bytes::{u16_at, u32_at};
use crate::error::{Error, Kind, Result};
use crate::frame::{FrameLimits, Step};
use crate::part::{Part, Stage};

/// Kind of the file header's parts.
pub(super) const FILE_HEADER: u32 = 1 << 31;
/// Words before the samples at most.
const HEAD: usize = 18;

/// Sizes of an event, bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    head: usize,
    raw: usize,
    averaged: usize,
}

/// Words of the groups that these format bits announce.
pub(super) const fn group_words(format: u32) -> usize {
    let mut words = 0;
    let mut bit = 0;
    while bit < 4 {
        if format >> bit & 1 == 1 {
            words += [7, 2, 3, 2][bit];
        }
        bit += 1;
    }
    words
}

/// Finds the events of a llamaDAQ file.
#[derive(Clone, Debug)]
pub struct LlamaFramer {
    limits: FrameLimits,
    offset: u64,
    packets: u64,
    start: u64,
    /// Entries of the channel table still to come; `None` before the file header.
    entries: Option<u32>,
    channels: Vec<(u32, u32), MAX_CHANNELS>,
    /// The event whose samples are coming, its channel, and the bytes of it done with.
    open: Option<(Shape, u32, usize)>,
    lost: Option<Error>,
}

impl LlamaFramer {
    /// A framer at the start of a file.
    pub const fn new(limits: FrameLimits) -> Self {
        Self {
            limits: limits.consistent(),
            offset: 0,
            packets: 0,
            start: 0,
            entries: None,
            channels: Vec::new(),
            open: None,
            lost: None,
        }
    }

    fn error(&self, kind: Kind, field: &'static str, found: i64, expected: i64) -> Error {
        Error::new(kind, field, found, expected).at(self.packets, self.offset)
    }

    fn part<'w>(&mut self, kind: u32, stage: Stage, bytes: &'w [u8], last: bool) -> Part<'w> {
        self.offset = self.offset.wrapping_add(bytes.len() as u64);
        let part = Part {
            packet: self.packets,
            offset: self.start,
            kind,
            decoder: if kind == FILE_HEADER { 0 } else { 1 },
            tag: 0,
            stage,
            frame: 0,
            index: 0,
            first: 0,
            last,
            bytes,
        };
        if last {
            self.packets = self.packets.wrapping_add(1);
        }
        part
    }

    fn header<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let size = if self.entries.is_none() { HEADER } else { ENTRY };
        let Some(bytes) = window.get(..size) else {
            if !eof {
                return Ok(Step::Need(size));
            }
            let found = window.len() as i64;
            return Err(self.error(Kind::Truncated, "file header", found, size as i64).fatal());
        };
        let Some(entries) = self.entries else { return self.first(bytes) };
        let entry = Channel::parse(bytes).unwrap_or_default();
        if self.channels.iter().any(|(id, _)| *id == entry.id) {
            return Err(self.error(Kind::Malformed, "channel id", entry.id.into(), -1).fatal());
        }
        let least = 2 + group_words(entry.format_bits) as u32 + 1;
        if entry.event_length() < least || entry.event_length() > 1 << 24 {
            let (found, least) = (entry.event_length().into(), least.into());
            return Err(self.error(Kind::Malformed, "event_length", found, least).fatal());
        }
        let samples = u64::from(entry.sample_length) + u64::from(entry.averaged_length());
        if samples > 2 * u64::from(entry.event_length()) {
            let most = 2 * i64::from(entry.event_length());
            return Err(self.error(Kind::Malformed, "sample_length", samples as i64, most).fatal());
        }
        let full = self.error(Kind::Limit, "number_chOpen", entries.into(), MAX_CHANNELS as i64);
        self.channels.push((entry.id, entry.event_length())).map_err(|_| full.fatal())?;
        let index = self.channels.len() as u32;
        self.entries = Some(entries.wrapping_sub(1));
        let part = self.part(FILE_HEADER, Stage::Head, bytes, entries == 1);
        Ok(Step::Part { used: size, part: Part { index, ..part } })
    }

    fn first<'w>(&mut self, bytes: &'w [u8]) -> Result<Step<'w>> {
        let magic = u32_at(bytes, 0).unwrap_or(0);
        if magic != MAGIC {
            return Err(self.error(Kind::Malformed, "magic", magic.into(), MAGIC.into()).fatal());
        }
        let length = u16_at(bytes, 10).unwrap_or(0);
        if usize::from(length) != ENTRY {
            let found = length.into();
            return Err(self.error(Kind::Unsupported, "length_econf", found, ENTRY as i64).fatal());
        }
        let entries = u32_at(bytes, 12).unwrap_or(0);
        if entries as usize > MAX_CHANNELS || entries == 0 {
            let max = MAX_CHANNELS as i64;
            return Err(self.error(Kind::Limit, "number_chOpen", entries.into(), max).fatal());
        }
        self.entries = Some(entries);
        let part = self.part(FILE_HEADER, Stage::Head, bytes, false);
        Ok(Step::Part { used: HEADER, part })
    }

    /// Sizes of the event that starts the bytes, if everything about it fits its channel.
    fn shape(&self, bytes: &[u8], eof: bool) -> Result<Option<(Shape, u32)>> {
        let short = |need: usize| match eof {
            true => Err(self.error(Kind::Truncated, "event", bytes.len() as i64, need as i64 * 4)),
            false => Ok(None),
        };
        let Some(first) = u32_at(bytes, 0) else { return short(1) };
        let id = first >> 4 & 0xFFF;
        let Some((_, length)) = self.channels.iter().find(|(channel, _)| *channel == id) else {
            return Err(self.error(Kind::Malformed, "channel id", id.into(), -1));
        };
        let status_at = 2 + group_words(first & 0xF);
        let Some(status) = u32_at(bytes, 4 * status_at) else { return short(status_at) };
        let mut shape =
            Shape { head: status_at + 1, raw: (status & 0x3FF_FFFF) as usize, averaged: 0 };
        if status >> 27 & 1 == 1 {
            return Err(self.error(Kind::Unsupported, "MAW test flag", 1, 0));
        }
        match status >> 28 {
            0xE => {}
            0xA => {
                let Some(word) = u32_at(bytes, 4 * shape.head) else { return short(shape.head) };
                if word >> 28 != 0xE {
                    return Err(self.error(
                        Kind::Malformed,
                        "averaged-data word",
                        (word >> 28).into(),
                        0xE,
                    ));
                }
                shape.head += 1;
                shape.averaged = (word & 0xFFFF) as usize;
            }
            other => return Err(self.error(Kind::Malformed, "status word", other.into(), 0xE)),
        }
        let words = shape.head + shape.raw + shape.averaged;
        if words != *length as usize {
            return Err(self.error(
                Kind::Malformed,
                "event length",
                words as i64,
                (*length).into(),
            ));
        }
        let bytes =
            Shape { head: 4 * shape.head, raw: 4 * shape.raw, averaged: 4 * shape.averaged };
        Ok(Some((bytes, id)))
    }

    fn event<'w>(&mut self, window: &'w [u8], eof: bool) -> Step<'w> {
        self.start = self.offset;
        if window.is_empty() && eof {
            return Step::End;
        }
        let (shape, id) = match self.shape(window, eof) {
            Ok(Some(found)) => found,
            Ok(None) => return Step::Need(window.len().saturating_add(4).max(4 * HEAD)),
            Err(error) if error.kind == Kind::Truncated => {
                self.offset = self.offset.wrapping_add(window.len() as u64);
                return Step::Garbage { used: window.len(), error, abort: false };
            }
            Err(error) => return self.search(error, window, eof).unwrap_or(Step::End),
        };
        let Some(bytes) = window.get(..shape.head) else {
            return if eof { self.cut(window, shape.head) } else { Step::Need(shape.head) };
        };
        let last = shape.raw == 0 && shape.averaged == 0;
        if !last {
            self.open = Some((shape, id, 0));
        }
        let stage = if last { Stage::Whole } else { Stage::Head };
        let part = self.part(id, stage, bytes, last);
        Step::Part { used: shape.head, part }
    }

    fn trace<'w>(&mut self, open: (Shape, u32, usize), window: &'w [u8], eof: bool) -> Step<'w> {
        let (shape, id, done) = open;
        let (index, first, left) = if done < shape.raw {
            (0, done, shape.raw.saturating_sub(done))
        } else {
            let first = done.saturating_sub(shape.raw);
            (1, first, shape.averaged.saturating_sub(first))
        };
        let want = left.min((self.limits.piece & !3).max(4));
        let Some(bytes) = window.get(..want) else {
            return if eof { self.cut(window, want) } else { Step::Need(want) };
        };
        let done = done.wrapping_add(want);
        let last = done >= shape.raw.wrapping_add(shape.averaged);
        self.open = if last { None } else { Some((shape, id, done)) };
        let part = self.part(id, Stage::Trace, bytes, last);
        Step::Part { used: want, part: Part { index, first: first as u32, ..part } }
    }

    /// The file ends inside an event.
    fn cut<'w>(&mut self, window: &'w [u8], wanted: usize) -> Step<'w> {
        let error = Error::new(Kind::Truncated, "event", window.len() as i64, wanted as i64);
        let error = error.at(self.packets, self.start);
        let abort = self.open.take().is_some();
        self.offset = self.offset.wrapping_add(window.len() as u64);
        Step::Garbage { used: window.len(), error, abort }
    }

    /// Drops bytes up to the next place where an event fits its channel; `None`: it does right here.
    fn search<'w>(&mut self, error: Error, window: &'w [u8], eof: bool) -> Option<Step<'w>> {
        let mut used = usize::from(self.lost.is_none());
        self.lost = Some(error);
        while let Some(rest) = window.get(used..).filter(|rest| !rest.is_empty()) {
            match self.shape(rest, eof) {
                Ok(Some(_)) => {
                    self.lost = None;
                    break;
                }
                Ok(None) => break,
                Err(_) => used = used.wrapping_add(1),
            }
        }
        if self.lost.is_some() && used == 0 {
            if !eof {
                return Some(Step::Need(window.len().saturating_add(4 * HEAD)));
            }
            self.lost = None;
        }
        self.offset = self.offset.wrapping_add(used as u64);
        (used > 0).then_some(Step::Garbage { used, error, abort: false })
    }
}

impl crate::frame::Framer for LlamaFramer {
    fn step<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        if self.entries != Some(0) {
            return self.header(window, eof);
        }
        if let Some(error) = self.lost
            && let Some(step) = self.search(error, window, eof)
        {
            return Ok(step);
        }
        Ok(match self.open {
            Some(open) => self.trace(open, window, eof),
            None => self.event(window, eof),
        })
    }

    fn jump(&mut self, packet: u64, offset: u64) {
        (self.packets, self.offset, self.start) = (packet, offset, offset);
        (self.open, self.lost) = (None, None);
    }
}
