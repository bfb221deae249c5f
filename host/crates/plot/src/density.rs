//! Counts of points on a grid that grows with them, in bounded memory.

/// Bins per axis, a power of two.
const BINS: usize = 1024;

/// Bins of equal width along one axis; the width doubles whenever they do not suffice.
#[derive(Debug, Clone, PartialEq)]
pub struct GrowingAxis {
    /// An edge of the grid, whatever its width.
    origin: f64,
    /// Width of a bin; 0 before the first value of an axis that takes its width from it.
    width: f64,
    /// First and last bin with something in it, counted from the origin.
    used: Option<(i64, i64)>,
    /// Most bins between them.
    bins: i64,
}

impl GrowingAxis {
    /// Bins for integers: each covers one of them, later two, four and so on.
    pub fn integers() -> Self {
        Self::steps(0.0, 1.0)
    }

    /// Bins for values at `first` and multiples of `step` from there, in the middle of the bins.
    pub fn steps(first: f64, step: f64) -> Self {
        GrowingAxis { origin: first - step / 2.0, width: step, used: None, bins: BINS as i64 }
    }

    /// Bins for any numbers.
    pub fn reals() -> Self {
        GrowingAxis { origin: 0.0, width: 0.0, used: None, bins: BINS as i64 }
    }

    /// The same with at most so many bins, from 2 to 1024.
    #[must_use]
    pub fn at_most(mut self, bins: usize) -> Self {
        self.bins = bins.clamp(2, BINS) as i64;
        self
    }

    /// The edges of the bins from the first used one to the last, rising; none without any.
    pub fn edges(&self) -> Vec<f64> {
        let Some((first, last)) = self.used else { return Vec::new() };
        let edge = |bin: i64| self.origin + bin as f64 * self.width;
        (first..=last + 1).map(|bin| edge(bin).clamp(f64::MIN, f64::MAX)).collect()
    }

    fn len(&self) -> usize {
        self.used.map_or(0, |(first, last)| (last - first + 1) as usize)
    }

    /// The bin of a value; `None` if the grid must grow first, or the value is not finite.
    fn bin(&self, value: f64) -> Option<i64> {
        let (first, last) = self.used?;
        let place = (value - self.origin) / self.width;
        if !(place >= first as f64 && place < (last + 1) as f64) {
            return None;
        }
        // The floor, without a call of a function on processors that lack it.
        let whole = place as i64;
        Some(whole - i64::from(place < whole as f64))
    }

    /// Makes room for a value; answers by how many powers of two the bins have widened.
    fn grow(&mut self, value: f64) -> u32 {
        if self.width == 0.0 {
            // Fine enough for times since 1970 in s that differ by µs.
            let exponent = if value == 0.0 { 0.0 } else { value.abs().log2().floor() };
            self.width = (exponent - 50.0).max(-1000.0).exp2();
        }
        let mut used = self.used.map(|(first, last)| (first as f64, last as f64));
        let mut doubled = 0;
        let (first, last) = loop {
            let bin = ((value - self.origin) / self.width).floor();
            let (first, last) = used.map_or((bin, bin), |(a, b)| (a.min(bin), b.max(bin)));
            if last - first < self.bins as f64 && first.abs().max(last.abs()) < 9e15 {
                break (first, last);
            }
            used = used.map(|(first, last)| ((first / 2.0).floor(), (last / 2.0).floor()));
            self.width *= 2.0;
            doubled += 1;
        };
        self.used = Some((first as i64, last as i64));
        doubled
    }
}

/// How many points fell where, as an oscilloscope's screen shows it.
///
/// No range needs to be known beforehand: bins widen by powers of two, so that the counts are exact
/// and do not depend on the order of the points, up to the first value of an axis of reals.
///
/// ```
/// use tierline_plot::{Density, GrowingAxis};
///
/// let mut density = Density::new(GrowingAxis::integers(), GrowingAxis::integers());
/// density.add(0.0, 5.0);
/// density.add(2.0, 5.0);
/// assert_eq!(density.x().edges(), [-0.5, 0.5, 1.5, 2.5]);
/// assert_eq!(density.counts(), [[1, 0, 1]]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Density {
    x: GrowingAxis,
    y: GrowingAxis,
    /// All cells, row by row; the cell of a bin is its number modulo [`BINS`].
    cells: Vec<u64>,
    /// Points on the grid.
    entries: u64,
    /// Points that were left out since a number of theirs is not finite.
    not_finite: u64,
}

impl Density {
    /// A grid without points.
    pub fn new(x: GrowingAxis, y: GrowingAxis) -> Self {
        Density { x, y, cells: vec![0; BINS * BINS], entries: 0, not_finite: 0 }
    }

    /// Counts a point. One that is not finite is left out, and counted as such.
    pub fn add(&mut self, x: f64, y: f64) {
        let mut place = self.x.bin(x).zip(self.y.bin(y));
        if place.is_none() && x.is_finite() && y.is_finite() {
            self.grow(x, y);
            place = self.x.bin(x).zip(self.y.bin(y));
        }
        let Some((column, row)) = place else {
            self.not_finite += 1;
            return;
        };
        self.cells[cell(column, row)] += 1;
        self.entries += 1;
    }

    fn grow(&mut self, x: f64, y: f64) {
        let before = (self.x.used, self.y.used);
        let (dx, dy) = (self.x.grow(x), self.y.grow(y));
        let (Some((left, right)), Some((low, high))) = before else { return };
        if dx == 0 && dy == 0 {
            return;
        }
        let mut cells = vec![0; BINS * BINS];
        for row in low..=high {
            for column in left..=right {
                let to = cell(column >> dx.min(63), row >> dy.min(63));
                cells[to] += self.cells[cell(column, row)];
            }
        }
        self.cells = cells;
    }

