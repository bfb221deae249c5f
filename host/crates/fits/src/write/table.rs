//! Tables as bytes.

use super::cards::check_text;
use super::product;
use crate::ffi::{MemoryFile, Result};
use crate::{Cells, Column, Table};

/// Appends a table without its other cards.
pub(super) fn write(file: &mut MemoryFile, table: &Table) -> Result<()> {
    check_text(&table.name)?;
    let named = |column: &Column, reason: String| format!("column {}: {reason}", column.name);
    let formats: Vec<Format> = table
        .columns
        .iter()
        .map(|column| Format::of(column, table.rows).map_err(|reason| named(column, reason)))
        .collect::<Result<_>>()?;
    let columns: Vec<[String; 3]> = std::iter::zip(&table.columns, &formats)
        .map(|(column, format)| [column.name.clone(), format.form.clone(), column.unit.clone()])
        .collect();
    file.create_table(table.rows, &columns, &table.name)?;
    for (n, (column, format)) in std::iter::zip(&table.columns, &formats).enumerate() {
        if let Some(dimensions) = &format.dimensions {
            file.write_string(&format!("TDIM{}", n + 1), dimensions, "")?;
        }
        if let Some(null) = column.null {
            file.write_value(&format!("TNULL{}", n + 1), &null.to_string(), "")?;
        }
    }
    file.write_rows(&rows(table, &formats)?)?;
    for (n, column) in table.columns.iter().enumerate() {
        if let Cells::Variable { starts, values } = &column.cells {
            for (row, range) in starts.windows(2).enumerate() {
                cell(file, n, row, values, range[0]..range[1])
                    .map_err(|reason| named(column, reason))?;
            }
        }
    }
    Ok(())
}

/// How a column is stored.
struct Format {
    form: String,
    dimensions: Option<String>,
    /// Values in a cell.
    repeat: usize,
    /// Letters of a string.
    letters: usize,
    /// Bytes in a row.
    width: usize,
}

impl Format {
    fn of(column: &Column, rows: usize) -> Result<Self> {
        check_text(&column.name)?;
        check_text(&column.unit)?;
        if let Cells::Variable { starts, values } = &column.cells {
            return Self::variable(column, starts, values, rows);
        }
        let repeat = product(&column.shape).ok_or("its shape is too large")?;
        let found = column.cells.len();
        if rows.checked_mul(repeat) != Some(found) {
            return Err(format!("{rows} rows of {repeat} values, but {found} values"));
        }
        let (letter, size) = code(&column.cells)?;
        let letters = match &column.cells {
            Cells::Text(texts) => texts.iter().map(String::len).max().unwrap_or(0).max(1),
            _ => 1,
        };
        let count = repeat.checked_mul(letters).ok_or("its strings are too long")?;
        let width = match column.cells {
            Cells::Bits(_) => count.div_ceil(8),
            _ => count.checked_mul(size).ok_or("its shape is too large")?,
        };
        let is_text = matches!(column.cells, Cells::Text(_));
        let mut lengths: Vec<String> = column.shape.iter().rev().map(usize::to_string).collect();
        if is_text && !column.shape.is_empty() {
            lengths.insert(0, letters.to_string());
        }
        let dimensions = (lengths.len() > 1).then(|| format!("({})", lengths.join(",")));
        Ok(Format { form: format!("{count}{letter}"), dimensions, repeat, letters, width })
    }

    fn variable(column: &Column, starts: &[usize], values: &Cells, rows: usize) -> Result<Self> {
        let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let ends = (starts.first(), starts.last()) == (Some(&0), Some(&values.len()));
        if !rising || !ends || starts.len() != rows.saturating_add(1) {
            return Err(format!("{} starts do not fit {rows} rows", starts.len()));
        }
        if !column.shape.is_empty() {
            return Err("cells of different lengths have no shape".into());
        }
        let (letter, size) = code(values)?;
        let longest = match values {
            Cells::Text(texts) => texts.iter().map(String::len).max(),
            _ => starts.windows(2).map(|pair| pair[1] - pair[0]).max(),
        };
        let longest = longest.unwrap_or(0);
        // Offsets in the heap of other columns count too.
        let is_long = values.len().saturating_mul(size).saturating_mul(8) > i32::MAX as usize;
        let (kind, width) = if is_long { ('Q', 16) } else { ('P', 8) };
        let form = format!("1{kind}{letter}({longest})");
        Ok(Format { form, dimensions: None, repeat: 1, letters: 1, width })
    }
}

