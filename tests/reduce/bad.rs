//! Observations that can't be what they should be: what the commands say of them.

use std::path::Path;

use tierline::fits::{Cells, Table};

use super::small;
use crate::host::program::{Ran, files, tierline};

/// A store of the one observation 7, changed.
fn store(change: impl FnOnce(&mut Vec<Table>)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    std::fs::create_dir(&store).unwrap();
    small::store(&store, &[7], &[7]);
    let mut tables = small::observation();
    tables[0].header.set("OBS_ID", 7_i64, "");
    change(&mut tables);
    small::write(&store.join("data/run_7.fits"), &tables);
    folder
}

fn map(folder: &Path, more: &[&str]) -> Ran {
    let fixed = ["reduce", "map", "store", "--width=4", "--binsz=0.1", "-o", "x.fits", "-v"];
    let place = ["--position", "83.6,22.0"];
    let place =
        if more.iter().any(|word| word.starts_with("--position")) { &[][..] } else { &place };
    tierline(folder, &[&fixed[..], place, more].concat())
}

fn table<'a>(tables: &'a mut [Table], name: &str) -> &'a mut Table {
    tables.iter_mut().find(|table| table.name == name).unwrap()
}

fn cells<'a>(tables: &'a mut [Table], name: &str, column: &str) -> &'a mut Cells {
    let columns = &mut table(tables, name).columns;
    &mut columns.iter_mut().find(|found| found.name == column).unwrap().cells
}

#[test]
fn without_a_response_it_is_left_out_and_told() {
    let folder = store(|tables| tables.retain(|table| table.name != "PSF"));
    let ran = map(folder.path(), &[]);
    assert!(ran.code != 0 && ran.err.contains("PSF"), "{} {}", ran.code, ran.err);
    assert_eq!(files(folder.path()), ["store"]);
}

#[test]
fn holes_in_a_response_are_told() {
    let folder = store(|tables| match cells(tables, "AEFF", "EFFAREA") {
        Cells::F32(values) => values[1] = f32::NAN,
        other => panic!("{other:?}"),
    });
    let ran = map(folder.path(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("EFFAREA: 1 of 6 values are no numbers"), "{}", ran.err);
}

#[test]
fn units_that_do_not_convert_are_errors() {
    for (name, column, unit) in [("AEFF", "EFFAREA", "s"), ("EVENTS", "ENERGY", "m")] {
        let folder = store(|tables| {
            let columns = &mut table(tables, name).columns;
            columns.iter_mut().find(|found| found.name == column).unwrap().unit = unit.into();
        });
        let ran = map(folder.path(), &[]);
        assert_eq!(ran.code, 1, "{name} {}", ran.err);
        assert!(ran.err.contains("observation 7: "), "{name} {}", ran.err);
        assert!(ran.err.contains(&format!("{unit:?}")), "{name} {}", ran.err);
        assert_eq!(files(folder.path()), ["store"]);
    }
}

#[test]
fn observations_without_good_time_or_events() {
    let folder = store(|tables| {
        let gti = table(tables, "GTI");
        gti.rows = 0;
        gti.columns.iter_mut().for_each(|column| column.cells = Cells::F64(Vec::new()));
    });
    let ran = map(folder.path(), &[]);
    let left_out = "observation 7 is left out: no good time";
    assert!(ran.code == 1 && ran.err.contains(left_out), "{} {}", ran.code, ran.err);
    assert_eq!(files(folder.path()), ["store"]);
    let folder = store(|_| ());
    let ran = map(folder.path(), &["--energy", "90,99,2"]);
    assert!(ran.code == 0 && ran.err.contains(" 0 counts"), "{} {}", ran.code, ran.err);
}

#[test]
fn a_place_that_was_not_observed_is_told() {
    let folder = store(|_| ());
    let ran = map(folder.path(), &["--position", "200,-60"]);
    assert!(ran.code != 0 && ran.err.contains('7'), "{} {}", ran.code, ran.err);
    assert_eq!(files(folder.path()), ["store"]);
}

#[test]
fn a_spectrum_without_off_regions_is_told() {
    // The circle is around the pointing: nothing reflected is apart from it.
    let folder = store(|_| ());
    let args = [
        "reduce",
        "spectrum",
        "store",
        "--position",
        "83.6,22.5",
        "--radius=0.1",
        "-o",
        "out",
        "-v",
    ];
    let ran = tierline(folder.path(), &args);
    assert!(ran.err.contains("off"), "{} {}", ran.code, ran.err);
    assert_ne!(ran.code, 0, "{}", ran.err);
}
