//! The loop between bytes and rows, as every caller of core has it, with the contract checked at each step.

use std::collections::VecDeque;

use tierline_core::error::Scope;
use tierline_core::{
    Assembler, Error, Fate, Format, FrameLimits, Framer, RowSink, Stage, Step, WithFormat,
    with_format,
};

use crate::plist::Plist;
use crate::record::Recorder;

/// A packet that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Offset of its first byte.
    pub start: u64,
    /// Offset after its last byte.
    pub end: u64,
    /// Kind as the stream has it.
    pub kind: u32,
    /// What became of it.
    pub fate: Fate,
}

/// What came of a stream.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Rows, tables, header values.
    pub sink: Recorder,
    /// Packets that ended well.
    pub packets: Vec<Packet>,
    /// Garbage: offset and length, neighbours merged.
    pub garbage: Vec<(u64, u64)>,
    /// Errors of broken packets and garbage.
    pub errors: Vec<Error>,
    /// Bytes of packets by fate: rows, header, skipped.
    pub bytes: [u64; 3],
    /// The error that ended the run.
    pub fatal: Option<Error>,
    /// Bytes after a fatal error.
    pub unread: u64,
}

impl Outcome {
    /// All garbage, bytes.
    pub fn garbage_bytes(&self) -> u64 {
        self.garbage.iter().map(|(_, len)| len).sum()
    }

    fn add_garbage(&mut self, start: u64, len: u64) {
        match self.garbage.last_mut() {
            _ if len == 0 => {}
            Some((at, n)) if *at + *n == start => *n += len,
            _ => self.garbage.push((start, len)),
        }
    }
}

/// How the input arrives: the sizes of its pieces, used in turn.
#[derive(Clone, Debug)]
pub struct Feed<'a> {
    /// Piece sizes; the last one is repeated. Empty: everything at once.
    pub pieces: &'a [usize],
    /// Settings of the framer.
    pub limits: FrameLimits,
}

impl Feed<'_> {
    /// Everything at once, host settings.
    pub const WHOLE: Feed<'static> = Feed { pieces: &[], limits: FrameLimits::HOST };
}

/// Runs a stream of the named format to its end.
///
/// # Panics
/// Where a framer breaks its contract, or there is no such format.
pub fn drive(format: &str, input: &[u8], feed: &Feed<'_>) -> Outcome {
    let Some(outcome) = with_format(format, Drive { input, feed }) else {
        panic!("no format {format}");
    };
    outcome
}

struct Drive<'a> {
    input: &'a [u8],
    feed: &'a Feed<'a>,
}

impl WithFormat for Drive<'_> {
    type Out = Outcome;

    fn with<F: Format>(self) -> Outcome {
        let mut run: Run<'_, F> = Run {
            framer: F::framer(self.feed.limits),
            assembler: Box::new(F::assembler()),
            input: self.input,
            at: 0,
            start: 0,
            broken: false,
            text: Vec::new(),
            out: Outcome::default(),
        };
        run.all(self.feed);
        let mut out = run.out;
        out.unread = (self.input.len() - run.at) as u64;
        assert!(out.unread == 0 || out.fatal.is_some(), "bytes left without an error");
        let known: u64 = out.bytes.iter().sum::<u64>() + out.garbage_bytes() + out.unread;
        // A fatal error leaves the packet in which it occurs unaccounted.
        assert!(
            known == self.input.len() as u64 || out.fatal.is_some(),
            "{known} bytes of {} are accounted for",
            self.input.len()
        );
        out
    }
}

struct Run<'a, F: Format> {
    framer: F::Framer,
    assembler: Box<F::Assembler>,
    input: &'a [u8],
    /// Bytes done with.
    at: usize,
    /// First byte of the present packet.
    start: usize,
    /// The assembler refused the present packet.
    broken: bool,
    text: Vec<u8>,
    out: Outcome,
}

