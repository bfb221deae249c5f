//! Images of the sky: pixels below; coordinates, lines around regions and all texts above.

use plotters::prelude::*;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::bar::Bar;
use super::{Cell, Failure, LABEL, Raster, SMALL};
use crate::colour::{self, GRID, INK, SOFT_INK};
use crate::{Content, Edge, GridLabel, Mark, Outline, SkyMap};

/// Sky without a number.
const GREY: [u8; 4] = [0xD0, 0xD0, 0xD0, 255];
/// What makes lines and texts on an image stand out.
const HALO: RGBColor = RGBColor(0x11, 0x11, 0x11);
/// Colours of lines around regions.
const ON: RGBColor = RGBColor(0xFF, 0x5A, 0x36);
const OFF: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
/// The same without an image below.
const OFF_ON_WHITE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
const EXCLUDED: RGBColor = RGBColor(0x6F, 0xD3, 0xFF);
const OTHERS: [RGBColor; 4] = [
    RGBColor(0xFF, 0xD1, 0x4A),
    RGBColor(0xFF, 0x9F, 0xD8),
    RGBColor(0x9B, 0xF0, 0x9B),
    RGBColor(0xFF, 0xB0, 0x78),
];
/// Labels on the image below this share of its height are below their lines.
const BELOW: f64 = 0.45;
/// Pixels that a text beside an image may be long, though the image is lower.
const UPRIGHT: i32 = 150;
/// Half the size of the cross of a point, in pixels.
const CROSS: i32 = 6;

/// A row of names: what they are of, and the left edge of each.
type Names<'a> = Vec<(i32, &'a Outline)>;

/// Where an image of the sky is in its panel.
struct Place {
    /// Left, top, right and lower edge of the image in pixels.
    edges: [i32; 4],
    /// Where the names of colours stand.
    legend_top: i32,
}

impl Place {
    fn pixel(&self, (x, y): (f64, f64)) -> (i32, i32) {
        let [left, top, right, bottom] = self.edges;
        let across = |share: f64, length: i32| (share * f64::from(length)).round() as i32;
        (left + across(x, right - left), bottom - across(y, bottom - top))
    }
}

