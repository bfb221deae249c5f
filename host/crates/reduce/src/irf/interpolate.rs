//! Tables between their points: linear on the scale of each axis and on a scale of the values.
//!
//! The points are the centres of the bins, or the nodes of an axis of nodes. Beyond the first and the last of them the line goes on,
//! up to the edges of the axis; what happens outside the edges is told by [`Outside`]. Axes of one bin are left out, but for their
//! edges.

use tierline_sky::{Interp, MapAxis};

use super::{IrfTable, Values};
use crate::Error;

/// Axes of a table, at most.
const MAX_AXES: usize = 4;

/// Values of this much and less come back as zero from the logarithmic scale.
const VANISHING: f64 = 2.0 * f64::MIN_POSITIVE;

/// What a table is outside the edges of its axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Zero outside the edges of any axis.
    Zero,
    /// Zero outside the edges of the offset, and outside those of true energy and migration together.
    Dispersion,
    /// The line goes on, down to zero.
    Extrapolate,
}

/// One axis of the grid.
#[derive(Debug, Clone)]
pub(super) struct Dimension {
    name: String,
    interp: Interp,
    grid: Vec<f64>,
    edges: [f64; 2],
    pub(super) stride: usize,
}

/// Where a coordinate is on an axis: the point before it, what to add for the next, and the weight of that.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) low: usize,
    pub(super) step: usize,
    pub(super) weight: f64,
    pub(super) is_inside: bool,
}

impl Dimension {
    fn new(axis: &MapAxis, stride: usize) -> Result<Self, Error> {
        let grid: Vec<f64> = axis.centers().iter().map(|c| axis.interp().scale(*c)).collect();
        let edges = axis.edges();
        let what = || format!("axis {} of a response", axis.name());
        if grid.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(Error::parameter(what(), "its values must rise"));
        }
        match (edges.first(), edges.last()) {
            (Some(&lo), Some(&hi)) if !grid.is_empty() => {
                let (name, interp) = (axis.name().to_owned(), axis.interp());
                Ok(Dimension { name, interp, grid, edges: [lo, hi], stride })
            }
            _ => Err(Error::parameter(what(), "no bins")),
        }
    }

    pub(super) fn is_spatial(&self) -> bool {
        matches!(self.name.as_str(), "offset" | "fov_lon" | "fov_lat")
    }

    pub(super) fn n_bins(&self) -> usize {
        self.grid.len()
    }

    pub(super) fn place(&self, coord: f64) -> Place {
        let is_inside = coord >= self.edges[0] && coord <= self.edges[1];
        let n = self.grid.len();
        if n == 1 {
            return Place { is_inside, ..Place::default() };
        }
        let value = if coord.is_nan() { coord } else { self.interp.scale(coord) };
        let low = self.grid.partition_point(|at| *at < value).saturating_sub(1).min(n - 2);
        let weight = (value - self.grid[low]) / (self.grid[low + 1] - self.grid[low]);
        Place { low: low * self.stride, step: self.stride, weight, is_inside }
    }
}

/// A table that can be evaluated anywhere.
#[derive(Debug, Clone)]
pub struct Interpolator {
    pub(super) dimensions: Vec<Dimension>,
    values: Vec<f64>,
    scale: Interp,
    outside: Outside,
}

impl Interpolator {
    /// From a table, values linear on `scale`.
    ///
    /// The logarithm or root of the values is taken in the type they are stored in.
    ///
    /// # Errors
    /// Where there are not as many values as bins, an axis falls, there are more than four, or those of the field of view are not
    /// side by side.
    pub fn new(table: &IrfTable, scale: Interp, outside: Outside) -> Result<Self, Error> {
        table.check()?;
        if table.axes.len() > MAX_AXES {
            let reason = format!("{} axes, at most {MAX_AXES} are known", table.axes.len());
            return Err(Error::unsupported("table of a response", reason));
        }
        let mut stride = 1;
        let mut dimensions = Vec::new();
        for axis in table.axes.iter().rev() {
            dimensions.push(Dimension::new(axis, stride)?);
            stride *= axis.n_bins();
        }
        dimensions.reverse();
        let spatial: Vec<usize> =
            (0..dimensions.len()).filter(|at| dimensions[*at].is_spatial()).collect();
        if spatial.windows(2).any(|pair| pair[1] != pair[0] + 1) {
            let reason = "another axis between those of the field of view";
            return Err(Error::unsupported("table of a response", reason));
        }
        Ok(Interpolator { dimensions, values: scaled(&table.values, scale), scale, outside })
    }

    /// The value at a point, one coordinate per axis in the order of the table, in its unit.
    ///
    /// # Errors
    /// Where the point hasn't as many coordinates as the table has axes.
    pub fn evaluate(&self, point: &[f64]) -> Result<f64, Error> {
        self.check_point(point)?;
        Ok(self.at(point))
    }

