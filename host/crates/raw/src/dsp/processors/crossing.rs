//! Where a waveform crosses a level.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// The sample before which (`walk` backwards) or after which (forwards) the level is crossed, as
/// seen from `start`: the first sample of the pair in the direction of the walk.
pub(super) fn crossing<T: Float>(w: &[T], level: T, start: usize, forward: bool) -> Option<usize> {
    let crosses =
        |near: T, far: T| (near <= level && level < far) || (near >= level && level > far);
    if forward {
        (start..w.len() - 1).find(|i| crosses(w[*i], w[*i + 1]))
    } else {
        (1..=start).rev().find(|i| crosses(w[*i], w[*i - 1]))
    }
}

/// The sample just before the waveform crosses the level, walking from a sample.
pub(crate) fn time_point_thresh<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1, 2, 3]) {
        return Ok(());
    }
    let (w, level, start) = (f.wave(0), f.scalar(1), f.scalar(2).f64());
    if start != start.floor() {
        return Err("the starting index must be an integer");
    }
    if !(0.0..w.len() as f64).contains(&start) {
        return Err("the starting index is out of range");
    }
    if let Some(i) = crossing(w, level, start as usize, f.scalar(3) == T::ONE) {
        f.set(0, T::of_index(i));
    }
    Ok(())
}

/// The time at which the waveform crosses the level, walking from a sample.
pub(crate) fn interpolated_time_point_thresh<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1, 2]) {
        return Ok(());
    }
    let (w, level, start) = (f.wave(0), f.scalar(1), f.scalar(2).f64());
    let forward = f.int(3) != 0;
    if !(0.0..w.len() as f64).contains(&start) {
        return Ok(());
    }
    let Some(i) = crossing(w, level, start as usize, forward) else { return Ok(()) };
    let before = if forward { i } else { i - 1 };
    let time = interpolated(w, level, before, f.int(4)).ok_or("unknown interpolation mode")?;
    f.set(0, T::of(time));
    Ok(())
}

/// The time between `before` and the next sample, in the way of a mode's letter.
fn interpolated<T: Float>(w: &[T], level: T, before: usize, mode: i64) -> Option<f64> {
    let (at, a, b) = (before as f64, w[before].f64(), w[before + 1].f64());
    let linear = at + (level.f64() - a) / (b - a);
    Some(match u8::try_from(mode).ok()? {
        b'i' | b'b' | b'c' => at,
        b'a' | b'f' => at + 1.0,
        b'n' => at + 0.5,
        b'l' => linear,
        b'r' => (linear + 0.5).floor(),
        _ => return None,
    })
}

/// How many samples are above the threshold.
pub(crate) fn time_over_threshold<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, level) = (f.wave(0), f.scalar(1));
    let above = w.iter().filter(|x| **x > level).count();
    f.set(0, T::of_index(above));
    Ok(())
}
