//! Labels of images: numbers of the event, the shower, parameters.

use std::fmt::Write as _;

use tierline_h5::pytables::Schema;
use tierline_table::DType;

use crate::cuts::Columns;
use crate::event::{Dl1Event, Dl1Telescope};
use crate::writer::Row;

/// Columns that are whole numbers, which come first.
const WHOLE: [&str; 3] = ["obs_id", "event_id", "tel_id"];

/// Rows of labels.
pub(super) struct Labels {
    names: Vec<String>,
    pub(super) row: Row,
    pub(super) line: String,
}

impl Labels {
    pub(super) fn new(columns: &Columns) -> Self {
        Labels { names: columns.names().to_vec(), row: Row::default(), line: String::new() }
    }

    /// Columns of a table.
    pub(super) fn schema(&self) -> Schema {
        let mut schema = Schema::new();
        for (name, dtype) in WHOLE.iter().zip([DType::I32, DType::I64, DType::I16]) {
            schema.push(*name, dtype);
        }
        for name in self.names.iter().skip(WHOLE.len()) {
            schema.push(name.as_str(), DType::F64);
        }
        schema
    }

    /// Names as a line of CSV.
    pub(super) fn head(&self) -> String {
        self.names.join(",") + "\n"
    }

    /// Makes a row, and a line of CSV; what is not known is `nan`.
    pub(super) fn row(&mut self, event: &Dl1Event, telescope: &Dl1Telescope, values: &[f64]) {
        let (obs_id, event_id, tel_id) = (event.obs_id, event.event_id, telescope.tel_id);
        self.row.clear().i32(obs_id).i64(event_id).i16(tel_id as i16);
        self.line.clear();
        // Writing to a text does not fail.
        let _ = write!(self.line, "{obs_id},{event_id},{tel_id}");
        for value in values.iter().skip(WHOLE.len()) {
            self.row.f64(*value);
            let _ = match value.is_nan() {
                true => write!(self.line, ",nan"),
                false => write!(self.line, ",{value}"),
            };
        }
        self.line.push('\n');
    }
}
