//! Mar345 and mar555 image plates.
//!
//! | offset | size | content |
//! |---|---|---|
//! | 0 | 4 | 1234 in the file's byte order |
//! | 4 | 4 | columns |
//! | 8 | 4 | number of high pixels, those above 65535 |
//! | 12 | 4 | 1 compressed, 2 spiral |
//! | 16 | 4 | 0 dose, 1 time |
//! | 20 | 4 | number of pixels |
//! | 24 | 8 | length and height of a pixel in µm |
//! | 32 | 4 | wavelength in 10⁻⁶ Å |
//! | 36 | 4 | distance in µm |
//! | 40 | 24 | start and end of phi, of omega, chi, 2 theta, in 10⁻³ ° |
//! | 64 | 4032 | text lines `KEY value`, from `mar research` to `END OF HEADER` |
//! | 4096 | 64 for each 8 | high pixels: place (from 1) and value, 4 bytes each |
//! | then | | `\nCCP4 packed image, X: 2300, Y: 2300\n`, with ` V2` before `,` in version 2 |
//! | then | | the pixels, see [`pck`] |
//!
//! All numbers are `i32` in the file's byte order. Spiral files are not supported.

#[cfg(test)]
mod tests;
mod write;

use tierline_table::DType;

use super::super::{Codec, Encoder, Frame, Header, Hint, Image, Pixels, Source, Warnings};
use crate::image::compression::pck;
use crate::{Error, Place};

/// Bytes of the header.
const HEADER: usize = 4096;
/// Bytes of its numbers.
const NUMBERS: usize = 64;
const RESEARCH: &[u8] = b"mar research";
/// What is before the packed pixels.
const PACKED: &[u8] = b"\nCCP4 packed image";

/// The format.
#[derive(Debug)]
pub struct Mar345;

impl Codec for Mar345 {
    fn name(&self) -> &'static str {
        "mar345"
    }

    fn description(&self) -> &'static str {
        "File format from Mar345 imaging plate and Mar555 flat panel"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["mar2300", "mar1200", "mar1600", "mar2000", "mar3450", "mar3000", "mar2400", "mar1800"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        [[0x2d, 4], [0xd2, 4], [4, 0x2d], [4, 0xd2]]
            .iter()
            .any(|magic| hint.head.starts_with(magic))
            || hint.head.starts_with(&1234_i32.to_be_bytes())
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(MarImage::open(source)?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&write::MarWriter)
    }
}

/// An open file.
struct MarImage {
    source: Source,
    big_endian: bool,
    header: Header,
    rows: usize,
    columns: usize,
    high: u64,
    incomplete: bool,
    warnings: Warnings,
}

impl MarImage {
    fn open(source: Source) -> Result<Self, Error> {
        let head = source.bytes(0, HEADER as u64)?;
        if head.len() < NUMBERS {
            return Err(source.malformed(Place::File, "the header is cut"));
        }
        let big_endian = head[..4] != 1234_i32.to_le_bytes();
        let number = |place: usize| number(&head[4 * place..], big_endian);
        let mut warnings = Warnings::default();
        if number(0) != 1234 {
            warnings.add("the file does not begin with 1234: taken as high byte first");
        }
        let extents =
            (usize::try_from(number(1)), usize::try_from(number(5)), u64::try_from(number(2)));
        let (Ok(columns @ 1..), Ok(count), Ok(high)) = extents else {
            let found = (number(1), number(5), number(2));
            let reason = format!("columns, pixels, high pixels are {found:?}");
            return Err(source.malformed(Place::Byte(4), reason));
        };
        if number(3) == 2 {
            return Err(Error::unsupported(source.path(), Place::Byte(12), "the spiral format"));
        }
        if number(3) != 1 {
            warnings.add(format!("format {} is taken as compressed", number(3)));
        }
        let mut header = Header::new();
        header.set("NumHigh", i64::from(number(2)));
        header.set("Format", "compressed");
        match number(4) {
            0 => header.set("Mode", "Dose"),
            1 => header.set("Mode", "Time"),
            other => warnings.add(format!("mode {other} is not known")),
        }
        header.set("NumPixels", number(5).to_string());
        let values = [
            ("PixelLength", 1e3),
            ("PixelHeight", 1e3),
            ("Wavelength", 1e6),
            ("Distance", 1e3),
            ("StartPhi", 1e3),
            ("EndPhi", 1e3),
            ("StartOmega", 1e3),
            ("EndOmega", 1e3),
            ("Chi", 1e3),
            ("TwoTheta", 1e3),
        ];
        for (i, (key, unit)) in values.into_iter().enumerate() {
            header.set(key, f64::from(number(6 + i)) / unit);
        }
        text_lines(&head, &mut header, &mut warnings);
        let rows = count / columns;
        source.size("pixels", &[rows, columns], 4)?;
        Ok(MarImage {
            source,
            big_endian,
            header,
            rows,
            columns,
            high,
            incomplete: false,
            warnings,
        })
    }

