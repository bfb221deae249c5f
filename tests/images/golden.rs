//! Every image of the golden list, its frames and headers.

use serde_json::Value as Json;
use tierline::dataio::Error;
use tierline::dataio::image::codec::cbf::Cbf;
use tierline::dataio::image::{Codec as _, Image, Source, Target, detect, open};
use tierline_tests::data::shared;

use super::compare;

/// The codecs whose files must all be read as the goldens say, by the goldens' names without `image`.
const EXPECTED: &[&str] = &[
    "bruker",
    "bruker100",
    "cbf",
    "dtrek",
    "edf",
    "eiger",
    "esperanto",
    "fit2dmask",
    "fit2dspreadsheet",
    "ge",
    "hipic",
    "jpeg",
    "jpeg2k",
    "kcd",
    "lambda",
    "lima",
    "mar345",
    "marccd",
    "mpa",
    "mrc",
    "numpy",
    "oxd",
    "pixi",
    "pnm",
    "raxis",
    "tif",
    "xsd",
];

/// Where fabio is wrong: the file, and what of it (`pixels`, `frames` or a key of the header as fabio
/// reads it; `truth` where it wrote something else than it was given).
const DIFFERENT: &[(&str, &str)] = &[
    // A difference of -2^31 was written as 0.
    ("written/cbf_extremes.cbf", "truth"),
    // Pixels above 65535 are lost.
    ("written/mar345_be.mar2300", "pixels"),
    // The baseline is lost.
    ("written/bruker100_noverfl.sfrm", "pixels"),
    // 16 bits were enough.
    ("written/bruker86.0001", "truth"),
    // The floats were written as integers cut to one byte.
    ("written/bruker86_float.0002", "truth"),
    // Read as floating-point numbers.
    ("synth/oxd_ty5.img", "pixels"),
    // Python's way to show bytes.
    ("written/lambda.h5", "detector"),
    // An array of one number.
    ("synth/pixi_1.dat", "framesize"),
    // May differ by one.
    ("synth/gray.jpg", "pixels"),
];

/// What fabio refuses and is read nevertheless.
const READ: &[(&str, &str)] = &[
    // Has no dimensions: its pixels are a line.
    ("cbf", "cbf/fit2d_data.cbf"),
    // Says no byte order: the low byte first.
    ("edf", "edf/edge/e30_nobyteorder.edf"),
];

