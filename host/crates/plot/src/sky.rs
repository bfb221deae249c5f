//! Images of the sky.

use tierline_sky::WcsGeom;

use crate::{Axis, Error, SkyGrid};

/// Columns and rows that an image is drawn with at most: those of larger ones are put together.
const MOST: usize = 2048;

/// From values to colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stretch {
    /// As they are.
    #[default]
    Linear,
    /// By the square root of what is above the lower end.
    Sqrt,
    /// By the logarithm; what is not positive is darkest.
    Log,
}

impl Stretch {
    /// Share of a value between the darkest and the lightest colour; `None` if it is no number.
    pub(crate) fn share(self, value: f64, (low, high): (f64, f64)) -> Option<f64> {
        if value.is_nan() {
            return None;
        }
        let share = match self {
            _ if high <= low => 0.0,
            Stretch::Linear => (value - low) / (high - low),
            Stretch::Sqrt => ((value - low) / (high - low)).max(0.0).sqrt(),
            Stretch::Log if value <= 0.0 || low <= 0.0 => 0.0,
            Stretch::Log => (value / low).ln() / (high / low).ln(),
        };
        Some(share.clamp(0.0, 1.0))
    }

    /// Values of the darkest and the lightest colour: from the smallest to the largest number, of those above 0 for a logarithm.
    pub fn range(self, values: &[f64]) -> (f64, f64) {
        let shown = |value: &f64| value.is_finite() && (self != Stretch::Log || *value > 0.0);
        let ends = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let all = values.iter().copied().filter(shown);
        match (self, all.fold((f64::INFINITY, f64::NEG_INFINITY), ends)) {
            (_, (low, high)) if low < high => (low, high),
            (Stretch::Log, (low, _)) if low.is_finite() => (low / 2.0, low * 2.0),
            (_, (low, _)) if low.is_finite() => (low - 0.5, low + 0.5),
            (Stretch::Log, _) => (1.0, 10.0),
            _ => (0.0, 1.0),
        }
    }
}

/// What a line on an image is around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Where counts are taken.
    On,
    /// Where the background is taken.
    Off,
    /// Where it is not taken.
    Excluded,
    /// Anything else, which has a colour by its number.
    Other(usize),
}

/// Lines around a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Text in the legend; an empty one keeps it out.
    pub label: String,
    /// What it is.
    pub mark: Mark,
    /// Lines of points in pixels of the image; a line of one point is drawn as a cross.
    pub lines: Vec<Vec<(f64, f64)>>,
}

/// An image of the sky with its coordinates.
#[derive(Debug, Clone, PartialEq)]
pub struct SkyMap {
    /// Pixels in y and x.
    pub shape: [usize; 2],
    /// Height of a pixel, in its width.
    pub aspect: f64,
    /// Values row by row from below; pixels of those that are no numbers are grey. Empty: only coordinates are drawn.
    pub values: Vec<f64>,
    /// Whether there is sky in a pixel, in the order of the values; empty: in all.
    pub is_sky: Vec<bool>,
    /// Values of the darkest and the lightest colour.
    pub range: (f64, f64),
    /// From values to colours.
    pub stretch: Stretch,
    /// What the values are.
    pub scale: Axis,
    /// Sum of all values, where it tells something.
    pub total: Option<f64>,
    /// Lines of longitude and latitude.
    pub grid: SkyGrid,
    /// Lines around regions.
    pub outlines: Vec<Outline>,
}

impl SkyMap {
    /// An image without lines around regions, from the smallest to the largest value; `columns` and `rows` are the lines of longitude
    /// and latitude at most.
    ///
    /// # Errors
    /// Where there isn't a value per pixel, nor none at all.
    pub fn new(
        geom: &WcsGeom,
        values: Vec<f64>,
        scale: Axis,
        stretch: Stretch,
        [columns, rows]: [usize; 2],
    ) -> Result<Self, Error> {
        if !values.is_empty() && values.len() != geom.n_image_pixels() {
            return Err(Error::Parameter { what: "an image of the sky has a value per pixel" });
        }
        let [ny, nx] = geom.image_shape();
        let is_sky = |x: usize, y: usize| geom.wcs().pix_to_vector(x as f64, y as f64).is_some();
        let is_sky: Vec<bool> = (0..ny).flat_map(|y| (0..nx).map(move |x| is_sky(x, y))).collect();
        let [width, height] = geom.pixel_scales();
        Ok(SkyMap {
            shape: geom.image_shape(),
            aspect: height / width,
            range: stretch.range(&values),
            values,
            is_sky: if is_sky.iter().all(|is| *is) { Vec::new() } else { is_sky },
            stretch,
            scale,
            total: None,
            grid: SkyGrid::new(geom, [columns, rows]),
            outlines: Vec::new(),
        })
    }

    /// Height of the image, in its width.
    pub fn proportion(&self) -> f64 {
        let [ny, nx] = self.shape;
        let proportion = self.aspect * ny as f64 / nx.max(1) as f64;
        if proportion.is_finite() && proportion > 0.0 { proportion } else { 1.0 }
    }

