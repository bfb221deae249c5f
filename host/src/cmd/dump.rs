//! `tierline dump`: the rows of LH5 tables.

mod cells;
mod list;
mod npy;
mod print;
mod url;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use tierline::h5::lh5::{TableReader, Waveforms};
use tierline::h5::tree::{NodeKind, Reader};
use tierline::report::Status;

use super::rows::Rows;
use super::{Usage, grouped};

/// Show the rows of a table in an LH5 file, or the values of a dataset of any file that `ls` shows.
///
/// Of an LH5 file without TABLE: the tables of the file, their rows and columns. Encoded waveforms are decoded. An address
/// (FILE::/path, FILE?path=/data&slice=0,:10) or a file that is no HDF5: the values of a dataset, of the default plot if no path is
/// given.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// An LH5 file, or an address of values.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A table, or a column of it: `ch0/raw`, `ch0/raw/waveform/values`.
    #[arg(value_name = "TABLE[/COLUMN]")]
    table: Option<String>,
    /// Rows: the first ones (`10`), or from one to before another (`5:20`, `5:`), from the end if negative (`-5:`)
    /// [default: 20 as text, all otherwise].
    #[arg(value_name = "ROWS", allow_hyphen_values = true)]
    rows: Option<Rows>,
    /// Show all elements of long arrays.
    #[arg(long)]
    full: bool,
    /// Print comma-separated values; the elements of arrays are separated by blanks.
    #[arg(long, conflicts_with_all = ["json", "npy"])]
    csv: bool,
    /// Print a JSON object per row.
    #[arg(long, conflicts_with = "npy")]
    json: bool,
    /// Write one column as a NumPy array.
    #[arg(long, value_name = "OUT.npy")]
    npy: Option<PathBuf>,
    /// Replace an existing OUT.npy.
    #[arg(short = 'w', long, requires = "npy")]
    overwrite: bool,
}

/// Rows that are shown as text where none are named.
const FEW: usize = 20;
/// Bytes of rows that are read at a time.
const BATCH: usize = 4 << 20;

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    if url::is_meant(args) {
        url::show(args, &mut out)?;
        out.flush()?;
        return Ok(Status::Clean);
    }
    if args.npy.is_some() && args.table.is_none() {
        anyhow::bail!(Usage("an array is one column: name it".into()));
    }
    let reader = Reader::open(&args.file)?;
    match &args.table {
        None => list::show(&args.file, &reader, &reader.tree()?, args.json, &mut out)?,
        Some(path) => {
            let node = reader.node(path)?;
            let is_scalar = node.dataset().is_some_and(|info| info.shape.is_empty());
            let listed = match (&node.kind, node.datatype.as_deref()) {
                (NodeKind::Group, Some(datatype)) => datatype.starts_with("struct{"),
                (NodeKind::Group, None) => args.rows.is_none() && args.npy.is_none(),
                _ => false,
            };
            if (listed || is_scalar) && (args.rows.is_some() || args.npy.is_some()) {
                let what = if listed { "a group of objects" } else { "one value" };
                anyhow::bail!(Usage(format!("'{path}' is {what} and has no rows")));
            }
            match (listed, is_scalar) {
                (true, _) => list::show(&args.file, &reader, &node, args.json, &mut out)?,
                (_, true) => list::value(&reader, &node, args.json, &mut out)?,
                _ => rows(args, reader, path, &mut out)?,
            }
        }
    }
    out.flush()?;
    Ok(Status::Clean)
}

/// Shows rows of a table or column in the form that is wanted.
fn rows(args: &Args, reader: Reader, path: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let table = TableReader::new(reader, path, Waveforms::Decoded)?;
    let total = table.rows();
    let text = !args.csv && !args.json && args.npy.is_none();
    let range = match args.rows {
        Some(rows) => rows.of(total),
        None if text => 0..total.min(FEW),
        None => 0..total,
    };
    let step = table.batch_rows(BATCH)?;
    let batches = range.clone().step_by(step).map(|start| {
        let end = range.end.min(start.saturating_add(step));
        table.read(start..end).map(|batch| (start, batch))
    });
    if let Some(target) = &args.npy {
        return npy::write(target, args.overwrite, table.layout(), range.len(), batches);
    }
    let layout = table.layout();
    match (args.csv, args.json) {
        (true, _) => print::csv(layout, batches, out)?,
        (_, true) => print::json(batches, out)?,
        _ => print::text(layout, batches, args.full, out)?,
    }
    if text && args.rows.is_none() && range.end < total {
        out.flush()?;
        let total = grouped(total as u64);
        eprintln!("the first {} of {total} rows; others are shown as 20:40, -20: or :", range.end);
    }
    Ok(())
}
