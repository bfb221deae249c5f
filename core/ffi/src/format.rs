//! The formats. A program that names only one links only that one, and nothing that makes rows if it makes none.

use core::fmt::Write;

use tierline_core::{FrameLimits, Key, Part, Result, Step};
use tierline_core::{assemble, compass::Compass, fcio::Fcio, llama::Llama, orca::Orca};

use crate::document::Node;
use crate::memory::{Checked, answer, bytes, input, output, room};
use crate::parser::{Parser, ParserOf};
use crate::rows::{Rows, RowsOf};
use crate::sink::Calls;
use crate::status::{TIERLINE_ITEM, TIERLINE_ROOM, Text};
use crate::table::KeyC;

/// A format, known by its address: &tierline_compass and the others.
pub struct Format {
    pub(crate) info: &'static tierline_core::FormatInfo,
    pub(crate) parser_size: usize,
    pub(crate) new_parser: unsafe fn(*mut Parser, &'static Format, FrameLimits),
    pub(crate) step: for<'w> unsafe fn(*mut Parser, &'w [u8], bool) -> Result<Step<'w>>,
}

/// What makes rows of a format, known by its address: &tierline_compass_rows and the others.
pub struct RowFormat {
    pub(crate) size: usize,
    write_key: fn(Key, &mut dyn Write) -> core::fmt::Result,
    pub(crate) new: unsafe fn(*mut Rows, &'static RowFormat),
    pub(crate) source: unsafe fn(*mut Rows, f64),
    pub(crate) document: unsafe fn(*mut Rows, &Node, &mut Calls<'_>) -> Result<()>,
    pub(crate) part: unsafe fn(*mut Rows, &Part<'_>, &mut Calls<'_>) -> Result<assemble::Fate>,
    pub(crate) abort: unsafe fn(*mut Rows),
}

impl Format {
    /// A format of core. `room`: the size in the header, bytes, which must do.
    const fn of<F: tierline_core::Format>(room: usize) -> Self {
        assert!(size_of::<ParserOf<F>>() <= room, "TIERLINE_..._PARSER_ROOM is too small");
        assert!(room <= TIERLINE_PARSER_ROOM, "TIERLINE_PARSER_ROOM is too small");
        assert!(align_of::<ParserOf<F>>() <= crate::memory::TIERLINE_ALIGN);
        Self {
            info: &F::INFO,
            parser_size: size_of::<ParserOf<F>>(),
            new_parser: ParserOf::<F>::create,
            step: ParserOf::<F>::step,
        }
    }
}

impl RowFormat {
    /// The rows of a format of core. `room`: the size in the header, bytes, which must do.
    const fn of<F: tierline_core::Format>(room: usize) -> Self {
        assert!(size_of::<RowsOf<F>>() <= room, "TIERLINE_..._ROWS_ROOM is too small");
        assert!(align_of::<RowsOf<F>>() <= crate::memory::TIERLINE_ALIGN);
        Self {
            size: size_of::<RowsOf<F>>(),
            write_key: <F::Assembler as assemble::Assembler>::write_key,
            new: RowsOf::<F>::create,
            source: RowsOf::<F>::source,
            document: RowsOf::<F>::document,
            part: RowsOf::<F>::part,
            abort: RowsOf::<F>::abort,
        }
    }
}

/// Memory for the parser of any format, bytes.
pub const TIERLINE_PARSER_ROOM: usize = 4352;

// A new format is a block here.

/// Memory for an FCIO parser, bytes.
pub const TIERLINE_FCIO_PARSER_ROOM: usize = 192;
/// Memory for the rows of an FCIO stream, bytes.
pub const TIERLINE_FCIO_ROWS_ROOM: usize = 227_328;
/// FCIO, as FlashCam writes it.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_fcio: Format = Format::of::<Fcio>(TIERLINE_FCIO_PARSER_ROOM);
/// Rows of an FCIO stream.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_fcio_rows: RowFormat = RowFormat::of::<Fcio>(TIERLINE_FCIO_ROWS_ROOM);

/// Memory for an ORCA parser, bytes.
pub const TIERLINE_ORCA_PARSER_ROOM: usize = 2816;
/// Memory for the rows of an ORCA stream, bytes.
pub const TIERLINE_ORCA_ROWS_ROOM: usize = 1_993_216;
/// ORCA.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_orca: Format = Format::of::<Orca>(TIERLINE_ORCA_PARSER_ROOM);
/// Rows of an ORCA stream; some need the text header as a document.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_orca_rows: RowFormat = RowFormat::of::<Orca>(TIERLINE_ORCA_ROWS_ROOM);

/// Memory for a LLAMA parser, bytes.
pub const TIERLINE_LLAMA_PARSER_ROOM: usize = 4288;
/// Memory for the rows of a LLAMA stream, bytes.
pub const TIERLINE_LLAMA_ROWS_ROOM: usize = 49_280;
/// LLAMA, as llamaDAQ writes it.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_llama: Format = Format::of::<Llama>(TIERLINE_LLAMA_PARSER_ROOM);
/// Rows of a LLAMA stream.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_llama_rows: RowFormat = RowFormat::of::<Llama>(TIERLINE_LLAMA_ROWS_ROOM);

/// Memory for a CoMPASS parser, bytes.
pub const TIERLINE_COMPASS_PARSER_ROOM: usize = 160;
/// Memory for the rows of a CoMPASS stream, bytes.
pub const TIERLINE_COMPASS_ROWS_ROOM: usize = 192;
/// CoMPASS list mode.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_compass: Format = Format::of::<Compass>(TIERLINE_COMPASS_PARSER_ROOM);
/// Rows of a CoMPASS stream.
#[allow(non_upper_case_globals)]
#[unsafe(no_mangle)]
pub static tierline_compass_rows: RowFormat = RowFormat::of::<Compass>(TIERLINE_COMPASS_ROWS_ROOM);

/// Name of a format, which lives for ever; empty for NULL.
///
/// # Safety
/// `format` is one of the library's, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_format_name(format: *const Format) -> Text {
    // SAFETY: as the caller promises.
    unsafe { format.as_ref() }.map_or(Text::new(""), |format| Text::new(format.info.name))
}

/// Name of a decoder by its number in a part, which lives for ever; empty where there is none.
///
/// # Safety
/// `format` is one of the library's, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_decoder_name(format: *const Format, decoder: u8) -> Text {
    // SAFETY: as the caller promises.
    let format = unsafe { format.as_ref() };
    format.map_or(Text::new(""), |format| Text::new((format.info.decoder_name)(decoder)))
}

