//! Lines, dots, histograms and densities in a plane.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::bar::WIDTH as BAR_WIDTH;
use super::plane::Plane;
use super::{Cell, Failure, LABEL, Raster};
use crate::clip::clipped;
use crate::colour::{self, INK, SHADE};
use crate::scale::{padded, points_range};
use crate::ticks::Ticks;
use crate::{Content, Histogram, Line, Panel, thin};

/// What a panel shows of both axes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Extent {
    pub(super) x: Range<f64>,
    pub(super) y: Range<f64>,
    /// Whether the horizontal and the vertical axis is logarithmic.
    pub(super) log: [bool; 2],
}

impl Extent {
    /// `None` if there is nothing to show.
    pub(super) fn of(panel: &Panel) -> Option<Self> {
        let (x, y) = match &panel.content {
            Content::Histograms(all) => return histograms_extent(all, panel),
            Content::Lines(lines) | Content::Dots(lines) => {
                let (x, y) = points_range(lines.iter().flat_map(|line| &line.points))?;
                (padded(&x, 0.02), padded(&y, 0.06))
            }
            Content::Density(density) => {
                let (x, y) = (density.x().edges(), density.y().edges());
                let (x, y) = (*x.first()?..*x.last()?, *y.first()?..*y.last()?);
                (padded(&x, 0.0), padded(&y, 0.03))
            }
            Content::Camera(image) => {
                let [left, right, low, high] = image.extent()?;
                (padded(&(left..right), 0.02), padded(&(low..high), 0.02))
            }
            Content::Energies(one) => {
                let log = [true, panel.log];
                let (x, y) = one.extent(panel.log)?;
                let y = if panel.log { y } else { headroom(&y) };
                return Some(Extent { x, y: panel.y_range.clone().unwrap_or(y), log });
            }
            Content::Sky(_) => return None,
        };
        Some(Extent { x, y: panel.y_range.clone().unwrap_or(y), log: [false; 2] })
    }
}

/// The range with some room at the ends that are not zero.
fn headroom(range: &Range<f64>) -> Range<f64> {
    let wide = padded(range, 0.06);
    let start = if range.start < 0.0 { wide.start } else { 0.0 };
    start..if range.end > 0.0 || range.start == range.end { wide.end } else { 0.0 }
}

fn histograms_extent(all: &[Histogram], panel: &Panel) -> Option<Extent> {
    let first = all.first()?;
    let x = first.binning.start..first.binning.edge(first.binning.bins);
    let highest = all.iter().flat_map(|one| &one.counts).max()?;
    if all.iter().all(|one| one.entries() == 0) {
        return None;
    }
    let highest = (*highest).max(1) as f64;
    let y = if panel.log { 0.5..(2.0 * highest).max(10.0) } else { 0.0..1.06 * highest };
    Some(Extent { x, y, log: [false, panel.log] })
}

/// Width of the bar of colours, its ticks and its label in pixels, without the tick labels.
const BAR: i32 = 48;

