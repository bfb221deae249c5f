//! The queue of records between real threads, longer than a test of every day: nothing lost, nothing torn, whichever way the
//! ends agree.

use std::thread;

use tierline_core::link::crc32;
use tierline_core::ring::{AtomicCoord, Coord, CsCoord, RecordRing};

const N: usize = 4096;
const LONGEST: usize = 264;
const HEAD: usize = 12;

/// Where in a number's bits its record's length is.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// A record of its own number: a checksum, the number, and bytes that follow from it.
fn fill(bytes: &mut [u8], number: u64) -> usize {
    let mixed = mix(number);
    let len = HEAD + (mixed >> 40) as usize % (LONGEST - HEAD + 1);
    let bytes = &mut bytes[..len];
    bytes[4..HEAD].copy_from_slice(&number.to_le_bytes());
    for (i, byte) in bytes[HEAD..].iter_mut().enumerate() {
        *byte = (mixed >> (i % 8 * 8)) as u8;
    }
    let crc = crc32(0, &bytes[4..]);
    bytes[..4].copy_from_slice(&crc.to_le_bytes());
    len
}

fn check(bytes: &[u8], number: u64) {
    assert_eq!(bytes[4..HEAD], number.to_le_bytes(), "record {number} is lost or comes twice");
    let crc = crc32(0, &bytes[4..]);
    assert_eq!(bytes[..4], crc.to_le_bytes(), "record {number} is torn");
    assert_eq!(bytes.len(), HEAD + (mix(number) >> 40) as usize % (LONGEST - HEAD + 1));
}

/// Every so many records the producer doesn't wait for room: it drops the record and tells of it in a gap.
fn through<C: Coord + Send + Sync + 'static>(records: u64, drops: u64) {
    let ring: &'static RecordRing<N, C> = Box::leak(Box::new(RecordRing::with_coord()));
    let (mut producer, mut consumer) = ring.split().unwrap();
    let sender = thread::spawn(move || {
        let mut dropped = 0;
        for number in 0..records {
            let mut grant = loop {
                match producer.grant(LONGEST) {
                    Ok(grant) => break Some(grant),
                    Err(_) if drops > 0 && number % drops == 0 => break None,
                    Err(_) => thread::yield_now(),
                }
            };
            if let Some(mut grant) = grant.take() {
                let len = fill(grant.bytes_mut(), number);
                grant.commit(len);
                continue;
            }
            dropped += 1;
            // One gap after a record always finds room; a record before this one has been sent since the last.
            let mut gap = producer.grant_gap().expect("room for a gap");
            gap.bytes_mut()[..8].copy_from_slice(&number.to_le_bytes());
            gap.commit(8);
        }
        (dropped, producer.counters())
    });
    let (mut got, mut gaps) = (0, 0);
    while got + gaps < records {
        let Some(record) = consumer.read() else {
            thread::yield_now();
            continue;
        };
        let number = got + gaps;
        if record.bytes().len() == 8 {
            assert_eq!(record.bytes(), number.to_le_bytes(), "a gap in the wrong place");
            gaps += 1;
        } else {
            check(record.bytes(), number);
            got += 1;
        }
        record.release();
    }
    assert!(consumer.read().is_none());
    let (dropped, counters) = sender.join().unwrap();
    assert_eq!((gaps, got + dropped), (dropped, records));
    assert!(counters.refused >= dropped && counters.low_water < N);
    println!("{got} records, {gaps} gaps, {} refusals", counters.refused);
}

#[test]
fn ten_million_records() {
    through::<AtomicCoord>(10_000_000, 0);
}

#[test]
fn a_million_records_with_losses() {
    through::<AtomicCoord>(1_000_000, 5);
}

#[test]
fn a_million_records_in_critical_sections() {
    through::<CsCoord>(1_000_000, 7);
}