/// Whether the first bytes of a stream look like this format: 0 no, 1 perhaps, 2 they carry its mark; below 0 on an error.
///
/// # Safety
/// `format` is one of the library's, or NULL. `len` bytes can be read at `start`, or it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_sniff(
    format: *const Format,
    start: *const u8,
    len: usize,
) -> i32 {
    // SAFETY: as the caller promises.
    let (format, start) = unsafe { (input(format), bytes(start, len)) };
    answer(format.and_then(|format| Ok((format.info.sniff)(start?) as i32)))
}

/// Writes a key as the field writes it, without NUL; `len` becomes the number of bytes.
///
/// TIERLINE_ROOM where it does not fit.
///
/// # Safety
/// `rows` is one of the library's. `room` bytes can be written at `out`. `key` and `len` point to what they say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tierline_key_text(
    rows: *const RowFormat,
    key: *const KeyC,
    out: *mut u8,
    room: usize,
    len: *mut usize,
) -> i32 {
    // SAFETY: as the caller promises.
    answer(unsafe { key_text(rows, key, out, room, len) })
}

/// # Safety
/// As for `tierline_key_text`.
unsafe fn key_text(
    rows: *const RowFormat,
    key: *const KeyC,
    out: *mut u8,
    size: usize,
    len: *mut usize,
) -> Checked<i32> {
    // SAFETY: as the caller promises.
    let (rows, key, out) = unsafe { (input(rows)?, input(key)?, room(out, size, &[])?) };
    let mut text = FixedText { out, len: 0 };
    let key = Key { space: key.space, id: key.id, sub: key.sub };
    let written = (rows.write_key)(key, &mut text);
    // SAFETY: as the caller promises.
    unsafe { output(len, text.len)? };
    written.map(|()| TIERLINE_ITEM).map_err(|_| TIERLINE_ROOM)
}

/// Text in memory of a fixed size; what does not fit is refused as a whole piece.
pub(crate) struct FixedText<'o> {
    pub(crate) out: &'o mut [u8],
    pub(crate) len: usize,
}

impl Write for FixedText<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len.checked_add(text.len()).ok_or(core::fmt::Error)?;
        let room = self.out.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        for (to, from) in room.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        self.len = end;
        Ok(())
    }
}
