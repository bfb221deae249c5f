//! Responses at random points, and the matrix of energies at an offset.

use std::path::PathBuf;

use serde_json::Value;
use tierline::fits::FitsFile;
use tierline::reduce::data::read_responses;
use tierline::reduce::irf::{
    Background, EnergyDispersion, IrfTable, PointSpread, Psf, Responses, Values,
};
use tierline::report::Limits;
use tierline::sky::{Interp, MapAxis, NodeType};
use tierline_tests::data::shared;

use super::golden::{compare, numbers, open};

/// The file of a set of responses.
fn path(name: &str) -> Option<PathBuf> {
    let file = match name {
        "hess_23592" => "hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023592.fits.gz",
        "cta_1dc" => "cta-1dc/caldb/data/cta/1dc/bcf/South_z20_50h/irf_file.fits",
        "prod5_north" => "irf/Prod5-North-20deg-AverageAz-4LSTs09MSTs.180000s-v0.1.fits.gz",
        "bkg_2d_example" => "irf/bkg_2d_full_example.fits",
        "psf_king" => "irf/hess_psf_king_023523.fits.gz",
        other => panic!("{other}: not known"),
    };
    shared(&format!("data/reduce/{file}"))
}

fn responses(name: &str) -> Option<Responses> {
    let mut file = FitsFile::open(&path(name)?, &Limits::default()).unwrap();
    Some(read_responses(&mut file).unwrap().0)
}

/// The King profile of a file whose class has a name of its own, which no index tells.
fn king() -> Option<PointSpread> {
    let mut file = FitsFile::open(&path("psf_king")?, &Limits::default()).unwrap();
    let hdu = file.require("PSF_2D_KING").unwrap();
    let table = file.table(hdu, None).unwrap();
    let column = |name: &str| table.require(name).unwrap().f64s().unwrap();
    let axis = |name: &str, interp: Interp, prefix: &str| {
        let (lo, hi) = (column(&format!("{prefix}_LO")), column(&format!("{prefix}_HI")));
        let (node_type, nodes) = if lo == hi {
            (NodeType::Center, hi)
        } else {
            (NodeType::Edges, lo.iter().chain(hi.last()).copied().collect())
        };
        MapAxis::new(name, "", interp, node_type, nodes).unwrap()
    };
    let energy = axis("energy_true", Interp::Log, "ENERG");
    let offset = axis("offset", Interp::Lin, "THETA");
    let (n_energy, n_offset) = (energy.n_bins(), offset.n_bins());
    // Energies vary fastest in the file. A width of nothing is one.
    let parameter = |name: &str| {
        let cell = column(name);
        let at = |k: usize| cell[k % n_offset * n_energy + k / n_offset] as f32;
        let value = |k: usize| if name == "SIGMA" && at(k) == 0.0 { 1.0 } else { at(k) };
        let values = (0..n_energy * n_offset).map(value).collect();
        let axes = vec![energy.clone(), offset.clone()];
        IrfTable { axes, values: Values::F32(values), unit: String::new() }
    };
    Some(PointSpread::King([parameter("GAMMA"), parameter("SIGMA")]))
}

/// Coordinates of the random points.
struct Points {
    energy: Vec<f64>,
    offset: Vec<f64>,
    migra: Vec<f64>,
    rad: Vec<f64>,
    fov: [Vec<f64>; 2],
}

impl Points {
    fn new(golden: &Value) -> Self {
        let of = |name: &str| numbers(&golden["coords"][name]);
        let fov = [of("fov_lon_deg"), of("fov_lat_deg")];
        Points {
            energy: of("energy_TeV"),
            offset: of("offset_deg"),
            migra: of("migra"),
            rad: of("rad_deg"),
            fov,
        }
    }

    fn len(&self) -> usize {
        self.energy.len()
    }

    /// A function of point numbers at all of them.
    fn map(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.len()).map(of).collect()
    }

    fn background(&self, background: &Background) -> Vec<f64> {
        let table = background.interpolator().unwrap();
        self.map(|k| match background {
            Background::TwoD(_) => table.evaluate(&[self.energy[k], self.offset[k]]).unwrap(),
            Background::ThreeD(..) => {
                table.evaluate(&[self.energy[k], self.fov[0][k], self.fov[1][k]]).unwrap()
            }
        })
    }

    fn psf(&self, psf: &Psf) -> Vec<f64> {
        self.map(|k| psf.evaluate(self.energy[k], self.offset[k], self.rad[k]))
    }

    fn containment(&self, psf: &Psf) -> Vec<f64> {
        self.map(|k| psf.containment(self.energy[k], self.offset[k], self.rad[k]))
    }
}

/// Background where it is more than 1e-30.
///
/// Logarithms of 4 bytes are rounded to 2e-6 for rates below 1e-7; the peer's last digit isn't that of the right one for 3 % of them.
fn compare_background(what: &str, found: &[f64], wanted: &[f64]) {
    assert!(found.iter().zip(wanted).all(|(a, b)| (*a == 0.0) == (*b == 0.0)), "{what}: zeros");
    compare(what, found, wanted, 2e-6, 1e-30);
}

