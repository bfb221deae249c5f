//! Small maps there and back, in all forms, and damaged.

use std::fs;
use std::path::Path;

use tierline_fits::{Cells, Column, FitsFile, FitsWriter, Header, Table};
use tierline_report::Limits;
use tierline_sky::hpx::{HpxGeom, HpxRegion, Order};
use tierline_sky::{Frame, Interp, MapAxis, NodeType};

use super::*;
use crate::gadf::{map_of_hdu, read_map};
use crate::geom::Geom;
use crate::map::{Map, MapValues};

fn energy(name: &str, bins: usize) -> MapAxis {
    MapAxis::from_bounds(name, "TeV", Interp::Log, [0.5, 20.0], bins).unwrap()
}

fn other() -> MapAxis {
    MapAxis::new("other", "deg", Interp::Lin, NodeType::Center, vec![0.0, 1.0, 4.0]).unwrap()
}

fn region(text: &str) -> Option<HpxRegion> {
    Some(HpxRegion::parse(text).unwrap())
}

/// Other numbers everywhere, NaN where a plane has no pixel.
fn map(geom: HpxGeom, is_f32: bool) -> Map {
    let (n, geom) = (geom.max_pixels() as usize, geom);
    let planes: usize = geom.axes().iter().map(MapAxis::n_bins).product();
    let value = |at: usize| match (at % n) as u64 >= geom.n_pixels(at / n).unwrap_or(n as u64) {
        true => f64::NAN,
        false => (at % 5) as f64 * (at as f64).sqrt(),
    };
    let all = (0..planes * n).map(value);
    let values = match is_f32 {
        true => MapValues::F32(all.map(|value| value as f32).collect()),
        false => MapValues::F64(all.collect()),
    };
    Map { geom: Geom::Hpx(geom), unit: "m2 s".into(), values }
}

fn geoms() -> Vec<HpxGeom> {
    let (ring, nested) = (Order::Ring, Order::Nested);
    let (icrs, galactic) = (Frame::Icrs, Frame::Galactic);
    let axes = || vec![energy("energy", 2), other()];
    let new = |nside: &[u64], order, frame, region, axes| {
        HpxGeom::new(nside, order, frame, region, axes).unwrap()
    };
    let listed = HpxGeom::of_pixels(8, ring, icrs, None, vec![3, 17, 700], axes());
    vec![
        new(&[2], ring, icrs, None, Vec::new()),
        new(&[3], ring, galactic, None, axes()),
        new(&[32], nested, icrs, region("DISK(83.63,22.01,4)"), Vec::new()),
        new(&[32], ring, icrs, region("DISK(83.63,22.01,4)"), axes()),
        new(&[16], nested, galactic, region("DISK_INC(10,-5,4,4)"), axes()),
        new(&[16], nested, icrs, region("HPX_PIXEL(RING,2,5)"), vec![energy("energy", 1)]),
        new(&[2, 4], nested, icrs, None, vec![energy("energy", 2)]),
        new(&[32, 16, 64], nested, icrs, region("DISK(8,4,9)"), vec![energy("energy", 3)]),
        listed.unwrap(),
    ]
}

fn bits(values: &MapValues) -> Vec<u64> {
    // NaN is NaN.
    let bits = |value: f64| if value.is_nan() { 1 } else { value.to_bits() };
    (0..values.len()).map(|at| bits(values.get(at))).collect()
}

fn check(found: &Map, wanted: &Map) {
    assert!(found.geom.is_close(&wanted.geom), "{:?}\n{:?}", found.geom, wanted.geom);
    assert_eq!(found.unit, wanted.unit);
    assert_eq!(bits(&found.values), bits(&wanted.values));
    let kind = std::mem::discriminant::<MapValues>;
    assert_eq!(kind(&found.values), kind(&wanted.values));
}

fn read(path: &Path) -> Result<Map, crate::Error> {
    read_map(path, None, &Limits::default())
}

