//! The drawing itself, for any backend.

use std::ops::Range;
use std::sync::OnceLock;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
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

/// Draws all panels in a grid, row by row.
pub(crate) fn panels<DB: DrawingBackend>(
    root: &DrawingArea<DB, Shift>,
    panels: &[Panel],
    scale: Scale,
) -> Result<(), Error> {
    register_fonts()?;
    root.fill(&WHITE).map_err(failed)?;
    let margin = scale.width(6);
    let area = root.margin(margin, margin, margin, margin);
    for (cell, panel) in area.split_evenly(grid(panels.len())).iter().zip(panels) {
        draw_panel(cell, panel, scale).map_err(failed)?;
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

type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;
type Failure<DB> = DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

fn draw_panel<DB: DrawingBackend>(
    cell: &DrawingArea<DB, Shift>,
    panel: &Panel,
    scale: Scale,
) -> Result<(), Failure<DB>> {
    let found = ranges(&panel.traces);
    let empty = found.is_none();
    let (times, values) = found.unwrap_or((0.0..1.0, 0.0..1.0));
    let unit = TimeUnit::for_span((times.end - times.start).max(times.start.abs()));
    let times = padded(&(times.start / unit.ns..times.end / unit.ns), 0.02);
    let values = padded(&values, 0.06);
    let margin = scale.width(6);
    let cell = cell
        .margin(margin, margin, margin, scale.width(14))
        .titled(&panel.title, scale.text(19, INK))?;
    let mut chart = ChartBuilder::on(&cell)
        .set_label_area_size(LabelAreaPosition::Left, scale.width(78))
        .set_label_area_size(LabelAreaPosition::Bottom, scale.width(48))
        .margin_top(margin)
        .build_cartesian_2d(times, values)?;
    let x_label = format!("{} ({})", panel.x_label, unit.name);
    draw_axes(&mut chart, &x_label, &panel.y_label, scale)?;
    let area = chart.plotting_area();
    let occupied = draw_traces(area, &panel.traces, unit, scale)?;
    let area = area.strip_coord_spec();
    if empty {
        draw_no_data(&area, scale)?;
    }
    draw_legend(&area, &panel.traces, &occupied, scale)
}

fn draw_axes<DB: DrawingBackend>(
    chart: &mut ChartContext<'_, DB, Plane>,
    x_label: &str,
    y_label: &str,
    scale: Scale,
) -> Result<(), Failure<DB>> {
    let x_digits = decimals(&chart.x_range(), TICKS + 2);
    let y_digits = decimals(&chart.y_range(), TICKS);
    chart
        .configure_mesh()
        .x_labels(TICKS + 2)
        .y_labels(TICKS)
        .x_desc(x_label)
        .y_desc(y_label)
        .axis_desc_style(scale.text(15, INK))
        .label_style(scale.text(14, SOFT_INK))
        .x_label_formatter(&|value| number(*value, x_digits))
        .y_label_formatter(&|value| number(*value, y_digits))
        .bold_line_style(GRID.stroke_width(scale.width(1)))
        .light_line_style(TRANSPARENT)
        .axis_style(SOFT_INK.stroke_width(scale.width(1)))
        .set_all_tick_mark_size(5 * scale.0)
        .draw()
}

fn draw_no_data<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    scale: Scale,
) -> Result<(), Failure<DB>> {
    let (width, height) = area.dim_in_pixel();
    let style = scale.text(16, SOFT_INK).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw_text("no data", &style, (width as i32 / 2, height as i32 / 2))
}

/// Draws the traces and notes where they run.
fn draw_traces<DB: DrawingBackend>(
    area: &DrawingArea<DB, Plane>,
    traces: &[Trace],
    unit: TimeUnit,
    scale: Scale,
) -> Result<Occupied, Failure<DB>> {
    let (columns, _) = area.dim_in_pixel();
    let (times, values) = (area.get_x_range(), area.get_y_range());
    let mut occupied = Occupied::default();
    for (trace, index) in traces.iter().zip(0_usize..) {
        // One pixel, and half a pixel more where the drawing is averaged.
        let style = colour(index).stroke_width(scale.width(3) / 2);
        for run in runs(trace, columns as usize) {
            let points: Vec<(f64, f64)> = run.into_iter().map(|(t, v)| (t / unit.ns, v)).collect();
            occupied.add(&points, &times, &values);
            area.draw(&PathElement::new(points, style))?;
        }
    }
    Ok(occupied)
}

/// Where the lines of a panel run: points in shares of its width and height, from the lower left.
#[derive(Debug, Default)]
struct Occupied(Vec<(f64, f64)>);

impl Occupied {
    fn add(&mut self, points: &[(f64, f64)], times: &Range<f64>, values: &Range<f64>) {
        let share = |(time, value): (f64, f64)| {
            let x = (time - times.start) / (times.end - times.start);
            (x, (value - values.start) / (values.end - values.start))
        };
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (share(pair[0]), share(pair[1]));
            let (dx, dy) = (x1 - x0, y1 - y0);
            let steps = (dx.hypot(dy) * 100.0).clamp(1.0, 100.0) as usize;
            let point = |t: f64| (x0 + t * dx, y0 + t * dy);
            self.0.extend((0..steps).map(|step| point(step as f64 / steps as f64)));
        }
    }

    /// The place for a box of the given size where it covers least: its left and lower edge.
    fn freest(&self, width: f64, height: f64) -> (f64, f64) {
        let (right, top) = (0.985 - width, 0.975 - height);
        let (left, bottom) = (0.015, 0.025);
        let (centre, middle) = (0.5 - width / 2.0, 0.5 - height / 2.0);
        let corners = [(right, top), (left, top), (right, bottom), (left, bottom)];
        let edges = [(right, middle), (left, middle), (centre, top), (centre, bottom)];
        let covered = |(x, y): &(f64, f64)| {
            let inside = |point: &&(f64, f64)| {
                (*x..x + width).contains(&point.0) && (*y..y + height).contains(&point.1)
            };
            self.0.iter().filter(inside).count()
        };
        corners.into_iter().chain(edges).min_by_key(covered).unwrap_or((right, top))
    }
}

