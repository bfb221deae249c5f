//! Indexes: with one everything is as without, only sooner; a wrong or damaged one is never used.

use std::path::{Path, PathBuf};

use crate::host::digest::digest;
use crate::host::program::tierline;
use tierline::raw::index::{BuildIndex, Index, path_beside};
use tierline::raw::info::{Listed, Look, summarize};
use tierline::raw::{BuildRaw, Error};
use tierline_firmware_sim::emit::{EXAMPLES, rng::Rng};
use tierline_tests::data::shared;

/// Writes an index with a checkpoint after so many bytes; `false`: the recording can't be read.
fn index(path: &Path, spacing: u64) -> bool {
    let build = BuildIndex { spacing, overwrite: true, ..BuildIndex::default() };
    match build.run(path, None) {
        Ok(done) => {
            assert_eq!(done.path, path_beside(path));
            true
        }
        Err(Error::Stream { .. } | Error::Document { .. } | Error::UnknownFormat { .. }) => false,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// What comes of a range of packets, and what is said about it.
fn range(path: &Path, first_packet: u64, max_packets: Option<u64>, no_index: bool) -> String {
    let output = path.with_extension("range.lh5");
    let build = BuildRaw {
        first_packet,
        max_packets,
        no_index,
        overwrite: true,
        threads: 1,
        compression: tierline::raw::Compression::None,
        ..BuildRaw::default()
    };
    let done = build.run(path, &output).unwrap();
    format!(
        "{:#?}\n{:#?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        digest(&output),
        done.inputs,
        done.rows,
        done.skipped,
        done.notices,
        done.off,
        done.notes
    )
}

/// The summary of a recording, or the listing of some packets.
fn looked(path: &Path, look: &Look<'_>, listing: bool) -> String {
    let mut lines = String::new();
    let mut list = |packet: &Listed<'_>| {
        lines.push_str(&format!("{packet:?}\n"));
        true
    };
    let mut summary = summarize(path, look, listing.then_some(&mut list as _)).unwrap();
    assert_eq!(summary.unused_index, None);
    if listing {
        // What is before a listing is not counted.
        (summary.records, summary.channels, summary.time) = Default::default();
        (summary.notices, summary.headers) = Default::default();
    }
    format!("{lines}{summary:#?}")
}

fn packets(path: &Path) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut list = |packet: &Listed<'_>| {
        numbers.push(packet.packet.number);
        true
    };
    let look = Look { no_index: true, ..Look::default() };
    summarize(path, &look, Some(&mut list)).unwrap();
    numbers
}

/// Everything about a recording is the same with and without an index of this spacing.
fn same(path: &Path, spacing: u64, places: usize) {
    assert!(index(path, spacing), "{}", path.display());
    let name = format!("{}, spacing {spacing}", path.display());
    let without = Look { no_index: true, ..Look::default() };
    assert_eq!(looked(path, &Look::default(), false), looked(path, &without, false), "{name}");
    let numbers = packets(path);
    let last = numbers.last().copied().unwrap_or(0);
    let step = (last / places as u64).max(1);
    let odd = [1, 2, last.saturating_sub(1), last, last + 5];
    for first in (0..=last).step_by(step as usize).chain(odd) {
        for (no_index, most) in [(false, Some(3)), (false, None)] {
            let look = Look { first_packet: first, packets: most, no_index, stream_type: None };
            let without = Look { no_index: true, ..look.clone() };
            let (with, without) = (looked(path, &look, true), looked(path, &without, true));
            assert!(with == without, "{name}, from {first}\n{with}\n{without}");
        }
        for most in [None, Some(2)] {
            let (with, without) = (range(path, first, most, false), range(path, first, most, true));
            assert!(with == without, "{name}, from {first}\n{with}\n{without}");
        }
    }
}

/// Copies a real recording.
fn copy(dir: &Path, name: &str) -> Option<PathBuf> {
    let path = dir.join(name);
    std::fs::write(&path, std::fs::read(shared(&format!("data/daq/{name}"))?).unwrap()).unwrap();
    Some(path)
}

#[test]
fn ranges_of_emitted_recordings_are_the_same_with_an_index() {
    let temporary = tempfile::tempdir().unwrap();
    for example in EXAMPLES {
        let path = temporary.path().join(example.file_name);
        std::fs::write(&path, (example.make)(1, 30)).unwrap();
        same(&path, 1, 12);
        same(&path, 20_000, 3);
    }
}