#[test]
fn all_geometries_go_round() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    for geom in geoms() {
        for is_f32 in [true, false] {
            let map = map(geom.clone(), is_f32);
            write_healpix(&path, "MAP", &map, HpxForm::default(), true).unwrap();
            check(&read(&path).unwrap(), &map);
            check(&read_map(&path, Some("MAP"), &Limits::default()).unwrap(), &map);
            assert!(read_map(&path, Some("NONE"), &Limits::default()).is_err());
            // Of a list that has no name, only what is something is known of a sparse one.
            if geom.region().is_some() || geom.is_whole_sky() {
                let sparse = HpxForm { sparse: true, ..HpxForm::default() };
                write_healpix(&path, "MAP", &map, sparse, true).unwrap();
                check(&read(&path).unwrap(), &map);
            }
        }
    }
}

#[test]
fn more_planes_than_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let axes = vec![energy("energy", 40), energy("energy_true", 25)];
    let disk = region("DISK(0,0,30)");
    let new = |axes| HpxGeom::new(&[4], Order::Ring, Frame::Icrs, disk, axes).unwrap();
    let mut own = map(new(axes.clone()), true);
    if let MapValues::F32(values) = &mut own.values {
        values[1007] = f32::NAN;
    }
    write_healpix(&path, "MAP", &own, HpxForm::default(), true).unwrap();
    check(&read(&path).unwrap(), &own);
    let none = HpxGeom::new(&[1], Order::Ring, Frame::Icrs, region("DISK(1,2,0.1)"), Vec::new());
    let none = Map { geom: Geom::Hpx(none.unwrap()), ..map(geoms().swap_remove(0), true) };
    assert!(write_healpix(&path, "MAP", &none, HpxForm::default(), true).is_err());
    let listed = HpxGeom::of_pixels(4, Order::Ring, Frame::Icrs, None, vec![5], axes).unwrap();
    assert!(write_healpix(&path, "MAP", &map(listed, true), HpxForm::default(), true).is_err());
}

#[test]
fn conventions_of_fermi() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let nodes = vec![50.0, 100.0, 1000.0];
    let nodes = MapAxis::new("energy_true", "MeV", Interp::Log, NodeType::Center, nodes).unwrap();
    for (convention, axis) in
        [(HpxConvention::FgstCcube, energy("energy", 3)), (HpxConvention::FgstTemplate, nodes)]
    {
        let new = |axes| HpxGeom::new(&[4], Order::Ring, Frame::Galactic, None, axes).unwrap();
        let form = HpxForm { convention, sparse: false };
        let map_of = |axes| map(new(axes), true);
        let own = map_of(vec![axis]);
        write_healpix(&path, "SKYMAP", &own, form, true).unwrap();
        check(&read(&path).unwrap(), &own);
        // They have one axis only.
        for axes in [Vec::new(), vec![other()], vec![energy("energy", 2), other()]] {
            assert!(write_healpix(&path, "SKYMAP", &map_of(axes), form, true).is_err());
        }
    }
    let own = map(geoms().swap_remove(0), true);
    for convention in [HpxConvention::FgstBexpcube, HpxConvention::Galprop] {
        let form = HpxForm { convention, sparse: false };
        assert!(write_healpix(&path, "SKYMAP", &own, form, true).is_err());
    }
    assert!(HpxConvention::of_name("fgst-ltcube").is_err());
}

/// A file of one table of the whole sky at NSIDE 1, with some cards, and perhaps one of energies.
fn foreign(
    path: &Path,
    name: &str,
    cards: &[(&str, &str)],
    columns: Vec<Column>,
    bands: Option<Table>,
) {
    let mut writer = FitsWriter::create(path, true).unwrap();
    writer.primary(&Header::default()).unwrap();
    let mut header = Header::default();
    for (key, value) in [("PIXTYPE", "HEALPIX"), ("ORDERING", "RING")] {
        header.set(key, value, "");
    }
    cards.iter().for_each(|(key, value)| header.set(key, *value, ""));
    header.set("NSIDE", 1_i64, "");
    let rows = columns[0].cells.len();
    writer.table(&Table { name: name.into(), header, rows, columns }).unwrap();
    if let Some(bands) = bands {
        writer.table(&bands).unwrap();
    }
    writer.finish(false).unwrap();
}

fn column(name: &str) -> Column {
    Column::new(name, "", Cells::F32((0..12).map(|at| at as f32).collect()))
}

fn energies(name: &str, unit: &str) -> Option<Table> {
    let columns = vec![Column::new(name, unit, Cells::F64(vec![100.0, 1000.0]))];
    Some(Table { name: "ENERGIES".into(), header: Header::default(), rows: 2, columns })
}

