//! Fewer points that look the same.

/// The points of each finite run, thinned to at most two per column: the one with the smallest and
/// the one with the largest value, in their order. A gap becomes one point that is not finite.
pub(crate) fn points(points: &[(f64, f64)], columns: usize) -> Vec<(f64, f64)> {
    let per_column = points.len().div_ceil(columns.max(1));
    let mut thinned = Vec::new();
    for run in runs(points) {
        if !thinned.is_empty() {
            thinned.push((f64::NAN, f64::NAN));
        }
        if per_column <= 2 {
            thinned.extend_from_slice(run);
        } else {
            run.chunks(per_column).for_each(|column| extremes(column, &mut thinned));
        }
    }
    thinned
}

/// The runs of finite points.
pub(crate) fn runs(points: &[(f64, f64)]) -> impl Iterator<Item = &[(f64, f64)]> {
    let finite = |point: &(f64, f64)| point.0.is_finite() && point.1.is_finite();
    points.split(move |point| !finite(point)).filter(|run| !run.is_empty())
}

fn extremes(column: &[(f64, f64)], thinned: &mut Vec<(f64, f64)>) {
    let (mut low, mut high) = (0, 0);
    for (index, point) in column.iter().enumerate() {
        if point.1 < column[low].1 {
            low = index;
        }
        if point.1 > column[high].1 {
            high = index;
        }
    }
    thinned.push(column[low.min(high)]);
    if low != high {
        thinned.push(column[low.max(high)]);
    }
}

#[cfg(test)]
mod tests {
    use crate::Trace;

    fn trace(samples: Vec<f64>) -> Trace {
        Trace { label: String::new(), dt_ns: 4.0, t0_ns: -8.0, samples }
    }

    #[test]
    fn thinning_keeps_every_peak_and_its_time() {
        let mut samples = vec![0.0; 10_000];
        (samples[1234], samples[1235], samples[7001]) = (50.0, -20.0, 99.0);
        let points = trace(samples).line(100).points;
        assert!(points.len() <= 200);
        for (index, value) in [(1234, 50.0), (1235, -20.0), (7001, 99.0)] {
            assert!(points.contains(&(4.0 * f64::from(index) - 8.0, value)));
        }
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn gaps_split_a_trace() {
        let points = trace(vec![f64::NAN, 1.0, 2.0, f64::NAN, f64::INFINITY, 3.0]).line(100).points;
        assert_eq!(points[..2], [(-4.0, 1.0), (0.0, 2.0)]);
        assert!(points[2].0.is_nan() && points[3..] == [(12.0, 3.0)]);
    }
}
