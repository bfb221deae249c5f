//! The subcommands, a file each: arguments to one library call to a report.

pub(crate) mod collect;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod dl1;
pub(crate) mod dump;
pub(crate) mod flatfield;
pub(crate) mod image;
pub(crate) mod images;
pub(crate) mod index;
pub(crate) mod info;
pub(crate) mod ls;
pub(crate) mod merge;
pub(crate) mod plot;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod reduce;
pub(crate) mod replay;
mod rows;
pub(crate) mod runlist;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use tierline::report::{Report, Status, stale_parts};

/// A flag that the first SIGINT or SIGTERM sets; a second one ends the program.
pub(crate) fn stop_on_signals() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let hard = signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&stop));
        hard.context("cannot listen to signals")?;
        let soft = signal_hook::flag::register(signal, Arc::clone(&stop));
        soft.context("cannot listen to signals")?;
    }
    Ok(stop)
}

/// A command line that makes no sense (exit code 2).
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// What every command that writes takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// Replace existing outputs.
    #[arg(short = 'w', long)]
    pub(crate) overwrite: bool,
    /// Bytes of garbage, and packets or records lost, that still count as clean.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) max_garbage: u64,
    /// Write a report of the run as JSON.
    #[arg(long, value_name = "FILE.json")]
    pub(crate) report: Option<PathBuf>,
    /// Say what was done: packets, tables, rows, what was left out.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Append all messages to a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Say nothing but errors.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

impl Common {
    /// Messages as they are wanted.
    pub(crate) fn messages(&self) -> anyhow::Result<Messages> {
        Messages::new(self.quiet, self.log.as_deref())
    }

    /// Says a line of the account: on stderr where it is wanted, else in the log only.
    pub(crate) fn tell(&self, messages: &mut Messages, line: &str) {
        if self.verbose { messages.say(line) } else { messages.record(line) }
    }

    /// Ends a command that makes one thing: tells of what was made or why not, settles the report and writes it.
    pub(crate) fn conclude<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        result: Result<T, E>,
        (mut report, mut messages): (Report, Messages),
        tell: impl FnOnce(&T, (&mut Report, &mut Messages)),
    ) -> anyhow::Result<Status> {
        match &result {
            Ok(made) => tell(made, (&mut report, &mut messages)),
            Err(error) => {
                report.status = Status::Failed;
                report.warn(error.to_string());
                messages.record(&format!("tierline: error: {error}"));
            }
        }
        let status = report.settle(self.max_garbage);
        self.write(&report)?;
        result?;
        Ok(status)
    }

    /// Ends a command that failed: settles the report and writes it; gives the error back.
    pub(crate) fn fail(
        &self,
        error: anyhow::Error,
        (mut report, mut messages): (Report, Messages),
    ) -> anyhow::Error {
        report.status = Status::Failed;
        report.warn(format!("{error:#}"));
        messages.record(&format!("tierline: error: {error:#}"));
        // Why it failed is more important than that this can't be told in the report.
        let _ = self.write(&report);
        error
    }

    /// Writes the report, if it is wanted.
    pub(crate) fn write(&self, report: &Report) -> anyhow::Result<()> {
        match &self.report {
            Some(path) => Ok(report.write_json(path, self.overwrite)?),
            None => Ok(()),
        }
    }
}

/// What a command says beside its results: on stderr, and in a file if wanted.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    quiet: bool,
    log: Option<std::fs::File>,
}

impl Messages {
    /// Messages on stderr unless `quiet`, and at the end of the file `log`.
    pub(crate) fn new(quiet: bool, log: Option<&Path>) -> anyhow::Result<Self> {
        let open = |path: &Path| {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
            file.with_context(|| format!("{}: cannot open the log", path.display()))
        };
        Ok(Messages { quiet, log: log.map(open).transpose()? })
    }

    /// Something that the user should know.
    pub(crate) fn say(&mut self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
        self.record(text);
    }

    /// Names what interrupted runs left beside an output.
    pub(crate) fn say_stale(&mut self, output: &Path) {
        for stale in stale_parts(output) {
            let stale = stale.display();
            self.say(&format!("tierline: warning: left over by an interrupted run: {stale}"));
        }
    }

    /// A line of the log only.
    pub(crate) fn record(&mut self, text: &str) {
        if let Some(log) = &mut self.log {
            // A log that can't be written is no reason to stop.
            let _ = writeln!(log, "{text}");
        }
    }
}

/// Whether two paths lead to the same file.
pub(crate) fn is_same(input: &Path, output: &Path) -> bool {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    whole(input).is_some_and(|input| Some(input) == whole(output))
}

/// A number with its thousands apart.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Bytes in a unit that people read.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            let digits = if unit == "B" || value >= 100.0 { 0 } else { 1 };
            return format!("{value:.digits$} {unit}");
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// A number of bytes as people write it: `200000`, `200k`, `1.5MB`, `2G`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim().trim_end_matches('B') {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        _ => return Err(format!("'{unit}' is no unit of bytes: k, M, G, T")),
    };
    match number.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((number * factor) as u64),
        _ => Err(format!("'{text}' is no number of bytes")),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(super::parse_size("1.5MB"), Ok(1_500_000));
        assert_eq!(super::parse_size("200k"), Ok(200_000));
        assert_eq!(super::parse_size("7"), Ok(7));
        assert!(super::parse_size("7 apples").is_err() && super::parse_size("B").is_err());
    }

    #[test]
    fn numbers_are_legible() {
        assert_eq!(super::grouped(1234567), "1 234 567");
        assert_eq!(super::grouped(12), "12");
        assert_eq!(super::size(999), "999 B");
        assert_eq!(super::size(1_234_567), "1.2 MB");
    }
}
