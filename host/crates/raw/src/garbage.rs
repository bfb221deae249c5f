//! The table `garbage`: bytes that belong to no packet, or to a broken one. A broken packet is data too.

use tierline_table::{Array, Attrs, DType, Table, VectorOfVectors};

use crate::error::{Error, Result};
use crate::stream::Garbage;

/// The garbage of a stream: where, how much, why, and the bytes.
#[derive(Debug, Default)]
pub(crate) struct GarbageTable {
    packet: Vec<u32>,
    offset: Vec<u64>,
    length: Vec<u64>,
    code: Vec<u32>,
    bytes: Option<VectorOfVectors>,
    kept: usize,
}

/// Bytes of garbage that are kept in all.
const GARBAGE_KEPT: usize = 8 << 20;

impl GarbageTable {
    /// Adds a stretch, with as many of its bytes as were held.
    pub(crate) fn push(&mut self, garbage: &Garbage, bytes: &[u8]) {
        self.packet.push(garbage.error.packet as u32);
        self.offset.push(garbage.offset);
        self.length.push(garbage.length);
        self.code.push(garbage.error.kind as u32);
        let room = GARBAGE_KEPT.saturating_sub(self.kept);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        self.kept += bytes.len();
        let all = self.bytes.get_or_insert_with(|| VectorOfVectors::new(DType::U8));
        all.push_row(bytes);
    }

    /// Stretches of garbage.
    pub(crate) fn rows(&self) -> u64 {
        self.offset.len() as u64
    }

    /// The table `garbage`.
    pub(crate) fn into_table(self) -> Result<Table> {
        let layout = |source| Error::Layout { table: "garbage".into(), source };
        let text = |t: &str| Attrs::new().described(t);
        let mut table = Table::new();
        let bytes = self.bytes.unwrap_or_else(|| VectorOfVectors::new(DType::U8));
        let code = "1 truncated, 2 resync, 3 malformed, 4 unsupported, 5 limit";
        let packet = text("The number of the packet that is broken or expected here.");
        table.push("packet_id", packet, Array::from_u32(&self.packet)).map_err(layout)?;
        let offset = text("The byte offset in the stream.");
        table.push("offset", offset, Array::from_u64(&self.offset)).map_err(layout)?;
        let length = text("The number of bytes.");
        table.push("length", length, Array::from_u64(&self.length)).map_err(layout)?;
        table.push("garbage_code", text(code), Array::from_u32(&self.code)).map_err(layout)?;
        let packets = text("The bytes, as far as they were kept.");
        table.push("packets", packets, bytes).map_err(layout)?;
        Ok(table)
    }
}
