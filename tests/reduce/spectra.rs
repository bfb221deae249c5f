//! Spectra of regions: off counts of reflected regions, of wobble positions, responses averaged over shapes.

use serde_json::Value;
use tierline::reduce::data::{DataStore, Environment, Observation, RequiredIrf};
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{
    MapMaker, ReflectedRegionsBackgroundMaker, RegionsFinder, SafeMaskMaker, SafeMethod, Selection,
    SpectrumMaker,
};
use tierline::reduce::map::Mask;
use tierline::report::Limits;
use tierline::sky::{
    Frame, Interp, MapAxis, Projection, RegionGeom, Shape, Size, SkyCoord, SkyRegion, WcsGeom,
};
use tierline_tests::data::shared;

use super::digest::{Differences, EXACT, relative};
use super::maps::{energy, hess, observation};
use super::stored::{json, number, numbers};

pub(super) const ON: [f64; 2] = [83.63, 22.01];

fn axes() -> (Vec<MapAxis>, Axes) {
    let per_decade = |name: &str, from: f64, to: f64, n: f64| {
        let bins = ((to / from).log10() * n).ceil() as usize;
        energy(name, [from, to], bins)
    };
    let true_energy = per_decade("energy_true", 0.05, 100.0, 20.0);
    let axes = Axes { energy_true: Some(true_energy), ..Axes::default() };
    (vec![per_decade("energy", 0.1, 40.0, 10.0)], axes)
}

pub(super) fn reference(name: &str, region: SkyRegion) -> Dataset {
    let (reco, axes) = axes();
    let geom = Geom::Region(RegionGeom::new(region, reco).unwrap());
    Dataset::create(name, geom, &axes).unwrap()
}

/// Pixels outside a circle around a source near the Crab, as the peer's tutorial has it.
pub(super) fn exclusion(digest: &Value) -> Mask {
    let crval = numbers(&digest["geom"]["crval"]);
    let frame = Frame::of_name(digest["geom"]["frame"].as_str().unwrap()).unwrap();
    let center = SkyCoord::new(crval[0], crval[1], frame);
    let cdelt = numbers(&digest["geom"]["cdelt"])[1];
    let shape = numbers(&digest["geom"]["shape"]);
    let npix = Size::Npix([shape[1] as usize, shape[0] as usize]);
    let image =
        WcsGeom::create(&center, npix, [cdelt; 2], Projection::Tan, frame, Vec::new()).unwrap();
    let source = SkyCoord::galactic(183.604, -8.708);
    let region = SkyRegion::circle(source, 0.5);
    let inside = region.to_pixel(image.wcs()).unwrap().mask(image.image_shape());
    Mask::new(Geom::Wcs(image), inside.into_iter().map(|inside| !inside).collect()).unwrap()
}

pub(super) fn no_background() -> MapMaker {
    let selection = Selection { psf: false, background: false, ..Selection::default() };
    MapMaker { selection, ..MapMaker::default() }
}

fn check_off(
    differences: &mut Differences,
    what: &str,
    dataset: &Dataset,
    wanted: &Value,
    single: bool,
) {
    let off = dataset.off.as_ref().unwrap();
    differences.dataset(dataset, &without(wanted, &["info_dict"]), single);
    let near = if single { EXACT } else { relative(2e-6) };
    differences.map(what, off.counts_off.as_ref().unwrap(), &wanted["counts_off"], near);
    differences.map(what, &off.acceptance, &wanted["acceptance"], near);
    differences.map(what, off.acceptance_off.as_ref().unwrap(), &wanted["acceptance_off"], near);
    let info = dataset.info().unwrap();
    for (key, found) in [
        ("counts", info.counts as f64),
        ("excess", info.excess),
        ("sqrt_ts", info.sqrt_ts),
        ("background", info.background),
        ("npred_background", info.npred_background),
        ("stat_sum", info.stat_sum),
        ("n_fit_bins", info.n_fit_bins as f64),
        ("counts_off", info.off.unwrap().counts_off as f64),
        ("acceptance", info.off.unwrap().acceptance),
        ("acceptance_off", info.off.unwrap().acceptance_off),
        ("alpha", info.off.unwrap().alpha),
    ] {
        let wanted = number(&wanted["info_dict"][key]);
        differences.value(&format!("{what} {key}"), found, wanted, relative(1e-6));
    }
}

fn without(digest: &Value, keys: &[&str]) -> Value {
    let mut digest = digest.clone();
    keys.iter().for_each(|key| {
        digest.as_object_mut().unwrap().remove(*key);
    });
    digest
}

