//! Where rows go: a struct of functions of the caller's.

use core::ffi::c_void;
use core::fmt::{self, Write};

use tierline_core::field::Value;
use tierline_core::{Error, Key, Kind, Result, Row, RowSink, TableDef, TableId};

use crate::format::FixedText;
use crate::status::Text;
use crate::table::{KeyC, TableC, TableIdC, ValueC};

/// Longest path of a header value, bytes; longer ones end there.
const PATH: usize = 128;

/// What is done with rows. A function that is NULL does nothing. They must not call the rows that call them.
///
/// Many rows may be open at once; all of them are committed or aborted with their packet. Cells that are never put are zero,
/// vectors empty.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SinkC {
    /// Handed to every function.
    pub context: *mut c_void,
    /// Announces a table; not 0: it can't be kept, the stream ends. The same table may come again.
    pub declare: Option<unsafe extern "C" fn(context: *mut c_void, table: *const TableC) -> i32>,
    /// A value of the stream's header: `path` within the header object `table` (empty path: the object itself).
    pub header: Option<
        unsafe extern "C" fn(context: *mut c_void, table: Text, path: Text, value: *const ValueC),
    >,
    /// Asks for another run-time length of a sample slot; answers the length in force.
    pub resize: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            table: TableIdC,
            key: *const KeyC,
            slot: u8,
            samples: u32,
        ) -> u32,
    >,
    /// Opens a row; `row` numbers the rows of a packet from 0.
    pub begin: Option<
        unsafe extern "C" fn(context: *mut c_void, table: TableIdC, key: *const KeyC, row: u32),
    >,
    /// Puts a value into a cell; on a vector column it appends.
    pub put: Option<
        unsafe extern "C" fn(context: *mut c_void, row: u32, column: usize, value: *const ValueC),
    >,
    /// Puts `len` bytes of little-endian 16-bit samples into a cell, the first of them at sample `first`.
    pub samples: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            row: u32,
            column: usize,
            first: u32,
            bytes: *const u8,
            len: usize,
        ),
    >,
    /// Says something the user should know.
    pub notice: Option<unsafe extern "C" fn(context: *mut c_void, what: Text, value: i64)>,
    /// The packet is complete: its rows count.
    pub commit: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// The packet is broken: its rows are forgotten.
    pub abort: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

/// A sink of the caller's, and the number of rows that are open.
pub(crate) struct Calls<'s> {
    pub(crate) sink: &'s SinkC,
    pub(crate) open: u32,
}

impl RowSink for Calls<'_> {
    fn declare(&mut self, table: &TableDef<'_>) -> Result<()> {
        let Some(declare) = self.sink.declare else { return Ok(()) };
        // SAFETY: the caller's function with its own context.
        let answer = unsafe { declare(self.sink.context, &TableC::from(table)) };
        if answer != 0 {
            return Err(Error::new(Kind::Limit, "declare", answer.into(), 0).fatal());
        }
        Ok(())
    }

    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>) {
        let Some(header) = self.sink.header else { return };
        let mut out = [0; PATH];
        let mut text = FixedText { out: &mut out, len: 0 };
        // What does not fit is cut.
        let _ = text.write_fmt(path);
        let path = Text { at: text.out.as_ptr().cast(), len: text.len };
        // SAFETY: the caller's function with its own context.
        unsafe { header(self.sink.context, Text::new(table), path, &ValueC::from(value)) };
    }

    fn resize(&mut self, table: TableId, key: Key, slot: u8, samples: u32) -> u32 {
        let Some(resize) = self.sink.resize else { return samples };
        // SAFETY: the caller's function with its own context.
        unsafe { resize(self.sink.context, table.into(), &KeyC::from(key), slot, samples) }
    }

    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let row = self.open;
        self.open = row.wrapping_add(1);
        if let Some(begin) = self.sink.begin {
            // SAFETY: the caller's function with its own context.
            unsafe { begin(self.sink.context, table.into(), &KeyC::from(key), row) };
        }
        Row(row)
    }

    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        if let Some(put) = self.sink.put {
            // SAFETY: the caller's function with its own context.
            unsafe { put(self.sink.context, row.0, field, &ValueC::from(value)) };
        }
    }

    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        if let Some(samples) = self.sink.samples {
            let (at, len) = (bytes.as_ptr(), bytes.len());
            // SAFETY: the caller's function with its own context.
            unsafe { samples(self.sink.context, row.0, field, first, at, len) };
        }
    }

    fn notice(&mut self, what: &'static str, value: i64) {
        if let Some(notice) = self.sink.notice {
            // SAFETY: the caller's function with its own context.
            unsafe { notice(self.sink.context, Text::new(what), value) };
        }
    }

    fn commit(&mut self) {
        self.open = 0;
        if let Some(commit) = self.sink.commit {
            // SAFETY: the caller's function with its own context.
            unsafe { commit(self.sink.context) };
        }
    }

    fn abort(&mut self) {
        self.open = 0;
        if let Some(abort) = self.sink.abort {
            // SAFETY: the caller's function with its own context.
            unsafe { abort(self.sink.context) };
        }
    }
}
