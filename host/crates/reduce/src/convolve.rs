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