impl Mark {
    fn colour(self) -> RGBColor {
        match self {
            Mark::On => ON,
            Mark::Off => OFF,
            Mark::Excluded => EXCLUDED,
            Mark::Other(number) => OTHERS[number % OTHERS.len()],
        }
    }
}

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// The image, if this is one of the sky.
    fn sky_map(&self) -> Option<&SkyMap> {
        match &self.panel.content {
            Content::Sky(map) => Some(map),
            _ => None,
        }
    }

    /// The pixels of an image of the sky.
    pub(super) fn sky_pixels(&self, map: &SkyMap) -> Result<Option<Raster>, Failure<DB>> {
        if map.values.is_empty() {
            return Ok(None);
        }
        let [left, top, right, bottom] = self.sky_place(map)?.edges;
        let (dx, dy) = self.area.get_base_pixel();
        let (columns, cells) = map.cells();
        let pixel = |cell: &Option<crate::sky::Cell>| match cell {
            None => [255, 255, 255, 0],
            Some(crate::sky::Cell(None)) => GREY,
            Some(crate::sky::Cell(Some(share))) => {
                let [r, g, b] = colour::shade(*share);
                [r, g, b, 255]
            }
        };
        let pixels = cells.iter().map(pixel).collect();
        let place = [left + dx, top + dy, right + dx, bottom + dy];
        Ok(Some(Raster { place, columns, pixels }))
    }

    /// Draws all but the pixels of an image of the sky, if this is one.
    pub(super) fn draw_over(&self) -> Result<(), Failure<DB>> {
        let Some(map) = self.sky_map() else { return Ok(()) };
        self.heading()?;
        let place = self.sky_place(map)?;
        self.sky_lines(map, &place)?;
        for outline in &map.outlines {
            self.outline(map, outline, &place)?;
        }
        let frame = SOFT_INK.stroke_width(self.scale.width(1));
        let [left, top, right, bottom] = place.edges;
        self.area.draw(&Rectangle::new([(left, top), (right, bottom)], frame))?;
        self.sky_labels(map, &place)?;
        if !map.values.is_empty() {
            let bar = Bar { range: map.range, stretch: map.stretch, scale: &map.scale };
            let room = self.room_at(map, Edge::Right)?;
            self.bar(&bar, [top, right + room, bottom])?;
        }
        self.names(map, place.legend_top)
    }

    /// The room that labels at an edge take.
    fn room_at(&self, map: &SkyMap, edge: Edge) -> Result<i32, Failure<DB>> {
        let style = self.scale.text(SMALL, SOFT_INK);
        let mut room = 0;
        for label in map.grid.labels.iter().filter(|label| label.edge == edge) {
            let (width, height) = self.area.estimate_text_size(&label.text, &style)?;
            let length = if matches!(edge, Edge::Left | Edge::Right) { width } else { height };
            room = room.max(length as i32 + 8 * self.scale.0);
        }
        Ok(room)
    }

    fn sky_place(&self, map: &SkyMap) -> Result<Place, Failure<DB>> {
        let unit = self.scale.0;
        let (width, height) = self.area.dim_in_pixel();
        let legend_top = self.heading_height();
        let rows = self.name_rows(map)?.len() as i32;
        let names = if rows > 0 { rows * (SMALL + 8) * unit + 4 * unit } else { 0 };
        let top = legend_top + names + self.room_at(map, Edge::Top)?;
        let left = self.room_at(map, Edge::Left)? + (LABEL + 12) * unit;
        let bar = match map.values.is_empty() {
            true => 0,
            false => {
                self.room_for(&Bar { range: map.range, stretch: map.stretch, scale: &map.scale })?
            }
        };
        let right = width as i32 - 10 * unit - bar - self.room_at(map, Edge::Right)?;
        let bottom = height as i32 - (LABEL + SMALL + 18) * unit;
        let (right, bottom) = (right.max(left + 1), bottom.max(top + 1));
        let room = (f64::from(right - left), f64::from(bottom - top));
        let wide = room.0.min(room.1 / map.proportion());
        let (dx, dy) = ((room.0 - wide) / 2.0, (room.1 - wide * map.proportion()) / 2.0);
        let (dx, dy) = (dx as i32, dy as i32);
        let edges =
            [left + dx, top + dy, (right - dx).max(left + dx + 1), (bottom - dy).max(top + dy + 1)];
        Ok(Place { edges, legend_top })
    }

    fn sky_lines(&self, map: &SkyMap, place: &Place) -> Result<(), Failure<DB>> {
        let style = match map.values.is_empty() {
            true => GRID.stroke_width(self.scale.width(1)),
            false => WHITE.mix(0.4).stroke_width(self.scale.width(1)),
        };
        let lines = map.grid.meridians.iter().chain(&map.grid.parallels);
        for part in lines.flat_map(|line| &line.parts) {
            let mut pixels: Vec<_> = part.iter().map(|share| place.pixel(*share)).collect();
            pixels.dedup();
            self.area.draw(&PathElement::new(pixels, style))?;
        }
        Ok(())
    }

    fn outline(&self, map: &SkyMap, one: &Outline, place: &Place) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        for style in self.outline_styles(map, one.mark) {
            for line in &one.lines {
                let shares: Vec<_> = line.iter().map(|point| map.share(*point)).collect();
                for part in crate::clip::clipped(&shares) {
                    let pixels: Vec<_> = part.iter().map(|share| place.pixel(*share)).collect();
                    match pixels.as_slice() {
                        [(x, y)] => {
                            let half = CROSS * unit;
                            self.stroke(vec![(x - half, *y), (x + half, *y)], style)?;
                            self.stroke(vec![(*x, y - half), (*x, y + half)], style)?;
                        }
                        _ => self.stroke(pixels, style)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// A wide dark line below one of a colour; without an image one line will do.
    fn outline_styles(&self, map: &SkyMap, mark: Mark) -> Vec<ShapeStyle> {
        let style =
            |colour: RGBColor, width: u32| colour.stroke_width(width * self.scale.width(1) / 2);
        match mark {
            Mark::Off if map.values.is_empty() => vec![style(OFF_ON_WHITE, 3)],
            Mark::On if map.values.is_empty() => vec![style(ON, 3)],
            _ => vec![style(HALO, 7), style(mark.colour(), 3)],
        }
    }

    /// Labels of the coordinates, but those that would lie on others; and what the coordinates are.
    fn sky_labels(&self, map: &SkyMap, place: &Place) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        let mut taken: Vec<[i32; 4]> = Vec::new();
        for label in &map.grid.labels {
            let style = self.scale.text(SMALL, SOFT_INK);
            let (width, height) = self.area.estimate_text_size(&label.text, &style)?;
            let size = (width as i32, height as i32);
            let (at, pos) = self.label_place(label, place);
            let own = extent(at, size, &pos, 3 * unit);
            let is_over = |other: &[i32; 4]| {
                own[0] < other[2] && other[0] < own[2] && own[1] < other[3] && other[1] < own[3]
            };
            if taken.iter().any(is_over) {
                continue;
            }
            taken.push(own);
            let is_on_image = label.edge == Edge::Inside && !is_outside(map, label);
            self.label(&label.text, at, pos, is_on_image && !map.values.is_empty())?;
        }
        let [left, top, right, bottom] = place.edges;
        let (below, beside) = axis_names(map);
        let style = self.scale.text(LABEL, INK).pos(Pos::new(HPos::Center, VPos::Top));
        let text = self.fitting(&below, &style, (right - left).unsigned_abs())?;
        let at = ((left + right) / 2, bottom + (SMALL + 14) * unit);
        self.area.draw_text(&text, &style, at)?;
        let room = (bottom - top).max(UPRIGHT * unit);
        let text = self.fitting(&beside, &style, room.unsigned_abs())?;
        let x = left - self.room_at(map, Edge::Left)? - (LABEL + 12) * unit;
        let upright = style.transform(FontTransform::Rotate270);
        self.area.draw_text(&text, &upright, (x.max(0), (top + bottom) / 2))
    }

    fn label_place(&self, label: &GridLabel, place: &Place) -> ((i32, i32), Pos) {
        let (x, y) = place.pixel(label.at);
        let gap = 5 * self.scale.0;
        match label.edge {
            Edge::Bottom => ((x, y + gap), Pos::new(HPos::Center, VPos::Top)),
            Edge::Top => ((x, y - gap), Pos::new(HPos::Center, VPos::Bottom)),
            Edge::Left => ((x - gap, y), Pos::new(HPos::Right, VPos::Center)),
            Edge::Right => ((x + gap, y), Pos::new(HPos::Left, VPos::Center)),
            // To the left of a line's left end, but not out of the image; towards the next edge.
            Edge::Inside => {
                let has_room = place.edges[3] - y > (SMALL + 8) * self.scale.0;
                let (y, v_pos) = match label.at.1 < BELOW && has_room {
                    true => (y + gap / 2, VPos::Top),
                    false => (y - gap / 2, VPos::Bottom),
                };
                match x - place.edges[0] < 40 * self.scale.0 {
                    true => ((x + gap, y), Pos::new(HPos::Left, v_pos)),
                    false => ((x - gap / 2, y), Pos::new(HPos::Right, v_pos)),
                }
            }
        }
    }

    fn label(
        &self,
        text: &str,
        (x, y): (i32, i32),
        pos: Pos,
        is_on_image: bool,
    ) -> Result<(), Failure<DB>> {
        if !is_on_image {
            let style = self.scale.text(SMALL, SOFT_INK).pos(pos);
            return self.area.draw_text(text, &style, (x, y));
        }
        let halo = self.scale.text(SMALL, HALO).pos(pos);
        let off = self.scale.0;
        for (dx, dy) in [(-off, 0), (off, 0), (0, -off), (0, off)] {
            self.area.draw_text(text, &halo, (x + dx, y + dy))?;
        }
        self.area.draw_text(text, &self.scale.text(SMALL, WHITE).pos(pos), (x, y))
    }

    /// Names of the lines around regions, in rows: left edge and entry.
    fn name_rows<'a>(&self, map: &'a SkyMap) -> Result<Vec<Names<'a>>, Failure<DB>> {
        let unit = self.scale.0;
        let (panel, _) = self.area.dim_in_pixel();
        let style = self.scale.text(SMALL, INK);
        let mut rows: Vec<Names<'_>> = Vec::new();
        let mut end = i32::MAX;
        for outline in map.outlines.iter().filter(|one| !one.label.is_empty()) {
            let width = self.area.estimate_text_size(&outline.label, &style)?.0 as i32;
            let width = width + 56 * unit;
            if rows.is_empty() || end + width > panel as i32 {
                rows.push(Vec::new());
                end = 0;
            }
            if let Some(row) = rows.last_mut() {
                row.push((end, outline));
            }
            end += width;
        }
        Ok(rows)
    }

    fn names(&self, map: &SkyMap, top: i32) -> Result<(), Failure<DB>> {
        let unit = self.scale.0;
        let text = self.scale.text(SMALL, INK).pos(Pos::new(HPos::Left, VPos::Center));
        let (panel, _) = self.area.dim_in_pixel();
        let mut y = top + (SMALL + 8) * unit / 2;
        for row in self.name_rows(map)? {
            let mut end = 0;
            for (start, outline) in &row {
                let (width, _) = self.area.estimate_text_size(&outline.label, &text)?;
                end = start + width as i32 + 40 * unit;
            }
            let left = (panel as i32 - end).max(0) / 2;
            for (start, outline) in row {
                let x = left + start;
                for style in self.outline_styles(map, outline.mark) {
                    self.stroke(vec![(x, y), (x + 26 * unit, y)], style)?;
                }
                self.area.draw_text(&outline.label, &text, (x + 34 * unit, y))?;
            }
            y += (SMALL + 8) * unit;
        }
        Ok(())
    }
}

