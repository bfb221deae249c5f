//! Filling a dataset by rows, with chunks that are compressed in threads.

use std::collections::VecDeque;
use std::sync::Arc;

use tierline_table::DType;

use super::{FilterSpec, Storage, Stored};
use crate::piece::{Cut, Piece};
use crate::pool::{Job, Pool};
use crate::{Error, Filters, ffi};

/// Bytes of chunks on their way through the filters before the caller waits.
const PENDING: usize = 32 << 20;

/// Fills a dataset by rows along its first axis. Deflated chunks are compressed in threads.
pub struct RowWriter {
    dataset: Stored,
    dtype: DType,
    shape: Vec<usize>,
    first: usize,
    chunks: Option<Chunks>,
}

/// Rows that are cut into chunks here.
struct Chunks {
    extents: Vec<usize>,
    filters: Filters,
    pool: Pool,
    band: Vec<u8>,
    places: VecDeque<(u64, Vec<u64>)>,
    submitted: u64,
    pending: usize,
}

impl RowWriter {
    pub(super) fn new(
        dataset: Stored,
        dtype: DType,
        shape: &[usize],
        storage: &Storage,
        threads: usize,
    ) -> Result<Self, Error> {
        let chunks = match (&storage.chunk, filters_of(&storage.filters)) {
            (Some(extents), Some(filters)) if !shape.contains(&0) => Some(Chunks {
                extents: extents.clone(),
                filters,
                pool: Pool::new(threads),
                band: Vec::new(),
                places: VecDeque::new(),
                submitted: 0,
                pending: 0,
            }),
            _ => None,
        };
        Ok(RowWriter { dataset, dtype, shape: shape.to_vec(), first: 0, chunks })
    }

    /// Writes the next rows: whole ones.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let inner = self.shape.get(1..).unwrap_or_default();
        let row = inner.iter().product::<usize>() * self.dtype.size();
        let rows = bytes.len().checked_div(row).unwrap_or(0);
        let left = self.shape.first().map_or(0, |all| all - self.first);
        if rows > left || rows * row != bytes.len() {
            let reason = format!("{} bytes are not up to {left} whole rows", bytes.len());
            let shared = &self.dataset.shared;
            return Err(Error::parameter(&shared.path, &self.dataset.path, reason));
        }
        let Some(chunks) = &mut self.chunks else {
            let (dtype, first) = (self.dtype, self.first);
            self.first += rows;
            return ffi::write_rows(&self.dataset.handle, dtype, first, inner, bytes)
                .map_err(self.dataset.shared.error(&self.dataset.path, "write"));
        };
        let band_rows = chunks.extents.first().copied().unwrap_or(1);
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let there = chunks.band.len() / row;
            let take = (band_rows - there).min(bytes.len() / row) * row;
            chunks.band.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            self.first += take / row;
            if chunks.band.len() == band_rows * row {
                chunks.cut(&self.dataset, self.dtype, &self.shape, self.first)?;
            }
        }
        Ok(())
    }

    /// Writes what is left; returns the dataset, for its attributes.
    pub fn finish(mut self) -> Result<Stored, Error> {
        if let Some(chunks) = &mut self.chunks {
            if !chunks.band.is_empty() {
                chunks.cut(&self.dataset, self.dtype, &self.shape, self.first)?;
            }
            chunks.store(&self.dataset, 0)?;
        }
        Ok(self.dataset)
    }
}

