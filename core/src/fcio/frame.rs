//! TMIO framing: one part per data frame, large frames in slices.

use crate::bytes::i32_at;
use crate::error::{Error, Kind, Result, Scope};
use crate::frame::{FrameLimits, Step};
use crate::part::{Part, Stage};

use super::record::{
    Bulk, Expect, Geometry, LOOKAHEAD, MAX_FRAME, MAX_TAG, MOST_NEWER, Record, STAMPS, WHOLE,
    bulk_unit, decoder_of, expect, find_start, first_trace_frame, follows, known_frames, mandatory,
    stage_of,
};
use super::{MAX_CARDS, MAX_PULSES, MAX_SAMPLES, MAX_TRACES, PROTOCOL, PROTOCOL_NAME};
use super::{PROTOCOL_SIZE, tag};

/// Finds the records of an FCIO stream.
#[derive(Clone, Copy, Debug)]
pub struct Framer {
    limits: FrameLimits,
    offset: u64,
    packets: u64,
    geometry: Geometry,
    record: Option<Record>,
    started: bool,
    lost: Option<Error>,
}

impl Framer {
    /// A framer at the start of a stream.
    pub const fn new(limits: FrameLimits) -> Self {
        let geometry = Geometry { adcs: 0, triggers: 0, samples: 0, known: false };
        Self {
            limits: limits.consistent(),
            offset: 0,
            packets: 0,
            geometry,
            record: None,
            started: false,
            lost: None,
        }
    }

    /// Starts on another piece of the stream at byte `offset` (a packet of a wrapping format).
    pub(crate) fn restart(&mut self, offset: u64) {
        self.offset = offset;
        self.record = None;
        self.started = true;
    }

    /// Whether a large frame has been handed out in part.
    pub(crate) fn in_frame(&self) -> bool {
        matches!(self.record, Some(Record { bulk: Some(_), .. }))
    }

