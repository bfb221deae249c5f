//! Histograms: what a column is like, bins that suit it, and counts.

use std::ops::Range;

/// Values of which the quantiles are taken.
const SAMPLE: usize = 1 << 16;
/// The share of values beyond which, on either side, a default range may end.
const TAIL: f64 = 0.001;
/// Fewest and most bins that are chosen.
const FEWEST: usize = 50;
const MOST: usize = 400;
/// Most bins of a histogram.
pub const MOST_BINS: usize = 1 << 20;

/// What the values of a column are like, found in one pass and bounded memory.
#[derive(Debug, Clone)]
pub struct Survey {
    finite: u64,
    not_finite: u64,
    range: Option<Range<f64>>,
    sample: Vec<f64>,
    random: u64,
}

impl Default for Survey {
    fn default() -> Self {
        Survey { finite: 0, not_finite: 0, range: None, sample: Vec::new(), random: 1 }
    }
}

impl Survey {
    /// Looks at a value.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.not_finite += 1;
            return;
        }
        self.finite += 1;
        let range = self.range.get_or_insert(value..value);
        (range.start, range.end) = (range.start.min(value), range.end.max(value));
        if self.sample.len() < SAMPLE {
            self.sample.push(value);
            return;
        }
        // Each value gets into the sample with the same probability; the same ones every time.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let place = (self.random >> 16) % self.finite;
        if let Some(slot) = usize::try_from(place).ok().and_then(|p| self.sample.get_mut(p)) {
            *slot = value;
        }
    }

    /// Finite values.
    pub fn finite(&self) -> u64 {
        self.finite
    }

    /// Values that are NaN or infinite.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// The smallest and the largest finite value; `None` without any.
    pub fn range(&self) -> Option<Range<f64>> {
        self.range.clone()
    }

    /// The value below which a share of the values lies; of a sample where there are many.
    fn quantiles(&self, shares: [f64; 2]) -> [f64; 2] {
        let mut sorted = self.sample.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1) as f64;
        shares.map(|s| sorted.get((s * last).round() as usize).copied().unwrap_or_default())
    }

    /// The range that a histogram shows by default: all values, unless few lie far out; then from
    /// the 0.1 to the 99.9 percentile and a tenth more.
    fn shown(&self) -> Range<f64> {
        let Some(full) = self.range() else { return 0.0..1.0 };
        let [low, high] = self.quantiles([TAIL, 1.0 - TAIL]);
        let margin = 0.1 * (high - low);
        if high <= low || full.end - full.start <= 2.0 * (high - low) {
            return full;
        }
        full.start.max(low - margin)..full.end.min(high + margin)
    }
}

/// Bins of equal width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binning {
    /// Lower edge of the first bin.
    pub start: f64,
    /// Width of a bin.
    pub width: f64,
    /// Number of bins.
    pub bins: usize,
}

impl Binning {
    /// Bins for values of which a survey was made. What is not asked for is chosen: twice the root
    /// of their number of bins, from 50 to 400, somewhat fewer for round widths, over all values
    /// unless few lie far out. Bins of `integers` cover the same number of them each.
    pub fn fit(
        survey: &Survey,
        integers: bool,
        bins: Option<usize>,
        range: Option<Range<f64>>,
    ) -> Self {
        let chosen = (2.0 * (survey.finite as f64).sqrt()) as usize;
        let wanted = bins.unwrap_or(chosen.clamp(FEWEST, MOST)).clamp(1, MOST_BINS);
        let free = bins.is_none() && range.is_none();
        let asked = range.is_some();
        let shown = range.unwrap_or_else(|| survey.shown());
        let span = shown.end - shown.start;
        if free && span > 0.0 && span.is_finite() {
            return Self::round(&shown, span / wanted as f64, integers);
        }
        if integers && span < 9e15 {
            let (first, last) = (shown.start.floor(), shown.end.ceil());
            let width = ((last - first + 1.0) / wanted as f64).ceil().max(1.0);
            let bins = ((last - first + 1.0) / width).ceil().max(1.0);
            return Binning { start: first - 0.5, width, bins: bins as usize };
        }
        if span > 0.0 && span.is_finite() {
            // The largest value belongs to the last bin.
            let width = span / wanted as f64 * if asked { 1.0 } else { 1.0 + 1e-9 };
            return Binning { start: shown.start, width, bins: wanted };
        }
        let half = shown.start.abs().max(1.0) * 0.5;
        Binning { start: shown.start - half, width: 2.0 * half / wanted as f64, bins: wanted }
    }

    /// Bins whose width is a round number, not below the given one, and whose edges are multiples
    /// of it; half a unit below such multiples for integers.
    fn round(shown: &Range<f64>, width: f64, integers: bool) -> Self {
        let least = if integers { width.max(1.0) } else { width };
        let ten = 10_f64.powf(least.log10().floor());
        let enough = |factor: &f64| ten * factor >= least * (1.0 - 1e-9);
        let width = ten * [1.0, 2.0, 4.0, 5.0, 8.0].into_iter().find(enough).unwrap_or(10.0);
        let half = if integers { 0.5 } else { 0.0 };
        let first = (shown.start / width).floor() - 1.0;
        // An empty bin at either side shows that there is no more, but nothing is below zero.
        let start = width * if shown.start >= 0.0 { first.max(0.0) } else { first };
        let bins = ((shown.end - start) / width).floor() as usize + 2;
        Binning { start: start - half, width, bins }
    }

