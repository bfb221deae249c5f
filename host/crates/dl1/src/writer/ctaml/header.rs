//! The attributes of the file as a whole.

use tierline_h5::pytables::Value;
use tierline_table::Scalar;

use super::pickle::pickle_texts;
use super::{Options, Variant};
use crate::Error;
use crate::event::Pointing;
use crate::observation::SimulationRun;

/// Settings of a simulated run, and where the array looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Where the array looked.
    pub direction: Pointing,
    /// Settings.
    pub run: SimulationRun,
}

/// A number of the settings, with the type that it is stored in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    /// A whole number, i8.
    Whole(fn(&mut SimulationRun) -> &mut i32),
    /// f4.
    Single(fn(&mut SimulationRun) -> &mut f32),
    /// f8 in the file.
    Double(fn(&mut SimulationRun) -> &mut f32),
    /// f4 in the file.
    Narrow(fn(&mut SimulationRun) -> &mut f64),
}

use Number::{Double, Narrow, Single, Whole};

/// All of them by the names of their attributes. The number of showers and the times at which simulations
/// began are not compared.
pub(crate) const NUMBERS: [(&str, Number); 35] = [
    ("corsika_version", Whole(|run| &mut run.corsika_version)),
    ("simtel_version", Whole(|run| &mut run.simtel_version)),
    ("energy_range_min", Single(|run| &mut run.energy_range_min)),
    ("energy_range_max", Single(|run| &mut run.energy_range_max)),
    ("prod_site_B_total", Double(|run| &mut run.prod_site_b_total)),
    ("prod_site_B_declination", Double(|run| &mut run.prod_site_b_declination)),
    ("prod_site_B_inclination", Double(|run| &mut run.prod_site_b_inclination)),
    ("prod_site_alt", Double(|run| &mut run.prod_site_alt)),
    ("spectral_index", Double(|run| &mut run.spectral_index)),
    (SHOWER_START, Whole(|run| &mut run.shower_prog_start)),
    ("shower_prog_id", Whole(|run| &mut run.shower_prog_id)),
    (DETECTOR_START, Whole(|run| &mut run.detector_prog_start)),
    ("detector_prog_id", Whole(|run| &mut run.detector_prog_id)),
    (SHOWERS, Whole(|run| &mut run.n_showers)),
    ("shower_reuse", Whole(|run| &mut run.shower_reuse)),
    ("max_alt", Narrow(|run| &mut run.max_alt)),
    ("min_alt", Narrow(|run| &mut run.min_alt)),
    ("max_az", Single(|run| &mut run.max_az)),
    ("min_az", Single(|run| &mut run.min_az)),
    ("diffuse", Whole(|run| &mut run.diffuse)),
    ("max_viewcone_radius", Single(|run| &mut run.max_viewcone_radius)),
    ("min_viewcone_radius", Single(|run| &mut run.min_viewcone_radius)),
    ("max_scatter_range", Single(|run| &mut run.max_scatter_range)),
    ("min_scatter_range", Single(|run| &mut run.min_scatter_range)),
    ("core_pos_mode", Whole(|run| &mut run.core_pos_mode)),
    ("injection_height", Double(|run| &mut run.injection_height)),
    ("atmosphere", Whole(|run| &mut run.atmosphere)),
    ("corsika_iact_options", Whole(|run| &mut run.corsika_iact_options)),
    ("corsika_low_E_model", Whole(|run| &mut run.corsika_low_e_model)),
    ("corsika_high_E_model", Whole(|run| &mut run.corsika_high_e_model)),
    ("corsika_bunchsize", Double(|run| &mut run.corsika_bunchsize)),
    ("corsika_wlen_min", Double(|run| &mut run.corsika_wlen_min)),
    ("corsika_wlen_max", Double(|run| &mut run.corsika_wlen_max)),
    ("corsika_low_E_detail", Whole(|run| &mut run.corsika_low_e_detail)),
    ("corsika_high_E_detail", Whole(|run| &mut run.corsika_high_e_detail)),
];

const SHOWERS: &str = "num_showers";
const SHOWER_START: &str = "shower_prog_start";
const DETECTOR_START: &str = "detector_prog_start";

impl Header {
    /// The attributes of the root group.
    pub(super) fn values(mut self, options: &Options, inputs: &[String]) -> Vec<(String, Value)> {
        let version = match options.variant {
            Variant::V0_7 => "dl1_data_writer_version",
            Variant::V0_8 => "dl1_data_handler_version",
        };
        let Pointing { azimuth, altitude } = self.direction;
        let direction = [azimuth as f32, altitude as f32];
        let mut values: Vec<(String, Value)> = vec![
            (version.to_owned(), options.handler_version.as_str().into()),
            ("ctapipe_version".to_owned(), options.ctapipe_version.as_str().into()),
            ("runlist".to_owned(), Value::Ascii(pickle_texts(inputs))),
            ("run_array_direction".to_owned(), direction.as_slice().into()),
        ];
        for (name, number) in NUMBERS {
            let run = &mut self.run;
            let value = match number {
                Whole(of) => Value::from(i64::from(*of(run))),
                Single(of) => Value::from(*of(run)),
                Double(of) => Value::from(f64::from(*of(run))),
                Narrow(of) => Value::Scalar(Scalar::F32(*of(run) as f32)),
            };
            values.push((name.to_owned(), value));
        }
        values
    }

    /// Adds another input: the showers are counted together, other settings have to be the same.
    pub(super) fn join(&mut self, name: &str, other: &Header) -> Result<(), Error> {
        let mut other = other.clone();
        for (setting, number) in NUMBERS {
            let (own, others) = (&mut self.run, &mut other.run);
            let (a, b) = match number {
                Whole(of) => (f64::from(*of(own)), f64::from(*of(others))),
                Single(of) | Double(of) => (f64::from(*of(own)), f64::from(*of(others))),
                Narrow(of) => (*of(own), *of(others)),
            };
            let is_free = [SHOWERS, SHOWER_START, DETECTOR_START].contains(&setting);
            if !is_free && !is_close(a, b) {
                let reason = format!("{setting} is {b}, but {a} in the inputs before");
                return Err(Error::parameter(name, reason));
            }
        }
        let (a, b) = (self.direction, other.direction);
        if !is_close(a.azimuth, b.azimuth) || !is_close(a.altitude, b.altitude) {
            return Err(Error::parameter(name, "run_array_direction differs from inputs before"));
        }
        self.run.n_showers = self.run.n_showers.saturating_add(other.run.n_showers);
        Ok(())
    }
}

/// Whether two numbers differ by less than a part in 10⁹, as Python's math.isclose has it; NaN is NaN.
fn is_close(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}
