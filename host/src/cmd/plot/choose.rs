//! What of a file is drawn, and how.

use anyhow::bail;
use glob::{MatchOptions, Pattern};
use tierline::h5;
use tierline::h5::lh5::{TableEntry, tables};
use tierline::h5::tree::{ElementType, Node, NodeKind, Reader};
use tierline::table::DType;

use super::{Args, Kind};
use crate::cmd::Usage;

/// One panel: objects of the file by their paths, and how they are drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) kind: Kind,
    /// Tables of waveforms, or columns. Several ones are spectra in the same panel.
    pub(super) paths: Vec<String>,
}

impl Choice {
    fn one(kind: Kind, path: impl Into<String>) -> Self {
        Choice { kind, paths: vec![path.into()] }
    }
}

/// Names of energies, the best first; others whose name has `energy` in it come after them.
const ENERGIES: [&str; 8] = [
    "energy",
    "daqenergy",
    "cuspEmax_ctc_cal",
    "cuspEmax",
    "zacEmax",
    "trapEftp",
    "trapEmax",
    "dE_max",
];
/// Most panels, and most spectra in one panel.
const PANELS: usize = 12;
const SPECTRA: usize = 100;

/// What an object is, as far as drawing goes.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    /// A table of `values` and, if known, `t0` and `dt`; also a column of arrays of any length.
    Arrays,
    Numbers,
    Table,
    /// Nothing that can be drawn, and why.
    Other(&'static str),
}

fn form(node: &Node) -> Form {
    let datatype = node.datatype.as_deref().unwrap_or_default();
    match &node.kind {
        NodeKind::Dataset(info) => match (&info.element, info.shape.len()) {
            (ElementType::Text | ElementType::Plain(DType::Text(_)), _) => {
                Form::Other("these are texts, no numbers")
            }
            (ElementType::Other(_), _) => Form::Other("these are no numbers"),
            (_, 0) => Form::Other("one value is nothing to draw"),
            (_, 1) => Form::Numbers,
            _ => Form::Arrays,
        },
        NodeKind::Group if datatype.starts_with("table{") => match node.find("values") {
            Some(values) if form(values) == Form::Arrays => Form::Arrays,
            _ => Form::Table,
        },
        NodeKind::Group if datatype.starts_with("array") => Form::Arrays,
        _ => Form::Other("this is no table and no column"),
    }
}

/// The waveforms of a table: those called so, or the first ones.
fn waveforms(table: &Node) -> Option<&Node> {
    let is_waveform = |node: &&Node| form(node) == Form::Arrays && node.find("values").is_some();
    let all = || table.children.iter().filter(is_waveform);
    all().find(|node| node.name == "waveform").or_else(|| all().next())
}

/// The column of a table that is most likely its energy.
fn energy(table: &Node) -> Option<&Node> {
    let numbers = || table.children.iter().filter(|node| form(node) == Form::Numbers);
    let named = ENERGIES.iter().find_map(|name| numbers().find(|node| node.name == *name));
    named.or_else(|| numbers().find(|node| node.name.to_lowercase().contains("energy")))
}

/// Chooses what to draw.
pub(super) fn choose(args: &Args, reader: &Reader) -> anyhow::Result<Vec<Choice>> {
    let kind = if args.versus.is_some() { Some(Kind::Trend) } else { args.kind };
    if args.versus.is_some() && args.kind.is_some_and(|kind| kind != Kind::Trend) {
        bail!(Usage("--versus draws a trend".into()));
    }
    match &args.table {
        None => of_file(kind, reader),
        Some(pattern) if args.each => each(kind, reader, pattern),
        Some(path) => Ok(vec![of_node(kind, reader, &reader.node(path)?)?]),
    }
}

