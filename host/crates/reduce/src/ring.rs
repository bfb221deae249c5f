//! Rings around each pixel that grow until enough background is in them.

use crate::Error;
use crate::convolve::Kernel;

/// Rings, at most.
const MAX_RINGS: f64 = 10_000.0;

/// How rings grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdaptiveMethod {
    /// Outwards, as wide as before.
    FixedWidth,
    /// In width, from the same inner radius.
    FixedRIn,
}

impl AdaptiveMethod {
    /// `fixed_width` or `fixed_r_in`.
    ///
    /// # Errors
    /// Where the name is another.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        match name {
            "fixed_width" => Ok(AdaptiveMethod::FixedWidth),
            "fixed_r_in" => Ok(AdaptiveMethod::FixedRIn),
            _ => Err(Error::parameter(
                "method of the adaptive ring",
                format!("expected fixed_width or fixed_r_in, found {name}"),
            )),
        }
    }

    /// The rings of growing size, all sizes in pixels: the inner radius from `r_in` or the width from `width` on in steps of
    /// `stepsize`, as long as the outer radius is below `r_out_max`.
    ///
    /// # Errors
    /// Where sizes are negative or no numbers, or there are more than ten thousand rings.
    pub fn kernels(
        self,
        r_in: f64,
        r_out_max: f64,
        width: f64,
        stepsize: f64,
    ) -> Result<Vec<Kernel>, Error> {
        let (from, to) = match self {
            AdaptiveMethod::FixedWidth => (r_in, r_out_max - width),
            AdaptiveMethod::FixedRIn => (width, r_out_max - r_in),
        };
        let n = ((to - from) / stepsize).ceil().max(0.0);
        if !(stepsize > 0.0 && n <= MAX_RINGS && (to - from).is_finite()) {
            let reason = format!("{n} steps of {stepsize} pixels from {from} to {to}");
            return Err(Error::parameter("sizes of the adaptive ring", reason));
        }
        let size = |k: usize| from + k as f64 * stepsize;
        let kernel = |k: usize| match self {
            AdaptiveMethod::FixedWidth => Kernel::ring(size(k), width),
            AdaptiveMethod::FixedRIn => Kernel::ring(r_in, size(k)),
        };
        (0..n as usize).map(kernel).collect()
    }
}

/// Images of the background around each pixel; no numbers where no ring has enough.
#[derive(Debug, Clone, PartialEq)]
pub struct RingMaps {
    /// Counts in the ring.
    pub counts_off: Vec<f64>,
    /// Background expected in the pixel.
    pub acceptance: Vec<f64>,
    /// Background expected in the ring.
    pub acceptance_off: Vec<f64>,
}

/// Takes for each pixel the first ring in which the acceptance off is so large that that of the pixel over it is at most
/// `threshold_alpha`.
///
/// `counts` and `background` are images of `shape` (rows, columns) without what is excluded; `acceptance` is the background of all
/// pixels.
///
/// # Errors
/// Where the images don't have the shape, or aren't finite.
pub fn adaptive_ring(
    kernels: &[Kernel],
    shape: [usize; 2],
    counts: &[f64],
    background: &[f64],
    acceptance: &[f64],
    threshold_alpha: f64,
) -> Result<RingMaps, Error> {
    let n = acceptance.len();
    if counts.len() != n || background.len() != n {
        let reason = format!("{} counts, {} and {n} of background", counts.len(), background.len());
        return Err(Error::parameter("images of the adaptive ring", reason));
    }
    let nothing = || vec![f64::NAN; n];
    let [counts_off, alpha_on, acceptance_off] = [nothing(), nothing(), nothing()];
    let mut maps = RingMaps { counts_off, acceptance: alpha_on, acceptance_off };
    let mut todo: Vec<usize> = (0..n).collect();
    let (mut off, mut off_acceptance) = (vec![0.0; n], vec![0.0; n]);
    for kernel in kernels {
        if todo.is_empty() {
            break;
        }
        kernel.convolve(background, shape, &mut off_acceptance)?;
        kernel.convolve(counts, shape, &mut off)?;
        todo.retain(|&pixel| {
            let around = off_acceptance[pixel];
            // Without background in the ring there is no ratio.
            if !(around > 0.0 && acceptance[pixel] / around <= threshold_alpha) {
                return true;
            }
            maps.counts_off[pixel] = off[pixel];
            maps.acceptance[pixel] = acceptance[pixel];
            maps.acceptance_off[pixel] = around;
            false
        });
    }
    Ok(maps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_rings() {
        let of = AdaptiveMethod::of_name;
        let kernels = of("fixed_width").unwrap().kernels(8.0, 20.0, 6.0, 2.0).unwrap();
        let wanted = [8.0, 10.0, 12.0].map(|r_in| Kernel::ring(r_in, 6.0).unwrap());
        assert_eq!(kernels, wanted);
        let kernels = of("fixed_r_in").unwrap().kernels(8.0, 20.0, 6.0, 4.0).unwrap();
        assert_eq!(kernels, [6.0, 10.0].map(|width| Kernel::ring(8.0, width).unwrap()));
        let fixed = AdaptiveMethod::FixedWidth;
        assert!(fixed.kernels(8.0, 10.0, 6.0, 2.0).unwrap().is_empty());
        assert!(of("other").is_err() && fixed.kernels(8.0, 20.0, 6.0, 0.0).is_err());
        assert!(fixed.kernels(8.0, 20.0, 6.0, 1e-6).is_err());
        assert!(fixed.kernels(8.0, f64::NAN, 6.0, 1.0).is_err());
    }

    #[test]
    fn the_first_ring_with_enough_is_taken() {
        let kernels = AdaptiveMethod::FixedWidth.kernels(1.0, 6.0, 0.5, 1.0).unwrap();
        let (shape, n) = ([9, 9], 81);
        let counts: Vec<f64> = (0..n).map(|k| (k % 4) as f64).collect();
        let mut background = vec![1.0; n];
        background[..9].fill(0.0);
        let maps =
            adaptive_ring(&kernels, shape, &counts, &background, &vec![1.0; n], 0.1).unwrap();
        let sum = |kernel: &Kernel, image: &[f64]| {
            let mut out = vec![0.0; n];
            kernel.convolve(image, shape, &mut out).unwrap();
            out
        };
        for pixel in 0..n {
            let ring = kernels.iter().find(|kernel| sum(kernel, &background)[pixel] >= 10.0);
            match ring {
                Some(ring) => {
                    assert_eq!(maps.counts_off[pixel], sum(ring, &counts)[pixel]);
                    assert_eq!(maps.acceptance_off[pixel], sum(ring, &background)[pixel]);
                    assert_eq!(maps.acceptance[pixel], 1.0);
                }
                None => assert!(maps.counts_off[pixel].is_nan() && maps.acceptance[pixel].is_nan()),
            }
        }
        // In the middle already the second, in the corner none.
        assert_eq!(maps.acceptance_off[40], 12.0);
        assert!(maps.counts_off[0].is_nan());
        assert!(adaptive_ring(&kernels, shape, &counts, &background, &[1.0], 0.1).is_err());
    }
}
