//! What was wrong with a file and could be lived with.

/// Most sentences kept.
const MOST: usize = 100;

/// Sentences, each once, no more than a hundred.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    list: Vec<String>,
}

impl Warnings {
    /// Adds a sentence, if it is new.
    pub fn add(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if self.list.len() < MOST && !self.list.contains(&warning) {
            self.list.push(warning);
        }
    }

    /// The sentences, in the order in which they came.
    pub fn list(&self) -> &[String] {
        &self.list
    }
}
