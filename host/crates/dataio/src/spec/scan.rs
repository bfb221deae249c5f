//! One scan: its header, its numbers, its spectra.

use std::ops::Range;
use std::sync::Arc;

use tierline_report::LimitKind;

use super::header::{
    Records, floats, header_lines, motor_names, motor_positions, names, numbered, records,
};
use super::index::Entry;
use super::{Reading, numbers};
use crate::Error;
use crate::image::Source;

/// Channel numbers of a spectrum: `first`, `first + step`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// The first.
    pub first: i64,
    /// The distance; not 0.
    pub step: i64,
    /// How many.
    pub count: usize,
}

impl Channels {
    /// The numbers of `#@CHANN`: from the first to the last, which is included.
    fn between(first: i64, last: i64, step: i64) -> Option<Self> {
        let span = match step.signum() {
            1 => i128::from(last) + 1 - i128::from(first),
            // As `range(first, last + 1, step)` counts.
            -1 => i128::from(first) - i128::from(last) - 1,
            _ => return None,
        };
        let step_size = i128::from(step.unsigned_abs());
        let count = if span > 0 { (span + step_size - 1) / step_size } else { 0 };
        Some(Channels { first, step, count: usize::try_from(count).ok()? })
    }

    /// The numbers.
    pub fn iter(self) -> impl Iterator<Item = i64> {
        (0..self.count as i64).map(move |i| self.first.wrapping_add(i.wrapping_mul(self.step)))
    }
}

/// A scan in memory.
#[derive(Debug, Clone)]
pub struct Scan {
    number: i64,
    order: usize,
    reading: Reading,
    header: Vec<String>,
    file_header: Arc<[String]>,
    records: Records,
    mca_records: Records,
    columns: usize,
    data: Vec<f64>,
    /// The scan's text, if there are spectra in it.
    text: Vec<u8>,
    spectra: Vec<Range<usize>>,
    warnings: Vec<String>,
}

impl Scan {
    pub(super) fn read(
        source: &Source,
        entry: &Entry,
        file_header: Arc<[String]>,
        reading: Reading,
    ) -> Result<Self, Error> {
        let (start, end) = entry.block;
        let what = format!("scan {}.{}", entry.number, entry.order);
        let text = source.exact(start, end - start, &what)?;
        let header = header_lines(&text);
        let (records, mca_records) = records(&header);
        let mut scan = Scan {
            number: entry.number,
            order: entry.order,
            reading,
            header,
            file_header,
            records,
            mca_records,
            columns: 0,
            data: Vec::new(),
            text: Vec::new(),
            spectra: Vec::new(),
            warnings: Vec::new(),
        };
        scan.rows_and_spectra(source, &text, &what)?;
        if !scan.spectra.is_empty() {
            scan.text = text;
        }
        Ok(scan)
    }

    /// Goes through the lines that are no header.
    fn rows_and_spectra(&mut self, source: &Source, text: &[u8], what: &str) -> Result<(), Error> {
        let (mut begun, mut dropped, mut at, mut line_number) =
            (false, None::<(usize, String)>, 0, 0);
        while at < text.len() {
            let start = at;
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
            at = end + 1;
            line_number += 1;
            let line = &text[start..end];
            match line.first() {
                None | Some(b'#') => continue,
                Some(b'@') => {
                    let mut end = end;
                    while continues(&text[start..end]) && at < text.len() {
                        end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
                        at = end + 1;
                        line_number += 1;
                    }
                    self.spectra.push((start + 2).min(end)..end);
                    continue;
                }
                Some(b'0'..=b'9' | b'-' | b'+' | b' ' | b'\t') => begun = true,
                Some(_) if !begun => continue,
                Some(_) => {}
            }
            let before = self.data.len();
            numbers::each(line, self.reading, &mut |value, _| self.data.push(value));
            if end == text.len() && self.reading == Reading::Compatible && unfinished(line) {
                self.data.pop();
                self.warnings
                    .push(format!("{what}: the file ends within a number, which is left out"));
            }
            let found = self.data.len() - before;
            match (found, self.columns) {
                (0, _) => {}
                (found, 0) => self.columns = found,
                (found, columns) if found == columns => {}
                (found, columns) => {
                    self.data.truncate(before);
                    let first =
                        || format!("line {line_number}: {found} numbers, expected {columns}");
                    dropped.get_or_insert_with(|| (0, first())).0 += 1;
                }
            }
            if self.data.len() / 65536 != before / 65536 {
                let size = self.data.len() as u64 * 8;
                let what = format!("{}: {what}", source.path().display());
                source.limits().check(LimitKind::Allocation, &what, size)?;
            }
        }
        if let Some((count, first)) = dropped {
            self.warnings.push(format!("{what}: {count} row(s) left out; {first}"));
        }
        let tail = self.spectra.len() % self.rows().max(1);
        if tail > 0 {
            let (spectra, rows) = (self.spectra.len(), self.rows());
            let reason =
                format!("{what}: {spectra} spectra for {rows} rows; the last are left out");
            self.warnings.push(reason);
        }
        if self.rows() > 0 && self.labels().len() > self.columns {
            let reason =
                format!("{what}: {} labels, {} columns", self.labels().len(), self.columns);
            self.warnings.push(reason);
        }
        Ok(())
    }

