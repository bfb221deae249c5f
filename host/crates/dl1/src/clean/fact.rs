//! Thresholds and times in turn, as FACT cleans.

use super::tailcut::{above, has_neighbours};
use super::{Cleaner, CleanerKind, Picture, Thresholds, dilate, time_delta};
use crate::Error;

const NAME: &str = "FACTImageCleaner";

pub(super) const KIND: CleanerKind = CleanerKind {
    name: NAME,
    settings: &[
        "picture_threshold_pe",
        "boundary_threshold_pe",
        "min_picture_neighbors",
        "keep_isolated_pixels",
        "time_limit_ns",
    ],
    prepare: |settings| {
        let time_limit_ns = settings.float("time_limit_ns", 5.0)?;
        Ok(Box::new(Fact { thresholds: Thresholds::new(settings)?, time_limit_ns }))
    },
};

struct Fact {
    thresholds: Thresholds,
    time_limit_ns: f64,
}

impl Cleaner for Fact {
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error> {
        picture.check(NAME, true)?;
        Ok(fact_cleaning(picture, &self.thresholds, self.time_limit_ns))
    }
}

/// Bright pixels with enough bright neighbours, the less bright ones beside them, and of these the ones with
/// enough neighbours at the same time; twice. Charges and times must be there for every pixel.
pub fn fact_cleaning(
    picture: &Picture<'_>,
    thresholds: &Thresholds,
    time_limit_ns: f64,
) -> Vec<bool> {
    let graph = picture.graph;
    let least = thresholds.min_picture_neighbors;
    let with_neighbours = |mask: &[bool]| -> Vec<bool> {
        let kept = |pixel: usize| mask[pixel] && has_neighbours(graph, pixel, mask, least);
        (0..mask.len()).map(kept).collect()
    };
    let bright = with_neighbours(&above(picture.image, thresholds.picture));
    let boundary = above(picture.image, thresholds.boundary);
    let wide = dilate(&bright, graph);
    let mask: Vec<bool> = wide.iter().zip(boundary).map(|(near, above)| *near && above).collect();
    if least <= 0 {
        return mask;
    }
    let in_time = |mask: &[bool]| time_delta(mask, picture.peak_time, least, time_limit_ns, graph);
    in_time(&with_neighbours(&in_time(&mask)))
}
