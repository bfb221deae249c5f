//! Links: how records travel. Two framings of the same body, which is a record followed by its CRC-32 (that of zlib),
//! little-endian.
//!
//! | framing | for | bytes |
//! |--|--|--|
//! | COBS | byte links that may lose bytes (a UART) | COBS of the body, then 0x00; a lone 0x00 starts a session |
//! | length | files, pipes, TCP, semihosting | u32 magic, u32 length of the record, body |
//!
//! A reader skips what is damaged: to the next 0x00, or to the next magic that is followed by an intact body. It never
//! trusts a length that doesn't check.

use crc::{CRC_32_ISO_HDLC, Crc, Table};

use crate::bytes::u32_at;

/// First word of a record in length framing.
pub const MAGIC: u32 = 0x4C52_4954;
/// Bytes before the record in length framing.
pub const HEAD: usize = 8;
/// Bytes after the record.
pub const CRC: usize = 4;

/// The checksum of bodies and of sources.
pub static CRC32: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// How records are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Framing {
    /// For links that may lose bytes.
    Cobs,
    /// For links that don't.
    Length,
}

/// Bytes that a record of `len` bytes takes at most.
pub const fn framed_max(framing: Framing, len: usize) -> usize {
    match framing {
        Framing::Cobs => {
            let body = len.saturating_add(CRC);
            body.saturating_add(body / 254).saturating_add(2)
        }
        Framing::Length => len.saturating_add(HEAD + CRC),
    }
}

/// Works out the CRC-32 of bytes that follow others, whose CRC-32 is given (0 at the start), as zlib's `crc32` does.
pub type Checksum = fn(u32, &[u8]) -> u32;

/// The [`Checksum`] that needs least memory: a table of 1 KiB.
pub fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    let mut digest = CRC32.digest_with_initial((!crc).reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

/// Frames a record; returns the number of bytes, or `None` where they don't fit.
pub fn frame(framing: Framing, record: &[u8], out: &mut [u8]) -> Option<usize> {
    match Sender::new(framing, crc32).fill(record, out) {
        (n, true) => Some(n),
        (_, false) => None,
    }
}

/// Where in a frame its sender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the frame.
    Start,
    /// Length framing: so many bytes of the head are out.
    Head(usize),
    /// So many bytes of the body are out, and so many more go as they are; then what comes next.
    Plain(usize, usize, Next),
    /// COBS: a code comes before this byte of the body.
    Code(usize),
}

/// What comes after bytes that go as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The frame is complete.
    Done,
    /// COBS: the code of this byte of the body.
    Code(usize),
    /// COBS: the zero at the end.
    Delimiter,
}

/// Frames one record after the other into whatever room there is: a link takes the bytes when it can, the record stays where it
/// lies.
///
/// ```
/// use tierline_core::link::{Framing, Sender, crc32};
///
/// let mut sender = Sender::new(Framing::Cobs, crc32);
/// let (mut piece, mut sent) = ([0; 4], Vec::new());
/// loop {
///     let (n, done) = sender.fill(b"a record", &mut piece);
///     sent.extend_from_slice(&piece[..n]);
///     if done {
///         break;
///     }
/// }
/// assert_eq!(sent.len(), 14);
/// assert_eq!(sent[13], 0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    framing: Framing,
    checksum: Checksum,
    place: Place,
    crc: [u8; CRC],
}

impl Sender {
    /// A sender between two frames.
    pub const fn new(framing: Framing, checksum: Checksum) -> Self {
        Sender { framing, checksum, place: Place::Start, crc: [0; CRC] }
    }

    /// Puts the next bytes of the record's frame into `out`: how many, and whether the frame is complete. The record must be the
    /// same until it is.
    pub fn fill(&mut self, record: &[u8], out: &mut [u8]) -> (usize, bool) {
        let room = out.len();
        let mut out = out;
        loop {
            let left = out.len();
            let taken = core::mem::take(&mut out);
            match self.step(record, taken) {
                Some((rest, false)) => out = rest,
                Some((rest, true)) => {
                    self.place = Place::Start;
                    return (room.saturating_sub(rest.len()), true);
                }
                None => return (room.saturating_sub(left), false),
            }
        }
    }

