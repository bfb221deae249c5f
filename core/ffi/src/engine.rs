//! The work of a front end. That of core has a window of fixed size and borrows its name; this one has neither.

use tierline_core::front_end::HELLO_EVERY;
use tierline_core::link::{Framing, crc32};
use tierline_core::pack::Packer;
use tierline_core::record::{Body, Bytes, Hello, Record};
use tierline_core::{Codec, Error, Step};

use crate::format::Format;
use crate::front_end::{AccountC, ProgressC, SettingsC, TIERLINE_SOURCE_MAX};
use crate::link::{LinkC, Out, framing_of};
use crate::memory::{Checked, bytes, input};
use crate::parser::Parser;
use crate::status::{
    TIERLINE_ARGUMENT, TIERLINE_END, TIERLINE_ITEM, TIERLINE_NEED, TIERLINE_NULL, TIERLINE_ROOM,
    TIERLINE_STATE,
};

/// What the memory of a front end starts with.
const SEAL: u32 = 0x6672_6f6e;

/// A front end, in memory of the caller.
pub struct FrontEnd {
    seal: u32,
    format: &'static Format,
    pub(crate) packer: Packer,
    /// All but the texts.
    hello: Hello<'static>,
    source: [u8; TIERLINE_SOURCE_MAX],
    source_len: usize,
    framing: Option<Framing>,
    fresh: bool,
    /// Records sent when Hello was, last.
    greeted: Option<u32>,
    bytes: u64,
    crc: Option<u32>,
}

impl FrontEnd {
    /// # Safety
    /// The format and the text of the settings are what they should be.
    pub(crate) unsafe fn new(settings: &SettingsC) -> Checked<Self> {
        // SAFETY: as the caller promises.
        let format: &'static Format = unsafe { input(settings.format)? };
        // SAFETY: as the caller promises.
        let name = unsafe { bytes(settings.source.at.cast(), settings.source.len)? };
        let codec = Codec::from_id(settings.codec).ok_or(TIERLINE_ARGUMENT)?;
        let hello = Hello {
            session: settings.session,
            firmware: settings.firmware,
            format: format.info.name,
            source: "",
            tick_ps: settings.tick_ps,
            longest: 0,
            codecs: 1 | 1u8.wrapping_shl(settings.codec.into()),
            revision: settings.revision,
        };
        let mut source = [0; TIERLINE_SOURCE_MAX];
        if name.len() > source.len() || core::str::from_utf8(name).is_err() {
            return Err(TIERLINE_ARGUMENT);
        }
        for (to, from) in source.iter_mut().zip(name) {
            *to = *from;
        }
        Ok(Self {
            seal: SEAL,
            format,
            packer: Packer::new(settings.stream, codec),
            hello,
            source,
            source_len: name.len(),
            framing: framing_of(settings.framing)?,
            fresh: true,
            greeted: None,
            bytes: 0,
            crc: settings.checksum.then_some(0),
        })
    }

    /// # Safety
    /// `at` is NULL or points to memory that can be read; where it is a front end, nobody else uses it during `'f`.
    pub(crate) unsafe fn of<'f>(at: *mut FrontEnd) -> Checked<&'f mut FrontEnd> {
        if at.is_null() {
            return Err(TIERLINE_NULL);
        }
        if !at.is_aligned() {
            return Err(TIERLINE_STATE);
        }
        // SAFETY: not NULL, and readable as the caller promises; the seal is read before the rest.
        unsafe {
            if (&raw const (*at).seal).read() != SEAL {
                return Err(TIERLINE_STATE);
            }
            Ok(&mut *at)
        }
    }

    /// # Safety
    /// The parser and the link are what they should be.
    pub(crate) unsafe fn run(
        &mut self,
        parser: *mut Parser,
        window: &[u8],
        eof: bool,
        link: LinkC,
        far: &mut ProgressC,
    ) -> Checked<i32> {
        // SAFETY: as the caller promises.
        let format = unsafe { Parser::format(parser)? };
        if !core::ptr::eq(format, self.format) {
            return Err(TIERLINE_ARGUMENT);
        }
        // SAFETY: as the caller promises.
        let (mut out, cells) = unsafe { Out::new(link, self.framing, self.fresh, window)? };
        self.greet(&mut out);
        let status = loop {
            let rest = window.get(far.used..).unwrap_or(&[]);
            // SAFETY: sealed by the same format's `create`.
            let step = unsafe { (format.step)(parser, rest, eof) };
            match self.take(step, rest, cells, &mut out) {
                Ok(Ok(used)) => {
                    self.consume(rest.get(..used).unwrap_or(&[]));
                    far.used = far.used.saturating_add(used);
                }
                Ok(Err(need)) => {
                    far.need = need;
                    break if need == 0 { TIERLINE_END } else { TIERLINE_NEED };
                }
                Err(error) => {
                    far.error = error.into();
                    break far.error.status;
                }
            }
            self.greet(&mut out);
        };
        self.fresh = out.fresh;
        Ok(status)
    }

