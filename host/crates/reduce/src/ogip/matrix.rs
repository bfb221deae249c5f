//! Matrices of energies as groups of channels (CAL/GEN/92-002).

use std::path::Path;

use tierline_fits::{Cells, Column, FitsFile, Header, Table};
use tierline_sky::{Interp, MapAxis, NodeType};

use crate::Error;
use crate::gadf::CREATOR;
use crate::gadf::columns::{f64_rows, i64_rows};

/// A matrix and the axis of its rows.
pub(super) struct Matrix {
    /// True energy.
    pub(super) energy_true: MapAxis,
    /// A row of channels per true energy, in C order.
    pub(super) values: Vec<f64>,
}

/// The table of a matrix with a row per true energy and `n_channels` in a row; what is 0 is left out.
pub(super) fn matrix_table(
    energy_true: &MapAxis,
    factor: f64,
    unit: &str,
    values: &[f64],
    n_channels: usize,
) -> Result<Table, Error> {
    let too_many = |_| Error::unsupported("energy dispersion", format!("{n_channels} channels"));
    let edges: Vec<f32> = energy_true.edges().iter().map(|edge| (edge * factor) as f32).collect();
    let rows = energy_true.n_bins();
    let (mut n_grp, mut all) = (Vec::with_capacity(rows), Groups::default());
    for row in values.chunks_exact(n_channels.max(1)) {
        let mut groups = 0_i16;
        for run in row.chunk_by(|a, b| (*a != 0.0) == (*b != 0.0)).scan(0, |at, run| {
            let first = *at;
            *at += run.len();
            Some((first, run))
        }) {
            let (first, run) = run;
            if run.first().is_some_and(|value| *value != 0.0) {
                all.first.push(i16::try_from(first).map_err(too_many)?);
                all.count.push(i16::try_from(run.len()).map_err(too_many)?);
                all.values.extend(run.iter().map(|value| *value as f32));
                groups += 1;
            }
        }
        if groups == 0 {
            all.first.push(0);
            all.count.push(0);
            groups = 1;
        }
        n_grp.push(groups);
        all.end_row();
    }
    let (numgrp, numelt) = (all.first.len(), all.values.len());
    let variable = |name: &str, starts: Vec<usize>, values: Cells| {
        Column::new(name, "", Cells::Variable { starts, values: Box::new(values) })
    };
    let columns = vec![
        Column::new("ENERG_LO", unit, Cells::F32(edges[..rows].to_vec())),
        Column::new("ENERG_HI", unit, Cells::F32(edges[1..].to_vec())),
        Column::new("N_GRP", "", Cells::I16(n_grp)),
        variable("F_CHAN", all.group_ends.clone(), Cells::I16(all.first)),
        variable("N_CHAN", all.group_ends, Cells::I16(all.count)),
        variable("MATRIX", all.value_ends, Cells::F32(all.values)),
    ];
    let mut header = Header::default();
    for (key, text) in [
        ("CHANTYPE", "PHA"),
        ("HDUCLASS", "OGIP"),
        ("HDUCLAS1", "RESPONSE"),
        ("HDUCLAS2", "RSP_MATRIX"),
        ("HDUVERS", "1.3.0"),
    ] {
        header.set(key, text, "");
    }
    for (key, n) in
        [("DETCHANS", n_channels), ("NUMGRP", numgrp), ("NUMELT", numelt), ("TLMIN4", 0)]
    {
        header.set(key, n as i64, "");
    }
    header.set("CREATOR", CREATOR, "");
    Ok(Table { name: "MATRIX".into(), header, rows, columns })
}

/// Groups of all rows one behind the other.
struct Groups {
    first: Vec<i16>,
    count: Vec<i16>,
    values: Vec<f32>,
    group_ends: Vec<usize>,
    value_ends: Vec<usize>,
}

impl Default for Groups {
    fn default() -> Self {
        let (first, count, values) = (Vec::new(), Vec::new(), Vec::new());
        Groups { first, count, values, group_ends: vec![0], value_ends: vec![0] }
    }
}

