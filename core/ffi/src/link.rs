//! Links: how records get out of a front end, and the frames around them.

use core::ffi::c_void;

use tierline_core::link::{Framing, Sender, crc32, framed_max};
use tierline_core::record::{OVERHEAD, Record};

use crate::memory::{Checked, answer, bytes, output, room as writable};
use crate::status::{TIERLINE_ARGUMENT, TIERLINE_ITEM, TIERLINE_NULL, TIERLINE_ROOM};

/// Records as they are.
pub const TIERLINE_FRAMING_NONE: u8 = 0;
/// For links that may lose bytes: COBS of the record and its CRC-32, then 0x00.
pub const TIERLINE_FRAMING_COBS: u8 = 1;
/// For links that don't: magic, length, record, CRC-32.
pub const TIERLINE_FRAMING_LENGTH: u8 = 2;

/// The shortest record that a front end can be limited to, bytes.
pub const TIERLINE_RECORD_MIN: usize = 512;

/// Where the records of a front end go.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LinkC {
    /// Handed to the functions.
    pub context: *mut c_void,
    /// Memory to make records in, the same at every call: twice the longest record, no less than twice
    /// TIERLINE_RECORD_MIN.
    pub scratch: *mut u8,
    /// Bytes of it.
    pub scratch_len: usize,
    /// Room for a record of at most `max` bytes, frame included; NULL where there is none, then it is dropped and accounted
    /// for. Who should not drop waits here.
    pub grant: Option<unsafe extern "C" fn(context: *mut c_void, max: usize) -> *mut u8>,
    /// The first `used` bytes of the room are a record, frame included.
    pub commit: Option<unsafe extern "C" fn(context: *mut c_void, used: usize)>,
}

/// The framing of a number; `None` for records as they are.
pub(crate) fn framing_of(number: u8) -> Checked<Option<Framing>> {
    match number {
        TIERLINE_FRAMING_NONE => Ok(None),
        TIERLINE_FRAMING_COBS => Ok(Some(Framing::Cobs)),
        TIERLINE_FRAMING_LENGTH => Ok(Some(Framing::Length)),
        _ => Err(TIERLINE_ARGUMENT),
    }
}

/// A link of the caller's during one call.
pub(crate) struct Out<'l> {
    link: LinkC,
    framing: Option<Framing>,
    /// Memory for one record.
    record: &'l mut [u8],
    /// Nothing has been sent yet.
    pub(crate) fresh: bool,
}

impl<'l> Out<'l> {
    /// A link, and the memory for the cells of a record; its scratch memory must be apart from `other`.
    ///
    /// # Safety
    /// The scratch memory is the caller's to be written, and its functions are as described.
    pub(crate) unsafe fn new(
        link: LinkC,
        framing: Option<Framing>,
        fresh: bool,
        other: &[u8],
    ) -> Checked<(Self, &'l mut [u8])> {
        if link.grant.is_none() || link.commit.is_none() {
            return Err(TIERLINE_NULL);
        }
        let half = link.scratch_len / 2;
        if half < TIERLINE_RECORD_MIN {
            return Err(TIERLINE_ROOM);
        }
        // SAFETY: as the caller promises.
        let scratch = unsafe { writable(link.scratch, link.scratch_len, other)? };
        let (record, cells) = scratch.split_at_mut_checked(half).ok_or(TIERLINE_ROOM)?;
        let cells = cells.get_mut(..half.saturating_sub(OVERHEAD)).ok_or(TIERLINE_ROOM)?;
        Ok((Self { link, framing, record, fresh }, cells))
    }

    /// No record is longer, bytes.
    pub(crate) fn longest(&self) -> u32 {
        u32::try_from(self.record.len()).unwrap_or(u32::MAX)
    }

    /// Sends a record; false where there is no room for it.
    pub(crate) fn put(&mut self, record: &Record<'_>) -> bool {
        self.try_put(record).is_some()
    }

    fn try_put(&mut self, record: &Record<'_>) -> Option<()> {
        let bytes = record.write(self.record)?;
        // A byte link is told that what came before is void.
        let zero = usize::from(self.fresh && self.framing == Some(Framing::Cobs));
        let frame = self.framing.map_or(bytes.len(), |framing| framed_max(framing, bytes.len()));
        let max = frame.saturating_add(zero);
        // SAFETY: the caller's functions with their own context; what they grant can be written.
        let out =
            unsafe { writable((self.link.grant?)(self.link.context, max), max, bytes) }.ok()?;
        let (start, out) = out.split_at_mut_checked(zero)?;
        start.fill(0);
        let n = framed(self.framing, bytes, out)?.saturating_add(zero);
        self.fresh = false;
        // SAFETY: the caller's function with its own context.
        unsafe { (self.link.commit?)(self.link.context, n) };
        Some(())
    }
}

fn framed(framing: Option<Framing>, record: &[u8], out: &mut [u8]) -> Option<usize> {
    let Some(framing) = framing else {
        let out = out.get_mut(..record.len())?;
        for (to, from) in out.iter_mut().zip(record) {
            *to = *from;
        }
        return Some(record.len());
    };
    match Sender::new(framing, crc32).fill(record, out) {
        (n, true) => Some(n),
        (_, false) => None,
    }
}

/// Bytes that a record of `len` bytes takes at most in this framing; 0 where there is no such framing.
#[unsafe(no_mangle)]
pub extern "C" fn tierline_framed_max(framing: u8, len: usize) -> usize {
    framing_of(framing).map_or(0, |framing| framing.map_or(len, |framing| framed_max(framing, len)))
}

/// Puts the frame around a record; `written` becomes the number of bytes. TIERLINE_ROOM where they don't fit.
///
/// # Safety
/// `len` bytes can be read at `record` and `room` bytes written at `out`; they do not overlap. `written` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_frame(
    framing: u8,
    record: *const u8,
    len: usize,
    out: *mut u8,
    room: usize,
    written: *mut usize,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        bytes(record, len).and_then(|record| {
            let n = framed(framing_of(framing)?, record, writable(out, room, record)?);
            output(written, n.unwrap_or(0))?;
            n.map(|_| TIERLINE_ITEM).ok_or(TIERLINE_ROOM)
        })
    })
}

/// CRC-32 of bytes that follow others, whose CRC-32 is given (0 at the start), as zlib's crc32 does. NULL stands for no bytes.
///
/// # Safety
/// `len` bytes can be read at `data`, or it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_crc32(crc: u32, data: *const u8, len: usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { bytes(data, len) }.map_or(crc, |bytes| crc32(crc, bytes))
}
