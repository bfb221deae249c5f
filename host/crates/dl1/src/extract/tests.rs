use proptest::prelude::*;

use super::*;
use crate::calib::Waveforms;
use crate::instrument::Camera;
use crate::instrument::camera_tests::{camera, description};
use crate::random::Random;
use crate::settings::Value;

const SAMPLES: usize = 40;

/// Waveforms of a camera: a triangle of 5 samples, of a height and at a place that each pixel has.
fn waveforms(
    camera: &Camera,
    height: impl Fn(usize) -> f32,
    at: impl Fn(usize) -> i32,
) -> Waveforms {
    let n_pixels = camera.n_pixels();
    let sample = |pixel: usize, sample: usize| {
        height(pixel) * (3.0 - (sample as i32 - at(pixel)).abs() as f32).max(0.0)
    };
    let row = |pixel| (0..SAMPLES).map(move |at| (pixel, at));
    let data = (0..n_pixels).flat_map(row).map(|(pixel, at)| sample(pixel, at)).collect();
    let selected_gain = Some(vec![0; n_pixels]);
    Waveforms { n_channels: 1, n_pixels, n_samples: SAMPLES, data, selected_gain }
}

fn prepare(name: &str, set: &[(&str, Value)]) -> Box<dyn Extractor> {
    let mut settings = Settings::default();
    for (name, value) in set {
        settings.set(name, value.clone());
    }
    extractor(name, &settings, 1, "LST_LST_LSTCam", &description(3).readout).unwrap()
}

/// The image of an extractor without corrections.
fn extract(name: &str, set: &[(&str, Value)], waveforms: &Waveforms, camera: &Camera) -> Image {
    let mut set = set.to_vec();
    let kind = EXTRACTORS.iter().find(|kind| kind.name == name).unwrap();
    if kind.settings.contains(&"apply_integration_correction") {
        set.push(("apply_integration_correction", Value::Bool(false)));
    }
    let broken = vec![false; 2 * camera.n_pixels()];
    run(&*prepare(name, &set), waveforms, &broken, camera)
}

fn run(with: &dyn Extractor, waveforms: &Waveforms, broken: &[bool], camera: &Camera) -> Image {
    let signals = Signals { waveforms, broken, camera };
    let (mut scratch, mut image) = (Scratch::default(), Image::default());
    if let Some(first) = with.extract(&signals, &mut scratch, &mut image).unwrap() {
        let pairs = Random::default().pairs(first.n_points());
        with.finish(&signals, first, &pairs, &mut image).unwrap();
    }
    image
}

#[test]
fn pulses_are_found_and_summed() {
    let camera = camera(3);
    let pulses = waveforms(&camera, |_| 2.0, |_| 20);
    for name in [
        "FullWaveformSum",
        "GlobalPeakWindowSum",
        "LocalPeakWindowSum",
        "NeighborPeakWindowSum",
        "BaselineSubtractedNeighborPeakWindowSum",
        "SlidingWindowMaxSum",
        "TwoPassWindowSum",
    ] {
        let image = extract(name, &[], &pulses, &camera);
        assert_eq!(image.image, [18.0; 37], "{name}");
        assert_eq!(image.peak_time, [20.0; 37], "{name}");
        assert!(image.is_valid, "{name}");
    }
    let fixed = extract("FixedWindowSum", &[("peak_index", Value::Int(19))], &pulses, &camera);
    assert_eq!(
        (fixed.image[0], fixed.peak_time[0]),
        (16.0, (4 * 19 + 6 * 20 + 4 * 21 + 2 * 22) as f32 / 16.0)
    );
    let spread = extract("VarianceExtractor", &[], &pulses, &camera);
    assert!((spread.image[3] - (76.0 / 40.0 - 0.45 * 0.45)).abs() < 1e-6);
    assert!(spread.peak_time.is_empty());
}

