//! Other projections, axes and frames; safe masks; backgrounds of the field of view and of rings.

use serde_json::Value;
use tierline::reduce::data::{DataStore, Observation};
use tierline::reduce::dataset::{Axes, Dataset, default_migra_axis, default_rad_axis};
use tierline::reduce::fit::PowerLawNorm;
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{
    AdaptiveRingBackgroundMaker, FovBackgroundMaker, FovMethod, MapMaker, RingBackgroundMaker,
    SafeIrfs, SafeMaskMaker, SafeMethod, Selection,
};
use tierline::reduce::map::Mask;
use tierline::reduce::ring::AdaptiveMethod;
use tierline::reduce::stats::cash;
use tierline::sky::{Frame, MapAxis, Projection, Size, SkyCoord, SkyRegion, WcsGeom};

use super::digest::{Differences, Near, absolute, relative};
use super::maps::{energy, hess, image, observation};
use super::stored::{json, number};

fn true_energy() -> MapAxis {
    energy("energy_true", [0.5, 20.0], 16)
}

fn reco() -> Vec<MapAxis> {
    vec![energy("energy", [1.0, 10.0], 5)]
}

const CRAB: [f64; 2] = [83.633, 22.0145];

#[test]
fn tangential_maps_with_migration_and_oversampling() {
    let (Some(golden), Some(store)) = (json("map_variants.json.gz"), hess()) else { return };
    let center = SkyCoord::icrs(CRAB[0], CRAB[1]);
    let (size, tan) = (Size::Width([4.0, 3.0]), Projection::Tan);
    let geom = WcsGeom::create(&center, size, [0.04; 2], tan, Frame::Icrs, reco()).unwrap();
    let axes = Axes {
        energy_true: Some(true_energy()),
        migra: Some(default_migra_axis().unwrap()),
        rad: Some(default_rad_axis().unwrap()),
        binsz_irf: 0.5,
    };
    let reference = Dataset::create("d", Geom::Wcs(geom), &axes).unwrap();
    let observation = observation(&store, 23523);
    let fine = MapMaker { background_oversampling: 5, ..MapMaker::default() };
    let dataset = fine.run(&reference, &observation).unwrap();
    let mut differences = Differences::default();
    differences.dataset(&dataset, &golden["D_tan_migra_ov5_23523"], true);
    let selection = Selection { background: true, ..Selection::NONE };
    let plain = MapMaker { selection, ..MapMaker::default() };
    let dataset = plain.run(&reference, &observation).unwrap();
    assert!(dataset.psf.is_none() && dataset.counts.sum() == 0.0);
    let wanted = &golden["D_background_no_oversampling"];
    differences.map("no oversampling", &dataset.background.unwrap(), wanted, relative(1e-6));
    differences.assert_none("tangential");
}

#[test]
fn galactic_maps_with_matrices_of_energy() {
    let (Some(golden), Some(store)) = (json("map_variants.json.gz"), hess()) else { return };
    let wanted = &golden["E_galactic_car_kernel_23526"];
    let crval = wanted["counts"]["geom"]["crval"].as_array().unwrap();
    let center = SkyCoord::galactic(number(&crval[0]), number(&crval[1]));
    let (size, car) = (Size::Npix([80, 60]), Projection::Car);
    let geom = WcsGeom::create(&center, size, [0.05; 2], car, Frame::Galactic, reco()).unwrap();
    let axes = Axes { energy_true: Some(true_energy()), binsz_irf: 1.0, ..Axes::default() };
    let reference = Dataset::create("e", Geom::Wcs(geom), &axes).unwrap();
    let dataset = MapMaker::default().run(&reference, &observation(&store, 23526)).unwrap();
    let mut differences = Differences::default();
    differences.dataset(&dataset, wanted, true);
    differences.assert_none("galactic");
    // The middle is on the border of two of the response's pixels: the peer took one of them.
    let rows = golden["E_edisp_kernel_center"].as_array().unwrap();
    let values: Vec<f64> =
        rows.iter().flat_map(|row| row.as_array().unwrap()).map(number).collect();
    let middle = dataset.center().unwrap();
    let off = [-1e-3, 1e-3].map(|d| {
        let position = SkyCoord::galactic(middle.lon_deg + d, middle.lat_deg);
        let kernel = dataset.edisp_kernel(&position).unwrap();
        let pairs = kernel.matrix().iter().zip(&values);
        pairs.map(|(own, wanted)| (own - wanted).abs()).fold(0.0, f64::max)
    });
    assert!(off[0].min(off[1]) < 1e-7 && off[0].max(off[1]) > 1e-4, "{off:?}");
}

