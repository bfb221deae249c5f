//! Thresholds, and times near those of the main island, as MAGIC cleans.

use super::tailcut::{above, has_neighbours};
use super::times::has_neighbours_in_time;
use super::{Cleaner, CleanerKind, Picture, Thresholds};
use crate::Error;
use crate::parameters::{Islands, pairwise_sum};

const NAME: &str = "TimeConstrainedImageCleaner";

pub(super) const KIND: CleanerKind = CleanerKind {
    name: NAME,
    settings: &[
        "picture_threshold_pe",
        "boundary_threshold_pe",
        "min_picture_neighbors",
        "keep_isolated_pixels",
        "time_limit_core_ns",
        "time_limit_boundary_ns",
    ],
    prepare: |settings| {
        Ok(Box::new(TimeConstrained {
            thresholds: Thresholds::new(settings)?,
            time_limit_core_ns: settings.float("time_limit_core_ns", 4.5)?,
            time_limit_boundary_ns: settings.float("time_limit_boundary_ns", 1.5)?,
        }))
    },
};

/// A cleaning by thresholds and times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeConstrained {
    /// Thresholds; isolated pixels are never kept.
    pub thresholds: Thresholds,
    /// How far a bright pixel's time may be from the main island's, in ns; twice as far for twice as bright ones.
    pub time_limit_core_ns: f64,
    /// How far a boundary pixel's time may be from those of its neighbours, in ns.
    pub time_limit_boundary_ns: f64,
}

impl TimeConstrained {
    /// Cleans an image. Charges and times must be there for every pixel.
    pub fn run(&self, picture: &Picture<'_>) -> Vec<bool> {
        let Thresholds { picture: bright, boundary, min_picture_neighbors: least, .. } =
            self.thresholds;
        let graph = picture.graph;
        let above_picture = above(picture.image, bright);
        let core = |pixel: usize| {
            above_picture[pixel] && has_neighbours(graph, pixel, &above_picture, least)
        };
        let mut core: Vec<bool> = (0..picture.image.len()).map(core).collect();
        self.keep_in_time(picture, &mut core);
        let limits = (least, self.time_limit_boundary_ns);
        let above_boundary = above(picture.image, boundary);
        let kept = |pixel: usize| {
            core[pixel]
                || (above_boundary[pixel]
                    && graph.neighbours.any(pixel, &core)
                    && has_neighbours_in_time(graph, pixel, &core, picture.peak_time, limits))
        };
        (0..core.len()).map(kept).collect()
    }

    /// Drops the bright pixels that are far in time from the mean of the brightest island.
    fn keep_in_time(&self, picture: &Picture<'_>, core: &mut [bool]) {
        let islands = Islands::find(core, &picture.graph.neighbours);
        let Some(brightest) = islands.brightest(picture.image) else { return };
        let inside = |pixel: &usize| islands.labels[*pixel] == brightest;
        let (mut weights, mut times) = (Vec::new(), Vec::new());
        for pixel in (0..core.len()).filter(inside) {
            let weight = picture.image[pixel] * picture.image[pixel];
            weights.push(weight);
            times.push(picture.peak_time[pixel] * weight);
        }
        let mean = pairwise_sum(&times) / pairwise_sum(&weights);
        let twice = (2.0 * self.thresholds.picture) as f32;
        for (pixel, core) in core.iter_mut().enumerate() {
            let factor = if picture.image[pixel] < twice { 1.0 } else { 2.0 };
            let offset = f64::from((picture.peak_time[pixel] - mean).abs());
            *core &= offset < factor * self.time_limit_core_ns;
        }
    }
}

impl Cleaner for TimeConstrained {
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error> {
        picture.check(NAME, true)?;
        Ok(self.run(picture))
    }
}
