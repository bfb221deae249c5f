//! From the records of one session to rows, for any format.

use std::collections::BTreeMap;
use std::path::Path;

use tierline_core::cells::CellReader;
use tierline_core::record::Parts;
use tierline_core::{Assembler, Error as CoreError, Fate, Format, Predictor, WithFormat};

use crate::assembly::{Assembly, KEPT};
use crate::document::Document;
use crate::error::Result;
use crate::library::{Notice, RawBufferLibrary};
use crate::stream::{Garbage, Hooks, Outcome, Packet};
use crate::tables::{Lh5File, StreamTables};

/// Largest part that a record may unfold into, bytes.
const LONGEST_PART: usize = 1 << 20;

/// What became of a record of parts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Taken {
    /// The packet goes on.
    Going,
    /// The packet is complete, of so many bytes; `broken`: it made no sense.
    Complete {
        /// Bytes of the source.
        bytes: u64,
        /// It is garbage.
        broken: bool,
    },
    /// The record holds no parts that can be read.
    Bad,
}

/// What a session leaves.
#[derive(Debug, Clone, Default)]
pub(super) struct Left {
    pub(super) outcome: Outcome,
    pub(super) skipped: BTreeMap<String, (u64, u64)>,
    pub(super) off: BTreeMap<String, u64>,
    pub(super) notices: BTreeMap<&'static str, Notice>,
}

/// The rows of one session.
pub(super) trait Rows {
    /// Takes a record of parts; the first of a packet has index 0.
    fn parts(&mut self, parts: Parts<'_>, file: &mut Lh5File) -> Result<Taken>;
    /// The packet on its way in won't be completed.
    fn forget(&mut self);
    /// Takes garbage at `start`; with `abort`, the packet on its way in broke off in it.
    fn garbage(&mut self, start: u64, bytes: &[u8], error: CoreError, abort: bool);
    /// Takes the text of a settings file. `name`: of the session, in messages.
    fn settings(&mut self, text: &[u8], name: &Path) -> Result<()>;
    /// The file ends here: writes what is left. Returns the rows of each table.
    fn close(&mut self, file: &mut Lh5File) -> Result<BTreeMap<String, u64>>;
    /// CRC-32 of all bytes of the source that came.
    fn crc(&self) -> u32;
    /// The session is over; nothing is left to be written.
    fn finish(&mut self) -> Left;
}

/// Makes the rows of a format known by its name.
pub(super) struct Make<'a> {
    /// The session's name, in messages.
    pub(super) name: &'a Path,
    /// Start of the run, unix seconds.
    pub(super) start: Option<f64>,
    /// Path of the stream's group in the file, with a slash, or empty.
    pub(super) group: String,
    /// Rows that a buffer holds at most.
    pub(super) buffer_size: usize,
}

impl WithFormat for Make<'_> {
    type Out = Box<dyn Rows>;

    fn with<F: Format>(self) -> Self::Out {
        let write_key = <F::Assembler as Assembler>::write_key;
        Box::new(RowsOf::<F> {
            assembly: Some(Assembly::new(self.name, self.start)),
            library: RawBufferLibrary::new(self.buffer_size, None, write_key, None),
            tables: StreamTables::new::<F>(self.group),
            predictor: Predictor::new(),
            scratch: vec![0; LONGEST_PART],
            pieces: (Vec::new(), 0),
            held: Vec::new(),
            crc: crc32fast::Hasher::new(),
        })
    }
}

struct RowsOf<F: Format> {
    assembly: Option<Assembly<F>>,
    library: RawBufferLibrary,
    tables: StreamTables,
    predictor: Predictor,
    scratch: Vec<u8>,
    /// Pieces of a part that is longer than a record, and the bytes of the source that went into them.
    pieces: (Vec<u8>, u64),
    /// The bytes of the packet on its way in, as far as they would be kept as garbage.
    held: Vec<u8>,
    crc: crc32fast::Hasher,
}

/// Writes what is ready when a packet is over.
struct Writing<'a> {
    tables: &'a mut StreamTables,
    file: Option<&'a mut Lh5File>,
}

