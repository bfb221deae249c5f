//! A producer and a consumer in every order: what is committed arrives, once, whole and in order; nothing that one end still
//! reads is written by the other; reports find room; refusals are counted.
//!
//! Each byte of the ring has a cell in which loom sees who touches it when: a byte written before its last reader is done, or
//! read before its writer has committed, is a race.

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::thread;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tierline_core::ring::Coord;
use tierline_core::ring::{Consumer, Grant, Producer, RecordRing};
use tierline_loom::cas::AtomicCoord;

const N: usize = 512;
type Ring<C> = RecordRing<N, C>;
const HEADER: usize = size_of::<usize>();

/// A ring, and a cell for every byte of it.
struct Stage<C: Coord> {
    ring: Ring<C>,
    bytes: Vec<UnsafeCell<()>>,
}

impl<C: Coord> Stage<C> {
    fn new() -> Self {
        let bytes = (0..size_of::<Ring<C>>()).map(|_| UnsafeCell::new(())).collect();
        Stage { ring: Ring::with_coord(), bytes }
    }

    /// The cells of a record's bytes and of its length before them.
    fn cells(&self, record: &[u8]) -> &[UnsafeCell<()>] {
        let at = record.as_ptr().addr() - (&raw const self.ring).addr();
        &self.bytes[at - HEADER..at + record.len()]
    }

    fn write(&self, record: &[u8]) {
        for cell in self.cells(record) {
            cell.with_mut(|_| ());
        }
    }

    fn read(&self, record: &[u8]) {
        for cell in self.cells(record) {
            cell.with(|_| ());
        }
    }
}

/// What a run is made of.
#[derive(Clone, Copy)]
struct Run {
    /// Bytes that went through the ring before: where in it the run starts.
    start: &'static [usize],
    /// Records sent, each as many bytes as its number in this list says; asked for with so many bytes more.
    records: &'static [(usize, usize)],
    /// The producer gives up a grant before each record.
    aborts: bool,
    /// How often the consumer looks while the producer works.
    looks: usize,
    /// The producer tells of a gap and of its state at the end.
    reports: bool,
}

fn byte(number: usize) -> u8 {
    number as u8 + 1
}

/// Fills a grant with a record of its number.
fn commit<C: Coord>(stage: &Stage<C>, mut grant: Grant<'_, '_, N, C>, number: usize, len: usize) {
    let bytes = grant.bytes_mut();
    stage.write(bytes);
    bytes.fill(0xee);
    bytes[..len].fill(byte(number));
    grant.commit(len);
}

