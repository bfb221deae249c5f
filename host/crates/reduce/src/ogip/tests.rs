//! Files as others write them.

use std::path::Path;

use tierline_fits::{Cells, Column, FitsWriter, Header, Table};
use tierline_report::Limits;

use super::*;

fn column(name: &str, unit: &str, cells: Cells) -> Column {
    Column::new(name, unit, cells)
}

fn table(name: &str, columns: Vec<Column>, cards: &[(&str, tierline_fits::Value)]) -> Table {
    let mut header = Header::default();
    cards.iter().for_each(|(key, value)| header.set(key, value.clone(), ""));
    let rows = columns[0].cells.len();
    Table { name: name.into(), header, rows, columns }
}

fn write(path: &Path, tables: &[Table]) {
    let mut writer = FitsWriter::create(path, true).unwrap();
    tables.iter().for_each(|table| writer.table(table).unwrap());
    writer.finish(false).unwrap();
}

fn spectrum(more: Vec<Column>, cards: &[(&str, tierline_fits::Value)]) -> Table {
    let mut columns = vec![
        column("CHANNEL", "", Cells::I32(vec![1, 2, 3])),
        column("COUNTS", "count", Cells::I16(vec![4, 5, 6])),
    ];
    columns.extend(more);
    let own = [
        ("EXPOSURE", 100.0.into()),
        ("ANCRFILE", "x.arf".into()),
        ("RESPFILE", "x.rmf".into()),
        ("BACKFILE", "NONE".into()),
    ];
    let mut table = table("SPECTRUM", columns, &own);
    cards.iter().for_each(|(key, value)| table.header.set(key, value.clone(), ""));
    table
}

fn ebounds() -> Table {
    let columns = vec![
        column("CHANNEL", "", Cells::I16(vec![1, 2, 3])),
        column("E_MIN", "keV", Cells::F32(vec![1.0, 2.0, 4.0])),
        column("E_MAX", "keV", Cells::F32(vec![2.0, 4.0, 8.0])),
    ];
    table("EBOUNDS", columns, &[])
}

fn area() -> Table {
    let columns = vec![
        column("ENERG_LO", "keV", Cells::F32(vec![1.0, 3.0])),
        column("ENERG_HI", "keV", Cells::F32(vec![3.0, 9.0])),
        column("SPECRESP", "cm**2", Cells::F32(vec![2e4, 3e4])),
    ];
    table("SPECRESP", columns, &[])
}

/// Two groups in the first row, one in the second, in cells of fixed length; channels from 1.
fn matrix(cards: &[(&str, tierline_fits::Value)]) -> Table {
    let of = |n: usize, column: Column| Column { shape: vec![n], ..column };
    let columns = vec![
        column("ENERG_LO", "keV", Cells::F64(vec![1.0, 3.0])),
        column("ENERG_HI", "keV", Cells::F64(vec![3.0, 9.0])),
        column("N_GRP", "", Cells::I16(vec![2, 1])),
        of(2, column("F_CHAN", "", Cells::I32(vec![1, 3, 2, 0]))),
        of(2, column("N_CHAN", "", Cells::I32(vec![1, 1, 2, 0]))),
        of(2, column("MATRIX", "", Cells::F64(vec![0.5, 0.25, 0.75, 0.125]))),
    ];
    table("MATRIX", columns, cards)
}

/// Writes the files of a spectrum and reads them.
fn read(spectrum: Table, matrix: Table) -> Result<crate::dataset::Dataset, crate::Error> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write(&at("x.pha"), &[spectrum]);
    write(&at("x.arf"), &[area()]);
    // Channels of the response's file, as the standard has them there.
    write(&at("x.rmf"), &[matrix, ebounds()]);
    read_ogip(&at("x.pha"), &Limits::default())
}

fn scaled() -> Vec<(&'static str, tierline_fits::Value)> {
    vec![("BACKSCAL", 0.5.into()), ("QUALITY", 0_i64.into()), ("AREASCAL", 1.0.into())]
}

