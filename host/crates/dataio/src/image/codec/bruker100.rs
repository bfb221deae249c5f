//! Bruker's format 100 (`.sfrm`).
//!
//! The header is that of format 86. Then the pixels, unsigned little-endian of 1 or 2 bytes or signed of 4 (the
//! first word of `NPIXELB`), then up to three tables, each padded to 16 bytes, whose lengths are the words of
//! `NOVERFL`:
//!
//! | table | items | replace, in raster order |
//! |---|---|---|
//! | underflow | signed, of as many bytes as the second word of `NPIXELB` says | the pixels that are 0 |
//! | first overflow | u16 | the pixels of 1 byte that are 255 |
//! | second overflow | i32 | the pixels of 1 or 2 bytes that are 65535 then |
//!
//! All pixels but those of the underflow table are above a baseline, the third word of `NEXP`, which is added;
//! an underflow length of -1 means none. The result is i32. `LINEAR` is as in format 86.
//!
//! fabio writes 0 for the baseline where it had none to start with. The pixels of the underflow table are at
//! most the baseline, so a larger one among them tells, and is taken instead, with a warning.

use tierline_table::DType;

use super::bruker::{Cards, header_bytes, is_format, linear_pixels, quantise, state};
use crate::image::plain::{only, plane, put, single};
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Pixels, Source, Target};
use crate::{Error, Place};

const BLOCK: u64 = 512;
const PADDING: u64 = 16;

/// Bruker's format 100.
pub struct Bruker100;

impl Codec for Bruker100 {
    fn name(&self) -> &'static str {
        "bruker100"
    }

    fn description(&self) -> &'static str {
        "SFRM File format used by Bruker detectors (version 100)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["sfrm"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        is_format(hint.head, "100")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let cards = Cards::read(&source)?;
        let layout = Layout::new(&cards, &source)?;
        let linear = cards.linear();
        Ok(single(source, cards.into_header(), Vec::new(), move |source, warnings| {
            linear_pixels(source, layout.pixels(source, warnings)?, linear)
        }))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Bruker100)
    }
}

/// What the header tells.
struct Layout {
    rows: usize,
    columns: usize,
    start: u64,
    /// Bytes of a pixel.
    width: usize,
    /// Bytes of an item of the underflow table.
    under_width: usize,
    /// Items of the underflow table; -1: there is no baseline either.
    under: i64,
    over1: u64,
    over2: u64,
    baseline: i64,
}

impl Layout {
    fn new(cards: &Cards, source: &Source) -> Result<Layout, Error> {
        let (rows, columns) = cards.extents(source)?;
        let widths = cards.integers("NPIXELB", source)?;
        let width = |place: usize| {
            let width = widths.get(place).copied().unwrap_or(1);
            match width {
                1 | 2 | 4 => Ok(width as usize),
                _ => Err(source
                    .malformed(Place::File, format!("NPIXELB: expected 1, 2 or 4, found {width}"))),
            }
        };
        let counts = cards.integers("NOVERFL", source)?;
        let count = |place: usize| counts.get(place).copied().unwrap_or(0).max(0) as u64;
        let under = counts.first().copied().unwrap_or(0).max(-1);
        let baseline = match under {
            -1 => 0,
            _ => *cards.integers("NEXP", source)?.get(2).ok_or_else(|| {
                source.malformed(Place::File, "NEXP: expected a baseline as the third word")
            })?,
        };
        Ok(Layout {
            rows,
            columns,
            start: cards.blocks * BLOCK,
            width: width(0)?,
            under_width: if under > 0 { width(1)? } else { 1 },
            under,
            over1: count(1),
            over2: count(2),
            baseline,
        })
    }

