//! Recordings of a FlashCam camera: from packets through the front end to images of what was put in.

use std::path::{Path, PathBuf};

use tierline::dl1::camera_file::{CameraFile, Pedestal, TraceMap};
use tierline::dl1::configuration::Configuration;
use tierline::dl1::event::{Dl1Event, EventType, Samples, TelescopeEvent};
use tierline::dl1::extract::integration_correction;
use tierline::dl1::reader::ctapipe::Reader;
use tierline::dl1::simtel::SimtelEventSource;
use tierline::dl1::simtel::source::FocalLengthChoice;
use tierline::dl1::writer::ctaml;
use tierline::dl1::{BuildDl1, Built, Error, Format};
use tierline::raw::BuildRaw;
use tierline::recordings::recordings;
use tierline_firmware_sim::emit::fcio::Emitter;
use tierline_firmware_sim::emit::fcio::showers::{STEP_NS, STEPS, ShowerCamera, ShowerRun, Truth};
use tierline_tests::data::shared;
use tierline_tests::streams::Stream;

use super::files::compare::{Free, differences};
use crate::{front_end, host};

const EVENTS: u32 = 60;

/// Who made a file and when.
const FREE: Free<'_> = Free { attributes: &["CTA "], columns: &[], objects: &[] };

/// A folder with a camera file and a recording.
struct Case {
    folder: tempfile::TempDir,
    camera: ShowerCamera,
    run: ShowerRun,
}

impl Case {
    fn new(camera: ShowerCamera, events: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = camera.run(events);
        let case = Case { folder, camera, run };
        std::fs::write(case.path("run.fcio"), &case.run.bytes).unwrap();
        std::fs::write(case.path("camera.yml"), case.camera.description()).unwrap();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes images with settings as on a command line.
    fn build(&self, input: &str, output: &str, settings: &[&str]) -> Result<Built, Error> {
        let camera = CameraFile::read(&self.path("camera.yml"))?;
        self.build_with(camera, input, output, settings)
    }

    fn build_with(
        &self,
        camera: CameraFile,
        input: &str,
        output: &str,
        settings: &[&str],
    ) -> Result<Built, Error> {
        let mut build = BuildDl1 {
            camera: Some((self.path("camera.yml"), camera)),
            recordings: Some(recordings()),
            threads: 2,
            overwrite: true,
            quiet: true,
            ..BuildDl1::default()
        };
        let mut configuration = Configuration::default();
        for setting in settings {
            configuration.set(setting)?;
        }
        configuration.set("DataWriter.write_dl1_images=true")?;
        build.configure(&mut configuration)?;
        configuration.finish()?;
        build.run(&[self.path(input)], &self.path(output))
    }

    /// Sends the recording through the front end, and collects what comes out.
    fn through_front_end(&self, output: &str) {
        let bytes = self.run.bytes.clone();
        let stream = Stream { name: "run.fcio".into(), format: "FCIO", bytes };
        let simulator = front_end::simulator(&stream);
        let (link, done) = front_end::send(&simulator, &stream);
        let got = front_end::collect(vec![link], None, &self.path(output));
        front_end::check_sum(&stream, &done, &got, "showers");
    }
}

fn events(path: &Path) -> Vec<Dl1Event> {
    let mut reader = Reader::open(path).unwrap();
    std::iter::from_fn(|| reader.next_event().unwrap()).collect()
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
}

const NEIGHBOR: &[&str] = &["CameraCalibrator.image_extractor_type=NeighborPeakWindowSum"];
const FLASHCAM: &[&str] = &[
    "CameraCalibrator.image_extractor_type=FlashCamExtractor",
    "FlashCamExtractor.effective_time_profile_std=0",
];

/// A camera with showers whose light is known, sampled as in the recordings.
struct Expected {
    /// Counts of a photo-electron and noise of a charge, per pixel.
    gains: Vec<f64>,
    /// The pulse, and its points to a sample.
    pulse: Vec<f64>,
}

impl Expected {
    fn of(camera: &CameraFile) -> Self {
        Expected { gains: camera.adc_per_pe.clone(), pulse: camera.reference_pulse.clone() }
    }

