//! Projections of the native sphere to the plane, as FITS WCS paper II (Calabretta & Greisen 2002) defines them.
//!
//! The plane is in radians here. A native direction is the vector (cos θ cos φ, cos θ sin φ, sin θ), so that zenithal projections
//! need no angles at all.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

use crate::Error;

/// How far beyond the edge of the native sphere a coordinate may lie, by rounding; radians.
const SLACK: f64 = 2e-14;

/// A projection by its three-letter code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// Plate carrée.
    Car,
    /// Cylindrical equal area; PV2_1 is the square of the cosine of the conformal latitude.
    Cea,
    /// Mercator.
    Mer,
    /// Gnomonic.
    Tan,
    /// Orthographic; PV2_1 and PV2_2 slant it.
    Sin,
    /// Zenithal equidistant.
    Arc,
    /// Stereographic.
    Stg,
    /// Zenithal equal area.
    Zea,
    /// Hammer-Aitoff.
    Ait,
    /// Mollweide.
    Mol,
    /// Sanson-Flamsteed.
    Sfl,
    /// HEALPix with H = 4, K = 3.
    Hpx,
}

/// All projections, with their codes.
const CODES: [(Projection, &str); 12] = [
    (Projection::Car, "CAR"),
    (Projection::Cea, "CEA"),
    (Projection::Mer, "MER"),
    (Projection::Tan, "TAN"),
    (Projection::Sin, "SIN"),
    (Projection::Arc, "ARC"),
    (Projection::Stg, "STG"),
    (Projection::Zea, "ZEA"),
    (Projection::Ait, "AIT"),
    (Projection::Mol, "MOL"),
    (Projection::Sfl, "SFL"),
    (Projection::Hpx, "HPX"),
];

impl Projection {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Projection> {
        CODES.iter().map(|(projection, _)| *projection)
    }

