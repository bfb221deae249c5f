//! Pixels without a value of their own: the mean of their neighbours.

use std::ops::Add;

use crate::event::Image;
use crate::instrument::{Neighbours, PixelGraph};

/// A value that can be averaged.
pub trait Average: Copy + Default + Add<Output = Self> {
    /// A sum divided by a count.
    fn divide(self, count: usize) -> Self;
}

impl Average for f32 {
    fn divide(self, count: usize) -> f32 {
        (f64::from(self) / count as f64) as f32
    }
}

impl Average for f64 {
    fn divide(self, count: usize) -> f64 {
        self / count as f64
    }
}

/// Gives invalid pixels the mean of their valid neighbours, or 0 if there are none. One value and one flag per
/// pixel.
pub fn average_invalid<T: Average>(values: &mut [T], invalid: &[bool], neighbours: &Neighbours) {
    for pixel in (0..values.len()).filter(|pixel| invalid[*pixel]) {
        let (mut sum, mut count) = (T::default(), 0);
        for neighbour in neighbours.of(pixel).iter().map(|index| *index as usize) {
            if !invalid[neighbour] {
                sum = sum + values[neighbour];
                count += 1;
            }
        }
        values[pixel] = if count > 0 { sum.divide(count) } else { T::default() };
    }
}

/// Gives the invalid pixels of an image the mean charge and time of their valid neighbours.
///
/// `invalid` are flags `[gain][pixel]`; an image of a selected gain uses those of the first gain, which are the
/// same as those of the others. Sizes must fit.
pub fn average_invalid_pixels(image: &mut Image, invalid: &[bool], graph: &PixelGraph) {
    let n_pixels = graph.n_pixels();
    if n_pixels == 0 || !invalid.contains(&true) {
        return;
    }
    let neighbours = &graph.neighbours;
    for (charges, invalid) in image.image.chunks_exact_mut(n_pixels).zip(invalid.chunks(n_pixels)) {
        average_invalid(charges, invalid, neighbours);
    }
    for (times, invalid) in image.peak_time.chunks_exact_mut(n_pixels).zip(invalid.chunks(n_pixels))
    {
        average_invalid(times, invalid, neighbours);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::geometry_tests::squares;

    #[test]
    fn neighbours_that_are_valid_count() {
        let graph = PixelGraph::new(&squares(3, 3));
        let mut invalid = vec![false; 9];
        (invalid[4], invalid[1], invalid[0], invalid[3]) = (true, true, true, true);
        let mut image = Image {
            image: (0_u8..9).map(f32::from).collect(),
            peak_time: vec![2.0; 9],
            is_valid: true,
        };
        average_invalid_pixels(&mut image, &invalid, &graph);
        assert_eq!(image.image, [0.0, 2.0, 2.0, 6.0, 6.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(image.peak_time, [0.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn every_gain_has_its_flags_and_times_may_be_missing() {
        let graph = PixelGraph::new(&squares(2, 1));
        let mut image = Image { image: vec![1.0, 2.0, 3.0, 4.0], ..Image::default() };
        average_invalid_pixels(&mut image, &[false, false, true, false], &graph);
        assert_eq!(image.image, [1.0, 2.0, 4.0, 4.0]);
    }
}
