//! Multiwire data of FAST ComTec's MPA (`.mpa`): text.
//!
//! Lines `key=value`, in sections `[name]`, up to a line that begins with `[DATA` or `[CDAT`; the keys of a section
//! get its name and `_` before them. Behind the line that begins with `[CDAT` comes one number to a line:
//! `ADC1_range` rows of `ADC2_range`, read as f64.

use tierline_table::DType;

use crate::image::plain::{extent, single};
use crate::image::{Codec, Header, Hint, Image, Pixels, Source};
use crate::{Error, Place};

/// Multiwire data of FAST ComTec's MPA.
pub struct Mpa;

impl Codec for Mpa {
    fn name(&self) -> &'static str {
        "mpa"
    }

    fn description(&self) -> &'static str {
        "FAST ComTec MPA multiwire data"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mpa"]
    }

    fn sniff(&self, _: &Hint<'_>) -> bool {
        false
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let text = source.all()?;
        let (header, start) = read_header(&text).ok_or_else(|| {
            source.malformed(Place::File, "expected a line that begins with [CDAT")
        })?;
        if header.text("mpafmt").is_none() {
            return Err(source.malformed(Place::File, "expected the key mpafmt"));
        }
        let (rows, columns) =
            (extent(&source, &header, "ADC1_range")?, extent(&source, &header, "ADC2_range")?);
        Ok(single(source, header, Vec::new(), move |source, _| {
            pixels(source, start, rows, columns)
        }))
    }
}

/// The header and where the numbers begin.
fn read_header(text: &[u8]) -> Option<(Header, usize)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    let mut section = String::new();
    let mut start = 0;
    let mut in_header = true;
    loop {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).map_or(text.len(), |end| start + end + 1);
        let line = &text[start..end];
        start = end;
        if line.starts_with(b"[CDAT") {
            let mut header = Header::new();
            entries.into_iter().for_each(|(key, value)| header.set(key, value));
            return Some((header, start));
        }
        in_header &= !line.starts_with(b"[DATA");
        if !in_header {
            continue;
        }
        let line = String::from_utf8_lossy(line);
        match line.trim().split_once('=') {
            Some((key, value)) => {
                let before = if section.is_empty() { "" } else { "_" };
                entries.push((format!("{section}{before}{}", key.trim()), value.trim().to_owned()));
            }
            None => section = line.trim().trim_matches(['[', ']']).to_owned(),
        }
    }
}

fn pixels(source: &Source, start: usize, rows: usize, columns: usize) -> Result<Pixels, Error> {
    let size = source.size("pixels", &[rows, columns], 8)?;
    let text = source.all()?;
    let numbers = text.get(start..).unwrap_or_default();
    let wrong = |found: String| {
        let reason = format!("expected {rows} rows of {columns} numbers, found {found}");
        source.malformed(Place::Byte(start as u64), reason)
    };
    // A number takes at least a digit and the end of the line.
    if size / 8 > numbers.len() {
        return Err(wrong(format!("{} bytes", numbers.len())));
    }
    let mut data = Vec::with_capacity(size);
    for line in
        numbers.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
    {
        let value: f64 = fast_float2::parse(line).map_err(|_| {
            wrong(format!("{:?}", line[..line.len().min(40)].escape_ascii().to_string()))
        })?;
        if data.len() == size {
            return Err(wrong("more".to_owned()));
        }
        data.extend_from_slice(&value.to_le_bytes());
    }
    match data.len() == size {
        true => Ok(Pixels { dtype: DType::F64, shape: vec![rows, columns], data }),
        false => Err(wrong((data.len() / 8).to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes, truncated};

    #[test]
    fn sections_name_the_keys() {
        let text =
            b"mpafmt=asc\n[ADC1]\nrange=1\n[ADC2]\nrange=2\n[DATA0,2 ]\n7\n8\n[CDAT0,2 ]\n12\n34";
        let frame = read_bytes(&Mpa, text.to_vec()).unwrap();
        assert_eq!(frame.pixels.floats(), [12.0, 34.0]);
        assert_eq!(frame.header.text("ADC2_range"), Some("2"));
        truncated(&Mpa, &text[..text.len() - 1]);
        damaged(&Mpa, text);
    }
}
