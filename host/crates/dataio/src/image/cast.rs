//! Conversions between element types that formats share.

use tierline_table::DType;

use super::Pixels;

impl Pixels {
    /// The elements as 64-bit floating-point numbers.
    pub fn floats(&self) -> Vec<f64> {
        self.iter_f64().collect()
    }

    /// Whether the elements are floating-point numbers.
    pub fn is_float(&self) -> bool {
        matches!(self.dtype, DType::F32 | DType::F64)
    }
}

/// IEEE 754 numbers of 16 bits as numbers of 32 bits, which hold them exactly.
pub(crate) fn halves(data: &[u8]) -> Vec<u8> {
    let wide = |bytes: &[u8; 2]| half(u16::from_le_bytes(*bytes)).to_le_bytes();
    data.as_chunks().0.iter().flat_map(wide).collect()
}

fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        let pairs = [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65504.0), (1, 2f32.powi(-24))];
        for (bits, value) in pairs {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan() && half(0xfc00) == f32::NEG_INFINITY);
    }
}
