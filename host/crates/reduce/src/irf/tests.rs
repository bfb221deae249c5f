//! Tests of responses with small tables.

use tierline_sky::{Interp, MapAxis, NodeType};

use super::*;
use crate::integrate::integrate_log_log;

fn axis(name: &str, interp: Interp, node_type: NodeType, nodes: &[f64]) -> MapAxis {
    MapAxis::new(name, "", interp, node_type, nodes.to_vec()).unwrap()
}

fn energy(name: &str) -> MapAxis {
    axis(name, Interp::Log, NodeType::Edges, &[0.1, 1.0, 10.0, 100.0])
}

fn offset() -> MapAxis {
    axis("offset", Interp::Lin, NodeType::Center, &[0.0, 1.0, 3.0])
}

fn table(axes: Vec<MapAxis>, value: impl Fn(usize) -> f64) -> IrfTable {
    let n = axes.iter().map(MapAxis::n_bins).product();
    IrfTable { axes, values: Values::F64((0..n).map(value).collect()), unit: String::new() }
}

fn aeff() -> EffectiveArea {
    let table = table(vec![energy("energy_true"), offset()], |k| 1.0 + k as f64 * k as f64);
    EffectiveArea { table, lo_threshold_tev: None, hi_threshold_tev: None, is_pointlike: false }
}

fn background_3d() -> IrfTable {
    let lon = axis("fov_lon", Interp::Lin, NodeType::Edges, &[-2.0, -1.0, 0.0, 1.0, 2.0]);
    let lat = axis("fov_lat", Interp::Lin, NodeType::Edges, &[-1.5, -0.5, 0.5, 1.5]);
    let value = |k: usize| 1e-5 * (1.0 + (k * 7 % 11) as f64) / (1.0 + k as f64);
    table(vec![energy("energy"), lon, lat], value)
}

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * a.abs().max(b.abs())
}

#[test]
fn points_of_the_table_come_back() {
    let aeff = aeff();
    let at = aeff.interpolator().unwrap();
    let Values::F64(values) = &aeff.table.values else { panic!() };
    let centers = aeff.table.axes[0].centers();
    for (k, value) in values.iter().enumerate() {
        let point = [centers[k / 3], [0.0, 1.0, 3.0][k % 3]];
        assert!(close(at.evaluate(&point).unwrap(), *value), "{k}");
    }
    assert!(at.evaluate(&[1.0]).is_err());
}

#[test]
fn the_line_goes_on_to_the_edges_and_ends_there() {
    let table = table(vec![energy("energy_true"), offset()], |k| 10.0 - (k % 3) as f64);
    let aeff = EffectiveArea { table, ..aeff() };
    let at = aeff.interpolator().unwrap();
    let value = |energy: f64, offset: f64| at.evaluate(&[energy, offset]).unwrap();
    // Edges of the nodes 0, 1, 3 are -0.5, 0.5, 2, 4.
    assert!(close(value(1.0, 4.0), 7.5) && close(value(1.0, -0.5), 10.5));
    assert_eq!((value(1.0, 4.01), value(1.0, -0.51)), (0.0, 0.0));
    let edges = aeff.table.axes[0].edges();
    assert!(value(edges[0], 1.0) > 0.0 && value(edges[3], 1.0) > 0.0);
    assert_eq!((value(edges[0] * 0.999, 1.0), value(edges[3] * 1.001, 1.0)), (0.0, 0.0));
    assert_eq!((value(f64::NAN, 1.0), value(1.0, f64::NAN)), (0.0, 0.0));
    // Never less than zero, and not what is no number.
    let falling = IrfTable { values: Values::F64([3.0, 1.0, f64::NAN].repeat(3)), ..aeff.table };
    let at = Interpolator::new(&falling, Interp::Lin, Outside::Zero).unwrap();
    assert_eq!(at.evaluate(&[1.0, 2.0]).unwrap(), 0.0);
    let steep = IrfTable { values: Values::F64([9.0, 9.0, 1.0].repeat(3)), ..falling };
    let at = Interpolator::new(&steep, Interp::Lin, Outside::Extrapolate).unwrap();
    assert_eq!(at.evaluate(&[1.0, 30.0]).unwrap(), 0.0);
}

