//! Calls of cfitsio: files in memory, so that it opens nothing and interprets no names.

use std::ffi::{CString, c_char, c_int, c_long, c_void};
use std::ptr;

use fitsio_sys as sys;

/// A new file begins with one block.
const FIRST: usize = 2880;
/// Memory grows by at least this.
const GROWTH: usize = 1 << 20;
/// Room that cfitsio wants for a card or a message.
const TEXT: usize = 161;

/// cfitsio's message.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// Codes of pixel and column types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Type {
    U8 = 11,
    I8 = 12,
    Logical = 14,
    U16 = 20,
    I16 = 21,
    U32 = 30,
    I32 = 31,
    F32 = 42,
    I64 = 81,
    F64 = 82,
    C32 = 83,
    C64 = 163,
}

/// Ways to pack tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Packing {
    None = 0,
    Rice = 11,
    Gzip = 22,
}

/// Numbers that cfitsio takes as they are in memory.
///
/// # Safety
/// `TYPE` is that of cfitsio with the same size and meaning, for which every bit pattern is a value.
pub(crate) unsafe trait Number: Copy + Default {
    const TYPE: Type;
}

macro_rules! numbers {
    ($($rust:ty => $code:ident),*) => {$(
        // SAFETY: the two types have the same layout and no forbidden bits.
        unsafe impl Number for $rust {
            const TYPE: Type = Type::$code;
        }
    )*};
}
numbers!(u8 => U8, i8 => I8, u16 => U16, i16 => I16, u32 => U32, i32 => I32, i64 => I64, f32 => F32, f64 => F64,
    [f32; 2] => C32, [f64; 2] => C64);

/// The memory of a file; cfitsio keeps pointers to both fields.
struct Buffer {
    start: *mut c_void,
    size: usize,
}

/// Bytes before the memory, which hold its size.
const PREFIX: usize = 16;

/// More memory, cleared: cfitsio reads what it has not written.
///
/// # Safety
/// The memory is null or from here.
unsafe extern "C" fn resize(old: *mut c_void, size: usize) -> *mut c_void {
    let Some(whole) = size.checked_add(PREFIX) else { return ptr::null_mut() };
    let (base, before) = if old.is_null() {
        (ptr::null_mut(), 0)
    } else {
        // SAFETY: the size is stored in the prefix, which is aligned as memory of malloc is.
        unsafe {
            let base = old.byte_sub(PREFIX);
            (base, *base.cast::<usize>())
        }
    };
    // SAFETY: the base is null or from realloc; the memory is as large as it is used here.
    unsafe {
        let base = libc::realloc(base, whole);
        if base.is_null() {
            return base;
        }
        *base.cast::<usize>() = size;
        let start = base.byte_add(PREFIX);
        if size > before {
            ptr::write_bytes(start.cast::<u8>().add(before), 0, size - before);
        }
        start
    }
}

/// Gives memory back.
///
/// # Safety
/// The memory is null or from [`resize`], and not used again.
unsafe fn release(start: *mut c_void) {
    if !start.is_null() {
        // SAFETY: the prefix lies before it.
        unsafe { libc::free(start.byte_sub(PREFIX)) };
    }
}

/// A file in memory.
pub(crate) struct MemoryFile {
    file: *mut sys::fitsfile,
    buffer: Box<Buffer>,
    /// What is read; empty for a file being written, whose memory is cfitsio's.
    read: Vec<u8>,
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if !self.file.is_null() {
            let mut status = 0;
            // SAFETY: the file is open, as its pointer is set to null where it is closed.
            unsafe { sys::ffclos(self.file, &mut status) };
        }
        if self.read.is_empty() {
            // SAFETY: the memory is from `resize`, and the file that used it is closed.
            unsafe { release(self.buffer.start) };
        }
        clear_messages();
    }
}

