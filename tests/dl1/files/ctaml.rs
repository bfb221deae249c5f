//! dl1-data-handler's own files, read and written again.

use std::path::{Path, PathBuf};

use tierline::dl1::event::Dl1Event;
use tierline::dl1::instrument::{
    CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, PixelShape,
    ReflectorShape, SizeType, Subarray, TelescopeDescription,
};
use tierline::dl1::reader::ctaml::Reader;
use tierline::dl1::writer::ctaml::{CtamlWriter, Options, Variant};
use tierline_tests::data::shared;

use super::compare::{Free, differences};

const PLAIN: &str = "golden/dl1/format_a/prod4_pixelsettings_v3.ctaml-0.8.3.h5";
const SAVED: &str = "golden/dl1/format_a/test_lasercal_v3.ctaml-0.8.3.save_mc_events.h5";

/// What the file has of its telescopes; the rest is not written.
fn subarray(reader: &Reader) -> Subarray {
    let mut subarray = Subarray {
        name: String::new(),
        telescopes: Vec::new(),
        optics: Vec::new(),
        cameras: Vec::new(),
        reference_location: [0.0; 3],
    };
    for one in reader.types() {
        subarray.optics.push(OpticsDescription {
            name: one.optics.clone(),
            size_type: SizeType::Lst,
            reflector_shape: ReflectorShape::Unknown,
            mirror_area_m2: 1.0,
            n_mirrors: 1,
            n_mirror_tiles: 1,
            equivalent_focal_length_m: 1.0,
            effective_focal_length_m: 1.0,
        });
        let geometry = CameraGeometry {
            name: one.camera.clone(),
            pix_x: one.pix_x.iter().map(|x| f64::from(*x)).collect(),
            pix_y: one.pix_y.iter().map(|y| f64::from(*y)).collect(),
            pix_area: vec![1.0; one.pix_x.len()],
            pix_type: PixelShape::Hexagon,
            pix_rotation_deg: 0.0,
            cam_rotation_deg: 0.0,
        };
        let readout = CameraReadout {
            name: one.camera.clone(),
            sampling_rate_ghz: 1.0,
            n_pixels: one.pix_x.len(),
            n_channels: 1,
            n_samples: 1,
            reference_pulse_shape: vec![vec![1.0]],
            reference_pulse_sample_width_ns: 1.0,
        };
        subarray.cameras.push(CameraDescription { geometry, readout });
    }
    for one in reader.telescopes() {
        let at = reader.types().iter().position(|own| own.name == one.type_name).unwrap();
        subarray.telescopes.push(TelescopeDescription {
            tel_id: one.tel_id,
            position_m: one.position_m,
            optics: at,
            camera: at,
            description: one.type_name.clone(),
            focal_length_m: 1.0,
        });
    }
    subarray
}

fn events(reader: &mut Reader) -> Vec<Dl1Event> {
    std::iter::from_fn(|| reader.next_event().unwrap()).collect()
}

fn committed(writer: CtamlWriter) -> Vec<PathBuf> {
    let (parts, _) = writer.finish().unwrap();
    let files = parts.iter().map(|part| part.target().to_path_buf()).collect();
    tierline::report::commit_all(parts).unwrap();
    files
}

fn rewrite(from: &Path, to: &Path, options: Options) -> Vec<PathBuf> {
    let mut reader = Reader::open(from).unwrap();
    let options = Options { overwrite: true, ..options };
    let mut writer = CtamlWriter::create(to, options).unwrap();
    let [input] = reader.inputs() else { panic!("{:?}", reader.inputs()) };
    writer.begin_input(input, &subarray(&reader), reader.header()).unwrap();
    for event in events(&mut reader) {
        writer.write(&event).unwrap();
    }
    while let Some((obs_id, event_id, shower)) = reader.next_mc_event().unwrap() {
        writer.write_mc_event(obs_id, event_id, &shower).unwrap();
    }
    committed(writer)
}

