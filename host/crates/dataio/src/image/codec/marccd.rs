//! MarCCD and Rayonix: a TIFF file with a record of 3072 bytes at offset 1024.
//!
//! Offsets in the record, its types and names are those of the table below; distances in µm, angles in
//! 1/1000°, the beam in 1/1000 pixel, times in ms, pixel sizes in nm, the wavelength in fm.
//! The record's byte order is at 28: 1234 low byte first, 4321 high byte first. Without one of these
//! there is no record, and the header is that of the TIFF file.

use super::super::{Codec, Encoder, Header, Hint, Image, Source, Value};
use super::tif::{TIF_WRITER, TifImage};
use crate::Error;

/// The format.
#[derive(Debug)]
pub struct MarCcd;

impl Codec for MarCcd {
    fn name(&self) -> &'static str {
        "marccd"
    }

    fn description(&self) -> &'static str {
        "File format from MarCCD and MarMosaic images"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mccd"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        let name = hint.path.file_name().unwrap_or_default().to_string_lossy();
        hint.head.starts_with(b"II*\0\x08\0") && name.split('.').any(|part| part == "mccd")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let record = parse(&source.bytes(START, SIZE)?);
        let header = move |mut tags: Header| {
            record.iter().for_each(|(key, value)| tags.set(key.clone(), value.clone()));
            tags
        };
        Ok(Box::new(TifImage::open(source, Box::new(header))?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&TIF_WRITER)
    }
}

/// Where the record is.
const START: u64 = 1024;
const SIZE: u64 = 3072;
const BYTE_ORDER: usize = 28;

#[derive(Clone, Copy)]
enum Kind {
    U16,
    U32,
    I32,
    Text,
}

use Kind::{I32, Text, U16, U32};

/// Offset, type, number of values (bytes of a text), and the names of fields that follow each other.
const FIELDS: &[(usize, Kind, usize, &[&str])] = &[
    (0, U32, 1, &["header_type"]),
    (4, Text, 16, &["header_name"]),
    (
        20,
        U32,
        1,
        &["header_major_version", "header_minor_version", "header_byte_order", "data_byte_order"],
    ),
    (36, U32, 1, &["header_size", "frame_type", "magic_number", "compression_type"]),
    (52, U32, 1, &["compression1", "compression2", "compression3", "compression4", "compression5"]),
    (
        72,
        U32,
        1,
        &["compression6", "nheaders", "nfast", "nslow", "depth", "record_length", "signif_bits"],
    ),
    (
        100,
        U32,
        1,
        &["data_type", "saturated_value", "sequence", "nimages", "origin", "orientation"],
    ),
    (
        124,
        U32,
        1,
        &["view_direction", "overflow_location", "over_8_bits", "over_16_bits", "multiplexed"],
    ),
    (144, U32, 1, &["nfastimages", "nslowimages", "background_applied", "bias_applied"]),
    (
        160,
        U32,
        1,
        &["flatfield_applied", "distortion_applied", "original_header_type", "file_saved"],
    ),
    (256, U32, 2, &["total_counts", "special_counts1", "special_counts2"]),
    (280, U32, 1, &["min", "max", "mean", "rms", "p10", "p90", "stats_uptodate"]),
    (308, U32, 9, &["pixel_noise"]),
    (384, U16, 128, &["percentile"]),
    (640, I32, 1, &["xtal_to_detector", "beam_x", "beam_y", "integration_time", "exposure_time"]),
    (
        660,
        I32,
        1,
        &["readout_time", "nreads", "start_twotheta", "start_omega", "start_chi", "start_kappa"],
    ),
    (
        684,
        I32,
        1,
        &["start_phi", "start_delta", "start_gamma", "start_xtal_to_detector", "end_twotheta"],
    ),
    (704, I32, 1, &["end_omega", "end_chi", "end_kappa", "end_phi", "end_delta", "end_gamma"]),
    (728, I32, 1, &["end_xtal_to_detector", "rotation_axis", "rotation_range", "detector_rotx"]),
    (744, I32, 1, &["detector_roty", "detector_rotz"]),
    (
        768,
        I32,
        1,
        &["detector_type", "pixelsize_x", "pixelsize_y", "mean_bias", "photons_per_100adu"],
    ),
    (788, I32, 9, &["measured_bias", "measured_temperature", "measured_pressure"]),
    (896, I32, 1, &["source_type", "source_dx", "source_dy", "source_wavelength", "source_power"]),
    (916, I32, 1, &["source_voltage", "source_current", "source_bias", "source_polarization_x"]),
    (932, I32, 1, &["source_polarization_y"]),
    (
        952,
        I32,
        1,
        &["optics_type", "optics_dx", "optics_dy", "optics_wavelength", "optics_dispersion"],
    ),
    (
        972,
        I32,
        1,
        &["optics_crossfire_x", "optics_crossfire_y", "optics_angle", "optics_polarization_x"],
    ),
    (988, I32, 1, &["optics_polarization_y"]),
    (1024, Text, 128, &["filetitle", "filepath"]),
    (1280, Text, 64, &["filename"]),
    (1344, Text, 32, &["acquire_timestamp", "header_timestamp", "save_timestamp"]),
    (1440, Text, 512, &["file_comments"]),
    (2048, Text, 512, &["dataset_comments"]),
];