/// The first waveforms of a file and their energies; one of them if there is not more.
fn of_file(kind: Option<Kind>, reader: &Reader) -> anyhow::Result<Vec<Choice>> {
    let tree = reader.tree()?;
    let listed = tables(reader, &tree);
    let filled = |entry: &&TableEntry| entry.rows.is_some_and(|rows| rows > 0);
    let nodes = || listed.iter().filter(filled).filter_map(|entry| tree.find(&entry.path));
    let one = |kind: Kind, node: &Node| vec![Choice::one(kind, &node.path)];
    let waves = nodes().find_map(|table| Some((table, waveforms(table)?)));
    let found = match (kind, waves) {
        (Some(kind @ (Kind::Waveforms | Kind::Persistence)), Some((_, waves))) => one(kind, waves),
        (None, Some((table, waves))) => {
            let spectrum = energy(table).map(|energy| Choice::one(Kind::Spectrum, &energy.path));
            let waves = Choice::one(Kind::Waveforms, &waves.path);
            std::iter::once(waves).chain(spectrum).collect()
        }
        (None | Some(Kind::Spectrum), _) => match nodes().find_map(energy) {
            Some(energy) => one(Kind::Spectrum, energy),
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    if found.is_empty() {
        let file = reader.path().display();
        let names: Vec<&str> = nodes().map(|table| table.path.trim_matches('/')).take(8).collect();
        match names.as_slice() {
            [] => bail!("{file}: there is no table with rows"),
            names => {
                bail!(Usage(format!("say which column of {file}: {}/...", names.join("/..., "))))
            }
        }
    }
    Ok(found)
}

/// Everything that matches a pattern.
fn each(kind: Option<Kind>, reader: &Reader, pattern: &str) -> anyhow::Result<Vec<Choice>> {
    let compiled = Pattern::new(pattern.trim_matches('/'));
    let compiled = compiled.map_err(|error| Usage(format!("'{pattern}': {error}")))?;
    let mut found = Vec::new();
    matching(&reader.tree()?, &compiled, &mut found);
    let mut choices = Vec::new();
    for node in found.iter().filter(|node| !matches!(form(node), Form::Other(_))) {
        choices.push(of_node(kind, reader, node)?);
    }
    let file = reader.path().display();
    if choices.is_empty() {
        bail!("{file}: nothing that can be drawn matches '{pattern}'");
    }
    let spectra = choices.iter().all(|choice| choice.kind == Kind::Spectrum);
    let (count, most) = (choices.len(), if spectra { SPECTRA } else { PANELS });
    if count > most {
        bail!(Usage(format!("'{pattern}' matches {count} objects, more than {most}")));
    }
    if spectra {
        let paths = choices.into_iter().flat_map(|choice| choice.paths).collect();
        return Ok(vec![Choice { kind: Kind::Spectrum, paths }]);
    }
    Ok(choices)
}

fn matching(node: &Node, pattern: &Pattern, found: &mut Vec<Node>) {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
    for child in &node.children {
        if pattern.matches_with(child.path.trim_matches('/'), options) {
            found.push(child.clone());
        } else {
            matching(child, pattern, found);
        }
    }
}

/// How an object is drawn.
fn of_node(kind: Option<Kind>, reader: &Reader, node: &Node) -> anyhow::Result<Choice> {
    let refuse = |why: &str| h5::Error::unsupported(reader.path(), &node.path, why);
    match form(node) {
        Form::Numbers => match kind {
            None | Some(Kind::Spectrum) => Ok(Choice::one(Kind::Spectrum, &node.path)),
            Some(Kind::Trend) => Ok(Choice::one(Kind::Trend, &node.path)),
            Some(_) => bail!(refuse("one number per row is no waveform")),
        },
        Form::Arrays => match kind.unwrap_or(Kind::Waveforms) {
            Kind::Trend => bail!(refuse("several numbers per row are no trend")),
            Kind::Spectrum if node.find("values").is_some() => {
                Ok(Choice::one(Kind::Spectrum, format!("{}/values", node.path)))
            }
            Kind::Spectrum => Ok(Choice::one(Kind::Spectrum, &node.path)),
            kind => Ok(Choice::one(kind, with_times(reader, node))),
        },
        Form::Table => match (kind, waveforms(node), energy(node)) {
            (None | Some(Kind::Waveforms), Some(waves), _) => {
                Ok(Choice::one(Kind::Waveforms, &waves.path))
            }
            (Some(Kind::Persistence), Some(waves), _) => {
                Ok(Choice::one(Kind::Persistence, &waves.path))
            }
            (None | Some(Kind::Spectrum), _, Some(energy)) => {
                Ok(Choice::one(Kind::Spectrum, &energy.path))
            }
            (kind, ..) => bail!(Usage(say_which(kind, reader, node))),
        },
        Form::Other(why) => bail!(refuse(why)),
    }
}

/// The table of a column of waveforms, which has their times.
fn with_times(reader: &Reader, node: &Node) -> String {
    let above = node.path.rsplit_once('/').map_or("", |(above, _)| above);
    let has_times = || {
        let table = reader.node(above).ok()?;
        Some(form(&table) == Form::Arrays && table.find("dt").is_some())
    };
    match node.name == "values" && has_times() == Some(true) {
        true => above.to_owned(),
        false => node.path.clone(),
    }
}

fn say_which(kind: Option<Kind>, reader: &Reader, table: &Node) -> String {
    let arrays = matches!(kind, Some(Kind::Waveforms | Kind::Persistence));
    let wanted = if arrays { Form::Arrays } else { Form::Numbers };
    let names = table.children.iter().filter(|node| form(node) == wanted);
    let names: Vec<&str> = names.map(|node| node.name.as_str()).collect();
    let (file, path) = (reader.path().display(), &table.path);
    match names.as_slice() {
        [] => format!("{file}: '{path}' has no column that can be drawn so"),
        names => format!("say which column of '{path}' in {file}: {}", names.join(", ")),
    }
}
