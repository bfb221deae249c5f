//! Lists of events.

use tierline_fits::{Column, FitsFile, Header};

use super::cards::Cards;
use super::time::Time;
use crate::Error;

/// Columns that become fields of the list, and those that are computed again where they are needed.
const OWN: [&str; 6] = ["TIME", "RA", "DEC", "ENERGY", "GLON", "GLAT"];

/// Events, one value each in every field.
#[derive(Debug, Clone, PartialEq)]
pub struct EventList {
    /// From when times are counted.
    pub reference: Time,
    /// Times in s from the reference.
    pub time: Vec<f64>,
    /// Right ascensions in deg, ICRS.
    pub ra: Vec<f64>,
    /// Declinations in deg, ICRS.
    pub dec: Vec<f64>,
    /// Energies in TeV.
    pub energy: Vec<f64>,
    /// The other columns of the file.
    pub others: Vec<Column>,
    /// The cards of the table.
    pub header: Header,
}

impl EventList {
    /// Reads a table of events.
    ///
    /// # Errors
    /// Where a column or the reference of times is not there, or a unit is another.
    pub fn read(file: &mut FitsFile, number: usize) -> Result<Self, Error> {
        let mut table = file.table(number, None)?;
        let cards = Cards::of(file, number)?;
        let values = |name, default, unit| cards.plain(&table, name, default, unit);
        let mut events = EventList {
            reference: cards.require_reference()?,
            time: values("TIME", cards.time_unit(), "s")?,
            ra: values("RA", "deg", "deg")?,
            dec: values("DEC", "deg", "deg")?,
            energy: values("ENERGY", "TeV", "TeV")?,
            others: Vec::new(),
            header: Header::default(),
        };
        let is_own =
            |column: &Column| OWN.iter().any(|name| column.name.eq_ignore_ascii_case(name));
        table.columns.retain(|column| !is_own(column));
        (events.others, events.header) = (table.columns, table.header);
        Ok(events)
    }

    /// Events.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Another column by name; capital or small letters are the same.
    pub fn other(&self, name: &str) -> Option<&Column> {
        self.others.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The events for which `keep` is true, asked by their number.
    #[must_use]
    pub fn select(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows: Vec<usize> = (0..self.len()).filter(|row| keep(*row)).collect();
        let take = |values: &[f64]| rows.iter().map(|row| values[*row]).collect();
        EventList {
            reference: self.reference,
            time: take(&self.time),
            ra: take(&self.ra),
            dec: take(&self.dec),
            energy: take(&self.energy),
            others: self.others.iter().map(|column| column.take(&rows)).collect(),
            header: self.header.clone(),
        }
    }

    /// Events from the first time on, before the second.
    ///
    /// # Errors
    /// Where times can't be compared.
    pub fn select_time(&self, [from, to]: [Time; 2]) -> Result<Self, Error> {
        let (from, to) = (from.since(&self.reference), to.since(&self.reference));
        Ok(self.select(|row| (from..to).contains(&self.time[row])))
    }

    /// Events of energies from the first on, below the second, in TeV.
    #[must_use]
    pub fn select_energy(&self, [from, to]: [f64; 2]) -> Self {
        self.select(|row| (from..to).contains(&self.energy[row]))
    }

    /// Phases of the events by a column, by convention `PHASE`.
    ///
    /// # Errors
    /// Where there is no such column, or it has no number for each event.
    pub fn phases(&self, column: &str) -> Result<Vec<f64>, Error> {
        let what = || format!("column {column} of the events");
        let found = self.other(column).ok_or_else(|| Error::parameter(what(), "is not there"))?;
        let phases = found.f64s().map_err(|mismatch| Error::parameter(what(), mismatch.reason))?;
        if phases.len() != self.len() {
            return Err(Error::parameter(
                what(),
                format!("{} values for {} events", phases.len(), self.len()),
            ));
        }
        Ok(phases)
    }

    /// Events of phases from the first on, below the second; where the first modulo 1 is above the second, the interval goes through 0.
    ///
    /// # Errors
    /// As [`phases`](Self::phases).
    pub fn select_phase(&self, column: &str, interval: [f64; 2]) -> Result<Self, Error> {
        let phases = self.phases(column)?;
        let [from, to] = interval.map(|phase| phase.rem_euclid(1.0));
        let [start, stop] = interval;
        Ok(self.select(|row| {
            let phase = phases[row];
            if from > to {
                (from..1.0).contains(&phase) || (0.0..to).contains(&phase)
            } else {
                (start..stop).contains(&phase)
            }
        }))
    }
}
