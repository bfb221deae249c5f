//! The files of a run: one, or a segment after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tierline_h5::Compression;
use tierline_report::AtomicOutput;

use crate::error::{Error, Result};
use crate::tables::Lh5File;

/// When a segment is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// After this time.
    Time(Duration),
    /// When the file has so many bytes.
    Bytes(u64),
}

/// A finished file.
#[derive(Debug, Clone)]
pub struct SegmentFile {
    /// Its name.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// Where the rows go.
pub(super) struct Output {
    base: PathBuf,
    segment: Option<Segment>,
    overwrite: bool,
    threads: usize,
    compression: Compression,
    file: Option<Lh5File>,
    opened: Instant,
    /// Files begun.
    number: u32,
    pub(super) done: Vec<SegmentFile>,
}

/// `OUT.lh5` and 3 make `OUT_0003.lh5`.
fn numbered(base: &Path, number: u32) -> PathBuf {
    let stem = base.file_stem().and_then(|s| s.to_str()).unwrap_or("out");
    let extension = base.extension().and_then(|s| s.to_str()).unwrap_or("lh5");
    base.with_file_name(format!("{stem}_{number:04}.{extension}"))
}

impl Output {
    /// Begins the first file.
    ///
    /// # Errors
    /// Where it exists, or can't be made.
    pub(super) fn create(
        base: &Path,
        segment: Option<Segment>,
        overwrite: bool,
        threads: usize,
        compression: Compression,
    ) -> Result<Self> {
        let mut output = Output {
            base: base.to_path_buf(),
            segment,
            overwrite,
            threads,
            compression,
            file: None,
            opened: Instant::now(),
            number: 0,
            done: Vec::new(),
        };
        output.file()?;
        Ok(output)
    }

    /// The present file; begins one where there is none.
    pub(super) fn file(&mut self) -> Result<&mut Lh5File> {
        if self.file.is_none() {
            let target = self.target()?;
            self.opened = Instant::now();
            self.file = Some(Lh5File::create(target, self.threads, self.compression)?);
        }
        let path = || Error::Thread { path: self.base.clone() };
        self.file.as_mut().ok_or_else(path)
    }

    fn target(&mut self) -> Result<AtomicOutput> {
        loop {
            self.number += 1;
            let first = self.number == 1;
            let name = match self.segment {
                None if first => self.base.clone(),
                _ => numbered(&self.base, self.number),
            };
            match AtomicOutput::create(&name, self.overwrite) {
                // A run that goes on does not end because of a file of that name: it takes the next number.
                Err(tierline_report::Error::Exists { .. }) if !first && self.number < 10_000 => {}
                other => return Ok(other?),
            }
        }
    }

    /// Whether the present segment is full.
    pub(super) fn is_full(&self) -> bool {
        match (&self.file, self.segment) {
            (Some(_), Some(Segment::Time(most))) => self.opened.elapsed() >= most,
            (Some(file), Some(Segment::Bytes(most))) => file.size() >= most,
            _ => false,
        }
    }

    /// Whether a file is begun.
    pub(super) fn is_open(&self) -> bool {
        self.file.is_some()
    }

    /// Completes the present file, which holds these rows.
    ///
    /// # Errors
    /// Where it can't be written.
    pub(super) fn finish(&mut self, rows: BTreeMap<String, u64>) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let path = file.name().to_path_buf();
        let (bytes, _) = file.finish()?;
        self.done.push(SegmentFile { path, bytes, rows });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_numbered_before_the_extension() {
        assert_eq!(numbered(Path::new("a/run.lh5"), 12), Path::new("a/run_0012.lh5"));
    }
}
