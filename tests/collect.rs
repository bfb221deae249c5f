//! `tierline collect` and `tierline replay`: what they write, say and refuse.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::Value;
use tierline_core::link::{Framed, Framing, Reader, frame, framed_max};
use tierline_core::record::{Body, Hello, Record};
use tierline_firmware_sim::Simulator;
use tierline_firmware_sim::emit::compass;
use tierline_tests::data::shared;
use tierline_tests::streams::{self, Stream};

use crate::front_end::{check_sum, collect, send, simulator};
use crate::host::digest::digest;
use crate::host::program::{Ran, exit, files, signal, spawn, tierline};

fn example(name: &str, events: u32) -> Stream {
    streams::examples(events).into_iter().find(|stream| stream.name == name).unwrap()
}

/// The records of a session, framed.
fn records(stream: &Stream, session: u32, number: u16, framing: Framing) -> Vec<u8> {
    let simulator = Simulator { session, stream: number, framing, ..simulator(stream) };
    send(&simulator, stream).0
}

fn report(dir: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(dir.join("report.json")).unwrap()).unwrap()
}

/// Collects a file `in.rec` into `out.lh5`, with a report.
fn run(dir: &Path, bytes: &[u8], words: &[&str]) -> (Ran, Value) {
    std::fs::write(dir.join("in.rec"), bytes).unwrap();
    let all = [&["collect", "in.rec", "-w", "-o", "out.lh5", "--report", "report.json"], words];
    let ran = tierline(dir, &all.concat());
    (ran, report(dir))
}

/// The frames of a link.
fn frames(framing: Framing, mut link: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while !link.is_empty() {
        let mut window = link.to_vec();
        let used = match Reader::new(framing, 1 << 20).next(&mut window, true) {
            Framed::Record { used, .. } | Framed::Skip { used, .. } => used,
            Framed::Need(n) => panic!("{n} bytes are missing"),
        };
        out.push(link[..used].to_vec());
        link = &link[used..];
    }
    out
}

fn framed(framing: Framing, record: &[u8]) -> Vec<u8> {
    let mut out = vec![0; framed_max(framing, record.len())];
    let n = frame(framing, record, &mut out).unwrap();
    out.truncate(n);
    out
}

#[test]
fn a_long_run_is_written_in_segments() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let stream = example("compass", 3000);
    let link = records(&stream, 1, 0, Framing::Length);
    let (ran, report) = run(dir, &link, &["--segment", "1MB", "--compression", "none"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let outputs = report["outputs"].as_array().unwrap();
    assert!(outputs.len() > 3, "{report}");
    let rows: u64 = outputs.iter().map(|o| o["rows"]["CompassEvent"].as_u64().unwrap()).sum();
    assert_eq!(rows, 3000);
    for (i, output) in outputs.iter().enumerate() {
        let path = output["path"].as_str().unwrap();
        assert_eq!(path, format!("out_{:04}.lh5", i + 1));
        let objects = digest(&dir.join(path));
        let rows = output["rows"]["CompassEvent"].as_u64().unwrap() as usize;
        assert_eq!(objects["/CompassEvent/energy"].shape, Some(vec![rows]));
    }
    // Those of an earlier run are not mixed with new ones.
    let words = ["collect", "in.rec", "-o", "out.lh5", "--segment", "1MB"];
    let again = tierline(dir, &words);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("a segment of an earlier run"), "{}", again.err);
    assert!(!files(dir).iter().any(|name| name.contains(".part-")));
}

