//! How the peak time runs along the axis of an image: a straight line by least trimmed squares.

use super::Timing;
use crate::random::Pairs;

/// Share of the points that a fit keeps.
const KEPT: f64 = 0.85;
/// Refits of one start, at most.
const MAX_REFITS: usize = 20;
/// A change of the sum of squares, in ns², below which a start is done.
const CONVERGED: f64 = 1e-12;
/// A determinant below this is none.
const SINGULAR: f64 = 2.0 * f64::EPSILON;

/// Peak times of the pixels of an image and where they lie along its axis: what a fit needs but for its random
/// pairs. Pure, so that it may run on any thread.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimingFit {
    along: Vec<f64>,
    time_ns: Vec<f64>,
    finite: Vec<(f64, f64)>,
}

impl TimingFit {
    /// Points of a fit, in degrees or m, and in ns.
    pub fn new(along: Vec<f64>, time_ns: Vec<f64>) -> Self {
        let points = along.iter().copied().zip(time_ns.iter().copied());
        let finite = points.filter(|(l, t)| l.is_finite() && t.is_finite()).collect();
        TimingFit { along, time_ns, finite }
    }

    /// Points among which [pairs](crate::random::Random::pairs) are drawn; fewer than 2 can't be fitted.
    pub fn n_points(&self) -> usize {
        self.finite.len()
    }

    /// Fits the line. NaN where there is none.
    ///
    /// From every pair of points a line is refitted to the 85 % of the points next to it until the sum of
    /// their squares stays the same; the smallest sum wins. The deviation is that of all points.
    pub fn run(&self, pairs: &Pairs) -> Timing {
        let nothing = [f64::NAN; 2];
        let (mut best, mut least) = (nothing, f64::INFINITY);
        if self.finite.len() >= 2 {
            let mut order = Vec::with_capacity(self.finite.len());
            for pair in pairs {
                let (line, squares) = self.start(*pair, &mut order);
                if squares < least {
                    (best, least) = (line, squares);
                }
            }
        }
        let [slope, intercept] = best;
        let squares = self.along.iter().zip(&self.time_ns).map(|(l, t)| {
            let residual = l * slope + intercept - t;
            residual * residual
        });
        let deviation = (squares.sum::<f64>() / self.along.len() as f64).sqrt();
        Timing { slope, intercept, deviation }
    }

    fn start(&self, pair: [usize; 2], order: &mut Vec<(f64, usize)>) -> ([f64; 2], f64) {
        let points = &self.finite;
        let pair: Vec<(f64, f64)> = pair.iter().filter_map(|at| points.get(*at).copied()).collect();
        let Some(mut line) = regression(&pair) else { return ([f64::NAN; 2], f64::NAN) };
        let mut squares = sum_of_squares(&pair, line);
        let kept = (KEPT * points.len() as f64) as usize;
        let mut nearest = Vec::with_capacity(kept);
        for _ in 0..MAX_REFITS {
            order.clear();
            order.extend(points.iter().enumerate().map(|(at, point)| (square(*point, line), at)));
            if kept < order.len() {
                order.select_nth_unstable_by(kept, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            }
            nearest.clear();
            nearest.extend(order.iter().take(kept).map(|(_, at)| points[*at]));
            let Some(refitted) = regression(&nearest) else {
                return ([f64::NAN; 2], f64::NAN);
            };
            let before = squares;
            (line, squares) = (refitted, sum_of_squares(&nearest, refitted));
            if (before - squares).abs() < CONVERGED {
                break;
            }
        }
        (line, squares)
    }
}

fn square((l, t): (f64, f64), [slope, intercept]: [f64; 2]) -> f64 {
    let residual = t - (l * slope + intercept);
    residual * residual
}

fn sum_of_squares(points: &[(f64, f64)], line: [f64; 2]) -> f64 {
    points.iter().map(|point| square(*point, line)).sum()
}

/// Slope and intercept by least squares: normal equations. `None` where they are singular.
fn regression(points: &[(f64, f64)]) -> Option<[f64; 2]> {
    let n = points.len() as f64;
    let [mut ll, mut l, mut lt, mut t] = [0.0; 4];
    for (along, time) in points {
        ll += along * along;
        l += along;
        lt += along * time;
        t += time;
    }
    let determinant = determinant(ll, l, n);
    if determinant.is_nan() || determinant < SINGULAR {
        return None;
    }
    Some([(n * lt - l * t) / determinant, (ll * t - l * lt) / determinant])
}

/// Determinant of [[a, b], [b, c]] by elimination from the larger of the first column.
fn determinant(a: f64, b: f64, c: f64) -> f64 {
    if a.abs() >= b.abs() { a * (c - b / a * b) } else { -b * (b - a / b * c) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn fit(points: &[(f64, f64)]) -> Timing {
        let fit = TimingFit::new(
            points.iter().map(|point| point.0).collect(),
            points.iter().map(|point| point.1).collect(),
        );
        fit.run(&Random::default().pairs(fit.n_points()))
    }

    #[test]
    fn far_points_do_not_count() {
        let mut points: Vec<(f64, f64)> =
            (0..20).map(|k| (f64::from(k) * 0.1, 3.0 + 2.0 * f64::from(k) * 0.1)).collect();
        points[7].1 = 50.0;
        let timing = fit(&points);
        assert!((timing.slope - 2.0).abs() < 1e-9 && (timing.intercept - 3.0).abs() < 1e-9);
        assert!((timing.deviation - (50.0 - 4.4) / 20_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_line_has_no_slope() {
        assert!(fit(&[(0.1, 1.0)]).slope.is_nan());
        assert!(fit(&[]).deviation.is_nan());
        assert!(fit(&[(0.1, 1.0), (0.1, 2.0), (0.1, 3.0), (0.1, 4.0)]).slope.is_nan());
        assert!(fit(&[(f64::NAN, 1.0), (0.1, 2.0), (0.2, f64::NAN)]).slope.is_nan());
    }

    #[test]
    fn points_that_are_no_numbers_are_left_out() {
        let mut points: Vec<(f64, f64)> = (0..9).map(|k| (f64::from(k), f64::from(k))).collect();
        points.push((f64::NAN, 1.0));
        let timing = fit(&points);
        assert!((timing.slope - 1.0).abs() < 1e-12 && timing.deviation.is_nan());
    }
}
