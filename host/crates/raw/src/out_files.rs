//! The files that a conversion writes: one, or those of an output specification.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tierline_h5::{Compression, Stats};
use tierline_report::{AtomicOutput, commit_all};

use crate::error::{Error, Result};
use crate::out_spec::OutSpec;
use crate::tables::{Files, Lh5File};

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutFile {
    /// Its name.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
}

/// Files on their way. They get their names when all of them are complete.
pub(crate) struct OutFiles {
    overwrite: bool,
    threads: usize,
    compression: Compression,
    /// Files that are known to come and have nothing yet.
    waiting: BTreeMap<String, AtomicOutput>,
    files: Vec<(String, Lh5File)>,
}

impl OutFiles {
    /// One file for everything.
    pub(crate) fn single(target: AtomicOutput, threads: usize, how: Compression) -> Result<Self> {
        let file = Lh5File::create(target, threads, how)?;
        let (waiting, files) = (BTreeMap::new(), vec![(String::new(), file)]);
        Ok(OutFiles { overwrite: false, threads, compression: how, waiting, files })
    }

    /// The files of a specification, as far as they are known: none of them may exist, unless they are to be replaced.
    pub(crate) fn of_spec(
        spec: &OutSpec,
        overwrite: bool,
        threads: usize,
        compression: Compression,
    ) -> Result<Self> {
        let mut waiting = BTreeMap::new();
        for name in spec.known_files().into_iter().filter(|name| !name.is_empty()) {
            waiting.insert(name.clone(), create(&name, overwrite)?);
        }
        Ok(OutFiles { overwrite, threads, compression, waiting, files: Vec::new() })
    }

    /// Completes all files, and gives them their names. `rows`: of each table, by file.
    pub(crate) fn finish(
        self,
        mut rows: BTreeMap<String, BTreeMap<String, u64>>,
    ) -> Result<(Vec<OutFile>, Stats)> {
        let (mut targets, mut done, mut sum) = (Vec::new(), Vec::new(), Stats::default());
        for (name, file) in self.files {
            let (target, stats) = file.complete()?;
            sum.raw_bytes += stats.raw_bytes;
            sum.stored_bytes += stats.stored_bytes;
            sum.chunks += stats.chunks;
            sum.deflate_seconds += stats.deflate_seconds;
            let rows = rows.remove(&name).unwrap_or_default();
            done.push(OutFile { path: target.target().to_path_buf(), bytes: 0, rows });
            targets.push(target);
        }
        commit_all(targets)?;
        for file in &mut done {
            file.bytes = std::fs::metadata(&file.path).map_or(0, |m| m.len());
        }
        Ok((done, sum))
    }
}

/// Makes the folders above a file, and the file under its temporary name.
fn create(name: &str, overwrite: bool) -> Result<AtomicOutput> {
    let path = Path::new(name);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|source| {
            let path = folder.to_path_buf();
            Error::Io { path, action: "make the folder", offset: 0, source }
        })?;
    }
    Ok(AtomicOutput::create(path, overwrite)?)
}

impl Files for OutFiles {
    fn file(&mut self, name: &str) -> Result<&mut Lh5File> {
        let at = match self.files.iter().position(|(other, _)| other == name) {
            Some(at) => at,
            None => {
                let target = match self.waiting.remove(name) {
                    Some(target) => target,
                    None => create(name, self.overwrite)?,
                };
                let all = self.files.len() + self.waiting.len() + 1;
                let file = Lh5File::create_one_of(target, self.threads, self.compression, all)?;
                self.files.push((name.to_owned(), file));
                self.files.len() - 1
            }
        };
        let none = || Error::Thread { path: PathBuf::from(name) };
        self.files.get_mut(at).map(|(_, file)| file).ok_or_else(none)
    }
}
