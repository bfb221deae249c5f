//! A tree, or one dataset, as text, the way h5glance shows it.
//!
//! ```text
//! file.h5 (1 attributes)
//! ├dark
//! │ └0000    [uint16: 540 × 640]
//! └link    -> /dark/0000
//! ```

use std::collections::HashMap;
use std::io::{self, Write};

use tierline_table::DType;

use super::python::{Style, array, scalar_repr};
use super::{
    Attr, Data, Dataset, DatasetInfo, Element, Layout, Link, MAX_DEPTH, Node, Pick, Selection,
    Token, Tree, Values, walk,
};
use crate::{Error, Place};

/// What is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlanceOptions {
    /// Attributes with their values; else only how many there are.
    pub attrs: bool,
    /// Levels of groups that are entered; all if `None`.
    pub depth: Option<usize>,
    /// Part of a dataset, as Python writes it inside brackets.
    pub slice: Option<String>,
}

/// Elements of a sample along an axis.
const SAMPLE: usize = 10;
/// Characters of an attribute's value that is shown in full.
const MAX_VALUE: usize = 50;

/// Shows the object at a path, `None` for the whole file.
pub fn glance(
    out: &mut dyn Write,
    tree: &Tree,
    path: Option<&str>,
    options: &GlanceOptions,
) -> Result<(), Error> {
    let file = tree.path().display();
    let label = path.map_or_else(
        || file.to_string(),
        |path| format!("{file}/{}", path.trim_start_matches('/')),
    );
    let (real, node) = walk::resolve(tree, path.unwrap_or("/"), true)?;
    let mut view = View { out, tree, options, seen: HashMap::new() };
    match &node {
        Node::Dataset(dataset) => view.dataset(&label, &real, &**dataset)?,
        _ if options.slice.is_some() => {
            return Err(Error::missing(tree.path(), format!("dataset {real} to be sliced")));
        }
        node => view.object(node, &label, &real, Lines::default())?,
    }
    view.line("")
}

/// What stands before a line, and before those below it.
#[derive(Debug, Clone, Default)]
struct Lines {
    own: String,
    below: String,
    depth: usize,
}

impl Lines {
    fn child(&self, last: bool) -> Self {
        let (branch, rest) = if last { ("└", "  ") } else { ("├", "│ ") };
        Lines {
            own: format!("{}{branch}", self.below),
            below: format!("{}{rest}", self.below),
            depth: self.depth + 1,
        }
    }
}

struct View<'a> {
    out: &'a mut dyn Write,
    tree: &'a Tree,
    options: &'a GlanceOptions,
    /// Paths under which objects of several names were first shown.
    seen: HashMap<Token, String>,
}

