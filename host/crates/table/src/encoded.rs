//! Waveforms in encoded form.

use std::fmt;
use std::str::FromStr;

use crate::{DType, VectorOfVectors};

/// How the samples of waveforms are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Radford's signal compression: sections of samples or of their differences, counted from the
    /// section's smallest, in as many bits as the largest needs.
    RadwareSigcompress {
        /// What is added to every sample, in ADC counts, so that it fits `i16`: -32768 for unsigned
        /// samples of 16 bits.
        shift: i32,
    },
    /// Differences of samples, zigzag, as ULEB128.
    Uleb128ZigZagDiff,
}

impl Codec {
    /// The name in the attribute `codec` of an LH5 file.
    pub fn name(self) -> &'static str {
        match self {
            Codec::RadwareSigcompress { .. } => "radware_sigcompress",
            Codec::Uleb128ZigZagDiff => "uleb128_zigzag_diff",
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::RadwareSigcompress { shift } => {
                write!(f, "RadwareSigcompress(codec_shift={shift})")
            }
            Codec::Uleb128ZigZagDiff => f.write_str("ULEB128ZigZagDiff()"),
        }
    }
}

/// A codec of another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCodec(
    /// What was asked for.
    pub String,
);

impl fmt::Display for UnknownCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = "RadwareSigcompress(codec_shift=N) and ULEB128ZigZagDiff()";
        write!(f, "there is no codec '{}', only {known}", self.0)
    }
}

impl std::error::Error for UnknownCodec {}

impl FromStr for Codec {
    type Err = UnknownCodec;

    /// Reads a codec as output specifications have it: `RadwareSigcompress(codec_shift=-32768)` or
    /// `ULEB128ZigZagDiff()`.
    fn from_str(text: &str) -> Result<Self, UnknownCodec> {
        let unknown = || UnknownCodec(text.to_owned());
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (name, arguments) = bare.split_once('(').unwrap_or((&bare, ")"));
        let arguments = arguments.strip_suffix(')').ok_or_else(unknown)?;
        match (name, arguments) {
            ("ULEB128ZigZagDiff", "") => Ok(Codec::Uleb128ZigZagDiff),
            ("RadwareSigcompress", "") => Ok(Codec::RadwareSigcompress { shift: 0 }),
            ("RadwareSigcompress", _) => {
                let shift = arguments.strip_prefix("codec_shift=").unwrap_or(arguments);
                let shift = shift.parse().map_err(|_| unknown())?;
                Ok(Codec::RadwareSigcompress { shift })
            }
            _ => Err(unknown()),
        }
    }
}

/// How many samples the rows of an encoded column have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodedSize {
    /// All rows the same number.
    Equal(usize),
    /// Each row its own.
    PerRow(Vec<u32>),
}

/// Waveforms in encoded form: an array of encoded equal-sized arrays, or a vector of encoded
/// vectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedVectors {
    /// How they are encoded.
    pub codec: Codec,
    /// Samples of the decoded rows.
    pub decoded_size: DecodedSize,
    /// The encoded bytes of each row.
    pub encoded_data: VectorOfVectors,
}

impl EncodedVectors {
    /// A column without rows.
    pub fn new(codec: Codec, decoded_size: DecodedSize) -> Self {
        EncodedVectors { codec, decoded_size, encoded_data: VectorOfVectors::new(DType::U8) }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.encoded_data.rows()
    }

    /// Samples of a decoded row; `None` past the end.
    pub fn samples(&self, row: usize) -> Option<usize> {
        match &self.decoded_size {
            DecodedSize::Equal(samples) => (row < self.rows()).then_some(*samples),
            DecodedSize::PerRow(sizes) => sizes.get(row).map(|size| *size as usize),
        }
    }

    /// The encoded bytes of a row; `None` past the end or if the lengths do not fit the data.
    pub fn row(&self, row: usize) -> Option<&[u8]> {
        self.encoded_data.flattened.data.get(self.encoded_data.range(row)?)
    }

    /// Removes all rows.
    pub fn clear(&mut self) {
        self.encoded_data.flattened.data.clear();
        self.encoded_data.cumulative_length.clear();
        if let DecodedSize::PerRow(sizes) = &mut self.decoded_size {
            sizes.clear();
        }
    }

    /// Bytes of all values.
    pub(crate) fn bytes(&self) -> usize {
        let sizes = match &self.decoded_size {
            DecodedSize::Equal(_) => 0,
            DecodedSize::PerRow(sizes) => 4 * sizes.len(),
        };
        self.encoded_data.flattened.data.len() + 8 * self.rows() + sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_are_read_as_specifications_have_them() {
        let radware = Codec::RadwareSigcompress { shift: -32768 };
        for text in ["RadwareSigcompress(codec_shift=-32768)", " RadwareSigcompress( -32768 ) "] {
            assert_eq!(text.parse(), Ok(radware), "{text}");
        }
        assert_eq!("RadwareSigcompress".parse(), Ok(Codec::RadwareSigcompress { shift: 0 }));
        for codec in [radware, Codec::Uleb128ZigZagDiff] {
            assert_eq!(codec.to_string().parse(), Ok(codec));
        }
        for text in ["", "gzip", "ULEB128ZigZagDiff(3)", "RadwareSigcompress(x", "()"] {
            assert!(text.parse::<Codec>().unwrap_err().to_string().contains(text), "{text}");
        }
    }

    #[test]
    fn rows_have_bytes_and_samples() {
        let mut equal = EncodedVectors::new(Codec::Uleb128ZigZagDiff, DecodedSize::Equal(3));
        equal.encoded_data.push_row(&[1, 2, 3]);
        assert_eq!((equal.samples(0), equal.samples(1)), (Some(3), None));
        assert_eq!((equal.row(0), equal.row(1)), (Some(&[1, 2, 3][..]), None));
        let mut own =
            EncodedVectors { decoded_size: DecodedSize::PerRow(vec![2]), ..equal.clone() };
        assert_eq!((own.samples(0), own.samples(1), own.bytes()), (Some(2), None, 15));
        own.clear();
        assert_eq!((own.rows(), own.bytes()), (0, 0));
    }
}
