//! From the parts of a stream to rows: the assembler with the account of every byte.

use std::path::{Path, PathBuf};

use tierline_core::{
    Assembler, Error as CoreError, Fate, Format, Kind, Part, RowSink, Scope, Source, Stage,
};

use crate::document::{self, Document};
use crate::error::{Error, Result};
use crate::index::history::{Loader, Saver};
use crate::stream::{Checkpoint, Garbage, Hooks, Outcome, Packet, Past};

/// Most bytes of text headers kept for parsing.
const MAX_TEXT: usize = 64 << 20;
/// Bytes of one stretch of garbage that are kept.
pub(crate) const KEPT: usize = 1 << 20;

/// The packet on its way in.
#[derive(Debug, Clone, Copy)]
struct Current {
    number: u64,
    start: u64,
    bytes: u64,
    kind: u32,
    decoder: u8,
    fate: Fate,
    broken: Option<CoreError>,
}

/// The assembler of one stream and what became of its packets.
pub(crate) struct Assembly<F: Format> {
    path: PathBuf,
    assembler: Box<F::Assembler>,
    current: Option<Current>,
    text: Vec<u8>,
    outcome: Outcome,
    /// Number of the packet after the last one that was complete.
    next: u64,
    /// The last stretch of garbage, in case it goes on.
    pending: Option<(Garbage, Vec<u8>)>,
}

impl<F: Format> Assembly<F> {
    /// At the start of a stream. `path`: its name in messages; `start`: of the run, unix seconds.
    pub(crate) fn new(path: &Path, start: Option<f64>) -> Self {
        let mut assembler = Box::new(F::assembler());
        assembler.source(Source { start });
        Assembly {
            path: path.to_path_buf(),
            assembler,
            current: None,
            text: Vec::new(),
            outcome: Outcome::default(),
            next: 0,
            pending: None,
        }
    }

    pub(crate) fn stream_error(&self, source: CoreError) -> Error {
        Error::Stream { path: self.path.clone(), format: F::INFO.name, source }
    }

    /// Hands over a settings file that comes with the recording.
    pub(crate) fn settings_file<S: RowSink>(&mut self, path: &Path, sink: &mut S) -> Result<()> {
        let text = std::fs::read(path).map_err(|source| {
            let path = path.to_path_buf();
            Error::Io { path, action: "read", offset: 0, source }
        })?;
        self.settings(&text, path, sink)
    }

    /// Hands over the text of a settings file. `path`: its name in messages.
    pub(crate) fn settings<S: RowSink>(
        &mut self,
        text: &[u8],
        path: &Path,
        sink: &mut S,
    ) -> Result<()> {
        let path = path.to_path_buf();
        let parsed = match document::parse(text) {
            Ok(parsed) => parsed,
            Err(reason) => return Err(Error::Document { path, what: "settings file", reason }),
        };
        let format = F::INFO.name;
        let taken = self.assembler.document(&parsed, sink);
        taken.map_err(|source| Error::Stream { path, format, source })
    }

    /// Where the packet on its way in starts, and how many of its bytes came.
    pub(crate) fn open(&self) -> Option<(u64, u64)> {
        self.current.map(|current| (current.start, current.bytes))
    }

    /// What became of the stream so far.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Takes a part. `source`: the bytes of the source that it was found in, as far as they are at hand; `used`: how many went into
    /// it.
    pub(crate) fn part<S: RowSink, H: Hooks<S>>(
        &mut self,
        part: &Part<'_>,
        source: &[u8],
        used: u64,
        sink: &mut S,
        hooks: &mut H,
    ) -> Result<()> {
        let current = self.current.get_or_insert(Current {
            number: part.packet,
            start: part.offset,
            bytes: 0,
            kind: part.kind,
            decoder: part.decoder,
            fate: Fate::Skipped,
            broken: None,
        });
        current.bytes += used;
        hooks.part(part, source);
        if part.stage == Stage::Text && self.text.len() + part.bytes.len() <= MAX_TEXT {
            self.text.extend_from_slice(part.bytes);
        }
        if current.broken.is_some() {
            return Ok(());
        }
        match self.assembler.part(part, sink) {
            Ok(fate) => current.fate = fate,
            Err(error) if error.scope == Scope::Stream => return Err(self.stream_error(error)),
            Err(error) => {
                current.broken = Some(error);
                sink.abort();
                self.assembler.abort();
            }
        }
        Ok(())
    }

