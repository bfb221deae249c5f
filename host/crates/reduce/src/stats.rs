//! Statistics of counts: likelihood ratios with a known and with a measured background.
//!
//! Sources: Cash 1979, ApJ 228, 939; Li and Ma 1983, ApJ 272, 317; the statistics appendix of the XSPEC manual for W.

use std::f64::consts::FRAC_1_SQRT_2;

use crate::Error;

/// Expected counts are taken to be this at least.
pub const TRUNCATION: f64 = 1e-25;

/// Cash's statistic of counts with expected counts: `2 (mu - n ln mu)`.
pub fn cash(n_on: f64, mu_on: f64) -> f64 {
    let mu = if mu_on <= TRUNCATION { TRUNCATION } else { mu_on };
    2.0 * (mu - n_on * mu.ln())
}

/// Cash's statistic summed over the pixels of a mask.
///
/// # Errors
/// Where counts, expected counts and mask differ in length.
pub fn cash_sum(n_on: &[f64], mu_on: &[f64], mask: &[bool]) -> Result<f64, Error> {
    if n_on.len() != mu_on.len() || n_on.len() != mask.len() {
        let reason = format!("{}, expected {}, mask of {}", n_on.len(), mu_on.len(), mask.len());
        return Err(Error::parameter("counts", reason));
    }
    let pixels = n_on.iter().zip(mu_on).zip(mask).filter(|(_, is_in)| **is_in);
    Ok(pixels.map(|((n_on, mu_on), _)| cash(*n_on, *mu_on)).sum())
}

/// Expected background counts in the off region that are most likely with counts on and off, for `mu_sig` signal counts in the on
/// region; `alpha` is the exposure of on over that of off.
pub fn wstat_mu_bkg(n_on: f64, n_off: f64, alpha: f64, mu_sig: f64) -> f64 {
    let c = alpha * (n_on + n_off) - (1.0 + alpha) * mu_sig;
    let d = (c * c + 4.0 * alpha * (alpha + 1.0) * n_off * mu_sig).sqrt();
    if c < 0.0 && mu_sig > 0.0 {
        // The same root without the difference of numbers that are nearly the same.
        2.0 * n_off * mu_sig / (d - c)
    } else {
        (c + d) / (2.0 * alpha * (alpha + 1.0))
    }
}

/// The W statistic: that of counts on and off with a background of unknown size, and `mu_sig` expected signal counts. It is 0 where
/// the model is the measurement.
pub fn wstat(n_on: f64, n_off: f64, alpha: f64, mu_sig: f64) -> f64 {
    let mu_bkg = wstat_mu_bkg(n_on, n_off, alpha, mu_sig);
    let times_log = |n: f64, mu: f64| if n == 0.0 { 0.0 } else { n * mu.ln() };
    let model = mu_sig + (1.0 + alpha) * mu_bkg
        - times_log(n_on, mu_sig + alpha * mu_bkg)
        - times_log(n_off, mu_bkg);
    let measured = |n: f64| if n == 0.0 { 0.0 } else { -n * (1.0 - n.ln()) };
    2.0 * model + 2.0 * (measured(n_on) + measured(n_off))
}

/// Counts with what they are compared with.
pub trait CountsStatistic {
    /// Counts less background (and known signal).
    fn n_sig(&self) -> f64;

    /// Background counts in the on region.
    fn n_bkg(&self) -> f64;

    /// Error of the excess, from the curvature.
    fn error(&self) -> f64;

    /// Statistic without excess.
    fn stat_null(&self) -> f64;

    /// Statistic with the measured excess.
    fn stat_max(&self) -> f64;

    /// Difference of the two; never negative.
    fn ts(&self) -> f64 {
        let ts = self.stat_null() - self.stat_max();
        if ts < 0.0 { 0.0 } else { ts }
    }

    /// Significance: its root, with the sign of the excess.
    fn sqrt_ts(&self) -> f64 {
        let excess = self.n_sig();
        // Not `signum`, which is 1 for 0.
        let sign = f64::from(i8::from(excess > 0.0) - i8::from(excess < 0.0));
        let sign = if excess.is_nan() { excess } else { sign };
        sign * self.ts().sqrt()
    }

    /// Probability of as large an excess by chance: half that of chi-square with one degree of freedom beyond it.
    fn p_value(&self) -> f64 {
        0.5 * libm::erfc(self.ts().sqrt() * FRAC_1_SQRT_2)
    }
}

/// Counts and a known background.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CashCountsStatistic {
    /// Counts.
    pub n_on: f64,
    /// Background.
    pub mu_bkg: f64,
}

impl CountsStatistic for CashCountsStatistic {
    fn n_sig(&self) -> f64 {
        self.n_on - self.mu_bkg
    }

    fn n_bkg(&self) -> f64 {
        self.mu_bkg
    }

    fn error(&self) -> f64 {
        self.n_on.sqrt()
    }

    fn stat_null(&self) -> f64 {
        cash(self.n_on, self.mu_bkg)
    }

    fn stat_max(&self) -> f64 {
        cash(self.n_on, self.n_on)
    }
}

