//! Rows of a batch.

use std::path::Path;

use tierline_table::{Array, Column, DType, Table};

use super::{TABLE, wrong};
use crate::Error;
use crate::event::Time;

/// Columns with a number for each row.
const NUMBERS: [&str; 11] = [
    "packet_id",
    "eventnumber",
    "event_type",
    "channel",
    "board_id",
    "fc_input",
    "baseline",
    "ts_pps",
    "ts_ticks",
    "timestamp",
    "waveform/dt",
];
/// Offsets of the clock, which are 0 where there are none.
const OFFSETS: [&str; 3] = ["mu_offset_sec", "mu_offset_usec", "to_master_sec"];
/// Ticks of the camera's clock, in ns.
const TICK_NS: i64 = 4;
const SECOND: i64 = 1_000_000_000;
/// Counters and the time that was worked out of them agree to this, in ns: to what the time of f64 can tell.
const AGREE_NS: f64 = 1000.0;

/// What tells events apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EventKey {
    pub(super) packet: i64,
    pub(super) number: i64,
}

/// Where a trace was digitized, and its baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) channel: u16,
    pub(super) card: u16,
    pub(super) input: u16,
    pub(super) baseline: u16,
}

/// A batch of rows, whose columns have been checked.
pub(super) struct Rows<'a> {
    pub(super) n: usize,
    numbers: [&'a Array; 11],
    offsets: [Option<&'a Array>; 3],
    samples: &'a Column,
}

impl<'a> Rows<'a> {
    /// Finds the columns. `path` names the recording.
    pub(super) fn of(path: &Path, table: &'a Table) -> Result<Self, Error> {
        table.check().map_err(|e| wrong(path, TABLE, e.to_string()))?;
        let n = table.rows;
        let mut numbers = [None; 11];
        for (place, name) in numbers.iter_mut().zip(NUMBERS) {
            let reason = "this column of numbers is missing";
            let entry = || format!("{TABLE}/{name}");
            let array = table.array(name).ok_or_else(|| wrong(path, &entry(), reason))?;
            if array.len() != n || (n > 0 && array.get_f64(0).is_none()) {
                return Err(wrong(path, &entry(), "expected one number for each row"));
            }
            *place = Some(array);
        }
        let entry = format!("{TABLE}/waveform/values");
        let samples = table.column("waveform/values");
        let samples = samples.ok_or_else(|| wrong(path, &entry, "this column is missing"))?;
        let numbers = numbers.map(|array| array.unwrap_or(&EMPTY));
        let offsets = OFFSETS.map(|name| table.array(name).filter(|array| array.len() == n));
        Ok(Rows { n, numbers, offsets, samples: &samples.column })
    }

    fn whole(&self, column: usize, row: usize) -> i64 {
        self.numbers[column].get_i64(row).unwrap_or(0)
    }

    fn word(&self, column: usize, row: usize) -> u16 {
        u16::try_from(self.whole(column, row)).unwrap_or(u16::MAX)
    }

    pub(super) fn key(&self, row: usize) -> EventKey {
        EventKey { packet: self.whole(0, row), number: self.whole(1, row) }
    }

    pub(super) fn event_type(&self, row: usize) -> i64 {
        self.whole(2, row)
    }

    pub(super) fn trace(&self, row: usize) -> Trace {
        Trace {
            channel: self.word(3, row),
            card: self.word(4, row),
            input: self.word(5, row),
            baseline: self.word(6, row),
        }
    }

    /// Time between two samples, in ns.
    pub(super) fn period_ns(&self, row: usize) -> f64 {
        self.numbers[10].get_f64(row).unwrap_or(f64::NAN)
    }

    /// When the event was triggered: from the counters, which tell ticks, if they agree with the time that the table
    /// has, else this.
    pub(super) fn time(&self, row: usize, gps: bool) -> Time {
        let timestamp = self.numbers[9].get_f64(row).unwrap_or(f64::NAN);
        let offset = |at: usize| self.offsets[at].and_then(|o| o.get_i64(row)).unwrap_or(0);
        let shift = match gps {
            true => offset(2).saturating_mul(SECOND),
            false => {
                offset(0).saturating_mul(SECOND).saturating_add(offset(1).saturating_mul(1000))
            }
        };
        let clock = self.whole(7, row).saturating_mul(SECOND);
        let clock = clock.saturating_add(self.whole(8, row).saturating_mul(TICK_NS));
        let nanoseconds = clock.saturating_add(shift);
        let (seconds, rest) = (nanoseconds.div_euclid(SECOND), nanoseconds.rem_euclid(SECOND));
        let apart = (timestamp - seconds as f64) * 1e9 - rest as f64;
        if apart.abs() < AGREE_NS {
            return Time { seconds, nanoseconds: rest as f64 };
        }
        let whole = timestamp.floor();
        Time { seconds: whole as i64, nanoseconds: ((timestamp - whole) * 1e9).round() }
    }

    /// Appends the samples of a row, which must be `n`.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn samples(&self, row: usize, n: usize, out: &mut Vec<u16>) -> Result<(), String> {
        let (array, range) = match self.samples {
            Column::Array(array) => {
                let n = array.row_len();
                (array, row * n..(row + 1) * n)
            }
            Column::Vectors(vectors) => {
                let range = vectors.range(row).ok_or("its samples are missing")?;
                (&vectors.flattened, range)
            }
            _ => return Err("its samples are neither an array nor vectors".into()),
        };
        if range.len() != n {
            return Err(format!("it has {} samples, expected {n}", range.len()));
        }
        if array.dtype == DType::U16 {
            let bytes = array.data.get(2 * range.start..2 * range.end);
            let bytes = bytes.ok_or("its samples are missing")?;
            out.extend(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
            return Ok(());
        }
        let old = out.len();
        out.extend(range.map_while(|at| array.get_i64(at).and_then(|v| u16::try_from(v).ok())));
        if out.len() - old == n {
            return Ok(());
        }
        out.truncate(old);
        Err("a sample is no number of 16 bits".into())
    }
}

static EMPTY: Array = Array { dtype: DType::U8, row_shape: Vec::new(), data: Vec::new() };
