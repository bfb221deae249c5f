//! Bruker's format 86.
//!
//! A header of `HDRBLKS` blocks of 512 bytes (at least 5) holds cards of 80 characters, `KEY    :value`; a key
//! that comes again continues the value on a new line; behind the last card comes `1A 04` and dots. Then
//! `NROWS` rows of `NCOLS` pixels, unsigned little-endian of `NPIXELB` (1, 2 or 4) bytes, then `NOVERFL` records of
//! 16 characters: 9 of intensity and 7 of the pixel's number. With records the pixels are u32. A line
//! `LINEAR :slope offset` other than 1 and 0 makes them f32: `pixel * slope + offset`.
//!
//! fabio writes wrong `NOVERFL`s, and floats so that they can't be had back; here both return.

use std::collections::HashMap;
use std::fmt::Write as _;

use tierline_report::LimitKind;
use tierline_table::DType;

use crate::image::plain::{only, plane, put, single};
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Pixels, Source, Target, Value};
use crate::{Error, Place};

const CARD: usize = 80;
const VALUE: usize = 72;
const BLOCK: u64 = 512;
/// Blocks that are always there.
const BLOCKS: u64 = 5;
/// Pixels above the limit from which on more bytes are used.
const MOST_RECORDS: usize = 4096;
const RECORD: usize = 16;

/// Keys in the order in which Bruker writes them.
const KEYS: &[&str] = &[
    "FORMAT", "VERSION", "HDRBLKS", "TYPE", "SITE", "MODEL", "USER", "SAMPLE", "SETNAME", "RUN",
    "SAMPNUM", "TITLE", "NCOUNTS", "NOVERFL", "MINIMUM", "MAXIMUM", "NONTIME", "NLATE", "FILENAM",
    "CREATED", "CUMULAT", "ELAPSDR", "ELAPSDA", "OSCILLA", "NSTEPS", "RANGE", "START", "INCREME",
    "NUMBER", "NFRAMES", "ANGLES", "NOVER64", "NPIXELB", "NROWS", "NCOLS", "WORDORD", "LONGORD",
    "TARGET", "SOURCEK", "SOURCEM", "FILTER", "CELL", "MATRIX", "LOWTEMP", "TEMP", "HITEMP",
    "ZOOM", "CENTER", "DISTANC", "TRAILER", "COMPRES", "LINEAR", "PHD", "PREAMP", "CORRECT",
    "WARPFIL", "WAVELEN", "MAXXY", "AXIS", "ENDING", "DETPAR", "LUT", "DISPLIM", "PROGRAM",
    "ROTATE", "BITMASK", "OCTMASK", "ESDCELL", "DETTYPE", "NEXP", "CCDPARM", "BIS", "CHEM",
    "MORPH", "CCOLOR", "CSIZE", "DNSMET", "DARK", "AUTORNG", "ZEROADJ", "XTRANS", "HKL&XY",
    "AXES2", "ENDING2", "FILTER2", "LEPTOS", "CFR",
];

/// Bruker's format 86.
pub struct Bruker;

impl Codec for Bruker {
    fn name(&self) -> &'static str {
        "bruker"
    }

    fn description(&self) -> &'static str {
        "File format used by Bruker detectors (version 86)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        is_format(hint.head, "86")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let cards = Cards::read(&source)?;
        let (rows, columns) = cards.extents(&source)?;
        let width = cards.integer("NPIXELB", &source)?;
        let dtype = match width {
            1 => DType::U8,
            2 => DType::U16,
            4 => DType::U32,
            _ => return Err(bad(&source, "NPIXELB", "1, 2 or 4", &width.to_string())),
        };
        let records = match cards.text("NOVERFL") {
            None => 0,
            Some(_) => cards.integer("NOVERFL", &source)?.max(0) as u64,
        };
        let linear = cards.linear();
        let start = cards.blocks * BLOCK;
        let mut header = cards.into_header();
        header.set("datastart", start as i64);
        Ok(single(source, header, Vec::new(), move |source, warnings| {
            let size = source.size("pixels", &[rows, columns], dtype.size())?;
            let data = source.exact(start, size as u64, "pixels")?;
            let mut pixels = Pixels { dtype, shape: vec![rows, columns], data };
            if records > 0 {
                source.size("pixels", &[rows, columns], 4)?;
                pixels = pixels.cast(DType::U32);
                overflows(source, start + size as u64, records, &mut pixels.data)?;
            } else if let Some(count) = saturated(&pixels) {
                warnings
                    .push(format!("{count} pixels are at their limit and have no overflow record"));
            }
            linear_pixels(source, pixels, linear)
        }))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Bruker)
    }
}

