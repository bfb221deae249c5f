//! Array, cameras and calibrated events of real files, against the peer's.

use std::path::Path;

use tierline::dl1::event::{ArrayEvent, Samples, TelescopeEvent};
use tierline::dl1::instrument::{PixelShape, Subarray};
use tierline::dl1::simtel::{SimtelEventSource, SourceOptions};
use tierline::h5::browse::Elements;
use tierline::h5::tree::Reader;
use tierline::table::{Array, DType};

use super::pair;

const INPUTS: [&str; 7] = [
    "aux_traces_2029.simtel.zst",
    "calib_true_pe.simtel.zst",
    "gamma_with_obslevel_particles.simtel.zst",
    "gct_checs_muons.simtel.zst",
    "history_meta_75.simtel.zst",
    "n_hv_disabled.simtel.gz",
    "prod4_pixelsettings_v3.gz",
];

fn numbers(golden: &Reader, path: &str) -> Vec<f64> {
    golden.array(path, 0..usize::MAX).unwrap_or_else(|e| panic!("{path}: {e}")).iter_f64().collect()
}

fn members(golden: &Reader, path: &str) -> Vec<String> {
    golden.item(path).unwrap().members().unwrap().into_iter().map(|member| member.0).collect()
}

fn attribute(golden: &Reader, path: &str, name: &str) -> Elements {
    let all = golden.item(path).unwrap().attributes().unwrap();
    all.into_iter().find(|one| one.name == name).unwrap().elements
}

fn text(golden: &Reader, path: &str, name: &str) -> String {
    match attribute(golden, path, name) {
        Elements::Texts(texts) => texts[0].clone(),
        Elements::Plain(DType::Text(_), bytes) => {
            String::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned()
        }
        other => panic!("{other:?}"),
    }
}

fn number(golden: &Reader, path: &str, name: &str) -> f64 {
    let Elements::Plain(dtype, data) = attribute(golden, path, name) else { panic!("{name}") };
    Array { dtype, row_shape: Vec::new(), data }.iter_f64().next().unwrap()
}

fn close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (at, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance, "{what}: {a} and {b} at {at}");
    }
}

fn check_telescope(golden: &Reader, tel: &str, subarray: &Subarray, name: &str) {
    let tel_id = tel.trim_start_matches("tel_").parse().unwrap();
    let (telescope, camera) =
        (subarray.telescope(tel_id).unwrap(), subarray.camera(tel_id).unwrap());
    let path = format!("/instrument/{tel}");
    let (geometry, readout) = (&camera.geometry, &camera.readout);
    assert_eq!(telescope.description, text(golden, &path, "description"), "{name}");
    assert_eq!(telescope.focal_length_m, number(golden, &path, "focal_length_used_m"), "{name}");
    for (column, ours) in
        [("pix_x", &geometry.pix_x), ("pix_y", &geometry.pix_y), ("pix_area", &geometry.pix_area)]
    {
        close(ours, &numbers(golden, &format!("{path}/{column}")), 1e-9, column);
    }
    let shape = match geometry.pix_type {
        PixelShape::Circle => "circle",
        PixelShape::Hexagon => "hexagon",
        PixelShape::Square => "square",
    };
    assert_eq!(shape, text(golden, &path, "pix_type"), "{name}");
    let rotation = number(golden, &path, "pix_rotation_deg");
    assert!((geometry.pix_rotation_deg - rotation).abs() < 1e-9, "{name}: {rotation}");
    assert_eq!(geometry.cam_rotation_deg, number(golden, &path, "cam_rotation_deg"), "{name}");
    assert_eq!(readout.sampling_rate_ghz, number(golden, &path, "sampling_rate_ghz"), "{name}");
    let width = readout.reference_pulse_sample_width_ns;
    assert_eq!(width, number(golden, &path, "ref_width_ns"), "{name}");
    assert_eq!(readout.n_samples as f64, number(golden, &path, "n_samples"), "{name}");
    assert_eq!(readout.n_channels as f64, number(golden, &path, "n_channels"), "{name}");
    let pulses: Vec<f64> = readout.reference_pulse_shape.concat();
    close(&pulses, &numbers(golden, &format!("{path}/reference_pulse_shape")), 0.0, "pulses");
}

/// Calibrated sums of the pixels of a channel.
fn calibrated_sum(telescope: &TelescopeEvent, channel: usize, pixel: usize) -> f64 {
    let at = channel * telescope.n_pixels + pixel;
    let calibration = &telescope.calibration;
    let (pedestal, factor) = (calibration.pedestal[at], calibration.dc_to_pe[at]);
    let n = telescope.n_samples;
    match &telescope.samples {
        Samples::Adc(samples) => samples[at * n..(at + 1) * n]
            .iter()
            .map(|&adc| f64::from((f32::from(adc) - pedestal) * factor))
            .sum(),
        Samples::Sums(sums) => f64::from((sums[at] as f32 - pedestal) * factor),
    }
}