#[test]
fn an_axis_of_one_bin_is_left_out() {
    let one = axis("offset", Interp::Lin, NodeType::Edges, &[0.0, 2.0]);
    let table = table(vec![energy("energy_true"), one], |k| 1.0 + k as f64);
    let at = Interpolator::new(&table, Interp::Lin, Outside::Zero).unwrap();
    let middle = table.axes[0].centers()[1];
    assert!(close(at.evaluate(&[middle, 0.1]).unwrap(), 2.0));
    assert_eq!(at.evaluate(&[middle, 2.1]).unwrap(), 0.0);
    let weights = at.offset_weights(&[0.1, 1.9, 2.1]).unwrap();
    let (mut section, mut plane) = (Section::default(), [f64::NAN; 3]);
    at.section(&[middle], &mut section).unwrap();
    at.fill(&section, &weights, &mut plane).unwrap();
    assert!(close(plane[0], 2.0) && close(plane[1], 2.0) && plane[2] == 0.0);
}

#[test]
fn logarithms_are_of_the_stored_type() {
    let table = table(vec![energy("energy"), offset()], |k| 10.0_f64.powi(-(k as i32)));
    let Values::F64(values) = &table.values else { panic!() };
    let short = values.iter().map(|v| *v as f32).collect();
    let short = IrfTable { values: Values::F32(short), ..table.clone() };
    let point = [3.0, 0.7];
    let of = |table: &IrfTable| {
        Interpolator::new(table, Interp::Log, Outside::Zero).unwrap().evaluate(&point).unwrap()
    };
    let ratio = of(&short) / of(&table) - 1.0;
    assert!(ratio.abs() < 1e-6 && ratio != 0.0, "{ratio}");
    // A zero of 4 bytes is their smallest number, one of 8 bytes is zero.
    let zeros = |values: Values| of(&IrfTable { values, ..table.clone() });
    assert!(zeros(Values::F32(vec![0.0; 9])) > 1.17e-38);
    assert_eq!(zeros(Values::F64(vec![0.0; 9])), 0.0);
}

#[test]
fn tables_that_do_not_fit_are_refused() {
    let good = aeff().table;
    let short = IrfTable { values: Values::F64(vec![1.0; 8]), ..good.clone() };
    assert!(Interpolator::new(&short, Interp::Lin, Outside::Zero).is_err());
    let swapped = IrfTable { axes: vec![offset(), energy("energy_true")], ..good.clone() };
    assert!(EffectiveArea { table: swapped, ..aeff() }.interpolator().is_err());
    let falling = axis("offset", Interp::Lin, NodeType::Center, &[3.0, 1.0, 0.0]);
    let falling = IrfTable { axes: vec![energy("energy_true"), falling], ..good };
    assert!(Interpolator::new(&falling, Interp::Lin, Outside::Zero).is_err());
    let at = aeff().interpolator().unwrap();
    assert!(at.fov_weights(&[1.0], &[1.0]).is_err());
    assert!(at.section(&[], &mut Section::default()).is_err());
    assert!(at.section(&[1.0, 2.0], &mut Section::default()).is_err());
    let weights = at.offset_weights(&[1.0]).unwrap();
    assert!(at.fill(&Section::default(), &weights, &mut [0.0]).is_err());
    let at = Interpolator::new(&background_3d(), Interp::Log, Outside::Zero).unwrap();
    assert!(at.fov_weights(&[1.0], &[1.0, 2.0]).is_err() && at.offset_weights(&[1.0]).is_err());
}

