use super::*;
use crate::emit::bytes::checksum;

/// Walks the frames: (tag, sizes of the data frames) of every record.
fn walk(bytes: &[u8]) -> Vec<(i32, Vec<usize>)> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let word = i32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        at += 4;
        if word == -1_000_000_001 {
            assert_eq!(&bytes[at..at + 10], b"FlashCamV1");
            at += 64;
        } else if word < 0 {
            records.push((-word, Vec::new()));
        } else {
            records.last_mut().unwrap().1.push(word as usize);
            at += word as usize;
        }
    }
    assert_eq!(at, bytes.len());
    records
}

fn one(setup: &Emitter, write: impl FnOnce(&mut Stream, &mut Vec<u8>)) -> (i32, Vec<usize>) {
    let mut out = Vec::new();
    write(&mut setup.stream(), &mut out);
    let mut records = walk(&out);
    assert_eq!(records.len(), 1);
    records.remove(0)
}

#[test]
fn config_has_the_frames_asked_for() {
    for frames in 10..=12 {
        let setup = Emitter { config_frames: frames, ..Emitter::default() };
        let mut sizes = vec![4; 10];
        sizes.extend(&[4 * 6, 4][..frames - 10]);
        assert_eq!(one(&setup, |s, out| s.config(out)), (1, sizes));
    }
}

#[test]
fn event_records_have_their_frames() {
    let setup = Emitter { samples: 10, ..Emitter::default() };
    let event = one(&setup, |s, out| s.event(out));
    assert_eq!(event, (3, vec![4, 4, 40, 20, 2 * 6 * 12, 20]));
    let sparse = one(&setup, |s, out| s.sparse_event(out, &[1, 4]));
    assert_eq!(sparse, (6, vec![4, 4, 40, 20, 20, 4, 4, 24, 24]));
    let header = one(&setup, |s, out| s.event_header(out, &[1, 4, 5]));
    assert_eq!(header, (7, vec![4, 4, 40, 20, 20, 6, 12]));
    let long = Emitter { timestamp_entries: 10, deadregion_entries: 10, surplus: true, ..setup };
    let card = one(&long, |s, out| s.card_event(out, 0));
    assert_eq!(card, (6, vec![4, 4, 40, 40, 40, 4, 12, 24, 24, 24, 24, 24, 24, 7]));
    assert_eq!(one(&long, |s, out| s.rec_event(out)).1[6], 24);
    assert_eq!(one(&long, |s, out| s.unknown(out, 99)), (99, vec![22, 0]));
}

#[test]
fn status_has_any_number_of_cards() {
    let setup = Emitter::camera(1);
    for cards in [0, 1, 8, 20] {
        let (tag, sizes) = one(&setup, |s, out| s.status(out, cards, STATUS_SIZE));
        assert_eq!((tag, sizes.len()), (4, 4 + cards));
        assert!(sizes[4..].iter().all(|size| *size == 1180));
    }
    assert_eq!(one(&setup, |s, out| s.status(out, 1, 156)).1[4], 156);
}

#[test]
fn fsp_layouts_differ_as_specified() {
    let setup = Emitter::default();
    let flags = FspFlags::window_sum();
    let new = one(&setup, |s, out| s.fsp_event(out, FspLayout::Current, flags)).1;
    assert_eq!(new, [24, 32, 4, 12, 20, 8, 4, 4, 4, 4, 2]);
    let old = one(&setup, |s, out| s.fsp_event(out, FspLayout::Short, flags)).1;
    assert_eq!(old, [24, 24, 4, 8, 20, 8, 4, 4, 4, 4]);
    assert_eq!(one(&setup, |s, out| s.fsp_status(out)), (10, vec![112]));
    let config = one(&setup, |s, out| s.fsp_config(out, FspLayout::Current)).1;
    assert_eq!(config.len(), 48);
}

#[test]
fn a_run_holds_its_events() {
    let records = walk(&Emitter::default().run(40));
    let count = |tag| records.iter().filter(|record| record.0 == tag).count();
    assert_eq!([count(1), count(3), count(6), count(4)], [1, 5, 35, 2]);
    let records = walk(&Emitter::camera(1).run(16));
    let count = |tag| records.iter().filter(|record| record.0 == tag).count();
    assert_eq!([count(1), count(3), count(5), count(4)], [1, 16, 2, 1]);
}

#[test]
fn same_seed_same_bytes() {
    let run = |seed| Emitter { seed, ..Emitter::default() }.run(9);
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
    assert_eq!(checksum(&Emitter::camera(1).run(9)), 0xD0D0_9B21_3C15_1B3C, "golden checksum");
    assert_eq!(checksum(&run(1)), 0xD100_3FB9_FF32_C76A, "golden checksum");
}
