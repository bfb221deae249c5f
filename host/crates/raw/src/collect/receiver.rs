//! The receiving end of one session: which packets are complete, and what was lost.

use std::path::{Path, PathBuf};

use tierline_core::record::{Body, Hello, Parts, Reason, Record, SETTINGS, Trouble};
use tierline_core::{Error as CoreError, FORMATS, Kind, with_format};

use super::account::StreamAccount;
use super::output::Output;
use super::rows::{Make, Rows, Taken};
use super::sequence::{Arrival, Sequence};
use crate::error::{Error, Result};
use crate::start_time::start_time;

/// Most bytes of a text that comes beside the source.
const MAX_CONFIG: usize = 16 << 20;

/// One session of one front end.
pub(super) struct Receiver {
    name: PathBuf,
    rows: Option<Box<dyn Rows>>,
    sequence: Sequence,
    /// Packets before the one that comes next or is on its way in.
    next: u64,
    /// The record of that packet that comes next.
    index: u32,
    /// Records of that packet are missing: it is waited for the next.
    torn: bool,
    /// Byte of the source up to which everything is accounted for.
    position: u64,
    /// A settings text that is coming in, and its next piece.
    config: (Vec<u8>, u16),
    pub(super) account: StreamAccount,
}

/// What a session is made with.
pub(super) struct Setup<'a> {
    pub(super) input: &'a str,
    pub(super) stream: u16,
    pub(super) group: String,
    pub(super) buffer_size: usize,
    /// A settings file for formats that have one.
    pub(super) settings: Option<&'a Path>,
}

impl Receiver {
    /// A session of a front end that said what it is, or of which `format` is all that is known. Its records begin with number
    /// `first`.
    pub(super) fn new(
        setup: Setup<'_>,
        hello: Option<Hello<'_>>,
        format: &str,
        first: Option<u32>,
    ) -> Result<Self> {
        let Setup { input, stream, group, buffer_size, settings } = setup;
        let source = hello.map_or("", |hello| hello.source);
        let file_name = Path::new(source).file_name().and_then(|n| n.to_str()).unwrap_or("");
        let name = PathBuf::from(if source.is_empty() {
            format!("{input}, stream {stream}")
        } else {
            format!("{input}, stream {stream} ({source})")
        });
        let make = Make { name: &name, start: start_time(file_name), group, buffer_size };
        let mut rows = with_format(format, make);
        let takes = FORMATS.iter().any(|f| f.name == format && f.settings);
        if let (Some(rows), Some(path), true) = (&mut rows, settings, takes) {
            let text = std::fs::read(path).map_err(|source| {
                let path = path.to_path_buf();
                Error::Io { path, action: "read", offset: 0, source }
            })?;
            rows.settings(&text, path)?;
        }
        let account = StreamAccount {
            input: input.to_owned(),
            stream,
            session: hello.map(|hello| hello.session),
            format: Some(format.to_owned()),
            source: source.to_owned(),
            failed: rows.is_none().then(|| format!("unknown format '{format}'")),
            ..StreamAccount::default()
        };
        Ok(Receiver {
            name,
            rows,
            sequence: first.map_or_else(Sequence::default, Sequence::from),
            next: 0,
            index: 0,
            torn: false,
            position: 0,
            config: (Vec::new(), 0),
            account,
        })
    }

    /// Whether this Hello, record number `seq`, is of another session: its number says so, or that it is the first record again
    /// long after it was, or after the end (front ends without a clock may give all sessions one number).
    pub(super) fn is_other(&self, hello: &Hello<'_>, seq: u32) -> bool {
        let other = self.account.session.is_some_and(|session| session != hello.session);
        other || seq == 0 && (self.account.ended || self.sequence.is_far_from(0))
    }

