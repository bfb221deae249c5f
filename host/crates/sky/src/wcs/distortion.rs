//! Distortions: SIP polynomials of pixels (Shupe et al. 2005) and TPV polynomials of the gnomonic plane (registered FITS convention).

use crate::Error;
use crate::header::{Keyword, Lookup, number, whole};

/// Highest power of a SIP polynomial.
const MAX_SIP: i64 = 9;
/// Coefficients of a TPV polynomial.
const N_TPV: usize = 40;
/// Numbers of the TPV coefficients of r, r³, r⁵ and r⁷.
const RADIAL: [usize; 4] = [3, 11, 23, 39];

/// A polynomial in two variables and odd powers of their hypotenuse.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Poly {
    order: usize,
    /// Coefficients of xⁱyʲ with i + j ≤ order: those of i = 0 first, each by rising j.
    terms: Vec<f64>,
    radial: [f64; 4],
}

/// Value, and derivatives by x and y.
type Jet = [f64; 3];

impl Poly {
    fn zero(order: usize) -> Self {
        Poly { order, terms: vec![0.0; (order + 1) * (order + 2) / 2], radial: [0.0; 4] }
    }

    fn index(&self, i: usize, j: usize) -> usize {
        // i lists before it, the first of order + 1 entries, each shorter by one.
        i * (self.order + 1) - i * i.saturating_sub(1) / 2 + j
    }

    fn set(&mut self, i: usize, j: usize, value: f64) {
        let at = self.index(i, j);
        if let Some(term) = self.terms.get_mut(at) {
            *term = value;
        }
    }

    #[inline]
    fn at(&self, x: f64, y: f64) -> Jet {
        // By Horner in x of polynomials in y, with derivatives.
        let [mut value, mut by_x, mut by_y] = [0.0; 3];
        for i in (0..=self.order).rev() {
            let first = self.index(i, 0);
            let row = self.terms.get(first..=first + self.order - i).unwrap_or_default();
            let (mut inner, mut slope) = (0.0, 0.0);
            for term in row.iter().rev() {
                slope = slope * y + inner;
                inner = inner * y + term;
            }
            by_x = by_x * x + value;
            by_y = by_y * x + slope;
            value = value * x + inner;
        }
        if self.radial != [0.0; 4] {
            let r = x.hypot(y);
            let mut power = r;
            for (k, factor) in self.radial.iter().enumerate() {
                value += factor * power;
                if r > 0.0 {
                    let slope = factor * (2 * k + 1) as f64 * power / r;
                    by_x += slope * x / r;
                    by_y += slope * y / r;
                }
                power *= r * r;
            }
        }
        [value, by_x, by_y]
    }
}

/// A distortion of two coordinates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Distortion {
    /// Added to pixels from the reference pixel, before the matrix.
    Sip([Poly; 2]),
    /// In place of degrees in the plane, after the matrix. The second polynomial has its variables exchanged.
    Tpv([Poly; 2]),
}

impl Distortion {
    /// The distorted coordinates, and their derivatives by rows.
    #[inline]
    fn jets(&self, [x, y]: [f64; 2]) -> [Jet; 2] {
        match self {
            Distortion::Sip([a, b]) => {
                let ([u, u_x, u_y], [v, v_x, v_y]) = (a.at(x, y), b.at(x, y));
                [[x + u, 1.0 + u_x, u_y], [y + v, v_x, 1.0 + v_y]]
            }
            Distortion::Tpv([a, b]) => {
                let [v, v_y, v_x] = b.at(y, x);
                [a.at(x, y), [v, v_x, v_y]]
            }
        }
    }

    /// The distorted coordinates.
    #[inline]
    pub(crate) fn apply(&self, at: [f64; 2]) -> [f64; 2] {
        self.jets(at).map(|jet| jet[0])
    }

    /// The coordinates that are distorted to these, by Newton's method from there on; `None` where it finds none.
    pub(crate) fn undo(&self, target: [f64; 2]) -> Option<[f64; 2]> {
        let size = target[0].hypot(target[1]) + 1e-3;
        let mut at = target;
        for _ in 0..50 {
            let [[u, u_x, u_y], [v, v_x, v_y]] = self.jets(at);
            let (du, dv) = (target[0] - u, target[1] - v);
            let det = u_x * v_y - u_y * v_x;
            let step = [(du * v_y - dv * u_y) / det, (dv * u_x - du * v_x) / det];
            at = [at[0] + step[0], at[1] + step[1]];
            let length = step[0].hypot(step[1]);
            if !length.is_finite() {
                return None;
            }
            if length <= 1e-14 * size {
                return Some(at);
            }
        }
        // Rounding may keep it from coming closer.
        let [u, v] = self.apply(at);
        ((u - target[0]).hypot(v - target[1]) <= 1e-11 * size).then_some(at)
    }

    /// Reads A_ORDER, B_ORDER and their coefficients.
    pub(crate) fn sip(lookup: &Lookup<'_>) -> Result<Self, Error> {
        let poly = |name: &str| -> Result<Poly, Error> {
            let key = format!("{name}_ORDER");
            let order = whole(lookup, &key)?.unwrap_or(0);
            if !(0..=MAX_SIP).contains(&order) {
                let reason = format!("expected 0 to {MAX_SIP}, found {order}");
                return Err(Error::malformed(key, reason));
            }
            let order = order as usize;
            let mut poly = Poly::zero(order);
            for i in 0..=order {
                for j in 0..=order - i {
                    if let Some(value) = number(lookup, &format!("{name}_{i}_{j}"))? {
                        poly.set(i, j, value);
                    }
                }
            }
            Ok(poly)
        };
        Ok(Distortion::Sip([poly("A")?, poly("B")?]))
    }

