//! Makes an index.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tierline_core::{Assembler, Format, WithFormat, with_format};
use tierline_report::{AtomicOutput, Progress};

use super::watch::{Indexer, Out, Recording};
use super::{fingerprint, path_beside, refuse};
use crate::build_raw::{identify, on_decoder_thread};
use crate::error::{Error, Result};
use crate::info::Counter;
use crate::input::{Input, Packing};
use crate::start_time::start_time;
use crate::stream::{self, Outcome};
use crate::window::Window;

/// Makes the index of a recording.
#[derive(Debug, Clone)]
pub struct BuildIndex {
    /// What the recording is; `None`: found out.
    pub stream_type: Option<String>,
    /// Replace an existing index.
    pub overwrite: bool,
    /// Draw no progress.
    pub quiet: bool,
    /// Bytes of the recording between checkpoints: what has to be decoded at most to get at a packet's state.
    pub spacing: u64,
    /// Set by somebody who wants no more.
    pub stop: Arc<AtomicBool>,
}

impl Default for BuildIndex {
    fn default() -> Self {
        let spacing = 16 << 20;
        BuildIndex {
            stream_type: None,
            overwrite: false,
            quiet: true,
            spacing,
            stop: Arc::default(),
        }
    }
}

/// An index that was made.
#[derive(Debug, Clone, Default)]
pub struct Indexed {
    /// Format of the recording.
    pub format: &'static str,
    /// The account of every byte of it.
    pub outcome: Outcome,
    /// Where the index is.
    pub path: PathBuf,
    /// Size of the index, bytes.
    pub bytes: u64,
    /// Places in which the stream can be taken up.
    pub checkpoints: u64,
}

impl BuildIndex {
    /// Reads `input` and writes its index, to `output` or beside it.
    ///
    /// # Errors
    /// Where the index exists, the input is packed or no file or can't be read as a whole, or writing fails. Then there is no
    /// index.
    pub fn run(&self, input: &Path, output: Option<&Path>) -> Result<Indexed> {
        let path = output.map_or_else(|| path_beside(input), Path::to_path_buf);
        let opened = Input::open(input, false)?;
        if opened.packing != Packing::Plain || opened.size.is_none() {
            let what = if opened.size.is_none() { "no file" } else { "packed: unpack it first" };
            let reason = format!("nothing can be read from its middle: it is {what}");
            return Err(refuse(input, &reason));
        }
        let target = AtomicOutput::create(&path, self.overwrite)?;
        let (window, format) = identify(opened, self.stream_type.as_deref(), false)?;
        let io = |source| Error::Io { path: path.clone(), action: "write", offset: 0, source };
        let file = OpenOptions::new().write(true).open(target.path()).map_err(io)?;
        let job = Job { build: self, window, input, path: &path, out: Out::new(file, &path) };
        let nothing = || Err(refuse(input, "unknown format"));
        let made =
            on_decoder_thread(input, || with_format(format.name, job).unwrap_or_else(nothing))?;
        let bytes = std::fs::metadata(target.path()).map_or(0, |m| m.len());
        target.commit()?;
        Ok(Indexed { format: format.name, path, bytes, ..made })
    }
}

struct Job<'a> {
    build: &'a BuildIndex,
    window: Window,
    input: &'a Path,
    path: &'a Path,
    out: Out,
}

impl WithFormat for Job<'_> {
    type Out = Result<Indexed>;

    fn with<F: Format>(self) -> Self::Out {
        let Job { build, window, input, path, out } = self;
        let name = input.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let start = start_time(name);
        let stop = Arc::clone(&build.stop);
        let options = stream::StreamOptions { start, stop, settings: None };
        let progress = Progress::start(name, window.input().size, build.quiet);
        let mut sink = Counter::new(<F::Assembler as Assembler>::write_key);
        let configures = <F::Assembler as Assembler>::configures;
        let mut indexer = Indexer::new(out, build.spacing, configures, progress);
        let path = path.to_path_buf();
        let io = |source| Error::Io { path: path.clone(), action: "write", offset: 0, source };
        indexer.begin().map_err(io)?;
        let outcome = stream::run::<F, _, _>(window, &options, &mut sink, &mut indexer)?;
        if outcome.interrupted {
            return Err(refuse(input, "stopped by a signal; there is no index"));
        }
        let fingerprint = fingerprint(input)?;
        if fingerprint.bytes != outcome.bytes.input {
            return Err(refuse(input, "it has changed while it was read"));
        }
        let checkpoints = indexer.checkpoints();
        let recording = Recording { format: F::INFO.name, fingerprint, start };
        indexer.finish(recording, &outcome, &sink).map_err(io)?;
        Ok(Indexed { outcome, checkpoints, ..Indexed::default() })
    }
}
