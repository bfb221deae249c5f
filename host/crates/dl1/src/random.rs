//! Random numbers, the same ones as NumPy's `default_rng(0)` draws.
//!
//! The generator is PCG64 (O'Neill 2014, XSL-RR output of 128 bits of state), bounded numbers are drawn after
//! Lemire (2019) from halves of its words, the low half first.

/// Pairs of different points with which the starts of one robust fit begin.
pub type Pairs = [[usize; 2]; N_STARTS];

/// Starts of a robust fit.
pub const N_STARTS: usize = 5;

const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;

/// A stream of random numbers.
///
/// Fits of one file draw from one stream in the order of the file where results must be those of ctapipe; with
/// a stream [per event](Self::for_event) they do not depend on the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Random {
    state: u128,
    increment: u128,
    half: Option<u32>,
}

impl Default for Random {
    /// The stream of seed 0.
    fn default() -> Self {
        Random {
            state: 35_399_562_948_360_463_058_890_781_895_381_311_971,
            increment: 87_136_372_517_582_989_555_478_159_403_783_844_777,
            half: None,
        }
    }
}

impl Random {
    /// A stream of its own for a telescope's part of an event.
    pub fn for_event(obs_id: i32, event_id: i64, tel_id: u16) -> Self {
        let mut words = [0_u64; 4];
        let mut mixed = 0;
        for value in [i64::from(obs_id) as u64, event_id as u64, u64::from(tel_id)] {
            mixed = mix(mixed ^ value);
        }
        for word in &mut words {
            mixed = mix(mixed);
            *word = mixed;
        }
        let wide = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let mut random = Random { state: 0, increment: wide(words[0], words[1]) | 1, half: None };
        random.step();
        random.state = random.state.wrapping_add(wide(words[2], words[3]));
        random.step();
        random
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.step();
        let (high, low) = ((self.state >> 64) as u64, self.state as u64);
        (high ^ low).rotate_right((self.state >> 122) as u32)
    }

    fn next_u32(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        let word = self.next_u64();
        self.half = Some((word >> 32) as u32);
        word as u32
    }

    /// A number below `n`; 0 without a draw where nothing else is.
    fn below(&mut self, n: u32) -> u32 {
        if n <= 1 {
            return 0;
        }
        let mut product = u64::from(self.next_u32()) * u64::from(n);
        if (product as u32) < n {
            let least = n.wrapping_neg() % n;
            while (product as u32) < least {
                product = u64::from(self.next_u32()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    /// Two different numbers below `n`, which is at least 2.
    pub fn pair(&mut self, n: usize) -> [usize; 2] {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        let first = self.below(n);
        let second = self.below(n.saturating_sub(1));
        [first as usize, second as usize + usize::from(second >= first)]
    }

    /// The pairs of a fit to `n` points. Fewer than two points can't be fitted: nothing is drawn then.
    pub fn pairs(&mut self, n: usize) -> Pairs {
        if n < 2 { Pairs::default() } else { std::array::from_fn(|_| self.pair(n)) }
    }
}

/// Spreads the bits of a word (SplitMix64).
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_numpys() {
        let mut random = Random::default();
        let words = [(); 3].map(|()| random.next_u64());
        let expected =
            [11_749_869_230_777_074_271, 4_976_686_463_289_251_617, 755_828_109_848_996_024];
        assert_eq!(words, expected);
    }

    #[test]
    fn the_pairs_are_numpys() {
        let mut random = Random::default();
        let pairs = [5, 6, 7, 10, 23, 100, 3, 2, 2, 2000, 17, 50]
            .map(|n| random.pair(n).map(|at| at as u32));
        let expected = [
            [4, 2],
            [3, 1],
            [2, 0],
            [0, 1],
            [4, 18],
            [64, 91],
            [1, 2],
            [1, 0],
            [1, 0],
            [1264, 1086],
            [9, 15],
            [13, 40],
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn pairs_differ_and_stay_below() {
        let mut random = Random::for_event(1, -3, 7);
        for n in 2..40 {
            for [a, b] in random.pairs(n) {
                assert!(a != b && a < n && b < n);
            }
        }
        let before = random.clone();
        assert_eq!(random.pairs(1), Pairs::default());
        assert_eq!(random, before);
    }

    #[test]
    fn every_event_has_a_stream_of_its_own() {
        let first = |obs, event, tel| Random::for_event(obs, event, tel).next_u64();
        assert_eq!(first(1, 2, 3), first(1, 2, 3));
        assert!(first(1, 2, 3) != first(1, 2, 4) && first(1, 2, 3) != first(1, 3, 3));
        assert_ne!(first(1, 2, 3), first(2, 2, 3));
    }
}
