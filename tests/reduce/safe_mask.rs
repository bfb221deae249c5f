//! Safe energies from the responses of a run.

use tierline::fits::FitsFile;
use tierline::reduce::data::read_responses;
use tierline::reduce::irf::Responses;
use tierline::reduce::safe_mask::energy_mask;
use tierline::report::Limits;
use tierline::sky::{Interp, MapAxis};
use tierline_tests::data::shared;

use super::golden::open;

/// The Crab in the peer's runs, in degrees.
const CRAB: [f64; 2] = [83.633, 22.0145];

/// Responses of run 23523, and the distance of the Crab from the pointing in degrees.
fn run() -> Option<(Responses, f64)> {
    let path = shared("data/reduce/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz")?;
    let mut file = FitsFile::open(&path, &Limits::default()).unwrap();
    let responses = read_responses(&mut file).unwrap().0;
    let header = file.header(file.require("EVENTS").unwrap()).unwrap();
    let degrees = |keyword: &str| header.require_real(keyword).unwrap();
    let [lon, lat] = [degrees("RA_PNT"), degrees("DEC_PNT")].map(f64::to_radians);
    let [crab_lon, crab_lat] = CRAB.map(f64::to_radians);
    let half = |from: f64, to: f64| (0.5 * (to - from)).sin().powi(2);
    let square = half(lat, crab_lat) + lat.cos() * crab_lat.cos() * half(lon, crab_lon);
    Some((responses, 2.0 * square.sqrt().asin().to_degrees()))
}

/// Number of a parameter in the name of a case.
fn parameter(case: &str, name: &str) -> Option<f64> {
    let text = case.split([',', ' ']).find_map(|part| part.strip_prefix(name))?;
    text.strip_prefix('=').map(|value| value.parse().unwrap())
}

/// Lowest and highest safe energy of a case.
fn limits(case: &str, responses: &Responses, offset: f64) -> Option<[Option<f64>; 2]> {
    let aeff = responses.aeff.as_ref().unwrap();
    let percent = |name| parameter(case, name).unwrap();
    match case.split(' ').next().unwrap() {
        "aeff-default" => Some([aeff.lo_threshold_tev, aeff.hi_threshold_tev]),
        _ if case.contains("irfs=DL4") => None,
        "aeff-max" => Some([Some(aeff.max_energy(offset, percent("aeff_percent")).unwrap()), None]),
        "edisp-bias" => {
            let edisp = responses.edisp.as_ref().unwrap().evaluator().unwrap();
            let kernel = edisp.to_edisp_kernel(offset, None, None).unwrap();
            Some([Some(kernel.bias_energy(percent("bias_percent") / 100.0).unwrap()), None])
        }
        "bkg-peak" => Some([Some(responses.bkg.as_ref().unwrap().peak_energy().unwrap()), None]),
        _ => None,
    }
}

#[test]
fn safe_energies_are_those_of_the_peer() {
    let Some(golden) = open("safe_mask") else { return };
    let Some((responses, crab)) = run() else { return };
    let axis = MapAxis::from_bounds("energy", "TeV", Interp::Log, [0.1, 100.0], 30).unwrap();
    let mut n_cases = 0;
    for (case, value) in golden.as_object().unwrap() {
        let fixed = parameter(case, "fixed_offset");
        let offset = fixed.unwrap_or(if case.contains("position=crab") { crab } else { 0.0 });
        let Some([min, max]) = limits(case, &responses, offset) else { continue };
        let wanted: Vec<bool> = value["n_true_per_energy"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64() != Some(0))
            .collect();
        assert_eq!(energy_mask(&axis, min, max), wanted, "{case}: {min:?} {max:?}");
        n_cases += 1;
    }
    // Both forms of the thresholds told by the file, seven from responses.
    assert_eq!(n_cases, 9);
}
