//! Which of two ways to cut rows into chunks compresses better, on a sample.

use std::sync::Arc;

use crate::Filters;
use crate::chunk::Encoder;
use crate::piece::{Cut, Piece};

/// Bytes of a sample, about.
const SAMPLE: usize = 128 << 10;

/// Compresses samples.
pub(crate) struct Trial {
    encoder: Encoder,
    scratch: Vec<u8>,
    out: Vec<u8>,
}

impl Trial {
    pub(crate) fn new() -> Self {
        Trial { encoder: Encoder::new(), scratch: Vec::new(), out: Vec::new() }
    }

    /// Whether `one` is smaller than `other` on the first rows that both cut alike.
    pub(crate) fn is_smaller(
        &mut self,
        block: &Arc<Vec<u8>>,
        row_bytes: usize,
        (item, filters): (usize, Filters),
        one: Cut,
        other: Cut,
    ) -> bool {
        let mut share = |cut| self.share(block, row_bytes, (item, filters), cut);
        share(one) < share(other)
    }

    /// Compressed bytes per byte of a block, from chunks spread over it.
    fn share(
        &mut self,
        block: &Arc<Vec<u8>>,
        row_bytes: usize,
        (item, filters): (usize, Filters),
        cut: Cut,
    ) -> f64 {
        let rows = block.len() / row_bytes;
        let (down, across) = (rows.div_ceil(cut.rows), row_bytes.div_ceil(cut.width));
        let (all, wanted) = (down * across, (SAMPLE / (cut.rows * cut.width)).max(2));
        let step = all.div_ceil(wanted).max(1);
        let (mut stored, mut raw) = (0usize, 0usize);
        for i in (0..all).step_by(step) {
            let (row, first) = (i / across * cut.rows, i % across * cut.width);
            let end = rows.min(row + cut.rows);
            let piece = Piece { block: block.clone(), row_bytes, rows: row..end, first, cut };
            let chunk = piece.bytes(&mut self.scratch);
            stored += self.encoder.encode(chunk, item, filters, &mut self.out).length;
            raw += (end - row) * cut.width.min(row_bytes - first);
        }
        stored as f64 / raw.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeating_rows_are_smaller_in_stripes() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let row: Vec<u8> = (0..20_000).map(|_| noise()).collect();
        let block = Arc::new(row.repeat(64));
        let kind = (2, crate::Compression::Gzip(1).into());
        let whole = Cut { rows: 8, width: 20_000 };
        let stripes = Cut { rows: 64, width: 500 };
        assert!(Trial::new().is_smaller(&block, 20_000, kind, stripes, whole));
        assert!(!Trial::new().is_smaller(&block, 20_000, kind, whole, stripes));
    }
}
