//! The tables of streams in an LH5 file that is on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;
use tierline_core::{Fate, Format};
use tierline_h5::lh5::{self, ChunkPolicy, ColumnSettings, TableSettings, TableWriter};
use tierline_h5::{Compression, Options as WriterOptions, Stats, Writer};
use tierline_report::AtomicOutput;
use tierline_table::{Attrs, Table};

use crate::buffer_processor::{BufferProcessor, ProcSpec};
use crate::error::{Error, Result};
use crate::garbage::GarbageTable;
use crate::library::RawBufferLibrary;
use crate::out_spec::Entry;
use crate::routes::Spec;
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

/// The files that tables go to.
pub(crate) trait Files {
    /// The file with this name in the output specification, or the only one.
    fn file(&mut self, name: &str) -> Result<&mut Lh5File>;
}

impl Files for Lh5File {
    fn file(&mut self, _: &str) -> Result<&mut Lh5File> {
        Ok(self)
    }
}

impl Lh5File {
    pub(crate) fn create(
        target: AtomicOutput,
        threads: usize,
        compression: Compression,
    ) -> Result<Self> {
        Self::create_one_of(target, threads, compression, 1)
    }

    /// One of so many files that share threads and memory.
    pub(crate) fn create_one_of(
        target: AtomicOutput,
        threads: usize,
        compression: Compression,
        files: usize,
    ) -> Result<Self> {
        let threads = if files > 2 { 1 } else { threads.max(1) };
        let max_pending_bytes = PENDING / files.max(1);
        let options = WriterOptions { threads, compression, max_pending_bytes };
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
    pub(crate) fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> std::result::Result<T, tierline_h5::Error>,
    ) -> Result<T> {
        work(&mut self.writer).map_err(|e| output_error(&self.target, e))
    }

    /// How the next table is cut into chunks. The first table, which is mostly the one that matters, gets half of the memory, the
    /// second a sixth, and so on: however many there are, the sum is bounded.
    pub(crate) fn policy(&mut self, memory: usize) -> ChunkPolicy {
        self.created += 1;
        ChunkPolicy::for_tables(self.created * (self.created + 1), memory)
    }

    /// Completes the file and gives it its name; returns its size in bytes.
    pub(crate) fn finish(self) -> Result<(u64, Stats)> {
        let (target, stats) = self.complete()?;
        let name = target.target().to_path_buf();
        target.commit()?;
        Ok((std::fs::metadata(name).map_or(0, |m| m.len()), stats))
    }

    /// Completes the file, which has no name yet.
    pub(crate) fn complete(self) -> Result<(AtomicOutput, Stats)> {
        let Lh5File { target, writer, .. } = self;
        let stats = writer.finish().map_err(|e| output_error(&target, e))?;
        Ok((target, stats))
    }
}

fn output_error(target: &AtomicOutput, source: tierline_h5::Error) -> Error {
    Error::Output { path: target.target().to_path_buf(), source }
}

/// What is said of all tables of a run.
pub(crate) struct Storing<'a> {
    /// Values for processing chains.
    pub(crate) database: &'a Json,
    /// How columns are stored, where that is not as usual.
    pub(crate) storage: &'a Option<ColumnSettings>,
}

/// A table that is being written.
pub(crate) struct OpenTable {
    writer: TableWriter,
    processor: Option<BufferProcessor>,
}

/// The steps that an entry of a specification has for its tables.
pub(crate) struct Steps {
    spec: Spec,
    place: String,
    lenient: bool,
    steps: Option<Arc<ProcSpec>>,
}

impl Steps {
    pub(crate) fn of(entry: &Entry, spec: &Spec) -> Self {
        let (spec, steps) = (spec.clone(), entry.proc_spec.clone());
        Steps { spec, place: entry.place(), lenient: entry.is_of_any(), steps }
    }

