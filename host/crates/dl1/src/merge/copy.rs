//! Copying rows.

use std::collections::{BTreeMap, HashSet};

use tierline_h5::pytables::{Column, FileWriter, Schema, TableId};
use tierline_h5::tree::Reader;
use tierline_report::Progress;
use tierline_table::DType;

use super::plan::{Plan, Rule};
use crate::{Error, Place};

/// Bytes of rows of which equal ones are found.
const MAX_DISTINCT: usize = 64 << 20;
/// Rows of a table of counts.
const MAX_COUNTS: usize = 1 << 16;

/// A table that is being written.
struct Output<'a> {
    path: &'a str,
    rule: Rule,
    id: TableId,
    schema: &'a Schema,
    /// Rows that were written, as far as they are looked at again.
    seen: HashSet<Box<[u8]>>,
    seen_bytes: usize,
    /// Rows that wait for those of the other files.
    kept: Vec<Vec<u8>>,
    is_begun: bool,
}

/// Copies tables of one file after the other.
pub(super) struct Copier<'a> {
    outputs: Vec<Output<'a>>,
    notes: Vec<String>,
    row: Vec<u8>,
}

impl<'a> Copier<'a> {
    /// Creates all tables.
    pub(super) fn create(plan: &'a Plan, file: &mut FileWriter) -> Result<Self, Error> {
        let mut outputs = Vec::new();
        for (path, planned) in &plan.tables {
            let id = file.table(path, &planned.title, &planned.schema, planned.values.clone())?;
            outputs.push(Output {
                path,
                rule: planned.rule,
                id,
                schema: &planned.schema,
                seen: HashSet::new(),
                seen_bytes: 0,
                kept: Vec::new(),
                is_begun: false,
            });
        }
        Ok(Copier { outputs, notes: Vec::new(), row: Vec::new() })
    }

    /// Rows of a table so far.
    pub(super) fn rows(&self, file: &FileWriter, path: &str) -> u64 {
        let own = self.outputs.iter().find(|output| output.path == path);
        own.map_or(0, |output| file.rows(output.id) as u64)
    }

    /// Rows of all tables.
    pub(super) fn all_rows(&self, file: &FileWriter) -> BTreeMap<String, u64> {
        let rows = |output: &Output<'_>| (output.path.to_owned(), file.rows(output.id) as u64);
        self.outputs.iter().map(rows).collect()
    }

    pub(super) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Copies the tables of a file.
    pub(super) fn input(
        &mut self,
        source: &Reader,
        file: &mut FileWriter,
        progress: &Progress,
    ) -> Result<(), Error> {
        // What indices are counted on from, before anything is copied.
        let bases: BTreeMap<String, i64> =
            self.all_rows(file).into_iter().map(|(path, rows)| (path, rows as i64)).collect();
        for output in &mut self.outputs {
            if !source.has_table(output.path) {
                continue;
            }
            let stored = source.item(output.path)?.details()?.stored_bytes;
            output.copy(source, file, &bases, (&mut self.row, &mut self.notes))?;
            output.is_begun = true;
            progress.add(stored);
        }
        Ok(())
    }

    /// Writes what has waited for the last file.
    pub(super) fn finish(&mut self, file: &mut FileWriter) -> Result<(), Error> {
        for output in &mut self.outputs {
            for row in std::mem::take(&mut output.kept) {
                file.append(output.id, &row)?;
            }
        }
        Ok(())
    }
}

