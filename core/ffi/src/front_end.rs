//! Front ends: the bytes of a source in, framed records out.

use core::ffi::c_void;

use crate::engine::FrontEnd;
use crate::format::Format;
use crate::link::LinkC;
use crate::memory::{Checked, answer, bytes, fits, input, output};
use crate::parser::Parser;
use crate::status::{StreamError, TIERLINE_ITEM, TIERLINE_NULL, Text};

/// Memory for a front end, bytes.
pub const TIERLINE_FRONT_END_ROOM: usize = 384;
const _: () = assert!(size_of::<FrontEnd>() <= TIERLINE_FRONT_END_ROOM);
const _: () = assert!(align_of::<FrontEnd>() <= crate::memory::TIERLINE_ALIGN);

/// Longest name of a source, bytes.
pub const TIERLINE_SOURCE_MAX: usize = 64;

/// What a front end is and does.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SettingsC {
    /// The source's format.
    pub format: *const Format,
    /// Name of the source, at most TIERLINE_SOURCE_MAX bytes of UTF-8; copied.
    pub source: Text,
    /// Picoseconds per tick of the clock.
    pub tick_ps: u64,
    /// Number of the session: another one says that the front end started anew.
    pub session: u32,
    /// Number of the stream on its link.
    pub stream: u16,
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u16; 3],
    /// First bytes of the firmware's revision.
    pub revision: [u8; 8],
    /// TIERLINE_CODEC_... of the samples.
    pub codec: u8,
    /// TIERLINE_FRAMING_...
    pub framing: u8,
    /// Works out the CRC-32 of the source on the way, and tells it at the end.
    pub checksum: bool,
}

/// How far a front end got.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ProgressC {
    /// Bytes to drop from the window's start.
    pub used: usize,
    /// On TIERLINE_NEED: the window must hold at least this many bytes after that.
    pub need: usize,
    /// Below 0: why.
    pub error: StreamError,
}

/// Where the source's packets and bytes went.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountC {
    /// Bytes of the source done with.
    pub bytes: u64,
    /// Packets sent whole.
    pub sent: u64,
    /// Packets that broke off, which was told with their bytes.
    pub broken: u64,
    /// Packets dropped.
    pub dropped: u64,
    /// Records refused.
    pub records_dropped: u64,
    /// Bytes of dropped packets, and of garbage that was not told.
    pub bytes_dropped: u64,
    /// Bytes that made no sense.
    pub garbage: u64,
    /// Records sent, modulo the word.
    pub records: u32,
}

/// Makes a front end at the start of its source, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
///
/// # Safety
/// `room` bytes of `memory` belong to the front end from now on. `settings` are as described. `front_end` points to a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_new(
    memory: *mut c_void,
    room: usize,
    settings: *const SettingsC,
    front_end: *mut *mut FrontEnd,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { create(memory, room, settings, front_end) })
}

/// # Safety
/// As for `tierline_front_end_new`.
unsafe fn create(
    memory: *mut c_void,
    room: usize,
    settings: *const SettingsC,
    front_end: *mut *mut FrontEnd,
) -> Checked<i32> {
    if front_end.is_null() {
        return Err(TIERLINE_NULL);
    }
    // SAFETY: as the caller promises.
    let settings = unsafe { input(settings)? };
    // SAFETY: as the caller promises.
    let new = unsafe { FrontEnd::new(settings)? };
    fits(memory, room, size_of::<FrontEnd>())?;
    // SAFETY: aligned and large enough; the pointer is not NULL.
    unsafe {
        memory.cast::<FrontEnd>().write(new);
        front_end.write(memory.cast());
    }
    Ok(TIERLINE_ITEM)
}

/// Works through the window, whose first byte follows the last byte used so far, as far as it goes. `eof`: nothing comes after
/// it. `parser`: the one of the source, used by nobody else.
///
/// TIERLINE_NEED: drop `used` bytes and come again with a larger window. TIERLINE_END: the source is over;
/// `tierline_front_end_end` is what is left to do. Below 0: the source can't be read any further, which the link was told.
///
/// # Safety
/// `front_end` and `parser` come from their functions. `len` bytes can be read at `window`; the scratch memory of `link` is
/// apart from them, and its functions are as described. `progress` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_run(
    front_end: *mut FrontEnd,
    parser: *mut Parser,
    window: *const u8,
    len: usize,
    eof: bool,
    link: *const LinkC,
    progress: *mut ProgressC,
) -> i32 {
    let mut far = ProgressC { used: 0, need: 0, error: StreamError::NONE };
    if progress.is_null() {
        return TIERLINE_NULL;
    }
    // SAFETY: as the caller promises.
    let status = answer(unsafe {
        FrontEnd::of(front_end)
            .and_then(|this| this.run(parser, bytes(window, len)?, eof, *input(link)?, &mut far))
    });
    // SAFETY: not NULL, and as the caller promises.
    unsafe { progress.write(far) };
    status
}

/// Passes on a text that belongs to the source but is not in it, before the source's own bytes: settings have the key 1.
/// TIERLINE_ROOM where there is no room for it.
///
/// # Safety
/// As for `tierline_front_end_run`; `len` bytes can be read at `text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_config(
    front_end: *mut FrontEnd,
    key: u16,
    text: *const u8,
    len: usize,
    link: *const LinkC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        FrontEnd::of(front_end).and_then(|this| this.config(key, bytes(text, len)?, *input(link)?))
    })
}

/// Says how the front end is doing. `low_water`: fewest bytes that were ever free on the way to the link; `uptime`: ticks since
/// the start. TIERLINE_ROOM: try again when there is room.
///
/// # Safety
/// As for `tierline_front_end_run`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_health(
    front_end: *mut FrontEnd,
    low_water: u32,
    uptime: u64,
    link: *const LinkC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        FrontEnd::of(front_end).and_then(|this| this.health(low_water, uptime, *input(link)?))
    })
}

/// Says that there is nothing to say. `uptime`: ticks since the start. TIERLINE_ROOM: try again when there is room.
///
/// # Safety
/// As for `tierline_front_end_run`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_heartbeat(
    front_end: *mut FrontEnd,
    uptime: u64,
    link: *const LinkC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        FrontEnd::of(front_end).and_then(|this| this.heartbeat(uptime, *input(link)?))
    })
}

/// Says that the source is over, and what was dropped before; once more what this is, for who has not heard it. TIERLINE_ROOM:
/// try again when there is room. On a link that may lose it, say it again.
///
/// # Safety
/// As for `tierline_front_end_run`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_end(
    front_end: *mut FrontEnd,
    link: *const LinkC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { FrontEnd::of(front_end).and_then(|this| this.end(*input(link)?)) })
}

/// Where packets and bytes went so far.
///
/// # Safety
/// `front_end` comes from `tierline_front_end_new`. `account` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_front_end_account(
    front_end: *mut FrontEnd,
    account: *mut AccountC,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        FrontEnd::of(front_end).and_then(|this| {
            output(account, this.account())?;
            Ok(TIERLINE_ITEM)
        })
    })
}
