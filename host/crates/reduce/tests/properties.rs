//! Properties that hold for whatever is put in.
#![allow(clippy::unwrap_used, reason = "all of this is tests")]

use proptest::prelude::*;
use tierline_reduce::convolve::Kernel;
use tierline_reduce::excess::Plane;
use tierline_reduce::fit::{Data, PowerLawNorm, fit_background};
use tierline_reduce::irf::{Interpolator, IrfTable, Outside, Section, Values};
use tierline_reduce::phase::{acceptance, split_intervals};
use tierline_reduce::safe_mask::Template;
use tierline_reduce::stats::{CountsStatistic, WStatCountsStatistic};
use tierline_sky::{Interp, MapAxis, NodeType};

/// Rising numbers above zero.
fn rising(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.01..2.0, n).prop_map(|steps| {
        let mut at = 0.0;
        steps
            .iter()
            .map(|step| {
                at += step;
                at
            })
            .collect()
    })
}

/// Any number, and numbers near those of axes.
fn coordinate() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -1.0..12.0, 1 => any::<f64>()]
}

fn interp() -> impl Strategy<Value = Interp> {
    prop_oneof![Just(Interp::Lin), Just(Interp::Log), Just(Interp::Sqrt)]
}

fn axis(name: &'static str) -> impl Strategy<Value = MapAxis> {
    (rising(2..6), interp(), any::<bool>()).prop_map(move |(nodes, interp, edges)| {
        let node_type = if edges { NodeType::Edges } else { NodeType::Center };
        MapAxis::new(name, "", interp, node_type, nodes).unwrap()
    })
}

/// A table over energy and the field of view, with some values that are zero or no numbers.
fn table() -> impl Strategy<Value = IrfTable> {
    let value = prop_oneof![8 => 0.0..100.0_f64, 1 => Just(0.0), 1 => Just(f64::NAN)];
    let values = prop::collection::vec(value, 125);
    let axes = (axis("energy"), axis("fov_lon"), axis("fov_lat"));
    (axes, values, any::<bool>()).prop_map(|((energy, lon, lat), mut values, is_short)| {
        values.truncate(energy.n_bins() * lon.n_bins() * lat.n_bins());
        let short = || values.iter().map(|value| *value as f32).collect();
        let values = if is_short { Values::F32(short()) } else { Values::F64(values) };
        IrfTable { axes: vec![energy, lon, lat], values, unit: String::new() }
    })
}

