//! What the framer knows of records: which frames they have, how long these are, and what a record's start looks like.

use super::{MAX_TRACES, PROTOCOL, PROTOCOL_NAME, tag};
use crate::bytes::i32_at;
use crate::part::{NO_DECODER, Stage};

/// A frame of unexpected size is believed if it is not longer than this and a frame follows it.
pub(super) const LOOKAHEAD: usize = 64 * 1024;
/// Frames up to this size (a card's status) are handed out whole, unless they are samples.
pub(super) const WHOLE: usize = 1280;
/// No frame is longer (the trace buffer of the largest stream).
pub(super) const MAX_FRAME: usize = 2 * 672 * 32770;
/// Frames that a newer writer may add to a record.
const SURPLUS: usize = 8;
/// Bytes of the longest list of counters.
pub(super) const STAMPS: u32 = 40;
/// Bytes that a newer writer may make of a scalar or a list of counters.
pub(super) const MOST_NEWER: usize = 2 * STAMPS as usize;
/// A tag above this is taken for damage.
pub(super) const MAX_TAG: i32 = 1 << 16;
/// Bytes of one slice of per-trace arrays.
const LIST_MAX: u32 = 2 * MAX_TRACES as u32;
const WORDS_MAX: u32 = 4 * MAX_TRACES as u32;

/// What the framer must know of the configuration to cut traces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Geometry {
    pub(super) adcs: u32,
    pub(super) triggers: u32,
    pub(super) samples: u32,
    pub(super) known: bool,
}

impl Geometry {
    pub(super) fn traces(self) -> u32 {
        self.adcs.wrapping_add(self.triggers)
    }

    pub(super) fn trace_bytes(self) -> u32 {
        self.samples.wrapping_add(2).wrapping_mul(2)
    }
}

/// A frame that is handed out in slices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulk {
    /// Bytes not handed out yet.
    pub(super) left: u32,
    /// Bytes of one trace (or of the whole frame).
    pub(super) unit: u32,
    /// Bytes of the present trace handed out.
    pub(super) at: u32,
    /// Number of the present trace.
    pub(super) index: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) tag: u32,
    pub(super) start: u64,
    pub(super) packet: u64,
    pub(super) frame: u32,
    /// Traces, cards or pulses that the record announces.
    pub(super) count: u32,
    /// Bytes of one card status.
    pub(super) size: u32,
    pub(super) bulk: Option<Bulk>,
}

impl Record {
    /// So many bytes more of its large frame are handed out.
    pub(super) fn took(&mut self, n: u32) {
        let Some(bulk) = &mut self.bulk else { return };
        bulk.left = bulk.left.wrapping_sub(n);
        bulk.at = bulk.at.wrapping_add(n);
        if bulk.at >= bulk.unit {
            bulk.at = 0;
            bulk.index = bulk.index.wrapping_add(1);
        }
        if bulk.left == 0 {
            self.bulk = None;
            self.frame = self.frame.wrapping_add(1);
        }
    }
}

/// Size of a frame by the layout.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    Exact(u32),
    /// At most this many bytes, in elements of this size.
    UpTo(u32, u32),
    /// The layout doesn't know the frame.
    Any,
}

/// The first place in the window, from byte `at` on, where a record or protocol frame plainly starts; else how far the search got.
pub(super) fn find_start(window: &[u8], mut at: usize, eof: bool) -> (usize, bool) {
    while let Some(rest) = window.get(at..) {
        match starts(rest, false) {
            Some(true) => return (at, true),
            Some(false) => {}
            None if !eof => return (at, false),
            None => {}
        }
        if rest.is_empty() {
            break;
        }
        at = at.wrapping_add(1);
    }
    (window.len(), false)
}

/// Whether frames that nobody knows, and then a record or the end of the stream, follow at byte `at`.
/// The error is the number of bytes that the window must hold to tell.
pub(super) fn follows(
    window: &[u8],
    mut at: usize,
    eof: bool,
) -> core::result::Result<bool, usize> {
    for _ in 0..SURPLUS {
        let rest = window.get(at..).unwrap_or(&[]);
        let Some(word) = i32_at(rest, 0) else {
            let over = eof && at == window.len();
            return if over { Ok(true) } else { Err(at.wrapping_add(4)) };
        };
        if word < 0 {
            return starts(rest, true).ok_or(window.len().wrapping_add(64));
        }
        if word as usize > LOOKAHEAD {
            return Ok(false);
        }
        at = at.wrapping_add(4).wrapping_add(word as usize);
    }
    Ok(false)
}

/// Whether a record starts here; `any`: also one of a tag that we don't know. `None`: too few bytes to tell.
fn starts(bytes: &[u8], any: bool) -> Option<bool> {
    let word = i32_at(bytes, 0)?;
    if word == PROTOCOL {
        return Some(bytes.get(4..4 + PROTOCOL_NAME.len())? == PROTOCOL_NAME);
    }
    if known_frames(word.unsigned_abs()) == 0 || word > 0 {
        let tags = -MAX_TAG..0;
        let next = || i32_at(bytes, 4).map(|w| tags.contains(&w) || w as u32 <= MAX_FRAME as u32);
        return if any && tags.contains(&word) { next() } else { Some(false) };
    }
    let tag = word.unsigned_abs();
    let mut rec = Record { tag, start: 0, packet: 0, frame: 0, count: 0, size: 0, bulk: None };
    let geometry = Geometry::default();
    let mut at = 4usize;
    for frame in 0..known_frames(tag).clamp(1, 2) {
        rec.frame = frame;
        let len = i32_at(bytes, at)?;
        let ok = match expect(&rec, &geometry) {
            Expect::Exact(n) => len == n as i32,
            Expect::UpTo(max, unit) => {
                (0..=max as i32).contains(&len) && (len as u32).is_multiple_of(unit)
            }
            Expect::Any => (-10..0).contains(&len),
        };
        if !ok {
            return Some(false);
        }
        at = at.wrapping_add(4).wrapping_add(len.max(0) as usize);
    }
    Some(true)
}

