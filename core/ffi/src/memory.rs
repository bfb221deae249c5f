//! The caller's memory: checks before it is used.

use core::ffi::c_void;
use core::slice;

use crate::status::{TIERLINE_ALIGNMENT, TIERLINE_ARGUMENT, TIERLINE_NULL, TIERLINE_ROOM};

/// Alignment of the memory of every object, bytes.
pub const TIERLINE_ALIGN: usize = 8;

/// What a call answers, or why it did nothing.
pub(crate) type Checked<T> = Result<T, i32>;

/// The status of an outcome.
pub(crate) fn answer(outcome: Checked<i32>) -> i32 {
    outcome.unwrap_or_else(|status| status)
}

/// Bytes of the caller; NULL stands for no bytes.
///
/// # Safety
/// Where `at` is not NULL, `len` bytes can be read there, and nobody writes to them during `'a`.
pub(crate) unsafe fn bytes<'a>(at: *const u8, len: usize) -> Checked<&'a [u8]> {
    if len == 0 {
        return Ok(&[]);
    }
    if at.is_null() {
        return Err(TIERLINE_NULL);
    }
    if isize::try_from(len).is_err() {
        return Err(TIERLINE_ARGUMENT);
    }
    // SAFETY: as the caller promises; not NULL, not longer than half the address space.
    Ok(unsafe { slice::from_raw_parts(at, len) })
}

/// Bytes of the caller to write to, apart from those at `other`; NULL stands for no bytes.
///
/// # Safety
/// Where `at` is not NULL, `len` bytes can be written there, and nobody else uses them during `'a`.
pub(crate) unsafe fn room<'a>(at: *mut u8, len: usize, other: &[u8]) -> Checked<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    if at.is_null() {
        return Err(TIERLINE_NULL);
    }
    let (start, taken) = (at.addr(), other.as_ptr().addr());
    let end = start.checked_add(len).ok_or(TIERLINE_ARGUMENT)?;
    let apart = end <= taken || taken.wrapping_add(other.len()) <= start;
    if isize::try_from(len).is_err() || !(apart || other.is_empty()) {
        return Err(TIERLINE_ARGUMENT);
    }
    // SAFETY: as the caller promises; not NULL, not longer than half the address space, apart from the other bytes.
    Ok(unsafe { slice::from_raw_parts_mut(at, len) })
}

/// Whether memory is aligned and large enough for an object of `size` bytes.
pub(crate) fn fits(memory: *mut c_void, room: usize, size: usize) -> Checked<()> {
    if memory.is_null() {
        return Err(TIERLINE_NULL);
    }
    if !memory.addr().is_multiple_of(TIERLINE_ALIGN) {
        return Err(TIERLINE_ALIGNMENT);
    }
    if room < size {
        return Err(TIERLINE_ROOM);
    }
    Ok(())
}

/// Something of the caller's to read.
///
/// # Safety
/// Where `at` is not NULL, it points to a `T` that nobody changes during `'a`.
pub(crate) unsafe fn input<'a, T>(at: *const T) -> Checked<&'a T> {
    // SAFETY: as the caller promises.
    unsafe { at.as_ref() }.ok_or(TIERLINE_NULL)
}

/// Where an answer goes; NULL where it must be there.
///
/// # Safety
/// Where `at` is not NULL, a `T` can be written there.
pub(crate) unsafe fn output<T>(at: *mut T, value: T) -> Checked<()> {
    if at.is_null() {
        return Err(TIERLINE_NULL);
    }
    // SAFETY: as the caller promises.
    unsafe { at.write(value) };
    Ok(())
}
