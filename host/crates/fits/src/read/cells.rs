//! Values of a table from its bytes.

use tierline_report::Limits;

use super::column::{ColumnFormat, Descriptor, Kind};
use crate::error::Place;
use crate::{Cells, Column, Error, Mismatch};

/// Why a column can't be had.
pub(super) enum Refused {
    Mismatch(Mismatch),
    /// More memory than allowed.
    Limit(String),
}

impl Refused {
    pub(super) fn or_limit(self, place: &Place) -> Error {
        match self {
            Refused::Mismatch(mismatch) => mismatch.at(&place.path, &place.hdu),
            Refused::Limit(reason) => {
                Error::Limit { path: place.path.clone(), hdu: place.hdu.clone(), reason }
            }
        }
    }
}

impl From<Mismatch> for Refused {
    fn from(mismatch: Mismatch) -> Self {
        Refused::Mismatch(mismatch)
    }
}

/// The bytes of a table.
pub(super) struct Decoder<'a> {
    /// All rows.
    pub(super) rows: &'a [u8],
    pub(super) heap: &'a [u8],
    /// Bytes of a row.
    pub(super) width: usize,
    /// Rows.
    pub(super) count: usize,
    pub(super) limits: &'a Limits,
}

impl Decoder<'_> {
    pub(super) fn column(&self, format: &ColumnFormat) -> Result<Column, Refused> {
        let cells = match format.descriptor {
            None => self.fixed(format)?,
            Some(descriptor) => self.variable(format, descriptor)?,
        };
        let (cells, null) = scaled(cells, format)?;
        let (name, unit) = (format.name.clone(), format.unit.clone());
        Ok(Column { name, unit, shape: format.shape.clone(), null, cells })
    }

    fn cell(&self, format: &ColumnFormat, row: usize) -> &[u8] {
        let from = row * self.width + format.offset;
        &self.rows[from..from + format.width]
    }

    /// Compares the memory that a column's values take with the limit.
    fn check(&self, format: &ColumnFormat, values: usize, size: usize) -> Result<(), Refused> {
        let bytes = (values as u64).saturating_mul(size as u64);
        if bytes > self.limits.max_allocation {
            let limit = self.limits.max_allocation;
            let name = &format.name;
            return Err(Refused::Limit(format!(
                "column {name}: its values would take {bytes} bytes, {limit} are allowed"
            )));
        }
        Ok(())
    }

    fn fixed(&self, format: &ColumnFormat) -> Result<Cells, Refused> {
        let per_row = match format.kind {
            Kind::Text => format.shape.iter().product(),
            _ => format.repeat,
        };
        self.check(format, self.count.saturating_mul(per_row), memory(format.kind))?;
        if format.kind == Kind::Text {
            let mut texts = Vec::with_capacity(self.count * per_row);
            for row in 0..self.count {
                let cell = self.cell(format, row);
                texts.extend(
                    (0..per_row).map(|i| text(&cell[i * format.letters..][..format.letters])),
                );
            }
            return Ok(Cells::Text(texts));
        }
        // Rows may take no bytes at all, then their number says nothing.
        let count = if per_row == 0 { 0 } else { self.count };
        let cells = (0..count).map(|row| self.cell(format, row));
        Ok(decode(format.kind, cells, self.count * per_row, format.repeat))
    }

    fn variable(&self, format: &ColumnFormat, descriptor: Descriptor) -> Result<Cells, Refused> {
        self.check(format, self.count.saturating_add(1), size_of::<usize>())?;
        let mut starts = Vec::with_capacity(self.count + 1);
        let mut pieces = Vec::new();
        let mut total = 0_usize;
        for row in 0..self.count {
            starts.push(total);
            if format.repeat == 0 {
                continue;
            }
            let (count, from) = read_descriptor(self.cell(format, row), descriptor);
            let piece = self.piece(format.kind, count, from).ok_or_else(|| {
                let (row, heap) = (row + 1, self.heap.len());
                let reason =
                    format!("row {row}: {count} values at {from} of a heap of {heap} bytes");
                Mismatch::column(&format.name, reason)
            })?;
            total += if format.kind == Kind::Text { 1 } else { count as usize };
            self.check(format, total, memory(format.kind))?;
            pieces.push((piece, count as usize));
        }
        starts.push(total);
        let values = match format.kind {
            Kind::Text => Cells::Text(pieces.iter().map(|(piece, _)| text(piece)).collect()),
            // Cells of bits end anywhere in a byte.
            Kind::Bit => {
                Cells::Bits(pieces.iter().flat_map(|(piece, count)| bits(piece, *count)).collect())
            }
            kind => decode(kind, pieces.iter().map(|(piece, _)| *piece), total, 0),
        };
        Ok(Cells::Variable { starts, values: Box::new(values) })
    }

    fn piece(&self, kind: Kind, count: i64, from: i64) -> Option<&[u8]> {
        let (count, from) = (usize::try_from(count).ok()?, usize::try_from(from).ok()?);
        if count == 0 {
            return Some(&[]);
        }
        self.heap.get(from..from.checked_add(kind.bytes(count)?)?)
    }
}

/// Bytes of a value in memory.
fn memory(kind: Kind) -> usize {
    match kind {
        Kind::Logical | Kind::Bit | Kind::U8 => 1,
        Kind::I16 => 2,
        Kind::I32 | Kind::F32 => 4,
        Kind::I64 | Kind::F64 | Kind::C32 => 8,
        Kind::C64 => 16,
        Kind::Text => size_of::<String>(),
    }
}