#[test]
fn every_segment_has_the_headers() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for name in ["fcio-germanium", "orca-flashcam"] {
        let stream = example(name, 800);
        let link = records(&stream, 1, 0, Framing::Cobs);
        let (ran, report) = run(dir, &link, &["--segment", "200kB", "--compression", "none"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let outputs = report["outputs"].as_array().unwrap();
        assert!(outputs.len() > 2, "{name}: {}", outputs.len());
        let header = if name.starts_with("fcio") { "/FCConfig" } else { "/OrcaHeader" };
        for output in outputs {
            let objects = digest(&dir.join(output["path"].as_str().unwrap()));
            assert!(objects.contains_key(header), "{output}");
        }
    }
}

#[test]
fn a_front_end_that_starts_anew_begins_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (one, two) = (example("fcio-germanium", 5), example("compass", 40));
    let whole = records(&one, 7, 0, Framing::Length);
    // The first session breaks off.
    let cut = &whole[..whole.len() * 2 / 3];
    let link = [cut, &records(&two, 8, 0, Framing::Length)].concat();
    let (ran, report) = run(dir, &link, &[]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("broke off"), "{}", ran.err);
    assert_eq!(files(dir), ["in.rec", "out.lh5", "out_0002.lh5", "report.json"]);
    assert_eq!(report["outputs"][1]["rows"]["CompassEvent"], 40);
    let streams = report["streams"].as_array().unwrap();
    assert_eq!(
        (streams[0]["ended"].as_bool(), streams[1]["ended"].as_bool()),
        (Some(false), Some(true))
    );
    // A front end that gives all its sessions one number: the first record again, after the end or long after the start.
    let link = [whole.clone(), whole.clone()].concat();
    let (ran, report) = run(dir, &link, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(report["streams"].as_array().unwrap().len(), 2);
    assert_eq!(report["outputs"][0]["rows"], report["outputs"][1]["rows"]);
    let two = records(&two, 8, 0, Framing::Length);
    let link = [&frames(Framing::Length, &two)[..20].concat()[..], &two].concat();
    let (ran, report) = run(dir, &link, &[]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    // Soon after the start it may as well be an echo: what was there is not taken twice.
    assert_eq!(report["streams"].as_array().unwrap().len(), 1);
    assert_eq!(report["outputs"][0]["rows"]["CompassEvent"], 40);
}

#[test]
fn several_front_ends_have_groups_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (one, two) = (example("fcio-camera", 6), example("llama", 20));
    let links = [records(&one, 1, 0, Framing::Cobs), records(&two, 1, 12, Framing::Cobs)];
    // Over two links, and over one, frame by frame in turn.
    let mut turns = Vec::new();
    let [mut a, mut b] = [0, 1].map(|i| frames(Framing::Cobs, &links[i]).into_iter());
    loop {
        match (a.next(), b.next()) {
            (None, None) => break,
            (x, y) => turns.extend([x, y].into_iter().flatten().flatten()),
        }
    }
    for (i, link) in links.iter().enumerate() {
        std::fs::write(dir.join(format!("{i}.rec")), link).unwrap();
    }
    let ran = tierline(dir, &["collect", "0.rec", "1.rec", "-o", "two.lh5"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let (ran, report) = run(dir, &turns, &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(report["outputs"][0]["rows"]["stream_12/LLAMAEvent_0"].as_u64() > Some(0));
    assert!(digest(&dir.join("two.lh5")) == digest(&dir.join("out.lh5")));
    // What is in the group is what is in a file of its own, but for its name.
    std::fs::write(dir.join("alone.rec"), records(&two, 1, 0, Framing::Length)).unwrap();
    let ran = tierline(dir, &["collect", "alone.rec"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let grouped = digest(&dir.join("out.lh5"));
    for (path, object) in digest(&dir.join("alone.lh5")) {
        if path != "/" {
            assert_eq!(grouped.get(&format!("/stream_12{path}")), Some(&object), "{path}");
        }
    }
    // Two that have one number: the second is left out.
    std::fs::write(dir.join("1.rec"), records(&two, 1, 0, Framing::Cobs)).unwrap();
    let ran = tierline(dir, &["collect", "0.rec", "1.rec", "-w", "-o", "two.lh5"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("stream 0 comes over"), "{}", ran.err);
}

#[test]
fn what_is_not_understood_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let stream = example("compass", 10);
    let link = records(&stream, 1, 0, Framing::Length);
    let with = |extra: &[u8]| [&link[..], &framed(Framing::Length, extra)].concat();
    // Another version, and a kind that is not there yet.
    let (ran, report) = run(dir, &with(&[2, 0, 0, 0]), &[]);
    assert_eq!((ran.code, &report["links"][0]["other_version"]), (3, &1.into()));
    assert!(ran.err.contains("protocol version 2; this program reads 1"), "{}", ran.err);
    assert_eq!(report["outputs"][0]["rows"]["CompassEvent"], 10);
    let (ran, report) = run(dir, &with(&[1, 0, 99, 60]), &[]);
    assert_eq!((ran.code, &report["links"][0]["unreadable"]), (3, &1.into()));
    assert_eq!(report["outputs"][0]["rows"]["CompassEvent"], 10);
    // A format that this program does not know: its packets are counted.
    let mut out = Vec::new();
    for mut framed_record in frames(Framing::Length, &link) {
        let Framed::Record { record, .. } =
            Reader::new(Framing::Length, 1 << 20).next(&mut framed_record, true)
        else {
            panic!("no record");
        };
        let mut record = Record::read(record).unwrap();
        if let Body::Hello(hello) = &mut record.body {
            *hello = Hello { format: "Pixie", ..*hello };
        }
        let mut room = vec![0; record.longest()];
        out.extend(framed(Framing::Length, record.write(&mut room).unwrap()));
    }
    let (ran, report) = run(dir, &out, &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("unknown format 'Pixie'"), "{}", ran.err);
    let packets = &report["streams"][0]["packets"];
    assert_eq!((&packets["lost"], &packets["sent"]), (&11.into(), &11.into()));
    // Records without a Hello, with and without word of their format.
    let without: Vec<u8> = frames(Framing::Length, &link)
        .into_iter()
        .filter(|f| !f.windows(7).any(|w| w == b"CoMPASS"))
        .flatten()
        .collect();
    let (ran, _) = run(dir, &without, &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("never said what they are"), "{}", ran.err);
    let (ran, report) = run(dir, &without, &["-t", "Compass", "--max-garbage", "5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(report["outputs"][0]["rows"]["CompassEvent"], 10);
    // Nothing but noise; nothing at all.
    let (ran, _) = run(dir, &[7; 5000], &[]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("no intact record"), "{}", ran.err);
    std::fs::write(dir.join("none.rec"), b"").unwrap();
    let ran = tierline(dir, &["collect", "none.rec"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("none.rec: the file is empty"), "{}", ran.err);
    assert!(!dir.join("none.lh5").exists());
}

#[test]
fn any_flipped_byte_costs_what_it_hits() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.lh5");
    // Three packets in three records, and what is said around them.
    let emitter = compass::Emitter { samples: 20, ..compass::Emitter::default() };
    let stream = Stream { bytes: emitter.run(2), ..example("compass", 1) };
    for framing in [Framing::Cobs, Framing::Length] {
        // One of two ends arrives, whatever is hit.
        let twice = Simulator { framing, ends: Some(2), ..simulator(&stream) };
        let (link, done) = send(&twice, &stream);
        let whole = frames(framing, &link);
        let mut ends = vec![0];
        for frame in &whole {
            ends.push(ends.last().unwrap() + frame.len());
        }
        assert_eq!(*ends.last().unwrap(), link.len());
        for at in 0..link.len() {
            let mut damaged = link.clone();
            damaged[at] ^= 0x80 >> (at % 8);
            let got = collect(vec![damaged], Some(framing), &out);
            let what = format!("{framing:?}, byte {at}");
            check_sum(&stream, &done, &got, &what);
            // At most the packet of that record is lost, or those of two whose border it hits.
            let border = framing == Framing::Cobs && ends.iter().any(|end| *end == at + 1);
            let lost = got.streams[0].packets.lost;
            assert!(lost <= 1 + u64::from(border), "{what}: {lost} lost");
        }
    }
}

#[test]
fn settings_go_along_with_the_records() {
    let Some(recording) = shared("data/daq/compass_test_data.BIN") else { return };
    let Some(settings) = shared("data/daq/compass_test_data_settings.xml") else { return };
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let [recording, settings] = [&recording, &settings].map(|path| path.to_str().unwrap());
    let ran = tierline(dir, &["raw", recording, "--compass-config", settings, "-o", "raw.lh5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let words = ["replay", recording, "--records", "--compass-config", settings, "--to", "a.rec"];
    let ran = tierline(dir, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = tierline(dir, &["collect", "a.rec", "-o", "sent.lh5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(digest(&dir.join("sent.lh5")) == digest(&dir.join("raw.lh5")));
    // The same where only the host has them.
    let ran = tierline(dir, &["replay", recording, "--records", "--to", "b.rec"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let words = ["collect", "b.rec", "--compass-config", settings, "-o", "given.lh5"];
    let ran = tierline(dir, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(digest(&dir.join("given.lh5")) == digest(&dir.join("raw.lh5")));
}

/// Starts to collect; the sender's end is standard input where `from` is `-`.
fn start(dir: &Path, from: &str, words: &[&str]) -> Child {
    spawn(dir, &[&["collect", from, "-o", "out.lh5"], words].concat())
}

#[test]
fn signals_end_a_run_with_all_that_came() {
    let stream = example("compass", 50);
    let link = records(&stream, 1, 0, Framing::Length);
    // All but the end.
    let all = frames(Framing::Length, &link);
    let most = all[..all.len() - 2].concat();
    for (name, from) in [
        ("-INT", "-"),
        ("-TERM", "-"),
        ("-TERM", "tcp-listen://127.0.0.1:0"),
        ("-TERM", "tcp-listen://:0"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = start(dir.path(), from, &[]);
        let mut stdin = child.stdin.take().unwrap();
        if from == "-" {
            stdin.write_all(&most).unwrap();
        }
        std::thread::sleep(Duration::from_millis(700));
        signal(&child, name);
        assert_eq!(exit(&mut child), Some(0), "{name} {from}");
        let rows = digest(&dir.path().join("out.lh5"));
        if from == "-" {
            assert_eq!(rows["/CompassEvent/energy"].shape, Some(vec![50]), "{name}");
        }
        assert_eq!(files(dir.path()), ["out.lh5"]);
        drop(stdin);
    }
    // A run that is killed leaves nothing under its name.
    let dir = tempfile::tempdir().unwrap();
    let mut child = start(dir.path(), "-", &[]);
    child.stdin.as_mut().unwrap().write_all(&most).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!dir.path().join("out.lh5").exists());
}

#[test]
fn a_live_link_is_over_with_its_front_ends() {
    let stream = example("compass", 50);
    let link = records(&stream, 1, 0, Framing::Cobs);
    let dir = tempfile::tempdir().unwrap();
    let at = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = start(dir.path(), &format!("tcp-listen://{at}"), &["--reconnect"]);
    let connect = || {
        let begin = Instant::now();
        loop {
            match TcpStream::connect(at) {
                Ok(stream) => return stream,
                Err(e) => assert!(begin.elapsed() < Duration::from_secs(10), "{e}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    // The connection breaks, and the rest comes over another one.
    let all = frames(Framing::Cobs, &link);
    let mut first = connect();
    first.write_all(&all[..10].concat()).unwrap();
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    let mut second = connect();
    second.write_all(&all[10..].concat()).unwrap();
    second.flush().unwrap();
    // It stays open, and the run ends all the same.
    assert_eq!(exit(&mut child), Some(0));
    assert_eq!(digest(&dir.path().join("out.lh5"))["/CompassEvent/energy"].shape, Some(vec![50]));
    drop(second);
}

#[test]
fn links_that_are_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let stream = example("compass", 3);
    std::fs::write(dir.join("run.BIN"), &stream.bytes).unwrap();
    std::fs::write(dir.join("out.lh5"), b"here").unwrap();
    for (words, code, says) in [
        (&["collect", "absent.rec"][..], 1, "absent.rec: cannot open"),
        (&["collect", "udp://a:1", "-o", "x.lh5"], 1, "'udp://' is no link"),
        (&["collect", "tcp://127.0.0.1:1", "-o", "x.lh5"], 1, "cannot open"),
        (&["collect", "-"], 2, "say where to write"),
        (&["collect", "run.BIN", "-o", "run.BIN"], 2, "over itself"),
        (&["collect", "a.rec", "a.rec", "-o", "x.lh5"], 2, "given twice"),
        (&["collect", "run.BIN", "-o", "out.lh5"], 1, "out.lh5"),
        (&["collect", "run.BIN", "-o", "x.lh5", "--segment", "soon"], 2, "10min"),
        (&["collect", "run.BIN", "-o", "x.lh5", "-t", "Midas"], 2, "no stream type"),
        (&["replay", "absent.BIN", "--to", "x"], 1, "absent.BIN: cannot open"),
        (&["replay", "run.BIN", "--to", "out.lh5"], 1, "out.lh5"),
        (&["replay", "run.BIN", "--to", "x", "--loop", "0"], 2, "--loop 0"),
        (&["replay", "run.BIN", "--to", "x", "--codec", "rice32"], 2, "--records"),
        (&["replay", "run.BIN", "--to", "tcp://127.0.0.1:1"], 1, "cannot open the link"),
    ] {
        let ran = tierline(dir, words);
        assert_eq!(ran.code, code, "{words:?}: {}", ran.err);
        assert!(ran.err.contains(says), "{words:?}: {}", ran.err);
    }
    assert_eq!(files(dir), ["out.lh5", "run.BIN"]);
    // Records are no recording.
    std::fs::write(dir.join("run.rec"), records(&stream, 1, 0, Framing::Length)).unwrap();
    for words in [&["raw", "run.rec"], &["info", "run.rec"]] {
        let ran = tierline(dir, words);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains("tierline collect reads them"), "{}", ran.err);
    }
}

#[test]
fn a_recording_is_replayed_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let stream = example("orca-sis3302", 20);
    std::fs::write(dir.join("run.orca"), &stream.bytes).unwrap();
    let ran = tierline(dir, &["replay", "run.orca", "--to", "copy", "--loop", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(std::fs::read(dir.join("copy")).unwrap(), [&stream.bytes[..]; 2].concat());
    let begin = Instant::now();
    let rate = (stream.bytes.len() * 2).to_string();
    let ran = tierline(dir, &["replay", "run.orca", "--to", "-", "--rate", &rate]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    // At twice its size per second it takes half a second, but for the last tenth of a second's bytes.
    assert!(begin.elapsed() >= Duration::from_millis(300));
}
