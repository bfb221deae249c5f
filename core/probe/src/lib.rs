//! Every framer, assembler, sample codec and buffer of the core behind C functions, over bytes and a sink that the optimiser can't see through.
//!
//! `tests/no_panic.sh` links this with LTO and looks for panicking symbols in what is left.
#![no_std]

#[cfg(target_has_atomic = "ptr")]
mod front_end;
mod records;

use core::fmt;
#[cfg(target_has_atomic = "ptr")]
use core::mem::MaybeUninit;

use tierline_core::field::Value;
#[cfg(target_has_atomic = "ptr")]
use tierline_core::ring::{Consumer, Producer, RecordRing};
use tierline_core::{
    Assembler, Codec, Format, FrameLimits, Framer, History, Key, Node, Predictor, Result, Row, RowSink,
    SlideBuffer, Source, Step, TableDef, TableId,
};

unsafe extern "C" {
    fn probe_value(what: u32, a: u64, b: u64) -> u64;
    fn probe_bytes(at: *const u8, len: usize);
    fn probe_text(len: *mut usize) -> *const u8;
    fn probe_panicked() -> !;
}

fn value(what: u32, a: u64, b: u64) -> u64 {
    // SAFETY: the linker's user gives a function of numbers.
    unsafe { probe_value(what, a, b) }
}

fn bytes(bytes: &[u8]) {
    // SAFETY: pointer and length are of one slice.
    unsafe { probe_bytes(bytes.as_ptr(), bytes.len()) }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: never returns.
    unsafe { probe_panicked() }
}

struct Sink;

fn number(value_: &Value<'_>) -> u64 {
    match *value_ {
        Value::Bool(v) => v.into(),
        Value::U8(v) => v.into(),
        Value::U16(v) => v.into(),
        Value::U32(v) => v.into(),
        Value::U64(v) => v,
        Value::I32(v) => v as u64,
        Value::I64(v) => v as u64,
        Value::F32(v) => v.to_bits().into(),
        Value::F64(v) => v.to_bits(),
        Value::Array(_, b) | Value::Label(_, b) => {
            bytes(b);
            1
        }
        Value::Text(t) => {
            bytes(t.as_bytes());
            2
        }
        Value::Struct | Value::Document => 3,
    }
}

impl RowSink for Sink {
    fn declare(&mut self, table: &TableDef<'_>) -> Result<()> {
        value(0, table.id.layout.into(), table.lengths.len() as u64);
        bytes(table.decoder.as_bytes());
        Ok(())
    }
    fn header(&mut self, table: &'static str, _: fmt::Arguments<'_>, v: Value<'_>) {
        bytes(table.as_bytes());
        value(1, number(&v), 0);
    }
    fn resize(&mut self, table: TableId, key: Key, _: u8, samples: u32) -> u32 {
        value(2, key.id ^ u64::from(table.list), samples.into()) as u32
    }
    fn begin(&mut self, table: TableId, key: Key) -> Row {
        Row(value(3, table.layout.into(), key.id) as u32)
    }
    fn put(&mut self, row: Row, field: usize, v: Value<'_>) {
        let v = number(&v);
        value(4, u64::from(row.0) << 32 | field as u64, v);
    }
    fn samples(&mut self, row: Row, field: usize, first: u32, samples: &[u8]) {
        value(5, u64::from(row.0) << 32 | field as u64, first.into());
        bytes(samples);
    }
    fn notice(&mut self, what: &'static str, v: i64) {
        bytes(what.as_bytes());
        value(6, v as u64, 0);
    }
    fn commit(&mut self) {
        value(7, 0, 0);
    }
    fn abort(&mut self) {
        value(8, 0, 0);
    }
}

/// A document of which nothing is known.
struct Opaque;

static OPAQUE: Opaque = Opaque;

