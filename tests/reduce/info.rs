//! What files of gamma-ray data are said to hold, by the command.

use std::path::Path;

use serde_json::Value;
use tierline_tests::data::shared;

use super::small;
use crate::host::program::{Ran, tierline};

fn info(folder: &Path, args: &[&str]) -> Ran {
    tierline(folder, &[&["info"], args].concat())
}

fn told(folder: &Path, args: &[&str]) -> Value {
    let ran = info(folder, &[&["--json"], args].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let texts = list.as_array().unwrap().iter().map(|one| one[key].as_str());
    texts.map(|text| text.unwrap_or_default().to_owned()).collect()
}

#[test]
fn folders_of_observations() {
    let folder = tempfile::tempdir().unwrap();
    small::store(folder.path(), &[7, 8, 9], &[7, 9]);
    let found = told(folder.path(), &["."]);
    assert_eq!((&found["content"], &found["has_index"]), (&"store".into(), &true.into()));
    let all = found["observations"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!((&all[0]["obs_id"], &all[0]["object"]), (&7.into(), &"Crab".into()));
    assert_eq!(all[0]["pointing_deg"], serde_json::json!([83.6, 22.5]));
    assert_eq!(all[0]["livetime_s"], 648.0);
    assert_eq!(all[0]["time_utc"][0], "2004-03-03T09:46:40");
    let hdus = ["events", "gti", "aeff_2d", "edisp_2d", "psf_3gauss", "bkg_3d"];
    assert_eq!(all[0]["hdus"], serde_json::json!(hdus));
    // Events are counted when asked for, the files are opened only then.
    assert_eq!(all[0]["events"], Value::Null);
    assert_eq!(told(folder.path(), &["--events", "."])["observations"][0]["events"], 12);
    let lost = all[1]["lost"][0].as_str().unwrap();
    assert!(lost.ends_with("data/run_8.fits"), "{lost}");
    let ran = info(folder.path(), &["."]);
    for part in ["3 observations, 2 with all files", "not there of 1 observation: 8", "run_8.fits"]
    {
        assert!(ran.out.contains(part), "{}", ran.out);
    }
    // The index files alone, whatever their names.
    std::fs::rename(folder.path().join("hdu-index.fits.gz"), folder.path().join("a")).unwrap();
    std::fs::rename(folder.path().join("obs-index.fits.gz"), folder.path().join("b")).unwrap();
    assert_eq!(told(folder.path(), &["a"])["observations"].as_array().unwrap().len(), 3);
    assert_eq!(told(folder.path(), &["b"])["observations"][2]["livetime_s"], 648.0);
    // Without an index: the files of a folder.
    let found = told(folder.path(), &["data"]);
    assert_eq!(
        (&found["has_index"], &found["observations"][1]["obs_id"]),
        (&false.into(), &9.into())
    );
    // A file that lacks an HDU.
    let path = folder.path().join("data/run_9.fits");
    small::write(&path, &[small::events(), small::gti()]);
    std::fs::rename(folder.path().join("a"), folder.path().join("hdu-index.fits.gz")).unwrap();
    let found = told(folder.path(), &["--events", "."]);
    let lost = names(&found["observations"], "obs_id").len();
    assert_eq!(lost, 3);
    let lost = found["observations"][2]["lost"].as_array().unwrap();
    assert!(lost.len() == 4 && lost[0].as_str().unwrap().ends_with("HDU AEFF"), "{lost:?}");
}

#[test]
fn files_of_events_and_responses() {
    let folder = tempfile::tempdir().unwrap();
    small::write(&folder.path().join("run"), &small::observation());
    let found = told(folder.path(), &["run"]);
    assert_eq!(found["content"], "dl3");
    let observation = &found["observation"];
    assert_eq!((&observation["obs_id"], &observation["events"]), (&7.into(), &12.into()));
    assert_eq!(
        (&observation["ontime_s"], &observation["livetime_s"]),
        (&720.0.into(), &648.0.into())
    );
    assert_eq!(
        names(&found["hdus"], "class"),
        ["", "events", "gti", "aeff_2d", "edisp_2d", "psf_3gauss", "bkg_3d"]
    );
    let axes = &found["hdus"][4]["axes"];
    assert_eq!(names(axes, "name"), ["energy_true", "migra", "offset"]);
    assert_eq!((&axes[1]["bins"], &axes[1]["interp"]), (&4.into(), &"lin".into()));
    assert!((axes[0]["last"].as_f64().unwrap() - 100.0).abs() < 1e-4);
    let text = info(folder.path(), &["run"]).out;
    for part in
        ["observation 7, Crab, HESS", "12 events of 0.7 to", "offset: 2 bins, 0 to 3 deg (lin)"]
    {
        assert!(text.contains(part), "{text}");
    }
    // A response that can't be read is told, the others are listed.
    let mut tables = small::observation();
    tables[3].columns.pop();
    small::write(&folder.path().join("run"), &tables);
    let ran = info(folder.path(), &["run"]);
    assert!(ran.code == 3 && ran.err.contains("HDU 4 (EDISP)"), "{} {}", ran.code, ran.err);
    assert!(ran.out.contains("psf_3gauss"), "{}", ran.out);
}

#[test]
fn real_files() {
    let folder = tempfile::tempdir().unwrap();
    let Some(data) = shared("data/reduce") else { return };
    let data = data.canonicalize().unwrap();
    let at = |name: &str| data.join(name).display().to_string();
    let found = told(folder.path(), &["--events", &at("hess-dl3-dr1")]);
    let all = found["observations"].as_array().unwrap();
    assert_eq!(all.len(), 105);
    let there: Vec<&Value> =
        all.iter().filter(|one| one["lost"] == serde_json::json!([])).collect();
    let ids: Vec<i64> = there.iter().map(|one| one["obs_id"].as_i64().unwrap()).collect();
    assert_eq!(ids, [23523, 23526, 23559, 23592]);
    assert_eq!(there[0]["events"], 7613);
    assert!((there[3]["livetime_s"].as_f64().unwrap() - 1_581.264_665_812_25).abs() < 1e-6);
    let found = told(folder.path(), &[&at("hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz")]);
    let classes = names(&found["hdus"], "class");
    assert_eq!(classes[1..], ["events", "gti", "aeff_2d", "edisp_2d", "psf_table", "bkg_3d"]);
    assert_eq!(found["hdus"][6]["notes"][0], "aligned with REVERSE_LON_RADEC");
    let found = told(folder.path(), &[&at("joint-crab-exclusion/exclusion_mask_crab.fits.gz")]);
    let geometry = &found["hdus"][0]["geometry"];
    assert_eq!(geometry["npix"], serde_json::json!([250, 250]));
    // OGIP files of others.
    let found = told(folder.path(), &[&at("joint-crab-spectra-hess/pha_obs23523.fits")]);
    assert_eq!(found["datasets"][0]["kind"], "SpectrumDatasetOnOff");
    let found = told(folder.path(), &[&at("joint-crab-spectra-hess/bkg_obs23523.fits")]);
    assert_eq!(found["content"], "fits");
}

#[test]
fn lists_of_datasets_are_known_by_their_content() {
    let folder = tempfile::tempdir().unwrap();
    small::store(folder.path(), &[7, 8], &[7, 8]);
    let ran = tierline(
        folder.path(),
        &["reduce", "map", ".", "--position=83.6,22", "--binsz=0.5", "--each", "-o", "list.yaml"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    std::fs::rename(folder.path().join("list.yaml"), folder.path().join("list")).unwrap();
    let found = told(folder.path(), &["list"]);
    assert_eq!(names(&found["datasets"], "name"), ["obs_7", "obs_8"]);
    let own = told(folder.path(), &["obs_7.fits"]);
    // One of a list is as its file says.
    assert_eq!(own["datasets"][0], found["datasets"][0]);
    let members = names(&own["datasets"][0]["members"], "name");
    assert_eq!(members, ["counts", "background", "exposure", "psf", "edisp", "mask_safe"]);
    assert_eq!(own["datasets"][0]["gti"]["time_s"], 720.0);
    let text = info(folder.path(), &["list"]).out;
    assert!(text.starts_with("list: list of 2 datasets") && text.contains("obs_8"), "{text}");
    // Other texts are not taken for lists.
    for text in ["datasets:\n  type: 3d\n", "datasets: none\n", "a: 1\n"] {
        std::fs::write(folder.path().join("other.yaml"), text).unwrap();
        let ran = info(folder.path(), &["other.yaml"]);
        assert!(ran.code == 1 && ran.err.contains("unknown format"), "{text}: {}", ran.err);
    }
    std::fs::write(folder.path().join("other.yaml"), "datasets:\n- name: a\n").unwrap();
    let ran = info(folder.path(), &["other.yaml"]);
    assert!(ran.code == 1 && ran.err.contains("other.yaml"), "{}", ran.err);
}

#[test]
fn datasets_have_the_numbers_of_gammapy() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = shared("golden/reduce/A_maker_23592_f32.fits.gz") else { return };
    let path = path.canonicalize().unwrap().display().to_string();
    let found = told(folder.path(), &[&path]);
    let (one, golden) = (&found["datasets"][0], super::stored::json("seed_maps.json.gz").unwrap());
    let wanted = &golden["A_maker_23592"]["info_dict"];
    assert_eq!(one["kind"], "MapDataset");
    assert_eq!(one["geometry"]["npix"], serde_json::json!([100, 100]));
    assert_eq!(one["info"]["counts"], wanted["counts"]);
    // Quantities are texts with their units.
    let number = |key: &str| match &wanted[key] {
        Value::String(text) => text.split(' ').next().unwrap().parse::<f64>().unwrap(),
        value => value.as_f64().unwrap(),
    };
    for (own, key) in [
        ("background", "background"),
        ("excess", "excess"),
        ("sqrt_ts", "sqrt_ts"),
        ("exposure_min", "exposure_min"),
        ("exposure_max", "exposure_max"),
        ("livetime_s", "livetime"),
        ("ontime_s", "ontime"),
        ("n_bins", "n_bins"),
    ] {
        let (own, wanted) = (one["info"][own].as_f64().unwrap(), number(key));
        assert!((own - wanted).abs() <= 1e-6 * wanted.abs().max(100.0), "{key}: {own} {wanted}");
    }
}

#[test]
fn other_files_are_lists_of_hdus() {
    use tierline::fits::{Compression, FitsWriter, Header, Image, Pixels};
    let folder = tempfile::tempdir().unwrap();
    let mut writer = FitsWriter::create(&folder.path().join("x.bin"), false).unwrap();
    let pixels = Pixels::U16((0..6).collect());
    let image = Image { name: "FLAT".into(), header: Header::default(), shape: vec![2, 3], pixels };
    writer.image(&image, Compression::None).unwrap();
    writer.table(&small::index(&[1])[1]).unwrap();
    writer.finish(false).unwrap();
    // A table of observations makes it an index, other tables don't.
    assert_eq!(told(folder.path(), &["x.bin"])["content"], "store");
    let mut writer = FitsWriter::create(&folder.path().join("y.bin"), false).unwrap();
    writer.image(&image, Compression::None).unwrap();
    writer.table(&small::gti()).unwrap();
    writer.finish(false).unwrap();
    let ran = info(folder.path(), &["y.bin"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("y.bin: FITS, "), "{}", ran.out);
    for part in ["FLAT  image of 2 x 3 u16", "START (f64 s), STOP (f64 s)"] {
        assert!(ran.out.contains(part), "{}", ran.out);
    }
    std::fs::write(folder.path().join("cut.fits"), "SIMPLE  =                    T").unwrap();
    let ran = info(folder.path(), &["cut.fits"]);
    assert!(ran.code == 1 && ran.err.contains("cut.fits"), "{}", ran.err);
}
