//! Waveforms, one over the other or as a density.

use std::ops::Range;

use tierline::h5;
use tierline::h5::tree::Reader;
use tierline::plot::{Axis, Content, Density, GrowingAxis, Panel, Trace};
use tierline::table::{Attrs, Table};

use super::Args;
use super::panels::{count, note};
use super::read::{Source, cell, integers};
use crate::cmd::{Usage, grouped};

/// Waveforms that are drawn where no rows are named, most that may be, and most in a legend.
const FEW: usize = 10;
const MOST: usize = 500;
const LEGEND: usize = 10;
/// A baseline is the mean of this share of the samples, the first ones.
const BASELINE_SHARE: usize = 8;
/// Pixel columns for which lines are thinned if no size is asked for.
const COLUMNS: u32 = 960;

/// Amplitude bins of a density of short waveforms; those of long ones have more.
const FEWEST_BINS: usize = 128;

/// A waveform as it is stored, without its baseline if that is wanted.
struct Wave<'a> {
    row: usize,
    /// Time of the first sample and sampling period, in units of the axis.
    t0: f64,
    dt: f64,
    samples: &'a [f64],
}

/// Waveforms of a file.
struct Waves {
    source: Source,
    /// Column of the samples; the only one where there are no times.
    values: &'static str,
    /// The units of t0 and dt in ns; `None` where samples are counted.
    units_ns: Option<(f64, f64)>,
    attrs: Attrs,
    /// Whether the samples are whole numbers, as they are stored.
    whole: bool,
    baseline: Baseline,
}

/// What is subtracted from waveforms.
enum Baseline {
    Nothing,
    FirstSamples,
    Column(Source),
}

impl Waves {
    fn open(args: &Args, reader: &Reader, path: &str) -> anyhow::Result<Self> {
        let source = Source::open(reader, path)?;
        let layout = source.reader.layout();
        let units = |name: &str| {
            let array = layout.array(name).filter(|array| array.row_shape.is_empty());
            array.and(layout.column(name)).and_then(|named| ns(named.attrs.units.as_deref()))
        };
        let units_ns = units("t0").zip(units("dt"));
        let named = source.column("values");
        let Some((named, whole)) = named.and_then(|named| Some((named, integers(named)?))) else {
            anyhow::bail!(h5::Error::unsupported(reader.path(), path, "there are no samples"));
        };
        let baseline = match args.baseline_subtract.as_deref() {
            None => Baseline::Nothing,
            Some("") => Baseline::FirstSamples,
            Some(name) => {
                let column = Source::open(reader, &format!("{}/{name}", source.above()))?;
                let rows = (column.reader.rows(), source.reader.rows());
                anyhow::ensure!(rows.0 == rows.1, "'{}' has {} rows", column.path, rows.0);
                Baseline::Column(column)
            }
        };
        let attrs = named.attrs.clone();
        Ok(Waves { source, values: "values", units_ns, attrs, whole, baseline })
    }