#[test]
fn windows_end_with_the_waveform() {
    let camera = camera(3);
    let pulses = waveforms(&camera, |_| 1.0, |_| 0);
    let image = extract("LocalPeakWindowSum", &[], &pulses, &camera);
    assert_eq!((image.image[0], image.peak_time[0]), (6.0, (2.0 + 2.0) / 6.0));
    let before = [("peak_index", Value::Int(-50))];
    let image = extract("FixedWindowSum", &before, &pulses, &camera);
    assert_eq!((image.image[0], image.peak_time[0]), (0.0, -50.0));
    let far = [("peak_index", Value::Int(i64::MAX)), ("window_shift", Value::Int(i64::MIN))];
    assert_eq!(extract("FixedWindowSum", &far, &pulses, &camera).image[0], 0.0);
    let wide = [("window_width", Value::Int(i64::MAX)), ("window_shift", Value::Int(i64::MAX))];
    assert!(extract("NeighborPeakWindowSum", &wide, &pulses, &camera).image[0].is_finite());
}

#[test]
fn the_neighbours_tell_the_peak() {
    let camera = camera(3);
    let middle = 18;
    let around = camera.graph.neighbours.of(middle)[0] as usize;
    // One neighbour is loud and late.
    let height = |pixel: usize| if pixel == around { 90.0 } else { 1.0 };
    let pulses = waveforms(&camera, height, |pixel| if pixel == around { 30 } else { 10 });
    let mut broken = vec![false; 37];
    let with = prepare("NeighborPeakWindowSum", &[]);
    let image = run(&*with, &pulses, &broken, &camera);
    assert_eq!(image.image[around], 0.0, "its neighbours are early, where it has nothing");
    let plain = [("apply_integration_correction", Value::Bool(false))];
    let with = prepare("NeighborPeakWindowSum", &plain);
    let image = run(&*with, &pulses, &broken, &camera);
    assert_eq!((image.image[middle], image.peak_time[middle]), (0.0, 30.0));
    broken[around] = true;
    let image = run(&*with, &pulses, &broken, &camera);
    assert_eq!((image.image[middle], image.peak_time[middle]), (9.0, 10.0));
    let own = [plain[0].clone(), ("local_weight", Value::Int(1000))];
    let image = run(&*prepare("NeighborPeakWindowSum", &own), &pulses, &broken, &camera);
    assert_eq!((image.image[around], image.peak_time[around]), (810.0, 30.0));
    broken.fill(true);
    let image = run(&*with, &pulses, &broken, &camera);
    assert_eq!(image.peak_time[middle], 0.0);
}

#[test]
fn some_of_the_brightest_tell_the_global_peak() {
    let camera = camera(3);
    let bright = |pixel: usize| pixel == 5 || pixel == 6;
    let pulses = waveforms(
        &camera,
        |p| if bright(p) { 3.0 } else { 1.0 },
        |p| if bright(p) { 30 } else { 10 },
    );
    let all = extract("GlobalPeakWindowSum", &[], &pulses, &camera);
    assert_eq!((all.image[0], all.image[5]), (9.0, 0.0));
    let some = [("pixel_fraction", Value::Float(0.06))];
    let some = extract("GlobalPeakWindowSum", &some, &pulses, &camera);
    assert_eq!((some.image[0], some.image[5]), (0.0, 27.0));
}

#[test]
fn the_second_pass_looks_where_the_first_one_tells() {
    let camera = camera(3);
    let frame = &camera.camera_frame;
    // Light runs along x through the row in the middle; another pixel has noise elsewhere.
    let row = |pixel: usize| frame.y[pixel].abs() < 1e-9;
    let at = |pixel: usize| 20 + (frame.x[pixel] / 0.05).round() as i32;
    let height = |pixel: usize| if row(pixel) { 10.0 } else { 0.25 };
    let pulses = waveforms(&camera, height, |pixel| if row(pixel) { at(pixel) } else { 30 });
    let image = extract("TwoPassWindowSum", &[], &pulses, &camera);
    assert!(image.is_valid);
    let outside = (0..37).find(|pixel| !row(*pixel)).unwrap();
    assert_eq!((image.image[18], image.image[outside]), (90.0, 0.0));
    assert!((image.peak_time[outside] - at(outside) as f32).abs() <= 1.0);
    let first = [("disable_second_pass", Value::Bool(true))];
    let image = extract("TwoPassWindowSum", &first, &pulses, &camera);
    assert_eq!((image.image[outside], image.peak_time[outside]), (2.25, 30.0));
    let dark = waveforms(&camera, |_| 0.1, |_| 20);
    assert!(!extract("TwoPassWindowSum", &[], &dark, &camera).is_valid);
}

