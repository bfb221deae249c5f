//! A simulated front end, a link that does what links do, and what is collected behind it.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use tierline::raw::collect::{Collect, Collected, LinkInput, StreamAccount};
use tierline::raw::{BuildRaw, Compression};
use tierline_core::Codec;
use tierline_core::link::{Framed, Framing, Reader};
use tierline_core::record::{Body, Record};
use tierline_firmware_sim::fault::{Faulty, Rates};
use tierline_firmware_sim::{Done, Full, Simulator};
use tierline_tests::streams::{self, Stream};

use crate::host;

const FRAMINGS: [Framing; 2] = [Framing::Cobs, Framing::Length];

pub(crate) fn simulator(stream: &Stream) -> Simulator<'_> {
    Simulator { format: stream.format, source: &stream.name, ..Simulator::default() }
}

/// What a link carries.
pub(crate) fn send(simulator: &Simulator<'_>, stream: &Stream) -> (Vec<u8>, Done) {
    let mut link = Vec::new();
    let done = simulator.run::<32768>(&mut &stream.bytes[..], &mut link).unwrap();
    (link, done)
}

pub(crate) fn collect(links: Vec<Vec<u8>>, framing: Option<Framing>, output: &Path) -> Collected {
    let link = |(i, bytes): (usize, Vec<u8>)| {
        let mut bytes = Some(bytes);
        LinkInput {
            name: format!("link {i}"),
            open: Box::new(move || {
                Ok(Box::new(Cursor::new(bytes.take().unwrap_or_default())) as Box<dyn Read + Send>)
            }),
            live: false,
            reconnect: false,
        }
    };
    let links = links.into_iter().enumerate().map(link).collect();
    let collect = Collect {
        framing,
        overwrite: true,
        threads: 1,
        compression: Compression::None,
        ..Collect::default()
    };
    collect.run(links, output).unwrap()
}

/// Collects the records in a file.
pub(crate) fn collect_file(records: &Path, output: &Path) -> Collected {
    collect(vec![std::fs::read(records).unwrap()], None, output)
}

/// Packets that are there, garbage or lost are all that were sent.
pub(crate) fn check_sum(stream: &Stream, done: &Done, got: &Collected, what: &str) {
    let name = &stream.name;
    assert_eq!(got.streams.len(), 1, "{name}, {what}");
    let account = &got.streams[0];
    assert!(account.ended, "{name}, {what}");
    let packets = &account.packets;
    assert_eq!(sum(account), done.account.packets(), "{name}, {what}: {packets:?}");
    let listed: u64 = packets.losses.iter().map(|loss| loss.count).sum();
    assert_eq!(listed, packets.lost, "{name}, {what}");
    assert_eq!(account.bytes.total(), stream.bytes.len() as u64, "{name}, {what}");
    assert_ne!(account.checksum, Some(false), "{name}, {what}");
}

fn sum(account: &StreamAccount) -> u64 {
    let packets = &account.packets;
    packets.assembled + packets.broken + packets.lost
}

#[test]
fn what_passes_a_front_end_is_what_the_recording_holds() {
    let dir = tempfile::tempdir().unwrap();
    for stream in streams::examples(6).iter().chain(&streams::all()) {
        let recording = dir.path().join("recording");
        std::fs::write(&recording, &stream.bytes).unwrap();
        let whole = dir.path().join("whole.lh5");
        let build = BuildRaw {
            stream_type: Some(stream.format.into()),
            overwrite: true,
            ..BuildRaw::default()
        };
        let raw = build.run(&recording, &whole).unwrap();
        for (framing, codec) in FRAMINGS.into_iter().zip([Codec::Rice32, Codec::Raw]) {
            let (link, _) = send(&Simulator { framing, codec, ..simulator(stream) }, stream);
            let out = dir.path().join("out.lh5");
            let got = collect(vec![link], None, &out);
            assert!(got.streams[0].is_clean() || raw.outcome.bytes.garbage > 0, "{}", stream.name);
            assert_eq!(got.files[0].rows, raw.rows, "{}", stream.name);
            assert_eq!(got.streams[0].bytes, raw.outcome.bytes, "{}", stream.name);
            assert_eq!(host::digest::digest(&out), host::digest::digest(&whole), "{}", stream.name);
        }
    }
}

/// Packets of which a record is not intact.
fn touched_packets(framing: Framing, frames: &[Vec<u8>], intact: &[bool]) -> BTreeSet<u64> {
    let mut touched = BTreeSet::new();
    for (frame, _) in frames.iter().zip(intact).filter(|(_, intact)| !**intact) {
        let mut frame = frame.clone();
        let Framed::Record { record, .. } = Reader::new(framing, 1 << 20).next(&mut frame, true)
        else {
            continue;
        };
        match Record::read(record).unwrap().body {
            Body::Parts(parts) => touched.insert(parts.packet),
            Body::Garbage { packet, abort: true, .. } => touched.insert(packet),
            _ => false,
        };
    }
    touched
}