#[test]
fn reflected_regions_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("spectrum.json.gz"), hess()) else { return };
    let mut differences = Differences::default();
    let mask = exclusion(&golden["exclusion_mask"]);
    differences.mask("exclusion", &mask, &golden["exclusion_mask"]);
    let on = SkyRegion::circle(SkyCoord::icrs(ON[0], ON[1]), 0.11);
    let maker = SpectrumMaker {
        map: no_background(),
        containment_correction: true,
        use_region_center: true,
    };
    let off = ReflectedRegionsBackgroundMaker { exclusion: Some(mask), ..Default::default() };
    let safe = SafeMaskMaker { methods: vec![SafeMethod::AeffMax], ..SafeMaskMaker::default() };
    let mut stacked: Option<Dataset> = None;
    let runs = [
        (23523, 12, 149, 117),
        (23526, 12, 154, 150),
        (23559, 41, 136, 327),
        (23592, 36, 111, 275),
    ];
    for (run, n_off, counts, counts_off) in runs {
        let observation = observation(&store, run);
        let mut dataset =
            maker.run(&reference(&run.to_string(), on.clone()), &observation).unwrap();
        let (regions, warnings) = off.run(&mut dataset, &observation).unwrap();
        assert!(warnings.is_empty() && regions.len() == n_off, "{run}: {}", regions.len());
        safe.run(&mut dataset, &observation).unwrap();
        let wanted = &golden[format!("reflected_{run}")];
        let places = wanted["off_regions"].as_array().unwrap();
        assert_eq!(places.len(), n_off);
        for (region, wanted) in regions.iter().zip(places) {
            let SkyRegion::Simple { center, shape: Shape::Circle { radius } } = region else {
                panic!("no circle")
            };
            let wanted = numbers(wanted);
            let far = center.separation_deg(&SkyCoord::icrs(wanted[0], wanted[1]));
            differences.value("off region", far, 0.0, super::digest::absolute(1e-9));
            differences.value("off radius", *radius, wanted[2], relative(1e-8));
        }
        check_off(&mut differences, &format!("run {run}"), &dataset, wanted, true);
        let info = dataset.info().unwrap();
        assert_eq!((info.counts, info.off.unwrap().counts_off), (counts, counts_off));
        match &mut stacked {
            None => stacked = Some(dataset.to_masked("stacked").unwrap()),
            Some(stacked) => stacked.stack(&dataset).unwrap(),
        }
        let at = runs.iter().position(|one| one.0 == run).unwrap();
        let info = stacked.as_ref().unwrap().info().unwrap();
        let table = &golden["info_table_cumulative"];
        for (key, found) in [
            ("counts", info.counts as f64),
            ("excess", info.excess),
            ("sqrt_ts", info.sqrt_ts),
            ("livetime", info.livetime_s),
            ("alpha", info.off.unwrap().alpha),
            ("stat_sum", info.stat_sum),
        ] {
            let wanted = number(&table[key][at]);
            differences.value(&format!("cumulative {key}"), found, wanted, relative(1e-5));
        }
    }
    check_off(&mut differences, "stacked", &stacked.unwrap(), &golden["stacked"], false);
    differences.assert_none("reflected regions");
}

fn finder_of(kwargs: &Value) -> RegionsFinder {
    let mut finder = RegionsFinder::default();
    let RegionsFinder::Reflected {
        angle_increment,
        min_distance,
        min_distance_input,
        max_region_number,
        ..
    } = &mut finder
    else {
        panic!("the default is another one")
    };
    for (key, value) in kwargs.as_object().unwrap() {
        let angle = || value.as_str().unwrap().trim_end_matches(" rad").parse().unwrap();
        match key.as_str() {
            "angle_increment" => *angle_increment = angle(),
            "min_distance" => *min_distance = angle(),
            "min_distance_input" => *min_distance_input = angle(),
            "max_region_number" => *max_region_number = value.as_u64().unwrap() as usize,
            other => panic!("{other}"),
        }
    }
    finder
}

