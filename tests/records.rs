//! The way of parts over a link: what comes out is what went in, for every format, codec, framing and record length.

use tierline_core::cells::CellReader;
use tierline_core::link::{Framed, Framing, Reader, frame, framed_max};
use tierline_core::pack::Packer;
use tierline_core::record::{Body, Record};
use tierline_core::{
    Codec, Format, FrameLimits, Framer, Part, Predictor, Stage, Step, WithFormat, with_format,
};
use tierline_tests::big_stack;
use tierline_tests::data::recording;
use tierline_tests::streams::{self, Stream};

/// A part with bytes of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    head: (u64, u64, u32, u8, u16, Stage, u32, u32, u32, bool),
    bytes: Vec<u8>,
}

impl From<&Part<'_>> for Owned {
    fn from(p: &Part<'_>) -> Self {
        let head = (
            p.packet, p.offset, p.kind, p.decoder, p.tag, p.stage, p.frame, p.index, p.first,
            p.last,
        );
        Owned { head, bytes: p.bytes.to_vec() }
    }
}

/// Frames a stream and hands each part, or `None` where a packet broke off, to `take`.
struct Parts<'a, F> {
    bytes: &'a [u8],
    limits: FrameLimits,
    take: F,
}

impl<T: FnMut(Option<&Part<'_>>)> WithFormat for Parts<'_, T> {
    type Out = ();

    fn with<F: Format>(mut self) {
        let mut framer = F::framer(self.limits);
        let mut rest = self.bytes;
        while let Ok(step) = framer.step(rest, true) {
            match step {
                Step::Part { used, part } => {
                    (self.take)(Some(&part));
                    rest = &rest[used..];
                }
                Step::Garbage { used, abort, .. } => {
                    if abort {
                        (self.take)(None);
                    }
                    rest = &rest[used..];
                }
                Step::Need(_) | Step::End => return,
            }
        }
    }
}

fn parts(stream: &Stream, limits: FrameLimits) -> Vec<Owned> {
    let mut out = Vec::new();
    let take = |part: Option<&Part<'_>>| out.extend(part.map(Owned::from));
    with_format(stream.format, Parts { bytes: &stream.bytes, limits, take }).unwrap();
    out
}

/// Bytes on the link, from the parts of a stream.
fn send(
    stream: &Stream,
    limits: FrameLimits,
    codec: Codec,
    framing: Framing,
    longest: usize,
) -> Vec<u8> {
    let mut packer = Packer::new(3, codec);
    let (mut cells, mut record) = (vec![0; longest], vec![0; longest + 64]);
    let mut out = Vec::new();
    let mut framed = vec![0; framed_max(framing, longest + 64)];
    let mut to = |r: &Record<'_>| {
        let bytes = r.write(&mut record).unwrap();
        let n = frame(framing, bytes, &mut framed).unwrap();
        out.extend_from_slice(&framed[..n]);
        true
    };
    let take = |part: Option<&Part<'_>>| match part {
        Some(part) => packer.part(part, &mut cells, &mut to),
        None => packer.abort(),
    };
    with_format(stream.format, Parts { bytes: &stream.bytes, limits, take }).unwrap();
    assert!(packer.end(packer.packets, stream.bytes.len() as u64, 0, &mut to));
    assert_eq!(packer.dropped, 0, "{}", stream.name);
    out
}