/// Sends the records; what was sent, as number and length. Numbers of reports follow those of the records.
fn produce<C: Coord>(
    stage: &Stage<C>,
    producer: &mut Producer<'_, N, C>,
    run: Run,
) -> Vec<(usize, usize)> {
    let (mut sent, mut refused) = (Vec::new(), 0);
    for (number, &(len, more)) in run.records.iter().enumerate() {
        if run.aborts {
            match producer.grant(len) {
                Ok(mut grant) => {
                    stage.write(grant.bytes_mut());
                    grant.abort();
                }
                Err(_) => refused += 1,
            }
            // To ask is not counted.
            producer.has_room(len + more);
        }
        match producer.grant(len + more) {
            Ok(grant) => {
                commit(stage, grant, number, len);
                sent.push((number, len));
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!(producer.counters().refused, refused);
    if !run.reports {
        return sent;
    }
    // Whatever the consumer does, there is room to tell of it.
    let (gap, status) = (run.records.len(), run.records.len() + 1);
    let grant = producer.grant_gap().expect("room for a gap");
    commit(stage, grant, gap, Ring::<C>::GAP);
    sent.push((gap, Ring::<C>::GAP));
    let grant = producer.grant_status().expect("room for a status");
    commit(stage, grant, status, 9);
    sent.push((status, 9));
    sent
}

/// Looks for a record: its number and length.
fn consume<C: Coord>(
    stage: &Stage<C>,
    consumer: &mut Consumer<'_, N, C>,
) -> Option<(usize, usize)> {
    let record = consumer.read()?;
    let bytes = record.bytes();
    stage.read(bytes);
    let first = *bytes.first().expect("no record is empty");
    assert!(bytes.iter().all(|byte| *byte == first), "a torn record");
    let found = (usize::from(first - 1), bytes.len());
    record.release();
    Some(found)
}

fn check<C: Coord + Send + Sync + 'static>(preemptions: Option<usize>, run: Run) {
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions;
    let began = std::time::Instant::now();
    let runs = Arc::new(AtomicUsize::new(0));
    let count = runs.clone();
    builder.check(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let stage = Arc::new(Stage::<C>::new());
        // SAFETY: the ring lives in an Arc that both threads hold; the ends are gone before it is.
        let ring: &'static Ring<C> = unsafe { &*std::ptr::from_ref(&stage.ring) };
        let (mut producer, mut consumer) = ring.split().expect("the ends are there");
        assert!(ring.split().is_none());
        // This also makes every atomic before there is a second thread.
        for &len in run.start {
            commit(&stage, producer.grant(len).expect("room"), 0, len);
            assert_eq!(consume(&stage, &mut consumer), Some((0, len)));
        }
        let sender = {
            let stage = stage.clone();
            thread::spawn(move || produce(&stage, &mut producer, run))
        };
        let mut got = Vec::new();
        for _ in 0..run.looks {
            got.extend(consume(&stage, &mut consumer));
        }
        let sent = sender.join().expect("the producer's checks");
        while let Some(record) = consume(&stage, &mut consumer) {
            got.push(record);
        }
        assert_eq!(got, sent);
    });
    println!("{} orders in {:?}", runs.load(Ordering::Relaxed), began.elapsed());
}

/// One record, in the ring's first bytes and where it has to pass the end, in every order there is.
#[test]
fn one_record() {
    let run = Run { start: &[1], records: &[(20, 0)], aborts: false, looks: 1, reports: false };
    check::<AtomicCoord>(None, run);
    check::<AtomicCoord>(None, Run { start: &[120, 120, 60], ..run });
}

/// The last record lies where the first one was, which the consumer has read in the meantime.
const AGAIN: Run = Run {
    start: &[100],
    records: &[(120, 0), (120, 0), (20, 0), (100, 0)],
    aborts: false,
    looks: 3,
    reports: false,
};

#[test]
fn where_another_record_was() {
    check::<AtomicCoord>(Some(3), AGAIN);
}

/// Records of several sizes that pass the end of the ring, in the middle of which the consumer makes room.
#[test]
fn around_the_end() {
    let records = &[(100, 10), (1, 0), (120, 0), (60, 60)];
    for start in [&[100, 100][..], &[100, 120, 60], &[120, 120, 60, 50]] {
        check::<AtomicCoord>(
            Some(2),
            Run { start, records, aborts: false, looks: 3, reports: false },
        );
    }
}

/// A slow consumer: records are refused, and reports find room nevertheless.
#[test]
fn refused_and_reported() {
    let records = &[(120, 0), (120, 0), (100, 20)];
    let run = Run { start: &[120, 60], records, aborts: false, looks: 3, reports: true };
    check::<AtomicCoord>(Some(3), run);
}

/// Grants that are given up, and room that is asked for first.
#[test]
fn given_up() {
    let records = &[(120, 0), (100, 20)];
    let run = Run { start: &[120, 120, 90], records, aborts: true, looks: 1, reports: false };
    check::<AtomicCoord>(Some(3), run);
}

/// Whether the models see a fault.
fn seen<C: Coord + Send + Sync + 'static>(preemptions: Option<usize>, run: Run) {
    let checked = std::panic::catch_unwind(|| check::<C>(preemptions, run));
    assert!(checked.is_err(), "{} is not seen", std::any::type_name::<C>());
}

#[test]
fn faults_are_seen() {
    let one = Run { start: &[1], records: &[(20, 0)], aborts: false, looks: 1, reports: false };
    let records = &[(100, 10), (1, 0), (120, 0), (60, 60)];
    let many = Run { start: &[100, 100], records, looks: 3, ..one };
    seen::<tierline_loom::commit_relaxed::AtomicCoord>(None, one);
    seen::<tierline_loom::release_relaxed::AtomicCoord>(Some(2), AGAIN);
    seen::<tierline_loom::write_before_last::AtomicCoord>(Some(2), many);
    let records = &[(120, 0), (120, 0), (20, 0), (100, 0), (110, 0)];
    seen::<tierline_loom::inverted_over_read::AtomicCoord>(Some(2), Run { records, ..AGAIN });
}
