//! Where the pixels are, and the square grid that they come onto.
//!
//! Pixels lie on lines: those of the direction with fewer different coordinates come first, those of the other one
//! alternate from line to line.

use std::collections::HashSet;

use super::Table;
use super::nearest::Points;
use crate::instrument::CameraGeometry;

/// Different coordinates in a direction.
const MAX_TICKS: usize = 4096;
/// Pixels and places beside them.
const MAX_POINTS: usize = 1 << 22;
/// Coordinates that differ by less are one, where cameras are known to be built with play, in m.
const PLAY: f64 = 0.002;
/// Lines of pixels without light around the camera, which interpolation needs.
const PAD: usize = 3;
/// Cameras whose grid gets no further line where an odd number is missing.
const EVEN: [&str; 3] = ["MAGICCam", "VERITAS", "UNKNOWN-7987PX"];

/// Pixels by lines.
pub(super) struct Grid {
    name: String,
    n_pixels: usize,
    /// Whether the first direction is x.
    x_first: bool,
    first_ticks: Vec<f64>,
    second_ticks: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Extent of the grid in which each pixel has four cells.
    shape: usize,
}

/// Pixels and those without light around them, by both directions, and the distances of the lines.
struct Filled {
    first: Vec<f64>,
    second: Vec<f64>,
    step_first: f64,
    step_second: f64,
}

/// Rounded to mm.
fn round(metres: f64) -> f64 {
    (metres * 1000.0).round_ties_even() / 1000.0
}

