//! Drives a stream: window, framer, assembler, sink, and the account of every byte.

use std::path::{Path, PathBuf};

use tierline_core::{Assembler, Error as CoreError, Fate, Format, Framer, Kind, Part, RowSink};
use tierline_core::{FrameLimits, Scope, Source, Stage, Step};
use tierline_report::ByteAccount;

use crate::document;
use crate::error::{Error, Result};
use crate::window::Window;

/// Most bytes of text headers kept for parsing.
const MAX_TEXT: usize = 64 << 20;

/// A packet that is over.
#[derive(Debug, Clone, Copy)]
pub struct Packet {
    /// Number in the stream, from 0.
    pub number: u64,
    /// Byte offset.
    pub offset: u64,
    /// Bytes.
    pub bytes: u64,
    /// Record tag or data id.
    pub kind: u32,
    /// The format's decoder number.
    pub decoder: u8,
    /// What became of it; `None`: it is garbage.
    pub fate: Option<Fate>,
}

/// Bytes that belong to no packet, or to a broken one.
#[derive(Debug, Clone, Copy)]
pub struct Garbage {
    /// Where they start.
    pub offset: u64,
    /// How many.
    pub length: u64,
    /// Why.
    pub error: CoreError,
}

/// What the caller does while a stream runs.
pub trait Hooks<S> {
    /// A part is about to be handed to the assembler.
    fn part(&mut self, _part: &Part<'_>) {}

    /// A packet is complete; its rows are about to be committed.
    fn complete(&mut self, _fate: Fate, _sink: &mut S) {}

    /// A packet is over and its rows are committed (or aborted). `bytes`: as much of it as is held. `false` ends the
    /// run.
    ///
    /// # Errors
    /// Those of the caller; they end the run.
    fn packet(&mut self, _packet: &Packet, _bytes: &[u8], _sink: &mut S) -> Result<bool> {
        Ok(true)
    }

    /// Garbage, with as many of its bytes as are still there.
    fn garbage(&mut self, _garbage: &Garbage, _bytes: &[u8]) {}

    /// Progress in bytes of the file.
    fn progress(&mut self, _position: u64) {}

    /// The stream's text header was parsed.
    fn document(&mut self, _document: &document::Document, _sink: &mut S) {}
}

/// What a stream is read with.
#[derive(Debug, Clone, Default)]
pub struct StreamOptions {
    /// A settings file that comes with the recording.
    pub settings: Option<PathBuf>,
    /// Start of the run, unix seconds.
    pub start: Option<f64>,
}

/// What came of a stream.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Where every byte went.
    pub bytes: ByteAccount,
    /// Packets, broken ones included.
    pub packets: u64,
    /// The first trouble.
    pub first_error: Option<CoreError>,
    /// Stretches of garbage.
    pub garbage: u64,
    /// Why the input ended early (a damaged compressed file).
    pub broken_input: Option<String>,
    /// The caller stopped before the end.
    pub stopped: bool,
    /// SHA-256 of the file, if it was wanted and the file was read to its end.
    pub digest: Option<String>,
}

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

struct Driver<'a, F: Format, S, H> {
    path: &'a Path,
    framer: F::Framer,
    assembler: Box<F::Assembler>,
    sink: &'a mut S,
    hooks: &'a mut H,
    current: Option<Current>,
    text: Vec<u8>,
    outcome: Outcome,
    /// The last stretch of garbage, in case it goes on.
    pending: Option<(Garbage, Vec<u8>)>,
}

/// Bytes of one stretch of garbage that are kept.
const KEPT: usize = 1 << 20;

/// Reads a stream to its end.
///
/// # Errors
/// Where it can't be read as a whole, or a hook fails.
pub fn run<F: Format, S: RowSink, H: Hooks<S>>(
    mut window: Window,
    options: &StreamOptions,
    sink: &mut S,
    hooks: &mut H,
) -> Result<Outcome> {
    let path = window.input().path.clone();
    let mut driver = Driver::<F, S, H> {
        path: &path,
        framer: F::framer(FrameLimits { piece: 256 * 1024, window: crate::window::REACH }),
        assembler: Box::new(F::assembler()),
        sink,
        hooks,
        current: None,
        text: Vec::new(),
        outcome: Outcome::default(),
        pending: None,
    };
    driver.assembler.source(Source { start: options.start });
    if let Some(settings) = &options.settings {
        driver.settings(settings)?;
    }
    let mut going = true;
    while going {
        going = driver.step(&mut window)?;
    }
    driver.finish(&window)
}

