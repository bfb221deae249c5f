//! Filters that walk along the waveform: deconvolution of exponentials and moving windows.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

const WINDOW: &str = "the length must be at least 0 and less than that of the waveform";

/// Takes an exponential with time constant `tau` (samples) out:
/// `y[i] = y[i-1] + w[i] - w[i-1] exp(-1/tau)`.
pub(crate) fn pole_zero<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, factor) = (f.wave(0), (-1.0 / f.scalar(1).f64()).exp());
    let Some(first) = w.first() else { return Ok(()) };
    let out = f.out(0);
    out[0] = *first;
    let mut y = first.f64();
    for ((out, x), before) in out[1..].iter_mut().zip(&w[1..]).zip(w) {
        y += x.f64() - before.f64() * factor;
        *out = T::of(y);
    }
    Ok(())
}

/// Takes two exponentials with time constants `tau1` and `tau2` (samples) out, the second one with
/// a fraction `frac` of the amplitude. With `a = exp(-1/tau1)`, `b = exp(-1/tau2)` and
/// `c = frac b - frac a - b`: `y[i] = w[i] - (a+b) w[i-1] + a b w[i-2] - (c-1) y[i-1] + c y[i-2]`;
/// the first two samples are those of the waveform.
pub(crate) fn double_pole_zero<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1, 2, 3]) {
        return f.no_result();
    }
    let w = f.wave(0);
    let [tau1, tau2, frac] = [1, 2, 3].map(|i| f.scalar(i).f64());
    let (a, b) = ((-1.0 / tau1).exp(), (-1.0 / tau2).exp());
    let c = frac * b - frac * a - b;
    let out = f.out(0);
    let (mut last, mut before) = (0.0, 0.0);
    for (i, out) in out.iter_mut().enumerate() {
        let y = if i < 2 {
            w[i].f64()
        } else {
            let [x, x1, x2] = [w[i].f64(), w[i - 1].f64(), w[i - 2].f64()];
            x - (a + b) * x1 + a * b * x2 - (c - 1.0) * last + c * before
        };
        *out = T::of(y);
        (before, last) = (last, y);
    }
    Ok(())
}

/// Mean of the last `length` samples; before the first one the waveform counts as level.
fn window_left<T: Float>(w: &[T], length: T, out: &mut [T]) {
    let Some(first) = w.first() else { return };
    let whole = length.f64() as usize;
    let mut y = *first;
    for i in 0..w.len() {
        if i > 0 {
            y += (w[i] - w[i.saturating_sub(whole)]) / length;
        }
        out[i] = y;
    }
}

/// Mean of the next `length` samples; after the last one the waveform counts as level.
fn window_right<T: Float>(w: &[T], length: T, out: &mut [T]) {
    let Some(last) = w.len().checked_sub(1) else { return };
    let whole = length.f64() as usize;
    let mut y = w[last];
    for i in (0..w.len()).rev() {
        if i < last {
            y += (w[i] - w[(i + whole).min(last)]) / length;
        }
        out[i] = y;
    }
}

/// Checks the length of a window; `None` if there is no result.
fn window_length<T: Float>(f: &mut Frame<'_, T>) -> Result<Option<T>, &'static str> {
    f.nan();
    if f.any_nan(&[0, 1]) {
        return Ok(None);
    }
    let length = f.scalar(1);
    if !(0.0..f.wave(0).len() as f64).contains(&length.f64()) {
        return Err(WINDOW);
    }
    Ok((length != T::ZERO).then_some(length))
}

/// Moving average, from the left.
pub(crate) fn moving_window_left<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if let Some(length) = window_length(f)? {
        let w = f.wave(0);
        window_left(w, length, f.out(0));
    }
    Ok(())
}

/// Moving average, from the right.
pub(crate) fn moving_window_right<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if let Some(length) = window_length(f)? {
        let w = f.wave(0);
        window_right(w, length, f.out(0));
    }
    Ok(())
}

/// Several moving averages one after the other: of type 0 alternately from the left and from the
/// right, of type 1 from the left, of type 2 from the right.
pub(crate) fn moving_window_multi<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let Some(length) = window_length(f)? else { return Ok(()) };
    if length != length.floor() {
        return Err("the length of the moving window must be an integer");
    }
    if f.any_nan(&[2]) {
        return Ok(());
    }
    let (w, times, kind) = (f.wave(0), f.scalar(2).f64() as i64, f.int(3));
    let mut from = std::mem::take(f.scratch);
    from.clear();
    from.extend(w.iter().map(|x| x.f64()));
    let room = f.out(0);
    for time in 0..times {
        let right = kind == 2 || kind != 1 && time % 2 == 1;
        again(&mut from, length, right, time == 0, w, room);
    }
    *f.scratch = from;
    Ok(())
}

