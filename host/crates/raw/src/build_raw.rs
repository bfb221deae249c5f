//! A DAQ recording to an LH5 file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tierline_core::{Assembler, Fate, Format, FormatInfo, WithFormat, with_format};
use tierline_h5::lh5::{self, ChunkPolicy, TableWriter};
use tierline_h5::{Compression, Options as WriterOptions, Stats, Writer};
use tierline_report::{AtomicOutput, Progress};
use tierline_table::Attrs;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::garbage::GarbageTable;
use crate::input::Input;
use crate::library::{Notice, RawBufferLibrary};
use crate::sniff::{LOOK, by_name, sniff};
use crate::start_time::start_time;
use crate::stream::{self, Garbage, Hooks, Outcome, Packet, StreamOptions};
use crate::window::Window;

/// Stack of the decoding thread: the state of several streams of 2400 channels lies there while it is made.
const STACK: usize = 64 << 20;
/// Bytes that all unfinished chunks of a file may hold.
const CHUNK_MEMORY: usize = 24 << 20;
/// Bytes of chunks on their way through compression.
const PENDING: usize = 6 << 20;

/// How a recording is converted.
#[derive(Debug, Clone)]
pub struct BuildRaw {
    /// What the input is; `None`: found out.
    pub stream_type: Option<String>,
    /// Rows that a buffer holds at most before it is written.
    pub buffer_size: usize,
    /// Stop after this many rows, in packet order, over all tables but headers.
    pub max_rows: Option<u64>,
    /// A settings file that comes with the recording.
    pub settings: Option<PathBuf>,
    /// Replace an existing output.
    pub overwrite: bool,
    /// Threads that compress.
    pub threads: usize,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Draw no progress.
    pub quiet: bool,
    /// Work out the input's SHA-256.
    pub digest: bool,
}

impl Default for BuildRaw {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        BuildRaw {
            stream_type: None,
            buffer_size: 8192,
            max_rows: None,
            settings: None,
            overwrite: false,
            threads,
            compression: WriterOptions::default().compression,
            quiet: true,
            digest: false,
        }
    }
}

/// What came of a conversion.
#[derive(Debug, Clone, Default)]
pub struct Converted {
    /// Format of the input.
    pub format: &'static str,
    /// The account of every byte.
    pub outcome: Outcome,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub skipped: BTreeMap<String, (u64, u64)>,
    /// What the decoders want the user to know.
    pub notices: BTreeMap<&'static str, Notice>,
    /// Rows of channels that the configuration has switched off.
    pub off: BTreeMap<String, u64>,
    /// Size of the output, bytes.
    pub output_bytes: u64,
    /// What the writer did.
    pub stats: Stats,
}

/// The output's name where none is given: the input's with its last extension replaced.
pub fn default_output(input: &Path) -> PathBuf {
    input.with_extension("lh5")
}

/// Opens an input and finds out, or takes from the caller, what it is.
///
/// # Errors
/// Where it can't be read, is empty, or is of no known format.
pub fn open(
    input: &Path,
    stream_type: Option<&str>,
    settings: bool,
    digest: bool,
) -> Result<(Window, &'static FormatInfo)> {
    let mut window = Window::new(Input::open(input, digest)?);
    window.fill(LOOK)?;
    let first = window.data().get(..window.data().len().min(LOOK)).unwrap_or(&[]);
    if let (true, Some(reason)) = (first.is_empty(), window.broken()) {
        return Err(Error::Packed { path: input.to_path_buf(), reason: reason.to_owned() });
    }
    let format = match stream_type {
        Some(_) if first.is_empty() => return Err(Error::Empty { path: input.to_path_buf() }),
        Some(name) => by_name(name)?,
        None => sniff(input, first, settings)?,
    };
    Ok((window, format))
}

