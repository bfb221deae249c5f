//! A stream through the functions of C, and through core.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use tierline_core::{
    Assembler, Error, FrameLimits, Framer, Part, RowSink, Step, compass::Compass, fcio::Fcio,
    llama::Llama, orca::Orca,
};

use super::log::{Log, RustSink, garbage, log_of, say, sink, text};
use super::{Memory, rows_of};
use crate::format::Format;
use crate::parser::{Outcome, Parser, tierline_parser_new, tierline_parser_size, tierline_step};
use crate::rows::{
    Rows, tierline_rows_abort, tierline_rows_new, tierline_rows_part, tierline_rows_size,
};
use crate::sink::SinkC;
use crate::status::{
    StreamError, TIERLINE_END, TIERLINE_GARBAGE, TIERLINE_ITEM, TIERLINE_NEED, status,
};

const LIMITS: FrameLimits = FrameLimits { piece: 1000, window: 1 << 20 };

/// What core makes of a stream.
pub(super) fn rust<F: tierline_core::Format>(stream: &[u8]) -> Log {
    let log = RefCell::new(Log::new());
    let (mut sink, mut framer) = (RustSink(&log, 0), F::framer(LIMITS));
    let mut assembler = Box::new(F::assembler());
    let (mut window, mut broken) = (stream, None);
    loop {
        match framer.step(window, true) {
            Ok(Step::Part { used, part }) => {
                sink.say(format!("{part:x?}"));
                if broken != Some(part.packet) {
                    broken = take(&mut *assembler, &part, &mut sink).err().map(|_| part.packet);
                }
                window = &window[used..];
            }
            Ok(Step::Garbage { used, abort, .. }) => {
                if abort {
                    sink.abort();
                    assembler.abort();
                    broken = None;
                }
                garbage(&log, used);
                window = &window[used..];
            }
            Ok(Step::Need(_)) => panic!("need at the end"),
            Ok(Step::End) => return log.into_inner(),
            Err(error) => {
                sink.say(format!("fatal {} {}", status(error.kind), error.offset));
                return log.into_inner();
            }
        }
    }
}

fn take<A: Assembler>(
    assembler: &mut A,
    part: &Part<'_>,
    sink: &mut RustSink<'_>,
) -> Result<(), Error> {
    match assembler.part(part, sink) {
        Ok(_) if part.last => sink.commit(),
        Ok(_) => {}
        Err(error) => {
            sink.abort();
            assembler.abort();
            sink.say(format!("error {} {}", status(error.kind), error.field));
            return Err(error);
        }
    }
    Ok(())
}

pub(super) fn rust_of(format: &'static Format, stream: &[u8]) -> Log {
    match format.info.name {
        "FCIO" => rust::<Fcio>(stream),
        "ORCA" => rust::<Orca>(stream),
        "LLAMA" => rust::<Llama>(stream),
        "CoMPASS" => rust::<Compass>(stream),
        name => panic!("{name} is not tested"),
    }
}

/// What C makes of a stream that comes in these pieces.
pub(super) fn c<'s>(format: &'static Format, pieces: impl Iterator<Item = &'s [u8]>) -> Log {
    let log = RefCell::new(Log::new());
    let (mut parser_memory, mut rows_memory) =
        (Memory::new(format.parser_size), Memory::new(rows_of(format).size));
    let sink = sink(&log);
    let (mut parser, mut rows) = (null_mut(), null_mut());
    // SAFETY: memory as large as is asked for, which lives until the end.
    unsafe {
        let (at, room) = (parser_memory.at(), tierline_parser_size(format));
        let status =
            tierline_parser_new(at, room, format, LIMITS.piece, LIMITS.window, &mut parser);
        assert_eq!(status, TIERLINE_ITEM);
        let (at, room) = (rows_memory.at(), tierline_rows_size(rows_of(format)));
        assert_eq!(tierline_rows_new(at, room, rows_of(format), &mut rows), TIERLINE_ITEM);
    }
    let (mut window, mut need) = (Vec::new(), 0);
    let mut pieces = pieces;
    loop {
        let piece = pieces.next();
        let eof = piece.is_none();
        window.extend_from_slice(piece.unwrap_or_default());
        while eof || window.len() >= need {
            // Every window lies elsewhere, and an old one is gone.
            match step(parser, rows, &window.clone(), eof, &sink) {
                Ok(used) => {
                    window.drain(..used);
                    need = 0;
                }
                Err(Some(n)) => {
                    assert!(!eof && n > window.len() && n <= LIMITS.window);
                    need = n;
                }
                Err(None) => return log.into_inner(),
            }
        }
    }
}

/// One step: bytes used, or what is needed, or the end.
fn step(
    parser: *mut Parser,
    rows: *mut Rows,
    window: &[u8],
    eof: bool,
    sink: &SinkC,
) -> Result<usize, Option<usize>> {
    let mut outcome = MaybeUninit::<Outcome>::uninit();
    let (at, len) = (window.as_ptr(), window.len());
    // SAFETY: parser, window and room for the outcome.
    let (status, outcome) = unsafe {
        (tierline_step(parser, at, len, eof, outcome.as_mut_ptr()), outcome.assume_init())
    };
    match status {
        TIERLINE_ITEM => {
            say(sink.context, format!("{:x?}", outcome.part.within(window).unwrap()));
            let mut error = StreamError::NONE;
            // SAFETY: rows, the part with its window, and a sink.
            let status =
                unsafe { tierline_rows_part(rows, &outcome.part, at, len, sink, &mut error) };
            if status < 0 {
                say(sink.context, format!("error {status} {}", text(error.field)));
            }
            Ok(outcome.used)
        }
        TIERLINE_GARBAGE => {
            if outcome.abort {
                // SAFETY: rows and a sink.
                assert_eq!(unsafe { tierline_rows_abort(rows, sink) }, TIERLINE_ITEM);
            }
            // SAFETY: the sink's context is a log.
            garbage(unsafe { log_of(sink.context) }, outcome.used);
            Ok(outcome.used)
        }
        TIERLINE_NEED => Err(Some(outcome.need)),
        TIERLINE_END => Err(None),
        error => {
            say(sink.context, format!("fatal {error} {}", outcome.error.offset));
            Err(None)
        }
    }
}
