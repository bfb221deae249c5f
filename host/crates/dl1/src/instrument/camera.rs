//! What is computed once for a camera on a telescope.

use std::path::Path;

use super::{CameraDescription, CameraReadout, PixelFrame, PixelGraph};
use crate::{Error, Place};

/// A telescope's camera, prepared for processing: what every event needs and none changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// Electronics.
    pub readout: CameraReadout,
    /// Neighbours and borders.
    pub graph: PixelGraph,
    /// Pixels in degrees on the sky.
    pub telescope_frame: PixelFrame,
    /// Pixels in m.
    pub camera_frame: PixelFrame,
}

impl Camera {
    /// Prepares a camera at a focal length, in m. Rotated cameras are turned back first.
    ///
    /// Fails where coordinates, areas and counts do not fit, or are no numbers; `path` names the file.
    pub fn new(
        path: &Path,
        camera: &CameraDescription,
        focal_length_m: f64,
    ) -> Result<Self, Error> {
        let mut geometry = camera.geometry.clone();
        let n_pixels = geometry.n_pixels();
        let wrong = |reason: String| {
            Err(Error::malformed(path, Place::Entry(format!("camera {}", geometry.name)), reason))
        };
        let (n_y, n_areas) = (geometry.pix_y.len(), geometry.pix_area.len());
        if n_y != n_pixels || n_areas != n_pixels || camera.readout.n_pixels != n_pixels {
            let n_read = camera.readout.n_pixels;
            return wrong(format!(
                "{n_read} pixels are read out, but there are {n_pixels} x, {n_y} y and {n_areas} areas"
            ));
        }
        if u32::try_from(n_pixels).is_err() {
            return wrong(format!("{n_pixels} pixels are too many"));
        }
        let coordinates = geometry.pix_x.iter().chain(&geometry.pix_y);
        if coordinates.chain(&geometry.pix_area).any(|value| !value.is_finite()) {
            return wrong("a pixel's coordinate or area is no finite number".into());
        }
        if !(focal_length_m.is_finite() && focal_length_m > 0.0) {
            return wrong(format!("the focal length is {focal_length_m} m"));
        }
        if geometry.cam_rotation_deg != 0.0 {
            geometry.derotate();
        }
        Ok(Camera {
            readout: camera.readout.clone(),
            graph: PixelGraph::new(&geometry),
            telescope_frame: geometry.telescope_frame(focal_length_m),
            camera_frame: geometry.camera_frame(),
        })
    }

    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.graph.n_pixels()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::instrument::geometry::tests::hexagons;

    /// A camera of hexagons in `rings` rings, with a pulse that is a triangle of 10 ns.
    pub(crate) fn description(rings: i32) -> CameraDescription {
        let geometry = hexagons(rings);
        let pulse: Vec<f64> =
            (0..200).map(|k| (5.0 - (f64::from(k) / 10.0 - 6.0).abs()).max(0.0)).collect();
        let readout = CameraReadout {
            name: "hexagons".into(),
            sampling_rate_ghz: 1.0,
            n_pixels: geometry.n_pixels(),
            n_channels: 2,
            n_samples: 40,
            reference_pulse_shape: vec![pulse.clone(), pulse],
            reference_pulse_sample_width_ns: 0.1,
        };
        CameraDescription { geometry, readout }
    }

    pub(crate) fn camera(rings: i32) -> Camera {
        Camera::new(Path::new("test"), &description(rings), 28.0).unwrap()
    }

    #[test]
    fn counts_and_numbers_are_checked() {
        let new = |description: &CameraDescription, focal: f64| {
            Camera::new(Path::new("a.simtel"), description, focal).map_err(|e| e.to_string())
        };
        assert_eq!(new(&description(2), 28.0).unwrap().n_pixels(), 19);
        assert!(new(&description(2), 0.0).unwrap_err().contains("focal length"));
        assert!(new(&description(2), f64::NAN).is_err());
        let mut wrong = description(2);
        wrong.geometry.pix_y.pop();
        assert!(new(&wrong, 28.0).unwrap_err().contains("19 x, 18 y"));
        let mut wrong = description(2);
        wrong.geometry.pix_x[3] = f64::INFINITY;
        assert!(new(&wrong, 28.0).unwrap_err().contains("finite"));
    }
}