    /// Three-letter code of the FITS standard.
    pub fn code(self) -> &'static str {
        CODES.iter().find(|(one, _)| *one == self).map_or("", |(_, code)| code)
    }

    /// The projection of a code.
    ///
    /// # Errors
    /// Where it is none of those implemented.
    pub fn of_code(code: &str) -> Result<Self, Error> {
        let known = CODES.iter().find(|(_, one)| one.eq_ignore_ascii_case(code.trim()));
        known.map(|(projection, _)| *projection).ok_or_else(|| {
            let all = CODES.map(|(_, code)| code).join(", ");
            Error::unsupported(format!("projection {}", code.trim()), format!("known are {all}"))
        })
    }

    /// Whether its reference point is the native pole.
    pub fn is_zenithal(self) -> bool {
        use Projection::{Arc, Sin, Stg, Tan, Zea};
        matches!(self, Tan | Sin | Arc | Stg | Zea)
    }

    /// Whether φ depends on x only and θ on y only.
    pub(crate) fn is_cylindrical(self) -> bool {
        matches!(self, Projection::Car | Projection::Cea | Projection::Mer)
    }

    /// Native latitude of the reference point, in degrees.
    pub fn theta0_deg(self) -> f64 {
        if self.is_zenithal() { 90.0 } else { 0.0 }
    }

    /// The parameters PV2_1 and PV2_2 where a header has none.
    pub(crate) fn default_pv(self) -> [f64; 2] {
        match self {
            Projection::Cea => [1.0, 0.0],
            Projection::Hpx => [4.0, 3.0],
            _ => [0.0; 2],
        }
    }

    /// Checks PV2_1 and PV2_2.
    pub(crate) fn check_pv(self, pv: [f64; 2]) -> Result<(), Error> {
        let fine = match self {
            Projection::Cea => pv[0] > 0.0 && pv[0] <= 1.0 && pv[1] == 0.0,
            Projection::Sin => pv.iter().all(|one| one.is_finite()),
            _ => pv == self.default_pv(),
        };
        if fine {
            return Ok(());
        }
        let found = format!("PV2_1 = {}, PV2_2 = {}", pv[0], pv[1]);
        Err(Error::unsupported(format!("projection {}", self.code()), found))
    }

    /// The native direction of a point of the plane; `None` outside the projection.
    #[inline]
    pub(crate) fn deproject(self, pv: [f64; 2], x: f64, y: f64) -> Option<[f64; 3]> {
        match self {
            Projection::Car => from_angles(x, y),
            Projection::Cea => from_sine(x, y * pv[0]),
            Projection::Mer => {
                check(x, 0.0)?;
                let (sin, cos) = x.sin_cos();
                let cos_theta = y.cosh().recip();
                Some([cos_theta * cos, cos_theta * sin, y.tanh()])
            }
            Projection::Sfl => sfl(x, y),
            Projection::Mol => mol(x, y),
            Projection::Ait => ait(x, y),
            Projection::Hpx => hpx(x, y),
            _ => self.deproject_zenithal(pv, x, y),
        }
    }

    #[inline]
    fn deproject_zenithal(self, pv: [f64; 2], x: f64, y: f64) -> Option<[f64; 3]> {
        let square = x * x + y * y;
        if !square.is_finite() {
            return None;
        }
        // cos θ / R, and sin θ.
        let (k, sin) = match self {
            Projection::Tan => {
                let k = (1.0 + square).sqrt().recip();
                (k, k)
            }
            Projection::Sin => return slant(pv, x, y),
            Projection::Stg => (4.0 / (4.0 + square), (4.0 - square) / (4.0 + square)),
            Projection::Zea if square > 4.0 + SLACK => return None,
            Projection::Zea => ((1.0 - square / 4.0).max(0.0).sqrt(), 1.0 - square / 2.0),
            _ => {
                let r = square.sqrt();
                if r > PI + SLACK {
                    return None;
                }
                (if r == 0.0 { 1.0 } else { r.sin() / r }, r.cos())
            }
        };
        Some([-y * k, x * k, sin])
    }

    /// The point of the plane of a native direction; `None` where it has none.
    #[inline]
    pub(crate) fn project(self, pv: [f64; 2], u: [f64; 3]) -> Option<[f64; 2]> {
        if self.is_zenithal() {
            return self.project_zenithal(pv, u);
        }
        let [ux, uy, uz] = u;
        let phi = uy.atan2(ux);
        let cos_theta = ux.hypot(uy);
        let theta = uz.atan2(cos_theta);
        let point = match self {
            Projection::Car => [phi, theta],
            Projection::Cea => [phi, uz / pv[0]],
            Projection::Mer if cos_theta <= f64::EPSILON => return None,
            Projection::Mer => [phi, (uz / cos_theta).asinh()],
            Projection::Sfl => [phi * cos_theta, theta],
            Projection::Mol => {
                let w = mollweide_w(PI * cos_theta * cos_theta / (1.0 + uz.abs()));
                let y = SQRT_2 * (w / 2.0).cos();
                [2.0 * SQRT_2 / PI * phi * (w / 2.0).sin(), if uz < 0.0 { -y } else { y }]
            }
            Projection::Ait => {
                let (sin, cos) = (phi / 2.0).sin_cos();
                let gamma = (2.0 / (1.0 + cos_theta * cos)).sqrt();
                [2.0 * gamma * cos_theta * sin, gamma * uz]
            }
            _ => project_hpx(phi, uz, cos_theta),
        };
        point.iter().all(|one| one.is_finite()).then_some(point)
    }

    #[inline]
    fn project_zenithal(self, pv: [f64; 2], [ux, uy, uz]: [f64; 3]) -> Option<[f64; 2]> {
        let rho = ux.hypot(uy);
        let k = match self {
            Projection::Tan if uz <= 0.0 => return None,
            Projection::Tan => uz.recip(),
            Projection::Sin => {
                let [xi, eta] = pv;
                let below = 1.0 - uz;
                let seen = uz >= eta * ux - xi * uy;
                return seen.then_some([uy + xi * below, -ux + eta * below]);
            }
            Projection::Stg if rho == 0.0 && uz < 0.0 => return None,
            // 1 + sin θ by way of cos θ, where that is more precise.
            Projection::Stg if uz < 0.0 => 2.0 * (1.0 - uz) / (rho * rho),
            Projection::Stg => 2.0 / (1.0 + uz),
            _ if rho == 0.0 && uz < 0.0 => {
                let r = if self == Projection::Zea { 2.0 } else { PI };
                return Some([0.0, -r]);
            }
            Projection::Zea if uz < 0.0 => (2.0 * (1.0 - uz)).sqrt() / rho,
            Projection::Zea => (2.0 / (1.0 + uz)).sqrt(),
            _ if rho == 0.0 => 1.0,
            _ => rho.atan2(uz) / rho,
        };
        let point = [uy * k, -ux * k];
        point.iter().all(|one| one.is_finite()).then_some(point)
    }
}

/// That φ and θ are on the sphere.
#[inline]
fn check(phi: f64, theta: f64) -> Option<()> {
    (phi.abs() <= PI + SLACK && theta.abs() <= FRAC_PI_2 + SLACK).then_some(())
}

#[inline]
fn from_angles(phi: f64, theta: f64) -> Option<[f64; 3]> {
    check(phi, theta)?;
    let (sin_theta, cos_theta) = theta.sin_cos();
    let (sin, cos) = phi.sin_cos();
    Some([cos_theta * cos, cos_theta * sin, sin_theta])
}

#[inline]
fn from_sine(phi: f64, sin_theta: f64) -> Option<[f64; 3]> {
    check(phi, 0.0)?;
    if sin_theta.is_nan() || sin_theta.abs() > 1.0 + SLACK {
        return None;
    }
    let cos_theta = ((1.0 - sin_theta) * (1.0 + sin_theta)).max(0.0).sqrt();
    let (sin, cos) = phi.sin_cos();
    Some([cos_theta * cos, cos_theta * sin, sin_theta.clamp(-1.0, 1.0)])
}

