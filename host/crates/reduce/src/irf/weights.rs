//! Tables at many pixels: where a pixel is on the axes of the field of view is found once and used for all energies.

use tierline_sky::Interp;

use super::interpolate::{Interpolator, Outside, Place, Rule, unscaled};
use crate::Error;

/// The mark of pixels outside the field of view.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Where pixels are on `D` axes of a table's field of view.
#[derive(Debug, Clone)]
pub struct PixelWeights<const D: usize> {
    /// Point before each pixel, as index in a [`Section`]; [`NOWHERE`] outside.
    pub(super) low: Vec<u32>,
    /// Weight of the next point of each axis.
    pub(super) weights: Vec<[f64; D]>,
    /// Distance to the next point of each axis.
    pub(super) steps: [usize; D],
    /// Length of the sections they are for.
    pub(super) len: usize,
}

/// Where pixels are on the axis of offset.
pub type OffsetWeights = PixelWeights<1>;

/// Where pixels are on the axes of longitude and latitude of the field of view.
pub type FovWeights = PixelWeights<2>;

impl<const D: usize> PixelWeights<D> {
    /// Pixels.
    pub fn n_pixels(&self) -> usize {
        self.low.len()
    }

    /// From the coordinates of pixels, in the order of the axes and in their units.
    fn new(table: &Interpolator, coords: [&[f64]; D]) -> Result<Self, Error> {
        let spatial: Vec<_> = table.dimensions.iter().filter(|d| d.is_spatial()).collect();
        let n_pixels = coords.first().map_or(0, |coords| coords.len());
        if spatial.len() != D || coords.iter().any(|coords| coords.len() != n_pixels) {
            let reason = format!(
                "a table with {} axes of the field of view, coordinates for {D} (numbers {:?})",
                spatial.len(),
                coords.map(<[f64]>::len)
            );
            return Err(Error::parameter("pixels of a response", reason));
        }
        let unit = spatial.last().map_or(1, |dimension| dimension.stride);
        let len: usize = spatial.iter().map(|dimension| dimension.n_bins()).product();
        if u32::try_from(len).is_err() {
            return Err(Error::unsupported("response", format!("{len} bins in the field of view")));
        }
        let steps = std::array::from_fn(|axis| match spatial[axis].n_bins() {
            1 => 0,
            _ => spatial[axis].stride / unit,
        });
        let mut weights = PixelWeights {
            low: Vec::with_capacity(n_pixels),
            weights: Vec::with_capacity(n_pixels),
            steps,
            len,
        };
        let is_bounded = table.outside() != Outside::Extrapolate;
        let place = |pixel| std::array::from_fn(|axis| spatial[axis].place(coords[axis][pixel]));
        for places in (0..n_pixels).map(place) {
            let places: [Place; D] = places;
            let is_out = is_bounded && places.iter().any(|place| !place.is_inside);
            let low: usize = places.iter().map(|place| place.low / unit).sum();
            weights.low.push(if is_out { NOWHERE } else { low as u32 });
            weights.weights.push(places.map(|place| place.weight));
        }
        Ok(weights)
    }
}

/// A table at fixed energies (and the like) over the bins of the field of view, on the scale of its values.
#[derive(Debug, Clone, Default)]
pub struct Section {
    pub(super) values: Vec<f64>,
    pub(super) is_zero: bool,
}

impl Interpolator {
    /// Where pixels of these offsets (in the unit of the axis) are.
    ///
    /// # Errors
    /// Where the table has no axis of offset.
    pub fn offset_weights(&self, offsets: &[f64]) -> Result<OffsetWeights, Error> {
        PixelWeights::new(self, [offsets])
    }

    /// Where pixels of these coordinates (in the unit of the axes) are.
    ///
    /// # Errors
    /// Where the table has no axes of longitude and latitude, or the slices differ in length.
    pub fn fov_weights(&self, lon: &[f64], lat: &[f64]) -> Result<FovWeights, Error> {
        PixelWeights::new(self, [lon, lat])
    }

