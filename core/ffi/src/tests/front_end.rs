//! What front ends in C and in Rust send is the same, byte by byte.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;

use tierline_core::front_end::Progress;
use tierline_core::link::{Framing, crc32, frame};
use tierline_core::record::{Hello, Record};
use tierline_core::{
    Codec, FrameLimits, SlideBuffer, compass::Compass, fcio::Fcio, llama::Llama, orca::Orca,
};
use tierline_firmware_sim::emit::EXAMPLES;

use super::{Memory, format_of, with_stack};
use crate::codec::TIERLINE_CODEC_RICE32;
use crate::format::Format;
use crate::front_end::*;
use crate::link::*;
use crate::parser::tierline_parser_new;
use crate::status::*;

const LIMITS: FrameLimits = FrameLimits { piece: 1000, window: 60_000 };
const LONGEST: usize = 2048;

/// Bytes on the link, and room for the next record; every so many records there is none.
struct Wire {
    sent: Vec<u8>,
    room: Vec<u8>,
    asked: usize,
    refuse: usize,
}

impl Wire {
    fn full(&mut self) -> bool {
        self.asked += 1;
        self.refuse > 0 && self.asked.is_multiple_of(self.refuse)
    }
}

unsafe extern "C" fn grant(context: *mut c_void, max: usize) -> *mut u8 {
    // SAFETY: the context is a wire.
    let mut wire = unsafe { &*context.cast::<RefCell<Wire>>() }.borrow_mut();
    if wire.full() {
        return null_mut();
    }
    wire.room = vec![0xee; max];
    wire.room.as_mut_ptr()
}

unsafe extern "C" fn commit(context: *mut c_void, used: usize) {
    // SAFETY: the context is a wire.
    let mut wire = unsafe { &*context.cast::<RefCell<Wire>>() }.borrow_mut();
    let record = wire.room[..used].to_vec();
    wire.sent.extend(record);
}

fn wire(refuse: usize) -> RefCell<Wire> {
    RefCell::new(Wire { sent: vec![], room: vec![], asked: 0, refuse })
}

fn settings(format: &'static Format, framing: u8) -> SettingsC {
    SettingsC {
        format,
        source: Text::new("a source"),
        tick_ps: 4000,
        session: 77,
        stream: 3,
        firmware: [1, 2, 3],
        revision: *b"deadbeef",
        codec: TIERLINE_CODEC_RICE32,
        framing,
        checksum: true,
    }
}

fn link(wire: &RefCell<Wire>, scratch: &mut [u8]) -> LinkC {
    LinkC {
        context: std::ptr::from_ref(wire).cast_mut().cast(),
        scratch: scratch.as_mut_ptr(),
        scratch_len: scratch.len(),
        grant: Some(grant),
        commit: Some(commit),
    }
}

/// The same from core.
fn rust<F: tierline_core::Format>(stream: &[u8], framing: u8, refuse: usize) -> Vec<u8> {
    let hello = Hello {
        session: 77,
        firmware: [1, 2, 3],
        format: F::INFO.name,
        source: "a source",
        tick_ps: 4000,
        longest: LONGEST as u32,
        codecs: 0b1001,
        revision: *b"deadbeef",
    };
    let front_end = tierline_core::FrontEnd::new(F::framer(LIMITS), hello, 3, Codec::Rice32);
    let mut front_end = front_end.with_checksum(crc32);
    let mut window = Box::new(SlideBuffer::<65536>::new(700));
    let (mut cells, mut scratch) = (vec![0; LONGEST - 64], vec![0; LONGEST]);
    let mut wire = wire(refuse).into_inner();
    let mut to = |record: &Record<'_>| {
        if wire.full() {
            return false;
        }
        let bytes = record.write(&mut scratch).unwrap();
        let (mut out, framing) = (vec![0; 2 * LONGEST], framing_of(framing).unwrap());
        if wire.sent.is_empty() && framing == Some(Framing::Cobs) {
            wire.sent.push(0);
        }
        match framing {
            None => wire.sent.extend_from_slice(bytes),
            Some(framing) => {
                let n = frame(framing, bytes, &mut out).unwrap();
                wire.sent.extend_from_slice(&out[..n]);
            }
        }
        true
    };
    assert!(front_end.config(1, &[b'x'; 5000], LONGEST - 64, &mut to) || refuse > 0);
    let mut rest = stream;
    loop {
        let free = window.free_mut();
        let n = 700.min(free.len()).min(rest.len());
        free[..n].copy_from_slice(&rest[..n]);
        window.advance(n);
        rest = &rest[n..];
        match front_end.run(&mut window, &mut cells, rest.is_empty(), &mut to) {
            Ok(Progress::Need(_)) => {}
            Ok(Progress::End) | Err(_) => break,
        }
    }
    while !front_end.health(5, 6, &mut to) {}
    while !front_end.heartbeat(7, &mut to) {}
    while !front_end.end(&mut to) {}
    wire.sent
}

