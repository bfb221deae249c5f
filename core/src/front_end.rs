//! A front end: bytes of a source in, records out. The same on a microcontroller and on a host that simulates one.
//!
//! ```
//! use tierline_core::front_end::{FrontEnd, Progress};
//! use tierline_core::record::{Hello, Record};
//! use tierline_core::{Codec, Format, FrameLimits, SlideBuffer, fcio::Fcio};
//!
//! let mut source = Vec::from((-1_000_000_001i32).to_le_bytes());
//! source.extend(*b"FlashCamV1");
//! source.resize(68, 0);
//!
//! let limits = FrameLimits { piece: 512, window: 2048 };
//! let hello = Hello { format: Fcio::INFO.name, ..Hello::default() };
//! let mut front_end = FrontEnd::new(Fcio::framer(limits), hello, 7, Codec::Rice32);
//! let (mut window, mut cells) = (SlideBuffer::<2052>::new(512), [0; 1024]);
//! let mut records = 0;
//! let mut to = |_: &Record<'_>| {
//!     records += 1;
//!     true
//! };
//! let mut bytes = &source[..];
//! loop {
//!     let free = window.free_mut();
//!     let n = bytes.len().min(free.len());
//!     free[..n].copy_from_slice(&bytes[..n]);
//!     window.advance(n);
//!     bytes = &bytes[n..];
//!     if front_end.run(&mut window, &mut cells, bytes.is_empty(), &mut to)? == Progress::End {
//!         break;
//!     }
//! }
//! assert!(front_end.end(&mut to));
//! assert_eq!(records, 4); // Hello, one packet, Hello, End
//! # Ok::<(), tierline_core::Error>(())
//! ```

use crate::codec::Codec;
use crate::error::Result;
use crate::frame::{Framer, Step};
use crate::link::Checksum;
use crate::pack::{Account, Packer};
use crate::record::{Body, Bytes, Hello, Record};
use crate::ring::SlideBuffer;

/// A session's [`Hello`] is repeated after so many records: who missed it waits for the next.
pub const HELLO_EVERY: u32 = 256;

/// How far the front end got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// The window must hold at least this many bytes.
    Need(usize),
    /// The source is over; [`FrontEnd::end`] is what is left to do.
    End,
}

/// What a front end makes of one answer of its framer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Taken {
    /// So many bytes of the window are done with.
    Used(usize),
    /// The window must hold at least this many bytes.
    Need(usize),
    /// The source is over.
    End,
}

/// A front end but for its framer and window, for who keeps these otherwise: what the framer found goes into records. A sink that
/// answers `false` has no room, and what was meant for it is dropped and accounted for; one that should not drop waits before it
/// answers.
#[derive(Debug)]
pub struct Session {
    packer: Packer,
    /// Records sent when Hello was, last.
    greeted: Option<u32>,
    /// Bytes of the source done with.
    bytes: u64,
    checksum: Option<(Checksum, u32)>,
}

impl Session {
    /// The start of a source, which is stream number `stream` on its link.
    pub const fn new(stream: u16, codec: Codec) -> Self {
        Session { packer: Packer::new(stream, codec), greeted: None, bytes: 0, checksum: None }
    }

    /// The same with the CRC-32 of the source worked out on the way and told at its end: four instructions per byte on a
    /// Cortex-M4.
    pub fn with_checksum(mut self, checksum: Checksum) -> Self {
        self.checksum = Some((checksum, 0));
        self
    }

    /// Where packets and bytes of the source went so far.
    pub const fn account(&self) -> Account {
        self.packer.account()
    }

    /// Bytes of the source done with.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Records sent so far, modulo the word.
    pub const fn records(&self) -> u32 {
        self.packer.records()
    }

    /// Takes a framer's answer about `window`. `cells`: memory for the cells of one record, the same at every call; what a record
    /// takes beside them is [`record::OVERHEAD`](crate::record::OVERHEAD).
    ///
    /// # Errors
    /// Where the source as a whole can't be read; the sink is told too.
    pub fn take(
        &mut self,
        step: Result<Step<'_>>,
        window: &[u8],
        cells: &mut [u8],
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Taken> {
        let used = match &step {
            Ok(Step::Need(n)) => return Ok(Taken::Need(*n)),
            Ok(Step::End) => return Ok(Taken::End),
            &Ok(Step::Part { used, ref part }) => {
                self.packer.part(part, window.get(..used).unwrap_or(&[]), cells, to);
                used
            }
            &Ok(Step::Garbage { used, error, abort }) => {
                let source = window.get(..used).unwrap_or(&[]);
                self.packer.garbage(error, abort, (self.bytes, source), cells, to);
                used
            }
            &Err(error) => {
                self.packer.failed(error, cells, to);
                return Err(error);
            }
        };
        if let Some((checksum, crc)) = &mut self.checksum {
            *crc = checksum(*crc, window.get(..used).unwrap_or(&[]));
        }
        self.bytes = self.bytes.wrapping_add(used as u64);
        Ok(Taken::Used(used))
    }

    /// Says what this is, at the start and every now and then: to be called before and after each [`Session::take`].
    pub fn greet(&mut self, hello: &Hello<'_>, to: &mut impl FnMut(&Record<'_>) -> bool) {
        let records = self.packer.records();
        let due = self.greeted.is_none_or(|last| records.wrapping_sub(last) >= HELLO_EVERY);
        if due && self.packer.send(Body::Hello(*hello), to) {
            self.greeted = Some(records);
        }
    }

