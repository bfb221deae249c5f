//! Images of a detector, pixel by pixel.

use crate::colour::shade;
use crate::output::{Size, encoded};
use crate::{Error, output};

/// Share of the values at either end that the automatic contrast leaves out.
const SHARE: f64 = 0.001;

/// From values to brightness.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Contrast {
    /// From the smallest to the largest value.
    #[default]
    Linear,
    /// By the logarithm, from the smallest positive value; what is not positive is darkest.
    Log,
    /// Linear without the thousandth of the values at either end.
    Auto,
}

/// Colours of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColourMap {
    /// From black to white.
    #[default]
    Grey,
    /// From dark violet to light yellow.
    Viridis,
}

/// An image to be drawn, row by row from the top.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// Pixels of a row.
    pub columns: usize,
    /// The values; those that are no number are drawn in red.
    pub values: &'a [f32],
}

/// The values that are darkest and lightest; `None` where there is no finite one.
pub fn limits(values: &[f32], contrast: Contrast) -> Option<(f32, f32)> {
    let mut finite: Vec<f32> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if contrast == Contrast::Log {
        finite.retain(|value| *value > 0.0);
    }
    if contrast == Contrast::Auto && !finite.is_empty() {
        let last = finite.len() - 1;
        let cut = (last as f64 * SHARE) as usize;
        let low = *finite.select_nth_unstable_by(cut, f32::total_cmp).1;
        let high = *finite.select_nth_unstable_by(last - cut, f32::total_cmp).1;
        return Some((low, high));
    }
    let low = finite.iter().copied().reduce(f32::min)?;
    Some((low, finite.into_iter().reduce(f32::max)?))
}

/// Draws an image as PNG, a pixel to the pixel. `range` is shown instead of what the contrast finds.
pub fn image(
    image: Image<'_>,
    contrast: Contrast,
    colours: ColourMap,
    range: Option<(f32, f32)>,
) -> Result<Vec<u8>, Error> {
    let rows = image.values.len().checked_div(image.columns).unwrap_or(0);
    let largest = output::LARGEST as usize;
    if rows == 0 || rows * image.columns != image.values.len() {
        return Err(Error::Parameter { what: "an image has whole rows, one at least" });
    }
    if rows > largest || image.columns > largest {
        return Err(Error::Parameter { what: "an image of more than 8192 pixels on a side" });
    }
    let (low, high) = range.or_else(|| limits(image.values, contrast)).unwrap_or((0.0, 1.0));
    let scale = |value: f32| match contrast {
        Contrast::Log => f64::from(value).max(f64::MIN_POSITIVE).ln(),
        Contrast::Linear | Contrast::Auto => f64::from(value),
    };
    let (from, to) = (scale(low), scale(high));
    let map: Vec<[u8; 3]> = (0..=255u8)
        .map(|level| match colours {
            ColourMap::Grey => [level; 3],
            ColourMap::Viridis => shade(f64::from(level) / 255.0),
        })
        .collect();
    let mut pixels = Vec::with_capacity(3 * image.values.len());
    for value in image.values {
        if value.is_nan() {
            pixels.extend([0xC0, 0x20, 0x20]);
            continue;
        }
        let share = if to > from { (scale(*value) - from) / (to - from) } else { 0.0 };
        pixels.extend(map[(255.0 * share.clamp(0.0, 1.0)).round() as usize]);
    }
    let size = Size { width: image.columns as u32, height: rows as u32 };
    encoded(size, png::ColorType::Rgb, &pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(png: &[u8]) -> Vec<u8> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn values_become_levels() {
        let values = [0.0, 50.0, 100.0, f32::NAN];
        let draw = |contrast, range| {
            let it = Image { columns: 2, values: &values };
            decoded(&image(it, contrast, ColourMap::Grey, range).unwrap())
        };
        assert_eq!(
            draw(Contrast::Linear, None),
            [0, 0, 0, 128, 128, 128, 255, 255, 255, 0xC0, 0x20, 0x20]
        );
        assert_eq!(
            draw(Contrast::Linear, Some((50.0, 60.0)))[..9],
            [0, 0, 0, 0, 0, 0, 255, 255, 255]
        );
        assert_eq!(limits(&[-1.0, 1.0, 1000.0], Contrast::Log), Some((1.0, 1000.0)));
        assert_eq!(limits(&[f32::NAN], Contrast::Auto), None);
        let log = Image { columns: 3, values: &[1.0, 10.0, 100.0] };
        let log = decoded(&image(log, Contrast::Log, ColourMap::Grey, None).unwrap());
        assert_eq!([log[0], log[3], log[6]], [0, 128, 255]);
    }

    #[test]
    fn outliers_do_not_darken_the_rest() {
        let mut values: Vec<f32> = (0..10_000).map(|i| (i % 100) as f32).collect();
        values[17] = 1e9;
        assert_eq!(limits(&values, Contrast::Auto), Some((0.0, 99.0)));
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for (columns, count) in [(0, 4), (3, 4), (2, 0), (9000, 9000)] {
            let values = vec![0.0; count];
            let it = Image { columns, values: &values };
            assert!(image(it, Contrast::Linear, ColourMap::Grey, None).is_err());
        }
    }
}
