//! Princeton Instruments' SPE.
//!
//! | offset | type | what |
//! |---|---|---|
//! | 10 | f32 | exposure in seconds (version 2) |
//! | 20, 172 | 9, 6 characters | day as `01Jan2020`, time as `235959` (version 2) |
//! | 42 | u16 | columns |
//! | 72 | f32 | central wavelength in nm (version 2) |
//! | 108 | u16 | type: 0 f32, 1 i32, 2 i16, 3 u16 |
//! | 650 | f32 | grating (version 2) |
//! | 656 | u16 | rows |
//! | 678 | u64 | where the XML footer begins; 0 in version 2 |
//! | 1446 | i32 | frames |
//! | 3263 | 6 f64 | polynomial from column (from 1 on) to wavelength (version 2) |
//! | 4100 | | frames |
//!
//! All is little-endian. The footer of version 3 is given whole, as `xml`.

use tierline_report::LimitKind;
use tierline_table::DType;

use crate::image::plain::RawFrames;
use crate::image::{Codec, Endian, Header, Hint, Image, Source, Value};
use crate::{Error, Place};

const HEADER: usize = 4100;
const EXPOSURE: usize = 10;
const DAY: usize = 20;
const COLUMNS: usize = 42;
const WAVELENGTH: usize = 72;
const TYPE: usize = 108;
const TIME: usize = 172;
const GRATING: usize = 650;
const ROWS: usize = 656;
const FOOTER: usize = 678;
const FRAMES: usize = 1446;
const POLYNOMIAL: usize = 3263;

/// Princeton Instruments' SPE.
pub struct Spe;

impl Codec for Spe {
    fn name(&self) -> &'static str {
        "spe"
    }

    fn description(&self) -> &'static str {
        "Princeton Instruments SPE"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["spe"]
    }

    fn sniff(&self, _: &Hint<'_>) -> bool {
        false
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.exact(0, HEADER as u64, "header")?;
        let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
        let dtype = match short(TYPE) {
            0 => DType::F32,
            1 => DType::I32,
            2 => DType::I16,
            3 => DType::U16,
            other => {
                let reason = format!("pixels of type {other}");
                return Err(Error::unsupported(source.path(), Place::Byte(TYPE as u64), reason));
            }
        };
        let frames = i32::from_le_bytes(array(&head, FRAMES));
        let footer = u64::from_le_bytes(array(&head, FOOTER));
        let mut header = Header::new();
        header.set("version", if footer == 0 { 2 } else { 3 });
        header.set("data_type", i64::from(short(TYPE)));
        header.set("x_dim", i64::from(short(COLUMNS)));
        header.set("y_dim", i64::from(short(ROWS)));
        header.set("num_frames", i64::from(frames));
        match footer {
            0 => version_2(&head, &mut header),
            _ => {
                let length = source.len().saturating_sub(footer);
                source.limits().check(LimitKind::Header, "XML footer", length)?;
                let xml = source.bytes(footer, length)?;
                header.set("xml", String::from_utf8_lossy(&xml).into_owned());
            }
        }
        let shape = vec![usize::from(short(ROWS)), usize::from(short(COLUMNS))];
        let stride = source.size("frame", &shape, dtype.size())? as u64;
        Ok(Box::new(RawFrames {
            source,
            header,
            dtype,
            endian: Endian::Little,
            shape,
            offset: HEADER as u64,
            stride,
            count: usize::try_from(frames).unwrap_or(0),
            warnings: Vec::new(),
        }))
    }
}

fn array<const N: usize>(head: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| head[at + i])
}

fn version_2(head: &[u8], header: &mut Header) {
    let text = |at: usize, length: usize| {
        String::from_utf8_lossy(&head[at..at + length]).trim_matches(['\0', ' ']).to_owned()
    };
    let float = |at| f64::from(f32::from_le_bytes(array(head, at)));
    header.set("time", format!("{} {}", text(DAY, 9), text(TIME, 6)).trim());
    let coefficients: [f64; 6] =
        std::array::from_fn(|i| f64::from_le_bytes(array(head, POLYNOMIAL + 8 * i)));
    let columns = u16::from_le_bytes(array(head, COLUMNS));
    let wavelength =
        |x: u16| coefficients.iter().rev().fold(0.0, |sum, c| sum * (f64::from(x) + 1.0) + c);
    header.set("x_calibration", Value::List((0..columns).map(|x| wavelength(x).into()).collect()));
    header.set("exposure_time", float(EXPOSURE));
    header.set("detector", "unspecified");
    header.set("grating", Value::Float(float(GRATING)).to_string());
    header.set("center_wavelength", float(WAVELENGTH));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, open_bytes};

    #[test]
    fn frames_follow_the_header() {
        let mut bytes = vec![0; HEADER];
        for (at, value) in [(COLUMNS, 2), (ROWS, 1), (TYPE, 3), (FRAMES, 2)] {
            bytes[at] = value;
        }
        bytes[POLYNOMIAL..POLYNOMIAL + 8].copy_from_slice(&1.5f64.to_le_bytes());
        bytes[POLYNOMIAL + 8..POLYNOMIAL + 16].copy_from_slice(&2f64.to_le_bytes());
        bytes.extend_from_slice(&[1, 0, 2, 0, 3, 0, 4, 0]);
        let mut image = open_bytes(&Spe, bytes.clone()).unwrap();
        let frame = image.frame(1).unwrap();
        assert_eq!(frame.pixels.data, [3, 0, 4, 0]);
        assert_eq!(frame.header.get("x_calibration").unwrap().to_string(), "[3.5, 5.5]");
        assert!(open_bytes(&Spe, bytes[..HEADER - 1].to_vec()).is_err());
        let end = (bytes.len() as u64).to_le_bytes();
        bytes[FOOTER..FOOTER + 8].copy_from_slice(&end);
        bytes.extend_from_slice(b"<SpeFormat/>");
        assert_eq!(
            open_bytes(&Spe, bytes.clone()).unwrap().header(0).unwrap().text("xml"),
            Some("<SpeFormat/>")
        );
        damaged(&Spe, &bytes);
    }
}
