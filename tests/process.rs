//! `tierline process`: output specifications on files that are there already.

use crate::host::digest::digest;
use crate::host::program::{emit, files, tierline};
use serde_json::json;
use tierline::h5::tree::Reader;

#[test]
fn steps_on_a_file_are_those_on_the_stream() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let file = emit(dir, "fcio-germanium", 60);
    let steps = json!({
        "window": ["waveform", 5, -5, "windowed"],
        "dtype_conv": {"baseline": "float32"},
        "drop": ["waveform"],
        "compression": {"windowed/values": "RadwareSigcompress(codec_shift=-32768)"},
        "hdf5_settings": {"timestamp": {"compression": "gzip", "compression_opts": 9}},
    });
    let spec = |steps: Option<&serde_json::Value>| {
        let mut entry = json!({"key_list": ["*"], "out_stream": "stream.lh5:/raw"});
        if let Some(steps) = steps {
            entry["proc_spec"] = steps.clone();
        }
        let rest = json!({"{name}": {"key_list": ["*"], "out_stream": "stream.lh5"}});
        json!({"FCEventDecoder": {"geds": entry}, "*": rest}).to_string()
    };
    std::fs::write(dir.join("plain.json"), spec(None)).unwrap();
    std::fs::write(dir.join("steps.json"), spec(Some(&steps))).unwrap();
    let ran = tierline(dir, &["raw", file, "-o", "steps.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    std::fs::rename(dir.join("stream.lh5"), dir.join("want.lh5")).unwrap();
    let ran = tierline(dir, &["raw", file, "-o", "plain.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = tierline(dir, &["process", "stream.lh5", "--spec", "steps.json", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("raw/geds: ") && ran.err.contains("by FCEventDecoder/geds"));
    assert!(digest(&dir.join("stream_proc.lh5")) == digest(&dir.join("want.lh5")));
    // What is encoded is decoded first, and encoded anew; a file without steps is a copy.
    let other = json!({"FCEventDecoder": {"geds": {"key_list": ["*"], "proc_spec": {
        "compression": {"windowed/values": "ULEB128ZigZagDiff()"}}}}});
    std::fs::write(dir.join("other.json"), other.to_string()).unwrap();
    let words = ["process", "want.lh5", "--spec", "other.json", "-o", "uleb.lh5"];
    let ran = tierline(dir, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let node = Reader::open(&dir.join("uleb.lh5")).unwrap();
    let node = node.node("/raw/geds/windowed/values").unwrap();
    assert!(node.attrs.pairs().contains(&("codec", "uleb128_zigzag_diff")), "{:?}", node.attrs);
    std::fs::write(dir.join("none.json"), r#"{"X": {"t": {"key_list": []}}}"#).unwrap();
    let words = ["process", "want.lh5", "--spec", "none.json", "-o", "copy.lh5"];
    let ran = tierline(dir, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("everything was copied"), "{}", ran.err);
    assert!(digest(&dir.join("copy.lh5")) == digest(&dir.join("want.lh5")));
}

#[test]
fn what_can_not_be_processed_is_named() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let file = emit(dir, "compass", 10);
    assert_eq!(tierline(dir, &["raw", file, "-o", "in.lh5"]).code, 0);
    let entry = |steps| json!({"D": {"CompassEvent": {"key_list": ["*"], "proc_spec": steps}}});
    for (steps, code, why) in [
        (
            json!({"dtype_conv": {"energy": "x"}}),
            2,
            "D/CompassEvent: proc_spec: dtype_conv: energy",
        ),
        (
            json!({"compression": {"energy": "ULEB128ZigZagDiff()"}}),
            1,
            "D/CompassEvent: compression: 'energy'",
        ),
        (
            json!({"compression": {"nothing": "ULEB128ZigZagDiff()"}}),
            1,
            "compression: there is no column 'nothing'",
        ),
        (json!({"window": ["energy", 1, 2, "e"]}), 1, "window: 'energy' is no column of rows"),
    ] {
        std::fs::write(dir.join("s.json"), entry(steps).to_string()).unwrap();
        let ran = tierline(dir, &["process", "in.lh5", "--spec", "s.json", "-o", "out.lh5"]);
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(ran.err.contains(why), "{}", ran.err);
        assert!(!files(dir).iter().any(|name| name.contains("out.lh5")), "{:?}", files(dir));
    }
    std::fs::write(dir.join("s.json"), entry(json!({})).to_string()).unwrap();
    for (input, why) in [(file, "cannot open"), ("none.lh5", "cannot open")] {
        let ran = tierline(dir, &["process", input, "--spec", "s.json", "-o", "out.lh5"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains(input) && ran.err.contains(why), "{}", ran.err);
    }
}
