//! `tierline ls`: what beamline files and HDF5 files hold, as a tree.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value as Json, json};
use tierline::dataio::tree::{
    self, Data, GlanceOptions, Layout, Link, Node, Tree, Values, Visit, glance, h5ls, numpy_type,
    page,
};
use tierline::dataio::url::DataUrl;
use tierline::report::{AtomicOutput, Limits, Status};

use super::Usage;

/// List what a file holds: HDF5, Spec files, detector images and NumPy arrays, all as one kind of tree.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A file, or an object of it: `FILE::/path`. A dataset is described and shown in part.
    #[arg(required = true, value_name = "FILE[::/PATH]")]
    files: Vec<String>,
    /// Show attributes with their values.
    #[arg(long)]
    attrs: bool,
    /// Levels of groups that are entered.
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// Part of a dataset: `2`, `:10`, `0,::2`.
    #[arg(short, long, value_name = "SLICE", allow_hyphen_values = true)]
    slice: Option<String>,
    /// List as silx's h5ls does: links followed, a tabulator to the level.
    #[arg(long, conflicts_with_all = ["attrs", "depth", "slice", "json", "html"])]
    h5ls: bool,
    /// Print a JSON object per file.
    #[arg(long, conflicts_with_all = ["slice", "html"])]
    json: bool,
    /// Write a page for a browser, with the first values of all datasets.
    #[arg(long, value_name = "OUT.html", conflicts_with = "slice")]
    html: Option<std::path::PathBuf>,
    /// Replace an existing page.
    #[arg(short = 'w', long, requires = "html")]
    overwrite: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.html.is_some() && args.files.len() > 1 {
        return Err(Usage("a page shows one file".into()).into());
    }
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut status = Status::Clean;
    for file in &args.files {
        let Err(error) = one(args, file, &mut out) else { continue };
        out.flush()?;
        if args.files.len() == 1 {
            return Err(error);
        }
        eprintln!("tierline: error: {error:#}");
        status = Status::Failed;
    }
    out.flush()?;
    Ok(status)
}

fn one(args: &Args, file: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let url = DataUrl::parse(file);
    url.check().map_err(|reason| Usage(format!("{file}: {reason}")))?;
    if url.slice.is_some() {
        return Err(Usage(format!("{file}: give the slice as --slice")).into());
    }
    let tree = tree::open(Path::new(&url.file_path), Limits::default())?;
    let path = url.data_path.as_deref();
    if args.h5ls {
        h5ls(out, &tree, path.unwrap_or("/"))?;
    } else if args.json {
        writeln!(out, "{:#}", to_json(args, &tree, path.unwrap_or("/"))?)?;
    } else if let Some(target) = &args.html {
        let part = AtomicOutput::create(target, args.overwrite)?;
        let mut file = BufWriter::new(std::fs::File::create(part.path())?);
        page(&mut file, &tree, path.unwrap_or("/"), args.depth)?;
        file.flush()?;
        drop(file);
        part.commit()?;
    } else {
        let (attrs, depth, slice) = (args.attrs, args.depth, args.slice.clone());
        glance(out, &tree, path, &GlanceOptions { attrs, depth, slice })?;
    }
    for warning in tree.warnings().list() {
        eprintln!("tierline: warning: {}: {warning}", tree.path().display());
    }
    Ok(())
}

/// All objects below a path, in order.
fn to_json(args: &Args, tree: &Tree, path: &str) -> anyhow::Result<Json> {
    let mut objects = Vec::new();
    tree.walk(path, &mut |step| {
        let mut one = Map::new();
        one.insert("path".into(), json!(step.path));
        let kind = match step.node {
            Node::Group(_) => "group",
            Node::Dataset(_) => "dataset",
            Node::Link(_) => "link",
            Node::Other(_) => "other",
        };
        one.insert("type".into(), json!(kind));
        match step.node {
            Node::Link(Link::Soft(target)) => _ = one.insert("target".into(), json!(target)),
            Node::Link(Link::External { file, path }) => {
                one.insert("target".into(), json!(format!("{file}::{path}")));
            }
            Node::Other(what) => _ = one.insert("what".into(), json!(what)),
            Node::Dataset(dataset) => {
                let info = dataset.info()?;
                one.insert("dtype".into(), json!(numpy_type(&info)));
                one.insert("shape".into(), json!(info.shape));
                if let Some(storage) = &info.storage {
                    if let Layout::Chunked(chunk) = &storage.layout {
                        one.insert("chunks".into(), json!(chunk));
                    }
                    let filters: Vec<i32> = storage.filters.iter().map(|f| f.id).collect();
                    one.insert("filters".into(), json!(filters));
                    one.insert("stored_bytes".into(), json!(storage.stored_bytes));
                }
            }
            Node::Group(_) => {}
        }
        if let Some(seen) = step.seen {
            one.insert("same_as".into(), json!(seen));
        }
        let attrs = step.node.attrs()?;
        if !attrs.is_empty() {
            let attrs = attrs.into_iter().map(|attr| (attr.name, values_json(&attr.value)));
            one.insert("attrs".into(), Json::Object(attrs.collect()));
        }
        objects.push(Json::Object(one));
        Ok(match args.depth {
            Some(depth) if step.depth >= depth => Visit::Skip,
            _ => Visit::Enter,
        })
    })?;
    Ok(json!({ "file": tree.path().display().to_string(), "objects": objects }))
}

/// Values as a list, or one value.
fn values_json(values: &Values) -> Json {
    let one = |index| element_json(values, index);
    if values.shape.is_empty() { one(0) } else { (0..values.len()).map(one).collect() }
}

/// One element; what JSON has no number for is text.
pub(super) fn element_json(values: &Values, index: usize) -> Json {
    if let Data::Other(what) = &values.data {
        return json!(what);
    }
    match (values.get_text(index), values.get_i64(index), values.get_f64(index)) {
        (Some(text), ..) => json!(text),
        (_, Some(value), _) => json!(value),
        (.., Some(value)) if value.is_finite() => json!(value),
        (.., Some(value)) => json!(value.to_string()),
        _ => Json::Null,
    }
}