    /// The steps for a table of which this is the beginning, and what becomes of an empty one.
    ///
    /// # Errors
    /// Where they can't be done with its columns.
    pub(crate) fn make(
        &self,
        path: &str,
        first: &Table,
        database: &Json,
    ) -> Result<(BufferProcessor, Table)> {
        let bad = |reason| self.spec.error(&self.place, reason);
        let none = ProcSpec::default();
        let steps = self.steps.as_deref().unwrap_or(&none);
        let database = values_for(database, path);
        let made = BufferProcessor::new(steps, first, database, self.lenient).map_err(bad)?;
        let layout = made.layout(first).map_err(bad)?;
        Ok((made, layout))
    }
}

/// What one stream writes into its files.
pub(crate) struct StreamTables {
    /// Path before the tables' names: empty, or a group with a slash.
    group: String,
    tables: Vec<Option<OpenTable>>,
    database: Json,
    /// How all columns are stored, where that is not as usual.
    storage: Option<ColumnSettings>,
    /// What steps of the specification did not do, and for which tables.
    pub(crate) notes: BTreeSet<String>,
    pub(crate) garbage: GarbageTable,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub(crate) skipped: BTreeMap<String, (u64, u64)>,
    pub(crate) name_of: fn(u32, u8) -> String,
}

impl StreamTables {
    pub(crate) fn new<F: Format>(group: String) -> Self {
        StreamTables {
            group,
            tables: Vec::new(),
            database: Json::Null,
            storage: None,
            notes: BTreeSet::new(),
            garbage: GarbageTable::default(),
            skipped: BTreeMap::new(),
            name_of: kind_label::<F>,
        }
    }

    /// Values for processing chains, by table or group.
    pub(crate) fn with_database(mut self, database: Json) -> Self {
        self.database = database;
        self
    }

    /// How columns are stored.
    pub(crate) fn with_storage(mut self, storage: Option<ColumnSettings>) -> Self {
        self.storage = storage;
        self
    }

    /// A packet is over: counts it if nothing decodes it, and writes what is ready.
    pub(crate) fn packet<F: Files>(
        &mut self,
        packet: &Packet,
        files: &mut F,
        library: &mut RawBufferLibrary,
    ) -> Result<()> {
        if packet.fate == Some(Fate::Skipped) {
            let name = (self.name_of)(packet.kind, packet.decoder);
            let entry = self.skipped.entry(name).or_default();
            entry.0 += 1;
            entry.1 += packet.bytes;
        }
        library.check()?;
        if library.take_full() { self.flush(files, library, false) } else { Ok(()) }
    }

    /// Writes complete batches, or all rows that are complete.
    fn flush<F: Files>(
        &mut self,
        files: &mut F,
        library: &mut RawBufferLibrary,
        all: bool,
    ) -> Result<()> {
        self.tables.resize_with(library.buffers().len(), || None);
        for place in 0..self.tables.len() {
            let Some(buffer) = library.buffers().get(place) else { continue };
            if !(buffer.is_full() || all && buffer.total() > 0) {
                continue;
            }
            let file = files.file(library.file_name(buffer.file))?;
            let path = format!("{}{}", self.group, buffer.name);
            let steps = library.entry(buffer).map(|(entry, spec)| Steps::of(entry, spec));
            let mut table = self.tables.get_mut(place).and_then(Option::take);
            library.flush(place, |batch| {
                if table.is_none() {
                    let storing = Storing { database: &self.database, storage: &self.storage };
                    let made = OpenTable::create(file, &path, steps.as_ref(), batch, &storing)?;
                    self.notes.extend(made.notes().map(|note| format!("{path}: {note}")));
                    table = Some(made);
                }
                table.as_mut().map_or(Ok(()), |table| table.append(file, batch))
            })?;
            if let Some(kept) = self.tables.get_mut(place) {
                *kept = table;
            }
        }
        Ok(())
    }

