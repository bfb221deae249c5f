//! Rows: from the parts of a stream to named values, in functions of the caller's.

use core::ffi::c_void;

use tierline_core::{Assembler, Fate, Part, Result, RowSink, Source};

use crate::document::Node;
use crate::format::RowFormat;
use crate::memory::{Checked, answer, bytes, fits, input};
use crate::part::PartC;
use crate::sink::{Calls, SinkC};
use crate::status::{StreamError, TIERLINE_GARBAGE, TIERLINE_ITEM, TIERLINE_NULL, TIERLINE_STATE};

/// What the memory of rows starts with.
const SEAL: u32 = 0x726f_7773;

/// What makes rows of the parts of one stream, in memory of the caller.
pub struct Rows {
    seal: u32,
    /// Rows of the present packet.
    open: u32,
    format: &'static RowFormat,
    /// The present packet is broken: its other parts are passed over.
    broken: Option<u64>,
}

/// The whole of it: what all have, and what its format needs.
#[repr(C)]
pub(crate) struct RowsOf<F: tierline_core::Format> {
    head: Rows,
    assembler: F::Assembler,
}

impl<F: tierline_core::Format> RowsOf<F> {
    /// # Safety
    /// The memory is aligned and as large as `format` says.
    pub(crate) unsafe fn create(rows: *mut Rows, format: &'static RowFormat) {
        let this = rows.cast::<Self>();
        // SAFETY: as the caller promises.
        unsafe {
            (&raw mut (*this).head).write(Rows { seal: SEAL, open: 0, format, broken: None });
            (&raw mut (*this).assembler).write(F::assembler());
        }
    }

    /// # Safety
    /// They are rows of this format, used by nobody else.
    unsafe fn of<'r>(rows: *mut Rows) -> &'r mut F::Assembler {
        // SAFETY: as the caller promises.
        unsafe { &mut (*rows.cast::<Self>()).assembler }
    }

    pub(crate) unsafe fn source(rows: *mut Rows, start: f64) {
        // SAFETY: as the caller promises.
        unsafe { Self::of(rows) }.source(Source { start: Some(start) });
    }

    pub(crate) unsafe fn document(
        rows: *mut Rows,
        node: &Node,
        calls: &mut Calls<'_>,
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { Self::of(rows) }.document(node, calls)
    }

    pub(crate) unsafe fn part(
        rows: *mut Rows,
        part: &Part<'_>,
        calls: &mut Calls<'_>,
    ) -> Result<Fate> {
        // SAFETY: as the caller promises.
        unsafe { Self::of(rows) }.part(part, calls)
    }

    pub(crate) unsafe fn abort(rows: *mut Rows) {
        // SAFETY: as the caller promises.
        unsafe { Self::of(rows) }.abort();
    }
}

/// Bytes of memory that the rows of a format take; 0 for NULL. CoMPASS takes less than 200, ORCA two million.
///
/// # Safety
/// `format` is one of the library's, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_size(format: *const RowFormat) -> usize {
    // SAFETY: as the caller promises.
    unsafe { format.as_ref() }.map_or(0, |format| format.size)
}

/// Makes what turns the parts of one stream into rows, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
/// The call may take as much stack as memory; it is made once.
///
/// # Safety
/// `format` is one of the library's. `room` bytes of `memory` belong to the rows from now on. `rows` points to a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_new(
    memory: *mut c_void,
    room: usize,
    format: *const RowFormat,
    rows: *mut *mut Rows,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { create(memory, room, format, rows) })
}

/// # Safety
/// As for `tierline_rows_new`.
unsafe fn create(
    memory: *mut c_void,
    room: usize,
    format: *const RowFormat,
    rows: *mut *mut Rows,
) -> Checked<i32> {
    if rows.is_null() {
        return Err(TIERLINE_NULL);
    }
    // SAFETY: as the caller promises.
    let format: &'static RowFormat = unsafe { input(format)? };
    fits(memory, room, format.size)?;
    // SAFETY: aligned and large enough; the pointer is not NULL.
    unsafe {
        (format.new)(memory.cast(), format);
        rows.write(memory.cast());
    }
    Ok(TIERLINE_ITEM)
}

/// Hands over when the run started, unix seconds, before the first part. Some formats have it nowhere else.
///
/// # Safety
/// `rows` comes from `tierline_rows_new`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_start(rows: *mut Rows, start: f64) -> i32 {
    // SAFETY: as the caller promises.
    let format = unsafe { Rows::format(rows) };
    answer(format.map(|format| {
        // SAFETY: sealed by the same format's `create`.
        unsafe { (format.source)(rows, start) };
        TIERLINE_ITEM
    }))
}

