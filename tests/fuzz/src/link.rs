//! What comes over a link: whatever the bytes are, only intact records come out, and the same ones in any pieces.

use tierline_core::cells::{CellReader, CellWriter};
use tierline_core::link::{CRC, Framed, Framing, HEAD, MAGIC, Reader, frame, framed_max};
use tierline_core::record::{Body, Bytes, Parts, Record};
use tierline_core::{Codec, Predictor};
use tierline_firmware_sim::Simulator;
use tierline_firmware_sim::fault::{Faulty, Rates};
use tierline_tests::streams::Stream;

const FRAMINGS: [Framing; 2] = [Framing::Cobs, Framing::Length];
/// Bytes at the end of an input that choose how it arrives.
const HOW: usize = 4;

/// The last four bytes choose framing, longest record, pieces, and what the rest is: bytes of a link, or records (each behind its
/// length in two bytes) that are framed here, so that damaged ones get past the checksum.
pub fn run(data: &[u8]) {
    let (bytes, how) = data.split_at(data.len().saturating_sub(HOW));
    let how = |i: usize| usize::from(how.get(i).copied().unwrap_or(0));
    let framing = FRAMINGS[how(0) % 2];
    let longest = [1 << 20, 4096, 300, 40][how(1) % 4];
    let (framed, records);
    let bytes = if how(0) & 2 == 0 {
        records = None;
        bytes
    } else {
        let sent: Vec<_> = pieces(bytes).filter(|record| record.len() <= longest).collect();
        framed = link_of(framing, &sent);
        records = Some(sent);
        &framed
    };
    let whole = read(framing, longest, bytes, &[bytes.len()]);
    let split = read(framing, longest, bytes, &[1 + how(2), 1 + 16 * how(3)]);
    assert_eq!(split, whole);
    if let Some(records) = records {
        assert_eq!(whole, (records, 0));
    }
    whole.0.iter().for_each(|record| read_record(record));
}

/// Records, each behind its length in two bytes; the last one may be shorter than it says.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let (len, rest) = bytes.split_first_chunk()?;
        let (record, rest) = rest.split_at(rest.len().min(u16::from_le_bytes(*len).into()));
        bytes = rest;
        Some(record.to_vec())
    })
}

fn link_of(framing: Framing, records: &[Vec<u8>]) -> Vec<u8> {
    let mut link = Vec::new();
    for record in records {
        let start = link.len();
        link.resize(start + framed_max(framing, record.len()), 0);
        let n = frame(framing, record, &mut link[start..]).expect("there is room");
        link.truncate(start + n);
    }
    link
}

/// The records of a link that comes in these pieces, in turn, and how many stretches of it are damaged.
fn read(framing: Framing, longest: usize, link: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, usize) {
    let mut reader = Reader::new(framing, longest);
    let mut pieces = pieces.iter().copied().cycle();
    let (mut window, mut at, mut fed) = (Vec::new(), 0, 0);
    let (mut records, mut damage) = (Vec::new(), 0);
    while at < link.len() {
        let (had, eof) = (window.len(), fed == link.len());
        let used = match reader.next(&mut window, eof) {
            Framed::Record { used, record } => {
                let frame = link.get(at..at + used).expect("a record beyond the link");
                assert_eq!(intact(framing, frame).as_deref(), Some(record));
                assert!(used <= framed_max(framing, longest), "{used} bytes for {longest}");
                records.push(record.to_vec());
                used
            }
            Framed::Skip { used, damaged } => {
                damage += usize::from(damaged);
                used
            }
            Framed::Need(n) => {
                assert!(n > had && !eof, "{n} bytes needed, {had} there, at the end: {eof}");
                assert!(n <= framed_max(framing, longest).max(HEAD), "{n} bytes for {longest}");
                let end = link.len().min(fed + pieces.next().unwrap_or(1));
                window.extend_from_slice(&link[fed..end]);
                fed = end;
                continue;
            }
        };
        assert!((1..=had).contains(&used), "{used} of {had} bytes used");
        window.drain(..used);
        at += used;
    }
    assert_eq!((at, window.len()), (link.len(), 0));
    (records, damage)
}

/// The record in a frame, by the table of `link` and nothing else.
fn intact(framing: Framing, frame: &[u8]) -> Option<Vec<u8>> {
    let body = match framing {
        Framing::Cobs => unstuff(frame)?,
        Framing::Length => {
            let (head, body) = frame.split_at_checked(HEAD)?;
            let len = u32::try_from(body.len().checked_sub(CRC)?).ok()?;
            let want = [MAGIC.to_le_bytes(), len.to_le_bytes()].concat();
            (head == want).then(|| body.to_vec())?
        }
    };
    let (record, crc) = body.split_last_chunk()?;
    (bitwise_crc(record) == u32::from_le_bytes(*crc)).then(|| record.to_vec())
}

