//! Arrays: rows of equal shape, as little-endian bytes.

use crate::DType;

/// Rows of equal shape. An empty `row_shape` is a plain column; `[n]` makes every row a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Array {
    /// Type of the elements.
    pub dtype: DType,
    /// Shape of one row.
    pub row_shape: Vec<usize>,
    /// All rows one after another, little-endian.
    pub data: Vec<u8>,
}

impl Array {
    /// An array without rows.
    pub fn new(dtype: DType, row_shape: &[usize]) -> Self {
        Array { dtype, row_shape: row_shape.to_vec(), data: Vec::new() }
    }

    /// An array of `rows` rows of zeros.
    pub fn zeros(dtype: DType, row_shape: &[usize], rows: usize) -> Self {
        let mut array = Self::new(dtype, row_shape);
        array.data = vec![0; array.row_bytes() * rows];
        array
    }

    /// The same elements, `row_shape` elements to the row.
    #[must_use]
    pub fn reshaped(mut self, row_shape: &[usize]) -> Self {
        self.row_shape = row_shape.to_vec();
        self
    }

    /// Elements in one row.
    pub fn row_len(&self) -> usize {
        self.row_shape.iter().product()
    }

    /// Bytes in one row.
    pub fn row_bytes(&self) -> usize {
        self.row_len() * self.dtype.size()
    }

    /// Complete rows; 0 if a row has no bytes.
    pub fn rows(&self) -> usize {
        self.data.len().checked_div(self.row_bytes()).unwrap_or(0)
    }

