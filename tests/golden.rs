//! Agreement with legend-daq2lh5 on real recordings and on synthetic ones that this project did not make for itself.

use std::path::Path;

use crate::host::digest::{compare, digest};
use crate::host::program::tierline;
use serde_json::Value;
use tierline::h5::tree::Reader;
use tierline_tests::data::shared;

/// Name of the digest, input, exit code.
const DEFAULTS: [(&str, &str, i32); 10] = [
    ("fcio_spms_default", "L200-comm-20211130-phy-spms.fcio", 0),
    // Three surplus bytes at its end.
    ("fcio_p06_default", "l200-p06-r007-cal-20230725T202227Z.fcio", 3),
    ("orca_geds_default", "L200-comm-20220519-phy-geds.orca", 0),
    ("orca_p13_default", "l200-p13-r007-aph-20250101T003931Z.orca", 0),
    ("compass_default", "compass_test_data.BIN", 0),
    ("llama_default", "20241218-150158-pulser.bin", 0),
    ("synth_mixed12_default", "synth_mixed12.fcio", 0),
    ("synth_percard12_default", "synth_percard12.fcio", 0),
    ("synth_camera12_default", "synth_camera12.fcio", 0),
    ("synth_sis3302_default", "synth_sis3302.orca", 0),
];

/// What the peer leaves uninitialised, or writes as text of another layout.
fn no_values(path: &str) -> bool {
    // The last word of an encoded waveform may be padding, which the peer leaves as it is.
    let radware = path.ends_with("wf/values/encoded_data/flattened_data");
    radware
        || path.ends_with("n_link_errors")
        || path.ends_with("energy_calibrated")
        || path == "/OrcaHeader"
}

fn check(dir: &Path, digest: &str, input: &str, code: i32, more: &[&str]) {
    let (Some(golden), Some(input)) =
        (shared(&format!("golden/daq/digest/{digest}.json")), shared(&format!("data/daq/{input}")))
    else {
        return;
    };
    let output = dir.join("out.lh5");
    let mut args = vec!["raw", "-w", input.to_str().unwrap()];
    args.extend(more);
    if !more.contains(&"-o") {
        args.extend(["-o", "out.lh5"]);
    }
    let ran = tierline(dir, &args);
    assert_eq!(ran.code, code, "{digest}: {}", ran.err);
    let differences = compare(&golden, &output, |path| path.starts_with("/FCConfig"), no_values);
    assert!(differences.is_empty(), "{digest}: {differences:#?}");
}

#[test]
fn default_outputs_equal_the_peers() {
    let dir = tempfile::tempdir().unwrap();
    for (digest, input, code) in DEFAULTS {
        check(dir.path(), digest, input, code, &[]);
    }
}

/// Name of the digest, input, output specification, and exit code.
const SPECS: [(&str, &str, &str, i32); 8] = [
    ("fcio_spms_uleb", "L200-comm-20211130-phy-spms.fcio", "fcio_uleb", 0),
    ("llama_proc", "20241218-150158-pulser.bin", "llama_proc", 0),
    ("fcio_spms_perchan", "L200-comm-20211130-phy-spms.fcio", "fcio_perchan", 0),
    ("orca_geds_keys", "L200-comm-20220519-phy-geds.orca", "orca_keys", 0),
    ("orca_p13_perchan", "l200-p13-r007-aph-20250101T003931Z.orca", "orcafcio_perchan", 0),
    ("fcio_p06_proc", "l200-p06-r007-cal-20230725T202227Z.fcio", "fcio_proc", 3),
    ("fcio_p06_radware", "l200-p06-r007-cal-20230725T202227Z.fcio", "fcio_radware", 3),
    ("orca_geds_proc", "L200-comm-20220519-phy-geds.orca", "orca_proc", 0),
];

#[test]
fn outputs_by_specification_equal_the_peers() {
    let dir = tempfile::tempdir().unwrap();
    for (digest, input, spec, code) in SPECS {
        let Some(spec) = shared(&format!("golden/daq/specs/{spec}.json")) else { return };
        let more = ["-o", spec.to_str().unwrap(), "--set", "out=out.lh5"];
        check(dir.path(), digest, input, code, &more);
    }
}

#[test]
fn compass_with_its_settings_equals_the_peers() {
    let dir = tempfile::tempdir().unwrap();
    let Some(settings) = shared("data/daq/compass_test_data_settings.xml") else { return };
    let more = ["--compass-config", settings.to_str().unwrap()];
    check(dir.path(), "compass_xml", "compass_test_data.BIN", 0, &more);
}

#[test]
fn threads_and_compression_do_not_change_the_content() {
    let dir = tempfile::tempdir().unwrap();
    for (digest, input, code) in DEFAULTS.into_iter().take(4) {
        for more in [["--threads", "1"], ["--threads", "4"], ["--compression", "none"]] {
            check(dir.path(), digest, input, code, &more);
        }
    }
}

