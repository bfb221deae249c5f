//! The way of parts over a link: what comes out is what went in, for every format, codec, framing and record length.

use tierline_core::cells::CellReader;
use tierline_core::front_end::Progress;
use tierline_core::link::{Framed, Framing, Reader, Sender, crc32};
use tierline_core::record::{Body, Hello, Record};
use tierline_core::{
    Codec, Error, Format, FrameLimits, Framer, FrontEnd, Part, Predictor, SlideBuffer, Stage, Step,
    WithFormat, with_format,
};
use tierline_tests::big_stack;
use tierline_tests::data::recording;
use tierline_tests::streams::{self, Stream};

/// What a stream is made of: a part with bytes of its own, or bytes of garbage.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Part((u64, u64, u32, u8, u16, Stage, u32, u32, u32, bool), Vec<u8>),
    Garbage(Error, bool, Vec<u8>),
    Failed(Error),
}

impl From<&Part<'_>> for Piece {
    fn from(p: &Part<'_>) -> Self {
        let head = (
            p.packet, p.offset, p.kind, p.decoder, p.tag, p.stage, p.frame, p.index, p.first,
            p.last,
        );
        Piece::Part(head, p.bytes.to_vec())
    }
}

/// The pieces that a framer finds, and the number of packets.
struct Pieces<'a> {
    bytes: &'a [u8],
    limits: FrameLimits,
}

impl WithFormat for Pieces<'_> {
    type Out = (Vec<Piece>, u64);

    fn with<F: Format>(self) -> Self::Out {
        let mut framer = F::framer(self.limits);
        let (mut rest, mut out, mut packets, mut inside) = (self.bytes, Vec::new(), 0, false);
        loop {
            let end = rest.len().min(self.limits.window);
            match framer.step(&rest[..end], end == rest.len()) {
                Ok(Step::Part { used, part }) => {
                    let at = part.bytes.as_ptr().addr().wrapping_sub(rest.as_ptr().addr());
                    let within = part.bytes.is_empty() || at + part.bytes.len() <= used;
                    assert!(within, "a part beside the bytes used for it");
                    inside = !part.last;
                    packets += u64::from(part.last);
                    out.push(Piece::from(&part));
                    rest = &rest[used..];
                }
                Ok(Step::Garbage { used, error, abort }) => {
                    packets += u64::from(abort && inside);
                    inside &= !abort;
                    out.push(Piece::Garbage(error, abort, rest[..used].to_vec()));
                    rest = &rest[used..];
                }
                Ok(Step::Need(n)) => assert!(n <= rest.len()),
                Ok(Step::End) => return (out, packets),
                Err(error) => {
                    out.push(Piece::Failed(error));
                    return (out, packets);
                }
            }
        }
    }
}

fn pieces(stream: &Stream, limits: FrameLimits) -> (Vec<Piece>, u64) {
    with_format(stream.format, Pieces { bytes: &stream.bytes, limits }).unwrap()
}

/// Room of the windows here, bytes.
const WINDOW: usize = 64 << 10;

/// A front end whose source comes in reads of so many bytes.
struct Send<'a, T> {
    stream: &'a Stream,
    limits: FrameLimits,
    codec: Codec,
    cells: usize,
    reads: &'a mut dyn FnMut() -> usize,
    to: T,
}

impl<T: FnMut(&Record<'_>) -> bool> WithFormat for Send<'_, T> {
    type Out = tierline_core::pack::Account;

    fn with<F: Format>(mut self) -> Self::Out {
        let hello =
            Hello { format: self.stream.format, source: &self.stream.name, ..Hello::default() };
        let mut front_end = FrontEnd::new(F::framer(self.limits), hello, 3, self.codec);
        front_end = front_end.with_checksum(crc32);
        let mut window = Box::new(SlideBuffer::<WINDOW>::new(4096));
        let (mut cells, mut rest) = (vec![0; self.cells], &self.stream.bytes[..]);
        loop {
            let free = window.free_mut();
            let n = (self.reads)().min(free.len()).min(rest.len());
            free[..n].copy_from_slice(&rest[..n]);
            window.advance(n);
            rest = &rest[n..];
            match front_end.run(&mut window, &mut cells, rest.is_empty(), &mut self.to) {
                Ok(Progress::Need(_)) => {}
                Ok(Progress::End) => break,
                Err(_) => return front_end.account(),
            }
        }
        assert_eq!(front_end.bytes(), self.stream.bytes.len() as u64);
        while !front_end.end(&mut self.to) {}
        front_end.account()
    }
}

/// Bytes on the link.
fn send(
    stream: &Stream,
    limits: FrameLimits,
    codec: Codec,
    framing: Framing,
    reads: &mut dyn FnMut() -> usize,
) -> Vec<u8> {
    send_in(stream, limits, codec, framing, reads, 4 * limits.piece.max(4096))
}

/// The same with so many bytes of cells in a record.
fn send_in(
    stream: &Stream,
    limits: FrameLimits,
    codec: Codec,
    framing: Framing,
    reads: &mut dyn FnMut() -> usize,
    cells: usize,
) -> Vec<u8> {
    let (mut out, mut record, mut piece) = (Vec::new(), vec![0; 1 << 19], [0; 1000]);
    let mut sender = Sender::new(framing, crc32);
    let to = |r: &Record<'_>| {
        let bytes = r.write(&mut record[..r.longest()]).unwrap();
        loop {
            let (n, done) = sender.fill(bytes, &mut piece);
            out.extend_from_slice(&piece[..n]);
            if done {
                return true;
            }
        }
    };
    let send = Send { stream, limits, codec, cells, reads, to };
    let account = with_format(stream.format, send).unwrap();
    assert_eq!(account.dropped, 0, "{}", stream.name);
    out
}

