//! Watches a stream and writes down where its packets are.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tierline_core::{Fate, Part};
use tierline_report::Progress;

use super::layout::{
    Account, BLOCK, Block, Class, ENTRY, Entry, Fingerprint, HEAD, MAGIC, MANY, Mark, PAGE, Piece,
    Saved, Slot, Tail, VERSION,
};
use crate::error::{Error, Result};
use crate::info::Counter;
use crate::stream::{Checkpoint, Garbage, Hooks, Outcome, Packet, Place, Stretch};

/// Packets after which a checkpoint is made even if they are small.
const PACKETS: u64 = 1 << 16;

/// What is known of a recording beside its packets.
pub(super) struct Recording {
    pub(super) format: &'static str,
    pub(super) fingerprint: Fingerprint,
    pub(super) start: Option<f64>,
}

/// The file, and how far it is written.
pub(super) struct Out {
    file: BufWriter<File>,
    path: PathBuf,
    at: u64,
}

impl Out {
    /// `path`: what the file will be called.
    pub(super) fn new(file: File, path: &Path) -> Self {
        Out { file: BufWriter::new(file), path: path.to_path_buf(), at: 0 }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Piece> {
        let (position, length) = (self.at, bytes.len() as u64);
        self.file.write_all(bytes)?;
        self.at += length;
        Ok(Piece { position, length, crc: crc32fast::hash(bytes) })
    }

    fn encode(&mut self, value: &impl Serialize) -> io::Result<Piece> {
        let bytes = postcard::to_extend(value, Vec::new()).map_err(io::Error::other)?;
        self.write(&bytes)
    }

    fn finish(&mut self, tail: &Tail) -> io::Result<()> {
        let piece = self.encode(tail)?;
        let mut end = Vec::new();
        end.extend(piece.position.to_le_bytes());
        end.extend(piece.length.to_le_bytes());
        end.extend(piece.crc.to_le_bytes());
        end.extend(VERSION.to_le_bytes());
        end.extend(MAGIC);
        self.write(&end)?;
        self.file.flush()
    }
}

/// Watches a stream and writes down where its packets are.
pub(super) struct Indexer {
    out: Out,
    configures: fn(u8) -> bool,
    progress: Progress,
    position: u64,
    /// Classes by their numbers, with packets and bytes.
    classes: Vec<Class>,
    counts: Vec<(u64, u64)>,
    numbers: HashMap<Class, u32>,
    /// The block that packets go to, and its number.
    block: Option<(u64, Block)>,
    page: Vec<u8>,
    pages: Vec<u64>,
    blocks: u64,
    headers: Vec<Place>,
    stretches: Vec<Stretch>,
    marks: Vec<Mark>,
    spacing: u64,
    /// Packets since the last checkpoint.
    since: u64,
    /// Where the last packet ended.
    end: u64,
    /// A packet on its way: number, kind, decoder.
    open: Option<(u64, u32, u8)>,
    /// Rows have come.
    data: bool,
    /// Reading the headers again gives what they gave.
    clean: bool,
}

impl Indexer {
    /// `configures`: whether packets of a decoder have to be read again.
    pub(super) fn new(
        out: Out,
        spacing: u64,
        configures: fn(u8) -> bool,
        progress: Progress,
    ) -> Self {
        Indexer {
            out,
            configures,
            progress,
            position: 0,
            classes: Vec::new(),
            counts: Vec::new(),
            numbers: HashMap::new(),
            block: None,
            page: Vec::new(),
            pages: Vec::new(),
            blocks: 0,
            headers: Vec::new(),
            stretches: Vec::new(),
            marks: Vec::new(),
            spacing: spacing.max(1),
            since: 0,
            end: 0,
            open: None,
            data: false,
            clean: true,
        }
    }

    /// Writes what is before the first block.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.resize(HEAD as usize, 0);
        self.out.write(&head).map(|_| ())
    }

    fn number(&mut self, class: Class) -> u32 {
        let (classes, counts) = (&mut self.classes, &mut self.counts);
        *self.numbers.entry(class).or_insert_with(|| {
            classes.push(class);
            counts.push((0, 0));
            counts.len() as u32 - 1
        })
    }

    /// A packet broke: what it would have configured is lost. Only a packet of a kind that makes rows is known to configure nothing.
    fn broke(&mut self, kind: u32, decoder: u8) {
        let seen = |fate| self.numbers.contains_key(&Class::new(kind, decoder, Some(fate)));
        let harmless = (seen(Fate::Rows) || seen(Fate::Skipped)) && !seen(Fate::Header);
        self.clean &= harmless && !(self.configures)(decoder);
    }

    /// Puts a packet into its block.
    fn push(&mut self, entry: &Entry) -> io::Result<()> {
        let number = entry.number / BLOCK;
        if self.block.as_ref().is_none_or(|(present, _)| *present != number) {
            self.end_block()?;
            while self.blocks < number {
                self.end_slot(Slot::default())?;
            }
            self.block = Some((number, Block::new(number, entry.offset)));
        }
        if let Some((_, block)) = &mut self.block {
            block.push(entry);
        }
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        let Some((_, block)) = self.block.take() else { return Ok(()) };
        let piece = self.out.write(&block.bytes)?;
        self.end_slot(Slot {
            position: piece.position,
            start: block.start,
            length: piece.length as u32,
            entries: block.entries,
            crc: piece.crc,
        })
    }