/// A case of the safe mask's: its name tells method, responses and parameters.
fn maker_of(case: &str) -> SafeMaskMaker {
    let (head, parameters) = case.split_once("irfs=").unwrap();
    let (irfs, parameters) = parameters.split_once(' ').unwrap_or((parameters, ""));
    let mut maker = SafeMaskMaker {
        methods: vec![SafeMethod::of_name(head.trim()).unwrap()],
        irfs: if irfs == "DL3" { SafeIrfs::Dl3 } else { SafeIrfs::Dl4 },
        ..SafeMaskMaker::default()
    };
    for parameter in parameters.split(',').filter(|text| !text.trim().is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap();
        let number = || value.trim_end_matches(" deg").parse().unwrap();
        match name.trim() {
            "aeff_percent" => maker.aeff_percent = number(),
            "bias_percent" => maker.bias_percent = number(),
            "offset_max" => maker.offset_max_deg = number(),
            "fixed_offset" => maker.fixed_offset_deg = Some(number()),
            "position" => maker.position = Some(SkyCoord::icrs(CRAB[0], CRAB[1])),
            other => panic!("{other}"),
        }
    }
    maker
}

#[test]
fn safe_masks_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("safe_mask.json.gz"), hess()) else { return };
    let geom = image(CRAB, 4.0, 0.1, vec![energy("energy", [0.1, 100.0], 30)]);
    let axes =
        Axes { energy_true: Some(energy("energy_true", [0.05, 120.0], 34)), ..Axes::default() };
    let reference = Dataset::create("s", geom, &axes).unwrap();
    let observation = observation(&store, 23523);
    let made = MapMaker::default().run(&reference, &observation).unwrap();
    let mut cases = 0;
    for (case, wanted) in
        golden.as_object().unwrap().iter().filter(|(key, _)| !key.starts_with('_'))
    {
        let mut dataset = made.clone();
        maker_of(case).run(&mut dataset, &observation).unwrap();
        let mask = dataset.mask_safe.unwrap();
        let n = mask.geom.n_image_pixels();
        let planes = mask.values.chunks_exact(n);
        let counts: Vec<usize> = planes.map(|p| p.iter().filter(|set| **set).count()).collect();
        assert_eq!(Value::from(counts), wanted["n_true_per_energy"], "{case}");
        assert_eq!(Value::from(mask.count()), wanted["n_true"], "{case}");
        cases += 1;
    }
    assert_eq!(cases, 18);
    let both = SafeMaskMaker {
        position: Some(SkyCoord::icrs(0.0, 0.0)),
        fixed_offset_deg: Some(1.0),
        ..SafeMaskMaker::default()
    };
    assert!(both.run(&mut made.clone(), &observation).is_err());
}

/// Pixels outside a circle around the Crab.
pub(super) fn exclusion(geom: &Geom, radius: f64) -> Mask {
    let Geom::Wcs(image) = geom else { panic!("no map") };
    let image = image.to_image();
    let region = SkyRegion::circle(SkyCoord::icrs(CRAB[0], CRAB[1]), radius);
    let inside = region.to_pixel(image.wcs()).unwrap().mask(image.image_shape());
    Mask::new(Geom::Wcs(image), inside.into_iter().map(|inside| !inside).collect()).unwrap()
}

