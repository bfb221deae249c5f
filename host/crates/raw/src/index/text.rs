//! Texts of an index that elsewhere are constants of the program.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Different texts that are kept; an index has a few.
const MOST: usize = 4096;
static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same text, kept as long as the program runs.
pub(crate) fn keep(text: &str) -> &'static str {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text) {
        return known;
    }
    if kept.len() >= MOST {
        return "...";
    }
    let text: &'static str = String::from(text).leak();
    kept.insert(text);
    text
}
