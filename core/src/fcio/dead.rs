//! Dead intervals of a stream: one log, and a cursor per trace.
//!
//! The reference implementation keeps a FIFO of 2048 intervals per trace. An interval reaches the FIFO of every trace in
//! its range whose newest interval ended earlier. Here each interval is stored once; a trace's FIFO is what its cursor
//! still has before it in the log, so the results are the same at 1/2400 of the memory.

use crate::error::{Error, Kind, Result};
use crate::history::History;

/// Intervals that can be pending at once.
const CAPACITY: usize = 2048;
const MASK: u64 = CAPACITY as u64 - 1;

/// A time during which the hardware buffers of some traces were full. Nanoseconds of FPGA time.
#[derive(Clone, Copy, Debug)]
struct Interval {
    start: i64,
    stop: i64,
    lo: u16,
    hi: u16,
}

impl Interval {
    const NONE: Interval = Interval { start: 0, stop: 0, lo: 0, hi: 0 };
}

/// The log of a stream with up to `N` traces.
#[derive(Debug)]
pub(super) struct DeadLog<const N: usize> {
    ring: [Interval; CAPACITY],
    first: u64,
    end: u64,
    /// Next log entry that each trace has to look at.
    cursor: [u64; N],
    /// Stop of the newest interval pushed for, and of the last one taken by, each trace.
    newest: [i64; N],
    taken: [i64; N],
}

impl<const N: usize> DeadLog<N> {
    pub(super) const fn new() -> Self {
        Self {
            ring: [Interval::NONE; CAPACITY],
            first: 0,
            end: 0,
            cursor: [0; N],
            newest: [0; N],
            taken: [0; N],
        }
    }

    pub(super) fn clear(&mut self) {
        self.first = 0;
        self.end = 0;
        self.cursor.fill(0);
        self.newest.fill(0);
        self.taken.fill(0);
    }

    /// Adds an interval for the traces `lo..hi`; those that know a later stop ignore it.
    pub(super) fn push(&mut self, start: i64, stop: i64, lo: usize, hi: usize) -> Result<()> {
        let mut news = false;
        for newest in self.newest.get_mut(lo..hi).unwrap_or(&mut []) {
            if stop > *newest {
                *newest = stop;
                news = true;
            }
        }
        if !news {
            return Ok(());
        }
        if self.end.wrapping_sub(self.first) >= CAPACITY as u64 {
            self.drop_taken();
        }
        if self.end.wrapping_sub(self.first) >= CAPACITY as u64 {
            let max = CAPACITY as i64;
            return Err(Error::new(Kind::Limit, "pending dead intervals", max, max));
        }
        if let Some(slot) = self.ring.get_mut((self.end & MASK) as usize) {
            *slot = Interval { start, stop, lo: lo as u16, hi: hi as u16 };
            self.end = self.end.wrapping_add(1);
        }
        Ok(())
    }

    /// The oldest interval of a trace; its cursor moves past those that don't concern it.
    fn oldest(&mut self, trace: usize) -> Option<Interval> {
        let cursor = self.cursor.get_mut(trace)?;
        let taken = *self.taken.get(trace)?;
        *cursor = (*cursor).max(self.first);
        while *cursor < self.end {
            let interval = *self.ring.get((*cursor & MASK) as usize)?;
            let mine = (usize::from(interval.lo)..usize::from(interval.hi)).contains(&trace);
            if mine && interval.stop > taken {
                return Some(interval);
            }
            *cursor = cursor.wrapping_add(1);
        }
        None
    }

    /// Visits the pending intervals, and the first so many traces' places among them.
    pub(super) fn history<H: History>(&mut self, traces: usize, history: &mut H) {
        self.drop_taken();
        let mut pending = self.end.wrapping_sub(self.first) as usize;
        history.count(&mut pending, CAPACITY);
        for i in 0..pending as u64 {
            let at = self.first.wrapping_add(i) & MASK;
            let Some(interval) = self.ring.get_mut(at as usize) else { break };
            history.word(&mut interval.start);
            history.word(&mut interval.stop);
            let mut range = [interval.lo, interval.hi].map(i64::from);
            history.words(&mut range);
            [interval.lo, interval.hi] = range.map(|trace| trace as u16);
        }
        self.end = self.first.wrapping_add(pending as u64);
        for cursor in self.cursor.get_mut(..traces).unwrap_or(&mut []) {
            let mut ahead = cursor.saturating_sub(self.first) as usize;
            history.count(&mut ahead, pending);
            *cursor = self.first.wrapping_add(ahead as u64);
        }
        history.words(self.newest.get_mut(..traces).unwrap_or(&mut []));
        history.words(self.taken.get_mut(..traces).unwrap_or(&mut []));
    }

