//! The level before the pulse: subtraction, mean, spread and slope.

use crate::dsp::frame::Frame;
use crate::dsp::store::{BLOCK, Float};

type Done = Result<(), &'static str>;

/// `w - baseline`
pub(crate) fn bl_subtract<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, level) = (f.wave(0), f.scalar(1));
    f.out(0).iter_mut().zip(w).for_each(|(out, x)| *out = *x - level);
    Ok(())
}

/// Mean and sum of squared deviations, updated with every sample (Welford), in the precision of
/// the waveform. The division makes one row wait for itself, so the rows of a block go abreast.
#[derive(Clone, Copy)]
struct Spread<T> {
    mean: T,
    squares: T,
}

impl<T: Float> Spread<T> {
    const START: Self = Spread { mean: T::ZERO, squares: T::ZERO };

    fn add(&mut self, x: T, count: T) {
        let off = x - self.mean;
        self.mean += off / count;
        self.squares += off * (x - self.mean);
    }

    /// Standard deviation with `n - 1` in the denominator.
    fn deviation(&self, n: usize) -> T {
        (self.squares / T::of(n as f64 - 1.0)).sqrt()
    }
}

/// Mean, standard deviation (`n - 1`), slope per sample and value at sample 0 of the straight line
/// with the least squares.
pub(crate) fn linear_slope_fit<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let first = f.row;
    let mut spreads = [Spread::<T>::START; BLOCK];
    if f.rows == BLOCK {
        let [a, b, c, d] = std::array::from_fn::<_, BLOCK, _>(|row| f.wave_at(0, first + row));
        let samples = a.iter().zip(b).zip(c).zip(d);
        for (i, (((a, b), c), d)) in samples.enumerate() {
            let count = T::of_index(i + 1);
            for (spread, x) in spreads.iter_mut().zip([*a, *b, *c, *d]) {
                spread.add(x, count);
            }
        }
    } else {
        for (row, spread) in spreads.iter_mut().enumerate().take(f.rows) {
            let wave = f.wave_at(0, first + row).iter().enumerate();
            wave.for_each(|(i, x)| spread.add(*x, T::of_index(i + 1)));
        }
    }
    for (row, spread) in spreads.iter().enumerate().take(f.rows) {
        f.row = first + row;
        if f.any_nan(&[0]) {
            f.nan();
            continue;
        }
        let w = f.wave(0);
        let (slope, intercept) = line(w);
        f.set(0, spread.mean);
        f.set(1, spread.deviation(w.len()));
        f.set(2, T::of(slope));
        f.set(3, T::of(intercept));
    }
    f.row = first;
    Ok(())
}

/// Slope and intercept, from sums in `f64`.
fn line<T: Float>(w: &[T]) -> (f64, f64) {
    const LANES: usize = 8;
    let (mut sums, mut moments) = ([0.0; LANES], [0.0; LANES]);
    let mut places: [f64; LANES] = std::array::from_fn(|lane| lane as f64);
    let (chunks, rest) = w.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let x = chunk[lane].f64();
            sums[lane] += x;
            moments[lane] += places[lane] * x;
            places[lane] += LANES as f64;
        }
    }
    let (mut sum, mut moment) = (sums.iter().sum::<f64>(), moments.iter().sum::<f64>());
    for (i, x) in rest.iter().enumerate() {
        sum += x.f64();
        moment += (chunks.len() * LANES + i) as f64 * x.f64();
    }
    let n = w.len() as f64;
    let index_sum = n * (n - 1.0) / 2.0;
    let index_squares = index_sum * (2.0 * n - 1.0) / 3.0;
    let slope = (n * moment - index_sum * sum) / (n * index_squares - index_sum * index_sum);
    (slope, (sum - slope * index_sum) / n)
}

/// Mean of what is left of the waveform after a straight line is taken off, and its size: the root
/// of the sum of squares over `n - 1`.
pub(crate) fn linear_slope_diff<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1, 2]) {
        return f.no_result();
    }
    let (w, slope, intercept) = (f.wave(0), f.scalar(1).f64(), f.scalar(2).f64());
    let (mut sum, mut squares) = (0.0, 0.0);
    for (i, x) in w.iter().enumerate() {
        let rest = x.f64() - (slope * i as f64 + intercept);
        sum += rest;
        squares += rest * rest;
    }
    let n = w.len() as f64;
    f.set(0, T::of(sum / n));
    f.set(1, T::of((squares / (n - 1.0)).sqrt()));
    Ok(())
}

/// Mean of the samples that are smaller than a threshold; NaN if there are none.
pub(crate) fn mean_below_threshold<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, threshold) = (f.wave(0), f.scalar(1));
    let below = w.iter().filter(|x| **x < threshold);
    let (sum, count) = below.fold((0.0, 0.0), |(sum, n), x| (sum + x.f64(), n + 1.0));
    f.set(0, T::of(sum / count));
    Ok(())
}
