//! Commands on files of telescope events: info, merge, plot, images.

use std::path::Path;

use serde_json::Value;
use tierline::dl1::eventio::list_objects;
use tierline_tests::data::shared;
use tierline_tests::simtel::{self, Order};

use crate::host::program::{files, tierline};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn simulations_are_described_and_listed() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = simtel::run(Order::Big);
    let path = dir.path().join("run.bin");
    std::fs::write(&path, &bytes).unwrap();
    let ran = tierline(dir.path(), &["info", "run.bin"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    for text in ["sim_telarray (eventio)", "run 12", "2 telescopes", "3 events, 1 of them", "whole"]
    {
        assert!(ran.out.contains(text), "{text}: {}", ran.out);
    }
    let told = json(&tierline(dir.path(), &["info", "--json", "run.bin"]).out);
    assert_eq!((&told["kind"], &told["run"]), (&"simtelarray".into(), &12.into()));
    assert_eq!(told["counted"]["telescope_events"], 6);
    assert_eq!(told["counted"]["content_bytes"], bytes.len());
    let ran = tierline(dir.path(), &["info", "--objects", "--json", "run.bin"]);
    let listing = list_objects(&path, Default::default()).unwrap();
    assert_eq!(ran.out.lines().count(), listing.objects.len());
    for (line, object) in ran.out.lines().zip(&listing.objects) {
        let line = json(line);
        assert_eq!(line["type"], object.header.kind);
        assert_eq!(line["content_address"], object.header.content_offset);
        let crc = object.crc32.map(|crc| format!("{crc:08x}"));
        assert_eq!(line["payload_crc32"].as_str(), crc.as_deref());
    }
    // Cut inside of the last object.
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let ran = tierline(dir.path(), &["info", "--json", "run.bin"]);
    assert_eq!(ran.code, 3);
    assert_eq!(json(&ran.out)["counted"]["truncated"], true);
    assert_eq!(tierline(dir.path(), &["info", "--objects", "run.bin"]).code, 3);
    std::fs::write(&path, "no simulation").unwrap();
    assert_eq!(tierline(dir.path(), &["info", "--events", "run.bin"]).code, 2);
}

#[test]
fn files_of_corsika_are_described() {
    let dir = tempfile::tempdir().unwrap();
    let Some(file) = shared("data/dl1/5_gamma_2_telescopes_reuse_2_split_always.zst") else {
        return;
    };
    let told = json(&tierline(dir.path(), &["info", "--json", file.to_str().unwrap()]).out);
    assert_eq!((&told["kind"], &told["compression"]), (&"corsika".into(), &"zstd".into()));
    assert_eq!((&told["showers"], &told["counted"]["showers"]), (&5.into(), &5.into()));
    assert_eq!(told["counted"]["uses"], 10);
    assert_eq!(told["telescopes"].as_array().unwrap().len(), 2);
}

#[test]
fn dl1_files_are_described_drawn_and_merged() {
    let dir = tempfile::tempdir().unwrap();
    let golden = shared("golden/dl1/dl1_files/history_meta_75.dl1.h5");
    let Some(file) = golden.as_deref().and_then(Path::to_str) else { return };
    let told = json(&tierline(dir.path(), &["info", "--json", file]).out);
    assert_eq!((&told["format"], &told["version"]), (&"ctapipe".into(), &"v7.6.0".into()));
    assert_eq!((&told["events"], &told["images"]), (&1.into(), &15.into()));
    assert_eq!(told["tables"]["/dl1/event/subarray/trigger"], 1);
    let args = ["plot", file, "--tel", "1,5", "--true", "--peak-time", "-o", "a.svg", "--json"];
    let ran = tierline(dir.path(), &args);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let panels = json(&ran.out)["panels"].as_array().unwrap().clone();
    assert_eq!(panels.len(), 6);
    assert_eq!(panels[0]["camera"]["values"].as_array().unwrap().len(), 1855);
    assert!(panels[0]["camera"]["ellipse"]["angle_deg"].is_number());
    let svg = std::fs::read_to_string(dir.path().join("a.svg")).unwrap();
    assert!(svg.contains("telescope 5") && svg.contains("peak time (ns)"));
    for (args, text) in [
        (vec!["plot", file, "--event", "7", "-o", "b.png"], "there is no event 7"),
        (vec!["plot", file, "--tel", "999", "-o", "b.png"], "no image"),
        (vec!["plot", file, "--bins", "7", "-o", "b.png"], "--bins and --log are for spectra"),
    ] {
        let ran = tierline(dir.path(), &args);
        assert!(ran.code != 0 && ran.err.contains(text), "{args:?}: {}", ran.err);
    }
    let args = ["merge", file, "-o", "m.h5", "--report", "r.json", "-v"];
    let ran = tierline(dir.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("1 events -> m.h5"), "{}", ran.err);
    let report = json(&std::fs::read_to_string(dir.path().join("r.json")).unwrap());
    assert_eq!(report["outputs"][0]["rows"]["/dl1/event/subarray/trigger"], 1);
    let args = ["images", "m.h5", "-o", "i.npy", "--tel-type", "LST*", "--mapper", "axial", "-v"];
    let ran = tierline(dir.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("4 of 4 images of LST_LST_LSTCam"), "{}", ran.err);
    let left = ["a.svg", "i.labels.csv", "i.npy", "m.h5", "r.json"];
    assert_eq!(files(dir.path()), left);
    let ran = tierline(dir.path(), &["images", "m.h5", "-o", "i.npy", "--mapper", "odd"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}
