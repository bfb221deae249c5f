//! Outputs that are links: packets whose rows an output specification sends to a socket go out as records, as a front end sends
//! them, for `collect` at the other end. Packets without samples go along.

use std::io::{self, Write};
use std::sync::Arc;

use tierline_core::front_end::Session;
use tierline_core::link::{Framing, Sender, framed_max};
use tierline_core::record::{Hello, OVERHEAD, Record};
use tierline_core::{Codec, Part, Stage, Step};

/// Opens a link to write to, by its name.
pub type Connect = Arc<dyn Fn(&str) -> io::Result<Box<dyn Write + Send>> + Send + Sync>;

/// Bytes of the cells of one record.
const CELLS: usize = 512 << 10;

/// Whether an output stream is a link.
pub(crate) fn is_link(stream: &str) -> bool {
    stream.contains("://")
}

/// What became of an output link.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutLink {
    /// Its name.
    pub name: String,
    /// Packets sent, headers among them.
    pub packets: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Packets that could not be sent.
    pub lost: u64,
    /// Why not.
    pub broken: Option<String>,
}

/// A part on its way in, with the bytes of the source that it was found in.
struct Held {
    part: Part<'static>,
    /// Where its bytes begin in those of the source, and how many there are.
    bytes: (usize, usize),
    /// Where those of the source begin and end in the memory for the packet.
    source: (usize, usize),
}

/// The parts of the packet on its way in.
#[derive(Default)]
pub(crate) struct Packet {
    parts: Vec<Held>,
    memory: Vec<u8>,
}

impl Packet {
    /// Keeps a part, and the bytes of the source that it was found in.
    pub(crate) fn push(&mut self, part: &Part<'_>, source: &[u8]) {
        let from = self.memory.len();
        self.memory.extend_from_slice(source);
        // A part's bytes lie in those of the source; where they don't, they come after these.
        let inside = part.bytes.as_ptr().addr().checked_sub(source.as_ptr().addr());
        let inside = inside.filter(|at| at + part.bytes.len() <= source.len());
        let at = inside.unwrap_or(source.len());
        if inside.is_none() {
            self.memory.extend_from_slice(part.bytes);
        }
        let bytes = (at, part.bytes.len());
        let source = (from, self.memory.len());
        self.parts.push(Held { part: Part { bytes: &[], ..*part }, bytes, source });
    }

    /// Whether it goes to every link: a packet without samples (configuration, run, status, event header), on which later rows may
    /// depend.
    pub(crate) fn goes_to_all(&self) -> bool {
        let samples = |held: &Held| match held.part.stage {
            Stage::Trace => true,
            Stage::Whole => held.part.first > 0,
            _ => false,
        };
        !self.parts.iter().any(samples)
    }

    pub(crate) fn clear(&mut self) {
        self.parts.clear();
        self.memory.clear();
    }
}

/// A link, and the session on it.
pub(crate) struct Link {
    out: OutLink,
    to: Option<Box<dyn Write + Send>>,
    session: Session,
    source: String,
    format: &'static str,
    cells: Vec<u8>,
    sender: Sender,
    record: Vec<u8>,
    frame: Vec<u8>,
}

fn checksum(crc: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(bytes);
    hasher.finalize()
}

impl Link {
    /// Opens a link. `source`: name of the recording; `stream`: number on the link.
    pub(crate) fn open(
        name: &str,
        connect: &Connect,
        format: &'static str,
        source: &str,
    ) -> io::Result<Self> {
        Ok(Link {
            out: OutLink { name: name.to_owned(), ..OutLink::default() },
            to: Some(connect(name)?),
            session: Session::new(0, Codec::Rice32).with_checksum(checksum),
            source: source.to_owned(),
            format,
            cells: vec![0; CELLS],
            sender: Sender::new(Framing::Length, checksum),
            record: vec![0; CELLS + 2 * OVERHEAD],
            frame: vec![0; framed_max(Framing::Length, CELLS + 2 * OVERHEAD)],
        })
    }

    /// Sends a packet.
    pub(crate) fn packet(&mut self, packet: &Packet) {
        self.with(|session, hello, cells, to| {
            let to = &mut |record: &Record<'_>| to(record);
            session.greet(hello, to);
            let offset = session.bytes();
            for held in &packet.parts {
                let source = packet.memory.get(held.source.0..held.source.1).unwrap_or(&[]);
                let (at, n) = held.bytes;
                let bytes = source.get(at..at + n).unwrap_or(&[]);
                // For who collects it, the stream is what goes over the link.
                let part = Part { bytes, offset, ..held.part };
                // A part is never an error of the stream.
                let _ =
                    session.take(Ok(Step::Part { used: source.len(), part }), source, cells, to);
            }
        });
        match self.out.broken {
            None => self.out.packets += 1,
            Some(_) => self.out.lost += 1,
        }
    }

    /// Says that the stream is over.
    pub(crate) fn end(mut self) -> OutLink {
        self.with(|session, hello, _, to| {
            session.end(hello, &mut |record: &Record<'_>| to(record));
        });
        if let Some(Err(error)) = self.to.as_mut().map(Write::flush) {
            self.out.broken.get_or_insert(error.to_string());
        }
        self.out
    }

    /// Lets the session write records to the link, until that breaks.
    fn with(
        &mut self,
        work: impl FnOnce(&mut Session, &Hello<'_>, &mut [u8], &mut dyn FnMut(&Record<'_>) -> bool),
    ) {
        let Link { out, to, session, source, format, cells, sender, record, frame } = self;
        let hello = Hello {
            session: 1,
            firmware: [0, 1, 0],
            format,
            source,
            tick_ps: 1_000_000,
            longest: (CELLS + OVERHEAD) as u32,
            codecs: 0x0F,
            revision: *b"tierline",
        };
        let mut send = |message: &Record<'_>| -> bool {
            let Some(writer) = to.as_mut() else { return true };
            let Some(bytes) = message.write(record) else { return false };
            let (n, _) = sender.fill(bytes, frame);
            match writer.write_all(frame.get(..n).unwrap_or(&[])) {
                Ok(()) => out.bytes += n as u64,
                Err(error) => {
                    out.broken.get_or_insert(error.to_string());
                    *to = None;
                }
            }
            true
        };
        work(session, &hello, cells, &mut send);
    }
}
