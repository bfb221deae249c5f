//! Changes of type, as numpy's `astype` makes them.

use tierline_table::{Array, DType};

/// A number on its way from one type to another.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Big(u64),
    Float(f64),
}

/// A float as a whole number of 64 bits: truncated; what doesn't fit is the smallest, as the processor has it.
fn truncate(x: f64) -> i64 {
    let fits = x >= i64::MIN as f64 && x < i64::MAX as f64;
    if fits { x as i64 } else { i64::MIN }
}

impl Number {
    /// The low bits that an integer of `size` bytes keeps.
    fn bits(self, to: DType) -> u64 {
        match (self, to) {
            (Number::Int(n), _) => n as u64,
            (Number::Big(n), _) => n,
            (Number::Float(x), DType::U64) if x >= i64::MAX as f64 => x as u64,
            // Four bytes or fewer go through a whole number of 32 bits with its sign, as the peer's compiler has it.
            (Number::Float(x), DType::I32 | DType::I16 | DType::I8 | DType::U16 | DType::U8) => {
                let n = truncate(x);
                i32::try_from(n).unwrap_or(i32::MIN) as u64
            }
            (Number::Float(x), _) => truncate(x) as u64,
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Big(n) => n as f64,
            Number::Float(x) => x,
        }
    }

    fn is_zero(self) -> bool {
        match self {
            Number::Int(n) => n == 0,
            Number::Big(n) => n == 0,
            Number::Float(x) => x == 0.0,
        }
    }

    fn push(self, to: DType, out: &mut Vec<u8>) {
        match to {
            DType::Bool => out.push(u8::from(!self.is_zero())),
            DType::F32 => match self {
                // Straight from the integer: by way of 64 bits it could be rounded twice.
                Number::Int(n) => out.extend_from_slice(&(n as f32).to_le_bytes()),
                Number::Big(n) => out.extend_from_slice(&(n as f32).to_le_bytes()),
                Number::Float(x) => out.extend_from_slice(&(x as f32).to_le_bytes()),
            },
            DType::F64 => out.extend_from_slice(&self.float().to_le_bytes()),
            other => {
                let bytes = self.bits(other).to_le_bytes();
                out.extend_from_slice(bytes.get(..other.size()).unwrap_or(&bytes));
            }
        }
    }
}

/// The elements in another type; `None` for text.
pub(super) fn convert(array: &Array, to: DType) -> Option<Array> {
    if matches!(array.dtype, DType::Text(_)) || matches!(to, DType::Text(_)) {
        return None;
    }
    let mut out = Array::new(to, &array.row_shape);
    if array.dtype == to {
        out.data.clone_from(&array.data);
        return Some(out);
    }
    out.data.reserve(array.len() * to.size());
    fn each<const N: usize>(
        array: &Array,
        to: DType,
        out: &mut Vec<u8>,
        number: impl Fn([u8; N]) -> Number,
    ) {
        let (items, _) = array.data.as_chunks::<N>();
        for item in items {
            number(*item).push(to, out);
        }
    }
    use Number::{Big, Float, Int};
    let data = &mut out.data;
    match array.dtype {
        DType::Bool | DType::U8 => each(array, to, data, |b| Int(u8::from_le_bytes(b).into())),
        DType::I8 => each(array, to, data, |b| Int(i8::from_le_bytes(b).into())),
        DType::U16 => each(array, to, data, |b| Int(u16::from_le_bytes(b).into())),
        DType::I16 => each(array, to, data, |b| Int(i16::from_le_bytes(b).into())),
        DType::U32 => each(array, to, data, |b| Int(u32::from_le_bytes(b).into())),
        DType::I32 => each(array, to, data, |b| Int(i32::from_le_bytes(b).into())),
        DType::U64 => each(array, to, data, |b| Big(u64::from_le_bytes(b))),
        DType::I64 => each(array, to, data, |b| Int(i64::from_le_bytes(b))),
        DType::F32 => each(array, to, data, |b| Float(f32::from_le_bytes(b).into())),
        DType::F64 => each(array, to, data, |b| Float(f64::from_le_bytes(b))),
        DType::Text(_) => {}
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_truncated_and_integers_keep_their_low_bits() {
        let floats = Array::from_f32(&[1.9, -1.9, 65537.0, 3e9]);
        let as_u16 = convert(&floats, DType::U16).unwrap();
        assert_eq!(as_u16.iter_f64().collect::<Vec<_>>(), [1.0, 65535.0, 1.0, 0.0]);
        let as_u32 = convert(&floats, DType::U32).unwrap();
        assert_eq!(as_u32.get_i64(3), Some(3_000_000_000));
        let as_i32 = convert(&floats, DType::I32).unwrap();
        assert_eq!(as_i32.get_i64(1), Some(-1));
        let wide = Array::from_i32(&[-1, 70000]);
        let narrow = convert(&wide, DType::U16).unwrap();
        assert_eq!(narrow.iter_u16().collect::<Vec<_>>(), [65535, 4464]);
        let flags = convert(&Array::from_f64(&[0.0, 0.5]), DType::Bool).unwrap();
        assert_eq!(flags.data, [0, 1]);
        assert!(convert(&Array::from_text(&["a"], 1), DType::U8).is_none());
    }
}
