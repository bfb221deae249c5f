//! Rows of one event, gathered over the borders of batches.

use std::path::PathBuf;

use tierline_report::{LimitKind, Limits};
use tierline_table::Table;

use super::rows::{EventKey, Rows, Trace};
use super::{Batch, Batches, TABLE, wrong};
use crate::event::Time;
use crate::{Error, Place};

/// An event, as its rows have it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawEvent {
    pub(super) key: EventKey,
    pub(super) event_type: i64,
    pub(super) time: Time,
    pub(super) traces: Vec<Trace>,
    /// Samples of all traces.
    pub(super) samples: Vec<u16>,
    /// Traces that can't be used, and why.
    pub(super) flaws: Vec<String>,
}

/// Gathers the rows of events.
pub(super) struct Gather {
    pub(super) path: PathBuf,
    pub(super) batches: Batches,
    pub(super) n_samples: usize,
    /// Time between two samples, as the camera file has it.
    pub(super) period_ns: f64,
    pub(super) gps: bool,
    pub(super) limits: Limits,
    /// The present batch, and its next row.
    pub(super) batch: Option<(Table, usize)>,
    pub(super) pending: Option<RawEvent>,
    /// What ended the batches, once what they held has been handed out.
    pub(super) end: Option<Error>,
    pub(super) rows: u64,
    /// What was left out, and why.
    pub(super) notes: Vec<Error>,
}

/// Flaws of an event that are told one by one.
const MAX_FLAWS: usize = 4;
/// Sampling periods are the same if they differ by less than this part.
const SAME_PERIOD: f64 = 1e-4;

impl Gather {
    /// The next event; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<RawEvent>, Error> {
        loop {
            if let Some((table, at)) = self.batch.take() {
                if let Some(done) = self.take_rows(table, at)? {
                    return Ok(Some(done));
                }
                continue;
            }
            match self.batches.next() {
                Some(Ok(Batch::Rows(table))) => self.batch = Some((table, 0)),
                Some(Ok(Batch::Note(note))) => self.notes.push(note),
                Some(Err(error @ Error::Truncated { .. })) => self.end = Some(error),
                Some(Err(error)) => return Err(error),
                None => {
                    let last = self.pending.take();
                    return match (last, self.end.take()) {
                        (Some(event), end) => {
                            self.end = end;
                            Ok(Some(event))
                        }
                        (None, Some(error)) => Err(error),
                        (None, None) => Ok(None),
                    };
                }
            }
        }
    }

    /// Takes rows up to the end of an event, or of the batch.
    fn take_rows(&mut self, table: Table, at: usize) -> Result<Option<RawEvent>, Error> {
        let mut at = at;
        let rows = Rows::of(&self.path, &table)?;
        let mut done = None;
        while at < rows.n {
            let key = rows.key(at);
            if self.pending.as_ref().is_some_and(|event| event.key != key) {
                done = self.pending.take();
                break;
            }
            self.take_row(&rows, at, key)?;
            at += 1;
        }
        if at < table.rows {
            self.batch = Some((table, at));
        }
        Ok(done)
    }

    fn take_row(&mut self, rows: &Rows<'_>, at: usize, key: EventKey) -> Result<(), Error> {
        let period = rows.period_ns(at);
        if (period - self.period_ns).abs().is_nan()
            || (period - self.period_ns).abs() > SAME_PERIOD * self.period_ns
        {
            let reason = format!(
                "{period} ns from sample to sample, the camera file's sampling_rate_ghz says {} ns",
                self.period_ns
            );
            return Err(wrong(&self.path, &format!("{TABLE}/waveform/dt"), reason));
        }
        let event = self.pending.get_or_insert_with(|| RawEvent {
            key,
            event_type: rows.event_type(at),
            time: rows.time(at, self.gps),
            traces: Vec::new(),
            samples: Vec::new(),
            flaws: Vec::new(),
        });
        let size = 2 * (event.samples.len() + self.n_samples) as u64;
        let what = "the samples of an event";
        self.limits.check(LimitKind::Allocation, what, size)?;
        if event.traces.len() > usize::from(u16::MAX) {
            let reason = format!("an event has more than {} traces", u16::MAX);
            return Err(Error::malformed(&self.path, Place::Event(key.number), reason));
        }
        let trace = rows.trace(at);
        match rows.samples(at, self.n_samples, &mut event.samples) {
            Ok(()) => event.traces.push(trace),
            Err(reason) if event.flaws.len() < MAX_FLAWS => {
                event.flaws.push(format!("trace {}: {reason}", trace.channel));
            }
            Err(_) => {}
        }
        self.rows += 1;
        Ok(())
    }
}