/// The fields of a record; none, if it is no record.
fn parse(record: &[u8]) -> Vec<(String, Value)> {
    let order = record.get(BYTE_ORDER..BYTE_ORDER + 4).and_then(|bytes| bytes.first_chunk());
    let big_endian =
        match order.map(|bytes| (u32::from_le_bytes(*bytes), u32::from_be_bytes(*bytes))) {
            Some((1234, _)) => false,
            Some((_, 4321)) => true,
            _ => return Vec::new(),
        };
    if (record.len() as u64) < SIZE {
        return Vec::new();
    }
    let mut fields = Vec::new();
    for (start, kind, count, names) in FIELDS {
        let size = count
            * match kind {
                Text => 1,
                U16 => 2,
                U32 | I32 => 4,
            };
        for (name, bytes) in names.iter().zip(record[*start..].chunks_exact(size)) {
            fields.push(((*name).to_owned(), value(bytes, *kind, big_endian)));
        }
    }
    fields
}

fn value(bytes: &[u8], kind: Kind, big_endian: bool) -> Value {
    let item = match kind {
        Text => {
            let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
            return String::from_utf8_lossy(&bytes[..end]).into_owned().into();
        }
        U16 => 2,
        U32 | I32 => 4,
    };
    let number = |bytes: &[u8]| {
        let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        let number =
            if big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) };
        Value::Int(if matches!(kind, I32) { i64::from(number as i32) } else { i64::from(number) })
    };
    let mut values: Vec<Value> = bytes.chunks_exact(item).map(number).collect();
    if values.len() == 1 { values.remove(0) } else { Value::List(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_at_their_places() {
        let mut record = vec![0; 3072];
        assert!(parse(&record).is_empty() && parse(&[]).is_empty());
        record[28..32].copy_from_slice(&1234_u32.to_le_bytes());
        record[4..7].copy_from_slice(b"MMX");
        record[80..84].copy_from_slice(&2048_u32.to_le_bytes());
        record[732..736].copy_from_slice(&(-4_i32).to_le_bytes());
        record[860..864].copy_from_slice(&7_i32.to_le_bytes());
        record[2048..2051].copy_from_slice(b"abc");
        let header: Header = parse(&record).into_iter().collect();
        assert_eq!(header.get("nfast"), Some(&Value::Int(2048)));
        assert_eq!(header.get("rotation_axis"), Some(&Value::Int(-4)));
        assert_eq!(header.text("header_name"), Some("MMX"));
        assert_eq!(header.text("dataset_comments"), Some("abc"));
        let Some(Value::List(pressure)) = header.get("measured_pressure") else {
            panic!("no list")
        };
        assert_eq!((pressure.len(), &pressure[0]), (9, &Value::Int(7)));
        record[28..32].copy_from_slice(&4321_u32.to_be_bytes());
        let header: Header = parse(&record).into_iter().collect();
        assert_eq!(header.get("nfast"), Some(&Value::Int(2048 << 8)));
        assert!(parse(&record[..3071]).is_empty());
    }
}
