//! Parts and orders of arrays.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// The element at a place; a negative one counts from the end.
fn element<T: Float>(f: &Frame<'_, T>) -> Option<T> {
    let (values, at) = (f.wave(0), f.int(1));
    let at = if at < 0 { at + values.len() as i64 } else { at };
    usize::try_from(at).ok().and_then(|at| values.get(at)).copied()
}

/// The element at a place, as a floating point number.
pub(crate) fn get<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let value = element(f).ok_or("the place is out of range")?;
    f.set(0, value);
    Ok(())
}

/// The element at a place, or a default where there is none or it is NaN.
pub(crate) fn get_default<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let value = element(f).filter(|x| !x.is_nan()).unwrap_or(f.scalar(2));
    f.set(0, value);
    Ok(())
}

/// The elements in rising order.
pub(crate) fn sort<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0]) {
        return f.no_result();
    }
    let values = f.wave(0);
    let out = f.out(0);
    out.copy_from_slice(values);
    out.sort_unstable_by(|a, b| a.f64().total_cmp(&b.f64()));
    Ok(())
}

/// `size` samples with the centroid in their middle; the first ones of the waveform where that is
/// not possible.
pub(crate) fn wf_alignment<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0]) {
        return Ok(());
    }
    let (w, size) = (f.wave(0), f.scalar(3).f64());
    if f.scalar(2) < T::ZERO {
        return Err("the shift must not be negative");
    }
    if size < 0.0 || size >= w.len() as f64 || size as usize != f.float_slots[0].len {
        return Err("the size must be that of the output, and less than that of the waveform");
    }
    let start = f.scalar(1).f64() - size / 2.0;
    let inside = start >= 0.0 && start.floor() + size < w.len() as f64;
    let start = if inside { start as usize } else { 0 };
    let out = f.out(0);
    let length = out.len();
    out.copy_from_slice(&w[start..start + length]);
    Ok(())
}