    /// The horizontal axis.
    pub fn x(&self) -> &GrowingAxis {
        &self.x
    }

    /// The vertical axis.
    pub fn y(&self) -> &GrowingAxis {
        &self.y
    }

    /// Points on the grid.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Points that were left out since a number of theirs is not finite.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// The counts between the edges of both axes: a row per vertical bin, the lowest first.
    pub fn counts(&self) -> Vec<Vec<u64>> {
        let (Some((left, right)), Some((low, high))) = (self.x.used, self.y.used) else {
            return Vec::new();
        };
        let row = |row: i64| (left..=right).map(|column| self.cells[cell(column, row)]).collect();
        (low..=high).map(row).collect()
    }

    /// The counts with neighbours joined, two, four, ... to one, until there are at most so many
    /// columns and rows; with the number of bins joined each way.
    pub(crate) fn joined(&self, columns: usize, rows: usize) -> (Vec<Vec<u64>>, usize, usize) {
        let factor = |bins: usize, most: usize| {
            bins.div_ceil(most.max(1)).checked_next_power_of_two().unwrap_or(bins)
        };
        let (wide, high) = (factor(self.x.len(), columns), factor(self.y.len(), rows));
        let counts = self.counts();
        let joined = counts.chunks(high).map(|rows| {
            let sum = |start: usize| {
                let part = |row: &Vec<u64>| -> u64 {
                    row[start..row.len().min(start + wide)].iter().sum()
                };
                rows.iter().map(part).sum::<u64>()
            };
            (0..self.x.len()).step_by(wide).map(sum).collect()
        });
        (joined.collect(), wide, high)
    }
}

fn cell(column: i64, row: i64) -> usize {
    let place = |bin: i64| bin.rem_euclid(BINS as i64) as usize;
    place(row) * BINS + place(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(n: u32) -> impl Iterator<Item = (f64, f64)> {
        let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
        let random = std::iter::successors(Some(7), next);
        random.take(n as usize).map(|x| (f64::from(x >> 16), f64::from(x % 5003) - 900.0))
    }

    /// Counts the points of one cell, whose edges are taken from the grid.
    fn naive(points: &[(f64, f64)], xs: &[f64], ys: &[f64]) -> u64 {
        let inside = |v: f64, edges: &[f64]| edges[0] <= v && v < edges[1];
        points.iter().filter(|(x, y)| inside(*x, xs) && inside(*y, ys)).count() as u64
    }

    #[test]
    fn counts_are_those_of_a_naive_count_in_any_order() {
        let all: Vec<(f64, f64)> = points(3000).collect();
        let mut density = Density::new(GrowingAxis::integers(), GrowingAxis::integers());
        all.iter().for_each(|(x, y)| density.add(*x, *y));
        let mut backwards = Density::new(GrowingAxis::integers(), GrowingAxis::integers());
        all.iter().rev().for_each(|(x, y)| backwards.add(*x, *y));
        assert_eq!(density, backwards);
        let (counts, xs, ys) = (density.counts(), density.x().edges(), density.y().edges());
        assert_eq!((counts.len(), counts[0].len()), (ys.len() - 1, xs.len() - 1));
        assert_eq!(counts.iter().flatten().sum::<u64>(), 3000);
        assert!((512..=1024).contains(&counts.len()) && (512..=1024).contains(&counts[0].len()));
        for (row, ys) in ys.windows(2).enumerate().step_by(37) {
            for (column, xs) in xs.windows(2).enumerate().step_by(41) {
                assert_eq!(counts[row][column], naive(&all, xs, ys));
            }
        }
    }

    #[test]
    fn joining_keeps_the_sum() {
        let mut density = Density::new(GrowingAxis::integers(), GrowingAxis::reals());
        points(2000).for_each(|(x, y)| density.add(x, y));
        let (joined, wide, high) = density.joined(100, 90);
        assert!(joined.len() <= 90 && joined[0].len() <= 100);
        assert!(wide.is_power_of_two() && high.is_power_of_two());
        assert_eq!(joined.iter().flatten().sum::<u64>(), 2000);
    }

    #[test]
    fn odd_numbers_are_counted_or_left_out() {
        for axis in [GrowingAxis::integers(), GrowingAxis::reals(), GrowingAxis::steps(3.0, 16.0)] {
            let mut density = Density::new(axis.clone(), axis.clone().at_most(7));
            assert_eq!((density.counts().len(), density.x().edges().len()), (0, 0));
            for (x, y) in [(0.0, 0.0), (1e300, -1e300), (1e-300, 5.0), (-1e18, 1e18)] {
                density.add(x, y);
            }
            density.add(f64::NAN, 1.0);
            density.add(1.0, f64::NEG_INFINITY);
            assert_eq!((density.entries(), density.not_finite()), (4, 2));
            assert_eq!(density.counts().iter().flatten().sum::<u64>(), 4);
            assert!(density.counts().len() <= 7);
            assert!(density.x().edges().is_sorted());
        }
    }

    #[test]
    fn times_that_differ_by_little_are_told_apart() {
        let mut axis = Density::new(GrowingAxis::reals(), GrowingAxis::integers());
        (0..100).for_each(|i| axis.add(1.69e9 + f64::from(i) * 0.01, 1.0));
        assert!(axis.x().edges().len() > 512);
    }
}
