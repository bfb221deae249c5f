//! Sums of images over disks and rings of pixels.
//!
//! The kernels are sets of whole pixels, which are runs along rows: each run is a difference of sums along a row of the image. Sums of
//! whole numbers are exact.

use crate::Error;

/// Half the size of a kernel in pixels, at most.
const MAX_RADIUS: f64 = 4096.0;

/// Pixels `from` to `to` (included) of the row at `dy`, all relative to the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    dy: isize,
    from: isize,
    to: isize,
}

/// A set of pixels around a centre, each of weight 1, the same when turned by half a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    runs: Vec<Run>,
    radius: usize,
}

impl Kernel {
    /// Pixels whose centres are within `radius` pixels.
    ///
    /// # Errors
    /// Where the radius is negative or too large.
    pub fn disk(radius: f64) -> Result<Self, Error> {
        Self::of(radius, |square| square <= radius * radius)
    }

    /// Pixels whose centres are from `r_in` to `r_in + width` pixels away.
    ///
    /// # Errors
    /// Where a size is negative or too large.
    pub fn ring(r_in: f64, width: f64) -> Result<Self, Error> {
        if !(r_in >= 0.0 && width >= 0.0) {
            let reason = format!("expected sizes of 0 and more, found {r_in} and {width}");
            return Err(Error::parameter("ring", reason));
        }
        let r_out = r_in + width;
        Self::of(r_out, |square| square >= r_in * r_in && square <= r_out * r_out)
    }

    /// Pixels up to `radius` of which `is_in` is true of the squared distance.
    fn of(radius: f64, is_in: impl Fn(f64) -> bool) -> Result<Self, Error> {
        if !(0.0..=MAX_RADIUS).contains(&radius) {
            let reason = format!("expected 0 to {MAX_RADIUS} pixels, found {radius}");
            return Err(Error::parameter("radius of a kernel", reason));
        }
        // The smallest odd size that is not below twice the radius.
        let size = (2.0 * radius).ceil() as isize;
        let half = size / 2;
        let mut runs = Vec::new();
        for dy in -half..=half {
            let mut open: Option<Run> = None;
            for dx in -half..=half {
                if is_in((dx * dx + dy * dy) as f64) {
                    open = Some(Run { dy, from: open.map_or(dx, |run| run.from), to: dx });
                } else {
                    runs.extend(open.take());
                }
            }
            runs.extend(open);
        }
        Ok(Kernel { runs, radius: half as usize })
    }

    /// Pixels along a side of the square it is in; odd.
    pub fn size(&self) -> usize {
        2 * self.radius + 1
    }

    /// Pixels in it.
    pub fn n_pixels(&self) -> usize {
        self.runs.iter().map(|run| (run.to - run.from + 1) as usize).sum()
    }

    /// It as an image of 0 and 1, [`size`](Self::size) squared.
    pub fn to_image(&self) -> Vec<f64> {
        let (size, half) = (self.size(), self.radius as isize);
        let mut image = vec![0.0; size * size];
        for run in &self.runs {
            let row = (run.dy + half) as usize * size;
            let columns = row + (run.from + half) as usize..=row + (run.to + half) as usize;
            image[columns].fill(1.0);
        }
        image
    }

    /// The sum of an image over the kernel around each of its pixels; nothing is beyond its edges.
    ///
    /// # Errors
    /// Where image and `out` don't have `shape` (rows, columns), or a value of the image is not finite.
    pub fn convolve(
        &self,
        image: &[f64],
        [n_y, n_x]: [usize; 2],
        out: &mut [f64],
    ) -> Result<(), Error> {
        if n_y.checked_mul(n_x) != Some(image.len()) || out.len() != image.len() {
            let reason = format!("{} values to {} for {n_y} by {n_x}", image.len(), out.len());
            return Err(Error::parameter("image to convolve", reason));
        }
        if let Some(at) = image.iter().position(|value| !value.is_finite()) {
            let reason = format!("{} in row {}, column {}", image[at], at / n_x, at % n_x);
            return Err(Error::parameter("image to convolve", reason));
        }
        if image.is_empty() {
            return Ok(());
        }
        out.fill(0.0);
        let mut sums = vec![0.0; n_x + 1];
        for (y, row) in image.chunks_exact(n_x).enumerate() {
            if row.iter().all(|value| *value == 0.0) {
                continue;
            }
            for (x, value) in row.iter().enumerate() {
                sums[x + 1] = sums[x] + value;
            }
            for run in &self.runs {
                let target = y as isize + run.dy;
                if (0..n_y as isize).contains(&target) {
                    let target = target as usize * n_x;
                    add_run(&sums, *run, &mut out[target..target + n_x]);
                }
            }
        }
        Ok(())
    }
}

