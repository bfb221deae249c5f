//! Framing of CoMPASS list mode: events of one length, checked against each other.

use super::{FILE_HEADER, Layout, MAX_SAMPLES, weak_or};
use crate::bytes::{u16_at, u32_at};
use crate::error::{Error, Kind, Result};
use crate::format::Sniff;
use crate::frame::{FrameLimits, Step};
use crate::part::{Part, Stage};

/// Layouts tried where there is no file header, in this order.
const GUESSES: [u8; 6] = [
    Layout::CHANNELS,
    Layout::CHANNELS | Layout::SHORT,
    Layout::CALIBRATED,
    Layout::CALIBRATED | Layout::SHORT,
    Layout::CHANNELS | Layout::CALIBRATED,
    Layout::CHANNELS | Layout::CALIBRATED | Layout::SHORT,
];

/// Events in a row that must agree before a guess is believed.
const CHAIN: usize = 3;

enum Answer {
    Yes,
    No,
    /// This many bytes are needed to say.
    Need(usize),
}

/// Whether events of this layout follow one another from byte `at` on, all with the number of samples of the first.
/// `least`: where the stream ends within an event, so many complete ones before it are enough. `most`: and so many are
/// wherever it ends.
fn chain(
    layout: Layout,
    window: &[u8],
    at: usize,
    eof: bool,
    (least, most): (usize, usize),
) -> Answer {
    let Some(samples) = layout.samples(window, at) else {
        return if eof { Answer::No } else { Answer::Need(at.saturating_add(layout.head())) };
    };
    if samples > MAX_SAMPLES {
        return Answer::No;
    }
    let size = layout.head().saturating_add(2 * samples as usize);
    let mut next = at;
    for i in 0..most {
        if eof && next == window.len() && i > 0 {
            return Answer::Yes;
        }
        match layout.samples(window, next) {
            Some(n) if n == samples && plausible(window, next) => {}
            Some(_) => return Answer::No,
            None if !eof => return Answer::Need(next.saturating_add(layout.head())),
            // The file ends within this event: the others must do.
            None if i >= least && next <= window.len() => return Answer::Yes,
            None => return Answer::No,
        }
        next = next.saturating_add(size);
    }
    Answer::Yes
}

/// Board and channel numbers that a crate can have: two of 16 bits, below 256.
fn plausible(window: &[u8], at: usize) -> bool {
    u32_at(window, at).is_some_and(|numbers| numbers & 0xFF00_FF00 == 0)
}

/// Sniffs a whole stream's beginning.
pub(super) fn sniff(bytes: &[u8]) -> Sniff {
    let sure = match bytes.get(1) {
        Some(0xCA) => {
            let layout = Layout(bytes.first().copied().unwrap_or(0) & 15);
            layout.has(Layout::CHANNELS | Layout::CALIBRATED)
                && !matches!(chain(layout, bytes, 2, false, (2, CHAIN)), Answer::No)
        }
        _ => GUESSES
            .iter()
            .any(|&g| matches!(chain(Layout(g), bytes, 0, false, (2, CHAIN)), Answer::Yes)),
    };
    weak_or(bytes, sure)
}

/// An event like those before it.
#[derive(Clone, Copy, Debug)]
struct Usual {
    /// Bytes of it.
    size: usize,
    /// Bytes of it before its samples.
    head: usize,
    samples: u32,
    kind: u32,
}

impl Usual {
    /// None is.
    const NONE: Usual = Usual { size: usize::MAX, head: 0, samples: 0, kind: 0 };
}

/// Finds the events of a CoMPASS stream.
#[derive(Clone, Copy, Debug)]
pub struct CompassFramer {
    limits: FrameLimits,
    offset: u64,
    packets: u64,
    layout: Option<Layout>,
    /// Samples per event, once known.
    samples: Option<u32>,
    /// What the next event has to be, where all go as one part.
    usual: Usual,
    /// Bytes of samples left of the present event.
    left: usize,
    start: u64,
    lost: Option<Error>,
}

impl CompassFramer {
    /// A framer at the start of a stream.
    pub const fn new(limits: FrameLimits) -> Self {
        Self {
            limits: limits.consistent(),
            offset: 0,
            packets: 0,
            layout: None,
            samples: None,
            usual: Usual::NONE,
            left: 0,
            start: 0,
            lost: None,
        }
    }

    fn error(&self, kind: Kind, field: &'static str, found: i64, expected: i64) -> Error {
        Error::new(kind, field, found, expected).at(self.packets, self.offset)
    }

    fn kind(&self) -> u32 {
        self.layout.map_or(0, |layout| layout.0).into()
    }

