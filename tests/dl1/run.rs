//! Small files of sim_telarray of our own making.

use std::path::Path;

use tierline::dl1::Error;
use tierline::dl1::event::{ArrayEvent, EventType, Samples, Time};
use tierline::dl1::instrument::{PixelShape, ReflectorShape, SizeType};
use tierline::dl1::simtel::source::Converted;
use tierline::dl1::simtel::{SimtelEventSource, SourceOptions};
use tierline_tests::simtel::{self, Emit, Order, TELESCOPES, adc, true_image};

fn all() -> SourceOptions {
    SourceOptions { skip_calibration_events: false, ..Default::default() }
}

struct Outcome {
    source: SimtelEventSource,
    events: Vec<ArrayEvent>,
    notes: Vec<String>,
    errors: Vec<Error>,
}

fn read(bytes: &[u8], options: SourceOptions) -> Result<Outcome, Error> {
    let input = bytes.to_vec().into();
    let mut source = SimtelEventSource::read(input, Path::new("run.simtel"), options)?;
    let converter = source.converter().clone();
    let (mut events, mut notes, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for event in source.by_ref() {
        match event.and_then(|event| converter.convert(&event)) {
            Ok(Converted { event, notes: more }) => {
                events.push(event);
                notes.extend(more.iter().map(Error::to_string));
            }
            Err(error) => errors.push(error),
        }
    }
    notes.extend(source.take_notes().iter().map(Error::to_string));
    Ok(Outcome { source, events, notes, errors })
}

/// A file with a header, calibration, and what `content` adds.
fn with(content: impl FnOnce(&mut Emit)) -> Vec<u8> {
    let mut out = Emit::new(Order::Little);
    simtel::header(&mut out);
    TELESCOPES.iter().for_each(|telescope| simtel::monitoring(&mut out, telescope));
    content(&mut out);
    out.bytes
}

#[test]
fn both_orders_of_bytes_are_read_alike() {
    let (little, big) = (simtel::run(Order::Little), simtel::run(Order::Big));
    assert_ne!(little, big);
    let (little, big) = (read(&little, all()).unwrap(), read(&big, all()).unwrap());
    assert_eq!(little.events, big.events);
    assert_eq!(little.source.subarray(), big.source.subarray());
    assert_eq!(little.source.simulation_run(), big.source.simulation_run());
    assert_eq!(little.source.observation(), big.source.observation());
    assert_eq!(little.source.meta(), big.source.meta());
    assert_eq!(little.source.shower_distribution(), big.source.shower_distribution());
    assert_eq!((little.notes, big.notes), (Vec::<String>::new(), Vec::new()));
    assert_eq!((little.errors.len(), big.errors.len()), (0, 0));
}

#[test]
fn events_are_what_was_emitted() {
    let outcome = read(&simtel::run(Order::Little), all()).unwrap();
    let ids: Vec<i64> = outcome.events.iter().map(|event| event.event_id).collect();
    assert_eq!(
        ids,
        [-1, 100, 300],
        "the calibration event has no number, the second shower no data"
    );
    assert_eq!(outcome.events[0].event_type, EventType::SKY_PEDESTAL);
    assert_eq!(outcome.events[0].shower, None);
    for event in &outcome.events {
        assert_eq!(event.obs_id, 12);
        let number = event.event_id.max(0) as i32;
        for (emitted, telescope) in TELESCOPES.iter().zip(&event.telescopes) {
            let shape = (telescope.n_channels, telescope.n_pixels, telescope.n_samples);
            assert_eq!(shape, (emitted.n_gains, emitted.n_pixels, emitted.n_samples));
            let mut expected = Vec::new();
            for gain in 0..emitted.n_gains {
                for pixel in 0..emitted.n_pixels {
                    let samples = 0..emitted.n_samples;
                    expected.extend(samples.map(|at| adc(number, emitted, gain, pixel, at)));
                }
            }
            assert_eq!(telescope.samples, Samples::Adc(expected));
            let image = (0..emitted.n_pixels).map(|pixel| true_image(number, emitted, pixel));
            assert_eq!(telescope.true_image, Some(image.collect()));
            let calibration = &telescope.calibration;
            assert!(calibration.pedestal.iter().all(|&pedestal| pedestal == 300.0));
            assert_eq!(calibration.time_shift_ns[1], 0.1);
            let broken = (0..calibration.broken.len()).map(|at| at % emitted.n_pixels == 3);
            assert_eq!(calibration.broken, broken.collect::<Vec<_>>());
            assert_eq!(telescope.pointing.altitude, std::f64::consts::FRAC_PI_2);
        }
    }
    check_triggers(&outcome.events[1]);
    let calibrations = outcome.events.iter().map(|event| &event.telescopes[0].calibration);
    let mut pointers = calibrations.map(std::sync::Arc::as_ptr);
    let first = pointers.next().unwrap();
    assert!(pointers.all(|pointer| pointer == first), "the calibration is made once");
}

fn check_triggers(event: &ArrayEvent) {
    assert_eq!(event.time, Time { seconds: 1_600_000_200, nanoseconds: 999_999_999.0 });
    let times: Vec<Time> = event.triggers.iter().map(|trigger| trigger.time).collect();
    assert_eq!(times[0], Time { seconds: 1_600_000_201, nanoseconds: 0.0 });
    assert_eq!(times[1], Time { seconds: 1_600_000_201, nanoseconds: 104.0 });
    assert!(event.triggers.iter().all(|trigger| trigger.event_type == EventType::MUON));
    assert!(event.triggers.iter().all(|trigger| trigger.n_trigger_pixels == 2));
    let shower = event.shower.unwrap();
    assert_eq!((shower.core_x_m, shower.core_y_m), (101.0, -50.0));
    assert_eq!((shower.primary_id, shower.altitude), (101, std::f64::consts::FRAC_PI_2));
    assert_eq!(event.telescopes[1].true_image_sum, Some(22));
}

#[test]
fn array_and_run_are_what_was_emitted() {
    let outcome = read(&simtel::run(Order::Little), SourceOptions::default()).unwrap();
    assert_eq!(outcome.events.len(), 2, "calibration events are passed over");
    let subarray = outcome.source.subarray();
    assert_eq!(subarray.name, "Two");
    assert_eq!(subarray.reference_location, [0.0, 0.0, 2147.0], "the latitude is not known");
    let names: Vec<&str> = subarray.telescopes.iter().map(|tel| &tel.description[..]).collect();
    assert_eq!(names, ["MST_Dish_Cam", "MST_UNKNOWN-100M2_UNKNOWN-4PX"]);
    assert_eq!(subarray.telescopes[1].position_m, [-30.0, 40.0, 6.0]);
    assert_eq!(subarray.optics[0].reflector_shape, ReflectorShape::DaviesCotton);
    assert_eq!(subarray.optics[0].size_type, SizeType::Mst);
    assert_eq!((subarray.optics.len(), subarray.cameras.len()), (2, 2));
    let (hexagons, squares) = (&subarray.cameras[0].geometry, &subarray.cameras[1].geometry);
    assert_eq!((hexagons.pix_type, squares.pix_type), (PixelShape::Hexagon, PixelShape::Square));
    let (sin, cos) = 0.25f64.sin_cos();
    let (x, y) = (f64::from(0.05f32), f64::from(-0.02f32));
    assert!((hexagons.pix_x[1] - (x * cos - y * sin)).abs() < 1e-15);
    assert!((hexagons.pix_y[1] - (x * sin + y * cos)).abs() < 1e-15);
    assert_eq!(
        subarray.cameras[0].readout.reference_pulse_shape,
        [[0.0, 1.0, 0.5], [0.0, 1.0, 0.5]]
    );
    let run = outcome.source.simulation_run().unwrap();
    assert_eq!((run.run_number, run.n_showers, run.corsika_iact_options), (12, 3, 187));
    assert_eq!(run.max_alt, std::f64::consts::FRAC_PI_2);
    let observation = outcome.source.observation();
    assert_eq!((observation.obs_id, observation.start_time), (12, 1_600_000_123));
    let distribution = outcome.source.shower_distribution().unwrap();
    assert_eq!(distribution.bins_core_dist, [0.0, 500.0, 1000.0]);
    assert_eq!(distribution.bins_energy[3], 1000.0);
    assert_eq!(distribution.histogram, [0.0, 1.0, 2.0, 0.0, 0.0, 0.0]);
}

#[test]
fn telescopes_that_do_not_fit_are_left_out_and_noted() {
    let [first, second] = TELESCOPES;
    let file = with(|out| {
        simtel::shower(out, 1);
        out.marker();
        simtel::array_event(out, 100, &TELESCOPES, &[1], &TELESCOPES);
        simtel::shower(out, 2);
        out.marker();
        simtel::array_event(out, 200, &TELESCOPES, &[1, 105], &[second]);
        simtel::shower(out, 3);
        simtel::pe_sums(out, 300, [2_000_000, 500]);
        out.marker();
        simtel::array_event(out, 300, &TELESCOPES, &[1, 105], &TELESCOPES);
    });
    let outcome = read(&file, all()).unwrap();
    let telescopes: Vec<Vec<u16>> = (outcome.events.iter())
        .map(|event| event.telescopes.iter().map(|telescope| telescope.tel_id).collect())
        .collect();
    assert_eq!(telescopes, [vec![first.id], vec![second.id], vec![second.id]]);
    assert!(outcome.notes[0].contains("list of those that triggered"), "{}", outcome.notes[0]);
    assert!(outcome.notes[1].contains("missing tracking position"), "{}", outcome.notes[1]);
    assert!(outcome.notes[2].contains("true image is lost"), "{}", outcome.notes[2]);
    assert_eq!(outcome.notes.len(), 3);
    let kept = &outcome.events[2].telescopes[0];
    assert_eq!((kept.true_image.clone(), kept.true_image_sum), (Some(vec![-1; 4]), Some(500)));
}

#[test]
fn unknown_objects_are_passed_over_and_unknown_versions_noted_once() {
    let file = with(|out| {
        for _ in 0..2 {
            out.marker();
            out.object(2099, 0, 1, |out| out.f32(&[1.0; 9]));
            out.marker();
            out.object(2026, 9, 100, |out| out.i32(&[1]));
        }
        simtel::shower(out, 1);
        out.marker();
        simtel::array_event(out, 100, &TELESCOPES, &[1, 105], &TELESCOPES);
    });
    let outcome = read(&file, all()).unwrap();
    assert_eq!(outcome.events.len(), 1);
    assert_eq!(outcome.notes.len(), 1, "{:?}", outcome.notes);
    assert!(outcome.notes[0].contains("object 2026 version 9"), "{}", outcome.notes[0]);
}

#[test]
fn a_second_file_behind_the_first_is_read_too() {
    let mut bytes = simtel::run(Order::Little);
    bytes.extend(simtel::run(Order::Little));
    let outcome = read(&bytes, SourceOptions::default()).unwrap();
    let ids: Vec<i64> = outcome.events.iter().map(|event| event.event_id).collect();
    assert_eq!(ids, [100, 300, 100, 300]);
    assert_eq!(outcome.notes, Vec::<String>::new());
}

#[test]
fn a_file_cut_anywhere_keeps_its_whole_events() {
    let bytes = simtel::run(Order::Little);
    let whole = read(&bytes, all()).unwrap();
    let mut header = Emit::new(Order::Little);
    simtel::header(&mut header);
    let mut most = 0;
    for cut in 0..bytes.len() {
        match read(&bytes[..cut], all()) {
            Ok(outcome) => {
                assert!(cut >= header.bytes.len());
                // The last event may lack what was cut off.
                let n = outcome.events.len();
                let complete = n.saturating_sub(1);
                assert_eq!(outcome.events[..complete], whole.events[..complete], "{cut}");
                assert!(n >= most, "{cut}");
                most = n;
                assert!(outcome.errors.len() <= 1, "{cut}");
                for error in outcome.errors {
                    assert!(matches!(error, Error::Truncated { .. }), "{cut}: {error}");
                }
                assert_eq!(outcome.notes, Vec::<String>::new(), "{cut}");
            }
            Err(error) => {
                assert!(cut < header.bytes.len(), "{cut}: {error}");
                assert!(matches!(error, Error::Truncated { .. }), "{cut}: {error}");
            }
        }
    }
    assert_eq!(most, 3);
}

#[test]
fn no_single_byte_can_do_harm() {
    let mut bytes = simtel::run(Order::Little);
    let mut changed = 0;
    for at in 0..bytes.len() {
        for mask in [0x01, 0x40, 0x80, 0xff] {
            bytes[at] ^= mask;
            match read(&bytes, all()) {
                Ok(outcome) => changed += outcome.notes.len() + outcome.errors.len(),
                Err(_) => changed += 1,
            }
            bytes[at] ^= mask;
        }
    }
    assert!(changed > 1000, "{changed}");
}

#[test]
fn triggers_of_unknown_or_repeated_telescopes_are_noted() {
    let file = with(|out| {
        simtel::shower(out, 1);
        out.marker();
        simtel::array_event(out, 100, &TELESCOPES, &[1, 1, 105, 77], &TELESCOPES);
    });
    let outcome = read(&file, all()).unwrap();
    let triggers: Vec<u16> = outcome.events[0].triggers.iter().map(|one| one.tel_id).collect();
    assert_eq!((triggers, outcome.events[0].telescopes.len()), (vec![1, 105], 2));
    assert!(outcome.notes[0].contains("telescope 1 is in the list of triggers, twice"));
    assert!(outcome.notes[1].contains("telescope 77"), "{}", outcome.notes[1]);
    assert_eq!(outcome.notes.len(), 2);
}

#[test]
fn a_telescope_twice_in_an_event_is_noted() {
    let [first, _] = TELESCOPES;
    let file = with(|out| {
        simtel::shower(out, 1);
        out.marker();
        simtel::array_event(out, 100, &[first, first], &[1], &TELESCOPES);
    });
    let outcome = read(&file, all()).unwrap();
    assert_eq!(outcome.events[0].telescopes.len(), 1);
    assert!(outcome.notes[0].contains("twice"), "{}", outcome.notes[0]);
}
