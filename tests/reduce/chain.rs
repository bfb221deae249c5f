//! The chain of makers: threads, shards, spectra, and input that does not fit.

use tierline::reduce::data::Observation;
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{
    DatasetsMaker, FovBackgroundMaker, Maker, MapMaker, PhaseBackgroundMaker,
    ReflectedRegionsBackgroundMaker, SafeMaskMaker, SafeMethod, SpectrumMaker,
};
use tierline::reduce::map::{Map, Mask};
use tierline::sky::{RegionGeom, SkyCoord, SkyRegion};

use super::maps::{energy, hess, image, observation};

const RUNS: [i64; 4] = [23523, 23592, 23526, 23559];
const CRAB: [f64; 2] = [83.63, 22.01];

fn reference(center: [f64; 2]) -> Dataset {
    let geom = image(center, 5.0, 0.05, vec![energy("energy", [1.0, 10.0], 4)]);
    Dataset::create("stack", geom, &Axes::default()).unwrap()
}

fn safe() -> SafeMaskMaker {
    let methods = vec![SafeMethod::AeffDefault, SafeMethod::OffsetMax];
    SafeMaskMaker { methods, offset_max_deg: 2.5, ..SafeMaskMaker::default() }
}

fn maps(threads: usize) -> DatasetsMaker {
    let makers = vec![
        Maker::Map(MapMaker::default()),
        Maker::SafeMask(safe()),
        Maker::Fov(FovBackgroundMaker::default()),
    ];
    DatasetsMaker { threads, ..DatasetsMaker::new(makers) }
}

fn near(what: &str, found: &Map, wanted: &Map) {
    assert_eq!(found.values.len(), wanted.values.len());
    for at in 0..found.values.len() {
        let (a, b) = (found.values.get(at), wanted.values.get(at));
        assert!((a - b).abs() <= 1e-6 * b.abs().max(1e-6), "{what} {at}: {a:e} for {b:e}");
    }
}

#[test]
fn threads_and_shards_do_not_tell() {
    let Some(store) = hess() else { return };
    let observations: Vec<Observation> = RUNS.map(|run| observation(&store, run)).to_vec();
    let reference = reference(CRAB);
    let stack = |threads: usize, from: usize, to: usize| {
        let open = |at: usize| Ok(observations[from + at].clone());
        maps(threads).run_stacked(&reference, to - from, &open).unwrap().0
    };
    let whole = stack(1, 0, 4);
    for threads in [2, 4] {
        assert!(stack(threads, 0, 4) == whole, "{threads} threads");
    }
    let mut sum = stack(1, 0, 2);
    sum.stack(&stack(2, 2, 4)).unwrap();
    assert!(sum.counts == whole.counts && sum.mask_safe == whole.mask_safe);
    near("exposure", sum.exposure.as_ref().unwrap(), whole.exposure.as_ref().unwrap());
    near("background", sum.background.as_ref().unwrap(), whole.background.as_ref().unwrap());
    let (gti, all) = (sum.gti.unwrap(), whole.gti.unwrap());
    assert_eq!(gti.intervals.len(), all.intervals.len());
    assert!((gti.time_sum() - all.time_sum()).abs() < 1e-6);
    assert!((sum.livetime_s.unwrap() - whole.livetime_s.unwrap()).abs() < 1e-6);
    assert_eq!(sum.meta.len(), 4);
}

fn spectrum(center: [f64; 2]) -> Dataset {
    let region = SkyRegion::circle(SkyCoord::icrs(center[0], center[1]), 0.11);
    let geom = RegionGeom::new(region, vec![energy("energy", [0.5, 40.0], 12)]).unwrap();
    Dataset::create("on", Geom::Region(geom), &Axes::default()).unwrap()
}

#[test]
fn spectra_pass_through_the_chain() {
    let Some(store) = hess() else { return };
    let open = |at: usize| Ok(observation(&store, RUNS[at]));
    let makers = vec![
        Maker::Spectrum(SpectrumMaker::default()),
        Maker::Reflected(ReflectedRegionsBackgroundMaker::default()),
        Maker::SafeMask(SafeMaskMaker {
            methods: vec![SafeMethod::AeffMax],
            ..SafeMaskMaker::default()
        }),
    ];
    let maker = DatasetsMaker { drop_without_off: true, ..DatasetsMaker::new(makers) };
    let (mut each, mut off) = (Vec::new(), 0.0);
    maker
        .run(&spectrum(CRAB), 4, &open, |made| {
            let dataset = made.dataset.unwrap();
            off += dataset.off.as_ref().unwrap().counts_off.as_ref().unwrap().sum();
            each.push(dataset);
            Ok(())
        })
        .unwrap();
    assert!(each.len() == 4 && off > 10.0);
    let (stacked, _) = maker.run_stacked(&spectrum(CRAB), 4, &open).unwrap();
    let mut sum = each[0].to_masked("on").unwrap();
    each[1..].iter().for_each(|one| sum.stack(one).unwrap());
    assert!(stacked.off == sum.off && stacked.counts == sum.counts);
    // Around the pointing there is no place for another region.
    let pointing = observation(&store, RUNS[0]).pointing;
    let tierline::reduce::data::Pointing::Icrs { ra, dec } = pointing else { panic!() };
    let made = maker.run_one(&spectrum([ra, dec]), &open(0).unwrap()).unwrap();
    assert!(made.dataset.is_none() && made.warnings.iter().any(|told| told.contains("left out")));
    let kept = DatasetsMaker { drop_without_off: false, ..maker };
    let made = kept.run_one(&spectrum([ra, dec]), &open(0).unwrap()).unwrap();
    assert!(!made.dataset.unwrap().mask_safe.unwrap().any());
}