impl CashCountsStatistic {
    /// That of all together.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let zero = CashCountsStatistic { n_on: 0.0, mu_bkg: 0.0 };
        parts.into_iter().fold(zero, |sum, part| CashCountsStatistic {
            n_on: sum.n_on + part.n_on,
            mu_bkg: sum.mu_bkg + part.mu_bkg,
        })
    }
}

/// Counts on and off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WStatCountsStatistic {
    /// Counts in the on region.
    pub n_on: f64,
    /// Counts in the off region.
    pub n_off: f64,
    /// Acceptance of on over that of off.
    pub alpha: f64,
    /// Signal counts in the on region that are known already.
    pub mu_sig: f64,
}

impl WStatCountsStatistic {
    /// Without known signal.
    pub fn new(n_on: f64, n_off: f64, alpha: f64) -> Self {
        WStatCountsStatistic { n_on, n_off, alpha, mu_sig: 0.0 }
    }

    /// That of all together, with the mean of `alpha` weighted by counts off; known signal is not kept.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let (mut n_on, mut n_off, mut n_bkg) = (0.0, 0.0, 0.0);
        for part in parts {
            n_on += part.n_on;
            n_off += part.n_off;
            n_bkg += part.n_bkg();
        }
        WStatCountsStatistic::new(n_on, n_off, n_bkg / n_off)
    }
}

impl CountsStatistic for WStatCountsStatistic {
    fn n_sig(&self) -> f64 {
        self.n_on - self.n_bkg() - self.mu_sig
    }

    fn n_bkg(&self) -> f64 {
        self.alpha * self.n_off
    }

    fn error(&self) -> f64 {
        (self.n_on + self.alpha * self.alpha * self.n_off).sqrt()
    }

    fn stat_null(&self) -> f64 {
        wstat(self.n_on, self.n_off, self.alpha, self.mu_sig)
    }

    fn stat_max(&self) -> f64 {
        wstat(self.n_on, self.n_off, self.alpha, self.n_sig() + self.mu_sig)
    }
}

/// Significance of counts on and off: equation 17 of Li and Ma 1983, with the sign of the excess.
pub fn li_ma(n_on: f64, n_off: f64, alpha: f64) -> f64 {
    WStatCountsStatistic::new(n_on, n_off, alpha).sqrt_ts()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn li_and_ma_is_the_ratio_of_likelihoods() {
        for (n_on, n_off, alpha) in [(20.0, 100.0, 0.1), (7.0, 3.0, 1.0), (2.0, 100.0, 0.1)] {
            let all: f64 = n_on + n_off;
            let on = n_on * ((1.0 + alpha) / alpha * n_on / all).ln();
            let off = n_off * ((1.0 + alpha) * n_off / all).ln();
            let wanted = (2.0 * (on + off)).sqrt() * f64::signum(n_on - alpha * n_off);
            assert!((li_ma(n_on, n_off, alpha) - wanted).abs() < 1e-9);
        }
    }

    #[test]
    fn the_background_is_the_most_likely() {
        for (n_on, n_off, alpha, mu_sig) in [
            (5.0, 7.0, 0.3, 2.0),
            (0.0, 7.0, 0.1, 30.0),
            (50.0, 7.0, 1.0, 90.0),
            (3.0, 1.0, 0.5, 0.0),
        ] {
            let mu = wstat_mu_bkg(n_on, n_off, alpha, mu_sig);
            // Where the derivative by the background vanishes.
            let slope = 1.0 + alpha - alpha * n_on / (mu_sig + alpha * mu) - n_off / mu;
            assert!(slope.abs() < 1e-12, "{slope}");
        }
        assert_eq!(wstat_mu_bkg(0.0, 0.0, 0.1, 5.0), 0.0);
    }

    #[test]
    fn sums_weigh_alpha_by_counts_off() {
        let parts =
            [WStatCountsStatistic::new(5.0, 10.0, 0.1), WStatCountsStatistic::new(6.0, 30.0, 0.5)];
        let sum = WStatCountsStatistic::sum(parts);
        assert_eq!((sum.n_on, sum.n_off, sum.alpha), (11.0, 40.0, 0.4));
        let parts =
            [(3.0, 1.0), (4.0, 2.5)].map(|(n_on, mu_bkg)| CashCountsStatistic { n_on, mu_bkg });
        assert_eq!(CashCountsStatistic::sum(parts), CashCountsStatistic { n_on: 7.0, mu_bkg: 3.5 });
    }

    #[test]
    fn sums_are_of_the_mask() {
        let sum = cash_sum(&[1.0, 2.0, 3.0], &[2.0, f64::NAN, 1.0], &[true, false, true]).unwrap();
        assert_eq!(sum, cash(1.0, 2.0) + cash(3.0, 1.0));
        assert!(cash_sum(&[1.0], &[2.0], &[]).is_err());
    }

    #[test]
    fn no_excess_is_no_significance() {
        assert_eq!(CashCountsStatistic { n_on: 4.0, mu_bkg: 4.0 }.sqrt_ts(), 0.0);
        assert_eq!(WStatCountsStatistic::new(0.0, 0.0, 0.1).p_value(), 0.5);
        assert!(WStatCountsStatistic::new(1.0, 0.0, f64::NAN).sqrt_ts().is_nan());
    }
}