impl Node for Opaque {
    fn get(&self, name: &str) -> Option<&Self> {
        bytes(name.as_bytes());
        (value(9, 0, 0) == 1).then_some(&OPAQUE)
    }
    fn child(&self, i: usize) -> Option<(&str, &Self)> {
        let name = self.text()?;
        (value(10, i as u64, 0) == 1).then_some((name, &OPAQUE))
    }
    fn text(&self) -> Option<&str> {
        let mut len = 0;
        // SAFETY: pointer and length of bytes that live for ever.
        let text = unsafe {
            let at = probe_text(&mut len);
            core::slice::from_raw_parts(at, len)
        };
        core::str::from_utf8(text).ok()
    }
    fn int(&self) -> Option<i64> {
        Some(value(11, 0, 0) as i64)
    }
}

/// One step of a framer, and what the assembler makes of it.
fn step<F: Format>(framer: &mut F::Framer, assembler: &mut F::Assembler, window: &[u8]) -> usize {
    match framer.step(window, value(12, 0, 0) == 1) {
        Ok(Step::Part { used, part }) => {
            if assembler.part(&part, &mut Sink).is_err() {
                assembler.abort();
            }
            used
        }
        Ok(Step::Garbage { used, error, abort }) => {
            value(13, error.offset, u64::from(abort));
            used
        }
        Ok(Step::Need(n)) => n,
        Ok(Step::End) => 0,
        Err(error) => error.offset as usize,
    }
}

/// # Safety
/// `at` and `len` are of one slice; framer and assembler are initialised and not shared.
unsafe fn run<F: Format>(
    framer: *mut F::Framer,
    assembler: *mut F::Assembler,
    at: *const u8,
    len: usize,
) -> usize {
    // SAFETY: as the caller promises.
    let (window, framer, assembler) =
        unsafe { (core::slice::from_raw_parts(at, len), &mut *framer, &mut *assembler) };
    assembler.source(Source { start: Some(value(14, 0, 0) as f64) });
    if assembler.document(&Opaque, &mut Sink).is_err() {
        return 0;
    }
    let mut key = Text;
    let _ = F::Assembler::write_key(
        Key { space: value(15, 0, 0) as u8, id: value(15, 1, 0), sub: value(15, 2, 0) as u32 },
        &mut key,
    );
    value(16, (F::INFO.sniff)(window) as u64, 0);
    bytes((F::INFO.kind_name)(value(17, 0, 0) as u32).as_bytes());
    bytes((F::INFO.decoder_name)(value(18, 0, 0) as u8).as_bytes());
    if value(32, 0, 0) == 1 {
        framer.jump(value(33, 0, 0), value(33, 1, 0));
        value(34, assembler.history(&mut Words).into(), 0);
        value(35, F::Assembler::configures(value(35, 0, 0) as u8).into(), 0);
    }
    step::<F>(framer, assembler, window)
}

/// A history of which nothing is known.
struct Words;

impl History for Words {
    fn word(&mut self, word: &mut i64) {
        *word = value(36, *word as u64, 0) as i64;
    }
}

struct Text;

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        bytes(text.as_bytes());
        Ok(())
    }
}

macro_rules! probe {
    ($($new:ident $run:ident $format:ty),* $(,)?) => {$(
        /// Initialises framer and assembler.
        ///
        /// # Safety
        /// Both point to enough room.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $new(
            framer: *mut <$format as Format>::Framer,
            assembler: *mut <$format as Format>::Assembler,
        ) {
            let limits = FrameLimits {
                piece: value(19, 0, 0) as usize,
                window: value(19, 1, 0) as usize,
            };
            // SAFETY: as the caller promises.
            unsafe {
                framer.write(<$format as Format>::framer(limits));
                assembler.write(<$format as Format>::assembler());
            }
        }

        /// One step.
        ///
        /// # Safety
        /// As for `run`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $run(
            framer: *mut <$format as Format>::Framer,
            assembler: *mut <$format as Format>::Assembler,
            at: *const u8,
            len: usize,
        ) -> usize {
            // SAFETY: as the caller promises.
            unsafe { run::<$format>(framer, assembler, at, len) }
        }
    )*};
}