/// What goes over a link that is no slower than the source, frame by frame.
fn frames(simulator: &Simulator<'_>, stream: &Stream) -> (Vec<Vec<u8>>, Done) {
    let mut frames = Vec::new();
    let mut to = |frame: &[u8]| frames.push(frame.to_vec());
    let done = simulator.run_slow::<8192>(&mut &stream.bytes[..], 1, &mut to).unwrap();
    (frames, done)
}

/// One run with faults.
fn faulty_run(seed: u64, stream: &Stream, out: &Path) {
    let framing = FRAMINGS[(seed / 8) as usize % 2];
    let codec = Codec::ALL[(seed / 16) as usize % 4];
    let piece = [64, 256, 2048][(seed / 64) as usize % 3];
    let rates = Rates::all([5, 20, 80][(seed / 3) as usize % 3]);
    // Also in length framing the link may lose frames here, and the end with them.
    let ends = Some(Framing::Cobs.ends());
    let simulator = Simulator { framing, codec, piece, ends, ..simulator(stream) };
    let (frames, done) = frames(&simulator, stream);
    let mut faulty = Faulty::new(Vec::new(), rates, seed);
    for frame in &frames {
        faulty.write_all(frame).unwrap();
    }
    let touched = touched_packets(framing, &frames, &faulty.intact);
    let link = faulty.into_inner().unwrap();
    let got = collect(vec![link], Some(framing), out);
    let what = format!("seed {seed}");
    for loss in got.streams.iter().flat_map(|stream| &stream.packets.losses) {
        for packet in loss.packet..loss.packet + loss.count {
            let name = &stream.name;
            assert!(touched.contains(&packet), "{name}, {what}: packet {packet} was not hit");
        }
    }
    check_sum(stream, &done, &got, &what)
}

/// Runs with faults, each with a seed of its own.
const FAULT_RUNS: u64 = 10_000;

#[test]
fn faults_of_the_link_are_counted_exactly() {
    let all: Vec<Stream> = streams::examples(3);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let all = &all;
            scope.spawn(move || {
                let dir = tempfile::tempdir().unwrap();
                let out = dir.path().join("out.lh5");
                for seed in (thread..FAULT_RUNS).step_by(threads as usize) {
                    faulty_run(seed, &all[seed as usize % all.len()], &out);
                }
            });
        }
    });
}

/// Packets that the records in these frames tell of.
fn told(framing: Framing, frames: &[Vec<u8>]) -> u64 {
    let mut told = 0;
    for mut frame in frames.iter().cloned() {
        let read = Reader::new(framing, 1 << 20).next(&mut frame, true);
        let Framed::Record { record, .. } = read else { continue };
        let of = match Record::read(record).unwrap().body {
            Body::Parts(parts) => parts.packet + 1,
            Body::Garbage { packet, abort, .. } => packet + u64::from(abort),
            Body::Gap { packet, count, .. } => packet + u64::from(count),
            Body::End { packets, .. } => packets,
            _ => 0,
        };
        told = told.max(of);
    }
    told
}

#[test]
fn of_a_front_end_that_dies_all_is_accounted_for_that_it_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.lh5");
    for stream in streams::examples(3).iter().chain(&streams::all()) {
        for framing in FRAMINGS {
            let simulator = Simulator { framing, piece: 256, ..simulator(stream) };
            let (frames, done) = frames(&simulator, stream);
            // Nothing at all is an error of its own.
            for end in 1..frames.len() {
                let what = format!("{}, {framing:?}, {end} frames", stream.name);
                let (whole, cut) = (&frames[..end], &frames[end]);
                // It dies in the middle of a frame.
                let mut link = whole.concat();
                link.extend_from_slice(&cut[..cut.len() / 2]);
                let got = collect(vec![link], Some(framing), &out);
                let Some(account) = got.streams.first() else {
                    assert_eq!(told(framing, whole), 0, "{what}");
                    continue;
                };
                assert_eq!(sum(account), told(framing, whole), "{what}: {:?}", account.packets);
                assert!(account.packets.lost <= 1, "{what}: only the last packet can be torn");
                assert!(account.ended || sum(account) <= done.account.packets(), "{what}");
                assert!(account.ended || !account.is_clean(), "{what}");
            }
        }
    }
}

#[test]
fn a_link_that_is_too_slow_costs_packets_that_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.lh5");
    for stream in streams::examples(60) {
        for framing in FRAMINGS {
            let simulator = Simulator { framing, full: Full::Drop, ..simulator(&stream) };
            let mut link = Vec::new();
            let mut to = |frame: &[u8]| link.extend_from_slice(frame);
            let done = simulator.run_slow::<8192>(&mut &stream.bytes[..], 10, &mut to).unwrap();
            assert!(done.account.dropped > 0, "{}", stream.name);
            let got = collect(vec![link], None, &out);
            check_sum(&stream, &done, &got, "slow");
            let packets = &got.streams[0].packets;
            assert_eq!(packets.lost, done.account.dropped, "{}", stream.name);
            assert_eq!(got.streams[0].records.bad(), 0, "{}", stream.name);
            let told = packets.announced;
            assert_eq!(told.ring_full + told.too_big + told.malformed, packets.lost);
        }
    }
}
