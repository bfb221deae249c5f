//! A DAQ recording to an LH5 file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tierline_core::link::MAGIC;
use tierline_core::{FormatInfo, with_format};
use tierline_h5::lh5::ColumnSettings;
use tierline_h5::{Compression, Options as WriterOptions};
use tierline_report::AtomicOutput;

use crate::conversion::{Converted, Job};
use crate::error::{Error, Result};
use crate::input::{Input, LinkInput, Until};
use crate::out_files::OutFiles;
use crate::out_links::Connect;
use crate::routes::Spec;
use crate::sniff::{LOOK, by_name, sniff};
use crate::window::Window;

/// Stack of the decoding thread: the state of several streams of 2400 channels lies there while it is made.
const STACK: usize = 64 << 20;

/// How a recording is converted.
#[derive(Clone)]
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
    /// How all columns are stored, where that is not as usual.
    pub storage: Option<ColumnSettings>,
    /// Rows of packets before this one are left out; headers never are.
    pub first_packet: u64,
    /// Read from the start even where an index says how to get at [`Self::first_packet`].
    pub no_index: bool,
    /// Stop after this many packets that are no headers.
    pub max_packets: Option<u64>,
    /// Where garbage goes.
    pub garbage: GarbageTo,
    /// Set by somebody who wants no more.
    pub stop: Arc<AtomicBool>,
    /// Opens links that an output specification sends packets to; `None`: there are none.
    pub connect: Option<Connect>,
    /// Then what has come is kept, up to the last complete packet; else there is no output.
    pub keep_partial: bool,
}

impl std::fmt::Debug for BuildRaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("BuildRaw");
        out.field("stream_type", &self.stream_type).field("settings", &self.settings);
        out.field("threads", &self.threads).field("compression", &self.compression);
        out.finish_non_exhaustive()
    }
}

/// Where the rows of a conversion go.
#[derive(Debug, Clone)]
pub enum Destination {
    /// Each decoder's to tables of its own in this file.
    File(PathBuf),
    /// Where an output specification says.
    Spec(Spec),
}

/// Where bytes go that make no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GarbageTo {
    /// To the table `garbage` of the (first) output.
    Table,
    /// To a table in a file of their own.
    File(PathBuf),
    /// They are counted only.
    Nowhere,
}

/// An input that is opened when its turn comes.
pub struct Source {
    /// What it is called: a path, or the name of a link.
    pub name: PathBuf,
    open: Box<dyn FnOnce(bool) -> Result<Input> + Send>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish()
    }
}

impl Source {
    /// A file or pipe, read to its end.
    pub fn file(path: &Path) -> Self {
        let name = path.to_path_buf();
        let path = name.clone();
        Source { name, open: Box::new(move |digest| Input::open(&path, digest)) }
    }

    /// A file, read as long as it grows.
    pub fn follow(path: &Path, until: Until) -> Self {
        let name = path.to_path_buf();
        let path = name.clone();
        Source { name, open: Box::new(move |digest| Input::follow(&path, until, digest)) }
    }

    /// A link, read until it closes or is over.
    pub fn link(link: LinkInput, until: Until) -> Self {
        let name = PathBuf::from(&link.name);
        Source { name, open: Box::new(move |digest| Input::link(link, until, digest)) }
    }
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
            storage: None,
            first_packet: 0,
            no_index: false,
            max_packets: None,
            garbage: GarbageTo::Table,
            stop: Arc::default(),
            connect: None,
            keep_partial: false,
        }
    }
}

/// The output's name where none is given: the input's with its last extension replaced.
pub fn default_output(input: &Path) -> PathBuf {
    input.with_extension("lh5")
}

/// Finds out, or takes from the caller, what an input is.
///
/// # Errors
/// Where it can't be read, is empty, or is of no known format.
pub fn identify(
    input: Input,
    stream_type: Option<&str>,
    settings: bool,
) -> Result<(Window, &'static FormatInfo)> {
    let mut window = Window::new(input);
    window.fill(LOOK)?;
    let path = || window.input().path.clone();
    let first = window.data().get(..window.data().len().min(LOOK)).unwrap_or(&[]);
    if let (true, Some(reason)) = (first.is_empty(), window.broken()) {
        return Err(Error::Packed { path: path(), reason: reason.to_owned() });
    }
    if stream_type.is_none() && first.starts_with(&MAGIC.to_le_bytes()) {
        return Err(Error::Records { path: path() });
    }
    let format = match stream_type {
        Some(_) if first.is_empty() => return Err(Error::Empty { path: path() }),
        Some(name) => by_name(name)?,
        None => sniff(&window.input().path, first, settings)?,
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
        self.run_all(vec![Source::file(input)], &Destination::File(output.to_path_buf()))
    }

    /// Converts inputs, one after the other, to one set of tables. Of several, the configurations must agree.
    ///
    /// # Errors
    /// As [`Self::run`], where an output specification does not fit the stream, and where inputs don't belong together.
    pub fn run_all(&self, sources: Vec<Source>, to: &Destination) -> Result<Converted> {
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
        let name = sources.first().map(|source| source.name.clone()).unwrap_or_default();
        on_decoder_thread(&name, || self.convert(sources, files, spec))
    }

    fn convert(
        &self,
        sources: Vec<Source>,
        files: OutFiles,
        spec: Option<Spec>,
    ) -> Result<Converted> {
        let mut sources = sources.into_iter();
        let Some(source) = sources.next() else {
            let reason = "there is no input".into();
            return Err(Error::Parameter { name: "IN", reason });
        };
        let (window, format) = self.open(source, self.stream_type.as_deref())?;
        if self.settings.is_some() && !format.settings {
            let reason = format!("{} recordings have no settings file", format.name);
            return Err(Error::Parameter { name: "--compass-config", reason });
        }
        let job =
            Job { build: self, window, more: sources.collect(), files, spec, name: format.name };
        with_format(format.name, job)
            .unwrap_or_else(|| by_name(format.name).map(|_| Converted::default()))
    }

    /// Opens an input. `stream_type`: what it is, if that is known.
    pub(crate) fn open(
        &self,
        source: Source,
        stream_type: Option<&str>,
    ) -> Result<(Window, &'static FormatInfo)> {
        identify((source.open)(self.digest)?, stream_type, self.settings.is_some())
    }
}