    /// One move; what is left of `out`, and whether the frame is complete. `None` where `out` is full, or too small for a head.
    fn step<'o>(&mut self, record: &[u8], out: &'o mut [u8]) -> Option<(&'o mut [u8], bool)> {
        let body = record.len().saturating_add(CRC);
        match self.place {
            Place::Start => {
                self.crc = (self.checksum)(0, record).to_le_bytes();
                self.place = match self.framing {
                    Framing::Length => Place::Head(0),
                    Framing::Cobs => Place::Code(0),
                };
                Some((out, false))
            }
            Place::Head(at) => {
                let head = (u64::from(record.len() as u32) << 32 | u64::from(MAGIC)).to_le_bytes();
                let (slot, out) = out.split_first_mut()?;
                *slot = *head.get(at)?;
                let next = at.saturating_add(1);
                self.place = match next {
                    HEAD => Place::Plain(0, body, Next::Done),
                    next => Place::Head(next),
                };
                Some((out, false))
            }
            Place::Plain(_, 0, Next::Done) => Some((out, true)),
            Place::Plain(_, 0, Next::Code(at)) => {
                self.place = Place::Code(at);
                Some((out, false))
            }
            Place::Plain(_, 0, Next::Delimiter) => {
                let (slot, out) = out.split_first_mut()?;
                *slot = 0;
                Some((out, true))
            }
            Place::Plain(at, left, next) => {
                let n = left.min(out.len());
                if n == 0 {
                    return None;
                }
                let (to, out) = out.split_at_mut_checked(n)?;
                self.copy(record, at, to);
                self.place = Place::Plain(at.saturating_add(n), left.saturating_sub(n), next);
                Some((out, false))
            }
            Place::Code(at) => {
                let (at, used) = runs(record, at, out);
                if used > 0 {
                    self.place = Place::Code(at);
                    let (_, out) = out.split_at_mut_checked(used)?;
                    return Some((out, false));
                }
                let (slot, out) = out.split_first_mut()?;
                let run = self.run(record, at);
                *slot = run.saturating_add(1);
                let end = at.saturating_add(run.into());
                let next = match run {
                    _ if end >= body => Next::Delimiter,
                    LONGEST_RUN => Next::Code(end),
                    // The zero goes without saying.
                    _ => Next::Code(end.saturating_add(1)),
                };
                self.place = Place::Plain(at, run.into(), next);
                Some((out, false))
            }
        }
    }

    /// Bytes of the body from `at` on before the next zero.
    fn run(&self, record: &[u8], at: usize) -> u8 {
        let most = usize::from(LONGEST_RUN);
        let bytes = record.get(at..).unwrap_or(&[]);
        let bytes = bytes.get(..most).unwrap_or(bytes);
        let mut run = nonzero(bytes);
        if run == bytes.len() {
            let crc = self.crc.get(at.saturating_sub(record.len())..).unwrap_or(&[]);
            let more = crc.iter().take(most.saturating_sub(run)).take_while(|&&byte| byte != 0);
            run = run.saturating_add(more.count());
        }
        run as u8
    }

    /// Copies bytes of the body from `at` on.
    fn copy(&self, record: &[u8], at: usize, to: &mut [u8]) {
        let from = record.get(at..).unwrap_or(&[]);
        let n = from.len().min(to.len());
        let Some((to, rest)) = to.split_at_mut_checked(n) else { return };
        to.copy_from_slice(from.get(..n).unwrap_or(&[]));
        let crc = self.crc.get(at.saturating_sub(record.len())..).unwrap_or(&[]);
        for (to, from) in rest.iter_mut().zip(crc) {
            *to = *from;
        }
    }
}

/// COBS: puts the runs that end within the record, each behind its code, from byte `at` of it on, as far as there is room for
/// the longest; returns the byte after them and how many bytes were put.
fn runs(record: &[u8], mut at: usize, out: &mut [u8]) -> (usize, usize) {
    let mut used = 0usize;
    while let Some(to) = out.get_mut(used..).and_then(|out| out.first_chunk_mut::<WHOLE_RUN>()) {
        let Some(from) = record.get(at..) else { break };
        let [code, to @ ..] = to;
        let (mut run, mut zero) = (0u8, false);
        for (to, from) in to.iter_mut().zip(from) {
            if *from == 0 {
                zero = true;
                break;
            }
            *to = *from;
            run = run.wrapping_add(1);
        }
        if !zero && run != LONGEST_RUN {
            break;
        }
        *code = run.wrapping_add(1);
        used = used.saturating_add(usize::from(run)).saturating_add(1);
        at = at.saturating_add(usize::from(run)).saturating_add(usize::from(zero));
    }
    (at, used)
}

