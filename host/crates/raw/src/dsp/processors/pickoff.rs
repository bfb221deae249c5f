//! Values at a time, also between samples.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// A way to find a value between samples, by the letter it has in arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Integer,
    Nearest,
    Floor,
    Ceil,
    Linear,
    Hermite,
    Spline,
}

impl Mode {
    fn of(letter: i64) -> Option<Mode> {
        Some(match u8::try_from(letter).ok()? {
            b'i' => Mode::Integer,
            b'n' => Mode::Nearest,
            b'f' => Mode::Floor,
            b'c' => Mode::Ceil,
            b'l' => Mode::Linear,
            b'h' => Mode::Hermite,
            b's' => Mode::Spline,
            _ => return None,
        })
    }
}

/// The value at a time in samples; NaN outside of the waveform.
pub(crate) fn fixed_time_pickoff<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1]) {
        return Ok(());
    }
    let (w, time, mode) = (f.wave(0), f.scalar(1).f64(), Mode::of(f.int(2)));
    if !(0.0..=w.len() as f64 - 1.0).contains(&time) {
        return Ok(());
    }
    if time == time.floor() {
        f.set(0, w[time as usize]);
        return Ok(());
    }
    let value = match mode.ok_or("unknown interpolation mode")? {
        Mode::Integer => return Err("mode 'i' needs a time that is an integer"),
        Mode::Spline => {
            second_derivatives(w, f.scratch);
            spline(w, f.scratch, time)
        }
        mode => between(w, time, mode),
    };
    f.set(0, T::of(value));
    Ok(())
}

/// The value between samples `time as usize` and the next one.
pub(crate) fn between<T: Float>(w: &[T], time: f64, mode: Mode) -> f64 {
    let i = (time as usize).min(w.len().saturating_sub(2));
    let (x, last) = (time - i as f64, w.len().saturating_sub(1));
    let at = |k: usize| w[k.min(last)].f64();
    match mode {
        Mode::Nearest => at((time + 0.5).floor() as usize),
        Mode::Floor | Mode::Integer | Mode::Spline => at(time as usize),
        Mode::Ceil => at(i + 1),
        Mode::Linear => at(i) + (at(i + 1) - at(i)) * x.min(1.0),
        Mode::Hermite => {
            // The slope at a sample is that between its neighbours.
            let slope = |k: usize| {
                let (low, high) = (k.saturating_sub(1), (k + 1).min(last));
                (at(high) - at(low)) / (high - low) as f64
            };
            let (here, next) = (slope(i), slope(i + 1));
            let (step, x2, x3) = (at(i + 1) - at(i), x * x, x * x * x);
            at(i) + here * (x3 - 2.0 * x2 + x) + step * (3.0 * x2 - 2.0 * x3) + next * (x3 - x2)
        }
    }
}

/// Second derivatives at the samples of the cubic spline that has none at the ends. Solves the
/// tridiagonal system `m[i-1] + 4 m[i] + m[i+1] = 6 (w[i-1] - 2 w[i] + w[i+1])`.
pub(crate) fn second_derivatives<T: Float>(w: &[T], out: &mut Vec<f64>) {
    let n = w.len();
    out.clear();
    out.resize(2 * n, 0.0);
    let (second, ratios) = out.split_at_mut(n);
    for i in 1..n.saturating_sub(1) {
        let right = 6.0 * (w[i - 1].f64() - 2.0 * w[i].f64() + w[i + 1].f64());
        let pivot = 4.0 - ratios[i - 1];
        ratios[i] = 1.0 / pivot;
        second[i] = (right - second[i - 1]) / pivot;
    }
    for i in (1..n.saturating_sub(1)).rev() {
        second[i] -= ratios[i] * second[i + 1];
    }
}

/// The value of the spline with these second derivatives.
pub(crate) fn spline<T: Float>(w: &[T], second: &[f64], time: f64) -> f64 {
    let i = (time as usize).min(w.len().saturating_sub(2));
    let (b, a) = (time - i as f64, 1.0 - (time - i as f64));
    let bend = (a * a * a - a) * second[i] + (b * b * b - b) * second[i + 1];
    a * w[i].f64() + b * w[i + 1].f64() + bend / 6.0
}

/// The waveform with more samples, by interpolation.
pub(crate) fn interpolating_upsampler<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0]) || f.wave(0).is_empty() {
        return Ok(());
    }
    let (w, mode) = (f.wave(0), Mode::of(f.int(1)).ok_or("unknown interpolation mode")?);
    let mut second = std::mem::take(f.scratch);
    if mode == Mode::Spline {
        second_derivatives(w, &mut second);
    }
    let out = f.out(0);
    let done = upsample(w, mode, &second, out);
    *f.scratch = second;
    done
}

fn upsample<T: Float>(w: &[T], mode: Mode, second: &[f64], out: &mut [T]) -> Done {
    if mode == Mode::Integer {
        if !out.len().is_multiple_of(w.len()) {
            return Err("mode 'i' needs an output whose length is a multiple of the input's");
        }
        let factor = out.len() / w.len();
        out.fill(T::ZERO);
        out.iter_mut().step_by(factor).zip(w).for_each(|(out, x)| *out = *x);
        return Ok(());
    }
    let step = w.len() as f64 / out.len() as f64;
    for (k, out) in out.iter_mut().enumerate() {
        let time = k as f64 * step;
        let value = match mode {
            _ if time == time.floor() && time < w.len() as f64 => w[time as usize].f64(),
            Mode::Spline => spline(w, second, time),
            mode => between(w, time, mode),
        };
        *out = T::of(value);
    }
    Ok(())
}