#[test]
fn files_that_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let gal = [("COORDSYS", "GAL")];
    let two = |prefix: &str, from: usize| {
        vec![column(&format!("{prefix}{from}")), column(&format!("{prefix}{}", from + 1))]
    };
    foreign(&path, "SKYMAP", &gal, two("ENERGY", 1), energies("Energy", ""));
    let template = read(&path).unwrap();
    let axis = &template.geom.axes()[0];
    assert_eq!(
        (axis.name(), axis.unit(), axis.nodes()),
        ("energy_true", "MeV", &[100.0, 1000.0][..])
    );
    assert_eq!((template.values.len(), template.values.get(13)), (24, 1.0));
    let galprop = [("COORDTYPE", "GAL"), ("BUNIT", "cm-2 s-1")];
    foreign(&path, "SKYMAP2", &galprop, two("Bin", 0), energies("MeV", "MeV"));
    let found = read(&path).unwrap();
    assert_eq!((found.geom.frame(), found.unit.as_str()), (Frame::Galactic, "cm-2 s-1"));
    assert_eq!(found.geom.axes()[0].nodes(), [100.0, 1000.0]);
    // No energies, or too few.
    foreign(&path, "SKYMAP", &gal, two("ENERGY", 1), None);
    assert!(read(&path).is_err());
    foreign(&path, "SKYMAP", &gal, vec![column("ENERGY1")], energies("Energy", ""));
    assert_eq!(read(&path).unwrap().values.len(), 12);
    for (name, prefix) in [("OTHER", "CHANNEL"), ("EXPOSURE", "COSBINS"), ("X", "TEMPERATURE")] {
        foreign(&path, name, &gal, two(prefix, 1), energies("Energy", ""));
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("HPX_CONV"), "{error}");
    }
}

#[test]
fn rows_in_any_order_and_wrong_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let cards = [("COORDSYS", "CEL"), ("HPX_CONV", "GADF"), ("INDXSCHM", "EXPLICIT")];
    let of = |pixels: Vec<i64>| {
        let n = pixels.len();
        let values = Column::new("CHANNEL1", "", Cells::I16((0..n as i16).collect()));
        vec![Column::new("PIX", "", Cells::I64(pixels)), values]
    };
    foreign(&path, "MAP", &cards, of(vec![7, 2, 11]), None);
    let Map { geom: Geom::Hpx(geom), values, .. } = read(&path).unwrap() else { panic!() };
    assert_eq!((0..3).filter_map(|at| geom.global_pixel(0, at)).collect::<Vec<_>>(), [2, 7, 11]);
    assert_eq!(values, MapValues::F64(vec![1.0, 0.0, 2.0]));
    for wrong in [vec![2, 2], vec![-1, 2], vec![3, 12]] {
        foreign(&path, "MAP", &cards, of(wrong.clone()), None);
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("PIX") && error.contains("HDU MAP"), "{wrong:?}: {error}");
    }
    for scheme in ["IMPLICIT", "LOCAL", "ELSE"] {
        let cards = [("COORDSYS", "CEL"), ("HPX_CONV", "GADF"), ("INDXSCHM", scheme)];
        foreign(&path, "MAP", &cards, of(vec![2, 7, 11]), None);
        assert!(read(&path).is_err(), "{scheme}");
    }
    let sparse = [("COORDSYS", "CEL"), ("HPX_CONV", "GADF"), ("INDXSCHM", "SPARSE")];
    let of = |pixel: i64, channel: i64| {
        let columns = [("PIX", pixel), ("CHANNEL", channel), ("VALUE", 5)];
        columns.map(|(name, value)| Column::new(name, "", Cells::I64(vec![value]))).to_vec()
    };
    foreign(&path, "MAP", &sparse, of(11, 0), None);
    assert_eq!(read(&path).unwrap().values.get(11), 5.0);
    for (pixel, channel) in [(12, 0), (-1, 0), (0, 1), (0, -1)] {
        foreign(&path, "MAP", &sparse, of(pixel, channel), None);
        assert!(read(&path).is_err(), "{pixel} {channel}");
    }
}

