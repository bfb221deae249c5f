//! Which pixels of a camera are neighbours, and which are at its border.

use super::nearest::{Norm, Tree};
use super::{CameraGeometry, PixelShape};

/// Neighbours of every pixel, in the order of their numbers.
///
/// Stored like a sparse matrix: those of pixel `i` are `indices[starts[i]..starts[i + 1]]`. That `k` is a
/// neighbour of `i` does not say that `i` is one of `k`, where pixels are irregular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbours {
    starts: Vec<usize>,
    indices: Vec<u32>,
}

impl Neighbours {
    /// Finds the neighbours of a camera's pixels.
    ///
    /// Candidates are the nearest 6 pixels, or 4 of a square grid, whose distances are then summed over the
    /// axes. Those farther away than 1.4 times (1.5 times) the nearest one of this pixel are none: on a
    /// hexagonal grid the second ring starts at 1.73, on a square one at 2. Coordinates must be finite.
    pub fn find(geometry: &CameraGeometry) -> Self {
        let (most, reach, norm) = match geometry.pix_type {
            PixelShape::Square => (4, 1.5, Norm::L1),
            PixelShape::Hexagon | PixelShape::Circle => (6, 1.4, Norm::L2),
        };
        let points: Vec<[f64; 2]> =
            geometry.pix_x.iter().zip(&geometry.pix_y).map(|(x, y)| [*x, *y]).collect();
        let tree = Tree::new(&points);
        let (mut starts, mut indices) = (vec![0], Vec::with_capacity(points.len() * most));
        let mut nearest = Vec::new();
        for from in 0..points.len() {
            tree.nearest(from, most, norm, &mut nearest);
            let first = nearest.first().map_or(0.0, |entry| entry.0);
            let start = indices.len();
            let near = nearest.iter().filter(|entry| entry.0 < reach * first);
            indices.extend(near.map(|entry| entry.1 as u32));
            indices[start..].sort_unstable();
            starts.push(indices.len());
        }
        Neighbours { starts, indices }
    }

    /// Neighbours as they are given for each pixel.
    pub fn from_lists(lists: &[Vec<u32>]) -> Self {
        let (mut starts, mut indices) = (vec![0], Vec::new());
        for list in lists {
            indices.extend(list.iter().filter(|index| (**index as usize) < lists.len()));
            starts.push(indices.len());
        }
        Neighbours { starts, indices }
    }

    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.starts.len() - 1
    }

    /// Neighbours of a pixel.
    #[inline]
    pub fn of(&self, pixel: usize) -> &[u32] {
        &self.indices[self.starts[pixel]..self.starts[pixel + 1]]
    }

    /// Whether any neighbour of a pixel is in a mask.
    #[inline]
    pub fn any(&self, pixel: usize, mask: &[bool]) -> bool {
        self.of(pixel).iter().any(|neighbour| mask[*neighbour as usize])
    }

    /// How many neighbours of a pixel are in a mask.
    #[inline]
    pub fn count(&self, pixel: usize, mask: &[bool]) -> usize {
        self.of(pixel).iter().filter(|neighbour| mask[**neighbour as usize]).count()
    }
}

/// Neighbours and borders of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelGraph {
    /// Neighbours of every pixel.
    pub neighbours: Neighbours,
    /// Pixels of the outermost ring, and of the outermost two.
    pub border: [Vec<bool>; 2],
}

impl PixelGraph {
    /// The graph of a camera's pixels.
    pub fn new(geometry: &CameraGeometry) -> Self {
        Self::with_neighbours(Neighbours::find(geometry))
    }

    /// The graph of given neighbours.
    ///
    /// At the border are pixels that are the neighbour of fewer pixels than others; the second ring are those
    /// with a neighbour there.
    pub fn with_neighbours(neighbours: Neighbours) -> Self {
        let mut times = vec![0_u32; neighbours.n_pixels()];
        for index in &neighbours.indices {
            times[*index as usize] += 1;
        }
        let most = times.iter().copied().max().unwrap_or(0);
        let outer: Vec<bool> = times.iter().map(|times| *times < most).collect();
        let inner = (0..neighbours.n_pixels()).map(|at| neighbours.any(at, &outer)).collect();
        PixelGraph { neighbours, border: [outer, inner] }
    }

    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.neighbours.n_pixels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::geometry::tests::{hexagons, squares};

    #[test]
    fn squares_have_four_neighbours_and_no_diagonals() {
        let graph = PixelGraph::new(&squares(5, 4));
        assert_eq!(graph.neighbours.of(6), [1, 5, 7, 11]);
        assert_eq!(graph.neighbours.of(0), [1, 5]);
        assert_eq!(graph.border[0].iter().filter(|at| **at).count(), 14);
        assert_eq!(graph.border[1].iter().filter(|at| **at).count(), 20);
    }

    #[test]
    fn hexagons_have_six() {
        let graph = PixelGraph::new(&hexagons(4));
        assert_eq!(graph.n_pixels(), 61);
        let counts: Vec<usize> = (0..61).map(|at| graph.neighbours.of(at).len()).collect();
        assert_eq!(counts.iter().filter(|n| **n == 6).count(), 37);
        assert_eq!(counts.iter().filter(|n| **n == 3).count(), 6);
        assert_eq!(graph.border[0].iter().filter(|at| **at).count(), 24);
        assert_eq!(graph.border[1].iter().filter(|at| **at).count(), 42);
    }

    #[test]
    fn few_pixels_and_pixels_in_one_place_are_no_trouble() {
        assert_eq!(PixelGraph::new(&squares(0, 0)).n_pixels(), 0);
        assert!(PixelGraph::new(&squares(1, 1)).neighbours.of(0).is_empty());
        let mut same = squares(4, 4);
        same.pix_x.fill(0.0);
        same.pix_y.fill(0.0);
        assert!(Neighbours::find(&same).of(3).is_empty());
    }

    #[test]
    fn lists_are_kept_but_for_pixels_that_are_not_there() {
        let neighbours = Neighbours::from_lists(&[vec![1, 7], vec![0]]);
        assert_eq!(neighbours.of(0), [1]);
        assert!(neighbours.any(1, &[true, false]));
        assert_eq!(neighbours.count(1, &[false, true]), 0);
    }
}
