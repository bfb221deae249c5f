//! Threads that filter chunks while the caller goes on.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::Filters;
use crate::chunk::{Encoded, Encoder};
use crate::piece::Piece;

/// A chunk on its way through the filters.
pub(crate) struct Job {
    pub(crate) number: u64,
    pub(crate) piece: Piece,
    /// Memory for the result.
    pub(crate) out: Vec<u8>,
    pub(crate) item: usize,
    pub(crate) filters: Filters,
}

/// A chunk after the filters.
pub(crate) struct Done {
    /// The block of rows that the chunk was cut from.
    pub(crate) block: Arc<Vec<u8>>,
    /// The chunk as it is stored.
    pub(crate) out: Vec<u8>,
    pub(crate) encoded: Encoded,
    pub(crate) spent: Duration,
}

/// A thread of the pool has failed.
#[derive(Debug)]
pub(crate) struct Failed;

type Answer = (u64, Option<Done>);

/// Filters chunks in several threads, or in the caller's if there are none.
pub(crate) struct Pool {
    inline: Option<(Encoder, Vec<u8>)>,
    jobs: Option<Sender<Job>>,
    answers: Receiver<Answer>,
    ready: BTreeMap<u64, Done>,
    stop: Arc<AtomicBool>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// A pool of `threads` threads; with one, or if none can be started, the caller does the work.
    pub(crate) fn new(threads: usize) -> Self {
        let (jobs, queue) = channel::<Job>();
        let (results, answers) = channel::<Answer>();
        let queue = Arc::new(Mutex::new(queue));
        let stop = Arc::new(AtomicBool::new(false));
        let count = if threads < 2 { 0 } else { threads };
        let workers: Vec<_> = (0..count)
            .map_while(|_| {
                let (queue, results, stop) = (queue.clone(), results.clone(), stop.clone());
                let work = move || work(&queue, &results, &stop);
                Builder::new().name("compress".into()).spawn(work).ok()
            })
            .collect();
        let inline = workers.is_empty().then(|| (Encoder::new(), Vec::new()));
        Pool { inline, jobs: Some(jobs), answers, ready: BTreeMap::new(), stop, workers }
    }

    /// Accepts a chunk. Does the work at once if the pool has no threads.
    pub(crate) fn submit(&mut self, job: Job) -> Result<(), Failed> {
        if let Some((encoder, scratch)) = &mut self.inline {
            self.ready.insert(job.number, filter(encoder, scratch, job));
            return Ok(());
        }
        match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|_| Failed),
            None => Err(Failed),
        }
    }

    /// Takes a chunk by its number. `None` if it is not ready and `wait` is false.
    pub(crate) fn take(&mut self, number: u64, wait: bool) -> Result<Option<Done>, Failed> {
        loop {
            if let Some(done) = self.ready.remove(&number) {
                return Ok(Some(done));
            }
            let answer = match wait {
                true => self.answers.recv().map_err(|_| Failed)?,
                false => match self.answers.try_recv() {
                    Ok(answer) => answer,
                    Err(_) => return Ok(None),
                },
            };
            let (number, done) = answer;
            self.ready.insert(number, done.ok_or(Failed)?);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        for worker in self.workers.drain(..) {
            // A panic of a worker was reported as a missing answer.
            let _ = worker.join();
        }
    }
}

fn work(queue: &Mutex<Receiver<Job>>, results: &Sender<Answer>, stop: &AtomicBool) {
    let (mut encoder, mut scratch) = (Encoder::new(), Vec::new());
    loop {
        let received = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = received else { return };
        let number = job.number;
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let done = catch_unwind(AssertUnwindSafe(|| filter(&mut encoder, &mut scratch, job))).ok();
        if results.send((number, done)).is_err() {
            return;
        }
    }
}

fn filter(encoder: &mut Encoder, scratch: &mut Vec<u8>, job: Job) -> Done {
    let Job { piece, mut out, item, filters, .. } = job;
    let start = busy();
    let encoded = encoder.encode(piece.bytes(scratch), item, filters, &mut out);
    Done { block: piece.block, out, encoded, spent: busy().saturating_sub(start) }
}

/// Processor time of this thread: a clock on the wall would count what others do meanwhile.
fn busy() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::piece::Cut;

    fn job(number: u64, block: Vec<u8>) -> Job {
        let cut = Cut { rows: block.len(), width: 1 };
        let rows = 0..block.len();
        let filters = crate::Compression::Gzip(1).into();
        let piece = Piece { block: Arc::new(block), row_bytes: 1, rows, first: 0, cut };
        Job { number, piece, out: Vec::new(), item: 2, filters }
    }

    #[test]
    fn answers_are_taken_by_number() {
        for threads in [1, 3] {
            let mut pool = Pool::new(threads);
            for number in 0..20 {
                pool.submit(job(number, vec![number as u8; 1000])).unwrap();
            }
            for number in (0..20).rev() {
                let done = pool.take(number, true).unwrap().unwrap();
                assert!(done.encoded.length < 100);
            }
        }
    }

    #[test]
    fn dropping_a_busy_pool_does_not_hang() {
        let mut pool = Pool::new(2);
        for number in 0..50 {
            pool.submit(job(number, vec![7; 100_000])).unwrap();
        }
    }
}