fn c(format: &'static Format, stream: &[u8], framing: u8, refuse: usize) -> (Vec<u8>, AccountC) {
    let mut memory = (Memory::new(format.parser_size), Memory::new(TIERLINE_FRONT_END_ROOM));
    let (mut parser, mut front_end, wire) = (null_mut(), null_mut(), wire(refuse));
    let (mut scratch, settings) = (vec![0; 2 * LONGEST], settings(format, framing));
    let link = link(&wire, &mut scratch);
    let mut account = AccountC::default();
    let mut progress = ProgressC { used: 0, need: 0, error: StreamError::NONE };
    // SAFETY: memory that is there, settings and a link as they should be.
    unsafe {
        let (at, room) = (memory.0.at(), format.parser_size);
        tierline_parser_new(at, room, format, LIMITS.piece, LIMITS.window, &mut parser);
        let (at, room) = (memory.1.at(), TIERLINE_FRONT_END_ROOM);
        assert_eq!(tierline_front_end_new(at, room, &settings, &mut front_end), TIERLINE_ITEM);
        let text = [b'x'; 5000];
        let told = tierline_front_end_config(front_end, 1, text.as_ptr(), text.len(), &link);
        assert!(told == TIERLINE_ITEM || refuse > 0);
        let (mut window, mut pieces) = (Vec::new(), stream.chunks(700).peekable());
        loop {
            window.extend_from_slice(pieces.next().unwrap_or_default());
            let eof = pieces.peek().is_none();
            if window.len() < progress.need && !eof {
                continue;
            }
            let (at, len) = (window.as_ptr(), window.len());
            let status =
                tierline_front_end_run(front_end, parser, at, len, eof, &link, &mut progress);
            window.drain(..progress.used);
            if status != TIERLINE_NEED {
                assert_eq!(status < 0, status == progress.error.status);
                break;
            }
        }
        while tierline_front_end_health(front_end, 5, 6, &link) == TIERLINE_ROOM {}
        while tierline_front_end_heartbeat(front_end, 7, &link) == TIERLINE_ROOM {}
        while tierline_front_end_end(front_end, &link) == TIERLINE_ROOM {}
        assert_eq!(tierline_front_end_account(front_end, &mut account), TIERLINE_ITEM);
    }
    (wire.into_inner().sent, account)
}

fn compare(format: &'static Format, stream: &[u8], framing: u8, refuse: usize) -> AccountC {
    let want = match format.info.name {
        "FCIO" => rust::<Fcio>(stream, framing, refuse),
        "ORCA" => rust::<Orca>(stream, framing, refuse),
        "LLAMA" => rust::<Llama>(stream, framing, refuse),
        "CoMPASS" => rust::<Compass>(stream, framing, refuse),
        name => panic!("{name} is not tested"),
    };
    let (got, account) = c(format, stream, framing, refuse);
    assert!(got == want, "{}, framing {framing}, refusing {refuse}", format.info.name);
    account
}

#[test]
fn c_sends_what_rust_sends() {
    with_stack(|| {
        for example in EXAMPLES {
            let stream = (example.make)(1, 12);
            let format = format_of(example.stream_type);
            for framing in [TIERLINE_FRAMING_NONE, TIERLINE_FRAMING_COBS, TIERLINE_FRAMING_LENGTH] {
                let account = compare(format, &stream, framing, 0);
                assert_eq!((account.dropped, account.garbage), (0, 0), "{}", example.name);
                assert_eq!(account.bytes, stream.len() as u64);
            }
            let account = compare(format, &stream, TIERLINE_FRAMING_COBS, 5);
            assert!(account.dropped > 0, "{}", example.name);
            let mut damaged = stream.clone();
            for at in (stream.len() / 3..stream.len()).step_by(stream.len() / 7) {
                damaged[at] ^= 0x55;
            }
            compare(format, &damaged, TIERLINE_FRAMING_LENGTH, 0);
            compare(format, &damaged[..stream.len() / 2], TIERLINE_FRAMING_NONE, 3);
        }
    });
}

