//! What must be the same in all files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{Error, Place};

/// What a file holds, as far as all must agree.
pub(super) struct Content {
    pub(super) path: PathBuf,
    /// Tables, those of the telescopes by their group.
    pub(super) groups: BTreeSet<String>,
    pub(super) events: usize,
}

/// Groups of tables.
pub(super) fn groups(tables: &[String]) -> BTreeSet<String> {
    let group = |path: &String| match path.rsplit_once("/tel_") {
        Some((group, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            group.to_owned()
        }
        _ => path.clone(),
    };
    tables.iter().map(group).collect()
}

impl Content {
    /// Checks that two files have the same data. Files without events lack tables of events; tables of counts and of the
    /// simulation as a whole may be missing where a run did not end, which is noted.
    pub(super) fn compare(&self, other: &Content, notes: &mut Vec<String>) -> Result<(), Error> {
        let lacking = |of: &Content, than: &Content| -> Option<String> {
            than.groups.difference(&of.groups).next().cloned()
        };
        for (this, that) in [(self, other), (other, self)] {
            for group in that.groups.difference(&this.groups) {
                if group.contains("/service/") {
                    let (this, that) = (this.path.display(), that.path.display());
                    notes.push(format!("{this}: there is no {group}, as there is in {that}"));
                }
            }
        }
        if self.events == 0 || other.events == 0 {
            return Ok(());
        }
        let plain = |of: &Content| Content {
            path: of.path.clone(),
            groups: of
                .groups
                .iter()
                .filter(|group| !group.contains("/service/"))
                .cloned()
                .collect(),
            events: of.events,
        };
        let (first, second) = (plain(self), plain(other));
        let missing = |file: &Path, group: String, than: &Path| {
            let reason = format!("there is no {group}, as there is in {}", than.display());
            Err(Error::malformed(file, Place::File, reason))
        };
        match (lacking(&second, &first), lacking(&first, &second)) {
            (Some(group), _) => missing(&other.path, group, &self.path),
            (None, Some(group)) => {
                let reason = format!("there is {group}, which {} lacks", self.path.display());
                Err(Error::malformed(&other.path, Place::File, reason))
            }
            (None, None) => Ok(()),
        }
    }
}