#[test]
fn slow_pulses_keep_their_charge_and_time() {
    let mut camera = camera(3);
    // A pulse that rises for 2 ns from 2 ns on, and decays slowly; it starts 10 samples into the waveforms.
    let shape = |time: f64| {
        let x = ((time - 2.0) / 2.0).max(0.0);
        x * (1.0 - x).exp()
    };
    let pulse: Vec<f64> = (0..400).map(|k| shape(f64::from(k) * 0.1)).collect();
    let charge = 3.0 * pulse.iter().sum::<f64>() * 0.1;
    camera.readout.reference_pulse_shape = vec![pulse.clone(), pulse];
    let mut pulses = waveforms(&camera, |_| 0.0, |_| 0);
    for (at, sample) in pulses.data.iter_mut().enumerate() {
        *sample = 3.0 * shape((at % SAMPLES) as f64 - 10.0) as f32;
    }
    for edge in [true, false] {
        let mut settings = Settings::default();
        settings.set("effective_time_profile_std", Value::Int(0));
        settings.set("leading_edge_timing", Value::Bool(edge));
        settings.set("window_width", Value::Int(24)).set("window_shift", Value::Int(8));
        let with = extractor("FlashCamExtractor", &settings, 1, "MST", &camera.readout).unwrap();
        let image = run(&*with, &pulses, &[false; 74], &camera);
        assert!((f64::from(image.image[5]) / charge - 1.0).abs() < 0.02, "{}", image.image[5]);
        // Within a sample: the shift is the mean of all phases of sampling, this is one of them.
        assert!((image.peak_time[5] - 14.0).abs() < 1.0, "{}", image.peak_time[5]);
    }
}

#[test]
fn corrections_make_up_for_what_is_outside() {
    let camera = camera(3);
    // The camera's pulse is a triangle of 10 samples; a window of 4 holds 0.64 of it, nearly.
    let factors = integration_correction(&camera.readout, 4, 2).unwrap();
    assert!((factors[0] - 1.0 / 0.64).abs() < 0.05 && factors[0] == factors[1]);
    assert_eq!(integration_correction(&camera.readout, 4, -1000).unwrap(), [1.0, 1.0]);
    let all = integration_correction(&camera.readout, 100, 50).unwrap();
    assert!((all[0] - 1.0).abs() < 1e-12);
    let sliding = sliding_window_correction(&camera.readout, 4).unwrap();
    assert!((sliding[0] - 1.0 / 0.64).abs() < 0.01);
    let pulses = waveforms(&camera, |_| 2.0, |_| 20);
    let broken = vec![false; 74];
    let with = prepare(
        "LocalPeakWindowSum",
        &[("window_width", Value::Int(4)), ("window_shift", Value::Int(2))],
    );
    let image = run(&*with, &pulses, &broken, &camera);
    assert_eq!(image.image[0], (16.0 * factors[0]) as f32);
}

#[test]
fn pulses_that_say_nothing_are_errors_when_they_are_needed() {
    let camera = camera(3);
    let pulses = waveforms(&camera, |_| 2.0, |_| 20);
    let mut readout = camera.readout.clone();
    for (shape, step, rate) in [
        (vec![], 0.1, 1.0),
        (vec![vec![]], 0.1, 1.0),
        (vec![vec![0.0; 9]], 0.1, 1.0),
        (vec![vec![1.0; 9]], 0.0, 1.0),
        (vec![vec![1.0; 9]], 0.1, 0.0),
        (vec![vec![1.0; 9]], f64::NAN, 1.0),
        (vec![vec![1.0; 9]], 0.1, f64::INFINITY),
        (vec![vec![1.0; 9]], 1e300, 1e-300),
        (vec![vec![f64::NAN; 9]], 0.1, 1.0),
    ] {
        readout.reference_pulse_shape = shape;
        readout.reference_pulse_sample_width_ns = step;
        readout.sampling_rate_ghz = rate;
        for kind in EXTRACTORS {
            let with = extractor(kind.name, &Settings::default(), 1, "LST", &readout).unwrap();
            let signals = Signals { waveforms: &pulses, broken: &[false; 74], camera: &camera };
            let (mut scratch, mut image) = (Scratch::default(), Image::default());
            let done = with.extract(&signals, &mut scratch, &mut image);
            let needs_none = ["FullWaveformSum", "VarianceExtractor"].contains(&kind.name);
            assert!(done.is_ok() || !needs_none, "{}", kind.name);
            if readout.reference_pulse_shape.is_empty() {
                assert_eq!(done.is_ok(), needs_none, "{}", kind.name);
            }
        }
    }
}

