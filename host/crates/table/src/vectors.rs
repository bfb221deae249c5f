//! Rows of differing length.

use crate::{Array, DType};

/// Rows of differing length: all elements, and where each row ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorOfVectors {
    /// The elements of all rows one after another.
    pub flattened: Array,
    /// Per row, the number of elements up to and including it.
    pub cumulative_length: Vec<i64>,
}

impl VectorOfVectors {
    /// A column without rows.
    pub fn new(dtype: DType) -> Self {
        VectorOfVectors { flattened: Array::new(dtype, &[]), cumulative_length: Vec::new() }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cumulative_length.len()
    }

    /// Appends a row given as little-endian bytes of whole elements.
    pub fn push_row(&mut self, bytes: &[u8]) {
        self.flattened.data.extend_from_slice(bytes);
        self.end_row();
    }

    /// Ends a row after its elements were appended to `flattened`.
    pub fn end_row(&mut self) {
        self.cumulative_length.push(self.flattened.rows() as i64);
    }

    /// The range of elements that row `row` has; `None` past the end or if the lengths do not rise.
    pub fn range(&self, row: usize) -> Option<std::ops::Range<usize>> {
        let start = match row.checked_sub(1) {
            Some(before) => *self.cumulative_length.get(before)?,
            None => 0,
        };
        let start = usize::try_from(start).ok()?;
        let end = usize::try_from(*self.cumulative_length.get(row)?).ok()?;
        (start <= end && end <= self.flattened.rows()).then_some(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_ranges() {
        let mut vectors = VectorOfVectors::new(DType::U16);
        vectors.push_row(&[1, 0, 2, 0]);
        vectors.push_row(&[]);
        vectors.push_row(&[3, 0]);
        assert_eq!(vectors.cumulative_length, [2, 2, 3]);
        assert_eq!(vectors.range(0), Some(0..2));
        assert_eq!(vectors.range(1), Some(2..2));
        assert_eq!(vectors.range(2), Some(2..3));
        assert_eq!(vectors.range(3), None);
        vectors.cumulative_length[0] = 9;
        assert_eq!(vectors.range(1), None);
    }
}