    fn end_slot(&mut self, slot: Slot) -> io::Result<()> {
        self.page.extend(slot.to_bytes());
        self.blocks += 1;
        if self.page.len() >= PAGE as usize * ENTRY { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> io::Result<()> {
        if !self.page.is_empty() {
            self.pages.push(self.out.write(&self.page)?.position);
            self.page.clear();
        }
        Ok(())
    }

    /// Places in which the stream can be taken up, so far.
    pub(super) fn checkpoints(&self) -> u64 {
        self.marks.len() as u64
    }

    /// The recording is over.
    pub(super) fn finish(
        mut self,
        recording: Recording,
        outcome: &Outcome,
        sink: &Counter,
    ) -> io::Result<()> {
        self.end_block()?;
        self.end_page()?;
        let account = self.account(outcome, sink);
        let channels = sink.channels().map(|((name, key), rows)| (name.to_owned(), key, rows));
        self.out.finish(&Tail {
            program: env!("CARGO_PKG_VERSION").into(),
            format: recording.format.into(),
            fingerprint: recording.fingerprint,
            start: recording.start,
            classes: self.classes,
            pages: self.pages,
            blocks: self.blocks,
            headers: self.headers,
            stretches: self.stretches,
            headers_complete: self.clean,
            marks: self.marks,
            account,
            channels: channels.collect(),
            time: sink.time,
            garbage: outcome.garbage,
        })
    }

    fn account(&self, outcome: &Outcome, sink: &Counter) -> Account {
        let notices = sink.notices.iter();
        Account {
            packets: outcome.packets,
            garbage: outcome.bytes.garbage,
            classes: self.counts.clone(),
            notices: notices.map(|(text, n)| ((*text).to_owned(), n.count, n.first)).collect(),
        }
    }

    /// Half of the checkpoints, where there are too many.
    fn thin_out(&mut self) {
        if self.marks.len() >= MANY {
            let mut odd = false;
            self.marks.retain(|_| {
                odd = !odd;
                odd
            });
            self.spacing = self.spacing.saturating_mul(2);
        }
    }

    fn write_error(&self, source: io::Error) -> Error {
        let path = self.out.path.clone();
        Error::Io { path, action: "write", offset: self.out.at, source }
    }
}

impl Hooks<Counter> for Indexer {
    fn part(&mut self, part: &Part<'_>, _: &[u8]) {
        let now = (part.packet, part.kind, part.decoder);
        if let Some((number, kind, decoder)) = self.open.replace(now)
            && number != part.packet
        {
            self.broke(kind, decoder);
        }
    }

    fn packet(&mut self, packet: &Packet, _: &[u8], sink: &mut Counter) -> Result<bool> {
        self.open = None;
        let number = self.number(Class::new(packet.kind, packet.decoder, packet.fate));
        if let Some((packets, bytes)) = self.counts.get_mut(number as usize) {
            *packets += 1;
            *bytes += packet.bytes;
        }
        let configured = std::mem::take(&mut sink.configured);
        match packet.fate {
            None => self.broke(packet.kind, packet.decoder),
            // Before the first rows, whatever makes no sense may have been meant to configure.
            Some(Fate::Rows) if !self.data => {
                self.data = true;
                self.clean &= self.stretches.is_empty() && packet.offset == self.end;
            }
            Some(_) => self.clean &= self.data || packet.offset == self.end,
        }
        let again = packet.fate == Some(Fate::Header)
            || (packet.fate.is_some() && (configured || (self.configures)(packet.decoder)));
        if again {
            self.headers.push(Place { packet: packet.number, offset: packet.offset });
            self.clean &= self.headers.len() < MANY;
        }
        self.end = packet.offset + packet.bytes;
        self.since += 1;
        let (offset, bytes) = (packet.offset, packet.bytes);
        let entry = Entry { number: packet.number, offset, bytes, class: number };
        self.push(&entry).map_err(|e| self.write_error(e))?;
        Ok(true)
    }

    fn garbage(&mut self, garbage: &Garbage, bytes: &[u8]) {
        if self.stretches.len() < MANY {
            self.stretches.push(Stretch::new(garbage, bytes));
        }
        // Another one may be on its way.
        self.clean &= self.stretches.len() + 1 < MANY;
    }

    fn wants_checkpoint(&self) -> bool {
        let last = self.marks.last().map_or(0, |mark| mark.offset);
        let bytes = self.end.saturating_sub(last);
        let many = self.since >= PACKETS && bytes >= self.spacing / 16;
        self.clean && self.data && self.open.is_none() && (bytes >= self.spacing || many)
    }

    fn checkpoint(&mut self, now: &Checkpoint<'_>, sink: &mut Counter) -> Result<()> {
        let (account, history) = (self.account(now.outcome, sink), now.history.to_vec());
        let piece = self.out.encode(&Saved { account, history });
        let piece = piece.map_err(|e| self.write_error(e))?;
        self.thin_out();
        self.marks.push(Mark { packet: now.packet, offset: now.offset, piece });
        self.since = 0;
        Ok(())
    }

    fn progress(&mut self, position: u64) {
        self.progress.add(position - self.position);
        self.position = position;
    }
}