fn check_event(golden: &Reader, event: &ArrayEvent, name: &str) -> usize {
    let path = format!("/event_{}", event.event_id);
    if !members(golden, "/").contains(&path[1..].to_string()) {
        return 0;
    }
    let telescopes = members(golden, &path);
    for tel in &telescopes {
        let tel_id: u16 = tel.trim_start_matches("tel_").parse().unwrap();
        let telescope = event.telescopes.iter().find(|one| one.tel_id == tel_id).unwrap();
        let path = format!("{path}/{tel}");
        assert_eq!(event.event_type.0 as f64, number(golden, &path, "event_type"), "{name}");
        let broken: Vec<f64> = telescope
            .calibration
            .broken
            .iter()
            .map(|&broken| f64::from(u8::from(broken)))
            .collect();
        close(&broken, &numbers(golden, &format!("{path}/outlier_mask")), 0.0, "broken");
        let sums = numbers(golden, &format!("{path}/r1_pixel_sum"));
        let ours: Vec<f64> = if members(golden, &path).contains(&"selected_gain_channel".into()) {
            let gains = numbers(golden, &format!("{path}/selected_gain_channel"));
            let pixels = gains.iter().enumerate();
            pixels.map(|(pixel, &gain)| calibrated_sum(telescope, gain as usize, pixel)).collect()
        } else {
            let channels = 0..telescope.n_channels;
            let pixels = channels.flat_map(|c| (0..telescope.n_pixels).map(move |p| (c, p)));
            pixels.map(|(channel, pixel)| calibrated_sum(telescope, channel, pixel)).collect()
        };
        assert_eq!(ours.len(), sums.len(), "{name}");
        for (pixel, (a, b)) in ours.iter().zip(&sums).enumerate() {
            assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "{name}: pixel {pixel}: {a} and {b}");
        }
    }
    telescopes.len()
}

fn check(input: &Path, golden: &Reader, name: &str) {
    let options = SourceOptions { skip_calibration_events: false, ..Default::default() };
    let mut source = SimtelEventSource::open(input, options).unwrap();
    for tel in members(golden, "/instrument") {
        check_telescope(golden, &tel, source.subarray(), name);
    }
    let converter = source.converter().clone();
    let mut checked = 0;
    for event in source.by_ref() {
        let converted = converter.convert(&event.unwrap()).unwrap();
        assert!(converted.notes.is_empty(), "{name}: {}", converted.notes[0]);
        checked += check_event(golden, &converted.event, name);
    }
    let events = members(golden, "/").into_iter().filter(|one| one.starts_with("event_"));
    let all: usize = events.map(|event| members(golden, &format!("/{event}")).len()).sum();
    assert_eq!(checked, all, "{name}");
}

#[test]
fn cameras_and_calibrated_events_equal_the_peers() {
    for name in INPUTS {
        let Some((input, golden)) = pair(name, "ctapipe_steps", ".gold.h5") else { return };
        check(&input, &Reader::open(&golden).unwrap(), name);
    }
}

#[test]
fn files_without_effective_focal_length_ask_for_the_other() {
    for name in ["lst_muons.simtel.zst", "40k_pixels.simtel.zst"] {
        let Some((input, _)) = pair(name, "simtel_parsed", ".simtel.json.gz") else { return };
        let error = SimtelEventSource::open(&input, SourceOptions::default()).err().unwrap();
        assert!(error.to_string().contains("EQUIVALENT"), "{error}");
        let options = SourceOptions {
            focal_length_choice: tierline::dl1::simtel::source::FocalLengthChoice::Equivalent,
            ..Default::default()
        };
        let source = SimtelEventSource::open(&input, options).unwrap();
        let telescope = &source.subarray().telescopes[0];
        let optics = &source.subarray().optics[telescope.optics];
        assert_eq!(telescope.focal_length_m, optics.equivalent_focal_length_m);
    }
}

#[test]
fn telescopes_and_events_can_be_chosen() {
    let name = "test_lasercal_v3.simtel.gz";
    let Some((input, _)) = pair(name, "simtel_parsed", ".simtel.json.gz") else { return };
    let open = |options| SimtelEventSource::open(&input, options).unwrap();
    let options = SourceOptions {
        allowed_tels: Some([2, 3].into()),
        max_events: Some(2),
        obs_id_offset: Some(100),
        ..Default::default()
    };
    let mut source = open(options);
    assert_eq!(source.subarray().telescopes.len(), 2);
    assert!(source.subarray().name.ends_with("_2,3"), "{}", source.subarray().name);
    let run = source.simulation_run().unwrap().clone();
    assert_eq!((source.obs_id(), run.obs_id), (run.run_number + 100, run.run_number + 100));
    let converter = source.converter().clone();
    let mut n = 0;
    for event in source.by_ref() {
        let event = converter.convert(&event.unwrap()).unwrap().event;
        let ids = |t: &TelescopeEvent| t.tel_id;
        assert!(event.telescopes.iter().map(ids).all(|id| id == 2 || id == 3));
        assert!(event.triggers.iter().all(|t| t.tel_id == 2 || t.tel_id == 3));
        assert_eq!(event.obs_id, run.obs_id);
        n += 1;
    }
    assert_eq!(n, 2);
    let options = SourceOptions { override_obs_id: Some(7), ..Default::default() };
    assert_eq!(open(options).obs_id(), 7);
    let options = SourceOptions { allowed_tels: Some([2, 99].into()), ..Default::default() };
    let error = SimtelEventSource::open(&input, options).err().unwrap();
    assert!(error.to_string().contains("99"), "{error}");
}