    fn pixels(&mut self) -> Result<Pixels, Error> {
        let size = self.source.size("pixels", &[self.rows, self.columns], 4)?;
        let records = self.high.div_ceil(8) * 64;
        let packed_at = HEADER as u64 + records;
        let there = self.source.len().saturating_sub(packed_at);
        let packed = self.source.bytes(packed_at, there)?;
        let (version, start) = self.packed_start(&packed)?;
        let pixels = pck::decode(&packed[start..], version, self.columns, self.rows * self.columns);
        let mut data = vec![0; size];
        for (pixel, out) in pixels.iter().zip(data.chunks_exact_mut(4)) {
            out.copy_from_slice(&u32::from(*pixel).to_le_bytes());
        }
        if pixels.len() * 4 < size {
            self.incomplete = true;
            let (count, all) = (pixels.len(), size / 4);
            self.warnings.add(format!("{count} pixels of {all}: the rest is zero"));
        }
        let high = self.source.exact(HEADER as u64, self.high * 8, "the high pixels")?;
        for record in high.chunks_exact(8) {
            let place = number(record, self.big_endian);
            let pixel = usize::try_from(i64::from(place) - 1).ok();
            match pixel.and_then(|place| data.chunks_exact_mut(4).nth(place)) {
                Some(pixel) => {
                    pixel.copy_from_slice(&number(&record[4..], self.big_endian).to_le_bytes());
                }
                None => self.warnings.add(format!("a high pixel at {place} is not in the image")),
            }
        }
        Ok(Pixels { dtype: DType::U32, shape: vec![self.rows, self.columns], data })
    }

    /// The version of the packing, and where the packed pixels begin.
    fn packed_start(&self, packed: &[u8]) -> Result<(pck::Version, usize), Error> {
        let malformed = |reason: String| self.source.malformed(Place::Byte(HEADER as u64), reason);
        let line = memchr::memmem::find(packed, PACKED)
            .ok_or_else(|| malformed("there is no 'CCP4 packed image'".to_owned()))?;
        let rest = &packed[line + PACKED.len()..];
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(64)])
            .ok_or_else(|| malformed("the line 'CCP4 packed image' has no end".to_owned()))?;
        let text = String::from_utf8_lossy(&rest[..end]);
        let version = if text.contains("V2") { pck::Version::V2 } else { pck::Version::V1 };
        let extent = |name: &str| {
            let value = text.split_once(name)?.1.trim_start();
            value.split(',').next()?.trim().parse::<usize>().ok()
        };
        let found = (extent("X:"), extent("Y:"));
        if found != (Some(self.columns), Some(self.rows)) {
            let (rows, columns) = (self.rows, self.columns);
            return Err(malformed(format!("expected X: {columns}, Y: {rows}, found '{text}'")));
        }
        Ok((version, line + PACKED.len() + end + 1))
    }
}

impl Image for MarImage {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(1)
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let header = self.header(index)?;
        Ok(Frame { pixels: self.pixels()?, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.source.only_frame(index)?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete
    }
}

/// The number at the start of at least four bytes.
fn number(bytes: &[u8], big_endian: bool) -> i32 {
    let mut four = [0; 4];
    let count = bytes.len().min(4);
    four[..count].copy_from_slice(&bytes[..count]);
    if big_endian { i32::from_be_bytes(four) } else { i32::from_le_bytes(four) }
}

/// Keys whose value is the rest of the line.
const SINGLE: [&str; 16] = [
    "PROGRAM",
    "DATE",
    "SCANNER",
    "HIGH",
    "MULTIPLIER",
    "GAIN",
    "WAVELENGTH",
    "DISTANCE",
    "RESOLUTION",
    "CHI",
    "TWOTHETA",
    "MODE",
    "TIME",
    "GENERATOR",
    "MONOCHROMATOR",
    "REMARK",
];

/// Keys whose values have names of their own: `PHI START 0.0 END 1.0`.
const PAIRS: [&str; 9] =
    ["PIXEL", "OFFSET", "PHI", "OMEGA", "COUNTS", "CENTER", "INTENSITY", "HISTOGRAM", "COLLIMATOR"];

/// Adds what the text of a header says.
fn text_lines(head: &[u8], header: &mut Header, warnings: &mut Warnings) {
    let text = &head[NUMBERS..];
    let start = memchr::memmem::find(&text[..text.len().min(128)], RESEARCH).unwrap_or_else(|| {
        warnings.add("the header's text does not begin with 'mar research'");
        text.len().min(128)
    });
    for line in text[start..].split(|byte| matches!(byte, b'\n' | b'\r')) {
        // Some dates have other bytes behind them.
        let cut = if line.starts_with(b"DATE") { &line[..line.len().min(39)] } else { line };
        let line = if line.is_ascii() { line } else { cut };
        let Some(line) = std::str::from_utf8(line).ok().filter(|line| line.is_ascii()) else {
            warnings.add("a line of the header is no text");
            continue;
        };
        let line = line.trim_matches(['\0', ' ']);
        if line == "END OF HEADER" {
            break;
        }
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        if SINGLE.contains(&key) {
            header.set(key, rest.trim());
        } else if key == "FORMAT" {
            let words = rest.split_whitespace();
            for (key, word) in ["DIM", "FORMAT_TYPE", "NO_PIXELS"].into_iter().zip(words) {
                header.set(key, word);
            }
        } else if PAIRS.contains(&key) {
            let words: Vec<&str> = rest.split_whitespace().collect();
            for pair in words.chunks_exact(2) {
                header.set(format!("{key}_{}", pair[0]), pair[1]);
            }
        }
    }
}
