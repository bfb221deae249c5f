//! One tree into one group of the output.

use tierline_h5::edit::{Attributes, Editor, Elements, Folder, Storage};

use super::{Chunks, Convert, Converted, Job, LinkKind, guess};
use crate::Error;
use crate::tree::{
    Attr, Data, Dataset, DatasetInfo, Element, Group, Link, MAX_DEPTH, Node, Selection, Values,
};

/// Datasets of more bytes are read and written in pieces.
const PIECE: usize = 16 << 20;
/// Bytes that a text of any length takes in a dataset.
const TEXT: usize = 16;

/// A conversion under way.
pub(super) struct Run<'a> {
    pub(super) convert: &'a Convert,
    pub(super) job: &'a Job,
    pub(super) editor: &'a Editor,
    pub(super) done: &'a mut Converted,
}

/// A link that is made when all objects are there.
struct Later {
    group: Vec<String>,
    name: String,
    target: String,
}

impl Run<'_> {
    pub(super) fn run(mut self) -> Result<(), Error> {
        let source = self.job.tree.group(&self.job.from)?;
        let path: Vec<String> =
            self.job.to.split('/').filter(|n| !n.is_empty()).map(str::to_owned).collect();
        let folder = self.folder(&path)?;
        if let Some(class) = self.job.class {
            self.attrs(&folder.attrs(), &[Attr::text("NX_class", class)])?;
        }
        let mut later = Vec::new();
        // Of a group below the root only the content is wanted.
        let attrs = if self.job.from == "/" { source.attrs()? } else { Vec::new() };
        self.attrs(&folder.attrs(), &attrs)?;
        let mut path = path;
        self.children(source.as_ref(), &folder, &mut path, &mut later)?;
        drop(folder);
        later.iter().try_for_each(|link| self.link(link))
    }

    /// The group at a path, made where it is missing.
    fn folder(&self, path: &[String]) -> Result<Folder, Error> {
        let root = self.editor.root()?;
        Ok(path.iter().try_fold(root, |folder, name| folder.group(name))?)
    }

    fn children(
        &mut self,
        source: &dyn Group,
        folder: &Folder,
        path: &mut Vec<String>,
        later: &mut Vec<Later>,
    ) -> Result<(), Error> {
        self.done.groups += 1;
        if path.len() > MAX_DEPTH {
            self.warn(path, "it is nested too deep and left out");
            return Ok(());
        }
        for name in source.names()? {
            let Some(node) = source.child(&name)? else { continue };
            path.push(name.clone());
            match node {
                Node::Group(group) => {
                    let inner = folder.group(&name)?;
                    self.attrs(&inner.attrs(), &group.attrs()?)?;
                    self.children(group.as_ref(), &inner, path, later)?;
                }
                Node::Dataset(dataset) => self.dataset(dataset.as_ref(), folder, &name, path)?,
                Node::Link(Link::Soft(target)) => {
                    let group = path[..path.len() - 1].to_vec();
                    let target = self.target(&target);
                    later.push(Later { group, name, target });
                }
                Node::Link(Link::External { file, path: target }) => {
                    self.warn(path, &format!("it leads to '{file}:{target}' and is left out"));
                }
                Node::Other(what) => self.warn(path, &format!("it is left out: {what}")),
            }
            path.pop();
        }
        Ok(())
    }

    /// Where a link leads in the output: absolute targets are below the group that gets the tree.
    fn target(&self, target: &str) -> String {
        match target.starts_with('/') {
            true => format!("{}{target}", self.job.to.trim_end_matches('/')),
            false => target.to_owned(),
        }
    }

    fn link(&mut self, link: &Later) -> Result<(), Error> {
        let folder = self.folder(&link.group)?;
        if folder.contains(&link.name)? {
            if !self.convert.overwrite_data {
                return Ok(());
            }
            folder.remove(&link.name)?;
        }
        match self.convert.links {
            LinkKind::Hard if link.target.starts_with('/') => {
                folder.hard_link(&link.name, &link.target)?
            }
            LinkKind::Hard | LinkKind::Soft => folder.soft_link(&link.name, &link.target)?,
        }
        self.done.links += 1;
        Ok(())
    }

    fn dataset(
        &mut self,
        dataset: &dyn Dataset,
        folder: &Folder,
        name: &str,
        path: &[String],
    ) -> Result<(), Error> {
        // A tree has a name once: in a group that is new there is nothing in the way.
        if !folder.is_new() && folder.contains(name)? {
            if !self.convert.overwrite_data {
                self.warn(path, "it exists and is kept");
                return Ok(());
            }
            folder.remove(name)?;
        }
        let info = dataset.info()?;
        if let Element::Other(what) = &info.element {
            self.warn(path, &format!("its elements ({what}) can't be written: it is left out"));
            return Ok(());
        }
        let attrs = dataset.attrs()?;
        let storage = self.storage(&info, &attrs);
        let (item, rows) = (item_of(&info.element), info.shape.first().copied().unwrap_or(1));
        let row = info.shape.iter().skip(1).try_fold(item, |n, extent| n.checked_mul(*extent));
        let row = row.unwrap_or(usize::MAX);
        let stored = match info.element {
            Element::Plain(dtype) if row.saturating_mul(rows) > PIECE && info.shape.len() > 1 => {
                let threads = self.convert.threads;
                let mut out = folder.rows(name, dtype, &info.shape, &storage, threads)?;
                let step = (PIECE / row).max(1);
                for first in (0..rows).step_by(step) {
                    let piece = Selection::rows(&info.shape, first..rows.min(first + step));
                    let values = dataset.read(&piece)?;
                    if let Data::Plain { bytes, .. } = &values.data {
                        self.done.bytes += bytes.len() as u64;
                        out.push(bytes)?;
                    }
                }
                out.finish()?
            }
            _ => {
                let values = dataset.read_all()?;
                let Some(elements) = elements(&values) else {
                    self.warn(path, "its elements can't be written: it is left out");
                    return Ok(());
                };
                self.done.bytes += (values.len() * item) as u64;
                folder.write(name, &values.shape, elements, &storage)?
            }
        };
        self.done.datasets += 1;
        self.attrs(&stored.attrs(), &attrs)
    }

    /// Chunks and filters of a dataset.
    fn storage(&self, info: &DatasetInfo, attrs: &[Attr]) -> Storage {
        let count = info.shape.iter().fold(1, |count: usize, extent| count.saturating_mul(*extent));
        let image = |attr: &Attr| {
            attr.name == "interpretation" && attr.value.get_text(0).as_deref() == Some("image")
        };
        let stack = info.shape.len() > 2 && attrs.iter().any(image);
        let large = count >= self.convert.min_size || stack;
        if !large || count == 0 || info.shape.is_empty() {
            return Storage::default();
        }
        let auto = || Some(guess(&info.shape, item_of(&info.element)));
        let chunk = match &self.convert.chunks {
            Chunks::None if self.convert.filters.is_empty() => None,
            Chunks::Exact(chunk) if chunk.len() == info.shape.len() => {
                Some(chunk.iter().zip(&info.shape).map(|(own, all)| *own.min(all)).collect())
            }
            Chunks::None | Chunks::Auto | Chunks::Exact(_) => auto(),
        };
        Storage { chunk, filters: self.convert.filters.clone() }
    }

    fn attrs(&mut self, to: &Attributes<'_>, attrs: &[Attr]) -> Result<(), Error> {
        for Attr { name, value } in attrs {
            if !self.convert.overwrite_data && !to.is_new() && to.contains(name)? {
                continue;
            }
            match (elements(value), &value.data) {
                // One text is written as text of any length, whatever it was.
                (_, Data::Plain { dtype: tierline_table::DType::Text(_), .. })
                    if value.shape.is_empty() =>
                {
                    let text = vec![value.get_text(0).unwrap_or_default()];
                    to.set(name, &[], Elements::Texts(&text))?;
                }
                (Some(elements), _) => to.set(name, &value.shape, elements)?,
                (None, _) => {
                    self.done.warnings.push(format!("attribute '{name}' can't be written"))
                }
            }
        }
        Ok(())
    }

    fn warn(&mut self, path: &[String], what: &str) {
        self.done.warnings.push(format!("/{}: {what}", path.join("/")));
    }
}

fn item_of(element: &Element) -> usize {
    match element {
        Element::Plain(dtype) => dtype.size(),
        Element::Text { .. } | Element::Other(_) => TEXT,
    }
}

/// What is written; `None` for what can't be.
fn elements(values: &Values) -> Option<Elements<'_>> {
    match &values.data {
        Data::Plain { dtype, bytes } => Some(Elements::Plain(*dtype, bytes)),
        Data::Texts(texts) => Some(Elements::Texts(texts)),
        Data::Other(_) => None,
    }
}
