//! Reading.

mod cells;
mod column;
mod pixels;
mod scan;
mod source;
mod tiles;

use std::path::{Path, PathBuf};

use tierline_report::{LimitKind, Limits};

pub use scan::{HduInfo, HduKind};
pub use source::is_fits;

use crate::error::Place;
use crate::{Error, Hdu, Header, Image, Mismatch, Table};
use column::{ColumnFormat, Kind};
use scan::Unit;
use source::Source;

/// A FITS file being read.
#[derive(Debug)]
pub struct FitsFile {
    path: PathBuf,
    limits: Limits,
    source: Source,
    units: Vec<Unit>,
    infos: Vec<HduInfo>,
    warnings: Vec<String>,
}

impl FitsFile {
    /// Opens a file and finds its HDUs. Files packed by gzip, bzip2 or Zstandard are unpacked, whatever their names.
    ///
    /// # Errors
    /// Where it can't be read, is no FITS file, or ends before its HDUs do.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Error> {
        Self::of_source(path, Source::open(path, limits)?, limits)
    }

    /// A file that is in memory, packed or not. The path is for errors only.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(path: &Path, bytes: Vec<u8>, limits: &Limits) -> Result<Self, Error> {
        Self::of_source(path, Source::of_bytes(bytes, &Place::file(path), limits)?, limits)
    }

    /// The limits under which it was opened.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn of_source(path: &Path, mut source: Source, limits: &Limits) -> Result<Self, Error> {
        let (units, warnings) = scan::scan(&mut source, path, limits)?;
        let infos = units.iter().map(|unit| unit.info.clone()).collect();
        Ok(FitsFile { path: path.into(), limits: *limits, source, units, infos, warnings })
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is not as it should be, but does no harm: a file that ends within the padding of its last HDU may have lost others.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What its HDUs are.
    pub fn hdus(&self) -> &[HduInfo] {
        &self.infos
    }

    /// The number of the first HDU of a name; capital or small letters are the same. A first one without a name is `PRIMARY`.
    pub fn find(&self, name: &str) -> Option<usize> {
        let name = name.trim();
        let is_named = |unit: &Unit| unit.info.hdu.name.eq_ignore_ascii_case(name);
        let primary = || name.eq_ignore_ascii_case("PRIMARY").then_some(0);
        let unnamed = |number: &usize| {
            self.units.get(*number).is_some_and(|unit| unit.info.hdu.name.is_empty())
        };
        self.units.iter().position(is_named).or_else(|| primary().filter(unnamed))
    }

    /// The number of the first HDU of a name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn require(&self, name: &str) -> Result<usize, Error> {
        self.find(name).ok_or_else(|| {
            let names: Vec<&str> = self.infos.iter().map(|info| info.hdu.name.as_str()).collect();
            let found = names.join(", ");
            Place::file(&self.path).parameter(format!("no HDU {name}, found {found}"))
        })
    }

    /// What an HDU is.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn info(&self, number: usize) -> Result<&HduInfo, Error> {
        Ok(&self.unit(number)?.info)
    }

    /// All cards of an HDU but END, those that describe its structure too.
    ///
    /// # Errors
    /// Where there is none of this number.
    pub fn header(&self, number: usize) -> Result<&Header, Error> {
        Ok(&self.unit(number)?.cards)
    }

    /// The error of a value that is not what it should be in an HDU.
    pub fn mismatch(&self, number: usize, mismatch: Mismatch) -> Error {
        let hdu = self.units.get(number).map_or(Hdu::default(), |unit| unit.info.hdu.clone());
        mismatch.at(&self.path, &hdu)
    }

    /// A binary table: all columns, or those named, in the order of the names. Undefined logicals become false; nulls of scaled
    /// integers become NaN; unsigned integers become signed ones of the next size. Numbers in the keywords of its header count the
    /// columns of the file.
    ///
    /// # Errors
    /// Where it is none, a column is not there, or its content does not fit.
    pub fn table(&mut self, number: usize, columns: Option<&[&str]>) -> Result<Table, Error> {
        let unit = unit(&self.units, &self.path, number)?;
        let place = Place { path: self.path.clone(), hdu: unit.info.hdu.clone() };
        match unit.info.kind {
            HduKind::BinaryTable => {}
            HduKind::AsciiTable => return Err(place.unsupported("tables in text")),
            _ => return Err(place.malformed("expected a table")),
        }
        let formats = column::formats(&unit.cards, &place)?;
        let wanted = wanted(&formats, columns, &place)?;
        let width = formats.last().map_or(0, |last| last.offset + last.width);
        let heap = column::heap(&unit.cards, width, unit.info.rows, unit.bytes, &place)?;
        place.check(&self.limits, LimitKind::Allocation, "table", unit.bytes)?;
        let bytes = self.source.read(unit.data, unit.bytes, &place)?;
        let rows = &bytes[..width * unit.info.rows];
        let heap = bytes.get(heap..).unwrap_or_default();
        let decoder =
            cells::Decoder { rows, heap, width, count: unit.info.rows, limits: &self.limits };
        let columns = wanted
            .into_iter()
            .map(|format| decoder.column(format).map_err(|mismatch| mismatch.or_limit(&place)))
            .collect::<Result<_, Error>>()?;
        Ok(Table {
            name: unit.info.hdu.name.clone(),
            header: other_cards(&unit.cards, is_of_table),
            rows: unit.info.rows,
            columns,
        })
    }

    /// The columns of a binary table, without its content.
    ///
    /// # Errors
    /// Where it is no table, or its keywords do not fit.
    pub fn columns(&self, number: usize) -> Result<Vec<ColumnInfo>, Error> {
        let unit = self.unit(number)?;
        let place = Place { path: self.path.clone(), hdu: unit.info.hdu.clone() };
        if unit.info.kind != HduKind::BinaryTable {
            return Err(place.malformed("expected a table"));
        }
        let formats = column::formats(&unit.cards, &place)?;
        Ok(formats.into_iter().map(ColumnInfo::from).collect())
    }

    /// The type of an image's pixels as stored, such as `i16`, or with `BSCALE` and `BZERO` applied where these only shift it to
    /// an unsigned one.
    ///
    /// # Errors
    /// Where it is no image, or a keyword is of another kind.
    pub fn pixel_type(&self, number: usize) -> Result<&'static str, Error> {
        let unit = self.unit(number)?;
        let place = Place { path: self.path.clone(), hdu: unit.info.hdu.clone() };
        let key = match unit.info.kind {
            HduKind::Image => "BITPIX",
            HduKind::CompressedImage => "ZBITPIX",
            _ => return Err(place.malformed("expected an image")),
        };
        let wrong = |mismatch: Mismatch| mismatch.at(&place.path, &place.hdu);
        let bitpix = unit.cards.require_integer(key).map_err(wrong)?;
        let scale = unit.cards.real("BSCALE").map_err(wrong)?.unwrap_or(1.0);
        let zero = unit.cards.real("BZERO").map_err(wrong)?.unwrap_or(0.0);
        Ok(match (bitpix, scale == 1.0, zero) {
            (8, true, 0.0) => "u8",
            (8, true, -128.0) => "i8",
            (16, true, 0.0) => "i16",
            (16, true, 32768.0) => "u16",
            (32, true, 0.0) => "i32",
            (32, true, 2147483648.0) => "u32",
            (64, true, 0.0) => "i64",
            (64, true, 9223372036854775808.0) => "u64",
            (-32, true, 0.0) => "f32",
            (-64, true, 0.0) => "f64",
            (8 | 16 | 32 | 64, ..) => "scaled integers",
            _ => "scaled real numbers",
        })
    }

    /// An image, compressed or not.
    ///
    /// # Errors
    /// Where it is none, or its content does not fit.
    pub fn image(&mut self, number: usize) -> Result<Image, Error> {
        let unit = unit(&self.units, &self.path, number)?;
        let place = Place { path: self.path.clone(), hdu: unit.info.hdu.clone() };
        let name = unit.info.hdu.name.clone();
        match unit.info.kind {
            HduKind::Image => {
                let scale = pixels::Scale::of(&unit.cards, &place)?;
                place.check(
                    &self.limits,
                    LimitKind::Allocation,
                    "image",
                    scale.bytes(unit.bytes),
                )?;
                let bytes = self.source.read(unit.data, unit.bytes, &place)?;
                let pixels = scale.pixels(&bytes, &place)?;
                let header = other_cards(&unit.cards, |key| is_of_image(key, !scale.keeps_blank()));
                Ok(Image { name, header, shape: unit.info.shape.clone(), pixels })
            }
            HduKind::CompressedImage => {
                let name = if name == "COMPRESSED_IMAGE" { String::new() } else { name };
                let pixels = tiles::pixels(&mut self.source, unit, &place, &self.limits)?;
                let is_own = |key: &str| {
                    is_of_image(key, true) || is_of_table(key) || tiles::is_of_tiles(key)
                };
                let header = other_cards(&unit.cards, is_own);
                Ok(Image { name, header, shape: unit.info.shape.clone(), pixels })
            }
            _ => Err(place.malformed("expected an image")),
        }
    }

    /// Where each HDU's header, its data and the next HDU begin, in a file in memory.
    pub(crate) fn extents(&self) -> Vec<(usize, usize, usize)> {
        let end = |unit: &Unit| unit.data + unit.bytes.next_multiple_of(scan::BLOCK);
        let extent = |unit: &Unit| (unit.start as usize, unit.data as usize, end(unit) as usize);
        self.units.iter().map(extent).collect()
    }

    fn unit(&self, number: usize) -> Result<&Unit, Error> {
        unit(&self.units, &self.path, number)
    }
}