/// What is below and beside an image: the coordinates whose labels are there.
fn axis_names(map: &SkyMap) -> (String, String) {
    let [lon, lat] = map.grid.axes.each_ref().map(|axis| match &axis.units {
        Some(units) => format!("{} ({units})", axis.label),
        None => axis.label.clone(),
    });
    match () {
        () if map.grid.is_cap => {
            (format!("{lon} around, {} inside", map.grid.axes[1].label), String::new())
        }
        () if map.grid.is_turned() => (lat, lon),
        () => (lon, lat),
    }
}

/// Left, top, right and lower edge of a text with some room around it.
fn extent((x, y): (i32, i32), (width, height): (i32, i32), pos: &Pos, gap: i32) -> [i32; 4] {
    let left = match pos.h_pos {
        HPos::Left => x,
        HPos::Center => x - width / 2,
        HPos::Right => x - width,
    };
    let top = match pos.v_pos {
        VPos::Top => y,
        VPos::Center => y - height / 2,
        VPos::Bottom => y - height,
    };
    [left - gap, top - gap, left + width + gap, top + height + gap]
}

/// Whether a label at the left end of its line is outside of the sky.
fn is_outside(map: &SkyMap, label: &GridLabel) -> bool {
    let [ny, nx] = map.shape;
    let (x, y) = label.at;
    let column = (x * nx as f64 - 0.03 * nx as f64).max(0.0) as usize;
    let up = if y < BELOW { -0.02 } else { 0.02 };
    let row = (((y + up) * ny as f64).max(0.0) as usize).min(ny.saturating_sub(1));
    map.is_sky.get(row * nx + column.min(nx.saturating_sub(1))) == Some(&false)
}

