//! Numbers that describe an image.
//!
//! Angles and lengths are in degrees in the telescope frame, in m in the camera frame. What can't be computed
//! is NaN, counts are -1 then.

mod axis;
mod concentration;
mod describe;
mod hillas;
mod leakage;
mod morphology;
mod statistics;
mod sum;
mod timing;

pub use axis::Axis;
pub use concentration::concentration;
pub(crate) use describe::selected;
pub use describe::{Charge, Described, Pixels, describe, describe_true, is_describable};
pub use hillas::hillas;
pub use leakage::leakage;
pub use morphology::{Islands, morphology};
pub use statistics::{statistics, statistics_of_counts};
pub use sum::pairwise_sum;
pub use timing::TimingFit;

/// Ellipse of the image, after Hillas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hillas {
    /// Charge of the selected pixels, in photo-electrons.
    pub intensity: f64,
    /// Third moment along the axis.
    pub skewness: f64,
    /// Fourth moment along the axis.
    pub kurtosis: f64,
    /// Centre of gravity: longitude in the field of view, or x of the camera.
    pub x: f64,
    /// Centre of gravity: latitude in the field of view, or y of the camera.
    pub y: f64,
    /// Distance of the centre of gravity.
    pub r: f64,
    /// Direction of the centre of gravity, in degrees.
    pub phi: f64,
    /// Standard deviation along the axis.
    pub length: f64,
    /// Its uncertainty.
    pub length_uncertainty: f64,
    /// Standard deviation across the axis.
    pub width: f64,
    /// Its uncertainty.
    pub width_uncertainty: f64,
    /// Direction of the axis, in degrees.
    pub psi: f64,
    /// Its uncertainty, in degrees.
    pub psi_uncertainty: f64,
    /// Uncertainty of the centre of gravity across the axis.
    pub transverse_cog_uncertainty: f64,
}

/// How the peak time runs along the axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Slope, in ns per degree or m.
    pub slope: f64,
    /// Time at the centre of gravity, in ns.
    pub intercept: f64,
    /// Root mean square of the residuals, in ns.
    pub deviation: f64,
}

/// Share of the image at the camera's border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leakage {
    /// Share of the pixels in the outermost rings, one and two wide.
    pub pixels_width: [f64; 2],
    /// Share of the charge in them. f4 for measured images, f8 for true ones.
    pub intensity_width: [f64; 2],
}

/// Share of the charge near the centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concentration {
    /// Within a pixel of the centre of gravity.
    pub cog: f64,
    /// Within the ellipse.
    pub core: f64,
    /// In the brightest pixel.
    pub pixel: f64,
}

/// Islands of the cleaned image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Morphology {
    /// Selected pixels.
    pub n_pixels: i64,
    /// Islands.
    pub n_islands: i64,
    /// Islands of at most 2 pixels.
    pub n_small_islands: i64,
    /// Islands of 3 to 50 pixels.
    pub n_medium_islands: i64,
    /// Larger islands.
    pub n_large_islands: i64,
}

/// Distribution of a quantity over the selected pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    /// Largest value (f4, or an integer of true images).
    pub max: f64,
    /// Smallest value.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the population.
    pub std: f64,
    /// Third standardized moment.
    pub skewness: f64,
    /// Fourth standardized moment, less 3.
    pub kurtosis: f64,
}

/// All of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageParameters {
    /// Ellipse.
    pub hillas: Hillas,
    /// Time gradient; all NaN for true images.
    pub timing: Timing,
    /// Border.
    pub leakage: Leakage,
    /// Centre.
    pub concentration: Concentration,
    /// Islands.
    pub morphology: Morphology,
    /// Charges.
    pub intensity: Statistics,
    /// Peak times; all NaN for true images.
    pub peak_time: Statistics,
}

impl Hillas {
    /// All of it, in the order of the fields, which is that of DL1 files.
    pub fn values(&self) -> [f64; 14] {
        [
            self.intensity,
            self.skewness,
            self.kurtosis,
            self.x,
            self.y,
            self.r,
            self.phi,
            self.length,
            self.length_uncertainty,
            self.width,
            self.width_uncertainty,
            self.psi,
            self.psi_uncertainty,
            self.transverse_cog_uncertainty,
        ]
    }
}

impl Statistics {
    /// That of no values.
    pub const UNDEFINED: Self = Statistics {
        max: f64::NAN,
        min: f64::NAN,
        mean: f64::NAN,
        std: f64::NAN,
        skewness: f64::NAN,
        kurtosis: f64::NAN,
    };
}

impl Timing {
    /// No gradient.
    pub const UNDEFINED: Self =
        Timing { slope: f64::NAN, intercept: f64::NAN, deviation: f64::NAN };
}

impl ImageParameters {
    /// Those of an image that can't be described.
    pub const UNDEFINED: Self = ImageParameters {
        hillas: Hillas {
            intensity: f64::NAN,
            skewness: f64::NAN,
            kurtosis: f64::NAN,
            x: f64::NAN,
            y: f64::NAN,
            r: f64::NAN,
            phi: f64::NAN,
            length: f64::NAN,
            length_uncertainty: f64::NAN,
            width: f64::NAN,
            width_uncertainty: f64::NAN,
            psi: f64::NAN,
            psi_uncertainty: f64::NAN,
            transverse_cog_uncertainty: f64::NAN,
        },
        timing: Timing::UNDEFINED,
        leakage: Leakage { pixels_width: [f64::NAN; 2], intensity_width: [f64::NAN; 2] },
        concentration: Concentration { cog: f64::NAN, core: f64::NAN, pixel: f64::NAN },
        morphology: Morphology {
            n_pixels: -1,
            n_islands: -1,
            n_small_islands: -1,
            n_medium_islands: -1,
            n_large_islands: -1,
        },
        intensity: Statistics::UNDEFINED,
        peak_time: Statistics::UNDEFINED,
    };

    /// Those of a true image that can't be described: its extremes are counts.
    pub const UNDEFINED_TRUE: Self = ImageParameters {
        intensity: Statistics { max: -1.0, min: -1.0, ..Statistics::UNDEFINED },
        ..Self::UNDEFINED
    };
}
