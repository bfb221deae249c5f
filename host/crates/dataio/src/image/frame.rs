//! Pixels with their header.

use tierline_table::DType;

use super::Header;

/// An array of numbers: C order, little-endian, the slowest extent first (`[rows, columns]` for an image).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Type of the elements: a number.
    pub dtype: DType,
    /// Extents, slowest first.
    pub shape: Vec<usize>,
    /// The elements, little-endian.
    pub data: Vec<u8>,
}

impl Pixels {
    /// Pixels from the bytes of a file, swapped if its high byte comes first. `data` is as long as shape
    /// and type ask for.
    pub fn from_file(dtype: DType, shape: Vec<usize>, mut data: Vec<u8>, big_endian: bool) -> Self {
        if big_endian {
            swap_bytes(&mut data, dtype.size());
        }
        Pixels { dtype, shape, data }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Rows and columns of an image; a line is one row. `None` for any other number of extents.
    pub fn rows_columns(&self) -> Option<(usize, usize)> {
        match self.shape.as_slice() {
            [columns] => Some((1, *columns)),
            [rows, columns] => Some((*rows, *columns)),
            _ => None,
        }
    }

    /// The elements as another type: integers wrap, floats are cut towards zero and saturate at 64 bit.
    pub fn cast(self, dtype: DType) -> Self {
        if dtype == self.dtype {
            return self;
        }
        let mut data = Vec::with_capacity(self.len() * dtype.size());
        for element in self.data.chunks_exact(self.dtype.size()) {
            Number::read(self.dtype, element).write(dtype, &mut data);
        }
        Pixels { dtype, shape: self.shape, data }
    }

    /// The elements as integers, floats cut towards zero.
    pub fn integers(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        let dtype = self.dtype;
        self.data
            .chunks_exact(dtype.size().max(1))
            .map(move |element| Number::read(dtype, element).integer())
    }
}

/// Numbers of an image that people look at first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Smallest finite value; NaN where there is none.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Sum of the finite values.
    pub sum: f64,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (divided by their number).
    pub std: f64,
    /// Values that are infinite or no number.
    pub not_finite: usize,
}

impl Pixels {
    /// The elements as floats; integers above 2^53 are rounded.
    pub fn iter_f64(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        let dtype = self.dtype;
        self.data.chunks_exact(dtype.size().max(1)).map(move |element| {
            match Number::read(dtype, element) {
                Number::Signed(value) => value as f64,
                Number::Unsigned(value) => value as f64,
                Number::Float(value) => value,
            }
        })
    }

    /// Statistics of the elements.
    pub fn statistics(&self) -> Statistics {
        let (mut min, mut max, mut sum, mut count) = (f64::NAN, f64::NAN, 0.0, 0usize);
        for value in self.iter_f64().filter(|value| value.is_finite()) {
            (min, max) = (min.min(value), max.max(value));
            (sum, count) = (sum + value, count + 1);
        }
        let mean = sum / count as f64;
        let finite = self.iter_f64().filter(|value| value.is_finite());
        let square: f64 = finite.map(|value| (value - mean).powi(2)).sum();
        let std = (square / count as f64).sqrt();
        Statistics { min, max, sum, mean, std, not_finite: self.len() - count }
    }
}

/// Swaps the bytes of each element of `size` bytes.
pub fn swap_bytes(data: &mut [u8], size: usize) {
    match size {
        2 => data.chunks_exact_mut(2).for_each(|c| c.swap(0, 1)),
        4 => data.chunks_exact_mut(4).for_each(|c| c.reverse()),
        8 => data.chunks_exact_mut(8).for_each(|c| c.reverse()),
        _ => {}
    }
}

/// One element of any numeric type.
#[derive(Clone, Copy)]
enum Number {
    Signed(i64),
    Unsigned(u64),
    Float(f64),
}

impl Number {
    fn read(dtype: DType, element: &[u8]) -> Self {
        let mut bytes = [0; 8];
        let count = element.len().min(8);
        bytes[..count].copy_from_slice(&element[..count]);
        let bits = u64::from_le_bytes(bytes);
        match dtype {
            DType::I8 => Number::Signed(i64::from(bits as i8)),
            DType::I16 => Number::Signed(i64::from(bits as i16)),
            DType::I32 => Number::Signed(i64::from(bits as i32)),
            DType::I64 => Number::Signed(bits as i64),
            DType::F32 => Number::Float(f64::from(f32::from_bits(bits as u32))),
            DType::F64 => Number::Float(f64::from_bits(bits)),
            DType::Bool | DType::U8 | DType::U16 | DType::U32 | DType::U64 | DType::Text(_) => {
                Number::Unsigned(bits)
            }
        }
    }

    fn integer(self) -> i64 {
        match self {
            Number::Signed(value) => value,
            Number::Unsigned(value) => value as i64,
            Number::Float(value) => value as i64,
        }
    }

    fn write(self, dtype: DType, data: &mut Vec<u8>) {
        let bits = match (dtype, self) {
            (DType::F32, Number::Signed(value)) => u64::from((value as f32).to_bits()),
            (DType::F32, Number::Unsigned(value)) => u64::from((value as f32).to_bits()),
            (DType::F32, Number::Float(value)) => u64::from((value as f32).to_bits()),
            (DType::F64, Number::Signed(value)) => (value as f64).to_bits(),
            (DType::F64, Number::Unsigned(value)) => (value as f64).to_bits(),
            (DType::F64, Number::Float(value)) => value.to_bits(),
            (DType::U64, Number::Float(value)) if value > 0.0 => value as u64,
            (_, number) => number.integer() as u64,
        };
        data.extend_from_slice(&bits.to_le_bytes()[..dtype.size().min(8)]);
    }
}

/// One image: pixels and header.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The pixels.
    pub pixels: Pixels,
    /// The header, in the file's order.
    pub header: Header,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(dtype: DType, data: &[u8]) -> Pixels {
        let shape = vec![data.len() / dtype.size()];
        Pixels::from_file(dtype, shape, data.to_vec(), false)
    }

    #[test]
    fn casts_wrap_integers_and_cut_floats() {
        let floats: Vec<u8> = [-1.9_f32, 300.7, 2.5].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(line(DType::F32, &floats).cast(DType::U8).data, [255, 44, 2]);
        let words = line(DType::I16, &[0xff, 0xff, 1, 0]);
        assert_eq!(words.clone().cast(DType::F64).data[..8], (-1.0_f64).to_le_bytes());
        assert_eq!(words.clone().cast(DType::U32).data, [255, 255, 255, 255, 1, 0, 0, 0]);
        assert_eq!(words.integers().collect::<Vec<_>>(), [-1, 1]);
        let large = line(DType::U64, &[255; 8]).cast(DType::F64);
        assert_eq!(large.data, (u64::MAX as f64).to_le_bytes());
    }

    #[test]
    fn statistics_leave_out_what_is_not_finite() {
        let floats: Vec<u8> =
            [1.0_f32, f32::NAN, 3.0, f32::INFINITY].iter().flat_map(|v| v.to_le_bytes()).collect();
        let s = line(DType::F32, &floats).statistics();
        assert_eq!(
            (s.min, s.max, s.sum, s.mean, s.std, s.not_finite),
            (1.0, 3.0, 4.0, 2.0, 1.0, 2)
        );
        assert!(line(DType::U8, &[]).statistics().min.is_nan());
    }

    #[test]
    fn the_high_byte_may_come_first() {
        let pixels = Pixels::from_file(DType::U32, vec![1], vec![1, 2, 3, 4], true);
        assert_eq!(pixels.data, [4, 3, 2, 1]);
    }
}
