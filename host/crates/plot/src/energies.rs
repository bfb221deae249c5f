//! Spectra in bins of energy.

use std::ops::Range;

/// How values of bins are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesForm {
    /// A dot in each bin, as wide as the bin.
    Dots,
    /// A line around all bins.
    Steps,
}

/// A value for every bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Text in the legend.
    pub label: String,
    /// How it is drawn.
    pub form: SeriesForm,
    /// The values; those that are no numbers leave a gap.
    pub values: Vec<f64>,
    /// Standard deviations, drawn to both sides; empty for none.
    pub errors: Vec<f64>,
}

/// Values over bins of energy, on a logarithmic axis.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergySpectrum {
    /// Edges of the bins, all above 0, rising.
    pub edges: Vec<f64>,
    /// What is drawn, one over the other.
    pub series: Vec<Series>,
    /// Bins that are shaded, since they are not safe to use; empty for none.
    pub shaded: Vec<bool>,
}

impl EnergySpectrum {
    /// The edges, and the values with their errors; of those above 0 for a logarithmic axis. `None` if there is nothing to show.
    pub(crate) fn extent(&self, log: bool) -> Option<(Range<f64>, Range<f64>)> {
        let (first, last) = (*self.edges.first()?, *self.edges.last()?);
        if !(first > 0.0 && last > first && last.is_finite()) {
            return None;
        }
        let ends = self.series.iter().flat_map(|one| {
            (0..one.values.len()).flat_map(|bin| {
                let (value, error) = (one.values[bin], one.error(bin));
                [value - error, value, value + error]
            })
        });
        let shown = ends.filter(|value| value.is_finite() && (!log || *value > 0.0));
        let range = shown.fold(None, |found: Option<Range<f64>>, value| {
            let range = found.unwrap_or(value..value);
            Some(range.start.min(value)..range.end.max(value))
        })?;
        let y = match log {
            true => range.start / 2.0..range.end * 2.0,
            // Bins stand on zero.
            false => range.start.min(0.0)..range.end.max(0.0),
        };
        Some((first..last, y))
    }

    /// Ranges of energy that are shaded, those next to each other together.
    pub(crate) fn shades(&self) -> Vec<Range<f64>> {
        let mut shades: Vec<Range<f64>> = Vec::new();
        for (bin, ends) in self.edges.windows(2).enumerate() {
            if self.shaded.get(bin) != Some(&true) {
                continue;
            }
            match shades.last_mut() {
                Some(last) if last.end == ends[0] => last.end = ends[1],
                _ => shades.push(ends[0]..ends[1]),
            }
        }
        shades
    }

    /// The lines of a series. `floor` is where steps begin and end.
    pub(crate) fn lines(&self, series: &Series, floor: f64) -> Vec<Vec<(f64, f64)>> {
        let bins = self.edges.windows(2).zip(&series.values).enumerate();
        let mut lines = Vec::new();
        let mut outline: Vec<(f64, f64)> = Vec::new();
        for (bin, (ends, value)) in bins {
            let (low, high, middle) = (ends[0], ends[1], (ends[0] * ends[1]).sqrt());
            let error = series.error(bin);
            if !value.is_finite() {
                lines.extend(closed(&mut outline, floor));
                continue;
            }
            if error > 0.0 {
                lines.push(vec![(middle, value - error), (middle, value + error)]);
            }
            match series.form {
                SeriesForm::Dots => {
                    lines.push(vec![(low, *value), (high, *value)]);
                    lines.push(vec![(middle, *value)]);
                }
                SeriesForm::Steps => {
                    if outline.is_empty() {
                        outline.push((low, floor));
                    }
                    outline.extend([(low, *value), (high, *value)]);
                }
            }
        }
        lines.extend(closed(&mut outline, floor));
        lines
    }
}

/// An outline with its end on the floor; nothing is left of it.
fn closed(outline: &mut Vec<(f64, f64)>, floor: f64) -> Option<Vec<(f64, f64)>> {
    let (x, _) = *outline.last()?;
    outline.push((x, floor));
    Some(std::mem::take(outline))
}

impl Series {
    /// The standard deviation of a bin; 0 without one.
    fn error(&self, bin: usize) -> f64 {
        self.errors.get(bin).copied().filter(|error| error.is_finite()).unwrap_or(0.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Four bins, of which the first two are shaded.
    pub(crate) fn four() -> EnergySpectrum {
        let series = |form, values: [f64; 4]| Series {
            label: format!("{form:?}"),
            form,
            values: values.to_vec(),
            errors: values.map(f64::sqrt).to_vec(),
        };
        EnergySpectrum {
            edges: vec![1.0, 2.0, 4.0, 8.0, 16.0],
            series: vec![
                series(SeriesForm::Dots, [0.0, 100.0, 25.0, 4.0]),
                series(SeriesForm::Steps, [1.0, f64::NAN, 9.0, 1.0]),
            ],
            shaded: vec![true, true, false, false],
        }
    }

    #[test]
    fn axes_hold_values_and_errors() {
        let four = four();
        assert_eq!(four.extent(false), Some((1.0..16.0, 0.0..110.0)));
        assert_eq!(four.extent(true), Some((1.0..16.0, 0.5..220.0)));
        let empty = EnergySpectrum { series: Vec::new(), ..four.clone() };
        assert_eq!(empty.extent(false), None);
        let linear = EnergySpectrum { edges: vec![0.0, 1.0], ..four };
        assert_eq!(linear.extent(false), None);
    }

    #[test]
    fn shades_are_joined() {
        assert_eq!(four().shades(), [1.0..4.0]);
        let apart = EnergySpectrum { shaded: vec![true, false, false, true], ..four() };
        assert_eq!(apart.shades(), [1.0..2.0, 8.0..16.0]);
    }

    #[test]
    fn gaps_end_the_steps() {
        let four = four();
        let steps = four.lines(&four.series[1], 0.0);
        let outlines: Vec<_> = steps.iter().filter(|line| line.len() > 2).collect();
        assert_eq!(outlines.len(), 2);
        assert_eq!(*outlines[0], [(1.0, 0.0), (1.0, 1.0), (2.0, 1.0), (2.0, 0.0)]);
        assert_eq!(outlines[1].len(), 6);
        let dots = four.lines(&four.series[0], 0.0);
        assert_eq!(dots.iter().filter(|line| line.len() == 1).count(), 4);
        assert!(dots.contains(&vec![(8.0_f64.sqrt(), 90.0), (8.0_f64.sqrt(), 110.0)]));
    }
}