    /// Takes a record.
    ///
    /// # Errors
    /// Where the output can't be written.
    pub(super) fn record(&mut self, record: &Record<'_>, output: &mut Output) -> Result<()> {
        match self.sequence.take(record.seq) {
            Arrival::InOrder => {}
            Arrival::After(missing) => self.account.records.lost += u64::from(missing),
            Arrival::Again => {
                self.account.records.duplicate += 1;
                return Ok(());
            }
            Arrival::Late => {
                self.account.records.late += 1;
                return Ok(());
            }
        }
        self.account.records.received += 1;
        match record.body {
            Body::Hello(hello) => {
                self.account.session.get_or_insert(hello.session);
                if self.account.source.is_empty() {
                    self.account.source = hello.source.to_owned();
                }
            }
            Body::Parts(parts) => return self.parts(parts, output),
            Body::Config { key: SETTINGS, index, last, bytes } => {
                return self.settings(index, last, bytes.0, output);
            }
            Body::Config { .. } | Body::Heartbeat { .. } => {}
            Body::Health(health) => self.account.ring_low_water = Some(health.low_water),
            Body::Gap { packet, count, reason } => self.gap(packet, count, reason),
            Body::Garbage { packet, trouble, start, abort, bytes } => {
                self.garbage(packet, (start, bytes.0), error_of(&trouble), abort);
            }
            Body::Failed(trouble) => {
                let text = error_of(&trouble).to_string();
                self.account.failed.get_or_insert(text);
            }
            Body::End { packets, bytes, crc } => self.end(packets, bytes, crc),
        }
        Ok(())
    }

