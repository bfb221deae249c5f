//! A stream cut anywhere yields the packets that are complete, and says that the rest is garbage.

use tierline_core::FrameLimits;
use tierline_tests::big_stack;
use tierline_tests::drive::{Feed, Outcome, Packet, drive};
use tierline_tests::record::Record;
use tierline_tests::streams::{self, Stream};

/// A record that lacks only frames which writers may leave out: Config without trace map and stream id, Event without
/// dead region, the old software-trigger decision, any record without its surplus frames.
fn may_lack(stream: &Stream, packet: &Packet, cut: usize, starts: &[usize]) -> bool {
    let inside = |start: &&usize| (packet.start as usize..=cut).contains(*start);
    let frames = starts.iter().filter(inside).count().saturating_sub(2);
    let all = starts.iter().filter(|s| (packet.start as usize..packet.end as usize).contains(*s));
    let surplus = stream.name.contains("surplus") && frames + 2 == all.count();
    let at_frame = starts.binary_search(&cut).is_ok();
    match packet.kind {
        1 => at_frame && frames >= 10,
        3 => surplus || at_frame && frames >= 5,
        9 => at_frame && frames >= 10,
        42 => true,
        _ => surplus,
    }
}

fn rows(outcome: &Outcome, start: u64, end: u64) -> impl Iterator<Item = &Record> {
    outcome.sink.rows.iter().filter(move |row| (start..end).contains(&row.packet))
}

fn check(stream: &Stream, whole: &Outcome, cut: usize, starts: &[usize], limits: FrameLimits) {
    let bytes = &stream.bytes[..cut];
    let got = drive(stream.format, bytes, &Feed { pieces: &[], limits });
    let what = format!("{} cut at {cut}: {:?}", stream.name, got.errors);
    // Without a file header the layout is a guess, and few events allow several.
    let guessed = stream.name.ends_with("bare");
    if guessed && whole.packets.get(2).is_some_and(|p| cut < p.end as usize) {
        return;
    }
    if got.fatal.is_some() {
        // Nothing is known before the header is complete.
        let header = whole.packets.iter().find(|p| p.fate != tierline_core::Fate::Header);
        assert!(header.is_none_or(|p| cut < p.start as usize + 100), "{what} {:?}", got.fatal);
        return;
    }
    let mut complete = whole.packets.iter().take_while(|p| p.end <= cut as u64).count();
    if let Some(last) = whole.packets[..complete].last() {
        // Fewer bytes than a frame header: they may be that of an optional frame, so the record counts as cut.
        let old = stream.format == "FCIO" && matches!(last.kind, 1 | 9);
        let stub = (1..4).contains(&(cut as u64 - last.end));
        complete -= usize::from(old && stub && got.packets.len() < complete);
    }
    assert_eq!(got.packets[..complete.min(got.packets.len())], whole.packets[..complete], "{what}");
    let end = whole.packets[..complete].last().map_or(0, |p| p.end);
    assert!(rows(&got, 0, end).eq(rows(whole, 0, end)), "{what}");
    if let Some(extra) = got.packets.get(complete) {
        assert_eq!(stream.format, "FCIO", "{what}");
        assert_eq!(got.packets.len(), complete + 1, "{what}");
        assert!(may_lack(stream, &whole.packets[complete], cut, starts), "{what}: {extra:?}");
    }
    let end = got.packets.last().map_or(0, |p| p.end);
    assert_eq!(got.garbage_bytes(), cut as u64 - end, "{what}");
}

fn check_all(stream: &Stream, limits: FrameLimits, step: usize) {
    let whole = drive(stream.format, &stream.bytes, &Feed { pieces: &[], limits });
    let starts =
        if stream.format == "FCIO" { streams::frame_starts(&stream.bytes) } else { Vec::new() };
    // An ORCA header is thousands of bytes of text: not every one of them.
    let header = whole.packets.first().map_or(0, |p| p.end as usize);
    let dull = |cut: &usize| stream.format == "ORCA" && *cut < header && !cut.is_multiple_of(61);
    for cut in (0..=stream.bytes.len()).step_by(step).filter(|cut| !dull(cut)) {
        check(stream, &whole, cut, &starts, limits);
    }
}

#[test]
fn small_streams_at_every_byte() {
    big_stack(|| {
        for stream in streams::all() {
            // Those of ORCA that wrap FCIO are long and say little that is new.
            let step = if stream.name.starts_with("orca FCIO") { 7 } else { 1 };
            check_all(&stream, FrameLimits::HOST, step);
        }
    });
}

#[test]
fn examples_at_many_bytes() {
    big_stack(|| {
        for stream in streams::examples(3) {
            let step = if stream.bytes.len() > 9000 { 13 } else { 1 };
            check_all(&stream, FrameLimits::HOST, step);
        }
    });
}

#[test]
fn small_streams_with_the_pieces_of_a_front_end() {
    let limits = FrameLimits { piece: 64, window: 8192 };
    big_stack(|| streams::all().iter().for_each(|s| check_all(s, limits, 17)));
}