    /// The lower edge of a bin, or the upper edge of the last one.
    pub fn edge(&self, bin: usize) -> f64 {
        self.start + bin as f64 * self.width
    }

    /// All edges, one more than bins, rising.
    pub fn edges(&self) -> Vec<f64> {
        (0..=self.bins).map(|bin| self.edge(bin)).collect()
    }
}

/// Counts of values in bins.
///
/// ```
/// use tierline_plot::{Binning, Histogram};
///
/// let mut histogram = Histogram::new("energy", Binning { start: 0.0, width: 10.0, bins: 3 });
/// [5.0, 25.0, 29.9, 30.0, f64::NAN].into_iter().for_each(|value| histogram.add(value));
/// assert_eq!(histogram.counts, [1, 0, 2]);
/// assert_eq!((histogram.below, histogram.above, histogram.not_finite), (0, 1, 1));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Text in the legend; an empty one keeps the histogram out of it.
    pub label: String,
    /// The bins.
    pub binning: Binning,
    /// Values in each bin: from its lower edge to just below the upper one.
    pub counts: Vec<u64>,
    /// Values below the first bin.
    pub below: u64,
    /// Values from the end of the last bin on.
    pub above: u64,
    /// Values that are NaN or infinite.
    pub not_finite: u64,
}

impl Histogram {
    /// A histogram without values.
    pub fn new(label: impl Into<String>, binning: Binning) -> Self {
        let counts = vec![0; binning.bins];
        Histogram { label: label.into(), binning, counts, below: 0, above: 0, not_finite: 0 }
    }

    /// Counts a value.
    pub fn add(&mut self, value: f64) {
        let place = ((value - self.binning.start) / self.binning.width).floor();
        match value {
            _ if !value.is_finite() => self.not_finite += 1,
            _ if place < 0.0 => self.below += 1,
            _ => match self.counts.get_mut(place as usize) {
                Some(count) => *count += 1,
                None => self.above += 1,
            },
        }
    }

    /// All finite values, also those outside the bins.
    pub fn entries(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.below + self.above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey(values: impl IntoIterator<Item = f64>) -> Survey {
        let mut survey = Survey::default();
        values.into_iter().for_each(|value| survey.add(value));
        survey
    }

    #[test]
    fn bins_of_integers_cover_as_many_each() {
        let bins = Binning::fit(&survey((0..1000).map(f64::from)), true, Some(100), None);
        assert_eq!(bins, Binning { start: -0.5, width: 10.0, bins: 100 });
        let bins = Binning::fit(&survey([3.0, 5.0]), true, None, None);
        assert_eq!(bins, Binning { start: 1.5, width: 1.0, bins: 5 });
        let bins = Binning::fit(&survey([3.0, 5.0]), true, Some(7), Some(0.0..10.0));
        assert_eq!(bins, Binning { start: -0.5, width: 2.0, bins: 6 });
        let bins = Binning::fit(&survey([7.0; 5]), true, None, None);
        assert_eq!(bins.edges(), [6.5, 7.5]);
    }

    #[test]
    fn all_values_are_shown_unless_few_lie_far_out() {
        let values = || (0..5000).map(|i| f64::from(i % 100));
        let bins = Binning::fit(&survey(values()), false, None, None);
        assert_eq!((bins.start, bins.width, bins.bins), (0.0, 0.8, 125));
        let with_one = survey(values().chain([1e9]));
        let bins = Binning::fit(&with_one, false, None, None);
        assert!(bins.edge(bins.bins) < 120.0, "{bins:?}");
        assert_eq!(with_one.range(), Some(0.0..1e9));
        let mut histogram = Histogram::new("", bins);
        values().chain([1e9]).for_each(|value| histogram.add(value));
        assert_eq!((histogram.above, histogram.below, histogram.entries()), (1, 0, 5001));
    }

    #[test]
    fn odd_columns_have_bins() {
        for values in [vec![], vec![f64::NAN], vec![5.5], vec![-1e308, 1e308], vec![0.0; 9]] {
            for integers in [false, true] {
                let bins = Binning::fit(&survey(values.clone()), integers, None, None);
                assert!(bins.bins > 0 && bins.width > 0.0, "{values:?} {bins:?}");
                let mut histogram = Histogram::new("", bins);
                values.iter().for_each(|value| histogram.add(*value));
                let counted = histogram.entries() + histogram.not_finite;
                assert_eq!(counted, values.len() as u64);
            }
        }
    }

    #[test]
    fn quantiles_of_many_values_are_those_of_a_sample() {
        let survey = survey((0..1_000_000).map(|i| f64::from(i % 4096)));
        let [low, high] = survey.quantiles([0.25, 0.75]);
        assert!((low - 1024.0).abs() < 30.0 && (high - 3072.0).abs() < 30.0, "{low} {high}");
        assert_eq!(survey.sample.len(), SAMPLE);
    }
}
