//! HEALPix pixels as healpy numbers them.

use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::makers::{DatasetsMaker, Maker, MapMaker, SafeMaskMaker, SafeMethod};
use tierline::reduce::map::Map;
use tierline::sky::hpx::{HpxGeom, HpxRegion, Order};
use tierline::sky::{Frame, Geom};

use super::maps::{energy, hess, observation};
use super::stored::{json, number, numbers};

#[test]
fn a_disk_has_the_same_pixels() {
    let Some(golden) = json("healpix.json.gz") else { return };
    let entry = &golden["hpx_counts"];
    let nside = number(&entry["nside"]) as u64;
    let region = HpxRegion::parse(entry["region"].as_str().unwrap()).unwrap();
    // The entry says RING, but its numbers are nested ones.
    let order = Order::Nested;
    let geom = HpxGeom::new(&[nside], order, Frame::Icrs, Some(region), Vec::new()).unwrap();
    assert_eq!(geom.n_pixels(0).unwrap() as f64, number(&entry["npix"]));
    for (at, pixel) in numbers(&entry["ipix_global_first"]).into_iter().enumerate() {
        assert_eq!(geom.global_pixel(0, at), Some(pixel as u64));
    }
}

#[test]
fn maps_of_a_run_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("healpix.json.gz"), hess()) else { return };
    let entry = &golden["hpx_counts"];
    let nside = number(&entry["nside"]) as u64;
    let region = HpxRegion::parse(entry["region"].as_str().unwrap()).unwrap();
    let axes = vec![energy("energy", [1.0, 10.0], 3)];
    let geom = HpxGeom::new(&[nside], Order::Nested, Frame::Icrs, Some(region), axes).unwrap();
    let axes = Axes { energy_true: Some(energy("energy_true", [1.0, 10.0], 3)), ..Axes::default() };
    let reference = Dataset::create("hpx", Geom::Hpx(geom), &axes).unwrap();
    let observation = observation(&store, 23523);
    let made = MapMaker::default().run(&reference, &observation).unwrap();
    let planes = |map: &Map| -> Vec<f64> {
        let values = map.values.to_f64();
        values.chunks_exact(map.geom.n_image_pixels()).map(|plane| plane.iter().sum()).collect()
    };
    assert_eq!(planes(&made.counts), numbers(&entry["sum_per_e"]));
    let (exposure, entry) = (made.exposure.clone().unwrap(), &golden["hpx_exposure"]);
    for (found, wanted) in planes(&exposure).into_iter().zip(numbers(&entry["sum_per_e"])) {
        assert!((found / wanted - 1.0).abs() < 1e-9, "{found} for {wanted}");
    }
    let (first, n) = (numbers(&entry["first"]), exposure.geom.n_image_pixels());
    let per_plane = first.len() / 3;
    for (at, wanted) in first.into_iter().enumerate() {
        let found = exposure.values.get(at / per_plane * n + at % per_plane);
        assert!((found / wanted - 1.0).abs() < 1e-9, "pixel {at}: {found} for {wanted}");
    }
    assert!(made.background.as_ref().unwrap().sum() > 1000.0);
    // Through the chain, where nothing is cut out.
    let safe = SafeMaskMaker { methods: vec![SafeMethod::OffsetMax], ..SafeMaskMaker::default() };
    let makers = vec![Maker::Map(MapMaker::default()), Maker::SafeMask(safe)];
    let open = |_: usize| Ok(observation.clone());
    let (stacked, warnings) = DatasetsMaker::new(makers).run_stacked(&reference, 2, &open).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert!(stacked.counts.sum() > made.counts.sum());
}
