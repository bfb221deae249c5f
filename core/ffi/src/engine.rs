//! The work of a front end, whose window and framer are the caller's.

use tierline_core::Codec;
use tierline_core::front_end::{Session, Taken};
use tierline_core::link::{Framing, crc32};
use tierline_core::record::{Hello, Record};

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
    session: Session,
    /// All but the texts.
    hello: Hello<'static>,
    source: [u8; TIERLINE_SOURCE_MAX],
    source_len: usize,
    framing: Option<Framing>,
    fresh: bool,
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
        let session = Session::new(settings.stream, codec);
        let session = if settings.checksum { session.with_checksum(crc32) } else { session };
        Ok(Self {
            seal: SEAL,
            format,
            session,
            hello,
            source,
            source_len: name.len(),
            framing: framing_of(settings.framing)?,
            fresh: true,
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
        let name = self.source.get(..self.source_len).unwrap_or(&[]);
        let hello = self.hello_of(name, &out);
        self.session.greet(&hello, &mut |record: &Record<'_>| out.put(record));
        let status = loop {
            let rest = window.get(far.used..).unwrap_or(&[]);
            // SAFETY: sealed by the same format's `create`.
            let step = unsafe { (format.step)(parser, rest, eof) };
            let mut to = |record: &Record<'_>| out.put(record);
            match self.session.take(step, rest, cells, &mut to) {
                Ok(Taken::Used(used)) => far.used = far.used.saturating_add(used),
                Ok(Taken::Need(need)) => {
                    far.need = need;
                    break TIERLINE_NEED;
                }
                Ok(Taken::End) => break TIERLINE_END,
                Err(error) => {
                    far.error = error.into();
                    break far.error.status;
                }
            }
            self.session.greet(&hello, &mut to);
        };
        self.fresh = out.fresh;
        Ok(status)
    }

    /// What the front end says of itself.
    fn hello_of<'n>(&self, name: &'n [u8], out: &Out<'_>) -> Hello<'n> {
        let source = core::str::from_utf8(name).unwrap_or("");
        Hello { source, longest: out.longest(), ..self.hello }
    }

    /// Says something; `window`: what the caller has not to be overwritten.
    ///
    /// # Safety
    /// The link is what it should be.
    unsafe fn with(
        &mut self,
        link: LinkC,
        window: &[u8],
        say: impl FnOnce(&mut Session, &Hello<'_>, &mut [u8], &mut Out<'_>) -> bool,
    ) -> Checked<i32> {
        // SAFETY: as the caller promises.
        let (mut out, cells) = unsafe { Out::new(link, self.framing, self.fresh, window)? };
        let name = self.source;
        let hello = self.hello_of(name.get(..self.source_len).unwrap_or(&[]), &out);
        let said = say(&mut self.session, &hello, cells, &mut out);
        self.fresh = out.fresh;
        if said { Ok(TIERLINE_ITEM) } else { Err(TIERLINE_ROOM) }
    }

    /// Says that the source is over, after once more what this is.
    ///
    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn end(&mut self, link: LinkC) -> Checked<i32> {
        let say = |session: &mut Session, hello: &Hello<'_>, _: &mut [u8], out: &mut Out<'_>| {
            session.end(hello, &mut |record| out.put(record))
        };
        // SAFETY: as the caller promises.
        unsafe { self.with(link, &[], say) }
    }

    /// Says how the front end is doing.
    ///
    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn health(
        &mut self,
        low_water: u32,
        uptime: u64,
        link: LinkC,
    ) -> Checked<i32> {
        let say = |session: &mut Session, _: &Hello<'_>, _: &mut [u8], out: &mut Out<'_>| {
            session.health(low_water, uptime, &mut |record| out.put(record))
        };
        // SAFETY: as the caller promises.
        unsafe { self.with(link, &[], say) }
    }

    /// Says that there is nothing to say.
    ///
    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn heartbeat(&mut self, uptime: u64, link: LinkC) -> Checked<i32> {
        let say = |session: &mut Session, _: &Hello<'_>, _: &mut [u8], out: &mut Out<'_>| {
            session.heartbeat(uptime, &mut |record| out.put(record))
        };
        // SAFETY: as the caller promises.
        unsafe { self.with(link, &[], say) }
    }

    /// Passes on a text that belongs to the source.
    ///
    /// # Safety
    /// The link is what it should be.
    pub(crate) unsafe fn config(&mut self, key: u16, text: &[u8], link: LinkC) -> Checked<i32> {
        let say =
            |session: &mut Session, hello: &Hello<'_>, cells: &mut [u8], out: &mut Out<'_>| {
                let mut to = |record: &Record<'_>| out.put(record);
                session.greet(hello, &mut to);
                session.config(key, text, cells.len(), &mut to)
            };
        // SAFETY: as the caller promises.
        unsafe { self.with(link, text, say) }
    }

    pub(crate) fn account(&self) -> AccountC {
        let account = self.session.account();
        AccountC {
            bytes: self.session.bytes(),
            sent: account.sent,
            broken: account.broken,
            dropped: account.dropped,
            records_dropped: account.records_dropped,
            bytes_dropped: account.bytes_dropped,
            garbage: account.garbage,
            records: self.session.records(),
        }
    }
}