    /// Writes what is left: rows, headers, garbage. Returns the rows of each table by file. The tables are ready for other files.
    pub(crate) fn close<F: Files>(
        &mut self,
        files: &mut F,
        library: &mut RawBufferLibrary,
    ) -> Result<BTreeMap<String, BTreeMap<String, u64>>> {
        self.flush(files, library, true)?;
        let headers = std::mem::take(&mut library.headers);
        for (name, object) in headers.objects() {
            let Some((file, path)) = library.routes.header(name)? else { continue };
            let path = format!("{}{path}", self.group);
            let file = files.file(library.file_name(file))?;
            file.with(|w| lh5::write_object(w, &path, &Attrs::new(), object))?;
        }
        library.headers = headers;
        library.check()?;
        let mut rows: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for buffer in library.buffers().iter().filter(|b| b.total() > 0) {
            let of = rows.entry(library.file_name(buffer.file).to_owned()).or_default();
            *of.entry(format!("{}{}", self.group, buffer.name)).or_insert(0) += buffer.total();
        }
        if self.garbage.rows() > 0 {
            let name = library.file_name(0).to_owned();
            let garbage = self.close_garbage(files.file(&name)?)?;
            rows.entry(name).or_default().extend(garbage);
        }
        self.tables.clear();
        library.restart();
        Ok(rows)
    }
}

impl StreamTables {
    /// Writes the garbage; returns its rows.
    pub(crate) fn close_garbage(&mut self, file: &mut Lh5File) -> Result<BTreeMap<String, u64>> {
        let garbage = std::mem::take(&mut self.garbage);
        let path = format!("{}garbage", self.group);
        let rows = garbage.rows();
        let table = garbage.into_table()?;
        file.with(|w| {
            TableWriter::create(w, &path, &table, ChunkPolicy::default())?.append(w, &table)
        })?;
        Ok([(path, rows)].into())
    }
}

impl OpenTable {
    /// A table for batches like `first`.
    pub(crate) fn create(
        file: &mut Lh5File,
        path: &str,
        steps: Option<&Steps>,
        first: &Table,
        storing: &Storing<'_>,
    ) -> Result<Self> {
        let policy = file.policy(CHUNK_MEMORY);
        let mut settings = TableSettings::new();
        if let Some(all) = storing.storage {
            settings.insert(String::new(), all.clone());
        }
        let made = steps.map(|steps| steps.make(path, first, storing.database)).transpose()?;
        let (processor, layout) = made.unzip();
        if let Some(processor) = &processor {
            settings.extend(processor.settings.clone());
        }
        let layout = layout.as_ref().unwrap_or(first);
        let create = |w: &mut Writer| TableWriter::create_with(w, path, layout, policy, &settings);
        let writer = file.with(create)?;
        Ok(OpenTable { writer, processor })
    }

    /// What the steps do not do here.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &String> {
        self.processor.iter().flat_map(|processor| &processor.notes)
    }

    /// Appends rows, after the steps.
    pub(crate) fn append(&mut self, file: &mut Lh5File, batch: &mut Table) -> Result<()> {
        let OpenTable { writer, processor } = self;
        match processor.as_ref().filter(|processor| !processor.is_idle()) {
            None => file.with(|w| writer.append_drain(w, batch)),
            Some(processor) => {
                let path = file.name().to_path_buf();
                let table = writer.path().to_owned();
                let done = processor.process(batch);
                let mut done = done.map_err(|reason| Error::Process { path, table, reason })?;
                file.with(|w| writer.append_drain(w, &mut done))
            }
        }
    }
}

/// The values for a table: those under its path or a part of it (its name, the group it is in), else all.
fn values_for<'d>(database: &'d Json, path: &str) -> &'d Json {
    let cuts = || path.match_indices('/').map(|(at, _)| at);
    let names = cuts().filter_map(|at| path.get(at + 1..));
    let groups = cuts().filter_map(|at| path.get(..at)).collect::<Vec<_>>().into_iter().rev();
    let mut places = std::iter::once(path).chain(names).chain(groups);
    places.find_map(|place| database.get(place)).unwrap_or(database)
}
