//! What a Struck SIS3316 writes before the samples of a hit; used by llamaDAQ and by ORCA.
//!
//! | word | bits | field |
//! |--|--|--|
//! | 0 | 0-3, 4-15, 16-31 | format bits, channel id, timestamp 47:32 |
//! | 1 | | timestamp 31:0 |
//! | + 7 (format bit 0) | | peak value (low half) and index; sum 1 (24 bits) and information; sums 2-6 |
//! | + 2 (format bit 1) | | sums 7, 8 |
//! | + 3 (format bit 2) | | moving average: maximum, before, after |
//! | + 2 (format bit 3) | | start energy, largest energy |

use super::pulse::Channel;
use super::rng::Rng;

/// Number of words of the groups the format bits announce.
pub fn group_words(format_bits: u32) -> usize {
    let sizes = [7, 2, 3, 2];
    (0..4).filter(|bit| format_bits >> bit & 1 == 1).map(|bit| sizes[bit]).sum()
}

/// The two words with channel and time (48 bits, in clock ticks).
pub fn head(format_bits: u32, channel_id: u32, ticks: u64) -> [u32; 2] {
    let high = (ticks >> 32) as u32;
    [format_bits & 0xF | (channel_id & 0xFFF) << 4 | high << 16, ticks as u32]
}

/// The groups of accumulators for a raw trace.
pub fn groups(format_bits: u32, samples: &[u16]) -> Vec<u32> {
    let eighth = (samples.len() / 8).max(1);
    let mut gates = samples.chunks(eighth).map(|gate| gate.iter().map(|s| u32::from(*s)).sum());
    let sums: [u32; 8] = std::array::from_fn(|_| gates.next().unwrap_or(0));
    let peak = samples.iter().zip(0_u32..).max_by_key(|(sample, _)| **sample);
    let (value, index) = peak.map_or((0, 0), |(sample, index)| (u32::from(*sample), index));
    let information = 0x10;
    let mut words = Vec::new();
    if format_bits & 1 != 0 {
        words.extend([value | index << 16, sums[0] & 0xFF_FFFF | information << 24]);
        words.extend(&sums[1..6]);
    }
    if format_bits & 2 != 0 {
        words.extend(&sums[6..8]);
    }
    if format_bits & 4 != 0 {
        words.extend([sums[4].max(sums[3]), sums[3], sums[5]]);
    }
    if format_bits & 8 != 0 {
        words.extend([sums[0], *sums.iter().max().unwrap_or(&0)]);
    }
    words
}

/// A germanium detector on an SIS3316 (14 bits, left-aligned in 16).
pub fn channel(rng: &mut Rng, period_ns: f64) -> Channel {
    Channel { noise: 3.0, ..Channel::germanium(rng, 16, period_ns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_their_sizes() {
        let samples: Vec<u16> = (0..80).collect();
        for format_bits in 0..16 {
            assert_eq!(groups(format_bits, &samples).len(), group_words(format_bits));
        }
        assert_eq!(group_words(0xF), 14);
        assert_eq!(groups(1, &samples)[..2], [79 | 79 << 16, 45 | 0x10 << 24]);
        assert_eq!(head(5, 0x13, 0x0002_0000_0007), [0x0002_0135, 7]);
    }
}
