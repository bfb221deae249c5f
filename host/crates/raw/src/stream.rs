//! Drives a stream: window, framer, assembly, and what the caller does meanwhile.

mod resume;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tierline_core::{Error as CoreError, Fate, Format, FrameLimits, Framer, Part, RowSink, Step};
use tierline_report::ByteAccount;

use crate::assembly::Assembly;
use crate::document;
use crate::error::Result;
use crate::window::Window;

pub use resume::Past;
pub(crate) use resume::{Place, Stretch, headers};

/// How streams are cut.
const LIMITS: FrameLimits = FrameLimits { piece: 256 * 1024, window: crate::window::REACH };

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
    /// A part is about to be handed to the assembler. `source`: the bytes of the stream that it was found in.
    fn part(&mut self, _part: &Part<'_>, _source: &[u8]) {}

    /// A packet is complete; its rows are about to be committed.
    fn complete(&mut self, _packet: u64, _fate: Fate, _sink: &mut S) {}

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

    /// Whether [`Hooks::checkpoint`] is wanted after the packet that was just over.
    fn wants_checkpoint(&self) -> bool {
        false
    }

    /// What it takes to go on from here.
    ///
    /// # Errors
    /// Those of the caller; they end the run.
    fn checkpoint(&mut self, _checkpoint: &Checkpoint<'_>, _sink: &mut S) -> Result<()> {
        Ok(())
    }

    /// The stream goes on in its middle; `past` is what came before.
    fn resumed(&mut self, _past: &Past, _sink: &mut S) {}

    /// The stream's text header was parsed.
    fn document(&mut self, _document: &document::Document, _sink: &mut S) {}
}

/// A place between two packets of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Checkpoint<'a> {
    /// Number of the packet that follows.
    pub packet: u64,
    /// Where it starts.
    pub offset: u64,
    /// The account so far.
    pub outcome: &'a Outcome,
    /// What the packets have left in the assembler.
    pub history: &'a [u8],
}

/// What a stream is read with.
#[derive(Debug, Clone, Default)]
pub struct StreamOptions {
    /// A settings file that comes with the recording.
    pub settings: Option<PathBuf>,
    /// Start of the run, unix seconds.
    pub start: Option<f64>,
    /// Set by somebody who wants no more.
    pub stop: Arc<AtomicBool>,
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
    /// Somebody wanted no more: what is there of a packet is not counted.
    pub interrupted: bool,
    /// SHA-256 of the file, if it was wanted and the file was read to its end.
    pub digest: Option<String>,
}

/// Reads a stream to its end.
///
/// # Errors
/// Where it can't be read as a whole, or a hook fails.
pub fn run<F: Format, S: RowSink, H: Hooks<S>>(
    window: Window,
    options: &StreamOptions,
    sink: &mut S,
    hooks: &mut H,
) -> Result<Outcome> {
    run_from::<F, S, H>(window, options, None, sink, hooks)
}

/// Reads a stream from its start, or from a checkpoint, to its end.
///
/// # Errors
/// As [`run`], and where the stream is another one than that of the checkpoint.
pub(crate) fn run_from<F: Format, S: RowSink, H: Hooks<S>>(
    mut window: Window,
    options: &StreamOptions,
    past: Option<&Past>,
    sink: &mut S,
    hooks: &mut H,
) -> Result<Outcome> {
    let mut framer = F::framer(LIMITS);
    let mut assembly = Assembly::<F>::new(&window.input().path, options.start);
    if let Some(settings) = &options.settings {
        assembly.settings_file(settings, sink)?;
    }
    let stop = || options.stop.load(Ordering::Relaxed);
    let mut end = match past {
        Some(past) => {
            resume::take_up(past, &mut framer, &mut assembly, &mut window, sink, hooks, stop)?
        }
        None => Way::On,
    };
    while end == Way::On {
        end = step(&mut framer, &mut assembly, &mut window, sink, hooks, stop)?;
    }
    if end == Way::Stopped {
        let end = assembly.forget(sink).map_or(window.offset(), |(start, _)| start);
        let mut outcome = assembly.finish(&[], sink, hooks);
        (outcome.bytes.input, outcome.interrupted) = (end, true);
        return Ok(outcome);
    }
    let held = assembly.open().map_or(&[][..], |(start, n)| window.since(start, n));
    let mut outcome = assembly.finish(held, sink, hooks);
    outcome.broken_input = window.broken().map(str::to_owned);
    outcome.bytes.input = window.offset();
    if !outcome.stopped {
        outcome.digest = window.input().digest();
    }
    Ok(outcome)
}

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    On,
    End,
    Stopped,
}

/// One step of the framer.
fn step<F: Format, S: RowSink, H: Hooks<S>>(
    framer: &mut F::Framer,
    assembly: &mut Assembly<F>,
    window: &mut Window,
    sink: &mut S,
    hooks: &mut H,
    stop: impl Fn() -> bool,
) -> Result<Way> {
    let step = framer.step(window.data(), window.eof());
    match step.map_err(|e| assembly.stream_error(e))? {
        Step::Need(n) => {
            // What does not end by itself has ended when it was stopped, and hands over what it has; others just end.
            if window.input().size.is_some() && stop() {
                return Ok(Way::Stopped);
            }
            // Whatever is asked for, something new must come, or this would never end.
            window.fill(n.max(window.data().len() + 1))?;
            hooks.progress(window.input().position());
            Ok(Way::On)
        }
        Step::End => Ok(if stop() { Way::Stopped } else { Way::End }),
        // A packet that was on its way.
        Step::Garbage { .. } if window.eof() && stop() => Ok(Way::Stopped),
        Step::Garbage { used, error, abort } => {
            let (start, length) = assembly.broke_off(window.offset(), used as u64, abort, sink);
            assembly.garbage(start, length, error, window.since(start, length), hooks);
            window.consume(used);
            window.hold();
            Ok(Way::On)
        }
        Step::Part { used, part } => {
            let source = window.data().get(..used).unwrap_or(&[]);
            assembly.part(&part, source, used as u64, sink, hooks)?;
            let last = part.last;
            window.consume(used);
            if !last {
                return Ok(Way::On);
            }
            let bytes = assembly.open().map_or(&[][..], |(start, n)| window.since(start, n));
            let going = assembly.end_packet(bytes, sink, hooks)?;
            window.hold();
            if hooks.wants_checkpoint() {
                assembly.checkpoint(window.offset(), sink, hooks)?;
            }
            Ok(if going { Way::On } else { Way::End })
        }
    }
}