pub(super) fn with_safe_mask(store: &DataStore, run: i64, bins: usize) -> (Dataset, Observation) {
    let geom = image(CRAB, 5.0, 0.05, vec![energy("energy", [1.0, 10.0], bins)]);
    let axes = Axes { energy_true: Some(true_energy()), ..Axes::default() };
    let reference = Dataset::create(&format!("o{run}"), geom, &axes).unwrap();
    let observation = observation(store, run);
    let mut dataset = MapMaker::default().run(&reference, &observation).unwrap();
    let safe = SafeMaskMaker {
        methods: vec![SafeMethod::AeffDefault, SafeMethod::OffsetMax],
        offset_max_deg: 2.5,
        ..SafeMaskMaker::default()
    };
    safe.run(&mut dataset, &observation).unwrap();
    (dataset, observation)
}

/// What is minimised: the statistic over safe cells outside the exclusion.
fn cash_of_fit(dataset: &Dataset, exclusion: &Mask, model: PowerLawNorm) -> f64 {
    let energies = dataset.energy_axis().unwrap().centers();
    let (background, safe) = (dataset.background.as_ref().unwrap(), dataset.mask_safe.as_ref());
    let n = exclusion.values.len();
    let cells = (0..dataset.counts.values.len())
        .filter(|at| safe.unwrap().values[*at] && exclusion.values[at % n]);
    cells
        .map(|at| {
            let expected = background.values.get(at) * model.evaluate(energies[at / n]);
            cash(dataset.counts.values.get(at), expected)
        })
        .sum()
}

#[test]
fn backgrounds_of_the_field_of_view_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("background.json.gz"), hess()) else { return };
    let mut differences = Differences::default();
    for run in [23523, 23592] {
        let (dataset, _) = with_safe_mask(&store, run, 5);
        let mask = exclusion(dataset.geom(), 0.5);
        if run == 23523 {
            differences.mask("exclusion", &mask, &golden["exclusion"]);
        }
        for (key, method) in [
            ("fov_scale", FovMethod::Scale),
            ("fov_fit", FovMethod::Fit),
            ("fov_fit_tilt", FovMethod::FitTilt),
        ] {
            let wanted = &golden[format!("{key}_{run}")];
            let (mut dataset, exclusion) = (dataset.clone(), Some(mask.clone()));
            let maker = FovBackgroundMaker { method, exclusion, ..FovBackgroundMaker::default() };
            assert!(maker.run(&mut dataset).unwrap().is_empty());
            let found = dataset.model.unwrap();
            // The peer's minimizer stops a hundredth of an error before the minimum.
            let (error, is_fit) = (number(&wanted["norm_error"]), method != FovMethod::Scale);
            let norm = if is_fit { 1e-2 * error / number(&wanted["norm"]) } else { 1e-6 };
            if is_fit {
                let theirs = PowerLawNorm {
                    norm: number(&wanted["norm"]),
                    tilt: number(&wanted["tilt"]),
                    ..found.model
                };
                let [own, theirs] = [found.model, theirs].map(|m| cash_of_fit(&dataset, &mask, m));
                assert!(own <= theirs + 1e-9, "{run} {method:?}: {own} for {theirs}");
            }
            let mut one = |key: &str, found: f64, near: Near| {
                differences.value(
                    &format!("{run} {method:?} {key}"),
                    found,
                    number(&wanted[key]),
                    near,
                );
            };
            one("norm", found.model.norm, relative(norm));
            one("tilt", found.model.tilt, absolute(1e-3));
            one("norm_error", found.norm_error, relative(1e-2));
            one("stat_sum", dataset.stat_sum().unwrap(), relative(3e-6));
            if method == FovMethod::FitTilt {
                one("tilt_error", found.tilt_error, relative(1e-2));
            } else {
                let npred = dataset.npred_background().unwrap().unwrap();
                let wanted = &wanted["npred_background"];
                differences.map("npred_background", &npred, wanted, relative(norm.max(2e-6)));
            }
        }
        let (mut dataset, min_counts) = (dataset, 1e9);
        let maker = FovBackgroundMaker { min_counts, ..FovBackgroundMaker::default() };
        let warnings = maker.run(&mut dataset).unwrap();
        assert!(warnings.len() == 1 && !dataset.mask_safe.unwrap().any(), "{warnings:?}");
    }
    differences.assert_none("field of view");
}

