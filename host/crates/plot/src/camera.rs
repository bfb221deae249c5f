//! Images of cameras whose pixels are no rows and columns.

use std::collections::HashMap;

use crate::Axis;

/// Form of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelForm {
    /// Six corners; not rotated, one of them is at the top.
    Hexagon,
    /// Four corners; not rotated, two sides are level.
    Square,
    /// Round.
    Circle,
}

/// An ellipse with its long axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ellipse {
    /// Centre.
    pub centre: (f64, f64),
    /// Half lengths of the long and the short axis.
    pub axes: (f64, f64),
    /// Direction of the long axis, counter-clockwise from the right, in degrees.
    pub angle_deg: f64,
    /// How far from the centre the long axis is drawn as a line, outside of the ellipse.
    pub line: f64,
}

/// An image, pixel by pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraImage {
    /// Centres of the pixels.
    pub centres: Vec<(f64, f64)>,
    /// Widths of the pixels: between two sides, or a diameter.
    pub widths: Vec<f64>,
    /// Form of all pixels.
    pub form: PixelForm,
    /// Rotation of each pixel, counter-clockwise, in degrees.
    pub rotation_deg: f64,
    /// Values; pixels of those that are no numbers are grey.
    pub values: Vec<f32>,
    /// Values of the darkest and the lightest colour.
    pub range: (f64, f64),
    /// What the values are.
    pub scale: Axis,
    /// Pixels around which a line is drawn; empty for none.
    pub outlined: Vec<bool>,
    /// An ellipse on top.
    pub ellipse: Option<Ellipse>,
}

/// Corners of a circle.
const ROUND: usize = 24;

impl CameraImage {
    /// Corners of a pixel; `growth` makes it larger.
    pub(crate) fn corners(&self, pixel: usize, growth: f64) -> Vec<(f64, f64)> {
        let (Some((x, y)), Some(width)) = (self.centres.get(pixel), self.widths.get(pixel)) else {
            return Vec::new();
        };
        let (count, first, radius) = match self.form {
            PixelForm::Hexagon => (6, 90.0, width / 3_f64.sqrt()),
            PixelForm::Square => (4, 45.0, width / 2_f64.sqrt()),
            PixelForm::Circle => (ROUND, 0.0, width / 2.0),
        };
        let corner = |k: usize| {
            let angle = first + self.rotation_deg + 360.0 * k as f64 / count as f64;
            let (sin, cos) = angle.to_radians().sin_cos();
            (x + radius * growth * cos, y + radius * growth * sin)
        };
        (0..count).map(corner).collect()
    }

    /// Left, right, lower and upper end of all pixels; `None` without any.
    pub(crate) fn extent(&self) -> Option<[f64; 4]> {
        let pixels = self.centres.iter().zip(&self.widths);
        let finite = pixels.filter(|((x, y), width)| (x + y + *width).is_finite());
        finite.fold(None, |found, ((x, y), width)| {
            let half = 0.58 * width;
            let own = [x - half, x + half, y - half, y + half];
            let [a, b, c, d] = found.unwrap_or(own);
            Some([a.min(own[0]), b.max(own[1]), c.min(own[2]), d.max(own[3])])
        })
    }

