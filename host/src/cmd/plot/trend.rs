//! A column over another one.

use tierline::h5;
use tierline::h5::tree::Reader;
use tierline::plot::{Axis, Content, Density, GrowingAxis, Line, Panel};
use tierline::table::{Column, NamedColumn};

use super::Args;
use super::panels::{count, note};
use super::read::{Source, integers};

/// Columns of time, the best first.
const TIMES: [&str; 6] = ["timestamp", "eventtime", "time", "runtime", "ts", "tstmp"];
/// Most rows that are drawn as dots; more become a density.
const DOTS: usize = 5000;
/// Cells of a density: some pixels wide, so that single points are seen.
const CELLS: (usize, usize) = (256, 160);
/// Rows of both columns that are in memory at a time.
const STEP: usize = 1 << 18;

/// A panel with the column over another one of its table, or over its rows.
pub(super) fn trend(args: &Args, reader: &Reader, path: &str) -> anyhow::Result<Panel> {
    let source = Source::open(reader, path)?;
    let y = one_number(reader, &source)?;
    let over = match &args.versus {
        Some(name) => Some(versus(reader, &source, name)?),
        None => TIMES.iter().find_map(|name| {
            let found = versus(reader, &source, name).ok()?;
            (found.path != source.path).then_some(found)
        }),
    };
    let x = over.as_ref().map(|over| one_number(reader, over)).transpose()?;
    let rows = source.rows(args.rows, usize::MAX)?;
    let mut points = Points::new(rows.len(), x.as_ref().is_none_or(|x| x.1), y.1);
    for start in rows.clone().step_by(STEP) {
        let part = start..rows.end.min(start + STEP);
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        source.numbers(part.clone(), |value| ys.push(value))?;
        match &over {
            Some(over) => over.numbers(part, |value| xs.push(value))?,
            None => xs.extend(part.map(|row| row as f64)),
        }
        xs.into_iter().zip(ys).for_each(|(x, y)| points.add(x, y));
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let across = match x {
        Some((units, _)) => Axis { label: name(&over.map_or_else(String::new, |o| o.path)), units },
        None => Axis::new("row"),
    };
    let text = note(count(rows.len() as u64, "row"), &[(points.not_finite(), "not finite")]);
    let y_range = args.range.as_ref().map(|limits| limits.0.clone());
    let up = Axis { label: name(&source.path), units: y.0 };
    Ok(Panel { note: text, y_range, ..Panel::new(across, up, points.content()) })
}

/// Units of a column with one number per row, and whether they are whole.
fn one_number(reader: &Reader, source: &Source) -> anyhow::Result<(Option<String>, bool)> {
    let single = |named: &&NamedColumn| match &named.column {
        Column::Array(array) => array.row_shape.is_empty(),
        _ => false,
    };
    let named = source.column("").filter(single);
    match named.and_then(|named| Some((named.attrs.units.clone(), integers(named)?))) {
        Some(found) => Ok(found),
        None => {
            let why = "a trend needs one number per row";
            Err(h5::Error::unsupported(reader.path(), &source.path, why).into())
        }
    }
}

/// A column of the same table, or any other one with as many rows.
fn versus(reader: &Reader, source: &Source, name: &str) -> anyhow::Result<Source> {
    let beside = format!("{}/{name}", source.above());
    let found = Source::open(reader, &beside).or_else(|error| match error {
        h5::Error::Missing { .. } if name.contains('/') => Source::open(reader, name),
        other => Err(other),
    })?;
    let (own, other) = (source.reader.rows(), found.reader.rows());
    anyhow::ensure!(own == other, "'{}' has {own} rows, '{}' {other}", source.path, found.path);
    Ok(found)
}

/// Few points themselves, or the density of many.
enum Points {
    Few(Line, u64),
    Many(Box<Density>),
}

impl Points {
    fn new(rows: usize, whole_x: bool, whole_y: bool) -> Self {
        if rows <= DOTS {
            return Points::Few(Line::default(), 0);
        }
        let axis = |whole| if whole { GrowingAxis::integers() } else { GrowingAxis::reals() };
        let (x, y) = (axis(whole_x).at_most(CELLS.0), axis(whole_y).at_most(CELLS.1));
        Points::Many(Box::new(Density::new(x, y)))
    }

    fn add(&mut self, x: f64, y: f64) {
        match self {
            Points::Many(density) => density.add(x, y),
            Points::Few(line, _) if x.is_finite() && y.is_finite() => line.points.push((x, y)),
            Points::Few(_, not_finite) => *not_finite += 1,
        }
    }

    fn not_finite(&self) -> u64 {
        match self {
            Points::Few(_, not_finite) => *not_finite,
            Points::Many(density) => density.not_finite(),
        }
    }

    fn content(self) -> Content {
        match self {
            Points::Few(line, _) => Content::Dots(vec![line]),
            Points::Many(density) => Content::Density(density),
        }
    }
}
