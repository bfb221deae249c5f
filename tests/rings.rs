//! The queue of finished records: nothing lost, nothing torn, always room to say what was lost.

use std::collections::VecDeque;
use std::thread;

use proptest::prelude::*;
use tierline_core::RecordRing;
use tierline_core::ring::{Grant, Producer, Refusal};

const N: usize = 4096;
type Ring = RecordRing<N>;

/// A record of its own number: its length and every byte follow from it.
fn fill(bytes: &mut [u8], number: u64) -> usize {
    let len = 8 + (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize;
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8..len].fill(number as u8);
    len
}

fn check(bytes: &[u8], number: u64) {
    let mut want = [0; 264];
    let len = fill(&mut want, number);
    assert_eq!(bytes, &want[..len], "record {number}");
}

#[test]
fn a_million_records_between_threads() {
    static RING: Ring = RecordRing::new();
    const RECORDS: u64 = 1_000_000;
    let (mut producer, mut consumer) = RING.split().unwrap();
    let sender = thread::spawn(move || {
        for number in 0..RECORDS {
            while number % 3 == 0 && !producer.has_room(264) {
                thread::yield_now();
            }
            loop {
                if let Ok(mut grant) = producer.grant(264) {
                    if number % 7 == 0 {
                        grant.bytes_mut().fill(0xee);
                        grant.abort();
                        let Ok(again) = producer.grant(264) else { continue };
                        grant = again;
                    }
                    let len = fill(grant.bytes_mut(), number);
                    grant.commit(len);
                    break;
                }
                thread::yield_now();
            }
        }
        producer.counters()
    });
    for number in 0..RECORDS {
        let record = loop {
            match consumer.read() {
                Some(record) if number % 5 > 0 => break record,
                // Read again what was not released.
                Some(record) => {
                    check(record.bytes(), number);
                    drop(record);
                    break consumer.read().unwrap();
                }
                None => thread::yield_now(),
            }
        };
        check(record.bytes(), number);
        record.release();
    }
    assert!(consumer.read().is_none());
    let counters = sender.join().unwrap();
    assert_eq!(counters.refused_bytes, 264 * counters.refused);
    assert!(counters.low_water < N);
}

#[test]
fn the_ends_are_given_away_once() {
    let ring = Ring::new();
    assert!(ring.split().is_some());
    assert!(ring.split().is_none());
}

#[test]
fn a_full_ring_refuses_and_counts() {
    let ring = Ring::new();
    let (mut producer, mut consumer) = ring.split().unwrap();
    assert_eq!(producer.counters().low_water, N);
    let mut held = 0;
    while let Ok(grant) = producer.grant(200) {
        grant.commit(200);
        held += 1;
    }
    let header = size_of::<usize>();
    let kept = Ring::GAP + Ring::STATUS + 2 * header;
    assert_eq!(held, (N - kept) / (200 + header));
    assert!(!producer.has_room(200));
    assert_eq!(producer.grant(200).err(), Some(Refusal::RingFull));
    assert_eq!(producer.grant(Ring::LARGEST).err(), Some(Refusal::RingFull));
    assert_eq!(producer.grant(Ring::LARGEST + 1).err(), Some(Refusal::RecordTooBig));
    assert_eq!(producer.grant(usize::MAX).err(), Some(Refusal::RecordTooBig));
    let counters = producer.counters();
    assert_eq!(counters.refused, 5);
    assert_eq!(counters.low_water, N - held * (200 + header));
    // Two records make room for one: one byte of the ring stays empty where it wraps.
    consumer.read().unwrap().release();
    consumer.read().unwrap().release();
    assert!(producer.has_room(200));
    assert_eq!(producer.counters(), counters);
}

#[test]
fn the_largest_record_fits_wherever_the_ring_stands() {
    let ring = Ring::new();
    let (mut producer, mut consumer) = ring.split().unwrap();
    for step in 0..5000 {
        let mut grant = producer.grant(Ring::LARGEST).unwrap();
        assert_eq!(grant.bytes_mut().len(), Ring::LARGEST);
        grant.commit(if step % 3 == 0 { Ring::LARGEST } else { step % 100 });
        consumer.read().unwrap().release();
    }
    assert_eq!(producer.counters().refused, 0);
}

