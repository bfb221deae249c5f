//! OGIP files: those of the peer and of others read, ours beside them, damage.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tierline::reduce::dataset::Dataset;
use tierline::reduce::datasets::read_any;
use tierline::reduce::gadf::write_dataset;
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{
    ReflectedRegionsBackgroundMaker, SafeMaskMaker, SafeMethod, SpectrumMaker,
};
use tierline::reduce::map::MapValues;
use tierline::reduce::ogip::{Variant, read_ogip, write_ogip};
use tierline::report::Limits;
use tierline::sky::{SkyCoord, SkyRegion};
use tierline_tests::data::shared;

use super::digest::{Differences, EXACT, relative};
use super::files::{Beside, Random, same_dataset};
use super::maps::{hess, observation};
use super::spectra::{ON, exclusion, no_background, reference};
use super::stored::{json, number};

/// The spectrum of a run.
fn made(golden: &Value, run: i64) -> Option<Dataset> {
    let observation = observation(&hess()?, run);
    let exclusion = exclusion(&golden["exclusion_mask"]);
    let on = SkyRegion::circle(SkyCoord::icrs(ON[0], ON[1]), 0.11);
    let maker = SpectrumMaker {
        map: no_background(),
        containment_correction: true,
        use_region_center: true,
    };
    let off = ReflectedRegionsBackgroundMaker { exclusion: Some(exclusion), ..Default::default() };
    let safe = SafeMaskMaker { methods: vec![SafeMethod::AeffMax], ..SafeMaskMaker::default() };
    let mut dataset = maker.run(&reference(&run.to_string(), on.clone()), &observation).unwrap();
    off.run(&mut dataset, &observation).unwrap();
    safe.run(&mut dataset, &observation).unwrap();
    Some(dataset)
}

fn golden_file(name: &str) -> Option<PathBuf> {
    shared(&format!("golden/reduce/ogip/{name}.fits.gz"))
}

fn files(folder: &Path, name: &str) -> [PathBuf; 4] {
    ["", "_arf", "_bkg", "_rmf"].map(|suffix| folder.join(format!("{name}{suffix}.fits.gz")))
}

fn read(path: &Path) -> Dataset {
    read_ogip(path, &Limits::default()).unwrap()
}

#[test]
fn files_are_those_of_gammapy() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    for run in [23523, 23592] {
        let Some(dataset) = made(&golden, run) else { return };
        let folder = tempfile::tempdir().unwrap();
        let name = format!("pha_obs{run}");
        let paths = files(folder.path(), &name);
        write_ogip(&paths[0], &dataset, Variant::Ogip, false).unwrap();
        for path in &paths {
            let name = path.file_name().unwrap().to_str().unwrap();
            let theirs = shared(&format!("golden/reduce/ogip/{name}")).unwrap();
            // The matrix is of 4 bytes, pixels of regions are a hundredth of a degree.
            let near = if name.contains("rmf") { [1e-6, 1e-7] } else { [1e-9, 1e-6] };
            let but = ["MJDREFF", if name.contains("rmf") { "HDUVERS" } else { "" }];
            let wrong = Beside { without: &[], but: &but, near }.differences(path, &theirs);
            assert!(wrong.is_empty(), "{name}: {wrong:#?}");
        }
    }
}

