//! The camera description file of the DL1 tier.

use std::fmt::{Display, Write as _};

use super::layout::PITCH;
use super::{STEP_NS, ShowerCamera, pulse};

impl ShowerCamera {
    /// The camera as a description file, YAML.
    pub fn description(&self) -> String {
        let positions = self.positions();
        let (x, y): (Vec<f64>, Vec<f64>) = positions.iter().map(|[x, y]| (x, y)).unzip();
        let area = PITCH * PITCH * 0.75_f64.sqrt();
        let pixels = self.pixel_of_trace();
        let pulse = pulse::table(self.shaping_ns);
        let mut out = String::from(
            "# A camera of hexagons that is not there.\n\
             subarray: {name: demo, latitude_deg: 0, longitude_deg: 0, height_m: 2000}\n\
             telescope:\n  tel_id: 1\n  name: demo\n  size_type: MST\n  reflector_shape: PARABOLIC\n  \
             position_m: [0, 0, 0]\n  equivalent_focal_length_m: 4\n  effective_focal_length_m: 4\n  \
             mirror_area_m2: 10\n  n_mirrors: 1\n  n_mirror_tiles: 1\n  \
             pointing_deg: {azimuth: 180, altitude: 70}\n\
             camera:\n  name: hexagons\n  pixel_shape: hexagon\n  pixel_rotation_deg: 0\n",
        );
        let _ = writeln!(out, "  pix_area_m2: {area}");
        list(&mut out, "pix_x_m", &x);
        list(&mut out, "pix_y_m", &y);
        let _ = writeln!(
            out,
            "readout:\n  sampling_rate_ghz: 0.25\n  reference_pulse_step_ns: {STEP_NS}"
        );
        list(&mut out, "reference_pulse", &pulse);
        out.push_str("trace_map:\n");
        list(&mut out, "traces", &pixels);
        out.push_str("calibration:\n  pedestal: firmware\n");
        list(&mut out, "adc_per_pe", &self.adc_per_pe());
        out
    }
}

fn list(out: &mut String, key: &str, values: &[impl Display]) {
    let _ = write!(out, "  {key}: [");
    for (at, value) in values.iter().enumerate() {
        let space = match at {
            0 => "",
            _ if at % 8 == 0 => ",\n    ",
            _ => ", ",
        };
        let _ = write!(out, "{space}{value}");
    }
    out.push_str("]\n");
}
