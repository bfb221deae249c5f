//! LH5 files of the peers: read as tables, decoded, and encoded again.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tierline::h5::lh5::codec::encode_column;
use tierline::h5::lh5::{TableReader, Waveforms, tables};
use tierline::h5::tree::{Node, Reader};
use tierline::table::{Array, Codec, Column, DType, DecodedSize, Table};
use tierline_tests::data;

use crate::host::program::tierline;

const GOLDEN: [&str; 14] = [
    "compass_default",
    "compass_perchan",
    "compass_xml",
    "fcio_p06_radware",
    "llama_default",
    "llama_proc",
    "orca_geds_default",
    "orca_geds_keys",
    "orca_geds_proc",
    "orca_p13_default",
    "synth_camera12_default",
    "synth_mixed12_default",
    "synth_percard12_default",
    "synth_sis3302_default",
];

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn digest(name: &str) -> Option<Value> {
    let path = data::shared(&format!("golden/daq/digest/{name}.json"))?;
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}

/// What a digest says of the values of columns; texts are counted only.
fn compare(table: &Table, above: &str, golden: &Value, compared: &mut (usize, usize)) {
    for named in &table.columns {
        let path = format!("{above}/{}", named.name);
        let want = &golden[path.as_str()];
        assert_eq!(want["attrs"]["units"].as_str(), named.attrs.units.as_deref(), "{path}");
        match &named.column {
            Column::Table(inner) => compare(inner, &path, golden, compared),
            Column::Array(array) if !matches!(array.dtype, DType::Text(_)) => {
                assert_eq!(want["sha256"], hex(&array.data), "{path}");
                compared.0 += 1;
                compared.1 += usize::from(want["kind"] == "decoded");
            }
            Column::Vectors(vectors) => {
                let want = &golden[format!("{path}/flattened_data").as_str()];
                assert_eq!(want["sha256"], hex(&vectors.flattened.data), "{path}");
                compared.0 += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn the_peers_tables_are_read_whole_and_in_batches() {
    let mut compared = (0, 0);
    for name in GOLDEN {
        let Some(file) = data::shared(&format!("golden/daq/lh5/{name}.lh5")) else { return };
        let Some(golden) = digest(name) else { return };
        let reader = Reader::open(&file).unwrap();
        let listed = tables(&reader, &reader.tree().unwrap());
        assert!(!listed.is_empty(), "{name}");
        for entry in listed {
            let table = TableReader::open(&file, &entry.path).unwrap();
            assert_eq!(entry.rows, Some(table.rows()), "{name} {}", entry.path);
            let whole = table.read(0..usize::MAX).unwrap();
            compare(&whole, &entry.path, &golden, &mut compared);
            let mut rows = 0;
            for batch in table.batches(1_000_000) {
                let batch = batch.unwrap();
                assert_eq!(batch, table.read(rows..rows + batch.rows).unwrap());
                rows += batch.rows;
            }
            assert_eq!(rows, whole.rows, "{name} {}", entry.path);
        }
    }
    assert!(compared.0 > 600, "{compared:?}");
    assert_eq!(compared.1, 1 + 4 + 4, "{compared:?}");
}

/// All columns of encoded waveforms below a node.
fn encoded_paths(node: &Node) -> Vec<String> {
    match node.datatype.as_deref() {
        Some(datatype) if datatype.contains("encoded") => vec![node.path.clone()],
        _ => node.children.iter().flat_map(encoded_paths).collect(),
    }
}

fn only(file: &Path, path: &str, waveforms: Waveforms) -> Column {
    let reader = TableReader::new(Reader::open(file).unwrap(), path, waveforms).unwrap();
    reader.read(0..usize::MAX).unwrap().columns.remove(0).column
}

#[test]
fn what_the_peer_encoded_is_encoded_alike() {
    let mut compared = 0;
    for name in ["fcio_p06_radware", "llama_proc", "orca_geds_proc"] {
        let Some(file) = data::shared(&format!("golden/daq/lh5/{name}.lh5")) else { return };
        for path in encoded_paths(&Reader::open(&file).unwrap().tree().unwrap()) {
            let Column::Encoded(theirs) = only(&file, &path, Waveforms::Encoded) else {
                panic!("{path} is not encoded");
            };
            let decoded = only(&file, &path, Waveforms::Decoded);
            let Column::Encoded(ours) = encode_column(&decoded, &theirs.codec).unwrap() else {
                panic!("{path}");
            };
            assert_eq!(ours.decoded_size, theirs.decoded_size);
            for row in 0..theirs.rows() {
                let (ours, theirs) = (ours.row(row).unwrap(), theirs.row(row).unwrap());
                assert_eq!(ours.len(), theirs.len(), "{path} {row}");
                // The peer leaves a pad word as it was.
                let sure = ours.len() - 2 * usize::from(ours.ends_with(&[0, 0]));
                assert_eq!(ours[..sure], theirs[..sure], "{path} {row}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 528);
}

#[test]
fn recordings_are_encoded_into_the_peers_bytes() {
    let recording = "daq/L200-comm-20211130-phy-spms.fcio";
    let (Some(input), Some(golden)) =
        (data::shared(&format!("data/{recording}")), digest("fcio_spms_uleb"))
    else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let ran = tierline(dir.path(), &["raw", input.to_str().unwrap(), "-o", "out.lh5"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let file = dir.path().join("out.lh5");
    let values = only(&file, "FCEvent/waveform/values", Waveforms::Decoded);
    let Column::Encoded(ours) = encode_column(&values, &Codec::Uleb128ZigZagDiff).unwrap() else {
        panic!("not encoded");
    };
    let data = "/spms/waveform/values/encoded_data";
    let want = |name: &str| golden[format!("{data}/{name}").as_str()]["sha256"].clone();
    assert_eq!(want("flattened_data"), hex(&ours.encoded_data.flattened.data));
    let ends: Vec<u32> = ours.encoded_data.cumulative_length.iter().map(|n| *n as u32).collect();
    assert_eq!(want("cumulative_length"), hex(&Array::from_u32(&ends).data));
    assert_eq!(ours.decoded_size, DecodedSize::Equal(6000));
}
