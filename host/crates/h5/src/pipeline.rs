//! The way of chunks from the writer through the filters into the file, in order.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::chunk::Encoded;
use crate::piece::Piece;
use crate::pool::{Done, Job, Pool};
use crate::sink::{Place, Sink, Step};
use crate::writeback::Writeback;
use crate::{Error, Filters, Options, Stats};

/// Buffers of at least this many bytes are used again; smaller ones are cheap to allocate.
pub(crate) const RECYCLED: usize = 1 << 17;

enum Operation {
    Step(Step),
    Chunk { number: u64, place: Place, bytes: usize },
}

/// Executes steps and stores chunks in the order in which they were given, so that the file is the
/// same however fast the filters are.
pub(crate) struct Pipeline {
    path: PathBuf,
    pool: Pool,
    sink: Sink,
    writeback: Writeback,
    operations: VecDeque<Operation>,
    /// Blocks of rows and chunks that were used before.
    spare: Vec<Vec<u8>>,
    outs: Vec<Vec<u8>>,
    max_spare: usize,
    submitted: u64,
    pending: usize,
    max_pending: usize,
    spent: Duration,
    stats: Stats,
    failed: bool,
}

impl Pipeline {
    pub(crate) fn new(path: &Path, pool: Pool, options: &Options) -> Result<Self, Error> {
        Ok(Pipeline {
            path: path.to_path_buf(),
            pool,
            sink: Sink::create(path)?,
            writeback: Writeback::default(),
            operations: VecDeque::new(),
            spare: Vec::new(),
            outs: Vec::new(),
            max_spare: 2 * options.threads.max(1),
            submitted: 0,
            pending: 0,
            max_pending: options.max_pending_bytes,
            spent: Duration::ZERO,
            stats: Stats::default(),
            failed: false,
        })
    }

    /// Bytes of chunks that are not in the file yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending
    }

    pub(crate) fn step(&mut self, step: Step) -> Result<(), Error> {
        self.operations.push_back(Operation::Step(step));
        self.pump(false)
    }

    /// Sends a chunk through the filters.
    pub(crate) fn chunk(
        &mut self,
        place: Place,
        piece: Piece,
        item: usize,
        filters: Filters,
    ) -> Result<(), Error> {
        let (number, bytes) = (self.submitted, piece.len());
        let out = self.outs.pop().unwrap_or_default();
        self.submitted += 1;
        self.pending += bytes;
        self.operations.push_back(Operation::Chunk { number, place, bytes });
        self.pool
            .submit(Job { number, piece, out, item, filters })
            .map_err(|_| Error::Worker { path: self.path.clone() })?;
        self.pump(false)
    }

    /// A used buffer that fits a chunk, or a new one.
    pub(crate) fn buffer(&mut self, bytes: usize) -> Vec<u8> {
        let fits = |buffer: &Vec<u8>| buffer.capacity() >= bytes && buffer.capacity() <= bytes * 2;
        match self.spare.iter().rposition(fits) {
            Some(index) => self.spare.swap_remove(index),
            None => Vec::new(),
        }
    }

    /// A used buffer of any size, or a new one.
    pub(crate) fn any_buffer(&mut self) -> Vec<u8> {
        self.spare.pop().unwrap_or_default()
    }

    /// Stores what is left; returns the bytes of all chunks so far.
    pub(crate) fn settle(&mut self) -> Result<u64, Error> {
        self.pump(true)?;
        Ok(self.stats.stored_bytes)
    }

    /// Stores what is left and closes the file.
    pub(crate) fn finish(mut self) -> Result<Stats, Error> {
        self.pump(true)?;
        self.sink.close()?;
        Ok(Stats { deflate_seconds: self.spent.as_secs_f64(), ..self.stats })
    }

    /// Executes operations in order, up to the first chunk that is not ready, or all of them.
    fn pump(&mut self, all: bool) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Incomplete { path: self.path.clone() });
        }
        let result = self.execute(all);
        self.failed = result.is_err();
        result
    }

    fn execute(&mut self, all: bool) -> Result<(), Error> {
        while let Some(operation) = self.operations.pop_front() {
            match operation {
                Operation::Step(step) => self.sink.run(step)?,
                Operation::Chunk { number, place, bytes } => {
                    let wait = all || self.pending > self.max_pending;
                    let taken = self
                        .pool
                        .take(number, wait)
                        .map_err(|_| Error::Worker { path: self.path.clone() })?;
                    let Some(done) = taken else {
                        self.operations.push_front(operation);
                        return Ok(());
                    };
                    self.store(place, done)?;
                    self.pending -= bytes;
                }
            }
        }
        Ok(())
    }

    fn store(&mut self, place: Place, done: Done) -> Result<(), Error> {
        let Done { block, out, encoded: Encoded { length, skipped }, spent } = done;
        self.sink.chunk(place, skipped, &out[..length])?;
        self.writeback.wrote(&self.path, length);
        self.spent += spent;
        self.stats.stored_bytes += length as u64;
        self.stats.chunks += 1;
        if self.outs.len() < self.max_spare {
            self.outs.push(out);
        }
        if let Ok(block) = Arc::try_unwrap(block) {
            self.reuse(block);
        }
        Ok(())
    }

    /// Keeps a block's memory for the next one.
    fn reuse(&mut self, mut block: Vec<u8>) {
        if block.capacity() >= RECYCLED && self.spare.len() < self.max_spare {
            block.clear();
            self.spare.push(block);
        }
    }
}
