//! Integrals of power laws between tabulated energies.

/// Exponents of growth up to this are taken by their series; the first term left out is below 1e-14.
const SMALL: f64 = 1e-2;

/// Least and largest logarithm of a ratio of two values.
const MIN_LOG: f64 = -708.396_418_532_264_1;

/// The integral of a power law through two points, given `log_ratio = ln(y1 / y0)` and `log_step = ln(e1 / e0)`.
///
/// With `x = ln(e1 y1 / e0 y0)` it is `e0 y0 ln(e1 / e0) (exp(x) - 1) / x`, which is the textbook form
/// `e0 y0 / (1 - index) ((e1 / e0)^(1 - index) - 1)` without its loss of digits at an index of 1. Where one of the values is zero it
/// is zero.
#[inline]
pub(crate) fn power_law(
    [e0, e1]: [f64; 2],
    [y0, y1]: [f64; 2],
    log_ratio: f64,
    log_step: f64,
) -> f64 {
    if y0 <= 0.0 || y1 <= 0.0 {
        return 0.0;
    }
    let (low, high, x) = (e0 * y0, e1 * y1, log_step + log_ratio);
    if x.abs() > SMALL {
        return log_step * (high - low) / x;
    }
    let sixth = 1.0 / 6.0;
    let series = 1.0 + x * (0.5 + x * (sixth + x * (sixth * 0.25 + x * (sixth * 0.05))));
    low * log_step * series
}

/// The integral from `energies[0]` to `energies[1]` of the power law through the two points.
///
/// Zero where either value is zero or less; energies must be positive and rise.
pub fn integrate_log_log(energies: [f64; 2], values: [f64; 2]) -> f64 {
    let log_ratio = -(values[0] / values[1]).ln().max(MIN_LOG);
    power_law(energies, values, log_ratio, (energies[1] / energies[0]).ln())
}
