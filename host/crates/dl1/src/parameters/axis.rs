//! The axis of an image.

/// A place in a frame and a direction: along the axis of an image and across it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Centre of gravity.
    pub x: f64,
    /// Centre of gravity.
    pub y: f64,
    /// Direction of the axis, in rad; NaN if there is none.
    pub psi: f64,
}

impl Axis {
    /// What takes a point of the frame to its coordinates along and across the axis.
    pub fn transform(&self) -> impl Fn(f64, f64) -> (f64, f64) + use<> {
        let (sin, cos) = self.psi.sin_cos();
        let (x0, y0) = (self.x, self.y);
        move |x, y| {
            let (dx, dy) = (x - x0, y - y0);
            (dx * cos + dy * sin, dx * -sin + dy * cos)
        }
    }
}

/// Eigenvalues of a symmetric 2×2 matrix, the smaller one first, and the eigenvector of the larger one.
///
/// The formulas of LAPACK's `dlaev2`, which lose nothing where the values are far apart.
pub(super) fn eigen(a: f64, b: f64, c: f64) -> (f64, f64, [f64; 2]) {
    let (sum, difference, twice) = (a + c, a - c, b + b);
    let (large, small) = if a.abs() > c.abs() { (a, c) } else { (c, a) };
    let root = hypotenuse(difference.abs(), twice.abs());
    let other = |first: f64| (large / first) * small - (b / first) * b;
    let (first, second, sign) = if sum < 0.0 {
        let first = 0.5 * (sum - root);
        (first, other(first), -1)
    } else if sum > 0.0 {
        let first = 0.5 * (sum + root);
        (first, other(first), 1)
    } else {
        (0.5 * root, -0.5 * root, 1)
    };
    let (cosine, sign_of_cosine) =
        if difference >= 0.0 { (difference + root, 1) } else { (difference - root, -1) };
    let (mut cs, mut sn) = if cosine.abs() > twice.abs() {
        let cotangent = -twice / cosine;
        let sn = 1.0 / (1.0 + cotangent * cotangent).sqrt();
        (cotangent * sn, sn)
    } else if twice == 0.0 {
        (1.0, 0.0)
    } else {
        let tangent = -cosine / twice;
        let cs = 1.0 / (1.0 + tangent * tangent).sqrt();
        (cs, tangent * cs)
    };
    if sign == sign_of_cosine {
        (cs, sn) = (-sn, cs);
    }
    // (cs, sn) belongs to the value of larger magnitude, which is the larger one unless the sum is negative.
    if first >= second { (second, first, [cs, sn]) } else { (first, second, [-sn, cs]) }
}

fn hypotenuse(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large == 0.0 { 0.0 } else { large * (1.0 + (small / large) * (small / large)).sqrt() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn simple_matrices() {
        let (small, large, [x, y]) = eigen(2.0, 0.0, 1.0);
        assert_eq!((small, large, x.abs(), y.abs()), (1.0, 2.0, 1.0, 0.0));
        let (small, large, [x, y]) = eigen(1.0, 0.0, 2.0);
        assert_eq!((small, large, x.abs(), y.abs()), (1.0, 2.0, 0.0, 1.0));
        assert_eq!(eigen(0.0, 0.0, 0.0).1, 0.0);
        let (small, large, [x, y]) = eigen(1.0, 1.0, 1.0);
        assert!(small.abs() < 1e-15 && (large - 2.0).abs() < 1e-15 && (x - y).abs() < 1e-15);
        assert_eq!(eigen(-1.0, 0.0, -3.0).0, -3.0);
    }

    proptest! {
        #[test]
        fn the_vector_is_turned_into_itself(a in -9.0..9.0, b in -9.0..9.0, c in -9.0..9.0) {
            let (small, large, [x, y]) = eigen(a, b, c);
            prop_assert!(small <= large);
            prop_assert!((x * x + y * y - 1.0).abs() < 1e-12);
            prop_assert!((a * x + b * y - large * x).abs() < 1e-12 * 20.0);
            prop_assert!((b * x + c * y - large * y).abs() < 1e-12 * 20.0);
            prop_assert!((small + large - a - c).abs() < 1e-12 * 20.0);
        }
    }
}
