//! All parameters of an image.

use super::hillas::hillas;
use super::{
    ImageParameters, Statistics, Timing, TimingFit, concentration, leakage, morphology,
    pairwise_sum, statistics, statistics_of_counts,
};
use crate::Error;
use crate::instrument::{PixelFrame, PixelGraph};
use crate::random::{Pairs, Random};

/// What a pixel of an image holds: photo-electrons, measured or counted.
pub trait Charge: Copy {
    /// What sums of it are.
    type Sum: Copy;
    /// Sum of an image, in that type.
    fn sum(image: &[Self]) -> Self::Sum;
    /// A part of a sum: in f32 for measured charges.
    fn ratio(part: Self::Sum, whole: Self::Sum) -> f64;
    /// A sum as a number.
    fn sum_to_f64(sum: Self::Sum) -> f64;
    /// The charge as a number.
    fn to_f64(self) -> f64;
    /// How the charges are distributed.
    fn statistics(image: &[Self]) -> Statistics;
}

impl Charge for f32 {
    type Sum = f32;

    fn sum(image: &[Self]) -> f32 {
        pairwise_sum(image)
    }

    fn ratio(part: f32, whole: f32) -> f64 {
        f64::from(part / whole)
    }

    fn sum_to_f64(sum: f32) -> f64 {
        f64::from(sum)
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn statistics(image: &[Self]) -> Statistics {
        statistics(image)
    }
}

impl Charge for i32 {
    type Sum = i64;

    fn sum(image: &[Self]) -> i64 {
        image.iter().map(|count| i64::from(*count)).sum()
    }

    fn ratio(part: i64, whole: i64) -> f64 {
        part as f64 / whole as f64
    }

    fn sum_to_f64(sum: i64) -> f64 {
        sum as f64
    }

    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    fn statistics(image: &[Self]) -> Statistics {
        statistics_of_counts(image)
    }
}

/// The selected pixels of an image.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pixels {
    /// Coordinates, in degrees or m.
    pub x: Vec<f64>,
    /// Coordinates.
    pub y: Vec<f64>,
    /// Areas.
    pub area: Vec<f64>,
    /// Widths.
    pub width: Vec<f64>,
    /// Charges, in photo-electrons.
    pub charge: Vec<f64>,
}

impl Pixels {
    /// The pixels of a mask.
    pub fn select<C: Charge>(image: &[C], mask: &[bool], frame: &PixelFrame) -> Self {
        Pixels {
            x: selected(&frame.x, mask),
            y: selected(&frame.y, mask),
            area: selected(&frame.area, mask),
            width: selected(&frame.width, mask),
            charge: selected(image, mask).iter().map(|charge| charge.to_f64()).collect(),
        }
    }
}

/// The values of selected pixels.
pub(crate) fn selected<T: Copy>(values: &[T], mask: &[bool]) -> Vec<T> {
    set_pixels(mask).filter_map(|pixel| values.get(pixel).copied()).collect()
}

/// Pixels that are passed over at once where none of them is set.
const BLOCK: usize = 32;

/// The pixels that are set, in order; those that are not, which are nearly all, are passed over in blocks.
pub(crate) fn set_pixels(mask: &[bool]) -> impl Iterator<Item = usize> {
    let blocks = mask.chunks(BLOCK).enumerate();
    let any = |block: &[bool]| block.iter().fold(false, |any, pixel| any | *pixel);
    blocks.filter(move |(_, block)| any(block)).flat_map(|(at, block)| {
        let set = block.iter().enumerate().filter(|(_, pixel)| **pixel);
        set.map(move |(pixel, _)| at * BLOCK + pixel)
    })
}

/// An image whose parameters are known but for the time gradient, which needs random numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    parameters: ImageParameters,
    fit: Option<TimingFit>,
}

impl Described {
    /// Points for which the fit needs [pairs](Random::pairs); 0 if there is no fit, or nothing to be drawn.
    pub fn n_points(&self) -> usize {
        match &self.fit {
            Some(fit) if fit.n_points() >= 2 => fit.n_points(),
            _ => 0,
        }
    }

    /// The parameters, with the fit by pairs that were drawn for [`n_points`](Self::n_points).
    pub fn finish(self, pairs: &Pairs) -> ImageParameters {
        let timing = self.fit.map_or(Timing::UNDEFINED, |fit| fit.run(pairs));
        ImageParameters { timing, ..self.parameters }
    }

    /// The parameters, with pairs drawn from a stream.
    pub fn finish_with(self, random: &mut Random) -> ImageParameters {
        let pairs = random.pairs(self.n_points());
        self.finish(&pairs)
    }
}

/// Whether the selected pixels can be described: there are two or more, and they have charge.
pub fn is_describable<C: Charge>(selected: &[C]) -> bool {
    selected.len() >= 2 && C::sum_to_f64(C::sum(selected)) > 0.0
}

