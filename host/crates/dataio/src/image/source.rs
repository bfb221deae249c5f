//! The bytes of a file, decompressed where its name says so.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_report::{LimitKind, Limits};

use super::inflate::{self, read_all};
use crate::{Error, Place};

/// The file and the path in it of a name `file::/path`, if there is no file of this name.
pub(crate) fn split(path: &Path) -> (PathBuf, Option<&str>) {
    let parts = path.to_str().filter(|text| text.contains("::") && !path.exists());
    match parts.and_then(|text| text.split_once("::")) {
        Some((file, inner)) => (PathBuf::from(file), Some(inner)),
        None => (path.to_path_buf(), None),
    }
}

/// The content of a file: read by position, or in memory where it was compressed as a whole
/// (`.gz`, `.bz2`; by the last extension, in lower case).
#[derive(Debug, Clone)]
pub struct Source {
    path: PathBuf,
    content: Content,
    limits: Limits,
    /// Why the content ends early, if the compression broke off.
    broken: Option<String>,
}

#[derive(Debug, Clone)]
enum Content {
    File { file: Arc<File>, length: u64 },
    Memory(Arc<Vec<u8>>),
}

impl Source {
    /// Opens a file, of which a path behind `::` may name a part. What is compressed is decompressed up to the largest allocation; where the
    /// compression breaks off, what came before is kept and [`broken`](Self::broken) tells.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        let failed = |source| Error::io(path, "open", source);
        let (name, _) = split(path);
        let file = File::open(&name).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let length = metadata.len();
        let mut input = BufReader::new(&file);
        let unpacked = match name.extension().and_then(|text| text.to_str()) {
            Some("gz") => {
                limits.check(LimitKind::Allocation, &path.display().to_string(), length)?;
                let mut packed = Vec::new();
                input.read_to_end(&mut packed).map_err(|source| Error::io(path, "read", source))?;
                Some(inflate::gunzip(&packed, path, &limits)?)
            }
            Some("bz2") => {
                Some(read_all(bzip2::bufread::MultiBzDecoder::new(input), path, &limits)?)
            }
            _ => None,
        };
        let (content, broken) = match unpacked {
            None => (Content::File { file: Arc::new(file), length }, None),
            Some((bytes, broken)) => (Content::Memory(Arc::new(bytes)), broken),
        };
        Ok(Source { path: path.to_path_buf(), content, limits, broken })
    }

    /// Bytes in memory under a name.
    pub fn memory(path: &Path, bytes: Vec<u8>, limits: Limits) -> Self {
        let content = Content::Memory(Arc::new(bytes));
        Source { path: path.to_path_buf(), content, limits, broken: None }
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bounds on what is read.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Why the content ends early, if the compression broke off.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Bytes of content.
    pub fn len(&self) -> u64 {
        match &self.content {
            Content::File { length, .. } => *length,
            Content::Memory(bytes) => bytes.len() as u64,
        }
    }

    /// Whether there is no content.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads at an offset until the buffer is full or the content ends; returns the bytes read.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        match &self.content {
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let count = buffer.len().min(bytes.len() - start);
                buffer[..count].copy_from_slice(&bytes[start..start + count]);
                Ok(count)
            }
            Content::File { file, .. } => {
                let mut done = 0;
                while done < buffer.len() {
                    match file.read_at(&mut buffer[done..], offset.saturating_add(done as u64)) {
                        Ok(0) => break,
                        Ok(count) => done += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(Error::io(&self.path, "read", error)),
                    }
                }
                Ok(done)
            }
        }
    }

    /// Up to `length` bytes at an offset: fewer where the content ends. Checks the limit, and takes no
    /// memory for what is not there.
    pub fn bytes(&self, offset: u64, length: u64) -> Result<Vec<u8>, Error> {
        let there = length.min(self.len().saturating_sub(offset));
        self.limits.check(LimitKind::Allocation, &self.path.display().to_string(), there)?;
        let there = there as usize;
        let (file, mut buffer) = match &self.content {
            Content::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                return Ok(bytes[start..start + there].to_vec());
            }
            Content::File { file, .. } => (file, Vec::with_capacity(there)),
        };
        // Into memory as it comes: clearing it first takes as long as a large frame takes to read.
        while buffer.len() < there {
            let at = offset.saturating_add(buffer.len() as u64);
            match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut buffer), at) {
                Ok(0) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(Error::io(&self.path, "read", error.into())),
            }
        }
        buffer.truncate(there);
        Ok(buffer)
    }

    /// Exactly `length` bytes at an offset; `what` names them in the error.
    pub fn exact(&self, offset: u64, length: u64, what: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.bytes(offset, length)?;
        if (bytes.len() as u64) < length {
            let reason = format!("{what} needs {length} bytes, the file has {} here", bytes.len());
            return Err(Error::malformed(&self.path, Place::Byte(offset), reason));
        }
        Ok(bytes)
    }

    /// All content.
    pub fn all(&self) -> Result<Vec<u8>, Error> {
        self.bytes(0, self.len())
    }

    /// Checks the size of a buffer in bytes, as a product that may overflow, before it is taken.
    pub fn size(&self, what: &str, extents: &[usize], item: usize) -> Result<usize, Error> {
        let size = extents.iter().try_fold(item as u64, |n, extent| n.checked_mul(*extent as u64));
        let size = size.unwrap_or(u64::MAX);
        self.limits.check(
            LimitKind::Allocation,
            &format!("{}: {what}", self.path.display()),
            size,
        )?;
        Ok(size as usize)
    }

    /// Refuses any frame but the first, for formats of one frame.
    pub fn only_frame(&self, index: usize) -> Result<(), Error> {
        if index == 0 {
            return Ok(());
        }
        Err(Error::missing(&self.path, format!("frame {index}: the file has 1")))
    }

    /// The bytes are not what the format asks for.
    pub fn malformed(&self, place: Place, reason: impl Into<String>) -> Error {
        Error::malformed(&self.path, place, reason)
    }
}
