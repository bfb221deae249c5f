//! Any tree to HDF5, as `silx convert` does it.
//!
//! Groups are made where they are missing, datasets are written unless they exist, links come last.
//! Members of a group of the result are in the order of their names. What is larger than a few megabytes
//! is read and written in pieces.

mod chunks;
mod pattern;
mod write;

use std::path::{Path, PathBuf};

use tierline_h5::edit::{Editor, Elements, FilterSpec};
use tierline_report::Limits;

pub use chunks::guess;
pub use pattern::Pattern;

use crate::tree::{self, Kind, SpecOptions, Tree};
use crate::{Error, Place};

/// What becomes of an output that exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// It is refused (`w-`).
    #[default]
    New,
    /// It is replaced (`w`).
    Replace,
    /// It is added to; it must exist (`r+`).
    Edit,
    /// It is added to, or made (`a`).
    Append,
}

/// Extents of chunks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Chunks {
    /// One block; found from the shape where a filter needs chunks.
    #[default]
    None,
    /// Found from the shape, as h5py does.
    Auto,
    /// These, for datasets with so many extents; found from the shape for others.
    Exact(Vec<usize>),
}

/// How links are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkKind {
    /// As links to a path.
    #[default]
    Soft,
    /// As second names.
    Hard,
}

/// How trees are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Convert {
    /// What becomes of an output that exists.
    pub mode: Mode,
    /// Group of the output that gets the tree.
    pub group: String,
    /// Whether each input gets a group of its file name.
    pub add_root_group: bool,
    /// Whether datasets, links and attributes that exist are replaced.
    pub overwrite_data: bool,
    /// Datasets with fewer elements get neither chunks nor filters; stacks of images always do.
    pub min_size: usize,
    /// Chunks.
    pub chunks: Chunks,
    /// Filters in the order of writing.
    pub filters: Vec<FilterSpec>,
    /// Links.
    pub links: LinkKind,
    /// Threads that compress.
    pub threads: usize,
    /// How Spec files are taken.
    pub spec: SpecOptions,
    /// Bounds on what is read.
    pub limits: Limits,
    /// Inputs of up to this many bytes together are converted in memory.
    pub in_memory: u64,
}

impl Default for Convert {
    fn default() -> Self {
        Convert {
            mode: Mode::New,
            group: "/".to_owned(),
            add_root_group: false,
            overwrite_data: false,
            min_size: 500,
            chunks: Chunks::None,
            filters: Vec::new(),
            links: LinkKind::Soft,
            threads: 1,
            spec: SpecOptions::default(),
            limits: Limits::default(),
            in_memory: 32 << 20,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Converted {
    /// Groups that were made or filled.
    pub groups: u64,
    /// Datasets that were written.
    pub datasets: u64,
    /// Links that were made.
    pub links: u64,
    /// Bytes of the datasets in memory.
    pub bytes: u64,
    /// What could not be written as it is, each as one sentence.
    pub warnings: Vec<String>,
}

/// What is to be written where.
struct Job {
    tree: Tree,
    /// Group of the tree that is written.
    from: String,
    /// Group of the output.
    to: String,
    /// An attribute `NX_class` that the group gets.
    class: Option<&'static str>,
}

impl Convert {
    /// Converts files to `target`, which is created or, for the modes that add, edited in place. Several
    /// image files are one stack.
    pub fn run(&self, inputs: &[PathBuf], target: &Path) -> Result<Converted, Error> {
        let jobs = self.jobs(inputs)?;
        let bytes = inputs.iter().filter_map(|path| std::fs::metadata(path).ok());
        let small = bytes.map(|metadata| metadata.len()).sum::<u64>() <= self.in_memory;
        let editor = match self.mode {
            Mode::New | Mode::Replace => Editor::create(target, small)?,
            Mode::Edit => Editor::edit(target)?,
            Mode::Append => match std::fs::metadata(target).map(|metadata| metadata.len()) {
                Ok(1..) => Editor::edit(target)?,
                _ => Editor::create(target, small)?,
            },
        };
        let mut done = Converted::default();
        for job in &jobs {
            write::Run { convert: self, job, editor: &editor, done: &mut done }.run()?;
        }
        let root = editor.root()?;
        if !root.attrs().contains("creator")? {
            let creator = [tree::CREATOR.to_owned()];
            root.attrs().set("creator", &[], Elements::Texts(&creator))?;
        }
        drop(root);
        editor.finish()?;
        Ok(done)
    }

    /// Opens the inputs and says what of them goes where.
    fn jobs(&self, inputs: &[PathBuf]) -> Result<Vec<Job>, Error> {
        let to = format!("/{}", self.group.trim_matches('/'));
        let mut opened = Vec::new();
        let series = inputs.len() > 1 && !self.add_root_group;
        for path in inputs {
            opened.push((path, tree::kind(path, self.limits)?));
        }
        let images = opened.iter().filter(|(_, kind)| *kind == Kind::Image).count();
        if series && images == inputs.len() {
            let tree = tree::open_images(inputs, self.limits)?;
            let into = to != "/";
            let from = if into { tree::DETECTOR } else { "/" }.to_owned();
            return Ok(vec![Job { tree, from, to, class: into.then_some("NXdetector") }]);
        }
        if series && images > 0 {
            let (other, kind) =
                opened.iter().find(|(_, kind)| *kind != Kind::Image).unwrap_or(&opened[0]);
            let reason = format!(
                "this is {kind}, others are images: give either files that are stacked or files of scans, or a \
                 group to each (--add-root-group)"
            );
            return Err(Error::malformed(other, Place::File, reason));
        }
        let job = |(path, kind): &(&PathBuf, Kind)| {
            let tree = match kind {
                Kind::Spec => tree::spec(path, self.spec, self.limits)?,
                _ => tree::open_as(path, *kind, self.limits)?,
            };
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let to = match (self.add_root_group, name) {
                (true, Some(name)) => format!("{}/{name}", to.trim_end_matches('/')),
                _ => to.clone(),
            };
            Ok(Job { tree, from: "/".to_owned(), to, class: None })
        };
        opened.iter().map(job).collect()
    }
}
