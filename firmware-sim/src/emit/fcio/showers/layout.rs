//! Where pixels are, what they are like, and how they are cabled.

use super::{Pixel, ShowerCamera};
use crate::emit::rng::Rng;

/// Distance of neighbouring pixels in m: that of two sides of a hexagon.
pub(super) const PITCH: f64 = 0.05;
/// Seed of what is built once.
const BUILT: u64 = 0x7157;

impl ShowerCamera {
    /// All pixels, row by row.
    pub(super) fn layout(&self) -> Vec<Pixel> {
        let mut rng = Rng::new(BUILT);
        let (rings, rise) = (i32::from(self.rings), 0.75_f64.sqrt());
        let mut pixels = Vec::with_capacity(usize::from(self.pixels()));
        for row in -rings..=rings {
            for column in -rings..=rings {
                if (row + column).abs() > rings {
                    continue;
                }
                let x = PITCH * (f64::from(column) + f64::from(row) / 2.0);
                pixels.push(Pixel {
                    at: [x, PITCH * rise * f64::from(row)],
                    height: self.height * (0.9 + 0.2 * rng.uniform()),
                    baseline: 250.0 + 100.0 * rng.uniform(),
                });
            }
        }
        pixels
    }

    /// Pixel of each trace but those of triggers.
    pub fn pixel_of_trace(&self) -> Vec<u16> {
        let mut rng = Rng::new(BUILT + 1);
        let mut pixels: Vec<u16> = (0..self.pixels()).collect();
        for last in (1..pixels.len()).rev() {
            let other = rng.below(last as u64 + 1) as usize;
            pixels.swap(last, other);
        }
        pixels
    }

    /// Positions of pixels in m.
    pub fn positions(&self) -> Vec<[f64; 2]> {
        self.layout().iter().map(|pixel| pixel.at).collect()
    }
}

/// The pixel at a place, if it is in the camera: the nearest one.
pub(super) fn pixel_at(pixels: &[Pixel], [x, y]: [f64; 2]) -> Option<usize> {
    let square = |pixel: &Pixel| {
        let (dx, dy) = (pixel.at[0] - x, pixel.at[1] - y);
        dx * dx + dy * dy
    };
    let squares = pixels.iter().map(square).enumerate();
    let nearest = squares.min_by(|a, b| a.1.total_cmp(&b.1));
    // Corners are this far from the middle.
    let corner = PITCH * PITCH / 3.0;
    nearest.filter(|(_, square)| *square <= corner).map(|(pixel, _)| pixel)
}