    fn pixels(&self, source: &Source, warnings: &mut Vec<String>) -> Result<Pixels, Error> {
        let shape = vec![self.rows, self.columns];
        let size = source.size("pixels", &shape, self.width)? as u64;
        source.size("pixels", &shape, 4)?;
        let data = source.exact(self.start, size, "pixels")?;
        let mut at = self.start + size;
        let mut table = |items: u64, width: usize, what: &str| {
            let bytes = items.saturating_mul(width as u64);
            let read = source.exact(at, bytes, what)?;
            at = at.saturating_add(bytes.next_multiple_of(PADDING));
            Ok::<Vec<i32>, Error>(read.chunks_exact(width).map(signed).collect())
        };
        let under = table(self.under.max(0) as u64, self.under_width, "underflow table")?;
        let over1 = table(self.over1, 2, "first overflow table")?;
        let over2 = table(self.over2, 4, "second overflow table")?;
        let mut pixels: Vec<i32> = match self.width {
            1 => data.iter().map(|byte| i32::from(*byte)).collect(),
            2 => data.chunks_exact(2).map(|bytes| signed(bytes) & 0xffff).collect(),
            _ => data.chunks_exact(4).map(signed).collect(),
        };
        if self.width == 1 && !over1.is_empty() {
            let items = over1.iter().map(|item| item & 0xffff);
            replace(source, &mut pixels, 255, items, "first overflow table")?;
        }
        if self.width < 4 && !over2.is_empty() {
            replace(source, &mut pixels, 65535, over2.iter().copied(), "second overflow table")?;
        }
        let baseline = self.baseline(&under, warnings);
        if under.is_empty() {
            pixels.iter_mut().for_each(|pixel| *pixel = pixel.wrapping_add(baseline));
        } else {
            let mut items = under.iter();
            for pixel in &mut pixels {
                *pixel = match *pixel {
                    0 => *items.next().ok_or_else(|| mismatch(source, "underflow table"))?,
                    value => value.wrapping_add(baseline),
                };
            }
            if items.next().is_some() {
                return Err(mismatch(source, "underflow table"));
            }
        }
        let data = pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
        Ok(Pixels { dtype: DType::I32, shape, data })
    }

    /// The baseline, corrected where the underflow table shows that it is wrong.
    fn baseline(&self, under: &[i32], warnings: &mut Vec<String>) -> i32 {
        let baseline = self.baseline.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        match under.iter().copied().max() {
            Some(largest) if largest > baseline => {
                warnings.push(format!(
                    "the baseline {baseline} is below pixels that should not exceed it: {largest} is taken"
                ));
                largest
            }
            _ => baseline,
        }
    }
}

/// A little-endian integer of 1, 2 or 4 bytes.
fn signed(bytes: &[u8]) -> i32 {
    match *bytes {
        [a] => i32::from(a as i8),
        [a, b] => i32::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
        _ => 0,
    }
}

fn mismatch(source: &Source, what: &str) -> Error {
    source.malformed(Place::File, format!("the {what} and the pixels it is for differ in number"))
}

/// Replaces the pixels of one value by the items of a table.
fn replace(
    source: &Source,
    pixels: &mut [i32],
    value: i32,
    mut items: impl Iterator<Item = i32>,
    what: &str,
) -> Result<(), Error> {
    for pixel in pixels.iter_mut().filter(|pixel| **pixel == value) {
        *pixel = items.next().ok_or_else(|| mismatch(source, what))?;
    }
    match items.next() {
        None => Ok(()),
        Some(_) => Err(mismatch(source, what)),
    }
}

/// Frames, exposures, pedestal in counts, baseline, and flag of an ordinary detector.
const NEXP: [&str; 5] = ["1", "1", "32", "0", "0"];

