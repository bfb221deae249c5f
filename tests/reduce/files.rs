//! Files of datasets: those of the peer read, ours beside them, damage.

use std::fs;
use std::path::Path;

use tierline::fits::{Cells, FitsFile, HduKind, Header, Pixels, Value};
use tierline::reduce::dataset::{Dataset, IrfMap};
use tierline::reduce::datasets::{read_any, read_datasets, write_datasets};
use tierline::reduce::gadf::{read_dataset, write_dataset};
use tierline::reduce::geom::Geom;
use tierline::reduce::map::{Map, Mask};
use tierline::report::Limits;
use tierline_tests::data::shared;

use super::digest::{Differences, EXACT, relative};
use super::stored::{json, number};

/// Numbers that look random and are always the same.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0) * n as u128) >> 64) as usize
    }
}

pub(super) fn open(path: &Path) -> FitsFile {
    FitsFile::open(path, &Limits::default()).unwrap()
}

/// Cards that say who wrote a file and when, or sum it up.
const OWN: [&str; 6] = ["CREATOR", "CREATED", "CHECKSUM", "DATASUM", "COMMENT", "TIMEUNIT"];
/// Cards of the structure, compared as types and shapes.
const STRUCTURE: [&str; 3] = ["SIMPLE", "EXTEND", "BITPIX"];

fn cards(header: &Header) -> Vec<(String, Value)> {
    let other = |key: &str| {
        OWN.contains(&key)
            || STRUCTURE.contains(&key)
            || key.starts_with("NAXIS")
            || key.starts_with("TFORM")
            || matches!(key, "XTENSION" | "PCOUNT" | "GCOUNT")
    };
    let cards = header.cards.iter().filter(|card| !other(&card.key));
    // A unit that is empty may be left out.
    let cards = cards.filter(|card| {
        !(card.key.starts_with("TUNIT") && card.value == Value::Text(String::new()))
    });
    cards.map(|card| (card.key.clone(), card.value.clone())).collect()
}

/// How two files are compared.
pub(super) struct Beside<'a> {
    /// HDUs of the other file that ours has not.
    pub(super) without: &'a [&'a str],
    /// Cards that may differ or be in one only.
    pub(super) but: &'a [&'a str],
    /// How near real numbers have to be, relative and absolute.
    pub(super) near: [f64; 2],
}