/// What arrives: the pieces, and all bytes of the source.
fn receive(mut bytes: Vec<u8>, framing: Framing) -> (Vec<Piece>, Vec<u8>, u64, u32) {
    let mut reader = Reader::new(framing, 1 << 20);
    let (mut window, mut out, mut scratch) = (&mut bytes[..], Vec::new(), vec![0; 1 << 20]);
    let (mut seq, mut source) = (0, Vec::new());
    let (mut packet, mut predictor, mut packets) = (None, Predictor::new(), 0);
    let (mut joined, mut split) = (Vec::new(), 0);
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
                    assert!(parts.packet == packets || parts.packet == packets + 1);
                    packets = parts.packet;
                    if packet.replace(parts.packet) != Some(parts.packet) {
                        predictor = Predictor::new();
                    }
                    let mut cells = CellReader::new(parts);
                    while let Some(cell) = cells.next(&mut predictor, &mut scratch).unwrap() {
                        assert!(source.len() as u64 >= cell.part.offset);
                        for bytes in [cell.before, cell.part.bytes, cell.after] {
                            source.extend_from_slice(bytes);
                        }
                        joined.extend_from_slice(cell.part.bytes);
                        split += u32::from(cell.more);
                        if !cell.more {
                            out.push(Piece::from(&Part { bytes: &joined, ..cell.part }));
                            joined.clear();
                        }
                    }
                }
                Body::Garbage { packet: _, trouble, start, abort, bytes } => {
                    assert_eq!(start, source.len() as u64);
                    source.extend_from_slice(bytes.0);
                    out.push(Piece::Garbage(error(&trouble), abort, bytes.0.to_vec()));
                }
                Body::Failed(trouble) => out.push(Piece::Failed(error(&trouble).fatal())),
                Body::End { packets: n, bytes, crc } => {
                    packets = n;
                    assert_eq!(bytes, source.len() as u64);
                    assert_eq!(crc, Some(crc32(0, &source)));
                }
                Body::Hello(_) => {}
                other => panic!("{other:?}"),
            }
        }
        window = &mut std::mem::take(&mut window)[used..];
    }
    (out, source, packets, split)
}

fn error(trouble: &tierline_core::record::Trouble<'_>) -> Error {
    use tierline_core::Kind;
    let kinds = [Kind::Truncated, Kind::Resync, Kind::Malformed, Kind::Unsupported, Kind::Limit];
    let kind = kinds[usize::from(trouble.kind) - 1];
    let field: &'static str = trouble.field.to_owned().leak();
    Error::new(kind, field, trouble.found, trouble.expected).at(trouble.packet, trouble.offset)
}

/// Neighbouring pieces of one stretch of garbage are one.
fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (out.last_mut(), piece) {
            (Some(Piece::Garbage(e, _, to)), Piece::Garbage(f, false, more)) if *e == f => {
                to.extend(more);
            }
            (Some(Piece::Garbage(_, _, to)), Piece::Garbage(_, false, more)) if more.is_empty() => {
                to.extend(more);
            }
            (_, piece) => out.push(piece),
        }
    }
    out
}

fn limits(piece: usize) -> FrameLimits {
    FrameLimits { piece, window: SlideBuffer::<WINDOW>::WINDOW }
}