/// What is known of a column without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// `TTYPEn`.
    pub name: String,
    /// `TUNITn`; empty if there is none.
    pub unit: String,
    /// Type of its values: `bool`, `bit`, `u8`, `i16`, …, `c64` (of two 4-byte numbers), `c128`, `string`.
    pub dtype: &'static str,
    /// Shape of a cell in C order; empty for a single value.
    pub shape: Vec<usize>,
    /// Whether cells have lengths of their own.
    pub is_variable: bool,
}

impl From<ColumnFormat> for ColumnInfo {
    fn from(format: ColumnFormat) -> Self {
        let dtype = match format.kind {
            Kind::Logical => "bool",
            Kind::Bit => "bit",
            Kind::U8 => "u8",
            Kind::I16 => "i16",
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::F32 => "f32",
            Kind::F64 => "f64",
            Kind::C32 => "c64",
            Kind::C64 => "c128",
            Kind::Text => "string",
        };
        let ColumnFormat { name, unit, shape, .. } = format;
        ColumnInfo { name, unit, dtype, shape, is_variable: format.descriptor.is_some() }
    }
}

fn unit<'a>(units: &'a [Unit], path: &Path, number: usize) -> Result<&'a Unit, Error> {
    units.get(number).ok_or_else(|| {
        Place::file(path).parameter(format!("no HDU {number}, there are {}", units.len()))
    })
}