impl MemoryFile {
    /// A new file.
    pub(crate) fn create() -> Result<Self> {
        // SAFETY: null means new memory.
        let start = unsafe { resize(ptr::null_mut(), FIRST) };
        if start.is_null() {
            return Err("no memory".into());
        }
        let buffer = Box::new(Buffer { start, size: FIRST });
        let mut new = MemoryFile { file: ptr::null_mut(), buffer, read: Vec::new() };
        let Buffer { start, size } = &mut *new.buffer;
        // SAFETY: both fields stay where they are in their box until the file is closed; the memory is from `resize`.
        call(|status| unsafe {
            sys::ffimem(&mut new.file, start, size, GROWTH, Some(resize), status)
        })?;
        Ok(new)
    }

    /// A file that is in memory.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Self> {
        if bytes.is_empty() {
            return Err("no bytes".into());
        }
        let buffer = Box::new(Buffer { start: ptr::null_mut(), size: bytes.len() });
        let mut new = MemoryFile { file: ptr::null_mut(), buffer, read: bytes };
        new.buffer.start = new.read.as_mut_ptr().cast();
        let Buffer { start, size } = &mut *new.buffer;
        // SAFETY: both fields and the bytes stay where they are until the file is closed; it is opened for reading only (0), so that
        // the memory is never reallocated.
        call(|status| unsafe {
            sys::ffomem(&mut new.file, c"".as_ptr(), 0, start, size, 0, None, status)
        })?;
        Ok(new)
    }

    /// Goes to an HDU, from 0.
    pub(crate) fn go(&mut self, number: usize) -> Result<()> {
        let number = c_int::try_from(number + 1).map_err(|_| "too many HDUs".to_owned())?;
        // SAFETY: the file is open; a null type is allowed.
        call(|status| unsafe { sys::ffmahd(self.file, number, ptr::null_mut(), status) })
    }

    /// The code of a type that holds the pixels after scaling, as `BITPIX` with 10, 20, 40 and 80 for shifted ones.
    pub(crate) fn pixel_type(&mut self) -> Result<i32> {
        let mut found = 0;
        // SAFETY: the file is open.
        call(|status| unsafe { sys::ffgiet(self.file, &mut found, status) })?;
        Ok(found)
    }

    /// All pixels of an image of `count`, blank ones as `null` where it is given.
    pub(crate) fn pixels<T: Number>(&mut self, count: usize, null: Option<T>) -> Result<Vec<T>> {
        let mut values = vec![T::default(); count];
        let mut null = null;
        let null = null.as_mut().map_or(ptr::null_mut(), |null| ptr::from_mut(null).cast());
        let array = values.as_mut_ptr().cast();
        // SAFETY: the array has room for `count` values of the type of the code; a null `null` means none.
        call(|status| unsafe {
            let kind = T::TYPE as c_int;
            sys::ffgpv(self.file, kind, 1, count as i64, null, array, ptr::null_mut(), status)
        })?;
        Ok(values)
    }

    /// Appends an image; `bitpix` is 10, 20 or 40 for shifted ones, the shape in the file's order.
    pub(crate) fn create_image(
        &mut self,
        bitpix: i32,
        shape: &[i64],
        packing: Packing,
    ) -> Result<()> {
        let mut shape = shape.to_vec();
        let axes = c_int::try_from(shape.len()).map_err(|_| "too many axes".to_owned())?;
        // SAFETY: the file is open; the shape has as many numbers as it is said to have.
        call(|status| unsafe {
            sys::fits_set_compression_type(self.file, packing as c_int, status);
            // No quantisation: all bits of real numbers are kept.
            sys::fits_set_quantize_level(self.file, 9999.0, status);
            sys::ffcrimll(self.file, bitpix, axes, shape.as_mut_ptr(), status)
        })
    }

    /// Writes all pixels of the image.
    pub(crate) fn write_pixels<T: Number>(&mut self, values: &[T]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let array = values.as_ptr().cast_mut().cast();
        // SAFETY: the array has that many values of the type of the code, and is only read.
        call(|status| unsafe {
            sys::ffppr(self.file, T::TYPE as c_int, 1, values.len() as i64, array, status)
        })
    }

    /// Appends a table; columns as name, form and unit.
    pub(crate) fn create_table(
        &mut self,
        rows: usize,
        columns: &[[String; 3]],
        name: &str,
    ) -> Result<()> {
        let texts =
            |at: usize| columns.iter().map(|c| c_string(&c[at])).collect::<Result<Vec<_>>>();
        let texts = [texts(0)?, texts(1)?, texts(2)?];
        let mut pointers = texts.each_ref().map(|texts| {
            texts.iter().map(|text| text.as_ptr().cast_mut()).collect::<Vec<*mut c_char>>()
        });
        let name = c_string(name)?;
        let count = c_int::try_from(columns.len()).map_err(|_| "too many columns".to_owned())?;
        let [names, forms, units] = &mut pointers;
        // SAFETY: three arrays of `count` strings, that live until the end and are only read. 2: a binary table.
        call(|status| unsafe {
            sys::ffcrtb(
                self.file,
                2,
                rows as i64,
                count,
                names.as_mut_ptr(),
                forms.as_mut_ptr(),
                units.as_mut_ptr(),
                name.as_ptr(),
                status,
            )
        })
    }

    /// Writes the bytes of whole rows from the first on.
    pub(crate) fn write_rows(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let (start, count) = (bytes.as_ptr().cast_mut(), bytes.len() as i64);
        // SAFETY: the array has that many bytes, and is only read.
        call(|status| unsafe { sys::ffptbb(self.file, 1, 1, count, start, status) })
    }

    /// Writes a cell of numbers into the heap; column and row from 0.
    pub(crate) fn write_cell<T: Number>(
        &mut self,
        column: usize,
        row: usize,
        values: &[T],
    ) -> Result<()> {
        self.write_cell_as(T::TYPE, column, row, values)
    }

    /// Writes a cell of logicals into the heap.
    pub(crate) fn write_logicals(
        &mut self,
        column: usize,
        row: usize,
        values: &[bool],
    ) -> Result<()> {
        let values: Vec<u8> = values.iter().map(|value| u8::from(*value)).collect();
        self.write_cell_as(Type::Logical, column, row, &values)
    }

    fn write_cell_as<T>(
        &mut self,
        kind: Type,
        column: usize,
        row: usize,
        values: &[T],
    ) -> Result<()> {
        let (column, row, count) = (column as c_int + 1, row as i64 + 1, values.len() as i64);
        let array = values.as_ptr().cast_mut().cast();
        // SAFETY: the array has that many values of the type of the code (a byte for logicals), and is only read.
        call(|status| unsafe {
            sys::ffpcl(self.file, kind as c_int, column, row, 1, count, array, status)
        })
    }

    /// Writes a cell of bits into the heap.
    pub(crate) fn write_bits(&mut self, column: usize, row: usize, values: &[bool]) -> Result<()> {
        let mut bits: Vec<c_char> = values.iter().map(|value| *value as c_char).collect();
        let (column, row, count) = (column as c_int + 1, row as i64 + 1, values.len() as c_long);
        // SAFETY: the array has that many bytes, one per bit.
        call(|status| unsafe {
            sys::ffpclx(self.file, column, row, 1, count, bits.as_mut_ptr(), status)
        })
    }

    /// Writes a string into the heap.
    pub(crate) fn write_text(&mut self, column: usize, row: usize, text: &str) -> Result<()> {
        let text = c_string(text)?;
        let mut text = text.as_ptr().cast_mut();
        let (column, row) = (column as c_int + 1, row as i64 + 1);
        // SAFETY: an array of one string, which is only read.
        call(|status| unsafe { sys::ffpcls(self.file, column, row, 1, 1, &mut text, status) })
    }

    /// Appends a card of a key and a value as it is to be in the file.
    pub(crate) fn write_value(&mut self, key: &str, value: &str, comment: &str) -> Result<()> {
        let (key, comment) = (c_string(key)?, c_string(comment)?);
        let mut value = c_string(value)?.into_bytes_with_nul();
        let mut card = [0 as c_char; TEXT];
        // SAFETY: all texts end with a null byte; keys and values have been compared with what a card can have, which is less than
        // the room for the card.
        call(|status| unsafe {
            let value = value.as_mut_ptr().cast();
            sys::ffmkky(key.as_ptr(), value, comment.as_ptr(), card.as_mut_ptr(), status);
            sys::ffprec(self.file, card.as_ptr(), status)
        })
    }

    /// Appends a card of a string, continued over several cards if it is long.
    pub(crate) fn write_string(&mut self, key: &str, value: &str, comment: &str) -> Result<()> {
        let (key, value, comment) = (c_string(key)?, c_string(value)?, c_string(comment)?);
        // SAFETY: all texts end with a null byte.
        call(|status| unsafe {
            sys::ffpkls(self.file, key.as_ptr(), value.as_ptr(), comment.as_ptr(), status)
        })
    }

    /// Sets a card of a short string, in its place if it is there.
    pub(crate) fn set_string(&mut self, key: &str, value: &str, comment: &str) -> Result<()> {
        let (key, value, comment) = (c_string(key)?, c_string(value)?, c_string(comment)?);
        // SAFETY: all texts end with a null byte.
        call(|status| unsafe {
            sys::ffukys(self.file, key.as_ptr(), value.as_ptr(), comment.as_ptr(), status)
        })
    }

    /// Appends a card as it is.
    pub(crate) fn write_record(&mut self, record: &str) -> Result<()> {
        let record = c_string(record)?;
        // SAFETY: the text ends with a null byte.
        call(|status| unsafe { sys::ffprec(self.file, record.as_ptr(), status) })
    }

    /// Removes the cards of a key, if there are any.
    pub(crate) fn remove(&mut self, key: &str) -> Result<()> {
        /// No such keyword.
        const ABSENT: c_int = 202;
        let key = c_string(key)?;
        loop {
            let mut status = 0;
            // SAFETY: the text ends with a null byte.
            unsafe { sys::ffdkey(self.file, key.as_ptr(), &mut status) };
            if status == ABSENT {
                clear_messages();
                return Ok(());
            }
            outcome(status)?;
        }
    }

    /// Completes the file: its bytes.
    pub(crate) fn finish(mut self, hdus: usize) -> Result<Vec<u8>> {
        self.go(hdus.saturating_sub(1))?;
        let mut end = 0;
        // SAFETY: the file is open; null addresses are allowed for what is not wanted.
        call(|status| unsafe {
            sys::ffflus(self.file, status);
            sys::ffghadll(self.file, ptr::null_mut(), ptr::null_mut(), &mut end, status)
        })?;
        let file = std::mem::replace(&mut self.file, ptr::null_mut());
        // SAFETY: the file is open, and not used again.
        call(|status| unsafe { sys::ffclos(file, status) })?;
        let end = usize::try_from(end).ok().filter(|end| *end <= self.buffer.size);
        let end = end.ok_or_else(|| "the file is larger than its memory".to_owned())?;
        // SAFETY: the memory has at least that many bytes, which `resize` has cleared and cfitsio has written up to the file's end.
        Ok(unsafe { std::slice::from_raw_parts(self.buffer.start.cast::<u8>(), end) }.to_vec())
    }
}

