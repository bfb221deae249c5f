//! How many rows go into a chunk.

use tierline_table::{Column, Table};

/// Rows of more bytes than this are stored in larger chunks.
const WIDE: usize = 64;

/// How many rows go into a chunk.
///
/// Wide columns and narrow ones have targets of their own; what one table may hold in chunks that
/// are not full yet bounds both, half of it each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPolicy {
    /// Target for columns of more than 64 bytes to the row, in bytes.
    pub wide_bytes: usize,
    /// Target for all other columns, in bytes.
    pub narrow_bytes: usize,
    /// Bytes of unfinished chunks of one table.
    pub table_bytes: usize,
}

impl Default for ChunkPolicy {
    fn default() -> Self {
        ChunkPolicy { wide_bytes: 256 << 10, narrow_bytes: 64 << 10, table_bytes: 24 << 20 }
    }
}

impl ChunkPolicy {
    /// A policy for a file of `tables` tables that may hold `total_bytes` in unfinished chunks.
    pub fn for_tables(tables: usize, total_bytes: usize) -> Self {
        ChunkPolicy { table_bytes: total_bytes / tables.max(1), ..Self::default() }
    }

    /// Rows to the chunk for every column of a table whose wide columns have `wide` bytes to the
    /// row in total and whose narrow ones have `narrow`.
    pub(super) fn limits(&self, table: &Table) -> Limits {
        let (wide, narrow) = row_bytes(table);
        let most = |bytes: usize| (self.table_bytes / 2 / bytes.max(1)).max(1);
        Limits { policy: *self, wide_rows: most(wide), narrow_rows: most(narrow) }
    }
}

pub(super) struct Limits {
    policy: ChunkPolicy,
    wide_rows: usize,
    narrow_rows: usize,
}

impl Limits {
    /// The largest power of two that the target and the limit allow.
    pub(super) fn rows(&self, row_bytes: usize) -> usize {
        let (target, most) = match row_bytes > WIDE {
            true => (self.policy.wide_bytes, self.wide_rows),
            false => (self.policy.narrow_bytes, self.narrow_rows),
        };
        let rows = (target / row_bytes.max(1)).clamp(1, most);
        1 << rows.ilog2()
    }

    /// Bytes of a chunk of what is encoded already: as those of wide columns, whatever is to the row.
    pub(super) fn encoded_bytes(&self) -> usize {
        let bytes = self.policy.wide_bytes.min(self.policy.table_bytes / 8).max(1);
        1 << bytes.ilog2()
    }

    /// Rows of a block for which stripes are tried; `None` where there is no room for them.
    pub(super) fn stripe_rows(&self, row_bytes: usize) -> Option<usize> {
        let rows = STRIPE_ROWS.min(self.wide_rows);
        (row_bytes > WIDE && rows >= FEWEST).then(|| 1 << rows.ilog2())
    }
}

/// Rows of a block that is cut into stripes, if memory allows.
const STRIPE_ROWS: usize = 256;
/// Fewer rows are not worth stripes.
const FEWEST: usize = 64;

/// Bytes to the row of wide and of narrow columns. Rows of vectors count as one element.
fn row_bytes(table: &Table) -> (usize, usize) {
    table.columns.iter().fold((0, 0), |(wide, narrow), named| match &named.column {
        Column::Array(array) if array.row_bytes() > WIDE => (wide + array.row_bytes(), narrow),
        Column::Array(array) => (wide, narrow + array.row_bytes()),
        Column::Vectors(vectors) => (wide, narrow + 8 + vectors.flattened.dtype.size()),
        Column::Encoded(_) => (wide, narrow + 4 + 1),
        Column::Table(table) => {
            let inner = row_bytes(table);
            (wide + inner.0, narrow + inner.1)
        }
    })
}