    /// Elements in all rows.
    pub fn len(&self) -> usize {
        self.data.len().checked_div(self.dtype.size()).unwrap_or(0)
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The bytes of one row.
    pub fn row(&self, row: usize) -> Option<&[u8]> {
        let bytes = self.row_bytes();
        let start = row.checked_mul(bytes)?;
        self.data.get(start..start.checked_add(bytes)?)
    }

    /// The bytes of element `index`, counted through all rows.
    pub fn element(&self, index: usize) -> Option<&[u8]> {
        let size = self.dtype.size();
        let start = index.checked_mul(size)?;
        self.data.get(start..start.checked_add(size)?)
    }

    /// Element `index` (through all rows) as a number; `None` past the end and for text.
    pub fn get_f64(&self, index: usize) -> Option<f64> {
        let bytes = self.element(index)?;
        match self.dtype {
            DType::F32 => Some(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))),
            DType::F64 => Some(f64::from_le_bytes(bytes.try_into().ok()?)),
            DType::U64 => Some(u64::from_le_bytes(bytes.try_into().ok()?) as f64),
            _ => self.get_i64(index).map(|value| value as f64),
        }
    }

    /// Element `index` (through all rows) as an integer; `None` if it is none or does not fit.
    pub fn get_i64(&self, index: usize) -> Option<i64> {
        let bytes = self.element(index)?;
        match self.dtype {
            DType::Bool | DType::U8 => bytes.first().map(|byte| i64::from(*byte)),
            DType::I8 => bytes.try_into().ok().map(|b| i64::from(i8::from_le_bytes(b))),
            DType::U16 => bytes.try_into().ok().map(|b| i64::from(u16::from_le_bytes(b))),
            DType::I16 => bytes.try_into().ok().map(|b| i64::from(i16::from_le_bytes(b))),
            DType::U32 => bytes.try_into().ok().map(|b| i64::from(u32::from_le_bytes(b))),
            DType::I32 => bytes.try_into().ok().map(|b| i64::from(i32::from_le_bytes(b))),
            DType::U64 => i64::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok(),
            DType::I64 => bytes.try_into().ok().map(i64::from_le_bytes),
            DType::F32 | DType::F64 | DType::Text(_) => None,
        }
    }

    /// Element `index` as text without its padding; `None` if it is no text.
    pub fn get_text(&self, index: usize) -> Option<String> {
        let DType::Text(_) = self.dtype else { return None };
        let bytes = self.element(index)?;
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    /// All elements of a `U16` array; nothing for other types.
    pub fn iter_u16(&self) -> impl Iterator<Item = u16> + '_ {
        let data: &[u8] = if self.dtype == DType::U16 { &self.data } else { &[] };
        data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
    }

    /// All elements as numbers; nothing for text.
    pub fn iter_f64(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map_while(|index| self.get_f64(index))
    }

    fn of<T: Copy, const N: usize>(dtype: DType, values: &[T], bytes: fn(T) -> [u8; N]) -> Self {
        let data = values.iter().flat_map(|value| bytes(*value)).collect();
        Array { dtype, row_shape: Vec::new(), data }
    }

    /// A column of truth values.
    pub fn from_bool(values: &[bool]) -> Self {
        Self::of(DType::Bool, values, |value| [u8::from(value)])
    }

    /// A column of `u8`.
    pub fn from_u8(values: &[u8]) -> Self {
        Array { dtype: DType::U8, row_shape: Vec::new(), data: values.to_vec() }
    }

    /// A column of `u16`.
    pub fn from_u16(values: &[u16]) -> Self {
        Self::of(DType::U16, values, u16::to_le_bytes)
    }

    /// A column of `i16`.
    pub fn from_i16(values: &[i16]) -> Self {
        Self::of(DType::I16, values, i16::to_le_bytes)
    }

    /// A column of `u32`.
    pub fn from_u32(values: &[u32]) -> Self {
        Self::of(DType::U32, values, u32::to_le_bytes)
    }

    /// A column of `i32`.
    pub fn from_i32(values: &[i32]) -> Self {
        Self::of(DType::I32, values, i32::to_le_bytes)
    }

    /// A column of `u64`.
    pub fn from_u64(values: &[u64]) -> Self {
        Self::of(DType::U64, values, u64::to_le_bytes)
    }

    /// A column of `i64`.
    pub fn from_i64(values: &[i64]) -> Self {
        Self::of(DType::I64, values, i64::to_le_bytes)
    }

    /// A column of `f32`.
    pub fn from_f32(values: &[f32]) -> Self {
        Self::of(DType::F32, values, f32::to_le_bytes)
    }

    /// A column of `f64`.
    pub fn from_f64(values: &[f64]) -> Self {
        Self::of(DType::F64, values, f64::to_le_bytes)
    }

    /// A column of text, `width` bytes each; longer texts are cut.
    pub fn from_text(values: &[&str], width: u16) -> Self {
        let mut array = Self::new(DType::Text(width), &[]);
        values.iter().for_each(|value| array.push_text(value));
        array
    }

    /// Appends one text, padded with NUL or cut to the width of this text array. Does nothing to
    /// an array of numbers.
    pub fn push_text(&mut self, value: &str) {
        let DType::Text(width) = self.dtype else { return };
        let bytes = &value.as_bytes()[..value.len().min(usize::from(width))];
        self.data.extend_from_slice(bytes);
        self.data.resize(self.data.len() + usize::from(width) - bytes.len(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_and_shapes() {
        let array = Array::from_u16(&[1, 2, 3, 65535]).reshaped(&[2]);
        assert_eq!((array.rows(), array.row_bytes(), array.len()), (2, 4, 4));
        assert_eq!(array.get_f64(3), Some(65535.0));
        assert_eq!(array.get_f64(4), None);
        assert_eq!(array.iter_u16().collect::<Vec<_>>(), [1, 2, 3, 65535]);
        assert_eq!(array.row(1), Some(&[3, 0, 255, 255][..]));
        assert_eq!(Array::from_i8_bytes(-3).get_i64(0), Some(-3));
        assert_eq!(Array::from_u64(&[u64::MAX]).get_i64(0), None);
        assert_eq!(Array::zeros(DType::F32, &[3], 2).rows(), 2);
        assert_eq!(Array::zeros(DType::F32, &[0], 2).rows(), 0);
    }

    impl Array {
        fn from_i8_bytes(value: i8) -> Self {
            Array { dtype: DType::I8, row_shape: Vec::new(), data: vec![value as u8] }
        }
    }

    #[test]
    fn text_is_padded_and_cut() {
        let array = Array::from_text(&["ab", "", "abcdef"], 4);
        assert_eq!(array.dtype.name(), "S4");
        assert_eq!(array.get_text(0).as_deref(), Some("ab"));
        assert_eq!(array.get_text(1).as_deref(), Some(""));
        assert_eq!(array.get_text(2).as_deref(), Some("abcd"));
        assert_eq!(array.get_f64(0), None);
    }
}
