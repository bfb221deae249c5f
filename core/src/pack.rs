//! From the parts of a stream to records, on a front end.

use crate::cells::{self, CellWriter};
use crate::codec::{Codec, Predictor};
use crate::error::Error;
use crate::part::Part;
use crate::record::{self, Body, Bytes, Health, Parts, Reason, Record};

/// The packet whose parts are being gathered.
#[derive(Clone, Copy, Debug)]
struct Now {
    packet: u64,
    /// Records sent of it.
    index: u32,
    number: u64,
    offset: u64,
    kind: u32,
    decoder: u8,
    /// Bytes of the source so far.
    bytes: u64,
    /// A part of it did not fit into any record: the rest is dropped.
    lost: bool,
}

/// Where the source's packets and bytes went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Account {
    /// Packets sent whole.
    pub sent: u64,
    /// Packets that broke off, which was told with their bytes.
    pub broken: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// Records refused.
    pub records_dropped: u64,
    /// Bytes of dropped packets, and of garbage that was not told.
    pub bytes_dropped: u64,
    /// Bytes that made no sense, those of broken packets not counted before they broke off.
    pub garbage: u64,
}

impl Account {
    /// Packets of the source.
    pub const fn packets(&self) -> u64 {
        self.sent.wrapping_add(self.broken).wrapping_add(self.dropped)
    }
}

/// Gathers the parts of each packet into as few records as their length allows, and accounts for what can't be sent.
///
/// The caller keeps the memory for the cells of one record and says where records go; a sink that answers `false` has no
/// room, and the packet is dropped whole.
#[derive(Debug)]
pub struct Packer {
    stream: u16,
    seq: u32,
    predictor: Predictor,
    now: Option<Now>,
    /// Puts the cells gathered.
    writer: CellWriter,
    /// Packets dropped since the last record: the first, how many, why the last.
    gap: Option<(u64, u32, Reason)>,
    account: Account,
}

impl Packer {
    /// A packer of a stream, samples in `codec` where that is shorter.
    pub const fn new(stream: u16, codec: Codec) -> Self {
        Packer {
            stream,
            seq: 0,
            predictor: Predictor::new(),
            now: None,
            writer: CellWriter::new(codec),
            gap: None,
            account: Account {
                sent: 0,
                broken: 0,
                dropped: 0,
                records_dropped: 0,
                bytes_dropped: 0,
                garbage: 0,
            },
        }
    }

    /// Where packets and bytes went so far.
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Records sent so far, modulo the word.
    pub const fn records(&self) -> u32 {
        self.seq
    }

