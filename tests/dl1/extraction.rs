//! Waveforms to images, with every extractor.

use tierline::dl1::calib::{
    CameraCalibrator, GainSelector, R1Calibration, Waveforms, pixel_status,
};
use tierline::dl1::event::{EventType, Image, TelescopeEvent};
use tierline::dl1::extract::{EXTRACTORS, Scratch, extractor};
use tierline::dl1::instrument::{Camera, TelescopeDescription};
use tierline::dl1::random::Random;
use tierline::dl1::settings::Settings;
use tierline::dl1::simtel::source::FocalLengthChoice;
use tierline::dl1::simtel::{SimtelEventSource, SourceOptions};
use tierline_tests::data::shared;

use super::golden::{Golden, STEPS, assert_near, assert_same};

#[test]
fn waveforms_are_extracted_alike() {
    let mut telescopes = 0;
    for input in STEPS {
        let Some(golden) = Golden::steps(input) else { return };
        let Some(path) = shared(&format!("data/dl1/{input}")) else { return };
        let options = SourceOptions { skip_calibration_events: false, ..SourceOptions::default() };
        let mut source = SimtelEventSource::open(&path, options).unwrap();
        let (subarray, converter) = (source.subarray().clone(), source.converter().clone());
        let stored = golden.telescopes();
        let mut random = Random::default();
        for event in source.by_ref().map_while(Result::ok) {
            let event = converter.convert(&event).unwrap().event;
            for telescope in &event.telescopes {
                let at = format!("/event_{}/tel_{:03}", event.event_id.abs(), telescope.tel_id);
                if !stored.iter().any(|(stored, _)| *stored == at) {
                    continue;
                }
                let description = subarray.telescope(telescope.tel_id).unwrap();
                let camera = subarray.camera(telescope.tel_id).unwrap();
                let camera = Camera::new(&path, camera, description.focal_length_m).unwrap();
                let case =
                    Case { golden: &golden, at: &at, telescope, description, camera: &camera };
                case.check(event.event_type, &mut random);
                telescopes += 1;
            }
        }
        let expected = golden.camera_of("tel_001");
        let first = subarray.camera(1).unwrap();
        let found = Camera::new(&path, first, subarray.telescopes[0].focal_length_m).unwrap();
        let (found, expected) = (&found.camera_frame, &expected.camera_frame);
        assert_near(&format!("{input} pix_x"), &found.x, &expected.x, 1e-9, 1.0);
        assert_near(&format!("{input} pix_y"), &found.y, &expected.y, 1e-9, 1.0);
        assert_near(&format!("{input} pix_area"), &found.area, &expected.area, 1e-9, 1.0);
    }
    assert_eq!(telescopes, 16);
}

struct Case<'a> {
    golden: &'a Golden,
    at: &'a str,
    telescope: &'a TelescopeEvent,
    description: &'a TelescopeDescription,
    camera: &'a Camera,
}

impl Case<'_> {
    fn check(&self, event_type: EventType, random: &mut Random) {
        let Case { golden, at, telescope, camera, .. } = self;
        let selector = (event_type == EventType::SUBARRAY).then(GainSelector::default);
        let mut waveforms = Waveforms::default();
        R1Calibration::default().run(telescope, selector.as_ref(), &mut waveforms).unwrap();
        let sum = |row: &[f32]| row.iter().map(|sample| f64::from(*sample)).sum::<f64>() as f32;
        let sums: Vec<f32> = waveforms.data.chunks(waveforms.n_samples).map(sum).collect();
        assert_same(at, &sums, &golden.f32s(&format!("{at}/r1_pixel_sum")));
        let total: f64 = waveforms.data.iter().map(|sample| f64::from(*sample)).sum();
        assert_near(at, &[total], &golden.numbers(at, "r1_sum"), 1e-9, 1.0);
        let broken = &telescope.calibration.broken;
        assert_same(at, broken, &golden.mask(&format!("{at}/outlier_mask")));
        let status: Vec<i64> =
            pixel_status(&waveforms, broken).into_iter().map(i64::from).collect();
        assert_same(at, &status, &golden.ints(&format!("{at}/pixel_status")));
        if let Some(selected) = &waveforms.selected_gain {
            let selected: Vec<i64> = selected.iter().map(|gain| i64::from(*gain)).collect();
            assert_same(at, &selected, &golden.ints(&format!("{at}/selected_gain_channel")));
        }
        let mut scratch = Scratch::default();
        for kind in EXTRACTORS {
            let group = format!("{at}/{}", kind.name);
            let readout = &camera.readout;
            let tel_id = telescope.tel_id;
            let description = &self.description.description;
            let extractor =
                extractor(kind.name, &Settings::default(), tel_id, description, readout).unwrap();
            let calibrator = CameraCalibrator::new(extractor);
            let mut image = Image::default();
            let done = calibrator.run(
                &mut waveforms.clone(),
                &telescope.calibration,
                camera,
                (&mut scratch, random),
                &mut image,
            );
            if !golden.has(&group, "image") {
                assert!(done.is_err(), "{group}");
                continue;
            }
            done.unwrap();
            compare(golden, &group, &image);
        }
    }
}

