//! Values of headers with the file and HDU in their errors.

use std::path::Path;

use tierline_fits::{Column, FitsFile, Hdu, Header, Mismatch, Table};

use super::time::{Time, TimeScale};
use crate::{Error, factor};

/// The header of an HDU of a file.
#[derive(Clone, Copy)]
pub(crate) struct Cards<'a> {
    pub(crate) path: &'a Path,
    pub(crate) hdu: &'a Hdu,
    pub(crate) header: &'a Header,
}

impl<'a> Cards<'a> {
    pub(crate) fn of(file: &'a FitsFile, number: usize) -> Result<Self, Error> {
        let (hdu, header) = (&file.info(number)?.hdu, file.header(number)?);
        Ok(Cards { path: file.path(), hdu, header })
    }

    pub(crate) fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::malformed(self.path, self.hdu.to_string(), reason)
    }

    fn at<T>(&self, value: Result<T, Mismatch>) -> Result<T, Error> {
        value.map_err(|mismatch| mismatch.at(self.path, self.hdu).into())
    }

    pub(crate) fn real(&self, key: &str) -> Result<Option<f64>, Error> {
        self.at(self.header.real(key))
    }

    pub(crate) fn require_real(&self, key: &str) -> Result<f64, Error> {
        self.at(self.header.require_real(key))
    }

    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, Error> {
        self.at(self.header.integer(key))
    }

    pub(crate) fn require_integer(&self, key: &str) -> Result<i64, Error> {
        self.at(self.header.require_integer(key))
    }

    /// A string; empty where the keyword is absent or of another kind.
    pub(crate) fn text(&self, key: &str) -> &'a str {
        self.header.text(key).ok().flatten().unwrap_or_default().trim()
    }

    /// The time from which others are counted (`MJDREFI`, `MJDREFF` or `MJDREF`, `TIMESYS`); `None` where there is none.
    pub(crate) fn reference(&self) -> Result<Option<Time>, Error> {
        let scale = match self.text("TIMESYS") {
            "" => TimeScale::Tt,
            name => TimeScale::of_name(name).map_err(|error| self.wrong(error.to_string()))?,
        };
        let (days, fraction) = match (self.integer("MJDREFI")?, self.real("MJDREF")?) {
            (Some(days), _) => (days, self.real("MJDREFF")?.unwrap_or(0.0)),
            (None, Some(date)) => (0, date),
            (None, None) => return Ok(None),
        };
        let time = Time::from_mjd(days, fraction, scale);
        time.map(Some).map_err(|error| self.wrong(format!("MJDREFI, MJDREFF: {error}")))
    }

    pub(crate) fn require_reference(&self) -> Result<Time, Error> {
        self.reference()?.ok_or_else(|| self.wrong("keyword MJDREFI: is not there"))
    }

    /// Seconds per unit of times without one (`TIMEUNIT`, by default s).
    pub(crate) fn time_unit(&self) -> &'a str {
        match self.text("TIMEUNIT") {
            "" => "s",
            unit => unit,
        }
    }

    pub(crate) fn column<'t>(&self, table: &'t Table, name: &str) -> Result<&'t Column, Error> {
        self.at(table.require(name))
    }

    /// The values of a column in a unit; the default is the unit of columns without one.
    pub(crate) fn values(
        &self,
        column: &Column,
        default: &str,
        unit: &str,
    ) -> Result<Vec<f64>, Error> {
        let mut values = self.at(column.f64s())?;
        let found = if column.unit.is_empty() { default } else { &column.unit };
        if found != unit {
            let by = factor(found, unit)
                .map_err(|error| self.wrong(format!("column {}: {error}", column.name)))?;
            if by != 1.0 {
                values.iter_mut().for_each(|value| *value *= by);
            }
        }
        Ok(values)
    }

    /// One value per row.
    pub(crate) fn plain(
        &self,
        table: &Table,
        name: &str,
        default: &str,
        unit: &str,
    ) -> Result<Vec<f64>, Error> {
        let column = self.column(table, name)?;
        let values = self.values(column, default, unit)?;
        if values.len() != table.rows {
            let (found, rows) = (values.len(), table.rows);
            return Err(self.wrong(format!("column {name}: {found} values in {rows} rows")));
        }
        Ok(values)
    }
}
