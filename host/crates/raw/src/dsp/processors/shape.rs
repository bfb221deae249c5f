//! What the samples are: sums, windows, extrema, saturation.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// Sums of `len(w) / len(out)` samples each; samples that are left over are dropped. With
/// `do_norm` 1 every sample is divided by their number first.
pub(crate) fn presum<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let (w, norm) = (f.wave(0), f.scalar(1));
    if norm != T::ZERO && norm != T::ONE {
        return Err("do_norm must be 0 or 1");
    }
    let out = f.float_slots[1].len;
    let rate = w.len() / out.max(1);
    f.set(0, T::of_index(rate));
    if rate == 0 {
        return Err("the output is longer than the waveform");
    }
    let sums = f.out(1).iter_mut().zip(w.chunks_exact(rate));
    if norm == T::ONE {
        let rate = T::of_index(rate);
        sums.for_each(|(out, part)| *out = part.iter().fold(T::ZERO, |sum, x| sum + *x / rate));
    } else {
        sums.for_each(|(out, part)| *out = part.iter().fold(T::ZERO, |sum, x| sum + *x));
    }
    Ok(())
}

/// How many samples are 0, and how many are `2^bits - bits`.
pub(crate) fn saturation<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let bits = f.scalar(1).f64();
    if bits != bits.floor() || bits <= 0.0 {
        return Err("the bit depth must be a positive integer");
    }
    let high = T::of(bits.exp2() - bits);
    let count = |value: T| f.wave(0).iter().map(|x| u32::from(*x == value)).sum::<u32>();
    let (low, high) = (count(T::ZERO), count(high));
    f.set(0, T::of(f64::from(low)));
    f.set(1, T::of(f64::from(high)));
    Ok(())
}

/// As many samples as the output has, from a sample on; NaN where there are none.
pub(crate) fn windower<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1]) {
        return Ok(());
    }
    let (w, start) = (f.wave(0), f.scalar(1).f64() as i64);
    if f.float_slots[0].len >= w.len() {
        return Err("the window must be shorter than the waveform");
    }
    for (i, out) in (start..).zip(f.out(0)) {
        if let Some(x) = usize::try_from(i).ok().and_then(|i| w.get(i)) {
            *out = *x;
        }
    }
    Ok(())
}

/// Place and value of the first smallest and the first largest sample.
pub(crate) fn min_max<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0]) || f.wave(0).is_empty() {
        return f.no_result();
    }
    let w = f.wave(0);
    let (low, high) = extrema(w);
    let place = |value: T| w.iter().position(|x| *x == value).unwrap_or(0);
    f.set(0, T::of_index(place(low)));
    f.set(1, T::of_index(place(high)));
    f.set(2, low);
    f.set(3, high);
    Ok(())
}

/// Smallest and largest sample; several at a time, without branches.
fn extrema<T: Float>(w: &[T]) -> (T, T) {
    const LANES: usize = 16;
    let (mut low, mut high) = ([w[0]; LANES], [w[0]; LANES]);
    let (chunks, rest) = w.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            let x = chunk[lane];
            low[lane] = if x < low[lane] { x } else { low[lane] };
            high[lane] = if x > high[lane] { x } else { high[lane] };
        }
    }
    let least = |a: T, b: &T| if *b < a { *b } else { a };
    let most = |a: T, b: &T| if *b > a { *b } else { a };
    let low = low.iter().chain(rest).fold(w[0], least);
    (low, high.iter().chain(rest).fold(w[0], most))
}

/// The waveform divided by the larger of the absolute values of its minimum and maximum,
/// unless that is 0.
pub(crate) fn min_max_norm<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1, 2]) {
        return f.no_result();
    }
    let (w, low, high) = (f.wave(0), f.scalar(1).abs(), f.scalar(2).abs());
    let most = if low > high { low } else { high };
    let most = if most == T::ZERO { T::ONE } else { most };
    f.out(0).iter_mut().zip(w).for_each(|(out, x)| *out = *x / most);
    Ok(())
}

fn extreme<T: Float>(f: &Frame<'_, T>, better: impl Fn(T, T) -> bool) -> (usize, T) {
    let w = f.wave(0);
    let mut best = (0, w.first().copied().unwrap_or(T::NAN));
    for (i, x) in w.iter().enumerate() {
        if x.is_nan() {
            return (i, T::NAN);
        }
        if better(*x, best.1) {
            best = (i, *x);
        }
    }
    best
}

/// The largest element; NaN if there is one.
pub(crate) fn amax<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let largest = extreme(f, |x, best| x > best).1;
    f.set(0, largest);
    Ok(())
}

/// The smallest element; NaN if there is one.
pub(crate) fn amin<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let smallest = extreme(f, |x, best| x < best).1;
    f.set(0, smallest);
    Ok(())
}

/// Place of the largest element, or of the first NaN.
pub(crate) fn argmax<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let place = extreme(f, |x, best| x > best).0;
    f.set_int(0, place as i64);
    Ok(())
}

/// Place of the smallest element, or of the first NaN.
pub(crate) fn argmin<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let place = extreme(f, |x, best| x < best).0;
    f.set_int(0, place as i64);
    Ok(())
}

/// Sum of all elements, in `f64`.
pub(crate) fn sum<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let sum: f64 = f.wave(0).iter().map(|x| x.f64()).sum();
    f.set(0, T::of(sum));
    Ok(())
}

/// Mean of all elements, in `f64`.
pub(crate) fn mean<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let w = f.wave(0);
    let sum: f64 = w.iter().map(|x| x.f64()).sum();
    f.set(0, T::of(sum / w.len() as f64));
    Ok(())
}