/// The parts of a line that are inside the plane: points in shares of its width and height.
pub(super) struct Path {
    /// Which line it is, of how many.
    pub(super) line: (usize, usize),
    pub(super) parts: Vec<Vec<(f64, f64)>>,
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// What is drawn of all lines, dots or histograms.
    pub(super) fn paths(&self, plane: &Plane) -> Vec<Path> {
        let shares = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            points.iter().map(|point| plane.share(*point)).collect()
        };
        let inside = |(x, y): &(f64, f64)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y);
        let columns = (plane.width() / self.scale.0).unsigned_abs() as usize;
        let parts: Vec<Vec<Vec<(f64, f64)>>> = match &self.panel.content {
            Content::Lines(lines) => {
                let thinned = lines.iter().map(|line| thin::points(&line.points, columns));
                let parts = |points: Vec<_>| {
                    thin::runs(&points).flat_map(|run| clipped(&shares(run))).collect()
                };
                thinned.map(parts).collect()
            }
            Content::Dots(lines) => {
                let dots = |line: &Line| shares(&line.points).into_iter().filter(inside).collect();
                lines.iter().map(|line| vec![dots(line)]).collect()
            }
            Content::Histograms(all) => {
                let floor = |point| {
                    let (x, y) = plane.share(point);
                    (x, y.max(0.0))
                };
                all.iter()
                    .map(|one| clipped(&outline(one).map(floor).collect::<Vec<_>>()))
                    .collect()
            }
            Content::Energies(one) => {
                let floor = if self.panel.log { f64::MIN_POSITIVE } else { 0.0 };
                let lines = |series| one.lines(series, floor);
                let parts = |lines: Vec<Vec<_>>| {
                    lines.iter().flat_map(|line| clipped(&shares(line))).collect()
                };
                one.series.iter().map(lines).map(parts).collect()
            }
            Content::Density(_) | Content::Camera(_) | Content::Sky(_) => Vec::new(),
        };
        let of = parts.len();
        let path = |(index, parts)| Path { line: (index, of), parts };
        parts.into_iter().enumerate().map(path).collect()
    }

    pub(super) fn draw_paths(&self, plane: &Plane, paths: &[Path]) -> Result<(), Failure<DB>> {
        let dots = matches!(self.panel.content, Content::Dots(_));
        let filled = matches!(self.panel.content, Content::Histograms(_)) && paths.len() == 1;
        for path in paths {
            let colour = colour::line(path.line.0, path.line.1);
            // One pixel, and half a pixel more where the drawing is averaged and lines are few.
            let few = paths.len() <= 3;
            let style = colour.stroke_width(self.scale.width(if few { 3 } else { 2 }) / 2);
            for part in &path.parts {
                let pixels: Vec<_> = part.iter().map(|share| plane.pixel(*share)).collect();
                if filled {
                    self.area.draw(&Polygon::new(pixels.clone(), colour.mix(0.18)))?;
                }
                match dots || pixels.len() == 1 {
                    true => pixels.iter().try_for_each(|pixel| self.dot(*pixel, style))?,
                    false => self.stroke(pixels, style)?,
                }
            }
        }
        Ok(())
    }

    /// Shades what is not safe to use.
    pub(super) fn shades(&self, plane: &Plane) -> Result<(), Failure<DB>> {
        let Content::Energies(one) = &self.panel.content else { return Ok(()) };
        let [_, top, _, bottom] = plane.place;
        for range in one.shades() {
            let x =
                |energy: f64| plane.pixel((plane.share((energy, 1.0)).0.clamp(0.0, 1.0), 0.0)).0;
            let corners = [(x(range.start), top), (x(range.end), bottom)];
            self.area.draw(&Rectangle::new(corners, SHADE.filled()))?;
        }
        Ok(())
    }

    /// Draws a line; where it is wide on the drawing piece by piece, since its corners would be
    /// drawn out to spikes.
    pub(super) fn stroke(
        &self,
        pixels: Vec<(i32, i32)>,
        style: ShapeStyle,
    ) -> Result<(), Failure<DB>> {
        if style.stroke_width == 1 {
            return self.area.draw(&PathElement::new(pixels, style));
        }
        let pairs = pixels.windows(2).filter(|pair| pair[0] != pair[1]);
        pairs.map(|pair| PathElement::new(pair, style)).try_for_each(|part| self.area.draw(&part))
    }

    fn dot(&self, (x, y): (i32, i32), style: ShapeStyle) -> Result<(), Failure<DB>> {
        let half = 3 * self.scale.0 / 2;
        let square = [(x - half, y - half), (x + half, y + half)];
        self.area.draw(&Rectangle::new(square, style.filled()))
    }

    /// The room that the bar of colours takes at the right.
    pub(super) fn room_for_bar(&self) -> Result<i32, Failure<DB>> {
        match &self.panel.content {
            Content::Density(density) if density.entries() > 0 => {
                // The widest labels are those of a thousand, or of all points in one cell.
                let all = self.widest(&bar_ticks(density.entries()))?;
                let thousand = self.widest(&bar_ticks(density.entries().min(1000)))?;
                Ok(all.max(thousand) + BAR * self.scale.0)
            }
            Content::Camera(image) => self.room_for_scale(image),
            _ => Ok(0),
        }
    }

    /// Draws the bar of colours of a density; answers with its cells.
    pub(super) fn density(&self, plane: &Plane) -> Result<Option<Raster>, Failure<DB>> {
        let Content::Density(density) = &self.panel.content else { return Ok(None) };
        let room = |length: i32| length.unsigned_abs() as usize;
        let (counts, wide, high) = density.joined(room(plane.width()), room(plane.height()));
        let (xs, ys) = (density.x().edges(), density.y().edges());
        let most = counts.iter().flatten().max().copied().unwrap_or_default();
        let (Some(left), Some(low), true) = (xs.first(), ys.first(), most > 0) else {
            return Ok(None);
        };
        self.colour_bar(plane, most)?;
        let end = |edges: &[f64], joined: usize, bins: usize| {
            edges[0] + (edges[1] - edges[0]) * (joined * bins) as f64
        };
        let columns = counts[0].len();
        let (right, top) = (end(&xs, wide, columns), end(&ys, high, counts.len()));
        let (x0, y1) = plane.pixel(plane.share((*left, *low)));
        let (x1, y0) = plane.pixel(plane.share((right, top)));
        let (dx, dy) = self.area.get_base_pixel();
        let pixels = counts.iter().rev().flatten().map(|count| shade(*count, most)).collect();
        Ok(Some(Raster { place: [x0 + dx, y0 + dy, x1 + dx, y1 + dy], columns, pixels }))
    }

    fn colour_bar(&self, plane: &Plane, most: u64) -> Result<(), Failure<DB>> {
        let ([_, top, right, bottom], unit) = (plane.place, self.scale.0);
        let (left, height) = (right + 12 * unit, bottom - top);
        let end = left + BAR_WIDTH * unit;
        self.gradient(left, [top, bottom])?;
        let ticks = bar_ticks(most);
        let place = |value: f64| {
            let share = if most > 1 { value.ln() / (most as f64).ln() } else { 1.0 };
            bottom - (share * f64::from(height)).round() as i32
        };
        self.marks(end, &ticks, place)?;
        let style = self.scale.text(LABEL, INK).pos(Pos::new(HPos::Center, VPos::Bottom));
        let upright = style.transform(FontTransform::Rotate90);
        let beside = end + self.widest(&ticks)? + (LABEL + 10) * unit;
        let middle = (beside, top + height / 2);
        self.area.draw_text("points per cell", &upright, middle)
    }
}

