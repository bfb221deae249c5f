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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn power_laws_are_integrated() {
        // Of E^-index from 2 to 3.
        for index in [-2.0, 0.0, 1.0 - 1e-3, 1.0, 1.0 + 1e-6, 1.02, 2.0, 3.7, 60.0] {
            let value = |e: f64| e.powf(-index);
            let found = integrate_log_log([2.0, 3.0], [value(2.0), value(3.0)]);
            // Simpson's rule with many steps.
            let step = |k: usize| 2.0 + k as f64 / 2000.0;
            let weight =
                |k: usize| if k == 0 || k == 2000 { 1.0 } else { 2.0 + 2.0 * (k % 2) as f64 };
            let wanted: f64 = (0..=2000).map(|k| weight(k) * value(step(k))).sum::<f64>() / 6000.0;
            assert!((found / wanted - 1.0).abs() < 1e-9, "{index}: {found} {wanted}");
        }
    }

    #[test]
    fn no_value_at_either_end_is_no_integral() {
        for values in [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, -1.0]] {
            assert_eq!(integrate_log_log([1.0, 10.0], values), 0.0);
        }
        assert!(integrate_log_log([1.0, 10.0], [1e-300, 1e300]).is_finite());
        assert!(integrate_log_log([1.0, 10.0], [1e300, 1e-300]).is_finite());
    }
}
