//! The commands for beamline files, on a file of our own making.

use std::path::Path;

use serde_json::Value;
use tierline::dataio::image::codec::edf::EDF_WRITER;
use tierline::dataio::image::{DType, Encoder, Frame, Header, Pixels, Target};

use crate::host::program::{files, tierline};

const SPEC: &str = "#F a.dat\n#E 1\n#D Sat Oct 31 12:13:46 1998\n#O0 th  chi\n\n#S 1  ascan  th 0 1  2 1\n\
                    #D Sat Oct 31 12:13:46 1998\n#P0 0.5 2\n#N 3\n#L th  Epoch  Det\n0 10 100\n0.5 11 nan\n1 12 300\n";

/// Two frames of three rows and four columns, with a header.
fn edf(folder: &Path, name: &str) {
    let frame = |first: u16| {
        let data = (first..first + 12).flat_map(u16::to_le_bytes).collect();
        let mut header = Header::new();
        header.set("title", "made by a test");
        Ok(Frame { pixels: Pixels { dtype: DType::U16, shape: vec![3, 4], data }, header })
    };
    let path = folder.join(name);
    let mut frames = [0, 100].map(frame).into_iter();
    EDF_WRITER.write(&mut frames, Target { path: &path, name: &path }).unwrap();
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

#[test]
fn files_are_listed_and_dumped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    std::fs::write(dir.join("a.dat"), SPEC).unwrap();
    edf(dir, "a.edf");
    let ls = tierline(dir, &["ls", "a.dat"]);
    assert_eq!(ls.code, 0, "{}", ls.err);
    assert!(ls.out.contains("└1.1") && ls.out.contains("Det\t[float32: 3]"), "{}", ls.out);
    let listed = json(&tierline(dir, &["ls", "--json", "a.edf::/scan_0/instrument"]).out);
    let mut objects = listed["objects"].as_array().unwrap().iter();
    let path = "/scan_0/instrument/detector_0/data";
    let data = objects.find(|object| object["path"] == path).unwrap();
    assert_eq!((&data["shape"], &data["dtype"]), (&json("[2, 3, 4]"), &json("\"<u2\"")));
    assert_eq!(tierline(dir, &["ls", "a.dat::/9.1"]).code, 1);
    assert_eq!(tierline(dir, &["ls", "a.dat", "nothing.dat"]).code, 1);

    let strict = ["convert", "a.dat", "-o", "a.h5", "--strict", "--double"];
    assert_eq!(tierline(dir, &strict).code, 0);
    let det = tierline(dir, &["dump", "a.h5::/1.1/measurement/Det", "--csv"]);
    assert_eq!(det.out, "100\nNaN\n300\n");
    let listed = tierline(dir, &["ls", "a.h5::/1.1/measurement"]).out;
    assert!(listed.contains("Det\t[float64: 3]"), "{listed}");

    let det = tierline(dir, &["dump", "a.dat::/1.1/measurement/Det", "--csv"]);
    assert_eq!((det.code, &*det.out), (0, "100\n0\n300\n"));
    let part = tierline(dir, &["dump", "a.edf?path=/scan_0/image/data&slice=1,::2,-1", "--json"]);
    assert_eq!(json(&part.out), json("[103, 111]"));
    assert_eq!(tierline(dir, &["dump", "a.edf"]).out.lines().next(), Some("[[[  0   1   2   3]"));
    assert_eq!(tierline(dir, &["dump", "a.dat::/1.1/title"]).out, "ascan  th 0 1  2 1\n");
    assert_eq!(tierline(dir, &["dump", "a.edf", "--npy", "a.npy"]).code, 0);
    assert_eq!(tierline(dir, &["dump", "a.edf", "--npy", "a.npy"]).code, 1);
    let again = tierline(dir, &["dump", "a.npy", "--csv"]);
    assert_eq!(again.out.lines().last(), Some("108,109,110,111"), "{}", again.err);
    let frame = tierline(dir, &["dump", "a.edf?slice=1"]);
    assert_eq!(frame.out.lines().next(), Some("[[100 101 102 103]"));
}

#[test]
fn a_page_shows_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    edf(dir, "a.edf");
    assert_eq!(tierline(dir, &["ls", "a.edf", "--html", "a.html"]).code, 0);
    let page = std::fs::read_to_string(dir.join("a.html")).unwrap();
    assert!(page.contains("detector_0") && page.contains("made by a test"));
    assert!(!page.contains("http") && !page.contains("<script"), "the page needs nothing else");
    assert_eq!(tierline(dir, &["ls", "a.edf", "--html", "a.html"]).code, 1);
    assert_eq!(files(dir), ["a.edf", "a.html"]);
}

