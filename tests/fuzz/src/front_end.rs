//! A front end over any source, with a sink that refuses: what arrives is the source, and what doesn't is told.

use tierline_core::cells::CellReader;
use tierline_core::front_end::Progress;
use tierline_core::link::crc32;
use tierline_core::record::{self, Body, Bytes, Hello, PROTO, Parts, Record};
use tierline_core::{
    Codec, FORMATS, Format, FrameLimits, FrontEnd, Predictor, SlideBuffer, WithFormat, with_format,
};
use tierline_tests::streams::Stream;

use crate::link::bitwise_crc;

/// Number of the stream on its link.
const STREAM: u16 = 3;
/// Bytes at the end of an input that choose how it is read.
const HOW: usize = 8;
const PIECES: [usize; 4] = [16, 64, 512, 4096];
const CELLS: [usize; 5] = [40, 200, 600, 4096, 32 * 1024];

/// The last eight bytes choose format, window, piece, cells, codec, reads, and which records the sink refuses; the rest is the
/// source.
pub fn run(data: &[u8]) {
    let (source, how) = data.split_at(data.len().saturating_sub(HOW));
    let byte = |i: usize| how.get(i).copied().unwrap_or(0);
    let how = |i: usize| usize::from(byte(i));
    let settings = Settings {
        piece: PIECES[how(1) % 4],
        cells: CELLS[how(2) % 5],
        codec: Codec::ALL[how(3) % 4],
        reads: [1 + how(4), 1 + 16 * how(5)],
        refused: u16::from_le_bytes([byte(6), byte(7)]),
        late: how(1) & 4 != 0,
        beats: how(1) & 8 != 0,
    };
    let format = FORMATS[how(0) % FORMATS.len()].name;
    let done = match how(0) / FORMATS.len() % 3 {
        0 => with_format(format, Job::<1027> { source, settings }),
        1 => with_format(format, Job::<8195> { source, settings }),
        _ => with_format(format, Job::<65539> { source, settings }),
    };
    done.expect("a format of the list");
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    piece: usize,
    /// Memory for the cells of a record, bytes.
    cells: usize,
    codec: Codec,
    /// Sizes of reads, in turn.
    reads: [usize; 2],
    /// The sink refuses record i where bit i of these, in turn, is set.
    refused: u16,
    /// That nothing follows is known only when there is nothing more to read.
    late: bool,
    /// A heartbeat between two reads.
    beats: bool,
}

struct Job<'a, const WINDOW: usize> {
    source: &'a [u8],
    settings: Settings,
}

impl<const WINDOW: usize> WithFormat for Job<'_, WINDOW> {
    type Out = ();

    fn with<F: Format>(self) {
        let Settings { piece, cells, codec, .. } = self.settings;
        let limits = FrameLimits { piece, window: SlideBuffer::<WINDOW>::WINDOW };
        let hello = Hello { format: F::INFO.name, ..Hello::default() };
        let front_end = FrontEnd::new(F::framer(limits), hello, STREAM, codec);
        let mut front_end = front_end.with_checksum(crc32);
        let mut sink = Sink::new(self.source, self.settings);
        let ended = self.feed(&mut front_end, &mut vec![0; cells], &mut sink);
        for turn in 0.. {
            if turn > 2 * u16::BITS {
                sink.settings.refused = 0;
            }
            if !ended || front_end.end(&mut |record: &Record<'_>| sink.take(record)) {
                break;
            }
            assert!(turn < 3 * u16::BITS, "no end");
        }
        // What was refused before the end counts, whatever the end itself needed.
        sink.settings.refused = self.settings.refused;
        sink.check(&front_end, ended);
    }
}

impl<const WINDOW: usize> Job<'_, WINDOW> {
    /// Feeds the source to the front end; `false` where it can't be read to its end.
    fn feed<F: tierline_core::Framer>(
        &self,
        front_end: &mut FrontEnd<'_, F>,
        cells: &mut [u8],
        sink: &mut Sink<'_>,
    ) -> bool {
        let mut window = Box::new(SlideBuffer::<WINDOW>::new(WINDOW / 4));
        let mut rest = self.source;
        let mut reads = self.settings.reads.into_iter().cycle();
        loop {
            let free = window.free_mut();
            assert!(!free.is_empty(), "a window without room");
            let n = free.len().min(rest.len()).min(reads.next().unwrap_or(1));
            let (now, later) = rest.split_at(n);
            free[..n].copy_from_slice(now);
            window.advance(n);
            rest = later;
            let eof = rest.is_empty() && (n == 0 || !self.settings.late);
            let mut to = |record: &Record<'_>| sink.take(record);
            match front_end.run(&mut window, cells, eof, &mut to) {
                Ok(Progress::Need(n)) => {
                    let have = window.data().len();
                    assert!(!eof && n > have, "{n} bytes needed, {have} there, the last: {eof}");
                    assert!(n <= SlideBuffer::<WINDOW>::WINDOW, "{n} bytes needed");
                }
                Ok(Progress::End) => return true,
                Err(_) => return false,
            }
            if self.settings.beats {
                front_end.heartbeat(1, &mut to);
            }
        }
    }
}

/// The packet that arrives.
#[derive(Default)]
struct Now {
    /// Records so far.
    records: u32,
    number: u64,
    offset: u64,
    kind: u32,
    decoder: u8,
    predictor: Predictor,
    bytes: Vec<u8>,
}

/// Takes records, or refuses them, and knows what the source is.
struct Sink<'a> {
    source: &'a [u8],
    settings: Settings,
    /// Records offered.
    offered: u32,
    /// Records taken.
    seq: u32,
    /// Packets done with: whole, broken, told to be missing.
    packets: [u64; 3],
    now: Option<Now>,
    /// Bytes of packets that are whole or broken, and of garbage.
    bytes: u64,
    /// Everything that came, in its order.
    all: Vec<u8>,
    scratch: Vec<u8>,
    over: bool,
}