#[test]
fn keywords_stand_for_columns() {
    let dataset = read(spectrum(Vec::new(), &scaled()), matrix(&[])).unwrap();
    assert_eq!(dataset.name, "x");
    assert_eq!(dataset.counts.values.to_f64(), [4.0, 5.0, 6.0]);
    assert_eq!(dataset.mask_safe.unwrap().values, [true; 3]);
    let off = dataset.off.unwrap();
    assert_eq!(off.acceptance.values.to_f64(), [0.5; 3]);
    assert!(off.counts_off.is_none() && off.acceptance_off.is_none());
    let exposure = dataset.exposure.unwrap();
    assert_eq!((exposure.unit.as_str(), exposure.values.to_f64()), ("m2 s", vec![200.0, 300.0]));
    let edisp = dataset.edisp.unwrap();
    assert_eq!(edisp.map.values.to_f64(), [0.5, 0.0, 0.25, 0.0, 0.75, 0.125]);
    assert_eq!(edisp.exposure.values.to_f64(), [200.0, 300.0]);
    assert_eq!(edisp.map.geom.axes()[0].unit(), "keV");
}

#[test]
fn qualities_are_numbers_or_logicals() {
    let bad = [Cells::I16(vec![0, 2, 5]), Cells::Logical(vec![false, true, true])];
    for cells in bad {
        let dataset = read(spectrum(vec![column("QUALITY", "", cells)], &scaled()), matrix(&[]));
        assert_eq!(dataset.unwrap().mask_safe.unwrap().values, [true, false, false]);
    }
}

#[test]
fn channels_count_from_where_the_header_says() {
    let mut from_zero = matrix(&[("TLMIN4", 0_i64.into())]);
    from_zero.columns[3].cells = Cells::I32(vec![0, 2, 1, 0]);
    let dataset = read(spectrum(Vec::new(), &scaled()), from_zero.clone()).unwrap();
    let values = dataset.edisp.unwrap().map.values.to_f64();
    assert_eq!(values, [0.5, 0.0, 0.25, 0.0, 0.75, 0.125]);
    // The same numbers counted from 1 begin before the first.
    from_zero.header.set("TLMIN4", 1_i64, "");
    let error = read(spectrum(Vec::new(), &scaled()), from_zero).unwrap_err().to_string();
    assert!(error.contains("row 0: channels from 0 on"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |spectrum: Table, matrix: Table| read(spectrum, matrix).unwrap_err().to_string();
    let fine = || spectrum(Vec::new(), &scaled());
    let without = |key: &str| {
        let mut table = fine();
        table.header.remove(key);
        table
    };
    assert!(refused(without("EXPOSURE"), matrix(&[])).contains("EXPOSURE"));
    assert!(refused(without("ANCRFILE"), matrix(&[])).contains("ANCRFILE"));
    assert!(refused(without("BACKSCAL"), matrix(&[])).contains("BACKSCAL"));
    let mut scaled = fine();
    scaled.header.set("AREASCAL", 2.0, "");
    assert!(refused(scaled, matrix(&[])).contains("AREASCAL"));
    let mut gap = fine();
    gap.columns[0].cells = Cells::I32(vec![1, 2, 4]);
    assert!(refused(gap, matrix(&[])).contains("4 comes after 2"));
    let mut rates = fine();
    rates.columns[1].name = "RATE".into();
    assert!(refused(rates, matrix(&[])).contains("rates"));
    for (at, cells) in [
        (2, Cells::I16(vec![3, 1])),
        (2, Cells::I16(vec![-1, 1])),
        (3, Cells::I32(vec![1, 4, 2, 0])),
        (3, Cells::I32(vec![i32::MIN, 3, 2, 0])),
        (4, Cells::I32(vec![1, 2, 2, 0])),
        (4, Cells::I32(vec![-1, 1, 2, 0])),
        (4, Cells::I32(vec![1, 1, i32::MAX, 0])),
    ] {
        let mut matrix = matrix(&[]);
        matrix.columns[at].cells = cells;
        assert!(refused(fine(), matrix).contains(": row "));
    }
    let mut other = matrix(&[]);
    other.columns[0].cells = Cells::F64(vec![1.0, 4.0]);
    other.columns[1].cells = Cells::F64(vec![4.0, 9.0]);
    assert!(refused(fine(), other).contains("true energies"));
    let mut apart = matrix(&[]);
    apart.columns[0].cells = Cells::F64(vec![1.0, 4.0]);
    assert!(refused(fine(), apart).contains("don't touch"));
}

#[test]
fn suffixes_go_before_the_first_extension() {
    for (name, arf) in [
        ("pha_obs1.fits", "pha_obs1_arf.fits"),
        ("a/pha_obs1.fits.gz", "pha_obs1_arf.fits.gz"),
        ("pha", "pha_arf"),
        (".pha.fits", ".pha_arf.fits"),
        ("é.fits", "é_arf.fits"),
    ] {
        assert_eq!(Names::beside(Path::new(name)).unwrap().arf, arf);
    }
    assert!(Names::beside(Path::new("/")).is_err());
}