#[test]
fn files_of_gammapy_are_read() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    for (file, key) in [
        ("pha_obs23523", "reflected_23523"),
        ("pha_obs23592", "reflected_23592"),
        ("pha_stacked", "stacked"),
    ] {
        let Some(path) = golden_file(file) else { return };
        let (dataset, wanted) = (read(&path), &golden[key]);
        let mut digest = wanted.clone();
        // The files have the exposure in place of that of the energy dispersion.
        for key in ["info_dict", "edisp_exposure"] {
            digest.as_object_mut().unwrap().remove(key);
        }
        let mut differences = Differences::default();
        // The matrix is of 4 bytes.
        differences.dataset(&dataset, &digest, false);
        let off = dataset.off.as_ref().unwrap();
        let counts_off = off.counts_off.as_ref().unwrap();
        // Counts of a stack may have a fraction, which the files haven't.
        differences.map("counts_off", counts_off, &wanted["counts_off"], EXACT);
        differences.map("acceptance", &off.acceptance, &wanted["acceptance"], EXACT);
        let acceptance_off = off.acceptance_off.as_ref().unwrap();
        let near = relative(1e-15);
        differences.map("acceptance_off", acceptance_off, &wanted["acceptance_off"], near);
        let stat_sum = number(&wanted["info_dict"]["stat_sum"]);
        let found = dataset.stat_sum().unwrap();
        // The peer divides the acceptances of a stack in 4 bytes.
        differences.value("stat_sum", found, stat_sum, relative(1e-7));
        differences.assert_none(file);
        let Geom::Region(geom) = &counts_off.geom else { panic!("no region") };
        let n_regions = geom.region().unwrap().parts().len();
        let wanted = wanted["off_regions"].as_array().map_or(1, Vec::len);
        assert_eq!(n_regions, wanted, "{file}");
    }
}

#[test]
fn stacked_files_are_the_stack_of_gammapy() {
    let (Some(golden), Some(first)) = (json("spectrum.json.gz"), golden_file("pha_obs23523"))
    else {
        return;
    };
    let Some(second) = golden_file("pha_obs23592") else { return };
    let mut stacked = read(&first).to_masked("stacked").unwrap();
    stacked.stack(&read(&second)).unwrap();
    let info = stacked.info().unwrap();
    let digest = |run: &str, key: &str| number(&golden[run]["info_dict"][key]);
    let both = |key: &str| digest("reflected_23523", key) + digest("reflected_23592", key);
    let mut differences = Differences::default();
    differences.value("counts", info.counts as f64, both("counts"), EXACT);
    let off = info.off.unwrap();
    differences.value("counts_off", off.counts_off as f64, both("counts_off"), EXACT);
    differences.value("excess", info.excess, both("excess"), relative(1e-6));
    differences.value("background", info.background, both("background"), relative(1e-6));
    let livetime = |run: &str| number(&golden[run]["livetime_s"]);
    let wanted = livetime("reflected_23523") + livetime("reflected_23592");
    differences.value("livetime", info.livetime_s, wanted, relative(1e-12));
    differences.assert_none("stack of files");
}

#[test]
fn files_go_round() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    let Some(mut dataset) = made(&golden, 23523) else { return };
    let folder = tempfile::tempdir().unwrap();
    let paths = files(folder.path(), "pha.x");
    let paths = paths.map(|path| PathBuf::from(path.to_str().unwrap().replace("pha.x", "pha")));
    write_ogip(&paths[0], &dataset, Variant::Ogip, false).unwrap();
    let first = read(&paths[0]);
    assert_eq!((&first.name, first.livetime_s), (&dataset.name, dataset.livetime_s));
    let gadf = folder.path().join("gadf.fits");
    write_dataset(&gadf, &dataset, false).unwrap();
    same_dataset(&read_any(&gadf, &Limits::default()).unwrap(), &dataset);
    fs::remove_file(&gadf).unwrap();
    // What files have no place for.
    dataset.meta.clear();
    let off = dataset.off.as_mut().unwrap();
    dataset.exposure.clone_from(&first.exposure);
    dataset.edisp.clone_from(&first.edisp);
    // Whole numbers are read in 8 bytes; the file of off counts has one region for all it holds.
    let place = off.counts_off.as_ref().unwrap().geom.clone();
    off.acceptance_off.as_mut().unwrap().geom = place;
    for map in [&mut off.acceptance, off.acceptance_off.as_mut().unwrap()] {
        map.values = MapValues::F64(map.values.to_f64());
    }
    same_dataset(&first, &dataset);
    write_ogip(&paths[0], &dataset, Variant::Ogip, true).unwrap();
    let content = || paths.clone().map(|path| fs::read(path).unwrap());
    let before = content();
    // Each of the files is refused, and then none is touched.
    for kept in &paths {
        paths.iter().filter(|path| *path != kept).for_each(|path| fs::remove_file(path).unwrap());
        assert!(write_ogip(&paths[0], &first, Variant::Ogip, false).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_ogip(&paths[0], &dataset, Variant::Ogip, true).unwrap();
    }
    assert!(content() == before, "the bytes changed");
    let sherpa = folder.path().join("sherpa.fits");
    write_ogip(&sherpa, &dataset, Variant::Sherpa, false).unwrap();
    let sherpa = read(&sherpa);
    assert_eq!(sherpa.energy_axis().unwrap().unit(), "keV");
    let exposures = [&sherpa, &dataset].map(|one| one.exposure.as_ref().unwrap().values.to_f64());
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * b;
    assert!(exposures[0].iter().zip(&exposures[1]).all(near));
    let edges = [&sherpa, &dataset].map(|one| one.energy_axis().unwrap().edges());
    assert!(edges[0].iter().zip(&edges[1]).all(|(kev, tev)| (kev / tev - 1e9).abs() < 1e-3));
    assert!(sherpa.counts.values == dataset.counts.values);
    let without = Dataset { livetime_s: None, ..dataset.clone() };
    let error = write_ogip(&folder.path().join("b.fits"), &without, Variant::Ogip, false);
    assert!(error.unwrap_err().to_string().contains("a livetime"));
}