    /// The number after `#S`.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// Its place among the scans of this number, from 1.
    pub fn order(&self) -> usize {
        self.order
    }

    /// What could not be taken as it stands, each as one sentence.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Header lines, with their `#`, also those after the data.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Header lines of the file above this scan.
    pub fn file_header(&self) -> &[String] {
        &self.file_header
    }

    /// Header lines of a key, `S` for `#S …`.
    pub fn lines<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.header.iter().map(String::as_str);
        lines.filter(move |line| {
            let rest = line.strip_prefix('#').and_then(|line| line.strip_prefix(key));
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
    }

    /// Header records by key: `S`, `D`, `P0`.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Records of the spectra by key: `MCA`, `CHANN`, `CALIB`, `CTIME`.
    pub fn mca_records(&self) -> &Records {
        &self.mca_records
    }

    /// The command: the text after the number.
    pub fn command(&self) -> Option<&str> {
        let line = self.header.first()?.strip_prefix("#S")?;
        let rest = line.trim_start().trim_start_matches(|c: char| !c.is_ascii_whitespace());
        Some(self.trimmed(rest.trim_start()))
    }

    /// The date of the scan as it is written.
    pub fn date(&self) -> Option<&str> {
        let line = self.header.iter().find_map(|line| line.strip_prefix("#D"))?;
        Some(self.trimmed(line.trim_start()))
    }

    /// Text without the carriage return, if that is no part of texts.
    fn trimmed<'a>(&self, text: &'a str) -> &'a str {
        match self.reading {
            Reading::Compatible => text,
            Reading::Strict => text.trim_end(),
        }
    }

    /// Labels of the columns. There may be fewer than columns, or more.
    pub fn labels(&self) -> Vec<String> {
        let line = self.header.iter().find_map(|line| numbered(line, 'L'));
        line.map_or_else(Vec::new, |rest| names(rest, self.reading).collect())
    }

    /// Names of the motors: of the scan if it has any, else of the file.
    pub fn motor_names(&self) -> Vec<String> {
        let own = motor_names(&self.header, self.reading);
        if own.is_empty() { motor_names(&self.file_header, self.reading) } else { own }
    }

    /// Positions of the motors when the scan began, in the order of their names; there may be fewer.
    pub fn motor_positions(&self) -> Vec<f64> {
        motor_positions(&self.header, self.reading)
    }

    /// Whether positions are noted at all.
    pub fn has_positions(&self) -> bool {
        self.header.iter().any(|line| numbered(line, 'P').is_some())
    }

    /// Position of a motor: infinite where the scan notes none at all, `None` for an unknown motor and for
    /// one whose position lacks.
    pub fn motor_position(&self, name: &str) -> Option<f64> {
        let place = self.motor_names().iter().position(|own| own == name)?;
        if !self.has_positions() {
            return Some(f64::INFINITY);
        }
        self.motor_positions().get(place).copied()
    }

    /// Rows of numbers.
    pub fn rows(&self) -> usize {
        self.data.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Columns of numbers; 0 if there is no row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All numbers, one row after another.
    pub fn data(&self) -> &[f64] {
        &self.data
    }

    /// The numbers of a row; empty past the end.
    pub fn row(&self, row: usize) -> &[f64] {
        let start = row.saturating_mul(self.columns);
        self.data.get(start..start.saturating_add(self.columns)).unwrap_or_default()
    }

    /// The numbers of a column; `None` past the last. An aborted scan has columns without numbers.
    pub fn column(&self, column: usize) -> Option<Vec<f64>> {
        if column >= self.columns {
            return (self.columns == 0).then(Vec::new);
        }
        Some(self.data.iter().skip(column).step_by(self.columns).copied().collect())
    }

    /// The column of the first label of this name; without numbers where there are fewer columns.
    pub fn column_by_name(&self, label: &str) -> Option<Vec<f64>> {
        let column = self.labels().iter().position(|own| own == label)?;
        Some(self.column(column).unwrap_or_default())
    }

    /// Number of spectra.
    pub fn spectra(&self) -> usize {
        self.spectra.len()
    }

    /// A spectrum, in the order of the file; `None` past the last.
    pub fn spectrum(&self, index: usize) -> Option<Vec<f64>> {
        let text = self.text.get(self.spectra.get(index)?.clone())?;
        let mut values = Vec::new();
        // Words that hold no number are no channels here.
        numbers::each(text, self.reading, &mut |value, any| {
            if any {
                values.push(value);
            }
        });
        Some(values)
    }

    /// Detectors that gave a spectrum for each row: spectra by rows, rounded down. Without rows it is the
    /// number of `#@CHANN` lines, or 1.
    pub fn analysers(&self) -> usize {
        match (self.spectra.len(), self.rows()) {
            (0, _) => 0,
            (_, 0) => self.mca_lines("CHANN").count().max(1),
            (spectra, rows) => spectra / rows,
        }
    }

    /// Spectra of one analyser.
    pub fn analyser_rows(&self) -> usize {
        match (self.rows(), self.analysers()) {
            (0, 0) => 0,
            (0, analysers) => self.spectra.len() / analysers,
            (rows, _) => rows,
        }
    }

    /// Spectrum `row` of an analyser.
    pub fn analyser_spectrum(&self, analyser: usize, row: usize) -> Option<Vec<f64>> {
        self.spectrum(row.checked_mul(self.analysers())?.checked_add(analyser)?)
    }

    /// The lines of an MCA record.
    fn mca_lines<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> {
        self.mca_records.get(key).map(|text| text.split('\n')).into_iter().flatten()
    }

    /// Calibrations `a b c`, one for each `#@CALIB`; `[0, 1, 0]` if there is none. A line that holds no
    /// numbers counts as that too.
    pub fn calibrations(&self) -> Vec<Vec<f64>> {
        let default = || vec![0.0, 1.0, 0.0];
        let line = |text| floats(text).filter(|values| !values.is_empty());
        let found: Vec<_> =
            self.mca_lines("CALIB").map(|text| line(text).unwrap_or_else(default)).collect();
        if found.is_empty() { vec![default()] } else { found }
    }

    /// Channel numbers, one for each `#@CHANN`; those of the first spectrum if there is none. `None` for a
    /// line that makes no sense.
    pub fn channels(&self) -> Vec<Option<Channels>> {
        let line = |text: &str| {
            let words: Option<Vec<i64>> =
                text.split_whitespace().map(|word| word.parse().ok()).collect();
            match words?.as_slice() {
                [_, first, last, step, ..] => Channels::between(*first, *last, *step),
                _ => None,
            }
        };
        let found: Vec<_> = self.mca_lines("CHANN").map(line).collect();
        match self.spectrum(0) {
            Some(first) if found.is_empty() => {
                vec![Some(Channels { first: 0, step: 1, count: first.len() })]
            }
            _ => found,
        }
    }

    /// Preset, live and elapsed time in seconds, one for each `#@CTIME`. `None` for a line that is not
    /// three numbers.
    pub fn counting_times(&self) -> Vec<Option<[f64; 3]>> {
        let line = |text| floats(text)?.try_into().ok();
        self.mca_lines("CTIME").map(line).collect()
    }
}

/// Whether a line without its newline may have lost the end of its last number.
fn unfinished(line: &[u8]) -> bool {
    line.last().is_some_and(|byte| !byte.is_ascii_whitespace())
}

/// Whether a line of a spectrum goes on in the next one.
fn continues(line: &[u8]) -> bool {
    line.strip_suffix(b"\r").unwrap_or(line).ends_with(b"\\")
}