/// Whether a file begins with `FORMAT :` and this number.
pub(super) fn is_format(head: &[u8], format: &str) -> bool {
    let Some(rest) = head.strip_prefix(b"FORMAT :") else { return false };
    let rest = rest[..rest.len().min(VALUE)].trim_ascii_start();
    rest.strip_prefix(format.as_bytes())
        .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_digit))
}

/// Pixels at the largest value of their type, if there are.
fn saturated(pixels: &Pixels) -> Option<usize> {
    let limit = match pixels.dtype {
        DType::U8 => 255,
        DType::U16 => 65535,
        _ => return None,
    };
    Some(pixels.integers().filter(|value| *value == limit).count()).filter(|count| *count > 0)
}

/// Puts the intensities of the records into pixels of 4 bytes.
fn overflows(source: &Source, at: u64, records: u64, data: &mut [u8]) -> Result<(), Error> {
    let table = source.exact(at, records.saturating_mul(RECORD as u64), "overflow records")?;
    for (record, number) in table.chunks_exact(RECORD).zip(0u64..) {
        let field =
            |bytes: &[u8]| -> Option<u64> { std::str::from_utf8(bytes).ok()?.trim().parse().ok() };
        let intensity = field(&record[..9]).and_then(|value| u32::try_from(value).ok());
        let pixel = field(&record[9..]).and_then(|pixel| usize::try_from(pixel).ok());
        let place =
            pixel.and_then(|pixel| data.get_mut(pixel.checked_mul(4)?..)?.first_chunk_mut::<4>());
        let (Some(intensity), Some(place)) = (intensity, place) else {
            let reason = format!(
                "expected an intensity and a pixel's number, found {}",
                record.escape_ascii()
            );
            return Err(source.malformed(Place::Byte(at + number * RECORD as u64), reason));
        };
        *place = intensity.to_le_bytes();
    }
    Ok(())
}

/// Applies slope and offset, if there are.
pub(super) fn linear_pixels(
    source: &Source,
    pixels: Pixels,
    linear: Option<(f64, f64)>,
) -> Result<Pixels, Error> {
    let Some((slope, offset)) = linear else { return Ok(pixels) };
    let size = source.size("pixels", &pixels.shape, 4)?;
    let mut data = Vec::with_capacity(size);
    for value in pixels.integers() {
        data.extend_from_slice(&((value as f64 * slope + offset) as f32).to_le_bytes());
    }
    Ok(Pixels { dtype: DType::F32, shape: pixels.shape, data })
}

fn bad(source: &Source, key: &str, expected: &str, found: &str) -> Error {
    let found: String = found.chars().take(40).collect();
    source.malformed(Place::File, format!("{key}: expected {expected}, found {found:?}"))
}

/// The cards of a header.
pub(super) struct Cards {
    entries: Vec<(String, String)>,
    /// Blocks of the header.
    pub(super) blocks: u64,
}

impl Cards {
    pub(super) fn read(source: &Source) -> Result<Cards, Error> {
        let first = source.exact(0, BLOCKS * BLOCK, "header")?;
        let mut cards = Cards { entries: Vec::new(), blocks: BLOCKS };
        let mut places = HashMap::new();
        cards.add(&first, &mut places);
        if cards.text("HDRBLKS").is_some() {
            let blocks = cards.integer("HDRBLKS", source)?;
            cards.blocks = u64::try_from(blocks).unwrap_or(0);
            if cards.blocks == 0 {
                return Err(bad(source, "HDRBLKS", "a number above 0", &blocks.to_string()));
            }
        }
        if cards.blocks > BLOCKS {
            let length = cards.blocks.saturating_mul(BLOCK);
            source.limits().check(LimitKind::Header, "header", length)?;
            let rest = source.exact(BLOCKS * BLOCK, length - BLOCKS * BLOCK, "header")?;
            cards.add(&rest, &mut places);
        }
        Ok(cards)
    }

