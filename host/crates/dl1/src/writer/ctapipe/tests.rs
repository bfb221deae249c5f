use std::path::Path;

use super::*;
use crate::event::{Dl1Telescope, EventType, Image, Pointing, Shower, TelescopeTrigger, Time};
use crate::instrument::{
    CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, PixelShape,
    ReflectorShape, SizeType, TelescopeDescription,
};
use crate::observation::{Observation, PointingFrame};
use crate::parameters::{
    Concentration, Hillas, ImageParameters, Leakage, Morphology, Statistics, Timing,
};
use crate::reader::ctapipe::Reader;
use crate::writer::Criterion;

const PIXELS: usize = 7;

fn subarray(telescopes: u16) -> Subarray {
    let axis = |step: f64| (0..PIXELS).map(|n| n as f64 * step).collect::<Vec<_>>();
    let telescope = |n: u16| TelescopeDescription {
        tel_id: 3 * n + 2,
        position_m: [f32::from(n), -1.0, 2.5],
        optics: 0,
        camera: 0,
        description: "SST_1M_Günther".to_owned(),
        focal_length_m: 5.6,
    };
    Subarray {
        name: "test".to_owned(),
        telescopes: (0..telescopes).map(telescope).collect(),
        optics: vec![OpticsDescription {
            name: "1M".to_owned(),
            size_type: SizeType::Sst,
            reflector_shape: ReflectorShape::DaviesCotton,
            mirror_area_m2: 9.0,
            n_mirrors: 1,
            n_mirror_tiles: 18,
            equivalent_focal_length_m: 5.6,
            effective_focal_length_m: f64::NAN,
        }],
        cameras: vec![CameraDescription {
            geometry: CameraGeometry {
                name: "Günther".to_owned(),
                pix_x: axis(0.5),
                pix_y: axis(-0.25),
                pix_area: axis(0.0),
                pix_type: PixelShape::Square,
                pix_rotation_deg: 1.0,
                cam_rotation_deg: 0.0,
            },
            readout: CameraReadout {
                name: "Günther".to_owned(),
                sampling_rate_ghz: 0.25,
                n_pixels: PIXELS,
                n_channels: 1,
                n_samples: 4,
                reference_pulse_shape: vec![vec![0.0, 1.0, 0.5]],
                reference_pulse_sample_width_ns: 0.5,
            },
        }],
        reference_location: [28.0, -17.0, 2100.0],
    }
}

fn statistics(first: f64) -> Statistics {
    let at = |n: f64| first + n;
    Statistics {
        max: at(5.0),
        min: at(0.0),
        mean: at(2.0),
        std: at(1.0),
        skewness: at(0.5),
        kurtosis: at(0.25),
    }
}

fn parameters(first: f64) -> ImageParameters {
    let at = |n: f64| first + n;
    ImageParameters {
        hillas: Hillas {
            intensity: at(0.0),
            skewness: at(1.0),
            kurtosis: at(2.0),
            x: at(3.0),
            y: at(4.0),
            r: at(5.0),
            phi: at(6.0),
            length: at(7.0),
            length_uncertainty: at(8.0),
            width: at(9.0),
            width_uncertainty: at(10.0),
            psi: at(11.0),
            psi_uncertainty: at(12.0),
            transverse_cog_uncertainty: at(13.0),
        },
        timing: Timing { slope: at(14.0), intercept: at(15.0), deviation: at(16.0) },
        leakage: Leakage { pixels_width: [0.5, 0.75], intensity_width: [0.25, 1.0] },
        concentration: Concentration { cog: at(17.0), core: at(18.0), pixel: at(19.0) },
        morphology: Morphology {
            n_pixels: 6,
            n_islands: 5,
            n_small_islands: 4,
            n_medium_islands: 3,
            n_large_islands: 2,
        },
        intensity: statistics(first),
        peak_time: statistics(first + 100.0),
    }
}

fn event(event_id: i64, telescopes: &[u16]) -> Dl1Event {
    let time = Time { seconds: 1_700_000_000 + event_id, nanoseconds: 12.25 };
    let trigger = |tel_id: &u16| TelescopeTrigger {
        tel_id: *tel_id,
        time,
        event_type: EventType::MUON,
        n_trigger_pixels: 3,
    };
    let telescope = |tel_id: &u16| Dl1Telescope {
        tel_id: *tel_id,
        pointing: Pointing { azimuth: 0.5, altitude: 1.25 },
        image: Image {
            image: (0..PIXELS).map(|n| n as f32 + f32::from(*tel_id)).collect(),
            peak_time: vec![1.5; PIXELS],
            is_valid: true,
        },
        image_mask: Some((0..PIXELS).map(|n| n % 2 == 1).collect()),
        parameters: Some(parameters(event_id as f64)),
        true_impact_m: None,
        true_image_sum: None,
        true_image: None,
        true_parameters: None,
    };
    Dl1Event {
        obs_id: 12,
        event_id,
        event_type: EventType::SUBARRAY,
        time,
        triggers: telescopes.iter().map(trigger).collect(),
        shower: None,
        telescopes: telescopes.iter().map(telescope).collect(),
    }
}

