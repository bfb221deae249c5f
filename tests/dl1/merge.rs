//! Merging DL1 files: parts of one are the whole again.

use std::path::{Path, PathBuf};

use tierline::dl1::merge::{Merge, Merged};
use tierline::dl1::reader::{ctaml, ctapipe};
use tierline::dl1::writer::ctaml::{Options as CtamlOptions, Variant};
use tierline::dl1::writer::ctapipe::{Dl1Writer, EventIndex, Model, Options};
use tierline::dl1::{BuildDl1, Error, Format};
use tierline_tests::data::shared;

use super::files::compare::{Free, differences};

/// When the file was made, and by whom.
const FREE: Free<'_> = Free { attributes: &["CTA "], columns: &[], objects: &[] };

fn merge(inputs: &[PathBuf], output: &Path, single_ob: bool) -> Result<Merged, Error> {
    Merge { single_ob, overwrite: true, quiet: true, ..Merge::default() }.run(inputs, output)
}

/// Writes some events of a file, with waveforms of our own.
fn part(golden: &Path, output: &Path, events: std::ops::Range<usize>) {
    let mut reader = ctapipe::Reader::open(golden).unwrap();
    let options = Options {
        model: Model::V7_6_0,
        images: true,
        r0_waveforms: true,
        camera_frame: reader.is_camera_frame(),
        ..Options::default()
    };
    let mut writer = Dl1Writer::create(output, reader.subarray(), options).unwrap();
    let mut run = reader.run().clone();
    // Each part counts its own images.
    for criterion in run.image_statistics.iter_mut().filter(|_| events.start > 0) {
        (criterion.counts, criterion.cumulative_counts) = (0, 0);
    }
    for n in 0..events.end {
        let event = reader.next_event().unwrap().unwrap();
        if n < events.start {
            continue;
        }
        writer.write(&event).unwrap();
        for telescope in &event.telescopes {
            let index = EventIndex::from(&event);
            writer.write_r0(index, telescope.tel_id, [1, 2, 3], &[n as u16; 6]).unwrap();
        }
    }
    writer.finish(&run).unwrap();
}

#[test]
fn parts_of_a_file_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, cuts) in [("lst_muons", [0, 13, 30]), ("test_lasercal_v3", [0, 1, 3])] {
        let Some(golden) = shared(&format!("golden/dl1/dl1_files/{name}.dl1.h5")) else { return };
        part(&golden, &at("whole.h5"), cuts[0]..cuts[2]);
        part(&golden, &at("first.h5"), cuts[0]..cuts[1]);
        part(&golden, &at("second.h5"), cuts[1]..cuts[2]);
        let inputs = [at("first.h5"), at("second.h5")];
        let error = merge(&inputs, &at("merged.h5"), false).unwrap_err().to_string();
        assert!(error.contains("second.h5: observation "), "{error}");
        let merged = merge(&inputs, &at("merged.h5"), true).unwrap();
        assert_eq!(merged.notes, Vec::<String>::new());
        assert_eq!(merged.events, [cuts[1] as u64, (cuts[2] - cuts[1]) as u64]);
        assert!(merged.rows.keys().any(|path| path.starts_with("/r0/event/telescope/tel_")));
        let found = differences(&at("merged.h5"), &at("whole.h5"), &FREE);
        assert!(found.is_empty(), "{name}: {found:#?}");
        // The other way round the events come in the order of the files.
        let swapped = [at("second.h5"), at("first.h5")];
        merge(&swapped, &at("merged.h5"), true).unwrap();
        let mut events = ctapipe::Reader::open(&at("merged.h5")).unwrap();
        let mut whole = ctapipe::Reader::open(&at("whole.h5")).unwrap();
        let whole: Vec<_> = whole.by_ref().map(Result::unwrap).collect();
        assert_eq!(events.next_event().unwrap().unwrap().event_id, whole[cuts[1]].event_id);
        std::fs::remove_file(at("merged.h5")).unwrap();
    }
}