/// Integers of 32 bits stay, floats become multiples of a slope. There is a baseline, just below the middle of
/// the pixels, only if the header asks for it with a `NOVERFL` whose first word is not -1.
impl Encoder for Bruker100 {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut frame = only(frames, target)?;
        let extents = plane(&frame.pixels, target)?;
        let values = quantise(&frame.pixels, f64::from(i32::MAX), &mut frame.header, target)?;
        if let Some(value) = values.iter().find(|value| i32::try_from(**value).is_err()) {
            let reason = format!("the pixel {value}: format 100 holds integers of 32 bits");
            return Err(Error::unsupported(target.name, Place::File, reason));
        }
        let header = &mut frame.header;
        let asked = header.text("NOVERFL").and_then(|text| text.split_whitespace().next());
        let baseline = match asked.is_some_and(|word| word != "-1") {
            true => Some(choose_baseline(&values)),
            false => None,
        };
        let split = Split::new(&values, baseline);
        state(header, "100", extents, target);
        split.state(header, baseline);
        defaults(header, extents, &values);
        let bytes = header_bytes(header);
        put(target, &[&bytes, &split.pixels, &split.under, &split.over1, &split.over2])
    }
}

/// A baseline with the middle of the pixels in the middle of a byte, or just below the lowest.
fn choose_baseline(values: &[i64]) -> i64 {
    let mut sorted = values.to_vec();
    let middle = sorted.len() / 2;
    let lowest = values.iter().copied().min().unwrap_or(1) - 1;
    if sorted.is_empty() {
        return lowest;
    }
    let (_, median, _) = sorted.select_nth_unstable(middle);
    (*median - 128).max(lowest).max(i32::MIN.into())
}

/// Pixels of one byte and their tables, padded.
struct Split {
    pixels: Vec<u8>,
    under: Vec<u8>,
    over1: Vec<u8>,
    over2: Vec<u8>,
    /// Items of the tables.
    counts: [usize; 3],
    under_width: usize,
}

impl Split {
    fn new(values: &[i64], baseline: Option<i64>) -> Split {
        let mut pixels = Vec::with_capacity(values.len());
        let (mut under, mut over1, mut over2) = (Vec::new(), Vec::new(), Vec::new());
        let base = baseline.unwrap_or(0);
        for value in values {
            let above = value - base;
            if baseline.is_some() && above <= 0 {
                under.push(*value);
                pixels.push(0);
            } else if (0..255).contains(&above) {
                pixels.push(above as u8);
            } else {
                pixels.push(255);
                let fits = (0..65535).contains(&above);
                over1.push(if fits { above as u16 } else { 65535 });
                if !fits {
                    over2.push(above as i32);
                }
            }
        }
        let fits = |width: &usize| {
            let bound = 1i64 << (8 * width - 1);
            under.iter().all(|value| (-bound..bound).contains(value))
        };
        let under_width = [1, 2].into_iter().find(fits).unwrap_or(4);
        let counts = [under.len(), over1.len(), over2.len()];
        let under =
            under.iter().flat_map(|value| value.to_le_bytes().into_iter().take(under_width));
        Split {
            pixels,
            under: padded(under.collect()),
            over1: padded(over1.iter().flat_map(|value| value.to_le_bytes()).collect()),
            over2: padded(over2.iter().flat_map(|value| value.to_le_bytes()).collect()),
            counts,
            under_width,
        }
    }

    fn state(&self, header: &mut Header, baseline: Option<i64>) {
        let [under, over1, over2] = self.counts;
        let under = if baseline.is_some() { under as i64 } else { -1 };
        header.set("NOVERFL", format!("{under:<24}{over1:<24}{over2}"));
        header.set("NPIXELB", format!("{:<36}{}", 1, self.under_width));
        // Words that are no integers make the file unreadable: those of an ordinary detector stand for them.
        let mut words = NEXP.map(str::to_owned).to_vec();
        for (place, word) in
            header.text("NEXP").unwrap_or("").split_whitespace().take(8).enumerate()
        {
            let word = word.parse::<i64>().is_ok().then(|| word.to_owned());
            match words.get_mut(place) {
                Some(own) => *own = word.unwrap_or_else(|| own.clone()),
                None => words.push(word.unwrap_or_else(|| "0".to_owned())),
            }
        }
        if let Some(baseline) = baseline {
            words[2] = baseline.to_string();
        }
        header.set("NEXP", words.iter().map(|word| format!("{word:<14}")).collect::<String>());
    }
}

fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(PADDING as usize), 0);
    bytes
}

/// Keys without which Bruker's programs don't read a file.
fn defaults(header: &mut Header, (rows, columns): (usize, usize), values: &[i64]) {
    let brightest =
        values.iter().enumerate().max_by_key(|(place, value)| (**value, std::cmp::Reverse(*place)));
    let brightest = brightest.map_or(0, |(place, _)| place);
    let columns_or_one = columns.max(1);
    let defaults = [
        ("VERSION", "16".to_owned()),
        ("CENTER", format!("{:?} {:?}", columns as f64 / 2.0, rows as f64 / 2.0)),
        ("DISTANC", "10".to_owned()),
        ("WAVELEN", "1.0 1.0 1.0".to_owned()),
        ("MAXXY", format!("{} {}", brightest % columns_or_one, brightest / columns_or_one)),
        ("DETTYPE", "UNKNOWN".to_owned()),
    ];
    for (key, value) in defaults {
        if header.get(key).is_none() {
            header.set(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, picture, read_bytes, truncated, write_frames};

    #[test]
    fn integers_return_with_and_without_baseline() {
        for dtype in [DType::U8, DType::I16, DType::I32] {
            for noverfl in [None, Some("0 0 0"), Some("5 0 0")] {
                let mut frame = picture(dtype, 30, 40, 9);
                if let Some(noverfl) = noverfl {
                    frame.header.set("NOVERFL", noverfl);
                }
                let bytes = write_frames(&Bruker100, std::slice::from_ref(&frame)).unwrap();
                let read = read_bytes(&Bruker100, bytes).unwrap().pixels;
                assert!(read == frame.pixels.cast(DType::I32), "{dtype} {noverfl:?}");
            }
        }
    }

    #[test]
    fn floats_return_within_half_a_step() {
        let frame = picture(DType::F64, 20, 30, 5);
        let bytes = write_frames(&Bruker100, std::slice::from_ref(&frame)).unwrap();
        let read = read_bytes(&Bruker100, bytes).unwrap().pixels;
        let range = 1.5e9;
        for (own, given) in read.floats().iter().zip(frame.pixels.floats()) {
            assert!((own - given).abs() <= range / 16_777_215.0 + given.abs() * 1e-7);
        }
    }

    #[test]
    fn odd_headers_do_not_make_files_unreadable() {
        for (key, value) in
            [("NEXP", "1 ? -1"), ("NEXP", "1 1 31 \""), ("VERSION", &"x\n".repeat(99))]
        {
            let mut header = Header::new();
            header.set(key, value);
            let data = (0..16u16).flat_map(u16::to_le_bytes).collect();
            let pixels = Pixels { dtype: DType::U16, shape: vec![4, 4], data };
            let frame = crate::image::Frame { pixels: pixels.clone(), header };
            let bytes = write_frames(&Bruker100, &[frame]).unwrap();
            let again = read_bytes(&Bruker100, bytes).unwrap();
            assert_eq!(again.pixels.cast(DType::U16), pixels, "{key}");
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let mut frame = picture(DType::I32, 5, 6, 2);
        frame.header.set("NOVERFL", "0 0 0");
        let mut bytes = write_frames(&Bruker100, &[frame]).unwrap();
        damaged(&Bruker100, &bytes);
        // The padding of the last table is not needed.
        bytes.truncate(bytes.len() - PADDING as usize);
        assert!(read_bytes(&Bruker100, bytes).is_err());
        let frame = picture(DType::U8, 4, 4, 2);
        let bytes = write_frames(&Bruker100, &[frame]).unwrap();
        truncated(&Bruker100, &bytes);
    }
}
