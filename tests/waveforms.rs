//! The waveform codecs of LH5 files: against a second implementation, against the peer's words for
//! a real recording, and with bytes that are no waveforms.

use proptest::prelude::*;
use tierline::h5::lh5::codec::{self, Codec, CodecError, Encoder};
use tierline::h5::tree::Reader;
use tierline::table::{Array, DType};
use tierline_tests::data;

mod naive;

const RADWARE: Codec = Codec::RadwareSigcompress { shift: -32768 };
const ULEB: Codec = Codec::Uleb128ZigZagDiff;

/// Numbers without order, the same in each run.
fn noise(seed: u64) -> impl FnMut() -> u32 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    }
}

fn array(dtype: DType, samples: &[i64]) -> Array {
    let bytes = samples.iter().flat_map(|s| s.to_le_bytes()[..dtype.size()].to_vec());
    Array { dtype, row_shape: vec![samples.len()], data: bytes.collect() }
}

fn encode(codec: Codec, dtype: DType, samples: &[i64]) -> Result<Vec<u8>, CodecError> {
    let mut out = b"before".to_vec();
    Encoder::new(codec, dtype)?.encode(&array(dtype, samples).data, &mut out)?;
    assert_eq!(&out[..6], b"before");
    Ok(out.split_off(6))
}

fn decode(codec: Codec, bytes: &[u8], samples: usize) -> Result<Vec<i32>, CodecError> {
    let mut out = vec![7; 4];
    let done = codec::decode(codec, bytes, samples, &mut out);
    assert_eq!(&out[..4], [7; 4]);
    done.map(|()| out[4..].as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b)).collect())
}

