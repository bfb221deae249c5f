//! Frames made of records, into whatever room there is.

use super::{CRC, Checksum, Framing, HEAD, MAGIC};

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

/// COBS: puts the runs that end within the record, each behind its code, from byte `at` of it on, as far as there is room;
/// returns the byte after them and how many bytes were put.
fn runs(record: &[u8], mut at: usize, out: &mut [u8]) -> (usize, usize) {
    let mut used = 0usize;
    while let (Some(from), Some(to)) = (record.get(at..), out.get_mut(used..)) {
        let (ended, run) = words(from, to);
        (at, used) = (at.wrapping_add(ended), used.wrapping_add(ended));
        let (Some(from), Some(to)) = (from.get(ended..), to.get_mut(ended..)) else { break };
        let Some((run, zero)) = rest(from, to, run) else { break };
        at = at.wrapping_add(run).wrapping_add(usize::from(zero));
        used = used.wrapping_add(run).wrapping_add(1);
    }
    (at, used)
}

/// COBS: puts whole words, until a run is nearly as long as one can be. As many bytes come out as go in, as a code lies where
/// the zero before it was; returns how many those of the runs that ended are, and how many are put of the run that goes on.
#[inline(never)]
fn words(from: &[u8], to: &mut [u8]) -> (usize, usize) {
    let Some((mut code, to)) = to.split_first_mut() else { return (0, 0) };
    let (slots, words) = (to.as_chunks_mut::<4>().0, from.as_chunks::<4>().0);
    // A word may be put up to `until` without making the run too long, which began by `NEARLY` before it.
    let (mut until, mut put) = (NEARLY, 0usize);
    for (slot, word) in slots.iter_mut().zip(words) {
        if put > until {
            break;
        }
        *slot = *word;
        if has_zero(word) {
            for (i, (byte, value)) in (1..).zip(slot.iter_mut().zip(word)) {
                if *value == 0 {
                    let end = put.wrapping_add(i).wrapping_add(NEARLY);
                    *code = end.wrapping_sub(until) as u8;
                    (code, until) = (byte, end);
                }
            }
        }
        put = put.wrapping_add(word.len());
    }
    let ended = until.wrapping_sub(NEARLY);
    (ended, put.wrapping_sub(ended))
}

/// COBS: puts the rest of a run, of which `run` bytes are there, and its code; returns its length, and whether a zero ends it.
/// `None` where it doesn't end within the record, or finds no room.
fn rest(from: &[u8], to: &mut [u8], mut run: usize) -> Option<(usize, bool)> {
    let (code, to) = to.split_first_mut()?;
    while run < LONGEST_RUN.into() {
        let byte = *from.get(run)?;
        if byte == 0 {
            break;
        }
        *to.get_mut(run)? = byte;
        run = run.wrapping_add(1);
    }
    *code = (run as u8).wrapping_add(1);
    Some((run, run < LONGEST_RUN.into()))
}

/// COBS: most bytes after one code.
const LONGEST_RUN: u8 = 254;

/// COBS: bytes of a run behind which a word always fits.
const NEARLY: usize = LONGEST_RUN as usize - 4;

/// Whether one of the bytes is zero.
fn has_zero(word: &[u8; 4]) -> bool {
    let word = u32::from_le_bytes(*word);
    word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080 != 0
}

/// Bytes before the first zero.
fn nonzero(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<4>();
    let whole = words.iter().position(has_zero).unwrap_or(words.len()).saturating_mul(4);
    let rest = bytes.get(whole..).unwrap_or(&[]);
    whole.saturating_add(rest.iter().position(|&byte| byte == 0).unwrap_or(rest.len()))
}
