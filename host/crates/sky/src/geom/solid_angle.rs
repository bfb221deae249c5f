//! Solid angles of pixels.

use super::WcsGeom;
use crate::MapAxis;

/// A side of a pixel, from one corner to the next.
#[derive(Clone, Copy)]
struct Side {
    /// Length in radians.
    length: f64,
    /// Sine and cosine of the position angle of the second corner, at the first.
    ahead: [f64; 2],
    /// The same of the first corner, at the second.
    back: [f64; 2],
}

/// Sine and cosine of the position angle of `b` at `a`; 0 where they are the same.
#[inline]
fn position_angle(a: [f64; 3], b: [f64; 3]) -> [f64; 2] {
    let d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let east = a[0] * d[1] - a[1] * d[0];
    let north = (a[0] * a[0] + a[1] * a[1]) * d[2] - a[2] * (a[0] * d[0] + a[1] * d[1]);
    let size = (east * east + north * north).sqrt();
    if size == 0.0 { [0.0, 0.0] } else { [east / size, north / size] }
}

impl Side {
    #[inline]
    fn new(a: [f64; 3], b: [f64; 3]) -> Self {
        let d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
        let chord = (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt();
        let half = chord / 2.0;
        // NaN stays NaN here.
        let length = 2.0 * if half > 1.0 { 1.0 } else { half }.asin();
        Side { length, ahead: position_angle(a, b), back: position_angle(b, a) }
    }
}

/// Sine of the difference of two angles.
#[inline]
fn sine_between([sin_a, cos_a]: [f64; 2], [sin_b, cos_b]: [f64; 2]) -> f64 {
    sin_a * cos_b - cos_a * sin_b
}

impl WcsGeom {
    /// Solid angles of the pixels of the image in sr, y by y; NaN where a corner is outside the projection.
    ///
    /// A pixel is two triangles between its corners, each half the product of two sides and the sine of the angle between them.
    /// The angle of the second is taken as the difference of position angles at the ends of its side, as gammapy does.
    pub fn solid_angle(&self) -> Vec<f64> {
        let [ny, nx] = self.shape;
        let width = nx + 1;
        let mut out = Vec::with_capacity(ny * nx);
        let row = |y: usize| self.wcs.grid([-0.5, y as f64 - 0.5], [1, width]);
        let along = |row: &[[f64; 3]]| -> Vec<Side> {
            row.windows(2).map(|pair| Side::new(pair[0], pair[1])).collect()
        };
        let mut lower = row(0);
        let mut lower_sides = along(&lower);
        for y in 1..=ny {
            let upper = row(y);
            let upper_sides = along(&upper);
            // Sides across, left and right of a pixel.
            let mut across = lower.iter().zip(&upper).map(|(a, b)| Side::new(*a, *b));
            let mut left = across.next();
            for ((right, low), up) in across.zip(&lower_sides).zip(&upper_sides) {
                if let Some(left) = left {
                    let first = left.length * up.length * sine_between(up.ahead, left.back);
                    let second = right.length * low.length * sine_between(right.ahead, low.ahead);
                    out.push(0.5 * (first + second).abs());
                }
                left = Some(right);
            }
            lower = upper;
            lower_sides = upper_sides;
        }
        out
    }

    /// Volumes of all cells: solid angles times the widths of the axes' bins. In the order of the data.
    pub fn bin_volume(&self) -> Vec<f64> {
        let image = self.solid_angle();
        let volumes = plane_volumes(&self.axes);
        let mut out = Vec::with_capacity(volumes.len() * image.len());
        for volume in volumes {
            out.extend(image.iter().map(|omega| omega * volume));
        }
        out
    }
}

/// Products of the axes' bin widths, in the order of the data's planes.
pub(crate) fn plane_volumes(axes: &[MapAxis]) -> Vec<f64> {
    let mut out = vec![1.0];
    for axis in axes.iter().rev() {
        let edges = axis.edges();
        let widths: Vec<_> = edges.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
        out = out.iter().flat_map(|one| widths.iter().map(move |width| one * width)).collect();
    }
    out
}
