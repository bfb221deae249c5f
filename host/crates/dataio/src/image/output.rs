//! The file that is written, compressed where its name says so.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::Target;
use crate::Error;

/// The content of a target: compressed as a whole where the name it will have ends in `.gz` or `.bz2`.
pub struct Output {
    name: PathBuf,
    sink: Sink,
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(flate2::write::GzEncoder<BufWriter<File>>),
    Bzip2(bzip2::write::BzEncoder<BufWriter<File>>),
}

impl Output {
    /// Opens the target's file.
    pub fn create(target: Target<'_>) -> Result<Self, Error> {
        let failed = |source| Error::io(target.name, "create", source);
        let file = BufWriter::with_capacity(1 << 18, File::create(target.path).map_err(failed)?);
        let sink = match target.name.extension().and_then(OsStr::to_str) {
            Some("gz") => {
                Sink::Gzip(flate2::write::GzEncoder::new(file, flate2::Compression::default()))
            }
            Some("bz2") => {
                Sink::Bzip2(bzip2::write::BzEncoder::new(file, bzip2::Compression::best()))
            }
            _ => Sink::Plain(file),
        };
        Ok(Output { name: target.name.to_path_buf(), sink })
    }

    /// Writes bytes.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_all(bytes).map_err(|source| Error::io(&self.name, "write", source))
    }

    /// Writes what is left.
    pub fn finish(self) -> Result<(), Error> {
        let failed = |source| Error::io(&self.name, "write", source);
        let mut file = match self.sink {
            Sink::Plain(file) => file,
            Sink::Gzip(encoder) => encoder.finish().map_err(failed)?,
            Sink::Bzip2(encoder) => encoder.finish().map_err(failed)?,
        };
        file.flush().map_err(failed)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::Plain(sink) => sink.write(bytes),
            Sink::Gzip(sink) => sink.write(bytes),
            Sink::Bzip2(sink) => sink.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::Plain(sink) => sink.flush(),
            Sink::Gzip(sink) => sink.flush(),
            Sink::Bzip2(sink) => sink.flush(),
        }
    }
}
