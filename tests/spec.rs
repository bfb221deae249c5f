//! Output specifications: where rows go, and what is said of mistakes.

use std::path::Path;

use crate::host::digest::digest;
use crate::host::program::{emit, exit, files, rows, spawn, tierline};
use serde_json::{Value, json};
use tierline::raw::out_spec::{Declared, OutSpec, Variables};

fn compile(spec: &Value) -> Result<OutSpec, String> {
    let variables: Variables =
        [("out".to_owned(), tierline::raw::out_spec::Value::Text("o.lh5".into()))].into();
    OutSpec::compile(spec, &variables).map_err(|error| error.to_string())
}

/// File and path for a key of decoder `D`.
fn target(spec: &OutSpec, decoder: &str, key: &str) -> Option<(String, String)> {
    let default_name = format!("{}_{key}", decoder.trim_end_matches("Decoder"));
    let declared = Declared { decoder, default_name: &default_name };
    spec.target(declared, key).unwrap().map(|target| (target.file, target.path))
}

#[test]
fn keys_find_their_tables() {
    let spec = compile(&json!({
        "ADecoder": {
            "ch{key:0>3d}/raw": {"key_list": [[0, 2], 7], "out_stream": "{out}:/g/"},
            "odd": {"key_list": ["1*", "*9"], "out_stream": "{name}.lh5"},
            "named": {"key_list": ["swtid_1"], "out_stream": "{out}", "out_name": "sw_{key}"},
            "rest": {"key_list": ["*"], "out_stream": ""},
        },
        "BDecoder": {"k{key}": {"key_list": [5], "out_stream": "{key:02d}.lh5"}},
        "*": {"extra/{name}": {"key_list": ["*"], "out_stream": "{name}.lh5"}},
    }))
    .unwrap();
    for (decoder, key, want) in [
        ("ADecoder", "1", Some(("o.lh5", "g/ch001/raw"))),
        ("ADecoder", "7", Some(("o.lh5", "g/ch007/raw"))),
        ("ADecoder", "13", Some(("odd.lh5", "odd"))),
        ("ADecoder", "29", Some(("odd.lh5", "odd"))),
        ("ADecoder", "swtid_1", Some(("o.lh5", "sw_swtid_1"))),
        ("ADecoder", "4", Some(("", "rest"))),
        ("BDecoder", "5", Some(("05.lh5", "k5"))),
        ("BDecoder", "6", None),
        ("CDecoder", "6", Some(("C.lh5", "extra/C_6"))),
        ("ORRunDecoderForRun", "6", Some(("ORRunDecoderForRun.lh5", "extra/ORRunDecoderForRun_6"))),
    ] {
        let want = want.map(|(file, path)| (file.to_owned(), path.to_owned()));
        assert_eq!(target(&spec, decoder, key), want, "{decoder} {key}");
    }
    assert_eq!(spec.known_files(), ["05.lh5", "o.lh5", "odd.lh5"]);
    assert_eq!(spec.unknown_decoders(&["ADecoder"]), ["BDecoder"]);
}