    #[inline]
    fn part<'w>(&mut self, stage: Stage, first: usize, bytes: &'w [u8], last: bool) -> Step<'w> {
        self.offset = self.offset.wrapping_add(bytes.len() as u64);
        let part = Part {
            packet: self.packets,
            offset: self.start,
            kind: self.kind(),
            decoder: 1,
            tag: 0,
            stage,
            frame: 0,
            index: 0,
            first: first as u32,
            last,
            bytes,
        };
        if last {
            self.packets = self.packets.wrapping_add(1);
        }
        Step::Part { used: bytes.len(), part }
    }

    /// The file header, or a guess at what it would say.
    fn open<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(bytes) = window.get(..2) else {
            if !eof {
                return Ok(Step::Need(2));
            }
            return Err(self.error(Kind::Truncated, "file", window.len() as i64, 2).fatal());
        };
        if bytes.get(1) == Some(&0xCA) {
            let layout = Layout(bytes.first().copied().unwrap_or(0) & 15 | Layout::HEADER);
            if !layout.has(Layout::CHANNELS | Layout::CALIBRATED) {
                let found = i64::from(u16_at(bytes, 0).unwrap_or(0));
                return Err(self.error(Kind::Unsupported, "file header", found, 0xCA01).fatal());
            }
            self.layout = Some(layout);
            let step = self.part(Stage::Whole, 0, bytes, true);
            return Ok(match step {
                Step::Part { used, part } => {
                    let kind = FILE_HEADER | part.kind;
                    Step::Part { used, part: Part { decoder: 0, kind, ..part } }
                }
                other => other,
            });
        }
        for guess in GUESSES {
            match chain(Layout(guess), window, 0, eof, (2, CHAIN)) {
                Answer::Yes => {
                    let layout = Layout(guess);
                    let samples = layout.samples(window, 0);
                    let flag = if samples == Some(0) { 0 } else { Layout::SAMPLES };
                    self.layout = Some(Layout(guess | flag));
                    self.samples = samples;
                    self.packets = 1;
                    return self.event(window, eof);
                }
                Answer::Need(n) if n <= self.limits.window => return Ok(Step::Need(n)),
                Answer::Need(_) | Answer::No => {}
            }
        }
        let found = i64::from(u16_at(bytes, 0).unwrap_or(0));
        Err(self.error(Kind::Malformed, "file header", found, 0xCA09).fatal())
    }

    /// Number of samples of all events: that of the first place from which events follow one another. (The very first
    /// event may be damaged, and must not be believed more than the others.)
    fn settle<'w>(&mut self, layout: Layout, window: &'w [u8], eof: bool) -> Option<Step<'w>> {
        if window.is_empty() {
            return Some(if eof { Step::End } else { Step::Need(layout.head()) });
        }
        for at in 0..window.len() {
            let samples = layout.samples(window, at);
            let likely = samples.is_none_or(|n| (n > 0) == layout.has(Layout::SAMPLES));
            let enough = if at == 0 { (2, 2) } else { (2, CHAIN) };
            match chain(layout, window, at, eof, enough) {
                Answer::Yes if at == 0 || likely => {
                    self.samples = samples;
                    break;
                }
                Answer::Need(n) if n <= self.limits.window && (at == 0 || likely) => {
                    return Some(Step::Need(n));
                }
                _ => {}
            }
        }
        // A single event, cut or not, has nothing to be compared with.
        let only = layout.samples(window, 0).filter(|n| *n <= MAX_SAMPLES);
        let alone = only.map(|n| layout.head().saturating_add(2 * n as usize));
        let last = alone.is_some_and(|size| size >= window.len())
            || matches!(chain(layout, window, 0, eof, (1, 2)), Answer::Yes);
        if self.samples.is_none() && eof && last {
            self.samples = only;
        }
        if self.samples.is_none() {
            let error = self.error(Kind::Malformed, "num_samples", only.unwrap_or(0).into(), 0);
            return self.search(error, layout, window, eof);
        }
        if !layout.has(Layout::SAMPLES) && self.samples != Some(0) {
            self.layout = Some(Layout(layout.0 | Layout::SAMPLES));
        }
        None
    }

    fn event<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(layout) = self.layout else { return Ok(Step::End) };
        if self.left > 0 {
            return Ok(self.trace(window, eof));
        }
        if self.samples.is_none()
            && let Some(step) = self.settle(layout, window, eof)
        {
            return Ok(step);
        }
        let samples = self.samples.unwrap_or(0);
        self.start = self.offset;
        if window.is_empty() && eof {
            return Ok(Step::End);
        }
        let Some(bytes) = window.get(..layout.head()) else {
            if !eof {
                return Ok(Step::Need(layout.head()));
            }
            return Ok(self.cut(window, layout.head()));
        };
        let found = layout.samples(window, 0).unwrap_or(0);
        if found != samples || !plausible(window, 0) {
            let error = self.error(Kind::Malformed, "num_samples", found.into(), samples.into());
            return Ok(self.search(error, layout, window, eof).unwrap_or(Step::End));
        }
        let bulk = 2 * samples as usize;
        let size = layout.head().saturating_add(bulk);
        if bulk > 0 && bulk <= self.limits.piece && size <= self.limits.window {
            // The layout as it is now: settling on a number of samples may have changed it.
            let (head, kind) = (layout.head(), self.kind());
            self.usual = Usual { size, head, samples, kind };
            let Some(bytes) = window.get(..size) else {
                return Ok(if eof { self.cut(window, size) } else { Step::Need(size) });
            };
            return Ok(self.part(Stage::Whole, layout.head(), bytes, true));
        }
        self.left = bulk;
        let stage = if bulk == 0 { Stage::Whole } else { Stage::Head };
        Ok(self.part(stage, 0, bytes, bulk == 0))
    }

    /// The next event in one part, where there is nothing else to it: the way of nearly all.
    #[inline(always)]
    fn next<'w>(&mut self, window: &'w [u8]) -> Option<Step<'w>> {
        let Usual { size, head, samples, kind } = self.usual;
        let bytes = window.get(..size)?;
        let found = bytes.get(..head)?.last_chunk::<4>()?;
        if u32::from_le_bytes(*found) != samples || !plausible(bytes, 0) {
            return None;
        }
        let part = Part {
            packet: self.packets,
            offset: self.offset,
            kind,
            decoder: 1,
            tag: 0,
            stage: Stage::Whole,
            frame: 0,
            index: 0,
            first: head as u32,
            last: true,
            bytes,
        };
        self.packets = self.packets.wrapping_add(1);
        self.offset = self.offset.wrapping_add(size as u64);
        Some(Step::Part { used: size, part })
    }

    fn trace<'w>(&mut self, window: &'w [u8], eof: bool) -> Step<'w> {
        let want = self.left.min((self.limits.piece & !1).max(2));
        let Some(bytes) = window.get(..want) else {
            return if eof { self.cut(window, want) } else { Step::Need(want) };
        };
        let first = (2 * self.samples.unwrap_or(0) as usize).saturating_sub(self.left);
        self.left = self.left.saturating_sub(want);
        self.part(Stage::Trace, first, bytes, self.left == 0)
    }

    /// The stream ends inside an event.
    fn cut<'w>(&mut self, window: &'w [u8], wanted: usize) -> Step<'w> {
        let found = window.len() as i64;
        let error = Error::new(Kind::Truncated, "event", found, wanted as i64);
        let error = error.at(self.packets, self.start);
        let abort = self.left > 0;
        self.left = 0;
        self.offset = self.offset.wrapping_add(window.len() as u64);
        Step::Garbage { used: window.len(), error, abort }
    }

    /// Drops bytes up to a place from which events follow one another; `None`: they do right here.
    fn search<'w>(
        &mut self,
        error: Error,
        layout: Layout,
        window: &'w [u8],
        eof: bool,
    ) -> Option<Step<'w>> {
        let first = if self.lost.is_none() { 1 } else { 0 };
        // Damage within an event leaves the next one in its place; without samples other places look as good.
        if first == 1
            && let Some(samples) = self.samples
        {
            let size = layout.head().saturating_add(2 * samples as usize);
            match chain(layout, window, size, eof, (1, 2)) {
                Answer::Need(n) if n <= self.limits.window => return Some(Step::Need(n)),
                Answer::Yes if layout.samples(window, size) == self.samples => {
                    self.offset = self.offset.wrapping_add(size as u64);
                    return Some(Step::Garbage { used: size, error, abort: false });
                }
                _ => {}
            }
        }
        self.lost = Some(error);
        self.usual = Usual::NONE;
        let mut used = window.len();
        for at in first..window.len() {
            let fits = self.samples.is_none_or(|n| layout.samples(window, at) == Some(n));
            let least = if self.samples.is_some_and(|n| n > 0) { 1 } else { 2 };
            match chain(layout, window, at, eof, (least, CHAIN)) {
                Answer::Yes if fits => {
                    self.lost = None;
                    used = at;
                    break;
                }
                Answer::Need(_) if fits || layout.samples(window, at).is_none() => {
                    used = at;
                    break;
                }
                _ => {}
            }
        }
        if self.lost.is_none() || eof {
            // Going on from here, or to the end: either way the search is over.
            self.lost = None;
        } else if used == 0 {
            if window.len() < self.limits.window {
                let more = window.len().saturating_add(4096);
                return Some(Step::Need(more.min(self.limits.window)));
            }
            used = 1;
        }
        self.offset = self.offset.wrapping_add(used as u64);
        (used > 0).then_some(Step::Garbage { used, error, abort: false })
    }
}

impl crate::frame::Framer for CompassFramer {
    #[inline]
    fn step<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        match self.next(window) {
            Some(step) => Ok(step),
            None => self.other(window, eof),
        }
    }

    fn jump(&mut self, packet: u64, offset: u64) {
        (self.packets, self.offset, self.start) = (packet, offset, offset);
        (self.left, self.lost) = (0, None);
    }
}

impl CompassFramer {
    /// Whatever is not the next of many events.
    #[inline(never)]
    fn other<'w>(&mut self, window: &'w [u8], eof: bool) -> Result<Step<'w>> {
        let Some(layout) = self.layout else { return self.open(window, eof) };
        if let Some(error) = self.lost
            && let Some(step) = self.search(error, layout, window, eof)
        {
            return Ok(step);
        }
        self.event(window, eof)
    }
}
