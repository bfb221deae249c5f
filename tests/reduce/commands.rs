//! The command: gammapy's configurations, plain options, refusals.

use std::path::Path;

use tierline::reduce::dataset::Dataset;
use tierline::reduce::datasets::{read_any, read_datasets};
use tierline::reduce::geom::Geom;
use tierline::report::Limits;
use tierline::sky::SkyCoord;
use tierline_tests::data::shared;

use super::digest::{Differences, absolute, relative};
use super::stored::json;
use crate::host::program::{Ran, files, tierline};

const HESS: &str = "data/reduce/hess-dl3-dr1";

/// A configuration of the peer's in a folder, with the place of the data in it.
fn configuration(folder: &Path, name: &str) -> Option<String> {
    let (text, data) = (shared(&format!("golden/reduce/{name}"))?, shared(HESS)?);
    let text = std::fs::read_to_string(text).unwrap();
    let place = format!("datastore: {}", data.canonicalize().unwrap().display());
    let path = folder.join(name);
    std::fs::write(&path, text.replace("datastore: hess-dl3-dr1", &place)).unwrap();
    Some(path.display().to_string())
}

/// Pixels at the rim of the safe masks, 2.5 deg from a pointing.
fn rim(dataset: &Dataset, geom: &Geom) -> Vec<bool> {
    let Geom::Wcs(geom) = geom else { panic!("no map") };
    let mut rim = vec![false; geom.n_image_pixels()];
    for row in &dataset.meta {
        let far = geom.separation(&SkyCoord::icrs(row.pointing[0], row.pointing[1]));
        rim.iter_mut().zip(far).for_each(|(rim, far)| *rim |= (far - 2.5).abs() < 0.06);
    }
    rim
}

fn map(folder: &Path, output: &str, more: &[&str]) -> Option<Ran> {
    let data = shared(HESS)?.canonicalize().unwrap().display().to_string();
    let fixed =
        ["reduce", "map", &data, "--position", "83.63,22.01", "--binsz", "0.1", "-o", output];
    Some(tierline(folder, &[&fixed[..], more].concat()))
}