/// Orthographic, slanted by ξ and η (paper II, section 5.1.5).
#[inline]
fn slant([xi, eta]: [f64; 2], x: f64, y: f64) -> Option<[f64; 3]> {
    let (dx, dy) = (x - xi, y - eta);
    let a = xi * xi + eta * eta + 1.0;
    let b = xi * dx + eta * dy;
    let c = dx * dx + dy * dy - 1.0;
    let under = b * b - a * c;
    if under.is_nan() || under < -SLACK {
        return None;
    }
    let root = under.max(0.0).sqrt();
    let on_sphere = |sin: &f64| sin.abs() <= 1.0 + SLACK;
    let sin = Some((root - b) / a).filter(on_sphere);
    let sin = sin.or_else(|| Some((-root - b) / a).filter(on_sphere))?;
    let below = 1.0 - sin;
    Some([eta * below - y, x - xi * below, sin])
}

#[inline]
fn sfl(x: f64, theta: f64) -> Option<[f64; 3]> {
    check(0.0, theta)?;
    let cos = theta.cos();
    let phi = if x == 0.0 { 0.0 } else { x / cos };
    from_angles(phi, theta)
}

#[inline]
fn mol(x: f64, y: f64) -> Option<[f64; 3]> {
    if y.is_nan() || y.abs() > SQRT_2 + SLACK {
        return None;
    }
    // w is 0 at the poles and π at the equator.
    let w = 2.0 * (2.0 - y * y).max(0.0).sqrt().atan2(y.abs());
    let phi = if x == 0.0 { 0.0 } else { PI * x / (2.0 * SQRT_2 * (w / 2.0).sin()) };
    check(phi, 0.0)?;
    let below = less_sine(w) / PI;
    let cos_theta = (below * (2.0 - below)).max(0.0).sqrt();
    let (sin, cos) = phi.sin_cos();
    Some([cos_theta * cos, cos_theta * sin, (1.0 - below).copysign(y)])
}

/// w − sin w, precise for small w.
fn less_sine(w: f64) -> f64 {
    if w.abs() > 0.5 {
        return w - w.sin();
    }
    let square = w * w;
    let mut term = w * square / 6.0;
    let mut sum = 0.0;
    for k in [20.0, 42.0, 72.0, 110.0, 156.0, 210.0, 272.0] {
        sum += term;
        term *= -square / k;
    }
    sum
}

/// The w of w − sin w = c, by Newton's method; the function is convex, so that it comes down from above.
fn mollweide_w(c: f64) -> f64 {
    if c <= 0.0 {
        return 0.0;
    }
    let mut w = (6.0 * c).cbrt().min(PI);
    for _ in 0..40 {
        let slope = 2.0 * (w / 2.0).sin().powi(2);
        let step = (less_sine(w) - c) / slope;
        w = (w - step).clamp(0.0, PI);
        if step.abs() <= 1e-16 * w {
            break;
        }
    }
    w
}

#[inline]
fn ait(x: f64, y: f64) -> Option<[f64; 3]> {
    let z_square = 1.0 - x * x / 16.0 - y * y / 4.0;
    if z_square.is_nan() || z_square < 0.5 - SLACK {
        return None;
    }
    let z = z_square.sqrt();
    // cos θ times the cosine and sine of φ / 2.
    let (a, b) = ((2.0 * z_square - 1.0).max(0.0), x * z / 2.0);
    let cos_theta = a.hypot(b);
    if cos_theta == 0.0 {
        return Some([0.0, 0.0, y * z]);
    }
    Some([(a * a - b * b) / cos_theta, 2.0 * a * b / cos_theta, y * z])
}

/// Middle, in φ, of the polar facet of an x or φ.
#[inline]
fn facet(x: f64) -> f64 {
    let k = ((x + PI) / FRAC_PI_2).floor().clamp(0.0, 3.0);
    -PI + (2.0 * k + 1.0) * FRAC_PI_4
}

#[inline]
fn hpx(x: f64, y: f64) -> Option<[f64; 3]> {
    check(x, y)?;
    if y.abs() <= FRAC_PI_4 {
        return from_sine(x, y * 8.0 / (3.0 * PI));
    }
    let sigma = (2.0 - y.abs() / FRAC_PI_4).max(0.0);
    let middle = facet(x);
    let off = x - middle;
    if off.abs() > FRAC_PI_4 * sigma + SLACK {
        return None;
    }
    let phi = if sigma == 0.0 { middle } else { middle + off / sigma };
    let below = sigma * sigma / 3.0;
    let cos_theta = (below * (2.0 - below)).sqrt();
    let (sin, cos) = phi.sin_cos();
    Some([cos_theta * cos, cos_theta * sin, (1.0 - below).copysign(y)])
}

#[inline]
fn project_hpx(phi: f64, sin_theta: f64, cos_theta: f64) -> [f64; 2] {
    if sin_theta.abs() <= 2.0 / 3.0 {
        return [phi, 3.0 * PI / 8.0 * sin_theta];
    }
    let below = cos_theta * cos_theta / (1.0 + sin_theta.abs());
    let sigma = (3.0 * below).sqrt();
    let middle = facet(phi);
    [middle + (phi - middle) * sigma, (FRAC_PI_4 * (2.0 - sigma)).copysign(sin_theta)]
}
