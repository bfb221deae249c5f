//! tierline: packets to tables, for physics experiments and telescopes.
//!
//! This crate is the facade of the host libraries; each area is a module. The binary `tierline` is built from it.
//!
//! ```no_run
//! use std::path::Path;
//! let done = tierline::raw::BuildRaw::default().run(Path::new("run.orca"), Path::new("run.lh5"))?;
//! # Ok::<(), tierline::raw::Error>(())
//! ```
//!
//! | module | does |
//! |--|--|
//! | [`raw`] | DAQ recordings to LH5 tables |
//! | [`dataio`] | beamline files: detector images, Spec files, HDF5 |
//! | [`dl1`] | Cherenkov-telescope events: waveforms to images and their parameters |
//! | [`reduce`] | gamma-ray events and responses to binned datasets |
//! | [`fits`] | FITS files |
//! | [`sky`] | world coordinates, regions, axes of maps |
//! | [`h5`] | HDF5 and LH5 files: parallel compression, reading |
//! | [`table`] | columns, tables, attributes |
//! | [`plot`] | pictures |
//! | [`recordings`] | recordings of cameras, decoded for [`dl1`] |
//! | [`report`] | atomic outputs, reports, progress, limits |
//! | [`core`] | the decoders themselves, `no_std` |
#![forbid(unsafe_code)]

pub mod recordings;

pub use tierline_core as core;
pub use tierline_dataio as dataio;
pub use tierline_dl1 as dl1;
pub use tierline_fits as fits;
pub use tierline_h5 as h5;
pub use tierline_plot as plot;
pub use tierline_raw as raw;
pub use tierline_reduce as reduce;
pub use tierline_report as report;
pub use tierline_sky as sky;
pub use tierline_table as table;
