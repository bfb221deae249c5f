//! The tables of a file, and single values.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use tierline::h5::lh5::{TableEntry, TableReader, Waveforms, tables};
use tierline::h5::tree::{ElementType, Node, NodeKind, Reader};
use tierline::table::{Column, Table};

use crate::cmd::grouped;

use super::cells::{Leaf, cell, leaves, quoted};

/// Lists the tables below a node and what else is there.
pub(super) fn show(
    file: &Path,
    reader: &Reader,
    node: &Node,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let listed = tables(reader, node);
    let mut others = Vec::new();
    without_tables(node, &listed, &mut others);
    if as_json {
        let tables: Vec<Value> = listed.iter().map(|entry| to_json(reader, node, entry)).collect();
        let value = json!({"file": file, "tables": tables, "others": others});
        serde_json::to_writer_pretty(&mut *out, &value)?;
        writeln!(out)?;
        return Ok(());
    }
    for entry in &listed {
        print(reader, node, entry, out)?;
    }
    if !others.is_empty() {
        writeln!(out, "not in tables: {}", others.join(", "))?;
    }
    Ok(())
}

/// The topmost objects in which there is no table.
fn without_tables(node: &Node, listed: &[TableEntry], others: &mut Vec<String>) {
    for child in &node.children {
        let below = format!("{}/", child.path);
        if listed.iter().any(|entry| entry.path.starts_with(&below)) {
            without_tables(child, listed, others);
        } else if !listed.iter().any(|entry| entry.path == child.path) {
            others.push(child.path.clone());
        }
    }
}

/// The columns of a table, if all of them can be read.
fn layout(reader: &Reader, node: &Node, entry: &TableEntry) -> Option<Table> {
    let node = node.find(entry.path.strip_prefix(&node.path)?)?;
    let table = TableReader::of(reader.clone(), node, Waveforms::Decoded).ok()?;
    Some(table.layout().clone())
}

/// What the rows of a column are.
fn kind(leaf: &Leaf) -> String {
    match &leaf.named.column {
        Column::Array(array) if array.row_shape.is_empty() => array.dtype.to_string(),
        Column::Array(array) => format!("{} {:?}", array.dtype, array.row_shape),
        Column::Vectors(vectors) => format!("{} [..]", vectors.flattened.dtype),
        Column::Encoded(encoded) => encoded.codec.to_string(),
        Column::Table(_) => "table".into(),
    }
}

fn print(reader: &Reader, node: &Node, entry: &TableEntry, out: &mut impl Write) -> io::Result<()> {
    match entry.rows {
        Some(rows) => writeln!(out, "{}: {} rows", entry.path, grouped(rows as u64))?,
        None => writeln!(out, "{}: damaged, its columns differ in length", entry.path)?,
    }
    let Some(table) = layout(reader, node, entry) else {
        return writeln!(out, "    {}", entry.columns.join(", "));
    };
    let mut columns = Vec::new();
    leaves(&table, "", &mut columns);
    let width = columns.iter().map(|leaf| leaf.name.chars().count()).max().unwrap_or(0);
    let kinds: Vec<String> = columns.iter().map(kind).collect();
    let wide = kinds.iter().map(String::len).max().unwrap_or(0);
    for (leaf, kind) in columns.iter().zip(&kinds) {
        let units = leaf.named.attrs.units.as_deref().unwrap_or_default();
        let line = format!("    {:<width$}  {kind:<wide$}  {units}", leaf.name);
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn to_json(reader: &Reader, node: &Node, entry: &TableEntry) -> Value {
    let table = layout(reader, node, entry);
    let mut columns = Vec::new();
    if let Some(table) = &table {
        leaves(table, "", &mut columns);
    }
    let column = |leaf: &Leaf| {
        let attrs = &leaf.named.attrs;
        let (units, description) = (&attrs.units, &attrs.description);
        json!({"name": leaf.name, "type": kind(leaf), "units": units, "description": description})
    };
    let columns: Vec<Value> = match table {
        Some(_) => columns.iter().map(column).collect(),
        None => entry.columns.iter().map(|name| json!({"name": name})).collect(),
    };
    json!({"path": entry.path, "rows": entry.rows, "columns": columns})
}

/// Prints the value of a dataset without extents.
pub(super) fn value(
    reader: &Reader,
    node: &Node,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let text = match &node.kind {
        NodeKind::Dataset(info) if info.element == ElementType::Text => {
            let text = reader.text(&node.path)?;
            let mut quotes = String::new();
            quoted(&text, &mut quotes);
            if as_json { quotes } else { text }
        }
        _ => {
            let column = Column::Array(reader.array(&node.path, 0..1)?.reshaped(&[]));
            let mut text = String::new();
            if let Some(cell) = cell(&column, 0) {
                if as_json { cell.json(&mut text) } else { cell.flat(&mut text) }
            }
            text
        }
    };
    Ok(writeln!(out, "{text}")?)
}