/// Files of ctapipe itself, whose chunks are packed by Blosc.
#[test]
fn files_of_ctapipe_are_copied_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in [
        "prod4_pixelsettings_v3.model-v7.1.0.ctapipe-0.28.0.dl1.h5",
        "history_meta_75.dl1.h5",
        "gct_checs_muons.dl1.h5",
    ] {
        let Some(golden) = shared(&format!("golden/dl1/dl1_files/{name}")) else { return };
        let one = merge(std::slice::from_ref(&golden), &at("one.h5"), false).unwrap();
        assert_eq!(one.notes, Vec::<String>::new());
        let free = Free { attributes: &["CTA ", "FILTERS"], ..FREE };
        let found = differences(&at("one.h5"), &golden, &free);
        assert!(found.is_empty(), "{name}: {found:#?}");
        std::fs::copy(&golden, at("copy.h5")).unwrap();
        let twice = merge(&[golden.clone(), at("copy.h5")], &at("two.h5"), true).unwrap();
        assert_eq!(twice.duplicates, one.events[0]);
        assert!(twice.notes[0].contains("had occurred before"), "{:?}", twice.notes);
        for (path, rows) in &one.rows {
            let once = path.starts_with("/configuration/") || path.contains("/service/");
            assert_eq!(twice.rows[path], if once { *rows } else { 2 * rows }, "{path}");
        }
        let counts = |file: &str| {
            let reader = ctapipe::Reader::open(&at(file)).unwrap();
            reader.run().image_statistics.iter().map(|own| own.counts).collect::<Vec<_>>()
        };
        let doubled: Vec<i64> = counts("one.h5").iter().map(|count| 2 * count).collect();
        assert_eq!(counts("two.h5"), doubled);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("merged.h5");
    let file = |name: &str| shared(&format!("golden/dl1/{name}"));
    let Some(prod4) = file("dl1_files/prod4_pixelsettings_v3.dl1.h5") else { return };
    let older = file("dl1_files/prod4_pixelsettings_v3.model-v7.1.0.ctapipe-0.28.0.dl1.h5");
    let other = file("dl1_files/lst_muons.dl1.h5").unwrap();
    let ctaml = file("format_a/prod4_pixelsettings_v3.ctaml-0.8.3.h5").unwrap();
    let refused = |inputs: &[&PathBuf], reason: &str| {
        let inputs: Vec<PathBuf> = inputs.iter().map(|path| (*path).clone()).collect();
        let error = merge(&inputs, &output, true).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(error.contains(&inputs.last().unwrap().display().to_string()), "{error}");
        assert!(!output.exists());
    };
    refused(&[&prod4, &older.unwrap()], "DATA MODEL VERSION is v7.1.0, that of ");
    refused(&[&prod4, &other], "its telescopes are not those of ");
    refused(&[&prod4, &ctaml], "its format is that of dl1-data-handler");
    refused(&[&prod4, &prod4], "it is given twice");
    assert!(merge(&[], &output, false).is_err());
    let over = merge(std::slice::from_ref(&prod4), &prod4, false).unwrap_err().to_string();
    assert!(over.contains("over itself"), "{over}");
}

#[test]
fn images_of_dl1_data_handler_are_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let Some(input) = shared("data/dl1/prod4_pixelsettings_v3.gz") else { return };
    for variant in [Variant::V0_7, Variant::V0_8] {
        let build = |output: &str, events_per_file: Option<usize>| {
            let mc_events = variant == Variant::V0_8;
            let options = CtamlOptions { events_per_file, mc_events, ..CtamlOptions::new(variant) };
            let format = Format::Ctaml(Box::new(options));
            let build = BuildDl1 { format, quiet: true, overwrite: true, ..BuildDl1::default() };
            build.run(std::slice::from_ref(&input), &at(output)).unwrap().files
        };
        build("whole.h5", None);
        let parts = build("part.h5", Some(4));
        assert_eq!(parts.len(), 3);
        let merged = merge(&parts, &at("merged.h5"), false).unwrap();
        assert_eq!(merged.events, [4, 4, 2]);
        let free = Free { attributes: &["runlist", "num_showers"], ..FREE };
        let found = differences(&at("merged.h5"), &at("whole.h5"), &free);
        assert!(found.is_empty(), "{variant:?}: {found:#?}");
        let whole = ctaml::Reader::open(&at("whole.h5")).unwrap();
        let reader = ctaml::Reader::open(&at("merged.h5")).unwrap();
        assert_eq!(reader.inputs().len(), 3 * whole.inputs().len());
        assert_eq!(reader.header().run.n_showers, 3 * whole.header().run.n_showers);
    }
}
