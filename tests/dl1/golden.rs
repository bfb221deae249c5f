//! Reading what the peers made.

use std::path::{Path, PathBuf};

use tierline::dl1::instrument::{
    Camera, CameraDescription, CameraGeometry, CameraReadout, PixelShape,
};
use tierline::h5::browse::{Attribute, Elements};
use tierline::h5::tree::Reader;
use tierline::table::{Array, DType};
use tierline_tests::data::shared;

/// A file of stored results.
pub(super) struct Golden(pub(super) Reader);

impl Golden {
    pub(super) fn open(path: &Path) -> Self {
        Golden(Reader::open(path).unwrap())
    }

    /// The file for an input; `None` if there are no goldens.
    pub(super) fn steps(input: &str) -> Option<Self> {
        shared(&format!("golden/dl1/ctapipe_steps/{input}.gold.h5")).map(|path| Self::open(&path))
    }

    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let members = self.0.item(path).unwrap().members().unwrap();
        members.into_iter().map(|member| member.0).collect()
    }

    pub(super) fn has(&self, path: &str, name: &str) -> bool {
        self.names(path).iter().any(|member| member == name)
    }

    fn array(&self, path: &str) -> Array {
        self.0.array(path, 0..usize::MAX).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn f64s(&self, path: &str) -> Vec<f64> {
        self.array(path).iter_f64().collect()
    }

    pub(super) fn f32s(&self, path: &str) -> Vec<f32> {
        self.f64s(path).into_iter().map(|value| value as f32).collect()
    }

    pub(super) fn ints(&self, path: &str) -> Vec<i64> {
        let array = self.array(path);
        (0..array.len()).map(|at| array.get_i64(at).unwrap()).collect()
    }

    pub(super) fn mask(&self, path: &str) -> Vec<bool> {
        self.ints(path).into_iter().map(|value| value != 0).collect()
    }

    pub(super) fn attribute(&self, path: &str, name: &str) -> Attribute {
        let all = self.0.item(path).unwrap().attributes().unwrap();
        all.into_iter().find(|one| one.name == name).unwrap_or_else(|| panic!("{path}: {name}"))
    }

    pub(super) fn text(&self, path: &str, name: &str) -> String {
        match self.attribute(path, name).elements {
            Elements::Texts(texts) => texts[0].clone(),
            Elements::Plain(DType::Text(_), bytes) => {
                String::from_utf8(bytes).unwrap().trim_end_matches('\0').to_owned()
            }
            other => panic!("{path}: {name}: {other:?}"),
        }
    }

    /// Numbers of an attribute.
    pub(super) fn numbers(&self, path: &str, name: &str) -> Vec<f64> {
        match self.attribute(path, name).elements {
            Elements::Plain(dtype, data) => {
                Array { dtype, row_shape: Vec::new(), data }.iter_f64().collect()
            }
            other => panic!("{path}: {name}: {other:?}"),
        }
    }

    pub(super) fn number(&self, path: &str, name: &str) -> f64 {
        self.numbers(path, name)[0]
    }

    pub(super) fn json(&self, path: &str, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(path, name)).unwrap()
    }

    /// The camera that is stored for a telescope.
    pub(super) fn camera(&self, tel: &str) -> CameraDescription {
        let path = format!("/instrument/{tel}");
        let column = |name: &str| self.f64s(&format!("{path}/{name}"));
        let pix_type = match &self.text(&path, "pix_type")[..] {
            "hexagon" => PixelShape::Hexagon,
            "square" => PixelShape::Square,
            other => panic!("{other}"),
        };
        let geometry = CameraGeometry {
            name: tel.into(),
            pix_x: column("pix_x"),
            pix_y: column("pix_y"),
            pix_area: column("pix_area"),
            pix_type,
            pix_rotation_deg: self.number(&path, "pix_rotation_deg"),
            cam_rotation_deg: self.number(&path, "cam_rotation_deg"),
        };
        let n_channels = self.number(&path, "n_channels") as usize;
        let pulses = column("reference_pulse_shape");
        let points = pulses.len() / n_channels;
        let readout = CameraReadout {
            name: tel.into(),
            sampling_rate_ghz: self.number(&path, "sampling_rate_ghz"),
            n_pixels: geometry.n_pixels(),
            n_channels,
            n_samples: self.number(&path, "n_samples") as usize,
            reference_pulse_shape: pulses.chunks(points).map(<[f64]>::to_vec).collect(),
            reference_pulse_sample_width_ns: self.number(&path, "ref_width_ns"),
        };
        CameraDescription { geometry, readout }
    }

    pub(super) fn prepared(&self, tel: &str) -> Camera {
        let focal = self.number(&format!("/instrument/{tel}"), "focal_length_used_m");
        Camera::new(self.0.path(), &self.camera(tel), focal).unwrap()
    }

    /// The stored camera of a telescope: its own, or that of the last one before it with the same kind.
    pub(super) fn camera_of(&self, tel: &str) -> Camera {
        let stored = self.names("/instrument");
        let own = stored.iter().rfind(|name| name.as_str() <= tel).unwrap();
        self.prepared(own)
    }

    /// All events with all telescopes: their paths, and the telescopes' names.
    pub(super) fn telescopes(&self) -> Vec<(String, String)> {
        let events = self.names("/").into_iter().filter(|name| name.starts_with("event_"));
        events
            .flat_map(|event| {
                let path = format!("/{event}");
                let telescopes = self.names(&path);
                telescopes.into_iter().map(move |tel| (format!("{path}/{tel}"), tel))
            })
            .collect()
    }
}

/// All inputs of which steps are stored.
pub(super) const STEPS: [&str; 7] = [
    "aux_traces_2029.simtel.zst",
    "calib_true_pe.simtel.zst",
    "gamma_with_obslevel_particles.simtel.zst",
    "gct_checs_muons.simtel.zst",
    "history_meta_75.simtel.zst",
    "n_hv_disabled.simtel.gz",
    "prod4_pixelsettings_v3.gz",
];

/// Files below a folder of the goldens.
pub(super) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let Some(folder) = shared(&format!("golden/dl1/{folder}")) else { return Vec::new() };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(extension))
        .collect();
    files.sort();
    files
}

/// Panics at the first value that is farther off than `relative` times its size (at least `least`) allows.
pub(super) fn assert_near(what: &str, found: &[f64], expected: &[f64], relative: f64, least: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let both_nan = found.is_nan() && expected.is_nan();
        let off = (found - expected).abs();
        assert!(
            both_nan || off <= relative * expected.abs().max(least),
            "{what}[{at}]: {found} is not {expected}"
        );
    }
}

/// Panics at the first difference.
pub(super) fn assert_same<T: PartialEq + std::fmt::Debug>(what: &str, found: &[T], expected: &[T]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let differs = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(at) = differs {
        panic!("{what}[{at}]: {:?} is not {:?}", found[at], expected[at]);
    }
}