    /// Sends a record that is no part of a packet. What was dropped before it is told first.
    pub fn send(&mut self, body: Body<'_>, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        if let Some((packet, count, reason)) = self.gap {
            if !self.put(Body::Gap { packet, count, reason }, to) {
                return false;
            }
            self.gap = None;
        }
        self.put(body, to)
    }

    fn put(&mut self, body: Body<'_>, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        let sent = to(&Record::new(self.stream, self.seq, body));
        if sent {
            self.seq = self.seq.wrapping_add(1);
        }
        sent
    }

    /// Takes a part, and the bytes of the stream that it was found in. `cells`: memory for the cells of one record, the same
    /// at every call.
    pub fn part(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        cells: &mut [u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) {
        if self.now.as_ref().is_none_or(|now| now.number != part.packet) {
            self.begin(part);
        }
        let Some(now) = &mut self.now else { return };
        now.bytes = now.bytes.wrapping_add(source.len() as u64);
        if !now.lost && !self.push(part, source, cells) {
            self.flush(cells, to);
            if self.now.is_some_and(|now| !now.lost) && !self.push(part, source, cells) {
                self.pieces(part, source, cells, to);
            }
        }
        if part.last {
            self.flush(cells, to);
            self.end_packet();
        }
    }

    fn begin(&mut self, part: &Part<'_>) {
        self.writer.clear();
        self.predictor = Predictor::new();
        let packet = self.account.packets();
        let Part { packet: number, offset, kind, decoder, .. } = *part;
        let now = Now { packet, index: 0, number, offset, kind, decoder, bytes: 0, lost: false };
        self.now = Some(now);
    }

    fn end_packet(&mut self) {
        let Some(now) = self.now.take() else { return };
        let account = &mut self.account;
        if now.lost {
            account.dropped = account.dropped.wrapping_add(1);
            account.bytes_dropped = account.bytes_dropped.wrapping_add(now.bytes);
        } else {
            account.sent = account.sent.wrapping_add(1);
        }
    }

    /// Takes bytes that belong to no packet; with `abort`, the present packet breaks off in them. `start`: where they start.
    pub fn garbage(
        &mut self,
        error: Error,
        abort: bool,
        (start, bytes): (u64, &[u8]),
        cells: &mut [u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) {
        self.account.garbage = self.account.garbage.wrapping_add(bytes.len() as u64);
        if abort && self.now.is_some() {
            self.flush(cells, to);
        }
        let mut broken = abort && self.now.is_some();
        let longest = cells.len().saturating_sub(record::GARBAGE_OVERHEAD).max(1);
        let mut start = start;
        let mut pieces = bytes.chunks(longest);
        let mut piece = pieces.next().unwrap_or(&[]);
        loop {
            let lost = self.now.is_some_and(|now| abort && now.lost);
            let (packet, trouble) = (self.account.packets(), error.into());
            let body = Body::Garbage { packet, trouble, start, abort: broken, bytes: Bytes(piece) };
            if lost || !self.send(body, to) {
                self.refused(abort, piece.len());
            } else if core::mem::take(&mut broken) {
                self.account.broken = self.account.broken.wrapping_add(1);
                self.now = None;
            }
            start = start.wrapping_add(piece.len() as u64);
            match pieces.next() {
                Some(next) => piece = next,
                None => break,
            }
        }
        if abort && self.now.is_some() {
            self.end_packet();
        }
    }

    /// The source as a whole can't be read from here on. `false` where there is no room to say so.
    pub fn failed(
        &mut self,
        error: Error,
        cells: &[u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        self.flush(cells, to);
        self.send(Body::Failed(error.into()), to)
    }

    /// Garbage that could not be told; the packet that broke off in it counts as dropped.
    fn refused(&mut self, abort: bool, bytes: usize) {
        if abort && self.now.is_some_and(|now| !now.lost) {
            self.lose(Reason::Malformed);
        }
        match &mut self.now {
            Some(now) if abort => now.bytes = now.bytes.wrapping_add(bytes as u64),
            _ => {
                let dropped = &mut self.account.bytes_dropped;
                *dropped = dropped.wrapping_add(bytes as u64);
            }
        }
    }

    fn push(&mut self, part: &Part<'_>, source: &[u8], cells: &mut [u8]) -> bool {
        self.writer.push(part, source, &mut self.predictor, cells).is_some()
    }

    /// Sends a part that is longer than a record, a piece in each.
    fn pieces(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        cells: &mut [u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) {
        let room = cells.len().saturating_sub(cells::OVERHEAD);
        let all = source.len().saturating_sub(part.bytes.len());
        // What lies around the part goes with its first and last piece.
        let Some(room) = room.checked_sub(all).filter(|room| *room > 0) else {
            return self.lose(Reason::TooBig);
        };
        let (mut bytes, mut source) = (part.bytes, source);
        while self.now.is_some_and(|now| !now.lost) {
            let (piece, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            let more = !rest.is_empty();
            let before = cells::around(source, bytes).map_or(0, |(before, _)| before.len());
            let end = if more { before.saturating_add(piece.len()) } else { source.len() };
            let (mine, others) = source.split_at_checked(end).unwrap_or((source, &[]));
            let piece = Part { bytes: piece, last: part.last && !more, ..*part };
            let put = self.writer.push_piece(&piece, mine, more, &mut self.predictor, cells);
            if put.is_none() {
                return self.lose(Reason::TooBig);
            }
            if !more {
                return;
            }
            self.flush(cells, to);
            (bytes, source) = (rest, others);
        }
    }

    /// Sends what was gathered of the present packet.
    fn flush(&mut self, cells: &[u8], to: &mut impl FnMut(&Record<'_>) -> bool) {
        let Some(now) = self.now.filter(|now| !now.lost) else { return };
        if self.writer.is_empty() {
            return;
        }
        let bytes = self.writer.cells(cells);
        self.writer.clear();
        let parts = Parts {
            packet: now.packet,
            index: now.index,
            number: now.number,
            offset: now.offset,
            kind: now.kind,
            decoder: now.decoder,
            cells: Bytes(bytes),
        };
        if !self.send(Body::Parts(parts), to) {
            return self.lose(Reason::RingFull);
        }
        if let Some(now) = &mut self.now {
            now.index = now.index.wrapping_add(1);
        }
    }

    /// The present packet can't be sent whole.
    fn lose(&mut self, reason: Reason) {
        let Some(now) = &mut self.now else { return };
        now.lost = true;
        let records = &mut self.account.records_dropped;
        *records = records.wrapping_add(1);
        let (first, count) = match self.gap {
            Some((first, count, _)) => (first, count),
            None => (now.packet, 0),
        };
        self.gap = Some((first, count.saturating_add(1), reason));
    }

    /// How the front end is doing. `low_water`: fewest free bytes of the ring; `uptime`: ticks since the start.
    pub fn health(&self, low_water: u32, uptime: u64) -> Health {
        let Account { records_dropped, bytes_dropped, garbage, broken, .. } = self.account;
        let malformed = u32::try_from(broken).unwrap_or(u32::MAX);
        Health { low_water, records_dropped, bytes_dropped, garbage, malformed, uptime }
    }
}
