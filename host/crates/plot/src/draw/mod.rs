//! The drawing itself, for any backend.

mod bar;
mod camera;
mod content;
mod legend;
mod plane;
mod sky;

use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::colour::{INK, SOFT_INK};
use crate::{Content, Error, Panel};

use content::Extent;

const FONT: &str = "sans-serif";
/// Sizes of text in pixels: titles, labels of axes, ticks and legends.
const TITLE: i32 = 18;
const LABEL: i32 = 15;
const SMALL: i32 = 14;

/// Rows and columns for so many panels.
pub(crate) fn grid(panels: usize) -> (usize, usize) {
    let columns = match panels {
        0 | 1 => 1,
        2..=8 => 2,
        _ => 3,
    };
    (panels.div_ceil(columns), columns)
}

/// Pixels of the drawing per pixel of the picture: all lengths are multiples of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale(pub(crate) i32);

impl Scale {
    fn width(self, pixels: u32) -> u32 {
        pixels * self.0.unsigned_abs()
    }

    fn text(self, size: i32, colour: RGBColor) -> TextStyle<'static> {
        (FONT, size * self.0).into_font().color(&colour)
    }
}

/// A part of the picture whose pixels are given: all of them lie on top of what is drawn.
#[derive(Debug)]
pub(crate) struct Raster {
    /// Left, top, right and lower edge in pixels of the drawing.
    pub(crate) place: [i32; 4],
    /// Columns of the raster, which are stretched to the place.
    pub(crate) columns: usize,
    /// Red, green, blue and opacity (0 or 255) of all cells, row by row from the top.
    pub(crate) pixels: Vec<[u8; 4]>,
}

/// A panel's part of the picture.
struct Cell<'a, DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    scale: Scale,
    panel: &'a Panel,
}

type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// Draws all panels in a grid, row by row; answers with what is to be put on top.
pub(crate) fn panels<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panels: &[Panel],
    scale: Scale,
) -> Result<Vec<Raster>, Error> {
    register_fonts()?;
    root.fill(&WHITE).map_err(failed)?;
    let mut rasters = Vec::new();
    for cell in cells(root, panels, scale) {
        rasters.extend(cell.draw().map_err(failed)?);
    }
    root.present().map_err(failed)?;
    Ok(rasters)
}

/// Whether there is something to draw on top of the rasters.
pub(crate) fn has_more(panels: &[Panel]) -> bool {
    panels.iter().any(|panel| matches!(panel.content, Content::Sky(_)))
}

/// Draws what is on top of the rasters.
pub(crate) fn over<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panels: &[Panel],
    scale: Scale,
) -> Result<(), Error> {
    for cell in cells(root, panels, scale) {
        cell.draw_over().map_err(failed)?;
    }
    root.present().map_err(failed)
}

/// The places of all panels.
fn cells<'a, DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panels: &'a [Panel],
    scale: Scale,
) -> Vec<Cell<'a, DB>> {
    let margin = scale.width(6);
    let area = root.margin(margin, margin, margin, margin);
    let areas = area.split_evenly(grid(panels.len()));
    let cell = |(area, panel): (&DrawingArea<DB, Shift>, &'a Panel)| {
        let area = area.margin(margin, margin, margin, scale.width(14));
        Cell { area, scale, panel }
    };
    areas.iter().zip(panels).map(cell).collect()
}

/// Puts the embedded font under the name the text styles use. Repeating this does no harm.
fn register_fonts() -> Result<(), Error> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let done = DONE
        .get_or_init(|| register_font(FONT, FontStyle::Normal, dejavu::sans::regular()).is_ok());
    if *done { Ok(()) } else { Err(Error::Draw("the embedded font is damaged".into())) }
}

fn failed<E: std::error::Error>(error: E) -> Error {
    Error::Draw(error.to_string())
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    fn draw(&self) -> Result<Option<Raster>, Failure<DB>> {
        if let Content::Sky(map) = &self.panel.content {
            return self.sky_pixels(map);
        }
        let extent = Extent::of(self.panel);
        let (top, right) = (self.heading()?, self.room_for_bar()?);
        let mut plane = self.plane(extent.as_ref(), top, right)?;
        let mut paths = self.paths(&plane);
        let mut legend = self.legend()?;
        if let Some(legend) = &mut legend
            && !legend.fits_inside(&plane, &paths)
        {
            plane = self.plane(extent.as_ref(), top, right + legend.width)?;
            paths = self.paths(&plane);
            legend.put_beside(&plane, self.scale);
        }
        if self.image().is_none() {
            self.shades(&plane)?;
            self.grid_lines(&plane)?;
        }
        self.camera(&plane)?;
        self.draw_paths(&plane, &paths)?;
        let raster = self.density(&plane)?;
        self.frame(&plane)?;
        if extent.is_none() {
            let centre = Pos::new(HPos::Center, VPos::Center);
            let style = self.scale.text(LABEL, SOFT_INK).pos(centre);
            self.area.draw_text("no data", &style, plane.centre())?;
        }
        if let Some(legend) = legend {
            self.draw_legend(&legend)?;
        }
        Ok(raster)
    }

    /// Title and note, with their sizes and colours.
    fn heading_lines(&self) -> impl Iterator<Item = (&String, i32, RGBColor)> {
        let lines = [(&self.panel.title, TITLE, INK), (&self.panel.note, SMALL, SOFT_INK)];
        lines.into_iter().filter(|(text, ..)| !text.is_empty())
    }

    /// How much room title and note take.
    fn heading_height(&self) -> i32 {
        let lines = self.heading_lines().map(|(_, size, _)| size + 7);
        (8 + lines.sum::<i32>()) * self.scale.0
    }

    /// Draws title and note; answers how much room they take.
    fn heading(&self) -> Result<i32, Failure<DB>> {
        let (width, _) = self.area.dim_in_pixel();
        let unit = self.scale.0;
        let mut top = 4 * unit;
        for (text, size, colour) in self.heading_lines() {
            let style = self.scale.text(size, colour).pos(Pos::new(HPos::Center, VPos::Top));
            let text = self.fitting(text, &style, width)?;
            self.area.draw_text(&text, &style, (width as i32 / 2, top))?;
            top += (size + 7) * unit;
        }
        Ok(self.heading_height())
    }

    /// The text, without its middle where it is too wide.
    fn fitting(
        &self,
        text: &str,
        style: &TextStyle<'_>,
        width: u32,
    ) -> Result<String, Failure<DB>> {
        let letters: Vec<char> = text.chars().collect();
        let mut shown = text.to_owned();
        for left_out in (2..letters.len().saturating_sub(8)).step_by(2) {
            if self.area.estimate_text_size(&shown, style)?.0 <= width {
                break;
            }
            let kept = letters.len() - left_out;
            let (head, tail) = (&letters[..kept / 2], &letters[letters.len() - kept.div_ceil(2)..]);
            shown = head.iter().chain(&['…']).chain(tail).collect();
        }
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hold_all_panels() {
        assert_eq!(
            [grid(1), grid(2), grid(3), grid(8), grid(9)],
            [(1, 1), (1, 2), (2, 2), (4, 2), (3, 3)]
        );
        assert!((1..40).all(|panels| grid(panels).0 * grid(panels).1 >= panels));
    }
}
