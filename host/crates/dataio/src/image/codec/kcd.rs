//! Nonius' KappaCCD.
//!
//! Text first: a line that begins with `No`, then lines `key = value` (and `Binned mode`), up to one that is longer
//! than 100 characters, no ASCII, or has no `=`. The last bytes of the file are the readouts, `Number of readouts`
//! of them, each of `Y dimension` rows of `X dimension` u16, little-endian. The image is their sum, i32.

use tierline_table::DType;

use crate::image::plain::{extent, single};
use crate::image::{Codec, Header, Hint, Image, Pixels, Source};
use crate::{Error, Place};

/// Longest header that is looked at, in bytes.
const MAX_HEADER: u64 = 65536;
const MAX_LINE: usize = 100;

/// Nonius' KappaCCD.
pub struct Kcd;

impl Codec for Kcd {
    fn name(&self) -> &'static str {
        "kcd"
    }

    fn description(&self) -> &'static str {
        "Nonius KappaCCD"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["kcd"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"No")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let header = read_header(&source.bytes(0, MAX_HEADER)?);
        let mut warnings = Vec::new();
        let (columns, rows) =
            (extent(&source, &header, "X dimension")?, extent(&source, &header, "Y dimension")?);
        match header.text("Data type") {
            Some("u16") => {}
            other => {
                warnings.push(format!("data type {:?}: u16 is taken", other.unwrap_or_default()))
            }
        }
        let readouts = match header.get("Number of readouts") {
            Some(_) => extent(&source, &header, "Number of readouts")?,
            None => {
                warnings.push("no number of readouts: 1 is taken".to_owned());
                1
            }
        };
        Ok(single(source, header, warnings, move |source, _| sum(source, rows, columns, readouts)))
    }
}

fn read_header(head: &[u8]) -> Header {
    let mut header = Header::new();
    for line in head.split(|byte| *byte == b'\n').skip(1) {
        if line.len() >= MAX_LINE || !line.is_ascii() {
            break;
        }
        let line = String::from_utf8_lossy(line);
        match line.split_once('=') {
            Some((key, value)) => header.set(key.trim(), value.trim()),
            None if line.trim() == "Binned mode" => header.set("Mode", "Binned"),
            None => break,
        }
    }
    header
}

fn sum(source: &Source, rows: usize, columns: usize, readouts: usize) -> Result<Pixels, Error> {
    let shape = vec![rows, columns];
    source.size("pixels", &shape, 4)?;
    let size = source.size("readout", &shape, 2)? as u64;
    let all = size.saturating_mul(readouts as u64);
    let Some(start) = source.len().checked_sub(all) else {
        let reason = format!("{readouts} readouts need {all} bytes, the file has {}", source.len());
        return Err(source.malformed(Place::File, reason));
    };
    if size == 0 {
        return Ok(Pixels { dtype: DType::I32, shape, data: Vec::new() });
    }
    let mut sums = vec![0i32; rows * columns];
    for readout in 0..readouts as u64 {
        let data = source.exact(start + readout * size, size, "readout")?;
        for (sum, value) in sums.iter_mut().zip(data.as_chunks().0) {
            *sum = sum.wrapping_add(u16::from_le_bytes(*value).into());
        }
    }
    let data = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    Ok(Pixels { dtype: DType::I32, shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes};

    #[test]
    fn readouts_are_added() {
        let mut bytes =
            b"No x\nX dimension = 2\nY dimension=1\nNumber of readouts = 2\nBinned mode\nData type = u16\n\xff".to_vec();
        bytes.extend_from_slice(&[1, 0, 255, 255, 4, 0, 255, 255]);
        let frame = read_bytes(&Kcd, bytes.clone()).unwrap();
        assert!(frame.pixels.integers().eq([5, 131_070]));
        assert_eq!(frame.header.text("Mode"), Some("Binned"));
        for length in 0..80 {
            assert!(read_bytes(&Kcd, bytes[..length.min(30)].to_vec()).is_err());
        }
        damaged(&Kcd, &bytes);
    }
}