impl Beside<'_> {
    fn cards(&self, what: &str, own: &Header, other: &Header, wrong: &mut Vec<String>) {
        let kept = |(key, _): &(String, Value)| !self.but.contains(&key.as_str());
        let own: Vec<_> = cards(own).into_iter().filter(kept).collect();
        let other: Vec<_> = cards(other).into_iter().filter(kept).collect();
        for (key, wanted) in &other {
            let found = own.iter().find(|(name, _)| name == key).map(|(_, value)| value);
            let same = match (found, wanted) {
                (Some(Value::Real(a)), Value::Real(b)) => (a - b).abs() <= 1e-9 * b.abs().max(1e-3),
                (Some(Value::Integer(a)), Value::Real(b)) => *a as f64 == *b,
                (found, wanted) => found == Some(wanted),
            };
            if !same {
                wrong.push(format!("{what}: {key}: {found:?} for {wanted:?}"));
            }
        }
        for (key, value) in own.iter().filter(|(key, _)| !other.iter().any(|(name, _)| name == key))
        {
            wrong.push(format!("{what}: {key} = {value:?} is in ours only"));
        }
    }

    fn reals(&self, what: &str, own: &[f64], other: &[f64], wrong: &mut Vec<String>) {
        if own.len() != other.len() {
            wrong.push(format!("{what}: {} values for {}", own.len(), other.len()));
            return;
        }
        let [relative, absolute] = self.near;
        let differs = |(a, b): (&f64, &f64)| {
            a != b && !(a.is_nan() && b.is_nan()) && (a - b).abs() > relative * b.abs() + absolute
        };
        if let Some(at) = own.iter().zip(other).position(differs) {
            wrong.push(format!("{what}: value {at}: {:e} for {:e}", own[at], other[at]));
        }
    }

    fn table(
        &self,
        what: &str,
        pair: [&mut FitsFile; 2],
        numbers: [usize; 2],
        wrong: &mut Vec<String>,
    ) {
        let [own, other] = pair;
        let (own, other) =
            (own.table(numbers[0], None).unwrap(), other.table(numbers[1], None).unwrap());
        let names = |table: &tierline::fits::Table| -> Vec<String> {
            table.columns.iter().map(|column| column.name.clone()).collect()
        };
        if names(&own) != names(&other) || own.rows != other.rows {
            wrong.push(format!(
                "{what}: columns {:?}, rows {} for {}",
                names(&own),
                own.rows,
                other.rows
            ));
            return;
        }
        for (own, other) in own.columns.iter().zip(&other.columns) {
            let what = format!("{what}.{}", own.name);
            let kind = |cells: &Cells| std::mem::discriminant(cells);
            if kind(&own.cells) != kind(&other.cells) {
                wrong.push(format!("{what}: another type"));
            }
            let shape = |shape: &[usize]| -> Vec<usize> { shape.to_vec() };
            if own.unit != other.unit || shape(&own.shape) != shape(&other.shape) {
                wrong.push(format!(
                    "{what}: unit '{}' for '{}', shape {:?} for {:?}",
                    own.unit, other.unit, own.shape, other.shape
                ));
            }
            match (&own.cells, &other.cells) {
                (Cells::Text(_) | Cells::Logical(_), _) if own.cells != other.cells => {
                    wrong.push(format!("{what}: values"))
                }
                (Cells::Text(_) | Cells::Logical(_), _) => {}
                (Cells::Variable { starts, .. }, Cells::Variable { starts: wanted, .. })
                    if starts != wanted =>
                {
                    wrong.push(format!("{what}: lengths of cells"));
                }
                _ => self.reals(&what, &own.f64s().unwrap(), &other.f64s().unwrap(), wrong),
            }
        }
    }

    /// All differences of two files, HDU by HDU.
    pub(super) fn differences(&self, own: &Path, other: &Path) -> Vec<String> {
        let (mut own, mut other) = (open(own), open(other));
        let mut wrong = Vec::new();
        let names = |file: &FitsFile, without: &[&str]| -> Vec<String> {
            let names = file.hdus().iter().map(|hdu| hdu.hdu.name.clone());
            names.filter(|name| !without.contains(&name.as_str())).collect()
        };
        assert_eq!(names(&own, &[]), names(&other, self.without));
        for number in 0..own.hdus().len() {
            let name = own.hdus()[number].hdu.name.clone();
            let theirs = if name.is_empty() { 0 } else { other.require(&name).unwrap() };
            self.cards(
                &name,
                own.header(number).unwrap(),
                other.header(theirs).unwrap(),
                &mut wrong,
            );
            match own.hdus()[number].kind {
                HduKind::BinaryTable => {
                    self.table(&name, [&mut own, &mut other], [number, theirs], &mut wrong)
                }
                _ if number > 0 => {
                    let (a, b) = (own.image(number).unwrap(), other.image(theirs).unwrap());
                    assert_eq!(a.shape, b.shape, "{name}");
                    self.reals(&name, &reals(a.pixels), &reals(b.pixels), &mut wrong);
                }
                _ => {}
            }
        }
        wrong
    }
}

fn reals(pixels: Pixels) -> Vec<f64> {
    match pixels {
        Pixels::U8(v) => v.into_iter().map(f64::from).collect(),
        Pixels::I64(v) => v.into_iter().map(|value| value as f64).collect(),
        Pixels::F32(v) => v.into_iter().map(f64::from).collect(),
        Pixels::F64(v) => v,
        other => panic!("{other:?}"),
    }
}

fn same_geom(what: &str, a: &Geom, b: &Geom) {
    let same = match (a, b) {
        (Geom::Wcs(a), Geom::Wcs(b)) => a.is_close(b),
        (Geom::Region(a), Geom::Region(b)) => a.is_close(b),
        _ => false,
    };
    assert!(same, "{what}: another geometry");
}

pub(super) fn same_map(what: &str, a: Option<&Map>, b: Option<&Map>) {
    assert_eq!(a.is_some(), b.is_some(), "{what}");
    let (Some(a), Some(b)) = (a, b) else { return };
    same_geom(what, &a.geom, &b.geom);
    assert_eq!(a.unit, b.unit, "{what}");
    // Not assert_eq: that would print the values.
    assert!(a.values == b.values, "{what}: other values");
}

pub(super) fn same_mask(what: &str, a: Option<&Mask>, b: Option<&Mask>) {
    assert_eq!(a.is_some(), b.is_some(), "{what}");
    let (Some(a), Some(b)) = (a, b) else { return };
    same_geom(what, &a.geom, &b.geom);
    assert!(a.values == b.values, "{what}: other values");
}

