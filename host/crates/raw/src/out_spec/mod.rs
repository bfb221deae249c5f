//! Output specifications: which rows go to which table of which file.
//!
//! ```json
//! {"FCEventDecoder": {
//!     "ch{key:0>3d}/raw": {"key_list": [[0, 5], 52800], "out_stream": "{orig_basename}.lh5:/geds"},
//!     "rest": {"key_list": ["1*", "*"], "out_stream": "rest.lh5", "proc_spec": {}}},
//!  "*": {"{name}": {"key_list": ["*"], "out_stream": "rest.lh5"}}}
//! ```
//!
//! - a decoder's rows go to its tables by their keys: those listed (numbers, names, `[first, last]`) before those matched by a
//!   shell pattern, in the order of the tables, and `"*"` last; `"*"` as a decoder stands for all that are not there;
//! - names of tables and files may hold `{key}` and `{name}` with Python's format specifications, other variables that are given,
//!   and (`out_stream`) environment variables; `out_stream` is `FILE`, `FILE:GROUP`, or empty: then rows are not written;
//! - `out_stream` may be a link (`tcp://HOST:PORT`): the packets of its rows go out as a front end's records, whole, for
//!   `tierline collect` at the other end; with those of no samples, on which rows may depend;
//! - without a table for it a row is not written, and counted.
//!
//! As legend-daq2lh5's `RawBufferLibrary`; differences: `[...]` and `?` are patterns without a `*` too, several patterns may stand
//! in one list, `{key}` and `{name}` may stand in every name, and nothing stays set from one entry to the next.

mod format;
mod keys;
mod parse;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub use format::{Template, Value};
pub use keys::KeyPattern;
pub use parse::{document, expand_environment, is_spec, parse_document};

use crate::buffer_processor::ProcSpec;
use crate::out_links::is_link;

/// Why a specification makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{colon}{reason}", colon = if place.is_empty() { "" } else { ": " })]
pub struct SpecError {
    /// The entry: decoder and table; or the file.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

impl SpecError {
    pub(crate) fn at(place: &str, reason: String) -> Self {
        SpecError { place: place.to_owned(), reason }
    }
}

/// Variables for names, by name.
pub type Variables = BTreeMap<String, Value>;

/// One table of a specification.
#[derive(Debug)]
pub struct Entry {
    decoder: String,
    /// As it is written in the specification.
    name: String,
    own: Template,
    out_name: Template,
    stream: Option<Template>,
    keys: Vec<KeyPattern>,
    /// What is done to its rows before they are written.
    pub proc_spec: Option<Arc<ProcSpec>>,
}

impl Entry {
    /// Whether it stands for all decoders that are not named.
    pub fn is_of_any(&self) -> bool {
        self.decoder == "*"
    }

    /// Where it stands in the specification.
    pub fn place(&self) -> String {
        format!("{}/{}", self.decoder, self.name)
    }
}

/// Tables of a decoder: a range of the entries.
#[derive(Debug)]
struct Decoder {
    name: String,
    entries: Range<usize>,
}

/// Where rows go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Number of the entry.
    pub entry: usize,
    /// The file; empty: rows are not written.
    pub file: String,
    /// Path of the table in it, without slashes at its ends.
    pub path: String,
}

/// A table as a stream declares it.
#[derive(Debug, Clone, Copy)]
pub struct Declared<'a> {
    /// Name of the decoder.
    pub decoder: &'a str,
    /// What a table of the decoder is called where nothing else is said.
    pub default_name: &'a str,
}

/// The name of a decoder's tables.
pub fn short_name(decoder: &str) -> &str {
    decoder.strip_suffix("Decoder").unwrap_or(decoder)
}

/// A compiled specification.
#[derive(Debug, Default)]
pub struct OutSpec {
    entries: Vec<Entry>,
    decoders: Vec<Decoder>,
    /// What its author should know.
    pub warnings: Vec<String>,
}

impl OutSpec {
    /// The tables.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Names of decoders in it that are none of `known`.
    pub fn unknown_decoders(&self, known: &[&str]) -> Vec<&str> {
        let names = self.decoders.iter().map(|d| d.name.as_str());
        names.filter(|name| *name != "*" && !known.contains(name)).collect()
    }

    /// Files whose names are known before anything is read.
    pub fn known_files(&self) -> Vec<String> {
        let streams = self.entries.iter().filter_map(|e| e.stream.as_ref()?.render(|_| None).ok());
        let mut files: Vec<String> = streams.map(|stream| split(&stream).0.to_owned()).collect();
        files.retain(|file| !is_link(file));
        files.sort();
        files.dedup();
        files
    }

    /// Links whose names are known before anything is read.
    pub fn known_links(&self) -> Vec<String> {
        let streams = self.entries.iter().filter_map(|e| e.stream.as_ref()?.render(|_| None).ok());
        let mut links: Vec<String> = streams.filter(|stream| is_link(stream)).collect();
        links.sort();
        links.dedup();
        links
    }

