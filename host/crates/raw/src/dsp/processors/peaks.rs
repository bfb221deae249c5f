//! Several peaks in one waveform.

use super::crossing::crossing;
use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// By how much the waveform must fall from a maximum and rise from a minimum, and how high or low
/// these must be.
struct Limits<T> {
    fall: T,
    rise: T,
    above: T,
    below: T,
}

/// Places that were found, up to as many as there is room for.
struct Places<'a> {
    room: &'a mut [f64],
    count: usize,
}

impl<'a> Places<'a> {
    fn new(room: &'a mut [f64]) -> Self {
        Places { room, count: 0 }
    }

    fn push(&mut self, place: usize) {
        if let Some(free) = self.room.get_mut(self.count) {
            *free = place as f64;
            self.count += 1;
        }
    }

    fn found(&self) -> &[f64] {
        &self.room[..self.count]
    }

    /// Keeps what the other search found too.
    fn intersect(&mut self, other: &Places<'_>) {
        let mut kept = 0;
        for i in 0..self.count {
            if other.found().contains(&self.room[i]) {
                self.room[kept] = self.room[i];
                kept += 1;
            }
        }
        self.count = kept;
    }
}

/// Maxima and minima in the order of `places`, as indices. A candidate counts as soon as the
/// waveform has gone away from it by more than the limit.
fn extrema<T: Float>(
    w: &[T],
    places: impl Iterator<Item = usize>,
    limits: &Limits<T>,
    [maxima, minima]: [&mut Places<'_>; 2],
) {
    let mut high: Option<(usize, T)> = None;
    let mut low: Option<(usize, T)> = None;
    let mut rising = true;
    for i in places {
        let x = w[i];
        if high.is_none_or(|(_, best)| x > best) {
            high = Some((i, x));
        }
        if low.is_none_or(|(_, best)| x < best) {
            low = Some((i, x));
        }
        let (Some((high_at, most)), Some((low_at, least))) = (high, low) else { continue };
        if rising && x < most - limits.fall && most > limits.above {
            maxima.push(high_at);
            (low, rising) = (Some((i, x)), false);
        } else if !rising && x > least + limits.rise && least < limits.below {
            minima.push(low_at);
            (high, rising) = (Some((i, x)), true);
        }
    }
}

/// Local maxima and minima, searched for from the first sample (direction 0), from the last one
/// (1), or both; then those found both times (2), or at least once (3).
pub(crate) fn get_multi_local_extrema<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1, 2, 3, 4, 5]) {
        return Ok(());
    }
    let w = f.wave(0);
    let limits =
        Limits { fall: f.scalar(1), rise: f.scalar(2), above: f.scalar(4), below: f.scalar(5) };
    if limits.fall < T::ZERO || limits.rise < T::ZERO {
        return Err("the differences must not be negative");
    }
    let direction = f.scalar(3).f64();
    let (forward, backward) = match direction {
        0.0 => (true, false),
        1.0 => (false, true),
        2.0 | 3.0 => (true, true),
        _ => return Err("the search direction must be 0, 1, 2 or 3"),
    };
    let mut room = std::mem::take(f.scratch);
    let lengths = [0, 1].map(|k| f.float_slots[k].len);
    room.clear();
    room.resize(2 * (lengths[0] + lengths[1]), 0.0);
    let (ahead, back) = room.split_at_mut(lengths[0] + lengths[1]);
    let [mut ahead, mut back] = [ahead, back].map(|room| {
        let (maxima, minima) = room.split_at_mut(lengths[0]);
        [Places::new(maxima), Places::new(minima)]
    });
    if forward {
        extrema(w, 0..w.len(), &limits, ahead.each_mut());
    }
    if backward {
        extrema(w, (0..w.len()).rev(), &limits, back.each_mut());
    }
    for (k, (ahead, back)) in ahead.iter_mut().zip(&back).enumerate() {
        let count = match direction {
            2.0 => {
                ahead.intersect(back);
                copy(ahead.found(), f.out(k))
            }
            3.0 => unite(ahead.found(), back.found(), f.out(k)),
            _ if backward => copy(back.found(), f.out(k)),
            _ => copy(ahead.found(), f.out(k)),
        };
        f.set_int(k, count as i64);
    }
    *f.scratch = room;
    Ok(())
}

fn copy<T: Float>(from: &[f64], to: &mut [T]) -> usize {
    from.iter().zip(to).map(|(from, to)| *to = T::of(*from)).count()
}

/// Writes a rising and a falling list as one that rises, what is in both once.
fn unite<T: Float>(mut rising: &[f64], mut falling: &[f64], to: &mut [T]) -> usize {
    let mut count = 0;
    while count < to.len() {
        let (a, b) = (rising.first().copied(), falling.last().copied());
        let Some(next) = a.into_iter().chain(b).reduce(f64::min) else { break };
        to[count] = T::of(next);
        count += 1;
        if a == Some(next) {
            rising = &rising[1..];
        }
        if b == Some(next) {
            falling = &falling[..falling.len() - 1];
        }
    }
    count
}

/// The samples at some places; NaN outside of the waveform.
pub(crate) fn multi_a_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0]) {
        return Ok(());
    }
    let (w, places) = (f.wave(0), f.wave(1));
    for (out, at) in f.out(0).iter_mut().zip(places) {
        let at = at.f64();
        if !(0.0..w.len() as f64).contains(&at) {
            continue;
        }
        if at != at.floor() {
            return Err("the places must be integers");
        }
        *out = w[at as usize];
    }
    Ok(())
}

/// Where each of several peaks begins: the sample at which the waveform, walking back from the
/// maximum, falls below a level. A peak that seems to begin where the one before does begins at the
/// minimum between them.
pub(crate) fn multi_t_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 1]) {
        return Ok(());
    }
    let (w, level, maxima, minima) = (f.wave(0), f.scalar(1), f.wave(2), f.wave(3));
    let mut before = None;
    for (k, (out, at)) in f.out(0).iter_mut().zip(maxima).enumerate() {
        let at = at.f64();
        if !(1.0..w.len() as f64).contains(&at) {
            continue;
        }
        let begin = crossing(w, level, at as usize, false);
        if let Some(begin) = begin {
            let same = k > 0 && before == Some(begin);
            let minimum = if same { minima[k - 1] } else { T::NAN };
            *out = if minimum.is_nan() { T::of_index(begin) } else { minimum };
        }
        before = begin;
    }
    Ok(())
}

/// Keeps the places around which the waveform has a minimum whose size is smaller than a fraction of
/// its value there. `width` samples before and `width - 1` behind are looked at, not the last sample.
pub(crate) fn peak_snr_threshold<T: Float>(f: &mut Frame<'_, T>) -> Done {
    f.nan();
    if f.any_nan(&[0, 2, 3]) {
        return Ok(());
    }
    let (w, places, ratio) = (f.wave(0), f.wave(1), f.scalar(2));
    let width = f.scalar(3).f64().max(0.0) as usize;
    let mut kept = 0;
    for place in places {
        if !(0.0..w.len() as f64).contains(&place.f64()) {
            continue;
        }
        let at = place.f64() as usize;
        let end = (at + width).min(w.len() - 1);
        let near = &w[at.saturating_sub(width).min(end)..end];
        let least = near.iter().fold(w[at], |a, b| if *b < a { *b } else { a });
        if (least / w[at]).abs() < ratio {
            f.out(0)[kept] = *place;
            kept += 1;
        }
    }
    f.set_int(0, kept as i64);
    Ok(())
}
