//! Bytes of samples per second and core of the waveform codecs, on real recordings where
//! `TIERLINE_DATA` has their LH5 tables, on made traces elsewhere. Run with
//! `cargo bench -p tierline-h5`.

use std::path::PathBuf;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use tierline_h5::lh5::codec::{self, Codec, Encoder};
use tierline_table::DType;

const RADWARE: Codec = Codec::RadwareSigcompress { shift: -32768 };
const ULEB: Codec = Codec::Uleb128ZigZagDiff;

fn main() {
    divan::main();
}

/// Where the samples are from: two recordings, and made ones of 5 and of 16 bits.
const TRACES: [&str; 4] = ["p06", "spms", "narrow", "white"];

/// Little-endian samples, all traces of one length.
fn traces(name: &str) -> (Vec<u8>, usize) {
    let made = |bits: u32| {
        let mut state = 1u64;
        let samples = (0..400_000u32).flat_map(move |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) as u32 as u16 & ((1u32 << bits) - 1) as u16).to_le_bytes()
        });
        (samples.collect::<Vec<u8>>(), 4000)
    };
    match name {
        "p06" => recording("l200-p06-r007-cal-20230725T202227Z.fcio", 8192),
        "spms" => recording("L200-comm-20211130-phy-spms.fcio", 6000),
        "white" => return made(16),
        _ => None,
    }
    .unwrap_or_else(|| made(5))
}

/// The traces of a FlashCam recording: after two words of its header, `samples` words each.
fn recording(name: &str, samples: usize) -> Option<(Vec<u8>, usize)> {
    let folder = PathBuf::from(std::env::var_os("TIERLINE_DATA")?);
    let bytes = std::fs::read(folder.join("data/daq").join(name)).ok()?;
    // After the protocol come tags, which are negative, and frames: a length and as many bytes.
    let (mut out, mut at) = (Vec::new(), 68);
    while let Some(head) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let length = i32::from_le_bytes(*head);
        at += 4;
        let Ok(length) = usize::try_from(length) else { continue };
        let Some(frame) = bytes.get(at..at + length) else { break };
        at += length;
        for trace in frame.chunks_exact(2 * (samples + 2)) {
            out.extend_from_slice(&trace[4..]);
        }
    }
    (!out.is_empty()).then_some((out, samples))
}

fn encoded(codec: Codec, bytes: &[u8], samples: usize) -> Vec<Vec<u8>> {
    let mut encoder = match Encoder::new(codec, DType::U16) {
        Ok(encoder) => encoder,
        Err(error) => panic!("{error}"),
    };
    let one = |trace: &[u8]| {
        let mut out = Vec::new();
        encoder.encode(trace, &mut out).map(|()| out)
    };
    match bytes.chunks_exact(2 * samples).map(one).collect() {
        Ok(rows) => rows,
        Err(error) => panic!("{error}"),
    }
}

fn encode(bencher: Bencher, name: &str, codec: Codec) {
    let (bytes, samples) = traces(name);
    let rows = encoded(codec, &bytes, samples);
    let size: usize = rows.iter().map(Vec::len).sum();
    eprintln!(
        "{name} {codec}: {} traces, {:.3} of their size",
        rows.len(),
        size as f64 / bytes.len() as f64
    );
    let mut out = Vec::with_capacity(size);
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        out.clear();
        let mut encoder = Encoder::new(codec, DType::U16);
        if let Ok(encoder) = &mut encoder {
            for trace in bytes.chunks_exact(2 * samples) {
                black_box(encoder.encode(trace, &mut out).is_ok());
            }
        }
        out.len()
    });
}

fn decode(bencher: Bencher, name: &str, codec: Codec) {
    let (bytes, samples) = traces(name);
    let rows = encoded(codec, &bytes, samples);
    let mut out = Vec::with_capacity(2 * bytes.len());
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| {
        out.clear();
        for row in &rows {
            black_box(codec::decode(codec, row, samples, &mut out).is_ok());
        }
        out.len()
    });
}

#[divan::bench(args = TRACES)]
fn radware_encode(bencher: Bencher, name: &str) {
    encode(bencher, name, RADWARE);
}

#[divan::bench(args = TRACES)]
fn radware_decode(bencher: Bencher, name: &str) {
    decode(bencher, name, RADWARE);
}

#[divan::bench(args = TRACES)]
fn uleb_encode(bencher: Bencher, name: &str) {
    encode(bencher, name, ULEB);
}

#[divan::bench(args = TRACES)]
fn uleb_decode(bencher: Bencher, name: &str) {
    decode(bencher, name, ULEB);
}
