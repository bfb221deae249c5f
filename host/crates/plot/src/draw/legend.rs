//! The legend, and a place for it.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::content::Path;
use super::plane::Plane;
use super::{Cell, Failure, SMALL, Scale};
use crate::Content;
use crate::colour::{self, GRID, INK};

/// Most lines in a legend.
const LEGEND: usize = 10;

/// Where the lines of a panel run: points in shares of its width and height, from the lower left.
#[derive(Debug, Default)]
struct Occupied(Vec<(f64, f64)>);

impl Occupied {
    /// Notes a path of points in shares.
    fn add(&mut self, points: &[(f64, f64)]) {
        self.0.extend(points);
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let (dx, dy) = (x1 - x0, y1 - y0);
            let steps = (dx.hypot(dy) * 100.0).clamp(1.0, 100.0) as usize;
            let point = |t: f64| (x0 + t * dx, y0 + t * dy);
            self.0.extend((0..steps).map(|step| point(step as f64 / steps as f64)));
        }
    }

    /// The place for a box of the given size where it covers least, its left and lower edge; and
    /// how many points it covers there.
    fn freest(&self, width: f64, height: f64) -> ((f64, f64), usize) {
        let (right, top) = (0.985 - width, 0.975 - height);
        let (left, bottom) = (0.015, 0.025);
        let (centre, middle) = (0.5 - width / 2.0, 0.5 - height / 2.0);
        let corners = [(right, top), (left, top), (right, bottom), (left, bottom)];
        let edges = [(right, middle), (left, middle), (centre, top), (centre, bottom)];
        let covered = |(x, y): (f64, f64)| {
            let inside = |point: &&(f64, f64)| {
                (x..x + width).contains(&point.0) && (y..y + height).contains(&point.1)
            };
            self.0.iter().filter(inside).count()
        };
        let places = corners.into_iter().chain(edges).map(|place| (place, covered(place)));
        places.min_by_key(|(_, covered)| *covered).unwrap_or(((right, top), 0))
    }
}

/// The labels of lines in a box.
pub(super) struct Legend {
    /// Which line, of how many, and its label.
    entries: Vec<(Option<usize>, String)>,
    lines: usize,
    /// Left and upper edge in pixels of the panel.
    place: (i32, i32),
    /// Sizes in pixels.
    pub(super) width: i32,
    height: i32,
    line_height: i32,
}

impl Legend {
    /// Moves it into the plane where it covers nothing; `false` if there is no such place.
    pub(super) fn fits_inside(&mut self, plane: &Plane, paths: &[Path]) -> bool {
        let mut occupied = Occupied::default();
        paths.iter().flat_map(|path| &path.parts).for_each(|part| occupied.add(part));
        let share = |part: i32, whole: i32| f64::from(part) / f64::from(whole.max(1));
        let size = (share(self.width, plane.width()), share(self.height, plane.height()));
        let (free, covered) = occupied.freest(size.0, size.1);
        let (x, lower) = plane.pixel(free);
        self.place = (x, lower - self.height);
        covered == 0 && size.0 < 0.9 && size.1 < 0.9
    }

    /// Moves it to the right of a plane.
    pub(super) fn put_beside(&mut self, plane: &Plane, scale: Scale) {
        self.place = (plane.place[2] + 8 * scale.0, plane.place[1]);
    }
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// The labels of the first lines; `None` if there are none.
    pub(super) fn legend(&self) -> Result<Option<Legend>, Failure<DB>> {
        let labels = labels(&self.panel.content);
        let entries = entries(&labels);
        if entries.is_empty() {
            return Ok(None);
        }
        let unit = self.scale.0;
        let style = self.scale.text(SMALL, INK);
        let mut widest = 0;
        for (_, label) in &entries {
            widest = widest.max(self.area.estimate_text_size(label, &style)?.0 as i32);
        }
        let (_, panel) = self.area.dim_in_pixel();
        let room = (panel as i32 - 130 * unit) / entries.len() as i32;
        let line_height = room.clamp(14 * unit, 20 * unit);
        let (width, height) = (widest + 44 * unit, line_height * entries.len() as i32 + 8 * unit);
        let (lines, place) = (labels.len(), (0, 0));
        Ok(Some(Legend { entries, lines, place, width, height, line_height }))
    }

    /// Draws a legend at its place.
    pub(super) fn draw_legend(&self, legend: &Legend) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        let text = self.scale.text(SMALL, INK).pos(Pos::new(HPos::Left, VPos::Center));
        let (x, y) = legend.place;
        let frame = [(x, y), (x + legend.width, y + legend.height)];
        self.area.draw(&Rectangle::new(frame, WHITE.mix(0.85).filled()))?;
        self.area.draw(&Rectangle::new(frame, GRID.stroke_width(self.scale.width(1))))?;
        let mut middle = y + 4 * unit + legend.line_height / 2;
        for (index, label) in &legend.entries {
            if let Some(index) = index {
                let ends = [(x + 8 * unit, middle), (x + 28 * unit, middle)];
                let colour = colour::line(*index, legend.lines);
                let style = colour.stroke_width(self.scale.width(2));
                self.area.draw(&PathElement::new(ends, style))?;
            }
            self.area.draw_text(label, &text, (x + 35 * unit, middle))?;
            middle += legend.line_height;
        }
        Ok(())
    }
}

fn labels(content: &Content) -> Vec<&str> {
    match content {
        Content::Lines(all) | Content::Dots(all) => all.iter().map(|l| l.label.as_str()).collect(),
        Content::Histograms(all) => all.iter().map(|one| one.label.as_str()).collect(),
        Content::Energies(one) => one.series.iter().map(|one| one.label.as_str()).collect(),
        Content::Density(_) | Content::Camera(_) | Content::Sky(_) => Vec::new(),
    }
}

/// The entries of the legend: position and label of a line; the last one counts what is left out.
fn entries(labels: &[&str]) -> Vec<(Option<usize>, String)> {
    let mut entries: Vec<_> = (0..)
        .zip(labels)
        .filter(|(_, label)| !label.is_empty())
        .map(|(index, label)| (Some(index), (*label).to_owned()))
        .collect();
    if entries.len() > LEGEND {
        let rest = entries.split_off(LEGEND - 1).len();
        entries.push((None, format!("and {rest} more")));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legend_goes_where_the_data_are_not() {
        let mut occupied = Occupied::default();
        assert_eq!(occupied.freest(0.2, 0.2), ((0.985 - 0.2, 0.975 - 0.2), 0));
        occupied.add(&[(0.0, 0.9), (1.0, 0.9)]);
        assert_eq!(occupied.freest(0.2, 0.2), ((0.985 - 0.2, 0.025), 0));
        occupied.add(&[(0.0, 0.1), (1.0, 0.1)]);
        assert_eq!(occupied.freest(0.2, 0.2), ((0.985 - 0.2, 0.4), 0));
    }

    #[test]
    fn long_legends_count_the_rest() {
        let labels = ["x"; 14];
        assert_eq!(entries(&labels[..10]).len(), 10);
        let cut = entries(&labels);
        assert_eq!((cut.len(), cut[9].clone()), (10, (None, "and 5 more".into())));
        assert!(entries(&["", ""]).is_empty());
    }
}