#[cfg(test)]
mod tests {
    use tierline_sky::{Frame, Projection, Size as Extent, SkyCoord, WcsGeom};

    use crate::{Axis, Content, Mark, Outline, Panel, Picture, Size, SkyMap, Stretch, render};

    fn panel(values: bool) -> Panel {
        let size = Extent::Npix([20, 10]);
        let center = SkyCoord::galactic(0.0, 0.0);
        let (projection, frame) = (Projection::Ait, Frame::Galactic);
        let geom = WcsGeom::create(&center, size, [18.0; 2], projection, frame, Vec::new());
        let geom = geom.unwrap();
        let values = if values { (0..200).map(f64::from).collect() } else { Vec::new() };
        let scale = Axis::in_units("exposure", "m2 s");
        let mut map = SkyMap::new(&geom, values, scale, Stretch::Sqrt, [6, 6]).unwrap();
        map.outlines = vec![
            Outline {
                label: "on <region>".into(),
                mark: Mark::On,
                lines: vec![vec![(1.0, 1.0), (5.0, 1.0), (5.0, 8.0)], vec![(3.0, 3.0)]],
            },
            Outline { label: String::new(), mark: Mark::Other(9), lines: vec![vec![]] },
        ];
        let content = Content::Sky(Box::new(map));
        Panel { title: "sky".into(), ..Panel::new(Axis::new(""), Axis::new(""), content) }
    }

    #[test]
    fn lines_are_above_the_pixels() {
        let size = Size { width: 600, height: 400 };
        let svg = String::from_utf8(render(&[panel(true)], size, Picture::Svg).unwrap()).unwrap();
        let image = svg.find("<image").unwrap();
        assert!(svg[image..].contains("<polyline") && !svg[..image].contains("<polyline"));
        assert!(svg.contains("exposure (m2 s)") && svg.contains("galactic longitude (deg)"));
        assert_eq!(svg.matches(">sky\n<").count() + svg.matches(">\nsky\n<").count(), 1, "{svg}");
        let mut reader = quick_xml::Reader::from_str(&svg);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        let png = render(&[panel(true), panel(false)], Size::for_panels(2), Picture::Png);
        assert!(png.unwrap().starts_with(b"\x89PNG"));
        let svg = String::from_utf8(render(&[panel(false)], size, Picture::Svg).unwrap()).unwrap();
        assert!(!svg.contains("<image") && svg.contains("on &lt;region&gt;"));
    }
}
