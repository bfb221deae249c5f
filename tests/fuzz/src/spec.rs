//! Output specifications: any text is compiled or refused, and names only what it may.

use tierline_raw::out_spec::{Declared, OutSpec, Value, Variables, parse_document};

/// The first byte chooses JSON or YAML.
pub fn run(data: &[u8]) {
    let Some((how, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(json) = parse_document(text, how & 1 == 1) else { return };
    let variables: Variables =
        [("name", "x"), ("out", "a.lh5")].map(|(k, v)| (k.into(), Value::of_key(v))).into();
    let Ok(spec) = OutSpec::compile(&json, &variables) else { return };
    spec.unknown_decoders(&["FCEventDecoder"]);
    spec.known_files();
    spec.known_links();
    for decoder in ["FCEventDecoder", "ORFlashCamADCWaveformDecoder"] {
        let declared = Declared { decoder, default_name: "raw" };
        for key in ["0", "7", "ch0000003", "1104000"] {
            if let Ok(Some(target)) = spec.target(declared, key) {
                assert!(target.entry < spec.entries().len());
                assert!(!target.path.starts_with('/') && !target.path.ends_with('/'));
            }
        }
        let _ = spec.header_target(decoder);
    }
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let json = r#"{"FCEventDecoder": {"ch{key:04d}": {"key_list": [[0, 3], 7, "*"], "out_stream": "{out}:/{name}",
        "out_name": "{name}/raw", "proc_spec": {"window": ["waveform", 1, -1, "w"], "drop": ["a"],
        "compression": {"w/values": "ULEB128ZigZagDiff()"}}}}, "*": {"{name}": {"key_list": ["*"], "out_stream": "b.lh5"}}}"#;
    let yaml =
        "FCEventDecoder:\n  g:\n    key_list: [0, [2, 5]]\n    out_stream: $HOME/{name}.lh5\n";
    vec![[b"\x01", json.as_bytes()].concat(), [b"\x00", yaml.as_bytes()].concat()]
}