#[test]
fn files_of_others_are_read() {
    let path = shared("data/reduce/joint-crab-spectra-hess/pha_obs23523.fits");
    let Some(path) = path else { return };
    let dataset = read(&path);
    let off = dataset.off.as_ref().unwrap();
    let counts_off = off.counts_off.as_ref().unwrap();
    assert_eq!((dataset.counts.sum(), counts_off.sum()), (189.0, 229.0));
    assert_eq!(dataset.mask_safe.as_ref().unwrap().count(), 41);
    assert_eq!(dataset.name, "23523");
    assert_eq!(off.acceptance_off.as_ref().unwrap().values.to_f64(), [12.0; 80]);
    let exposure = dataset.exposure.as_ref().unwrap();
    assert_eq!(exposure.unit, "m2 s");
    assert!((exposure.values.get(70) / 837_623_145.635_488_7 - 1.0).abs() < 1e-12);
    let edisp = &dataset.edisp.as_ref().unwrap().map;
    assert!((edisp.sum() - 59.984_611_298_323_7).abs() < 1e-6);
    assert!((edisp.values.get(40 * 80 + 40) - 0.223_912_298_679_351_8).abs() < 1e-9);
    // As gammapy has it of these files.
    assert!((dataset.stat_sum().unwrap() - 391.552_706_034_493_7).abs() < 1e-6);
}

#[test]
fn damaged_files_are_errors() {
    let Some(first) = golden_file("pha_obs23523") else { return };
    let folder = tempfile::tempdir().unwrap();
    write_ogip(&folder.path().join("pha.fits"), &read(&first), Variant::Ogip, false).unwrap();
    let mut random = Random(11);
    for name in ["pha", "pha_arf", "pha_bkg", "pha_rmf"] {
        let path = folder.path().join(format!("{name}.fits"));
        let bytes = fs::read(&path).unwrap();
        let check = |changed: &[u8]| {
            fs::write(&path, changed).unwrap();
            read_ogip(&folder.path().join("pha.fits"), &Limits::default()).is_err()
        };
        let cut = (0..40).filter(|_| check(&bytes[..random.below(bytes.len())])).count();
        // Where the cut is in the blanks behind a table, what is before it is a file.
        assert!(cut >= 20, "{name}: {cut} of 40 cut files are refused");
        let refused = (0..120).filter(|_| {
            let mut changed = bytes.clone();
            for _ in 0..1 + random.below(60) {
                let at = random.below(bytes.len());
                changed[at] = random.below(256) as u8;
            }
            check(&changed)
        });
        let refused = refused.count();
        assert!(refused > 5, "{name}: {refused} of 120 changed files are refused");
        fs::remove_file(&path).unwrap();
        assert!(read_ogip(&folder.path().join("pha.fits"), &Limits::default()).is_err());
        fs::write(&path, &bytes).unwrap();
    }
}
