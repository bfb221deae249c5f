//! Tail cuts with a second ring of boundary pixels, as MARS makes them.

use super::tailcut::{above, add_boundary};
use super::{Cleaner, CleanerKind, Picture, Thresholds, tailcuts};
use crate::Error;
use crate::instrument::PixelGraph;

const NAME: &str = "MARSImageCleaner";

pub(super) const KIND: CleanerKind = CleanerKind {
    name: NAME,
    settings: super::tailcut::KIND.settings,
    prepare: |settings| {
        Ok(Box::new(Mars(Thresholds { keep_isolated: false, ..Thresholds::new(settings)? })))
    },
};

/// Isolated pixels are never kept.
struct Mars(Thresholds);

impl Cleaner for Mars {
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error> {
        picture.check(NAME, false)?;
        Ok(mars_cleaning(picture.image, &self.0, picture.graph))
    }
}

/// The picture, its boundary, and the pixels above the boundary's threshold beside both.
pub fn mars_cleaning(image: &[f32], thresholds: &Thresholds, graph: &PixelGraph) -> Vec<bool> {
    let mask = tailcuts(image, thresholds, graph);
    add_boundary(mask, &above(image, thresholds.boundary), thresholds.keep_isolated, graph)
}
