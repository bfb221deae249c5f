//! How values are distributed.

use super::Statistics;
use super::sum::pairwise_sum;

/// Distribution of values. Extremes, mean, deviation and offsets from the mean are made in f32, the moments in f64.
/// NaN if there are no values.
pub fn statistics(values: &[f32]) -> Statistics {
    if values.is_empty() {
        return Statistics::UNDEFINED;
    }
    let count = values.len() as f64;
    let divide = |sum: f32| (f64::from(sum) / count) as f32;
    let mean = divide(pairwise_sum(values));
    let squares: Vec<f32> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    let std = divide(pairwise_sum(&squares)).sqrt();
    let max = values.iter().copied().fold(f32::NEG_INFINITY, larger);
    let min = -values.iter().map(|value| -value).fold(f32::NEG_INFINITY, larger);
    let offsets = values.iter().map(|value| f64::from(value - mean));
    let [skewness, kurtosis] = moments(offsets, f64::from(std));
    let [max, min, mean, std] = [max, min, mean, std].map(f64::from);
    Statistics { max, min, mean, std, skewness, kurtosis }
}

/// Distribution of counts, in f64.
pub fn statistics_of_counts(values: &[i32]) -> Statistics {
    if values.is_empty() {
        return Statistics::UNDEFINED;
    }
    let count = values.len() as f64;
    let numbers: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let mean = pairwise_sum(&numbers) / count;
    let squares: Vec<f64> = numbers.iter().map(|value| (value - mean) * (value - mean)).collect();
    let std = (pairwise_sum(&squares) / count).sqrt();
    let extreme = |value: Option<&i32>| value.map_or(f64::NAN, |value| f64::from(*value));
    let [skewness, kurtosis] = moments(numbers.iter().map(|value| value - mean), std);
    let (max, min) = (extreme(values.iter().max()), extreme(values.iter().min()));
    Statistics { max, min, mean, std, skewness, kurtosis }
}

/// The larger value, or NaN if there is one.
fn larger(a: f32, b: f32) -> f32 {
    if a.is_nan() || a > b { a } else { b }
}

/// Means of the third and the fourth powers of offsets from the mean by the deviation, the latter less 3.
fn moments(offsets: impl ExactSizeIterator<Item = f64>, std: f64) -> [f64; 2] {
    let count = offsets.len() as f64;
    let (mut third, mut fourth) = (0.0, 0.0);
    for offset in offsets {
        let value = offset / std;
        let square = value * value;
        third += square * value;
        fourth += square * square;
    }
    [third / count, fourth / count - 3.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_sample() {
        let found = statistics(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!((found.max, found.min, found.mean), (6.0, 1.0, 3.0));
        assert_eq!(found.std, f64::from(3.5_f32.sqrt()));
        assert!((found.skewness - 4.5 / 3.5_f64.powf(1.5)).abs() < 1e-6);
        let counts = statistics_of_counts(&[1, 2, 3, 6]);
        assert!((counts.kurtosis - found.kurtosis).abs() < 1e-6);
        assert_eq!((counts.max, counts.min, counts.mean), (6.0, 1.0, 3.0));
    }

    #[test]
    fn equal_values_have_no_moments() {
        let found = statistics(&[2.0; 9]);
        assert_eq!((found.mean, found.std), (2.0, 0.0));
        assert!(found.skewness.is_nan() && found.kurtosis.is_nan());
    }

    #[test]
    fn nothing_has_no_mean() {
        assert!(statistics(&[]).mean.is_nan() && statistics_of_counts(&[]).max.is_nan());
        assert!(statistics(&[1.0, f32::NAN, 2.0]).max.is_nan());
    }
}
