//! Cells of tables as text.

use std::fmt::Write;

use tierline::table::{Array, Column, DType, NamedColumn, Table};

/// A column that has values itself, with its path in the table.
pub(super) struct Leaf<'a> {
    pub(super) name: String,
    pub(super) named: &'a NamedColumn,
}

/// The columns of a table and of the tables in it.
pub(super) fn leaves<'a>(table: &'a Table, above: &str, leaves: &mut Vec<Leaf<'a>>) {
    for named in &table.columns {
        let name = format!("{above}{}", named.name);
        match &named.column {
            Column::Table(inner) => self::leaves(inner, &format!("{name}/"), leaves),
            _ => leaves.push(Leaf { name, named }),
        }
    }
}

/// The elements of a row.
pub(super) struct Cell<'a> {
    pub(super) array: &'a Array,
    /// Index of the first element.
    pub(super) first: usize,
    /// Extents; none for a single value.
    pub(super) shape: Vec<usize>,
}

/// A row of a column of values.
pub(super) fn cell(column: &Column, row: usize) -> Option<Cell<'_>> {
    match column {
        Column::Array(array) => {
            let first = row * array.row_len();
            Some(Cell { array, first, shape: array.row_shape.clone() })
        }
        Column::Vectors(vectors) => {
            let (range, array) = (vectors.range(row)?, &vectors.flattened);
            let mut shape = vec![range.len()];
            shape.extend(&array.row_shape);
            Some(Cell { array, first: range.start * array.row_len(), shape })
        }
        Column::Encoded(_) | Column::Table(_) => None,
    }
}

/// Elements that are shown at either end of a long array.
const ENDS: usize = 3;

impl Cell<'_> {
    /// The cell as people read it: long arrays are abbreviated unless `full`.
    pub(super) fn text(&self, full: bool, out: &mut String) {
        self.nested(self.first, &self.shape, full, out);
    }

    fn nested(&self, first: usize, shape: &[usize], full: bool, out: &mut String) {
        let Some((count, inner)) = shape.split_first() else {
            return match self.array.get_text(first) {
                Some(text) => out.extend(text.chars().flat_map(visible)),
                None => element(self.array, first, out),
            };
        };
        let size: usize = inner.iter().product();
        let whole = full || *count <= 2 * ENDS + 1;
        let head = if whole { *count } else { ENDS };
        out.push('[');
        for index in (0..head).chain(count - if whole { 0 } else { ENDS }..*count) {
            if index > 0 {
                out.push(' ');
            }
            if index == count - ENDS.min(*count) && !whole {
                out.push_str("… ");
            }
            self.nested(first + index * size, inner, full, out);
        }
        out.push(']');
    }

    /// All elements, separated by blanks.
    pub(super) fn flat(&self, out: &mut String) {
        for index in 0..self.shape.iter().product() {
            if index > 0 {
                out.push(' ');
            }
            element(self.array, self.first + index, out);
        }
    }

    /// The cell as JSON; what is no number there is `null`.
    pub(super) fn json(&self, out: &mut String) {
        self.json_nested(self.first, &self.shape, out);
    }

    fn json_nested(&self, first: usize, shape: &[usize], out: &mut String) {
        let Some((count, inner)) = shape.split_first() else {
            match self.array.get_text(first) {
                Some(text) => quoted(&text, out),
                None if self.array.get_f64(first).is_some_and(f64::is_finite) => {
                    element(self.array, first, out);
                }
                None => out.push_str("null"),
            }
            return;
        };
        let size: usize = inner.iter().product();
        out.push('[');
        for index in 0..*count {
            if index > 0 {
                out.push(',');
            }
            self.json_nested(first + index * size, inner, out);
        }
        out.push(']');
    }
}

