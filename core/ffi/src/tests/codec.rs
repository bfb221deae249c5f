//! Samples.

use std::ptr::{null, null_mut};

use tierline_core::{Codec, Predictor};

use crate::codec::{PredictorC, tierline_decode, tierline_encode};
use crate::status::*;

#[test]
fn samples_there_and_back_in_pieces() {
    let sample = |i: u32| (i * i / 300) as u16 ^ (i as u16 & 3);
    let samples: Vec<u8> = (0..2000).flat_map(|i| sample(i).to_le_bytes()).collect();
    for codec in Codec::ALL {
        let (mut there, mut back_again) = (PredictorC::default(), PredictorC::default());
        let mut predictor = Predictor::new();
        for piece in samples.chunks(600) {
            let (mut used, mut n) = (codec.id(), 0);
            let (mut out, mut want, mut back) = ([0; 600], [0; 600], [0; 600]);
            let (at, len) = (piece.as_ptr(), piece.len());
            // SAFETY: a predictor, samples and room for them.
            let status = unsafe {
                tierline_encode(&mut used, &mut there, at, len, out.as_mut_ptr(), 600, &mut n)
            };
            assert_eq!(status, TIERLINE_ITEM);
            let (core, m) = codec.encode_or_raw(piece, &mut predictor, &mut want).unwrap();
            assert_eq!((used, &out[..n]), (core.id(), &want[..m]));
            let (at, to) = (out.as_ptr(), back.as_mut_ptr());
            // SAFETY: a predictor, bytes and room for the samples.
            let status = unsafe { tierline_decode(used, &mut back_again, at, n, len / 2, to, 600) };
            assert_eq!(status, TIERLINE_ITEM);
            assert_eq!(&back[..len], piece);
        }
    }
}

#[test]
fn samples_that_do_not_fit() {
    let mut memory = [7u8; 64];
    let (at, mut n, mut state) = (memory.as_mut_ptr(), 0, PredictorC::default());
    // SAFETY: two halves of one memory; what overlaps is refused before it is used.
    let mut encode = |mut codec: u8, samples: *const u8, len, out, room| unsafe {
        tierline_encode(&mut codec, &mut state, samples, len, out, room, &mut n)
    };
    let out = at.wrapping_add(32);
    assert_eq!(encode(0, at, 32, out, 32), TIERLINE_ITEM);
    assert_eq!(encode(0, at, 32, out, 31), TIERLINE_ROOM);
    assert_eq!(encode(0, at, 31, out, 32), TIERLINE_ARGUMENT);
    assert_eq!(encode(4, at, 32, out, 32), TIERLINE_ARGUMENT);
    assert_eq!(encode(0, at, 32, at.wrapping_add(31), 32), TIERLINE_ARGUMENT);
    assert_eq!(encode(0, null(), 32, out, 32), TIERLINE_NULL);
    assert_eq!(encode(0, at, 32, null_mut(), 32), TIERLINE_NULL);
    // SAFETY: as above.
    let mut decode = |codec, len, samples, room| unsafe {
        tierline_decode(codec, &mut state, at, len, samples, out, room)
    };
    assert_eq!(decode(0, 32, 16, 32), TIERLINE_ITEM);
    assert_eq!(decode(0, 32, 16, 31), TIERLINE_LIMIT);
    assert_eq!(decode(0, 31, 16, 32), TIERLINE_TRUNCATED);
    assert_eq!(decode(0, 32, 15, 32), TIERLINE_MALFORMED);
    assert_eq!(decode(9, 32, 16, 32), TIERLINE_ARGUMENT);
    assert_eq!(decode(0, 32, usize::MAX, 32), TIERLINE_LIMIT);
    // SAFETY: as above.
    let nobody = unsafe { tierline_decode(0, null_mut(), at, 2, 1, out, 32) };
    assert_eq!(nobody, TIERLINE_NULL);
}
