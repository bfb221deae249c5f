//! Chunks as they are stored, back through their filters.

use libdeflater::Decompressor;

use super::blosc::{self, Refused};
use crate::chunk::fletcher32;
use crate::raw::{RawChunk, RawFilter};

const DEFLATE: i32 = 1;
const SHUFFLE: i32 = 2;
const FLETCHER32: i32 = 3;
const BLOSC: i32 = 32001;

/// Whether all filters are known here.
pub(crate) fn is_known(filters: &[RawFilter]) -> bool {
    filters.iter().all(|filter| [DEFLATE, SHUFFLE, FLETCHER32, BLOSC].contains(&filter.id))
}

/// Undoes the filters of a chunk of so many rows of `item` bytes.
pub(crate) fn decode(
    chunk: RawChunk,
    filters: &[RawFilter],
    rows: usize,
    item: usize,
) -> Result<Vec<u8>, Refused> {
    let size = rows.saturating_mul(item);
    let RawChunk { mut bytes, skipped } = chunk;
    let mut other = Vec::new();
    for (index, filter) in filters.iter().enumerate().rev() {
        if index < 32 && skipped & (1 << index) != 0 {
            continue;
        }
        match filter.id {
            FLETCHER32 => {
                verify(&mut bytes)?;
                continue;
            }
            SHUFFLE => {
                other.clear();
                other.resize(bytes.len(), 0);
                unshuffle(&bytes, &mut other, item);
            }
            DEFLATE => inflate(&bytes, &mut other, size)?,
            BLOSC => blosc::decode(&bytes, &mut other, size)?,
            id => return Err(format!("filter {id} is not supported")),
        }
        std::mem::swap(&mut bytes, &mut other);
    }
    match bytes.len() == size {
        true => Ok(bytes),
        false => Err(format!("a chunk of {} bytes, not {size}", bytes.len())),
    }
}

fn inflate(bytes: &[u8], out: &mut Vec<u8>, size: usize) -> Result<(), Refused> {
    out.clear();
    out.resize(size, 0);
    let length =
        Decompressor::new().zlib_decompress(bytes, out).map_err(|error| error.to_string())?;
    out.truncate(length);
    Ok(())
}

/// Compares the checksum at the end and cuts it off.
fn verify(bytes: &mut Vec<u8>) -> Result<(), Refused> {
    let Some(end) = bytes.len().checked_sub(4) else {
        return Err("a chunk without room for its checksum".to_owned());
    };
    let (have, want) = (fletcher32(&bytes[..end]), &bytes[end..]);
    // Early versions of HDF5 swapped the bytes of both halves.
    let swapped = [have[1], have[0], have[3], have[2]];
    if have != want && swapped != want {
        return Err("the checksum of a chunk is wrong".to_owned());
    }
    bytes.truncate(end);
    Ok(())
}

/// Undoes [`shuffle`](crate::chunk::shuffle).
pub(crate) fn unshuffle(from: &[u8], to: &mut [u8], item: usize) {
    let count = from.len().checked_div(item).unwrap_or(0);
    if item < 2 || count < 2 {
        to.copy_from_slice(from);
        return;
    }
    for (byte, lane) in from[..count * item].chunks_exact(count).enumerate() {
        for (out, value) in to[byte..].iter_mut().step_by(item).zip(lane) {
            *out = *value;
        }
    }
    to[count * item..].copy_from_slice(&from[count * item..]);
}