impl Chunks {
    /// Cuts the band of rows that ends before row `end` into chunks.
    fn cut(
        &mut self,
        dataset: &Stored,
        dtype: DType,
        shape: &[usize],
        end: usize,
    ) -> Result<(), Error> {
        let item = dtype.size();
        let inner = &shape[1..];
        let row = inner.iter().product::<usize>() * item;
        let rows = self.band.len() / row;
        let band = std::mem::take(&mut self.band);
        let size = self.extents.iter().product::<usize>() * item;
        let mut extents = vec![rows];
        extents.extend(inner);
        let mut corner = vec![0; shape.len()];
        loop {
            let block = tile(&band, &extents, &corner, &self.extents, item);
            let mut place: Vec<u64> = corner.iter().map(|at| *at as u64).collect();
            place[0] = (end - rows) as u64;
            let piece = Piece {
                block: Arc::new(block),
                row_bytes: size,
                rows: 0..1,
                first: 0,
                cut: Cut { rows: 1, width: size },
            };
            let number = self.submitted;
            let job = Job { number, piece, out: Vec::new(), item, filters: self.filters };
            let failed = |_| Error::Worker { path: dataset.shared.path.clone() };
            self.pool.submit(job).map_err(failed)?;
            self.submitted += 1;
            self.pending += size;
            self.places.push_back((number, place));
            self.store(dataset, PENDING)?;
            let Some(axis) =
                (1..shape.len()).rev().find(|a| corner[*a] + self.extents[*a] < shape[*a])
            else {
                break;
            };
            corner[axis] += self.extents[axis];
            corner[axis + 1..].fill(0);
        }
        self.band = band;
        self.band.clear();
        Ok(())
    }

    /// Stores chunks in order until no more than `pending` bytes are on their way.
    fn store(&mut self, dataset: &Stored, pending: usize) -> Result<(), Error> {
        while let Some((number, place)) = self.places.front() {
            let wait = self.pending > pending;
            let failed = |_| Error::Worker { path: dataset.shared.path.clone() };
            let Some(done) = self.pool.take(*number, wait).map_err(failed)? else { break };
            let bytes = &done.out[..done.encoded.length];
            ffi::write_chunk(&dataset.handle, place, done.encoded.skipped, bytes)
                .map_err(dataset.shared.error(&dataset.path, "write a chunk of"))?;
            self.pending -= done.block.len();
            self.places.pop_front();
        }
        Ok(())
    }
}

/// A chunk cut from an array of `shape`, with zeros where it reaches over the end.
fn tile(data: &[u8], shape: &[usize], corner: &[usize], chunk: &[usize], item: usize) -> Vec<u8> {
    let mut out = vec![0; chunk.iter().product::<usize>() * item];
    let rank = shape.len();
    let there: Vec<usize> =
        (0..rank).map(|axis| chunk[axis].min(shape[axis] - corner[axis])).collect();
    let (mut from, mut to) = (vec![1; rank], vec![1; rank]);
    for axis in (1..rank).rev() {
        from[axis - 1] = from[axis] * shape[axis];
        to[axis - 1] = to[axis] * chunk[axis];
    }
    let mut place = vec![0; rank];
    let last = rank - 1;
    let length = there[last] * item;
    loop {
        let at: usize = (0..rank).map(|axis| (corner[axis] + place[axis]) * from[axis]).sum();
        let into: usize = (0..rank).map(|axis| place[axis] * to[axis]).sum();
        out[into * item..][..length].copy_from_slice(&data[at * item..][..length]);
        let Some(axis) = (0..last).rev().find(|axis| place[*axis] + 1 < there[*axis]) else {
            return out;
        };
        place[axis] += 1;
        place[axis + 1..].fill(0);
    }
}

/// The filters that are applied here; `None` where the library has to.
fn filters_of(list: &[FilterSpec]) -> Option<Filters> {
    let mut filters = Filters::NONE;
    let mut rank = 0;
    for filter in list {
        let own = match (filter.id, filter.parameters.as_slice()) {
            (FilterSpec::SHUFFLE, []) => {
                filters.shuffle = true;
                1
            }
            (FilterSpec::DEFLATE, [level @ 0..=9]) => {
                filters.deflate = Some(*level as u8);
                2
            }
            (FilterSpec::FLETCHER32, []) => {
                filters.fletcher32 = true;
                3
            }
            _ => return None,
        };
        if own <= rank {
            return None;
        }
        rank = own;
    }
    Some(filters)
}
