//! What links do to frames: drops, doubles, damage, cuts, changes of order, stalls. Seeded, so that it repeats.

use std::io::{self, Write};
use std::time::Duration;

use crate::emit::rng::Rng;

/// How often each fault occurs, in a thousand frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// The frame is missing.
    pub drop: u32,
    /// The frame comes twice.
    pub duplicate: u32,
    /// One to three of its bytes are others.
    pub corrupt: u32,
    /// Its end is missing.
    pub truncate: u32,
    /// It comes after the next one.
    pub swap: u32,
    /// Bytes that belong to nothing come before it.
    pub noise: u32,
    /// It comes 10 ms late, and all that follow.
    pub stall: u32,
}

impl Rates {
    /// Every fault, this often in a thousand frames.
    pub const fn all(rate: u32) -> Self {
        Rates {
            drop: rate,
            duplicate: rate,
            corrupt: rate,
            truncate: rate,
            swap: rate,
            noise: rate,
            stall: 0,
        }
    }
}

/// Faults done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Frames dropped, damaged or cut.
    pub lost: u64,
    /// Frames that arrived twice.
    pub doubled: u64,
    /// Frames that arrived after their successor.
    pub swapped: u64,
    /// Stalls.
    pub stalled: u64,
}

/// A link that does this to the frames written to it; each `write` is one frame.
#[derive(Debug)]
pub struct Faulty<W> {
    to: W,
    rates: Rates,
    rng: Rng,
    /// A frame that waits for the next one.
    held: Option<Vec<u8>>,
    /// Whether each frame was left alone and in its place. What is done to the end of a frame, or between two, touches the next one
    /// too: they may run into each other.
    pub intact: Vec<bool>,
    /// The next frame is touched.
    spoilt: bool,
    /// Faults done so far.
    pub count: Count,
}

impl<W: Write> Faulty<W> {
    /// Faults at these rates on the way to a link.
    pub fn new(to: W, rates: Rates, seed: u64) -> Self {
        Faulty {
            to,
            rates,
            rng: Rng::new(seed),
            held: None,
            intact: Vec::new(),
            spoilt: false,
            count: Count::default(),
        }
    }

    /// The link behind, after what was held back.
    ///
    /// # Errors
    /// Those of the link.
    pub fn into_inner(mut self) -> io::Result<W> {
        self.release()?;
        Ok(self.to)
    }

    fn release(&mut self) -> io::Result<()> {
        match self.held.take() {
            Some(held) => self.to.write_all(&held),
            None => Ok(()),
        }
    }

    fn happens(&mut self, rate: u32) -> bool {
        rate > 0 && self.rng.below(1000) < u64::from(rate)
    }

    fn place(&mut self, len: usize) -> usize {
        self.rng.below(len.max(1) as u64) as usize
    }

    fn frame(&mut self, frame: &[u8]) -> io::Result<()> {
        let Rates { drop, duplicate, corrupt, truncate, swap, noise, stall } = self.rates;
        if self.happens(stall) {
            self.count.stalled += 1;
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut intact = !std::mem::take(&mut self.spoilt);
        if self.happens(noise) {
            let noise: Vec<u8> = (0..1 + self.place(40)).map(|_| self.place(256) as u8).collect();
            self.to.write_all(&noise)?;
            intact = false;
        }
        if self.happens(drop) {
            self.count.lost += 1;
            self.intact.push(false);
            // What was before it now is before the next one.
            self.spoilt = !intact;
            return Ok(());
        }
        let mut bytes = frame.to_vec();
        if self.happens(corrupt) {
            self.count.lost += 1;
            intact = false;
            for _ in 0..1 + self.place(3) {
                let (at, bit) = (self.place(bytes.len()), self.place(8));
                self.spoilt |= at + 1 == bytes.len();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
        } else if self.happens(truncate) {
            self.count.lost += 1;
            (intact, self.spoilt) = (false, true);
            let at = self.place(bytes.len());
            bytes.truncate(at);
        } else if self.happens(swap) && self.held.is_none() {
            self.count.swapped += 1;
            self.intact.push(false);
            self.spoilt = !intact;
            self.held = Some(bytes);
            return Ok(());
        }
        self.intact.push(intact);
        self.to.write_all(&bytes)?;
        if self.happens(duplicate) {
            self.count.doubled += 1;
            self.to.write_all(&bytes)?;
        }
        self.release()
    }
}

impl<W: Write> Write for Faulty<W> {
    fn write(&mut self, frame: &[u8]) -> io::Result<usize> {
        self.frame(frame)?;
        Ok(frame.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