    /// Shares of a pulse in a window of 7 samples, 3 of them before the highest sample, or before the ones beside it;
    /// and the centroid of the samples in them, less the time of the pulse's peak.
    fn windows(&self, time_ns: f64) -> Vec<(f64, f64)> {
        let higher =
            |best: usize, at: usize| if self.pulse[at] > self.pulse[best] { at } else { best };
        let top = (0..self.pulse.len()).fold(0, higher);
        let first = top as i64 - (time_ns / STEP_NS).round() as i64;
        let at = |sample: i64| usize::try_from(first + sample * STEPS as i64).ok();
        let level = |sample| at(sample).and_then(|at| self.pulse.get(at)).copied().unwrap_or(0.0);
        let peak = (0..30).max_by(|a, b| level(*a).total_cmp(&level(*b))).unwrap();
        let total = self.pulse.iter().sum::<f64>() / STEPS as f64;
        let window = |peak: i64| {
            let range = || peak - 3..peak + 4;
            let sum: f64 = range().map(level).sum();
            let centre =
                range().map(|sample| 4.0 * sample as f64 * level(sample)).sum::<f64>() / sum;
            (sum / total, centre - time_ns)
        };
        (peak - 1..=peak + 1).map(window).collect()
    }
}

/// What the noise makes of the charge of a pixel in a window of so many samples, in photo-electrons: noise of each sample
/// and its rounding, and the part of the baseline that is cut off, which all samples share.
fn charge_noise(camera: &ShowerCamera, window: f64, gain: f64) -> f64 {
    let samples = window * (camera.noise * camera.noise + 1.0 / 12.0);
    let baseline = window * window / 12.0;
    (samples + baseline).sqrt() / gain
}

/// Smallest charge that is compared with what was put in.
const BRIGHT: f64 = 15.0;

#[test]
fn charges_of_showers_are_those_put_in() {
    let case = Case::new(ShowerCamera::default(), EVENTS);
    case.through_front_end("run.lh5");
    let camera = CameraFile::read(&case.path("camera.yml")).unwrap();
    let subarray = camera.subarray(30, FocalLengthChoice::Effective).unwrap();
    let factor = integration_correction(&subarray.cameras[0].readout, 7, 3).unwrap()[0];
    let expected = Expected::of(&camera);
    case.build("run.lh5", "out.h5", NEIGHBOR).unwrap();
    let events = events(&case.path("out.h5"));
    assert_eq!(events.len(), EVENTS as usize);
    let (mut dark, mut bright) = (Vec::new(), 0);
    for (event, truth) in events.iter().zip(&case.run.truth) {
        assert_eq!(event.event_id, i64::from(truth.event_number));
        let image = &event.telescopes[0].image;
        for (pixel, &put) in truth.charge.iter().enumerate() {
            let (found, time) = (f64::from(image.image[pixel]), f64::from(image.peak_time[pixel]));
            let noise = factor * charge_noise(&case.camera, 7.0, expected.gains[pixel]);
            if put == 0.0 {
                dark.push(found / noise);
            }
            if put < BRIGHT {
                continue;
            }
            bright += 1;
            // The neighbours say where the window is: at the pulse's peak, or a sample beside it.
            let windows = expected.windows(truth.time_ns[pixel]);
            let fits = |(share, late): &(f64, f64)| {
                (found - factor * share * put).abs() < 5.0 * noise
                    && (time - truth.time_ns[pixel] - late).abs() < 1.0
            };
            let number = event.event_id;
            assert!(
                windows.iter().any(fits),
                "event {number}, pixel {pixel}: {found} for {put} at {time}, {noise} {factor} {} {windows:?}",
                truth.time_ns[pixel]
            );
        }
    }
    assert!(dark.len() > 2000 && bright > 500, "{} {bright}", dark.len());
    let (mean, deviation) = moments(&dark);
    assert!(mean.abs() < 3.0 / (dark.len() as f64).sqrt(), "bias of {mean} standard deviations");
    assert!((0.9..1.1).contains(&deviation), "{deviation} of what the noise makes");
}

#[test]
fn the_extractor_for_flashcam_finds_charges_and_times() {
    let case = Case::new(ShowerCamera::default(), EVENTS);
    case.through_front_end("run.lh5");
    case.build("run.lh5", "out.h5", FLASHCAM).unwrap();
    let gains = case.camera.adc_per_pe();
    let (mut dark, mut ratio, mut late) = (Vec::new(), Vec::new(), Vec::new());
    for (event, truth) in events(&case.path("out.h5")).iter().zip(&case.run.truth) {
        let image = &event.telescopes[0].image;
        for (pixel, &put) in truth.charge.iter().enumerate() {
            let found = f64::from(image.image[pixel]);
            if put == 0.0 {
                dark.push(found / charge_noise(&case.camera, 7.0, gains[pixel]));
            }
            if put >= BRIGHT {
                ratio.push(found / put);
                late.push(f64::from(image.peak_time[pixel]) - truth.time_ns[pixel]);
            }
        }
    }
    // Deconvolution makes noise louder: its differences of samples weigh more than their sums.
    let (mean, deviation) = moments(&dark);
    assert!(mean.abs() < 3.0 * deviation / (dark.len() as f64).sqrt(), "bias {mean}");
    assert!((1.0..2.5).contains(&deviation), "{deviation}");
    let (mean, deviation) = moments(&ratio);
    assert!((mean - 1.0).abs() < 0.01 && deviation < 0.02, "{mean} {deviation}");
    // The extractor's correction does not count the phases of sampling, which are 1.75 ns on the average.
    let (mean, deviation) = moments(&late);
    assert!((mean - 1.75).abs() < 0.05 && deviation < 0.15, "{mean} {deviation}");
}

/// Centre of gravity, standard deviations along and across the axis and its direction, as longitude and latitude, of what
/// was put into an event.
fn moments_of(camera: &ShowerCamera, truth: &Truth) -> ([f64; 2], [f64; 2], [f64; 2]) {
    let positions = camera.positions();
    let total: f64 = truth.charge.iter().sum();
    let mean = |f: &dyn Fn([f64; 2]) -> f64| {
        let pairs = positions.iter().zip(&truth.charge);
        pairs.map(|(at, charge)| f(*at) * charge).sum::<f64>() / total
    };
    let (x, y) = (mean(&|at| at[0]), mean(&|at| at[1]));
    let [ax, ay] = truth.axis;
    let along = mean(&|at| ((at[0] - x) * ax + (at[1] - y) * ay).powi(2)).sqrt();
    let across = mean(&|at| ((at[1] - y) * ax - (at[0] - x) * ay).powi(2)).sqrt();
    ([y, x], [along, across], [ay, ax])
}

#[test]
fn ellipses_are_those_put_in() {
    let case = Case::new(ShowerCamera::default(), EVENTS);
    case.build("run.fcio", "out.h5", FLASHCAM).unwrap();
    let degrees = |metres: f64| (metres / 4.0).to_degrees();
    let mut slopes = Vec::new();
    for (event, truth) in events(&case.path("out.h5")).iter().zip(&case.run.truth) {
        let parameters = event.telescopes[0].parameters.as_ref().unwrap();
        let (centre, spread, axis) = moments_of(&case.camera, truth);
        let hillas = &parameters.hillas;
        let off = (hillas.x - degrees(centre[0])).hypot(hillas.y - degrees(centre[1]));
        // Cleaning takes off the faint ends of showers.
        assert!(off < degrees(0.012), "event {}: {off} degrees off", event.event_id);
        let length = hillas.length / degrees(spread[0]);
        let width = hillas.width / degrees(spread[1]);
        assert!((0.75..1.05).contains(&length), "event {}: length {length}", event.event_id);
        assert!((0.6..1.1).contains(&width), "event {}: width {width}", event.event_id);
        let psi = hillas.psi.to_radians();
        let turned = (psi.cos() * axis[1] - psi.sin() * axis[0]).abs().asin().to_degrees();
        assert!(turned < 25.0, "event {}: turned by {turned} degrees", event.event_id);
        slopes.push(parameters.timing.slope.abs());
    }
    // 40 ns per m, at a focal length of 4 m.
    let (slope, _) = moments(&slopes);
    let expected = 40.0 * 4.0 * 1_f64.to_radians();
    assert!((slope / expected - 1.0).abs() < 0.1, "{slope} ns per degree, {expected} were put in");
}

#[test]
fn all_ways_to_a_file_are_the_same() {
    let case = Case::new(ShowerCamera::default(), 20);
    case.through_front_end("collected.lh5");
    let raw = BuildRaw { overwrite: true, ..BuildRaw::default() };
    raw.run(&case.path("run.fcio"), &case.path("raw.lh5")).unwrap();
    for settings in [NEIGHBOR, FLASHCAM] {
        case.build("run.fcio", "direct.h5", settings).unwrap();
        for input in ["collected.lh5", "raw.lh5"] {
            let built = case.build(input, "other.h5", settings).unwrap();
            assert!(built.inputs.iter().all(|(_, outcome)| outcome.is_clean()), "{input}");
            let found = differences(&case.path("other.h5"), &case.path("direct.h5"), &FREE);
            assert!(found.is_empty(), "{input}: {found:#?}");
        }
    }
}

#[test]
fn files_tell_that_they_are_observed() {
    let case = Case::new(ShowerCamera::default(), 3);
    case.build("run.fcio", "out.h5", &["EventSource.override_obs_id=77"]).unwrap();
    let reader = Reader::open(&case.path("out.h5")).unwrap();
    assert!(!reader.is_simulation());
    let attribute = |name: &str| {
        let found = reader.attributes().iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    assert_eq!(attribute("CTA PROCESS TYPE"), "Observation");
    assert_eq!(attribute("CTA PRODUCT DATA CATEGORY"), "Other");
    assert_eq!(reader.run().observations[0].obs_id, 77);
    assert_eq!(reader.run().observations[0].start_time, 1_767_268_801);
    let tree = tierline::h5::tree::Reader::open(&case.path("out.h5")).unwrap().tree().unwrap();
    assert!(tree.find("simulation").is_none() && tree.find("configuration/simulation").is_none());
    assert!(tree.find("dl1/monitoring/telescope/pointing/tel_001").is_some());
    for event in events(&case.path("out.h5")) {
        assert_eq!((event.obs_id, event.event_type), (77, EventType::SUBARRAY));
        assert_eq!(event.time.seconds, 1_767_268_801);
        assert_eq!(event.time.nanoseconds % 4.0, 0.0, "ticks are of 4 ns");
        assert!((event.telescopes[0].pointing.altitude - 70_f64.to_radians()).abs() < 1e-12);
    }
    let camera = CameraFile::read(&case.path("camera.yml")).unwrap();
    let blind = CameraFile { pointing: None, ..camera };
    case.build_with(blind, "run.fcio", "out.h5", &[]).unwrap();
    let tree = tierline::h5::tree::Reader::open(&case.path("out.h5")).unwrap().tree().unwrap();
    assert!(tree.find("dl1/monitoring/telescope").is_none());
}

#[test]
fn what_is_not_wanted_is_not_decoded() {
    let case = Case::new(ShowerCamera::default(), 2000);
    let most = &["EventSource.max_events=3"];
    let built = case.build("run.fcio", "out.h5", most).unwrap();
    assert_eq!(built.inputs[0].1.events, 3);
    assert!(built.inputs[0].1.is_clean());
    let numbers: Vec<i64> =
        events(&case.path("out.h5")).iter().map(|event| event.event_id).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

#[test]
fn missing_traces_are_noted_and_averaged() {
    let camera = ShowerCamera { noise: 0.0, ..ShowerCamera::default() };
    let case = Case::new(camera, 0);
    let mut stream = case.camera.emitter().stream();
    let mut bytes = case.run.bytes.clone();
    let traces = case.camera.traces(&case.camera.truth(0));
    let numbered = |skip: &[u16]| -> Vec<(u16, Vec<u16>)> {
        let all = (0_u16..).zip(traces.iter().cloned());
        all.filter(|(number, _)| !skip.contains(number)).collect()
    };
    stream.sparse_event_of(&mut bytes, &numbered(&[]));
    stream.sparse_event_of(&mut bytes, &numbered(&[3, 60, 61]));
    stream.sparse_event_of(&mut bytes, &[]);
    std::fs::write(case.path("run.fcio"), &bytes).unwrap();
    let built = case.build("run.fcio", "out.h5", NEIGHBOR).unwrap();
    let outcome = &built.inputs[0].1;
    let errors: Vec<String> = outcome.errors.iter().map(Error::to_string).collect();
    assert_eq!((outcome.events, outcome.left_out), (2, 1), "{errors:?}");
    assert!(errors[0].contains("event 1: 3 pixels without a trace"), "{errors:?}");
    let events = events(&case.path("out.h5"));
    let (whole, part) = (&events[0].telescopes[0].image, &events[1].telescopes[0].image);
    let pixels = case.camera.pixel_of_trace();
    let missing: Vec<usize> = [3, 60, 61].map(|trace: usize| pixels[trace].into()).into();
    let positions = case.camera.positions();
    for pixel in missing.iter().copied() {
        let near = |other: &usize| {
            let [dx, dy] = [0, 1].map(|at| positions[*other][at] - positions[pixel][at]);
            *other != pixel && dx.hypot(dy) < 0.06
        };
        let near: Vec<usize> = (0..91).filter(near).filter(|p| !missing.contains(p)).collect();
        let sum: f64 = near.iter().map(|p| f64::from(part.image[*p])).sum();
        assert!((f64::from(part.image[pixel]) - sum / near.len() as f64).abs() < 1e-4);
    }
    let far = |pixel: &usize| {
        missing.iter().all(|m| {
            (positions[*m][0] - positions[*pixel][0]).hypot(positions[*m][1] - positions[*pixel][1])
                > 0.11
        })
    };
    let far: Vec<usize> = (0..91).filter(far).collect();
    assert!(far.len() > 20 && far.iter().all(|p| whole.image[*p] == part.image[*p]));
}

#[test]
fn cut_and_damaged_recordings_give_what_they_hold() {
    let case = Case::new(ShowerCamera::default(), 4);
    let bytes = &case.run.bytes;
    case.build("run.fcio", "out.h5", NEIGHBOR).unwrap();
    let whole = format!("{:?}", events(&case.path("out.h5")));
    let ends: Vec<usize> =
        (0..12).map(|part| bytes.len() * part / 12 + part).chain([bytes.len() - 1]).collect();
    for end in ends {
        std::fs::write(case.path("cut.fcio"), &bytes[..end]).unwrap();
        match case.build("cut.fcio", "cut.h5", NEIGHBOR) {
            Ok(built) => {
                let outcome = &built.inputs[0].1;
                assert!(outcome.truncated.is_some() && !outcome.is_clean(), "cut at {end}");
                let events = format!("{:?}", events(&case.path("cut.h5")));
                assert!(whole.starts_with(events.trim_end_matches(']')), "cut at {end}");
            }
            Err(error) => assert!(end < 1500, "cut at {end}: {error}"),
        }
    }
    let mut damaged = bytes.clone();
    let at = bytes.len() / 2;
    damaged[at..at + 200].fill(0xA5);
    std::fs::write(case.path("bad.fcio"), &damaged).unwrap();
    let built = case.build("bad.fcio", "bad.h5", NEIGHBOR).unwrap();
    assert!(built.inputs[0].1.events >= 3);
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = Case::new(ShowerCamera::default(), 2);
    let camera = CameraFile::read(&case.path("camera.yml")).unwrap();
    let refused = |camera: CameraFile, settings: &[&str]| {
        case.build_with(camera, "run.fcio", "out.h5", settings).unwrap_err().to_string()
    };
    let TraceMap::Traces(map) = &camera.trace_map else { panic!("no map") };
    let short = TraceMap::Traces(map[..90].to_vec());
    let error = refused(CameraFile { trace_map: short, ..camera.clone() }, &[]);
    assert!(error.contains("camera.yml: trace_map.traces: expected 91 traces"), "{error}");
    let error = refused(CameraFile { sampling_rate_ghz: 0.5, ..camera.clone() }, &[]);
    assert!(error.contains("4 ns from sample to sample"), "{error}");
    let error = refused(CameraFile { pedestal: Pedestal::FirstSamples(31), ..camera.clone() }, &[]);
    assert!(error.contains("first_samples is 31"), "{error}");
    let error = refused(camera.clone(), &["EventSource.allowed_tels=[2]"]);
    assert!(error.contains("no telescope 2"), "{error}");
    assert!(!case.path("out.h5").exists());
    let mut build = BuildDl1 { recordings: Some(recordings()), quiet: true, ..BuildDl1::default() };
    let none = build.run(&[case.path("run.fcio")], &case.path("out.h5")).unwrap_err();
    assert!(none.to_string().contains("needs a camera description file"), "{none}");
    build.camera = Some((case.path("camera.yml"), camera));
    build.format = Format::Ctaml(Box::new(ctaml::Options::new(ctaml::Variant::V0_7)));
    let error = build.run(&[case.path("run.fcio")], &case.path("out.h5")).unwrap_err();
    assert!(error.to_string().contains("no settings of a simulation"), "{error}");
    // A file of neither kind is an unreadable one of sim_telarray, as without a camera.
    std::fs::write(case.path("other"), b"what is this?").unwrap();
    let error = build.run(&[case.path("other")], &case.path("out.h5")).unwrap_err();
    assert!(error.to_string().contains("other"), "{error}");
}

#[test]
fn a_simulated_camera_is_described() {
    let Some(path) = shared("data/dl1/aux_traces_2029.simtel.zst") else { return };
    let camera = CameraFile::from_simtel(&path, None).unwrap();
    assert_eq!((camera.n_pixels(), camera.geometry.name.as_str()), (1764, "FlashCam"));
    assert_eq!(camera.sampling_rate_ghz, 0.25);
    let again = CameraFile::from_text(Path::new("camera.yml"), &camera.to_text()).unwrap();
    assert_eq!(again, camera);
    assert_eq!(camera.broken.iter().filter(|broken| **broken).count(), 6);
    let error = CameraFile::from_simtel(&path, Some(9)).unwrap_err().to_string();
    assert!(error.contains("no 9"), "{error}");
}

/// Events of a file of sim_telarray as a recording: of each the telescope's samples and whole baselines.
fn recorded(events: &[TelescopeEvent]) -> Vec<u8> {
    let (n_pixels, n_samples) = (events[0].n_pixels, events[0].n_samples);
    let (adcs, samples) = (n_pixels as u16, n_samples as u16);
    let setup = Emitter { adcs, triggers: 0, samples, blprecision: 1, ..Emitter::camera(1) };
    let (mut stream, mut bytes) = (setup.stream(), Vec::new());
    stream.protocol(&mut bytes);
    stream.config(&mut bytes);
    for event in events {
        let Samples::Adc(samples) = &event.samples else { panic!("sums") };
        let waveforms = samples.chunks_exact(n_samples).zip(&event.calibration.pedestal);
        let words =
            |(samples, pedestal): (&[u16], &f32)| [&[pedestal.round() as u16, 0], samples].concat();
        stream.event_of(&mut bytes, &waveforms.map(words).collect::<Vec<_>>());
    }
    bytes
}

#[test]
fn simulated_waveforms_give_the_same_images_as_a_recording() {
    let Some(path) = shared("data/dl1/aux_traces_2029.simtel.zst") else { return };
    let mut source = SimtelEventSource::open(&path, Default::default()).unwrap();
    let converter = source.converter().clone();
    let all = source.by_ref().map(|event| converter.convert(&event.unwrap()).unwrap().event);
    let all: Vec<TelescopeEvent> = all.flat_map(|event| event.telescopes).collect();
    assert!(all.iter().all(|event| event.tel_id == 1 && event.n_channels == 1));
    let case = Case::new(ShowerCamera::default(), 0);
    std::fs::write(case.path("run.fcio"), recorded(&all)).unwrap();
    let camera = CameraFile::from_simtel(&path, None).unwrap();
    let factor = integration_correction(&source.subarray().cameras[0].readout, 7, 3).unwrap()[0];
    let (gains, broken) = (camera.adc_per_pe.clone(), camera.broken.clone());
    case.build_with(camera, "run.fcio", "recorded.h5", NEIGHBOR).unwrap();
    std::fs::copy(&path, case.path("run.simtel")).unwrap();
    case.build("run.simtel", "simulated.h5", NEIGHBOR).unwrap();
    let (have, want) = (events(&case.path("recorded.h5")), events(&case.path("simulated.h5")));
    assert!(!have.is_empty() && have.len() == want.len());
    for (have, want) in have.iter().zip(&want) {
        let (have, want) = (&have.telescopes[0].image, &want.telescopes[0].image);
        for pixel in (0..gains.len()).filter(|pixel| !broken[*pixel]) {
            // Baselines are rounded to counts.
            let most = 0.5 * 7.0 * factor / gains[pixel] + 1e-4;
            let apart = f64::from((have.image[pixel] - want.image[pixel]).abs());
            assert!(apart <= most, "pixel {pixel}: {apart} p.e. apart");
        }
    }
}

#[test]
fn the_program_makes_images_of_a_recording() {
    let case = Case::new(ShowerCamera::default(), 5);
    let args =
        ["dl1", "-i", "run.fcio", "--camera", "camera.yml", "-o", "out.h5", "--write-images"];
    let ran = host::program::tierline(case.folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    case.build("run.fcio", "own.h5", &[]).unwrap();
    let found = differences(&case.path("out.h5"), &case.path("own.h5"), &FREE);
    assert!(found.is_empty(), "{found:#?}");
}