/// Fails where any member differs by a bit.
pub(super) fn same_dataset(a: &Dataset, b: &Dataset) {
    assert_eq!(a.name, b.name);
    same_map("counts", Some(&a.counts), Some(&b.counts));
    same_map("exposure", a.exposure.as_ref(), b.exposure.as_ref());
    same_map("background", a.background.as_ref(), b.background.as_ref());
    for (what, a, b) in [("psf", &a.psf, &b.psf), ("edisp", &a.edisp, &b.edisp)] {
        let parts = |irf: &Option<IrfMap>| {
            irf.as_ref().map(|irf| (irf.map.clone(), irf.exposure.clone())).unzip()
        };
        let ((map, exposure), (other, other_exposure)) = (parts(a), parts(b));
        same_map(what, map.as_ref(), other.as_ref());
        same_map(what, exposure.as_ref(), other_exposure.as_ref());
    }
    same_mask("mask_safe", a.mask_safe.as_ref(), b.mask_safe.as_ref());
    same_mask("mask_fit", a.mask_fit.as_ref(), b.mask_fit.as_ref());
    assert_eq!(a.off.is_some(), b.off.is_some());
    if let (Some(a), Some(b)) = (&a.off, &b.off) {
        same_map("counts_off", a.counts_off.as_ref(), b.counts_off.as_ref());
        same_map("acceptance", Some(&a.acceptance), Some(&b.acceptance));
        same_map("acceptance_off", a.acceptance_off.as_ref(), b.acceptance_off.as_ref());
    }
    assert_eq!((a.livetime_s, a.is_pointlike, &a.meta), (b.livetime_s, b.is_pointlike, &b.meta));
    assert_eq!(a.gti.is_some(), b.gti.is_some());
    if let (Some(a), Some(b)) = (&a.gti, &b.gti) {
        assert!(a.intervals == b.intervals && a.reference.scale() == b.reference.scale());
        assert!(a.reference.since(&b.reference).abs() < 1e-9);
    }
}

fn golden_map() -> Option<(std::path::PathBuf, Dataset)> {
    let path = shared("golden/reduce/A_maker_23592_f32.fits.gz")?;
    let dataset = read_dataset(&path, &Limits::default()).unwrap();
    Some((path, dataset))
}

fn golden_spectrum() -> Option<(std::path::PathBuf, Dataset)> {
    let path = shared("golden/reduce/spectrum_onoff_stacked_gadf.fits.gz")?;
    let dataset = read_dataset(&path, &Limits::default()).unwrap();
    Some((path, dataset))
}

fn in_folder(run: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path());
}

#[test]
fn maps_of_gammapy_are_read() {
    let (Some(golden), Some((_, dataset))) = (json("seed_maps.json.gz"), golden_map()) else {
        return;
    };
    let wanted = &golden["A_maker_23592"];
    assert_eq!((dataset.name.as_str(), dataset.meta.len()), ("seedA", 1));
    assert_eq!(dataset.meta[0].obs_id, "23592");
    let mut differences = Differences::default();
    // Written in 4 bytes.
    differences.dataset(&dataset, wanted, false);
    let gti = dataset.gti.as_ref().unwrap();
    let [day, part] = gti.reference.mjd().unwrap();
    let reference = number(&wanted["gti_time_ref_mjd_tt"]);
    differences.value("reference", day + part, reference, relative(1e-15));
    let [day, part] = gti.start().unwrap().mjd().unwrap();
    differences.value("start", day + part, number(&wanted["gti_tt_mjd"][0][0]), relative(1e-14));
    differences.assert_none("maps read");
}

#[test]
fn maps_are_written_as_gammapy_writes_them() {
    let Some((path, dataset)) = golden_map() else { return };
    in_folder(|folder| {
        let own = folder.join("a.fits.gz");
        write_dataset(&own, &dataset, false).unwrap();
        // Masks are of 8 bytes; the golden was made smaller.
        let beside = Beside { without: &[], but: &["MJDREFF"], near: [1e-15, 0.0] };
        let wrong = beside.differences(&own, &path);
        assert!(wrong.is_empty(), "{wrong:#?}");
        same_dataset(&read_dataset(&own, &Limits::default()).unwrap(), &dataset);
        let bytes = fs::read(&own).unwrap();
        let refused = write_dataset(&own, &dataset, false).unwrap_err().to_string();
        assert!(refused.contains("a.fits.gz"), "{refused}");
        assert!(fs::read(&own).unwrap() == bytes);
        write_dataset(&own, &dataset, true).unwrap();
        assert!(fs::read(&own).unwrap() == bytes, "the bytes changed");
    });
}

