//! One damaged byte, foreign bytes, lying lengths: never a panic, never a hang, and what isn't touched arrives.

use std::collections::BTreeMap;

use tierline_core::{Fate, FrameLimits};
use tierline_tests::big_stack;
use tierline_tests::drive::{Feed, Outcome, Packet, drive};
use tierline_tests::record::Record;
use tierline_tests::streams::{self, Stream};

/// Columns that a damaged record before this one may change: counters, and times that add up.
const CARRIED: [&str; 5] = ["packet_id", "runtime", "lifetime", "deadtime", "deadinterval_nsec"];

type Cells<'a> = Vec<(&'static str, &'a [u8])>;

/// What must not change of a row.
fn cells<'a>(outcome: &Outcome, row: &'a Record) -> Cells<'a> {
    let name = |column: usize| outcome.sink.column(row.table, column);
    let cells = row.cells.iter().map(|(column, bytes)| (name(*column), &bytes[..]));
    cells.filter(|(name, _)| !CARRIED.contains(name)).collect()
}

/// The first packet of a table sets its waveform length, even where it is the damaged one.
fn lengths_differ(row: &Record, other: &Record) -> bool {
    let last = |r: &Record| r.cells.last_key_value().map(|(_, cell)| cell.len());
    last(row) != last(other)
}

/// Rows by the packet that they come from.
fn by_packet(outcome: &Outcome) -> BTreeMap<u64, Vec<&Record>> {
    let mut packets: BTreeMap<u64, Vec<&Record>> = BTreeMap::new();
    for row in &outcome.sink.rows {
        packets.entry(row.packet).or_default().push(row);
    }
    packets
}

struct Case {
    stream: Stream,
    whole: Outcome,
    /// First byte after the configuration of the stream.
    data: usize,
    /// Where the frames of an FCIO stream start.
    frames: Vec<usize>,
}

impl Case {
    fn new(stream: Stream) -> Self {
        let whole = drive(stream.format, &stream.bytes, &Feed::WHOLE);
        let first =
            whole.packets.iter().find(|p| p.fate != Fate::Header && !configures(&stream, p));
        let data = first.map_or(stream.bytes.len(), |p| p.start as usize);
        let fcio = stream.format == "FCIO";
        let frames = if fcio { streams::frame_starts(&stream.bytes) } else { Vec::new() };
        Case { stream, whole, data, frames }
    }

    /// A packet that the damage doesn't touch, but that depends on what it does touch.
    fn depends(&self, packet: &Packet, at: usize) -> bool {
        let index = self.whole.packets.iter().position(|p| p.start == packet.start).unwrap_or(0);
        let before = index.checked_sub(1).and_then(|i| self.whole.packets.get(i));
        let hit = |p: &Packet| (p.start as usize..p.end as usize).contains(&at);
        match self.stream.format {
            // The decision of the software trigger lies before its event.
            "FCIO" => before.is_some_and(|p| hit(p) && p.kind == 9),
            _ => false,
        }
    }

    /// The damage makes a length of less than 64 KiB, which may be possible where it stands: packets behind it may be
    /// taken for its content.
    fn possible_length(&self, at: usize) -> bool {
        self.frames.binary_search(&at).is_ok() || self.frames.binary_search(&(at - 1)).is_ok()
    }

    fn check(&self, bytes: &[u8], at: usize, limits: FrameLimits) {
        let got = drive(self.stream.format, bytes, &Feed { pieces: &[], limits });
        let what = format!("{}, byte {at}: {:?}", self.stream.name, got.errors);
        let hit = |p: &Packet| (p.start as usize..p.end as usize).contains(&at);
        let touched = self.whole.packets.iter().find(|p| hit(p));
        // Without a file header the layout is guessed from three events.
        let bare = self.stream.name.ends_with("bare");
        if bare && self.whole.packets.get(2).is_some_and(|p| at < p.end as usize) {
            return;
        }
        // The word behind the configuration may be one of its optional frames.
        if at < self.data + 4 || touched.is_some_and(|p| configures(&self.stream, p)) {
            return;
        }
        assert_eq!(got.fatal, None, "{what}");
        let (want, have) = (by_packet(&self.whole), by_packet(&got));
        let swallows = self.possible_length(at);
        for packet in self.whole.packets.iter().filter(|p| !hit(p) && !self.depends(p, at)) {
            let rows = want.get(&packet.start).map_or(&[][..], |rows| rows);
            let others = have.get(&packet.start).map_or(&[][..], |rows| rows);
            let same = rows.len() == others.len()
                && rows.iter().zip(others).all(|(row, other)| {
                    (row.table, row.key) == (other.table, other.key)
                        && (cells(&self.whole, row) == cells(&got, other)
                            || self.stream.format == "ORCA" && lengths_differ(row, other))
                });
            // A length longer than the window has to be believed.
            let small = limits.window < FrameLimits::HOST.window && self.stream.format == "ORCA";
            let head = touched.is_some_and(|p| at < p.start as usize + 8);
            let believed = small && head && packet.start > at as u64;
            let inside = |p: &Packet| p.start < packet.start && packet.start < p.end;
            let swallowed = swallows && packet.start > at as u64 || got.packets.iter().any(inside);
            let swallowed = swallowed || believed;
            assert!(
                same || swallowed,
                "{what}: {packet:?} gave {} of {} rows",
                others.len(),
                rows.len()
            );
        }
    }