impl<F: Format, S: RowSink, H: Hooks<S>> Driver<'_, F, S, H> {
    fn stream_error(&self, source: CoreError) -> Error {
        Error::Stream { path: self.path.to_path_buf(), format: F::INFO.name, source }
    }

    fn settings(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read(path).map_err(|source| {
            let path = path.to_path_buf();
            Error::Io { path, action: "read", offset: 0, source }
        })?;
        let parsed = document::parse(&text).map_err(|reason| {
            let path = path.to_path_buf();
            Error::Document { path, what: "settings file", reason }
        })?;
        let format = F::INFO.name;
        self.assembler.document(&parsed, self.sink).map_err(|source| Error::Stream {
            path: path.to_path_buf(),
            format,
            source,
        })
    }

    /// One step of the framer; `false` at the end.
    fn step(&mut self, window: &mut Window) -> Result<bool> {
        let step = self.framer.step(window.data(), window.eof());
        match step.map_err(|e| self.stream_error(e))? {
            Step::Need(n) => {
                // Whatever is asked for, something new must come, or this would never end.
                window.fill(n.max(window.data().len() + 1))?;
                let position = window.input().position();
                self.hooks.progress(position);
                Ok(true)
            }
            Step::End => Ok(false),
            Step::Garbage { used, error, abort } => {
                self.broke_off(window, used, error, abort);
                window.consume(used);
                window.hold();
                Ok(true)
            }
            Step::Part { used, part } => {
                self.take(&part, used)?;
                let last = part.last;
                window.consume(used);
                if last { self.end_packet(window) } else { Ok(true) }
            }
        }
    }

    fn take(&mut self, part: &Part<'_>, used: usize) -> Result<()> {
        let current = self.current.get_or_insert(Current {
            number: part.packet,
            start: part.offset,
            bytes: 0,
            kind: part.kind,
            decoder: part.decoder,
            fate: Fate::Skipped,
            broken: None,
        });
        current.bytes += used as u64;
        self.hooks.part(part);
        if part.stage == Stage::Text && self.text.len() + part.bytes.len() <= MAX_TEXT {
            self.text.extend_from_slice(part.bytes);
        }
        if current.broken.is_some() {
            return Ok(());
        }
        match self.assembler.part(part, self.sink) {
            Ok(fate) => current.fate = fate,
            Err(error) if error.scope == Scope::Stream => return Err(self.stream_error(error)),
            Err(error) => {
                current.broken = Some(error);
                self.sink.abort();
                self.assembler.abort();
            }
        }
        Ok(())
    }

    /// The present packet is complete.
    fn end_packet(&mut self, window: &mut Window) -> Result<bool> {
        let Some(current) = self.current.take() else { return Ok(true) };
        if !self.text.is_empty() {
            self.document()?;
        }
        self.outcome.packets += 1;
        let fate = match current.broken {
            Some(error) => {
                let bytes = window.since(current.start, current.bytes);
                self.add_garbage(current.start, current.bytes, error, bytes);
                None
            }
            None => {
                self.hooks.complete(current.fate, self.sink);
                self.sink.commit();
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
        let going =
            self.hooks.packet(&packet, window.since(packet.offset, packet.bytes), self.sink)?;
        window.hold();
        self.outcome.stopped |= !going;
        Ok(going)
    }

    /// A text header is complete.
    fn document(&mut self) -> Result<()> {
        let text = std::mem::take(&mut self.text);
        let parsed = document::parse(&text).map_err(|reason| {
            let path = self.path.to_path_buf();
            Error::Document { path, what: "header", reason }
        })?;
        self.assembler.document(&parsed, self.sink).map_err(|e| self.stream_error(e))?;
        self.hooks.document(&parsed, self.sink);
        Ok(())
    }

    /// Bytes that fit nothing; with `abort`, the present packet with them.
    fn broke_off(&mut self, window: &Window, used: usize, error: CoreError, abort: bool) {
        let (mut start, mut length) = (window.offset(), used as u64);
        if abort {
            self.sink.abort();
            self.assembler.abort();
            if let Some(current) = self.current.take() {
                start = current.start;
                length += current.bytes;
                self.outcome.packets += 1;
            }
        }
        if length > 0 {
            let bytes = window.since(start, length);
            self.add_garbage(start, length, error, bytes);
        }
    }

    fn add_garbage(&mut self, offset: u64, length: u64, error: CoreError, bytes: &[u8]) {
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
        self.end_garbage();
        let kept = bytes.get(..KEPT).unwrap_or(bytes).to_vec();
        self.pending = Some((Garbage { offset, length, error }, kept));
    }

    fn end_garbage(&mut self) {
        if let Some((garbage, bytes)) = self.pending.take() {
            self.outcome.garbage += 1;
            self.hooks.garbage(&garbage, &bytes);
        }
    }

    fn finish(mut self, window: &Window) -> Result<Outcome> {
        if let Some(current) = self.current.take() {
            // A framer that ended inside a packet: nothing of it counts.
            self.sink.abort();
            let error = CoreError::new(Kind::Truncated, "packet", current.bytes as i64, 0)
                .at(current.number, current.start);
            let bytes = window.since(current.start, current.bytes);
            self.add_garbage(current.start, current.bytes, error, bytes);
        }
        self.end_garbage();
        self.outcome.broken_input = window.broken().map(str::to_owned);
        self.outcome.bytes.input = window.offset();
        if !self.outcome.stopped {
            self.outcome.digest = window.input().digest();
        }
        Ok(self.outcome)
    }
}