proptest! {
    #[test]
    fn tables_are_zero_or_more_at_points_and_in_planes(
        table in table(),
        scale in interp(),
        points in prop::collection::vec((coordinate(), coordinate(), coordinate()), 1..20),
    ) {
        let at = Interpolator::new(&table, scale, Outside::Zero).unwrap();
        let (lon, lat): (Vec<f64>, Vec<f64>) = points.iter().map(|p| (p.1, p.2)).unzip();
        let weights = at.fov_weights(&lon, &lat).unwrap();
        let (mut section, mut plane) = (Section::default(), vec![f64::NAN; lon.len()]);
        for (energy, ..) in &points {
            at.section(&[*energy], &mut section).unwrap();
            at.fill(&section, &weights, &mut plane).unwrap();
            for (pixel, value) in plane.iter().enumerate() {
                let single = at.evaluate(&[*energy, lon[pixel], lat[pixel]]).unwrap();
                prop_assert!(value.is_finite() && *value >= 0.0);
                prop_assert!((value - single).abs() <= 1e-9 * (1.0 + single), "{} {}", value, single);
            }
        }
    }

    #[test]
    fn extrapolation_and_nearest_points_never_panic(
        table in table(),
        outside in prop_oneof![Just(Outside::Extrapolate), Just(Outside::Dispersion)],
        point in [any::<f64>(), any::<f64>(), any::<f64>()],
    ) {
        let at = Interpolator::new(&table, Interp::Lin, outside).unwrap();
        // Not a negative number, whatever else.
        let found = [at.evaluate(&point).unwrap(), at.evaluate_nearest(&point).unwrap()];
        prop_assert!(found.iter().all(|value| value.is_nan() || *value >= 0.0));
    }

    #[test]
    fn sums_over_a_kernel_keep_the_total(
        radius in 0.0..4.0_f64,
        width in 0.0..3.0_f64,
        image in prop::collection::vec(0..1000_u32, 36),
    ) {
        // With a margin as wide as the kernel nothing is lost.
        let kernel = Kernel::ring(radius, width).unwrap();
        let (margin, side) = (kernel.size() / 2, 6 + 2 * (kernel.size() / 2));
        let mut wide = vec![0.0; side * side];
        for (at, value) in image.iter().enumerate() {
            wide[(at / 6 + margin) * side + at % 6 + margin] = f64::from(*value);
        }
        let mut out = vec![0.0; side * side];
        kernel.convolve(&wide, [side, side], &mut out).unwrap();
        let total: f64 = image.iter().map(|value| f64::from(*value)).sum();
        prop_assert_eq!(out.iter().sum::<f64>(), total * kernel.n_pixels() as f64);
    }

    #[test]
    fn fits_end(
        counts in prop::collection::vec(0..50_u32, 12),
        background in prop::collection::vec(prop_oneof![5 => 0.0..20.0_f64, 1 => Just(0.0)], 12),
        other in prop::collection::vec(prop_oneof![0.0..3.0_f64, Just(0.0)], 12),
        is_tilt_free in any::<bool>(),
    ) {
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let data = Data {
            energies: &[0.5, 1.0, 5.0],
            counts: &counts,
            background: &background,
            other: Some(&other),
            mask: &[true; 12],
        };
        let fit = fit_background(&data, PowerLawNorm::default(), is_tilt_free).unwrap();
        if fit.has_converged {
            // No better place an error away.
            for (norm, tilt) in [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)] {
                let mut model = fit.model;
                model.norm += 0.3 * norm * fit.norm_error;
                model.tilt += 0.3 * tilt * fit.tilt_error;
                if model.norm <= 0.0 {
                    continue;
                }
                let mu = |k: usize| model.evaluate([0.5, 1.0, 5.0][k / 4]) * background[k] + other[k];
                let stat: f64 =
                    (0..12).map(|k| tierline_reduce::stats::cash(counts[k], mu(k))).sum();
                prop_assert!(stat >= fit.stat_sum - 1e-6 * (1.0 + fit.stat_sum.abs()));
            }
        }
    }

    #[test]
    fn roots_are_where_the_value_is(
        energies in rising(1..8),
        values in prop::collection::vec(-1.0..10.0_f64, 8),
        value in 1e-6..10.0_f64,
    ) {
        let template = Template::new(&energies, &values[..energies.len()]).unwrap();
        let range = [energies[0], energies[energies.len() - 1]];
        if let Some(root) = template.first_root(value, range) {
            prop_assert!(root >= range[0] * (1.0 - 1e-12) && root <= range[1] * (1.0 + 1e-12));
            // Between a value of nothing and the next it is steep.
            let (low, high) = (root * (1.0 - 1e-12), root * (1.0 + 1e-12));
            let around = [template.evaluate(low) - value, template.evaluate(high) - value];
            prop_assert!(around[0] * around[1] <= 0.0 || around[0].abs() < 1e-6 * value);
        }
    }

    #[test]
    fn significance_has_the_sign_of_the_excess(
        n_on in 0..5000_u32,
        n_off in 0..5000_u32,
        alpha in 1e-3..10.0_f64,
    ) {
        let s = WStatCountsStatistic::new(f64::from(n_on), f64::from(n_off), alpha);
        prop_assert!(s.sqrt_ts().is_finite() && s.ts() >= 0.0);
        prop_assert!(s.sqrt_ts() * s.n_sig() >= 0.0);
        prop_assert!((0.0..=0.5).contains(&s.p_value()));
        // Nothing known of the signal: no term is negative.
        prop_assert!(s.stat_null() >= -1e-9 * f64::from(n_on + n_off));
    }

    #[test]
    fn intervals_of_phase_keep_their_width(from in -2.0..2.0_f64, width in 0.0..0.99_f64) {
        let parts = split_intervals(&[[from, from + width]]);
        prop_assert!((acceptance(&parts) - width).abs() < 1e-9);
    }

    #[test]
    fn excess_of_any_counts(
        counts in prop::collection::vec(0..9_u32, 20),
        background in prop::collection::vec(0.0..9.0_f64, 20),
        mask in prop::collection::vec(any::<bool>(), 20),
        radius in 0.0..3.0_f64,
    ) {
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let kernel = Kernel::disk(radius).unwrap();
        let plane = Plane { shape: [4, 5], mask: &mask, kernel: &kernel };
        let maps = plane.cash(&counts, &background).unwrap();
        for (pixel, is_in) in mask.iter().enumerate() {
            prop_assert_eq!(maps.counts[pixel].is_nan(), !is_in);
            if *is_in {
                prop_assert!(maps.ts[pixel] >= 0.0 && maps.counts[pixel].fract() == 0.0);
            }
        }
    }
}
