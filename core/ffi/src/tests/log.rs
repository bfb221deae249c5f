//! What happens to a stream, as text: the same from C and from Rust.

use std::cell::RefCell;
use std::ffi::c_void;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use std::slice;

use tierline_core::field::Value;
use tierline_core::{Key, Row, RowSink, TableDef, TableId};

use crate::sink::SinkC;
use crate::status::{TIERLINE_ARGUMENT, TIERLINE_ITEM, Text};
use crate::table::{KeyC, TableC, TableIdC, ValueC, tierline_table_column};

pub(super) type Log = Vec<String>;

pub(super) fn text(text: Text) -> String {
    // SAFETY: the library's texts are valid.
    let bytes = unsafe { slice::from_raw_parts(text.at.cast(), text.len) };
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(super) fn say(context: *mut c_void, line: String) {
    // SAFETY: the context of these sinks is a log.
    unsafe { log_of(context) }.borrow_mut().push(line);
}

/// # Safety
/// The context is a log.
pub(super) unsafe fn log_of<'l>(context: *mut c_void) -> &'l RefCell<Log> {
    // SAFETY: as the caller promises.
    unsafe { &*context.cast() }
}

/// Garbage comes as the windows come: what follows one another counts as one.
pub(super) fn garbage(log: &RefCell<Log>, used: usize) {
    let mut log = log.borrow_mut();
    let before = log.last().and_then(|line| line.strip_prefix("garbage ")?.parse().ok());
    if before.is_some() {
        log.pop();
    }
    log.push(format!("garbage {}", before.unwrap_or(0) + used));
}

unsafe extern "C" fn declare(context: *mut c_void, table: *const TableC) -> i32 {
    // SAFETY: a table is handed in.
    let (table, lengths) = unsafe {
        let table = &*table;
        (table, slice::from_raw_parts(table.lengths, table.slots))
    };
    let mut line = format!("declare {} {}", text(table.decoder), table.id.layout);
    for i in 0..table.columns {
        let mut column = MaybeUninit::uninit();
        // SAFETY: the table as it was handed in, and room for a column.
        let column = unsafe {
            assert_eq!(tierline_table_column(table, i, column.as_mut_ptr()), TIERLINE_ITEM);
            column.assume_init()
        };
        line += &format!(" {}/{}/{}", text(column.name), column.size, text(column.units));
    }
    // SAFETY: the table as it was handed in.
    let none = unsafe { tierline_table_column(table, table.columns, null_mut()) };
    assert_eq!(none, TIERLINE_ARGUMENT);
    say(context, format!("{line} {lengths:?}"));
    0
}

fn value(value: &ValueC) -> String {
    // SAFETY: every member of the union is 8 bytes of number; the bytes are valid as long as the value.
    let (number, bytes) =
        unsafe { (value.number.u, slice::from_raw_parts(value.bytes, value.len)) };
    format!("{} {number:x} {} {bytes:x?}", value.dtype, value.label)
}

unsafe extern "C" fn header(context: *mut c_void, table: Text, path: Text, v: *const ValueC) {
    // SAFETY: a value is handed in.
    let v = value(unsafe { &*v });
    say(context, format!("header {} {} {v}", text(table), text(path)));
}

unsafe extern "C" fn resize(
    context: *mut c_void,
    table: TableIdC,
    key: *const KeyC,
    slot: u8,
    samples: u32,
) -> u32 {
    // SAFETY: a key is handed in.
    let key = unsafe { *key };
    say(context, format!("resize {} {} {slot} {samples}", table.layout, key.id));
    samples
}

unsafe extern "C" fn begin(context: *mut c_void, table: TableIdC, key: *const KeyC, row: u32) {
    // SAFETY: a key is handed in.
    let key = unsafe { *key };
    say(context, format!("begin {}.{} {} {row}", table.layout, table.list, key.id));
}

unsafe extern "C" fn put(context: *mut c_void, row: u32, column: usize, v: *const ValueC) {
    // SAFETY: a value is handed in.
    let v = value(unsafe { &*v });
    say(context, format!("put {row} {column} {v}"));
}

unsafe extern "C" fn samples(
    context: *mut c_void,
    row: u32,
    column: usize,
    first: u32,
    at: *const u8,
    len: usize,
) {
    // SAFETY: bytes are handed in.
    let bytes = unsafe { slice::from_raw_parts(at, len) };
    say(context, format!("samples {row} {column} {first} {bytes:x?}"));
}

unsafe extern "C" fn notice(context: *mut c_void, what: Text, value: i64) {
    say(context, format!("notice {} {value}", text(what)));
}

unsafe extern "C" fn commit(context: *mut c_void) {
    say(context, "commit".into());
}

unsafe extern "C" fn abort(context: *mut c_void) {
    say(context, "abort".into());
}

pub(super) fn sink(log: &RefCell<Log>) -> SinkC {
    SinkC {
        context: std::ptr::from_ref(log).cast_mut().cast(),
        declare: Some(declare),
        header: Some(header),
        resize: Some(resize),
        begin: Some(begin),
        put: Some(put),
        samples: Some(samples),
        notice: Some(notice),
        commit: Some(commit),
        abort: Some(abort),
    }
}

/// The same in Rust, with the number of rows of the packet.
pub(super) struct RustSink<'l>(pub(super) &'l RefCell<Log>, pub(super) u32);

impl RustSink<'_> {
    pub(super) fn say(&self, line: String) {
        self.0.borrow_mut().push(line);
    }
}

impl RowSink for RustSink<'_> {
    fn declare(&mut self, table: &TableDef<'_>) -> tierline_core::Result<()> {
        let mut line = format!("declare {} {}", table.decoder, table.id.layout);
        for field in table.fields {
            line += &format!(" {}/{}/{}", field.name, field.dtype.size(), field.units);
        }
        self.say(format!("{line} {:?}", table.lengths));
        Ok(())
    }
    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, v: Value<'_>) {
        self.say(format!("header {table} {path} {}", value(&v.into())));
    }
    fn resize(&mut self, table: TableId, key: Key, slot: u8, samples: u32) -> u32 {
        self.say(format!("resize {} {} {slot} {samples}", table.layout, key.id));
        samples
    }
    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let row = self.1;
        self.1 += 1;
        self.say(format!("begin {}.{} {} {row}", table.layout, table.list, key.id));
        Row(row)
    }
    fn put(&mut self, row: Row, field: usize, v: Value<'_>) {
        self.say(format!("put {} {field} {}", row.0, value(&v.into())));
    }
    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        self.say(format!("samples {} {field} {first} {bytes:x?}", row.0));
    }
    fn notice(&mut self, what: &'static str, value: i64) {
        self.say(format!("notice {what} {value}"));
    }
    fn commit(&mut self) {
        self.1 = 0;
        self.say("commit".into());
    }
    fn abort(&mut self) {
        self.1 = 0;
        self.say("abort".into());
    }
}
