//! A small reproducible generator of random numbers.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): the state is a counter with the increment
//! `0x9E3779B97F4A7C15`, each output is the counter mixed by two multiplications. The derived
//! distributions use integer arithmetic and the exactly rounded operations of IEEE 754 only (no
//! `exp`, `ln` or `sin`), so that every platform draws the same numbers.

/// SplitMix64 with the distributions the emitters need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator; every seed is good, equal seeds give equal sequences.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// An independent generator for a numbered part (a channel, an event) of the same run.
    pub fn fork(&self, part: u64) -> Self {
        let mut child = Self::new(self.state ^ part.wrapping_mul(0xD1B5_4A32_D192_ED03));
        child.state = child.next_u64();
        child
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    /// A number in `0..limit` (0 if the limit is 0). The bias is below `limit / 2^64`.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u64
    }

    /// A number in `first..=last`.
    pub fn range(&mut self, first: i64, last: i64) -> i64 {
        first + self.below((last - first).unsigned_abs() + 1) as i64
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Gaussian of mean 0 and standard deviation 1: the sum of twelve uniform numbers of 16 bits,
    /// less six. The tails end at six standard deviations.
    pub fn gaussian(&mut self) -> f64 {
        let mut sum = 0;
        for _ in 0..3 {
            let word = self.next_u64();
            sum += (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48);
        }
        (sum as f64 + 6.0) / 65536.0 - 6.0
    }

    /// Exponential of mean 1, by von Neumann's comparisons (1951): no logarithm.
    pub fn exponential(&mut self) -> f64 {
        let mut whole = 0.0;
        loop {
            let first = self.uniform();
            let mut last = first;
            let mut falling = 1;
            loop {
                let next = self.uniform();
                if next >= last {
                    break;
                }
                last = next;
                falling += 1;
            }
            if falling % 2 == 1 {
                return whole + first;
            }
            whole += 1.0;
        }
    }

    /// Poisson of a small mean: the number of exponential waits that fit into `mean`.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let mut time = self.exponential();
        let mut count = 0;
        while time < mean {
            time += self.exponential();
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let n = 20_000;
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..n {
            let x = draw();
            sum += x;
            square += x * x;
        }
        let mean = sum / f64::from(n);
        (mean, square / f64::from(n) - mean * mean)
    }

    #[test]
    fn first_numbers_are_those_of_the_published_generator() {
        let mut rng = Rng::new(1234567);
        assert_eq!(rng.next_u64(), 6457827717110365317);
        assert_eq!(rng.next_u64(), 3203168211198807973);
        assert_eq!(rng.next_u64(), 9817491932198370423);
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut rng = Rng::new(7);
        let (mean, variance) = moments(|| rng.gaussian());
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
        let (mean, variance) = moments(|| rng.exponential());
        assert!((mean - 1.0).abs() < 0.03 && (variance - 1.0).abs() < 0.1, "{mean} {variance}");
        let (mean, variance) = moments(|| f64::from(rng.poisson(4.0)));
        assert!((mean - 4.0).abs() < 0.06 && (variance - 4.0).abs() < 0.3, "{mean} {variance}");
    }

    #[test]
    fn ranges_are_closed_and_reached() {
        let mut rng = Rng::new(3);
        let drawn: Vec<i64> = (0..200).map(|_| rng.range(-1, 2)).collect();
        assert!((-1..=2).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|x| (-1..=2).contains(x)));
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn forks_differ_and_repeat() {
        let root = Rng::new(9);
        assert_eq!(root.fork(1), root.fork(1));
        assert_ne!(root.fork(1).next_u64(), root.fork(2).next_u64());
    }
}