pub(super) fn decoder_of(tag: u32) -> u8 {
    if known_frames(tag) == 0 { NO_DECODER } else { tag as u8 }
}

/// Frames that the layout of a tag knows, 0 for an unknown tag (those after a list of traces not counted).
pub(super) fn known_frames(tag: u32) -> u32 {
    match tag {
        tag::CONFIG => 12,
        tag::EVENT => 6,
        tag::SPARSE_EVENT | tag::EVENT_HEADER => 7,
        tag::STATUS => 4,
        tag::REC_EVENT => 10,
        tag::FSP_CONFIG => 48,
        tag::FSP_EVENT => 11,
        tag::FSP_STATUS => 1,
        _ => 0,
    }
}

/// Frames without which a record is incomplete.
pub(super) fn mandatory(rec: &Record) -> u32 {
    match rec.tag {
        tag::CONFIG => 10,
        tag::EVENT => 5,
        tag::SPARSE_EVENT => rec.count.wrapping_add(7),
        tag::EVENT_HEADER => 7,
        tag::STATUS => rec.count.wrapping_add(4),
        tag::REC_EVENT | tag::FSP_EVENT => 10,
        tag::FSP_CONFIG => 48,
        tag::FSP_STATUS => 1,
        _ => 0,
    }
}

/// First frame that holds a trace, a card or a bulk array.
pub(super) fn first_trace_frame(tag: u32) -> u32 {
    match tag {
        tag::EVENT | tag::STATUS => 4,
        tag::SPARSE_EVENT => 7,
        tag::REC_EVENT => 6,
        _ => 0,
    }
}

pub(super) fn stage_of(rec: &Record) -> Stage {
    let first = first_trace_frame(rec.tag);
    match rec.tag {
        tag::EVENT if rec.frame > first => Stage::Tail,
        tag::EVENT if rec.frame == first => Stage::Trace,
        tag::STATUS | tag::SPARSE_EVENT if rec.frame >= first => {
            if rec.frame < first.wrapping_add(rec.count) { Stage::Trace } else { Stage::Tail }
        }
        tag::REC_EVENT if rec.frame >= first => Stage::Trace,
        _ => Stage::Head,
    }
}

/// Bytes after which a bulk frame is cut: its trace, or the whole frame.
pub(super) fn bulk_unit(rec: &Record, geometry: &Geometry, len: u32) -> u32 {
    if rec.tag == tag::EVENT && rec.frame == 4 && geometry.known {
        geometry.trace_bytes()
    } else {
        len
    }
}

pub(super) fn expect(rec: &Record, geometry: &Geometry) -> Expect {
    use Expect::{Any, Exact, UpTo};
    let stamps = UpTo(STAMPS, 4);
    match (rec.tag, rec.frame) {
        (tag::CONFIG, 0..=9 | 11) => Exact(4),
        (tag::CONFIG, 10) => UpTo(WORDS_MAX, 4),
        (tag::EVENT, 4) if geometry.known => {
            Exact(geometry.traces().wrapping_mul(geometry.trace_bytes()))
        }
        (tag::EVENT | tag::SPARSE_EVENT | tag::EVENT_HEADER | tag::REC_EVENT, 0 | 1) => Exact(4),
        (tag::EVENT, 2 | 3 | 5) => stamps,
        (tag::SPARSE_EVENT | tag::EVENT_HEADER | tag::REC_EVENT, 2..=4) => stamps,
        (tag::SPARSE_EVENT | tag::REC_EVENT, 5) => Exact(4),
        (tag::SPARSE_EVENT, 6) | (tag::EVENT_HEADER, 5) => UpTo(LIST_MAX, 2),
        (tag::SPARSE_EVENT, f) if geometry.known && f >= 7 && f.wrapping_sub(7) < rec.count => {
            Exact(geometry.trace_bytes())
        }
        (tag::EVENT_HEADER, 6) => UpTo(rec.count.wrapping_mul(4), 4),
        (tag::REC_EVENT, 6) if geometry.known => Exact(geometry.adcs.wrapping_mul(4)),
        (tag::REC_EVENT, 7..=9) => Exact(rec.count.wrapping_mul(4)),
        (tag::STATUS, 0 | 2 | 3) => Exact(4),
        (tag::STATUS, 1) => stamps,
        (tag::STATUS, f) if f >= 4 && f.wrapping_sub(4) < rec.count => UpTo(rec.size, 1),
        (tag::FSP_CONFIG, f) => super::fsp::config_frame(f).map_or(Any, |(unit, list)| {
            if list { UpTo(unit.wrapping_mul(MAX_TRACES as u32), unit) } else { Exact(unit) }
        }),
        (tag::FSP_EVENT, 0) => Exact(24),
        (tag::FSP_EVENT, 1) => UpTo(32, 8),
        (tag::FSP_EVENT, 2) => Exact(4),
        (tag::FSP_EVENT, 3) => UpTo(12, 4),
        (tag::FSP_EVENT, 4) => Exact(20),
        (tag::FSP_EVENT, 5 | 7) => UpTo(WORDS_MAX, 4),
        (tag::FSP_EVENT, 6) => Exact(rec.count.wrapping_mul(2)),
        (tag::FSP_EVENT, 8 | 9) => Exact(rec.count.wrapping_mul(4)),
        (tag::FSP_EVENT, 10) => UpTo(LIST_MAX, 2),
        (tag::FSP_STATUS, 0) => Exact(112),
        _ => Any,
    }
}
