//! Hardware in the loop: recordings through the core on a Cortex-M4 in an emulator, or the simulated front end, and collected
//! again: the same LH5 as from the recording itself.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tierline::raw::BuildRaw;
use tierline::raw::collect::{Collected, StreamAccount};
use tierline_tests::data::shared;
use tierline_tests::streams;

use crate::front_end::collect_file;
use crate::host::digest::digest;
use crate::host::program::{program, tierline};

/// The recordings of the four formats, real ones and synthetic ones.
const RECORDINGS: [(&str, &str); 10] = [
    ("CoMPASS", "daq/compass_test_data.BIN"),
    ("LLAMA", "daq/20241218-150158-pulser.bin"),
    ("FCIO", "daq/L200-comm-20211130-phy-spms.fcio"),
    ("FCIO", "daq/l200-p06-r007-cal-20230725T202227Z.fcio"),
    ("FCIO", "daq/synth_camera12.fcio"),
    ("FCIO", "daq/synth_mixed12.fcio"),
    ("FCIO", "daq/synth_percard12.fcio"),
    ("ORCA", "daq/L200-comm-20220519-phy-geds.orca"),
    ("ORCA", "daq/l200-p13-r007-aph-20250101T003931Z.orca"),
    ("ORCA", "daq/synth_sis3302.orca"),
];

/// The script that builds and runs the firmware; `None`, loudly, where the tools for it are not there. With CI set they are.
fn board() -> Option<&'static Path> {
    static BOARD: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = BOARD.get_or_init(|| {
        let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-sim/board/run.sh");
        let quiet = |command: &mut Command| {
            command.stdout(Stdio::null()).stdin(Stdio::null()).status().is_ok_and(|s| s.success())
        };
        let emulator = quiet(Command::new("qemu-system-arm").arg("--version"));
        let built = emulator && quiet(command(&run).arg("build"));
        if !built {
            let why = if emulator { "the firmware can't be built" } else { "no qemu-system-arm" };
            assert!(std::env::var_os("CI").is_none(), "{why}");
            eprintln!("SKIPPED: {why}: nothing is tested on a Cortex-M4");
        }
        built.then_some(run)
    });
    found.as_deref()
}

/// The script, with a target folder of its own below that of the tests.
fn command(run: &Path) -> Command {
    let own = std::env::current_exe().unwrap_or_default();
    let target = own.ancestors().nth(3).map(|t| t.join("board")).unwrap_or_default();
    let mut command = Command::new(run);
    command.env("CARGO_TARGET_DIR", target).env_remove("CARGO").env_remove("RUSTFLAGS");
    command
}

/// Runs the firmware; what it says.
fn firmware(run: &Path, program: &str, from: &Path, to: &Path, words: &[&str]) -> String {
    let output = command(run).arg(program).args([from, to]).args(words).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {}: {text}{errors}", from.display());
    text
}

/// What `raw` makes of a recording; its packets and bytes.
fn raw(recording: &Path, output: &Path) -> tierline::raw::Converted {
    let build = BuildRaw { overwrite: true, ..BuildRaw::default() };
    build.run(recording, output).unwrap()
}

/// Every packet is there, and the two files hold the same.
fn check(
    name: &str,
    got: &Collected,
    collected: &Path,
    direct: &Path,
    raw: &tierline::raw::Converted,
) {
    assert_eq!(got.streams.len(), 1, "{name}");
    let StreamAccount { packets, records, bytes, ended, checksum, .. } = &got.streams[0];
    assert_eq!((packets.lost, records.bad()), (0, 0), "{name}");
    assert!(*ended && *checksum == Some(true), "{name}: {checksum:?}");
    assert_eq!(*bytes, raw.outcome.bytes, "{name}");
    assert!(digest(collected) == digest(direct), "{name}: another content");
}

#[test]
fn recordings_through_a_cortex_m4_give_the_same_lh5() {
    let Some(run) = board() else { return };
    let dir = tempfile::tempdir().unwrap();
    let examples = dir.path().join("examples");
    std::fs::create_dir(&examples).unwrap();
    let mut all: Vec<(String, PathBuf)> = Vec::new();
    for (example, stream) in tierline_firmware_sim::emit::EXAMPLES.iter().zip(streams::examples(20))
    {
        let file = examples.join(example.file_name);
        std::fs::write(&file, &stream.bytes).unwrap();
        all.push((stream.format.into(), file));
    }
    let found = RECORDINGS
        .iter()
        .filter_map(|(format, name)| Some(((*format).into(), shared(&format!("data/{name}"))?)));
    all.extend(found);
    for (format, recording) in &all {
        let [records, collected, direct] =
            ["records", "collected.lh5", "direct.lh5"].map(|name| dir.path().join(name));
        for words in [&[][..], &["cobs", "pack16"]] {
            let words = [&[format.as_str()], words].concat();
            firmware(run, "replay", recording, &records, &words);
            let got = collect_file(&records, &collected);
            let raw = raw(recording, &direct);
            check(&recording.display().to_string(), &got, &collected, &direct, &raw);
        }
    }
}

