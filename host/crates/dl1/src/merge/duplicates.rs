//! Events that occur in several files.

use std::collections::HashSet;

use tierline_h5::tree::Reader;

use crate::Error;
use crate::reader::Cells;

/// Events that are kept in mind: about 150 MB.
const MAX_KNOWN: usize = 1 << 22;

/// Counts events by their numbers.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    known: HashSet<(i64, i64)>,
    is_full: bool,
    pub(super) count: u64,
    first: Option<String>,
}

impl Duplicates {
    /// Looks at the events of a file.
    pub(super) fn read(&mut self, file: &Reader, path: &str) -> Result<(), Error> {
        let Some(mut cells) = Cells::find(file, path)? else { return Ok(()) };
        for row in 0..cells.rows() {
            cells.go(row)?;
            let key = (cells.integer("obs_id"), cells.integer("event_id"));
            if self.known.len() >= MAX_KNOWN {
                self.is_full = true;
                return Ok(());
            }
            if !self.known.insert(key) {
                self.count += 1;
                self.first.get_or_insert_with(|| {
                    let (obs_id, event_id) = key;
                    format!(
                        "event {event_id} of observation {obs_id}, in {}",
                        file.path().display()
                    )
                });
            }
        }
        Ok(())
    }

    /// What a user should know.
    pub(super) fn note(&self) -> Option<String> {
        match (&self.first, self.is_full) {
            (Some(first), _) => {
                let count = self.count;
                Some(format!("{count} events had occurred before, first {first}"))
            }
            (None, true) => {
                let text = "no event of the first ones occurs twice; the others were not looked at";
                Some(format!("{text}: there are more than {MAX_KNOWN}"))
            }
            (None, false) => None,
        }
    }
}
