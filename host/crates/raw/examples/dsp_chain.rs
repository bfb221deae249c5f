//! Runs a chain on a table of an LH5 file: dsp_chain IN.lh5 TABLE CONFIG.json OUT.lh5 [ROWS]
//!
//! The outputs are written as a table `dsp`, ROWS rows at a time (default: all at once).

use std::path::Path;
use std::time::Instant;

use tierline_h5::lh5::{ChunkPolicy, TableWriter};
use tierline_h5::tree::{ElementType, Node, NodeKind, Reader};
use tierline_h5::{Options, Writer};
use tierline_raw::dsp::Chain;
use tierline_table::{Attrs, Column, NamedColumn, Table};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, path, config, output, rest @ ..] = &args[..] else {
        return Err("usage: dsp_chain IN.lh5 TABLE CONFIG.json OUT.lh5 [ROWS]".into());
    };
    let config: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(config)?)?;
    let database = config.get("database").cloned().unwrap_or_default();
    let reader = Reader::open(Path::new(input))?;
    let tree = reader.tree()?;
    let node = tree.find(path).ok_or("there is no such table")?;
    let table = read(&reader, node)?;
    let batch = rest.first().map_or(Ok(table.rows), |rows| rows.parse())?.max(1);

    let chain = Chain::build(&config, &rows(&table, 0, table.rows.min(1)), &database)?;
    let layout = Table { columns: chain.outputs().to_vec(), rows: 0 };
    let mut writer = Writer::create(Path::new(output), Options::default())?;
    let mut out = TableWriter::create(&mut writer, "dsp", &layout, ChunkPolicy::default())?;
    let (mut first, mut seconds) = (0, 0.0);
    while first < table.rows {
        let count = batch.min(table.rows - first);
        let part = rows(&table, first, count);
        let start = Instant::now();
        let columns = chain.run(&part)?;
        seconds += start.elapsed().as_secs_f64();
        out.append(&mut writer, &Table { columns, rows: count })?;
        first += count;
    }
    writer.finish()?;
    println!("{} rows, {} bytes, {seconds:.6} s", table.rows, table.bytes());
    Ok(())
}

/// A table with all its rows.
fn read(reader: &Reader, node: &Node) -> Result<Table, Error> {
    let mut table = Table::new();
    for child in &node.children {
        let datatype = child.datatype.as_deref().unwrap_or_default();
        let column: Column = match &child.kind {
            NodeKind::Dataset(info) if matches!(info.element, ElementType::Plain(_)) => {
                reader.array(&child.path, 0..usize::MAX)?.into()
            }
            NodeKind::Group if datatype.starts_with("table{") => read(reader, child)?.into(),
            NodeKind::Group if datatype == "array<1>{array<1>{real}}" => {
                reader.vectors(&child.path, 0..usize::MAX)?.into()
            }
            _ => continue,
        };
        table.push(
            child.name.clone(),
            Attrs { other: Vec::new(), ..child.attrs.clone() },
            column,
        )?;
    }
    Ok(table)
}

/// Some rows of a table; vectors of differing length are left out.
fn rows(table: &Table, first: usize, count: usize) -> Table {
    let mut part = Table { columns: Vec::new(), rows: count };
    for named in &table.columns {
        let column = match &named.column {
            Column::Array(array) => {
                let bytes = array.row_bytes();
                let mut cut = array.clone();
                cut.data = array.data[first * bytes..(first + count) * bytes].to_vec();
                cut.into()
            }
            Column::Table(inner) => rows(inner, first, count).into(),
            Column::Vectors(_) | Column::Encoded(_) => continue,
        };
        part.columns.push(NamedColumn { column, ..named.clone() });
    }
    part
}