/// Runs `work` on a thread whose stack has room for the decoders' state while it is made.
pub(crate) fn on_decoder_thread<T: Send>(
    input: &Path,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T> {
    let thread = std::thread::Builder::new().name("decode".into()).stack_size(STACK);
    std::thread::scope(|scope| match thread.spawn_scoped(scope, work) {
        Ok(handle) => {
            handle.join().unwrap_or_else(|_| Err(Error::Thread { path: input.to_path_buf() }))
        }
        Err(source) => {
            let path = input.to_path_buf();
            Err(Error::Io { path, action: "start decoding", offset: 0, source })
        }
    })
}

impl BuildRaw {
    /// Converts `input` to `output`.
    ///
    /// # Errors
    /// Where the output exists, the input can't be read as a whole, or writing fails. Then there is no output.
    pub fn run(&self, input: &Path, output: &Path) -> Result<Converted> {
        if self.buffer_size == 0 {
            let reason = "must be at least 1".into();
            return Err(Error::Parameter { name: "--buffer-size", reason });
        }
        let target = AtomicOutput::create(output, self.overwrite)?;
        let mut converted = on_decoder_thread(input, || self.convert(input, &target))?;
        target.commit()?;
        converted.output_bytes = std::fs::metadata(output).map(|m| m.len()).unwrap_or(0);
        Ok(converted)
    }

    fn convert(&self, input: &Path, target: &AtomicOutput) -> Result<Converted> {
        let settings = self.settings.is_some();
        let (window, format) = open(input, self.stream_type.as_deref(), settings, self.digest)?;
        if self.settings.is_some() && !format.settings {
            let reason = format!("{} recordings have no settings file", format.name);
            return Err(Error::Parameter { name: "--compass-config", reason });
        }
        let job = Job { build: self, window, target, name: format.name };
        with_format(format.name, job)
            .unwrap_or_else(|| by_name(format.name).map(|_| Converted::default()))
    }
}

struct Job<'a> {
    build: &'a BuildRaw,
    window: Window,
    target: &'a AtomicOutput,
    name: &'static str,
}

impl WithFormat for Job<'_> {
    type Out = Result<Converted>;

    fn with<F: Format>(self) -> Self::Out {
        let Job { build, window, target, name } = self;
        let input = window.input().path.clone();
        let file_name = input.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let options =
            StreamOptions { settings: build.settings.clone(), start: start_time(&file_name) };
        let mut library = RawBufferLibrary::new(
            build.buffer_size,
            build.max_rows,
            <F::Assembler as Assembler>::write_key,
        );
        let progress = Progress::start(&file_name, window.input().size, build.quiet);
        let mut sink = FileSink::create::<F>(target, build, progress)?;
        let outcome = stream::run::<F, _, _>(window, &options, &mut library, &mut sink)?;
        sink.finish(name, outcome, library, <F::Assembler as Assembler>::write_key)
    }
}

/// Writes what the library collects.
struct FileSink<'a> {
    target: &'a AtomicOutput,
    writer: Writer,
    tables: Vec<Option<TableWriter>>,
    /// Tables made so far.
    created: usize,
    garbage: GarbageTable,
    skipped: BTreeMap<String, (u64, u64)>,
    name_of: fn(u32, u8) -> String,
    progress: Progress,
    position: u64,
}

/// What to call a record of this kind.
pub(crate) fn kind_label<F: Format>(kind: u32, decoder: u8) -> String {
    let info = F::INFO;
    match ((info.kind_name)(kind), (info.decoder_name)(decoder)) {
        ("", "") | ("unknown", _) => format!("{} record {kind}", info.name),
        ("", decoder) => decoder.to_owned(),
        (name, _) => format!("{} {name}", info.name),
    }
}

impl<'a> FileSink<'a> {
    fn create<F: Format>(
        target: &'a AtomicOutput,
        build: &BuildRaw,
        progress: Progress,
    ) -> Result<Self> {
        let options = WriterOptions {
            threads: build.threads.max(1),
            compression: build.compression,
            max_pending_bytes: PENDING,
        };
        let writer = Writer::create(target.path(), options).map_err(|e| output_error(target, e))?;
        Ok(FileSink {
            target,
            writer,
            tables: Vec::new(),
            created: 0,
            garbage: GarbageTable::default(),
            skipped: BTreeMap::new(),
            name_of: kind_label::<F>,
            progress,
            position: 0,
        })
    }

