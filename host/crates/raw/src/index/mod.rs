//! The index of a recording, `FILE.tlx` beside it: where its packets are, what it holds, and what it takes to go on in its middle.
//!
//! | bytes | content |
//! |--|--|
//! | 16 | magic `89 54 4C 58 0D 0A 1A 0A`, u32 version, u32 0 |
//! | ... | blocks, pages of the directory and checkpoints, as they come |
//! | n | the tail, postcard: program, format, size of the recording and SHA-256 of its first and last 64 KiB, classes of packets, positions of the pages, headers, garbage, places of checkpoints, and what `info` prints |
//! | 32 | u64 position and u64 length of the tail, u32 its CRC-32, u32 version, magic |
//!
//! A *block* has the packets whose numbers have the same quotient by 4096: for each, in varints, 2 class + odd; if odd, the numbers
//! left out and the bytes left out before it; and, zigzag, its size less that of the last packet of its class in the block. A
//! *class* is record kind, decoder, and fate. A *page* is 1024 entries of 32 bytes: u64 position of a block, u64 where its
//! first packet starts, u32 length, u32 packets, u32 CRC-32 of the block and u32 of the entry. So packet n takes two reads. A
//! *checkpoint*, every 16 MiB or 65536 packets, is the account so far and what packets have left in the assembler
//! ([`tierline_core::Assembler::history`]), postcard; the tail has its CRC-32. All integers are little-endian.
//!
//! An index of another version, of another version of the program, of another recording (by size and fingerprint), or damaged is
//! an error here; the programs say so and do without.

pub(crate) mod history;
mod layout;
pub(crate) mod text;
mod varint;
mod watch;
mod write;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tierline_core::Fate;

use crate::error::{Error, Result};
use crate::library::Notice;
use crate::start_time::start_time;
use crate::stream::{Outcome, Packet, Past, Place};
use layout::{
    Account, BLOCK, ENDS, ENTRY, Fingerprint, HEAD, MAGIC, MOST, PAGE, Piece, Saved, Slot, TRAILER,
    Tail, VERSION,
};

pub use write::{BuildIndex, Indexed};

/// The name of a recording's index.
pub fn path_beside(recording: &Path) -> PathBuf {
    let mut name = recording.as_os_str().to_owned();
    name.push(".tlx");
    name.into()
}

/// A recording that there can be no index of, or whose index is of no use.
fn refuse(recording: &Path, reason: &str) -> Error {
    Error::Index { path: recording.to_path_buf(), reason: reason.into() }
}

fn read_at(file: &mut File, position: u64, buffer: &mut [u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(position))?;
    file.read_exact(buffer)
}

/// Size, first and last bytes of a recording.
fn fingerprint(recording: &Path) -> Result<Fingerprint> {
    let hash = || -> io::Result<Fingerprint> {
        let mut file = File::open(recording)?;
        let bytes = file.metadata()?.len();
        let mut end = vec![0; bytes.min(ENDS) as usize];
        read_at(&mut file, 0, &mut end)?;
        let first = Sha256::digest(&end).into();
        read_at(&mut file, bytes - end.len() as u64, &mut end)?;
        Ok(Fingerprint { bytes, first, last: Sha256::digest(&end).into() })
    };
    let path = recording.to_path_buf();
    hash().map_err(|source| Error::Io { path, action: "read", offset: 0, source })
}

/// An index that fits its recording.
#[derive(Debug)]
pub struct Index {
    recording: PathBuf,
    file: File,
    tail: Tail,
}

impl Index {
    /// Opens the index beside a recording; `None`: there is none.
    ///
    /// # Errors
    /// Where it is damaged, or of another recording or version.
    pub fn open(recording: &Path) -> Result<Option<Self>> {
        Self::open_at(recording, &path_beside(recording))
    }

