//! Files as streams of their decompressed content.
//!
//! | first bytes | is |
//! |---|---|
//! | `1F 8B` | gzip, of one or several members |
//! | `28 B5 2F FD` | Zstandard, of one or several frames |
//! | other | not compressed |

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use tierline_report::Limits;

use super::reader::Skip;
use crate::Error;

/// Small, so that what is passed over is not read, and large content goes past it.
const BUFFER: usize = 1 << 14;

/// A file's decompressed content.
pub enum Input {
    /// Not compressed: what is not wanted is not read.
    Plain {
        /// The file.
        file: BufReader<File>,
        /// Bytes from the current position to its end, as it was when it was opened; `None` where a file has no
        /// end that is known before, as a pipe.
        remaining: Option<u64>,
    },
    /// Bytes in memory, not compressed.
    Memory(io::Cursor<Vec<u8>>),
    /// gzip.
    Gzip(Box<MultiGzDecoder<BufReader<File>>>),
    /// Zstandard.
    Zstd(zstd::stream::read::Decoder<'static, BufReader<File>>),
}

impl Input {
    /// Opens a file. The compression is recognised from the first bytes.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::io(path, "open it", source))?;
        let metadata = file.metadata().map_err(|source| Error::io(path, "open it", source))?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        let first = file.fill_buf().map_err(|source| Error::io(path, "read it", source))?;
        if first.starts_with(&[0x1f, 0x8b]) {
            return Ok(Input::Gzip(Box::new(MultiGzDecoder::new(file))));
        }
        if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let window = limits.max_allocation.max(1).ilog2().clamp(10, 31);
            let decoder = zstd::stream::read::Decoder::with_buffer(file)
                .and_then(|mut decoder| decoder.window_log_max(window).map(|()| decoder))
                .map_err(|source| Error::io(path, "decompress it", source))?;
            return Ok(Input::Zstd(decoder));
        }
        Ok(Input::Plain { file, remaining: metadata.is_file().then_some(metadata.len()) })
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Input::Memory(io::Cursor::new(bytes))
    }
}

/// Errors of a decoder that are not the system's become [`io::ErrorKind::InvalidData`], but an early end stays
/// one.
fn decoding(error: io::Error) -> io::Error {
    let keep = error.raw_os_error().is_some()
        || matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::Interrupted);
    if keep { error } else { io::Error::new(io::ErrorKind::InvalidData, error) }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::Plain { file, remaining } => {
                let n = file.read(buf)?;
                if let Some(remaining) = remaining {
                    *remaining = remaining.saturating_sub(n as u64);
                }
                Ok(n)
            }
            Input::Memory(bytes) => bytes.read(buf),
            Input::Gzip(decoder) => decoder.read(buf).map_err(decoding),
            Input::Zstd(decoder) => decoder.read(buf).map_err(decoding),
        }
    }
}

impl Skip for Input {
    fn skip(&mut self, n: u64) -> io::Result<u64> {
        match self {
            Input::Plain { file, remaining: Some(remaining) } => {
                let n = n.min(*remaining);
                match i64::try_from(n) {
                    Ok(offset) => file.seek_relative(offset)?,
                    Err(_) => {
                        let at = file.stream_position()?;
                        file.seek(SeekFrom::Start(at.saturating_add(n)))?;
                    }
                }
                *remaining -= n;
                Ok(n)
            }
            other => io::copy(&mut other.take(n), &mut io::sink()),
        }
    }
}