fn compare(golden: &Golden, group: &str, image: &Image) {
    assert_eq!(image.is_valid, golden.number(group, "is_valid") != 0.0, "{group}");
    let f64s = |values: &[f32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
    // Functions of the system's library of mathematics are used by these two alone.
    let exact = !group.ends_with("FlashCamExtractor") && !group.ends_with("TwoPassWindowSum");
    let tolerance = if exact { 0.0 } else { 1e-6 };
    let (found, expected) = (f64s(&image.image), golden.f64s(&format!("{group}/image")));
    assert_near(&format!("{group} image"), &found, &expected, tolerance, 1.0);
    if golden.has(group, "peak_time") {
        let (found, expected) =
            (f64s(&image.peak_time), golden.f64s(&format!("{group}/peak_time")));
        assert_near(&format!("{group} peak_time"), &found, &expected, tolerance, 1.0);
    } else {
        assert!(image.peak_time.is_empty(), "{group}");
    }
}

/// Inputs of stored files of images, and whether they lack the effective focal length.
const FILES: [(&str, &str, bool); 9] = [
    ("40k_pixels", "40k_pixels.simtel.zst", true),
    ("aux_traces_2029", "aux_traces_2029.simtel.zst", false),
    ("gamma_with_obslevel_particles", "gamma_with_obslevel_particles.simtel.zst", false),
    ("gct_checs_muons", "gct_checs_muons.simtel.zst", false),
    ("history_meta_75", "history_meta_75.simtel.zst", false),
    ("lst_muons", "lst_muons.simtel.zst", true),
    ("n_hv_disabled", "n_hv_disabled.simtel.gz", false),
    ("prod4_pixelsettings_v3", "prod4_pixelsettings_v3.gz", false),
    ("test_lasercal_v3", "test_lasercal_v3.simtel.gz", false),
];

#[test]
fn whole_files_have_the_same_images() {
    for (name, input, equivalent) in FILES {
        let mut images = 0;
        let Some(stored) = shared(&format!("golden/dl1/dl1_files/{name}.dl1.h5")) else { return };
        let Some(path) = shared(&format!("data/dl1/{input}")) else { return };
        let golden = Golden::open(&stored);
        let mut options = SourceOptions::default();
        if equivalent {
            options.focal_length_choice = FocalLengthChoice::Equivalent;
        }
        let mut source = SimtelEventSource::open(&path, options).unwrap();
        let (subarray, converter) = (source.subarray().clone(), source.converter().clone());
        let (mut scratch, mut random) = (Scratch::default(), Random::default());
        let (mut waveforms, mut image) = (Waveforms::default(), Image::default());
        for event in source.by_ref().map_while(Result::ok) {
            let event = converter.convert(&event).unwrap().event;
            for telescope in &event.telescopes {
                let tel_id = telescope.tel_id;
                let what = format!("{name} event {} tel {tel_id}", event.event_id);
                let description = subarray.telescope(tel_id).unwrap();
                let camera = subarray.camera(tel_id).unwrap();
                let camera = Camera::new(&path, camera, description.focal_length_m).unwrap();
                let (kind, settings) = ("NeighborPeakWindowSum", Settings::default());
                let description = &description.description;
                let extractor = extractor(kind, &settings, tel_id, description, &camera.readout);
                let calibrator = CameraCalibrator::new(extractor.unwrap());
                let selector = GainSelector::default();
                R1Calibration::default().run(telescope, Some(&selector), &mut waveforms).unwrap();
                let calibration = &telescope.calibration;
                let with = (&mut scratch, &mut random);
                calibrator.run(&mut waveforms, calibration, &camera, with, &mut image).unwrap();
                let table = format!("/dl1/event/telescope/images/tel_{tel_id:03}");
                let mut table = golden.0.table(&table).unwrap();
                let events = table.column("event_id", 0..usize::MAX).unwrap();
                let row = events.iter_f64().position(|id| id == event.event_id as f64).unwrap();
                for (column, found) in [("image", &image.image), ("peak_time", &image.peak_time)] {
                    let expected = table.column(column, row..row + 1).unwrap();
                    let expected: Vec<f32> = expected.iter_f64().map(|x| x as f32).collect();
                    assert_same(&format!("{what} {column}"), found, &expected);
                }
                images += 1;
            }
        }
        let tables = golden.names("/dl1/event/telescope/images");
        let rows = |name: &String| {
            golden.0.table(&format!("/dl1/event/telescope/images/{name}")).unwrap().rows()
        };
        assert_eq!(images, tables.iter().map(rows).sum::<usize>(), "{name}");
    }
}
