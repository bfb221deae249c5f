//! Stages that work on a stream of one format.

use core::hint::black_box;

use tierline_board::place::Place;
use tierline_board::sizes::{CELLS, FRONT_END, LIMITS, READ, WINDOW, Window};
use tierline_core::pack::Packer;
use tierline_core::{Codec, Format, Framer, Stage, Step, WithFormat};

use super::table::{Table, Units};
use super::whole::{Desk, Ends, whole};

/// Bytes of a piece of samples.
pub(crate) const PIECE: usize = LIMITS.piece;

/// Where framers and front ends live.
pub(crate) type Home = Place<FRONT_END>;

/// What the stages work in.
pub(crate) struct Memory {
    home: Home,
    window: Place<{ WINDOW + 16 }>,
    cells: [u8; CELLS],
    pub(crate) out: [u8; 8 * 1024],
}

impl Memory {
    pub(crate) const fn new() -> Self {
        let (home, window) = (Place::new(), Place::new());
        Memory { home, window, cells: [0; CELLS], out: [0; 8 * 1024] }
    }
}

/// A recording and what is measured with it; the bytes of samples found come out.
pub(crate) struct Stream<'a, 'c> {
    pub(crate) name: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) samples: &'a mut [u8],
    pub(crate) table: &'a mut Table<'c>,
    pub(crate) memory: &'a mut Memory,
    pub(crate) ends: &'a mut Ends,
}

impl WithFormat for Stream<'_, '_> {
    type Out = usize;

    fn with<F: Format>(self) -> usize {
        let Stream { name, bytes, samples, table, memory, ends } = self;
        let Memory { home, window, cells, out } = memory;
        let (texts, found) = look::<F>(home, bytes, samples);
        table.headline(F::INFO.name, &[(bytes.len() as u64, name)]);
        if texts > 0 {
            table.measure("framer, text header", || begin::<F>(home, bytes, texts).2);
        }
        let (framer, rest, _) = begin::<F>(home, bytes, texts);
        let units = table.measure("framer", || frame(framer, rest));
        let window = window.put(|| Window::new(READ));
        let (framer, rest, _) = begin::<F>(home, bytes, texts);
        table.measure("4096-byte reads, framer", || slide(framer, rest, window));
        for (name, codec) in [
            ("framer, cells raw", Codec::Raw),
            ("framer, cells ULEB", Codec::Uleb),
            ("framer, cells Pack16", Codec::Pack16),
            ("framer, cells Rice32", Codec::Rice32),
        ] {
            let (framer, rest, _) = begin::<F>(home, bytes, texts);
            table.measure(name, || {
                pack(framer, rest, codec, cells);
                units
            });
        }
        let header = bytes.len().saturating_sub(begin::<F>(home, bytes, texts).1.len());
        let mut desk = Desk { home, window, cells, out, ends };
        whole::<F>(table, &mut desk, bytes, header, units);
        found
    }
}

impl Units {
    /// Counts what a step found and returns the bytes it used; `None` at the window's end.
    #[inline(always)]
    fn count(&mut self, step: &tierline_core::Result<Step<'_>>) -> Option<usize> {
        let used = match step {
            Ok(Step::Part { used, part }) => {
                black_box(part);
                self.parts += 1;
                self.packets += usize::from(part.last);
                *used
            }
            Ok(Step::Garbage { used, .. }) => *used,
            Ok(Step::Need(_) | Step::End) | Err(_) => return None,
        };
        self.bytes += used;
        Some(used)
    }
}

/// A new framer behind the first `steps` steps, and the bytes that are left to it.
#[inline(never)]
fn begin<'a, F: Format>(
    home: &'a mut Home,
    bytes: &'a [u8],
    steps: usize,
) -> (&'a mut F::Framer, &'a [u8], Units) {
    let framer = home.put(|| F::framer(LIMITS));
    let mut units = Units::default();
    let mut window = bytes;
    for _ in 0..steps {
        let used = units.count(&framer.step(window, false)).unwrap_or(0);
        window = window.get(used..).unwrap_or_default();
    }
    (framer, window, units)
}

#[inline(never)]
fn frame(framer: &mut impl Framer, mut window: &[u8]) -> Units {
    let mut units = Units::default();
    while let Some(used) = units.count(&framer.step(window, false)) {
        let Some(rest) = window.get(used..) else { break };
        window = rest;
    }
    units
}

#[inline(never)]
fn slide(framer: &mut impl Framer, bytes: &[u8], window: &mut Window) -> Units {
    // As aligned in the window as it is in the stream, the way a reader would put it there.
    window.consume(WINDOW);
    window.free_mut();
    let skew = window.advance(bytes.as_ptr() as usize % 4);
    window.consume(skew);
    let mut units = Units::default();
    for read in bytes.chunks(READ) {
        if let Some(room) = window.free_mut().get_mut(..read.len()) {
            room.copy_from_slice(read);
        }
        window.advance(read.len());
        while let Some(used) = units.count(&framer.step(window.data(), false)) {
            window.consume(used);
        }
    }
    units
}

#[inline(never)]
fn pack(framer: &mut impl Framer, mut window: &[u8], codec: Codec, cells: &mut [u8]) {
    let mut packer = Packer::new(1, codec);
    loop {
        let used = match framer.step(window, false) {
            Ok(Step::Part { used, part }) => {
                packer.part(&part, window.get(..used).unwrap_or_default(), cells, &mut |record| {
                    black_box(record);
                    true
                });
                used
            }
            Ok(Step::Garbage { used, .. }) => used,
            _ => return,
        };
        window = window.get(used..).unwrap_or_default();
    }
}

/// Copies the first samples of the stream; returns the number of pieces of text before its packets, and the bytes copied.
fn look<F: Format>(home: &mut Home, bytes: &[u8], samples: &mut [u8]) -> (usize, usize) {
    let framer = home.put(|| F::framer(LIMITS));
    let (mut window, mut texts, mut at) = (bytes, 0, 0);
    loop {
        let used = match framer.step(window, false) {
            Ok(Step::Part { used, part }) => {
                texts += usize::from(part.stage == Stage::Text);
                let traces = part.stage == Stage::Trace && part.bytes.len().is_multiple_of(2);
                let room = samples.get_mut(at..at + part.bytes.len());
                if let Some(room) = room.filter(|_| traces) {
                    room.copy_from_slice(part.bytes);
                    at += part.bytes.len();
                }
                used
            }
            Ok(Step::Garbage { used, .. }) => used,
            _ => return (texts, at),
        };
        window = window.get(used..).unwrap_or_default();
    }
}