fn run() -> RunData {
    let observation = Observation {
        obs_id: 12,
        start_time: 1_700_000_000,
        pointing: Pointing { azimuth: 0.5, altitude: 1.25 },
        pointing_frame: PointingFrame::Icrs,
        observer: String::new(),
        target: String::new(),
    };
    let criterion = Criterion {
        name: "TOTAL".to_owned(),
        counts: 3,
        cumulative_counts: 2,
        function: "True".to_owned(),
    };
    RunData {
        observations: vec![observation],
        image_statistics: vec![criterion],
        ..RunData::default()
    }
}

fn observed() -> Options {
    Options { images: true, is_simulation: false, ..Options::default() }
}

fn write(path: &Path, options: Options, events: &[Dl1Event]) -> Result<(), Error> {
    let mut writer = Dl1Writer::create(path, &subarray(3), options)?;
    events.iter().try_for_each(|event| writer.write(event))?;
    writer.finish(&run()).map(|_| ())
}

fn back(path: &Path) -> Vec<Dl1Event> {
    Reader::open(path).unwrap().map(Result::unwrap).collect()
}

#[test]
fn observations_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let events = [event(1, &[5, 2]), event(2, &[]), event(3, &[8, 2, 5])];
    for camera_frame in [false, true] {
        write(&path, Options { camera_frame, ..observed() }, &events).unwrap();
        let reader = Reader::open(&path).unwrap();
        assert!(!reader.is_simulation());
        assert_eq!(reader.is_camera_frame(), camera_frame);
        let (own, want) = (reader.subarray(), subarray(3));
        assert_eq!((&own.telescopes, &own.cameras), (&want.telescopes, &want.cameras));
        let near = |n: usize| (own.reference_location[n] - want.reference_location[n]).abs() < 1e-6;
        assert!((0..3).all(near));
        assert!(own.optics[0].effective_focal_length_m.is_nan());
        assert_eq!(reader.run().image_statistics, run().image_statistics);
        assert_eq!(reader.run().observations[0].start_time, 1_700_000_000);
        assert_eq!(reader.run().observations[0].pointing_frame, PointingFrame::Icrs);
        assert!(reader.run().simulation_runs.is_empty());
        assert_eq!(back(&path), events);
    }
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let events = [event(1, &[5])];
    write(&path, Options { images: false, ..observed() }, &events).unwrap();
    let only = back(&path).remove(0).telescopes.remove(0);
    assert_eq!((only.image, only.image_mask), (Image::default(), None));
    assert_eq!(only.parameters, events[0].telescopes[0].parameters);
    write(&path, Options { parameters: false, ..observed() }, &events).unwrap();
    let only = back(&path).remove(0).telescopes.remove(0);
    assert_eq!((only.image_mask, only.parameters), (None, None));
    assert_eq!(only.image, events[0].telescopes[0].image);
    let file = tierline_h5::tree::Reader::open(&path).unwrap();
    assert!(!file.has_table("/dl1/event/telescope/parameters/tel_005"));
}

#[test]
fn unknown_pointings_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut one = event(1, &[5]);
    one.telescopes[0].pointing.azimuth = f64::NAN;
    write(&path, observed(), &[one]).unwrap();
    let file = tierline_h5::tree::Reader::open(&path).unwrap();
    assert!(file.node("/dl1/monitoring").is_err());
    assert!(back(&path)[0].telescopes[0].pointing.azimuth.is_nan());
}

#[test]
fn two_gains_and_lost_times_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut one = event(1, &[5]);
    let telescope = &mut one.telescopes[0];
    telescope.image.image = (0..2 * PIXELS).map(|n| n as f32).collect();
    telescope.image.peak_time.clear();
    telescope.image.is_valid = false;
    write(&path, observed(), std::slice::from_ref(&one)).unwrap();
    assert_eq!(back(&path), [one]);
    let file = tierline_h5::tree::Reader::open(&path).unwrap();
    let table = file.table("/dl1/event/telescope/images/tel_005").unwrap();
    assert_eq!(table.schema().column("image").unwrap().shape, [2, PIXELS]);
    assert!(table.schema().column("peak_time").is_none());
}

#[test]
fn fixed_points_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut one = event(1, &[5]);
    one.telescopes[0].image.image[3] = f32::INFINITY;
    one.telescopes[0].image.image[4] = -2.5;
    let options = Options {
        transform_image: Some(FixedPoint::IMAGE),
        transform_peak_time: Some(FixedPoint::new("uint16", 100.0, 5).unwrap()),
        ..observed()
    };
    write(&path, options, std::slice::from_ref(&one)).unwrap();
    assert_eq!(back(&path), [one]);
}

#[test]
fn events_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    assert!(write(&path, observed(), &[event(1, &[3])]).is_err());
    let mut longer = event(2, &[2]);
    longer.telescopes[0].image.image.push(0.0);
    assert!(write(&path, observed(), &[event(1, &[2]), longer]).is_err());
    let mut masked = event(2, &[2]);
    masked.telescopes[0].image_mask = Some(vec![true]);
    assert!(write(&path, observed(), &[event(1, &[2]), masked]).is_err());
    assert!(Dl1Writer::create(&path, &subarray(0), observed()).is_err());
}

