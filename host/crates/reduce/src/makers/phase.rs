//! Off counts of other phases of a periodic source.

use super::spectrum::counts_of;
use crate::Error;
use crate::data::Observation;
use crate::dataset::{Dataset, OnOff};
use crate::map::{Map, MapValues, n_cells};
use crate::phase::{acceptance, contains, split_intervals};

/// Counts the events of some phases, and as background those of others.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseBackgroundMaker {
    /// Intervals of phase of the source, in turns; one may pass the end of a turn.
    pub on_phase: Vec<[f64; 2]>,
    /// Intervals of phase of the background.
    pub off_phase: Vec<[f64; 2]>,
    /// Column of the phases.
    pub phase_column_name: String,
}

/// The intervals within one turn, none of which overlap.
fn intervals(what: &str, given: &[[f64; 2]]) -> Result<Vec<[f64; 2]>, Error> {
    let wrong = |reason: String| Error::parameter(what, reason);
    if given.is_empty() {
        return Err(wrong("expected one interval or more".into()));
    }
    if let Some([from, to]) = given.iter().find(|[from, to]| !(from < to && to - from <= 1.0)) {
        return Err(wrong(format!("{from} to {to} is no interval of one turn")));
    }
    let mut parts = split_intervals(given);
    parts.sort_by(|a, b| a[0].total_cmp(&b[0]));
    if parts.windows(2).any(|pair| pair[1][0] < pair[0][1]) {
        return Err(wrong(format!("intervals {given:?} overlap")));
    }
    Ok(parts)
}

impl PhaseBackgroundMaker {
    /// From intervals of phase, in the column `PHASE`.
    pub fn new(on_phase: Vec<[f64; 2]>, off_phase: Vec<[f64; 2]>) -> Self {
        PhaseBackgroundMaker { on_phase, off_phase, phase_column_name: "PHASE".into() }
    }

    /// Replaces the counts by those of the source's phases and the background by those of the others.
    ///
    /// # Errors
    /// Where events have no phases, or intervals fall, overlap or are none.
    pub fn run(&self, dataset: &mut Dataset, observation: &Observation) -> Result<(), Error> {
        let on = intervals("on_phase", &self.on_phase)?;
        let off = intervals("off_phase", &self.off_phase)?;
        let counts = self.counts(dataset, observation, &on)?;
        let counts_off = Some(self.counts(dataset, observation, &off)?);
        let geom = dataset.geom().clone();
        let map = |value: f64| {
            let values = MapValues::F32(vec![value as f32; n_cells(&geom)]);
            Map { geom: geom.clone(), unit: String::new(), values }
        };
        let (acceptance, acceptance_off) = (map(acceptance(&on)), Some(map(acceptance(&off))));
        dataset.counts = counts;
        dataset.off = Some(OnOff { counts_off, acceptance, acceptance_off });
        (dataset.background, dataset.model) = (None, None);
        Ok(())
    }

    fn counts(
        &self,
        dataset: &Dataset,
        observation: &Observation,
        intervals: &[[f64; 2]],
    ) -> Result<Map, Error> {
        let phases = observation.events.phases(&self.phase_column_name)?;
        let events = observation.events.select(|row| contains(intervals, phases[row]));
        counts_of(dataset.geom(), &Observation { events, ..observation.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_checked() {
        let parts = intervals("on", &[[0.5, 0.6], [0.9, 1.1]]).unwrap();
        assert_eq!((parts.len(), parts[1]), (3, [0.5, 0.6]));
        for bad in [&[][..], &[[0.2, 0.1]], &[[0.0, 1.5]], &[[f64::NAN, 0.1]]] {
            assert!(intervals("on", bad).is_err(), "{bad:?}");
        }
        let error = intervals("on", &[[0.9, 1.2], [0.1, 0.3]]).unwrap_err();
        assert!(error.to_string().contains("overlap"));
    }
}
