//! The contract of the command line.

use std::path::{Path, PathBuf};

use crate::host::digest::digest;
use crate::host::program::{emit, files, rows, tierline};
use serde_json::Value;
use tierline::h5::tree::Reader;
use tierline_firmware_sim::emit::EXAMPLES;

#[test]
fn every_example_is_read_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    for example in EXAMPLES {
        let file = emit(dir.path(), example.name, 20);
        let ran = tierline(dir.path(), &["raw", file]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{file}");
        let output = Path::new(file).with_extension("lh5");
        assert!(digest(&dir.path().join(output)).len() > 10, "{file}");
        let ran = tierline(dir.path(), &["info", "--json", file]);
        let info: Value = serde_json::from_str(&ran.out).unwrap();
        let bytes = &info["bytes"];
        let sum: u64 = ["rows", "headers", "skipped", "garbage"]
            .iter()
            .map(|k| bytes[k].as_u64().unwrap())
            .sum();
        assert_eq!(bytes["input"].as_u64(), Some(sum), "{file}");
        assert_eq!(bytes["garbage"], 0, "{file}");
    }
}

#[test]
fn rows_of_channels_that_the_header_has_off_are_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "orca-sis3302", 5);
    let whole = tierline(dir.path(), &["raw", file, "-v", "-o", "whole.lh5"]);
    assert!(!whole.err.contains("has off"), "{}", whole.err);
    let path = dir.path().join(file);
    let mut bytes = std::fs::read(&path).unwrap();
    let name = b"internalTriggerEnabledMask";
    let at = bytes.windows(name.len()).position(|w| w == name).unwrap();
    bytes[at + name.len() - 1] = b'z';
    std::fs::write(&path, bytes).unwrap();
    let ran = tierline(dir.path(), &["raw", file, "-o", "off.lh5"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(ran.err.contains("that the header has off, left out; first channel"), "{}", ran.err);
}

#[test]
fn outputs_are_not_replaced_unless_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "compass", 5);
    std::fs::write(dir.path().join("out.lh5"), "precious").unwrap();
    let ran = tierline(dir.path(), &["raw", file, "-o", "out.lh5"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("exists already") && ran.err.contains("--overwrite"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(dir.path().join("out.lh5")).unwrap(), "precious");
    assert_eq!(tierline(dir.path(), &["raw", file, "-w", "-o", "out.lh5"]).code, 0);
    assert_eq!(rows(&dir.path().join("out.lh5"), "/CompassEvent/packet_id"), 5);
    assert_eq!(files(dir.path()), [file, "out.lh5"]);
}

#[test]
fn nonsense_on_the_command_line_is_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "compass", 5);
    let other = emit(dir.path(), "llama", 5);
    for args in [
        vec!["raw"],
        vec!["raw", file, other, "-o", "out.lh5"],
        vec!["raw", file, file],
        vec!["raw", file, "-o", file],
        vec!["raw", file, "--compression", "lzma"],
        vec!["raw", file, "--compression", "gzip:10"],
        vec!["raw", file, "-b", "0"],
        vec!["raw", file, "-t", "MGDO"],
        vec!["frobnicate"],
    ] {
        let ran = tierline(dir.path(), &args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
    }
    assert_eq!(files(dir.path()).len(), 2);
}

#[test]
fn unreadable_inputs_are_exit_1_and_leave_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write("empty.fcio", b"");
    write("text.orca", b"this is not a recording, whatever its name says");
    write("noise", &[7; 5000]);
    write("one.bin", b"x");
    write("protocol.fcio", &(-1_000_000_001i32).to_le_bytes());
    let cut = EXAMPLES.iter().find(|e| e.name == "orca-fcio").map(|e| (e.make)(1, 3)).unwrap();
    write("cut-header.orca", &cut[..1000]);
    for name in files(dir.path()) {
        let ran = tierline(dir.path(), &["raw", &name, "-o", "out.lh5"]);
        assert_eq!(ran.code, 1, "{name}: {}", ran.err);
        assert!(ran.err.starts_with("tierline: error: ") && ran.err.contains(&name), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
    assert_eq!(tierline(dir.path(), &["raw", "nosuch.fcio"]).code, 1);
    assert!(files(dir.path()).iter().all(|name| !name.contains("lh5")));
}

#[test]
fn garbage_is_kept_reported_and_exit_3() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "orca-flashcam", 30);
    let mut bytes = std::fs::read(dir.path().join(file)).unwrap();
    let whole = tierline(dir.path(), &["raw", file, "-o", "whole.lh5"]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    let listing = tierline(dir.path(), &["info", "--packets", "--json", file]).out;
    let packet: Value = serde_json::from_str(listing.lines().nth(10).unwrap()).unwrap();
    let at = packet["off"].as_u64().unwrap() as usize;
    let foreign = vec![0xA5u8; 4099];
    bytes.splice(at..at, foreign.iter().copied());
    std::fs::write(dir.path().join("foreign.orca"), &bytes).unwrap();
    let args = ["raw", "foreign.orca", "--report", "report.json"];
    let ran = tierline(dir.path(), &args);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("4 099 bytes of garbage in 1 place"), "{}", ran.err);
    let output = dir.path().join("foreign.lh5");
    let reader = Reader::open(&output).unwrap();
    let one = |name: &str| reader.array(name, 0..9).unwrap().get_i64(0);
    assert_eq!(rows(&output, "/garbage/offset"), 1);
    assert_eq!(one("/garbage/offset"), Some(at as i64));
    assert_eq!(one("/garbage/length"), Some(4099));
    assert_eq!(one("/garbage/garbage_code"), Some(2));
    let bytes = reader.vectors("/garbage/packets", 0..1).unwrap();
    assert_eq!(bytes.flattened.data, foreign);
    let (mut ours, want) = (digest(&output), digest(&dir.path().join("whole.lh5")));
    ours.retain(|path, _| !path.starts_with("/garbage") && path != "/");
    assert!(ours.iter().all(|(path, entry)| want.get(path) == Some(entry)));
    let report: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["status"], "garbage");
    assert_eq!(report["bytes"]["garbage"], 4099);
    assert!(report["inputs"][0]["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(
        tierline(dir.path(), &["raw", "-w", "foreign.orca", "--max-garbage", "5000"]).code,
        0
    );
}