fn to_bytes(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Both implementations make the same bytes, and these become the samples again.
fn agree(dtype: DType, samples: &[i64]) {
    let ours = encode(ULEB, dtype, samples).unwrap();
    assert_eq!(ours, naive::uleb(samples), "{dtype} {samples:?}");
    let back: Vec<i32> = samples.iter().map(|s| *s as i32).collect();
    assert_eq!(decode(ULEB, &ours, samples.len()).unwrap(), back, "{dtype}");
    if samples.len() > 32767 || dtype.size() > 2 {
        return;
    }
    let shift = if dtype == DType::U16 { -32768 } else { 0 };
    let codec = Codec::RadwareSigcompress { shift };
    let ours = encode(codec, dtype, samples).unwrap();
    assert_eq!(ours, to_bytes(&naive::radware(samples, shift.into())), "{dtype} {samples:?}");
    assert_eq!(decode(codec, &ours, samples.len()).unwrap(), back, "{dtype} {samples:?}");
}

/// Traces of `n` samples of 16 bits, from flat to wild.
fn traces(n: usize) -> Vec<Vec<i64>> {
    let mut random = noise(n as u64);
    let mut white = |bits: u32| (0..n).map(|_| i64::from(random() >> (32 - bits))).collect();
    let mut all: Vec<Vec<i64>> = [1, 2, 5, 6, 7, 8, 13, 14, 15, 16].map(&mut white).into();
    all.extend([0, 65535].map(|value| vec![value; n]));
    all.extend(
        [0, 0x7fff, 0x8000, 0xffff]
            .map(|high| (0..n).map(|i| if i % 2 == 0 { 0 } else { high }).collect::<Vec<i64>>()),
    );
    let step = |at: usize, high: i64| (0..n).map(|i| if i < at { 5 } else { high }).collect();
    all.extend([1, 16, 47, 48, 49, 63, 64, 65, 127, 128, 129].map(|at| step(at, 40_000)));
    all.extend([50, 127].map(|at| step(at, 70)));
    all.push((0..n).map(|i| (i as i64 * 521) % 65_536).collect());
    all.push((0..n).map(|i| (i as i64 * 3) % 65_536).collect());
    all
}

#[test]
fn two_implementations_agree_on_every_length() {
    for n in (0..300).chain([1023, 1024, 1025, 1041, 8192, 32767]) {
        for trace in traces(n) {
            agree(DType::U16, &trace);
            let signed: Vec<i64> = trace.iter().map(|s| s - 32768).collect();
            agree(DType::I16, &signed);
        }
    }
}

#[test]
fn all_integers_of_at_most_32_bits_are_taken() {
    let mut random = noise(5);
    for _ in 0..50 {
        let bits: Vec<u32> = (0..500).map(|_| random()).collect();
        let all = |value: fn(u32) -> i64| bits.iter().map(|b| value(*b)).collect::<Vec<i64>>();
        agree(DType::U8, &all(|b| (b as u8).into()));
        agree(DType::I8, &all(|b| (b as i8).into()));
        agree(DType::U32, &all(i64::from));
        agree(DType::I32, &all(|b| (b as i32).into()));
    }
    for dtype in [DType::F32, DType::F64, DType::Text(4), DType::Bool, DType::U64, DType::I64] {
        for codec in [RADWARE, ULEB] {
            let error = encode(codec, dtype, &[]).unwrap_err().to_string();
            assert!(error.contains(&dtype.name()), "{error}");
        }
    }
}

#[test]
fn what_radware_cannot_hold_is_refused_and_16_bits_wrap() {
    let error = encode(RADWARE, DType::U16, &vec![0; 32768]).unwrap_err();
    assert!(matches!(error, CodecError::TooLong { samples: 32768, most: 32767, .. }), "{error}");
    assert!(encode(ULEB, DType::U16, &vec![0; 70_000]).is_ok());
    let plain = Codec::RadwareSigcompress { shift: 0 };
    let bytes = encode(plain, DType::U16, &[40_000, 5]).unwrap();
    assert_eq!(decode(plain, &bytes, 2).unwrap(), [40_000 - 65_536, 5]);
    let trace = [0, 70_000, 65_535];
    let error = encode(RADWARE, DType::U32, &trace).unwrap_err().to_string();
    assert!(error.contains("70000 at sample 1"), "{error}");
    let bytes = encode(RADWARE, DType::I32, &[0, 65_535]).unwrap();
    assert_eq!(decode(RADWARE, &bytes, 2).unwrap(), [0, 65_535]);
    assert!(encode(RADWARE, DType::I32, &[-1]).is_err());
    let far = Codec::RadwareSigcompress { shift: i32::MAX };
    assert!(encode(far, DType::I32, &[i32::MAX.into()]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_traces_come_back(
        seed in any::<u64>(),
        bits in 1u32..=16,
        n in prop_oneof![0usize..1000, 0usize..65_536],
    ) {
        let mut random = noise(seed);
        let mut level = 0i64;
        let walk: Vec<i64> = (0..n).map(|_| {
            level = (level + i64::from(random() >> (32 - bits)) - (1 << (bits - 1))).rem_euclid(65_536);
            level
        }).collect();
        agree(DType::U16, &walk);
        let white: Vec<i64> = (0..n).map(|_| i64::from(random() >> (32 - bits))).collect();
        agree(DType::U16, &white);
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in any::<Vec<u8>>(), samples in 0usize..200) {
        for codec in [RADWARE, ULEB] {
            if let Ok(trace) = decode(codec, &bytes, samples) {
                prop_assert_eq!(trace.len(), samples);
            }
        }
    }
}

/// The error says where, within the bytes.
fn check_refused(codec: Codec, bytes: &[u8], samples: usize) -> bool {
    match decode(codec, bytes, samples) {
        Ok(trace) => {
            assert_eq!(trace.len(), samples);
            false
        }
        Err(CodecError::Malformed { byte, length, reason, .. }) => {
            assert!(byte <= length && length == bytes.len() && !reason.is_empty(), "{reason}");
            true
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn cut_and_changed_bytes_are_no_traces() {
    let mut random = noise(9);
    for trace in traces(200) {
        for codec in [RADWARE, ULEB] {
            let bytes = encode(codec, DType::U16, &trace).unwrap();
            let whole = bytes.len();
            for cut in 0..whole.saturating_sub(2) {
                assert!(check_refused(codec, &bytes[..cut], 200), "{codec} {cut} of {whole}");
            }
            for samples in [0, 1, 199, 201, 65_535, usize::MAX / 8] {
                assert!(check_refused(codec, &bytes, samples), "{codec} {samples}");
            }
            for more in [3, 4, 100] {
                let long = [bytes.clone(), vec![0; more]].concat();
                assert!(check_refused(codec, &long, 200), "{codec} {more}");
            }
            for _ in 0..500 {
                let mut changed = bytes.clone();
                let at = random() as usize % whole;
                changed[at] ^= random() as u8;
                check_refused(codec, &changed, 200);
            }
        }
    }
}

/// The peer's words of a hundred traces.
#[test]
fn the_peers_words_of_real_waveforms() {
    let name = "data/daq/LDQTA_r117_20200110T105115Z_cal_geds_raw";
    let (Some(words), Some(file)) = (
        data::shared(&format!("{name}-radware-sigcompressed.dat")),
        data::shared(&format!("{name}.lh5")),
    ) else {
        return;
    };
    let traces = Reader::open(&file).unwrap();
    let traces = traces.array("/geds/raw/waveform/values", 0..usize::MAX).unwrap();
    let words = std::fs::read_to_string(words).unwrap();
    let mut compared = 0;
    for (row, line) in words.lines().enumerate() {
        let numbers: Vec<i32> = line.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let [count, shift, buffer @ ..] = numbers.as_slice() else { panic!("line {row}") };
        let codec = Codec::RadwareSigcompress { shift: *shift };
        let mut ours = Vec::new();
        let trace = traces.row(row).unwrap();
        Encoder::new(codec, traces.dtype).unwrap().encode(trace, &mut ours).unwrap();
        let back = decode(codec, &ours, trace.len() / 2).unwrap();
        let same = trace.as_chunks::<2>().0.iter().map(|b| i32::from(u16::from_le_bytes(*b)));
        assert!(same.eq(back), "row {row}");
        let ours = ours.as_chunks::<2>().0.iter().map(|b| i32::from(u16::from_be_bytes(*b)));
        let ours: Vec<i32> = ours.collect();
        assert_eq!(ours.len(), *count as usize, "row {row}");
        let (last, before) = ours.split_last().unwrap();
        assert_eq!(before, &buffer[..before.len()], "row {row}");
        // A last word may be padding, which the peer leaves as it was.
        assert!(*last == buffer[before.len()] || *last == 0, "row {row}");
        compared += 1;
    }
    assert_eq!(compared, 100);
}