#[test]
fn images_are_described_and_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    edf(dir, "a.edf");
    let text = tierline(dir, &["image", "a.edf?slice=1"]);
    assert!(text.out.contains("1 of 2") && text.out.contains("100, 111"), "{}", text.out);
    let all = json(&tierline(dir, &["image", "a.edf", "--all", "--json"]).out);
    assert_eq!(all["images"][1]["mean"], 105.5);
    assert_eq!(all["images"][0]["header"]["title"], "made by a test");
    let drawn = tierline(dir, &["image", "a.edf", "--png", "a.png", "--contrast", "linear"]);
    assert_eq!(drawn.code, 0, "{}", drawn.err);
    assert!(std::fs::read(dir.join("a.png")).unwrap().starts_with(b"\x89PNG"));
    for (code, args) in [
        (1, &["image", "a.edf", "--png", "a.png"][..]),
        (1, &["image", "a.edf", "--frame", "2"]),
        (2, &["image", "a.edf", "--range", "5:1"]),
        (2, &["image", "a.edf", "--contrast", "much"]),
    ] {
        assert_eq!(tierline(dir, args).code, code, "{args:?}");
    }
    let info = json(&tierline(dir, &["info", "--json", "a.edf"]).out);
    assert_eq!((&info["format"], &info["frames"]), (&json("\"edf\""), &json("2")));
}

#[test]
fn conversions_are_careful() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    edf(dir, "a.edf");
    std::fs::write(dir.join("a.dat"), SPEC).unwrap();
    assert_eq!(tierline(dir, &["convert", "a.edf", "-o", "b.edf"]).code, 0);
    let same = |a: &str, b: &str| {
        std::fs::read(dir.join(a)).unwrap() == std::fs::read(dir.join(b)).unwrap()
    };
    assert!(same("a.edf", "b.edf"), "what we write is read and written as it was");
    let dry = tierline(dir, &["convert", "a.edf", "-F", "cbf", "--dry-run"]);
    assert_eq!(dry.out, "a.edf -> a_0000.cbf (cbf)\na.edf -> a_0001.cbf (cbf)\n");
    for (code, args) in [
        (1, &["convert", "a.edf", "-o", "b.edf"][..]),
        (0, &["convert", "a.edf", "-o", "b.edf", "-n"]),
        (1, &["convert", "a.edf", "-o", "a.edf", "-w"]),
        (2, &["convert", "a.edf", "-F", "nothing"]),
        (2, &["convert", "a.edf"]),
        (2, &["convert", "a.dat", "-o", "c.h5", "--compression", "magic"]),
        (1, &["convert", "a.dat", "-o", "c.h5", "--compression", "31999"]),
        (2, &["convert", "a.dat", "-o", "c.h5", "--chunks", "(0,)"]),
        (2, &["convert", "a.dat", "-o", "a.dat::/x"]),
        (1, &["convert", "a.dat", "a.edf", "-o", "c.h5"]),
        (1, &["convert", "--file-pattern", "x_%02d.edf", "-o", "c.h5"]),
    ] {
        let ran = tierline(dir, args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
    }
    assert_eq!(files(dir), ["a.dat", "a.edf", "b.edf"]);
    let both =
        ["convert", "a.dat", "a.edf", "--add-root-group", "-o", "c.h5", "--report", "r.json"];
    assert_eq!(tierline(dir, &both).code, 0);
    let listed = tierline(dir, &["ls", "c.h5", "--depth", "1"]);
    assert!(listed.out.contains("├a.dat") && listed.out.contains("└a.edf"), "{}", listed.out);
    let report = json(&std::fs::read_to_string(dir.join("r.json")).unwrap());
    assert_eq!(report["inputs"].as_array().unwrap().len(), 2);
}

#[test]
fn the_same_input_gives_the_same_output() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    edf(dir, "a.edf");
    for threads in ["1", "2", "4"] {
        let name = format!("{threads}.h5");
        let args = ["convert", "a.edf", "-o", &name, "--threads", threads, "--compression", "gzip"];
        assert_eq!(
            tierline(dir, &[&args[..], &["--chunks", "1,2,2", "--min-size", "1"]].concat()).code,
            0
        );
    }
    let bytes = |name: &str| std::fs::read(dir.join(name)).unwrap();
    std::fs::write(dir.join("a.dat"), SPEC).unwrap();
    for name in ["first.h5", "second.h5"] {
        assert_eq!(tierline(dir, &["convert", "a.dat", "-o", name]).code, 0);
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    assert!(bytes("first.h5") == bytes("second.h5"), "no time of the run is in the output");
    assert!(bytes("1.h5") == bytes("2.h5") && bytes("2.h5") == bytes("4.h5"));
}
