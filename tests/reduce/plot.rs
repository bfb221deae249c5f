//! Pictures of maps and spectra: numbers, pictures that can be decoded, refusals.

use std::path::Path;

use serde_json::Value;
use tierline::fits::{Cells, Column, FitsWriter, Header, Table};
use tierline::reduce::datasets::read_any;
use tierline::reduce::gadf::{write_dataset, write_maps};
use tierline::reduce::geom::Geom;
use tierline::reduce::map::{Map, MapValues, Mask};
use tierline::reduce::{
    dataset::{Axes, Dataset, OnOff},
    ogip::{Variant, write_ogip},
};
use tierline::report::Limits;
use tierline::sky::{Interp, MapAxis, Projection, RegionGeom, Size, SkyCoord, SkyRegion, WcsGeom};
use tierline_tests::data::shared;

use super::stored::json;
use crate::host::program::{Ran, files, tierline};

fn energies(name: &str, bins: usize) -> MapAxis {
    MapAxis::from_bounds(name, "TeV", Interp::Log, [1.0, 10.0], bins).unwrap()
}

fn axes() -> Axes {
    let energy_true = Some(energies("energy_true", 5));
    Axes { energy_true, migra: None, rad: None, binsz_irf: 1.0 }
}

fn image(center: SkyCoord, npix: [usize; 2], binsz: f64, projection: Projection) -> WcsGeom {
    let (size, frame) = (Size::Npix(npix), center.frame);
    WcsGeom::create(&center, size, [binsz; 2], projection, frame, Vec::new()).unwrap()
}

/// A dataset of 3 planes of 8 by 6 pixels, of which a corner and the first plane are not safe.
fn maps(folder: &Path) -> Dataset {
    let geom = image(SkyCoord::icrs(0.0, 20.0), [8, 6], 0.5, Projection::Tan);
    let geom = Geom::Wcs(geom.with_axes(vec![energies("energy", 3)]).unwrap());
    let mut dataset = Dataset::create("two", geom.clone(), &axes()).unwrap();
    dataset.counts.values = MapValues::F32((0..144).map(|at| (at % 5) as f32).collect());
    let background = (0..144).map(|at| 0.25 * (at % 3) as f32).collect();
    dataset.background.as_mut().unwrap().values = MapValues::F32(background);
    let exposure = dataset.exposure.as_mut().unwrap();
    let n = exposure.values.len();
    exposure.values = MapValues::F32((0..n).map(|at| 1e6 + at as f32).collect());
    let safe = (0..144).map(|at| at >= 48 && at % 48 != 0).collect();
    dataset.mask_safe = Some(Mask::new(geom, safe).unwrap());
    write_dataset(&folder.join("m.fits"), &dataset, true).unwrap();
    dataset
}

/// A spectrum of 4 bins with two off regions, of which the first bin is not safe.
fn spectrum(folder: &Path) -> Dataset {
    let circle = |lon: f64| SkyRegion::circle(SkyCoord::icrs(lon, 22.0), 0.1);
    let of = |region: SkyRegion| {
        Geom::Region(RegionGeom::new(region, vec![energies("energy", 4)]).unwrap())
    };
    let (on, off) = (of(circle(83.6)), of(SkyRegion::Union(vec![circle(84.0), circle(83.2)])));
    let mut dataset = Dataset::create("five", on.clone(), &axes()).unwrap();
    let map = |geom: &Geom, values: [f64; 4]| Map::new(geom.clone(), "", values.to_vec()).unwrap();
    dataset.counts = map(&on, [9.0, 40.0, 20.0, 4.0]);
    dataset.background = None;
    dataset.livetime_s = Some(1000.0);
    dataset.off = Some(OnOff {
        counts_off: Some(map(&off, [2.0, 8.0, 4.0, 0.0])),
        acceptance: map(&on, [1.0; 4]),
        acceptance_off: Some(map(&on, [2.0; 4])),
    });
    dataset.mask_safe = Some(Mask::new(on, vec![false, true, true, true]).unwrap());
    write_ogip(&folder.join("pha_five.fits"), &dataset, Variant::Ogip, true).unwrap();
    dataset
}

fn plot(folder: &Path, words: &[&str]) -> Ran {
    tierline(folder, &[&["plot"], words].concat())
}