#[test]
fn phases_give_off_counts() {
    let Some(store) = hess() else { return };
    let mut observation = observation(&store, RUNS[0]);
    let n = observation.events.len();
    let (on, off) = (vec![[0.9, 1.1]], vec![[0.3, 0.7]]);
    let maker = PhaseBackgroundMaker::new(on, off);
    let mut dataset = SpectrumMaker::default().run(&spectrum(CRAB), &observation).unwrap();
    let error = maker.run(&mut dataset.clone(), &observation).unwrap_err().to_string();
    assert!(error.contains("PHASE"), "{error}");
    // Phases go round once in ten events.
    let phases: Vec<f64> = (0..n).map(|row| (row % 10) as f64 / 10.0 + 0.05).collect();
    observation.events.others.push(tierline::fits::Column::new(
        "PHASE",
        "",
        tierline::fits::Cells::F64(phases.clone()),
    ));
    let all = dataset.counts.clone();
    maker.run(&mut dataset, &observation).unwrap();
    let off = dataset.off.as_ref().unwrap();
    assert!((off.acceptance.values.get(0) - 0.2).abs() < 1e-6);
    assert!((off.acceptance_off.as_ref().unwrap().values.get(0) - 0.4).abs() < 1e-6);
    let expected = |is_in: &dyn Fn(f64) -> bool| {
        let mut selected = observation.clone();
        selected.events = observation.events.select(|row| is_in(phases[row]));
        SpectrumMaker::default().run(&spectrum(CRAB), &selected).unwrap().counts
    };
    assert!(dataset.counts == expected(&|phase| !(0.1..0.9).contains(&phase)));
    assert!(off.counts_off == Some(expected(&|phase| (0.3..0.7).contains(&phase))));
    assert!(dataset.counts.sum() < all.sum() && dataset.counts.sum() > 0.0);
    assert!(dataset.background.is_none());
}

#[test]
fn what_does_not_fit_is_told() {
    let Some(store) = hess() else { return };
    let mut observation = observation(&store, RUNS[0]);
    // An image elsewhere.
    let made = maps(1).run_one(&reference([200.0, -40.0]), &observation).unwrap();
    assert!(made.dataset.is_none() && made.warnings[0].contains("left out"), "{:?}", made.warnings);
    // A mask with other planes.
    let reference = reference(CRAB);
    let mut dataset = MapMaker::default().run(&reference, &observation).unwrap();
    let other = image(CRAB, 5.0, 0.05, vec![energy("energy", [1.0, 10.0], 3)]);
    let exclusion = Some(Mask::filled(other, true));
    let maker = FovBackgroundMaker { exclusion, ..FovBackgroundMaker::default() };
    assert!(maker.run(&mut dataset.clone()).unwrap_err().to_string().contains("planes"));
    // A mask of another place excludes all: nothing is safe.
    let exclusion = Some(Mask::filled(image([200.0, -40.0], 5.0, 0.05, Vec::new()), true));
    let maker = FovBackgroundMaker { exclusion, ..FovBackgroundMaker::default() };
    assert_eq!(maker.run(&mut dataset).unwrap().len(), 1);
    assert!(!dataset.mask_safe.unwrap().any());
    // No events in range, no good time.
    observation.events = observation.events.select_energy([1e3, 1e4]);
    let dataset = MapMaker::default().run(&reference, &observation).unwrap();
    assert_eq!(dataset.counts.sum(), 0.0);
    assert!(dataset.background.unwrap().sum() > 100.0);
    observation.gti.intervals.clear();
    let dataset = MapMaker::default().run(&reference, &observation).unwrap();
    assert_eq!(dataset.exposure.as_ref().unwrap().sum(), 0.0);
    assert_eq!(dataset.background.as_ref().unwrap().sum(), 0.0);
    let mut stacked = reference.clone();
    stacked.stack(&dataset).unwrap();
    assert_eq!(stacked.counts.sum(), 0.0);
    // No numbers in a response: zero there, as if outside.
    let aeff = observation.responses.aeff.as_mut().unwrap();
    match &mut aeff.table.values {
        tierline::reduce::irf::Values::F32(values) => values.fill(f32::NAN),
        tierline::reduce::irf::Values::F64(values) => values.fill(f64::NAN),
    }
    let dataset = MapMaker::default().run(&reference, &observation).unwrap();
    assert_eq!(dataset.exposure.unwrap().sum(), 0.0);
}
