//! A column over another one.

use std::ops::Range;

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
    let limits = args.range.as_ref().map(|limits| limits.0.clone());
    let whole_x = x.as_ref().is_none_or(|x| x.1);
    let mut points = Points::new(rows.len(), whole_x, y.1, limits);
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
    let left_out = [(points.outside, "outside the range"), (points.not_finite, "not finite")];
    let text = note(count(rows.len() as u64, "row"), &left_out);
    let up = Axis { label: name(&source.path), units: y.0 };
    Ok(Panel { note: text, ..Panel::new(across, up, points.content()) })
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
enum Form {
    Few(Line),
    Many(Box<Density>),
}

/// What is drawn, and what is left out.
struct Points {
    form: Form,
    /// Values that are shown.
    limits: Range<f64>,
    outside: u64,
    not_finite: u64,
}

impl Points {
    fn new(rows: usize, whole_x: bool, whole_y: bool, limits: Option<Range<f64>>) -> Self {
        let axis = |whole| if whole { GrowingAxis::integers() } else { GrowingAxis::reals() };
        let form = if rows <= DOTS {
            Form::Few(Line::default())
        } else {
            let (x, y) = (axis(whole_x).at_most(CELLS.0), axis(whole_y).at_most(CELLS.1));
            Form::Many(Box::new(Density::new(x, y)))
        };
        let limits = limits.unwrap_or(f64::NEG_INFINITY..f64::INFINITY);
        Points { form, limits, outside: 0, not_finite: 0 }
    }

    fn add(&mut self, x: f64, y: f64) {
        let finite = x.is_finite() && y.is_finite();
        self.not_finite += u64::from(!finite);
        if finite && !self.limits.contains(&y) {
            self.outside += 1;
            return;
        }
        match &mut self.form {
            Form::Few(line) if finite => line.points.push((x, y)),
            Form::Few(_) => {}
            Form::Many(density) => density.add(x, y),
        }
    }

    fn content(self) -> Content {
        match self.form {
            Form::Few(line) => Content::Dots(vec![line]),
            Form::Many(density) => Content::Density(density),
        }
    }
}