    /// Bytes used, or those needed: none at the end.
    fn take(
        &mut self,
        step: Result<Step<'_>, Error>,
        window: &[u8],
        cells: &mut [u8],
        out: &mut Out<'_>,
    ) -> Result<Result<usize, usize>, Error> {
        let mut to = |record: &Record<'_>| out.put(record);
        match step {
            Ok(Step::Need(n)) => Ok(Err(n)),
            Ok(Step::End) => Ok(Err(0)),
            Ok(Step::Part { used, part }) => {
                let source = window.get(..used).unwrap_or(&[]);
                self.packer.part(&part, source, cells, &mut to);
                Ok(Ok(used))
            }
            Ok(Step::Garbage { used, error, abort }) => {
                let source = window.get(..used).unwrap_or(&[]);
                self.packer.garbage(error, abort, (self.bytes, source), cells, &mut to);
                Ok(Ok(used))
            }
            Err(error) => {
                self.packer.failed(error, cells, &mut to);
                Err(error)
            }
        }
    }

    /// Says that the source is over, after once more what this is.
    ///
    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn end(&mut self, link: LinkC) -> Checked<i32> {
        // SAFETY: as the caller promises.
        let (mut out, _) = unsafe { Out::new(link, self.framing, self.fresh, &[])? };
        self.greeted = None;
        self.greet(&mut out);
        let packets = self.packer.account().packets();
        let body = Body::End { packets, bytes: self.bytes, crc: self.crc };
        let said = self.packer.send(body, &mut |record| out.put(record));
        self.fresh = out.fresh;
        if said { Ok(TIERLINE_ITEM) } else { Err(TIERLINE_ROOM) }
    }

    fn consume(&mut self, bytes: &[u8]) {
        self.crc = self.crc.map(|crc| crc32(crc, bytes));
        self.bytes = self.bytes.wrapping_add(bytes.len() as u64);
    }

    /// Says what this is, at the start and every now and then.
    fn greet(&mut self, out: &mut Out<'_>) {
        let records = self.packer.records();
        if self.greeted.is_some_and(|last| records.wrapping_sub(last) < HELLO_EVERY) {
            return;
        }
        let name = self.source.get(..self.source_len).unwrap_or(&[]);
        let source = core::str::from_utf8(name).unwrap_or("");
        let hello = Hello { source, longest: out.longest(), ..self.hello };
        if self.packer.send(Body::Hello(hello), &mut |record| out.put(record)) {
            self.greeted = Some(records);
        }
    }

    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn say(&mut self, body: Body<'_>, link: LinkC) -> Checked<i32> {
        // SAFETY: as the caller promises.
        let (mut out, _) = unsafe { Out::new(link, self.framing, self.fresh, &[])? };
        let said = self.packer.send(body, &mut |record| out.put(record));
        self.fresh = out.fresh;
        if said { Ok(TIERLINE_ITEM) } else { Err(TIERLINE_ROOM) }
    }

    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn config(&mut self, key: u16, text: &[u8], link: LinkC) -> Checked<i32> {
        // SAFETY: as the caller promises.
        let (mut out, cells) = unsafe { Out::new(link, self.framing, self.fresh, text)? };
        self.greet(&mut out);
        let piece = cells.len().max(1);
        let last = text.len().div_ceil(piece).saturating_sub(1);
        let mut status = Ok(TIERLINE_ITEM);
        for (i, bytes) in text.chunks(piece).enumerate() {
            let index = u16::try_from(i).map_err(|_| TIERLINE_ARGUMENT)?;
            let body = Body::Config { key, index, last: i == last, bytes: Bytes(bytes) };
            if !self.packer.send(body, &mut |record| out.put(record)) {
                status = Err(TIERLINE_ROOM);
                break;
            }
        }
        self.fresh = out.fresh;
        status
    }

    pub(crate) fn account(&self) -> AccountC {
        let account = self.packer.account();
        AccountC {
            bytes: self.bytes,
            sent: account.sent,
            broken: account.broken,
            dropped: account.dropped,
            records_dropped: account.records_dropped,
            bytes_dropped: account.bytes_dropped,
            garbage: account.garbage,
            records: self.packer.records(),
        }
    }
}
