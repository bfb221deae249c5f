//! Histograms of the samples.

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// How often samples are in bins of equal width from the smallest to the largest one, and the
/// edges of the bins. The largest sample is in the last bin.
pub(crate) fn histogram<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let w = f.wave(0);
    let bins = f.float_slots[0].len;
    if f.float_slots[1].len != bins + 1 || bins == 0 || w.is_empty() {
        return Err("there must be one edge more than bins, and a bin");
    }
    let nan = f.any_nan(&[0]);
    let (counts, edges) = f.out_two();
    counts.fill(T::ZERO);
    if nan {
        edges.fill(T::NAN);
        return Ok(());
    }
    let least = w.iter().fold(w[0], |a, b| if *b < a { *b } else { a });
    let most = w.iter().fold(w[0], |a, b| if *b > a { *b } else { a });
    let width = (most.f64() - least.f64()) / bins as f64;
    for (i, edge) in edges.iter_mut().enumerate() {
        *edge = T::of(least.f64() + width * i as f64);
    }
    if width == 0.0 {
        return Ok(());
    }
    for x in w {
        let bin = ((x.f64() - least.f64()) / width) as usize;
        counts[bin.min(bins - 1)] += T::ONE;
    }
    Ok(())
}

/// The bin with the most samples (or whose edge is nearest to a value), its left edge, and the
/// half width of the peak. The width is the distance to the first bin on the right that has at
/// most half of the samples but is not empty, or that to the farthest bin on the left that has at
/// least half of them, whichever is larger; NaN if there is none on the right.
pub(crate) fn histogram_stats<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    let (counts, edges) = (f.wave(0), f.wave(1));
    if edges.len() != counts.len() + 1 || counts.is_empty() {
        return Err("there must be one edge more than bins, and a bin");
    }
    if f.any_nan(&[0, 1]) {
        return Ok(());
    }
    let wanted = f.scalar(2);
    let mut mode = 0;
    for i in 1..counts.len() {
        let better = if wanted.is_nan() {
            counts[i] > counts[mode]
        } else {
            (edges[i] - wanted).abs() < (edges[mode] - wanted).abs()
        };
        if better {
            mode = i;
        }
    }
    let half = counts[mode] * T::of(0.5);
    let away = |i: usize| (edges[i] - edges[mode]).abs();
    let mut right = mode..counts.len();
    let right = right.find(|i| counts[*i] <= half && counts[*i] != T::ZERO);
    let left = (0..mode).find(|i| counts[*i] >= half).map_or(T::ZERO, away);
    f.set(0, T::of_index(mode));
    f.set(1, edges[mode]);
    if let Some(width) = right.map(away) {
        f.set(2, if left > width { left } else { width });
    }
    Ok(())
}