    /// Opens the index `path` of a recording; `None`: there is no such file.
    ///
    /// # Errors
    /// As [`Index::open`].
    pub fn open_at(recording: &Path, path: &Path) -> Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                let path = path.to_path_buf();
                return Err(Error::Io { path, action: "open", offset: 0, source });
            }
        };
        let tail = read_tail(&mut file);
        let tail = tail.map_err(|reason| refuse(recording, &useless(path, reason)))?;
        let name = recording.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let same = tail.fingerprint == fingerprint(recording)? && tail.start == start_time(name);
        if !same {
            let reason = useless(path, "is of another recording, or of an earlier state of it");
            return Err(refuse(recording, &reason));
        }
        Ok(Some(Index { recording: recording.to_path_buf(), file, tail }))
    }

    /// Name of the recording's format.
    pub fn format(&self) -> &str {
        &self.tail.format
    }

    /// Packets of the recording, broken ones included.
    pub fn packets(&self) -> u64 {
        self.tail.account.packets
    }

    fn damaged(&self) -> Error {
        let path = path_beside(&self.recording);
        refuse(&self.recording, &useless(&path, "is damaged"))
    }

    fn piece(&mut self, piece: Piece) -> Result<Vec<u8>> {
        let size = self.file.metadata().map_or(0, |meta| meta.len());
        if piece.length > MOST.min(size) {
            return Err(self.damaged());
        }
        let mut bytes = vec![0; piece.length as usize];
        match read_at(&mut self.file, piece.position, &mut bytes) {
            Ok(()) if crc32fast::hash(&bytes) == piece.crc => Ok(bytes),
            _ => Err(self.damaged()),
        }
    }

    /// Where a packet is and what it is; `None`: there is none of this number.
    ///
    /// # Errors
    /// Where the index is damaged.
    pub fn packet(&mut self, number: u64) -> Result<Option<Packet>> {
        let block = number / BLOCK;
        let page = usize::try_from(block / PAGE).ok().and_then(|i| self.tail.pages.get(i));
        let Some(page) = page.filter(|_| block < self.tail.blocks) else { return Ok(None) };
        let mut entry = [0; ENTRY];
        let at = page.saturating_add(block % PAGE * ENTRY as u64);
        let read = read_at(&mut self.file, at, &mut entry);
        let slot = read.ok().and_then(|()| Slot::parse(&entry)).ok_or_else(|| self.damaged())?;
        if slot.entries == 0 {
            return Ok(None);
        }
        let (position, length, crc) = (slot.position, slot.length.into(), slot.crc);
        let bytes = self.piece(Piece { position, length, crc })?;
        let found = layout::find(&bytes, &slot, block, number, self.tail.classes.len());
        let Some(entry) = found.map_err(|()| self.damaged())? else { return Ok(None) };
        let class = self.tail.classes.get(entry.class as usize).copied();
        let class = class.ok_or_else(|| self.damaged())?;
        Ok(Some(Packet {
            number,
            offset: entry.offset,
            bytes: entry.bytes,
            kind: class.kind,
            decoder: class.decoder,
            fate: class.fate(),
        }))
    }

    /// Reads the bytes of a packet of the recording.
    ///
    /// # Errors
    /// Where they are not there.
    pub fn read(&self, packet: &Packet) -> Result<Vec<u8>> {
        let path = self.recording.clone();
        let (offset, whole) = (packet.offset, self.tail.fingerprint.bytes);
        let io = |source| Error::Io { path, action: "read", offset, source };
        if packet.offset.checked_add(packet.bytes).is_none_or(|end| end > whole) {
            return Err(io(io::ErrorKind::UnexpectedEof.into()));
        }
        let mut bytes = Vec::new();
        let read = File::open(&self.recording).and_then(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            file.take(packet.bytes).read_to_end(&mut bytes)
        });
        match read {
            Ok(n) if n as u64 == packet.bytes => Ok(bytes),
            Ok(_) => Err(io(io::ErrorKind::UnexpectedEof.into())),
            Err(source) => Err(io(source)),
        }
    }

    /// The last place before a packet, or right at it, in which the stream can be taken up; `None`: it has to be read from its start.
    ///
    /// # Errors
    /// Where the index is damaged.
    pub(crate) fn past(&mut self, packet: u64) -> Result<Option<Past>> {
        let after = self.tail.marks.partition_point(|mark| mark.packet <= packet);
        let mark = after.checked_sub(1).and_then(|i| self.tail.marks.get(i)).copied();
        let Some(mark) = mark else { return Ok(None) };
        let bytes = self.piece(mark.piece)?;
        let saved: Saved = layout::decode(&bytes).ok_or_else(|| self.damaged())?;
        let (headers, stretches) = (&self.tail.headers, &self.tail.stretches);
        let before = stretches.iter().take_while(|stretch| stretch.offset < mark.offset);
        let garbage: Vec<_> = before.cloned().collect();
        let mut outcome = self.outcome(&saved.account);
        outcome.garbage = garbage.len() as u64;
        let skipped = self.tail.classes.iter().zip(&saved.account.classes);
        let skipped = skipped.filter(|(class, _)| class.fate() == Some(Fate::Skipped));
        Ok(Some(Past {
            packet: mark.packet,
            offset: mark.offset,
            headers: headers.iter().take_while(|h| h.offset < mark.offset).copied().collect(),
            garbage,
            outcome,
            skipped: skipped.map(|(class, n)| (class.kind, class.decoder, n.0, n.1)).collect(),
            notices: notices(&saved.account),
            history: saved.history,
        }))
    }

    fn outcome(&self, account: &Account) -> Outcome {
        let mut outcome = Outcome { packets: account.packets, ..Outcome::default() };
        for (class, (_, bytes)) in self.tail.classes.iter().zip(&account.classes) {
            match class.fate() {
                Some(Fate::Rows) => outcome.bytes.rows += bytes,
                Some(Fate::Header) => outcome.bytes.headers += bytes,
                Some(Fate::Skipped) => outcome.bytes.skipped += bytes,
                None => {}
            }
        }
        outcome.bytes.garbage = account.garbage;
        if account.garbage > 0 {
            let first = self.tail.stretches.first();
            outcome.first_error = first.map(|stretch| stretch.garbage().error);
        }
        outcome
    }

    /// The packets that configure the stream, if reading them again is as good as reading all before them.
    pub(crate) fn headers(&self) -> Option<&[Place]> {
        self.tail.headers_complete.then_some(self.tail.headers.as_slice())
    }

    /// The account of the whole recording.
    pub(crate) fn whole(&self) -> Outcome {
        let mut outcome = self.outcome(&self.tail.account);
        (outcome.bytes.input, outcome.garbage) = (self.tail.fingerprint.bytes, self.tail.garbage);
        outcome
    }

    /// Packets and bytes by what they are called.
    pub(crate) fn records(&self, label: fn(u32, u8) -> String) -> BTreeMap<String, (u64, u64)> {
        let mut records: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let counts = self.tail.classes.iter().zip(&self.tail.account.classes);
        for (class, (packets, bytes)) in counts.filter(|(_, n)| n.0 > 0) {
            let mut name = label(class.kind, class.decoder);
            if class.fate() == Some(Fate::Skipped) {
                name.push_str(" (not decoded)");
            }
            let entry = records.entry(name).or_default();
            entry.0 += packets;
            entry.1 += bytes;
        }
        records
    }

    /// What the decoders wanted the user to know.
    pub(crate) fn notices(&self) -> BTreeMap<&'static str, Notice> {
        notices(&self.tail.account)
    }

    /// Rows by decoder and channel.
    pub(crate) fn channels(&self) -> BTreeMap<(&'static str, String), u64> {
        let channels = self.tail.channels.iter();
        channels.map(|(d, key, rows)| ((text::keep(d), key.clone()), *rows)).collect()
    }

    /// First and last unix time of an event, s.
    pub(crate) fn time(&self) -> Option<(f64, f64)> {
        self.tail.time
    }
}

