//! Framing of ORCA files: the header in pieces of text, packets cut as their card says, resynchronisation.

use heapless::Vec;

use super::scan::Scanner;
use super::{CARDS, Handler, Piece, Shape, Word0, header_lengths, id};
use crate::bytes::u32_at;
use crate::error::{Error, Kind, Result, Scope};
use crate::fcio;
use crate::frame::{FrameLimits, Step};
use crate::part::{Part, Stage};

/// No packet is longer, in words.
const MAX_WORDS: u32 = 1 << 24;
/// No header is longer, bytes.
const MAX_HEADER: u32 = 16 << 20;
/// Streams of embedded FCIO that are kept apart.
pub(super) const STREAMS: usize = 8;
/// Bytes before the FCIO records of a packet: id, length, stream id.
pub(super) const FCIO_HEAD: usize = 12;
/// Packets in a row that must fit before a place is believed to be the start of one.
const CHAIN: usize = 3;

/// A packet of which not all parts have been handed out.
#[derive(Clone, Copy, Debug)]
struct Open {
    word: Word0,
    decoder: u8,
    number: u64,
    start: u64,
    len: usize,
    /// Bytes done with.
    at: usize,
    shape: Shape,
    /// Bytes of XML (header), or the FCIO stream's place in the list.
    extra: usize,
}

/// Finds the packets of an ORCA file.
#[derive(Clone, Debug)]
pub struct OrcaFramer {
    limits: FrameLimits,
    offset: u64,
    packets: u64,
    open: Option<Open>,
    scanner: Scanner,
    lost: Option<Error>,
    /// Where a broken packet says that it ends.
    believed: u64,
    streams: Vec<(u32, fcio::Framer), STREAMS>,
}

/// Whether a packet can start here (`short`: also one of a word), and its length in bytes; `None`: too few bytes to tell.
fn plausible(map: &super::IdMap, bytes: &[u8], short: bool) -> Option<Option<usize>> {
    let word = Word0::new(u32_at(bytes, 0)?);
    if (word.short && !short) || map.get(word.id).is_none() {
        return Some(None);
    }
    let (least, words) = if word.words == 0 { (2, u32_at(bytes, 4)?) } else { (1, word.words) };
    Some((least..=MAX_WORDS).contains(&words).then_some(words as usize * 4))
}

impl OrcaFramer {
    /// A framer at the start of a file.
    pub fn new(limits: FrameLimits) -> Self {
        Self {
            limits: limits.consistent(),
            offset: 0,
            packets: 0,
            open: None,
            scanner: Scanner::default(),
            lost: None,
            believed: 0,
            streams: Vec::new(),
        }
    }

    fn error(&self, kind: Kind, field: &'static str, found: i64, expected: i64) -> Error {
        let (packet, offset) = match &self.open {
            Some(open) => (open.number, open.start),
            None => (self.packets, self.offset),
        };
        Error::new(kind, field, found, expected).at(packet, offset)
    }