fn check_ring(differences: &mut Differences, what: &str, dataset: &Dataset, wanted: &Value) {
    let off = dataset.off.as_ref().unwrap();
    let near = Near { relative: 1e-4, floor: 10.0 };
    differences.map(what, &dataset.counts, &wanted["counts"], absolute(0.0));
    differences.mask(what, dataset.mask_safe.as_ref().unwrap(), &wanted["mask_safe"]);
    differences.map(what, off.counts_off.as_ref().unwrap(), &wanted["counts_off"], near);
    differences.map(what, &off.acceptance, &wanted["acceptance"], near);
    differences.map(what, off.acceptance_off.as_ref().unwrap(), &wanted["acceptance_off"], near);
    let background = dataset.scaled_off().unwrap().unwrap();
    differences.map(what, &background, &wanted["background"], near);
    let info = dataset.info().unwrap();
    for (key, found) in [
        ("counts", info.counts as f64),
        ("excess", info.excess),
        ("sqrt_ts", info.sqrt_ts),
        ("background", info.background),
        ("npred_background", info.npred_background),
        ("stat_sum", info.stat_sum),
        ("acceptance", info.off.unwrap().acceptance),
        ("acceptance_off", info.off.unwrap().acceptance_off),
        ("alpha", info.off.unwrap().alpha),
    ] {
        let near = Near { relative: 1e-4, floor: 100.0 };
        differences.value(&format!("{what} {key}"), found, number(&wanted["info_dict"][key]), near);
    }
}

#[test]
fn rings_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("background.json.gz"), hess()) else { return };
    let mut differences = Differences::default();
    let (made, _) = with_safe_mask(&store, 23523, 1);
    let mask = Some(exclusion(made.geom(), 0.3));
    let ring = RingBackgroundMaker { r_in_deg: 0.5, width_deg: 0.3, exclusion: mask.clone() };
    let mut dataset = made.clone();
    ring.run(&mut dataset).unwrap();
    check_ring(&mut differences, "ring", &dataset, &golden["ring_23523"]);
    let adaptive = AdaptiveRingBackgroundMaker {
        stepsize_deg: 0.1,
        exclusion: mask,
        ..AdaptiveRingBackgroundMaker::new(0.4, 1.0, 0.3)
    };
    let mut dataset = made.clone();
    adaptive.run(&mut dataset).unwrap();
    check_ring(&mut differences, "adaptive ring", &dataset, &golden["adaptive_ring_23523"]);
    let fixed = AdaptiveRingBackgroundMaker {
        method: AdaptiveMethod::FixedRIn,
        threshold_alpha: 0.03,
        ..adaptive
    };
    let mut dataset = made.clone();
    fixed.run(&mut dataset).unwrap();
    let wanted = &golden["adaptive_ring_fixed_r_in_23523"];
    check_ring(&mut differences, "adaptive ring, fixed r_in", &dataset, wanted);
    let mut stacked: Option<Dataset> = None;
    for run in [23523, 23526, 23559, 23592] {
        let (mut dataset, _) = with_safe_mask(&store, run, 1);
        ring.run(&mut dataset).unwrap();
        match &mut stacked {
            None => stacked = Some(dataset.to_masked("stack").unwrap()),
            Some(stacked) => stacked.stack(&dataset).unwrap(),
        }
    }
    check_ring(&mut differences, "stack of rings", &stacked.unwrap(), &golden["ring_stack4"]);
    differences.assert_none("rings");
}
