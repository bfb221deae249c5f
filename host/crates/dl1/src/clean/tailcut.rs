//! Two thresholds: bright pixels, and less bright ones beside them.

use super::{Cleaner, CleanerKind, Picture};
use crate::Error;
use crate::instrument::PixelGraph;
use crate::settings::TelescopeSettings;

const NAME: &str = "TailcutsImageCleaner";

pub(super) const KIND: CleanerKind = CleanerKind {
    name: NAME,
    settings: &[
        "picture_threshold_pe",
        "boundary_threshold_pe",
        "min_picture_neighbors",
        "keep_isolated_pixels",
    ],
    prepare: |settings| Ok(Box::new(Thresholds::new(settings)?)),
};

/// Thresholds of a cleaning, in photo-electrons.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Charge of a pixel of the picture.
    pub picture: f64,
    /// Charge of a pixel of its boundary.
    pub boundary: f64,
    /// Whether pixels of the picture may be alone.
    pub keep_isolated: bool,
    /// Neighbours above the picture's threshold that a pixel of the picture needs.
    pub min_picture_neighbors: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { picture: 10.0, boundary: 5.0, keep_isolated: false, min_picture_neighbors: 2 }
    }
}

impl Thresholds {
    /// Thresholds as settings name them.
    pub(super) fn new(settings: &TelescopeSettings<'_>) -> Result<Self, Error> {
        let default = Thresholds::default();
        Ok(Thresholds {
            picture: settings.float("picture_threshold_pe", default.picture)?,
            boundary: settings.float("boundary_threshold_pe", default.boundary)?,
            keep_isolated: settings.boolean("keep_isolated_pixels", default.keep_isolated)?,
            min_picture_neighbors: settings
                .int("min_picture_neighbors", default.min_picture_neighbors)?,
        })
    }
}

impl Cleaner for Thresholds {
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error> {
        picture.check(NAME, false)?;
        Ok(tailcuts(picture.image, self, picture.graph))
    }
}

/// A charge that is compared with thresholds, which are rounded to its type.
pub trait Level: Copy + PartialOrd {
    /// A threshold.
    fn level(threshold: f64) -> Self;
}

impl Level for f32 {
    fn level(threshold: f64) -> f32 {
        threshold as f32
    }
}

impl Level for f64 {
    fn level(threshold: f64) -> f64 {
        threshold
    }
}

/// Pixels at or above a threshold.
pub(super) fn above<C: Level>(image: &[C], threshold: f64) -> Vec<bool> {
    let level = C::level(threshold);
    image.iter().map(|charge| *charge >= level).collect()
}

/// Whether a pixel has at least `least` neighbours in a mask.
pub(super) fn has_neighbours(graph: &PixelGraph, pixel: usize, mask: &[bool], least: i64) -> bool {
    least <= 0 || graph.neighbours.count(pixel, mask) as i64 >= least
}

/// The picture with its boundary. One charge per pixel of the graph.
pub fn tailcuts<C: Level>(image: &[C], thresholds: &Thresholds, graph: &PixelGraph) -> Vec<bool> {
    tailcuts_above(image, above(image, thresholds.picture), thresholds, graph)
}

/// As [`tailcuts`], of pixels that were found to be above the picture's threshold.
pub(super) fn tailcuts_above<C: Level>(
    image: &[C],
    above_picture: Vec<bool>,
    thresholds: &Thresholds,
    graph: &PixelGraph,
) -> Vec<bool> {
    let in_picture = match thresholds.keep_isolated || thresholds.min_picture_neighbors == 0 {
        true => above_picture,
        false => {
            let least = thresholds.min_picture_neighbors;
            let both =
                |at: usize| above_picture[at] && has_neighbours(graph, at, &above_picture, least);
            (0..image.len()).map(both).collect()
        }
    };
    add_boundary(in_picture, &above(image, thresholds.boundary), thresholds.keep_isolated, graph)
}

/// A mask with the pixels of the boundary beside it; without its pixels that have no neighbour above the
/// boundary's threshold, unless these are kept.
pub(super) fn add_boundary(
    mask: Vec<bool>,
    above_boundary: &[bool],
    keep_isolated: bool,
    graph: &PixelGraph,
) -> Vec<bool> {
    let neighbours = &graph.neighbours;
    let kept = |pixel: usize| {
        (above_boundary[pixel] && neighbours.any(pixel, &mask))
            || (mask[pixel] && (keep_isolated || neighbours.any(pixel, above_boundary)))
    };
    (0..mask.len()).map(kept).collect()
}

/// A mask and the neighbours of its pixels.
pub fn dilate(mask: &[bool], graph: &PixelGraph) -> Vec<bool> {
    (0..mask.len()).map(|pixel| mask[pixel] || graph.neighbours.any(pixel, mask)).collect()
}