    /// The value of the point of the table that is nearest on each axis, on its scale; of two as near the lower.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_nearest(&self, point: &[f64]) -> Result<f64, Error> {
        self.check_point(point)?;
        let (places, is_zero) = self.places(point);
        let nearest = |place: &Place| place.low + if place.weight > 0.5 { place.step } else { 0 };
        let at = places[..point.len()].iter().map(nearest).sum::<usize>();
        Ok(self.finished(if is_zero { 0.0 } else { self.unscaled(self.values[at]) }))
    }

    fn check_point(&self, point: &[f64]) -> Result<(), Error> {
        if point.len() == self.dimensions.len() {
            return Ok(());
        }
        let reason = format!("{} coordinates for {} axes", point.len(), self.dimensions.len());
        Err(Error::parameter("point of a response", reason))
    }

    /// Where a point is on each axis, and whether it is outside.
    fn places(&self, point: &[f64]) -> ([Place; MAX_AXES], bool) {
        let mut places = [Place::default(); MAX_AXES];
        let mut rule = Rule::of(self.outside);
        for ((place, dimension), coord) in places.iter_mut().zip(&self.dimensions).zip(point) {
            *place = dimension.place(*coord);
            rule.note(dimension, place.is_inside);
        }
        (places, rule.holds())
    }

    /// As [`evaluate`](Self::evaluate), for points known to have all coordinates.
    pub(crate) fn at(&self, point: &[f64]) -> f64 {
        let (places, is_zero) = self.places(point);
        let n_axes = point.len().min(self.dimensions.len());
        let value = self.unscaled(self.blend(0, &places[..n_axes]));
        self.finished(if is_zero { 0.0 } else { value })
    }

    /// Between the points around, on the scale of the values.
    pub(super) fn blend(&self, start: usize, places: &[Place]) -> f64 {
        let Some((place, rest)) = places.split_first() else {
            return self.values[start];
        };
        let low = self.blend(start + place.low, rest);
        if place.step == 0 {
            return low;
        }
        let high = self.blend(start + place.low + place.step, rest);
        low * (1.0 - place.weight) + high * place.weight
    }

    /// The scale of the values.
    pub(super) fn scale(&self) -> Interp {
        self.scale
    }

    /// What it is outside the edges.
    pub(super) fn outside(&self) -> Outside {
        self.outside
    }

    /// Back from the scale; never less than zero.
    #[inline]
    pub(super) fn unscaled(&self, value: f64) -> f64 {
        unscaled(self.scale, value)
    }

    /// What isn't finite is zero, but where the line goes on.
    #[inline]
    pub(super) fn finished(&self, value: f64) -> f64 {
        if value.is_finite() || self.outside == Outside::Extrapolate { value } else { 0.0 }
    }
}

/// Which axes a point is outside of, as far as it makes the value zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    outside: Outside,
    is_energy_out: bool,
    is_migra_out: bool,
    is_zero: bool,
}

impl Rule {
    pub(super) fn of(outside: Outside) -> Self {
        Rule { outside, is_energy_out: false, is_migra_out: false, is_zero: false }
    }

    pub(super) fn note(&mut self, dimension: &Dimension, is_inside: bool) {
        let is_out = !is_inside;
        match (self.outside, dimension.name.as_str()) {
            (Outside::Extrapolate, _) => {}
            (Outside::Dispersion, "energy_true") => self.is_energy_out = is_out,
            (Outside::Dispersion, "migra") => self.is_migra_out = is_out,
            _ => self.is_zero |= is_out,
        }
    }

    pub(super) fn holds(self) -> bool {
        self.is_zero || (self.is_energy_out && self.is_migra_out)
    }
}

/// Back from a scale; never less than zero.
#[inline]
pub(super) fn unscaled(scale: Interp, value: f64) -> f64 {
    let value = match scale {
        Interp::Lin => value,
        Interp::Log => {
            let value = value.exp();
            if value <= VANISHING { 0.0 } else { value }
        }
        Interp::Sqrt => value * value,
    };
    if value < 0.0 { 0.0 } else { value }
}

/// To a scale, in the type of the values.
fn scaled(values: &Values, scale: Interp) -> Vec<f64> {
    match (values, scale) {
        (Values::F32(values), Interp::Lin) => values.iter().map(|v| f64::from(*v)).collect(),
        (Values::F32(values), Interp::Log) => {
            values.iter().map(|v| f64::from(log_f32(*v))).collect()
        }
        (Values::F32(values), Interp::Sqrt) => {
            values.iter().map(|v| f64::from(v.signum() * v.abs().sqrt())).collect()
        }
        (Values::F64(values), scale) => values.iter().map(|v| scaled_f64(*v, scale)).collect(),
    }
}

/// Logarithm of what is not less than the smallest normal number, in 4 bytes: rounded once, so the same everywhere.
pub(super) fn log_f32(value: f32) -> f32 {
    // Not `max`, which would hide what is no number.
    let value = if value < f32::MIN_POSITIVE { f32::MIN_POSITIVE } else { value };
    f64::from(value).ln() as f32
}

/// Logarithm of what is not less than the smallest normal number, in 8 bytes.
pub(super) fn log_f64(value: f64) -> f64 {
    if value < f64::MIN_POSITIVE { f64::MIN_POSITIVE.ln() } else { value.ln() }
}

fn scaled_f64(value: f64, scale: Interp) -> f64 {
    match scale {
        Interp::Lin => value,
        Interp::Log => log_f64(value),
        Interp::Sqrt => value.signum() * value.abs().sqrt(),
    }
}