    fn part<'w>(open: &Open, stage: Stage, bytes: &'w [u8], last: bool) -> Part<'w> {
        Part {
            packet: open.number,
            offset: open.start,
            kind: open.word.shifted(),
            decoder: open.decoder,
            tag: 0,
            stage,
            frame: 0,
            index: 0,
            first: 0,
            last,
            bytes,
        }
    }

    /// Counts bytes of the open packet as done with, and closes it where they are its last.
    fn advance(&mut self, used: usize) {
        self.offset = self.offset.wrapping_add(used as u64);
        if let Some(open) = &mut self.open {
            open.at = open.at.wrapping_add(used);
            if open.at >= open.len {
                self.open = None;
            }
        }
    }

    /// Hands out `bytes` of the open packet, which are the first of the window.
    fn emit<'w>(&mut self, mut part: Part<'w>, used: usize) -> Step<'w> {
        part.last = self.open.is_none_or(|open| open.at.wrapping_add(used) >= open.len);
        self.advance(used);
        Step::Part { used, part }
    }

    fn wait<'w>(&self, need: usize, found: usize, eof: bool) -> Result<Step<'w>> {
        if eof {
            return Err(self.error(Kind::Truncated, "packet", found as i64, need as i64));
        }
        if need > self.limits.window {
            return Err(self.error(Kind::Limit, "packet", need as i64, self.limits.window as i64));
        }
        Ok(Step::Need(need))
    }

    /// Opens the packet at the window's start.
    fn start<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Option<Step<'w>>> {
        let Some(word) = u32_at(window, 0).map(Word0::new) else {
            if !eof {
                return Ok(Some(Step::Need(8)));
            }
            if window.is_empty() {
                return Ok(Some(Step::End));
            }
            return Err(self.error(Kind::Truncated, "packet header", window.len() as i64, 4));
        };
        if self.packets == 0 {
            return self.start_header(window, eof);
        }
        let Some(decoder) = self.scanner.map.get(word.id) else {
            return Err(self.error(Kind::Resync, "data id", word.shifted().into(), 0));
        };
        let words = match word.words {
            0 => match u32_at(window, 4) {
                Some(words) => words,
                None => return self.wait(8, window.len(), eof).map(Some),
            },
            words => words,
        };
        // An extended packet holds its own length word.
        let least = if word.words == 0 { 2 } else { 1 };
        if words < least || words > MAX_WORDS {
            return Err(self.error(Kind::Limit, "packet length", words.into(), MAX_WORDS.into()));
        }
        self.open = Some(self.opened(word, decoder, words));
        self.packets = self.packets.wrapping_add(1);
        Ok(None)
    }

    fn opened(&self, word: Word0, decoder: u8, words: u32) -> Open {
        Open {
            word,
            decoder,
            number: self.packets,
            start: self.offset,
            len: words as usize * 4,
            at: 0,
            shape: Shape::default(),
            extra: 0,
        }
    }

    fn start_header<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Option<Step<'w>>> {
        if window.len() < 12 && !eof {
            return Ok(Some(Step::Need(12)));
        }
        let Some((words, xml)) = header_lengths(window) else {
            let found = u32_at(window, 0).unwrap_or(0);
            return Err(self.error(Kind::Malformed, "header packet", found.into(), 0).fatal());
        };
        if xml > MAX_HEADER {
            let max = MAX_HEADER.into();
            return Err(self.error(Kind::Limit, "header length", xml.into(), max).fatal());
        }
        let word = Word0 { id: 0, short: false, words };
        let mut open = self.opened(word, id::HEADER, words);
        open.extra = xml as usize;
        self.packets = 1;
        self.open = Some(open);
        let bytes = window.get(..8).unwrap_or(&[]);
        let part = Self::part(&open, Stage::Head, bytes, false);
        Ok(Some(self.emit(part, bytes.len())))
    }

    fn header_text<'w>(&mut self, open: Open, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let end = open.extra.wrapping_add(8);
        let left = open.len.saturating_sub(open.at);
        if open.at >= end {
            let Some(bytes) = window.get(..left) else {
                return self.wait(left, window.len(), eof).map_err(Error::fatal);
            };
            return Ok(self.emit(Self::part(&open, Stage::Tail, bytes, true), left));
        }
        let text = end.wrapping_sub(open.at);
        let want = text.min(self.limits.piece).min(self.limits.window);
        let Some(bytes) = window.get(..want) else {
            return self.wait(want, window.len(), eof).map_err(Error::fatal);
        };
        let used = self.scanner.feed(bytes, want == text);
        let bytes = bytes.get(..used).unwrap_or(bytes);
        Ok(self.emit(Self::part(&open, Stage::Text, bytes, false), bytes.len()))
    }

    /// The next part of an open packet.
    fn resume<'w>(&mut self, open: Open, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let left = open.len.saturating_sub(open.at);
        if open.decoder == id::HEADER {
            return self.header_text(open, window, eof);
        }
        let piece = match CARDS.get(usize::from(open.decoder)).map(|card| card.handler) {
            None => Piece::Samples(left, 0, open.at as u32),
            Some(Handler::Card(cut)) => {
                let mut shape = open.shape;
                let piece = cut(&mut shape, open.at, window, open.len)?;
                if let Some(open) = &mut self.open {
                    open.shape = shape;
                }
                piece
            }
            Some(Handler::Fcio) if open.at == 0 => {
                Piece::Fields(Stage::Head, FCIO_HEAD.min(open.len), 0)
            }
            Some(Handler::Fcio) => return self.fcio_part(open, window, eof),
        };
        if open.at == 0 && !self.is_sure(&open) {
            match self.ends_well(left, window, eof) {
                Ok(true) => {}
                Ok(false) => {
                    return Err(self.error(Kind::Malformed, "packet length", left as i64 / 4, 0));
                }
                Err(need) => return Ok(Step::Need(need)),
            }
        }
        let (stage, len, index, first) = match piece {
            Piece::Need(n) => return self.wait(n.min(left).max(1), window.len(), eof),
            Piece::Fields(stage, n, index) => (stage, n, index, 0),
            Piece::Samples(n, index, first) => {
                (Stage::Trace, n.min((self.limits.piece & !3).max(4)), index, first)
            }
        };
        let Some(bytes) = window.get(..len.min(left)) else {
            return self.wait(len.min(left), window.len(), eof);
        };
        let mut part = Self::part(&open, stage, bytes, false);
        part.index = index;
        part.first = first;
        let used = bytes.len();
        if open.at == 0 && CARDS.get(usize::from(open.decoder)).is_some() {
            self.choose_stream(&open, bytes)?;
        }
        Ok(self.emit(part, used))
    }

    /// Whether something beside the length word says how long the packet is.
    fn is_sure(&self, open: &Open) -> bool {
        let fcio = (id::FCIO_CONFIG..=id::FCIO_EVENT).contains(&open.decoder);
        fcio || open.word.short || self.open.is_some_and(|open| open.shape.sure)
    }

    /// Whether a packet or the end of the file follows after `left` bytes. The error is the number of bytes that the window must hold to tell.
    fn ends_well(
        &self,
        left: usize,
        window: &[u8],
        eof: bool,
    ) -> core::result::Result<bool, usize> {
        if left.saturating_add(8) > self.limits.window {
            // What can't be looked at has to be believed.
            return Ok(true);
        }
        // Fewer bytes than a packet's header say nothing against this one.
        let stub = eof && window.len().checked_sub(left).is_some_and(|rest| rest < 4);
        match plausible(&self.scanner.map, window.get(left..).unwrap_or(&[]), true) {
            Some(next) => Ok(next.is_some()),
            None if eof => Ok(stub),
            None => Err(left.saturating_add(8)),
        }
    }

    /// Notes which embedded stream a packet continues.
    fn choose_stream(&mut self, open: &Open, head: &[u8]) -> Result<()> {
        if !(id::FCIO_CONFIG..=id::FCIO_EVENT).contains(&open.decoder) {
            return Ok(());
        }
        let Some(stream) = u32_at(head, 8) else {
            return Err(self.error(Kind::Malformed, "packet length", head.len() as i64, 12));
        };
        let place = match self.streams.iter().position(|entry| entry.0 == stream) {
            Some(place) => place,
            None => {
                let place = self.streams.len();
                if self.streams.push((stream, fcio::Framer::new(self.limits))).is_err() {
                    let found = STREAMS as i64 + 1;
                    return Err(self.error(Kind::Limit, "FCIO streams", found, STREAMS as i64));
                }
                place
            }
        };
        if let Some((_, framer)) = self.streams.get_mut(place) {
            framer.restart(self.offset.wrapping_add(head.len() as u64));
        }
        if let Some(open) = &mut self.open {
            open.extra = place;
        }
        Ok(())
    }

    /// A part of the records inside a packet; the packet ends with a part of its own (the padding).
    fn fcio_part<'w>(&mut self, open: Open, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let left = open.len.saturating_sub(open.at);
        let payload = window.get(..left).unwrap_or(window);
        let complete = payload.len() == left;
        let Some((_, framer)) = self.streams.get_mut(open.extra) else {
            return Err(self.error(Kind::Malformed, "FCIO stream", 0, 0));
        };
        // Fewer bytes than a frame header are padding to a word.
        let padding = complete && left < 4 && !framer.in_frame();
        let inner = framer.next(if padding { &[] } else { payload }, complete || eof);
        match inner.map_err(|e| e.at(open.number, open.start))? {
            Step::Part { used, mut part } => {
                part.packet = open.number;
                part.offset = open.start;
                part.kind = open.word.shifted();
                part.decoder = open.decoder;
                part.last = false;
                self.offset = self.offset.wrapping_add(used as u64);
                if let Some(open) = &mut self.open {
                    open.at = open.at.wrapping_add(used);
                }
                Ok(Step::Part { used, part })
            }
            Step::Need(n) => self.wait(n, window.len(), eof),
            Step::End if !complete => self.wait(left, window.len(), eof),
            // Garbage is an error here.
            Step::End | Step::Garbage { .. } => {
                let mut part = Self::part(&open, Stage::Tail, payload, true);
                part.tag = u16::MAX;
                self.open = None;
                self.offset = self.offset.wrapping_add(left as u64);
                Ok(Step::Part { used: left, part })
            }
        }
    }

    /// Drops bytes up to a place from which packets follow one another; `None`: they do right here.
    fn search<'w>(&mut self, error: Error, window: &'w [u8], eof: bool) -> Option<Step<'w>> {
        let mut at = 0usize;
        while at < window.len() {
            match self.fits(window, at, eof) {
                Some(true) => {
                    self.lost = None;
                    break;
                }
                Some(false) => at = at.wrapping_add(1),
                None if at == 0 && window.len() >= self.limits.window => at = 1,
                None if at == 0 => {
                    let more = window.len().wrapping_add(4096);
                    return Some(Step::Need(more.min(self.limits.window)));
                }
                None => break,
            }
        }
        if window.is_empty() {
            self.lost = if eof { None } else { self.lost };
            return Some(if eof { Step::End } else { Step::Need(8) });
        }
        (at > 0).then(|| self.garbage(at, error, false))
    }

    /// Whether to go on at byte `at`: where the broken packet says that it ends, any packet will do.
    fn fits(&self, window: &[u8], at: usize, eof: bool) -> Option<bool> {
        if self.believed == self.offset.wrapping_add(at as u64) {
            let rest = window.get(at..).unwrap_or(&[]);
            match plausible(&self.scanner.map, rest, true) {
                Some(Some(_)) => return Some(true),
                None if !eof => return None,
                _ => {}
            }
        }
        self.chain(window, at, eof)
    }

    /// Whether packets follow one another from here on; `None`: more bytes are needed to tell.
    fn chain(&self, window: &[u8], start: usize, eof: bool) -> Option<bool> {
        let mut at = start;
        for i in 0..CHAIN {
            let rest = window.get(at..).unwrap_or(&[]);
            match plausible(&self.scanner.map, rest, i > 0) {
                // Exactly at the end of the file is as good as another packet.
                None if eof => return Some(at == window.len() && i > 0),
                None if start > 0 || window.len() < self.limits.window => return None,
                // Two packets must do where the window holds no more.
                None => return Some(i > 1),
                Some(None) => return Some(false),
                Some(Some(len)) => at = at.wrapping_add(len),
            }
        }
        Some(true)
    }

    fn garbage<'w>(&mut self, used: usize, error: Error, abort: bool) -> Step<'w> {
        self.offset = self.offset.wrapping_add(used as u64);
        Step::Garbage { used, error, abort }
    }

    /// A packet whose content contradicts its length, or breaks off: the next one is to be found.
    fn give_up<'w>(&mut self, error: Error, window: &'w [u8], eof: bool) -> Step<'w> {
        self.lost = Some(error);
        let Some(open) = self.open.take() else {
            self.believed = 0;
            return self.search(error, window, eof).unwrap_or(Step::Need(8));
        };
        self.believed = open.start.wrapping_add(open.len as u64);
        let begun = open.at > 0;
        self.garbage(usize::from(!begun), error, begun)
    }
}

impl crate::frame::Framer for OrcaFramer {
    fn step<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        if let Some(error) = self.lost
            && let Some(step) = self.search(error, window, eof)
        {
            return Ok(step);
        }
        if self.open.is_none() {
            match self.start(window, eof) {
                Ok(None) => {}
                Ok(Some(step)) => return Ok(step),
                Err(error) if error.scope == Scope::Stream || self.packets == 0 => {
                    return Err(error.fatal());
                }
                Err(error) if error.kind == Kind::Truncated => {
                    return Ok(self.garbage(window.len(), error, false));
                }
                Err(error) => return Ok(self.give_up(error, window, eof)),
            }
        }
        let Some(open) = self.open else { return Ok(Step::Need(8)) };
        match self.resume(open, window, eof) {
            Err(error) if error.scope == Scope::Stream => Err(error),
            Err(error) => Ok(self.give_up(error.at(open.number, open.start), window, eof)),
            step => step,
        }
    }

    fn jump(&mut self, packet: u64, offset: u64) {
        (self.packets, self.offset) = (packet, offset);
        (self.open, self.lost, self.believed) = (None, None, 0);
    }
}
