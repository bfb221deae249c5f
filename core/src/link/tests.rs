use super::*;
use std::vec;
use std::vec::Vec;

const BOTH: [Framing; 2] = [Framing::Cobs, Framing::Length];

fn framed(framing: Framing, records: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![0; if framing == Framing::Cobs { 1 } else { 0 }];
    for record in records {
        let mut bytes = vec![0; framed_max(framing, record.len())];
        let n = frame(framing, record, &mut bytes).unwrap();
        out.extend_from_slice(&bytes[..n]);
    }
    out
}

/// Everything that arrives when the bytes come in pieces; records, and stretches of damage.
fn read(framing: Framing, bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, usize) {
    let mut reader = Reader::new(framing, 4096);
    let (mut window, mut fed) = (Vec::new(), 0);
    let (mut records, mut damage) = (Vec::new(), 0);
    for _ in 0..20 * bytes.len() + 100 {
        let eof = fed == bytes.len();
        let used = match reader.next(&mut window, eof) {
            Framed::Record { used, record } => {
                records.push(record.to_vec());
                used
            }
            Framed::Skip { used, damaged } => {
                damage += usize::from(damaged);
                if eof && used == 0 {
                    return (records, damage);
                }
                used
            }
            Framed::Need(_) if eof => return (records, damage),
            Framed::Need(_) => {
                let end = bytes.len().min(fed + piece);
                window.extend_from_slice(&bytes[fed..end]);
                fed = end;
                0
            }
        };
        window.drain(..used);
        if used == 0 && window.is_empty() && fed < bytes.len() {
            let end = bytes.len().min(fed + piece);
            window.extend_from_slice(&bytes[fed..end]);
            fed = end;
        }
        if window.is_empty() && fed == bytes.len() {
            return (records, damage);
        }
    }
    panic!("no end: {framing:?}");
}

fn samples() -> Vec<Vec<u8>> {
    let long: Vec<u8> = (0..700u16).map(|i| (i % 251) as u8).collect();
    let mixed = (0..3000u32).map(|i| (i * i % 7) as u8 * u8::from(i % 900 > 300)).collect();
    let runs = vec![7; 254];
    vec![vec![1, 0, 2, 0, 0], long, vec![], vec![0; 300], runs, vec![9; 255], mixed]
}

#[test]
fn records_arrive_however_the_bytes_come() {
    for framing in BOTH {
        let bytes = framed(framing, &samples());
        for piece in [1, 2, 3, 7, 64, 255, 4096] {
            assert_eq!(read(framing, &bytes, piece), (samples(), 0), "{framing:?} {piece}");
        }
    }
}

#[test]
fn the_checksum_is_that_of_zlib() {
    assert_eq!(CRC32.checksum(b"123456789"), 0xCBF4_3926);
    let mut out = [0; 32];
    let n = frame(Framing::Cobs, &[0x13, 0x00], &mut out).unwrap();
    let crc = CRC32.checksum(&[0x13, 0x00]).to_le_bytes();
    assert_eq!(out[..3], [2, 0x13, 5]);
    assert_eq!(out[3..n], [crc[0], crc[1], crc[2], crc[3], 0]);
    assert_eq!(frame(Framing::Length, &[1], &mut out[..12]), None);
}

#[test]
fn a_sum_goes_on_where_another_ended() {
    let bytes: Vec<u8> = (0..300u16).map(|i| (i % 251) as u8).collect();
    for at in [0, 1, 7, 299, 300] {
        let (head, tail) = bytes.split_at(at);
        assert_eq!(crc32(crc32(0, head), tail), CRC32.checksum(&bytes));
    }
}

#[test]
fn a_frame_is_the_same_in_any_pieces() {
    for framing in BOTH {
        for record in samples() {
            let mut whole = vec![0; framed_max(framing, record.len())];
            let n = frame(framing, &record, &mut whole).unwrap();
            for piece in [1, 2, 5, 100, 254, 255, 256, 257, 600, 1000] {
                let mut sender = Sender::new(framing, crc32);
                let (mut out, mut room) = (Vec::new(), vec![0; piece]);
                loop {
                    let (n, done) = sender.fill(&record, &mut room);
                    out.extend_from_slice(&room[..n]);
                    if done {
                        break;
                    }
                }
                assert_eq!(out, whole[..n], "{framing:?} {piece}");
            }
        }
    }
}