#[test]
fn ranges_of_real_recordings_are_the_same_with_an_index() {
    let temporary = tempfile::tempdir().unwrap();
    for name in [
        "20241218-150158-pulser.bin",
        "L200-comm-20211130-phy-spms.fcio",
        "L200-comm-20220519-phy-geds.orca",
        "compass_test_data.BIN",
        "l200-p06-r007-cal-20230725T202227Z.fcio",
        "l200-p13-r007-aph-20250101T003931Z.orca",
        "synth_camera12.fcio",
        "synth_mixed12.fcio",
        "synth_percard12.fcio",
        "synth_sis3302.orca",
    ] {
        let Some(path) = copy(temporary.path(), name) else { return };
        same(&path, 1, 4);
        same(&path, 200_000, 2);
    }
}

#[test]
fn joined_recordings_are_the_same_with_an_index() {
    let temporary = tempfile::tempdir().unwrap();
    for example in EXAMPLES {
        let path = temporary.path().join(example.file_name);
        let [first, second] = [1, 2].map(|seed| (example.make)(seed, 12));
        std::fs::write(&path, [first, second].concat()).unwrap();
        if index(&path, 1) {
            same(&path, 1, 6);
        }
    }
}

#[test]
fn damaged_recordings_are_the_same_with_an_index() {
    let temporary = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(7);
    for example in EXAMPLES {
        let path = temporary.path().join(example.file_name);
        let whole = (example.make)(1, 12);
        for round in 0..4 {
            let mut bytes = whole.clone();
            for _ in 0..=round {
                let at = rng.below(bytes.len() as u64) as usize;
                match rng.below(3) {
                    0 => bytes[at] ^= 1 << rng.below(8),
                    1 => drop(bytes.drain(at..(at + 37).min(bytes.len()))),
                    _ => drop(bytes.splice(at..at, [0xA5; 61])),
                }
            }
            std::fs::write(&path, &bytes).unwrap();
            if index(&path, 1) {
                same(&path, 1, 3);
            }
        }
    }
    let bad = Path::new(env!("CARGO_MANIFEST_DIR")).join("bad");
    for format in ["fcio", "orca", "llama", "compass"] {
        for entry in std::fs::read_dir(bad.join(format)).unwrap().flatten() {
            let path = temporary.path().join(entry.file_name());
            std::fs::copy(entry.path(), &path).unwrap();
            if index(&path, 1) {
                same(&path, 1, 5);
            }
        }
    }
}

#[test]
fn what_is_before_the_last_checkpoint_is_not_read() {
    let temporary = tempfile::tempdir().unwrap();
    for example in EXAMPLES {
        let path = temporary.path().join(example.file_name);
        let mut bytes = (example.make)(1, 400);
        std::fs::write(&path, &bytes).unwrap();
        assert!(index(&path, 10_000));
        let numbers = packets(&path);
        let first = numbers[numbers.len() * 9 / 10];
        let start = Index::open(&path).unwrap().unwrap().packet(first).unwrap().unwrap().offset;
        let look = Look { first_packet: first, ..Look::default() };
        let ask = || {
            let [all, listed] =
                [looked(&path, &Look::default(), false), looked(&path, &look, true)];
            (all, listed, range(&path, first, Some(4), false))
        };
        let want = ask();
        // Neither headers nor what the fingerprint is made of.
        let (from, to) = (bytes.len() / 3, (start as usize - 60_000).min(bytes.len() - 70_000));
        assert!(from > 66_000 && to > from, "{}: {from} to {to}", example.name);
        bytes[from..to].fill(0x55);
        std::fs::write(&path, &bytes).unwrap();
        assert!(ask() == want, "{}", example.name);
    }
}

/// Every packet of the index, as the listing has it.
fn check_packets(path: &Path) {
    let mut listed = Vec::new();
    let mut list = |packet: &Listed<'_>| {
        listed.push((packet.packet, packet.bytes.to_vec()));
        true
    };
    let look = Look { no_index: true, ..Look::default() };
    summarize(path, &look, Some(&mut list)).unwrap();
    let mut index = Index::open(path).unwrap().unwrap();
    let mut next = 0;
    for (packet, bytes) in listed {
        for missing in next..packet.number {
            assert!(index.packet(missing).unwrap().is_none());
        }
        let found = index.packet(packet.number).unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{packet:?}"));
        assert_eq!(index.read(&found).unwrap(), bytes);
        next = packet.number + 1;
    }
    assert!(index.packet(next).unwrap().is_none());
    assert!(index.packet(u64::MAX).unwrap().is_none());
}

