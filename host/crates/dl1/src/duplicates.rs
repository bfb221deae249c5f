//! Events that occur more than once. dl1-data-handler joins tables on their numbers, and takes each pair then.

use std::collections::HashSet;

/// Counts events by their numbers.
#[derive(Debug)]
pub(crate) struct Duplicates {
    known: HashSet<(i64, i64)>,
    room: usize,
    is_full: bool,
    pub(crate) count: u64,
    first: Option<String>,
}

impl Duplicates {
    /// Keeps so many events in mind, of about 40 bytes each.
    pub(crate) fn with_room(room: usize) -> Self {
        Duplicates { known: HashSet::new(), room, is_full: false, count: 0, first: None }
    }

    /// Whether there is no room for more: then the others are not looked at.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Looks at an event of a file.
    pub(crate) fn see(&mut self, obs_id: i64, event_id: i64, file: &std::path::Path) {
        if self.known.len() >= self.room {
            self.is_full = true;
        } else if !self.known.insert((obs_id, event_id)) {
            self.count += 1;
            self.first.get_or_insert_with(|| {
                format!("event {event_id} of observation {obs_id}, in {}", file.display())
            });
        }
    }

    /// What a user should know.
    pub(crate) fn note(&self) -> Option<String> {
        match (&self.first, self.is_full) {
            (Some(first), _) => {
                let count = self.count;
                Some(format!("{count} events had occurred before, first {first}"))
            }
            (None, true) => {
                let text = "no event of the first ones occurs twice; the others were not looked at";
                Some(format!("{text}: there are more than {}", self.room))
            }
            (None, false) => None,
        }
    }
}
