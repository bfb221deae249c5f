//! Parameters of stored images, in the order of the file.

use std::collections::BTreeMap;
use std::path::Path;

use tierline::dl1::clean::{Cleaner, Picture, Thresholds};
use tierline::dl1::event::Image;
use tierline::dl1::instrument::{
    Camera, CameraDescription, CameraGeometry, CameraReadout, PixelShape,
};
use tierline::dl1::parameters::{ImageParameters, describe, describe_true};
use tierline::dl1::random::Random;
use tierline::h5::pytables::Table;

use super::golden::{Golden, assert_same, files};

/// Values of columns of a row.
fn numbers(table: &mut Table, name: &str) -> Vec<f64> {
    table.column(name, 0..usize::MAX).unwrap().iter_f64().collect()
}

/// The prepared cameras of all telescopes, by number.
fn cameras(golden: &Golden) -> BTreeMap<i64, Camera> {
    let base = "/configuration/instrument";
    let mut optics = golden.0.table(&format!("{base}/telescope/optics")).unwrap();
    let effective = numbers(&mut optics, "effective_focal_length");
    let equivalent = numbers(&mut optics, "equivalent_focal_length");
    let mut layout = golden.0.table(&format!("{base}/subarray/layout")).unwrap();
    let tel_ids = numbers(&mut layout, "tel_id");
    let camera_index = numbers(&mut layout, "camera_index");
    let optics_index = numbers(&mut layout, "optics_index");
    let mut cameras = BTreeMap::new();
    for (row, tel_id) in tel_ids.iter().enumerate() {
        let path = format!("{base}/telescope/camera/geometry_{}", camera_index[row]);
        let mut table = golden.0.table(&path).unwrap();
        let pix_type = match &golden.text(&path, "PIX_TYPE")[..] {
            "hexagon" => PixelShape::Hexagon,
            "square" => PixelShape::Square,
            "circle" => PixelShape::Circle,
            other => panic!("{other}"),
        };
        let geometry = CameraGeometry {
            name: golden.text(&path, "CAM_ID"),
            pix_x: numbers(&mut table, "pix_x"),
            pix_y: numbers(&mut table, "pix_y"),
            pix_area: numbers(&mut table, "pix_area"),
            pix_type,
            pix_rotation_deg: golden.number(&path, "PIX_ROT"),
            cam_rotation_deg: golden.number(&path, "CAM_ROT"),
        };
        let readout = CameraReadout {
            name: geometry.name.clone(),
            sampling_rate_ghz: 1.0,
            n_pixels: geometry.n_pixels(),
            n_channels: 1,
            n_samples: 1,
            reference_pulse_shape: Vec::new(),
            reference_pulse_sample_width_ns: 1.0,
        };
        let at = optics_index[row] as usize;
        let focal = if effective[at].is_nan() { equivalent[at] } else { effective[at] };
        let description = CameraDescription { geometry, readout };
        cameras.insert(*tel_id as i64, Camera::new(golden.0.path(), &description, focal).unwrap());
    }
    cameras
}

/// Parameters by the names of their columns.
fn named(found: &ImageParameters) -> Vec<(&'static str, f64)> {
    let ImageParameters {
        hillas,
        timing,
        leakage,
        concentration,
        morphology,
        intensity,
        peak_time,
    } = found;
    let mut all = vec![
        ("hillas_intensity", hillas.intensity),
        ("hillas_skewness", hillas.skewness),
        ("hillas_kurtosis", hillas.kurtosis),
        ("hillas_fov_lon", hillas.x),
        ("hillas_fov_lat", hillas.y),
        ("hillas_r", hillas.r),
        ("hillas_phi", hillas.phi),
        ("hillas_length", hillas.length),
        ("hillas_length_uncertainty", hillas.length_uncertainty),
        ("hillas_width", hillas.width),
        ("hillas_width_uncertainty", hillas.width_uncertainty),
        ("hillas_psi", hillas.psi),
        ("hillas_psi_uncertainty", hillas.psi_uncertainty),
        ("hillas_transverse_cog_uncertainty", hillas.transverse_cog_uncertainty),
        ("timing_slope", timing.slope),
        ("timing_intercept", timing.intercept),
        ("timing_deviation", timing.deviation),
        ("leakage_pixels_width_1", leakage.pixels_width[0]),
        ("leakage_pixels_width_2", leakage.pixels_width[1]),
        ("leakage_intensity_width_1", leakage.intensity_width[0]),
        ("leakage_intensity_width_2", leakage.intensity_width[1]),
        ("concentration_cog", concentration.cog),
        ("concentration_core", concentration.core),
        ("concentration_pixel", concentration.pixel),
    ];
    let counts = [
        ("morphology_n_pixels", morphology.n_pixels),
        ("morphology_n_islands", morphology.n_islands),
        ("morphology_n_small_islands", morphology.n_small_islands),
        ("morphology_n_medium_islands", morphology.n_medium_islands),
        ("morphology_n_large_islands", morphology.n_large_islands),
    ];
    all.extend(counts.map(|(name, count)| (name, count as f64)));
    all.extend([
        ("intensity_max", intensity.max),
        ("intensity_min", intensity.min),
        ("intensity_mean", intensity.mean),
        ("intensity_std", intensity.std),
        ("intensity_skewness", intensity.skewness),
        ("intensity_kurtosis", intensity.kurtosis),
        ("peak_time_max", peak_time.max),
        ("peak_time_min", peak_time.min),
        ("peak_time_mean", peak_time.mean),
        ("peak_time_std", peak_time.std),
        ("peak_time_skewness", peak_time.skewness),
        ("peak_time_kurtosis", peak_time.kurtosis),
    ]);
    all
}