    /// The next part, or why the bytes at the window's start fit nothing; never garbage.
    pub(crate) fn next<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        if self.in_frame() {
            return self.slice(window, eof);
        }
        let Some(word) = i32_at(window, 0) else {
            return if !eof { Ok(Step::Need(4)) } else { self.at_end(window.len()) };
        };
        if word == PROTOCOL {
            return if self.record.is_some() { self.close() } else { self.protocol(window, eof) };
        }
        if word < -MAX_TAG {
            return Err(self.error(Kind::Malformed, "frame header", word.into(), 0));
        }
        if word < 0 {
            return if self.record.is_some() { self.close() } else { Ok(self.begin(word)) };
        }
        self.data(word as u32, window, eof)
    }

    fn error(&self, kind: Kind, field: &'static str, found: i64, expected: i64) -> Error {
        Error::new(kind, field, found, expected).at(self.packets, self.offset)
    }

    fn used(&mut self, n: usize) -> usize {
        self.offset = self.offset.wrapping_add(n as u64);
        n
    }

    fn part<'w>(rec: &Record, stage: Stage, bytes: &'w [u8]) -> Part<'w> {
        Part {
            packet: rec.packet,
            offset: rec.start,
            kind: rec.tag,
            decoder: decoder_of(rec.tag),
            tag: rec.tag as u16,
            stage,
            frame: rec.frame,
            index: 0,
            first: 0,
            last: matches!(stage, Stage::End | Stage::Whole),
            bytes,
        }
    }

    fn at_end<'w>(&mut self, left: usize) -> Result<Step<'w>> {
        // With bytes left the next frame is cut, which may be an optional one of this record.
        if self.complete() || (left == 0 && self.record.is_some()) {
            self.close()
        } else if left == 0 {
            Ok(Step::End)
        } else {
            Err(self.error(Kind::Truncated, "frame header", left as i64, 4))
        }
    }

    /// Ends the record, if it has all the frames it can't do without.
    fn close<'w>(&mut self) -> Result<Step<'w>> {
        let Some(rec) = self.record else { return Ok(Step::End) };
        let wanted = mandatory(&rec);
        if rec.frame < wanted {
            return Err(self.error(
                Kind::Truncated,
                "data frames",
                rec.frame.into(),
                wanted.into(),
            ));
        }
        self.record = None;
        Ok(Step::Part { used: 0, part: Self::part(&rec, Stage::End, &[]) })
    }

    /// Whether the present record has all the frames that its layout knows, and ends here if need be.
    fn complete(&self) -> bool {
        self.record.is_some_and(|rec| {
            let known = mandatory(&rec).max(known_frames(rec.tag));
            rec.bulk.is_none() && rec.frame >= known
        })
    }

    fn record_at(&mut self, tag: u32) -> Record {
        let packet = self.packets;
        self.packets = packet.wrapping_add(1);
        Record { tag, start: self.offset, packet, frame: 0, count: 0, size: 0, bulk: None }
    }

    fn protocol<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(bytes) = window.get(..PROTOCOL_SIZE) else {
            if eof {
                let found = window.len() as i64;
                return Err(self.error(Kind::Truncated, "protocol", found, PROTOCOL_SIZE as i64));
            }
            return Ok(Step::Need(PROTOCOL_SIZE));
        };
        if bytes.get(4..4 + PROTOCOL_NAME.len()) != Some(PROTOCOL_NAME) {
            return Err(self.error(Kind::Unsupported, "protocol name", 0, 0));
        }
        self.started = true;
        let rec = self.record_at(tag::PROTOCOL);
        let used = self.used(PROTOCOL_SIZE);
        Ok(Step::Part { used, part: Self::part(&rec, Stage::Whole, bytes) })
    }

    fn begin<'w>(&mut self, word: i32) -> Step<'w> {
        let rec = self.record_at(word.unsigned_abs());
        self.record = Some(rec);
        let used = self.used(4);
        Step::Part { used, part: Self::part(&rec, Stage::Begin, &[]) }
    }

    fn data<'w>(&mut self, len: u32, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(mut rec) = self.record else {
            return Err(self.error(Kind::Malformed, "tag", len.into(), -1));
        };
        let expect = expect(&rec, &self.geometry);
        let fits = match expect {
            Expect::Exact(n) => len == n,
            Expect::UpTo(max, unit) => len <= max && len.is_multiple_of(unit),
            Expect::Any => false,
        };
        let size = len as usize;
        if size > MAX_FRAME && !matches!(expect, Expect::Exact(_)) {
            return Err(self.error(Kind::Limit, "frame size", len.into(), MAX_FRAME as i64));
        }
        if !fits && let Some(need) = self.plausible(&expect, size, window, eof)? {
            return Ok(Step::Need(need));
        }
        let bounded = fits && matches!(expect, Expect::UpTo(max, _) if max > STAMPS && len < max);
        if bounded && let Some(need) = self.vouched(rec, len, window, eof)? {
            return Ok(Step::Need(need));
        }
        let seen = size.min(4).wrapping_add(4);
        let Some(value) = window.get(4..seen) else {
            return self.missing(seen, window.len(), eof);
        };
        self.note(&mut rec, i32_at(value, 0).unwrap_or(0), len)?;
        let unit = bulk_unit(&rec, &self.geometry, len);
        if size > self.piece(&rec) || unit != len {
            return self.open_bulk(
                rec,
                Bulk { left: len, unit: unit.max(2), at: 0, index: 0 },
                window,
                eof,
            );
        }
        let Some(bytes) = window.get(4..size.wrapping_add(4)) else {
            return self.missing(size.wrapping_add(4), window.len(), eof);
        };
        let mut part = Self::part(&rec, stage_of(&rec), bytes);
        part.index = rec.frame.wrapping_sub(first_trace_frame(rec.tag));
        rec.frame = rec.frame.wrapping_add(1);
        self.record = Some(rec);
        Ok(Step::Part { used: self.used(size.wrapping_add(4)), part })
    }

    /// Most bytes of a frame in one part. What isn't samples comes in pieces of at least a card's status.
    fn piece(&self, rec: &Record) -> usize {
        let traces = matches!(rec.tag, tag::EVENT | tag::SPARSE_EVENT)
            && rec.frame >= first_trace_frame(rec.tag);
        if traces { self.limits.piece } else { self.limits.piece.max(WHOLE) }
    }

    /// The first slice of a large frame, with the frame's header.
    fn open_bulk<'w>(
        &mut self,
        rec: Record,
        bulk: Bulk,
        window: &'w [u8],
        eof: bool,
    ) -> Result<Step<'w>> {
        self.record = Some(Record { bulk: Some(bulk), ..rec });
        self.used(4);
        match self.slice(window.get(4..).unwrap_or(&[]), eof) {
            Ok(Step::Part { used, part }) => Ok(Step::Part { used: used.wrapping_add(4), part }),
            other => {
                self.offset = self.offset.wrapping_sub(4);
                self.record = Some(rec);
                other.map(|step| match step {
                    Step::Need(n) => Step::Need(n.wrapping_add(4)),
                    step => step,
                })
            }
        }
    }

    fn missing<'w>(&self, need: usize, found: usize, eof: bool) -> Result<Step<'w>> {
        if eof {
            return Err(self.error(Kind::Truncated, "data frame", found as i64, need as i64));
        }
        if need > self.limits.window {
            let max = self.limits.window as i64;
            return Err(self.error(Kind::Limit, "frame size", need as i64, max));
        }
        Ok(Step::Need(need))
    }

    /// A frame of another size than the layout's: accepted only if something that looks like a frame follows.
    fn plausible(
        &self,
        expect: &Expect,
        len: usize,
        window: &[u8],
        eof: bool,
    ) -> Result<Option<usize>> {
        let want = match *expect {
            Expect::Exact(n) | Expect::UpTo(n, _) => n as i64,
            Expect::Any => LOOKAHEAD as i64,
        };
        let odd = self.error(Kind::Malformed, "frame size", len as i64, want);
        // A short frame where the layout has exactly one size can't be a newer or older layout.
        let unknown = self.record.is_some_and(|rec| known_frames(rec.tag) == 0);
        // A longer one can, by a few whole words, but not for samples.
        let exact = match *expect {
            Expect::Exact(n) => (len as u64) < u64::from(n) || n > STAMPS,
            Expect::UpTo(..) | Expect::Any => false,
        };
        let known = !matches!(*expect, Expect::Any);
        let exact = exact || known && (len > MOST_NEWER || !len.is_multiple_of(4));
        if (len > LOOKAHEAD && !unknown) || exact {
            return Err(odd);
        }
        let end = len.wrapping_add(4);
        match follows(window, end, eof) {
            Ok(true) => Ok(None),
            Ok(false) => Err(odd),
            // What the window can't hold has to be believed, also where the end is known by chance.
            Err(need) if need > self.limits.window && len <= LOOKAHEAD => Ok(None),
            Err(need) if need > self.limits.window => Err(odd),
            Err(need) if !eof => Ok(Some(need)),
            Err(_) if window.len() >= end => Ok(None),
            Err(_) => {
                Err(self.error(Kind::Truncated, "data frame", window.len() as i64, end as i64))
            }
        }
    }

    /// A frame of any size up to a limit: the header behind it must be one that can follow, lest a damaged size swallow
    /// the records behind. Returns how many bytes it takes to tell.
    fn vouched(
        &self,
        mut rec: Record,
        len: u32,
        window: &[u8],
        eof: bool,
    ) -> Result<Option<usize>> {
        let end = (len as usize).wrapping_add(4);
        let Some(word) = i32_at(window, end) else {
            let need = end.wrapping_add(4);
            return Ok((!eof && need <= self.limits.window).then_some(need));
        };
        match (rec.tag, rec.frame) {
            (tag::SPARSE_EVENT, 6) => rec.count = rec.count.min(len / 2),
            (tag::EVENT_HEADER, 5) => rec.count = len / 2,
            (tag::FSP_EVENT, 5 | 7) => rec.count = len / 4,
            // Whatever follows, this record has what it needs.
            (tag::EVENT_HEADER, 6) => return Ok(None),
            _ => {}
        }
        rec.frame = rec.frame.wrapping_add(1);
        let size = word as u32;
        let can_follow = match expect(&rec, &self.geometry) {
            _ if word < 0 => word == PROTOCOL || word >= -MAX_TAG,
            Expect::Exact(n) => size == n || (size > n && size as usize <= LOOKAHEAD),
            Expect::UpTo(max, unit) => size <= max && size.is_multiple_of(unit),
            Expect::Any => match follows(window, end, eof) {
                Ok(can_follow) => can_follow,
                Err(need) if !eof && need <= self.limits.window => return Ok(Some(need)),
                Err(_) => true,
            },
        };
        if can_follow {
            return Ok(None);
        }
        Err(self.error(Kind::Malformed, "header behind a frame", word.into(), 0))
    }

    fn slice<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(rec) = &self.record else { return Ok(Step::End) };
        let Some(bulk) = rec.bulk else { return Ok(Step::End) };
        let piece = (self.piece(rec) as u32 & !7).max(8);
        let want = piece.min(bulk.unit.wrapping_sub(bulk.at)).min(bulk.left);
        let Some(bytes) = window.get(..want as usize) else {
            return self.missing(want as usize, window.len(), eof);
        };
        let used = self.used(want as usize);
        let Some(rec) = &mut self.record else { return Ok(Step::End) };
        let mut part = Self::part(rec, stage_of(rec), bytes);
        part.index = bulk.index.wrapping_add(rec.frame.wrapping_sub(first_trace_frame(rec.tag)));
        part.first = bulk.at;
        rec.took(want);
        Ok(Step::Part { used, part })
    }

    /// Keeps the counts by which later frames are cut.
    /// `value`: the first integer of a frame of `len` bytes.
    fn note(&mut self, rec: &mut Record, value: i32, len: u32) -> Result<()> {
        let check = |field, max: u32| {
            if value < 0 || value as u32 > max {
                let kind = if value < 0 { Kind::Malformed } else { Kind::Limit };
                let error = Error::new(kind, field, value.into(), max.into());
                return Err(error.at(rec.packet, rec.start));
            }
            Ok(value as u32)
        };
        match (rec.tag, rec.frame) {
            (tag::CONFIG, 0) => {
                self.geometry.adcs = check("adcs", MAX_TRACES as u32).map_err(Error::fatal)?;
            }
            (tag::CONFIG, 1) => {
                let room = (MAX_TRACES as u32).wrapping_sub(self.geometry.adcs);
                self.geometry.triggers = check("triggers", room).map_err(Error::fatal)?;
            }
            (tag::CONFIG, 2) => {
                self.geometry.samples = check("eventsamples", MAX_SAMPLES).map_err(Error::fatal)?;
                self.geometry.known = true;
            }
            (tag::SPARSE_EVENT, 5) => rec.count = check("num_traces", MAX_TRACES as u32)?,
            (tag::SPARSE_EVENT, 6) => rec.count = rec.count.min(len / 2),
            (tag::EVENT_HEADER, 5) => rec.count = len / 2,
            (tag::FSP_EVENT, 5 | 7) => rec.count = len / 4,
            (tag::STATUS, 2) => rec.count = check("cards", MAX_CARDS)?,
            (tag::STATUS, 3) => rec.size = check("size", LOOKAHEAD as u32)?,
            (tag::REC_EVENT, 5) => rec.count = check("totalpulses", MAX_PULSES)?,
            _ => {}
        }
        Ok(())
    }

    /// Drops bytes up to the next place where a record starts; `None`: it starts right here.
    fn search<'w>(&mut self, error: Error, window: &'w [u8], eof: bool) -> Option<Step<'w>> {
        let fresh = self.lost.is_none();
        let abort = fresh && self.record.take().is_some();
        if fresh && !abort {
            // A stretch of garbage counts as one packet, so that those around it are no neighbours.
            self.packets = self.packets.wrapping_add(1);
        }
        // What broke off a record may be the next one; what broke without a record isn't one.
        let (mut at, found) = find_start(window, usize::from(fresh && !abort), eof);
        self.lost = if found { None } else { Some(error) };
        if at == 0 && !abort {
            if found {
                return None;
            }
            if eof {
                self.lost = None;
                return Some(Step::End);
            }
            if window.len() < self.limits.window {
                let more = window.len().wrapping_add(64);
                return Some(Step::Need(more.min(self.limits.window)));
            }
            at = 1;
        }
        Some(Step::Garbage { used: self.used(at), error, abort })
    }

    /// What [`Framer::next`] finds, or what becomes of what it can't read.
    fn found<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let in_frame = self.in_frame();
        let mut found = if in_frame { self.slice(window, eof) } else { self.next(window, eof) };
        if let Err(error) = found {
            found = self.broken(error, window, eof);
        }
        found
    }

    /// What becomes of bytes that fit nothing.
    fn broken<'w>(&mut self, error: Error, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        if !self.started {
            return Err(error.fatal());
        }
        if error.scope == Scope::Stream {
            return Err(error);
        }
        // What follows a record that has all its frames doesn't take the record along.
        if self.complete() {
            return self.close();
        }
        Ok(self.search(error, window, eof).unwrap_or(Step::End))
    }
}

impl crate::frame::Framer for Framer {
    fn step<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        if let Some(error) = self.lost
            && let Some(step) = self.search(error, window, eof)
        {
            return Ok(step);
        }
        if !self.started && window.len() >= 4 && i32_at(window, 0) != Some(PROTOCOL) {
            let found = i32_at(window, 0).unwrap_or(0);
            let error =
                self.error(Kind::Malformed, "protocol frame", found.into(), PROTOCOL.into());
            return Err(error.fatal());
        }
        self.found(window, eof)
    }

    fn jump(&mut self, packet: u64, offset: u64) {
        (self.packets, self.offset) = (packet, offset);
        (self.record, self.lost) = (None, None);
    }
}