    /// Flips every `step`-th byte (that of an ORCA header's text more rarely).
    fn flip_all(&self, step: usize, masks: &[u8], limits: FrameLimits) {
        let dull =
            |at: &usize| self.stream.format == "ORCA" && *at < self.data && !at.is_multiple_of(83);
        let mut bytes = self.stream.bytes.clone();
        for at in (0..bytes.len()).step_by(step).filter(|at| !dull(at)) {
            for mask in masks {
                bytes[at] ^= mask;
                self.check(&bytes, at, limits);
                bytes[at] ^= mask;
            }
        }
    }
}

/// Packets that say how later ones are read.
fn configures(stream: &Stream, packet: &Packet) -> bool {
    match stream.format {
        "FCIO" => matches!(packet.kind, 0 | 1 | 8),
        // Listener and FCIO configurations have these ids in the emitter's files.
        "ORCA" => matches!(packet.kind, 2 | 4),
        _ => packet.fate == Fate::Header,
    }
}

/// The first stream at every `step`-th byte, the others at fewer.
fn flip(streams: Vec<Stream>, step: usize, limits: FrameLimits) {
    big_stack(|| {
        for (i, stream) in streams.into_iter().enumerate() {
            Case::new(stream).flip_all(step * if i == 0 { 1 } else { 3 }, &[0xFF, 0x01], limits);
        }
    });
}

#[test]
fn flipped_bytes_fcio() {
    flip(streams::fcio(), 1, FrameLimits::HOST);
}

#[test]
fn flipped_bytes_orca() {
    flip(streams::orca(), 1, FrameLimits::HOST);
}

#[test]
fn flipped_bytes_llama() {
    flip(streams::llama(), 1, FrameLimits::HOST);
}

#[test]
fn flipped_bytes_compass() {
    flip(streams::compass(), 1, FrameLimits::HOST);
}

#[test]
fn flipped_bytes_of_examples() {
    flip(streams::examples(3), 97, FrameLimits::HOST);
}

#[test]
fn flipped_bytes_in_the_window_of_a_front_end() {
    flip(streams::all(), 11, FrameLimits { piece: 64, window: 8192 });
}

#[test]
fn lying_numbers() {
    big_stack(|| {
        for stream in streams::all() {
            let frames = streams::frame_starts(&stream.bytes);
            let fcio = stream.format == "FCIO";
            let places = (0..stream.bytes.len()).filter(|at| {
                if fcio { frames.binary_search(at).is_ok() } else { at % 4 == 0 && at % 3 == 0 }
            });
            for at in places {
                for lie in [0u32, 1, 0x7FFF_FFFF, u32::MAX] {
                    let mut bytes = stream.bytes.clone();
                    let end = bytes.len().min(at + 4);
                    bytes[at..end].copy_from_slice(&lie.to_le_bytes()[..end - at]);
                    let limits = FrameLimits { piece: 256, window: 16 * 1024 };
                    drive(stream.format, &bytes, &Feed { pieces: &[300], limits });
                }
            }
        }
    });
}

#[test]
fn foreign_bytes_between_orca_packets() {
    let noise = |n: usize, seed: u64| {
        let mut state = seed | 1;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        };
        (0..n).map(|_| next()).collect::<Vec<u8>>()
    };
    big_stack(|| {
        for (i, stream) in streams::orca().into_iter().enumerate() {
            let whole = drive("ORCA", &stream.bytes, &Feed::WHOLE);
            // A packet that nothing here decodes is only believed if another one follows.
            let believed = |p: &&Packet| p.fate != Fate::Skipped;
            for (k, packet) in whole.packets.iter().filter(believed).enumerate().step_by(2) {
                let n = 1 + (k * 977 + i * 131) % 5000;
                for foreign in [noise(n, (k * 7919 + i) as u64), vec![0; n]] {
                    let at = packet.end as usize;
                    let bytes = [&stream.bytes[..at], &foreign, &stream.bytes[at..]].concat();
                    let got = drive("ORCA", &bytes, &Feed { pieces: &[999], ..Feed::WHOLE });
                    let what = format!("{}: {n} bytes at {at}: {:?}", stream.name, got.errors);
                    assert_eq!(got.garbage, [(at as u64, n as u64)], "{what}");
                    assert_eq!(got.packets.len(), whole.packets.len(), "{what}");
                    for (row, other) in got.sink.rows.iter().zip(&whole.sink.rows) {
                        assert_eq!(cells(&got, row), cells(&whole, other), "{what}");
                    }
                }
            }
        }
    });
}

#[test]
fn inputs_that_were_once_read_wrongly() {
    big_stack(|| {
        for info in tierline_core::FORMATS {
            for (name, bytes) in tierline_tests::bad::inputs(info.name) {
                for (piece, window) in [
                    (64, FrameLimits::HOST.window),
                    (1024, FrameLimits::HOST.window),
                    (256 * 1024, FrameLimits::HOST.window),
                    (256 * 1024, 8192),
                ] {
                    let limits = FrameLimits { piece, window };
                    let read =
                        |pieces: &[usize]| drive(info.name, &bytes, &Feed { pieces, limits });
                    let whole = read(&[1 << 20]);
                    let bad = whole.fatal.is_some() || whole.garbage_bytes() > 0;
                    assert!(bad || name.starts_with("good-"), "{name} is read without a complaint");
                    for pieces in [[1], [511]] {
                        let split = read(&pieces);
                        assert_eq!(split.packets, whole.packets, "{name} {piece} {pieces:?}");
                        assert_eq!(split.garbage, whole.garbage, "{name} {piece} {pieces:?}");
                    }
                }
            }
        }
    });
}
