//! Maps of excess and significance: counts summed over energies and over disks.

use crate::Error;
use crate::convolve::Kernel;
use crate::stats::{CashCountsStatistic, CountsStatistic, WStatCountsStatistic};

/// Maps of an image: counts, excess, test statistic and its root, all in C order; no numbers outside the mask.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcessMaps {
    /// Counts within the radius.
    pub counts: Vec<f64>,
    /// Counts less background.
    pub npred_excess: Vec<f64>,
    /// Difference of the statistic with and without the excess.
    pub ts: Vec<f64>,
    /// Its root with the sign of the excess.
    pub sqrt_ts: Vec<f64>,
}

/// Sums planes of energy to fewer: plane k of the result holds those from `groups[k]` to `groups[k + 1]`, what the mask excludes
/// left out.
///
/// # Errors
/// Where planes and groups don't fit, or the groups don't rise.
pub fn resample_energy(
    planes: &[f64],
    mask: &[bool],
    n_pixels: usize,
    groups: &[usize],
) -> Result<Vec<f64>, Error> {
    check_groups(planes.len(), mask.len(), n_pixels, groups)?;
    let mut out = vec![0.0; groups.len().saturating_sub(1) * n_pixels];
    for (group, out) in groups.windows(2).zip(out.chunks_exact_mut(n_pixels.max(1))) {
        for plane in group[0]..group[1] {
            let range = plane * n_pixels..(plane + 1) * n_pixels;
            for ((out, value), is_in) in
                out.iter_mut().zip(&planes[range.clone()]).zip(&mask[range])
            {
                // Not a product: what is no number may be masked.
                *out += if *is_in { *value } else { 0.0 };
            }
        }
    }
    Ok(out)
}

/// The mask of fewer planes, as [`resample_energy`]: true where any of its planes is.
///
/// # Errors
/// As [`resample_energy`].
pub fn resample_mask(mask: &[bool], n_pixels: usize, groups: &[usize]) -> Result<Vec<bool>, Error> {
    check_groups(mask.len(), mask.len(), n_pixels, groups)?;
    let mut out = vec![false; groups.len().saturating_sub(1) * n_pixels];
    for (group, out) in groups.windows(2).zip(out.chunks_exact_mut(n_pixels.max(1))) {
        for plane in group[0]..group[1] {
            let plane = &mask[plane * n_pixels..(plane + 1) * n_pixels];
            out.iter_mut().zip(plane).for_each(|(out, is_in)| *out |= is_in);
        }
    }
    Ok(out)
}

fn check_groups(
    n_values: usize,
    n_mask: usize,
    n_pixels: usize,
    groups: &[usize],
) -> Result<(), Error> {
    let last = groups.last().copied().unwrap_or(0);
    let fits = last.checked_mul(n_pixels).is_some_and(|n| n <= n_values);
    let rise = groups.windows(2).all(|pair| pair[0] < pair[1]);
    if fits && rise && n_values == n_mask && groups.len() > 1 {
        return Ok(());
    }
    let reason = format!("{n_values} values, a mask of {n_mask}, groups {groups:?} of {n_pixels}");
    Err(Error::parameter("energies to sum", reason))
}

/// What one plane of energy is made from.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Which pixels to use.
    pub mask: &'a [bool],
    /// The disk to sum over.
    pub kernel: &'a Kernel,
}

impl Plane<'_> {
    /// The sum of what the mask leaves over the kernel.
    fn sum(&self, image: &[f64]) -> Result<Vec<f64>, Error> {
        if image.len() != self.mask.len() {
            let reason = format!("{} values, a mask of {}", image.len(), self.mask.len());
            return Err(Error::parameter("image to correlate", reason));
        }
        let used: Vec<f64> = image
            .iter()
            .zip(self.mask)
            .map(|(value, is_in)| if *is_in { *value } else { 0.0 })
            .collect();
        let mut out = vec![0.0; used.len()];
        self.kernel.convolve(&used, self.shape, &mut out)?;
        Ok(out)
    }

    /// With a known background per pixel.
    ///
    /// # Errors
    /// Where the images don't have the shape, or what the mask leaves is not finite.
    pub fn cash(&self, counts: &[f64], background: &[f64]) -> Result<ExcessMaps, Error> {
        let (n_on, mu_bkg) = (self.sum(counts)?, self.sum(background)?);
        Ok(self.maps(
            n_on.iter()
                .zip(mu_bkg)
                .map(|(n_on, mu_bkg)| CashCountsStatistic { n_on: n_on.round_ties_even(), mu_bkg }),
        ))
    }

    /// With counts off, and the background per pixel they amount to, which is left out where the acceptance off is zero.
    ///
    /// # Errors
    /// As [`cash`](Self::cash).
    pub fn wstat(
        &self,
        counts: &[f64],
        counts_off: &[f64],
        background: &[f64],
        acceptance_off: &[f64],
    ) -> Result<ExcessMaps, Error> {
        if acceptance_off.len() != background.len() {
            let reason = format!("{} values, {} of it", background.len(), acceptance_off.len());
            return Err(Error::parameter("acceptance off", reason));
        }
        let known = background.iter().zip(acceptance_off);
        let known: Vec<f64> =
            known.map(|(value, off)| if *off == 0.0 { 0.0 } else { *value }).collect();
        let (n_on, n_off, n_bkg) = (self.sum(counts)?, self.sum(counts_off)?, self.sum(&known)?);
        Ok(self.maps(n_on.iter().zip(n_off.iter().zip(n_bkg)).map(|(n_on, (n_off, n_bkg))| {
            WStatCountsStatistic::new(n_on.round_ties_even(), *n_off, n_bkg / n_off)
        })))
    }

    /// With counts off that are not summed over the kernel, as they are of one region for each pixel already; the acceptance is.
    ///
    /// # Errors
    /// As [`cash`](Self::cash).
    pub fn wstat_off_per_pixel(
        &self,
        counts: &[f64],
        counts_off: &[f64],
        acceptance: &[f64],
        acceptance_off: &[f64],
    ) -> Result<ExcessMaps, Error> {
        let n = self.mask.len();
        if counts_off.len() != n || acceptance_off.len() != n {
            let reason = format!("{} counts, {} of it", counts_off.len(), acceptance_off.len());
            return Err(Error::parameter("acceptance off", reason));
        }
        let (n_on, acceptance) = (self.sum(counts)?, self.sum(acceptance)?);
        let on = n_on.iter().zip(&acceptance);
        let off = counts_off.iter().zip(acceptance_off);
        Ok(self.maps(on.zip(off).map(|((n_on, on), (n_off, off))| {
            WStatCountsStatistic::new(n_on.round_ties_even(), *n_off, on / off)
        })))
    }

    /// Maps of the statistics of pixels in turn.
    fn maps<S: Counts>(&self, statistics: impl Iterator<Item = S>) -> ExcessMaps {
        let n = self.mask.len();
        let [counts, npred_excess, ts, sqrt_ts] = [(); 4].map(|()| Vec::with_capacity(n));
        let mut maps = ExcessMaps { counts, npred_excess, ts, sqrt_ts };
        for (statistic, is_in) in statistics.zip(self.mask) {
            let mut push = |all: [f64; 4]| {
                maps.counts.push(all[0]);
                maps.npred_excess.push(all[1]);
                maps.ts.push(all[2]);
                maps.sqrt_ts.push(all[3]);
            };
            if *is_in {
                let (ts, excess) = (statistic.ts(), statistic.n_sig());
                push([statistic.n_on(), excess, ts, statistic.sqrt_ts()]);
            } else {
                push([f64::NAN; 4]);
            }
        }
        maps
    }
}

