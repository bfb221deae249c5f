//! Histograms of columns.

use tierline::h5;
use tierline::h5::tree::Reader;
use tierline::plot::{Axis, Binning, Content, Histogram, Panel, Survey};

use super::Args;
use super::panels::{count, note};
use super::read::{Source, integers};
use crate::cmd::{Usage, grouped};

/// A panel with a histogram of each column, all with the same bins.
pub(super) fn spectrum(args: &Args, reader: &Reader, paths: &[String]) -> anyhow::Result<Panel> {
    let mut survey = Survey::default();
    let mut sources = Vec::new();
    let mut whole = true;
    for path in paths {
        let source = Source::open(reader, path)?;
        let Some(own) = source.column("").and_then(integers) else {
            anyhow::bail!(h5::Error::unsupported(reader.path(), path, "these are no numbers"));
        };
        whole &= own;
        if source.reader.rows() == 0 && paths.len() > 1 {
            continue;
        }
        let rows = source.rows(args.rows, usize::MAX)?;
        source.numbers(rows.clone(), |value| survey.add(value))?;
        sources.push((source, rows));
    }
    anyhow::ensure!(!sources.is_empty(), "none of the columns has rows");
    let range = args.range.as_ref().map(|limits| limits.0.clone());
    let binning = Binning::fit(&survey, whole, args.bins.map(|bins| bins as usize), range);
    let all: Vec<&str> = sources.iter().map(|(source, _)| source.path.as_str()).collect();
    let labels = distinct(&all);
    let mut histograms = Vec::new();
    for ((source, rows), label) in sources.iter().zip(labels) {
        let mut histogram = Histogram::new(label, binning);
        source.numbers(rows.clone(), |value| histogram.add(value))?;
        histograms.push(histogram);
    }
    panel(args, &sources[0].0, histograms, binning)
}

fn panel(
    args: &Args,
    source: &Source,
    histograms: Vec<Histogram>,
    binning: Binning,
) -> anyhow::Result<Panel> {
    let Some(named) = source.column("") else { anyhow::bail!(Usage("nothing to draw".into())) };
    let units = named.attrs.units.clone().filter(|units| units != "none");
    let sum = |part: fn(&Histogram) -> u64| histograms.iter().map(part).sum::<u64>();
    let note = note(
        count(sum(Histogram::entries), "entry"),
        &[
            (sum(|one| one.below), "below"),
            (sum(|one| one.above), "above"),
            (sum(|one| one.not_finite), "not finite"),
        ],
    );
    let counts = match (shortest(binning.width), units.as_deref()) {
        (width, None) if width == "1" => "counts".to_owned(),
        (width, Some(units)) if width == "1" => format!("counts per {units}"),
        (width, units) => format!("counts per {width} {}", units.unwrap_or_default()),
    };
    let name = if named.name == "values" { &source.path } else { &named.name };
    let x = Axis { label: name.clone(), units };
    let y = Axis::new(counts.trim_end());
    let content = Content::Histograms(histograms);
    Ok(Panel { note, log: args.log, ..Panel::new(x, y, content) })
}

/// A number with three significant digits at most, or as an integer.
fn shortest(value: f64) -> String {
    if value.fract() == 0.0 && value < 1e6 {
        return grouped(value as u64);
    }
    let digits = (2.0 - value.abs().log10().floor()).clamp(0.0, 9.0) as usize;
    if !(1e-4..1e6).contains(&value) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// The parts of paths that differ, as labels; none for a single path.
fn distinct(paths: &[&str]) -> Vec<String> {
    let Some((first, rest)) = paths.split_first() else { return Vec::new() };
    if rest.is_empty() {
        return vec![String::new()];
    }
    let parts: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
    let shortest = parts.iter().map(Vec::len).min().unwrap_or(0) - 1;
    let first: Vec<&str> = first.split('/').collect();
    let head = |n: &usize| parts.iter().all(|part| part[*n] == first[*n]);
    let head = (0..shortest).take_while(head).count();
    let tail = |n: &usize| parts.iter().all(|p| p[p.len() - 1 - n] == first[first.len() - 1 - n]);
    let tail = (0..shortest - head).take_while(tail).count();
    parts.iter().map(|part| part[head..part.len() - tail].join("/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_what_differs() {
        assert_eq!(distinct(&["ch0/raw/energy", "ch1/raw/energy"]), ["ch0", "ch1"]);
        assert_eq!(distinct(&["a/b/x", "a/b/y"]), ["x", "y"]);
        assert_eq!(distinct(&["a/x", "a/b/x"]), ["x", "b/x"]);
        assert_eq!(distinct(&["a/x"]), [""]);
    }

    #[test]
    fn widths_are_short() {
        for (width, text) in [(1.0, "1"), (250.0, "250"), (0.123456, "0.123"), (12.5, "12.5")] {
            assert_eq!(shortest(width), text);
        }
        assert_eq!((shortest(1e-7), shortest(0.1)), ("1.00e-7".into(), "0.1".into()));
    }
}
