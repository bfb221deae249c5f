//! Small datasets there and back, and damaged.

use std::fs;
use std::path::Path;

use tierline_report::Limits;
use tierline_sky::hpx::{HpxGeom, HpxRegion, Order};
use tierline_sky::{
    Frame, Interp, MapAxis, Projection, RegionGeom, Shape, Size, SkyCoord, SkyRegion, WcsGeom,
};

use super::*;
use crate::data::{Gti, Time, TimeScale};
use crate::dataset::{Axes, Dataset, MetaRow, OnOff};
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

fn axis(name: &str, bins: usize) -> MapAxis {
    MapAxis::from_bounds(name, "TeV", Interp::Log, [0.5, 20.0], bins).unwrap()
}

fn image(frame: Frame) -> Geom {
    let center = SkyCoord::new(83.6, 22.0, frame);
    let size = Size::Npix([4, 3]);
    let axes = vec![axis("energy", 2)];
    Geom::Wcs(WcsGeom::create(&center, size, [0.5; 2], Projection::Tan, frame, axes).unwrap())
}

fn healpix(nside: u64, order: Order) -> Geom {
    let disk = HpxRegion::parse("DISK(83.6,22,4)").unwrap();
    let axes = vec![axis("energy", 2)];
    Geom::Hpx(HpxGeom::new(&[nside], order, Frame::Icrs, Some(disk), axes).unwrap())
}

fn region(shape: Shape) -> Geom {
    let region = SkyRegion::Simple { center: SkyCoord::icrs(83.6, 22.0), shape };
    Geom::Region(RegionGeom::new(region, vec![axis("energy", 2)]).unwrap())
}

/// Other numbers everywhere, some of which are none.
fn fill(map: &mut Map, seed: f64) {
    let value = |at: usize| match at % 7 {
        6 => f64::NAN,
        _ => (at as f64 + seed).sqrt() * 1e-3,
    };
    let n = map.values.len();
    map.values = match map.values {
        MapValues::F32(_) => MapValues::F32((0..n).map(|at| value(at) as f32).collect()),
        MapValues::F64(_) => MapValues::F64((0..n).map(value).collect()),
    };
}

fn dataset(geom: Geom, migra: bool) -> Dataset {
    let migra = migra.then(|| MapAxis::from_bounds("migra", "", Interp::Lin, [0.2, 5.0], 4));
    let rad = MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, 0.6], 2).unwrap();
    let axes = Axes {
        energy_true: Some(axis("energy_true", 3)),
        migra: migra.map(Result::unwrap),
        rad: Some(rad),
        binsz_irf: 1.0,
    };
    let mut dataset = Dataset::create("a b's", geom.clone(), &axes).unwrap();
    fill(&mut dataset.counts, 1.0);
    let exposure = dataset.exposure.as_mut().unwrap();
    exposure.values = MapValues::F64(vec![0.0; exposure.values.len()]);
    fill(exposure, 2.0);
    fill(dataset.background.as_mut().unwrap(), 3.0);
    if let Some(psf) = &mut dataset.psf {
        fill(&mut psf.map, 4.0);
        psf.map.unit = "deg-2".into();
        fill(&mut psf.exposure, 5.0);
    }
    fill(&mut dataset.edisp.as_mut().unwrap().exposure, 6.0);
    let mask = |step: usize| {
        let n = dataset.counts.values.len();
        Mask::new(geom.clone(), (0..n).map(|at| at % step == 0).collect()).unwrap()
    };
    (dataset.mask_safe, dataset.mask_fit) = (Some(mask(2)), Some(mask(3)));
    dataset.livetime_s = Some(1_581.264_665_812_25);
    dataset.is_pointlike = true;
    let reference = Time::from_mjd(51910, 0.000_742_870_370_370_241, TimeScale::Tt).unwrap();
    dataset.gti = Some(Gti { reference, intervals: vec![[1.5e8, 1.5e8 + 0.1], [2e8, 3e8]] });
    let row = |id: &str| MetaRow {
        telescope: "HESS".into(),
        obs_id: id.into(),
        obs_mode: "WOBBLE".into(),
        pointing: [83.6, 22.5],
    };
    dataset.meta = vec![row("1"), row("20136")];
    dataset
}

fn with_off(mut dataset: Dataset) -> Dataset {
    let other = |seed: f64| {
        let mut map = dataset.counts.clone();
        fill(&mut map, seed);
        map
    };
    let (counts_off, acceptance_off) = (Some(other(7.0)), Some(other(8.0)));
    dataset.off = Some(OnOff { counts_off, acceptance: other(9.0), acceptance_off });
    dataset.background = None;
    dataset
}

fn bits(values: &MapValues) -> Vec<u64> {
    values.to_f64().into_iter().map(f64::to_bits).collect()
}