    /// Whether rows of this decoder go anywhere.
    pub fn wants(&self, decoder: &str) -> bool {
        self.entries_of(decoder).is_some()
    }

    /// The entries for a decoder; `true`: by the name `*`.
    fn entries_of(&self, decoder: &str) -> Option<(Range<usize>, bool)> {
        let named = self.decoders.iter().find(|d| d.name == decoder);
        let any = || self.decoders.iter().find(|d| d.name == "*");
        match named {
            Some(found) => Some((found.entries.clone(), false)),
            None => any().map(|found| (found.entries.start..found.entries.start + 1, true)),
        }
    }

    /// Where rows with this key go; `None`: nowhere.
    ///
    /// # Errors
    /// Where a name can't be written with this key.
    pub fn target(&self, table: Declared<'_>, key: &str) -> Result<Option<Target>, SpecError> {
        let Some((range, any)) = self.entries_of(table.decoder) else { return Ok(None) };
        let first = range.start;
        let entries = self.entries.get(range).unwrap_or(&[]);
        let found = if any { (!entries.is_empty()).then_some(0) } else { choose(entries, key) };
        let Some((at, entry)) = found.and_then(|at| Some((first + at, entries.get(at)?))) else {
            return Ok(None);
        };
        let bad = |reason| SpecError::at(&entry.place(), reason);
        let key_value = || Value::of_key(key);
        let short = short_name(table.decoder);
        // `{name}` is the decoder's where that is a wildcard, else the entry's.
        let own = |name: &str| match name {
            "key" => Some(key_value()),
            "name" => Some(Value::Text(short.to_owned())),
            _ => None,
        };
        let own_name = entry.own.render(own).map_err(bad)?;
        let values = |name: &str| match name {
            "name" if !any => Some(Value::Text(own_name.clone())),
            other => own(other),
        };
        let mut path = entry.out_name.render(values).map_err(bad)?;
        if any && !entry.out_name.has("key") {
            // Its tables are split as they are by default.
            path.push_str(table.default_name.strip_prefix(short).unwrap_or(""));
        }
        let stream = match &entry.stream {
            Some(stream) => stream.render(values).map_err(bad)?,
            None => String::new(),
        };
        let (file, group) = split(&stream);
        let path = [group.trim_matches('/'), path.trim_matches('/')];
        let path = path.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join("/");
        Ok(Some(Target { entry: at, file: file.to_owned(), path }))
    }

    /// The entry for a table that is in a file already: one whose name or `out_name` is the table's, or the group's that it is in.
    pub fn entry_for_table(&self, path: &str) -> Option<&Entry> {
        let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
        let first = path.split('/').next().unwrap_or("");
        let inner = path.split_once('/').map_or(path, |(_, inner)| inner);
        let is = |template: &Template, text: &str| !text.is_empty() && template.could_be(text);
        let places = [path, inner, group, first, name];
        let mut of_any = self.entries.iter().filter(|entry| entry.is_of_any());
        let mut named = self.entries.iter().filter(|entry| !entry.is_of_any());
        let fits = |entry: &&Entry| {
            places.iter().any(|text| is(&entry.own, text) || is(&entry.out_name, text))
        };
        named.find(fits).or_else(|| of_any.find(fits))
    }

    /// Where a header object goes, which has no keys: with the first table of its decoder.
    ///
    /// # Errors
    /// Where its name can't be written.
    pub fn header_target(&self, name: &str) -> Result<Option<Target>, SpecError> {
        let decoder = format!("{name}Decoder");
        let Some((range, _)) = self.entries_of(&decoder) else { return Ok(None) };
        let first = self.entries.get(range).and_then(<[Entry]>::first);
        let key = first.and_then(|entry| entry.keys.first()?.only()).unwrap_or_default();
        self.target(Declared { decoder: &decoder, default_name: name }, &key)
    }
}

/// File and group of an output stream.
fn split(stream: &str) -> (&str, &str) {
    let at = if is_link(stream) { None } else { stream.find(':') };
    match at.and_then(|at| Some((stream.get(..at)?, stream.get(at + 1..)?))) {
        Some(parts) => parts,
        None => (stream, ""),
    }
}

/// Which of a decoder's entries takes this key.
fn choose(entries: &[Entry], key: &str) -> Option<usize> {
    // A key in two tables goes to the last.
    let listed = entries.iter().rposition(|e| e.keys.iter().any(|k| k.names(key)));
    let matched = || entries.iter().position(|e| e.keys.iter().any(|k| k.matches(key)));
    let rest = || entries.iter().position(|e| e.keys.contains(&KeyPattern::Rest));
    listed.or_else(matched).or_else(rest)
}