impl Groups {
    fn end_row(&mut self) {
        self.group_ends.push(self.first.len());
        self.value_ends.push(self.values.len());
    }
}

/// Reads a matrix for `n_channels` channels. Channels are counted from `TLMIN` of F_CHAN, else from 1 as the standard has it.
///
/// # Errors
/// Where there is none, or its groups don't fit its channels.
pub(super) fn read_matrix(file: &mut FitsFile, n_channels: usize) -> Result<Matrix, Error> {
    let names = ["MATRIX", "SPECRESP MATRIX"];
    let number = names.iter().find_map(|name| file.find(name));
    let number = match number {
        Some(number) => number,
        None => file.require("MATRIX")?,
    };
    let table = file.table(number, None)?;
    let hdu = file.info(number)?.hdu.clone();
    let path = file.path().to_owned();
    let wrong = |reason: String| Error::malformed(&path, hdu.to_string(), reason);
    let energy_true = edges_axis(&table, ["ENERG_LO", "ENERG_HI"], "energy_true").map_err(wrong)?;
    let column = |name: &str| table.require(name).map_err(|e| wrong(e.to_string()));
    let rows = table.rows;
    let whole = |name: &str| i64_rows(column(name)?, rows).map_err(|e| wrong(e.to_string()));
    let (groups, first, count) = (whole("N_GRP")?, whole("F_CHAN")?, whole("N_CHAN")?);
    let matrix = f64_rows(column("MATRIX")?, rows).map_err(|e| wrong(e.to_string()))?;
    let lowest = lowest_channel(&table).map_err(wrong)?;
    let size = rows.checked_mul(n_channels).filter(|n| *n <= MOST_CELLS);
    let size = size.ok_or_else(|| wrong(format!("{rows} rows of {n_channels} channels")))?;
    let mut values = vec![0.0; size];
    for (row, cells) in values.chunks_exact_mut(n_channels.max(1)).enumerate() {
        let n = groups[row].first().copied().unwrap_or(0);
        let channels = Channels { first: &first[row], count: &count[row], lowest };
        channels
            .fill(n, &matrix[row], cells)
            .map_err(|reason| wrong(format!("row {row}: {reason}")))?;
    }
    Ok(Matrix { energy_true, values })
}

/// Most cells of a matrix: no detector has so many.
const MOST_CELLS: usize = 1 << 28;

/// The number of the first channel.
fn lowest_channel(table: &Table) -> Result<i64, String> {
    let at = table.columns.iter().position(|column| column.name.eq_ignore_ascii_case("F_CHAN"));
    let key = format!("TLMIN{}", at.unwrap_or(0) + 1);
    Ok(table.header.integer(&key).map_err(|e| e.to_string())?.unwrap_or(1))
}

/// Groups of one row.
struct Channels<'a> {
    first: &'a [i64],
    count: &'a [i64],
    lowest: i64,
}

impl Channels<'_> {
    /// Puts the values of the groups in their channels.
    fn fill(&self, groups: i64, values: &[f64], cells: &mut [f64]) -> Result<(), String> {
        let groups = usize::try_from(groups).map_err(|_| format!("{groups} groups"))?;
        if groups > self.first.len().min(self.count.len()) {
            let (first, count) = (self.first.len(), self.count.len());
            return Err(format!("{groups} groups, but {first} F_CHAN and {count} N_CHAN"));
        }
        let mut rest = values;
        for (first, count) in self.first.iter().zip(self.count).take(groups) {
            if *count == 0 {
                continue;
            }
            let n = usize::try_from(*count).ok().filter(|n| *n <= rest.len());
            let n =
                n.ok_or_else(|| format!("N_CHAN {count}, but {} values are left", rest.len()))?;
            let start = first.checked_sub(self.lowest).and_then(|at| usize::try_from(at).ok());
            let place = start.and_then(|at| cells.get_mut(at..at.checked_add(n)?));
            let place = place.ok_or_else(|| {
                format!(
                    "channels from {first} on, {count} of them, where the first is {}",
                    self.lowest
                )
            })?;
            let (own, others) = rest.split_at(n);
            place.copy_from_slice(own);
            rest = others;
        }
        Ok(())
    }
}