#[test]
fn several_inputs_go_to_their_own_outputs_and_survive_one_another() {
    let dir = tempfile::tempdir().unwrap();
    let good = emit(dir.path(), "fcio-germanium", 10);
    std::fs::write(dir.path().join("bad.fcio"), b"nothing of use here").unwrap();
    let other = emit(dir.path(), "orca-sis3302", 10);
    let ran = tierline(dir.path(), &["raw", good, "bad.fcio", other]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let made: Vec<String> = files(dir.path()).into_iter().filter(|n| n.ends_with("lh5")).collect();
    assert_eq!(made, ["demo-germanium.lh5", "demo-sis3302.lh5"]);
}

#[test]
fn packed_inputs_are_read_whatever_their_name_says() {
    use std::process::Command;
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "llama", 10);
    assert_eq!(tierline(dir.path(), &["raw", file, "-o", "plain.lh5"]).code, 0);
    let want = digest(&dir.path().join("plain.lh5"));
    let mut tried = 0;
    for packer in ["gzip", "bzip2", "zstd"] {
        let packed = Command::new(packer).arg("-c").arg(dir.path().join(file)).output();
        let Ok(packed) = packed.map(|o| o.stdout) else {
            eprintln!("SKIPPED: no {packer}");
            continue;
        };
        tried += 1;
        let name = format!("20260101-120000Z-{packer}.data");
        std::fs::write(dir.path().join(&name), &packed).unwrap();
        let ran = tierline(dir.path(), &["raw", &name, "-w", "-o", "out.lh5"]);
        assert_eq!(ran.code, 0, "{packer}: {}", ran.err);
        assert_eq!(digest(&dir.path().join("out.lh5")), want, "{packer}");
        let half = &packed[..packed.len() / 2];
        std::fs::write(dir.path().join(&name), half).unwrap();
        let ran = tierline(dir.path(), &["raw", &name, "-w", "-o", "out.lh5"]);
        assert!(ran.code == 3 || ran.code == 1, "{packer}: {}", ran.err);
        assert!(ran.err.contains("cut"), "{packer}: {}", ran.err);
    }
    assert!(tried > 0);
}

#[test]
fn the_first_rows_in_packet_order() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "compass", 40);
    assert_eq!(tierline(dir.path(), &["raw", file, "-n", "7"]).code, 0);
    let output = dir.path().join(Path::new(file).with_extension("lh5"));
    let ids = Reader::open(&output).unwrap().array("/CompassEvent/packet_id", 0..99).unwrap();
    let ids: Vec<i64> = (0..ids.rows()).filter_map(|i| ids.get_i64(i)).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
    // Rows of several tables, cut inside an event; the configuration does not count.
    let file = emit(dir.path(), "orca-fcio", 30);
    let args = ["raw", file, "-n", "20", "-w", "--report", "r.json"];
    assert_eq!(tierline(dir.path(), &args).code, 0);
    let report: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("r.json")).unwrap()).unwrap();
    let rows = report["outputs"][0]["rows"].as_object().unwrap();
    let counted = rows.iter().filter(|(name, _)| !name.contains("Config"));
    assert_eq!(counted.map(|(_, n)| n.as_u64().unwrap()).sum::<u64>(), 20);
}

