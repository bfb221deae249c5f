//! Images in packed tiles.

use tierline_report::{LimitKind, Limits};

use super::scan::{self, BLOCK, Unit};
use super::source::Source;
use super::{cells, column};
use crate::error::Place;
use crate::ffi::MemoryFile;
use crate::{Error, Header, Mismatch, Pixels};

/// Most dimensions that cfitsio unpacks.
const MOST_AXES: usize = 6;

/// Whether a keyword describes the tiles.
pub(super) fn is_of_tiles(key: &str) -> bool {
    const OWN: [&str; 18] = [
        "ZIMAGE", "ZCMPTYPE", "ZBITPIX", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "ZMASKCMP",
        "ZQUANTIZ", "ZDITHER0", "ZSIMPLE", "ZEXTEND", "ZTENSION", "ZPCOUNT", "ZGCOUNT", "ZHECKSUM",
        "ZDATASUM", "ZBLANK",
    ];
    OWN.iter().any(|name| super::is_numbered(key, name))
}

/// Unpacks an image.
pub(super) fn pixels(
    source: &mut Source,
    unit: &Unit,
    place: &Place,
    limits: &Limits,
) -> Result<Pixels, Error> {
    let count = check(&unit.cards, place, limits)?;
    check_descriptors(source, unit, place, limits)?;
    if count == 0 {
        return Err(place.unsupported("a compressed image without pixels"));
    }
    let bytes = alone(source, unit, place)?;
    let failed = |reason: String| place.malformed(reason);
    let mut file = MemoryFile::open(bytes).map_err(failed)?;
    file.go(1).map_err(failed)?;
    let kind = file.pixel_type().map_err(failed)?;
    match kind {
        8 => file.pixels(count, None).map(Pixels::U8),
        10 => file.pixels(count, None).map(Pixels::I8),
        16 => file.pixels(count, None).map(Pixels::I16),
        20 => file.pixels(count, None).map(Pixels::U16),
        32 => file.pixels(count, None).map(Pixels::I32),
        40 => file.pixels(count, None).map(Pixels::U32),
        -32 if !is_scaled(&unit.cards) => file.pixels(count, Some(f32::NAN)).map(Pixels::F32),
        -32 | -64 => file.pixels(count, Some(f64::NAN)).map(Pixels::F64),
        other => return Err(place.unsupported(format!("compressed pixels of type {other}"))),
    }
    .map_err(failed)
}

fn is_scaled(cards: &Header) -> bool {
    let differs =
        |key, default| cards.real(key).ok().flatten().is_some_and(|value| value != default);
    differs("BSCALE", 1.0) || differs("BZERO", 0.0)
}

/// Compares the numbers that memory is taken for with the limits; the number of pixels.
fn check(cards: &Header, place: &Place, limits: &Limits) -> Result<usize, Error> {
    let wrong = |mismatch: Mismatch| mismatch.at(&place.path, &place.hdu);
    let method = cards.require_text("ZCMPTYPE").map_err(wrong)?.trim();
    if !["RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2"].contains(&method) {
        return Err(place.unsupported(format!("images compressed by {method}")));
    }
    let bitpix = cards.require_integer("ZBITPIX").map_err(wrong)?;
    if ![8, 16, 32, -32, -64].contains(&bitpix) {
        return Err(place.unsupported(format!("compressed images of ZBITPIX {bitpix}")));
    }
    let axes = scan::axes(cards, "ZNAXIS").map_err(wrong)?;
    if axes.is_empty() || axes.len() > MOST_AXES {
        return Err(place.unsupported(format!("compressed images of {} axes", axes.len())));
    }
    let product = |lengths: &[u64]| lengths.iter().fold(8_u64, |bytes, n| bytes.saturating_mul(*n));
    place.check(limits, LimitKind::Allocation, "image", product(&axes))?;
    let (mut tiles, mut tile) = (1_u64, 8_u64);
    for (n, length) in axes.iter().enumerate() {
        let key = format!("ZTILE{}", n + 1);
        let default = if n == 0 { *length as i64 } else { 1 };
        let found = cards.integer(&key).map_err(wrong)?.unwrap_or(default);
        let Some(found) = u64::try_from(found).ok().filter(|found| (1..=*length).contains(found))
        else {
            return Err(
                place.malformed(format!("keyword {key}: expected 1 to {length}, found {found}"))
            );
        };
        tiles = tiles.saturating_mul(length.div_ceil(found));
        tile = tile.saturating_mul(found);
    }
    place.check(limits, LimitKind::Allocation, "tile", tile)?;
    let rows = cards.require_integer("NAXIS2").map_err(wrong)?;
    if u64::try_from(rows) != Ok(tiles) {
        return Err(place.malformed(format!("an image of {tiles} tiles in {rows} rows")));
    }
    for n in 1..=9 {
        let name = cards.text(&format!("ZNAME{n}")).map_err(wrong)?.unwrap_or_default().trim();
        let allowed: &[i64] = match name {
            "BLOCKSIZE" => &[16, 32],
            "BYTEPIX" => &[1, 2, 4],
            _ => continue,
        };
        let key = format!("ZVAL{n}");
        let found = cards.require_integer(&key).map_err(wrong)?;
        if !allowed.contains(&found) {
            let reason = format!("keyword {key} ({name}): expected {allowed:?}, found {found}");
            return Err(place.malformed(reason));
        }
    }
    Ok((product(&axes) / 8) as usize)
}

/// Reads the columns, so that no cell lies outside the heap.
fn check_descriptors(
    source: &mut Source,
    unit: &Unit,
    place: &Place,
    limits: &Limits,
) -> Result<(), Error> {
    let formats = column::formats(&unit.cards, place)?;
    let width = formats.last().map_or(0, |last| last.offset + last.width);
    let rows = unit.cards.require_integer("NAXIS2").unwrap_or(0) as usize;
    let heap = column::heap(&unit.cards, width, rows, unit.bytes, place)?;
    place.check(limits, LimitKind::Allocation, "table", unit.bytes)?;
    let bytes = source.read(unit.data, unit.bytes, place)?;
    let heap = bytes.get(heap..).unwrap_or_default();
    let decoder = cells::Decoder { rows: &bytes[..width * rows], heap, width, count: rows, limits };
    for format in &formats {
        decoder.column(format).map_err(|refused| refused.or_limit(place))?;
    }
    Ok(())
}

/// A file of an empty image and this HDU.
fn alone(source: &mut Source, unit: &Unit, place: &Place) -> Result<Vec<u8>, Error> {
    let mut bytes: Vec<u8> = Vec::new();
    for card in [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    0",
        "EXTEND  =                    T",
        "END",
    ] {
        bytes.extend(format!("{card:80}").as_bytes());
    }
    bytes.resize(BLOCK as usize, b' ');
    let end = unit.data + unit.bytes;
    bytes.extend_from_slice(&source.read(unit.start, end - unit.start, place)?);
    bytes.resize(bytes.len().next_multiple_of(BLOCK as usize), 0);
    Ok(bytes)
}
