//! The plane of a plot: its place, its axes with ticks and labels.

use std::ops::Range;

use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::content::Extent;
use super::{Cell, Failure, LABEL, SMALL};
use crate::colour::{GRID, INK, SOFT_INK};
use crate::scale::TimeUnit;
use crate::ticks::Ticks;
use crate::{Axis, Content};

/// A direction of the plane.
#[derive(Debug, Clone)]
pub(super) struct Side {
    /// What is shown, in shown units.
    pub(super) range: Range<f64>,
    /// Own units per shown unit.
    unit: f64,
    log: bool,
    ticks: Ticks,
    label: String,
}

impl Side {
    /// An axis over a range in its own units; labels are at least a given number of pixels apart.
    fn new(axis: &Axis, range: &Range<f64>, log: bool, most: usize) -> Self {
        let (unit, units) = match axis.units.as_deref() {
            Some("ns") if !log => {
                let unit = TimeUnit::for_span(range.start.abs().max(range.end.abs()));
                (unit.ns, Some(unit.name))
            }
            units => (1.0, units),
        };
        let range = range.start / unit..range.end / unit;
        let ticks = match log {
            true => Ticks::logarithmic(&range, most),
            false => Ticks::linear(&range, most),
        };
        let label = ticks.label(&axis.label, units);
        Side { range, unit, log, ticks, label }
    }

    /// Where a value is, as a share of the side; 0 or less for what a logarithmic side lacks.
    fn share(&self, value: f64) -> f64 {
        self.shown_share(value / self.unit)
    }

    fn shown_share(&self, value: f64) -> f64 {
        let Range { start, end } = self.range;
        match self.log {
            true if value <= 0.0 => -1.0,
            true => (value / start).ln() / (end / start).ln(),
            false => (value - start) / (end - start),
        }
    }
}

/// Where the data are drawn.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    /// Edges in pixels of the panel: left, top, right, bottom.
    pub(super) place: [i32; 4],
    x: Side,
    y: Side,
}

impl Plane {
    pub(super) fn width(&self) -> i32 {
        self.place[2] - self.place[0]
    }

    pub(super) fn height(&self) -> i32 {
        self.place[3] - self.place[1]
    }

    pub(super) fn centre(&self) -> (i32, i32) {
        (self.place[0] + self.width() / 2, self.place[1] + self.height() / 2)
    }

    /// A point in shares of width and height from the lower left.
    pub(super) fn share(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.share(x), self.y.share(y))
    }

    /// The pixel of a point in shares.
    pub(super) fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let [left, _, _, bottom] = self.place;
        let across = |share: f64, length: i32| (share * f64::from(length)).round() as i32;
        (left + across(x, self.width()), bottom - across(y, self.height()))
    }
}