/// The parts that arrive.
fn receive(mut bytes: Vec<u8>, framing: Framing, longest: usize) -> Vec<Owned> {
    let mut reader = Reader::new(framing, longest + 64);
    let (mut window, mut out, mut scratch) = (&mut bytes[..], Vec::new(), vec![0; 1 << 20]);
    let (mut seq, mut ended) = (0, false);
    let (mut packet, mut predictor) = (None, Predictor::new());
    while !window.is_empty() {
        let (used, record) = match reader.next(window, true) {
            Framed::Record { used, record } => (used, Some(record)),
            Framed::Skip { used, damaged } => {
                assert!(!damaged);
                (used, None)
            }
            Framed::Need(n) => panic!("{n} bytes are missing"),
        };
        if let Some(bytes) = record {
            let record = Record::read(bytes).unwrap();
            assert_eq!((record.stream, record.seq), (3, seq));
            seq += 1;
            match record.body {
                Body::Parts(parts) => {
                    if packet.replace(parts.packet) != Some(parts.packet) {
                        predictor = Predictor::new();
                    }
                    let mut cells = CellReader::new(parts);
                    while let Some(part) = cells.next(&mut predictor, &mut scratch).unwrap() {
                        out.push(Owned::from(&part));
                    }
                }
                Body::End { .. } => ended = true,
                other => panic!("{other:?}"),
            }
        }
        window = &mut std::mem::take(&mut window)[used..];
    }
    assert!(ended);
    out
}

#[test]
fn parts_arrive_as_they_were_sent() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(5)) {
            for (piece, longest) in [(64, 4096), (1024, 1 << 14), (1 << 18, 1 << 20)] {
                let limits = FrameLimits { piece, ..FrameLimits::HOST };
                let want = parts(stream, limits);
                for codec in Codec::ALL {
                    for framing in [Framing::Cobs, Framing::Length] {
                        let bytes = send(stream, limits, codec, framing, longest);
                        let got = receive(bytes, framing, longest);
                        assert!(got == want, "{} {codec:?} {framing:?} {piece}", stream.name);
                    }
                }
            }
        }
    });
}

#[test]
fn real_recordings_arrive_and_are_shorter_on_the_way() {
    let files = [
        ("FCIO", "daq/L200-comm-20211130-phy-spms.fcio", 0.34),
        ("FCIO", "daq/l200-p06-r007-cal-20230725T202227Z.fcio", 0.42),
        ("CoMPASS", "daq/compass_test_data.BIN", 0.35),
    ];
    for (format, name, share) in files {
        let Some(bytes) = recording(name) else { return };
        let stream = Stream { name: name.into(), format, bytes };
        let limits = FrameLimits { piece: 2048, window: 64 * 1024 };
        let sent = send(&stream, limits, Codec::Rice32, Framing::Length, 8192);
        let part = sent.len() as f64 / stream.bytes.len() as f64;
        println!("{name}: {part:.3} of the recording's bytes on the link");
        assert!(part < share, "{name}: {part}");
        assert!(receive(sent, Framing::Length, 8192) == parts(&stream, limits), "{name}");
    }
}

#[test]
fn a_full_ring_drops_whole_packets_and_says_so() {
    big_stack(|| {
        for stream in streams::examples(8) {
            let limits = FrameLimits { piece: 256, window: 64 * 1024 };
            let want = parts(&stream, limits);
            let all = want.iter().filter(|p| p.head.9).count() as u64;
            for busy in 2..7u32 {
                let mut packer = Packer::new(0, Codec::Rice32);
                let mut cells = vec![0; 2048];
                let (mut tick, mut announced, mut broken) = (0u32, 0u64, Vec::new());
                let mut to = |r: &Record<'_>| {
                    tick = tick.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if (tick >> 16).is_multiple_of(busy) && !matches!(r.body, Body::End { .. }) {
                        return false;
                    }
                    match r.body {
                        Body::Gap { count, .. } => announced += u64::from(count),
                        Body::Parts(p) => broken.push(p.packet),
                        _ => {}
                    }
                    true
                };
                let take = |part: Option<&Part<'_>>| match part {
                    Some(part) => packer.part(part, &mut cells, &mut to),
                    None => packer.abort(),
                };
                with_format(stream.format, Parts { bytes: &stream.bytes, limits, take }).unwrap();
                while !packer.end(packer.packets, 0, 0, &mut to) {}
                assert_eq!(packer.packets + packer.dropped, all, "{}", stream.name);
                assert_eq!(announced, packer.dropped, "{}", stream.name);
            }
        }
    });
}
