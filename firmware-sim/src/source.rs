//! Recordings as sources: at a given rate, in blocks as a DMA engine hands them out, again and again.

use std::io::{self, Read};
use std::time::{Duration, Instant};

/// A source that has to wait longer than this says so, with [`io::ErrorKind::TimedOut`], and goes on at the next read.
pub const QUIET: Duration = Duration::from_secs(1);

/// Bytes of a source at a rate.
#[derive(Debug)]
pub struct Paced<R> {
    from: R,
    /// Bytes per second; `None`: as fast as it is asked.
    rate: Option<f64>,
    /// Most bytes handed out at a time.
    block: usize,
    start: Option<Instant>,
    given: u64,
}

impl<R: Read> Paced<R> {
    /// Bytes of `from` in blocks of at most `block` bytes, at most `rate` bytes per second.
    pub fn new(from: R, rate: Option<f64>, block: usize) -> Self {
        Paced { from, rate, block: block.max(1), start: None, given: 0 }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.block);
        let room = buffer.get_mut(..most).unwrap_or_default();
        if let Some(rate) = self.rate {
            let start = *self.start.get_or_insert_with(Instant::now);
            let due = Duration::from_secs_f64(self.given as f64 / rate);
            let early = due.saturating_sub(start.elapsed());
            std::thread::sleep(early.min(QUIET));
            if early > QUIET {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        let n = self.from.read(room)?;
        self.given += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept() {
        let bytes = vec![7; 10_000];
        let mut paced = Paced::new(&bytes[..], Some(100_000.0), 1000);
        let (start, mut out) = (Instant::now(), Vec::new());
        assert_eq!(paced.read_to_end(&mut out).unwrap(), 10_000);
        assert_eq!(out, bytes);
        // The last block comes when nine tenths of the time are over.
        assert!(start.elapsed() >= Duration::from_millis(90));
    }
}
