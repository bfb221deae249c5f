//! XSDataImage: XML of the EDNA framework.
//!
//! Elements at any depth: `shape` (an extent, the fastest first), `size` (number of pixels), `dtype` (numpy's name),
//! `data` (text), `coding/value` (`base64`, `base32` or `base16`), `md5sum/value` (of the decoded bytes, hexadecimal).
//! Pixels are little-endian.

use data_encoding::{BASE32, BASE64, Encoding, HEXLOWER, HEXUPPER_PERMISSIVE};
use md5::{Digest, Md5};
use quick_xml::events::Event;
use tierline_table::DType;

use crate::image::plain::single;
use crate::image::{Codec, Header, Hint, Image, Pixels, Source};
use crate::{Error, Place};

/// Extents that are read; more are refused.
const MAX_EXTENTS: usize = 16;

/// XSDataImage.
pub struct Xsd;

impl Codec for Xsd {
    fn name(&self) -> &'static str {
        "xsd"
    }

    fn description(&self) -> &'static str {
        "XSDataImage, XML"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["xml", "xsd"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"<")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let parts = Parts::read(&source)?;
        parts.check(&source)?;
        Ok(single(source, Header::new(), Vec::new(), move |source, _| {
            Parts::read(source)?.pixels(source)
        }))
    }
}

#[derive(Default)]
struct Parts {
    shape: Vec<usize>,
    size: Option<usize>,
    dtype: Option<String>,
    coding: Option<String>,
    data: String,
    md5: Option<String>,
}

impl Parts {
    fn read(source: &Source) -> Result<Parts, Error> {
        let bytes = source.all()?;
        let mut reader = quick_xml::Reader::from_reader(bytes.as_slice());
        let mut parts = Parts::default();
        // Names of the two innermost elements suffice, but the way back needs all.
        let mut names: Vec<String> = Vec::new();
        let mut text = String::new();
        loop {
            let at = reader.buffer_position();
            let bad = |reason: String| source.malformed(Place::Byte(at), reason);
            match reader.read_event().map_err(|error| bad(error.to_string()))? {
                Event::Start(element) => {
                    names.push(element.name().as_ref().to_owned());
                    text.clear();
                }
                Event::Text(more) => text.push_str(&more),
                Event::CData(more) => text.push_str(&more),
                Event::End(_) => {
                    let (inner, outer) = (names.pop().unwrap_or_default(), names.last());
                    parts.add(outer.map(String::as_str), &inner, text.trim()).map_err(bad)?;
                    text.clear();
                }
                Event::Eof if names.is_empty() => return Ok(parts),
                Event::Eof => return Err(bad("the XML ends inside an element".into())),
                _ => {}
            }
        }
    }

    fn add(&mut self, outer: Option<&str>, inner: &str, text: &str) -> Result<(), String> {
        let number =
            || text.parse().map_err(|_| format!("expected a size, found {:?}", short(text)));
        match (outer, inner) {
            (_, "shape") if self.shape.len() == MAX_EXTENTS => {
                return Err("too many extents".into());
            }
            (_, "shape") => self.shape.insert(0, number()?),
            (_, "size") => self.size = Some(number()?),
            (_, "dtype") => self.dtype = Some(text.to_owned()),
            (_, "data") => self.data = text.to_owned(),
            (Some("coding"), "value") => self.coding = Some(text.to_owned()),
            (Some("md5sum"), "value") => self.md5 = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// Type and bytes of the pixels.
    fn check(&self, source: &Source) -> Result<(DType, usize), Error> {
        let name = self.dtype.as_deref().unwrap_or_default();
        let dtype = dtype(name).ok_or_else(|| {
            Error::unsupported(source.path(), Place::File, format!("dtype {:?}", short(name)))
        })?;
        let size = source.size("pixels", &self.shape, dtype.size())?;
        match self.size {
            Some(count)
                if count.checked_mul(dtype.size()) == Some(size) && !self.shape.is_empty() =>
            {
                Ok((dtype, size))
            }
            count => {
                let reason = format!("shape {:?} and size {count:?} differ", self.shape);
                Err(source.malformed(Place::File, reason))
            }
        }
    }

    fn pixels(self, source: &Source) -> Result<Pixels, Error> {
        let (dtype, size) = self.check(source)?;
        let encoding: &Encoding = match self.coding.as_deref() {
            Some("base64") => &BASE64,
            Some("base32") => &BASE32,
            Some("base16") => &HEXUPPER_PERMISSIVE,
            other => {
                let reason = format!("coding {:?}", short(other.unwrap_or_default()));
                return Err(Error::unsupported(source.path(), Place::File, reason));
            }
        };
        let text: Vec<u8> = self.data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let data = encoding
            .decode(&text)
            .map_err(|error| source.malformed(Place::File, error.to_string()))?;
        if data.len() != size {
            let reason = format!("expected {size} bytes of pixels, found {}", data.len());
            return Err(source.malformed(Place::File, reason));
        }
        if let Some(expected) = self.md5 {
            let found = HEXLOWER.encode(&Md5::digest(&data));
            if !expected.eq_ignore_ascii_case(&found) {
                let reason = format!("expected the MD5 sum {}, found {found}", short(&expected));
                return Err(source.malformed(Place::File, reason));
            }
        }
        Ok(Pixels { dtype, shape: self.shape, data })
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn dtype(name: &str) -> Option<DType> {
    let all = [
        DType::U8,
        DType::I8,
        DType::U16,
        DType::I16,
        DType::U32,
        DType::I32,
        DType::U64,
        DType::I64,
        DType::F32,
        DType::F64,
    ];
    all.into_iter().find(|dtype| dtype.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes, truncated};

    fn file(coding: &str, data: &str, md5: &str) -> Vec<u8> {
        format!(
            "<?xml version=\"1.0\"?><A><shape>2</shape><shape>1</shape><size>2</size><dtype>uint16</dtype>\
             <data>{data}</data><coding><value>{coding}</value></coding>{md5}</A>"
        )
        .into_bytes()
    }

    #[test]
    fn three_codings() {
        for (coding, data) in
            [("base16", "0100 ff0a"), ("base32", "AEAP6CQ="), ("base64", "AQD/\nCg==")]
        {
            let frame = read_bytes(&Xsd, file(coding, data, "")).unwrap();
            assert_eq!(
                (frame.pixels.shape, frame.pixels.data),
                (vec![1, 2], vec![1, 0, 255, 10]),
                "{coding}"
            );
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let md5 = |sum: &str| format!("<md5sum><value>{sum}</value></md5sum>");
        let good = HEXLOWER.encode(&Md5::digest([1, 0, 255, 10]));
        let bytes = file("base16", "0100FF0A", &md5(&good));
        truncated(&Xsd, &bytes);
        damaged(&Xsd, &bytes);
        assert!(read_bytes(&Xsd, file("base16", "0100FF0A", &md5("00"))).is_err());
        assert!(read_bytes(&Xsd, file("base85", "0100FF0A", "")).is_err());
        assert!(read_bytes(&Xsd, file("base16", "0100FF", "")).is_err());
    }
}
