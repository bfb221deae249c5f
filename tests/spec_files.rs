//! Spec files against what silx reads in them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tierline::dataio::spec::{Reading, Scan, SpecFile, is_spec};
use tierline_tests::data::shared;

fn golden() -> Option<Value> {
    let text = std::fs::read(shared("golden/dataio/specfile_api.json")?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn described(scan: &Scan) -> Value {
    let bytes: Vec<u8> = scan.data().iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut lengths: Vec<usize> =
        (0..scan.spectra()).filter_map(|i| Some(scan.spectrum(i)?.len())).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let channels =
        scan.channels().iter().map(|channels| channels.map(|c| c.count)).collect::<Vec<_>>();
    let keys = |records: &tierline::dataio::spec::Records| {
        records.iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>()
    };
    let calibration = match scan.mca_records().get("CALIB") {
        Some(_) => json!(scan.calibrations()[0]),
        None => json!({"error": "KeyError"}),
    };
    json!({
        "number": scan.number(),
        "order": scan.order(),
        "command": scan.command(),
        "date": scan.date(),
        "columns": scan.columns(),
        "labels": scan.labels(),
        "motor_names": scan.motor_names(),
        "motor_positions": scan.motor_positions(),
        "n_mca": scan.spectra(),
        "mca_calibration": calibration,
        "data": {"shape": [scan.rows(), scan.columns()], "sha256_f64": format!("{:x}", Sha256::digest(&bytes))},
        "scan_header_lines": scan.header().len(),
        "file_header_lines": scan.file_header().len(),
        "scan_header_keys": keys(scan.records()),
        "mca_header_keys": keys(scan.mca_records()),
        "calibration": scan.calibrations(),
        "channels_len": channels,
        "mca0": scan.spectrum(0).map(|values| values[..values.len().min(8)].to_vec()),
        "mca_lens": lengths,
    })
}

/// What silx gives no answer to: labels of a scan without rows, columns of the same, labels without `#L`.
fn no_answer(key: &str, expected: &Value) -> bool {
    matches!(key, "labels" | "columns") && expected["error"] == "SfErrLineNotFound"
}

#[test]
fn scans_are_as_silx_reads_them() {
    let Some(golden) = golden() else { return };
    let (mut scans, mut compared, mut wrong) = (0, 0, Vec::new());
    for (name, expected) in golden["files"].as_object().unwrap() {
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let head = std::fs::read(&path).unwrap();
        if expected["error"].as_str().is_some_and(|error| error.contains("SfErrFileOpen")) {
            assert!(!is_spec(&head), "{name}");
            continue;
        }
        assert!(is_spec(&head), "{name}");
        let file = SpecFile::open(&path, Reading::Compatible, Default::default()).unwrap();
        let Some(keys) = expected["keys"].as_array() else {
            assert!(expected["peer_crash"].is_string(), "{name}");
            continue;
        };
        assert!(file.keys().eq(keys.iter().map(|key| key.as_str().unwrap())), "{name}");
        for (index, expected) in expected["scans"].as_array().unwrap().iter().enumerate() {
            let found = described(&file.scan(index).unwrap());
            scans += 1;
            for (key, expected) in expected.as_object().unwrap() {
                compared += 1;
                if found[key] != *expected && !no_answer(key, expected) {
                    wrong.push(format!("{name} {index} {key}"));
                    if wrong.len() < 4 {
                        let short =
                            |value: &Value| value.to_string().chars().take(300).collect::<String>();
                        eprintln!(
                            "{name} {index} {key}:\n {}\n {}",
                            short(&found[key]),
                            short(expected)
                        );
                    }
                }
            }
        }
    }
    eprintln!("{scans} scans, {compared} entries");
    assert!(wrong.is_empty(), "{} wrong: {:?}", wrong.len(), &wrong[..wrong.len().min(12)]);
}

#[test]
fn what_silx_cannot_open_is_read() {
    let open = |name: &str| {
        let path = shared(&format!("data/dataio/spec/edge/{name}"))?;
        Some(SpecFile::open(&path, Reading::Strict, Default::default()).unwrap())
    };
    // The first '#S' comes after the lines by which a Spec file is known.
    let Some(late) = open("s35_s_after_line10.dat") else { return };
    assert_eq!(late.scan(0).unwrap().rows(), 3);
    let wide = open("s39_many_columns.dat").unwrap().scan(0).unwrap();
    assert!(wide.columns() > 511 && wide.rows() > 0);
    // One spectrum for two rows.
    let uneven = open("s25_mca_not_multiple.dat").unwrap().scan(0).unwrap();
    assert_eq!((uneven.rows(), uneven.spectra(), uneven.analysers()), (2, 1, 0));
    assert_eq!(uneven.warnings().len(), 1);
}