/// A sum as letters, its complement.
pub(crate) fn encode(sum: u64) -> String {
    let mut text = [0 as c_char; 17];
    // SAFETY: there is room for 16 letters and a null byte.
    unsafe { sys::ffesum(sum, 1, text.as_mut_ptr()) };
    string(&text)
}

fn c_string(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| format!("a null byte in {text:?}"))
}

fn string(bytes: &[c_char]) -> String {
    bytes.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte as u8)).collect()
}

fn call(run: impl FnOnce(&mut c_int) -> c_int) -> Result<()> {
    let mut status = 0;
    run(&mut status);
    outcome(status)
}

fn outcome(status: c_int) -> Result<()> {
    if status <= 0 {
        return Ok(());
    }
    let (mut error, mut message) = ([0 as c_char; TEXT], [0 as c_char; TEXT]);
    // SAFETY: there is room for the 30 and 80 letters that these have at most.
    unsafe {
        sys::ffgerr(status, error.as_mut_ptr());
        sys::ffgmsg(message.as_mut_ptr());
    }
    clear_messages();
    let (error, message) = (string(&error), string(&message));
    let message = message.trim();
    let more = if message.is_empty() { String::new() } else { format!(" ({message})") };
    Err(format!("cfitsio: {error}{more}"))
}

fn clear_messages() {
    // SAFETY: has no conditions.
    unsafe { sys::ffcmsg() };
}