impl View<'_> {
    fn line(&mut self, text: &str) -> Result<(), Error> {
        let failed = |error: io::Error| Error::io(self.tree.path(), "show", error);
        writeln!(self.out, "{text}").map_err(failed)
    }

    /// An object with everything below it.
    fn object(&mut self, node: &Node, name: &str, path: &str, lines: Lines) -> Result<(), Error> {
        if lines.depth > MAX_DEPTH {
            let reason = format!("groups are nested deeper than {MAX_DEPTH}");
            return Err(Error::malformed(self.tree.path(), Place::Object(path.to_owned()), reason));
        }
        let own = &lines.own;
        match node {
            Node::Link(Link::Soft(target)) => {
                return self.line(&format!("{own}{name}\t-> {target}"));
            }
            Node::Link(Link::External { file, path }) => {
                return self.line(&format!("{own}{name}\t-> {file}/{path}"));
            }
            _ => {}
        }
        if let Some(token) = node.token() {
            if let Some(first) = self.seen.get(&token) {
                let text = format!("{own}{name}\t= {first}");
                return self.line(&text);
            }
            self.seen.insert(token, path.to_owned());
        }
        let attrs = node.attrs()?;
        let mut text = format!("{own}{name}");
        let mut names = Vec::new();
        match node {
            Node::Dataset(dataset) => {
                let info = dataset.info()?;
                text.push_str(&format!("\t[{}: {}]", type_name(&info), extents(&info)));
                if info.storage.is_some_and(|storage| storage.layout == Layout::Virtual) {
                    text.push_str(" virtual");
                }
            }
            Node::Group(group) if self.options.depth.is_none_or(|depth| lines.depth < depth) => {
                names = group.names()?;
            }
            Node::Group(group) => text.push_str(&format!("\t({} children)", group.names()?.len())),
            Node::Link(_) | Node::Other(_) => text.push_str(" (unknown h5py type)"),
        }
        if !self.options.attrs && !attrs.is_empty() {
            text.push_str(&format!(" ({} attributes)", attrs.len()));
        }
        self.line(&text)?;
        if self.options.attrs && !attrs.is_empty() {
            self.attrs(&attrs, &lines.child(names.is_empty()))?;
        }
        let Node::Group(group) = node else { return Ok(()) };
        for (i, name) in names.iter().enumerate() {
            let Some(child) = group.child(name)? else { continue };
            let path = format!("{}/{name}", path.trim_end_matches('/'));
            self.object(&child, name, &path, lines.child(i + 1 == names.len()))?;
        }
        Ok(())
    }

    fn attrs(&mut self, attrs: &[Attr], lines: &Lines) -> Result<(), Error> {
        self.line(&format!("{}{} attributes:", lines.own, attrs.len()))?;
        for (i, attr) in attrs.iter().enumerate() {
            let own = lines.child(i + 1 == attrs.len()).own;
            self.line(&format!("{own}{}: {}", attr.name, value(&attr.value)))?;
        }
        Ok(())
    }

    /// A dataset with a part of its content.
    fn dataset(&mut self, label: &str, path: &str, dataset: &dyn Dataset) -> Result<(), Error> {
        let info = dataset.info()?;
        self.line(label)?;
        self.line(&format!("      dtype: {}", type_name(&info)))?;
        self.line(&format!("      shape: {}", extents(&info)))?;
        if let Some(storage) = &info.storage {
            if !info.shape.is_empty() {
                let length = |extent: &Option<usize>| {
                    extent.map_or_else(|| "Unlimited".to_owned(), |extent| extent.to_string())
                };
                let all: Vec<String> = storage.maxshape.iter().map(length).collect();
                self.line(&format!("   maxshape: {}", all.join(" × ")))?;
            }
            match &storage.layout {
                Layout::Compact => self.line("     layout: Compact")?,
                Layout::Contiguous => self.line("     layout: Contiguous")?,
                Layout::Virtual => self.line("     layout: Virtual")?,
                Layout::Chunked(chunk) => {
                    self.line("     layout: Chunked")?;
                    self.line(&format!("      chunk: {}", product(chunk)))?;
                    self.line(&format!("compression: {}", compression(&storage.filters)))?;
                }
            }
        }
        self.content(path, dataset, &info)?;
        let attrs = dataset.attrs()?;
        self.line(&format!("\n{} attributes:", attrs.len()))?;
        for attr in &attrs {
            self.line(&format!("* {}: {}", attr.name, value(&attr.value)))?;
        }
        Ok(())
    }

    fn content(
        &mut self,
        path: &str,
        dataset: &dyn Dataset,
        info: &DatasetInfo,
    ) -> Result<(), Error> {
        let rank = info.shape.len();
        let (title, picks) = match &self.options.slice {
            Some(slice) => {
                let picks = Pick::parse_list(slice);
                (format!("\nselected data [{slice}]:"), picks)
            }
            None if matches!(info.element, Element::Other(_)) || info.shape.contains(&0) => {
                return Ok(());
            }
            None if rank == 0 => ("\ndata:".to_owned(), Ok(Vec::new())),
            None => {
                let sample = Pick::Slice { start: None, stop: Some(SAMPLE as i64), step: None };
                let mut picks = vec![Pick::Index(0); rank.saturating_sub(2)];
                picks.resize(rank, sample);
                ("\nsample data:".to_owned(), Ok(picks))
            }
        };
        let applied = picks.and_then(|picks| Pick::apply(&picks, &info.shape));
        let place = Place::Object(path.to_owned());
        let (selection, shape): (Selection, Vec<usize>) =
            applied.map_err(|reason| Error::malformed(self.tree.path(), place, reason))?;
        let values = dataset.read(&selection)?;
        let values = Values { shape, data: values.data };
        self.line(&title)?;
        self.line(&array(&values, Style { precision: 8, threshold: usize::MAX }))
    }
}