#[test]
fn small_files_do_not_ask_for_much() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let limits = Limits { max_allocation: 1 << 20, ..Limits::default() };
    for (scheme, region) in
        [("SPARSE", ""), ("IMPLICIT", "DISK(0,0,90)"), ("LOCAL", "DISK_INC(0,0,90,64)")]
    {
        let mut writer = FitsWriter::create(&path, true).unwrap();
        writer.primary(&Header::default()).unwrap();
        let mut header = Header::default();
        for (key, value) in [
            ("PIXTYPE", "HEALPIX"),
            ("ORDERING", "NESTED"),
            ("COORDSYS", "GAL"),
            ("HPX_CONV", "GADF"),
            ("INDXSCHM", scheme),
            ("HPX_REG", region),
        ] {
            header.set(key, value, "");
        }
        header.set("NSIDE", 8192_i64, "");
        let columns = ["PIX", "VALUE", "CHANNEL1"]
            .map(|name| Column::new(name, "", Cells::I64(vec![0])))
            .to_vec();
        writer.table(&Table { name: "MAP".into(), header, rows: 1, columns }).unwrap();
        writer.finish(false).unwrap();
        let error = read_map(&path, None, &limits).unwrap_err().to_string();
        assert!(error.contains("at most") || error.contains("limit"), "{scheme}: {error}");
    }
}

#[test]
fn sizes_over_several_axes_are_refused() {
    let axes = || vec![energy("energy", 2), other()];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let write = |nside: &[u64]| {
        let geom = HpxGeom::new(nside, Order::Ring, Frame::Icrs, None, axes()).unwrap();
        write_healpix(&path, "MAP", &map(geom, true), HpxForm::default(), true)
    };
    let error = write(&[1, 2, 1, 1, 1, 1]).unwrap_err().to_string();
    assert!(error.contains("not agreed"), "{error}");
    write(&[4; 6]).unwrap();
    assert!(is_order_of_nside_plain(&[1, 2, 2, 1, 2, 2], &[energy("energy", 1), energy("b", 6)]));
}

#[test]
fn files_may_end_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    for at in [5, 7] {
        let map = map(geoms().swap_remove(at), true);
        write_healpix(&path, "MAP", &map, HpxForm::default(), true).unwrap();
        let bytes = fs::read(&path).unwrap();
        let limits = Limits::default();
        let read = |to: usize| {
            let mut file = FitsFile::from_bytes(&path, bytes[..to].to_vec(), &limits).ok()?;
            map_of_hdu(&mut file, 1).ok()
        };
        check(&read(bytes.len()).unwrap(), &map);
        // The last table is padded; before its end nothing may come out.
        let last = (0..bytes.len()).rev().find(|to| read(*to).is_none()).unwrap();
        assert!(last + 2 * 2880 > bytes.len(), "{last} of {}", bytes.len());
        assert!((0..last).all(|to| read(to).is_none()));
    }
}

#[test]
fn damaged_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let mut state = 5_u64;
    let mut below = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state) * n as u128) >> 64) as usize
    };
    let limits = Limits { max_allocation: 1 << 24, ..Limits::default() };
    for (at, geom) in geoms().into_iter().enumerate() {
        let form = HpxForm { sparse: at % 3 == 1, ..HpxForm::default() };
        write_healpix(&path, "MAP", &map(geom, at % 2 == 0), form, true).unwrap();
        let bytes = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_map(&path, None, &limits).is_err()
        };
        let cut = (0..bytes.len()).step_by(997).filter(|to| refused(&bytes[..*to])).count();
        assert!(cut * 2 > bytes.len() / 997, "{at}: {cut} cut files are refused");
        // Only headers, where it matters: digits for digits, letters for letters.
        let changed = (0..150).filter(|_| {
            let mut changed = bytes.clone();
            for _ in 0..1 + below(4) {
                let place = 2880 + below(bytes.len().min(3 * 2880) - 2880);
                changed[place] = match changed[place] {
                    digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + below(9) as u8) % 10,
                    b'A'..=b'Z' => b'A' + below(26) as u8,
                    b' ' => b' ',
                    _ => below(256) as u8,
                };
            }
            refused(&changed)
        });
        let changed = changed.count();
        assert!(changed > 5, "{at}: {changed} of 150 changed files are refused");
    }
}
