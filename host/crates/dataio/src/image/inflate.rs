//! Decompression as a whole: fast where the stream is sound, as far as it goes where it is not.

use std::io::Read;
use std::path::Path;

use libdeflater::{DecompressionError, Decompressor};
use memchr::memmem;
use tierline_report::{LimitKind, Limits};

use crate::Error;

/// Deflate cannot pack better than this.
const MOST_PACKED: u64 = 1032;
/// Bytes of the shortest gzip member, and of its end (CRC-32 and size of the content).
const LEAST_MEMBER: usize = 18;
const TRAILER: usize = 8;

/// What a decompression gave: the bytes, and why it broke off.
pub(super) type Unpacked = (Vec<u8>, Option<String>);

/// Unpacks gzip members behind each other. What follows the last member and is none is ignored.
pub(super) fn gunzip(packed: &[u8], path: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    let mut decompressor = Decompressor::new();
    let mut bytes = Vec::new();
    let mut done = 0;
    let mut rest = packed;
    // Most files are one member or members of one size, which the file's last four bytes tell.
    let mut guess = packed.last_chunk().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    while rest.len() >= LEAST_MEMBER && rest.starts_with(&[0x1f, 0x8b]) {
        let most = (rest.len() as u64).saturating_mul(MOST_PACKED).saturating_add(64);
        let room = most.min(limits.max_allocation.saturating_sub(done as u64).saturating_add(1));
        let wanted = (guess as u64).max(64).min(room) as usize;
        if bytes.is_empty() {
            // Memory that the system has cleared, mostly.
            bytes = vec![0; wanted];
        } else if bytes.len() < done + wanted {
            bytes.resize(done + wanted, 0);
        }
        match decompressor.gzip_decompress(rest, &mut bytes[done..]) {
            Ok(count) => {
                let next = next_member(rest, &bytes[done..done + count]);
                done += count;
                guess = count;
                limits.check(LimitKind::Allocation, &path.display().to_string(), done as u64)?;
                match next {
                    Some(next) => rest = next,
                    None => break,
                }
            }
            Err(DecompressionError::InsufficientSpace) if (wanted as u64) < room => {
                guess = wanted.max(bytes.len() - done).saturating_mul(2);
            }
            Err(DecompressionError::InsufficientSpace) => {
                let above = limits.max_allocation.saturating_add(1);
                limits.check(LimitKind::Allocation, &path.display().to_string(), above)?;
                break;
            }
            Err(DecompressionError::BadData) => {
                bytes.truncate(done);
                return broken_member(bytes, rest, path, limits);
            }
        }
    }
    bytes.truncate(done);
    if done == 0 && rest.len() == packed.len() {
        return broken_member(bytes, rest, path, limits);
    }
    Ok((bytes, None))
}

/// What follows a member of this content, which ends with its CRC-32 and size: another one, or nothing.
/// (The decompressor does not tell where it stopped.) `None` where neither follows.
fn next_member<'a>(member: &'a [u8], content: &[u8]) -> Option<&'a [u8]> {
    let mut end = [0; TRAILER];
    end[..4].copy_from_slice(&libdeflater::crc32(content).to_le_bytes());
    end[4..].copy_from_slice(&(content.len() as u32).to_le_bytes());
    let mut from = LEAST_MEMBER - TRAILER;
    loop {
        from += memmem::find(&member[from..], &end)?;
        let next = &member[from + TRAILER..];
        if next.is_empty() || next.starts_with(&[0x1f, 0x8b]) {
            return Some(next);
        }
        from += 1;
    }
}

/// Adds what can be had of a member that is broken.
fn broken_member(
    mut bytes: Vec<u8>,
    rest: &[u8],
    path: &Path,
    limits: &Limits,
) -> Result<Unpacked, Error> {
    let least = Limits { max_allocation: limits.max_allocation - bytes.len() as u64, ..*limits };
    match read_all(flate2::bufread::MultiGzDecoder::new(rest), path, &least) {
        Ok((more, reason)) => {
            bytes.extend_from_slice(&more);
            Ok((bytes, reason))
        }
        Err(Error::Io { source, .. }) if !bytes.is_empty() => Ok((bytes, Some(source.to_string()))),
        Err(error) => Err(error),
    }
}

/// Reads to the end, or to where the stream breaks.
pub(super) fn read_all(
    from: impl Read,
    path: &Path,
    limits: &Limits,
) -> Result<(Vec<u8>, Option<String>), Error> {
    let mut bytes = Vec::new();
    let most = limits.max_allocation;
    let read = from.take(most.saturating_add(1)).read_to_end(&mut bytes);
    limits.check(LimitKind::Allocation, &path.display().to_string(), bytes.len() as u64)?;
    match read {
        Ok(_) => Ok((bytes, None)),
        Err(error) if bytes.is_empty() => Err(Error::io(path, "decompress", error)),
        Err(error) => Ok((bytes, Some(error.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8]) -> Unpacked {
        gunzip(packed, Path::new("x.gz"), &Limits::default()).unwrap()
    }

    #[test]
    fn members_follow_each_other() {
        let parts =
            [vec![7; 5000], vec![7; 5000], Vec::new(), (0..=255).collect(), vec![1; 100_000]];
        let packed: Vec<u8> = parts.iter().flat_map(|part| member(part)).collect();
        assert!(unpack(&packed) == (parts.concat(), None));
        let (bytes, reason) = unpack(&[packed, vec![0; 100]].concat());
        assert!(bytes == parts.concat() && reason.is_none());
        assert!(unpack(&member(&[])) == (Vec::new(), None));
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let content: Vec<u8> = (0..50_000_u32).flat_map(|i| (i * i).to_le_bytes()).collect();
        let packed = [member(&content), member(&content)].concat();
        let (bytes, reason) = unpack(&packed[..packed.len() - 20_000]);
        assert!(bytes.len() > content.len() && bytes.len() < 2 * content.len());
        assert!(bytes[..content.len()] == content && reason.is_some());
    }

    #[test]
    fn the_limit_holds() {
        let limits = Limits { max_allocation: 1000, ..Limits::default() };
        let gunzip = |size| gunzip(&member(&vec![1; size]), Path::new("x.gz"), &limits);
        assert!(gunzip(1000).is_ok());
        assert!(matches!(gunzip(1001), Err(Error::Report(_))));
        assert!(matches!(gunzip(100_000), Err(Error::Report(_))));
    }
}
