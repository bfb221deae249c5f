//! Units of time, and ranges of what is drawn.

use std::ops::Range;

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

/// The ranges of both coordinates of all finite points; `None` without any.
pub(crate) fn points_range<'a>(
    points: impl Iterator<Item = &'a (f64, f64)>,
) -> Option<(Range<f64>, Range<f64>)> {
    let widen = |range: &Range<f64>, v: f64| range.start.min(v)..range.end.max(v);
    points.filter(|(x, y)| x.is_finite() && y.is_finite()).fold(None, |found, (x, y)| {
        let (xs, ys) = found.unwrap_or((*x..*x, *y..*y));
        Some((widen(&xs, *x), widen(&ys, *y)))
    })
}

/// The range with the given share of its length added at both ends; never empty.
pub(crate) fn padded(range: &Range<f64>, share: f64) -> Range<f64> {
    let length = range.end - range.start;
    let largest = range.start.abs().max(range.end.abs());
    let least = 1e-13 * largest;
    let pad = if length > least { length * share } else { largest.max(1.0) * 0.5 };
    range.start - pad..range.end + pad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_fit_the_span() {
        let name = |span| TimeUnit::for_span(span).name;
        assert_eq!(
            [name(128.0), name(8192.0 * 16.0), name(5e7), name(1e10)],
            ["ns", "µs", "ms", "s"]
        );
    }

    #[test]
    fn ranges_cover_all_finite_points() {
        let points = [(-8.0, 1.0), (-4.0, f64::NAN), (0.0, -3.0), (f64::INFINITY, 100.0)];
        assert_eq!(points_range(points.iter()), Some((-8.0..0.0, -3.0..1.0)));
        assert_eq!(points_range([(0.0, f64::NAN)].iter()), None);
        assert_eq!(padded(&(0.0..10.0), 0.1), -1.0..11.0);
        assert_eq!(padded(&(100.0..100.0), 0.1), 50.0..150.0);
    }
}
