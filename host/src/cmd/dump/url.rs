//! Values of a dataset of any file that is shown as a tree, by its address.

use std::io::Write;
use std::path::Path;

use serde_json::Value as Json;
use tierline::dataio::tree::{self, Data, Pick, Values, text_of};
use tierline::dataio::url::DataUrl;
use tierline::report::{AtomicOutput, Limits};

use super::{Args, npy};
use crate::cmd::Usage;
use crate::cmd::ls::element_json;

/// Whether the file is meant as an address: it says so, or is no HDF5 file by its first bytes.
pub(super) fn is_meant(args: &Args) -> bool {
    let text = args.file.to_string_lossy();
    if args.file.exists() {
        let kind = tree::kind(&args.file, Limits::default());
        return kind.is_ok_and(|kind| kind != tree::Kind::Hdf5);
    }
    text.contains("::")
        || text.contains('?')
        || text.starts_with("silx:")
        || text.starts_with("fabio:")
}

/// Shows the values in the form that is wanted.
pub(super) fn show(args: &Args, out: &mut impl Write) -> anyhow::Result<()> {
    let text = args.file.to_string_lossy();
    let usage = |reason: String| anyhow::Error::from(Usage(format!("{text}: {reason}")));
    let mut url = DataUrl::parse(&text);
    if let Some(path) = &args.table {
        url.data_path = Some(path.clone());
    }
    url.check().map_err(usage)?;
    if args.rows.is_some() {
        return Err(usage("give rows as a slice: FILE?path=/data&slice=0:10".into()));
    }
    let tree = tree::open(Path::new(&url.file_path), Limits::default())?;
    let path = url.data_path.clone().map_or_else(|| tree::default_path(&tree), Ok)?;
    let dataset = tree.dataset(&path)?;
    let picks = url.slice.clone().unwrap_or_else(|| vec![Pick::Ellipsis]);
    let (selection, shape) = Pick::apply(&picks, &dataset.info()?.shape).map_err(usage)?;
    let mut values = dataset.read(&selection)?;
    values.shape = shape;
    for warning in tree.warnings().list() {
        eprintln!("tierline: warning: {}: {warning}", tree.path().display());
    }
    if let Some(target) = &args.npy {
        return write_npy(target, args.overwrite, &values);
    }
    match (args.csv, args.json) {
        (true, _) => csv(&values, out)?,
        (_, true) => writeln!(out, "{}", nested(&values, &mut 0, &values.shape))?,
        // Text as it is, a line each; numbers as numpy prints them.
        _ if values.shape.len() < 2 && values.get_text(0).is_some() => {
            for text in (0..values.len()).filter_map(|index| values.get_text(index)) {
                writeln!(out, "{text}")?;
            }
        }
        _ => writeln!(out, "{}", text_of(&values, args.full))?,
    }
    Ok(())
}

fn write_npy(target: &Path, overwrite: bool, values: &Values) -> anyhow::Result<()> {
    let Data::Plain { dtype, bytes } = &values.data else {
        anyhow::bail!(Usage("text of any length is no array of NumPy".into()));
    };
    let head = npy::head_of(*dtype, &values.shape)?;
    let part = AtomicOutput::create(target, overwrite)?;
    std::fs::write(part.path(), [&head, bytes.as_slice()].concat())?;
    Ok(part.commit()?)
}

/// One element as text.
fn cell(values: &Values, index: usize) -> String {
    match (&values.data, values.get_text(index)) {
        (Data::Other(what), _) => what.clone(),
        (_, Some(text)) if text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        (_, Some(text)) => text,
        (Data::Plain { dtype: tierline::table::DType::F32, .. }, _) => {
            values.get_f64(index).map_or(String::new(), |value| (value as f32).to_string())
        }
        _ => match values.get_i64(index) {
            Some(value) => value.to_string(),
            None => values.get_f64(index).map_or(String::new(), |value| value.to_string()),
        },
    }
}

/// A line for each row of the last axis.
fn csv(values: &Values, out: &mut impl Write) -> std::io::Result<()> {
    let columns = match values.shape.as_slice() {
        [] | [_] => 1,
        [.., last] => *last,
    };
    for row in 0..values.len().checked_div(columns).unwrap_or(0) {
        let cells: Vec<String> =
            (row * columns..(row + 1) * columns).map(|index| cell(values, index)).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

/// Lists in lists.
fn nested(values: &Values, next: &mut usize, shape: &[usize]) -> Json {
    match shape {
        [] => {
            let index = *next;
            *next += 1;
            element_json(values, index)
        }
        [length, inner @ ..] => (0..*length).map(|_| nested(values, next, inner)).collect(),
    }
}
