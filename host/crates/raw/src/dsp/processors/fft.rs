//! The discrete Fourier transform, of lengths that are powers of two.

use std::f64::consts::PI;

/// Roots of unity for a length: those of stage `h` (1, 2, 4, ...) begin at `h - 1`.
fn roots(cos: &mut [f64], sin: &mut [f64], length: usize) {
    let half = length / 2;
    for k in 0..half {
        let (s, c) = (-PI * k as f64 / half as f64).sin_cos();
        (cos[half - 1 + k], sin[half - 1 + k]) = (c, s);
    }
    let mut h = half / 2;
    while h > 0 {
        for k in 0..h {
            cos[h - 1 + k] = cos[2 * h - 1 + 2 * k];
            sin[h - 1 + k] = sin[2 * h - 1 + 2 * k];
        }
        h /= 2;
    }
}

/// Room for transforms of one length.
pub(super) struct Fourier<'a> {
    cos: &'a mut [f64],
    sin: &'a mut [f64],
}

impl<'a> Fourier<'a> {
    /// For a length that is a power of two; takes two such lengths of room and returns the rest.
    pub(super) fn new(length: usize, room: &'a mut [f64]) -> (Self, &'a mut [f64]) {
        let (cos, rest) = room.split_at_mut(length);
        let (sin, rest) = rest.split_at_mut(length);
        roots(cos, sin, length);
        (Fourier { cos, sin }, rest)
    }

    /// Transforms real and imaginary parts in place. With the parts exchanged it is the inverse,
    /// times the length.
    pub(super) fn transform(&self, re: &mut [f64], im: &mut [f64]) {
        let n = re.len();
        let shift = usize::BITS - n.trailing_zeros();
        for i in 0..n {
            let j = i.reverse_bits().checked_shr(shift).unwrap_or(0);
            if i < j {
                re.swap(i, j);
                im.swap(i, j);
            }
        }
        let mut h = 1;
        while h < n {
            let (cos, sin) = (&self.cos[h - 1..2 * h - 1], &self.sin[h - 1..2 * h - 1]);
            for (re, im) in re.chunks_exact_mut(2 * h).zip(im.chunks_exact_mut(2 * h)) {
                butterflies(re.split_at_mut(h), im.split_at_mut(h), cos, sin);
            }
            h *= 2;
        }
    }
}

type Halves<'a> = (&'a mut [f64], &'a mut [f64]);

fn butterflies((a, b): Halves<'_>, (x, y): Halves<'_>, cos: &[f64], sin: &[f64]) {
    let parts = a.iter_mut().zip(b).zip(x.iter_mut().zip(y));
    for (((a, b), (x, y)), (c, s)) in parts.zip(cos.iter().zip(sin)) {
        let (re, im) = (*b * c - *y * s, *b * s + *y * c);
        (*b, *y) = (*a - re, *x - im);
        (*a, *x) = (*a + re, *x + im);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transforms_of_eight() {
        let mut room = [0.0; 16];
        let (fourier, rest) = Fourier::new(8, &mut room);
        assert!(rest.is_empty());
        let (mut re, mut im) = ([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0; 8]);
        fourier.transform(&mut re, &mut im);
        for k in 0..8 {
            let angle = -PI * k as f64 / 4.0;
            assert!((re[k] - angle.cos()).abs() < 1e-15 && (im[k] - angle.sin()).abs() < 1e-15);
        }
        fourier.transform(&mut im, &mut re);
        assert!((re[1] - 8.0).abs() < 1e-14 && re[0].abs() < 1e-14 && im[1].abs() < 1e-14);
    }
}