#[test]
fn responses_at_points_are_those_of_the_peer() {
    let Some(golden) = open("irf_eval") else { return };
    let points = Points::new(&golden);
    for name in ["hess_23592", "cta_1dc", "prod5_north"] {
        let Some(Responses { aeff, edisp, psf, bkg, .. }) = responses(name) else { return };
        let golden = &golden[name];
        let wanted = |key: &str| numbers(&golden[key]["value"]);
        let what = |key: &str| format!("{name} {key}");

        let table = aeff.unwrap().interpolator().unwrap();
        let found = points.map(|k| table.evaluate(&[points.energy[k], points.offset[k]]).unwrap());
        compare(&what("aeff"), &found, &wanted("aeff"), 1e-12, 1e-6);

        let edisp = edisp.unwrap().evaluator().unwrap();
        let found =
            points.map(|k| edisp.evaluate(points.energy[k], points.migra[k], points.offset[k]));
        compare(&what("edisp"), &found, &wanted("edisp"), 1e-11, 1e-9);

        let psf = psf.unwrap().evaluator().unwrap();
        compare(&what("psf"), &points.psf(&psf), &wanted("psf"), 1e-10, 1e-300);
        let wanted_containment = numbers(&golden["psf_containment"]);
        compare(&what("containment"), &points.containment(&psf), &wanted_containment, 1e-11, 1e-3);

        let bkg = bkg.unwrap();
        compare_background(&what("bkg"), &points.background(&bkg), &wanted("bkg"));
        let repaired = points.background(&bkg.interp_missing_data().unwrap());
        let wanted = numbers(&golden["bkg_after_interp_missing_energy"]);
        compare_background(&what("repaired bkg"), &repaired, &wanted);
    }
}

#[test]
fn background_over_offset_is_that_of_the_peer() {
    let Some(golden) = open("irf_eval") else { return };
    let points = Points::new(&golden);
    let Some(bkg) = responses("bkg_2d_example").and_then(|all| all.bkg) else { return };
    let wanted = numbers(&golden["bkg_2d_example"]["value"]);
    compare("bkg_2d", &points.background(&bkg), &wanted, 1e-12, 1e-30);
    let padded = bkg.pad_offset().unwrap();
    let nodes = numbers(&golden["bkg_2d_example_padded_offset"]["axes"][1]["nodes"]);
    compare("nodes", padded.table().axes[1].nodes(), &nodes, 1e-14, 1.0);
    let wanted = numbers(&golden["bkg_2d_example_padded_offset"]["value"]);
    compare("padded bkg_2d", &points.background(&padded), &wanted, 1e-12, 1e-30);
}

#[test]
fn king_profile_is_that_of_the_peer() {
    let Some(golden) = open("irf_eval") else { return };
    let points = Points::new(&golden);
    let Some(psf) = king() else { return };
    let psf = psf.evaluator().unwrap();
    compare("king", &points.psf(&psf), &numbers(&golden["psf_king"]["value"]), 1e-10, 1e-30);
    let wanted = numbers(&golden["psf_king"]["containment"]);
    compare("king's containment", &points.containment(&psf), &wanted, 1e-11, 1e-3);
}

#[test]
fn energy_kernel_is_that_of_the_peer() {
    let Some(golden) = open("irf_eval") else { return };
    let golden = &golden["edisp_kernel_hess_23592_0.5deg"];
    let Some(edisp) = responses("hess_23592").and_then(|all| all.edisp) else { return };
    let axis = |name: &str, bounds: [f64; 2], n: usize| {
        MapAxis::from_bounds(name, "TeV", Interp::Log, bounds, n).unwrap()
    };
    // The axes are not told; these agree.
    let (energy_true, energy) =
        (axis("energy_true", [0.3, 80.0], 24), axis("energy", [0.5, 50.0], 20));
    let kernel = edisp.evaluator().unwrap();
    let kernel = kernel.to_edisp_kernel(0.5, Some(&energy_true), Some(&energy)).unwrap();
    compare("matrix", kernel.matrix(), &numbers(&golden["matrix"]), 1e-7, 1.0);
    compare("bias", &kernel.bias(), &numbers(&golden["bias"]), 1e-7, 1.0);
    compare("resolution", &kernel.resolution(), &numbers(&golden["resolution"]), 1e-7, 1.0);
    separable(&edisp);
}

/// Planes of pixels have what single points have.
fn separable(edisp: &EnergyDispersion) {
    let edisp = edisp.evaluator().unwrap();
    let offsets = [0.0, 0.3, 1.7, 2.49, 2.76];
    let weights = edisp.offset_weights(&offsets).unwrap();
    let migra = edisp.migra_axis();
    let mut planes = vec![f64::NAN; migra.n_bins() * offsets.len()];
    edisp.fill_migra_map(&[1.3], migra, &weights, &mut planes).unwrap();
    let (centers, edges) = (migra.centers(), migra.edges());
    for (pixel, offset) in offsets.iter().enumerate() {
        let point: Vec<f64> = centers.iter().map(|m| edisp.evaluate(1.3, *m, *offset)).collect();
        let sum: f64 = point.iter().zip(edges.windows(2)).map(|(v, e)| v * (e[1] - e[0])).sum();
        let wanted: Vec<f64> =
            point.iter().map(|v| if sum > 0.0 { v / sum } else { 0.0 }).collect();
        let found: Vec<f64> = planes.iter().skip(pixel).step_by(offsets.len()).copied().collect();
        compare("migration", &found, &wanted, 1e-12, 1e-12);
        assert_eq!(sum > 0.0, *offset <= 2.75);
    }
}