/// The labels of the first traces, one below the other, where they cover least.
fn draw_legend<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    traces: &[Trace],
    occupied: &Occupied,
    scale: Scale,
) -> Result<(), Failure<DB>> {
    let entries = legend(traces);
    if entries.is_empty() {
        return Ok(());
    }
    let unit = scale.0;
    let style = scale.text(14, INK).pos(Pos::new(HPos::Left, VPos::Center));
    let mut widest = 0;
    for (_, label) in &entries {
        widest = widest.max(area.estimate_text_size(label, &style)?.0 as i32);
    }
    let line_height = 20 * unit;
    let (width, height) = (widest + 44 * unit, line_height * entries.len() as i32 + 8 * unit);
    let (area_width, area_height) = area.dim_in_pixel();
    let (area_width, area_height) = (f64::from(area_width), f64::from(area_height));
    let share = (f64::from(width) / area_width, f64::from(height) / area_height);
    let (left, bottom) = occupied.freest(share.0, share.1);
    let x = (left * area_width) as i32;
    let y = ((1.0 - bottom) * area_height) as i32 - height;
    let frame = [(x, y), (x + width, y + height)];
    area.draw(&Rectangle::new(frame, WHITE.mix(0.85).filled()))?;
    area.draw(&Rectangle::new(frame, GRID.stroke_width(scale.width(1))))?;
    let mut middle = y + 4 * unit + line_height / 2;
    for (index, label) in &entries {
        if let Some(index) = index {
            let ends = [(x + 8 * unit, middle), (x + 28 * unit, middle)];
            area.draw(&PathElement::new(ends, colour(*index).stroke_width(scale.width(2))))?;
        }
        area.draw_text(label, &style, (x + 35 * unit, middle))?;
        middle += line_height;
    }
    Ok(())
}

/// The entries of the legend: position and label of a trace; the last one counts what is left out.
fn legend(traces: &[Trace]) -> Vec<(Option<usize>, String)> {
    let mut entries: Vec<_> = (0..)
        .zip(traces)
        .filter(|(_, trace)| !trace.label.is_empty())
        .map(|(index, trace)| (Some(index), trace.label.clone()))
        .collect();
    if entries.len() > LEGEND {
        let rest = entries.split_off(LEGEND - 1).len();
        entries.push((None, format!("and {rest} more")));
    }
    entries
}

fn colour(index: usize) -> RGBColor {
    PALETTE[index % PALETTE.len()]
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
        let mut occupied = Occupied::default();
        assert_eq!(occupied.freest(0.2, 0.2), (0.985 - 0.2, 0.975 - 0.2));
        occupied.add(&[(0.0, 0.9), (1.0, 0.9)], &(0.0..1.0), &(0.0..1.0));
        assert_eq!(occupied.freest(0.2, 0.2), (0.985 - 0.2, 0.025));
        occupied.add(&[(0.0, 0.1), (1.0, 0.1)], &(0.0..1.0), &(0.0..1.0));
        assert_eq!(occupied.freest(0.2, 0.2), (0.985 - 0.2, 0.4));
    }
}