/// A text in JSON's quotes.
pub(super) fn quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Control characters as escapes.
fn visible(c: char) -> impl Iterator<Item = char> {
    let (escape, own) = if c.is_control() { (Some(c), None) } else { (None, Some(c)) };
    escape.into_iter().flat_map(char::escape_default).chain(own)
}

/// One element: numbers so that they read back as they are.
fn element(array: &Array, index: usize, out: &mut String) {
    let Some(bytes) = array.element(index) else { return };
    let written = match array.dtype {
        DType::Bool => out.write_str(if bytes.contains(&1) { "true" } else { "false" }),
        DType::Text(_) => out.write_str(&array.get_text(index).unwrap_or_default()),
        DType::F32 => match bytes.try_into().map(f32::from_le_bytes) {
            Ok(value) => write!(out, "{value:?}"),
            Err(_) => Ok(()),
        },
        DType::F64 => write!(out, "{:?}", array.get_f64(index).unwrap_or(f64::NAN)),
        DType::U64 => match bytes.try_into().map(u64::from_le_bytes) {
            Ok(value) => write!(out, "{value}"),
            Err(_) => Ok(()),
        },
        _ => write!(out, "{}", array.get_i64(index).unwrap_or_default()),
    };
    // Writing to a string does not fail.
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;
    use tierline::table::VectorOfVectors;

    fn texts(column: impl Into<Column>, row: usize) -> [String; 4] {
        let column = column.into();
        let cell = cell(&column, row).unwrap();
        let mut all = <[String; 4]>::default();
        cell.text(false, &mut all[0]);
        cell.text(true, &mut all[1]);
        cell.flat(&mut all[2]);
        cell.json(&mut all[3]);
        all
    }

    #[test]
    fn cells_are_texts() {
        let long: Vec<u16> = (0..9).collect();
        let [short, full, flat, json] = texts(Array::from_u16(&long).reshaped(&[9]), 0);
        assert_eq!((short.as_str(), full.as_str()), ("[0 1 2 … 6 7 8]", "[0 1 2 3 4 5 6 7 8]"));
        assert_eq!((flat.as_str(), json.as_str()), ("0 1 2 3 4 5 6 7 8", "[0,1,2,3,4,5,6,7,8]"));
        let seven = Array::from_u16(&long[..7]).reshaped(&[7]);
        assert_eq!(texts(seven, 0)[0], "[0 1 2 3 4 5 6]");
        let nested = Array::from_i16(&[1, -2, 3, 4]).reshaped(&[2, 2]);
        let [short, _, flat, json] = texts(nested, 0);
        assert_eq!((short.as_str(), flat.as_str()), ("[[1 -2] [3 4]]", "1 -2 3 4"));
        assert_eq!(json, "[[1,-2],[3,4]]");
        let text = Array::from_text(&["a\n\"b", "é"], 6);
        assert_eq!(texts(text.clone(), 0), ["a\\n\"b", "a\\n\"b", "a\n\"b", "\"a\\n\\\"b\""]);
        assert_eq!(texts(text, 1)[0], "é");
        let floats = Array::from_f64(&[f64::NAN, 1e300, 0.1]);
        assert_eq!(texts(floats.clone(), 0), ["NaN", "NaN", "NaN", "null"]);
        assert_eq!(texts(floats.clone(), 1)[0], "1e300");
        assert_eq!(texts(floats, 2)[3], "0.1");
        assert_eq!(texts(Array::from_f32(&[0.1]), 0)[0], "0.1");
        assert_eq!(texts(Array::from_u64(&[u64::MAX]), 0)[3], u64::MAX.to_string());
        assert_eq!(texts(Array::from_bool(&[true, false]), 1)[3], "false");
        let mut vectors = VectorOfVectors::new(DType::U8);
        vectors.push_row(&[1, 2]);
        vectors.push_row(&[]);
        assert_eq!(texts(vectors.clone(), 0)[0], "[1 2]");
        assert_eq!(texts(vectors, 1), ["[]", "[]", "", "[]"]);
    }
}
