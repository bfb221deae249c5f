//! `tierline dump`: what it shows of a file, in every form.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tierline::h5::tree::Reader;
use tierline_firmware_sim::emit::EXAMPLES;

use crate::host::program::{Ran, files, program, tierline};

/// A run of a FlashCam with germanium detectors: `run.lh5`.
fn run(dir: &Path) {
    let example = EXAMPLES.iter().find(|e| e.name == "fcio-germanium").unwrap_or(&EXAMPLES[0]);
    std::fs::write(dir.join("run.fcio"), (example.make)(1, 20)).unwrap();
    let ran = tierline(dir, &["raw", "run.fcio"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

fn dump(dir: &Path, args: &[&str]) -> Ran {
    tierline(dir, &[&["dump", "run.lh5"], args].concat())
}

fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn tables_are_listed_with_rows_and_columns() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let reader = Reader::open(&dir.path().join("run.lh5")).unwrap();
    let rows = reader.array("/FCEvent/packet_id", 0..usize::MAX).unwrap().rows();
    let ran = dump(dir.path(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains(&format!("/FCEvent: {rows} rows\n")), "{}", ran.out);
    assert!(lines(&ran.out).contains(&vec!["waveform/dt", "float32", "ns"]), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().contains("/FCConfig"), "{}", ran.out);
    let listed: Value = serde_json::from_str(&dump(dir.path(), &["--json"]).out).unwrap();
    let tables = listed["tables"].as_array().unwrap();
    let events = tables.iter().find(|table| table["path"] == "/FCEvent").unwrap();
    assert_eq!(events["rows"], rows);
    let columns = events["columns"].as_array().unwrap();
    let deadtime = columns.iter().find(|column| column["name"] == "runtime").unwrap();
    assert_eq!((&deadtime["type"], &deadtime["units"]), (&"float64".into(), &"s".into()));
    let inside = dump(dir.path(), &["FCConfig"]);
    assert!(inside.code == 0 && inside.out.contains("/FCConfig/nsamples"), "{}", inside.out);
    let one = dump(dir.path(), &["FCConfig/nsamples"]);
    let expected = reader.array("/FCConfig/nsamples", 0..1).unwrap().get_i64(0).unwrap();
    assert_eq!(one.out, format!("{expected}\n"));
}

#[test]
fn rows_are_shown_in_every_form() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let reader = Reader::open(&dir.path().join("run.lh5")).unwrap();
    let channels = reader.array("/FCEvent/channel", 0..usize::MAX).unwrap();
    let all: Vec<String> = channels.iter_f64().map(|channel| channel.to_string()).collect();
    let total = all.len();
    assert!(total > 25);

    let few = dump(dir.path(), &["FCEvent/channel"]);
    assert_eq!(few.out.lines().count(), 21);
    assert!(few.err.contains(&format!("the first 20 of {total} rows")), "{}", few.err);
    let ran = dump(dir.path(), &["FCEvent/channel", "-3:"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let expected: Vec<Vec<&str>> = lines(&ran.out)[1..].to_vec();
    for (line, row) in expected.iter().zip(total - 3..) {
        assert_eq!(line, &[row.to_string().as_str(), &all[row]]);
    }
    let head = lines(&dump(dir.path(), &["FCEvent/waveform", "1"]).out.clone()).len();
    assert_eq!(head, 3);
    let short = dump(dir.path(), &["FCEvent/waveform/values", "1"]).out;
    let full = dump(dir.path(), &["FCEvent/waveform/values", "1", "--full"]).out;
    assert!(short.contains(" … ") && !full.contains('…') && full.len() > 10 * short.len());

    let csv = dump(dir.path(), &["FCEvent", "--csv"]);
    assert_eq!((csv.code, csv.out.lines().count()), (0, total + 1));
    let names: Vec<&str> = csv.out.lines().next().unwrap().split(',').collect();
    let at = names.iter().position(|name| *name == "channel").unwrap();
    let column = csv.out.lines().skip(1).map(|line| line.split(',').nth(at).unwrap());
    assert!(column.eq(all.iter().map(String::as_str)));

    let json = dump(dir.path(), &["FCEvent", "2:9", "--json"]);
    let values = reader.array("/FCEvent/waveform/values", 2..9).unwrap();
    let rows: Vec<Value> =
        json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 7);
    for (row, object) in rows.iter().enumerate() {
        let samples = object["waveform"]["values"].as_array().unwrap();
        let samples: Vec<f64> = samples.iter().map(|sample| sample.as_f64().unwrap()).collect();
        let length = values.row_len();
        assert!((row * length..).zip(&samples).all(|(i, s)| values.get_f64(i) == Some(*s)));
        assert_eq!((samples.len(), object["channel"].to_string()), (length, all[row + 2].clone()));
    }
}

#[test]
fn columns_become_numpy_arrays() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let reader = Reader::open(&dir.path().join("run.lh5")).unwrap();
    let values = reader.array("/FCEvent/waveform/values", 3..20).unwrap();
    let args = ["FCEvent/waveform/values", "3:20", "--npy", "out.npy"];
    let ran = dump(dir.path(), &args);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let bytes = std::fs::read(dir.path().join("out.npy")).unwrap();
    let start = bytes.len() - values.data.len();
    assert!(start.is_multiple_of(64) && bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let head = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    let shape = format!("'shape': (17, {},)", values.row_len());
    assert!(head.contains("'descr': '<u2'") && head.contains(&shape), "{head}");
    assert!(bytes[start..] == values.data);
    let again = dump(dir.path(), &args);
    assert!(again.code == 1 && again.err.contains("--overwrite"), "{}", again.err);
    assert_eq!(dump(dir.path(), &[&args[..], &["-w"]].concat()).code, 0);
    for (path, why) in [("FCEvent", "name it"), ("FCEvent/nosuch", "there is no")] {
        let ran = dump(dir.path(), &[path, "--npy", "other.npy"]);
        assert!(ran.err.contains(why), "{}", ran.err);
    }
    assert_eq!(files(dir.path()), ["out.npy", "run.fcio", "run.lh5"]);
}

#[test]
fn nonsense_is_refused_with_the_codes_of_the_house() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    for (args, code) in [
        (vec!["FCEvent", "x"], 2),
        (vec!["FCEvent", "-5"], 2),
        (vec!["FCEvent", "--csv", "--json"], 2),
        (vec!["--npy", "out.npy"], 2),
        (vec!["FCEvent", "--npy", "out.npy"], 2),
        (vec!["FCConfig", "5"], 2),
        (vec!["FCConfig/nsamples", "5"], 2),
        (vec!["nosuch"], 1),
        (vec!["FCEvent/nosuch"], 1),
        (vec!["FCEvent/channel/x"], 1),
    ] {
        let ran = dump(dir.path(), &args);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{args:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    for file in ["run.fcio", "nosuch.lh5"] {
        let ran = tierline(dir.path(), &["dump", file]);
        assert!(ran.code == 1 && ran.err.contains(file), "{}", ran.err);
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    for form in ["--csv", "--json", "--full"] {
        let mut child = Command::new(program())
            .args(["dump", "run.lh5", "FCEvent", ":", form])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut some = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{form}");
        assert!(output.stderr.is_empty(), "{form}");
    }
}

#[test]
fn cut_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let whole = std::fs::read(dir.path().join("run.lh5")).unwrap();
    for part in 0..30 {
        std::fs::write(dir.path().join("cut.lh5"), &whole[..whole.len() * part / 30]).unwrap();
        let ran = tierline(dir.path(), &["dump", "cut.lh5"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{part}");
        assert!(ran.err.contains("cut.lh5"), "{}", ran.err);
    }
}