impl<'a> Sink<'a> {
    fn new(source: &'a [u8], settings: Settings) -> Self {
        Sink {
            source,
            settings,
            offered: 0,
            seq: 0,
            packets: [0; 3],
            now: None,
            bytes: 0,
            all: Vec::new(),
            scratch: vec![0; 64 * 1024],
            over: false,
        }
    }

    fn take(&mut self, record: &Record<'_>) -> bool {
        let bit = self.offered % u16::BITS;
        self.offered += 1;
        if self.settings.refused >> bit & 1 != 0 {
            return false;
        }
        assert!(!self.over, "a record after the last: {record:?}");
        assert_eq!((record.proto, record.stream, record.seq), (PROTO, STREAM, self.seq));
        self.seq += 1;
        let mut out = vec![0; record.longest()];
        let bytes = record.write(&mut out).expect("a record longer than its longest");
        if self.settings.cells > record::GARBAGE_OVERHEAD {
            assert!(bytes.len() <= self.settings.cells + record::OVERHEAD, "a long record");
        }
        let read = Record::read(bytes);
        assert_eq!(read.as_ref(), Ok(record));
        self.body(record.body);
        true
    }

    fn body(&mut self, body: Body<'_>) {
        let next: u64 = self.packets.iter().sum();
        match body {
            Body::Hello(_) | Body::Config { .. } | Body::Health(_) | Body::Heartbeat { .. } => {}
            Body::Parts(parts) => self.parts(parts, next),
            Body::Gap { packet, count, .. } => {
                assert_eq!(packet, next);
                assert!(count > 0);
                self.packets[2] += u64::from(count);
                self.now = None;
            }
            Body::Garbage { packet, start, abort, bytes: Bytes(bytes), .. } => {
                assert_eq!(packet, next);
                assert_eq!(self.source_at(start, bytes.len()), bytes);
                assert_eq!(abort, self.now.is_some());
                if let Some(now) = self.now.take() {
                    self.packets[1] += 1;
                    self.bytes += now.bytes.len() as u64;
                }
                self.bytes += bytes.len() as u64;
                self.all.extend_from_slice(bytes);
            }
            Body::End { packets, bytes, crc } => {
                assert_eq!((packets, bytes), (next, self.source.len() as u64));
                assert_eq!(crc, Some(bitwise_crc(self.source)));
                assert!(self.now.is_none(), "the source ends within a packet");
                self.over = true;
            }
            Body::Failed(_) => self.over = true,
        }
    }

    fn source_at(&self, start: u64, len: usize) -> &'a [u8] {
        let from = usize::try_from(start).ok().and_then(|start| self.source.get(start..));
        from.and_then(|from| from.get(..len)).expect("bytes beyond the source")
    }

    fn parts(&mut self, parts: Parts<'_>, next: u64) {
        let Parts { packet, index, number, offset, kind, decoder, .. } = parts;
        assert_eq!(packet, next);
        let mut now = match self.now.take() {
            Some(now) => now,
            None => Now { number, offset, kind, decoder, ..Now::default() },
        };
        let of = (now.records, now.number, now.offset, now.kind, now.decoder);
        assert_eq!((index, number, offset, kind, decoder), of);
        now.records += 1;
        let (mut reader, mut last) = (CellReader::new(parts), None);
        loop {
            let cell = reader.next(&mut now.predictor, &mut self.scratch);
            let Some(cell) = cell.expect("cells that can't be read") else { break };
            assert_ne!(last, Some(true), "a cell behind the packet's last");
            last = Some(cell.part.last);
            for bytes in [cell.before, cell.part.bytes, cell.after] {
                now.bytes.extend_from_slice(bytes);
                self.all.extend_from_slice(bytes);
            }
        }
        if last.expect("a record without cells") {
            assert_eq!(self.source_at(offset, now.bytes.len()), now.bytes);
            self.packets[0] += 1;
            self.bytes += now.bytes.len() as u64;
        } else {
            self.now = Some(now);
        }
    }

    /// Compares with what the front end says at its end.
    fn check<F: tierline_core::Framer>(&self, front_end: &FrontEnd<'_, F>, ended: bool) {
        let account = front_end.account();
        let [whole, broken, missing] = self.packets;
        assert_eq!((account.sent, account.broken), (whole, broken));
        let used = usize::try_from(front_end.bytes()).expect("a source in memory");
        if ended {
            assert!(self.over);
            assert_eq!(used, self.source.len());
            assert_eq!(account.dropped, missing);
            assert_eq!(account.packets(), whole + broken + missing);
            assert_eq!(self.bytes + account.bytes_dropped, used as u64);
        }
        if self.settings.refused == 0 && missing == 0 {
            assert_eq!(Some(&self.all[..]), self.source.get(..used));
            assert_eq!(account.bytes_dropped, 0);
        }
    }
}

/// The stream with settings of its own, once with a sink that takes all and once with one that does not.
pub(crate) fn seeds(stream: &Stream, i: usize) -> Vec<Vec<u8>> {
    let format = FORMATS.iter().position(|info| info.name == stream.format);
    let format = format.expect("a format of the list") + FORMATS.len() * [1, 2, 0][i % 3];
    let how = [format as u8, i as u8, 4 - (i % 5) as u8, i as u8, 99, 255];
    let with = |refused: u16| [&stream.bytes[..], &how, &refused.to_le_bytes()].concat();
    vec![with(0), with(1 << (i % 16) | 1 << (i * 7 % 16))]
}