#[test]
fn threads_do_not_change_what_specifications_make() {
    let dir = tempfile::tempdir().unwrap();
    for (_, input, spec, code) in SPECS {
        let (Some(input), Some(spec)) = (
            shared(&format!("data/daq/{input}")),
            shared(&format!("golden/daq/specs/{spec}.json")),
        ) else {
            return;
        };
        let [input, spec] = [&input, &spec].map(|path| path.to_str().unwrap());
        let run = |threads: &str| {
            let words =
                ["raw", "-w", input, "-o", spec, "--set", "out=o.lh5", "--threads", threads];
            let ran = tierline(dir.path(), &words);
            assert_eq!(ran.code, code, "{}", ran.err);
            (std::fs::read(dir.path().join("o.lh5")).unwrap(), digest(&dir.path().join("o.lh5")))
        };
        let one = run("1");
        for threads in ["2", "4"] {
            let other = run(threads);
            assert!(one.1 == other.1, "{input}, {spec}: {threads} threads");
            assert!(one.0 == other.0, "{input}, {spec}: {threads} threads, other bytes");
        }
    }
}

#[test]
fn fcio_configuration_equals_the_records() {
    let dir = tempfile::tempdir().unwrap();
    let Some(golden) = shared("golden/daq/fcio_config.json") else { return };
    let golden: Value = serde_json::from_slice(&std::fs::read(golden).unwrap()).unwrap();
    for (input, fields) in golden.as_object().unwrap() {
        let Some(path) = shared(&format!("data/daq/{input}")) else { return };
        tierline(dir.path(), &["raw", "-w", "-o", "out.lh5", path.to_str().unwrap()]);
        let reader = Reader::open(&dir.path().join("out.lh5")).unwrap();
        for (name, want) in fields.as_object().unwrap() {
            let array = reader.array(&format!("/FCConfig/{name}"), 0..usize::MAX).unwrap();
            let values: Vec<i64> =
                (0..array.rows().max(1)).filter_map(|i| array.get_i64(i)).collect();
            let have = match want {
                Value::Array(_) => Value::from(values),
                _ => Value::from(values[0]),
            };
            assert_eq!(&have, want, "{input}: {name}");
        }
    }
}

/// Our listing, line by line: `(number, offset, bytes, kind or name, field sizes)`.
fn listing(input: &Path) -> Vec<Value> {
    let ran = tierline(Path::new("."), &["info", "--packets", "--json", input.to_str().unwrap()]);
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn fcio_packets_equal_the_index() {
    for input in ["L200-comm-20211130-phy-spms", "l200-p06-r007-cal-20230725T202227Z"] {
        let (Some(index), Some(path)) = (
            shared(&format!("golden/daq/{input}.records.jsonl")),
            shared(&format!("data/daq/{input}.fcio")),
        ) else {
            return;
        };
        let ours = listing(&path);
        let index = std::fs::read_to_string(index).unwrap();
        let golden: Vec<Value> =
            index.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(ours.len(), golden.len(), "{input}");
        for (have, want) in ours.iter().zip(&golden) {
            assert_eq!((&have["i"], &have["off"]), (&want["i"], &want["off"]), "{input}");
            let kind = if want["tag"].is_string() { &have["name"] } else { &have["kind"] };
            assert_eq!((kind, &have["fields"]), (&want["tag"], &want["fields"]), "{input}");
        }
    }
}

#[test]
fn orca_packets_equal_the_index() {
    let names = ["L200-comm-20220519-phy-geds", "l200-p13-r007-aph-20250101T003931Z"];
    for (input, packed) in names.into_iter().zip(["", ".gz"]) {
        let (Some(index), Some(path)) = (
            shared(&format!("golden/daq/{input}.packets.jsonl{packed}")),
            shared(&format!("data/daq/{input}.orca")),
        ) else {
            return;
        };
        let ours = listing(&path);
        let mut text = Vec::new();
        let mut file = tierline::raw::input::Input::open(&index, false).unwrap();
        let mut buffer = vec![0; 1 << 16];
        while let Ok(n @ 1..) = file.read(&mut buffer) {
            text.extend_from_slice(&buffer[..n]);
        }
        let text = String::from_utf8(text).unwrap();
        let golden: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(ours.len(), golden.len(), "{input}");
        for (have, want) in ours.iter().zip(&golden) {
            for (ours, golden) in [("i", "i"), ("off", "off"), ("words", "words"), ("kind", "id")] {
                assert_eq!(have[ours], want[golden], "{input}: {golden} of {want}");
            }
            assert_eq!(have["decoder"], want["decoder"], "{input}");
        }
    }
}
