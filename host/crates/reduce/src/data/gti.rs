//! Good time intervals.

use tierline_fits::FitsFile;

use super::cards::Cards;
use super::time::Time;
use crate::Error;

/// Good time intervals, in seconds from a reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Gti {
    /// From when times are counted.
    pub reference: Time,
    /// Start and stop of each interval in s.
    pub intervals: Vec<[f64; 2]>,
}

impl Gti {
    /// Reads a table of `START` and `STOP`.
    ///
    /// # Errors
    /// Where a column or the reference is not there, or a time is no number.
    pub fn read(file: &mut FitsFile, number: usize) -> Result<Self, Error> {
        let table = file.table(number, Some(&["START", "STOP"]))?;
        let cards = Cards::of(file, number)?;
        let reference = cards.require_reference()?;
        let unit = cards.time_unit();
        let start = cards.plain(&table, "START", unit, "s")?;
        let stop = cards.plain(&table, "STOP", unit, "s")?;
        if let Some(value) = start.iter().chain(&stop).find(|value| !value.is_finite()) {
            return Err(cards.wrong(format!("START, STOP: {value} is no time")));
        }
        let intervals = std::iter::zip(start, stop).map(|(start, stop)| [start, stop]).collect();
        Ok(Gti { reference, intervals })
    }

    /// Sum of the lengths in s, overlaps counted twice.
    pub fn time_sum(&self) -> f64 {
        self.intervals.iter().map(|[start, stop]| stop - start).sum()
    }

    /// Start of the first interval.
    pub fn start(&self) -> Option<Time> {
        self.intervals.first().map(|[start, _]| self.reference.plus(*start))
    }

    /// Stop of the first interval, as the peer takes it.
    pub fn stop(&self) -> Option<Time> {
        self.intervals.first().map(|[_, stop]| self.reference.plus(*stop))
    }

    /// Intervals merged where they overlap or touch, in order of their starts.
    #[must_use]
    pub fn union(&self) -> Self {
        let mut intervals = self.intervals.clone();
        intervals.sort_by(|one, two| one[0].total_cmp(&two[0]));
        let mut merged: Vec<[f64; 2]> = Vec::with_capacity(intervals.len());
        for [start, stop] in intervals {
            match merged.last_mut() {
                Some(last) if start <= last[1] => last[1] = last[1].max(stop),
                _ => merged.push([start, stop]),
            }
        }
        Gti { reference: self.reference, intervals: merged }
    }

    /// Intervals of both one behind the other, in the reference of this one.
    ///
    /// # Errors
    /// Where their times can't be compared.
    pub fn stack(&self, other: &Self) -> Result<Self, Error> {
        let mut intervals = self.intervals.clone();
        intervals.extend(other.moved_to(&self.reference)?.intervals);
        Ok(Gti { reference: self.reference, intervals })
    }

    /// What is in both.
    ///
    /// # Errors
    /// Where their times can't be compared.
    pub fn intersection(&self, other: &Self) -> Result<Self, Error> {
        let (one, two) = (self.union(), other.moved_to(&self.reference)?.union());
        let (mut i, mut k) = (0, 0);
        let mut intervals = Vec::new();
        while let (Some([a, b]), Some([c, d])) = (one.intervals.get(i), two.intervals.get(k)) {
            let (start, stop) = (a.max(*c), b.min(*d));
            if start < stop {
                intervals.push([start, stop]);
            }
            if b < d { i += 1 } else { k += 1 }
        }
        Ok(Gti { reference: self.reference, intervals })
    }

    /// The parts between two times: intervals that overlap them are cut.
    ///
    /// # Errors
    /// Where times can't be compared.
    pub fn select_time(&self, [from, to]: [Time; 2]) -> Result<Self, Error> {
        let (from, to) = (from.since(&self.reference), to.since(&self.reference));
        let overlaps = |[start, stop]: &&[f64; 2]| *start < to && *stop > from;
        let cut = |[start, stop]: &[f64; 2]| [start.max(from), stop.min(to)];
        let intervals = self.intervals.iter().filter(overlaps).map(cut).collect();
        Ok(Gti { reference: self.reference, intervals })
    }

    /// The same intervals counted from another reference.
    ///
    /// # Errors
    /// Where times can't be compared.
    pub fn moved_to(&self, reference: &Time) -> Result<Self, Error> {
        let shift = self.reference.since(reference);
        let intervals = self.intervals.iter().map(|pair| pair.map(|time| time + shift)).collect();
        Ok(Gti { reference: *reference, intervals })
    }
}

#[cfg(test)]
mod tests {
    use super::super::time::TimeScale;
    use super::*;

    fn gti(intervals: &[[f64; 2]]) -> Gti {
        let reference = Time::from_mjd(51544, 0.5, TimeScale::Tt).unwrap();
        Gti { reference, intervals: intervals.to_vec() }
    }

    #[test]
    fn sets_of_intervals() {
        let one = gti(&[[5.0, 6.0], [0.0, 1.0], [1.0, 2.0], [5.5, 8.0]]);
        assert_eq!(one.time_sum(), 5.5);
        assert_eq!(one.union(), gti(&[[0.0, 2.0], [5.0, 8.0]]));
        let two = Gti { reference: one.reference.plus(1.0), ..gti(&[[0.5, 4.5], [6.0, 6.5]]) };
        assert_eq!(one.intersection(&two).unwrap(), gti(&[[1.5, 2.0], [5.0, 5.5], [7.0, 7.5]]));
        assert_eq!(one.stack(&two).unwrap().intervals[4], [1.5, 5.5]);
        let time = |seconds| one.reference.plus(seconds);
        let cut = one.select_time([time(0.5), time(5.75)]).unwrap();
        assert_eq!(cut, gti(&[[5.0, 5.75], [0.5, 1.0], [1.0, 2.0], [5.5, 5.75]]));
        assert_eq!(one.start(), Some(time(5.0)));
        assert_eq!(one.stop(), Some(time(6.0)));
        assert_eq!(gti(&[]).union(), gti(&[]));
    }
}
