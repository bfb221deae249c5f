//! Names and series of files against fabio's.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use tierline::dataio::image::{CODECS, FileName, FramesPerFile, Image, Series};
use tierline_tests::data::shared;

use super::golden::golden;

#[test]
fn names_are_taken_apart_as_by_fabio() {
    let Some(golden) = golden("fabio_filenames.json") else { return };
    for entry in golden["files"].as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let own = FileName::parse(Path::new(name));
        assert_eq!(own.stem, entry["stem"], "{name}");
        assert_eq!(own.number, entry["num"].as_i64(), "{name}");
        assert_eq!(Some(own.digits as u64), entry["digits"].as_u64(), "{name}");
        assert_eq!(own.post, entry["postnum"], "{name}");
        assert_eq!(own.extension, entry["extension"], "{name}");
        assert_eq!(own.directory, entry["directory"].as_str().map(PathBuf::from), "{name}");
        assert_eq!(own.compressed, entry["compressed"], "{name}");
        let text = |name: FileName| name.to_path().to_str().unwrap().to_owned();
        assert_eq!(text(own.clone()), entry["tostring"], "{name}");
        // fabio fails with a TypeError where there is no number.
        let other = |name: Option<FileName>, key: &str| {
            assert_eq!(
                name.map(text).as_deref(),
                entry[key].as_str(),
                "{key} of {name:?}",
                name = entry["name"]
            );
        };
        other(own.next(), "next");
        other(own.previous(), "previous");
        other(own.next().map(FileName::unpadded), "next_nopad");
        other(Some(own.jump(7)), "jump_7");
        // The codecs that are there; a name of GE or Bruker is told by its form.
        let is_there = |name: &&str| {
            ["ge", "bruker"].contains(name) || CODECS.iter().any(|codec| codec.name() == *name)
        };
        let formats: Vec<String> = entry["format"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|format| format.as_str().unwrap().to_lowercase())
            .collect();
        let mut formats: Vec<&str> = formats.iter().map(String::as_str).filter(is_there).collect();
        let mut codecs = own.codecs.clone();
        formats.sort_unstable();
        codecs.sort_unstable();
        assert_eq!(codecs, formats, "{name}");
    }
}

#[test]
fn magic_is_that_of_fabio() {
    let Some(golden) = golden("fabio_filenames.json") else { return };
    for entry in golden["magic"].as_array().unwrap() {
        let hex = entry[0].as_str().unwrap();
        let byte = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        let mut head: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        head.resize(18, b' ');
        let theirs = entry[1].as_str().unwrap().to_lowercase();
        let names: Vec<&str> = theirs.split('/').collect();
        let there = |name: &str| CODECS.iter().any(|codec| codec.name() == name);
        if !names.iter().all(|name| there(name)) {
            continue;
        }
        let name = if names.contains(&"marccd") { "x.mccd" } else { "x" };
        let hint = tierline::dataio::image::Hint { path: Path::new(name), head: &head };
        let own = CODECS.iter().find(|codec| codec.sniff(&hint)).map(|codec| codec.name());
        assert_eq!(own, Some(names[0]), "{hex}");
    }
}

/// The mean of a frame's pixels.
fn mean(series: &mut Series, index: usize) -> f64 {
    let pixels = series.frame(index).unwrap().pixels;
    pixels.integers().map(|value| value as f64).sum::<f64>() / pixels.len() as f64
}

fn folder() -> PathBuf {
    shared("data/dataio/edf").unwrap()
}

fn same(own: f64, golden: &Json) -> bool {
    (own - golden.as_f64().unwrap()).abs() < 1e-9 * own.abs()
}

#[test]
fn series_are_numbered_as_by_fabio() {
    let Some(golden) = golden("fabio_series.json") else { return };
    for entry in golden["series"].as_array().unwrap() {
        let open = |per_file| match entry["first"].as_str() {
            Some(first) => Series::from_first(&folder().join(first), per_file, Default::default()),
            None => {
                let names: Vec<String> =
                    serde_json::from_value(entry["filenames"].clone()).unwrap();
                Series::files(
                    names.into_iter().map(|name| folder().join(name)),
                    per_file,
                    Default::default(),
                )
            }
        };
        let mut series = open(FramesPerFile::Any);
        assert_eq!(series.frames().unwrap() as u64, entry["nframes"].as_u64().unwrap());
        for (i, frame) in entry["frames"].as_array().into_iter().flatten().enumerate() {
            let place = series.place(i).unwrap();
            assert_eq!(place.path.file_name().unwrap().to_str(), frame["file"].as_str());
            assert_eq!(Some(place.index as u64), frame["file_index"].as_u64());
            assert_eq!(Some(i as u64), frame["index"].as_u64());
            assert!(same(mean(&mut series, i), &frame["mean"]), "frame {i} of {place:?}");
        }
        if let Some(mean3) = entry.get("frame3_mean") {
            assert!(same(mean(&mut open(FramesPerFile::Any), 3), mean3));
        } else {
            assert_eq!(
                open(FramesPerFile::Same).frames().unwrap() as u64,
                entry["nframes"].as_u64().unwrap()
            );
        }
    }
}