/// Adds the sum from `x + from` to `x + to` of a row to each pixel of another.
fn add_run(sums: &[f64], run: Run, out: &mut [f64]) {
    let n = out.len() as isize;
    // Where the run is wholly inside the row there is nothing to limit.
    let start = (-run.from).clamp(0, n);
    let end = (n - run.to).clamp(start, n);
    let at = |x: isize| sums[x.clamp(0, n) as usize];
    for x in (0..start).chain(end..n) {
        out[x as usize] += at(x + run.to + 1) - at(x + run.from);
    }
    if start == end {
        return;
    }
    let len = (end - start) as usize;
    let first = &sums[(start + run.from) as usize..][..len];
    let last = &sums[(start + run.to + 1) as usize..][..len];
    let out = &mut out[start as usize..][..len];
    for ((out, first), last) in out.iter_mut().zip(first).zip(last) {
        *out += last - first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pixel by pixel.
    fn naive(kernel: &Kernel, image: &[f64], [n_y, n_x]: [usize; 2]) -> Vec<f64> {
        let (size, half) = (kernel.size() as isize, kernel.radius as isize);
        let weights = kernel.to_image();
        let mut out = vec![0.0; image.len()];
        for y in 0..n_y as isize {
            for x in 0..n_x as isize {
                for (at, weight) in weights.iter().enumerate() {
                    let (from_y, from_x) =
                        (y - (at as isize / size - half), x - (at as isize % size - half));
                    if (0..n_y as isize).contains(&from_y) && (0..n_x as isize).contains(&from_x) {
                        out[(y * n_x as isize + x) as usize] +=
                            weight * image[(from_y * n_x as isize + from_x) as usize];
                    }
                }
            }
        }
        out
    }

    fn counts(shape: [usize; 2]) -> Vec<f64> {
        (0..shape[0] * shape[1]).map(|k| ((k * 2_654_435_761) >> 7) as f64 % 5.0).collect()
    }

    #[test]
    fn sums_are_those_pixel_by_pixel() {
        let kernels = [
            Kernel::disk(0.0).unwrap(),
            Kernel::disk(2.5).unwrap(),
            Kernel::disk(7.0).unwrap(),
            Kernel::ring(2.0, 1.3).unwrap(),
            Kernel::ring(5.0, 3.0).unwrap(),
            // Wider than the image.
            Kernel::ring(9.0, 6.0).unwrap(),
        ];
        for shape in [[13, 17], [1, 5], [9, 1], [1, 1], [24, 8]] {
            let image = counts(shape);
            for kernel in &kernels {
                let mut out = vec![f64::NAN; image.len()];
                kernel.convolve(&image, shape, &mut out).unwrap();
                assert!(out == naive(kernel, &image, shape), "{shape:?}, {}", kernel.size());
            }
        }
    }

    #[test]
    fn pixels_of_kernels() {
        assert_eq!(Kernel::disk(0.01).unwrap().n_pixels(), 1);
        assert_eq!(Kernel::disk(1.0).unwrap().n_pixels(), 5);
        assert_eq!(Kernel::disk(1.5).unwrap().n_pixels(), 9);
        assert_eq!((Kernel::disk(2.0).unwrap().size(), Kernel::disk(2.6).unwrap().size()), (5, 7));
        let ring = Kernel::ring(1.0, 1.0).unwrap();
        assert_eq!((ring.size(), ring.n_pixels()), (5, 12));
        assert_eq!(ring.to_image().iter().sum::<f64>(), 12.0);
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(Kernel::disk(bad).is_err());
            assert!(Kernel::ring(1.0, bad).is_err());
        }
    }

    #[test]
    fn where_nothing_is_the_sum_is_zero_exactly() {
        let mut image = vec![0.1; 40];
        image[20..].fill(0.0);
        let mut out = vec![1.0; 40];
        Kernel::disk(2.0).unwrap().convolve(&image, [1, 40], &mut out).unwrap();
        assert!(out[22..].iter().all(|value| *value == 0.0));
        assert!(out[..22].iter().all(|value| *value > 0.0));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let kernel = Kernel::disk(1.0).unwrap();
        let mut out = vec![0.0; 4];
        assert!(kernel.convolve(&[0.0; 4], [2, 3], &mut out).is_err());
        assert!(kernel.convolve(&[0.0; 6], [2, 3], &mut out).is_err());
        let error = kernel.convolve(&[0.0, 1.0, f64::NAN, 0.0], [2, 2], &mut out).unwrap_err();
        assert!(error.to_string().contains("row 1, column 0"), "{error}");
        assert!(kernel.convolve(&[], [0, 5], &mut []).is_ok());
    }
}