/// Hands over a text header or settings file, parsed; between two packets. Some of ORCA's rows need it.
///
/// # Safety
/// `rows` comes from `tierline_rows_new`; `node` and the functions it points to are as described, likewise those of `sink`.
/// `error` can be written, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_document(
    rows: *mut Rows,
    node: *const Node,
    sink: *const SinkC,
    error: *mut StreamError,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { take_document(rows, node, sink, error) })
}

/// # Safety
/// As for `tierline_rows_document`.
unsafe fn take_document(
    rows: *mut Rows,
    node: *const Node,
    sink: *const SinkC,
    error: *mut StreamError,
) -> Checked<i32> {
    // SAFETY: as the caller promises.
    let (format, node, sink) = unsafe { (Rows::format(rows)?, input(node)?, input(sink)?) };
    let mut calls = Calls { sink, open: 0 };
    // SAFETY: sealed by the same format's `create`.
    let outcome = unsafe { (format.document)(rows, node, &mut calls) };
    let why = outcome.map_or_else(StreamError::from, |()| StreamError::NONE);
    // SAFETY: as the caller promises.
    unsafe { tell(error, why) };
    Ok(why.status)
}

/// Takes the next part, with the window that it lies in, as `tierline_step` was given it. After the last part of a packet its
/// rows are committed.
///
/// Below 0: the packet is broken, its rows are aborted, and `error` says why; with TIERLINE_SCOPE_STREAM the run ends.
/// TIERLINE_GARBAGE: a further part of a broken packet.
///
/// # Safety
/// `rows` comes from `tierline_rows_new`. `len` bytes can be read at `window`. `part` and the functions of `sink` are as
/// described. `error` can be written, or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_part(
    rows: *mut Rows,
    part: *const PartC,
    window: *const u8,
    len: usize,
    sink: *const SinkC,
    error: *mut StreamError,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        Rows::format(rows).and_then(|format| {
            let part = input(part)?.within(bytes(window, len)?)?;
            let (status, why) = take(rows, format, &part, input(sink)?);
            tell(error, why);
            Ok(status)
        })
    })
}

/// # Safety
/// They are rows of this format, used by nobody else; the functions of the sink are as described.
unsafe fn take(
    rows: *mut Rows,
    format: &RowFormat,
    part: &Part<'_>,
    sink: &SinkC,
) -> (i32, StreamError) {
    // SAFETY: as the caller promises.
    let (open, broken) = unsafe { ((*rows).open, (*rows).broken) };
    let mut calls = Calls { sink, open };
    let mut broken = broken.filter(|packet| *packet == part.packet);
    let mut outcome = (TIERLINE_GARBAGE, StreamError::NONE);
    if broken.is_none() {
        // SAFETY: as the caller promises.
        let fate = unsafe { (format.part)(rows, part, &mut calls) };
        if let Err(error) = fate {
            calls.abort();
            // SAFETY: as the caller promises.
            unsafe { (format.abort)(rows) };
            broken = Some(part.packet);
            let why = StreamError::from(error);
            outcome = (why.status, why);
        } else {
            outcome.0 = TIERLINE_ITEM;
            if part.last {
                calls.commit();
            }
        }
    }
    if part.last {
        broken = None;
    }
    // SAFETY: as the caller promises.
    unsafe {
        (*rows).open = calls.open;
        (*rows).broken = broken;
    }
    outcome
}

/// The packet whose parts were handed in broke off: its rows are aborted. To be called where a parser says `abort`, and where
/// a stream ended within a packet.
///
/// # Safety
/// `rows` comes from `tierline_rows_new`; the functions of `sink` are as described.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_rows_abort(rows: *mut Rows, sink: *const SinkC) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe {
        Rows::format(rows).and_then(|format| {
            Calls { sink: input(sink)?, open: 0 }.abort();
            (format.abort)(rows);
            (*rows).open = 0;
            (*rows).broken = None;
            Ok(TIERLINE_ITEM)
        })
    })
}

/// # Safety
/// `error` is NULL or can be written.
unsafe fn tell(error: *mut StreamError, why: StreamError) {
    if !error.is_null() {
        // SAFETY: not NULL, and as the caller promises.
        unsafe { error.write(why) };
    }
}

impl Rows {
    /// # Safety
    /// `rows` is NULL or points to memory that can be read.
    unsafe fn format(rows: *const Rows) -> Checked<&'static RowFormat> {
        if rows.is_null() {
            return Err(TIERLINE_NULL);
        }
        if !rows.is_aligned() {
            return Err(TIERLINE_STATE);
        }
        // SAFETY: not NULL, and readable as the caller promises; the seal is read before the rest.
        unsafe {
            if (&raw const (*rows).seal).read() != SEAL {
                return Err(TIERLINE_STATE);
            }
            Ok((*rows).format)
        }
    }
}