#[test]
fn simulations_without_images_have_sums() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut one = event(1, &[2, 5]);
    one.shower = Some(Shower {
        energy_tev: 1.5,
        altitude: 1.0,
        azimuth: 0.25,
        core_x_m: 10.0,
        core_y_m: -20.0,
        h_first_int_m: 2e4,
        x_max: 300.0,
        starting_grammage: 0.0,
        primary_id: 101,
    });
    one.telescopes[0].true_image_sum = Some(17);
    one.telescopes[0].true_impact_m = Some(20.5);
    one.telescopes[1].true_image = Some(vec![1; PIXELS]);
    let options = Options { is_simulation: true, ..observed() };
    write(&path, options.clone(), std::slice::from_ref(&one)).unwrap();
    let own = back(&path).remove(0);
    assert_eq!(own.telescopes, one.telescopes.iter().map(seen).collect::<Vec<_>>());
    let (own, want) = (own.shower.unwrap(), one.shower.unwrap());
    assert!((own.altitude - want.altitude).abs() < 1e-15);
    assert_eq!((own.energy_tev, own.primary_id), (want.energy_tev, want.primary_id));
    let mut later = one.clone();
    later.event_id = 2;
    later.telescopes[1].true_image = Some(vec![1; PIXELS + 1]);
    assert!(write(&path, options, &[one, later]).is_err());
}

/// As a simulation's event is read.
fn seen(telescope: &Dl1Telescope) -> Dl1Telescope {
    let mut telescope = telescope.clone();
    telescope.pointing = Pointing { azimuth: 0.5, altitude: 1.25 };
    telescope
}

#[test]
fn waveforms_have_tables_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let options = Options { r0_waveforms: true, r1_waveforms: true, ..observed() };
    let mut writer = Dl1Writer::create(&path, &subarray(2), options).unwrap();
    let one = event(1, &[2]);
    writer.write(&one).unwrap();
    let id = EventIndex::from(&one);
    let raw: Vec<u16> = (0..2 * PIXELS as u16 * 4).collect();
    writer.write_r0(id, 2, [2, PIXELS, 4], &raw).unwrap();
    assert!(writer.write_r0(id, 2, [1, PIXELS, 4], &raw).is_err());
    assert!(writer.write_r0(id, 3, [2, PIXELS, 4], &raw).is_err());
    let waveform: Vec<f32> = (0..PIXELS * 4).map(|n| n as f32).collect();
    let r1 = R1Waveform {
        event_type: EventType::SUBARRAY,
        time: one.time,
        extents: [1, PIXELS, 4],
        waveform: &waveform,
        pixel_status: &[4; PIXELS],
        selected_gain_channel: Some(&[1; PIXELS]),
    };
    writer.write_r1(id, 2, &r1).unwrap();
    assert!(writer.write_r1(id, 2, &R1Waveform { selected_gain_channel: None, ..r1 }).is_err());
    writer.finish(&run()).unwrap();
    let file = tierline_h5::tree::Reader::open(&path).unwrap();
    let mut table = file.table("/r1/event/telescope/tel_002").unwrap();
    let names: Vec<_> = table.schema().columns().iter().map(|own| own.name.clone()).collect();
    let want = ["event_type", "event_time", "waveform", "pixel_status", "selected_gain_channel"];
    assert_eq!(names[3..], want);
    assert_eq!(table.column("waveform", 0..1).unwrap().iter_f64().last(), Some(27.0));
    let mut table = file.table("/r0/event/telescope/tel_002").unwrap();
    assert_eq!(table.column("waveform", 0..1).unwrap().iter_u16().collect::<Vec<_>>(), raw);
    let reader = Reader::open(&path).unwrap();
    let levels = reader.attributes().iter().find(|(name, _)| name == "CTA PRODUCT DATA LEVELS");
    assert_eq!(levels.unwrap().1, "DL1_IMAGES,DL1_PARAMETERS,R0,R1");
}

#[test]
fn rows_of_no_event_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut stray = event(2, &[2]);
    stray.triggers.clear();
    let mut writer = Dl1Writer::create(&path, &subarray(2), observed()).unwrap();
    writer.write(&event(1, &[2])).unwrap();
    writer.write(&stray).unwrap();
    writer.finish(&run()).unwrap();
    // Telescopes that have not triggered are kept with the event.
    assert_eq!(back(&path)[1].telescopes.len(), 1);
    let mut writer = Dl1Writer::create(&path, &subarray(2), observed()).unwrap();
    let one = event(1, &[2]);
    writer.write(&one).unwrap();
    let [images] = writer.events.images()[..] else { panic!() };
    let row = vec![0; 14 + 8 * PIXELS + PIXELS + 1];
    writer.file.append(images, &row).unwrap();
    writer.finish(&run()).unwrap();
    let mut reader = Reader::open(&path).unwrap();
    assert!(reader.next_event().unwrap().is_some());
    let error = reader.next_event().unwrap_err().to_string();
    assert!(error.contains("belongs to no event"), "{error}");
}