/// Filters `out` in place; the first time it is filled from `w`.
fn again<T: Float>(from: &mut [f64], length: T, right: bool, first: bool, w: &[T], out: &mut [T]) {
    let whole = length.f64() as usize;
    if first {
        return if right { window_right(w, length, out) } else { window_left(w, length, out) };
    }
    from.iter_mut().zip(out.iter()).for_each(|(to, x)| *to = x.f64());
    let last = from.len() - 1;
    let source = |i: usize| T::of(from[i]);
    let mut y = source(if right { last } else { 0 });
    for k in 0..from.len() {
        let i = if right { last - k } else { k };
        if k > 0 {
            let old = if right { (i + whole).min(last) } else { i.saturating_sub(whole) };
            y += (source(i) - source(old)) / length;
        }
        out[i] = y;
    }
}

/// Mean slope over `length` samples: `(w[i + length] - w[i]) / length`.
pub(crate) fn avg_current<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let Some(length) = window_length(f)? else { return Ok(()) };
    let (w, whole) = (f.wave(0), length.f64() as usize);
    let out = f.out(0);
    if out.len() != w.len() - whole {
        return Err("the output must be shorter than the waveform by the length of the window");
    }
    for ((out, new), old) in out.iter_mut().zip(&w[whole..]).zip(w) {
        *out = (*new - *old) / length;
    }
    Ok(())
}

/// The waveform convolved with `exp(-i/tau)`: `y[i] = y[i-1] exp(-1/tau) + w[i]`; before the first
/// sample there counts one more of the same.
pub(crate) fn convolve_exp<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, factor) = (f.wave(0), (-1.0 / f.scalar(1).f64()).exp());
    let mut y = w.first().map_or(0.0, |x| x.f64());
    for (out, x) in f.out(0).iter_mut().zip(w) {
        y = y * factor + x.f64();
        *out = T::of(y);
    }
    Ok(())
}

/// Each sample as so many, centred on it; NaN where there are none.
pub(crate) fn upsampler<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1]) {
        return Ok(());
    }
    let (w, times) = (f.wave(0), f.scalar(1).f64());
    if times <= 0.0 {
        return Err("the number of samples must be positive");
    }
    let (half, each) = ((times / 2.0).floor(), times as i64);
    let out = f.out(0);
    for (i, x) in w.iter().enumerate() {
        let start = (i as f64 * times - half) as i64;
        for at in start..start + each {
            if let Some(out) = usize::try_from(at).ok().and_then(|at| out.get_mut(at)) {
                *out = *x;
            }
        }
    }
    Ok(())
}

/// The natural logarithm, if all samples are positive.
pub(crate) fn log_check<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    let w = f.wave(0);
    if f.any_nan(&[0]) || w.iter().any(|x| *x <= T::ZERO) {
        return Ok(());
    }
    f.out(0).iter_mut().zip(w).for_each(|(out, x)| *out = T::of(x.f64().ln()));
    Ok(())
}

/// Takes off an exponential with time constant `tau` (samples) and a level, both fitted to the
/// first samples.
pub(crate) fn soft_pileup_corr<T: Float>(f: &mut Frame<'_, T>) -> Done {
    pileup(f, None)
}

/// The same with a given level.
pub(crate) fn soft_pileup_corr_bl<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[3]) {
        return f.no_result();
    }
    let level = f.scalar(3).f64();
    pileup(f, Some(level))
}

fn pileup<T: Float>(f: &mut Frame<'_, T>, level: Option<f64>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1, 2]) {
        return Ok(());
    }
    let (w, n, tau) = (f.wave(0), f.scalar(1).f64(), f.scalar(2).f64());
    if n != n.floor() {
        return Err("the number of samples must be an integer");
    }
    if n < 2.0 || n > w.len() as f64 {
        return Err("the number of samples must be at least 2 and at most that of the waveform");
    }
    if tau == 0.0 {
        return Ok(());
    }
    let fall = |i: usize| (-(i as f64) / tau).exp();
    // Sums over exp, exp squared, w, w exp.
    let sums = w.iter().enumerate().take(n as usize).fold([0.0; 4], |[e, ee, x, xe], (i, w)| {
        let (fall, w) = (fall(i), w.f64());
        [e + fall, ee + fall * fall, x + w, xe + w * fall]
    });
    let [e, ee, x, xe] = sums;
    let (height, level) = match level {
        Some(level) => ((xe - level * e) / ee, level),
        None => {
            let height = (n * xe - e * x) / (n * ee - e * e);
            (height, (x - height * e) / n)
        }
    };
    for (i, (out, x)) in f.out(0).iter_mut().zip(w).enumerate() {
        *out = T::of(x.f64() - height * fall(i) - level);
    }
    Ok(())
}
