//! What a beamline file holds: detector images, Spec scans, NumPy arrays.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use tierline::dataio::image::{Source, detect};
use tierline::dataio::spec::{Reading, SpecFile};
use tierline::dataio::tree::{self, Kind, Node, numpy_type};
use tierline::report::Limits;

use crate::cmd::{grouped, size};

/// Scans that are listed as text.
const FEW: usize = 20;

/// Prints what a file of this kind holds.
pub(super) fn show(path: &Path, kind: Kind, as_json: bool) -> anyhow::Result<()> {
    let bytes = std::fs::metadata(path)?.len();
    let (what, lines, mut described, warnings) = match kind {
        Kind::Image => image(path)?,
        Kind::Spec => scans(path)?,
        Kind::Numpy | Kind::Hdf5 => arrays(path)?,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    if as_json {
        described["file"] = json!(path);
        described["bytes"] = json!(bytes);
        described["warnings"] = json!(warnings);
        writeln!(out, "{described:#}")?;
    } else {
        writeln!(out, "{}: {what}, {}", path.display(), size(bytes))?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
    }
    out.flush()?;
    for warning in warnings {
        eprintln!("tierline: warning: {}: {warning}", path.display());
    }
    Ok(())
}

type Described = (String, Vec<String>, Value, Vec<String>);

fn image(path: &Path) -> anyhow::Result<Described> {
    let source = Source::open(path, Limits::default())?;
    let codec = detect(&source)?;
    let mut image = codec.open(source)?;
    let count = image.frames()?;
    let (dtype, shape) = image.layout(0)?;
    let extents: Vec<String> = shape.iter().map(usize::to_string).collect();
    let keys = image.header(0)?.len();
    let frames =
        if count == 1 { "1 frame".into() } else { format!("{} frames", grouped(count as u64)) };
    let line = format!("{frames} of {} {}, {keys} header keys", extents.join(" x "), dtype.name());
    let described = json!({
        "format": codec.name(), "description": codec.description(), "frames": count, "shape": shape,
        "dtype": dtype.name(), "header_keys": keys, "incomplete": image.incomplete(),
    });
    let mut lines = vec![line];
    if image.incomplete() {
        lines.push("the file is incomplete".into());
    }
    let warnings = image.warnings().to_vec();
    Ok((format!("{}, {}", codec.name(), codec.description()), lines, described, warnings))
}

fn scans(path: &Path) -> anyhow::Result<Described> {
    let file = SpecFile::open(path, Reading::default(), Limits::default())?;
    let (mut lines, mut described, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for (index, key) in file.keys().enumerate() {
        let scan = file.scan(index)?;
        let (rows, columns, spectra) = (scan.rows(), scan.columns(), scan.spectra());
        let command = scan.command().unwrap_or("").trim().to_owned();
        if index < FEW {
            let mca = if spectra > 0 { format!(", {spectra} spectra") } else { String::new() };
            lines.push(format!("{key:<8} {rows} x {columns}{mca}  {command}"));
        }
        warnings.extend(scan.warnings().iter().map(|warning| format!("scan {key}: {warning}")));
        described.push(json!({
            "key": key, "command": command, "rows": rows, "columns": columns, "spectra": spectra,
            "labels": scan.labels(), "date": scan.date(),
        }));
    }
    if file.len() > FEW {
        lines.push(format!("... and {} more (ls and --json show all)", file.len() - FEW));
    }
    let what = format!("Spec, {} scans", grouped(file.len() as u64));
    Ok((what, lines, json!({ "format": "spec", "scans": described }), warnings))
}

fn arrays(path: &Path) -> anyhow::Result<Described> {
    let tree = tree::open(path, Limits::default())?;
    let (mut lines, mut described) = (Vec::new(), Vec::new());
    for name in tree.root().names()? {
        let Some(Node::Dataset(dataset)) = tree.root().child(&name)? else { continue };
        let info = dataset.info()?;
        let extents: Vec<String> = info.shape.iter().map(usize::to_string).collect();
        lines.push(format!("{name}: {} {}", numpy_type(&info), extents.join(" x ")));
        described.push(json!({ "name": name, "dtype": numpy_type(&info), "shape": info.shape }));
    }
    Ok(("NumPy".into(), lines, json!({ "format": "numpy", "arrays": described }), Vec::new()))
}