/// Different numbers, rising.
fn unique(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Equally spaced numbers, both ends included.
fn spaced(from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = (to - from) / (count.max(2) - 1) as f64;
    (0..count).map(|k| if k + 1 == count && k > 0 { to } else { k as f64 * step + from }).collect()
}

fn ends(values: &[f64]) -> (f64, f64) {
    let from = values.iter().copied().fold(f64::INFINITY, f64::min);
    (from, values.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Puts coordinates that play has set apart together.
fn without_play(places: &mut [f64], ticks: &mut Vec<f64>) {
    let near: Vec<(f64, f64)> = (ticks.windows(2))
        .filter(|pair| (pair[0] - pair[1]).abs() <= PLAY)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    ticks.retain(|tick| !near.iter().any(|(from, _)| from == tick));
    for place in places {
        if let Some((_, to)) = near.iter().find(|(from, _)| from == place) {
            *place = *to;
        }
    }
}

impl Grid {
    pub(super) fn new(geometry: &CameraGeometry) -> Result<Self, String> {
        let mut places = geometry.pix_x.iter().chain(&geometry.pix_y);
        if places.any(|place| !place.is_finite() || place.abs() > 1e6) {
            return Err("a pixel's place is no number, or far away".into());
        }
        if geometry.pix_x.len() != geometry.pix_y.len() || geometry.pix_x.len() < 4 {
            return Err(format!("{} pixels are too few", geometry.pix_x.len()));
        }
        let (sin, cos) = geometry.pix_rotation_deg.to_radians().sin_cos();
        let pixels = || geometry.pix_x.iter().zip(&geometry.pix_y);
        let mut x: Vec<f64> = pixels().map(|(x, y)| round(x * cos + y * sin)).collect();
        let mut y: Vec<f64> = pixels().map(|(x, y)| round(-x * sin + y * cos)).collect();
        let (mut x_ticks, mut y_ticks) = (unique(&x), unique(&y));
        if x_ticks.len() > MAX_TICKS || y_ticks.len() > MAX_TICKS {
            let (a, b) = (x_ticks.len(), y_ticks.len());
            return Err(format!("its pixels lie on {a} and {b} lines, which are too many"));
        }
        if ["DigiCam", "RealLSTCam", "CHEC"].contains(&geometry.name.as_str()) {
            without_play(&mut y, &mut y_ticks);
        }
        if geometry.name == "CHEC" {
            without_play(&mut x, &mut x_ticks);
        }
        if x_ticks.len() < 2 || y_ticks.len() < 2 {
            return Err("all pixels lie on one line".into());
        }
        let x_first = x_ticks.len() < y_ticks.len();
        let (first_ticks, second_ticks, first, second) = match x_first {
            true => (x_ticks, y_ticks, x, y),
            false => (y_ticks, x_ticks, y, x),
        };
        let (name, n_pixels) = (geometry.name.clone(), first.len());
        let mut grid =
            Grid { name, n_pixels, x_first, first_ticks, second_ticks, first, second, shape: 0 };
        let (columns, rows) = grid.quarters()?.1;
        grid.shape = ((columns.len() * rows.len()) as f64).sqrt() as usize;
        Ok(grid)
    }

    fn has_even_grid(&self) -> bool {
        EVEN.contains(&self.name.as_str())
    }

    /// Places of a rectangle of lines at which no pixel is.
    fn free_places(
        &self,
        first_ticks: impl Iterator<Item = f64> + Clone,
        second_ticks: impl Iterator<Item = f64> + Clone,
        known: &HashSet<(u64, u64)>,
    ) -> Vec<(f64, f64)> {
        let mut free = Vec::new();
        for first in first_ticks {
            for second in second_ticks.clone() {
                if !known.contains(&key((first, second))) {
                    free.push((first, second));
                }
            }
        }
        free
    }

    /// Fills the lines around a camera of hexagons with pixels without light. Lines that are missing at one side only
    /// are remembered where nothing else is added, as the peer does.
    fn filled(&mut self, pad: usize) -> Result<Filled, String> {
        let step = |ticks: &[f64]| round((ticks[0] - ticks[1]).abs());
        let (step_first, step_second) = (step(&self.first_ticks), step(&self.second_ticks));
        let missing = 2 * self.first_ticks.len() as i64 - self.second_ticks.len() as i64;
        let sides = usize::try_from(missing.div_euclid(2) + 2 * pad as i64).unwrap_or(0);
        let is_odd = missing.rem_euclid(2) != 0;
        let mut second_ticks = self.second_ticks.clone();
        for _ in 0..sides {
            widen(&mut second_ticks, step_second);
        }
        let mut first_ticks = self.first_ticks.clone();
        for _ in 0..pad {
            widen(&mut first_ticks, step_first);
        }
        if is_odd {
            second_ticks.insert(0, round(second_ticks[0] - step_second));
            if sides == 0 {
                self.second_ticks = second_ticks.clone();
            }
        }
        if first_ticks.len().saturating_mul(second_ticks.len()) > MAX_POINTS {
            return Err(format!("more than {MAX_POINTS} places on its lines"));
        }
        let pixels = self.first.iter().copied().zip(self.second.iter().copied());
        let known: HashSet<(u64, u64)> = pixels.map(key).collect();
        let (mut first, mut second) = (self.first.clone(), self.second.clone());
        for start in 0..2 {
            let lines = first_ticks.iter().copied().skip(start).step_by(2);
            let places = |from: usize| second_ticks.iter().copied().skip(from).step_by(2);
            let even = self.free_places(lines.clone(), places(0), &known);
            let odd = self.free_places(lines, places(1), &known);
            let free = if even.len() < odd.len() { even } else { odd };
            first.extend(free.iter().map(|(first, _)| first));
            second.extend(free.iter().map(|(_, second)| second));
        }
        Ok(Filled { first, second, step_first, step_second })
    }

    /// All pixels, and the lines of a grid in which each has two by two cells: by both directions.
    #[allow(clippy::type_complexity, reason = "used twice")]
    fn quarters(&mut self) -> Result<(Filled, (Vec<f64>, Vec<f64>)), String> {
        let filled = self.filled(0)?;
        let (a, b) = (filled.step_first, filled.step_second);
        let halves = self.first_ticks.iter().flat_map(|tick| [tick - a / 4.0, tick + a / 4.0]);
        let first: Vec<f64> = halves.collect();
        let mut second = vec![self.second_ticks[0] - b / 2.0];
        second.extend(self.second_ticks.iter().map(|tick| tick + b / 2.0));
        let missing = (first.len() as i64 - second.len() as i64).div_euclid(2);
        for _ in 0..missing.max(0) {
            widen(&mut second, b);
        }
        if missing.rem_euclid(2) != 0 && !self.has_even_grid() {
            second.insert(0, round(second[0] - b));
        }
        Ok((filled, (first, second)))
    }

    /// Points in x and y of coordinates in both directions.
    fn points(&self, first: &[f64], second: &[f64]) -> Vec<(f64, f64)> {
        let pairs = first.iter().zip(second);
        match self.x_first {
            true => pairs.map(|(first, second)| (*first, *second)).collect(),
            false => pairs.map(|(first, second)| (*second, *first)).collect(),
        }
    }

    /// A grid between pixels: x by columns, y by rows.
    fn onto(
        &self,
        (first, second): (&[f64], &[f64]),
        (first_lines, second_lines): (Vec<f64>, Vec<f64>),
        shape: usize,
        pad: usize,
    ) -> Result<Points, String> {
        let (columns, rows) = match self.x_first {
            true => (first_lines, second_lines),
            false => (second_lines, first_lines),
        };
        if columns.len() != rows.len() || columns.len() % (shape + 2 * pad).max(1) != 0 {
            let (columns, rows) = (columns.len(), rows.len());
            return Err(format!("a grid of {columns} times {rows} cells is no square"));
        }
        let n_pixels = self.n_pixels;
        Ok(Points { pixels: self.points(first, second), n_pixels, columns, rows, shape, pad })
    }

    pub(super) fn square(&mut self) -> Result<Table, String> {
        let shape = self.shape / 2;
        if shape < 2 {
            return Err("too few pixels for a grid".into());
        }
        let pixels = self.first.iter().copied().zip(self.second.iter().copied());
        let known: HashSet<(u64, u64)> = pixels.map(key).collect();
        let lines = (self.first_ticks.iter().copied(), self.second_ticks.iter().copied());
        let free = self.free_places(lines.0, lines.1, &known);
        let (mut first, mut second) = (self.first.clone(), self.second.clone());
        first.extend(free.iter().map(|(first, _)| first));
        second.extend(free.iter().map(|(_, second)| second));
        let lines = |places: &[f64]| {
            let (from, to) = ends(places);
            spaced(from, to, shape)
        };
        let lines = (lines(&first), lines(&second));
        self.onto((&first, &second), lines, shape, 0)?.nearest(1.0)
    }

    pub(super) fn oversampled(&mut self) -> Result<Table, String> {
        let (filled, (mut first, mut second)) = self.quarters()?;
        let shape = first.len().max(second.len());
        let is_square = first.len() == second.len();
        // The peer fails where the grid is no square; here it gets further cells, which are dark.
        square_up(&mut first, shape, filled.step_first / 2.0);
        square_up(&mut second, shape, filled.step_second);
        let own = (!is_square).then_some(filled.step_second);
        let pixels = (&filled.first[..], &filled.second[..]);
        self.onto(pixels, (first, second), shape, 0)?.nearest_within(0.25, own)
    }

    /// A grid over all pixels, `fine` points for each cell in both directions.
    pub(super) fn interpolated(
        &mut self,
        shape: Option<usize>,
        fine: usize,
    ) -> Result<Points, String> {
        let shape = shape.unwrap_or(self.shape);
        if shape > super::MAX_SHAPE {
            return Err(format!("a grid of {shape} cells is too large"));
        }
        let filled = self.filled(PAD)?;
        let lines = |places: &[f64]| {
            let (from, to) = ends(places);
            spaced(from, to, (shape + 2 * PAD) * fine)
        };
        let lines = (lines(&filled.first), lines(&filled.second));
        self.onto((&filled.first, &filled.second), lines, shape, PAD)
    }

    pub(super) fn axial(&mut self) -> Result<Table, String> {
        let step = |ticks: &[f64]| round((ticks[0] - ticks[1]).abs());
        let (a, b) = (step(&self.first_ticks), step(&self.second_ticks));
        let y_lines = if self.x_first { self.second_ticks.len() } else { self.first_ticks.len() };
        for _ in 0..y_lines {
            self.second_ticks.extend(self.second_ticks.last().map(|last| round(last + b)));
        }
        // Each line is shifted by half a pixel more than the one above it.
        for (first, second) in self.first.iter().zip(&mut self.second) {
            let line = self.first_ticks.iter().rev().position(|tick| tick == first);
            let place = self.second_ticks.iter().position(|tick| tick == second);
            if let (Some(line), Some(place)) = (line, place) {
                let to = self.second_ticks.get(place + line);
                *second = *to.ok_or("a pixel is outside of all lines")?;
            }
        }
        let (mut firsts, mut seconds) = (unique(&self.first), unique(&self.second));
        let missing = firsts.len() as i64 - seconds.len() as i64;
        for _ in 0..missing.max(0) {
            seconds.extend(seconds.last().map(|last| round(last + b)));
        }
        for _ in 0..(-missing).max(0) {
            firsts.extend(firsts.last().map(|last| round(last + a)));
        }
        let shape = firsts.len();
        if shape > MAX_TICKS / 2 {
            return Err(format!("a grid of {shape} cells is too large"));
        }
        let pixels = self.first.iter().copied().zip(self.second.iter().copied());
        let known: HashSet<(u64, u64)> = pixels.map(key).collect();
        let free = self.free_places(firsts.iter().copied(), seconds.iter().copied(), &known);
        let (mut first, mut second) = (self.first.clone(), self.second.clone());
        first.extend(free.iter().map(|(first, _)| first));
        second.extend(free.iter().map(|(_, second)| second));
        self.onto((&first, &second), (firsts, seconds), shape, 0)?.nearest(1.0)
    }

    pub(super) fn shifted(&mut self) -> Result<Table, String> {
        let filled = self.filled(0)?;
        let b = filled.step_second;
        let missing = 2 * self.first_ticks.len() as i64 - self.second_ticks.len() as i64;
        for _ in 0..missing.div_euclid(2).max(0) {
            widen(&mut self.second_ticks, b);
        }
        if missing.rem_euclid(2) != 0 {
            self.second_ticks.insert(0, round(self.second_ticks[0] - b));
        }
        let mut second = filled.second;
        for place in &mut second {
            let at = self.second_ticks.iter().position(|tick| tick == place);
            if let Some(at) = at.filter(|at| at % 2 == 0) {
                let to = self.second_ticks.get(at + 1);
                *place = *to.ok_or("a pixel is outside of all lines")?;
            }
        }
        let (firsts, seconds) = (unique(&filled.first), unique(&second));
        let shape = firsts.len();
        self.onto((&filled.first, &second), (firsts, seconds), shape, 0)?.nearest(1.0)
    }
}

/// A place as something that can be looked up.
fn key((first, second): (f64, f64)) -> (u64, u64) {
    ((first + 0.0).to_bits(), (second + 0.0).to_bits())
}

/// A line more on both sides.
fn widen(ticks: &mut Vec<f64>, step: f64) {
    let (Some(first), Some(last)) = (ticks.first().copied(), ticks.last().copied()) else { return };
    ticks.insert(0, round(first - step));
    ticks.push(round(last + step));
}

/// Lines at both sides in turns, until there are so many.
fn square_up(lines: &mut Vec<f64>, count: usize, step: f64) {
    while lines.len() < count {
        match lines.len() % 2 {
            0 => lines.extend(lines.last().map(|last| last + step)),
            _ => lines.insert(0, lines.first().map_or(0.0, |first| first - step)),
        }
    }
}