    /// The present packet is complete. `bytes`: as much of it as is held. `false`: the caller wants no more.
    pub(crate) fn end_packet<S: RowSink, H: Hooks<S>>(
        &mut self,
        bytes: &[u8],
        sink: &mut S,
        hooks: &mut H,
    ) -> Result<bool> {
        let Some(current) = self.current.take() else { return Ok(true) };
        if !self.text.is_empty() {
            self.document(sink, hooks)?;
        }
        self.outcome.packets += 1;
        self.next = current.number.wrapping_add(1);
        let fate = match current.broken {
            Some(error) => {
                self.garbage(current.start, current.bytes, error, bytes, hooks);
                None
            }
            None => {
                hooks.complete(current.number, current.fate, sink);
                sink.commit();
                let bytes = &mut self.outcome.bytes;
                *match current.fate {
                    Fate::Rows => &mut bytes.rows,
                    Fate::Header => &mut bytes.headers,
                    Fate::Skipped => &mut bytes.skipped,
                } += current.bytes;
                Some(current.fate)
            }
        };
        let packet = Packet {
            number: current.number,
            offset: current.start,
            bytes: current.bytes,
            kind: current.kind,
            decoder: current.decoder,
            fate,
        };
        let going = hooks.packet(&packet, bytes, sink)?;
        self.outcome.stopped |= !going;
        Ok(going)
    }

    /// Number of the packet after the last one that was complete.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Between packets: the caller gets what it takes to go on from here, if that can be had. `offset`: of the next packet.
    pub(crate) fn checkpoint<S, H: Hooks<S>>(
        &mut self,
        offset: u64,
        sink: &mut S,
        hooks: &mut H,
    ) -> Result<()> {
        let mut saver = Saver::default();
        if !self.assembler.history(&mut saver) {
            return Ok(());
        }
        let (packet, outcome) = (self.next, &self.outcome);
        hooks.checkpoint(&Checkpoint { packet, offset, outcome, history: &saver.bytes }, sink)
    }

    /// Goes on as after the packets before `past`. `false`: its history is another stream's.
    pub(crate) fn restore(&mut self, past: &Past) -> bool {
        self.outcome = past.outcome.clone();
        let mut loader = Loader::new(&past.history);
        self.assembler.history(&mut loader) && loader.is_done()
    }

    /// A text header is complete.
    fn document<S: RowSink, H: Hooks<S>>(&mut self, sink: &mut S, hooks: &mut H) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let parsed: Document = document::parse(&text).map_err(|reason| {
            let path = self.path.clone();
            Error::Document { path, what: "header", reason }
        })?;
        self.assembler.document(&parsed, sink).map_err(|e| self.stream_error(e))?;
        hooks.document(&parsed, sink);
        Ok(())
    }

    /// Bytes that fit nothing, at `start`; with `abort`, the present packet breaks off with them. Returns where the garbage starts
    /// and how long it is.
    pub(crate) fn broke_off<S: RowSink>(
        &mut self,
        start: u64,
        used: u64,
        abort: bool,
        sink: &mut S,
    ) -> (u64, u64) {
        let mut garbage = (start, used);
        if abort && let Some(current) = self.forget(sink) {
            garbage = (current.0, used + current.1);
            self.outcome.packets += 1;
        }
        garbage
    }

    /// The present packet will not be completed: nothing of it counts. Returns where it starts and how many of its bytes came.
    pub(crate) fn forget<S: RowSink>(&mut self, sink: &mut S) -> Option<(u64, u64)> {
        sink.abort();
        self.assembler.abort();
        self.text.clear();
        self.current.take().map(|current| (current.start, current.bytes))
    }

    /// Counts garbage. `bytes`: as much of it as is held.
    pub(crate) fn garbage<S, H: Hooks<S>>(
        &mut self,
        offset: u64,
        length: u64,
        error: CoreError,
        bytes: &[u8],
        hooks: &mut H,
    ) {
        if length == 0 {
            return;
        }
        self.outcome.bytes.garbage += length;
        self.outcome.first_error.get_or_insert(error);
        if let Some((last, kept)) = &mut self.pending
            && last.offset + last.length == offset
            && last.error == error
        {
            last.length += length;
            let room = KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            return;
        }
        self.end_garbage(hooks);
        let kept = bytes.get(..KEPT).unwrap_or(bytes).to_vec();
        self.pending = Some((Garbage { offset, length, error }, kept));
    }

    /// No garbage follows that goes on with the last.
    pub(crate) fn end_garbage<S, H: Hooks<S>>(&mut self, hooks: &mut H) {
        if let Some((garbage, bytes)) = self.pending.take() {
            self.outcome.garbage += 1;
            hooks.garbage(&garbage, &bytes);
        }
    }

    /// The stream is over. `held`: what is there of a packet that it ends in.
    pub(crate) fn finish<S: RowSink, H: Hooks<S>>(
        mut self,
        held: &[u8],
        sink: &mut S,
        hooks: &mut H,
    ) -> Outcome {
        if let Some(current) = self.current.take() {
            // A framer that ended inside a packet: nothing of it counts.
            sink.abort();
            let error = CoreError::new(Kind::Truncated, "packet", current.bytes as i64, 0)
                .at(current.number, current.start);
            self.garbage(current.start, current.bytes, error, held, hooks);
        }
        self.end_garbage(hooks);
        self.outcome
    }
}
