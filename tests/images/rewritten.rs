//! What fabio wrote is read and written again: the bytes are the same.

use std::path::Path;

use tierline::dataio::image::codec::cbf::Cbf;
use tierline::dataio::image::codec::dtrek::Dtrek;
use tierline::dataio::image::codec::edf::{EDF_WRITER, EdfWriter};
use tierline::dataio::image::codec::mar345::Mar345;
use tierline::dataio::image::{Codec, DType, Encoder, Frame, Target, open};
use tierline_tests::data::shared;

/// A file as it is.
fn whole(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// A file without its first line, which names the program.
fn after_first_line(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    bytes.split_off(end)
}

/// Reads a file of `written`, writes it; compares. `before` is what the header was given as.
fn rewrite(
    name: &str,
    encoder: &dyn Encoder,
    before: impl Fn(Frame) -> Frame,
    skip: fn(Vec<u8>) -> Vec<u8>,
) -> Result<(), String> {
    let Some(path) = shared(&format!("data/dataio/written/{name}")) else { return Ok(()) };
    let text = |error: tierline::dataio::Error| error.to_string();
    let mut image = open(&path).map_err(text)?;
    let frames: Result<Vec<Frame>, String> =
        (0..image.frames().map_err(text)?).map(|i| image.frame(i).map_err(text)).collect();
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    let target = Target { path: &own, name: Path::new(name) };
    encoder.write(&mut frames?.into_iter().map(|frame| Ok(before(frame))), target).map_err(text)?;
    let bytes = |path: &Path| std::fs::read(path).unwrap();
    let (own, theirs) = (skip(bytes(&own)), skip(bytes(&path)));
    if own == theirs {
        return Ok(());
    }
    let place =
        own.iter().zip(&theirs).position(|(a, b)| a != b).unwrap_or(own.len().min(theirs.len()));
    let show = |bytes: &[u8]| bytes[place..bytes.len().min(place + 40)].escape_ascii().to_string();
    Err(format!("{name}: byte {place}: '{}', not '{}'", show(&own), show(&theirs)))
}

#[test]
fn edf_is_written_byte_for_byte() {
    let mut wrong = Vec::new();
    let plain = [
        "float32", "float64", "int16", "int32", "int64", "int8", "multi4", "plain", "uint16",
        "uint32", "uint64", "uint8",
    ];
    // A block ID that is given counts in fabio's sizes, its own does not.
    let own_id = |mut frame: Frame| {
        frame.header.remove("EDF_DataBlockID");
        frame
    };
    for name in plain {
        wrong.extend(rewrite(&format!("edf_{name}.edf"), &EDF_WRITER, own_id, whole).err());
    }
    let fit2d = EdfWriter { fit2d: true, force_type: None };
    wrong.extend(rewrite("edf_fit2dmode.edf", &fit2d, own_id, whole).err());
    let forced = EdfWriter { fit2d: false, force_type: Some(DType::F32) };
    let integers = |frame: Frame| {
        let pixels = frame.pixels.cast(DType::U16);
        own_id(Frame { pixels, header: frame.header })
    };
    wrong.extend(rewrite("edf_forced_float.edf", &forced, integers, whole).err());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cbf_is_written_byte_for_byte() {
    // Quotes were part of what fabio was given.
    let quoted = |mut frame: Frame| {
        if let Some(text) = frame.header.text("_array_data.header_convention") {
            frame.header.set("_array_data.header_convention", format!("\"{text}\""));
        }
        frame
    };
    let names = ["int16", "int32", "uint16", "uint32", "uint8"];
    let rewrite = |name: &str| {
        rewrite(&format!("cbf_{name}.cbf"), Cbf.encoder().unwrap(), quoted, after_first_line)
    };
    let wrong: Vec<String> = names.iter().filter_map(|name| rewrite(name).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dtrek_and_mar345_are_written_byte_for_byte() {
    let mut wrong = Vec::new();
    for name in ["float32", "int16", "int32", "int8", "uint16", "uint32", "uint8"] {
        let file = format!("dtrek_{name}.img");
        wrong.extend(rewrite(&file, Dtrek.encoder().unwrap(), |frame| frame, whole).err());
    }
    for name in ["mar345", "mar345_noover"] {
        let file = format!("{name}.mar2300");
        wrong.extend(rewrite(&file, Mar345.encoder().unwrap(), |frame| frame, whole).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
