//! Trees of images. Text is of fixed width where silx 3 has numpy's unicode.

use serde_json::{Map, Value, json};
use tierline::dataio::tree;
use tierline_tests::data::shared;

/// Files whose positioners silx misses because of their extension (`.edf.gz`).
const WITH_POSITIONERS: [&str; 2] = ["written/edf_bz2.edf.bz2", "written/edf_gz.edf.gz"];

/// `<U11` is written as `|S11`.
fn fixed(nodes: &Map<String, Value>) -> Map<String, Value> {
    let mut nodes = nodes.clone();
    for node in nodes.values_mut() {
        if let Some(width) = node["dtype"].as_str().and_then(|dtype| dtype.strip_prefix("<U")) {
            node["dtype"] = json!(format!("|S{width}"));
        }
    }
    nodes
}

#[test]
fn images_look_as_in_silx() {
    let Some(golden) = super::golden() else { return };
    let mut files = 0;
    for (name, expected) in golden["files"].as_object().unwrap() {
        let image = ["edf/", "cbf/", "written/"].iter().any(|folder| name.starts_with(folder));
        let (true, Some(expected)) = (image, expected["nodes"].as_object()) else { continue };
        if WITH_POSITIONERS.contains(&name.as_str()) {
            continue;
        }
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let tree = tree::open(&path, Default::default()).unwrap();
        super::compare(name, &tree, &fixed(expected), &|_| false);
        files += 1;
    }
    eprintln!("{files} files");
    assert!(files > 60);
}

#[test]
fn packed_files_have_positioners() {
    let Some(golden) = super::golden() else { return };
    for name in WITH_POSITIONERS {
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let tree = tree::open(&path, Default::default()).unwrap();
        let plain = fixed(golden["files"]["written/edf_plain.edf"]["nodes"].as_object().unwrap());
        let skip = |path: &str| path.contains("data") || path.contains("scan_header");
        super::compare(name, &tree, &plain, &skip);
    }
}

#[test]
fn images_that_silx_cannot_show_are_shown() {
    for name in ["cbf/omega_scan.cbf", "edf/edge/e30_nobyteorder.edf"] {
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let tree = tree::open(&path, Default::default()).unwrap();
        assert!(tree.dataset(tree::DATA).unwrap().read_all().unwrap().len() > 100, "{name}");
    }
}
