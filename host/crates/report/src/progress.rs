//! Progress on a terminal.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const REFRESHES_PER_SECOND: u8 = 8;
const KNOWN: &str = "{prefix} [{bar:30}] {bytes}/{total_bytes} {binary_bytes_per_sec} {eta} left";
const COUNTED: &str = "{prefix} [{bar:30}] {pos}/{len} {eta} left";
const UNKNOWN: &str = "{prefix} {spinner} {bytes} {binary_bytes_per_sec} {elapsed}";

/// A line on stderr with rate and time left. It is drawn on a terminal only and costs nothing
/// elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Starts a line for `total` bytes, or for a stream of unknown length.
    pub fn start(name: &str, total: Option<u64>, quiet: bool) -> Self {
        Self::draw(name, total, if total.is_some() { KNOWN } else { UNKNOWN }, quiet)
    }

    /// Starts a line for `total` things that are counted one by one.
    pub fn of_things(name: &str, total: u64, quiet: bool) -> Self {
        Self::draw(name, Some(total), COUNTED, quiet)
    }

    fn draw(name: &str, total: Option<u64>, template: &str, quiet: bool) -> Self {
        if quiet || !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let target = ProgressDrawTarget::stderr_with_hz(REFRESHES_PER_SECOND);
        let bar = ProgressBar::with_draw_target(total, target).with_prefix(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress { bar: Some(bar) }
    }

    /// A progress that draws nothing.
    pub fn hidden() -> Self {
        Progress { bar: None }
    }

    /// Counts so many bytes or things more.
    pub fn add(&self, more: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(more);
        }
    }

    /// Prints a message on stderr without disturbing the line.
    pub fn message(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        for template in [KNOWN, COUNTED, UNKNOWN] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
        let progress = Progress::start("run", None, true);
        progress.add(10);
        assert!(progress.bar.is_none());
    }
}