/// Number of values and offset in the heap.
fn read_descriptor(cell: &[u8], descriptor: Descriptor) -> (i64, i64) {
    let number = |at: usize| match descriptor {
        Descriptor::Short => {
            cell[at * 4..].first_chunk().map_or(0, |b| i64::from(i32::from_be_bytes(*b)))
        }
        Descriptor::Long => cell[at * 8..].first_chunk().map_or(0, |b| i64::from_be_bytes(*b)),
    };
    (number(0), number(1))
}

/// A string up to a null byte, without trailing blanks.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text.trim_end().to_owned(),
        Err(_) => bytes[..end]
            .iter()
            .map(|byte| char::from(*byte))
            .collect::<String>()
            .trim_end()
            .to_owned(),
    }
}

fn bits(bytes: &[u8], count: usize) -> impl Iterator<Item = bool> + '_ {
    (0..count).map(|bit| bytes[bit / 8] >> (7 - bit % 8) & 1 == 1)
}

/// Values of cells of any kind but text; of bits, `repeat` in each.
fn decode<'a>(
    kind: Kind,
    cells: impl Iterator<Item = &'a [u8]>,
    count: usize,
    repeat: usize,
) -> Cells {
    macro_rules! numbers {
        ($type:ty) => {{
            let mut values: Vec<$type> = Vec::with_capacity(count);
            for cell in cells {
                let (chunks, _) = cell.as_chunks();
                values.extend(chunks.iter().map(|bytes| <$type>::from_be_bytes(*bytes)));
            }
            values
        }};
    }
    macro_rules! pairs {
        ($type:ty) => {
            numbers!($type).chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect()
        };
    }
    match kind {
        Kind::Logical => Cells::Logical(cells.flatten().map(|byte| *byte == b'T').collect()),
        Kind::Bit => Cells::Bits(cells.flat_map(|cell| bits(cell, repeat)).collect()),
        Kind::U8 => Cells::U8(numbers!(u8)),
        Kind::I16 => Cells::I16(numbers!(i16)),
        Kind::I32 => Cells::I32(numbers!(i32)),
        Kind::I64 => Cells::I64(numbers!(i64)),
        Kind::F32 => Cells::F32(numbers!(f32)),
        Kind::F64 => Cells::F64(numbers!(f64)),
        Kind::C32 => Cells::C32(pairs!(f32)),
        Kind::C64 => Cells::C64(pairs!(f64)),
        Kind::Text => Cells::Text(cells.map(text).collect()),
    }
}

/// Applies `TSCALn` and `TZEROn`, to the null too.
fn scaled(cells: Cells, format: &ColumnFormat) -> Result<(Cells, Option<i64>), Mismatch> {
    if let Cells::Variable { starts, values } = cells {
        let (values, null) = scaled(*values, format)?;
        return Ok((Cells::Variable { starts, values: Box::new(values) }, null));
    }
    if format.scale == 1.0 && format.zero == 0.0 {
        return Ok((cells, format.null));
    }
    let (scale, zero, null) = (format.scale, format.zero, format.null);
    let real = |value: i64| {
        let value = if null == Some(value) { f64::NAN } else { value as f64 };
        value * scale + zero
    };
    let shifts = |by: f64| scale == 1.0 && zero == by;
    let moved = |by: i64| null.map(|null| null.saturating_add(by));
    Ok(match cells {
        Cells::U8(v) if shifts(-128.0) => {
            (Cells::I16(v.into_iter().map(|value| i16::from(value) - 128).collect()), moved(-128))
        }
        Cells::I16(v) if shifts(32768.0) => (
            Cells::I32(v.into_iter().map(|value| i32::from(value) + 32768).collect()),
            moved(32768),
        ),
        Cells::I32(v) if shifts(2147483648.0) => {
            let shift = 1 << 31;
            (
                Cells::I64(v.into_iter().map(|value| i64::from(value) + shift).collect()),
                moved(shift),
            )
        }
        Cells::I64(v) if shifts(9223372036854775808.0) => (unsigned(v, &format.name)?, None),
        Cells::U8(v) => {
            (Cells::F64(v.into_iter().map(|value| real(i64::from(value))).collect()), None)
        }
        Cells::I16(v) => {
            (Cells::F64(v.into_iter().map(|value| real(i64::from(value))).collect()), None)
        }
        Cells::I32(v) => {
            (Cells::F64(v.into_iter().map(|value| real(i64::from(value))).collect()), None)
        }
        Cells::I64(v) => (Cells::F64(v.into_iter().map(real).collect()), None),
        Cells::F32(v) => {
            (Cells::F64(v.into_iter().map(|value| f64::from(value) * scale + zero).collect()), None)
        }
        Cells::F64(v) => {
            (Cells::F64(v.into_iter().map(|value| value * scale + zero).collect()), None)
        }
        Cells::C32(_) | Cells::C64(_) => {
            return Err(Mismatch::column(&format.name, "scaled complex numbers are not supported"));
        }
        other => (other, None),
    })
}

/// Unsigned numbers of 8 bytes, stored less 2^63, where they are no larger than signed ones can be.
pub(super) fn unsigned(values: Vec<i64>, name: &str) -> Result<Cells, Mismatch> {
    let shifted: Option<Vec<i64>> =
        values.into_iter().map(|value| (value < 0).then_some(value ^ i64::MIN)).collect();
    shifted.map(Cells::I64).ok_or_else(|| {
        Mismatch::column(name, "unsigned numbers of 2^63 and more are not supported")
    })
}
