//! Axes and the thinning of long traces.

use std::ops::Range;

use crate::Trace;

/// A unit of time on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TimeUnit {
    pub(crate) name: &'static str,
    pub(crate) ns: f64,
}

impl TimeUnit {
    /// The unit in which a span of time has at most four digits before the point.
    pub(crate) fn for_span(span_ns: f64) -> Self {
        match span_ns {
            ns if ns < 2e3 => Self { name: "ns", ns: 1.0 },
            ns if ns < 2e6 => Self { name: "µs", ns: 1e3 },
            ns if ns < 2e9 => Self { name: "ms", ns: 1e6 },
            _ => Self { name: "s", ns: 1e9 },
        }
    }
}

/// Range of the times of all samples in ns, and range of all finite values; `None` without any.
pub(crate) fn ranges(traces: &[Trace]) -> Option<(Range<f64>, Range<f64>)> {
    let finite = |value: &f64| value.is_finite();
    let drawable = |trace: &&Trace| trace.dt_ns.is_finite() && trace.t0_ns.is_finite();
    let mut times: Option<Range<f64>> = None;
    let mut values: Option<Range<f64>> = None;
    for trace in traces.iter().filter(drawable) {
        let Some(last) = trace.samples.len().checked_sub(1) else { continue };
        times = widen(widen(times, trace.time_ns(0)), trace.time_ns(last));
        for value in trace.samples.iter().copied().filter(finite) {
            values = widen(values, value);
        }
    }
    Some((times?, values?))
}

fn widen(range: Option<Range<f64>>, value: f64) -> Option<Range<f64>> {
    Some(range.map_or(value..value, |range| range.start.min(value)..range.end.max(value)))
}

/// The range with the given share of its length added at both ends; never empty.
pub(crate) fn padded(range: &Range<f64>, share: f64) -> Range<f64> {
    let length = range.end - range.start;
    let pad = if length > 0.0 { length * share } else { range.start.abs().max(1.0) * 0.5 };
    range.start - pad..range.end + pad
}

/// Digits behind the point for at most so many ticks at steps of 1, 2 or 5 times a power of ten.
pub(crate) fn decimals(range: &Range<f64>, ticks: usize) -> usize {
    let step = (range.end - range.start) / ticks.max(1) as f64;
    (0..9).find(|digits| step * 10_f64.powi(*digits) > 0.5).unwrap_or(9) as usize
}

/// The finite runs of a trace as points (time in ns, value), thinned to at most two points per
/// column: the smallest and the largest sample, in their order.
pub(crate) fn runs(trace: &Trace, columns: usize) -> Vec<Vec<(f64, f64)>> {
    let finite =
        |a: &usize, b: &usize| trace.samples[*a].is_finite() == trace.samples[*b].is_finite();
    let indices: Vec<usize> = (0..trace.samples.len()).collect();
    let per_column = trace.samples.len().div_ceil(columns.max(1));
    indices
        .chunk_by(finite)
        .filter(|run| trace.samples[run[0]].is_finite())
        .map(|run| thin(trace, run, per_column))
        .collect()
}

fn thin(trace: &Trace, run: &[usize], per_column: usize) -> Vec<(f64, f64)> {
    let point = |index: usize| (trace.time_ns(index), trace.samples[index]);
    if per_column <= 2 {
        return run.iter().map(|index| point(*index)).collect();
    }
    let mut points = Vec::new();
    for column in run.chunks(per_column) {
        let (mut low, mut high) = (column[0], column[0]);
        for index in column {
            if trace.samples[*index] < trace.samples[low] {
                low = *index;
            }
            if trace.samples[*index] > trace.samples[high] {
                high = *index;
            }
        }
        points.push(point(low.min(high)));
        if low != high {
            points.push(point(low.max(high)));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(samples: Vec<f64>) -> Trace {
        Trace { label: String::new(), dt_ns: 4.0, t0_ns: -8.0, samples }
    }

    #[test]
    fn units_fit_the_span() {
        let name = |span| TimeUnit::for_span(span).name;
        assert_eq!(
            [name(128.0), name(8192.0 * 16.0), name(5e7), name(1e10)],
            ["ns", "µs", "ms", "s"]
        );
    }

    #[test]
    fn ranges_cover_all_finite_samples() {
        let traces = [trace(vec![1.0, f64::NAN, -3.0]), trace(vec![9.0])];
        assert_eq!(ranges(&traces), Some((-8.0..0.0, -3.0..9.0)));
        assert_eq!(ranges(&[trace(vec![f64::NAN])]), None);
        assert_eq!(ranges(&[]), None);
        assert_eq!(padded(&(0.0..10.0), 0.1), -1.0..11.0);
        assert_eq!(padded(&(100.0..100.0), 0.1), 50.0..150.0);
    }

    #[test]
    fn ticks_get_the_digits_they_need() {
        assert_eq!(decimals(&(0.0..12000.0), 6), 0);
        assert_eq!(decimals(&(0.0..6.0), 6), 0);
        assert_eq!(decimals(&(0.0..5.0), 8), 0);
        assert_eq!(decimals(&(0.0..4.0), 8), 1);
        assert_eq!(decimals(&(0.0..1.3), 6), 1);
        assert_eq!(decimals(&(0.0..0.06), 6), 2);
    }

    #[test]
    fn thinning_keeps_every_peak_and_its_time() {
        let mut samples = vec![0.0; 10_000];
        (samples[1234], samples[1235], samples[7001]) = (50.0, -20.0, 99.0);
        let points = runs(&trace(samples), 100).concat();
        assert!(points.len() <= 200);
        for (index, value) in [(1234, 50.0), (1235, -20.0), (7001, 99.0)] {
            assert!(points.contains(&(4.0 * f64::from(index) - 8.0, value)));
        }
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn gaps_split_a_trace() {
        let runs = runs(&trace(vec![1.0, 2.0, f64::NAN, 3.0]), 100);
        assert_eq!(runs, [vec![(-8.0, 1.0), (-4.0, 2.0)], vec![(4.0, 3.0)]]);
    }
}