#[test]
fn small_buffers_give_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["fcio-germanium", "orca-fcio", "llama"] {
        let file = emit(dir.path(), name, 40);
        assert_eq!(tierline(dir.path(), &["raw", "-w", file, "-o", "a.lh5"]).code, 0);
        for size in ["1", "7"] {
            assert_eq!(
                tierline(dir.path(), &["raw", "-w", file, "-o", "b.lh5", "-b", size]).code,
                0
            );
            let [a, b] = ["a.lh5", "b.lh5"].map(|f| digest(&dir.path().join(f)));
            assert_eq!(a, b, "{name} -b {size}");
        }
    }
}

#[test]
fn the_same_command_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "fcio-camera", 40);
    let mut first: Option<Vec<u8>> = None;
    for threads in ["1", "2", "4"] {
        let args = ["raw", "-w", file, "-o", "out.lh5", "--threads", threads];
        assert_eq!(tierline(dir.path(), &args).code, 0);
        let bytes = std::fs::read(dir.path().join("out.lh5")).unwrap();
        assert!(first.get_or_insert_with(|| bytes.clone()) == &bytes, "{threads} threads");
    }
}

#[test]
fn another_geometry_in_one_stream_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let run = |samples| {
        let emitter = tierline_firmware_sim::emit::fcio::Emitter {
            samples,
            ..tierline_firmware_sim::emit::fcio::Emitter::default()
        };
        emitter.run(5)
    };
    std::fs::write(dir.path().join("same.fcio"), [run(100), run(100)].concat()).unwrap();
    std::fs::write(dir.path().join("other.fcio"), [run(100), run(101)].concat()).unwrap();
    let same = tierline(dir.path(), &["raw", "same.fcio"]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert!(same.err.contains("further configuration"), "{}", same.err);
    let other = tierline(dir.path(), &["raw", "other.fcio"]);
    assert_eq!(other.code, 1);
    assert!(other.err.contains("eventsamples is 101, expected 100"), "{}", other.err);
    assert!(!dir.path().join("other.lh5").exists());
}

#[test]
fn a_pipe_is_read_and_all_is_logged() {
    use std::process::{Command, Stdio};
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "fcio-camera", 20);
    let input = std::fs::File::open(dir.path().join(file)).unwrap();
    let args = ["raw", "/dev/stdin", "-o", "pipe.lh5", "-q", "--log", "run.log"];
    let mut cat = Command::new("cat").stdin(input).stdout(Stdio::piped()).spawn().unwrap();
    let output = Command::new(crate::host::program::program())
        .args(args)
        .stdin(cat.stdout.take().unwrap())
        .current_dir(dir.path())
        .output()
        .unwrap();
    cat.wait().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    let log = std::fs::read_to_string(dir.path().join("run.log")).unwrap();
    assert!(log.contains("pipe.lh5") && log.contains("FCEvent:"), "{log}");
    assert_eq!(tierline(dir.path(), &["raw", file]).code, 0);
    let [a, b] = ["pipe.lh5", "demo-camera.lh5"].map(|f| digest(&dir.path().join(f)));
    assert_eq!(a, b);
}

#[test]
fn the_demo_runs_and_draws() {
    let dir = tempfile::tempdir().unwrap();
    let ran = tierline(dir.path(), &["demo", "-o", "demo"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for example in EXAMPLES {
        assert!(ran.out.contains(example.file_name));
        let output: PathBuf = dir.path().join("demo").join(example.file_name).with_extension("lh5");
        assert!(output.exists());
    }
    let png = std::fs::read(dir.path().join("demo/waveforms.png")).unwrap();
    assert!(png.starts_with(b"\x89PNG") && png.len() > 10_000);
    assert!(ran.out.contains("Images and parameters of 40 air showers"), "{}", ran.out);
    assert!(dir.path().join("demo/demo-showers.dl1.h5").exists());
    assert_eq!(tierline(dir.path(), &["demo", "-o", "demo"]).code, 1);
    assert_eq!(tierline(dir.path(), &["demo", "-w", "-o", "demo"]).code, 0);
}

#[test]
fn info_lists_packets_and_trees() {
    let dir = tempfile::tempdir().unwrap();
    let file = emit(dir.path(), "orca-sis3316", 12);
    let text = tierline(dir.path(), &["info", "--hex", "12", file]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains("OrcaHeaderDecoder") && text.out.contains("3c 3f"), "{}", text.out);
    assert_eq!(tierline(dir.path(), &["raw", file]).code, 0);
    let output = Path::new(file).with_extension("lh5");
    let tree = tierline(dir.path(), &["info", output.to_str().unwrap()]);
    assert!(tree.out.contains("LH5") && tree.out.contains("waveform"), "{}", tree.out);
    assert!(tree.out.contains("uint16 [") && tree.out.contains("[ns]"), "{}", tree.out);
    let json = tierline(dir.path(), &["info", "--json", output.to_str().unwrap()]);
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert!(json["tree"]["children"]["OrcaHeader"]["dtype"] == "string");
}
