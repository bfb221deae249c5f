//! Directories of a TIFF file and what their tags say.

use super::super::super::{Header, Source, Value};
use crate::{Error, Place};

/// Most entries of a directory (classic TIFF can have no more).
const MOST_ENTRIES: u64 = 0xffff;

/// Numbers of the tags.
mod tag {
    pub(super) const COLUMNS: u16 = 256;
    pub(super) const ROWS: u16 = 257;
    pub(super) const BITS: u16 = 258;
    pub(super) const COMPRESSION: u16 = 259;
    pub(super) const PHOTOMETRIC: u16 = 262;
    pub(super) const FILL_ORDER: u16 = 266;
    pub(super) const DESCRIPTION: u16 = 270;
    pub(super) const MODEL: u16 = 272;
    pub(super) const STRIP_OFFSETS: u16 = 273;
    pub(super) const SAMPLES: u16 = 277;
    pub(super) const ROWS_PER_STRIP: u16 = 278;
    pub(super) const STRIP_COUNTS: u16 = 279;
    pub(super) const PLANAR: u16 = 284;
    pub(super) const SOFTWARE: u16 = 305;
    pub(super) const DATE: u16 = 306;
    pub(super) const COLORMAP: u16 = 320;
    pub(super) const TILE_OFFSETS: u16 = 324;
    pub(super) const TILE_COUNTS: u16 = 325;
    pub(super) const SAMPLE_FORMAT: u16 = 339;
}

/// Byte order and width of offsets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Whether the high byte comes first.
    pub(super) big_endian: bool,
    /// Whether offsets have 8 bytes.
    big: bool,
}

impl Layout {
    /// Reads the start of a file; returns the offset of the first directory too.
    pub(super) fn read(source: &Source) -> Result<(Self, u64), Error> {
        let head = source.exact(0, 8, "the start of a TIFF file")?;
        let big_endian = match &head[..2] {
            b"II" => false,
            b"MM" => true,
            _ => return Err(source.malformed(Place::Byte(0), "neither II nor MM")),
        };
        let layout = |big| Layout { big_endian, big };
        match layout(false).number(&head[2..4]) {
            42 => Ok((layout(false), layout(false).number(&head[4..8]))),
            43 if layout(true).number(&head[4..6]) == 8 => {
                let offset = source.exact(8, 8, "the offset of the first directory")?;
                Ok((layout(true), layout(true).number(&offset)))
            }
            other => {
                let reason = format!("expected 42 or 43 as TIFF version, found {other}");
                Err(source.malformed(Place::Byte(2), reason))
            }
        }
    }

    /// An unsigned number of up to 8 bytes.
    fn number(self, bytes: &[u8]) -> u64 {
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian {
            bytes.iter().take(8).fold(0, add)
        } else {
            bytes.iter().take(8).rev().fold(0, add)
        }
    }

    /// Bytes of an offset, of an entry, and of the number of entries.
    fn sizes(self) -> (usize, usize, usize) {
        if self.big { (8, 20, 8) } else { (4, 12, 2) }
    }

    /// The number of entries of a directory.
    fn entries(self, source: &Source, offset: u64) -> Result<u64, Error> {
        let (_, _, size) = self.sizes();
        let count = self.number(&source.exact(offset, size as u64, "a directory")?);
        if count > MOST_ENTRIES {
            let reason =
                format!("a directory of {count} entries, at most {MOST_ENTRIES} are known");
            return Err(source.malformed(Place::Byte(offset), reason));
        }
        Ok(count)
    }

    /// The offset of the directory after one.
    pub(super) fn next_directory(self, source: &Source, offset: u64) -> Result<u64, Error> {
        let count = self.entries(source, offset)?;
        let (size, entry, head) = self.sizes();
        let end = offset.saturating_add(head as u64 + count * entry as u64);
        Ok(self.number(&source.exact(end, size as u64, "the offset of the next directory")?))
    }
}

/// One entry of a directory.
struct Entry {
    tag: u16,
    kind: u64,
    count: u64,
    /// The value, or its offset.
    value: Vec<u8>,
}

/// The entries of a directory, with what it takes to read them.
struct Directory<'a> {
    source: &'a Source,
    layout: Layout,
    offset: u64,
    entries: Vec<Entry>,
}

