use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::instrument::{ReflectorShape, SizeType, camera_tests};

pub(crate) fn described() -> CameraFile {
    let description = camera_tests::description(2);
    let n = description.geometry.n_pixels();
    CameraFile {
        subarray: "hexagons: \"a\"".into(),
        reference_location: [-23.3, 16.5, 1835.0],
        tel_id: 5,
        position_m: [1.5, -2.25, 0.1],
        optics: OpticsDescription {
            name: "MST".into(),
            size_type: SizeType::Mst,
            reflector_shape: ReflectorShape::Hybrid,
            mirror_area_m2: 103.0,
            n_mirrors: 1,
            n_mirror_tiles: 84,
            equivalent_focal_length_m: 16.0,
            effective_focal_length_m: 16.4,
        },
        pointing: None,
        geometry: description.geometry,
        sampling_rate_ghz: 0.25,
        reference_pulse: vec![0.0, 1.0, 0.5, 1e-9],
        reference_pulse_step_ns: 0.5,
        trace_map: TraceMap::Traces((0..n as u32).rev().map(Some).chain([None]).collect()),
        adc_per_pe: (0..n).map(|pixel| 20.0 + 0.1 * pixel as f64).collect(),
        pedestal: Pedestal::FirstSamples(8),
        baseline_precision: Some(16.0),
        time_shift_ns: vec![0.0; n],
        broken: (0..n).map(|pixel| pixel == 3).collect(),
    }
}

fn read(text: &str) -> Result<CameraFile, String> {
    CameraFile::from_text(Path::new("camera.yml"), text).map_err(|error| error.to_string())
}

#[test]
fn what_is_written_is_read() {
    let mut camera = described();
    assert_eq!(read(&camera.to_text()).unwrap(), camera);
    let map: BTreeMap<_, _> =
        (0..19_u16).map(|at| ((256 + at / 6, at % 6), Some(at.into()))).collect();
    camera.trace_map = TraceMap::Inputs(map);
    camera.pedestal = Pedestal::Firmware;
    camera.baseline_precision = None;
    camera.time_shift_ns[2] = -0.3;
    assert_eq!(read(&camera.to_text()).unwrap(), camera);
    camera.pointing = Some(Pointing { azimuth: 1.0, altitude: 1.25 });
    let pointing = read(&camera.to_text()).unwrap().pointing.unwrap();
    assert!((pointing.azimuth - 1.0).abs() < 1e-15 && (pointing.altitude - 1.25).abs() < 1e-15);
}

#[test]
fn json_is_read_too() {
    let camera = described();
    let value: serde_json::Value = serde_saphyr::from_str(&camera.to_text()).unwrap();
    assert_eq!(read(&value.to_string()).unwrap(), camera);
}

#[test]
fn errors_name_the_key() {
    let text = described().to_text();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        read(&text.replacen(from, to, 1)).unwrap_err()
    };
    for (from, to, expected) in [
        ("tel_id: 5", "tel_id: -5", "camera.yml: telescope.tel_id: invalid value"),
        ("tel_id: 5", "tel_ids: 5", "telescope.tel_id: this key is missing"),
        ("tel_id: 5", "tel_id: 5\n  colour: red", "telescope.colour: there is no such key"),
        ("\"MST\"\n  reflector", "\"BIG\"\n  reflector", "telescope.size_type: there is no 'BIG'"),
        ("mirror_area_m2: 103.0", "mirror_area_m2: wide", "telescope.mirror_area_m2: invalid type"),
        ("mirror_area_m2: 103.0", "mirror_area_m2: 0", "above 0, found 0"),
        ("pix_y_m: [", "pix_y_m: [1.0, ", "camera.pix_y_m: expected 19 values"),
        ("sampling_rate_ghz: 0.25", "sampling_rate_ghz: fast", "readout.sampling_rate_ghz"),
        ("traces: [18", "traces: [19", "trace_map.traces: there is no pixel 19"),
        ("traces: [18", "traces: [17", "trace_map.traces: pixel 17 has more than one trace"),
        ("traces: [18", "traces: [null", "trace_map: pixel 18 has no trace"),
        ("adc_per_pe: [20.0", "adc_per_pe: [0.0", "calibration.adc_per_pe: pixel 0"),
        ("adc_per_pe: [20.0,", "adc_per_pe: [", "calibration.adc_per_pe: expected one value or 19"),
        ("first_samples: 8", "first_samples: 0", "calibration.pedestal"),
        (
            "broken_pixels: [3]",
            "broken_pixels: [19]",
            "calibration.broken_pixels: there is no pixel",
        ),
        ("\ntrace_map:", "\nmap:", "trace_map: this key is missing"),
    ] {
        let error = refused(from, to);
        assert!(error.contains(expected), "{to}: {error}");
    }
    assert!(read("[1, 2]").unwrap_err().contains("map of keys"));
    assert!(read("").is_err());
}

#[test]
fn cut_texts_are_refused_or_read() {
    let camera = described();
    let text = camera.to_text();
    for end in (0..text.len() - 1).step_by(7) {
        if let Ok(read) = read(&text[..end]) {
            assert_eq!(read.geometry, camera.geometry, "cut at {end}");
        }
    }
}

#[test]
fn the_array_has_one_telescope() {
    let mut camera = described();
    let subarray = camera.subarray(64, FocalLengthChoice::Effective).unwrap();
    assert_eq!(subarray.telescopes[0].description, "MST_MST_hexagons");
    assert_eq!(subarray.telescopes[0].focal_length_m, 16.4);
    assert_eq!(subarray.camera(5).unwrap().readout.n_samples, 64);
    camera.optics.effective_focal_length_m = f64::NAN;
    let error = camera.subarray(64, FocalLengthChoice::Effective).unwrap_err().to_string();
    assert!(error.contains("effective_focal_length_m"), "{error}");
    assert!(camera.subarray(64, FocalLengthChoice::Equivalent).is_ok());
}
