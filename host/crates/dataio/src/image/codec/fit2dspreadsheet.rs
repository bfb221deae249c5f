//! Spreadsheets of Fit2D (`.spr`): text.
//!
//! Lines that begin with `#` come first, then `columns rows ...`, then the rows as numbers between blanks.
//! Pixels are f32. A line with a word that is no number is left out, as fabio does, and reported.

use tierline_table::DType;

use crate::Error;
use crate::Place;
use crate::image::plain::single;
use crate::image::{Codec, Header, Hint, Image, Pixels, Source, Value};

/// Spreadsheets of Fit2D.
pub struct Fit2dSpreadsheet;

impl Codec for Fit2dSpreadsheet {
    fn name(&self) -> &'static str {
        "fit2dspreadsheet"
    }

    fn description(&self) -> &'static str {
        "Fit2D spreadsheet, text"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["spr"]
    }

    fn sniff(&self, _: &Hint<'_>) -> bool {
        false
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let text = source.all()?;
        let mut start = 0;
        let mut number = 1;
        let line = loop {
            let end =
                memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end + 1);
            let line = &text[start..end];
            start = end;
            if !line.starts_with(b"#") {
                break line;
            }
            number += 1;
        };
        let mut words = words(line);
        let mut extent = || std::str::from_utf8(words.next()?).ok()?.parse::<u32>().ok();
        let (Some(columns), Some(rows)) = (extent(), extent()) else {
            return Err(source.malformed(Place::Line(number), "expected columns and rows"));
        };
        let mut header = Header::new();
        header.set("title", Value::Bytes(line.to_vec()));
        header.set("Dim_1", i64::from(columns));
        header.set("Dim_2", i64::from(rows));
        let shape = [rows as usize, columns as usize];
        Ok(single(source, header, Vec::new(), move |source, warnings| {
            pixels(source, start, number, shape, warnings)
        }))
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

fn pixels(
    source: &Source,
    start: usize,
    header_line: u64,
    shape: [usize; 2],
    warnings: &mut Vec<String>,
) -> Result<Pixels, Error> {
    let text = source.all()?;
    let [rows, columns] = shape;
    let size = source.size("spreadsheet", &shape, 4)?;
    // A number takes at least a digit and a blank.
    if size / 8 > text.len() {
        return Err(
            source.malformed(Place::File, format!("too short for {rows} rows of {columns}"))
        );
    }
    let mut data: Vec<u8> = Vec::with_capacity(size);
    let mut dropped = 0u64;
    let lines = text.get(start..).unwrap_or_default().split(|byte| *byte == b'\n');
    for (line, number) in lines.zip(header_line + 1..) {
        let before = data.len();
        let mut good = true;
        for word in words(line) {
            match fast_float2::parse::<f64, _>(word) {
                Ok(value) => data.extend_from_slice(&(value as f32).to_le_bytes()),
                Err(_) => {
                    good = false;
                    break;
                }
            }
        }
        let found = (data.len() - before) / 4;
        if !good {
            data.truncate(before);
            dropped += 1;
        } else if found == 0 {
            continue;
        } else if found != columns || data.len() > size {
            let reason = format!(
                "expected {rows} rows of {columns} numbers, found {found} in row {}",
                before / (4 * columns.max(1))
            );
            return Err(source.malformed(Place::Line(number), reason));
        }
    }
    if data.len() != size {
        let reason = format!("expected {rows} rows, found {}", data.len() / (4 * columns.max(1)));
        return Err(source.malformed(Place::File, reason));
    }
    if dropped > 0 {
        warnings.push(format!("{dropped} lines with words that are no numbers were left out"));
    }
    Ok(Pixels { dtype: DType::F32, shape: shape.to_vec(), data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, open_bytes, read_bytes};

    #[test]
    fn rows_are_read_and_bad_lines_left_out() {
        let text = b"# c\n#\n 3 2 Start pixel\n1.5E+00 2 -3\nbad 1 2\n4 5 6\n";
        let mut image = open_bytes(&Fit2dSpreadsheet, text.to_vec()).unwrap();
        let frame = image.frame(0).unwrap();
        assert_eq!(frame.pixels.floats(), [1.5, 2.0, -3.0, 4.0, 5.0, 6.0]);
        assert_eq!(image.warnings().len(), 1);
        assert_eq!(frame.header.get("Dim_2"), Some(&Value::Int(2)));
        damaged(&Fit2dSpreadsheet, text);
    }

    #[test]
    fn wrong_shapes_are_refused() {
        for text in [
            "",
            "# only\n",
            "3 x\n",
            "3 2\n1 2 3\n",
            "3 2\n1 2\n3 4 5\n",
            "2 1\n1 2\n3 4\n",
            "4294967295 4294967295\n1",
        ] {
            assert!(read_bytes(&Fit2dSpreadsheet, text.into()).is_err(), "{text}");
        }
    }
}
