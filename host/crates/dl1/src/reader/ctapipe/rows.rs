//! Tables whose rows are taken event by event.

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::super::cell::{f64s, integer};
use crate::event::Time;
use crate::reader::Cells;
use crate::time::from_high_resolution;
use crate::{Error, Place};

/// A table of which rows are taken as events want them.
pub(super) struct Rows {
    pub(super) cells: Cells,
    pub(super) next: usize,
    pub(super) obs_id: Option<Column>,
    pub(super) event_id: Column,
    /// Whether `cells` is at the next row.
    is_there: bool,
}

impl Rows {
    pub(super) fn find(file: &tree::Reader, path: &str) -> Result<Option<Self>, Error> {
        let Some(cells) = Cells::find(file, path)? else { return Ok(None) };
        let (obs_id, event_id) = (cells.find_column("obs_id"), cells.column(file, "event_id")?);
        Ok(Some(Rows { cells, next: 0, obs_id, event_id, is_there: false }))
    }

    /// Whether the next row is of an event; the row is taken then.
    pub(super) fn take(&mut self, obs_id: i32, event_id: i64) -> Result<bool, Error> {
        if self.next >= self.cells.rows() {
            return Ok(false);
        }
        if !self.is_there {
            self.cells.go(self.next)?;
            self.is_there = true;
        }
        let row = self.cells.row();
        let same = integer(&self.event_id, row) == event_id
            && self.obs_id.as_ref().is_none_or(|own| integer(own, row) == i64::from(obs_id));
        if same {
            self.next += 1;
            self.is_there = false;
        }
        Ok(same)
    }

    /// Fails if rows are left.
    pub(super) fn finish(&self, file: &tree::Reader) -> Result<(), Error> {
        if self.next == self.cells.rows() {
            return Ok(());
        }
        let reason = format!("row {} of {} belongs to no event", self.next, self.cells.rows());
        let place = Place::Entry(self.cells.path().to_owned());
        Err(Error::malformed(file.path(), place, reason))
    }
}

/// A time: two whole numbers, or (up to v6) a modified Julian date.
pub(super) fn time(column: &Column, row: &[u8]) -> Time {
    match f64s(column, row)[..] {
        [seconds, quarters] => from_high_resolution([seconds as u32, quarters as u32]),
        [mjd] => {
            let seconds = crate::time::from_mjd(mjd.floor());
            Time { seconds, nanoseconds: (mjd - mjd.floor()) * 86_400e9 }
        }
        _ => Time { seconds: 0, nanoseconds: f64::NAN },
    }
}
