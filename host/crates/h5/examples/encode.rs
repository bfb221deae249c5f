//! Encodes the waveforms of a file: `encode IN.lh5 OUT.lh5`.
//!
//! Every table of IN comes out with all of its columns, each chunk with a checksum, and with two
//! more for each column of samples: NAME_radware and NAME_uleb. What a codec does not take is left
//! out and named on stderr. The peers' libraries read OUT in the tests.

use std::path::Path;

use tierline_h5::lh5::codec::encode_column;
use tierline_h5::lh5::{
    ChunkPolicy, ColumnSettings, TableReader, TableSettings, TableWriter, tables,
};
use tierline_h5::tree::Reader;
use tierline_h5::{Options, Writer};
use tierline_table::{Codec, Column, DType, NamedColumn, Table};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, to] = arguments.as_slice() else {
        return Err("usage: encode IN.lh5 OUT.lh5".into());
    };
    let reader = Reader::open(Path::new(from))?;
    let mut writer = Writer::create(Path::new(to), Options { threads: 2, ..Options::default() })?;
    for entry in tables(&reader, &reader.tree()?) {
        let table = TableReader::open(Path::new(from), &entry.path)?;
        let (layout, codecs) = encoded(&table.read(0..table.rows().min(1))?, &[]);
        let sums = ColumnSettings { level: Some(7), fletcher32: Some(true), ..<_>::default() };
        let settings = TableSettings::from([(String::new(), sums)]);
        let policy = ChunkPolicy::default();
        let made = TableWriter::create_with(&mut writer, &entry.path, &layout, policy, &settings);
        let mut output = made?;
        for batch in table.batches(4 << 20) {
            let (mut batch, _) = encoded(&batch?, &codecs);
            output.append_drain(&mut writer, &mut batch)?;
        }
    }
    writer.finish()?;
    Ok(())
}

/// A table with its columns of samples encoded, and the names of the columns that were; where
/// names are given, it is these columns or nothing.
fn encoded(table: &Table, only: &[String]) -> (Table, Vec<String>) {
    let (mut out, mut names) = (table.clone(), Vec::new());
    for named in &table.columns {
        let dtype = match &named.column {
            Column::Array(array) if array.row_shape.len() == 1 => array.dtype,
            Column::Vectors(vectors) => vectors.flattened.dtype,
            _ => continue,
        };
        let shift = if dtype == DType::U16 { -32768 } else { 0 };
        let codecs =
            [("radware", Codec::RadwareSigcompress { shift }), ("uleb", Codec::Uleb128ZigZagDiff)];
        for (suffix, codec) in codecs {
            let name = format!("{}_{suffix}", named.name);
            if !only.is_empty() && !only.contains(&name) {
                continue;
            }
            match encode_column(&named.column, &codec) {
                Ok(column) => {
                    let attrs = named.attrs.clone();
                    out.columns.push(NamedColumn { name: name.clone(), attrs, column });
                    names.push(name);
                }
                Err(error) => eprintln!("{name}: {error}"),
            }
        }
    }
    (out, names)
}
