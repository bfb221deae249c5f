//! Goes on in the middle of a stream: its headers are read again, what the other packets left is loaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tierline_core::{Error as CoreError, Format, Framer, Kind, RowSink, Scope};

use super::{Garbage, Hooks, Outcome, StreamOptions, Way, step};
use crate::assembly::Assembly;
use crate::error::{Error, Result};
use crate::index::text;
use crate::library::Notice;
use crate::window::Window;

/// What came before a place in a stream, as far as it matters.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Number of the packet that follows.
    pub(crate) packet: u64,
    /// Where it starts.
    pub(crate) offset: u64,
    /// Packets to be read again.
    pub(crate) headers: Vec<Place>,
    /// The garbage.
    pub(crate) garbage: Vec<Stretch>,
    /// The account.
    pub(crate) outcome: Outcome,
    /// Packets that nothing decodes: kind, decoder, number and bytes.
    pub(crate) skipped: Vec<(u32, u8, u64, u64)>,
    /// What the decoders wanted the user to know.
    pub(crate) notices: BTreeMap<&'static str, Notice>,
    /// What the packets have left in the assembler.
    pub(crate) history: Vec<u8>,
}

/// Where a packet is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) packet: u64,
    pub(crate) offset: u64,
}

/// A stretch of garbage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stretch {
    pub(crate) offset: u64,
    length: u64,
    kind: u8,
    field: String,
    found: i64,
    expected: i64,
    packet: u64,
    at: u64,
    /// Bytes that were kept, and their CRC-32.
    kept: u32,
    crc: u32,
}

impl Stretch {
    pub(crate) fn new(garbage: &Garbage, bytes: &[u8]) -> Self {
        let error = &garbage.error;
        Stretch {
            offset: garbage.offset,
            length: garbage.length,
            kind: error.kind as u8,
            field: error.field.to_owned(),
            found: error.found,
            expected: error.expected,
            packet: error.packet,
            at: error.offset,
            kept: bytes.len() as u32,
            crc: crc32fast::hash(bytes),
        }
    }

    pub(crate) fn garbage(&self) -> Garbage {
        let kind = match self.kind {
            1 => Kind::Truncated,
            2 => Kind::Resync,
            4 => Kind::Unsupported,
            5 => Kind::Limit,
            _ => Kind::Malformed,
        };
        let error = CoreError {
            kind,
            scope: Scope::Packet,
            offset: self.at,
            packet: self.packet,
            field: text::keep(&self.field),
            found: self.found,
            expected: self.expected,
        };
        Garbage { offset: self.offset, length: self.length, error }
    }
}

fn another(window: &Window, what: &str) -> Error {
    let reason = format!("{what} is not where the index has it: make the index again");
    Error::Index { path: window.input().path.clone(), reason }
}

/// Reads packets again. Anything but [`Way::On`]: the caller wants no more.
fn read_again<F: Format, S: RowSink, H: Hooks<S>>(
    places: &[Place],
    framer: &mut F::Framer,
    assembly: &mut Assembly<F>,
    window: &mut Window,
    sink: &mut S,
    hooks: &mut H,
    stop: impl Fn() -> bool + Copy,
) -> Result<Way> {
    for place in places {
        window.seek(place.offset)?;
        framer.jump(place.packet, place.offset);
        let before = assembly.outcome().packets;
        let garbage = assembly.outcome().bytes.garbage;
        let mut way = Way::On;
        while way == Way::On && assembly.outcome().packets == before {
            way = step(framer, assembly, window, sink, hooks, stop)?;
        }
        let outcome = assembly.outcome();
        let same = outcome.packets == before + 1 && assembly.next() == place.packet + 1;
        if way != Way::Stopped && (!same || outcome.bytes.garbage != garbage) {
            return Err(another(window, "a header"));
        }
        if way != Way::On {
            return Ok(way);
        }
    }
    Ok(Way::On)
}

/// Goes to the end of the `past`.
pub(super) fn take_up<F: Format, S: RowSink, H: Hooks<S>>(
    past: &Past,
    framer: &mut F::Framer,
    assembly: &mut Assembly<F>,
    window: &mut Window,
    sink: &mut S,
    hooks: &mut H,
    stop: impl Fn() -> bool + Copy,
) -> Result<Way> {
    let way = read_again(&past.headers, framer, assembly, window, sink, hooks, stop)?;
    if way != Way::On {
        return Ok(way);
    }
    for stretch in &past.garbage {
        let kept = stretch.kept as usize;
        window.seek(stretch.offset)?;
        window.fill(kept)?;
        let bytes = window.data().get(..kept).unwrap_or(&[]);
        if crc32fast::hash(bytes) != stretch.crc {
            return Err(another(window, "garbage"));
        }
        hooks.garbage(&stretch.garbage(), bytes);
    }
    if !assembly.restore(past) {
        return Err(another(window, "what packets have left"));
    }
    hooks.resumed(past, sink);
    window.seek(past.offset)?;
    framer.jump(past.packet, past.offset);
    window.hold();
    Ok(Way::On)
}

/// Reads nothing but these packets of a stream.
///
/// # Errors
/// Where they are not where they should be.
pub(crate) fn headers<F: Format, S: RowSink, H: Hooks<S>>(
    mut window: Window,
    options: &StreamOptions,
    places: &[Place],
    sink: &mut S,
    hooks: &mut H,
) -> Result<()> {
    let mut framer = F::framer(super::LIMITS);
    let mut assembly = Assembly::<F>::new(&window.input().path, options.start);
    let stop = || false;
    read_again(places, &mut framer, &mut assembly, &mut window, sink, hooks, stop).map(|_| ())
}