/// Describes the pixels of an image that are in a mask, all but the time gradient.
///
/// `image`, `peak_time` (in ns) and `mask` have a value per pixel. Fails where numbers of pixels differ, or where
/// a selected pixel has less than no charge: moments would mean nothing.
pub fn describe(
    image: &[f32],
    peak_time: &[f32],
    mask: &[bool],
    frame: &PixelFrame,
    graph: &PixelGraph,
) -> Result<Described, Error> {
    check_length("peak_time", peak_time.len(), graph)?;
    let Some((parameters, along)) = shape(image, mask, frame, graph)? else {
        return Ok(Described { parameters: ImageParameters::UNDEFINED, fit: None });
    };
    let times = selected(peak_time, mask);
    let parameters = ImageParameters { peak_time: statistics(&times), ..parameters };
    let fit = TimingFit::new(along, times.iter().map(|time| f64::from(*time)).collect());
    Ok(Described { parameters, fit: Some(fit) })
}

/// Describes a true image: the pixels with photo-electrons. There are no times.
pub fn describe_true(
    image: &[i32],
    frame: &PixelFrame,
    graph: &PixelGraph,
) -> Result<ImageParameters, Error> {
    let mask: Vec<bool> = image.iter().map(|count| *count > 0).collect();
    let found = shape(image, &mask, frame, graph)?;
    Ok(found.map_or(ImageParameters::UNDEFINED_TRUE, |(parameters, _)| parameters))
}

/// What needs no times, and where the selected pixels lie along the axis.
fn shape<C: Charge>(
    image: &[C],
    mask: &[bool],
    frame: &PixelFrame,
    graph: &PixelGraph,
) -> Result<Option<(ImageParameters, Vec<f64>)>, Error> {
    check_length("image", image.len(), graph)?;
    check_length("image_mask", mask.len(), graph)?;
    check_length("frame", frame.x.len(), graph)?;
    let charges = selected(image, mask);
    if !is_describable(&charges) {
        return Ok(None);
    }
    let pixels = Pixels::select(image, mask, frame);
    if let Some(least) = pixels.charge.iter().copied().find(|charge| *charge < 0.0) {
        return Err(Error::parameter("image", format!("a selected pixel has the charge {least}")));
    }
    let (ellipse, axis) = hillas(&pixels);
    let transform = axis.transform();
    let along = pixels.x.iter().zip(&pixels.y).map(|(x, y)| transform(*x, *y).0).collect();
    let parameters = ImageParameters {
        hillas: ellipse,
        timing: Timing::UNDEFINED,
        leakage: leakage(image, mask, graph),
        concentration: concentration(&charges, &pixels, &ellipse, &axis),
        morphology: morphology(mask, graph),
        intensity: C::statistics(&charges),
        peak_time: Statistics::UNDEFINED,
    };
    Ok(Some((parameters, along)))
}

fn check_length(name: &'static str, found: usize, graph: &PixelGraph) -> Result<(), Error> {
    let expected = graph.n_pixels();
    if found == expected {
        return Ok(());
    }
    Err(Error::parameter(name, format!("{found} pixels, but the camera has {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::camera_tests::camera;

    #[test]
    fn an_image_is_described() {
        let camera = camera(4);
        let n = camera.n_pixels();
        let mask: Vec<bool> = (0..n).map(|at| (24..37).contains(&at)).collect();
        let image: Vec<f32> = (0..n).map(|at| at as f32).collect();
        let (frame, graph) = (&camera.camera_frame, &camera.graph);
        let described = describe(&image, &image, &mask, frame, graph).unwrap();
        assert_eq!(described.n_points(), 13);
        let found = described.finish_with(&mut Random::default());
        assert_eq!(found.morphology.n_pixels, 13);
        assert_eq!((found.intensity.max, found.peak_time.min), (36.0, 24.0));
        assert!(found.timing.slope.is_finite() && found.concentration.cog > 0.0);
        let counts: Vec<i32> =
            image.iter().zip(&mask).map(|(q, m)| *q as i32 * i32::from(*m)).collect();
        let truth = describe_true(&counts, frame, graph).unwrap();
        assert_eq!(truth.hillas, found.hillas);
        assert!(truth.timing.slope.is_nan() && truth.peak_time.mean.is_nan());
    }

    #[test]
    fn what_can_not_be_described_draws_nothing() {
        let camera = camera(2);
        let (frame, graph) = (&camera.telescope_frame, &camera.graph);
        let mut mask = vec![false; 19];
        mask[3] = true;
        let described = describe(&[1.0; 19], &[1.0; 19], &mask, frame, graph).unwrap();
        assert_eq!(described.n_points(), 0);
        let found = described.finish_with(&mut Random::default());
        assert!(found.hillas.length.is_nan() && found.morphology.n_pixels == -1);
        let truth = describe_true(&[0; 19], frame, graph).unwrap();
        assert_eq!((truth.intensity.max, truth.morphology.n_islands), (-1.0, -1));
    }

    #[test]
    fn wrong_sizes_and_negative_charges_are_refused() {
        let camera = camera(2);
        let (frame, graph) = (&camera.telescope_frame, &camera.graph);
        let mask = [true; 19];
        assert!(describe(&[1.0; 18], &[1.0; 19], &mask, frame, graph).is_err());
        assert!(describe(&[1.0; 19], &[1.0; 18], &mask, frame, graph).is_err());
        assert!(describe(&[1.0; 19], &[1.0; 19], &mask[1..], frame, graph).is_err());
        assert!(describe_true(&[1; 20], frame, graph).is_err());
        let mut image = [1.0; 19];
        image[4] = -0.5;
        let wrong = describe(&image, &image, &mask, frame, graph).unwrap_err().to_string();
        assert!(wrong.contains("-0.5"), "{wrong}");
    }
}
