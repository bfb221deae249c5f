//! Islands: selected pixels that hang together.

use super::Morphology;
use super::describe::set_pixels;
use crate::instrument::{Neighbours, PixelGraph};

/// Pixels of a small island, at most.
const SMALL: usize = 2;
/// Pixels of a medium island, at most.
const MEDIUM: usize = 50;

/// Islands of a mask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Islands {
    /// Island of every pixel, from 1 in the order of their lowest pixels; 0 if it is not selected.
    pub labels: Vec<u32>,
    /// Pixels of every island; that of island 1 is the first.
    pub sizes: Vec<usize>,
}

impl Islands {
    /// Finds the islands of a mask.
    pub fn find(mask: &[bool], neighbours: &Neighbours) -> Self {
        let mut islands = Islands { labels: vec![0; mask.len()], sizes: Vec::new() };
        let mut open = Vec::new();
        for pixel in set_pixels(mask) {
            if islands.labels[pixel] != 0 {
                continue;
            }
            let label = islands.sizes.len() as u32 + 1;
            let mut size = 0;
            islands.labels[pixel] = label;
            open.push(pixel);
            while let Some(at) = open.pop() {
                size += 1;
                for neighbour in neighbours.of(at).iter().map(|index| *index as usize) {
                    if mask[neighbour] && islands.labels[neighbour] == 0 {
                        islands.labels[neighbour] = label;
                        open.push(neighbour);
                    }
                }
            }
            islands.sizes.push(size);
        }
        islands
    }

    /// The island with the most pixels, the first of several; `None` if there is none.
    pub fn largest(&self) -> Option<u32> {
        first_maximum(self.sizes.iter().map(|size| *size as f64))
    }

    /// The island with the most charge, the first of several; `None` if there is none, or none has charge.
    pub fn brightest<T: Copy + Into<f64>>(&self, image: &[T]) -> Option<u32> {
        let mut sums = vec![0.0; self.sizes.len()];
        for (label, charge) in self.labels.iter().zip(image) {
            if let Some(sum) = (*label as usize).checked_sub(1).and_then(|at| sums.get_mut(at)) {
                *sum += (*charge).into();
            }
        }
        let brightest = first_maximum(sums.iter().copied())?;
        (sums[brightest as usize - 1] > 0.0).then_some(brightest)
    }

    /// The pixels of an island; none of `None`.
    pub fn mask(&self, island: Option<u32>) -> Vec<bool> {
        self.labels.iter().map(|label| Some(*label) == island).collect()
    }

    /// Numbers of islands by size.
    pub fn morphology(&self) -> Morphology {
        let count = |wanted: &dyn Fn(usize) -> bool| {
            self.sizes.iter().filter(|size| wanted(**size)).count() as i64
        };
        Morphology {
            n_pixels: self.sizes.iter().sum::<usize>() as i64,
            n_islands: self.sizes.len() as i64,
            n_small_islands: count(&|size| size <= SMALL),
            n_medium_islands: count(&|size| size > SMALL && size <= MEDIUM),
            n_large_islands: count(&|size| size > MEDIUM),
        }
    }
}

/// Numbers of islands of a mask.
pub fn morphology(mask: &[bool], graph: &PixelGraph) -> Morphology {
    Islands::find(mask, &graph.neighbours).morphology()
}

fn first_maximum(values: impl Iterator<Item = f64>) -> Option<u32> {
    let mut best: Option<(u32, f64)> = None;
    for (value, label) in values.zip(1..) {
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((label, value));
        }
    }
    best.map(|(label, _)| label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::geometry_tests::squares;

    #[test]
    fn islands_are_numbered_by_their_first_pixel() {
        let graph = PixelGraph::new(&squares(9, 9));
        let mut mask = vec![false; 81];
        for pixel in [1, 10, 19, 4, 30, 80, 79] {
            mask[pixel] = true;
        }
        let islands = Islands::find(&mask, &graph.neighbours);
        assert_eq!(islands.sizes, [3, 1, 1, 2]);
        assert_eq!((islands.labels[1], islands.labels[19], islands.labels[4]), (1, 1, 2));
        assert_eq!(islands.largest(), Some(1));
        let mut image = vec![1.0_f32; 81];
        image[30] = 9.0;
        assert_eq!(islands.brightest(&image), Some(3));
        assert!(islands.mask(Some(3))[30] && !islands.mask(None)[0]);
        let expected = Morphology {
            n_pixels: 7,
            n_islands: 4,
            n_small_islands: 3,
            n_medium_islands: 1,
            n_large_islands: 0,
        };
        assert_eq!(morphology(&mask, &graph), expected);
        assert_eq!(morphology(&[true; 81], &graph).n_large_islands, 1);
    }

    #[test]
    fn no_islands() {
        let graph = PixelGraph::new(&squares(2, 2));
        let islands = Islands::find(&[false; 4], &graph.neighbours);
        assert_eq!((islands.largest(), islands.brightest(&[1.0_f32; 4])), (None, None));
    }
}