#[test]
fn files_of_dl1_data_handler_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let free = Free { attributes: &[], columns: &[], objects: &["/_i_"] };
    for (name, mc_events) in [(PLAIN, false), (SAVED, true)] {
        let Some(golden) = shared(name) else { return };
        let path = folder.path().join("a.h5");
        let options = Options { mc_events, ..Options::new(Variant::V0_8) };
        assert_eq!(rewrite(&golden, &path, options), std::slice::from_ref(&path));
        let found = differences(&path, &golden, &free);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn events_are_split_over_files() {
    let Some(golden) = shared(PLAIN) else { return };
    let folder = tempfile::tempdir().unwrap();
    let all = events(&mut Reader::open(&golden).unwrap());
    let count = |options: Options| {
        let target = folder.path().join("x_7.simtel.h5");
        let files = rewrite(&golden, &target, options);
        let mut found = Vec::new();
        let mut counts = Vec::new();
        for file in &files {
            let own = events(&mut Reader::open(file).unwrap());
            counts.push(own.len());
            found.extend(own);
        }
        let images = |events: &[Dl1Event]| -> Vec<_> {
            events
                .iter()
                .map(|event| (event.event_id, event.telescopes.clone()))
                .map(|(id, tels)| {
                    (id, tels.into_iter().map(|tel| (tel.tel_id, tel.image)).collect::<Vec<_>>())
                })
                .collect()
        };
        assert!(images(&found) == images(&all));
        let name = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
        (counts, files.iter().map(name).collect::<Vec<_>>())
    };
    let four = Options { events_per_file: Some(4), ..Options::new(Variant::V0_8) };
    let names = ["x_7.simtel.h5", "x_2.simtel.h5", "x_3.simtel.h5"];
    assert_eq!(count(four), (vec![4, 4, 2], names.map(str::to_owned).to_vec()));
    let five = Options { events_per_file: Some(5), ..Options::new(Variant::V0_7) };
    assert_eq!(count(five).0, [5, 5]);
    let small = Options { output_file_size: Some(30_000), ..Options::new(Variant::V0_8) };
    for threads in [1, 2] {
        let file = tierline::h5::Options { threads, ..small.file };
        let counts = count(Options { file, ..small.clone() }).0;
        assert!(counts.len() > 1 && counts.iter().sum::<usize>() == 10, "{counts:?}");
    }
}

#[test]
fn names_of_0_7_are_shorter() {
    let Some(golden) = shared(PLAIN) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    rewrite(&golden, &path, Options::new(Variant::V0_7));
    let file = tierline::h5::tree::Reader::open(&path).unwrap();
    let table = file.table("/LST_LSTCam").unwrap();
    let names: Vec<&str> = table.schema().columns().iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["charge", "event_index", "peakpos"]);
    assert_eq!(Reader::open(&path).unwrap().types()[0].name, "LST_LSTCam");
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let Some(golden) = shared(PLAIN) else { return };
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::open(&golden).unwrap();
    let (own, header) = (subarray(&reader), reader.header().clone());
    for (variant, refuses) in [(Variant::V0_8, true), (Variant::V0_7, false)] {
        let path = folder.path().join(format!("{variant:?}.h5"));
        let mut writer = CtamlWriter::create(&path, Options::new(variant)).unwrap();
        assert!(writer.write_mc_event(1, 1, &sample()).is_err());
        writer.begin_input("a", &own, &header).unwrap();
        writer.begin_input("b", &own, &header).unwrap();
        let mut other = header.clone();
        other.run.atmosphere += 1;
        assert_eq!(writer.begin_input("c", &own, &other).is_err(), refuses);
        let mut moved = own.clone();
        moved.telescopes[0].position_m[0] += 1.0;
        assert!(writer.begin_input("d", &moved, &header).is_err());
        committed(writer);
        let back = Reader::open(&path).unwrap();
        if refuses {
            assert_eq!(back.header().run.n_showers, 2 * header.run.n_showers);
        }
        assert_eq!(back.inputs()[..2], ["a", "b"]);
    }
}

fn sample() -> tierline::dl1::event::Shower {
    let mut reader = Reader::open(&shared(PLAIN).unwrap()).unwrap();
    reader.next_event().unwrap().unwrap().shower.unwrap()
}
