//! Coordinates of pixels: turned, in angles, and how wide a pixel is.

use std::f64::consts::PI;

use super::{CameraGeometry, PixelShape};

/// Pixels in the coordinates in which images are described.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelFrame {
    /// Longitude in the field of view in degrees, or x of the camera in m.
    pub x: Vec<f64>,
    /// Latitude in the field of view in degrees, or y of the camera in m.
    pub y: Vec<f64>,
    /// Areas, in the square of that unit.
    pub area: Vec<f64>,
    /// Widths, in that unit.
    pub width: Vec<f64>,
}

impl CameraGeometry {
    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.pix_x.len()
    }

    /// Turns the camera back by its rotation, which is 0 then: coordinates by minus that angle, and the
    /// rotation of the pixels with them.
    ///
    /// `cam_rotation_deg` is minus the rotation that the simulation stores.
    pub fn derotate(&mut self) {
        let (sin, cos) = (-self.cam_rotation_deg).to_radians().sin_cos();
        for (x, y) in self.pix_x.iter_mut().zip(&mut self.pix_y) {
            (*x, *y) = (*x * cos - *y * sin, *x * sin + *y * cos);
        }
        self.pix_rotation_deg -= self.cam_rotation_deg;
        self.cam_rotation_deg = 0.0;
    }

    /// Width of each pixel: between two sides of a hexagon, a square's side, a circle's diameter; in m.
    pub fn pixel_width(&self) -> Vec<f64> {
        widths(self.pix_type, &self.pix_area)
    }

    /// The pixels as they are, in m.
    pub fn camera_frame(&self) -> PixelFrame {
        PixelFrame {
            x: self.pix_x.clone(),
            y: self.pix_y.clone(),
            area: self.pix_area.clone(),
            width: self.pixel_width(),
        }
    }

    /// The pixels as angles on the sky, in degrees: the camera's y is the longitude, its x the latitude.
    pub fn telescope_frame(&self, focal_length_m: f64) -> PixelFrame {
        let degrees =
            |metres: &[f64]| metres.iter().map(|at| (at / focal_length_m).to_degrees()).collect();
        let scale = (1.0 / focal_length_m).to_degrees();
        let area: Vec<f64> = self.pix_area.iter().map(|area| area * (scale * scale)).collect();
        PixelFrame {
            x: degrees(&self.pix_y),
            y: degrees(&self.pix_x),
            width: widths(self.pix_type, &area),
            area,
        }
    }
}

fn widths(shape: PixelShape, area: &[f64]) -> Vec<f64> {
    let width = |area: &f64| match shape {
        PixelShape::Hexagon => 2.0 * (area / (2.0 * 3_f64.sqrt())).sqrt(),
        PixelShape::Square => area.sqrt(),
        PixelShape::Circle => 2.0 * (area / PI).sqrt(),
    };
    area.iter().map(width).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A grid of `columns` times `rows` squares of 1 m, row by row.
    pub(crate) fn squares(columns: usize, rows: usize) -> CameraGeometry {
        let at = |index: usize| ((index % columns) as f64, (index / columns) as f64);
        CameraGeometry {
            name: "squares".into(),
            pix_x: (0..columns * rows).map(|index| at(index).0).collect(),
            pix_y: (0..columns * rows).map(|index| at(index).1).collect(),
            pix_area: vec![1.0; columns * rows],
            pix_type: PixelShape::Square,
            pix_rotation_deg: 0.0,
            cam_rotation_deg: 0.0,
        }
    }

    /// Hexagons of 50 mm in `rings` rings around one.
    pub(crate) fn hexagons(rings: i32) -> CameraGeometry {
        let (mut pix_x, mut pix_y) = (Vec::new(), Vec::new());
        for row in -rings..=rings {
            for column in -rings..=rings {
                if (row + column).abs() <= rings {
                    pix_x.push(0.05 * (f64::from(column) + f64::from(row) / 2.0));
                    pix_y.push(0.05 * f64::from(row) * 0.75_f64.sqrt());
                }
            }
        }
        CameraGeometry {
            name: "hexagons".into(),
            pix_area: vec![0.05 * 0.05 * 0.75_f64.sqrt(); pix_x.len()],
            pix_x,
            pix_y,
            pix_type: PixelShape::Hexagon,
            pix_rotation_deg: 0.0,
            cam_rotation_deg: 0.0,
        }
    }

    #[test]
    fn widths_are_those_of_the_shapes() {
        let mut geometry = hexagons(1);
        assert!((geometry.pixel_width()[0] - 0.05).abs() < 1e-15);
        geometry.pix_type = PixelShape::Circle;
        geometry.pix_area.fill(PI / 4.0);
        assert!((geometry.pixel_width()[0] - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_camera_is_turned_back() {
        let mut geometry = squares(2, 1);
        geometry.cam_rotation_deg = -90.0;
        geometry.pix_rotation_deg = 5.0;
        geometry.derotate();
        assert!((geometry.pix_x[1]).abs() < 1e-15 && (geometry.pix_y[1] - 1.0).abs() < 1e-15);
        assert_eq!((geometry.pix_rotation_deg, geometry.cam_rotation_deg), (95.0, 0.0));
    }

    #[test]
    fn x_becomes_the_latitude() {
        let frame = squares(2, 1).telescope_frame(180.0 / PI);
        assert!((frame.y[1] - 1.0).abs() < 1e-15 && frame.x[1] == 0.0);
        assert!((frame.area[1] - 1.0).abs() < 1e-14 && (frame.width[1] - 1.0).abs() < 1e-14);
    }
}
