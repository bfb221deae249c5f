//! Bars of colours with their values.

use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Cell, Failure, LABEL, SMALL};
use crate::colour::{self, INK, SOFT_INK};
use crate::ticks::Ticks;
use crate::{Axis, Stretch};

/// Width of the bar, its ticks and its label in pixels, without the tick labels.
const BAR: i32 = 52;

/// Width of the colours in pixels.
pub(super) const WIDTH: i32 = 14;

/// Pixels that its label may be long, though it is lower.
const UPRIGHT: i32 = 150;

/// What a bar of colours shows.
pub(super) struct Bar<'a> {
    /// Values of the darkest and the lightest colour.
    pub(super) range: (f64, f64),
    pub(super) stretch: Stretch,
    /// What the values are.
    pub(super) scale: &'a Axis,
}

impl Bar<'_> {
    fn ticks(&self, most: usize) -> Ticks {
        let range = self.range.0..self.range.1;
        match self.stretch {
            // Both ends are shown.
            Stretch::Log => Ticks::logarithmic(&(range.start..range.end * (1.0 + 1e-9)), most),
            Stretch::Linear | Stretch::Sqrt => Ticks::linear(&range, most),
        }
    }
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// The room that a bar takes at the right.
    pub(super) fn room_for(&self, bar: &Bar<'_>) -> Result<i32, Failure<DB>> {
        Ok(self.widest(&bar.ticks(8))? + BAR * self.scale.0)
    }

    /// Draws a bar to the right of a plane with this upper, right and lower edge.
    pub(super) fn bar(
        &self,
        bar: &Bar<'_>,
        [top, right, bottom]: [i32; 3],
    ) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        let (left, height) = (right + 14 * unit, bottom - top);
        let end = left + WIDTH * unit;
        self.gradient(left, [top, bottom])?;
        let ticks = bar.ticks((height / (42 * unit)).clamp(3, 8) as usize);
        let place = |value: f64| {
            let share = bar.stretch.share(value, bar.range).unwrap_or_default();
            bottom - (share * f64::from(height)).round() as i32
        };
        self.marks(end, &ticks, place)?;
        let label = ticks.label(&bar.scale.label, bar.scale.units.as_deref());
        let style = self.scale.text(LABEL, INK).pos(Pos::new(HPos::Center, VPos::Bottom));
        let text = self.fitting(&label, &style, height.max(UPRIGHT * unit).unsigned_abs())?;
        let upright = style.transform(FontTransform::Rotate90);
        let beside = end + self.widest(&ticks)? + (LABEL + 10) * unit;
        self.area.draw_text(&text, &upright, (beside, top + height / 2))
    }

    /// The colours from the lowest at the bottom to the highest, beginning at a column.
    pub(super) fn gradient(&self, left: i32, [top, bottom]: [i32; 2]) -> Result<(), Failure<DB>> {
        let (end, height) = (left + WIDTH * self.scale.0, bottom - top);
        for y in top..bottom {
            let [r, g, b] = colour::shade(f64::from(bottom - y) / f64::from(height));
            let style = RGBColor(r, g, b).filled();
            self.area.draw(&Rectangle::new([(left, y), (end, y + 1)], style))?;
        }
        Ok(())
    }

    /// Ticks and their labels beside the colours, which end at a column.
    pub(super) fn marks(
        &self,
        end: i32,
        ticks: &Ticks,
        place: impl Fn(f64) -> i32,
    ) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        let style = self.scale.text(SMALL, SOFT_INK).pos(Pos::new(HPos::Left, VPos::Center));
        let edge = SOFT_INK.stroke_width(self.scale.width(1));
        for (value, label) in &ticks.marks {
            let y = place(*value);
            self.area.draw(&PathElement::new([(end, y), (end + 4 * unit, y)], edge))?;
            self.area.draw_text(label, &style, (end + 7 * unit, y))?;
        }
        for value in &ticks.minor {
            let y = place(*value);
            self.area.draw(&PathElement::new([(end, y), (end + 2 * unit, y)], edge))?;
        }
        Ok(())
    }
}
