//! Inputs: files, pipes and links, decompressed whatever their name says.

pub(crate) mod feed;
mod live;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

pub use feed::{LinkInput, Open};
pub use live::{Until, follow};

use crate::error::{Error, Result};

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip, any number of members.
    Gzip,
    /// bzip2, any number of streams.
    Bzip2,
    /// Zstandard, any number of frames.
    Zstd,
}

impl Packing {
    fn of(first: &[u8]) -> Packing {
        match first {
            [0x1F, 0x8B, 8, ..] => Packing::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Packing::Zstd,
            _ => Packing::Plain,
        }
    }
}

/// Counts the bytes read from the file itself, and digests them if wanted.
struct Counted {
    file: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
    digest: Option<Arc<Mutex<Sha256>>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        if let Some(digest) = &self.digest
            && let (Ok(mut digest), Some(bytes)) = (digest.lock(), buffer.get(..n))
        {
            digest.update(bytes);
        }
        Ok(n)
    }
}

/// An open input.
pub struct Input {
    /// Where it comes from.
    pub path: PathBuf,
    /// How it is packed.
    pub packing: Packing,
    /// Size of the file in bytes; `None` for pipes.
    pub size: Option<u64>,
    reader: Box<dyn Read + Send>,
    /// The file, where it can be read from anywhere.
    file: Option<File>,
    count: Arc<AtomicU64>,
    digest: Option<Arc<Mutex<Sha256>>>,
    /// What a link said at its end.
    last_words: live::LastWords,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("path", &self.path).field("packing", &self.packing).finish()
    }
}

impl Input {
    /// Opens a file or pipe. `digest`: work out the SHA-256 of the file's bytes on the way.
    ///
    /// # Errors
    /// Where it can't be opened or its first bytes can't be read.
    pub fn open(path: &Path, digest: bool) -> Result<Self> {
        let io = |action, source| Error::Io { path: path.to_path_buf(), action, offset: 0, source };
        let file = File::open(path).map_err(|e| io("open", e))?;
        let meta = file.metadata().map_err(|e| io("open", e))?;
        if meta.is_dir() {
            return Err(io("read", io::Error::other("it is a directory")));
        }
        let size = meta.is_file().then_some(meta.len());
        let again = size.and_then(|_| file.try_clone().ok());
        let input = Self::from_reader(path, Box::new(file), size, digest)?;
        Ok(Input { file: again.filter(|_| input.packing == Packing::Plain), ..input })
    }

    /// Whether [`Input::seek`] works: a file that is not packed.
    pub fn can_seek(&self) -> bool {
        self.file.is_some()
    }

    /// Reads on from byte `offset` of the file. There is no digest then.
    ///
    /// # Errors
    /// Those of the system, and where this is no plain file.
    pub fn seek(&mut self, offset: u64) -> io::Result<()> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotSeekable)?;
        let mut file = file.try_clone()?;
        file.seek(SeekFrom::Start(offset))?;
        let count = Arc::clone(&self.count);
        self.reader = Box::new(Counted { file: Box::new(file), count, digest: None });
        self.count.store(offset, Ordering::Relaxed);
        self.digest = None;
        Ok(())
    }

    /// A file that grows, until it is over.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn follow(path: &Path, until: Until, digest: bool) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_path_buf(), action: "open", offset: 0, source };
        let reader = follow(path, until).map_err(io)?;
        Self::from_reader(path, Box::new(reader), None, digest)
    }

    /// A link, which a thread reads, until it closes or is over.
    ///
    /// # Errors
    /// Where it can't be opened.
    pub fn link(link: LinkInput, until: Until, digest: bool) -> Result<Self> {
        let path = PathBuf::from(&link.name);
        let io = |source| Error::Io { path: path.clone(), action: "open", offset: 0, source };
        let (reader, last_words) = live::link(link, until).map_err(io)?;
        let input = Self::from_reader(&path, Box::new(reader), None, digest)?;
        Ok(Input { last_words, ..input })
    }

    /// Bytes from anywhere. `name`: in messages; `size`: how many there will be, if that is known.
    ///
    /// # Errors
    /// Where the first of them can't be read.
    pub fn from_reader(
        name: &Path,
        reader: Box<dyn Read + Send>,
        size: Option<u64>,
        digest: bool,
    ) -> Result<Self> {
        let path = name;
        let io = |action, source| Error::Io { path: path.to_path_buf(), action, offset: 0, source };
        let count = Arc::new(AtomicU64::new(0));
        let digest = digest.then(Arc::default);
        let mut file = Counted { file: reader, count: Arc::clone(&count), digest: digest.clone() };
        let mut first = Vec::with_capacity(8);
        Read::by_ref(&mut file).take(8).read_to_end(&mut first).map_err(|e| io("read", e))?;
        let packing = Packing::of(&first);
        let raw = Cursor::new(first).chain(file);
        let reader: Box<dyn Read + Send> = match packing {
            Packing::Plain => Box::new(raw),
            Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(raw)),
            Packing::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(raw)),
            Packing::Zstd => {
                Box::new(zstd::stream::read::Decoder::new(raw).map_err(|e| io("read", e))?)
            }
        };
        let (path, last_words) = (path.to_path_buf(), live::LastWords::default());
        Ok(Input { path, packing, size, reader, file: None, count, digest, last_words })
    }

    /// Bytes of the file read so far (before decompression).
    pub fn position(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// SHA-256 of the file's bytes read so far, in hexadecimal, if it was wanted.
    pub fn digest(&self) -> Option<String> {
        let digest = self.digest.as_ref()?.lock().ok()?.clone().finalize();
        Some(digest.iter().map(|b| format!("{b:02x}")).collect())
    }

    /// Why a link ended, if it did not close.
    pub fn broke(&self) -> Option<String> {
        self.last_words.lock().ok()?.clone()
    }

    /// Reads on.
    ///
    /// # Errors
    /// Those of the system and of the decompressor.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}