pub(super) fn golden(name: &str) -> Option<Json> {
    let text = std::fs::read_to_string(shared(&format!("golden/dataio/{name}"))?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn open_file(name: &str) -> Result<Box<dyn Image>, Error> {
    open(&shared(&format!("data/dataio/{name}")).unwrap())
}

/// The name of the codec that takes a file.
fn codec(name: &str) -> Result<String, Error> {
    let path = shared(&format!("data/dataio/{name}")).unwrap();
    Ok(detect(&Source::open(&path, Default::default())?)?.name().to_lowercase())
}

fn is_different(file: &str, what: &str) -> bool {
    DIFFERENT.contains(&(file, what))
}

#[test]
fn every_codec_of_the_goldens_is_listed() {
    let Some(golden) = golden("fabio_images.json") else { return };
    for (file, entry) in golden["files"].as_object().unwrap() {
        if let Some(name) = entry["codec"].as_str() {
            let name = name.strip_suffix("image").unwrap();
            assert!(EXPECTED.contains(&name), "{file}: {name} is not in the list");
        }
    }
}

#[test]
fn frames_are_those_of_fabio() {
    let Some(golden) = golden("fabio_images.json") else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, entry) in golden["files"].as_object().unwrap() {
        let Some(name) = entry["codec"].as_str().and_then(|name| name.strip_suffix("image")) else {
            continue;
        };
        if !EXPECTED.contains(&name) {
            continue;
        }
        count += 1;
        match codec(file) {
            Ok(own) if own == name => {}
            Ok(own) => wrong.push(format!("{file}: taken for {own}, not {name}")),
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        }
        wrong.extend(differences(file, entry));
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// How a file differs from its golden.
fn differences(file: &str, entry: &Json) -> Vec<String> {
    let mut image = match open_file(file) {
        Ok(image) => image,
        Err(error) => return vec![error.to_string()],
    };
    let frames = entry["frames"].as_array().unwrap();
    let mut wrong = Vec::new();
    match image.frames() {
        Ok(count)
            if is_different(file, "frames") || Some(count as u64) == entry["nframes"].as_u64() => {}
        other => wrong.push(format!("{file}: {other:?} frames, not {}", entry["nframes"])),
    }
    let but: Vec<&str> =
        DIFFERENT.iter().filter(|(own, _)| *own == file).map(|(_, what)| *what).collect();
    for (i, golden) in frames.iter().enumerate().filter(|(_, frame)| frame.get("error").is_none()) {
        let differs = match (image.header(i), image.frame(i)) {
            (Ok(header), Ok(frame)) if header == frame.header => {
                let pixels = compare::pixels(&frame.pixels, golden);
                pixels
                    .filter(|_| !is_different(file, "pixels"))
                    .or_else(|| compare::header(&header, &golden["header"], &but))
            }
            (Ok(_), Ok(_)) => Some("the header differs from that of the frame".to_owned()),
            (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
        };
        wrong.extend(differs.map(|reason| format!("{file}: frame {i}: {reason}")));
    }
    if image.incomplete() != (entry["incomplete_file"] == true) {
        wrong.push(format!("{file}: incomplete is {}", image.incomplete()));
    }
    wrong
}

#[test]
fn what_fabio_refuses_is_refused() {
    let Some(golden) = golden("fabio_images.json") else { return };
    for (file, entry) in golden["files"].as_object().unwrap() {
        if entry.get("error").is_none() || READ.iter().any(|(_, read)| read == file) {
            continue;
        }
        let first = open_file(file).and_then(|mut image| image.frame(0));
        assert!(first.is_err(), "{file}: read, though fabio says {}", entry["error"]);
    }
    for (_, file) in READ.iter().filter(|(codec, _)| EXPECTED.contains(codec)) {
        let first = open_file(file).and_then(|mut image| image.frame(0));
        assert!(first.is_ok(), "{file}: {:?}", first.err().map(|error| error.to_string()));
    }
}

/// What was given to fabio's writers comes back, also where fabio's readers fail.
#[test]
fn written_files_hold_what_was_written() {
    let (Some(truth), Some(list)) = (golden("written_truth.json"), golden("fabio_images.json"))
    else {
        return;
    };
    let mut wrong = Vec::new();
    for (name, truth) in truth.as_object().unwrap() {
        let file = format!("written/{name}");
        let codec = list["files"][&file]["codec"].as_str().unwrap_or_default();
        let known = EXPECTED.contains(&codec.trim_end_matches("image"));
        if known && !is_different(&file, "truth") {
            wrong.extend(all_frames(&file, truth).map(|reason| format!("{file}: {reason}")));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// With the difference that fabio lost, the pixels are what it was given; and we keep them.
#[test]
fn extreme_differences_are_kept() {
    let Some(truth) = golden("written_truth.json") else { return };
    let truth = &truth["cbf_extremes.cbf"]["sha256"];
    let mut frame = open_file("written/cbf_extremes.cbf").unwrap().frame(0).unwrap();
    let place = 66 * 4;
    for pixel in frame.pixels.data[place..].chunks_exact_mut(4) {
        pixel[3] ^= 0x80;
    }
    assert!(compare::sha256(&frame.pixels.data) == *truth, "not what was given");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.cbf");
    let target = Target { path: &path, name: &path };
    Cbf.encoder().unwrap().write(&mut std::iter::once(Ok(frame)), target).unwrap();
    let frame = open(&path).unwrap().frame(0).unwrap();
    assert!(compare::sha256(&frame.pixels.data) == *truth, "not kept");
}

/// CBFlib's pixels of a file that tells no dimensions.
#[test]
fn a_cbf_without_dimensions_is_a_line() {
    let Some(truth) = golden("extra_truth.json") else { return };
    let truth = &truth["cbf/fit2d_data.cbf"];
    let frame = open_file("cbf/fit2d_data.cbf").unwrap().frame(0).unwrap();
    assert_eq!(frame.pixels.shape, [truth["n"].as_u64().unwrap() as usize]);
    assert_eq!(frame.pixels.dtype.name(), "int32");
    assert!(compare::sha256(&frame.pixels.data) == truth["sha256_le"], "pixels differ");
}

/// How all frames of a file, one behind another, differ from an array.
fn all_frames(file: &str, truth: &Json) -> Option<String> {
    let read = || {
        let mut image = open_file(file)?;
        (0..image.frames()?).map(|i| image.frame(i)).collect::<Result<Vec<_>, Error>>()
    };
    let frames = match read() {
        Ok(frames) => frames,
        Err(error) => return Some(error.to_string()),
    };
    let dtype = frames[0].pixels.dtype;
    if dtype.name() != truth["dtype"] {
        return Some(format!("dtype {}, not {}", dtype.name(), truth["dtype"]));
    }
    let data: Vec<u8> = frames.into_iter().flat_map(|frame| frame.pixels.data).collect();
    (compare::sha256(&data) != truth["sha256"]).then(|| "pixels differ".to_owned())
}