    /// Passes on a text that belongs to the source but is not in it, in pieces of `piece` bytes: before the source's own
    /// bytes. `false` where there is no room for it.
    pub fn config(
        &mut self,
        key: u16,
        text: &[u8],
        piece: usize,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        let last = text.len().div_ceil(piece.max(1)).saturating_sub(1);
        for (i, bytes) in text.chunks(piece.max(1)).enumerate() {
            let Ok(index) = u16::try_from(i) else { return false };
            let body = Body::Config { key, index, last: i == last, bytes: Bytes(bytes) };
            if !self.packer.send(body, to) {
                return false;
            }
        }
        true
    }

    /// Says how the front end is doing. `low_water`: fewest free bytes of the ring; `uptime`: ticks since the start.
    pub fn health(
        &mut self,
        low_water: u32,
        uptime: u64,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        let health = self.packer.health(low_water, uptime);
        self.packer.send(Body::Health(health), to)
    }

    /// Says that there is nothing to say. `uptime`: ticks since the start.
    pub fn heartbeat(&mut self, uptime: u64, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        self.packer.send(Body::Heartbeat { uptime }, to)
    }

    /// Says that the source is over, and what was dropped before; once more what this is, for who has not heard it. `false`: try
    /// again when there is room. On a link that may lose it, say it again.
    pub fn end(&mut self, hello: &Hello<'_>, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        let packets = self.packer.account().packets();
        let crc = self.checksum.map(|(_, crc)| crc);
        self.greeted = None;
        self.greet(hello, to);
        self.packer.send(Body::End { packets, bytes: self.bytes, crc }, to)
    }
}

/// A framer, and what becomes of what it finds.
#[derive(Debug)]
pub struct FrontEnd<'h, F> {
    framer: F,
    hello: Hello<'h>,
    session: Session,
    need: usize,
}

impl<'h, F: Framer> FrontEnd<'h, F> {
    /// A front end at the start of its source, which is stream number `stream` on its link.
    pub const fn new(framer: F, hello: Hello<'h>, stream: u16, codec: Codec) -> Self {
        FrontEnd { framer, hello, session: Session::new(stream, codec), need: 0 }
    }

    /// As [`Session::with_checksum`].
    pub fn with_checksum(mut self, checksum: Checksum) -> Self {
        self.session = self.session.with_checksum(checksum);
        self
    }

    /// Where packets and bytes of the source went so far.
    pub const fn account(&self) -> Account {
        self.session.account()
    }

    /// Bytes of the source done with.
    pub const fn bytes(&self) -> u64 {
        self.session.bytes()
    }

    /// Works through the window as far as it goes. `cells`: memory for the cells of one record, the same at every call; what a
    /// record takes beside them is [`record::OVERHEAD`](crate::record::OVERHEAD). `eof`: nothing comes after the window.
    ///
    /// # Errors
    /// Where the source as a whole can't be read; the sink is told too.
    pub fn run<const N: usize>(
        &mut self,
        window: &mut SlideBuffer<N>,
        cells: &mut [u8],
        eof: bool,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Progress> {
        self.session.greet(&self.hello, to);
        loop {
            let data = window.data();
            if data.len() < self.need && !eof {
                return Ok(Progress::Need(self.need));
            }
            let step = self.framer.step(data, eof);
            match self.session.take(step, data, cells, to)? {
                Taken::Need(n) => {
                    self.need = n;
                    return Ok(Progress::Need(n));
                }
                Taken::End => return Ok(Progress::End),
                Taken::Used(used) => {
                    window.consume(used);
                    self.need = 0;
                }
            }
            self.session.greet(&self.hello, to);
        }
    }

    /// As [`Session::config`].
    pub fn config(
        &mut self,
        key: u16,
        text: &[u8],
        piece: usize,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        self.session.greet(&self.hello, to);
        self.session.config(key, text, piece, to)
    }

    /// As [`Session::health`].
    pub fn health(
        &mut self,
        low_water: u32,
        uptime: u64,
        to: &mut impl FnMut(&Record<'_>) -> bool,
    ) -> bool {
        self.session.health(low_water, uptime, to)
    }

    /// As [`Session::heartbeat`].
    pub fn heartbeat(&mut self, uptime: u64, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        self.session.heartbeat(uptime, to)
    }

    /// As [`Session::end`].
    pub fn end(&mut self, to: &mut impl FnMut(&Record<'_>) -> bool) -> bool {
        self.session.end(&self.hello, to)
    }
}
