//! A chunk as a part of a block of rows: whole rows of it, or a stripe of some elements of each row.

use std::ops::Range;
use std::sync::Arc;

/// How the rows of a block are cut into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Rows to the chunk.
    pub(crate) rows: usize,
    /// Bytes of each row to the chunk; the last stripe is padded.
    pub(crate) width: usize,
}

/// The part of a block that makes a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) block: Arc<Vec<u8>>,
    pub(crate) row_bytes: usize,
    /// Rows of the block.
    pub(crate) rows: Range<usize>,
    /// First byte of each row.
    pub(crate) first: usize,
    /// Size of the chunk, whose surplus is zero.
    pub(crate) cut: Cut,
}

impl Piece {
    /// Bytes of the chunk.
    pub(crate) fn len(&self) -> usize {
        self.cut.rows * self.cut.width
    }

    /// The chunk's bytes: those of the block where they lie together, else gathered in `scratch`.
    pub(crate) fn bytes<'a>(&'a self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let full = self.cut.width == self.row_bytes && self.first == 0;
        if full && self.rows.len() == self.cut.rows {
            return &self.block[self.rows.start * self.row_bytes..self.rows.end * self.row_bytes];
        }
        scratch.clear();
        scratch.reserve(self.len());
        let width = self.cut.width.min(self.row_bytes - self.first);
        for row in self.rows.clone() {
            let at = row * self.row_bytes + self.first;
            scratch.extend_from_slice(&self.block[at..at + width]);
            scratch.resize(scratch.len() + self.cut.width - width, 0);
        }
        scratch.resize(self.len(), 0);
        scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stripes_are_gathered_and_padded() {
        let block = Arc::new((0..15u8).collect::<Vec<u8>>());
        let cut = Cut { rows: 2, width: 2 };
        let piece = |rows, first| Piece { block: block.clone(), row_bytes: 5, rows, first, cut };
        let mut scratch = Vec::new();
        assert_eq!(piece(0..2, 2).bytes(&mut scratch), [2, 3, 7, 8]);
        assert_eq!(piece(0..2, 4).bytes(&mut scratch), [4, 0, 9, 0]);
        assert_eq!(piece(2..3, 0).bytes(&mut scratch), [10, 11, 0, 0]);
        let whole = Piece { cut: Cut { rows: 2, width: 5 }, ..piece(1..3, 0) };
        assert_eq!(whole.bytes(&mut scratch), &block[5..]);
    }
}