#[test]
fn planes_have_what_points_have() {
    let at = Interpolator::new(&background_3d(), Interp::Log, Outside::Zero).unwrap();
    let lon: Vec<f64> = (0..600).map(|k| (k % 25) as f64 * 0.19 - 2.3).collect();
    let lat: Vec<f64> = (0..600).map(|k| (k / 25) as f64 * 0.14 - 1.6).collect();
    let weights = at.fov_weights(&lon, &lat).unwrap();
    let (mut section, mut plane) = (Section::default(), vec![f64::NAN; 600]);
    for energy in [0.05, 0.1, 0.4, 33.0, 101.0] {
        at.section(&[energy], &mut section).unwrap();
        at.fill(&section, &weights, &mut plane).unwrap();
        for (k, value) in plane.iter().enumerate() {
            let wanted = at.evaluate(&[energy, lon[k], lat[k]]).unwrap();
            assert!(close(*value, wanted), "{energy} {k}: {value} {wanted}");
        }
    }
}

#[test]
fn rates_are_integrated_from_edge_to_edge() {
    let at = Interpolator::new(&background_3d(), Interp::Log, Outside::Zero).unwrap();
    let lon: Vec<f64> = (0..700).map(|k| (k % 25) as f64 * 0.19 - 2.3).collect();
    let lat: Vec<f64> = (0..700).map(|k| (k / 25) as f64 * 0.14 - 1.6).collect();
    let weights = at.fov_weights(&lon, &lat).unwrap();
    // Beyond the table on both sides.
    let bins = axis("energy", Interp::Log, NodeType::Edges, &[0.05, 0.3, 4.0, 90.0, 200.0]);
    for factor in [1, 3] {
        let edges = fine_edges(&bins, factor).unwrap();
        let rate = RateIntegral::new(&at, edges.clone(), factor).unwrap();
        assert_eq!(rate.n_bins(), 4);
        let mut out = vec![1.0; 4 * 700];
        rate.add(&weights, 2e6, &mut out).unwrap();
        let mut anew = vec![7.0; out.len()];
        rate.set(&weights, 2e6, &mut anew).unwrap();
        assert!(anew.iter().zip(&out).all(|(anew, out)| close(anew + 1.0, *out)));
        for (k, value) in out.iter().enumerate() {
            let (bin, pixel) = (k / 700, k % 700);
            let value_at = |e: f64| at.evaluate(&[e, lon[pixel], lat[pixel]]).unwrap();
            let wanted: f64 = edges[bin * factor..=(bin + 1) * factor]
                .windows(2)
                .map(|e| integrate_log_log([e[0], e[1]], [value_at(e[0]), value_at(e[1])]))
                .sum();
            assert!(close(*value, 1.0 + 2e6 * wanted), "{factor} {k}: {value} {wanted}");
        }
        assert!(rate.add(&weights, 1.0, &mut out[1..]).is_err());
    }
    assert!(fine_edges(&bins, 0).is_err() && fine_edges(&bins, usize::MAX).is_err());
    for bad in [vec![], vec![1.0], vec![2.0, 1.0], vec![0.0, 1.0], vec![1.0, f64::NAN]] {
        assert!(RateIntegral::new(&at, bad, 1).is_err());
    }
    assert!(RateIntegral::new(&at, vec![1.0, 2.0, 3.0, 4.0], 2).is_err());
}