/// COBS: bytes of the longest run with its code.
const WHOLE_RUN: usize = LONGEST_RUN as usize + 1;

/// COBS: most bytes after one code.
const LONGEST_RUN: u8 = 254;

/// Bytes before the first zero.
fn nonzero(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<4>();
    let zero = |word: &[u8; 4]| {
        let word = u32::from_le_bytes(*word);
        word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080 != 0
    };
    let whole = words.iter().position(zero).unwrap_or(words.len()).saturating_mul(4);
    let rest = bytes.get(whole..).unwrap_or(&[]);
    whole.saturating_add(rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len()))
}

/// Undoes COBS in place; `bytes` without the 0x00 at the end. Returns the number of bytes.
fn unstuff(bytes: &mut [u8]) -> Option<usize> {
    let (mut from, mut to) = (0usize, 0usize);
    while let Some(&code) = bytes.get(from) {
        if code == 0 {
            return None;
        }
        from = from.wrapping_add(1);
        for _ in 1..code {
            let byte = *bytes.get(from)?;
            *bytes.get_mut(to)? = byte;
            (from, to) = (from.wrapping_add(1), to.wrapping_add(1));
        }
        if code != 0xFF && from < bytes.len() {
            *bytes.get_mut(to)? = 0;
            to = to.wrapping_add(1);
        }
    }
    Some(to)
}

/// The record of a body whose checksum is right.
fn checked(body: &[u8], checksum: Checksum) -> Option<&[u8]> {
    let end = body.len().checked_sub(CRC)?;
    let record = body.get(..end)?;
    (u32_at(body, end) == Some(checksum(0, record))).then_some(record)
}

/// What a reader makes of its window.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Framed<'w> {
    /// The first `used` bytes are done with; they hold this record.
    Record {
        /// Bytes to drop from the window.
        used: usize,
        /// The record, not parsed yet.
        record: &'w [u8],
    },
    /// The first `used` bytes are damaged, or idle (`damaged` false).
    Skip {
        /// Bytes to drop from the window.
        used: usize,
        /// Something was there that can't be read.
        damaged: bool,
    },
    /// The window must hold at least this many bytes.
    Need(usize),
}

/// Finds records in a window of bytes from a link; COBS is undone in place.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    framing: Framing,
    /// No record is longer, bytes.
    longest: usize,
    /// The bytes before the window's start were damaged and have been counted.
    lost: bool,
    checksum: Checksum,
}

impl Reader {
    /// A reader at the start of a session.
    pub const fn new(framing: Framing, longest: usize) -> Self {
        Reader { framing, longest, lost: false, checksum: crc32 }
    }

    /// The same with another way to work out the same checksum.
    pub const fn with_checksum(self, checksum: Checksum) -> Self {
        Reader { checksum, ..self }
    }