    fn add(&mut self, block: &[u8], places: &mut HashMap<String, usize>) {
        for card in block.chunks(CARD) {
            let card = String::from_utf8_lossy(card);
            let Some((key, value)) = card.split_once(':').filter(|(key, _)| !key.is_empty()) else {
                continue;
            };
            let (key, value) = (key.trim(), value.trim());
            match places.get(key) {
                Some(place) => {
                    let own: &mut String = &mut self.entries[*place].1;
                    own.push('\n');
                    own.push_str(value);
                }
                None => {
                    places.insert(key.to_owned(), self.entries.len());
                    self.entries.push((key.to_owned(), value.to_owned()));
                }
            }
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|(own, _)| own == key).map(|(_, value)| value.as_str())
    }

    /// The first word of a value as an integer.
    pub(super) fn integer(&self, key: &str, source: &Source) -> Result<i64, Error> {
        self.integers(key, source)?.first().copied().ok_or_else(|| bad(source, key, "a number", ""))
    }

    /// The words of a value as integers.
    pub(super) fn integers(&self, key: &str, source: &Source) -> Result<Vec<i64>, Error> {
        let text = self
            .text(key)
            .ok_or_else(|| Error::missing(source.path(), format!("{key} in the header")))?;
        let words = text.split_whitespace().take(8);
        words.map(|word| word.parse().map_err(|_| bad(source, key, "integers", text))).collect()
    }

    /// Rows and columns.
    pub(super) fn extents(&self, source: &Source) -> Result<(usize, usize), Error> {
        let extent = |key| {
            let value = self.integer(key, source)?;
            u32::try_from(value).map_err(|_| bad(source, key, "a size", &value.to_string()))
        };
        Ok((extent("NROWS")? as usize, extent("NCOLS")? as usize))
    }

    /// Slope and offset, where they change anything.
    pub(super) fn linear(&self) -> Option<(f64, f64)> {
        parse_linear(self.text("LINEAR")?).filter(|linear| *linear != (1.0, 0.0))
    }

    pub(super) fn into_header(self) -> Header {
        let mut header = Header::new();
        for (key, value) in self.entries {
            match (key.as_str(), value.parse::<i64>()) {
                ("HDRBLKS", Ok(blocks)) => header.set(key, blocks),
                _ => header.set(key, value),
            }
        }
        header
    }
}

fn parse_linear(text: &str) -> Option<(f64, f64)> {
    let mut words =
        text.split_whitespace().map(|word| word.parse::<f64>().ok().filter(|v| v.is_finite()));
    Some((words.next()??, words.next()??))
}

/// The header as it is written: the known keys in Bruker's order.
pub(super) fn header_bytes(header: &mut Header) -> Vec<u8> {
    let make = |header: &Header| {
        let mut text = String::new();
        for key in KEYS {
            let before = text.len();
            if let Some(value) = header.get(key) {
                card(&mut text, key, value);
            }
            // The number of blocks has to be in the first of them: what comes before it is one card.
            if *key == "VERSION" {
                text.truncate(before + CARD);
            }
        }
        text
    };
    header.set("HDRBLKS", BLOCKS as i64);
    let mut text = make(header);
    let length = BLOCKS * BLOCK;
    // Twice the five blocks have a two-digit number: the length stays the same.
    let blocks = (text.len() as u64).div_ceil(length).max(1) * BLOCKS;
    if blocks > BLOCKS {
        header.set("HDRBLKS", blocks as i64);
        text = make(header);
    }
    let mut bytes = text.into_bytes();
    let fill = [&b"\x1a\x04"[..], &[b'.'; CARD - 2]].concat();
    while (bytes.len() as u64) < blocks * BLOCK {
        bytes.extend_from_slice(&fill);
    }
    bytes.truncate((blocks * BLOCK) as usize);
    bytes
}