fn unstuff(frame: &[u8]) -> Option<Vec<u8>> {
    let (&0, mut rest) = frame.split_last()? else { return None };
    let mut body = Vec::new();
    while let Some((&code, after)) = rest.split_first() {
        let (run, after) = after.split_at_checked(usize::from(code).checked_sub(1)?)?;
        body.extend_from_slice(run);
        rest = after;
        if code != 255 && !rest.is_empty() {
            body.push(0);
        }
    }
    Some(body)
}

/// CRC-32 from its polynomial.
pub(crate) fn bitwise_crc(bytes: &[u8]) -> u32 {
    let next = |crc: u32, _| (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1));
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), next);
    !bytes.iter().fold(u32::MAX, byte)
}

/// An intact record may still be nonsense; what is one can be written again.
fn read_record(bytes: &[u8]) {
    let Ok(record) = Record::read(bytes) else { return };
    let mut out = vec![0; record.longest()];
    let again = record.write(&mut out).expect("a record longer than its longest");
    assert_eq!(Record::read(again), Ok(record));
    if let Body::Parts(parts) = record.body {
        read_cells(parts);
    }
}

/// Cells as far as they make sense; each can be written again, in every codec.
fn read_cells(parts: Parts<'_>) {
    let mut scratch = vec![0; 64 * 1024];
    let (mut reader, mut predictor) = (CellReader::new(parts), Predictor::new());
    for count in 0.. {
        assert!(count <= parts.cells.0.len(), "more cells than bytes");
        let before = predictor;
        let Ok(Some(cell)) = reader.next(&mut predictor, &mut scratch) else { break };
        let part = cell.part;
        let source = [cell.before, part.bytes, cell.after].concat();
        assert_eq!(source.len(), cell.used());
        let bytes = &source[cell.before.len()..][..part.bytes.len()];
        for codec in Codec::ALL {
            let mut out = vec![0; source.len() + tierline_core::cells::OVERHEAD];
            let mut writer = CellWriter::new(codec);
            let same = tierline_core::Part { bytes, ..part };
            let written = writer.push(&same, &source, &mut before.clone(), &mut out);
            written.expect("a cell longer than its parts");
            let cells = Bytes(writer.cells(&out));
            let mut room = vec![0; bytes.len()];
            let mut again = CellReader::new(Parts { cells, ..parts });
            let cell = again.next(&mut before.clone(), &mut room);
            let cell = cell.expect("a cell that was written").expect("a cell");
            assert_eq!([cell.before, cell.part.bytes, cell.after].concat(), source);
            assert_eq!(place(&cell.part), place(&part));
        }
    }
}

type Place = (u16, u8, u32, u32, u32, bool);

/// What a cell says of its part.
fn place(part: &tierline_core::Part<'_>) -> Place {
    (part.tag, part.stage as u8, part.frame, part.index, part.first, part.last)
}

/// Links from the simulated front end, every other one with faults, and their records by themselves.
pub(crate) fn seeds(stream: &Stream, i: usize) -> Vec<Vec<u8>> {
    let framing = FRAMINGS[i % 2];
    let simulator = Simulator {
        format: stream.format,
        source: &stream.name,
        codec: Codec::ALL[i / 2 % 4],
        framing,
        piece: [64, 2048][i / 8 % 2],
        ..Simulator::default()
    };
    let mut frames: Vec<Vec<u8>> = Vec::new();
    let mut to = |frame: &[u8]| frames.push(frame.to_vec());
    simulator.run_slow::<8192>(&mut &stream.bytes[..], 1, &mut to).expect("a slice can be read");
    let rates = Rates::all([0, 80][i % 2]);
    let mut faulty = Faulty::new(Vec::new(), rates, i as u64);
    frames.iter().for_each(|frame| {
        std::io::Write::write_all(&mut faulty, frame).expect("a vector can be written");
    });
    let link = faulty.into_inner().expect("a vector can be written");
    let records = frames.iter().filter_map(|frame| intact(framing, frame));
    let records = records.flat_map(|record| {
        let len = u16::try_from(record.len()).expect("a record of the small ring");
        [&len.to_le_bytes()[..], &record].concat()
    });
    let (plain, wrapped) = ((i % 2) as u8, (i % 2) as u8 | 2);
    vec![
        [&link[..], &[plain, 1, 255, 255]].concat(),
        records.chain([wrapped, 0, 255, 255]).collect(),
    ]
}