    /// Looks at the window. `eof`: nothing comes after it; then the answer is never [`Framed::Need`] but for 0 bytes.
    pub fn next<'w>(&mut self, window: &'w mut [u8], eof: bool) -> Framed<'w> {
        match self.framing {
            Framing::Cobs => self.cobs(window, eof),
            Framing::Length => self.length(window, eof),
        }
    }

    fn cobs<'w>(&mut self, window: &'w mut [u8], eof: bool) -> Framed<'w> {
        let most = framed_max(Framing::Cobs, self.longest);
        let Some(end) = window.iter().take(most).position(|&byte| byte == 0) else {
            if window.len() >= most {
                // Longer than any record: its end is not looked for any further.
                let fresh = !core::mem::replace(&mut self.lost, true);
                return Framed::Skip { used: most, damaged: fresh };
            }
            if !eof {
                return Framed::Need(window.len().saturating_add(1));
            }
            let damaged = !window.is_empty() && !self.lost;
            return Framed::Skip { used: window.len(), damaged };
        };
        let used = end.saturating_add(1);
        if core::mem::take(&mut self.lost) {
            // The rest of something whose beginning was given up.
            return Framed::Skip { used, damaged: false };
        }
        if end == 0 {
            return Framed::Skip { used, damaged: false };
        }
        let body = window.get_mut(..end).unwrap_or(&mut []);
        let found = unstuff(body).and_then(|n| checked(body.get(..n)?, self.checksum));
        match found {
            Some(record) => Framed::Record { used, record },
            None => Framed::Skip { used, damaged: true },
        }
    }

    fn length<'w>(&mut self, window: &'w [u8], eof: bool) -> Framed<'w> {
        let mut at = 0usize;
        while let Some(rest) = window.get(at..) {
            match self.record_at(rest, eof) {
                Framed::Record { used, record } if at == 0 => {
                    self.lost = false;
                    return Framed::Record { used, record };
                }
                Framed::Need(n) if at == 0 => return Framed::Need(n),
                // Something may start here: what is before it goes first.
                Framed::Record { .. } | Framed::Need(_) => break,
                Framed::Skip { .. } if rest.is_empty() => break,
                Framed::Skip { .. } => at = at.saturating_add(1),
            }
        }
        let fresh = at > 0 && !core::mem::replace(&mut self.lost, true);
        Framed::Skip { used: at, damaged: fresh }
    }

    /// Whether an intact record starts the bytes.
    fn record_at<'w>(&self, bytes: &'w [u8], eof: bool) -> Framed<'w> {
        let no = Framed::Skip { used: 1, damaged: true };
        let short = |n| if eof { Framed::Skip { used: 1, damaged: true } } else { Framed::Need(n) };
        let magic = MAGIC.to_le_bytes();
        let known = bytes.len().min(magic.len());
        if bytes.get(..known) != magic.get(..known) {
            return no;
        }
        let Some(len) = u32_at(bytes, 4) else { return short(HEAD) };
        if len as usize > self.longest {
            return no;
        }
        let used = (len as usize).saturating_add(HEAD + CRC);
        let Some(body) = bytes.get(HEAD..used) else { return short(used) };
        match checked(body, self.checksum) {
            Some(record) => Framed::Record { used, record },
            None => no,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    const BOTH: [Framing; 2] = [Framing::Cobs, Framing::Length];

    fn framed(framing: Framing, records: &[Vec<u8>]) -> Vec<u8> {
        let mut out = vec![0; if framing == Framing::Cobs { 1 } else { 0 }];
        for record in records {
            let mut bytes = vec![0; framed_max(framing, record.len())];
            let n = frame(framing, record, &mut bytes).unwrap();
            out.extend_from_slice(&bytes[..n]);
        }
        out
    }

    /// Everything that arrives when the bytes come in pieces; records, and stretches of damage.
    fn read(framing: Framing, bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, usize) {
        let mut reader = Reader::new(framing, 4096);
        let (mut window, mut fed) = (Vec::new(), 0);
        let (mut records, mut damage) = (Vec::new(), 0);
        for _ in 0..20 * bytes.len() + 100 {
            let eof = fed == bytes.len();
            let used = match reader.next(&mut window, eof) {
                Framed::Record { used, record } => {
                    records.push(record.to_vec());
                    used
                }
                Framed::Skip { used, damaged } => {
                    damage += usize::from(damaged);
                    if eof && used == 0 {
                        return (records, damage);
                    }
                    used
                }
                Framed::Need(_) if eof => return (records, damage),
                Framed::Need(_) => {
                    let end = bytes.len().min(fed + piece);
                    window.extend_from_slice(&bytes[fed..end]);
                    fed = end;
                    0
                }
            };
            window.drain(..used);
            if used == 0 && window.is_empty() && fed < bytes.len() {
                let end = bytes.len().min(fed + piece);
                window.extend_from_slice(&bytes[fed..end]);
                fed = end;
            }
            if window.is_empty() && fed == bytes.len() {
                return (records, damage);
            }
        }
        panic!("no end: {framing:?}");
    }

    fn samples() -> Vec<Vec<u8>> {
        let long: Vec<u8> = (0..700u16).map(|i| (i % 251) as u8).collect();
        let mixed = (0..3000u32).map(|i| (i * i % 7) as u8 * u8::from(i % 900 > 300)).collect();
        let runs = vec![7; 254];
        vec![vec![1, 0, 2, 0, 0], long, vec![], vec![0; 300], runs, vec![9; 255], mixed]
    }

    #[test]
    fn records_arrive_however_the_bytes_come() {
        for framing in BOTH {
            let bytes = framed(framing, &samples());
            for piece in [1, 2, 3, 7, 64, 255, 4096] {
                assert_eq!(read(framing, &bytes, piece), (samples(), 0), "{framing:?} {piece}");
            }
        }
    }

    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(CRC32.checksum(b"123456789"), 0xCBF4_3926);
        let mut out = [0; 32];
        let n = frame(Framing::Cobs, &[0x13, 0x00], &mut out).unwrap();
        let crc = CRC32.checksum(&[0x13, 0x00]).to_le_bytes();
        assert_eq!(out[..3], [2, 0x13, 5]);
        assert_eq!(out[3..n], [crc[0], crc[1], crc[2], crc[3], 0]);
        assert_eq!(frame(Framing::Length, &[1], &mut out[..12]), None);
    }

    #[test]
    fn a_sum_goes_on_where_another_ended() {
        let bytes: Vec<u8> = (0..300u16).map(|i| (i % 251) as u8).collect();
        for at in [0, 1, 7, 299, 300] {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(crc32(crc32(0, head), tail), CRC32.checksum(&bytes));
        }
    }

    #[test]
    fn a_frame_is_the_same_in_any_pieces() {
        for framing in BOTH {
            for record in samples() {
                let mut whole = vec![0; framed_max(framing, record.len())];
                let n = frame(framing, &record, &mut whole).unwrap();
                for piece in [1, 2, 5, 100, 254, 255, 256, 257, 600, 1000] {
                    let mut sender = Sender::new(framing, crc32);
                    let (mut out, mut room) = (Vec::new(), vec![0; piece]);
                    loop {
                        let (n, done) = sender.fill(&record, &mut room);
                        out.extend_from_slice(&room[..n]);
                        if done {
                            break;
                        }
                    }
                    assert_eq!(out, whole[..n], "{framing:?} {piece}");
                }
            }
        }
    }

    #[test]
    fn a_flipped_byte_costs_the_record_it_hits() {
        let records = vec![vec![5, 0, 3, 9], (1..=40u8).collect(), vec![0, 0, 8]];
        for framing in BOTH {
            let bytes = framed(framing, &records);
            let mut ends = vec![bytes.len() - framed(framing, &records[..0]).len()];
            ends = (0..=3).map(|i| framed(framing, &records[..i]).len()).chain(ends).collect();
            for at in 0..bytes.len() {
                for mask in [0x01, 0xFF, 0x80] {
                    let mut damaged = bytes.clone();
                    damaged[at] ^= mask;
                    let (got, damage) = read(framing, &damaged, 16);
                    for (i, record) in records.iter().enumerate() {
                        let hit = (ends[i]..ends[i + 1]).contains(&at);
                        // A damaged delimiter joins its record to the next one.
                        let joined = framing == Framing::Cobs && at + 1 == ends[i];
                        if !hit && !joined {
                            assert!(got.contains(record), "{framing:?} byte {at}: {i} is lost");
                        }
                    }
                    let idle = framing == Framing::Cobs && at == 0;
                    assert!(got.len() == records.len() || damage > 0 || idle, "{framing:?} {at}");
                }
            }
        }
    }

    #[test]
    fn cuts_cost_only_what_is_cut() {
        for framing in BOTH {
            let bytes = framed(framing, &samples());
            for cut in 0..bytes.len() {
                let (got, _) = read(framing, &bytes[..cut], 100);
                assert!(samples().starts_with(&got), "{framing:?} {cut}");
            }
        }
    }

    #[test]
    fn noise_is_skipped_without_end() {
        let noise: Vec<u8> =
            (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for framing in BOTH {
            let records = vec![vec![1, 2, 3]];
            let tail = framed(framing, &records);
            let mut bytes = noise.clone();
            bytes.extend_from_slice(&[0]);
            bytes.extend_from_slice(&tail);
            let (got, damage) = read(framing, &bytes, 333);
            assert_eq!(got, records, "{framing:?}");
            assert!(damage > 0);
        }
    }
}