#[test]
fn commits_are_cut() {
    let ring = Ring::new();
    let (mut producer, mut consumer) = ring.split().unwrap();
    producer.grant(5).unwrap().commit(usize::MAX);
    producer.grant(5).unwrap().commit(0);
    drop(producer.grant(5).unwrap());
    assert_eq!(consumer.read().map(|record| record.bytes().len()), Some(5));
    consumer.read().unwrap().release();
    assert_eq!(consumer.read().map(|record| record.bytes().len()), Some(0));
    consumer.read().unwrap().release();
    assert!(consumer.read().is_none());
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Record { max: usize, used: usize },
    Abort { max: usize },
    HasRoom { max: usize },
    Gap,
    Status,
    AbortReport,
    Release,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0..600usize, 0..600usize).prop_map(|(max, used)| Act::Record { max, used }),
        1 => (0..600usize).prop_map(|max| Act::Abort { max }),
        1 => (0..600usize).prop_map(|max| Act::HasRoom { max }),
        1 => Just(Act::Gap),
        1 => Just(Act::Status),
        1 => Just(Act::AbortReport),
        4 => Just(Act::Release),
    ];
    prop::collection::vec(act, 1..400)
}

/// What the ring must hold, and which reports it owes room for.
#[derive(Default)]
struct Model {
    records: VecDeque<(u8, usize)>,
    number: u8,
    gap_used: bool,
    status_used: bool,
}

impl Model {
    fn commit<const M: usize>(&mut self, mut grant: Grant<'_, '_, M>, used: usize) {
        self.number = self.number.wrapping_add(1);
        let used = used.min(grant.bytes_mut().len());
        grant.bytes_mut().fill(self.number);
        grant.commit(used);
        self.records.push_back((self.number, used));
    }

    fn gap<const M: usize>(&mut self, producer: &mut Producer<'_, M>) {
        let owed = !self.gap_used;
        match producer.grant_gap() {
            Some(grant) => self.commit(grant, RecordRing::<M>::GAP),
            None => assert!(!owed, "no room for a gap"),
        }
        self.gap_used = true;
    }

    fn status<const M: usize>(&mut self, producer: &mut Producer<'_, M>) {
        let owed = !self.status_used;
        match producer.grant_status() {
            Some(grant) => self.commit(grant, RecordRing::<M>::STATUS),
            None => assert!(!owed, "no room for a status"),
        }
        self.status_used = true;
    }

    fn act<const M: usize>(&mut self, producer: &mut Producer<'_, M>, act: Act) {
        match act {
            Act::Record { max, used } => {
                if let Ok(grant) = producer.grant(max) {
                    self.commit(grant, used);
                    (self.gap_used, self.status_used) = (false, false);
                }
            }
            Act::Abort { max } => drop(producer.grant(max)),
            Act::HasRoom { max } => {
                let room = producer.has_room(max);
                assert_eq!(producer.grant(max).is_ok(), room);
            }
            Act::Gap => self.gap(producer),
            Act::Status => self.status(producer),
            Act::AbortReport => {
                drop(producer.grant_gap());
                drop(producer.grant_status());
            }
            Act::Release => {}
        }
    }
}

fn play<const M: usize>(acts: &[Act], status_first: bool) {
    let ring = RecordRing::<M>::new();
    let (mut producer, mut consumer) = ring.split().unwrap();
    let mut model = Model::default();
    for act in acts {
        model.act(&mut producer, *act);
        if let Act::Release = act {
            let record = consumer.read();
            let bytes = record.as_ref().map(|record| record.bytes());
            let want = model.records.pop_front().map(|(byte, len)| vec![byte; len]);
            assert_eq!(bytes, want.as_deref());
            if let Some(record) = record {
                record.release();
            }
        }
    }
    if status_first {
        model.status(&mut producer);
    }
    model.gap(&mut producer);
    model.status(&mut producer);
    for (byte, len) in model.records {
        let record = consumer.read().unwrap();
        assert_eq!(record.bytes(), vec![byte; len]);
        record.release();
    }
    assert!(consumer.read().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reports_always_find_room(acts in acts(), status_first in any::<bool>()) {
        play::<4096>(&acts, status_first);
        play::<1500>(&acts, status_first);
        play::<512>(&acts, status_first);
    }
}
