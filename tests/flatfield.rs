//! Flat-field correction against the published formula, bit for bit.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tierline::dataio::image;
use tierline::h5::tree::Reader;
use tierline_tests::data::shared;

use crate::host::program::{files, tierline};

fn golden(exercise: &str) -> Option<Value> {
    let text = std::fs::read(shared("golden/dataio/flatfield.json")?).unwrap();
    let golden: Value = serde_json::from_slice(&text).unwrap();
    Some(golden[exercise].clone())
}

fn data(name: &str) -> String {
    shared(&format!("data/dataio/{name}")).unwrap().display().to_string()
}

fn sha(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Runs the command; its output is in the folder.
fn correct(folder: &Path, args: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once("flatfield").chain(args.iter().copied()).collect();
    let done = tierline(folder, &all);
    assert_eq!(done.code, 0, "{}", done.err);
    done.err
}

#[test]
fn exercises_of_the_training() {
    let Some(first) = golden("exercise1") else { return };
    let (second, third) = (golden("exercise2").unwrap(), golden("exercise3").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = data("h5/ID16B_diatomee_rebuilt.h5");
    let at = |path: &str| format!("{file}::{path}");
    let (dark, flat) = (at("/dark/0000"), at("/flatfield/0000"));
    let one = at("/data/0000");
    correct(folder.path(), &[&one, "-d", &dark, "-f", &flat, "-o", "1.h5"]);
    let all = at("/data");
    correct(folder.path(), &[&all, "-d", &dark, "-f", &flat, "-o", "2.h5"]);
    let flats = at("/flatfield");
    for threads in ["1", "2", "4"] {
        let (name, stack) = (format!("3-{threads}.h5"), format!("s-{threads}.h5"));
        let more = ["-d", &dark, "-f", &flats, "--threads", threads];
        correct(folder.path(), &[&[all.as_str(), "-o", &name], &more[..]].concat());
        correct(folder.path(), &[&[all.as_str(), "-o", &stack, "--stack"], &more[..]].concat());
    }
    let read = |name: &str, path: &str, rows| {
        let reader = Reader::open(&folder.path().join(name)).unwrap();
        sha(&reader.array(path, rows).unwrap().data)
    };
    assert_eq!(Value::from(read("1.h5", "result", 0..540)), first["result"]["sha256"]);
    for (exercise, names) in [(&second, &["2.h5"][..]), (&third, &["3-1.h5", "3-2.h5", "3-4.h5"])] {
        for (image, want) in exercise.as_object().unwrap() {
            for name in names {
                assert_eq!(
                    Value::from(read(name, image, 0..540)),
                    want["sha256"],
                    "{name} {image}"
                );
            }
        }
    }
    for (index, want) in third.as_object().unwrap().values().enumerate() {
        for name in ["s-1.h5", "s-2.h5", "s-4.h5"] {
            let have = read(name, "result", index..index + 1);
            assert_eq!(Value::from(have), want["sha256"], "{name} {index}");
        }
    }
}

#[test]
fn from_edf_to_edf() {
    let Some(example) = golden("edf_example") else { return };
    let (second, third) = (golden("exercise2").unwrap(), golden("exercise3").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str| data(&format!("edf/ID16_diatomee/{name}.edf"));
    let (raw, dark, flat) = (part("data"), part("dark"), part("flat"));
    let frames = data("edf/ID16B_diatomee.edf");
    let late = format!("{}::/flatfield/0500", data("h5/ID16B_diatomee_rebuilt.h5"));
    let indices = "0,100,200,299,400,500";
    let calls: [&[&str]; 3] = [
        &[&raw, "-d", &dark, "-f", &flat, "-o", "1.edf"],
        &[&frames, "-d", &dark, "-f", &flat, "-o", "2.edf"],
        &[&frames, "-d", &dark, "-f", &flat, "-f", &late, "--flat-index", "0,500", "-o", "3.edf"],
    ];
    for call in calls {
        correct(
            folder.path(),
            &[call, &["--index", indices][..2 * usize::from(call.len() > 7)]].concat(),
        );
    }
    for (name, golden) in [("1.edf", &example), ("2.edf", &second), ("3.edf", &third)] {
        let mut image = image::open(&folder.path().join(name)).unwrap();
        assert_eq!(image.frames().unwrap(), golden.as_object().unwrap().len());
        for (index, want) in golden.as_object().unwrap().values().enumerate() {
            let frame = image.frame(index).unwrap();
            assert_eq!(Value::from(sha(&frame.pixels.data)), want["sha256"], "{name} {index}");
        }
    }
}

#[test]
fn zero_denominators_are_named() {
    let Some(_) = golden("edf_example") else { return };
    let folder = tempfile::tempdir().unwrap();
    let dark = data("edf/ID16_diatomee/dark.edf");
    let raw = data("edf/ID16_diatomee/data.edf");
    let told = correct(
        folder.path(),
        &[&raw, "-d", &dark, "-f", &dark, "-o", "a.edf", "--fill", "-1", "--report", "r.json"],
    );
    assert!(told.contains("345600 pixels") || told.contains("345 600 pixels"), "{told}");
    let report = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    assert!(report.contains("345600 zero denominators"));
    let pixels = image::open(&folder.path().join("a.edf")).unwrap().frame(0).unwrap().pixels;
    assert!(pixels.iter_f64().all(|value| value == -1.0));
}

#[test]
fn what_does_not_fit_is_refused() {
    let Some(_) = golden("edf_example") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (dark, small) = (data("edf/ID16_diatomee/dark.edf"), data("edf/medipix.edf"));
    let frames = data("edf/ID16B_diatomee.edf");
    for (code, why, args) in [
        (1, "540 x 640", vec![&*small, "-d", &dark, "-f", &dark, "-o", "a.h5"]),
        (1, "6 images", vec![&*dark, "-d", &frames, "-f", &dark, "-o", "a.h5"]),
        (2, "--index", vec![&*frames, "-d", &dark, "-f", &dark, "-o", "a.h5", "--index", "1,2"]),
        (2, "indices", vec![&*frames, "-d", &dark, "-f", &dark, "-f", &dark, "-o", "a.h5"]),
        (2, "a.xyz", vec![&*dark, "-d", &dark, "-f", &dark, "-o", "a.xyz"]),
        (1, "nowhere", vec!["nowhere.edf", "-d", &dark, "-f", &dark, "-o", "a.h5"]),
    ] {
        let all: Vec<&str> = std::iter::once("flatfield").chain(args.iter().copied()).collect();
        let done = tierline(folder.path(), &all);
        assert_eq!(done.code, code, "{why}: {}", done.err);
        assert!(done.err.contains(why) || why == "a.xyz", "{why}: {}", done.err);
    }
    assert!(files(folder.path()).is_empty(), "{:?}", files(folder.path()));
}
