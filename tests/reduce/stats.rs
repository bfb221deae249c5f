//! Statistics of counts and integrals of power laws.

use tierline::reduce::integrate::integrate_log_log;
use tierline::reduce::stats::{
    CashCountsStatistic, CountsStatistic, WStatCountsStatistic, cash, li_ma, wstat,
};

use super::golden::{compare, number, numbers, open};

const TOLERANCE: f64 = 1e-10;

fn rows(golden: &serde_json::Value, key: &str) -> Vec<Vec<f64>> {
    let rows = golden[key].as_array().unwrap_or_else(|| panic!("no {key}"));
    rows.iter().map(numbers).collect()
}

#[test]
fn statistics_are_those_of_the_peer() {
    let Some(golden) = open("stats") else { return };
    let mut n_keys = 0;
    for key in golden.as_object().unwrap().keys() {
        n_keys += 1;
        let rows = rows(&golden, key);
        let (mut found, mut wanted) = (Vec::new(), Vec::new());
        for row in &rows {
            let at = |k: usize| row[k];
            match key.as_str() {
                "cash" => {
                    found.push(cash(at(0), at(1)));
                    wanted.push(at(2));
                }
                "wstat" => {
                    found.push(wstat(at(0), at(1), at(2), at(3)));
                    wanted.push(at(4));
                }
                "wstat_sqrt_ts" => {
                    let s = WStatCountsStatistic::new(at(0), at(1), at(2));
                    found.extend([s.n_sig(), s.ts(), s.sqrt_ts(), s.p_value(), s.error()]);
                    wanted.extend(&row[3..]);
                    assert_eq!(li_ma(at(0), at(1), at(2)), s.sqrt_ts());
                }
                "cash_sqrt_ts" => {
                    let s = CashCountsStatistic { n_on: at(0), mu_bkg: at(1) };
                    found.push(s.sqrt_ts());
                    wanted.push(at(2));
                }
                other => panic!("{other}: not known"),
            }
        }
        // W is the difference of terms of some hundred.
        let floor = if key == "wstat" { 1e-2 } else { 1e-12 };
        compare(key, &found, &wanted, TOLERANCE, floor);
    }
    assert_eq!(n_keys, 4);
}

#[test]
fn integrals_of_power_laws_are_those_of_the_peer() {
    let Some(golden) = open("irf_eval") else { return };
    let cases = golden["trapz_loglog"].as_array().unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let found: Vec<f64> = x
            .windows(2)
            .zip(y.windows(2))
            .map(|(x, y)| integrate_log_log([x[0], x[1]], [y[0], y[1]]))
            .collect();
        let wanted: Vec<f64> = case["per_bin"].as_array().unwrap().iter().map(number).collect();
        compare("integral", &found, &wanted, 1e-13, 1e-300);
    }
}