    fn flush(&mut self, library: &mut RawBufferLibrary, all: bool) -> Result<()> {
        let buffers = library.buffers().len();
        self.tables.resize_with(buffers, || None);
        for (buffer, table) in library.buffers_mut().iter_mut().zip(&mut self.tables) {
            if !(buffer.is_full() || all && buffer.total() > 0) {
                continue;
            }
            let (writer, target) = (&mut self.writer, self.target);
            if table.is_none() {
                // The first table, which is mostly the one that matters, gets half of the memory, the second a sixth,
                // and so on: however many there are, the sum is bounded.
                self.created += 1;
                let share = self.created * (self.created + 1);
                let policy = ChunkPolicy::for_tables(share, CHUNK_MEMORY);
                let layout = buffer.layout()?;
                let made = TableWriter::create(writer, &buffer.name, &layout, policy);
                *table = Some(made.map_err(|e| output_error(target, e))?);
            }
            if let Some(table) = table {
                buffer.flush(|batch| {
                    table.append_drain(writer, batch).map_err(|e| output_error(target, e))
                })?;
            }
        }
        Ok(())
    }

    fn finish(
        mut self,
        format: &'static str,
        outcome: Outcome,
        mut library: RawBufferLibrary,
        write_key: fn(tierline_core::Key, &mut dyn std::fmt::Write) -> std::fmt::Result,
    ) -> Result<Converted> {
        self.flush(&mut library, true)?;
        for (name, object) in library.headers.objects() {
            lh5::write_object(&mut self.writer, name, &Attrs::new(), object)
                .map_err(|e| output_error(self.target, e))?;
        }
        let mut rows: BTreeMap<String, u64> = BTreeMap::new();
        for buffer in library.buffers().iter().filter(|b| b.total() > 0) {
            *rows.entry(buffer.name.clone()).or_insert(0) += buffer.total();
        }
        if self.garbage.rows() > 0 {
            rows.insert("garbage".into(), self.garbage.rows());
            let table = self.garbage.into_table()?;
            let writer = &mut self.writer;
            let made = TableWriter::create(writer, "garbage", &table, ChunkPolicy::default());
            made.and_then(|mut t| t.append(writer, &table))
                .map_err(|e| output_error(self.target, e))?;
        }
        let stats = self.writer.finish().map_err(|e| output_error(self.target, e))?;
        let off = library.off.iter().map(|(key, n)| {
            let mut name = String::new();
            let _ = write_key(*key, &mut name);
            (name, *n)
        });
        Ok(Converted {
            format,
            outcome,
            rows,
            skipped: self.skipped,
            off: off.collect(),
            notices: std::mem::take(&mut library.notices),
            output_bytes: 0,
            stats,
        })
    }
}

fn output_error(target: &AtomicOutput, source: tierline_h5::Error) -> Error {
    Error::Output { path: target.target().to_path_buf(), source }
}

impl Hooks<RawBufferLibrary> for FileSink<'_> {
    fn complete(&mut self, fate: Fate, library: &mut RawBufferLibrary) {
        library.counting = fate == Fate::Rows;
    }

    fn packet(
        &mut self,
        packet: &Packet,
        _: &[u8],
        library: &mut RawBufferLibrary,
    ) -> Result<bool> {
        if packet.fate == Some(Fate::Skipped) {
            let entry =
                self.skipped.entry((self.name_of)(packet.kind, packet.decoder)).or_default();
            entry.0 += 1;
            entry.1 += packet.bytes;
        }
        if library.take_full() {
            self.flush(library, false)?;
        }
        Ok(library.rows_left != Some(0))
    }

    fn garbage(&mut self, garbage: &Garbage, bytes: &[u8]) {
        self.garbage.push(garbage, bytes);
    }

    fn progress(&mut self, position: u64) {
        self.progress.add(position - self.position);
        self.position = position;
    }

    fn document(&mut self, document: &Document, library: &mut RawBufferLibrary) {
        library.headers.document(|| document.to_json());
    }
}