#[test]
fn what_is_wrong_with_a_front_end_is_told() {
    let format = format_of("Compass");
    let mut memory = (Memory::new(format.parser_size), Memory::new(TIERLINE_FRONT_END_ROOM));
    let (mut front_end, mut parser, wire) = (null_mut(), null_mut(), wire(0));
    let good = settings(format, TIERLINE_FRAMING_COBS);
    let (at, room) = (memory.1.at(), TIERLINE_FRONT_END_ROOM);
    // SAFETY: memory that is there.
    let mut new = |settings: *const SettingsC, room| unsafe {
        tierline_front_end_new(at, room, settings, &mut front_end)
    };
    let long = "x".repeat(TIERLINE_SOURCE_MAX + 1);
    assert_eq!(new(std::ptr::null(), room), TIERLINE_NULL);
    assert_eq!(new(&SettingsC { format: std::ptr::null(), ..good }, room), TIERLINE_NULL);
    assert_eq!(new(&SettingsC { codec: 4, ..good }, room), TIERLINE_ARGUMENT);
    assert_eq!(new(&SettingsC { framing: 3, ..good }, room), TIERLINE_ARGUMENT);
    assert_eq!(new(&SettingsC { source: Text::new(&long), ..good }, room), TIERLINE_ARGUMENT);
    assert_eq!(new(&good, 100), TIERLINE_ROOM);
    assert_eq!(new(&good, room), TIERLINE_ITEM);
    let mut scratch = vec![0; 2 * TIERLINE_RECORD_MIN];
    let link = link(&wire, &mut scratch);
    let mut progress = ProgressC { used: 0, need: 0, error: StreamError::NONE };
    // SAFETY: objects that are there, or none.
    unsafe {
        let other = format_of("FlashCam");
        let mut run = |front_end, parser, link: *const LinkC| {
            let window = std::ptr::null();
            tierline_front_end_run(front_end, parser, window, 0, false, link, &mut progress)
        };
        assert_eq!(run(front_end, null_mut(), &link), TIERLINE_NULL);
        let mut fcio = Memory::new(other.parser_size);
        tierline_parser_new(fcio.at(), other.parser_size, other, 512, 4096, &mut parser);
        assert_eq!(run(front_end, parser, &link), TIERLINE_ARGUMENT);
        let (at, room) = (memory.0.at(), format.parser_size);
        tierline_parser_new(at, room, format, 512, 4096, &mut parser);
        assert_eq!(run(null_mut(), parser, &link), TIERLINE_NULL);
        assert_eq!(run(parser.cast(), parser, &link), TIERLINE_STATE);
        assert_eq!(run(front_end, parser, std::ptr::null()), TIERLINE_NULL);
        assert_eq!(run(front_end, parser, &LinkC { grant: None, ..link }), TIERLINE_NULL);
        let small = LinkC { scratch_len: 2 * TIERLINE_RECORD_MIN - 1, ..link };
        assert_eq!(run(front_end, parser, &small), TIERLINE_ROOM);
        assert_eq!(run(front_end, parser, &link), TIERLINE_NEED);
        let overlaps = tierline_front_end_config(front_end, 1, link.scratch.byte_add(9), 1, &link);
        assert_eq!(overlaps, TIERLINE_ARGUMENT);
    }
    assert!(!wire.borrow().sent.is_empty());
}

#[test]
fn frames_are_those_of_core() {
    let (record, mut out, mut n) = ([0x13, 0, 7], [0; 32], 0);
    for (number, framing) in [(1, Framing::Cobs), (2, Framing::Length)] {
        let mut want = [0; 32];
        let m = frame(framing, &record, &mut want).unwrap();
        assert!(m <= tierline_framed_max(number, 3));
        // SAFETY: a record and room.
        let mut put = |room| unsafe {
            tierline_frame(number, record.as_ptr(), 3, out.as_mut_ptr(), room, &mut n)
        };
        assert_eq!(put(m - 1), TIERLINE_ROOM);
        assert_eq!(put(32), TIERLINE_ITEM);
        assert_eq!(out[..n], want[..m]);
    }
    assert_eq!((tierline_framed_max(0, 9), tierline_framed_max(3, 9)), (9, 0));
    // SAFETY: bytes.
    let crc =
        unsafe { tierline_crc32(tierline_crc32(0, b"12345".as_ptr(), 5), b"6789".as_ptr(), 4) };
    assert_eq!(crc, 0xCBF4_3926);
}
