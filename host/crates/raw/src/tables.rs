//! The tables of streams in an LH5 file that is on its way.

use std::collections::BTreeMap;

use tierline_core::{Fate, Format};
use tierline_h5::lh5::{self, ChunkPolicy, TableWriter};
use tierline_h5::{Compression, Options as WriterOptions, Stats, Writer};
use tierline_report::AtomicOutput;
use tierline_table::Attrs;

use crate::error::{Error, Result};
use crate::garbage::GarbageTable;
use crate::library::RawBufferLibrary;
use crate::stream::Packet;

/// Bytes that all unfinished chunks of a file may hold.
const CHUNK_MEMORY: usize = 24 << 20;
/// Bytes of chunks on their way through compression.
const PENDING: usize = 6 << 20;

/// What to call a record of this kind.
pub(crate) fn kind_label<F: Format>(kind: u32, decoder: u8) -> String {
    let info = F::INFO;
    match ((info.kind_name)(kind), (info.decoder_name)(decoder)) {
        ("", "") | ("unknown", _) => format!("{} record {kind}", info.name),
        ("", decoder) => decoder.to_owned(),
        (name, _) => format!("{} {name}", info.name),
    }
}

/// A file that appears under its name when it is finished.
pub(crate) struct Lh5File {
    target: AtomicOutput,
    writer: Writer,
    /// Tables made so far.
    created: usize,
}

impl Lh5File {
    pub(crate) fn create(
        target: AtomicOutput,
        threads: usize,
        compression: Compression,
    ) -> Result<Self> {
        let options =
            WriterOptions { threads: threads.max(1), compression, max_pending_bytes: PENDING };
        let writer = Writer::create(target.path(), options);
        let writer = writer.map_err(|e| output_error(&target, e))?;
        Ok(Lh5File { target, writer, created: 0 })
    }

    /// The name it will have.
    pub(crate) fn name(&self) -> &std::path::Path {
        self.target.target()
    }

    /// Bytes on the disk so far.
    pub(crate) fn size(&self) -> u64 {
        std::fs::metadata(self.target.path()).map_or(0, |m| m.len())
    }

    /// Does something with the writer; errors get the file's name.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> std::result::Result<T, tierline_h5::Error>,
    ) -> Result<T> {
        work(&mut self.writer).map_err(|e| output_error(&self.target, e))
    }

    /// Completes the file and gives it its name; returns its size in bytes.
    pub(crate) fn finish(self) -> Result<(u64, Stats)> {
        let Lh5File { target, writer, .. } = self;
        let stats = writer.finish().map_err(|e| output_error(&target, e))?;
        let name = target.target().to_path_buf();
        target.commit()?;
        Ok((std::fs::metadata(name).map_or(0, |m| m.len()), stats))
    }
}

fn output_error(target: &AtomicOutput, source: tierline_h5::Error) -> Error {
    Error::Output { path: target.target().to_path_buf(), source }
}

/// What one stream writes into a file.
pub(crate) struct StreamTables {
    /// Path before the tables' names: empty, or a group with a slash.
    group: String,
    tables: Vec<Option<TableWriter>>,
    pub(crate) garbage: GarbageTable,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub(crate) skipped: BTreeMap<String, (u64, u64)>,
    name_of: fn(u32, u8) -> String,
}

impl StreamTables {
    pub(crate) fn new<F: Format>(group: String) -> Self {
        StreamTables {
            group,
            tables: Vec::new(),
            garbage: GarbageTable::default(),
            skipped: BTreeMap::new(),
            name_of: kind_label::<F>,
        }
    }

    /// A packet is over: counts it if nothing decodes it, and writes what is ready.
    pub(crate) fn packet(
        &mut self,
        packet: &Packet,
        file: &mut Lh5File,
        library: &mut RawBufferLibrary,
    ) -> Result<()> {
        if packet.fate == Some(Fate::Skipped) {
            let name = (self.name_of)(packet.kind, packet.decoder);
            let entry = self.skipped.entry(name).or_default();
            entry.0 += 1;
            entry.1 += packet.bytes;
        }
        if library.take_full() { self.flush(file, library, false) } else { Ok(()) }
    }

    /// Writes complete batches, or all rows that are complete.
    fn flush(
        &mut self,
        file: &mut Lh5File,
        library: &mut RawBufferLibrary,
        all: bool,
    ) -> Result<()> {
        self.tables.resize_with(library.buffers().len(), || None);
        for (place, table) in self.tables.iter_mut().enumerate() {
            let Some(buffer) = library.buffers().get(place) else { continue };
            if !(buffer.is_full() || all && buffer.total() > 0) {
                continue;
            }
            if table.is_none() {
                // The first table, which is mostly the one that matters, gets half of the memory, the second a sixth,
                // and so on: however many there are, the sum is bounded.
                file.created += 1;
                let share = file.created * (file.created + 1);
                let policy = ChunkPolicy::for_tables(share, CHUNK_MEMORY);
                let (layout, path) = (buffer.layout()?, format!("{}{}", self.group, buffer.name));
                let made = file.with(|w| TableWriter::create(w, &path, &layout, policy))?;
                *table = Some(made);
            }
            if let Some(table) = table {
                library.flush(place, |batch| file.with(|w| table.append_drain(w, batch)))?;
            }
        }
        Ok(())
    }

    /// Writes what is left: rows, headers, garbage. Returns the rows of each table. The tables are ready for another file.
    pub(crate) fn close(
        &mut self,
        file: &mut Lh5File,
        library: &mut RawBufferLibrary,
    ) -> Result<BTreeMap<String, u64>> {
        self.flush(file, library, true)?;
        for (name, object) in library.headers.objects() {
            let path = format!("{}{name}", self.group);
            file.with(|w| lh5::write_object(w, &path, &Attrs::new(), object))?;
        }
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for buffer in library.buffers().iter().filter(|b| b.total() > 0) {
            *rows.entry(format!("{}{}", self.group, buffer.name)).or_insert(0) += buffer.total();
        }
        let garbage = std::mem::take(&mut self.garbage);
        if garbage.rows() > 0 {
            let path = format!("{}garbage", self.group);
            rows.insert(path.clone(), garbage.rows());
            let table = garbage.into_table()?;
            file.with(|w| {
                TableWriter::create(w, &path, &table, ChunkPolicy::default())?.append(w, &table)
            })?;
        }
        self.tables.clear();
        library.restart();
        Ok(rows)
    }
}
