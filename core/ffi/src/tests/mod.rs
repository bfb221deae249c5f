//! The functions as C calls them.

mod calls;
mod codec;
mod document;
mod drive;
mod front_end;
mod log;

use std::ffi::c_void;

use tierline_core::compass::Compass;
use tierline_firmware_sim::emit::{EXAMPLES, compass};

use crate::format::*;
use drive::{c, rust, rust_of};
use log::text;

const FORMATS: [&Format; 4] = [&tierline_fcio, &tierline_orca, &tierline_llama, &tierline_compass];
const ROWS: [&RowFormat; 4] =
    [&tierline_fcio_rows, &tierline_orca_rows, &tierline_llama_rows, &tierline_compass_rows];

/// Aligned memory, in which nothing may rely on zeros.
struct Memory(Vec<u64>);

impl Memory {
    fn new(bytes: usize) -> Self {
        Memory(vec![0xa5a5_a5a5_a5a5_a5a5; bytes.div_ceil(8)])
    }

    fn at(&mut self) -> *mut c_void {
        self.0.as_mut_ptr().cast()
    }
}

fn format_of(stream_type: &str) -> &'static Format {
    FORMATS.into_iter().find(|format| format.info.stream_type == stream_type).unwrap()
}

fn rows_of(format: &Format) -> &'static RowFormat {
    let i = FORMATS.iter().position(|other| std::ptr::eq(*other, format)).unwrap();
    ROWS[i]
}

#[test]
fn every_format_is_there() {
    // SAFETY: formats of the library.
    let names = FORMATS.map(|format| text(unsafe { tierline_format_name(format) }));
    let core: Vec<&str> = tierline_core::FORMATS.iter().map(|info| info.name).collect();
    assert_eq!(names[..], core);
    for example in EXAMPLES {
        let stream = (example.make)(1, 3);
        for format in FORMATS {
            // SAFETY: a format of the library, and bytes.
            let sure = unsafe { tierline_sniff(format, stream.as_ptr(), stream.len().min(4096)) };
            assert_eq!(sure > 0, format.info.stream_type == example.stream_type, "{example:?}");
        }
    }
    // SAFETY: a format of the library.
    let name = unsafe { tierline_decoder_name(&tierline_compass, 1) };
    assert_eq!(text(name), "CompassEventDecoder");
}

#[test]
fn the_sizes_in_the_header_are_not_wasteful() {
    let rooms = [
        (TIERLINE_FCIO_PARSER_ROOM, TIERLINE_FCIO_ROWS_ROOM),
        (TIERLINE_ORCA_PARSER_ROOM, TIERLINE_ORCA_ROWS_ROOM),
        (TIERLINE_LLAMA_PARSER_ROOM, TIERLINE_LLAMA_ROWS_ROOM),
        (TIERLINE_COMPASS_PARSER_ROOM, TIERLINE_COMPASS_ROWS_ROOM),
    ];
    for (i, (parser, rows)) in rooms.into_iter().enumerate() {
        let format = FORMATS[i];
        for (room, size) in [(parser, format.parser_size), (rows, ROWS[i].size)] {
            assert!((size..size + 128).contains(&room), "{}: {size}, {room}", format.info.name);
        }
    }
}

/// Making ORCA's rows takes more stack than a test has.
fn with_stack(test: fn()) {
    std::thread::Builder::new().stack_size(16 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn c_sees_what_rust_sees() {
    with_stack(|| {
        for example in EXAMPLES {
            let stream = (example.make)(1, 5);
            let format = format_of(example.stream_type);
            let want = rust_of(format, &stream);
            let has = |what: &str| want.iter().any(|line| line.starts_with(what));
            assert!(has("Part") && has("begin"), "{example:?}");
            for size in [stream.len(), 1, 7, 64, 4096] {
                let got = c(format, stream.chunks(size));
                assert!(got == want, "{} in pieces of {size}", example.name);
            }
        }
    });
}

#[test]
fn every_split_and_every_cut_of_a_stream() {
    let emitter = compass::Emitter { seed: 1, samples: 20, ..compass::Emitter::default() };
    let stream = emitter.run(3);
    let want = rust::<Compass>(&stream);
    for split in 0..=stream.len() {
        let (first, second) = stream.split_at(split);
        assert!(c(&tierline_compass, [first, second].into_iter()) == want, "split at {split}");
        let cut = c(&tierline_compass, [first].into_iter());
        assert_eq!(cut, rust::<Compass>(first), "cut at {split}");
    }
}

#[test]
fn damaged_streams_answer_alike() {
    for example in EXAMPLES.iter().filter(|example| example.stream_type != "ORCA") {
        let stream = (example.make)(1, 2);
        let format = format_of(example.stream_type);
        for i in 0..200 {
            let mut damaged = stream.clone();
            let at = i * (stream.len() - 1) / 199;
            damaged[at] ^= 0xff;
            let (got, want) = (c(format, damaged.chunks(1024)), rust_of(format, &damaged));
            let first = got.iter().zip(&want).find(|(got, want)| got != want);
            assert!(got == want, "{} at {at}: {first:?}", example.name);
        }
    }
}