#[test]
fn forty_eight_kib_are_enough() {
    let Some(run) = board() else { return };
    let dir = tempfile::tempdir().unwrap();
    // One of these has a packet of 9.6 kB, which is more than a record may hold there.
    for (format, name) in [RECORDINGS[0], RECORDINGS[1], RECORDINGS[7]] {
        let Some(recording) = shared(&format!("data/{name}")) else { return };
        let [records, collected, direct] =
            ["records", "collected.lh5", "direct.lh5"].map(|name| dir.path().join(name));
        firmware(run, "small", &recording, &records, &[format]);
        let got = collect_file(&records, &collected);
        check(name, &got, &collected, &direct, &raw(&recording, &direct));
    }
}

#[test]
fn serial_lines_of_a_cortex_m4_carry_the_first_200_kb() {
    let Some(run) = board() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (format, name) in [RECORDINGS[0], RECORDINGS[1], RECORDINGS[2], RECORDINGS[7]] {
        let Some(whole) = shared(&format!("data/{name}")) else { return };
        let mut bytes = std::fs::read(&whole).unwrap();
        bytes.truncate(200_000);
        let recording = dir.path().join(whole.file_name().unwrap());
        std::fs::write(&recording, &bytes).unwrap();
        let [records, collected, direct] =
            ["records", "collected.lh5", "direct.lh5"].map(|name| dir.path().join(name));
        let n = format!("bytes={}", bytes.len());
        let source = format!("source={}", whole.file_name().unwrap().to_string_lossy());
        firmware(run, "uart", &recording, &records, &[format, &n, &source]);
        let got = collect_file(&records, &collected);
        check(name, &got, &collected, &direct, &raw(&recording, &direct));
    }
}

#[test]
fn an_overrun_of_the_small_ring_is_accounted_for() {
    let Some(run) = board() else { return };
    let dir = tempfile::tempdir().unwrap();
    for (example, stream) in tierline_firmware_sim::emit::EXAMPLES.iter().zip(streams::examples(60))
    {
        let recording = dir.path().join(example.file_name);
        std::fs::write(&recording, &stream.bytes).unwrap();
        let [records, collected] = ["records", "collected.lh5"].map(|name| dir.path().join(name));
        // The link sends one byte while ten of the source come in, or thirty, which are some ten of records.
        for (overrun, codec) in [("overrun=10", "raw"), ("overrun=30", "rice32")] {
            let words = [stream.format, "cobs", codec, overrun];
            let text = firmware(run, "small", &recording, &records, &words);
            let got = collect_file(&records, &collected);
            let packets = &got.streams[0].packets;
            assert!(packets.lost > 0, "{}: {text}", stream.name);
            let sum = packets.assembled + packets.broken + packets.lost;
            assert_eq!(Some(sum), packets.sent, "{}: {text}", stream.name);
            assert_eq!(got.streams[0].records.bad(), 0, "{}", stream.name);
            assert_eq!(got.streams[0].bytes.total(), stream.bytes.len() as u64, "{}", stream.name);
        }
    }
}

#[test]
fn a_pipe_and_tcp_carry_the_simulators_records() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let at = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (listen, call) = (format!("tcp-listen://{at}"), format!("tcp://{at}"));
    let pipe = pipe.to_str().unwrap();
    for (_, name) in RECORDINGS {
        let Some(recording) = shared(&format!("data/{name}")) else { return };
        let direct = dir.path().join("direct.lh5");
        raw(&recording, &direct);
        for (from, to) in [(pipe, pipe), (listen.as_str(), call.as_str())] {
            let collected = dir.path().join("collected.lh5");
            let mut collect = Command::new(program());
            collect.args(["collect", from, "-w", "-o"]).arg(&collected).stderr(Stdio::null());
            let mut collect = collect.env("TZ", "UTC").spawn().unwrap();
            let recording = recording.to_str().unwrap();
            // One recording ends in garbage, which both ends say.
            let code = if name.contains("p06") { 3 } else { 0 };
            let words = ["replay", recording, "--records", "-w", "--to", to];
            // Whoever listens may not do so yet.
            let sent = (0..100).find(|_| {
                std::thread::sleep(std::time::Duration::from_millis(50));
                tierline(dir.path(), &words).code == code
            });
            assert!(sent.is_some(), "{name} to {to}");
            assert_eq!(collect.wait().unwrap().code(), Some(code), "{name} to {to}");
            assert!(digest(&collected) == digest(&direct), "{name} to {to}");
        }
    }
}