/// Statistics that tell the counts they are of.
trait Counts: CountsStatistic {
    fn n_on(&self) -> f64;
}

impl Counts for CashCountsStatistic {
    fn n_on(&self) -> f64 {
        self.n_on
    }
}

impl Counts for WStatCountsStatistic {
    fn n_on(&self) -> f64 {
        self.n_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::li_ma;

    #[test]
    fn energies_are_summed_where_the_mask_is_true() {
        let planes = [1.0, 2.0, 10.0, f64::NAN, 100.0, 200.0];
        let mask = [true, true, true, false, false, true];
        assert_eq!(
            resample_energy(&planes, &mask, 2, &[0, 2, 3]).unwrap(),
            [11.0, 2.0, 0.0, 200.0]
        );
        assert_eq!(resample_mask(&mask, 2, &[0, 2, 3]).unwrap(), [true, true, false, true]);
        assert_eq!(resample_energy(&planes, &mask, 2, &[1, 3]).unwrap(), [10.0, 200.0]);
        for bad in [&[0, 4][..], &[1, 1], &[2, 1], &[0], &[], &[0, usize::MAX]] {
            assert!(resample_energy(&planes, &mask, 2, bad).is_err());
            assert!(resample_mask(&mask, 2, bad).is_err());
        }
        assert!(resample_energy(&planes, &mask[1..], 2, &[0, 1]).is_err());
    }

    #[test]
    fn significance_of_a_pixel_alone() {
        let kernel = Kernel::disk(0.0).unwrap();
        let plane = Plane { shape: [1, 3], mask: &[true, true, false], kernel: &kernel };
        let maps = plane
            .wstat(
                &[20.0, 0.0, 9.0],
                &[100.0, 10.0, 3.0],
                &[10.0, 7.0, f64::NAN],
                &[10.0, 0.0, 1.0],
            )
            .unwrap();
        assert_eq!(maps.sqrt_ts[0], li_ma(20.0, 100.0, 0.1));
        assert_eq!(maps.npred_excess[..2], [10.0, 0.0]);
        assert!(maps.counts[2].is_nan() && maps.ts[2].is_nan());
        let off = [f64::NAN, 10.0, 0.0];
        let maps = plane.wstat_off_per_pixel(&[20.0, 1.0, 9.0], &[9.0, 7.0, 3.0], &[1.0; 3], &off);
        let maps = maps.unwrap();
        assert!(maps.sqrt_ts[0].is_nan());
        assert_eq!(maps.sqrt_ts[1], li_ma(1.0, 7.0, 0.1));
        assert!(plane.wstat_off_per_pixel(&[1.0; 3], &[1.0; 2], &[1.0; 3], &off).is_err());
        let maps = plane.cash(&[5.0, 5.0, 0.0], &[2.0, 5.0, 1.0]).unwrap();
        assert!((maps.sqrt_ts[0] - 1.778_456_442_745_098_6).abs() < 1e-12);
        assert_eq!((maps.ts[1], maps.sqrt_ts[1]), (0.0, 0.0));
        assert!(plane.cash(&[5.0; 2], &[2.0; 3]).is_err());
    }

    #[test]
    fn neighbours_are_summed() {
        let kernel = Kernel::disk(1.0).unwrap();
        let plane = Plane { shape: [3, 3], mask: &[true; 9], kernel: &kernel };
        let maps = plane.cash(&[1.0; 9], &[0.5; 9]).unwrap();
        assert_eq!(maps.counts, [3.0, 4.0, 3.0, 4.0, 5.0, 4.0, 3.0, 4.0, 3.0]);
        assert_eq!(maps.npred_excess[4], 2.5);
    }
}
