//! Processors on short waveforms; numbers by hand, or measured with the peer where its definition
//! is not obvious.

use serde_json::{Value as Json, json};
use tierline_table::{Array, Attrs, Column, Table};

use super::{PROCESSORS, find};
use crate::dsp::frame::MAX_OUT;
use crate::dsp::store::Kind;
use crate::dsp::{Chain, ChainError};

const W: [f64; 12] = [0.0, 1.0, 3.0, 6.0, 9.0, 7.0, 4.0, 2.0, -1.0, -3.0, 0.0, 5.0];
const V: [f64; 8] = [1.0, 4.0, 2.0, 8.0, 3.0, 7.0, 5.0, 0.0];

/// Runs a processor on a waveform `w`; the outputs in the order of their names.
fn try_run(
    w: &[f64],
    function: &str,
    args: Json,
    names: &str,
) -> Result<Vec<Vec<f64>>, ChainError> {
    let mut table = Table::new();
    let waves = Array::from_f64(w).reshaped(&[w.len()]);
    table.push("w", Attrs::new(), waves).unwrap();
    let outputs: Vec<&str> = names.split(", ").collect();
    let entry = json!({"function": function, "module": "dspeed.processors", "args": args});
    let config = json!({"outputs": outputs, "processors": {names: entry}});
    let columns = Chain::build(&config, &table, &Json::Null)?.run(&table)?;
    let numbers = |column: &Column| match column {
        Column::Array(array) => array.iter_f64().collect(),
        _ => panic!("no array"),
    };
    Ok(columns.iter().map(|column| numbers(&column.column)).collect())
}

/// The only output.
fn run(w: &[f64], function: &str, args: Json) -> Vec<f64> {
    try_run(w, function, args, "o").unwrap().remove(0)
}

fn close(have: &[f64], want: &[f64]) {
    assert_eq!(have.len(), want.len(), "{have:?}");
    for (have, want) in have.iter().zip(want) {
        assert!((have - want).abs() < 1e-6 || have.is_nan() && want.is_nan(), "{have} for {want}");
    }
}

fn refused(function: &str, args: Json) -> String {
    try_run(&V, function, args, "o").unwrap_err().to_string()
}