#[test]
fn missing_background_is_filled_between_energies() {
    let five = axis("energy", Interp::Log, NodeType::Edges, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
    let two = axis("offset", Interp::Lin, NodeType::Edges, &[0.0, 1.0, 2.0]);
    let values = vec![0.0, 0.0, 16.0, 0.0, 0.0, 5.0, f64::NAN, 0.0, 2.0, 0.0];
    let table = IrfTable { axes: vec![five, two], values: Values::F64(values), unit: "".into() };
    let repaired = Background::TwoD(table.clone()).interp_missing_data().unwrap();
    let values = repaired.table().values.to_f64();
    assert!(close(values[4], 8.0) && close(values[6], 4.0));
    assert_eq!((values[0], values[2], values[8]), (0.0, 16.0, 2.0));
    assert_eq!([values[1], values[3], values[5], values[7], values[9]], [0.0, 0.0, 5.0, 0.0, 0.0]);
    let short = values.iter().map(|v| *v as f32).collect();
    let short = Background::TwoD(IrfTable { values: Values::F32(short), ..table });
    assert_eq!(short.interp_missing_data().unwrap(), short);
}

#[test]
fn background_over_offset_and_over_the_field() {
    let flat = Background::ThreeD(background_3d(), FovAlignment::RaDec).to_2d().unwrap();
    assert_eq!(flat.table().shape(), [3, 2]);
    assert_eq!(flat.table().axes[1].edges(), [0.0, 1.0, 2.0]);
    let (all, picked) = (background_3d().values.to_f64(), flat.table().values.to_f64());
    // Energy 1, longitudes 2 and 3, latitude 1.
    assert_eq!(picked[2..4], [all[(4 + 2) * 3 + 1], all[(4 + 3) * 3 + 1]]);
    let sums = flat.offset_integral().unwrap();
    let wanted = std::f64::consts::TAU * (0.5 * picked[0] + 1.5 * picked[1]);
    assert!(sums.len() == 3 && close(sums[0], wanted));
    let padded = flat.pad_offset().unwrap();
    assert_eq!(padded.table().axes[1].nodes(), [-1.0, 0.0, 1.0, 2.0, 3.0]);
    let wide = padded.table().values.to_f64();
    assert_eq!(wide[..4], [picked[0], picked[0], picked[1], picked[1]]);
    let lon = axis("fov_lon", Interp::Lin, NodeType::Edges, &[1.0, 2.0, 3.0, 4.0, 5.0]);
    let mut away = background_3d();
    away.axes[1] = lon;
    assert!(Background::ThreeD(away, FovAlignment::RaDec).to_2d().is_err());
}

#[test]
fn radius_of_the_nearest_bin() {
    let two = axis("offset", Interp::Lin, NodeType::Edges, &[0.0, 1.0, 2.0]);
    let table = table(vec![energy("energy"), two], |k| 0.1 * (1.0 + k as f64));
    let rad_max = RadMax { table, is_fixed: false };
    let at = rad_max.interpolator().unwrap();
    let nearest = |energy, offset| at.evaluate_nearest(&[energy, offset]).unwrap();
    assert_eq!(nearest(0.5, 0.9), 0.1);
    assert_eq!(nearest(0.5, 1.0), 0.1);
    assert!(close(nearest(50.0, 1.1), 0.6) && close(nearest(99.0, 2.0), 0.6));
    assert_eq!(nearest(50.0, 2.1), 0.0);
    assert!(at.evaluate_nearest(&[1.0]).is_err());
    let one = axis("offset", Interp::Lin, NodeType::Edges, &[0.0, 1.0]);
    let single = axis("energy", Interp::Log, NodeType::Edges, &[0.1, 1.0]);
    let table =
        IrfTable { axes: vec![single, one], values: Values::F32(vec![0.5]), unit: "".into() };
    let fixed = RadMax { table, is_fixed: true };
    let at = fixed.interpolator().unwrap();
    assert_eq!(at.evaluate_nearest(&[500.0, 9.0]).unwrap(), 0.5);
    assert_eq!(at.evaluate(&[500.0, 9.0]).unwrap(), 0.5);
}

fn psf_parameter(low: f64, step: f64) -> IrfTable {
    table(vec![energy("energy_true"), offset()], move |k| low + step * k as f64)
}

fn three_gauss() -> PointSpread {
    PointSpread::ThreeGauss(Box::new([
        psf_parameter(3.0, 0.1),
        psf_parameter(0.05, 0.001),
        psf_parameter(0.1, 0.002),
        psf_parameter(0.3, 0.0),
        psf_parameter(0.4, 0.01),
        psf_parameter(0.02, 0.0),
    ]))
}

fn psf_table() -> PointSpread {
    let rad = axis("rad", Interp::Lin, NodeType::Edges, &[0.0, 0.1, 0.2, 0.4, 0.8]);
    let axes = vec![energy("energy_true"), offset(), rad];
    let table = table(axes, |k| 1000.0 * (4 - k % 4) as f64 / (1.0 + (k / 4) as f64));
    PointSpread::Table(IrfTable { unit: "sr-1".into(), ..table })
}

#[test]
fn point_spread_functions_contain_everything() {
    let king = PointSpread::King([psf_parameter(2.0, 0.1), psf_parameter(0.05, 0.001)]);
    for psf in [three_gauss(), king] {
        let psf = psf.evaluator().unwrap();
        for (energy, offset) in [(0.3, 0.2), (20.0, 2.5)] {
            // The integral of the density by small rings.
            let mut sum = 0.0;
            for k in 0..20_000 {
                let rad = (k as f64 + 0.5) * 1e-4;
                sum += std::f64::consts::TAU * rad * 1e-4 * psf.evaluate(energy, offset, rad);
            }
            let containment = psf.containment(energy, offset, 2.0);
            assert!((sum - containment).abs() < 1e-5, "{sum} {containment}");
            let rad = psf.containment_radius(energy, offset, 0.68, 20).unwrap();
            assert!((psf.containment(energy, offset, rad) - 0.68).abs() < 5e-3);
        }
    }
    let psf = psf_table().evaluator().unwrap();
    let steradian = (std::f64::consts::PI / 180.0).powi(2);
    let low = psf_table();
    let PointSpread::Table(low) = &low else { panic!() };
    let (energy, density) = (low.axes[0].centers()[0], low.values.to_f64());
    let ring = |k: usize, rad: f64, width: f64| std::f64::consts::TAU * rad * width * density[k];
    let wanted = steradian * (ring(0, 0.05, 0.1) + ring(1, 0.15, 0.1));
    assert!(close(psf.containment(energy, 0.0, 0.2), wanted));
    let radian = PointSpread::Table(IrfTable { unit: "m".into(), ..low.clone() });
    assert!(radian.evaluator().is_err());
}

#[test]
fn maps_of_point_spread_sum_to_one() {
    let king = PointSpread::King([psf_parameter(2.0, 0.1), psf_parameter(0.05, 0.001)]);
    let rad = axis("rad", Interp::Lin, NodeType::Edges, &[0.0, 0.1, 0.2, 0.3, 0.5, 0.7]);
    let (centers, edges) = (rad.centers(), rad.edges());
    let (energies, offsets) = ([0.2, 3.0], [0.0, 0.7, 2.2, 4.5]);
    for (psf, is_bounded) in [(three_gauss(), false), (king, false), (psf_table(), true)] {
        let psf = psf.evaluator().unwrap();
        let weights = psf.offset_weights(&offsets).unwrap();
        let mut map = vec![f64::NAN; 2 * 5 * 4];
        psf.fill_map(&energies, &rad, &weights, &mut map).unwrap();
        for (k, energy) in energies.iter().enumerate() {
            for (pixel, offset) in offsets.iter().enumerate() {
                let ring =
                    |j: usize| std::f64::consts::TAU * centers[j] * (edges[j + 1] - edges[j]);
                let density = |j: usize| psf.evaluate(*energy, *offset, centers[j]);
                let norm: f64 = (0..5).map(|j| ring(j) * density(j)).sum();
                for j in 0..5 {
                    let found = map[(k * 5 + j) * 4 + pixel];
                    let wanted = if norm > 0.0 { density(j) / norm } else { 0.0 };
                    assert!(close(found, wanted), "{k} {j} {pixel}: {found} {wanted}");
                }
                assert_eq!(norm == 0.0, is_bounded && pixel == 3);
            }
        }
        assert!(psf.fill_map(&energies, &rad, &weights, &mut map[1..]).is_err());
    }
}

/// A box of width 1 around a migration of 1, at every energy and offset.
fn dispersion() -> Dispersion {
    let migra = axis("migra", Interp::Lin, NodeType::Edges, &[0.0, 0.5, 1.0, 1.5, 2.0]);
    let axes = vec![energy("energy_true"), migra, offset()];
    let table = table(axes, |k| if (1..3).contains(&(k / 3 % 4)) { 1.0 } else { 0.0 });
    EnergyDispersion { table, is_pointlike: false }.evaluator().unwrap()
}

#[test]
fn outside_of_energy_or_migration_the_dispersion_goes_on() {
    let edisp = dispersion();
    assert!(edisp.evaluate(1000.0, 1.0, 1.0) > 0.0 && edisp.evaluate(1.0, 1.0, 1.0) > 0.0);
    assert_eq!(edisp.evaluate(1.0, 1.0, 5.0), 0.0);
    assert_eq!(edisp.evaluate(1000.0, 3.0, 1.0), 0.0);
}

#[test]
fn kernels_are_sums_of_the_density() {
    let edisp = dispersion();
    let edges = [0.2, 1.0, 2.0, 3.0, 9.0];
    let weights = edisp.offset_weights(&[0.0, 1.2, 7.0]).unwrap();
    let mut kernel = vec![f64::NAN; 4 * 3];
    edisp.fill_kernel_map(&[2.0], &edges, &weights, &mut kernel).unwrap();
    // Migration from 0.5 to 1.5 is energy from 1 to 3.
    for pixel in [0, 1] {
        let column: Vec<f64> = kernel.iter().skip(pixel).step_by(3).copied().collect();
        assert!(close(column[1], 0.5) && close(column[2], 0.5), "{column:?}");
        assert_eq!((column[0], column[3]), (0.0, 0.0));
    }
    assert!(kernel.iter().skip(2).step_by(3).all(|value| *value == 0.0));
    assert!(edisp.fill_kernel_map(&[2.0], &edges, &weights, &mut kernel[1..]).is_err());
    assert!(edisp.fill_kernel_map(&[2.0], &[], &weights, &mut []).is_ok());
}

#[test]
fn bias_and_resolution_of_a_matrix() {
    let matrix = vec![0.0, 0.5, 0.5, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let kernel = EnergyKernel::new(vec![1.0, 2.0, 4.0], vec![1.0, 2.0, 4.0], matrix).unwrap();
    assert_eq!(kernel.bias(), [2.0, 0.0, -1.0]);
    let resolution = kernel.resolution();
    assert!(close(resolution[0], 1.0) && resolution[1] == 0.0 && resolution[2].is_nan());
    // From 2 at 1 TeV to 0 (the smallest number) at 2 TeV: the bias is lost at once.
    let energy = kernel.bias_energy(0.1).unwrap();
    assert!((1.1..1.2).contains(&energy), "{energy}");
    // Never as low: the peak itself.
    let flat = vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    let kernel = EnergyKernel::new(vec![1.0, 1.5, 2.0], vec![1.0, 2.0, 4.0], flat).unwrap();
    assert!(close(kernel.bias_energy(0.1).unwrap(), 1.1));
    assert!(EnergyKernel::new(vec![1.0], vec![1.0], vec![]).is_err());
}

#[test]
fn thresholds_of_the_response_itself() {
    let mut aeff = aeff();
    let edges = aeff.table.axes[0].edges();
    aeff.table.values = Values::F64(vec![0.5, 0.5, 0.5, 5.0, 5.0, 5.0, 50.0, 50.0, 50.0]);
    // At the edges 0 (-1.75), 2.75, 27.5, 72.5.
    assert_eq!(aeff.max_energy(0.0, 10.0).unwrap(), edges[2]);
    assert_eq!(aeff.max_energy(0.0, 1.0).unwrap(), edges[1]);
    assert!(aeff.max_energy(10.0, 10.0).is_err());
    let bkg = Background::ThreeD(background_3d(), FovAlignment::AltAz);
    let sums = bkg.offset_integral().unwrap();
    let peak = (0..3).max_by(|a, b| sums[*a].total_cmp(&sums[*b])).unwrap();
    assert_eq!(bkg.peak_energy().unwrap(), bkg.table().axes[0].edges()[peak]);
}