impl Directory<'_> {
    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// The bytes of an entry's values, and the size of one.
    fn bytes(&self, entry: &Entry) -> Result<(Vec<u8>, usize), Error> {
        let size = match entry.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            other => {
                let reason = format!("tag {} has the unknown type {other}", entry.tag);
                return Err(self.source.malformed(Place::Byte(self.offset), reason));
            }
        };
        let length = entry.count.saturating_mul(size as u64);
        if length <= entry.value.len() as u64 {
            return Ok((entry.value[..length as usize].to_vec(), size));
        }
        let offset = self.layout.number(&entry.value);
        let what = format!("tag {}", entry.tag);
        Ok((self.source.exact(offset, length, &what)?, size))
    }

    /// The values of a tag as unsigned integers.
    fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, Error> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let (bytes, size) = self.bytes(entry)?;
        Ok(Some(bytes.chunks_exact(size).map(|bytes| self.layout.number(bytes)).collect()))
    }

    /// The first value of a tag.
    fn number(&self, tag: u16) -> Result<Option<u64>, Error> {
        Ok(self.numbers(tag)?.and_then(|numbers| numbers.first().copied()))
    }

    /// The text of a tag, up to its NUL.
    fn text(&self, tag: u16) -> Result<Option<String>, Error> {
        let Some(entry) = self.entry(tag) else { return Ok(None) };
        let (bytes, _) = self.bytes(entry)?;
        let end = memchr::memchr(0, &bytes).unwrap_or(bytes.len());
        Ok(Some(String::from_utf8_lossy(&bytes[..end]).replace('\u{fffd}', "?")))
    }
}

/// What a directory says of its image.
#[derive(Debug, Clone)]
pub(super) struct Tags {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Bits of each sample of a pixel.
    pub(super) bits: Vec<u64>,
    pub(super) samples: usize,
    /// 1 none, 32773 PackBits.
    pub(super) compression: u64,
    /// 0, 1 gray, 2 RGB, 3 colormap.
    pub(super) photometric: u64,
    /// 1 unsigned, 2 signed, 3 float, 4 unknown.
    pub(super) sample_format: u64,
    /// Whether each sample has strips of its own.
    pub(super) planes: bool,
    tiled: bool,
    /// Whether the lowest bit of a byte is the first pixel.
    pub(super) low_bit_first: bool,
    pub(super) offsets: Vec<u64>,
    pub(super) counts: Vec<u64>,
    pub(super) rows_per_strip: u64,
    /// Red, green and blue of each value.
    pub(super) colormap: Option<Vec<[u8; 3]>>,
    pub(super) description: Option<String>,
    software: Option<String>,
    date: Option<String>,
    model: Option<String>,
}

impl Tags {
    /// Reads the directory at an offset.
    pub(super) fn read(
        source: &Source,
        layout: Layout,
        offset: u64,
        index: usize,
    ) -> Result<Self, Error> {
        let count = layout.entries(source, offset)?;
        let (_, size, head) = layout.sizes();
        let bytes = source.exact(offset + head as u64, count * size as u64, "a directory")?;
        let entry = |bytes: &[u8]| {
            let (count, value) = bytes[4..].split_at((bytes.len() - 4) / 2);
            Entry {
                tag: layout.number(&bytes[..2]) as u16,
                kind: layout.number(&bytes[2..4]),
                count: layout.number(count),
                value: value.to_vec(),
            }
        };
        let entries = bytes.chunks_exact(size).map(entry).collect();
        Directory { source, layout, offset, entries }.tags(index)
    }

    /// Whether the pixels are read here.
    pub(super) fn is_own(&self) -> bool {
        !self.tiled && matches!(self.compression, 1 | 32773)
    }

