//! Inputs that are no plain files, and parts of inputs.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::host::digest::{Entry, digest};
use crate::host::program::{emit, exit, files, rows, signal, spawn, tierline};
use std::collections::BTreeMap;
use tierline::h5::tree::Reader;
use tierline_firmware_sim::emit::{EXAMPLES, compass, fcio};

/// Writes an example recording; returns its name and its bytes.
fn recording(dir: &Path, name: &str, events: u32) -> (&'static str, Vec<u8>) {
    let file = emit(dir, name, events);
    (file, std::fs::read(dir.join(file)).unwrap())
}

/// What comes of a recording that is read as a file.
fn direct(dir: &Path, file: &str) -> BTreeMap<String, Entry> {
    let ran = tierline(dir, &["raw", "-w", file, "-o", "direct.lh5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    digest(&dir.join("direct.lh5"))
}

fn stderr(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn connect(port: u16) -> TcpStream {
    let begin = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(e) => assert!(begin.elapsed() < Duration::from_secs(10), "{e}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn standard_input_pipes_and_sockets_are_read_as_files_are() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    // LLAMA takes its start from the name of the file, which a pipe does not have.
    for name in ["compass", "orca-flashcam", "fcio-camera"] {
        let (file, bytes) = recording(dir, name, 30);
        let want = direct(dir, file);
        let mut child = spawn(dir, &["raw", "-w", "-", "-o", "out.lh5"]);
        child.stdin.take().unwrap().write_all(&bytes).unwrap();
        assert_eq!(exit(&mut child), Some(0), "{name}: {}", stderr(&mut child));
        assert_eq!(digest(&dir.join("out.lh5")), want, "{name}");
        for (to, from) in [
            ("tcp-listen://127.0.0.1:PORT", "tcp://127.0.0.1:PORT"),
            ("tcp://connect/PORT/127.0.0.1", "tcp://listen/PORT/127.0.0.1"),
        ] {
            let port = free_port().to_string();
            let [to, from] = [to, from].map(|link| link.replace("PORT", &port));
            // Who listens is there first.
            let (mut listens, mut connects);
            let sender = ["replay", file, "--to", &to];
            let receiver = ["raw", "-w", &from, "-o", "out.lh5"];
            if to.contains("listen") {
                listens = spawn(dir, &sender);
                std::thread::sleep(Duration::from_millis(300));
                connects = spawn(dir, &receiver);
            } else {
                listens = spawn(dir, &receiver);
                std::thread::sleep(Duration::from_millis(300));
                connects = spawn(dir, &sender);
            }
            assert_eq!(exit(&mut connects), Some(0), "{name}: {}", stderr(&mut connects));
            assert_eq!(exit(&mut listens), Some(0), "{name}: {}", stderr(&mut listens));
            assert_eq!(digest(&dir.join("out.lh5")), want, "{name}");
        }
    }
}

#[test]
fn a_growing_file_is_followed_until_nothing_comes() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let (file, bytes) = recording(dir, "fcio-germanium", 40);
    let want = direct(dir, file);
    for ends_by_signal in [false, true] {
        let mut growing = std::fs::File::create(dir.join("growing.fcio")).unwrap();
        growing.write_all(&bytes[..100]).unwrap();
        let idle = if ends_by_signal { "60s" } else { "400ms" };
        let args = ["raw", "-w", "growing.fcio", "--follow", "--idle", idle, "-o", "out.lh5"];
        let mut child = spawn(dir, &args);
        for piece in bytes[100..].chunks(bytes.len() / 7) {
            std::thread::sleep(Duration::from_millis(60));
            growing.write_all(piece).unwrap();
        }
        if ends_by_signal {
            std::thread::sleep(Duration::from_millis(500));
            signal(&child, "-TERM");
        }
        assert_eq!(exit(&mut child), Some(0), "{}", stderr(&mut child));
        assert_eq!(digest(&dir.join("out.lh5")), want);
    }
    // A file that shrinks is another one.
    std::fs::write(dir.join("growing.fcio"), &bytes).unwrap();
    let args = ["raw", "-w", "growing.fcio", "--follow", "--idle", "10s", "-o", "out.lh5"];
    let mut child = spawn(dir, &args);
    std::thread::sleep(Duration::from_millis(400));
    std::fs::write(dir.join("growing.fcio"), &bytes[..1000]).unwrap();
    assert_eq!(exit(&mut child), Some(1));
    assert!(stderr(&mut child).contains("it shrank from"));
}

#[test]
fn a_signal_leaves_what_had_come_or_nothing() {
    let (bytes, packets) = (compass::Emitter::default().run(50), 50);
    // Up to the middle of an event.
    let most = &bytes[..bytes.len() / 2];
    for (keep, code) in [(true, 0), (false, 1)] {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path();
        let port = free_port();
        let from = format!("tcp-listen://127.0.0.1:{port}");
        let mut args = vec!["raw", &from, "-o", "out.lh5"];
        args.extend(keep.then_some("--keep-partial"));
        let mut child = spawn(dir, &args);
        let mut socket = connect(port);
        socket.write_all(most).unwrap();
        socket.flush().unwrap();
        std::thread::sleep(Duration::from_millis(600));
        signal(&child, "-TERM");
        assert_eq!(exit(&mut child), Some(code));
        let text = stderr(&mut child);
        assert!(text.contains("stopped by a signal"), "{text}");
        if keep {
            let n = rows(&dir.join("out.lh5"), "/CompassEvent/energy");
            assert!(n > packets / 3 && n < packets, "{n} rows");
            assert!(!digest(&dir.join("out.lh5")).contains_key("/garbage"));
        } else {
            assert_eq!(files(dir), Vec::<String>::new());
        }
    }
}

#[test]
fn a_connection_that_breaks_can_be_made_again() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let (file, bytes) = recording(dir, "fcio-germanium", 40);
    let want = direct(dir, file);
    let port = free_port();
    let from = format!("tcp-listen://127.0.0.1:{port}");
    let words = ["raw", &from, "--reconnect", "--idle", "3s", "-o", "out.lh5"];
    let mut child = spawn(dir, &words);
    let half = bytes.len() / 2;
    let mut first = connect(port);
    first.write_all(&bytes[..half]).unwrap();
    drop(first);
    std::thread::sleep(Duration::from_millis(200));
    let mut second = connect(port);
    second.write_all(&bytes[half..]).unwrap();
    drop(second);
    assert_eq!(exit(&mut child), Some(0), "{}", stderr(&mut child));
    assert_eq!(digest(&dir.join("out.lh5")), want);
    // Without that, what came is kept, and the torn packet is garbage.
    let port = free_port();
    let from = format!("tcp-listen://127.0.0.1:{port}");
    let mut child = spawn(dir, &["raw", &from, "-o", "half.lh5"]);
    let mut first = connect(port);
    first.write_all(&bytes[..half]).unwrap();
    drop(first);
    assert_eq!(exit(&mut child), Some(3), "{}", stderr(&mut child));
    assert!(digest(&dir.join("half.lh5")).contains_key("/garbage"));
}

#[test]
fn inputs_that_belong_together_make_one_output() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let emitter = fcio::Emitter::default();
    std::fs::write(dir.join("a.fcio"), emitter.run(10)).unwrap();
    std::fs::write(dir.join("b.fcio"), emitter.run(7)).unwrap();
    let ran = tierline(dir, &["raw", "a.fcio", "b.fcio", "--concat", "-o", "ab.lh5", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let one = |file: &str| {
        assert_eq!(tierline(dir, &["raw", "-w", file, "-o", "one.lh5"]).code, 0);
        let reader = Reader::open(&dir.join("one.lh5")).unwrap();
        reader.array("/FCEvent/waveform/values", 0..usize::MAX).unwrap()
    };
    let reader = Reader::open(&dir.join("ab.lh5")).unwrap();
    let both = reader.array("/FCEvent/waveform/values", 0..usize::MAX).unwrap();
    assert_eq!(both.data, [one("a.fcio").data, one("b.fcio").data].concat());
    // Another configuration, or another format, is another run.
    let other = fcio::Emitter { samples: emitter.samples + 2, ..fcio::Emitter::default() };
    std::fs::write(dir.join("c.fcio"), other.run(3)).unwrap();
    std::fs::write(dir.join("d.BIN"), compass::Emitter::default().run(3)).unwrap();
    for (file, why) in [("c.fcio", "c.fcio: "), ("d.BIN", "d.BIN")] {
        let ran = tierline(dir, &["raw", "a.fcio", file, "--concat", "-o", "bad.lh5"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains(why), "{}", ran.err);
        assert!(!dir.join("bad.lh5").exists());
    }
    let ran = tierline(dir, &["raw", "a.fcio", "c.fcio", "--concat", "-o", "bad.lh5"]);
    assert!(ran.err.contains("is another than in the inputs before"), "{}", ran.err);
}

#[test]
fn ranges_of_packets_are_those_of_the_listing() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let (file, _) = recording(dir, "compass", 40);
    assert_eq!(tierline(dir, &["raw", file, "-o", "all.lh5"]).code, 0);
    let all = Reader::open(&dir.join("all.lh5")).unwrap();
    let all = all.array("/CompassEvent/timestamp", 0..usize::MAX).unwrap();
    // Packet 0 is the header.
    let words = ["raw", "-w", file, "--first-packet", "11", "--max-packets", "5", "-o", "some.lh5"];
    let ran = tierline(dir, &words);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let some = Reader::open(&dir.join("some.lh5")).unwrap();
    let some = some.array("/CompassEvent/timestamp", 0..usize::MAX).unwrap();
    assert_eq!(some.data, all.data[10 * 8..15 * 8]);
}

#[test]
fn a_skimmed_recording_has_headers_first_and_last_packets() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    for example in EXAMPLES {
        let (file, bytes) = recording(dir, example.name, 30);
        let ran = tierline(dir, &["raw", "-w", file, "--skim", "4", "-v"]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.err);
        let path = Path::new(file);
        let name = format!(
            "{}_skim.{}",
            path.file_stem().unwrap().to_str().unwrap(),
            path.extension().unwrap().to_str().unwrap()
        );
        let skimmed = std::fs::read(dir.join(&name)).unwrap();
        assert!(skimmed.len() < bytes.len() / 2, "{file}");
        let same = skimmed.iter().zip(&bytes).take_while(|(a, b)| a == b).count();
        assert!(bytes.ends_with(&skimmed[same.min(skimmed.len() - 1)..]), "{file}");
        let ran = tierline(dir, &["raw", "-w", &name, "-o", "skim.lh5"]);
        assert_eq!(ran.code, 0, "{file}: {}", ran.err);
    }
}

#[test]
fn garbage_goes_where_it_is_wanted() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let (_, mut bytes) = recording(dir, "compass", 20);
    bytes.truncate(bytes.len() - 7);
    std::fs::write(dir.join("cut.BIN"), &bytes).unwrap();
    for (to, in_table) in [("table", true), ("none", false), ("garbage.lh5", false)] {
        let ran = tierline(dir, &["raw", "-w", "cut.BIN", "--garbage", to]);
        assert_eq!(ran.code, 3, "{}", ran.err);
        assert_eq!(digest(&dir.join("cut.lh5")).contains_key("/garbage"), in_table, "{to}");
    }
    assert_eq!(rows(&dir.join("garbage.lh5"), "/garbage/offset"), 1);
}
