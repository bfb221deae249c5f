//! Trapezoidal filters: running sums of a rise section minus one of a fall section.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// Samples of the sections.
struct Trapezoid {
    rise: usize,
    flat: usize,
    fall: usize,
}

/// The samples that enter and leave the sections at a step; 0 before the waveform.
struct Edges<T> {
    enters_rise: T,
    leaves_rise: T,
    enters_fall: T,
    leaves_fall: T,
}

impl Trapezoid {
    fn new<T: Float>(
        f: &Frame<'_, T>,
        rise: i64,
        flat: i64,
        fall: i64,
    ) -> Result<Self, &'static str> {
        let positive = |n: i64, what| usize::try_from(n).map_err(|_| what);
        let rise = positive(rise, "the samples of the rise section must not be negative")?;
        let flat = positive(flat, "the samples of the flat section must not be negative")?;
        let fall = positive(fall, "the samples of the fall section must not be negative")?;
        if rise.saturating_add(flat).saturating_add(fall) > f.wave(0).len() {
            return Err("the trapezoid is wider than the waveform");
        }
        Ok(Trapezoid { rise, flat, fall })
    }

    /// Walks along the waveform; `step` gives the next value from the one before.
    fn filter<T: Float>(&self, w: &[T], out: &mut [T], step: impl Fn(T, Edges<T>) -> T) {
        let (second, third) = (self.rise + self.flat, self.rise + self.flat + self.fall);
        let before = |i: usize, n: usize| if i >= n { w[i - n] } else { T::ZERO };
        let mut y = T::ZERO;
        for i in 0..third {
            let edges = Edges {
                enters_rise: w[i],
                leaves_rise: before(i, self.rise),
                enters_fall: before(i, second),
                leaves_fall: T::ZERO,
            };
            y = step(y, edges);
            out[i] = y;
        }
        let rise = w[third..].iter().zip(&w[third - self.rise..]);
        let fall = w[third - second..].iter().zip(w);
        for ((out, rise), fall) in out[third..].iter_mut().zip(rise).zip(fall) {
            let edges = Edges {
                enters_rise: *rise.0,
                leaves_rise: *rise.1,
                enters_fall: *fall.0,
                leaves_fall: *fall.1,
            };
            y = step(y, edges);
            *out = y;
        }
    }
}

/// Sum over `rise` samples minus that over as many, `flat` samples before.
pub(crate) fn trap_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let trapezoid = Trapezoid::new(f, f.int(1), f.int(2), f.int(1))?;
    run(f, &trapezoid, |y, e| y + e.enters_rise - e.leaves_rise - e.enters_fall + e.leaves_fall)
}

/// The same with means.
pub(crate) fn trap_norm<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let trapezoid = Trapezoid::new(f, f.int(1), f.int(2), f.int(1))?;
    let rise = trapezoid.rise as f64;
    run(f, &trapezoid, |y, e| {
        let step = e.enters_rise - e.leaves_rise - e.enters_fall + e.leaves_fall;
        T::of(y.f64() + step.f64() / rise)
    })
}

/// Mean over `rise` samples minus that over `fall` samples, `flat` samples before.
pub(crate) fn asym_trap_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let trapezoid = Trapezoid::new(f, f.int(1), f.int(2), f.int(3))?;
    let (rise, fall) = (trapezoid.rise as f64, trapezoid.fall as f64);
    run(f, &trapezoid, |y, e| {
        let (up, down) = (e.enters_rise - e.leaves_rise, e.enters_fall - e.leaves_fall);
        T::of(y.f64() + up.f64() / rise - down.f64() / fall)
    })
}

fn run<T: Float>(
    f: &mut Frame<'_, T>,
    trapezoid: &Trapezoid,
    step: impl Fn(T, Edges<T>) -> T,
) -> Done {
    if f.any_nan(&[0]) {
        return f.no_result();
    }
    let w = f.wave(0);
    trapezoid.filter(w, f.out(0), step);
    Ok(())
}

/// The value of `trap_norm` at a time, between samples on a straight line. There is none before the
/// trapezoid is inside the waveform.
pub(crate) fn trap_pickoff<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let trapezoid = Trapezoid::new(f, f.int(1), f.int(2), f.int(1))?;
    f.nan();
    if f.any_nan(&[0, 3]) || trapezoid.rise == 0 {
        return Ok(());
    }
    let (w, time) = (f.wave(0), f.scalar(3).f64());
    let width = 2 * trapezoid.rise + trapezoid.flat;
    if time < width as f64 || time > w.len() as f64 - 1.0 {
        return Ok(());
    }
    let (rise, at) = (trapezoid.rise, time as usize);
    let sum = |from: usize| w[from..from + rise].iter().map(|x| x.f64()).sum::<f64>();
    let first = sum(at + 1 - rise) - sum(at + 1 - width);
    let mut value = first;
    let rest = time - at as f64;
    if rest > 0.0 {
        let next = sum(at + 2 - rise) - sum(at + 2 - width);
        value += (next - first) * rest;
    }
    f.set(0, T::of(value / rise as f64));
    Ok(())
}
