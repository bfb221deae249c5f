//! Pilatus TIFF: a TIFF file whose first directory is at 130, with 32-bit pixels and a description of
//! lines `# key value`, where `:`, `=`, `,` or blanks are between key and value.

use super::super::{Codec, Encoder, Header, Hint, Image, Source};
use super::tif::{TIF_WRITER, TifImage};
use crate::Error;

/// The format.
#[derive(Debug)]
pub struct Pilatus;

impl Codec for Pilatus {
    fn name(&self) -> &'static str {
        "pilatus"
    }

    fn description(&self) -> &'static str {
        "Pilatus file format based on Tiff"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["tif", "tiff"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"II*\0\x82\0")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let header = |tags: Header| parse(tags.text("imageDescription").unwrap_or_default());
        Ok(Box::new(TifImage::open(source, Box::new(header))?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&TIF_WRITER)
    }
}

/// The pairs of a description.
fn parse(description: &str) -> Header {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '=');
    let lines =
        description.split('\n').filter_map(|line| line.split_once("# ").map(|(_, line)| line));
    let pairs = lines.filter_map(|line| {
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let place = line.find(between)?;
        let value = line[place..].trim_start();
        // One mark, and blanks around it.
        let value = value.strip_prefix([',', ':', '=']).unwrap_or(value).trim_start();
        Some((&line[..place], value))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_pairs() {
        let header = parse(
            "# Pixel_size 172e-6 m x 172e-6 m\r\n# Silicon sensor, thickness 0.000320 m\r\n# Tau = 0 s\r\n\
             # \r\nnone\r\n# word\r\n# Excluded_pixels: (nil)\r\n\0",
        );
        let pairs: Vec<String> =
            header.iter().map(|(key, value)| format!("{key}|{value}")).collect();
        let expected = [
            "Pixel_size|172e-6 m x 172e-6 m",
            "Silicon|sensor, thickness 0.000320 m",
            "Tau|0 s",
            "Excluded_pixels|(nil)",
        ];
        assert_eq!(pairs, expected);
    }
}
