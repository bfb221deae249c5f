//! ctapipe's own files, read and written again.

use std::path::Path;

use tierline::dl1::event::Dl1Event;
use tierline::dl1::reader::ctapipe::Reader;
use tierline::dl1::writer::ctapipe::{Dl1Writer, Metadata, Model, Options};
use tierline_tests::data::shared;

use super::compare::{Free, differences};

const FILES: [&str; 9] = [
    "40k_pixels",
    "prod4_pixelsettings_v3",
    "gct_checs_muons",
    "lst_muons",
    "history_meta_75",
    "test_lasercal_v3",
    "aux_traces_2029",
    "gamma_with_obslevel_particles",
    "n_hv_disabled",
];

/// Texts of our own, versions of the software, and the filters of groups.
const FREE: Free<'_> = Free {
    attributes: &["_DESC", "FILTERS"],
    columns: &[("true_alt", 1e-12), ("true_az", 1e-12)],
    objects: &[],
};

fn metadata(reader: &Reader) -> Metadata {
    let get = |name: &str| {
        let all = reader.attributes().iter();
        let found = all.clone().find(|(own, _)| own == &format!("CTA {name}"));
        found.map(|(_, value)| value.clone()).unwrap()
    };
    Metadata {
        contact_name: get("CONTACT NAME"),
        contact_email: get("CONTACT EMAIL"),
        contact_organization: get("CONTACT ORGANIZATION"),
        product_description: get("PRODUCT DESCRIPTION"),
        product_id: get("PRODUCT ID"),
        creation_time: get("PRODUCT CREATION TIME"),
        activity_name: get("ACTIVITY NAME"),
        activity_id: get("ACTIVITY ID"),
        start_time: get("ACTIVITY START TIME"),
        stop_time: get("ACTIVITY STOP TIME"),
        software_name: get("ACTIVITY SOFTWARE NAME"),
        software_version: get("ACTIVITY SOFTWARE VERSION"),
        ..Metadata::default()
    }
}

fn rewrite(from: &Path, to: &Path, model: Model, threads: usize) -> Vec<Dl1Event> {
    let mut reader = Reader::open(from).unwrap();
    let options = Options {
        model,
        images: true,
        metadata: metadata(&reader),
        file: tierline::h5::Options { threads, ..tierline::h5::Options::default() },
        ..Options::default()
    };
    let mut writer = Dl1Writer::create(to, reader.subarray(), options).unwrap();
    let mut events = Vec::new();
    while let Some(event) = reader.next_event().unwrap() {
        writer.write(&event).unwrap();
        events.push(event);
    }
    assert_eq!(events.len(), reader.len());
    writer.finish(reader.run()).unwrap();
    events
}

#[test]
fn files_of_ctapipe_come_back() {
    let folder = tempfile::tempdir().unwrap();
    for name in FILES {
        let Some(golden) = shared(&format!("golden/dl1/dl1_files/{name}.dl1.h5")) else { return };
        let path = folder.path().join("a.h5");
        let events = rewrite(&golden, &path, Model::V7_6_0, 1);
        let found = differences(&path, &golden, &FREE);
        assert!(found.is_empty(), "{name}: {found:#?}");
        let again: Vec<Dl1Event> = Reader::open(&path).unwrap().map(Result::unwrap).collect();
        assert_eq!(events.len(), again.len());
    }
}

#[test]
fn the_older_model_is_that_of_ctapipe_0_28() {
    let name = "prod4_pixelsettings_v3.model-v7.1.0.ctapipe-0.28.0.dl1.h5";
    let Some(golden) = shared(&format!("golden/dl1/dl1_files/{name}")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let paths = [1, 2].map(|threads| folder.path().join(format!("{threads}.h5")));
    rewrite(&golden, &paths[0], Model::V7_1_0, 1);
    rewrite(&golden, &paths[1], Model::V7_1_0, 2);
    let found = differences(&paths[0], &golden, &FREE);
    assert!(found.is_empty(), "{found:#?}");
    // The newer model differs in these, and the comparison sees it.
    let Some(newer) = shared("golden/dl1/dl1_files/prod4_pixelsettings_v3.dl1.h5") else { return };
    let free = Free { attributes: &["_DESC", "FILTERS", "_VER", "VERSION", "ID", "TIME"], ..FREE };
    let found = differences(&paths[0], &newer, &free);
    let grid = "/configuration/instrument/telescope/camera/geometry_0@GRID is missing";
    assert_eq!(found, [grid]);
    assert!(std::fs::read(&paths[0]).unwrap() == std::fs::read(&paths[1]).unwrap());
}
