//! What is answered to calls that are wrong.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

use super::Memory;
use super::log::{Log, sink};
use crate::format::{
    Format, RowFormat, TIERLINE_COMPASS_ROWS_ROOM, TIERLINE_PARSER_ROOM, tierline_compass,
    tierline_compass_rows, tierline_key_text, tierline_sniff,
};
use crate::parser::{Outcome, tierline_parser_new, tierline_parser_size, tierline_step};
use crate::part::{PartC, TIERLINE_STAGE_HEAD, TIERLINE_STAGE_TRACE, TIERLINE_STAGE_WHOLE};
use crate::rows::*;
use crate::sink::SinkC;
use crate::status::*;
use crate::table::KeyC;

const NONE: SinkC = SinkC {
    context: null_mut(),
    declare: None,
    header: None,
    resize: None,
    begin: None,
    put: None,
    samples: None,
    notice: None,
    commit: None,
    abort: None,
};

#[test]
fn memory_that_does_not_do() {
    let format: *const Format = &tierline_compass;
    let mut memory = Memory::new(TIERLINE_PARSER_ROOM);
    let (at, room) = (memory.at(), TIERLINE_PARSER_ROOM);
    // SAFETY: a format of the library.
    let size = unsafe { tierline_parser_size(format) };
    let mut parser = null_mut();
    // SAFETY: memory that is there, or none.
    let mut new =
        |at, room, format| unsafe { tierline_parser_new(at, room, format, 512, 4096, &mut parser) };
    assert_eq!(new(null_mut(), room, format), TIERLINE_NULL);
    assert_eq!(new(at, room, null()), TIERLINE_NULL);
    assert_eq!(new(at, size - 1, format), TIERLINE_ROOM);
    assert_eq!(new(at.wrapping_byte_add(4), room - 4, format), TIERLINE_ALIGNMENT);
    assert!(parser.is_null());
    // SAFETY: memory that is there.
    unsafe {
        assert_eq!(tierline_parser_new(at, room, format, 512, 4096, null_mut()), TIERLINE_NULL);
        let mut rows = null_mut();
        let format: *const RowFormat = &tierline_compass_rows;
        let size = tierline_rows_size(format);
        assert_eq!(tierline_rows_new(at, size - 1, format, &mut rows), TIERLINE_ROOM);
        assert_eq!(tierline_rows_new(at, size, null(), &mut rows), TIERLINE_NULL);
        assert_eq!(tierline_rows_new(at, size, format, null_mut()), TIERLINE_NULL);
        assert_eq!(tierline_parser_size(null()) + tierline_rows_size(null()), 0);
        assert_eq!(tierline_sniff(null(), null(), 0), TIERLINE_NULL);
    }
}

#[test]
fn objects_that_are_none() {
    let mut memory = Memory::new(TIERLINE_PARSER_ROOM);
    let at = memory.at();
    let mut outcome = MaybeUninit::<Outcome>::uninit();
    let out = outcome.as_mut_ptr();
    let mut parser = null_mut();
    // SAFETY: memory that is there; what is told to be longer is refused before it is read.
    unsafe {
        assert_eq!(tierline_step(at.cast(), null(), 0, true, out), TIERLINE_STATE);
        assert_eq!(tierline_step(null_mut(), null(), 0, true, out), TIERLINE_NULL);
        let room = TIERLINE_PARSER_ROOM;
        let made = tierline_parser_new(at, room, &tierline_compass, 512, 4096, &mut parser);
        assert_eq!(made, TIERLINE_ITEM);
        assert_eq!(tierline_step(parser, null(), 3, true, out), TIERLINE_NULL);
        assert_eq!(tierline_step(parser, [1].as_ptr(), usize::MAX, true, out), TIERLINE_ARGUMENT);
        assert_eq!(tierline_step(parser, null(), 0, true, null_mut()), TIERLINE_NULL);
        assert_eq!(tierline_step(parser.byte_add(1), null(), 0, true, out), TIERLINE_STATE);
        assert_eq!(tierline_step(parser, null(), 0, false, out), TIERLINE_NEED);
        assert_eq!(tierline_step(parser, null(), 0, true, out), TIERLINE_TRUNCATED);
        // A parser is not rows.
        let rows: *mut Rows = parser.cast();
        let part = PartC::default();
        let taken = tierline_rows_part(rows, &part, null(), 0, &NONE, null_mut());
        assert_eq!(taken, TIERLINE_STATE);
        assert_eq!(tierline_rows_abort(rows, &NONE), TIERLINE_STATE);
        assert_eq!(tierline_rows_start(null_mut(), 0.0), TIERLINE_NULL);
    }
}

#[test]
fn parts_that_lie_are_refused() {
    let mut memory = Memory::new(TIERLINE_COMPASS_ROWS_ROOM);
    let log = RefCell::new(Log::new());
    let (sink, mut rows) = (sink(&log), null_mut());
    let (at, room) = (memory.at(), TIERLINE_COMPASS_ROWS_ROOM);
    // SAFETY: memory that is there.
    let made = unsafe { tierline_rows_new(at, room, &tierline_compass_rows, &mut rows) };
    assert_eq!(made, TIERLINE_ITEM);
    let window = [0u8; 64];
    // SAFETY: rows, a part and a window; a sink or none.
    let take = |part: PartC, sink: *const SinkC| unsafe {
        tierline_rows_part(rows, &part, window.as_ptr(), window.len(), sink, null_mut())
    };
    let good = PartC { len: 64, stage: TIERLINE_STAGE_TRACE, kind: 1, ..PartC::default() };
    assert_eq!(take(good, &sink), TIERLINE_ITEM);
    assert_eq!(take(PartC { at: 1, ..good }, &sink), TIERLINE_ARGUMENT);
    assert_eq!(take(PartC { at: usize::MAX, ..good }, &sink), TIERLINE_ARGUMENT);
    assert_eq!(take(PartC { stage: 7, ..good }, &sink), TIERLINE_ARGUMENT);
    assert_eq!(take(good, null()), TIERLINE_NULL);
    // A head that is too short breaks its packet, and this packet only.
    let head = PartC { len: 20, stage: TIERLINE_STAGE_HEAD, ..good };
    assert_eq!(take(head, &sink), TIERLINE_MALFORMED);
    assert_eq!(take(good, &sink), TIERLINE_GARBAGE);
    assert_eq!(take(PartC { last: true, ..good }, &sink), TIERLINE_GARBAGE);
    assert_eq!(take(good, &sink), TIERLINE_ITEM);
    assert_eq!(log.into_inner(), ["abort"]);
    // No function at all.
    assert_eq!(take(PartC { last: true, ..head }, &NONE), TIERLINE_MALFORMED);
    let whole = PartC { last: true, stage: TIERLINE_STAGE_WHOLE, ..good };
    assert_eq!(take(whole, &NONE), TIERLINE_ITEM);
}

#[test]
fn keys_are_written() {
    let (mut out, mut len) = ([0; 8], 0);
    let key = KeyC { id: 1234, ..KeyC::default() };
    // SAFETY: a format, a key and room.
    let mut write = |room| unsafe {
        tierline_key_text(&tierline_compass_rows, &key, out.as_mut_ptr(), room, &mut len)
    };
    assert_eq!(write(3), TIERLINE_ROOM);
    assert_eq!(write(8), TIERLINE_ITEM);
    assert_eq!(&out[..len], b"1234");
}
