//! The codecs written down a second time, sample by sample and bit by bit.

/// Words of a trace in radware-sigcompress.
pub(super) fn radware(samples: &[i64], shift: i64) -> Vec<u16> {
    let x: Vec<i64> = samples.iter().map(|s| i64::from((s + shift) as i16)).collect();
    let n = x.len();
    let mask = |bits: u32| (1i64 << bits) - 1;
    let mut words = vec![n as u16];
    let mut j = 0;
    while j < n {
        let (mut k, mut min1, mut max1) = (j + 1, x[j], x[j]);
        let (mut min2, mut max2) = (16_000, -16_000);
        while k < n && k < j + 48 {
            let d = x[k] - x[k - 1];
            (min1, max1) = (min1.min(x[k]), max1.max(x[k]));
            (min2, max2) = (min2.min(d), max2.max(d));
            k += 1;
        }
        let bits = |range: i64| (2..=16).find(|bits| range <= mask(*bits)).unwrap();
        let mut stream = Vec::new();
        let mut push = |value: i64, bits: u32| {
            stream.extend((0..bits).rev().map(|bit| value >> bit & 1 == 1));
        };
        if max1 - min1 <= max2 - min2 {
            let nb = bits(max1 - min1);
            while k < n && k < j + 128 {
                (min1, max1) = match (min1.min(x[k]), max1.max(x[k])) {
                    (low, high) if high - low > mask(nb) => break,
                    range => range,
                };
                k += 1;
            }
            words.extend([(k - j) as u16, nb as u16, min1 as u16]);
            x[j..k].iter().for_each(|value| push(value - min1, nb));
        } else {
            let nb = bits(max2 - min2);
            while k < n && k < j + 128 {
                let d = x[k] - x[k - 1];
                (min2, max2) = match (min2.min(d), max2.max(d)) {
                    (low, high) if high - low > mask(nb) => break,
                    range => range,
                };
                k += 1;
            }
            words.extend([(k - j) as u16, nb as u16 + 32, x[j] as u16, min2 as u16]);
            (j + 1..k).for_each(|i| push(x[i] - x[i - 1] - min2, nb));
        }
        words.extend(stream.chunks(16).map(|bits| {
            bits.iter().enumerate().fold(0, |word, (i, bit)| word | u16::from(*bit) << (15 - i))
        }));
        j = k;
    }
    if words.len() % 2 == 1 {
        words.push(0);
    }
    words
}

/// Bytes of a trace in ULEB128 of zigzag differences.
pub(super) fn uleb(samples: &[i64]) -> Vec<u8> {
    let (mut before, mut bytes) = (0, Vec::new());
    for sample in samples {
        let d = (sample - before) as i32;
        before = *sample;
        let mut z = if d < 0 { !(d as u32) * 2 + 1 } else { d as u32 * 2 };
        while z >= 128 {
            bytes.push(z as u8 | 128);
            z /= 128;
        }
        bytes.push(z as u8);
    }
    bytes
}