fn check(found: &Dataset, wanted: &Dataset) {
    let maps = |dataset: &Dataset| -> Vec<Option<Map>> {
        let off = dataset.off.as_ref();
        let irfs = [&dataset.psf, &dataset.edisp].map(|irf| irf.clone());
        let irfs = irfs.into_iter().flat_map(|irf| {
            let (map, exposure) = irf.map(|irf| (irf.map, irf.exposure)).unzip();
            [map, exposure]
        });
        let own = [Some(dataset.counts.clone()), dataset.exposure.clone()];
        let more = [
            dataset.background.clone(),
            off.and_then(|off| off.counts_off.clone()),
            off.map(|off| off.acceptance.clone()),
            off.and_then(|off| off.acceptance_off.clone()),
        ];
        own.into_iter().chain(more).chain(irfs).collect()
    };
    for (at, (found, wanted)) in maps(found).into_iter().zip(maps(wanted)).enumerate() {
        assert_eq!(found.is_some(), wanted.is_some(), "map {at}");
        let (Some(found), Some(wanted)) = (found, wanted) else { continue };
        assert_eq!(found.unit, wanted.unit, "map {at}");
        assert_eq!(bits(&found.values), bits(&wanted.values), "map {at}");
        let kind = std::mem::discriminant::<MapValues>;
        assert_eq!(kind(&found.values), kind(&wanted.values), "map {at}");
        same(&found.geom, &wanted.geom);
    }
    for (found, wanted) in
        [(&found.mask_safe, &wanted.mask_safe), (&found.mask_fit, &wanted.mask_fit)]
    {
        let values = |mask: &Option<Mask>| mask.as_ref().map(|mask| mask.values.clone());
        assert_eq!(values(found), values(wanted));
    }
    assert_eq!((&found.name, &found.meta), (&wanted.name, &wanted.meta));
    assert_eq!(found.livetime_s, wanted.livetime_s);
    assert_eq!(found.is_pointlike, wanted.is_pointlike);
    let (found, wanted) = (found.gti.as_ref().unwrap(), wanted.gti.as_ref().unwrap());
    assert_eq!(found.intervals, wanted.intervals);
    assert!(found.reference.since(&wanted.reference).abs() < 1e-9);
    assert_eq!(found.reference.scale(), wanted.reference.scale());
}

fn same(a: &Geom, b: &Geom) {
    let same = match (a, b) {
        (Geom::Wcs(a), Geom::Wcs(b)) => a.is_close(b),
        (Geom::Region(a), Geom::Region(b)) => a.is_close(b),
        (Geom::Hpx(a), Geom::Hpx(b)) => a.is_close(b) && a.region() == b.region(),
        _ => false,
    };
    assert!(same, "{a:?}\n{b:?}");
}

fn all() -> Vec<Dataset> {
    let size = [0.5, 0.2];
    let (inner, outer) = ([0.2, 0.1], [0.4, 0.3]);
    vec![
        dataset(image(Frame::Icrs), false),
        with_off(dataset(image(Frame::Galactic), true)),
        dataset(region(Shape::Circle { radius: 0.11 }), true),
        with_off(dataset(region(Shape::Rectangle { size, angle: 30.0 }), false)),
        dataset(region(Shape::Ellipse { size, angle: -20.0 }), false),
        dataset(region(Shape::CircleAnnulus { inner: 0.2, outer: 0.4 }), false),
        dataset(region(Shape::EllipseAnnulus { inner, outer, angle: 10.0 }), false),
        dataset(region(Shape::Point), false),
        dataset(healpix(32, Order::Nested), false),
        with_off(dataset(healpix(24, Order::Ring), true)),
    ]
}

fn read(path: &Path) -> Result<Dataset, crate::Error> {
    read_dataset(path, &Limits::default())
}

#[test]
fn every_member_goes_round() {
    let folder = tempfile::tempdir().unwrap();
    for (at, dataset) in all().into_iter().enumerate() {
        for suffix in ["fits", "fits.gz"] {
            let path = folder.path().join(format!("{at}.{suffix}"));
            write_dataset(&path, &dataset, false).unwrap();
            check(&read(&path).unwrap(), &dataset);
            let bytes = fs::read(&path).unwrap();
            assert!(write_dataset(&path, &dataset, false).is_err());
            write_dataset(&path, &read(&path).unwrap(), true).unwrap();
            check(&read(&path).unwrap(), &dataset);
            write_dataset(&path, &dataset, true).unwrap();
            assert!(fs::read(&path).unwrap() == bytes, "{at}: the bytes changed");
        }
    }
}

#[test]
fn times_in_other_scales_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.fits");
    let mut dataset = dataset(image(Frame::Icrs), false);
    for (scale, day) in [(TimeScale::Utc, 51_544), (TimeScale::Tai, 60_000)] {
        let reference = Time::from_mjd(day, 0.0, scale).unwrap();
        dataset.gti = Some(Gti { reference, intervals: Vec::new() });
        write_dataset(&path, &dataset, true).unwrap();
        let mut file = tierline_fits::FitsFile::open(&path, &Limits::default()).unwrap();
        let number = file.require("GTI").unwrap();
        let header = file.header(number).unwrap();
        assert_eq!(header.integer("MJDREFI"), Ok(Some(day)));
        assert_eq!(header.real("MJDREFF"), Ok(Some(0.0)));
        assert_eq!(header.text("TIMESYS"), Ok(Some(scale.name())));
        assert_eq!(Gti::read(&mut file, number).unwrap(), dataset.gti.clone().unwrap());
        check(&read(&path).unwrap(), &dataset);
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
    let all = all();
    for dataset in [&all[0], &all[1], &all[3], &all[8], &all[9]] {
        write_dataset(&path, dataset, true).unwrap();
        let bytes = fs::read(&path).unwrap();
        let refused = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read(&path).is_err()
        };
        let cut = (0..bytes.len()).step_by(1447).filter(|at| refused(&bytes[..*at])).count();
        assert!(cut * 2 > bytes.len() / 1447, "{cut} cut files are refused");
        let n = (0..100).filter(|_| {
            let mut changed = bytes.clone();
            for _ in 0..1 + below(30) {
                let at = below(bytes.len());
                // Digits for digits, so that headers stay such.
                changed[at] = match changed[at] {
                    digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + below(9) as u8) % 10,
                    _ => below(256) as u8,
                };
            }
            refused(&changed)
        });
        let n = n.count();
        assert!(n > 20, "{n} of 100 changed files are refused");
    }
}
