//! Rows as text, comma-separated values and JSON.

use std::io::{self, Write};

use tierline::h5;
use tierline::table::{Column, Table};

use super::cells::{Leaf, cell, leaves, quoted};

/// Batches of rows, each with the number of its first row.
type Batch = Result<(usize, Table), h5::Error>;

fn columns(table: &Table) -> Vec<Leaf<'_>> {
    let mut columns = Vec::new();
    leaves(table, "", &mut columns);
    columns
}

/// Rows in columns, as wide as the widest cell of the first batch, under names and units.
pub(super) fn text(
    layout: &Table,
    batches: impl Iterator<Item = Batch>,
    full: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let heads = columns(layout);
    let units = |leaf: &Leaf| leaf.named.attrs.units.clone();
    let mut widths: Vec<usize> = heads.iter().map(|head| length(&head.name)).collect();
    for (width, head) in widths.iter_mut().zip(&heads) {
        *width = units(head).map_or(*width, |units| length(&units).max(*width));
    }
    let mut lines =
        vec![std::iter::once("row".into()).chain(heads.iter().map(|h| h.name.clone())).collect()];
    if heads.iter().any(|head| units(head).is_some()) {
        let all = heads.iter().map(|head| units(head).unwrap_or_default());
        lines.push(std::iter::once(String::new()).chain(all).collect());
    }
    let mut number = 3;
    let mut first = true;
    for batch in batches {
        let (start, batch) = batch?;
        let columns = columns(&batch);
        for row in 0..batch.rows {
            let mut line = vec![(start + row).to_string()];
            for leaf in &columns {
                let mut text = String::new();
                if let Some(cell) = cell(&leaf.named.column, row) {
                    cell.text(full, &mut text);
                }
                line.push(text);
            }
            lines.push(line);
        }
        if std::mem::take(&mut first) {
            for line in &lines {
                number = number.max(length(&line[0]));
                for (width, text) in widths.iter_mut().zip(&line[1..]) {
                    *width = length(text).max(*width);
                }
            }
        }
        print(&mut lines, number, &widths, out)?;
    }
    Ok(print(&mut lines, number, &widths, out)?)
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn print(
    lines: &mut Vec<Vec<String>>,
    number: usize,
    widths: &[usize],
    out: &mut impl Write,
) -> io::Result<()> {
    for line in lines.drain(..) {
        let cells = line.iter().zip(std::iter::once(&number).chain(widths));
        let all: Vec<String> = cells.map(|(text, width)| format!("{text:>width$}")).collect();
        writeln!(out, "{}", all.join("  ").trim_end())?;
    }
    Ok(())
}

/// Rows as comma-separated values under the names of the columns.
pub(super) fn csv(
    layout: &Table,
    batches: impl Iterator<Item = Batch>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let names: Vec<String> = columns(layout).iter().map(|leaf| field(&leaf.name)).collect();
    writeln!(out, "{}", names.join(","))?;
    let mut line = String::new();
    let mut text = String::new();
    for batch in batches {
        let (_, batch) = batch?;
        let columns = columns(&batch);
        for row in 0..batch.rows {
            line.clear();
            for (index, leaf) in columns.iter().enumerate() {
                if index > 0 {
                    line.push(',');
                }
                text.clear();
                if let Some(cell) = cell(&leaf.named.column, row) {
                    cell.flat(&mut text);
                }
                line.push_str(&field(&text));
            }
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// A field in quotes where it needs them.
fn field(text: &str) -> String {
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// An object per row and line.
pub(super) fn json(
    batches: impl Iterator<Item = Batch>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let mut line = String::new();
    for batch in batches {
        let (_, batch) = batch?;
        for row in 0..batch.rows {
            line.clear();
            object(&batch, row, &mut line);
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn object(table: &Table, row: usize, out: &mut String) {
    out.push('{');
    for (index, named) in table.columns.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        quoted(&named.name, out);
        out.push(':');
        match (&named.column, cell(&named.column, row)) {
            (Column::Table(inner), _) => object(inner, row, out),
            (_, Some(cell)) => cell.json(out),
            _ => out.push_str("null"),
        }
    }
    out.push('}');
}
