//! From the parts of a stream to records, on a front end.

use crate::cells::CellWriter;
use crate::codec::{Codec, Predictor};
use crate::part::Part;
use crate::record::{Body, Bytes, Parts, Reason, Record};

/// The packet whose parts are being gathered.
#[derive(Clone, Copy, Debug)]
struct Now {
    packet: u64,
    offset: u64,
    kind: u32,
    decoder: u8,
    /// A part of it did not fit into any record: the rest is dropped.
    lost: bool,
}

/// Gathers the parts of each packet into as few records as their length allows, and accounts for what can't be sent.
///
/// The caller keeps the memory for the cells of one record and says where records go; a sink that answers `false` has no
/// room, and the packet is dropped whole.
#[derive(Debug)]
pub struct Packer {
    stream: u16,
    seq: u32,
    codec: Codec,
    predictor: Predictor,
    now: Option<Now>,
    /// Bytes of cells gathered.
    at: usize,
    /// Packets dropped since the last record: the first, how many, why the last.
    gap: Option<(u64, u32, Reason)>,
    /// Packets sent whole.
    pub packets: u64,
    /// Packets dropped.
    pub dropped: u64,
}

impl Packer {
    /// A packer of a stream, samples in `codec` where that is shorter.
    pub const fn new(stream: u16, codec: Codec) -> Self {
        Packer {
            stream,
            seq: 0,
            codec,
            predictor: Predictor::new(),
            now: None,
            at: 0,
            gap: None,
            packets: 0,
            dropped: 0,
        }
    }

    /// Sends a record that is no part of a packet.
    pub fn send(&mut self, body: Body<'_>, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        let sent = to(&Record::new(self.stream, self.seq, body));
        if sent {
            self.seq = self.seq.wrapping_add(1);
        }
        sent
    }

    /// Takes a part. `cells`: memory for the cells of one record, the same at every call.
    pub fn part(
        &mut self,
        part: &Part<'_>,
        cells: &mut [u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) {
        if self.now.is_none_or(|now| now.packet != part.packet) {
            self.at = 0;
            self.predictor = Predictor::new();
            self.now = Some(Now {
                packet: part.packet,
                offset: part.offset,
                kind: part.kind,
                decoder: part.decoder,
                lost: false,
            });
        }
        let lost = self.now.is_none_or(|now| now.lost);
        if !lost && !self.push(part, cells) {
            self.flush(cells, to);
            if self.now.is_some_and(|now| !now.lost) && !self.push(part, cells) {
                self.lose(Reason::TooBig);
            }
        }
        if part.last {
            self.flush(cells, to);
            if self.now.is_some_and(|now| !now.lost) {
                self.packets = self.packets.wrapping_add(1);
            }
            self.now = None;
        }
    }

    /// The present packet broke off: what was sent of it is void.
    pub fn abort(&mut self) {
        self.lose(Reason::Malformed);
        self.now = None;
    }

    fn push(&mut self, part: &Part<'_>, cells: &mut [u8]) -> bool {
        let Some(mut writer) = CellWriter::resume(cells, self.at, self.codec) else { return false };
        if writer.push(part, &mut self.predictor).is_none() {
            return false;
        }
        self.at = writer.len();
        true
    }

    /// Sends what was gathered of the present packet.
    fn flush(&mut self, cells: &[u8], to: &mut impl FnMut(&Record<'_>) -> bool) {
        let Some(now) = self.now.filter(|now| !now.lost) else { return };
        let at = core::mem::take(&mut self.at);
        if at == 0 {
            return;
        }
        if let Some((packet, count, reason)) = self.gap {
            if !self.send(Body::Gap { packet, count, reason }, to) {
                return self.lose(Reason::RingFull);
            }
            self.gap = None;
        }
        let parts = Parts {
            packet: now.packet,
            offset: now.offset,
            kind: now.kind,
            decoder: now.decoder,
            cells: Bytes(cells.get(..at).unwrap_or(&[])),
        };
        if !self.send(Body::Parts(parts), to) {
            self.lose(Reason::RingFull);
        }
    }

    /// The present packet can't be sent whole.
    fn lose(&mut self, reason: Reason) {
        let Some(now) = &mut self.now else { return };
        if core::mem::replace(&mut now.lost, true) {
            return;
        }
        self.dropped = self.dropped.wrapping_add(1);
        let (first, count) = match self.gap {
            Some((first, count, _)) => (first, count),
            None => (now.packet, 0),
        };
        self.gap = Some((first, count.saturating_add(1), reason));
    }

    /// Sends the last gap, if there is one, and the end. `false`: try again when there is room.
    pub fn end(
        &mut self,
        packets: u64,
        bytes: u64,
        crc: u32,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        if let Some((packet, count, reason)) = self.gap {
            if !self.send(Body::Gap { packet, count, reason }, to) {
                return false;
            }
            self.gap = None;
        }
        self.send(Body::End { packets, bytes, crc }, to)
    }
}
