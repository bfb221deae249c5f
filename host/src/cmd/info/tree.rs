//! The tree of an LH5 or other HDF5 file.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use tierline::h5::tree::{DatasetInfo, ElementType, Node, NodeKind, Reader};

use crate::cmd::{grouped, size};

/// Column at which descriptions start, where names leave room.
const NAMES: usize = 32;

/// Prints the tree.
pub(super) fn show(path: &Path, as_json: bool) -> anyhow::Result<()> {
    let root = Reader::open(path)?.tree()?;
    let mut out = BufWriter::new(io::stdout());
    if as_json {
        serde_json::to_writer_pretty(&mut out, &json!({"file": path, "tree": to_json(&root)}))?;
        writeln!(out)?;
    } else {
        let kind = if root.datatype.is_some() { "LH5" } else { "HDF5" };
        let bytes = std::fs::metadata(path)?.len();
        writeln!(out, "{}: {kind}, {}", path.display(), size(bytes))?;
        for (i, child) in root.children.iter().enumerate() {
            print(child, "", i + 1 == root.children.len(), &mut out)?;
        }
    }
    out.flush()?;
    Ok(())
}

fn element(info: &DatasetInfo) -> String {
    match &info.element {
        ElementType::Plain(dtype) => dtype.to_string(),
        ElementType::Text => "string".into(),
        ElementType::Other(name) => name.clone(),
    }
}

fn shape(info: &DatasetInfo) -> String {
    let extents: Vec<String> = info.shape.iter().map(usize::to_string).collect();
    format!("[{}]", extents.join(", "))
}

/// Rows of a table: those of the first column that has any.
fn rows(node: &Node) -> Option<usize> {
    node.children.iter().find_map(|child| match &child.kind {
        NodeKind::Dataset(info) => info.shape.first().copied(),
        NodeKind::Group => match child.find("cumulative_length").and_then(Node::dataset) {
            Some(info) => info.shape.first().copied(),
            None => rows(child),
        },
        _ => None,
    })
}

fn describe(node: &Node) -> String {
    let bool_kind = node.datatype.as_deref().is_some_and(|t| t.contains("bool"));
    let element = |info: &DatasetInfo| if bool_kind { "bool".into() } else { element(info) };
    let units = node.attrs.units.as_deref().map(|u| format!("  [{u}]")).unwrap_or_default();
    match &node.kind {
        NodeKind::Dataset(info) if info.shape.is_empty() => {
            format!("{} scalar{units}", element(info))
        }
        NodeKind::Dataset(info) => format!("{} {}{units}", element(info), shape(info)),
        NodeKind::Group => match node.datatype.as_deref() {
            Some(t) if t.starts_with("table{") => {
                format!("table, {} rows{units}", grouped(rows(node).unwrap_or(0) as u64))
            }
            Some(t) if t.starts_with("struct{") => format!("struct{units}"),
            Some(t) if t.starts_with("array<1>{array") => {
                let flat = node.find("flattened_data").and_then(Node::dataset);
                let element = flat.map(&element).unwrap_or_default();
                let n = node.find("cumulative_length").and_then(Node::dataset);
                let n = n.and_then(|info| info.shape.first().copied()).unwrap_or(0);
                format!("{element} [{n}][..]{units}")
            }
            Some(t) => format!("{t}{units}"),
            None => "group".into(),
        },
        NodeKind::Ancestor => "listed above".into(),
        NodeKind::Unknown => "?".into(),
    }
}

/// The members of a vector of vectors are not worth lines of their own.
fn is_vectors(node: &Node) -> bool {
    node.datatype.as_deref().is_some_and(|t| t.starts_with("array<1>{array"))
}

fn print(node: &Node, indent: &str, last: bool, out: &mut impl Write) -> io::Result<()> {
    let (branch, below) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
    let width = NAMES.saturating_sub(indent.chars().count());
    writeln!(out, "{indent}{branch}{:<width$} {}", node.name, describe(node))?;
    if is_vectors(node) {
        return Ok(());
    }
    let indent = format!("{indent}{below}");
    for (i, child) in node.children.iter().enumerate() {
        print(child, &indent, i + 1 == node.children.len(), out)?;
    }
    Ok(())
}

fn to_json(node: &Node) -> Value {
    let children: serde_json::Map<String, Value> =
        node.children.iter().map(|child| (child.name.clone(), to_json(child))).collect();
    let mut value = json!({
        "datatype": node.datatype,
        "units": node.attrs.units,
        "description": node.attrs.description,
    });
    if let (Some(map), NodeKind::Dataset(info)) = (value.as_object_mut(), &node.kind) {
        map.insert("dtype".into(), element(info).into());
        map.insert("shape".into(), info.shape.clone().into());
        map.insert("chunk".into(), info.chunk.clone().into());
        map.insert("filters".into(), info.filters.clone().into());
        map.insert("stored_bytes".into(), info.stored_bytes.into());
    } else if let Some(map) = value.as_object_mut() {
        map.insert("children".into(), Value::Object(children));
    }
    value
}
