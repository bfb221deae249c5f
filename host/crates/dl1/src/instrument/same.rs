//! Whether two files tell of the same telescopes.

use super::{CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, Subarray};

/// Numbers that differ by less are the same: other programs compute coordinates in another order.
const TOLERANCE: f64 = 1e-9;

fn same(a: f64, b: f64) -> bool {
    a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}

fn all_same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(*a, *b))
}

impl Subarray {
    /// What differs first in another subarray; `None` if both are the same. What is not known is the same as what is not
    /// known; the names of the subarrays are not compared.
    pub fn difference(&self, other: &Subarray) -> Option<String> {
        let ids = |of: &Subarray| of.telescopes.iter().map(|own| own.tel_id).collect::<Vec<_>>();
        if ids(self) != ids(other) {
            let (own, others) = (self.telescopes.len(), other.telescopes.len());
            return Some(match own == others {
                true => "their numbers, or the order of these, differ".into(),
                false => format!("{others} telescopes, not {own}"),
            });
        }
        for (a, b) in self.telescopes.iter().zip(&other.telescopes) {
            let places = a.position_m.iter().zip(&b.position_m);
            let of = |what: &str| Some(format!("the {what} of telescope {} differs", a.tel_id));
            if places.into_iter().any(|(a, b)| !same(f64::from(*a), f64::from(*b))) {
                return of("place");
            }
            if a.description != b.description || !same(a.focal_length_m, b.focal_length_m) {
                return of("type or focal length");
            }
            match (self.optics.get(a.optics), other.optics.get(b.optics)) {
                (Some(a), Some(b)) if same_optics(a, b) => {}
                _ => return of("optics"),
            }
            let cameras = (self.cameras.get(a.camera), other.cameras.get(b.camera));
            match cameras {
                (Some(a), Some(b)) if same_camera(a, b) => {}
                _ => return of("camera"),
            }
        }
        let locations = (&self.reference_location, &other.reference_location);
        (!all_same(locations.0, locations.1)).then(|| "the place of the array differs".into())
    }
}

fn same_optics(a: &OpticsDescription, b: &OpticsDescription) -> bool {
    let numbers = |of: &OpticsDescription| {
        [of.mirror_area_m2, of.equivalent_focal_length_m, of.effective_focal_length_m]
    };
    let others = |of: &OpticsDescription| {
        (of.size_type, of.reflector_shape, of.n_mirrors, of.n_mirror_tiles)
    };
    a.name == b.name && others(a) == others(b) && all_same(&numbers(a), &numbers(b))
}

fn same_camera(a: &CameraDescription, b: &CameraDescription) -> bool {
    same_geometry(&a.geometry, &b.geometry) && same_readout(&a.readout, &b.readout)
}

fn same_geometry(a: &CameraGeometry, b: &CameraGeometry) -> bool {
    a.name == b.name
        && a.pix_type == b.pix_type
        && all_same(&a.pix_x, &b.pix_x)
        && all_same(&a.pix_y, &b.pix_y)
        && all_same(&a.pix_area, &b.pix_area)
        && same(a.pix_rotation_deg, b.pix_rotation_deg)
        && same(a.cam_rotation_deg, b.cam_rotation_deg)
}

fn same_readout(a: &CameraReadout, b: &CameraReadout) -> bool {
    let counts = |of: &CameraReadout| (of.n_pixels, of.n_channels, of.n_samples);
    let pulses = (&a.reference_pulse_shape, &b.reference_pulse_shape);
    a.name == b.name
        && counts(a) == counts(b)
        && same(a.sampling_rate_ghz, b.sampling_rate_ghz)
        && same(a.reference_pulse_sample_width_ns, b.reference_pulse_sample_width_ns)
        && pulses.0.len() == pulses.1.len()
        && pulses.0.iter().zip(pulses.1).all(|(a, b)| all_same(a, b))
}

#[cfg(test)]
mod tests {
    use super::super::camera_tests::description;
    use super::super::{ReflectorShape, SizeType, TelescopeDescription};
    use super::*;

    fn subarray() -> Subarray {
        Subarray {
            name: "one".into(),
            telescopes: vec![TelescopeDescription {
                tel_id: 7,
                position_m: [1.0, 2.0, f32::NAN],
                optics: 0,
                camera: 0,
                description: "LST_LST_cam".into(),
                focal_length_m: 28.0,
            }],
            optics: vec![OpticsDescription {
                name: "LST".into(),
                size_type: SizeType::Lst,
                reflector_shape: ReflectorShape::Parabolic,
                mirror_area_m2: 400.0,
                n_mirrors: 1,
                n_mirror_tiles: 198,
                equivalent_focal_length_m: 28.0,
                effective_focal_length_m: f64::NAN,
            }],
            cameras: vec![description(2)],
            reference_location: [f64::NAN, 0.0, 2200.0],
        }
    }

    #[test]
    fn what_is_not_known_is_the_same() {
        let (one, mut other) = (subarray(), subarray());
        other.name = "other".into();
        other.cameras[0].geometry.pix_x[3] += 1e-13;
        assert_eq!(one.difference(&other), None);
    }

    #[test]
    fn what_differs_is_named() {
        type Change = fn(&mut Subarray);
        let changes: [(Change, &str); 7] = [
            (|of| of.telescopes.clear(), "0 telescopes, not 1"),
            (|of| of.telescopes[0].tel_id = 8, "their numbers, or the order of these, differ"),
            (|of| of.telescopes[0].position_m[0] = 5.0, "the place of telescope 7 differs"),
            (
                |of| of.telescopes[0].focal_length_m = 29.0,
                "the type or focal length of telescope 7 differs",
            ),
            (
                |of| of.optics[0].effective_focal_length_m = 29.3,
                "the optics of telescope 7 differs",
            ),
            (
                |of| of.cameras[0].geometry.pix_rotation_deg = 30.0,
                "the camera of telescope 7 differs",
            ),
            (|of| of.reference_location[2] = 0.0, "the place of the array differs"),
        ];
        for (change, what) in changes {
            let mut other = subarray();
            change(&mut other);
            assert_eq!(subarray().difference(&other).as_deref(), Some(what));
        }
    }
}