#[test]
fn a_flipped_byte_costs_the_record_it_hits() {
    let records = vec![vec![5, 0, 3, 9], (1..=40u8).collect(), vec![0, 0, 8]];
    for framing in BOTH {
        let bytes = framed(framing, &records);
        let mut ends = vec![bytes.len() - framed(framing, &records[..0]).len()];
        ends = (0..=3).map(|i| framed(framing, &records[..i]).len()).chain(ends).collect();
        for at in 0..bytes.len() {
            for mask in [0x01, 0xFF, 0x80] {
                let mut damaged = bytes.clone();
                damaged[at] ^= mask;
                let (got, damage) = read(framing, &damaged, 16);
                for (i, record) in records.iter().enumerate() {
                    let hit = (ends[i]..ends[i + 1]).contains(&at);
                    // A damaged delimiter joins its record to the next one.
                    let joined = framing == Framing::Cobs && at + 1 == ends[i];
                    if !hit && !joined {
                        assert!(got.contains(record), "{framing:?} byte {at}: {i} is lost");
                    }
                }
                let idle = framing == Framing::Cobs && at == 0;
                assert!(got.len() == records.len() || damage > 0 || idle, "{framing:?} {at}");
            }
        }
    }
}

#[test]
fn cuts_cost_only_what_is_cut() {
    for framing in BOTH {
        let bytes = framed(framing, &samples());
        for cut in 0..bytes.len() {
            let (got, _) = read(framing, &bytes[..cut], 100);
            assert!(samples().starts_with(&got), "{framing:?} {cut}");
        }
    }
}

#[test]
fn noise_is_skipped_without_end() {
    let noise: Vec<u8> =
        (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for framing in BOTH {
        let records = vec![vec![1, 2, 3]];
        let tail = framed(framing, &records);
        let mut bytes = noise.clone();
        bytes.extend_from_slice(&[0]);
        bytes.extend_from_slice(&tail);
        let (got, damage) = read(framing, &bytes, 333);
        assert_eq!(got, records, "{framing:?}");
        assert!(damage > 0);
    }
}

#[test]
fn a_longer_record_than_allowed_is_damage() {
    for framing in BOTH {
        for (len, allowed) in [(300, true), (301, false)] {
            let mut bytes = framed(framing, &[vec![0; len]]);
            bytes.drain(..usize::from(framing == Framing::Cobs));
            let got = Reader::new(framing, 300).next(&mut bytes, true);
            assert_eq!(matches!(got, Framed::Record { .. }), allowed, "{framing:?} {len}");
        }
    }
}

/// COBS of a body, byte by byte.
fn stuffed(body: &[u8]) -> Vec<u8> {
    let (mut out, mut code) = (vec![1], 0);
    for (i, &byte) in body.iter().enumerate() {
        if byte == 0 {
            code = out.len();
            out.push(1);
            continue;
        }
        out.push(byte);
        out[code] += 1;
        if out[code] == 255 && i + 1 < body.len() {
            code = out.len();
            out.push(1);
        }
    }
    out.push(0);
    out
}

#[test]
fn cobs_in_words_is_that_of_bytes() {
    let mut seed = 1u32;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for round in 0..2000 {
        // Zeros that are frequent, rare, or as far apart as a run is long.
        let apart = [2, 5, 60, 250 + round % 10, 1000][round % 5];
        let n = random(900);
        let record: Vec<u8> = (0..n)
            .map(|i| match round % 5 {
                3 if i % apart == apart - 1 => 0,
                3 => 1 + (i % 200) as u8,
                _ if random(apart) == 0 => 0,
                _ => 1 + random(255) as u8,
            })
            .collect();
        let body = [&record[..], &crc32(0, &record).to_le_bytes()].concat();
        let (mut sender, mut sent) = (Sender::new(Framing::Cobs, crc32), Vec::new());
        let mut piece = vec![0; 1 + random([2, 16, 600, 2000][round % 4])];
        loop {
            let (n, done) = sender.fill(&record, &mut piece);
            sent.extend_from_slice(&piece[..n]);
            if done {
                break;
            }
        }
        assert!(sent == stuffed(&body), "round {round}");
    }
}
