//! The structure of a file: where its HDUs are and what they hold.

use std::path::Path;

use tierline_report::{LimitKind, Limits};

use super::source::Source;
use crate::card::CARD;
use crate::error::Place;
use crate::{Error, Hdu, Header, Mismatch};

/// Headers and data are multiples of this.
pub(crate) const BLOCK: u64 = 2880;
/// Most dimensions and columns that the standard allows.
const MOST: i64 = 999;

/// What an HDU is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HduKind {
    /// An image, or nothing where the shape is empty.
    Image,
    /// An image in packed tiles.
    CompressedImage,
    /// A binary table.
    BinaryTable,
    /// A table in text; not read.
    AsciiTable,
    /// Random groups or an extension of another type; not read.
    Other,
}

/// What is known of an HDU without its data.
#[derive(Debug, Clone, PartialEq)]
pub struct HduInfo {
    /// Its number, from 0, and name.
    pub hdu: Hdu,
    /// `EXTVER`, 1 if there is none.
    pub version: i64,
    /// What it is.
    pub kind: HduKind,
    /// Pixels of an image in C order.
    pub shape: Vec<usize>,
    /// Rows of a table.
    pub rows: usize,
    /// Names of a table's columns.
    pub columns: Vec<String>,
}

/// An HDU with its cards and where its data are.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) info: HduInfo,
    pub(super) cards: Header,
    /// Offset of the header.
    pub(super) start: u64,
    /// Offset of the data.
    pub(super) data: u64,
    /// Bytes of data without padding.
    pub(super) bytes: u64,
}

/// Finds all HDUs; the last one's padding may be missing, which is told in a warning.
pub(super) fn scan(
    source: &mut Source,
    path: &Path,
    limits: &Limits,
) -> Result<(Vec<Unit>, Vec<String>), Error> {
    let mut units: Vec<Unit> = Vec::new();
    let mut warnings = Vec::new();
    let mut start = 0;
    while units.is_empty() || start < source.len() {
        let place = Place::hdu(path, units.len(), "");
        if !begins(source, start, units.is_empty(), path)? {
            break;
        }
        let (cards, bytes) = header(source, start, &place, limits)?;
        let unit = unit(cards, start, start + bytes, units.len(), path)?;
        let end = unit.data.saturating_add(unit.bytes);
        let place = Place { hdu: unit.info.hdu.clone(), ..place };
        if end > source.len() && unit.bytes > 0 {
            let (expected, found) = (unit.bytes, source.len().saturating_sub(unit.data));
            return Err(
                place.truncated(format!("expected {expected} bytes of data, found {found}"))
            );
        }
        start = unit.data + unit.bytes.next_multiple_of(BLOCK);
        if start > source.len() {
            let missing = start - source.len();
            warnings.push(
                place
                    .truncated(format!(
                        "{missing} bytes of padding are missing, HDUs after it would be lost"
                    ))
                    .to_string(),
            );
        }
        units.push(unit);
    }
    Ok((units, warnings))
}

/// Whether an HDU begins here; `false` where only padding follows.
fn begins(source: &mut Source, start: u64, first: bool, path: &Path) -> Result<bool, Error> {
    let place = Place::file(path);
    let block = source.read(start, BLOCK, &place)?;
    let expected = if first { "SIMPLE  =" } else { "XTENSION=" };
    if block.starts_with(expected.as_bytes()) {
        return Ok(true);
    }
    let found: String = block.iter().take(9).map(|byte| char::from(*byte)).collect();
    if first {
        return Err(
            place.malformed(format!("is no FITS file: expected {expected:?}, found {found:?}"))
        );
    }
    if block.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return Ok(false);
    }
    Err(place.malformed(format!("at byte {start}: expected {expected:?}, found {found:?}")))
}

/// The cards of a header and its bytes with padding.
fn header(
    source: &mut Source,
    start: u64,
    place: &Place,
    limits: &Limits,
) -> Result<(Header, u64), Error> {
    let mut bytes = BLOCK;
    loop {
        place.check(limits, LimitKind::Header, "header", bytes)?;
        let read = source.read(start, bytes, place)?;
        let last = (bytes - BLOCK) as usize;
        if read
            .get(last..)
            .unwrap_or_default()
            .chunks_exact(CARD)
            .any(|card| card.trim_ascii_end() == b"END")
        {
            return Ok((Header::parse(&read), bytes));
        }
        if (read.len() as u64) < bytes {
            return Err(place.truncated(format!("no END in the {} bytes of a header", read.len())));
        }
        bytes += BLOCK;
    }
}

