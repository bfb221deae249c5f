//! Backgrounds over the field of view: of a simulated run, and aligned with the horizon.

use serde_json::Value;
use tierline::reduce::data::{DataStore, Environment};
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::geom::Geom;
use tierline::reduce::irf::{Background, FovAlignment, Values};
use tierline::reduce::makers::{MapMaker, Selection};
use tierline::report::Limits;
use tierline::sky::{Frame, Projection, Size, SkyCoord, WcsGeom};
use tierline_tests::data::shared;

use super::digest::{Differences, absolute, relative};
use super::maps::{energy, hess, image, observation};
use super::stored::{json, number, numbers};

#[test]
fn backgrounds_aligned_with_anything_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("background3d.json.gz"), hess()) else { return };
    let mut observation = observation(&store, 23523);
    let Some(Background::ThreeD(table, _)) = observation.responses.bkg.clone() else {
        panic!("no background over the field of view")
    };
    let mut table = table;
    let (n_lon, n_lat) =
        (table.axis("fov_lon").unwrap().n_bins(), table.axis("fov_lat").unwrap().n_bins());
    let Values::F32(values) = &table.values else { panic!("not of 4 bytes") };
    let tilted = values.iter().enumerate().map(|(at, value)| {
        let lon = (at / n_lat % n_lon) as f64;
        f64::from(*value) * (1.0 + 0.5 * (-1.0 + 2.0 * lon / (n_lon - 1) as f64))
    });
    table.values = Values::F64(tilted.collect());
    let geom = image([83.63, 22.01], 4.0, 0.1, vec![energy("energy", [1.0, 10.0], 3)]);
    let reference = Dataset::create("a", geom, &Axes::default()).unwrap();
    let selection = Selection { background: true, ..Selection::NONE };
    let mut differences = Differences::default();
    for (name, alignment, steps) in [
        ("ALTAZ", FovAlignment::AltAz, vec![1.0, 0.25]),
        ("RADEC", FovAlignment::RaDec, vec![1.0]),
        ("REVERSE_LON_RADEC", FovAlignment::ReverseLonRaDec, vec![1.0]),
    ] {
        for step in steps {
            let key = if step == 1.0 {
                format!("asym_bkg_23523_{name}_step1.0")
            } else {
                format!("asym_bkg_23523_{name}_step{step}")
            };
            observation.responses.bkg = Some(Background::ThreeD(table.clone(), alignment));
            let maker = MapMaker { selection, fov_rotation_step_deg: step, ..MapMaker::default() };
            let made = maker.run(&reference, &observation).unwrap();
            if name == "ALTAZ" {
                let steps = maker.rotation_steps(&observation).unwrap();
                let wanted = &golden[key.replace("asym_bkg_23523_ALTAZ_step", "altaz_steps_")];
                let wanted = numbers(&wanted["t_minus_tstart_s"]);
                assert_eq!(steps.len(), wanted.len());
                for (own, wanted) in steps.iter().zip(wanted) {
                    differences.value(&key, *own, wanted, absolute(0.05));
                }
            }
            let near = relative(if name == "ALTAZ" { 1e-4 } else { 1e-6 });
            differences.map(&key, &made.background.unwrap(), &golden[&key], near);
        }
    }
    differences.assert_none("alignments");
    observation.responses.bkg = Some(Background::ThreeD(table, FovAlignment::AltAz));
    observation.info.location = None;
    let error = MapMaker { selection, ..MapMaker::default() }.run(&reference, &observation);
    assert!(error.unwrap_err().to_string().contains("place"));
}

/// The file has positions in 4 bytes, in which the peer turns them to galactic ones: some events at borders of pixels are then in the
/// neighbour.
fn compare_counts(made: &Dataset, wanted: &Value) {
    let values = made.counts.values.to_f64();
    let places = numbers(&wanted["sample_flat_index_c_order"]);
    let pairs = places.iter().zip(numbers(&wanted["sample_value"]));
    let differ: Vec<f64> = pairs
        .map(|(at, wanted)| (values[*at as usize] - wanted).abs())
        .filter(|d| *d > 0.0)
        .collect();
    assert!(differ.len() <= 3 && differ.iter().all(|one| *one == 1.0), "{differ:?}");
    let planes = values.chunks_exact(made.counts.geom.n_image_pixels());
    let sums: Vec<f64> = planes.map(|plane| plane.iter().sum()).collect();
    assert_eq!(sums, numbers(&wanted["sum_image_plane"]));
}

/// The digest with its counts' values taken away; those are compared apart.
fn but_for_counts(wanted: &Value) -> Value {
    let mut wanted = wanted.clone();
    let counts = &mut wanted["counts"];
    counts["sample_flat_index_c_order"] = Value::Array(Vec::new());
    counts["sample_value"] = Value::Array(Vec::new());
    wanted
}

#[test]
fn a_simulated_run_is_that_of_gammapy() {
    let Some(golden) = json("background3d.json.gz") else { return };
    let Some(folder) = shared("data/reduce/cta-1dc") else { return };
    let environment = Environment::default().with("CALDB", folder.join("caldb").to_str().unwrap());
    let index = folder.join("index/gps");
    let store = DataStore::open(&index, environment, &Limits::default()).unwrap();
    let observation = observation(&store, 110380);
    let wanted = &golden["1dc_110380"];
    let crval = wanted["counts"]["geom"]["crval"].as_array().unwrap();
    let center = SkyCoord::galactic(number(&crval[0]), number(&crval[1]));
    let geom = WcsGeom::create(
        &center,
        Size::Width([8.0, 6.0]),
        [0.1; 2],
        Projection::Tan,
        Frame::Galactic,
        vec![energy("energy", [0.1, 10.0], 8)],
    );
    let axes = Axes {
        energy_true: Some(energy("energy_true", [0.05, 20.0], 12)),
        binsz_irf: 1.0,
        ..Axes::default()
    };
    let reference = Dataset::create("cta", Geom::Wcs(geom.unwrap()), &axes).unwrap();
    let mut differences = Differences::default();
    let made = MapMaker::default().run(&reference, &observation).unwrap();
    compare_counts(&made, &wanted["counts"]);
    differences.dataset(&made, &but_for_counts(wanted), true);
    let selection = Selection { background: true, ..Selection::NONE };
    for (key, background_oversampling, background_interp_missing_data) in
        [("ov4", 4, true), ("ov10", 10, true), ("no_interp_missing", 1, false)]
    {
        let maker = MapMaker {
            selection,
            background_oversampling,
            background_interp_missing_data,
            ..MapMaker::default()
        };
        let made = maker.run(&reference, &observation).unwrap();
        let wanted = &golden[format!("1dc_110380_background_{key}")];
        differences.map(key, &made.background.unwrap(), wanted, relative(1e-6));
    }
    differences.assert_none("simulated run");
}