    fn drop_taken(&mut self) {
        let mut needed = self.end;
        for trace in 0..N {
            if self.oldest(trace).is_some() {
                needed = needed.min(self.cursor.get(trace).copied().unwrap_or(self.first));
            }
        }
        self.first = needed;
    }

    /// Whether some trace of `lo..hi` has an interval that was over by `time` (4 ns of slack).
    /// A trace without any ends the search.
    pub(super) fn before(&mut self, time: i64, lo: usize, hi: usize) -> bool {
        for trace in lo..hi {
            match self.oldest(trace) {
                None => return false,
                Some(interval) if time.wrapping_sub(interval.stop) > -4 => return true,
                Some(_) => {}
            }
        }
        false
    }

    /// Takes the oldest interval of a trace: its length in ns.
    pub(super) fn take(&mut self, trace: usize) -> Option<i64> {
        let interval = self.oldest(trace)?;
        *self.taken.get_mut(trace)? = interval.stop;
        let cursor = self.cursor.get_mut(trace)?;
        *cursor = cursor.wrapping_add(1);
        Some(interval.stop.wrapping_sub(interval.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_interval_counts_once() {
        let mut log = DeadLog::<4>::new();
        log.push(100, 200, 0, 4).unwrap();
        log.push(100, 200, 0, 4).unwrap();
        assert!(!log.before(190, 0, 4));
        assert!(log.before(197, 0, 4));
        assert_eq!(log.take(2), Some(100));
        assert_eq!(log.take(2), None);
        assert_eq!(log.take(0), Some(100));
    }

    #[test]
    fn ranges_are_kept_apart_and_the_log_is_reused() {
        let mut log = DeadLog::<4>::new();
        for i in 0..3 * CAPACITY as i64 {
            let lo = if i % 2 == 0 { 0 } else { 2 };
            log.push(10 * i + 1, 10 * i + 6, lo, lo + 2).unwrap();
            assert!(log.before(10 * i + 6, lo, lo + 2));
            assert_eq!(log.take(lo), Some(5));
            assert_eq!(log.take(lo + 1), Some(5));
            assert!(!log.before(i64::MAX, lo, lo + 2));
        }
    }

    /// Numbers in the order in which they are shown; loads those that it has.
    #[derive(Default)]
    struct Words {
        saved: std::vec::Vec<i64>,
        load: Option<usize>,
    }

    impl History for Words {
        fn word(&mut self, value: &mut i64) {
            match &mut self.load {
                None => self.saved.push(*value),
                Some(next) => {
                    *value = self.saved[*next];
                    *next += 1;
                }
            }
        }
    }

    #[test]
    fn a_log_that_is_loaded_goes_on_as_the_one_that_was_saved() {
        let mut log = DeadLog::<4>::new();
        for i in 0..2 * CAPACITY as i64 {
            log.push(10 * i + 1, 10 * i + 6, 0, 4).unwrap();
            let traces = if i < 2 * CAPACITY as i64 - 3 { 0..4 } else { 1..3 };
            for trace in traces {
                log.take(trace);
            }
        }
        let mut words = Words::default();
        log.history(4, &mut words);
        words.load = Some(0);
        let mut other = DeadLog::<4>::new();
        other.history(4, &mut words);
        assert_eq!(words.load, Some(words.saved.len()));
        for log in [&mut log, &mut other] {
            log.push(90_001, 90_008, 2, 4).unwrap();
        }
        for trace in [0, 0, 1, 3, 3, 2, 0, 3, 3, 0, 2, 1] {
            let (lo, hi) = (trace, trace + 1);
            assert_eq!(log.before(95_000, lo, hi), other.before(95_000, lo, hi));
            assert_eq!(log.take(trace), other.take(trace));
        }
    }

    #[test]
    fn what_is_loaded_is_bounded() {
        let mut words = Words { saved: std::vec![i64::MAX; 10_000], load: Some(0) };
        let mut log = DeadLog::<4>::new();
        log.history(4, &mut words);
        assert!(log.end - log.first <= CAPACITY as u64);
        assert_eq!(log.take(0), None);
    }

    #[test]
    fn too_many_pending_intervals_are_an_error() {
        let mut log = DeadLog::<1>::new();
        for i in 1..=CAPACITY as i64 {
            log.push(i, i + 1, 0, 1).unwrap();
        }
        assert_eq!(log.push(9000, 9001, 0, 1).unwrap_err().kind, Kind::Limit);
    }
}