/// Letter and bytes of a type.
fn code(cells: &Cells) -> Result<(char, usize)> {
    Ok(match cells {
        Cells::Logical(_) => ('L', 1),
        Cells::Bits(_) => ('X', 1),
        Cells::U8(_) => ('B', 1),
        Cells::I16(_) => ('I', 2),
        Cells::I32(_) => ('J', 4),
        Cells::I64(_) => ('K', 8),
        Cells::F32(_) => ('E', 4),
        Cells::F64(_) => ('D', 8),
        Cells::C32(_) => ('C', 8),
        Cells::C64(_) => ('M', 16),
        Cells::Text(_) => ('A', 1),
        Cells::Variable { .. } => return Err("cells of cells of different lengths".into()),
    })
}

/// The bytes of all rows; descriptors of cells in the heap are 0.
fn rows(table: &Table, formats: &[Format]) -> Result<Vec<u8>> {
    let width: usize = formats.iter().map(|format| format.width).sum();
    let size = width.checked_mul(table.rows).ok_or("the table is too large")?;
    let mut bytes = vec![0; size];
    let mut offset = 0;
    for (column, format) in std::iter::zip(&table.columns, formats) {
        if width > 0 && format.width > 0 {
            let cells =
                bytes.chunks_exact_mut(width).map(|row| &mut row[offset..offset + format.width]);
            fill(cells, &column.cells, format)
                .map_err(|reason| format!("column {}: {reason}", column.name))?;
        }
        offset += format.width;
    }
    Ok(bytes)
}

fn fill<'a>(
    cells: impl Iterator<Item = &'a mut [u8]>,
    values: &Cells,
    format: &Format,
) -> Result<()> {
    macro_rules! numbers {
        ($values:expr, $size:literal) => {
            for (cell, values) in cells.zip($values.chunks_exact(format.repeat)) {
                for (bytes, value) in cell.chunks_exact_mut($size).zip(values) {
                    bytes.copy_from_slice(&value.to_be_bytes());
                }
            }
        };
    }
    macro_rules! pairs {
        ($values:expr, $size:literal) => {
            for (cell, values) in cells.zip($values.chunks_exact(format.repeat)) {
                for (bytes, value) in cell.chunks_exact_mut($size).zip(values.as_flattened()) {
                    bytes.copy_from_slice(&value.to_be_bytes());
                }
            }
        };
    }
    match values {
        Cells::Logical(v) => {
            for (cell, values) in cells.zip(v.chunks_exact(format.repeat)) {
                for (byte, value) in cell.iter_mut().zip(values) {
                    *byte = if *value { b'T' } else { b'F' };
                }
            }
        }
        Cells::Bits(v) => {
            for (cell, values) in cells.zip(v.chunks_exact(format.repeat)) {
                for (bit, value) in values.iter().enumerate() {
                    cell[bit / 8] |= u8::from(*value) << (7 - bit % 8);
                }
            }
        }
        Cells::U8(v) => numbers!(v, 1),
        Cells::I16(v) => numbers!(v, 2),
        Cells::I32(v) => numbers!(v, 4),
        Cells::I64(v) => numbers!(v, 8),
        Cells::F32(v) => numbers!(v, 4),
        Cells::F64(v) => numbers!(v, 8),
        Cells::C32(v) => pairs!(v, 4),
        Cells::C64(v) => pairs!(v, 8),
        Cells::Text(v) => {
            for (cell, values) in cells.zip(v.chunks_exact(format.repeat)) {
                for (bytes, text) in cell.chunks_exact_mut(format.letters).zip(values) {
                    check_text(text)?;
                    bytes[..text.len()].copy_from_slice(text.as_bytes());
                }
            }
        }
        Cells::Variable { .. } => {}
    }
    Ok(())
}

fn cell(
    file: &mut MemoryFile,
    column: usize,
    row: usize,
    values: &Cells,
    range: std::ops::Range<usize>,
) -> Result<()> {
    if range.is_empty() {
        return Ok(());
    }
    match values {
        Cells::Logical(v) => file.write_logicals(column, row, &v[range]),
        Cells::Bits(v) => file.write_bits(column, row, &v[range]),
        Cells::U8(v) => file.write_cell(column, row, &v[range]),
        Cells::I16(v) => file.write_cell(column, row, &v[range]),
        Cells::I32(v) => file.write_cell(column, row, &v[range]),
        Cells::I64(v) => file.write_cell(column, row, &v[range]),
        Cells::F32(v) => file.write_cell(column, row, &v[range]),
        Cells::F64(v) => file.write_cell(column, row, &v[range]),
        Cells::C32(v) => file.write_cell(column, row, &v[range]),
        Cells::C64(v) => file.write_cell(column, row, &v[range]),
        Cells::Text(v) => match &v[range] {
            [text] => {
                check_text(text)?;
                file.write_text(column, row, text)
            }
            _ => Err("a cell has one string".into()),
        },
        Cells::Variable { .. } => Err("cells of cells of different lengths".into()),
    }
}
