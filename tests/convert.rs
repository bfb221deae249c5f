//! Conversion to HDF5 against what silx writes.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tierline::dataio::tree;
use tierline_tests::data::shared;

use crate::host::program::{Ran, tierline};

fn golden(name: &str) -> Option<Map<String, Value>> {
    let text = std::fs::read(shared(&format!("golden/dataio/{name}.json"))?).unwrap();
    let golden: Value = serde_json::from_slice(&text).unwrap();
    golden["runs"].as_object().cloned()
}

/// Runs a call of the golden file, with inputs in the shared folder and its output in `folder`.
fn run(args: &[String], folder: &Path) -> Option<(Ran, PathBuf)> {
    let data = shared("data/dataio")?;
    let (mut own, mut output) = (Vec::new(), PathBuf::new());
    for (place, arg) in args.iter().enumerate() {
        let is_input = ["spec/", "edf/", "cbf/", "written/"].iter().any(|f| arg.starts_with(f));
        if place > 0 && args[place - 1] == "-o" {
            output = folder.join(arg.split("::").next().unwrap());
        }
        let input = || data.join(arg).display().to_string();
        own.push(if is_input { input() } else { arg.clone() });
    }
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    Some((tierline(folder, &own), output))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn compare(name: &str, output: &Path, expected: &Map<String, Value>) {
    let tree = tree::open(output, Default::default()).unwrap();
    let count = crate::trees::compare(name, &tree, expected, &|_| false);
    eprintln!("{name}: {count} nodes");
}

#[test]
fn spec_files_become_what_silx_makes_of_them() {
    let Some(runs) = golden("silx_convert") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for (name, expected) in &runs {
        let (Some(args), Some(nodes)) = (expected.get("args"), expected["nodes"].as_object())
        else {
            continue;
        };
        let (done, output) = run(&texts(args), folder.path()).unwrap();
        assert_eq!(done.code, 0, "{name}: {}", done.err);
        compare(name, &output, nodes);
        compared += 1;
    }
    assert_eq!(compared, 4);
}

/// Numbers of the header are 64-bit floats, as in silx 3; silx 2 stores 0.055 as 0.05499267578125. Returns
/// the nodes with the wider type, and what silx 2 has for them.
fn doubles(nodes: &Map<String, Value>) -> (Map<String, Value>, Vec<(String, Value)>) {
    let (mut nodes, mut wider) = (nodes.clone(), Vec::new());
    for (path, node) in &mut nodes {
        let small = matches!(node["dtype"].as_str(), Some("<f2" | "<f4"));
        let groups = ["/others/", "/positioners/", "/measurement/"];
        if small && groups.iter().any(|group| path.contains(group)) {
            let wide = json!({"t": "D", "shape": node["shape"], "dtype": "<f8"});
            wider.push((path.clone(), std::mem::replace(node, wide)));
        }
    }
    (nodes, wider)
}

/// Half-precision floats have 11 bits; silx 2 also widens them to 32 bits afterwards.
const ROUNDED: f64 = 1e-3;

/// Whether numbers of few bits are those of many, rounded.
fn compare_rounded(output: &Path, wider: &[(String, Value)]) {
    let tree = tree::open(output, Default::default()).unwrap();
    for (path, node) in wider {
        let values = tree.dataset(path).unwrap().read_all().unwrap();
        let (kept, list) = match node["value"].as_array() {
            Some(all) => (all.len(), all),
            None => (3, node["head"].as_array().unwrap()),
        };
        for (index, want) in list.iter().take(kept).enumerate() {
            let (have, want) = (values.get_f64(index).unwrap(), want.as_f64().unwrap());
            assert!((have - want).abs() <= ROUNDED * want.abs(), "{path}: {have} for {want}");
        }
    }
}

#[test]
fn images_become_what_silx_made_of_them() {
    let Some(runs) = golden("silx22_convert_images") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, expected) in &runs {
        let (done, output) = run(&texts(&expected["args"]), folder.path()).unwrap();
        assert_eq!(done.code, 0, "{name}: {}", done.err);
        let (nodes, wider) = doubles(expected["nodes"].as_object().unwrap());
        compare(name, &output, &nodes);
        compare_rounded(&output, &wider);
    }
}

#[test]
fn what_silx_refuses_is_refused() {
    let Some(runs) = golden("silx_convert") else { return };
    for name in ["mixed_error", "missing_error"] {
        let folder = tempfile::tempdir().unwrap();
        let (done, output) = run(&texts(&runs[name]["args"]), folder.path()).unwrap();
        assert_eq!(done.code, 1, "{name}");
        assert!(!output.exists() && std::fs::read_dir(folder.path()).unwrap().count() == 0);
    }
}

#[test]
fn files_are_added_to() {
    let Some(runs) = golden("silx_convert") else { return };
    let folder = tempfile::tempdir().unwrap();
    let call = |input: &str, more: &[&str]| {
        let args = ["convert", input, "-o", "a.h5"].into_iter().chain(more.iter().copied());
        run(&args.map(str::to_owned).collect::<Vec<_>>(), folder.path()).unwrap()
    };
    let (basic, mca) = ("spec/edge/s01_basic.dat", "spec/edge/s20_mca.dat");
    let (missing, output) = call(basic, &["-m", "r+"]);
    assert_eq!(missing.code, 1);
    assert_eq!(call(basic, &[]).0.code, 0);
    assert_eq!(call(mca, &[]).0.code, 1);
    assert_eq!(call(mca, &["-m", "a"]).0.code, 0);
    compare("append_default", &output, runs["append_default"]["nodes"].as_object().unwrap());
    assert_eq!(call(mca, &["-m", "r+", "--overwrite-data"]).0.code, 0);
    compare("append_overwrite", &output, runs["append_overwrite"]["nodes"].as_object().unwrap());
}

#[test]
fn writable_formats_are_fabios() {
    let Some(golden) = shared("golden/dataio/listing/fabio-convert_list.txt") else { return };
    let golden = std::fs::read_to_string(golden).unwrap();
    let ours = tierline(Path::new("."), &["convert", "--list"]).out;
    let formats = |text: &str| {
        let end = text.find("List of readable").unwrap_or(text.len());
        let lines = text[..end].lines().map(str::trim_end).filter(|line| !line.is_empty());
        lines.skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(formats(&ours), formats(&golden));
}
