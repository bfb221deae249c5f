//! Sums as NumPy makes them.

use std::ops::Add;

/// Values that are added one after the other, at most.
const BLOCK: usize = 128;

/// Sum of values by halves: eight running sums within blocks of at most 128 values, which are then added in
/// pairs. The same bits as NumPy's sum of an array without gaps.
pub fn pairwise_sum<T: Copy + Default + Add<Output = T>>(values: &[T]) -> T {
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (below, above) = values.split_at(half - half % 8);
        return pairwise_sum(below) + pairwise_sum(above);
    }
    let mut chunks = values.chunks_exact(8);
    let Some(first) = chunks.next() else {
        return values.iter().fold(T::default(), |sum, value| sum + *value);
    };
    let mut sums: [T; 8] = std::array::from_fn(|at| first[at]);
    for chunk in chunks.by_ref() {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = *sum + *value;
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    chunks.remainder().iter().fold(sum, |sum, value| sum + *value)
}

/// Mean of values by weights, in f64: the sum of the products over the sum of the weights.
pub(crate) fn weighted_mean(values: impl Iterator<Item = f64>, weights: &[f64], sum: f64) -> f64 {
    let products: Vec<f64> = values.zip(weights).map(|(value, weight)| value * weight).collect();
    pairwise_sum(&products) / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_numpy() {
        // numpy.sum of 1 / (k + 1) as float32, for these lengths.
        let values: Vec<f32> = (0_u16..1000).map(|k| 1.0 / (f32::from(k) + 1.0)).collect();
        let expected = NUMPY;
        for (length, sum) in expected {
            assert_eq!(pairwise_sum(&values[..length]).to_bits(), sum, "{length}");
        }
    }

    #[test]
    fn integers_are_added_too() {
        assert_eq!(pairwise_sum::<i64>(&[]), 0);
        assert_eq!(pairwise_sum(&(0..1000_i64).collect::<Vec<_>>()), 499_500);
    }

    const NUMPY: [(usize, u32); 9] = [
        (0, 0x00000000),
        (1, 0x3f800000),
        (7, 0x4025f160),
        (8, 0x402df160),
        (20, 0x4066415f),
        (128, 0x40addc58),
        (129, 0x40ae1bda),
        (300, 0x40c90b97),
        (1000, 0x40ef88fc),
    ];
}
