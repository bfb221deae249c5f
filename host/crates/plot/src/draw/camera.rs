//! Camera images: pixels, what is drawn around them, and the bar of colours.

use plotters::prelude::*;

use super::bar::Bar;
use super::plane::Plane;
use super::{Cell, Failure};
use crate::colour;
use crate::{CameraImage, Content, Stretch};

/// Pixels that are no numbers.
const GREY: RGBColor = RGBColor(0xD8, 0xD8, 0xD8);
/// The line around pixels.
const OUTLINE: RGBColor = RGBColor(0xFF, 0x5A, 0x36);
/// The ellipse, and what makes it stand out.
const ELLIPSE: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
const HALO: RGBColor = RGBColor(0x11, 0x11, 0x11);
/// Pixels are drawn larger by this, so that no background shines through between them.
const GROWTH: f64 = 1.03;

impl<DB: DrawingBackend> Cell<'_, DB> {
    /// The image, if this is one.
    pub(super) fn image(&self) -> Option<&CameraImage> {
        match &self.panel.content {
            Content::Camera(image) => Some(image),
            _ => None,
        }
    }

    /// The room that an image's bar of colours takes at the right.
    pub(super) fn room_for_scale(&self, image: &CameraImage) -> Result<i32, Failure<DB>> {
        self.room_for(&bar(image))
    }

    /// Draws an image and its bar of colours.
    pub(super) fn camera(&self, plane: &Plane) -> Result<(), Failure<DB>> {
        let Some(image) = self.image() else { return Ok(()) };
        let pixels = |points: &[(f64, f64)]| -> Vec<(i32, i32)> {
            points.iter().map(|point| plane.pixel(plane.share(*point))).collect()
        };
        for (pixel, value) in image.values.iter().enumerate() {
            let fill = image.share(*value).map_or(GREY, |share| {
                let [r, g, b] = colour::shade(share);
                RGBColor(r, g, b)
            });
            let corners = image.corners(pixel, GROWTH);
            if corners.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
                self.area.draw(&Polygon::new(pixels(&corners), fill.filled()))?;
            }
        }
        let line = |points: &[(f64, f64)], colour: RGBColor, width: u32| {
            let style = colour.stroke_width(width * self.scale.width(1) / 2);
            let points = pixels(points);
            let parts = points.windows(2).filter(|pair| pair[0] != pair[1]);
            parts.map(|pair| PathElement::new(pair, style)).try_for_each(|one| self.area.draw(&one))
        };
        for side in image.outline() {
            line(&side, OUTLINE, 3)?;
        }
        if let Some(ellipse) = &image.ellipse {
            for (colour, width) in [(HALO, 7), (ELLIPSE, 3)] {
                line(&ellipse.points(), colour, width)?;
                for part in ellipse.lines() {
                    line(&self.inside(image, part), colour, width)?;
                }
            }
        }
        let [_, top, right, bottom] = plane.place;
        self.bar(&bar(image), [top, right, bottom])
    }

    /// The part of a line that is inside the image's extent.
    fn inside(&self, image: &CameraImage, [from, to]: [(f64, f64); 2]) -> Vec<(f64, f64)> {
        let Some([left, right, low, high]) = image.extent() else { return Vec::new() };
        let share = |(x, y): (f64, f64)| ((x - left) / (right - left), (y - low) / (high - low));
        let back = |(x, y): (f64, f64)| (left + x * (right - left), low + y * (high - low));
        let part = crate::clip::segment(share(from), share(to));
        part.map_or_else(Vec::new, |(a, b)| vec![back(a), back(b)])
    }
}

fn bar(image: &CameraImage) -> Bar<'_> {
    Bar { range: image.range, stretch: Stretch::Linear, scale: &image.scale }
}

#[cfg(test)]
mod tests {
    use crate::camera::tests::three;
    use crate::{Axis, Content, Panel, Picture, Size, render};

    #[test]
    fn images_are_drawn_with_their_scale() {
        let content = Content::Camera(Box::new(three()));
        let panel = Panel::new(Axis::new("x"), Axis::new("y"), content);
        let size = Size::for_cameras(1);
        let svg = render(std::slice::from_ref(&panel), size, Picture::Svg).unwrap();
        let svg = String::from_utf8(svg).unwrap();
        assert_eq!(svg.matches("<polygon").count(), 3);
        assert!(svg.contains("charge (p.e.)") && svg.contains("#D8D8D8"), "grey is no number");
        let png = render(&[panel.clone(), panel], Size::for_cameras(2), Picture::Png).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        // Nothing at all is no error.
        let nothing = crate::CameraImage {
            centres: Vec::new(),
            widths: Vec::new(),
            values: Vec::new(),
            ellipse: None,
            ..three()
        };
        let content = Content::Camera(Box::new(nothing));
        let panel = Panel::new(Axis::new("x"), Axis::new("y"), content);
        assert!(render(&[panel], size, Picture::Png).is_ok());
    }
}