// A new format is a line here too.
probe! {
    probe_fcio_new probe_fcio tierline_core::fcio::Fcio,
    probe_orca_new probe_orca tierline_core::orca::Orca,
    probe_llama_new probe_llama tierline_core::llama::Llama,
    probe_compass_new probe_compass tierline_core::compass::Compass,
}

/// Encodes a piece of samples, raw where that is shorter; returns the length.
///
/// # Safety
/// Pointers and lengths are of slices that do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_encode(
    at: *const u8,
    len: usize,
    out: *mut u8,
    room: usize,
    predictor: &mut Predictor,
) -> usize {
    // SAFETY: as the caller promises.
    let (samples, out) = unsafe {
        (core::slice::from_raw_parts(at, len), core::slice::from_raw_parts_mut(out, room))
    };
    let codec = Codec::from_id(value(20, 0, 0) as u8).unwrap_or(Codec::Rice32);
    let Some((codec, len)) = codec.encode_or_raw(samples, predictor, out) else { return 0 };
    value(21, codec.id().into(), 0);
    len
}

/// Decodes a piece of samples; 0 where it holds them.
///
/// # Safety
/// As for `probe_encode`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_decode(
    at: *const u8,
    len: usize,
    out: *mut u8,
    room: usize,
    predictor: &mut Predictor,
) -> u8 {
    // SAFETY: as the caller promises.
    let (bytes, out) = unsafe {
        (core::slice::from_raw_parts(at, len), core::slice::from_raw_parts_mut(out, room))
    };
    let Some(codec) = Codec::from_id(value(22, 0, 0) as u8) else { return 9 };
    let answer = codec.decode(bytes, value(23, 0, 0) as usize, predictor, out);
    answer.map_or_else(|error| error.kind as u8, |()| 0)
}

/// Moves a stream through the window of a parser.
#[unsafe(no_mangle)]
pub extern "C" fn probe_slide(buffer: &mut SlideBuffer<4096>) {
    bytes(buffer.free_mut());
    buffer.advance(value(24, 0, 0) as usize);
    bytes(buffer.data());
    buffer.consume(value(25, 0, 0) as usize);
}

/// Makes a record and sends one; splits the ring first where it can.
///
/// # Safety
/// The ends are initialised by it.
#[cfg(target_has_atomic = "ptr")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn probe_ring(
    ring: &'static RecordRing<4096>,
    producer: &mut MaybeUninit<Producer<'static, 4096>>,
    consumer: &mut MaybeUninit<Consumer<'static, 4096>>,
) {
    if let Some((made, sent)) = ring.split() {
        producer.write(made);
        consumer.write(sent);
    }
    // SAFETY: as the caller promises.
    let (producer, consumer) = unsafe { (producer.assume_init_mut(), consumer.assume_init_mut()) };
    if let Ok(mut grant) = producer.grant(value(26, 0, 0) as usize) {
        bytes(grant.bytes_mut());
        grant.commit(value(27, 0, 0) as usize);
    }
    if let Some(grant) = producer.grant_gap() {
        grant.abort();
    }
    if let Some(mut grant) = producer.grant_status() {
        bytes(grant.bytes_mut());
        grant.commit(value(28, 0, 0) as usize);
    }
    value(29, producer.has_room(value(30, 0, 0) as usize).into(), producer.counters().refused);
    if let Some(mut record) = consumer.read() {
        bytes(record.bytes_mut());
        bytes(record.bytes());
        if value(31, 0, 0) == 1 {
            record.release();
        }
    }
}

/// An index that can panic.
#[cfg(feature = "prove")]
#[unsafe(no_mangle)]
pub extern "C" fn probe_prove(i: usize) -> u32 {
    [1u32, 2, 3][i]
}