fn wanted<'a>(
    formats: &'a [ColumnFormat],
    names: Option<&[&str]>,
    place: &Place,
) -> Result<Vec<&'a ColumnFormat>, Error> {
    let Some(names) = names else { return Ok(formats.iter().collect()) };
    let find = |name: &&str| {
        formats
            .iter()
            .find(|format| format.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| place.malformed(format!("column {name}: is not there")))
    };
    names.iter().map(find).collect()
}

fn is_common(key: &str) -> bool {
    const OWN: [&str; 9] = [
        "SIMPLE", "XTENSION", "BITPIX", "EXTEND", "PCOUNT", "GCOUNT", "EXTNAME", "CHECKSUM",
        "DATASUM",
    ];
    OWN.contains(&key) || is_numbered(key, "NAXIS")
}

/// Whether a keyword follows from what is written.
pub(crate) fn is_structural(key: &str) -> bool {
    is_common(key)
        || is_of_table(key)
        || is_of_image(key, false)
        || tiles::is_of_tiles(key)
        || key == "END"
}

fn other_cards(cards: &Header, is_own: impl Fn(&str) -> bool) -> Header {
    let keep = |key: &str| !is_common(key) && !is_own(key);
    Header { cards: cards.cards.iter().filter(|card| keep(&card.key)).cloned().collect() }
}

/// A keyword alone or with a number.
fn is_numbered(key: &str, name: &str) -> bool {
    key.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_of_table(key: &str) -> bool {
    const OWN: [&str; 7] = ["TTYPE", "TFORM", "TUNIT", "TDIM", "TNULL", "TSCAL", "TZERO"];
    matches!(key, "TFIELDS" | "THEAP") || OWN.iter().any(|name| is_numbered(key, name))
}

fn is_of_image(key: &str, blank: bool) -> bool {
    matches!(key, "BSCALE" | "BZERO") || (blank && key == "BLANK")
}
