//! The records of one link: found in its bytes, and kept until their stream is known.

use std::collections::BTreeMap;

use tierline_core::link::{Framed, Framing, MAGIC, Reader, framed_max};
use tierline_core::record::{Body, NoRecord, Record};

use super::account::LinkAccount;
use crate::error::Result;
use crate::input::LinkInput;

/// Longest record, bytes.
const LONGEST: usize = 1 << 20;
/// Bytes of records that wait for the Hello of their stream.
const KEPT: usize = 4 << 20;
/// Records that may have overtaken a Hello.
const NEAR: u32 = 8;
/// Bytes looked at to find out the framing.
const LOOK: usize = 64 * 1024;

/// Bytes of a link that are not done with.
#[derive(Default)]
pub(super) struct Link {
    /// It does not end by itself.
    pub(super) live: bool,
    /// Nothing comes any more.
    pub(super) closed: bool,
    reader: Option<Reader>,
    window: Vec<u8>,
    /// Bytes of the window that are done with.
    head: usize,
    pub(super) account: LinkAccount,
    waiting: Option<Waiting>,
}

/// What of a link its records change.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) account: LinkAccount,
    /// Records of streams that have not said what they are.
    kept: BTreeMap<u16, Vec<Vec<u8>>>,
    bytes: usize,
    /// No record is longer, bytes, as its front ends say; 0 where none did.
    longest: usize,
}

fn reader(framing: Framing) -> Reader {
    fn checksum(crc: u32, bytes: &[u8]) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(crc);
        hasher.update(bytes);
        hasher.finalize()
    }
    Reader::new(framing, LONGEST).with_checksum(checksum)
}

/// How the records in these bytes are framed: `None` where that can't be told yet.
fn sniff(bytes: &[u8], last: bool) -> Option<Framing> {
    let magic = MAGIC.to_le_bytes();
    if bytes.starts_with(&[0]) {
        return Some(Framing::Cobs);
    }
    if bytes.windows(magic.len()).any(|window| window == magic) {
        return Some(Framing::Length);
    }
    (last || bytes.len() >= LOOK || bytes.contains(&0)).then_some(Framing::Cobs)
}

impl Link {
    pub(super) fn new(input: &LinkInput, framing: Option<Framing>) -> Self {
        let account = LinkAccount { input: input.name.clone(), ..LinkAccount::default() };
        Link {
            live: input.live,
            reader: framing.map(reader),
            account: account.clone(),
            waiting: Some(Waiting { account, ..Waiting::default() }),
            ..Link::default()
        }
    }

    /// Whether nothing of a record is waiting.
    pub(super) fn is_idle(&self) -> bool {
        self.head == self.window.len()
    }

    /// Takes bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.head > 0 {
            self.window.drain(..self.head);
            self.head = 0;
        }
        self.window.extend_from_slice(bytes);
        self.account.bytes += bytes.len() as u64;
    }

    /// Hands every intact record in the window to `take`.
    pub(super) fn records(
        &mut self,
        eof: bool,
        mut take: impl FnMut(&mut Waiting, &[u8]) -> Result<()>,
    ) -> Result<()> {
        if self.reader.is_none() {
            self.reader = sniff(&self.window, eof).map(reader);
        }
        let (Some(reader), Some(waiting)) = (&mut self.reader, &mut self.waiting) else {
            return Ok(());
        };
        while let Some(window) = self.window.get_mut(self.head..).filter(|w| !w.is_empty()) {
            match reader.next(window, eof) {
                Framed::Record { used, record } => {
                    waiting.account.records += 1;
                    self.head += used;
                    take(waiting, record)?;
                    if waiting.longest > 0 {
                        reader.limit(waiting.longest.min(LONGEST));
                    }
                }
                Framed::Skip { used: 0, .. } | Framed::Need(_) => break,
                Framed::Skip { used, damaged } => {
                    self.head += used;
                    waiting.account.damaged += u64::from(damaged);
                    if damaged || used > 1 {
                        waiting.account.damaged_bytes += used as u64;
                    }
                }
            }
        }
        Ok(())
    }

    /// What became of the link's bytes.
    pub(super) fn finish(&mut self) -> LinkAccount {
        let mut account = std::mem::take(&mut self.account);
        if let Some(waiting) = self.waiting.take() {
            let unclaimed: usize = waiting.kept.values().map(Vec::len).sum();
            let LinkAccount { bytes, broken, .. } = account;
            account = LinkAccount { bytes, broken, ..waiting.account };
            account.unclaimed += unclaimed as u64;
        }
        account
    }
}

const _: () = assert!(framed_max(Framing::Cobs, LONGEST) > LOOK);

impl Waiting {
    /// The record in these bytes; what is none is counted.
    pub(super) fn read<'r>(&mut self, bytes: &'r [u8]) -> Option<Record<'r>> {
        match Record::read(bytes) {
            Ok(record) => {
                if let Body::Hello(hello) = record.body {
                    // Twice as much as it says, for front ends that are not so exact.
                    let longest = match hello.longest {
                        0 => LONGEST,
                        n => 2 * n as usize + 1024,
                    };
                    self.longest = self.longest.max(longest);
                }
                Some(record)
            }
            Err(NoRecord::Proto(version)) => {
                self.account.other_version += 1;
                self.account.version.get_or_insert(version);
                None
            }
            Err(NoRecord::Empty | NoRecord::Malformed) => {
                self.account.unreadable += 1;
                None
            }
        }
    }

    /// Keeps a record of a stream that has not said what it is.
    pub(super) fn keep(&mut self, stream: u16, bytes: &[u8]) {
        if self.bytes + bytes.len() > KEPT {
            self.account.unclaimed += 1;
            return;
        }
        self.bytes += bytes.len();
        self.kept.entry(stream).or_default().push(bytes.to_vec());
    }

    /// What was kept of a stream whose Hello is record number `hello`. What can't have come before it is of an earlier session that
    /// nobody knows.
    pub(super) fn kept(&mut self, stream: u16, hello: Option<u32>) -> Vec<Vec<u8>> {
        let mut kept = self.kept.remove(&stream).unwrap_or_default();
        self.bytes -= kept.iter().map(Vec::len).sum::<usize>();
        if let Some(hello) = hello {
            let all = kept.len();
            let near = |seq: u32| seq <= hello.saturating_add(NEAR);
            kept.retain(|bytes| Record::read(bytes).is_ok_and(|record| near(record.seq)));
            self.account.unclaimed += (all - kept.len()) as u64;
        }
        kept
    }

    /// Says something about the link, once.
    pub(super) fn say(&mut self, text: String) {
        if !self.account.remarks.contains(&text) && self.account.remarks.len() < 20 {
            self.account.remarks.push(text);
        }
    }
}
