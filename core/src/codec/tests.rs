use std::vec;
use std::vec::Vec;

use super::{Codec, Predictor};
use crate::error::Kind;

fn bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.as_chunks::<2>().0.iter().map(|[high, low]| high << 4 | low).collect()
}

/// A baseline with a pulse on it: 40 samples, so that a short block follows a full one.
fn pulse() -> Vec<u16> {
    let shape = [0, 3, 250, 4000, 65000, 30000, 8000, 900, 120, 10];
    (0..40u16)
        .map(|i| (i, if i < 30 { 0u16 } else { shape[i as usize - 30] }))
        .map(|(i, height)| height.wrapping_add(10_000 + i * 7 % 5))
        .collect()
}

const GOLDEN: [(Codec, &[u16], &str); 9] = [
    (Codec::Raw, &[1, 0xff02], "0100 02ff"),
    (Codec::Uleb, &[], ""),
    (Codec::Uleb, &[0, 63, 0, 64, 0x8000, 0x8000], "00 7e 7d 8001 80ff03 00"),
    (Codec::Pack16, &[1, 1, 0], "4202"),
    (Codec::Pack16, &[0; 16], "00"),
    (Codec::Pack16, &[0x8000], "f0ff1f"),
    (Codec::Rice32, &[0; 3], "00"),
    (Codec::Rice32, &[5, 4, 6], "f17100"),
    (Codec::Rice32, &[0x8000, 0x8000], "7eff3f0000"),
];

#[test]
fn golden_bytes() {
    for (codec, samples, want) in GOLDEN {
        let (samples, want) = (bytes(samples), hex(want));
        let mut out = [0xaa; 64];
        let len = codec.encode(&samples, &mut Predictor::new(), &mut out).unwrap();
        assert_eq!(out[..len], want, "{codec:?} of {samples:x?}: {:02x?}", &out[..len]);
        let mut back = std::vec![0xaa; samples.len()];
        codec.decode(&want, samples.len() / 2, &mut Predictor::new(), &mut back).unwrap();
        assert_eq!(back, samples);
    }
}

const PULSE: [(Codec, &str); 3] = [
    (
        Codec::Uleb,
        "a09c010404050405040405040504040504050404050405040405040504040504050af203c63aeb468add03dbd702f36e9d0cd701",
    ),
    (
        Codec::Pack16,
        "0fc449002000140008000500020001a0004000280010000800050002400180101515515111159542f900a38eb51145f7edd5b99b0e836b00",
    ),
    (
        Codec::Rice32,
        "f8ff077142804001020508102840a00001020508142040a0008102040814205080008102040a2834f9c0a8b736fe14ddb7bd9abb3a8c6b00",
    ),
];

#[test]
fn golden_pulse() {
    let samples = bytes(&pulse());
    for (codec, want) in PULSE {
        let mut out = [0; 128];
        let len = codec.encode(&samples, &mut Predictor::new(), &mut out).unwrap();
        let got: std::string::String =
            out[..len].iter().map(|byte| std::format!("{byte:02x}")).collect();
        assert_eq!(got, want, "{codec:?}");
        let mut back = [0; 80];
        codec.decode(&hex(want), 40, &mut Predictor::new(), &mut back).unwrap();
        assert_eq!(back[..], samples);
    }
}

#[test]
fn ids_are_fixed() {
    for (id, codec) in (0..).zip(Codec::ALL) {
        assert_eq!(codec.id(), id);
        assert_eq!(Codec::from_id(id), Some(codec));
    }
    assert_eq!(Codec::from_id(4), None);
}

#[test]
fn what_does_not_fit_leaves_the_predictor() {
    let samples = bytes(&pulse());
    for codec in Codec::ALL {
        let mut out = [0; 128];
        let len = codec.encode(&samples, &mut Predictor::new(), &mut out).unwrap();
        let fresh = Predictor::new();
        for room in 0..len {
            let mut predictor = fresh;
            assert_eq!(codec.encode(&samples, &mut predictor, &mut out[..room]), None);
            assert_eq!(predictor, fresh);
        }
        let mut predictor = Predictor::new();
        assert_eq!(codec.encode(&samples, &mut predictor, &mut out[..len]), Some(len));
        assert_eq!(predictor.previous, *pulse().last().unwrap());
        assert_eq!(codec.encode(&samples[1..], &mut predictor, &mut out), None);
    }
}

#[test]
fn raw_where_that_is_shorter() {
    let noise: Vec<u16> = (0..64u16).map(|i| if i % 2 == 0 { 0 } else { 0x8000 }).collect();
    let noise = bytes(&noise);
    let mut out = [0; 256];
    for codec in Codec::ALL {
        let mut predictor = Predictor::new();
        let answer = codec.encode_or_raw(&noise, &mut predictor, &mut out);
        let pack = (Codec::Pack16, noise.len());
        assert!(answer == Some((Codec::Raw, 128)) || answer == Some(pack), "{answer:?}");
        assert_eq!(predictor.previous, 0x8000);
        assert_eq!(codec.encode_or_raw(&noise, &mut predictor, &mut out[..127]), None);
    }
    let flat = [0; 128];
    let answer = Codec::Rice32.encode_or_raw(&flat, &mut Predictor::new(), &mut out[..9]);
    assert_eq!(answer, Some((Codec::Rice32, 9)));
}

