//! Waveform codecs: lossless, a trace at a time.
//!
//! | codec | samples | size |
//! |---|---|---|
//! | [`Codec::RadwareSigcompress`] | up to 32767 of 16 bits | sections of up to 128 samples, bit-packed from their minimum |
//! | [`Codec::Uleb128ZigZagDiff`] | any number, up to 32 bits | differences, 7 bits to the byte |
//!
//! Decoded samples are `i32`, as the peers have them.

mod column;
mod radware;
mod uleb;

use tierline_table::DType;

pub use column::{decode_column, encode_column};
pub use tierline_table::Codec;

/// Whether a codec takes samples of this type: integers of at most 32 bits.
pub fn takes(dtype: DType) -> bool {
    use DType::{I8, I16, I32, U8, U16, U32};
    matches!(dtype, I8 | I16 | I32 | U8 | U16 | U32)
}

/// Why samples can't be encoded, or bytes not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Elements of a type that the codec does not take.
    #[error("{codec} takes integers of at most 32 bits, not {dtype}")]
    Elements {
        /// The codec.
        codec: Codec,
        /// Type of the elements.
        dtype: DType,
    },
    /// A column without traces.
    #[error("{codec} takes rows of samples, not {kind}")]
    Kind {
        /// The codec.
        codec: Codec,
        /// What the column is.
        kind: &'static str,
    },
    /// A trace is too long.
    #[error("row {row} has {samples} samples, {codec} takes at most {most}")]
    TooLong {
        /// The codec.
        codec: Codec,
        /// The row.
        row: usize,
        /// Its samples.
        samples: usize,
        /// Largest number of samples.
        most: usize,
    },
    /// A sample of more than 16 bits does not fit even when it is shifted.
    #[error("row {row}: {value} at sample {sample} does not fit 16 bits after {codec}")]
    TooLarge {
        /// The codec.
        codec: Codec,
        /// The row.
        row: usize,
        /// Index of the sample.
        sample: usize,
        /// Its value.
        value: i64,
    },
    /// The encoded bytes of a row contradict themselves.
    #[error("row {row}: byte {byte} of {length}: {reason}")]
    Malformed {
        /// The row.
        row: usize,
        /// Where it goes wrong, counted in the bytes of the row.
        byte: usize,
        /// Bytes of the row.
        length: usize,
        /// What is wrong.
        reason: String,
    },
    /// Vectors whose lengths do not fit the data.
    #[error("row {row} has no place in the data")]
    Rows {
        /// The first row that has none.
        row: usize,
    },
    /// More samples than may be decoded at once.
    #[error("{bytes} bytes of samples are above the limit of {limit}")]
    Limit {
        /// Bytes of the decoded samples.
        bytes: u64,
        /// What is allowed.
        limit: u64,
    },
}

impl CodecError {
    /// The same, of a row.
    #[must_use]
    pub(super) fn in_row(mut self, number: usize) -> Self {
        match &mut self {
            CodecError::TooLong { row, .. }
            | CodecError::TooLarge { row, .. }
            | CodecError::Malformed { row, .. }
            | CodecError::Rows { row } => *row = number,
            _ => {}
        }
        self
    }
}

/// What is wrong with encoded bytes, and where.
#[derive(Debug)]
struct Fault {
    byte: usize,
    reason: String,
}

fn fault(byte: usize, reason: impl Into<String>) -> Fault {
    Fault { byte, reason: reason.into() }
}

/// Encodes traces one after another; keeps its scratch memory.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    dtype: DType,
    radware: radware::Scratch,
}

impl Encoder {
    /// An encoder of samples of a type; an error if the codec does not take them.
    pub fn new(codec: Codec, dtype: DType) -> Result<Self, CodecError> {
        match takes(dtype) {
            true => Ok(Encoder { codec, dtype, radware: radware::Scratch::default() }),
            false => Err(CodecError::Elements { codec, dtype }),
        }
    }

    /// Appends an encoded trace to `out`. `trace` is samples as little-endian bytes; bytes after
    /// the last whole sample are left out. Errors are those of row 0.
    pub fn encode(&mut self, trace: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        match self.codec {
            Codec::RadwareSigcompress { shift } => {
                self.shifted(trace, shift)?;
                self.radware.encode(out);
            }
            Codec::Uleb128ZigZagDiff => match self.dtype {
                DType::U8 => uleb::encode(trace, |[b]: [u8; 1]| i32::from(b), out),
                DType::I8 => uleb::encode(trace, |b| i32::from(i8::from_le_bytes(b)), out),
                DType::U16 => uleb::encode(trace, |b| i32::from(u16::from_le_bytes(b)), out),
                DType::I16 => uleb::encode(trace, |b| i32::from(i16::from_le_bytes(b)), out),
                _ => uleb::encode(trace, i32::from_le_bytes, out),
            },
        }
        Ok(())
    }

    /// Sets the samples to be encoded, `shift` added. Those of 16 bits wrap, as the peers' do.
    fn shifted(&mut self, trace: &[u8], shift: i32) -> Result<(), CodecError> {
        let (codec, row) = (self.codec, 0);
        let (samples, most) = (trace.len() / self.dtype.size(), radware::MOST);
        if samples > most {
            return Err(CodecError::TooLong { codec, row, samples, most });
        }
        let short = shift as i16;
        let set = &mut self.radware;
        match self.dtype {
            DType::U16 | DType::I16 => {
                set.fill(trace, |b| i16::from_le_bytes(b).wrapping_add(short));
                return Ok(());
            }
            DType::U8 => set.fill(trace, |[b]: [u8; 1]| i16::from(b).wrapping_add(short)),
            DType::I8 => {
                set.fill(trace, |[b]: [u8; 1]| i16::from(b as i8).wrapping_add(short));
            }
            _ => set.fill(trace, |b| i32::from_le_bytes(b).wrapping_add(shift) as i16),
        }
        let signed = self.dtype != DType::U32;
        let wide = |item: &[u8]| match (item, signed) {
            (&[b], _) if self.dtype == DType::U8 => i64::from(b),
            (&[b], _) => i64::from(b as i8),
            (&[a, b, c, d], true) => i64::from(i32::from_le_bytes([a, b, c, d])),
            (&[a, b, c, d], false) => i64::from(u32::from_le_bytes([a, b, c, d])),
            _ => 0,
        };
        let values = trace.chunks_exact(self.dtype.size()).map(wide);
        let fits = |value: i64| i16::try_from(value + i64::from(shift)).is_ok();
        match values.enumerate().find(|(_, value)| !fits(*value)) {
            Some((sample, value)) => Err(CodecError::TooLarge { codec, row, sample, value }),
            None => Ok(()),
        }
    }
}

/// Decodes one trace of `samples` samples and appends them to `out`, as `i32` in little-endian
/// bytes. Nothing is appended where the bytes are no such trace; memory is taken for traces that
/// the bytes can hold only.
pub fn decode(
    codec: Codec,
    bytes: &[u8],
    samples: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let start = out.len();
    let decoded = match codec {
        Codec::RadwareSigcompress { shift } => radware::decode(bytes, samples, shift, out),
        Codec::Uleb128ZigZagDiff => uleb::decode(bytes, samples, out),
    };
    decoded.map_err(|Fault { byte, reason }| {
        out.truncate(start);
        CodecError::Malformed { row: 0, byte, length: bytes.len(), reason }
    })
}