impl Output<'_> {
    fn copy(
        &mut self,
        source: &Reader,
        file: &mut FileWriter,
        bases: &BTreeMap<String, i64>,
        (row, notes): (&mut Vec<u8>, &mut Vec<String>),
    ) -> Result<(), Error> {
        let mut table = source.table(self.path)?;
        let from = table.schema().clone();
        let same = from.row_bytes() == self.schema.row_bytes();
        let first = usize::from(self.rule == Rule::Images && self.is_begun);
        let shifts = self.shifts(bases);
        let mut differs =
            self.rule == Rule::Once && self.is_begun && table.rows() != self.seen.len();
        for n in first..table.rows() {
            let own = table.row(n)?;
            row.clear();
            match same {
                true => row.extend_from_slice(own),
                false => widen(&from, self.schema, own, row),
            }
            for (column, by) in &shifts {
                shift(column, *by, row).map_err(|reason| self.malformed(source, n, &reason))?;
            }
            match self.rule {
                Rule::Append | Rule::Events | Rule::Images => file.append(self.id, row)?,
                Rule::Once if self.is_begun => differs |= !self.seen.contains(row.as_slice()),
                Rule::Once => {
                    file.append(self.id, row)?;
                    self.see(row);
                }
                Rule::Distinct => {
                    if self.see(row) {
                        file.append(self.id, row)?;
                    }
                }
                Rule::Sum => {
                    self.sum(n, row).map_err(|reason| self.malformed(source, n, &reason))?;
                }
            }
        }
        // The telescopes were compared, with what other programs compute in another order.
        if differs && !self.path.starts_with("/configuration/instrument/") {
            let name = source.path().display();
            notes.push(format!("{name}: {} differs from that of the first file", self.path));
        }
        if self.rule == Rule::Sum && self.kept.len() != table.rows() {
            let reason =
                format!("{} rows, but {} in the files before", table.rows(), self.kept.len());
            return Err(self.malformed(source, 0, &reason));
        }
        Ok(())
    }

    /// Notes a row; whether it is new. Past the limit all are.
    fn see(&mut self, row: &[u8]) -> bool {
        if self.seen.contains(row) {
            return false;
        }
        if self.seen_bytes <= MAX_DISTINCT {
            self.seen.insert(row.into());
            self.seen_bytes += row.len();
        }
        true
    }

    /// Columns of indices, and how many rows the tables that they lead to have.
    fn shifts(&self, bases: &BTreeMap<String, i64>) -> Vec<(Column, i64)> {
        if !self.is_begun {
            return Vec::new();
        }
        let mut shifts = Vec::new();
        for column in self.schema.columns() {
            let of = match self.rule {
                // The blank image is not copied again.
                Rule::Events => column.name.strip_suffix("_indices").map(|of| (of, 1)),
                Rule::Images if column.name == "event_index" => Some(("Events", 0)),
                _ => None,
            };
            let base = of.and_then(|(of, less)| Some(bases.get(&format!("/{of}"))? - less));
            shifts.extend(base.map(|base| (column.clone(), base)));
        }
        shifts
    }

    /// Adds the counts of a row to those of the files before.
    fn sum(&mut self, n: usize, row: &[u8]) -> Result<(), String> {
        if n >= MAX_COUNTS {
            return Err(format!("more than {MAX_COUNTS} rows of counts"));
        }
        if !self.is_begun {
            self.kept.push(row.to_vec());
            return Ok(());
        }
        let Some(kept) = self.kept.get_mut(n) else {
            return Err("the files before have no such row".into());
        };
        for column in self.schema.columns() {
            let is_count = matches!(column.name.as_str(), "counts" | "cumulative_counts");
            let counts = is_count.then(|| add(column, kept, row));
            match counts {
                Some(Some(())) => {}
                Some(None) => return Err(format!("the sum of {} is too large", column.name)),
                None if column.name == "func" || column.of(kept) == column.of(row) => {}
                None => return Err(format!("{} differs from the files before", column.name)),
            }
        }
        Ok(())
    }

    fn malformed(&self, source: &Reader, row: usize, reason: &str) -> Error {
        let place = Place::Entry(format!("{}: row {row}", self.path));
        Error::malformed(source.path(), place, reason)
    }
}

/// Copies a row into one whose texts are wider.
fn widen(from: &Schema, to: &Schema, row: &[u8], out: &mut Vec<u8>) {
    for (from, to) in from.columns().iter().zip(to.columns()) {
        let (narrow, wide) = (from.dtype.size(), to.dtype.size());
        for value in from.of(row).chunks_exact(narrow.max(1)) {
            out.extend_from_slice(value);
            out.resize(out.len() + wide.saturating_sub(narrow), 0);
        }
    }
}

/// Adds a whole number of eight bytes of a row to that of another; `None` if there is none, or it does not fit.
fn add(column: &Column, sum: &mut [u8], row: &[u8]) -> Option<()> {
    if column.dtype != DType::I64 {
        return None;
    }
    let number = |row: &[u8]| column.of(row).first_chunk().map(|b| i64::from_le_bytes(*b));
    let total = number(sum)?.checked_add(number(row)?)?;
    let place = sum.get_mut(column.offset..column.offset + 8)?;
    place.copy_from_slice(&total.to_le_bytes());
    Some(())
}

/// Counts the positive indices of a row on; -1, and 0 where this is the blank image, lead nowhere.
fn shift(column: &Column, by: i64, row: &mut [u8]) -> Result<(), String> {
    let size = column.dtype.size();
    let blank = i64::from(column.name != "event_index");
    let place = row.get_mut(column.offset..column.offset + column.bytes()).unwrap_or_default();
    for value in place.chunks_exact_mut(size) {
        let index = match column.dtype {
            DType::U32 => value.first_chunk().map(|b| i64::from(u32::from_le_bytes(*b))),
            DType::I32 => value.first_chunk().map(|b| i64::from(i32::from_le_bytes(*b))),
            DType::I64 => value.first_chunk().map(|b| i64::from_le_bytes(*b)),
            DType::U16 => value.first_chunk().map(|b| i64::from(u16::from_le_bytes(*b))),
            _ => None,
        };
        let index = index.ok_or_else(|| format!("{} of {}", column.name, column.dtype))?;
        if index < blank {
            continue;
        }
        let most = match column.dtype {
            DType::U16 => i64::from(u16::MAX),
            DType::U32 => i64::from(u32::MAX),
            DType::I32 => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        let shifted = index.checked_add(by).filter(|index| (0..=most).contains(index));
        let shifted = shifted.ok_or_else(|| format!("{} is too large", column.name))?;
        value.copy_from_slice(&shifted.to_le_bytes()[..size]);
    }
    Ok(())
}