    /// Reads PV1_0 to PV1_39 and PV2_0 to PV2_39.
    pub(crate) fn tpv(lookup: &Lookup<'_>) -> Result<Self, Error> {
        let poly = |axis: usize| -> Result<Poly, Error> {
            let mut poly = Poly::zero(7);
            for at in 0..N_TPV {
                let default = if at == 1 { 1.0 } else { 0.0 };
                let value = number(lookup, &format!("PV{axis}_{at}"))?.unwrap_or(default);
                match tpv_term(at) {
                    Ok([i, j]) => poly.set(i, j, value),
                    Err(k) => poly.radial[k] = value,
                }
            }
            Ok(poly)
        };
        Ok(Distortion::Tpv([poly(1)?, poly(2)?]))
    }

    /// Whether a gnomonic header has PV coefficients that only a TPV one can have, as SCAMP wrote them.
    pub(crate) fn is_tpv_in_disguise(lookup: &Lookup<'_>) -> bool {
        let there = |name: String| lookup(&name).is_some();
        (5..N_TPV).any(|at| there(format!("PV1_{at}")) || there(format!("PV2_{at}")))
    }

    /// The keywords that describe it.
    pub(crate) fn keywords(&self) -> Vec<Keyword> {
        let mut out = Vec::new();
        match self {
            Distortion::Sip(polys) => {
                for (name, poly) in ["A", "B"].into_iter().zip(polys) {
                    let order = poly.order as i64;
                    out.push(Keyword::new(format!("{name}_ORDER"), order, "Order of distortion"));
                    for i in 0..=poly.order {
                        for j in 0..=poly.order - i {
                            let value = poly.terms.get(poly.index(i, j)).copied().unwrap_or(0.0);
                            if value != 0.0 {
                                let key = format!("{name}_{i}_{j}");
                                out.push(Keyword::new(key, value, "Distortion coefficient"));
                            }
                        }
                    }
                }
            }
            Distortion::Tpv(polys) => {
                for (axis, poly) in (1..).zip(polys) {
                    for at in 0..N_TPV {
                        let value = match tpv_term(at) {
                            Ok([i, j]) => poly.terms.get(poly.index(i, j)).copied().unwrap_or(0.0),
                            Err(k) => poly.radial[k],
                        };
                        if value != 0.0 || at == 1 {
                            let key = format!("PV{axis}_{at}");
                            out.push(Keyword::new(key, value, "Distortion coefficient"));
                        }
                    }
                }
            }
        }
        out
    }
}

/// Powers of the variables of a TPV coefficient, or which of the radial ones it is.
fn tpv_term(at: usize) -> Result<[usize; 2], usize> {
    if let Some(k) = RADIAL.iter().position(|radial| *radial == at) {
        return Err(k);
    }
    // Without the radial ones: all of one degree, by rising power of the second variable.
    let mut left = at - RADIAL.iter().filter(|radial| **radial < at).count();
    let mut degree = 0;
    while left > degree {
        left -= degree + 1;
        degree += 1;
    }
    Ok([degree - left, left])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_have_their_powers() {
        let expected = [
            (0, [0, 0]),
            (1, [1, 0]),
            (2, [0, 1]),
            (4, [2, 0]),
            (5, [1, 1]),
            (10, [0, 3]),
            (12, [4, 0]),
            (16, [0, 4]),
            (17, [5, 0]),
            (24, [6, 0]),
            (30, [0, 6]),
            (31, [7, 0]),
            (38, [0, 7]),
        ];
        for (at, powers) in expected {
            assert_eq!(tpv_term(at), Ok(powers), "{at}");
        }
        assert_eq!([3, 11, 23, 39].map(tpv_term), [Err(0), Err(1), Err(2), Err(3)]);
    }

    #[test]
    fn polynomials_are_sums_of_powers() {
        let mut poly = Poly::zero(4);
        let mut expected = [0.0; 3];
        let (x, y) = (0.3f64, -0.7f64);
        for i in 0..=4 {
            for j in 0..=4 - i {
                let c = 1.0 + i as f64 - 0.5 * j as f64;
                poly.set(i, j, c);
                let power = |v: f64, n: usize| v.powi(n as i32);
                expected[0] += c * power(x, i) * power(y, j);
                if i > 0 {
                    expected[1] += c * i as f64 * power(x, i - 1) * power(y, j);
                }
                if j > 0 {
                    expected[2] += c * j as f64 * power(x, i) * power(y, j - 1);
                }
            }
        }
        poly.radial = [0.1, 0.2, 0.0, -0.3];
        let r = x.hypot(y);
        expected[0] += 0.1 * r + 0.2 * r.powi(3) - 0.3 * r.powi(7);
        let slope = 0.1 + 0.6 * r * r - 2.1 * r.powi(6);
        expected[1] += slope * x / r;
        expected[2] += slope * y / r;
        for (found, expected) in poly.at(x, y).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-13, "{found} {expected}");
        }
    }
}