#[test]
fn configurations_of_gammapy_give_its_datasets() {
    let folder = tempfile::tempdir().unwrap();
    let Some(golden) = json("cli.json.gz") else { return };
    let mut differences = Differences::default();
    let Some(maps) = configuration(folder.path(), "cli_3d.yaml") else { return };
    let ran = tierline(folder.path(), &["reduce", "run", &maps, "--out", "maps.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let datasets = read_datasets(&folder.path().join("maps.yaml"), &Limits::default()).unwrap();
    assert_eq!(datasets.len(), 1);
    let mut wanted = golden["cli_3d_stacked"].clone();
    let responses = wanted.clone();
    for key in ["psf", "edisp"] {
        wanted.as_object_mut().unwrap().remove(key);
    }
    differences.dataset(&datasets[0], &wanted, false);
    // At the rim of the safe masks the peer's rounding errors tell whether a response's pixel counts: its centre is that of a pixel of
    // the map, of which a neighbour with a weight of 1e-13 counts as well.
    let (psf, edisp) = (datasets[0].psf.as_ref().unwrap(), datasets[0].edisp.as_ref().unwrap());
    let rim = rim(&datasets[0], &psf.map.geom);
    assert!((20..120).contains(&rim.iter().filter(|on| **on).count()));
    differences.map_but("psf", &psf.map, &responses["psf"], relative(2e-6), &rim);
    differences.map_but("edisp", &edisp.map, &responses["edisp"], absolute(2e-6), &rim);
    let Some(spectra) = configuration(folder.path(), "cli_1d.yaml") else { return };
    let ran = tierline(
        folder.path(),
        &["reduce", "run", "--filename", &spectra, "--out", "spectra.yaml"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let datasets = read_datasets(&folder.path().join("spectra.yaml"), &Limits::default()).unwrap();
    assert_eq!(datasets.len(), 2);
    for (dataset, key) in datasets.iter().zip(["cli_1d_0", "cli_1d_1"]) {
        let mut wanted = golden[key].clone();
        wanted.as_object_mut().unwrap().remove("info_dict");
        differences.dataset(dataset, &wanted, true);
        let off = dataset.off.as_ref().unwrap();
        let counts_off = off.counts_off.as_ref().unwrap();
        differences.map(key, counts_off, &wanted["counts_off"], relative(0.0));
    }
    differences.assert_none("commands");
    let ran = tierline(folder.path(), &["reduce", "run", &maps, "--out", "maps.yaml"]);
    assert!(ran.code == 1 && ran.err.contains("--overwrite"), "{}", ran.err);
}

#[test]
fn content_does_not_depend_on_threads_and_stacks_of_shards_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let runs = ["--obs-id", "23523,23592,23526,23559"];
    let mut bytes = Vec::new();
    for threads in ["1", "2", "4"] {
        let output = format!("{threads}.fits");
        let more = [&runs[..], &["--threads", threads]].concat();
        let Some(ran) = map(folder.path(), &output, &more) else { return };
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        bytes.push(std::fs::read(folder.path().join(output)).unwrap());
    }
    assert!(bytes[0] == bytes[1] && bytes[0] == bytes[2]);
    for (output, runs) in [("a.fits", "23523,23592"), ("b.fits", "23526,23559")] {
        assert_eq!(map(folder.path(), output, &["--obs-id", runs]).unwrap().code, 0);
    }
    let ran = tierline(folder.path(), &["reduce", "stack", "a.fits", "b.fits", "-o", "ab.fits"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let read = |name: &str| read_any(&folder.path().join(name), &Limits::default()).unwrap();
    let (whole, stacked) = (read("1.fits"), read("ab.fits"));
    assert_eq!(whole.counts.values, stacked.counts.values);
    assert_eq!(whole.mask_safe, stacked.mask_safe);
    let near = |a: &tierline::reduce::map::Map, b: &tierline::reduce::map::Map| {
        let scale = a.values.to_f64().iter().copied().fold(0.0, f64::max);
        let pairs = a.values.to_f64().into_iter().zip(b.values.to_f64());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) <= 1e-6 * scale
    };
    assert!(near(whole.background.as_ref().unwrap(), stacked.background.as_ref().unwrap()));
    assert!(near(whole.exposure.as_ref().unwrap(), stacked.exposure.as_ref().unwrap()));
    assert!(near(&whole.psf.as_ref().unwrap().map, &stacked.psf.as_ref().unwrap().map));
    assert!(near(&whole.edisp.as_ref().unwrap().map, &stacked.edisp.as_ref().unwrap().map));
    assert!((whole.livetime_s.unwrap() - stacked.livetime_s.unwrap()).abs() < 1e-9);
}

#[test]
fn a_range_of_time_cuts_events_and_livetime() {
    let folder = tempfile::tempdir().unwrap();
    let Some(text) = configuration(folder.path(), "cli_3d.yaml") else { return };
    let whole = std::fs::read_to_string(&text).unwrap();
    // The first 600 of 1686 s of run 23592.
    let times = "    obs_time: {start: '2004-12-08T21:00:00', stop: '2004-12-08T22:03:56'}\n";
    let cut = whole.replacen("observations:\n", &format!("observations:\n{times}"), 1);
    std::fs::write(folder.path().join("cut.yaml"), cut).unwrap();
    let ran = tierline(folder.path(), &["reduce", "run", "cut.yaml", "--out", "cut/d.yaml"]);
    assert_eq!(ran.code, 1, "the folder is missing: {}", ran.err);
    let ran = tierline(folder.path(), &["reduce", "run", "cut.yaml", "--out", "d.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let dataset = read_datasets(&folder.path().join("d.yaml"), &Limits::default()).unwrap();
    let info = dataset[0].info().unwrap();
    assert!(info.ontime_s > 500.0 && info.ontime_s < 700.0, "{}", info.ontime_s);
    assert!(info.counts > 300 && info.counts < 900, "{}", info.counts);
}

#[test]
fn a_disk_of_healpix_pixels() {
    let folder = tempfile::tempdir().unwrap();
    let Some(data) = shared(HESS) else { return };
    let data = data.canonicalize().unwrap().display().to_string();
    let run = |more: &[&str]| {
        let fixed = ["reduce", "map", &data, "--position", "83.63,22.01", "--obs-id"];
        tierline(folder.path(), &[&fixed[..], more].concat())
    };
    let pixels = ["--hpx", "256", "--width", "3", "--background", "fov", "-o"];
    for (output, runs) in [("both.fits", "23523,23592"), ("a.fits", "23523"), ("b.fits", "23592")] {
        let ran = run(&[&[runs], &pixels[..], &[output]].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{output}");
    }
    let read = |name: &str| read_any(&folder.path().join(name), &Limits::default()).unwrap();
    let both = read("both.fits");
    let Geom::Hpx(geom) = both.geom() else { panic!("{:?}", both.geom()) };
    assert_eq!(
        (geom.nside(), geom.region().unwrap().text()),
        (vec![256], "DISK(83.63,22.01,1.5)".into())
    );
    assert!(both.psf.is_some() && both.edisp.is_some() && both.counts.sum() > 500.0);
    assert!(both.background.as_ref().unwrap().sum() > 300.0);
    let ran = tierline(folder.path(), &["reduce", "stack", "a.fits", "b.fits", "-o", "ab.fits"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(read("ab.fits").counts.values, both.counts.values);
    for (more, code) in
        [(["--width", "3,2"], 1), (["--binsz", "0.1"], 2), (["--background", "ring"], 2)]
    {
        let ran = run(&[&["23523", "--hpx", "256", "-o", "c.fits"], &more[..]].concat());
        assert_eq!(ran.code, code, "{more:?}: {}", ran.err);
    }
    assert_eq!(run(&["23523", "--hpx", "100", "-o", "c.fits"]).code, 1);
    assert!(!folder.path().join("c.fits").exists());
}

#[test]
fn significance_of_rings_peaks_at_the_crab() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--obs-id", "23523,23592", "--energy", "1,10,1", "--background", "ring", "--each"];
    let Some(ran) = map(folder.path(), "each.yaml", &more) else { return };
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let ran = tierline(
        folder.path(),
        &["reduce", "significance", "obs_23523.fits", "-o", "s.fits", "-v"],
    );
    assert!(ran.code == 0 && ran.err.contains("sigma"), "{}", ran.err);
    let mut file =
        tierline::fits::FitsFile::open(&folder.path().join("s.fits"), &Limits::default()).unwrap();
    let names: Vec<_> = file.hdus().iter().map(|hdu| hdu.hdu.name.clone()).collect();
    assert!(
        ["SQRT_TS", "TS", "NPRED_EXCESS", "COUNTS"]
            .iter()
            .all(|name| names.iter().any(|n| n == name))
    );
    let number = file.require("SQRT_TS").unwrap();
    let tierline::fits::Pixels::F64(values) = file.image(number).unwrap().pixels else { panic!() };
    let at = (0..values.len())
        .filter(|at| !values[*at].is_nan())
        .max_by(|a, b| values[*a].total_cmp(&values[*b]));
    // The Crab is in the middle of 50 by 50 pixels.
    let (x, y) = (at.unwrap() % 50, at.unwrap() / 50);
    assert!(x.abs_diff(25) <= 1 && y.abs_diff(25) <= 1 && values[at.unwrap()] > 10.0, "{x} {y}");
    let ran = tierline(folder.path(), &["reduce", "significance", "s.fits", "-o", "t.fits"]);
    assert_eq!(ran.code, 1);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (more, code, reason) in [
        (&["--obs-id", "1"][..], 1, "1 is not in the index"),
        (&["--obs-id", "23523", "--energy", "10,1"], 2, "MIN,MAX,BINS"),
        (&["--obs-id", "23523", "--energy", "10,1,5"], 1, "below"),
        (&["--obs-id", "23523", "--energy", "1 TeV,10 m,5"], 1, "m"),
        (&["--obs-id", "23523", "--safe-mask", "aeff-maxx"], 1, "aeff-max"),
        (&["--obs-id", "23523", "--selection", "count"], 1, "counts"),
        (&["--obs-id", "23523", "--background", "rings"], 2, "ring"),
        (&["--obs-id", "23523", "--background", "ring"], 1, "one bin"),
        (&["--obs-id", "23523", "--exclusion", "none.fits"], 2, "--exclusion"),
        (&["--obs-id", "20136"], 1, "20136"),
        (&["--obs-id", "23523", "--frame", "fk4"], 1, "fk4"),
    ] {
        let Some(ran) = map(folder.path(), "x.fits", more) else { return };
        assert!(ran.code == code && ran.err.contains(reason), "{more:?}: {} {}", ran.code, ran.err);
        assert_eq!(files(folder.path()), Vec::<String>::new(), "{more:?}");
    }
    std::fs::write(folder.path().join("c.yaml"), "datasets: {geom: {wcs: {binsiz: 1 deg}}}")
        .unwrap();
    let ran = tierline(folder.path(), &["reduce", "run", "c.yaml"]);
    assert!(ran.code == 1 && ran.err.contains("did you mean binsize"), "{}", ran.err);
}