fn refusal(codec: Codec, bytes: &str, n: usize) -> (Kind, &'static str) {
    let mut predictor = Predictor { previous: 7 };
    let error = codec.decode(&hex(bytes), n, &mut predictor, &mut [0; 64]).unwrap_err();
    assert_eq!(predictor.previous, 7);
    (error.kind, error.field)
}

#[test]
fn decoders_refuse() {
    let truncated = (Kind::Truncated, "samples");
    for codec in Codec::ALL {
        assert_eq!(refusal(codec, "", 33), (Kind::Limit, "samples"));
        assert_eq!(refusal(codec, "", usize::MAX), (Kind::Limit, "samples"));
        assert_eq!(refusal(codec, "", 1), truncated);
    }
    let malformed = |field| (Kind::Malformed, field);
    assert_eq!(refusal(Codec::Raw, "010203", 1), malformed("length"));
    assert_eq!(refusal(Codec::Raw, "010203", 2), truncated);
    assert_eq!(refusal(Codec::Uleb, "80", 1), truncated);
    assert_eq!(refusal(Codec::Uleb, "ffff04", 1), malformed("difference"));
    assert_eq!(refusal(Codec::Uleb, "80808000", 1), malformed("bytes of a difference"));
    assert_eq!(refusal(Codec::Uleb, "0000", 1), malformed("bytes after the last sample"));
    assert_eq!(refusal(Codec::Pack16, "11ffffff", 1), malformed("width"));
    assert_eq!(refusal(Codec::Pack16, "1fffffff", 1), malformed("width"));
    assert_eq!(refusal(Codec::Pack16, "f0ff", 1), truncated);
    // Five bits of width, none of samples, eleven and nineteen to spare.
    assert_eq!(refusal(Codec::Pack16, "00 00 00", 16), malformed("bits after the last sample"));
    assert_eq!(refusal(Codec::Pack16, "00 80", 16), malformed("bit after the last sample"));
    assert_eq!(refusal(Codec::Rice32, "f0ff", 1), truncated);
    // k = 15 and q = 2: 0x10000 and more.
    assert_eq!(refusal(Codec::Rice32, "3f000000", 1), malformed("difference"));
    assert_eq!(refusal(Codec::Rice32, "00 00 00", 1), malformed("bits after the last sample"));
    assert_eq!(refusal(Codec::Rice32, "00 01", 1), malformed("bit after the last sample"));
    assert_eq!(Codec::Pack16.decode(&[0, 0], 16, &mut Predictor::new(), &mut [0; 32]), Ok(()));
}

/// Rice32, bit by bit.
fn rice(samples: &[u16]) -> Vec<u8> {
    let (mut bits, mut previous) = (Vec::new(), 0);
    for block in samples.chunks(32) {
        let differences: Vec<u16> = block
            .iter()
            .map(|&x| {
                let d = x.wrapping_sub(core::mem::replace(&mut previous, x)) as i16;
                ((d << 1) ^ (d >> 15)) as u16
            })
            .collect();
        let sum: u32 = differences.iter().map(|z| u32::from(*z)).sum();
        let k = (sum * 3 / 4 / block.len() as u32).checked_ilog2().unwrap_or(0).min(15);
        bits.extend((0..4).map(|i| k >> i & 1 == 1));
        for z in differences {
            let q = z >> k;
            bits.extend((0..q.min(15)).map(|_| true));
            let low = if q < 15 { k } else { 16 };
            bits.extend((q < 15).then_some(false));
            bits.extend((0..low).map(|i| z >> i & 1 == 1));
        }
    }
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
    bits.chunks(8).map(byte).collect()
}

#[test]
fn rice_in_words_is_that_of_bits() {
    let mut seed = 1u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as u16
    };
    for round in 0..600usize {
        let n = round % 100;
        let mask = u16::MAX >> (round % 17).min(15);
        let samples: Vec<u16> = (0..n)
            .map(|_| if random() % 50 == 0 { random() } else { 4000 + (random() & mask) / 2 })
            .collect();
        let want = rice(&samples);
        for room in [want.len(), want.len() + 1, want.len() + 20] {
            let (mut out, mut predictor) = (vec![0xAA; room], Predictor::new());
            let len = Codec::Rice32.encode(&bytes(&samples), &mut predictor, &mut out);
            assert_eq!(len, Some(want.len()), "round {round}");
            assert_eq!(out[..want.len()], want, "round {round}");
        }
        if let Some(room) = want.len().checked_sub(1) {
            let (mut out, mut predictor) = (vec![0; room], Predictor::new());
            let len = Codec::Rice32.encode(&bytes(&samples), &mut predictor, &mut out);
            assert_eq!((len, predictor), (None, Predictor::new()), "round {round}");
        }
    }
}
