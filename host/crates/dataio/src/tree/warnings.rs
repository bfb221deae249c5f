//! What a tree has to say about the parts of it that were read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Warnings kept.
const MAX_WARNINGS: usize = 1000;

/// Sentences, each once, shared by the parts of a tree.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    all: Vec<String>,
    known: HashSet<String>,
}

impl Warnings {
    /// Adds a sentence that is not there yet.
    pub fn push(&self, warning: String) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.all.len() < MAX_WARNINGS && inner.known.insert(warning.clone()) {
            inner.all.push(warning);
            if inner.all.len() == MAX_WARNINGS {
                inner.all.push("further warnings are not kept".to_owned());
            }
        }
    }

    /// All sentences so far, in the order in which they came.
    pub fn list(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }
}
