//! Intervals of phase, for the background of periodic sources.

/// Intervals within a turn: one that passes the end of a turn is parted there.
pub fn split_intervals(intervals: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut split = Vec::with_capacity(intervals.len());
    for &[from, to] in intervals {
        let turn = [from.rem_euclid(1.0), to.rem_euclid(1.0)];
        if turn[0] <= turn[1] {
            split.push([from, to]);
            continue;
        }
        split.push([turn[0], 1.0]);
        if turn[1] != 0.0 {
            split.push([0.0, turn[1]]);
        }
    }
    split
}

/// Whether a phase is in any interval, the upper end of each excluded.
pub fn contains(intervals: &[[f64; 2]], phase: f64) -> bool {
    intervals.iter().any(|interval| interval[0] <= phase && phase < interval[1])
}

/// The acceptance of intervals: their widths together.
pub fn acceptance(intervals: &[[f64; 2]]) -> f64 {
    intervals.iter().map(|interval| interval[1] - interval[0]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_parted_at_the_turn() {
        assert_eq!(split_intervals(&[[0.2, 0.4]]), [[0.2, 0.4]]);
        assert_eq!(split_intervals(&[[0.9, 1.2]]), [[0.9, 1.0], [0.0, 1.2_f64.rem_euclid(1.0)]]);
        assert_eq!(split_intervals(&[[0.9, 1.0]]), [[0.9, 1.0]]);
        let parts = split_intervals(&[[-0.1, 0.1], [0.5, 0.6]]);
        assert_eq!(parts.len(), 3);
        assert!((acceptance(&parts) - 0.3).abs() < 1e-12);
        assert!(contains(&parts, 0.95) && contains(&parts, 0.0) && contains(&parts, 0.5));
        assert!(!contains(&parts, 0.1) && !contains(&parts, 0.6) && !contains(&parts, f64::NAN));
    }
}
