//! What the fuzz targets do. Those of the formats drive a format over the input and check the contract of framer, assembler and
//! sink; the others have a file each.

use std::path::Path;

use tierline_core::FrameLimits;
use tierline_tests::drive::{Feed, drive};

pub mod codec;
pub mod dsp;
pub mod fits;
pub mod front_end;
pub mod images;
pub mod index;
pub mod link;
pub mod simtel;
#[path = "../../reduce/small.rs"]
#[allow(dead_code)]
mod small;
pub mod spec;
pub mod spec_file;
pub mod url_tree;

/// The last four bytes choose how the input arrives; the rest is the stream. `drive` checks that every byte is accounted
/// for, that there is progress, and that no call breaks the sink's rules.
pub fn run(format: &str, data: &[u8]) {
    let (stream, how) = data.split_at(data.len().saturating_sub(4));
    let how = |i: usize| usize::from(how.get(i).copied().unwrap_or(0));
    let piece = [64, 100, 1024, 256 * 1024][how(0) % 4];
    let window = [8192, 64 * 1024, 4 << 20][how(1) % 3];
    let pieces = [1 + how(2), 1 + 16 * how(3)];
    let limits = FrameLimits { piece, window };
    let split = drive(format, stream, &Feed { pieces: &pieces, limits });
    let whole = drive(format, stream, &Feed { pieces: &[], limits });
    assert_eq!(split.packets, whole.packets);
    assert_eq!(split.garbage, whole.garbage);
    assert_eq!(split.fatal, whole.fatal);
    assert_eq!(split.sink.rows.len(), whole.sink.rows.len());
    for (row, other) in split.sink.rows.iter().zip(&whole.sink.rows) {
        assert_eq!((row.packet, row.table, row.key), (other.packet, other.table, other.key));
        for (column, cell) in &row.cells {
            assert_eq!(Some(cell), other.cells.get(column), "column {column} of {:?}", row.table);
        }
    }
}

/// Writes the small streams of the tests as a corpus to start from.
pub fn seed(corpus: &Path) -> std::io::Result<()> {
    for (i, stream) in tierline_tests::streams::all().into_iter().enumerate() {
        let own = vec![[&stream.bytes[..], &[3, 2, 255, 255]].concat()];
        write(&corpus.join(stream.format.to_lowercase()), i, own)?;
        write(&corpus.join("link"), i, link::seeds(&stream, i))?;
        write(&corpus.join("front_end"), i, front_end::seeds(&stream, i))?;
    }
    write(&corpus.join("codec"), 0, codec::seeds())?;
    write(&corpus.join("dsp"), 0, dsp::seeds())?;
    write(&corpus.join("index"), 0, index::seeds())?;
    write(&corpus.join("spec"), 0, spec::seeds())?;
    write(&corpus.join("spec_file"), 0, spec_file::seeds())?;
    write(&corpus.join("url_tree"), 0, url_tree::seeds())?;
    write(&corpus.join("images"), 0, images::seeds())?;
    write(&corpus.join("fits"), 0, fits::seeds())?;
    write(&corpus.join("simtel"), 0, simtel::seeds())?;
    Ok(())
}

fn write(folder: &Path, i: usize, inputs: Vec<Vec<u8>>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (variant, input) in inputs.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{i:02}-{variant:03}")), input)?;
    }
    Ok(())
}
