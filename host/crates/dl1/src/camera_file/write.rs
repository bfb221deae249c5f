//! Writing of camera description files.

use std::fmt::{Debug, Write as _};

use serde_json::Value as Json;

use super::read::{REFLECTORS, SHAPES, SIZES};
use super::{CameraFile, Pedestal, TraceMap};

/// Columns of a line.
const WIDTH: usize = 110;

impl CameraFile {
    /// The file's text, as YAML. Reading it gives the same description back, but for angles of a pointing, which are
    /// converted.
    pub fn to_text(&self) -> String {
        let mut out = Text::default();
        out.line(0, "# Description of a camera. Check trace_map: how traces are cabled to pixels.");
        let [latitude, longitude, height] = self.reference_location;
        out.line(0, "subarray:");
        out.text("name", &self.subarray);
        out.number("latitude_deg", latitude);
        out.number("longitude_deg", longitude);
        out.number("height_m", height);
        self.telescope(&mut out);
        let geometry = &self.geometry;
        out.line(0, "camera:");
        out.text("name", &geometry.name);
        out.text("pixel_shape", name(&SHAPES, geometry.pix_type));
        out.number("pixel_rotation_deg", geometry.pix_rotation_deg);
        out.number("camera_rotation_deg", geometry.cam_rotation_deg);
        out.list("pix_x_m", &geometry.pix_x);
        out.list("pix_y_m", &geometry.pix_y);
        out.for_each("pix_area_m2", &geometry.pix_area);
        out.line(0, "readout:");
        out.number("sampling_rate_ghz", self.sampling_rate_ghz);
        out.number("reference_pulse_step_ns", self.reference_pulse_step_ns);
        out.list("reference_pulse", &self.reference_pulse);
        out.line(0, "trace_map:");
        self.trace_map(&mut out);
        out.line(0, "calibration:");
        out.for_each("adc_per_pe", &self.adc_per_pe);
        match self.pedestal {
            Pedestal::Firmware => out.text("pedestal", "firmware"),
            Pedestal::FirstSamples(n) => out.line(2, &format!("pedestal: {{first_samples: {n}}}")),
        }
        if let Some(precision) = self.baseline_precision {
            out.number("baseline_precision", precision);
        }
        out.for_each("time_shift_ns", &self.time_shift_ns);
        let broken = (0..self.n_pixels()).filter(|pixel| self.broken[*pixel]);
        out.list("broken_pixels", &broken.collect::<Vec<_>>());
        out.0
    }

    fn telescope(&self, out: &mut Text) {
        let optics = &self.optics;
        out.line(0, "telescope:");
        out.number("tel_id", self.tel_id);
        out.text("name", &optics.name);
        out.text("size_type", name(&SIZES, optics.size_type));
        out.text("reflector_shape", name(&REFLECTORS, optics.reflector_shape));
        out.list("position_m", &self.position_m);
        out.number("equivalent_focal_length_m", optics.equivalent_focal_length_m);
        if !optics.effective_focal_length_m.is_nan() {
            out.number("effective_focal_length_m", optics.effective_focal_length_m);
        }
        out.number("mirror_area_m2", optics.mirror_area_m2);
        out.number("n_mirrors", optics.n_mirrors);
        out.number("n_mirror_tiles", optics.n_mirror_tiles);
        if let Some(pointing) = self.pointing {
            let [azimuth, altitude] = [pointing.azimuth, pointing.altitude].map(f64::to_degrees);
            out.line(2, &format!("pointing_deg: {{azimuth: {azimuth:?}, altitude: {altitude:?}}}"));
        }
    }

    fn trace_map(&self, out: &mut Text) {
        let text = |pixel: &Option<u32>| pixel.map_or("null".into(), |pixel| pixel.to_string());
        let map = match &self.trace_map {
            TraceMap::Traces(map) => {
                return out.values("traces", map.iter().map(text));
            }
            TraceMap::Inputs(map) => map,
        };
        out.line(2, "cards:");
        let mut addresses: Vec<u16> = map.keys().map(|(address, _)| *address).collect();
        addresses.dedup();
        for address in addresses {
            let last = map.range((address, 0)..=(address, u16::MAX)).next_back();
            let inputs = 0..=last.map_or(0, |((_, input), _)| *input);
            let pixels = inputs.map(|input| text(map.get(&(address, input)).unwrap_or(&None)));
            out.line(2, &format!("- address: {address}"));
            out.values("  pixels", pixels);
        }
    }
}

fn name<T: PartialEq + Copy>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, known)| *known == value).map_or("UNKNOWN", |(name, _)| *name)
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.0, "{:indent$}{text}", "");
    }

    fn text(&mut self, key: &str, value: &str) {
        // A text of JSON is one of YAML.
        self.line(2, &format!("{key}: {}", Json::from(value)));
    }

    fn number(&mut self, key: &str, value: impl Debug) {
        self.line(2, &format!("{key}: {value:?}"));
    }

    fn list(&mut self, key: &str, values: &[impl Debug]) {
        self.values(key, values.iter().map(|value| format!("{value:?}")));
    }

    /// One value, if all are the same.
    fn for_each<T: Debug + PartialEq>(&mut self, key: &str, values: &[T]) {
        match values.first().filter(|first| values.iter().all(|value| value == *first)) {
            Some(first) => self.number(key, first),
            None => self.list(key, values),
        }
    }

    fn values(&mut self, key: &str, values: impl Iterator<Item = String>) {
        let mut line = format!("  {key}: [");
        let mut first = true;
        for value in values {
            if !std::mem::take(&mut first) {
                line.push(',');
                if line.len() + value.len() + 2 > WIDTH {
                    self.line(0, &std::mem::replace(&mut line, "    ".into()));
                } else {
                    line.push(' ');
                }
            }
            line.push_str(&value);
        }
        line.push(']');
        self.line(0, &line);
    }
}