    /// The sides of outlined pixels behind which there is no other outlined one.
    pub(crate) fn outline(&self) -> Vec<[(f64, f64); 2]> {
        let chosen = |pixel: &usize| self.outlined.get(*pixel) == Some(&true);
        let pixels: Vec<usize> = (0..self.centres.len()).filter(chosen).collect();
        let size = self.widths.first().copied().filter(|width| *width > 0.0).unwrap_or(1.0);
        let cell = |(x, y): (f64, f64)| ((x / size).floor() as i64, (y / size).floor() as i64);
        let mut cells: HashMap<(i64, i64), Vec<(f64, f64)>> = HashMap::new();
        for pixel in &pixels {
            let centre = self.centres[*pixel];
            cells.entry(cell(centre)).or_default().push(centre);
        }
        let is_chosen = |place: (f64, f64)| {
            let (column, row) = cell(place);
            let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy)));
            let mut centres = near.filter_map(|(dx, dy)| {
                cells.get(&(column.saturating_add(dx), row.saturating_add(dy)))
            });
            centres
                .any(|all| all.iter().any(|(x, y)| (x - place.0).hypot(y - place.1) < 0.35 * size))
        };
        let mut sides = Vec::new();
        for pixel in pixels {
            let (x, y) = self.centres[pixel];
            let corners = self.corners(pixel, 1.0);
            for k in 0..corners.len() {
                let (a, b) = (corners[k], corners[(k + 1) % corners.len()]);
                if self.form == PixelForm::Circle || !is_chosen((a.0 + b.0 - x, a.1 + b.1 - y)) {
                    sides.push([a, b]);
                }
            }
        }
        sides
    }

    /// Share of a value between the darkest and the lightest colour; `None` if it is no number.
    pub(crate) fn share(&self, value: f32) -> Option<f64> {
        let (low, high) = self.range;
        let value = f64::from(value);
        match high > low {
            _ if value.is_nan() => None,
            true => Some(((value - low) / (high - low)).clamp(0.0, 1.0)),
            false => Some(0.0),
        }
    }
}

impl Ellipse {
    /// Points of the ellipse, closed.
    pub(crate) fn points(&self) -> Vec<(f64, f64)> {
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        let point = |k: usize| {
            let (up, along) = (std::f64::consts::TAU * k as f64 / 96.0).sin_cos();
            let (along, up) = (self.axes.0 * along, self.axes.1 * up);
            (self.centre.0 + along * cos - up * sin, self.centre.1 + along * sin + up * cos)
        };
        (0..=96).map(point).collect()
    }

    /// The line along the long axis, on both sides of the ellipse.
    pub(crate) fn lines(&self) -> [[(f64, f64); 2]; 2] {
        let (sin, cos) = self.angle_deg.to_radians().sin_cos();
        let point = |at: f64| (self.centre.0 + at * cos, self.centre.1 + at * sin);
        let (from, to) = (self.axes.0, self.line.max(self.axes.0));
        [[point(from), point(to)], [point(-from), point(-to)]]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Three hexagons of width 1 in a row, of which two are outlined.
    pub(crate) fn three() -> CameraImage {
        CameraImage {
            centres: vec![(0.0, 0.0), (1.0, 0.0), (2.0, 0.0)],
            widths: vec![1.0; 3],
            form: PixelForm::Hexagon,
            rotation_deg: 0.0,
            values: vec![0.0, 5.0, f32::NAN],
            range: (0.0, 10.0),
            scale: Axis::in_units("charge", "p.e."),
            outlined: vec![true, true, false],
            ellipse: Some(Ellipse {
                centre: (0.5, 0.0),
                axes: (1.0, 0.5),
                angle_deg: 90.0,
                line: 2.0,
            }),
        }
    }

    #[test]
    fn neighbours_share_a_side() {
        let image = three();
        let corners = image.corners(0, 1.0);
        assert!((corners[0].1 - 1.0 / 3_f64.sqrt()).abs() < 1e-12 && corners[0].0.abs() < 1e-12);
        assert!(corners.iter().any(|(x, _)| (x - 0.5).abs() < 1e-12));
        assert_eq!(image.outline().len(), 10, "all sides but the one between the two, seen twice");
        let squares = CameraImage { form: PixelForm::Square, ..three() };
        assert_eq!(squares.outline().len(), 6);
        assert_eq!(CameraImage { outlined: Vec::new(), ..three() }.outline().len(), 0);
    }

    #[test]
    fn ellipses_are_turned() {
        let ellipse = three().ellipse.unwrap();
        let first = ellipse.points()[0];
        assert!((first.0 - 0.5).abs() < 1e-12 && (first.1 - 1.0).abs() < 1e-12);
        assert!((ellipse.lines()[1][1].1 + 2.0).abs() < 1e-12);
        assert!((ellipse.lines()[0][0].1 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn values_have_their_place_on_the_scale() {
        let image = three();
        assert_eq!([5.0, 20.0, -3.0].map(|v| image.share(v)), [Some(0.5), Some(1.0), Some(0.0)]);
        assert_eq!(image.share(f32::NAN), None);
        let [left, right, ..] = image.extent().unwrap();
        assert_eq!((left, right), (-0.58, 2.58));
    }
}