/// Cards of a value: a line to a card, long lines cut. What is not ASCII becomes `?`.
fn card(text: &mut String, key: &str, value: &Value) {
    let value = value.to_string().replace(|c: char| c != '\n' && !(' '..='~').contains(&c), "?");
    for line in value.split('\n') {
        let mut rest = line;
        loop {
            let (now, later) = rest.split_at(rest.len().min(VALUE));
            let _ = write!(text, "{key:<7}:{now:<VALUE$}");
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
    }
}

/// Floats as integers, with the slope and offset that bring them back; they stand in the header then.
/// The header's own are kept where the values fit.
pub(super) fn quantise(
    pixels: &Pixels,
    largest: f64,
    header: &mut Header,
    target: Target<'_>,
) -> Result<Vec<i64>, Error> {
    if !pixels.is_float() {
        header.remove("LINEAR");
        return Ok(pixels.integers().collect());
    }
    let values = pixels.floats();
    if values.iter().any(|value| !value.is_finite()) {
        let reason = "numbers that are not finite";
        return Err(Error::unsupported(target.name, Place::File, reason));
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min).min(f64::MAX);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max).max(f64::MIN);
    let fits = |(slope, offset): &(f64, f64)| {
        let steps = [(low - offset) / slope, (high - offset) / slope];
        steps.iter().all(|step| step.round() >= 0.0 && step.round() <= largest)
    };
    let own = header.text("LINEAR").and_then(parse_linear).filter(fits);
    let (slope, offset) = own.unwrap_or_else(|| {
        // As many steps as the fraction of an f32 has.
        let slope = (high / 16_777_215.0) - (low / 16_777_215.0);
        (if slope > 0.0 { slope } else { 1.0 }, low)
    });
    header.set("LINEAR", format!("{slope:?} {offset:?}"));
    Ok(values.iter().map(|value| ((value - offset) / slope).round() as i64).collect())
}

/// Sets what the header says of the size of the image; writes nothing of the moment.
pub(super) fn state(
    header: &mut Header,
    format: &str,
    extents: (usize, usize),
    target: Target<'_>,
) {
    header.set("FORMAT", format);
    let name = target.name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if header.get("FILENAM").is_none() {
        header.set("FILENAM", name);
    }
    header.set("NROWS", extents.0 as i64);
    header.set("NCOLS", extents.1 as i64);
}

/// Integers up to 2^32 - 1 stay, floats become multiples of a slope; negative integers are refused.
impl Encoder for Bruker {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut frame = only(frames, target)?;
        let extents = plane(&frame.pixels, target)?;
        let values = quantise(&frame.pixels, f64::from(u32::MAX), &mut frame.header, target)?;
        if let Some(value) = values.iter().find(|value| u32::try_from(**value).is_err()) {
            let reason =
                format!("the pixel {value}: format 86 holds integers from 0 to 4294967295");
            return Err(Error::unsupported(target.name, Place::File, reason));
        }
        let width = width(&values);
        let limit = (1i64 << (8 * width)) - 1;
        let mut data = Vec::with_capacity(values.len() * width);
        let mut records = String::new();
        let mut count = 0i64;
        for (pixel, value) in values.iter().enumerate() {
            data.extend_from_slice(&value.min(&limit).to_le_bytes()[..width]);
            if *value >= limit && width < 4 {
                let _ = write!(records, "{value:>9}{pixel:>7}");
                count += 1;
            }
        }
        let header = &mut frame.header;
        // Blanks before the number: so it is known by its first bytes.
        state(header, "        86", extents, target);
        header.set("NPIXELB", width as i64);
        header.set("NOVERFL", count);
        header.set("WORDORD", "0");
        header.set("LONGORD", "0");
        let fill = records.len().next_multiple_of(BLOCK as usize) - records.len();
        records.extend(std::iter::repeat_n('.', fill));
        put(target, &[&header_bytes(header), &data, records.as_bytes()])
    }
}

