//! FITS files of instruments and other programs.

use std::path::{Path, PathBuf};

use tierline::fits::{FitsFile, HduKind};
use tierline::report::Limits;
use tierline_tests::data::shared;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.to_string_lossy().trim_end_matches(".gz").ends_with(".fits") {
            found.push(path);
        }
    }
}

#[test]
fn all_files_are_read() {
    for folder in ["data/reduce", "golden/reduce"] {
        let Some(folder) = shared(folder) else { return };
        let mut found = Vec::new();
        files(&folder, &mut found);
        assert!(found.len() >= 10, "{}", found.len());
        for path in found {
            let mut file = FitsFile::open(&path, &Limits::default()).unwrap();
            for number in 0..file.hdus().len() {
                let info = file.info(number).unwrap().clone();
                match info.kind {
                    HduKind::Image => {
                        assert_eq!(file.image(number).unwrap().shape, info.shape);
                    }
                    HduKind::BinaryTable => {
                        let table = file.table(number, None).unwrap();
                        assert_eq!(table.columns.len(), info.columns.len());
                        assert!(table.columns.iter().all(|column| !column.name.is_empty()));
                    }
                    other => panic!("{}: {other:?}", path.display()),
                }
            }
        }
    }
}

#[test]
fn events_and_responses() {
    let Some(path) = shared("data/reduce/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz")
    else {
        return;
    };
    let mut file = FitsFile::open(&path, &Limits::default()).unwrap();
    let names: Vec<&str> = file.hdus().iter().map(|info| info.hdu.name.as_str()).collect();
    assert_eq!(names, ["", "EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"]);
    let header = file.header(1).unwrap();
    assert_eq!(header.require_integer("OBS_ID"), Ok(23523));
    let events = file.table(1, Some(&["energy", "RA"])).unwrap();
    assert_eq!(events.rows, 7613);
    assert_eq!(events.columns[0].unit, "TeV");
    let background = file.table(6, None).unwrap();
    let column = background.require("BKG").unwrap();
    assert_eq!(column.shape.len(), 3);
}