    /// The table at the other axes' coordinates, `fixed` in their order, over the bins of the field of view.
    ///
    /// # Errors
    /// Where there are not as many coordinates as other axes.
    pub fn section(&self, fixed: &[f64], section: &mut Section) -> Result<(), Error> {
        let mut places = [Place::default(); 4];
        let mut rule = Rule::of(self.outside());
        let mut n_fixed = 0;
        let (mut unit, mut len) = (0, 1);
        for dimension in &self.dimensions {
            if dimension.is_spatial() {
                (unit, len) = (dimension.stride, len * dimension.n_bins());
            } else if let Some(coord) = fixed.get(n_fixed) {
                places[n_fixed] = dimension.place(*coord);
                rule.note(dimension, places[n_fixed].is_inside);
                n_fixed += 1;
            } else {
                n_fixed += 1;
            }
        }
        if n_fixed != fixed.len() || n_fixed > places.len() {
            let reason = format!("{} coordinates for {n_fixed} axes", fixed.len());
            return Err(Error::parameter("section of a response", reason));
        }
        section.is_zero = rule.holds();
        section.values.clear();
        let bins = (0..len).map(|bin| self.blend(bin * unit, &places[..n_fixed]));
        section.values.extend(bins);
        Ok(())
    }

    /// A section at the pixels: `out` has their values in the unit of the table.
    ///
    /// # Errors
    /// Where `out` hasn't a value per pixel, or the weights are for another table.
    pub fn fill<const D: usize>(
        &self,
        section: &Section,
        weights: &PixelWeights<D>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        check(section, weights, out.len())?;
        if section.is_zero {
            out.fill(0.0);
            return Ok(());
        }
        match (self.scale(), self.outside()) {
            (_, Outside::Extrapolate) => weights.each(section, out, |v| self.unscaled(v)),
            (Interp::Lin, _) => weights.each(section, out, |v| finite(v.max(0.0))),
            (Interp::Log, _) => weights.each(section, out, |v| finite(unscaled(Interp::Log, v))),
            (Interp::Sqrt, _) => weights.each(section, out, |v| finite(unscaled(Interp::Sqrt, v))),
        }
        Ok(())
    }
}

#[inline]
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// Whether section, weights and pixels belong together.
pub(super) fn check<const D: usize>(
    section: &Section,
    weights: &PixelWeights<D>,
    n_out: usize,
) -> Result<(), Error> {
    if section.values.len() == weights.len && weights.n_pixels() == n_out {
        return Ok(());
    }
    let reason = format!(
        "weights of {} pixels for {} bins, {n_out} values for {} bins",
        weights.n_pixels(),
        weights.len,
        section.values.len()
    );
    Err(Error::parameter("plane of a response", reason))
}

impl<const D: usize> PixelWeights<D> {
    /// Each pixel's value on the scale through `finish`; 0 outside.
    #[inline]
    fn each(&self, section: &Section, out: &mut [f64], finish: impl Fn(f64) -> f64) {
        for ((low, weights), out) in self.low.iter().zip(&self.weights).zip(out) {
            *out = if *low == NOWHERE {
                0.0
            } else {
                finish(blend(&section.values, *low as usize, &self.steps, weights))
            };
        }
    }
}

/// Between the points of a section around a pixel.
#[inline]
pub(super) fn blend<const D: usize>(
    values: &[f64],
    low: usize,
    steps: &[usize; D],
    weights: &[f64; D],
) -> f64 {
    let line = |at: usize, axis: usize| {
        let weight = weights[axis];
        values[at] * (1.0 - weight) + values[at + steps[axis]] * weight
    };
    if D == 1 {
        return line(low, 0);
    }
    let (near, far) = (line(low, D - 1), line(low + steps[0], D - 1));
    near * (1.0 - weights[0]) + far * weights[0]
}
