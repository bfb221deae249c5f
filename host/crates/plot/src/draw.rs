//! The drawing itself, for any backend.

use std::ops::Range;
use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::scale::{TimeUnit, decimals, padded, ranges, runs};
use crate::{Error, Panel, Trace};

/// Okabe and Ito's colours, which colour-blind readers can tell apart.
const PALETTE: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
];
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const SOFT_INK: RGBColor = RGBColor(0x55, 0x55, 0x55);
const GRID: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);
const FONT: &str = "sans-serif";
/// Most lines in a legend.
const LEGEND: usize = 6;
const TICKS: usize = 6;

/// Rows and columns for so many panels.
pub(crate) fn grid(panels: usize) -> (usize, usize) {
    let columns = match panels {
        0 | 1 => 1,
        2..=8 => 2,
        _ => 3,
    };
    (panels.div_ceil(columns), columns)
}

/// Draws all panels in a grid, row by row.
pub(crate) fn panels<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panels: &[Panel],
) -> Result<(), Error> {
    register_fonts()?;
    root.fill(&WHITE).map_err(failed)?;
    let area = root.margin(6, 6, 6, 6);
    for (cell, panel) in area.split_evenly(grid(panels.len())).iter().zip(panels) {
        draw_panel(cell, panel).map_err(failed)?;
    }
    root.present().map_err(failed)
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

type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

fn draw_panel<DB: DrawingBackend>(
    cell: &DrawingArea<DB, Shift>,
    panel: &Panel,
) -> Result<(), Failure<DB>> {
    let found = ranges(&panel.traces);
    let (times, values) = found.clone().unwrap_or((0.0..1.0, 0.0..1.0));
    let unit = TimeUnit::for_span((times.end - times.start).max(times.start.abs().min(1e12)));
    let times = padded(&(times.start / unit.ns..times.end / unit.ns), 0.02);
    let values = padded(&values, 0.06);
    let cell = cell.margin(6, 6, 6, 14);
    let cell = cell.titled(&panel.title, text(19, INK))?;
    let mut chart = ChartBuilder::on(&cell)
        .set_label_area_size(LabelAreaPosition::Left, 78)
        .set_label_area_size(LabelAreaPosition::Bottom, 48)
        .margin_top(6)
        .build_cartesian_2d(times.clone(), values.clone())?;
    let (x_digits, y_digits) = (decimals(&times, TICKS + 2), decimals(&values, TICKS));
    chart
        .configure_mesh()
        .x_labels(TICKS + 2)
        .y_labels(TICKS)
        .x_desc(format!("{} ({})", panel.x_label, unit.name))
        .y_desc(&panel.y_label)
        .axis_desc_style(text(15, INK))
        .label_style(text(14, SOFT_INK))
        .x_label_formatter(&|value| number(*value, x_digits))
        .y_label_formatter(&|value| number(*value, y_digits))
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(SOFT_INK)
        .draw()?;
    let area = chart.plotting_area();
    let (columns, _) = area.dim_in_pixel();
    let mut occupied = Corners::default();
    for (trace, index) in panel.traces.iter().zip(0_usize..) {
        for run in runs(trace, columns as usize) {
            let points: Vec<(f64, f64)> = run.into_iter().map(|(t, v)| (t / unit.ns, v)).collect();
            occupied.count(&points, &times, &values);
            area.draw(&PathElement::new(points, colour(index).stroke_width(1)))?;
        }
    }
    let area = area.strip_coord_spec();
    if found.is_none() {
        let (width, height) = area.dim_in_pixel();
        let style = text(16, SOFT_INK).pos(Pos::new(HPos::Center, VPos::Center));
        area.draw_text("no data", &style, (width as i32 / 2, height as i32 / 2))?;
    }
    draw_legend(&area, &panel.traces, &occupied)
}

/// How many points lie in the upper left, upper right, lower left and lower right corner.
#[derive(Debug, Default)]
struct Corners([usize; 4]);

impl Corners {
    fn count(&mut self, points: &[(f64, f64)], times: &Range<f64>, values: &Range<f64>) {
        for (time, value) in points {
            let x = (time - times.start) / (times.end - times.start);
            let y = (value - values.start) / (values.end - values.start);
            let column = if x > 0.7 { Some(1) } else { (x < 0.3).then_some(0) };
            let row = if y < 0.45 { Some(2) } else { (y > 0.55).then_some(0) };
            if let (Some(column), Some(row)) = (column, row) {
                self.0[row + column] += 1;
            }
        }
    }

    /// The corner with the fewest points: (is right, is low).
    fn freest(&self) -> (bool, bool) {
        let corner = [1, 0, 3, 2].into_iter().min_by_key(|corner| self.0[*corner]).unwrap_or(1);
        (corner % 2 == 1, corner >= 2)
    }
}

/// The labels of the first traces in the freest corner, one below the other.
fn draw_legend<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    traces: &[Trace],
    occupied: &Corners,
) -> Result<(), Failure<DB>> {
    const LINE: i32 = 20;
    let labelled: Vec<(usize, &str)> = (0..)
        .zip(traces)
        .filter(|(_, trace)| !trace.label.is_empty())
        .map(|(index, trace)| (index, trace.label.as_str()))
        .collect();
    if labelled.is_empty() {
        return Ok(());
    }
    let shown = if labelled.len() > LEGEND { LEGEND - 1 } else { labelled.len() };
    let rest = (labelled.len() > shown).then(|| format!("and {} more", labelled.len() - shown));
    let style = text(14, INK).pos(Pos::new(HPos::Left, VPos::Center));
    let labels = labelled[..shown].iter().map(|(_, label)| *label).chain(rest.as_deref());
    let widths = labels.clone().map(|label| area.estimate_text_size(label, &style));
    let widest = widths.collect::<Result<Vec<_>, _>>()?.into_iter().map(|size| size.0).max();
    let lines = labels.clone().count() as i32;
    let (width, height) = (widest.unwrap_or(0) as i32 + 44, LINE * lines + 8);
    let (right, low) = occupied.freest();
    let (area_width, area_height) = area.dim_in_pixel();
    let x = if right { area_width as i32 - width - 10 } else { 10 };
    let y = if low { area_height as i32 - height - 10 } else { 10 };
    let frame = [(x, y), (x + width, y + height)];
    area.draw(&Rectangle::new(frame, WHITE.mix(0.85).filled()))?;
    area.draw(&Rectangle::new(frame, GRID))?;
    for (line, label) in (0..).zip(labels) {
        let middle = y + 4 + LINE * line + LINE / 2;
        if let Some((index, _)) = labelled[..shown].get(line as usize) {
            let ends = [(x + 8, middle), (x + 28, middle)];
            area.draw(&PathElement::new(ends, colour(*index).stroke_width(2)))?;
        }
        area.draw_text(label, &style, (x + 35, middle))?;
    }
    Ok(())
}

fn colour(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
}

fn text(size: i32, colour: RGBColor) -> TextStyle<'static> {
    (FONT, size).into_font().color(&colour)
}

/// A tick label; a true minus sign, and powers of ten from a million on.
fn number(value: f64, digits: usize) -> String {
    let text =
        if value.abs() >= 1e6 { format!("{value:.2e}") } else { format!("{value:.digits$}") };
    let zero = text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.');
    if zero { text.trim_start_matches('-').into() } else { text.replace('-', "\u{2212}") }
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

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(-1.5, 1), "\u{2212}1.5");
        assert_eq!(number(-0.01, 0), "0");
        assert_eq!(number(12_000.0, 0), "12000");
        assert_eq!(number(3_400_000.0, 0), "3.40e6");
    }

    #[test]
    fn legend_goes_where_the_data_are_not() {
        let mut corners = Corners::default();
        assert_eq!(corners.freest(), (true, false));
        corners.count(&[(0.9, 0.9)], &(0.0..1.0), &(0.0..1.0));
        assert_eq!(corners.freest(), (false, false));
    }
}
