//! How much of an image lies near its centre.

use super::axis::Axis;
use super::{Charge, Concentration, Hillas, Pixels};

/// Shares of the charge within a pixel's width of the centre, within the ellipse, and in the brightest pixel.
///
/// `image` are the charges of the selected `pixels` as they are stored: sums are made in their type.
pub fn concentration<C: Charge>(
    image: &[C],
    pixels: &Pixels,
    hillas: &Hillas,
    axis: &Axis,
) -> Concentration {
    let size = hillas.intensity;
    let share = |inside: &dyn Fn(usize) -> bool| {
        let inside: Vec<C> =
            (0..image.len()).filter(|at| inside(*at)).map(|at| image[at]).collect();
        C::sum_to_f64(C::sum(&inside)) / size
    };
    let near = |at: usize| {
        let (dx, dy) = (pixels.x[at] - axis.x, pixels.y[at] - axis.y);
        dx * dx + dy * dy < pixels.width[at] * pixels.width[at]
    };
    let transform = axis.transform();
    let (length2, width2) = (hillas.length * hillas.length, hillas.width * hillas.width);
    let within = |at: usize| {
        let (along, across) = transform(pixels.x[at], pixels.y[at]);
        along * along / length2 + across * across / width2 <= 1.0
    };
    let brightest = image.iter().map(|charge| charge.to_f64()).fold(f64::MIN, f64::max);
    Concentration {
        cog: share(&near),
        core: if hillas.width == 0.0 { 0.0 } else { share(&within) },
        pixel: brightest / size,
    }
}