/// The only panel of what is printed.
fn panel(folder: &Path, words: &[&str]) -> Value {
    let ran = plot(folder, &[words, &["--json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    json["panels"][0].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    let all = value.as_array().unwrap().iter();
    all.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Width and height of a PNG, whose pixels are inflated to see that they are all there.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let (width, height, mut at, mut data) = (word(16), word(20), 8, Vec::new());
    while at + 8 <= bytes.len() {
        let length = word(at) as usize;
        if &bytes[at + 4..at + 8] == b"IDAT" {
            data.extend_from_slice(&bytes[at + 8..at + 8 + length]);
        }
        at += 12 + length;
    }
    let mut pixels = Vec::new();
    let mut reader = flate2::read::ZlibDecoder::new(data.as_slice());
    std::io::Read::read_to_end(&mut reader, &mut pixels).unwrap();
    assert_eq!(pixels.len(), (height * (3 * width + 1)) as usize);
    assert!(pixels.iter().any(|byte| *byte != pixels[1]), "nothing is drawn");
    (width, height)
}

#[test]
fn numbers_are_those_of_the_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = maps(folder.path());
    let safe = &dataset.mask_safe.as_ref().unwrap().values;
    let sum = |values: &MapValues, only_safe: bool, bins: std::ops::Range<usize>| -> f64 {
        let cells = bins.start * 48..bins.end * 48;
        cells.filter(|at| !only_safe || safe[*at]).map(|at| values.get(at)).sum()
    };
    let (counts, background) =
        (&dataset.counts.values, &dataset.background.as_ref().unwrap().values);
    for (words, expected) in [
        (&["m.fits"][..], sum(counts, true, 0..3)),
        (&["m.fits", "counts", "--all-bins"], sum(counts, false, 0..3)),
        (&["m.fits", "COUNTS", "--energy", "2"], sum(counts, true, 2..3)),
        (&["m.fits", "counts", "--energy", "1:3"], sum(counts, true, 1..3)),
        (&["m.fits", "counts", "--energy", ":2", "--all-bins"], sum(counts, false, 0..2)),
        (&["m.fits", "background"], sum(background, true, 0..3)),
        (&["m.fits", "excess"], sum(counts, true, 0..3) - sum(background, true, 0..3)),
        (&["m.fits", "mask_safe"], 94.0),
    ] {
        let panel = panel(folder.path(), words);
        let (sky, kind) = (&panel["sky"], &panel["kind"]);
        assert_eq!((kind, &sky["shape"]), (&"map".into(), &serde_json::json!([6, 8])));
        assert!((sky["sum"].as_f64().unwrap() - expected).abs() < 1e-9, "{words:?}");
        let drawn = numbers(&sky["values"]);
        let total: f64 = drawn.iter().filter(|value| value.is_finite()).sum();
        assert!((total - expected).abs() < 1e-9 && drawn.len() == 48, "{words:?}");
    }
    // The corner is nowhere safe: there is no number.
    assert!(panel(folder.path(), &["m.fits"])["sky"]["values"][0].is_null());
    let exposure = panel(folder.path(), &["m.fits", "exposure", "--energy", "4"]);
    let values = numbers(&exposure["sky"]["values"]);
    assert_eq!((values[0], values[47]), (1e6 + 192.0, 1e6 + 239.0));
    assert_eq!(exposure["sky"]["scale"]["units"], "m2 s");
    assert!(exposure["note"].as_str().unwrap().contains("energy_true 6.31 to 10 TeV"));
    // The middle one without a choice.
    let middle = panel(folder.path(), &["m.fits", "exposure"]);
    assert_eq!(middle["sky"]["values"][0], 1e6 + 96.0);
    // Lines across longitude 0.
    let lons = numbers(&middle["sky"]["meridians_deg"]);
    assert!(lons.contains(&0.0) && lons.iter().any(|lon| *lon > 357.0), "{lons:?}");
}

#[test]
fn spectra_have_errors_and_shades() {
    let folder = tempfile::tempdir().unwrap();
    spectrum(folder.path());
    let ran = plot(folder.path(), &["pha_five.fits", "--json", "-o", "p.png"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let [counts, excess] = [0, 1].map(|at| &json["panels"][at]);
    assert_eq!((&counts["kind"], &counts["x"]["units"]), (&"energies".into(), &"TeV".into()));
    let series = &counts["energies"]["series"];
    assert_eq!(numbers(&series[0]["values"]), [9.0, 40.0, 20.0, 4.0]);
    assert_eq!(numbers(&series[0]["errors"])[0], 3.0);
    assert_eq!(numbers(&series[1]["values"]), [1.0, 4.0, 2.0, 0.0]);
    assert_eq!(counts["energies"]["shaded"], serde_json::json!([true, false, false, false]));
    let edges = numbers(&counts["energies"]["edges"]);
    assert!((edges[0] - 1.0).abs() < 1e-12 && (edges[4] - 10.0).abs() < 1e-11);
    let series = &excess["energies"]["series"][0];
    assert_eq!(numbers(&series["values"]), [8.0, 36.0, 18.0, 4.0]);
    assert!((numbers(&series["errors"])[1] - (40.0_f64 + 2.0).sqrt()).abs() < 1e-12);
    // 40 + 20 + 4 counts and 14 / 2 - 1 of the background are safe.
    assert_eq!(counts["note"], "on 64 · α × off 6 · in safe bins, the others are shaded");
    assert!(excess["note"].as_str().unwrap().starts_with("58 ± 8.2"), "{excess}");
    assert_eq!(png_size(&std::fs::read(folder.path().join("p.png")).unwrap()), (1440, 420));
    let one = panel(folder.path(), &["pha_five.fits", "excess", "--log"]);
    assert_eq!(one["objects"], serde_json::json!(["excess"]));
    let exposure = panel(folder.path(), &["pha_five.fits", "exposure"]);
    assert_eq!(numbers(&exposure["energies"]["series"][0]["values"]).len(), 5);
}

#[test]
fn regions_are_drawn_alone_and_on_maps() {
    let folder = tempfile::tempdir().unwrap();
    spectrum(folder.path());
    let alone = panel(folder.path(), &["pha_five.fits", "regions"]);
    let outlines = alone["sky"]["outlines"].as_array().unwrap();
    let marks: Vec<_> = outlines.iter().map(|one| one["mark"].as_str().unwrap()).collect();
    assert_eq!(marks, ["off", "on"]);
    assert_eq!(outlines[0]["lines"].as_array().unwrap().len(), 2);
    assert_eq!(outlines[0]["label"], "2 off regions");
    let geom = image(SkyCoord::icrs(83.6, 22.0), [40, 30], 0.05, Projection::Tan);
    let zeros = |geom: &WcsGeom| Map::zeros(Geom::Wcs(geom.clone()), "");
    write_maps(&folder.path().join("z.fits"), &[("NEW", &zeros(&geom))], false).unwrap();
    // What is left out is a disk: of 8 pixels across.
    let mut mask = zeros(&geom);
    let far = geom.separation(&SkyCoord::icrs(83.6, 22.0));
    mask.values = MapValues::F64(far.iter().map(|far| f64::from(u8::from(*far > 0.2))).collect());
    write_maps(&folder.path().join("x.fits"), &[("MASK", &mask)], false).unwrap();
    std::fs::write(folder.path().join("one.reg"), "icrs\ncircle(83.6,22,0.2)\nimage\npoint(1,1)\n")
        .unwrap();
    let words = ["z.fits", "new", "--exclusion", "x.fits", "--region", "pha_five.fits"];
    let on_map = panel(folder.path(), &[&words[..], &["--region", "one.reg"]].concat());
    let outlines = on_map["sky"]["outlines"].as_array().unwrap();
    let marks: Vec<_> = outlines.iter().map(|one| one["mark"].as_str().unwrap()).collect();
    assert_eq!(marks, ["excluded", "off", "on", "other"]);
    let ring = &outlines[0]["lines"][0];
    let ends: Vec<_> = ring.as_array().unwrap().iter().map(numbers).collect();
    let reach = |k: usize| {
        let all = ends.iter().map(|at| at[k]);
        let ends =
            (all.clone().fold(f64::INFINITY, f64::min), all.fold(f64::NEG_INFINITY, f64::max));
        ((ends.0 * 1e6).round() / 1e6, (ends.1 * 1e6).round() / 1e6)
    };
    assert_eq!((reach(0), reach(1)), ((15.5, 23.5), (10.5, 18.5)));
    // The circle of the DS9 file in pixels, and its point.
    let circle = outlines[3]["lines"][0].as_array().unwrap();
    for at in circle.iter().map(numbers) {
        assert!(((at[0] - 19.5).hypot(at[1] - 14.5) - 4.0).abs() < 1e-3);
    }
    assert_eq!(outlines[3]["lines"][1], serde_json::json!([[0.0, 0.0]]));
    // The other side of the sky is in no such plane.
    std::fs::write(folder.path().join("far.reg"), "icrs\ncircle(263.6,-22,0.2)\n").unwrap();
    let ran = plot(folder.path(), &["z.fits", "--region", "far.reg"]);
    assert!(ran.code == 0 && ran.err.contains("1 region outside"), "{}", ran.err);
}

#[test]
fn pictures_of_all_projections_can_be_decoded() {
    let folder = tempfile::tempdir().unwrap();
    let all = [
        ("ait", SkyCoord::galactic(0.0, 0.0), [72, 36], 5.0, Projection::Ait),
        ("car", SkyCoord::icrs(10.0, 40.0), [50, 30], 0.2, Projection::Car),
        ("pole", SkyCoord::icrs(10.0, 90.0), [30, 30], 0.5, Projection::Zea),
        ("tiny", SkyCoord::icrs(266.0, -29.0), [1, 1], 0.001, Projection::Sin),
    ];
    for (name, center, npix, binsz, projection) in all {
        let geom = image(center, npix, binsz, projection);
        let values: Vec<f64> = (0..geom.n_image_pixels()).map(|at| at as f64).collect();
        let map = Map::new(Geom::Wcs(geom), "cm-2", values).unwrap();
        let file = format!("{name}.fits.gz");
        write_maps(&folder.path().join(&file), &[("FLUX", &map)], false).unwrap();
        for (output, more) in [
            (format!("{name}.png"), &["--stretch", "sqrt"][..]),
            (format!("{name}.svg"), &["--log", "--title", "a <b> & c"]),
            (format!("{name}2.png"), &["--size", "400x300", "--range", "1:5"]),
        ] {
            let ran = plot(folder.path(), &[&[file.as_str(), "-o", &output], more].concat());
            assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{output}");
            let bytes = std::fs::read(folder.path().join(&output)).unwrap();
            match output.ends_with("svg") {
                true => {
                    let text = String::from_utf8(bytes).unwrap();
                    assert!(text.contains("a &lt;b&gt; &amp; c") && text.contains("flux (cm-2)"));
                    assert_eq!(text.matches("<image").count(), 1);
                }
                false => {
                    let (width, height) = png_size(&bytes);
                    assert!(!output.contains('2') || (width, height) == (400, 300));
                }
            }
        }
    }
}

#[test]
fn options_without_a_use_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    maps(folder.path());
    spectrum(folder.path());
    std::fs::write(folder.path().join("bad.reg"), "icrs\nblob(1,2,3)\n").unwrap();
    std::fs::write(folder.path().join("no.fits"), "SIMPLE  = T").unwrap();
    let mut header = Header::default();
    header.set("PIXTYPE", "HEALPIX", "");
    let columns = vec![Column::new("VALUE", "", Cells::F64(vec![1.0; 12]))];
    let mut writer = FitsWriter::create(&folder.path().join("hpx.fits"), false).unwrap();
    writer.primary(&Header::default()).unwrap();
    writer.table(&Table { name: "SKYMAP".into(), header, rows: 12, columns }).unwrap();
    writer.finish(false).unwrap();
    let before = files(folder.path());
    for (words, code, reason) in [
        (&["m.fits", "counts", "--kind", "trend"][..], 2, "--kind"),
        (&["m.fits", "counts", "5"], 2, "--energy"),
        (&["m.fits", "--event", "5"], 2, "DL1"),
        (&["m.fits", "--bins", "5"], 2, "--bins"),
        (&["m.fits", "counts", "--energy", "3"], 2, "0 to 2"),
        (&["m.fits", "counts", "--energy", "2:9"], 2, "0 to 2"),
        (&["m.fits", "exposure", "--energy", "1:3"], 2, "choose one bin"),
        (&["m.fits", "--log", "--range", "0:5"], 2, "above 0"),
        (&["m.fits", "--log", "--stretch", "sqrt"], 2, "--stretch"),
        (&["m.fits", "edisp"], 1, "energy, energy_true"),
        (&["m.fits", "flux"], 1, "counts, exposure, background"),
        (&["m.fits", "--region", "bad.reg"], 1, "blob"),
        (&["m.fits", "--region", "m.fits"], 1, "no table of a region"),
        (&["m.fits", "--exclusion", "none.fits"], 1, "none.fits"),
        (&["m.fits", "-o", "m.gif"], 2, ".png or .svg"),
        (&["m.fits", "-o", "m.fits"], 2, ".png or .svg"),
        (&["pha_five.fits", "--energy", "1"], 2, "sky maps"),
        (&["pha_five.fits", "--region", "bad.reg"], 2, "sky maps"),
        (&["pha_five.fits", "psf"], 1, "counts, excess, exposure or regions"),
        (&["pha_five.fits", "regions", "--log"], 2, "no use"),
        (&["pha_five_arf.fits"], 1, "specresp"),
        (&["no.fits"], 1, "no.fits"),
        (&["none.lh5", "--stretch", "sqrt"], 2, "sky maps"),
        (&["none.fits"], 1, "none.fits"),
        (&["hpx.fits"], 1, "map of HEALPix pixels"),
    ] {
        let ran = plot(folder.path(), words);
        assert!(
            ran.code == code && ran.err.contains(reason),
            "{words:?}: {} {}",
            ran.code,
            ran.err
        );
        assert_eq!(files(folder.path()), before, "{words:?}");
    }
    assert_eq!(plot(folder.path(), &["m.fits"]).code, 0);
    let ran = plot(folder.path(), &["m.fits"]);
    assert!(ran.code == 1 && ran.err.contains("--overwrite"), "{}", ran.err);
    assert_eq!(plot(folder.path(), &["m.fits", "-w"]).code, 0);
}

#[test]
fn datasets_of_the_peer_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let Some(maps) = shared("golden/reduce/A_maker_23592_f32.fits.gz") else { return };
    let maps = maps.canonicalize().unwrap();
    let dataset = read_any(&maps, &Limits::default()).unwrap();
    let drawn = panel(folder.path(), &[maps.to_str().unwrap(), "counts"]);
    let safe = dataset.mask_safe.as_ref().map(|mask| mask.values.clone());
    let cells =
        (0..dataset.counts.values.len()).filter(|at| safe.as_ref().is_none_or(|safe| safe[*at]));
    let expected: f64 = cells.map(|at| dataset.counts.values.get(at)).sum();
    assert!(expected > 1000.0 && drawn["sky"]["sum"] == expected, "{expected}");
    // Planes without a table of them, and a mask without coordinates.
    let Some(cube) = shared("golden/reduce/C_stack4_counts_mask.fits.gz") else { return };
    let cube = cube.canonicalize().unwrap();
    let drawn = panel(folder.path(), &[cube.to_str().unwrap(), "counts", "--all-bins"]);
    let Some(golden) = json("seed_maps.json.gz") else { return };
    let info = &golden["C_stack4"]["info_dict"];
    assert_eq!(drawn["sky"]["sum"].as_f64(), info["counts"].as_f64(), "{info}");
    let Some(mask) = shared("data/reduce/joint-crab-exclusion/exclusion_mask_crab.fits.gz") else {
        return;
    };
    let mask = mask.canonicalize().unwrap();
    let words = [mask.to_str().unwrap(), "-o", "mask.png"];
    assert_eq!(plot(folder.path(), &words).code, 0);
    png_size(&std::fs::read(folder.path().join("mask.png")).unwrap());
    for name in [
        "data/reduce/joint-crab-spectra-hess/pha_obs23523.fits",
        "golden/reduce/spectrum_onoff_stacked_gadf.fits.gz",
    ] {
        let Some(path) = shared(name) else { return };
        let path = path.canonicalize().unwrap();
        let dataset = read_any(&path, &Limits::default()).unwrap();
        let drawn = panel(folder.path(), &[path.to_str().unwrap(), "counts"]);
        let values = numbers(&drawn["energies"]["series"][0]["values"]);
        assert_eq!(values, dataset.counts.values.to_f64(), "{name}");
    }
}
