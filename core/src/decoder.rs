//! Where rows go: the sink that a decoder fills, and how a table is declared to it.

use core::fmt;

use crate::error::{Error, Result};
use crate::field::{Field, Value};
use crate::part::Key;

/// A table of a format: the row layout, and which of the decoder's key lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TableId {
    /// Index of the row layout in the format.
    pub layout: u8,
    /// Index of the key list.
    pub list: u16,
}

impl TableId {
    /// Rows for this table are dropped and counted: the configuration says that the channel is off.
    pub const OFF: TableId = TableId { layout: u8::MAX, list: u16::MAX };

    /// List 0 of a layout.
    pub const fn first(layout: u8) -> Self {
        Self { layout, list: 0 }
    }
}

/// A table declared by an assembler once its stream's configuration is known.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TableDef<'a> {
    /// Which table.
    pub id: TableId,
    /// Name of the decoder, as the field knows it (`FCEventDecoder`).
    pub decoder: &'static str,
    /// Number of key lists the decoder has in this stream, empty ones included.
    pub lists: u16,
    /// Position of this list among them.
    pub position: u16,
    /// The list's only key, where it has exactly one.
    pub single: Option<Key>,
    /// Columns of the layout.
    pub fields: &'static [Field],
    /// Bit i set: column i is present in this table.
    pub present: u64,
    /// Run-time lengths of the sample slots, in samples.
    pub lengths: &'a [u32],
}

/// A row opened in the current packet: the number of `begin` calls before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Row(pub u32);

impl Row {
    /// The row opened `n` rows after this one.
    pub const fn plus(self, n: u32) -> Row {
        Row(self.0.wrapping_add(n))
    }
}

/// Receives rows. Many rows may be open at once; all of them are committed or aborted with their packet.
///
/// Cells that are never put are zero (vectors: empty).
pub trait RowSink {
    /// Announces a table. Declaring it again with the same layout is allowed and changes nothing.
    fn declare(&mut self, table: &TableDef<'_>) -> Result<()>;

    /// A header value: `path` within the header object `table` (empty path: the object itself).
    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>);

    /// Asks for another run-time length of a sample slot. Granted while the table is empty.
    /// Returns the length in force.
    fn resize(&mut self, table: TableId, key: Key, slot: u8, samples: u32) -> u32;

    /// Opens a row.
    fn begin(&mut self, table: TableId, key: Key) -> Row;

    /// Puts a value into a cell; on a vector column it appends.
    fn put(&mut self, row: Row, field: usize, value: Value<'_>);

    /// Puts little-endian 16-bit samples into a cell, the first of them at sample `first`.
    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]);

    /// Says something the user should know; repeated notices are counted.
    fn notice(&mut self, what: &'static str, value: i64);

    /// The packet is complete: its rows count.
    fn commit(&mut self);

    /// The packet is broken: its rows are forgotten.
    fn abort(&mut self);
}

/// A sink that drops everything: for measuring, or where only the accounting matters.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NullSink {
    open: u32,
    /// Rows committed so far.
    pub rows: u64,
}

impl RowSink for NullSink {
    fn declare(&mut self, _: &TableDef<'_>) -> Result<()> {
        Ok(())
    }
    fn header(&mut self, _: &'static str, _: fmt::Arguments<'_>, _: Value<'_>) {}
    fn resize(&mut self, _: TableId, _: Key, _: u8, samples: u32) -> u32 {
        samples
    }
    fn begin(&mut self, _: TableId, _: Key) -> Row {
        let row = Row(self.open);
        self.open = self.open.wrapping_add(1);
        row
    }
    fn put(&mut self, _: Row, _: usize, _: Value<'_>) {}
    fn samples(&mut self, _: Row, _: usize, _: u32, _: &[u8]) {}
    fn notice(&mut self, _: &'static str, _: i64) {}
    fn commit(&mut self) {
        self.rows = self.rows.wrapping_add(u64::from(self.open));
        self.open = 0;
    }
    fn abort(&mut self) {
        self.open = 0;
    }
}

/// The missing-field error of decoders: the packet ends before `field`.
pub const fn short(field: &'static str, found: usize, expected: usize) -> Error {
    Error::malformed(field, found as i64, expected as i64)
}
