//! Outputs that appear under their name only when they are complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;

const PART: &str = ".part-";
const ATTEMPTS: usize = 16;

/// An output being written under a temporary name beside its target.
///
/// Dropping it without [`commit`](Self::commit) removes the temporary file.
#[derive(Debug)]
pub struct AtomicOutput {
    target: PathBuf,
    part: PathBuf,
    overwrite: bool,
    committed: bool,
}

impl AtomicOutput {
    /// Creates an empty `TARGET.part-<random>`. An existing target is refused unless `overwrite`.
    pub fn create(target: &Path, overwrite: bool) -> Result<Self, Error> {
        refuse(target, overwrite)?;
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..ATTEMPTS {
            let part = part_name(target);
            match OpenOptions::new().write(true).create_new(true).open(&part) {
                Ok(_) => {
                    let target = target.to_path_buf();
                    return Ok(AtomicOutput { target, part, overwrite, committed: false });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(Error::io(&part, "create", error)),
            }
        }
        Err(Error::io(target, "create a temporary file beside it", last))
    }

    /// The temporary file: write here.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// The final name.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Forces the content to the disk, renames the file to its target, and makes the new name
    /// permanent. The file must have been closed by whoever wrote it.
    pub fn commit(mut self) -> Result<(), Error> {
        self.sync()?;
        self.rename()?;
        sync_directory(&self.target)
    }

    fn sync(&self) -> Result<(), Error> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.part)
            .and_then(|file| file.sync_all())
            .map_err(|error| Error::io(&self.part, "write to the disk", error))
    }

    fn rename(&mut self) -> Result<(), Error> {
        refuse(&self.target, self.overwrite)?;
        fs::rename(&self.part, &self.target)
            .map_err(|error| Error::io(&self.target, "rename the finished file to it", error))?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for AtomicOutput {
    fn drop(&mut self) {
        if !self.committed {
            let _ = fs::remove_file(&self.part);
        }
    }
}

/// Commits several outputs: all are complete on the disk before the first gets its name.
pub fn commit_all(mut outputs: Vec<AtomicOutput>) -> Result<(), Error> {
    for (index, output) in outputs.iter().enumerate() {
        if outputs[..index].iter().any(|other| other.target == output.target) {
            return Err(Error::Collision { path: output.target.clone() });
        }
        refuse(&output.target, output.overwrite)?;
        output.sync()?;
    }
    outputs.iter_mut().try_for_each(AtomicOutput::rename)?;
    outputs.iter().try_for_each(|output| sync_directory(&output.target))
}

/// Temporary files that earlier runs left beside a target, sorted.
pub fn stale_parts(target: &Path) -> Vec<PathBuf> {
    let Some(mut prefix) = target.file_name().map(OsString::from) else { return Vec::new() };
    prefix.push(PART);
    let Ok(entries) = fs::read_dir(directory(target)) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| is_part(&entry.file_name(), &prefix))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn is_part(name: &OsString, prefix: &OsString) -> bool {
    let (name, prefix) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
    let random = name.strip_prefix(prefix).unwrap_or_default();
    random.len() == 16 && random.iter().all(u8::is_ascii_hexdigit)
}

fn refuse(target: &Path, overwrite: bool) -> Result<(), Error> {
    let path = target.to_path_buf();
    match fs::metadata(target) {
        Ok(found) if !found.is_file() => Err(Error::NotAFile { path }),
        Ok(_) if !overwrite => Err(Error::Exists { path }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io(target, "look at it", error)),
    }
}

/// 64 bits from the operating system, by which the standard library seeds every `RandomState`.
fn random_bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A random identifier, a UUID of version 4 (RFC 9562).
pub fn random_uuid() -> String {
    let (high, low) = (random_bits(), random_bits());
    let high = high & !0xF000 | 0x4000;
    let low = low & !(3 << 62) | 1 << 63;
    let (a, b, c) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF);
    format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xFFFF_FFFF_FFFF)
}

fn part_name(target: &Path) -> PathBuf {
    let random = random_bits();
    let mut name = target.as_os_str().to_os_string();
    name.push(format!("{PART}{random:016x}"));
    PathBuf::from(name)
}

fn directory(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn sync_directory(target: &Path) -> Result<(), Error> {
    let directory = directory(target);
    match File::open(directory).and_then(|file| file.sync_all()) {
        // Some network file systems cannot sync a directory; the rename itself has been done.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        // A directory that may be written but not listed cannot be opened.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other.map_err(|error| Error::io(directory, "write to the disk", error)),
    }
}

#[cfg(not(unix))]
fn sync_directory(_target: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn identifiers_are_uuids() {
        let (one, two) = (random_uuid(), random_uuid());
        assert_ne!(one, two);
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }

    #[test]
    fn output_appears_on_commit_only() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run.lh5");
        let output = AtomicOutput::create(&target, false).unwrap();
        fs::write(output.path(), b"data").unwrap();
        assert!(!target.exists());
        assert_eq!(stale_parts(&target), [output.path()]);
        output.commit().unwrap();
        assert_eq!(names(dir.path()), ["run.lh5"]);
        assert!(matches!(AtomicOutput::create(&target, false), Err(Error::Exists { .. })));
        let again = AtomicOutput::create(&target, true).unwrap();
        drop(again);
        assert_eq!(fs::read(&target).unwrap(), b"data");
        assert_eq!(names(dir.path()), ["run.lh5"]);
    }

    #[test]
    fn target_that_appears_meanwhile_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("run.lh5");
        let output = AtomicOutput::create(&target, false).unwrap();
        fs::write(&target, b"other").unwrap();
        assert!(matches!(output.commit(), Err(Error::Exists { .. })));
        assert_eq!(fs::read(&target).unwrap(), b"other");
        assert_eq!(names(dir.path()), ["run.lh5"]);
    }

    #[test]
    fn devices_and_directories_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let device = AtomicOutput::create(dir.path(), true);
        assert!(matches!(device, Err(Error::NotAFile { .. })));
        let missing = AtomicOutput::create(&dir.path().join("no/run.lh5"), false).unwrap_err();
        assert!(missing.to_string().contains("cannot create"), "{missing}");
    }

    #[test]
    fn several_outputs_are_committed_together() {
        let dir = tempfile::tempdir().unwrap();
        let paths = [dir.path().join("a"), dir.path().join("b")];
        let outputs = paths.iter().map(|path| AtomicOutput::create(path, false).unwrap()).collect();
        commit_all(outputs).unwrap();
        assert_eq!(names(dir.path()), ["a", "b"]);
        let outputs = vec![
            AtomicOutput::create(&dir.path().join("c"), false).unwrap(),
            AtomicOutput::create(&dir.path().join("c"), false).unwrap(),
        ];
        assert!(matches!(commit_all(outputs), Err(Error::Collision { .. })));
        assert_eq!(names(dir.path()), ["a", "b"]);
    }

    #[test]
    fn stale_parts_are_those_of_the_target() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.part-0123456789abcdef", "a.part-x", "b.part-0123456789abcdef", "a"] {
            fs::write(dir.path().join(name), b"").unwrap();
        }
        let found = stale_parts(&dir.path().join("a"));
        assert_eq!(found, [dir.path().join("a.part-0123456789abcdef")]);
    }
}
