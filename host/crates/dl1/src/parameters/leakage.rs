//! How much of an image lies at the camera's border.

use super::{Charge, Leakage};
use crate::instrument::PixelGraph;

/// Shares of the selected pixels and of their charge in the outermost ring and in the outermost two. The mask
/// selects pixels with some charge.
pub fn leakage<C: Charge>(image: &[C], mask: &[bool], graph: &PixelGraph) -> Leakage {
    let selected: Vec<C> = select(image, |pixel| mask[pixel]);
    let total = C::sum(&selected);
    let shares = graph.border.each_ref().map(|border| {
        let inside: Vec<C> = select(image, |pixel| mask[pixel] && border[pixel]);
        let pixels = inside.len() as f64 / selected.len() as f64;
        (pixels, C::ratio(C::sum(&inside), total))
    });
    Leakage {
        pixels_width: shares.map(|share| share.0),
        intensity_width: shares.map(|share| share.1),
    }
}

fn select<C: Charge>(image: &[C], wanted: impl Fn(usize) -> bool) -> Vec<C> {
    let pixels = image.iter().enumerate();
    pixels.filter(|(pixel, _)| wanted(*pixel)).map(|(_, charge)| *charge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::geometry_tests::squares;

    #[test]
    fn the_border_is_counted() {
        let graph = PixelGraph::new(&squares(5, 5));
        let mut mask = vec![false; 25];
        for pixel in [0, 6, 12] {
            mask[pixel] = true;
        }
        let mut image = vec![0.0_f32; 25];
        (image[0], image[6], image[12], image[13]) = (1.0, 2.0, 5.0, 9.0);
        let found = leakage(&image, &mask, &graph);
        assert_eq!(found.pixels_width, [1.0 / 3.0, 2.0 / 3.0]);
        assert_eq!(found.intensity_width, [0.125, 0.375]);
        let counts: Vec<i32> = image.iter().map(|charge| *charge as i32).collect();
        assert_eq!(leakage(&counts, &mask, &graph).intensity_width, [0.125, 0.375]);
    }
}