fn unit(cards: Header, start: u64, data: u64, number: usize, path: &Path) -> Result<Unit, Error> {
    // Names can be other than text in damaged files.
    let name = cards.text("EXTNAME").ok().flatten().unwrap_or_default().trim().to_owned();
    let place = Place::hdu(path, number, &name);
    let wrong = |mismatch: Mismatch| mismatch.at(path, &place.hdu);
    let layout = Layout::of(&cards).map_err(wrong)?;
    let bytes = layout.bytes().ok_or_else(|| {
        place.malformed(format!("axes {:?} are more than a file can have", layout.axes))
    })?;
    let kind = kind(&cards, number, &layout).map_err(wrong)?;
    let shape = match kind {
        HduKind::CompressedImage => axes(&cards, "ZNAXIS").map_err(wrong)?,
        HduKind::Image => layout.axes.clone(),
        _ => Vec::new(),
    };
    let is_table = matches!(kind, HduKind::BinaryTable | HduKind::CompressedImage);
    if is_table && layout.axes.len() != 2 {
        return Err(place.malformed(format!("a table has 2 axes, found {}", layout.axes.len())));
    }
    if is_table && layout.bitpix != 8 {
        return Err(place.malformed(format!("a table has BITPIX 8, found {}", layout.bitpix)));
    }
    let is_plain = layout.groups == 1 && (layout.parameters == 0 || kind != HduKind::Image);
    if !is_plain && kind != HduKind::Other {
        let (parameters, groups) = (layout.parameters, layout.groups);
        return Err(place.malformed(format!("PCOUNT {parameters} and GCOUNT {groups} do not fit")));
    }
    let info = HduInfo {
        version: cards.integer("EXTVER").map_err(wrong)?.unwrap_or(1),
        kind,
        shape: shape.iter().rev().map(|length| *length as usize).collect(),
        rows: if kind == HduKind::BinaryTable { layout.axes[1] as usize } else { 0 },
        columns: if kind == HduKind::BinaryTable {
            names(&cards).map_err(wrong)?
        } else {
            Vec::new()
        },
        hdu: place.hdu,
    };
    Ok(Unit { info, cards, start, data, bytes })
}

fn names(cards: &Header) -> Result<Vec<String>, Mismatch> {
    (1..=fields(cards)?)
        .map(|n| Ok(cards.text(&format!("TTYPE{n}"))?.unwrap_or_default().trim().to_owned()))
        .collect()
}

/// `TFIELDS`.
pub(super) fn fields(cards: &Header) -> Result<usize, Mismatch> {
    let found = cards.require_integer("TFIELDS")?;
    if !(0..=MOST).contains(&found) {
        return Err(Mismatch::keyword("TFIELDS", format!("expected 0 to {MOST}, found {found}")));
    }
    Ok(found as usize)
}

/// What says how large the data are.
struct Layout {
    bitpix: i64,
    /// In the file's order.
    axes: Vec<u64>,
    parameters: u64,
    groups: u64,
    is_groups: bool,
}

impl Layout {
    fn of(cards: &Header) -> Result<Self, Mismatch> {
        let bitpix = cards.require_integer("BITPIX")?;
        if ![8, 16, 32, 64, -32, -64].contains(&bitpix) {
            return Err(Mismatch::keyword(
                "BITPIX",
                format!("expected 8, 16, 32, 64, -32 or -64, found {bitpix}"),
            ));
        }
        let axes = axes(cards, "NAXIS")?;
        let count = |key, default: i64| {
            let found = cards.integer(key)?.unwrap_or(default);
            u64::try_from(found).map_err(|_| {
                Mismatch::keyword(key, format!("expected no less than 0, found {found}"))
            })
        };
        let is_groups =
            axes.first() == Some(&0) && cards.logical("GROUPS").ok().flatten() == Some(true);
        Ok(Layout {
            bitpix,
            axes,
            parameters: count("PCOUNT", 0)?,
            groups: count("GCOUNT", 1)?,
            is_groups,
        })
    }

    fn bytes(&self) -> Option<u64> {
        let axes = if self.is_groups { &self.axes[1..] } else { &self.axes[..] };
        let mut values = u64::from(!axes.is_empty());
        for length in axes {
            values = values.checked_mul(*length)?;
        }
        let bytes = values
            .checked_add(self.parameters)?
            .checked_mul(self.groups)?
            .checked_mul(self.bitpix.unsigned_abs() / 8)?;
        // Offsets are signed in most systems.
        (bytes < i64::MAX as u64 / 2).then_some(bytes)
    }
}

/// Lengths of axes, in the file's order.
pub(super) fn axes(cards: &Header, key: &str) -> Result<Vec<u64>, Mismatch> {
    let found = cards.require_integer(key)?;
    if !(0..=MOST).contains(&found) {
        return Err(Mismatch::keyword(key, format!("expected 0 to {MOST}, found {found}")));
    }
    let length = |n| {
        let key = format!("{key}{n}");
        let found = cards.require_integer(&key)?;
        u64::try_from(found)
            .map_err(|_| Mismatch::keyword(&key, format!("expected no less than 0, found {found}")))
    };
    (1..=found).map(length).collect()
}

fn kind(cards: &Header, number: usize, layout: &Layout) -> Result<HduKind, Mismatch> {
    if number == 0 {
        return Ok(if layout.is_groups { HduKind::Other } else { HduKind::Image });
    }
    Ok(match cards.require_text("XTENSION")?.trim() {
        "IMAGE" | "IUEIMAGE" => HduKind::Image,
        "BINTABLE" | "A3DTABLE" => match cards.logical("ZIMAGE")? {
            Some(true) => HduKind::CompressedImage,
            _ => HduKind::BinaryTable,
        },
        "TABLE" => HduKind::AsciiTable,
        _ => HduKind::Other,
    })
}
