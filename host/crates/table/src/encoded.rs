//! Waveforms in encoded form.

use std::fmt;
use std::str::FromStr;

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
}
