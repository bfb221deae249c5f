//! Waveform codecs: what is encoded comes back, and what is no trace is refused.

use tierline_h5::lh5::codec::{Codec, Encoder, decode};
use tierline_table::DType;

/// Elements that the codecs take.
const ELEMENTS: [DType; 6] = [DType::U8, DType::I8, DType::U16, DType::I16, DType::U32, DType::I32];
const CODECS: [Codec; 3] = [
    Codec::Uleb128ZigZagDiff,
    Codec::RadwareSigcompress { shift: -32768 },
    Codec::RadwareSigcompress { shift: 0 },
];

/// The first byte chooses codec and elements, two more the samples that are asked of the rest.
pub fn run(data: &[u8]) {
    let [how, low, high, bytes @ ..] = data else { return };
    let codec = CODECS[usize::from(*how) % CODECS.len()];
    let dtype = ELEMENTS[usize::from(*how) / CODECS.len() % ELEMENTS.len()];
    let mut out = vec![7];
    match decode(codec, bytes, usize::from(u16::from_le_bytes([*low, *high])), &mut out) {
        Ok(()) => assert_eq!(out.len(), 1 + 4 * usize::from(u16::from_le_bytes([*low, *high]))),
        Err(_) => assert_eq!(out, [7]),
    }
    let mut encoder = Encoder::new(codec, dtype).expect("the codecs take these elements");
    let mut encoded = Vec::new();
    if encoder.encode(bytes, &mut encoded).is_err() {
        return;
    }
    let samples = bytes.len() / dtype.size();
    let mut back = Vec::new();
    decode(codec, &encoded, samples, &mut back).expect("what was encoded can be decoded");
    let (back, _) = back.as_chunks::<4>();
    for (sample, have) in bytes.chunks_exact(dtype.size()).zip(back) {
        let have = i32::from_le_bytes(*have);
        let want = match (dtype, sample) {
            (DType::U8, [a]) => i32::from(*a),
            (DType::I8, [a]) => i32::from(*a as i8),
            (DType::U16, [a, b]) => i32::from(u16::from_le_bytes([*a, *b])),
            (DType::I16, [a, b]) => i32::from(i16::from_le_bytes([*a, *b])),
            (_, [a, b, c, d]) => i32::from_le_bytes([*a, *b, *c, *d]),
            _ => unreachable!("elements have a size"),
        };
        // Radware's samples have 16 bits; the shift may make them wrap.
        match codec {
            Codec::Uleb128ZigZagDiff => assert_eq!(have, want),
            Codec::RadwareSigcompress { .. } => assert_eq!(have as u16, want as u16),
        }
    }
    assert_eq!(back.len(), samples);
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let trace: Vec<u8> = (0..200u16).flat_map(|i| (i * i % 300).to_le_bytes()).collect();
    (0..18).map(|how| [&[how, 200, 0][..], &trace].concat()).collect()
}