/// The part of a place in the middle in which both directions have the same scale.
fn in_proportion([left, top, right, bottom]: [i32; 4], extent: &Extent) -> [i32; 4] {
    let length = |range: &Range<f64>| range.end - range.start;
    let (width, height) = (f64::from(right - left), f64::from(bottom - top));
    let scale = (width / length(&extent.x)).min(height / length(&extent.y));
    let spare = |room: f64, range: &Range<f64>| ((room - scale * length(range)) / 2.0) as i32;
    let (dx, dy) = (spare(width, &extent.x), spare(height, &extent.y));
    [left + dx, top + dy, (right - dx).max(left + dx + 1), (bottom - dy).max(top + dy + 1)]
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// Finds a place for the plane, whose labels are as wide as they are.
    pub(super) fn plane(
        &self,
        extent: Option<&Extent>,
        top: i32,
        right: i32,
    ) -> Result<Plane, Failure<DB>> {
        let (width, height) = self.area.dim_in_pixel();
        let unit = self.scale.0;
        let nothing = Extent { x: 0.0..1.0, y: 0.0..1.0, log: [false; 2] };
        let extent = extent.unwrap_or(&nothing);
        let bottom = height as i32 - (LABEL + SMALL + 18) * unit;
        let most = ((bottom - top) / (38 * unit)).clamp(3, 10) as usize;
        let most = match &self.panel.content {
            // Counts are whole.
            Content::Histograms(_) => most.min(extent.y.end.ceil() as usize),
            _ => most,
        };
        let y = Side::new(&self.panel.y, &extent.y, extent.log[1], most);
        let left = self.widest(&y.ticks)? + (LABEL + 18) * unit;
        let right = width as i32 - right - 10 * unit;
        let place = [left, top, right.max(left + 1), bottom.max(top + 1)];
        let [left, top, right, bottom] = match self.image() {
            Some(_) => in_proportion(place, extent),
            None => place,
        };
        let mut x = Side::new(&self.panel.x, &extent.x, extent.log[0], 10);
        for most in (2..10).rev() {
            let room = (right - left) / (x.ticks.marks.len() as i32 + 1).max(1);
            if self.widest(&x.ticks)? + 22 * unit <= room {
                break;
            }
            x = Side::new(&self.panel.x, &extent.x, extent.log[0], most);
        }
        Ok(Plane { place: [left, top, right, bottom], x, y })
    }

    pub(super) fn widest(&self, ticks: &Ticks) -> Result<i32, Failure<DB>> {
        let style = self.scale.text(SMALL, SOFT_INK);
        let mut widest = 0;
        for (_, label) in &ticks.marks {
            widest = widest.max(self.area.estimate_text_size(label, &style)?.0 as i32);
        }
        Ok(widest)
    }

    /// Lines across the plane at the ticks, below the data.
    pub(super) fn grid_lines(&self, plane: &Plane) -> Result<(), Failure<DB>> {
        let [left, top, right, bottom] = plane.place;
        let style = GRID.stroke_width(self.scale.width(1));
        for (value, _) in &plane.x.ticks.marks {
            let (x, _) = plane.pixel((plane.x.shown_share(*value), 0.0));
            self.area.draw(&PathElement::new([(x, top), (x, bottom)], style))?;
        }
        for (value, _) in &plane.y.ticks.marks {
            let (_, y) = plane.pixel((0.0, plane.y.shown_share(*value)));
            self.area.draw(&PathElement::new([(left, y), (right, y)], style))?;
        }
        Ok(())
    }

    /// Edges, ticks and labels of the plane, above the data.
    pub(super) fn frame(&self, plane: &Plane) -> Result<(), Failure<DB>> {
        let [left, top, right, bottom] = plane.place;
        let (unit, area) = (self.scale.0, &self.area);
        let edge = SOFT_INK.stroke_width(self.scale.width(1));
        area.draw(&PathElement::new([(left, top), (left, bottom), (right, bottom)], edge))?;
        let below = self.scale.text(SMALL, SOFT_INK).pos(Pos::new(HPos::Center, VPos::Top));
        for (value, label) in &plane.x.ticks.marks {
            let (x, y) = plane.pixel((plane.x.shown_share(*value), 0.0));
            area.draw(&PathElement::new([(x, y), (x, y + 5 * unit)], edge))?;
            area.draw_text(label, &below, (x, y + 7 * unit))?;
        }
        let beside = self.scale.text(SMALL, SOFT_INK).pos(Pos::new(HPos::Right, VPos::Center));
        for (value, label) in &plane.y.ticks.marks {
            let (x, y) = plane.pixel((0.0, plane.y.shown_share(*value)));
            area.draw(&PathElement::new([(x - 5 * unit, y), (x, y)], edge))?;
            area.draw_text(label, &beside, (x - 8 * unit, y))?;
        }
        for value in &plane.x.ticks.minor {
            let (x, y) = plane.pixel((plane.x.shown_share(*value), 0.0));
            area.draw(&PathElement::new([(x, y), (x, y + 3 * unit)], edge))?;
        }
        for value in &plane.y.ticks.minor {
            let (x, y) = plane.pixel((0.0, plane.y.shown_share(*value)));
            area.draw(&PathElement::new([(x - 3 * unit, y), (x, y)], edge))?;
        }
        let style = self.scale.text(LABEL, INK).pos(Pos::new(HPos::Center, VPos::Top));
        let (x, y) = plane.centre();
        let lower = bottom + (SMALL + 14) * unit;
        let text = self.fitting(&plane.x.label, &style, plane.width().unsigned_abs())?;
        area.draw_text(&text, &style, (x, lower))?;
        let text = self.fitting(&plane.y.label, &style, plane.height().unsigned_abs())?;
        let upright = style.transform(FontTransform::Rotate270);
        // The left edge, but where the plane is narrower than its room.
        let x = left - self.widest(&plane.y.ticks)? - (LABEL + 18) * unit;
        area.draw_text(&text, &upright, (x.max(0), y))
    }
}