/// The labels of a bar of colours from one to this many.
fn bar_ticks(most: u64) -> Ticks {
    match most {
        0 | 1 => Ticks::one(),
        _ => Ticks::logarithmic(&(1.0..most as f64 * 1.0001), 6),
    }
}

/// The colour of a cell with this many points, of which there are at most so many in one.
fn shade(count: u64, most: u64) -> [u8; 4] {
    let share = if most > 1 { (count as f64).ln() / (most as f64).ln() } else { 0.0 };
    let [r, g, b] = colour::shade(share);
    [r, g, b, if count > 0 { 255 } else { 0 }]
}

/// The outline of a histogram from the floor at its left to the floor at its right.
fn outline(histogram: &Histogram) -> impl Iterator<Item = (f64, f64)> {
    let binning = histogram.binning;
    let steps = histogram.counts.iter().enumerate().flat_map(move |(bin, count)| {
        [(binning.edge(bin), *count as f64), (binning.edge(bin + 1), *count as f64)]
    });
    let (first, last) = ((binning.start, 0.0), (binning.edge(binning.bins), 0.0));
    std::iter::once(first).chain(steps).chain([last])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Binning;

    #[test]
    fn outlines_begin_and_end_on_the_floor() {
        let mut one = Histogram::new("", Binning { start: 0.0, width: 2.0, bins: 2 });
        one.add(3.0);
        let points: Vec<_> = outline(&one).collect();
        assert_eq!(points.first(), Some(&(0.0, 0.0)));
        assert_eq!(points[3..], [(2.0, 1.0), (4.0, 1.0), (4.0, 0.0)]);
    }

    #[test]
    fn cells_are_shaded_by_their_logarithm() {
        assert_eq!(shade(0, 100)[3], 0);
        assert_eq!(shade(10, 100)[..3], colour::shade(0.5));
        assert_eq!((shade(1, 1)[3], &shade(1, 1)[..3]), (255, &colour::shade(0.0)[..]));
    }
}