#[test]
fn parts_arrive_as_they_were_sent() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(5)) {
            for piece in [64, 1024, 1 << 14] {
                let (want, packets) = pieces(stream, limits(piece));
                for codec in Codec::ALL {
                    for framing in [Framing::Cobs, Framing::Length] {
                        let bytes = send(stream, limits(piece), codec, framing, &mut || 4096);
                        let (got, source, n, _) = receive(bytes, framing);
                        let name = &stream.name;
                        assert!(got == want, "{name} {codec:?} {framing:?} {piece}");
                        assert!(source == stream.bytes, "{name} {codec:?} {framing:?} {piece}");
                        assert_eq!(n, packets, "{name}");
                    }
                }
            }
        }
    });
}

#[test]
fn parts_longer_than_a_record_arrive_in_pieces() {
    big_stack(|| {
        let mut all = 0;
        for stream in streams::all().iter().chain(&streams::examples(5)) {
            let (want, packets) = pieces(stream, limits(64));
            for cells in [200, 256, 333] {
                let reads = &mut || 4096;
                let (codec, framing) = (Codec::Rice32, Framing::Length);
                let bytes = send_in(stream, limits(64), codec, framing, reads, cells);
                let (got, source, n, split) = receive(bytes, framing);
                all += split;
                assert!(merged(got) == merged(want.clone()), "{} {cells}", stream.name);
                assert!(source == stream.bytes, "{} {cells}", stream.name);
                assert_eq!(n, packets, "{}", stream.name);
            }
        }
        assert!(all > 100, "{all} parts were split");
    });
}

#[test]
fn damaged_streams_arrive_with_their_damage() {
    big_stack(|| {
        let mut seed = 9u32;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        for stream in streams::all().iter().chain(&streams::examples(5)) {
            for _ in 0..60 {
                let mut stream = stream.clone();
                for _ in 0..1 + random(3) {
                    let at = random(stream.bytes.len());
                    stream.bytes[at] ^= 1 << random(8);
                }
                stream.bytes.truncate(stream.bytes.len() - random(40));
                let (want, packets) = pieces(&stream, limits(256));
                let bytes =
                    send(&stream, limits(256), Codec::Rice32, Framing::Length, &mut || 4096);
                let failed = matches!(want.last(), Some(Piece::Failed(_)));
                let (got, source, n, _) = receive(bytes, Framing::Length);
                assert!(merged(got) == merged(want), "{}", stream.name);
                if !failed {
                    assert!(source == stream.bytes, "{}", stream.name);
                    assert_eq!(n, packets, "{}", stream.name);
                }
            }
        }
    });
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    #[test]
    fn any_split_of_the_source_gives_the_same_records(
        which in 0usize..64,
        reads in proptest::collection::vec(1usize..=4096, 1..40),
    ) {
        big_stack(|| {
            let all = [streams::all(), streams::examples(4)].concat();
            let stream = &all[which % all.len()];
            let whole = send(stream, limits(512), Codec::Rice32, Framing::Cobs, &mut || 4096);
            let mut turn = reads.iter().cycle();
            let mut next = || turn.next().copied().unwrap();
            let split = send(stream, limits(512), Codec::Rice32, Framing::Cobs, &mut next);
            assert!(whole == split, "{}", stream.name);
        });
    }
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
        let sent = send(&stream, limits(2048), Codec::Rice32, Framing::Length, &mut || 4096);
        let part = sent.len() as f64 / stream.bytes.len() as f64;
        println!("{name}: {part:.3} of the recording's bytes on the link");
        assert!(part < share, "{name}: {part}");
        let (got, source, _, _) = receive(sent, Framing::Length);
        assert!(merged(got) == merged(pieces(&stream, limits(2048)).0), "{name}");
        assert!(source == stream.bytes);
    }
}

#[test]
fn a_full_ring_drops_whole_packets_and_says_so() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(8)) {
            let (_, all) = pieces(stream, limits(256));
            for busy in 2..7u32 {
                let (mut tick, mut announced, mut seq) = (0u32, 0u64, 0);
                let to = |r: &Record<'_>| {
                    tick = tick.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    if (tick >> 16).is_multiple_of(busy) {
                        return false;
                    }
                    assert_eq!(r.seq, seq, "a refused record leaves no hole");
                    seq += 1;
                    match r.body {
                        Body::Gap { count, .. } => announced += u64::from(count),
                        Body::End { packets, .. } => assert_eq!(packets, all),
                        _ => {}
                    }
                    true
                };
                let send = Send {
                    stream,
                    limits: limits(256),
                    codec: Codec::Rice32,
                    cells: 2048,
                    reads: &mut || 700,
                    to,
                };
                let account = with_format(stream.format, send).unwrap();
                assert_eq!(account.packets(), all, "{}", stream.name);
                assert_eq!(announced, account.dropped, "{}", stream.name);
            }
        }
    });
}