    /// The header with fabio's keys; `count` is the number of images.
    pub(super) fn header(&self, index: usize, count: usize) -> Header {
        let int = |value: u64| Value::Int(value as i64);
        let ints = |values: &[u64]| Value::List(values.iter().map(|value| int(*value)).collect());
        let description =
            self.description.clone().unwrap_or_else(|| format!("{}/{count}", index + 1));
        let software = match &self.software {
            Some(software) => software.clone(),
            None if description.to_uppercase().starts_with("IMAGEJ") => {
                description.split('=').next().unwrap_or_default().to_owned()
            }
            None => "Unknown Software".to_owned(),
        };
        let date = self.date.clone().unwrap_or_else(|| "Unknown Date".to_owned());
        let info = if software.starts_with("PyMca") {
            let pairs = description.lines().filter_map(|line| line.split_once('='));
            pairs.map(|(key, value)| (key.to_owned(), value.into())).collect()
        } else {
            Vec::new()
        };
        let colors = self.colormap.as_ref().map(|map| {
            let color = |color: &[u8; 3]| ints(&color.map(u64::from));
            Value::List(map.iter().map(color).collect())
        });
        let bits = match self.bits.as_slice() {
            [one] => int(*one),
            several => ints(several),
        };
        let mut pairs = vec![
            ("nRows", Value::Int(self.rows as i64)),
            ("nColumns", Value::Int(self.columns as i64)),
            ("nBits", bits),
            ("compression", Value::Bool(self.compression != 1)),
            ("compression_type", int(self.compression)),
            ("imageDescription", description.into()),
            ("stripOffsets", ints(&self.offsets)),
            ("rowsPerStrip", int(self.rows_per_strip)),
            ("stripByteCounts", ints(&self.counts)),
            ("software", software.into()),
            ("date", date.into()),
            ("colormap", colors.unwrap_or(Value::None)),
            ("sampleFormat", int(self.sample_format)),
            ("photometricInterpretation", int(self.photometric)),
        ];
        pairs.extend(self.model.iter().map(|model| ("model", model.as_str().into())));
        pairs.push(("info", Value::Map(info)));
        pairs.into_iter().collect()
    }
}

impl Directory<'_> {
    fn tags(&self, index: usize) -> Result<Tags, Error> {
        let malformed = |reason: &str| self.source.malformed(Place::Frame(index), reason);
        let extent = |tag: u16, what: &str| -> Result<usize, Error> {
            let extent = self.number(tag)?.ok_or_else(|| malformed(&format!("no {what}")))?;
            usize::try_from(extent).map_err(|_| malformed(&format!("{extent} {what}")))
        };
        let (rows, columns) = (extent(tag::ROWS, "rows")?, extent(tag::COLUMNS, "columns")?);
        let bits = self.numbers(tag::BITS)?.filter(|bits| !bits.is_empty()).unwrap_or(vec![1]);
        let samples = self.number(tag::SAMPLES)?.unwrap_or(bits.len() as u64);
        if samples == 0 || samples > 0xffff {
            return Err(malformed(&format!("{samples} samples of a pixel")));
        }
        let rows_per_strip = self.number(tag::ROWS_PER_STRIP)?.unwrap_or(rows as u64);
        let tiles = self.numbers(tag::TILE_OFFSETS)?;
        let tiled = tiles.is_some();
        let (offsets, counts) = match tiles {
            Some(offsets) => (offsets, self.numbers(tag::TILE_COUNTS)?),
            None => {
                let offsets = self.numbers(tag::STRIP_OFFSETS)?;
                let offsets = offsets.ok_or_else(|| malformed("neither strips nor tiles"))?;
                (offsets, self.numbers(tag::STRIP_COUNTS)?)
            }
        };
        let counts = counts.unwrap_or_else(|| {
            let bits: u64 = bits.iter().fold(0, |sum, bits| sum.saturating_add(*bits));
            let strip =
                (columns as u64).saturating_mul(bits).div_ceil(8).saturating_mul(rows_per_strip);
            vec![strip; offsets.len()]
        });
        let colormap = self.numbers(tag::COLORMAP)?.map(|values| {
            // Values of 16 bit; of 8 bit, where none is larger.
            let shift = if values.iter().any(|value| *value > 0xff) { 8 } else { 0 };
            let part = values.len() / 3;
            let color = |i: usize| [0, 1, 2].map(|c| (values[c * part + i] >> shift) as u8);
            (0..part).map(color).collect()
        });
        Ok(Tags {
            rows,
            columns,
            bits,
            samples: samples as usize,
            compression: self.number(tag::COMPRESSION)?.unwrap_or(1),
            photometric: self.number(tag::PHOTOMETRIC)?.unwrap_or(1),
            sample_format: self.number(tag::SAMPLE_FORMAT)?.unwrap_or(4),
            planes: self.number(tag::PLANAR)? == Some(2) && samples > 1,
            tiled,
            low_bit_first: self.number(tag::FILL_ORDER)? == Some(2),
            offsets,
            counts,
            rows_per_strip,
            colormap,
            description: self.text(tag::DESCRIPTION)?,
            software: self.text(tag::SOFTWARE)?,
            date: self.text(tag::DATE)?,
            model: self.text(tag::MODEL)?,
        })
    }
}
