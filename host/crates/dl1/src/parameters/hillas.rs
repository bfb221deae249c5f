//! The ellipse of an image (Hillas 1985).

use super::axis::{Axis, eigen};
use super::sum::{pairwise_sum, weighted_mean};
use super::{Hillas, Pixels};

/// Ellipse and axis of pixels with their charges, of which none is negative and the sum is positive.
///
/// The ellipse is that of the covariance weighted by charge. Uncertainties of the direction come from a
/// straight line through the pixels, those of the axes from the errors of the second moments.
pub fn hillas(pixels: &Pixels) -> (Hillas, Axis) {
    let weights = &pixels.charge;
    let size = pairwise_sum(weights);
    let mean = |values: &[f64]| weighted_mean(values.iter().copied(), weights, size);
    let (x, y) = (mean(&pixels.x), mean(&pixels.y));
    let dx: Vec<f64> = pixels.x.iter().map(|at| at - x).collect();
    let dy: Vec<f64> = pixels.y.iter().map(|at| at - y).collect();
    let [xx, xy, yy] = covariance(&dx, &dy, weights, size);
    let (small, large, vector) = eigen(xx, xy, yy);
    let root = |value: f64| if value.abs() <= f64::EPSILON { 0.0 } else { value.sqrt() };
    let (width, length) = (root(small), root(large));
    let psi = if length == 0.0 {
        f64::NAN
    } else if vector[0] != 0.0 {
        (vector[1] / vector[0]).atan()
    } else {
        std::f64::consts::FRAC_PI_2
    };
    let (sin, cos) = psi.sin_cos();
    let along: Vec<f64> = dx.iter().zip(&dy).map(|(dx, dy)| dx * cos + dy * sin).collect();
    let across: Vec<f64> = dx.iter().zip(&dy).map(|(dx, dy)| dx * -sin + dy * cos).collect();
    let moment = |power: i32| {
        weighted_mean(along.iter().map(|l| l.powi(power)), weights, size) / length.powi(power)
    };
    let line = line_errors(&along, &across, pixels, width / length);
    let moments = MomentErrors { dx: &dx, dy: &dy, weights, size, covariance: [xx, xy, yy], psi };
    let hillas = Hillas {
        intensity: size,
        skewness: if length == 0.0 { f64::NAN } else { moment(3) },
        kurtosis: if length == 0.0 { f64::NAN } else { moment(4) },
        x,
        y,
        r: (x * x + y * y).sqrt(),
        phi: y.atan2(x).to_degrees(),
        length,
        length_uncertainty: moments.along(length),
        width,
        width_uncertainty: moments.across(width),
        psi: psi.to_degrees(),
        psi_uncertainty: line[0].to_degrees(),
        transverse_cog_uncertainty: line[1],
    };
    (hillas, Axis { x, y, psi })
}

/// Covariance of the offsets from the centre, weighted: xx, xy and yy. What rounding left of the mean of the
/// offsets is taken off once more.
fn covariance(dx: &[f64], dy: &[f64], weights: &[f64], size: f64) -> [f64; 3] {
    let x0 = weighted_mean(dx.iter().copied(), weights, size);
    let y0 = weighted_mean(dy.iter().copied(), weights, size);
    let [mut xx, mut xy, mut yy] = [0.0; 3];
    for ((dx, dy), weight) in dx.iter().zip(dy).zip(weights) {
        let (dx, dy) = (dx - x0, dy - y0);
        xx += dx * (dx * weight);
        xy += dx * (dy * weight);
        yy += dy * (dy * weight);
    }
    [xx, xy, yy].map(|sum| sum * (1.0 / size))
}

/// Uncertainties of the direction in rad, and of the centre across the axis: a line by least squares through
/// the pixels, weighted by charge per area. Round images have no direction: their ratio of the axes counts.
fn line_errors(along: &[f64], across: &[f64], pixels: &Pixels, ratio: f64) -> [f64; 2] {
    let [mut ll, mut l, mut one, mut lt, mut t] = [0.0; 5];
    let weights = pixels.charge.iter().zip(&pixels.area).map(|(charge, area)| charge / area);
    for ((along, across), weight) in along.iter().zip(across).zip(weights) {
        ll += weight * along * along;
        l += weight * along;
        one += weight;
        lt += weight * along * across;
        t += weight * across;
    }
    let determinant = ll * one - l * l;
    let slope = (one * lt - l * t) / determinant;
    let round = 1.0 + (ratio * std::f64::consts::PI / 2.0).tan().powi(2);
    let sin = slope.sin();
    [
        (one / determinant + slope * slope).sqrt() * round,
        (ll / determinant * (1.0 + sin * sin)).sqrt(),
    ]
}