impl<F: Format> Run<'_, F> {
    fn all(&mut self, feed: &Feed<'_>) {
        let mut pieces: VecDeque<usize> = feed.pieces.iter().copied().collect();
        let mut seen = if pieces.is_empty() { self.input.len() } else { 0 };
        let (mut steps, mut idle) = (0usize, 0);
        loop {
            steps += 1;
            assert!(steps < 1000 + 20 * self.input.len(), "no end after {steps} steps");
            assert!(idle < 4, "no progress at byte {}", self.at);
            // The window is never larger than the framer was told.
            let end = seen.min(self.at.saturating_add(feed.limits.window));
            let (window, eof) = (&self.input[self.at..end], end == self.input.len());
            let before = self.at;
            match self.framer.step(window, eof) {
                Ok(Step::Part { used, part }) => {
                    assert!(used <= window.len(), "part beyond the window");
                    assert!(part.bytes.len() <= window.len());
                    if !self.part(used, &part) {
                        return;
                    }
                }
                Ok(Step::Garbage { used, error, abort }) => {
                    assert!(used <= window.len(), "garbage beyond the window");
                    assert!(used > 0 || abort, "empty garbage at byte {}: {error}", self.at);
                    self.garbage(used, error, abort);
                }
                Ok(Step::Need(n)) => {
                    assert!(!eof, "Need({n}) at the end of the stream, byte {}", self.at);
                    assert!(n > window.len(), "Need({n}) with {} bytes", window.len());
                    assert!(n <= feed.limits.window, "Need({n}) is more than the window");
                    while seen < self.input.len().min(self.at + n) {
                        let last = pieces.len() == 1;
                        let piece = if last { pieces.front().copied() } else { pieces.pop_front() };
                        seen = (seen + piece.unwrap_or(4096).max(1)).min(self.input.len());
                    }
                    continue;
                }
                Ok(Step::End) => {
                    assert!(eof && window.is_empty(), "End with bytes left at {}", self.at);
                    assert_eq!(self.start, self.at, "End inside a packet");
                    return;
                }
                Err(error) => {
                    assert_eq!(error.scope, Scope::Stream, "{error}");
                    return self.fatal(error);
                }
            }
            idle = if self.at == before { idle + 1 } else { 0 };
        }
    }

    fn fatal(&mut self, error: Error) {
        self.out.sink.abort();
        self.out.fatal = Some(error);
    }

    /// Takes a part; false where the run is over.
    fn part(&mut self, used: usize, part: &tierline_core::Part<'_>) -> bool {
        if self.at == self.start {
            assert_eq!(part.offset, self.start as u64, "offset of a packet");
            self.out.sink.packet = part.offset;
        }
        if part.stage == Stage::Text {
            self.text.extend_from_slice(part.bytes);
        }
        let mut fate = Fate::Rows;
        if !self.broken {
            let mut done = Ok(Fate::Header);
            if part.last && !self.text.is_empty() {
                done = self.document(part);
            }
            match done.and_then(|_| self.assembler.part(part, &mut self.out.sink)) {
                Ok(what) => fate = what,
                Err(error) if error.scope == Scope::Stream => {
                    self.fatal(error);
                    return false;
                }
                Err(error) => {
                    self.out.errors.push(error);
                    self.out.sink.abort();
                    self.assembler.abort();
                    self.broken = true;
                }
            }
        }
        self.at += used;
        if part.last {
            let (start, len) = (self.start as u64, (self.at - self.start) as u64);
            if std::mem::take(&mut self.broken) {
                self.out.add_garbage(start, len);
            } else {
                self.out.sink.commit();
                self.out.bytes[fate as usize] += len;
                let (kind, end) = (part.kind, self.at as u64);
                self.out.packets.push(Packet { start, end, kind, fate });
            }
            self.start = self.at;
        }
        true
    }

    fn document(&mut self, part: &tierline_core::Part<'_>) -> tierline_core::Result<Fate> {
        let text = std::mem::take(&mut self.text);
        let broken = Error::malformed("header text", 0, 0).at(part.packet, part.offset).fatal();
        let node = Plist::parse(&text).ok_or(broken)?;
        self.assembler.document(&node, &mut self.out.sink)?;
        Ok(Fate::Header)
    }

    fn garbage(&mut self, used: usize, error: Error, abort: bool) {
        assert!(
            abort || self.broken || self.start == self.at,
            "garbage inside a packet without an abort: {error}"
        );
        if abort {
            self.out.sink.abort();
            self.assembler.abort();
        }
        self.broken = false;
        if self.out.errors.last() != Some(&error) {
            self.out.errors.push(error);
        }
        self.at += used;
        self.out.add_garbage(self.start as u64, (self.at - self.start) as u64);
        self.start = self.at;
    }
}