/// An axis of lower and upper edges.
///
/// # Errors
/// Where a column is not there, or bins don't follow one another.
pub(super) fn edges_axis(table: &Table, columns: [&str; 2], name: &str) -> Result<MapAxis, String> {
    let values = |name: &str| {
        let column = table.require(name).map_err(|e| e.to_string())?;
        let values = column.f64s().map_err(|e| e.to_string())?;
        match values.len() == table.rows {
            true => Ok((values, column.unit.clone())),
            false => Err(format!("column {name}: expected one value per row")),
        }
    };
    let ((mut edges, unit), (high, high_unit)) = (values(columns[0])?, values(columns[1])?);
    if unit != high_unit {
        return Err(format!("columns {columns:?}: units '{unit}' and '{high_unit}'"));
    }
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * a.abs().max(b.abs());
    if let Some(at) = (1..edges.len()).find(|at| !near(edges[*at], high[at - 1])) {
        return Err(format!("columns {columns:?}: bins {} and {at} don't touch", at - 1));
    }
    edges.extend(high.last());
    // A lowest edge of 0 has no logarithm.
    let interp =
        if edges.first().is_some_and(|edge| *edge > 0.0) { Interp::Log } else { Interp::Lin };
    MapAxis::new(name, &unit, interp, NodeType::Edges, edges).map_err(|e| e.to_string())
}

/// Reads the axis of an EBOUNDS table.
///
/// # Errors
/// As [`edges_axis`], and where channels don't follow one another.
pub(super) fn read_ebounds(file: &mut FitsFile) -> Result<MapAxis, Error> {
    let number = file.require("EBOUNDS")?;
    let table = file.table(number, None)?;
    let path: &Path = file.path();
    let wrong = |reason: String| Error::malformed(path, ": HDU EBOUNDS", reason);
    edges_axis(&table, ["E_MIN", "E_MAX"], "energy").map_err(wrong)
}

/// The table of an axis of reconstructed energy, times a factor.
pub(super) fn ebounds_table(energy: &MapAxis, factor: f64, unit: &str) -> Table {
    let edges: Vec<f64> = energy.edges().iter().map(|edge| edge * factor).collect();
    let rows = energy.n_bins();
    let columns = vec![
        Column::new("CHANNEL", "", channels(rows)),
        Column::new("E_MIN", unit, Cells::F64(edges[..rows].to_vec())),
        Column::new("E_MAX", unit, Cells::F64(edges[1..].to_vec())),
    ];
    let mut header = Header::default();
    let texts = [
        ("TELESCOP", "DUMMY", "Mission/satellite name"),
        ("INSTRUME", "DUMMY", "Instrument/detector"),
        ("FILTER", "None", "Filter information"),
        ("CHANTYPE", "PHA", "Type of channels (PHA, PI etc)"),
    ];
    for (key, text, comment) in texts {
        header.set(key, text, comment);
    }
    header.set("DETCHANS", rows as i64, "Total number of detector PHA channels");
    let texts = [
        ("HDUCLASS", "OGIP", "Organisation devising file format"),
        ("HDUCLAS1", "RESPONSE", "File relates to response of instrument"),
        ("HDUCLAS2", "EBOUNDS", "This is an EBOUNDS extension"),
        ("HDUVERS", "1.2.0", "Version of file format"),
        ("CREATOR", CREATOR, ""),
    ];
    for (key, text, comment) in texts {
        header.set(key, text, comment);
    }
    Table { name: "EBOUNDS".into(), header, rows, columns }
}

/// Numbers of channels from 0.
pub(super) fn channels(rows: usize) -> Cells {
    match i16::try_from(rows) {
        Ok(rows) => Cells::I16((0..rows).collect()),
        Err(_) => Cells::I64((0..rows as i64).collect()),
    }
}