#[test]
fn trapezoids() {
    let step = [0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
    let want = [0.0, 0.0, 0.0, 2.0, 4.0, 4.0, 2.0, 0.0, 0.0, 0.0];
    close(&run(&step, "trap_filter", json!(["w", 2, 1, "o"])), &want);
    let half = want.map(|x| x / 2.0);
    close(&run(&step, "trap_norm", json!(["w", 2, 1, "o"])), &half);
    let want = [0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 1.5, 1.0, 0.5, 0.0];
    close(&run(&step, "asym_trap_filter", json!(["w", 2, 1, 4, "o"])), &want);
    close(&run(&step, "trap_pickoff", json!(["w", 2, 1, 6.5, "o"])), &[0.5]);
    assert!(run(&step, "trap_pickoff", json!(["w", 2, 1, 4.5, "o"]))[0].is_nan());
    assert!(refused("trap_filter", json!(["w", 4, 1, "o"])).contains("wider than the waveform"));
    assert!(refused("trap_norm", json!(["w", -1, 1, "o"])).contains("must not be negative"));
}

#[test]
fn exponentials_become_steps() {
    let fall: Vec<f64> = (0..8).map(|i| 3.0 * (-f64::from(i) / 5.0).exp()).collect();
    close(&run(&fall, "pole_zero", json!(["w", 5, "o"])), &[3.0; 8]);
    let impulse = [1.0, 0.0, 0.0, 0.0];
    let want = [1.0, 0.0, -0.092614, -0.151457];
    close(&run(&impulse, "double_pole_zero", json!(["w", 9, 2, 0.1, "o"])), &want);
    let want = [1.6065307, 1.9744101, 2.1975403, 1.3328755, 0.8084299];
    close(&run(&[1.0, 1.0, 1.0, 0.0, 0.0], "convolve_exp", json!(["w", 2, "o"])), &want);
    let nan = run(&[1.0, f64::NAN, 2.0], "pole_zero", json!(["w", 5, "o"]));
    assert!(nan.iter().all(|x| x.is_nan()));
}

#[test]
fn moving_windows() {
    let w: Vec<f64> = (1..11).map(f64::from).collect();
    let left = run(&w, "moving_window_left", json!(["w", 3, "o"]));
    close(&left[..5], &[1.0, 4.0 / 3.0, 2.0, 3.0, 4.0]);
    let right = run(&w, "moving_window_right", json!(["w", 3, "o"]));
    close(&right[7..], &[9.0, 29.0 / 3.0, 10.0]);
    let squares: Vec<f64> = w.iter().map(|x| x * x).collect();
    let both = run(&squares, "moving_window_multi", json!(["w", 3, 2, 0, "o"]));
    close(&[both[0], both[8], both[9]], &[23.0 / 9.0, 76.0, 245.0 / 3.0]);
    let lefts = run(&squares, "moving_window_multi", json!(["w", 3, 2, 1, "o"]));
    close(&lefts[..3], &[1.0, 4.0 / 3.0, 23.0 / 9.0]);
    let slope = run(&squares, "avg_current", json!(["w", 3, "o(7)"]));
    close(&slope, &[5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0]);
    assert!(refused("moving_window_left", json!(["w", 8, "o"])).contains("the length"));
    assert!(refused("moving_window_multi", json!(["w", 2.5, 1, 0, "o"])).contains("an integer"));
    assert!(refused("avg_current", json!(["w", 3, "o(6)"])).contains("shorter"));
}

#[test]
fn values_between_samples() {
    let at =
        |time: f64, mode: &str| run(&V, "fixed_time_pickoff", json!(["w", time, mode, "o"]))[0];
    let modes = ["'n'", "'f'", "'c'", "'l'", "'h'", "'s'"];
    let quarter = modes.map(|mode| at(0.25, mode));
    close(&quarter, &[1.0, 1.0, 4.0, 1.75, 1.8671875, 2.260778083]);
    let last = modes.map(|mode| at(6.75, mode));
    close(&last, &[0.0, 5.0, 0.0, 1.25, 1.3203125, 1.280595156]);
    assert_eq!((at(0.5, "'n'"), at(3.0, "'i'"), at(7.0, "'s'")), (4.0, 8.0, 0.0));
    assert!(at(7.2, "'l'").is_nan() && at(-0.2, "'f'").is_nan());
    assert!(refused("fixed_time_pickoff", json!(["w", 2.5, "'i'", "o"])).contains("integer"));
    assert!(refused("fixed_time_pickoff", json!(["w", 2.5, "'x'", "o"])).contains("mode"));
}

#[test]
fn more_samples() {
    let up = |mode: &str| run(&V, "interpolating_upsampler", json!(["w", mode, "o(16)"]));
    close(&up("'i'")[..4], &[1.0, 0.0, 4.0, 0.0]);
    close(&up("'n'")[..4], &[1.0, 4.0, 4.0, 2.0]);
    close(&up("'f'")[12..], &[5.0, 5.0, 0.0, 0.0]);
    close(&up("'l'")[12..], &[5.0, 2.5, 0.0, 0.0]);
    close(&up("'h'")[12..], &[5.0, 2.6875, 0.0, -1.9375]);
    close(&up("'s'")[12..], &[5.0, 2.5489523, 0.0, -2.5489523]);
    let plain = run(&V, "upsampler", json!(["w", 2.5, "o(20)"]));
    close(&plain[..6], &[1.0, 4.0, 4.0, f64::NAN, 2.0, 2.0]);
}

#[test]
fn crossings() {
    let cross = |level: f64, start: i32, forward: i32| {
        run(&W, "time_point_thresh", json!(["w", level, start, forward, "o"]))[0]
    };
    close(&[cross(2.0, 0, 1), cross(2.0, 2, 1), cross(3.0, 0, 1)], &[1.0, 7.0, 2.0]);
    close(&[cross(2.0, 2, 0), cross(2.0, 8, 0), cross(9.0, 11, 0)], &[2.0, 7.0, 4.0]);
    assert!(cross(2.0, 1, 0).is_nan() && cross(10.0, 0, 1).is_nan());
    let at = |mode: &str, forward: i32| {
        run(&W, "interpolated_time_point_thresh", json!(["w", 5, 2.9, forward, mode, "o"]))[0]
    };
    let modes = ["'i'", "'a'", "'r'", "'l'", "'n'"];
    close(&modes.map(|mode| at(mode, 1)), &[2.0, 3.0, 3.0, 8.0 / 3.0, 2.5]);
    assert!(at("'l'", 0).is_nan());
    assert_eq!(run(&V, "time_over_threshold", json!(["w", 3, "o"])), [4.0]);
    assert!(refused("time_point_thresh", json!(["w", 2, 9, 1, "o"])).contains("out of range"));
    assert!(refused("time_point_thresh", json!(["w", 2, 1.5, 1, "o"])).contains("integer"));
}

#[test]
fn kernels_and_convolution() {
    let kernel = |name: &str, args: Json| run(&V, name, args);
    let cusp = kernel("cusp_filter", json!([4, 5, 50, "o(shape=25)"]));
    close(&cusp[..3], &[0.0, 0.0417527, 0.0452026]);
    let zac = kernel("zac_filter", json!([4, 4, 1e12, "o(shape=26, dtype='d')"]));
    assert!(zac.iter().sum::<f64>().abs() < 1e-9 || (zac[1] + 0.2192794).abs() < 1e-6);
    let t0 = kernel("t0_filter", json!([4, 6, "o(shape=10)"]));
    close(&t0[2..6], &[0.2, 0.1, -1.0 / 6.0, -1.0 / 6.0]);
    let convolve = |taps: &str, mode: &str, length: usize| {
        run(&W, "convolve_wf", json!(["w", taps, mode, format!("o({length})")]))
    };
    let want = [15.0, 29.0, 40.0, 39.0, 22.0, 8.0, -3.0, -11.0, -3.0];
    close(&convolve("[1,2,3,-1]", "'v'", 9), &want);
    close(&convolve("[1,2,3,-1]", "'s'", 12)[..3], &[1.0, 5.0, 15.0]);
    close(&convolve("[1,2,3,-1]", "'f'", 15)[12..], &[13.0, 15.0, -5.0]);
    close(&convolve("[1,2,3,-1,0,2]", "'v'", 7)[..2], &[40.0, 41.0]);
    assert!(refused("convolve_wf", json!(["w", "[1,2]", "'v'", "o(8)"])).contains("length"));
    assert!(refused("t0_filter", json!([4, 6, "o(shape=9)"])).contains("as long as"));
}

#[test]
fn histograms() {
    let edges = "edges(5)";
    let counts =
        try_run(&V, "histogram", json!(["w", "counts(4)", edges]), "counts, edges").unwrap();
    close(&counts[0], &[2.0, 2.0, 2.0, 2.0]);
    close(&counts[1], &[0.0, 2.0, 4.0, 6.0, 8.0]);
    let stats = |w: &[f64], near: &str| {
        let args = json!(["w", "[0,1,2,3,4,5,6]", "mode", "at", "width", near]);
        try_run(w, "histogram_stats", args, "mode, at, width").unwrap().concat()
    };
    close(&stats(&[1.0, 3.0, 9.0, 4.0, 2.0, 0.0], "np.nan"), &[2.0, 2.0, 1.0]);
    close(&stats(&[1.0, 3.0, 9.0, 4.0, 2.0, 0.0], "3.2"), &[3.0, 3.0, 2.0]);
    close(&stats(&[0.0, 5.0, 9.0, 9.0, 4.0, 1.0], "np.nan"), &[2.0, 2.0, 2.0]);
    close(&stats(&[1.0, 8.0, 9.0, 8.0, 8.0, 8.0], "np.nan"), &[2.0, 2.0, f64::NAN]);
}

#[test]
fn several_peaks() {
    let w =
        [0.0, 3.0, 1.0, 6.0, 2.0, 2.0, 7.0, 5.0, 8.0, 1.0, 0.0, 4.0, 9.0, 9.0, 3.0, 1.0, 2.0, 0.0];
    let find = |direction: i32| {
        let args = json!(["w", 2, 2, direction, -100, 100, "hi(4)", "lo(4)", "n", "m"]);
        try_run(&w, "get_multi_local_extrema", args, "hi, lo, n, m").unwrap()
    };
    let nan = f64::NAN;
    close(&find(0).concat(), &[3.0, 8.0, 12.0, nan, 4.0, 10.0, nan, nan, 3.0, 2.0]);
    close(&find(1)[0], &[13.0, 8.0, 3.0, nan]);
    close(&find(2).concat(), &[3.0, 8.0, nan, nan, 10.0, nan, nan, nan, 2.0, 1.0]);
    close(&find(3)[0], &[3.0, 8.0, 12.0, 13.0]);
    let starts = run(&w, "multi_t_filter", json!(["w", 0.5, "[3,8,12]", "[4,10,17]", "o"]));
    close(&starts, &[1.0, 4.0, 11.0]);
    close(&run(&w, "multi_a_filter", json!(["w", "[3, 80, 12]", "o"])), &[6.0, nan, 9.0]);
    let args = json!(["w", "[4, 10, 9, 17]", 0.9, 2, "kept", "n"]);
    let kept = try_run(&w, "peak_snr_threshold", args, "kept, n").unwrap();
    close(&kept.concat(), &[4.0, 9.0, nan, nan, 2.0]);
}

#[test]
fn parts_and_levels() {
    assert_eq!(run(&V, "get", json!(["w", -2, "o"])), [5.0]);
    assert_eq!(run(&V, "get_default", json!(["w", 8, -1, "o"])), [-1.0]);
    assert_eq!(run(&V, "sort", json!(["w", "o"]))[6..], [7.0, 8.0]);
    assert_eq!(run(&V, "wf_alignment", json!(["w", 3, 1, 4, "o(4)"])), [4.0, 2.0, 8.0, 3.0]);
    assert!(refused("get", json!(["w", 8, "o"])).contains("out of range"));
    let soft = run(&V, "soft_pileup_corr", json!(["w", 5, 10, "o"]));
    close(&soft[..2], &[-0.8431947, 1.1907625]);
    let soft = run(&V, "soft_pileup_corr_bl", json!(["w", 5, 10, 1, "o"]));
    close(&soft[..2], &[-2.8847314, 0.3897871]);
    assert!(run(&V, "log_check", json!(["w", "o"])).iter().all(|x| x.is_nan()));
    close(&run(&V[..2], "log_check", json!(["w", "o"])), &[0.0, 4.0f64.ln()]);
    close(&run(&V, "mean_below_threshold", json!(["w", 3, "o"])), &[1.0]);
    close(&run(&V, "min_max_norm", json!(["w", -8, 2, "o"]))[..2], &[0.125, 0.5]);
    let rest = try_run(&V, "linear_slope_diff", json!(["w", 0, 1, "m", "r"]), "m, r").unwrap();
    close(&rest.concat(), &[2.75, (116.0f64 / 7.0).sqrt()]);
    let level = try_run(&V, "saturation", json!(["w", 3, "lo", "hi"]), "lo, hi").unwrap();
    close(&level.concat(), &[1.0, 1.0]);
    let norm = try_run(&V, "presum", json!(["w", 1, "rate", "o(3)"]), "rate, o").unwrap();
    close(&norm.concat(), &[2.0, 2.5, 5.0, 5.0]);
}

#[test]
fn every_line_is_consistent() {
    for processor in PROCESSORS {
        let params = processor.params();
        assert_eq!(params.len(), processor.types.len(), "{}", processor.name);
        let outs = |kind| params.iter().filter(|p| p.out && p.kind(false) == kind).count();
        assert!(outs(Kind::Single) <= MAX_OUT, "{}", processor.name);
        assert!(outs(Kind::Int) <= MAX_OUT, "{}", processor.name);
        assert!(params.iter().any(|p| p.out), "{}", processor.name);
    }
    assert!(find("dspeed.processors.histogram", "presum").is_some());
    assert!(find("numpy", "presum").is_none());
}

#[test]
fn long_kernels_are_transformed() {
    let w: Vec<f64> = (0..300).map(|i| f64::from(i * 7919 % 101)).collect();
    let taps: Vec<f64> = (0..120).map(|j| f64::from(j * 31 % 17) - 8.0).collect();
    let list = serde_json::to_string(&taps).unwrap();
    for (mode, length, shift) in [("'v'", 181, 119), ("'s'", 300, 59), ("'f'", 419, 0)] {
        let out = format!("o({length})");
        let have = run(&w, "fft_convolve_wf", json!(["w", list, mode, out]));
        for (k, have) in have.iter().enumerate() {
            let at = |j: usize| (k + shift).checked_sub(j).and_then(|i| w.get(i)).unwrap_or(&0.0);
            let want: f64 = taps.iter().enumerate().map(|(j, tap)| tap * at(j)).sum();
            assert!((have - want).abs() < 1e-7, "{mode} {k}: {have} for {want}");
        }
    }
}