#[test]
fn wrong_names_and_settings_are_refused() {
    let readout = description(3).readout;
    let named = |name: &str| extractor(name, &Settings::default(), 1, "LST", &readout);
    let error = named("Extractor").err().unwrap().to_string();
    assert!(error.contains("NeighborPeakWindowSum"), "{error}");
    for (name, setting, value) in [
        ("FullWaveformSum", "window_width", Value::Int(7)),
        ("LocalPeakWindowSum", "window_width", Value::Int(-1)),
        ("LocalPeakWindowSum", "window_width", Value::Float(7.0)),
        ("GlobalPeakWindowSum", "pixel_fraction", Value::Float(1.5)),
        ("SlidingWindowMaxSum", "window_width", Value::Int(0)),
        ("TwoPassWindowSum", "invalid_pixel_handler_type", Value::Text("Other".into())),
        ("FlashCamExtractor", "upsampling", Value::Int(0)),
        ("FlashCamExtractor", "upsampling", Value::Int(i64::MAX)),
        ("FlashCamExtractor", "effective_time_profile_std", Value::Float(-1.0)),
        ("FlashCamExtractor", "leading_edge_rel_descend_limit", Value::Float(2.0)),
    ] {
        let mut settings = Settings::default();
        settings.set(setting, value.clone());
        let refused = extractor(name, &settings, 1, "LST", &readout).err();
        assert!(refused.is_some(), "{name} {setting} {value:?}");
    }
}

#[test]
fn wrong_sizes_are_refused() {
    let camera = camera(3);
    let pulses = waveforms(&camera, |_| 2.0, |_| 20);
    let other = self::camera(2);
    let short = Waveforms { n_samples: SAMPLES - 1, ..pulses.clone() };
    let none = Waveforms { n_samples: 0, data: Vec::new(), ..pulses.clone() };
    let gains = Waveforms { selected_gain: Some(vec![1; 37]), ..pulses.clone() };
    for kind in EXTRACTORS {
        let with = prepare(kind.name, &[]);
        let fails = |waveforms: &Waveforms, broken: &[bool], camera: &Camera| {
            let signals = Signals { waveforms, broken, camera };
            with.extract(&signals, &mut Scratch::default(), &mut Image::default()).is_err()
        };
        assert!(!fails(&pulses, &[false; 37], &camera), "{}", kind.name);
        assert!(fails(&pulses, &[false; 36], &camera), "{}", kind.name);
        assert!(fails(&pulses, &[false; 74], &other), "{}", kind.name);
        assert!(fails(&short, &[false; 74], &camera), "{}", kind.name);
        assert!(fails(&none, &[false; 74], &camera), "{}", kind.name);
        assert!(fails(&gains, &[false; 37], &camera), "{}", kind.name);
    }
}

proptest! {
    /// Blocks of samples and single ones are summed alike, whatever the numbers of both.
    #[test]
    fn neighbours_are_summed_as_they_are_told(
        n_samples in 1_usize..30,
        seed in proptest::collection::vec(-9_i8..9, 7 * 30),
        weight in 0_i64..3,
    ) {
        let camera = camera(1);
        let data: Vec<f32> = seed.iter().take(7 * n_samples).map(|x| f32::from(*x)).collect();
        let selected_gain = Some(vec![0; 7]);
        let pulses =
            Waveforms { n_channels: 1, n_pixels: 7, n_samples, data, selected_gain };
        let set = [
            ("local_weight", Value::Int(weight)),
            ("window_width", Value::Int(1)),
            ("window_shift", Value::Int(0)),
        ];
        let image = extract("NeighborPeakWindowSum", &set, &pulses, &camera);
        for pixel in 0..7 {
            let total = |at: usize| -> f32 {
                let around = camera.graph.neighbours.of(pixel).iter();
                let around: f32 = around.map(|k| pulses.row(0, *k as usize)[at]).sum();
                around + weight as f32 * pulses.row(0, pixel)[at]
            };
            let peak = (0..n_samples).rev().max_by(|a, b| total(*a).total_cmp(&total(*b))).unwrap();
            prop_assert_eq!(image.image[pixel], pulses.row(0, pixel)[peak]);
        }
    }
}