fn notices(account: &Account) -> BTreeMap<&'static str, Notice> {
    let notices = account.notices.iter();
    notices
        .map(|(what, count, first)| (text::keep(what), Notice { count: *count, first: *first }))
        .collect()
}

/// Why an index is not used.
fn useless(path: &Path, reason: &str) -> String {
    format!("{} {reason}: tierline index -w makes it again", path.display())
}

/// Reads the tail of an index. The error is what is wrong with it.
fn read_tail(file: &mut File) -> std::result::Result<Tail, &'static str> {
    const DAMAGED: &str = "is damaged";
    let size = file.metadata().map_err(|_| DAMAGED)?.len();
    let end = size.checked_sub(TRAILER as u64).filter(|end| *end >= HEAD).ok_or(DAMAGED)?;
    let (mut head, mut trailer) = ([0; HEAD as usize], [0; TRAILER]);
    read_at(file, 0, &mut head).map_err(|_| DAMAGED)?;
    read_at(file, end, &mut trailer).map_err(|_| DAMAGED)?;
    let u64_at =
        |at: usize| trailer.get(at..).and_then(|b| b.first_chunk()).map(|b| u64::from_le_bytes(*b));
    let u32_at = |bytes: &[u8], at: usize| {
        bytes.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from_le_bytes(*b))
    };
    let magic = head.starts_with(&MAGIC) && trailer.ends_with(&MAGIC);
    let versions = (u32_at(&head, 8), u32_at(&trailer, 20));
    if !magic || versions.0 != versions.1 || u32_at(&head, 12) != Some(0) {
        return Err(DAMAGED);
    }
    if versions.0 != Some(VERSION) {
        return Err("is of another version");
    }
    let (position, length) = u64_at(0).zip(u64_at(8)).ok_or(DAMAGED)?;
    if length > MOST || position.checked_add(length) != Some(end) {
        return Err(DAMAGED);
    }
    let mut bytes = vec![0; length as usize];
    read_at(file, position, &mut bytes).map_err(|_| DAMAGED)?;
    if u32_at(&trailer, 16) != Some(crc32fast::hash(&bytes)) {
        return Err(DAMAGED);
    }
    let tail: Tail = layout::decode(&bytes).ok_or(DAMAGED)?;
    if tail.program != env!("CARGO_PKG_VERSION") {
        return Err("is of another version");
    }
    Ok(tail)
}