    /// Hands over some rows.
    fn each(&self, rows: Range<usize>, mut take: impl FnMut(&Wave<'_>)) -> anyhow::Result<()> {
        let mut samples = Vec::new();
        self.source.batches(rows, |start, batch| {
            let baselines = self.baselines(start, batch.rows)?;
            for row in 0..batch.rows {
                samples.clear();
                let named = batch.column(self.values).or_else(|| batch.columns.first());
                if let Some(named) = named {
                    cell(&named.column, row, &mut samples);
                }
                let (t0, dt) = self.times(batch, row);
                let baseline = match &self.baseline {
                    Baseline::Nothing => 0.0,
                    Baseline::FirstSamples => {
                        mean(&samples[..baseline_samples(samples.len(), t0, dt)])
                    }
                    Baseline::Column(_) => baselines.get(row).copied().unwrap_or(f64::NAN),
                };
                samples.iter_mut().for_each(|sample| *sample -= baseline);
                take(&Wave { row: start + row, t0, dt, samples: &samples });
            }
            Ok(())
        })
    }

    fn baselines(&self, start: usize, rows: usize) -> anyhow::Result<Vec<f64>> {
        let mut all = Vec::new();
        if let Baseline::Column(source) = &self.baseline {
            source.numbers(start..start + rows, |value| all.push(value))?;
        }
        Ok(all)
    }

    fn times(&self, batch: &Table, row: usize) -> (f64, f64) {
        let Some((t0_ns, dt_ns)) = self.units_ns else { return (0.0, 1.0) };
        let value = |name: &str| batch.array(name).and_then(|array| array.get_f64(row));
        (value("t0").unwrap_or(0.0) * t0_ns, value("dt").unwrap_or(1.0) * dt_ns)
    }

    fn axes(&self) -> (Axis, Axis) {
        let x = match self.units_ns {
            Some(_) => Axis::in_units("time", "ns"),
            None => Axis::new("sample"),
        };
        let what = match self.baseline {
            Baseline::Nothing => "",
            _ => " above baseline",
        };
        let y = match self.attrs.units.as_deref() {
            Some("ADC" | "adc") => Axis::new(format!("ADC counts{what}")),
            None if self.whole => Axis::new(format!("ADC counts{what}")),
            units => Axis { label: format!("amplitude{what}"), units: units.map(str::to_owned) },
        };
        (x, y)
    }
}

/// A unit of time in ns.
fn ns(units: Option<&str>) -> Option<f64> {
    match units? {
        "ns" => Some(1.0),
        "us" | "µs" | "\u{3bc}s" => Some(1e3),
        "ms" => Some(1e6),
        "s" => Some(1e9),
        _ => None,
    }
}

/// How many of the first samples are taken for the baseline: the first half of those before time 0
/// where that is in the first part of the waveform, since a pulse rises about there.
fn baseline_samples(samples: usize, t0: f64, dt: f64) -> usize {
    let share = samples.div_ceil(BASELINE_SHARE);
    match t0 < 0.0 && dt > 0.0 {
        true => share.min(((-0.5 * t0 / dt) as usize).max(1)),
        false => share,
    }
}

/// The mean of those samples that are finite.
fn mean(samples: &[f64]) -> f64 {
    let finite: Vec<f64> = samples.iter().copied().filter(|v| v.is_finite()).collect();
    finite.iter().sum::<f64>() / finite.len().max(1) as f64
}

/// A panel of waveforms, one over the other.
pub(super) fn overlaid(args: &Args, reader: &Reader, path: &str) -> anyhow::Result<Panel> {
    let waves = Waves::open(args, reader, path)?;
    let rows = waves.source.rows(args.rows, FEW)?;
    if rows.len() > MOST {
        let (n, file) = (rows.len(), reader.path().display());
        let hint = format!("{file}: {n} waveforms are too many to tell apart, {MOST} at most");
        anyhow::bail!(Usage(format!("{hint}; --kind persistence draws them all")));
    }
    let channels = channels(reader, waves.source.above(), &rows);
    let label = |row: usize| match channels.get(row - rows.start) {
        _ if rows.len() > LEGEND => String::new(),
        Some(channel) => format!("row {row}, ch {channel}"),
        None => format!("row {row}"),
    };
    let columns = args.size.map_or(COLUMNS, |size| size.width) as usize;
    let (mut lines, mut not_finite) = (Vec::new(), 0);
    waves.each(rows.clone(), |wave| {
        not_finite += wave.samples.iter().filter(|v| !v.is_finite()).count() as u64;
        let samples = wave.samples.to_vec();
        let trace = Trace { label: label(wave.row), dt_ns: wave.dt, t0_ns: wave.t0, samples };
        lines.push(trace.line(columns));
    })?;
    let (x, y) = waves.axes();
    let total = grouped(waves.source.reader.rows() as u64);
    let which = match rows.len() {
        1 => format!("row {} of {total}", rows.start),
        _ => format!("rows {} to {} of {total}", rows.start, rows.end - 1),
    };
    let note = note(which, &[(not_finite, "samples not finite")]);
    let y_range = args.range.as_ref().map(|limits| limits.0.clone());
    Ok(Panel { note, y_range, ..Panel::new(x, y, Content::Lines(lines)) })
}

/// The channels of some rows, if the table has them and they differ.
fn channels(reader: &Reader, table: &str, rows: &Range<usize>) -> Vec<i64> {
    let read = |name: &&str| reader.array(&format!("{table}/{name}"), rows.clone()).ok();
    let Some(array) = ["channel", "fadc_channel_id"].iter().find_map(read) else {
        return Vec::new();
    };
    let all: Vec<i64> = (0..array.rows()).map_while(|row| array.get_i64(row)).collect();
    let differ = all.windows(2).any(|pair| pair[0] != pair[1]);
    if differ && all.len() == rows.len() { all } else { Vec::new() }
}

/// A panel of all waveforms as a density.
pub(super) fn persistence(args: &Args, reader: &Reader, path: &str) -> anyhow::Result<Panel> {
    let waves = Waves::open(args, reader, path)?;
    let rows = waves.source.rows(args.rows, usize::MAX)?;
    let limits = args.range.as_ref().map_or(f64::NEG_INFINITY..f64::INFINITY, |l| l.0.clone());
    let mut density: Option<Density> = None;
    let mut outside = 0;
    waves.each(rows.clone(), |wave| {
        let dt = if wave.dt > 0.0 && wave.dt.is_finite() { wave.dt } else { 1.0 };
        let density = density.get_or_insert_with(|| {
            let t0 = if wave.t0.is_finite() { wave.t0 } else { 0.0 };
            let y = if waves.whole && matches!(waves.baseline, Baseline::Nothing) {
                GrowingAxis::integers()
            } else {
                GrowingAxis::reals()
            };
            // Cells of short waveforms are wide, and so are not to be flat.
            let y = y.at_most((4 * wave.samples.len()).max(FEWEST_BINS));
            Density::new(GrowingAxis::steps(t0, dt), y)
        });
        for (sample, index) in wave.samples.iter().zip(0_u32..) {
            if sample.is_finite() && !limits.contains(sample) {
                outside += 1;
                continue;
            }
            density.add(wave.t0 + wave.dt * f64::from(index), *sample);
        }
    })?;
    let Some(density) = density else { anyhow::bail!("'{}' has no rows", waves.source.path) };
    let (x, y) = waves.axes();
    let first =
        format!("{}, {}", count(rows.len() as u64, "waveform"), count(density.entries(), "sample"));
    let note = note(first, &[(outside, "outside the range"), (density.not_finite(), "not finite")]);
    Ok(Panel { note, ..Panel::new(x, y, Content::Density(Box::new(density))) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baselines_end_before_the_trigger() {
        assert_eq!(baseline_samples(1000, 0.0, 16.0), 125);
        assert_eq!(baseline_samples(1000, -320.0, 16.0), 10);
        assert_eq!(baseline_samples(1000, -1e6, 16.0), 125);
        assert_eq!(baseline_samples(1000, -1.0, 16.0), 1);
        assert_eq!((baseline_samples(0, -1.0, 16.0), baseline_samples(3, f64::NAN, 0.0)), (0, 1));
    }

    #[test]
    fn means_leave_out_what_is_not_finite() {
        assert_eq!(mean(&[1.0, f64::NAN, 3.0, f64::INFINITY]), 2.0);
        assert_eq!(mean(&[]), 0.0);
    }
}