#[test]
fn spectra_of_gammapy_are_read_and_written() {
    let (Some(golden), Some((path, mut dataset))) = (json("spectrum.json.gz"), golden_spectrum())
    else {
        return;
    };
    let wanted = &golden["stacked"];
    let mut differences = Differences::default();
    let mut digest = wanted.clone();
    digest.as_object_mut().unwrap().remove("info_dict");
    differences.dataset(&dataset, &digest, false);
    let off = dataset.off.as_ref().unwrap();
    differences.map("counts_off", off.counts_off.as_ref().unwrap(), &wanted["counts_off"], EXACT);
    differences.map("acceptance", &off.acceptance, &wanted["acceptance"], EXACT);
    differences.map(
        "acceptance_off",
        off.acceptance_off.as_ref().unwrap(),
        &wanted["acceptance_off"],
        relative(1e-15),
    );
    differences.value(
        "stat_sum",
        dataset.stat_sum().unwrap(),
        number(&wanted["info_dict"]["stat_sum"]),
        relative(1e-6),
    );
    differences.assert_none("stacked spectrum read");
    assert_eq!(dataset.meta.len(), 4);
    let Geom::Region(geom) = dataset.geom() else { panic!("no region") };
    let center = geom.region().unwrap().center().unwrap();
    assert!((center.lon_deg - 83.63).abs() < 1e-9 && (center.lat_deg - 22.01).abs() < 1e-9);
    assert_eq!(dataset.gti.as_ref().unwrap().intervals.len(), 4);
    in_folder(|folder| {
        let own = folder.join("spectrum.fits");
        write_dataset(&own, &dataset, false).unwrap();
        let beside =
            Beside { without: &["BACKGROUND_REGION"], but: &["META"], near: [1e-12, 1e-9] };
        let mut wrong = beside.differences(&own, &path);
        // The peer's stacks forget the units of pointings, and have shapes where a length is enough.
        wrong.retain(|what| !what.starts_with("META_TABLE"));
        assert!(wrong.is_empty(), "{wrong:#?}");
        same_dataset(&read_dataset(&own, &Limits::default()).unwrap(), &dataset);
        // The peer's file doesn't tell the livetime.
        assert_eq!(dataset.livetime_s, None);
        dataset.livetime_s = Some(6313.811659421768);
        dataset.mask_fit.clone_from(&dataset.mask_safe);
        write_dataset(&own, &dataset, true).unwrap();
        same_dataset(&read_dataset(&own, &Limits::default()).unwrap(), &dataset);
    });
}

#[test]
fn lists_of_datasets_go_round() {
    let (Some((_, map)), Some((_, spectrum))) = (golden_map(), golden_spectrum()) else { return };
    let all = [map, Dataset { name: "23523".into(), ..spectrum }];
    in_folder(|folder| {
        let list = folder.join("datasets.yaml");
        write_datasets(&list, &all, false).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["datasets.yaml", "pha_obs23523.fits", "seedA.fits"]);
        let read = read_datasets(&list, &Limits::default()).unwrap();
        assert_eq!(read.len(), 2);
        read.iter().zip(&all).for_each(|(read, own)| same_dataset(read, own));
        // One file that is in the way is enough.
        fs::remove_file(&list).unwrap();
        fs::remove_file(folder.join("seedA.fits")).unwrap();
        assert!(write_datasets(&list, &all, false).is_err());
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
        write_datasets(&list, &all, true).unwrap();
        let text = fs::read_to_string(&list).unwrap();
        fs::write(&list, text.replace("SpectrumDatasetOnOff", "MapDataset")).unwrap();
        let error = read_datasets(&list, &Limits::default()).unwrap_err().to_string();
        assert!(error.contains("expected a MapDataset, found a SpectrumDatasetOnOff"), "{error}");
        fs::write(&list, text.replace("type: MapDataset", "type: Cube")).unwrap();
        assert!(read_datasets(&list, &Limits::default()).is_err());
        let twice = [all[0].clone(), all[0].clone()];
        assert!(write_datasets(&folder.join("twice.yaml"), &twice, false).is_err());
        let odd = [Dataset { name: "../up".into(), ..all[0].clone() }];
        assert!(write_datasets(&folder.join("odd.yaml"), &odd, false).is_err());
    });
}

#[test]
fn damaged_files_are_errors() {
    let Some((_, spectrum)) = golden_spectrum() else { return };
    in_folder(|folder| {
        let (own, bad) = (folder.join("own.fits"), folder.join("bad.fits"));
        write_dataset(&own, &spectrum, false).unwrap();
        let bytes = fs::read(&own).unwrap();
        let mut random = Random(7);
        let mut errors = 0;
        for _ in 0..100 {
            fs::write(&bad, &bytes[..random.below(bytes.len())]).unwrap();
            errors += usize::from(read_any(&bad, &Limits::default()).is_err());
        }
        assert!(errors >= 90, "{errors} of 100 cut files are refused");
        let mut refused = 0;
        for _ in 0..300 {
            let mut changed = bytes.clone();
            for _ in 0..1 + random.below(40) {
                let at = random.below(bytes.len());
                changed[at] = random.below(256) as u8;
            }
            fs::write(&bad, &changed).unwrap();
            refused += usize::from(read_any(&bad, &Limits::default()).is_err());
        }
        // Most changes are of values, which are as good as any.
        assert!(refused > 10, "{refused} of 300 changed files are refused");
    });
}
