//! Maps of significance beside the peer's.

use tierline::reduce::dataset::BackgroundModel;
use tierline::reduce::dataset::Dataset;
use tierline::reduce::estimate::ExcessMapEstimator;
use tierline::reduce::fit::PowerLawNorm;
use tierline::reduce::makers::RingBackgroundMaker;

use super::digest::{Differences, Near};
use super::maps::hess;
use super::stored::json;
use super::variants::{exclusion, with_safe_mask};

/// What the peer's transforms in 4 bytes leave.
const NEAR: Near = Near { relative: 1e-4, floor: 10.0 };

#[test]
fn significances_are_those_of_gammapy() {
    let (Some(golden), Some(store)) = (json("background.json.gz"), hess()) else { return };
    // The peer's map was made before the background was scaled.
    let (dataset, _) = with_safe_mask(&store, 23523, 5);
    let mut stacked: Option<Dataset> = None;
    for run in [23523, 23526, 23559, 23592] {
        let (mut dataset, _) = with_safe_mask(&store, run, 1);
        let exclusion = Some(exclusion(dataset.geom(), 0.3));
        RingBackgroundMaker { r_in_deg: 0.5, width_deg: 0.3, exclusion }.run(&mut dataset).unwrap();
        match &mut stacked {
            None => stacked = Some(dataset.to_masked("stack").unwrap()),
            Some(stacked) => stacked.stack(&dataset).unwrap(),
        }
    }
    let mut differences = Differences::default();
    for (key, dataset) in [("map_23523", &dataset), ("ring_stack4", &stacked.unwrap())] {
        for radius in [0.1, 0.2] {
            let estimator = ExcessMapEstimator {
                correlation_radius_deg: radius,
                ..ExcessMapEstimator::default()
            };
            let found = estimator.run(dataset).unwrap();
            let wanted = &golden[format!("excess_{key}_{radius} deg")];
            for (name, map) in [
                ("counts", &found.counts),
                ("npred_excess", &found.npred_excess),
                ("ts", &found.ts),
                ("sqrt_ts", &found.sqrt_ts),
            ] {
                differences.map(&format!("{key} {radius} {name}"), map, &wanted[name], NEAR);
            }
            if key == "ring_stack4" && radius == 0.1 {
                let values = found.sqrt_ts.values.to_f64();
                let largest = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
                assert!((largest - 33.4324).abs() < 1e-3, "{largest}");
            }
        }
    }
    differences.assert_none("significance");
    let two = ExcessMapEstimator {
        energy_edges: Some(vec![1.0, 2.5, 10.0]),
        ..ExcessMapEstimator::default()
    };
    let found = two.run(&dataset).unwrap();
    assert_eq!(found.counts.geom.axes()[0].n_bins(), 2);
    let one = ExcessMapEstimator::default().run(&dataset).unwrap();
    let n = found.counts.geom.n_image_pixels();
    let middle = n / 2 + 50;
    let sum = found.counts.values.get(middle) + found.counts.values.get(n + middle);
    assert_eq!(sum, one.counts.values.get(middle));
    // A factor on the background is in the excess.
    let mut scaled = dataset.clone();
    let model = PowerLawNorm { norm: 0.5, ..PowerLawNorm::default() };
    scaled.model = Some(BackgroundModel { model, norm_error: 0.0, tilt_error: f64::NAN });
    let half = ExcessMapEstimator::default().run(&scaled).unwrap();
    let [counts, all, half] =
        [&one.counts, &one.npred_excess, &half.npred_excess].map(|map| map.values.get(middle));
    assert!((counts - half - 0.5 * (counts - all)).abs() < 1e-9 * counts);
    let bad = ExcessMapEstimator { energy_edges: Some(vec![3.0]), ..two };
    assert!(bad.run(&dataset).is_err());
}