    fn parts(&mut self, parts: Parts<'_>, output: &mut Output) -> Result<()> {
        if parts.packet < self.next {
            self.account.records.malformed += 1;
            return Ok(());
        }
        self.reach(parts.packet);
        if self.torn || parts.index != self.index {
            self.tear();
            return Ok(());
        }
        if parts.index == 0 {
            self.gap_bytes(parts.offset);
        }
        let Some(rows) = self.rows.as_mut().filter(|_| self.account.failed.is_none()) else {
            self.tear();
            return Ok(());
        };
        match rows.parts(parts, output.file()?) {
            Ok(Taken::Going) => self.index += 1,
            Ok(Taken::Complete { bytes, broken }) => {
                self.position = parts.offset + bytes;
                let packets = &mut self.account.packets;
                *if broken { &mut packets.broken } else { &mut packets.assembled } += 1;
                self.advance(parts.packet + 1);
            }
            Ok(Taken::Bad) => {
                self.account.records.malformed += 1;
                self.tear();
            }
            Err(error @ (Error::Stream { .. } | Error::Document { .. })) => self.fail(&error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Nothing can be made of the rest of the session.
    fn fail(&mut self, error: &Error) {
        let source = std::error::Error::source(error).map(|e| format!(": {e}")).unwrap_or_default();
        self.account.failed.get_or_insert(format!("{error}{source}"));
        self.tear();
    }

    /// The packet on its way in has lost a part.
    fn tear(&mut self) {
        if !std::mem::replace(&mut self.torn, true)
            && let Some(rows) = &mut self.rows
        {
            rows.forget();
        }
    }

    /// Packet number `packet` comes next; those before it that did not come are lost.
    fn reach(&mut self, packet: u64) {
        if packet > self.next {
            self.tear();
            self.account.packets.lose(self.next, packet - self.next, self.position);
            self.advance(packet);
        }
    }

    fn advance(&mut self, next: u64) {
        (self.next, self.index, self.torn) = (next, 0, false);
    }

    /// Bytes of the source before `offset` that did not come.
    fn gap_bytes(&mut self, offset: u64) {
        self.account.bytes.gaps += offset.saturating_sub(self.position);
        self.position = self.position.max(offset);
    }

    fn gap(&mut self, packet: u64, count: u32, reason: Reason) {
        let announced = &mut self.account.packets.announced;
        *match reason {
            Reason::RingFull => &mut announced.ring_full,
            Reason::TooBig => &mut announced.too_big,
            Reason::Malformed => &mut announced.malformed,
            Reason::Resync => &mut announced.resync,
        } += u64::from(count);
        self.reach(packet.saturating_add(count.into()));
    }

    fn garbage(
        &mut self,
        packet: u64,
        (start, bytes): (u64, &[u8]),
        error: CoreError,
        abort: bool,
    ) {
        self.reach(packet);
        let whole = self.index > 0 && !self.torn;
        if !(abort && whole) {
            self.gap_bytes(start);
        }
        if let Some(rows) = &mut self.rows {
            rows.garbage(start, bytes, error, abort && whole);
        }
        self.position = self.position.max(start + bytes.len() as u64);
        if abort && whole {
            self.account.packets.broken += 1;
            self.advance(packet + 1);
        } else if abort {
            self.reach(packet + 1);
        }
    }

    /// A piece of the text of a settings file.
    fn settings(
        &mut self,
        index: u16,
        last: bool,
        bytes: &[u8],
        output: &mut Output,
    ) -> Result<()> {
        output.file()?;
        let (text, next) = &mut self.config;
        if index != *next || text.len() + bytes.len() > MAX_CONFIG {
            self.account.records.malformed += 1;
            return Ok(());
        }
        text.extend_from_slice(bytes);
        *next = next.wrapping_add(1);
        if !last {
            return Ok(());
        }
        let text = std::mem::take(text);
        let Some(rows) = &mut self.rows else { return Ok(()) };
        match rows.settings(&text, &self.name) {
            Err(error @ (Error::Stream { .. } | Error::Document { .. })) => {
                self.fail(&error);
                Ok(())
            }
            other => other,
        }
    }

    fn end(&mut self, packets: u64, bytes: u64, crc: Option<u32>) {
        self.reach(packets);
        self.gap_bytes(bytes);
        self.account.packets.sent = Some(packets);
        self.account.ended = true;
        let complete = self.account.packets.lost == 0 && self.account.bytes.gaps == 0;
        if let (Some(crc), Some(rows), true) = (crc, &self.rows, complete) {
            self.account.checksum = Some(rows.crc() == crc);
        }
    }

    /// The rows of the session, for the end of a file.
    pub(super) fn rows_mut(&mut self) -> Option<&mut Box<dyn Rows>> {
        self.rows.as_mut()
    }

    /// The session is over: its account.
    pub(super) fn finish(mut self) -> StreamAccount {
        if self.index > 0 || self.torn {
            // A packet that never got its last record.
            self.reach(self.next + 1);
        }
        if let Some(mut rows) = self.rows {
            let left = rows.finish();
            let account = &mut self.account;
            let bytes = left.outcome.bytes;
            account.bytes.rows = bytes.rows;
            account.bytes.headers = bytes.headers;
            account.bytes.skipped = bytes.skipped;
            account.bytes.garbage = bytes.garbage;
            account.bytes.input = account.bytes.total() - account.bytes.gaps;
            account.skipped = left.skipped;
            account.off = left.off;
            account.notices = left.notices;
            account.first_error = left.outcome.first_error.map(|error| error.to_string());
        }
        self.account
    }
}

/// The error that a front end told of.
fn error_of(trouble: &Trouble<'_>) -> CoreError {
    let kind = match trouble.kind {
        1 => Kind::Truncated,
        2 => Kind::Resync,
        4 => Kind::Unsupported,
        5 => Kind::Limit,
        _ => Kind::Malformed,
    };
    let Trouble { packet, offset, found, expected, .. } = *trouble;
    CoreError::new(kind, field_name(trouble.field), found, expected).at(packet, offset)
}

/// The name of a field for ever. There are as many as core has; a front end that makes up more of them gets `field`.
fn field_name(name: &str) -> &'static str {
    use std::collections::BTreeSet;
    use std::sync::Mutex;
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let Ok(mut names) = NAMES.lock() else { return "field" };
    if let Some(known) = names.get(name) {
        return known;
    }
    if names.len() >= 500 || name.len() > 64 {
        return "field";
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}