#[test]
fn finders_give_the_regions_of_gammapy() {
    let Some(golden) = json("spectrum.json.gz") else { return };
    let mut differences = Differences::default();
    let mask = exclusion(&golden["exclusion_mask"]);
    for case in golden["finder"].as_array().unwrap() {
        let (on, center) = (numbers(&case["on"]), numbers(&case["center"]));
        let finder = match case["wobble"].as_u64() {
            Some(n) => RegionsFinder::wobble(n as usize),
            None => finder_of(&case["kwargs"]),
        };
        let region = SkyRegion::circle(SkyCoord::icrs(on[0], on[1]), on[2]);
        let center = SkyCoord::icrs(center[0], center[1]);
        let (found, _) = finder.run(&region, &center, Some(&mask)).unwrap();
        let wanted = case["off"].as_array().unwrap();
        assert_eq!(found.len(), wanted.len(), "{}", case["kwargs"]);
        for (region, wanted) in found.iter().zip(wanted) {
            let wanted = numbers(wanted);
            let far =
                region.center().unwrap().separation_deg(&SkyCoord::icrs(wanted[0], wanted[1]));
            differences.value("place", far, 0.0, super::digest::absolute(1e-9));
        }
    }
    let point = SkyRegion::point(SkyCoord::icrs(ON[0], ON[1]));
    let center = SkyCoord::icrs(83.0, 22.5);
    assert!(RegionsFinder::default().run(&point, &center, None).is_err());
    assert_eq!(RegionsFinder::wobble(3).run(&point, &center, None).unwrap().0.len(), 3);
    let wide = SkyRegion::circle(SkyCoord::icrs(ON[0], ON[1]), 0.6);
    assert!(RegionsFinder::wobble(5).run(&wide, &center, None).unwrap().0.is_empty());
    differences.assert_none("finders");
}

#[test]
fn responses_of_shapes_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("spectrum.json.gz"), hess()) else { return };
    let center = SkyCoord::icrs(ON[0], ON[1]);
    let shapes = [
        ("circle", Shape::Circle { radius: 0.3 }),
        ("ellipse", Shape::Ellipse { size: [0.5, 0.3], angle: 30.0 }),
        ("rect", Shape::Rectangle { size: [0.6, 0.2], angle: 45.0 }),
        ("annulus", Shape::CircleAnnulus { inner: 0.2, outer: 0.4 }),
    ];
    let observation = observation(&store, 23523);
    let mut differences = Differences::default();
    for (name, shape) in shapes {
        for (use_region_center, told) in [(true, "True"), (false, "False")] {
            let wanted = &golden[format!("region_{name}_center={told}")];
            let reference = reference("reg", SkyRegion::Simple { center, shape });
            let maker = SpectrumMaker { use_region_center, ..SpectrumMaker::default() };
            let dataset = maker.run(&reference, &observation).unwrap();
            differences.dataset(&dataset, &without(wanted, &["info_dict"]), true);
            let solid_angle = dataset.geom().solid_angle().unwrap()[0];
            differences.value(name, solid_angle, number(&wanted["solid_angle_sr"]), relative(1e-9));
        }
    }
    differences.assert_none("shapes");
}

#[test]
fn wobble_regions_with_radii_of_the_response_are_those_of_gammapy() {
    let (Some(golden), Some(folder)) =
        (json("spectrum.json.gz"), shared("data/reduce/magic/rad_max/data"))
    else {
        return;
    };
    let store = DataStore::open(&folder, Environment::default(), &Limits::default()).unwrap();
    let mut differences = Differences::default();
    for run in [5029747, 5029748] {
        let required = RequiredIrf::point_like();
        let observation: Observation = store.observation(run, &required, &mut Vec::new()).unwrap();
        for n in [1, 3] {
            let wanted = &golden[format!("magic_radmax_{run}_noff{n}")];
            let axis = |key: &str, name: &str| {
                let nodes = &wanted[key]["geom"]["axes"];
                let axes = nodes.as_array().unwrap();
                let own = axes.iter().find(|axis| axis["name"] == name).unwrap();
                let nodes = numbers(&own["nodes"]);
                let bounds = [nodes[0], nodes[nodes.len() - 1]];
                let unit = own["unit"].as_str().unwrap();
                MapAxis::from_bounds(name, unit, Interp::Log, bounds, nodes.len() - 1).unwrap()
            };
            let point = SkyRegion::point(SkyCoord::icrs(83.6333, 22.0145));
            let reco = vec![axis("counts", "energy")];
            let axes =
                Axes { energy_true: Some(axis("exposure", "energy_true")), ..Axes::default() };
            let geom = Geom::Region(RegionGeom::new(point, reco).unwrap());
            let reference = Dataset::create("m", geom, &axes).unwrap();
            let maker = SpectrumMaker { map: no_background(), ..SpectrumMaker::default() };
            let mut dataset = maker.run(&reference, &observation).unwrap();
            let off = ReflectedRegionsBackgroundMaker {
                finder: RegionsFinder::wobble(n),
                exclusion: None,
            };
            let (regions, warnings) = off.run(&mut dataset, &observation).unwrap();
            assert!(regions.len() == n && warnings.is_empty(), "{warnings:?}");
            let safe =
                SafeMaskMaker { methods: vec![SafeMethod::AeffMax], ..SafeMaskMaker::default() };
            safe.run(&mut dataset, &observation).unwrap();
            check_off(&mut differences, &format!("{run}, {n} off"), &dataset, wanted, true);
        }
    }
    differences.assert_none("wobble");
}
