//! Records and links behind C functions.

use tierline_core::link::{Framed, Framing, Reader, frame};
use tierline_core::record::Record;

/// Reads a record, writes it again, and frames it.
///
/// # Safety
/// Both pointers point to that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_record(
    at: *const u8,
    len: usize,
    out: *mut u8,
    room: usize,
    cobs: bool,
) -> usize {
    // SAFETY: as the caller promises.
    let (bytes, out) = unsafe {
        (core::slice::from_raw_parts(at, len), core::slice::from_raw_parts_mut(out, room))
    };
    let framing = if cobs { Framing::Cobs } else { Framing::Length };
    let Ok(record) = Record::read(bytes) else { return 0 };
    let Some((first, second)) = out.split_at_mut_checked(room / 2) else { return 0 };
    let Some(written) = record.write(first) else { return 1 };
    frame(framing, written, second).unwrap_or(2)
}

/// Looks for a record in bytes from a link.
///
/// # Safety
/// The pointers point to a reader and to that many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_link(
    reader: *mut Reader,
    at: *mut u8,
    len: usize,
    eof: bool,
) -> usize {
    // SAFETY: as the caller promises.
    let (reader, bytes) = unsafe { (&mut *reader, core::slice::from_raw_parts_mut(at, len)) };
    match reader.next(bytes, eof) {
        Framed::Record { used, record } => used.wrapping_add(record.len()),
        Framed::Skip { used, .. } => used,
        Framed::Need(n) => n,
    }
}
