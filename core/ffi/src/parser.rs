//! Parsers: from the bytes of a stream, which come in any pieces, to its parts.

use core::ffi::c_void;

use tierline_core::{Error, FrameLimits, Framer, Result, Step};

use crate::format::Format;
use crate::memory::{Checked, answer, bytes, fits, input};
use crate::part::PartC;
use crate::status::{
    StreamError, TIERLINE_END, TIERLINE_GARBAGE, TIERLINE_ITEM, TIERLINE_NEED, TIERLINE_NULL,
    TIERLINE_STATE,
};

/// What the memory of a parser starts with.
const SEAL: u32 = 0x7073_7261;

/// A parser, in memory of the caller.
pub struct Parser {
    seal: u32,
    format: &'static Format,
}

/// The whole of a parser: what all have, and what its format needs.
#[repr(C)]
pub(crate) struct ParserOf<F: tierline_core::Format> {
    head: Parser,
    framer: F::Framer,
}

impl<F: tierline_core::Format> ParserOf<F> {
    /// # Safety
    /// The memory is aligned and as large as `format` says.
    pub(crate) unsafe fn create(parser: *mut Parser, format: &'static Format, limits: FrameLimits) {
        let head = Parser { seal: SEAL, format };
        // SAFETY: as the caller promises.
        unsafe { parser.cast::<Self>().write(Self { head, framer: F::framer(limits) }) };
    }

    /// # Safety
    /// It is a parser of this format, used by nobody else.
    pub(crate) unsafe fn step(parser: *mut Parser, window: &[u8], eof: bool) -> Result<Step<'_>> {
        // SAFETY: as the caller promises.
        let this = unsafe { &mut *parser.cast::<Self>() };
        this.framer.step(window, eof)
    }
}

/// What a parser made of the window.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Bytes to drop from the window's start, once the part is done with.
    pub used: usize,
    /// On TIERLINE_NEED: the window must hold at least this many bytes, counted from its present start.
    pub need: usize,
    /// On TIERLINE_GARBAGE: parts of this packet were already handed out, and must be undone.
    pub abort: bool,
    /// On TIERLINE_ITEM: the part.
    pub part: PartC,
    /// On TIERLINE_GARBAGE and below 0: why.
    pub error: StreamError,
}

/// Bytes of memory that a parser of this format takes; 0 for NULL.
///
/// # Safety
/// `format` is one of the library's, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_parser_size(format: *const Format) -> usize {
    // SAFETY: as the caller promises.
    unsafe { format.as_ref() }.map_or(0, |format| format.parser_size)
}

/// Makes a parser at the start of a stream, in `room` bytes of `memory` aligned to TIERLINE_ALIGN.
///
/// `piece`: bulk fields are cut into parts of at most this many bytes. `window`: the largest window that will be offered,
/// bytes; nothing larger is ever asked for. The parser is the memory: it ends when the memory is used for something else.
///
/// # Safety
/// `format` is one of the library's. `room` bytes of `memory` belong to the parser from now on. `parser` points to a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_parser_new(
    memory: *mut c_void,
    room: usize,
    format: *const Format,
    piece: usize,
    window: usize,
    parser: *mut *mut Parser,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { create(memory, room, format, FrameLimits { piece, window }, parser) })
}

/// # Safety
/// As for `tierline_parser_new`.
unsafe fn create(
    memory: *mut c_void,
    room: usize,
    format: *const Format,
    limits: FrameLimits,
    parser: *mut *mut Parser,
) -> Checked<i32> {
    if parser.is_null() {
        return Err(TIERLINE_NULL);
    }
    // SAFETY: as the caller promises.
    let format: &'static Format = unsafe { input(format)? };
    fits(memory, room, format.parser_size)?;
    // SAFETY: aligned and large enough; the pointer is not NULL.
    unsafe {
        (format.new_parser)(memory.cast(), format, limits);
        parser.write(memory.cast());
    }
    Ok(TIERLINE_ITEM)
}

/// Looks at the window, whose first byte follows the last byte used so far. `eof`: nothing comes after it.
///
/// TIERLINE_ITEM: a part, whose bytes lie in the window. TIERLINE_NEED: come again with a larger window; never with `eof`.
/// TIERLINE_GARBAGE: bytes that are not a packet. In both cases drop `used` bytes. TIERLINE_END: the stream is over. Below 0:
/// the stream can't be read any further, or an argument is wrong.
///
/// # Safety
/// `parser` comes from `tierline_parser_new`. `len` bytes can be read at `window`. `outcome` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_step(
    parser: *mut Parser,
    window: *const u8,
    len: usize,
    eof: bool,
    outcome: *mut Outcome,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { next(parser, window, len, eof, outcome) })
}

/// # Safety
/// As for `tierline_step`.
unsafe fn next(
    parser: *mut Parser,
    window: *const u8,
    len: usize,
    eof: bool,
    outcome: *mut Outcome,
) -> Checked<i32> {
    if outcome.is_null() {
        return Err(TIERLINE_NULL);
    }
    // SAFETY: as the caller promises.
    let format = unsafe { Parser::format(parser)? };
    // SAFETY: as the caller promises.
    let window = unsafe { bytes(window, len)? };
    // SAFETY: sealed by the same format's `create`.
    let step = unsafe { (format.step)(parser, window, eof) };
    let (status, answer) = Outcome::of(&step, window);
    // SAFETY: not NULL, and the caller's to be written.
    unsafe { outcome.write(answer) };
    Ok(status)
}

impl Parser {
    /// # Safety
    /// `parser` is NULL or points to memory that can be read.
    pub(crate) unsafe fn format(parser: *const Parser) -> Checked<&'static Format> {
        if parser.is_null() {
            return Err(TIERLINE_NULL);
        }
        if !parser.is_aligned() {
            return Err(TIERLINE_STATE);
        }
        // SAFETY: not NULL, and readable as the caller promises; the seal is read before the rest.
        unsafe {
            if (&raw const (*parser).seal).read() != SEAL {
                return Err(TIERLINE_STATE);
            }
            Ok((*parser).format)
        }
    }
}

impl Outcome {
    fn of(outcome: &core::result::Result<Step<'_>, Error>, window: &[u8]) -> (i32, Outcome) {
        let mut step = Outcome {
            used: 0,
            need: 0,
            abort: false,
            part: PartC::default(),
            error: StreamError::NONE,
        };
        let status = match outcome {
            Ok(Step::Part { used, part }) => {
                step.used = *used;
                step.part = PartC::of(part, window);
                TIERLINE_ITEM
            }
            Ok(Step::Garbage { used, error, abort }) => {
                step.used = *used;
                step.error = (*error).into();
                step.abort = *abort;
                TIERLINE_GARBAGE
            }
            Ok(Step::Need(n)) => {
                step.need = *n;
                TIERLINE_NEED
            }
            Ok(Step::End) => TIERLINE_END,
            Err(error) => {
                step.error = (*error).into();
                step.error.status
            }
        };
        (status, step)
    }
}