/// Bytes of a pixel: the fewest with which the table of overflows is short, and can be written.
fn width(values: &[i64]) -> usize {
    let fits = |width: &usize| {
        let limit = (1i64 << (8 * width)) - 1;
        let mut over = values.iter().enumerate().filter(|(_, value)| **value >= limit);
        let written = |(pixel, value): (usize, &i64)| pixel <= 9_999_999 && *value <= 999_999_999;
        over.clone().take(MOST_RECORDS).count() < MOST_RECORDS && over.all(written)
    };
    [1, 2].into_iter().find(fits).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Frame;
    use crate::image::testing::{
        damaged, open_bytes, picture, read_bytes, truncated, write_frames,
    };

    fn integers(dtype: DType, values: &[i64], columns: usize) -> Frame {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape = vec![values.len() / columns, columns];
        let pixels = Pixels { dtype: DType::I64, shape, data }.cast(dtype);
        Frame { pixels, header: Header::new() }
    }

    #[test]
    fn integers_return() {
        for values in
            [&[0, 1, 254, 255, 256, 65535][..], &[70000, 999_999_999, 5, 0], &[u32::MAX.into(), 0]]
        {
            let frame = integers(DType::U32, values, 2);
            let bytes = write_frames(&Bruker, &[frame]).unwrap();
            let read = read_bytes(&Bruker, bytes).unwrap().pixels;
            assert_eq!(read.integers().collect::<Vec<_>>(), values);
        }
        let many: Vec<i64> = (0..10_000).map(|i| if i % 2 == 0 { 70_000 } else { i }).collect();
        let bytes = write_frames(&Bruker, &[integers(DType::I32, &many, 100)]).unwrap();
        assert!(read_bytes(&Bruker, bytes).unwrap().pixels.integers().eq(many));
        assert!(write_frames(&Bruker, &[integers(DType::I32, &[-1, 2], 2)]).is_err());
    }

    #[test]
    fn floats_return_within_half_a_step() {
        let frame = picture(DType::F32, 20, 30, 5);
        let bytes = write_frames(&Bruker, std::slice::from_ref(&frame)).unwrap();
        let read = read_bytes(&Bruker, bytes).unwrap();
        assert_eq!(read.pixels.dtype, DType::F32);
        let (slope, _) = parse_linear(read.header.text("LINEAR").unwrap()).unwrap();
        for (own, given) in read.pixels.floats().iter().zip(frame.pixels.floats()) {
            assert!((own - given).abs() <= slope * 0.51 + given.abs() * 1e-7);
        }
        // Again with the slope of the first time: nothing changes.
        let bytes = write_frames(&Bruker, std::slice::from_ref(&read)).unwrap();
        assert!(read_bytes(&Bruker, bytes).unwrap().pixels == read.pixels);
    }

    #[test]
    fn long_values_and_many_cards_return() {
        let mut frame = integers(DType::U8, &[1, 2, 3, 4], 2);
        frame.header.set("TITLE", vec!["a line"; 40].join("\n"));
        frame.header.set("SAMPLE", "x".repeat(100));
        frame.header.set("OTHER", "is not Bruker's");
        let bytes = write_frames(&Bruker, &[frame]).unwrap();
        let read = read_bytes(&Bruker, bytes).unwrap();
        assert_eq!(read.header.get("HDRBLKS"), Some(&Value::Int(10)));
        assert_eq!(read.header.text("TITLE").unwrap().lines().count(), 40);
        assert_eq!(read.header.text("SAMPLE").unwrap().replace('\n', "").len(), 100);
        assert_eq!(read.header.text("OTHER"), None);
        assert_eq!(read.pixels.data, [1, 2, 3, 4]);
    }

    #[test]
    fn bad_files_are_refused() {
        let bytes = write_frames(&Bruker, &[integers(DType::U32, &[300, 1, 2, 70000], 2)]).unwrap();
        let end = bytes.len() - BLOCK as usize + 2 * RECORD;
        truncated(&Bruker, &bytes[..end]);
        damaged(&Bruker, &bytes[..end]);
        assert!(open_bytes(&Bruker, vec![b' '; 10_000]).is_err());
    }

    #[test]
    fn formats_are_told_apart() {
        assert!(is_format(b"FORMAT :        86      ", "86") && is_format(b"FORMAT :86 ", "86"));
        assert!(is_format(b"FORMAT :100 ", "100") && is_format(b"FORMAT :       100", "100"));
        assert!(!is_format(b"FORMAT :860", "86") && !is_format(b"FORMAT :100", "86"));
    }
}