#[test]
fn packets_are_found_by_their_numbers() {
    let temporary = tempfile::tempdir().unwrap();
    for (name, events) in [("compass", 5000), ("fcio-germanium", 40), ("orca-fcio", 40)] {
        let example = EXAMPLES.iter().find(|example| example.name == name).unwrap();
        let path = temporary.path().join(example.file_name);
        let mut bytes = (example.make)(1, events);
        assert!(!bytes.is_empty());
        std::fs::write(&path, &bytes).unwrap();
        assert!(index(&path, 1 << 20));
        check_packets(&path);
        // Foreign bytes between packets.
        let at = bytes.len() / 2;
        bytes.splice(at..at, [0xA5; 61]);
        std::fs::write(&path, &bytes).unwrap();
        assert!(index(&path, 1 << 20));
        check_packets(&path);
    }
}

#[test]
fn a_damaged_index_is_not_used() {
    let temporary = tempfile::tempdir().unwrap();
    let example = EXAMPLES.iter().find(|example| example.name == "fcio-germanium").unwrap();
    let path = temporary.path().join(example.file_name);
    std::fs::write(&path, (example.make)(1, 4)).unwrap();
    assert!(index(&path, 10_000));
    let beside = path_beside(&path);
    let whole = std::fs::read(&beside).unwrap();
    let mut opened = Index::open(&path).unwrap().unwrap();
    let numbers = packets(&path);
    let found = |index: &mut Index, n| index.packet(n).map(|packet| format!("{packet:?}"));
    let want: Vec<String> = numbers.iter().map(|n| found(&mut opened, *n).unwrap()).collect();
    let without = Look { no_index: true, first_packet: 5, ..Look::default() };
    let listed = |look: &Look<'_>| {
        let mut lines = String::new();
        let mut list = |packet: &Listed<'_>| {
            lines.push_str(&format!("{packet:?}\n"));
            true
        };
        let summary = summarize(&path, look, Some(&mut list)).unwrap();
        format!("{lines}{:?}", summary.outcome)
    };
    let listing = listed(&without);
    let with = Look { no_index: false, ..without };
    let check = |bytes: &[u8], what: &str| {
        std::fs::write(&beside, bytes).unwrap();
        let mut errors = 0;
        match Index::open(&path) {
            Ok(Some(mut index)) => {
                for (n, want) in numbers.iter().zip(&want) {
                    match found(&mut index, *n) {
                        Ok(found) => assert_eq!(found, *want, "{what}"),
                        Err(_) => errors += 1,
                    }
                }
            }
            Ok(None) => panic!("{what}"),
            Err(Error::Index { .. }) => errors += 1,
            Err(error) => panic!("{what}: {error}"),
        }
        assert_eq!(listed(&with), listing, "{what}");
        errors
    };
    for end in 0..whole.len() {
        assert!(check(&whole[..end], &format!("cut at {end}")) > 0);
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        check(&bytes, &format!("byte {at}"));
    }
    check(&[whole.as_slice(), &[0]].concat(), "a byte more");
    assert_eq!(check(&whole, "whole"), 0);
}

#[test]
fn a_stale_index_is_told_and_not_used() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let example = EXAMPLES.iter().find(|example| example.name == "compass").unwrap();
    let file = example.file_name;
    std::fs::write(dir.join(file), (example.make)(1, 20)).unwrap();
    let ran = tierline(dir, &["index", file, "--report", "index.json", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("21 packets ->"), "{}", ran.err);
    assert!(dir.join("index.json").exists());
    assert_eq!(tierline(dir, &["index", file]).code, 1);
    assert_eq!(tierline(dir, &["index", "-w", file]).code, 0);
    let listing = ["info", file, "--packets", "--first-packet", "7", "--count", "2"];
    let ran = tierline(dir, &listing);
    assert_eq!((ran.code, ran.err.as_str(), ran.out.lines().count()), (0, "", 2));
    let plain = tierline(dir, &[&listing[..], &["--no-index"]].concat());
    assert_eq!(ran.out, plain.out);
    assert_eq!(tierline(dir, &["info", file, "--count", "2"]).code, 2);
    // The recording goes on.
    std::fs::write(dir.join(file), (example.make)(1, 25)).unwrap();
    for words in [&["info", file][..], &listing[..], &["raw", "-w", file, "--first-packet", "7"]] {
        let ran = tierline(dir, words);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("is of another recording"), "{words:?}: {}", ran.err);
        assert!(ran.err.starts_with("tierline: warning: "), "{}", ran.err);
        let plain = tierline(dir, &[words, &["--no-index"]].concat());
        assert_eq!((ran.out, plain.err.as_str()), (plain.out, ""));
    }
}

#[test]
fn a_packed_recording_has_no_index() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    std::fs::write(dir.join("run.fcio.gz"), [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]).unwrap();
    let ran = tierline(dir, &["index", "run.fcio.gz"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("unpack it first"), "{}", ran.err);
    assert!(!dir.join("run.fcio.gz.tlx").exists());
}
