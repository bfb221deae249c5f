//! Stages that don't know of formats: copies, codecs, links.

use core::hint::black_box;

use tierline_core::link::{Framing, crc32, frame};
use tierline_core::{Codec, Predictor};

use super::stream::{Memory, PIECE};
use super::table::{Table, Units};

/// The most samples of one input, bytes.
pub(crate) const MOST: usize = 128 * 1024;

/// What moving bytes costs.
pub(crate) fn copies(table: &mut Table<'_>, from: &mut [u8], to: &mut [u8]) {
    table.headline("copies", &[]);
    for (name, skew) in [("memcpy, aligned", 0), ("memcpy, one byte out of step", 1)] {
        table.measure(name, || {
            let n = from.len().min(to.len()) - PIECE;
            if let (Some(from), Some(to)) = (from.get(skew..n + skew), to.get_mut(..n)) {
                black_box(to).copy_from_slice(black_box(from));
            }
            Units { bytes: n, ..Units::default() }
        });
    }
}

/// Does something with every piece of the samples.
fn pieces(samples: &[u8], mut what: impl FnMut(&[u8]) -> usize) -> (Units, u64) {
    let mut made = 0;
    for piece in samples.chunks(PIECE) {
        made += black_box(what(black_box(piece))) as u64;
    }
    (Units { bytes: samples.len(), ..Units::default() }, made)
}

/// What codecs and links cost, per byte of samples.
pub(crate) fn codecs(table: &mut Table<'_>, samples: &[u8], memory: &mut Memory) {
    let out = &mut memory.out;
    table.headline("its samples in pieces of 2048 bytes", &[(samples.len() as u64, "bytes")]);
    for (name, ratio, codec) in [
        ("raw", "", Codec::Raw),
        ("ULEB", "  ratio", Codec::Uleb),
        ("Pack16", "  ratio", Codec::Pack16),
        ("Rice32", "  ratio", Codec::Rice32),
    ] {
        let mut made = 0;
        let mut predictor = Predictor::new();
        table.measure(name, || {
            let (units, bytes) = pieces(samples, |piece| {
                codec.encode_or_raw(piece, &mut predictor, out).map_or(0, |(_, n)| n)
            });
            made = bytes;
            units
        });
        if !ratio.is_empty() {
            let ratio_of = (made * 10_000).checked_div(samples.len() as u64).unwrap_or(0);
            table.note(ratio, ratio_of, 4);
        }
    }
    table.measure("CRC-32", || pieces(samples, |piece| crc32(0, piece) as usize).0);
    for (name, framing) in [("CRC-32, length", Framing::Length), ("CRC-32, COBS", Framing::Cobs)] {
        table.measure(name, || pieces(samples, |piece| frame(framing, piece, out).unwrap_or(0)).0);
    }
}
