//! Recordings of a FlashCam camera: from packets through the front end to images of what was put in.

use std::path::{Path, PathBuf};

use tierline::dl1::camera_file::{CameraFile, Pedestal, TraceMap};
use tierline::dl1::configuration::Configuration;
use tierline::dl1::event::{Dl1Event, EventType};
use tierline::dl1::reader::ctapipe::Reader;
use tierline::dl1::{BuildDl1, Built, Error, Format};
use tierline::raw::BuildRaw;
use tierline::recordings::recordings;
use tierline_firmware_sim::emit::fcio::showers::{ShowerCamera, ShowerRun, Truth};
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

#[test]
fn showers_through_the_front_end_are_those_put_in() {
    let case = Case::new(ShowerCamera::default(), EVENTS);
    case.through_front_end("run.lh5");
    for settings in [NEIGHBOR, FLASHCAM] {
        case.build("run.lh5", "out.h5", settings).unwrap();
        let events = events(&case.path("out.h5"));
        assert_eq!(events.len(), EVENTS as usize);
        for (event, truth) in events.iter().zip(&case.run.truth) {
            assert_eq!(event.event_id, i64::from(truth.event_number));
        }
        let (mut dark, mut bright, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for (event, truth) in events.iter().zip(&case.run.truth) {
            let image = &event.telescopes[0].image;
            for pixel in 0..truth.charge.len() {
                let (found, put) = (f64::from(image.image[pixel]), truth.charge[pixel]);
                if put == 0.0 {
                    dark.push(found);
                }
                if put >= 15.0 {
                    bright.push(found / put - 1.0);
                    late.push(f64::from(image.peak_time[pixel]) - truth.time_ns[pixel]);
                }
            }
        }
        println!(
            "{settings:?} dark {} {:?} bright {} {:?} late {:?}",
            dark.len(),
            moments(&dark),
            bright.len(),
            moments(&bright),
            moments(&late)
        );
    }
}
