//! The sample codecs against a second, bit-by-bit implementation, on made and on real samples.

use std::time::Instant;

use proptest::prelude::*;
use tierline_core::{Codec, Predictor};
use tierline_tests::data;

mod naive;
mod recordings;

const CODECS: [Codec; 4] = Codec::ALL;

fn to_bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// Both implementations make the same bytes of the pieces that `cuts` (numbers of samples) leave, and the samples of them.
fn agree(samples: &[u16], cuts: &[usize]) {
    let bytes = to_bytes(samples);
    let mut edges = vec![0];
    edges.extend(cuts.iter().map(|cut| samples.len().min(*cut)));
    edges.push(samples.len());
    edges.sort_unstable();
    for codec in CODECS {
        let (mut ours, mut theirs, mut back) = (Predictor::new(), 0, Predictor::new());
        for edge in edges.windows(2) {
            let want = naive::encode(codec, &samples[edge[0]..edge[1]], &mut theirs);
            let piece = &bytes[2 * edge[0]..2 * edge[1]];
            let mut out = vec![0xaa; want.len()];
            let len = codec.encode(piece, &mut ours, &mut out);
            assert_eq!(len, Some(want.len()), "{codec:?} {samples:?} {edges:?}");
            assert_eq!(out, want, "{codec:?} {samples:?} {edges:?}");
            let mut decoded = vec![0xaa; piece.len()];
            let n = piece.len() / 2;
            assert_eq!(codec.decode(&out, n, &mut back, &mut decoded), Ok(()), "{codec:?}");
            assert_eq!(decoded, piece, "{codec:?} {edges:?}");
        }
    }
}

/// Numbers without order, the same in each run.
fn noise(seed: u64) -> impl FnMut() -> u16 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as u16
    }
}

fn traces(n: usize) -> Vec<Vec<u16>> {
    let mut white = noise(1);
    let mut narrow = noise(2);
    let mut wide = noise(3);
    vec![
        vec![0; n],
        vec![0xffff; n],
        (0..n).map(|i| if i % 2 == 0 { 0 } else { 0xffff }).collect(),
        (0..n).map(|i| if i % 2 == 0 { 0 } else { 0x8000 }).collect(),
        (0..n).map(|i| if i % 2 == 0 { 0x7fff } else { 0 }).collect(),
        (0..n).map(|_| white()).collect(),
        (0..n).map(|_| 14_000 + narrow() % 16).collect(),
        (0..n)
            .map(|i| 2000 + wide() % 8 + if i % 50 > 40 { (i as u16 % 50) << 9 } else { 0 })
            .collect(),
    ]
}

#[test]
fn any_length() {
    for n in 0..=70 {
        for trace in traces(n) {
            agree(&trace, &[]);
        }
    }
    for trace in traces(5000) {
        agree(&trace, &[]);
        agree(&trace, &[1024, 2048, 3072, 4096]);
    }
}

#[test]
fn pieces_at_every_split() {
    for trace in traces(130) {
        for cut in 0..=130 {
            agree(&trace, &[cut]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_samples(
        samples in prop::collection::vec(any::<u16>(), 0..300),
        shift in 0u32..16,
        cuts in prop::collection::vec(0usize..300, 0..4),
    ) {
        let samples: Vec<u16> = samples.iter().map(|x| x >> shift).collect();
        agree(&samples, &cuts);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), n in 0usize..120) {
        for codec in CODECS {
            let mut out = [0; 200];
            let mut predictor = Predictor::new();
            let ours = codec.decode(&bytes, n, &mut predictor, &mut out);
            let theirs = naive::decode(codec, &bytes, n).filter(|_| n <= 100);
            prop_assert_eq!(ours.is_ok(), theirs.is_some(), "{:?}: {:?}", codec, ours);
            if let Some(samples) = theirs {
                prop_assert_eq!(&out[..2 * n], to_bytes(&samples));
            }
        }
    }

    #[test]
    fn damaged_bytes(
        samples in prop::collection::vec(0u16..2000, 1..100),
        at in any::<prop::sample::Index>(),
        mask in 1u8..,
    ) {
        for codec in CODECS {
            let mut bytes = naive::encode(codec, &samples, &mut 0);
            let mut out = [0; 200];
            let n = samples.len();
            for len in 0..bytes.len() {
                let answer = codec.decode(&bytes[..len], n, &mut Predictor::new(), &mut out);
                prop_assert!(answer.is_err());
            }
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
            let ours = codec.decode(&bytes, n, &mut Predictor::new(), &mut out);
            prop_assert_eq!(ours.is_ok(), naive::decode(codec, &bytes, n).is_some());
        }
    }
}

/// Size of a recording's traces, each encoded whole, as a fraction of their raw size.
fn ratio(codec: Codec, traces: &[Vec<u8>]) -> f64 {
    let (mut raw, mut packed) = (0, 0);
    for trace in traces {
        let mut out = vec![0; 2 * trace.len() + 8];
        packed += codec.encode(trace, &mut Predictor::new(), &mut out).unwrap();
        raw += trace.len();
    }
    packed as f64 / raw as f64
}

/// Millions of sample bytes a second.
fn speed(bytes: usize, mut work: impl FnMut()) -> f64 {
    let (start, mut rounds) = (Instant::now(), 0);
    while start.elapsed().as_millis() < 20 {
        work();
        rounds += 1;
    }
    (bytes * rounds) as f64 / start.elapsed().as_secs_f64() / 1e6
}

#[test]
fn recordings_shrink_as_they_should() {
    for (name, format, file, want) in recordings::ALL {
        let Some(bytes) = data::recording(file) else { continue };
        let traces = recordings::traces(format, &bytes);
        assert!(!traces.is_empty(), "{name}");
        let sizes: Vec<String> = CODECS[1..]
            .iter()
            .map(|codec| format!("{codec:?} {:.3}", ratio(*codec, &traces)))
            .collect();
        let samples = traces.iter().map(Vec::len).max().unwrap() / 2;
        println!("{name}, {} traces of {samples}: {}", traces.len(), sizes.join(", "));
        let got = ratio(Codec::Rice32, &traces);
        assert!((got / want - 1.0).abs() < 0.005, "{name}: {got:.4}, expected {want}");
        for trace in traces.iter().step_by(1 + traces.len() / 20) {
            let trace: Vec<u16> =
                trace.as_chunks().0.iter().map(|x| u16::from_le_bytes(*x)).collect();
            agree(&trace, &[1024, 2048]);
        }
    }
}

/// Prints speeds; a figure only in a release build.
#[test]
fn speeds() {
    let file = recordings::ALL[1].2;
    let Some(bytes) = data::recording(file) else { return };
    let traces = recordings::traces(recordings::ALL[1].1, &bytes);
    let trace = &traces[0];
    for codec in CODECS {
        let mut packed = vec![0; 2 * trace.len()];
        let mut len = 0;
        let encode = speed(trace.len(), || {
            len = codec.encode(trace, &mut Predictor::new(), &mut packed).unwrap();
        });
        let mut out = vec![0; trace.len()];
        let decode = speed(trace.len(), || {
            codec.decode(&packed[..len], trace.len() / 2, &mut Predictor::new(), &mut out).unwrap();
        });
        println!("{codec:?}: encodes {encode:.0} MB/s, decodes {decode:.0} MB/s");
    }
}
