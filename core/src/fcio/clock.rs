//! Times of an event: what was measured (counters and offsets), and what follows (unix, run, life and dead time).
//!
//! Formulas as in the reference binding of the format (version 0.7): all times are i64 nanoseconds.

use super::dead::DeadLog;
use crate::bytes::fill_i32;
use crate::error::Result;
use crate::history::History;

const SECOND: i64 = 1_000_000_000;
/// Event type: cards trigger and read out on their own.
pub(super) const PER_CARD: i32 = 11;

/// Ten counters of a record. Entries that a record doesn't carry keep their last value for what is derived,
/// and read as 0 in the columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words {
    all: [i32; 10],
    received: usize,
}

impl Words {
    pub(super) const fn new() -> Self {
        Self { all: [0; 10], received: 0 }
    }

    pub(super) fn read(&mut self, bytes: &[u8]) {
        self.received = fill_i32(bytes, &mut self.all);
    }

    /// The value as last received, however long ago.
    pub(super) fn kept(&self, i: usize) -> i64 {
        self.all.get(i).copied().unwrap_or(0).into()
    }

    /// The value if this record carried it.
    pub(super) fn column(&self, i: usize) -> i32 {
        if i < self.received { self.all.get(i).copied().unwrap_or(0) } else { 0 }
    }

    pub(super) const fn received(&self) -> usize {
        self.received
    }

    fn set(&mut self, i: usize, value: i32) {
        if let Some(word) = self.all.get_mut(i) {
            *word = value;
        }
    }

    pub(super) fn forget_received(&mut self) {
        self.received = 0;
    }

    fn history<H: History>(&mut self, history: &mut H) {
        self.all.iter_mut().for_each(|word| history.i32(word));
        history.count(&mut self.received, self.all.len());
    }
}

/// Run, life and dead time of a trace at the present event, ns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) run: i64,
    pub(super) life: i64,
    pub(super) dead: i64,
    pub(super) interval: i64,
}

/// The time state of a stream.
#[derive(Debug)]
pub(super) struct Clock<const N: usize> {
    pub(super) offset: Words,
    pub(super) stamp: Words,
    pub(super) dead: Words,
    enabled: [i64; N],
    dead_time: [i64; N],
    interval: [i64; N],
    log: DeadLog<N>,
    fpga: i64,
}

impl<const N: usize> Clock<N> {
    pub(super) const fn new() -> Self {
        Self {
            offset: Words::new(),
            stamp: Words::new(),
            dead: Words::new(),
            enabled: [-1; N],
            dead_time: [0; N],
            interval: [0; N],
            log: DeadLog::new(),
            fpga: 0,
        }
    }

    /// A new configuration starts all times afresh.
    pub(super) fn restart(&mut self) {
        self.enabled.fill(-1);
        self.dead_time.fill(0);
        self.interval.fill(0);
        self.log.clear();
    }

    /// Visits everything that concerns the first so many traces.
    pub(super) fn history<H: History>(&mut self, traces: usize, history: &mut H) {
        for words in [&mut self.offset, &mut self.stamp, &mut self.dead] {
            words.history(history);
        }
        history.word(&mut self.fpga);
        for all in [&mut self.enabled, &mut self.dead_time, &mut self.interval] {
            history.words(all.get_mut(..traces).unwrap_or(&mut []));
        }
        self.log.history(traces, history);
    }

    /// A record begins: it has received nothing yet.
    pub(super) fn begin(&mut self) {
        self.offset.forget_received();
        self.stamp.forget_received();
        self.dead.forget_received();
    }

    /// A full event concerns all traces, whatever its dead region says.
    pub(super) fn all_affected(&mut self, traces: usize) {
        self.dead.set(5, 0);
        self.dead.set(6, traces as i32);
    }

    fn affected(&self, traces: usize) -> (usize, usize) {
        // Not `clamp`, which panics where its bounds are the wrong way round.
        let traces = traces as i64;
        let lo = self.dead.kept(5).max(0).min(traces);
        let hi = self.dead.kept(5).wrapping_add(self.dead.kept(6)).min(traces).max(lo);
        (lo as usize, hi as usize)
    }

    /// Takes the counters of the present record into account. `kind`: event type.
    pub(super) fn advance(&mut self, kind: i32, traces: usize) -> Result<()> {
        let traces = traces.min(N);
        let d = &self.dead;
        self.fpga = SECOND * self.stamp.kept(1) + 4 * self.stamp.kept(2);
        let start = SECOND * d.kept(0) + 4 * d.kept(1);
        let stop = SECOND * d.kept(2) + 4 * d.kept(3);
        let (lo, hi) = self.affected(traces);
        let range = if kind == PER_CARD { lo..hi } else { 0..traces };
        let enabled = self.enabled.get_mut(range.clone()).unwrap_or(&mut []);
        if start == 0 && enabled.contains(&-1) {
            if stop > 0 {
                enabled.fill(stop);
            } else if stop == 0 {
                enabled.fill(SECOND * self.offset.kept(5) + 1000 * self.offset.kept(6));
            }
        }
        if start > 0 {
            self.log.push(start, stop, lo, hi)?;
        }
        self.interval.get_mut(range).unwrap_or(&mut []).fill(0);
        while self.log.before(self.fpga, lo, hi) {
            for trace in lo..hi {
                let taken = self.log.take(trace).unwrap_or(0);
                if let (Some(interval), Some(dead)) =
                    (self.interval.get_mut(trace), self.dead_time.get_mut(trace))
                {
                    *interval = taken;
                    *dead = dead.wrapping_add(taken);
                }
            }
        }
        Ok(())
    }

    /// Unix time of the event, ns. `gps`: an external clock drives the FPGA time.
    pub(super) fn unix_ns(&self, gps: bool) -> i64 {
        let o = &self.offset;
        let shift = if gps { SECOND * o.kept(2) } else { SECOND * o.kept(0) + 1000 * o.kept(1) };
        self.fpga.wrapping_add(shift)
    }

    /// The times of a trace.
    pub(super) fn times(&self, trace: usize) -> Times {
        let at = |all: &[i64; N]| all.get(trace).copied().unwrap_or(0);
        let dead = at(&self.dead_time);
        let run = self.fpga.wrapping_sub(at(&self.enabled));
        Times { run, life: run.wrapping_sub(dead), dead, interval: at(&self.interval) }
    }
}
