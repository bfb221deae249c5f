//! Cameras, cleaning and extraction, step by step.

use tierline::dl1::clean::{Cleaner, Picture, cleaner};
use tierline::dl1::event::Image;
use tierline::dl1::extract::{Deconvolution, integration_correction, sliding_window_correction};
use tierline::dl1::settings::{Settings, Value};

use super::golden::{Golden, STEPS, assert_near, assert_same};

#[test]
fn cameras_are_prepared_alike() {
    for input in STEPS {
        let Some(golden) = Golden::steps(input) else { return };
        for tel in golden.names("/instrument") {
            let camera = golden.prepared(&tel);
            let at = |name: &str| format!("/instrument/{tel}/{name}");
            let what = |name: &str| format!("{input} {tel} {name}");
            let n = camera.n_pixels();
            let neighbours = &camera.graph.neighbours;
            let lists: Vec<i64> = (0..n)
                .flat_map(|pixel| neighbours.of(pixel).iter().map(|k| i64::from(*k)))
                .collect();
            assert_same(&what("neighbours"), &lists, &golden.ints(&at("neighbor_indices_sorted")));
            let ends = (0..n).scan(0, |end, pixel| {
                *end += neighbours.of(pixel).len() as i64;
                Some(*end)
            });
            let starts: Vec<i64> = std::iter::once(0).chain(ends).collect();
            assert_same(&what("indptr"), &starts, &golden.ints(&at("neighbor_indptr")));
            for (ring, name) in ["border_1", "border_2"].into_iter().enumerate() {
                assert_same(&what(name), &camera.graph.border[ring], &golden.mask(&at(name)));
            }
            for (name, found, tolerance) in [
                ("fov_lon_deg", &camera.telescope_frame.x, 1e-9),
                ("fov_lat_deg", &camera.telescope_frame.y, 1e-9),
                ("fov_pix_area_deg2", &camera.telescope_frame.area, 1e-9),
                ("pixel_width_m", &camera.camera_frame.width, 1e-9),
            ] {
                assert_near(&what(name), found, &golden.f64s(&at(name)), tolerance, 1.0);
            }
        }
    }
}

#[test]
fn pulses_are_corrected_alike() {
    for input in STEPS {
        let Some(golden) = Golden::steps(input) else { return };
        for tel in golden.names("/instrument") {
            let (path, readout) = (format!("/instrument/{tel}"), golden.camera(&tel).readout);
            let numbers = |value: &serde_json::Value| -> Vec<f64> {
                value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
            };
            let corrections = golden.json(&path, "integration_correction");
            let corrections = corrections.as_object().unwrap();
            assert!(corrections.len() >= 8);
            for (window, expected) in corrections {
                let (width, shift) = window.split_once(',').unwrap();
                let [width, shift] = [width, shift].map(|text| text.parse().unwrap());
                let found = integration_correction(&readout, width, shift).unwrap();
                let what = format!("{input} {tel} correction {window}");
                assert_near(&what, &found, &numbers(expected), 1e-12, 0.0);
            }
            let found = sliding_window_correction(&readout, 7).unwrap();
            let expected = golden.numbers(&path, "sliding_window_correction_7");
            assert_near(&format!("{input} {tel} sliding"), &found, &expected, 1e-12, 0.0);

            let deconvolution = Deconvolution {
                upsampling: 4,
                window_width: 7,
                window_shift: 3,
                leading_edge: true,
                descend_limit: 0.05,
                time_profile_std_ns: 2.0,
            };
            let found = deconvolution.parameters(&readout).unwrap();
            let expected = golden.json(&path, "flashcam_pz_gain_shift_pz2d");
            for (gain, found) in found.iter().enumerate() {
                let found = [found.pole_zero, found.gain, found.time_shift_ns, found.edge_shift];
                let expected: Vec<f64> = (0..4).map(|at| numbers(&expected[at])[gain]).collect();
                assert_near(&format!("{input} {tel} FlashCam"), &found, &expected, 1e-12, 1.0);
            }
        }
    }
}

/// The cleaner and the settings that a stored mask's name stands for.
fn cleaner_of(name: &str) -> Box<dyn Cleaner> {
    let thresholds = |picture: f64, boundary: f64, neighbours: i64| {
        let mut settings = Settings::default();
        settings
            .set("picture_threshold_pe", Value::Float(picture))
            .set("boundary_threshold_pe", Value::Float(boundary))
            .set("min_picture_neighbors", Value::Int(neighbours));
        settings
    };
    let tailcuts = "TailcutsImageCleaner";
    let (class, settings) = match name {
        "tailcuts_10_5_keep0_min2" => (tailcuts, thresholds(10.0, 5.0, 2)),
        "tailcuts_7_5_keep0_min0" => (tailcuts, thresholds(7.0, 5.0, 0)),
        "tailcuts_7_5_keep1_min0" => {
            let mut settings = thresholds(7.0, 5.0, 0);
            settings.set("keep_isolated_pixels", Value::Bool(true));
            (tailcuts, settings)
        }
        "mars_7_5_keep0_min1" => ("MARSImageCleaner", thresholds(7.0, 5.0, 1)),
        "fact_4_2_min2_5ns" => ("FACTImageCleaner", thresholds(4.0, 2.0, 2)),
        // This one was made with the largest island only, which its name does not say.
        "nsb_8_4_min2_t2_bright267" => {
            let mut settings = thresholds(8.0, 4.0, 2);
            settings.set("largest_island_only", Value::Bool(true));
            ("NSBImageCleaner", settings)
        }
        "timeconstrained_7_5_4.5_1.5_1" => ("TimeConstrainedImageCleaner", thresholds(7.0, 5.0, 1)),
        other => panic!("{other}"),
    };
    cleaner(class, &settings, 1, "LST_LST_LSTCam").unwrap()
}

#[test]
fn images_are_cleaned_alike() {
    let mut masks = 0;
    for input in STEPS {
        let Some(golden) = Golden::steps(input) else { return };
        for (path, tel) in golden.telescopes() {
            let extracted = format!("{path}/NeighborPeakWindowSum");
            if !golden.has(&extracted, "cleaning") {
                continue;
            }
            let camera = golden.camera_of(&tel);
            let image = Image {
                image: golden.f32s(&format!("{extracted}/image")),
                peak_time: golden.f32s(&format!("{extracted}/peak_time")),
                is_valid: true,
            };
            for name in golden.names(&format!("{extracted}/cleaning")) {
                let expected = golden.mask(&format!("{extracted}/cleaning/{name}"));
                let mask = cleaner_of(&name).clean(&Picture::new(&image, &camera.graph)).unwrap();
                assert_same(&format!("{input} {path} {name}"), &mask, &expected);
                masks += 1;
            }
        }
    }
    assert_eq!(masks, 14 * 7);
}
