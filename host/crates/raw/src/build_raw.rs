//! A DAQ recording to an LH5 file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tierline_core::link::MAGIC;
use tierline_core::{Assembler, Fate, Format, FormatInfo, WithFormat, with_format};
use tierline_h5::{Compression, Options as WriterOptions, Stats};
use tierline_report::{AtomicOutput, Progress};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::input::Input;
use crate::library::{Notice, RawBufferLibrary};
use crate::out_files::{OutFile, OutFiles};
use crate::routes::Spec;
use crate::sniff::{LOOK, by_name, sniff};
use crate::start_time::start_time;
use crate::stream::{self, Garbage, Hooks, Outcome, Packet, StreamOptions};
use crate::tables::StreamTables;
use crate::window::Window;

/// Stack of the decoding thread: the state of several streams of 2400 channels lies there while it is made.
const STACK: usize = 64 << 20;

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
    /// Values for the processing chains of an output specification (`db.*`), by table or group.
    pub database: serde_json::Value,
}

/// Where the rows of a conversion go.
#[derive(Debug, Clone, Copy)]
enum Destination<'a> {
    File(&'a Path),
    Spec(&'a Spec),
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
            database: serde_json::Value::Null,
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
    /// Rows of each table; of several files, with the file before a colon.
    pub rows: BTreeMap<String, u64>,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub skipped: BTreeMap<String, (u64, u64)>,
    /// What the decoders want the user to know.
    pub notices: BTreeMap<&'static str, Notice>,
    /// Rows of channels that the configuration has switched off.
    pub off: BTreeMap<String, u64>,
    /// Rows that the output specification has no place for, by decoder.
    pub unwanted: BTreeMap<&'static str, u64>,
    /// What did not go as the output specification has it: tables without rows, steps that do nothing.
    pub notes: Vec<String>,
    /// The files.
    pub files: Vec<OutFile>,
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
    if stream_type.is_none() && first.starts_with(&MAGIC.to_le_bytes()) {
        return Err(Error::Records { path: input.to_path_buf() });
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
        self.run_to(input, Destination::File(output))
    }

    /// Converts `input` to the files of an output specification.
    ///
    /// # Errors
    /// As [`Self::run`], and where the specification does not fit the stream.
    pub fn run_spec(&self, input: &Path, spec: &Spec) -> Result<Converted> {
        self.run_to(input, Destination::Spec(spec))
    }

    fn run_to(&self, input: &Path, to: Destination<'_>) -> Result<Converted> {
        if self.buffer_size == 0 {
            let reason = "must be at least 1".into();
            return Err(Error::Parameter { name: "--buffer-size", reason });
        }
        let (threads, compression) = (self.threads, self.compression);
        let (files, spec) = match to {
            Destination::File(path) => {
                let target = AtomicOutput::create(path, self.overwrite)?;
                (OutFiles::single(target, threads, compression)?, None)
            }
            Destination::Spec(spec) => {
                let (overwrite, out) = (self.overwrite, &spec.spec);
                let files = OutFiles::of_spec(out, overwrite, threads, compression)?;
                (files, Some(spec.clone()))
            }
        };
        on_decoder_thread(input, || self.convert(input, files, spec))
    }

    fn convert(&self, input: &Path, files: OutFiles, spec: Option<Spec>) -> Result<Converted> {
        let settings = self.settings.is_some();
        let (window, format) = open(input, self.stream_type.as_deref(), settings, self.digest)?;
        if self.settings.is_some() && !format.settings {
            let reason = format!("{} recordings have no settings file", format.name);
            return Err(Error::Parameter { name: "--compass-config", reason });
        }
        let job = Job { build: self, window, files, spec, name: format.name };
        with_format(format.name, job)
            .unwrap_or_else(|| by_name(format.name).map(|_| Converted::default()))
    }
}

struct Job<'a> {
    build: &'a BuildRaw,
    window: Window,
    files: OutFiles,
    spec: Option<Spec>,
    name: &'static str,
}

impl WithFormat for Job<'_> {
    type Out = Result<Converted>;

    fn with<F: Format>(self) -> Self::Out {
        let Job { build, window, files, spec, name } = self;
        let input = window.input().path.clone();
        let file_name = input.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let options =
            StreamOptions { settings: build.settings.clone(), start: start_time(&file_name) };
        let write_key = <F::Assembler as Assembler>::write_key;
        let mut library = RawBufferLibrary::new(build.buffer_size, build.max_rows, write_key, spec);
        let progress = Progress::start(&file_name, window.input().size, build.quiet);
        let tables = StreamTables::new::<F>(String::new()).with_database(build.database.clone());
        let mut sink = FileSink { files, tables, progress, position: 0 };
        let outcome = stream::run::<F, _, _>(window, &options, &mut library, &mut sink)?;
        let FileSink { mut files, mut tables, .. } = sink;
        let rows = tables.close(&mut files, &mut library)?;
        let mut notes = library.spec_notes(&decoder_names::<F>());
        notes.extend(tables.notes);
        let off = library.off_by_name();
        let (files, stats) = files.finish(rows)?;
        Ok(Converted {
            format: name,
            outcome,
            rows: all_rows(&files),
            skipped: tables.skipped,
            off,
            notices: std::mem::take(&mut library.notices),
            unwanted: std::mem::take(&mut library.routes.unwanted),
            notes,
            files,
            stats,
        })
    }
}

/// Rows of each table of all files.
fn all_rows(files: &[OutFile]) -> BTreeMap<String, u64> {
    let several = files.len() > 1;
    let named = |file: &OutFile, table: &str| match several {
        true => format!("{}:{table}", file.path.display()),
        false => table.to_owned(),
    };
    let of = |file: &OutFile| -> Vec<(String, u64)> {
        file.rows.iter().map(|(table, rows)| (named(file, table), *rows)).collect()
    };
    files.iter().flat_map(of).collect()
}

/// Names of all decoders of a format.
fn decoder_names<F: Format>() -> Vec<&'static str> {
    let names = (0..u8::MAX).map(F::INFO.decoder_name);
    names.filter(|name| !name.is_empty()).collect()
}

/// Writes what the library collects.
struct FileSink {
    files: OutFiles,
    tables: StreamTables,
    progress: Progress,
    position: u64,
}

impl Hooks<RawBufferLibrary> for FileSink {
    fn complete(&mut self, fate: Fate, library: &mut RawBufferLibrary) {
        library.counting = fate == Fate::Rows;
    }

    fn packet(
        &mut self,
        packet: &Packet,
        _: &[u8],
        library: &mut RawBufferLibrary,
    ) -> Result<bool> {
        self.tables.packet(packet, &mut self.files, library)?;
        Ok(library.rows_left != Some(0))
    }

    fn garbage(&mut self, garbage: &Garbage, bytes: &[u8]) {
        self.tables.garbage.push(garbage, bytes);
    }

    fn progress(&mut self, position: u64) {
        self.progress.add(position - self.position);
        self.position = position;
    }

    fn document(&mut self, document: &Document, library: &mut RawBufferLibrary) {
        library.headers.document(|| document.to_json());
    }
}