/// How far off a value may be: as a share of it, or at least of 1e-3 of a unit.
fn tolerance(name: &str) -> f64 {
    match name {
        _ if name.ends_with("_max") || name.ends_with("_min") || name.starts_with("morphology") => {
            0.0
        }
        _ if name.starts_with("intensity") || name.starts_with("peak_time") => {
            if name.ends_with("mean") || name.ends_with("std") { 0.0 } else { 1e-10 }
        }
        _ => 1e-8,
    }
}

/// Rows of the parameters and the images of a telescope.
struct Rows {
    parameters: Table,
    image: Table,
}

impl Rows {
    /// Row of an event in the table of images.
    fn open(golden: &Golden, tel: &str, true_: bool) -> Option<Self> {
        let base = if true_ { "/simulation/event/telescope" } else { "/dl1/event/telescope" };
        let table = |kind: &str| golden.0.table(&format!("{base}/{kind}/tel_{tel}"));
        Some(Rows { parameters: table("parameters").ok()?, image: table("images").ok()? })
    }

    fn check(&mut self, row: usize, prefix: &str, found: &ImageParameters, what: &str) -> usize {
        let pixels = found.morphology.n_pixels;
        let mut compared = 0;
        for (name, found) in named(found) {
            let full = format!("{prefix}{name}");
            if name.starts_with("timing") && (0..4).contains(&pixels) {
                continue;
            }
            // Tables of true images have no times.
            if !prefix.is_empty() && (name.starts_with("timing") || name.starts_with("peak_time")) {
                assert!(found.is_nan(), "{what} {name}");
                assert!(self.parameters.schema().column(&full).is_none(), "{what} {full}");
                continue;
            }
            let expected = self.parameters.column(&full, row..row + 1).unwrap();
            let expected = expected.get_f64(0).unwrap();
            let mut off = (found - expected).abs();
            if name == "hillas_psi" {
                off = off.min((off - 180.0).abs());
            }
            let both_nan = found.is_nan() && expected.is_nan();
            let allowed = (tolerance(name) * expected.abs()).max(match tolerance(name) {
                0.0 => 0.0,
                _ => 1e-9,
            });
            assert!(both_nan || off <= allowed, "{what} {full}: {found} is not {expected}");
            compared += 1;
        }
        compared
    }
}

fn f32s(table: &mut Table, name: &str, row: usize) -> Vec<f32> {
    let array = table.column(name, row..row + 1).unwrap();
    array.iter_f64().map(|value| value as f32).collect()
}

fn check(path: &Path) -> usize {
    let golden = Golden::open(path);
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let cameras = cameras(&golden);
    let mut random = Random::default();
    let mut compared = 0;
    for (event_id, tel_id) in in_file_order(&golden) {
        let tel = format!("{tel_id:03}");
        let camera = &cameras[&tel_id];
        let (frame, graph) = (&camera.telescope_frame, &camera.graph);
        let what = format!("{file} event {event_id} tel {tel}");
        if let Some(mut rows) = Rows::open(&golden, &tel, false) {
            let row = row_of(&mut rows.image, event_id);
            let image = Image {
                image: f32s(&mut rows.image, "image", row),
                peak_time: f32s(&mut rows.image, "peak_time", row),
                is_valid: true,
            };
            let mask: Vec<bool> =
                f32s(&mut rows.image, "image_mask", row).iter().map(|flag| *flag != 0.0).collect();
            let cleaned = Thresholds::default().clean(&Picture::new(&image, graph)).unwrap();
            assert_same(&what, &cleaned, &mask);
            let described = describe(&image.image, &image.peak_time, &mask, frame, graph).unwrap();
            let found = described.finish_with(&mut random);
            compared += rows.check(row, "", &found, &what);
        }
        if let Some(mut rows) = Rows::open(&golden, &tel, true) {
            let row = row_of(&mut rows.image, event_id);
            if rows.image.schema().column("true_image").is_some() {
                let image = rows.image.column("true_image", row..row + 1).unwrap();
                let image: Vec<i32> =
                    (0..image.len()).map(|at| image.get_i64(at).unwrap() as i32).collect();
                let found = describe_true(&image, frame, graph).unwrap();
                compared += rows.check(row, "true_", &found, &what);
            }
        }
    }
    compared
}

fn row_of(table: &mut Table, event_id: i64) -> usize {
    let events = numbers(table, "event_id");
    events.iter().position(|event| *event == event_id as f64).unwrap()
}

/// Events and telescopes with images, as they were processed.
fn in_file_order(golden: &Golden) -> Vec<(i64, i64)> {
    let mut triggers = golden.0.table("/dl1/event/subarray/trigger").unwrap();
    let mut order = Vec::new();
    let mut images = BTreeMap::new();
    for name in golden.names("/dl1/event/telescope/images") {
        let mut table = golden.0.table(&format!("/dl1/event/telescope/images/{name}")).unwrap();
        let tel: i64 = name.trim_start_matches("tel_").parse().unwrap();
        images.insert(tel, numbers(&mut table, "event_id"));
    }
    for event in numbers(&mut triggers, "event_id") {
        let with_image = images.iter().filter(|(_, events)| events.contains(&event));
        order.extend(with_image.map(|(tel, _)| (event as i64, *tel)));
    }
    order
}

#[test]
fn stored_images_are_described_alike() {
    let files = files("dl1_files", ".h5");
    let compared: Vec<usize> = files.iter().map(|path| check(path)).collect();
    assert!(files.is_empty() || compared.iter().sum::<usize>() > 5000, "{compared:?}");
}
