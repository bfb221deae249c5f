//! Images on square grids with their labels.

use std::path::{Path, PathBuf};

use tierline::dl1::images::{Channel, Made, MakeImages};
use tierline::dl1::mapping::{ImageMapper, MapperKind};
use tierline::dl1::reader::ctapipe::Reader;
use tierline::h5::tree;
use tierline_tests::data::shared;

fn golden(name: &str) -> Option<PathBuf> {
    shared(&format!("golden/dl1/{name}"))
}

/// Shape and numbers of a NumPy array.
fn numpy(path: &Path) -> (String, Vec<f32>) {
    let bytes = std::fs::read(path).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert!(end % 64 == 0 && bytes[end - 1] == b'\n');
    let head = String::from_utf8(bytes[10..end].to_vec()).unwrap();
    let shape = head.split_once("'shape': ").unwrap().1.split_once(", }").unwrap().0.to_owned();
    let values = bytes[end..].as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    (shape, values)
}

fn make(make: MakeImages, input: &Path, output: &Path) -> Result<Made, tierline::dl1::Error> {
    MakeImages { overwrite: true, ..make }.run(&[input.to_path_buf()], output)
}

/// Photo-electrons of the images that are kept.
const LEAST: f64 = 2000.0;

#[test]
fn arrays_hold_the_mapped_images_of_the_file() {
    let Some(file) = golden("dl1_files/lst_muons.dl1.h5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("images.npy");
    let select = format!("hillas_intensity > {LEAST} and morphology_n_islands < 3");
    let wanted = MakeImages {
        mapper: Some(MapperKind::Shifting),
        channels: vec![Channel::Image, Channel::PeakTime, Channel::TrueImage],
        cleaned: true,
        select: Some(select),
        ..MakeImages::default()
    };
    let made = make(wanted, &file, &output).unwrap();
    let mut reader = Reader::open(&file).unwrap();
    let camera = reader.subarray().cameras[0].geometry.clone();
    let mapper = ImageMapper::new(&camera, MapperKind::Shifting, None).unwrap();
    let (mut expected, mut labels, mut seen) = (Vec::new(), Vec::new(), 0);
    while let Some(event) = reader.next_event().unwrap() {
        for telescope in &event.telescopes {
            seen += 1;
            let parameters = telescope.parameters.unwrap();
            let kept = parameters.hillas.intensity > LEAST && parameters.morphology.n_islands < 3;
            if !kept {
                continue;
            }
            let mask = telescope.image_mask.as_ref().unwrap();
            let kept = |values: &[f32]| -> Vec<f32> {
                values.iter().zip(mask).map(|(v, kept)| if *kept { *v } else { 0.0 }).collect()
            };
            let truth = telescope.true_image.as_ref().unwrap();
            let channels = [
                mapper.map(&kept(&telescope.image.image)).unwrap(),
                mapper.map(&kept(&telescope.image.peak_time)).unwrap(),
                mapper.map(&truth.iter().map(|n| *n as f32).collect::<Vec<_>>()).unwrap(),
            ];
            for cell in 0..channels[0].len() {
                expected.extend(channels.iter().map(|channel| channel[cell]));
            }
            let energy = event.shower.unwrap().energy_tev;
            labels.push((event.event_id, energy, parameters.hillas.width));
        }
    }
    let (n, shape) = (labels.len(), mapper.shape());
    assert!(n > 3 && n < seen, "{n} of {seen}");
    assert_eq!((made.shape, made.seen), ([n, shape, shape, 3], seen as u64));
    assert_eq!(made.tel_types.len(), 1);
    let (told, values) = numpy(&output);
    assert_eq!(told, format!("({n}, {shape}, {shape}, 3)"));
    assert!(values == expected);
    let text = std::fs::read_to_string(folder.path().join("images.labels.csv")).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| names.iter().position(|own| *own == name).unwrap();
    for ((event_id, energy, width), line) in labels.iter().zip(lines.by_ref()) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), names.len());
        assert_eq!(cells[at("event_id")].parse(), Ok(*event_id));
        assert_eq!(cells[at("true_energy")].parse(), Ok(*energy));
        assert_eq!(cells[at("hillas_width")].parse(), Ok(*width));
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn hdf5_holds_the_same_as_numpy() {
    let Some(file) = golden("dl1_files/history_meta_75.dl1.h5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (npy, h5) = (folder.path().join("a.npy"), folder.path().join("a.h5"));
    for (types, count) in [(vec!["LST*".to_owned()], 4), (vec!["NectarCam".to_owned()], 11)] {
        let wanted = MakeImages { tel_types: types, ..MakeImages::default() };
        let made = make(wanted.clone(), &file, &npy).unwrap();
        assert_eq!((made.shape[0], made.mapper), (count, "BilinearMapper"));
        assert_eq!(make(wanted, &file, &h5).unwrap().files, std::slice::from_ref(&h5));
        let reader = tree::Reader::open(&h5).unwrap();
        let images = reader.array("images", 0..usize::MAX).unwrap();
        assert_eq!(images.row_shape, made.shape[1..]);
        let values: Vec<f32> = images.iter_f64().map(|value| value as f32).collect();
        assert!(values == numpy(&npy).1);
        let mut labels = reader.table("/labels").unwrap();
        assert_eq!(labels.rows(), count);
        let energies = labels.column("true_energy", 0..count).unwrap();
        assert!(energies.iter_f64().all(|energy| energy > 1.0 && energy < 2.0));
    }
}

#[test]
fn files_of_dl1_data_handler_are_mapped_too() {
    let Some(file) = golden("format_a/test_lasercal_v3.ctaml-0.8.3.save_mc_events.h5") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.npy");
    let wanted = MakeImages { mapper: Some(MapperKind::Oversampling), ..MakeImages::default() };
    let made = make(wanted, &file, &output).unwrap();
    // As large as those of ctapipe's file of the same camera.
    assert_eq!(made.shape, [10, 110, 110, 1]);
}

#[test]
fn what_can_not_be_made_is_refused_and_leaves_nothing() {
    let Some(file) = golden("dl1_files/history_meta_75.dl1.h5") else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("a.npy");
    let refused = |wanted: MakeImages, reason: &str| {
        let error = make(wanted, &file, &output).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{reason}");
    };
    let usual = MakeImages::default;
    let select = Some("hillas_intensty > 3".to_owned());
    refused(MakeImages { select, ..usual() }, "did you mean hillas_intensity?");
    refused(MakeImages { tel_ids: vec![999], ..usual() }, "no telescope of theirs");
    refused(MakeImages { mapper: Some(MapperKind::Square), ..usual() }, "for square pixels");
    refused(MakeImages { channels: Vec::new(), ..usual() }, "there are none");
    let other = folder.path().join("a.txt");
    assert!(make(usual(), &file, &other).unwrap_err().to_string().contains("name it .npy"));
}