#[test]
fn mistakes_are_named_with_their_entry() {
    let one = |entry: Value| json!({"D": {"t": entry}});
    let keys = |keys: Value| one(json!({"key_list": keys, "out_stream": "o"}));
    for (spec, why) in [
        (json!([]), "expected an object of decoders"),
        (json!({"D": 3}), "D: expected an object of tables"),
        (json!({"D": {"": {"key_list": []}}}), "D/: a name is empty"),
        (one(json!({"out_stream": "o"})), "D/t: key_list is missing"),
        (keys(json!("*")), "D/t: key_list: expected a list"),
        (keys(json!([[5, 1]])), "D/t: key_list: the range [5, 1] ends before it begins"),
        (keys(json!([1.5])), "1.5 is no whole number"),
        (one(json!({"key_list": [], "out_stream": 3})), "out_stream: expected a text, found 3"),
        (
            json!({"D": {"ch{key:3q}": {"key_list": ["*"], "out_stream": "o"}}}),
            "name: 'ch{key:3q}': '{key:3q}': unknown format 'q'",
        ),
        (
            one(json!({"key_list": ["*"], "out_stream": "{run}.lh5"})),
            "D/t: unknown variable 'run' (give it with --set run=...)",
        ),
        (
            one(json!({"key_list": [1, 2], "out_stream": "{key}.lh5"})),
            "the table is of several keys",
        ),
        (
            one(json!({"key_list": [1], "out_stream": "$TIERLINE_NOT_SET/o"})),
            "environment variable 'TIERLINE_NOT_SET' is not set",
        ),
        (
            json!({"D": {"a": {"key_list": ["*"]}, "b": {"key_list": ["*"]}}}),
            "D/b: \"*\" is in the key list of 'a' already",
        ),
        (
            json!({"D": {"a": {"key_list": ["*"], "out_stream": "o:/g", "out_name": "x"}},
                   "E": {"b": {"key_list": ["*"], "out_stream": "o:/g", "out_name": "x"}}}),
            "E/b: 'D/a' is written to x in o:/g already",
        ),
        (
            one(json!({"key_list": ["*"], "out_stream": "tcp://h:1", "proc_spec": {"drop": []}})),
            "D/t: proc_spec: packets go to a link as they are",
        ),
        (
            json!({"D": {"c{key}": {"key_list": ["*"], "out_stream": "tcp://h:{key}"}}}),
            "D/c{key}: out_stream: the name of a link holds no {key}",
        ),
        (
            one(json!({"key_list": ["*"], "out_stream": "o", "proc_spec": {"dop": []}})),
            "D/t: proc_spec: dop: unknown step",
        ),
    ] {
        let error = compile(&spec).map(|_| ()).unwrap_err();
        assert!(error.contains(why), "{spec}: {error}");
    }
}

#[test]
fn what_the_peer_warns_of_is_a_warning() {
    let spec = compile(&json!({"D": {
        "a": {"key_list": [[1, 5]], "out_stream": "o"},
        "b": {"key_list": [3], "out_stream": "o", "comment": "x"},
        "c": {"key_list": ["*"]},
    }}))
    .unwrap();
    assert_eq!(spec.warnings.len(), 3, "{:?}", spec.warnings);
    assert!(spec.warnings.iter().any(|w| w.contains("key [1, 5] of 'a' is also that of 'b'")));
    assert!(spec.warnings.iter().any(|w| w.contains("'comment' means nothing here")));
    assert!(spec.warnings.iter().any(|w| w.contains("its rows are not written")));
    assert_eq!(target(&spec, "D", "3"), Some(("o".into(), "b".into())));
}

#[test]
fn rows_go_to_files_and_groups() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let file = emit(dir, "compass", 40);
    let spec = "
CompassEventDecoder:
  ch{key}:
    key_list: ['*']
    out_stream: '{folder}/{orig_basename}_events.lh5:/raw'
    proc_spec:
      window: [waveform, 10, -10, windowed]
      dtype_conv: {energy: float64}
      drop: [waveform]
CompassHeaderDecoder:
  header:
    key_list: ['*']
    out_stream: headers.lh5