/// Errors of the second moments, turned to the axis.
struct MomentErrors<'a> {
    dx: &'a [f64],
    dy: &'a [f64],
    weights: &'a [f64],
    size: f64,
    covariance: [f64; 3],
    psi: f64,
}

impl MomentErrors<'_> {
    fn along(&self, length: f64) -> f64 {
        self.turned(length, 1.0)
    }

    fn across(&self, width: f64) -> f64 {
        self.turned(width, -1.0)
    }

    /// Uncertainty of an axis; `sign` is that of cos 2ψ and sin 2ψ.
    fn turned(&self, axis: f64, sign: f64) -> f64 {
        if axis == 0.0 {
            return f64::NAN;
        }
        let (sin, cos) = (2.0 * self.psi).sin_cos();
        let (a, b, c) = ((1.0 + sign * cos) / 2.0, (1.0 - sign * cos) / 2.0, sign * sin);
        let [xx, xy, yy] = self.covariance;
        let terms = self.dx.iter().zip(self.dy).zip(self.weights).map(|((dx, dy), weight)| {
            let x = (dx * dx - xx) / self.size;
            let y = (dy * dy - yy) / self.size;
            let cross = (dx * dy - xy) / self.size;
            (a * x + b * y + c * cross).powi(2) * weight
        });
        pairwise_sum(&terms.collect::<Vec<f64>>()).sqrt() / (2.0 * axis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(points: &[(f64, f64, f64)]) -> Pixels {
        Pixels {
            x: points.iter().map(|point| point.0).collect(),
            y: points.iter().map(|point| point.1).collect(),
            area: vec![0.5; points.len()],
            width: vec![0.7; points.len()],
            charge: points.iter().map(|point| point.2).collect(),
        }
    }

    #[test]
    fn a_line_has_a_length_and_no_width() {
        let (found, axis) = hillas(&pixels(&[(0.0, 1.0, 1.0), (0.0, 2.0, 2.0), (0.0, 3.0, 1.0)]));
        assert_eq!((found.intensity, found.x, found.y, found.r), (4.0, 0.0, 2.0, 2.0));
        assert_eq!((found.phi, found.psi), (90.0, 90.0));
        assert!((found.length - 0.5_f64.sqrt()).abs() < 1e-15);
        assert_eq!(found.width, 0.0);
        assert!(found.width_uncertainty.is_nan() && found.length_uncertainty > 0.0);
        assert!(found.skewness.abs() < 1e-12 && (found.kurtosis - 2.0).abs() < 1e-12);
        assert!((axis.transform()(1.0, 2.0).1.abs() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_point_has_no_direction() {
        let (found, _) = hillas(&pixels(&[(1.0, 1.0, 5.0), (2.0, 1.0, 0.0)]));
        assert_eq!((found.length, found.width), (0.0, 0.0));
        assert!(found.psi.is_nan() && found.skewness.is_nan() && found.length_uncertainty.is_nan());
        assert!(found.psi_uncertainty.is_nan() && found.transverse_cog_uncertainty.is_nan());
    }

    #[test]
    fn turning_the_image_turns_the_axis() {
        let points = [(0.1, 0.2, 3.0), (0.4, 0.3, 5.0), (0.9, 0.35, 2.0), (1.4, 0.7, 4.0)];
        let turned = points.map(|(x, y, charge)| (-y, x, charge));
        let ((a, _), (b, _)) = (hillas(&pixels(&points)), hillas(&pixels(&turned)));
        assert!((a.length - b.length).abs() < 1e-14 && (a.width - b.width).abs() < 1e-14);
        assert!((a.psi - b.psi).abs() - 90.0 < 1e-10);
        assert!((a.length_uncertainty - b.length_uncertainty).abs() < 1e-14);
        assert!((a.width_uncertainty - b.width_uncertainty).abs() < 1e-14);
    }
}