    /// A pixel coordinate in shares of width and height from the lower left.
    pub(crate) fn share(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let [ny, nx] = self.shape;
        ((x + 0.5) / nx as f64, (y + 0.5) / ny as f64)
    }

    /// Shares of colour of all cells from the top, and how many are in a row: pixels, or means of several where there are many. The
    /// sky outside is `None`.
    pub(crate) fn cells(&self) -> (usize, Vec<Option<Cell>>) {
        let [ny, nx] = self.shape;
        let factor = nx.max(ny).div_ceil(MOST).max(1);
        let (rows, columns) = (ny.div_ceil(factor), nx.div_ceil(factor));
        let mut cells = Vec::with_capacity(rows * columns);
        for row in (0..rows).rev() {
            for column in 0..columns {
                cells.push(self.cell([row * factor, column * factor], factor));
            }
        }
        (columns, cells)
    }

    fn cell(&self, [y, x]: [usize; 2], factor: usize) -> Option<Cell> {
        let [ny, nx] = self.shape;
        let (mut is_sky, mut sum, mut n) = (false, 0.0, 0.0);
        for y in y..ny.min(y + factor) {
            for at in y * nx + x..y * nx + nx.min(x + factor) {
                is_sky |= self.is_sky.get(at).copied().unwrap_or(true);
                let value = self.values.get(at).copied().unwrap_or(f64::NAN);
                if !value.is_nan() {
                    (sum, n) = (sum + value, n + 1.0);
                }
            }
        }
        is_sky.then(|| Cell(self.stretch.share(sum / n, self.range)))
    }
}

/// A cell of the sky: its share of colour, if there is a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell(pub(crate) Option<f64>);

#[cfg(test)]
mod tests {
    use tierline_sky::{Frame, Projection, Size, SkyCoord};

    use super::*;

    pub(crate) fn map(npix: [usize; 2], values: Vec<f64>) -> SkyMap {
        let (size, center) = (Size::Npix(npix), SkyCoord::galactic(0.0, 0.0));
        let projection = Projection::Tan;
        let geom =
            WcsGeom::create(&center, size, [0.1; 2], projection, Frame::Galactic, Vec::new());
        SkyMap::new(&geom.unwrap(), values, Axis::new("counts"), Stretch::Linear, [5, 5]).unwrap()
    }

    #[test]
    fn stretches_have_their_ends() {
        for stretch in [Stretch::Linear, Stretch::Sqrt, Stretch::Log] {
            let share = |value| stretch.share(value, (1.0, 100.0));
            assert_eq!([share(1.0), share(100.0)], [Some(0.0), Some(1.0)]);
            assert_eq!([share(-5.0), share(1e9)], [Some(0.0), Some(1.0)]);
            assert_eq!(share(f64::NAN), None);
            assert_eq!(stretch.share(3.0, (2.0, 2.0)), Some(0.0));
            let (low, high) = stretch.range(&[f64::NAN, 3.0]);
            assert!(low < 3.0 && high > 3.0);
            assert!(stretch.range(&[]).0 < stretch.range(&[]).1);
        }
        assert_eq!(Stretch::Log.share(10.0, (1.0, 100.0)), Some(0.5));
        assert_eq!(Stretch::Sqrt.share(25.0, (0.0, 100.0)), Some(0.5));
        assert_eq!(Stretch::Log.range(&[-3.0, 0.0, 2.0, 8.0]), (2.0, 8.0));
        assert_eq!(Stretch::Linear.range(&[-3.0, f64::INFINITY, 8.0]), (-3.0, 8.0));
    }

    #[test]
    fn cells_are_the_pixels_from_the_top() {
        let one = map([2, 2], vec![0.0, 1.0, f64::NAN, 4.0]);
        let (columns, cells) = one.cells();
        assert_eq!(columns, 2);
        let shares = [None, Some(1.0), Some(0.0), Some(0.25)];
        assert_eq!(cells, shares.map(|share| Some(Cell(share))));
        assert_eq!(one.proportion(), 1.0);
    }

    #[test]
    fn large_images_are_averaged() {
        let (nx, ny) = (2 * MOST + 1, 3);
        let values = (0..nx * ny).map(|at| if at % nx == 0 { 6.0 } else { 0.0 }).collect();
        let one = map([nx, ny], values);
        let (columns, cells) = one.cells();
        assert_eq!((columns, cells.len()), (MOST * 2 / 3 + 1, MOST * 2 / 3 + 1));
        assert_eq!(cells[0], Some(Cell(Some(1.0 / 3.0))));
    }

    #[test]
    fn images_have_a_value_per_pixel() {
        let size = Size::Npix([2, 2]);
        let center = SkyCoord::icrs(1.0, 2.0);
        let geom = WcsGeom::create(&center, size, [0.1; 2], Projection::Car, Frame::Icrs, vec![]);
        let scale = Axis::new("");
        assert!(SkyMap::new(&geom.unwrap(), vec![1.0; 3], scale, Stretch::Log, [5, 5]).is_err());
    }
}
