//! Tail cuts that follow the light of the night sky.

use super::tailcut::{above, tailcuts_above};
use super::{Cleaner, CleanerKind, Picture, Thresholds, time_delta};
use crate::Error;
use crate::parameters::Islands;
use crate::settings::TelescopeSettings;

const NAME: &str = "NSBImageCleaner";

pub(super) const KIND: CleanerKind = CleanerKind {
    name: NAME,
    settings: &[
        "picture_threshold_pe",
        "boundary_threshold_pe",
        "min_picture_neighbors",
        "keep_isolated_pixels",
        "time_limit",
        "time_num_neighbors",
        "bright_cleaning_n_pixels",
        "bright_cleaning_fraction",
        "bright_cleaning_threshold",
        "largest_island_only",
        "pedestal_factor",
    ],
    prepare: |settings| Ok(Box::new(NsbCleaning::new(settings)?)),
};

/// A cleaning by thresholds, times and the brightest pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NsbCleaning {
    /// Thresholds, that of the picture being the least.
    pub thresholds: Thresholds,
    /// How far times of neighbours may be apart, in ns; `None` if they do not count.
    pub time_limit_ns: Option<f64>,
    /// Neighbours that must be near in time.
    pub time_num_neighbors: i64,
    /// Whether very bright images lose dim pixels.
    pub bright: Option<BrightCleaning>,
    /// Whether only the island with the most pixels is kept.
    pub largest_island_only: bool,
    /// How many deviations of its pedestal a pixel of the picture must have.
    pub pedestal_factor: f64,
}

/// Dropping dim pixels of very bright images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrightCleaning {
    /// Brightest pixels whose mean is taken.
    pub n_pixels: usize,
    /// Share of the mean that a pixel must have.
    pub fraction: f64,
    /// Mean from which on pixels are dropped, in photo-electrons.
    pub threshold: f64,
}

impl NsbCleaning {
    fn new(settings: &TelescopeSettings<'_>) -> Result<Self, Error> {
        let n_pixels = settings.int_from("bright_cleaning_n_pixels", 3, 1)? as usize;
        let fraction = settings.float("bright_cleaning_fraction", 0.03)?;
        let threshold = settings.optional("bright_cleaning_threshold", Some(267.0))?;
        Ok(NsbCleaning {
            thresholds: Thresholds::new(settings)?,
            time_limit_ns: settings.optional("time_limit", Some(2.0))?,
            time_num_neighbors: settings.int("time_num_neighbors", 1)?,
            bright: threshold.map(|threshold| BrightCleaning { n_pixels, fraction, threshold }),
            largest_island_only: settings.boolean("largest_island_only", false)?,
            pedestal_factor: settings.float("pedestal_factor", 2.5)?,
        })
    }

    /// Cleans an image. Charges, and times if they count, must be there for every pixel.
    pub fn run(&self, picture: &Picture<'_>) -> Vec<bool> {
        let graph = picture.graph;
        let above_picture = match picture.pedestal_std {
            None => above(picture.image, self.thresholds.picture),
            Some(std) => {
                let level = |std: &f64| (std * self.pedestal_factor).max(self.thresholds.picture);
                let levels = std.iter().map(level);
                picture.image.iter().zip(levels).map(|(q, level)| f64::from(*q) >= level).collect()
            }
        };
        let mut mask = tailcuts_above(picture.image, above_picture, &self.thresholds, graph);
        if !mask.contains(&true) {
            return mask;
        }
        if let Some(limit) = self.time_limit_ns {
            mask = time_delta(&mask, picture.peak_time, self.time_num_neighbors, limit, graph);
        }
        if let Some(bright) = &self.bright {
            bright.run(picture.image, &mut mask);
        }
        if self.largest_island_only {
            let islands = Islands::find(&mask, &graph.neighbours);
            mask = islands.mask(islands.largest());
        }
        mask
    }
}

impl BrightCleaning {
    /// Drops pixels with less than a share of the mean of the brightest, if that is large.
    fn run(&self, image: &[f32], mask: &mut [bool]) {
        let mut brightest = image.to_vec();
        let n = self.n_pixels.min(brightest.len());
        if n == 0 {
            return;
        }
        brightest.select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a));
        brightest.truncate(n);
        brightest.sort_unstable_by(|a, b| b.total_cmp(a));
        let mean = brightest.iter().map(|charge| f64::from(*charge)).sum::<f64>() / n as f64;
        if mean < self.threshold {
            return;
        }
        for (mask, charge) in mask.iter_mut().zip(image) {
            *mask &= f64::from(*charge) >= self.fraction * mean;
        }
    }
}

impl Cleaner for NsbCleaning {
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error> {
        picture.check(NAME, self.time_limit_ns.is_some())?;
        Ok(self.run(picture))
    }
}
