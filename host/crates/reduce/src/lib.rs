//! Reduction: gamma-ray events and instrument responses (DL3) to binned datasets (DL4).
//!
//! Observations are read once; makers turn each into a dataset of maps or spectra; datasets are masked, given a background, stacked
//! and written as FITS. Sources: the data formats for gamma-ray astronomy (GADF) 0.2 and 0.3; OGIP 92-007 and 92-002 for spectra.
#![forbid(unsafe_code)]

pub mod analysis;
pub mod config;
pub mod convolve;
pub mod data;
pub mod dataset;
pub mod datasets;
mod error;
pub mod estimate;
pub mod excess;
pub mod fit;
pub mod gadf;
pub mod geom {
    //! Geometries of datasets are those of [`tierline_sky`].

    pub use tierline_sky::Geom;
}
pub mod integrate;
mod interp_map;
pub mod irf;
pub mod makers;
pub mod map;
pub mod mask_file;
pub mod ogip;
mod open;
pub mod phase;
pub mod region_file;
pub mod ring;
pub mod safe_mask;
pub mod stats;
pub mod summary;
pub mod unit;

pub use error::Error;
pub use unit::{Unit, factor};