impl Hooks<RawBufferLibrary> for Writing<'_> {
    fn complete(&mut self, _: u64, fate: Fate, library: &mut RawBufferLibrary) {
        library.counting = fate == Fate::Rows;
    }

    fn packet(
        &mut self,
        packet: &Packet,
        _: &[u8],
        library: &mut RawBufferLibrary,
    ) -> Result<bool> {
        if let Some(file) = &mut self.file {
            self.tables.packet(packet, &mut **file, library)?;
        }
        Ok(true)
    }

    fn garbage(&mut self, garbage: &Garbage, bytes: &[u8]) {
        self.tables.garbage.push(garbage, bytes);
    }

    fn document(&mut self, document: &Document, library: &mut RawBufferLibrary) {
        library.headers.document(|| document.to_json());
    }
}

impl<F: Format> Rows for RowsOf<F> {
    fn parts(&mut self, parts: Parts<'_>, file: &mut Lh5File) -> Result<Taken> {
        let Some(assembly) = &mut self.assembly else { return Ok(Taken::Bad) };
        if parts.index == 0 {
            self.predictor = Predictor::new();
            self.held.clear();
            self.pieces.0.clear();
        }
        let mut hooks = Writing { tables: &mut self.tables, file: Some(file) };
        let mut cells = CellReader::new(parts);
        loop {
            let cell = match cells.next(&mut self.predictor, &mut self.scratch) {
                Ok(Some(cell)) => cell,
                Ok(None) => return Ok(Taken::Going),
                Err(_) => return Ok(Taken::Bad),
            };
            for bytes in [cell.before, cell.part.bytes, cell.after] {
                self.crc.update(bytes);
                let room = KEPT.saturating_sub(self.held.len());
                self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            }
            let mut used = cell.used() as u64;
            let mut part = cell.part;
            let (pieces, bytes) = &mut self.pieces;
            if cell.more || !pieces.is_empty() {
                if pieces.len() + part.bytes.len() > LONGEST_PART {
                    return Ok(Taken::Bad);
                }
                *bytes = used + if pieces.is_empty() { 0 } else { *bytes };
                pieces.extend_from_slice(part.bytes);
                if cell.more {
                    continue;
                }
                (part.bytes, used) = (&*pieces, *bytes);
            }
            assembly.part(&part, part.bytes, used, &mut self.library, &mut hooks)?;
            pieces.clear();
            if cell.part.last {
                let bytes = assembly.open().map_or(0, |(_, bytes)| bytes);
                let garbage = assembly.outcome().bytes.garbage;
                assembly.end_packet(&self.held, &mut self.library, &mut hooks)?;
                let broken = assembly.outcome().bytes.garbage > garbage;
                return Ok(Taken::Complete { bytes, broken });
            }
        }
    }

    fn forget(&mut self) {
        if let Some(assembly) = &mut self.assembly {
            assembly.forget(&mut self.library);
        }
    }

    fn garbage(&mut self, start: u64, bytes: &[u8], error: CoreError, abort: bool) {
        let Some(assembly) = &mut self.assembly else { return };
        self.crc.update(bytes);
        let used = bytes.len() as u64;
        let (start, length) = assembly.broke_off(start, used, abort, &mut self.library);
        if length == used {
            self.held.clear();
        }
        let room = KEPT.saturating_sub(self.held.len());
        self.held.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        let mut hooks = Writing { tables: &mut self.tables, file: None };
        assembly.garbage(start, length, error, &self.held, &mut hooks);
    }

    fn settings(&mut self, text: &[u8], name: &Path) -> Result<()> {
        match &mut self.assembly {
            Some(assembly) => assembly.settings(text, name, &mut self.library),
            None => Ok(()),
        }
    }

    fn close(&mut self, file: &mut Lh5File) -> Result<BTreeMap<String, u64>> {
        if let Some(assembly) = &mut self.assembly {
            assembly.end_garbage(&mut Writing { tables: &mut self.tables, file: None });
        }
        let rows = self.tables.close(file, &mut self.library)?;
        Ok(rows.into_values().flatten().collect())
    }

    fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    fn finish(&mut self) -> Left {
        let Some(assembly) = self.assembly.take() else { return Left::default() };
        let mut hooks = Writing { tables: &mut self.tables, file: None };
        Left {
            outcome: assembly.finish(&[], &mut self.library, &mut hooks),
            skipped: std::mem::take(&mut self.tables.skipped),
            off: self.library.off_by_name(),
            notices: std::mem::take(&mut self.library.notices),
        }
    }
}