/// The value of an attribute in one line.
fn value(value: &Values) -> String {
    if let Data::Other(what) = &value.data {
        return format!("unreadable [{what}: {}]", product(&value.shape));
    }
    match value.shape.len() {
        0 => {
            let text = scalar_repr(value);
            let characters: Vec<char> = text.chars().collect();
            if characters.len() <= MAX_VALUE {
                return text;
            }
            let part = |range: &[char]| range.iter().collect::<String>();
            let (first, last) = (&characters[..20], &characters[characters.len() - 20..]);
            format!("{}...{}", part(first), part(last))
        }
        1 => {
            let quoted = match &value.data {
                // Texts of any length are text here, not bytes.
                Data::Texts(texts) => Some(texts.iter().map(|text| super::python::quoted(text))),
                _ => None,
            };
            match quoted {
                Some(texts) => format!("[{}]", texts.collect::<Vec<_>>().join(" ")),
                None => array(value, Style { precision: 5, threshold: SAMPLE }),
            }
        }
        _ => {
            let info =
                DatasetInfo { element: value.element(), shape: value.shape.clone(), storage: None };
            let extents: Vec<String> = value.shape.iter().map(usize::to_string).collect();
            format!("array [{}: ({})]", type_name(&info), extents.join(", "))
        }
    }
}

/// The type in words.
fn type_name(info: &DatasetInfo) -> String {
    let charset = |utf8| if utf8 { "UTF-8" } else { "ASCII" };
    let big_endian = info.storage.as_ref().is_some_and(|storage| storage.big_endian);
    match &info.element {
        Element::Text { utf8 } => format!("{} string", charset(*utf8)),
        Element::Other(what) => what.clone(),
        Element::Plain(DType::Text(width)) => {
            let utf8 = info.storage.as_ref().is_some_and(|storage| storage.utf8);
            format!("{width}-byte {} string", charset(utf8))
        }
        Element::Plain(DType::Bool) => "enum (FALSE, TRUE)".to_owned(),
        Element::Plain(dtype) if big_endian && dtype.size() > 1 => format!("{dtype} (big-endian)"),
        Element::Plain(dtype) => dtype.to_string(),
    }
}

fn extents(info: &DatasetInfo) -> String {
    match &info.element {
        Element::Other(what) if what == "empty" => what.clone(),
        _ => product(&info.shape),
    }
}

fn product(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ")
}

/// The filter that makes data smaller and its parameters, as h5py names them.
fn compression(filters: &[super::Filter]) -> String {
    for filter in filters {
        let first = filter.parameters.first().copied().unwrap_or_default();
        match filter.id {
            1 => return format!("gzip (options: {first})"),
            4 => return "szip (options: None)".to_owned(),
            32000 => return "lzf (options: None)".to_owned(),
            2 | 3 | 5 | 6 => {}
            id => {
                let all: Vec<String> = filter.parameters.iter().map(u32::to_string).collect();
                return format!("filter {id} (options: {})", all.join(", "));
            }
        }
    }
    "None (options: None)".to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::super::{Branch, Leaf};
    use super::*;

    fn shown(path: Option<&str>, options: &GlanceOptions) -> Result<String, String> {
        let axes = Values::texts(vec!["x".into(), "y".into()]);
        let numbers = Leaf::new(Values::i64(&[2, 2], 1..5));
        let mut group = Branch::class("NXdata").with_attr(Attr::text("long", &"x".repeat(60)));
        group.put_dataset("numbers", numbers.with_attr(Attr { name: "axes".into(), value: axes }));
        group.put_link("link", "/none");
        let mut root = Branch::new();
        root.put_group("group", group);
        let tree = Tree::new(Path::new("a.dat"), Arc::new(root));
        let mut out = Vec::new();
        glance(&mut out, &tree, path, options).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_no_hdf5_is_shown_too() {
        let all = shown(None, &GlanceOptions::default()).unwrap();
        let expected = [
            "a.dat",
            "└group (2 attributes)",
            "  ├numbers\t[int64: 2 × 2] (1 attributes)",
            "  └link\t-> /none",
            "",
        ];
        assert_eq!(all.lines().collect::<Vec<_>>(), expected);
        let attrs = shown(None, &GlanceOptions { attrs: true, ..Default::default() }).unwrap();
        assert!(attrs.contains("└axes: ['x' 'y']\n"), "{attrs}");
        let long = format!("└long: '{0}...{0}'\n", "x".repeat(19));
        assert!(attrs.contains(&long), "{attrs}");
    }

    #[test]
    fn a_part_of_a_dataset_is_shown() {
        let slice = |slice: &str| GlanceOptions { slice: Some(slice.into()), ..Default::default() };
        let part = shown(Some("group/numbers"), &slice("1")).unwrap();
        assert!(part.contains("selected data [1]:\n[3 4]\n"), "{part}");
        let error = shown(Some("group/numbers"), &slice("2")).unwrap_err();
        assert_eq!(error, "a.dat: /group/numbers: index 2 is outside axis 0 of 2");
        let error = shown(Some("group/numbers"), &slice("x")).unwrap_err();
        assert!(error.contains("'x' is no index"), "{error}");
        assert!(shown(None, &slice("1")).is_err());
    }
}
