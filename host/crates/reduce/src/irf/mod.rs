//! Instrument response functions: tables over energy, offset and other axes.

mod aeff;
mod bkg;
mod edisp;
mod energy_kernel;
mod interpolate;
mod psf;
mod rad_max;
mod rate;
mod table;
#[cfg(test)]
mod tests;
mod weights;

use tierline_sky::MapAxis;

use crate::dataset::IrfMap;
use crate::map::Map;

pub use edisp::Dispersion;
pub use energy_kernel::EnergyKernel;
pub use interpolate::{Interpolator, Outside};
pub use psf::Psf;
pub use rate::{RateIntegral, fine_edges};
pub use weights::{FovWeights, OffsetWeights, PixelWeights, Section};

/// Values of a table in the type they are stored in; logarithms of interpolation are taken in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 4 bytes.
    F32(Vec<f32>),
    /// 8 bytes.
    F64(Vec<f64>),
}

/// A table of a response.
#[derive(Debug, Clone, PartialEq)]
pub struct IrfTable {
    /// The axes, the last varies fastest.
    pub axes: Vec<MapAxis>,
    /// The values, in C order.
    pub values: Values,
    /// Their unit as stored; empty if there is none.
    pub unit: String,
}

/// How the axes of a background's field of view are aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FovAlignment {
    /// With azimuth and altitude.
    AltAz,
    /// With right ascension and declination.
    RaDec,
    /// With right ascension, falling, and declination.
    ReverseLonRaDec,
}

/// Effective area (`aeff_2d`), axes energy_true, offset.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveArea {
    /// Areas.
    pub table: IrfTable,
    /// Threshold of the lowest energy in TeV (`LO_THRES`), where it is told and not 0.
    pub lo_threshold_tev: Option<f64>,
    /// Threshold of the highest energy in TeV (`HI_THRES`), where it is told and not 0.
    pub hi_threshold_tev: Option<f64>,
    /// Whether it is for events within a radius of the source only (`HDUCLAS3` is POINT-LIKE).
    pub is_pointlike: bool,
}

/// Energy dispersion (`edisp_2d`), axes energy_true, migra, offset.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyDispersion {
    /// Density of the migration.
    pub table: IrfTable,
    /// As that of [`EffectiveArea`].
    pub is_pointlike: bool,
}

/// Point spread function.
#[derive(Debug, Clone, PartialEq)]
pub enum PointSpread {
    /// `psf_table`, axes energy_true, offset, rad.
    Table(IrfTable),
    /// `psf_3gauss`: scale, three sigma (deg), two amplitudes, each over energy_true, offset, in this order.
    ThreeGauss(Box<[IrfTable; 6]>),
    /// `psf_king`: gamma, sigma (deg), each over energy_true, offset.
    King([IrfTable; 2]),
}

/// Background rate per energy and solid angle.
#[derive(Debug, Clone, PartialEq)]
pub enum Background {
    /// `bkg_2d`, axes energy, offset.
    TwoD(IrfTable),
    /// `bkg_3d`, axes energy, fov_lon, fov_lat.
    ThreeD(IrfTable, FovAlignment),
}

/// Radius of the region of a point-like response (`rad_max_2d`), axes energy, offset, in deg.
#[derive(Debug, Clone, PartialEq)]
pub struct RadMax {
    /// Radii.
    pub table: IrfTable,
    /// Whether it is one radius, from a keyword.
    pub is_fixed: bool,
}

/// Responses that are maps of the sky, not tables over offset, of instruments whose field of view is wide.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapResponses {
    /// Exposure, effective area, or exposure per transit, over energy_true.
    pub aeff: Option<Map>,
    /// Energy dispersion as a matrix of energies, axes energy, energy_true.
    pub edisp: Option<IrfMap>,
    /// Point spread function, axes rad, energy_true.
    pub psf: Option<IrfMap>,
    /// Background counts, or counts per energy and solid angle, over energy.
    pub bkg: Option<Map>,
}

/// The responses of an observation, as far as they are there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Responses {
    /// Effective area.
    pub aeff: Option<EffectiveArea>,
    /// Energy dispersion.
    pub edisp: Option<EnergyDispersion>,
    /// Point spread function.
    pub psf: Option<PointSpread>,
    /// Background.
    pub bkg: Option<Background>,
    /// Radius of the region.
    pub rad_max: Option<RadMax>,
    /// Those that are maps.
    pub maps: MapResponses,
}
