//! Spec files: text of scans as the program `spec` and its kin write them.
//!
//! ```text
//! #F name           file header: #E epoch, #D date, #C comment, #O0 names of motors, two blanks apart
//!
//! #S 1 command      a scan: number and command
//! #D date  #T preset  #G0.. geometry  #Q h k l
//! #P0 positions     of the motors, in the order of #O
//! #N columns
//! #L labels         two blanks apart
//! 1 2.5 3           rows of numbers
//! @A 1 2 3\         a spectrum, continued after a backslash; #@CHANN #@CALIB #@CTIME describe them
//! ```
//!
//! [`SpecFile::open`] finds the scans without keeping the file in memory; [`SpecFile::scan`] reads one.
//! A scan is named by its number and its order among those of the same number: `12.1`.

mod date;
mod header;
mod index;
mod numbers;
mod scan;
#[cfg(test)]
mod tests;
mod write;

pub use date::iso8601;
pub use header::Records;
pub use numbers::Reading;
pub use scan::{Channels, Scan};
pub use write::{Curves, write};

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tierline_report::Limits;

use self::index::{Entry, Index};
use crate::image::Source;
use crate::{Error, Place};

/// Bytes in which a Spec file must show itself.
const HEAD_BYTES: usize = 2500;
/// Lines in which it must.
const HEAD_LINES: usize = 11;

/// Whether the first bytes of a file are those of a Spec file: one of the first lines begins with `#S ` or
/// `#F `.
pub fn is_spec(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let mut lines = head.split(|byte| *byte == b'\n').take(HEAD_LINES);
    lines.any(|line| line.starts_with(b"#S ") || line.starts_with(b"#F "))
}

/// An open Spec file.
#[derive(Debug)]
pub struct SpecFile {
    source: Source,
    reading: Reading,
    index: Index,
    /// The file header read last, by its place.
    header: Mutex<Option<CachedHeader>>,
}

/// A place in the file and the header lines there.
type CachedHeader = ((u64, u64), Arc<[String]>);

impl SpecFile {
    /// Opens a file and finds its scans, whatever its first lines are.
    pub fn open(path: &Path, reading: Reading, limits: Limits) -> Result<Self, Error> {
        Self::from_source(Source::open(path, limits)?, reading)
    }

    /// The same with a file that is open.
    pub fn from_source(source: Source, reading: Reading) -> Result<Self, Error> {
        let index = Index::read(&source)?;
        if index.entries.is_empty() {
            let reason = "a Spec file has scans, no line here begins with '#S'";
            return Err(source.malformed(Place::File, reason));
        }
        Ok(SpecFile { source, reading, index, header: Mutex::new(None) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// How numbers and names are taken.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// Number of scans.
    pub fn len(&self) -> usize {
        self.index.entries.len()
    }

    /// Whether there is no scan; never, as such a file does not open.
    pub fn is_empty(&self) -> bool {
        self.index.entries.is_empty()
    }

    /// Names of the scans, `number.order`, in the order of the file.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = String> + '_ {
        self.index.entries.iter().map(|entry| format!("{}.{}", entry.number, entry.order))
    }

    /// Number of a scan, by its place in the file.
    pub fn number(&self, index: usize) -> Option<i64> {
        self.index.entries.get(index).map(|entry| entry.number)
    }

    /// Order of a scan among those of its number, from 1.
    pub fn order(&self, index: usize) -> Option<usize> {
        self.index.entries.get(index).map(|entry| entry.order)
    }

    /// Place of a scan in the file.
    pub fn index(&self, number: i64, order: usize) -> Option<usize> {
        let same = self.index.by_number.get(&number)?;
        same.get(order.checked_sub(1)?).map(|place| *place as usize)
    }

    /// Place of a scan by its name, `number.order`; without the order it is the first.
    pub fn find(&self, key: &str) -> Option<usize> {
        let (number, order) = key.split_once('.').unwrap_or((key, "1"));
        self.index(number.parse().ok()?, order.parse().ok()?)
    }

    /// The numbers of the scans, runs of rising ones as `first:last`, with commas between.
    pub fn list(&self) -> String {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for entry in &self.index.entries {
            match runs.last_mut() {
                Some(run) if run.1.checked_add(1) == Some(entry.number) => run.1 = entry.number,
                _ => runs.push((entry.number, entry.number)),
            }
        }
        let run = |(first, last): &(i64, i64)| match first == last {
            true => first.to_string(),
            false => format!("{first}:{last}"),
        };
        runs.iter().map(run).collect::<Vec<_>>().join(",")
    }

    /// Reads a scan, by its place in the file.
    pub fn scan(&self, index: usize) -> Result<Scan, Error> {
        let Some(entry) = self.index.entries.get(index) else {
            return Err(Error::missing(self.path(), format!("scan {index} of {}", self.len())));
        };
        Scan::read(&self.source, entry, self.file_header(entry)?, self.reading)
    }

    /// Reads a scan by its name.
    pub fn select(&self, key: &str) -> Result<Scan, Error> {
        let index = self.find(key);
        self.scan(index.ok_or_else(|| Error::missing(self.path(), format!("scan {key}")))?)
    }

    /// The header above a scan. Scans have it in common.
    fn file_header(&self, entry: &Entry) -> Result<Arc<[String]>, Error> {
        let mut cached = self.header.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((place, lines)) = &*cached
            && *place == entry.header
        {
            return Ok(lines.clone());
        }
        let (start, end) = entry.header;
        let bytes = self.source.exact(start, end - start, "the file header")?;
        let lines: Arc<[String]> = header::header_lines(&bytes).into();
        *cached = Some((entry.header, lines.clone()));
        Ok(lines)
    }
}