";
    std::fs::write(dir.join("spec.yaml"), spec).unwrap();
    let ran = tierline(dir, &["raw", file, "-o", "spec.yaml", "--set", "folder=new/folder", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let base = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let events = dir.join(format!("new/folder/{base}_events.lh5"));
    let have = digest(&events);
    let channels: Vec<&String> = have.keys().filter(|k| k.ends_with("/energy")).collect();
    assert!(!channels.is_empty() && channels.iter().all(|k| k.starts_with("/raw/ch")), "{have:?}");
    let sum: usize = channels.iter().map(|column| rows(&events, column)).sum();
    assert_eq!(sum, 40);
    assert_eq!(have[channels[0]].dtype.as_deref(), Some("<f8"));
    let channel = channels[0].trim_end_matches("/energy");
    assert!(!have.contains_key(&format!("{channel}/waveform")));
    assert!(have.contains_key(&format!("{channel}/windowed/values")));
    assert_eq!(digest(&dir.join("headers.lh5")).keys().next().unwrap(), "/");
    // Nothing is replaced, and all or nothing is written.
    std::fs::remove_file(&events).unwrap();
    let ran = tierline(dir, &["raw", file, "-o", "spec.yaml", "--set", "folder=new/folder"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("headers.lh5") && ran.err.contains("exists already"), "{}", ran.err);
    assert_eq!(files(&dir.join("new/folder")), Vec::<String>::new());
}

#[test]
fn mistakes_on_the_command_line_are_exit_2() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let (one, two) = (emit(dir, "compass", 5), emit(dir, "llama", 5));
    let entry = json!({"key_list": ["*"], "out_stream": "{out}.lh5"});
    std::fs::write(dir.join("s.json"), json!({"*": {"{name}": entry}}).to_string()).unwrap();
    std::fs::write(dir.join("bad.json"), "{").unwrap();
    std::fs::write(dir.join("bad.yaml"), "a: [").unwrap();
    for (args, why) in [
        (vec!["-o", "s.json"], "s.json: */{name}: unknown variable 'out'"),
        (vec!["-o", "s.json", "--set", "out"], "expected NAME=VALUE"),
        (vec!["-o", "s.json", "-k", "[1]"], "-k: expected a JSON object"),
        (vec!["-o", "s.json", "-k", r#"{"out": [1]}"#], "-k: out is [1]: expected a text"),
        (vec!["-o", "s.json", "--set", "out=x", two], "use {orig_basename}"),
        (vec!["-o", "bad.json"], "bad.json: EOF while parsing"),
        (vec!["-o", "bad.yaml"], "bad.yaml: "),
        (vec!["-o", "none.json"], "none.json: No such file"),
    ] {
        let all: Vec<&str> = ["raw", one].into_iter().chain(args).collect();
        let ran = tierline(dir, &all);
        assert_eq!(ran.code, 2, "{all:?}: {}", ran.err);
        assert!(ran.err.contains(why), "{all:?}: {}", ran.err);
    }
    // What matches nothing is said, and is no failure.
    let nothing = json!({"FooDecoder": {"t": {"key_list": ["*"], "out_stream": "t.lh5"}}});
    std::fs::write(dir.join("n.json"), nothing.to_string()).unwrap();
    let ran = tierline(dir, &["raw", one, "-o", "n.json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("no decoder is named 'FooDecoder'"), "{}", ran.err);
    assert!(ran.err.contains("no file was written") && !dir.join("t.lh5").exists(), "{}", ran.err);
}

#[test]
fn rows_of_other_shapes_need_tables_of_their_own() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let file = emit(dir, "llama", 20);
    let spec = json!({"LLAMAEventDecoder": {"all": {"key_list": ["*"], "out_stream": "o.lh5"}}});
    std::fs::write(dir.join("s.json"), spec.to_string()).unwrap();
    let ran = tierline(dir, &["raw", file, "-o", "s.json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let why = "LLAMAEventDecoder/all: the rows of key";
    assert!(ran.err.contains(why) && ran.err.contains("{key} in the name"), "{}", ran.err);
    assert!(!dir.join("o.lh5").exists());
}

#[test]
fn packets_go_to_a_socket_as_records() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path();
    let file = emit(dir, "orca-flashcam", 60);
    let link = "unix://link.sock";
    // What goes over the link, and what to a file beside it.
    let spec = json!({
        "ORFlashCamADCWaveformDecoder": {"adc": {"key_list": ["*"], "out_stream": link}},
        "*": {"{name}": {"key_list": ["*"], "out_stream": "rest.lh5"}},
    });
    std::fs::write(dir.join("s.json"), spec.to_string()).unwrap();
    let words = ["collect", "unix-listen://link.sock", "-o", "got.lh5"];
    let mut collect = spawn(dir, &words);
    let begin = std::time::Instant::now();
    while !dir.join("link.sock").exists() {
        assert!(begin.elapsed().as_secs() < 10);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let ran = tierline(dir, &["raw", file, "-o", "s.json", "-v"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("of records"), "{}", ran.err);
    assert_eq!(exit(&mut collect), Some(0));
    assert_eq!(tierline(dir, &["raw", file, "-o", "whole.lh5"]).code, 0);
    let (whole, got) = (digest(&dir.join("whole.lh5")), digest(&dir.join("got.lh5")));
    let table = "/ORFlashCamADCWaveform";
    let of = |d: &std::collections::BTreeMap<String, _>| -> Vec<String> {
        d.keys().filter(|k| k.starts_with(table)).cloned().collect()
    };
    assert!(!of(&whole).is_empty());
    for path in of(&whole) {
        assert_eq!(got.get(&path), whole.get(&path), "{path}");
    }
    assert!(!digest(&dir.join("rest.lh5")).contains_key(table));
    // Nobody listens: nothing is done.
    let ran = tierline(dir, &["raw", "-w", file, "-o", "s.json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("unix://link.sock: cannot open"), "{}", ran.err);
}
