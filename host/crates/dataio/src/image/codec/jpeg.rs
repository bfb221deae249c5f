//! JPEG, decoded by `zune-jpeg`.
//!
//! Gray images are `[rows, columns]`, colours `[rows, columns, 3]`, u8. The header has what Pillow tells: of the
//! JFIF segment `jfif`, `jfif_version`, `dpi` (where the density is per length), `jfif_unit` and `jfif_density`, and
//! `comment`.

use tierline_table::DType;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::image::plain::single;
use crate::image::{Codec, Header, Hint, Image, Pixels, Source, Value};
use crate::{Error, Place};

/// Most rows and columns.
const MAX_SIDE: usize = 65535;

/// JPEG.
pub struct Jpeg;

impl Codec for Jpeg {
    fn name(&self) -> &'static str {
        "jpeg"
    }

    fn description(&self) -> &'static str {
        "JPEG"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jpg", "jpeg"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        matches!(hint.head, [0xff, 0xd8, 0xff, 0xdb | 0xe0 | 0xe1, ..])
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let bytes = source.all()?;
        let header = read_header(&bytes);
        decoder(&source, &bytes)?;
        Ok(single(source, header, Vec::new(), |source, _| pixels(source)))
    }
}

type Decoder<'a> = JpegDecoder<ZCursor<&'a [u8]>>;

/// A decoder behind the headers, with what to make of the pixels.
fn decoder<'a>(source: &Source, bytes: &'a [u8]) -> Result<(Decoder<'a>, Vec<usize>), Error> {
    let bad = |reason: String| source.malformed(Place::File, reason);
    let options = DecoderOptions::new_safe()
        .set_max_width(MAX_SIDE)
        .set_max_height(MAX_SIDE)
        .set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| bad(error.to_string()))?;
    let info = decoder.info().ok_or_else(|| bad("no frame".into()))?;
    let mut shape = vec![usize::from(info.height), usize::from(info.width)];
    let wanted = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    if wanted == ColorSpace::RGB {
        shape.push(3);
    }
    source.size("pixels", &shape, 1)?;
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    Ok((decoder, shape))
}

fn pixels(source: &Source) -> Result<Pixels, Error> {
    let bytes = source.all()?;
    let (mut decoder, shape) = decoder(source, &bytes)?;
    let data =
        decoder.decode().map_err(|error| source.malformed(Place::File, error.to_string()))?;
    if data.len() != shape.iter().product::<usize>() {
        let reason = format!("expected {shape:?} pixels, found {} bytes", data.len());
        return Err(source.malformed(Place::File, reason));
    }
    Ok(Pixels { dtype: DType::U8, shape, data })
}

/// Walks the segments up to the first scan.
fn read_header(bytes: &[u8]) -> Header {
    let mut header = Header::new();
    let mut rest = bytes.get(2..).unwrap_or_default();
    while let [0xff, marker, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(2);
        let Some((segment, next)) = behind.split_at_checked(length) else { break };
        match marker {
            0xe0 if segment.starts_with(b"JFIF\0") => jfif(segment, &mut header),
            0xfe => header.set("comment", Value::Bytes(segment.to_vec())),
            0xda => break,
            _ => {}
        }
        rest = next;
    }
    header
}

fn jfif(segment: &[u8], header: &mut Header) {
    let Some(&[major, minor, unit, x1, x0, y1, y0]) = segment.get(5..12) else { return };
    let density = [u16::from_be_bytes([x1, x0]), u16::from_be_bytes([y1, y0])];
    let list = |values: [Value; 2]| Value::List(values.into());
    let integer = |value: u16| Value::Int(value.into());
    header.set("jfif", i64::from(u16::from_be_bytes([major, minor])));
    header.set("jfif_version", list([integer(major.into()), integer(minor.into())]));
    match unit {
        1 => header.set("dpi", list(density.map(integer))),
        2 => header.set("dpi", list(density.map(|value| Value::Float(f64::from(value) * 2.54)))),
        _ => {}
    }
    header.set("jfif_unit", i64::from(unit));
    header.set("jfif_density", list(density.map(integer)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::open_bytes;

    #[test]
    fn headers_are_pillows() {
        let mut bytes =
            b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02\x01\0\x48\0\x60\0\0\xff\xfe\0\x04hi\xff\xda"
                .to_vec();
        let header = read_header(&bytes);
        let keys: Vec<&str> = header.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["jfif", "jfif_version", "dpi", "jfif_unit", "jfif_density", "comment"]);
        assert_eq!(header.get("dpi").unwrap().to_string(), "[72, 96]");
        for length in 0..bytes.len() {
            assert!(open_bytes(&Jpeg, bytes[..length].to_vec()).is_err());
        }
        bytes.resize(10_000, 0xff);
        assert!(open_bytes(&Jpeg, bytes).is_err());
    }
}
