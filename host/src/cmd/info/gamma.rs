//! What files of gamma-ray data hold, and other FITS files.

mod lines;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use tierline::reduce::data::Environment;
use tierline::reduce::summary::{Content, Kind, Summary, summarize};
use tierline::report::{Limits, Status};

use crate::cmd::size;

/// Prints what a file or folder holds.
pub(super) fn show(path: &Path, kind: Kind, events: bool, as_json: bool) -> anyhow::Result<Status> {
    let found = summarize(path, kind, events, Environment::of_process(), &Limits::default())?;
    let bytes = (kind != Kind::Folder).then(|| std::fs::metadata(path).map(|about| about.len()));
    let bytes = bytes.transpose()?;
    let mut out = BufWriter::new(io::stdout().lock());
    if as_json {
        let mut described: Value = serde_json::to_value(&found)?;
        described["file"] = json!(path);
        described["bytes"] = json!(bytes);
        described["format"] = json!(if kind == Kind::List { "yaml" } else { "fits" });
        writeln!(out, "{described:#}")?;
    } else {
        let bytes = bytes.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
        writeln!(out, "{}: {}{bytes}", path.display(), what(&found))?;
        for line in lines::of(&found.content) {
            writeln!(out, "  {line}")?;
        }
    }
    out.flush()?;
    for text in found.warnings.iter().chain(&found.problems) {
        eprintln!("tierline: warning: {text}");
    }
    Ok(if found.problems.is_empty() { Status::Clean } else { Status::Garbage })
}

fn what(found: &Summary) -> String {
    match &found.content {
        Content::Store(store) if store.has_index => "index of gamma-ray observations (DL3)".into(),
        Content::Store(_) => "gamma-ray observations (DL3) without an index".into(),
        Content::Dl3 { observation, hdus } => {
            let responses = hdus.iter().any(|hdu| !hdu.axes.is_empty());
            match (observation, responses) {
                (Some(_), true) => "gamma-ray events and responses (DL3)".into(),
                (Some(_), false) => "gamma-ray events (DL3)".into(),
                (None, _) => "responses to gamma rays (DL3)".into(),
            }
        }
        Content::Datasets { datasets, is_list: true } => match datasets.as_slice() {
            [_] => "list of 1 dataset".into(),
            all => format!("list of {} datasets", all.len()),
        },
        Content::Datasets { datasets, .. } => match datasets.as_slice() {
            [one] => format!("{} \"{}\"", one.kind, one.name),
            _ => "datasets".into(),
        },
        Content::Fits { hdus } => match hdus.iter().any(|hdu| hdu.geometry.is_some()) {
            true => "FITS, maps of the sky".into(),
            false => "FITS".into(),
        },
    }
}
