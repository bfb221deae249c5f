//! Maps of real runs: one, several stacked, with other projections and axes.

use std::path::PathBuf;

use serde_json::Value;
use tierline::reduce::data::{DataStore, Environment, Observation, RequiredIrf};
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{DatasetsMaker, Maker, MapMaker, SafeMaskMaker, SafeMethod};
use tierline::report::Limits;
use tierline::sky::{Frame, Interp, MapAxis, Projection, Size, SkyCoord, WcsGeom};
use tierline_tests::data::shared;

use super::digest::{Differences, relative};
use super::stored::json;

pub(super) fn hess() -> Option<DataStore> {
    let folder: PathBuf = shared("data/reduce/hess-dl3-dr1")?;
    Some(DataStore::open(&folder, Environment::default(), &Limits::default()).unwrap())
}

pub(super) fn observation(store: &DataStore, obs_id: i64) -> Observation {
    store.observation(obs_id, &RequiredIrf::full_enclosure(), &mut Vec::new()).unwrap()
}

pub(super) fn energy(name: &str, bounds: [f64; 2], bins: usize) -> MapAxis {
    MapAxis::from_bounds(name, "TeV", Interp::Log, bounds, bins).unwrap()
}

/// An ICRS image in plate carrée around a position.
pub(super) fn image(center: [f64; 2], width: f64, binsz: f64, axes: Vec<MapAxis>) -> Geom {
    let center = SkyCoord::icrs(center[0], center[1]);
    let size = Size::Width([width; 2]);
    let (projection, frame) = (Projection::Car, Frame::Icrs);
    Geom::Wcs(WcsGeom::create(&center, size, [binsz; 2], projection, frame, axes).unwrap())
}

fn seed(binsz: f64) -> Dataset {
    let axis = energy("energy", [1.0, 10.0], 11);
    let geom = image([83.63, 22.01], 5.0, binsz, vec![axis]);
    Dataset::create("seed", geom, &Axes::default()).unwrap()
}

fn safe() -> SafeMaskMaker {
    let methods = vec![SafeMethod::AeffDefault, SafeMethod::OffsetMax];
    SafeMaskMaker { methods, offset_max_deg: 3.0, ..SafeMaskMaker::default() }
}

#[test]
fn one_run_is_that_of_gammapy() {
    let (Some(golden), Some(store)) = (json("seed_maps.json.gz"), hess()) else { return };
    let observation = observation(&store, 23592);
    let mut dataset = MapMaker::default().run(&seed(0.05), &observation).unwrap();
    assert_eq!(dataset.counts.sum(), 2016.0);
    let mut differences = Differences::default();
    differences.dataset(&dataset, &golden["A_maker_23592"], true);
    differences.assert_none("one run");
    let warnings = safe().run(&mut dataset, &observation).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(dataset.mask_safe.as_ref().unwrap().count(), 74_327);
    let mut differences = Differences::default();
    let wanted = &golden["B_safe_23592"]["mask_safe"];
    differences.mask("mask_safe", dataset.mask_safe.as_ref().unwrap(), wanted);
    differences.assert_none("safe mask of one run");
}

#[test]
fn four_runs_stacked_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("seed_maps.json.gz"), hess()) else { return };
    let runs = [23523, 23592, 23526, 23559];
    let makers = vec![Maker::Map(MapMaker::default()), Maker::SafeMask(safe())];
    let maker = DatasetsMaker { threads: 2, ..DatasetsMaker::new(makers) };
    let (reference, open) = (seed(0.02), |at: usize| Ok(observation(&store, runs[at])));
    let mut cutouts = golden["C_stack4_cutouts"].as_array().unwrap().iter();
    let mut stacked = reference.clone();
    let psf_geom = reference.psf.as_ref().unwrap().map.geom.clone();
    let mut undecided = vec![false; psf_geom.n_image_pixels()];
    maker
        .run(&reference, runs.len(), &open, |made| {
            let (dataset, wanted) = (made.dataset.unwrap(), cutouts.next().unwrap());
            assert_eq!(Value::from(made.obs_id), wanted["obs_id"]);
            let mut differences = Differences::default();
            differences.dataset(&dataset, wanted, true);
            differences.assert_none(&format!("run {}", made.obs_id));
            add_undecided(&dataset, &mut undecided, &psf_geom);
            stacked.stack(&dataset)
        })
        .unwrap();
    assert_eq!(stacked.info().unwrap().counts, 7972);
    assert_eq!(stacked.mask_safe.as_ref().unwrap().count(), 687_214);
    let (mut differences, wanted) = (Differences::default(), &golden["C_stack4"]);
    let psf = stacked.psf.take().unwrap();
    let mut without_psf = wanted.clone();
    without_psf.as_object_mut().unwrap().remove("psf");
    differences.dataset(&stacked, &without_psf, false);
    // The centres of the response's pixels are borders of the map's, so that the peer's rounding errors tell whose mask counts: where
    // that matters, its values are not determined.
    let n = undecided.iter().filter(|undecided| **undecided).count();
    assert!((1..=60).contains(&n), "{n} of {} pixels are undecided", undecided.len());
    for (what, map) in [("psf", &psf.map), ("psf_exposure", &psf.exposure)] {
        differences.map_but(what, map, &wanted[what], relative(2e-6), &undecided);
    }
    differences.assert_none("four runs");
}

/// Adds the pixels of a response whose centre is on a border of the map's pixels, some of which are safe and some not.
fn add_undecided(dataset: &Dataset, undecided: &mut [bool], parent: &Geom) {
    let mask = dataset.mask_safe.as_ref().unwrap();
    let (image, Geom::Wcs(geom), Geom::Wcs(irf)) = (mask.image(), &mask.geom, parent) else {
        panic!("no maps")
    };
    let (lon, lat) = irf.coords();
    for (at, (lon, lat)) in lon.into_iter().zip(lat).enumerate() {
        let [x, y] = geom.wcs().sky_to_pix(lon, lat).unwrap();
        let nx = geom.image_shape()[1];
        let near = [-1e-6, 1e-6].map(|dx| [-1e-6, 1e-6].map(|dy| [x + dx, y + dy]));
        let safe = |[x, y]: [f64; 2]| geom.pix_to_idx(x, y).is_some_and(|[y, x]| image[y * nx + x]);
        let n = near.into_iter().flatten().filter(|at| safe(*at)).count();
        undecided[at] |= n != 0 && n != 4;
    }
}
